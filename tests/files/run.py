#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Capture files as ctidump reads them: the same session in every format tells the same, in
one file or many, from files and pipes; and no file that is cut or broken makes it crash,
hang or keep silent.

    run.py CTIDUMP CAPTURES

Needs editcap, gzip, zstd and lz4.
"""
import json
import os
import random
import re
import resource
import select
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

import formats
from formats import ERF, ETHERNET, FDDI, MICRO, NANO, PATCHED, RAW, SLL, SLL2

DONE, FINDINGS, USAGE, NO_INPUT, INCOMPLETE, OUTPUT = range(6)
TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d*?)0*Z")

ctidump = ""
captures = Path()


def run(*arguments, stdin=None, **more):
    """The finished process; stdin is bytes, which come through a pipe, or a file."""
    give = {"input": stdin} if isinstance(stdin, bytes) else {"stdin": stdin or subprocess.DEVNULL}
    return subprocess.run([ctidump, *map(str, arguments)], **give, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=120, check=False, **more)


def plain(value):
    """A record without the digits that only a longer time has."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return TIME.sub(r"\1Z", value)
    return value


def records(done):
    """All records but the summary, which has the sizes of the files, and the summary."""
    lines = [plain(json.loads(line)) for line in done.stdout.splitlines()]
    return lines[:-1], lines[-1]


def without(value, keys):
    if isinstance(value, dict):
        return {key: without(item, keys) for key, item in value.items() if key not in keys}
    if isinstance(value, list):
        return [without(item, keys) for item in value]
    return value


def filter_through(data, *command):
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, timeout=60,
                          check=True).stdout


COMPRESSORS = {"gz": ("gzip", "-c"), "zst": ("zstd", "-qc"), "lz4": ("lz4", "-qcB4")}


