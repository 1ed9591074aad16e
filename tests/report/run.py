#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The HTML page: well-formed and valid, without script, loading nothing; what it says of a lost
session first; what it does with hostile strings and with many sessions; and what a browser says.

    run.py CTIDUMP CAPTURES

To look at a page: picture.py PAGE.html TARGET.png.

Valid by html5lib's strict parser and by tidy, where they are installed; by hand also with the
Nu Html Checker: npm install vnu-jar; java -jar .../vnu.jar PAGE.html.  In headless Chromium,
where it is installed: no message in the console, no request but for the page itself.
"""
import base64
import hashlib
import html.parser
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "bench"),
                str(HERE.parents[1] / "captures")]
import browser  # noqa: E402
from generate import generate  # noqa: E402
from ged188.encode import encode  # noqa: E402
from ged188.pcap import Capture  # noqa: E402
from ged188.tcp import CLIENT, SERVER, Conversation, Host  # noqa: E402
from written.failover import failover  # noqa: E402
from written.script import SERVER_A, Session  # noqa: E402

try:
    import html5lib
except ImportError:
    html5lib = None

MANY, MANY_MEGABYTES = 500, 25  # sessions, and the capture of them
MOST_BYTES = 5_000_000
CROWD, SESSIONS_KEPT = 1100, 1000
FIRST_SCREEN = 800  # pixels
# tidy 5.6 knows only attributes of the outermost svg.
TIDY_IGNORED = re.compile(r"<svg> proprietary attribute")
# Elements that load, run or send something.
FORBIDDEN = {"script", "iframe", "frame", "object", "embed", "applet", "img", "image", "audio",
             "video", "source", "link", "base", "form", "input", "button", "foreignobject", "animate",
             "set"}
FORBIDDEN_ATTRIBUTES = {"src", "srcset", "action", "data", "style", "xlink:href"}

ctidump = ""
captures = Path()
folder = None
pages = {}  # by name, as bytes


def file(name):
    return Path(folder.name) / name


def path_of(name):
    """The page in a file of its own."""
    path = file(f"{name}.html")
    path.write_bytes(pages[name])
    return path


def page_of(*arguments):
    """The page, as bytes.  A damaged capture has a page too: status 4."""
    done = subprocess.run([ctidump, "-T", "html", *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=120, check=False)
    if done.returncode not in (0, 4):
        raise AssertionError(f"{arguments}: status {done.returncode}: {done.stderr}")
    return done.stdout


class Elements(html.parser.HTMLParser):
    """What is there: [(element, attributes)...], the text between tags, the style sheet."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.text, self.style = [], [], ""
        self.inside = None
        self.feed(page.decode())
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.inside = tag

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self.inside == "style":
            self.style += data
            self.inside = None
        else:
            self.text.append(data)

    def words(self):
        return re.sub(r"\s+", " ", " ".join(self.text))


NASTY = "</title><script>alert(1)</script>&\"'\x1b[2J\x00\x07" + "\u202e" + "<b onclick=x>"


def hostile(path):
    """A client whose names are markup, control characters, bytes that are no UTF-8."""
    capture = Capture()
    talk = Conversation(capture, Host("10.0.0.66", 50066), Host("10.0.0.1", 42027))
    name = NASTY.encode() + b"\xff\xfe\xc3("
    opening = {"InvokeID": 1, "VersionNumber": 24, "IdleTimeout": 120, "ServicesRequested": 1,
               "ClientID": name[:63], "ClientPassword": b"", "ClientSignature": name[:63]}
    talk.handshake(0)
    talk.send(CLIENT, encode("OPEN_REQ", opening, 24), at=0.01)
    talk.send(SERVER, encode("OPEN_CONF", {"InvokeID": 1, "ServicesGranted": 1}, 24), at=0.02)
    talk.send(SERVER, encode("BEGIN_CALL_EVENT", {
        "PeripheralID": 1, "ConnectionCallID": 1, "ConnectionDeviceID": name[:60], "ANI": name[:39],
        "CallVariable1": name[:39]}, 24), at=0.03)
    talk.reset(SERVER, at=1)
    capture.write(path)


