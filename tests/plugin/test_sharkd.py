# SPDX-License-Identifier: GPL-2.0-or-later
"""In sharkd, which works as the GUI does: one process opens captures one after the other, and asks
for packets in any order and for statistics again and again."""
from base import PluginTest, conversation, open_conf, open_req, paths
from ged188.pcap import Capture
from ged188.tcp import CLIENT, SERVER


class Sharkd(PluginTest):
    SESSIONS = ("tap", {"tap0": "nstat:cti,sessions"})

    def load(self, capture):
        return "load", {"file": str(self.tshark.copy(capture))}

    def rows(self, result):
        return result["taps"][0]["tables"][0]["i"]

    def test_captures_one_after_the_other(self):
        """Nothing of one capture is left in the next; the same one again is the same."""
        names = ("heartbeat-missed", "open-storm", "not-cti", "heartbeat-missed")
        requests = []
        for name in names:
            requests += [self.load(paths.captures / f"{name}.pcap"), self.SESSIONS, self.SESSIONS]
        results = self.tshark.sharkd(*requests)
        first, second, third, fourth = ([self.rows(result) for result in results[i + 1:i + 3]]
                                        for i in range(0, len(results), 3))
        self.assertEqual([row[:4] + row[-1:] for row in first[0]],
                         [[1, "CTIOS1A", "A", 24, "heartbeats-unanswered"],
                          [2, "CTIOS1A", "B", 24, "closed-by-client"]])
        self.assertEqual([row[0] for row in second[0]], list(range(1, 41)))
        self.assertEqual(third, [[], []])
        self.assertEqual(fourth, first)
        for asked_twice in (first, second):
            self.assertEqual(*asked_twice)

    def test_other_statistics(self):
        _, result = self.tshark.sharkd(self.load(paths.captures / "open-rejected.pcap"),
                                       ("tap", {"tap0": "stat:cti", "tap1": "srt:cti"}))
        found = {tap["tap"].partition(":")[0]: tap for tap in result["taps"]}
        counts, times = found["stats"], found["srt"]
        self.assertEqual({row["name"]: row["count"] for row in counts["stats"]},
                         {"Messages by type": 14, "Failures by status": 3,
                          "Sessions by client": 4})
        self.assertEqual(times["tables"][0]["f"], "cti.message_type")
        self.assertEqual([(row["n"], row["idx"]) for row in times["tables"][0]["r"]],
                         [("OPEN_REQ", 3), ("HEARTBEAT_REQ", 5), ("CLOSE_REQ", 7)])

    def test_what_can_be_followed(self):
        """CTI's packets by the number of TCP's stream; others not by CTI."""
        made = Capture()
        for number in range(2):
            talk = conversation(made, client_port=50001 + number, begin=number)
            talk.send(CLIENT, open_req(), at=number + 0.1)
            talk.send(SERVER, open_conf(), at=number + 0.2)
        path = self.made(made)
        first, last = (list(self.tshark.frames(path))[i][0] for i in (0, -1))
        _, syn, one, other = self.tshark.sharkd(
            self.load(path), *(("frame", {"frame": frame}) for frame in (1, first, last)))
        self.assertNotIn("CTI", [name for name, _ in syn["fol"]])
        self.assertIn(["CTI", "tcp.stream == 0"], one["fol"])
        self.assertIn(["CTI", "tcp.stream == 1"], other["fol"])

    def test_packets_backwards(self):
        """Each packet's tree as tshark has it on its second pass, the last one first."""
        path = paths.captures / "heartbeat-missed.pcap"
        frames = [frame for frame, _ in self.tshark.frames(path)]
        results = self.tshark.sharkd(
            self.load(path), *(("frame", {"frame": frame, "proto": True})
                               for frame in reversed(frames)))

        def shown(nodes):
            for node in nodes:
                if node.get("f", "").startswith("cti"):
                    yield node["l"]
                yield from shown(node.get("n", []))

        text = self.tshark.run("-2", "-V", "-Y", "cti", capture=path)
        lines = [line.strip(" []") for line in text.splitlines()]
        for frame, result in zip(reversed(frames), results[1:]):
            labels = list(shown(result["tree"]))
            self.assertTrue(labels)
            for label in labels:
                self.assertIn(label.strip(" []"), lines, frame)
