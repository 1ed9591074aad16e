# SPDX-License-Identifier: GPL-2.0-or-later
"""The two applications of a CTI session: what they write, when, and why.  A session that nothing
disturbs breaks no rule of the protocol.

Each message can be told apart: by its InvokeID, or by its number in a field of its own (NUMBERS).
"""
from dataclasses import dataclass

from clock import MILLISECOND, SECOND, ns
from ged188 import facts
from ged188.encode import encode
from ged188.tcp import CLIENT, SERVER, START

VERSION = 24
PERIPHERAL = 5000
NO_IDLE_TIMEOUT = 0xFFFFFFFF
SERVICES = "CTI_SERVICE_CLIENT_EVENTS|CTI_SERVICE_CALL_DATA_UPDATE|CTI_SERVICE_CLIENT_CONTROL"
AGENT = {"AgentExtension": "5001", "AgentID": "1001", "AgentInstrument": "5001"}

# The field that tells a message of this type from the others.
NUMBERS = {"OPEN_REQ": "InvokeID", "OPEN_CONF": "InvokeID", "HEARTBEAT_REQ": "InvokeID",
           "HEARTBEAT_CONF": "InvokeID", "CLOSE_REQ": "InvokeID", "CLOSE_CONF": "InvokeID",
           "QUERY_AGENT_STATE_REQ": "InvokeID", "QUERY_AGENT_STATE_CONF": "InvokeID",
           "USER_MESSAGE_REQ": "InvokeID", "USER_MESSAGE_CONF": "InvokeID",
           "SYSTEM_EVENT": "SystemEventArg1", "AGENT_STATE_EVENT": "StateDuration",
           "CALL_DATA_UPDATE_EVENT": "ConnectionCallID"}
TYPES = {facts.message(name).number: name for name in NUMBERS}

LATEST_ANSWER = 4 * SECOND  # later ones might break a rule indeed


class Unclean(Exception):
    """The network was so bad that the session itself was not clean: not what is to be tested."""


@dataclass
class Plan:
    """What a session does.  Times are seconds."""
    duration: float = 200
    interval: float = 30          # of heartbeats
    by_timer: bool = True         # or after the client's own silence
    request_gaps: tuple = (3, 20)
    long_gaps: float = 0.0        # share of gaps between requests that are longer than interval
    event_gap: float = 4.0        # mean
    largest_text: int = 240
    large_events: bool = True     # some are longer than a segment
    bursts: tuple = ()            # bytes that the server writes at once, at random times
    pauses: int = 0               # times that the client stops reading
    end: str = "fin"              # after CLOSE_CONF: fin, rst, nothing, fin-with-data
    reset_by: int | None = None   # instead: this end resets the connection
    stray_resets: int = 0         # RST out of the window, from elsewhere


class Message:
    """A message as it was written: start is its offset in the stream of its sender."""
    __slots__ = ("name", "sender", "number", "start", "data", "pairs", "time", "answered")

    def __init__(self, name, sender, number, start, pairs, time):
        self.name = name
        self.sender = sender
        self.number = number
        self.start = start
        self.pairs = pairs
        self.data = encode(name, pairs, VERSION)
        self.time = time
        self.answered = None

    @property
    def end(self):
        return self.start + len(self.data)

    @property
    def key(self):
        return self.sender, self.name, self.number


def _named_value(field):
    numbers = [value for _, value in field.value_set]
    return next((number for number in (0, 0xFFFF) if number in numbers), min(numbers))


DEFAULTS = {name: [(field.name, _named_value(field)) for field in facts.message(name).fixed(VERSION)
                   if field.values and not field.is_mask] for name in NUMBERS}


def complete(name, fields):
    """The pairs of a message, with a value that has a name for each enumeration."""
    return [(key, value) for key, value in DEFAULTS[name] if key not in fields] + \
        list(fields.items())


