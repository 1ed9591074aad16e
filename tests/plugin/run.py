#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The Wireshark plugin in tshark: that it is loaded, what it registers, and what it shows.
That its values are those of ctidump is tests/agreement's to prove.

    run.py CTI.SO CAPTURES
"""
import os
import re
import subprocess
import sys
import tempfile
import unittest
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent)]

from ged188.encode import encode, header  # noqa: E402
from ged188.pcap import SECOND, Capture, read  # noqa: E402
from ged188.tcp import CLIENT, SERVER, Conversation, Host  # noqa: E402
from tshark import Tshark, TsharkError, listed  # noqa: E402

CODEC = FOLDER.parent.parent / "codec"
ENTRIES = {"plugin_version", "plugin_want_major", "plugin_want_minor", "plugin_register",
           "plugin_describe"}
FIELD_TYPES = {"CHAR": "FT_INT8", "UCHAR": "FT_UINT8", "SHORT": "FT_INT16", "USHORT": "FT_UINT16",
               "BOOL": "FT_BOOLEAN", "INT": "FT_INT32", "UINT": "FT_UINT32",
               "TIME": "FT_ABSOLUTE_TIME", "TASKID": "FT_STRING", "STRING": "FT_STRING",
               "UNSPEC": "FT_BYTES", "NAMEDVAR": "FT_STRING", "NAMEDARRAY": "FT_STRING"}
# Captures whose segments are not in order: Wireshark puts them in order if it is told to.
UNORDERED = {"overlap", "reordering", "retransmission"}
IN_ORDER = ("-o", "tcp.reassemble_out_of_order:TRUE")

plugin = ""
captures = Path()


def snake(name):
    """ICMCentralControllerTime -> icm_central_controller_time, NumMRDs -> num_mrds."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    name = re.sub(r"(?<=[A-TV-Z])(?=ID(?![a-z]))", "_", name)
    name = re.sub(r"(?<=[A-Z])(?=[A-Z][a-z])(?!(?<![UG])ID|[A-Z]s(?![a-z]))", "_", name)
    return re.sub(r"[^a-z0-9]+", "_", name.lower())


def definitions(file, pattern):
    return re.findall(pattern, (CODEC / file).read_text(), re.MULTILINE)


def options_for(capture):
    return IN_ORDER if capture.stem in UNORDERED else ()


def conversation(made, client_port=50001, server_port=42027, begin=0):
    talk = Conversation(made, Host("10.0.0.11", client_port), Host("10.0.0.1", server_port))
    talk.handshake(begin)
    return talk


def open_req(invoke=1, **fields):
    return encode("OPEN_REQ", {"InvokeID": invoke, "VersionNumber": 24, "IdleTimeout": 120,
                               "ClientID": "TESTER1", "ClientPassword": "hush"} | fields, 24)


def open_conf(invoke=1):
    return encode("OPEN_CONF", {"InvokeID": invoke, "ServicesGranted": 5}, 24)


def heartbeat(invoke, answer=False):
    return encode("HEARTBEAT_CONF" if answer else "HEARTBEAT_REQ", {"InvokeID": invoke}, 24)


class PluginTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tshark = Tshark(plugin)

    @classmethod
    def tearDownClass(cls):
        cls.tshark.__exit__()

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def made(self, capture, name="made.pcap"):
        """The path of a file with this capture."""
        path = self.folder / name
        capture.write(path)
        return path

    def types(self, capture, *options, passes=2):
        return [int(item["cti.message_type"]) for _, item in
                self.tshark.messages(capture, *options, passes=passes)]

    def info(self, capture, *options, display="cti", passes=1):
        """{frame: Info column}"""
        rows = self.tshark.fields(capture, "frame.number", "_ws.col.Info", display=display,
                                  options=options, passes=passes)
        return {int(number[0]): text[0] for number, text in rows}


