/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fragmented IP packets put together (RFC 791, section 3.2; RFC 8200, section 4.5; RFC 5722
 * tells what overlapping pieces are good for).
 *
 * Pieces come in any order and more than once; the bytes seen first win.  What the capture
 * cut off a piece is missing from there on.  A packet is given up when not all of it came
 * within FRAGMENT_AGE of the capture's time, or when more packets or bytes are held than the
 * limit allows: the oldest first. */
#ifndef CTIDUMP_FRAGMENT_H
#define CTIDUMP_FRAGMENT_H

#include "packet.h"

/* Packets that are enough for a busy capture, and bytes to hold for each of them on average. */
#define FRAGMENT_PACKETS 256u
#define FRAGMENT_BYTES (UINT64_C(16) << 10)
#define FRAGMENT_AGE INT64_C(30000000000)
/* So long a packet is remembered once it is whole: another copy of its pieces is no other
 * packet. */
#define FRAGMENT_COPY_AGE INT64_C(1000000000)

typedef struct fragments fragments;

typedef enum {
    FRAGMENT_HELD,     /* it waits for others */
    FRAGMENT_WHOLE,    /* it was the last one missing: *whole is the packet */
    FRAGMENT_REPEATED, /* all of it was there before */
    FRAGMENT_BROKEN,   /* it cannot be part of any packet */
} fragment_result;

/* What was given up.  No packet is counted twice. */
typedef struct fragment_counts {
    uint64_t incomplete;   /* packets of which pieces are missing */
    uint64_t without_first; /* UDP datagrams whose first piece, with the ports, is missing */
    uint64_t limit;        /* packets that there was no room for */
    uint64_t without_tcp;  /* frames of UDP datagrams that are not a tunnel's */
} fragment_counts;

/* Holds at most so many packets. */
fragments *fragments_new(uint32_t packets);
void fragments_free(fragments *all);

/* Takes in a piece that was captured at this time (nanoseconds); its bytes are copied.
 * whole->bytes live until the next call, which may be for a piece in them. */
fragment_result fragments_add(fragments *all, const ip_piece *piece, int64_t time,
                              ip_piece *whole);

/* Gives up all that is not whole: nothing more comes. */
void fragments_finish(fragments *all);

const fragment_counts *fragments_given_up(const fragments *all);

#endif
