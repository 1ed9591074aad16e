# SPDX-License-Identifier: GPL-2.0-or-later
"""A session on a TCP that misbehaves, and what ctidump says of it.  The messages are heartbeats,
told apart by their InvokeID: the client's requests and the server's answers need not match."""
import gzip
import json
import subprocess
import tempfile
import unittest
from pathlib import Path

from ged188.encode import encode
from ged188.pcap import Capture
from ged188.tcp import CLIENT, SERVER, Conversation, Host

SIZE = 12  # of one heartbeat
NAMES = {CLIENT: "HEARTBEAT_REQ", SERVER: "HEARTBEAT_CONF"}
DIRECTIONS = {CLIENT: "client", SERVER: "server"}


def heartbeats(sender, numbers):
    """The bytes of one heartbeat for each InvokeID."""
    return b"".join(encode(NAMES[sender], {"InvokeID": number}) for number in numbers)


class Talk(Conversation):
    """A conversation in a capture of its own."""

    def __init__(self, port=50001, initial=(None, None), capture=None, server_port=42027):
        super().__init__(capture or Capture(), Host("10.0.0.11", port, initial[CLIENT]),
                         Host("10.0.0.1", server_port, initial[SERVER]))

    def open(self, at=0):
        """Handshake, OPEN_REQ, OPEN_CONF."""
        self.handshake(at)
        self.send(CLIENT, encode("OPEN_REQ", {"InvokeID": 1, "VersionNumber": 24,
                                              "IdleTimeout": 0xFFFFFFFF, "ClientID": "test",
                                              "ClientPassword": ""}),
                  at + 0.01)
        self.send(SERVER, encode("OPEN_CONF", {"InvokeID": 1}), at + 0.02)
        return self

    def beat(self, sender, numbers, at, **options):
        """Heartbeats, one a segment if nothing else is said."""
        self.send(sender, heartbeats(sender, numbers), at,
                  **{"sizes": [SIZE] * len(numbers), **options})
        return self

    def quiet(self, sender, numbers):
        """Heartbeats that the other end has and the capture lacks; returns their offset."""
        start = self.append(sender, heartbeats(sender, numbers))
        self.received[sender] = len(self.streams[sender])
        return start


class Result:
    """The records of one run."""

    def __init__(self, lines):
        records = [json.loads(line) for line in lines]
        self.records = records
        self.messages = self.of("message")
        self.sessions = self.of("session")
        self.connections = self.of("connection")
        self.findings = self.of("finding")
        self.requests = self.of("request")
        self.summary = records[-1]
        self.notes = self.summary["notes"]

    def of(self, kind):
        return [record for record in self.records if record["record"] == kind]

    def beats(self, sender, session=None):
        """The InvokeIDs of a side's heartbeats."""
        return [message["fields"]["InvokeID"] for message in self.messages
                if message["name"] == NAMES[sender] and session in (None, message["session"])]

    def faults(self):
        """The rules of findings above a note."""
        return [finding["rule"] for finding in self.findings if finding["severity"] != "note"]

    def holes(self):
        """(sender, missing, skipped, cause) of each hole."""
        return [(hole["dir"], hole["bytes"], hole["skipped_bytes"], hole["cause"])
                for hole in self.of("gap") if hole["kind"] == "hole"]


class TalkTest(unittest.TestCase):
    """Tests that write captures and read what ctidump makes of them."""
    ctidump = ""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def file(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        return path

    def packed(self, name, data):
        """Compressed, if this ctidump reads such a file."""
        path = self.file(f"{name}.gz", gzip.compress(data))
        done = subprocess.run([self.ctidump, path], capture_output=True, timeout=120, check=False)
        return self.file(name, data) if b"without libwiretap" in done.stderr else path

    def run_files(self, *arguments, status=0):
        done = subprocess.run([self.ctidump, "-T", "json", *map(str, arguments)],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120,
                              check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        return Result(done.stdout.splitlines())

    def decode(self, talk, *options):
        """The result of one conversation or capture."""
        capture = getattr(talk, "capture", talk)
        return self.run_files(*options, self.file("made.pcap", capture.data()))

    def expect(self, talk, server=(), client=(), holes=(), sessions=1, options=()):
        """Decodes, and compares each side's heartbeats and the holes."""
        result = self.decode(talk, *options)
        self.assertEqual(result.beats(SERVER), list(server))
        self.assertEqual(result.beats(CLIENT), list(client))
        self.assertEqual(result.holes(), list(holes))
        self.assertEqual(len(result.sessions), sessions)
        for message in result.messages:
            if message["name"] in NAMES.values():
                self.assertEqual(message["problems"], [])
        return result
