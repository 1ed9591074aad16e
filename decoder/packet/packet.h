/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the bytes of a packet to the TCP segment in it, through link layers, tags, tunnels
 * and IP.  What each layer's header looks like is told in link.c, tunnel.c and packet.c.
 * Nothing here keeps a state: pieces of fragmented packets are handed out (fragment.h puts
 * them together), packets that were captured twice are told apart in duplicate.h. */
#ifndef CTIDUMP_PACKET_H
#define CTIDUMP_PACKET_H

#include "records.h"

/* A piece of a fragmented IP packet, or all of it once it is put together. */
typedef struct ip_piece {
    endpoint source, destination; /* addresses only */
    uint32_t identification;
    uint8_t protocol; /* of the bytes; with IPv6 an extension header's number may stand here */
    uint8_t ttl;      /* TTL or hop limit; of the whole: that of the piece that completed it */
    uint8_t depth;    /* IP headers so far, for the limit of nested tunnels */
    bool more;        /* it is not the packet's last piece */
    uint32_t offset;  /* of the piece, in bytes */
    const uint8_t *bytes;
    uint32_t captured, length; /* as in cti_segment */
} ip_piece;

typedef enum {
    PACKET_TCP,          /* packet.segment is the segment */
    PACKET_NOT_TCP,      /* another protocol */
    PACKET_CUT,          /* too few bytes for the headers, or headers that contradict */
    PACKET_FRAGMENT,     /* packet.piece is a piece of an IP packet that may hold TCP */
    PACKET_TUNNEL,       /* in a tunnel that is not supported: packet.tunnel tells which */
    PACKET_UNKNOWN_LINK, /* a link type that is not supported */
} packet_result;

typedef struct packet {
    cti_segment segment;
    ip_piece piece;
    const char *tunnel; /* "IPsec ESP"; never freed */
} packet;

/* Finds the TCP segment in a packet of libpcap's DLT_ link_type.  captured bytes are there,
 * of length on the wire.  What is found points into bytes. */
packet_result packet_parse(const uint8_t *bytes, uint32_t captured, uint32_t length, int link_type,
                           packet *found);

/* The same for the content of an IP packet that was put together; found may hold whole. */
packet_result packet_parse_whole(const ip_piece *whole, packet *found);

/* True if packet_parse() takes packets of this DLT_ link type. */
bool packet_knows_link(int link_type);

#endif
