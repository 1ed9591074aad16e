/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order of what a connection delivers, from segments that are disordered, forged or missing.
 * The input: limits and options, then segments: a byte for what happens, one for the connection
 * and the clock, and what they need.  A direction's stream is made of short numbered messages, so
 * that what comes out shows where it was in the stream. */
#include "connection_private.h"
#include "promises.h"

enum { TALKS = 4, MESSAGE_SIZE = 12 };

/* One connection as its ends see it. */
typedef struct talk {
    uint32_t start[2], next[2]; /* sequence numbers of the client, of the server */
} talk;

/* What was reported of one connection. */
typedef struct reported {
    bool has_session, over, ordered;
    uint32_t session;
    uint32_t last[2]; /* number in the last message of each direction */
} reported;

typedef struct bench {
    cti_connection_options options;
    cti_connections *all;
    talk talks[TALKS];
    GArray *connections; /* of reported; number n is at n - 1 */
    GHashTable *cookies; /* framed, and not yet in a message */
    uintptr_t framed;
    uint32_t sessions, sessions_ended, connections_ended;
    uint64_t messages, segments;
    bool exact; /* the streams are as talks have them: nothing forged */
    bool finishing;
    uint32_t frame;
    int64_t now;
} bench;

/* ---- what is reported ---- */

static reported *of_connection(bench *b, const cti_connection_summary *connection)
{
    REQUIRE(connection->number > 0 && connection->number <= TALKS * 100000u);
    while (b->connections->len < connection->number)
        g_array_append_val(b->connections, ((reported){0}));
    return &g_array_index(b->connections, reported, connection->number - 1);
}

/* A session lives on one connection, until session(), and nothing comes after connection(). */
static reported *check_session(bench *b, const cti_session_record *session)
{
    reported *r = of_connection(b, session->connection);

    REQUIRE(!r->over);
    if (!r->has_session) {
        REQUIRE(session->number == ++b->sessions);
        r->has_session = true;
        r->session = session->number;
        r->last[0] = r->last[1] = 0;
    }
    REQUIRE(r->session == session->number);
    return r;
}

static void *on_framed(void *user, const cti_framed_message *message)
{
    bench *b = user;

    REQUIRE(message->frame > 0 && message->frame <= b->frame);
    REQUIRE(message->size >= CTI_HEADER_SIZE);
    b->framed++;
    g_hash_table_add(b->cookies, (void *)b->framed);
    return (void *)b->framed;
}

static void on_message(void *user, const cti_message_record *record)
{
    bench *b = user;
    reported *r = check_session(b, record->session);
    uint32_t number = 0;

    REQUIRE(record->frame > 0 && record->frame <= b->frame);
    REQUIRE(g_hash_table_remove(b->cookies, record->cookie)); /* once */
    b->messages++;
    /* After a gap, a message may be found where none begins. */
    if (record->size != MESSAGE_SIZE || !b->exact || cti_header_length(record->bytes) != 4 ||
        cti_header_type(record->bytes) != (record->sender == CTI_SERVER ? 6 : 5))
        return;
    for (int i = 8; i < MESSAGE_SIZE; i++)
        number = number << 8 | record->bytes[i];
    REQUIRE(number > r->last[record->sender == CTI_SERVER]);
    r->last[record->sender == CTI_SERVER] = number;
}

static void on_request(void *user, const cti_session_record *session, const cti_request *request)
{
    (void)request;
    check_session(user, session);
}

static void on_heartbeat(void *user, const cti_session_record *session,
                         const cti_heartbeat *heartbeat)
{
    (void)heartbeat;
    check_session(user, session);
}

static void on_silence(void *user, const cti_session_record *session, const cti_silence *silence)
{
    (void)silence;
    check_session(user, session);
}

static void on_finding(void *user, const cti_session_record *session, const cti_finding *finding)
{
    REQUIRE(finding->rule < CTI_RULE_COUNT);
    if (session != NULL)
        check_session(user, session);
}

static void on_gap(void *user, const cti_gap *gap)
{
    reported *r = of_connection(user, gap->connection);

    REQUIRE(!r->over && cti_gap_cause_name(gap->cause)[0] != '?');
    REQUIRE((gap->session != NULL) == r->has_session);
}

static void on_tcp_end(void *user, const cti_session_record *session, cti_tcp_end how,
                       cti_sender sender, int64_t time, uint32_t frame)
{
    (void)how, (void)sender, (void)time;
    check_session(user, session);
    REQUIRE(frame > 0 && frame <= ((bench *)user)->frame);
}

