/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections, messages and sessions from segments made by hand.  What the record writer
 * is told becomes one line, which the tests compare:
 *     1:c3            a message of session 1, by the client, of type 3
 *     gap(s 12+4 acked)  12 bytes of the server's are missing, 4 more were left out
 *     fin(c) rst(s)   TCP's end, by the client or the server
 *     end1(closed)    the end of session 1
 *     conn1(fin-by-client)  the end of connection 1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

#include "bytes.h"
#include "records.h"
#include "told.h"

enum { CLIENT, SERVER };

#define ENDS_MAX 8

typedef struct bench {
    cti_connections *all;
    GString *log;
    uint32_t findings[CTI_RULE_COUNT];
    cti_connection_summary connections[ENDS_MAX]; /* as told, in order */
    uint32_t connection_count;
    struct {
        uint32_t connection, gaps;
        bool began_before;
        uint64_t messages[2];
    } sessions[ENDS_MAX];
    uint32_t session_count;
    uint32_t message_frame; /* of the last message */
    uint32_t gap_connection;
    int64_t now;
    uint32_t frame;
} bench;

/* ---- what is told ---- */

static void on_message(void *user, const cti_message_record *record)
{
    bench *b = user;

    /* What was held behind a gap is told with its own, earlier frame and time. */
    assert_true(record->time <= b->now && record->frame <= b->frame);
    assert_int_equal(record->time == b->now, record->frame == b->frame);
    assert_true(record->session->connection->number > 0);
    b->message_frame = record->frame;
    told(b->log, "%u:%c%u", record->session->number, letter(record->sender),
         record->bytes[6] * 256u + record->bytes[7]);
}

static void on_gap(void *user, const cti_gap *record)
{
    bench *b = user;

    assert_true(record->connection->number > 0);
    b->gap_connection = record->connection->number;
    told(b->log, "gap(%c %u+%u %s)", letter(record->sender), (unsigned)record->bytes,
         (unsigned)record->skipped_bytes, cti_gap_cause_name(record->cause));
}

static void on_finding(void *user, const cti_session_record *session, const cti_finding *finding)
{
    bench *b = user;

    (void)session;
    b->findings[finding->rule]++;
}

static void on_tcp_end(void *user, const cti_session_record *session, cti_tcp_end how,
                       cti_sender sender, int64_t time, uint32_t frame)
{
    bench *b = user;

    (void)session;
    assert_true(time <= b->now && frame <= b->frame);
    assert_int_equal(time == b->now, frame == b->frame);
    told(b->log, "%s(%c)", how == CTI_TCP_FIN ? "fin" : "rst", letter(sender));
}

static void on_session(void *user, const cti_session_record *record)
{
    bench *b = user;
    const cti_session_summary *session = record->session;

    assert_true(b->session_count < ENDS_MAX);
    b->sessions[b->session_count].connection = record->connection->number;
    b->sessions[b->session_count].gaps = session->gaps;
    b->sessions[b->session_count].began_before = session->began_before_capture;
    b->sessions[b->session_count].messages[CLIENT] = session->messages_client;
    b->sessions[b->session_count].messages[SERVER] = session->messages_server;
    b->session_count++;
    told(b->log, "end%u(%s)", record->number, cti_end_name(session->end));
}

static void on_connection(void *user, const cti_connection_summary *record)
{
    bench *b = user;

    assert_true(b->connection_count < ENDS_MAX);
    b->connections[b->connection_count++] = *record;
    told(b->log, "conn%u(%s)", record->number, cti_end_name(record->close));
}

static const cti_connection_events events = {
    .message = on_message,
    .gap = on_gap,
    .finding = on_finding,
    .tcp_end = on_tcp_end,
    .session = on_session,
    .connection = on_connection,
};

static const uint16_t extra_ports[] = {5555};
static const cti_connection_options options = {.ports = extra_ports,
                                           .port_count = 1,
                                           .held_bytes = 1 << 20,
                                           .wait = CTI_WAIT_DEFAULT, .held_total = 8 << 20,
                                           .connections = 1000};

static void begin(bench *b)
{
    *b = (bench){.log = g_string_new(NULL), .now = INT64_C(1768000000) * CTI_SECOND};
    b->all = cti_connections_new(&options, &events, b);
}

/* Ends the input; compares what is told then and the summary's counts. */
static void end(bench *b, const char *expected, uint32_t connection_count, uint32_t other)
{
    const cti_connection_counts *counts = cti_connections_counts(b->all);

    cti_connections_finish(b->all);
    assert_told(b->log, expected);
    assert_int_equal(counts->connections, connection_count);
    assert_int_equal(counts->other, other);
    assert_int_equal(counts->sessions, b->session_count);
    assert_int_equal(b->connection_count, connection_count);
    cti_connections_free(b->all);
    g_string_free(b->log, TRUE);
}

/* ---- segments ---- */

/* A connection's two ends, [CLIENT] and [SERVER], and the numbers that they use next. */
typedef struct flow {
    endpoint ends[2];
    uint32_t next[2];
} flow;

static flow make_flow(uint16_t client_port, uint16_t server_port)
{
    return (flow){
        .ends = {{4, {192, 0, 2, 1}, client_port}, {4, {192, 0, 2, 2}, server_port}},
        .next = {0xFFFFFFF0, 1000},
    };
}

/* A segment at any number; its payload lies in memory of just its size. */
static void segment_at(bench *b, const flow *f, int from, uint8_t flags, uint32_t sequence,
                       const void *payload, uint32_t size)
{
    uint8_t *memory = malloc(size + 1);
    cti_segment s = {
        .source = f->ends[from],
        .destination = f->ends[!from],
        .sequence = sequence,
        .acknowledgment = flags & CTI_FLAG_ACK ? f->next[!from] : 0,
        .window = 1000,
        .flags = flags,
        .payload = memory + 1,
        .captured = size,
        .length = size,
    };

    assert_non_null(memory);
    if (size > 0)
        memcpy(memory + 1, payload, size);
    b->now += CTI_SECOND / 1000;
    s.time = b->now;
    s.frame = ++b->frame;
    cti_connections_feed(b->all, &s);
    free(memory);
}

static void segment(bench *b, flow *f, int from, uint8_t flags, const void *payload,
                    uint32_t size)
{
    const uint32_t sequence = f->next[from];

    f->next[from] += size + !!(flags & CTI_FLAG_SYN) + !!(flags & CTI_FLAG_FIN);
    segment_at(b, f, from, flags, sequence, payload, size);
}

static void handshake(bench *b, flow *f)
{
    segment(b, f, CLIENT, CTI_FLAG_SYN, NULL, 0);
    segment(b, f, SERVER, CTI_FLAG_SYN | CTI_FLAG_ACK, NULL, 0);
    segment(b, f, CLIENT, CTI_FLAG_ACK, NULL, 0);
}

static void ack(bench *b, flow *f, int from)
{
    segment(b, f, from, CTI_FLAG_ACK, NULL, 0);
}

static void fin(bench *b, flow *f, int from)
{
    segment(b, f, from, CTI_FLAG_FIN | CTI_FLAG_ACK, NULL, 0);
}

static void reset(bench *b, flow *f, int from)
{
    segment(b, f, from, CTI_FLAG_RST, NULL, 0);
}

/* What is owed does not come: the next packet comes too late for it. */
static void wait_out(bench *b, flow *f)
{
    b->now += CTI_WAIT_DEFAULT;
    ack(b, f, SERVER);
}

static void say(bench *b, flow *f, int from, const bytes *message)
{
    segment(b, f, from, CTI_FLAG_ACK, message->data, message->size);
}

static void say_text(bench *b, flow *f, int from, const char *text)
{
    segment(b, f, from, CTI_FLAG_ACK, text, (uint32_t)strlen(text));
}

/* Sends what the capture does not have. */
static void lose(flow *f, int from, uint32_t size)
{
    f->next[from] += size;
}

/* ---- messages ---- */

static void say_open_req(bench *b, flow *f)
{
    bytes message;

    open_req(&message, 1, 24, 120);
    say(b, f, CLIENT, &message);
}

