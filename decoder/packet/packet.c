/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IP and TCP (see packet.h and layers.h).
 *
 * IPv4   4 bits version, 4 header's words, 1 service, 2 total length, 2 identification,
 *        3 bits flags, 13 offset in units of 8, 1 TTL, 1 protocol, 2 checksum, 4 source,
 *        4 destination, options (RFC 791)
 * IPv6   4 version, class, flow, 2 payload length, 1 next header, 1 hop limit, 16 source,
 *        16 destination, extension headers (RFC 8200)
 * TCP    2 source, 2 destination, 4 sequence, 4 acknowledgment, 4 bits header's words,
 *        12 flags, 2 window, 2 checksum, 2 urgent, options (RFC 9293)
 *
 * Total length 0 is the rest of the frame: the network card was to fill it in. */
#include "packet.h"

#include <string.h>

#include "layers.h"

enum {
    PROTOCOL_IPV4 = 4,
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    PROTOCOL_IPV6 = 41,
    IPV6_FRAGMENT = 44,
    PROTOCOL_GRE = 47,
    PROTOCOL_ESP = 50,
    PROTOCOL_AH = 51,
    PROTOCOL_MINIMAL = 55,
    PROTOCOL_ETHERIP = 97,
    PROTOCOL_IPCOMP = 108,
    PROTOCOL_L2TP = 115,
    PROTOCOL_MPLS = 137,
    PROTOCOL_ETHERNET = 143,
    PROTOCOL_AGGFRAG = 144,
    PROTOCOL_NSH = 145,
};

/* ---- TCP ---- */

static packet_result take_tcp(walk *w)
{
    const uint8_t *bytes = w->bytes;
    cti_segment *segment = &w->found->segment;
    uint32_t header;

    if (w->captured < 20)
        return PACKET_CUT;
    header = (uint32_t)(bytes[12] >> 4) * 4;
    if (header < 20 || header > w->length)
        return PACKET_CUT;
    segment->source.port = cti_get16(bytes);
    segment->destination.port = cti_get16(bytes + 2);
    segment->sequence = cti_get32(bytes + 4);
    segment->acknowledgment = cti_get32(bytes + 8);
    segment->flags = bytes[13];
    segment->window = cti_get16(bytes + 14);
    segment->checksum = cti_get16(bytes + 16);
    segment->length = w->length - header;
    segment->captured = w->captured > header ? w->captured - header : 0;
    segment->payload = bytes + (w->captured > header ? header : w->captured);
    return PACKET_TCP;
}

/* ---- what IP carries ---- */

static packet_result take_authentication(walk *w)
{
    uint8_t next;
    uint32_t size;

    if (w->captured < 8)
        return PACKET_CUT;
    next = w->bytes[0];
    size = ((uint32_t)w->bytes[1] + 2) * 4;
    return skip(w, size) ? take_protocol(w, next) : PACKET_CUT;
}

/* Protocols that are not read: many never carry TCP, tunnels and unknown ones may. */
static packet_result take_other_protocol(walk *w, uint8_t protocol)
{
    switch (protocol) {
    case 1:   /* ICMP */
    case 2:   /* IGMP */
    case 3:   /* GGP */
    case 8:   /* EGP */
    case 9:   /* IGRP */
    case 33:  /* DCCP */
    case 46:  /* RSVP */
    case 54:  /* NHRP */
    case 58:  /* ICMPv6 */
    case 59:  /* IPv6: no next header */
    case 88:  /* EIGRP */
    case 89:  /* OSPF */
    case 103: /* PIM */
    case 112: /* VRRP, CARP */
    case 113: /* PGM */
    case 124: /* IS-IS */
    case 132: /* SCTP */
    case 136: /* UDP-Lite */
    case 240: /* pfsync */
        return PACKET_NOT_TCP;
    case PROTOCOL_ESP: return unsupported(w, "IPsec ESP");
    case PROTOCOL_MINIMAL: return unsupported(w, "minimal encapsulation");
    case PROTOCOL_IPCOMP: return unsupported(w, "IPComp");
    case PROTOCOL_L2TP: return unsupported(w, "L2TP");
    case PROTOCOL_AGGFRAG: return unsupported(w, "IPsec AGGFRAG");
    default: return unsupported_number(w, "IP protocol", OBSTACLE_DECIMAL, protocol);
    }
}

