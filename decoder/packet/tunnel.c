/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tunnels over IP (see layers.h).
 *
 * GRE      2 flags and version, 2 type, then by flag: 4 checksum and offset, 4 key,
 *          4 sequence, routing entries of 2 family, 1 offset, 1 length, ended by family 0
 *          and length 0 (RFC 2784, 2890, 1701)
 * ERSPAN   the mirrored Ethernet frame in GRE: type I (88BE without GRE's sequence) without
 *          a header of its own, type II (88BE with it) behind 8 bytes, type III (22EB)
 *          behind 12, with O, the last bit of them, behind 8 more (draft-foschiano-erspan)
 * UDP      2 source, 2 destination, 2 length, 2 checksum (RFC 768)
 * VXLAN    08 (the network number is valid) and 7 bytes, then Ethernet (RFC 7348)
 * Geneve   2 bits version, 6 options' length in words, 1 flags, 2 type, 4 number, options
 *          (RFC 8926)
 */
#include "layers.h"

enum {
    GRE_CHECKSUM = 0x8000,
    GRE_ROUTING = 0x4000,
    GRE_KEY = 0x2000,
    GRE_SEQUENCE = 0x1000,
    GRE_VERSION = 0x0007,
};

enum { PORT_VXLAN = 4789, PORT_VXLAN_LINUX = 8472, PORT_GENEVE = 6081, PORT_MPLS = 6635 };

/* ---- GRE ---- */

static bool skip_routing(walk *w)
{
    uint32_t family, length;

    do {
        if (w->captured < 4)
            return false;
        family = cti_get16(w->bytes);
        length = w->bytes[3];
        if (!skip(w, 4 + length))
            return false;
    } while (family != 0 || length != 0);
    return true;
}

static packet_result take_erspan3(walk *w)
{
    uint32_t last;

    if (w->captured < 12)
        return PACKET_CUT;
    last = cti_get16(w->bytes + 10);
    if (!skip(w, 12 + (last & 1) * 8))
        return PACKET_CUT;
    return (last >> 10 & 31) == 2 ? take_ip(w) : take_ethernet(w); /* the frame's type */
}

static packet_result take_gre_content(walk *w, uint32_t type, bool sequence)
{
    switch (type) {
    case 0x88BE:
        return !sequence || skip(w, 8) ? take_ethernet(w) : PACKET_CUT;
    case 0x22EB:
        return take_erspan3(w);
    case 0x880B:
        return take_ppp(w);
    case 0x883E:
        return unsupported(w, "WCCP");
    case 0x8909: /* Cisco metadata: here the type comes first */
        if (w->captured < 8)
            return PACKET_CUT;
        type = cti_get16(w->bytes);
        skip(w, 8);
        return take_ethertype(w, type);
    default:
        return type < 0x0600 ? PACKET_NOT_TCP : take_ethertype(w, type);
    }
}

packet_result take_gre(walk *w)
{
    uint32_t flags, type;

    if (w->captured < 4)
        return PACKET_CUT;
    flags = cti_get16(w->bytes);
    type = cti_get16(w->bytes + 2);
    if (flags & GRE_VERSION)
        return unsupported(w, "PPTP");
    skip(w, 4);
    if (flags & (GRE_CHECKSUM | GRE_ROUTING) && !skip(w, 4))
        return PACKET_CUT;
    if (flags & GRE_KEY && !skip(w, 4))
        return PACKET_CUT;
    if (flags & GRE_SEQUENCE && !skip(w, 4))
        return PACKET_CUT;
    if (flags & GRE_ROUTING && !skip_routing(w))
        return PACKET_CUT;
    return take_gre_content(w, type, flags & GRE_SEQUENCE);
}

/* ---- in UDP ---- */

static packet_result take_vxlan(walk *w)
{
    if (w->captured < 8)
        return PACKET_CUT;
    if (!(w->bytes[0] & 0x08))
        return PACKET_NOT_TCP;
    skip(w, 8);
    return take_ethernet(w);
}

static packet_result take_geneve(walk *w)
{
    uint32_t type, options;

    if (w->captured < 8)
        return PACKET_CUT;
    type = cti_get16(w->bytes + 2);
    options = (uint32_t)(w->bytes[0] & 63) * 4;
    if (w->bytes[0] >> 6 != 0 || type < 0x0600)
        return PACKET_NOT_TCP;
    return skip(w, 8 + options) ? take_ethertype(w, type) : PACKET_CUT;
}

/* Tunnels that are not supported, by their port; NULL for all else. */
static const char *unsupported_port(uint16_t port)
{
    switch (port) {
    case 1701: return "L2TP";
    case 2152: return "GTP";
    case 3544: return "Teredo";
    case 4341: return "LISP";
    case 4500: return "IPsec ESP in UDP";
    case 4790: return "VXLAN-GPE";
    case 5247: return "CAPWAP";
    default: return NULL;
    }
}

bool is_tunnel_port(uint16_t port)
{
    return port == PORT_VXLAN || port == PORT_VXLAN_LINUX || port == PORT_GENEVE ||
           port == PORT_MPLS;
}

packet_result take_udp(walk *w)
{
    uint16_t port;
    uint32_t length;
    const char *tunnel;

    if (w->captured < 8)
        return PACKET_CUT;
    port = cti_get16(w->bytes + 2);
    length = cti_get16(w->bytes + 4);
    if (length >= 8) /* less stands for what does not fit in the field, or for nonsense */
        limit(w, length);
    skip(w, 8);
    switch (port) {
    case PORT_VXLAN:
    case PORT_VXLAN_LINUX:
        return take_vxlan(w);
    case PORT_GENEVE:
        return take_geneve(w);
    case PORT_MPLS:
        return take_mpls(w);
    default:
        tunnel = unsupported_port(port);
        return tunnel != NULL ? unsupported(w, tunnel) : PACKET_NOT_TCP;
    }
}
