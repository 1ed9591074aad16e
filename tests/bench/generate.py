#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes a large capture for the benchmark: many desktop sessions side by side, each with
heartbeats, agent states, calls and polls of skill-group statistics, and the ACKs between.

    generate.py FILE [MEGABYTES [SESSIONS]]      (default 300 1000)

Bytes of messages come from the tests' encoder, once for each kind; only headers are written for
each packet.  Checksums are left 0.
"""
import random
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from ged188.encode import encode  # noqa: E402
from ged188.tcp import START  # noqa: E402

VERSION = 24
PORT = 42027
CLIENT, SERVER = 0, 1
SYN, ACK, PSH = 0x02, 0x10, 0x18
ETHERNET = bytes(12) + b"\x08\x00"
HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
RECORD = struct.Struct("<IIII")
HEADERS = struct.Struct(">BBHHHBBH4s4sHHIIBBHHH")
ROUND = 2.0  # seconds from one message of a session to its next


def message(sender, name, fields):
    return sender, encode(name, fields, VERSION)


def opening(session):
    agent, device = str(1000 + session), str(20000 + session)
    return [message(CLIENT, "OPEN_REQ", {
                "InvokeID": 1, "VersionNumber": VERSION, "IdleTimeout": 120, "PeripheralID": 5000,
                "ServicesRequested": 7, "CallMsgMask": 0xFFFFFFFF, "AgentStateMask": 0x3FFF,
                "ClientID": f"CTIOS{session}", "ClientPassword": b"",
                "ClientSignature": "desktop", "AgentExtension": device, "AgentID": agent}),
            message(SERVER, "OPEN_CONF", {"InvokeID": 1, "ServicesGranted": 7, "AgentID": agent})]


def cycle():
    """What a desktop does again and again: (sender, bytes) one after the other."""
    state = {"PeripheralID": 5000, "AgentID": "1001", "AgentExtension": "5001"}
    call = {"PeripheralID": 5000, "ConnectionCallID": 4711, "ConnectionDeviceID": "5001"}
    poll = [message(CLIENT, "QUERY_SKILL_GROUP_STATISTICS_REQ",
                    {"InvokeID": 40, "PeripheralID": 5000, "SkillGroupNumber": 17}),
            message(SERVER, "QUERY_SKILL_GROUP_STATISTICS_CONF",
                    {"InvokeID": 40, "PeripheralID": 5000, "SkillGroupNumber": 17})]
    yield from poll
    yield message(SERVER, "BEGIN_CALL_EVENT", {**call, "ANI": "5550100", "DNIS": "5550000",
                                               "CallVariable1": "gold", "CallVariable2": "4711"})
    yield message(SERVER, "CALL_DELIVERED_EVENT", {**call, "CallingDeviceID": "5550100",
                                                   "CalledDeviceID": "5550000"})
    yield from poll
    yield message(SERVER, "AGENT_STATE_EVENT", {**state, "AgentState": 8})
    yield message(SERVER, "CALL_ESTABLISHED_EVENT", {**call, "AnsweringDeviceID": "5001"})
    yield message(SERVER, "AGENT_STATE_EVENT", {**state, "AgentState": 4})
    yield message(SERVER, "CALL_CLEARED_EVENT", call)
    yield message(SERVER, "END_CALL_EVENT", call)
    # The client's longest silence is the one before its heartbeat.
    yield message(CLIENT, "HEARTBEAT_REQ", {"InvokeID": 50})
    yield message(SERVER, "HEARTBEAT_CONF", {"InvokeID": 50})
    yield message(SERVER, "AGENT_STATE_EVENT", {**state, "AgentState": 3})


class Session:
    def __init__(self, number):
        self.number = number
        self.address = (bytes((10, 1, number >> 8, number & 255)), bytes((10, 0, 0, 1)))
        self.port = (50000, PORT)
        self.sequence = [1000, 5000]

    def frame(self, sender, flags, payload=b""):
        """A record without its time; moves the sequence on."""
        size = 40 + len(payload)
        frame = ETHERNET + HEADERS.pack(
            0x45, 0, size, 0, 0x4000, 64, 6, 0, self.address[sender], self.address[1 - sender],
            self.port[sender], self.port[1 - sender], self.sequence[sender],
            self.sequence[1 - sender] if flags & ACK else 0, 0x50, flags, 64240, 0, 0) + payload
        self.sequence[sender] += len(payload) + bool(flags & SYN)
        return frame


def write(file, second, frame):
    nanoseconds = START + round(second * 1e9)
    file.write(RECORD.pack(nanoseconds // 10**9, nanoseconds % 10**9 // 1000, len(frame),
                           len(frame)) + frame)
    return 16 + len(frame)


def generate(path, size, count):
    sessions = [Session(number) for number in range(count)]
    kinds = list(cycle())
    with open(path, "wb") as file:
        file.write(HEADER)
        written, at = 24, 0.0
        for session in sessions:
            frames = [session.frame(CLIENT, SYN), session.frame(SERVER, SYN | ACK),
                      session.frame(CLIENT, ACK)]
            frames += [session.frame(sender, PSH, data) for sender, data in
                       opening(session.number)]
            for frame in frames:
                at += 0.0002
                written += write(file, at, frame)
        turn = 0
        while written < size:
            sender, data = kinds[turn % len(kinds)]
            for session in sessions:
                second = at + turn * ROUND + session.number * ROUND / count
                written += write(file, second, session.frame(sender, PSH, data))
                written += write(file, second + 0.0001, session.frame(1 - sender, ACK))
            turn += 1


def shuffle(path, count):
    """A capture of one session whose server sends so many bytes, each in a segment of its own, and
    these come in random order."""
    session, at = Session(0), 0.0
    messages = b"".join(data for sender, data in cycle() if sender == SERVER)
    frames = [session.frame(CLIENT, SYN), session.frame(SERVER, SYN | ACK),
              session.frame(CLIENT, ACK)]
    frames += [session.frame(sender, PSH, data) for sender, data in opening(session.number)]
    start = session.sequence[SERVER]
    for offset in random.Random(1).sample(range(count), count):
        session.sequence[SERVER] = start + offset
        byte = offset % len(messages)
        frames.append(session.frame(SERVER, PSH, messages[byte:byte + 1]))
    with open(path, "wb") as file:
        file.write(HEADER)
        for frame in frames:
            at += 0.000002
            write(file, at, frame)


if __name__ == "__main__":
    generate(sys.argv[1], int(sys.argv[2]) << 20 if len(sys.argv) > 2 else 300 << 20,
             int(sys.argv[3]) if len(sys.argv) > 3 else 1000)
