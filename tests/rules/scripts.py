# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures that break one rule each, and the nearest behaviour that keeps it.

A script is a function that adds frames to a Capture; SCRIPTS has them by name, and table.txt
says which findings each one gives.  They are made when the tests run: the clock is made too, so
the bytes are the same each time, and a hundred small files need not be kept.
"""
from ged188.encode import Tagged
from ged188.pcap import ACK, RST, SYN, Capture, checksum
from ged188.tcp import CLIENT, SERVER, Host
from written.calls import Agent, Call
from written.script import BRIDGE, DESKTOP, NO_IDLE_TIMEOUT, NOW, PERIPHERAL, SERVER_A, SERVER_B, \
    Session, message
from written.sessions import system_event

SCRIPTS = {}
MONITOR = "CTI_SERVICE_CONNECTION_MONITOR"
STANDBY = MONITOR + "|CTI_SERVICE_ACTIVE_STANDBY"
PHONE = ("5001", "1001", "5001")


def script(name, **options):
    """Registers a function under a name; options are Capture's."""
    def register(function):
        def make():
            made = Capture(**options)
            function(made)
            return made
        assert name not in SCRIPTS, name
        SCRIPTS[name] = make
        return function
    return register


# ---- pieces ----

def begin(made, number=1, port=None, **options):
    """A session that is connected, and nothing more."""
    host = Host(f"10.0.0.{10 + number}", port or 50000 + number)
    return Session(made, client=host, **options).connect()


def confirm(session, granted=MONITOR, **fields):
    """OPEN_CONF."""
    return session.server("OPEN_CONF", {
        "InvokeID": session.invoke, "ServicesGranted": granted, "MonitorID": 1,
        "ICMCentralControllerTime": NOW, "PeripheralOnline": 1,
        "PeripheralType": "PT_ENTERPRISE_AGENT", "AgentState": "AGENT_STATE_UNKNOWN",
        "SessionType": 1} | fields)


def opened(made, services=MONITOR, idle=120, **options):
    """A session that is open and has its first heartbeats behind it."""
    session = begin(made, **options).ask_to_open(services=services, idle=idle).wait(0.01)
    return confirm(session, services).heartbeats(2, idle / 4)


def refuse(session, status, after=0.01):
    """FAILURE_CONF to OPEN_REQ."""
    return session.wait(after).server("FAILURE_CONF", {"InvokeID": session.invoke,
                                                       "Status": status})


def ask(session, key="QUERY_AGENT_STATE_REQ", **fields):
    """A request without its answer."""
    session.invoke += 1
    return session.client(key, {"InvokeID": session.invoke, "AgentID": "1001"} | fields)


def close_request(session, status="E_CTI_NO_ERROR"):
    """CLOSE_REQ without its answer."""
    session.invoke += 1
    return session.client("CLOSE_REQ", {"InvokeID": session.invoke, "Status": status})


def close_confirm(session, after=0.003):
    return session.wait(after).server("CLOSE_CONF", {"InvokeID": session.invoke})


def other_ttl(session, made, ttl=254):
    """Gives the last packet another TTL, with the checksum of its header."""
    time, frame = made.records[-1]
    head = bytearray(frame[14:34])
    head[8], head[10:12] = ttl, bytes(2)
    head[10:12] = checksum(bytes(head)).to_bytes(2, "big")
    made.records[-1] = (time, frame[:14] + bytes(head) + frame[34:])
    return session


def tls_alert(session):
    """What a TLS server answers to bytes that are not TLS."""
    return session.wait(0.002).send(SERVER, bytes((21, 3, 3, 0, 2, 2, 70)))


def later(made, at):
    """A session of another client, so that the capture goes on."""
    opened(made, number=9, begin=at).close()


def try_to_connect(made, at, server, port, answered=True):
    """SYN, and RST where the port is closed."""
    talk = Session(made, client=Host("10.0.0.11", port), server=server).talk
    talk.segment(CLIENT, at, SYN, talk.initial[CLIENT])
    if answered:
        talk.segment(SERVER, at + 0.0002, RST | ACK, 0, acknowledgment=talk.initial[CLIENT] + 1)


# ---- connection ----

@script("sides-in-a-row")
def sides_in_a_row(made):
    """Refused on side A three times before side B is tried."""
    for number in range(3):
        try_to_connect(made, 2 * number, SERVER_A, 50021 + number)
    opened(made, server=SERVER_B, begin=6).close()


@script("sides-in-turn")
def sides_in_turn(made):
    """Refused on A, B, A, and then B takes the connection."""
    for number, side in enumerate((SERVER_A, SERVER_B, SERVER_A)):
        try_to_connect(made, 2 * number, side, 50021 + number)
    opened(made, server=SERVER_B, begin=6).close()


@script("sides-repeated-syn")
def sides_repeated_syn(made):
    """A system that repeats its SYN from the same port when it is refused."""
    for number in range(3):
        try_to_connect(made, 0.5 * number, SERVER_A, 50021)
    opened(made, server=SERVER_B, begin=6).close()


@script("linger-half-open")
def linger_half_open(made):
    """FIN of the client; the server's comes 12 s later."""
    session = close_confirm(close_request(opened(made)))
    session.talk.fin(CLIENT, session.now)
    session.talk.fin(SERVER, session.now + 12)


@script("linger-left-open")
def linger_left_open(made):
    """CLOSE_CONF, and then nothing ends the connection."""
    session = close_confirm(close_request(opened(made)))
    later(made, session.now + 8)


@script("linger-fin-both")
def linger_fin_both(made):
    opened(made).request("CLOSE_REQ").finish(CLIENT)


@script("linger-reset")
def linger_reset(made):
    opened(made).close()


def held_back(made, sender, delays):
    """A small message, its acknowledgment after a delay, and at once the next one."""
    session = opened(made)
    for number, delay in enumerate(delays):
        session.wait(1)
        for part in range(2):
            data = message("AGENT_STATE_EVENT" if sender == SERVER else "USER_MESSAGE_REQ",
                           {"AgentID": "1001"} if sender == SERVER else
                           {"InvokeID": 500 + 2 * number + part, "Distribution": 0}, 24)
            session.send(sender, data, ack=part == 1)
            if part == 0:
                session.talk.ack(1 - sender, session.now + delay)
                session.wait(delay + 0.0001)
        if sender == CLIENT:
            for part in range(2):
                session.wait(0.01).server("USER_MESSAGE_CONF",
                                          {"InvokeID": 500 + 2 * number + part})
    session.heartbeats(1, 30).close()


@script("nagle-server")
def nagle_server(made):
    held_back(made, SERVER, (0.2, 0.04, 0.2, 0.19))


@script("nagle-client")
def nagle_client(made):
    held_back(made, CLIENT, (0.2, 0.04, 0.2))


@script("nagle-twice")
def nagle_twice(made):
    """Two times may be chance."""
    held_back(made, SERVER, (0.2, 0.2))


@script("nagle-off")
def nagle_off(made):
    """Acknowledgments are as late, but small messages do not wait for them."""
    session = opened(made)
    for _ in range(8):
        session.wait(1)
        for _ in range(3):
            session.send(SERVER, message("AGENT_STATE_EVENT", {"AgentID": "1001"}, 24), ack=False)
        session.talk.ack(CLIENT, session.now + 0.2)
        session.wait(0.2)
        session.send(SERVER, message("AGENT_STATE_EVENT", {"AgentID": "1001"}, 24))
    session.heartbeats(1, 30 - 0.3).close()


def window(made, sender, seconds):
    """The receive window of one end is 0 for a time."""
    session = opened(made).wait(3)
    for size in (0, 64240):
        session.talk.segment(sender, session.now, ACK,
                             session.talk.sequence(sender, len(session.talk.streams[sender])),
                             window=size)
        session.wait(seconds if size == 0 else 0.001)
    return session.heartbeats(1, 27 - seconds)


@script("window-client-20s")
def window_client_20s(made):
    window(made, CLIENT, 20).close()


@script("window-server-2s")
def window_server_2s(made):
    window(made, SERVER, 2).close()


@script("window-briefly")
def window_briefly(made):
    window(made, CLIENT, 0.5).close()


@script("address-of-another")
def address_of_another(made):
    """The server's SYN-ACK leaves through its other network card, and the client refuses it."""
    for number in range(3):
        at = 10.0 * number
        talk = Session(made, client=Host("10.0.0.11", 50021 + number)).talk
        other = Session(made, client=Host("10.0.0.11", 50021 + number),
                        server=("10.0.20.2", SERVER_A[1])).talk
        talk.segment(CLIENT, at, SYN, talk.initial[CLIENT])
        other.segment(SERVER, at + 0.0004, SYN | ACK, other.initial[SERVER],
                      acknowledgment=talk.initial[CLIENT] + 1)
        other.segment(CLIENT, at + 0.0006, RST, talk.initial[CLIENT] + 1)
    opened(made, begin=40).close()


@script("address-of-another-server")
def address_of_another_server(made):
    """Another server of the capture answers its own clients."""
    opened(made, server=SERVER_B, number=2).close()
    opened(made, begin=1).close()


@script("tls-server-only")
def tls_server_only(made):
    tls_alert(begin(made).ask_to_open(services=MONITOR)).finish(SERVER)


