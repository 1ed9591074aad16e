# SPDX-License-Identifier: GPL-2.0-or-later
"""Sessions as they should be: opened, used, closed.  Order of messages and times: GED-188,
chapter "Session Management"."""
from ged188.tcp import Host

from .calls import Agent, Call
from .script import BRIDGE, DESKTOP, NOW, PERIPHERAL, SERVER_B, Session, capture, client_host

PHONE = ("5001", "1001", "5001")


def system_event(session, event="SYS_PERIPHERAL_ONLINE"):
    """The state of a peripheral."""
    return session.server("SYSTEM_EVENT", {
        "ICMCentralControllerTime": NOW + int(session.now), "SystemEventID": event,
        "SystemEventArg1": PERIPHERAL})


def answered_call(agent, number):
    """A call that the agent answers, changes and ends from the desktop."""
    session = agent.session
    call = Call(agent, number).ring()
    session.wait(1.2)
    call.request("ANSWER_CALL_REQ").established()
    session.wait(4)
    call.request("SET_CALL_DATA_REQ", CallType="CALLTYPE_ACD_IN", CalledPartyDisposition=13,
                 CallVariable1="gold", CallWrapupData="solved")
    session.server("CALL_DATA_UPDATE_EVENT", call.begin_fields(
        NewConnectionDeviceIDType="CONNECTION_ID_STATIC", NewConnectionCallID=number,
        NewConnectionDeviceID=agent.extension, CallWrapupData="solved"))
    session.wait(6)
    call.request("HOLD_CALL_REQ")
    call.event("CALL_HELD_EVENT", HoldingDeviceType="DEVID_AGENT_DEVICE",
               HoldingDeviceID=agent.extension, LocalConnectionState="LCS_HOLD")
    session.wait(3)
    call.request("RETRIEVE_CALL_REQ", HeldConnectionCallID=number,
                 HeldConnectionDeviceID=agent.extension)
    call.event("CALL_RETRIEVED_EVENT", RetrievingDeviceType="DEVID_AGENT_DEVICE",
               RetrievingDeviceID=agent.extension, LocalConnectionState="LCS_CONNECT")
    session.wait(5)
    call.request("CLEAR_CALL_REQ").end()
    agent.state("AGENT_STATE_WORK_READY")


@capture("agent-desktop")
def agent_desktop(made):
    session = Session(made)
    agent = Agent(session)
    session.open(agent=agent.names)
    session.wait(0.5)
    agent.log_in()
    session.wait(2)
    agent.set_state("AGENT_STATE_AVAILABLE")
    session.heartbeats(2, 30).wait(4)
    answered_call(agent, 16777216)
    session.wait(8)
    agent.set_state("AGENT_STATE_AVAILABLE")
    session.wait(3)
    answered_call(agent, 16777217)
    session.wait(2)
    agent.set_state("AGENT_STATE_NOT_READY", reason=50)
    session.heartbeats(3, 30).wait(12)
    agent.set_state("AGENT_STATE_LOGOUT", reason=1)
    session.wait(1).request("CLOSE_REQ").finish(0)


@capture("all-events")
def all_events(made):
    session = Session(made, client=Host("10.0.0.40", 50100), client_id="BRIDGE1")
    session.open(services=BRIDGE, idle=20)
    for _ in range(2):
        system_event(session)
    agents = [Agent(session, str(1001 + i), str(5001 + i)) for i in range(4)]
    for agent in agents:
        session.wait(0.02)
        agent.state("AGENT_STATE_LOGIN").state("AGENT_STATE_NOT_READY")
        agent.state("AGENT_STATE_AVAILABLE")
    for number in range(8):
        Call(agents[number % 4], 16777300 + number, f"55501{number:02d}").handled(0.9)
        session.heartbeats(1, 3.2)
    system_event(session, "SYS_HALF_HOUR_CHANGE")
    session.heartbeats(2, 5).wait(1).close()


