# SPDX-License-Identifier: GPL-2.0-or-later
"""Cases 1 to 20: repetition, order, holes."""
from ged188.pcap import ACK, FIN, PSH
from ged188.tcp import CLIENT, SERVER

from talk import SIZE, Talk, TalkTest, heartbeats


def hole(size, cause="acked", sender="server", skipped=0):
    return (sender, size, skipped, cause)


class Order(TalkTest):
    def again(self, *pieces, numbers=(1, 2, 3)):
        """A conversation whose server repeats pieces (start, size) of its heartbeats."""
        talk = Talk().open()
        base = len(talk.streams[SERVER])
        talk.beat(SERVER, numbers, 1)
        for step, (start, size) in enumerate(pieces):
            talk.repeat(SERVER, 2 + step, base + start, size)
        talk.beat(SERVER, [9], 20)
        return self.expect(talk, server=[*numbers, 9])

    def pieces(self, *pieces, numbers=(1, 2, 3, 4, 5, 6)):
        """A conversation whose server sends pieces (start, size) of its heartbeats."""
        talk = Talk().open()
        base = talk.append(SERVER, heartbeats(SERVER, numbers))
        for step, (start, size) in enumerate(pieces):
            talk.repeat(SERVER, 1 + step / 1000, base + start, size)
        talk.received[SERVER] = len(talk.streams[SERVER])
        talk.ack(CLIENT, 2)
        talk.beat(SERVER, [9], 3)
        return self.expect(talk, server=[*numbers, 9])

    def test_01_handshake_data_both_ways_fin_both_ways(self):
        talk = Talk().open().beat(CLIENT, [1], 1).beat(SERVER, [1], 1.001)
        talk.close(CLIENT, 2)
        result = self.expect(talk, server=[1], client=[1])
        connection = result.connections[0]
        self.assertEqual((connection["syn"], connection["close"]), ("full", "fin-by-client"))
        self.assertEqual(connection["packets"], len(talk.capture.records))
        self.assertEqual(connection["retransmissions"], 0)
        self.assertFalse(result.sessions[0]["began_before_capture"])

    def test_02_exact_retransmission(self):
        result = self.again((0, SIZE), (SIZE, SIZE))
        self.assertEqual(result.connections[0]["retransmissions"], 2)
        self.assertEqual(result.connections[0]["overlaps_differ"], 0)

    def test_03_retransmission_of_a_part(self):
        result = self.again((4, SIZE), (0, 30), (5, 20), (30, 6))
        self.assertEqual(result.connections[0]["retransmissions"], 4)

    def test_04_retransmission_longer_than_the_original(self):
        self.pieces((0, SIZE), (0, 30), (10, 6 * SIZE - 10))

    def test_05_overlap_with_other_bytes(self):
        for queued in (False, True):
            talk = Talk().open()
            base = talk.append(SERVER, heartbeats(SERVER, [1, 2, 3]))
            if not queued:
                talk.repeat(SERVER, 1, base, SIZE)
            talk.repeat(SERVER, 1.01, base + SIZE, SIZE)
            talk.overwrite(SERVER, 1.02, base + SIZE, b"X" * SIZE)
            talk.repeat(SERVER, 1.03, base, 3 * SIZE)
            result = self.expect(talk, server=[1, 2, 3])
            self.assertEqual(result.connections[0]["overlaps_differ"], 1)
            self.assertRegex(result.notes[0], r"overlap-differs\): 1, first frame \d+")

    def test_06_segment_covers_a_queued_one(self):
        self.pieces((30, 10), (24, 30), (0, 24), (54, 18))

    def test_07_segment_bridges_two_queued_ones(self):
        self.pieces((12, 10), (40, 10), (18, 30), (0, 12), (50, 22))

    def test_08_queued_range_sent_again(self):
        self.pieces((24, 12), (24, 12), (24, 12), (0, 24), (36, 36))

    def test_09_neighbours_swapped(self):
        result = self.pieces((12, 12), (0, 12), (36, 12), (24, 12), (48, 24))
        self.assertEqual(result.connections[0]["out_of_order"], 2)
        self.assertEqual(result.connections[0]["retransmissions"], 0)

    def test_10_late_by_five_and_twelve_in_reverse(self):
        late = Talk().open().beat(SERVER, range(8), 1, order=[1, 2, 3, 4, 5, 0, 6, 7])
        self.expect(late, server=range(8))
        reverse = Talk().open().beat(SERVER, range(12), 1, order=range(11, -1, -1))
        self.expect(reverse, server=range(12))

    def test_11_data_before_syn_ack(self):
        talk = Talk()
        talk.handshake(0)
        syn_ack = talk.capture.records[1]
        talk.beat(SERVER, [1], 0.5)
        talk.capture.records[1] = (talk.capture.records[-2][0] + 1000, syn_ack[1])
        result = self.expect(talk, server=[1])
        self.assertEqual(result.connections[0]["syn"], "full")

    def test_12_out_of_order_and_the_missing_one_twice(self):
        self.pieces((12, 12), (0, 12), (0, 12), (24, 48))

    def test_13_lost_and_acknowledged(self):
        talk = Talk().open().beat(SERVER, [1, 2, 3, 4], 1, lost=[1])
        self.expect(talk, server=[1, 3, 4], holes=[hole(SIZE)])

    def test_14_two_holes_in_one_direction(self):
        talk = Talk().open().beat(SERVER, range(6), 1, lost=[1, 4])
        self.expect(talk, server=[0, 2, 3, 5], holes=[hole(SIZE)] * 2)

    def test_15_hole_right_after_the_handshake(self):
        talk = Talk()
        talk.handshake(0)
        talk.beat(CLIENT, [1, 2], 1, lost=[0]).beat(SERVER, [2], 2)
        result = self.expect(talk, server=[2], client=[2], holes=[hole(SIZE, sender="client")])
        self.assertTrue(result.sessions[0]["began_before_capture"])
        self.assertEqual(result.faults(), [])

    def test_16_hole_before_fin(self):
        talk = Talk().open()
        talk.quiet(SERVER, [1, 2])
        talk.fin(SERVER, 1)
        result = self.expect(talk, holes=[hole(2 * SIZE)])
        self.assertEqual(result.connections[0]["close"], "fin-by-server")

    def test_17_hole_and_an_early_fin(self):
        talk = Talk().open()
        base = talk.quiet(SERVER, [1, 2, 3])
        talk.fin(SERVER, 1, ack=False)
        talk.repeat(SERVER, 1.001, base, SIZE)
        talk.ack(CLIENT, 2)
        self.expect(talk, server=[1], holes=[hole(2 * SIZE)])

    def test_18_fin_before_earlier_data(self):
        talk = Talk().open()
        base = talk.quiet(SERVER, [1, 2])
        talk.fin(SERVER, 1, ack=False)
        talk.repeat(SERVER, 1.001, base, 2 * SIZE)
        talk.ack(CLIENT, 1.002)
        result = self.expect(talk, server=[1, 2])
        self.assertEqual(result.sessions[0]["end"], "fin-by-server")

    def test_19_other_side_speaks_before_the_hole_is_filled(self):
        talk = Talk().open()
        base = talk.append(SERVER, heartbeats(SERVER, [1, 2, 3]))
        talk.repeat(SERVER, 1, base + SIZE, SIZE)
        for number in range(5):
            talk.beat(CLIENT, [number], 1.1 + number / 10, ack=False)
        talk.repeat(SERVER, 2, base, 3 * SIZE)
        self.expect(talk, server=[1, 2, 3], client=range(5))

    def test_20_one_direction_with_a_hole(self):
        """Nothing acknowledges: the end of the capture tells, or enough time."""
        for wait, cause in ((1, "capture-ended"), (299, "capture-ended"), (400, "time")):
            talk = Talk()
            talk.quiet(SERVER, [])
            talk.beat(SERVER, [1, 2, 3], 1, lost=[1], ack=False)
            talk.beat(SERVER, [4], 1 + wait, ack=False)
            result = self.expect(talk, server=[1, 3, 4], holes=[hole(SIZE, cause)])
            self.assertEqual(result.messages[1]["frame"], 2)

    def test_requests_whose_answers_are_in_a_hole_are_unknown(self):
        talk = Talk().open().beat(CLIENT, [1], 10)
        talk.quiet(SERVER, [1])
        talk.ack(CLIENT, 10.2)
        for number in (2, 3):
            talk.beat(CLIENT, [number], 10 * number).beat(SERVER, [number], 10 * number + 0.1)
        result = self.expect(talk, server=[2, 3], client=[1, 2, 3], holes=[hole(SIZE)])
        self.assertEqual(result.faults(), [])

    def test_open_conf_in_a_hole_is_no_finding(self):
        """The acknowledgment comes with the client's next message, or before it."""
        for delay in (None, 0.2):
            talk = Talk()
            talk.open()
            del talk.capture.records[-2:]
            if delay:
                talk.ack(CLIENT, delay)
            talk.beat(CLIENT, [1], 1)
            talk.beat(SERVER, [1], 1.001)
            result = self.decode(talk)
            self.assertEqual(result.faults(), [])

    def test_close_req_in_a_gap_is_not_a_loss(self):
        talk = Talk().open().beat(CLIENT, [1], 1).beat(SERVER, [1], 1.001)
        talk.quiet(CLIENT, [2])
        talk.segment(SERVER, 2, ACK | PSH, talk.sequence(SERVER, len(talk.streams[SERVER])))
        talk.segment(CLIENT, 2.1, ACK | FIN, talk.sequence(CLIENT, len(talk.streams[CLIENT])))
        talk.finished[CLIENT] = True
        talk.ack(SERVER, 2.2)
        talk.fin(SERVER, 2.3)
        result = self.expect(talk, server=[1], client=[1], holes=[hole(SIZE, sender="client")])
        self.assertEqual(result.faults(), [])
        self.assertNotIn("close-missing", [finding["rule"] for finding in result.findings])