CLIENT_HELLO = bytes((22, 3, 1, 0, 197, 1, 0, 0, 193, 3, 3)) + bytes(191)


@script("tls-client-only")
def tls_client_only(made):
    """ClientHello on a port without TLS: the server resets."""
    begin(made).send(CLIENT, CLIENT_HELLO).wait(0.01).reset(SERVER)
    later(made, 2)


@script("tls-client-only-answered")
def tls_client_only_answered(made):
    """The same, and the server answers with a message."""
    session = begin(made).send(CLIENT, CLIENT_HELLO).wait(0.01)
    session.server("FAILURE_EVENT", {"Status": "E_CTI_UNSPECIFIED_FAILURE"}).finish(SERVER)
    later(made, 2)


@script("tls-both")
def tls_both(made):
    """A handshake that both ends begin."""
    session = begin(made).send(CLIENT, CLIENT_HELLO).wait(0.01)
    session.send(SERVER, bytes((22, 3, 3, 0, 90)) + bytes(90)).wait(1).finish(SERVER)
    later(made, 2)


@script("tls-answer-in-gap")
def tls_answer_in_gap(made):
    """The server's answer was not captured, so it is not known whether it speaks TLS."""
    session = begin(made).send(CLIENT, CLIENT_HELLO).wait(0.01)
    session.send(SERVER, bytes((22, 3, 3, 0, 90)) + bytes(90), lost=[0]).wait(1).finish(SERVER)
    later(made, 2)


# ---- opening ----

@script("open-too-early")
def open_too_early(made):
    """A request while OPEN_REQ waits."""
    session = ask(begin(made).ask_to_open(services=MONITOR))
    request = session.invoke
    session.invoke = 1
    confirm(session.wait(0.02))
    session.wait(0.01).server("QUERY_AGENT_STATE_CONF", {"InvokeID": request, "AgentID": "1001"})
    session.invoke = request
    session.heartbeats(1, 30).close()


@script("open-first-is-another")
def open_first_is_another(made):
    """No OPEN_REQ at all."""
    session = ask(begin(made))
    session.wait(0.01).server("FAILURE_CONF", {"InvokeID": session.invoke,
                                               "Status": "E_CTI_SESSION_NOT_OPEN"})
    session.wait(0.1).reset(CLIENT)


@script("open-again")
def open_again(made):
    """OPEN_REQ on an open session; the server refuses it."""
    session = opened(made).ask_to_open(services=MONITOR)
    refuse(session, "E_CTI_SESSION_ALREADY_OPEN").heartbeats(1, 30).close()


@script("open-not-waited")
def open_not_waited(made):
    """OPEN_REQ again while the first one waits."""
    session = begin(made).ask_to_open(services=MONITOR).wait(3).ask_to_open(services=MONITOR)
    confirm(session.wait(0.01)).heartbeats(2, 30)
    session.close()


@script("open-well")
def open_well(made):
    opened(made).close()


def slow_open(made, after):
    session = begin(made).ask_to_open(services=MONITOR).wait(after)
    confirm(session).heartbeats(1, 30).close()


@script("open-after-6s")
def open_after_6s(made):
    slow_open(made, 6)


@script("open-after-35s")
def open_after_35s(made):
    slow_open(made, 35)


@script("open-after-65s")
def open_after_65s(made):
    slow_open(made, 65)


@script("open-after-4s")
def open_after_4s(made):
    slow_open(made, 4.9)


@script("open-never")
def open_never(made):
    begin(made).ask_to_open(services=MONITOR).wait(60).reset(CLIENT)


@script("open-given-up")
def open_given_up(made):
    """The client waits for 10 s only."""
    begin(made).ask_to_open(services=MONITOR).wait(10).reset(CLIENT)


@script("rejected-reset")
def rejected_reset(made):
    refuse(begin(made).ask_to_open(services=MONITOR), "E_CTI_INVALID_PASSWORD").reset(CLIENT)


@script("rejected-peripheral")
def rejected_peripheral(made):
    refuse(begin(made).ask_to_open(services=MONITOR, PeripheralID=0),
           "E_CTI_INVALID_PERIPHERAL_ID").reset(CLIENT)


@script("rejected-agent-data")
def rejected_agent_data(made):
    refuse(begin(made).ask_to_open(services=DESKTOP, agent=PHONE),
           "E_CTI_INCONSISTENT_AGENT_DATA").reset(CLIENT)


@script("rejected-not-master")
def rejected_not_master(made):
    """A client of the sister product looks for the master."""
    refuse(begin(made, version=17).ask_to_open(services=MONITOR), 92).reset(CLIENT)


@script("rejected-goes-on")
def rejected_goes_on(made):
    session = refuse(begin(made).ask_to_open(services=MONITOR), "E_CTI_INVALID_PASSWORD")
    ask(session.wait(0.5)).wait(0.5).reset(CLIENT)


@script("rejected-again")
def rejected_again(made):
    """Another OPEN_REQ on the connection whose first one was refused."""
    session = refuse(begin(made).ask_to_open(services=MONITOR), "E_CTI_INVALID_PASSWORD")
    confirm(session.wait(0.5).ask_to_open(services=MONITOR).wait(0.01)).heartbeats(1, 30).close()


@script("rejected-left-open")
def rejected_left_open(made):
    refuse(begin(made).ask_to_open(services=MONITOR),
           "E_CTI_INVALID_PASSWORD").wait(20).reset(CLIENT)


def open_with(made, granted=None, version=24, **fields):
    """OPEN_REQ with these fields, OPEN_CONF, and a clean end."""
    session = begin(made, version=min(version, 25))
    services = fields.get("services", MONITOR)
    session.ask_to_open(**{"services": MONITOR} | fields).wait(0.01)
    confirm(session, granted or services).wait(1).close()


@script("data-no-client-id")
def data_no_client_id(made):
    open_with(made, ClientID=None)


@script("data-no-password")
def data_no_password(made):
    open_with(made, ClientPassword=None)


@script("data-empty-password")
def data_empty_password(made):
    open_with(made, ClientPassword=b"")


@script("data-no-agent")
def data_no_agent(made):
    """CLIENT_EVENTS without a phone or an agent."""
    open_with(made, services=DESKTOP)


@script("data-no-peripheral")
def data_no_peripheral(made):
    """CLIENT_EVENTS with an agent, but no PeripheralID."""
    open_with(made, services=DESKTOP, agent=PHONE, PeripheralID=0xFFFFFFFF)


@script("data-agent")
def data_agent(made):
    open_with(made, services=DESKTOP, agent=PHONE)


@script("data-neither")
def data_neither(made):
    open_with(made, ClientID=None, ClientPassword=None)


@script("data-password-length")
def data_password_length(made):
    """ClientPassword is there, and longer than the message."""
    session = begin(made)
    session.invoke += 1
    fields = session.open_fields(services=MONITOR, ClientPassword=None)
    session.client("OPEN_REQ", list(({"InvokeID": 1} | fields).items()) +
                   [Tagged(2, b"secret", 7)])
    refuse(session, "E_CTI_INVALID_FIELD_LENGTH").reset(CLIENT)


@script("data-peripheral-alone")
def data_peripheral_alone(made):
    """PeripheralID without CTI_SERVICE_CLIENT_EVENTS."""
    open_with(made, PeripheralID=5000)


@script("data-peripheral-0")
def data_peripheral_0(made):
    """What clients of the sister product send."""
    open_with(made, PeripheralID=0)


@script("data-peripherals-listed")
def data_peripherals_listed(made):
    """OPEN_CONF lists peripherals although OPEN_REQ has one."""
    session = begin(made).ask_to_open(services=DESKTOP, agent=PHONE).wait(0.01)
    confirm(session, DESKTOP, FltPeripheralID=[5000, 5001],
            MultilineAgentControl=[0, 0]).wait(1).close()


@script("data-cut-in-client-id", snaplen=110)
def data_cut_in_client_id(made):
    """The password was cut off."""
    open_with(made)


@script("data-replaced")
def data_replaced(made):
    """The same client opens again: the server ends the older session."""
    session = opened(made)
    other = begin(made, number=2, begin=session.now).ask_to_open(services=MONITOR).wait(0.01)
    confirm(other)
    session.now = other.now
    session.server("FAILURE_EVENT", {"Status": "E_CTI_NEW_SESSION_OPENED"}).reset(SERVER)
    other.heartbeats(1, 30).close()


@script("timeout-19")
def timeout_19(made):
    open_with(made, idle=19)


@script("timeout-20")
def timeout_20(made):
    opened(made, idle=20).heartbeats(4, 5).close()


@script("timeout-none")
def timeout_none(made):
    open_with(made, idle=NO_IDLE_TIMEOUT)


@script("timeout-off-heartbeats")
def timeout_off_heartbeats(made):
    session = begin(made).ask_to_open(services=MONITOR, idle=NO_IDLE_TIMEOUT).wait(0.01)
    confirm(session).heartbeats(6, 30).close()


@script("timeout-off-by-default")
def timeout_off_by_default(made):
    """CTI OS Server's own defaults."""
    session = begin(made).ask_to_open(services=MONITOR, idle=0x7FFFFFFF).wait(0.01)
    confirm(session).heartbeats(6, 5).close()


