/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What TCP shows of each side of a connection, from segments made by hand: data that is not
 * acknowledged, closed receive windows, TTL, the RST, and SYN-ACKs from another address.  Each
 * fact where it is there and where it is not.  Times are milliseconds since the first packet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

#include "bytes.h"
#include "codec/connection.h"

#define MS (CTI_SECOND / 1000)
#define START (INT64_C(1768000000) * CTI_SECOND)
#define CLIENT_ISN 0xFFFFFFF0u /* wraps after a few bytes */
#define SERVER_ISN 0xFFFFFFF8u

enum { CLIENT, SERVER };

/* One connection; the numbers that a test gives count from 1 behind SYN, as Wireshark's. */
typedef struct bench {
    cti_connections *all;
    cti_connection_summary connection; /* the last one that ended */
    cti_leg leg;                       /* the last attempt */
    uint32_t connection_count, leg_count, most_answers;
    cti_endpoint ends[2];
    int64_t now;
    uint32_t frame;
    uint32_t window;
    uint8_t ttl[2];
    uint16_t identification;
} bench;

static void on_connection(void *user, const cti_connection_summary *connection)
{
    bench *b = user;

    b->connection = *connection;
    b->connection_count++;
}

static void on_client(void *user, const cti_client *client)
{
    bench *b = user;

    b->leg_count += client->leg_count;
    for (uint32_t i = 0; i < client->leg_count; i++)
        b->most_answers = MAX(b->most_answers, client->legs[i]->other_answer.count);
    b->leg = *client->legs[client->leg_count - 1];
    b->leg.id = b->leg.signature = NULL;
}

static const cti_connection_events events = {.connection = on_connection, .client = on_client};
static const cti_connection_options options = {
    .held_bytes = 1 << 20, .held_total = 8 << 20, .connections = 1000};

static void begin(bench *b)
{
    *b = (bench){.ends = {{4, {192, 0, 2, 1}, 50001}, {4, {192, 0, 2, 2}, 42027}},
                 .now = START,
                 .window = 1000,
                 .ttl = {64, 125}};
    b->all = cti_connections_new(&options, &events, b);
}

static void end(bench *b)
{
    cti_connections_finish(b->all);
    cti_connections_free(b->all);
}

static void at(bench *b, int64_t ms)
{
    b->now = START + ms * MS;
}

/* A segment with the numbers of the header. */
static void raw_bytes(bench *b, int from, uint8_t flags, uint32_t sequence,
                      uint32_t acknowledgment, const uint8_t *payload, uint32_t size)
{
    const cti_segment segment = {.source = b->ends[from],
                                 .destination = b->ends[!from],
                                 .sequence = sequence,
                                 .acknowledgment = acknowledgment,
                                 .window = b->window,
                                 .flags = flags,
                                 .ttl = b->ttl[from],
                                 .identification = b->identification,
                                 .payload = payload,
                                 .captured = size,
                                 .length = size,
                                 .time = b->now,
                                 .frame = ++b->frame};

    cti_connections_feed(b->all, &segment);
}

/* The same; its payload are heartbeats. */
static void raw(bench *b, int from, uint8_t flags, uint32_t sequence, uint32_t acknowledgment,
                uint32_t size)
{
    static const uint8_t heartbeat[12] = {0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0, 1};
    uint8_t payload[2048];

    assert_true(size <= sizeof(payload));
    for (uint32_t i = 0; i < size; i++)
        payload[i] = heartbeat[i % sizeof(heartbeat)];
    payload[7] = from == CLIENT ? 5 : 6;
    raw_bytes(b, from, flags, sequence, acknowledgment, payload, size);
}

static void send_flags(bench *b, int from, uint8_t flags, uint32_t sequence,
                       uint32_t acknowledgment, uint32_t size)
{
    raw(b, from, flags, (from == CLIENT ? CLIENT_ISN : SERVER_ISN) + sequence,
        (from == CLIENT ? SERVER_ISN : CLIENT_ISN) + acknowledgment, size);
}

static void data(bench *b, int from, uint32_t sequence, uint32_t acknowledgment, uint32_t size)
{
    send_flags(b, from, CTI_FLAG_ACK, sequence, acknowledgment, size);
}

static void ack(bench *b, int from, uint32_t sequence, uint32_t acknowledgment)
{
    data(b, from, sequence, acknowledgment, 0);
}

/* Frames 1 to 5: the handshake, a message of the client and its acknowledgment, at 0 ms.  The
 * client's next number is 13, the server's is 1. */
static void start(bench *b)
{
    begin(b);
    raw(b, CLIENT, CTI_FLAG_SYN, CLIENT_ISN, 0, 0);
    send_flags(b, SERVER, CTI_FLAG_SYN | CTI_FLAG_ACK, 0, 1, 0);
    ack(b, CLIENT, 1, 1);
    data(b, CLIENT, 1, 1, 12);
    ack(b, SERVER, 1, 13);
}

static const cti_tcp_side *side(const bench *b, int index)
{
    assert_int_equal(b->connection_count, 1);
    return &b->connection.sides[index];
}

