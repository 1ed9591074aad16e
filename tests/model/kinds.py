# SPDX-License-Identifier: GPL-2.0-or-later
"""The kinds of captures: what the network and the capture do to clean sessions.  Data before
code: KINDS at the end has all of them by name."""
from dataclasses import dataclass, field, replace

import point
from clock import SECOND
from ends import Options
from frames import DESTINATION, FRAGMENT, HOP_BY_HOP, ROUTING
from ged188.tcp import CLIENT, SERVER
from talk import Plan

# A client with heartbeats by a fixed timer, one with heartbeats after its own silence, and one
# with short intervals.
USUAL = (Plan(duration=170, interval=30, by_timer=True),
         Plan(duration=260, interval=30, by_timer=False, request_gaps=(3, 12), long_gaps=0.4),
         Plan(duration=60, interval=6, by_timer=False, request_gaps=(1, 6), long_gaps=0.4))
SMALL = tuple(replace(plan, largest_text=20, large_events=False, event_gap=12,
                      duration=plan.duration * 0.75) for plan in USUAL)
BUSY = tuple(replace(plan, event_gap=0.5) for plan in USUAL)


def plans(base=USUAL, **changes):
    return tuple(replace(plan, **changes) for plan in base)


def both(**options):
    return (Options(**options), Options(**options))


@dataclass
class Kind:
    name: str = ""
    number: int = 0
    ends: tuple = field(default_factory=both)   # Options of client and server
    plans: tuple = USUAL                        # a session each; or functions of the seed
    points: int = 1
    loss: tuple = (0.0, 0.0)                    # on the first stretch and on the last one
    split: int = 0                              # see network.Path
    mtu: int = 0                                # larger packets come in fragments
    order: str = "first-first"                  # of fragments: or last-first, any
    version: int = 4                            # of IP
    extensions: tuple = ()                      # of IPv6: chains to choose from
    wrap: bool = False
    turns: int = 1                              # connections one after the other, same ports
    reuse_after: tuple = (0.0, 0.0)             # seconds
    effects: tuple = ()
    snaplen: int = 262144
    alone: bool = False                         # a seed cannot share a capture with others
    # What is true of sessions that are not clean.
    rules: frozenset = frozenset()              # that they break
    verdicts: dict = field(default_factory=dict)  # Plan.reset_by -> possible verdicts


