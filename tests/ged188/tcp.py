# SPDX-License-Identifier: GPL-2.0-or-later
"""A scripted TCP conversation with a made clock: the frames that a capture would hold.

    talk = Conversation(capture, Host("10.0.0.11", 50001), Host("10.0.0.1", 42027))
    talk.handshake(0)
    talk.send(CLIENT, data, at=0.01)
    talk.close(CLIENT, at=5)

Times are seconds since the capture's start; nothing waits for anything.  What goes wrong on a
network is a call of its own, or an option of send(): segments lost, repeated, out of order,
overlapping.  Behaviour: RFC 9293.
"""
import struct
from dataclasses import dataclass
from datetime import datetime, timezone

from . import pcap
from .pcap import ACK, FIN, PSH, RST, SYN

CLIENT, SERVER = 0, 1
START = int(datetime(2026, 11, 22, 10, tzinfo=timezone.utc).timestamp()) * pcap.SECOND

# How long an acknowledgment takes, and segments that are sent in one go.
ACK_DELAY = 0.00015
SEGMENT_GAP = 0.00001
MSS = 1460


@dataclass
class Host:
    """One end; initial is the initial sequence number."""
    address: str
    port: int
    initial: int | None = None

    @property
    def ip(self):
        return pcap.address(self.address)

    @property
    def mac(self):
        return "02:00:" + ":".join(f"{byte:02x}" for byte in self.ip.packed[-4:])


def nanoseconds(at):
    return START + round(at * pcap.SECOND)


class Conversation:
    """One TCP connection.  Stream offsets count from 0 at the first byte of data."""

    def __init__(self, capture, client, server, vlans=()):
        self.capture = capture
        self.hosts = (client, server)
        self.vlans = vlans
        self.initial = [client.initial if client.initial is not None else 1000 + client.port,
                        server.initial if server.initial is not None else 7000000 + server.port]
        self.streams = [bytearray(), bytearray()]
        self.received = [0, 0]  # how much of each stream the other end has in order
        self.finished = [False, False]
        self.idents = [0, 0]

    # ---- one frame ----

    def sequence(self, sender, offset):
        return self.initial[sender] + 1 + offset

    def acknowledgment(self, sender):
        """What the sender acknowledges: all it has of the other's stream."""
        other = 1 - sender
        return self.sequence(other, self.received[other]) + self.finished[other]

    def segment(self, sender, at, flags, sequence, payload=b"", acknowledgment=None, **options):
        """Any segment; nothing is remembered."""
        source, destination = self.hosts[sender], self.hosts[1 - sender]
        if acknowledgment is None:
            acknowledgment = self.acknowledgment(sender) if flags & ACK else 0
        data = pcap.tcp(source.ip, destination.ip, (source.port, destination.port), sequence,
                        acknowledgment, flags, payload, **options)
        self.idents[sender] += 1
        kind, packet = pcap.packet(source.ip, destination.ip, data, self.idents[sender])
        frame = pcap.ethernet(destination.mac, source.mac, kind, packet, self.vlans)
        self.capture.add(nanoseconds(at), frame)

    # ---- the start ----

    def handshake(self, at):
        """SYN, SYN-ACK, ACK."""
        mss = struct.pack(">BBH", 2, 4, MSS)
        self.segment(CLIENT, at, SYN, self.initial[CLIENT], options=mss)
        self.segment(SERVER, at + ACK_DELAY, SYN | ACK, self.initial[SERVER],
                     acknowledgment=self.initial[CLIENT] + 1, options=mss)
        self.ack(CLIENT, at + 2 * ACK_DELAY)

    # ---- data ----

    def ack(self, sender, at):
        """An acknowledgment without data."""
        self.segment(sender, at, ACK, self.sequence(sender, len(self.streams[sender])))

    def repeat(self, sender, at, start, size):
        """Bytes of the stream (again)."""
        self.segment(sender, at, ACK | PSH, self.sequence(sender, start),
                     bytes(self.streams[sender][start:start + size]))

    def overwrite(self, sender, at, start, data):
        """Any bytes at any place of the stream; the stream itself does not change."""
        self.segment(sender, at, ACK | PSH, self.sequence(sender, start), data)

    def append(self, sender, data):
        """Adds to the stream without a frame; returns where it starts."""
        start = len(self.streams[sender])
        self.streams[sender] += data
        return start

    def send(self, sender, data, at, sizes=None, order=None, lost=(), ack=True):
        """Sends data in segments of these sizes (the rest in the last ones of MSS).

        order: in which order the segments go out; lost: which of them the capture lacks,
        though the other end got them.
        """
        start = self.append(sender, data)
        pieces = list(_pieces(start, len(data), sizes or ()))
        for step, index in enumerate(order or range(len(pieces))):
            if index in lost:
                continue
            self.repeat(sender, at + step * SEGMENT_GAP, *pieces[index])
        self.received[sender] = len(self.streams[sender])
        if ack:
            self.ack(1 - sender, at + len(pieces) * SEGMENT_GAP + ACK_DELAY)

    # ---- the end ----

    def fin(self, sender, at, ack=True):
        """FIN behind all data, and its acknowledgment."""
        self.segment(sender, at, FIN | ACK, self.sequence(sender, len(self.streams[sender])))
        self.finished[sender] = True
        if ack:
            self.segment(1 - sender, at + ACK_DELAY, ACK,
                         self.sequence(1 - sender, len(self.streams[1 - sender])) +
                         self.finished[1 - sender])

    def close(self, first, at):
        """FIN both ways."""
        self.fin(first, at)
        self.fin(1 - first, at + 3 * ACK_DELAY)

    def reset(self, sender, at):
        self.segment(sender, at, RST | ACK, self.sequence(sender, len(self.streams[sender])))

    def keep_alive(self, sender, at, size=0):
        """A keep-alive of 0 or 1 byte, and its answer."""
        next_byte = len(self.streams[sender])
        self.segment(sender, at, ACK, self.sequence(sender, next_byte - 1), bytes(size))
        self.ack(1 - sender, at + ACK_DELAY)


def _pieces(start, length, sizes):
    """(start, size) of each segment."""
    end = start + length
    for size in sizes:
        if start < end:
            yield start, min(size, end - start)
            start += size
    while start < end:
        yield start, min(MSS, end - start)
        start += MSS
