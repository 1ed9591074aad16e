# SPDX-License-Identifier: GPL-2.0-or-later
"""Headless Chromium on a page in a file, over the DevTools protocol on a pipe
(--remote-debugging-pipe: messages of JSON, each ended by a 0, in on descriptor 3, out on 4).

    with Browser() as browser:
        page = browser.open(path)
        page.console, page.requests, page.metrics()
        page.picture(target, 1280, 800)
"""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

NAMES = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
           "--disable-component-update", "--disable-sync", "--no-first-run", "--hide-scrollbars",
           "--disable-dev-shm-usage", "--remote-debugging-pipe")
TIMEOUT = 60


def find():
    """The browser's path, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.number = 0
        self.events = []
        self.rest = b""

    def __enter__(self):
        to_read, self.to = os.pipe()
        self.of, to_write = os.pipe()
        # The browser's ends become 3 and 4, whatever they are here: the first one to be moved is
        # the lower one.
        shell = f'exec "$0" "$@" 3<&{to_read} 4>&{to_write}'
        self.process = subprocess.Popen(
            ["bash", "-c", shell, find(), *OPTIONS, f"--user-data-dir={self.folder.name}",
             "about:blank"],
            pass_fds=(to_read, to_write), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        return self

    def __exit__(self, *_):
        os.close(self.to)
        os.close(self.of)
        self.process.terminate()
        self.process.wait(TIMEOUT)
        self.folder.cleanup()

    def read(self, until):
        while b"\0" not in self.rest:
            if not select.select([self.of], [], [], max(until - time.monotonic(), 0))[0]:
                raise TimeoutError("the browser does not answer")
            piece = os.read(self.of, 1 << 20)
            if not piece:
                raise EOFError("the browser ended")
            self.rest += piece
        line, self.rest = self.rest.split(b"\0", 1)
        return json.loads(line)

    def call(self, method, session=None, **parameters):
        """The result; what else the browser tells meanwhile goes to events."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + TIMEOUT
        while True:
            answer = self.read(until)
            if answer.get("id") != self.number:
                self.events.append(answer)
            elif "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']}")
            else:
                return answer["result"]

    def wait(self, method):
        until = time.monotonic() + TIMEOUT
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self.read(until))

    def open(self, path, width=1280, height=800, dark=False):
        return Page(self, path, width, height, dark)


class Page:
    """A page that is loaded; requests are the addresses that it asked for, itself included."""

    def __init__(self, browser, path, width, height, dark):
        self.browser = browser
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=target,
                                    flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Performance", "Audits"):
            self.call(f"{domain}.enable")
        self.size(width, height)
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        browser.events.clear()
        self.call("Page.navigate", url=path.resolve().as_uri())
        browser.wait("Page.loadEventFired")
        self.metrics()  # by now all is laid out, and what was to be said is said

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def told(self, *methods):
        return [event["params"] for event in self.browser.events
                if event.get("method") in methods]

    @property
    def console(self):
        """Whatever was written to the console, by the page or the browser."""
        return self.told("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded",
                         "Audits.issueAdded")

    @property
    def requests(self):
        return [told["request"]["url"] for told in self.told("Network.requestWillBeSent")]

    def metrics(self):
        """Seconds and counts by name: LayoutDuration, RecalcStyleDuration, Nodes ..."""
        self.evaluate("document.documentElement.getBoundingClientRect().height")
        return {entry["name"]: entry["value"] for entry in
                self.call("Performance.getMetrics")["metrics"]}

    def evaluate(self, expression):
        """The value of an expression of ours; it does not pass the page's policy."""
        return self.call("Runtime.evaluate", expression=expression,
                         returnByValue=True)["result"].get("value")

    def size(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)

    def picture(self, target, whole=False):
        """A PNG of the window, or of the whole page."""
        data = self.call("Page.captureScreenshot", captureBeyondViewport=whole)["data"]
        target.write_bytes(base64.b64decode(data))

    def print(self, target):
        """A PDF, as the page asks to be printed."""
        data = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=False)["data"]
        target.write_bytes(base64.b64decode(data))
