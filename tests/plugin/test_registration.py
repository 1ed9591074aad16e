# SPDX-License-Identifier: GPL-2.0-or-later
"""That the plugin is loaded, and what it registers."""
import re
import subprocess
from collections import Counter

from base import FOLDER, PluginTest, paths

CODEC = FOLDER.parents[1] / "codec"
ENTRIES = {"plugin_version", "plugin_want_major", "plugin_want_minor", "plugin_register",
           "plugin_describe"}
FIELD_TYPES = {"CHAR": "FT_INT8", "UCHAR": "FT_UINT8", "SHORT": "FT_INT16", "USHORT": "FT_UINT16",
               "BOOL": "FT_BOOLEAN", "INT": "FT_INT32", "UINT": "FT_UINT32",
               "TIME": "FT_ABSOLUTE_TIME", "TASKID": "FT_STRING", "STRING": "FT_STRING",
               "UNSPEC": "FT_BYTES", "NAMEDVAR": "FT_STRING", "NAMEDARRAY": "FT_STRING"}


def snake(name):
    """ICMCentralControllerTime -> icm_central_controller_time, NumMRDs -> num_mrds."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    name = re.sub(r"(?<=[A-TV-Z])(?=ID(?![a-z]))", "_", name)
    name = re.sub(r"(?<=[A-Z])(?=[A-Z][a-z])(?!(?<![UG])ID|[A-Z]s(?![a-z]))", "_", name)
    return re.sub(r"[^a-z0-9]+", "_", name.lower())


def definitions(file, pattern):
    return re.findall(pattern, (CODEC / file).read_text(), re.MULTILINE)


class Registration(PluginTest):
    def test_entry_symbols(self):
        """Nothing but what Wireshark looks for is exported."""
        text = subprocess.run(["nm", "-D", "--defined-only", paths.plugin], check=True,
                              capture_output=True, text=True).stdout
        self.assertEqual({line.split()[-1] for line in text.splitlines()}, ENTRIES)

    def test_loaded(self):
        """Loaded as a dissector; exit status 0 proves nothing."""
        rows = [line.split("\t") for line in self.tshark.run("-G", "plugins").splitlines()]
        self.assertIn("dissector", [row[2] for row in rows if row[0].strip() == "cti.so"])

    def registered(self):
        """{filter: (name, type, display)} of the fields, and a list of all filters."""
        found, filters = {}, []
        for line in self.tshark.run("-G", "fields").splitlines():
            row = line.split("\t")
            if row[0] == "F" and row[4] == "cti":
                found[row[2]] = (row[1], row[3], row[5])
                filters.append(row[2])
        return found, filters

    def test_every_field_of_the_table(self):
        found, filters = self.registered()
        rows = [(row[0] or row[5], row[0] or row[6], *(row[1:5] if row[0] else row[7:]))
                for row in definitions("fields.def",
                                       r'^FIELD\((\w+), (\w+), (\w+), ()([^)]*)\)'
                                       r'|^FIELD_AS\((\w+), "([^"]+)", (\w+), (\w+), ()([^)]*)\)')]
        self.assertGreater(len(rows), 600)
        for ident, name, kind, values, _, flags in rows:
            with self.subTest(field=ident):
                self.assertTrue("cti." + snake(ident) in found)
                label, registered, display = found["cti." + snake(ident)]
                self.assertEqual(label, name)
                expected = FIELD_TYPES[kind]
                if "SECRET" in flags:
                    expected = "FT_STRING"
                elif "IPV6" in flags:
                    expected = "FT_IPv6"
                elif kind == "BOOL" and values != "NO_VALUES":
                    expected = "FT_UINT16"
                self.assertEqual(registered, expected)
                if values in dict(definitions("values.def", r"^MASK_BEGIN\((\w+)()\)")):
                    self.assertEqual(display, "BASE_HEX")
        self.assertEqual([name for name, count in Counter(filters).items() if count > 1], [])

    def test_every_mask_bit(self):
        found, _ = self.registered()
        bits = definitions("values.def", r"^    VALUE\((\w+), (\w+), (?:0x)?[0-9A-Fa-f]+,")
        masks = [row[0] for row in definitions("values.def", r"^MASK_BEGIN\((\w+)()\)")]
        fields = definitions("fields.def", r"^FIELD\((\w+), \w+, (\w+),")
        checked = 0
        for field, values in fields:
            for mask, bit in bits:
                if mask == values and mask in masks:
                    self.assertTrue(f"cti.{snake(field)}.{bit.lower()}" in found, bit)
                    checked += 1
        self.assertGreater(checked, 100)

    def test_every_problem_and_rule(self):
        found, _ = self.registered()
        for file, kind in (("problems.def", "problem"), ("rules.def", "rule")):
            for name in definitions(file, rf'^{kind.upper()}\(\w+, "([^"]+)"'):
                self.assertTrue(f"cti.{kind}.{name.replace('-', '_')}" in found, name)

    def test_names_follow_wiresharks_rules(self):
        for name in self.registered()[0]:
            self.assertRegex(name, r"^cti(\.[a-z0-9]+(_[a-z0-9]+)*)+$")

    def test_ports_and_heuristic(self):
        text = self.tshark.run("-G", "defaultprefs")
        for name in ("cti.desegment", "cti.version", "cti.hide_passwords", "cti.largest_message",
                     "cti.recognize"):
            self.assertIn(f"#{name}: ", text)
        decodes = self.tshark.run("-G", "decodes").splitlines()
        ports = {int(row.split("\t")[1]) for row in decodes
                 if row.startswith("tcp.port\t") and row.endswith("\tcti")}
        self.assertEqual(ports, {first + 40 * i for first in (42027, 43027) for i in range(25)})
        self.assertRegex(self.tshark.run("-G", "heuristic-decodes"), r"(?m)^tcp\tcti\tT\b")