static void assert_unacknowledged(const cti_tcp_side *s, uint32_t bytes, int64_t since_ms,
                                  uint32_t frame, uint32_t repeats)
{
    assert_int_equal(s->unacknowledged, bytes);
    if (bytes == 0)
        return;
    assert_int_equal(s->since, START + since_ms * MS);
    assert_int_equal(s->since_frame, frame);
    assert_int_equal(s->repeats, repeats);
}

static void assert_wait(const cti_tcp_side *s, int64_t from_ms, int64_t to_ms, uint32_t from_frame,
                        uint32_t to_frame, uint32_t repeats)
{
    assert_int_equal(s->longest_wait.from, START + from_ms * MS);
    assert_int_equal(s->longest_wait.to, START + to_ms * MS);
    assert_int_equal(s->longest_wait.from_frame, from_frame);
    assert_int_equal(s->longest_wait.to_frame, to_frame);
    assert_int_equal(s->longest_repeats, repeats);
    assert_int_equal(s->longest, (to_ms - from_ms) * MS);
}

/* ---- data without acknowledgment ---- */

static void all_is_acknowledged(void **state)
{
    bench b;

    (void)state;
    start(&b);
    at(&b, 1000);
    data(&b, SERVER, 1, 13, 12);
    at(&b, 1040);
    ack(&b, CLIENT, 13, 13);
    end(&b);
    assert_true(cti_tcp_knows_both(&b.connection));
    assert_unacknowledged(side(&b, CLIENT), 0, 0, 0, 0);
    assert_unacknowledged(side(&b, SERVER), 0, 0, 0, 0);
    assert_wait(side(&b, SERVER), 1000, 1040, 6, 7, 0);
    assert_int_equal(side(&b, CLIENT)->longest_wait.from_frame, 0);
}

/* Events into the void: repeated, never acknowledged, then RST. */
static void nothing_is_acknowledged_any_more(void **state)
{
    static const int64_t repeats[] = {300, 900, 2100};
    bench b;

    (void)state;
    start(&b);
    at(&b, 1000);
    data(&b, SERVER, 1, 13, 12);
    data(&b, SERVER, 13, 13, 24);
    for (int i = 0; i < 3; i++) {
        at(&b, 1000 + repeats[i]);
        data(&b, SERVER, 1, 13, 12);
    }
    data(&b, SERVER, 13, 13, 24); /* the second one, once more */
    at(&b, 20000);
    send_flags(&b, SERVER, CTI_FLAG_RST | CTI_FLAG_ACK, 37, 13, 0);
    end(&b);
    assert_unacknowledged(side(&b, SERVER), 36, 1000, 6, 3);
    assert_int_equal(side(&b, SERVER)->repeat_time, START + 3100 * MS);
    assert_int_equal(side(&b, SERVER)->repeat_frame, 10);
    assert_int_equal(b.connection.reset.frame, 12);
    assert_int_equal(b.connection.reset.time, START + 20000 * MS);
    assert_int_equal(b.connection.reset.sender, CTI_SERVER);
}

/* The path was gone in the middle: the longest wait, with its repetitions. */
static void path_gone_in_the_middle(void **state)
{
    bench b;

    (void)state;
    start(&b);
    at(&b, 1000);
    data(&b, SERVER, 1, 13, 12);
    at(&b, 1300);
    data(&b, SERVER, 1, 13, 12);
    at(&b, 1900);
    data(&b, SERVER, 1, 13, 24); /* a retransmission with more than the original */
    at(&b, 19900);
    ack(&b, CLIENT, 13, 25);
    at(&b, 30000);
    data(&b, SERVER, 25, 13, 12);
    at(&b, 30200);
    ack(&b, CLIENT, 13, 37);
    end(&b);
    assert_unacknowledged(side(&b, SERVER), 0, 0, 0, 0);
    assert_wait(side(&b, SERVER), 1000, 19900, 6, 9, 2);
}

/* After part of the data was acknowledged, the rest waits since it was sent itself. */
static void part_is_acknowledged(void **state)
{
    bench b;

    (void)state;
    start(&b);
    for (uint32_t i = 0; i < 8; i++) {
        at(&b, 1000 + i * 10);
        data(&b, SERVER, 1 + i * 12, 13, 12); /* frames 6 to 13 */
    }
    at(&b, 1100);
    ack(&b, CLIENT, 13, 25);
    at(&b, 1400);
    data(&b, SERVER, 25, 13, 12);
    end(&b);
    assert_unacknowledged(side(&b, SERVER), 72, 1020, 8, 1);
    assert_wait(side(&b, SERVER), 1000, 1100, 6, 14, 0);
}