@script("timeout-no-heartbeats")
def timeout_no_heartbeats(made):
    """Half of IdleTimeout, and never a heartbeat."""
    silent(made, (60, 60)).wait(1).close()


@script("timeout-few-silences")
def timeout_few_silences(made):
    """Requests come before a heartbeat would be due, with some tolerance."""
    silent(made, (44, 44)).wait(1).close()


def timeout_and_interval(made, idle, interval):
    session = begin(made).ask_to_open(services=MONITOR, idle=idle).wait(0.01)
    confirm(session).heartbeats(6, interval).close()


@script("timeout-two-intervals")
def timeout_two_intervals(made):
    timeout_and_interval(made, 40, 20)


@script("timeout-ten-intervals")
def timeout_ten_intervals(made):
    timeout_and_interval(made, 200, 20)


@script("timeout-four-intervals")
def timeout_four_intervals(made):
    timeout_and_interval(made, 80, 20)


@script("reserved-field")
def reserved_field(made):
    open_with(made, Reserved2=7)


@script("reserved-services")
def reserved_services(made):
    open_with(made, services=0x8 | 0x00020000, granted=0x8 | 0x00020000)


@script("reserved-all-call-events")
def reserved_all_call_events(made):
    """Every bit of this mask has a meaning by now."""
    open_with(made, CallMsgMask=0xFFFFFFFF)


@script("reserved-agent-mask")
def reserved_agent_mask(made):
    open_with(made, AgentStateMask=0x80000000)


@script("reserved-ones")
def reserved_ones(made):
    """Real clients ask for everything with all bits."""
    open_with(made, CallMsgMask=0xFFFFFFFF, AgentStateMask=0xFFFFFFFF)


@script("reserved-0x200")
def reserved_0x200(made):
    """CTI OS Server asks for it, and for CTI_SERVICE_CONFIG_EVENTS."""
    open_with(made, services=0x40208, granted=0x40208)


@script("reserved-none")
def reserved_none(made):
    open_with(made, Reserved1=0, Reserved2=0, Reserved3=0)


@script("version-26")
def version_26(made):
    open_with(made, version=25, VersionNumber=26)


@script("version-narrow-tags")
def version_narrow_tags(made):
    """Version 24 with the tags of version 19."""
    session = begin(made, version=19)
    session.ask_to_open(services=MONITOR, VersionNumber=24)
    refuse(session, "E_CTI_BAD_MESSAGE_FORMAT").reset(CLIENT)


@script("version-19")
def version_19(made):
    open_with(made, version=19)


@script("version-25")
def version_25(made):
    open_with(made, version=25)


@script("services-refused")
def services_refused(made):
    open_with(made, services=MONITOR + "|CTI_SERVICE_SUPERVISOR", granted=MONITOR)


def agent_state_only(made, key, **fields):
    """CLIENT_CONTROL is asked for, and only agent states are granted."""
    session = begin(made).ask_to_open(services="CTI_SERVICE_CLIENT_CONTROL").wait(0.01)
    confirm(session, "CTI_AGENT_STATE_CONTROL_ONLY").wait(1)
    session.request(key, fields).wait(1).close()


@script("services-agent-state-only")
def services_agent_state_only(made):
    agent_state_only(made, "SET_AGENT_STATE_REQ", AgentState="AGENT_STATE_AVAILABLE",
                     AgentID="1001")


@script("services-call-control")
def services_call_control(made):
    agent_state_only(made, "MAKE_CALL_REQ", AgentInstrument="5001", DialedNumber="5002")


@script("services-granted")
def services_granted(made):
    open_with(made, services=MONITOR + "|CTI_SERVICE_SUPERVISOR")


@script("services-more-granted")
def services_more_granted(made):
    open_with(made, granted=MONITOR + "|CTI_SERVICE_SUPERVISOR")


@script("services-unused-bit-refused")
def services_unused_bit_refused(made):
    """A bit that has no meaning is not granted: no word about rights."""
    open_with(made, services=0x8 | 0x4000, granted=0x8)


@script("services-standby-23")
def services_standby_23(made):
    open_with(made, services=STANDBY, version=23)


@script("services-standby-24")
def services_standby_24(made):
    open_with(made, services=STANDBY)


def make_calls(made, services, answers=True, number=1, granted=None, key="MAKE_CALL_REQ",
               **fields):
    """Requests of one type on an open session."""
    session = begin(made).ask_to_open(services=services).wait(0.01)
    confirm(session, granted or services).wait(1)
    for _ in range(number):
        if answers:
            session.request(key, fields).wait(1)
        else:
            ask(session, key, AgentID=None, **fields).wait(1)
    return session


CALL = {"AgentInstrument": "5001", "DialedNumber": "5002"}


@script("services-call-not-asked")
def services_call_not_asked(made):
    """Three requests of a type have one finding."""
    make_calls(made, MONITOR, number=3, **CALL).close()


@script("services-call-not-granted")
def services_call_not_granted(made):
    make_calls(made, MONITOR + "|CTI_SERVICE_CLIENT_CONTROL", granted=MONITOR, **CALL).close()


@script("services-call-granted")
def services_call_granted(made):
    make_calls(made, MONITOR + "|CTI_SERVICE_CLIENT_CONTROL", **CALL).close()


@script("services-call-data")
def services_call_data(made):
    make_calls(made, MONITOR, key="SET_CALL_DATA_REQ", ConnectionCallID=7).close()


@script("services-query-needs-none")
def services_query_needs_none(made):
    """GED-188 does not name the service that a query needs."""
    make_calls(made, MONITOR, key="QUERY_SKILL_GROUP_STATISTICS_REQ", SkillGroupID=5000).close()


@script("services-open-conf-in-gap")
def services_open_conf_in_gap(made):
    """What was granted was not captured."""
    session = begin(made).ask_to_open(services=MONITOR).wait(0.01)
    session.server("OPEN_CONF", {"InvokeID": session.invoke}, lost=[0])
    session.wait(1).request("MAKE_CALL_REQ", CALL).heartbeats(3, 30).wait(1).close()


@script("no-conf-ignored")
def no_conf_ignored(made):
    """CTI_SERVICE_IGNORE_CONF: MAKE_CALL_REQ has no confirmation due."""
    make_calls(made, MONITOR + "|CTI_SERVICE_CLIENT_CONTROL|CTI_SERVICE_IGNORE_CONF",
               answers=False, number=2, **CALL).close()


# ---- subscriptions ----

def event_with(made, key="CALL_HELD_EVENT", event=(), between=None, **fields):
    """An event on a session that was opened with these fields of OPEN_REQ."""
    services = fields.get("services", BRIDGE)
    session = begin(made).ask_to_open(**{"services": BRIDGE} | fields).wait(0.01)
    confirm(session, services).server("SYSTEM_EVENT", {"SystemEventID": 3}).wait(0.5)
    if between:
        between(session)
    for _ in range(2):
        session.server(key, dict(event)).wait(0.5)
    session.close()


@script("subscription-call-event")
def subscription_call_event(made):
    """CALL_HELD_EVENT twice, although CallMsgMask asks for other events: one finding."""
    event_with(made, CallMsgMask="CALL_DELIVERED_MASK")


@script("subscription-call-event-asked")
def subscription_call_event_asked(made):
    event_with(made, CallMsgMask="CALL_HELD_MASK")


@script("subscription-agent-state")
def subscription_agent_state(made):
    event_with(made, "AGENT_STATE_EVENT", {"AgentState": "AGENT_STATE_HOLD"},
               AgentStateMask="AGENT_TALKING_MASK")


@script("subscription-agent-state-asked")
def subscription_agent_state_asked(made):
    event_with(made, "AGENT_STATE_EVENT", {"AgentState": "AGENT_STATE_TALKING"},
               AgentStateMask="AGENT_TALKING_MASK")


@script("subscription-agent-state-unknown")
def subscription_agent_state_unknown(made):
    """No bit of the mask is for this state."""
    event_with(made, "AGENT_STATE_EVENT", {"AgentState": "AGENT_STATE_UNKNOWN"},
               AgentStateMask="AGENT_TALKING_MASK")


@script("subscription-sessions")
def subscription_sessions(made):
    """Events about other sessions, without CTI_SERVICE_CLIENT_MONITOR."""
    event_with(made, "CLIENT_SESSION_OPENED_EVENT", {"SessionID": 7, "ClientID": "OTHER"})


@script("subscription-sessions-granted")
def subscription_sessions_granted(made):
    event_with(made, "CLIENT_SESSION_OPENED_EVENT", {"SessionID": 7, "ClientID": "OTHER"},
               services=BRIDGE + "|CTI_SERVICE_CLIENT_MONITOR")


@script("subscription-configuration")
def subscription_configuration(made):
    event_with(made, "CONFIG_DEVICE_EVENT", ConfigMsgMask="CONFIG_MSG_AGENT_MASK")


@script("subscription-configuration-requested")
def subscription_configuration_requested(made):
    event_with(made, "CONFIG_DEVICE_EVENT", ConfigMsgMask="CONFIG_MSG_AGENT_MASK",
               between=lambda session: session.client("CONFIG_REQUEST_EVENT"))