static void say_open_conf(bench *b, flow *f)
{
    bytes message;

    open_conf(&message, 1);
    say(b, f, SERVER, &message);
}

#define HEARTBEAT_SIZE 12u

/* HEARTBEAT_REQ of the client or HEARTBEAT_CONF of the server. */
static void say_heartbeat(bench *b, flow *f, int from)
{
    bytes message;

    short_message(&message, from == CLIENT ? 5 : 6, 7);
    say(b, f, from, &message);
}

static void say_close(bench *b, flow *f)
{
    bytes message;

    status_message(&message, 7, 9, 0);
    say(b, f, CLIENT, &message);
    short_message(&message, 8, 9);
    say(b, f, SERVER, &message);
}

/* SYSTEM_EVENT of version 20 and later: the server's, and long enough to be known by it. */
static void system_event(bytes *b)
{
    start_message(b, 31);
    put32(b, 0);
    put32(b, 5000);
    put32(b, 4);
    put32(b, 1);
    put32(b, 2);
    put32(b, 3);
    put16(b, 0);
    end_message(b);
}

static void open_session(bench *b, flow *f)
{
    handshake(b, f);
    say_open_req(b, f);
    say_open_conf(b, f);
}

static void assert_endpoint(const endpoint *point, const endpoint *expected)
{
    assert_int_equal(point->address_size, expected->address_size);
    assert_memory_equal(point->address, expected->address, 16);
    assert_int_equal(point->port, expected->port);
}

/* ---- which connections carry CTI ---- */

static void session_on_a_cti_port(void **state)
{
    flow f = make_flow(50000, 43067);
    const cti_connection_summary *c;
    bytes message;
    bench b;

    (void)state;
    begin(&b);
    open_session(&b, &f);
    say_heartbeat(&b, &f, CLIENT);
    say_heartbeat(&b, &f, SERVER);
    say_close(&b, &f);
    fin(&b, &f, CLIENT);
    assert_told(b.log, "1:c3 1:s4 1:c5 1:s6 1:c7 1:s8 fin(c)");
    fin(&b, &f, SERVER);
    ack(&b, &f, CLIENT);
    assert_told(b.log, "fin(s) end1(closed)");
    end(&b, "conn1(fin-by-client)", 1, 0);
    c = &b.connections[0];
    assert_endpoint(&c->client, &f.ends[CLIENT]);
    assert_endpoint(&c->server, &f.ends[SERVER]);
    assert_int_equal(c->side, CTI_SIDE_B);
    assert_int_equal(c->syn, CTI_SYN_FULL);
    assert_int_equal(c->sessions, 1);
    assert_int_equal(c->first_frame, 1);
    assert_int_equal(c->last_time - c->first_time, 11 * (CTI_SECOND / 1000));
    assert_int_equal(c->tcp.packets, 12);
    open_req(&message, 1, 24, 120);
    assert_int_equal(c->tcp.bytes[CLIENT], message.size + HEARTBEAT_SIZE + 16);
    open_conf(&message, 1);
    assert_int_equal(c->tcp.bytes[SERVER], message.size + HEARTBEAT_SIZE + 12);
    assert_int_equal(c->tcp.gaps, 0);
    assert_int_equal(c->tcp.retransmissions, 0);
    assert_false(b.sessions[0].began_before);
    assert_int_equal(b.sessions[0].messages[CLIENT], 3);
    assert_int_equal(b.sessions[0].messages[SERVER], 3);
}

static void session_on_another_port_by_its_looks(void **state)
{
    flow f = make_flow(50000, 9999);
    bench b;

    (void)state;
    begin(&b);
    open_session(&b, &f);
    say_heartbeat(&b, &f, CLIENT);
    assert_told(b.log, "1:c3 1:s4 1:c5");
    end(&b, "end1(capture-ended) conn1(capture-ended)", 1, 0);
    assert_int_equal(b.connections[0].side, CTI_SIDE_UNKNOWN);
    assert_false(b.sessions[0].began_before);
}

/* A capture that begins between the two and shows the answer first: that is no second OPEN_REQ. */
static void open_req_captured_after_its_answer(void **state)
{
    flow f = make_flow(50000, 42027);
    bytes message;
    bench b;

    (void)state;
    begin(&b);
    open_req(&message, 1, 24, 120);
    lose(&f, CLIENT, message.size);
    say_open_conf(&b, &f);
    segment_at(&b, &f, CLIENT, 0, f.next[CLIENT] - message.size, message.data, message.size);
    assert_told(b.log, "1:s4 1:c3");
    assert_int_equal(b.findings[CTI_RULE_OPEN], 0);
    say_open_req(&b, &f);
    assert_int_equal(b.findings[CTI_RULE_OPEN], 1);
    end(&b, "1:c3 end1(capture-ended) conn1(capture-ended)", 1, 0);
}

static void looks_that_come_byte_by_byte(void **state)
{
    flow f = make_flow(50000, 9999);
    bytes message;
    bench b;

    (void)state;
    begin(&b);
    handshake(&b, &f);
    open_req(&message, 1, 24, 120);
    for (uint32_t i = 0; i < message.size; i++) {
        assert_told(b.log, "");
        segment(&b, &f, CLIENT, CTI_FLAG_ACK, message.data + i, 1);
    }
    assert_told(b.log, "1:c3");
    assert_int_equal(b.message_frame, b.frame);
    end(&b, "end1(capture-ended) conn1(capture-ended)", 1, 0);
}

/* A heartbeat is too short to be known by its looks. */
static void ports_that_the_user_named(void **state)
{
    flow named = make_flow(50000, 5555), unnamed = make_flow(50001, 5556);
    bench b;

    (void)state;
    begin(&b);
    say_heartbeat(&b, &unnamed, CLIENT);
    say_heartbeat(&b, &named, CLIENT);
    assert_told(b.log, "1:c5");
    end(&b, "end1(capture-ended) conn1(capture-ended)", 1, 1);
}

static void other_content_is_left_alone(void **state)
{
    flow f = make_flow(50000, 80);
    bench b;

    (void)state;
    begin(&b);
    handshake(&b, &f);
    say_text(&b, &f, CLIENT, "GET / HTTP/1.1\r\n\r\n");
    say_text(&b, &f, SERVER, "HTTP/1.1 204 No Content\r\n\r\n");
    say_open_req(&b, &f); /* it was decided already */
    fin(&b, &f, SERVER);
    fin(&b, &f, CLIENT);
    end(&b, "", 0, 1);
}

/* Without SYN the first bytes may be the end of something: some more are looked at. */
static void other_content_without_syn(void **state)
{
    flow early = make_flow(50000, 9999), late = make_flow(50001, 9999);
    bench b;

    (void)state;
    begin(&b);
    for (int i = 0; i < 5; i++)
        say_text(&b, &early, CLIENT, "the end of a message");
    say_open_req(&b, &early);
    assert_told(b.log, "1:c3");
    for (int i = 0; i < 100; i++)
        say_text(&b, &late, CLIENT, "no message at all");
    say_open_req(&b, &late);
    assert_told(b.log, "");
    end(&b, "end1(capture-ended) conn1(capture-ended)", 1, 1);
}

static void other_content_on_a_cti_port_is_told(void **state)
{
    flow f = make_flow(50000, 42027);
    bench b;

    (void)state;
    begin(&b);
    handshake(&b, &f);
    say_text(&b, &f, CLIENT, "GET / HTTP/1.1\r\n\r\n");
    end(&b, "gap(c 0+18 framing) conn1(capture-ended)", 1, 0);
    assert_int_equal(b.connections[0].sessions, 0);
}

