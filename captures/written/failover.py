# SPDX-License-Identifier: GPL-2.0-or-later
"""Many clients lose side A at once and open on side B: each client's way, and the truth about it.

Side A's process dies: most clients get a reset, some get no answers any more, some hear that
the server is offline.  Each one then tries A and B in turn, as GED-188 asks: A refuses the
connection or does not answer at all; B takes connections, refuses OPEN_REQ until it is active,
and then answers one after the other, so that the answers take longer and longer.  Some clients
lose side B too and go back to A; one gives up.  The first sessions of some began before the
capture.

    made, truth = failover(clients=50)

truth: {"clients": {ClientID: {"address", "downs": [...]}}, "storms": [...]}; a down is

    {"left": "A", "why": verdict, "from": ns, "to": ns or None, "side": "B",
     "attempts": {"A": {outcome: count}, "B": {...}}}

from: the end of the session that was lost, where its heartbeats were not answered the last message
of the server; to: the next OPEN_CONF.
"""
import heapq
import random

from ged188.pcap import ACK, RST, SYN, Capture
from ged188.tcp import CLIENT, SERVER, Conversation, Host, nanoseconds

from .script import SERVER_A, SERVER_B, Session

INTERVAL = 20            # seconds between heartbeats
FAILURE = 120.0          # when side A dies
ACTIVE = 1.2             # so long after that side B refuses OPEN_REQ
SERVICE = 0.11           # side B's time for one OPEN_REQ
OPEN_PATIENCE = 30.0     # a client's, for an answer to OPEN_REQ
SECOND_FAILURE = 260.0   # when some lose side B
END = 400.0
SYN_REPEATS = (0, 1.0, 3.0)
SYN_PATIENCE = 7.0
STORM_RATE = 10          # OPEN_REQ in a second


class Link(Session):
    """A session that knows when the server last said something."""
    last_good = None

    def server(self, key, fields=(), **options):
        self.last_good = self.now
        return super().server(key, fields, **options)


class Server:
    """Answers OPEN_REQ one after the other; before active it refuses them at once."""

    def __init__(self, address, service, active=0.0):
        self.address, self.service, self.active = address, service, active
        self.free = 0.0
        self.opens = []  # (time, time of the answer or None, client)

    @property
    def side(self):
        return "A" if self.address == SERVER_A else "B"

    def take(self, at, client, mute=False):
        """("open" or "rejected" or "silent", time of the answer)."""
        if mute:
            self.opens.append((at, None, client))
            return "silent", None
        if at < self.active:
            self.opens.append((at, at + 0.004, client))
            return "rejected", at + 0.004
        self.free = max(self.free, at) + self.service
        self.opens.append((at, self.free, client))
        return "open", self.free