/* The rest was not repeated yet: the first part was. */
static void repeats_begin_again(void **state)
{
    bench b;

    (void)state;
    start(&b);
    at(&b, 1000);
    data(&b, SERVER, 1, 13, 12);
    data(&b, SERVER, 13, 13, 12);
    at(&b, 1300);
    data(&b, SERVER, 1, 13, 12);
    at(&b, 1400);
    ack(&b, CLIENT, 13, 13);
    end(&b);
    assert_unacknowledged(side(&b, SERVER), 12, 1000, 7, 0);
    assert_wait(side(&b, SERVER), 1000, 1400, 6, 9, 1);

    start(&b);
    data(&b, SERVER, 1, 13, 12);
    at(&b, 300);
    data(&b, SERVER, 1, 13, 12);
    ack(&b, CLIENT, 13, 13);
    data(&b, SERVER, 13, 13, 12);
    end(&b);
    assert_unacknowledged(side(&b, SERVER), 12, 300, 9, 0);
}

/* Forged, or of an earlier connection: such numbers are left alone, also as the first ones. */
static void numbers_far_ahead(void **state)
{
    bench b;

    (void)state;
    start(&b);
    data(&b, SERVER, 1, 13, 12);
    ack(&b, CLIENT, 13, 1 + (1u << 29));
    data(&b, SERVER, 1 + (1u << 29), 13, 12);
    data(&b, SERVER, 13, 13, 12);
    end(&b);
    assert_unacknowledged(side(&b, SERVER), 24, 0, 6, 0);

    begin(&b);
    ack(&b, CLIENT, 1, 1u << 30);
    data(&b, SERVER, 1, 1, 12);
    end(&b);
    assert_unacknowledged(side(&b, SERVER), 12, 0, 2, 0);
}

/* Data without TCP's header: its numbers and flags mean nothing. */
static void data_without_header(void **state)
{
    bench b;
    cti_segment segment = {.in_order = true, .window = 0, .captured = 12, .length = 12};

    (void)state;
    start(&b);
    segment.source = b.ends[SERVER];
    segment.destination = b.ends[CLIENT];
    segment.payload = (const uint8_t[12]){0, 0, 0, 4, 0, 0, 0, 6, 0, 0, 0, 1};
    segment.flags = CTI_FLAG_ACK;
    segment.time = b.now;
    segment.frame = ++b.frame;
    cti_connections_feed(b.all, &segment);
    end(&b);
    assert_unacknowledged(side(&b, SERVER), 0, 0, 0, 0);
    assert_int_equal(side(&b, SERVER)->closed_count, 0);
    assert_int_equal(side(&b, SERVER)->ttl, 125);
}

/* More segments than are told apart: no byte is said to wait longer than it does. */
static void many_segments_wait(void **state)
{
    bench b;

    (void)state;
    start(&b);
    for (uint32_t i = 0; i < 20; i++) {
        at(&b, 1000 + i * 10);
        data(&b, SERVER, 1 + i * 12, 13, 12); /* frames 6 to 25 */
    }
    ack(&b, CLIENT, 13, 1 + 10 * 12);
    end(&b);
    assert_unacknowledged(side(&b, SERVER), 120, 1190, 25, 0);
}

/* An acknowledgment in the middle of a segment. */
static void half_a_segment_is_acknowledged(void **state)
{
    bench b;

    (void)state;
    start(&b);
    at(&b, 1000);
    data(&b, SERVER, 1, 13, 12);
    at(&b, 1010);
    ack(&b, CLIENT, 13, 5);
    end(&b);
    assert_unacknowledged(side(&b, SERVER), 8, 1000, 6, 0);
    assert_wait(side(&b, SERVER), 1000, 1010, 6, 7, 0);
}

/* The first message of a segment that is missing from the capture does not count as sent; when it
 * comes it does, and not as a repetition. */
static void gap_before_data(void **state)
{
    bench b;

    (void)state;
    start(&b);
    at(&b, 1000);
    data(&b, SERVER, 13, 13, 12);
    at(&b, 1001);
    data(&b, SERVER, 1, 13, 12);
    at(&b, 1300);
    data(&b, SERVER, 1, 13, 12);
    end(&b);
    assert_unacknowledged(side(&b, SERVER), 24, 1000, 6, 1);

    start(&b);
    data(&b, SERVER, 13, 13, 12);
    at(&b, 100);
    ack(&b, CLIENT, 13, 7); /* only bytes that were not captured */
    end(&b);
    assert_unacknowledged(side(&b, SERVER), 12, 0, 6, 0);
    assert_int_equal(side(&b, SERVER)->longest_wait.from_frame, 0);
}

/* Bytes between two segments are missing: what waits after the first one is the second one. */
static void gap_between_data(void **state)
{
    bench b;

    (void)state;
    start(&b);
    at(&b, 1000);
    data(&b, SERVER, 1, 13, 12);
    at(&b, 1050);
    data(&b, SERVER, 25, 13, 12);
    at(&b, 1100);
    ack(&b, CLIENT, 13, 13);
    end(&b);
    assert_unacknowledged(side(&b, SERVER), 12, 1050, 7, 0);
}

/* A capture that shows data after its acknowledgment. */
static void acknowledged_before_it_is_seen(void **state)
{
    bench b;

    (void)state;
    start(&b);
    at(&b, 1000);
    ack(&b, CLIENT, 13, 25);
    at(&b, 1005);
    data(&b, SERVER, 1, 13, 8);
    data(&b, SERVER, 9, 13, 12);
    end(&b);
    assert_unacknowledged(side(&b, SERVER), 0, 0, 0, 0);
    assert_int_equal(side(&b, SERVER)->longest_wait.from_frame, 0);
}