static void on_session(void *user, const cti_session_record *record)
{
    bench *b = user;

    check_session(b, record)->has_session = false;
    b->sessions_ended++;
}

static void on_connection(void *user, const cti_connection_summary *connection)
{
    bench *b = user;
    reported *r = of_connection(b, connection);

    REQUIRE(!r->over && !r->has_session);
    r->over = true;
    b->connections_ended++;
}

static const cti_connection_events events = {.framed = on_framed,
                                             .message = on_message,
                                             .heartbeat = on_heartbeat,
                                             .request = on_request,
                                             .silence = on_silence,
                                             .gap = on_gap,
                                             .finding = on_finding,
                                             .tcp_end = on_tcp_end,
                                             .session = on_session,
                                             .connection = on_connection};

/* ---- invariants between segments ---- */

static uint64_t waiting_cost(const direction *d)
{
    REQUIRE(d->waiting.length <= 4096);
    return d->waiting.length;
}

static void check_connection(const bench *b, const connection *c)
{
    uint64_t waiting = 0;

    for (int i = 0; i < DIRECTIONS; i++)
        waiting += waiting_cost(&c->directions[i]);
    /* It waits for bytes only while these can be given up in time. */
    if (waiting > 0)
        REQUIRE(c->directions[0].stream.owed != 0 || c->directions[1].stream.owed != 0);
    if (waiting > 0 || c->directions[0].reset_taken || c->directions[1].reset_taken)
        REQUIRE(c->owing);
    REQUIRE((c->session != NULL) == (c->queue == &b->all->talking));
    REQUIRE(!c->over);
}

static void check(const bench *b)
{
    uint32_t owing = 0;

    for (int i = 0; i < 2; i++) {
        const GQueue *queue = i == 0 ? &b->all->idle : &b->all->talking;

        for (const GList *link = queue->head; link != NULL; link = link->next) {
            check_connection(b, link->data);
            owing += ((const connection *)link->data)->owing;
        }
    }
    REQUIRE(owing == b->all->owing.length);
}

/* ---- segments ---- */

static cti_endpoint make_endpoint(bool server, uint32_t talk)
{
    static const uint16_t ports[] = {42027, 43027, 42067, 7};
    cti_endpoint e = {.address_size = 4, .address = {10, 0, server, 1}};

    e.port = server ? ports[talk] : (uint16_t)(50000 + talk);
    return e;
}

/* Byte number `at` of a direction's stream: numbered messages, the first OPEN_REQ's answer and
 * all others heartbeats. */
static uint8_t byte_at(bool server, uint32_t at)
{
    const uint32_t number = at / MESSAGE_SIZE + 1;
    const uint8_t message[MESSAGE_SIZE] = {
        0, 0, 0, 4, 0, 0, 0, server ? 6 : 5, (uint8_t)(number >> 24), (uint8_t)(number >> 16),
        (uint8_t)(number >> 8), (uint8_t)number};

    return message[at % MESSAGE_SIZE];
}

static int64_t take_clock(input *in)
{
    static const int64_t steps[] = {1000, 1000000, 20000000, 150000000, 250000000, 0,
                                    -1000000, -300000000};
    const uint8_t what = take8(in);

    return what >= 0xF0 ? take_step(in) : steps[what & 7];
}

static void fill(const talk *t, bool server, const cti_segment *segment, uint8_t *bytes)
{
    for (uint32_t i = 0; i < segment->captured; i++)
        bytes[i] = byte_at(server, segment->sequence + i - t->start[server] - 1);
}