class App:
    """What both applications share: writing messages, and taking the other's off the stream."""

    def __init__(self, session, end):
        self.session = session
        self.end = end
        self.clock = session.clock
        self.rng = session.rng
        self.plan = session.plan
        self.written = 0
        self.got = 0       # bytes of the other's stream
        self.taken = 0     # messages of it
        end.app = self

    def write(self, *messages):
        """Writes (name, fields) in one go."""
        made = []
        for name, fields in messages:
            number = fields[NUMBERS[name]]
            message = Message(name, self.end.sender, number, self.written, complete(name, fields),
                              self.clock.now)
            self.written = message.end
            self.session.messages[self.end.sender].append(message)
            made.append(message)
        self.end.write(b"".join(message.data for message in made))
        return made

    def received(self, data):
        self.got += len(data)
        theirs = self.session.messages[1 - self.end.sender]
        while self.taken < len(theirs) and theirs[self.taken].end <= self.got:
            self.taken += 1
            self.take(theirs[self.taken - 1])

    def take(self, message):
        raise NotImplementedError

    def connected(self):
        pass

    def finished(self):
        self.end.close()

    def was_reset(self):
        self.session.over = True

    def text(self, number):
        """A text that ends with the number."""
        size = self.rng.randrange(self.plan.largest_text)
        return "".join(self.rng.choices("abcdefgh ", k=size)) + f"#{number}"


class Client(App):
    def __init__(self, session, end):
        super().__init__(session, end)
        self.invoke = session.first_number
        self.waiting = {}  # InvokeID -> Message
        self.timer = None
        self.closing = False

    def start(self):
        if self.end.options.data_in_syn:
            self.open()
        self.end.connect()

    def connected(self):
        if not self.end.options.data_in_syn:
            self.open()

    def open(self):
        self.request("OPEN_REQ", {
            "VersionNumber": VERSION, "IdleTimeout": int(4 * self.plan.interval),
            "PeripheralID": PERIPHERAL, "ServicesRequested": SERVICES,
            "ClientID": self.session.client_id, "ClientPassword": "secret",
            "ClientSignature": f"{self.session.client_id} desktop"} | AGENT)

    def next_number(self):
        self.invoke += 1
        return self.invoke

    def request(self, *named):
        """Requests in one go: name, fields, name, fields..."""
        batch = [(name, {"InvokeID": self.next_number()} | fields)
                 for name, fields in zip(named[::2], named[1::2])]
        for message in self.write(*batch):
            self.waiting[message.number] = message
        if not self.plan.by_timer and self.timer is not None:
            self.beat_later()

    def take(self, message):
        request = self.waiting.pop(message.number, None) if message.name.endswith("CONF") else None
        if request is not None:
            request.answered = self.clock.now
            if self.clock.now - request.time > LATEST_ANSWER:
                raise Unclean(request.name)
        if message.name == "OPEN_CONF":
            self.opened()
        if message.name == "CLOSE_CONF":
            self.closed()

    def opened(self):
        self.beat_later()
        self.clock.after(ns(self.rng.uniform(*self.plan.request_gaps) / 4), self.ask)
        self.clock.after(ns(self.plan.duration), self.finish)
        for _ in range(self.plan.pauses):
            at = self.rng.uniform(1, self.plan.duration - 10)
            self.clock.after(ns(at), self.pause)
        for _ in range(self.plan.stray_resets):
            at = self.rng.uniform(1, self.plan.duration - 1)
            self.clock.after(ns(at), self.session.stray_reset)

    def pause(self):
        self.end.pause()
        self.clock.after(ns(self.rng.uniform(0.8, 2.2)), self.end.resume)

    def beat_later(self):
        if self.timer is not None:
            self.timer.cancel()
        self.timer = self.clock.after(ns(self.plan.interval * self.rng.uniform(1, 1.002)),
                                      self.beat)

    def beat(self):
        if self.closing or self.session.over:
            return
        self.request("HEARTBEAT_REQ", {})
        self.beat_later()

    def ask(self):
        """One to three requests, and when the next ones come."""
        if self.closing or self.session.over:
            return
        named = []
        for _ in range(self.rng.choice((1, 1, 1, 2, 3))):
            number = self.invoke + len(named) // 2 + 1
            if self.rng.random() < 0.5:
                named += ["QUERY_AGENT_STATE_REQ", {"PeripheralID": PERIPHERAL, "MRDID": 1,
                                                    "ICMAgentID": number, "AgentID": "1001"}]
            else:
                named += ["USER_MESSAGE_REQ", {"Text": self.text(number)}]
        self.request(*named)
        gap = self.rng.uniform(*self.plan.request_gaps)
        if self.rng.random() < self.plan.long_gaps:
            gap = self.plan.interval * self.rng.uniform(1.1, 3)
        self.clock.after(ns(gap), self.ask)

    def finish(self):
        """Ends the session once nothing is outstanding."""
        if self.session.over:
            return
        if self.waiting or not self.end.reading:
            self.clock.after(300 * MILLISECOND, self.finish)
            return
        if self.plan.reset_by is not None:
            self.session.break_off()
            return
        self.closing = True
        self.request("CLOSE_REQ", {"Status": "E_CTI_NO_ERROR"})

    def closed(self):
        self.session.over = True
        delay = ns(self.rng.uniform(0.0003, 0.002))
        if self.plan.end == "fin":
            self.clock.after(delay, self.end.close)
        elif self.plan.end == "rst":
            self.clock.after(delay, self.end.reset)
        elif self.plan.end == "nothing":
            self.clock.after(delay + 100 * MILLISECOND, self.session.vanish)


