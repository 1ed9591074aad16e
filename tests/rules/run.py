#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The rules of sessions and the causes of lost ones, on captures that are made here: table.txt
has what each rule's captures give, lost.txt the verdict on each lost session.

    run.py CTIDUMP CAPTURES
    run.py --write FOLDER [NAME...]    writes the captures (to look at one, or for another test)
"""
import json
import re
import subprocess
import sys
import tempfile
import unittest
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "captures"), str(HERE.parent)]

import lost  # noqa: E402,F401
from scripts import SCRIPTS  # noqa: E402

RULE = re.compile(r'^RULE\([A-Z_]+, "([a-z-]+)"', re.MULTILINE)
VERDICT = re.compile(r'^VERDICT\([A-Z_]+, "([a-z-]+)"', re.MULTILINE)
FIRST_SCREEN = 25
# A session without a message is none: no capture can show that verdict.
NO_CAPTURE = {"nothing-seen"}


def rows(name, columns):
    """The rows of a table, as lists of cells."""
    for line in (HERE / name).read_text().splitlines():
        if line and not line.startswith("#"):
            cells = [cell.strip() for cell in line.split("|")]
            assert len(cells) == columns, line
            yield cells


def expected_findings(cell):
    """{"rule severity": count} of "2 x rule severity, rule severity"."""
    found = Counter()
    for entry in cell.split(", ") if cell != "-" else ():
        count, _, finding = entry.rpartition(" x ")
        found[finding] += int(count or 1)
    return found


def words(cell):
    return [] if cell == "-" else [part.strip() for part in cell.split(";")]


class Made(unittest.TestCase):
    ctidump = ""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def run_on(self, name, *options):
        """The program's output for a capture."""
        path = self.folder / f"{name}.pcap"
        if not path.exists():
            SCRIPTS[name]().write(path)
        return subprocess.run([self.ctidump, *options, str(path)], stdout=subprocess.PIPE,
                              timeout=60, check=True).stdout.decode()

    def records(self, name):
        return [json.loads(line) for line in self.run_on(name, "-T", "json").splitlines()]


class Rules(Made):
    table = list(rows("table.txt", 3))

    def test_each_row(self):
        for rule, name, findings in self.table:
            with self.subTest(rule=rule, capture=name):
                found = [record for record in self.records(name) if record["record"] == "finding"]
                counted = Counter(f"{record['rule']} {record['severity']}" for record in found)
                self.assertEqual(counted, expected_findings(findings),
                                 [record["text"] for record in found])

    def test_each_rule_is_broken_and_kept(self):
        known = set(RULE.findall((ROOT / "codec/rules.def").read_text()))
        gives = {(rule, any(finding.startswith(rule + " ")
                            for finding in expected_findings(findings)))
                 for rule, _, findings in self.table}
        self.assertGreater(len(known), 20)
        self.assertEqual(gives, {(rule, broken) for rule in known for broken in (True, False)})

    def test_each_script_has_a_row(self):
        named = {name for _, name, _ in self.table} | {row[0] for row in rows("lost.txt", 4)}
        self.assertEqual(named, set(SCRIPTS))

    def test_texts(self):
        """A finding is one to four sentences, says what to look at, and names nobody."""
        texts = {record["text"] for name in SCRIPTS for record in self.records(name)
                 if record["record"] == "finding"}
        for text in sorted(texts):
            with self.subTest(text=text):
                self.check_text(text)

    def check_text(self, text):
        self.assertRegex(text, r"^[A-Z0-9].*\.$")
        self.assertRegex(text, r"\b[Ll]ook (at|for) ")
        self.assertLessEqual(len(re.findall(r"\.(?= [A-Z])", text)), 3, text)
        self.assertNotRegex(text, r"\b(1001|5001|5002|secret|5550100)\b")


class Lost(Made):
    table = list(rows("lost.txt", 4))

    def verdict(self, name, wanted):
        """The session of the client that the capture is about, and what is said of it."""
        sessions = [record for record in self.records(name) if record["record"] == "session"
                    and not (record["client"] or "").startswith("OTHER")]
        return next((record for record in sessions if record["verdict"] == wanted), sessions[0])

    def test_verdicts(self):
        for name, verdict, led_to, against in self.table:
            with self.subTest(capture=name):
                record = self.verdict(name, verdict)
                self.assertEqual(record["verdict"], verdict)
                self.check_words(record["verdict_for"], words(led_to))
                self.check_words(record["verdict_against"], words(against))
                self.assertEqual(bool(record["verdict_against"]), against != "-",
                                 record["verdict_against"])

    def check_words(self, evidence, wanted):
        for part in wanted:
            self.assertTrue(any(part in entry["text"] for entry in evidence), (part, evidence))

    def test_first_screen(self):
        """The report answers at its top: who was lost, and by what."""
        for name, verdict, _, _ in self.table:
            with self.subTest(capture=name):
                top = self.run_on(name).splitlines()[:FIRST_SCREEN]
                client = "CTIOS1A"
                self.assertTrue(any(verdict in line and client in line for line in top), top)

    def test_evidence_in_the_report(self):
        """Each fact stands under the verdict, with its frame."""
        for name, verdict, _, _ in self.table:
            record, report = self.verdict(name, verdict), self.run_on(name)
            for key, label in (("verdict_for", "because"), ("verdict_against", "but")):
                for entry in record[key]:
                    frame = f" #{entry['frame']}" if entry["frame"] else ""
                    self.assertIn(f"{label:<12} {entry['text']}{frame}\n", report, name)

    def test_each_verdict_has_a_capture(self):
        known = set(VERDICT.findall((ROOT / "codec/verdicts.def").read_text()))
        self.assertEqual({verdict for _, verdict, _, _ in self.table}, known - NO_CAPTURE)


def write(folder, names):
    for name in names or SCRIPTS:
        SCRIPTS[name]().write(Path(folder) / f"{name}.pcap")


if __name__ == "__main__":
    if sys.argv[1] == "--write":
        write(sys.argv[2], sys.argv[3:])
    else:
        Made.ctidump = str(Path(sys.argv[1]).resolve())
        unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
