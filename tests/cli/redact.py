#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What must not be shown: personal values with --redact, passwords always.  Every text field of
every message carries a value of its own; no format may show one of them, as text or in
hexadecimal, and the same value must have the same token.

    redact.py CTIDUMP CAPTURES
"""
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from ged188 import facts  # noqa: E402
from ged188.encode import Tagged, encode, encode_unpublished  # noqa: E402
from ged188.pcap import Capture  # noqa: E402
from ged188.tcp import CLIENT, SERVER, Conversation, Host  # noqa: E402

VERSION = 24
FORMATS = (["report"], ["timeline"], ["messages"], ["messages", "-x"], ["json"], ["html"],
           ["ctisvr"], *(["csv", "--table", table] for table in
                         ("sessions", "messages", "heartbeats", "requests", "findings", "answers")))
SECRETS = ("ClientPassword", "AgentPassword")
# Text that names nobody: kinds of lines and phones, and numbers that systems give.
SHOWN = ("ANI_II", "TerminalTypeName", "ProtocolReferenceGUID", "CcaiConfigId")
NUMBERS = ("ICMAgentID", "AgentSkillTargetID", "CustomerID", "SupervisorID")
CLIENT_ADDRESS, SERVER_ADDRESS = "10.77.88.99", "10.66.55.44"


class Values:
    """Makes values that stand nowhere else, and remembers them."""

    def __init__(self):
        self.personal, self.secret, self.count = [], [], 0

    def text(self, most, kept):
        self.count += 1
        value = f"z{self.count:04d}q"[-most:] if most else f"z{self.count:04d}q"
        if len(value) == 6:
            kept.append(value)
        return value

    def number(self):
        self.count += 1
        self.personal.append(str(7340000 + self.count))
        return 7340000 + self.count

    def of(self, field):
        """A value for the field, or None for one that is no text."""
        most = max(field.max_size - 1, 0)
        if field.name in SECRETS:
            return self.text(most, self.secret)
        if field.name in SHOWN:
            return "0"
        if field.type == "NAMEDVAR":
            return "user." + self.text(0, self.personal), self.text(0, self.personal)
        if field.type == "NAMEDARRAY":
            return 3, "user." + self.text(0, self.personal), self.text(0, self.personal)
        if field.type == "STRING":
            return self.text(most, self.personal)
        if field.type == "UNSPEC" and not field.name.endswith("IPV6"):
            return self.text(field.max_size, self.personal).encode()
        return self.number() if field.name in NUMBERS else None


def messages(values):
    """Every message with a known format, all its text filled in; and what cannot be read."""
    for message in facts.MESSAGES:
        if not message.published or message.name in ("OPEN_REQ", "CLOSE_REQ"):
            continue
        pairs = []
        for field in message.floating:
            value = values.of(field) if field.in_version(VERSION) else None
            if value is not None:
                pairs.append(((field.name, field.tag), [value] if field.counter else value))
        yield message, encode(message.number, pairs, VERSION)
    yield facts.message("USER_MESSAGE_EVENT"), encode(
        "USER_MESSAGE_EVENT", [Tagged(999, values.text(0, values.personal).encode())], VERSION)
    yield facts.message("AGENT_STATE_EVENT"), encode(
        "AGENT_STATE_EVENT", [("AgentID", b"1\0" + values.text(0, values.personal).encode()),
                              Tagged(4, values.text(0, values.personal).encode(), 400)], VERSION)
    unpublished = next(message for message in facts.MESSAGES if not message.published)
    yield unpublished, encode_unpublished(
        unpublished.number, values.text(0, values.personal).encode() * 3)
    # A password in bytes that cannot be read: the field is longer than the message.
    yield facts.message("SET_AGENT_STATE_REQ"), encode(
        "SET_AGENT_STATE_REQ", [Tagged(7, values.text(0, values.secret).encode(), 900)], VERSION)


def write_capture(path, values):
    made = Capture()
    talk = Conversation(made, Host(CLIENT_ADDRESS, 50001), Host(SERVER_ADDRESS, 42027))
    talk.handshake(0)
    opening = {"InvokeID": 1, "VersionNumber": VERSION, "IdleTimeout": 120,
               "ServicesRequested": "CTI_SERVICE_ALL_EVENTS", "PeripheralID": 5000}
    for name in ("ClientID", "ClientSignature", "AgentID", "AgentExtension", "AgentInstrument"):
        opening[name] = values.text(0, values.personal)
    opening["ClientPassword"] = values.text(0, values.secret)
    talk.send(CLIENT, encode("OPEN_REQ", opening, VERSION), 0.1)
    talk.send(SERVER, encode("OPEN_CONF", {"InvokeID": 1}, VERSION), 0.2)
    for step, (message, data) in enumerate(messages(values)):
        talk.send(CLIENT if message.from_client else SERVER, data, 1 + step / 100)
    made.write(path)


def strings(record, path=()):
    """[(path, text)...] of all text in a JSON value."""
    if isinstance(record, dict):
        return [found for key, value in record.items() for found in strings(value, (*path, key))]
    if isinstance(record, list):
        return [found for i, value in enumerate(record) for found in strings(value, (*path, i))]
    return [(path, str(record))] if isinstance(record, (str, int)) else []


class Redact(unittest.TestCase):
    ctidump, captures = "", Path()

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.values = Values()
        cls.capture = Path(cls.folder.name) / "acme-bank.pcap"
        write_capture(cls.capture, cls.values)

    def run_format(self, form, *options, capture=None):
        done = subprocess.run([self.ctidump, "-T", *form, *options, str(capture or self.capture)],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def shown(self, out, value):
        """How the value stands in the output, or None."""
        for form in (value.encode(), value.encode().hex().encode(),
                     value.encode().hex().upper().encode()):
            if form in out:
                return form
        return None

    def assert_hidden(self, out, values, form):
        for value in values:
            self.assertIsNone(self.shown(out, value), f"{value} in {form}")

    def test_all_values_are_in_the_capture(self):
        """Otherwise the other tests could not fail."""
        out = self.run_format(["json"], "--show-secrets")
        self.assertGreater(len(self.values.personal), 500)
        self.assertGreater(len(self.values.secret), 2)
        for value in self.values.personal + self.values.secret:
            self.assertIsNotNone(self.shown(out, value), value)
        self.assertIn(CLIENT_ADDRESS.encode(), out)

    def test_no_personal_value(self):
        for form in FORMATS:
            out = self.run_format(form, "--redact")
            self.assert_hidden(out, self.values.personal + self.values.secret, form)
            self.assert_hidden(out, [CLIENT_ADDRESS, SERVER_ADDRESS, "acme"], form)

    def test_each_format_is_here(self):
        listed = subprocess.run([self.ctidump, "--list", "formats"], capture_output=True, text=True,
                                check=True).stdout.split()
        self.assertEqual({form[0] for form in FORMATS}, set(listed))

    def test_no_password(self):
        for form in FORMATS:
            self.assert_hidden(self.run_format(form), self.values.secret, form)
            self.assert_hidden(self.run_format(form, "--redact", "--show-secrets"),
                               self.values.secret, form)

    @staticmethod
    def path_of_token(path):
        """Where the token of a number, or of an unknown tag's bytes, is."""
        return (*path[:-1], "text" if path[-1] == "hex" else f"{path[-1]}_token")

    def test_same_value_same_token(self):
        """Each value has one token and each token one value, whatever the field; what is no
        personal value stays as it is."""
        plain = [json.loads(line) for line in self.run_format(["json"]).splitlines()]
        redacted = [json.loads(line) for line in self.run_format(["json"], "--redact").splitlines()]
        self.assertEqual(len(plain), len(redacted))
        tokens, originals = {}, {}
        for before, after in zip(plain, redacted):
            shown = dict(strings(after))
            for path, value in strings(before):
                if path[0] == "notes" or str(path[-1]).endswith("_hex"):
                    continue
                token = shown.get(self.path_of_token(path)) or shown.get(path)
                if value == token or path[-1] in ("client_address", "server_address"):
                    continue
                self.assertRegex(token, r"^r:[A-Z2-7]{8}$", path)
                self.assertEqual(tokens.setdefault(value, token), token, path)
                self.assertEqual(originals.setdefault(token, value), value, path)
        self.assertGreater(len(tokens), 500)

    def test_tokens_differ_from_run_to_run(self):
        first, second = (self.run_format(["json"], "--redact") for _ in range(2))
        self.assertNotEqual(first, second)

    def test_addresses_keep_side_and_order(self):
        sessions = [json.loads(line) for line in self.run_format(["json"], "--redact").splitlines()
                    if b'"record":"session"' in line]
        self.assertEqual([(s["client_address"], s["server_address"]) for s in sessions],
                         [("client-1:50001", "server-A:42027")])

    def test_sample_captures(self):
        """No client's name and no address of any capture in any format: whatever records there
        are, none is left as it is."""
        for capture in sorted(self.captures.glob("*.pcap")):
            known = set()
            for line in self.run_format(["json"], capture=capture).splitlines():
                record = json.loads(line)
                for name in ("client", "signature", "client_address", "server_address"):
                    if isinstance(record.get(name), str):
                        known.add(record[name].rpartition(":")[0].strip("[]")
                                  if name.endswith("address") else record[name])
            for form in FORMATS:
                out = self.run_format(form, "--redact", capture=capture)
                self.assert_hidden(out, [value for value in known if len(value) > 4],
                                   (capture.name, form))

    def test_selection_knows_the_values(self):
        client = json.loads(next(line for line in self.run_format(["json"]).splitlines()
                                 if b'"record":"session"' in line))["client"]
        out = self.run_format(["json"], "--redact", "--client", client)
        self.assertEqual(out.count(b'"record":"session"'), 1)
        self.assert_hidden(out, [client], "json")
        agent = json.loads(next(line for line in self.run_format(["json"]).splitlines()
                                if b'"OPEN_REQ"' in line))["fields"]["AgentID"]
        for form in FORMATS:
            for chosen in (("--client", client), ("--agent", agent), ("--call", "0")):
                self.assert_hidden(self.run_format(form, "--redact", *chosen),
                                   self.values.personal, (form, chosen))


if __name__ == "__main__":
    Redact.ctidump, Redact.captures = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2])
    unittest.main(argv=sys.argv[:1])
