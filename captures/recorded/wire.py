# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages on a socket: what server and client share.  Message header and fixed parts by
GED-188, through the tests' encoder."""
import socket
import struct

from ged188 import facts
from written.script import message

VERSION = 24


def tune(sock):
    """What GED-188 asks for: no Nagle delay, and a close that resets at once."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return sock


class Wire:
    """Sends and receives messages; an end of the connection reads as None."""

    def __init__(self, sock):
        self.sock = tune(sock)
        self.held = b""

    def send(self, key, fields=()):
        self.sock.sendall(message(key, fields, VERSION))

    def send_all(self, messages):
        """Many messages in one write."""
        self.sock.sendall(b"".join(message(key, fields, VERSION) for key, fields in messages))

    def _take(self):
        """A whole message from what is held, or None."""
        if len(self.held) < facts.HEADER_SIZE:
            return None
        length, kind = struct.unpack_from(">II", self.held)
        end = facts.HEADER_SIZE + length
        if len(self.held) < end:
            return None
        body, self.held = self.held[facts.HEADER_SIZE:end], self.held[end:]
        return facts.message(kind).name, body

    def receive(self, timeout=None):
        """(name, body) of the next message; None at the end; TimeoutError after timeout."""
        while (taken := self._take()) is None:
            self.sock.settimeout(timeout)
            try:
                data = self.sock.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                return None
            self.held += data
        return taken

    def reset(self):
        """Closes at once: linger is 0."""
        self.sock.close()

    def finish(self):
        """Closes with FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 0, 0))
        self.sock.close()


def number(body, offset):
    """A UINT of a message's fixed part."""
    return struct.unpack_from(">I", body, offset)[0]
