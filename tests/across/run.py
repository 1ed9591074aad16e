#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What several sessions together show: each client's connection history and outages, who holds a
phone, refusals that repeat, storms of OPEN_REQ; against what the script of the capture knows.

    run.py CTIDUMP CAPTURES
"""
import json
import subprocess
import sys
import tempfile
import unittest
from datetime import datetime, timezone
from pathlib import Path

HERE = Path(__file__).resolve().parent
CAPTURES = HERE.parents[1] / "captures"
sys.path[:0] = [str(CAPTURES), str(HERE.parent)]

from ged188.pcap import ACK, RST, SYN, Capture  # noqa: E402
from ged188.tcp import CLIENT, SERVER, Conversation, Host, nanoseconds  # noqa: E402
from written.calls import Agent  # noqa: E402
from written.failover import failover  # noqa: E402
from written.script import BRIDGE, SERVER_A, SERVER_B, Session, message  # noqa: E402

MILLISECOND = 10 ** 6
SECOND = 10 ** 9
# Keys of an outage that are equal in JSON and in the truth.
EXACT = ("left", "why", "side", "attempts")


def moment(text):
    """Nanoseconds since 1970 of a time in JSON."""
    if text is None:
        return None
    whole, fraction = text.rstrip("Z").split(".")
    seconds = datetime.fromisoformat(whole).replace(tzinfo=timezone.utc).timestamp()
    return int(seconds) * SECOND + int(fraction.ljust(9, "0"))


def down(record):
    """A down of JSON as the truth has it."""
    return {"left": record["left_side"], "why": record["why"], "side": record["side"],
            "from": moment(record["from"]), "to": moment(record["to"]),
            "attempts": record["attempts"]}


class Across(unittest.TestCase):
    ctidump = ""

    def records(self, made, *options):
        """The JSON records of a capture."""
        with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
            made.write(file.name)
            done = subprocess.run([self.ctidump, "-T", "json", *options, file.name],
                                  stdout=subprocess.PIPE, timeout=120, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def report(self, made, *options):
        with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
            made.write(file.name)
            return subprocess.run([self.ctidump, *options, file.name], stdout=subprocess.PIPE,
                                  timeout=120, check=True).stdout.decode()

    def clients(self, made):
        return [record for record in self.records(made) if record["record"] == "client"]

    # ---- many clients ----

    def check_failover(self, clients, seed):
        made, truth = failover(clients, seed)
        records = self.records(made)
        found = {record["client"]: record for record in records if record["record"] == "client"}
        self.assertEqual(set(found), set(truth["clients"]))
        for name, expected in truth["clients"].items():
            with self.subTest(clients=clients, seed=seed, client=name):
                self.check_client([down(entry) for entry in found[name]["downs"]],
                                  expected["downs"])
        storms = [record for record in records if record["record"] == "storm"]
        self.assertEqual(len(storms), len(truth["storms"]))
        for storm, expected in zip(storms, truth["storms"]):
            self.check_storm(storm, expected)
        named = [record for record in records if record["record"] == "finding" and
                 record["rule"] == "open-storm"]
        self.assertEqual(len(named), len(truth["storms"]))
        return records, truth

    def check_client(self, found, expected):
        self.assertEqual(len(found), len(expected))
        for one, other in zip(found, expected):
            for name in EXACT:
                self.assertEqual(one[name], other[name], name)
            self.assertLess(abs(one["from"] - other["from"]), MILLISECOND)
            if other["to"] is None:
                self.assertIsNone(one["to"])
            else:
                self.assertLess(abs((one["to"] - one["from"]) - (other["to"] - other["from"])),
                                MILLISECOND)

    def check_storm(self, storm, expected):
        for name, known in (("side", "side"), ("requests", "requests"), ("clients", "clients"),
                            ("peak_per_s", "peak"), ("unanswered", "unanswered")):
            self.assertEqual(storm[name], expected[known], name)
        self.assertLess(abs(moment(storm["first"]) - expected["first"]), MILLISECOND)
        self.assertLess(abs(moment(storm["last"]) - expected["last"]), MILLISECOND)
        self.assertAlmostEqual(storm["answer_worst_s"], expected["worst_answer_s"], 3)

    def test_fifty_clients(self):
        records, truth = self.check_failover(50, 1)
        self.assertEqual(len(truth["storms"]), 1)
        # One finding for each session that was lost, and no more.
        self.assertEqual(sum(record["record"] == "finding" and record["rule"] == "failover"
                             for record in records),
                         sum(len(client["downs"]) for client in truth["clients"].values()))

    def test_other_sizes(self):
        self.check_failover(7, 2)
        self.check_failover(250, 3)

    def test_first_screen(self):
        """Causes, the storm and the downs stand on the first 25 lines, however many there are."""
        for clients in (50, 250):
            made, _ = failover(clients)
            first = "\n".join(self.report(made).splitlines()[:25])
            for words in ("OPEN_REQ to side B", "x reset-by-server on side A",
                          "x heartbeats-unanswered on side A", "x server-offline on side A",
                          f"{clients} of {clients} clients without a session", "got none until"):
                self.assertIn(words, first, clients)

    # ---- who is who ----

    def lost_and_found(self, made, address, client_id, begin, other=None):
        """A session on A that the server resets after 30 s, and one on B a second later."""
        one = Session(made, client=Host(address, 50001), client_id=client_id, begin=begin)
        one.open().heartbeats(2, 15).reset(SERVER)
        two = Session(made, client=Host(other or address, 50002), server=SERVER_B,
                      client_id=client_id, begin=one.now + 1)
        return two.open().heartbeats(2, 15)

    def test_too_many_to_tell(self):
        """Of thousands of sessions the first ones are told whole, troubled ones apart from the
        others, and all are counted."""
        made = Capture()
        for number in range(1205):
            one = Session(made, client=Host(f"10.1.{number >> 8}.{number & 255}", 50000),
                          begin=number * 0.001).open(services=BRIDGE)
            one.now = 10 + number * 0.001
            if number < 1002:
                one.close()
            else:
                one.reset(SERVER)
        report = self.report(made)
        told = [int(line.split()[1].rstrip(":")) for line in report.splitlines()
                if line.startswith("Session ")]
        self.assertEqual(told, list(range(1, 1001)) + list(range(1003, 1206)))
        self.assertIn("\n2 more sessions are only counted above", report)
        self.assertIn("lost      203 of 1205 sessions", report)
        self.assertIn("203 x close-missing in several sessions, first in session 1003", report)

    def test_one_id_at_two_addresses_at_once(self):
        made = Capture()
        for number in range(3):
            self.lost_and_found(made, f"10.0.3.{number + 1}", "SHARED", number * 0.1)
        found = self.clients(made)
        self.assertEqual([len(client["legs"]) for client in found], [2, 2, 2])
        for client in found:
            self.assertEqual(len({leg["client_address"].split(":")[0]
                                  for leg in client["legs"]}), 1)
            self.assertEqual(len(client["downs"]), 1)

    def test_one_id_that_moves(self):
        made = Capture()
        self.lost_and_found(made, "10.0.3.1", "LAPTOP", 0, other="10.0.9.9")
        found = self.clients(made)
        self.assertEqual(len(found), 1)
        self.assertEqual(len(found[0]["downs"]), 1)

    def test_two_of_an_id_on_one_host(self):
        """Both at once on the same server: two clients."""
        made = Capture()
        for number in range(2):
            Session(made, client=Host("10.0.3.1", 50001 + number), client_id="TERMINAL",
                    begin=number).open().heartbeats(3, 15)
        self.assertEqual([len(client["legs"]) for client in self.clients(made)], [1, 1])

    def test_active_and_standby(self):
        """A session on each side: the loss of one is no time without."""
        made = Capture()
        waiting = Session(made, client=Host("10.0.3.1", 50002), server=SERVER_B, begin=1)
        waiting.open(services=BRIDGE).heartbeats(8, 5)
        active = Session(made, client=Host("10.0.3.1", 50001))
        active.open(services=BRIDGE).heartbeats(4, 5).reset(SERVER)
        found = self.clients(made)
        self.assertEqual([(len(client["legs"]), client["downs"]) for client in found], [(2, [])])

    def test_left_without_a_word(self):
        """The old session ends by its idle timer, long after the next one opened."""
        made = Capture()
        old = Session(made, client=Host("10.0.3.1", 50001))
        old.open(idle=60).heartbeats(2, 15)
        good = old.now
        old.wait(60).reset(SERVER)
        new = Session(made, client=Host("10.0.3.1", 50002), server=SERVER_B, begin=good + 20)
        new.open().heartbeats(5, 15)
        found, = self.clients(made)
        self.assertEqual([entry["left_side"] for entry in found["downs"]], ["A"])
        self.assertAlmostEqual(found["downs"][0]["seconds"], 20 + 0.001 + 0.0155 + 0.0005, 2)

    def test_closed_is_not_lost(self):
        made = Capture()
        one = Session(made).open().heartbeats(2, 15).close()
        Session(made, client=Host("10.0.0.11", 50020), begin=one.now + 60).open().heartbeats(1, 15)
        found, = self.clients(made)
        self.assertEqual((found["downs"], found["down_s"]), ([], 0))

    def refused_connection(self, made, at, port):
        talk = Conversation(made, Host("10.0.3.1", port), Host(*SERVER_A))
        talk.segment(CLIENT, at, SYN, 1)
        talk.segment(SERVER, at + 0.001, RST | ACK, 0, acknowledgment=2)

    def test_short_attempts_are_no_outage(self):
        """A client that had no session before, and tries for a second."""
        made = Capture()
        for number in range(3):
            self.refused_connection(made, 0.3 * number, 50001 + number)
        Session(made, client=Host("10.0.3.1", 50009), server=SERVER_B, begin=1).open()
        found, = self.clients(made)
        self.assertEqual((found["downs"], found["down_s"]), ([], 0))

    def test_attempts_before_any_session(self):
        made = Capture()
        for number in range(3):
            self.refused_connection(made, 2 * number, 50001 + number)
        Session(made, client=Host("10.0.3.1", 50009), server=SERVER_B, begin=6).open()
        records = self.records(made)
        found, = [record for record in records if record["record"] == "client"]
        self.assertEqual((records[-1]["failed_attempts"], records[-1]["other_connections"]), (3, 3))
        self.assertEqual([leg["outcome"] for leg in found["legs"]], ["refused"] * 3 + ["opened"])
        self.assertEqual(found["downs"][0]["attempts"], {"A": {"refused": 3}})
        self.assertIsNone(found["downs"][0]["left_side"])

    def test_storms_are_selected(self):
        """By time and severity; a storm belongs to no session."""
        made, truth = failover(50, 1)
        count = len(truth["storms"])
        last = max(storm["first"] for storm in truth["storms"]) // 10 ** 9
        self.assertTrue(count)
        for options, expected in ((("--min-severity", "error"), count), (("--session", "1"), 0),
                                  (("--from", str(last + 1)), 0), (("--from", str(last)), 1)):
            with self.subTest(options=options):
                found = [record for record in self.records(made, *options)
                         if record["record"] == "storm"]
                self.assertEqual(len(found), expected)

    def test_never_a_session(self):
        made = Capture()
        for number in range(3):
            for later in (0, 1, 3):
                Conversation(made, Host("10.0.3.1", 50001 + number), Host(*SERVER_A)).segment(
                    CLIENT, number * 10 + later, SYN, 1)
        records = self.records(made)
        found, = [record for record in records if record["record"] == "client"]
        self.assertEqual([leg["outcome"] for leg in found["legs"]], ["no-answer"] * 3)
        finding, = [record for record in records if record["record"] == "finding"]
        self.assertEqual((finding["rule"], finding["severity"], finding["session"]),
                         ("failover", "warning", None))
        self.assertEqual(finding["text"], "No session on side A for 23.000 s: 3 attempts failed (3 "
                         "no SYN-ACK).")

    def test_other_side_not_captured(self):
        """The client may have had a session there."""
        for server, one_sided, words in ((SERVER_A, True, "No session on side A for 60.0"),
                                         (SERVER_B, False, "No session for 60.0")):
            with self.subTest(server=server):
                made = Capture()
                one = Session(made).open().heartbeats(2, 15).reset(SERVER)
                Session(made, client=Host("10.0.0.11", 50020), server=server,
                        begin=one.now + 60).open().close()
                records = self.records(made)
                client, = [record for record in records if record["record"] == "client"]
                finding, = [record for record in records if record.get("rule") == "failover"]
                self.assertEqual([entry["one_sided"] for entry in client["downs"]], [one_sided])
                self.assertTrue(finding["text"].startswith(words), finding["text"])
                self.assertEqual("nothing of it was captured" in finding["check"], one_sided)

    def test_attempts_of_one_of_many(self):
        """Two clients at an address: who lost its session is the one that tries."""
        made = Capture()
        Session(made, client=Host("10.0.3.1", 50001), client_id="ONE").open().heartbeats(6, 15)
        two = Session(made, client=Host("10.0.3.1", 50002), client_id="TWO", begin=1)
        two.open().heartbeats(1, 15).reset(SERVER)
        talk = Conversation(made, Host("10.0.3.1", 50003), Host(*SERVER_A))
        talk.segment(CLIENT, two.now + 1, SYN, 1)
        talk.segment(SERVER, two.now + 1.001, RST | ACK, 0, acknowledgment=2)
        found = {client["client"]: client for client in self.clients(made)}
        self.assertEqual(len(found["ONE"]["legs"]), 1)
        self.assertEqual([leg["outcome"] for leg in found["TWO"]["legs"]], ["opened", "refused"])

    def test_outage_in_words(self):
        """From the last answer where the client had to notice, else from the end."""
        made = Capture()
        one = Session(made).open().heartbeats(2, 15)
        for _ in range(3):
            one.lost_heartbeat(15)
        one.wait(15).reset(CLIENT)
        two = Session(made, client=Host("10.0.0.11", 50020), server=SERVER_B, begin=one.now + 2)
        two.open().wait(10).reset(SERVER)
        Session(made, client=Host("10.0.0.11", 50021), begin=two.now + 1).open().close()
        found = [record for record in self.records(made) if record.get("rule") == "failover"]
        self.assertRegex(found[0]["text"], r"^No session for 62\.0\d\d s: lost on side A "
                         r"\(heartbeats-unanswered\), reopened on side B\. 60\.0\d\d s passed "
                         r"before the client noticed\.$")
        self.assertRegex(found[0]["check"], "^Check the heartbeat interval")
        self.assertRegex(found[1]["text"], r"^No session for 1\.0\d\d s: lost on side B "
                         r"\(reset-by-server\), reopened on side A\.$")
        self.assertEqual([record["severity"] for record in found], ["warning", "note"])
        self.assertIsNone(found[1]["check"])

    def test_end_that_was_not_captured_is_no_outage(self):
        """CLOSE_REQ may be in what is missing before the client's reset."""
        made = Capture()
        one = Session(made).open().heartbeats(2, 15).wait(1)
        one.invoke += 1
        one.send(CLIENT, message("CLOSE_REQ", {"InvokeID": one.invoke,
                                               "Status": "E_CTI_NO_ERROR"}, 24), lost=(0,))
        one.wait(0.01).reset(CLIENT)
        Session(made, client=Host("10.0.0.11", 50020), begin=one.now + 60).open().close()
        found, = self.clients(made)
        self.assertEqual(found["downs"], [])

    # ---- phones ----

    PHONE = ("5001", "1001", "SEP1")

    def held(self, made, at=40, server=SERVER_A, agent=PHONE, status="E_CTI_DEVICE_IN_USE",
             **fields):
        """DESK2 asks for a phone and is refused; the session record and the finding of that."""
        two = Session(made, client=Host("10.0.0.12", 50002), client_id="DESK2", server=server,
                      begin=at)
        two.connect().ask_to_open(agent=agent, **fields).wait(0.02)
        two.server("FAILURE_CONF", {"InvokeID": two.invoke, "Status": status}).reset(CLIENT)
        records = self.records(made)
        session, = [record for record in records if record["record"] == "session" and
                    record["client"] == "DESK2"]
        finding, = [record for record in records if record["record"] == "finding" and
                    record["rule"] == "open-rejected"]
        return session, finding

    def desk(self, made, agent=PHONE, **options):
        return Session(made, client_id="DESK1", **options).open(agent=agent, idle=120)

    def test_who_holds_the_phone(self):
        made = Capture()
        self.desk(made).heartbeats(3, 30).close()
        session, finding = self.held(made)
        self.assertEqual(session["phone_held_by"], 1)
        self.assertEqual(finding["text"], "The server refused OPEN_REQ with E_CTI_DEVICE_IN_USE "
                         "(10): session 1 of DESK1 was open for the same AgentInstrument.")
        self.assertIn("Session 1 was open for the same AgentInstrument.",
                      [fact["text"] for fact in session["verdict_for"]])

    def test_holder_is_redacted(self):
        made = Capture()
        self.desk(made).heartbeats(3, 30).close()
        self.held(made)
        report = self.report(made, "--redact")
        self.assertNotIn("DESK1", report)
        self.assertRegex(report, "session 1 of r:[0-9A-Z]{8} was open for")

    def test_holder_by_other_names(self):
        for agent, words in ((("", "1001", ""), "AgentID"),
                             (("5001", "9999", ""), "AgentExtension"),
                             (("", "", "SEP1"), "AgentInstrument")):
            with self.subTest(by=words):
                made = Capture()
                self.desk(made).heartbeats(3, 30).close()
                _, finding = self.held(made, agent=agent)
                self.assertIn(f"session 1 of DESK1 was open for the same {words}.", finding["text"])

    def test_holder_whose_phone_an_event_names(self):
        """OPEN_REQ had the agent only; AGENT_STATE_EVENT names the phone."""
        made = Capture()
        one = self.desk(made, agent=("", "1001", ""))
        one.wait(1).server("AGENT_STATE_EVENT", Agent(one, "1001", "5001").state_fields(
            "AGENT_STATE_AVAILABLE"))
        one.heartbeats(3, 30).close()
        session, finding = self.held(made, agent=("", "", "5001"))
        self.assertEqual(session["phone_held_by"], 1)
        self.assertIn("was open for the same AgentInstrument.", finding["text"])

    def test_event_of_another_agent(self):
        """A supervisor's session has events of other agents."""
        made = Capture()
        one = self.desk(made, agent=("", "1001", ""))
        one.wait(1).server("AGENT_STATE_EVENT", Agent(one, "1002", "5002").state_fields(
            "AGENT_STATE_AVAILABLE"))
        one.heartbeats(3, 30).close()
        self.assertIsNone(self.held(made, agent=("", "", "5002"))[0]["phone_held_by"])

    def test_holder_that_is_not_known(self):
        """Closed, or perhaps closed, by then; on another server; with another phone."""
        def closed(made):
            self.desk(made).heartbeats(1, 30).close()

        def close_missed(made):
            one = self.desk(made).heartbeats(1, 30)
            one.send(CLIENT, message("CLOSE_REQ", {"InvokeID": 9, "Status": "E_CTI_NO_ERROR"}, 24),
                     lost=(0,))
            one.wait(60)
            one.talk.ack(SERVER, one.now)

        def silent(made):
            """The server's idle timer must have fired."""
            Session(made, client_id="DESK1").open(agent=self.PHONE, idle=20)

        def another_phone(made):
            self.desk(made, agent=("5002", "1002", "SEP2")).heartbeats(3, 30).close()

        def another_server(made):
            self.desk(made, server=SERVER_B).heartbeats(3, 30).close()

        def conf_missed(made):
            """Nothing shows that its OPEN_REQ was confirmed."""
            Session(made, client_id="DESK1").connect().ask_to_open(agent=self.PHONE)

        for script in (closed, close_missed, silent, another_phone, another_server, conf_missed):
            with self.subTest(script=script.__name__):
                made = Capture()
                script(made)
                session, finding = self.held(made)
                self.assertIsNone(session["phone_held_by"])
                self.assertNotIn("session 1", finding["text"])

    def test_other_refusals_name_no_holder(self):
        made = Capture()
        self.desk(made).heartbeats(3, 30).close()
        session, finding = self.held(made, status="E_CTI_INVALID_PASSWORD")
        self.assertIsNone(session["phone_held_by"])
        self.assertNotIn("DESK1", finding["text"])

    def test_replaced(self):
        """The older session names its successor; they are one client's, without an outage."""
        for address, event in (("10.0.0.11", True), ("10.0.0.11", False), ("10.0.0.99", True)):
            with self.subTest(address=address, event=event):
                made = Capture()
                one = self.desk(made).heartbeats(1, 30)
                two = self.desk(made, client=Host(address, 50020), begin=one.now + 5)
                one.now = two.now + 0.01
                if event:
                    one.server("FAILURE_EVENT", {"Status": "E_CTI_NEW_SESSION_OPENED"})
                one.reset(SERVER)
                two.heartbeats(2, 30).close()
                records = self.records(made)
                sessions = {record["session"]: record for record in records
                            if record["record"] == "session"}
                client, = [record for record in records if record["record"] == "client"]
                self.assertEqual((sessions[1]["verdict"], sessions[1]["replaced_by"]),
                                 ("new-session-opened", 2))
                self.assertIsNone(sessions[2]["replaced_by"])
                self.assertEqual((len(client["legs"]), client["downs"]), (2, []))

    # ---- refusals ----

    def refusals(self, count, apart, *fields):
        """OPEN_REQ of a client, refused again and again; fields of each."""
        made = Capture()
        for number in range(count):
            one = Session(made, client=Host("10.0.0.11", 50001 + number), begin=number * apart)
            one.connect().ask_to_open(services=BRIDGE, **(fields[number % len(fields)]
                                                          if fields else {}))
            one.wait(0.01).server("FAILURE_CONF", {"InvokeID": one.invoke,
                                                   "Status": "E_CTI_INVALID_PASSWORD"})
            one.reset(CLIENT)
        return made

    def retries(self, records):
        return [record for record in records if record.get("rule") == "open-retries"]

    def test_same_refusal_60_times(self):
        made = self.refusals(60, 0.066)
        records = self.records(made)
        finding, = self.retries(records)
        client, = [record for record in records if record["record"] == "client"]
        self.assertEqual(finding["text"], "60 OPEN_REQ with the same data in 3.894 s, 15.2 a "
                         "second, were refused with E_CTI_INVALID_PASSWORD (36: client ID or "
                         "password is wrong).")
        self.assertNotIn("storm", {record["record"] for record in records})
        self.assertEqual(client["downs"], [])
        self.assertEqual([(found["count"], found["status_name"], found["same_data"],
                           found["opened"]) for found in client["refusals"]],
                         [(60, "E_CTI_INVALID_PASSWORD", True, False)])
        first = self.report(made).splitlines()[:12]
        self.assertEqual([line for line in first if line.startswith("  error")],
                         [line for line in first if "open-retries: 60 OPEN_REQ" in line])

    def test_refusals_of_changed_data(self):
        finding, = self.retries(self.records(self.refusals(4, 2, {"idle": 100}, {"idle": 120})))
        self.assertEqual(finding["text"], "4 OPEN_REQ in 6.000 s, one every 2.000 s, were refused "
                         "with E_CTI_INVALID_PASSWORD (36: client ID or password is wrong).")

    def test_refusals_that_were_cut(self):
        """What was cut may have changed."""
        made = self.refusals(4, 2)
        made.snaplen = 130
        records = self.records(made)
        client, = [record for record in records if record["record"] == "client"]
        self.assertEqual([(found["count"], found["same_data"]) for found in client["refusals"]],
                         [(4, None)])
        finding, = self.retries(records)
        self.assertNotIn("same data", finding["text"])

    def test_refusal_without_its_open_req(self):
        """One OPEN_REQ of four is missing from the capture: the session is not known to have been
        open, and whether it was refused is not known either."""
        made = self.refusals(4, 2)
        times = sorted({time for time, frame in made.records if len(frame) > 120})
        made.records = [(time, frame) for time, frame in made.records if time != times[1]]
        records = self.records(made)
        client, = [record for record in records if record["record"] == "client"]
        self.assertEqual(client["downs"], [])
        self.assertEqual([leg["lost"] for leg in client["legs"]], [False] * 4)
        self.assertNotIn("failover", {record.get("rule") for record in records})

    # ---- storms ----

    def test_clients_that_give_up_early(self):
        made = Capture()
        for number in range(15):
            one = Session(made, client=Host(f"10.0.3.{number + 1}", 50001), client_id=f"C{number}",
                          begin=number * 0.01).connect().ask_to_open(services=BRIDGE)
            if number < 6:
                one.wait(2 + number / 10).reset(CLIENT)
            elif number < 8:  # these wait for long enough
                one.wait(31).reset(CLIENT)
            else:
                one.wait(0.1).server("OPEN_CONF", {"InvokeID": one.invoke, "ServicesGranted": 16})
        records = self.records(made)
        storm, = [record for record in records if record["record"] == "storm"]
        finding, = [record for record in records if record.get("rule") == "open-storm"]
        self.assertEqual((storm["unanswered"], storm["gave_up_early"]), (8, 6))
        self.assertAlmostEqual(storm["shortest_wait_s"], 2.0, 2)
        self.assertRegex(finding["text"], r"^15 clients sent 15 OPEN_REQ to side A in 0\.140 s, up "
                         r"to 15 a second; 6 given up after 2\.0\d\d s or more; 2 not answered; "
                         r"OPEN_CONF took 0\.1\d\d to 0\.1\d\d s\.$")
        self.assertRegex(finding["check"], "^Check how long the clients wait for OPEN_CONF")

    def test_one_client_is_no_storm(self):
        made = self.refusals(40, 0.02)
        for number in range(3):  # some others, meanwhile
            Session(made, client=Host(f"10.0.3.{number + 1}", 50001), client_id=f"C{number}",
                    begin=0.1 * number).open(services=BRIDGE)
        self.assertNotIn("storm", {record["record"] for record in self.records(made)})

    def openings(self, count, every, answer=0.05):
        made = Capture()
        for number in range(count):
            Session(made, client=Host(f"10.0.3.{number + 1}", 50001), client_id=f"C{number}",
                    begin=number * every).open(after=answer)
        return self.records(made)

    def test_no_storm_below_the_rate(self):
        for count, every in ((9, 0.01), (40, 0.12)):
            kinds = {record["record"] for record in self.openings(count, every)}
            self.assertNotIn("storm", kinds, (count, every))

    def test_storm_at_the_rate(self):
        records = self.openings(10, 0.01)
        storm, = [record for record in records if record["record"] == "storm"]
        self.assertEqual((storm["requests"], storm["peak_per_s"], storm["clients"]), (10, 10, 10))
        severities = [record["severity"] for record in records if record["record"] == "finding" and
                      record["rule"] == "open-storm"]
        self.assertEqual(severities, ["note"])

    # ---- answers ----

    def polls(self, times):
        """A desktop server that polls statistics; each answer takes so many milliseconds."""
        made = Capture()
        session = Session(made).open(services=BRIDGE)
        for took in times:
            session.wait(1).request("QUERY_SKILL_GROUP_STATISTICS_REQ", {"SkillGroupNumber": 1},
                                    after=took / 1000 - 0.0005)
        session.wait(1).request("QUERY_SKILL_GROUP_STATISTICS_REQ", {"SkillGroupNumber": 9},
                                answer="FAILURE_CONF", after=0.0095,
                                answer_fields={"Status": "E_CTI_INVALID_SKILL_GROUP"})
        session.invoke += 1
        session.wait(1).client("QUERY_SKILL_GROUP_STATISTICS_REQ", {"InvokeID": session.invoke})
        session.heartbeats(1, 15).close()
        return made

    def statistics(self, made, *options):
        found, = [record for record in self.records(made, *options)
                  if record["record"] == "answers" and
                  record["request_name"] == "QUERY_SKILL_GROUP_STATISTICS_REQ"]
        return found

    def test_answers(self):
        found = self.statistics(self.polls(range(1, 100)), "--slow", "97")
        times = sorted([10] + list(range(1, 100)))
        self.assertEqual([found[key] for key in ("requests", "confirmed", "failed", "unanswered",
                                                 "unknown")], [101, 99, 1, 1, 0])
        for key, expected in (("mean_s", sum(times) / 100), ("median_s", times[49]),
                              ("p95_s", times[94]), ("worst_s", 99)):
            self.assertAlmostEqual(found[key] * 1000, expected, 3, key)
        self.assertEqual([(entry["status_name"], entry["count"]) for entry in found["failures"]],
                         [("E_CTI_INVALID_SKILL_GROUP", 1)])
        self.assertEqual((found["slow_over_s"], found["slow"]), (0.097, 2))
        self.assertEqual([round(entry["rtt_s"] * 1000) for entry in found["slowest"]], [99, 98])

    def test_many_slow_ones(self):
        found = self.statistics(self.polls(range(1, 100)), "--slow", "9.5")
        self.assertEqual((found["slow"], len(found["slowest"])), (91, 20))
        self.assertEqual(found["slowest"][-1]["rtt_s"], 0.080)

    def test_slow_ones_in_the_report(self):
        told = self.report(self.polls(range(1, 100)), "--slow", "97")
        self.assertRegex(told, r"(?m)^  2 QUERY_SKILL_GROUP_STATISTICS_REQ over 97\.000 ms\n"
                               r"    \S+  session 1  inv=\d+  99\.000 ms, confirmed  #\d+ #\d+\n"
                               r"    \S+  session 1  inv=\d+  98\.000 ms, confirmed  #\d+ #\d+\n")
        self.assertIn("  91 QUERY_SKILL_GROUP_STATISTICS_REQ over 9.500 ms, the slowest of them\n",
                      self.report(self.polls(range(1, 100)), "--slow", "9.5"))

    def test_without_threshold(self):
        found = self.statistics(self.polls([5]))
        self.assertEqual((found["slow_over_s"], found["slow"], found["slowest"]),
                         (None, None, []))

    def test_polls_that_are_slow_on_average(self):
        words = "desktop servers that poll these count on 62 ms"
        self.assertIn(words, self.report(self.polls([70, 120])))
        self.assertNotIn(words, self.report(self.polls([50, 70])))

    def test_threshold_that_is_none(self):
        for text in ("", "0", "-1", "nan", "fast", "1e12"):
            done = subprocess.run([self.ctidump, "--slow", text, "x"], stderr=subprocess.PIPE,
                                  timeout=60, check=False)
            self.assertEqual(done.returncode, 2, text)
            self.assertIn(b"--slow 62", done.stderr)

    # ---- times ----

    def test_time_steps_back(self):
        """A session that ends before it began: told, not choked on."""
        made = Capture(as_added=True)
        one = Session(made, begin=100).open()
        one.now = 50
        one.heartbeat().reset(SERVER)
        Session(made, client=Host("10.0.0.11", 50020), server=SERVER_B, begin=20).open()
        for client in self.clients(made):
            self.assertGreaterEqual(client["down_s"], 0)

    def test_times_of_the_truth(self):
        self.assertEqual(moment("2026-11-22T10:00:01.500000Z"), nanoseconds(1.5))


if __name__ == "__main__":
    Across.ctidump = str(Path(sys.argv[1]).resolve())
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
