/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between TCP, the streams and the sessions of a connection: hands each direction's bytes to its
 * stream, and what the stream finds to the session. */
#include "connection_private.h"

#include <string.h>

#include "bytes.h"

/* ---- from a stream ---- */

/* No SYN and no message, only a port of CTI's: it may be another program's, whose client was
 * given this number. */
static bool may_be_foreign(const connection *c)
{
    return !c->numbered && c->record.syn == CTI_SYN_NONE && !c->named;
}

static bool reports_gaps(void *user)
{
    const direction *from = user;

    return !may_be_foreign(from->connection);
}

static void message_found(void *user, uint32_t type)
{
    const direction *from = user;

    cti_connection_table_learn_client(from, type);
    cti_connection_number(from->connection);
}

static void take_message(void *user, const uint8_t *bytes, uint32_t size, uint32_t left,
                         const cti_stamp *stamp)
{
    direction *from = user;
    cti_stamp inside;

    from->spoke = true;
    if (!from->connection->client_known || !from->connection->numbered)
        message_found(user, cti_header_type(bytes));
    if (left == 0) {
        cti_order_message(user, bytes, size, stamp);
        return;
    }
    inside = *stamp;
    inside.end -= left;
    cti_order_message(user, bytes, size, &inside);
}

/* The capture lost packets. */
static void count_missing(connection *c, uint64_t bytes, uint32_t frame)
{
    cti_connection_counts *counts = &c->all->counts;

    if (counts->missing++ == 0)
        counts->missing_frame = frame;
    counts->missing_bytes += bytes;
    c->missing = true;
}

static void note_gap(void *user, uint64_t unseen, cti_gap_cause cause, const cti_stamp *stamp)
{
    const direction *from = user;
    connection *c = from->connection;

    c->record.tcp.gaps += from->captured;
    if (from->captured && cause == CTI_GAP_ACKED)
        count_missing(c, unseen, stamp->frame);
    if (cause == CTI_GAP_SNAPLEN)
        cti_tally_add(&c->all->counts.cut, stamp->frame);
    if (cause == CTI_GAP_LIMIT)
        cti_tally_add(&c->all->counts.over_limit, stamp->frame);
    if (unseen == 0 && cause == CTI_GAP_SNAPLEN) /* of a message that is known to be cut */
        return;
    c->lossy = c->lossy || unseen > 0;
    cti_order_unseen(user, unseen, stamp);
}

/* What the direction sent first is not CTI. */
static void note_not_cti(direction *from)
{
    connection *c = from->connection;

    from->spoke = true;
    from->start.kind = cti_foreign_look(from->start.bytes, from->start.size);
    c->record.not_cti[from->sender == CTI_SERVER] = from->start;
    cti_connection_number(c);
}

static void report_gap(void *user, const cti_stream_gap_record *gap)
{
    direction *from = user;

    if (!from->spoke && from->start.size > 0 && gap->skipped > 0)
        note_not_cti(from);
    cti_connection_number(from->connection);
    if (from->captured) /* else all of it is missing: one fact about the connection */
        cti_order_gap(user, gap);
}

const cti_stream_events cti_connection_stream_events = {.message = take_message,
                                                        .found = message_found,
                                                        .gap_begins = note_gap,
                                                        .gap = report_gap,
                                                        .reports = reports_gaps};

/* ---- from TCP ---- */

/* Only a search, or a message whose end does not come, asks for these. */
static void describe(direction *from)
{
    const connection *c = from->connection;
    cti_framing *framing = &from->messages.framing;

    framing->version = 0;
    if (c->session != NULL) {
        const cti_session_summary *summary = &c->session->session.summary;

        framing->version = summary->version_inferred ? 0 : summary->version;
    }
    framing->sender = c->client_known ? from->sender : CTI_EITHER;
}

/* What was held after a gap counts with its own time and frame; what was held at all follows from
 * what its own segment acknowledges. */
static const cti_stamp *stamp_of(const direction *from, cti_stamp *stamp)
{
    const cti_tcp_stream *stream = &from->stream;

    *stamp = from->connection->packet;
    stamp->end = (uint32_t)stream->next;
    if (stream->held_frame != 0) {
        stamp->time = stream->held_time;
        stamp->frame = stream->held_frame;
    }
    if (stream->held_acknowledges) {
        stamp->acknowledges = true;
        stamp->acknowledgment = stream->held_acknowledgment;
    }
    return stamp;
}

