# SPDX-License-Identifier: GPL-2.0-or-later
"""IP packets in link layers, tags and tunnels, and cut into fragments: each written down once
more here, apart from what the decoder makes of them.

A packet is (EtherType, bytes).  LINKS turn one into (link type, frame); TUNNELS turn one into
another; pieces() cuts one.  Formats: https://www.tcpdump.org/linktypes.html, RFC 791, 1661,
1701, 2516, 2784, 2890, 3032, 4448, 7348, 8086, 8200, 8300, 8926, draft-foschiano-erspan,
draft-ietf-nvo3-vxlan-gpe, 3GPP TS 29.281, IEEE 802.1BR, IEEE 802.11, https://www.radiotap.org.
"""
import struct

from ged188 import pcap

IPV4, IPV6 = 0x0800, 0x86DD
OUTER = pcap.address("198.51.100.1"), pcap.address("198.51.100.2")
OUTER6 = pcap.address("2001:db8::a"), pcap.address("2001:db8::b")
MACS = bytes.fromhex("020000000002020000000001")


def plain(_, packet):
    return packet


# ---- link types ----

def ethernet(kind, packet, tags=b""):
    return MACS + tags + struct.pack(">H", kind) + packet


def tagged(tags):
    """Ethernet with what stands before the last EtherType, in hex."""
    return lambda kind, packet: (pcap.ETHERNET, ethernet(kind, packet, bytes.fromhex(tags)))


def headed(link_type, head, size="H"):
    """A head with a place for the EtherType."""
    def wrap(kind, packet):
        return link_type, head.replace(b"TT", struct.pack(f">{size}", kind)) + packet
    return wrap


def family(link_type, order, v6):
    """The address family of the system that captured."""
    def wrap(kind, packet):
        return link_type, struct.pack(f"{order}I", 2 if kind == IPV4 else v6) + packet
    return wrap


def ppp(head):
    return lambda kind, packet: head + bytes((0, 0x21 if kind == IPV4 else 0x57)) + packet


def pppoe(kind, packet):
    inside = ppp(b"")(kind, packet)
    return struct.pack(">BBHH", 0x11, 0, 7, len(inside)) + inside


def snap(kind, packet):
    inside = b"\xAA\xAA\x03\0\0\0" + struct.pack(">H", kind) + packet
    return pcap.ETHERNET, ethernet(len(inside), inside)


def wlan(head, control=0x08, flags=0x01):
    """A data frame of 802.11 with LLC; head is what follows its three addresses' header, hex."""
    header = struct.pack("<BBH", control, flags, 0) + MACS + MACS[:6] + struct.pack("<H", 0x0120)
    return lambda kind, packet: (header + bytes.fromhex(head) + b"\xAA\xAA\x03\0\0\0" +
                                 struct.pack(">H", kind) + packet)


def radiotap(fields, frame):
    """fields: all behind the length, hex."""
    rest = bytes.fromhex(fields)
    return lambda kind, packet: (127, struct.pack("<BBH", 0, 0, 4 + len(rest)) + rest +
                                 frame(kind, packet))


def named(link_type, head, size):
    """A header of size bytes, zeros behind head, which names Ethernet as what follows."""
    return lambda kind, packet: (link_type, head.ljust(size, b"\0") + ethernet(kind, packet))


def juniper(head, inside=ethernet):
    return lambda kind, packet: (178, b"MGC" + bytes.fromhex(head) + inside(kind, packet))


