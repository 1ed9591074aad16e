# SPDX-License-Identifier: GPL-2.0-or-later
"""Random valid messages: of a type and version, from a seeded random.Random, with the fields
that a reader must find in them.

    data, fields = random_message(random.Random(1), "BEGIN_CALL_EVENT", 24)

fields is [(name, value)...] in wire order, one pair a value (arrays give one pair an element),
as ctidump's JSON Lines write values: numbers, strings, times as ISO 8601 text, UNSPEC as hex,
IPv6 addresses as text, {"name", "value"} of a named variable, {"name", "index", "value"} of a
named array, None for a password.  json_fields() folds them into the object that stands under
"fields": lists as arrays of records, constants' names included.
"""
import ipaddress
import re
import string
from datetime import datetime, timezone

from . import encode, facts

SECRETS = ("ClientPassword", "AgentPassword")
LARGEST_LIST = 3
PRINTABLE = string.ascii_letters + string.digits + " .,;:-_+*/()[]{}<>&%$#@!?='\"\\"
# Of the messages where more would be over the reference's largest message.
SHORT_TEXT = 24


# ---- values ----

def _constants(field):
    return [value for _, value in field.value_set or ()]


def _random_mask(rng, field):
    number = 0
    for bit in _constants(field):
        if rng.random() < 0.4:
            number |= bit
    return number


def _random_number(rng, field):
    size = field.size or facts.NUMBER_SIZES[field.type]
    if field.name.startswith("Reserved"):
        return 0
    if field.is_mask:
        return _random_mask(rng, field)
    if field.type == "BOOL":
        return rng.randrange(2)
    if _constants(field):
        return rng.choice(_constants(field))
    if field.name.endswith("SkillGroupNumber"):
        return rng.getrandbits(31)  # INT in some messages and UINT in others: the same in both
    number = rng.choice((rng.getrandbits(8 * size), rng.randrange(100), 0, (1 << 8 * size) - 1))
    if field.type in facts.SIGNED and number >> (8 * size - 1):
        number -= 1 << 8 * size
    return number


def _random_text(rng, most):
    """Printable ASCII, most characters at the most."""
    return "".join(rng.choices(PRINTABLE, k=rng.randrange(min(most, SHORT_TEXT) + 1)))


def _largest_data(field, version):
    """The most bytes of data of a floating field."""
    limit = 0xFFFF if version >= facts.WIDE_TAGS else 0xFF
    return min(field.max_size or limit, limit)


def _random_named(rng, field):
    name = "user.cti" + _random_text(rng, 8)
    value = _random_text(rng, 30)
    return (name, value) if field.type == "NAMEDVAR" else (rng.randrange(256), name, value)


def random_value(rng, field, version):
    """A value as encode() takes it."""
    if field.type in facts.NUMBER_SIZES:
        return _random_number(rng, field)
    if field.type == "TASKID":
        return tuple(rng.randrange(-1 << 31, 1 << 31) for _ in range(3))
    if field.type in ("NAMEDVAR", "NAMEDARRAY"):
        return _random_named(rng, field)
    if field.name.startswith("Reserved"):
        return bytes(field.size or field.max_size)
    if field.name.endswith("IPV6"):
        return bytes([0xFD]) + rng.randbytes(15)
    most = field.size or _largest_data(field, version)
    if field.type == "STRING":
        return _random_text(rng, most - 1)
    return rng.randbytes(field.size or rng.randrange(1, min(most, SHORT_TEXT) + 1))


# ---- messages ----

def _random_array(rng, field, version, count):
    return [random_value(rng, field, version) for _ in range(count)]


def _random_record(rng, members, version, counts, records):
    """One record of a list; what its counters count fits them."""
    for field in members:
        if field.counted_by in counts:
            value = _random_array(rng, field, version, counts[field.counted_by])
        else:
            value = counts[field.name] if field.name in counts else \
                random_value(rng, field, version)
        records.setdefault(field.name, []).append(value)


def _random_list(rng, message, counter, version):
    """A list of 0 to 3 records, some members left out, as {name: [value...]}."""
    members = [field for field in message.floating
               if counter in (field.counter, message.outer(field)) and field.in_version(version)
               and rng.random() < 0.9]
    names = {field.name for field in members}
    inner = sorted({field.counted_by for field in members} - {counter})
    members = [field for field in members if field.counted_by in names | {counter}]
    records = {}
    for _ in range(rng.randrange(LARGEST_LIST + 1)):
        counts = {name: rng.randrange(1, 4) for name in inner if name in names}
        counts |= {field.name: 0 for field in members
                   if field.name not in counts and _is_inner_counter(message, field.name)}
        _random_record(rng, members, version, counts, records)
    return records


def _is_inner_counter(message, name):
    return any(field.counted_by == name for field in message.floating)


def _counter_names(message):
    counters = {field.counter for field in message.floating if field.counter}
    return counters | set(facts.ARRAY_COUNTERS.values())


def _random_floating(rng, message, version):
    """Pairs for the floating part, without lists."""
    counters = _counter_names(message)
    pairs = []
    array_size = rng.randrange(1, 4)
    for field in message.floating:
        if not field.in_version(version) or field.counter or field.name in counters:
            continue
        if field.presence != "required" and rng.random() < 0.4:
            continue
        value = (_random_array(rng, field, version, array_size) if field.array
                 else random_value(rng, field, version))
        pairs.append(((field.name, field.tag), value))
    return pairs


