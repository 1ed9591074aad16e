/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The records of a classic capture file (pcap-savefile(5), version 2.4), in large blocks.
 *
 * libpcap reads the file's header, and all that is unusual.  Record by record it takes as long
 * as all the rest that a report needs, so that what most files consist of is read here; a unit
 * test holds the two against each other. */
#ifndef CTIDUMP_PCAP_RECORDS_H
#define CTIDUMP_PCAP_RECORDS_H

#include <stddef.h>
#include <sys/types.h>

#include "capture.h"

/* A record with more bytes is none (libpcap's MAXIMUM_SNAPLEN). */
#define PCAP_RECORD_MAX 262144u

typedef struct pcap_records {
    /* Reads up to size bytes as read(2) does. */
    ssize_t (*read)(void *source, char *buffer, size_t size);
    void *source;
    bool swapped;     /* numbers are in the other byte order than this machine's */
    bool nanoseconds; /* times are in nanoseconds behind the second, not microseconds */
    uint32_t snaplen; /* of the file: longer records are cut to it */
    uint8_t *buffer;
    size_t from, to;  /* what was read and not yet taken */
    size_t block;     /* to be read at a time */
} pcap_records;

/* Starts behind the file's header.  The first five members are the caller's to fill in. */
void pcap_records_init(pcap_records *records);
void pcap_records_release(pcap_records *records);

/* The next record as capture_next() gives it, but for its link type.  After CAPTURE_DAMAGED,
 * *error is what is wrong, to be freed with g_free(). */
capture_result pcap_records_next(pcap_records *records, capture_packet *packet, char **error);

#endif
