# SPDX-License-Identifier: GPL-2.0-or-later
"""What is shown: Info column, fields, expert infos."""
import re

from base import PluginTest, conversation, heartbeat, open_conf, open_req, paths
from ged188.encode import Tagged, encode, header
from ged188.pcap import ACK, FIN, PSH, RST, SYN, Capture
from ged188.tcp import CLIENT, SERVER, Conversation, Host


class Shown(PluginTest):
    def test_info_column(self):
        info = self.info(paths.captures / "agent-desktop.pcap")
        self.assertRegex(info[4], r"^OPEN_REQ CTIOS1A VersionNumber=24 .*inv=1$")
        self.assertEqual(info[22], "HEARTBEAT_REQ inv=4")
        self.assertRegex(info[12], r"^AGENT_STATE_EVENT 1001 AGENT_STATE_LOGIN ")
        self.assertRegex(info[30], r"^BEGIN_CALL_EVENT [^,]*, CALL_DELIVERED_EVENT ")
        self.assertTrue(any(text.startswith("FAILURE_CONF E_CTI_INVALID_PASSWORD")
                            for text in self.info(paths.captures / "open-rejected.pcap").values()))

    def test_passwords(self):
        path = paths.captures / "agent-desktop.pcap"
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

    def test_text_of_unknown_tags(self):
        made = Capture()
        talk = conversation(made)
        talk.send(SERVER, encode("SYSTEM_EVENT", [Tagged(999, b"SEP0001\0"), Tagged(998, b"abc")],
                                 24), at=1)
        path = self.made(made)
        self.assertEqual(self.tshark.fields(path, "cti.float.unknown.text", "cti.float.unknown",
                                            display='cti.float.unknown.text == "SEP0001"'),
                         [[["SEP0001"], [b"SEP0001\0".hex(), b"abc".hex()]]])

    def test_records_of_lists(self):
        path = paths.captures / "desktop-server.pcap"
        lines = [line for line in self.tshark.run(
            "-V", "-Y", "cti.message_type == CONFIG_AGENT_EVENT", capture=path).splitlines()
                 if line.strip().startswith(("Records[", "Skills[", "LoginID", "FltSkillGroupN"))]
        self.assertEqual(lines, [
            "    Records[0]", "        LoginID: 1000",
            "    Records[1]", "        LoginID: 1001",
            "        Skills[0]", "            FltSkillGroupNumber: 101",
            "        Skills[1]", "            FltSkillGroupNumber: 102",
            "    Records[2]", "        LoginID: 1002",
            "        Skills[0]", "            FltSkillGroupNumber: 102"])

    def test_network_recording_by_its_length(self):
        made = Capture()
        talk = conversation(made)
        talk.send(CLIENT, open_req(), at=0.1)
        talk.send(SERVER, open_conf(), at=0.2)
        talk.send(CLIENT, header(14, 267) + bytes(3) + b"\7" + bytes(10), at=1)
        talk.send(SERVER, header(4, 268) + bytes(3) + b"\7", at=1.5)
        path = self.made(made)
        self.assertEqual([text.split()[0] for text in self.info(path).values() if "NETWORK" in text],
                         ["START_NETWORK_RECORDING_REQ", "START_NETWORK_RECORDING_CONF"])
        self.assertRegex(self.tshark.run("-V", "-Y", "cti.message_type == 268", capture=path),
                         r"MessageType: START_NETWORK_RECORDING_CONF \(268\)")
        self.assertEqual(self.tshark.fields(path, "cti.response_time", display="cti.response_to"
                                            " && cti.message_type == 268"),
                         [[["0.500000000"]]])

    def test_older_names_of_values(self):
        for version, name in ((20, "E_CTI_INVALID_MESSAGE_TYPE"),
                              (24, "E_CTI_INVALID_MESSAGE_LENGTH")):
            made = Capture()
            talk = conversation(made)
            talk.send(CLIENT, open_req(VersionNumber=version), at=0.1)
            talk.send(SERVER, encode("FAILURE_CONF", {"InvokeID": 1, "Status": 2}, version), at=0.2)
            shown = self.tshark.run("-V", "-Y", "cti.failure",
                                    capture=self.made(made, f"version-{version}.pcap"))
            self.assertIn(f"Status: {name} (2): ", shown)
            self.assertIn(f"FAILURE_CONF to OPEN_REQ: {name} (2): ", shown)

    def test_names_in_filters(self):
        path = paths.captures / "heartbeat-missed.pcap"
        for display in ("cti.message_type == HEARTBEAT_REQ", 'cti.message_type == "HEARTBEAT_REQ"'):
            self.assertTrue(self.tshark.fields(path, "frame.number", display=display))
        rows = self.tshark.fields(paths.captures / "agent-desktop.pcap", "cti.agent_id",
                                  display='cti.agent_id == "1001" && '
                                          "cti.agent_state == AGENT_STATE_TALKING")
        self.assertTrue(rows)

    def test_session_fields(self):
        path = paths.captures / "heartbeat-missed.pcap"
        sides = {pair for row in self.tshark.fields(
            path, "cti.session", "cti.session.side", display='cti.session.client_id == "CTIOS1A"')
                 for pair in zip(*row)}
        self.assertEqual(sides, {("1", "A"), ("2", "B")})
        self.assertEqual({row[0][0] for row in self.tshark.fields(
            path, "frame.number", display='cti.session.state == "lost"')}, {"30"})

    def test_subscription(self):
        """Whose events a session gets, and which, on each of its messages."""
        made = Capture()
        talk = conversation(made)
        talk.send(CLIENT, open_req(PeripheralID=5000, ServicesRequested=5,
                                   CallMsgMask="CALL_HELD_MASK|CALL_CLEARED_MASK",
                                   AgentStateMask=0x3FFF, ConfigMsgMask=1), at=1)
        talk.send(SERVER, open_conf(), at=1.1)
        talk.send(CLIENT, heartbeat(2), at=2)
        for passes in (1, 2):
            rows = self.tshark.fields(self.made(made), "cti.session.events_of",
                                      "cti.session.call_events", "cti.session.agent_states",
                                      "cti.session.config_events", display="cti", passes=passes)
            self.assertEqual(rows, [[["the agent's phone on peripheral 5000"],
                                     ["CALL_HELD, CALL_CLEARED"], ["all"],
                                     ["SERVICE or AGENT"]]] * 3)
        rows = self.tshark.fields(self.made(made), "frame.number",
                                  display='cti.session.call_events contains "CALL_HELD"')
        self.assertEqual(len(rows), 3)
        made = Capture()
        conversation(made).send(CLIENT, heartbeat(2), at=2)
        self.assertEqual(self.tshark.fields(self.made(made, "mid.pcap"), "frame.number",
                                            display="cti.session.call_events"), [])

    def test_none_and_off(self):
        made = Capture()
        conversation(made).send(CLIENT, open_req(PeripheralID=0xFFFFFFFF,
                                                 IdleTimeout=0x7FFFFFFF), at=1)
        text = self.tshark.run("-V", capture=self.made(made))
        self.assertIn("PeripheralID: 4294967295 (none)", text)
        self.assertIn("IdleTimeout: 2147483647 s (off)", text)
        self.assertIn("IdleTimeout=off", text)

    def test_session_type(self):
        """Standby until STANDBY_ACTIVE_EVENT, which is on frame 47."""
        path = paths.captures / "maintenance.pcap"
        types = {int(frame): kind for row in self.tshark.fields(
            path, "frame.number", "cti.session.type", display="cti.session == 2")
                 for frame, kind in zip(row[0], row[1] or [None])}
        self.assertEqual({kind for frame, kind in types.items() if 15 <= frame < 47}, {"standby"})
        self.assertEqual({kind for frame, kind in types.items() if frame >= 47}, {"active"})

    def test_heartbeats(self):
        path = paths.captures / "heartbeat-gap.pcap"
        gaps = [float(row[0][0]) for row in self.tshark.fields(
            path, "cti.heartbeat.gap", display="cti.heartbeat.gap > 70")]
        self.assertTrue(any(abs(gap - 75) < 1 for gap in gaps))
        self.assertTrue(any(abs(gap - 110) < 1 for gap in gaps))
        self.assertEqual(len(self.tshark.fields(path, "frame.number",
                                                display="cti.idle_share > 75")), 1)
        missed = self.tshark.fields(paths.captures / "heartbeat-missed.pcap", "frame.number",
                                    "cti.heartbeat.missed", display="cti.heartbeat.missed")
        self.assertEqual(missed, [[["26"], ["1"]], [["28"], ["2"]]])
        late = self.tshark.fields(paths.captures / "heartbeat-late.pcap", "cti.message_type",
                                  "cti.heartbeat.missed", display="cti.heartbeat.missed")
        self.assertIn([["6"], ["2"]], late)

    def across(self, path, rule, passes=2):
        return self.tshark.fields(path, "frame.number", "cti.session", "cti.finding.frame",
                                  "_ws.expert.message", display=f"cti.rule.{rule}", passes=passes)

    def test_findings_over_sessions(self):
        """They stand on the last frame that they name, once the whole file was read."""
        path = paths.captures / "heartbeat-missed.pcap"
        (frame, sessions, frames, texts), = self.across(path, "failover")
        self.assertEqual((frame[0], frames[-1]), ("36", "36"))
        self.assertEqual(set(sessions), {"2"})
        self.assertTrue(any(text.startswith("No session for 120.318 s: lost on side A "
                                            "(heartbeats-unanswered)") for text in texts))
        self.assertEqual(self.across(path, "failover", passes=1), [])
        (frame, sessions, frames, texts), = self.across(paths.captures / "open-storm.pcap",
                                                        "open_storm")
        self.assertEqual(frame[0], frames[-1])
        self.assertTrue(any(re.search(r"sent \d+ OPEN_REQ to side [AB] in \d", text)
                            for text in texts))

    def test_findings_without_session(self):
        """Connections that are refused have no data, and CTI has no other place in this file."""
        made = Capture()
        for number, server in enumerate((42027, 42027, 42027, 43027)):
            talk = Conversation(made, Host("10.0.3.1", 50001 + number), Host("10.0.0.1", server))
            talk.segment(CLIENT, 2 * number, SYN, 1)
            talk.segment(SERVER, 2 * number + 0.001, RST | ACK, 0, acknowledgment=2)
        path = self.made(made)
        (frame, sessions, frames, texts), = self.across(path, "sides")
        self.assertEqual((frame, sessions, frames), (["5"], [], ["1", "5"]))
        self.assertTrue(texts[-1].startswith("3 consecutive connection attempts to side A "))
        (frame, sessions, _, texts), = self.across(path, "failover")
        self.assertEqual((frame, sessions), (["1"], []))
        self.assertEqual(texts[-1], "No session for 6.001 s: 4 attempts failed (4 connection "
                         "refused).")
        self.assertEqual(self.across(path, "sides", passes=1), [])
        others = Capture()
        for time, frame in made.records:
            others.add(time, frame.replace(b"\xa4\x2b", b"\x20\x2b")
                       .replace(b"\xa8\x13", b"\x20\x13"))
        self.assertEqual(self.tshark.fields(self.made(others, "others.pcap"), "frame.number",
                                            display="cti", passes=2), [])

    def test_findings(self):
        """One expert info for each, whatever its severity, on the first pass too."""
        for name, rule, count in (("heartbeat-missed", "heartbeat_missed", 1),
                                  ("close-missing", "close_missing", 1),
                                  ("idle-timeout", "idle", None),
                                  ("open-rejected", "open_rejected", 3),
                                  ("open-no-answer", "open_no_answer", None)):
            for passes in (1, 2):
                rows = self.tshark.fields(paths.captures / f"{name}.pcap", "frame.number",
                                          "cti.finding.frame", display=f"cti.rule.{rule}",
                                          passes=passes)
                with self.subTest(capture=name, rule=rule, passes=passes):
                    self.assertTrue(rows)
                    if count is not None:
                        self.assertEqual(len(rows), count)

    def test_findings_on_their_frame(self):
        """What is found later stands on a frame that it names once that is dissected again; on a
        single pass it stands where it was found."""
        for name in ("heartbeat-missed", "heartbeat-late", "nagle", "close-missing"):
            path = paths.captures / f"{name}.pcap"
            for passes in (1, 2):
                rows = self.tshark.fields(path, "frame.number", "cti.finding", "cti.finding.frame",
                                          display="cti.finding", passes=passes)
                with self.subTest(capture=name, passes=passes):
                    found = [text for _, texts, _ in rows for text in texts]
                    self.assertEqual(len(found), len(set(found)))
                    if passes == 2:
                        for frame, _, named in rows:
                            self.assertIn(frame[0], named)
        row, = self.tshark.fields(paths.captures / "heartbeat-missed.pcap", "frame.number",
                                  display="cti.rule.heartbeat_missed", passes=1)
        self.assertEqual(row, [["30"]])
        row, = self.tshark.fields(paths.captures / "heartbeat-missed.pcap", "frame.number",
                                  display="cti.rule.heartbeat_missed", passes=2)
        self.assertEqual(row, [["28"]])

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
        rows = self.tshark.fields(paths.captures / "open-rejected.pcap", "_ws.expert.message",
                                  display="cti.failure")
        texts = [text for row in rows for text in row[0]]
        self.assertTrue(any(re.match(r"FAILURE_CONF to OPEN_REQ: E_CTI_INVALID_VERSION \(1\): \w",
                                     text) for text in texts))

    def test_find_a_call(self):
        path = paths.captures / "agent-desktop.pcap"
        call = self.tshark.fields(path, "cti.call_id", display="cti.call_id")[0][0][0]
        types = {kind for row in self.tshark.fields(path, "cti.message_type",
                                                    display=f"cti.call_id == {call}")
                 for kind in row[0]}
        self.assertGreater(len(types), 5)

    def test_version(self):
        for version in (13, 17, 19, 20, 24, 25):
            rows = self.tshark.fields(paths.captures / f"version-{version}.pcap", "cti.version",
                                      "cti.version.inferred", display="cti.message_type")
            self.assertEqual({row[0][0] for row in rows}, {str(version)})
            self.assertIn({row[1][0] for row in rows}, ({"0"}, {"False"}))

    def test_version_inferred(self):
        path = paths.captures / "mid-session-19.pcap"
        versions = [(item.get("cti.version"), item.get("cti.version.inferred"))
                    for _, item in self.tshark.messages(path)]
        self.assertEqual(versions[-1], ("19", "1"))
        self.assertEqual(len(self.tshark.fields(path, "frame.number",
                                                display="cti.version_not_seen")), 1)

    def test_version_by_hand(self):
        path = paths.captures / "mid-session-19.pcap"
        options = ("-o", "cti.version:13")
        versions = {item["cti.version"] for _, item in self.tshark.messages(path, *options)}
        self.assertEqual(versions, {"13"})

    def test_unanswered(self):
        """Known in the second pass, of heartbeats and of other requests."""
        for name, frames in (("heartbeat-missed", [24, 26, 28]), ("requests-failed", None)):
            for display in ("cti.unanswered == True", "cti.request_unanswered"):
                rows = self.tshark.fields(paths.captures / f"{name}.pcap", "frame.number",
                                          display=display)
                with self.subTest(capture=name, display=display):
                    self.assertTrue(rows)
                    if frames is not None:
                        self.assertEqual([int(row[0][0]) for row in rows], frames)
        self.assertEqual(self.tshark.fields(paths.captures / "agent-desktop.pcap",
                                            "frame.number", display="cti.unanswered"), [])

    def test_end_of_a_session(self):
        """The Info column of TCP's end says how the session ended, in both passes."""
        path = paths.captures / "heartbeat-missed.pcap"
        for passes in ([], ["-2"]):
            text = self.tshark.run(*passes, capture=path)
            self.assertRegex(text, r"(?m)^ +30 .* TCP 54 \[CTI session 1 lost: "
                                   r"heartbeats-unanswered\] 50001 .*\[RST, ACK\]")
            self.assertRegex(text, r"(?m)^ +50 .* TCP 54 \[CTI session 2 closed: "
                                   r"closed-by-client\] ")
            if self.tshark.series == "4.2":
                continue  # there the column's field cannot be set any more
            info = self.info(path, passes=len(passes) + 1, display="tcp")
            self.assertRegex(info[30], r"^\[CTI session 1 lost: heartbeats-unanswered\] 50001 ")
        self.assertEqual(self.tshark.fields(path, "frame.number", "cti.session.verdict",
                                            display="cti.session.verdict"),
                         [[["30"], ["heartbeats-unanswered"]], [["50"], ["closed-by-client"]]])
        self.assertRegex(self.tshark.run(capture=paths.captures / "maintenance.pcap"),
                         r"(?m)^ +51 .* TCP 54 \[CTI session 1 ended: maintenance\] ")
        self.assertRegex(self.tshark.run(capture=paths.captures / "close-missing.pcap"),
                         r"(?m) TCP 54 \[CTI session 1 lost\] ")

    def test_end_of_a_session_behind_messages(self):
        made = Capture()
        talk = conversation(made)
        talk.send(CLIENT, open_req(), at=1)
        talk.send(SERVER, open_conf(), at=2)
        talk.segment(CLIENT, 3, FIN | ACK | PSH, talk.sequence(CLIENT, len(open_req())), heartbeat(2))
        text = self.tshark.run(capture=self.made(made))
        self.assertRegex(text, r"(?m) HEARTBEAT_REQ inv=2 \[CTI session 1 lost\]$")

    def test_flow_graph(self):
        self.assertIn("HEARTBEAT_REQ", self.tshark.run(
            "-q", "-z", "flow,any,network", capture=paths.captures / "heartbeat-missed.pcap"))
