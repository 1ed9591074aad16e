# SPDX-License-Identifier: GPL-2.0-or-later
"""What all scripts share: the list of captures, and a CTI session over a scripted TCP
connection, with neutral data and values that GED-188 has names for."""
from ged188 import facts
from ged188.encode import encode
from ged188.pcap import SECOND, Capture
from ged188.tcp import CLIENT, SERVER, START, Conversation, Host

CAPTURES = {}

SERVER_A, SERVER_B = ("10.0.0.1", 42027), ("10.0.0.2", 43027)
NOW = START // SECOND
PERIPHERAL = 5000
NO_PERIPHERAL = 0xFFFFFFFF
NO_IDLE_TIMEOUT = 0xFFFFFFFF

CALL_EVENTS = ("CALL_DELIVERED_MASK|CALL_QUEUED_MASK|CALL_ESTABLISHED_MASK|CALL_HELD_MASK|"
               "CALL_RETRIEVED_MASK|CALL_CLEARED_MASK|CALL_CONNECTION_CLEARED_MASK|"
               "CALL_ORIGINATED_MASK|CALL_TRANSFERRED_MASK|BEGIN_CALL_MASK|END_CALL_MASK|"
               "CALL_DATA_UPDATE_MASK")
AGENT_STATES = ("AGENT_LOGIN_MASK|AGENT_LOGOUT_MASK|AGENT_NOT_READY_MASK|AGENT_AVAILABLE_MASK|"
                "AGENT_TALKING_MASK|AGENT_WORK_NOT_READY_MASK|AGENT_WORK_READY_MASK|"
                "AGENT_RESERVED_MASK|AGENT_HOLD_MASK")
DESKTOP = "CTI_SERVICE_CLIENT_EVENTS|CTI_SERVICE_CALL_DATA_UPDATE|CTI_SERVICE_CLIENT_CONTROL"
BRIDGE = "CTI_SERVICE_ALL_EVENTS"


def capture(name, **options):
    """Registers a script: a function that adds frames to a Capture."""
    def register(script):
        def make():
            made = Capture(**options)
            script(made)
            return made
        CAPTURES[name] = make
        return script
    return register


def client_host(number=1, **options):
    """A client's end: 10.0.0.11 and so on."""
    return Host(f"10.0.0.{10 + number}", 50000 + number, **options)


def named_value(field):
    """A value of the field that GED-188 has a name for: 0 or "none" where it can be."""
    numbers = [value for _, value in field.value_set]
    return next((number for number in (0, 0xFFFF) if number in numbers), min(numbers))


def with_defaults(key, fields, version):
    """Fields, and for enumerations that are not given a value with a name."""
    pairs = list(fields.items()) if isinstance(fields, dict) else list(fields)
    given = {item[0] for item in pairs if isinstance(item, tuple)}
    defaults = [(field.name, named_value(field))
                for field in facts.message(key).fixed(version)
                if field.values and not field.is_mask and field.name not in given]
    return defaults + pairs


def known(key, fields):
    """The fields that the message has."""
    found = facts.message(key)
    names = {field.name for field in found.newest + found.floating}
    return {name: value for name, value in fields.items() if name in names}


def message(key, fields=(), version=facts.NEWEST, **options):
    """The bytes of a message, with defaults where fields do not tell."""
    return encode(key, with_defaults(key, fields, version), version, **options)