@script("subscription-configuration-in-doubt")
def subscription_configuration_in_doubt(made):
    """The bits for services and agents are exchanged in some sources."""
    event_with(made, "CONFIG_AGENT_EVENT", ConfigMsgMask="CONFIG_MSG_SERVICE_MASK")


@script("subscription-monitor")
def subscription_monitor(made):
    """A monitor of a device brings events that OPEN_REQ did not ask for."""
    event_with(made, CallMsgMask="CALL_DELIVERED_MASK",
               services=BRIDGE + "|CTI_SERVICE_PERIPHERAL_MONITOR",
               between=lambda session: session.request("MONITOR_START_REQ",
                                                       {"MonitoredDeviceID": "5001"}))


@script("subscription-monitor-in-gap")
def subscription_monitor_in_gap(made):
    """A request of the client was not captured: it may have been MONITOR_START_REQ."""
    def missing(session):
        session.invoke += 1
        session.client("MONITOR_START_REQ", {"InvokeID": session.invoke}, lost=[0])
        session.wait(0.5)
    event_with(made, CallMsgMask="CALL_DELIVERED_MASK", between=missing)


@script("subscription-empty")
def subscription_empty(made):
    event_with(made, "SYSTEM_EVENT", CallMsgMask=0, AgentStateMask=0)


@script("subscription-agents-only")
def subscription_agents_only(made):
    event_with(made, "SYSTEM_EVENT", CallMsgMask=0)


@script("subscription-in-mid")
def subscription_in_mid(made):
    """OPEN_REQ was not captured: what it asked for is not known."""
    session = Session(made, client=Host("10.0.0.11", 50001))
    session.invoke = 7
    session.server("CALL_HELD_EVENT").wait(0.5).heartbeats(2, 30).close()


# ---- InvokeIDs of answers ----

@script("invoke-id-open-conf")
def invoke_id_open_conf(made):
    session = begin(made).ask_to_open(services=MONITOR).wait(0.01)
    confirm(session, InvokeID=77).heartbeats(2, 30).close()


@script("invoke-id-close-conf")
def invoke_id_close_conf(made):
    session = close_request(opened(made)).wait(0.003)
    session.server("CLOSE_CONF", {"InvokeID": 77}).reset(CLIENT)


@script("invoke-id-request")
def invoke_id_request(made):
    session = ask(opened(made)).wait(0.01)
    session.server("QUERY_AGENT_STATE_CONF", {"InvokeID": 9999, "AgentID": "1001"})
    session.heartbeats(1, 30).close()


@script("invoke-id-of-two")
def invoke_id_of_two(made):
    """Two requests wait: it is not known whose answer this is."""
    session = ask(ask(opened(made))).wait(0.01)
    session.server("QUERY_AGENT_STATE_CONF", {"InvokeID": 9999, "AgentID": "1001"})
    session.heartbeats(1, 30).close()


@script("invoke-id-of-earlier-request")
def invoke_id_of_earlier_request(made):
    """An InvokeID that another request had: perhaps its second answer."""
    session = opened(made).request("QUERY_AGENT_STATE_REQ", {"AgentID": "1001"})
    session = ask(session).wait(0.01)
    session.server("QUERY_AGENT_STATE_CONF", {"InvokeID": session.invoke - 1, "AgentID": "1001"})
    session.heartbeats(1, 30).close()


@script("invoke-id-in-gap")
def invoke_id_in_gap(made):
    """A request was not captured: the answer may be to it."""
    session = opened(made)
    session.invoke += 1
    session.client("HEARTBEAT_REQ", {"InvokeID": session.invoke}, lost=[0])
    session = ask(session.wait(0.5)).wait(0.01)
    session.server("QUERY_AGENT_STATE_CONF", {"InvokeID": 9999, "AgentID": "1001"})
    session.heartbeats(1, 30).close()


@script("invoke-id-cut", snaplen=96)
def invoke_id_cut(made):
    """Two requests in a packet, of which the capture cut the second one before its InvokeID."""
    session = confirm(begin(made).ask_to_open(services=MONITOR).wait(0.01))
    first = session.invoke + 1
    session.invoke += 2
    session.wait(1).send(CLIENT, b"".join(
        message("QUERY_AGENT_STATE_REQ", {"InvokeID": number, "AgentID": "1001"}, 24)
        for number in (first, first + 1)))
    session.wait(0.01).server("QUERY_AGENT_STATE_CONF", {"InvokeID": first + 1, "AgentID": "1001"})
    session.wait(0.01).server("QUERY_AGENT_STATE_CONF", {"InvokeID": first, "AgentID": "1001"})
    session.wait(1).close()


@script("invoke-id-same")
def invoke_id_same(made):
    opened(made).request("QUERY_AGENT_STATE_REQ", {"AgentID": "1001"}).heartbeats(1, 30).close()


# ---- components and peripherals ----

def pg_status(made, **fields):
    session = begin(made).ask_to_open(services=MONITOR).wait(0.01)
    confirm(session, **fields).wait(1).close()


@script("pg-down")
def pg_down(made):
    pg_status(made, PGStatus="PGS_OPC_DOWN|PGS_PERIPHERAL_OFFLINE")


@script("pg-peripheral-offline")
def pg_peripheral_offline(made):
    pg_status(made, PeripheralOnline=0)


@script("pg-well")
def pg_well(made):
    pg_status(made, PGStatus=0, PeripheralOnline=1)


@script("pg-agent-offline")
def pg_agent_offline(made):
    """The peripheral of the agent's OPEN_REQ."""
    session = begin(made).ask_to_open(agent=PHONE).wait(0.01)
    confirm(session, DESKTOP, PeripheralOnline=0, AgentExtension="5001", AgentID="1001",
            AgentInstrument="5001").wait(1).close()


def with_reports(made, number=1, **fields):
    """A session that gets SYSTEM_EVENT, with the first one."""
    session = begin(made, number=number, client_id=f"CTIOS{number}")
    session.ask_to_open(services=BRIDGE, idle=20).wait(0.01)
    confirm(session, BRIDGE, FltPeripheralID=[5000], MultilineAgentControl=[0], **fields)
    return report(session, "SYS_PERIPHERAL_ONLINE", fields.get("PGStatus", 0))


def report(session, event, status=0, peripheral=PERIPHERAL, **options):
    return session.server("SYSTEM_EVENT", {
        "PGStatus": status, "ICMCentralControllerTime": NOW, "SystemEventID": event,
        "SystemEventArg1": peripheral, "SystemEventArg2": 17}, **options)


@script("outage-component")
def outage_component(made):
    """Down twice."""
    session = with_reports(made).heartbeats(2, 5)
    for _ in range(2):
        report(session, "SYS_CENTRAL_CONTROLLER_OFFLINE", "PGS_CC_DOWN", 0).heartbeats(2, 5)
        report(session, "SYS_CENTRAL_CONTROLLER_ONLINE", 0, 0).heartbeats(2, 5)
    session.close()


@script("outage-peripheral")
def outage_peripheral(made):
    session = with_reports(made).heartbeats(2, 5)
    report(session, "SYS_PERIPHERAL_OFFLINE", "PGS_PERIPHERAL_OFFLINE").heartbeats(2, 5)
    report(session, "SYS_PERIPHERAL_ONLINE").heartbeats(1, 5).close()


@script("outage-by-status")
def outage_by_status(made):
    """The end of a peripheral's outage shows in PGStatus of another event."""
    session = with_reports(made).heartbeats(2, 5)
    report(session, "SYS_PERIPHERAL_OFFLINE", "PGS_PERIPHERAL_OFFLINE").heartbeats(2, 5)
    report(session, "SYS_HALF_HOUR_CHANGE", peripheral=0).heartbeats(1, 5).close()


@script("outage-one-of-two")
def outage_one_of_two(made):
    """PGS_PERIPHERAL_OFFLINE of OPEN_CONF gets its name by the SYSTEM_EVENTs that follow; the other
    peripheral is online."""
    session = with_reports(made, PeripheralOnline=0, PGStatus="PGS_PERIPHERAL_OFFLINE")
    report(session, "SYS_PERIPHERAL_OFFLINE", "PGS_PERIPHERAL_OFFLINE", 5100)
    session.heartbeats(2, 5).close()


@script("outage-to-the-end")
def outage_to_the_end(made):
    session = with_reports(made).heartbeats(2, 5)
    report(session, "SYS_CENTRAL_CONTROLLER_OFFLINE", "PGS_CC_DOWN", 0).heartbeats(2, 5).close()


@script("outage-contradicted")
def outage_contradicted(made):
    """PGStatus is believed, and the contradiction reported once."""
    session = with_reports(made).heartbeats(2, 5)
    report(session, "SYS_CENTRAL_CONTROLLER_ONLINE", "PGS_CC_DOWN").heartbeats(2, 5)
    report(session, "SYS_CENTRAL_CONTROLLER_OFFLINE").heartbeats(1, 5).close()


@script("outage-end-in-gap")
def outage_end_in_gap(made):
    """The SYSTEM_EVENT that ended it was not captured: nothing is said of its end."""
    session = with_reports(made).heartbeats(2, 5)
    report(session, "SYS_CENTRAL_CONTROLLER_OFFLINE", "PGS_CC_DOWN", 0).heartbeats(2, 5)
    report(session, "SYS_CENTRAL_CONTROLLER_ONLINE", 0, 0, lost=[0]).heartbeats(2, 5).close()


