# SPDX-License-Identifier: GPL-2.0-or-later
"""The two applications of a CTI session: what they write, when, and why.  A session that nothing
disturbs breaks no rule of the protocol."""
from dataclasses import dataclass

from clock import MILLISECOND, SECOND, ns
from ged188.tcp import CLIENT, SERVER
from messages import Message, template

LATEST_ANSWER = 4 * SECOND  # later ones might break a rule indeed
LARGEST_TEXT = 240
VARIABLES_END = 12          # of an event with named variables; with six it is over 1460 bytes


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
    largest_text: int = LARGEST_TEXT
    large_events: bool = True     # some are longer than a segment
    bursts: tuple = ()            # bytes that the server writes at once, at random times
    pauses: int = 0               # times that the client stops reading
    end: str = "fin"              # after CLOSE_CONF: fin, rst, nothing, fin-with-data
    reset_by: int | None = None   # instead: this end resets the connection
    stray_resets: int = 0         # RST out of the window, from elsewhere


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
        """Writes (name, shape, number) in one go."""
        made = []
        for name, shape, number in messages:
            message = Message(name, shape, self.end.sender, number, self.written, self.clock.now)
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

    def text_size(self):
        return (self.rng.randrange(self.plan.largest_text),)


class Client(App):
    def __init__(self, session, end):
        super().__init__(session, end)
        self.invoke = session.first_numbers[CLIENT]
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
        self.request(("OPEN_REQ", (self.session.client_id, self.plan.interval)))

    def request(self, *named):
        """Requests in one go, (name, shape) each."""
        batch = [(name, shape, self.invoke + index) for index, (name, shape) in enumerate(named)]
        self.invoke += len(named)
        for message in self.write(*batch):
            self.waiting[message.number] = message
        if not self.plan.by_timer and self.timer is not None:
            self.beat_later()

    def take(self, message):
        request = self.waiting.pop(message.number, None) if message.name.endswith("CONF") else None
        if request is not None:
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
        self.request(("HEARTBEAT_REQ", ()))
        self.beat_later()

    def ask(self):
        """One to three requests, and when the next ones come."""
        if self.closing or self.session.over:
            return
        self.request(*(("QUERY_AGENT_STATE_REQ", ()) if self.rng.random() < 0.5 else
                       ("USER_MESSAGE_REQ", self.text_size())
                       for _ in range(self.rng.choice((1, 1, 1, 2, 3)))))
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
        self.request(("CLOSE_REQ", ()))

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
        self.number = session.first_numbers[SERVER]
        self.closing = False
        end.listen()

    def take(self, message):
        if message.name.endswith("REQ"):
            service = self.rng.choice((0.0004, 0.002, 0.01)) * self.rng.uniform(0.5, 2)
            self.clock.after(ns(service), self.answer, message)

    def answer(self, request):
        if self.end.state == "gone":
            return
        if request.name == "CLOSE_REQ":
            self.closing = True
            self.end.fin = self.plan.end == "fin-with-data"  # goes with the last segment
        self.write((request.name.replace("_REQ", "_CONF"), (), request.number))
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
            return "SYSTEM_EVENT", self.text_size(), self.number
        if kind < 0.85:
            return "AGENT_STATE_EVENT", (), self.number
        variables = self.rng.randrange(VARIABLES_END) if self.plan.large_events else 1
        return "CALL_DATA_UPDATE_EVENT", (variables,), self.number

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
        events = []
        while size > 0:
            events.append(self.event())
            size -= len(template(*events[-1][:2]).data)
        self.write(*events)
