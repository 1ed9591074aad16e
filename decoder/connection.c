/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections, their streams, messages and sessions (see connection.h). */
#include "connection.h"

#include <glib.h>
#include <string.h>

#include "../codec/bytes.h"
#include "../codec/framing.h"
#include "tcp.h"

enum { DIRECTIONS = 2 };

/* So many pieces of data that do not look like CTI, on a port that says nothing, and a
 * connection whose start was not seen is left alone. */
#define TRIES_MAX 16

typedef enum { CONTENT_UNDECIDED, CONTENT_CTI, CONTENT_OTHER } content;

/* A session and what the records say of it. */
typedef struct session_state {
    cti_session session;
    session_record record;
    void *writer_data;
    struct connection *connection;
} session_state;

/* One direction: the stream and the start of a message that is not whole yet. */
typedef struct direction {
    struct connection *connection;
    cti_sender sender;
    tcp_stream stream;
    bool fin_told;
    GByteArray *rest;
    cti_frame_state framing;
    bool in_hole;     /* hole is known, but not yet how many bytes behind it are no use */
    hole_record hole;
    uint64_t skipped; /* bytes left out since the last message */
    uint64_t tail;    /* bytes to come of a message that was told although it is cut */
    uint64_t lost;    /* bytes missing while it was not decided if this is CTI */
    hole_cause lost_by;
} direction;

typedef struct connection {
    connections *all;
    connection_record record;
    content content;
    bool cti_port;
    bool client_known; /* record.client is the client, and not a guess */
    bool numbered;
    bool reset;
    bool lossy; /* bytes are missing */
    uint32_t tries;
    direction directions[DIRECTIONS];
    session_state *session;
    int64_t now; /* of the packet being taken in */
    uint32_t frame;
} connection;

struct connections {
    const connection_options *options;
    const record_writer *writer;
    void *user;
    GHashTable *table;  /* both endpoints, smaller first -> connection */
    GQueue order;       /* of connection, in order of the first packet */
    tcp_pool pool;
    cti_session_events events;
    uint32_t numbered, sessions, other;
    uint64_t messages, findings[3];
    int64_t last_time;
};

static direction *direction_from(connection *c, cti_sender sender)
{
    return &c->directions[c->directions[0].sender == sender ? 0 : 1];
}

static direction *opposite(const direction *from)
{
    connection *c = from->connection;

    return &c->directions[from == &c->directions[0] ? 1 : 0];
}

static void number_connection(connection *c)
{
    if (c->numbered)
        return;
    c->numbered = true;
    c->record.number = ++c->all->numbered;
}

/* ---- the table ---- */

static int compare_endpoints(const endpoint *a, const endpoint *b)
{
    const int difference = memcmp(a->address, b->address, sizeof(a->address));

    if (difference != 0)
        return difference;
    return (int)a->port - (int)b->port;
}

/* The key is a connection whose record holds the two endpoints, in either order. */
static guint hash_connection(gconstpointer key)
{
    const connection_record *record = key;
    const endpoint *points[] = {&record->client, &record->server};
    guint hash = 0;

    for (int i = 0; i < 2; i++) {
        guint h = 2166136261u;

        for (int k = 0; k < 16; k++)
            h = (h ^ points[i]->address[k]) * 16777619u;
        hash += (h ^ points[i]->port) * 16777619u;
    }
    return hash;
}

static gboolean equal_connections(gconstpointer a, gconstpointer b)
{
    const connection_record *x = a, *y = b;

    return (compare_endpoints(&x->client, &y->client) == 0 &&
            compare_endpoints(&x->server, &y->server) == 0) ||
           (compare_endpoints(&x->client, &y->server) == 0 &&
            compare_endpoints(&x->server, &y->client) == 0);
}

static bool is_cti_port(const connections *all, uint16_t port)
{
    if (cti_port_side(port, NULL) != CTI_SIDE_UNKNOWN)
        return true;
    for (uint32_t i = 0; i < all->options->port_count; i++)
        if (all->options->ports[i] == port)
            return true;
    return false;
}

/* Who is the server: the one that SYN was sent to, else the one with a port of CTI's, else
 * (a guess, until a message tells) the one with the lower port. */