@script("outage-from-mid")
def outage_from_mid(made):
    """The capture begins within the outage."""
    session = with_reports(made).heartbeats(2, 5)
    report(session, "SYS_CENTRAL_CONTROLLER_OFFLINE", "PGS_CC_DOWN", 0).heartbeats(2, 5)
    start_in_mid(made)
    report(session, "SYS_HALF_HOUR_CHANGE", "PGS_CC_DOWN", 0).heartbeats(2, 5)
    report(session, "SYS_CENTRAL_CONTROLLER_ONLINE", 0, 0).heartbeats(2, 5).close()


@script("outage-none")
def outage_none(made):
    session = with_reports(made).heartbeats(2, 5)
    for event in ("SYS_HALF_HOUR_CHANGE", "SYS_TEXT_FYI", "SYS_INSTRUMENT_OUT_OF_SERVICE"):
        report(session, event, peripheral=0).heartbeats(1, 5)
    session.close()


@script("outage-two-clients")
def outage_two_clients(made):
    """Both report the same outage, the second one a little later."""
    sessions = [with_reports(made), with_reports(made, number=2)]
    for event, status, at in (("SYS_CENTRAL_CONTROLLER_OFFLINE", "PGS_CC_DOWN", 3),
                              ("SYS_CENTRAL_CONTROLLER_ONLINE", 0, 6)):
        for number, session in enumerate(sessions):
            session.now = at + number / 10
            report(session, event, status, 0)
    for session in sessions:
        session.wait(1).close()


def all_events(made, events):
    session = begin(made).ask_to_open(services=BRIDGE, idle=20).wait(0.01)
    confirm(session, BRIDGE)
    for _ in range(events):
        system_event(session)
    session.heartbeats(3, 5).close()


@script("all-events-none")
def all_events_none(made):
    all_events(made, 0)


@script("all-events-one")
def all_events_one(made):
    all_events(made, 1)


def listed_peripherals(made, *events, **fields):
    """OPEN_CONF lists peripherals 5000 and 5010; SYSTEM_EVENTs come for these."""
    services = fields.pop("services", BRIDGE)
    session = begin(made).ask_to_open(services=services).wait(0.01)
    confirm(session, services, FltPeripheralID=[5000, 5010], MultilineAgentControl=[0, 0], **fields)
    for peripheral in events:
        session.server("SYSTEM_EVENT", {"SystemEventID": "SYS_PERIPHERAL_ONLINE",
                                        "SystemEventArg1": peripheral})
    return session


@script("all-events-1-of-2")
def all_events_1_of_2(made):
    listed_peripherals(made, 5000).wait(10).close()


@script("all-events-2-of-2")
def all_events_2_of_2(made):
    listed_peripherals(made, 5010, 5000).wait(10).close()


@script("all-events-in-gap")
def all_events_in_gap(made):
    """The second SYSTEM_EVENT was not captured."""
    session = listed_peripherals(made, 5000)
    session.server("SYSTEM_EVENT", {"SystemEventID": "SYS_PERIPHERAL_ONLINE",
                                    "SystemEventArg1": 5010}, lost=[0]).wait(10).close()


@script("all-events-standby")
def all_events_standby(made):
    """A standby server sends none."""
    listed_peripherals(made, services=BRIDGE + "|CTI_SERVICE_ACTIVE_STANDBY",
                       SessionType=2).wait(10).close()


# ---- keeping ----

@script("heartbeat-of-server")
def heartbeat_of_server(made):
    session = opened(made).wait(1).server("HEARTBEAT_REQ", {"InvokeID": 77})
    session.wait(0.001).client("HEARTBEAT_CONF", {"InvokeID": 77}).wait(1).close()


@script("heartbeats-of-server")
def heartbeats_of_server(made):
    """They are reported once, and none of them counts as the client's."""
    session = opened(made)
    for number in range(6):
        session.wait(29).server("HEARTBEAT_REQ", {"InvokeID": 77 + number})
        session.wait(1).heartbeat()
    session.close()


@script("heartbeat-other-id")
def heartbeat_other_id(made):
    """A HEARTBEAT_CONF that nobody asked for."""
    opened(made).server("HEARTBEAT_CONF", {"InvokeID": 4711}).wait(1).close()


@script("heartbeat-answered-late")
def heartbeat_answered_late(made):
    session = opened(made)
    for after in (1.5, 2.5):
        session.wait(30 - after).heartbeat(after=after)
    session.heartbeats(1, 30).close()


def every(made, interval, services=MONITOR, agent=None):
    session = begin(made).ask_to_open(services=services, idle=max(20, int(4 * interval)),
                                      agent=agent)
    confirm(session.wait(0.01), services).heartbeats(6, interval).close()


@script("heartbeat-every-4s")
def heartbeat_every_4s(made):
    every(made, 4)


@script("heartbeat-every-5s")
def heartbeat_every_5s(made):
    every(made, 5)


@script("heartbeat-desktop-30s")
def heartbeat_desktop_30s(made):
    every(made, 30, DESKTOP, PHONE)


@script("heartbeat-desktop-90s")
def heartbeat_desktop_90s(made):
    every(made, 90, DESKTOP, PHONE)


def missed(made, count):
    session = opened(made)
    for _ in range(count):
        session.lost_heartbeat(30)
    return session


@script("missed-one")
def missed_one(made):
    missed(made, 1).heartbeats(2, 30).close()


@script("missed-two")
def missed_two(made):
    missed(made, 2).heartbeats(2, 30).close()


@script("missed-three")
def missed_three(made):
    """The client resets, as it should."""
    missed(made, 3).wait(30).reset(CLIENT)


@script("missed-four")
def missed_four(made):
    """The client should have reset after three."""
    missed(made, 4).wait(30).reset(CLIENT)


@script("missed-late")
def missed_late(made):
    """Two heartbeats are answered together, after the second one was sent."""
    session = missed(made, 2).wait(2)
    for number in (session.invoke - 1, session.invoke):
        session.server("HEARTBEAT_CONF", {"InvokeID": number})
    session.wait(28).heartbeat().close()


@script("missed-none")
def missed_none(made):
    """Answered, but late."""
    opened(made).wait(29).heartbeat(after=0.9).heartbeats(1, 30).close()


@script("gap-50s")
def gap_50s(made):
    opened(made).heartbeats(2, 30).heartbeats(1, 50).heartbeats(1, 30).close()


@script("gap-90s")
def gap_90s(made):
    """Three intervals."""
    opened(made, idle=120).heartbeats(2, 30).heartbeats(1, 90).heartbeats(1, 30).close()


def polls(session, count, interval=10):
    """Requests, each after so long."""
    for _ in range(count):
        session.wait(interval - 0.003).request("QUERY_AGENT_STATE_REQ", {"AgentID": "1001"},
                                               answer_fields={"AgentID": "1001"})
    return session


def timer_and_polls(made, rounds=8):
    """Heartbeats every 30 s, and in each interval three requests, the last 1 s before it."""
    session = polls(opened(made), 3, 9.5)
    for _ in range(rounds):
        polls(polls(session.heartbeats(1, 1), 1, 9), 2)
    return session


@script("gap-timer-and-polls")
def gap_timer_and_polls(made):
    timer_and_polls(made).close()


@script("gap-timer-hangs")
def gap_timer_hangs(made):
    polls(timer_and_polls(made).heartbeats(1, 88), 2).close()


@script("gap-timer-stops")
def gap_timer_stops(made):
    """Requests only, for four intervals: the client lives."""
    polls(timer_and_polls(made), 9).close()


@script("gap-after-silence")
def gap_after_silence(made):
    """A heartbeat after each silence of 30 s; the time between heartbeats varies."""
    session = opened(made)
    for count in (0, 2, 1, 5, 3, 7, 4):
        polls(session, count, 17).heartbeats(1, 30)
    session.close()


@script("gap-after-silence-80s")
def gap_after_silence_80s(made):
    session = opened(made)
    for count in (0, 2, 1, 5, 3, 7, 4):
        polls(session, count, 17).heartbeats(1, 30)
    polls(session, 1, 80).close()


@script("gap-unknown")
def gap_unknown(made):
    """Two heartbeats show no interval: IdleTimeout is all there is."""
    opened(made).heartbeats(1, 29).close()


@script("gap-guessed")
def gap_guessed(made):
    session = begin(made).ask_to_open(services=MONITOR, idle=120).wait(0.01)
    confirm(session).heartbeats(1, 30).heartbeats(1, 60).close()


@script("gap-44s")
def gap_44s(made):
    """1.5 intervals of 30 s are the limit."""
    opened(made).heartbeats(2, 30).heartbeats(1, 44).heartbeats(1, 30).close()


def silent(made, silences, **options):
    """A client without heartbeats, but with requests after these times."""
    session = begin(made, **options).ask_to_open(services=MONITOR, idle=120).wait(0.01)
    confirm(session)
    for silence in silences:
        session.wait(silence).request("QUERY_AGENT_STATE_REQ", {"AgentID": "1001"},
                                      answer_fields={"AgentID": "1001"})
    return session


@script("idle-100s")
def idle_100s(made):
    silent(made, (60, 100, 60)).wait(1).close()


