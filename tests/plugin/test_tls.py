# SPDX-License-Identifier: GPL-2.0-or-later
"""CTI on the secured ports, in TLS that Wireshark can decrypt."""
import ssl

from base import PluginTest, conversation, heartbeat, open_conf, open_req
from ged188.pcap import Capture
from ged188.tcp import CLIENT, SERVER


class Peer:
    """One end of TLS without a network.  No certificate: the two agree on keys by themselves."""

    def __init__(self, keys, server):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("AECDH-AES128-SHA:@SECLEVEL=0")
        if not server:
            context.keylog_filename = str(keys)
        self.received, self.sent = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.received, self.sent, server_side=server)

    def shake(self):
        """Goes on with the handshake.  True when it is done."""
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True


class Tls(PluginTest):
    def secured(self, server_port, sizes=(), first=20, talked=None):
        """A capture of a short session in TLS, or of what is talked, and the file with its keys.
        first: bytes in the first record."""
        name = f"{server_port}-{first}"
        keys = self.tshark.folder / f"keys-{name}"
        self.addCleanup(keys.unlink)
        peers = {CLIENT: Peer(keys, False), SERVER: Peer(keys, True)}
        made = Capture()
        talk = conversation(made, server_port=server_port)
        clock = [1]

        def carry(sender, sizes=()):
            data = peers[sender].sent.read()
            peers[SERVER if sender == CLIENT else CLIENT].received.write(data)
            if data:
                talk.send(sender, data, at=clock[0], sizes=list(sizes))
            clock[0] += 0.1

        done = False
        while not done:
            done = peers[CLIENT].shake()
            carry(CLIENT)
            done = peers[SERVER].shake() and done
            carry(SERVER)
        for sender, data in talked or (
                (CLIENT, open_req()[:first]), (CLIENT, open_req()[first:]), (SERVER, open_conf()),
                (CLIENT, heartbeat(2) + heartbeat(3)), (SERVER, heartbeat(2, True)),
                (SERVER, heartbeat(3, True))):
            peers[sender].tls.write(data)
            carry(sender, sizes)
        keys.chmod(0o644)
        return self.made(made, f"tls-{name}.pcap"), keys

    def check(self, path, keys, *options):
        found = list(self.tshark.messages(path, "-o", f"tls.keylog_file:{keys}", *options))
        self.assertEqual([int(item["cti.message_type"]) for _, item in found],
                         [3, 4, 5, 5, 6, 6])
        self.assertEqual(sum("cti.response_to" in item for _, item in found), 3)
        self.assertEqual({item["cti.session.client_id"] for _, item in found}, {"TESTER1"})
        return found

    def test_secured_ports(self):
        for port, side in ((42030, "A"), (43070, "B")):
            with self.subTest(port=port):
                found = self.check(*self.secured(port))
                self.assertEqual({item["cti.session.side"] for _, item in found}, {side})

    def test_records_in_many_segments(self):
        self.check(*self.secured(42070, [11, 13]))

    def test_header_in_two_records(self):
        for first in (3, 7, 8):
            with self.subTest(first=first):
                self.check(*self.secured(42030, first=first))

    def test_heuristic_off(self):
        """The port alone says that it is CTI.  SMPP's heuristic, which Wireshark has in TLS since
        4.2, would be asked before."""
        names = ["cti_tls"] if self.tshark.series == "4.0" else ["cti_tls", "smpp_tls"]
        options = [word for name in names for word in ("--disable-heuristic", name)]
        for first in (7, 20):
            with self.subTest(first=first):
                self.check(*self.secured(43030, first=first), *options)

    def test_decode_as(self):
        self.check(*self.secured(5998), "-d", "tcp.port==5998,tls", "-d", "tls.port==5998,cti")

    def test_others_keep_theirs(self):
        path, keys = self.secured(5997, talked=[(CLIENT, b"GET / HTTP/1.1\r\n\r\n"),
                                                (SERVER, b"HTTP/1.1 204 No Content\r\n\r\n")])
        options = ("-o", f"tls.keylog_file:{keys}", "-d", "tcp.port==5997,tls")
        self.assertEqual(self.types(path, *options), [])
        self.assertEqual(len(self.tshark.fields(path, "frame.number", display="http",
                                                options=options)), 2)

    def test_without_keys(self):
        path, _ = self.secured(43030)
        self.assertEqual(self.types(path), [])
