/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts the packets that could not be decoded, by the header that stopped the decoding.  At most
 * UNDECODED_KINDS are counted one by one, the others together. */
#ifndef CTIDUMP_UNDECODED_H
#define CTIDUMP_UNDECODED_H

#include <glib.h>

#include "packet.h"

#define UNDECODED_KINDS 32

typedef struct undecoded_kind {
    char *name; /* "MACsec", "EtherType 0x1234" */
    uint64_t packets;
} undecoded_kind;

/* Set to 0 before its first use. */
typedef struct undecoded {
    undecoded_kind kinds[UNDECODED_KINDS];
    uint32_t count;
    uint64_t others; /* packets of further kinds */
    uint64_t packets; /* all of them */
} undecoded;

void undecoded_add(undecoded *all, const char *name, uint64_t packets);
void undecoded_add_obstacle(undecoded *all, const packet_obstacle *obstacle, uint64_t packets);
/* Adds all of from. */
void undecoded_merge(undecoded *all, const undecoded *from);
/* The most frequent kind first; those of the same count by name. */
void undecoded_sort(undecoded *all);
/* "MACsec (12), IP protocol 99 (3)": the kinds, sorted before. */
void undecoded_append(GString *text, const undecoded *all);
void undecoded_clear(undecoded *all);

#endif
