/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Headers that the capturing system writes before each packet (see layers.h).
 *
 * NFLOG    1 address family, 1 version (0), 2 resource, attributes (linux/netfilter/
 *          nfnetlink_log.h): 2 length with this head, 2 type, the value, padding to 4.  The
 *          byte order is that of the capturing system.  Attribute 1: 2 EtherType (big-endian),
 *          1 hook, 1 padding; attribute 9: the packet, from its IP header on
 * ERF      8 time, 1 type (80: extension headers follow), 1 flags, 2 record length, 2 losses or
 *          colour, 2 length on the wire; extension headers of 8, the first bit of each says that
 *          another follows; before Ethernet 2 bytes of padding (Endace's Extensible Record Format
 *          types)
 */
#include "layers.h"

/* ---- NFLOG ---- */

enum { NFLOG_PACKET_HEADER = 1, NFLOG_PAYLOAD = 9, NFLOG_TYPE = 0x3FFF };

/* Address families as Linux numbers them, and those of netfilter's own. */
enum {
    FAMILY_INET = 1,
    FAMILY_IPV4 = 2,
    FAMILY_ARP = 3,
    FAMILY_NETDEV = 5,
    FAMILY_BRIDGE = 7,
    FAMILY_IPV6 = 10,
};

static packet_result take_nflog_packet(walk *w, uint8_t family, uint32_t type)
{
    switch (family) {
    case FAMILY_INET:
    case FAMILY_IPV4:
    case FAMILY_IPV6:
        return take_ip(w);
    case FAMILY_ARP:
        return PACKET_NOT_TCP;
    case FAMILY_NETDEV:
    case FAMILY_BRIDGE:
        if (type != 0)
            return take_ethertype(w, type);
        break;
    default:
        break;
    }
    return unsupported_number(w, "NFLOG address family", OBSTACLE_DECIMAL, family);
}

packet_result take_nflog(walk *w)
{
    uint32_t size, type, ethertype = 0;
    uint8_t family;
    bool little;

    if (w->captured < 8)
        return PACKET_CUT;
    family = w->bytes[0];
    if (w->bytes[1] != 0)
        return unsupported_number(w, "NFLOG version", OBSTACLE_DECIMAL, w->bytes[1]);
    skip(w, 4);
    little = w->bytes[2] != 0; /* types are below 100 */
    while (w->captured >= 4) {
        size = little ? little16(w->bytes) : cti_get16(w->bytes);
        type = (little ? little16(w->bytes + 2) : cti_get16(w->bytes + 2)) & NFLOG_TYPE;
        if (size < 4)
            return PACKET_CUT;
        if (type == NFLOG_PAYLOAD) {
            skip(w, 4);
            limit(w, size - 4);
            return take_nflog_packet(w, family, ethertype);
        }
        if (type == NFLOG_PACKET_HEADER && size >= 8 && w->captured >= 8)
            ethertype = cti_get16(w->bytes + 4);
        if (!skip(w, (size + 3) & ~UINT32_C(3)))
            return PACKET_CUT;
    }
    return PACKET_CUT;
}

/* ---- ERF ---- */

enum { ERF_EXTENDED = 0x80 };

static packet_result take_erf_packet(walk *w, uint32_t type)
{
    switch (type) {
    case 2:  /* Ethernet, with a colour, with a filter's colour, with a hash */
    case 11:
    case 16:
    case 20:
        return skip(w, 2) ? take_ethernet(w) : PACKET_CUT;
    case 1:  /* HDLC or PPP, and the same variants */
    case 10:
    case 15:
    case 19:
        return take_hdlc(w);
    case 22: /* IPv4, IPv6 */
    case 23:
        return take_ip(w);
    case 13: /* counters, metadata, padding */
    case 14:
    case 27:
    case 48:
        return PACKET_NOT_TCP;
    default:
        return unsupported_number(w, "ERF record type", OBSTACLE_DECIMAL, type);
    }
}

packet_result take_erf(walk *w)
{
    uint32_t type, on_wire;
    bool extended;

    if (w->captured < 16)
        return PACKET_CUT;
    type = w->bytes[8] & 0x7F;
    extended = w->bytes[8] & ERF_EXTENDED;
    on_wire = cti_get16(w->bytes + 14);
    skip(w, 16);
    while (extended) {
        if (w->captured < 8)
            return PACKET_CUT;
        extended = w->bytes[0] & ERF_EXTENDED;
        skip(w, 8);
    }
    if (type == 2 || type == 11 || type == 16 || type == 20)
        on_wire += 2; /* the padding is not counted */
    /* The record may be padded, or hold only the start of the packet. */
    if (w->length < on_wire)
        w->length = on_wire;
    limit(w, on_wire);
    return take_erf_packet(w, type);
}