/* What each end sent first is named where it is not CTI, whatever the segments. */
static void other_content_is_named(void **state)
{
    static const struct {
        const char *bytes;
        uint32_t size, pieces;
        cti_foreign_kind kind;
    } all[] = {
        {"GET / HTTP/1.1\r\n\r\n", 18, 1, CTI_FOREIGN_HTTP},
        {"GET / HTTP/1.1\r\n\r\n", 18, 18, CTI_FOREIGN_HTTP},
        {"\x15\3\1\0\2\2\x46", 7, 1, CTI_FOREIGN_TLS},
        {"\x0c\0\0\0\5\0\0\0\1\0\0\0\0\0\0\0", 16, 1, CTI_FOREIGN_REVERSED},
        {"220 ready\r\n", 11, 1, CTI_FOREIGN_TEXT},
        {"\0\0\0\0\0\0\0\0\0\0\0\0", 12, 2, CTI_FOREIGN_ZERO},
        {"\xff\xfe\1\2\3\4\5\6\7", 9, 1, CTI_FOREIGN_UNKNOWN},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        flow f = make_flow(50000, 42027);
        const uint32_t size = all[i].size / all[i].pieces;
        bench b;

        begin(&b);
        handshake(&b, &f);
        say_open_req(&b, &f);
        for (uint32_t k = 0; k < all[i].pieces; k++)
            segment(&b, &f, SERVER, CTI_FLAG_ACK, all[i].bytes + k * size, size);
        cti_connections_finish(b.all);
        assert_int_equal(b.connections[0].not_cti[CLIENT].frame, 0);
        assert_int_equal(b.connections[0].not_cti[SERVER].frame, 5);
        assert_string_equal(cti_foreign_name(b.connections[0].not_cti[SERVER].kind),
                            cti_foreign_name(all[i].kind));
        cti_connections_free(b.all);
        g_string_free(b.log, TRUE);
    }
}

/* Bytes from the middle of a message tell nothing. */
static void bytes_after_a_gap_are_not_named(void **state)
{
    flow f = make_flow(50000, 42027), g = make_flow(50001, 42027);
    bench b;

    (void)state;
    begin(&b);
    handshake(&b, &f);
    lose(&f, CLIENT, 20);
    say_text(&b, &f, CLIENT, "the end of a message");
    ack(&b, &f, SERVER);
    wait_out(&b, &f);
    say_open_req(&b, &f);
    say_text(&b, &g, SERVER, "the end of a message");
    cti_connections_finish(b.all);
    for (uint32_t i = 0; i < b.connection_count; i++) {
        assert_int_equal(b.connections[i].not_cti[CLIENT].frame, 0);
        assert_int_equal(b.connections[i].not_cti[SERVER].frame, 0);
    }
    cti_connections_free(b.all);
    g_string_free(b.log, TRUE);
}

static void tls_on_a_cti_port_is_named(void **state)
{
    flow f = make_flow(50000, 42030);
    bench b;

    (void)state;
    begin(&b);
    handshake(&b, &f);
    segment(&b, &f, CLIENT, CTI_FLAG_ACK, "\x16\3\1\0\5hello", 10);
    lose(&f, SERVER, 100);
    segment(&b, &f, SERVER, CTI_FLAG_ACK, "\x17\3\3\0\5hello", 10);
    ack(&b, &f, CLIENT);
    reset(&b, &f, CLIENT);
    end(&b, "conn1(reset-by-client)", 1, 0);
    assert_true(b.connections[0].tls);
    assert_int_equal(b.connections[0].sessions, 0);
}

static void fin_reset_or_ack_alone_is_no_session(void **state)
{
    flow a = make_flow(50000, 42027), c = make_flow(50001, 42027), d = make_flow(50002, 42027),
         e = make_flow(50003, 42027);
    bench b;

    (void)state;
    begin(&b);
    fin(&b, &a, CLIENT);
    reset(&b, &c, SERVER);
    ack(&b, &d, CLIENT);
    handshake(&b, &e);
    end(&b, "", 0, 4);
}

static void numbers_go_by_the_first_message(void **state)
{
    flow a = make_flow(50000, 42027), http = make_flow(50001, 80), c = make_flow(50002, 43027),
         d = make_flow(50003, 42027);
    bench b;

    (void)state;
    begin(&b);
    handshake(&b, &a);
    handshake(&b, &http);
    say_text(&b, &http, CLIENT, "GET / HTTP/1.1\r\n\r\n");
    handshake(&b, &c);
    handshake(&b, &d);
    say_open_req(&b, &d);
    say_open_req(&b, &a);
    say_open_req(&b, &c);
    assert_told(b.log, "1:c3 2:c3 3:c3");
    /* They end in the order of their first packets. */
    end(&b,
        "end2(capture-ended) conn2(capture-ended) end3(capture-ended) conn3(capture-ended) "
        "end1(capture-ended) conn1(capture-ended)",
        3, 1);
    assert_int_equal(b.connections[0].client.port, 50000);
    assert_int_equal(b.connections[1].side, CTI_SIDE_B);
    assert_int_equal(b.sessions[2].connection, 1);
}

static void addresses_and_ports_tell_connections_apart(void **state)
{
    flow a = make_flow(50000, 42027), c = make_flow(50000, 42027), d = make_flow(50000, 42067),
         e = make_flow(50000, 42027);
    bench b;

    (void)state;
    c.ends[CLIENT].address[3] = 9;
    for (int i = 0; i < 2; i++) {
        e.ends[i].address_size = 16;
        e.ends[i].address[15] = (uint8_t)(i + 1);
    }
    begin(&b);
    handshake(&b, &a);
    handshake(&b, &c);
    handshake(&b, &d);
    handshake(&b, &e);
    say_open_req(&b, &a);
    say_open_req(&b, &c);
    say_open_req(&b, &d);
    say_open_req(&b, &e);
    say_open_conf(&b, &e);
    say_open_conf(&b, &d);
    say_open_conf(&b, &c);
    say_open_conf(&b, &a);
    assert_told(b.log, "1:c3 2:c3 3:c3 4:c3 4:s4 3:s4 2:s4 1:s4");
    end(&b,
        "end1(capture-ended) conn1(capture-ended) end2(capture-ended) conn2(capture-ended) "
        "end3(capture-ended) conn3(capture-ended) end4(capture-ended) conn4(capture-ended)",
        4, 0);
    assert_endpoint(&b.connections[3].client, &e.ends[CLIENT]);
    assert_endpoint(&b.connections[3].server, &e.ends[SERVER]);
}

/* ---- who is the client ---- */

static void server_by_its_port_without_syn(void **state)
{
    flow f = make_flow(100, 42027); /* the client has the lower port */
    bytes message;
    bench b;

    (void)state;
    begin(&b);
    say_heartbeat(&b, &f, CLIENT); /* alone it would not be known by its looks */
    assert_told(b.log, "1:c5");
    system_event(&message);
    say(&b, &f, SERVER, &message);
    say_heartbeat(&b, &f, SERVER);
    assert_told(b.log, "1:s31 1:s6");
    assert_int_equal(b.findings[CTI_RULE_OPEN], 0);
    end(&b, "end1(capture-ended) conn1(capture-ended)", 1, 0);
    assert_endpoint(&b.connections[0].server, &f.ends[SERVER]);
    assert_int_equal(b.connections[0].syn, CTI_SYN_NONE);
    assert_true(b.sessions[0].began_before);
}

/* Which end has the lower port is a guess that the first message puts right. */
static void server_by_a_message_without_syn(void **state)
{
    static const uint16_t client_ports[] = {100, 50000};

    (void)state;
    for (int i = 0; i < 2; i++)
        for (int first = CLIENT; first <= SERVER; first++) {
            flow f = make_flow(client_ports[i], 9999);
            const uint32_t more = 3 * HEARTBEAT_SIZE;
            bytes message;
            bench b;

            begin(&b);
            if (first == CLIENT)
                open_req(&message, 1, 24, 120);
            else
                system_event(&message);
            ack(&b, &f, !first);
            say(&b, &f, first, &message);
            for (int k = 0; k < 3; k++)
                say_heartbeat(&b, &f, !first);
            if (first == CLIENT)
                assert_told(b.log, "1:c3 1:s6 1:s6 1:s6");
            else
                assert_told(b.log, "1:s31 1:c5 1:c5 1:c5");
            end(&b, "end1(capture-ended) conn1(capture-ended)", 1, 0);
            assert_endpoint(&b.connections[0].client, &f.ends[CLIENT]);
            assert_endpoint(&b.connections[0].server, &f.ends[SERVER]);
            assert_int_equal(b.connections[0].tcp.bytes[first], message.size);
            assert_int_equal(b.connections[0].tcp.bytes[!first], more);
        }
}

