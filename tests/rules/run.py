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
from itertools import takewhile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "captures"), str(HERE.parent)]

import lost  # noqa: E402,F401
from ged188.pcap import SYN, Capture  # noqa: E402
from ged188.tcp import CLIENT, Conversation, Host  # noqa: E402
from scripts import MONITOR, PHONE, SCRIPTS, ask, begin, close_confirm, close_request, confirm, \
    later  # noqa: E402
from written.script import SERVER_A, Session  # noqa: E402

RULE = re.compile(r'^RULE\([A-Z_]+, "([a-z-]+)"', re.MULTILINE)
VERDICT = re.compile(r'^VERDICT\([A-Z_]+, "([a-z-]+)"', re.MULTILINE)
FIRST_SCREEN = 25
# A session without a message is none: no capture can show that verdict.
NO_CAPTURE = {"nothing-seen"}


CROWD = 1500


def crowd(number, port=50001):
    """One of many clients."""
    return Host(f"10.1.{number // 250}.{number % 250 + 1}", port)


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
        named = {name for _, name, _ in self.table} | {row[0] for row in rows("lost.txt", 7)}
        self.assertEqual(named, set(SCRIPTS))

    def test_texts(self):
        """What happened is one sentence without advice, what to check is one too, and neither names
        anybody."""
        texts = {(record["text"], record["check"]) for name in SCRIPTS
                 for record in self.records(name) if record["record"] == "finding"}
        for text, check in sorted(texts, key=str):
            with self.subTest(text=text):
                self.check_text(text)
                self.assertRegex(check or "Check it.", r"^Check [^.]*\.$")

    def check_text(self, text):
        self.assertRegex(text, r"^[A-Z0-9].*[^.]\.$")
        self.assertLessEqual(len(text), 160)
        self.assertNotRegex(text, r"\b([Ll]ook|[Cc]heck|should|must)\b|\.(?= [A-Z])")
        self.assertNotRegex(text, r"\b(1001|5001|5002|secret|5550100)\b")


class Blanks(Made):
    """Words that are put together from parts have one blank between them."""

    def test_findings(self):
        for name in SCRIPTS:
            for record in self.records(name):
                if record["record"] != "finding":
                    continue
                for text in (record["text"], record["check"], record["protocol"]):
                    with self.subTest(capture=name, text=text):
                        self.assertTrue(text is None or text == " ".join(text.split()) != "")

    def test_lines(self):
        for name in ("missed-three", "rejected-again", "open-given-up"):
            for form in ("report", "timeline"):
                for line in self.run_on(name, "-T", form).splitlines():
                    self.assertEqual(line, line.rstrip(), (name, form))


class Lost(Made):
    table = list(rows("lost.txt", 7))

    def verdict(self, name, wanted):
        """The session of the client that the capture is about, and what is said of it."""
        sessions = [record for record in self.records(name) if record["record"] == "session"
                    and not (record["client"] or "").startswith("OTHER")]
        return next((record for record in sessions if record["verdict"] == wanted), sessions[0])

    def test_verdicts(self):
        for name, verdict, _, blame, _, led_to, against in self.table:
            with self.subTest(capture=name):
                record = self.verdict(name, verdict)
                self.assertEqual(record["verdict"], verdict)
                self.assertEqual(record["blame"] or "-", blame)
                self.check_words(record["verdict_for"], words(led_to))
                self.check_words(record["verdict_against"], words(against))
                self.assertEqual(bool(record["verdict_against"]), against != "-",
                                 record["verdict_against"])

    def check_words(self, evidence, wanted):
        for part in wanted:
            self.assertTrue(any(part in entry["text"] for entry in evidence), (part, evidence))

    def test_first_screen(self):
        """The report answers at its top: who was lost, by what, and who is to blame."""
        for name, verdict, counted, blame, phrases, *_ in self.table:
            with self.subTest(capture=name):
                top = self.run_on(name).splitlines()[:FIRST_SCREEN]
                client = "CTIOS1A"
                self.assertTrue(any(verdict in line and client in line for line in top), top)
                before_table = "\n".join(takewhile(lambda line: " side version " not in line, top))
                for phrase in words(phrases):
                    self.assertIn(phrase, before_table)
                if counted != "-" and blame != "-":
                    self.assertRegex(before_table, f"blame +{blame.replace('-', ' ')}[.\n]")

    def test_counted(self):
        """By what the end means: a planned one is no loss, a refused one never was open."""
        titles = {"-": None, "lost": r"lost      1 of \d+ sessions$",
                  "never-opened": r"lost      0 of \d+ sessions; 1 never opened$",
                  "left": r"left      1 of \d+ sessions ended by its client without CLOSE_REQ$",
                  "planned": r"planned   1 of \d+ sessions ended for maintenance$",
                  "replaced": r"replaced  1 of \d+ sessions replaced by the next one of the same "
                              r"client$"}
        for name, _, counted, *_ in self.table:
            with self.subTest(capture=name):
                found = [line for line in self.run_on(name).splitlines()[:FIRST_SCREEN]
                         if re.match("lost |left |planned |replaced ", line)]
                self.assertEqual(len(found), counted != "-", found)
                for line in found:
                    self.assertRegex(line, titles[counted])

    def test_evidence_in_the_report(self):
        """Each fact stands under the verdict, with its frame."""
        for name, verdict, *_ in self.table:
            record, report = self.verdict(name, verdict), self.run_on(name)
            for key, label in (("verdict_for", "because"), ("verdict_against", "but")):
                for entry in record[key]:
                    frame = f" #{entry['frame']}" if entry["frame"] else ""
                    self.assertIn(f"{label:<12} {entry['text']}{frame}\n", report, name)

    def test_each_verdict_has_a_capture(self):
        known = set(VERDICT.findall((ROOT / "codec/verdicts.def").read_text()))
        self.assertEqual({verdict for _, verdict, *_ in self.table}, known - NO_CAPTURE)


