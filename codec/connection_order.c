/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Causal order of the two directions of a connection.
 *
 * Packets reach a capture in another order than that in which they were sent: the two directions
 * come from two mirror ports, NIC queues or taps.  But each segment carries an acknowledgment
 * (RFC 9293): its sender had received the other direction up to that number.  So what a message
 * can follow from is known.  Messages, gaps and the ends of TCP are delivered in that order: each
 * waits until the other direction has been delivered up to the number that it acknowledges.
 *
 * In a capture that is in order nothing waits and nothing is copied.  Otherwise an event waits for
 * one of two things: bytes of the other direction that are owed (tcp.h), which come or are declared
 * missing after the time that the options give; or events of the other direction, which wait
 * themselves. */
#include <string.h>

#include "connection_private.h"

/* Events that may wait in one direction; the bytes of their messages count in held_total. */
#define WAITING_MAX 4096u

typedef struct waiting_event {
    GList link; /* in the direction's queue */
    ordered_event event;
    uint8_t bytes[]; /* of a message */
} waiting_event;

static waiting_event *first_of(const direction *from)
{
    return from->waiting.head != NULL ? from->waiting.head->data : NULL;
}

static uint64_t cost_of(const waiting_event *w)
{
    return sizeof(*w) + w->event.size;
}

static bool is_after(uint32_t a, uint32_t b)
{
    return cti_sequence_ahead(a, b) > 0;
}

/* ---- one event ---- */

/* The response to the message may have been before it, in the order of delivery: in a message, or
 * in a gap that its sender had not received yet. */
static inline bool is_late(const direction *from, const cti_stamp *stamp)
{
    const direction *to = cti_connection_opposite(from);

    if (from->followed_known && !is_after(stamp->end, from->followed))
        return true;
    return stamp->acknowledges && to->missed_known && is_after(to->missed, stamp->acknowledgment);
}

/* What is delivered follows from the other direction up to this number. */
static inline void note_followed(const direction *from, const cti_stamp *stamp)
{
    direction *to = cti_connection_opposite(from);

    if (stamp->acknowledges &&
        (!to->followed_known || is_after(stamp->acknowledgment, to->followed))) {
        to->followed_known = true;
        to->followed = stamp->acknowledgment;
    }
}

static inline void deliver_message(direction *from, const uint8_t *bytes, uint32_t size,
                                   void *cookie, const cti_stamp *stamp)
{
    connection *c = from->connection;
    const cti_stamp now = c->packet;

    note_followed(from, stamp);
    if (stamp->frame != now.frame)
        c->packet = *stamp;
    cti_connection_session_take(from, bytes, size, cookie, is_late(from, stamp));
    if (stamp->frame != now.frame)
        c->packet = now;
}

static void deliver_other(direction *from, const ordered_event *event)
{
    connection *c = from->connection;
    const cti_stamp now = c->packet;

    note_followed(from, &event->packet);
    c->packet = event->packet;
    switch (event->kind) {
    case EVENT_MESSAGE: break;
    case EVENT_UNSEEN:
        from->missed_known = true;
        from->missed = event->packet.end;
        cti_connection_session_unseen(from, event->gap.bytes);
        break;
    case EVENT_GAP: cti_connection_session_gap(from, &event->gap); break;
    case EVENT_FIN: cti_end_by_fin(from); break;
    case EVENT_RESET: cti_end_by_reset(from); break;
    }
    c->packet = now;
}

/* Delivers it at its own time and frame. */
static void deliver(direction *from, const ordered_event *event)
{
    if (event->kind == EVENT_MESSAGE)
        deliver_message(from, event->bytes, event->size, event->cookie, &event->packet);
    else
        deliver_other(from, event);
}

/* True if it acknowledges bytes that the capture may show yet. */
static inline bool waits_for_bytes(const direction *to, const cti_stamp *stamp)
{
    return to->stream.owed != 0 &&
           is_after(stamp->acknowledgment, (uint32_t)cti_tcp_stream_reached(&to->stream));
}

/* True if all that an event can follow from was delivered. */
static inline bool is_due(const direction *from, const cti_stamp *stamp)
{
    const direction *to = cti_connection_opposite(from);
    const waiting_event *other = first_of(to);

    if (!stamp->acknowledges)
        return true;
    return !waits_for_bytes(to, stamp) &&
           (other == NULL || is_after(other->event.packet.end, stamp->acknowledgment));
}

/* ---- what waits ---- */

static void wait_for_turn(direction *from, const ordered_event *event)
{
    connection *c = from->connection;
    waiting_event *w = g_malloc(sizeof(*w) + event->size);

    w->event = *event;
    w->link = (GList){.data = w};
    if (event->size > 0)
        memcpy(w->bytes, event->bytes, event->size);
    w->event.bytes = w->bytes;
    g_queue_push_tail_link(&from->waiting, &w->link);
    c->all->pool.held += cost_of(w);
    if (from->waiting.length <= WAITING_MAX && c->all->pool.held <= c->all->options->held_total)
        return;
    cti_tally_add(&c->all->counts.over_limit, c->packet.frame);
    cti_order_flush(c);
}