def broken_off(index):
    """Even seeds: a real reset, of the client or of the server; odd ones: resets that are not in
    the window, and the session continues."""
    def plan(seed):
        if seed % 2:
            return replace(USUAL[index], stray_resets=3)
        return replace(USUAL[index], reset_by=(CLIENT, SERVER)[seed // 2 % 2])
    return plan


RESET = {"plans": (broken_off(0), broken_off(2)), "rules": frozenset({"close-missing"}),
         # A client that resets while nothing waits for a response left.
         "verdicts": {CLIENT: ("left-by-client", "reset-by-client"),
                      SERVER: ("reset-by-server",)}}
TSO = {"ends": (Options(buffer=65535), Options(mss=65160)), "split": 1460,
       "plans": plans(USUAL[:2], bursts=(70000, 40000, 3000))}
ZERO_WINDOW = {"plans": plans(pauses=4, bursts=(6000,) * 8, event_gap=1.0),
               "rules": frozenset({"zero-window"})}
REUSE = {"turns": 3, "reuse_after": (1, 20), "plans": plans(USUAL[::2], duration=70)}
FRAGMENTS = {"mtu": 300, "plans": plans(bursts=(2000, 4000))}
CHAINS = ((HOP_BY_HOP,), (DESTINATION,), (HOP_BY_HOP, ROUTING), (HOP_BY_HOP, DESTINATION, ROUTING),
          (FRAGMENT,), (HOP_BY_HOP, FRAGMENT, DESTINATION))

TABLE = {
    "clean-mss-7": {"ends": both(mss=7), "plans": SMALL},
    "clean-mss-100": {"ends": both(mss=100)},
    "clean-mss-1460": {},
    # Loss on the client's side is before the capture for the client's segments, behind it for the
    # server's; on the server's side the other way round.
    "network-loss-client-side": {"loss": (0.05, 0.0)},
    "network-loss-server-side": {"loss": (0.0, 0.05)},
    "network-loss-both-sides": {"loss": (0.03, 0.03), "plans": plans(bursts=(20000, 9000))},
    "client-late-0.1ms": {"effects": (point.late(CLIENT, 0.0001),)},
    "client-late-1ms": {"effects": (point.late(CLIENT, 0.001),)},
    "client-late-5ms": {"effects": (point.late(CLIENT, 0.005),)},
    "client-late-50ms": {"effects": (point.late(CLIENT, 0.05),)},
    "server-late-0.1ms": {"effects": (point.late(SERVER, 0.0001),)},
    "server-late-1ms": {"effects": (point.late(SERVER, 0.001),)},
    "server-late-5ms": {"effects": (point.late(SERVER, 0.005),)},
    "server-late-50ms": {"effects": (point.late(SERVER, 0.05),)},
    "jitter-0.2ms": {"effects": (point.jitter(0.0002),)},
    "jitter-2ms": {"effects": (point.jitter(0.002),)},
    "queues-2ms": {"effects": (point.queues(0.002),)},
    "twice-at-once": {"effects": (point.twice_at_once(),)},
    "twice-with-vlan": {"effects": (point.twice_with_vlan(),)},
    "twice-routed": {"effects": (point.twice_routed(0.0005, 0.05),)},
    "merged-0ms": {"points": 2, "effects": (point.clocks_apart(0),)},
    "merged-ahead-5ms": {"points": 2, "effects": (point.clocks_apart(0.005),)},
    "merged-behind-5ms": {"points": 2, "effects": (point.clocks_apart(-0.005),)},
    "merged-ahead-50ms": {"points": 2, "effects": (point.clocks_apart(0.05),)},
    "merged-behind-50ms": {"points": 2, "effects": (point.clocks_apart(-0.05),)},
    "snaplen-68": {"snaplen": 68},
    "snaplen-96": {"snaplen": 96},
    "snaplen-128": {"snaplen": 128},
    "snaplen-256": {"snaplen": 256},
    "capture-loss-0.5%": {"effects": (point.lose(0.005),)},
    "capture-loss-2%": {"effects": (point.lose(0.02),)},
    "capture-loss-10%": {"effects": (point.lose(0.1),)},
    "capture-burst-20": {"effects": (point.lose_bursts(20, 4),)},
    "capture-burst-200": {"plans": BUSY, "effects": (point.lose_bursts(200, 1),)},
    "client-only": {"effects": (point.only(CLIENT),)},
    "server-only": {"effects": (point.only(SERVER),)},
    "anywhere": {"effects": (point.anywhere(),), "alone": True},
    "keep-alive-0": {"ends": both(keep_alive=3 * SECOND)},
    "keep-alive-1": {"ends": both(keep_alive=3 * SECOND, keep_alive_bytes=1)},
    "zero-window-probe-0": {"ends": (Options(buffer=2500), Options(probe_bytes=0)), **ZERO_WINDOW},
    "zero-window-probe-1": {"ends": (Options(buffer=2500), Options()), **ZERO_WINDOW},
    "tso": TSO,
    "reuse-after-fin": {**REUSE, "plans": plans(REUSE["plans"], end="fin")},
    "reuse-after-rst": {**REUSE, "plans": plans(REUSE["plans"], end="rst"),
                        "reuse_after": (0.01, 3)},
    "reuse-after-nothing": {**REUSE, "plans": plans(REUSE["plans"], end="nothing")},
    "reset": RESET,
    "wrap": {"wrap": True},
    "syn-and-fin-with-data": {"ends": (Options(data_in_syn=True), Options()),
                              "plans": plans(end="fin-with-data")},
    "fragments": FRAGMENTS,
    "fragments-last-first": {**FRAGMENTS, "order": "last-first"},
    "fragments-any-order": {**FRAGMENTS, "order": "any"},
    "fragments-network-loss": {**FRAGMENTS, "order": "any", "loss": (0.05, 0.0)},
    "fragments-capture-loss": {**FRAGMENTS, "order": "any", "effects": (point.lose(0.02),)},
    "ipv6-extensions": {"version": 6, "extensions": CHAINS},
}

KINDS = {name: Kind(name, number, **changes)
         for number, (name, changes) in enumerate(TABLE.items(), 1)}
