/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes and holes of one direction become messages, and records of what is missing. */
#include "connection_private.h"

#include "bytes.h"

/* ---- the rest ---- */

void cti_stream_keep(direction *from, const uint8_t *bytes, size_t length)
{
    if (length == 0)
        return;
    if (from->rest == NULL)
        from->rest = g_byte_array_new();
    g_byte_array_append(from->rest, bytes, (guint)length);
}

/* What is left is copied, so that a large segment's memory does not stay. */
void cti_stream_drop(direction *from, size_t length)
{
    GByteArray *old = from->rest;

    if (old == NULL || length == 0)
        return;
    from->rest = NULL;
    cti_stream_keep(from, old->data + length, old->len - length);
    g_byte_array_unref(old);
}

/* What is left at a hole or at the end cannot become a message. */
static void skip_rest(direction *from)
{
    if (from->rest == NULL)
        return;
    from->skipped += from->rest->len;
    cti_stream_drop(from, from->rest->len);
}

/* ---- holes ---- */

const char *cti_gap_cause_name(cti_gap_cause cause)
{
    static const char *const names[] = {"acked",   "closed",        "limit",  "time",
                                        "snaplen", "capture-ended", "framing"};

    return (size_t)cause < G_N_ELEMENTS(names) ? names[cause] : "?";
}

void cti_stream_begin_hole(direction *from, uint64_t bytes, cti_gap_cause cause)
{
    connection *c = from->connection;

    c->record.tcp.holes++;
    if (cause == CTI_GAP_SNAPLEN)
        cti_tally_add(&c->all->counts.cut, c->frame);
    if (cause == CTI_GAP_LIMIT)
        cti_tally_add(&c->all->counts.over_limit, c->frame);
    if (c->session != NULL)
        cti_session_gap(&c->session->session, from->sender, bytes, c->now);
    from->in_hole = true;
    from->hole = (cti_gap){.connection = &c->record,
                           .sender = from->sender,
                           .bytes = bytes,
                           .cause = cause,
                           .frame = c->frame,
                           .time = c->now};
}

/* No SYN and no message, only a port of CTI's: it may be another program's, whose client was
 * given this number. */
static bool may_be_foreign(const connection *c)
{
    return !c->numbered && c->record.syn == CTI_SYN_NONE && !c->named;
}

/* Tells the hole, and the bytes left out, that lie before what comes now. */
static void tell_hole(direction *from)
{
    connection *c = from->connection;
    const cti_connection_events *events = c->all->events;

    if (may_be_foreign(c))
        return;
    if (!from->in_hole && from->skipped > 0)
        cti_stream_begin_hole(from, 0, CTI_GAP_FRAMING);
    if (!from->in_hole)
        return;
    from->in_hole = false;
    cti_connection_number(c);
    from->hole.session = c->session != NULL ? &c->session->record : NULL;
    from->hole.skipped_bytes = from->skipped;
    from->skipped = 0;
    if (events->hole != NULL)
        events->hole(c->all->user, &from->hole);
}

/* The capture kept the start of a message only (snaplen): it is told as far as it goes, and
 * where the next one starts is known if its end is not behind the missing bytes. */
static bool take_cut_message(direction *from, uint64_t missing)
{
    const GByteArray *rest = from->rest;
    uint64_t left;

    if (rest == NULL || rest->len < CTI_HEADER_SIZE || from->framing != CTI_FRAME_IN_STEP)
        return false;
    left = (uint64_t)cti_header_length(rest->data) + CTI_HEADER_SIZE - rest->len;
    cti_connection_session_take(from, rest->data, rest->len);
    cti_stream_drop(from, rest->len);
    if (left < missing)
        from->framing = CTI_FRAME_SEARCH;
    else
        from->tail = left - missing;
    return true;
}

static void take_hole(direction *from, uint64_t bytes, cti_gap_cause cause)
{
    connection *c = from->connection;

    if (c->content == CONTENT_OTHER || c->record.tls)
        return;
    if (c->content != CONTENT_CTI || cause != CTI_GAP_SNAPLEN || !take_cut_message(from, bytes)) {
        skip_rest(from);
        from->framing = CTI_FRAME_SEARCH;
        from->tail = 0;
    }
    c->lossy = true;
    if (c->content == CONTENT_UNDECIDED) {
        from->lost += bytes;
        from->lost_by = cause;
        return;
    }
    if (from->in_hole && may_be_foreign(c)) { /* the two are told as one, or not at all */
        from->hole.bytes += bytes;
        return;
    }
    if (from->in_hole)
        tell_hole(from);
    cti_stream_begin_hole(from, bytes, cause);
    if (from->framing == CTI_FRAME_IN_STEP)
        tell_hole(from);
}

