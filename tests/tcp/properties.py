# SPDX-License-Identifier: GPL-2.0-or-later
"""Properties of random segments.  Each seed is one connection with messages of random lengths in
both directions; all seeds share a capture and interleave in it.

- Repeated, out of order, split again with overlap, with numbers that wrap: all messages come
  out, in order, and nothing else.
- With bytes lost that the other end has: each run of lost bytes is a hole of its exact size, and
  only the messages that it touches are missing."""
import random
from collections import defaultdict

from ged188.encode import encode
from ged188.pcap import Capture
from ged188.tcp import CLIENT, SERVER

from talk import DIRECTIONS, Talk, TalkTest

SEEDS = 200
FIRST_PORT = 10000
BURSTS = 4
NUMBER_FIELDS = ("SystemEventArg1", "InvokeID")


def random_message(rng, sender, number):
    """A message that the number in it tells apart, of a random length."""
    if rng.random() < 0.3:
        return encode("HEARTBEAT_REQ" if sender == CLIENT else "HEARTBEAT_CONF",
                      {"InvokeID": number})
    text = "".join(rng.choice("abcdefgh ") for _ in range(rng.randrange(1, 250)))
    if sender == CLIENT:
        return encode("USER_MESSAGE_REQ", {"InvokeID": number, "Text": text})
    return encode("SYSTEM_EVENT", {"SystemEventID": 1, "SystemEventArg1": number,
                                   "Text": text})


def number_of(message):
    fields = message["fields"]
    return next((fields[name] for name in NUMBER_FIELDS if name in fields), message["name"])


def random_pieces(rng, size):
    """(start, size) of segments that cover all of a burst, and some that overlap them."""
    pieces, start = [], 0
    longest = rng.choice((20, 60, 300, 1400))
    while start < size:
        length = min(rng.randrange(1, longest + 1), size - start)
        pieces.append((start, length))
        start += length
    for _ in range(rng.randrange(0, 1 + len(pieces) // 3)):
        start = rng.randrange(size)
        pieces.append((start, min(rng.randrange(1, 600), size - start)))
    return pieces


def shuffled(rng, pieces):
    """Mostly near neighbours change places."""
    reach = rng.choice((0, 1, 3, 12, len(pieces)))
    return [piece for _, piece in sorted((index + rng.uniform(0, reach), piece)
                                         for index, piece in enumerate(pieces))]


def lose(rng, pieces, size):
    """Some pieces without those of the first and last byte; the rest covers less."""
    return [piece for piece in pieces
            if piece[0] == 0 or sum(piece) == size or rng.random() < 0.8]


def uncovered(pieces, size):
    """(start, size) of each run of bytes that no piece has."""
    runs, start = [], 0
    for first, length in sorted(pieces):
        if first > start:
            runs.append((start, first - start))
        start = max(start, first + length)
    assert start == size
    return runs


class Seed:
    """One connection: what was sent, and what must be found."""

    def __init__(self, number, capture, lossy=False, plain=False):
        self.rng = rng = random.Random(number)
        wrap = rng.random() < 0.5
        initial = tuple((2 ** 32 - rng.randrange(1, 3000)) if wrap else rng.randrange(2 ** 32)
                        for _ in range(2))
        self.talk = Talk(FIRST_PORT + number, initial, capture).open(number / 1000)
        self.lossy, self.plain = lossy, plain
        self.messages = {CLIENT: [], SERVER: []}
        self.holes = {CLIENT: [], SERVER: []}
        self.now = 1 + number / 1000
        for burst in range(BURSTS):
            for sender in (CLIENT, SERVER):
                self.burst(sender, 100000 + 1000 * burst)
        self.talk.close(CLIENT, self.now + 1)

    def burst(self, sender, first):
        """Some messages in one go, then an acknowledgment of all."""
        rng, talk = self.rng, self.talk
        sent = [random_message(rng, sender, first + i) for i in range(rng.randrange(1, 12))]
        data = b"".join(sent)
        base = talk.append(sender, data)
        pieces = random_pieces(rng, len(data))
        if self.plain:
            pieces = [(0, len(data))]
        if self.lossy:
            pieces = lose(rng, pieces, len(data))
        runs = uncovered(pieces, len(data))
        for start, size in shuffled(rng, pieces):
            self.now += 0.0007
            talk.repeat(sender, self.now, base + start, size)
        talk.received[sender] = len(talk.streams[sender])
        self.now += 0.001
        talk.ack(1 - sender, self.now)
        self.holes[sender] += [(size, "acked") for _, size in runs]
        self.expect(sender, first, sent, runs)

    def expect(self, sender, first, sent, runs):
        """Notes the messages that no run touches."""
        at = 0
        for number, message in enumerate(sent, first):
            end = at + len(message)
            if not any(start < end and at < start + size for start, size in runs):
                self.messages[sender].append(number)
            at = end


class Properties(TalkTest):
    def check(self, **options):
        """All seeds at once: each side's messages and holes are as expected."""
        capture = Capture()
        seeds = {f"10.0.0.11:{FIRST_PORT + number}": Seed(number, capture, **options)
                 for number in range(SEEDS)}
        result = self.decode(capture)
        ports = {session["session"]: session["client_address"] for session in result.sessions}
        messages, holes = defaultdict(list), defaultdict(list)
        for message in result.messages:
            if not message["name"].startswith("OPEN"):
                self.assertEqual(message["problems"], [])
                messages[ports[message["session"]], message["dir"]].append(number_of(message))
        for hole in result.of("gap"):
            if hole["kind"] == "hole":
                holes[ports[hole["session"]], hole["dir"]].append((hole["bytes"], hole["cause"]))
        self.assertEqual(len(result.sessions), SEEDS)
        for port, seed in seeds.items():
            for sender, name in DIRECTIONS.items():
                with self.subTest(port=port, sender=name):
                    self.assertEqual(messages[port, name], seed.messages[sender])
                    self.assertEqual(holes[port, name], seed.holes[sender])
        return result

    def test_plain(self):
        result = self.check(plain=True)
        for connection in result.connections:
            self.assertEqual(connection["retransmissions"] + connection["out_of_order"], 0)

    def test_repeated_reordered_split_again(self):
        result = self.check()
        self.assertGreater(sum(connection["out_of_order"] for connection in result.connections),
                           SEEDS)
        self.assertEqual(result.notes, [])
        self.assertEqual({session["end"] for session in result.sessions}, {"fin-by-client"})

    def test_lossy(self):
        result = self.check(lossy=True)
        self.assertGreater(len(result.holes()), SEEDS)