class Session:
    """A CTI session: each call goes on where the last one ended, at self.now."""

    def __init__(self, made, version=24, client=None, server=SERVER_A, client_id="CTIOS1A",
                 begin=0.0, vlans=()):
        self.version = version
        self.client_id = client_id
        self.talk = Conversation(made, client or client_host(), Host(*server), vlans)
        self.now = begin
        self.invoke = 0
        self.monitor = 1

    # ---- time and bytes ----

    def wait(self, seconds):
        self.now += seconds
        return self

    def send(self, sender, data, **options):
        """Bytes, now."""
        self.talk.send(sender, data, self.now, **options)
        self.now += 0.0005
        return self

    def client(self, key, fields=(), **options):
        return self.send(CLIENT, message(key, fields, self.version), **options)

    def server(self, key, fields=(), **options):
        return self.send(SERVER, message(key, fields, self.version), **options)

    def events(self, *pairs):
        """Several messages of the server in one segment."""
        return self.send(SERVER, b"".join(message(key, fields, self.version)
                                          for key, fields in pairs))

    # ---- requests ----

    def request(self, key, fields=(), answer=None, answer_fields=(), after=0.003):
        """A request of the client and its answer: the one that confirms it, if none is told."""
        self.invoke += 1
        self.client(key, {"InvokeID": self.invoke} | dict(fields))
        self.wait(after)
        answer = answer or facts.message(facts.message(key).confirmed_by).name
        return self.server(answer, {"InvokeID": self.invoke} | dict(answer_fields))

    def heartbeat(self, after=0.0012):
        return self.request("HEARTBEAT_REQ", after=after)

    def heartbeats(self, count, interval):
        """So many heartbeats, each after an interval without other messages."""
        for _ in range(count):
            self.wait(interval - 0.0022).heartbeat()
        return self

    def lost_heartbeat(self, interval):
        """A heartbeat that is not answered."""
        self.invoke += 1
        return self.wait(interval - 0.0005).client("HEARTBEAT_REQ", {"InvokeID": self.invoke})

    # ---- opening ----

    def connect(self):
        self.talk.handshake(self.now)
        return self.wait(0.001)

    def open_fields(self, services=DESKTOP, idle=120, agent=None, **fields):
        """The fields of OPEN_REQ; agent: (AgentExtension, AgentID, AgentInstrument)."""
        found = {
            "VersionNumber": self.version, "IdleTimeout": idle,
            "PeripheralID": PERIPHERAL if agent else NO_PERIPHERAL,
            "ServicesRequested": services, "CallMsgMask": CALL_EVENTS,
            "AgentStateMask": AGENT_STATES,
            "ClientID": self.client_id, "ClientPassword": "secret",
            "ClientSignature": f"{self.client_id} desktop" if agent else self.client_id}
        if agent:
            found |= dict(zip(("AgentExtension", "AgentID", "AgentInstrument"), agent))
        return found | fields

    def ask_to_open(self, **options):
        """OPEN_REQ alone."""
        self.invoke += 1
        return self.client("OPEN_REQ", {"InvokeID": self.invoke} | self.open_fields(**options))

    def open(self, services=DESKTOP, idle=120, agent=None, granted=None, after=0.015, **fields):
        """Handshake, OPEN_REQ, OPEN_CONF."""
        self.connect().ask_to_open(services=services, idle=idle, agent=agent, **fields)
        self.wait(after)
        conf = {"InvokeID": self.invoke, "ServicesGranted": granted or services,
                "MonitorID": self.monitor, "ICMCentralControllerTime": NOW + int(self.now),
                "PeripheralOnline": 1, "PeripheralType": "PT_ENTERPRISE_AGENT",
                "AgentState": "AGENT_STATE_LOGOUT" if agent else "AGENT_STATE_UNKNOWN",
                "SessionType": 1}
        if agent:
            conf |= dict(zip(("AgentExtension", "AgentID", "AgentInstrument"), agent))
        elif self.version >= 14:
            conf |= {"FltPeripheralID": [PERIPHERAL], "MultilineAgentControl": [0]}
        return self.server("OPEN_CONF", conf)

    # ---- closing ----

    def close(self, status="E_CTI_NO_ERROR"):
        """CLOSE_REQ, CLOSE_CONF, and the client's reset: linger is 0."""
        self.request("CLOSE_REQ", {"Status": status})
        return self.reset(CLIENT)

    def reset(self, sender):
        self.wait(0.001)
        self.talk.reset(sender, self.now)
        return self

    def finish(self, first):
        """FIN both ways."""
        self.wait(0.001)
        self.talk.close(first, self.now)
        return self.wait(0.001)
