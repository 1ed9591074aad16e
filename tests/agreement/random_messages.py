#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random messages of every published type in each layout's version, encoded by the tests' own
encoder from the facts, must be decoded to the same fields by ctidump and by the plugin.

    random_messages.py CTIDUMP PLUGIN [CAPTURES [SEED]]
"""
import json
import random
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "plugin"))
import compare  # noqa: E402
from ged188 import facts, pcap, randoms  # noqa: E402
from ged188.encode import encode  # noqa: E402
from ged188.tcp import CLIENT, SERVER, Conversation, Host  # noqa: E402
from tshark import Tshark  # noqa: E402

VERSIONS = (9, 13, 17, 19, 20, 22, 24, 25)
PER_TYPE = 3
# The frame of the session: random too, but for what makes it a session.
OPENING = (("OPEN_REQ", {"InvokeID": 1, "IdleTimeout": 0xFFFFFFFF}), ("OPEN_CONF", {"InvokeID": 1}))
CLOSING = (("CLOSE_REQ", {"InvokeID": 2}), ("CLOSE_CONF", {"InvokeID": 2}))
FRAME = {name for name, _ in OPENING + CLOSING}


def published(version):
    """The types whose layout is known and that exist in this version."""
    return [message for message in facts.MESSAGES
            if message.published and (message.since or 0) <= version]


def random_pairs(rng, message, version, given):
    """Fields of a random message, those in given as they are there."""
    if message.name == "OPEN_REQ":
        given = {**given, "VersionNumber": version}
    return [(name, given.get(name, value))
            for name, value in randoms.random_fields(rng, message, version)]


def random_session(rng, version):
    """[(message, fields)...]: OPEN_REQ, OPEN_CONF, all types, CLOSE_REQ, CLOSE_CONF."""
    inner = [(message.name, {}) for message in published(version)
             if message.name not in FRAME for _ in range(PER_TYPE)]
    for name, given in (*OPENING, *inner, *CLOSING):
        message = facts.message(name)
        yield message, random_pairs(rng, message, version, given)


def random_capture(rng, version, path):
    """Writes a session with all types; returns [(type, expected fields)] in order."""
    capture, expected, at = pcap.Capture(), [], 0.0
    talk = Conversation(capture, Host("10.0.0.11", 50001), Host("10.0.0.1", 42027))
    talk.handshake(at)
    for message, pairs in random_session(rng, version):
        at += 0.01
        talk.send(CLIENT if message.from_client else SERVER,
                  encode(message.number, pairs, version), at)
        expected.append((message.number, randoms.json_fields(message.number, pairs, version)))
    capture.write(path)
    return expected


class RandomMessages(unittest.TestCase):
    ctidump = plugin = ""
    seed = 1

    def test_all_versions(self):
        with tempfile.TemporaryDirectory() as folder, Tshark(self.plugin) as tshark:
            names = compare.field_names(tshark)
            for version in VERSIONS:
                with self.subTest(version=version, seed=self.seed):
                    path = Path(folder) / f"version-{version}.pcap"
                    rng = random.Random(self.seed * 100 + version)
                    expected = random_capture(rng, version, path)
                    self.check(tshark, names, path, expected, version)

    def check(self, tshark, names, path, expected, version):
        text = subprocess.run([self.ctidump, "-T", "json", str(path)], check=True, timeout=120,
                              stdout=subprocess.PIPE).stdout.decode()
        records = [record for record in map(json.loads, text.splitlines())
                   if record["record"] == "message"]
        self.assertEqual(len(records), len(expected))
        for record, (number, fields) in zip(records, expected):
            self.assertEqual(record["type"], number)
            self.assertEqual(record["version"], version)
            self.assertEqual(record["fields"], fields, record["name"])
            self.assertEqual(list(record["fields"]), list(fields), record["name"])
            self.assertEqual([problem for problem in record["problems"]
                              if problem["severity"] != "note"], [], record["name"])
        theirs = compare.read_tshark(compare.tshark_json(tshark, path), names)
        lines = list(compare.differences(compare.read_ctidump(text), theirs))
        self.assertEqual(lines[:8], [])


if __name__ == "__main__":
    RandomMessages.ctidump = str(Path(sys.argv[1]).resolve())
    RandomMessages.plugin = sys.argv[2]
    RandomMessages.seed = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    unittest.main(argv=sys.argv[:1])
