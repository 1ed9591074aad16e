# SPDX-License-Identifier: GPL-2.0-or-later
"""What the two programs show of a capture, in one form: messages, and statements about sessions.

ctidump by -T json; the plugin in tshark, in either TCP mode: messages in a single pass, as tshark
and a live capture show them, statements after two passes."""
import json
import subprocess
from dataclasses import dataclass, field

from ged188 import facts
from messages import NUMBERS, TYPES

MODES = {"plugin": (), "plugin, in order": ("-o", "tcp.reassemble_out_of_order:TRUE")}
SENDERS = ["client", "server"]


@dataclass
class Message:
    client: str            # address and port
    sender: int
    name: str
    number: int | None     # see messages.NUMBERS; None if it is cut before it
    length: int            # MessageLength
    cut: bool
    frame: int
    fields: dict | None = None   # ctidump: all of it, if the version is known
    version: int | None = None


@dataclass
class Shown:
    messages: list = field(default_factory=list)
    # Of these the first item is the client's address and port, or "" where there is none.
    findings: list = field(default_factory=list)    # (client, severity, rule, text)
    unanswered: list = field(default_factory=list)  # (client, name or None, InvokeID)
    verdicts: list = field(default_factory=list)    # (client, verdict)
    negative: list = field(default_factory=list)    # (client, seconds)


# ---- ctidump ----

def run_ctidump(program, path):
    done = subprocess.run([program, "-T", "json", str(path)], capture_output=True, timeout=300,
                          check=False)
    if done.returncode != 0:
        raise RuntimeError(f"ctidump {path}: status {done.returncode}\n{done.stderr.decode()}")
    return read_ctidump([json.loads(line) for line in done.stdout.splitlines()])


def read_ctidump(records):
    shown = Shown()
    clients = {record["session"]: record["client_address"] for record in records
               if record["record"] == "session"}
    for record in records:
        reader = READERS.get(record["record"])
        if reader is not None:
            reader(shown, clients.get(record.get("session"), ""), record)
    return shown


def _message(shown, client, record):
    name = record["name"] or str(record["type"])
    number = record["fields"].get(NUMBERS.get(name))
    cut = any(problem["rule"] == "truncated" for problem in record["problems"])
    shown.messages.append(Message(client, SENDERS.index(record["dir"]), name, number,
                                  record["length"], cut, record["frame"], record["fields"],
                                  record["version"]))
    for problem in record["problems"] if not cut else ():
        if problem["severity"] != "note":
            shown.findings.append((client, problem["severity"], problem["rule"],
                                   f"frame {record['frame']}: {problem['text']}"))


def _heartbeat(shown, client, record):
    if record["missed"]:
        shown.unanswered.append((client, "HEARTBEAT_REQ", record["invoke_id"]))
    _time(shown, client, record["rtt_s"])


def _request(shown, client, record):
    if record["outcome"] == "unanswered":
        shown.unanswered.append((client, record["request_name"], record["invoke_id"]))
    _time(shown, client, record["rtt_s"])


def _finding(shown, client, record):
    if record["severity"] != "note":
        shown.findings.append((client, record["severity"], record["rule"], record["text"]))


def _session(shown, client, record):
    shown.verdicts.append((client, record["verdict"]))
    for name in ("open_answer_s", "answers_median_s", "answers_worst_s"):
        _time(shown, client, record[name])


def _time(shown, client, seconds):
    if seconds is not None and seconds < 0:
        shown.negative.append((client, seconds))


READERS = {"message": _message, "heartbeat": _heartbeat, "request": _request, "finding": _finding,
           "session": _session}


# ---- the plugin ----

FIELDS = ("frame.number", "ip.src", "ipv6.src", "tcp.srcport", "ip.dst", "ipv6.dst", "tcp.dstport",
          "cti.message_type", "cti.message_length", "cti.sender", "cti.problem.truncated")
NUMBER_FILTERS = {"InvokeID": "cti.invoke_id", "SystemEventArg1": "cti.system_event_arg1",
                  "StateDuration": "cti.state_duration",
                  "ConnectionCallID": "cti.connection_call_id"}
SAID = ("cti.finding or cti.unanswered or cti.session.verdict or cti.heartbeat.missed or "
        "cti.response_time < 0 or (cti and _ws.expert.severity >= 0x600000)")
