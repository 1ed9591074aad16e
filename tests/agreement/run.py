#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The plugin in tshark against ctidump: for each capture the same messages in the same frames
with the same fields and values, the same problems, answer times, findings and sessions; no
malformed frame and no dissector bug.

    run.py CTIDUMP PLUGIN CAPTURES
"""
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "plugin"), str(HERE.parent / "rules"),
                str(HERE.parents[1] / "captures")]
import compare  # noqa: E402
import lost  # noqa: E402,F401
from ged188.pcap import ACK, FIN, RST, SYN, Capture  # noqa: E402
from ged188.tcp import CLIENT, SERVER, Conversation, Host  # noqa: E402
from scripts import SCRIPTS  # noqa: E402
from tshark import Tshark, options_for  # noqa: E402
from written.failover import failover  # noqa: E402
from written.script import SERVER_A, SERVER_B, Session  # noqa: E402

BROKEN = 'cti and (_ws.malformed or _ws.expert.message contains "Dissector bug")'
DIFFERENCES_SHOWN = 12

# Ways in which a connection comes to no message: the outcomes of its attempts, and its segments,
# (sender, seconds after the one before, flags, sequence number, acknowledgment, bytes).
FAILED = {
    "refused": ({"refused": 1}, [(CLIENT, 0, SYN, 1), (SERVER, 0.001, RST | ACK, 0, 2)]),
    "refused, the same SYN again": (
        {"refused": 1}, [(CLIENT, 0.5, SYN, 1), (SERVER, 0.001, RST | ACK, 0, 2)] * 3),
    "refused, answered when it comes again": (
        {"no-message": 1}, [(CLIENT, 0, SYN, 1), (SERVER, 0.001, RST | ACK, 0, 2),
                            (CLIENT, 0.5, SYN, 1), (SERVER, 0.01, SYN | ACK, 1, 2),
                            (CLIENT, 0.01, ACK, 2, 2)]),
    "refused, another SYN from the port": (
        {"refused": 2}, [(CLIENT, 0, SYN, 1), (SERVER, 0.001, RST | ACK, 0, 2),
                         (CLIENT, 1, SYN, 5001), (SERVER, 0.001, RST | ACK, 0, 5002)]),
    "reset behind a half-open connection": (
        {"no-message": 1}, [(CLIENT, 0, SYN, 1), (SERVER, 0.01, SYN | ACK, 1, 2),
                            (CLIENT, 0.01, RST, 2)]),
    "not answered": ({"no-answer": 1}, [(CLIENT, wait, SYN, 1) for wait in (0, 1, 2, 4)]),
    "not answered, and another SYN": (
        {"no-answer": 1}, [(CLIENT, 0, SYN, 1), (CLIENT, 5, SYN, 5001)]),
    "another SYN that is answered": (
        {"no-answer": 1, "no-message": 1},
        [(CLIENT, 0, SYN, 1), (CLIENT, 5, SYN, 5001), (SERVER, 0.01, SYN | ACK, 1, 5002),
         (CLIENT, 0.01, ACK, 5002, 2), (CLIENT, 3, FIN | ACK, 5002, 2),
         (SERVER, 0.01, FIN | ACK, 2, 5003)]),
    "a keep-alive with a byte": (
        {"no-message": 1}, [(CLIENT, 0, SYN, 1), (SERVER, 0.01, SYN | ACK, 1, 2),
                            (CLIENT, 0.01, ACK, 2, 2), (CLIENT, 8, ACK, 1, 2, b"\0"),
                            (SERVER, 0.01, ACK, 2, 2)]),
    "bytes of another protocol": (
        {}, [(CLIENT, 0, SYN, 1), (SERVER, 0.01, SYN | ACK, 1, 2), (CLIENT, 0.01, ACK, 2, 2),
             (CLIENT, 0.01, ACK, 2, 2, b"GET / HTTP/1.1\r\n\r\n"), (SERVER, 0.01, RST, 2, 20)]),
    "no SYN": ({}, [(CLIENT, 0, FIN | ACK, 2, 2), (SERVER, 0.01, RST, 2, 3)]),
}


def ctidump_json(ctidump, capture):
    return subprocess.run([ctidump, "-T", "json", str(capture)], check=True, timeout=60,
                          stdout=subprocess.PIPE).stdout.decode()


def in_network(number, frame):
    """The frame with 10.NUMBER.x.y, or 11 and so on, in place of 10.0.x.y; nobody looks at its
    checksums."""
    assert frame[12:15] == b"\x08\0\x45" and frame[26:28] == frame[30:32] == b"\x0a\0"
    network = bytes([10 + number // 256, number % 256])
    return frame[:26] + network + frame[28:30] + network + frame[32:]


def send_all(talk, segments, now):
    """The segments of FAILED, from then on."""
    def send(sender, after, flags, sequence, acknowledgment=0, payload=b""):
        talk.segment(sender, now + after, flags, sequence, payload, acknowledgment=acknowledgment)
        return now + after
    for segment in segments:
        now = send(*segment)


class Agreement(unittest.TestCase):
    ctidump = plugin = ""
    captures = []

    def test_all_captures(self):
        self.assertGreaterEqual(len(self.captures), 14)
        with Tshark(self.plugin) as tshark:
            names = compare.field_names(tshark)
            for capture in self.captures:
                with self.subTest(capture=capture.name):
                    self.agree(tshark, names, capture)

    def test_rules(self):
        """What breaks and keeps each rule, and all lost sessions: at the same time, each script
        in a network of its own, since starts of tshark take longer than its work."""
        made = Capture()
        for number, script in enumerate(SCRIPTS.values(), 1):
            for time, frame in script().records:
                made.add(time, in_network(number, frame))
        with tempfile.NamedTemporaryFile(suffix=".pcap") as file, Tshark(self.plugin) as tshark:
            made.write(file.name)
            Path(file.name).chmod(0o644)
            self.agree(tshark, compare.field_names(tshark), Path(file.name))

    def test_failover(self):
        """Clients that lose their sessions, try both sides, and open again at once."""
        with tempfile.NamedTemporaryFile(suffix=".pcap") as file, Tshark(self.plugin) as tshark:
            failover(50)[0].write(file.name)
            Path(file.name).chmod(0o644)
            self.agree(tshark, compare.field_names(tshark), Path(file.name))

    def test_failed_connections(self):
        """Each between a session that is lost and the next one: the finding tells of it."""
        made = Capture()
        for number, (_, segments) in enumerate(FAILED.values(), 1):
            address = f"10.0.3.{number}"
            first = Session(made, client=Host(address, 50001), client_id=f"C{number}",
                            begin=number).open().heartbeats(1, 15).reset(SERVER)
            talk = Conversation(made, Host(address, 50002), Host(*SERVER_A))
            send_all(talk, segments, first.now + 1)
            Session(made, client=Host(address, 50003), client_id=f"C{number}", server=SERVER_B,
                    begin=first.now + 100).open()
        # Until the capture ends, nobody can know what becomes of it.
        Conversation(made, Host("10.0.9.9", 50001), Host(*SERVER_A)).segment(CLIENT, 200, SYN, 1)
        with tempfile.NamedTemporaryFile(suffix=".pcap") as file, Tshark(self.plugin) as tshark:
            made.write(file.name)
            Path(file.name).chmod(0o644)
            records = [json.loads(line) for line in
                       ctidump_json(self.ctidump, file.name).splitlines()]
            self.agree(tshark, compare.field_names(tshark), Path(file.name))
        clients = {record["client"]: record for record in records if record["record"] == "client"}
        for number, (name, (outcomes, _)) in enumerate(FAILED.items(), 1):
            down, = clients[f"C{number}"]["downs"]
            self.assertEqual(down["attempts"].get("A", {}), outcomes, name)

    def agree(self, tshark, names, capture):
        options = options_for(capture)
        ours = compare.read_ctidump(ctidump_json(self.ctidump, capture))
        theirs = compare.read_tshark(compare.tshark_json(tshark, capture, *options), names)
        lines = list(compare.differences(ours, theirs))
        self.assertEqual(lines[:DIFFERENCES_SHOWN], [])
        self.assertEqual(tshark.run("-2", *options, "-Y", BROKEN, capture=capture), "")


if __name__ == "__main__":
    Agreement.ctidump = str(Path(sys.argv[1]).resolve())
    Agreement.plugin = sys.argv[2]
    Agreement.captures = sorted(Path(sys.argv[3]).resolve().glob("*.pcap"))
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
