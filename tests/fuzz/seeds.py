#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""First inputs for the fuzz targets, made of the sample captures and of the tests' link layers
and tunnels: what each target's input looks like stands on top of its source.

    seeds.py CAPTURES FOLDER      (one folder in it for each target)
"""
import ipaddress
import struct
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "links")]
from ged188 import pcap  # noqa: E402
import wraps  # noqa: E402

LONGEST = 8000
PORTS = (42027, 43027, 38027, 42067)
DATA, FIN, RST, SYN = 0, 8, 9, 10
LINK_TYPES = (0, 1, 9, 12, 14, 50, 51, 101, 104, 105, 108, 113, 114, 228, 229, 239, 252, 276, 300,
              127, 178, 192, 258, 197)
# take_step() of promises.h: nanoseconds -> the byte that stands for them
STEPS = (0, 1, 10**6, 4 * 10**7, 3 * 10**8, 10**9, 5 * 10**9, 3 * 10**10, 31 * 10**9, 6 * 10**10,
         12 * 10**10, 6 * 10**11, 864 * 10**11)


def step(nanoseconds):
    return max(index for index, value in enumerate(STEPS) if value <= max(nanoseconds, 0))


def segments(path):
    """(time, client?, (address, port) of the client, flags, sequence, payload) of the plain TCP
    packets of a capture."""
    for time, frame in pcap.read(path):
        if frame[12:14] != b"\x08\x00" or len(frame) < 54 or frame[23] != pcap.TCP:
            continue
        packet = frame[14:14 + struct.unpack_from(">H", frame, 16)[0]]
        tcp = packet[20:]
        source, destination, sequence = struct.unpack_from(">HHI", tcp)
        client = destination in PORTS or source not in PORTS and source > destination
        key = (packet[12:16], source) if client else (packet[16:20], destination)
        yield time, client, key, tcp[13], sequence, tcp[tcp[12] >> 4 << 2:]


def session_seed(path):
    out, last = bytearray(2), None
    for time, client, _, flags, _, payload in segments(path):
        gap = step(0 if last is None else time - last)
        last = time
        sender = 0 if client else 1
        if payload:
            out += struct.pack(">BBH", sender, gap, len(payload)) + payload
        if flags & (pcap.FIN | pcap.RST):
            out += bytes((sender | (12 if flags & pcap.RST else 11) << 1, gap))
    return bytes(out)


def writers_seed(path, asked):
    out, last, talks = bytearray(struct.pack(">IBB", asked, 0, 0)), None, {}
    for time, client, key, flags, _, payload in segments(path):
        talk = talks.setdefault(key, len(talks)) & 3 | (len(talks) & 1) << 2
        gap = step(0 if last is None else time - last)
        last = time
        sender = 0 if client else 1
        for kind, flag in ((SYN, pcap.SYN), (DATA, 0), (RST, pcap.RST), (FIN, pcap.FIN)):
            if kind == DATA and payload:
                out += struct.pack(">BBBH", sender, talk, gap, len(payload)) + payload
            elif flags & flag:
                out += bytes((sender | kind << 1, talk, gap))
    return bytes(out)


def tcp_seed(path):
    out, first = bytearray(b"\1"), None
    for _, client, key, _, sequence, payload in segments(path):
        if not client or first not in (None, key):
            continue
        if first is None:
            first = key
            out += struct.pack(">I", sequence) + b"\4"
        if payload:
            out += struct.pack(">BhB", 0, 0, min(len(payload), 255)) + payload[:255] + b"\5\0\0"
    return bytes(out)


def packet_seed(link_type, frames):
    return bytes((LINK_TYPES.index(link_type),)) + b"".join(
        struct.pack(">HBB", len(frame), 0, 2) + frame for frame in frames)


def packet_seeds():
    source, destination = map(ipaddress.ip_address, ("10.0.0.11", "10.0.0.1"))
    for version in (4, 6):
        if version == 6:
            source, destination = map(ipaddress.ip_address, ("2001:db8::11", "2001:db8::1"))
        segment = pcap.tcp(source, destination, (50001, 42027), 1, 1, pcap.ACK,
                           b"\0\0\0\4\0\0\0\5\0\0\0\1")
        inside = pcap.packet(source, destination, segment)
        for name, wrap in wraps.LINKS.items():
            yield f"link-{name}-{version}", packet_seed(*one(wrap(*inside)))
        for name, wrap in wraps.TUNNELS.items():
            outer = wrap(*inside)
            frame = wraps.ethernet(*outer)
            yield f"tunnel-{name}-{version}", packet_seed(1, [frame])
            pieces = wraps.pieces(*outer, 24, 7)
            yield f"pieces-{name}-{version}", packet_seed(
                1, [wraps.ethernet(*piece) for piece in pieces])


def order_seeds():
    """Conversations of numbered messages: in order, and each answer before its request."""
    header, syns = bytes((1, 0, 0)), bytes((20, 0, 0, 1, 21, 0, 0, 1, 24, 0, 0, 1))
    request, answer = bytes((0, 8, 1, 1)), bytes((1, 8, 1, 1))
    early = bytes((1, 24, 1, 1, 12))  # it acknowledges a message more
    end = bytes((16, 0, 0, 1, 17, 0, 0, 1))
    yield "in-order", header + syns + (request + answer) * 8 + end
    yield "disordered", header + syns + (early + request) * 8 + end
    yield "one-side", header + syns + early * 8 + end


def one(linked):
    return linked[0], [linked[1]]


def messages(path):
    """The messages of a capture, as far as each is whole in a packet."""
    for *_, payload in segments(path):
        while len(payload) >= 8:
            size = 8 + struct.unpack_from(">I", payload)[0]
            if size > len(payload):
                break
            yield payload[:size]
            payload = payload[size:]


def main(captures, folder):
    def put(target, name, data):
        path = folder / target
        path.mkdir(parents=True, exist_ok=True)
        if len(data) <= LONGEST * 5:
            (path / name.replace(" ", "-")).write_bytes(data)

    for name, data in packet_seeds():
        put("packet", name, data)
    for name, data in order_seeds():
        put("order", name, data)
    seen = set()
    for number, path in enumerate(sorted(captures.glob("*.pcap"))):
        put("capture", path.name, path.read_bytes())
        put("session", path.stem, session_seed(path)[:LONGEST])
        put("writers", path.stem, writers_seed(path, number)[:LONGEST])
        put("tcp", path.stem, tcp_seed(path)[:LONGEST])
        for message in messages(path):
            if (message[7], len(message)) not in seen:
                seen.add((message[7], len(message)))
                put("reader", f"{path.stem}-{len(seen)}",
                    bytes((24 if "13" not in path.name else 13, 0)) + message)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
