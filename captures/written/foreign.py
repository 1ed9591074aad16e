# SPDX-License-Identifier: GPL-2.0-or-later
"""TCP connections that are no CTI and must not be taken for it.

SMPP: SMPP 3.4, sections 4.1 and 5 (command_length counts itself).  HTTP: RFC 9112.  GED-125,
Cisco's VRU interface, has the same header and the same first message types; its document is not
public, so the layouts here are those that Wireshark's dissector (packet-ged125.c) reads.
TLS: RFC 8446, the start of a ClientHello.
"""
import struct

from ged188.tcp import CLIENT, SERVER, Conversation, Host

from .script import capture


def talk(made, number, port, begin):
    conversation = Conversation(made, Host("192.0.2.10", 51000 + number),
                                Host("192.0.2.1", port))
    conversation.handshake(begin)
    return conversation


# ---- SMPP ----

def smpp(command, sequence, body=b"", status=0):
    return struct.pack(">IIII", 16 + len(body), command, status, sequence) + body


def smpp_session(made):
    """bind_transceiver, submit_sm, enquire_link, unbind."""
    conversation = talk(made, 1, 2775, 0)
    bind = b"SYSTEM1\0secret\0\0" + bytes([0x34, 0, 0]) + b"\0"
    submit = (b"\0" + b"\x01\x015550100\0" + b"\x01\x015550199\0" + bytes(3) + b"\0\0" +
              bytes(4) + bytes([5]) + b"hello")
    steps = ((CLIENT, smpp(0x9, 1, bind)), (SERVER, smpp(0x80000009, 1, b"SMSC1\0")),
             (CLIENT, smpp(0x4, 2, submit)), (SERVER, smpp(0x80000004, 2, b"1\0")),
             (CLIENT, smpp(0x15, 3)), (SERVER, smpp(0x80000015, 3)),
             (CLIENT, smpp(0x6, 4)), (SERVER, smpp(0x80000006, 4)))
    for step, (sender, data) in enumerate(steps):
        conversation.send(sender, data, 0.1 + 0.2 * step)
    conversation.close(CLIENT, 3)


def smpp_receiver(made):
    """A bind_receiver (command 1) and an unbind alone: the shortest look-alikes."""
    conversation = talk(made, 2, 3700, 4)
    conversation.send(CLIENT, smpp(0x1, 1, b"SYSTEM1\0secret\0\0" + bytes([0x34, 0, 0]) + b"\0"),
                      4.1)
    conversation.send(SERVER, smpp(0x80000001, 1, b"SMSC1\0"), 4.2)
    conversation.send(SERVER, smpp(0x5, 1, b"\0" * 17), 4.3)
    conversation.send(CLIENT, smpp(0x80000005, 1, b"\0"), 4.4)
    conversation.close(CLIENT, 5)


# ---- HTTP ----

def http_exchange(made):
    conversation = talk(made, 3, 8080, 6)
    conversation.send(CLIENT, b"GET / HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n", 6.1)
    conversation.send(SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 6.2)
    conversation.close(SERVER, 7)


# ---- GED-125 ----

def ged125(kind, *numbers, tail=b""):
    body = struct.pack(f">{len(numbers)}I", *numbers) + tail
    return struct.pack(">II", len(body), kind) + body


def ged125_session(made):
    """OPEN, service control with a new call, heartbeats (IdleTimeout is in milliseconds)."""
    conversation = talk(made, 4, 5000, 8)
    new_call = ged125(47, 5, 1, 1, 1, 7, 10,
                      tail=b"\x12\x08" + b"5550100\0" + b"\x20\x08" + b"5550199\0")
    steps = ((CLIENT, ged125(3, 1, 7, 60000)), (SERVER, ged125(4, 1, 0, 0, 0, 1, 1)),
             (CLIENT, ged125(47, 1, 0xFFFFFFFF, 0xFFFFFFFF, 2)),
             (SERVER, ged125(47, 2, 0xFFFFFFFF, 0xFFFFFFFF, 2)),
             (SERVER, new_call), (CLIENT, ged125(47, 20, 1, 1, 0)),
             (CLIENT, ged125(5, 3)), (SERVER, ged125(6, 3)),
             (CLIENT, ged125(7, 4, 0)), (SERVER, ged125(8, 4)))
    for step, (sender, data) in enumerate(steps):
        conversation.send(sender, data, 8.1 + 0.2 * step)
    conversation.close(CLIENT, 11)


@capture("not-cti")
def not_cti(made):
    smpp_session(made)
    smpp_receiver(made)
    http_exchange(made)
    ged125_session(made)


@capture("tls")
def tls(made):
    """TLS on the secured port of side A: nothing of it can be read."""
    conversation = talk(made, 5, 42030, 0)
    hello = b"\x01\0\0\x2f\x03\x03" + bytes(range(32)) + b"\0\0\x02\x13\x01\x01\0" + b"\0\0" * 2
    conversation.send(CLIENT, b"\x16\x03\x01" + struct.pack(">H", len(hello)) + hello, 0.1)
    alert = b"\x15\x03\x03\0\x02\x02\x28"
    conversation.send(SERVER, alert, 0.2)
    conversation.close(SERVER, 1)