static void choose_server(connection *c, const tcp_segment *segment)
{
    const bool to_cti = is_cti_port(c->all, segment->destination.port);
    const bool from_cti = is_cti_port(c->all, segment->source.port);
    bool from_client = segment->destination.port < segment->source.port;

    c->client_known = true;
    if (segment->flags & TCP_SYN)
        from_client = !(segment->flags & TCP_ACK);
    else if (to_cti != from_cti)
        from_client = to_cti;
    else
        c->client_known = false;
    c->record.client = from_client ? segment->source : segment->destination;
    c->record.server = from_client ? segment->destination : segment->source;
    c->cti_port = is_cti_port(c->all, c->record.server.port);
    c->record.side = cti_port_side(c->record.server.port, NULL);
}

static connection *connection_new(connections *all, const tcp_segment *segment)
{
    connection *c = g_new0(connection, 1);

    c->all = all;
    c->record.first_time = segment->time;
    c->record.first_frame = segment->frame;
    c->record.close = CTI_END_CAPTURE_ENDED;
    choose_server(c, segment);
    c->content = c->cti_port ? CONTENT_CTI : CONTENT_UNDECIDED;
    for (int i = 0; i < DIRECTIONS; i++) {
        c->directions[i].connection = c;
        c->directions[i].sender = i == 0 ? CTI_CLIENT : CTI_SERVER;
        c->directions[i].framing = CTI_FRAME_SEARCH;
        tcp_stream_init(&c->directions[i].stream, all->options->held_bytes, &all->pool,
                        &c->directions[i]);
    }
    g_hash_table_insert(all->table, &c->record, c);
    g_queue_push_tail(&all->order, c);
    return c;
}

/* ---- sessions ---- */

static void forward_request(void *user, const cti_request *request)
{
    session_state *state = user;
    const connections *all = state->connection->all;

    if (all->writer->request != NULL)
        all->writer->request(all->user, &state->record, request);
}

static void forward_heartbeat(void *user, const cti_heartbeat *heartbeat)
{
    session_state *state = user;
    const connections *all = state->connection->all;

    if (all->writer->heartbeat != NULL)
        all->writer->heartbeat(all->user, &state->record, heartbeat);
}

static void forward_silence(void *user, const cti_silence *silence)
{
    session_state *state = user;
    const connections *all = state->connection->all;

    if (all->writer->silence != NULL)
        all->writer->silence(all->user, &state->record, silence);
}

static void forward_finding(void *user, const cti_finding *finding)
{
    session_state *state = user;
    connections *all = state->connection->all;

    all->findings[finding->severity]++;
    if (all->writer->finding != NULL)
        all->writer->finding(all->user, &state->record, finding);
}

static void begin_session(connection *c)
{
    session_state *state = g_new0(session_state, 1);

    number_connection(c);
    c->record.sessions++;
    state->connection = c;
    state->record = (session_record){.number = ++c->all->sessions,
                                     .connection = &c->record,
                                     .session = &state->session,
                                     .writer_data = &state->writer_data};
    cti_session_init(&state->session, &c->all->events, state,
                     !direction_from(c, CTI_CLIENT)->stream.saw_syn || c->lossy ||
                         c->record.sessions > 1);
    c->session = state;
}

static void end_session(connection *c, int64_t time, cti_end how)
{
    const record_writer *writer = c->all->writer;
    session_state *state = c->session;

    if (state == NULL)
        return;
    cti_session_finish(&state->session, time, how);
    if (writer->session != NULL)
        writer->session(c->all->user, &state->record);
    cti_session_release(&state->session);
    g_free(state);
    c->session = NULL;
}

/* ---- messages ---- */

/* On a port that says nothing, the first message whose sender the table knows tells who is
 * the client. */
static void learn_client(const direction *from, uint32_t type)
{
    connection *c = from->connection;
    const cti_message *message = cti_message_find(type);
    const endpoint client = c->record.client;
    const uint64_t bytes = c->record.tcp.bytes[0];

    if (c->client_known || message == NULL || message->sender == CTI_EITHER)
        return;
    c->client_known = true;
    if (message->sender == from->sender)
        return;
    /* The key in the table holds both endpoints in either order: it stays the same. */
    c->record.client = c->record.server;
    c->record.server = client;
    c->record.side = cti_port_side(c->record.server.port, NULL);
    c->record.tcp.bytes[0] = c->record.tcp.bytes[1];
    c->record.tcp.bytes[1] = bytes;
    for (int i = 0; i < DIRECTIONS; i++)
        c->directions[i].sender = c->directions[i].sender == CTI_CLIENT ? CTI_SERVER : CTI_CLIENT;
}

