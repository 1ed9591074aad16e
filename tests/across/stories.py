#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Trace of one call and of one agent (--call, --agent), told by the report and the timeline.

    stories.py CTIDUMP CAPTURES
"""
import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "captures"), str(HERE.parent)]

from ged188.pcap import Capture  # noqa: E402
from ged188.tcp import Host  # noqa: E402
from written.calls import TYPE, Agent, Call  # noqa: E402
from written.script import BRIDGE, PERIPHERAL, SERVER_B, Session  # noqa: E402

FIRST, CONSULTED = 16777300, 16777301
EVIL = "50\x1b[31m<b>\u202e\\01"


def transfer():
    """An agent's call: rings 1.5 s, talks 10 s, is held 4 s while the agent consults another one,
    and is transferred; a bridge on side B hears of it too."""
    made = Capture()
    desk = Session(made, client_id="DESK1")
    bridge = Session(made, client=Host("10.0.0.40", 50100), server=SERVER_B, client_id="BRIDGE1")
    agent = Agent(desk)
    desk.open(agent=agent.names)
    bridge.open(services=BRIDGE)
    agent.log_in()
    for seconds, event, fields in (
            (5, "BEGIN_CALL_EVENT", "begin_fields"), (0, "CALL_DELIVERED_EVENT", "delivered_fields"),
            (1.5, "CALL_ESTABLISHED_EVENT", "established_fields")):
        desk.wait(seconds)
        for session in (desk, bridge):
            session.now = desk.now
            call = Call(Agent(session), FIRST)
            session.server(event, getattr(call, fields)())
    call = Call(agent, FIRST)
    agent.state("AGENT_STATE_TALKING")
    desk.wait(10).request("CONSULTATION_CALL_REQ", {
        "PeripheralID": PERIPHERAL, "ActiveConnectionCallID": FIRST,
        "ActiveConnectionDeviceID": "5001", "DialedNumber": "5002", "AgentInstrument": "5001"},
        answer_fields={"NewConnectionCallID": CONSULTED, "NewConnectionDeviceID": "5001"})
    call.event("CALL_HELD_EVENT", HoldingDeviceID="5001", LocalConnectionState="LCS_HOLD")
    desk.wait(4).server("CALL_TRANSFERRED_EVENT", {
        "MonitorID": 1, "PeripheralID": PERIPHERAL, "PeripheralType": TYPE,
        "PrimaryCallID": FIRST, "PrimaryDeviceID": "5001", "SecondaryCallID": CONSULTED,
        "SecondaryDeviceID": "5001", "TransferringDeviceID": "5001",
        "TransferredDeviceID": "5002", "LocalConnectionState": "LCS_NULL"})
    call.event("END_CALL_EVENT")
    agent.state("AGENT_STATE_WORK_READY")
    desk.wait(3)
    agent.set_state("AGENT_STATE_LOGOUT", reason=1)
    desk.wait(1).close()
    return made


def other_agent():
    """Agent 1001 leaves the phone, and 1002 takes a call there."""
    made = Capture()
    session = Session(made).open(services=BRIDGE)
    one, two = Agent(session), Agent(session, "1002")
    one.state("AGENT_STATE_AVAILABLE")
    Call(one, FIRST).handled()
    one.state("AGENT_STATE_LOGOUT")
    session.wait(5)
    two.state("AGENT_STATE_LOGIN")
    Call(two, CONSULTED).handled()
    return made


def unanswered(changes=1):
    """A call whose number changes as often, and a request about it that nobody answers."""
    made = Capture()
    session = Session(made).open(services=BRIDGE)
    agent = Agent(session)
    call = Call(agent, FIRST)
    session.server("CALL_DELIVERED_EVENT", call.delivered_fields())
    session.invoke += 1
    session.wait(1).client("CLEAR_CALL_REQ", {
        "InvokeID": session.invoke, "PeripheralID": PERIPHERAL, "ConnectionCallID": FIRST,
        "ConnectionDeviceID": "5001", "AgentInstrument": "5001"})
    for _ in range(changes):
        session.server("CALL_DATA_UPDATE_EVENT", {
            "MonitorID": 1, "PeripheralID": PERIPHERAL, "PeripheralType": TYPE,
            "ConnectionCallID": FIRST, "NewConnectionCallID": CONSULTED,
            "ConnectionDeviceID": "5001", "NewConnectionDeviceID": "5001"})
    session.wait(9).close()
    return made


def hostile():
    made = Capture()
    session = Session(made).open(services=BRIDGE)
    agent = Agent(session, "1001", EVIL)
    agent.state("AGENT_STATE_AVAILABLE", AgentID=EVIL)
    Call(agent, FIRST).handled()
    session.server("CALL_TRANSFERRED_EVENT", {
        "MonitorID": 1, "PeripheralID": PERIPHERAL, "PeripheralType": TYPE,
        "PrimaryCallID": FIRST, "PrimaryDeviceID": EVIL, "SecondaryCallID": 0xFFFFFFFF,
        "TransferringDeviceID": EVIL, "TransferredDeviceID": EVIL})
    return made


class Stories(unittest.TestCase):
    ctidump = ""

    def run_on(self, made, *options):
        with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
            made.write(file.name)
            return subprocess.run([self.ctidump, *options, file.name], stdout=subprocess.PIPE,
                                  timeout=60, check=True).stdout.decode()

    def changes(self, made, *options):
        """What the report says that changed."""
        return re.findall(r"^ +=\s(.*)$", self.run_on(made, *options), re.MULTILINE)

    def test_call(self):
        self.assertEqual(self.changes(transfer(), "--call", str(FIRST)), [
            "call 16777300 at 5001 alerting",
            "call 16777300 at 5001 alerting for 1.500 s, now connected",
            "call 16777300 at 5001 connected for 10.005 s, now held",
            "call 16777300 at 5001 held for 4.000 s, now cleared; call 16777300 is transferred by "
            "5001 to 5002, together with call 16777301 (--call shows it)",
            "call 16777300 at 5001 over after 15.507 s"])

    def test_both_sessions_tell(self):
        told = self.run_on(transfer(), "--call", str(FIRST))
        story = told[told.index("Trace of call 16777300"):told.index("How long")]
        for session in ("s1 A", "s2 B"):
            self.assertEqual(len(re.findall(rf"{session}  S->C  CALL_ESTABLISHED_EVENT", story)), 1)
        self.assertIn("call 16777300 at 5001: alerting 1.500 s, connected 10.005 s, held 4.000 s",
                      told)

    def test_answers_belong_to_the_call(self):
        told = self.run_on(transfer(), "--call", str(FIRST), "-T", "json")
        records = [json.loads(line) for line in told.splitlines()]
        names = [record["name"] for record in records if record["record"] == "message"]
        self.assertIn("CONSULTATION_CALL_CONF", names)
        self.assertNotIn("AGENT_STATE_EVENT", names)
        self.assertEqual([record["request_name"] for record in records
                          if record["record"] == "request"], ["CONSULTATION_CALL_REQ"])

    def test_timeline(self):
        lines = self.run_on(transfer(), "--call", str(FIRST), "-T", "timeline").splitlines()
        self.assertTrue(any(line.endswith("s1 A  **    call 16777300 at 5001 connected for 10.005 s, "
                                          "now held") for line in lines), lines)
        self.assertEqual(lines[-1], "** call 16777300 at 5001: alerting 1.500 s, connected "
                                    "10.005 s, held 4.000 s")

    def test_agent(self):
        changes = self.changes(transfer(), "--agent", "1001")
        self.assertEqual([change for change in changes if change.startswith("agent")], [
            "agent 1001 LOGOUT", "agent 1001 LOGOUT for 0.004 s, now LOGIN",
            "agent 1001 LOGIN for 0.001 s, now NOT_READY",
            "agent 1001 NOT_READY for 6.502 s, now TALKING",
            "agent 1001 TALKING for 14.006 s, now WORK_READY",
            "agent 1001 WORK_READY for 3.005 s, now LOGOUT (reason 1)"])
        self.assertIn("call 16777300 at 5001 alerting for 1.500 s, now connected", changes)

    def test_a_phone_changes_hands(self):
        for agent, own, other in (("1001", FIRST, CONSULTED), ("1002", CONSULTED, FIRST)):
            told = self.run_on(other_agent(), "--agent", agent)
            self.assertIn(f"call {own} at 5001 alerting", told)
            self.assertNotIn(str(other), told)

    def test_number_changes(self):
        changes = self.changes(unanswered(), "--call", str(FIRST))
        self.assertIn("call 16777300 continues as call 16777301 (--call shows it)", changes)

    def test_request_without_answer(self):
        told = self.run_on(unanswered(), "--call", str(FIRST))
        self.assertRegex(told, r"(?m)^  \S+  s1 A  !!    CLEAR_CALL_REQ inv=2: no response ")

    def test_long_story_is_cut(self):
        told = self.run_on(unanswered(2010), "--call", str(FIRST))
        story = told[told.index("Trace of call"):told.index("How long")]
        self.assertEqual(story.count("CALL_DATA_UPDATE_EVENT"), 2000 - 2)
        self.assertRegex(told, r"(?m)^  \.\.\. 13 more events: -T timeline shows all$")

    def test_nothing_is_named(self):
        self.assertIn("not in any message", self.run_on(transfer(), "--call", "1"))

    def test_redacted(self):
        told = self.run_on(transfer(), "--agent", "1001", "--redact")
        self.assertIn("Trace of an agent", told)
        self.assertNotRegex(told, r"\b(1001|5001|5002|5550100)\b")
        self.assertRegex(told, r"= call 16777300 at r:\w+ alerting for 1\.500 s, now connected")

    def test_hostile_names(self):
        for words, *options in (("AVAILABLE", "--agent", EVIL),
                                ("alerting for", "--call", str(FIRST)),
                                ("alerting for", "--call", str(FIRST), "-T", "timeline")):
            told = self.run_on(hostile(), *options)
            self.assertIn(words, told)
            self.assertNotRegex(told, "[\x00-\x09\x0b-\x1f\x7f\u202e]")


if __name__ == "__main__":
    Stories.ctidump = str(Path(sys.argv[1]).resolve())
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