/* What was kept of both ends before it was clear is not lost, and bytes count for the right
 * end. */
static void guess_put_right_by_what_was_kept(void **state)
{
    flow f = make_flow(100, 9999);
    bytes message;
    bench b;

    (void)state;
    begin(&b);
    say_heartbeat(&b, &f, CLIENT);
    say_heartbeat(&b, &f, SERVER);
    assert_told(b.log, "");
    system_event(&message);
    say(&b, &f, SERVER, &message);
    assert_int_equal(b.log->len, strlen("1:c5 1:s6 1:s31"));
    assert_non_null(strstr(b.log->str, "1:c5"));
    assert_non_null(strstr(b.log->str, "1:s6 1:s31"));
    g_string_truncate(b.log, 0);
    end(&b, "end1(capture-ended) conn1(capture-ended)", 1, 0);
    assert_int_equal(b.connections[0].tcp.bytes[CLIENT], HEARTBEAT_SIZE);
    assert_int_equal(b.connections[0].tcp.bytes[SERVER], HEARTBEAT_SIZE + message.size);
}

/* The segment that puts the guess right also ends the stream and acknowledges. */
static void guess_put_right_by_a_segment_with_fin(void **state)
{
    flow f = make_flow(100, 9999);
    bytes message;
    bench b;

    (void)state;
    begin(&b);
    open_req(&message, 1, 24, 120);
    segment(&b, &f, CLIENT, CTI_FLAG_ACK | CTI_FLAG_FIN, message.data, message.size);
    assert_told(b.log, "1:c3 fin(c)");
    say_open_conf(&b, &f);
    fin(&b, &f, SERVER);
    assert_told(b.log, "1:s4 fin(s) end1(fin-by-client)");
    end(&b, "conn1(fin-by-client)", 1, 0);
}

static void guess_put_right_before_a_gap(void **state)
{
    flow f = make_flow(100, 9999);
    bench b;

    (void)state;
    begin(&b);
    ack(&b, &f, SERVER);
    say_open_req(&b, &f);
    say_open_conf(&b, &f);
    lose(&f, SERVER, 34);
    say_heartbeat(&b, &f, SERVER);
    assert_told(b.log, "1:c3 1:s4");
    say_heartbeat(&b, &f, CLIENT);
    wait_out(&b, &f);
    assert_told(b.log, "gap(s 34+0 acked) 1:s6 1:c5");
    end(&b, "end1(capture-ended) conn1(capture-ended)", 1, 0);
}

static void only_syn_ack_was_seen(void **state)
{
    flow f = make_flow(100, 9999);
    bench b;

    (void)state;
    begin(&b);
    segment(&b, &f, SERVER, CTI_FLAG_SYN | CTI_FLAG_ACK, NULL, 0);
    say_open_req(&b, &f);
    say_open_conf(&b, &f);
    assert_told(b.log, "1:c3 1:s4");
    end(&b, "end1(capture-ended) conn1(capture-ended)", 1, 0);
    assert_int_equal(b.connections[0].syn, CTI_SYN_SERVER_ONLY);
    assert_endpoint(&b.connections[0].client, &f.ends[CLIENT]);
}

static void simultaneous_open(void **state)
{
    flow f = make_flow(50000, 42027);
    bench b;

    (void)state;
    begin(&b);
    segment(&b, &f, CLIENT, CTI_FLAG_SYN, NULL, 0);
    segment(&b, &f, SERVER, CTI_FLAG_SYN, NULL, 0);
    segment_at(&b, &f, CLIENT, CTI_FLAG_SYN | CTI_FLAG_ACK, f.next[CLIENT] - 1, NULL, 0);
    segment_at(&b, &f, SERVER, CTI_FLAG_SYN | CTI_FLAG_ACK, f.next[SERVER] - 1, NULL, 0);
    say_open_req(&b, &f);
    say_open_conf(&b, &f);
    assert_told(b.log, "1:c3 1:s4");
    end(&b, "end1(capture-ended) conn1(capture-ended)", 1, 0);
    assert_endpoint(&b.connections[0].client, &f.ends[CLIENT]);
    assert_false(b.sessions[0].began_before);
}

/* ---- sessions ---- */