packet_result take_protocol(walk *w, uint8_t protocol)
{
    if (protocol == PROTOCOL_TCP)
        return take_tcp(w);
    if (++w->layers > LAYERS_MAX)
        return unsupported(w, "too many headers");
    switch (protocol) {
    case PROTOCOL_IPV4:
    case PROTOCOL_IPV6: return take_ip(w);
    case PROTOCOL_UDP: return take_udp(w);
    case PROTOCOL_GRE: return take_gre(w);
    case PROTOCOL_AH: return take_authentication(w);
    case PROTOCOL_MPLS: return take_mpls(w);
    case PROTOCOL_ETHERNET: return take_ethernet(w);
    case PROTOCOL_ETHERIP: return skip(w, 2) ? take_ethernet(w) : PACKET_CUT;
    case PROTOCOL_NSH: return take_nsh(w);
    default: return take_other_protocol(w, protocol);
    }
}

/* In one piece, so that the whole can be read at once behind it. */
static void set_address(endpoint *point, const uint8_t *address, uint8_t size)
{
    uint64_t words[2] = {0, 0};

    if (size == 4)
        memcpy(words, address, 4);
    else
        memcpy(words, address, sizeof(words));
    memcpy(point->address, words, sizeof(words));
    point->address_size = size;
}

/* ---- fragments ---- */

/* Can the whole packet be decoded further? */
static bool is_worth_joining(uint8_t protocol)
{
    switch (protocol) {
    case PROTOCOL_UDP: /* only the first piece has the ports */
    case PROTOCOL_TCP:
    case PROTOCOL_IPV4:
    case PROTOCOL_IPV6:
    case PROTOCOL_GRE:
    case PROTOCOL_AH:
    case PROTOCOL_MPLS:
    case PROTOCOL_ETHERNET:
    case PROTOCOL_ETHERIP:
    case PROTOCOL_NSH:
    case 43: /* IPv6: routing, destination options */
    case 60:
        return true;
    default:
        return false;
    }
}

/* What is left of the packet is a piece; addresses are those of the segment. */
static packet_result take_piece(walk *w, uint8_t protocol, uint32_t identification,
                                uint32_t offset, bool more)
{
    packet *found = w->found;

    if (!is_worth_joining(protocol))
        return take_other_protocol(w, protocol);
    found->piece = (ip_piece){
        .source = found->segment.source,
        .destination = found->segment.destination,
        .identification = identification,
        .protocol = protocol,
        .ttl = found->segment.ttl,
        .depth = w->depth,
        .more = more,
        .no_tunnel = protocol == PROTOCOL_UDP && offset == 0 && w->captured >= 4 &&
                     !is_tunnel_port(cti_get16(w->bytes), cti_get16(w->bytes + 2)),
        .frames = 1,
        .offset = offset,
        .bytes = w->bytes,
        .captured = w->captured,
        .length = w->length,
    };
    return PACKET_FRAGMENT;
}

/* ---- IP ---- */

/* The header says how long the packet is.  A frame that a tunnel carries may have been
 * shortened by the switch that mirrored it: then there was more of it than the tunnel has. */
static void set_length(walk *w, uint32_t length)
{
    if (w->depth > 1 && w->length < length)
        w->length = length;
    limit(w, length);
}

static packet_result take_ipv4(walk *w)
{
    const uint8_t *bytes = w->bytes;
    cti_segment *segment = &w->found->segment;
    uint32_t header, total, fragment;

    if (w->captured < 20)
        return PACKET_CUT;
    header = (uint32_t)(bytes[0] & 15) * 4;
    total = cti_get16(bytes + 2);
    if (header < 20 || (total != 0 && total < header))
        return PACKET_CUT;
    if (total != 0)
        set_length(w, total);
    fragment = cti_get16(bytes + 6);
    set_address(&segment->source, bytes + 12, 4);
    set_address(&segment->destination, bytes + 16, 4);
    segment->identification = cti_get16(bytes + 4);
    segment->ttl = bytes[8];
    if (!skip(w, header))
        return PACKET_CUT;
    if (fragment & 0x3FFF)
        return take_piece(w, bytes[9], segment->identification, (fragment & 0x1FFF) * 8,
                          fragment & 0x2000);
    return take_protocol(w, bytes[9]);
}