static void take_segment(bench *b, input *in)
{
    const uint8_t what = take8(in), which = take8(in), size = take8(in);
    const bool server = what & 1;
    talk *t = &b->talks[which % TALKS];
    uint8_t bytes[2048];
    cti_segment segment = {.source = make_endpoint(server, which % TALKS),
                           .destination = make_endpoint(!server, which % TALKS),
                           .sequence = t->next[server],
                           .acknowledgment = t->next[!server],
                           .window = 64240,
                           .flags = CTI_FLAG_ACK,
                           .payload = bytes,
                           .frame = ++b->frame};
    uint32_t length = size;

    b->now = later(b->now, take_clock(in));
    segment.time = b->now;
    if (which & 0x08) /* a multiple of messages */
        length = size % 100 * MESSAGE_SIZE;
    if (which & 0x10) /* older, or of what comes later */
        segment.acknowledgment += (uint32_t)(int8_t)take8(in);
    if (which & 0x20)
        segment.flags &= (uint8_t)~CTI_FLAG_ACK;
    switch (what >> 1 & 15) {
    default: break;
    case 6: /* ahead, or once more */
    case 7: segment.sequence += (uint32_t)(int16_t)take16(in) % 4096; break;
    case 8: segment.flags |= CTI_FLAG_FIN; break;
    case 9:
        segment.flags |= CTI_FLAG_RST;
        segment.sequence += size;
        length = 0;
        break;
    case 10:
        segment.flags = CTI_FLAG_SYN | (server ? CTI_FLAG_ACK : 0);
        segment.sequence = t->start[server];
        length = 0;
        break;
    case 11: t->next[server] += take16(in); break; /* not captured */
    case 12: length = 0; break;
    case 13:
        segment.acknowledgment = b->exact ? segment.acknowledgment : take32(in);
        segment.sequence = b->exact ? segment.sequence : take32(in);
        break;
    case 14:
        segment.in_order = !b->exact;
        segment.is_cti = what & 0x20;
        break;
    case 15: /* the same endpoints again */
        if (b->exact)
            break;
        segment.flags = CTI_FLAG_SYN;
        segment.sequence = t->start[server] = take32(in);
        t->next[server] = segment.sequence + 1;
        length = 0;
        break;
    }
    if (b->exact && (int32_t)(segment.sequence - t->start[server]) <= 0)
        length = 0; /* nothing was sent before the start */
    segment.captured = segment.length = length;
    if (what & 0x40)
        segment.captured -= MIN(length, size & 7u);
    fill(t, server, &segment, bytes);
    if ((int32_t)(segment.sequence + length - t->next[server]) > 0 && !(what & 0x80) &&
        (what >> 1 & 15) < 9)
        t->next[server] = segment.sequence + length + ((segment.flags & CTI_FLAG_FIN) != 0);
    if (what & 0x20 && !segment.in_order)
        cti_connections_queue(b->all, &segment);
    else
        cti_connections_settle(b->all), cti_connections_feed(b->all, &segment);
    b->segments++;
    check(b);
}

static void begin(bench *b, input *in)
{
    static const int64_t waits[] = {CTI_WAIT_DEFAULT, 0, 1, 1000000, INT64_MAX, CTI_SECOND, 1000,
                                    -1};
    static const uint64_t totals[] = {UINT64_C(32) << 20, 100000, 2000, 0};
    const uint8_t kind = take8(in), limits = take8(in);

    b->exact = kind & 1;
    b->now = take_start(in);
    b->options = (cti_connection_options){.held_bytes = limits & 4 ? 1000 : UINT64_C(4) << 20,
                                          .held_total = totals[limits & 3],
                                          .connections = limits & 8 ? 2 : 1000,
                                          .wait = waits[kind >> 1 & 7]};
    for (int i = 0; i < TALKS; i++)
        for (int j = 0; j < 2; j++) {
            b->talks[i].start[j] = i == 1 ? UINT32_MAX - 30 : 1000u * (uint32_t)(i + 2 * j + 1);
            b->talks[i].next[j] = b->talks[i].start[j] + 1;
        }
    b->connections = g_array_new(FALSE, TRUE, sizeof(reported));
    b->cookies = g_hash_table_new(NULL, NULL);
    b->all = cti_connections_new(&b->options, &events, b);
}

static void finish(bench *b)
{
    const cti_connection_counts *counts = cti_connections_counts(b->all);

    cti_connections_finish(b->all);
    REQUIRE(counts->connections == b->connections_ended);
    REQUIRE(counts->sessions == b->sessions && b->sessions == b->sessions_ended);
    REQUIRE(counts->messages == b->messages);
    REQUIRE(g_hash_table_size(b->cookies) == 0); /* each message that was framed was reported */
    REQUIRE(b->all->pool.held == 0 && b->all->owing.length == 0);
    REQUIRE(b->all->idle.length == 0 && b->all->talking.length == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bench b;
    input in = {data, size};

    b = (bench){.exact = false};
    begin(&b, &in);
    while (in.left > 0)
        take_segment(&b, &in);
    if (size % 4 != 0) /* else all is freed in the middle */
        finish(&b);
    cti_connections_free(b.all);
    g_array_free(b.connections, TRUE);
    g_hash_table_destroy(b.cookies);
    return 0;
}
