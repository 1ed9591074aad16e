# SPDX-License-Identifier: GPL-2.0-or-later
"""What a capture point keeps: a record for each frame, and the bytes of the frame: Ethernet with
VLAN tags and padding, IPv4 with fragments, IPv6 with extension headers, TCP with options."""
import struct

from ged188 import pcap
from ged188.pcap import SYN, TCP, checksum

SMALLEST = 60           # of an Ethernet frame without its checksum; shorter ones are padded
HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION = 0, 43, 44, 60
MORE_FRAGMENTS = 0x2000
DONT_FRAGMENT = 0x4000


class Record:
    """A frame that a point saw.  key orders the file, stamp is the frame's time; both are
    nanoseconds from the capture's start."""
    __slots__ = ("connection", "segment", "key", "stamp", "point", "hops", "vlans", "part")

    def __init__(self, connection, segment, time, point=0, part=None):
        self.connection = connection
        self.segment = segment
        self.key = self.stamp = time
        self.point = point
        self.hops = 0      # routers since the first point
        self.vlans = ()
        self.part = part   # (start, size) of the IP payload that this fragment has

    def copy(self, delay=0):
        other = Record(self.connection, self.segment, self.key + delay, self.point, self.part)
        other.stamp = self.stamp + delay
        other.hops, other.vlans = self.hops, self.vlans
        return other

    @property
    def sender(self):
        return self.segment.sender


def _options(wire, segment):
    """TCP options: MSS in SYN, timestamps where the connection has them."""
    options = b""
    if segment.flags & SYN:
        options = struct.pack(">BBH", 2, 4, wire.mss[segment.sender])
    if wire.timestamps:
        options += struct.pack(">BBBBII", 1, 1, 8, 10, 1000000 + segment.ident,
                               2000000 + segment.ident)
    return options


def tcp_bytes(wire, segment):
    """The TCP segment, and how long its header is."""
    source, destination = segment.sender, 1 - segment.sender
    initial = wire.initial[segment.sender]
    options = _options(wire, segment)
    ack = wire.initial[1 - segment.sender] + segment.ack if segment.flags & pcap.ACK else 0
    data = pcap.tcp(wire.addresses[source], wire.addresses[destination],
                    (wire.ports[source], wire.ports[destination]), initial + segment.sequence,
                    ack, segment.flags, segment.payload, window=segment.window, options=options)
    return data, 20 + len(options)


def fragments(size, mtu):
    """[(start, size)...] of the fragments of an IP payload."""
    step = (mtu - 20) // 8 * 8
    return [(start, min(step, size - start)) for start in range(0, size, step)]


def _ipv4(wire, record, data):
    source, destination = record.sender, 1 - record.sender
    flags = DONT_FRAGMENT
    if record.part is not None:
        start, size = record.part
        flags = start // 8 | (MORE_FRAGMENTS if start + size < len(data) else 0)
        data = data[start:start + size]
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(data),
                         (wire.ident + record.segment.ident) & 0xFFFF, flags, 64 - record.hops,
                         TCP, 0, wire.addresses[source].packed, wire.addresses[destination].packed)
    return header[:10] + struct.pack(">H", checksum(header)) + header[12:], data


def _ipv6(wire, record, data):
    """IPv6, with the extension headers of the connection; each is 8 bytes long, but for the
    routing header, which has no segments left."""
    source, destination = record.sender, 1 - record.sender
    chain = b""
    kinds = (*wire.extensions, TCP)
    for kind, following in zip(kinds, kinds[1:]):
        if kind == FRAGMENT:  # the only fragment
            chain += struct.pack(">BBHI", following, 0, 0, record.segment.ident)
        elif kind == ROUTING:
            chain += struct.pack(">BBBBI16s", following, 2, 0, 0, 0,
                                 wire.addresses[destination].packed)
        else:
            chain += struct.pack(">BBBB4s", following, 0, 1, 4, bytes(4))
    header = struct.pack(">IHBB16s16s", 6 << 28, len(chain) + len(data), kinds[0],
                         64 - record.hops, wire.addresses[source].packed,
                         wire.addresses[destination].packed)
    return header + chain, data


def frame(record):
    """(bytes of the frame, where TCP's payload starts in it or None in a fragment)."""
    wire = record.connection.wire
    segment = record.segment
    data, header_size = tcp_bytes(wire, segment)
    source, destination = record.sender, 1 - record.sender
    if wire.addresses[source].version == 4:
        kind, (network, data) = 0x0800, _ipv4(wire, record, data)
    else:
        kind, (network, data) = 0x86DD, _ipv6(wire, record, data)
    macs = [wire.macs[source], wire.macs[destination]]
    if record.hops:
        macs = [mac.replace("02:00", "02:01") for mac in macs]
    made = pcap.ethernet(macs[1], macs[0], kind, network + data, record.vlans)
    start = None if record.part is not None else len(made) - len(data) + header_size
    if wire.padded and len(made) < SMALLEST:
        made += bytes(SMALLEST - len(made))
    return made, start
