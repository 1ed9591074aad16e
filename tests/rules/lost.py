# SPDX-License-Identifier: GPL-2.0-or-later
"""Lost sessions with known causes, each among clients that keep theirs; lost.txt has the verdict
of each one, who is to blame, and words of the first screen and of the facts for and against it."""
from ged188.pcap import ACK, RST
from ged188.tcp import CLIENT, SERVER, Host
from scripts import BRIDGE, MONITOR, ask, begin, close_request, confirm, leave, \
    missed, offline, opened, other_ttl, refuse, refused_heartbeat, replaced, script, silent, \
    tls_alert, vote
from written.calls import Agent
from written.script import Session, message
from written.sessions import system_event

BYSTANDERS = 12


def lost(name):
    """Registers a script of a lost session; others go on beside it."""
    def register(function):
        def among(made):
            for number in range(BYSTANDERS):
                opened(made, number=20 + number, client_id=f"OTHER{number + 1}",
                       begin=0.7 * number).heartbeats(3, 30).close()
            function(made)
        return script(f"lost-{name}")(among)
    return register


def agent_event(session, **options):
    """Something the server tells."""
    return session.send(SERVER, message("AGENT_STATE_EVENT", {"AgentID": "1001"}, 24), **options)


def unheard(session, sender, data):
    """A message that the other end's TCP does not acknowledge: it is sent again until it gives up."""
    talk = session.talk
    start = len(talk.streams[sender])
    session.send(sender, data, ack=False)
    for after in (0.3, 0.9, 2.1, 4.5, 9.3):
        talk.repeat(sender, session.now + after, start, len(talk.streams[sender]) - start)
    return session


def unknown_connection(session, sender):
    """The RST of a host that does not know the connection (any more): it acknowledges nothing."""
    session.talk.segment(sender, session.now, RST,
                         session.talk.sequence(sender, len(session.talk.streams[sender])))


def stops_reading(session, sender, seconds):
    """Its receive window is 0 until the other end gives up."""
    session.talk.segment(sender, session.now, ACK,
                         session.talk.sequence(sender, len(session.talk.streams[sender])), window=0)
    return session.wait(seconds)


def without_acknowledgments(session):
    """What the server sent last does not arrive, though the client's packets do."""
    session.talk.received[SERVER] -= len(message("AGENT_STATE_EVENT", {"AgentID": "1001"}, 24))
    session.invoke += 1
    return session.wait(1).client("HEARTBEAT_REQ", {"InvokeID": session.invoke}, ack=False)


# ---- heartbeats without answer ----

@lost("server-hangs")
def server_hangs(made):
    """Its TCP works, its process does not."""
    missed(made, 3).wait(30).reset(CLIENT)


@lost("path-dead")
def path_dead(made):
    """Nothing of the server comes any more, not even an acknowledgment."""
    session = opened(made)
    for _ in range(3):
        session.invoke += 1
        unheard(session.wait(30), CLIENT,
                message("HEARTBEAT_REQ", {"InvokeID": session.invoke}, 24))
    session.wait(30).reset(CLIENT)


@lost("server-half-dead")
def server_half_dead(made):
    """It still sends events."""
    session = opened(made)
    for _ in range(3):
        agent_event(session.lost_heartbeat(30))
    session.wait(30).reset(CLIENT)


@lost("heartbeats-then-close")
def heartbeats_then_close(made):
    """The client says that it closes, but it is the server that is gone."""
    session = missed(made, 3).wait(30)
    session.invoke += 1
    session.client("CLOSE_REQ", {"InvokeID": session.invoke, "Status": "E_CTI_TIMEOUT"})
    session.wait(5).reset(CLIENT)


# ---- the idle timer ----

@lost("client-hangs")
def client_hangs(made):
    session = opened(made).wait(60)
    agent_event(session).wait(60.1).reset(SERVER)


@lost("client-gone")
def client_gone(made):
    """Not even its TCP answers."""
    session = opened(made).wait(60)
    unheard(session, SERVER, message("AGENT_STATE_EVENT", {"AgentID": "1001"}, 24))
    session.wait(60.1).reset(SERVER)