/* A long wait without repetition: the acknowledgment is missing from the capture. */
static void acknowledgment_not_captured(void **state)
{
    bench b;

    (void)state;
    start(&b);
    at(&b, 1000);
    data(&b, SERVER, 1, 13, 12);
    at(&b, 31000);
    ack(&b, CLIENT, 13, 13);
    data(&b, SERVER, 13, 13, 12);
    at(&b, 33000);
    ack(&b, CLIENT, 13, 25);
    end(&b);
    assert_wait(side(&b, SERVER), 31000, 33000, 8, 9, 0);
}

static void one_direction(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    for (uint32_t i = 0; i < 3; i++)
        data(&b, SERVER, 1 + i * 12, 13, 12);
    end(&b);
    assert_false(cti_tcp_knows_both(&b.connection));
    assert_false(b.connection.sides[CLIENT].window_seen);
    assert_true(b.connection.sides[SERVER].window_seen);
}

/* The capture begins in the middle, on both sides of the wrap. */
static void begins_in_the_middle(void **state)
{
    bench b;

    (void)state;
    for (uint32_t at_number = 0; at_number < 40; at_number++) {
        begin(&b);
        data(&b, SERVER, at_number, 13, 12);
        at(&b, 20);
        ack(&b, CLIENT, 13, at_number + 12);
        at(&b, 100);
        data(&b, SERVER, at_number + 12, 13, 12);
        at(&b, 400);
        data(&b, SERVER, at_number + 12, 13, 12);
        end(&b);
        assert_unacknowledged(side(&b, SERVER), 12, 100, 3, 1);
        assert_wait(side(&b, SERVER), 0, 20, 1, 2, 0);
        assert_unacknowledged(side(&b, CLIENT), 0, 0, 0, 0);
    }
}

/* A keep-alive is not data: with one byte or none, at the start of the capture or later. */
static void keep_alives(void **state)
{
    bench b;

    (void)state;
    start(&b);
    data(&b, CLIENT, 12, 1, 1);
    data(&b, CLIENT, 12, 1, 0);
    end(&b);
    assert_unacknowledged(side(&b, CLIENT), 0, 0, 0, 0);

    begin(&b);
    data(&b, CLIENT, 12, 1, 1);
    data(&b, CLIENT, 12, 1, 1);
    data(&b, SERVER, 1, 5, 12); /* acknowledges less */
    end(&b);
    assert_unacknowledged(side(&b, CLIENT), 0, 0, 0, 0);

    /* The last byte, on its own, is. */
    start(&b);
    data(&b, CLIENT, 13, 1, 12);
    ack(&b, SERVER, 1, 24);
    data(&b, CLIENT, 24, 1, 1);
    end(&b);
    assert_unacknowledged(side(&b, CLIENT), 1, 0, 6, 1);
}

/* What a RST acknowledges arrived; more than was sent it cannot acknowledge. */
static void reset_acknowledges(void **state)
{
    static const struct {
        uint32_t acknowledgment, left;
    } cases[] = {{13, 12}, {25, 0}, {26, 0}, {27, 12}, {100000, 12}};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        bench b;

        start(&b);
        data(&b, CLIENT, 13, 1, 12);
        send_flags(&b, SERVER, CTI_FLAG_RST | CTI_FLAG_ACK, 1, cases[i].acknowledgment, 0);
        end(&b);
        assert_int_equal(b.connection.reset.frame, 7);
        assert_unacknowledged(side(&b, CLIENT), cases[i].left, 0, 6, 0);
    }
}

/* FIN has a number, but is no data; data with FIN is. */
static void fin(void **state)
{
    bench b;

    (void)state;
    start(&b);
    send_flags(&b, SERVER, CTI_FLAG_FIN | CTI_FLAG_ACK, 1, 13, 12);
    send_flags(&b, CLIENT, CTI_FLAG_FIN | CTI_FLAG_ACK, 13, 1, 0);
    end(&b);
    assert_unacknowledged(side(&b, SERVER), 12, 0, 6, 0);
    assert_unacknowledged(side(&b, CLIENT), 0, 0, 0, 0);

    start(&b);
    send_flags(&b, SERVER, CTI_FLAG_FIN | CTI_FLAG_ACK, 1, 13, 12);
    send_flags(&b, CLIENT, CTI_FLAG_FIN | CTI_FLAG_ACK, 13, 14, 0);
    end(&b);
    assert_unacknowledged(side(&b, SERVER), 0, 0, 0, 0);
    assert_int_equal(b.connection.reset.frame, 0);
}

