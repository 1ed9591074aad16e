/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Causal order of the two directions: captures that show packets in another order than that in
 * which they were sent.  Each direction's stream is made of numbered messages of MESSAGE_SIZE bytes,
 * the client's c0, c1 ... and the server's s0, s1 ...; a segment has some of them and acknowledges
 * so many of the peer's.  What is reported becomes one line:
 *     c0 s0         messages
 *     [s0]          framed before its turn, if the test asks for that
 *     gap(c 12)    12 bytes of the client's are missing
 *     fin(c) rst(s) end conn */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

#include "codec/connection.h"
#include "told.h"

enum { CLIENT, SERVER };

#define MESSAGE_SIZE 12u
#define MILLISECOND  (CTI_SECOND / 1000)
#define WAIT         (200 * MILLISECOND)
/* As in connection_order.c. */
#define WAITING_MAX 4096u

typedef struct bench {
    cti_connection_options options;
    cti_connections *all;
    GString *log;
    bool log_framed;
    uint32_t start[2]; /* SYN's number of the client, of the server */
    uint32_t fin[2];   /* 1: the peer acknowledges the sender's FIN too */
    uint16_t port;     /* of the client */
    uint32_t messages, frame;
    uint32_t last_message_frame;
    uint64_t retransmissions;
    int64_t now;
} bench;

/* ---- what is reported ---- */

static uint32_t number_of(const uint8_t *message)
{
    return message[10] * 256u + message[11];
}

static void *on_framed(void *user, const cti_framed_message *message)
{
    bench *b = user;

    if (b->log_framed)
        told(b->log, "[%c%u]", letter(message->sender), number_of(message->bytes));
    return GUINT_TO_POINTER(1 + number_of(message->bytes));
}

static void on_message(void *user, const cti_message_record *record)
{
    bench *b = user;

    b->messages++;
    b->last_message_frame = record->frame;
    assert_int_equal(record->size, MESSAGE_SIZE);
    assert_int_equal(GPOINTER_TO_UINT(record->cookie), 1 + number_of(record->bytes));
    if (b->messages < 100)
        told(b->log, "%c%u", letter(record->sender), number_of(record->bytes));
}

static void on_gap(void *user, const cti_gap *gap)
{
    told(((bench *)user)->log, "gap(%c %u)", letter(gap->sender), (unsigned)gap->bytes);
}

static void on_tcp_end(void *user, const cti_session_record *session, cti_tcp_end how,
                       cti_sender sender, int64_t time, uint32_t frame)
{
    (void)session, (void)time, (void)frame;
    told(((bench *)user)->log, "%s(%c)", how == CTI_TCP_FIN ? "fin" : "rst", letter(sender));
}

static void on_session(void *user, const cti_session_record *record)
{
    (void)record;
    told(((bench *)user)->log, "end");
}

static void on_connection(void *user, const cti_connection_summary *connection)
{
    bench *b = user;

    b->retransmissions += connection->tcp.retransmissions;
    told(b->log, "conn");
}

static const cti_connection_events events = {
    .framed = on_framed,
    .message = on_message,
    .gap = on_gap,
    .tcp_end = on_tcp_end,
    .session = on_session,
    .connection = on_connection,
};

static void begin(bench *b)
{
    *b = (bench){.options = {.held_bytes = 1 << 20,
                             .held_total = 8 << 20,
                             .connections = 1000,
                             .wait = WAIT},
                 .log = g_string_new(NULL),
                 .start = {5000000, 1000},
                 .port = 50000,
                 .now = INT64_C(1768000000) * CTI_SECOND};
    b->all = cti_connections_new(&b->options, &events, b);
}

static void free_all(bench *b)
{
    cti_connections_free(b->all);
    g_string_free(b->log, TRUE);
}

static void end(bench *b, const char *expected)
{
    cti_connections_finish(b->all);
    assert_told(b->log, expected);
    free_all(b);
}

/* ---- segments, 1 ms apart ---- */

