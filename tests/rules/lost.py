# SPDX-License-Identifier: GPL-2.0-or-later
"""Lost sessions with known causes, each among clients that keep theirs; lost.txt has the verdict
of each one and words of the facts for it and against it."""
from ged188.tcp import CLIENT, SERVER, Host
from scripts import MONITOR, ask, begin, confirm, leave, missed, offline, opened, refuse, \
    refused_heartbeat, replaced, script, silent, vote
from written.calls import Agent
from written.script import Session, message

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