static void several_sessions_on_one_connection(void **state)
{
    flow f = make_flow(50000, 42027);
    bytes message;
    bench b;

    (void)state;
    begin(&b);
    open_session(&b, &f);
    say_close(&b, &f);
    assert_told(b.log, "1:c3 1:s4 1:c7 1:s8");
    say_open_req(&b, &f);
    status_message(&message, 1, 1, 10); /* FAILURE_CONF */
    say(&b, &f, SERVER, &message);
    assert_told(b.log, "end1(closed) 2:c3 2:s1");
    say_open_req(&b, &f);
    say_open_conf(&b, &f);
    assert_told(b.log, "end2(rejected) 3:c3 3:s4");
    end(&b, "end3(capture-ended) conn1(capture-ended)", 1, 0);
    assert_int_equal(b.connections[0].sessions, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(b.sessions[i].connection, 1);
}

static void same_ports_again_after_fin(void **state)
{
    flow f = make_flow(50000, 42027);
    bench b;

    (void)state;
    begin(&b);
    open_session(&b, &f);
    fin(&b, &f, SERVER);
    fin(&b, &f, CLIENT);
    ack(&b, &f, SERVER);
    assert_told(b.log, "1:c3 1:s4 fin(s) fin(c) end1(fin-by-server)");
    f.next[CLIENT] += 1000; /* not far off: FIN alone tells that the old one is over */
    f.next[SERVER] += 100000000;
    open_session(&b, &f);
    assert_told(b.log, "conn1(fin-by-server) 2:c3 2:s4");
    end(&b, "end2(capture-ended) conn2(capture-ended)", 2, 0);
    assert_int_equal(b.sessions[1].connection, 2);
    assert_int_equal(b.connections[1].tcp.packets, 5);
    assert_int_equal(b.connections[1].syn, CTI_SYN_FULL);
}

static void same_ports_again_after_reset(void **state)
{
    flow f = make_flow(50000, 42027);
    bench b;

    (void)state;
    begin(&b);
    open_session(&b, &f);
    reset(&b, &f, CLIENT);
    assert_told(b.log, "1:c3 1:s4 rst(c) end1(reset-by-client)");
    say_heartbeat(&b, &f, CLIENT); /* data after RST is none */
    assert_told(b.log, "");
    f.next[CLIENT] += 1000;
    open_session(&b, &f);
    assert_told(b.log, "conn1(reset-by-client) 2:c3 2:s4");
    end(&b, "end2(capture-ended) conn2(capture-ended)", 2, 0);
}

static void same_ports_again_after_silence(void **state)
{
    flow f = make_flow(50000, 42027);
    bench b;

    (void)state;
    begin(&b);
    open_session(&b, &f);
    lose(&f, CLIENT, 0x60000000);
    lose(&f, SERVER, 0x12345678);
    open_session(&b, &f);
    assert_told(b.log, "1:c3 1:s4 end1(superseded) conn1(superseded) 2:c3 2:s4");
    end(&b, "end2(capture-ended) conn2(capture-ended)", 2, 0);
}

static void same_ports_again_after_other_content(void **state)
{
    flow f = make_flow(50000, 9999);
    bench b;

    (void)state;
    begin(&b);
    handshake(&b, &f);
    say_text(&b, &f, CLIENT, "GET / HTTP/1.1\r\n\r\n");
    fin(&b, &f, CLIENT);
    fin(&b, &f, SERVER);
    f.next[CLIENT] += 1000;
    open_session(&b, &f);
    assert_told(b.log, "1:c3 1:s4");
    end(&b, "end1(capture-ended) conn1(capture-ended)", 1, 1);
}

static void repeated_syn_begins_nothing(void **state)
{
    flow f = make_flow(50000, 42027);
    const uint32_t initial = f.next[CLIENT];
    bench b;

    (void)state;
    begin(&b);
    segment_at(&b, &f, CLIENT, CTI_FLAG_SYN, initial, NULL, 0);
    open_session(&b, &f);
    segment_at(&b, &f, CLIENT, CTI_FLAG_SYN, initial, NULL, 0);
    segment_at(&b, &f, CLIENT, CTI_FLAG_SYN, initial + 500, NULL, 0);
    say_heartbeat(&b, &f, CLIENT);
    assert_told(b.log, "1:c3 1:s4 1:c5");
    reset(&b, &f, CLIENT);
    segment_at(&b, &f, CLIENT, CTI_FLAG_SYN, initial, NULL, 0);
    assert_told(b.log, "rst(c) end1(reset-by-client)");
    end(&b, "conn1(reset-by-client)", 1, 0);
}

/* ---- TCP's end ---- */

static void reset_by_server(void **state)
{
    flow f = make_flow(50000, 42027);
    bench b;

    (void)state;
    begin(&b);
    open_session(&b, &f);
    reset(&b, &f, SERVER);
    reset(&b, &f, SERVER);
    reset(&b, &f, CLIENT);
    assert_told(b.log, "1:c3 1:s4 rst(s) end1(reset-by-server)");
    end(&b, "conn1(reset-by-server)", 1, 0);
}

static void reset_with_a_wrong_number(void **state)
{
    flow f = make_flow(50000, 42027);
    bench b;

    (void)state;
    begin(&b);
    open_session(&b, &f);
    segment_at(&b, &f, SERVER, CTI_FLAG_RST, f.next[SERVER] - 20, NULL, 0);
    segment_at(&b, &f, SERVER, CTI_FLAG_RST, f.next[SERVER] + 0x40000000, NULL, 0);
    say_heartbeat(&b, &f, CLIENT);
    say_heartbeat(&b, &f, SERVER);
    assert_told(b.log, "1:c3 1:s4 1:c5 1:s6");
    end(&b, "end1(capture-ended) conn1(capture-ended)", 1, 0);
}

static void reset_behind_fin(void **state)
{
    flow f = make_flow(50000, 42027);
    bench b;

    (void)state;
    begin(&b);
    open_session(&b, &f);
    fin(&b, &f, CLIENT);
    reset(&b, &f, SERVER);
    assert_told(b.log, "1:c3 1:s4 fin(c) rst(s) end1(fin-by-client)");
    end(&b, "conn1(fin-by-client)", 1, 0);
}

static void reset_delivers_what_was_held(void **state)
{
    flow f = make_flow(50000, 42027);
    bench b;

    (void)state;
    begin(&b);
    open_session(&b, &f);
    lose(&f, CLIENT, 50);
    say_heartbeat(&b, &f, CLIENT);
    assert_told(b.log, "1:c3 1:s4");
    reset(&b, &f, CLIENT);
    wait_out(&b, &f);
    assert_told(b.log, "gap(c 50+0 closed) 1:c5 rst(c) end1(reset-by-client)");
    end(&b, "conn1(reset-by-client)", 1, 0);
}

static void fin_before_the_last_message(void **state)
{
    flow f = make_flow(50000, 42027);
    const uint32_t at = HEARTBEAT_SIZE;
    bytes message;
    bench b;

    (void)state;
    begin(&b);
    open_session(&b, &f);
    short_message(&message, 5, 7);
    segment_at(&b, &f, CLIENT, CTI_FLAG_FIN | CTI_FLAG_ACK, f.next[CLIENT] + at, NULL, 0);
    assert_told(b.log, "1:c3 1:s4");
    say(&b, &f, CLIENT, &message);
    assert_told(b.log, "1:c5 fin(c)");
    end(&b, "end1(fin-by-client) conn1(fin-by-client)", 1, 0);
}

static void gap_before_fin(void **state)
{
    flow f = make_flow(50000, 42027);
    bench b;

    (void)state;
    begin(&b);
    open_session(&b, &f);
    lose(&f, SERVER, 30);
    fin(&b, &f, SERVER);
    assert_told(b.log, "1:c3 1:s4");
    ack(&b, &f, CLIENT);
    wait_out(&b, &f);
    assert_told(b.log, "gap(s 30+0 acked) fin(s)");
    end(&b, "end1(fin-by-server) conn1(fin-by-server)", 1, 0);
}

static void gap_before_fin_that_nothing_acknowledges(void **state)
{
    flow f = make_flow(50000, 42027);
    bench b;

    (void)state;
    begin(&b);
    open_session(&b, &f);
    lose(&f, SERVER, 30);
    fin(&b, &f, SERVER);
    assert_told(b.log, "1:c3 1:s4");
    end(&b, "gap(s 30+0 closed) fin(s) end1(fin-by-server) conn1(fin-by-server)", 1, 0);
}

/* ---- gaps ---- */

static void gap_between_messages(void **state)
{
    flow f = make_flow(50000, 42027);
    bench b;

    (void)state;
    begin(&b);
    open_session(&b, &f);
    lose(&f, CLIENT, 100);
    say_heartbeat(&b, &f, CLIENT);
    ack(&b, &f, SERVER);
    wait_out(&b, &f);
    assert_told(b.log, "1:c3 1:s4 gap(c 100+0 acked) 1:c5");
    assert_int_equal(b.message_frame, b.frame - 2);
    lose(&f, SERVER, 34);
    say_heartbeat(&b, &f, SERVER);
    end(&b, "gap(s 34+0 capture-ended) 1:s6 end1(capture-ended) conn1(capture-ended)", 1, 0);
    assert_int_equal(b.connections[0].tcp.gaps, 2);
    assert_int_equal(b.sessions[0].gaps, 2);
}

/* A request that was held comes before the answer that acknowledges it. */
static void answer_shows_the_gap_before_its_request(void **state)
{
    flow f = make_flow(50000, 42027);
    bench b;

    (void)state;
    begin(&b);
    open_session(&b, &f);
    lose(&f, CLIENT, 100);
    say_heartbeat(&b, &f, CLIENT);
    say_heartbeat(&b, &f, SERVER);
    wait_out(&b, &f);
    assert_told(b.log, "1:c3 1:s4 gap(c 100+0 acked) 1:c5 1:s6");
    end(&b, "end1(capture-ended) conn1(capture-ended)", 1, 0);
}

/* OPEN_REQ may have been in the gap: that it was not seen is no fault. */
static void gap_right_behind_the_handshake(void **state)
{
    flow f = make_flow(50000, 42027);
    bench b;

    (void)state;
    begin(&b);
    handshake(&b, &f);
    lose(&f, CLIENT, 60);
    say_heartbeat(&b, &f, CLIENT);
    say_heartbeat(&b, &f, SERVER);
    wait_out(&b, &f);
    assert_told(b.log, "gap(c 60+0 acked) 1:c5 1:s6");
    assert_int_equal(b.gap_connection, 1);
    assert_int_equal(b.findings[CTI_RULE_OPEN], 0);
    end(&b, "end1(capture-ended) conn1(capture-ended)", 1, 0);
    assert_true(b.sessions[0].began_before);
}

/* Without a gap it is one. */
static void session_without_open_req(void **state)
{
    flow f = make_flow(50000, 42027);
    bench b;

    (void)state;
    begin(&b);
    handshake(&b, &f);
    say_heartbeat(&b, &f, CLIENT);
    assert_told(b.log, "1:c5");
    assert_true(b.findings[CTI_RULE_OPEN] > 0);
    end(&b, "end1(capture-ended) conn1(capture-ended)", 1, 0);
    assert_false(b.sessions[0].began_before);
}

static void gap_in_the_end_of_a_message(void **state)
{
    flow f = make_flow(50000, 42027);
    bytes message;
    bench b;

    (void)state;
    begin(&b);
    open_session(&b, &f);
    system_event(&message);
    segment(&b, &f, SERVER, CTI_FLAG_ACK, message.data, 20);
    lose(&f, SERVER, message.size - 20);
    say_heartbeat(&b, &f, SERVER);
    ack(&b, &f, CLIENT);
    wait_out(&b, &f);
    assert_told(b.log, "1:c3 1:s4 gap(s 14+20 acked) 1:s6");
    end(&b, "end1(capture-ended) conn1(capture-ended)", 1, 0);
}

static void gap_in_the_start_of_a_message(void **state)
{
    flow f = make_flow(50000, 42027);
    bytes message;
    bench b;

    (void)state;
    begin(&b);
    open_session(&b, &f);
    system_event(&message);
    lose(&f, SERVER, 20);
    segment(&b, &f, SERVER, CTI_FLAG_ACK, message.data + 20, message.size - 20);
    say_heartbeat(&b, &f, SERVER);
    say_heartbeat(&b, &f, SERVER);
    ack(&b, &f, CLIENT);
    wait_out(&b, &f);
    assert_told(b.log, "1:c3 1:s4 gap(s 20+14 acked) 1:s6 1:s6");
    end(&b, "end1(capture-ended) conn1(capture-ended)", 1, 0);
}

/* A SYN that comes again does not make the stream sure of where messages start. */
static void repeated_syn_behind_a_gap(void **state)
{
    flow f = make_flow(50000, 42027);
    const uint32_t initial = f.next[CLIENT];
    bytes message;
    bench b;

    (void)state;
    begin(&b);
    open_session(&b, &f);
    assert_told(b.log, "1:c3 1:s4");
    short_message(&message, 999, 1); /* in step this would be a message */
    lose(&f, CLIENT, 20);
    segment(&b, &f, CLIENT, CTI_FLAG_ACK, message.data, 6);
    ack(&b, &f, SERVER);
    wait_out(&b, &f);
    segment_at(&b, &f, CLIENT, CTI_FLAG_SYN, initial, NULL, 0);
    segment(&b, &f, CLIENT, CTI_FLAG_ACK, message.data + 6, message.size - 6);
    say_heartbeat(&b, &f, CLIENT);
    assert_told(b.log, "gap(c 20+12 acked) 1:c5");
    end(&b, "end1(capture-ended) conn1(capture-ended)", 1, 0);
}

/* What was kept before a gap and what follows it are not one. */
static void gap_while_the_looks_do_not_tell_yet(void **state)
{
    flow f = make_flow(50000, 9999);
    bytes message;
    bench b;

    (void)state;
    begin(&b);
    handshake(&b, &f);
    open_req(&message, 1, 24, 120);
    segment(&b, &f, CLIENT, CTI_FLAG_ACK, message.data, 20);
    lose(&f, CLIENT, 500);
    say_text(&b, &f, CLIENT, "the end of a message");
    ack(&b, &f, SERVER);
    wait_out(&b, &f);
    say_open_req(&b, &f);
    assert_told(b.log, "gap(c 500+20 acked) 1:c3");
    assert_int_equal(b.message_frame, b.frame);
    end(&b, "end1(capture-ended) conn1(capture-ended)", 1, 0);
}

/* ---- cut by the snaplen ---- */

static void segment_cut(bench *b, flow *f, int from, const bytes *message, uint32_t captured)
{
    cti_segment s = {
        .source = f->ends[from],
        .destination = f->ends[!from],
        .sequence = f->next[from],
        .acknowledgment = f->next[!from],
        .window = 1000,
        .flags = CTI_FLAG_ACK,
        .payload = message->data,
        .captured = captured,
        .length = message->size,
    };

    f->next[from] += message->size;
    b->now += CTI_SECOND / 1000;
    s.time = b->now;
    s.frame = ++b->frame;
    cti_connections_feed(b->all, &s);
}

/* Where its end is in the same segment, the stream stays in step. */
static void cut_message_is_told_as_far_as_it_goes(void **state)
{
    flow f = make_flow(50000, 42027);
    bytes message;
    bench b;

    (void)state;
    begin(&b);
    handshake(&b, &f);
    open_req(&message, 1, 24, 120);
    segment_cut(&b, &f, CLIENT, &message, 24);
    assert_told(b.log, "1:c3 gap(c 44+0 snaplen)");
    short_message(&message, 999, 1); /* only a stream in step takes it */
    say(&b, &f, CLIENT, &message);
    assert_told(b.log, "1:c999");
    end(&b, "end1(capture-ended) conn1(capture-ended)", 1, 0);
}

static void cut_message_whose_end_is_in_the_next_segment(void **state)
{
    flow f = make_flow(50000, 42027);
    bytes message, first;
    bench b;

    (void)state;
    begin(&b);
    open_session(&b, &f);
    assert_told(b.log, "1:c3 1:s4");
    system_event(&message);
    first = message;
    first.size = 28;
    segment_cut(&b, &f, SERVER, &first, 20);
    assert_told(b.log, "1:s31 gap(s 8+0 snaplen)");
    segment(&b, &f, SERVER, CTI_FLAG_ACK, message.data + 28, message.size - 28);
    short_message(&message, 999, 1);
    say(&b, &f, SERVER, &message);
    assert_told(b.log, "1:s999");
    end(&b, "end1(capture-ended) conn1(capture-ended)", 1, 0);
}

static void cut_header(void **state)
{
    flow f = make_flow(50000, 42027);
    bytes message;
    bench b;

    (void)state;
    begin(&b);
    open_session(&b, &f);
    system_event(&message);
    segment_cut(&b, &f, SERVER, &message, 7);
    segment_cut(&b, &f, SERVER, &message, 0);
    say_heartbeat(&b, &f, SERVER);
    assert_told(b.log, "1:c3 1:s4 gap(s 27+7 snaplen) gap(s 34+0 snaplen) 1:s6");
    end(&b, "end1(capture-ended) conn1(capture-ended)", 1, 0);
}

/* ---- framing ---- */

static void garbage_between_messages(void **state)
{
    flow f = make_flow(50000, 42027);
    bench b;

    (void)state;
    begin(&b);
    open_session(&b, &f);
    say_text(&b, &f, CLIENT, "these bytes are no message");
    assert_told(b.log, "1:c3 1:s4");
    say_heartbeat(&b, &f, CLIENT);
    say_heartbeat(&b, &f, SERVER);
    assert_told(b.log, "gap(c 0+26 framing) 1:c5 1:s6");
    say_text(&b, &f, SERVER, "nor are these");
    end(&b, "gap(s 0+13 framing) end1(capture-ended) conn1(capture-ended)", 1, 0);
    assert_int_equal(b.connections[0].tcp.gaps, 2);
}

static void start_inside_a_message(void **state)
{
    flow f = make_flow(50000, 42027);
    bytes message;
    bench b;

    (void)state;
    begin(&b);
    system_event(&message);
    segment(&b, &f, SERVER, CTI_FLAG_ACK, message.data + 10, message.size - 10);
    say(&b, &f, SERVER, &message);
    say(&b, &f, SERVER, &message);
    say_heartbeat(&b, &f, CLIENT);
    assert_told(b.log, "gap(s 0+24 framing) 1:s31 1:s31 1:c5");
    assert_int_equal(b.findings[CTI_RULE_OPEN], 0);
    end(&b, "end1(capture-ended) conn1(capture-ended)", 1, 0);
    assert_true(b.sessions[0].began_before);
}

static void message_split_at_every_byte(void **state)
{
    bytes message;

    (void)state;
    open_req(&message, 1, 24, 120);
    for (uint32_t cut = 1; cut < message.size; cut++) {
        flow f = make_flow(50000, 42027);
        bench b;

        begin(&b);
        handshake(&b, &f);
        segment(&b, &f, CLIENT, CTI_FLAG_ACK, message.data, cut);
        assert_told(b.log, "");
        segment(&b, &f, CLIENT, CTI_FLAG_ACK, message.data + cut, message.size - cut);
        assert_told(b.log, "1:c3");
        assert_int_equal(b.message_frame, 5);
        end(&b, "end1(capture-ended) conn1(capture-ended)", 1, 0);
    }
}

/* Appends a session's messages of one side to a stream. */
static void add(bytes *stream, const bytes *message)
{
    put(stream, message->data, message->size);
}

static void several_messages_in_one_segment(void **state)
{
    flow f = make_flow(50000, 42027);
    bytes stream = {.size = 0}, message;
    bench b;

    (void)state;
    begin(&b);
    handshake(&b, &f);
    say_open_req(&b, &f);
    open_conf(&message, 1);
    add(&stream, &message);
    system_event(&message);
    add(&stream, &message);
    add(&stream, &message);
    segment(&b, &f, SERVER, CTI_FLAG_ACK, stream.data, stream.size - 5);
    assert_told(b.log, "1:c3 1:s4 1:s31");
    segment(&b, &f, SERVER, CTI_FLAG_ACK, stream.data + stream.size - 5, 5);
    assert_told(b.log, "1:s31");
    end(&b, "end1(capture-ended) conn1(capture-ended)", 1, 0);
}

/* ---- counts ---- */

static void retransmissions_and_life_signs(void **state)
{
    flow f = make_flow(50000, 42027);
    cti_segment closed_window = {.flags = CTI_FLAG_ACK};
    const cti_tcp_counts *counts;
    bytes message;
    bench b;

    (void)state;
    begin(&b);
    open_session(&b, &f);
    short_message(&message, 5, 7);
    say(&b, &f, CLIENT, &message);
    b.now += CTI_SECOND / 10; /* later than a copy would come */
    segment_at(&b, &f, CLIENT, CTI_FLAG_ACK, f.next[CLIENT] - message.size, message.data, message.size);
    segment_at(&b, &f, CLIENT, CTI_FLAG_ACK, f.next[CLIENT] - 1, NULL, 0);
    segment_at(&b, &f, CLIENT, CTI_FLAG_ACK, f.next[CLIENT] - 1, "", 1);
    segment_at(&b, &f, CLIENT, CTI_FLAG_ACK, f.next[CLIENT] + message.size, message.data,
               message.size);
    segment_at(&b, &f, CLIENT, CTI_FLAG_ACK, f.next[CLIENT], message.data, message.size);
    closed_window.source = f.ends[SERVER];
    closed_window.destination = f.ends[CLIENT];
    closed_window.sequence = f.next[SERVER];
    closed_window.acknowledgment = f.next[CLIENT];
    closed_window.time = b.now;
    closed_window.frame = ++b.frame;
    cti_connections_feed(b.all, &closed_window);
    assert_told(b.log, "1:c3 1:s4 1:c5 1:c5 1:c5");
    end(&b, "end1(capture-ended) conn1(capture-ended)", 1, 0);
    counts = &b.connections[0].tcp;
    assert_int_equal(counts->packets, 12);
    assert_int_equal(counts->retransmissions, 1);
    assert_int_equal(counts->keep_alives, 2);
    assert_int_equal(counts->out_of_order, 1);
    assert_int_equal(counts->zero_windows, 1);
}

/* ---- random splits ---- */

static uint64_t random_state;

static uint32_t below(uint32_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 16) % limit;
}

