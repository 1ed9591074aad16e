/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a stream keeps: the bytes that came too early, in pieces, and a copy of the last ones
 * that were delivered, to compare repeated bytes with.  For tcp.c only; the invariants stand in
 * tcp.h. */
#ifndef CTIDUMP_TCP_STORE_H
#define CTIDUMP_TCP_STORE_H

#include "tcp.h"

/* Bytes that came too early. */
typedef struct held {
    uint64_t sequence;
    uint32_t captured, length; /* length - captured bytes at its end are not in the capture */
    int64_t time;              /* of the segment, and what follows too */
    uint32_t frame;
    uint32_t acknowledgment;
    GList link;
    bool acknowledges; /* it has an acknowledgment */
    uint8_t bytes[];
} held;

/* The first piece held, NULL if there is none. */
held *cti_tcp_store_first(const cti_tcp_stream *stream);

/* Takes a piece out; the caller frees it. */
void cti_tcp_store_take(cti_tcp_stream *stream, held *piece);

/* Keeps the parts of a segment (from: its time, frame, acknowledgment) that are ahead and that no
 * held piece covers.  The verdict tells if some of it was held already. */
void cti_tcp_store_hold(cti_tcp_stream *stream, const cti_segment *from, uint64_t sequence,
                        const uint8_t *bytes, uint32_t captured, uint32_t length,
                        cti_tcp_verdict *verdict);

/* Remembers bytes that are delivered now, at next; missing bytes at their end break the row. */
void cti_tcp_store_remember(cti_tcp_stream *stream, const uint8_t *bytes, uint32_t captured,
                            uint32_t length);

/* A hint: so many bytes come soon, most likely the next ones. */
void cti_tcp_store_expect(const cti_tcp_stream *stream, uint32_t size);

/* True if bytes, whose first one has number start, are known to have been delivered as others. */
bool cti_tcp_store_differs(const cti_tcp_stream *stream, uint64_t start, const uint8_t *bytes,
                           uint32_t captured);

/* Frees all that is kept. */
void cti_tcp_store_release(cti_tcp_stream *stream);

#endif
