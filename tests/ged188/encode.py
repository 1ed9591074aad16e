# SPDX-License-Identifier: GPL-2.0-or-later
"""Encodes GED-188 messages: names and values in, bytes out.

    encode("HEARTBEAT_REQ", {"InvokeID": 7}, version=24)

A message is a header (MessageLength, MessageType, big-endian), a fixed part, and floating
fields of tag, length, data: one byte each for tag and length before version 20, two from 20
on.  Values may be numbers, names of constants ("AGENT_STATE_LOGIN", or "A|B" in a mask),
strings, bytes (taken as they are) and:

    NAMEDVAR     ("name", "value")
    NAMEDARRAY   (index, "name", "value")
    TASKID       (1, 2, 3)
    an array     [1, 2, 3] in one floating field
    a list       [1, 2, 3], one floating field each; the members of a list that one field
                 counts are written record by record
    a list inside a list   [[1, 2], [3]], a list for each record of the outer one

Fixed fields that are not given are 0.  Counters that are not given are counted.  The name of a
field that stands twice in a message may be written with its tag: ("AgentID", 194).  For
malformed messages there are Tagged and Raw (in place of a pair) and the options of encode().
"""
import struct
from dataclasses import dataclass

from . import facts


@dataclass
class Tagged:
    """A floating field by its tag, with any data; length may lie."""
    tag: int
    data: bytes = b""
    length: int | None = None


@dataclass
class Raw:
    """Bytes of the floating part, as they are."""
    data: bytes


# ---- values ----

def _text(value):
    """A string with its terminating 0; bytes are taken as they are."""
    return value if isinstance(value, bytes) else value.encode() + b"\0"


def number_of(field, value):
    """A number, or the number of a constant's name."""
    if not isinstance(value, str):
        return int(value)
    values = dict(field.value_set or ())
    number = 0
    for name in value.split("|"):
        number |= values[name]
    return number


def encode_number(field, value, size):
    number = number_of(field, value)
    return (number & ((1 << 8 * size) - 1)).to_bytes(size, "big")


def encode_value(field, value):
    """The bytes of one value."""
    if isinstance(value, bytes):
        return value
    if field.type in facts.NUMBER_SIZES:
        return encode_number(field, value, field.size or facts.NUMBER_SIZES[field.type])
    if field.type == "TASKID":
        return struct.pack(">3i", *value)
    if field.type == "NAMEDVAR":
        return b"".join(_text(part) for part in value)
    if field.type == "NAMEDARRAY":
        return bytes([value[0]]) + b"".join(_text(part) for part in value[1:])
    if field.type == "STRING":
        return _text(value)
    return value.encode()


def encode_data(field, value):
    """The data of a floating field."""
    if field.array and isinstance(value, (list, tuple)):
        return b"".join(encode_value(field, element) for element in value)
    return encode_value(field, value)


def floating(tag, data, version, length=None):
    """A floating field as it stands in the message."""
    layout = ">HH" if version >= facts.WIDE_TAGS else ">BB"
    return struct.pack(layout, tag, len(data) if length is None else length) + data


# ---- fields in wire order ----

def _pairs(fields):
    return list(fields.items()) if isinstance(fields, dict) else list(fields)


def _is_pair(item):
    return not isinstance(item, (Tagged, Raw))


def _split_key(key):
    return key if isinstance(key, tuple) else (key, None)


def _separate(message, pairs, version):
    """Splits pairs into the fixed part's values and the floating items."""
    fixed, rest = {}, []
    names = {field.name for field in message.fixed(version)}
    newer = {field.name for field in message.newest} - names
    for item in pairs:
        if _is_pair(item):
            name, tag = _split_key(item[0])
            if tag is None and name in names and name not in fixed:
                fixed[name] = item[1]
                continue
            if tag is None and name in newer and \
                    all(field.name != name for field in message.floating):
                continue  # this version does not have it yet
            if item[1] is None:
                continue
        rest.append(item)
    return fixed, rest


def _resolve(message, items):
    """Floating items as (field, value), Tagged or Raw."""
    resolved = []
    for item in items:
        if _is_pair(item):
            name, tag = _split_key(item[0])
            item = (message.find_floating(name, tag), item[1])
        resolved.append(item)
    return resolved


def _is_list(item):
    return _is_pair(item) and item[0].counter is not None and isinstance(item[1], list)


