/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of a classic capture file (see pcap_records.h): 4 seconds, 4 micro- or nanoseconds,
 * 4 captured bytes, 4 bytes on the wire, then the packet. */
#include "pcap_records.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "capture_kinds.h"

#define HEADER 16u
/* Read at a time: small enough to stay in the processor's cache until it is used. */
#define BLOCK ((size_t)1 << 17)
/* The first time: of many files, only the first packet is read before their turn. */
#define FIRST_BLOCK ((size_t)1 << 12)
#define BUFFER (BLOCK + HEADER + PCAP_RECORD_MAX)

void pcap_records_init(pcap_records *records)
{
    records->buffer = g_malloc(BUFFER);
    records->from = records->to = 0;
    records->block = FIRST_BLOCK;
}

void pcap_records_release(pcap_records *records)
{
    g_free(records->buffer);
    records->buffer = NULL;
}

/* Reads until size bytes are there, or the file ends.  False if reading failed. */
static bool fill(pcap_records *r, size_t size)
{
    memmove(r->buffer, r->buffer + r->from, r->to - r->from);
    r->to -= r->from;
    r->from = 0;
    while (r->to < size) {
        const ssize_t got = r->read(r->source, (char *)r->buffer + r->to, r->block);

        if (got < 0)
            return false;
        if (got == 0)
            return true;
        r->to += (size_t)got;
        r->block = BLOCK;
    }
    return true;
}

static uint32_t number_at(const pcap_records *r, size_t offset)
{
    uint32_t number;

    memcpy(&number, r->buffer + r->from + offset, sizeof(number));
    return r->swapped ? GUINT32_SWAP_LE_BE(number) : number;
}

/* Why the bytes that are there are no record, or NULL where the file ends behind a record. */
static char *what_is_missing(const pcap_records *r, size_t size, const char *of)
{
    return g_strdup_printf("truncated dump file; tried to read %zu %s bytes, only got %zu", size,
                           of, r->to - r->from);
}

capture_result pcap_records_next(pcap_records *r, capture_packet *packet, char **error)
{
    uint32_t captured, length;
    int64_t fraction;

    if (r->to - r->from < HEADER && !fill(r, HEADER)) {
        *error = g_strdup(g_strerror(errno));
        return CAPTURE_DAMAGED;
    }
    if (r->from == r->to)
        return CAPTURE_END;
    if (r->to - r->from < HEADER) {
        *error = what_is_missing(r, HEADER, "header");
        return CAPTURE_DAMAGED;
    }
    captured = number_at(r, 8);
    if (captured > PCAP_RECORD_MAX) {
        *error = g_strdup_printf("invalid packet capture length %u, bigger than maximum of %u",
                                 captured, PCAP_RECORD_MAX);
        return CAPTURE_DAMAGED;
    }
    if (r->to - r->from < HEADER + captured && !fill(r, HEADER + captured)) {
        *error = g_strdup(g_strerror(errno));
        return CAPTURE_DAMAGED;
    }
    if (r->to - r->from < HEADER + captured) {
        r->from += HEADER;
        *error = what_is_missing(r, captured, "captured");
        return CAPTURE_DAMAGED;
    }
    fraction = number_at(r, 4);
    length = number_at(r, 12);
    packet->time = capture_time(number_at(r, 0), r->nanoseconds ? fraction : fraction * 1000);
    packet->bytes = r->buffer + r->from + HEADER;
    packet->captured = MIN(captured, r->snaplen);
    packet->length = MAX(length, packet->captured);
    r->from += HEADER + captured;
    return CAPTURE_PACKET;
}