/* On a port that says nothing, a message tells who is the client: each side keeps its facts. */
static void sides_change_places(void **state)
{
    bytes message;
    bench b;

    (void)state;
    open_req(&message, 1, 24, 120);
    begin(&b);
    b.ends[CLIENT].port = 5000; /* looks like the server's */
    b.ends[SERVER].port = 50000;
    ack(&b, SERVER, 1, 1);
    ack(&b, CLIENT, 1, 1);
    raw_bytes(&b, CLIENT, CTI_FLAG_ACK, CLIENT_ISN + 1, SERVER_ISN + 1, message.data, message.size);
    data(&b, SERVER, 1, 1, 24);
    ack(&b, CLIENT, 1 + message.size, 25);
    end(&b);
    assert_int_equal(b.connection.client.port, 5000);
    assert_int_equal(side(&b, CLIENT)->ttl, 64);
    assert_int_equal(side(&b, SERVER)->ttl, 125);
    assert_unacknowledged(side(&b, CLIENT), message.size, 0, 3, 0);
    assert_unacknowledged(side(&b, SERVER), 0, 0, 0, 0);
}

/* ---- closed windows ---- */

static void window_from(bench *b, int from, int64_t ms, uint32_t window)
{
    at(b, ms);
    b->window = window;
    ack(b, from, from == CLIENT ? 13 : 1, from == CLIENT ? 1 : 13);
    b->window = 1000;
}

static void window_closes_and_opens(void **state)
{
    cti_tcp_interval longest;
    bench b;

    (void)state;
    start(&b);
    window_from(&b, CLIENT, 1000, 0); /* frame 6 */
    window_from(&b, CLIENT, 1500, 0);
    window_from(&b, CLIENT, 2000, 1);
    window_from(&b, CLIENT, 5000, 0); /* frame 9 */
    window_from(&b, CLIENT, 34000, 1000);
    window_from(&b, CLIENT, 40000, 0);
    window_from(&b, CLIENT, 40100, 500);
    end(&b);
    assert_int_equal(side(&b, CLIENT)->closed_count, 3);
    assert_false(side(&b, CLIENT)->closed);
    assert_int_equal(cti_tcp_zero_window(side(&b, CLIENT), b.now, &longest), 30100 * MS);
    assert_int_equal(longest.from, START + 5000 * MS);
    assert_int_equal(longest.to, START + 34000 * MS);
    assert_int_equal(longest.from_frame, 9);
    assert_int_equal(longest.to_frame, 10);
    assert_int_equal(side(&b, SERVER)->closed_count, 0);
    assert_int_equal(cti_tcp_zero_window(side(&b, SERVER), b.now, &longest), 0);
    assert_int_equal(longest.from_frame, 0);
    assert_int_equal(longest.from, CTI_NO_TIME);
}

static void window_stays_closed(void **state)
{
    cti_tcp_interval longest;
    bench b;

    (void)state;
    start(&b);
    window_from(&b, SERVER, 1000, 0);
    window_from(&b, SERVER, 1200, 7);
    window_from(&b, SERVER, 2000, 0); /* frame 8 */
    end(&b);
    assert_true(side(&b, SERVER)->closed);
    assert_int_equal(cti_tcp_zero_window(side(&b, SERVER), START + 10000 * MS, &longest),
                     8200 * MS);
    assert_int_equal(longest.from, START + 2000 * MS);
    assert_int_equal(longest.to, CTI_NO_TIME);
    assert_int_equal(longest.from_frame, 8);
    assert_int_equal(longest.to_frame, 0);
    /* Just after it closed, the time before was longer. */
    assert_int_equal(cti_tcp_zero_window(side(&b, SERVER), START + 2100 * MS, &longest), 300 * MS);
    assert_int_equal(longest.to, START + 1200 * MS);
}

/* SYN, RST and segments without ACK say nothing of a window. */
static void windows_that_do_not_count(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    b.window = 0;
    raw(&b, CLIENT, CTI_FLAG_SYN, CLIENT_ISN, 0, 0);
    send_flags(&b, SERVER, CTI_FLAG_SYN | CTI_FLAG_ACK, 0, 1, 0);
    b.window = 1000;
    ack(&b, CLIENT, 1, 1);
    data(&b, CLIENT, 1, 1, 12);
    b.window = 0;
    send_flags(&b, CLIENT, 0, 13, 0, 0);
    send_flags(&b, SERVER, CTI_FLAG_RST | CTI_FLAG_ACK, 1, 13, 0);
    end(&b);
    assert_int_equal(side(&b, CLIENT)->closed_count, 0);
    assert_int_equal(side(&b, SERVER)->closed_count, 0);
    assert_true(side(&b, CLIENT)->window_seen);
    assert_false(side(&b, SERVER)->window_seen);
    assert_true(cti_tcp_knows_both(&b.connection));
}

/* A probe of a closed window has a byte that is not data yet; sent again later, it is. */
static void probes(void **state)
{
    bench b;

    (void)state;
    start(&b);
    window_from(&b, CLIENT, 1000, 0);
    data(&b, SERVER, 1, 13, 1);
    data(&b, SERVER, 1, 13, 1);
    window_from(&b, CLIENT, 2000, 0);
    end(&b);
    assert_unacknowledged(side(&b, SERVER), 0, 0, 0, 0);

    start(&b);
    window_from(&b, CLIENT, 1000, 0);
    data(&b, SERVER, 1, 13, 1);
    window_from(&b, CLIENT, 2000, 1000);
    data(&b, SERVER, 1, 13, 12); /* frame 9 */
    end(&b);
    assert_unacknowledged(side(&b, SERVER), 12, 2000, 9, 0);
}