class Client:
    """One client: life() is its script; it yields (server, time of OPEN_REQ, mute) and gets the
    server's answer."""

    def __init__(self, made, number, servers, dice):
        self.made = made
        self.number = number
        self.name = f"DESKTOP{number:03d}"
        self.address = f"10.0.{2 + number // 200}.{number % 200 + 1}"
        self.servers = servers
        self.dice = dice
        self.port = 50000
        self.downs = []
        self.attempts = {}

    # ---- what happens on one side ----

    def host(self):
        self.port += 1
        return Host(self.address, self.port, initial=self.number * 100000 + self.port)

    def note(self, side, outcome):
        found = self.attempts.setdefault(side, {})
        found[outcome] = found.get(outcome, 0) + 1

    def refused(self, server, at):
        """SYN, and the reset of a host that nobody listens on; returns when."""
        talk = Conversation(self.made, self.host(), Host(*server.address))
        talk.segment(CLIENT, at, SYN, talk.initial[CLIENT])
        talk.segment(SERVER, at + 0.0003, RST | ACK, 0,
                     acknowledgment=talk.initial[CLIENT] + 1, window=0)
        self.note(server.side, "refused")
        return at + 0.0003

    def unheard(self, server, at):
        """SYN, repeated, without answer."""
        talk = Conversation(self.made, self.host(), Host(*server.address))
        for later in SYN_REPEATS:
            talk.segment(CLIENT, at + later, SYN, talk.initial[CLIENT])
        self.note(server.side, "no-answer")
        return at + SYN_PATIENCE

    def phone(self):
        return (str(5000 + self.number), str(1000 + self.number), str(5000 + self.number))

    def try_open(self, server, at, mute=False, hidden=False):
        """Connects and sends OPEN_REQ.  Returns the open session, or when it was given up.
        hidden: what opens it was before the capture."""
        made = Capture() if hidden else self.made
        link = Link(made, client=self.host(), server=server.address, client_id=self.name,
                    begin=at)
        link.connect().ask_to_open(agent=self.phone(), idle=4 * INTERVAL)
        kind, answered = yield server, link.now - 0.0005, mute
        if kind == "silent":
            link.wait(OPEN_PATIENCE).reset(CLIENT)
            self.note(server.side, "open-unanswered")
            return link.now
        link.now = answered
        if kind == "rejected":
            link.server("FAILURE_CONF", {"InvokeID": link.invoke,
                                         "Status": "E_CTI_CTI_SERVER_OFFLINE"})
            link.reset(CLIENT)
            self.note(server.side, "rejected")
            return link.now
        link.server("OPEN_CONF", {
            "InvokeID": link.invoke, "ServicesGranted": 7, "MonitorID": 1,
            "ICMCentralControllerTime": nanoseconds(answered) // 10 ** 9, "PeripheralOnline": 1,
            "PeripheralType": "PT_ENTERPRISE_AGENT", "AgentState": "AGENT_STATE_NOT_READY",
            "SessionType": 1} | dict(zip(("AgentExtension", "AgentID", "AgentInstrument"),
                                         self.phone())))
        link.opened = answered
        link.talk.capture = self.made
        return link

    def keep(self, link, until):
        """Heartbeats until then."""
        while link.now + INTERVAL < until - 0.1:
            link.heartbeats(1, INTERVAL)

    # ---- losing and opening again ----

    def lose(self, link, at, how):
        """The session ends at about that time; the down begins."""
        self.keep(link, at)
        if how == "heartbeats-unanswered":
            for _ in range(3):
                link.lost_heartbeat(INTERVAL)
            link.wait(INTERVAL).reset(CLIENT)
            lost = link.last_good
        elif how == "server-offline":
            link.now = at
            link.server("FAILURE_EVENT", {"Status": "E_CTI_CTI_SERVER_OFFLINE"})
            link.wait(0.01).finish(SERVER)
            lost = link.now - 0.001
        else:
            link.now = at
            link.reset(SERVER)
            lost = link.now
        self.attempts = {}
        self.downs.append({"left": "A" if link.talk.hosts[1].port == SERVER_A[1] else "B",
                           "why": how, "from": nanoseconds(lost), "to": None,
                           "side": None, "attempts": self.attempts})
        return link.now

    def again(self, at, first, dead, tries=20, mute=False):
        """Tries the sides in turn, first of all that one, until one opens; dead: the function
        that tells what a side which is down does."""
        server = self.servers[first]
        for _ in range(tries):
            if server.side == dead[0]:
                at = dead[1](server, at)
            else:
                found = yield from self.try_open(server, at, mute)
                mute = False
                if isinstance(found, Link):
                    self.downs[-1] |= {"to": nanoseconds(found.opened), "side": server.side}
                    return found
                at = found
            at += 0.2 + self.dice.random() * 0.3
            server = self.servers["B" if server.side == "A" else "A"]
        return None

    def life(self):
        number, dice = self.number, self.dice
        link = yield from self.try_open(self.servers["A"], number * 1.5 % (FAILURE - 30),
                                        hidden=number % 12 == 5 and number % 25 != 24)
        how = ("heartbeats-unanswered" if number % 10 == 3 else
               "server-offline" if number % 10 == 7 else "reset-by-server")
        at = self.lose(link, FAILURE + dice.random() * 0.4, how)
        dead = self.unheard if number % 8 == 2 else self.refused
        tries = 3 if number % 25 == 24 else 20
        found = yield from self.again(at + 0.05 + dice.random() * 0.2,
                                      "A" if number % 3 else "B",
                                      ("B" if tries == 3 else "A",
                                       self.refused if tries == 3 else dead),
                                      0 if tries == 3 else tries, mute=number % 16 == 9)
        if tries == 3:
            for side in "ABA":
                at = self.refused(self.servers[side], at + 1)
            return
        if number % 5 == 0:
            at = self.lose(found, SECOND_FAILURE + number * 0.8, "reset-by-server")
            found = yield from self.again(at + 0.1, "B", ("B", self.refused))
        elif number % 5 == 1:
            self.keep(found, SECOND_FAILURE + 20)
            found.wait(1).close()
            found = yield from self.try_open(self.servers["A"], found.now + 1)
        self.keep(found, END)


def storms(server):
    """Runs of OPEN_REQ at most a second apart, with STORM_RATE of them in a second."""
    runs, found = [], []
    for opening in sorted(server.opens, key=lambda entry: entry[0]):
        if not runs or opening[0] - runs[-1][-1][0] > 1:
            runs.append([])
        runs[-1].append(opening)
    for run in runs:
        times = [at for at, _, _ in run]
        peak = max(sum(1 for at in times if 0 <= at - start < 1) for start in times)
        if peak < STORM_RATE:
            continue
        answers = [answer - at for at, answer, _ in run if answer is not None]
        found.append({"side": server.side, "first": nanoseconds(times[0]),
                      "last": nanoseconds(times[-1]), "requests": len(run), "peak": peak,
                      "clients": len({client for _, _, client in run}),
                      "unanswered": len(run) - len(answers),
                      "worst_answer_s": round(max(answers), 6)})
    return found


def failover(clients=50, seed=1):
    """(Capture, truth)."""
    made, dice = Capture(), random.Random(seed)
    servers = {"A": Server(SERVER_A, 0.012),
               "B": Server(SERVER_B, SERVICE, active=FAILURE + ACTIVE)}
    people = [Client(made, number, servers, dice) for number in range(1, clients + 1)]
    queue = []
    for person in people:
        life = person.life()
        server, at, mute = next(life)
        heapq.heappush(queue, (at, person.number, life, server, mute))
    names = {person.number: person.name for person in people}
    while queue:
        at, number, life, server, mute = heapq.heappop(queue)
        try:
            server, at, mute = life.send(server.take(at, names[number], mute))
            heapq.heappush(queue, (at, number, life, server, mute))
        except StopIteration:
            pass
    truth = {"clients": {person.name: {"address": person.address, "downs": person.downs}
                         for person in people},
             "storms": storms(servers["A"]) + storms(servers["B"])}
    return made, truth