@script("idle-85s")
def idle_85s(made):
    """75 % of IdleTimeout are the limit; but where are the heartbeats?"""
    silent(made, (60, 85, 60)).wait(1).close()


@script("idle-heartbeats")
def idle_heartbeats(made):
    """Heartbeats within IdleTimeout, and the silences between them."""
    opened(made).heartbeats(4, 30).close()


@script("idle-off")
def idle_off(made):
    """0x7FFFFFFF never runs out."""
    session = begin(made).ask_to_open(services=MONITOR, idle=0x7FFFFFFF).wait(0.01)
    polls(confirm(session), 2, 2000).close()


@script("idle-fired")
def idle_fired(made):
    silent(made, (60,)).wait(120.2).reset(SERVER)


@script("idle-had-fired")
def idle_had_fired(made):
    """The server's reset when its timer fired was not captured; the next request meets one."""
    ask(silent(made, (60,)).wait(200)).reset(SERVER)


def refused_heartbeat(made):
    return opened(made).wait(30).request("HEARTBEAT_REQ", answer="FAILURE_CONF",
                                         answer_fields={"Status": "E_CTI_CTI_SERVER_OFFLINE"})


@script("heartbeat-refused-reset")
def heartbeat_refused_reset(made):
    refused_heartbeat(made).reset(CLIENT)


@script("heartbeat-refused-goes-on")
def heartbeat_refused_goes_on(made):
    ask(refused_heartbeat(made).wait(5)).wait(0.1).reset(CLIENT)


@script("heartbeat-refused-stays")
def heartbeat_refused_stays(made):
    """The client does nothing until the server resets."""
    refused_heartbeat(made).wait(120).reset(SERVER)


@script("heartbeat-refused-in-gap")
def heartbeat_refused_in_gap(made):
    """The client sent something after the refusal that was not captured: CLOSE_REQ, perhaps."""
    session = refused_heartbeat(made).wait(0.1)
    session.send(CLIENT, message("CLOSE_REQ", {"InvokeID": 50}, 24), lost=[0])
    session.wait(30).reset(SERVER)


@script("heartbeat-in-rejected")
def heartbeat_in_rejected(made):
    """No session is open: the server is not offline."""
    session = refuse(begin(made).ask_to_open(services=MONITOR), "E_CTI_INVALID_PASSWORD").wait(2)
    session.request("HEARTBEAT_REQ", answer="FAILURE_CONF",
                    answer_fields={"Status": "E_CTI_SESSION_NOT_OPEN"}).wait(0.1).reset(CLIENT)


@script("heartbeat-confirmed")
def heartbeat_confirmed(made):
    opened(made).heartbeats(2, 30).close()


def offline(made, status="E_CTI_CTI_SERVER_OFFLINE"):
    return opened(made).wait(10).server("FAILURE_EVENT", {"Status": status})


@script("offline-closed-by-client")
def offline_closed_by_client(made):
    offline(made).wait(0.01).close("E_CTI_CTI_SERVER_OFFLINE")


@script("offline-ended-by-server")
def offline_ended_by_server(made):
    offline(made).wait(0.02).finish(SERVER)


@script("offline-goes-on")
def offline_goes_on(made):
    offline(made).heartbeats(1, 20).close("E_CTI_CTI_SERVER_OFFLINE")


@script("offline-stays")
def offline_stays(made):
    """The client neither closes the session nor sends anything else."""
    offline(made).wait(25).finish(SERVER)


@script("offline-not")
def offline_not(made):
    """Nothing of the kind."""
    opened(made).wait(10).heartbeats(1, 20).close()


@script("failure-event")
def failure_event(made):
    """FAILURE_EVENT for another reason, and the session continues."""
    offline(made, "E_CTI_UNSPECIFIED_FAILURE").heartbeats(1, 20).close()


@script("failure-event-cut", snaplen=62)
def failure_event_cut(made):
    """Its status was cut off."""
    offline(made, "E_CTI_UNSPECIFIED_FAILURE").heartbeats(1, 20).close()


# ---- closing ----

@script("close-other-status")
def close_other_status(made):
    opened(made).close("E_CTI_INVALID_CALLID")


@script("close-timeout-status")
def close_timeout_status(made):
    opened(made).close("E_CTI_TIMEOUT")


@script("close-and-more")
def close_and_more(made):
    session = close_request(opened(made))
    closing = session.invoke
    session.client("HEARTBEAT_REQ", {"InvokeID": 900})
    session.wait(0.001).server("HEARTBEAT_CONF", {"InvokeID": 900})
    session.invoke = closing
    close_confirm(session).reset(CLIENT)


@script("close-by-server")
def close_by_server(made):
    session = opened(made).wait(3)
    session.server("CLOSE_REQ", {"InvokeID": 900, "Status": "E_CTI_NO_ERROR"}).wait(0.01)
    session.client("CLOSE_CONF", {"InvokeID": 900}).wait(0.1).reset(SERVER)


@script("close-refused")
def close_refused(made):
    session = close_request(opened(made)).wait(0.01)
    session.server("FAILURE_CONF", {"InvokeID": session.invoke,
                                    "Status": "E_CTI_UNSPECIFIED_FAILURE"}).reset(CLIENT)


@script("close-unanswered")
def close_unanswered(made):
    close_request(opened(made)).wait(5.2).reset(CLIENT)


@script("close-answered-late")
def close_answered_late(made):
    close_confirm(close_request(opened(made)), after=6).reset(CLIENT)


@script("close-not-waited")
def close_not_waited(made):
    close_request(opened(made)).wait(1).reset(CLIENT)


@script("close-answered-in-time")
def close_answered_in_time(made):
    close_confirm(close_request(opened(made)), after=4.5).reset(CLIENT)


@script("no-close-fin")
def no_close_fin(made):
    opened(made).wait(3).finish(CLIENT)


@script("no-close-reset")
def no_close_reset(made):
    opened(made).wait(3).reset(SERVER)


@script("no-close-reset-by-client")
def no_close_reset_by_client(made):
    """Nothing waited: the client just left."""
    opened(made).wait(3).reset(CLIENT)


@script("no-close-waiting")
def no_close_waiting(made):
    """The client resets while its request waits."""
    ask(opened(made).wait(3)).wait(12).reset(CLIENT)


@script("no-close-in-gap")
def no_close_in_gap(made):
    """The client's last bytes before its FIN were not captured: CLOSE_REQ may be among them."""
    session = opened(made).wait(3)
    session.send(CLIENT, message("CLOSE_REQ", {"InvokeID": 50}, 24), lost=[0])
    session.finish(CLIENT)


# ---- what was not captured ----

@script("open-conf-in-gap")
def open_conf_in_gap(made):
    """OPEN_CONF was not captured, but the client acknowledged it."""
    session = begin(made).ask_to_open(services=MONITOR).wait(0.01)
    session.server("OPEN_CONF", {"InvokeID": session.invoke}, lost=[0])
    session.heartbeats(3, 30).wait(1).close()


@script("missed-in-gap")
def missed_in_gap(made):
    """The answers to four heartbeats were not captured."""
    session = opened(made)
    for _ in range(4):
        session.lost_heartbeat(30)
        session.server("HEARTBEAT_CONF", {"InvokeID": session.invoke}, lost=[0])
    session.heartbeats(1, 30).close()


@script("heartbeat-in-gap")
def heartbeat_in_gap(made):
    """A heartbeat was not captured, but its answer was."""
    session = opened(made).wait(30)
    session.client("HEARTBEAT_REQ", {"InvokeID": 50}, lost=[0])
    session.server("HEARTBEAT_CONF", {"InvokeID": 50}).heartbeats(2, 30).close()


@script("silence-across-gap")
def silence_across_gap(made):
    """A heartbeat that was not captured ended a silence of the client."""
    session = opened(made).heartbeats(2, 30).wait(30)
    session.client("HEARTBEAT_REQ", {"InvokeID": 50}, lost=[0])
    session.heartbeats(2, 30).close()


@script("close-conf-in-gap")
def close_conf_in_gap(made):
    """CLOSE_CONF was not captured; the connection stays for 8 s."""
    session = close_request(opened(made))
    session.server("CLOSE_CONF", {"InvokeID": session.invoke}, lost=[0])
    session.wait(8).reset(CLIENT)


@script("vote-in-gap")
def vote_in_gap(made):
    """The client's vote was not captured."""
    session = opened(made, STANDBY).server("ACTIVE_MAINTENANCE_REQ", {"InvokeID": 900})
    session.client("ACTIVE_MAINTENANCE_RESP",
                   {"InvokeID": 900, "MaintenanceModeAccepted": 1}, lost=[0])
    session.server("ACTIVE_MAINTENANCE_EVENT", {"MaintenanceModeStatus": 1})
    leave(session).reset(SERVER)


@script("cut-to-68", snaplen=68)
def cut_to_68(made):
    """Nothing of OPEN_REQ after its InvokeID."""
    opened(made).wait(1).close()


@script("cut-to-68-rejected", snaplen=68)
def cut_to_68_rejected(made):
    """Of FAILURE_CONF its InvokeID, but not its status."""
    refuse(begin(made).ask_to_open(services=MONITOR), "E_CTI_INVALID_PASSWORD").reset(CLIENT)