static void feed(bench *b, int from, cti_segment segment)
{
    const cti_endpoint ends[] = {{4, {192, 0, 2, 1}, b->port}, {4, {192, 0, 2, 2}, 42027}};

    b->now += MILLISECOND;
    segment.source = ends[from];
    segment.destination = ends[!from];
    segment.window = 1000;
    segment.time = b->now;
    segment.frame = ++b->frame;
    cti_connections_feed(b->all, &segment);
}

/* The number of a sender's message. */
static uint32_t at(const bench *b, int from, uint32_t message)
{
    return b->start[from] + 1 + message * MESSAGE_SIZE;
}

/* So many messages, from this one on: HEARTBEAT_REQ, HEARTBEAT_CONF. */
static uint8_t *make_messages(int from, uint32_t message, uint32_t count)
{
    uint8_t *bytes = calloc(count + 1, MESSAGE_SIZE);

    assert_non_null(bytes);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *one = bytes + (size_t)i * MESSAGE_SIZE;

        one[3] = 4;
        one[7] = from == CLIENT ? 5 : 6;
        one[10] = (uint8_t)((message + i) >> 8);
        one[11] = (uint8_t)(message + i);
    }
    return bytes;
}

/* acked: messages of the peer that the sender had received. */
static void say_many(bench *b, int from, uint32_t message, uint32_t count, uint32_t acked)
{
    uint8_t *bytes = make_messages(from, message, count);

    feed(b, from, (cti_segment){.flags = CTI_FLAG_ACK,
                                .sequence = at(b, from, message),
                                .acknowledgment = at(b, !from, acked) + b->fin[!from],
                                .payload = bytes,
                                .captured = count * MESSAGE_SIZE,
                                .length = count * MESSAGE_SIZE});
    free(bytes);
}

static void say(bench *b, int from, uint32_t message, uint32_t acked)
{
    say_many(b, from, message, 1, acked);
}

/* Without data, after so many messages of its sender. */
static void mark(bench *b, int from, uint8_t flags, uint32_t message, uint32_t acked)
{
    feed(b, from, (cti_segment){.flags = flags | CTI_FLAG_ACK,
                                .sequence = at(b, from, message),
                                .acknowledgment = at(b, !from, acked) + b->fin[!from],
                                .payload = (const uint8_t *)""});
}

static void syn(bench *b, int from)
{
    feed(b, from, (cti_segment){.flags = CTI_FLAG_SYN | (from == SERVER ? CTI_FLAG_ACK : 0),
                                .sequence = b->start[from],
                                .acknowledgment = from == SERVER ? at(b, CLIENT, 0) : 0,
                                .payload = (const uint8_t *)""});
}

static void handshake(bench *b)
{
    syn(b, CLIENT);
    syn(b, SERVER);
    mark(b, CLIENT, 0, 0, 0);
}

/* Data without TCP's header. */
static void say_decrypted(bench *b, int from, uint32_t message, uint32_t count)
{
    uint8_t *bytes = make_messages(from, message, count);

    feed(b, from, (cti_segment){.in_order = true,
                                .is_cti = true,
                                .payload = bytes,
                                .captured = count * MESSAGE_SIZE,
                                .length = count * MESSAGE_SIZE});
    free(bytes);
}

/* Another connection has a packet after so much time. */
static void packet_elsewhere(bench *b, int64_t after)
{
    const uint16_t port = b->port;

    b->now += after - MILLISECOND;
    b->port = 60000;
    mark(b, CLIENT, 0, 0, 0);
    b->port = port;
}

static const cti_connection_counts *counts(const bench *b)
{
    return cti_connections_counts(b->all);
}

/* ---- order ---- */

static void in_order_nothing_waits(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    handshake(&b);
    for (uint32_t i = 0; i < 3; i++) {
        say(&b, CLIENT, i, i);
        assert_int_equal(b.messages, 2 * i + 1);
        say(&b, SERVER, i, i + 1);
        assert_int_equal(b.messages, 2 * i + 2);
    }
    assert_told(b.log, "c0 s0 c1 s1 c2 s2");
    mark(&b, CLIENT, CTI_FLAG_FIN, 3, 3);
    assert_told(b.log, "fin(c)");
    assert_int_equal(counts(&b)->disordered.count, 0);
    end(&b, "end conn");
}

