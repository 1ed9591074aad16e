# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares what a program shows with the truth: counts, and a line for each mistake."""
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from messages import VERSION
from truth import ABSENT, DOUBTFUL, PART, WHOLE, name_of

# Verdicts that blame neither end: closed, still open, superseded, or the cause was not captured
# (which has two names, an older and a newer one).
BLAMELESS = {"closed-by-client", "still-open", "superseded", "cause-not-captured",
             "hidden-by-hole"}

FIGURES = ("messages", "lost", "invented", "twice", "warnings", "errors", "unanswered", "blamed",
           "negative")


@dataclass
class Result:
    """Of one kind."""
    figures: Counter = field(default_factory=Counter)
    lines: list = field(default_factory=list)
    seeds: set = field(default_factory=set)   # in which something is wrong

    def wrong(self, what, seed, text):
        self.figures[what] += 1
        self.lines.append(f"{what}: seed {seed}: {text}")
        self.seeds.add(seed)

    def add(self, other):
        self.figures.update(other.figures)
        self.lines += other.lines
        self.seeds |= other.seeds
        return self


class Judge:
    """Knows the truth about one capture."""

    def __init__(self, truths):
        self.truths = {}                   # client's end -> Truth
        self.sessions = defaultdict(list)  # client's end -> its sessions
        self.states = {}                   # (client's end, key) -> (Message, state)
        self.cut = defaultdict(Counter)    # (client's end, sender) -> {(name, length)}
        self.kinds = [truth.kind.name for truth in truths]
        for truth in truths:
            for session in truth.sessions:
                self._learn(truth, session)

    def _learn(self, truth, session):
        client = name_of(session)
        self.truths[client] = truth
        self.sessions[client].append(session)
        for message, state in truth.states[session].items():
            self.states[client, message.key] = message, state
            if state in (PART, DOUBTFUL):
                self.cut[client, message.sender][message.name, message.length] += 1

    def check(self, shown):
        """{kind: Result} of what a program shows."""
        return Check(self, shown).results


class Check:
    """Checks what one program shows of the capture."""

    def __init__(self, judge, shown):
        self.judge = judge
        self.results = {kind: Result() for kind in judge.kinds}
        self.cut = {place: Counter(left) for place, left in judge.cut.items()}
        self.found = Counter()             # (client's end, key)
        for message in shown.messages:
            self._message(message)
        self._count()
        self._statements(shown)

    def _wrong(self, what, client, text):
        """Counts a mistake.  One about an unknown client is counted for the first kind."""
        truth = self.judge.truths.get(client)
        kind, seed = (truth.kind.name, truth.seed) if truth else (self.judge.kinds[0], "?")
        self.results[kind].wrong(what, seed, f"{client} {text}")

    # ---- messages ----

    def _message(self, message):
        key = message.sender, message.name, message.number
        known, state = self.judge.states.get((message.client, key), (None, ABSENT))
        text = f"frame {message.frame} {key}: {state} in the file"
        if message.cut:
            # A whole message shown as cut counts as lost.  Cut ones are identified by their length.
            left = self.cut.setdefault((message.client, message.sender), Counter())
            left[message.name, message.length] -= 1
            if state != WHOLE and left[message.name, message.length] < 0:
                self._wrong("invented", message.client, f"cut, {text}")
        elif state not in (WHOLE, DOUBTFUL) or message.length != known.length or \
                not _same_fields(known, message):
            self._wrong("invented", message.client, text)
        else:
            self.found[message.client, key] += 1

    def _count(self):
        for (client, key), (_, state) in self.judge.states.items():
            count = self.found[client, key]
            if state == WHOLE:
                self.results[self.judge.truths[client].kind.name].figures["messages"] += 1
                if count == 0:
                    self._wrong("lost", client, f"{key}")
            if count > 1:
                self._wrong("twice", client, f"{key} {count} times")

    # ---- statements ----

    def _statements(self, shown):
        for client, severity, rule, text in shown.findings:
            if rule not in self._true_rules(client):
                self._wrong(severity + "s", client, f"{rule}: {text}")
        for client, name, number in shown.unanswered:
            # In these sessions each request was answered, whether or not that was captured.
            self._wrong("unanswered", client, f"{name} {number}")
        for client, verdict in shown.verdicts:
            if verdict not in BLAMELESS | self._true_verdicts(client):
                self._wrong("blamed", client, verdict)
        for client, seconds in shown.negative:
            self._wrong("negative", client, f"{seconds}")

    def _broken_off(self, client):
        """[(kind, who reset the connection)...] of the client's sessions."""
        return [(self.judge.truths[client].kind, session.plan.reset_by)
                for session in self.judge.sessions.get(client, ())
                if session.plan.reset_by is not None]

    def _true_rules(self, client):
        kind = self.judge.truths[client].kind
        if not kind.verdicts:
            return kind.rules
        return {rule for kind, _ in self._broken_off(client) for rule in kind.rules}

    def _true_verdicts(self, client):
        return {verdict for kind, sender in self._broken_off(client)
                for verdict in kind.verdicts[sender]}


def _same_fields(known, message):
    """All fields are those that were sent, where the version is known."""
    return message.fields is None or message.version != VERSION or known.has_fields(message.fields)