static void take_message(direction *from, const uint8_t *bytes, uint32_t size)
{
    connection *c = from->connection;
    const record_writer *writer = c->all->writer;
    const cti_moment moment = {c->now, c->frame, from->sender, NULL};
    cti_reader reader;
    cti_message_facts facts;
    message_record record;

    if (c->session != NULL && cti_session_is_next(&c->session->session, cti_header_type(bytes)))
        end_session(c, c->now, CTI_END_SUPERSEDED);
    if (c->session == NULL)
        begin_session(c);
    cti_session_message(&c->session->session, bytes, size, &moment, &reader, &facts);
    c->all->messages++;
    record = (message_record){&c->session->record, c->frame, c->now,  moment.sender,
                              bytes,               size,     &reader, &facts};
    if (writer->message != NULL)
        writer->message(c->all->user, &record);
}

/* Bytes will not come, or are no message.  The session learns it at once. */
static void begin_hole(direction *from, uint64_t bytes, hole_cause cause)
{
    connection *c = from->connection;

    number_connection(c);
    c->record.tcp.holes++;
    if (c->session != NULL)
        cti_session_hole(&c->session->session, from->sender, bytes, c->now, c->frame);
    from->in_hole = true;
    from->hole = (hole_record){.connection = &c->record,
                               .sender = from->sender,
                               .bytes = bytes,
                               .cause = cause,
                               .frame = c->frame,
                               .time = c->now};
}

/* Tells the hole, and the bytes left out, that lie before what comes now. */
static void tell_hole(direction *from)
{
    connection *c = from->connection;
    const record_writer *writer = c->all->writer;

    if (!from->in_hole && from->skipped > 0)
        begin_hole(from, 0, HOLE_FRAMING);
    if (!from->in_hole)
        return;
    from->in_hole = false;
    from->hole.session = c->session != NULL ? &c->session->record : NULL;
    from->hole.skipped_bytes = from->skipped;
    from->skipped = 0;
    if (writer->hole != NULL)
        writer->hole(c->all->user, &from->hole);
}

/* Takes all whole messages off the front; returns how many bytes are used up. */
static size_t take_messages(direction *from, const uint8_t *bytes, size_t length)
{
    size_t used = 0, size;

    while (used < length) {
        switch (cti_frame_next(bytes + used, length - used, from->framing, &size)) {
        case CTI_FRAME_MORE:
            return used;
        case CTI_FRAME_SKIP:
            from->framing = CTI_FRAME_SEARCH;
            from->skipped += size;
            used += size;
            break;
        case CTI_FRAME_MESSAGE:
            learn_client(from, cti_header_type(bytes + used));
            tell_hole(from);
            from->framing = CTI_FRAME_IN_STEP;
            take_message(from, bytes + used, (uint32_t)size);
            used += size;
            break;
        }
    }
    return used;
}

static void keep_rest(direction *from, const uint8_t *bytes, size_t length)
{
    if (length == 0)
        return;
    if (from->rest == NULL)
        from->rest = g_byte_array_new();
    g_byte_array_append(from->rest, bytes, (guint)length);
}

/* What is left at a hole or at the end cannot become a message. */
static void drop_rest(direction *from)
{
    if (from->rest == NULL || from->rest->len == 0)
        return;
    from->skipped += from->rest->len;
    g_byte_array_set_size(from->rest, 0);
}

/* The stream is over.  What the search took for the start of a message was none: there may
 * be messages behind it. */