static void request_captured_after_its_answer(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    handshake(&b);
    say(&b, SERVER, 0, 1);
    assert_told(b.log, "");
    say(&b, CLIENT, 0, 0);
    assert_told(b.log, "c0 s0");
    assert_int_equal(b.last_message_frame, 4);
    assert_int_equal(counts(&b)->disordered.count, 1);
    assert_int_equal(counts(&b)->disordered.frame, 5);
    assert_int_equal(counts(&b)->worst_disorder, MILLISECOND);
    end(&b, "end conn");
    assert_int_equal(b.retransmissions, 0);
}

static void a_direction_captured_late(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    handshake(&b);
    say(&b, SERVER, 0, 1);
    say(&b, SERVER, 1, 2);
    assert_told(b.log, "");
    say(&b, CLIENT, 0, 0);
    assert_told(b.log, "c0 s0");
    say(&b, CLIENT, 1, 1);
    assert_told(b.log, "c1 s1");
    end(&b, "end conn");
}

static void both_directions_late(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    handshake(&b);
    say(&b, CLIENT, 1, 1);
    say(&b, SERVER, 1, 2);
    assert_told(b.log, "");
    say(&b, CLIENT, 0, 0);
    assert_told(b.log, "c0");
    say(&b, SERVER, 0, 1);
    assert_told(b.log, "s0 c1 s1");
    say(&b, CLIENT, 2, 2);
    assert_told(b.log, "c2");
    end(&b, "end conn");
}

static void numbers_that_wrap(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    b.start[CLIENT] = UINT32_MAX - MESSAGE_SIZE - 5;
    b.start[SERVER] = UINT32_MAX - 5;
    handshake(&b);
    say(&b, SERVER, 0, 1);
    say(&b, SERVER, 1, 3);
    say(&b, CLIENT, 1, 1);
    assert_told(b.log, "");
    say(&b, CLIENT, 0, 0);
    assert_told(b.log, "c0 s0 c1");
    say(&b, CLIENT, 2, 1);
    assert_told(b.log, "c2 s1");
    end(&b, "end conn");
}

/* c0 was sent again after s0 arrived: as captured, each follows from the other. */
static void retransmission_with_a_newer_acknowledgment(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    handshake(&b);
    say(&b, SERVER, 0, 1);
    assert_told(b.log, "");
    say(&b, CLIENT, 0, 1);
    assert_told(b.log, "s0 c0");
    end(&b, "end conn");
}

static void framed_before_its_turn(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    b.log_framed = true;
    handshake(&b);
    say_many(&b, SERVER, 0, 2, 1);
    assert_told(b.log, "[s0] [s1]");
    say(&b, CLIENT, 0, 0);
    assert_told(b.log, "[c0] c0 s0 s1");
    end(&b, "end conn");
}

/* ---- how long something waits ---- */

static void owed_bytes_that_do_not_come(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    handshake(&b);
    say(&b, SERVER, 0, 1);
    b.now += WAIT - MILLISECOND;
    mark(&b, SERVER, 0, 1, 1);
    assert_told(b.log, "");
    mark(&b, SERVER, 0, 1, 1);
    assert_told(b.log, "s0");
    say(&b, CLIENT, 1, 1);
    assert_told(b.log, "gap(c 12) c1");
    end(&b, "end conn");
}

static void owed_bytes_expire_on_any_packet(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    handshake(&b);
    say(&b, SERVER, 0, 1);
    packet_elsewhere(&b, WAIT);
    assert_told(b.log, "");
    packet_elsewhere(&b, MILLISECOND);
    assert_told(b.log, "s0");
    end(&b, "gap(c 12) end conn");
}

/* The first connection waits for other bytes each time; the second one is not to wait for it. */
static void busy_connection_before_another(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    handshake(&b);
    b.port++;
    handshake(&b);
    b.port--;
    say(&b, SERVER, 0, 1);
    b.port++;
    b.start[SERVER] -= 500 * MESSAGE_SIZE; /* so that its message has a number of its own */
    say(&b, SERVER, 500, 1);
    b.start[SERVER] += 500 * MESSAGE_SIZE;
    b.port--;
    for (uint32_t i = 0; i < 10; i++) {
        b.now += 30 * MILLISECOND;
        say(&b, SERVER, i + 1, i + 2);
        say(&b, CLIENT, i, i);
        if (i < 5)
            assert_null(strstr(b.log->str, "s500"));
    }
    assert_non_null(strstr(b.log->str, "s500"));
    free_all(&b);
}