/* However the streams are cut in segments, repeated and swapped: the same messages. */
static void random_segments_make_the_same_messages(void **state)
{
    bytes streams[2] = {{.size = 0}, {.size = 0}}, message;

    (void)state;
    open_req(&message, 1, 24, 120);
    add(&streams[CLIENT], &message);
    open_conf(&message, 1);
    add(&streams[SERVER], &message);
    for (uint32_t i = 0; i < 10; i++) {
        short_message(&message, 5, i);
        add(&streams[CLIENT], &message);
        short_message(&message, 6, i);
        add(&streams[SERVER], &message);
        system_event(&message);
        add(&streams[SERVER], &message);
    }
    for (uint32_t trial = 0; trial < 500; trial++) {
        flow f = make_flow(50000, trial % 2 ? 42027 : 9999);
        uint32_t first[2], sent[2] = {0, 0};
        bench b;

        random_state = trial + 1;
        begin(&b);
        f.next[CLIENT] = below(UINT32_MAX);
        handshake(&b, &f);
        first[CLIENT] = f.next[CLIENT];
        first[SERVER] = f.next[SERVER];
        while (sent[CLIENT] < streams[CLIENT].size || sent[SERVER] < streams[SERVER].size) {
            int from = (int)below(2);
            uint32_t size, back;

            if (sent[CLIENT] < 100 || sent[SERVER] == streams[SERVER].size)
                from = CLIENT; /* OPEN_REQ is first */
            if (sent[from] == streams[from].size)
                from = !from;
            size = 1 + below(MIN(90, streams[from].size - sent[from]));
            back = below(5) ? 0 : below(sent[from] + 1);
            if (below(3) == 0 && size > 1) /* its second half comes first */
                segment_at(&b, &f, from, CTI_FLAG_ACK, first[from] + sent[from] + size / 2,
                           streams[from].data + sent[from] + size / 2, size - size / 2);
            segment_at(&b, &f, from, CTI_FLAG_ACK, first[from] + sent[from] - back,
                       streams[from].data + sent[from] - back, size + back);
            sent[from] += size;
            f.next[from] = first[from] + sent[from];
        }
        g_string_truncate(b.log, 0);
        end(&b, "end1(capture-ended) conn1(capture-ended)", 1, 0);
        assert_int_equal(b.sessions[0].messages[CLIENT], 11);
        assert_int_equal(b.sessions[0].messages[SERVER], 21);
        assert_int_equal(b.sessions[0].gaps, 0);
        assert_int_equal(b.connections[0].tcp.bytes[CLIENT], streams[CLIENT].size);
        assert_int_equal(b.connections[0].tcp.bytes[SERVER], streams[SERVER].size);
    }
}