class Registration(PluginTest):
    def test_entry_symbols(self):
        """Nothing but what Wireshark looks for is exported."""
        text = subprocess.run(["nm", "-D", "--defined-only", plugin], check=True,
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
        for name in ("cti.desegment", "cti.version", "cti.hide_passwords"):
            self.assertIn(f"#{name}: ", text)
        decodes = self.tshark.run("-G", "decodes").splitlines()
        ports = {int(row.split("\t")[1]) for row in decodes
                 if row.startswith("tcp.port\t") and row.endswith("\tcti")}
        self.assertEqual(ports, {first + 40 * i for first in (42027, 43027) for i in range(25)})
        self.assertIn("tcp\tcti\tT", self.tshark.run("-G", "heuristic-decodes").splitlines())


class Sample:
    """What tshark says of a capture, in one pass and in two, with a tree and without."""
    NAMES = ("frame.number", "_ws.col.Info", "frame.time_relative", "_ws.malformed",
             "cti.message_type", "cti.response_to", "cti.response_time", "cti.session",
             "cti.version")

    def __init__(self, capture, tshark, strict):
        options = options_for(capture)
        self.texts = [strict.run(*more, *options, capture=capture)
                      for more in ((), ("-2", "-V", "-x"))]
        self.frames = [list(tshark.frames(capture, *options, passes=passes)) for passes in (1, 2)]
        self.rows = [tshark.fields(capture, *self.NAMES, options=options, passes=passes)
                     for passes in (1, 2)]

    def messages(self, passes=2):
        for frame, items in self.frames[passes - 1]:
            for item in items:
                if "cti.message_type" in item:
                    yield frame, item


class AllCaptures(PluginTest):
    """Of every sample: no fault of the dissector, and the same however one looks."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with Tshark(plugin, strict=True) as strict, ThreadPoolExecutor(os.cpu_count()) as pool:
            made = {capture: pool.submit(Sample, capture, cls.tshark, strict)
                    for capture in sorted(captures.glob("*.pcap*"))}
            cls.samples = {capture: sample.result() for capture, sample in made.items()}

    def each(self, check):
        """Calls check with each capture and what tshark says of it."""
        self.assertTrue(self.samples)
        for capture, sample in self.samples.items():
            with self.subTest(capture=capture.name):
                check(capture, sample)

    def test_no_fault(self):
        """tshark complains on standard error of what a dissector does wrong (run() raises), here
        with Wireshark's own checks of memory and an abort on any dissector bug."""
        def check(_, sample):
            for text in sample.texts:
                self.assertNotIn("Dissector bug", text)
                self.assertNotIn("Malformed Packet: CTI", text)
            self.assertEqual([row[0] for row in sample.rows[1] if row[3] and row[4]], [])
        self.each(check)

    def test_passes_agree(self):
        """What is known at a frame does not change in the second pass, but for the links to
        frames that come later, and findings that are made when the capture has ended."""
        def of_the_frame(sample, passes):
            return [(frame, {key: value for key, value in item.items()
                             if key != "cti.response_in"})
                    for frame, items in sample.frames[passes - 1] for item in items
                    if "cti.message_type" in item or "cti.finding" not in item]

        def check(_, sample):
            self.assertEqual(of_the_frame(sample, 1), of_the_frame(sample, 2))
        self.each(check)

    def test_tree_or_not(self):
        """-T fields makes only the tree it needs: the same values as of the whole tree."""
        def check(_, sample):
            whole = {frame: [[item[name] for item in items if name in item]
                             for name in Sample.NAMES[4:]] for frame, items in sample.frames[1]}
            found = {int(row[0][0]): row[4:] for row in sample.rows[1]}
            for frame, values in whole.items():
                self.assertEqual(found.pop(frame), values)
            self.assertFalse(any(value for values in found.values() for value in values))
        self.each(check)

    def test_columns(self):
        """The Info column of messages is the same in one pass and in two."""
        def check(_, sample):
            first, second = ([row[1] for row in rows if row[4]] for rows in sample.rows)
            self.assertEqual(first, second)
            for info in first:
                self.assertTrue(info[0])
                self.assertIn(info[0], sample.texts[0])
        self.each(check)

    def test_links(self):
        """Each answer points at a request that points back, with the time between the two."""
        links = []

        def check(_, sample):
            clock = {int(row[0][0]): float(row[2][0]) for row in sample.rows[1]}
            requests, answers = Counter(), Counter()
            for frame, item in sample.messages():
                if "cti.response_in" in item:
                    requests[frame, int(item["cti.response_in"])] += 1
                if "cti.response_to" in item:
                    request = int(item["cti.response_to"])
                    answers[request, frame] += 1
                    self.assertLessEqual(request, frame)
                    self.assertAlmostEqual(float(item["cti.response_time"]),
                                           clock[frame] - clock[request], 6)
            self.assertEqual(requests, answers)
            links.extend(answers)
        self.each(check)
        self.assertGreater(len(links), 100)


class Relatives(PluginTest):
    """Ten things that Wireshark's dissector of the sister protocol does not do well."""

    def capture(self, number):
        return captures / f"ged125-{number:02}.pcap"

    def test_01_two_messages_in_a_segment(self):
        self.assertEqual(self.types(self.capture(1)), [3, 4, 31, 31, 7, 8])
        self.assertEqual([item["cti.text"] for _, item in
                          self.tshark.messages(self.capture(1)) if "cti.text" in item],
                         ["first", "second"])

    def test_02_header_split(self):
        self.assertEqual(self.types(self.capture(2)), [3, 4] + 14 * [31] + [7, 8])

    def test_03_unknown_floating_tag(self):
        event = next(item for _, item in self.tshark.messages(self.capture(3))
                     if "cti.float.unknown" in item)
        self.assertEqual(event["cti.float.unknown_tree"]["cti.float.tag"], "400")
        self.assertEqual(event["cti.text"], "behind it")
        rows = self.tshark.fields(self.capture(3), "frame.number",
                                  display="cti.problem.unknown_tag")
        self.assertEqual(rows, [[["8"]]])

    def test_04_length_that_wraps(self):
        self.assertEqual(self.types(self.capture(4)), [3, 4, 31, 31, 7, 8])
        self.assertTrue(self.tshark.fields(self.capture(4), "frame.number",
                                           display="cti.framing_lost"))

    def test_05_unknown_type(self):
        self.assertEqual(self.types(self.capture(5)), [3, 4, 310, 31, 7, 8])
        unknown = next(item for _, item in self.tshark.messages(self.capture(5))
                       if item["cti.message_type"] == "310")
        self.assertIn("cti.body", unknown)
        self.assertRegex(self.info(self.capture(5))[8], "^MessageType 310, SYSTEM_EVENT ")

    def test_06_info_of_five_messages(self):
        self.assertEqual([part.split()[0] for part in self.info(self.capture(6))[8].split(", ")],
                         ["BEGIN_CALL_EVENT", "CALL_DELIVERED_EVENT", "AGENT_STATE_EVENT",
                          "CALL_ESTABLISHED_EVENT", "AGENT_STATE_EVENT"])

    def test_07_missing_and_left_over_bytes(self):
        shown = [self.tshark.fields(self.capture(7), "frame.number", display=f"cti.problem.{name}")
                 for name in ("fixed_part_short", "left_over_bytes")]
        self.assertEqual(shown[0], [[["8"]]])
        self.assertEqual(shown[1], [[["10"]], [["12"]]])

    def test_08_a_filter_for_each_string(self):
        for name, call in (("ani", "16777216"), ("dnis", "16777217")):
            self.assertEqual(self.tshark.fields(self.capture(8), "cti.connection_call_id",
                                                display=f'cti.{name} == "5550100"'), [[[call]]])

    def test_09_masks_bit_by_bit(self):
        frames = self.tshark.fields(
            self.capture(9), "frame.number",
            display="cti.pg_status.pgs_cc_down && !cti.pg_status.pgs_opc_down == 1 && "
                    "cti.pg_status.pgs_peripheral_offline == 1")
        self.assertIn([["8"]], frames)
        self.assertEqual(self.tshark.fields(
            self.capture(9), "cti.session.services",
            display="cti.services_granted.cti_service_all_events == 1"), [[["0x00000010"]]])

    def test_10_reused_request_numbers(self):
        linked = [(frame, int(item["cti.response_to"])) for frame, item in
                  self.tshark.messages(self.capture(10)) if "cti.response_to" in item]
        self.assertEqual(len(linked), 6 + 1)
        self.assertEqual(len({frame for frame, _ in linked}), 6)
        self.assertTrue(all(request < answer for answer, request in linked))


class Recognition(PluginTest):
    def test_any_port(self):
        types = self.types(captures / "other-port.pcap")
        self.assertEqual(types[:2], [3, 4])
        self.assertEqual(types[-2:], [7, 8])

    def test_heuristic_off(self):
        self.assertEqual(self.types(captures / "other-port.pcap",
                                    "--disable-heuristic", "cti_tcp"), [])

    def test_others_keep_theirs(self):
        self.assertEqual(self.types(captures / "not-cti.pcap"), [])
        self.assertEqual(self.tshark.fields(captures / "not-cti.pcap", "frame.number",
                                            display="cti"), [])
        self.assertTrue(self.tshark.fields(captures / "not-cti.pcap", "frame.number",
                                           display="smpp"))
        self.assertTrue(self.tshark.fields(captures / "not-cti.pcap", "frame.number",
                                           display="ged125",
                                           options=("-d", "tcp.port==5000,ged125")))

    def test_smpp_before_cti(self):
        """Wireshark asks the heuristic first that had a packet last: SMPP's, here."""
        made = Capture()
        last = 0
        for name in ("not-cti", "other-port"):
            records = read(captures / f"{name}.pcap")
            first = records[0][0]
            for time, frame in records:
                made.add(last + time - first, frame)
            last += records[-1][0] - first + SECOND
        path = self.made(made)
        self.assertEqual(self.types(path), self.types(captures / "other-port.pcap"))
        self.assertTrue(self.tshark.fields(path, "frame.number", display="smpp"))

    def test_decode_as(self):
        made = Capture()
        talk = conversation(made, server_port=5999)
        talk.send(CLIENT, heartbeat(1), at=1)
        talk.send(SERVER, heartbeat(1, True), at=1.1)
        path = self.made(made)
        self.assertEqual(self.types(path), [])
        for option in (("-d", "tcp.port==5999,cti"), ("-o", "cti.tcp.port:5999")):
            self.assertEqual(self.types(path, *option), [5, 6])
            self.assertEqual([item["cti.sender"] for _, item in
                              self.tshark.messages(path, *option)], ["client", "server"])

    def test_open_req_in_two_segments_on_any_port(self):
        made = Capture()
        talk = conversation(made, server_port=5999)
        talk.send(CLIENT, open_req(), at=1, sizes=[30])
        talk.send(SERVER, open_conf(), at=1.1)
        self.assertEqual(self.types(self.made(made)), [3, 4])

    def test_client_port_of_the_range(self):
        """42027 is also a port that a system gives to clients of anything."""
        made = Capture()
        talk = conversation(made, client_port=42027, server_port=47001)
        talk.send(CLIENT, header(4, 5) + b"\0\0\0\1", at=1)
        talk.send(SERVER, b"\0\0\0\0" + b"\0\0\0\5" + b"whatever", at=2)
        self.assertEqual(self.types(self.made(made)), [])

    def test_tls_is_left_alone(self):
        self.assertEqual(self.types(captures / "tls.pcap"), [])
        self.assertTrue(self.tshark.fields(captures / "tls.pcap", "frame.number", display="tls",
                                           options=("-d", "tcp.port==42030,tls")))


class Framing(PluginTest):
    STREAM = open_req() + heartbeat(2) + heartbeat(3) + encode("CLOSE_REQ", {"InvokeID": 4}, 24)

    def check_pieces(self, pieces):
        """Sends the stream once for each list of segment sizes, each on its own connection."""
        made = Capture()
        for number, sizes in enumerate(pieces):
            talk = conversation(made, client_port=50001 + number, begin=number)
            talk.send(CLIENT, self.STREAM, at=number + 0.1, sizes=sizes)
        path = self.made(made)
        for passes in (1, 2):
            found = {}
            for _, item in self.tshark.messages(path, passes=passes):
                found.setdefault(int(item["cti.session"]), []).append(
                    int(item["cti.message_type"]))
            for number, sizes in enumerate(pieces):
                with self.subTest(sizes=sizes, passes=passes):
                    self.assertEqual(found.get(number + 1), [3, 5, 5, 7])

    def test_split_everywhere(self):
        """Two segments, cut at every byte of a stream of four messages."""
        self.check_pieces([[split] for split in range(1, len(self.STREAM))])

    def test_three_segments(self):
        """Cut around the headers, in two places."""
        first = len(open_req())
        self.check_pieces([[first + i, j] for i in range(-3, 12) for j in range(1, 14)])

    def test_small_segments(self):
        self.check_pieces([len(self.STREAM) // size * [size] for size in range(1, 14)])

    def test_reassembly_off(self):
        """Messages are shown as far as their segment goes, and the next one is found."""
        made = Capture()
        talk = conversation(made)
        talk.send(CLIENT, self.STREAM, at=1, sizes=[40])
        path = self.made(made)
        for option in ("cti.desegment:FALSE", "tcp.desegment_tcp_streams:FALSE"):
            with self.subTest(option=option):
                self.assertEqual(self.types(path, "-o", option), [3, 5, 5, 7])
                cut = self.tshark.fields(path, "frame.number", display="cti.problem.truncated",
                                         options=("-o", option))
                self.assertEqual(len(cut), 1)

    def test_largest_message(self):
        made = Capture()
        talk = conversation(made)
        talk.send(CLIENT, open_req(), at=1)
        body = 65528
        talk.send(SERVER, header(body, 31) + bytes(body) + heartbeat(1, True), at=2)
        self.assertEqual(self.types(self.made(made)), [3, 31, 6])

    def test_many_messages_in_a_frame(self):
        made = Capture()
        talk = conversation(made)
        talk.send(CLIENT, open_req() + b"".join(heartbeat(i) for i in range(2, 100)), at=1)
        talk.send(SERVER, open_conf() + b"".join(heartbeat(i, True) for i in range(2, 100)), at=2)
        path = self.made(made)
        found = list(self.tshark.messages(path))
        self.assertEqual(len(found), 2 * 99)
        self.assertEqual(sum("cti.response_to" in item for _, item in found), 99)
        self.assertEqual(sum("cti.response_in" in item for _, item in found), 99)

    def test_snaplen(self):
        """A message that the capture cut is shown as far as it goes, and the next one found."""
        found = list(self.tshark.messages(captures / "truncated.pcap"))
        self.assertEqual(int(found[0][1]["cti.message_type"]), 3)
        self.assertEqual(found[0][1]["cti.session.client_id"],
                         found[-1][1]["cti.session.client_id"])
        self.assertTrue(self.tshark.fields(captures / "truncated.pcap", "frame.number",
                                           display="cti.problem.truncated"))

    def test_any_snaplen(self):
        for snaplen in (54, 55, 58, 61, 62, 63, 70, 100, 160, 179, 180):
            made = Capture(snaplen=snaplen)
            talk = conversation(made)
            talk.send(CLIENT, self.STREAM, at=1)
            talk.send(SERVER, open_conf(), at=2)
            self.tshark.run("-2", "-V", capture=self.made(made, f"{snaplen}.pcap"))


class Shown(PluginTest):
    def test_info_column(self):
        info = self.info(captures / "agent-desktop.pcap")
        self.assertRegex(info[4], r"^OPEN_REQ CTIOS1A VersionNumber=24 .*inv=1$")
        self.assertEqual(info[22], "HEARTBEAT_REQ inv=4")
        self.assertRegex(info[12], r"^AGENT_STATE_EVENT 1001 AGENT_STATE_LOGIN ")
        self.assertRegex(info[30], r"^BEGIN_CALL_EVENT [^,]*, CALL_DELIVERED_EVENT ")
        self.assertTrue(any(text.startswith("FAILURE_CONF E_CTI_INVALID_PASSWORD")
                            for text in self.info(captures / "open-rejected.pcap").values()))

    def test_passwords(self):
        path = captures / "agent-desktop.pcap"
        hidden = self.tshark.fields(path, "cti.client_password", display="cti.client_password")
        self.assertTrue(hidden)
        for (values,) in hidden:
            self.assertRegex(values[0], r"^<hidden, \d+ bytes>$")
        made = Capture()
        talk = conversation(made)
        talk.send(CLIENT, open_req(), at=1)
        path = self.made(made)
        self.assertNotIn("hush", self.tshark.run("-V", capture=path))
        self.assertNotIn("hush", self.tshark.run(capture=path))
        shown = self.tshark.fields(path, "cti.client_password", display="cti",
                                   options=("-o", "cti.hide_passwords:FALSE"))
        self.assertEqual(shown, [[["hush"]]])

    def test_names_in_filters(self):
        path = captures / "heartbeat-missed.pcap"
        for display in ("cti.message_type == HEARTBEAT_REQ", 'cti.message_type == "HEARTBEAT_REQ"'):
            self.assertTrue(self.tshark.fields(path, "frame.number", display=display))
        rows = self.tshark.fields(captures / "agent-desktop.pcap", "cti.agent_id",
                                  display='cti.agent_id == "1001" && '
                                          "cti.agent_state == AGENT_STATE_TALKING")
        self.assertTrue(rows)

    def test_session_fields(self):
        path = captures / "heartbeat-missed.pcap"
        sides = {tuple(row[0] + row[1]) for row in self.tshark.fields(
            path, "cti.session", "cti.session.side", display='cti.session.client_id == "CTIOS1A"')}
        self.assertEqual(sides, {("1", "A"), ("2", "B")})
        self.assertEqual({row[0][0] for row in self.tshark.fields(
            path, "frame.number", display='cti.session.state == "lost"')}, {"30"})

    def test_heartbeats(self):
        path = captures / "heartbeat-gap.pcap"
        gaps = [float(row[0][0]) for row in self.tshark.fields(
            path, "cti.heartbeat.gap", display="cti.heartbeat.gap > 70")]
        self.assertTrue(any(abs(gap - 75) < 1 for gap in gaps))
        self.assertTrue(any(abs(gap - 110) < 1 for gap in gaps))
        self.assertEqual(len(self.tshark.fields(path, "frame.number",
                                                display="cti.idle_share > 75")), 1)
        missed = self.tshark.fields(captures / "heartbeat-late.pcap", "cti.heartbeat.missed",
                                    display="cti.heartbeat.missed >= 1")
        self.assertTrue(missed)

    def test_findings(self):
        """One expert info for each, whatever its severity, on the first pass too."""
        for name, rule, count in (("heartbeat-missed", "heartbeat_missed", 1),
                                  ("heartbeat-missed", "close_missing", 1),
                                  ("close-missing", "close_missing", 1),
                                  ("idle-timeout", "idle", None),
                                  ("open-rejected", "open_rejected", 3),
                                  ("open-no-answer", "open_no_answer", None)):
            for passes in (1, 2):
                rows = self.tshark.fields(captures / f"{name}.pcap", "frame.number",
                                          "cti.finding.frame", display=f"cti.rule.{rule}",
                                          passes=passes)
                with self.subTest(capture=name, rule=rule, passes=passes):
                    self.assertTrue(rows)
                    if count is not None:
                        self.assertEqual(len(rows), count)

    def test_findings_at_the_end_of_a_capture(self):
        """Known only when all packets were seen: shown in the second pass, at their frame."""
        made = Capture()
        talk = conversation(made)
        talk.send(CLIENT, open_req(), at=1)
        talk.ack(CLIENT, 100)
        path = self.made(made)
        self.assertEqual(self.tshark.fields(path, "frame.number",
                                            display="cti.rule.open_no_answer"), [[["4"]]])

    def test_failures(self):
        rows = self.tshark.fields(captures / "open-rejected.pcap", "_ws.expert.message",
                                  display="cti.failure")
        texts = [text for row in rows for text in row[0]]
        self.assertTrue(any(re.match(r"FAILURE_CONF to OPEN_REQ: E_CTI_INVALID_VERSION \(1\): \w",
                                     text) for text in texts))

    def test_find_a_call(self):
        path = captures / "agent-desktop.pcap"
        call = self.tshark.fields(path, "cti.call_id", display="cti.call_id")[0][0][0]
        types = {kind for row in self.tshark.fields(path, "cti.message_type",
                                                    display=f"cti.call_id == {call}")
                 for kind in row[0]}
        self.assertGreater(len(types), 5)

    def test_version(self):
        for version in (13, 17, 19, 20, 24, 25):
            rows = self.tshark.fields(captures / f"version-{version}.pcap", "cti.version",
                                      "cti.version.inferred", display="cti.message_type")
            self.assertEqual({(row[0][0], row[1][0]) for row in rows}, {(str(version), "0")})

    def test_version_inferred(self):
        path = captures / "mid-session-19.pcap"
        versions = [(item.get("cti.version"), item.get("cti.version.inferred"))
                    for _, item in self.tshark.messages(path)]
        self.assertEqual(versions[-1], ("19", "1"))
        self.assertEqual(len(self.tshark.fields(path, "frame.number",
                                                display="cti.version_not_seen")), 1)

    def test_version_by_hand(self):
        path = captures / "mid-session-19.pcap"
        options = ("-o", "cti.version:13")
        versions = {item["cti.version"] for _, item in self.tshark.messages(path, *options)}
        self.assertEqual(versions, {"13"})

    def test_flow_graph(self):
        self.assertIn("HEARTBEAT_REQ", self.tshark.run(
            "-q", "-z", "flow,any,network", capture=captures / "heartbeat-missed.pcap"))


class Damage(PluginTest):
    """Mutated captures, the same each time."""

    def test_mutations(self):
        with Tshark(plugin, strict=True) as tshark:
            for name in ("agent-desktop", "every-message-25", "every-message-13", "malformed",
                         "split-coalesced", "unpublished"):
                for seed in range(1, 5):
                    path = self.folder / f"{name}-{seed}.pcap"
                    subprocess.run(["editcap", "-F", "pcap", "-E", "0.02", "--seed", str(seed),
                                    "-o", "54", captures / f"{name}.pcap", path], check=True,
                                   capture_output=True)
                    with self.subTest(capture=name, seed=seed):
                        text = tshark.run("-2", "-V", capture=path)
                        self.assertNotIn("Dissector bug", text)
                        self.assertNotIn("Malformed Packet: CTI", text)


def main():
    global plugin, captures
    if len(sys.argv) < 3:
        print("usage: run.py CTI.SO CAPTURES [TEST...]", file=sys.stderr)
        return 2
    plugin, captures = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2]).resolve()
    result = unittest.main(argv=[sys.argv[0], *sys.argv[3:]], exit=False).result
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
