# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages for their own sake: each that GED-188 publishes, those whose format it does not
publish, and messages with each fault that a message can have."""
import random

from ged188 import facts
from ged188.encode import Tagged, encode, encode_unpublished, header
from ged188.randoms import random_fields
from ged188.tcp import CLIENT, SERVER

from .script import BRIDGE, NO_IDLE_TIMEOUT, Session, capture, message

# They open and close a session, or would be answers and heartbeats out of place.
SESSION_TYPES = ("FAILURE_CONF", "FAILURE_EVENT", "OPEN_REQ", "OPEN_CONF", "HEARTBEAT_REQ",
                 "HEARTBEAT_CONF", "CLOSE_REQ", "CLOSE_CONF", "CONTROL_FAILURE_CONF")


def exists(found, version):
    """Is the message published, and no newer than the version?"""
    return found.published and (found.since or 0) <= version


def sample(rng, found, version, invoke_id):
    """A random message, whose InvokeID (if it has one) is the given one."""
    fields = random_fields(rng, found, version)
    fields = [(name, invoke_id if name == "InvokeID" else value) for name, value in fields]
    return encode(found.number, fields, version)


def answers_by_number(found):
    return [facts.message(found.confirmed_by)] if found.confirmed_by else []


def every_message(made, version):
    """Requests with their answers first, then everything else, in order of the numbers."""
    rng = random.Random(version)
    session = Session(made, version, client_id="EVERY1")
    session.open(services=BRIDGE, idle=NO_IDLE_TIMEOUT)
    done = set(SESSION_TYPES)
    for found in facts.MESSAGES:
        if not exists(found, version) or found.name in done:
            continue
        session.invoke += 1
        sender = CLIENT if found.from_client else SERVER
        session.wait(0.05).send(sender, sample(rng, found, version, session.invoke))
        done.add(found.name)
        for answer in answers_by_number(found):
            if answer.name not in done and exists(answer, version):
                session.wait(0.002).send(1 - sender, sample(rng, answer, version, session.invoke))
                done.add(answer.name)
    session.wait(0.05).request("HEARTBEAT_REQ")
    session.request("SNAPSHOT_CALL_REQ", answer="CONTROL_FAILURE_CONF",
                    answer_fields={"FailureCode": 8})
    session.request("SET_APP_DATA_REQ", answer="FAILURE_CONF",
                    answer_fields={"Status": "E_CTI_INVALID_CALLID"})
    session.server("FAILURE_EVENT", {"Status": "E_CTI_NEW_SESSION_OPENED"})
    session.close()


@capture("every-message-25")
def every_message_25(made):
    every_message(made, 25)


@capture("every-message-13")
def every_message_13(made):
    every_message(made, 13)


@capture("unpublished")
def unpublished(made):
    """Messages of which only the name and some tags are known: bytes, and then those tags."""
    rng = random.Random(151)
    session = Session(made, client_id="TASKS1")
    session.open(services="CTI_SERVICE_AGENT_REPORTING|CTI_SERVICE_ALL_TASK_EVENTS", idle=120)
    known = {
        "MEDIA_LOGIN_REQ": [(266, 3), (312, 1), (313, 2)],
        "MEDIA_LOGOUT_IND": [(259, bytes(3) + b"\x01"), (260, bytes(3) + b"\x02")],
        "ROUTE_REGISTER_EVENT": [(198, b"\0\x01")],
        "ROUTE_REQUEST_EVENT": [(199, "5550100"), (215, "7")],
        "SNAPSHOT_TASK_EVENT": [(13, "gold"), (14, "case 4711"), (82, ("user.cti.a", "one"))],
        "AGENT_TASKS_END_EVENT": [(7, "done")],
    }
    for name in list(known) + ["OFFER_TASK_IND", "BEGIN_TASK_EVENT", "END_TASK_EVENT",
                               "FAILURE_RESP"]:
        found = facts.message(name)
        sender = SERVER if not found.from_client else CLIENT
        body = bytes(4) + rng.randbytes(12) if name not in known else bytes(8)
        session.wait(1).send(sender, encode_unpublished(name, body, known.get(name, ()), 24))
    session.heartbeats(1, 10).wait(1).close()


# ---- faults ----

def set_data(*items, **options):
    """A SET_CALL_DATA_REQ with floating items of any kind."""
    fields = [("CallType", "CALLTYPE_ACD_IN"), ("CalledPartyDisposition", 13),
              ("ConnectionDeviceID", "5001")]
    return encode("SET_CALL_DATA_REQ", fields + list(items), 24, **options)


def faults():
    """(name of the problem, sender, bytes): one for each of the codec's problems but those
    that need more (truncated, length-too-large, layout-differs)."""
    yield "unknown-message", SERVER, header(6, 299) + b"future"
    yield "fixed-part-short", SERVER, message("SYSTEM_EVENT", cut=9)
    yield "left-over-bytes", CLIENT, message("QUERY_DEVICE_INFO_REQ", tail=b"\x01")
    yield "left-over-bytes", SERVER, message("FAILURE_EVENT", tail=b"more")
    yield "floating-past-end", SERVER, message("SYSTEM_EVENT", [], tail=b"\0\x07\0\x40text")
    yield "tag-zero", SERVER, message("SYSTEM_EVENT", tail=b"\0\0\0\x01x")
    yield "unknown-tag", SERVER, message(
        "SYSTEM_EVENT", {"Text": "known"}, tail=b"\x03\xe7\0\x04\x01\x02\x03\x04")
    yield "tag-not-of-message", CLIENT, set_data(Tagged(5, b"1001\0"))
    yield "field-too-long", CLIENT, set_data(("CallVariable1", "x" * 60))
    yield "field-repeated", CLIENT, set_data(("CallVariable2", "a"), ("CallVariable2", "b"))
    yield "required-missing", SERVER, message("CALL_DATA_UPDATE_EVENT",
                                              {"ConnectionDeviceID": "5001"})
    yield "string-not-terminated", CLIENT, set_data(("CallVariable3", b"open"))
    yield "bytes-after-terminator", CLIENT, set_data(("CallVariable4", b"end\0rest"))
    yield "number-size", SERVER, message("AGENT_STATE_EVENT", [("NextAgentState", b"\x03")])
    yield "count-mismatch", CLIENT, set_data(("NumNamedVariables", 3),
                                             ("NamedVariable", [("user.cti.a", "1")]))
    yield "unknown-bits", SERVER, message("SYSTEM_EVENT", {"PGStatus": 0x4001})
    yield "unknown-value", SERVER, message("SYSTEM_EVENT", {"SystemEventID": 77})
    yield "layout-differs", SERVER, message("AGENT_STATE_EVENT", {"AgentID": "1001"}, 17)
    yield "tag-size", SERVER, message("SYSTEM_EVENT", {"Text": "narrow"}, 19)
    yield "more-problems", CLIENT, set_data(*[("CallVariable5", b"open")] * 20)


@capture("malformed")
def malformed(made):
    """Each fault in a message of its own, in the order of the codec's list."""
    session = Session(made, client_id="FAULTY1")
    session.connect().ask_to_open(services=BRIDGE, idle=120, Reserved2=5)
    session.wait(0.01).server("OPEN_CONF", {"InvokeID": session.invoke, "SessionType": 1})
    for _, sender, data in faults():
        session.wait(1).send(sender, data)
        if sender == CLIENT:
            session.wait(0.002).server("FAILURE_CONF", {"Status": "E_CTI_BAD_MESSAGE_FORMAT"})
    session.heartbeats(1, 5).wait(1).close()


@capture("truncated", snaplen=120)
def truncated(made):
    """The capture kept 120 bytes of each packet: messages are cut."""
    session = Session(made)
    session.open(services=BRIDGE, idle=120)
    for text in ("x" * 100, "y" * 20):
        session.wait(1).server("SYSTEM_EVENT", {"SystemEventID": 5, "Text": text})
    session.heartbeats(2, 20).wait(1).close()


@capture("bad-length")
def bad_length(made):
    """MessageLength 0xFFFFFFFF, 0 and too large; bytes that are no message; each time the
    messages behind them must be found again."""
    session = Session(made)
    session.open(services=BRIDGE, idle=120)
    good = message("SYSTEM_EVENT", {"SystemEventID": 3, "SystemEventArg1": 5000})
    for bad in (header(0xFFFFFFFF, 31) + bytes(26), header(0x00FFFFFF, 31) + b"junk" * 8,
                header(0x10000, 31), b"no message at all, only text " * 3, bytes(37)):
        session.wait(2).send(SERVER, good + bad + good * 2)
        session.wait(1).send(SERVER, good)
    session.heartbeats(2, 20).wait(1).close()