@script("cut-to-62", snaplen=62)
def cut_to_62(made):
    """Headers of messages alone: answers cannot be assigned to their requests."""
    opened(made).wait(1).close()


def start_in_mid(made):
    """Forgets what was captured until now."""
    made.records.clear()


@script("open-again-in-mid")
def open_again_in_mid(made):
    """The capture begins in an open session, whose client asks to open once more."""
    session = opened(made)
    start_in_mid(made)
    refuse(session.heartbeats(1, 30).ask_to_open(services=MONITOR), "E_CTI_SESSION_ALREADY_OPEN")
    session.heartbeats(1, 30).close()


@script("open-again-first-in-mid")
def open_again_first_in_mid(made):
    """The same, and that OPEN_REQ is the first message captured: no word about a lost session."""
    session = opened(made)
    start_in_mid(made)
    refuse(session.wait(30).ask_to_open(services=MONITOR), "E_CTI_SESSION_ALREADY_OPEN")
    session.heartbeats(1, 30).close()


# ---- graceful shutdown ----

def on_standby(made, services=STANDBY, version=24):
    session = begin(made, version=version, server=SERVER_B)
    session.ask_to_open(services=services).wait(0.01)
    return confirm(session, services, SessionType=2)


@script("standby-request")
def standby_request(made):
    session = on_standby(made).heartbeats(1, 30)
    session.request("QUERY_AGENT_STATE_REQ", {"AgentID": "1001"}, answer="FAILURE_CONF",
                    answer_fields={"Status": "E_CTI_SERVER_NOT_MASTER"})
    session.wait(1).close()


@script("standby-without-service")
def standby_without_service(made):
    session = begin(made, server=SERVER_B).ask_to_open(services=MONITOR)
    refuse(session, "E_CTI_INVALID_CLIENT_FOR_STANDBY").reset(CLIENT)


@script("standby-let-in")
def standby_let_in(made):
    """The server opens a standby session although the client did not ask for the service."""
    on_standby(made, MONITOR).heartbeats(1, 30).close()


@script("standby-well")
def standby_well(made):
    on_standby(made).heartbeats(3, 30).close()


@script("standby-active-event")
def standby_active_event(made):
    session = on_standby(made).heartbeats(1, 30).server("STANDBY_ACTIVE_EVENT")
    session.request("QUERY_AGENT_STATE_REQ", {"AgentID": "1001"}, answer_fields={
        "AgentID": "1001"})
    session.wait(1).close()


def vote(made, accepted=1, after=0.5, continues=1, services=STANDBY, outcome_after=0.3):
    """ACTIVE_MAINTENANCE_REQ, the client's vote (None: none), the server's decision."""
    session = opened(made, services).server("ACTIVE_MAINTENANCE_REQ", {"InvokeID": 900})
    if accepted is not None:
        session.wait(after).client("ACTIVE_MAINTENANCE_RESP", {
            "InvokeID": 900, "MaintenanceModeAccepted": accepted})
    return session.wait(outcome_after).server("ACTIVE_MAINTENANCE_EVENT",
                                              {"MaintenanceModeStatus": continues})


def leave(session, after=1.0):
    return session.wait(after).client("STOPPING_REQUESTS_TO_THIS_SIDE_IND")


@script("vote-refused-continues")
def vote_refused_continues(made):
    leave(vote(made, accepted=0)).reset(SERVER)


@script("vote-missing-continues")
def vote_missing_continues(made):
    leave(vote(made, accepted=None, outcome_after=3)).reset(SERVER)


@script("vote-late")
def vote_late(made):
    leave(vote(made, after=6)).reset(SERVER)


@script("vote-missing-cancelled")
def vote_missing_cancelled(made):
    """No answer counts as a refusal, and the server takes it for one."""
    vote(made, accepted=None, continues=0, outcome_after=5.5).heartbeats(1, 24).close()


@script("vote-not-asked-for")
def vote_not_asked_for(made):
    """The client never asked for CTI_SERVICE_ACTIVE_STANDBY."""
    vote(made, services=MONITOR, continues=0).heartbeats(1, 29).close()


@script("vote-refused-cancelled")
def vote_refused_cancelled(made):
    vote(made, accepted=0, continues=0).heartbeats(1, 29).close()


@script("vote-not-held")
def vote_not_held(made):
    """A client that would be asked, in a session without maintenance."""
    opened(made, STANDBY).close()


@script("vote-agreed")
def vote_agreed(made):
    leave(vote(made)).reset(SERVER)


@script("stopping-late")
def stopping_late(made):
    leave(vote(made), after=7).reset(SERVER)


@script("stopping-never")
def stopping_never(made):
    vote(made).wait(8).reset(SERVER)


@script("stopping-goes-on")
def stopping_goes_on(made):
    ask(leave(vote(made))).wait(0.5).reset(SERVER)


@script("stopping-not-closed")
def stopping_not_closed(made):
    """The server does not close the connection."""
    session = leave(vote(made))
    later(made, session.now + 8)


@script("stopping-opened")
def stopping_opened(made):
    """A new session on the server in maintenance."""
    refuse(begin(made).ask_to_open(services=STANDBY),
           "E_CTI_SERVER_IN_MAINTENANCE_MODE").reset(CLIENT)


@script("stopping-in-time")
def stopping_in_time(made):
    """A heartbeat may still come."""
    leave(vote(made), after=4).heartbeat().reset(SERVER)


@script("stopping-silent")
def stopping_silent(made):
    """The client has stopped: its silence until the server resets is no fault."""
    leave(vote(made)).wait(130).reset(SERVER)


@script("vote-other-id")
def vote_other_id(made):
    """The vote carries another InvokeID than the request."""
    session = opened(made, STANDBY).server("ACTIVE_MAINTENANCE_REQ", {"InvokeID": 900})
    session.wait(0.5).client("ACTIVE_MAINTENANCE_RESP",
                             {"InvokeID": 901, "MaintenanceModeAccepted": 1})
    session.wait(0.3).server("ACTIVE_MAINTENANCE_EVENT", {"MaintenanceModeStatus": 1})
    leave(session).reset(SERVER)


# ---- graceful shutdown over several sessions ----

def two_clients(made):
    """Two clients that take part, at the same time."""
    sessions = [opened(made, STANDBY, number=number, client_id=f"CTIOS{number}")
                for number in (1, 2)]
    for session in sessions:
        session.now = sessions[-1].now
    return sessions


def hold_vote(sessions, votes, continues):
    """Asks each client, takes the votes (None: none) and tells each the outcome; a client whose
    outcome is None is not told."""
    for session in sessions:
        session.server("ACTIVE_MAINTENANCE_REQ", {"InvokeID": 900})
    for session, accepted in zip(sessions, votes):
        session.wait(0.2)
        if accepted is not None:
            session.client("ACTIVE_MAINTENANCE_RESP",
                           {"InvokeID": 900, "MaintenanceModeAccepted": accepted})
    for session, outcome in zip(sessions, continues):
        session.wait(5.5 if None in votes else 0.5)
        if outcome is not None:
            session.server("ACTIVE_MAINTENANCE_EVENT", {"MaintenanceModeStatus": outcome})


def close_all(sessions):
    for session in sessions:
        session.heartbeats(1, 20).close()


@script("maintenance-one-refused")
def maintenance_one_refused(made):
    """The finding of the first client names the second one."""
    sessions = two_clients(made)
    hold_vote(sessions, (1, 0), (0, 0))
    close_all(sessions)


@script("maintenance-one-silent")
def maintenance_one_silent(made):
    sessions = two_clients(made)
    hold_vote(sessions, (1, None), (0, 0))
    close_all(sessions)


@script("maintenance-not-asked")
def maintenance_not_asked(made):
    sessions = two_clients(made)
    hold_vote(sessions[:1], (1,), (0,))
    close_all(sessions)


@script("maintenance-not-asked-in-gap")
def maintenance_not_asked_in_gap(made):
    """What the second client was sent is not in the capture."""
    sessions = two_clients(made)
    sessions[1].server("ACTIVE_MAINTENANCE_REQ", {"InvokeID": 900}, lost=[0])
    hold_vote(sessions[:1], (1,), (0,))
    close_all(sessions)


@script("maintenance-other-outcome")
def maintenance_other_outcome(made):
    sessions = two_clients(made)
    hold_vote(sessions, (1, 1), (0, 1))
    leave(sessions[1]).reset(SERVER)
    close_all(sessions[:1])


@script("maintenance-not-told")
def maintenance_not_told(made):
    sessions = two_clients(made)
    hold_vote(sessions, (1, 1), (0, None))
    close_all(sessions)


@script("maintenance-twice")
def maintenance_twice(made):
    """Cancelled, and asked for again."""
    sessions = two_clients(made)
    hold_vote(sessions, (1, 0), (0, 0))
    for session in sessions:
        session.heartbeats(1, 25)
    hold_vote(sessions, (1, 1), (1, 1))
    for session in sessions:
        leave(session).reset(SERVER)


def both_sides(made, types=(1, 2)):
    """A client with a session on each side, for a minute."""
    sessions = []
    for number, server in enumerate((SERVER_A, SERVER_B)):
        session = begin(made, port=50001 + number, server=server)
        session.ask_to_open(services=STANDBY, idle=120).wait(0.01)
        sessions.append(confirm(session, STANDBY, SessionType=types[number]).heartbeats(2, 30))
    return sessions


