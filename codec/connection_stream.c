/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between TCP, the streams and the sessions of a connection: hands each direction's bytes to its
 * stream, and what the stream finds to the session. */
#include "connection_parts.h"

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

static void take_message(void *user, const uint8_t *bytes, uint32_t size, cti_stamp stamp)
{
    direction *from = user;
    connection *c = from->connection;
    const int64_t now = c->now;
    const uint32_t frame = c->frame;

    if (!c->client_known || !c->numbered)
        message_found(user, cti_header_type(bytes));
    c->now = stamp.time;
    c->frame = stamp.frame;
    cti_connection_session_take(from, bytes, size);
    c->now = now;
    c->frame = frame;
}

static void note_gap(void *user, uint64_t bytes, cti_gap_cause cause, cti_stamp stamp)
{
    const direction *from = user;
    connection *c = from->connection;

    c->record.tcp.holes++;
    if (cause == CTI_GAP_SNAPLEN)
        cti_tally_add(&c->all->counts.cut, stamp.frame);
    if (cause == CTI_GAP_LIMIT)
        cti_tally_add(&c->all->counts.over_limit, stamp.frame);
    if (c->session != NULL)
        cti_session_hole(&c->session->session, from->sender, bytes, stamp.time);
}

static void report_gap(void *user, const cti_stream_gap_record *gap)
{
    const direction *from = user;
    connection *c = from->connection;
    const cti_connection_events *events = c->all->events;
    const cti_gap record = {.session = c->session != NULL ? &c->session->record : NULL,
                            .connection = &c->record,
                            .sender = from->sender,
                            .bytes = gap->bytes,
                            .skipped_bytes = gap->skipped,
                            .cause = gap->cause,
                            .frame = gap->stamp.frame,
                            .time = gap->stamp.time};

    cti_connection_number(c);
    if (events->hole != NULL)
        events->hole(c->all->user, &record);
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
    bool inferred = true;
    uint32_t version = 0;

    if (c->session != NULL)
        version = cti_session_version(&c->session->session, &inferred);
    framing->version = inferred ? 0 : version;
    framing->sender = c->client_known ? from->sender : CTI_EITHER;
}

/* What was held behind a gap counts with its own time and frame. */
static cti_stamp stamp_of(const direction *from)
{
    const connection *c = from->connection;

    if (from->stream.held_frame != 0)
        return (cti_stamp){from->stream.held_time, from->stream.held_frame};
    return (cti_stamp){c->now, c->frame};
}

static void take_data(void *user, const uint8_t *bytes, uint32_t size)
{
    direction *from = user;
    connection *c = from->connection;
    cti_stream *messages = &from->messages;

    c->record.tcp.bytes[from->sender == CTI_CLIENT ? 0 : 1] += size;
    if (c->content == CONTENT_CTI && !c->numbered && cti_recognition_is_tls(bytes, size)) {
        c->record.tls = true;
        cti_connection_number(c);
    }
    if (c->record.tls)
        return;
    if (cti_stream_asks(messages))
        describe(from);
    if (c->content == CONTENT_CTI)
        cti_stream_take(messages, bytes, size, from->stream.cut, stamp_of(from));
    else if (c->content == CONTENT_UNDECIDED)
        cti_recognition_take(from, bytes, size, stamp_of(from));
}

static void take_gap(void *user, uint64_t bytes, cti_gap_cause cause)
{
    direction *from = user;
    connection *c = from->connection;

    if (c->content == CONTENT_OTHER || c->record.tls)
        return;
    c->lossy = true;
    describe(from);
    if (c->content == CONTENT_UNDECIDED) {
        cti_stream_discard(&from->messages, true);
        from->lost += bytes;
        from->lost_by = cause;
        return;
    }
    cti_stream_gap(&from->messages, bytes, cause, (cti_stamp){c->now, c->frame});
}

const cti_tcp_sink cti_connection_tcp_sink = {take_data, take_gap};

void cti_connection_stream_end(direction *from)
{
    connection *c = from->connection;

    if (c->content != CONTENT_CTI) /* what is kept waits for the decision */
        return;
    describe(from);
    cti_stream_end(&from->messages, (cti_stamp){c->now, c->frame});
}

void cti_connection_stream_give_up(direction *from)
{
    connection *c = from->connection;

    if (c->content == CONTENT_CTI) {
        cti_stream_give_up(&from->messages, (cti_stamp){c->now, c->frame});
        return;
    }
    cti_tally_add(&c->all->counts.over_limit, c->frame);
    cti_stream_discard(&from->messages, true);
}
