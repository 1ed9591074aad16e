# SPDX-License-Identifier: GPL-2.0-or-later
"""The messages of the model's sessions: their bytes, and their fields as JSON Lines write them.

Each message is identified by a number in one of its fields (NUMBERS).  Longer messages repeat the
number at their end, so a message assembled from parts of two is noticed.  All numbers have nine
digits.  Messages are made from templates, one for each type and shape, in which only the number
changes: encoding each message would take most of the tests' time.
"""
import json
from functools import lru_cache

from ged188 import facts
from ged188.encode import encode
from ged188.randoms import json_fields
from ged188.tcp import START

VERSION = 24
PERIPHERAL = 5000
HEADER_SIZE = facts.HEADER_SIZE
SERVICES = "CTI_SERVICE_CLIENT_EVENTS|CTI_SERVICE_CALL_DATA_UPDATE|CTI_SERVICE_CLIENT_CONTROL"
AGENT = {"AgentExtension": "5001", "AgentID": "1001", "AgentInstrument": "5001"}

# The field that identifies a message of this type.
NUMBERS = {"OPEN_REQ": "InvokeID", "OPEN_CONF": "InvokeID", "HEARTBEAT_REQ": "InvokeID",
           "HEARTBEAT_CONF": "InvokeID", "CLOSE_REQ": "InvokeID", "CLOSE_CONF": "InvokeID",
           "QUERY_AGENT_STATE_REQ": "InvokeID", "QUERY_AGENT_STATE_CONF": "InvokeID",
           "USER_MESSAGE_REQ": "InvokeID", "USER_MESSAGE_CONF": "InvokeID",
           "SYSTEM_EVENT": "SystemEventArg1", "AGENT_STATE_EVENT": "StateDuration",
           "CALL_DATA_UPDATE_EVENT": "ConnectionCallID"}
TYPES = {facts.message(name).number: name for name in NUMBERS}
SMALLEST_NUMBER, NUMBERS_END = 100_000_000, 1_000_000_000
STAND_IN = 987_654_321  # for the number, in a template
WORDS = "the quick brown fox jumps over the lazy dog " * 6


# ---- fields ----

def _text(size):
    return WORDS[:size] + f"#{STAND_IN}"


def _open_request(client_id, interval):
    return {"VersionNumber": VERSION, "IdleTimeout": int(4 * interval),
            "PeripheralID": PERIPHERAL, "ServicesRequested": SERVICES,
            "CallMsgMask": 0xFFFFFFFF, "AgentStateMask": 0x3FFF, "ClientID": client_id,
            "ClientPassword": "secret", "ClientSignature": f"{client_id} desktop"} | AGENT


def _open_confirm():
    return {"ServicesGranted": SERVICES, "MonitorID": 1, "PeripheralOnline": 1,
            "ICMCentralControllerTime": START // 10 ** 9, "PeripheralType": "PT_ENTERPRISE_AGENT",
            "AgentState": "AGENT_STATE_LOGOUT", "SessionType": 1} | AGENT


def _query():
    return {"PeripheralID": PERIPHERAL, "MRDID": 1, "ICMAgentID": STAND_IN, "AgentID": "1001"}


def _query_confirm():
    return {"AgentState": "AGENT_STATE_NOT_READY", "MRDID": 1, "AgentMode": 1, "MaxTaskLimit": 1,
            "ICMAgentID": STAND_IN, "AgentID": "1001"}


def _system_event(size):
    return {"SystemEventID": "SYS_TEXT_FYI", "ICMCentralControllerTime": START // 10 ** 9,
            "Text": _text(size)}


def _agent_state():
    return {"MonitorID": 1, "PeripheralID": PERIPHERAL, "PeripheralType": "PT_ENTERPRISE_AGENT",
            "SkillGroupState": "AGENT_STATE_NOT_READY", "AgentState": "AGENT_STATE_NOT_READY",
            "MRDID": 1, "AgentMode": 1, "MaxTaskLimit": 1, "ICMAgentID": STAND_IN} | AGENT


def _call_data(variables):
    """With so many named variables."""
    return {"MonitorID": 1, "PeripheralID": PERIPHERAL, "PeripheralType": "PT_ENTERPRISE_AGENT",
            "CallType": "CALLTYPE_ACD_IN", "ConnectionDeviceIDType": "CONNECTION_ID_STATIC",
            "NewConnectionCallID": STAND_IN, "NewConnectionDeviceIDType": "CONNECTION_ID_STATIC",
            "ConnectionDeviceID": "5001", "NewConnectionDeviceID": "5001",
            "CallVariable1": f"#{STAND_IN}",
            "NamedVariable": [(f"user.cti.v{index}", _text(40 + 13 * index))
                              for index in range(variables)]}


FIELDS = {"OPEN_REQ": _open_request, "OPEN_CONF": _open_confirm, "QUERY_AGENT_STATE_REQ": _query,
          "QUERY_AGENT_STATE_CONF": _query_confirm,
          "USER_MESSAGE_REQ": lambda size: {"Text": _text(size)},
          "CLOSE_REQ": lambda: {"Status": "E_CTI_NO_ERROR"}, "SYSTEM_EVENT": _system_event,
          "AGENT_STATE_EVENT": _agent_state, "CALL_DATA_UPDATE_EVENT": _call_data}


# ---- templates ----

def _named_value(field):
    """A value of the field that has a name: 0 or "none" where it can be."""
    numbers = [value for _, value in field.value_set]
    return next((number for number in (0, 0xFFFF) if number in numbers), min(numbers))


class Template:
    """A message of a type and shape with STAND_IN for its number."""

    def __init__(self, name, shape):
        fields = {NUMBERS[name]: STAND_IN} | FIELDS.get(name, dict)(*shape)
        pairs = [(field.name, _named_value(field)) for field in facts.message(name).fixed(VERSION)
                 if field.values and not field.is_mask and field.name not in fields]
        pairs += fields.items()
        self.data = encode(name, pairs, VERSION)
        self.json = json.dumps(json_fields(name, pairs, VERSION))

    def bytes_with(self, number):
        return self.data.replace(STAND_IN.to_bytes(4, "big"), number.to_bytes(4, "big")) \
            .replace(str(STAND_IN).encode(), str(number).encode())


template = lru_cache(maxsize=4096)(Template)


class Message:
    """A message as it was written: start is its offset in the stream of its sender."""
    __slots__ = ("name", "sender", "number", "start", "data", "template", "time")

    def __init__(self, name, shape, sender, number, start, time):
        assert SMALLEST_NUMBER <= number < NUMBERS_END
        self.name = name
        self.sender = sender
        self.number = number
        self.start = start
        self.template = template(name, shape)
        self.data = self.template.bytes_with(number)
        self.time = time

    @property
    def end(self):
        return self.start + len(self.data)

    @property
    def length(self):
        """MessageLength."""
        return len(self.data) - HEADER_SIZE

    @property
    def key(self):
        return self.sender, self.name, self.number

    def has_fields(self, fields):
        """Are these all fields of the message, in their order?"""
        return json.dumps(fields).replace(str(self.number), str(STAND_IN)) == self.template.json