/* Segments of nonsense between a few ends: nothing breaks, and the counts agree. */
static void random_segments_without_sense(void **state)
{
    static const uint8_t flags[] = {CTI_FLAG_ACK, CTI_FLAG_ACK,           CTI_FLAG_SYN,
                                    CTI_FLAG_FIN, CTI_FLAG_SYN | CTI_FLAG_ACK, CTI_FLAG_RST | CTI_FLAG_ACK,
                                    CTI_FLAG_FIN | CTI_FLAG_ACK};
    static const cti_connection_events quiet = {.connection = NULL};

    (void)state;
    for (uint32_t trial = 0; trial < 300; trial++) {
        cti_connections *all = cti_connections_new(&options, &quiet, NULL);

        random_state = trial + 1;
        for (int i = 0; i < 300; i++) {
            flow f = make_flow((uint16_t)(100 + below(2)), below(2) ? 42027 : 9999);
            const int from = (int)below(2);
            cti_segment s = {.source = f.ends[from],
                             .destination = f.ends[!from],
                             .sequence = below(20) ? below(400) : below(UINT32_MAX),
                             .acknowledgment = below(20) ? below(400) : below(UINT32_MAX),
                             .flags = flags[below(i % 10 ? 2 : 7)]};
            bytes message = {.size = 0};
            uint8_t *memory;

            switch (below(5)) {
            case 0: open_req(&message, below(4), 24, 120); break;
            case 1: open_conf(&message, below(4)); break;
            case 2: short_message(&message, 5 + below(4), below(4)); break;
            case 3: system_event(&message); break;
            default: break;
            }
            if (message.size > 0 && below(4) == 0)
                message.size = 1 + below(message.size);
            s.length = message.size;
            s.captured = below(10) ? message.size : below(message.size + 1);
            memory = malloc(s.captured + 1);
            assert_non_null(memory);
            memcpy(memory + 1, message.data, s.captured);
            s.payload = memory + 1;
            s.time = i;
            s.frame = (uint32_t)i + 1;
            cti_connections_feed(all, &s);
            free(memory);
        }
        cti_connections_finish(all);
        assert_true(cti_connections_counts(all)->connections +
                        cti_connections_counts(all)->other >=
                    4);
        cti_connections_free(all);
    }
}

/* ---- packets captured twice, data without TCP ---- */

/* A packet with a number of its own, and how it was captured. */
static void feed_captured(bench *b, const flow *f, const bytes *message, uint16_t identification,
                          bool repeated)
{
    cti_segment s = {
        .source = f->ends[CLIENT],
        .destination = f->ends[SERVER],
        .sequence = f->next[CLIENT],
        .acknowledgment = f->next[SERVER],
        .window = 1000,
        .flags = CTI_FLAG_ACK,
        .identification = identification,
        .repeated = repeated,
        .payload = message->data,
        .captured = message->size,
        .length = message->size,
        .time = b->now,
        .frame = ++b->frame,
    };

    cti_connections_feed(b->all, &s);
}

