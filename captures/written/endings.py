# SPDX-License-Identifier: GPL-2.0-or-later
"""Sessions that do not open, or end as they should not.  Rules: GED-188, chapter "Session
Management"."""
from ged188.tcp import CLIENT, SERVER, Host

from .calls import Agent, Call
from .script import BRIDGE, DESKTOP, SERVER_B, Session, capture, client_host
from .sessions import system_event

PHONE = ("5001", "1001", "5001")


@capture("open-rejected")
def open_rejected(made):
    """Three clients, three reasons; the last one mends what is wrong and opens."""
    reasons = ((99, {}, "E_CTI_INVALID_VERSION"),
               (24, {"ClientPassword": "wrong"}, "E_CTI_INVALID_PASSWORD"),
               (24, {"ClientID": None}, "E_CTI_REQUIRED_DATA_MISSING"))
    for number, (version, fields, status) in enumerate(reasons):
        session = Session(made, min(version, 25), client=client_host(1 + number),
                          begin=2 * number)
        session.connect().ask_to_open(agent=PHONE, VersionNumber=version, **fields)
        session.wait(0.01).server("FAILURE_CONF", {"InvokeID": session.invoke, "Status": status})
        session.reset(CLIENT)
    again = Session(made, client=Host("10.0.0.13", 50013), begin=10)
    again.open(agent=PHONE).heartbeats(2, 30).close()


@capture("open-no-answer")
def open_no_answer(made):
    """OPEN_REQ waits 30 s, and the client tries the other side."""
    session = Session(made)
    session.connect().ask_to_open(agent=PHONE).wait(30).reset(CLIENT)
    other = Session(made, client=Host("10.0.0.11", 50011), server=SERVER_B, begin=31)
    other.open(agent=PHONE, after=7.5).heartbeats(1, 30).close()


@capture("heartbeat-missed")
def heartbeat_missed(made):
    """Three heartbeats without answer, the client's reset, and side B."""
    session = Session(made)
    session.open(agent=PHONE).heartbeats(4, 30)
    for _ in range(3):
        session.lost_heartbeat(30)
    session.wait(30).reset(CLIENT)
    other = Session(made, client=Host("10.0.0.11", 50011), server=SERVER_B,
                    begin=session.now + 0.3)
    other.open(agent=PHONE).heartbeats(2, 30).close()


@capture("heartbeat-late")
def heartbeat_late(made):
    """One and two heartbeats are missed, then the server answers again."""
    session = Session(made)
    session.open(agent=PHONE).heartbeats(3, 30)
    session.lost_heartbeat(30)
    session.heartbeats(2, 30)
    session.lost_heartbeat(30)
    session.lost_heartbeat(30)
    session.heartbeats(2, 30).wait(1).close()


@capture("heartbeat-gap")
def heartbeat_gap(made):
    """The client is silent for 75 s, then for 110 of its 120 s."""
    session = Session(made)
    session.open(agent=PHONE).heartbeats(4, 30)
    session.heartbeats(1, 75).heartbeats(2, 30).heartbeats(1, 110).wait(1).close()


@capture("heartbeat-refused")
def heartbeat_refused(made):
    session = Session(made)
    session.open(agent=PHONE).heartbeats(2, 30).wait(30)
    session.request("HEARTBEAT_REQ", answer="FAILURE_CONF",
                    answer_fields={"Status": "E_CTI_CTI_SERVER_OFFLINE"})
    session.reset(CLIENT)


@capture("idle-timeout")
def idle_timeout(made):
    """The client goes silent; the server resets after IdleTimeout."""
    session = Session(made)
    agent = Agent(session)
    session.open(agent=agent.names).heartbeats(3, 30)
    session.wait(20)
    last = session.now
    agent.set_state("AGENT_STATE_AVAILABLE")
    session.wait(40)
    Call(agent, 16777216).handled()
    session.now = last + 120.2
    session.reset(SERVER)


@capture("server-offline")
def server_offline(made):
    session = Session(made, client=Host("10.0.0.40", 50100), client_id="BRIDGE1")
    session.open(services=BRIDGE, idle=20)
    system_event(session)
    session.heartbeats(4, 5).wait(2)
    system_event(session, "SYS_CTI_SERVER_OFFLINE")
    session.server("FAILURE_EVENT", {"Status": "E_CTI_CTI_SERVER_OFFLINE"})
    session.wait(0.02).finish(SERVER)


@capture("close-missing")
def close_missing(made):
    session = Session(made)
    agent = Agent(session)
    session.open(agent=agent.names)
    agent.log_in()
    session.heartbeats(3, 30).wait(5)
    Call(agent, 16777216).ring()
    session.wait(2).finish(CLIENT)


@capture("close-no-answer")
def close_no_answer(made):
    """CLOSE_REQ with E_CTI_TIMEOUT waits 5 s for CLOSE_CONF."""
    session = Session(made)
    session.open(agent=PHONE).heartbeats(2, 30).wait(30)
    session.invoke += 1
    session.client("CLOSE_REQ", {"InvokeID": session.invoke, "Status": "E_CTI_TIMEOUT"})
    session.wait(5.2).reset(CLIENT)


@capture("requests-failed")
def requests_failed(made):
    """Requests that fail, and one that is never answered."""
    session = Session(made)
    agent = Agent(session)
    session.open(agent=agent.names, services=DESKTOP)
    agent.log_in()
    session.wait(1).request(
        "SET_AGENT_STATE_REQ", {"AgentState": "AGENT_STATE_AVAILABLE", "AgentID": "1001"},
        answer="CONTROL_FAILURE_CONF", answer_fields={"FailureCode": 8})
    session.wait(1).request("ANSWER_CALL_REQ", {
        "ConnectionCallID": 4711, "ConnectionDeviceID": "5001", "AgentInstrument": "5001"},
        answer="FAILURE_CONF", answer_fields={"Status": "E_CTI_INVALID_CALLID"})
    session.invoke += 1
    session.wait(1).client("MAKE_CALL_REQ", {
        "InvokeID": session.invoke, "AgentInstrument": "5001", "DialedNumber": "5002"})
    session.heartbeats(2, 30).wait(1).close()


@capture("open-storm")
def open_storm(made):
    """Forty clients open at once on side B; the answers take longer and longer."""
    for number in range(40):
        session = Session(made, client=Host(f"10.0.1.{number + 1}", 50001), server=SERVER_B,
                          client_id=f"CTIOS{number + 1}", begin=number * 0.025)
        agent = (str(5001 + number), str(1001 + number), str(5001 + number))
        session.open(agent=agent, after=0.05 + number * number * 0.005)
