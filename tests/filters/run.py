#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The filter reference, docs/filters.md: made from what the plugin registers in Wireshark and from
the codec's table.

    run.py CTI.SO DUMP_TABLE             compares: the committed file is up to date
    run.py CTI.SO DUMP_TABLE --update    writes it again

It is committed, since people read it where nothing is built; this test keeps it true."""
import json
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "plugin"))

from test_registration import snake  # noqa: E402
from tshark import Tshark  # noqa: E402

REFERENCE = ROOT / "docs" / "filters.md"
MESSAGES_SHOWN = 6
OLDEST = 9
KINDS = {"FT_STRING": "text", "FT_BOOLEAN": "boolean", "FT_ABSOLUTE_TIME": "time",
         "FT_RELATIVE_TIME": "seconds", "FT_BYTES": "bytes", "FT_IPv6": "IPv6 address",
         "FT_FRAMENUM": "frame number", "FT_NONE": "there or not", "FT_PROTOCOL": "there or not"}
HEAD = """# Filters of the protocol CTI

All that `tshark -Y`, `-e`, Wireshark's display filter and its colour rules can ask of GED-188. Each
field of the protocol is `cti.` and its name in snake case; a field that stands in several messages
is one filter. Numbers with names may be given by either, `cti.agent_state == "AGENT_STATE_TALKING"`.
The bits of a mask are `FILTER.BIT`, true or false: `cti.pg_status.pgs_cc_down == 1`.

This page is made from the codec's table by `tests/filters/run.py --update`.