static void options_without_a_wait(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    b.options.wait = 0;
    handshake(&b);
    say(&b, SERVER, 0, 1);
    packet_elsewhere(&b, 0);
    assert_told(b.log, "");
    packet_elsewhere(&b, 1);
    assert_told(b.log, "s0");
    end(&b, "gap(c 12) end conn");
}

static void time_steps_back(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    handshake(&b);
    say(&b, SERVER, 0, 1);
    packet_elsewhere(&b, -WAIT / 2);
    assert_told(b.log, "");
    packet_elsewhere(&b, -WAIT);
    assert_told(b.log, "s0");
    end(&b, "gap(c 12) end conn");
}

/* Of the client's direction nothing was captured. */
static void one_direction_only(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    say(&b, SERVER, 0, 0);
    assert_told(b.log, "s0");
    say(&b, SERVER, 1, 1);
    assert_told(b.log, "");
    packet_elsewhere(&b, WAIT + 1);
    assert_told(b.log, "s1");
    for (uint32_t i = 2; i <= 5; i++) { /* it is not waited for again */
        say(&b, SERVER, i, i + (i == 5));
        assert_int_equal(b.messages, i + 1);
    }
    g_string_truncate(b.log, 0);
    say(&b, CLIENT, 6, 6); /* it was captured after all */
    assert_non_null(strstr(b.log->str, "c6"));
    g_string_truncate(b.log, 0);
    say(&b, SERVER, 6, 8);
    assert_told(b.log, "");
    say(&b, CLIENT, 7, 6);
    assert_told(b.log, "c7 s6");
    end(&b, "end conn");
}

/* ---- limits ---- */

static void limit_of_waiting_events(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    handshake(&b);
    say_many(&b, SERVER, 0, 2048, 1);
    say_many(&b, SERVER, 2048, 2048, 1);
    assert_int_equal(b.messages, 0);
    assert_int_equal(counts(&b)->over_limit.count, 0);
    say(&b, SERVER, WAITING_MAX, 1);
    assert_int_equal(b.messages, WAITING_MAX + 1);
    assert_int_equal(counts(&b)->over_limit.count, 1);
    assert_int_equal(counts(&b)->over_limit.frame, b.frame);
    free_all(&b);
}

static void limit_of_held_bytes(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    b.options.held_total = 2000;
    handshake(&b);
    say(&b, SERVER, 0, 1);
    assert_int_equal(b.messages, 0);
    say_many(&b, SERVER, 1, 50, 1);
    assert_true(b.messages > 1);
    assert_true(counts(&b)->over_limit.count > 0);
    say(&b, CLIENT, 0, 0);
    cti_connections_finish(b.all);
    assert_int_equal(b.messages, 52);
    free_all(&b);
}

static void freed_with_events_waiting(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    handshake(&b);
    say_many(&b, SERVER, 0, 3, 1);
    mark(&b, SERVER, CTI_FLAG_FIN, 3, 1);
    say(&b, CLIENT, 2, 3);
    assert_told(b.log, "");
    free_all(&b);
}

/* A limit delivers what another connection held; its session begins without a packet of its own. */
static void session_that_a_limit_begins(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    b.options.held_total = 300;
    handshake(&b);
    say(&b, CLIENT, 1, 0);
    assert_told(b.log, "");
    b.port++;
    handshake(&b);
    say(&b, CLIENT, 3, 0);
    say(&b, CLIENT, 5, 0);
    assert_told(b.log, "gap(c 12) c1");
    free_all(&b);
}

/* ---- ends ---- */

