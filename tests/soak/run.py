#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Long and large captures with a made clock: for each, what ctidump takes in time and memory, in
all and for each session, at a quarter of its length and at its whole length.  Memory that grows
with the length, or time that grows faster than the packets, stands out.

    run.py CTIDUMP [SHARE]      (SHARE 1 is the whole; 0.01 shows that it works)

It asserts what must come out: the number of sessions.  Captures are written to TMPDIR, the largest
has 240 MB.  At their whole length, on one core of 2026, with other work beside it:

                                    report             json              html
    day,   2,000 sessions,  237 MB  2.3 s,  66 MiB     6.7 s, 37 MiB     3.4 s,  71 MiB
    crowd, 10,000 sessions,  58 MB  1.8 s, 186 MiB     2.1 s, 78 MiB     1.9 s, 213 MiB
    again, 86,400 sessions,  90 MB  1.5 s, 112 MiB     2.2 s, 43 MiB     0.7 s,  55 MiB
"""
import heapq
import os
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "bench")]
from generate import ACK, CLIENT, PSH, SERVER, SYN, Session, message, opening, write  # noqa: E402

FIN = 0x11
DAY = 86400.0
HEARTBEAT = 120.0
GLOBAL_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)


class Talk(Session):
    """A session whose frames are told one by one."""

    def __init__(self, client, port=50000):
        super().__init__(client)
        self.port = (port, self.port[1])
        self.invoke_id = 1

    def open(self):
        return [self.frame(CLIENT, SYN), self.frame(SERVER, SYN | ACK), self.frame(CLIENT, ACK),
                *(self.frame(sender, PSH, data) for sender, data in opening(self.number))]

    def heartbeat(self):
        self.invoke_id += 1
        return [self.frame(*message_frame(CLIENT, "HEARTBEAT_REQ", self.invoke_id)),
                self.frame(*message_frame(SERVER, "HEARTBEAT_CONF", self.invoke_id))]

    def close(self):
        frames = [self.frame(*message_frame(CLIENT, "CLOSE_REQ", 99)),
                  self.frame(*message_frame(SERVER, "CLOSE_CONF", 99)),
                  self.frame(CLIENT, FIN)]
        self.sequence[CLIENT] += 1
        frames.append(self.frame(SERVER, FIN))
        self.sequence[SERVER] += 1
        return [*frames, self.frame(CLIENT, ACK)]


KNOWN = {}


def message_frame(sender, name, invoke_id):
    """(sender, flags, bytes); only the InvokeID differs from one to the next."""
    if name not in KNOWN:
        KNOWN[name] = message(sender, name, {"InvokeID": 0})[1]
    data = KNOWN[name]
    return sender, PSH, data[:8] + struct.pack(">I", invoke_id) + data[12:]


def put(file, second, frames):
    """All at one time, so that no two sessions' times cross."""
    for frame in frames:
        write(file, second, frame)


def day(file, share):
    """2,000 desktops that stay for 24 hours, with a heartbeat every two minutes."""
    clients = 2000
    talks = [Talk(number) for number in range(clients)]
    for number, talk in enumerate(talks):
        put(file, number * 0.02, talk.open())
    for turn in range(1, int(share * DAY / HEARTBEAT)):
        for number, talk in enumerate(talks):
            put(file, turn * HEARTBEAT + number * 0.05, talk.heartbeat())
    return clients


def crowd(file, share):
    """10,000 sessions of an hour, all at once."""
    count = int(10000 * share)
    events = [(number * 3600.0 / count, number, 0) for number in range(count)]
    talks = {}
    while events:
        second, number, step = heapq.heappop(events)
        if step == 0:
            talks[number] = Talk(number)
            put(file, second, talks[number].open())
        elif step < 31:
            put(file, second, talks[number].heartbeat())
        else:
            put(file, second, talks.pop(number).close())
            continue
        heapq.heappush(events, (second + HEARTBEAT, number, step + 1))
    return count


def again(file, share):
    """One client that connects every second for 24 hours."""
    count = int(DAY * share)
    for number in range(count):
        talk = Talk(7, 20000 + number % 40000)
        talk.sequence = [1000 + number * 7919 & 0xFFFFFFFF, 5000 + number * 104729 & 0xFFFFFFFF]
        put(file, number, [*talk.open(), *talk.heartbeat(), *talk.close()])
    return count


def measure(ctidump, form, path):
    """(seconds of processor time, MiB at the peak, what it printed)"""
    read, out = os.pipe()
    process = subprocess.Popen([ctidump, "-T", form, path], stdout=out)
    os.close(out)
    last = b""
    with os.fdopen(read, "rb") as pipe:
        for line in pipe:
            last = line
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"{path}: status {status}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, last


def main(ctidump, share):
    print(f"{'':24}{'sessions':>9}{'MB':>6}{'format':>9}{'seconds':>9}{'us/session':>12}{'MiB':>8}"
          f"{'KiB/session':>13}")
    for make in (day, crowd, again):
        for part in (share / 4, share):
            with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
                file.write(GLOBAL_HEADER)
                count = make(file, part)
                file.flush()
                for form in ("report", "json", "html"):
                    seconds, peak, last = measure(ctidump, form, file.name)
                    if form == "json" and f'"sessions":{count},' not in last.decode():
                        raise SystemExit(f"{make.__name__}: not {count} sessions: {last[:400]}")
                    print(f"{make.__name__ + f' ({part:g})':24}{count:9}"
                          f"{os.path.getsize(file.name) / 1e6:6.0f}{form:>9}{seconds:9.2f}"
                          f"{seconds * 1e6 / count:12.1f}{peak:8.1f}{peak * 1024 / count:13.2f}",
                          flush=True)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 1)
