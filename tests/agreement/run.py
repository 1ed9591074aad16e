#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The plugin in tshark against ctidump: for each capture the same messages in the same frames
with the same fields and values, the same problems, answer times, findings and sessions; no
malformed frame and no dissector bug.

    run.py CTIDUMP PLUGIN CAPTURES
"""
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
from ged188.pcap import Capture  # noqa: E402
from scripts import SCRIPTS  # noqa: E402
from tshark import Tshark  # noqa: E402

# Segments out of order: Wireshark puts them together only when it is told to, and then waits
# for ever for a segment that the capture lacks.  So it is told to for these captures alone.
OUT_OF_ORDER = {"reordering", "retransmission", "overlap"}
MAY_REORDER = ("-o", "tcp.reassemble_out_of_order:TRUE")
BROKEN = 'cti and (_ws.malformed or _ws.expert.message contains "Dissector bug")'
DIFFERENCES_SHOWN = 12


def ctidump_json(ctidump, capture):
    return subprocess.run([ctidump, "-T", "json", str(capture)], check=True, timeout=60,
                          stdout=subprocess.PIPE).stdout.decode()


def in_network(number, frame):
    """The frame with 10.NUMBER.x.y in place of 10.0.x.y; nobody looks at its checksums."""
    assert frame[12:15] == b"\x08\0\x45" and frame[26:28] == frame[30:32] == b"\x0a\0"
    return frame[:27] + bytes([number]) + frame[28:31] + bytes([number]) + frame[32:]


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

    def agree(self, tshark, names, capture):
        options = MAY_REORDER if capture.stem in OUT_OF_ORDER else ()
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