def random_fields(rng, message, version):
    """The pairs of a valid message; counters are left to encode()."""
    counters = _counter_names(message)
    fixed = [(field.name, random_value(rng, field, version)) for field in message.fixed(version)
             if field.name not in counters]
    floating = _random_floating(rng, message, version)
    lists = []
    for counter in sorted({field.counter for field in message.floating if field.counter}):
        if any(field.name == counter and field.counter for field in message.floating):
            continue  # counted inside another list's record
        if not _can_count(message, counter, version):
            continue
        lists.extend(_random_list(rng, message, counter, version).items())
    rng.shuffle(floating)
    return fixed + floating + lists


def _can_count(message, counter, version):
    """Does the message have the counter in this version?"""
    return any(field.name == counter for field in message.fixed(version)) or \
        any(field.name == counter and field.in_version(version) for field in message.floating)


# ---- what a reader must find ----

def json_value(field, value):
    """A value as JSON Lines write it."""
    if field.name in SECRETS:
        return None
    if field.type == "TIME":
        moment = datetime.fromtimestamp(encode.number_of(field, value), timezone.utc)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    if field.type in facts.NUMBER_SIZES:
        return encode.number_of(field, value)
    if field.type == "NAMEDVAR":
        return {"name": value[0], "value": value[1]}
    if field.type == "NAMEDARRAY":
        return {"name": value[1], "index": value[0], "value": value[2]}
    if field.type == "TASKID":
        return ".".join(str(part) for part in value)
    if field.type == "UNSPEC":
        data = value.encode() if isinstance(value, str) else value
        if field.name.endswith("IPV6") and len(data) == 16:
            return str(ipaddress.IPv6Address(data))
        return data.hex()
    return value


def expected_fields(message, pairs, version):
    """[(field, value)...] in wire order, one pair a value."""
    fixed, items = encode.wire_items(message, pairs, version)
    found = []
    for field, value in fixed:
        if field.size and field.type == "UNSPEC" and not value:
            value = bytes(field.size)
        found.append((field, value))
    for item in items:
        if isinstance(item, (encode.Tagged, encode.Raw)):
            raise ValueError("what is malformed has no expected value")
        field, value = item
        if field.array and isinstance(value, (list, tuple)):
            found.extend((field, element) for element in value)
        else:
            found.append((field, value))
    return found


def random_message(rng, key, version):
    """(bytes, [(name, value)...]) of a random valid message."""
    message = facts.message(key)
    while True:
        pairs = random_fields(rng, message, version)
        data = encode.encode(message.number, pairs, version)
        if len(data) <= facts.LARGEST_REFERENCE:
            break
    expected = [(field.name, json_value(field, value))
                for field, value in expected_fields(message, pairs, version)]
    return data, expected


def _names(field, number, version):
    """What JSON Lines add to a number that has names: (suffix, names)."""
    if field.is_mask:
        return "_names", [name for name, bit in sorted(field.value_set, key=lambda row: row[1])
                          if (number & bit == bit if bit else number == 0)]
    last, older = facts.OLDER_NAMES.get((field.values, number), (0, None))
    if version <= last:
        return "_name", older
    return "_name", next((name for name, value in field.value_set if value == number), None)


# Fields that share a name with one of another type in JSON: the other key.
JSON_NAMES = {("ConfigParam", "USHORT"): "ConfigParamNumber",
              ("SupervisorID", "UINT"): "SupervisorIDNumber",
              ("Reserved", "UNSPEC"): "ReservedBytes"}


def list_name(counter):
    """What a list is called after its counter."""
    return re.sub("^(NumberOf|NumOf|Num)", "", counter)


def _entries(field, value, version):
    """The keys of a value."""
    name = JSON_NAMES.get((field.name, field.type), field.name)
    yield name, json_value(field, value)
    if field.value_set is not None:
        suffix, names = _names(field, encode.number_of(field, value), version)
        yield name + suffix, names
    if field.name in SECRETS:
        yield name + "_hidden", len(value)


class _List:
    """The records of a list in JSON, each at its member that comes again."""

    def __init__(self, into, counter):
        self.records = into.setdefault(list_name(counter), [])
        self.columns = {}  # of arrays: values so far
        self.inner = {}

    def record(self, name, in_array):
        """The record for the next value of the field."""
        if in_array:
            index = self.columns[name] = self.columns.get(name, -1) + 1
        else:
            index = max(len(self.records) - 1, 0)
            index += bool(self.records) and name in self.records[index]
        if index >= len(self.records):
            self.records.append({})
            self.inner = {}
        return self.records[index]


def _json_record(message, field, lists, into):
    """The object that holds the field's next value, None where it is in no list."""
    counter, outer = field.counted_by, message.outer(field)
    if counter is None or field.type.startswith("NAMED"):
        return None
    if outer is None:
        if counter not in lists:
            lists[counter] = _List(into, counter)
        return lists[counter].record(field.name, field.array)
    if outer not in lists:
        lists[outer] = _List(into, outer)
    outer = lists[outer]
    if not outer.records:
        outer.records.append({})
    if counter not in outer.inner:
        outer.inner[counter] = _List(outer.records[-1], counter)
    return outer.inner[counter].record(field.name, field.array)


def json_fields(key, pairs, version):
    """The object under "fields" of the message's record."""
    message = facts.message(key)
    folded, lists, repeated = {}, {}, []
    for field, value in expected_fields(message, pairs, version):
        if field.type.startswith("NAMED"):
            folded.setdefault(field.name, []).append(json_value(field, value))
            continue
        record = _json_record(message, field, lists, folded)
        entries = dict(_entries(field, value, version))
        if record is not None:
            record.update(entries)
        elif next(iter(entries)) in folded:
            repeated.append(entries)
        else:
            folded.update(entries)
    return folded | ({"repeated": repeated} if repeated else {})