@lost("idle-unseen")
def idle_unseen(made):
    """The server's reset was lost on the way; the client meets one at its next request."""
    ask(silent(made, (60,)).wait(200)).reset(SERVER)


# ---- what was said ----

@lost("server-offline")
def server_offline(made):
    offline(made).wait(0.02).finish(SERVER)


@lost("heartbeat-refused")
def heartbeat_refused(made):
    refused_heartbeat(made).reset(CLIENT)


@lost("replaced")
def is_replaced(made):
    replaced(made, event=True)


@lost("replaced-silently")
def replaced_silently(made):
    """The server only resets the older session."""
    replaced(made)


@lost("replaced-unseen")
def replaced_unseen(made):
    """The client opened its next session where nothing was captured."""
    session = opened(made)
    session.server("FAILURE_EVENT", {"Status": "E_CTI_NEW_SESSION_OPENED"}).reset(SERVER)


@lost("maintenance")
def maintenance(made):
    leave(vote(made)).reset(SERVER)


@lost("rejected")
def rejected(made):
    refuse(begin(made).ask_to_open(services=MONITOR), "E_CTI_INVALID_PASSWORD").reset(CLIENT)


# ---- TCP's end without a word ----

@lost("client-fin")
def client_fin(made):
    opened(made).wait(3).finish(CLIENT)


@lost("client-reset")
def client_reset(made):
    """It waited for an answer."""
    ask(opened(made).wait(3)).wait(12).reset(CLIENT)


@lost("server-fin")
def server_fin(made):
    opened(made).wait(3).finish(SERVER)


@lost("server-reset")
def server_reset(made):
    opened(made).wait(3).reset(SERVER)


@lost("stale-connection")
def stale_connection(made):
    """A client without IdleTimeout is silent for 40 minutes, and then meets a reset."""
    session = begin(made).ask_to_open(services=MONITOR, idle=0xFFFFFFFF).wait(0.01)
    ask(confirm(session).wait(2400)).wait(0.05).reset(SERVER)


@lost("open-unanswered")
def open_unanswered(made):
    begin(made).ask_to_open(services=MONITOR).wait(31).reset(CLIENT)


@lost("open-waits")
def open_waits(made):
    """Still without answer when the capture ends."""
    begin(made).ask_to_open(services=MONITOR)


# ---- what the capture does not show ----

@lost("gap-of-client")
def gap_of_client(made):
    session = opened(made).wait(3)
    session.send(CLIENT, message("CLOSE_REQ", {"InvokeID": 50}, 24), lost=[0])
    session.wait(0.5).finish(CLIENT)


@lost("gap-of-server")
def gap_of_server(made):
    session = opened(made).wait(3)
    session.send(SERVER, message("FAILURE_EVENT", {"Status": "E_CTI_CTI_SERVER_OFFLINE"}, 24),
                 lost=[0])
    session.wait(0.5).finish(SERVER)


@lost("gap-before-reset")
def gap_before_reset(made):
    """The client resets after something of the server that was not captured."""
    session = opened(made).wait(3)
    session.send(SERVER, message("FAILURE_EVENT", {"Status": "E_CTI_CTI_SERVER_OFFLINE"}, 24),
                 lost=[0])
    session.wait(0.5).reset(CLIENT)


@lost("gap-of-open-conf")
def gap_of_open_conf(made):
    """The answer to OPEN_REQ was not captured; the client then ends the connection."""
    session = begin(made).ask_to_open(services=MONITOR).wait(0.01)
    session.server("OPEN_CONF", {"InvokeID": session.invoke}, lost=[0])
    session.wait(20).reset(CLIENT)


@lost("gap-before-server")
def gap_before_server(made):
    """The server closes right after something of the client that was not captured."""
    session = opened(made).wait(3)
    session.send(CLIENT, message("CLOSE_REQ", {"InvokeID": 50}, 24), lost=[0])
    session.wait(0.5).finish(SERVER)