def unanswered(path, pauses):
    """A session whose requests have no answer, so many seconds after one another."""
    capture = Capture()
    session = Session(capture, client=Host("10.0.0.11", 50001), server=SERVER_A)
    session.open()
    for number, pause in enumerate(pauses, 100):
        session.wait(pause)
        session.client("QUERY_AGENT_STATE_REQ", {"InvokeID": number, "PeripheralID": 5000,
                                                 "MRDID": 1, "AgentInstrument": "5001"})
    session.wait(30).close()
    capture.write(path)


def crowd(path, count):
    """Clients whose OPEN_REQ the server answers with a reset."""
    capture = Capture()
    for number in range(count):
        talk = Conversation(capture, Host(f"10.1.{number >> 8}.{number & 255}", 50000),
                            Host("10.0.0.1", 42027))
        talk.handshake(number * 0.1)
        talk.send(CLIENT, encode("OPEN_REQ", {"InvokeID": 1, "VersionNumber": 24,
                                              "IdleTimeout": 120, "ServicesRequested": 1,
                                              "ClientID": f"CROWD{number}", "ClientPassword": b"",
                                              "ClientSignature": "crowd"}, 24),
                  at=number * 0.1 + 0.01)
        talk.reset(SERVER, at=number * 0.1 + 6)
    capture.write(path)


def setUpModule():
    """A page of each capture, and of some that are made here."""
    global folder
    folder = tempfile.TemporaryDirectory()
    unittest.addModuleCleanup(folder.cleanup)
    for capture in sorted(captures.glob("*.pcap")):
        pages[capture.stem] = page_of(capture)
    made, _ = failover(50, 1)
    made.write(file("failover.pcap"))
    generate(file("many.pcap"), MANY_MEGABYTES << 20, MANY)
    hostile(file("hostile.pcap"))
    for name in ("failover", "many", "hostile"):
        pages[name] = page_of(file(f"{name}.pcap"))
    # Of more than a day: times have their dates.
    pages["days"] = page_of(*(captures / f"{name}.pcap" for name in (
        "maintenance", "open-rejected", "recorded-failover")))


class Markup(unittest.TestCase):
    def test_well_formed(self):
        """As XML too: nothing is left open, no quote or & slips through."""
        for name, page in pages.items():
            with self.subTest(page=name):
                xml.etree.ElementTree.fromstring(page)

    @unittest.skipUnless(html5lib, "python3-html5lib is not installed")
    def test_parses_as_html5(self):
        for name, page in pages.items():
            with self.subTest(page=name):
                html5lib.HTMLParser(strict=True).parse(page)

    @unittest.skipUnless(shutil.which("tidy"), "tidy is not installed")
    def test_tidy(self):
        for name, page in pages.items():
            with self.subTest(page=name):
                done = subprocess.run(["tidy", "-q", "-e"], input=page, stderr=subprocess.PIPE,
                                      stdout=subprocess.DEVNULL, timeout=60, check=False)
                told = [line for line in done.stderr.decode().splitlines()
                        if not TIDY_IGNORED.search(line)]
                self.assertEqual(told, [])

    def test_loads_and_runs_nothing(self):
        for name, page in pages.items():
            with self.subTest(page=name):
                found = Elements(page)
                for tag, attributes in found.elements:
                    self.assertNotIn(tag, FORBIDDEN)
                    self.assertEqual([name for name in attributes if name.startswith("on")], [])
                    self.assertEqual(FORBIDDEN_ATTRIBUTES & set(attributes), set())
                    self.assertEqual(attributes.get("href", "#")[0], "#")
                self.assertNotRegex(found.style, r"url\(|@import|expression")

    def test_policy(self):
        """All loading is forbidden, and the style sheet is the one with this hash."""
        for name, page in pages.items():
            with self.subTest(page=name):
                found = Elements(page)
                policies = [attributes["content"] for tag, attributes in found.elements
                            if attributes.get("http-equiv") == "Content-Security-Policy"]
                digest = base64.b64encode(hashlib.sha256(found.style.encode()).digest()).decode()
                self.assertEqual(policies, [f"default-src 'none'; style-src 'sha256-{digest}'; "
                                            "base-uri 'none'; form-action 'none'"])

    def test_links_have_a_target(self):
        for name, page in pages.items():
            with self.subTest(page=name):
                found = Elements(page).elements
                ids = [attributes["id"] for _, attributes in found if "id" in attributes]
                self.assertEqual(len(ids), len(set(ids)))
                targets = {attributes["href"][1:] for _, attributes in found
                           if "href" in attributes}
                self.assertEqual(targets - set(ids), set())

    def test_accessible(self):
        for name, page in pages.items():
            with self.subTest(page=name):
                found = Elements(page).elements
                self.assertEqual([attributes.get("lang") for tag, attributes in found
                                  if tag == "html"], ["en"])
                self.assertEqual([attributes for tag, attributes in found if tag == "th" and
                                  attributes.get("scope") not in ("col", "row")], [])
                self.assertEqual([attributes for tag, attributes in found if tag == "svg" and
                                  "role" in attributes and not attributes.get("aria-label")], [])


