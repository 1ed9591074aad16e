# SPDX-License-Identifier: GPL-2.0-or-later
"""The facts of GED-188 as Python objects: messages with their layout in a version, fields,
value sets.  Names and numbers come from tests/facts/facts.json."""
import json
from dataclasses import dataclass
from pathlib import Path

FACTS = Path(__file__).resolve().parent.parent / "facts" / "facts.json"

OLDEST, NEWEST = 9, 25
# From this version on, tag and length of a floating field take two bytes each.
WIDE_TAGS = 20

HEADER_SIZE = 8
LARGEST_REFERENCE = 12500
LARGEST = 65536

NUMBER_SIZES = {"CHAR": 1, "UCHAR": 1, "SHORT": 2, "USHORT": 2, "BOOL": 2, "INT": 4, "UINT": 4,
                "TIME": 4}
SIGNED = ("CHAR", "SHORT", "INT")

# The field that tells how many values stand in an array field (message tables).
ARRAY_COUNTERS = {
    "FltEnabledServices": "NumOfEnabledServices",
    "ServiceMember": "NumServiceMembers",
    "ServicePriority": "NumServiceMembers",
    "FltAgentMRDID": "NumMRDs",
    "FltAgentMRDState": "NumMRDs",
}

# Names that the reference prints badly or not at all, as this project writes them.
MENDED = {("PeripheralType", 27): "PT_RESERVED_27",
          ("CallDirection", 7): "OutboundPredictive"}

# What a number was called up to a version; None where the sources of that time disagree.
OLDER_NAMES = {("enum:StatusCode", 2): (20, "E_CTI_INVALID_MESSAGE_TYPE"),
               ("enum:CallType", 27): (14, None)}


@dataclass(frozen=True)
class Field:
    """A field's place in a message; tag is None in the fixed part."""
    name: str
    type: str
    tag: int | None = None
    size: int = 0       # fixed part: bytes
    max_size: int = 0   # floating part: most bytes of data, 0 = no limit known
    array: bool = False
    counter: str | None = None  # the field that counts the list of which this is a member
    presence: str = ""
    values: str | None = None   # "enum:NAME" or "mask:NAME"

    @property
    def counted_by(self):
        """The field that counts this one: of an array its values, else the list's records."""
        return ARRAY_COUNTERS[self.name] if self.array else self.counter

    @property
    def value_set(self):
        """[(name, value)...] of the enumeration or mask, or None.  A few messages print names
        for a field that others print without: there, the enumeration of the field's name."""
        if self.values is None:
            return SETS["enum"].get(self.name)
        kind, name = self.values.split(":")
        return SETS[kind][name]

    @property
    def is_mask(self):
        return self.values is not None and self.values.startswith("mask:")

    def in_version(self, version):
        """Can the floating field stand in a message of this version?"""
        if self.tag is None or (version < WIDE_TAGS and self.tag > 255):
            return False
        return not self.presence.startswith("versions 14 to 18") or 14 <= version <= 18


class Message:
    """A message type: its name, number, and layouts."""

    def __init__(self, fact):
        self.number = fact["number"]
        self.name = fact["name"]
        self.format = fact["format"]
        self.direction = fact["direction"]
        self.category = fact["category"]
        self.since = fact.get("since_version")
        self.confirmed_by = fact.get("confirmed_by")
        self.newest = [_fixed_field(field) for field in fact.get("fixed", [])]
        self.floating = [_floating_field(field) for field in fact.get("floating", [])]
        self._layouts = {(older["from"], older["to"]): [self._by_text(text)
                                                        for text in older["fields"]]
                         for older in fact.get("older_layouts", [])}

    def _by_text(self, text):
        """The field that an older layout names as "Name TYPE"."""
        name, kind = text.split()
        for field in self.newest:
            if field.name == name and field.type == kind:
                return field
        raise ValueError(f"{self.name}: older layout names {text}")

    @property
    def published(self):
        return self.format == "published"

    @property
    def from_client(self):
        return self.direction == "client to server"

    def fixed(self, version):
        """The fields of the fixed part in this version."""
        for (first, last), fields in self._layouts.items():
            if first <= version <= last:
                return fields
        return self.newest

    def fixed_size(self, version):
        return sum(field.size for field in self.fixed(version))

    def find_floating(self, name, tag=None):
        """The floating field of this name, the first one where tag does not tell."""
        for field in self.floating:
            if field.name == name and (tag is None or field.tag == tag):
                return field
        raise KeyError(f"{self.name} has no floating field {name} {tag or ''}")

    def outer(self, field):
        """Of a member of a list inside a list: the counter of the outer list."""
        return next((counter.counter for counter in self.floating
                     if counter.name == field.counted_by), None)

    def members(self, counter):
        """The members of the list that the field named counter counts."""
        return [field for field in self.floating if field.counter == counter]


def _fixed_field(fact):
    return Field(fact["name"], fact["type"], size=fact["size"], values=fact["values"])


def _floating_field(fact):
    return Field(fact["name"], fact["type"], tag=fact["tag"], max_size=fact["max_size"] or 0,
                 array=fact["array"], counter=fact.get("list"), presence=fact["presence"],
                 values=fact["values"])


def _sets(sets):
    return {name: [(MENDED.get((name, row["value"]), row["name"]), row["value"]) for row in rows]
            for name, rows in sets.items()}


_facts = json.loads(FACTS.read_text())
SETS = {"enum": _sets(_facts["enums"]), "mask": _sets(_facts["masks"])}
MESSAGES = [Message(fact) for fact in _facts["messages"]]
TAGS = {tag["tag"]: tag["name"].removesuffix("_TAG") for tag in _facts["tags"]}
UNPUBLISHED_TAGS = {int(number): tags for number, tags in _facts["unpublished_tags"].items()}
_BY_KEY = {key: message for message in MESSAGES for key in (message.number, message.name)}
TAG_FIELDS = {tag["tag"]: Field(tag["name"].removesuffix("_TAG"), tag["type"] or "UNSPEC",
                                tag=tag["tag"], max_size=tag.get("max_size") or 0)
              for tag in _facts["tags"]}


def message(key):
    """The message of this name or number."""
    return _BY_KEY[key]


def is_known(number):
    return number in _BY_KEY


def constant(name, set_name=None):
    """The number of a constant: constant("E_CTI_TIMEOUT")."""
    found = {value for sets in SETS.values() for key, rows in sets.items()
             for row, value in rows if row == name and set_name in (None, key)}
    if len(found) != 1:
        raise KeyError(f"{name}: {len(found)} values")
    return found.pop()