def switch(made, active_after, stay=60):
    """Side A goes into maintenance; side B becomes active then (None: never)."""
    active, waiting = both_sides(made)
    hold_vote([active], (1,), (1,))
    waiting.now = active.now + (active_after or 0)
    if active_after is not None:
        waiting.server("STANDBY_ACTIVE_EVENT")
    leave(active).reset(SERVER)
    waiting.heartbeats(int(stay / 30), 28).close()
    return waiting


@script("switch-well")
def switch_well(made):
    switch(made, 0.5)


@script("switch-never")
def switch_never(made):
    switch(made, None)


@script("switch-late")
def switch_late(made):
    switch(made, 12)


@script("switch-before-left")
def switch_before_left(made):
    """The client left a little before side B became active."""
    switch(made, 3)


@script("switch-not-seen")
def switch_not_seen(made):
    """STANDBY_ACTIVE_EVENT may be among the bytes that were not captured."""
    active, waiting = both_sides(made)
    hold_vote([active], (1,), (1,))
    waiting.now = active.now
    waiting.server("STANDBY_ACTIVE_EVENT", lost=[0])
    leave(active).reset(SERVER)
    waiting.heartbeats(2, 28).close()


@script("switch-other-side-not-captured")
def switch_other_side_not_captured(made):
    """Nothing is known of side B."""
    session = opened(made, STANDBY)
    hold_vote([session], (1,), (1,))
    leave(session).reset(SERVER)
    opened(made, number=9, client_id="OTHER", begin=session.now + 60).close()


@script("active-both")
def active_both(made):
    for session in both_sides(made, (1, 1)):
        session.close()


@script("active-none")
def active_none(made):
    for session in both_sides(made, (2, 2)):
        session.close()


@script("active-moved")
def active_moved(made):
    """Side A was lost without a word: that its last session was active is no contradiction."""
    begin_a = begin(made, server=SERVER_A).ask_to_open(services=STANDBY, idle=120).wait(0.01)
    confirm(begin_a, STANDBY).heartbeats(1, 30).reset(SERVER)
    begin_b = begin(made, port=50002, server=SERVER_B, begin=begin_a.now + 1)
    begin_b.ask_to_open(services=STANDBY, idle=120).wait(0.01)
    confirm(begin_b, STANDBY).heartbeats(2, 30).close()


@script("active-two-pairs")
def active_two_pairs(made):
    """A client of two pairs of servers: which of them belong together is not known."""
    for number, server in enumerate((SERVER_A, SERVER_B, ("10.0.0.3", 42027))):
        session = begin(made, port=50001 + number, server=server)
        session.ask_to_open(services=STANDBY, idle=120).wait(0.01)
        confirm(session, STANDBY).heartbeats(2, 30).close()


@script("standby-active-on-active")
def standby_active_on_active(made):
    opened(made, STANDBY).server("STANDBY_ACTIVE_EVENT").wait(1).close()


def replay(made, cause):
    session = begin(made).ask_to_open(services=BRIDGE, idle=20).wait(0.01)
    system_event(confirm(session, BRIDGE))
    call = Call(Agent(session), 16777500)
    session.wait(1).events(
        ("CALL_DELIVERED_EVENT", call.delivered_fields(EventCause=cause)),
        ("CALL_ESTABLISHED_EVENT", call.established_fields(EventCause=cause)))
    session.wait(1).close()


@script("replay-rebuilt")
def replay_rebuilt(made):
    replay(made, "CEC_CALL_PARTY_UPDATE_IND")


@script("replay-new-call")
def replay_new_call(made):
    replay(made, "CEC_NEW_CALL")


@script("instance-empty")
def instance_empty(made):
    refuse(begin(made).ask_to_open(services=MONITOR),
           "E_CTI_INVALID_UNIQUE_INSTANCE_ID").reset(CLIENT)


@script("instance-twice")
def instance_twice(made):
    refuse(begin(made).ask_to_open(services=MONITOR),
           "E_CTI_DUPLICATE_UNIQUE_INSTANCE_ID").reset(CLIENT)


# ---- phones ----

def desktop(made, number=1, **options):
    """A session for an agent's phone, open for 60 s."""
    return Session(made, client=Host(f"10.0.0.{10 + number}", options.pop("port", 50000 + number)),
                   **options).open(agent=PHONE).heartbeats(2, 30)


def replaced(made, event=False, opened_for=0.01, **options):
    """A second session of a client for the same phone; the server ends the first one so long after
    its OPEN_CONF."""
    first = desktop(made)
    second = Session(made, client=Host("10.0.0.11", 50021), begin=first.now + 5, **options)
    second.open(agent=PHONE)
    first.now = second.now + opened_for
    if event:
        first.server("FAILURE_EVENT", {"Status": "E_CTI_NEW_SESSION_OPENED"})
    first.reset(SERVER)
    second.heartbeats(2, 30).close()


@script("replaced-event")
def replaced_event(made):
    replaced(made, event=True)


@script("replaced-without-event")
def replaced_without_event(made):
    replaced(made)


@script("replaced-before-answer")
def replaced_before_answer(made):
    """The server ends the older session between OPEN_REQ and OPEN_CONF."""
    replaced(made, opened_for=-0.01)


@script("replaced-much-later")
def replaced_much_later(made):
    """The older session goes on for 20 s: something else ended it."""
    replaced(made, opened_for=20)


@script("replaced-by-another")
def replaced_by_another(made):
    """Another client opened for the same phone: that is no replacement of the client's session."""
    replaced(made, client_id="OTHER")


@script("replaced-refused")
def replaced_refused(made):
    """The second session was refused, so it replaced nothing."""
    first = desktop(made)
    second = Session(made, client=Host("10.0.0.11", 50021), begin=first.now + 5).connect()
    refuse(second.ask_to_open(agent=PHONE), "E_CTI_INVALID_PASSWORD").reset(CLIENT)
    first.now = second.now + 0.01
    first.reset(SERVER)


# ---- across sessions ----

def refused_again(made, count, status="E_CTI_INVALID_PASSWORD", apart=2.0, **options):
    """OPEN_REQ, refused so many times, each on a connection of its own."""
    for number in range(count):
        session = begin(made, port=50100 + number, begin=number * apart, **options)
        refuse(session.ask_to_open(services=MONITOR), status).reset(CLIENT)


@script("retries-same")
def retries_same(made):
    refused_again(made, 5)


@script("retries-twice")
def retries_twice(made):
    refused_again(made, 2)


@script("retries-then-opened")
def retries_then_opened(made):
    refused_again(made, 3)
    opened(made, port=50200, begin=10).close()


@script("retries-offline")
def retries_offline(made):
    """Nothing is wrong with OPEN_REQ, and the client waits before it sends it again."""
    refused_again(made, 4, "E_CTI_CTI_SERVER_OFFLINE")


@script("retries-offline-hasty")
def retries_offline_hasty(made):
    refused_again(made, 4, "E_CTI_CTI_SERVER_OFFLINE", apart=0.2)


@script("retries-changed")
def retries_changed(made):
    """The client changes IdleTimeout each time, but not its password."""
    for number in range(3):
        session = begin(made, port=50100 + number, begin=2 * number)
        refuse(session.ask_to_open(services=MONITOR, idle=100 + number),
               "E_CTI_INVALID_PASSWORD").reset(CLIENT)


@script("storm-one-client")
def storm_one_client(made):
    """One client in a loop, and two others that open once: no storm."""
    refused_again(made, 40, apart=0.05)
    for number in (5, 6):
        opened(made, number=number, client_id=f"CTIOS{number}", begin=0.1 * number).close()


@script("storm-given-up")
def storm_given_up(made):
    """Twelve clients at once; the server is slow, and five of them give up after 3 s."""
    for number in range(12):
        session = begin(made, number=number + 1, client_id=f"CTIOS{number + 1}",
                        begin=number * 0.02).ask_to_open(services=MONITOR)
        if number < 5:
            session.wait(3).reset(CLIENT)
        else:
            confirm(session.wait(0.5)).heartbeats(2, 30).close()


@script("failover-slow")
def failover_slow(made):
    """Three heartbeats without answer, and then side B."""
    session = missed(made, 3).wait(30).reset(CLIENT)
    opened(made, server=SERVER_B, port=50011, begin=session.now + 1).close()


def storm(made, clients, apart):
    for number in range(clients):
        opened(made, number=number + 1, client_id=f"CTIOS{number + 1}",
               begin=number * apart).close()


@script("storm-30")
def storm_30(made):
    storm(made, 30, 0.02)


@script("storm-not")
def storm_not(made):
    storm(made, 30, 0.5)


@script("failover-by-choice")
def failover_by_choice(made):
    """The client closes its session and opens one on the other side."""
    session = opened(made).close()
    opened(made, server=SERVER_B, port=50011, begin=session.now + 40).close()


@script("failover-left")
def failover_left(made):
    """The client leaves its session without CLOSE_REQ, and opens one on the other side later."""
    session = opened(made).wait(3).finish(CLIENT)
    opened(made, server=SERVER_B, port=50011, begin=session.now + 40).close()