def nflog(order, number=None, more=b""):
    """Attributes of a capture of nflog: packet header, perhaps more, payload.  The family is IP's
    own where number is None."""
    def attribute(kind, value):
        return struct.pack(order + "HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)

    def wrap(kind, packet):
        head = bytes((number or (2 if kind == IPV4 else 10), 0, 0, 1))
        return 239, (head + attribute(1, struct.pack(">HBB", kind, 1, 0)) + more +
                     attribute(10, b"cti\0") + attribute(9, packet))
    return wrap


def erf(kind_of, extensions, inside):
    """A record of a capture card; kind_of is its type, or one each for IPv4 and IPv6."""
    def wrap(kind, packet):
        number = kind_of if isinstance(kind_of, int) else kind_of[kind == IPV6]
        content = inside(kind, packet)
        size = 16 + 8 * extensions + len(content)
        more = b"".join(bytes((0x80 * (i > 1) | 3,)) + bytes(7) for i in range(extensions, 0, -1))
        return 197, (bytes(8) + struct.pack(">BBHHH", number | 0x80 * (extensions > 0), 4, size, 0,
                                            len(content)) + more + content + bytes(-size % 8))
    return wrap


def erf_ethernet(kind, packet):
    return b"\0\0" + ethernet(kind, packet)


def service(kind, packet, more=""):
    """NSH with IP."""
    content = bytes.fromhex(more)
    return (struct.pack(">BBBBI", 0x0F, 0xC2 + len(content) // 4, 2, 1 if kind == IPV4 else 2,
                        0x1FF) + content + packet)


LINKS = {
    "vlan": tagged("8100 0005"),
    "two vlans": tagged("88A8 0006 8100 0005"),
    "three vlans": tagged("9100 0007 9200 0006 8100 0005"),
    "cisco metadata": tagged("8909 0101 0001 0007"),
    "vn-tag": tagged("8926 8001 0002 8100 0005"),
    "e-tag": tagged("893F 0000 0001 0000"),
    "e-tag and vlan": tagged("893F E123 2123 4567 8100 0005"),
    "nsh": lambda kind, packet: (1, ethernet(0x894F, service(kind, packet))),
    "nsh with metadata": lambda kind, packet: (
        1, ethernet(0x894F, service(kind, packet, "00000001000000020000000300000004"))),
    "fabricpath": tagged("8903 0064" + MACS.hex()),
    "mpls": lambda kind, packet: (1, ethernet(0x8847, bytes.fromhex("0001004000020140") + packet)),
    "pseudowire": lambda kind, packet: (1, ethernet(0x8847, bytes.fromhex("00010140") +
                                                    ethernet(kind, packet))),
    "pseudowire with control word": lambda kind, packet: (
        1, ethernet(0x8848, bytes.fromhex("0001014000000001") + ethernet(kind, packet))),
    "pppoe": lambda kind, packet: (1, ethernet(0x8864, pppoe(kind, packet))),
    "snap": snap,
    "padding": lambda kind, packet: (1, ethernet(kind, packet) + b"\x55" * 46),
    "ppp": lambda kind, packet: (9, ppp(b"")(kind, packet)),
    "ppp with address": lambda kind, packet: (9, ppp(b"\xFF\x03")(kind, packet)),
    "ppp in hdlc": lambda kind, packet: (50, ppp(b"\xFF\x03")(kind, packet)),
    "ppp over ethernet": lambda kind, packet: (51, pppoe(kind, packet)),
    "cisco hdlc": headed(104, b"\x0F\x00TT"),
    "raw": lambda kind, packet: (101, packet),
    "ip of one version": lambda kind, packet: (228 if kind == IPV4 else 229, packet),
    "sll": headed(113, b"\0\0\0\1\0\6\2\0\0\0\0\1\0\0TT"),
    "sll sent": headed(113, b"\0\4\0\1\0\6\2\0\0\0\0\1\0\0TT"),
    "sll2": headed(276, b"TT\0\0\0\0\0\3\0\1\0\6\2\0\0\0\0\1\0\0"),
    "wlan": lambda kind, packet: (105, wlan("")(kind, packet)),
    "wlan between access points": lambda kind, packet: (
        105, wlan("0200000000AA", flags=0x03)(kind, packet)),
    "wlan with qos": lambda kind, packet: (105, wlan("0000", 0x88, 0x02)(kind, packet)),
    "wlan with ht control": lambda kind, packet: (
        105, wlan("0000 00000000", 0x88, 0x82)(kind, packet)),
    "radiotap": radiotap("00000000", wlan("")),
    "radiotap with padding": radiotap("02000000 20", wlan("0000 0000", 0x88, 0x01)),
    "radiotap with a timer": radiotap("03000000 0102030405060708 20",
                                      wlan("0000 0000", 0x88, 0x01)),
    "radiotap with two words": radiotap("03000080 00000000 00000000 0102030405060708 20",
                                        wlan("0000 0000", 0x88, 0x01)),
    "ppi": named(192, struct.pack("<HHI", 0, 8, 1), 8),
    "ppi with fields": named(192, struct.pack("<HHI", 0, 32, 1), 32),
    "pktap": named(258, struct.pack("<III", 108, 1, 1), 108),
    "juniper": juniper("01"),
    "juniper with fields": juniper("81 0006 010101020100"),
    "juniper without link": juniper("02 02000000", lambda kind, packet: packet),
    "nflog": nflog("<"),
    "nflog of a big-endian system": nflog(">"),
    "nflog of a bridge": nflog("<", 7),
    "erf": erf(2, 0, erf_ethernet),
    "erf with a colour": erf(11, 0, erf_ethernet),
    "erf with extension headers": erf(16, 2, erf_ethernet),
    "erf of hdlc": erf(1, 0, lambda kind, packet: b"\x0F\0" + struct.pack(">H", kind) + packet),
    "erf of ip": erf((22, 23), 1, lambda kind, packet: packet),
    **{f"null {order}{v6}": family(0, order, v6)
       for order in "<>" for v6 in (10, 23, 24, 26, 28, 30)},
    **{f"loop {v6}": family(108, ">", v6) for v6 in (24, 28, 30)},
}


# ---- tunnels ----

def over(protocol, wrap, outer=OUTER):
    """wrap(kind, packet) is what IP carries."""
    def tunnel(kind, packet):
        content = wrap(kind, packet)
        if outer[0].version == 4:
            return IPV4, pcap.ipv4(*outer, content, ident=0, protocol=protocol)
        return IPV6, pcap.ipv6(*outer, content, protocol=protocol)
    return tunnel


def gre(flags, optional, kind=None, inside=None):
    """GRE with its optional words in hex; kind None stands for IP's own."""
    def wrap(inner_kind, packet):
        content = inside(inner_kind, packet) if inside else packet
        return struct.pack(">HH", flags, kind or inner_kind) + bytes.fromhex(optional) + content
    return over(47, wrap)


def mirrored(head):
    return lambda kind, packet: bytes.fromhex(head) + ethernet(kind, packet, b"\x81\0\0\5")


def udp(port, head, inside=ethernet, outer=OUTER):
    def wrap(kind, packet):
        content = head(kind) + inside(kind, packet)
        return struct.pack(">HHHH", 50000, port, 8 + len(content), 0) + content
    return over(17, wrap, outer)


def geneve(options, kind=0x6558):
    return lambda inner: struct.pack(">BBHI", len(options) // 4, 0, kind or inner,
                                     0x700) + options


def gtp(flags, optional, packet):
    return struct.pack(">BBHI", flags, 255, len(optional) + len(packet), 7) + optional + packet


VXLAN = bytes.fromhex("0800000000000700")

TUNNELS = {
    "ip in ip": lambda kind, packet: over(4 if kind == IPV4 else 41, plain)(kind, packet),
    "ip in ipv6": lambda kind, packet: over(4 if kind == IPV4 else 41, plain, OUTER6)(kind, packet),
    "gre": gre(0, ""),
    "gre with key": gre(0x2000, "00000007"),
    "gre with all": gre(0xB000, "000000000000000700000009"),
    "gre with routing": gre(0x4000, "00000000080000040A00000100000000"),
    "gre of ethernet": gre(0, "", 0x6558, ethernet),
    "erspan 1": gre(0, "", 0x88BE, mirrored("")),
    "erspan 2": gre(0x1000, "00000009", 0x88BE, mirrored("1005000100000000")),
    "erspan 3": gre(0x1000, "00000009", 0x22EB, mirrored("200500011234567800000000")),
    "erspan 3 with subheader": gre(0x1000, "00000009", 0x22EB,
                                   mirrored("2005000112345678000000010102030405060708")),
    "vxlan": udp(4789, lambda kind: VXLAN),
    "vxlan of linux": udp(8472, lambda kind: VXLAN),
    "vxlan over ipv6": udp(4789, lambda kind: VXLAN, outer=OUTER6),
    "geneve": udp(6081, geneve(b"")),
    "geneve with options": udp(6081, geneve(bytes(12))),
    "geneve of ip": udp(6081, geneve(b"", None), plain),
    "mpls over udp": udp(6635, lambda kind: bytes.fromhex("00010140"), plain),
    "mpls over ip": over(137, lambda kind, packet: bytes.fromhex("00010140") + packet),
    "nsh in gre": gre(0, "", 0x894F, service),
    "nsh over ip": over(145, service),
    "vxlan-gpe": udp(4790, lambda kind: bytes.fromhex("0C00000300000700")),
    "vxlan-gpe of ip": udp(4790, lambda kind: struct.pack(">BHBI", 0x0C, 0, 1 + (kind == IPV6),
                                                          0x700), plain),
    "vxlan-gpe with nsh": udp(4790, lambda kind: bytes.fromhex("0C00000400000700"), service),
    "gtp-u": udp(2152, lambda kind: b"", lambda kind, packet: gtp(0x30, b"", packet)),
    "gtp-u with a number": udp(2152, lambda kind: b"", lambda kind, packet: gtp(
        0x32, bytes.fromhex("00070000"), packet)),
    "gtp-u with extension headers": udp(2152, lambda kind: b"", lambda kind, packet: gtp(
        0x34, bytes.fromhex("00000085 01100900"), packet)),
    "gre in udp": udp(4754, lambda kind: struct.pack(">HHI", 0x2000, kind, 7), plain),
    "erspan in vxlan": lambda kind, packet: TUNNELS["vxlan"](*TUNNELS["erspan 2"](kind, packet)),
}


def layer2(kind, head=""):
    """An EtherType and what follows it, hex, in place of IP's own."""
    return lambda _, packet: (kind, bytes.fromhex(head) + packet)


# Not supported: what the note names, and the tunnel.
OTHERS = {
    "IPsec ESP": over(50, plain),
    "IP protocol 99": over(99, plain),
    "GTP other than GTP-U version 1": udp(2152, lambda kind: b"", plain),
    "GTP-U extension header 0x03": udp(2152, lambda kind: b"", lambda kind, packet: gtp(
        0x34, bytes.fromhex("00000003 01000000"), packet)),
    "PPTP": gre(0x3001, "0000000000000000", 0x880B),
    "Aruba GRE": gre(0, "", 0x8210),
    "EtherType 0x6559": gre(0, "", 0x6559),
    "GRE protocol 0x0001": gre(0, "", 0x0001),
    "AYIYA": udp(5072, lambda kind: b"", plain),
    "NSH next protocol 6": layer2(0x894F, "0FC20206000001FF"),
    "MACsec": layer2(0x88E5, "2C0000000001"),
    "MAC-in-MAC (802.1ah)": layer2(0x88E7, "00000064" + MACS.hex() + "0800"),
    "EtherType 0x1234": layer2(0x1234),
}

# Never carry TCP.
WITHOUT_TCP = {
    "arp": lambda kind, packet: (0x0806, b"\0\1\x08\0\6\4\0\1" + bytes(38)),
    "lldp": lambda kind, packet: (0x88CC, bytes(46)),
    "spanning tree": lambda kind, packet: (38, b"\x42\x42\3" + bytes(43)),
    "icmp": over(1, plain),
    "sctp": over(132, plain),
    "dns": udp(53, lambda kind: b"", plain),
}

# The same for link layers: (link type, frame)
OTHER_LINKS = {
    "encrypted 802.11": lambda kind, packet: (105, wlan("", flags=0x41)(kind, packet)),
    "fragments of 802.11": lambda kind, packet: (105, wlan("", flags=0x05)(kind, packet)),
    "aggregated 802.11": lambda kind, packet: (105, wlan("8000", 0x88)(kind, packet)),
    "ERF record type 21": erf(21, 0, plain),
    "NFLOG address family 12": nflog("<", 12),
    "link type 195": named(192, struct.pack("<HHI", 0, 8, 195), 8),
}


# ---- fragments ----

def pieces(kind, packet, size, ident):
    """The packet in pieces of at most size bytes of content."""
    return _pieces_v4(packet, size, ident) if kind == IPV4 else _pieces_v6(packet, size, ident)


def _cuts(content, size):
    size -= size % 8
    for start in range(0, len(content), size):
        yield start, content[start:start + size], start + size < len(content)


def _pieces_v4(packet, size, ident):
    header = (packet[0] & 15) * 4
    if len(packet) - header <= size:
        return [(IPV4, packet)]
    found = []
    for start, content, more in _cuts(packet[header:], size):
        head = bytearray(packet[:header])
        struct.pack_into(">HHH", head, 2, header + len(content), ident & 0xFFFF,
                         (0x2000 if more else 0) | start // 8)
        struct.pack_into(">H", head, 10, 0)
        struct.pack_into(">H", head, 10, pcap.checksum(bytes(head)))
        found.append((IPV4, bytes(head) + content))
    return found


def _pieces_v6(packet, size, ident):
    if len(packet) - 40 <= size:
        return [(IPV6, packet)]
    found = []
    for start, content, more in _cuts(packet[40:], size):
        head = packet[:4] + struct.pack(">HB", 8 + len(content), 44) + packet[7:40]
        found.append((IPV6, head + struct.pack(">BBHI", packet[6], 0, start | more, ident) +
                      content))
    return found


# ---- exported by Wireshark ----

EXPORTED = 252


def exported(kind, packet, frame):
    """The TCP payload with Wireshark's tags, or None where there is none."""
    size = (packet[0] & 15) * 4 if kind == IPV4 else 40
    length = struct.unpack_from(">H", packet, 2)[0] if kind == IPV4 else len(packet)
    addresses = packet[12:20] if kind == IPV4 else packet[8:40]
    segment = packet[size:length]
    payload = segment[(segment[12] >> 4) * 4:]
    if not payload:
        return None
    half = len(addresses) // 2
    first = 20 if kind == IPV4 else 22
    tags = [(12, b"cti\0"), (first, addresses[:half]), (first + 1, addresses[half:]),
            (24, struct.pack(">I", 2)), (25, b"\0\0" + segment[:2]), (26, b"\0\0" + segment[2:4]),
            (30, struct.pack(">I", frame)), (0, b"")]
    return b"".join(struct.pack(">HH", tag, len(value)) + value for tag, value in tags) + payload
