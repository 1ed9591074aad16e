#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Text from the wire that wants to break a format, a page, a spreadsheet or a terminal, in every
text field of every message: each format must hold, and show it without obeying it.

    hostile.py CTIDUMP CAPTURES
"""
import csv
import io
import json
import re
import subprocess
import sys
import tempfile
import unicodedata
import unittest
from html.parser import HTMLParser
from itertools import cycle
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from ged188 import facts  # noqa: E402
from ged188.encode import Tagged, encode  # noqa: E402
from ged188.pcap import Capture  # noqa: E402
from ged188.tcp import CLIENT, SERVER, Conversation, Host  # noqa: E402

VERSION = 24
STRINGS = [
    b"\x1b[2J\x1b]0;x\x07",                   # a terminal's codes
    b"\x9b31m",                               # the same as one byte: no UTF-8
    "\u009b31m".encode(),                     # and as UTF-8
    b"<script>alert(1)</script>",
    b"\"'><img src=x onerror=alert(1)>",
    b"]]>--><!--&amp;&#0;",
    b"=cmd|' /C calc'!A0",
    b"+1;=1+1,\"=2\"",
    b"@SUM(A1)\t\r\n=1",
    "\uff1d1+1".encode(),                     # a wide equals sign
    "\u202egnp.exe\u2066\u200b\ufeff".encode(),  # writing that runs backwards, or cannot be seen
    "line\u2028para\u2029next\u0085end".encode(),
    b"a\r\nFake: line\n2026-11-22T10:00:00Z  s9 A",
    b"\xff\xfe\xc0\x80\xed\xa0\x80 no UTF-8",
    "\U000e0041\U0001f600\u0300".encode(),    # a tag character, and what may be shown
    b"\\x41\\u0041 back\\slash",
    b"%s%n%1000000d",
    b"\x7f\x08\x08rubbed out",
]
LONG = b"L" * 12000
TEXT_FORMATS = (["report"], ["report", "--color", "always"], ["timeline"], ["messages"],
                ["messages", "-x"], ["ctisvr"])
TABLES = ("sessions", "messages", "heartbeats", "requests", "findings", "answers")


def without_problems(page):
    """Some of the strings have a problem that harmless ones do not have: a row more."""
    return re.sub(r'<section id="problems">.*?</section>', "", page, flags=re.DOTALL)


def fits(text, field):
    return text[:max(field.max_size - 1, 0) or None] + b"\0"


def value_of(field, text):
    """A value for the field that is this text, or None for one that has no text."""
    if field.type == "STRING":
        return fits(text, field)
    if field.type == "NAMEDVAR":
        return text + b"\0" + text + b"\0"
    if field.type == "NAMEDARRAY":
        return b"\x01" + text + b"\0" + text + b"\0"
    return text if field.type == "UNSPEC" and not field.name.endswith("IPV6") else None


def messages(strings):
    """Every message with a known format, all its text fields filled from strings."""
    for message in facts.MESSAGES:
        if not message.published or message.name in ("OPEN_REQ", "CLOSE_REQ"):
            continue
        pairs = []
        for field in message.floating:
            value = value_of(field, next(strings)) if field.in_version(VERSION) else None
            if value is not None:
                pairs.append(((field.name, field.tag), [value] if field.counter else value))
        yield message, encode(message.number, pairs, VERSION)


def write_capture(path, texts, long):
    """Sessions whose clients call themselves so, one a text, and in the last one all messages."""
    made = Capture()
    for number, text in enumerate(texts):
        talk = Conversation(made, Host("10.0.0.11", 50001 + number), Host("10.0.0.1", 42027))
        talk.handshake(number)
        talk.send(CLIENT, encode("OPEN_REQ", {
            "InvokeID": 1, "VersionNumber": VERSION, "IdleTimeout": 5, "PeripheralID": 5000,
            "ClientID": text + b"\0", "ClientSignature": text + b"\0", "ClientPassword": b"",
            "ServicesRequested": "CTI_SERVICE_ALL_EVENTS", "AgentID": text[:11] + b"\0"},
            VERSION), number + 0.1)
        talk.send(SERVER, encode("OPEN_CONF", {"InvokeID": 1}, VERSION), number + 0.2)
    for step, (message, data) in enumerate(messages(cycle(texts))):
        talk.send(CLIENT if message.from_client else SERVER, data, len(texts) + step / 100)
    talk.send(SERVER, encode("USER_MESSAGE_EVENT", [Tagged(999, texts[0]), Tagged(29, long)],
                             VERSION), 100)
    made.write(path)


class Skeleton(HTMLParser):
    """The elements of a page with the names of their attributes."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, [name for name, _ in attrs]))


