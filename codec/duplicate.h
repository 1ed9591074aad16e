/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets that were captured twice: on both ports of a mirror, on a bridge and its members,
 * in two files.  A copy differs from a retransmission in this:
 *   - An IPv4 packet has an identification that a retransmission does not share (RFC 791;
 *     RFC 6864 lets it be 0).  The copy has it, and TCP's numbers, flags, window and length,
 *     and comes before any retransmission timer fires.
 *   - Without an identification (IPv6, or 0), the copy has the same checksum too, comes
 *     within milliseconds, and nothing came the other way since: no acknowledgment asked
 *     for it.
 * VLAN tags, TTL, interface and IP checksum may differ. */
#ifndef CTIDUMP_DUPLICATE_H
#define CTIDUMP_DUPLICATE_H

#include "segment.h"

/* Nanoseconds between a packet and its copy, and packets of the connection between them. */
#define CTI_DUPLICATE_TIME              INT64_C(200000000)
#define CTI_DUPLICATE_TIME_UNIDENTIFIED INT64_C(5000000)
#define CTI_DUPLICATE_DISTANCE          8

/* What the packets of a connection are known by; all 0 at first. */
typedef struct cti_seen_packet {
    int64_t time;
    uint32_t sequence, acknowledgment, length;
    uint16_t window, identification, checksum;
    uint8_t flags, direction;
} cti_seen_packet;

typedef struct cti_duplicate_filter {
    uint32_t count; /* packets so far; the newest is at (count - 1) % CTI_DUPLICATE_DISTANCE */
    cti_seen_packet last[CTI_DUPLICATE_DISTANCE];
} cti_duplicate_filter;

/* True if the segment is a copy of one that was taken before; if not, it is remembered.
 * direction tells the two directions of the connection apart. */
bool cti_duplicate_filter_take(cti_duplicate_filter *filter, const cti_segment *segment,
                               uint8_t direction);

/* A hint: a packet comes soon. */
void cti_duplicate_filter_expect(const cti_duplicate_filter *filter);

#endif
