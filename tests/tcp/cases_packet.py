# SPDX-License-Identifier: GPL-2.0-or-later
"""Cases 38 to 45: packets that are cut, wrong or there twice, time, files; and the limits."""
import struct

from ged188 import pcap
from ged188.pcap import Capture
from ged188.tcp import CLIENT, SERVER

from talk import SIZE, Talk, TalkTest, heartbeats

ETHERNET, IPV4, TCP = 14, 20, 20  # sizes of the headers
SECOND = pcap.SECOND


def with_records(records, **options):
    capture = Capture(**options)
    capture.records = list(records)
    return capture


class Packet(TalkTest):
    def session(self):
        talk = Talk().open()
        for number in range(4):
            talk.beat(CLIENT, [number], 1 + number).beat(SERVER, [number], 1.001 + number)
        talk.close(CLIENT, 10)
        return talk

    def changed(self, change):
        """The session with a change to each frame; everything else as it is."""
        talk = self.session()
        talk.capture.records = [(time, change(frame)) for time, frame in talk.capture.records]
        return self.expect(talk, server=range(4), client=range(4))

    # ---- packets ----

    def test_38_snaplen_cuts_the_payload(self):
        talk = Talk().open()
        talk.beat(SERVER, [1, 2], 1, sizes=[2 * SIZE]).beat(SERVER, [3], 2)
        talk.capture.snaplen = ETHERNET + IPV4 + TCP + SIZE
        result = self.decode(talk)
        self.assertEqual(result.beats(SERVER), [1, 3])
        self.assertIn(("server", SIZE, 0, "snaplen"), result.holes())
        self.assertEqual([note for note in result.notes if "snaplen" in note], result.notes)
        self.assertEqual(len(result.notes), 1)

    def test_38_snaplen_cuts_headers(self):
        for snaplen in (ETHERNET + IPV4 + TCP - 1, ETHERNET + IPV4 - 1, ETHERNET - 1):
            talk = self.session()
            talk.capture.snaplen = snaplen
            result = self.expect(talk, sessions=0)
            self.assertRegex(result.notes[0], "truncated or invalid headers")

    def test_39_ip_total_length(self):
        def length(size, padding=b""):
            def change(frame):
                total = size(len(frame) - ETHERNET)
                return frame[:ETHERNET + 2] + struct.pack(">H", total) + \
                    frame[ETHERNET + 4:] + padding
            return change

        self.changed(length(lambda size: 0))                  # offload
        self.changed(length(lambda size: size, b"\xff" * 6))  # padding
        talk = self.session()
        talk.capture.records = [(time, length(lambda size: size + 5)(frame))
                                for time, frame in talk.capture.records]
        self.assertNotEqual(self.decode(talk).summary["packets"], 0)

    def test_40_wrong_checksum(self):
        at = ETHERNET + IPV4 + 16
        result = self.changed(lambda frame: frame[:at] + b"\xab\xcd" + frame[at + 2:])
        self.assertEqual(result.holes(), [])

    def test_41_fragments_last_first(self):
        talk = self.session()
        records = []
        for time, frame in talk.capture.records:
            header, payload = frame[:ETHERNET + IPV4], frame[ETHERNET + IPV4:]
            pieces = []
            for start in range(0, len(payload), 16):
                more = 0x2000 if start + 16 < len(payload) else 0
                piece = payload[start:start + 16]
                fields = struct.pack(">H2sH", IPV4 + len(piece),
                                     header[ETHERNET + 4:ETHERNET + 6], more | start // 8)
                pieces.append(header[:ETHERNET + 2] + fields + header[ETHERNET + 8:] + piece)
            records += [(time + step, piece) for step, piece in enumerate(reversed(pieces))]
        self.expect(with_records(records, nano=True), server=range(4), client=range(4))

    def test_42_every_frame_twice(self):
        once = self.session()
        twice = with_records([(time + late, frame) for time, frame in once.capture.records
                              for late in (0, 2000)])
        result = self.expect(twice, server=range(4), client=range(4))
        connection = result.connections[0]
        self.assertEqual(connection["retransmissions"], 0)
        self.assertEqual(connection["duplicates"], len(once.capture.records))
        self.assertEqual(connection["packets"], len(once.capture.records))

    def test_43_link_types_and_tags(self):
        raw, null, cooked = 101, 0, 113
        for link_type, header in ((raw, b""), (null, struct.pack("<I", 2)),
                                  (cooked, bytes(14) + b"\x08\x00")):
            records = [(time, header + frame[ETHERNET:])
                       for time, frame in self.session().capture.records]
            self.expect(with_records(records, link_type=link_type), server=range(4),
                        client=range(4))
        self.changed(lambda frame: frame[:12] + struct.pack(">HHHH", 0x88A8, 5, 0x8100, 7) +
                     frame[12:])

    # ---- time and files ----

    def test_44_time(self):
        """Back by 1 us, 1 s, 1 h; forward a day; no time at all between packets."""
        for step in (-1000, -SECOND, -3600 * SECOND, 86400 * SECOND, None):
            records = self.session().capture.records
            half = len(records) // 2
            if step is None:
                records = [(records[0][0], frame) for _, frame in records]
            else:
                at = records[half - 1][0]
                late = at + step - records[half][0]
                records = records[:half] + [(time + late, frame)
                                            for time, frame in records[half:]]
            result = self.expect(with_records(records, as_added=True), server=range(4),
                                 client=range(4))
            self.assertEqual(any("time steps back: 1 x" in note for note in result.notes),
                             step is not None and step < 0)
            for record in result.requests + result.of("heartbeat"):
                self.assertGreaterEqual(record["rtt_s"] or 0, 0)
            self.assertNotRegex("".join(finding["text"] for finding in result.findings),
                                r"-\d+\.\d+ s")

    def test_45_three_files(self):
        records = self.session().capture.records
        third = len(records) // 3
        parts = [with_records(records[:third]).data(),
                 with_records(records[third:2 * third]).data(),
                 with_records(records[2 * third:]).data()]
        paths = [self.file("c.pcap", parts[0]), self.packed("a.pcap", parts[1]),
                 self.file("b.pcap", parts[2])]
        result = self.run_files(paths[2], paths[0], paths[1])
        self.assertEqual((result.beats(SERVER), result.beats(CLIENT), result.holes()),
                         ([*range(4)], [*range(4)], []))
        paths[2].write_bytes(parts[2][:-9])
        result = self.run_files(*paths, status=4)
        self.assertEqual(result.beats(SERVER), [*range(4)])
        self.assertRegex(result.notes[0], r"b\.pcap: .*(damaged|cut)")

    # ---- limits ----

    def test_held_bytes_of_one_direction(self):
        talk = Talk().open()
        start = talk.append(SERVER, heartbeats(SERVER, range(1000)))
        talk.received[SERVER] = start
        for number in range(1, 1000):
            talk.repeat(SERVER, 1 + number / 1000, start + number * SIZE, SIZE)
        self.expect(talk, server=range(1, 1000), holes=[("server", SIZE, 0, "capture-ended")])
        result = self.expect(talk, server=range(1, 1000), holes=[("server", SIZE, 0, "limit")],
                             options=["--held-bytes", "8K"])
        self.assertRegex(result.notes[0], r"because of a limit .*: 1, first in frame \d+")

    def test_held_bytes_of_all(self):
        """The one that has held for longest is given up first."""
        capture = Capture()
        talks = [Talk(50001 + i, capture=capture).open(i / 10) for i in range(4)]
        for step in range(100):
            for i, talk in enumerate(talks):
                if step == 0:
                    talk.append(SERVER, heartbeats(SERVER, [0]))
                talk.beat(SERVER, [1 + step], 2 + step + i / 10, ack=False)
        result = self.decode(capture, "--held-total", "40K")
        causes = {hole["connection"]: hole["cause"] for hole in result.of("gap")
                  if hole["kind"] == "hole"}
        self.assertEqual(causes[1], "limit")
        self.assertEqual(causes[4], "capture-ended")
        for session in range(1, 5):
            self.assertEqual(result.beats(SERVER, session), [*range(1, 101)])

    def test_connections_are_forgotten(self):
        """Those without a session first; a session only when nothing else is left."""
        capture = Capture()
        talk = Talk(capture=capture).open()
        for number in range(500):
            foreign = Talk(2000 + number, capture=capture, server_port=80)
            foreign.handshake(1 + number / 100)
            foreign.send(CLIENT, b"GET / HTTP/1.1\r\n\r\n", 1.005 + number / 100)
        talk.beat(SERVER, [1], 100)
        result = self.expect(capture, server=[1], options=["--connections", "10"])
        self.assertEqual(result.summary["other_connections"], 500)
        self.assertRegex(result.notes[0], r"more than 10 connections .*: 491 without an open "
                                          r"session, 0 with one")
        for number in range(20):
            Talk(3000 + number, capture=capture).open(200 + number)
        result = self.decode(capture, "--connections", "10")
        self.assertEqual(len(result.sessions), 21)
        self.assertRegex(result.notes[0], r"11 with one")

    def test_limits_are_numbers(self):
        talk = self.session()
        for good in ("1", "4k", "1M", "2G"):
            self.decode(talk, "--held-bytes", good)
        path = self.file("x.pcap", talk.capture.data())
        for option in ("--held-bytes", "--held-total", "--connections"):
            for bad in ("0", "-1", "", "M", "5x", "1T", "99999999G"):
                with self.assertRaises(AssertionError):
                    self.run_files(f"{option}={bad}", path)