static void take_message_bytes(direction *from, const uint8_t *bytes, uint32_t size, bool cut)
{
    const connection *c = from->connection;
    cti_stamp stamp;

    if (cti_stream_asks(&from->messages))
        describe(from);
    if (c->content == CONTENT_CTI)
        cti_stream_take(&from->messages, bytes, size, cut, stamp_of(from, &stamp));
    else if (c->content == CONTENT_UNDECIDED)
        cti_recognition_take(from, bytes, size, stamp_of(from, &stamp));
}

/* Keeps the first bytes of a direction on a CTI port, and looks whether they can be CTI.  Where its
 * start was not captured they may be from the middle of a message, and tell nothing. */
static G_GNUC_NO_INLINE void look_at_start(direction *from, const uint8_t *bytes, uint32_t size)
{
    const connection *c = from->connection;
    cti_foreign *start = &from->start;
    const uint32_t taken = MIN(size, CTI_FOREIGN_BYTES - start->size);

    if (start->size == 0) {
        if (!c->client_known || from->messages.framing.state != CTI_FRAME_IN_STEP) {
            from->spoke = true;
            return;
        }
        start->frame = c->packet.frame;
        start->time = c->packet.time;
    }
    memcpy(start->bytes + start->size, bytes, taken);
    start->size = (uint8_t)(start->size + taken);
    if (!cti_foreign_may_be_cti(start))
        note_not_cti(from);
}

static void take_data(void *user, const uint8_t *bytes, uint32_t size)
{
    direction *from = user;
    connection *c = from->connection;

    uint64_t *count = &c->record.tcp.bytes[from->sender == CTI_CLIENT ? 0 : 1];

    if (*count == 0 && c->record.tcp.gaps == 0 && from->lost == 0)
        cti_recognition_compare(from, bytes, size);
    *count += size;
    if (c->content == CONTENT_CTI && !c->numbered && cti_recognition_is_tls(bytes, size)) {
        c->record.tls = true;
        c->record.tls_frame = c->packet.frame;
        cti_connection_number(c);
    }
    if (c->record.tls)
        return;
    if (!from->spoke && c->content == CONTENT_CTI)
        look_at_start(from, bytes, size);
    take_message_bytes(from, bytes, size, from->stream.cut);
}

/* Whoever decrypts a connection knows what is in it, and gives the bytes in order. */
void cti_connection_stream_take_decrypted(direction *from, const cti_segment *segment)
{
    connection *c = from->connection;

    c->record.tls = c->record.tls || c->content == CONTENT_OTHER;
    c->content = CONTENT_CTI;
    if (!from->decrypted)
        cti_stream_begin(&from->messages);
    from->decrypted = true;
    if (segment->captured > 0)
        take_message_bytes(from, segment->payload, segment->captured,
                           segment->captured < segment->length);
    if (segment->captured < segment->length)
        cti_stream_gap(&from->messages, segment->length - segment->captured, CTI_GAP_SNAPLEN,
                       stamp_of(from, &(cti_stamp){0}));
}

static void take_gap(void *user, uint64_t bytes, cti_gap_cause cause)
{
    direction *from = user;
    connection *c = from->connection;

    if (c->record.tls)
        from->lost += bytes;
    if (c->content == CONTENT_OTHER || c->record.tls)
        return;
    describe(from);
    if (c->content == CONTENT_UNDECIDED) {
        c->lossy = true;
        cti_stream_discard(&from->messages, true);
        from->lost += bytes;
        from->lost_by = cause;
        return;
    }
    cti_stream_gap(&from->messages, bytes, cause, stamp_of(from, &(cti_stamp){0}));
}

const cti_tcp_sink cti_connection_tcp_sink = {take_data, take_gap};

void cti_connection_stream_end(direction *from)
{
    connection *c = from->connection;

    if (c->content != CONTENT_CTI) /* what is kept waits for the decision */
        return;
    describe(from);
    cti_stream_end(&from->messages, stamp_of(from, &(cti_stamp){0}));
}

void cti_connection_stream_give_up(direction *from)
{
    connection *c = from->connection;

    if (c->content == CONTENT_CTI) {
        cti_stream_give_up(&from->messages, stamp_of(from, &(cti_stamp){0}));
        return;
    }
    cti_tally_add(&c->all->counts.over_limit, c->packet.frame);
    cti_stream_discard(&from->messages, true);
}
