/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the bytes of a packet to a TCP segment: link layer, VLAN tags, IPv4, IPv6, TCP.
 * Facts: IEEE 802.3 and 802.1Q, RFC 791, RFC 8200, RFC 9293, and the link types of
 * https://www.tcpdump.org/linktypes.html. */
#ifndef CTIDUMP_PACKET_H
#define CTIDUMP_PACKET_H

#include "records.h"

/* RFC 9293, section 3.1 */
enum {
    TCP_FIN = 0x01,
    TCP_SYN = 0x02,
    TCP_RST = 0x04,
    TCP_ACK = 0x10,
};

typedef struct tcp_segment {
    endpoint source, destination;
    uint32_t sequence, acknowledgment;
    uint32_t window; /* as in the header, not scaled */
    uint8_t flags;
    const uint8_t *payload;
    uint32_t captured; /* bytes of payload that are there */
    uint32_t length;   /* bytes of payload on the wire */
    /* Not from the packet: when and where it was captured. */
    int64_t time; /* nanoseconds since 1970 UTC */
    uint32_t frame;
} tcp_segment;

typedef enum {
    PACKET_TCP,
    PACKET_NOT_TCP,       /* another protocol */
    PACKET_CUT,           /* too few bytes for the headers, or headers that contradict */
    PACKET_FRAGMENT,      /* a piece of an IP packet that does not hold the whole segment */
    PACKET_UNKNOWN_LINK,  /* a link type that is not supported */
} packet_result;

/* Finds the TCP segment in a packet of libpcap's DLT_ link_type.  captured bytes are there,
 * of length on the wire.  The segment points into bytes. */
packet_result packet_parse(const uint8_t *bytes, uint32_t captured, uint32_t length, int link_type,
                           tcp_segment *segment);

/* True if packet_parse() takes packets of this DLT_ link type. */
bool packet_knows_link(int link_type);

#endif