class Content(unittest.TestCase):
    def text(self, name):
        return Elements(pages[name]).words()

    def test_lost_session(self):
        text = self.text("heartbeat-missed")
        self.assertTrue(text.strip().startswith("1 of 2 sessions was lost"))
        first = text[:text.index("Sessions over time")]
        self.assertIn("The client ended the session: the server did not answer its heartbeats.", first)
        self.assertRegex(first, r"CTIOS1A\s*, 10\.0\.0\.11:50001 → A 10\.0\.0\.1:42027")
        self.assertIn("2026-11-22T10:04:00.018000Z, frame 30", first)

    def test_evidence_and_explanations(self):
        text = self.text("heartbeat-missed")
        first = text[:text.index("Sessions over time")]
        self.assertIn("because 3 HEARTBEAT_REQ in a row had no response", first)
        self.assertIn("If the server's TCP still acknowledged them, its program hung", first)
        self.assertIn("What causes it The server hung, stopped or was restarted.", text)
        self.assertNotIn("How to see it", text)
        self.assertNotIn("`", text)

    def test_selection(self):
        """The headline counts what was chosen."""
        page = page_of(captures / "heartbeat-missed.pcap", "--session", "2")
        text = Elements(page).words()
        self.assertTrue(text.strip().startswith("No chosen session was lost"))
        self.assertIn("chosen of them: 1 of 2 sessions", text)

    def test_slow_answers(self):
        self.assertNotIn("took longer than", self.text("requests-failed"))
        page = page_of(captures / "requests-failed.pcap", "--slow", "1")
        self.assertRegex(Elements(page).words(), r"\d+ requests took longer than 1\.000")

    def test_nothing_lost(self):
        self.assertTrue(self.text("many").strip().startswith("No session was lost"))
        self.assertNotIn(b'id="why"', pages["many"])

    def test_marks_of_a_lane(self):
        """Of many, those that lie closest together become one; none is lost."""
        pauses = [1, 1, 1, 60] * 20 + [400] * 5
        unanswered(file("unanswered.pcap"), pauses)
        marks = re.findall(r'class="unanswered"[^>]*><title>(\d+) requests? without a response, '
                           r"[0-9:.]+( to )?", page_of(file("unanswered.pcap")).decode())
        self.assertLessEqual(len(marks), 24)
        self.assertGreater(len(marks), 5)
        self.assertEqual(sum(int(count) for count, _ in marks), len(pauses))
        self.assertEqual([joined for count, joined in marks if count == "1"], [""] * sum(
            count == "1" for count, _ in marks))

    def test_no_session(self):
        text = self.text("not-cti")
        self.assertIn("No CTI session in this capture", text)
        self.assertIn("is the port right", text)

    def test_tls(self):
        self.assertIn("encrypted with TLS", self.text("tls"))

    def test_failover(self):
        """The lost sessions of many clients are told by cause and server; a lane a client."""
        text = self.text("failover")
        first = text[:text.index("Sessions over time")]
        self.assertIn("40 sessions: The server reset the connection without closing the session.",
                      first)
        self.assertIn("5 sessions: The client ended the session: the server did not answer its heartbeats.",
                      first)
        page = pages["failover"]
        self.assertIn("a lane for each client with trouble", text.lower())
        self.assertIn("50 of 50 clients had outages", first)
        self.assertRegex(first, r"storm \d+ OPEN_REQ of \d+ clients to B 10\.0\.0\.2:43027")
        self.assertGreaterEqual(page.count(b'class="down"'), 50)
        self.assertGreaterEqual(page.count(b'class="missed"'), 15)

    def test_planned_is_not_lost(self):
        """Alone, and among others: what was lost first, what was planned last."""
        text = self.text("maintenance")
        self.assertTrue(text.strip().startswith("No session was lost, 1 ended for maintenance"))
        self.assertIn(b'<article class="cause planned">', pages["maintenance"])
        page = page_of(captures / "maintenance.pcap", captures / "open-rejected.pcap",
                       captures / "recorded-failover.pcap")
        self.assertRegex(Elements(page).words().strip(), r"^1 of \d+ sessions was lost, "
                         r"3 never opened, 1 ended for maintenance")
        causes = re.findall(r'<article class="cause( [a-z]+)?">', page.decode())
        self.assertEqual(causes, ["", " refused", " planned"])

    def test_sessions_at_once(self):
        """One lane a client, unless its sessions would hide each other."""
        lanes = self.lanes(file("failover.pcap"), captures / "maintenance.pcap")
        self.assertEqual(sum("BRIDGE1" in lane for lane in lanes), 2)
        self.assertEqual(sum("DESKTOP001" in lane for lane in lanes), 1)

    def lanes(self, *paths):
        """The heads of the rows with lanes."""
        page = page_of(*paths).decode()
        return re.findall(r"<tr><th scope=\"row\"[^\n]*</th><td><svg class=\"lane\"", page)

    def test_axis_of_the_sessions(self):
        """A capture that goes on for long has an axis of its sessions alone, and says so."""
        self.assertNotIn("The axis goes from", self.text("heartbeat-missed"))
        late = Capture()
        talk = Conversation(late, Host("10.0.0.9", 5000), Host("10.0.0.8", 80))
        talk.handshake(24 * 3600)
        late.write(file("late.pcap"))
        text = Elements(page_of(captures / "heartbeat-missed.pcap", file("late.pcap"))).words()
        self.assertIn("The axis goes from", text)

    def test_only_counted(self):
        """Of more sessions than a page takes the others are counted, and it stays small."""
        crowd(file("crowd.pcap"), CROWD)
        page = page_of(file("crowd.pcap"))
        text = Elements(page).words()
        self.assertTrue(text.strip().startswith(f"{CROWD} of {CROWD} sessions never opened"))
        self.assertEqual(page.count(b'<details class="session"'), SESSIONS_KEPT)
        self.assertIn(f"{CROWD - SESSIONS_KEPT} more are only counted", text)
        self.assertIn(f"{CROWD - SESSIONS_KEPT} sessions are only counted", text)
        self.assertLess(len(page), MOST_BYTES)

    def test_state_of_secrets(self):
        self.assertIn("Passwords are not shown", self.text("agent-desktop"))
        shown = page_of(captures / "agent-desktop.pcap", "--show-secrets")
        self.assertIn("Passwords are shown", Elements(shown).words())

    def test_state_of_redaction(self):
        self.assertIn("as they were captured", self.text("heartbeat-missed"))
        text = Elements(page_of(captures / "heartbeat-missed.pcap", "--redact")).words()
        self.assertRegex(text, "names, numbers and addresses are redacted ?:")
        self.assertNotIn("10.0.0.11", text)
        self.assertNotIn("CTIOS1A", text)

    def test_hostile_strings(self):
        page = pages["hostile"]
        self.assertIn(b"&lt;script&gt;alert(1)", page)
        self.assertNotIn(b"<script", page)
        self.assertNotIn(b"<b onclick", page)
        self.assertEqual(re.findall(rb"[\x00-\x08\x0b-\x1f\x7f]", page), [])
        page.decode()

    def test_size(self):
        for name in ("many", "failover"):
            print(f"\n{name}: {len(pages[name]) / (1 << 20):.2f} MiB", file=sys.stderr)
            self.assertLess(len(pages[name]), MOST_BYTES)


