#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""ctidump where the system fails: reads, writes and opens at the n-th call for each n, disks that
fill up, readers that go away, signals, absurd limits, and lengths in files that nothing can have.
Every outcome has its exit status and clear lines, and nothing is lost without a word.

    run.py CTIDUMP FAULTS.SO CAPTURES
"""
import errno
import gzip
import os
import re
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "files"))
import formats  # noqa: E402

DONE, _, USAGE, NO_INPUT, INCOMPLETE, OUTPUT = range(6)
LINES = re.compile(rb"\A(ctidump: [^\n]+\n)+\Z")
CALLS_MAX = 300

ctidump = faults = ""
captures = Path()


def environment(**more):
    asan = os.environ.get("ASAN_OPTIONS", "")
    return {**os.environ, "LC_ALL": "C.UTF-8",
            "ASAN_OPTIONS": f"{asan}:verify_asan_link_order=0", **more}


def run(*arguments, stdin=None, stdout=subprocess.PIPE, limit=None, **more):
    return subprocess.run([ctidump, *map(str, arguments)], stdin=stdin, stdout=stdout,
                          stderr=subprocess.PIPE, timeout=120, check=False,
                          env=environment(**more), preexec_fn=limit)


class Faults(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.plain = captures / "agent-desktop.pcap"
        self.packed = self.folder / "packed.pcap.gz"
        self.packed.write_bytes(gzip.compress(self.plain.read_bytes()))
        self.forms = (self.plain, self.packed) if self.has_wiretap() else (self.plain,)
        self.mark = self.folder / "mark"

    def has_wiretap(self):
        return b"without libwiretap" not in run(self.packed).stderr

    def struck(self, call, error, *arguments, stdin=None):
        """(n, the process whose n-th call failed) until there are no more calls."""
        for number in range(1, CALLS_MAX):
            self.mark.unlink(missing_ok=True)
            with open(stdin or os.devnull, "rb") as source:
                done = run(*arguments, stdin=source, LD_PRELOAD=faults, FAULT_CALL=call,
                           FAULT_NUMBER=str(number), FAULT_ERROR=str(error),
                           FAULT_MARK=str(self.mark))
            if not self.mark.exists():
                self.assertGreater(number, 1, "the fault never struck")
                return
            self.assertGreaterEqual(done.returncode, 0, (call, number, done.stderr))
            self.assertNotIn(b"Sanitizer", done.stderr)
            yield number, done
        self.fail("it never ended")

    def check_struck(self, call, error, statuses, *arguments, stdin=None):
        with open(stdin or os.devnull, "rb") as source:
            good = run(*arguments, stdin=source)
        for number, done in self.struck(call, error, *arguments, stdin=stdin):
            with self.subTest(call=call, number=number, error=error, arguments=arguments):
                if done.returncode == DONE:  # it did not matter
                    self.assertEqual(done.stdout, good.stdout)
                    continue
                self.assertIn(done.returncode, statuses, done.stderr)
                self.assertRegex(done.stderr, LINES)

    # ---- the n-th call ----

    def test_reads(self):
        for path in self.forms:
            self.check_struck("read", errno.EIO, (NO_INPUT, INCOMPLETE), "-T", "json", path)
        for path in self.forms:
            self.check_struck("read", errno.EIO, (NO_INPUT, INCOMPLETE), "-T", "json", "-",
                              stdin=path)

    def test_a_read_that_fails_is_named(self):
        outcomes = [done for _, done in self.struck("read", errno.EIO, "-T", "json", self.plain)]
        self.assertTrue(any(b"Input/output error" in done.stderr for done in outcomes))

    def test_short_reads_and_writes(self):
        """One byte where more was asked for is nothing to talk about."""
        for call in ("read", "write"):
            for path in self.forms:
                good = run("-T", "json", path).stdout
                for number, done in self.struck(call, 0, "-T", "json", path):
                    self.assertEqual(done.returncode, DONE, (call, number, done.stderr))
                    self.assertEqual(done.stdout, good, (call, number))

    def test_files_are_read_in_blocks(self):
        """2 MB take fewer than 1,000 reads in every form. A pipe gives at least a page a read (512
        reads); two reads for each packet would be 4,000."""
        frame = b"\xff" * 12 + b"\x08\x06" + bytes(1010)
        packets = [(i * formats.SECOND, frame, len(frame)) for i in range(2000)]
        forms = {f"{order}{magic:x} 2.{minor}": formats.pcap(packets, order, magic, minor=minor)
                 for order in "<>" for minor in (3, 4)
                 for magic in (formats.MICRO, formats.NANO, formats.PATCHED)}
        if self.has_wiretap():
            forms["pcapng"] = formats.pcapng(packets)
            forms["pcapng.gz"] = gzip.compress(forms["pcapng"])
        path = self.folder / "long"
        for name, data in forms.items():
            path.write_bytes(data)
            with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as cat:
                for argument in (path, "-"):
                    with self.subTest(name, argument=argument):
                        self.mark.unlink(missing_ok=True)
                        done = run("-T", "json", argument, stdin=cat.stdout, LD_PRELOAD=faults,
                                   FAULT_CALL="read", FAULT_NUMBER="1000",
                                   FAULT_ERROR=str(errno.EIO), FAULT_MARK=str(self.mark))
                        self.assertEqual(done.returncode, DONE, done.stderr)
                        self.assertFalse(self.mark.exists())

    def test_waiting_files_are_not_read(self):
        """Before a file's turn only its start is read, even if the filter takes none but its last
        packet. 20 files of 2 MB take 320 reads of 128 KB, and a few for each start; all of them
        read twice would take 640."""
        frame = b"\xff" * 12 + b"\x08\x06" + bytes(1010)
        for form in (formats.pcap, formats.pcapng) if self.has_wiretap() else (formats.pcap,):
            paths = [self.folder / f"long{i:02}" for i in range(20)]
            for i, path in enumerate(paths):
                last = ((i + 1) * 2000 * formats.SECOND - 1, frame[:60], 60)
                path.write_bytes(form([((i * 2000 + n) * formats.SECOND, frame, len(frame))
                                       for n in range(2000)] + [last]))
            done = run("-T", "json", "-f", "less 100", *paths, LD_PRELOAD=faults, FAULT_CALL="read",
                       FAULT_NUMBER="550", FAULT_ERROR=str(errno.EIO), FAULT_MARK=str(self.mark))
            self.assertEqual(done.returncode, DONE, done.stderr)
            self.assertFalse(self.mark.exists(), form)

    def test_writes(self):
        files = sorted(captures.glob("*.pcap"))  # copies of one would be left out as such
        for form, error in (("messages", errno.ENOSPC), ("json", errno.EIO), ("csv", errno.EFBIG),
                            ("html", errno.ENOSPC)):
            for number, done in self.struck("write", error, "-T", form, "-x", *files):
                self.assertEqual(done.returncode, OUTPUT, (form, number))
                self.assertIn(b"ctidump: standard output: %s\n" % os.strerror(error).encode(),
                              done.stderr)

    def test_writes_that_are_interrupted_go_on(self):
        good = run("-T", "json", self.plain).stdout
        for _, done in self.struck("write", errno.EINTR, "-T", "json", self.plain):
            self.assertEqual((done.returncode, done.stdout), (DONE, good))

    def test_opens(self):
        for error in (errno.EMFILE, errno.EACCES, errno.ENOMEM):
            for path in self.forms:
                self.check_struck("open", error, (NO_INPUT, INCOMPLETE, OUTPUT), "-T", "json",
                                  "-w", "/dev/stdout", path)

    def test_two_files_one_fails(self):
        for _, done in self.struck("open", errno.EACCES, "-T", "json", self.plain, self.packed):
            self.assertIn(done.returncode, (DONE, NO_INPUT, INCOMPLETE))

    # ---- disks and readers ----

    def test_full_disk(self):
        for form in ("report", "timeline", "messages", "json", "csv", "html", "ctisvr"):
            with open("/dev/full", "wb") as full:
                done = run("-T", form, self.plain, stdout=full)
            self.assertEqual((done.returncode, done.stderr), (
                OUTPUT, b"ctidump: standard output: No space left on device\n"))

    def test_disk_that_fills_up(self):
        disk = self.folder / "disk"
        disk.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk],
                          capture_output=True, check=False).returncode:
            self.skipTest("may not mount")
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        out = disk / "out"
        done = run("-T", "json", "-w", out, *sorted(captures.glob("*.pcap")))
        self.assertEqual(done.returncode, OUTPUT)
        self.assertIn(f"ctidump: {out}: No space left on device\n".encode(), done.stderr)

    def test_no_room_for_a_copy(self):
        """Some formats cannot be read from a pipe: the copy that they need may fail."""
        if not self.has_wiretap():
            self.skipTest("built without libwiretap")
        snoop = b"snoop\0\0\0" + struct.pack(">II", 2, 4) + bytes(1 << 17)
        disk = self.folder / "tmp"
        for folder, pattern in ((disk, rb"No such file"),
                                ("/proc", rb"No such file|Permission|not supported")):
            done = subprocess.run([ctidump, "-"], input=snoop, capture_output=True, check=False,
                                  timeout=60, env=environment(TMPDIR=str(folder)))
            self.assertEqual(done.returncode, NO_INPUT, done.stderr)
            self.assertRegex(done.stderr, LINES)
            self.assertRegex(done.stderr, pattern)

    def test_closed_pipe(self):
        for form in ("messages", "json", "timeline"):
            with subprocess.Popen([ctidump, "-T", form, *[str(self.plain)] * 60],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  env=environment()) as process:
                process.stdout.close()
                self.assertEqual(process.stderr.read(), b"")
                self.assertEqual(process.wait(timeout=60), -signal.SIGPIPE)

    def test_closed_standard_output(self):
        done = run("-T", "json", self.plain, stdout=None, limit=lambda: os.close(1))
        self.assertEqual(done.returncode, OUTPUT, done.stderr)
        self.assertRegex(done.stderr, rb"\Actidump: standard output: [^\n]+\n\Z")

    # ---- signals ----

    def interrupted(self, form, number):
        process = subprocess.Popen([ctidump, "-T", form, "-"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=environment())
        process.stdin.write(self.plain.read_bytes())
        process.stdin.flush()
        time.sleep(0.7)
        process.send_signal(number)
        out, error = process.stdout.read(), process.stderr.read()
        status = process.wait(timeout=60)
        for pipe in (process.stdin, process.stdout, process.stderr):
            pipe.close()
        return status, out, error

    def test_first_signal_ends_the_reading(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            for form in ("report", "json", "html"):
                status, out, error = self.interrupted(form, number)
                self.assertEqual(status, INCOMPLETE)
                self.assertRegex(error, rb"\Actidump: interrupted after \d+ packets[^\n]*\n\Z")
                self.assertGreater(len(out), 200)

    def test_second_signal_kills(self):
        """While the output of the first one finds no reader."""
        process = subprocess.Popen([ctidump, "-T", "messages", "-x", *[str(self.plain)] * 60],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=environment())
        time.sleep(1.5)
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        self.assertIsNone(process.poll(), "the first one ends nothing that is being written")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=20), -signal.SIGINT)
        process.stdout.close()
        process.stderr.close()

    # ---- memory ----

    def test_absurd_limits(self):
        for option in ("--held-bytes", "--held-total", "--connections", "--fragments"):
            for number in ("0", "-1", "99999999999999999999", "9999999G", "1e9", "", "K", "0x10"):
                done = run(option, number, self.plain)
                self.assertEqual(done.returncode, USAGE, (option, number))
                self.assertRegex(done.stderr, rb"\Actidump: '[^\n]*' is no limit: [^\n]+\n")

    def test_large_limits_take_no_memory(self):
        """They say how much may be held, not how much is taken."""
        done = run("--held-bytes", "1024G", "--held-total", "1024G", "--connections", "2147483647",
                   "--fragments", "2147483647", "-T", "json", self.plain, limit=self.small())
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.assertEqual(done.stdout, run("-T", "json", self.plain).stdout)

    @staticmethod
    def small():
        """Half a gigabyte of address space, where no sanitizer needs it all."""
        if b"__asan_init" in Path(ctidump).read_bytes():
            return None
        return lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 29, 1 << 29))

    def test_absurd_lengths(self):
        """A length in a file takes no memory that is not there."""
        data = self.plain.read_bytes()
        for offset in (16, 20, 32, 36, 24 + 16 + 54, 40 + 14 + 2):
            for number in (0xFFFFFFFF, 0x7FFFFFFF, 0x10000000, 0):
                path = self.folder / "absurd.pcap"
                path.write_bytes(data[:offset] + struct.pack("<I", number) + data[offset + 4:])
                done = run("-T", "json", path, limit=self.small())
                self.assertIn(done.returncode, (DONE, NO_INPUT, INCOMPLETE),
                              (offset, number, done.stderr))

    def test_absurd_blocks_of_pcapng(self):
        head = struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
        for kind in (1, 2, 3, 5, 6, 10):
            for length in (0xFFFFFFFC, 0x7FFFFFFC, 0x10000000, 12, 8, 0):
                path = self.folder / "absurd.pcapng"
                path.write_bytes(head + struct.pack("<II", kind, length) + bytes(64))
                done = run(path, limit=self.small())
                self.assertIn(done.returncode, (DONE, NO_INPUT, INCOMPLETE),
                              (kind, length, done.stderr))
                if done.returncode != DONE:
                    self.assertRegex(done.stderr, LINES)


if __name__ == "__main__":
    ctidump, faults, captures = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
