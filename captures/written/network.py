# SPDX-License-Identifier: GPL-2.0-or-later
"""Good sessions over a TCP that misbehaves: RFC 9293's repetition, reordering, overlap, and
captures that lack packets or begin too late."""
from ged188.facts import HEADER_SIZE
from ged188.pcap import ACK, PSH
from ged188.tcp import CLIENT, SERVER, Host

from .calls import Agent, Call
from .script import NOW, Session, capture, client_host, message

PHONE = ("5001", "1001", "5001")


def events(session, agent, numbers):
    """The bytes of some calls' events, without sending them."""
    parts = []
    for number in numbers:
        call = Call(agent, number)
        parts.append(message("BEGIN_CALL_EVENT", call.begin_fields(), session.version))
        parts.append(message("CALL_DELIVERED_EVENT", call.delivered_fields(), session.version))
        parts.append(message("CALL_ESTABLISHED_EVENT", call.established_fields(),
                             session.version))
        parts.append(message("END_CALL_EVENT", call.fields(), session.version))
    return parts


@capture("mid-session")
def mid_session(made):
    """No SYN, no OPEN_REQ; the first bytes are the end of a message."""
    session = Session(made, version=24)
    agent = Agent(session)
    begun = message("BEGIN_CALL_EVENT", Call(agent, 16777215).begin_fields(), 24)
    session.send(SERVER, begun[90:])
    session.invoke = 40
    session.heartbeats(2, 30)
    Call(agent, 16777216).handled()
    agent.set_state("AGENT_STATE_NOT_READY", reason=50)
    session.heartbeats(2, 30).wait(1).close()


@capture("mid-session-19")
def mid_session_19(made):
    """The same with one-byte tags, beginning between two messages."""
    session = Session(made, version=19)
    agent = Agent(session)
    session.invoke = 40
    session.heartbeats(1, 30)
    Call(agent, 16777216).handled()
    agent.set_state("AGENT_STATE_NOT_READY", reason=50)
    session.heartbeats(2, 30).wait(1).close()


@capture("split-coalesced")
def split_coalesced(made):
    """A message in many segments, a header split at each of its bytes, many in one segment."""
    session = Session(made)
    agent = Agent(session)
    session.open(agent=agent.names)
    parts = events(session, agent, [1])
    session.wait(1).send(SERVER, parts[0], sizes=[10] * 20)
    session.wait(1).send(SERVER, parts[1], sizes=[1] * len(parts[1]))
    for split in range(1, HEADER_SIZE):
        session.wait(1).send(SERVER, parts[3] * 2, sizes=[len(parts[3]) + split])
    session.wait(1).send(SERVER, b"".join(events(session, agent, range(2, 5))))
    session.wait(1).send(SERVER, b"".join(events(session, agent, [5])), sizes=[300, 1, 100])
    session.heartbeats(1, 15).wait(1).close()


@capture("retransmission")
def retransmission(made):
    """Exact ones, ones with less and ones with more than the first."""
    session = Session(made)
    agent = Agent(session)
    talk = session.open(agent=agent.names).talk
    parts = events(session, agent, range(1, 5))
    for number, data in enumerate(parts):
        start = len(talk.streams[SERVER])
        session.wait(0.5).send(SERVER, data, ack=number % 2 == 0)
        first, size = ((0, len(data)), (0, 40), (40, len(data) - 40))[number % 3]
        talk.repeat(SERVER, session.now + 0.2, start + first, size)
    start = talk.append(SERVER, parts[0])
    session.wait(0.5)
    talk.repeat(SERVER, session.now, start, 100)
    talk.repeat(SERVER, session.now + 0.3, start, len(parts[0]))
    talk.received[SERVER] = len(talk.streams[SERVER])
    talk.ack(CLIENT, session.now + 0.301)
    session.wait(0.5).heartbeats(2, 15)
    talk.keep_alive(CLIENT, session.now + 2)
    talk.keep_alive(CLIENT, session.now + 4, size=1)
    session.wait(6).close()


@capture("reordering")
def reordering(made):
    """Neighbours swapped, one late by five, twelve in reverse."""
    session = Session(made)
    agent = Agent(session)
    session.open(agent=agent.names)
    data = b"".join(events(session, agent, [1, 2]))
    piece = len(data) // 12
    for order in ([1, 0] + list(range(2, 13)), [1, 2, 3, 4, 5, 0] + list(range(6, 13)),
                  list(range(12, -1, -1))):
        session.wait(1).send(SERVER, data, sizes=[piece] * 13,
                             order=[index for index in order if index * piece < len(data)])
    session.heartbeats(2, 15).wait(1).close()


@capture("overlap")
def overlap(made):
    """Segments that overlap: with the same bytes, and with others (the first seen count)."""
    session = Session(made)
    agent = Agent(session)
    talk = session.open(agent=agent.names).talk
    data = events(session, agent, [1])[0]
    start = talk.append(SERVER, data)
    session.wait(1)
    talk.repeat(SERVER, session.now, start, 120)
    talk.repeat(SERVER, session.now + 0.01, start + 60, 120)
    talk.overwrite(SERVER, session.now + 0.02, start + 100, b"X" * 60 +
                   data[160:])
    talk.received[SERVER] = len(talk.streams[SERVER])
    talk.ack(CLIENT, session.now + 0.03)
    session.wait(1).heartbeats(2, 15).wait(1).close()