/* ---- TTL ---- */

static void ttl_of_a_forged_reset(void **state)
{
    bench b;

    (void)state;
    start(&b);
    b.ttl[SERVER] = 254;
    send_flags(&b, SERVER, CTI_FLAG_RST | CTI_FLAG_ACK, 1, 13, 0);
    end(&b);
    assert_int_equal(side(&b, SERVER)->ttl, 125);
    assert_false(side(&b, SERVER)->ttl_varied);
    assert_int_equal(side(&b, CLIENT)->ttl, 64);
    assert_int_equal(b.connection.reset.ttl, 254);
    assert_true(b.connection.reset.other_ttl);
}

static void ttl_of_a_plain_reset(void **state)
{
    bench b;

    (void)state;
    start(&b);
    send_flags(&b, SERVER, CTI_FLAG_RST | CTI_FLAG_ACK, 1, 13, 0);
    end(&b);
    assert_int_equal(b.connection.reset.ttl, 125);
    assert_false(b.connection.reset.other_ttl);
    assert_int_equal(b.connection.close, CTI_END_RESET_BY_SERVER);
}

/* Not known of the packets, or of the RST: nothing differs. */
static void ttl_not_known(void **state)
{
    bench b;

    (void)state;
    start(&b);
    b.ttl[SERVER] = 0;
    send_flags(&b, SERVER, CTI_FLAG_RST | CTI_FLAG_ACK, 1, 13, 0);
    end(&b);
    assert_int_equal(side(&b, SERVER)->ttl, 125);
    assert_false(b.connection.reset.other_ttl);

    begin(&b);
    b.ttl[SERVER] = 0;
    data(&b, CLIENT, 1, 1, 12);
    ack(&b, SERVER, 1, 13);
    b.ttl[SERVER] = 254;
    send_flags(&b, SERVER, CTI_FLAG_RST | CTI_FLAG_ACK, 1, 13, 0);
    end(&b);
    assert_int_equal(side(&b, SERVER)->ttl, 0);
    assert_false(b.connection.reset.other_ttl);
}

/* One packet does not change the usual TTL, a new path does. */
static void ttl_varies(void **state)
{
    bench b;

    (void)state;
    start(&b);
    b.ttl[CLIENT] = 60;
    ack(&b, CLIENT, 13, 1);
    b.ttl[CLIENT] = 64;
    ack(&b, CLIENT, 13, 1);
    end(&b);
    assert_int_equal(side(&b, CLIENT)->ttl, 64);
    assert_true(side(&b, CLIENT)->ttl_varied);

    start(&b);
    for (int i = 0; i < 110; i++) {
        at(&b, 1000 + i * 100);
        b.ttl[CLIENT] = i < 100 ? 64 : 60;
        ack(&b, CLIENT, 13, 1);
    }
    end(&b);
    assert_int_equal(side(&b, CLIENT)->ttl, 60);
    assert_true(side(&b, CLIENT)->ttl_varied);

    /* A few now and then are not a new path. */
    start(&b);
    for (int i = 0; i < 240; i++) {
        at(&b, 1000 + i * 100);
        b.ttl[CLIENT] = i % 30 == 29 ? 60 : 64;
        ack(&b, CLIENT, 13, 1);
    }
    end(&b);
    assert_int_equal(side(&b, CLIENT)->ttl, 64);
}

/* ---- answers from another address ---- */

static const cti_endpoint second_address = {4, {198, 51, 100, 2}, 42027};

/* Between the client and an address of the server; the SYN's number is CLIENT_ISN. */
static void other(bench *b, const cti_endpoint *address, int from, uint8_t flags,
                  uint32_t sequence, uint32_t acknowledgment)
{
    const cti_endpoint server = b->ends[SERVER];

    b->ends[SERVER] = *address;
    raw(b, from, flags, sequence, acknowledgment, 0);
    b->ends[SERVER] = server;
}

static void answer_from(bench *b, const cti_endpoint *address)
{
    other(b, address, SERVER, CTI_FLAG_SYN | CTI_FLAG_ACK, SERVER_ISN, CLIENT_ISN + 1);
}

/* A host with two addresses: the client refuses its answers, and tries three times. */
static void answers_from_another_address(void **state)
{
    const cti_connection_counts *counts;
    bench b;

    (void)state;
    begin(&b);
    for (int i = 0; i < 3; i++) {
        at(&b, i * 1000);
        raw(&b, CLIENT, CTI_FLAG_SYN, CLIENT_ISN, 0, 0);
        answer_from(&b, &second_address);
        other(&b, &second_address, CLIENT, CTI_FLAG_RST, CLIENT_ISN + 1, 0);
    }
    at(&b, 60000);
    raw(&b, CLIENT, CTI_FLAG_SYN, CLIENT_ISN, 0, 0);
    counts = cti_connections_counts(b.all);
    cti_connections_finish(b.all);
    assert_int_equal(counts->other, 1);
    assert_int_equal(counts->attempts, 1);
    cti_connections_free(b.all);
    assert_int_equal(b.leg_count, 1);
    assert_int_equal(b.leg.outcome, CTI_LEG_NO_ANSWER);
    assert_int_equal(b.leg.other_answer.count, 3);
    assert_int_equal(b.leg.other_answer.resets, 3);
    assert_int_equal(b.leg.other_answer.frame, 2);
    assert_int_equal(b.leg.other_answer.time, START);
    assert_true(cti_endpoint_is(&b.leg.other_answer.server, &second_address));
}

