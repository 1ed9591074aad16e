# SPDX-License-Identifier: GPL-2.0-or-later
"""Statistics, credentials, followed streams and exported PDUs."""
import re

from base import PluginTest, conversation, heartbeat, open_conf, open_req, paths
from ged188.pcap import Capture
from ged188.tcp import CLIENT, SERVER, Conversation, Host
from tshark import options_for


class Statistics(PluginTest):
    def table(self, capture, statistic, *options, passes=2):
        two = ["-2"] if passes == 2 else []
        return self.tshark.run(*two, "-q", "-z", statistic, *options, capture=capture)

    def test_answer_times(self):
        text = self.table(paths.captures / "heartbeat-missed.pcap", "cti,srt", passes=1)
        rows = re.findall(r"^ +(\d+)  (\w+) +(\d+) +([\d.]+) +([\d.]+) +([\d.]+)", text, re.M)
        self.assertEqual(rows, [("3", "OPEN_REQ", "2", "0.015500", "0.015500", "0.015500"),
                                ("5", "HEARTBEAT_REQ", "6", "0.001700", "0.001700", "0.001700"),
                                ("7", "CLOSE_REQ", "1", "0.003500", "0.003500", "0.003500")])

    def counts(self, capture, *options):
        text = self.table(capture, "cti,tree", *options)
        return {name: int(number)
                for name, number in re.findall(r"^ ?(\S.*?)  +(\d+) ", text, re.M)}

    def test_counts(self):
        missed = self.counts(paths.captures / "heartbeat-missed.pcap")
        self.assertEqual(
            missed, {"Messages by type": 21, "HEARTBEAT_REQ": 9, "HEARTBEAT_CONF": 6,
                     "OPEN_REQ": 2, "OPEN_CONF": 2, "CLOSE_REQ": 1, "CLOSE_CONF": 1,
                     "Failures by status": 0, "Sessions by client": 2, "CTIOS1A": 2})
        rejected = self.counts(paths.captures / "open-rejected.pcap")
        self.assertEqual(rejected["Failures by status"], 3)
        self.assertEqual(rejected["E_CTI_INVALID_PASSWORD (36)"], 1)
        self.assertEqual(rejected["Sessions by client"], 4)
        self.assertEqual(rejected["(OPEN_REQ without ClientID)"], 1)
        failed = self.counts(paths.captures / "requests-failed.pcap")
        self.assertEqual(failed["Failures by status"], failed["CONTROL_FAILURE_CONF"] +
                         failed.get("FAILURE_CONF", 0) + failed.get("FAILURE_EVENT", 0))
        unknown = self.counts(paths.captures / "mid-session.pcap")
        self.assertEqual(unknown["(OPEN_REQ was not captured)"], 1)

    def test_repeated_messages_count_once(self):
        path = paths.captures / "retransmission.pcap"
        options = options_for(path)
        times = [item["cti.session"] for _, item in self.tshark.messages(path, *options)
                 if "cti.session" in item]
        self.assertLessEqual(self.counts(path, *options)["Messages by type"], len(times))

    def rows(self, text):
        """Those of the table of sessions."""
        return [tuple(cell.strip() for cell in line.split("|")[:-1])
                for line in text.splitlines() if re.match(r" +\d+ \|", line)]

    def sessions(self, capture, *options, passes=2):
        return self.rows(self.table(capture, "cti,sessions", *options, passes=passes))

    def test_sessions(self):
        path = paths.captures / "heartbeat-missed.pcap"
        expected = [("1", "CTIOS1A", "A", "24", "0.001000", "240.017000", "13", "7", "3",
                     "30.001700", "heartbeats-unanswered"),
                    ("2", "CTIOS1A", "B", "24", "240.319000", "60.021000", "8", "2", "0",
                     "30.000000", "closed-by-client")]
        for passes in (1, 2):
            self.assertEqual(self.sessions(path, passes=passes), expected)
        self.assertEqual(len(self.sessions(paths.captures / "open-storm.pcap")), 40)

    def test_sessions_with_a_filter(self):
        text = self.table(paths.captures / "heartbeat-missed.pcap",
                          "cti,sessions,cti.session == 2")
        self.assertEqual([row[0] for row in self.rows(text)], ["2"])
        self.assertIsNone(re.search(r"(?m)^CTI Sessions\n\n *\n", text), "an empty row")

    def test_session_that_the_capture_cuts(self):
        made = Capture()
        talk = conversation(made)
        talk.send(CLIENT, open_req(), at=1)
        talk.send(SERVER, open_conf(), at=2)
        path = self.made(made)
        self.assertEqual([row[-1] for row in self.sessions(path, passes=1)], ["open"])
        self.assertEqual([row[-1] for row in self.sessions(path)], ["still-open"])

    def test_credentials(self):
        path = paths.captures / "agent-desktop.pcap"
        self.assertRegex(self.table(path, "credentials"),
                         r"(?m)^4 +CTI +CTIOS1A +ClientPassword: <hidden, \d+ bytes>$")
        self.assertRegex(self.table(path, "credentials", "-o", "cti.hide_passwords:FALSE"),
                         r"(?m)^4 +CTI +CTIOS1A +ClientPassword: \w+$")


class Streams(PluginTest):
    def test_follow(self):
        """Only the bytes of messages, in the order in which they came."""
        made = Capture()
        talk = conversation(made)
        talk.send(CLIENT, open_req() + heartbeat(2), at=1, sizes=[30])
        talk.send(SERVER, open_conf(), at=2)
        text = self.tshark.run("-q", "-z", "follow,cti,raw,0", capture=self.made(made))
        lines = [line for line in text.splitlines() if re.fullmatch(r"\t?[0-9a-f]+", line)]
        self.assertEqual("".join(line for line in lines if line[0] != "\t"),
                         (open_req() + heartbeat(2)).hex())
        self.assertEqual("".join(line[1:] for line in lines if line[0] == "\t"),
                         open_conf().hex())

    def test_follow_by_addresses(self):
        for client, server in (("10.0.0.11", "10.0.0.1"), ("2001:db8::11", "2001:db8::1")):
            made = Capture()
            for number in range(2):
                talk = Conversation(made, Host(client, 50001 + number), Host(server, 42027))
                talk.handshake(number)
                talk.send(CLIENT, open_req(number), at=number + 0.1)
            ends = [f"[{host}]" if ":" in host else host for host in (client, server)]
            text = self.tshark.run("-q", "-z", f"follow,cti,raw,{ends[0]}:50002,{ends[1]}:42027",
                                   capture=self.made(made, f"{len(client)}.pcap"))
            self.assertEqual(re.findall(r"(?m)^[0-9a-f]+$", text), [open_req(1).hex()])

    def export(self, capture):
        """Messages that tshark -U CTI writes, read again: [(type, what links them)]"""
        exported = self.tshark.folder / f"exported-{capture.stem}.pcapng"
        self.addCleanup(exported.unlink)
        self.tshark.folder.chmod(0o777)
        self.tshark.run("-U", "CTI", "-w", str(exported), capture=capture)
        return [(item["cti.message_type"], "cti.response_to" in item, item["cti.sender"],
                 item["cti.session"]) for _, item in self.tshark.messages(exported)]

    def test_export(self):
        for name in ("agent-desktop", "other-port", "heartbeat-missed"):
            path = paths.captures / f"{name}.pcap"
            with self.subTest(capture=name):
                self.assertEqual(self.export(path), [
                    (item["cti.message_type"], "cti.response_to" in item, item["cti.sender"],
                     item["cti.session"]) for _, item in self.tshark.messages(path)])