class Servers(Made):
    """What all sessions of a server show together: outages, and graceful shutdowns."""

    def of_kind(self, name, kind, *options):
        return [record for record in map(json.loads, self.run_on(name, "-T", "json", *options)
                                         .splitlines()) if record["record"] == kind]

    def outage(self, name):
        """The only one, and its periods."""
        found = self.of_kind(name, "outage")
        self.assertEqual(len(found), 1, found)
        return found[0], found[0]["periods"]

    def maintenance(self, name):
        found = self.of_kind(name, "maintenance")
        self.assertEqual(len(found), 1, found)
        return found[0]

    def test_outage_twice(self):
        outage, periods = self.outage("outage-component")
        self.assertEqual((outage["component"], outage["peripheral"], outage["side"]),
                         ("PGS_CC_DOWN", None, "A"))
        self.assertEqual((outage["times"], round(outage["down_s"])), (2, 20))
        self.assertEqual([period["sessions"] for period in periods], [[1], [1]])

    def test_outage_of_two_sessions(self):
        """One period: from the first report of its begin to the first one of its end."""
        outage, periods = self.outage("outage-two-clients")
        self.assertEqual(outage["times"], 1)
        self.assertEqual((periods[0]["sessions"], periods[0]["session_count"]), ([1, 2], 2))
        self.assertAlmostEqual(periods[0]["seconds"], 3.0, 2)

    def test_outage_named_later(self):
        """PGS_PERIPHERAL_OFFLINE of OPEN_CONF is that of the peripheral that is named then."""
        outage, periods = self.outage("outage-one-of-two")
        self.assertEqual((outage["component"], outage["peripheral"]), (None, 5100))
        self.assertTrue(periods[0]["begin_unknown"])
        self.assertIsNone(periods[0]["to"])

    def test_outage_not_known(self):
        """Before the capture, and in a gap: neither begin nor end is invented."""
        _, periods = self.outage("outage-from-mid")
        self.assertTrue(periods[0]["begin_unknown"])
        _, periods = self.outage("outage-end-in-gap")
        self.assertEqual((periods[0]["to"], periods[0]["in_doubt"]), (None, True))

    def test_outage_in_the_report(self):
        lines = self.run_on("outage-component").splitlines()
        self.assertIn("outage    PGS_CC_DOWN on side A: 2 times, 20.001 s in all, first at "
                      "10:00:10.012", lines[:FIRST_SCREEN])
        self.assertIn("  side A 10.0.0.1:42027, PGS_CC_DOWN: 2 times, 20.001 s in all", lines)

    def test_who_refused(self):
        maintenance = self.maintenance("maintenance-one-refused")
        self.assertEqual((maintenance["outcome"], maintenance["votes"]["accepted"],
                          maintenance["votes"]["refused"]), ("cancelled", 1, 1))
        self.assertEqual([(client["client"], client["vote"]) for client in maintenance["participants"]],
                         [("CTIOS1", "accepted"), ("CTIOS2", "refused")])
        texts = [record["text"] for record in self.of_kind("maintenance-one-refused", "finding")]
        self.assertTrue(any("client CTIOS2 (session 2) refused" in text for text in texts), texts)

    def test_who_refused_redacted(self):
        """The other client's name is hidden like that of the session."""
        output = self.run_on("maintenance-one-refused", "-T", "json", "--redact")
        self.assertNotIn("CTIOS", output)
        self.assertRegex(output, r"client r:\w+ \(session 2\) refused")
        self.assertNotIn("CTIOS", self.run_on("maintenance-one-refused", "--redact"))

    def test_not_asked(self):
        votes = [client["vote"] for client in self.maintenance("maintenance-not-asked")["participants"]]
        self.assertEqual(votes, ["accepted", "not-asked"])
        votes = [client["vote"]
                 for client in self.maintenance("maintenance-not-asked-in-gap")["participants"]]
        self.assertEqual(votes, ["accepted"])

    def test_switch(self):
        well = self.maintenance("switch-well")
        self.assertEqual((well["other_side"], well["active_session"], well["none_active_s"]),
                         ("B", 2, None))
        self.assertAlmostEqual(well["switch_s"], 0.5, 2)
        never = self.maintenance("switch-never")
        self.assertEqual((never["active"], round(never["none_active_s"])), (None, 55))
        unseen = self.maintenance("switch-not-seen")
        self.assertEqual((unseen["active"], unseen["none_active_s"]), (None, None))

    def test_selected(self):
        """With a session that takes part, and not with another one."""
        self.assertEqual(len(self.of_kind("switch-well", "maintenance", "--session", "1")), 1)
        self.assertEqual(len(self.of_kind("switch-well", "maintenance", "--client", "NONE")), 0)
        self.assertEqual(len(self.of_kind("outage-two-clients", "outage", "--client", "CTIOS2")), 1)
        self.assertEqual(len(self.of_kind("outage-two-clients", "outage", "--client", "NONE")), 0)

    def test_session_type(self):
        sessions = self.of_kind("switch-well", "session")
        self.assertEqual([(session["session_type"], session["became_active"] is not None)
                          for session in sessions], [("active", False), ("standby", True)])