def color(page, name):
    """Red, green and blue of a variable of the style sheet, 0 to 1."""
    digits = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue("
                           f"'{name}').trim()")[1:]
    digits = digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)
    return [int(digits[at:at + 2], 16) / 255 for at in (0, 2, 4)]


def contrast(one, other):
    """The contrast ratio of WCAG 2, 1 to 21."""
    def luminance(parts):
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
                            for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@unittest.skipUnless(browser.find(), "Chromium is not installed")
class InBrowser(unittest.TestCase):
    def test_quiet(self):
        """The browser finds nothing to say, and asks for nothing but the page."""
        with browser.Browser() as started:
            for name in ("heartbeat-missed", "failover", "many", "hostile", "not-cti"):
                with self.subTest(page=name):
                    path = path_of(name)
                    page = started.open(path)
                    self.assertEqual(page.console, [])
                    self.assertEqual(page.requests, [path.resolve().as_uri()])
                    metrics = page.metrics()
                    print(f"\n{name}: style {metrics['RecalcStyleDuration']:.3f} s, "
                          f"layout {metrics['LayoutDuration']:.3f} s, "
                          f"all {metrics['TaskDuration']:.3f} s, {metrics['Nodes']:.0f} nodes",
                          file=sys.stderr)

    def test_causes_on_first_screen(self):
        with browser.Browser() as started:
            for name in ("heartbeat-missed", "failover"):
                page = started.open(path_of(name), 1280, FIRST_SCREEN)
                ends = page.evaluate("[...document.querySelectorAll('.cause h3')].map("
                                     "title => title.getBoundingClientRect().bottom)")
                self.assertTrue(ends)
                self.assertLess(max(ends), FIRST_SCREEN)

    def test_style_is_allowed(self):
        with browser.Browser() as started:
            page = started.open(path_of("heartbeat-missed"))
            self.assertEqual(page.evaluate("getComputedStyle(document.querySelector('.causes'))"
                                           ".display"), "grid")

    def test_fits_its_window(self):
        """No part is wider than the window, down to that of a phone; wide tables scroll alone."""
        with browser.Browser() as started:
            for name in ("failover", "days"):
                for width in (1600, 1280, 800, 400):
                    with self.subTest(page=name, width=width):
                        page = started.open(path_of(name), width)
                        self.assertLessEqual(
                            page.evaluate("document.documentElement.scrollWidth"), width)

    def test_print(self):
        """The axis comes again on each sheet, and no row is cut."""
        with browser.Browser() as started:
            page = started.open(path_of("failover"))
            page.call("Emulation.setEmulatedMedia", media="print")
            style = "getComputedStyle(document.querySelector('.lanes {}')).{}".format
            self.assertEqual(page.evaluate(style("thead", "display")), "table-header-group")
            self.assertEqual(page.evaluate(style("tbody tr", "breakInside")), "avoid")
            target = file("failover.pdf")
            page.print(target)
            self.assertEqual(target.read_bytes()[:5], b"%PDF-")

    def test_contrast(self):
        """Text is told from what is behind it (WCAG 2, level AA), in the light and in the dark."""
        with browser.Browser() as started:
            for dark in (False, True):
                page = started.open(path_of("failover"), dark=dark)
                for name in ("--text", "--muted", "--link", "--error", "--warning", "--good"):
                    for behind in ("--back", "--panel"):
                        with self.subTest(text=name, behind=behind, dark=dark):
                            self.assertGreaterEqual(contrast(*(color(page, one) for one in
                                                               (name, behind))), 4.5)

    def test_dark(self):
        with browser.Browser() as started:
            colors = [started.open(path_of("tls"), dark=dark).evaluate(
                "getComputedStyle(document.body).backgroundColor") for dark in (False, True)]
            self.assertEqual(colors[0], "rgb(255, 255, 255)")
            self.assertNotEqual(colors[1], colors[0])


if __name__ == "__main__":
    ctidump = str(Path(sys.argv[1]).resolve())
    captures = Path(sys.argv[2]).resolve()
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
