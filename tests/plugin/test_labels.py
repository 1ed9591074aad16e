# SPDX-License-Identifier: GPL-2.0-or-later
"""No label of the tree, and no expert info, is longer than Wireshark shows of it: 240 bytes."""
import struct
import sys
import xml.etree.ElementTree as ElementTree

from base import FOLDER, PluginTest, conversation, paths
from ged188 import facts
from ged188.encode import encode
from ged188.pcap import ETHERNET, SECOND, Capture, read
from ged188.tcp import CLIENT, SERVER

sys.path[:0] = [str(FOLDER.parent / "rules"), str(FOLDER.parents[1] / "captures")]

LABEL_MAX = 240
BETWEEN = 1000 * SECOND


def one_after_the_other(lists):
    """One capture of the records of many."""
    made, end = Capture(as_added=True), 0
    for records in lists:
        start = min(time for time, _ in records) if records else 0
        for time, frame in records:
            made.add(end + BETWEEN + time - start, frame)
        end = max([end] + [time for time, _ in made.records[-len(records):]])
    return made


def is_ethernet(path):
    return struct.unpack_from("<I", path.read_bytes(), 20)[0] == ETHERNET


def longest(field, text):
    """The longest value that the field may have, and longer where GED-188 has no limit."""
    if field.type in facts.NUMBER_SIZES:
        return (1 << 8 * (field.size or facts.NUMBER_SIZES[field.type])) - 1
    size = field.size or field.max_size or 300
    if field.type in ("NAMEDVAR", "NAMEDARRAY"):
        name, value = "user." + text * 5, text * max(size // len(text) - 7, 1)
        return (name, value) if field.type == "NAMEDVAR" else (7, name, value)
    if field.type == "TASKID":
        return (1, 2, 3)
    return (text.encode() * size)[:size - 1] + b"\0"


def long_message(message, text):
    """All fields that are no lists, as long as they can be."""
    counters = {field.counter for field in message.floating if field.counter}
    fixed = [(field.name, longest(field, text)) for field in message.fixed(facts.NEWEST)
             if field.name not in counters and not field.name.startswith("Num")]
    floating = [((field.name, field.tag), longest(field, text)) for field in message.floating
                if field.in_version(facts.NEWEST) and not field.counter and not field.array
                and field.name not in counters]
    return encode(message.number, fixed + floating, facts.NEWEST)


class Labels(PluginTest):
    def labels(self, made, *options):
        """All labels of CTI in a capture: of the tree, with expert infos."""
        text = self.tshark.run("-2", "-T", "pdml", *options, capture=self.made(made), timeout=600)
        for layer in ElementTree.fromstring(text).iter("proto"):
            if layer.get("name") == "cti":
                for item in layer.iter():
                    yield item.get("showname") or item.get("show") or ""

    def check(self, made, *options):
        count = 0
        for label in self.labels(made, *options):
            count += 1
            self.assertLess(len(label.encode()), LABEL_MAX, label)
            self.assertNotIn("[truncated]", label)
        self.assertGreater(count, 1000)

    def test_captures(self):
        self.check(one_after_the_other(read(path) for path in sorted(paths.captures.glob("*.pcap"))
                                       if is_ethernet(path)))

    def test_rules(self):
        """All that the tests of rules make: each finding, each verdict."""
        import lost  # noqa: F401, PLC0415
        from scripts import SCRIPTS  # noqa: PLC0415
        self.check(one_after_the_other(sorted(SCRIPTS[name]().records, key=lambda one: one[0])
                                       for name in sorted(SCRIPTS)))

    def test_long_values(self):
        for text in ("x", "\x01", "\\", "\u20ac"):
            made, at = Capture(), 0.1
            talk = conversation(made)
            for message in facts.MESSAGES:
                if message.published:
                    at += 0.01
                    talk.send(CLIENT if message.from_client else SERVER,
                              long_message(message, text), at)
            with self.subTest(text=text):
                self.check(made, "-o", "cti.hide_passwords:FALSE")
