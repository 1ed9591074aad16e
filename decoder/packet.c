/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the bytes of a packet to a TCP segment (see packet.h). */
#include "packet.h"

#include <pcap/dlt.h>
#include <string.h>

#include "../codec/bytes.h"

#define VLAN_TAGS_MAX 8
#define IPV6_HEADERS_MAX 16

enum { PROTOCOL_TCP = 6, IPV6_FRAGMENT = 44 };

/* What is left of a packet: captured bytes, and how many there were on the wire. */
typedef struct view {
    const uint8_t *bytes;
    uint32_t captured, length;
} view;

/* False if fewer than size bytes are there. */
static bool skip(view *v, uint32_t size)
{
    if (v->captured < size)
        return false;
    v->bytes += size;
    v->captured -= size;
    v->length -= size;
    return true;
}

/* The packet is only size bytes long: what follows is padding. */
static void limit(view *v, uint32_t size)
{
    if (v->length > size)
        v->length = size;
    if (v->captured > v->length)
        v->captured = v->length;
}

/* ---- TCP ---- */

static packet_result parse_tcp(view v, tcp_segment *segment)
{
    uint32_t header;

    if (v.captured < 20)
        return PACKET_CUT;
    header = (uint32_t)(v.bytes[12] >> 4) * 4;
    if (header < 20 || header > v.length)
        return PACKET_CUT;
    segment->source.port = cti_get16(v.bytes);
    segment->destination.port = cti_get16(v.bytes + 2);
    segment->sequence = cti_get32(v.bytes + 4);
    segment->acknowledgment = cti_get32(v.bytes + 8);
    segment->flags = v.bytes[13];
    segment->window = cti_get16(v.bytes + 14);
    segment->length = v.length - header;
    segment->captured = v.captured > header ? v.captured - header : 0;
    segment->payload = v.bytes + (v.captured > header ? header : v.captured);
    return PACKET_TCP;
}

/* ---- IP ---- */

static void set_address(endpoint *point, const uint8_t *address, uint8_t size)
{
    point->address_size = size;
    memcpy(point->address, address, size);
}

static packet_result parse_ipv4(view v, tcp_segment *segment)
{
    uint32_t header, total;

    if (v.captured < 20)
        return PACKET_CUT;
    header = (uint32_t)(v.bytes[0] & 15) * 4;
    total = cti_get16(v.bytes + 2);
    if (header < 20)
        return PACKET_CUT;
    if (total != 0) { /* 0: the network card was to fill it in */
        if (total < header)
            return PACKET_CUT;
        limit(&v, total);
    }
    if (v.bytes[9] != PROTOCOL_TCP)
        return PACKET_NOT_TCP;
    if (cti_get16(v.bytes + 6) & 0x3FFF)
        return PACKET_FRAGMENT;
    set_address(&segment->source, v.bytes + 12, 4);
    set_address(&segment->destination, v.bytes + 16, 4);
    return skip(&v, header) ? parse_tcp(v, segment) : PACKET_CUT;
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
    case 51: /* authentication */
        return ((uint32_t)length + 2) * 4;
    default:
        return 0;
    }
}

static packet_result parse_ipv6(view v, tcp_segment *segment)
{
    uint8_t next;
    uint32_t payload;

    if (v.captured < 40)
        return PACKET_CUT;
    payload = cti_get16(v.bytes + 4);
    next = v.bytes[6];
    set_address(&segment->source, v.bytes + 8, 16);
    set_address(&segment->destination, v.bytes + 24, 16);
    skip(&v, 40);
    if (payload != 0)
        limit(&v, payload);
    for (int i = 0; i < IPV6_HEADERS_MAX; i++) {
        uint32_t size;

        if (next == PROTOCOL_TCP)
            return parse_tcp(v, segment);
        if (extension_size(next, 0) == 0)
            return PACKET_NOT_TCP;
        if (v.captured < 8)
            return PACKET_CUT;
        /* Offset and M are 0 where a whole packet has this header (RFC 6946). */
        if (next == IPV6_FRAGMENT && cti_get16(v.bytes + 2) & 0xFFF9)
            return v.bytes[0] == PROTOCOL_TCP ? PACKET_FRAGMENT : PACKET_NOT_TCP;
        size = extension_size(next, v.bytes[1]);
        next = v.bytes[0];
        if (!skip(&v, size))
            return PACKET_CUT;
    }
    return PACKET_NOT_TCP;
}

/* By the version in the first byte. */
static packet_result parse_ip(view v, tcp_segment *segment)
{
    if (v.captured < 1)
        return PACKET_CUT;
    switch (v.bytes[0] >> 4) {
    case 4: return parse_ipv4(v, segment);
    case 6: return parse_ipv6(v, segment);
    default: return PACKET_NOT_TCP;
    }
}

/* ---- link layers ---- */

static packet_result parse_ethertype(view v, uint32_t type, tcp_segment *segment)
{
    for (int tags = 0; tags < VLAN_TAGS_MAX; tags++) {
        switch (type) {
        case 0x0800:
        case 0x86DD:
            return parse_ip(v, segment);
        case 0x8100: /* 802.1Q, 802.1ad, and two numbers used before it */
        case 0x88A8:
        case 0x9100:
        case 0x9200:
            if (v.captured < 4)
                return PACKET_CUT;
            type = cti_get16(v.bytes + 2);
            skip(&v, 4);
            break;
        default:
            return PACKET_NOT_TCP;
        }
    }
    return PACKET_NOT_TCP;
}

static packet_result parse_ethernet(view v, tcp_segment *segment)
{
    uint32_t type;

    if (v.captured < 14)
        return PACKET_CUT;
    type = cti_get16(v.bytes + 12);
    skip(&v, 14);
    return parse_ethertype(v, type, segment);
}

/* Linux "cooked" captures: the protocol stands at a fixed place in a header of `size`. */
static packet_result parse_cooked(view v, uint32_t protocol_at, uint32_t size,
                                  tcp_segment *segment)
{
    uint32_t type;

    if (v.captured < size)
        return PACKET_CUT;
    type = cti_get16(v.bytes + protocol_at);
    skip(&v, size);
    return parse_ethertype(v, type, segment);
}

packet_result packet_parse(const uint8_t *bytes, uint32_t captured, uint32_t length, int link_type,
                           tcp_segment *segment)
{
    view v = {bytes, captured, length < captured ? captured : length};

    memset(segment, 0, sizeof(*segment));
    switch (link_type) {
    case DLT_EN10MB:
        return parse_ethernet(v, segment);
    case DLT_NULL: /* an address family in either byte order: IP's own version tells as much */
    case DLT_LOOP:
        return skip(&v, 4) ? parse_ip(v, segment) : PACKET_CUT;
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
        return parse_ip(v, segment);
    case DLT_LINUX_SLL:
        return parse_cooked(v, 14, 16, segment);
    case DLT_LINUX_SLL2:
        return parse_cooked(v, 0, 20, segment);
    default:
        return PACKET_UNKNOWN_LINK;
    }
}

bool packet_knows_link(int link_type)
{
    tcp_segment segment;

    return packet_parse((const uint8_t *)"", 0, 0, link_type, &segment) != PACKET_UNKNOWN_LINK;
}