def _records(message, group):
    """The members of one list, record by record; None leaves a member out."""
    for index in range(max(len(values) for _, values in group)):
        record = [(field, values[index]) for field, values in group
                  if index < len(values) and values[index] is not None]
        yield from _interleave(message, record, inner=True)


def _interleave(message, items, inner=False):
    """Items in wire order: each list stands where its first member was given.  inner: they are a
    record, where only lists inside a list are lists."""
    def list_of(item):
        if not _is_list(item) or (inner and (item[0].array or not message.outer(item[0]))):
            return None
        return item[0].counter if inner else message.outer(item[0]) or item[0].counter

    done = set()
    for item in items:
        name = list_of(item)
        if name is None:
            yield item
        elif name not in done:
            done.add(name)
            yield from _records(message, [other for other in items if list_of(other) == name])


def count_list(items, counter):
    """How many records a list has: its longest member's."""
    lengths = {}
    for item in items:
        if _is_pair(item) and item[0].counter == counter:
            lengths[item[0]] = lengths.get(item[0], 0) + 1
    return max(lengths.values(), default=0)


def count_array(items, counter):
    """How many values the arrays hold that the field named counter counts."""
    counts = [len(item[1]) for item in items
              if _is_pair(item) and item[0].array and isinstance(item[1], (list, tuple))
              and facts.ARRAY_COUNTERS.get(item[0].name) == counter]
    return max(counts, default=0)


def counters(message, items, version):
    """The counters of the fixed part that items imply."""
    found = {}
    for field in message.fixed(version):
        if field.name in facts.ARRAY_COUNTERS.values():
            found[field.name] = count_array(items, field.name)
        elif message.members(field.name):
            found[field.name] = count_list(items, field.name)
    return found


def floating_counters(message, items, version):
    """The counters of the floating part that items imply and that are not given: those that
    are members of a list themselves are the caller's to give."""
    given = {item[0].name for item in items if _is_pair(item)}
    found = []
    for field in message.floating:
        if field.name in given or field.counter is not None or not field.in_version(version):
            continue
        count = count_list(items, field.name) if message.members(field.name) else 0
        if field.name in facts.ARRAY_COUNTERS.values():
            count = count_array(items, field.name)
        if count:
            found.append((field, count))
    return found


def wire_items(message, fields, version):
    """(fixed, floating): both as [(field, value)...] in wire order, counters counted."""
    fixed, rest = _separate(message, _pairs(fields), version)
    items = list(_interleave(message, _resolve(message, rest)))
    items = floating_counters(message, items, version) + items
    values = counters(message, items, version) | fixed
    return [(field, values.get(field.name, 0)) for field in message.fixed(version)], items


# ---- messages ----

def _encode_item(item, version):
    if isinstance(item, Raw):
        return item.data
    if isinstance(item, Tagged):
        return floating(item.tag, item.data, version, item.length)
    return floating(item[0].tag, encode_data(*item), version)


def _encode_fixed(field, value):
    if field.size and not isinstance(value, bytes) and field.type not in facts.NUMBER_SIZES:
        return bytes(field.size)
    return encode_value(field, value)


def header(length, number):
    return struct.pack(">II", length, number)


def encode(key, fields=(), version=facts.NEWEST, *, length=None, tail=b"", cut=0, extra=b""):
    """The bytes of a message.

    length: MessageLength instead of the right one; extra: bytes between fixed and floating
    part; tail: bytes behind the last field (counted in MessageLength); cut: so many bytes
    fewer at the end (not counted either).
    """
    message = facts.message(key)
    fixed, items = wire_items(message, fields, version)
    body = b"".join(_encode_fixed(field, value) for field, value in fixed) + extra
    body += b"".join(_encode_item(item, version) for item in items) + tail
    body = body[:len(body) - cut]
    return header(len(body) if length is None else length, message.number) + body


def encode_unpublished(key, body, fields=(), version=facts.NEWEST):
    """A message whose fixed part is not published: body stands for it, fields are (tag, value)
    of the tags that are known to follow."""
    message = facts.message(key)
    tail = b"".join(floating(tag, encode_data(facts.TAG_FIELDS[tag], value), version)
                    for tag, value in fields)
    return header(len(body) + len(tail), message.number) + body + tail
