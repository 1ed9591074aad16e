#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The command line of ctidump: options, exit statuses, unreadable and broken input, output
that fails.

    run.py CTIDUMP CAPTURES
"""
import contextlib
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from ged188.encode import encode  # noqa: E402
from ged188.pcap import Capture  # noqa: E402
from ged188.tcp import CLIENT, Conversation, Host  # noqa: E402

DONE, FINDINGS, USAGE, NO_INPUT, INCOMPLETE, OUTPUT = range(6)

ctidump = ""
captures = Path()


def run(*arguments, stdin=None, stdout=subprocess.PIPE, **environment):
    """The finished process, with its output as text."""
    return subprocess.run([ctidump, *map(str, arguments)], input=stdin, stdout=stdout,
                          stderr=subprocess.PIPE, timeout=60, check=False,
                          env={**os.environ, "LC_ALL": "C.UTF-8", **environment})


def all_formats():
    return run("--list", "formats").stdout.decode().split()


class Cli(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.capture = captures / "agent-desktop.pcap"
        self.lost = captures / "heartbeat-missed.pcap"
        self.long = captures / "recorded-burst.pcap"  # more output than a pipe takes

    def file(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        return path

    def expect(self, done, status, stderr=rb"\A\Z"):
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertRegex(done.stderr, stderr)

    def expect_one_line(self, done, status, pattern):
        """One clear line of error, and nothing else."""
        self.expect(done, status, rb"\Actidump: [^\n]*" + pattern + rb"[^\n]*\n\Z")

    # ---- options ----

    def test_help_names_all_formats_and_statuses(self):
        done = run("--help")
        self.expect(done, DONE)
        for word in (b"report", b"timeline", b"messages", b"json", b"--show-secrets",
                     b"Exit status"):
            self.assertIn(word, done.stdout)

    def test_version(self):
        done = run("--version")
        self.expect(done, DONE)
        self.assertRegex(done.stdout, rb"\Actidump \d+\.\d+\.\d+\n\Z")

    def test_wrong_use(self):
        for arguments, pattern in (
                ((), rb"no capture named"),
                (("--nonsense", "x.pcap"), rb"--nonsense"),
                (("-T", "xml", "x.pcap"), rb"unknown format 'xml'.*report, timeline"),
                (("-d", "70000", "x.pcap"), rb"'70000' is no port"),
                (("-d", "42027,", "x.pcap"), rb"'' is no port"),
                (("--side-a", "cti.example", "x.pcap"), rb"'cti.example' is no address"),
                (("--side-b", "192.0.2.1:0", "x.pcap"), rb"'192.0.2.1:0' is no address"),
                (("--fragments", "0", "x.pcap"), rb"'0' is no limit"),
                (("--fail-on", "fatal", "x.pcap"), rb"unknown severity 'fatal'"),
                (("--min-severity", "x", "x.pcap"), rb"unknown severity 'x'"),
                (("--type", "OPEN", "x.pcap"), rb"'OPEN' is not a message of GED-188"),
                (("--session", "two", "x.pcap"), rb"'two' is no number of a session"),
                (("--from", "now", "x.pcap"), rb"'now' is no time"),
                (("--from", "2", "--to", "1", "x.pcap"), rb"--from 2 is after --to 1"),
                (("--color", "red", "x.pcap"), rb"unknown choice of colour 'red'"),
                (("--explain", "x"), rb"no rule, verdict or problem 'x'"),
                (("--list", "x"), rb"no list 'x': there are formats, tables"),
                (("--table", "calls", "x.pcap"), rb"unknown table 'calls'"),
                (("-t", "x", "x.pcap"), rb"unknown form of time 'x'"),
                (("-t", "u", "--tz", "local", "x.pcap"), rb"-t u is UTC"),
                (("--tz", "Mars/Base", "x.pcap"), rb"unknown time zone 'Mars/Base'")):
            with self.subTest(arguments=arguments):
                done = run(*arguments)
                self.expect(done, USAGE, rb"\Actidump: .*" + pattern)
                self.assertEqual(done.stdout, b"")

    def test_report_is_the_default(self):
        self.assertEqual(run(self.capture).stdout, run("-T", "report", self.capture).stdout)

    def test_fail_on(self):
        self.expect(run("--fail-on", "error", self.lost), FINDINGS)
        self.expect(run("--fail-on", "note", self.lost), FINDINGS)
        self.expect(run("--fail-on", "warning", self.capture), DONE)
        self.expect(run(self.lost), DONE)

    def test_output_file(self):
        path = self.folder / "out.json"
        done = run("-T", "json", "-w", path, self.capture)
        self.expect(done, DONE)
        self.assertEqual(done.stdout, b"")
        self.assertEqual(path.read_bytes(), run("-T", "json", self.capture).stdout)

    def test_passwords_only_on_demand(self):
        shown = run("-T", "json", "--show-secrets", self.capture).stdout
        self.assertIn(b'"ClientPassword":"', shown)
        password = json.loads(next(line for line in shown.splitlines()
                                   if b"ClientPassword" in line))["fields"]["ClientPassword"]
        self.assertNotEqual(password, "")
        for name in ("report", "timeline", "messages", "json"):
            for more in ((), ("-x",)):
                out = run("-T", name, *more, self.capture).stdout
                self.assertNotIn(password.encode(), out, name)
                self.assertNotIn(password.encode().hex().encode(), out, name)

    def test_bytes(self):
        self.assertRegex(run("-T", "messages", "-x", self.capture).stdout,
                         rb"(?m)^ +8 +4  00000001 .* InvokeID +1$")

    def test_ports(self):
        """A capture on another port is found by its looks, and so the option only helps."""
        other = captures / "other-port.pcap"
        plain = run("-T", "json", other).stdout
        self.assertEqual(plain, run("-T", "json", "-d", "38027", other).stdout)
        self.assertIn(b'"name":"OPEN_REQ"', plain)

    def test_sides(self):
        other = captures / "other-port.pcap"

        def sides(*options, capture=other):
            done = run("-T", "json", *options, capture)
            self.expect(done, DONE)
            return [record["side"] for record in map(json.loads, done.stdout.splitlines())
                    if record["record"] == "session"]

        self.assertEqual(sides(), [None])
        self.assertEqual(sides("--side-b", "10.0.0.1"), ["B"])
        self.assertEqual(sides("--side-a", "10.0.0.1:38027"), ["A"])
        self.assertEqual(sides("--side-a", "10.0.0.1:38028", "--side-a", "10.0.0.2"), [None])
        # An address with its port says more than one without, and both more than the port.
        self.assertEqual(sides("--side-a", "10.0.0.1", "--side-b", "10.0.0.1:38027"), ["B"])
        self.assertEqual(sides("--side-b", "10.0.0.1", "--side-a", "10.0.0.2",
                               capture=self.lost), ["B", "A"])

    # ---- selection ----

    def timeline(self, *options, capture="heartbeat-missed.pcap"):
        done = run("-T", "timeline", *options, captures / capture)
        self.assertEqual(done.returncode, DONE, done.stderr)
        return done.stdout.decode().splitlines()

    def test_selection_by_session_and_client(self):
        self.assertEqual({line.split()[1] for line in self.timeline("--session", "2")}, {"s2"})
        self.assertEqual(self.timeline("--client", "NOBODY"), [])
        self.assertEqual(self.timeline("--client", "CTIOS1A"), self.timeline())

    def test_selection_by_type(self):
        lines = [line for line in self.timeline("--type", "open_req,OPEN_CONF") if "->" in line]
        self.assertEqual([line.split()[4] for line in lines], ["OPEN_REQ", "OPEN_CONF"] * 2)

    def test_selection_by_time(self):
        """Both ends count; ISO 8601 with T or blank, and seconds since 1970, mean the same."""
        lines = self.timeline("--from", "2026-11-22T10:01:00Z", "--to", "2026-11-22 10:01:30.1",
                              "--type", "HEARTBEAT_REQ")
        self.assertEqual([line.split()[0] for line in lines if "->" in line],
                         ["2026-11-22T10:01:00.014800Z", "2026-11-22T10:01:30.014800Z"])
        self.assertEqual(lines, self.timeline("--from", "1795341660", "--to", "1795341690.1",
                                              "--type", "HEARTBEAT_REQ"))

    def test_selection_by_time_is_exact(self):
        """Nanoseconds count, and a time without zone is in that of --tz."""
        moment = int(datetime(2026, 11, 22, 10, tzinfo=timezone.utc).timestamp())
        made = Capture(nano=True)
        talk = Conversation(made, Host("10.0.0.11", 50001), Host("10.0.0.1", 42027))
        talk.handshake(0)
        for nanoseconds in range(3):
            start = talk.append(CLIENT, encode("HEARTBEAT_REQ", {"InvokeID": nanoseconds}, 24))
            talk.repeat(CLIENT, 1 + nanoseconds / 1e9, start, 12)
        path = self.folder / "nano.pcap"
        made.write(path)
        for begin, *zone in ((f"{moment + 1}.000000001",), ("2026-11-22T10:00:01.000000001",),
                             ("2026-11-22 11:00:01.000000001", "--tz", "Europe/Berlin"),
                             ("2026-11-22T10:00:01.000000001Z", "--tz", "Europe/Berlin")):
            lines = self.timeline("--type", "HEARTBEAT_REQ", "--from", begin, *zone, capture=path)
            self.assertEqual([re.search(r"inv=(\d)", line)[1] for line in lines if "->" in line],
                             ["1", "2"], begin)

    # ---- times ----

    def test_times(self):
        """Each form of -t, against what JSON says."""
        whole = [json.loads(line) for line in run("-T", "json", self.lost).stdout.splitlines()]
        first = datetime.fromisoformat(whole[-1]["first"])
        stamps = [datetime.fromisoformat(record["ts"]) for record in whole
                  if record["record"] == "message"]
        berlin = timezone(timedelta(hours=1))
        for form, zone, expected in (
                ("u", None, lambda at, before: f"{at:%H:%M:%S.%fZ}"),
                ("ud", None, lambda at, before: f"{at:%Y-%m-%dT%H:%M:%S.%fZ}"),
                ("a", "Europe/Berlin", lambda at, before: f"{at.astimezone(berlin):%H:%M:%S.%f+01:00}"),
                ("ad", "+01:00",
                 lambda at, before: f"{at.astimezone(berlin):%Y-%m-%dT%H:%M:%S.%f+01:00}"),
                ("e", None, lambda at, before: f"{at.timestamp():.6f}"),
                ("r", None, lambda at, before: f"{(at - first).total_seconds():.6f}"),
                ("d", None, lambda at, before: f"{(at - before).total_seconds():.6f}")):
            more = ["--tz", zone] if zone else []
            lines = self.timeline("-t", form, *more, "--type",
                                  ",".join({record["name"] for record in whole
                                            if record["record"] == "message"}))
            found = [line.split()[0] for line in lines if "->" in line]
            self.assertEqual(len(found), len(stamps))
            if form == "d":  # other lines stand between these
                found, stamps = found[:5], stamps[:5]
            self.assertEqual(found, [expected(at, before)
                                     for at, before in zip(stamps, [stamps[0], *stamps])], form)

    def test_machines_read_utc(self):
        for name in ("json", "csv"):
            self.assertEqual(run("-T", name, self.capture).stdout,
                             run("-T", name, "-t", "r", "--tz", "Asia/Kolkata",
                                 self.capture).stdout)

    def test_selection_by_agent_and_call(self):
        lines = self.timeline("--agent", "1002", capture="all-events.pcap")
        self.assertTrue(any("AGENT_STATE_EVENT" in line for line in lines))
        self.assertFalse(any(" 1001 " in line for line in lines))
        lines = self.timeline("--call", "16777217", capture="agent-desktop.pcap")
        self.assertIn("BEGIN_CALL_EVENT  ConnectionCallID=16777217", lines[0])
        self.assertFalse(any("ConnectionCallID=16777216" in line for line in lines))

    def test_selection_by_severity(self):
        done = run("-T", "json", "--min-severity", "error", captures / "idle-timeout.pcap")
        found = [record["severity"] for record in map(json.loads, done.stdout.splitlines())
                 if record["record"] == "finding"]
        self.assertEqual(found, ["error"])

    # ---- input ----

    def test_standard_input(self):
        done = run("-T", "json", "-", stdin=self.capture.read_bytes())
        self.expect(done, DONE)
        self.assertEqual(done.stdout, run("-T", "json", self.capture).stdout)

    def test_unreadable_files(self):
        gzip = b"\x1f\x8b\x08\x00" + bytes(60)
        for path, pattern in (
                (self.folder / "missing.pcap", rb"missing\.pcap: No such file"),
                (self.folder, rb"directory"),
                (self.file("empty.pcap", b""), rb"empty\.pcap: empty file"),
                (self.file("text.pcap", b"this is no capture at all, it is text\n"),
                 rb"text\.pcap: not a capture"),
                (self.file("short.pcap", self.lost.read_bytes()[:10]), rb"short\.pcap: "),
                (self.file("x.pcap.gz", gzip), rb"x\.pcap\.gz: (not a capture|compressed with gzip)"),
                (self.file("fddi.pcap", self.with_link_type(10)),
                 rb"link type 10 \(FDDI\)")):
            with self.subTest(path=path.name):
                done = run(path)
                self.expect_one_line(done, NO_INPUT, pattern)
                self.assertEqual(done.stdout, b"")

    def with_link_type(self, number):
        data = bytearray(self.lost.read_bytes())
        data[20:24] = struct.pack("<I", number)
        return bytes(data)

    def test_no_packets(self):
        done = run(self.file("header.pcap", self.lost.read_bytes()[:24]))
        self.expect(done, DONE)
        self.assertIn(b"no packets", done.stdout)

    def test_cut_file(self):
        """All packets before the cut are reported, and the cut is named."""
        data = self.lost.read_bytes()
        whole = [json.loads(line) for line in run("-T", "json", self.lost).stdout.splitlines()]
        messages = [line for line in whole if line["record"] == "message"]
        done = run("-T", "json", self.file("cut.pcap", data[:-20]))
        self.expect_one_line(done, INCOMPLETE, rb"cut\.pcap: damaged after packet \d+")
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        found = [line for line in lines if line["record"] == "message"]
        self.assertEqual(found, messages[:len(found)])
        self.assertGreater(len(found), 0)
        self.assertRegex(lines[-1]["notes"][0], r"cut\.pcap: damaged after packet \d+")

    def test_cut_anywhere(self):
        """No length of a file is a crash or silence."""
        data = (captures / "open-rejected.pcap").read_bytes()
        for size in range(0, len(data), 37):
            done = run("-T", "timeline", self.file("cut.pcap", data[:size]))
            self.assertIn(done.returncode, (DONE, NO_INPUT, INCOMPLETE), size)
            if done.returncode != DONE:
                self.assertRegex(done.stderr, rb"\Actidump: [^\n]+\n\Z")

    def test_one_good_file_among_bad_ones(self):
        done = run("-T", "json", self.folder / "missing.pcap", self.capture)
        self.expect_one_line(done, INCOMPLETE, rb"missing\.pcap: No such file")
        self.assertEqual(json.loads(done.stdout.splitlines()[-1])["files"], 1)

    def test_order_of_files_does_not_matter(self):
        packets = list(self.split(self.lost))
        half = len(packets) // 2
        head = self.lost.read_bytes()[:24]
        first = self.file("a.pcap", head + b"".join(packets[:half]))
        second = self.file("b.pcap", head + b"".join(packets[half:]))
        whole = self.messages(run("-T", "json", self.lost))
        self.assertEqual(self.messages(run("-T", "json", first, second)), whole)
        self.assertEqual(self.messages(run("-T", "json", second, first)), whole)

    @staticmethod
    def messages(done):
        return [line for line in done.stdout.splitlines() if b'"record":"summary"' not in line]

    @staticmethod
    def split(path):
        """The packet records of a capture."""
        data, offset = path.read_bytes(), 24
        while offset < len(data):
            size = 16 + struct.unpack_from("<I", data, offset + 8)[0]
            yield data[offset:offset + size]
            offset += size

    # ---- output ----

    def test_full_disk(self):
        for name in ("report", "timeline", "messages", "json"):
            with open("/dev/full", "wb") as full:
                done = run("-T", name, self.capture, stdout=full)
            self.expect_one_line(done, OUTPUT, rb"standard output: No space left on device")
        self.expect_one_line(run("-w", "/dev/full", self.capture), OUTPUT, rb"/dev/full: ")
        self.expect_one_line(run("-w", self.folder / "no" / "such", self.capture), OUTPUT,
                             rb"such: No such file")

    def test_closed_pipe(self):
        """A reader that goes away ends the program without a word."""
        with subprocess.Popen([ctidump, "-T", "messages", *[str(self.capture)] * 40],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.read(1)
            process.stdout.close()
            error = process.stderr.read()
            status = process.wait(timeout=60)
        self.assertIn(status, (DONE, -signal.SIGPIPE))
        self.assertEqual(error, b"")

    def test_interrupt(self):
        """Ctrl-C reports what was read so far."""
        with subprocess.Popen([ctidump, "-T", "json", "-"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdin.write(self.lost.read_bytes())
            process.stdin.flush()
            time.sleep(0.5)
            process.send_signal(signal.SIGINT)
            out = process.stdout.read()  # communicate() would end the input as well
            error = process.stderr.read()
            process.wait(timeout=60)
        self.assertEqual(process.returncode, INCOMPLETE)
        self.assertRegex(error, rb"\Actidump: interrupted after \d+ packets[^\n]*\n\Z")
        self.assertEqual(json.loads(out.splitlines()[-1])["record"], "summary")

    # ---- order of the timeline ----

    def check_order(self, lines, path):
        """Times do not go back, and what is said of a frame comes after its message."""
        frame_of = re.compile(r" #(\d+)$")
        messages = {}
        for number, line in enumerate(lines):
            if "->" in line.split("  ")[2] and (frame := frame_of.search(line)):
                messages.setdefault((line.split()[1], frame[1]), number)
        for before, after in zip(lines, lines[1:]):
            self.assertLessEqual(before.split()[0], after.split()[0], (path, before, after))
        for number, line in enumerate(lines):
            frame = frame_of.search(line)
            key = (line.split()[1], frame[1]) if frame else None
            if line.split("  ")[2].startswith(("!!", "**")) and key in messages and \
                    not re.search("was silent|could not be decoded|missing", line):
                self.assertGreater(number, messages[key], (path, line))

    def test_timeline_in_order(self):
        for path in sorted(captures.glob("*.pcap")):
            lines = self.timeline(capture=path.name)
            self.assertNotIn(" (late)", "".join(lines))
            self.check_order(lines, path)

    def test_timeline_of_a_pipe(self):
        """What arrived is shown before more is waited for; what is known only later is marked, and
        nothing is lost."""
        whole = self.timeline(capture=self.lost.name)
        packets = list(self.split(self.lost))
        lines = []
        with subprocess.Popen([ctidump, "-T", "timeline", "-"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as process:
            process.stdin.write(self.lost.read_bytes()[:24] + b"".join(packets[:28]))
            process.stdin.flush()
            while not lines or not lines[-1].endswith("inv=8  #28"):
                lines.append(process.stdout.readline().decode().rstrip("\n"))
            process.stdin.write(b"".join(packets[28:]))
            process.stdin.close()
            lines += process.stdout.read().decode().splitlines()
        self.assertEqual(sorted(line.removesuffix(" (late)") for line in lines), sorted(whole))
        late = [line for line in lines if line.endswith(" (late)")]
        self.assertEqual([line.split("  ")[2:] for line in late],
                         [["!!", "", f"HEARTBEAT_REQ inv={invoke}: no response", f"#{frame} (late)"]
                          for invoke, frame in ((6, 24), (7, 26))])

    def test_second_interrupt_kills(self):
        """Who does not want to wait for the rest of the output presses Ctrl-C again."""
        with subprocess.Popen([ctidump, "-T", "messages", "-x", str(self.long)],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.read(1)  # now it waits for somebody who reads the rest
            process.send_signal(signal.SIGINT)
            time.sleep(0.2)
            process.send_signal(signal.SIGINT)
            status = process.wait(timeout=60)
        self.assertEqual(status, -signal.SIGINT)

    # ---- progress and colour ----

    def on_terminal(self, *arguments, both=False, term="xterm", until=None, **environment):
        """What the program prints on a terminal: standard error there, or both, while its input
        comes slowly; until is what must be seen before all of the input is there."""
        leader, terminal = pty.openpty()
        shown = b""
        with subprocess.Popen([ctidump, *arguments, "-"], stdin=subprocess.PIPE,
                              stdout=terminal if both else subprocess.DEVNULL, stderr=terminal,
                              env={**os.environ, "TERM": term, **environment}) as process:
            os.close(terminal)
            data = self.lost.read_bytes()
            process.stdin.write(data[:2000])
            process.stdin.flush()
            if until is None:
                time.sleep(0.9)
            while until is not None and not re.search(until, shown):
                shown += os.read(leader, 65536)
            process.stdin.write(data[2000:])
            process.stdin.close()
            with contextlib.suppress(OSError):  # the end of a terminal
                while part := os.read(leader, 65536):
                    shown += part
        os.close(leader)
        return shown

    def test_progress(self):
        """A line on a terminal, written over at most ten times a second, and gone at the end."""
        line = rb"\rctidump: \d+ packets, \d+\.\d MB, at [-\dT:]+Z\x1b\[K"
        begin = time.monotonic()
        shown = self.on_terminal("-T", "json", until=line + b"(?s:.*)" + line)
        most = 10 * (time.monotonic() - begin) + 1
        self.assertLessEqual(len(re.findall(line, shown)), most)
        self.assertTrue(shown.endswith(b"\r\x1b[K"), shown)
        self.assertEqual(self.on_terminal("-T", "json", "-q"), b"")
        self.assertNotIn(b"packets, ", self.on_terminal("-T", "timeline", both=True))
        self.assertRegex(self.on_terminal(both=True, until=line),
                         rb"packets, .*\r\x1b\[K.*capture ")

    def test_no_progress_without_terminal(self):
        with subprocess.Popen([ctidump, "-T", "json", "-"], stdin=subprocess.PIPE,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            time.sleep(0.8)
            self.assertEqual(process.communicate(self.lost.read_bytes())[1], b"")

    def test_status_on_request(self):
        """SIGUSR1 prints one line, also while the program waits for input."""
        with subprocess.Popen([ctidump, "-T", "json", "-q", "-"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdin.write(self.lost.read_bytes())
            process.stdin.flush()
            self.wait_for_blocked(process.pid, signal.SIGUSR1)
            line = b""
            while b": 50 packets" not in line:  # it needs a while to read them
                process.send_signal(signal.SIGUSR1)
                line = process.stderr.readline()
                self.assertRegex(line, rb"\Actidump: \d+ packets, 0\.0 MB, .*after \d+\.\d s\n\Z")
            process.communicate()
        self.assertIn(b"MB, at 2026-11-22T10:05:00Z, after", line)
        self.assertEqual(process.returncode, DONE)

    @staticmethod
    def wait_for_blocked(pid, number):
        """Before it blocks the signal, the program would be ended by it."""
        blocked = 0
        while not blocked & 1 << (number - 1):
            status = Path(f"/proc/{pid}/status").read_text()
            blocked = int(re.search(r"SigBlk:\s*(\w+)", status)[1], 16)

    def test_percentage(self):
        """Of files with a size; of a pipe nobody knows."""
        with subprocess.Popen([ctidump, "-T", "messages", "-x", str(self.long)],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.read(1)  # now it waits for somebody who reads the rest
            process.send_signal(signal.SIGUSR1)
            line = process.stderr.readline()
            process.kill()
        self.assertRegex(line, rb"\Actidump: \d+ %, \d+ packets, ")

    def test_colour(self):
        colours = rb"\x1b\[[0-9;]*m"
        for form in ("report", "timeline"):
            plain = run("-T", form, self.lost).stdout
            self.assertNotRegex(plain, colours)
            self.assertEqual(run("-T", form, "--color", "never", self.lost).stdout, plain)
            always = run("-T", form, "--color", "always", self.lost).stdout
            self.assertIn(b"\x1b[1;31merror\x1b[0m", always)
            self.assertEqual(re.sub(colours, b"", always), plain)  # never the only signal
            self.assertRegex(self.on_terminal("-T", form, both=True, NO_COLOR=""), colours)
            self.assertNotRegex(self.on_terminal("-T", form, both=True, NO_COLOR="1"), colours)
            self.assertNotRegex(self.on_terminal("-T", form, both=True, term="dumb"), colours)
        for form in set(all_formats()) - {"report", "timeline"}:
            self.assertNotIn(b"\x1b", run("-T", form, "--color", "always", self.lost).stdout)

    def test_hostile_file_names(self):
        """An error names the file, and the terminal obeys none of it."""
        done = run(self.folder / "no\x1b[2Jfile\n.pcap")
        self.expect_one_line(done, NO_INPUT, rb"no\\x1b\[2Jfile\\x0a\.pcap: No such file")

    # ---- strings ----

    def test_hostile_strings(self):
        """What a client calls itself breaks no format and no terminal."""
        made = Capture()
        talk = Conversation(made, Host("10.0.0.11", 50001), Host("10.0.0.1", 42027))
        talk.handshake(0)
        name = "<script>alert(1)</script>&\"'\x1b[2J,=1+1"
        talk.send(CLIENT, encode("OPEN_REQ", {"InvokeID": 1, "VersionNumber": 24,
                                              "IdleTimeout": 120, "ClientID": name,
                                              "ClientPassword": ""}, 24), 0.1)
        capture = self.folder / "hostile.pcap"
        made.write(capture)
        for form in all_formats():
            out = run("-T", form, capture).stdout
            self.assertIn(b"alert(1)", out, form)
            self.assertNotIn(b"\x1b", out, form)
        page = run("-T", "html", capture).stdout
        self.assertNotIn(b"<script", page)
        self.assertIn(b"default-src 'none'", page)
        self.assertNotRegex(page, rb"src=|href=\"[^#]|url\(|@import")

    def test_no_terminal_codes(self):
        for name in ("report", "timeline", "messages"):
            for capture in sorted(captures.glob("*.pcap")):
                out = run("-T", name, capture, NO_COLOR="1").stdout
                self.assertIsNone(re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", out), capture.name)
                out.decode()


if __name__ == "__main__":
    ctidump, captures = sys.argv[1], Path(sys.argv[2])
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
