/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Segments wait for a few others before their connections take them in: in a capture of many
 * sessions each one is of another connection than the one before it, and what is kept of that
 * comes from memory while others are worked on.  (Without it, half of the time goes by waiting
 * for memory.)  Nothing else is drawn from what waits: a segment is taken in as if it had just
 * come. */
#include "connection_private.h"

#include <stddef.h>
#include <string.h>

#include "tcp_store.h"

#define LINE 64u /* bytes that come from memory at once */

/* Turns before its own at which a segment's connection is looked at: first for what it points to,
 * then for what the writer keeps. */
enum { CONTENT_TURN = 10, WRITER_TURN = 5 };

static waiting_segment *waiting(cti_connections *all, uint64_t number)
{
    return &all->ahead[number % AHEAD_MAX];
}

/* Asks for size bytes from start on. */
static inline void fetch(const void *start, size_t size)
{
#pragma GCC unroll 16
    for (size_t offset = 0; offset < size; offset += LINE)
        __builtin_prefetch((const char *)start + offset, 1);
}

/* Bytes of a structure that stand before a member. */
#define UP_TO(type, member) offsetof(type, member)

static connection *guess_of(const cti_connections *all, const waiting_segment *w)
{
    return w->removals == all->removals ? w->guess : NULL;
}

/* True for a segment the other way: most are acknowledged before another connection's come. */
static bool is_answer(const cti_segment *segment, const cti_segment *before)
{
    return cti_endpoint_is(&segment->source, &before->destination) &&
           cti_endpoint_is(&segment->destination, &before->source);
}

static void fetch_connection(cti_connections *all, waiting_segment *w,
                             const waiting_segment *before)
{
    w->is_next = is_answer(&w->segment, &before->segment) && before->removals == all->removals;
    w->guess = w->is_next ? before->guess : cti_connection_table_guess(all, &w->segment);
    w->removals = all->removals;
    if (w->guess == NULL || w->is_next)
        return;
    fetch(w->guess, UP_TO(connection, record.sides[0].ttl_varied));
    fetch(&w->guess->record.sides[1], UP_TO(cti_tcp_side, ttl_varied));
    for (int i = 0; i < DIRECTIONS; i++)
        fetch(&w->guess->directions[i], UP_TO(direction, messages.rest));
}

static void fetch_content(const cti_connections *all, const waiting_segment *w)
{
    connection *c = guess_of(all, w);

    if (c == NULL || w->is_next || c->content == CONTENT_OTHER)
        return;
    cti_duplicate_filter_expect(&c->seen);
    if (c->session == NULL)
        return;
    fetch(c->session, UP_TO(live_session, session));
    cti_session_prefetch(&c->session->session);
    if (c->writer_data != NULL)
        fetch(c->writer_data, 2 * LINE);
    if (w->segment.length > 0)
        cti_tcp_store_expect(&cti_connection_table_direction(c, &w->segment.source)->stream,
                             w->segment.captured);
}

static void fetch_for_writer(const cti_connections *all, const waiting_segment *w)
{
    const connection *c = guess_of(all, w);

    if (c != NULL && c->session != NULL && w->segment.captured > 0 && all->events->expect != NULL)
        all->events->expect(all->user, &c->session->record);
}

static void keep(waiting_segment *w, const cti_segment *segment)
{
    w->segment = *segment;
    if (segment->captured > w->capacity) {
        g_free(w->payload);
        w->capacity = segment->captured;
        w->payload = g_malloc(w->capacity);
    }
    if (segment->captured > 0)
        memcpy(w->payload, segment->payload, segment->captured);
    w->segment.payload = w->payload;
}

static void take_first(cti_connections *all)
{
    const waiting_segment *w = waiting(all, all->taken++);
    connection *c = guess_of(all, w);

    if (c != NULL && cti_connection_table_is(c, &w->segment))
        cti_connections_take(all, c, &w->segment);
    else
        cti_connections_feed(all, &w->segment);
}

void cti_connections_queue(cti_connections *all, const cti_segment *segment)
{
    waiting_segment *w;

    if (all->queued - all->taken == AHEAD_MAX)
        take_first(all);
    w = waiting(all, all->queued++);
    keep(w, segment);
    fetch_connection(all, w, waiting(all, all->queued - 2));
    if (all->queued < AHEAD_MAX)
        return;
    fetch_content(all, waiting(all, all->taken + CONTENT_TURN));
    fetch_for_writer(all, waiting(all, all->taken + WRITER_TURN));
}

void cti_connections_settle(cti_connections *all)
{
    while (all->taken < all->queued)
        take_first(all);
}

void cti_prefetch_release(cti_connections *all)
{
    for (int i = 0; i < AHEAD_MAX; i++)
        g_free(all->ahead[i].payload);
}
