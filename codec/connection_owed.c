/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes that were acknowledged but that the capture has not shown: how long a connection waits for
 * them, and for what a RST may have overtaken. */
#include "connection_private.h"

/* A step back in time ends the wait too. */
static bool is_over_time(const connection *c, int64_t since)
{
    const int64_t elapsed = cti_elapsed(since, c->all->last_time);

    return elapsed > c->all->options->wait || elapsed < -c->all->options->wait;
}

/* Bytes of a direction of which no packet was captured are not waited for any more. */
static void note_not_captured(direction *from)
{
    if (from->captured || from->not_captured)
        return;
    from->not_captured = true;
    cti_connection_session_not_captured(from);
}

/* Gives up what is owed by the direction: it counts as missing from the packet on that
 * acknowledged it. */
void cti_owed_give_up(direction *from)
{
    connection *c = from->connection;
    const cti_stamp now = c->packet;

    c->packet = (cti_stamp){.time = from->stream.owed_time, .frame = from->stream.owed_frame};
    note_not_captured(from);
    if (!from->stream.saw_fin)
        cti_connection_session_fin_unseen(from);
    cti_tcp_stream_expire(&from->stream, now.time, now.frame, &cti_connection_tcp_sink, from);
    c->packet = now;
    cti_end_take_fin(from);
}

/* True if RST waits for what is owed, or, where packets come out of order, for what may come. */
static bool reset_waits(const connection *c)
{
    return cti_connection_is_owed(c) || (c->disordered && !is_over_time(c, c->reset_packet.time));
}

void cti_owed_settle_reset(connection *c)
{
    for (int i = 0; i < DIRECTIONS; i++)
        if (c->directions[i].reset_taken && !reset_waits(c))
            cti_end_finish_reset(&c->directions[i]);
}

/* The time since which the connection waits. */
static int64_t owing_since(const connection *c)
{
    int64_t since = c->reset_packet.time;

    for (int i = 1; i >= 0; i--)
        if (c->directions[i].stream.owed != 0)
            since = c->directions[i].stream.owed_time;
    if (c->directions[0].stream.owed != 0 && c->directions[1].stream.owed != 0)
        since = MIN(since, c->directions[1].stream.owed_time);
    return since;
}

void cti_owed_enlist(connection *c)
{
    if (c->owing || !cti_connection_is_waiting(c))
        return;
    c->owing = true;
    c->owing_from = owing_since(c);
    g_queue_push_tail_link(&c->all->owing, &c->owing_link);
}

void cti_owed_strike(connection *c)
{
    if (!c->owing)
        return;
    c->owing = false;
    g_queue_unlink(&c->all->owing, &c->owing_link);
}

/* Gives up what was owed for too long. */
static void expire_late(connection *c)
{
    for (int i = 0; i < DIRECTIONS; i++) {
        direction *d = &c->directions[i];

        if (d->stream.owed != 0 && is_over_time(c, d->stream.owed_time))
            cti_owed_give_up(d);
    }
    cti_owed_settle_reset(c);
    cti_connection_deliver(c);
    cti_connection_table_update(c); /* its session may have begun or ended */
}

/* The bytes that it waited for came, and it waits for later ones: the connections after it may have
 * waited for longer. */
static bool waits_anew(const connection *c)
{
    return cti_connection_is_waiting(c) && owing_since(c) != c->owing_from;
}

/* Looks at the connections that wait for bytes, the one that began first: a connection that waits
 * for more goes to the end. */
void cti_owed_expire(cti_connections *all)
{
    while (all->owing.head != NULL) {
        connection *c = all->owing.head->data;

        if (waits_anew(c) && !is_over_time(c, owing_since(c))) {
            cti_owed_strike(c);
            cti_owed_enlist(c);
            continue;
        }
        if (cti_connection_is_waiting(c) && !is_over_time(c, owing_since(c)))
            return;
        cti_owed_strike(c);
        expire_late(c);
        cti_owed_enlist(c);
        if (all->owing.head != NULL && all->owing.head->data == c)
            return;
    }
}

/* Waits for nothing any more. */
void cti_owed_settle(connection *c)
{
    c->packet.acknowledges = false;
    for (int i = 0; i < DIRECTIONS; i++)
        while (c->directions[i].stream.owed != 0)
            cti_owed_give_up(&c->directions[i]);
    c->disordered = false;
    cti_owed_settle_reset(c);
    cti_order_flush(c);
    cti_connection_deliver(c);
    cti_owed_strike(c);
    cti_connection_table_update(c); /* its session may have begun or ended */
}
