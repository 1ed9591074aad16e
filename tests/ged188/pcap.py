# SPDX-License-Identifier: GPL-2.0-or-later
"""Capture files: classic pcap, written and read, and the frames in it: Ethernet with any VLAN
tags, IPv4 or IPv6, TCP, with right checksums.  Formats: draft-ietf-opsawg-pcap, RFC 791, 8200,
9293, IEEE 802.1Q."""
import ipaddress
import struct
from pathlib import Path

MAGIC_MICRO, MAGIC_NANO = 0xA1B2C3D4, 0xA1B23C4D
ETHERNET = 1
SECOND = 10 ** 9
TCP = 6

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32


# ---- frames ----

def checksum(data):
    """The Internet checksum."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def ethernet(destination, source, kind, payload, vlans=()):
    """vlans: VLAN numbers, the outer one first (802.1ad for all but the last)."""
    tags = b"".join(struct.pack(">HH", 0x8100 if i == len(vlans) - 1 else 0x88A8, vlan)
                    for i, vlan in enumerate(vlans))
    return mac(destination) + mac(source) + tags + struct.pack(">H", kind) + payload


def ipv4(source, destination, payload, ident=0, protocol=TCP):
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), ident & 0xFFFF, 0x4000, 64,
                         protocol, 0, source.packed, destination.packed)
    return header[:10] + struct.pack(">H", checksum(header)) + header[12:] + payload


def ipv6(source, destination, payload, protocol=TCP):
    return struct.pack(">IHBB16s16s", 6 << 28, len(payload), protocol, 64, source.packed,
                       destination.packed) + payload


def _pseudo_header(source, destination, length):
    if source.version == 4:
        return struct.pack(">4s4sBBH", source.packed, destination.packed, 0, TCP, length)
    return struct.pack(">16s16sII", source.packed, destination.packed, length, TCP)


def tcp(source, destination, ports, sequence, acknowledgment, flags, payload=b"", window=64240,
        options=b"", urgent=0):
    """A TCP segment; source and destination are addresses, ports the two ports."""
    offset = (20 + len(options)) // 4 << 4
    head = struct.pack(">HHIIBBHHH", *ports, sequence & 0xFFFFFFFF, acknowledgment & 0xFFFFFFFF,
                       offset, flags, window, 0, urgent)
    segment = head + options + payload
    total = checksum(_pseudo_header(source, destination, len(segment)) + segment)
    return segment[:16] + struct.pack(">H", total) + segment[18:]


def packet(source, destination, segment, ident=0):
    """The IP packet around a segment, and its EtherType."""
    if source.version == 4:
        return 0x0800, ipv4(source, destination, segment, ident)
    return 0x86DD, ipv6(source, destination, segment)


def address(text):
    return ipaddress.ip_address(text)


# ---- files ----

class Capture:
    """Frames with their times (nanoseconds since 1970), written in order of time, or as they
    were added."""

    def __init__(self, nano=False, link_type=ETHERNET, snaplen=262144, as_added=False):
        self.as_added = as_added
        self.nano = nano
        self.link_type = link_type
        self.snaplen = snaplen
        self.records = []

    def add(self, time, frame):
        self.records.append((time, frame))

    def data(self):
        """The bytes of the file."""
        unit = 1 if self.nano else 1000
        parts = [struct.pack("<IHHiIII", MAGIC_NANO if self.nano else MAGIC_MICRO, 2, 4, 0, 0,
                             self.snaplen, self.link_type)]
        records = self.records if self.as_added else sorted(self.records,
                                                            key=lambda record: record[0])
        for time, frame in records:
            kept = frame[:self.snaplen]
            parts.append(struct.pack("<IIII", time // SECOND, time % SECOND // unit, len(kept),
                                     len(frame)) + kept)
        return b"".join(parts)

    def write(self, path):
        Path(path).write_bytes(self.data())


def read(path):
    """[(time, frame)...] of a little-endian classic pcap file."""
    data = Path(path).read_bytes()
    magic = struct.unpack_from("<I", data)[0]
    unit = {MAGIC_NANO: 1, MAGIC_MICRO: 1000}[magic]
    records, offset = [], 24
    while offset + 16 <= len(data):
        seconds, fraction, kept, _ = struct.unpack_from("<IIII", data, offset)
        offset += 16
        records.append((seconds * SECOND + fraction * unit, data[offset:offset + kept]))
        offset += kept
    return records