/* ---- messages ---- */

size_t cti_stream_take(direction *from, const uint8_t *bytes, size_t length)
{
    size_t used = 0, size;

    while (used < length) {
        switch (cti_frame_next(bytes + used, length - used, from->framing, &size)) {
        case CTI_FRAME_MORE: return used;
        case CTI_FRAME_SKIP:
            from->framing = CTI_FRAME_SEARCH;
            from->skipped += size;
            used += size;
            break;
        case CTI_FRAME_MESSAGE:
            cti_connection_table_learn_client(from, cti_header_type(bytes + used));
            cti_connection_number(from->connection);
            tell_hole(from);
            from->framing = CTI_FRAME_IN_STEP;
            cti_connection_session_take(from, bytes + used, (uint32_t)size);
            used += size;
            break;
        }
    }
    return used;
}

/* After a hole, what looks like the start of a message may be none, and its end would not
 * come for long: a segment that starts with a whole message tells. */
static bool finds_step(const direction *from, const uint8_t *bytes, uint32_t size)
{
    size_t message;

    return from->framing == CTI_FRAME_SEARCH &&
           cti_frame_next(bytes, size, CTI_FRAME_SEARCH, &message) == CTI_FRAME_MESSAGE;
}

/* Messages that lie whole in one segment are read where they are; only what is cut off is
 * copied. */
static void take_bytes(direction *from, const uint8_t *bytes, uint32_t size)
{
    const uint32_t tail = (uint32_t)MIN(from->tail, size);
    size_t used;

    from->tail -= tail;
    bytes += tail;
    size -= tail;
    if (size == 0)
        return;
    if (from->rest != NULL && finds_step(from, bytes, size))
        skip_rest(from);
    if (from->rest == NULL) {
        used = cti_stream_take(from, bytes, size);
        cti_stream_keep(from, bytes + used, size - used);
        return;
    }
    cti_stream_keep(from, bytes, size);
    cti_stream_drop(from, cti_stream_take(from, from->rest->data, from->rest->len));
}

static void take_data(direction *from, const uint8_t *bytes, uint32_t size)
{
    connection *c = from->connection;

    c->record.tcp.bytes[from->sender == CTI_CLIENT ? 0 : 1] += size;
    if (c->content == CONTENT_CTI && !c->numbered && cti_recognition_is_tls(bytes, size)) {
        c->record.tls = true;
        cti_connection_number(c);
    }
    if (c->record.tls)
        return;
    if (c->content == CONTENT_CTI)
        take_bytes(from, bytes, size);
    else if (c->content == CONTENT_UNDECIDED)
        cti_recognition_take(from, bytes, size);
}

/* ---- from the stream ---- */

/* What was held behind a hole counts with its own time and frame. */
static void stream_data(void *user, const uint8_t *bytes, uint32_t size)
{
    direction *from = user;
    connection *c = from->connection;
    const int64_t now = c->now;
    const uint32_t frame = c->frame;

    if (from->stream.held_frame != 0) {
        c->now = from->stream.held_time;
        c->frame = from->stream.held_frame;
    }
    take_data(from, bytes, size);
    c->now = now;
    c->frame = frame;
}

static void stream_hole(void *user, uint64_t bytes, cti_gap_cause cause)
{
    take_hole(user, bytes, cause);
}

const cti_tcp_sink cti_stream_sink = {stream_data, stream_hole};

/* What the search took for the start of a message was none, now that no more bytes come:
 * there may be messages behind it. */
void cti_stream_end(direction *from)
{
    if (from->connection->content != CONTENT_CTI) /* what is kept waits for the decision */
        return;
    while (from->rest != NULL && from->framing == CTI_FRAME_SEARCH) {
        from->skipped++;
        cti_stream_drop(from, 1);
        if (from->rest != NULL)
            cti_stream_drop(from, cti_stream_take(from, from->rest->data, from->rest->len));
    }
    skip_rest(from);
    tell_hole(from);
}
