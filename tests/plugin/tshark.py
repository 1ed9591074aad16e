# SPDX-License-Identifier: GPL-2.0-or-later
"""tshark with the plugin under test and with nothing else of the user's.

    with Tshark(plugin) as tshark:
        text = tshark.run("-V", capture="captures/agent-desktop.pcap")
        for frame in tshark.frames(capture):
            ...

The plugin is copied to a folder of its own, which Wireshark is told to use.  For root Wireshark
ignores that, so tshark then runs as nobody; captures are copied to where nobody can read them.
Whatever tshark prints on standard error is an error."""
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

NOBODY = 65534
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]

# What makes Wireshark find more faults of a dissector (doc of tshark, section ENVIRONMENT).
STRICT = {"WIRESHARK_ABORT_ON_DISSECTOR_BUG": "1", "WIRESHARK_ABORT_ON_TOO_MANY_ITEMS": "1",
          "WIRESHARK_DEBUG_WMEM_OVERRIDE": "strict", "MALLOC_CHECK_": "3"}


# Captures whose segments are not in order: Wireshark puts them together only if it is told to, and
# then waits for ever for a segment that a capture lacks.  So it is told to for these alone.
UNORDERED = {"overlap", "reordering", "retransmission"}
IN_ORDER = ("-o", "tcp.reassemble_out_of_order:TRUE")


def options_for(capture):
    return IN_ORDER if capture.stem in UNORDERED else ()


class TsharkError(Exception):
    """tshark failed or complained."""


class Tshark:
    def __init__(self, plugin, program="tshark", strict=False):
        self.program = program
        self.series = self.version()
        self.folder = Path(tempfile.mkdtemp(prefix="cti-plugin-"))
        self.folder.chmod(0o755)
        self.copies, self.count = {}, 0
        self.environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LC_ALL": "C.UTF-8",
                            "TZ": "UTC", "WIRESHARK_PLUGIN_DIR": str(self.folder)}
        if strict:
            self.environment |= STRICT
        if plugin is not None:
            plugins = self.folder / self.series / "epan"
            plugins.mkdir(parents=True)
            shutil.copy(plugin, plugins / "cti.so")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def version(self):
        """major.minor, as in the name of the plugin folder."""
        text = subprocess.run([self.program, "--version"], check=True, capture_output=True,
                              text=True).stdout
        return re.search(r"(\d+\.\d+)\.\d+", text).group(1)

    def copy(self, capture):
        """The path of a copy of the capture that anyone can read."""
        capture = Path(capture).resolve()
        if capture not in self.copies:
            self.count += 1
            copied = self.folder / f"{self.count}-{capture.name}"
            shutil.copy(capture, copied)
            copied.chmod(0o644)
            self.copies[capture] = copied
        return self.copies[capture]

    def forget(self, capture):
        """Deletes that copy."""
        copied = self.copies.pop(Path(capture).resolve(), None)
        if copied is not None:
            copied.unlink()

    def run(self, *options, capture=None, timeout=300):
        """tshark's standard output."""
        command = AS_NOBODY.copy() if os.geteuid() == 0 else []
        command += [self.program, *options]
        if capture is not None:
            command += ["-r", str(self.copy(capture))]
        done = subprocess.run(command, env=self.environment, cwd="/", capture_output=True,
                              text=True, timeout=timeout, check=False)
        if done.returncode != 0 or done.stderr:
            raise TsharkError(f"{' '.join(command)}: status {done.returncode}\n{done.stderr}")
        return done.stdout

    def sharkd(self, *requests):
        """The results of requests to sharkd, (method, parameters) each: the GUI's ways of looking,
        in one process, without windows."""
        lines = [json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": given})
                 for number, (method, given) in enumerate(requests, 1)]
        command = AS_NOBODY.copy() if os.geteuid() == 0 else []
        done = subprocess.run([*command, "sharkd", "-"], input="\n".join(lines) + "\n", cwd="/",
                              env=self.environment, capture_output=True, text=True, timeout=300,
                              check=False)
        answers = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
        if done.returncode != 0 or [answer["id"] for answer in answers if "result" in answer] != \
                list(range(1, len(requests) + 1)):
            raise TsharkError(f"sharkd: status {done.returncode}\n{done.stdout}\n{done.stderr}")
        return [answer["result"] for answer in answers]

    def frames(self, capture, *options, passes=2):
        """(frame number, [CTI objects of the frame]) of each frame that has any, by -T json.
        An object with cti.message_type is a message; others are bytes that are none, and the
        end of a session."""
        two = ["-2"] if passes == 2 else []
        text = self.run(*two, *options, "-T", "json", "--no-duplicate-keys", "-J", "frame cti",
                        capture=capture)
        for packet in json.loads(text):
            layers = packet["_source"]["layers"]
            found = [item for item in listed(layers.get("cti")) if isinstance(item, dict)]
            if found:
                yield int(layers["frame"]["frame.number"]), found

    def messages(self, capture, *options, passes=2):
        """(frame number, CTI object) of each message."""
        for frame, found in self.frames(capture, *options, passes=passes):
            for item in found:
                if "cti.message_type" in item:
                    yield frame, item

    def fields(self, capture, *names, display=None, options=(), passes=2):
        """A list of lists of values (a list for each name), one for each frame."""
        command = ["-2"] if passes == 2 else []
        command += [*options, "-T", "fields", "-E", "separator=/t", "-E", "aggregator=\x1f"]
        for name in names:
            command += ["-e", name]
        if display is not None:
            command += ["-Y", display]
        lines = self.run(*command, capture=capture).splitlines()
        return [[cell.split("\x1f") if cell else [] for cell in line.split("\t")] for line in lines]


def listed(value):
    """Without duplicate keys tshark gives one object as itself and several as a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