def strings(value):
    if isinstance(value, dict):
        return [text for part in value.values() for text in strings(part)]
    if isinstance(value, list):
        return [text for part in value for text in strings(part)]
    return [value] if isinstance(value, str) else []


class Hostile(unittest.TestCase):
    ctidump = ""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.hostile = Path(cls.folder.name) / "hostile.pcap"
        cls.benign = Path(cls.folder.name) / "benign.pcap"
        write_capture(cls.hostile, STRINGS, LONG)
        write_capture(cls.benign, [b"text%d" % number for number in range(len(STRINGS))], LONG)

    def run_format(self, *form, capture=None):
        done = subprocess.run([self.ctidump, "-T", *form, str(capture or self.hostile)],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                              check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return done.stdout.decode()  # always UTF-8

    def assert_harmless(self, text, form, allowed="\n"):
        """Nothing that a terminal obeys, that cannot be seen, or that turns the writing."""
        bad = {character for character in set(text) - set(allowed)
               if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
        self.assertEqual({f"U+{ord(character):04X}" for character in bad}, set(), form)

    def test_each_format_is_here(self):
        listed = subprocess.run([self.ctidump, "--list", "formats"], capture_output=True, text=True,
                                check=True).stdout.split()
        self.assertEqual({form[0] for form in TEXT_FORMATS} | {"json", "csv", "html"}, set(listed))

    def test_text(self):
        for form in TEXT_FORMATS:
            out = self.run_format(*form)
            if "always" in form:
                out = re.sub(r"\x1b\[[0-9;]*m", "", out)
            self.assert_harmless(out, form)
        for form in (["timeline"], ["messages"]):  # no line more, no line less, but for problems
            found, plain = ([line for line in self.run_format(*form, capture=capture).split("\n")
                             if not line.startswith("  ! ")]
                            for capture in (self.hostile, self.benign))
            self.assertEqual(len(found), len(plain), form)

    def test_json(self):
        """Every line is an object, harmless to look at, and the text that was sent is in it."""
        out = self.run_format("json")
        self.assert_harmless(out, "json")
        records = [json.loads(line) for line in out.splitlines()]
        found = {text for record in records for text in strings(record)}
        for text in STRINGS:
            try:
                self.assertIn(text.decode(), found)
            except UnicodeDecodeError:
                self.assertIn(text.hex(), found)
        self.assertTrue(any(LONG.decode() in text or LONG.hex() in text for text in found))
        benign = [json.loads(line)
                  for line in self.run_format("json", capture=self.benign).splitlines()]
        self.assertEqual([record["record"] for record in records],
                         [record["record"] for record in benign])

    def test_csv(self):
        """As many rows and columns as without, and no cell that a spreadsheet would run."""
        for table in TABLES:
            out = self.run_format("csv", "--table", table)
            self.assert_harmless(out, table, "\r\n")
            header, *rows = csv.reader(io.StringIO(out, newline=""))
            plain = list(csv.reader(io.StringIO(self.run_format(
                "csv", "--table", table, capture=self.benign), newline="")))
            self.assertEqual(len(rows) + 1, len(plain), table)
            for row in rows:
                self.assertEqual(len(row), len(header))
                for name, cell in zip(header, row):
                    self.assertNotRegex(cell, "^[=+@\t\r\n\uff1d\uff0b\uff0d\uff20]|^-(?![0-9])")
                    if name == "fields":
                        json.loads(cell)

    def test_csv_where_semicolons_part_cells(self):
        """As a spreadsheet reads it in countries whose decimals have commas."""
        for row in csv.reader(io.StringIO(self.run_format("csv"), newline=""), delimiter=";"):
            for cell in row:
                self.assertNotRegex(cell, "^[=+@]")

    def test_html(self):
        """The same elements as without, none of them a script, and nothing is loaded."""
        page = self.run_format("html")
        self.assert_harmless(page, "html")
        found, plain = (Skeleton(without_problems(text)).found for text in
                        (page, self.run_format("html", capture=self.benign)))
        self.assertEqual({tag for tag, _ in found}, {tag for tag, _ in plain})
        self.assertEqual(len(found), len(plain))
        self.assertNotIn("script", {tag for tag, _ in found})
        self.assertFalse({name for _, names in found for name in names} & {"src", "onerror"})

    def test_redacted(self):
        for form in (*TEXT_FORMATS, ["json"], ["html"], *(["csv", "--table", table]
                                                          for table in TABLES)):
            out = self.run_format(*form, "--redact")
            for text in ("alert(1)", "calc", "Fake", "rubbed"):
                self.assertNotIn(text, out, form)


if __name__ == "__main__":
    Hostile.ctidump = str(Path(sys.argv[1]).resolve())
    unittest.main(argv=sys.argv[:1])
