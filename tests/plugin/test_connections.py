# SPDX-License-Identifier: GPL-2.0-or-later
"""What TCP and its preferences do to a connection: who is its client, what comes again, what comes
behind its end."""
import struct

from base import PluginTest, conversation, heartbeat, open_conf, open_req, paths
from ged188.encode import encode
from ged188.pcap import ACK, PSH, Capture, address, checksum, ethernet, ipv4
from ged188.tcp import CLIENT, SERVER, Conversation, Host, nanoseconds


class Connections(PluginTest):
    def shown(self, capture, *options, passes=2):
        """[(message type, sender, session or None)] of each message."""
        return [(int(item["cti.message_type"]), item.get("cti.sender"), item.get("cti.session"))
                for _, item in self.tshark.messages(capture, *options, passes=passes)]

    def test_one_port_on_both_sides(self):
        """Told apart by their addresses."""
        made = Capture()
        talk = conversation(made, client_port=42027)
        talk.send(CLIENT, open_req(), at=1)
        talk.send(SERVER, open_conf(), at=2)
        talk.send(CLIENT, heartbeat(2), at=3)
        self.assertEqual(self.shown(self.made(made)),
                         [(3, "client", "1"), (4, "server", "1"), (5, "client", "1")])

    def test_server_with_the_higher_port(self):
        """Without SYN, and on ports that say nothing, the first message tells who is who."""
        conf = encode("OPEN_CONF", {"InvokeID": 1, "ServicesGranted": 5, "PeripheralType": 17,
                                    "PeripheralOnline": 1, "AgentState": 3}, 24)
        made = Capture()
        talk = Conversation(made, Host("10.0.0.11", 5998), Host("10.0.0.1", 50999))
        talk.send(SERVER, conf, at=1)
        talk.send(CLIENT, heartbeat(2), at=2)
        for passes in (1, 2):
            self.assertEqual(self.shown(self.made(made), passes=passes),
                             [(4, "server", "1"), (5, "client", "1")])

    def test_behind_a_reset(self):
        """What is still on its way is shown, but the session has ended, and no other begins."""
        made = Capture()
        talk = conversation(made)
        talk.send(CLIENT, open_req(), at=1)
        talk.send(SERVER, open_conf(), at=2)
        talk.reset(CLIENT, 3)
        talk.send(SERVER, heartbeat(2, True), at=3.001, ack=False)
        path = self.made(made)
        for passes in (1, 2):
            self.assertEqual(self.shown(path, passes=passes), [
                (3, "client", "1"), (4, "server", "1"), (6, "server", None)])
        text = self.tshark.run("-q", "-z", "cti,tree", capture=path)
        self.assertRegex(text, r"(?m)^Messages by type +2 ")

    def test_relative_numbers_or_not(self):
        """How Wireshark shows TCP's numbers changes nothing."""
        made = Capture()
        talk = conversation(made)
        talk.send(CLIENT, open_req(), at=1, sizes=[20], lost=[0])
        talk.send(CLIENT, heartbeat(2), at=2)
        paths_of = [self.made(made)] + [paths.captures / f"{name}.pcap" for name in
                                        ("lost-segments", "mid-session", "heartbeat-missed")]
        for path in paths_of:
            with self.subTest(capture=path.name):
                shown = self.shown(path)
                self.assertTrue(shown)
                self.assertEqual(
                    self.shown(path, "-o", "tcp.relative_sequence_numbers:FALSE"), shown)

    def test_without_analysis_of_numbers(self):
        path = paths.captures / "agent-desktop.pcap"
        self.assertEqual(self.shown(path, "-o", "tcp.analyze_sequence_numbers:FALSE"),
                         self.shown(path))

    def test_repeated_segments_count_once(self):
        """Without reassembly Wireshark 4.0 hands a segment over each time it comes, 4.6 once."""
        made = Capture()
        talk = conversation(made)
        talk.send(CLIENT, open_req(), at=1)
        talk.send(SERVER, open_conf(), at=2)
        talk.repeat(SERVER, 3, 0, len(open_conf()))
        talk.send(CLIENT, heartbeat(2), at=4)
        path = self.made(made)
        options = ("-o", "tcp.desegment_tcp_streams:FALSE")
        for passes in (1, 2):
            shown = self.shown(path, *options, passes=passes)
            self.assertIn([kind for kind, *_ in shown], ([3, 4, 4, 5], [3, 4, 5]))
        text = self.tshark.run("-q", "-z", "cti,tree", *options, capture=path)
        self.assertRegex(text, r"(?m)^Messages by type +3 ")
        self.assertEqual(self.tshark.fields(path, "frame.number", display="cti.finding",
                                            options=options),
                         self.tshark.fields(path, "frame.number", display="cti.finding"))

    def test_inside_icmp(self):
        """A host that reports a packet as undeliverable quotes it: that is no message, and none of
        another protocol either, which would then get the connection."""
        for port in (42027, 5999):
            with self.subTest(port=port):
                self.check_inside_icmp(port)

    def check_inside_icmp(self, port):
        made = Capture()
        talk = conversation(made, server_port=port)
        talk.send(CLIENT, open_req(), at=1)
        quoted = made.records[-2][1][14:]
        icmp = struct.pack(">BBHI", 3, 1, 0, 0) + quoted
        icmp = icmp[:2] + struct.pack(">H", checksum(icmp)) + icmp[4:]
        server, client = talk.hosts[SERVER], talk.hosts[CLIENT]
        made.add(nanoseconds(2), ethernet(client.mac, server.mac, 0x0800, ipv4(
            address("10.0.0.1"), address("10.0.0.11"), icmp, protocol=1)))
        made.add(nanoseconds(3), ethernet(client.mac, server.mac, 0x0800, ipv4(
            address("10.0.0.1"), address("10.0.0.11"), b"\x08\0\xf7\xff" + bytes(4), protocol=1)))
        path = self.made(made, f"icmp-{port}.pcap")
        for passes in (1, 2):
            self.assertEqual(self.shown(path, passes=passes), [(3, "client", "1")])
        self.assertEqual(len(self.tshark.fields(path, "icmp.type", display="icmp && tcp")), 1)

    def test_server_decoded_as(self):
        """The server's port that the user names is the server's, whoever begins."""
        made = Capture()
        talk = Conversation(made, Host("10.0.0.11", 5998), Host("10.0.0.1", 5999))
        talk.segment(SERVER, 1, ACK | PSH, talk.sequence(SERVER, 0), heartbeat(1, True))
        talk.segment(CLIENT, 2, ACK | PSH, talk.sequence(CLIENT, 0), heartbeat(2))
        self.assertEqual([sender for _, sender, _ in self.shown(
            self.made(made), "-d", "tcp.port==5999,cti")], ["server", "client"])
