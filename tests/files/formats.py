# SPDX-License-Identifier: GPL-2.0-or-later
"""Capture files in many forms, written by hand: classic pcap and pcapng (draft-ietf-opsawg-pcapng).

A packet here is (time in nanoseconds, bytes of an Ethernet frame, length on the wire)."""
import struct

ETHERNET, FDDI, RAW, SLL, ERF, SLL2 = 1, 10, 101, 113, 197, 276

MICRO, NANO = 0xA1B2C3D4, 0xA1B23C4D
PATCHED = 0xA1B2CD34  # by Alexey Kuznetzov: 8 bytes more in the header of a record
SECOND = 1_000_000_000


def read_pcap(data):
    """The packets of a little-endian pcap file with microseconds."""
    assert struct.unpack_from("<I", data)[0] == MICRO
    packets, offset = [], 24
    while offset < len(data):
        seconds, micro, captured, length = struct.unpack_from("<4I", data, offset)
        offset += 16
        packets.append((seconds * SECOND + micro * 1000, data[offset:offset + captured], length))
        offset += captured
    return packets


def as_link(packet, link):
    """The packet with another link type's header in front."""
    time, frame, length = packet
    kind = struct.unpack_from("!H", frame, 12)[0]
    header = {
        ETHERNET: frame[:14],
        RAW: b"",
        SLL: struct.pack("!HHH8sH", 0, 1, 6, frame[6:12], kind),
        SLL2: struct.pack("!HHIHBB8s", kind, 0, 2, 1, 0, 6, frame[6:12]),
        FDDI: bytes(24),
        ERF: struct.pack("!8xBBHHHxx", 2, 4, 18 + len(frame), 0, length) + frame[:14],
    }[link]
    return time, header + frame[14:], length - 14 + len(header)


def pcap(packets, order="<", magic=MICRO, link=ETHERNET, snaplen=262144, minor=4):
    unit = 1 if magic == NANO else 1000
    out = [struct.pack(order + "IHHiIII", magic, 2, minor, 0, 0, snaplen, link)]
    for time, frame, length in (as_link(packet, link) for packet in packets):
        out.append(struct.pack(order + "4I", time // SECOND, time % SECOND // unit, len(frame),
                               length))
        if magic == PATCHED:
            out.append(struct.pack(order + "IHBB", 1, 0x0800, 0, 0))
        out.append(frame)
    return b"".join(out)


def block(kind, body, order="<"):
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + size + body + size


def option(code, value, order="<"):
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def section(order="<"):
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link=ETHERNET, snaplen=262144, resolution=6, offset=0, order="<"):
    options = option(9, bytes([resolution]), order) + option(14, struct.pack(order + "q", offset), order)
    return block(1, struct.pack(order + "HHI", link, 0, snaplen) + options + bytes(4), order)


def enhanced_packet(packet, number=0, units=1_000_000, offset=0, order="<"):
    """A packet of the interface with this number, whose clock has units a second."""
    time, frame, length = packet
    ticks = (time - offset * SECOND) * units // SECOND
    return block(6, struct.pack(order + "5I", number, ticks >> 32, ticks & 0xFFFFFFFF, len(frame),
                                length) + frame, order)


def statistics(number, dropped, order="<"):
    return block(5, struct.pack(order + "3I", number, 0, 0) +
                 option(5, struct.pack(order + "Q", dropped), order) + bytes(4), order)


def pcapng(packets, links=(ETHERNET,), snaplens=None, order="<", resolution=6, offset=0):
    """One section; the packets come from its interfaces in turn."""
    units = 2 ** (resolution & 127) if resolution & 128 else 10 ** resolution
    out = [section(order)]
    for i, link in enumerate(links):
        out.append(interface(link, snaplens[i] if snaplens else 262144, resolution, offset, order))
    for i, packet in enumerate(packets):
        number = i % len(links)
        out.append(enhanced_packet(as_link(packet, links[number]), number, units, offset, order))
    return b"".join(out)
