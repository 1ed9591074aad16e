# SPDX-License-Identifier: GPL-2.0-or-later
"""A CTI client, and what it does in each recorded scenario.

A scenario gets a Stage: the two servers' addresses, and what can be done to their processes.
Heartbeats are sent more often here than GED-188 advises, so that a recording takes seconds.
"""
import socket
import time

from ged188 import facts
from written.script import AGENT_STATES, CALL_EVENTS, DESKTOP, PERIPHERAL

from .wire import VERSION, Wire, number

INTERVAL = 1.2
IDLE_TIMEOUT = 20
SCENARIOS = {}
CLIENT_ADDRESS = "10.0.0.11"


def scenario(function):
    SCENARIOS[function.__name__] = function
    return function


class Client:
    """One connection's client side."""
    next_port = 50001

    def __init__(self, server):
        sock = socket.create_connection(server, timeout=2,
                                        source_address=(CLIENT_ADDRESS, Client.next_port))
        Client.next_port += 1
        self.wire = Wire(sock)
        self.invoke = 0

    def ask(self, key, **fields):
        """Sends a request, reads up to its answer; returns the answer's name."""
        self.invoke += 1
        self.wire.send(key, {"InvokeID": self.invoke} | fields)
        confirmed_by = facts.message(facts.message(key).confirmed_by).name
        while True:
            received = self.wire.receive(INTERVAL)
            if received is None:
                raise ConnectionResetError
            name, body = received
            if name in (confirmed_by, "FAILURE_CONF") and number(body, 0) == self.invoke:
                return name

    def open(self, **fields):
        return self.ask("OPEN_REQ", **({
            "VersionNumber": VERSION, "IdleTimeout": IDLE_TIMEOUT, "PeripheralID": PERIPHERAL,
            "ServicesRequested": DESKTOP, "CallMsgMask": CALL_EVENTS,
            "AgentStateMask": AGENT_STATES, "ClientID": "CTIOS1A", "ClientPassword": "secret",
            "ClientSignature": "CTIOS1A desktop", "AgentExtension": "5001", "AgentID": "1001",
            "AgentInstrument": "5001"} | fields))

    def set_state(self, state):
        return self.ask("SET_AGENT_STATE_REQ", PeripheralID=PERIPHERAL, AgentState=state,
                        AgentInstrument="5001", AgentID="1001")

    def listen(self, seconds):
        """Reads what the server sends."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                if self.wire.receive(left) is None:
                    return
            except TimeoutError:
                return

    def heartbeats(self, count):
        """So many heartbeats; returns how many in a row had no answer at the end."""
        missed = 0
        for _ in range(count):
            if missed == 0:
                self.listen(INTERVAL)
            try:
                self.ask("HEARTBEAT_REQ")
                missed = 0
            except TimeoutError:
                missed += 1  # the interval has passed in waiting for the answer
        return missed

    def close(self):
        self.ask("CLOSE_REQ", Status="E_CTI_NO_ERROR")
        self.wire.reset()


@scenario
def desktop(stage):
    """A session with events, heartbeats and an orderly end."""
    client = Client(stage.side_a)
    client.open()
    client.set_state("AGENT_STATE_LOGIN")
    client.heartbeats(2)
    client.set_state("AGENT_STATE_AVAILABLE")
    client.heartbeats(4)
    client.set_state("AGENT_STATE_LOGOUT")
    client.close()


@scenario
def rejected(stage):
    """Three refusals, then a session."""
    for fields in ({"VersionNumber": 99}, {"ClientPassword": "wrong"}, {"IdleTimeout": 10}):
        client = Client(stage.side_a)
        client.open(**fields)
        client.wire.reset()
        time.sleep(0.3)
    client = Client(stage.side_a)
    client.open()
    client.heartbeats(1)
    client.close()


@scenario
def burst(stage):
    """Several hundred events in one go."""
    client = Client(stage.side_a)
    client.open()
    client.heartbeats(1)
    client.set_state("AGENT_STATE_WORK_READY")
    client.listen(1)
    client.heartbeats(2)
    client.close()


@scenario
def failover(stage):
    """Side A is killed; the client tries it again, then opens on side B."""
    client = Client(stage.side_a)
    client.open()
    client.heartbeats(3)
    client.listen(0.5)
    stage.kill_a()
    client.listen(0.5)
    client.wire.reset()
    time.sleep(0.3)
    try:
        Client(stage.side_a)
    except ConnectionError:
        Client.next_port += 1
    client = Client(stage.side_b)
    client.open()
    client.heartbeats(2)
    client.close()


@scenario
def heartbeat(stage):
    """Side A stops answering; after three missed heartbeats the client resets and opens on
    side B."""
    client = Client(stage.side_a)
    client.open()
    client.heartbeats(4)
    stage.stop_a()
    assert client.heartbeats(3) == 3
    client.wire.reset()
    client = Client(stage.side_b)
    client.open()
    client.heartbeats(2)
    client.close()