def version_session(made, version, server=None, **options):
    """The same session in any version: its layouts are those of the version."""
    session = Session(made, version, **({"server": server} if server else {}), **options)
    agent = Agent(session)
    session.open(agent=agent.names)
    system_event(session)
    agent.log_in()
    session.wait(1).request(
        "QUERY_AGENT_STATE_REQ", {"PeripheralID": PERIPHERAL, "MRDID": 1, "AgentID": "1001",
                                  "ICMAgentID": 6001},
        answer_fields={"AgentState": "AGENT_STATE_NOT_READY", "MRDID": 1, "AgentMode": 1,
                       "MaxTaskLimit": 1, "ICMAgentID": 6001, "AgentID": "1001",
                       "SkillGroupNumber": [1, 2], "SkillGroupID": [5100, 5101],
                       "SkillGroupPriority": [0, 0],
                       "SkillGroupState": ["AGENT_STATE_NOT_READY"] * 2})
    agent.set_state("AGENT_STATE_AVAILABLE")
    session.wait(2)
    Call(agent, 16777400).handled()
    session.request("MAKE_CALL_REQ", {
        "PeripheralID": PERIPHERAL, "AgentInstrument": "5001", "DialedNumber": "5002",
        "SkillGroupNumber": 1},
        answer_fields={"NewConnectionCallID": 16777401, "NewConnectionDeviceID": "5001"})
    session.heartbeats(2, 30).wait(1).close()


for _version in (13, 17, 19, 20, 24, 25):
    capture(f"version-{_version}")(
        lambda made, version=_version: version_session(made, version))


@capture("invoke-id-reuse")
def invoke_id_reuse(made):
    """Each request carries InvokeID 1; two heartbeats wait at once."""
    session = Session(made)
    session.open(idle=120, services=BRIDGE)
    for state in ("AGENT_STATE_NOT_READY", "AGENT_STATE_AVAILABLE"):
        session.invoke = 0
        session.wait(1)
        Agent(session).set_state(state)
    for _ in range(3):
        session.invoke = 0
        session.heartbeats(1, 25)
    session.invoke = 0
    session.wait(1).client("HEARTBEAT_REQ", {"InvokeID": 1})
    session.client("QUERY_AGENT_STATE_REQ", {"InvokeID": 1, "AgentID": "1001"})
    session.wait(0.002).server("QUERY_AGENT_STATE_CONF", {"InvokeID": 1, "AgentID": "1001"})
    session.wait(0.001).server("HEARTBEAT_CONF", {"InvokeID": 1})
    session.invoke = 0
    session.wait(1).close()


@capture("other-port")
def other_port(made):
    version_session(made, 24, server=("10.0.0.1", 38027))


@capture("ipv6-vlan", nano=True)
def ipv6_vlan(made):
    """IPv6 behind one VLAN tag, then IPv4 behind two, in nanoseconds."""
    version_session(made, 24, client=Host("fd00::11", 50011), server=("fd00::1", 42027),
                    vlans=(100,))
    session = Session(made, client=client_host(2), server=SERVER_B, client_id="CTIOS1B",
                      begin=100, vlans=(10, 200))
    session.open(services=DESKTOP, agent=("5002", "1002", "5002"))
    session.heartbeats(3, 30).close()


@capture("maintenance")
def maintenance(made):
    """Two clients with a session on each side; side A hands over to side B."""
    standby = "CTI_SERVICE_ALL_EVENTS|CTI_SERVICE_ACTIVE_STANDBY"
    active = Session(made, client=Host("10.0.0.40", 50100), client_id="BRIDGE1")
    waiting = Session(made, client=Host("10.0.0.40", 50101), client_id="BRIDGE1",
                      server=SERVER_B, begin=0.5)
    active.open(services=standby, idle=20)
    system_event(active)
    waiting.connect().ask_to_open(services=standby, idle=20).wait(0.02)
    waiting.server("OPEN_CONF", {
        "InvokeID": waiting.invoke, "ServicesGranted": standby, "SessionType": 2,
        "ICMCentralControllerTime": NOW, "PeripheralType": "PT_ENTERPRISE_AGENT",
        "AgentState": "AGENT_STATE_UNKNOWN"})
    active.heartbeats(3, 5)
    waiting.heartbeats(3, 5)
    active.wait(0.5).server("ACTIVE_MAINTENANCE_REQ", {"InvokeID": 900})
    active.wait(0.1).client("ACTIVE_MAINTENANCE_RESP",
                            {"InvokeID": 900, "MaintenanceModeAccepted": 1})
    active.wait(0.3).server("ACTIVE_MAINTENANCE_EVENT", {"MaintenanceModeStatus": 1})
    waiting.now = active.now + 0.4
    waiting.server("STANDBY_ACTIVE_EVENT")
    active.now = waiting.now + 0.2
    active.client("STOPPING_REQUESTS_TO_THIS_SIDE_IND").reset(1)
    waiting.now = active.now + 0.5
    agent = Agent(waiting)
    call = Call(agent, 16777500)
    waiting.events(
        ("CALL_DELIVERED_EVENT", call.delivered_fields(EventCause=50)),
        ("CALL_ESTABLISHED_EVENT", call.established_fields(EventCause=50)))
    waiting.heartbeats(2, 4).wait(1).close()