SEVERITIES = {"6291456": "warning", "8388608": "error"}


def run_tshark(tshark, path, options):
    shown = Shown()
    _read_messages(shown, tshark, path, options)
    _read_said(shown, tshark, path, options)
    return shown


def _end(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _read_messages(shown, tshark, path, options):
    """One line a frame; the values of a field are in the order of the frame's messages, so that
    each message takes the next value of its own number's field."""
    rows = tshark.fields(path, *FIELDS, *NUMBER_FILTERS.values(), display="cti.message_type",
                         options=options, passes=1)
    for row in rows:
        frame, *addresses = (cell[0] if cell else "" for cell in row[:7])
        source = _end(addresses[0] or addresses[1], addresses[2])
        destination = _end(addresses[3] or addresses[4], addresses[5])
        types, lengths, senders, truncated = row[7:11]
        numbers = {name: iter(cell) for name, cell in zip(NUMBER_FILTERS, row[11:])}
        for index, (kind, length, sender) in enumerate(zip(types, lengths, senders)):
            name = TYPES.get(int(kind, 0)) or _name(int(kind, 0))
            number = next(numbers.get(NUMBERS.get(name), iter(())), None)
            cut = bool(truncated) and index == len(types) - 1
            shown.messages.append(Message(
                source if sender == "client" else destination, SENDERS.index(sender), name,
                None if number is None else int(number, 0), int(length), cut, int(frame)))


def _name(number):
    return facts.message(number).name if facts.is_known(number) else str(number)


def _read_said(shown, tshark, path, options):
    text = tshark.run("-2", *options, "-Y", SAID, "-T", "json", "-J", "frame ip ipv6 tcp cti",
                      capture=path)
    for packet in json.loads(text, object_pairs_hook=lambda pairs: pairs):
        layers = dict(dict(packet)["_source"])["layers"]
        first = {}
        for key, value in layers:
            first.setdefault(key, value)
        for key, value in layers:
            if key == "cti" and isinstance(value, list):
                _read_layer(shown, first, value)


def _client_of(first, sender):
    """The client's end, from the frame's addresses."""
    tcp = dict(first["tcp"])
    network = dict(first.get("ip") or first["ipv6"])
    version = "ip" if "ip" in first else "ipv6"
    ends = [_end(network[f"{version}.{side}"], tcp[f"tcp.{side}port"]) for side in ("src", "dst")]
    if sender is None:  # the end of TCP: the server has the well-known port
        return ends[tcp["tcp.srcport"] == "42027"]
    return ends[sender == "server"]


def _read_layer(shown, first, layer):
    values = dict(layer)
    client = _client_of(first, values.get("cti.sender"))
    frame = dict(first["frame"])["frame.number"]
    name = _name(int(values["cti.message_type"], 0)) if "cti.message_type" in values else None
    if "cti.unanswered" in values:
        shown.unanswered.append((client, name, _first(layer, "cti.invoke_id")))
    elif name == "HEARTBEAT_REQ" and int(values.get("cti.heartbeat.missed", "0")) > 0:
        shown.unanswered.append((client, "HEARTBEAT_REQ", None))
    if "cti.session.verdict" in values:
        shown.verdicts.append((client, values["cti.session.verdict"]))
    if float(values.get("cti.response_time", "0")) < 0:
        shown.negative.append((client, float(values["cti.response_time"])))
    cut = any(rule == "cti.problem.truncated" for rule, _, _ in _experts(layer))
    for rule, severity, text in _experts(layer):
        if severity in SEVERITIES and rule.startswith(("cti.rule.", "cti.problem.")[:2 - cut]):
            shown.findings.append((client, SEVERITIES[severity],
                                   rule.rpartition(".")[2].replace("_", "-"),
                                   f"frame {frame}: {text}"))


def _first(layer, name):
    for key, value in layer:
        if key == name:
            return int(value, 0)
        if isinstance(value, list):
            found = _first(value, name)
            if found is not None:
                return found
    return None


def _experts(layer):
    """(filter, severity, text) of the expert infos at any depth."""
    for key, value in layer:
        if not isinstance(value, list):
            continue
        if key == "_ws.expert" and value:
            values = dict(value)
            name = next((key for key, _ in value if key.startswith("cti.")), str(value[0][0]))
            yield name, values.get("_ws.expert.severity"), values.get("_ws.expert.message")
        yield from _experts(value)
