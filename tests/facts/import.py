#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Takes the names and numbers of GED-188 out of a folder of protocol facts.

    import.py FOLDER

FOLDER holds messages.json, tags.json, enums.json, masks.json and versions.md, collected from
Cisco's public CTI Server message reference (protocol versions 9 to 25).  Their working notes
stay there: facts.json, written beside this program, holds names and numbers only.  The tests
hold the codec's table against it, and the tests' own encoder (tests/ged188) is built on it.
"""
import json
import re
import sys
from pathlib import Path

OUTPUT = Path(__file__).resolve().parent / "facts.json"

MESSAGE_KEYS = ("number", "name", "format", "direction", "category", "since_version",
                "confirmed_by", "fixed_size", "fixed", "older_layouts", "floating")
FIELD_KEYS = ("name", "tag", "type", "size", "array", "max_size", "presence", "list", "values")
TAG_KEYS = ("tag", "name", "type", "array", "max_size")
VALUE_KEYS = ("name", "value")


def pick(row, keys):
    """The keys of row that are facts, in a fixed order."""
    return {key: row[key] for key in keys if key in row}


def pick_message(message):
    picked = pick(message, MESSAGE_KEYS)
    for part in ("fixed", "floating"):
        if part in picked:
            picked[part] = [pick(field, FIELD_KEYS) for field in picked[part]]
    return picked


def pick_sets(sets):
    return {name: [pick(row, VALUE_KEYS) for row in rows] for name, rows in sets.items()}


def parse_lengths(text):
    """The table of fixed parts whose length differs: {"4": [32, 30, 26]}."""
    lengths = {}
    for number, cell in re.findall(r"^\| (\d+) \| \w+ \| (.*) \|$", text, re.MULTILINE):
        pieces = re.split("[,;]", re.sub(r"\([^)]*\)", "", cell))
        lengths[number] = [int(re.match(r"\s*(\d+)", piece)[1]) for piece in pieces]
    return lengths


def parse_numbers(text):
    """"13-22, 82" -> [13, ..., 22, 82]."""
    numbers = []
    for first, last in re.findall(r"(\d+)(?:-(\d+))?", text):
        numbers.extend(range(int(first), int(last or first) + 1))
    return numbers


def parse_unpublished_tags(text):
    """The tags known for messages without a published fixed part: {"153": [259, 260]}."""
    line = re.search(r"^- Floating tags known for messages without .*?\): (.*?)\.?$", text,
                     re.MULTILINE)[1]
    tags = {}
    for entry in line.split(";"):
        messages, numbers = entry.split(":")
        for number in parse_numbers(messages):
            tags[str(number)] = parse_numbers(numbers)
    return tags


def load(folder):
    def read(name):
        return json.loads((folder / name).read_text())

    versions = (folder / "versions.md").read_text()
    return {
        "messages": [pick_message(message) for message in read("messages.json")],
        "tags": [pick(tag, TAG_KEYS) for tag in read("tags.json")],
        "enums": pick_sets(read("enums.json")),
        "masks": pick_sets(read("masks.json")),
        "fixed_lengths": parse_lengths(versions),
        "unpublished_tags": parse_unpublished_tags(versions),
    }


def format_facts(facts):
    """JSON with one row a line, so that a change shows as a change of rows."""
    parts = []
    for key, value in facts.items():
        if isinstance(value, list):
            rows = [json.dumps(row, ensure_ascii=False) for row in value]
            begin, end = "[", "]"
        else:
            rows = [f"{json.dumps(name)}: {json.dumps(row, ensure_ascii=False)}"
                    for name, row in value.items()]
            begin, end = "{", "}"
        parts.append(f"{json.dumps(key)}: {begin}\n" + ",\n".join(rows) + f"\n{end}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main():
    if len(sys.argv) != 2:
        print(f"usage: {sys.argv[0]} FOLDER", file=sys.stderr)
        return 2
    facts = load(Path(sys.argv[1]))
    OUTPUT.write_text(format_facts(facts))
    print(f"{OUTPUT.name}: {len(facts['messages'])} messages, {len(facts['tags'])} tags, "
          f"{len(facts['enums'])} enumerations, {len(facts['masks'])} masks")
    return 0


if __name__ == "__main__":
    sys.exit(main())