def terminal_records():
    """Two terminals; the instruments of each stand in its record."""
    for name, instruments in (("SEP0001", ("5001", "5002")), ("SEP0002", ("5003",))):
        yield from (("RecordType", "CONFIG_RECORD_ADD"), ("TerminalType", 1),
                    ("TerminalDeviceName", name), ("TerminalTypeName", "phone"),
                    ("NumInstruments", len(instruments)))
        yield from (("Instrument", instrument) for instrument in instruments)


def agent_records():
    """Two agents: their skills as lists in each record, their media routing domains as arrays."""
    return {
        "RecordType": ["CONFIG_RECORD_ADD"] * 2, "FltPeripheralID": [PERIPHERAL] * 2,
        "LoginID": ["1001", "1002"], "LoginName": ["agent1001", "agent1002"],
        "LastName": ["One", "Two"], "FirstName": ["Agent", "Agent"],
        "AgentType": ["CONFIG_SUPERVISOR", "CONFIG_AGENT"],
        "AgentSkillTargetID": [6001, 6002], "NumSkills": [2, 1], "NumMRDs": [1, 1],
        "FltSkillGroupNumber": [[1, 2], [1]], "FltSkillGroupPriority": [[0, 0], [0]],
        "FltAgentMRDID": [[1], [1]],
        "FltAgentMRDState": [["AGENT_STATE_AVAILABLE"], ["AGENT_STATE_NOT_READY"]]}


@capture("configuration")
def configuration(made):
    """A client asks for the configuration: keys, then records in lists and arrays."""
    session = Session(made, version=25, client_id="CONFIG1")
    session.open(services=BRIDGE + "|CTI_SERVICE_UPDATE_EVENTS", idle=120,
                 ConfigMsgMask="CONFIG_MSG_SKILL_GROUP_MASK|CONFIG_MSG_AGENT_MASK|"
                               "CONFIG_MSG_TERMINAL_MASK")
    session.wait(0.1).client("CONFIG_REQUEST_KEY_EVENT", {"PeripheralID": PERIPHERAL})
    session.wait(0.1).server("CONFIG_KEY_EVENT", {"AgentConfigKey": bytes(7) + b"\x2a"})
    session.wait(0.1).client("CONFIG_REQUEST_EVENT", {
        "ConfigInformation": "CONFIG_MSG_SKILL_GROUP_MASK|CONFIG_MSG_AGENT_MASK",
        "ConfigMsgMask": "CONFIG_MSG_TERMINAL_MASK", "PeripheralID": PERIPHERAL})
    session.wait(0.2).server("CONFIG_BEGIN_EVENT", {
        "ConfigType": "Solicited",
        "ConfigInformation": "CONFIG_MSG_SKILL_GROUP_MASK|CONFIG_MSG_AGENT_MASK"})
    session.server("CONFIG_SKILL_GROUP_EVENT", {
        "RecordType": ["CONFIG_RECORD_ADD"] * 3, "FltPeripheralID": [PERIPHERAL] * 3,
        "PeripheralNumber": [1, 2, 3], "SkillGroupSkillTargetID": [5100, 5101, 5102],
        "PeripheralName": ["first", "second", "third"]})
    session.server("CONFIG_AGENT_EVENT", agent_records())
    session.server("CONFIG_TERMINAL_EVENT", list(terminal_records()))
    session.server("CONFIG_END_EVENT")
    session.heartbeats(1, 30).wait(1).close()