class Files(unittest.TestCase):
    wiretap = True

    @classmethod
    def setUpClass(cls):
        cls.original = (captures / "heartbeat-missed.pcap").read_bytes()
        cls.packets = formats.read_pcap(cls.original)
        cls.wanted, cls.summary = records(run("-T", "json", captures / "heartbeat-missed.pcap"))
        cls.wiretap = b"without libwiretap" not in run("-", stdin=b"\x1f\x8b\x08\x00").stderr

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def need_wiretap(self):
        if not self.wiretap:
            self.skipTest("built without libwiretap")

    def file(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        return path

    def edited(self, form, *options):
        """The capture as editcap writes it."""
        path = self.folder / ("edited." + form)
        subprocess.run(["editcap", "-F", form, *options, captures / "heartbeat-missed.pcap", path],
                       check=True, timeout=60, stderr=subprocess.DEVNULL)
        return path.read_bytes()

    def expect(self, done, status=DONE, stderr=rb"\A\Z"):
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertRegex(done.stderr, stderr)

    def expect_same(self, done, stderr=rb"\A\Z"):
        """The records of the original, and nothing to complain of."""
        self.expect(done, DONE, stderr)
        found, summary = records(done)
        self.assertEqual(found, self.wanted)
        self.assertEqual(summary["packets"], len(self.packets))
        return summary

    # ---- one file ----

    def classic_forms(self):
        for order in "<>":
            for magic in (MICRO, NANO, PATCHED):
                yield f"{order}{magic:x}", formats.pcap(self.packets, order, magic)
            yield f"{order}2.3", formats.pcap(self.packets, order, minor=3)

    def pcapng_forms(self):
        packets = self.packets
        half = len(packets) // 2
        yield "pcapng", formats.pcapng(packets)
        yield "big-endian", formats.pcapng(packets, order=">")
        yield "nanoseconds", formats.pcapng(packets, resolution=9)
        yield "finer than nanoseconds", formats.pcapng(packets, resolution=10)
        yield "offset", formats.pcapng(packets, offset=1_000_000_000)
        yield "snaplens", formats.pcapng(packets, (ETHERNET, ETHERNET), (262144, 65535))
        yield "links", formats.pcapng(packets, (ETHERNET, RAW, SLL, SLL2))
        yield "erf", formats.pcapng(packets, (ERF,))
        yield "sections", (formats.pcapng(packets[:half]) +
                           formats.pcapng(packets[half:], (RAW,), order=">"))
        yield "late interface", (formats.pcapng(packets[:half]) + formats.interface(RAW) +
                                 b"".join(formats.enhanced_packet(formats.as_link(packet, RAW), 1)
                                          for packet in packets[half:]))
        yield "editcap", self.edited("pcapng")

    def foreign_forms(self):
        for form in ("snoop", "netmon2", "nsecpcap"):
            yield form, self.edited(form)

    def all_forms(self):
        yield from self.classic_forms()
        yield from self.pcapng_forms()
        yield from self.foreign_forms()
        for name, command in COMPRESSORS.items():
            yield "pcap." + name, filter_through(self.original, *command)
            yield "pcapng." + name, filter_through(formats.pcapng(self.packets), *command)
            yield "snoop." + name, filter_through(self.edited("snoop"), *command)

    def test_classic_forms(self):
        for name, data in self.classic_forms():
            with self.subTest(name):
                self.expect_same(run("-T", "json", self.file("x", data)))
                self.expect_same(run("-T", "json", "-", stdin=data))

    def test_every_form(self):
        self.need_wiretap()
        for name, data in self.all_forms():
            with self.subTest(name):
                path = self.file("x", data)
                self.expect_same(run("-T", "json", path))
                with open(path, "rb") as file:
                    self.expect_same(run("-T", "json", "-", stdin=file))

    def test_every_form_from_a_pipe(self):
        self.need_wiretap()
        for name, data in self.all_forms():
            if name.startswith("snoop."):
                continue  # see test_foreign_in_compressed_pipe
            with self.subTest(name):
                self.expect_same(run("-T", "json", "-", stdin=data))

    def test_foreign_in_compressed_pipe(self):
        """Read, or one clear line: libwiretap may have to go back further than it can."""
        self.need_wiretap()
        done = run("-T", "json", "-", stdin=filter_through(self.edited("snoop"), "gzip", "-c"))
        if done.returncode == DONE:
            self.expect_same(done)
        else:
            self.expect(done, NO_INPUT, rb"\Actidump: standard input: [^\n]+\n\Z")

    def test_kinds_of_compression(self):
        """Options of the compressors, and files of several parts."""
        self.need_wiretap()
        half = len(self.original) // 2
        commands = [("zstd", "-qc", "--no-check"), ("zstd", "-qc", "-19"), ("gzip", "-c1"),
                    ("lz4", "-qc", "-BD"), ("lz4", "-qc", "--content-size", "-BX"),
                    ("lz4", "-qc", "--no-frame-crc")]
        for command in commands:
            with self.subTest(" ".join(command)):
                whole = filter_through(self.original, *command)
                self.expect_same(run("-T", "json", self.file("x", whole)))
                parts = (filter_through(self.original[:half], *command) +
                         filter_through(self.original[half:], *command))
                self.expect_same(run("-T", "json", self.file("x", parts)))
                self.expect(run("-T", "json", self.file("x", parts[:-1])), INCOMPLETE,
                            rb"x: damaged after packet \d+ \(")

    def test_skippable_frames(self):
        """What another program put behind the data, for itself (RFC 8878, 3.1.2)."""
        self.need_wiretap()
        skipped = bytes.fromhex("502A4D18 05000000") + b"12345"
        for command in (("zstd", "-qc"), ("lz4", "-qc")):
            with self.subTest(command[0]):
                whole = filter_through(self.original, *command)
                self.expect_same(run("-T", "json", self.file("x", whole + skipped)))
                self.expect(run("-T", "json", self.file("x", whole + skipped[:-1])), INCOMPLETE,
                            rb"x: damaged after packet \d+ \(")
                self.expect(run("-T", "json", self.file("x", whole + skipped[:2])), INCOMPLETE,
                            rb"x: damaged after packet \d+ \(")

    def test_milliseconds(self):
        """NetMon 1 rounds the times, so only what has none is compared."""
        self.need_wiretap()
        done = run("-T", "json", self.file("x", self.edited("netmon1")))
        self.expect(done)
        messages = [[without(record, {"ts", "offset_s"}) for record in all_records
                     if record["record"] == "message"]
                    for all_records in (records(done)[0], self.wanted)]
        self.assertEqual(*messages)

    def test_digits(self):
        """Times have the digits that the file keeps."""
        for data, digits in ((self.original, 6), (formats.pcap(self.packets, magic=NANO), 9)):
            line = run("-T", "json", "-", stdin=data).stdout.splitlines()[0]
            self.assertEqual(len(json.loads(line)["ts"]), len("2026-01-01T00:00:00.Z") + digits)

    def test_digits_of_pcapng(self):
        self.need_wiretap()
        for resolution, digits in ((3, 6), (6, 6), (9, 9)):
            line = run("-T", "json", "-", stdin=formats.pcapng(self.packets, resolution=resolution)
                       ).stdout.splitlines()[0]
            self.assertEqual(len(json.loads(line)["ts"]), len("2026-01-01T00:00:00.Z") + digits)

    def test_simple_packets(self):
        """Blocks without a time take the time of the one before."""
        self.need_wiretap()
        blocks = b"".join(formats.block(3, struct.pack("<I", length) + frame)
                          for _, frame, length in self.packets)
        done = run("-T", "json", "-", stdin=formats.section() + formats.interface() + blocks)
        self.expect(done)
        self.assertEqual(sum(record["record"] == "message" for record in records(done)[0]),
                         self.summary["messages"])

    # ---- pipes ----

    def write_to(self, path, data, pieces=()):
        """Writes from another thread, first pieces of some bytes with pauses."""
        def work():
            with open(path, "wb", buffering=0) as file:
                offset = 0
                for size in pieces:
                    file.write(data[offset:offset + size])
                    offset += size
                    time.sleep(0.02)
                file.write(data[offset:])
        thread = threading.Thread(target=work)
        thread.start()
        self.addCleanup(thread.join)

    def test_named_pipe(self):
        forms = [("pcap", self.original)]
        if self.wiretap:
            forms += [("pcapng", formats.pcapng(self.packets)), ("snoop", self.edited("snoop"))]
        for name, data in forms:
            with self.subTest(name):
                path = self.folder / (name + ".fifo")
                os.mkfifo(path)
                self.write_to(path, data)
                self.expect_same(run("-T", "json", path))

    def test_slow_pipe(self):
        forms = [self.original] + ([formats.pcapng(self.packets)] if self.wiretap else [])
        for data in forms:
            inner, outer = os.pipe()
            self.write_to(outer, data, (1, 1, 1, 2, 1, 100))
            with open(inner, "rb") as end:
                self.expect_same(run("-T", "json", "-", stdin=end))

    def test_pipe_that_goes_on(self):
        """What the packets so far tell is printed before more of them is waited for."""
        for name, data, header in (("usual", self.original, 16),
                                   ("patched", formats.pcap(self.packets, magic=PATCHED), 24),
                                   ("2.3", formats.pcap(self.packets, minor=3), 16)):
            with self.subTest(name):
                self.check_pipe_that_goes_on(data, header)

    def check_pipe_that_goes_on(self, data, header):
        """Writes record by record, each with a header of so many bytes."""
        frames = [record["frame"] for record in self.wanted if record["record"] == "message"]
        with subprocess.Popen([ctidump, "-T", "json", "-"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, bufsize=0) as process:
            process.stdin.write(data[:24])
            lines, at = [], 24
            for frame in range(1, len(self.packets) + 1):
                size = header + int.from_bytes(data[at + 8:at + 12], "little")
                process.stdin.write(data[at:at + size])
                at += size
                while sum(line["record"] == "message" for line in lines) < \
                        sum(number <= frame for number in frames):
                    ready = select.select([process.stdout], [], [], 30)[0]
                    self.assertTrue(ready, f"nothing of frame {frame}")
                    lines.append(json.loads(process.stdout.readline()))
            process.stdin.close()
            lines += [json.loads(line) for line in process.stdout]
        self.assertEqual([plain(line) for line in lines[:-1]], self.wanted)

    def test_descriptor(self):
        """The shell's <(command) is a path to a pipe."""
        forms = [self.original] + ([formats.pcapng(self.packets), self.edited("snoop")]
                                   if self.wiretap else [])
        for data in forms:
            inner, outer = os.pipe()
            self.write_to(outer, data)
            self.expect_same(run("-T", "json", f"/dev/fd/{inner}", pass_fds=[inner]))
            os.close(inner)

    def test_socket(self):
        forms = [self.original] + ([formats.pcapng(self.packets)] if self.wiretap else [])
        for data in forms:
            here, there = socket.socketpair()
            thread = threading.Thread(
                target=lambda end=here, what=data: (end.sendall(what), end.close()))
            thread.start()
            self.expect_same(run("-T", "json", "-", stdin=there))
            thread.join()
            there.close()

    def test_no_temporary_file_stays(self):
        self.need_wiretap()
        run("-T", "json", "-", stdin=self.edited("snoop"), env={**os.environ, "TMPDIR": str(self.folder)})
        self.assertEqual([path.name for path in self.folder.iterdir()], ["edited.snoop"])

    def test_no_room_for_temporary_file(self):
        self.need_wiretap()
        done = run("-", stdin=self.edited("snoop"), env={**os.environ, "TMPDIR": "/dev/null/no"})
        self.expect(done, NO_INPUT, rb"\Actidump: standard input: .*temporary file[^\n]*\n\Z")

    @staticmethod
    def peak(megabytes):
        """The peak memory in KiB of a run on as much classic pcap from a pipe."""
        frame = bytes(12) + b"\x08\x06" + bytes(1010)
        record = struct.pack("<4I", 1, 0, len(frame), len(frame)) + frame
        with subprocess.Popen([ctidump, "-T", "json", "-"], stdin=subprocess.PIPE,
                              stdout=subprocess.DEVNULL) as process:
            process.stdin.write(formats.pcap([]))
            for _ in range(megabytes):
                process.stdin.write(record * 1024)
            process.stdin.close()
            usage = os.wait4(process.pid, 0)[2]
            process.returncode = 0
        return usage.ru_maxrss

    def test_flat_memory(self):
        self.assertLess(self.peak(200), self.peak(2) + 8192)

    # ---- many files ----

    def parts(self, count, write=formats.pcap):
        """The capture in files, one after the other."""
        size = -(-len(self.packets) // count)
        return [self.file(f"part{i}", write(self.packets[i * size:(i + 1) * size]))
                for i in range(count)]

    def test_three_files_out_of_order(self):
        writers = [formats.pcap] + ([formats.pcapng] if self.wiretap else [])
        for write in writers:
            one, two, three = self.parts(3, write)
            summary = self.expect_same(run("-T", "json", three, one, two))
            self.assertEqual(summary["files"], 3)

    def test_files_of_different_formats(self):
        self.need_wiretap()
        third = len(self.packets) // 3
        paths = [self.file("a", formats.pcap(self.packets[:third], ">", NANO)),
                 self.file("b", formats.pcapng(self.packets[third:2 * third], (RAW,))),
                 self.file("c", filter_through(formats.pcap(self.packets[2 * third:]), "gzip", "-c"))]
        self.expect_same(run("-T", "json", *reversed(paths)))

    def test_files_that_overlap(self):
        paths = [self.file(f"x{i}", formats.pcap(self.packets[i::4])) for i in range(4)]
        self.expect_same(run("-T", "json", *paths))

    @staticmethod
    def descriptors(soft, hard=None):
        """For preexec_fn: the limits of open files."""
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        return lambda: resource.setrlimit(resource.RLIMIT_NOFILE,
                                          (soft, most if hard is None else hard))

    def test_more_files_than_descriptors(self):
        paths = [self.file(f"x{i:03}", formats.pcap([packet]))
                 for i, packet in enumerate(self.packets)]
        empty = [self.file(f"y{i:03}", formats.pcap([])) for i in range(100)]
        order = paths + empty
        random.Random(1).shuffle(order)
        done = run("-T", "json", *order, preexec_fn=self.descriptors(48, 48))
        self.assertEqual(self.expect_same(done)["files"], len(order))

    def repeated(self, count):
        """So many packets: the capture again and again, the times always later."""
        packets, start = [], 0
        while len(packets) < count:
            packets += [(time + start, *more) for time, *more in self.packets]
            start += self.packets[-1][0] - self.packets[0][0] + formats.SECOND
        return packets[:count]

    def test_ring_of_2500_files(self):
        """Files of two packets each, which overlap with the next: the same as one file."""
        packets = self.repeated(5000)
        one = run("-T", "json", self.file("one", formats.pcap(packets)))
        wanted = records(one)[0]
        forms = [formats.pcap] + ([formats.pcapng, lambda part: filter_through(
            formats.pcap(part), "gzip", "-c")] if self.wiretap else [])
        paths = []
        for i in range(0, 5000, 4):
            for number, part in enumerate((packets[i:i + 4:2], packets[i + 1:i + 4:2])):
                form = forms[-1] if i % 400 == 0 else forms[i // 4 % min(2, len(forms))]
                paths.append(self.file(f"ring{i + number:05}", form(part)))
        random.Random(2).shuffle(paths)
        done = run("-T", "json", *paths, preexec_fn=self.descriptors(256, 256))
        self.expect(done, one.returncode)
        found, summary = records(done)
        self.assertEqual(found, wanted)
        self.assertEqual((summary["files"], summary["packets"]), (2500, 5000))

    def overlapping(self, count):
        """The capture in files that all have the time of the first packet and of the last."""
        first, last = [(self.packets[i][0], b"\xff" * 12 + b"\x08\x06" + bytes(46), 60)
                       for i in (0, -1)]
        return [self.file(f"x{i:03}", formats.pcap([first, *self.packets[i::count], last]))
                for i in range(count)]

    def test_limit_of_open_files_is_raised(self):
        """Only the hard limit counts."""
        done = run("-T", "json", *self.overlapping(100), preexec_fn=self.descriptors(32))
        self.expect(done)
        self.assertEqual(records(done)[1]["files"], 100)
        self.assertEqual(records(done)[1]["messages"], self.summary["messages"])

    def test_files_that_cannot_be_open_at_once(self):
        """Each one that is left out is named, and the others are read."""
        paths = self.overlapping(100)
        done = run("-T", "json", *paths, preexec_fn=self.descriptors(64, 64))
        self.expect(done, INCOMPLETE,
                    rb"\A(ctidump: [^\n]*x\d\d\d: left out: too many files overlap in time for the "
                    rb"limit of 64 open files \(see ulimit -Hn\)\n)+\Z")
        lines = done.stderr.splitlines()
        summary = records(done)[1]
        self.assertEqual(summary["files"], 100 - len(lines))
        self.assertEqual(summary["notes"], [line[len("ctidump: "):].decode() for line in lines])
        self.assertGreater(summary["files"], 48)

    def change_while_waiting(self, change):
        """17 files, of which the last waits while change(its path) is done, and a pipe."""
        paths = self.parts(17)
        fifo = self.folder / "fifo"
        os.mkfifo(fifo)
        first = formats.pcap([(0, b"\xff" * 12 + b"\x08\x06" + bytes(46), 60)])
        with subprocess.Popen([ctidump, "-T", "json", *paths, fifo], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            with open(fifo, "wb") as end:  # opened at the other end: all others were seen
                change(paths[-1])
                end.write(first)
            out, error = process.communicate(timeout=60)
        fifo.unlink()
        return process.returncode, json.loads(out.splitlines()[-1]), error

    def test_file_removed_while_it_waits(self):
        status, summary, error = self.change_while_waiting(lambda path: path.unlink())
        self.assertRegex(error, rb"\Actidump: [^\n]*part16: No such file or directory\n\Z")
        self.assertEqual((status, summary["files"]), (INCOMPLETE, 17))

    def test_file_overwritten_while_it_waits(self):
        later = [(time + 10 * formats.SECOND, *more) for time, *more in self.packets[-1:]]
        for content in (formats.pcap([]), formats.pcap(later)):
            status, summary, error = self.change_while_waiting(
                lambda path, new=content: path.write_bytes(new))
            self.assertRegex(error, rb"\Actidump: [^\n]*part16: changed while other files were read: "
                                    rb"packets may be missing\n\Z")
            self.assertEqual((status, summary["files"]), (INCOMPLETE, 18))

    def test_file_of_another_link_type_while_it_waits(self):
        content = formats.pcap(self.packets[-3:], link=FDDI)
        status, summary, error = self.change_while_waiting(lambda path: path.write_bytes(content))
        self.assertRegex(error, rb"\Actidump: [^\n]*part16: changed while other files were read: "
                                rb"packets may be missing\nctidump: [^\n]*part16: 3 packets were not "
                                rb"decoded: link type 10 \(FDDI\)\n\Z")
        self.assertEqual((status, summary["files"]), (INCOMPLETE, 18))
        self.assertEqual(summary["packets_not_decoded"],
                         [{"kind": "link type 10 (FDDI)", "packets": 3}])

    def test_in_order(self):
        """As named, the later half is first: its frames are the low numbers."""
        one, two = self.parts(2)
        first = records(run("-T", "json", "--in-order", two, one))[0][0]
        self.assertEqual(first["ts"], records(run("-T", "json", two))[0][0]["ts"])
        self.expect_same(run("-T", "json", "--in-order", one, two))
        self.expect_same(run("-T", "json", "--in-order", *self.parts(40),
                             preexec_fn=self.descriptors(24, 24)))

    def test_gap_in_numbers(self):
        for names, gap in (
                (("a_00001_20260101000000.pcap", "a_00003_20260101000100.pcap"),
                 rb"a_00003_20260101000100.pcap: by its number, 1 file is missing"),
                (("a_20260101000000_00001.pcap", "a_20260101000100_00004.pcap"),
                 rb"2 files are missing"),
                (("a_00001_20260101000000.pcap", "a_00002_20260101000100.pcap"), None),
                (("a_00009_20260101000000.pcap", "a_00001_20260101000100.pcap"), None),
                (("a_00001_20260101000000.pcap", "b_00003_20260101000100.pcap"), None),
                (("a_00001.pcap", "a_00003.pcap"), None)):
            with self.subTest(names):
                half = len(self.packets) // 2
                paths = [self.file(names[0], formats.pcap(self.packets[:half])),
                         self.file(names[1], formats.pcap(self.packets[half:]))]
                done = run("-T", "json", *reversed(paths))
                self.expect_same(done, rb"\Actidump: [^\n]*%b[^\n]*\n\Z" % gap if gap else rb"\A\Z")

    def test_output_is_an_input(self):
        path = self.file("x.pcap", self.original)
        link = self.folder / "link"
        link.symlink_to(path)
        for output in (path, link):
            self.expect(run("-w", output, path), USAGE, rb"\Actidump: [^\n]* is an input: ")
        with open(path, "rb") as file:
            self.expect(run("-w", path, "-", stdin=file), USAGE, rb"is an input: ")
        self.assertEqual(path.read_bytes(), self.original)

    # ---- what is left out ----

    def test_unknown_link_type_among_others(self):
        self.need_wiretap()
        both = b"".join([formats.section(), formats.interface(FDDI), formats.interface(ETHERNET)] + [
            formats.enhanced_packet(formats.as_link(packet, FDDI), 0) +
            formats.enhanced_packet(packet, 1) for packet in self.packets])
        done = run("-T", "json", self.file("x", both))
        self.expect(done, DONE, rb"\Actidump: [^\n]*x: %d packets were not decoded: link type 10 "
                                rb"\(FDDI\)\n\Z" % len(self.packets))
        found, summary = records(done)
        frames = [record["frame"] for record in found if record["record"] == "message"]
        wanted = [record["frame"] for record in self.wanted if record["record"] == "message"]
        self.assertEqual(frames, [2 * frame for frame in wanted])
        self.assertEqual(summary["packets"], 2 * len(self.packets))
        self.assertEqual(summary["packets_not_decoded"],
                         [{"kind": "link type 10 (FDDI)", "packets": len(self.packets)}])

    def test_only_unknown_link_types(self):
        forms = [formats.pcap(self.packets, link=FDDI)]
        if self.wiretap:
            forms += [formats.pcapng(self.packets, (FDDI,)),
                      filter_through(formats.pcap(self.packets, link=FDDI), "gzip", "-c")]
        for data in forms:
            done = run("-T", "json", self.file("x", data))
            self.expect(done, NO_INPUT, rb"\Actidump: [^\n]*x: (link type 10 \(FDDI\) is not "
                                        rb"supported: the file was not read|%d packets were not "
                                        rb"decoded: link type 10 \(FDDI\))\n\Z" % len(self.packets))
            self.assertEqual(done.stdout, b"")

    def test_link_type_without_a_number(self):
        self.need_wiretap()
        image = (b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBBI", 13, b"IHDR", 1, 1, 8, 0, 0, 0, 0, 0)
                 + bytes(12))
        done = run(self.file("x.png", image))
        self.expect(done, NO_INPUT, rb"\Actidump: [^\n]+\n\Z")

    def test_dropped_packets(self):
        self.need_wiretap()
        data = (formats.pcapng(self.packets, (ETHERNET, ETHERNET)) + formats.statistics(0, 7) +
                formats.statistics(0, 8) + formats.statistics(1, 2))
        done = run("-T", "json", self.file("x", data))
        self.expect_same(done, rb"\Actidump: [^\n]*x: the capturing interface dropped 10 packets\n\Z")

    def test_unreadable(self):
        for name, data, pattern in (
                ("x.xz", b"\xfd7zXZ\0" + bytes(30), rb"compressed with xz"),
                ("x.bz2", b"BZh91AY" + bytes(30), rb"compressed with bzip2"),
                ("x.zip", b"PK\x03\x04" + bytes(30), rb"zip archive"),
                ("x.etl", bytes(range(256)) * 8, rb"etl2pcapng|without libwiretap"),
                ("noise", random.Random(3).randbytes(5000), rb"not a capture"),
                ("one", b"\xd4", rb"not a capture"),
                ("empty", b"", rb"empty file")):
            for give in (lambda: run(self.file(name, data)), lambda: run("-", stdin=data)):
                with self.subTest(name):
                    done = give()
                    self.expect(done, NO_INPUT, rb"\Actidump: [^\n]+\n\Z")
                    if b"standard input" not in done.stderr:
                        self.assertRegex(done.stderr, pattern)

    # ---- the filter ----

    def test_filter(self):
        forms = [formats.pcap(self.packets)]
        if self.wiretap:
            forms.append(formats.pcapng(self.packets, (ETHERNET, RAW, SLL)))
        for data in forms:
            path = self.file("x", data)
            self.expect_same(run("-T", "json", "-f", "tcp", path))
            done = run("-T", "json", "-f", "udp", path)
            self.expect(done)
            self.assertEqual(records(done)[0], [])
            port = self.wanted_port()
            done = run("-T", "json", "-f", f"tcp port {port}", path)
            self.expect(done)
            found, summary = records(done)
            self.assertEqual(summary["connections"], 1)
            self.assertEqual(found[0]["frame"],
                             min(record["frame"] for record in self.wanted
                                 if record["record"] == "message" and record["session"] == 1))

    def wanted_port(self):
        """The client's port of the first session."""
        frame = self.packets[self.wanted[0]["frame"] - 1][1]
        return struct.unpack_from("!H", frame, 14 + (frame[14] & 15) * 4)[0]

    def test_wrong_filter(self):
        for expression in ("portt 1", "host", "tcp port 99999999"):
            done = run("-f", expression, captures / "heartbeat-missed.pcap")
            self.expect(done, USAGE, rb"\Actidump: filter '[^\n]+': [^\n]+\n")
            self.assertEqual(done.stdout, b"")

    def test_filter_for_other_link_types(self):
        """What has a meaning for some link types only."""
        self.need_wiretap()
        self.expect_same(run("-T", "json", "-f", "outbound or inbound", "-",
                             stdin=formats.pcap(self.packets, link=SLL)))
        done = run("-T", "json", "-f", "outbound or inbound", "-", stdin=self.original)
        self.expect(done, DONE, rb"\Actidump: standard input: %d packets were not decoded: link "
                                rb"type 1 \(EN10MB\), for which the filter cannot be used: "
                                rb"[^\n]+\n\Z" % len(self.packets))

    def test_skipped_packets_of_files_opened_again(self):
        """What is read at the start is counted once, whether a file stays open (4) or not (20)."""
        self.need_wiretap()
        head = formats.section() + formats.interface(FDDI) + formats.interface(ETHERNET)
        for count in (4, 20):
            size = -(-len(self.packets) // count)
            parts = [self.packets[i:i + size] for i in range(0, len(self.packets), size)]
            both = [self.file(f"both{i:02}", head + b"".join(
                formats.enhanced_packet(formats.as_link(packet, FDDI), 0) +
                formats.enhanced_packet(packet, 1) for packet in part))
                for i, part in enumerate(parts)]
            plain = [self.file(f"plain{i:02}", formats.pcap(part)) for i, part in enumerate(parts)]
            for options, paths, times, kind in (
                    ((), both, 2, "link type 10 (FDDI)"),
                    (("-f", "tcp"), both, 2, "link type 10 (FDDI)"),
                    (("-f", "outbound or inbound"), plain, 1, "link type 1 (EN10MB), for which ")):
                with self.subTest(kind, count=count, options=options):
                    done = run("-T", "json", *options, *paths)
                    self.assertEqual(done.returncode, DONE, done.stderr)
                    found, summary = records(done)
                    self.assertEqual(summary["packets"], times * len(self.packets))
                    self.assertEqual([(entry["kind"][:len(kind)], entry["packets"])
                                      for entry in summary["packets_not_decoded"]],
                                     [(kind, len(self.packets))])
                    self.assertEqual([int(re.search(r": (\d+) packets? w", note)[1])
                                      for note in summary["notes"]], [len(part) for part in parts])
                    self.assertEqual([record["frame"] for record in found if "frame" in record],
                                     [2 * record["frame"] for record in self.wanted
                                      if "frame" in record and times == 2])

    # ---- damage ----

    def cut_forms(self):
        forms = [("pcap", self.original), ("nano", formats.pcap(self.packets, ">", NANO))]
        if self.wiretap:
            forms += [("pcapng", formats.pcapng(self.packets, (ETHERNET, RAW))),
                      ("snoop", self.edited("snoop")), ("netmon2", self.edited("netmon2"))]
            for name, command in COMPRESSORS.items():
                forms.append((name, filter_through(self.original, *command)))
        return forms

    def check_broken(self, done):
        """A broken file is read as far as it goes, and named in one line."""
        self.assertIn(done.returncode, (DONE, NO_INPUT, INCOMPLETE), done.stderr)
        if done.returncode == DONE:
            return None
        self.assertRegex(done.stderr, rb"\Actidump: [^\n]*x: [^\n]+\n\Z")
        self.assertNotRegex(done.stderr, rb"[^ -~\n]")
        return records(done)[1] if done.stdout else None

    def test_cut_anywhere(self):
        steps = 25
        for name, data in self.cut_forms():
            for size in sorted({len(data) * i // steps for i in range(steps)} |
                               set(range(len(data) - 13, len(data)))):
                with self.subTest(f"{name} cut to {size} of {len(data)}"):
                    done = run("-T", "json", self.file("x", data[:size]))
                    self.check_broken(done)
                    if done.returncode == DONE:
                        self.check_cut_between(name, done, data[:size])

    def check_cut_between(self, name, done, data):
        """Status 0: everything that a packet can be is there, and nothing else."""
        summary = records(done)[1]
        if name in COMPRESSORS:
            self.assertEqual(summary["packets"], len(self.packets), "silence about a cut")
        else:
            self.assertEqual(summary["bytes"], len(data))

    def test_what_came_before_a_cut(self):
        for name, data in self.cut_forms():
            if name in COMPRESSORS or name == "netmon2":
                continue  # one block, or a table of packets at the end
            with self.subTest(name):
                done = run("-T", "json", self.file("x", data[:-30]))
                self.expect(done, INCOMPLETE, rb"\Actidump: [^\n]*x: damaged after packet \d+ \([^\n]+"
                                              rb"\): the rest was not read\n\Z")
                found = [record for record in records(done)[0] if record["record"] == "message"]
                wanted = [record for record in self.wanted if record["record"] == "message"]
                self.assertEqual(found, wanted[:len(found)])
                self.assertGreater(len(found), len(wanted) // 2)

    def test_cut_compressed(self):
        """Of a long compressed file, the blocks before the cut are used."""
        self.need_wiretap()
        source = random.Random(5)
        first = self.packets[0][0]
        more = [(first + i, b"\xff" * 12 + b"\x08\x06" + source.randbytes(200), 214)
                for i in range(3000)]
        long = formats.pcap(more + self.packets)
        for name, command in COMPRESSORS.items():
            with self.subTest(name):
                data = filter_through(long, *command)
                done = run("-T", "json", self.file("x", data[:len(data) * 9 // 10]))
                self.expect(done, INCOMPLETE, rb"x: damaged after packet \d{3,} \(")

    def test_broken_bytes(self):
        source = random.Random(7)
        for name, data in self.cut_forms() + ([("sections", dict(self.pcapng_forms())["sections"])]
                                              if self.wiretap else []):
            for i in range(25):
                broken = bytearray(data)
                for _ in range(source.randint(1, 4)):
                    broken[source.randrange(len(broken))] = source.choice((0, 255, source.randrange(256)))
                with self.subTest(f"{name} {i}"):
                    done = run("-T", "json", self.file("x", bytes(broken)))
                    self.assertIn(done.returncode, (DONE, NO_INPUT, INCOMPLETE), done.stderr)
                    if done.returncode != DONE:
                        self.assertRegex(done.stderr, rb"\Actidump: ")


if __name__ == "__main__":
    ctidump, captures = sys.argv[1], Path(sys.argv[2])
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
