# SPDX-License-Identifier: GPL-2.0-or-later
"""The path between the two ends, and the capture points on it.

    client -- stretch 0 -- point 0 [-- stretch 1 -- point 1] -- last stretch -- server

Each stretch delays by its one-way delay (and a little more at random), keeps the order, and may
lose segments.  A segment lost before a point is not seen there; one lost after it is seen but does
not arrive.
"""
from dataclasses import dataclass

from clock import MICROSECOND
from ends import Segment
from ged188.pcap import FIN, PSH
from ged188.tcp import CLIENT

SERIALIZATION = 2 * MICROSECOND  # between two segments of a direction


@dataclass
class Stretch:
    delay: int
    loss: float = 0.0


class Path:
    """Carries segments; calls seen(point, time, segment, arrived) for each point that one reaches."""

    def __init__(self, clock, rng, stretches, seen, split=0):
        # Not arrived: lost on the stretch before the point, which can only see fragments of it.
        self.clock = clock
        self.rng = rng
        self.stretches = stretches
        self.seen = seen
        self.split = split  # a network card makes such pieces of a larger segment, after the point
        self.ends = []
        self.busy = {}      # (stretch, sender) -> when the last segment left it
        self.idents = [0, 0]

    def send(self, segment):
        self.idents[segment.sender] += 1
        segment.ident = self.idents[segment.sender]
        count = len(self.stretches)
        order = range(count) if segment.sender == CLIENT else range(count - 1, -1, -1)
        self._enter(segment, tuple(order))

    def _enter(self, segment, order):
        """The segment enters the first stretch of order."""
        index = order[0]
        stretch = self.stretches[index]
        if stretch.loss and self.rng.random() < stretch.loss:
            if len(order) > 1:
                self.seen(min(order[0], order[1]), self.clock.now + stretch.delay, segment, False)
            return
        leave = self.clock.now + round(stretch.delay * self.rng.uniform(1, 1.2))
        leave = max(leave, self.busy.get((index, segment.sender), 0) + SERIALIZATION)
        self.busy[index, segment.sender] = leave
        self.clock.after(leave - self.clock.now, self._leave, segment, order)

    def _leave(self, segment, order):
        if len(order) == 1:
            self.ends[1 - segment.sender].receive(segment)
            return
        point = min(order[0], order[1])
        self.seen(point, self.clock.now, segment, True)
        for piece in self._pieces(segment):
            self._enter(piece, order[1:])

    def _pieces(self, segment):
        if not self.split or len(segment.payload) <= self.split:
            return [segment]
        pieces = []
        for start in range(0, len(segment.payload), self.split):
            payload = segment.payload[start:start + self.split]
            last = start + len(payload) == len(segment.payload)
            piece = Segment(segment.sender, segment.sequence + start, segment.ack,
                            segment.flags if last else segment.flags & ~(FIN | PSH), payload,
                            segment.window, segment.no_data)
            piece.ident = segment.ident
            pieces.append(piece)
        return pieces
