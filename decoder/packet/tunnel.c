/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tunnels over IP (see layers.h).
 *
 * GRE      2 flags and version, 2 type, then by flag: 4 checksum and offset, 4 key,
 *          4 sequence, routing entries of 2 family, 1 offset, 1 length, ended by family 0
 *          and length 0 (RFC 2784, 2890, 1701); in UDP to port 4754 as well (RFC 8086)
 * ERSPAN   the mirrored Ethernet frame in GRE: type I (88BE without GRE's sequence) without
 *          a header of its own, type II (88BE with it) behind 8 bytes, type III (22EB)
 *          behind 12, with O, the last bit of them, behind 8 more (draft-foschiano-erspan)
 * UDP      2 source, 2 destination, 2 length, 2 checksum (RFC 768)
 * VXLAN    08 (the network number is valid) and 7 bytes, then Ethernet (RFC 7348)
 * VXLAN-GPE  1 flags (30 version, 04 next protocol is valid, 01 maintenance), 2, 1 next protocol
 *          as in NSH, 4 (draft-ietf-nvo3-vxlan-gpe)
 * Geneve   2 bits version, 6 options' length in words, 1 flags, 2 type, 4 number, options
 *          (RFC 8926)
 * NSH      2 bits version, 1 maintenance, 1, 6 TTL, 6 length of all in words, 1 type of metadata,
 *          1 next protocol (1 IPv4, 2 IPv6, 3 Ethernet, 4 NSH, 5 MPLS), 4 path, metadata
 *          (RFC 8300)
 * GTP-U    3 bits version (1), 1 (1), 1, 3 flags (E, S, PN), 1 type (255 data), 2 length of what
 *          follows, 4 tunnel, with any flag 3 and 1 type of the next extension header; extension
 *          headers of 1 length in words, content, 1 type of the next one, 0 the last; then IP
 *          (3GPP TS 29.281)
 */
#include "layers.h"

enum {
    GRE_CHECKSUM = 0x8000,
    GRE_ROUTING = 0x4000,
    GRE_KEY = 0x2000,
    GRE_SEQUENCE = 0x1000,
    GRE_VERSION = 0x0007,
};

enum {
    PORT_GTP = 2152,
    PORT_GRE = 4754,
    PORT_VXLAN = 4789,
    PORT_VXLAN_GPE = 4790,
    PORT_GENEVE = 6081,
    PORT_MPLS = 6635,
    PORT_VXLAN_LINUX = 8472,
};

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
    case 0x0000: /* Cisco: keep-alive, NHRP, CDP; OSI */
    case 0x00FE:
    case 0x2000:
    case 0x2001:
        return PACKET_NOT_TCP;
    case 0x8909: /* Cisco metadata: here the type comes first */
        if (w->captured < 8)
            return PACKET_CUT;
        type = cti_get16(w->bytes);
        skip(w, 8);
        return take_ethertype(w, type);
    default:
        if ((type >= 0x8200 && type <= 0x83FF) || type == 0x9000)
            return unsupported(w, "Aruba GRE");
        return type < 0x0600 ? unsupported_number(w, "GRE protocol", 4, type)
                             : take_ethertype(w, type);
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

/* ---- NSH ---- */

/* What NSH and VXLAN-GPE number alike; name is what the number is. */
static packet_result take_next(walk *w, const char *name, uint8_t next)
{
    switch (next) {
    case 1:
    case 2: return take_ip(w);
    case 3: return take_ethernet(w);
    case 4: return take_nsh(w);
    case 5: return take_mpls(w);
    default: return unsupported_number(w, name, OBSTACLE_DECIMAL, next);
    }
}

packet_result take_nsh(walk *w)
{
    uint32_t size;
    uint8_t next;

    if (++w->layers > LAYERS_MAX)
        return unsupported(w, "too many headers");
    if (w->captured < 8)
        return PACKET_CUT;
    if (w->bytes[0] >> 6 != 0)
        return unsupported_number(w, "NSH version", OBSTACLE_DECIMAL, w->bytes[0] >> 6);
    size = (uint32_t)(w->bytes[1] & 63) * 4;
    next = w->bytes[3];
    if (size < 8 || !skip(w, size))
        return PACKET_CUT;
    return take_next(w, "NSH next protocol", next);
}

/* ---- in UDP ---- */

static packet_result take_vxlan(walk *w)
{
    if (w->captured < 8)
        return PACKET_CUT;
    if (!(w->bytes[0] & 0x08))
        return unsupported_number(w, "VXLAN with flags", 2, w->bytes[0]);
    skip(w, 8);
    return take_ethernet(w);
}

enum { GPE_VERSION = 0x30, GPE_NEXT_PROTOCOL = 0x04, GPE_MAINTENANCE = 0x01 };

static packet_result take_vxlan_gpe(walk *w)
{
    uint8_t flags, next;

    if (w->captured < 8)
        return PACKET_CUT;
    flags = w->bytes[0];
    next = w->bytes[3];
    if (flags & GPE_VERSION)
        return unsupported_number(w, "VXLAN-GPE version", OBSTACLE_DECIMAL, flags >> 4 & 3);
    if (flags & GPE_MAINTENANCE)
        return PACKET_NOT_TCP;
    skip(w, 8);
    if (!(flags & GPE_NEXT_PROTOCOL))
        return take_ethernet(w);
    return take_next(w, "VXLAN-GPE next protocol", next);
}

static packet_result take_geneve(walk *w)
{
    uint32_t type, options;

    if (w->captured < 8)
        return PACKET_CUT;
    type = cti_get16(w->bytes + 2);
    options = (uint32_t)(w->bytes[0] & 63) * 4;
    if (w->bytes[0] >> 6 != 0)
        return unsupported_number(w, "Geneve version", OBSTACLE_DECIMAL, w->bytes[0] >> 6);
    if (type < 0x0600)
        return unsupported_number(w, "Geneve protocol", 4, type);
    return skip(w, 8 + options) ? take_ethertype(w, type) : PACKET_CUT;
}

enum { GTP_EXTENSION = 0x04, GTP_OPTIONAL = 0x07, GTP_DATA = 255 };

/* Extension headers that do not change what the packet carries. */
static bool is_known_gtp_extension(uint8_t type)
{
    switch (type) {
    case 0x20: /* service class */
    case 0x40: /* UDP port */
    case 0x81: /* RAN container */
    case 0x82: /* long PDCP PDU number */
    case 0x83: /* Xw RAN container */
    case 0x84: /* NR RAN container */
    case 0x85: /* PDU session container */
    case 0xC0: /* PDCP PDU number */
        return true;
    default:
        return false;
    }
}

static packet_result take_gtp_extensions(walk *w, uint8_t next)
{
    while (next != 0) {
        uint32_t size;

        if (!is_known_gtp_extension(next))
            return unsupported_number(w, "GTP-U extension header", 2, next);
        if (++w->layers > LAYERS_MAX)
            return unsupported(w, "too many headers");
        if (w->captured < 1)
            return PACKET_CUT;
        size = (uint32_t)w->bytes[0] * 4;
        if (size == 0 || w->captured < size)
            return PACKET_CUT;
        next = w->bytes[size - 1];
        skip(w, size);
    }
    return take_ip(w);
}

static packet_result take_gtp(walk *w)
{
    uint32_t length;
    uint8_t flags, next = 0;

    if (w->captured < 8)
        return PACKET_CUT;
    flags = w->bytes[0];
    if (flags >> 4 != 3) /* version 1, not charging */
        return unsupported(w, "GTP other than GTP-U version 1");
    if (w->bytes[1] != GTP_DATA)
        return PACKET_NOT_TCP;
    length = cti_get16(w->bytes + 2);
    skip(w, 8);
    limit(w, length);
    if (flags & GTP_OPTIONAL) {
        if (w->captured < 4)
            return PACKET_CUT;
        if (flags & GTP_EXTENSION)
            next = w->bytes[3];
        skip(w, 4);
    }
    return take_gtp_extensions(w, next);
}

/* Tunnels that are not supported, by their port; NULL for any other. */
static const char *name_port(uint16_t port)
{
    switch (port) {
    case 1194: return "OpenVPN";
    case 1701: return "L2TP";
    case 3544: return "Teredo";
    case 4341: return "LISP";
    case 4500: return "IPsec ESP in UDP";
    case 5072: return "AYIYA";
    case 5247: return "CAPWAP";
    case 6080: return "GUE";
    case 37008: return "TZSP";
    case 51820: return "WireGuard";
    default: return NULL;
    }
}

/* Some answer from their port.  One below 1024 is a service's: then the other one is any. */
static const char *name_tunnel(uint16_t source, uint16_t destination)
{
    const char *name = source >= 1024 ? name_port(destination) : NULL;

    return name == NULL && destination >= 1024 ? name_port(source) : name;
}

static bool is_supported_port(uint16_t port)
{
    switch (port) {
    case PORT_GTP:
    case PORT_GRE:
    case PORT_VXLAN:
    case PORT_VXLAN_GPE:
    case PORT_GENEVE:
    case PORT_MPLS:
    case PORT_VXLAN_LINUX:
        return true;
    default:
        return false;
    }
}

bool is_tunnel_port(uint16_t source, uint16_t destination)
{
    return is_supported_port(destination) || name_tunnel(source, destination) != NULL;
}

/* Port 4500 also carries IKE (four zeros, RFC 3948) and keep-alives of one byte, and WireGuard's
 * data is only what begins with 4. */
static packet_result take_other_udp(walk *w, uint16_t source, uint16_t destination)
{
    const char *name = name_tunnel(source, destination);
    const bool ipsec = source == 4500 || destination == 4500;
    const bool wireguard = source == 51820 || destination == 51820;

    if (name == NULL || (ipsec && w->length < 8))
        return PACKET_NOT_TCP;
    if (ipsec && w->captured >= 4 && cti_get32(w->bytes) == 0)
        return PACKET_NOT_TCP;
    if (wireguard && w->captured >= 4 && cti_get32(w->bytes) != 0x04000000)
        return PACKET_NOT_TCP;
    return unsupported(w, name);
}

packet_result take_udp(walk *w)
{
    uint16_t source, port;
    uint32_t length;

    if (w->captured < 8)
        return PACKET_CUT;
    source = cti_get16(w->bytes);
    port = cti_get16(w->bytes + 2);
    length = cti_get16(w->bytes + 4);
    if (length >= 8) /* less stands for what does not fit in the field, or for nonsense */
        limit(w, length);
    skip(w, 8);
    switch (port) {
    case PORT_GTP:
        return take_gtp(w);
    case PORT_GRE:
        return take_gre(w);
    case PORT_VXLAN:
    case PORT_VXLAN_LINUX:
        return take_vxlan(w);
    case PORT_VXLAN_GPE:
        return take_vxlan_gpe(w);
    case PORT_GENEVE:
        return take_geneve(w);
    case PORT_MPLS:
        return take_mpls(w);
    default:
        return take_other_udp(w, source, port);
    }
}
