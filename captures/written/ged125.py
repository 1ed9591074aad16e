# SPDX-License-Identifier: GPL-2.0-or-later
"""Ten things that Wireshark's dissector of GED-125, the sister protocol with the same header,
does not do well (read in its source, packet-ged125.c), each as GED-188 traffic."""
from ged188.encode import Tagged, encode, header
from ged188.tcp import CLIENT, SERVER

from .calls import Agent, Call
from .script import BRIDGE, Session, capture, message

AGENT = ("5001", "1001", "5001")


def opened(made):
    return Session(made).open(agent=AGENT)


def system_event(**fields):
    return message("SYSTEM_EVENT", {"SystemEventID": 5} | fields)


@capture("ged125-01")
def two_in_a_segment(made):
    session = opened(made)
    session.wait(1).send(SERVER, system_event(Text="first") + system_event(Text="second"))
    session.wait(1).close()


@capture("ged125-02")
def header_split(made):
    session = opened(made)
    data = system_event(Text="first") + system_event(Text="second")
    for split in range(1, 8):
        session.wait(1).send(SERVER, data, sizes=[split, len(data) // 2])
    session.wait(1).close()


@capture("ged125-03")
def unknown_floating_tag(made):
    session = opened(made)
    session.wait(1).server("SYSTEM_EVENT", [
        ("SystemEventID", 5), Tagged(400, b"whatever it is"), ("Text", "behind it")])
    session.wait(1).server("SYSTEM_EVENT", {"SystemEventID": 5, "Text": "the next message"})
    session.wait(1).close()


@capture("ged125-04")
def length_wraps(made):
    session = opened(made)
    session.wait(1).send(SERVER, header(0xFFFFFFFF, 5) + b"\0\0\0\x07")
    session.wait(1).server("SYSTEM_EVENT", {"SystemEventID": 5, "Text": "found again"})
    session.wait(1).server("SYSTEM_EVENT", {"SystemEventID": 5, "Text": "in step again"})
    session.wait(1).close()


@capture("ged125-05")
def unknown_type(made):
    session = opened(made)
    session.wait(1).send(SERVER, header(12, 310) + b"not known\0\0\0" + system_event(Text="next"))
    session.wait(1).close()


@capture("ged125-06")
def many_in_a_frame(made):
    session = opened(made)
    call = Call(Agent(session), 16777216)
    session.wait(1).events(
        ("BEGIN_CALL_EVENT", call.begin_fields()),
        ("CALL_DELIVERED_EVENT", call.delivered_fields()),
        ("AGENT_STATE_EVENT", call.agent.state_fields("AGENT_STATE_RESERVED")),
        ("CALL_ESTABLISHED_EVENT", call.established_fields()),
        ("AGENT_STATE_EVENT", call.agent.state_fields("AGENT_STATE_TALKING")))
    session.wait(1).close()


@capture("ged125-07")
def missing_and_left_over(made):
    session = opened(made)
    session.wait(1).send(SERVER, message("CALL_CLEARED_EVENT", cut=6))
    session.wait(1).send(SERVER, message("SYSTEM_EVENT", tail=b"\0\x07"))
    session.wait(1).send(SERVER, header(10, 6) + b"\0\0\0\x07" + b"behind")
    session.wait(1).close()


@capture("ged125-08")
def strings_apart(made):
    """The same text in ANI and in DNIS of two calls."""
    session = opened(made)
    agent = Agent(session)
    for number, (caller, called) in enumerate((("5550100", "5550199"), ("5550199", "5550100"))):
        session.wait(1).server("BEGIN_CALL_EVENT", Call(agent, 16777216 + number).begin_fields(
            ANI=caller, DNIS=called))
    session.wait(1).close()


@capture("ged125-09")
def masks(made):
    session = Session(made)
    session.open(services=BRIDGE + "|CTI_SERVICE_SUPERVISOR|CTI_SERVICE_DEBUG",
                 granted=BRIDGE, idle=120, ConfigMsgMask="CONFIG_MSG_AGENT_MASK")
    session.wait(1).server("SYSTEM_EVENT", {
        "PGStatus": "PGS_CC_DOWN|PGS_PERIPHERAL_OFFLINE", "SystemEventID": 2})
    session.wait(1).close()


@capture("ged125-10")
def reused_request_numbers(made):
    """InvokeID 1 for everything, answers of two requests in one frame."""
    session = opened(made)
    for _ in range(3):
        session.invoke = 0
        session.heartbeats(1, 10)
    state = {"InvokeID": 1, "PeripheralID": 5000, "AgentID": "1001"}
    session.wait(1).send(CLIENT, message("HEARTBEAT_REQ", {"InvokeID": 1}) +
                         message("QUERY_AGENT_STATE_REQ", state))
    session.wait(0.004).send(SERVER, encode("HEARTBEAT_CONF", {"InvokeID": 1}) +
                             message("QUERY_AGENT_STATE_CONF",
                                     {"InvokeID": 1, "AgentID": "1001"}))
    session.invoke = 0
    session.wait(1).close()
