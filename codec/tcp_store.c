/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a stream keeps (see tcp_store.h). */
#include "tcp_store.h"

#include <string.h>

/* A node of a GTree: key, value, two children, and its balance. */
#define INDEX_NODE (5 * sizeof(void *))
/* What an allocation takes in addition to its size: a header, and the size rounded up. */
#define ALLOCATION 16
/* A search walks past this many pieces before it makes an index.  Captures swap neighbours, and few
 * of them hold more than that. */
#define WALK_MAX 32

_Static_assert(sizeof(held) + INDEX_NODE + 2 * ALLOCATION <= CTI_TCP_PIECE_COST,
               "a held piece costs more than is counted");

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

/* ---- the index ----
 *
 * A list finds its ends at once, and that is where nearly all pieces come and go.  A tree is added
 * when a piece belongs far inside, and dropped when nothing is held any more. */

static int compare_numbers(gconstpointer a, gconstpointer b)
{
    const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

static void make_index(cti_tcp_stream *stream)
{
    stream->index = g_tree_new(compare_numbers);
    for (const GList *link = stream->held.head; link != NULL; link = link->next) {
        held *piece = link->data;

        g_tree_insert(stream->index, &piece->sequence, piece);
    }
}

static void drop_index(cti_tcp_stream *stream)
{
    if (stream->index != NULL)
        g_tree_destroy(stream->index);
    stream->index = NULL;
}

/* The first piece that ends after a number, NULL if there is none. */
static GList *find_after(cti_tcp_stream *stream, uint64_t number)
{
    GList *link = stream->held.tail, *before;
    GTreeNode *node;

    if (link == NULL || end_of(link->data) <= number) /* most segments come after all others */
        return NULL;
    if (stream->index == NULL) {
        link = stream->held.head;
        for (uint32_t steps = 0; steps < WALK_MAX; steps++) {
            if (end_of(link->data) > number) /* the last piece does */
                return link;
            link = link->next;
        }
        make_index(stream);
    }
    node = g_tree_upper_bound(stream->index, &number);
    link = node != NULL ? &((held *)g_tree_node_value(node))->link : NULL;
    before = link != NULL ? link->prev : stream->held.tail;
    return before != NULL && end_of(before->data) > number ? before : link;
}

/* ---- pieces ---- */

/* Puts a piece among those held, before another (NULL: at the end). */
static void add_held(cti_tcp_stream *stream, GList *before, held *piece)
{
    if (stream->held.head == NULL)
        g_queue_push_tail_link(&stream->pool->streams, &stream->pool_link);
    g_queue_insert_before_link(&stream->held, before, &piece->link);
    if (stream->index != NULL)
        g_tree_insert(stream->index, &piece->sequence, piece);
    stream->held_bytes += cost_of(piece);
    stream->pool->held += cost_of(piece);
}

void cti_tcp_store_take(cti_tcp_stream *stream, held *piece)
{
    g_queue_unlink(&stream->held, &piece->link);
    stream->held_bytes -= cost_of(piece);
    stream->pool->held -= cost_of(piece);
    if (stream->held.head == NULL) {
        g_queue_unlink(&stream->pool->streams, &stream->pool_link);
        drop_index(stream);
    } else if (stream->index != NULL) {
        g_tree_remove(stream->index, &piece->sequence);
    }
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
    piece->acknowledges = (from->flags & CTI_FLAG_ACK) != 0;
    piece->acknowledgment = from->acknowledgment;
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

    if (captured == 0 || offset >= piece->captured) /* bytes may be NULL */
        return false;
    return memcmp(piece->bytes + offset, bytes, MIN(captured, piece->captured - offset)) != 0;
}

void cti_tcp_store_hold(cti_tcp_stream *stream, const cti_segment *from, uint64_t sequence,
                        const uint8_t *bytes, uint32_t captured, uint32_t length,
                        cti_tcp_verdict *verdict)
{
    const uint64_t end = sequence + length;
    GList *link = find_after(stream, sequence);

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

    drop_index(stream);
    while ((piece = cti_tcp_store_first(stream)) != NULL) {
        cti_tcp_store_take(stream, piece);
        g_free(piece);
    }
    g_free(stream->recent);
    stream->recent = NULL;
}
