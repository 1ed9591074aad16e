/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the bytes of a packet to the TCP segment in it, through link layers, tags, tunnels
 * and IP.  The C files of this folder describe each layer's header at their top.  No state is
 * kept: fragment.h puts fragmented packets together, duplicate.h finds packets that were
 * captured twice. */
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
    bool no_tunnel;   /* the first piece of a UDP datagram whose ports are not a tunnel's */
    uint32_t frames;  /* of the capture that hold it: 1, or more if it was put together */
    uint32_t offset;  /* of the piece, in bytes */
    const uint8_t *bytes;
    uint32_t captured, length; /* as in cti_segment */
} ip_piece;

typedef enum {
    PACKET_TCP,          /* packet.segment is the segment */
    PACKET_NOT_TCP,      /* a protocol that never carries TCP */
    PACKET_CUT,          /* too few bytes for the headers, or invalid headers */
    PACKET_FRAGMENT,     /* packet.piece is a piece of an IP packet that may hold TCP */
    PACKET_UNSUPPORTED,  /* may hold TCP, but packet.obstacle is not supported or not known */
    PACKET_UNKNOWN_LINK, /* a link type that is not supported */
} packet_result;

/* How an obstacle's number is written. */
enum {
    OBSTACLE_NAME = -1, /* there is none */
    OBSTACLE_DECIMAL = 0,
};

/* The header that stopped the decoding of a packet. */
typedef struct packet_obstacle {
    const char *name; /* "MACsec", or what the number is: "EtherType"; never freed */
    int form;         /* OBSTACLE_..., or the number of hexadecimal digits */
    uint32_t number;
} packet_obstacle;

typedef struct packet {
    cti_segment segment;
    ip_piece piece;
    packet_obstacle obstacle;
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