static void end_stream(direction *from)
{
    const guint length = from->rest != NULL ? from->rest->len : 0;
    guint used = 0;

    while (used < length && from->framing == CTI_FRAME_SEARCH) {
        from->skipped++;
        used++;
        used += (guint)take_messages(from, from->rest->data + used, length - used);
    }
    if (used > 0)
        g_byte_array_remove_range(from->rest, 0, used);
    drop_rest(from);
    tell_hole(from);
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
static void take_cti(direction *from, const uint8_t *bytes, uint32_t size)
{
    const uint32_t tail = (uint32_t)MIN(from->tail, size);

    from->tail -= tail;
    bytes += tail;
    size -= tail;
    if (finds_step(from, bytes, size))
        drop_rest(from);
    if (from->rest == NULL || from->rest->len == 0) {
        const size_t used = take_messages(from, bytes, size);

        keep_rest(from, bytes + used, size - used);
        return;
    }
    g_byte_array_append(from->rest, bytes, size);
    g_byte_array_remove_range(from->rest, 0,
                              (guint)take_messages(from, from->rest->data, from->rest->len));
}

/* The capture kept the start of a message only (snaplen): it is told as far as it goes, and
 * where the next one starts is known if its end is not behind the missing bytes. */
static bool take_cut_message(direction *from, uint64_t missing)
{
    GByteArray *rest = from->rest;
    uint64_t left;

    if (rest == NULL || rest->len < CTI_HEADER_SIZE || from->framing != CTI_FRAME_IN_STEP)
        return false;
    left = (uint64_t)cti_header_length(rest->data) + CTI_HEADER_SIZE - rest->len;
    take_message(from, rest->data, rest->len);
    g_byte_array_set_size(rest, 0);
    if (left < missing)
        from->framing = CTI_FRAME_SEARCH;
    else
        from->tail = left - missing;
    return true;
}

/* ---- is it CTI? ---- */

static void become_other(connection *c)
{
    c->content = CONTENT_OTHER;
    for (int i = 0; i < DIRECTIONS; i++) {
        tcp_stream_release(&c->directions[i].stream);
        if (c->directions[i].rest != NULL)
            g_byte_array_unref(c->directions[i].rest);
        c->directions[i].rest = NULL;
    }
}

static bool is_tls(const uint8_t *bytes, size_t length)
{
    return length >= 3 && bytes[0] == 0x16 && bytes[1] == 3 && bytes[2] <= 4;
}

/* Hands what was kept while undecided to the framing, the client's first.  What is missing
 * lies before it. */
static void become_cti(connection *c)
{
    direction *const order[] = {direction_from(c, CTI_CLIENT), direction_from(c, CTI_SERVER)};

    c->content = CONTENT_CTI;
    for (int i = 0; i < DIRECTIONS; i++) {
        GByteArray *kept = order[i]->rest;

        if (order[i]->lost > 0)
            begin_hole(order[i], order[i]->lost, order[i]->lost_by);
        if (kept != NULL)
            g_byte_array_remove_range(kept, 0,
                                      (guint)take_messages(order[i], kept->data, kept->len));
    }
}

/* What the bytes look like: a message too common to tell leaves it to those behind it. */
static cti_looks looks_of(const GByteArray *bytes)
{
    size_t offset = 0;
    cti_looks looks;

    do {
        looks = cti_frame_looks(bytes->data + offset, bytes->len - offset);
        if (looks == CTI_LOOKS_MAYBE)
            offset += CTI_HEADER_SIZE + cti_header_length(bytes->data + offset);
    } while (looks == CTI_LOOKS_MAYBE && offset < bytes->len);
    return looks;
}

/* Collects bytes until they tell. */
static void take_undecided(direction *from, const uint8_t *bytes, uint32_t size)
{
    connection *c = from->connection;

    keep_rest(from, bytes, size);
    switch (looks_of(from->rest)) {
    case CTI_LOOKS_SURE:
        become_cti(c);
        break;
    case CTI_LOOKS_NOT:
        /* Without SYN and behind a hole they may be the end of a message: look at the next. */
        if (from->framing == CTI_FRAME_IN_STEP || ++c->tries >= TRIES_MAX)
            become_other(c);
        else
            g_byte_array_set_size(from->rest, 0);
        break;
    case CTI_LOOKS_SHORT:
    case CTI_LOOKS_MAYBE:
        if (from->rest->len > CTI_MESSAGE_SIZE_MAX)
            become_other(c);
        break;
    }
}

static void take_data(direction *from, const uint8_t *bytes, uint32_t size)
{
    connection *c = from->connection;

    c->record.tcp.bytes[from->sender == CTI_CLIENT ? 0 : 1] += size;
    if (c->content == CONTENT_CTI && !c->numbered && is_tls(bytes, size)) {
        c->record.tls = true;
        number_connection(c);
    }
    if (c->record.tls)
        return;
    if (c->content == CONTENT_CTI)
        take_cti(from, bytes, size);
    else if (c->content == CONTENT_UNDECIDED)
        take_undecided(from, bytes, size);
}

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

static void stream_hole(void *user, uint64_t bytes, hole_cause cause)
{
    direction *from = user;
    connection *c = from->connection;

    if (c->content == CONTENT_OTHER || c->record.tls)
        return;
    if (c->content != CONTENT_CTI || cause != HOLE_SNAPLEN || !take_cut_message(from, bytes)) {
        drop_rest(from);
        from->framing = CTI_FRAME_SEARCH;
        from->tail = 0;
    }
    c->lossy = true;
    if (c->content == CONTENT_UNDECIDED) {
        from->lost += bytes;
        from->lost_by = cause;
        return;
    }
    if (from->in_hole)
        tell_hole(from);
    begin_hole(from, bytes, cause);
    if (from->framing == CTI_FRAME_IN_STEP)
        tell_hole(from);
}

static const tcp_sink stream_sink = {stream_data, stream_hole};

/* ---- segments ---- */

static void note_syn(direction *from, const tcp_segment *segment)
{
    connection *c = from->connection;
    const bool server = segment->flags & TCP_ACK;
    const syn_seen seen = c->record.syn;

    if (!from->stream.synced)
        from->framing = CTI_FRAME_IN_STEP;
    if (seen == SYN_NONE)
        c->record.syn = server ? SYN_SERVER_ONLY : SYN_CLIENT_ONLY;
    else if (seen == (server ? SYN_CLIENT_ONLY : SYN_SERVER_ONLY))
        c->record.syn = SYN_FULL;
}

static void tcp_end(connection *c, cti_tcp_end how, cti_sender sender)
{
    const record_writer *writer = c->all->writer;

    if (c->record.close == CTI_END_CAPTURE_ENDED) {
        if (sender == CTI_CLIENT)
            c->record.close = how == CTI_TCP_RST ? CTI_END_RESET_BY_CLIENT : CTI_END_FIN_BY_CLIENT;
        else
            c->record.close = how == CTI_TCP_RST ? CTI_END_RESET_BY_SERVER : CTI_END_FIN_BY_SERVER;
    }
    if (c->session == NULL)
        return;
    cti_session_tcp_end(&c->session->session, how, sender, c->now, c->frame);
    if (writer->tcp_end != NULL)
        writer->tcp_end(c->all->user, &c->session->record, how, sender, c->now, c->frame);
}

/* Tells the end of a direction once FIN's number was reached; the session ends with both. */
static void tell_fin(direction *from)
{
    connection *c = from->connection;

    if (!from->stream.closed || !from->stream.saw_fin || from->fin_told)
        return;
    from->fin_told = true;
    end_stream(from);
    tcp_end(c, CTI_TCP_FIN, from->sender);
    if (opposite(from)->stream.closed)
        end_session(c, c->now, CTI_END_NONE);
}

static void take_reset(connection *c, direction *from, const tcp_segment *segment)
{
    if (c->reset || !tcp_stream_accepts_reset(&from->stream, segment->sequence))
        return;
    c->reset = true;
    for (int i = 0; i < DIRECTIONS; i++)
        tcp_stream_finish(&c->directions[i].stream, HOLE_CLOSED, &stream_sink, &c->directions[i]);
    for (int i = 0; i < DIRECTIONS; i++)
        end_stream(&c->directions[i]);
    tcp_end(c, CTI_TCP_RST, from->sender);
    end_session(c, c->now, CTI_END_NONE);
}

static void count_segment(connection *c, const tcp_segment *segment, tcp_verdict verdict)
{
    tcp_counts *counts = &c->record.tcp;

    counts->retransmissions += verdict.retransmission;
    counts->out_of_order += verdict.out_of_order;
    counts->keep_alives += verdict.keep_alive;
    counts->zero_windows += segment->window == 0 && !(segment->flags & (TCP_RST | TCP_SYN));
}

static direction *direction_of(connection *c, const tcp_segment *segment)
{
    const bool client = compare_endpoints(&segment->source, &c->record.client) == 0;

    return direction_from(c, client ? CTI_CLIENT : CTI_SERVER);
}

/* Ends what is left of a connection and tells it; how is CTI_END_CAPTURE_ENDED or
 * CTI_END_SUPERSEDED. */
static void finish_connection(connection *c, int64_t time, cti_end how)
{
    const record_writer *writer = c->all->writer;
    const hole_cause cause = how == CTI_END_SUPERSEDED ? HOLE_CLOSED : HOLE_CAPTURE_ENDED;

    if (c->content == CONTENT_CTI) {
        for (int i = 0; i < DIRECTIONS; i++)
            tcp_stream_finish(&c->directions[i].stream, cause, &stream_sink, &c->directions[i]);
        for (int i = 0; i < DIRECTIONS; i++)
            end_stream(&c->directions[i]);
        for (int i = 0; i < DIRECTIONS && !c->reset; i++)
            tell_fin(&c->directions[i]);
        end_session(c, time, how);
    }
    if (c->record.close == CTI_END_CAPTURE_ENDED)
        c->record.close = how;
    if (!c->numbered)
        c->all->other++;
    else if (writer->connection != NULL)
        writer->connection(c->all->user, &c->record);
}

static void free_connection(connection *c)
{
    become_other(c);
    g_free(c);
}

static bool begins_another(connection *c, const tcp_segment *segment)
{
    const tcp_stream *stream = &direction_of(c, segment)->stream;

    if (!(segment->flags & TCP_SYN) || segment->flags & TCP_ACK)
        return false;
    /* Of those that are over or left alone, the streams know no more than their SYN. */
    if (c->reset || c->content == CONTENT_OTHER)
        return !stream->saw_syn || stream->initial != segment->sequence;
    return tcp_stream_is_new_syn(stream, segment->sequence);
}

static connection *find_connection(connections *all, const tcp_segment *segment)
{
    const connection_record key = {.client = segment->source, .server = segment->destination};
    connection *c = g_hash_table_lookup(all->table, &key);

    if (c != NULL && begins_another(c, segment)) {
        finish_connection(c, c->record.last_time, CTI_END_SUPERSEDED);
        g_hash_table_remove(all->table, &c->record);
        g_queue_remove(&all->order, c);
        free_connection(c);
        c = NULL;
    }
    return c != NULL ? c : connection_new(all, segment);
}

void connections_feed(connections *all, const tcp_segment *segment)
{
    connection *c = find_connection(all, segment);
    direction *from, *to;

    all->last_time = segment->time;
    c->record.last_time = segment->time;
    c->record.tcp.packets++;
    c->now = segment->time;
    c->frame = segment->frame;
    if (c->content == CONTENT_OTHER)
        return;
    from = direction_of(c, segment);
    to = opposite(from);
    if (segment->flags & TCP_SYN)
        note_syn(from, segment);
    if (segment->flags & TCP_RST) {
        take_reset(c, from, segment);
        return;
    }
    if (c->reset)
        return;
    /* What it acknowledges came before what it says. */
    if (segment->flags & TCP_ACK) {
        tcp_stream_acknowledge(&to->stream, segment->acknowledgment, &stream_sink, to);
        tell_fin(to);
    }
    if (c->content == CONTENT_OTHER)
        return;
    count_segment(c, segment, tcp_stream_feed(&from->stream, segment, &stream_sink, from));
    tell_fin(from);
}

/* ---- life ---- */

connections *connections_new(const connection_options *options, const record_writer *writer,
                             void *user)
{
    connections *all = g_new0(connections, 1);

    all->options = options;
    all->writer = writer;
    all->user = user;
    all->table = g_hash_table_new(hash_connection, equal_connections);
    g_queue_init(&all->order);
    tcp_pool_init(&all->pool);
    all->events = (cti_session_events){forward_request, forward_heartbeat, forward_silence,
                                       forward_finding};
    return all;
}

void connections_finish(connections *all)
{
    for (GList *link = all->order.head; link != NULL; link = link->next)
        finish_connection(link->data, all->last_time, CTI_END_CAPTURE_ENDED);
}

void connections_summary(const connections *all, summary_record *summary)
{
    summary->connections = all->numbered;
    summary->sessions = all->sessions;
    summary->other_connections = all->other;
    summary->messages = all->messages;
    memcpy(summary->findings, all->findings, sizeof(summary->findings));
}

void connections_free(connections *all)
{
    if (all == NULL)
        return;
    for (GList *link = all->order.head; link != NULL; link = link->next)
        free_connection(link->data);
    g_queue_clear(&all->order);
    g_hash_table_destroy(all->table);
    g_free(all);
}

const char *hole_cause_name(hole_cause cause)
{
    static const char *const names[] = {"acked",   "closed",        "limit",  "time",
                                        "snaplen", "capture-ended", "framing"};

    return (size_t)cause < G_N_ELEMENTS(names) ? names[cause] : "?";
}
