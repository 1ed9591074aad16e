# SPDX-License-Identifier: GPL-2.0-or-later
"""What is taken for CTI and what is not, and what the dissectors of relatives get wrong."""
import random
import struct

from base import PluginTest, conversation, heartbeat, open_conf, open_req, paths
from ged188.encode import encode, header
from ged188.pcap import SECOND, Capture, read
from ged188.tcp import CLIENT, SERVER


class Relatives(PluginTest):
    """Ten things that Wireshark's dissector of the sister protocol does not do well."""

    def capture(self, number):
        return paths.captures / f"ged125-{number:02}.pcap"

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
        types = self.types(paths.captures / "other-port.pcap")
        self.assertEqual(types[:2], [3, 4])
        self.assertEqual(types[-2:], [7, 8])

    def test_never_smpp(self):
        """On CTI's ports and on any other, with its heuristic and that of SMPP as they come."""
        for port in (42027, 43027, 42067, 50123):
            made = Capture()
            talk = conversation(made, client_port=61001, server_port=port)
            talk.send(CLIENT, open_req(), at=1)
            talk.send(SERVER, open_conf(), at=1.1)
            for number in range(2, 12):
                talk.send(CLIENT, heartbeat(number), at=number)
                talk.send(SERVER, heartbeat(number, True), at=number + 0.1)
            path = self.made(made, f"{port}.pcap")
            with self.subTest(port=port):
                self.assertEqual(self.types(path), [3, 4] + 10 * [5, 6])
                self.assertEqual(self.tshark.fields(path, "frame.number", display="smpp"), [])

    def test_random_traffic_is_left_alone(self):
        """Random bytes, and random numbers behind a length, on any port: seeded, the same each
        time."""
        rng = random.Random(188)
        made = Capture()
        for number in range(200):
            talk = conversation(made, client_port=50001 + number, begin=number,
                                server_port=rng.randrange(1024, 42000))
            for step in range(4):
                data = rng.randbytes(rng.randrange(4, 200))
                if number % 2:
                    kind = rng.randrange(0, 300)
                    data = header(len(data), kind) + data
                talk.send(rng.choice((CLIENT, SERVER)), data, at=number + 0.1 * (step + 1))
        self.assertEqual(self.tshark.fields(self.made(made), "frame.number", display="cti"), [])

    def test_heuristic_off(self):
        self.assertEqual(self.types(paths.captures / "other-port.pcap",
                                    "--disable-heuristic", "cti_tcp"), [])

    def test_others_keep_theirs(self):
        self.assertEqual(self.types(paths.captures / "not-cti.pcap"), [])
        self.assertEqual(self.tshark.fields(paths.captures / "not-cti.pcap", "frame.number",
                                            display="cti"), [])
        self.assertTrue(self.tshark.fields(paths.captures / "not-cti.pcap", "frame.number",
                                           display="smpp"))
        self.assertTrue(self.tshark.fields(paths.captures / "not-cti.pcap", "frame.number",
                                           display="ged125",
                                           options=("-d", "tcp.port==5000,ged125")))

    def test_smpp_before_cti(self):
        """Wireshark asks the heuristic first that had a packet last: SMPP's, here."""
        made = Capture()
        last = 0
        for name in ("not-cti", "other-port"):
            records = read(paths.captures / f"{name}.pcap")
            first = records[0][0]
            for time, frame in records:
                made.add(last + time - first, frame)
            last += records[-1][0] - first + SECOND
        path = self.made(made)
        self.assertEqual(self.types(path), self.types(paths.captures / "other-port.pcap"))
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
        """Cut anywhere behind its header."""
        made = Capture()
        splits = range(8, len(open_req()))
        for number, split in enumerate(splits):
            talk = conversation(made, client_port=50001 + number, server_port=5999, begin=number)
            talk.send(CLIENT, open_req(), at=number + 0.1, sizes=[split])
            talk.send(SERVER, open_conf(), at=number + 0.2)
        for passes in (1, 2):
            self.assertEqual(self.types(self.made(made), passes=passes), [3, 4] * len(splits))

    def test_open_req_without_reassembly(self):
        """What Wireshark does not put together is found all the same."""
        made = Capture()
        talk = conversation(made, server_port=5999)
        talk.send(CLIENT, open_req(), at=1, sizes=[12])
        talk.send(SERVER, open_conf(), at=2)
        path = self.made(made)
        self.assertEqual(self.types(path), [3, 4])
        self.assertEqual(self.types(path, "-o", "cti.desegment:FALSE"), [3, 4])

    def test_what_is_waited_for_and_is_none(self):
        """SMPP's query_sm has the type of OPEN_REQ: cut behind the type, it is still SMPP's."""
        def smpp(command, sequence, body):
            return struct.pack(">4I", 16 + len(body), command, 0, sequence) + body

        query = smpp(3, 2, b"id42\0\1\x011001\0" + bytes(40))
        made = Capture()
        talk = conversation(made, server_port=2775)
        talk.send(CLIENT, smpp(9, 1, b"user\0pass\0\0\x34\0\0\0"), at=1)
        talk.send(CLIENT, query, at=2, sizes=[12])
        talk.send(CLIENT, query, at=3)
        path = self.made(made)
        self.assertEqual(self.types(path), [])
        self.assertEqual(self.tshark.fields(path, "smpp.command_id", display="smpp"),
                         [[["0x00000009"]], [["0x00000003"]], [["0x00000003"]]])

    def test_open_req_only(self):
        """Sessions whose start the capture has, by the preference."""
        conf = encode("OPEN_CONF", {"InvokeID": 1, "ServicesGranted": 5, "PeripheralType": 17,
                                    "PeripheralOnline": 1, "AgentState": 3}, 24)
        made = Capture()
        for number, begin in enumerate((0, 1)):
            talk = conversation(made, client_port=50001 + number, server_port=5999, begin=number)
            if begin:
                talk.send(CLIENT, open_req(), at=number + 0.1)
            talk.send(SERVER, conf, at=number + 0.2)
        path = self.made(made)
        self.assertEqual(self.types(path), [4, 3, 4])
        self.assertEqual(self.types(path, "-o", "cti.recognize:open_req"), [3, 4])

    def test_client_port_of_the_range(self):
        """42027 is also a port that a system gives to clients of anything."""
        made = Capture()
        talk = conversation(made, client_port=42027, server_port=47001)
        talk.send(CLIENT, header(4, 5) + b"\0\0\0\1", at=1)
        talk.send(SERVER, b"\0\0\0\0" + b"\0\0\0\5" + b"whatever", at=2)
        self.assertEqual(self.types(self.made(made)), [])

    def test_tls_is_left_alone(self):
        self.assertEqual(self.types(paths.captures / "tls.pcap"), [])
        self.assertTrue(self.tshark.fields(paths.captures / "tls.pcap", "frame.number", display="tls",
                                           options=("-d", "tcp.port==42030,tls")))
