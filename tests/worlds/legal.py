# SPDX-License-Identifier: GPL-2.0-or-later
"""Random worlds in which everybody keeps the rules of GED-188's chapter "Session Management":
clients of each kind that is known, on one server or on an active and a standby one, with a
maintenance in order, and a capture that begins and ends anywhere.  No finding above a note may
come from one of them.

legal(seed) is a Capture.  Each session has a clock of its own and is played event by event; the
frames are put in the order of time by Capture."""
import random

from ged188.pcap import Capture
from ged188.tcp import SERVER, START, Host
from written.calls import Agent, Call
from written.script import NO_IDLE_TIMEOUT, NOW, PERIPHERAL, SERVER_A, SERVER_B, Session
from written.sessions import system_event

NEVER = float("inf")
ACTIVE, STANDBY = 1, 2
ALL_EVENTS = "CTI_SERVICE_ALL_EVENTS"
STANDBY_SERVICE = "CTI_SERVICE_ACTIVE_STANDBY"
# CTI OS Server's own default, with polling beside its timer.
CTIOS = ("CTI_SERVICE_CALL_DATA_UPDATE|CTI_SERVICE_CLIENT_CONTROL|CTI_SERVICE_ALL_EVENTS|"
         "CTI_SERVICE_SUPERVISOR")
# What any client may ask for in addition.
EXTRAS = ("CTI_SERVICE_DEBUG", "CTI_SERVICE_SERVER", "CTI_SERVICE_CLIENT_MONITOR",
          "CTI_SERVICE_PERIPHERAL_MONITOR", "CTI_SERVICE_AGENT_REPORTING",
          "CTI_SERVICE_TASK_MONITOR",
          "CTI_SERVICE_ALL_TASK_EVENTS", "CTI_SERVICE_CONFIG_EVENTS", "CTI_SERVICE_UPDATE_EVENTS",
          "CTI_SERVICE_IGNORE_DUPLICATE_AGENT_EVENTS", "CTI_SERVICE_ACD_LINE_ONLY",
          "CTI_SERVICE_IGNORE_CONF")
PHONE_SERVICES = "CTI_SERVICE_CLIENT_EVENTS|CTI_SERVICE_CALL_DATA_UPDATE|CTI_SERVICE_CLIENT_CONTROL"


class Kind:
    """How a client is set up.  heartbeats: "timer", "silence", "receive" or None; agents: how many
    phones it sees; polls: seconds between its queries, or None."""

    def __init__(self, name, services, heartbeats, intervals, agents=0, polls=None, idle=None,
                 oldest=13):
        self.name = name
        self.services = services
        self.heartbeats = heartbeats
        self.intervals = intervals
        self.agents = agents
        self.polls = polls
        self.idle = idle
        self.oldest = oldest


KINDS = (
    Kind("desktop", PHONE_SERVICES, "timer", (90, 120), agents=1),
    Kind("desktop-quiet", PHONE_SERVICES, "silence", (90, 100), agents=1),
    Kind("ctios", CTIOS, "timer", (5,), agents=4, polls=10, idle=0x7FFFFFFF),
    Kind("server-timer", ALL_EVENTS, "timer", (10, 30), agents=4, polls=10),
    Kind("server-silence", ALL_EVENTS, "silence", (5, 15, 30), agents=4),
    Kind("recorder", ALL_EVENTS, "receive", (60, 90), agents=2, idle=NO_IDLE_TIMEOUT),
    Kind("reporting", ALL_EVENTS, None, (), agents=3, idle=NO_IDLE_TIMEOUT),
    Kind("alarms", "CTI_SERVICE_CONNECTION_MONITOR", "timer", (5, 20, 60)),
    Kind("standby-bridge", ALL_EVENTS + "|" + STANDBY_SERVICE, "silence", (5, 10), agents=2,
         oldest=24),
    Kind("standby-timer", ALL_EVENTS + "|" + STANDBY_SERVICE, "timer", (5, 15), agents=2,
         oldest=24),
)