static void fin_after_what_was_sent_before(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    handshake(&b);
    mark(&b, CLIENT, CTI_FLAG_FIN, 1, 0);
    assert_told(b.log, "");
    say(&b, CLIENT, 0, 0);
    assert_told(b.log, "c0 fin(c)");
    mark(&b, SERVER, CTI_FLAG_FIN, 1, 1);
    assert_told(b.log, "");
    say(&b, SERVER, 0, 1);
    assert_told(b.log, "s0 fin(s) end");
    end(&b, "conn");
}

static void fin_after_what_it_acknowledges(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    handshake(&b);
    say(&b, CLIENT, 0, 0);
    mark(&b, CLIENT, CTI_FLAG_FIN, 1, 1);
    assert_told(b.log, "c0");
    say(&b, SERVER, 0, 1);
    assert_told(b.log, "s0 fin(c)");
    end(&b, "end conn");
}

/* FIN's number is reached while a packet of the other direction is taken in, whose acknowledgment
 * is a number of another stream. */
static void fin_reached_by_a_packet_of_the_peer(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    handshake(&b);
    say(&b, CLIENT, 0, 0);
    say(&b, SERVER, 0, 1);
    mark(&b, CLIENT, CTI_FLAG_FIN, 2, 1);
    b.fin[CLIENT] = 1;
    say(&b, SERVER, 1, 2);
    mark(&b, SERVER, 0, 2, 2);
    assert_told(b.log, "c0 s0");
    b.now += WAIT;
    mark(&b, SERVER, 0, 2, 2);
    assert_told(b.log, "gap(c 12) fin(c) s1");
    end(&b, "end conn");
}

static void reset_after_what_it_acknowledges(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    handshake(&b);
    say(&b, CLIENT, 0, 0);
    mark(&b, CLIENT, CTI_FLAG_RST, 1, 1);
    assert_told(b.log, "c0");
    say(&b, SERVER, 0, 1);
    /* Packets come out of order: others may come before the RST. */
    assert_told(b.log, "s0");
    packet_elsewhere(&b, WAIT);
    assert_told(b.log, "rst(c) end");
    end(&b, "conn");
}

static void reset_in_order_does_not_wait(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    handshake(&b);
    say(&b, CLIENT, 0, 0);
    mark(&b, CLIENT, CTI_FLAG_RST, 1, 0);
    assert_told(b.log, "c0 rst(c) end");
    end(&b, "conn");
}

static void reset_beyond_the_last_byte(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    handshake(&b);
    say(&b, CLIENT, 0, 0);
    mark(&b, CLIENT, CTI_FLAG_RST, 2, 0);
    assert_told(b.log, "c0");
    packet_elsewhere(&b, WAIT + 1);
    assert_told(b.log, "gap(c 12) rst(c) end");
    end(&b, "conn");
}

static void late_data_before_a_reset(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    handshake(&b);
    mark(&b, CLIENT, CTI_FLAG_RST, 2, 0);
    say(&b, CLIENT, 1, 0);
    assert_told(b.log, "");
    say(&b, CLIENT, 0, 0);
    assert_told(b.log, "c0 c1 rst(c) end");
    end(&b, "conn");
}

/* Both reset it while both wait. */
static void two_resets(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    handshake(&b);
    say(&b, SERVER, 1, 1);
    say(&b, CLIENT, 2, 1);
    mark(&b, CLIENT, CTI_FLAG_RST, 3, 1);
    mark(&b, SERVER, CTI_FLAG_RST, 2, 3);
    assert_told(b.log, "");
    b.options.held_total = 0; /* now each event that waits is one too many */
    packet_elsewhere(&b, 2 * WAIT);
    packet_elsewhere(&b, 2 * WAIT);
    assert_int_equal(b.messages, 2);
    assert_non_null(strstr(b.log->str, "end"));
    g_string_truncate(b.log, 0);
    end(&b, "conn");
}

/* ---- where a stream starts ---- */

static void syn_ack_places_the_client(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    syn(&b, SERVER);
    say(&b, CLIENT, 1, 0);
    assert_told(b.log, "");
    say(&b, CLIENT, 0, 0);
    assert_told(b.log, "c0 c1");
    end(&b, "end conn");
}