def skill_group_records():
    return {
        "RecordType": ["CONFIG_RECORD_ADD"] * 3, "FltPeripheralID": [PERIPHERAL] * 3,
        "PeripheralNumber": [101, 102, 50099], "FltSkillGroupPriority": [0] * 3,
        "SkillGroupSkillTargetID": [5100, 5101, 5102], "AutoWork": [0] * 3, "Extension": [""] * 3,
        "PeripheralName": ["SG_Sales", "SG_Service", "5550199"], "Description": [""] * 3,
        "FltMRDomainID": [1, 1, 5000], "ConfigParam": [""] * 3}


def agents_with_skills():
    """A supervisor without skills, an agent with two, an agent with one."""
    return {
        "RecordType": ["CONFIG_RECORD_ADD"] * 3, "FltPeripheralID": [PERIPHERAL] * 3,
        "AgentType": ["CONFIG_SUPERVISOR", "CONFIG_AGENT", "CONFIG_AGENT"],
        "LoginID": ["1000", "1001", "1002"], "LoginName": ["lead", "agent1", "agent2"],
        "LastName": ["lead", "agent1", "agent2"], "FirstName": ["lead", "agent1", "agent2"],
        "Extension": [""] * 3, "Description": [""] * 3, "AgentSkillTargetID": [6000, 6001, 6002],
        "NumSkills": [0, 2, 1], "FltSkillGroupNumber": [[], [101, 102], [102]],
        "FltSkillGroupPriority": [[], [0, 1], [0]]}


@capture("desktop-server")
def desktop_server(made):
    """A desktop server of version 15, as real ones begin: it asks for a service bit without a
    public name and is granted it, reads the configuration, and gets SYSTEM_EVENT after that."""
    session = Session(made, version=15, client_id="CTIOSServer")
    session.open(services=0x001C0296, idle=120, CallMsgMask=0x0FFFFFFF, ConfigMsgMask=3)
    session.wait(0.1).client("CONFIG_REQUEST_KEY_EVENT", {"PeripheralID": PERIPHERAL})
    session.wait(0.1).server("CONFIG_KEY_EVENT", {
        "SkillGroupConfigKey": bytes(7) + b"\x2a", "AgentConfigKey": bytes(7) + b"\x2b"})
    session.wait(0.1).client("CONFIG_REQUEST_EVENT", {
        "ConfigInformation": "CONFIG_MSG_SKILL_GROUP_MASK|CONFIG_MSG_AGENT_MASK",
        "PeripheralID": PERIPHERAL})
    session.wait(0.2).server("CONFIG_BEGIN_EVENT", {
        "ConfigType": "Solicited",
        "ConfigInformation": "CONFIG_MSG_SKILL_GROUP_MASK|CONFIG_MSG_AGENT_MASK"})
    session.server("CONFIG_SKILL_GROUP_EVENT", skill_group_records())
    session.server("CONFIG_AGENT_EVENT", agents_with_skills())
    session.server("CONFIG_END_EVENT")
    session.server("AGENT_TEAM_CONFIG_EVENT", {
        "PeripheralID": PERIPHERAL, "TeamID": 5001, "ConfigOperation": "Add Agent",
        "AtcAgentID": ["1000", "1001"], "AgentFlags": ["PRIMARY_SUPERVISOR", 0],
        "AtcAgentState": ["AGENT_STATE_LOGOUT"] * 2, "AtcStateDuration": [73643, 1804805]})
    session.wait(0.1).server("SYSTEM_EVENT", {
        "SystemEventID": "SYS_PERIPHERAL_ONLINE", "SystemEventArg1": PERIPHERAL})
    session.wait(0.1).request("QUERY_AGENT_STATE_REQ", {"PeripheralID": PERIPHERAL,
                                                        "AgentID": "1001"}, answer_fields={
        "AgentState": "AGENT_STATE_LOGOUT", "AgentID": "1001", "AgentExtension": "5001",
        "AgentInstrument": "5001", "SkillGroupNumber": [101, 102], "SkillGroupID": [5100, 5101],
        "SkillGroupPriority": [0, 0], "SkillGroupState": ["AGENT_STATE_LOGOUT"] * 2})
    session.heartbeats(3, 30).wait(1).close()