class Player:
    """One session: what its client and the server do next, and when."""

    def __init__(self, world, kind, number, server, begin, role=ACTIVE):
        self.rng = world.rng
        self.world = world
        self.kind = kind
        self.role = role
        self.interval = self.rng.choice(kind.intervals) if kind.intervals else None
        self.services = "|".join([kind.services] + [extra for extra in EXTRAS
                                                    if self.rng.random() < 0.1])
        self.session = Session(
            world.made, version=world.rng.randint(kind.oldest, 25) if role == ACTIVE else 24,
            client=Host(f"10.1.{number // 200}.{number % 200 + 1}",
                        world.port()), server=server,
            client_id=f"{kind.name.upper()}{number}", begin=begin)
        self.agents = [Agent(self.session, str(1000 + 10 * number + i), str(5000 + 10 * number + i))
                       for i in range(kind.agents)]
        self.received = self.sent = self.timer = begin
        self.poll = self.activity = NEVER
        self.stopped = False

    # ---- opening and closing ----

    def idle_timeout(self):
        return self.kind.idle or 4 * self.interval

    def open(self):
        session, agent = self.session, None
        if "CLIENT_EVENTS" in self.kind.services:
            agent = self.agents[0].names
        session.connect().ask_to_open(services=self.services, idle=self.idle_timeout(),
                                      agent=agent)
        session.wait(self.rng.uniform(0.002, 0.2))
        conf = {"InvokeID": session.invoke, "ServicesGranted": self.services, "MonitorID": 1,
                "ICMCentralControllerTime": NOW + int(session.now), "PeripheralOnline": 1,
                "PeripheralType": "PT_ENTERPRISE_AGENT", "SessionType": self.role,
                "AgentState": "AGENT_STATE_LOGOUT" if agent else "AGENT_STATE_UNKNOWN"}
        if agent:
            conf |= dict(zip(("AgentExtension", "AgentID", "AgentInstrument"), agent))
        elif session.version >= 14:
            conf |= {"FltPeripheralID": [PERIPHERAL], "MultilineAgentControl": [0]}
        session.server("OPEN_CONF", conf)
        if "ALL_EVENTS" in self.kind.services and self.role == ACTIVE:
            system_event(session.wait(0.01))
        self.sent = self.received = self.timer = session.now
        self.be_active(session.now)
        return self

    def be_active(self, now):
        if self.role != ACTIVE:
            return
        if self.kind.polls:
            self.poll = now + self.rng.uniform(0, self.kind.polls)
        if self.agents:
            self.activity = now + self.rng.expovariate(1 / 20)

    def close(self):
        """CLOSE_REQ, CLOSE_CONF, and RST or both FINs."""
        if self.rng.random() < 0.3:
            self.session.request("CLOSE_REQ", {"Status": "E_CTI_NO_ERROR"}).finish(
                self.rng.randrange(2))
        else:
            self.session.close()

    # ---- what goes on ----

    def heartbeat_due(self):
        since = {"timer": self.timer, "silence": self.sent, "receive": self.received}
        return since[self.kind.heartbeats] + self.interval if self.kind.heartbeats else NEVER

    def move_to(self, time):
        self.session.now = max(self.session.now, time)
        return self

    def play(self, until):
        """Everything until a time."""
        while True:
            due = min(self.heartbeat_due(), self.poll, self.activity)
            if due >= until:
                return self.move_to(until)
            self.move_to(due)
            if due == self.poll:
                self.query()
                self.poll = due + self.kind.polls
            elif due == self.activity:
                self.happen()
                self.activity = self.session.now + self.rng.expovariate(1 / 20)
            else:
                self.beat(due)

    def beat(self, due):
        self.timer = due
        self.session.wait(self.rng.uniform(0, 0.015))
        self.sent = self.session.now
        self.session.heartbeat(after=self.rng.uniform(0.0005, 0.05))
        self.received = self.session.now

    def query(self):
        agent = self.rng.choice(self.agents)
        self.sent = self.session.now
        self.session.request("QUERY_AGENT_STATE_REQ", {
            "PeripheralID": PERIPHERAL, "AgentID": agent.agent, "AgentInstrument": agent.extension},
            answer_fields={"AgentState": "AGENT_STATE_NOT_READY", "AgentID": agent.agent},
            after=self.rng.uniform(0.001, 0.05))
        self.received = self.session.now

    def set_state(self, agent):
        """The client changes an agent's state, and gets a confirmation unless it wants none."""
        state = self.rng.choice(("AGENT_STATE_NOT_READY", "AGENT_STATE_AVAILABLE"))
        if "IGNORE_CONF" not in self.services:
            agent.set_state(state)
            return
        self.session.invoke += 1
        self.session.client("SET_AGENT_STATE_REQ", {
            "InvokeID": self.session.invoke, "PeripheralID": PERIPHERAL, "AgentState": state,
            "AgentInstrument": agent.extension, "AgentID": agent.agent})
        agent.state(state)

    def happen(self):
        """A call, a change of state, or a request that may fail."""
        agent, draw = self.rng.choice(self.agents), self.rng.random()
        sent = False
        if draw < 0.4:
            Call(agent, self.world.call()).handled(self.rng.uniform(0.2, 2))
        elif draw < 0.8 or self.kind.heartbeats == "receive" or not self.kind.heartbeats:
            agent.state(self.rng.choice(("AGENT_STATE_NOT_READY", "AGENT_STATE_AVAILABLE",
                                         "AGENT_STATE_WORK_READY")))
        elif "CLIENT_CONTROL" in self.kind.services and draw < 0.93:
            self.set_state(agent)
            sent = True
        else:
            self.session.request("QUERY_AGENT_STATE_REQ", {
                "PeripheralID": PERIPHERAL, "AgentID": "9999", "AgentInstrument": "9999"},
                answer="FAILURE_CONF", answer_fields={"Status": "E_CTI_AGENT_NOT_LOGGED_ON"})
            sent = True
        self.received = self.session.now
        if sent:
            self.sent = self.session.now


