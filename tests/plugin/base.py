# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of the plugin share: where things are, tshark, and small captures made here."""
import sys
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))

from ged188.encode import encode  # noqa: E402
from ged188.tcp import Conversation, Host  # noqa: E402
from tshark import Tshark  # noqa: E402

# Set by run.py before any test: the plugin under test, and the folder of the captures.
paths = SimpleNamespace(plugin="", captures=Path())


def conversation(made, client_port=50001, server_port=42027, begin=0):
    talk = Conversation(made, Host("10.0.0.11", client_port), Host("10.0.0.1", server_port))
    talk.handshake(begin)
    return talk


def open_req(invoke=1, **fields):
    return encode("OPEN_REQ", {"InvokeID": invoke, "VersionNumber": 24, "IdleTimeout": 120,
                               "ClientID": "TESTER1", "ClientPassword": "hush"} | fields, 24)


def open_conf(invoke=1):
    return encode("OPEN_CONF", {"InvokeID": invoke, "ServicesGranted": 5}, 24)


def heartbeat(invoke, answer=False):
    return encode("HEARTBEAT_CONF" if answer else "HEARTBEAT_REQ", {"InvokeID": invoke}, 24)


class PluginTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tshark = Tshark(paths.plugin)

    @classmethod
    def tearDownClass(cls):
        cls.tshark.__exit__()

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def made(self, capture, name="made.pcap"):
        """The path of a file with this capture."""
        path = self.folder / name
        capture.write(path)
        return path

    def types(self, capture, *options, passes=2):
        return [int(item["cti.message_type"]) for _, item in
                self.tshark.messages(capture, *options, passes=passes)]

    def info(self, capture, *options, display="cti", passes=1):
        """{frame: Info column}"""
        rows = self.tshark.fields(capture, "frame.number", "_ws.col.Info", display=display,
                                  options=options, passes=passes)
        return {int(number[0]): text[0] for number, text in rows}
