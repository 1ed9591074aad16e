# SPDX-License-Identifier: GPL-2.0-or-later
"""The sessions of one seed of a kind: ends, path and applications put together and run; the
records that the capture points made of them."""
import random
from dataclasses import dataclass

from clock import MILLISECOND, SECOND, Clock, ns
from ends import End, Segment
from frames import Record, fragments
from ged188.pcap import RST
from ged188.tcp import CLIENT, SERVER, Host
from network import Path, Stretch
from talk import Client, Server, Unclean

SERVER_PORT = 42027
LINGERING = 20 * SECOND      # the clock runs on after the session
ATTEMPTS = 20


@dataclass
class Wire:
    """What the frames of a connection have in common."""
    hosts: tuple             # client and server
    initial: tuple
    mss: tuple
    timestamps: bool
    padded: bool
    ident: int
    extensions: tuple = ()

    def __post_init__(self):
        self.addresses = tuple(host.ip for host in self.hosts)
        self.macs = tuple(host.mac for host in self.hosts)
        self.ports = tuple(host.port for host in self.hosts)


class Session:
    """One connection and the CTI session on it."""

    def __init__(self, rng, kind, plan, wire, client_id, begin):
        self.rng = rng
        self.kind = kind
        self.plan = plan
        self.wire = wire
        self.client_id = client_id
        # Those of events are apart from those of requests: an event is not to look like an answer.
        self.first_numbers = (rng.randrange(100_000_001, 400_000_000),
                              rng.randrange(500_000_000, 900_000_000))
        self.begin = begin
        self.clock = Clock()
        self.messages = ([], [])
        self.records = []
        self.over = False
        self.path = Path(self.clock, rng, self._stretches(), self._seen, kind.split)
        self.ends = tuple(End(self.clock, sender, kind.ends[sender], self.path.send)
                          for sender in (CLIENT, SERVER))
        self.path.ends = self.ends
        self.client = Client(self, self.ends[CLIENT])
        self.server = Server(self, self.ends[SERVER])

    def _stretches(self):
        """One-way delays of a LAN or a WAN; the capture is anywhere between the ends."""
        rng = self.rng
        total = rng.choice((0.3, 1, 4, 20)) * rng.uniform(0.7, 1.3)
        share = rng.choice((0.02, 0.5, 0.98))
        delays = [total * share, total * (1 - share)]
        if self.kind.points == 2:
            delays[1:1] = [rng.choice((0.1, 1, 5))]
        stretches = [Stretch(ns(delay / 1000)) for delay in delays]
        stretches[0].loss, stretches[-1].loss = self.kind.loss
        return stretches

    def _seen(self, point, time, segment, arrived):
        time += self.begin
        size = 40 + 12 * self.wire.timestamps + len(segment.payload)
        if not self.kind.mtu or size <= self.kind.mtu:
            if arrived:
                self.records.append(Record(self, segment, time, point))
            return
        parts = fragments(size - 20, self.kind.mtu)
        if not arrived:
            parts.remove(self.rng.choice(parts))
        if self.kind.order == "last-first":
            parts.reverse()
        elif self.kind.order == "any":
            self.rng.shuffle(parts)
        for number, part in enumerate(parts):
            self.records.append(Record(self, segment, time + 200 * number, point, part))

    def stray_reset(self):
        """A segment that is neither end's: its number is not in the window."""
        if self.over:
            return
        sender = self.rng.randrange(2)
        end = self.ends[sender]
        far = self.rng.choice((-1, 1)) * self.rng.randrange(70000, 1 << 30)
        self.path.send(Segment(sender, end.top + far, 0, RST, b"", 0, True))

    def break_off(self):
        """One end resets the connection.  The server sends events before that, and some more while
        it does not know yet that the client did."""
        self.over = True
        delay = self.rng.randrange(5 * MILLISECOND)
        self.server.burst(300)
        self.clock.after(delay, self.ends[self.plan.reset_by].reset)
        self.clock.after(delay + self.rng.randrange(5 * MILLISECOND), self.server.burst, 300)

    def vanish(self):
        for end in self.ends:
            end.vanish()

    def run(self):
        self.client.start()
        self.clock.run(ns(self.plan.duration) + LINGERING)
        if not self.over or self.client.waiting:
            raise Unclean("no end")
        return self


def _host(kind, seed, last, port):
    """A host in the network of the kind and seed, so that kinds can share a capture."""
    network = kind.number * 200 + seed % 200
    if kind.version == 6:
        return Host(f"fd00::{network + 1:x}:{last:x}", port)
    return Host(f"10.{network >> 8}.{network & 255}.{last}", port)


def _initial(rng, kind):
    if kind.wrap:
        return 2 ** 32 - rng.randrange(1, 12000)
    return rng.randrange(2 ** 31)


def _wire(rng, kind, seed, index):
    client = _host(kind, seed, 11 + index, 50000 + rng.randrange(10000))
    server = _host(kind, seed, 1, SERVER_PORT)
    extensions = ()
    if kind.extensions:
        extensions = tuple(rng.choice(kind.extensions))
    return Wire((client, server), (_initial(rng, kind), _initial(rng, kind)),
                tuple(options.mss for options in kind.ends), rng.random() < 0.5,
                rng.random() < 0.5, rng.randrange(30000), extensions)


def _plans(kind, seed):
    for index, plan in enumerate(kind.plans):
        yield index, plan(seed) if callable(plan) else plan


def build(kind, seed):
    """The sessions of a seed."""
    rng = random.Random(f"{kind.name} {seed}")
    sessions = []
    start = rng.randrange(10 * SECOND)
    for index, plan in _plans(kind, seed):
        wire = _wire(rng, kind, seed, index)
        begin = start + rng.randrange(10 * SECOND)
        for turn in range(kind.turns):
            session = _run(rng, kind, plan, wire, f"C{seed}-{index}-{turn}", begin)
            sessions.append(session)
            begin = max(record.key for record in session.records) + \
                ns(rng.uniform(*kind.reuse_after))
            wire = Wire(wire.hosts, (_initial(rng, kind), _initial(rng, kind)), wire.mss,
                        wire.timestamps, wire.padded, rng.randrange(30000), wire.extensions)
    return sessions


def _run(rng, kind, plan, wire, client_id, begin):
    for _ in range(ATTEMPTS):
        try:
            return Session(rng, kind, plan, wire, client_id, begin).run()
        except Unclean:
            continue
    raise Unclean(f"{kind.name}: {ATTEMPTS} attempts")


def capture(kind, seed):
    """(sessions, records in the order of the file) of a seed."""
    sessions = build(kind, seed)
    rng = random.Random(f"{kind.name} {seed} point")
    records = sorted((record for session in sessions for record in session.records),
                     key=lambda record: record.key)
    for effect in kind.effects:
        records = effect(records, rng, seed)
    return sessions, records