class World:
    def __init__(self, seed):
        self.rng = random.Random(f"legal {seed}")
        self.made = Capture(nano=self.rng.random() < 0.2)
        self.last_port = 20000 + self.rng.randrange(20000)
        self.last_call = 16777216
        self.length = self.rng.uniform(200, 900)

    def port(self):
        self.last_port += 1
        return self.last_port

    def call(self):
        self.last_call += 1
        return self.last_call

    # ---- clients ----

    def plain(self, kind, number):
        """A client with one session after another."""
        now = self.rng.uniform(0, 20)
        for _ in range(self.rng.randint(1, 2)):
            player = Player(self, kind, number, SERVER_A, now).open()
            last = self.rng.uniform(now + 30, self.length)
            player.play(min(last, self.length))
            if last < self.length - 30:
                player.close()
                now = player.session.now + self.rng.uniform(1, 20)
            else:
                return

    def pair(self, kind, number):
        """A client with a session on the active server and one on the standby server."""
        begin = self.rng.uniform(0, 5)
        return (Player(self, kind, number, SERVER_A, begin).open(),
                Player(self, kind, number, SERVER_B, begin + 0.3, STANDBY).open())

    def hand_over(self, pairs):
        """A maintenance of side A, in order."""
        asked = self.rng.uniform(60, self.length / 2)
        for active, _ in pairs:
            active.play(asked)
            invoke = 900 + self.rng.randrange(100)
            active.move_to(asked).session.server("ACTIVE_MAINTENANCE_REQ", {"InvokeID": invoke})
            active.session.wait(self.rng.uniform(0.01, 3)).client(
                "ACTIVE_MAINTENANCE_RESP", {"InvokeID": invoke, "MaintenanceModeAccepted": 1})
        decided = max(active.session.now for active, _ in pairs) + 0.1
        switched = decided + self.rng.uniform(0.05, 2)
        for active, waiting in pairs:
            active.move_to(decided).session.server("ACTIVE_MAINTENANCE_EVENT",
                                                   {"MaintenanceModeStatus": 1})
            waiting.play(switched)
            waiting.move_to(switched).session.server("STANDBY_ACTIVE_EVENT")
            active.move_to(waiting.session.now + self.rng.uniform(0.01, 1))
            active.session.client("STOPPING_REQUESTS_TO_THIS_SIDE_IND").wait(0.05).reset(SERVER)
            waiting.received = waiting.session.now
            waiting.role = ACTIVE
            system_event(waiting.session.wait(0.2))
            self.replay(waiting)
            waiting.be_active(waiting.session.now)

    def replay(self, player):
        """Calls that go on are told again."""
        for _ in range(self.rng.randrange(3)):
            call = Call(self.rng.choice(player.agents), self.call())
            player.session.events(
                ("CALL_DELIVERED_EVENT", call.delivered_fields(EventCause=50)),
                ("CALL_ESTABLISHED_EVENT", call.established_fields(EventCause=50)))
        player.received = player.session.now

    def standby(self, first):
        kinds = [kind for kind in KINDS if STANDBY_SERVICE in kind.services]
        pairs = [self.pair(self.rng.choice(kinds), first + i)
                 for i in range(self.rng.randint(1, 4))]
        if self.rng.random() < 0.6:
            self.hand_over(pairs)
            pairs = [(waiting,) for _, waiting in pairs]
        for players in pairs:
            for player in players:
                player.play(self.length)

    def build(self):
        others = [kind for kind in KINDS if STANDBY_SERVICE not in kind.services]
        if self.rng.random() < 0.4:
            self.standby(100)
        else:
            for number in range(self.rng.randint(1, 6)):
                self.plain(self.rng.choice(others), number)
        return self.cut()

    def cut(self):
        """The capture begins and ends somewhere."""
        made, draw = self.made, self.rng.random
        begin = START + int(self.rng.uniform(0, 150) * 1e9) if draw() < 0.3 else 0
        end = START + int(self.length * self.rng.uniform(0.5, 1) * 1e9) if draw() < 0.3 else None
        made.records = [(time, frame) for time, frame in made.records
                        if time >= begin and (end is None or time <= end)]
        return made


def legal(seed):
    return World(seed).build()
