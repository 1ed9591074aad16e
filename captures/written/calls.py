# SPDX-License-Identifier: GPL-2.0-or-later
"""What happens to agents and calls, as the events and requests that a session carries."""
from .script import PERIPHERAL, known

TYPE = "PT_ENTERPRISE_AGENT"


class Agent:
    """An agent at a phone, seen by one session."""

    def __init__(self, session, agent="1001", extension="5001"):
        self.session = session
        self.agent = agent
        self.extension = extension

    @property
    def names(self):
        return self.extension, self.agent, self.extension

    def state_fields(self, state, reason=0, **fields):
        """The fields of an AGENT_STATE_EVENT."""
        return {
            "MonitorID": self.session.monitor, "PeripheralID": PERIPHERAL, "SessionID": 0,
            "PeripheralType": TYPE, "SkillGroupState": state, "StateDuration": 0,
            "SkillGroupNumber": 1, "SkillGroupID": 5100, "SkillGroupPriority": 0,
            "AgentState": state, "EventReasonCode": reason, "MRDID": 1, "AgentMode": 1,
            "MaxTaskLimit": 1, "ICMAgentID": 5000 + int(self.agent),
            "AgentAvailabilityStatus": 1 if state == "AGENT_STATE_AVAILABLE" else 0,
            "AgentID": self.agent, "AgentExtension": self.extension,
            "AgentInstrument": self.extension} | fields

    def state(self, state, **fields):
        """The agent's state changes."""
        self.session.server("AGENT_STATE_EVENT", self.state_fields(state, **fields))
        return self

    def set_state(self, state, reason=0, **fields):
        """The client asks for a state and gets it."""
        self.session.request("SET_AGENT_STATE_REQ", {
            "PeripheralID": PERIPHERAL, "AgentState": state, "AgentWorkMode": "AWM_UNSPECIFIED",
            "EventReasonCode": reason, "AgentInstrument": self.extension,
            "AgentID": self.agent} | fields)
        return self.state(state, reason=reason)

    def log_in(self):
        self.set_state("AGENT_STATE_LOGIN", AgentPassword="agent secret", PositionID="1",
                       SkillGroupNumber=[1], SkillGroupPriority=[0])
        return self.state("AGENT_STATE_NOT_READY")


class Call:
    """A call that comes in for an agent, seen by the agent's session."""

    def __init__(self, agent, number, caller="5550100"):
        self.agent = agent
        self.session = agent.session
        self.number = number
        self.caller = caller

    def fields(self, **fields):
        """What all events of the call carry."""
        return {"MonitorID": self.session.monitor, "PeripheralID": PERIPHERAL,
                "PeripheralType": TYPE, "ConnectionDeviceIDType": "CONNECTION_ID_STATIC",
                "ConnectionCallID": self.number,
                "ConnectionDeviceID": self.agent.extension} | fields

    def event(self, key, **fields):
        self.session.server(key, self.fields(**fields))
        return self

    def request(self, key, **fields):
        """A request of the client about the call."""
        self.session.request(key, known(key, {
            "PeripheralID": PERIPHERAL, "ConnectionCallID": self.number,
            "ConnectionDeviceIDType": "CONNECTION_ID_STATIC",
            "ConnectionDeviceID": self.agent.extension,
            "AgentInstrument": self.agent.extension}) | fields)
        return self

    def begin_fields(self, **fields):
        return self.fields(
            CallType="CALLTYPE_ACD_IN", CalledPartyDisposition=1, ANI=self.caller,
            DNIS="5550000", DialedNumber="5550000", CallerEnteredDigits="1234",
            RouterCallKeyDay=152000, RouterCallKeyCallID=self.number, CallVariable1="gold",
            CallVariable3="case 4711", NamedVariable=[("user.cti.language", "en")],
            NamedArray=[(0, "user.cti.items", "first"), (1, "user.cti.items", "second")]) | fields

    def delivered_fields(self, **fields):
        return self.fields(
            LineType="LINETYPE_INBOUND_ACD", ServiceNumber=1, ServiceID=5200, SkillGroupNumber=1,
            SkillGroupID=5100, AlertingDeviceType="DEVID_AGENT_DEVICE",
            CallingDeviceType="DEVID_EXTERNAL", CalledDeviceType="DEVID_ROUTE_POINT",
            LocalConnectionState="LCS_ALERTING", EventCause="CEC_NEW_CALL",
            AlertingDeviceID=self.agent.extension, CallingDeviceID=self.caller,
            CalledDeviceID="5550000", ANI=self.caller, DNIS="5550000") | fields

    def established_fields(self, **fields):
        return self.fields(
            LineType="LINETYPE_INBOUND_ACD", ServiceNumber=1, ServiceID=5200, SkillGroupNumber=1,
            SkillGroupID=5100, AnsweringDeviceType="DEVID_AGENT_DEVICE",
            CallingDeviceType="DEVID_EXTERNAL", CalledDeviceType="DEVID_ROUTE_POINT",
            LocalConnectionState="LCS_CONNECT", EventCause="CEC_NONE",
            AnsweringDeviceID=self.agent.extension, CallingDeviceID=self.caller,
            CalledDeviceID="5550000") | fields

    def ring(self):
        """It arrives."""
        self.session.events(("BEGIN_CALL_EVENT", self.begin_fields()),
                            ("CALL_DELIVERED_EVENT", self.delivered_fields()))
        self.agent.state("AGENT_STATE_RESERVED")
        return self

    def established(self):
        self.event("CALL_ESTABLISHED_EVENT", **self.established_fields())
        self.agent.state("AGENT_STATE_TALKING")
        return self

    def end(self):
        """It is over."""
        self.event("CALL_CONNECTION_CLEARED_EVENT", ReleasingDeviceType="DEVID_EXTERNAL",
                   ReleasingDeviceID=self.caller, LocalConnectionState="LCS_NULL",
                   EventCause="CEC_NONE")
        self.event("CALL_CLEARED_EVENT", LocalConnectionState="LCS_NULL", EventCause="CEC_NONE")
        self.event("END_CALL_EVENT")
        return self

    def handled(self, talk=1.5):
        """The whole of it, without requests."""
        self.ring()
        self.session.wait(0.8)
        self.established()
        self.session.wait(talk)
        self.end()
        self.agent.state("AGENT_STATE_AVAILABLE")
        return self
