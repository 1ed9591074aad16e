# SPDX-License-Identifier: GPL-2.0-or-later
"""Cases 21 to 37: where connections begin and end, sequence numbers, life signs."""
from ged188.encode import encode
from ged188.pcap import ACK, FIN, PSH, RST, SYN, URG
from ged188.tcp import CLIENT, SERVER

from talk import SIZE, Talk, TalkTest, heartbeats


class Life(TalkTest):
    def ends(self, result):
        return [session["end"] for session in result.sessions]

    # ---- beginnings ----

    def test_21_no_syn_and_a_start_inside_a_message(self):
        talk = Talk()
        talk.send(SERVER, heartbeats(SERVER, [1, 2, 3])[7:], 1)
        talk.beat(CLIENT, [3], 2)
        result = self.expect(talk, server=[2, 3], client=[3],
                             holes=[("server", 0, 5, "framing")])
        self.assertTrue(result.sessions[0]["began_before_capture"])
        self.assertEqual(result.connections[0]["syn"], "none")
        self.assertEqual(result.faults(), [])

    def test_22_only_syn_ack(self):
        talk = Talk(server_port=9999)
        talk.segment(SERVER, 0, SYN | ACK, talk.initial[SERVER])
        talk.send(CLIENT, encode("OPEN_REQ", {"InvokeID": 1, "VersionNumber": 24,
                                              "IdleTimeout": 60, "ClientID": "test",
                                              "ClientPassword": ""}), 1)
        talk.beat(SERVER, [1], 2)
        result = self.expect(talk, server=[1])
        self.assertEqual(result.connections[0]["syn"], "server-only")
        self.assertEqual(result.connections[0]["client_address"], "10.0.0.11:50001")

    def test_23_fin_reset_or_ack_alone_make_no_session(self):
        for flags in (FIN | ACK, RST, RST | ACK, ACK, SYN):
            talk = Talk()
            talk.segment(CLIENT, 0, flags, 5000, acknowledgment=77)
            result = self.expect(talk, sessions=0)
            self.assertEqual(result.summary["other_connections"], 1)
            self.assertEqual(result.connections, [])

    def test_23_another_protocol_from_a_port_that_could_be_ctis(self):
        """Without SYN, a client's own port tells nothing; named by the user, it does."""
        talk = Talk(server_port=43267)
        for number, hole in enumerate((0, 0, 600, 700)):
            talk.segment(SERVER, number, ACK, 5000 + 1000 * number + hole, b"GET /" * 100)
        talk.segment(CLIENT, 6, ACK, 77, acknowledgment=9000)
        result = self.expect(talk, sessions=0)
        self.assertEqual(result.connections, [])
        self.assertEqual(result.summary["other_connections"], 1)
        result = self.decode(talk, "-d", "43267")
        self.assertEqual(len(result.connections), 1)
        self.assertNotEqual(result.holes(), [])

    def test_23_holes_before_the_first_message_are_one(self):
        talk = Talk()
        talk.segment(SERVER, 0, ACK, 5000, b"?" * 10)
        talk.segment(SERVER, 1, ACK, 5110, b"?" * 10)
        talk.segment(SERVER, 2, ACK, 5220, heartbeats(SERVER, [1]))
        talk.segment(CLIENT, 3, ACK, 77, acknowledgment=5220 + SIZE)
        self.expect(talk, server=[1], holes=[("server", 200, 20, "acked")])

    # ---- numbers ----

    def test_24_wrap(self):
        """At each byte around the wrap: inside a segment, between segments, and SYN itself."""
        for back in range(1, 100):
            talk = Talk(initial=(2 ** 32 - back, 2 ** 32 - back)).open()
            talk.beat(CLIENT, [1, 2, 3], 1).beat(SERVER, [1, 2, 3], 2)
            talk.close(SERVER, 3)
            result = self.expect(talk, server=[1, 2, 3], client=[1, 2, 3])
            self.assertEqual(result.connections[0]["close"], "fin-by-server")

    def test_25_wrap_out_of_order_and_in_a_hole(self):
        for back in range(20, 140, 5):
            talk = Talk(initial=(None, 2 ** 32 - back)).open()
            talk.beat(SERVER, range(8), 1, order=[3, 2, 1, 7, 5, 4, 6, 0])
            self.expect(talk, server=range(8))
            talk.beat(SERVER, range(10, 16), 2, lost=[0, 1, 2, 3])
            self.expect(talk, server=[*range(8), 14, 15],
                        holes=[("server", 4 * SIZE, 0, "acked")])

    def test_26_more_than_4_gib(self):
        """Six holes of 900,000,000 bytes, the numbers of whose ends wrap."""
        talk = Talk().open()
        size, shift = 900_000_000, 0
        for number in range(6):
            shift += size
            talk.segment(SERVER, number + 1, ACK | PSH,
                         talk.sequence(SERVER, len(talk.streams[SERVER]) + shift),
                         heartbeats(SERVER, [number]))
            talk.append(SERVER, bytes(SIZE))
            talk.segment(CLIENT, number + 1.1, ACK,
                         talk.sequence(CLIENT, len(talk.streams[CLIENT])),
                         acknowledgment=talk.sequence(SERVER, len(talk.streams[SERVER]) + shift))
        self.expect(talk, server=range(6), holes=[("server", size, 0, "acked")] * 6)

    # ---- the same endpoints again ----

    def again(self, first, initial, second_at=100, late=None):
        """A second conversation of the same endpoints behind a first one; late: a copy of the
        first SYN in it."""
        second = Talk(capture=first.capture, initial=initial).open(second_at)
        second.beat(CLIENT, [2], second_at + 1)
        if late is not None:
            second.segment(CLIENT, late, SYN, first.initial[CLIENT])
        second.beat(CLIENT, [3], second_at + 3).beat(SERVER, [3], second_at + 4)
        result = self.expect(second, server=[1, 3], client=[1, 2, 3], sessions=2)
        self.assertEqual(result.beats(CLIENT, 2), [2, 3])
        self.assertEqual([connection["syn"] for connection in result.connections], ["full"] * 2)
        return result

    def first(self):
        return Talk(initial=(1000, 5000)).open().beat(CLIENT, [1], 1).beat(SERVER, [1], 2)

    INITIALS = ((3000, 9000), (2 ** 31, 2 ** 31), (2 ** 32 - 5, 4), (2 ** 30, 900))

    def test_27_same_endpoints_again(self):
        for initial in self.INITIALS:
            for late in (None, 102):
                closed = self.first()
                closed.close(CLIENT, 3)
                result = self.again(closed, initial, late=late)
                self.assertEqual(self.ends(result)[0], "fin-by-client")
                reset = self.first()
                reset.reset(SERVER, 3)
                result = self.again(reset, initial, late=late)
                self.assertEqual(self.ends(result)[0], "reset-by-server")
                result = self.again(self.first(), initial, late=late)
                self.assertEqual(self.ends(result)[0], "superseded")
                self.assertEqual(result.connections[0]["last"][11:19], "10:00:02")

    def test_27_again_with_only_the_client_captured(self):
        first = self.first()
        second = Talk(capture=first.capture, initial=(3000, 9000))
        second.segment(CLIENT, 100, SYN, 3000)
        second.ack(CLIENT, 100.1)
        second.beat(CLIENT, [2], 101, ack=False)
        self.expect(second, server=[1], client=[1, 2], sessions=2)

    def test_27_a_refused_syn_is_sent_again(self):
        """As Windows does: it is one attempt, and this one succeeds."""
        talk = Talk()
        for at in (0, 0.5):
            talk.segment(CLIENT, at, SYN, talk.initial[CLIENT])
            talk.segment(SERVER, at + 0.1, RST | ACK, 0,
                         acknowledgment=talk.initial[CLIENT] + 1)
        talk.open(1).beat(SERVER, [1], 2).beat(CLIENT, [1], 3)
        result = self.expect(talk, server=[1], client=[1])
        self.assertEqual(result.connections[0]["syn"], "full")
        self.assertEqual(result.connections[0]["first"][11:19], "10:00:00")
        self.assertEqual(result.connections[0]["close"], "capture-ended")
        self.assertEqual(result.summary["other_connections"], 0)
        self.assertEqual(result.summary["failed_attempts"], 0)

    def test_28_syn_inside_the_connection(self):
        talk = Talk()
        talk.segment(CLIENT, 0, SYN, talk.initial[CLIENT])
        talk.open(0.5).beat(SERVER, [1], 1)
        for step, shift in enumerate((0, 1, 30, 100000, 2 ** 31, -5000)):
            talk.segment(CLIENT, 2 + step, SYN, talk.initial[CLIENT] + shift)
            talk.ack(SERVER, 2.1 + step)  # a challenge
        talk.beat(CLIENT, [1], 10).beat(SERVER, [2], 11)
        talk.reset(CLIENT, 12)
        talk.segment(CLIENT, 13, SYN, talk.initial[CLIENT])
        result = self.expect(talk, server=[1, 2], client=[1])
        self.assertEqual(self.ends(result), ["reset-by-client"])
        self.assertEqual(len(result.connections), 1)

    def test_29_several_syn_acks(self):
        talk = Talk()
        talk.segment(CLIENT, 0, SYN, talk.initial[CLIENT])
        for step, shift in enumerate((0, 0, -7777, 99999, 0)):  # the last one is meant
            talk.segment(SERVER, 0.1 + step, SYN | ACK, talk.initial[SERVER] + shift)
        talk.ack(CLIENT, 6)
        talk.segment(SERVER, 7, SYN | ACK, talk.initial[SERVER])
        talk.segment(SERVER, 7.1, SYN | ACK, talk.initial[SERVER] + 50000)
        self.expect(talk.beat(SERVER, [1, 2], 8), server=[1, 2])

    def test_30_simultaneous_open(self):
        talk = Talk()
        talk.segment(CLIENT, 0, SYN, talk.initial[CLIENT])
        talk.segment(SERVER, 0.001, SYN, talk.initial[SERVER])
        talk.segment(CLIENT, 0.002, SYN | ACK, talk.initial[CLIENT])
        talk.segment(SERVER, 0.003, SYN | ACK, talk.initial[SERVER])
        talk.beat(CLIENT, [1], 1).beat(SERVER, [1], 2)
        result = self.expect(talk, server=[1], client=[1])
        self.assertEqual(result.connections[0]["client_address"], "10.0.0.11:50001")

    # ---- ends ----

    def test_31_reset_with_a_wrong_number(self):
        talk = Talk().open()
        next_byte = talk.sequence(SERVER, len(talk.streams[SERVER]))
        for step, shift in enumerate((-2000000, -30, 2 ** 30, 2 ** 31)):
            talk.segment(SERVER, 1 + step, RST, next_byte + shift)
        talk.beat(SERVER, [1], 6)
        self.assertEqual(self.ends(self.expect(talk, server=[1])), ["capture-ended"])

    def test_32_reset_before_all_data_is_acknowledged(self):
        talk = Talk().open()
        talk.quiet(SERVER, [1])
        talk.beat(SERVER, [2], 1, ack=False)
        talk.segment(CLIENT, 2, RST, talk.sequence(CLIENT, len(talk.streams[CLIENT])))
        result = self.expect(talk, server=[2], holes=[("server", SIZE, 0, "closed")])
        self.assertEqual(self.ends(result), ["reset-by-client"])

    def test_33_data_after_reset_and_reset_with_payload(self):
        talk = Talk().open()
        talk.segment(SERVER, 1, RST | ACK, talk.sequence(SERVER, len(talk.streams[SERVER])),
                     heartbeats(SERVER, [7]))
        talk.beat(SERVER, [8], 2).beat(CLIENT, [8], 3)
        self.assertEqual(self.ends(self.expect(talk)), ["reset-by-server"])

    def test_34_fin(self):
        """Repeated; with data; with RST at once; with another number."""
        for flags in (FIN | ACK, FIN | ACK | PSH, FIN | RST | ACK):
            talk = Talk().open()
            start = talk.append(SERVER, heartbeats(SERVER, [1]))
            number = talk.sequence(SERVER, start)
            for step in range(3):
                talk.segment(SERVER, 1 + step, flags, number,
                             b"" if flags & RST else heartbeats(SERVER, [1]))
            talk.segment(SERVER, 5, FIN | ACK, number + 500)
            talk.segment(SERVER, 6, ACK, number + SIZE + 1, heartbeats(SERVER, [2]))
            result = self.expect(talk, server=[] if flags & RST else [1])
            self.assertEqual(self.ends(result),
                             ["reset-by-server" if flags & RST else "fin-by-server"])

    # ---- life signs ----

    def test_35_keep_alives_and_probes(self):
        talk = Talk().open().beat(SERVER, [1], 1)
        for step in range(3):
            talk.keep_alive(CLIENT, 10 + step)
            talk.keep_alive(SERVER, 20 + step, size=1)
        talk.segment(CLIENT, 30, ACK, talk.sequence(CLIENT, len(talk.streams[CLIENT])), window=0)
        start = talk.append(SERVER, heartbeats(SERVER, [2, 3]))
        for step in range(3):
            talk.repeat(SERVER, 31 + step, start, 1)
            talk.segment(CLIENT, 31.1 + step, ACK,
                         talk.sequence(CLIENT, len(talk.streams[CLIENT])), window=0)
        talk.repeat(SERVER, 40, start, 2 * SIZE)
        talk.keep_alive(CLIENT, 100)
        result = self.expect(talk, server=[1, 2, 3])
        connection = result.connections[0]
        # Two of the probes come again: they look like keep-alives.
        self.assertEqual((connection["keep_alives"], connection["zero_windows"]), (9, 4))
        self.assertEqual(connection["last"][11:19], "10:01:40")

    def test_36_data_in_syn(self):
        talk = Talk()
        request = encode("OPEN_REQ", {"InvokeID": 1, "VersionNumber": 24, "IdleTimeout": 60,
                                      "ClientID": "test", "ClientPassword": ""})
        start = talk.append(CLIENT, request)
        talk.segment(CLIENT, 0, SYN, talk.initial[CLIENT], request)
        talk.segment(SERVER, 0.1, SYN | ACK, talk.initial[SERVER],
                     acknowledgment=talk.initial[CLIENT] + 1 + len(request))
        talk.ack(CLIENT, 0.2)
        talk.repeat(CLIENT, 0.3, start, len(request))
        talk.received[CLIENT] = len(request)
        result = self.expect(talk.beat(SERVER, [1], 1), server=[1])
        self.assertEqual(result.messages[0]["name"], "OPEN_REQ")
        self.assertEqual(result.messages[0]["frame"], 1)

    def test_37_urgent_pointer(self):
        """Urgent bytes are bytes of the stream."""
        talk = Talk().open()
        start = talk.append(SERVER, heartbeats(SERVER, [1, 2]))
        talk.segment(SERVER, 1, ACK | URG, talk.sequence(SERVER, start),
                     heartbeats(SERVER, [1, 2]), urgent=5)
        self.expect(talk, server=[1, 2])
