# SPDX-License-Identifier: GPL-2.0-or-later
"""What a capture file really contains: for each message, whether all of its bytes are in the file,
some, or none.

Bytes are doubtful if a program may use them but need not: those of an IP packet with fragments
missing, and those captured after a reset of the connection."""
import struct
from collections import defaultdict

from clock import MICROSECOND, SECOND
from frames import frame
from ged188.pcap import ETHERNET, MAGIC_MICRO, RST
from ged188.tcp import CLIENT, SERVER, nanoseconds

WHOLE, DOUBTFUL, PART, ABSENT = "whole", "doubtful", "part", "absent"


class Coverage:
    """Ranges of stream offsets."""

    def __init__(self):
        self.ranges = []

    def add(self, start, end):
        if end > start:
            self.ranges.append((start, end))

    def merged(self):
        merged = []
        for start, end in sorted(self.ranges):
            if merged and start <= merged[-1][1]:
                merged[-1][1] = max(merged[-1][1], end)
            else:
                merged.append([start, end])
        return merged


def _sort(messages, ranges, wider):
    """{message: WHOLE, DOUBTFUL, PART or ABSENT}; wider has the doubtful bytes too."""
    found = {}
    for message in messages:
        if any(start <= message.start and message.end <= end for start, end in ranges):
            found[message] = WHOLE
        elif any(start <= message.start and message.end <= end for start, end in wider):
            found[message] = DOUBTFUL
        elif any(start < message.end and message.start < end for start, end in wider):
            found[message] = PART
        else:
            found[message] = ABSENT
    return found


class Truth:
    """Of the sessions of one seed.  states: {session: {message: state}}."""

    def __init__(self, kind, seed, sessions):
        self.kind = kind
        self.seed = seed
        self.sessions = sessions
        self.sure = defaultdict(Coverage)      # (session, sender) ->
        self.doubtful = defaultdict(Coverage)
        self.parts = defaultdict(dict)         # (session, segment) -> {start: record}
        self.reset_seen = set()                # (session, sender of RST)
        self.states = {}

    def add(self, record, made, payload_start, kept):
        """A frame of the file, of which so many bytes were kept."""
        segment, session = record.segment, record.connection
        if segment.flags & RST and not segment.no_data and session.plan.reset_by is not None:
            self.reset_seen.add(session)
        if segment.no_data or not segment.payload:
            return
        if record.part is not None:
            self._add_part(session, segment, record, kept == len(made))
            return
        size = max(0, min(len(segment.payload), kept - payload_start))
        self._cover(session, segment, size, session not in self.reset_seen)

    def _cover(self, session, segment, size, sure):
        """Adds captured bytes; those that are not sure are doubtful."""
        start = max(segment.sequence, 1) - 1
        key = session, segment.sender
        if sure:
            self.sure[key].add(start, start + size)
        self.doubtful[key].add(start, start + size)

    def _add_part(self, session, segment, record, whole):
        parts = self.parts[session, segment.ident, segment.sender]
        if whole:
            parts[record.part[0]] = record.part[1]
        header = 20 + 12 * session.wire.timestamps
        complete = sum(parts.values()) == header + len(segment.payload)
        if 0 in parts:
            size = len(segment.payload) if complete else parts[0] - header
            self._cover(session, segment, size, complete)

    def finish(self):
        for session in self.sessions:
            states = {}
            for sender in (CLIENT, SERVER):
                key = session, sender
                states |= _sort(session.messages[sender], self.sure[key].merged(),
                                self.doubtful[key].merged())
            self.states[session] = states
        return self


def name_of(session):
    """The client's end as the programs write it."""
    address, port = session.wire.addresses[CLIENT], session.wire.ports[CLIENT]
    return f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"


def write(path, snaplen, seeds, capture):
    """Writes seeds, (kind, seed) each, into one file in order of time; returns [Truth...].
    capture(kind, seed) makes sessions and records."""
    truths, records = [], []
    for kind, seed in seeds:
        sessions, made = capture(kind, seed)
        truths.append(Truth(kind, seed, sessions))
        records += [(record.key, len(truths) - 1, record) for record in made]
    records.sort(key=lambda item: item[0])
    parts = [struct.pack("<IHHiIII", MAGIC_MICRO, 2, 4, 0, 0, snaplen, ETHERNET)]
    for _, index, record in records:
        data, start = frame(record)
        kept = min(len(data), snaplen)
        time = nanoseconds(0) + record.stamp
        parts.append(struct.pack("<IIII", time // SECOND, time % SECOND // MICROSECOND, kept,
                                 len(data)))
        parts.append(data[:kept])
        truths[index].add(record, data, start, kept)
    path.write_bytes(b"".join(parts))
    return [truth.finish() for truth in truths]
