/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How TCP ends a connection (RFC 9293): FIN and RST count at their sequence numbers, not when they
 * were captured, and in causal order. */
#include "connection_private.h"

static void tcp_end(connection *c, cti_tcp_end how, cti_sender sender)
{
    if (c->record.close == CTI_END_CAPTURE_ENDED) {
        if (sender == CTI_CLIENT)
            c->record.close = how == CTI_TCP_RST ? CTI_END_RESET_BY_CLIENT : CTI_END_FIN_BY_CLIENT;
        else
            c->record.close = how == CTI_TCP_RST ? CTI_END_RESET_BY_SERVER : CTI_END_FIN_BY_SERVER;
    }
    cti_connection_session_tcp_end(c, how, sender);
}

/* FIN follows from what its own segment acknowledges, not from what is acknowledged when its number
 * is reached: by then, the present packet may be the other direction's. */
void cti_end_see_fin(direction *from, const cti_segment *segment)
{
    from->fin_seen = true;
    from->fin_acknowledges = segment->flags & CTI_FLAG_ACK && !segment->in_order;
    from->fin_acknowledgment = segment->acknowledgment;
}

void cti_end_take_fin(direction *from)
{
    if (!from->stream.closed || !from->stream.saw_fin || from->fin_taken)
        return;
    from->fin_taken = true;
    cti_connection_stream_end(from);
    cti_order_fin(from);
}

/* The session ends with both directions.  This may be called while a stream hands out messages: the
 * streams are released later. */
void cti_end_by_fin(direction *from)
{
    connection *c = from->connection;

    from->fin_told = true;
    tcp_end(c, CTI_TCP_FIN, from->sender);
    if (!cti_connection_opposite(from)->fin_told)
        return;
    cti_connection_session_end(c, c->packet.time, CTI_END_NONE);
    c->over = true;
}

/* Delivers what a stream holds, after gaps of this cause. */
void cti_end_finish_stream(direction *from, cti_gap_cause cause)
{
    cti_tcp_stream_finish(&from->stream, cause, &cti_connection_tcp_sink, from);
    cti_connection_stream_end(from);
}

void cti_end_by_reset(direction *from)
{
    connection *c = from->connection;

    cti_order_flush(c);
    c->reset = true;
    tcp_end(c, CTI_TCP_RST, from->sender);
    cti_connection_session_end(c, c->packet.time, CTI_END_NONE);
    cti_connection_release_streams(c);
}

/* RST has no more to wait for: its turn comes as that of FIN.  Both streams end before it, so that
 * none is handing out messages when RST releases them. */
void cti_end_finish_reset(direction *from)
{
    connection *c = from->connection;
    const cti_stamp now = c->packet;

    from->reset_taken = false;
    c->packet.acknowledges = false;
    cti_end_finish_stream(from, CTI_GAP_CLOSED);
    c->packet = c->reset_packet;
    c->packet.acknowledges = false;
    cti_end_finish_stream(cti_connection_opposite(from), CTI_GAP_CLOSED);
    c->packet = c->reset_packet;
    cti_order_reset(from);
    c->packet = now;
}

void cti_end_take_reset(direction *from, const cti_segment *segment)
{
    connection *c = from->connection;

    if (c->reset || from->reset_taken ||
        !cti_tcp_stream_accepts_reset(&from->stream, segment->sequence))
        return;
    cti_connection_facts_reset(from, cti_connection_opposite(from), segment);
    cti_tcp_stream_reset(&from->stream, segment);
    from->reset_taken = true;
    c->reset_packet = c->packet;
    cti_owed_settle_reset(c);
}