@lost("port-again")
def port_again(made):
    """No end was captured; the client begins anew from the same port."""
    session = opened(made).wait(40)
    again = Session(made, client=Host("10.0.0.11", 50001, 900000), begin=session.now + 10)
    again.talk.initial[SERVER] = 400000
    again.connect().ask_to_open(services=MONITOR).wait(0.01)
    confirm(again).heartbeats(1, 30).close()


@lost("acknowledgments-not-captured")
def acknowledgments_not_captured(made):
    """Nothing of the client is captured any more, but the server does not repeat its event: the
    client's TCP got it."""
    session = opened(made).wait(3)
    agent_event(session, ack=False).wait(20).reset(SERVER)


@lost("left-after-gap")
def left_after_gap(made):
    """The answer to one request was not captured; whether it waited at the end is not known."""
    session = ask(opened(made).wait(3))
    session.server("QUERY_AGENT_STATE_CONF", {"InvokeID": session.invoke}, lost=[0])
    session.heartbeats(1, 30).wait(3).reset(CLIENT)


# ---- what TCP shows ----

@lost("events-into-the-void")
def events_into_the_void(made):
    session = opened(made).wait(3)
    unheard(session, SERVER, message("AGENT_STATE_EVENT", {"AgentID": "1001"}, 24))
    session.wait(18.9).reset(SERVER)


@lost("requests-into-the-void")
def requests_into_the_void(made):
    """The client gives up before its third heartbeat."""
    session = opened(made).wait(3)
    session.invoke += 1
    unheard(session, CLIENT, message("QUERY_AGENT_STATE_REQ", {"InvokeID": session.invoke}, 24))
    session.wait(15).reset(CLIENT)


@lost("client-restarts")
def client_restarts(made):
    """The client's host is gone for a while; when it is back, it does not know the connection."""
    session = opened(made).wait(3)
    unheard(session, SERVER, message("AGENT_STATE_EVENT", {"AgentID": "1001"}, 24))
    unknown_connection(session.wait(12), CLIENT)


@lost("server-restarts")
def server_restarts(made):
    """The same, the other way round."""
    session = opened(made).wait(3)
    session.invoke += 1
    unheard(session, CLIENT, message("QUERY_AGENT_STATE_REQ", {"InvokeID": session.invoke}, 24))
    unknown_connection(session.wait(12), SERVER)


@lost("open-into-the-void")
def open_into_the_void(made):
    session = begin(made)
    session.invoke += 1
    unheard(session, CLIENT, message("OPEN_REQ", {"InvokeID": session.invoke} |
                                     session.open_fields(services=MONITOR), 24))
    session.wait(31).reset(CLIENT)


@lost("one-way")
def one_way(made):
    """The server's data does not arrive, but the client still sends."""
    session = opened(made).wait(3)
    unheard(session, SERVER, message("AGENT_STATE_EVENT", {"AgentID": "1001"}, 24))
    without_acknowledgments(session).wait(18).reset(SERVER)


@lost("client-does-not-read")
def client_does_not_read(made):
    stops_reading(opened(made).wait(3), CLIENT, 25).reset(SERVER)


@lost("server-does-not-read")
def server_does_not_read(made):
    stops_reading(opened(made).wait(3), SERVER, 25).reset(CLIENT)


@lost("idle-server-does-not-read")
def idle_server_does_not_read(made):
    """The client cannot send, so the server's own idle timer fires."""
    stops_reading(opened(made).wait(3), SERVER, 117.2).reset(SERVER)


@lost("reset-from-between")
def reset_from_between(made):
    session = opened(made).wait(12).reset(SERVER)
    other_ttl(session, made)


@lost("client-reset-from-between")
def client_reset_from_between(made):
    session = opened(made).wait(12).reset(CLIENT)
    other_ttl(session, made)


@lost("tls-expected")
def tls_expected(made):
    tls_alert(begin(made).ask_to_open(services=MONITOR)).finish(SERVER)