static waiting_event *take_first(direction *from)
{
    waiting_event *w = first_of(from);

    g_queue_unlink(&from->waiting, &w->link);
    from->connection->all->pool.held -= cost_of(w);
    return w;
}

static void deliver_first(direction *from)
{
    waiting_event *w = take_first(from);

    deliver(from, &w->event);
    g_free(w);
}

/* Delivers what is due; true if there was anything. */
static bool deliver_due(direction *from)
{
    const waiting_event *w = first_of(from);

    if (w == NULL || !is_due(from, &w->event.packet))
        return false;
    deliver_first(from);
    return true;
}

/* Both directions wait for each other: one acknowledges more than it follows from, since it was
 * sent again.  The one that was captured first goes first. */
static bool is_deadlock(const connection *c)
{
    for (int i = 0; i < DIRECTIONS; i++) {
        const waiting_event *w = first_of(&c->directions[i]);

        if (w == NULL || waits_for_bytes(&c->directions[1 - i], &w->event.packet))
            return false;
    }
    return true;
}

static direction *captured_first(connection *c)
{
    const waiting_event *one = first_of(&c->directions[0]), *other = first_of(&c->directions[1]);

    if (one == NULL || other == NULL)
        return &c->directions[one == NULL ? 1 : 0];
    return &c->directions[one->event.packet.frame <= other->event.packet.frame ? 0 : 1];
}

void cti_order_release(connection *c)
{
    while (c->directions[0].waiting.head != NULL || c->directions[1].waiting.head != NULL) {
        if (deliver_due(&c->directions[0]) || deliver_due(&c->directions[1]))
            continue;
        if (!is_deadlock(c))
            return;
        deliver_first(captured_first(c));
    }
}

/* What it may follow from was not seen: the session is told so first. */
void cti_order_flush(connection *c)
{
    cti_order_release(c);
    while (c->directions[0].waiting.head != NULL || c->directions[1].waiting.head != NULL) {
        direction *from = captured_first(c);

        cti_connection_session_doubt(cti_connection_opposite(from));
        deliver_first(from);
        cti_order_release(c);
    }
}

void cti_order_drop(connection *c)
{
    for (int i = 0; i < DIRECTIONS; i++)
        while (c->directions[i].waiting.head != NULL)
            g_free(take_first(&c->directions[i]));
}

/* ---- new events ---- */

static void take_event(direction *from, const ordered_event *event)
{
    if (from->waiting.head == NULL && is_due(from, &event->packet))
        deliver(from, event);
    else
        wait_for_turn(from, event);
}

static void *frame_message(direction *from, const uint8_t *bytes, uint32_t size,
                           const cti_stamp *stamp)
{
    const cti_connections *all = from->connection->all;
    const cti_framed_message message = {.connection = from->connection,
                                        .sender = from->sender,
                                        .frame = stamp->frame,
                                        .start = stamp->end - size,
                                        .bytes = bytes,
                                        .size = size};

    /* cppcheck-suppress returnDanglingLifetime; it is the caller's, not the message */
    return all->events->framed(all->user, &message);
}

void cti_order_message(direction *from, const uint8_t *bytes, uint32_t size, const cti_stamp *stamp)
{
    void *cookie = NULL;

    if (from->connection->all->events->framed != NULL)
        cookie = frame_message(from, bytes, size, stamp);
    if (from->waiting.head == NULL && is_due(from, stamp)) {
        deliver_message(from, bytes, size, cookie, stamp);
    } else {
        const ordered_event event = {.kind = EVENT_MESSAGE,
                                     .packet = *stamp,
                                     .size = size,
                                     .bytes = bytes,
                                     .cookie = cookie};

        wait_for_turn(from, &event);
    }
}

/* A gap follows from nothing: it is only known to be before what comes next. */
void cti_order_unseen(direction *from, uint64_t bytes, const cti_stamp *stamp)
{
    ordered_event event = {.kind = EVENT_UNSEEN, .packet = *stamp, .gap = {.bytes = bytes}};

    event.packet.acknowledges = false;
    take_event(from, &event);
}

void cti_order_gap(direction *from, const cti_stream_gap_record *gap)
{
    ordered_event event = {.kind = EVENT_GAP, .packet = gap->stamp, .gap = *gap};

    event.packet.acknowledges = false;
    take_event(from, &event);
}

void cti_order_fin(direction *from)
{
    ordered_event event = {.kind = EVENT_FIN, .packet = from->connection->packet};

    event.packet.end = (uint32_t)from->stream.fin + 1;
    event.packet.acknowledges = from->fin_acknowledges;
    event.packet.acknowledgment = from->fin_acknowledgment;
    take_event(from, &event);
}

void cti_order_reset(direction *from)
{
    ordered_event event = {.kind = EVENT_RESET, .packet = from->connection->packet};

    event.packet.end = (uint32_t)from->stream.next;
    take_event(from, &event);
}