/* Size of an extension header by its length field, or 0 for what is none. */
static uint32_t extension_size(uint8_t type, uint8_t length)
{
    switch (type) {
    case 0:   /* hop-by-hop options */
    case 43:  /* routing */
    case 60:  /* destination options */
    case 135: /* mobility */
        return ((uint32_t)length + 1) * 8;
    case IPV6_FRAGMENT:
        return 8;
    case PROTOCOL_AH:
        return ((uint32_t)length + 2) * 4;
    default:
        return 0;
    }
}

/* Extension headers, and what follows them. */
static packet_result take_ipv6_content(walk *w, uint8_t next)
{
    while (extension_size(next, 0) != 0) {
        const uint8_t *bytes = w->bytes;
        const uint8_t type = next;
        uint32_t fragment;

        if (++w->layers > LAYERS_MAX)
            return unsupported(w, "too many headers");
        if (w->captured < 8 || !skip(w, extension_size(type, bytes[1])))
            return PACKET_CUT;
        next = bytes[0];
        fragment = cti_get16(bytes + 2);
        /* Offset and M are 0 where a whole packet has this header (RFC 6946). */
        if (type == IPV6_FRAGMENT && fragment & 0xFFF9)
            return take_piece(w, next, cti_get32(bytes + 4), fragment & 0xFFF8, fragment & 1);
    }
    return take_protocol(w, next);
}

static packet_result take_ipv6(walk *w)
{
    const uint8_t *bytes = w->bytes;
    cti_segment *segment = &w->found->segment;
    uint32_t payload;

    if (w->captured < 40)
        return PACKET_CUT;
    payload = cti_get16(bytes + 4);
    set_address(&segment->source, bytes + 8, 16);
    set_address(&segment->destination, bytes + 24, 16);
    segment->identification = 0;
    segment->ttl = bytes[7];
    skip(w, 40);
    if (payload != 0)
        set_length(w, payload);
    return take_ipv6_content(w, bytes[6]);
}

packet_result take_ip(walk *w)
{
    if (w->captured < 1)
        return PACKET_CUT;
    if (++w->depth > IP_LAYERS_MAX)
        return unsupported(w, "too many tunnels in one another");
    switch (w->bytes[0] >> 4) {
    case 4: return take_ipv4(w);
    case 6: return take_ipv6(w);
    default: return unsupported_number(w, "IP version", OBSTACLE_DECIMAL, w->bytes[0] >> 4);
    }
}

/* ---- whole packets ---- */

packet_result packet_parse(const uint8_t *bytes, uint32_t captured, uint32_t length, int link_type,
                           packet *found)
{
    walk w = {.bytes = bytes,
              .captured = captured,
              .length = length < captured ? captured : length,
              .found = found};

    memset(&found->segment, 0, sizeof(found->segment));
    return take_link(&w, link_type);
}

packet_result packet_parse_whole(const ip_piece *whole, packet *found)
{
    const bool v6 = whole->source.address_size == 16;
    walk w = {.bytes = whole->bytes,
              .captured = whole->captured,
              .length = whole->length,
              .depth = whole->depth,
              .found = found};

    found->segment = (cti_segment){
        .source = whole->source,
        .destination = whole->destination,
        .identification = v6 ? 0 : (uint16_t)whole->identification,
        .ttl = whole->ttl,
    };
    return v6 ? take_ipv6_content(&w, whole->protocol) : take_protocol(&w, whole->protocol);
}

bool packet_knows_link(int link_type)
{
    packet found;

    return packet_parse((const uint8_t *)"", 0, 0, link_type, &found) != PACKET_UNKNOWN_LINK;
}
