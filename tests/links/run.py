#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The same sessions over each link type and tunnel, in fragments, and with each frame twice:
ctidump says the same of them as over plain Ethernet, but for numbers of frames.  Packets that it
does not decode are counted and named.

    run.py CTIDUMP CAPTURES
"""
import json
import random
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from ged188 import pcap  # noqa: E402
import wraps  # noqa: E402

ctidump = ""
captures = Path()

# IPv4 and IPv6; the first has messages that are split, and full segments.
SOURCES = ("split-coalesced", "agent-desktop", "ipv6-vlan")
VLAN_TYPES = (0x8100, 0x88A8)
# What the summary says of the file and not of the sessions.
OF_THE_FILE = ("packets", "bytes", "notes", "packets_without_tcp", "packets_not_decoded")


def packets_of(name):
    """[(time, kind, packet)...] of a capture of Ethernet."""
    found = []
    for time, frame in pcap.read(captures / f"{name}.pcap"):
        at = 12
        while int.from_bytes(frame[at:at + 2], "big") in VLAN_TYPES:
            at += 4
        found.append((time, int.from_bytes(frame[at:at + 2], "big"), frame[at + 2:]))
    return found


def renumbered(value, frames, key=""):
    """The same with its own numbers of frames replaced; a text may name them."""
    if isinstance(value, dict):
        return {name: renumbered(entry, frames, name) for name, entry in value.items()
                if name != "text"}
    if isinstance(value, list):
        return [renumbered(entry, frames, key) for entry in value]
    if "frame" in key and isinstance(value, int) and value:
        return frames[value]
    return value


class Links(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "x.pcap"

    def decode(self, records, link_type=pcap.ETHERNET, snaplen=262144):
        """The JSON Lines of a capture of these (time, frame)."""
        capture = pcap.Capture(link_type=link_type, snaplen=snaplen)
        for time, frame in records:
            capture.add(time, frame)
        capture.write(self.path)
        done = subprocess.run([ctidump, "-T", "json", self.path.name], cwd=self.path.parent,
                              capture_output=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.errors = done.stderr.decode()
        return [json.loads(line) for line in done.stdout.decode().splitlines()]

    def plain(self, packets):
        return self.decode([(time, wraps.ethernet(kind, packet))
                            for time, kind, packet in packets])

    def assert_same(self, found, expected, frames=None, duplicates=0):
        """frames: the expected number of each frame that was found."""
        frames = frames or {number: number for number in range(1, 1000)}
        self.assertGreater(len(expected), 10)
        self.assertEqual(sum(record["duplicates"] for record in found
                             if record["record"] == "connection"), duplicates)
        self.assertEqual(self.kept(found, frames),
                         self.kept(expected, {number: number for number in range(1, 1000)}))

    def kept(self, records, frames):
        found = []
        for record in renumbered(records, frames):
            if record["record"] == "summary":
                record = {key: value for key, value in record.items() if key not in OF_THE_FILE}
            record.pop("duplicates", None)
            found.append(record)
        return found

    def each_source(self):
        for name in SOURCES:
            packets = packets_of(name)
            with self.subTest(source=name):
                yield packets, self.plain(packets)

    # ---- link types and tunnels ----

    def test_links(self):
        for packets, expected in self.each_source():
            for name, wrap in wraps.LINKS.items():
                with self.subTest(link=name):
                    frames = [(time, *wrap(kind, packet)) for time, kind, packet in packets]
                    found = self.decode([(time, frame) for time, _, frame in frames],
                                        frames[0][1])
                    self.assert_same(found, expected)
                    self.assertEqual(self.errors, "")

    def test_tunnels(self):
        for packets, expected in self.each_source():
            for name, tunnel in wraps.TUNNELS.items():
                with self.subTest(tunnel=name):
                    found = self.plain([(time, *tunnel(kind, packet))
                                        for time, kind, packet in packets])
                    self.assert_same(found, expected)
                    self.assertEqual(self.errors, "")

    def assert_not_decoded(self, summary, name, count):
        """All packets of a capture, for one reason."""
        self.assertEqual(summary["sessions"], 0)
        self.assertEqual(summary["packets_not_decoded"], [{"kind": name, "packets": count}])
        self.assertNotIn("packets_without_tcp", summary)
        self.assertEqual(self.errors, f"ctidump: x.pcap: {count} packets were not decoded: {name}\n")

    def test_unsupported_tunnels_are_counted(self):
        packets = packets_of("agent-desktop")
        for name, tunnel in wraps.OTHERS.items():
            with self.subTest(tunnel=name):
                found = self.plain([(time, *tunnel(kind, packet))
                                    for time, kind, packet in packets])
                self.assertEqual(len(found), 1)
                self.assert_not_decoded(found[0], name, len(packets))

    def test_unsupported_links_are_counted(self):
        packets = packets_of("agent-desktop")
        for name, wrap in wraps.OTHER_LINKS.items():
            with self.subTest(link=name):
                frames = [(time, *wrap(kind, packet)) for time, kind, packet in packets]
                found = self.decode([(time, frame) for time, _, frame in frames], frames[0][1])
                self.assert_not_decoded(found[-1], name, len(packets))

    def test_packets_without_tcp(self):
        """One count, and no note."""
        packets = packets_of("agent-desktop")
        expected = self.plain(packets)
        noise = [(packets[-1][0], *tunnel(*packets[0][1:]))
                 for tunnel in wraps.WITHOUT_TCP.values()]
        found = self.plain(packets + noise)
        summary = found[-1]
        self.assertEqual(self.errors, "")
        self.assertEqual(summary["notes"], [])
        self.assertEqual(summary["packets"], len(packets) + len(noise))
        self.assertEqual(summary.pop("packets_without_tcp"), len(noise))
        self.assertNotIn("packets_not_decoded", summary)
        self.assert_same(found, expected)
        report = self.report()
        self.assertIn(f"; {len(packets) + len(noise)} packets, {len(noise)} of them without TCP, "
                      "in 1 file\n", report)
        self.assertNotIn("\nnote  ", report)
        self.assertIn(f"packets, {len(noise)} of them without TCP, in 1 file;",
                      self.report("html").replace("</b>", "").replace("<b>", ""))

    def report(self, form="report"):
        return subprocess.run([ctidump, "-T", form, self.path], stdout=subprocess.PIPE,
                              timeout=60, check=True).stdout.decode()

    def test_each_kind_is_counted(self):
        """The most frequent one first; at most 32 kinds, the rest together."""
        packets = packets_of("agent-desktop")
        time, kind, packet = packets[0]
        wanted, noise = {}, []
        for name, tunnel in wraps.OTHERS.items():
            wanted[name] = 1 + len(wanted) % 5
            noise += [(time, *tunnel(kind, packet))] * wanted[name]
        noise += [(time, kind, packet[:30])] * 6
        wanted["truncated or invalid headers"] = 6
        ordered = sorted(wanted.items(), key=lambda entry: (-entry[1], entry[0]))
        summary = self.plain(packets + noise)[-1]
        self.assertEqual([(entry["kind"], entry["packets"])
                          for entry in summary["packets_not_decoded"]], ordered)
        line = (f"x.pcap: {len(noise)} packets were not decoded: " +
                ", ".join(f"{name} ({count})" for name, count in ordered))
        self.assertEqual(summary["notes"], [line])
        self.assertEqual(self.errors, f"ctidump: {line}\n")
        self.plain([(time, 0x1234, packet)])
        self.assertEqual(self.errors, "ctidump: x.pcap: 1 packet was not decoded: EtherType 0x1234\n")
        summary = self.plain([(time, 0x7000 + i, packet) for i in range(100)])[-1]
        kinds = summary["packets_not_decoded"]
        self.assertEqual(len(kinds), 33)
        self.assertEqual(kinds[-1], {"kind": "others", "packets": 68})
        self.assertTrue(self.errors.endswith(", EtherType 0x701f (1), others (68)\n"), self.errors)

    def test_no_packet_is_lost(self):
        """Decoded, without TCP, not decoded: together, that is all packets of a capture."""
        packets = packets_of("agent-desktop")
        time, kind, packet = packets[0]
        noise = [(time, *tunnel(kind, packet))
                 for group in (wraps.OTHERS, wraps.WITHOUT_TCP) for tunnel in group.values()]
        large = wraps.WITHOUT_TCP["dns"](kind, bytes(500))
        noise += [(time, *part) for part in wraps.pieces(*large, 200, 7)]
        noise += [(time, *part) for part in wraps.pieces(*large, 200, 8)[:-1]]
        found = self.plain(packets + noise)
        summary = found[-1]
        decoded = sum(record["packets"] for record in found if record["record"] == "connection")
        self.assertEqual(decoded, len(packets))
        self.assertEqual(decoded + summary["packets_without_tcp"] +
                         sum(entry["packets"] for entry in summary["packets_not_decoded"]),
                         summary["packets"])

    def test_offload(self):
        """Total length 0: the rest of the frame."""
        packets = packets_of("split-coalesced")
        found = self.plain([(time, kind, packet[:2] + b"\0\0" + packet[4:])
                            for time, kind, packet in packets])
        self.assert_same(found, self.plain(packets))

    def test_exported(self):
        for packets, expected in self.each_source():
            records, frames = [], {}
            for number, (time, kind, packet) in enumerate(packets, 1):
                data = wraps.exported(kind, packet, number)
                if data:
                    records.append((time, data))
                    frames[len(records)] = number
            found = self.decode(records, wraps.EXPORTED)
            messages = [[record for record in self.kept(lines, numbers)
                         if record["record"] in ("message", "request", "heartbeat")]
                        for lines, numbers in ((found, frames), (expected, range(1000)))]
            self.assertEqual(messages[0], messages[1])
            for record in found:
                if record["record"] == "connection":
                    self.assertEqual((record["retransmissions"], record["duplicates"],
                                      record["zero_windows"], record["holes"]), (0, 0, 0, 0))

    # ---- fragments ----

    def fragmented(self, packets, size, order=None, tunnel=None):
        """(frames, the number of the packet that each one may complete)"""
        records, frames = [], {}
        for number, (time, kind, packet) in enumerate(packets, 1):
            if tunnel:
                kind, packet = tunnel(kind, packet)
            parts = wraps.pieces(kind, packet, size, number)
            for part in order(parts) if order else parts:
                records.append((time, *part))
                frames[len(records)] = number
        return records, frames

    def test_fragments(self):
        orders = {"in order": None, "last first": lambda parts: parts[::-1],
                  "any": lambda parts: random.Random(len(parts)).sample(parts, len(parts)),
                  "first twice": lambda parts: parts[:1] * (len(parts) > 1) + parts}
        for packets, expected in self.each_source():
            for size in (8, 24, 200, 1000):
                for name, order in orders.items():
                    with self.subTest(size=size, order=name):
                        records, frames = self.fragmented(packets, size, order)
                        copies = 0
                        if name == "first twice":
                            copies = sum(len(wraps.pieces(kind, packet, size, 0)) > 1
                                         for _, kind, packet in packets)
                        # Of less than TCP's header it cannot be told whose they are.
                        self.assert_same(self.plain(records), expected, frames,
                                         copies if size >= 20 else 0)
                        self.assertEqual(self.errors, "")

    def test_tunnel_in_fragments(self):
        for packets, expected in self.each_source():
            for name in ("vxlan", "vxlan over ipv6", "erspan 2", "gre", "erspan in vxlan"):
                with self.subTest(tunnel=name):
                    records, frames = self.fragmented(packets, 64, tunnel=wraps.TUNNELS[name])
                    self.assert_same(self.plain(records), expected, frames)

    def test_fragments_of_fragments(self):
        tunnel = wraps.TUNNELS["gre"]
        for packets, expected in self.each_source():
            records, frames = self.fragmented(packets, 104)
            outer = {}
            found = []
            for number, (time, kind, packet) in enumerate(records, 1):
                for part in wraps.pieces(*tunnel(kind, packet), 56, number):
                    found.append((time, *part))
                    outer[len(found)] = frames[number]
            self.assert_same(self.plain(found), expected, outer)

    def test_lost_fragment(self):
        """The packet is lost, and nothing else."""
        packets = packets_of("agent-desktop")
        records, frames = self.fragmented(packets, 200)
        lost = next(number for number in frames if number > len(frames) // 2 and
                    list(frames.values()).count(frames[number]) > 1)
        without = frames[lost]
        found = self.plain(records[:lost - 1] + records[lost:])
        self.assertRegex(self.errors, r"\Actidump: 1 fragmented IP packet was not decoded: fragments "
                                      r"are missing from the capture\n"
                                      r"ctidump: bytes that were acknowledged are missing from the "
                                      r"capture: \d+ bytes at 1 place, in 1 session, [^\n]*\n\Z")
        frames = {number - (number > lost): frame for number, frame in frames.items()
                  if number != lost}
        expected = self.plain(packets[:without - 1] + packets[without:])
        shifted = {number: number + (number >= without) for number in range(1, 1000)}
        self.assertEqual(self.kept(found, frames), self.kept(expected, shifted))

    def test_lost_first_fragment(self):
        """Without the ports, nobody knows whether UDP is a tunnel; the other pieces of what is
        none are nothing to tell."""
        time, kind, packet = packets_of("agent-desktop")[0]
        for name, group, skipped, line in (
                ("vxlan", wraps.TUNNELS, slice(1, None), "UDP datagram was not decoded: the first "
                 "fragment is missing from the capture"),
                ("vxlan", wraps.TUNNELS, slice(None, -1), "IP packet was not decoded: fragments are "
                 "missing from the capture"),
                ("dns", wraps.WITHOUT_TCP, slice(None, -1), None)):
            with self.subTest(tunnel=name, skipped=skipped):
                parts = wraps.pieces(*group[name](kind, packet), 24, 7)[skipped]
                summary = self.plain([(time, *part) for part in parts])[-1]
                self.assertEqual(self.errors, f"ctidump: 1 fragmented {line}\n" if line else "")
                self.assertEqual(summary.get("packets_without_tcp"), None if line else len(parts))

    # ---- each frame twice ----

    def twice(self, packets, distance=1, tags=b""):
        """Each block of distance frames again, perhaps with another tag."""
        records, frames = [], {}
        for start in range(0, len(packets), distance):
            block = list(enumerate(packets[start:start + distance], start + 1))
            for tag in (b"", tags):
                for number, (time, kind, packet) in block:
                    records.append((time, wraps.ethernet(kind, packet, tag)))
                    frames[len(records)] = number
        # Times must not step back: the blocks' frames are moved together.
        at = [max(time for time, _ in records[:i + 1]) for i in range(len(records))]
        return [(time, frame) for time, (_, frame) in zip(at, records)], frames

    def test_each_frame_twice(self):
        for packets, expected in self.each_source():
            for tags in (b"", bytes.fromhex("81000005")):
                records, frames = self.twice(packets, tags=tags)
                self.assert_same(self.decode(records), expected, frames, len(packets))

    def test_with_retransmissions(self):
        """Copies do not hide them, and do not count as such."""
        for name in ("retransmission", "overlap", "reordering", "lost-segments", "zero-window",
                     "sequence-wrap", "port-reused"):
            with self.subTest(source=name):
                packets = packets_of(name)
                records, frames = self.twice(packets)
                # A late SYN is kept until it is known if it begins another connection.
                copies = len(packets) - (name == "port-reused")
                self.assert_same(self.decode(records), self.plain(packets), frames, copies)

    def test_each_fragment_twice(self):
        for packets, expected in self.each_source():
            records, frames = self.fragmented(packets, 200)
            again, both = [], {}
            for number, record in enumerate(records, 1):
                for _ in range(2):
                    again.append(record)
                    both[len(again)] = frames[number]
            self.assert_same(self.plain(again), expected, both, len(packets))

    def test_each_frame_in_a_tunnel_as_well(self):
        """A capture on all interfaces has the packet, and the tunnel that it goes into."""
        for packets, expected in self.each_source():
            records, frames = [], {}
            for number, (time, kind, packet) in enumerate(packets, 1):
                for entry in ((kind, packet), wraps.TUNNELS["vxlan"](kind, packet)):
                    records.append((time, *entry))
                    frames[len(records)] = number
            self.assert_same(self.plain(records), expected, frames, len(packets))

    # ---- cut ----

    def test_any_snaplen(self):
        """Nothing but the sanitizers' silence, and no other connection."""
        packets = packets_of("agent-desktop")[:40]
        cuts = {name: [(pcap.ETHERNET, wraps.ethernet(*wraps.TUNNELS[name](kind, packet)))
                       for _, kind, packet in packets]
                for name in ("erspan 3", "geneve with options", "gtp-u with extension headers",
                             "vxlan-gpe with nsh")}
        cuts |= {name: [wraps.LINKS[name](kind, packet) for _, kind, packet in packets]
                 for name in ("radiotap with two words", "ppi with fields",
                              "juniper with fields", "nflog", "erf with extension headers",
                              "nsh with metadata")}
        for name, frames in cuts.items():
            records = [(time, frame) for (time, _, _), (_, frame) in zip(packets, frames)]
            for snaplen in range(1, 200, 3):
                with self.subTest(headers=name, snaplen=snaplen):
                    summary = self.decode(records, frames[0][0], snaplen)[-1]
                    self.assertLessEqual(summary["connections"], 1)


if __name__ == "__main__":
    ctidump, captures = sys.argv[1], Path(sys.argv[2])
    unittest.main(argv=sys.argv[:1])