/* The connection that came about after all knows of it too. */
static void another_address_then_the_right_one(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    raw(&b, CLIENT, CTI_FLAG_SYN, CLIENT_ISN, 0, 0);
    answer_from(&b, &second_address);
    send_flags(&b, SERVER, CTI_FLAG_SYN | CTI_FLAG_ACK, 0, 1, 0);
    ack(&b, CLIENT, 1, 1);
    data(&b, CLIENT, 1, 1, 12);
    end(&b);
    assert_int_equal(b.connection_count, 1);
    assert_int_equal(b.connection.syn, CTI_SYN_FULL);
    assert_int_equal(b.connection.other_answer.count, 1);
    assert_int_equal(b.connection.other_answer.resets, 0);
}

/* A packet that was captured twice is one. */
static void copies_of_an_answer(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    b.identification = 77;
    raw(&b, CLIENT, CTI_FLAG_SYN, CLIENT_ISN, 0, 0);
    answer_from(&b, &second_address);
    answer_from(&b, &second_address);
    other(&b, &second_address, CLIENT, CTI_FLAG_RST, CLIENT_ISN + 1, 0);
    other(&b, &second_address, CLIENT, CTI_FLAG_RST, CLIENT_ISN + 1, 0);
    at(&b, 60000);
    raw(&b, CLIENT, CTI_FLAG_SYN, CLIENT_ISN, 0, 0);
    end(&b);
    assert_int_equal(b.leg.other_answer.count, 1);
    assert_int_equal(b.leg.other_answer.resets, 1);
}

/* Answers that belong to something else begin connections of their own, as ever. */
static void answers_to_something_else(void **state)
{
    static const struct {
        cti_endpoint address;
        uint32_t acknowledgment;
        uint8_t flags;
    } cases[] = {
        {{4, {198, 51, 100, 2}, 42027}, CLIENT_ISN, CTI_FLAG_SYN | CTI_FLAG_ACK},
        {{4, {198, 51, 100, 2}, 42027}, CLIENT_ISN + 2, CTI_FLAG_SYN | CTI_FLAG_ACK},
        {{4, {198, 51, 100, 2}, 42028}, CLIENT_ISN + 1, CTI_FLAG_SYN | CTI_FLAG_ACK},
        {{16, {0xFD}, 42027}, CLIENT_ISN + 1, CTI_FLAG_SYN | CTI_FLAG_ACK},
        {{4, {198, 51, 100, 2}, 42027}, CLIENT_ISN + 1, CTI_FLAG_ACK},
        {{4, {198, 51, 100, 2}, 42027}, CLIENT_ISN + 1, CTI_FLAG_RST},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const cti_connection_counts *counts;
        bench b;

        begin(&b);
        raw(&b, CLIENT, CTI_FLAG_SYN, CLIENT_ISN, 0, 0);
        other(&b, &cases[i].address, SERVER, cases[i].flags, SERVER_ISN, cases[i].acknowledgment);
        counts = cti_connections_counts(b.all);
        cti_connections_finish(b.all);
        assert_int_equal(counts->other, 2);
        cti_connections_free(b.all);
        assert_int_equal(b.leg.other_answer.count, 0);
    }
}

/* The SYN was answered: another answer is not taken for one to it.  Nor is a RST before any. */
static void answered_already(void **state)
{
    const cti_connection_counts *counts;
    bench b;

    (void)state;
    start(&b);
    answer_from(&b, &second_address);
    counts = cti_connections_counts(b.all);
    cti_connections_finish(b.all);
    assert_int_equal(counts->other, 1);
    cti_connections_free(b.all);
    assert_int_equal(b.connection.other_answer.count, 0);

    begin(&b);
    raw(&b, CLIENT, CTI_FLAG_SYN, CLIENT_ISN, 0, 0);
    other(&b, &second_address, CLIENT, CTI_FLAG_RST, CLIENT_ISN + 1, 0);
    counts = cti_connections_counts(b.all);
    cti_connections_finish(b.all);
    assert_int_equal(counts->other, 2);
    cti_connections_free(b.all);
}

/* Of many clients at once, each answer finds its own SYN, or begins a connection of its own where
 * that SYN is no longer remembered. */
