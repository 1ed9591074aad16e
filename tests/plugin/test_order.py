# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures that are not in the order in which things were sent, or that miss some: each message
whose bytes are there is shown once, whatever Wireshark's TCP hands over of it."""
from base import PluginTest, conversation, heartbeat, open_conf, open_req, paths
from ged188.encode import encode
from ged188.pcap import ACK, PSH, Capture
from ged188.tcp import CLIENT, SERVER

IN_ORDER = ("-o", "tcp.reassemble_out_of_order:TRUE")
MODES = ((), IN_ORDER)
REQUEST, ANSWER = 5, 6
ONLINE = encode("OPEN_CONF", {"InvokeID": 1, "ServicesGranted": 0, "PeripheralOnline": 1}, 24)


def event(text):
    return encode("SYSTEM_EVENT", {"Text": text}, 24)


class CaptureOrder(PluginTest):
    def opened(self):
        made = Capture()
        talk = conversation(made)
        talk.send(CLIENT, open_req(), at=1)
        talk.send(SERVER, ONLINE, at=2)
        return made, talk

    def check_messages(self, path, expected):
        """[(frame, type)...] in both passes and both modes of TCP."""
        for mode in MODES:
            for passes in (1, 2):
                with self.subTest(mode=mode, passes=passes):
                    self.assertEqual([(frame, int(item["cti.message_type"])) for frame, item in
                                      self.tshark.messages(path, *mode, passes=passes)], expected)

    def frames_of(self, path, display):
        return [int(row[0][0]) for row in self.tshark.fields(path, "frame.number", display=display)]

    def answer_first(self):
        """The client's packets are 5 ms late: its request comes after the answer."""
        made, talk = self.opened()
        request, answer = heartbeat(2), heartbeat(2, True)
        at_client, at_server = (talk.sequence(sender, talk.received[sender])
                                for sender in (CLIENT, SERVER))
        talk.segment(SERVER, 3, ACK | PSH, at_server, answer, at_client + len(request))
        talk.segment(CLIENT, 3.004, ACK | PSH, at_client, request, at_server)
        talk.segment(CLIENT, 3.005, ACK, at_client + len(request),
                     acknowledgment=at_server + len(answer))
        return self.made(made)

    def test_late_data_is_no_retransmission(self):
        path = self.answer_first()
        self.assertEqual(self.frames_of(path, "tcp.analysis.retransmission"), [9])
        self.check_messages(path, [(4, 3), (6, 4), (8, ANSWER), (9, REQUEST)])

    def test_answer_before_its_request(self):
        path = self.answer_first()
        items = {int(item["cti.message_type"]): item for _, item in self.tshark.messages(path)}
        self.assertEqual(items[REQUEST]["cti.response_in"], "8")
        self.assertEqual(items[ANSWER]["cti.response_to"], "9")
        self.assertNotIn("cti.response_time", items[ANSWER])
        self.assertEqual(self.frames_of(path, "cti.unanswered || cti.finding"), [])

    def test_after_a_lost_segment(self):
        """Told to wait for missing segments, TCP hands over nothing of what follows."""
        made, talk = self.opened()
        data = event("lost") + event("one") + event("two")
        sizes = [len(event("lost")), len(event("one"))]
        talk.send(SERVER, data, at=3, sizes=sizes, lost=[0])
        path = self.made(made)
        self.check_messages(path, [(4, 3), (6, 4), (8, 31), (9, 31)])
        self.assertEqual(self.texts(path, *IN_ORDER), ["one", "two"])
        handed_over = self.tshark.fields(path, "frame.number", display="data || cti",
                                         options=(*IN_ORDER, "--disable-protocol", "cti"))
        self.assertNotIn([["8"]], handed_over)

    def test_preferences_of_tcp(self):
        """They do not change which messages are shown, or in which frame."""
        for name in ("lost-segments", "nagle", "overlap", "reordering", "retransmission"):
            shown = [self.tshark.fields(paths.captures / f"{name}.pcap", "frame.number",
                                        "cti.message_type", display="cti.message_type",
                                        options=options)
                     for options in (*MODES, ("-o", "tcp.desegment_tcp_streams:FALSE"),
                                     ("-o", "tcp.analyze_sequence_numbers:FALSE"))]
            with self.subTest(capture=name):
                self.assertTrue(shown[0])
                self.assertEqual(shown[1:], 3 * shown[:1])

    def test_message_reassembled_by_the_plugin(self):
        """TCP does not hand over the first half, which is late: the plugin has a copy of both."""
        made, talk = self.opened()
        talk.send(SERVER, event("a longer text"), at=3, sizes=[20], order=[1, 0])
        path = self.made(made)
        bytes_of = self.tshark.run("-2", "-x", "-Y", "cti.text", capture=path)
        self.assertIn("Reassembled CTI (", bytes_of)
        self.assertNotIn("Reassembled CTI", self.tshark.run(
            "-2", "-x", "-Y", "cti", capture=paths.captures / "split-coalesced.pcap"))

    def texts(self, path, *options):
        return [item["cti.text"] for _, item in self.tshark.messages(path, *options)
                if "cti.text" in item]

    def test_lost_before_the_capture(self):
        """The network loses a segment before the capture point, and it is sent again."""
        made, talk = self.opened()
        data = event("one") + event("two") + event("three")
        sizes = [len(event("one")), len(event("two"))]
        talk.send(SERVER, data, at=3, sizes=sizes, order=[1, 2, 0])
        talk.send(SERVER, event("four"), at=4)
        path = self.made(made)
        for mode in MODES:
            with self.subTest(mode=mode):
                self.assertEqual(sorted(self.texts(path, *mode)), ["four", "one", "three", "two"])
        self.assertEqual(self.frames_of(path, "cti.finding"), [])
        again = len(event("two") + event("three"))
        info = self.tshark.run("-Y", "cti.fragment", *IN_ORDER, capture=path)
        self.assertIn(f"[{again} bytes not dissected here]", info)
        self.assertNotIn("rest of a message", info)

    def test_message_that_begins_in_a_late_segment(self):
        """Cut in its middle, and its first half comes last."""
        made, talk = self.opened()
        data = event("a longer text") + event("two")
        talk.send(SERVER, data, at=3, sizes=[20], order=[1, 0])
        path = self.made(made)
        for mode in MODES:
            with self.subTest(mode=mode):
                self.assertEqual(sorted(self.texts(path, *mode)), ["a longer text", "two"])

    def test_retransmission_that_carries_more(self):
        made, talk = self.opened()
        start = talk.append(SERVER, event("one") + event("two") + event("three"))
        size = len(event("one"))
        talk.repeat(SERVER, 3, start, size)
        talk.repeat(SERVER, 3.3, start, len(talk.streams[SERVER]) - start)
        path = self.made(made)
        for mode in MODES:
            for passes in (1, 2):
                shown = [(frame, item["cti.text"]) for frame, item in
                         self.tshark.messages(path, *mode, passes=passes) if "cti.text" in item]
                with self.subTest(mode=mode, passes=passes):
                    self.assertEqual(shown, [(8, "one"), (9, "two"), (9, "three")])

    def test_repeated_early_segment(self):
        """A segment before its turn, and then all of it again with the missing one."""
        made, talk = self.opened()
        start = talk.append(SERVER, event("one") + event("two"))
        size = len(event("one"))
        talk.repeat(SERVER, 3, start + size, len(event("two")))
        talk.repeat(SERVER, 3.3, start, len(talk.streams[SERVER]) - start)
        path = self.made(made)
        for mode in MODES:
            with self.subTest(mode=mode):
                self.assertEqual(sorted(self.texts(path, *mode)), ["one", "two"])

    def test_link_to_an_early_request(self):
        """It leads to the frame that shows the request, not to the one that completes the bytes."""
        made, talk = self.opened()
        talk.send(CLIENT, heartbeat(2) + heartbeat(3), at=3, sizes=[12], order=[1, 0])
        talk.send(SERVER, heartbeat(2, True) + heartbeat(3, True), at=3.01)
        path = self.made(made)
        requests = {item["cti.invoke_id"]: frame for frame, item in self.tshark.messages(path)
                    if item["cti.message_type"] == "5"}
        answers = {item["cti.invoke_id"]: int(item["cti.response_to"])
                   for _, item in self.tshark.messages(path) if item["cti.message_type"] == "6"}
        self.assertEqual(len(requests), 2)
        self.assertEqual(answers, requests)
        self.assertLess(requests["3"], requests["2"])

    def test_one_direction(self):
        """What the server said is not known: nothing is unanswered, and nobody is blamed."""
        made = Capture()
        talk = conversation(made)
        talk.send(CLIENT, open_req(), at=1)
        talk.send(SERVER, ONLINE, at=1.1)
        for number in range(2, 8):
            talk.send(CLIENT, heartbeat(number), at=30 * number - 29)
            talk.send(SERVER, heartbeat(number, True), at=30 * number - 28.9)
        talk.reset(SERVER, 300)
        host = made.records[0][1][6:12]
        made.records = [record for record in made.records if record[1][6:12] == host]
        path = self.made(made)
        self.assertEqual(self.types(path), [3] + 6 * [REQUEST])
        self.assertEqual(self.frames_of(path, "cti.unanswered || cti.heartbeat.missed || "
                                              "cti.finding"), [])