@capture("sequence-wrap")
def sequence_wrap(made):
    """Sequence numbers pass 2^32: between segments from the client, inside one from the
    server."""
    session = Session(made, client=client_host(1, initial=2 ** 32 - 150))
    session.talk.initial[SERVER] = 2 ** 32 - 400
    agent = Agent(session)
    session.open(agent=agent.names)
    for part in events(session, agent, [1, 2]):
        session.wait(0.5).send(SERVER, part)
    session.heartbeats(3, 15).wait(1).close()


@capture("lost-segments")
def lost_segments(made):
    """The capture lacks segments that the other end acknowledges."""
    session = Session(made)
    agent = Agent(session)
    session.open(agent=agent.names)
    for part in events(session, agent, [1]):
        session.wait(0.5).send(SERVER, part)
    data = b"".join(events(session, agent, [2]))
    session.wait(1).send(SERVER, data, sizes=[200] * 4, lost=[1])
    session.wait(1).send(SERVER, b"".join(events(session, agent, [3])))
    session.heartbeats(1, 15)
    session.invoke += 1
    session.wait(10).client("HEARTBEAT_REQ", {"InvokeID": session.invoke})
    session.wait(0.001).send(SERVER, message("HEARTBEAT_CONF", {"InvokeID": session.invoke}),
                             lost=[0])
    session.heartbeats(2, 15).wait(1).close()


@capture("one-direction")
def one_direction(made):
    """Only what the server sends was captured."""
    session = Session(made)
    agent = Agent(session)
    session.connect()
    del made.records[:]
    talk = session.talk
    talk.append(CLIENT, message("OPEN_REQ", {"InvokeID": 1} | session.open_fields(agent=PHONE)))
    talk.received[CLIENT] = len(talk.streams[CLIENT])
    session.server("OPEN_CONF", {"InvokeID": 1, "ServicesGranted": 7, "MonitorID": 1,
                                 "ICMCentralControllerTime": NOW, "PeripheralOnline": 1,
                                 "SessionType": 1}, ack=False)
    for part in events(session, agent, [1, 2]):
        session.wait(0.5).send(SERVER, part, ack=False)
    for number in range(2, 6):
        talk.append(CLIENT, message("HEARTBEAT_REQ", {"InvokeID": number}))
        talk.received[CLIENT] = len(talk.streams[CLIENT])
        session.wait(30).server("HEARTBEAT_CONF", {"InvokeID": number}, ack=False)


@capture("port-reused")
def port_reused(made):
    """The same ports again: after FIN, after RST, and with a late SYN of the first."""
    for number, begin in enumerate((0, 70, 140)):
        session = Session(made, client=Host("10.0.0.11", 50001, 1000000 * (number + 1)),
                          begin=begin)
        session.talk.initial[SERVER] = 90000000 * (number + 1)
        session.open(agent=PHONE).heartbeats(2, 25).wait(1)
        session.request("CLOSE_REQ")
        (session.finish if number == 0 else session.reset)(CLIENT)
        if number == 2:
            session.talk.segment(CLIENT, begin + 20, 2, 1000000)


@capture("zero-window")
def zero_window(made):
    """The client's window is full for 12 s; the server probes."""
    session = Session(made)
    agent = Agent(session)
    talk = session.open(agent=agent.names).talk
    session.wait(1).send(SERVER, b"".join(events(session, agent, range(1, 4))), ack=False)
    full = talk.sequence(CLIENT, len(talk.streams[CLIENT]))
    talk.segment(CLIENT, session.now + 0.001, ACK, full, window=0)
    for delay in (1, 3, 7):
        talk.segment(SERVER, session.now + delay, ACK | PSH,
                     talk.sequence(SERVER, len(talk.streams[SERVER]) - 1), b"")
        talk.segment(CLIENT, session.now + delay + 0.0002, ACK, full, window=0)
    session.wait(12)
    talk.ack(CLIENT, session.now)
    for part in events(session, agent, [4]):
        session.wait(0.1).send(SERVER, part)
    session.heartbeats(2, 15).wait(1).close()


@capture("nagle")
def nagle(made):
    """The server holds small segments back until the client's delayed acknowledgment."""
    session = Session(made)
    agent = Agent(session)
    session.open(agent=agent.names)
    for number, delay in enumerate((0.2, 0.19, 0.04, 0.2, 0.12, 0.2, 0.04, 0.18)):
        parts = events(session, agent, [number])
        session.wait(1).send(SERVER, parts[0], ack=False)
        session.talk.ack(CLIENT, session.now + delay)
        session.wait(delay + 0.0001).send(SERVER, b"".join(parts[1:]))
    session.heartbeats(2, 15).wait(1).close()