# ---- what was reported before the end ----

@lost("server-closes")
def server_closes(made):
    session = opened(made).wait(3)
    session.server("CLOSE_REQ", {"InvokeID": 900, "Status": "E_CTI_NO_ERROR"}).wait(0.01)
    session.client("CLOSE_CONF", {"InvokeID": 900}).wait(0.1).reset(SERVER)


@lost("server-fails")
def server_fails(made):
    offline(made, "E_CTI_UNSPECIFIED_FAILURE").wait(0.5).finish(SERVER)


@lost("failure-then-close")
def failure_then_close(made):
    """Not lost: the client closes, but the server had a reason for it."""
    offline(made, "E_CTI_UNSPECIFIED_FAILURE").wait(0.5).close()


@lost("close-refused")
def close_refused(made):
    """Not lost: the client wanted it."""
    session = close_request(opened(made)).wait(0.01)
    session.server("FAILURE_CONF", {"InvokeID": session.invoke,
                                    "Status": "E_CTI_UNSPECIFIED_FAILURE"}).reset(CLIENT)


def reported(made, *events):
    """A session that gets SYSTEM_EVENTs."""
    session = begin(made).ask_to_open(services=BRIDGE).wait(0.01)
    system_event(confirm(session, BRIDGE)).heartbeats(2, 30)
    for event in events:
        status = 8 if event == "SYS_CTI_SERVER_OFFLINE" else 0
        session.wait(1).server("SYSTEM_EVENT", {"SystemEventID": event, "PGStatus": status})
    return session


@lost("offline-by-system-event")
def offline_by_system_event(made):
    reported(made, "SYS_CTI_SERVER_OFFLINE").wait(0.3).reset(SERVER)


@lost("offline-taken-back")
def offline_taken_back(made):
    """The server was back before it reset the connection."""
    reported(made, "SYS_CTI_SERVER_OFFLINE", "SYS_CTI_SERVER_ONLINE").wait(0.3).reset(SERVER)


@lost("refused-heartbeat-stays")
def refused_heartbeat_stays(made):
    """The client does nothing until the server ends it."""
    refused_heartbeat(made).wait(120).reset(SERVER)


@lost("offline-stays")
def offline_stays(made):
    offline(made).wait(60).finish(SERVER)


@lost("rejected-offline")
def rejected_offline(made):
    refuse(begin(made).ask_to_open(services=MONITOR), "E_CTI_CTI_SERVER_OFFLINE").reset(CLIENT)


# ---- the client's choice ----

@lost("client-leaves")
def client_leaves(made):
    """A reset, and nothing that waited: many clients never send CLOSE_REQ."""
    opened(made).wait(3).reset(CLIENT)


@lost("client-fin-waits")
def client_fin_waits(made):
    """FIN, though a request had no response."""
    ask(opened(made).wait(3)).wait(12).finish(CLIENT)


@lost("two-heartbeats")
def two_heartbeats(made):
    """The client gives up after two."""
    missed(made, 2).wait(30).reset(CLIENT)


@lost("request-just-sent")
def request_just_sent(made):
    """The server had no time to answer."""
    ask(opened(made).wait(3)).wait(0.05).reset(CLIENT)


@lost("request-answered-by-reset")
def request_answered_by_reset(made):
    """The server's program crashes at a request."""
    ask(opened(made).wait(3)).wait(0.05).reset(SERVER)


@lost("open-given-up")
def open_given_up(made):
    """The client waits for 3 s only."""
    begin(made).ask_to_open(services=MONITOR).wait(3).reset(CLIENT)


# ---- not lost ----

@lost("capture-ends")
def capture_ends(made):
    """Three heartbeats without answer, and the capture ends before the client does anything."""
    session = missed(made, 3).wait(20)
    opened(made, number=9, begin=session.now - 65).close()


@lost("agent-logs-out")
def agent_logs_out(made):
    """Not lost at all: the client closes."""
    session = opened(made)
    Agent(session).state("AGENT_STATE_LOGOUT")
    session.close()