class Server(App):
    def __init__(self, session, end):
        super().__init__(session, end)
        self.number = session.first_number * 16
        self.closing = False
        end.listen()

    def take(self, message):
        if message.name.endswith("REQ"):
            service = self.rng.choice((0.0004, 0.002, 0.01)) * self.rng.uniform(0.5, 2)
            self.clock.after(ns(service), self.answer, message)

    def answer(self, request):
        if self.end.state == "gone":
            return
        fields = {"InvokeID": request.number}
        if request.name == "CLOSE_REQ":
            self.closing = True
            self.end.fin = self.plan.end == "fin-with-data"  # goes with the last segment
        if request.name == "OPEN_REQ":
            fields |= {"ServicesGranted": SERVICES, "MonitorID": 1, "PeripheralOnline": 1,
                       "ICMCentralControllerTime": START // SECOND,
                       "PeripheralType": "PT_ENTERPRISE_AGENT",
                       "AgentState": "AGENT_STATE_LOGOUT", "SessionType": 1} | AGENT
        if request.name == "QUERY_AGENT_STATE_REQ":
            fields |= {"AgentState": "AGENT_STATE_NOT_READY", "MRDID": 1, "AgentMode": 1,
                       "MaxTaskLimit": 1, "ICMAgentID": request.number, "AgentID": "1001"}
        self.write((request.name.replace("_REQ", "_CONF"), fields))
        if request.name == "OPEN_REQ":
            self.opened()

    def opened(self):
        self.clock.after(self.later(), self.report)
        for size in self.plan.bursts:
            self.clock.after(ns(self.rng.uniform(1, self.plan.duration - 5)), self.burst, size)

    def later(self):
        return ns(min(self.rng.expovariate(1 / self.plan.event_gap), 40))

    def event(self):
        """A random event with the next number."""
        self.number += 1
        kind = self.rng.random()
        if kind < 0.5:
            return "SYSTEM_EVENT", {"SystemEventID": "SYS_TEXT_FYI", "SystemEventArg1": self.number,
                                    "ICMCentralControllerTime": START // SECOND,
                                    "Text": self.text(self.number)}
        if kind < 0.85:
            return "AGENT_STATE_EVENT", {
                "MonitorID": 1, "PeripheralID": PERIPHERAL, "PeripheralType": "PT_ENTERPRISE_AGENT",
                "SkillGroupState": "AGENT_STATE_NOT_READY", "StateDuration": self.number,
                "AgentState": "AGENT_STATE_NOT_READY", "MRDID": 1, "AgentMode": 1,
                "MaxTaskLimit": 1, "ICMAgentID": self.number} | AGENT
        return "CALL_DATA_UPDATE_EVENT", {
            "MonitorID": 1, "PeripheralID": PERIPHERAL, "PeripheralType": "PT_ENTERPRISE_AGENT",
            "CallType": "CALLTYPE_ACD_IN", "ConnectionCallID": self.number,
            "ConnectionDeviceIDType": "CONNECTION_ID_STATIC", "NewConnectionCallID": self.number,
            "NewConnectionDeviceIDType": "CONNECTION_ID_STATIC", "ConnectionDeviceID": "5001",
            "NewConnectionDeviceID": "5001", "CallVariable1": f"#{self.number}",
            "NamedVariable": [(f"user.cti.v{index}", self.text(self.number)[:200])
                              for index in range(self.rng.randrange(12)
                                                 if self.plan.large_events else 1)]}

    def report(self):
        """One event, or several in one go or one after the other."""
        if self.closing or self.end.state == "gone":
            return
        count = self.rng.choice((1, 1, 1, 1, 2, 3, 6))
        events = [self.event() for _ in range(count)]
        if self.rng.random() < 0.5:
            self.write(*events)
        else:
            for event in events:
                self.write(event)
        self.clock.after(self.later(), self.report)

    def burst(self, size):
        if self.closing or self.end.state == "gone":
            return
        end = self.written + size
        events = []
        written = self.written
        while written < end:
            events.append(self.event())
            written += len(encode(events[-1][0], complete(*events[-1]), VERSION))
        self.write(*events)