- [What the session tells](#what-the-session-tells)
- [Problems of messages, broken rules](#problems-of-messages-broken-rules)
- [Fields of GED-188](#fields-of-ged-188)
- [Messages and their fields](#messages-and-their-fields)
- [Names of values](#names-of-values)
- [Bits of masks](#bits-of-masks)
"""


def kind(row):
    return KINDS.get(row["type"], "number")


def code(name):
    return f"`{name}`"


def cell(text):
    return text.replace("|", "\\|")


def table(heads, rows):
    lines = [f"| {' | '.join(heads)} |", f"| {' | '.join(['---'] * len(heads))} |"]
    return "\n".join(lines + [f"| {' | '.join(map(cell, row))} |" for row in rows]) + "\n"


def registered(tshark):
    """{filter: {"name", "type", "text"}}, in the plugin's order."""
    found = {}
    for line in tshark.run("-G", "fields").splitlines():
        row = line.split("\t")
        if row[0] == "F" and row[4] == "cti":
            found.setdefault(row[2], {"name": row[1], "type": row[3], "text": row[7]})
    return found


class Fields:
    """The fields of the table: which messages carry them, and what their values are called."""

    def __init__(self, codec):
        self.rows = {row["id"]: {**row, "values": None, "messages": [], "since": []}
                     for row in codec["fields"]}
        for message in codec["messages"]:
            for layout in message["layouts"]:
                for slot in layout["fields"]:
                    self.take(slot, message, layout["from"])
            for slot in message["floating"]:
                self.take(slot, message, 0)

    def take(self, slot, message, since):
        row = self.rows[slot["id"]]
        row["values"] = slot["values"] or row["values"]
        row["since"].append(max(since, message["since"], OLDEST))
        if message not in row["messages"]:
            row["messages"].append(message)

    def filter(self, ident):
        return "cti." + snake(ident)

    def since(self, row):
        """The first version that has it, "" where that is the oldest or not known."""
        first = min(row["since"], default=OLDEST)
        return str(first) if first > OLDEST else ""

    def messages(self, row):
        names = [message["name"] for message in row["messages"]]
        more = len(names) - MESSAGES_SHOWN
        if more > 1:
            return f"{', '.join(names[:MESSAGES_SHOWN])} and {more} more"
        return ", ".join(names) or "(only its tag is published)"


def anchor(values):
    return values.partition(":")[2].lower()


def link(values):
    return f"[{values.partition(':')[2]}](#{anchor(values)})" if values else ""


def field_rows(fields, found):
    for ident, row in sorted(fields.rows.items(), key=lambda item: fields.filter(item[0])):
        name = fields.filter(ident)
        yield (code(name), row["name"], f"{kind(found[name])}, {row['type']}",
               link(row["values"]), fields.messages(row), fields.since(row))


def parts(fields, found):
    """Filters below those of the table, other than the bits of masks."""
    bases = {fields.filter(ident): row for ident, row in fields.rows.items()}
    for name, row in found.items():
        base = name.rpartition(".")[0]
        if name in bases or base not in bases:
            continue
        if row["type"] != "FT_BOOLEAN" and not name.endswith(".unknown_bits"):
            yield code(name), f"{row['name']} of {bases[base]['name']}", kind(row)


def generated(fields, found):
    names = {fields.filter(ident) for ident in fields.rows}
    for name, row in found.items():
        if name in names or name.rpartition(".")[0] in names or \
                name.startswith(("cti.problem.", "cti.rule.")) or row["type"] == "FT_NONE":
            continue
        yield code(name), row["name"], kind(row), row["text"]


def experts(found):
    for name, row in found.items():
        if row["type"] == "FT_NONE":
            yield code(name), row["name"].partition(": ")[2] or row["name"]


def message_sections(fields, codec):
    for message in codec["messages"]:
        slots = [slot for layout in message["layouts"] for slot in layout["fields"]]
        idents = dict.fromkeys(slot["id"] for slot in slots + message["floating"])
        since = f", since version {message['since']}" if message["since"] > OLDEST else ""
        fixed = ", ".join(code(fields.filter(ident)[4:]) for ident in idents)
        if message["format"] == "unpublished":
            fixed = "format not published" + (f"; known at its end: {fixed}" if fixed else "")
        yield (str(message["number"]), message["name"],
               f"{message['direction']}{since}", fixed or "no field")


def value_sections(codec, mask):
    for values in sorted(codec["sets"], key=lambda row: row["name"].lower()):
        if values["mask"] == mask:
            rows = [(f"0x{row['value']:x}" if mask else str(row["value"]), code(row["name"]),
                     row["text"]) for row in values["values"]]
            heads = ("bits" if mask else "number", "name", "")
            yield f"### {values['name']}\n\n" + table(heads, rows)


def reference(tshark, codec):
    fields, found = Fields(codec), registered(tshark)
    sections = [
        HEAD,
        "## What the session tells\n\n"
        "Of each message, and of the packet that ends a session.\n\n" +
        table(("filter", "name", "type", ""), generated(fields, found)),
        "## Problems of messages, broken rules\n\n"
        "Expert infos: `cti.rule.NAME` finds where a session broke a rule, `cti.problem.NAME` where\n"
        "the bytes of a message are wrong. What to do about a rule is told in\n"
        "[findings](findings/README.md).\n\n" +
        table(("filter", "what it says"), experts(found)),
        "## Fields of GED-188\n\n"
        "Since: the first version that has it, where it is not the oldest one known (9).\n\n" +
        table(("filter", "field", "type", "values", "messages", "since"),
              field_rows(fields, found)),
        "Parts of fields:\n\n" + table(("filter", "part", "type"), parts(fields, found)),
        "## Messages and their fields\n\n"
        "Filters without `cti.`; `cti.message_type == NAME` finds the message.\n\n" +
        table(("number", "message", "", "fields"), message_sections(fields, codec)),
        "## Names of values\n", *value_sections(codec, False),
        "## Bits of masks\n", *value_sections(codec, True)]
    return "\n".join(sections)


def made(plugin, dump_table):
    codec = json.loads(subprocess.run([dump_table], check=True, capture_output=True,
                                      text=True).stdout)
    with Tshark(plugin) as tshark:
        return reference(tshark, codec)


class Reference(unittest.TestCase):
    plugin = dump_table = ""
    maxDiff = 2000

    def test_up_to_date(self):
        self.assertTrue(REFERENCE.read_text() == made(self.plugin, self.dump_table),
                        "docs/filters.md is old: tests/filters/run.py CTI.SO DUMP_TABLE --update")


if __name__ == "__main__":
    Reference.plugin, Reference.dump_table = sys.argv[1:3]
    if "--update" in sys.argv:
        REFERENCE.write_text(made(*sys.argv[1:3]))
    else:
        unittest.main(argv=sys.argv[:1])
