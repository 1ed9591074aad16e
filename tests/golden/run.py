#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Each capture in each format against the expected text beside this file.

    run.py CTIDUMP CAPTURES            compares
    run.py CTIDUMP CAPTURES --update   writes the expected texts again: read the difference
"""
import csv
import difflib
import io
import json
import re
import subprocess
import sys
import unittest
from pathlib import Path

import jsonschema

HERE = Path(__file__).parent
SCHEMA = HERE.parents[1] / "docs" / "ctidump.schema.json"
FORMATS = {"report": "report", "timeline": "timeline", "messages": "messages", "json": "jsonl",
           "ctisvr": "ctisvr", "html": "html"}
# Tables of csv and the records whose keys they show.
TABLES = {"sessions": "session", "messages": "message", "heartbeats": "heartbeat",
          "requests": "request", "findings": "finding", "answers": "answers"}
# Pages are large and say what the other formats say: these few stand for all (tests/report has
# checks for each).
HTML_CAPTURES = {"heartbeat-missed", "recorded-failover", "server-offline", "open-rejected",
                 "lost-segments", "maintenance", "requests-failed", "malformed", "tls", "not-cti"}
DIFFERENCE_LINES = 40


def decode(ctidump, form, capture, *options):
    """The program's output, run beside the capture so that notes name no folder."""
    done = subprocess.run([ctidump, "-T", form, *options, capture.name], cwd=capture.parent,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{capture.name} {form}: status {done.returncode}: {done.stderr}")
    text = done.stdout.decode()
    # The style sheet is the same in each page, and a file of its own.
    return re.sub(r"(<style>).*(</style>)|(?<='sha256-)[^']*", r"\1\2", text, flags=re.DOTALL)


def formats_of(capture):
    return [form for form in FORMATS if form != "html" or capture.stem in HTML_CAPTURES]


def golden(capture, form):
    return HERE / form / f"{capture.stem}.{FORMATS[form]}"


class Golden(unittest.TestCase):
    maxDiff = None
    ctidump = ""
    captures = []

    def test_formats(self):
        self.assertTrue(self.captures)
        for capture in self.captures:
            for form in formats_of(capture):
                with self.subTest(capture=capture.name, format=form):
                    self.compare(decode(self.ctidump, form, capture), golden(capture, form))

    def compare(self, found, path):
        self.assertTrue(path.exists(), f"{path} is missing")
        expected = path.read_text()
        if found != expected:
            lines = list(difflib.unified_diff(expected.splitlines(), found.splitlines(),
                                              "expected", "found", lineterm=""))
            self.fail("\n".join(lines[:DIFFERENCE_LINES]))

    def test_no_golden_without_capture(self):
        names = {golden(capture, form) for capture in self.captures
                 for form in formats_of(capture)}
        found = {path for form in FORMATS for path in (HERE / form).iterdir()}
        self.assertEqual(found - names, set())

    def test_schema(self):
        schema = json.loads(SCHEMA.read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        # One validator a kind of record: the messages of oneOf would not tell what is wrong.
        validators = {kind: jsonschema.Draft202012Validator({**schema, "oneOf": [
            {"$ref": f"#/$defs/{kind}"}]}) for kind in
            (entry["$ref"].rsplit("/", 1)[1] for entry in schema["oneOf"])}
        for capture in self.captures:
            for number, line in enumerate(decode(self.ctidump, "json", capture).splitlines(), 1):
                record = json.loads(line)
                problems = [error.message for error in
                            validators[record["record"]].iter_errors(record)]
                self.assertEqual(problems, [], f"{capture.name} line {number}")

    def test_csv(self):
        """Each table has a row for each record, and in it what JSON says."""
        properties = json.loads(SCHEMA.read_text())["$defs"]
        for capture in self.captures:
            records = [json.loads(line, parse_float=Exact) for line in
                       decode(self.ctidump, "json", capture).splitlines()]
            for table, kind in TABLES.items():
                text = decode(self.ctidump, "csv", capture, "--table", table)
                header, *rows = csv.reader(io.StringIO(text, newline=""))
                self.assertEqual(set(header), set(properties[kind]["properties"]) - {"record"})
                wanted = [record for record in records if record["record"] == kind]
                self.assertEqual(len(rows), len(wanted), (capture.name, table))
                for row, record in zip(rows, wanted):
                    self.assertEqual(row, [cell(record[name]) for name in header])


class Exact(float):
    """A number that keeps its digits."""
    def __init__(self, text):
        super().__init__()
        self.text = text


def disarmed(text):
    """Formulas behind a semicolon, where some spreadsheets part cells."""
    return re.sub("(?<=;)(?=[-=+@\t\r\n\uff1d\uff0b\uff0d\uff20])", "'", text)


def cell(value):
    """A value of JSON as csv shows it."""
    if value is None:
        return ""
    if isinstance(value, str):
        shown = re.sub(r"[\x00-\x1f\x7f]", lambda found: f"\\x{ord(found[0]):02x}", disarmed(value))
        return "'" + shown if value[:1] in tuple("=+-@\t\r") else shown
    if isinstance(value, list) and all(isinstance(word, (str, int)) for word in value):
        return "|".join(map(str, value))
    if isinstance(value, Exact):
        return value.text
    return disarmed(json.dumps(value, separators=(",", ":"), ensure_ascii=False))


def update(ctidump, captures):
    for form in FORMATS:
        (HERE / form).mkdir(exist_ok=True)
    for capture in captures:
        for form in formats_of(capture):
            golden(capture, form).write_text(decode(ctidump, form, capture))


if __name__ == "__main__":
    Golden.ctidump = str(Path(sys.argv[1]).resolve())
    Golden.captures = sorted(Path(sys.argv[2]).resolve().glob("*.pcap"))
    if "--update" in sys.argv:
        update(Golden.ctidump, Golden.captures)
    else:
        unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
