# SPDX-License-Identifier: GPL-2.0-or-later
"""One end of a TCP connection (RFC 9293, 5681, 6298, 1122): a send buffer that becomes segments
by MSS, congestion and receive window; cumulative and delayed acknowledgments; retransmission
timeout and fast retransmit; zero-window probes, keep-alives; FIN, RST.

Sequence numbers are relative and never wrap here: SYN is 0, the first byte of data 1.  frames.py
adds the initial number and wraps.  There is no SACK: after a timeout an end sends everything from
the lost segment on again.
"""
from dataclasses import dataclass

from clock import MILLISECOND, SECOND
from ged188.pcap import ACK, FIN, PSH, RST, SYN

SYN_TIMEOUT = SECOND
DUPLICATE_ACKS = 3
FIRST_WINDOW = 10     # segments, RFC 6928
LARGEST_WINDOW = 65535
LONGEST_TIMEOUT = 8 * SECOND


@dataclass
class Options:
    """How an end's TCP behaves."""
    mss: int = 1460
    buffer: int = 64240            # receive buffer
    delayed_ack: int = 40 * MILLISECOND
    timeout: int = 250 * MILLISECOND  # of a retransmission; doubles
    keep_alive: int = 0            # idle time, 0 = none
    keep_alive_bytes: int = 0
    probe_bytes: int = 1           # of a zero-window probe
    data_in_syn: bool = False      # what was written before connect() goes with SYN


class Segment:
    """A segment as it was sent.  no_data: its bytes are not of the stream (keep-alive)."""
    __slots__ = ("sender", "sequence", "ack", "flags", "payload", "window", "ident", "no_data")

    def __init__(self, sender, sequence, ack, flags, payload, window, no_data):
        self.sender = sender
        self.sequence = sequence
        self.ack = ack
        self.flags = flags
        self.payload = payload
        self.window = window
        self.no_data = no_data
        self.ident = 0

    @property
    def end(self):
        return self.sequence + len(self.payload) + bool(self.flags & SYN) + \
            bool(self.flags & FIN)