class Enabled(PluginTest):
    """Protocols that the user disables or decodes as others."""

    def setUp(self):
        super().setUp()
        made = Capture()
        for port in (42027, 5999):
            talk = conversation(made, client_port=port + 1000, server_port=port)
            talk.send(CLIENT, open_req(), at=1)
            talk.send(SERVER, open_conf(), at=2)
            talk.reset(SERVER, 3)
        self.path = self.made(made)

    def count(self, display, *options, passes=2):
        return len(self.tshark.fields(self.path, "frame.number", display=display, options=options,
                                      passes=passes))

    def test_cti_disabled(self):
        """All of it, the ends of sessions and findings too, and nothing else."""
        self.assertGreater(self.count("cti"), 4)
        segments = self.count("tcp")
        for passes in (1, 2):
            off = ("--disable-protocol", "cti")
            self.assertEqual(self.count("cti", *off, passes=passes), 0)
            self.assertEqual(self.count("tcp", *off, passes=passes), segments)
            self.assertNotIn("CTI", self.tshark.run("-V", *off, capture=self.path))

    def test_tcp_disabled(self):
        self.assertEqual(self.count("tcp || cti", "--disable-protocol", "tcp"), 0)
        self.assertEqual(self.count("cti", "--disable-protocol", "ip"), 0)

    def test_port_decoded_as_another(self):
        """The other port's connection is still CTI."""
        options = ("-d", "tcp.port==42027,http")
        self.assertEqual(self.count("cti && tcp.port == 42027", *options), 0)
        self.assertEqual(self.count("cti && tcp.port == 5999", *options),
                         self.count("cti && tcp.port == 5999"))

    def test_ip_protocol_decoded_as(self):
        """TCP itself in the place that the plugin took: messages are shown all the same."""
        for passes in (1, 2):
            self.assertEqual(self.count("cti.message_type", "-d", "ip.proto==6,tcp", passes=passes),
                             4)
        self.assertEqual(self.count("cti || tcp", "-d", "ip.proto==6,udp"), 0)

    def test_layers(self):
        """What stands before TCP is no layer of its own."""
        rows = self.tshark.fields(self.path, "frame.protocols", display="cti.message_type")
        self.assertEqual({row[0][0] for row in rows}, {"eth:ethertype:ip:tcp:cti"})
        decodes = self.tshark.run("-G", "decodes").splitlines()
        self.assertIn("ip.proto\t6\tcti.segments", decodes)
