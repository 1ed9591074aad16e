# SPDX-License-Identifier: GPL-2.0-or-later
"""A CTI server for one client at a time: opens or refuses sessions, answers heartbeats and
requests, sends the events of calls."""
import socket
import time

from ged188 import facts
from written.calls import Agent, Call
from written.script import PERIPHERAL

from .wire import Wire, number

PASSWORD = b"secret"
BURST = 600


class View:
    """What the event scripts need to know of a session."""
    monitor = 1


def call_events(agent, call_number):
    """The events of one call, start to end."""
    call = Call(agent, call_number)
    return [
        ("BEGIN_CALL_EVENT", call.begin_fields()),
        ("CALL_DELIVERED_EVENT", call.delivered_fields()),
        ("AGENT_STATE_EVENT", agent.state_fields("AGENT_STATE_RESERVED")),
        ("CALL_ESTABLISHED_EVENT", call.established_fields()),
        ("AGENT_STATE_EVENT", agent.state_fields("AGENT_STATE_TALKING")),
        ("CALL_CLEARED_EVENT", call.fields(LocalConnectionState="LCS_NULL")),
        ("END_CALL_EVENT", call.fields()),
        ("AGENT_STATE_EVENT", agent.state_fields("AGENT_STATE_AVAILABLE"))]


class Server:
    """One connection's server side."""

    def __init__(self, wire):
        self.wire = wire
        self.agent = Agent(View())

    def refusal(self, body):
        """The status that OPEN_REQ is refused with, or None."""
        version, idle = number(body, 4), number(body, 8)
        if not facts.OLDEST <= version <= facts.NEWEST:
            return "E_CTI_INVALID_VERSION"
        if idle < 20:
            return "E_CTI_INVALID_TIMEOUT"
        return None if PASSWORD in body else "E_CTI_INVALID_PASSWORD"

    def open(self, body):
        status = self.refusal(body)
        invoke_id = number(body, 0)
        if status:
            self.wire.send("FAILURE_CONF", {"InvokeID": invoke_id, "Status": status})
            return
        self.wire.send("OPEN_CONF", {
            "InvokeID": invoke_id, "ServicesGranted": number(body, 16), "MonitorID": 1,
            "ICMCentralControllerTime": int(time.time()), "PeripheralOnline": 1,
            "PeripheralType": "PT_ENTERPRISE_AGENT", "AgentState": "AGENT_STATE_LOGOUT",
            "SessionType": 1})
        self.wire.send("SYSTEM_EVENT", {
            "ICMCentralControllerTime": int(time.time()),
            "SystemEventID": "SYS_PERIPHERAL_ONLINE", "SystemEventArg1": PERIPHERAL})

    def set_agent_state(self, body):
        """Confirms, and lets things happen: a call for AVAILABLE, a burst for WORK_READY."""
        state = int.from_bytes(body[8:10], "big")
        name = next(row for row, value in facts.SETS["enum"]["AgentState"] if value == state)
        self.wire.send("SET_AGENT_STATE_CONF", {"InvokeID": number(body, 0)})
        self.wire.send("AGENT_STATE_EVENT", self.agent.state_fields(name))
        if name == "AGENT_STATE_AVAILABLE":
            for key, fields in call_events(self.agent, 16777216):
                time.sleep(0.15)
                self.wire.send(key, fields)
        elif name == "AGENT_STATE_WORK_READY":
            events = [event for call in range(BURST // 8)
                      for event in call_events(self.agent, 16777300 + call)]
            self.wire.send_all(events)

    def answer(self, key, body):
        """False at the end of the session."""
        if key == "OPEN_REQ":
            self.open(body)
        elif key == "HEARTBEAT_REQ":
            self.wire.send("HEARTBEAT_CONF", {"InvokeID": number(body, 0)})
        elif key == "SET_AGENT_STATE_REQ":
            self.set_agent_state(body)
        elif key == "CLOSE_REQ":
            self.wire.send("CLOSE_CONF", {"InvokeID": number(body, 0)})
        return key != "CLOSE_REQ"

    def serve(self):
        while (received := self.wire.receive()) is not None:
            if not self.answer(*received):
                self.wire.receive()
                break
        self.wire.reset()


def run(address, port):
    """Serves one connection after the other, for ever."""
    listener = socket.create_server((address, port))
    while True:
        sock, _ = listener.accept()
        Server(Wire(sock)).serve()
