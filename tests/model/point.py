# SPDX-License-Identifier: GPL-2.0-or-later
"""The capture point: what capturing does to the records of one seed.  Each function returns an
effect, effect(records, rng, seed) -> records.  Records are in file order (by key) before and after.
Arguments are in seconds."""
from clock import MICROSECOND, ns


def in_order(records):
    return sorted(records, key=lambda record: record.key)


def _shift(record, delay):
    record.key += delay
    record.stamp += delay


def late(sender, delay):
    """One direction reaches the capture later."""
    def effect(records, _rng, _seed):
        for record in records:
            if record.sender == sender:
                _shift(record, ns(delay))
        return in_order(records)
    return effect


def jitter(most):
    """Each frame is late by a random time."""
    def effect(records, rng, _seed):
        for record in records:
            _shift(record, rng.randrange(ns(most)))
        return in_order(records)
    return effect


def queues(period):
    """Each direction has its own queue in the network card, and the queues are emptied one after the
    other once a period.  Odd seeds: the card stamps frames on arrival, so times in the file step
    back.  Even seeds: frames get the time at which their queue was read."""
    def effect(records, rng, seed):
        period_ns = ns(period)
        first = rng.randrange(2)
        for record in records:
            flush = (record.key // period_ns + 1) * period_ns
            record.key = flush + (record.sender != first) * 100 * MICROSECOND
            if seed % 2 == 0:
                record.stamp = record.key
        return in_order(records)
    return effect


def twice_at_once():
    """The same frame again at once."""
    def effect(records, rng, _seed):
        return in_order(records + [record.copy(rng.randrange(1, 20) * MICROSECOND)
                                   for record in records])
    return effect


def twice_with_vlan(vlan=100):
    """The same frame again, within a VLAN tag."""
    def effect(records, rng, _seed):
        copies = [record.copy(rng.randrange(1, 20) * MICROSECOND) for record in records]
        for copy in copies:
            copy.vlans = (vlan,)
        return in_order(records + copies)
    return effect


def twice_routed(least, most):
    """The same packet again after a router: TTL is one less, the frame has other addresses."""
    def effect(records, rng, _seed):
        delay = ns(rng.uniform(least, most))
        copies = [record.copy(delay) for record in records]
        for copy in copies:
            copy.hops += 1
        return in_order(records + copies)
    return effect


def clocks_apart(offset):
    """The clock of the second point is ahead by this much; the two files were merged by time.
    Odd seeds have a router between the points."""
    def effect(records, _rng, seed):
        for record in records:
            if record.point == 1:
                _shift(record, ns(offset))
                record.hops = seed % 2
        return in_order(records)
    return effect


def lose(share):
    """The capture drops frames."""
    def effect(records, rng, _seed):
        return [record for record in records if rng.random() >= share]
    return effect


def lose_bursts(size, count):
    """The capture drops frames that follow each other, count times."""
    def effect(records, rng, _seed):
        gone = set()
        for _ in range(count):
            start = rng.randrange(max(1, len(records) - size))
            gone.update(range(start, start + size))
        return [record for index, record in enumerate(records) if index not in gone]
    return effect


def only(sender):
    """One direction is captured."""
    def effect(records, _rng, _seed):
        return [record for record in records if record.sender == sender]
    return effect


def anywhere():
    """The capture starts and ends somewhere; often it starts in mid-connection."""
    def effect(records, rng, seed):
        start = rng.randrange(len(records) // 2) if seed % 4 else 0
        end = rng.randrange(len(records) // 2, len(records)) if seed % 4 != 1 else len(records)
        return records[start:end]
    return effect