static void many_clients_at_once(void **state)
{
    const cti_connection_counts *counts;
    bench b;

    (void)state;
    begin(&b);
    for (uint32_t i = 0; i < 300; i++) {
        b.ends[CLIENT].port = (uint16_t)(50000 + i);
        raw(&b, CLIENT, CTI_FLAG_SYN, CLIENT_ISN, 0, 0);
    }
    for (uint32_t i = 0; i < 300; i++) {
        b.ends[CLIENT].port = (uint16_t)(50000 + i);
        answer_from(&b, &second_address);
    }
    at(&b, 60000);
    ack(&b, CLIENT, 1, 1);
    counts = cti_connections_counts(b.all);
    cti_connections_finish(b.all);
    assert_in_range(counts->other, 344, 500);
    assert_int_equal(b.most_answers, 1);
    cti_connections_free(b.all);
}

/* The RST goes to a third address. */
static void reset_of_something_else(void **state)
{
    const cti_endpoint third = {4, {198, 51, 100, 3}, 42027};
    bench b;

    (void)state;
    begin(&b);
    raw(&b, CLIENT, CTI_FLAG_SYN, CLIENT_ISN, 0, 0);
    answer_from(&b, &second_address);
    other(&b, &third, CLIENT, CTI_FLAG_RST, CLIENT_ISN + 1, 0);
    at(&b, 60000);
    raw(&b, CLIENT, CTI_FLAG_SYN, CLIENT_ISN, 0, 0);
    end(&b);
    assert_int_equal(b.leg.other_answer.count, 1);
    assert_int_equal(b.leg.other_answer.resets, 0);
}

static void many_clients(void **state)
{
    const cti_connection_counts *counts;
    bench b;

    (void)state;
    begin(&b);
    for (uint32_t i = 0; i < 50; i++) {
        b.ends[CLIENT].port = (uint16_t)(50000 + i);
        raw(&b, CLIENT, CTI_FLAG_SYN, CLIENT_ISN, 0, 0);
        answer_from(&b, &second_address);
    }
    counts = cti_connections_counts(b.all);
    cti_connections_finish(b.all);
    assert_int_equal(counts->other, 50);
    cti_connections_free(b.all);
}

/* ---- numbers and times of any kind ---- */

/* Whatever comes, the counts hold: bytes that wait are those from first to next. */
static void random_segments(void **state)
{
    uint32_t random = 1;

    (void)state;
    for (int round = 0; round < 300; round++) {
        bench b;

        begin(&b);
        for (int i = 0; i < 60; i++) {
            const uint32_t r = random = random * 1664525 + 1013904223;
            const int from = r >> 31;
            const uint32_t jump = (r >> 8) % 40 == 0 ? r : 0;

            at(&b, i);
            if ((r >> 12) % 16 == 0)
                b.now = (r >> 20) % 2 ? INT64_MAX - i : INT64_MIN + i;
            b.window = (r >> 16) % 8 == 0 ? 0 : 1000;
            b.ttl[from] = (uint8_t)(r >> 24);
            send_flags(&b, from, (r >> 4) % 64 == 0 ? 0 : CTI_FLAG_ACK, jump + (r >> 3) % 60,
                       jump + (r >> 10) % 60, (r >> 6) % 4 == 0 ? (r >> 17) % 30 : 0);
        }
        end(&b);
        for (int i = 0; i < 2; i++) {
            const cti_tcp_side *s = &b.connection.sides[i];

            if (s->unacknowledged > 0)
                assert_int_equal(s->unacknowledged, s->next - s->first);
            assert_true(s->longest >= 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_acknowledged),
        cmocka_unit_test(nothing_is_acknowledged_any_more),
        cmocka_unit_test(path_gone_in_the_middle),
        cmocka_unit_test(part_is_acknowledged),
        cmocka_unit_test(repeats_begin_again),
        cmocka_unit_test(numbers_far_ahead),
        cmocka_unit_test(data_without_header),
        cmocka_unit_test(many_segments_wait),
        cmocka_unit_test(half_a_segment_is_acknowledged),
        cmocka_unit_test(gap_before_data),
        cmocka_unit_test(gap_between_data),
        cmocka_unit_test(acknowledged_before_it_is_seen),
        cmocka_unit_test(acknowledgment_not_captured),
        cmocka_unit_test(one_direction),
        cmocka_unit_test(begins_in_the_middle),
        cmocka_unit_test(keep_alives),
        cmocka_unit_test(reset_acknowledges),
        cmocka_unit_test(fin),
        cmocka_unit_test(sides_change_places),
        cmocka_unit_test(window_closes_and_opens),
        cmocka_unit_test(window_stays_closed),
        cmocka_unit_test(windows_that_do_not_count),
        cmocka_unit_test(probes),
        cmocka_unit_test(ttl_of_a_forged_reset),
        cmocka_unit_test(ttl_of_a_plain_reset),
        cmocka_unit_test(ttl_not_known),
        cmocka_unit_test(ttl_varies),
        cmocka_unit_test(answers_from_another_address),
        cmocka_unit_test(another_address_then_the_right_one),
        cmocka_unit_test(copies_of_an_answer),
        cmocka_unit_test(answers_to_something_else),
        cmocka_unit_test(answered_already),
        cmocka_unit_test(reset_of_something_else),
        cmocka_unit_test(many_clients),
        cmocka_unit_test(many_clients_at_once),
        cmocka_unit_test(random_segments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