class Problems(Made):
    """What is wrong with bytes stands on the first screen."""

    def run_made(self, made, *options):
        path = self.folder / "made.pcap"
        made.write(path)
        return subprocess.run([self.ctidump, *options, str(path)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=120, check=True).stdout.decode()

    def summary(self, made):
        return json.loads(self.run_made(made, "-T", "json").splitlines()[-1])

    def test_one_line_for_a_kind(self):
        made = Capture()
        session = begin(made).open(agent=PHONE)
        for _ in range(CROWD):
            session.wait(0.01).request("QUERY_AGENT_STATE_REQ", {"AgentID": b"1001"})
        session.close()
        found, = [entry for entry in self.summary(made)["problems"]
                  if entry["rule"] == "string-not-terminated"]
        self.assertEqual((found["count"], found["messages"], found["session"]), (CROWD, CROWD, 1))
        report = self.run_made(made)
        lines = [line for line in report[:report.index("Session 1:")].splitlines()
                 if "string-not-terminated" in line]
        self.assertEqual(lines, [f"  warning  {CROWD} x string-not-terminated, first in session 1: "
                                 f"{found['text']}  #{found['frame']}"])

    def test_healthy(self):
        made = Capture()
        begin(made).open(agent=PHONE).heartbeats(2, 30).close()
        self.assertEqual(self.summary(made)["problems"], [])
        self.assertNotIn("messages with problems", self.run_made(made))

    def test_not_cti(self):
        """What a client sends on a CTI port, in words, with its frame; the same once."""
        made = Capture()
        for number in (1, 2):
            begin(made, number=number).talk.send(CLIENT, b"\x0c\0\0\0\x05\0\0\0" + bytes(8), 1)
        begin(made, number=3).talk.send(CLIENT, bytes(range(0x81, 0x95)), 1)
        report = self.run_made(made)
        self.assertIn("not CTI   client 10.0.0.11:50001 to 10.0.0.1:42027: byte order reversed  #",
                      report)
        self.assertIn("; the same on 1 more connection\n", report)
        self.assertRegex(report, r"not CTI   client 10\.0\.0\.13:50003 to \S+: unknown bytes "
                                 r"\(8182838485868788\.\.\.\)  #")
        self.assertNotIn("is the port right", report)
        self.assertNotIn("818283", self.run_made(made, "--redact") +
                         self.run_made(made, "--redact", "-T", "json"))


class BadInput(Made):
    """What is wrong with a capture is told; nothing is lost by it, and it ends."""

    def run_made(self, made):
        path = self.folder / "bad.pcap"
        made.write(path)
        done = subprocess.run([self.ctidump, "-T", "json", str(path)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=120, check=False)
        records = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(done.returncode, 0, done.stderr)
        return records, Counter(record["record"] for record in records)

    def findings(self, records, rule):
        return [record for record in records if record["record"] == "finding"
                and record["rule"] == rule]

    def check_no_negative_times(self, records):
        for record in records:
            for key, value in record.items():
                if key.endswith("_s") and isinstance(value, (int, float)) and key not in \
                        ("offset_s", "duration_s"):
                    self.assertGreaterEqual(value, 0, (record["record"], key))
            for text in [record.get("text", "")] + [
                    entry["text"] for key in ("verdict_for", "verdict_against")
                    for entry in record.get(key, ())]:
                self.assertNotRegex(text, r"-\d+\.\d+ (s|ms)\b")

    def test_times_that_run_backwards(self):
        """Each capture of the tables, with its times turned round, and with a step in them."""
        for name in SCRIPTS:
            if name.startswith("lost-"):
                continue
            frames = sorted(SCRIPTS[name]().records, key=lambda record: record[0])
            last = frames[-1][0]
            turned = [(last - (time - frames[0][0]), frame) for time, frame in frames]
            half = len(frames) // 2
            stepped = frames[:half] + [(time - 100 * 10 ** 9, frame)
                                       for time, frame in frames[half:]]
            for records in (turned, stepped):
                with self.subTest(capture=name, stepped=records is stepped):
                    made = Capture(as_added=True)
                    made.records = records
                    found, _ = self.run_made(made)
                    self.check_no_negative_times(found)
                    self.assertTrue(any("time steps back" in note
                                        for note in found[-1]["notes"]))

    def test_the_whole_range_of_times(self):
        """One frame at the start of 1970, the next one in 2106."""
        frames = sorted(SCRIPTS["missed-three"]().records, key=lambda record: record[0])
        made = Capture(as_added=True)
        made.records = [((2 ** 32 - 1) * 10 ** 9 * (number % 2), frame)
                        for number, (_, frame) in enumerate(frames)]
        found, _ = self.run_made(made)
        self.check_no_negative_times(found)

    def test_sessions_that_never_open(self):
        made = Capture()
        for number in range(CROWD):
            Session(made, client=crowd(number), client_id=f"C{number}",
                    begin=number * 0.001).connect().ask_to_open(services=MONITOR)
        later(made, 75)
        found, count = self.run_made(made)
        self.assertEqual(count["session"], CROWD + 1)
        self.assertEqual(len(self.findings(found, "open-no-answer")), CROWD)
        self.assertEqual({record["verdict"] for record in found if record["record"] == "session"},
                         {"open-unanswered", "closed-by-client"})

    def test_half_open_connections(self):
        """SYN alone; and FIN of one end alone."""
        made = Capture()
        for number in range(CROWD):
            syn = Conversation(made, crowd(number, 50002), Host(*SERVER_A))
            syn.segment(CLIENT, number * 0.001, SYN, syn.initial[CLIENT])
            session = Session(made, client=crowd(number), client_id=f"C{number}",
                              begin=number * 0.001).connect()
            confirm(session.ask_to_open(services=MONITOR).wait(0.01))
            close_confirm(close_request(session.wait(1)))
            session.talk.fin(CLIENT, session.now)
        later(made, 75)
        found, count = self.run_made(made)
        self.assertEqual(count["session"], CROWD + 1)
        self.assertEqual(len(self.findings(found, "linger-zero")), CROWD)
        self.assertEqual(count["finding"], CROWD + len(self.findings(found, "open-storm")))

    def test_one_session_that_breaks_a_rule_for_ever(self):
        """The first findings of a rule are told, and how many more there are."""
        made = Capture()
        session = begin(made).ask_to_open(services=MONITOR).wait(0.01)
        confirm(session, SessionType=2)
        for _ in range(CROWD):
            ask(session.wait(0.01))
        session.close()
        found, _ = self.run_made(made)
        told = self.findings(found, "standby")
        self.assertLess(len(told), 50)
        self.assertRegex(told[-1]["text"], r"^\d+ more findings of this rule are left out\.$")


def write(folder, names):
    for name in names or SCRIPTS:
        SCRIPTS[name]().write(Path(folder) / f"{name}.pcap")


if __name__ == "__main__":
    if sys.argv[1] == "--write":
        write(sys.argv[2], sys.argv[3:])
    else:
        Made.ctidump = str(Path(sys.argv[1]).resolve())
        unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