static void last_ack_of_the_handshake_places_the_server(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    syn(&b, CLIENT);
    mark(&b, CLIENT, 0, 0, 0);
    say(&b, SERVER, 1, 0);
    assert_told(b.log, "");
    say(&b, SERVER, 0, 0);
    assert_told(b.log, "s0 s1");
    end(&b, "end conn");
}

static void late_data_at_the_start_of_a_capture(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    say(&b, SERVER, 0, 1);
    assert_told(b.log, "s0"); /* nobody knows that there was c0 */
    say(&b, SERVER, 1, 3);
    say(&b, CLIENT, 1, 0);
    assert_told(b.log, "c1");
    say(&b, CLIENT, 2, 0);
    assert_told(b.log, "c2 s1");
    end(&b, "end conn");
    assert_int_equal(b.retransmissions, 0);
}

static void late_data_before_the_first_acknowledgment(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    say(&b, SERVER, 0, 1);
    say(&b, CLIENT, 0, 0);
    assert_told(b.log, "s0 c0");
    say(&b, SERVER, 1, 2);
    assert_told(b.log, "");
    say(&b, CLIENT, 1, 1);
    assert_told(b.log, "c1 s1");
    end(&b, "end conn");
    assert_int_equal(b.retransmissions, 0);
}

/* ---- data without TCP's header ---- */

static void decrypted_data_does_not_wait(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    say_decrypted(&b, SERVER, 0, 1);
    say_decrypted(&b, CLIENT, 0, 2);
    say_decrypted(&b, SERVER, 1, 1);
    assert_told(b.log, "s0 c0 c1 s1");
    end(&b, "end conn");
}

/* The session ends while the server's stream is handing out messages: a FIN waits for bytes that
 * nobody sent, and more messages come after it than may wait. */
static void session_ends_among_its_messages(void **state)
{
    bench b;

    (void)state;
    begin(&b);
    handshake(&b);
    say(&b, CLIENT, 0, 0);
    mark(&b, CLIENT, CTI_FLAG_FIN, 1, 0);
    assert_told(b.log, "c0 fin(c)");
    mark(&b, SERVER, CTI_FLAG_FIN, 0, 1000);
    assert_told(b.log, "");
    say_decrypted(&b, SERVER, 0, 5000);
    assert_int_equal(b.messages, 5001);
    assert_non_null(strstr(b.log->str, "fin(s) end"));
    free_all(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order_nothing_waits),
        cmocka_unit_test(request_captured_after_its_answer),
        cmocka_unit_test(a_direction_captured_late),
        cmocka_unit_test(both_directions_late),
        cmocka_unit_test(numbers_that_wrap),
        cmocka_unit_test(retransmission_with_a_newer_acknowledgment),
        cmocka_unit_test(framed_before_its_turn),
        cmocka_unit_test(owed_bytes_that_do_not_come),
        cmocka_unit_test(owed_bytes_expire_on_any_packet),
        cmocka_unit_test(busy_connection_before_another),
        cmocka_unit_test(options_without_a_wait),
        cmocka_unit_test(time_steps_back),
        cmocka_unit_test(one_direction_only),
        cmocka_unit_test(limit_of_waiting_events),
        cmocka_unit_test(limit_of_held_bytes),
        cmocka_unit_test(freed_with_events_waiting),
        cmocka_unit_test(session_that_a_limit_begins),
        cmocka_unit_test(fin_after_what_was_sent_before),
        cmocka_unit_test(fin_after_what_it_acknowledges),
        cmocka_unit_test(fin_reached_by_a_packet_of_the_peer),
        cmocka_unit_test(reset_after_what_it_acknowledges),
        cmocka_unit_test(reset_in_order_does_not_wait),
        cmocka_unit_test(reset_beyond_the_last_byte),
        cmocka_unit_test(late_data_before_a_reset),
        cmocka_unit_test(two_resets),
        cmocka_unit_test(syn_ack_places_the_client),
        cmocka_unit_test(last_ack_of_the_handshake_places_the_server),
        cmocka_unit_test(late_data_at_the_start_of_a_capture),
        cmocka_unit_test(late_data_before_the_first_acknowledgment),
        cmocka_unit_test(decrypted_data_does_not_wait),
        cmocka_unit_test(session_ends_among_its_messages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
