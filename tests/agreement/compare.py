# SPDX-License-Identifier: GPL-2.0-or-later
"""What tshark -T json with the plugin and ctidump -T json say of a capture, in one form, so
that the two can be compared message by message and field by field.

A message becomes a Message: its fields, each with all its values, and the records of its lists.
The values keep ctidump's form; tshark writes all of them as text, which same() reads.
"""
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timezone

# As Wireshark 4.0 and 4.4 write it, and as 4.6 does.
TSHARK_TIME = re.compile(r"[A-Z][a-z]{2} [ 0-9][0-9], \d{4} \d\d:\d\d:\d\d\.\d{9} UTC|"
                         r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z")
UNDECODED = "undecoded"  # a number of the wrong size: tshark's JSON does not name its field
# Fields that share a name with one of another type: ctidump's keys.
KEYS = {"cti.config_param_number": "ConfigParamNumber", "cti.reserved_bytes": "ReservedBytes",
        "cti.supervisor_id_number": "SupervisorIDNumber"}
RECORD = re.compile(r"\w+\[\d+\]$")
UNKNOWN = {"cti.float.unknown": "tag", "cti.body": "body", "cti.left_over": "left_over",
           "cti.undecoded": UNDECODED}
# Fields of a message in the tree that are not GED-188's, or that stand a second time.
GENERATED = re.compile(r"cti\.(session|sender|version|response_in|response_to|response_time|"
                       r"unanswered|heartbeat|idle_share|finding|call_id|float)(\.|$)")


@dataclass
class Message:
    frame: int
    type: int
    length: int
    session: int
    dir: str
    version: int | None
    fields: dict = field(default_factory=dict)    # name -> [values], in wire order
    records: list = field(default_factory=list)   # "Records[0]", "Records[0] Skills[1]"
    problems: list = field(default_factory=list)  # of (rule, text)
    bits: dict = field(default_factory=dict)      # name -> [names of the bits set]


@dataclass
class Capture:
    messages: list = field(default_factory=list)
    # (request frame, answer frame, seconds or None)
    answers: Counter = field(default_factory=Counter)
    unanswered: Counter = field(default_factory=Counter)  # frames of requests
    findings: Counter = field(default_factory=Counter)  # (session, rule, text)
    sessions: dict = field(default_factory=dict)        # number -> (client, side)
    # number -> (verdict, [for it], [against it]); tshark shows those that TCP's end brought
    verdicts: dict = field(default_factory=dict)


def _rounded(seconds):
    """To nanoseconds; None where the time is not known."""
    return None if seconds is None else round(float(seconds), 9)


# ---- ctidump ----

@dataclass
class Value:
    """A value, and what stands beside it: its bytes, or the size of what is hidden."""
    value: object
    hex: str | None = None
    hidden: int | None = None


def _is_note(name, fields):
    """X_name, X_names, ... beside X."""
    base, _, ending = name.rpartition("_")
    return ending in ("name", "names", "unknown", "hex", "hidden", "token") and base in fields


def _take_object(message, fields, path=""):
    """The values of a message, or of a record of a list."""
    for name, value in fields.items():
        if _is_note(name, fields):
            continue
        if name == "unknown_tags":
            for entry in value:
                message.fields.setdefault(f"tag_{entry['tag']}", []).append(
                    Value(entry["hex"], entry["hex"]))
        elif name.startswith("Named"):
            message.fields.setdefault(name, []).extend(map(Value, value))
        elif isinstance(value, list):
            for index, record in enumerate(value):
                label = path if name == "repeated" else f"{path}{name}[{index}]"
                if name != "repeated":
                    message.records.append(label)
                _take_object(message, record, label + " " * (name != "repeated"))
        else:
            _take_value(message, name, value, fields)


def _take_value(message, name, value, fields):
    found = Value(value, fields.get(name + "_hex"), fields.get(name + "_hidden"))
    if value is None and found.hex is not None:
        name = UNDECODED
    message.fields.setdefault(name, []).append(found)
    if name + "_names" in fields:
        message.bits.setdefault(name, []).append(fields[name + "_names"])


def read_ctidump(text):
    """Capture from the JSON Lines."""
    found = Capture()
    for line in text.splitlines():
        record = json.loads(line)
        kind = record["record"]
        if kind == "message":
            found.messages.append(_ctidump_message(record))
        elif kind == "heartbeat" and record["confirm_frame"] or \
                kind == "request" and record["answer_frame"]:
            answer = record.get("confirm_frame") or record.get("answer_frame")
            found.answers[record["request_frame"], answer, _rounded(record["rtt_s"])] += 1
        elif record.get("missed") is True or record.get("outcome") == "unanswered":
            found.unanswered[record["request_frame"]] += 1
        elif kind == "finding":
            found.findings[record["session"] or 0, record["rule"], record["text"]] += 1
        elif kind == "session":
            found.sessions[record["session"]] = (record["client"], record["side"])
            found.verdicts[record["session"]] = (
                record["verdict"], [entry["text"] for entry in record["verdict_for"]],
                [entry["text"] for entry in record["verdict_against"]],
                [text for text in (record["blame"],) if text],
                [text for text in (record["verdict_check"],) if text])
    return found


def _ctidump_message(record):
    fields = record["fields"]
    message = Message(record["frame"], record["type"], record["length"], record["session"],
                      record["dir"], record["version"])
    _take_object(message, fields)
    message.problems = sorted((problem["rule"], problem["text"])
                              for problem in record["problems"])
    return message


# ---- tshark ----

def tshark_json(tshark, capture, *options):
    """Its JSON after two passes: then each frame shows what only later frames tell."""
    return tshark.run("-2", *options, "-T", "json", "-J", "frame cti _ws.malformed _ws.lua.text",
                      capture=capture)


def field_names(tshark):
    """{filter: the name of the field}, as the plugin registered them."""
    rows = (line.split("\t") for line in tshark.run("-G", "fields").splitlines()
            if line.startswith("F\t"))
    return {row[2]: row[1] for row in rows if row[2].startswith("cti.")}


def read_tshark(text, names):
    """Capture from tshark -2 -T json; names: {filter: the field's name}."""
    found = Capture()
    for packet in json.loads(text, object_pairs_hook=lambda pairs: pairs):
        layers = dict(dict(packet)["_source"])["layers"]
        frame = int(dict(next(value for key, value in layers if key == "frame"))["frame.number"])
        for key, value in layers:
            if key == "cti" and isinstance(value, list):
                _take_layer(found, frame, value, names)
    return found


def _take_layer(found, frame, layer, names):
    values = dict(layer)
    session = int(values.get("cti.session", 0))
    for rule, text in _findings(layer):
        found.findings[session, rule, text] += 1
    if session:
        found.sessions[session] = (values.get("cti.session.client_id"),
                                   values.get("cti.session.side"))
    if "cti.session.verdict" in values:
        facts = values["cti.session.verdict_tree"]
        found.verdicts[session] = (values["cti.session.verdict"], *(
            [text for key, text in facts if key == f"cti.session.verdict.{side}"]
            for side in ("for", "against", "blame", "check")))
    if "cti.message_type" not in values:
        return
    message = Message(frame, int(values["cti.message_type"]), int(values["cti.message_length"]),
                      session, values.get("cti.sender"),
                      int(values["cti.version"]) if "cti.version" in values else None)
    if "cti.response_to" in values:
        found.answers[int(values["cti.response_to"]), frame,
                      _rounded(values.get("cti.response_time"))] += 1
    found.unanswered[frame] += "cti.unanswered" in values
    _take_fields(message, layer, names)
    message.problems = sorted(_experts(layer, "cti.problem."))
    found.messages.append(message)


def _take_fields(message, layer, names, path=""):
    for index, (key, value) in enumerate(layer):
        if RECORD.match(key):
            message.records.append(path + key)
            _take_fields(message, value, names, f"{path}{key} ")
            continue
        if not key.startswith("cti.") or key.endswith("_tree") or GENERATED.match(key) and \
                key not in UNKNOWN or key in ("cti.message_type", "cti.message_length"):
            continue
        tree = layer[index + 1][1] if index + 1 < len(layer) and \
            layer[index + 1][0] == key + "_tree" else []
        name = UNKNOWN.get(key) or KEYS.get(key) or names[key]
        if name == "tag":
            name = f"tag_{dict(tree)['cti.float.tag']}"
        message.fields.setdefault(name, []).append((value, tree))
        bits = [names[bit] for bit, on in tree if bit.startswith(key + ".") and on == "1"
                and bit in names]
        if any(bit.startswith(key + ".") and on in ("0", "1") for bit, on in tree):
            message.bits.setdefault(name, []).append(bits)


def _experts(layer, prefix):
    """(name, text) of the expert infos whose filter starts with prefix, at any depth."""
    for key, value in layer:
        if not isinstance(value, list):
            continue
        if key == "_ws.expert" and value and value[0][0].startswith(prefix):
            name = value[0][0][len(prefix):].replace("_", "-")
            yield name, dict(value)["_ws.expert.message"]
        yield from _experts(value, prefix)


def _findings(layer):
    for index, (key, value) in enumerate(layer):
        if key == "cti.finding":
            tree = layer[index + 1][1]
            yield next(_experts(tree, "cti.rule."))[0], value


# ---- the comparison ----

def _tree_value(tree, ending):
    return next((value for key, value in tree if key.endswith("." + ending)), None)


def _same_named(value, tree):
    index = _tree_value(tree, "index")
    return all(value[key] == (_tree_value(tree, key) or "") for key in ("name", "value")) and \
        (str(value["index"]) == index if "index" in value else index is None)


def _time(text):
    if text[0].isdigit():
        return text.partition(".")[0] + "Z"
    moment = datetime.strptime(text[:-14], "%b %d, %Y %H:%M:%S").replace(tzinfo=timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def same(ours, found, unreadable=False):
    """True if ctidump's value is what tshark shows.  Of bytes that nobody can read, tshark has
    to show all, and ctidump hides those that may hold a password."""
    shown, tree = found
    value = ours.value
    if ours.hidden is not None:
        return len(shown.replace(":", "")) == 2 * ours.hidden if unreadable else \
            shown == f"<hidden, {ours.hidden} bytes>"
    if value is None:
        return shown.replace(":", "") == ours.hex
    if isinstance(value, dict):
        return _same_named(value, tree)
    if isinstance(value, int):
        return int(shown, 0) == value
    if TSHARK_TIME.fullmatch(shown):
        return _time(shown) == value
    return value in (shown, shown.replace(":", "") if re.fullmatch(r"[0-9a-f:]*", shown) else None)


def _fields_differ(ours, theirs):
    if set(ours.fields) != set(theirs.fields):
        yield f"fields {list(ours.fields)} and {list(theirs.fields)}"
        return
    if sorted(ours.records) != sorted(theirs.records):
        yield f"records {ours.records} and {theirs.records}"
    for name, values in ours.fields.items():
        shown = theirs.fields[name]
        if len(values) != len(shown):
            yield f"{name}: {len(values)} values and {len(shown)}"
            continue
        for value, item in zip(values, shown):
            if not same(value, item, name in UNKNOWN.values()):
                yield f"{name}: {value!r} and {item!r}"
    for name, bits in ours.bits.items():
        if bits != theirs.bits.get(name):
            yield f"{name}: bits {bits} and {theirs.bits.get(name)}"


def message_differences(ours, theirs, frames=True):
    """What is not the same in two messages, as lines."""
    for name in ("frame", "type", "length", "session", "dir", "version"):
        if getattr(ours, name) != getattr(theirs, name) and (frames or name != "frame"):
            yield f"{name}: {getattr(ours, name)} and {getattr(theirs, name)}"
    yield from _fields_differ(ours, theirs)
    if [rule for rule, _ in ours.problems] != [rule for rule, _ in theirs.problems]:
        yield f"problems: {ours.problems} and {theirs.problems}"


def _by_frame(ours, theirs):
    """Pairs.  ctidump writes messages in the order in which they were sent, tshark by frame."""
    yield from zip(sorted(ours.messages, key=lambda message: message.frame), theirs.messages)


def _by_content(ours, theirs):
    """Pairs, where bytes came after later ones: the message is then in the frame that brings the
    missing bytes for ctidump, and in the one that has its own bytes for tshark."""
    left = {}
    for message in theirs.messages:
        left.setdefault((message.session, message.type, message.dir), []).append(message)
    for mine in ours.messages:
        group = left.get((mine.session, mine.type, mine.dir), [])
        found = next((other for other in group if other.frame <= mine.frame and not
                      any(message_differences(mine, other, other.frame == mine.frame))), None)
        if found is None:
            found = group[0] if group else Message(0, 0, 0, 0, "", None)
        if group:
            group.remove(found)
        yield mine, found


def _without(counter, frames):
    """What is not about one of the frames, and how much is."""
    kept = {key: count for key, count in counter.items()
            if count and not frames & set(key if isinstance(key, tuple) else (key,))}
    return kept, sum(counter.values()) - sum(kept.values())


def differences(ours, theirs, moved=False):
    """What is not the same in two captures, as lines: ctidump's first, then tshark's.  moved: a
    message may be in an earlier frame for tshark."""
    if len(ours.messages) != len(theirs.messages):
        yield (f"{len(ours.messages)} messages and {len(theirs.messages)}: frames "
               f"{[(m.frame, m.type) for m in ours.messages]} and "
               f"{[(m.frame, m.type) for m in theirs.messages]}")
    of_moved = (set(), set())
    for mine, other in (_by_content if moved else _by_frame)(ours, theirs):
        for line in message_differences(mine, other, not moved):
            yield f"frame {mine.frame} type {mine.type}: {line}"
        if mine.frame != other.frame:
            of_moved[0].add(mine.frame)
            of_moved[1].add(other.frame)
    for what in ("answers", "unanswered"):
        ours_left = _without(getattr(ours, what), of_moved[0] | of_moved[1])
        theirs_left = _without(getattr(theirs, what), of_moved[0] | of_moved[1])
        if ours_left != theirs_left:
            yield f"{what}: {ours_left} and {theirs_left}"
    for what in ("findings", "sessions"):
        if getattr(ours, what) != getattr(theirs, what):
            yield f"{what}: {getattr(ours, what)} and {getattr(theirs, what)}"
    for session, verdict in theirs.verdicts.items():
        if ours.verdicts.get(session) != verdict:
            yield f"session {session}: {ours.verdicts.get(session)} and {verdict}"
