/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does a connection on a port that says nothing carry CTI?  Its first bytes are kept until
 * they tell: then they go on as messages, or the connection is left alone. */
#include "connection_private.h"

#include "bytes.h"

/* So many pieces of data that do not look like CTI, and a connection whose start was not
 * seen is left alone. */
#define TRIES_MAX 16

/* Types of a TLS record (RFC 8446, section 5.1). */
enum { TLS_FIRST_TYPE = 20, TLS_ALERT = 21, TLS_HANDSHAKE = 22, TLS_LAST_TYPE = 23 };
enum { TLS_HEADER = 5, TLS_ALERT_SIZE = 2 };

static bool is_tls_record(const uint8_t *bytes, size_t length)
{
    return length >= 3 && bytes[0] >= TLS_FIRST_TYPE && bytes[0] <= TLS_LAST_TYPE &&
           bytes[1] == 3 && bytes[2] <= 4;
}

bool cti_recognition_is_tls(const uint8_t *bytes, size_t length)
{
    return is_tls_record(bytes, length) && bytes[0] == TLS_HANDSHAKE;
}

static bool is_tls_alert(const uint8_t *bytes, size_t length)
{
    return is_tls_record(bytes, length) && bytes[0] == TLS_ALERT &&
           length == TLS_HEADER + TLS_ALERT_SIZE && bytes[3] == 0 && bytes[4] == TLS_ALERT_SIZE;
}

void cti_recognition_compare(direction *from, const uint8_t *bytes, uint32_t size)
{
    cti_connection_summary *record = &from->connection->record;
    const uint64_t asked = record->tcp.bytes[0];

    if (from->sender != CTI_SERVER || record->syn != CTI_SYN_FULL || asked == 0)
        return;
    if (record->tls && !is_tls_record(bytes, size)) {
        record->tls_mismatch = CTI_TLS_CLIENT_ONLY;
    } else if (!record->tls && is_tls_alert(bytes, size)) {
        record->tls_mismatch = CTI_TLS_SERVER_ONLY;
        record->tls_frame = from->connection->packet.frame;
    }
}

static void become_other(connection *c)
{
    c->content = CONTENT_OTHER;
    cti_connection_release_streams(c);
}

/* Hands what was kept to the framing, the client's first.  What is missing lies before it. */
static void become_cti(connection *c)
{
    direction *const order[] = {cti_connection_direction(c, CTI_CLIENT),
                                cti_connection_direction(c, CTI_SERVER)};

    c->content = CONTENT_CTI;
    for (int i = 0; i < DIRECTIONS; i++) {
        direction *from = order[i];

        if (from->lost > 0)
            cti_stream_begin_gap(&from->messages, from->lost, from->lost_by, &c->packet);
        cti_stream_go_on(&from->messages);
    }
}

/* What the bytes look like: a message too common to tell leaves it to those behind it. */
static cti_looks looks_of(const connection *c, const uint8_t *bytes, size_t length)
{
    size_t offset = 0;
    cti_looks looks;

    do {
        looks = cti_frame_looks(bytes + offset, length - offset);
        if (looks == CTI_LOOKS_SURE && c->all->options->open_req_only &&
            cti_header_type(bytes + offset) != CTI_OPEN_REQ)
            looks = CTI_LOOKS_MAYBE;
        if (looks == CTI_LOOKS_MAYBE)
            offset += CTI_HEADER_SIZE + cti_header_length(bytes + offset);
    } while (looks == CTI_LOOKS_MAYBE && offset < length);
    return looks;
}

void cti_recognition_take(direction *from, const uint8_t *bytes, uint32_t size,
                          const cti_stamp *stamp)
{
    connection *c = from->connection;
    cti_stream *messages = &from->messages;

    cti_stream_collect(messages, bytes, size, stamp);
    switch (looks_of(c, messages->rest, messages->length)) {
    case CTI_LOOKS_SURE: become_cti(c); break;
    case CTI_LOOKS_NOT:
        /* Without SYN and after a gap they may be the end of a message: look at the next. */
        if (messages->framing.state == CTI_FRAME_IN_STEP || ++c->tries >= TRIES_MAX)
            become_other(c);
        else
            cti_stream_discard(messages, false);
        break;
    case CTI_LOOKS_SHORT:
    case CTI_LOOKS_MAYBE:
        if (messages->length > CTI_MESSAGE_SIZE_MAX)
            become_other(c);
        break;
    }
}