class End:
    """app gets connected(), received(bytes), finished() and was_reset()."""

    def __init__(self, clock, sender, options, send):
        self.clock = clock
        self.sender = sender
        self.options = options
        self.send_segment = send
        self.app = None
        self.state = "closed"
        # What is sent: stream offset n has sequence number n + 1.
        self.out = bytearray()
        self.una = 0         # oldest number that is not acknowledged
        self.next = 0        # next number to send; goes back after a timeout
        self.top = 0         # highest number that was sent
        self.fin = False     # the application closed
        self.peer_window = LARGEST_WINDOW
        self.congestion = FIRST_WINDOW * options.mss
        self.duplicate_acks = 0
        self.recover = 0
        self.backoff = 0
        self.timer = self.probe_timer = self.ack_timer = self.keep_timer = None
        self.probes = 0
        # What is received.
        self.expected = None
        self.early = {}      # sequence -> (payload, FIN)
        self.unread = bytearray()
        self.reading = True
        self.got_fin = False
        self.to_ack = 0      # segments since the last acknowledgment

    # ---- the application's side ----

    def connect(self):
        self.state = "syn-sent"
        self._send_syn()

    def listen(self):
        self.state = "listen"

    def write(self, data):
        self.out += data
        if self.state == "open":
            self._push()

    def close(self):
        self.fin = True
        if self.state == "open":
            self._push()

    def reset(self):
        self._emit(self.top, RST | ACK)
        self.vanish()

    def vanish(self):
        """No segment is sent or taken any more."""
        self.state = "gone"
        self._stop()

    def pause(self):
        self.reading = False

    def resume(self):
        self.reading = True
        had = self._window()
        self._deliver()
        if had < self.options.mss and self.state == "open":
            self._ack_now()

    # ---- sending ----

    def _stop(self):
        for timer in (self.timer, self.probe_timer, self.ack_timer, self.keep_timer):
            if timer is not None:
                timer.cancel()
        self.timer = self.probe_timer = self.ack_timer = self.keep_timer = None

    def _window(self):
        return max(0, min(LARGEST_WINDOW, self.options.buffer - len(self.unread)))

    def _emit(self, sequence, flags, payload=b"", no_data=False):
        """Sends a segment; it acknowledges all that was received."""
        if flags & ACK:
            self.to_ack = 0
            if self.ack_timer is not None:
                self.ack_timer.cancel()
                self.ack_timer = None
        segment = Segment(self.sender, sequence, (self.expected or 0) if flags & ACK else 0,
                          flags, payload, self._window(), no_data)
        if not no_data and not flags & RST:
            self.top = max(self.top, segment.end)
        self._life()
        self.send_segment(segment)

    def _send_syn(self):
        """SYN or SYN-ACK, and what may go with SYN."""
        data = b""
        if self.state == "syn-sent" and self.options.data_in_syn and self.backoff == 0:
            data = bytes(self.out[:self.options.mss])
        self._emit(0, SYN if self.state == "syn-sent" else SYN | ACK, data)
        self.next = max(self.next, self.top)
        self._start_timer(SYN_TIMEOUT)

    def _ack_now(self):
        self._emit(self.top, ACK)

    def _start_timer(self, first=None):
        if self.timer is not None:
            self.timer.cancel()
        delay = min((first or self.options.timeout) << self.backoff, LONGEST_TIMEOUT)
        self.timer = self.clock.after(delay, self._timed_out)

    def _end_of_data(self):
        return 1 + len(self.out)

    def _push(self):
        """Sends what the windows allow."""
        limit = self.una + min(self.congestion, self.peer_window)
        while True:
            waiting = self._end_of_data() - self.next
            size = max(0, min(self.options.mss, waiting, limit - self.next))
            last = self.fin and size == waiting
            if waiting < 0 or size == 0 and not (last and waiting == 0):
                break
            if size < waiting and size < self.options.mss and self.next > self.una:
                break  # no small segments only because the window is small
            self._send_data(self.next, size, last)
            self.next += size + last
        if self.una == self.next and self.peer_window == 0 and self._end_of_data() > self.next:
            self._start_probe()

    def _send_data(self, start, size, fin=False):
        payload = bytes(self.out[start - 1:start - 1 + size])
        flags = ACK | (PSH if size and start + size == self._end_of_data() else 0)
        self._emit(start, flags | (FIN if fin else 0), payload)
        if self.timer is None:
            self._start_timer()

    def _timed_out(self):
        self.timer = None
        self.backoff += 1
        if self.state in ("syn-sent", "syn-received"):
            self._send_syn()
            return
        if self.una == self.top:
            return
        self.congestion = self.options.mss
        self.duplicate_acks = 0
        self.recover = self.top
        self.next = self.una
        self._push()
        if self.timer is None:
            self._start_timer()

    def _start_probe(self):
        if self.probe_timer is None:
            self.probe_timer = self.clock.after(self.options.timeout << min(self.probes, 5),
                                                self._probe)

    def _probe(self):
        self.probe_timer = None
        if self.peer_window > 0 or self.una < self.next:
            self.probes = 0
            self._push()
            return
        self.probes += 1
        if self.options.probe_bytes:
            self._emit(self.next, ACK, bytes(self.out[self.next - 1:self.next]))
        else:
            self._emit(self.next - 1, ACK)
        self._start_probe()

    def _life(self):
        """Starts the keep-alive timer anew."""
        if self.keep_timer is not None:
            self.keep_timer.cancel()
            self.keep_timer = None
        if self.options.keep_alive and self.state == "open" and not self.fin:
            self.keep_timer = self.clock.after(self.options.keep_alive, self._keep_alive)

    def _keep_alive(self):
        self.keep_timer = None
        if self.una == self.top:
            self._emit(self.top - 1, ACK, bytes(self.options.keep_alive_bytes), no_data=True)

    # ---- receiving ----

    def receive(self, segment):
        if self.state == "gone":
            if not segment.flags & RST:
                self.send_segment(Segment(self.sender, segment.ack, 0, RST, b"", 0, False))
            return
        if segment.flags & RST:
            if segment.sequence == self.expected or \
                    0 <= segment.sequence - (self.expected or 0) < max(1, self._window()):
                self.vanish()
                self.app.was_reset()
            return
        self._life()
        if self.state in ("listen", "syn-sent", "syn-received"):
            self._open(segment)
            if self.state != "open":
                return
        elif segment.flags & SYN:
            self._ack_now()
            return
        if segment.flags & ACK:
            self._acknowledged(segment)
        if segment.payload or segment.flags & FIN or segment.sequence != self.expected:
            self._take(segment)

    def _open(self, segment):
        """A segment of the handshake."""
        if self.state == "listen" and segment.flags & SYN:
            self.expected = 1
            self.state = "syn-received"
            if segment.payload:
                self.early[1] = (segment.payload, False)
                self.expected += len(segment.payload)
            self._send_syn()
        elif self.state == "syn-received" and segment.flags & SYN:
            self._send_syn()
        elif self.state == "syn-sent" and segment.flags & SYN and segment.flags & ACK:
            self.expected = 1
            self._opened(segment)
            self._ack_now()
            self.app.connected()
        elif self.state == "syn-received" and segment.flags & ACK:
            self._opened(segment)
            first = self.early.pop(1, None)
            if first is not None:
                self.unread += first[0]
                self._deliver()

    def _opened(self, segment):
        self.state = "open"
        self.backoff = 0
        self.una = segment.ack
        self.next = max(1, self.una)
        self.peer_window = segment.window
        self.timer.cancel()
        self.timer = None
        self._push()

    def _acknowledged(self, segment):
        widened = segment.window > self.peer_window
        self.peer_window = segment.window
        if self.una < segment.ack <= self.top:
            self._progress(segment)
        elif segment.ack == self.una < self.next and not segment.payload and not widened and \
                not segment.flags & FIN:
            self.duplicate_acks += 1
            if self.duplicate_acks == DUPLICATE_ACKS and self.una >= self.recover:
                self.recover = self.top
                self.congestion = max(2 * self.options.mss, self.congestion // 2)
                self._repeat_first()
        self._push()

    def _progress(self, segment):
        self.congestion += min(self.options.mss, segment.ack - self.una)
        self.una = segment.ack
        self.next = max(self.next, self.una)
        self.backoff = self.probes = 0
        partial = self.duplicate_acks >= DUPLICATE_ACKS and self.una < self.recover
        if self.una >= self.recover:
            self.duplicate_acks = 0
        self.timer = self.timer and self.timer.cancel()
        if self.una < self.top:
            self._start_timer()
            if partial:
                self._repeat_first()

    def _repeat_first(self):
        """The oldest segment again."""
        end = self._end_of_data()
        size = min(self.options.mss, min(end, self.top) - self.una)
        self._send_data(self.una, size, self.fin and self.top > end and self.una + size == end)

    def _take(self, segment):
        """Data, FIN, or a segment that is only to be acknowledged."""
        start, payload, fin = segment.sequence, segment.payload, bool(segment.flags & FIN)
        if segment.no_data or start + len(payload) + fin <= self.expected:
            self._ack_now()
            return
        if start > self.expected:
            if payload or fin:
                self.early[start] = max(self.early.get(start, (b"", False)), (payload, fin),
                                        key=lambda item: len(item[0]))
                self._ack_now()
            return
        filled = bool(self.early)
        if not self._accept(start, payload, fin):
            self._ack_now()
            return
        while self.early and min(self.early) <= self.expected:
            first = min(self.early)
            self._accept(first, *self.early.pop(first))
        self.to_ack += 1
        if filled or self.got_fin or self.to_ack >= 2:
            self._ack_now()
        elif self.ack_timer is None:
            self.ack_timer = self.clock.after(self.options.delayed_ack, self._ack_now)
        self._deliver()

    def _accept(self, start, payload, fin):
        """Takes what is new and fits the window; False if nothing does."""
        fresh = payload[self.expected - start:]
        room = self._window()
        if len(fresh) > room:
            fresh, fin = fresh[:room], False
        if not fresh and not (fin and start + len(payload) == self.expected):
            return False
        self.unread += fresh
        self.expected += len(fresh)
        if fin and start + len(payload) == self.expected and not self.got_fin:
            self.expected += 1
            self.got_fin = True
        return True

    def _deliver(self):
        if not self.reading:
            return
        if self.unread:
            data = bytes(self.unread)
            self.unread.clear()
            self.app.received(data)
        if self.got_fin:
            self.app.finished()