static void copies_are_no_retransmissions(void **state)
{
    flow f = make_flow(40000, 42027);
    bytes heartbeat;
    bench b;

    (void)state;
    begin(&b);
    open_session(&b, &f);
    short_message(&heartbeat, 5, 7);
    feed_captured(&b, &f, &heartbeat, 1, false);
    feed_captured(&b, &f, &heartbeat, 1, false);
    feed_captured(&b, &f, &heartbeat, 9, true);
    feed_captured(&b, &f, &heartbeat, 2, false);
    assert_told(b.log, "1:c3 1:s4 1:c5");
    end(&b, "end1(capture-ended) conn1(capture-ended)", 1, 0);
    assert_int_equal(b.connections[0].tcp.duplicates, 2);
    assert_int_equal(b.connections[0].tcp.retransmissions, 1);
    assert_int_equal(b.connections[0].tcp.packets, 7);
}

/* Its packet was left out: nothing begins. */
static void copy_of_an_unknown_connection(void **state)
{
    const flow f = make_flow(40000, 42027);
    bytes heartbeat;
    bench b;

    (void)state;
    begin(&b);
    short_message(&heartbeat, 5, 7);
    feed_captured(&b, &f, &heartbeat, 1, true);
    end(&b, "", 0, 0);
}

static void feed_in_order(bench *b, const flow *f, int from, const void *bytes, uint32_t size)
{
    const cti_segment s = {
        .source = f->ends[from],
        .destination = f->ends[!from],
        .window = UINT16_MAX,
        .in_order = true,
        .payload = bytes,
        .captured = size,
        .length = size,
        .time = ++b->now,
        .frame = ++b->frame,
    };

    cti_connections_feed(b->all, &s);
}

/* Equal messages are no copies; a message may be in two pieces. */
static void data_without_numbers(void **state)
{
    const flow f = make_flow(40000, 42027);
    bytes message;
    bench b;

    (void)state;
    begin(&b);
    open_req(&message, 1, 24, 120);
    feed_in_order(&b, &f, CLIENT, message.data, message.size);
    open_conf(&message, 1);
    feed_in_order(&b, &f, SERVER, message.data, message.size);
    short_message(&message, 5, 7);
    feed_in_order(&b, &f, CLIENT, message.data, message.size);
    feed_in_order(&b, &f, CLIENT, message.data, message.size);
    feed_in_order(&b, &f, CLIENT, message.data, 9);
    feed_in_order(&b, &f, CLIENT, message.data + 9, message.size - 9);
    assert_told(b.log, "1:c3 1:s4 1:c5 1:c5 1:c5");
    end(&b, "end1(capture-ended) conn1(capture-ended)", 1, 0);
    assert_int_equal(b.connections[0].tcp.duplicates, 0);
    assert_int_equal(b.connections[0].tcp.retransmissions, 0);
    assert_int_equal(b.connections[0].tcp.gaps, 0);
    assert_false(b.sessions[0].began_before);
}

/* Connections that each begin a large message keep no more than held_total together; what follows
 * the message that was given up is found. */
static void unfinished_messages_have_a_limit(void **state)
{
    enum { FLOWS = 300, BODY = 60000, SENT = 40000 };
    static uint8_t message[8 + BODY];
    static flow flows[FLOWS];
    bench b;
    uint64_t limited;

    (void)state;
    begin(&b);
    memcpy(message, (const uint8_t[]){0, 0, BODY >> 8, BODY & 255, 0, 0, 0, 31}, 8);
    for (int i = 0; i < FLOWS; i++) {
        flows[i] = make_flow((uint16_t)(20000 + i), 42027);
        handshake(&b, &flows[i]);
        segment(&b, &flows[i], SERVER, CTI_FLAG_ACK, message, SENT);
        ack(&b, &flows[i], CLIENT);
    }
    limited = cti_connections_counts(b.all)->over_limit.count;
    assert_in_range(limited, FLOWS - options.held_total / SENT, FLOWS - options.held_total / 80000);
    g_string_truncate(b.log, 0);
    segment(&b, &flows[0], SERVER, CTI_FLAG_ACK, message + SENT, sizeof(message) - SENT);
    say_heartbeat(&b, &flows[0], SERVER);
    assert_told(b.log, "gap(s 0+60008 limit) 1:s6");
    segment(&b, &flows[FLOWS - 1], SERVER, CTI_FLAG_ACK, message + SENT, sizeof(message) - SENT);
    assert_told(b.log, "2:s31");
    cti_connections_free(b.all);
    g_string_free(b.log, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(session_on_a_cti_port),
        cmocka_unit_test(session_on_another_port_by_its_looks),
        cmocka_unit_test(open_req_captured_after_its_answer),
        cmocka_unit_test(looks_that_come_byte_by_byte),
        cmocka_unit_test(ports_that_the_user_named),
        cmocka_unit_test(other_content_is_left_alone),
        cmocka_unit_test(other_content_without_syn),
        cmocka_unit_test(other_content_on_a_cti_port_is_told),
        cmocka_unit_test(other_content_is_named),
        cmocka_unit_test(bytes_after_a_gap_are_not_named),
        cmocka_unit_test(tls_on_a_cti_port_is_named),
        cmocka_unit_test(fin_reset_or_ack_alone_is_no_session),
        cmocka_unit_test(numbers_go_by_the_first_message),
        cmocka_unit_test(addresses_and_ports_tell_connections_apart),
        cmocka_unit_test(server_by_its_port_without_syn),
        cmocka_unit_test(server_by_a_message_without_syn),
        cmocka_unit_test(guess_put_right_by_what_was_kept),
        cmocka_unit_test(guess_put_right_by_a_segment_with_fin),
        cmocka_unit_test(guess_put_right_before_a_gap),
        cmocka_unit_test(only_syn_ack_was_seen),
        cmocka_unit_test(simultaneous_open),
        cmocka_unit_test(several_sessions_on_one_connection),
        cmocka_unit_test(same_ports_again_after_fin),
        cmocka_unit_test(same_ports_again_after_reset),
        cmocka_unit_test(same_ports_again_after_silence),
        cmocka_unit_test(same_ports_again_after_other_content),
        cmocka_unit_test(repeated_syn_begins_nothing),
        cmocka_unit_test(reset_by_server),
        cmocka_unit_test(reset_with_a_wrong_number),
        cmocka_unit_test(reset_behind_fin),
        cmocka_unit_test(reset_delivers_what_was_held),
        cmocka_unit_test(fin_before_the_last_message),
        cmocka_unit_test(gap_before_fin),
        cmocka_unit_test(gap_before_fin_that_nothing_acknowledges),
        cmocka_unit_test(gap_between_messages),
        cmocka_unit_test(answer_shows_the_gap_before_its_request),
        cmocka_unit_test(gap_right_behind_the_handshake),
        cmocka_unit_test(session_without_open_req),
        cmocka_unit_test(gap_in_the_end_of_a_message),
        cmocka_unit_test(gap_in_the_start_of_a_message),
        cmocka_unit_test(repeated_syn_behind_a_gap),
        cmocka_unit_test(gap_while_the_looks_do_not_tell_yet),
        cmocka_unit_test(cut_message_is_told_as_far_as_it_goes),
        cmocka_unit_test(cut_message_whose_end_is_in_the_next_segment),
        cmocka_unit_test(cut_header),
        cmocka_unit_test(garbage_between_messages),
        cmocka_unit_test(start_inside_a_message),
        cmocka_unit_test(message_split_at_every_byte),
        cmocka_unit_test(several_messages_in_one_segment),
        cmocka_unit_test(retransmissions_and_life_signs),
        cmocka_unit_test(copies_are_no_retransmissions),
        cmocka_unit_test(copy_of_an_unknown_connection),
        cmocka_unit_test(data_without_numbers),
        cmocka_unit_test(unfinished_messages_have_a_limit),
        cmocka_unit_test(random_segments_make_the_same_messages),
        cmocka_unit_test(random_segments_without_sense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
