# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages in any split of TCP segments."""
from base import PluginTest, conversation, heartbeat, open_conf, open_req, paths
from ged188.encode import encode, header
from ged188.pcap import Capture
from ged188.tcp import CLIENT, SERVER


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

    def test_begins_inside_a_message(self):
        """The end of one whose start the capture lacks is no fault."""
        made = Capture()
        talk = conversation(made)
        talk.append(SERVER, open_conf()[:20])
        talk.send(SERVER, open_conf()[20:] + heartbeat(2, True), at=1)
        path = self.made(made)
        for passes in (1, 2):
            self.assertRegex(self.info(path, passes=passes)[4],
                             rf"\[{len(open_conf()) - 20} bytes, rest of a message\], "
                             "HEARTBEAT_CONF inv=2$")
        self.assertEqual(self.tshark.fields(path, "frame.number", display="cti.framing_lost"), [])

    def test_reassembly_off(self):
        """A message of two segments is shown, once, on the second one all the same."""
        made = Capture()
        talk = conversation(made)
        talk.send(CLIENT, self.STREAM, at=1, sizes=[40])
        path = self.made(made)
        for option in ("cti.desegment:FALSE", "tcp.desegment_tcp_streams:FALSE"):
            with self.subTest(option=option):
                self.assertEqual(self.types(path, "-o", option), [3, 5, 5, 7])
                for name in ("cti.problem.truncated", "cti.framing_lost"):
                    self.assertEqual(self.tshark.fields(path, "frame.number", display=name,
                                                        options=("-o", option)), [])
                parts = self.tshark.fields(path, "frame.number", display="cti.fragment",
                                           options=("-o", option))
                self.assertEqual(parts, [[["4"]], [["5"]]])

    def test_largest_message(self):
        made = Capture()
        talk = conversation(made)
        talk.send(CLIENT, open_req(), at=1)
        body = 65528
        talk.send(SERVER, header(body, 31) + bytes(body) + heartbeat(1, True), at=2)
        self.assertEqual(self.types(self.made(made)), [3, 31, 6])

    def test_largest_message_by_preference(self):
        """What is larger is no message; the next one is found, in this segment and later ones."""
        made = Capture()
        talk = conversation(made)
        talk.send(CLIENT, open_req(), at=1)
        talk.send(SERVER, header(600, 31) + bytes(600) + heartbeat(1, True), at=2)
        talk.send(SERVER, heartbeat(2, True), at=3)
        path = self.made(made)
        self.assertEqual(self.types(path), [3, 31, 6, 6])
        self.assertEqual(self.types(path, "-o", "cti.largest_message:608"), [3, 31, 6, 6])
        self.assertEqual(self.types(path, "-o", "cti.largest_message:607"), [3, 6, 6])
        for limit in (0, 65536, 4294967295):
            self.tshark.run("-V", "-o", f"cti.largest_message:{limit}", capture=path)

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
        found = list(self.tshark.messages(paths.captures / "truncated.pcap"))
        self.assertEqual(int(found[0][1]["cti.message_type"]), 3)
        self.assertEqual(found[0][1]["cti.session.client_id"],
                         found[-1][1]["cti.session.client_id"])
        self.assertTrue(self.tshark.fields(paths.captures / "truncated.pcap", "frame.number",
                                           display="cti.problem.truncated"))

    def test_any_snaplen(self):
        for snaplen in (54, 55, 58, 61, 62, 63, 70, 100, 160, 179, 180):
            made = Capture(snaplen=snaplen)
            talk = conversation(made)
            talk.send(CLIENT, self.STREAM, at=1)
            talk.send(SERVER, open_conf(), at=2)
            self.tshark.run("-2", "-V", capture=self.made(made, f"{snaplen}.pcap"))

    def test_not_cti(self):
        """What is sent first on a CTI port and is not CTI: named on its packet, on both passes."""
        made = Capture()
        for number, data in enumerate((b"\x0c\0\0\0\x05\0\0\0" + bytes(8), b"220 ready\r\n" * 3,
                                       bytes(range(0x81, 0x95)))):
            talk = conversation(made, client_port=50001 + number, begin=number)
            talk.send(CLIENT, data, at=number + 0.1)
        begun = conversation(made, client_port=50009, begin=9)
        begun.append(SERVER, open_conf()[:20])
        begun.send(SERVER, open_conf()[20:] + heartbeat(2, True), at=10)
        path = self.made(made)
        for passes in (1, 2):
            found = self.info(path, passes=passes, display="cti.not_cti")
            self.assertEqual([text[text.index(" [not"):] for text in found.values()],
                             [" [not CTI: byte order reversed]", " [not CTI: text]",
                              " [not CTI: unknown bytes]"])
