/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Link layers, and the headers between them and IP (see layers.h; capture_header.c has those
 * that the capturing system adds).
 *
 * Link types:  https://www.tcpdump.org/linktypes.html
 * Ethernet     6 destination, 6 source, 2 type, or below 0600 the length of LLC
 * LLC, SNAP    AA AA 03, 3 organization, 2 type (IEEE 802.2, RFC 1042)
 * VLAN tag     2 priority and number, 2 type (IEEE 802.1Q, 802.1ad)
 * VN-tag       4 interfaces, 2 type (IEEE 802.1BR's forerunner)
 * E-Tag        2 priority and ingress port, 2 group and port, 2 extensions of both, 2 type
 *              (IEEE 802.1BR)
 * Metadata     1 version, 1 length, 2 option, 2 group, 2 type (Cisco; in GRE the type is first)
 * FabricPath   2 tree and TTL, then the Ethernet frame (Cisco)
 * MPLS         20 bits label, 3 class, 1 bottom of stack, 8 TTL (RFC 3032), then IP, or
 *              Ethernet with or without a control word of 4 bytes (RFC 4448)
 * PPPoE        11, 1 code, 2 session, 2 length (RFC 2516)
 * PPP          FF 03 (may be absent), 1 or 2 protocol (RFC 1661, 1662)
 * HDLC         1 address, 1 control, 2 type, as Cisco has it
 * PPI          1 version, 1 flags, 2 length, 4 link type, fields; little-endian (CACE's Per-Packet
 *              Information header)
 * PKTAP        4 length, 4 kind of record, 4 link type, more; little-endian (Apple)
 * Juniper      4D 47 43, 1 flags, perhaps 2 length and fields, then the Ethernet frame, or 4
 *              protocol family and IP
 * Exported     tags of 2 number and 2 length each, 0 the last (Wireshark's exported_pdu_tlvs.h)
 */
#include <limits.h>
#include <pcap/dlt.h>
#include <string.h>

#include "layers.h"

/* Numbers that are DLT_RAW on one system or another, or in the file. */
enum { RAW_BSD = 12, RAW_OPENBSD = 14, RAW_FILE = 101 };

#define WIRESHARK_UPPER_PDU 252

enum {
    LENGTH_BELOW = 0x0600,
    TYPE_IPV4 = 0x0800,
    TYPE_TRANSPARENT_ETHERNET = 0x6558,
    TYPE_IPV6 = 0x86DD,
};

/* ---- EtherTypes that are not read ---- */

/* True for an EtherType whose frames never carry TCP. */
static bool is_without_tcp(uint32_t type)
{
    switch (type) {
    case 0x0806: /* ARP, RARP */
    case 0x8035:
    case 0x0842: /* Wake-on-LAN */
    case 0x0BAD: /* VINES */
    case 0x2000: /* Cisco: CDP, VTP, DTP */
    case 0x2003:
    case 0x2004:
    case 0x22EA: /* stream reservation */
    case 0x22F0: /* AVTP */
    case 0x22F4: /* IS-IS */
    case 0x6001: /* DEC: MOP, DECnet, LAT */
    case 0x6002:
    case 0x6003:
    case 0x6004:
    case 0x809B: /* AppleTalk and its ARP */
    case 0x80F3:
    case 0x8137: /* IPX */
    case 0x8138:
    case 0x8808: /* flow control */
    case 0x8809: /* LACP and other slow protocols */
    case 0x8863: /* PPPoE discovery */
    case 0x886D: /* probes of a team: Intel, VMware */
    case 0x8922:
    case 0x888E: /* EAPOL and preauthentication */
    case 0x88C7:
    case 0x8892: /* industrial: PROFINET, EtherCAT, GOOSE, GSE, SV, SERCOS, MRP */
    case 0x88A4:
    case 0x88B8:
    case 0x88B9:
    case 0x88BA:
    case 0x88CD:
    case 0x88E3:
    case 0x8899: /* loop detection of Realtek */
    case 0x88A2: /* storage: AoE, FCoE, its setup */
    case 0x8906:
    case 0x8914:
    case 0x88CC: /* LLDP */
    case 0x88D9: /* LLTD */
    case 0x88E1: /* HomePlug */
    case 0x88EE: /* E-LMI */
    case 0x88F5: /* MVRP, MMRP */
    case 0x88F6:
    case 0x88F7: /* PTP */
    case 0x88FB: /* PRP supervision */
    case 0x8902: /* CFM */
    case 0x8915: /* RoCE */
    case 0x893A: /* IEEE 1905.1 */
    case 0x9000: /* loopback test */
    case 0xFEFE: /* OSI */
        return true;
    default:
        return false;
    }
}

static packet_result take_other_ethertype(walk *w, uint32_t type)
{
    switch (type) {
    case 0x22F3: return unsupported(w, "TRILL");
    case 0x4305: return unsupported(w, "B.A.T.M.A.N.");
    case 0x876B: return unsupported(w, "compressed TCP/IP");
    case 0x88E5: return unsupported(w, "MACsec");
    case 0x88E7: return unsupported(w, "MAC-in-MAC (802.1ah)");
    case 0x892F: return unsupported(w, "HSR");
    case 0xF1C1: return unsupported(w, "redundancy tag (802.1CB)");
    default:
        return is_without_tcp(type) ? PACKET_NOT_TCP
                                    : unsupported_number(w, "EtherType", 4, type);
    }
}

/* ---- Ethernet ---- */

/* The types of one organization that SNAP names. */
static packet_result take_organization(walk *w, uint32_t organization, uint32_t type)
{
    switch (organization) {
    case 0x000000:
    case 0x0000F8: /* IEEE 802.1H */
        return type < LENGTH_BELOW ? unsupported_number(w, "EtherType", 4, type)
                                   : take_ethertype(w, type);
    case 0x00000C: /* discovery, spanning trees and the like: Cisco, Nortel, Extreme, Foundry */
    case 0x000081:
    case 0x00E02B:
    case 0x00E052:
    case 0x080007: /* AppleTalk */
        return PACKET_NOT_TCP;
    default:
        return unsupported_number(w, "SNAP organization", 6, organization);
    }
}

/* Protocols that LLC names by its first byte. */
static packet_result take_other_llc(walk *w, uint8_t sap)
{
    switch (sap) {
    case 0x00: /* LLC's own */
    case 0x02:
    case 0x03:
    case 0x04: /* SNA */
    case 0x05:
    case 0x08:
    case 0x0C:
    case 0x42: /* spanning tree */
    case 0x7E: /* X.25 */
    case 0x80: /* XNS */
    case 0x98: /* ARP */
    case 0xBC: /* VINES */
    case 0xE0: /* IPX */
    case 0xF0: /* NetBIOS */
    case 0xF4: /* IBM: management, remote program load */
    case 0xF8:
    case 0xFC:
    case 0xFE: /* OSI, IS-IS */
    case 0xFF: /* IPX without LLC */
        return PACKET_NOT_TCP;
    default:
        return unsupported_number(w, "LLC SAP", 2, sap);
    }
}

packet_result take_llc(walk *w)
{
    uint32_t organization, type;

    if (w->length < 8) /* no room for IP */
        return PACKET_NOT_TCP;
    if (w->captured < 8)
        return PACKET_CUT;
    if (memcmp(w->bytes, "\xAA\xAA\x03", 3) != 0)
        return take_other_llc(w, w->bytes[0]);
    organization = cti_get32(w->bytes + 2) & 0xFFFFFF;
    type = cti_get16(w->bytes + 6);
    skip(w, 8);
    return take_organization(w, organization, type);
}

packet_result take_ethernet(walk *w)
{
    uint32_t type;

    if (w->captured < 14)
        return PACKET_CUT;
    type = cti_get16(w->bytes + 12);
    skip(w, 14);
    return take_ethertype(w, type);
}

/* A tag of size bytes whose last two are the type of what follows. */
static packet_result take_tag(walk *w, uint32_t size)
{
    uint32_t type;

    if (w->captured < size)
        return PACKET_CUT;
    type = cti_get16(w->bytes + size - 2);
    skip(w, size);
    return take_ethertype(w, type);
}

static packet_result take_pppoe(walk *w)
{
    uint32_t length;

    if (w->captured < 6)
        return PACKET_CUT;
    if (w->bytes[0] != 0x11)
        return PACKET_CUT;
    if (w->bytes[1] != 0) /* discovery */
        return PACKET_NOT_TCP;
    length = cti_get16(w->bytes + 4);
    skip(w, 6);
    limit(w, length);
    return take_ppp(w);
}

packet_result take_ethertype(walk *w, uint32_t type)
{
    if (++w->layers > LAYERS_MAX)
        return unsupported(w, "too many headers");
    if (type == TYPE_IPV4 || type == TYPE_IPV6)
        return take_ip(w);
    if (type < LENGTH_BELOW) {
        limit(w, type);
        return take_llc(w);
    }
    switch (type) {
    case 0x8100: /* 802.1Q, 802.1ad, and two numbers used before it */
    case 0x88A8:
    case 0x9100:
    case 0x9200:
        return take_tag(w, 4);
    case 0x8926: /* VN-tag */
        return take_tag(w, 6);
    case 0x8909: /* Cisco metadata */
    case 0x893F: /* E-Tag */
        return take_tag(w, 8);
    case 0x894F:
        return take_nsh(w);
    case 0x8903: /* Cisco FabricPath */
        return skip(w, 2) ? take_ethernet(w) : PACKET_CUT;
    case 0x8847: /* MPLS unicast, multicast */
    case 0x8848:
        return take_mpls(w);
    case 0x8864: /* PPPoE session */
        return take_pppoe(w);
    case TYPE_TRANSPARENT_ETHERNET:
        return take_ethernet(w);
    default:
        return take_other_ethertype(w, type);
    }
}

/* ---- MPLS ---- */

/* There is an IP header that the rest has room for, or too little to tell. */
static bool looks_like_ip(const walk *w)
{
    if (w->captured < 6)
        return true;
    switch (w->bytes[0] >> 4) {
    case 4: return (w->bytes[0] & 15) >= 5 && cti_get16(w->bytes + 2) <= w->length;
    case 6: return UINT32_C(40) + cti_get16(w->bytes + 4) <= w->length;
    default: return false;
    }
}

/* There is an Ethernet header at this place, with a type that leads to IP or is known to carry
 * no TCP. */
static bool looks_like_ethernet(const walk *w, uint32_t at)
{
    if (w->captured < at + 14)
        return false;
    switch (cti_get16(w->bytes + at + 12)) {
    case TYPE_IPV4:
    case TYPE_IPV6:
    case 0x8100:
    case 0x88A8:
    case 0x9100:
    case 0x9200:
        return true;
    default:
        return is_without_tcp(cti_get16(w->bytes + at + 12));
    }
}

/* Labels do not say what follows them: the bytes have to. */
packet_result take_mpls(walk *w)
{
    bool bottom = false;

    while (!bottom) {
        if (w->captured < 4)
            return PACKET_CUT;
        if (++w->layers > LAYERS_MAX)
            return unsupported(w, "too many headers");
        bottom = w->bytes[2] & 1;
        skip(w, 4);
    }
    if (w->captured < 1)
        return PACKET_CUT;
    if (looks_like_ip(w) && w->bytes[0] >> 4 != 0)
        return take_ip(w);
    /* A control word starts with four bits that are 0; so may an address. */
    if (w->bytes[0] >> 4 == 0 && looks_like_ethernet(w, 4)) {
        skip(w, 4);
        return take_ethernet(w);
    }
    if (looks_like_ethernet(w, 0))
        return take_ethernet(w);
    if (w->bytes[0] >> 4 == 1) /* an associated channel: operation and maintenance (RFC 5586) */
        return PACKET_NOT_TCP;
    return w->captured < 4 + 14 && w->captured < w->length
               ? PACKET_CUT : unsupported(w, "MPLS with unknown content");
}

/* ---- PPP ---- */

packet_result take_ppp(walk *w)
{
    uint32_t protocol;

    if (w->captured >= 2 && w->bytes[0] == 0xFF && w->bytes[1] == 0x03)
        skip(w, 2);
    if (w->captured < 2)
        return PACKET_CUT;
    protocol = w->bytes[0];
    if (protocol & 1) {
        skip(w, 1);
    } else {
        protocol = cti_get16(w->bytes);
        skip(w, 2);
    }
    switch (protocol) {
    case 0x0021: return take_ethertype(w, TYPE_IPV4);
    case 0x0057: return take_ethertype(w, TYPE_IPV6);
    case 0x0281: return take_ethertype(w, 0x8847);
    case 0x0023: /* OSI */
    case 0x0029: /* AppleTalk */
    case 0x002B: /* IPX */
    case 0x003F: /* NetBIOS */
        return PACKET_NOT_TCP;
    case 0x002D:
    case 0x002F: return unsupported(w, "compressed TCP/IP");
    case 0x0031: return unsupported(w, "bridged PPP");
    case 0x003D: return unsupported(w, "multilink PPP");
    case 0x0053: return unsupported(w, "encrypted PPP");
    case 0x00FB:
    case 0x00FD: return unsupported(w, "compressed PPP");
    default: /* from 8000 on, protocols that control the link */
        return protocol & 0x8000 ? PACKET_NOT_TCP
                                 : unsupported_number(w, "PPP protocol", 4, protocol);
    }
}

/* FF 03 is PPP's. */
packet_result take_hdlc(walk *w)
{
    uint32_t type;

    if (w->captured < 4)
        return PACKET_CUT;
    if (w->bytes[0] == 0xFF)
        return take_ppp(w);
    type = cti_get16(w->bytes + 2);
    skip(w, 4);
    return type < LENGTH_BELOW ? unsupported_number(w, "HDLC protocol", 4, type)
                               : take_ethertype(w, type);
}

/* ---- Linux cooked ---- */

enum { HARDWARE_NETLINK = 824 };

/* Numbers of Linux's own, below those of Ethernet. */
static packet_result take_cooked_other(walk *w, uint32_t type, uint32_t hardware)
{
    if (hardware == HARDWARE_NETLINK)
        return PACKET_NOT_TCP;
    switch (type) {
    case 0x0004: return take_llc(w);
    case 0x0001: /* IPX */
    case 0x000C: /* CAN */
    case 0x000D:
    case 0x000E:
        return PACKET_NOT_TCP;
    default:
        return unsupported_number(w, "Linux protocol", 4, type);
    }
}

/* The protocol and the type of the hardware are at fixed places in a header of size bytes. */
static packet_result take_cooked(walk *w, uint32_t protocol_at, uint32_t hardware_at,
                                 uint32_t size)
{
    uint32_t type, hardware;

    if (w->captured < size)
        return PACKET_CUT;
    type = cti_get16(w->bytes + protocol_at);
    if (type >= LENGTH_BELOW) {
        skip(w, size);
        return take_ethertype(w, type);
    }
    hardware = cti_get16(w->bytes + hardware_at);
    skip(w, size);
    return take_cooked_other(w, type, hardware);
}

/* ---- Wireshark's exported PDUs ---- */

enum {
    TAG_END = 0,
    TAG_SOURCE_V4 = 20,
    TAG_DESTINATION_V4,
    TAG_SOURCE_V6,
    TAG_DESTINATION_V6,
    TAG_PORT_TYPE,
    TAG_SOURCE_PORT,
    TAG_DESTINATION_PORT,
};

enum { PORT_TYPE_TCP = 2 };

static void take_address(endpoint *point, const uint8_t *value, uint32_t size, uint32_t expected)
{
    if (size != expected)
        return;
    point->address_size = (uint8_t)size;
    memset(point->address, 0, sizeof(point->address));
    memcpy(point->address, value, size);
}

/* A number of a wrong size is not used. */
static void take_export_tag(cti_segment *segment, uint32_t *port_type, uint32_t tag,
                            const uint8_t *value, uint32_t size)
{
    const uint32_t number = size == 4 ? cti_get32(value) : 0;

    switch (tag) {
    case TAG_SOURCE_V4: take_address(&segment->source, value, size, 4); break;
    case TAG_DESTINATION_V4: take_address(&segment->destination, value, size, 4); break;
    case TAG_SOURCE_V6: take_address(&segment->source, value, size, 16); break;
    case TAG_DESTINATION_V6: take_address(&segment->destination, value, size, 16); break;
    case TAG_PORT_TYPE: *port_type = number; break;
    case TAG_SOURCE_PORT: segment->source.port = (uint16_t)number; break;
    case TAG_DESTINATION_PORT: segment->destination.port = (uint16_t)number; break;
    default: break;
    }
}

/* Data that Wireshark took out of its packets, of TLS for example. */
static packet_result take_exported(walk *w)
{
    cti_segment *segment = &w->found->segment;
    uint32_t port_type = PORT_TYPE_TCP, tag, size;

    do {
        if (w->captured < 4)
            return PACKET_CUT;
        tag = cti_get16(w->bytes);
        size = cti_get16(w->bytes + 2);
        skip(w, 4);
        if (w->captured < size)
            return PACKET_CUT;
        take_export_tag(segment, &port_type, tag, w->bytes, size);
        skip(w, size);
    } while (tag != TAG_END);
    if (port_type != PORT_TYPE_TCP)
        return PACKET_NOT_TCP;
    if (segment->source.address_size == 0 || segment->destination.address_size == 0 ||
        segment->source.port == 0 || segment->destination.port == 0)
        return unsupported(w, "exported PDU without addresses or ports");
    segment->in_order = true;
    segment->window = UINT16_MAX;
    segment->payload = w->bytes;
    segment->captured = w->captured;
    segment->length = w->length;
    return PACKET_TCP;
}

/* ---- what stands before the link layer ---- */

enum { PKTAP_PACKET = 1 };
enum { JUNIPER_NO_LINK = 0x02, JUNIPER_FIELDS = 0x80 };

/* A header of size bytes that names the link type of what follows. */
static packet_result take_named_link(walk *w, uint32_t size, uint32_t link_type)
{
    packet_result result = PACKET_UNKNOWN_LINK;

    if (++w->layers > LAYERS_MAX)
        return unsupported(w, "too many headers");
    if (!skip(w, size))
        return PACKET_CUT;
    if (link_type <= INT_MAX)
        result = take_link(w, (int)link_type);
    return result == PACKET_UNKNOWN_LINK
               ? unsupported_number(w, "link type", OBSTACLE_DECIMAL, link_type) : result;
}

static packet_result take_ppi(walk *w)
{
    uint32_t size;

    if (w->captured < 8)
        return PACKET_CUT;
    size = little16(w->bytes + 2);
    return size < 8 ? PACKET_CUT : take_named_link(w, size, little32(w->bytes + 4));
}

static packet_result take_pktap(walk *w)
{
    uint32_t size;

    if (w->captured < 12)
        return PACKET_CUT;
    size = little32(w->bytes);
    if (little32(w->bytes + 4) != PKTAP_PACKET)
        return PACKET_NOT_TCP;
    return size < 12 ? PACKET_CUT : take_named_link(w, size, little32(w->bytes + 8));
}

static packet_result take_juniper(walk *w)
{
    uint32_t size = 4;
    uint8_t flags;

    if (w->captured < 6)
        return PACKET_CUT;
    if (memcmp(w->bytes, "MGC", 3) != 0)
        return PACKET_CUT;
    flags = w->bytes[3];
    if (flags & JUNIPER_FIELDS)
        size += UINT32_C(2) + cti_get16(w->bytes + 4);
    if (flags & JUNIPER_NO_LINK)
        return skip(w, size + 4) ? take_ip(w) : PACKET_CUT;
    return skip(w, size) ? take_ethernet(w) : PACKET_CUT;
}

/* ---- the first header ---- */

packet_result take_link(walk *w, int link_type)
{
    switch (link_type) {
    case DLT_EN10MB:
        return take_ethernet(w);
    case DLT_NULL: /* an address family of any system, in either byte order: IP's own */
    case DLT_LOOP: /* version tells as much */
        return skip(w, 4) ? take_ip(w) : PACKET_CUT;
    case RAW_BSD:
    case RAW_OPENBSD:
    case RAW_FILE:
    case DLT_IPV4:
    case DLT_IPV6:
        return take_ip(w);
    case DLT_LINUX_SLL:
        return take_cooked(w, 14, 2, 16);
    case DLT_LINUX_SLL2:
        return take_cooked(w, 0, 8, 20);
    case DLT_PPP:
        return take_ppp(w);
    case DLT_PPP_SERIAL:
    case DLT_C_HDLC:
        return take_hdlc(w);
    case DLT_PPP_ETHER:
        return take_pppoe(w);
    case DLT_IEEE802_11:
        return take_wlan(w);
    case DLT_IEEE802_11_RADIO:
        return take_radiotap(w);
    case DLT_PPI:
        return take_ppi(w);
    case DLT_PKTAP:
        return take_pktap(w);
    case DLT_JUNIPER_ETHER:
        return take_juniper(w);
    case DLT_NFLOG:
        return take_nflog(w);
    case DLT_ERF:
        return take_erf(w);
    case WIRESHARK_UPPER_PDU:
        return take_exported(w);
    default:
        return PACKET_UNKNOWN_LINK;
    }
}
