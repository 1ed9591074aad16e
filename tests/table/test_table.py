#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds the codec's table against the protocol facts of tests/facts/facts.json.

    test_table.py DUMP_TABLE

DUMP_TABLE prints the table as JSON.  Every message, field, tag, enumeration value, mask bit
and status code of the facts must be in the table with the same number, size and order, and
nothing else may be.  EXCEPTIONS lists by name what differs on purpose, and why; an exception
that is no longer needed fails the test too.
"""
import json
import subprocess
import sys
from pathlib import Path

FACTS = Path(__file__).resolve().parent.parent / "facts" / "facts.json"

SKILL_GROUP = "printed as INT in some messages and as UINT in others: one unsigned field"
NO_TAG = "no tag is published for it: it is shown as an unknown tag"
SISTER = "the facts give no names here; the field is that of AGENT_TEAM_CONFIG_EVENT"
BOTH_FORMS = "servers repeat the field; several values in one field are taken too"
INNER = "the facts name the outer list's counter, the table the one that counts the values"
PARTY = "servers send the values of DeviceIDType here too"
SERVICES = "the names of the values are printed for AGENT_PRE_CALL_EVENT only"

# what differs -> why
EXCEPTIONS = {
    "CALL_QUEUED_EVENT floating SkillGroupNumber type: facts INT, table UINT": SKILL_GROUP,
    "SET_AGENT_STATE_REQ floating SkillGroupNumber type: facts INT, table UINT": SKILL_GROUP,
    "AGENT_STATE_EVENT floating FltSkillGroupNumber type: facts INT, table UINT": SKILL_GROUP,
    "tag 62 type: facts INT, table UINT": SKILL_GROUP,
    "OPEN_REQ floating UniqueInstanceID: not in the table": NO_TAG,
    "CALL_AGENT_GREETING_EVENT floating GreetingType: not in the table": NO_TAG,
    "SET_AGENT_SERVICE_DATA_REQ floating TotalAnswersSuggestion: not in the table": NO_TAG,
    "TEAM_CONFIG_EVENT fixed ConfigOperation values: facts None, table enum:ConfigOperation":
        SISTER,
    "SNAPSHOT_CALL_CONF floating FltEnabledServices values: facts None, "
    "table enum:FltEnabledServices": SERVICES,
    "CONFIG_AGENT_SERVICE_EVENT floating FltEnabledServices values: facts None, "
    "table enum:FltEnabledServices": SERVICES,
    "SET_AGENT_SERVICE_DATA_REQ floating FltEnabledServices values: facts None, "
    "table enum:FltEnabledServices": SERVICES,
    "CONFIG_AGENT_EVENT floating FltSkillGroupNumber array: facts False, table True": BOTH_FORMS,
    "CONFIG_AGENT_EVENT floating FltSkillGroupPriority array: facts False, table True": BOTH_FORMS,
    "CONFIG_SERVICE_EVENT floating ServiceMember list: facts NumRecords, table NumServiceMembers":
        INNER,
    "CONFIG_SERVICE_EVENT floating ServicePriority list: facts NumRecords, "
    "table NumServiceMembers": INNER,
    "CONFIG_AGENT_SERVICE_EVENT floating FltEnabledServices list: facts NumRecords, "
    "table NumOfEnabledServices": INNER,
    **{f"{message} floating ConnectedPartyDeviceIDType values: facts enum:ConnectionDeviceIDType, "
       "table enum:ConnectedPartyDeviceIDType": PARTY
       for message in ("CALL_CONFERENCED_EVENT", "CALL_TRANSFERRED_EVENT", "CONFERENCE_CALL_CONF",
                       "TRANSFER_CALL_CONF")},
    "enum ConnectedPartyDeviceIDType: not in the facts": PARTY,
    "PeripheralType 27: facts {reserved}, table PT_RESERVED_27":
        "the reference prints no name",
    "CallDirection 7: facts OutboundPredictiv, table OutboundPredictive":
        "the reference cuts the last letter off",
    "tag 74 name: facts (reserved), table RESERVED_74": "the reference prints no name",
    "tag 256 name: facts Unused, table UNUSED_256": "the reference prints no name",
}

NUMBER_SIZES = {"CHAR": 1, "UCHAR": 1, "SHORT": 2, "USHORT": 2, "BOOL": 2, "INT": 4, "UINT": 4,
                "TIME": 4, "TASKID": 12}


class Differences:
    """Collects what differs, minus the exceptions."""

    def __init__(self):
        self.found = []
        self.compared = 0

    def check(self, where, facts, table):
        self.compared += 1
        if facts != table:
            self.found.append(f"{where}: facts {facts}, table {table}")

    def missing(self, what):
        self.found.append(f"{what}: not in the table")

    def surplus(self, what):
        self.found.append(f"{what}: not in the facts")


def check_fields(diff, where, facts, table):
    """Fields in order: name, type, size, values."""
    diff.check(f"{where} names", [f["name"] for f in facts], [f["name"] for f in table])
    for fact, slot in zip(facts, table):
        here = f"{where} {fact['name']}"
        diff.check(f"{here} type", fact["type"], slot["type"])
        diff.check(f"{here} size", fact["size"], slot["size"])
        diff.check(f"{here} values", fact["values"], slot["values"])


def check_older_layouts(diff, message, layouts):
    """Layouts by version: the facts give "Name TYPE" strings."""
    versions = {(o["from"], o["to"]): o["fields"] for o in message.get("older_layouts", [])}
    if not versions:
        versions = {(9, 25): [f"{f['name']} {f['type']}" for f in message["fixed"]]}
    found = {(layout["from"], layout["to"]): [f"{f['name']} {f['type']}" for f in layout["fields"]]
             for layout in layouts if layout["from"] != 0}
    diff.check(f"{message['name']} layouts by version", versions, found)


def check_floating(diff, message, table):
    name = message["name"]
    by_key = {(s["name"], s["tag"]): s for s in table}
    for fact in message["floating"]:
        here = f"{name} floating {fact['name']}"
        slot = by_key.pop((fact["name"], fact["tag"]), None)
        if slot is None:
            diff.missing(here)
            continue
        diff.check(f"{here} type", fact["type"], slot["type"])
        diff.check(f"{here} size", fact["max_size"] or 0, slot["size"])
        diff.check(f"{here} array", bool(fact["array"]), slot["array"])
        diff.check(f"{here} values", fact["values"], slot["values"])
        diff.check(f"{here} required", fact["presence"] == "required", slot["required"])
        diff.check(f"{here} list", fact.get("list"), slot["counter"] if slot["list"] else None)
    for slot in by_key.values():
        diff.surplus(f"{name} floating {slot['name']} ({slot['tag']})")
    order = [f["tag"] for f in message["floating"] if f["tag"]]
    diff.check(f"{name} floating order", order, [s["tag"] for s in table])


def check_message(diff, fact, table, facts):
    name = fact["name"]
    for key, ours in (("name", "name"), ("format", "format"), ("direction", "direction")):
        diff.check(f"message {fact['number']} {key}", fact[key], table[ours])
    diff.check(f"{name} category", fact["category"].lower()
               .replace("failure indication", "failure").replace("session management", "session")
               .replace("agent reporting and task", "agent reporting"), table["category"])
    diff.check(f"{name} since", fact.get("since_version") or 0, table["since"])
    diff.check(f"{name} confirmed by", fact.get("confirmed_by") or 0, table["confirmed_by"])
    if fact["format"] == "not published":
        diff.check(f"{name} layouts", 0, len(table["layouts"]))
        known = facts["unpublished_tags"].get(str(fact["number"]), [])
        diff.check(f"{name} known tags", known, [s["tag"] for s in table["floating"]])
        return
    check_fields(diff, f"{name} fixed", fact["fixed"], table["layouts"][0]["fields"])
    diff.check(f"{name} fixed size", fact["fixed_size"], table["layouts"][0]["size"])
    for layout in table["layouts"]:
        diff.check(f"{name} layout size", sum(f["size"] for f in layout["fields"]), layout["size"])
    check_older_layouts(diff, fact, table["layouts"])
    check_floating(diff, fact, table["floating"])
    candidates = facts["fixed_lengths"].get(str(fact["number"]))
    sizes = sorted(layout["size"] for layout in table["layouts"])
    diff.check(f"{name} candidate lengths", sorted(candidates or [fact["fixed_size"]]), sizes)


def check_messages(diff, facts, table):
    ours = {m["number"]: m for m in table["messages"]}
    for fact in facts["messages"]:
        if fact["number"] in ours:
            check_message(diff, fact, ours.pop(fact["number"]), facts)
        else:
            diff.missing(f"message {fact['number']} {fact['name']}")
    for message in ours.values():
        diff.surplus(f"message {message['number']} {message['name']}")


def check_tags(diff, facts, table):
    ours = {t["tag"]: t for t in table["tags"]}
    for fact in facts["tags"]:
        tag = ours.pop(fact["tag"], None)
        if tag is None:
            diff.missing(f"tag {fact['tag']}")
            continue
        diff.check(f"tag {fact['tag']} name", fact["name"].removesuffix("_TAG"), tag["name"])
        diff.check(f"tag {fact['tag']} type", fact["type"] or "UNSPEC", tag["type"])
        diff.check(f"tag {fact['tag']} size", fact.get("max_size") or 0, tag["size"])
    for tag in ours.values():
        diff.surplus(f"tag {tag['tag']}")


def check_sets(diff, facts, table):
    ours = {("mask" if s["mask"] else "enum", s["name"]): s for s in table["sets"]}
    for kind, sets in (("enum", facts["enums"]), ("mask", facts["masks"])):
        for name, rows in sets.items():
            found = ours.pop((kind, name), None)
            if found is None:
                diff.missing(f"{kind} {name}")
                continue
            values = {v["value"]: v["name"] for v in found["values"]}
            for row in rows:
                diff.check(f"{name} {row['value']}", row["name"], values.pop(row["value"], None))
            for value in values:
                diff.surplus(f"{name} {value}")
            numbers = [v["value"] for v in found["values"]]
            diff.check(f"{name} in order", sorted(numbers), numbers)
            for value in found["values"]:
                diff.check(f"{name} {value['name']} has a description", True, bool(value["text"]))
    for kind, name in ours:
        diff.surplus(f"{kind} {name}")


def check_marks(diff, table):
    """Secrets and personal values carry their marks."""
    fields = {f["id"]: f for f in table["fields"]}
    for name in ("ClientPassword", "AgentPassword"):
        diff.check(f"{name} is secret", True, fields[name]["secret"])
    diff.check("secrets", 2, sum(f["secret"] for f in fields.values()))
    for name in ("ANI", "DNIS", "DialedNumber", "CallerEnteredDigits", "UserToUserInfo",
                 "CallWrapupData", "CallVariable1", "CallVariable10", "NamedVariable",
                 "NamedArray", "FirstName", "LastName"):
        diff.check(f"{name} is personal", True, fields[name]["personal"])


def main():
    table = json.loads(subprocess.run([sys.argv[1]], check=True, capture_output=True).stdout)
    facts = json.loads(FACTS.read_text())
    diff = Differences()
    check_messages(diff, facts, table)
    check_tags(diff, facts, table)
    check_sets(diff, facts, table)
    check_marks(diff, table)

    wrong = [d for d in diff.found if d not in EXCEPTIONS]
    stale = [e for e in EXCEPTIONS if e not in diff.found]
    for difference in wrong:
        print(f"differs: {difference}")
    for exception in stale:
        print(f"exception not needed: {exception}")
    print(f"{len(table['messages'])} messages, {len(table['tags'])} tags, "
          f"{len(table['sets'])} value sets: {diff.compared} comparisons, "
          f"{len(wrong)} differences, {len(EXCEPTIONS)} exceptions")
    return 1 if wrong or stale else 0


if __name__ == "__main__":
    sys.exit(main())
