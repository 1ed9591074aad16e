/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a stream keeps (see tcp_store.h). */
#include "tcp_store.h"

#include <string.h>

_Static_assert(sizeof(held) <= CTI_TCP_PIECE_COST, "a held piece costs more than is counted");

void cti_tcp_pool_init(cti_tcp_pool *pool)
{
    *pool = (cti_tcp_pool){.held = 0};
    g_queue_init(&pool->streams);
}

void *cti_tcp_pool_oldest(const cti_tcp_pool *pool)
{
    return pool->streams.head != NULL ? pool->streams.head->data : NULL;
}

/* ---- what comes too early ---- */

static uint64_t end_of(const held *piece)
{
    return piece->sequence + piece->length;
}

static uint64_t cost_of(const held *piece)
{
    return CTI_TCP_PIECE_COST + piece->captured;
}

held *cti_tcp_store_first(const cti_tcp_stream *stream)
{
    return stream->held.head != NULL ? stream->held.head->data : NULL;
}

/* Puts a piece among those held, before another (NULL: at the end). */
static void add_held(cti_tcp_stream *stream, GList *before, held *piece)
{
    if (stream->held.head == NULL)
        g_queue_push_tail_link(&stream->pool->streams, &stream->pool_link);
    g_queue_insert_before_link(&stream->held, before, &piece->link);
    stream->held_bytes += cost_of(piece);
    stream->pool->held += cost_of(piece);
}

void cti_tcp_store_take(cti_tcp_stream *stream, held *piece)
{
    g_queue_unlink(&stream->held, &piece->link);
    stream->held_bytes -= cost_of(piece);
    stream->pool->held -= cost_of(piece);
    if (stream->held.head == NULL)
        g_queue_unlink(&stream->pool->streams, &stream->pool_link);
}

static void insert(cti_tcp_stream *stream, const cti_segment *from, GList *before,
                   uint64_t sequence, const uint8_t *bytes, uint32_t captured, uint32_t length)
{
    held *piece = g_malloc(sizeof(held) + captured);

    piece->sequence = sequence;
    piece->captured = captured;
    piece->length = length;
    piece->time = from->time;
    piece->frame = from->frame;
    piece->link = (GList){.data = piece};
    if (captured > 0)
        memcpy(piece->bytes, bytes, captured);
    add_held(stream, before, piece);
}

/* Compares bytes with those of a held piece that covers their start. */
static bool differs_from_held(const held *piece, uint64_t sequence, const uint8_t *bytes,
                              uint32_t captured)
{
    const uint64_t offset = sequence - piece->sequence;

    if (offset >= piece->captured)
        return false;
    return memcmp(piece->bytes + offset, bytes, MIN(captured, piece->captured - offset)) != 0;
}

void cti_tcp_store_hold(cti_tcp_stream *stream, const cti_segment *from, uint64_t sequence,
                        const uint8_t *bytes, uint32_t captured, uint32_t length,
                        cti_tcp_verdict *verdict)
{
    const uint64_t end = sequence + length;
    const held *last = stream->held.tail != NULL ? stream->held.tail->data : NULL;
    /* Most come behind all others. */
    GList *link = last != NULL && end_of(last) <= sequence ? NULL : stream->held.head;

    while (sequence < end) {
        const held *piece;
        uint64_t stop = end;
        uint32_t size;

        while (link != NULL && end_of(link->data) <= sequence)
            link = link->next;
        piece = link != NULL ? link->data : NULL;
        if (piece != NULL && piece->sequence <= sequence) {
            verdict->retransmission = true;
            verdict->differs |= differs_from_held(piece, sequence, bytes, captured);
            stop = MIN(end, end_of(piece));
        } else {
            if (piece != NULL)
                stop = MIN(end, piece->sequence);
            size = (uint32_t)(stop - sequence);
            insert(stream, from, link, sequence, bytes, MIN(captured, size), size);
        }
        size = (uint32_t)(stop - sequence);
        if (captured > 0) /* else bytes may be NULL */
            bytes += MIN(captured, size);
        captured -= MIN(captured, size);
        sequence = stop;
    }
}

/* ---- the bytes delivered last ---- */

void cti_tcp_store_remember(cti_tcp_stream *stream, const uint8_t *bytes, uint32_t captured,
                            uint32_t length)
{
    const uint32_t size = MIN(captured, CTI_TCP_RECENT);
    const uint32_t at = (uint32_t)((stream->next + captured - size) % CTI_TCP_RECENT);
    const uint32_t first = MIN(size, CTI_TCP_RECENT - at);

    if (captured < length)
        stream->recent_from = stream->next + length;
    if (size == 0 || captured < length)
        return;
    if (stream->recent == NULL) {
        stream->recent = g_malloc(CTI_TCP_RECENT);
        stream->recent_from = stream->next;
    }
    memcpy(stream->recent + at, bytes + captured - size, first);
    memcpy(stream->recent, bytes + captured - size + first, size - first);
}

void cti_tcp_store_expect(const cti_tcp_stream *stream, uint32_t size)
{
    if (stream->recent == NULL)
        return;
    __builtin_prefetch(stream->recent + stream->next % CTI_TCP_RECENT, 1);
    __builtin_prefetch(stream->recent + (stream->next + size) % CTI_TCP_RECENT, 1);
}

bool cti_tcp_store_differs(const cti_tcp_stream *stream, uint64_t start, const uint8_t *bytes,
                           uint32_t captured)
{
    const uint64_t oldest = MAX(stream->recent_from, stream->next - CTI_TCP_RECENT);
    const uint64_t to = MIN(start + captured, stream->next);

    if (stream->recent == NULL)
        return false;
    for (uint64_t number = MAX(start, oldest); number < to; number++)
        if (stream->recent[number % CTI_TCP_RECENT] != bytes[number - start])
            return true;
    return false;
}

/* ---- its end ---- */

void cti_tcp_store_release(cti_tcp_stream *stream)
{
    held *piece;

    while ((piece = cti_tcp_store_first(stream)) != NULL) {
        cti_tcp_store_take(stream, piece);
        g_free(piece);
    }
    g_free(stream->recent);
    stream->recent = NULL;
}
