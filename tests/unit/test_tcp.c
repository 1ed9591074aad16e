/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reassembly of one direction: segments in, a string out in which a gap stands as
 * "[bytes cause]".  Each scenario runs with initial sequence numbers all around the wrap.
 * Behind them, random segments are compared with a model that is one array, and so are the pieces
 * that a stream holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "tcp_store.h"

#define KIB 1024u
#define MIB (1024 * KIB)

/* ---- one stream under test ---- */

typedef struct bench {
    cti_tcp_pool pool;
    cti_tcp_stream stream;
    uint32_t initial; /* SYN's number; the first byte has the next one */
    GString *out;
    uint64_t position; /* of the stream: bytes and gaps that came out */
    cti_tcp_verdict verdict;
} bench;

static void take_data(void *user, const uint8_t *bytes, uint32_t size)
{
    bench *b = user;

    assert_true(size > 0);
    g_string_append_len(b->out, (const char *)bytes, size);
    b->position += size;
}

static void take_gap(void *user, uint64_t bytes, cti_gap_cause cause)
{
    bench *b = user;

    assert_true(bytes > 0);
    g_string_append_printf(b->out, "[%" G_GUINT64_FORMAT " %s]", bytes, cti_gap_cause_name(cause));
    b->position += bytes;
}

static const cti_tcp_sink sink = {take_data, take_gap};

static void begin(bench *b, uint32_t initial)
{
    *b = (bench){.initial = initial, .out = g_string_new(NULL)};
    cti_tcp_pool_init(&b->pool);
    cti_tcp_stream_init(&b->stream, MIB, &b->pool, b);
}

/* Bytes held, without what their pieces cost. */
static uint64_t held_size(const bench *b)
{
    return b->stream.held_bytes - b->stream.held.length * CTI_TCP_PIECE_COST;
}

static void end(bench *b)
{
    cti_tcp_stream_release(&b->stream);
    assert_int_equal(b->stream.held_bytes, 0);
    g_string_free(b->out, TRUE);
}

/* Feeds length bytes at offset, captured of which are there, in memory of just their size. */
static void feed(bench *b, uint8_t flags, uint32_t offset, const void *bytes, uint32_t captured,
                 uint32_t length)
{
    uint8_t *memory = malloc(captured + 1);
    const cti_segment segment = {
        .sequence = b->initial + (flags & CTI_FLAG_SYN ? 0 : 1) + offset,
        .flags = flags,
        .payload = memory + 1,
        .captured = captured,
        .length = length,
    };

    assert_non_null(memory);
    memcpy(memory + 1, bytes, captured);
    b->verdict = cti_tcp_stream_feed(&b->stream, &segment, &sink, b);
    free(memory);
}

static void syn(bench *b)
{
    feed(b, CTI_FLAG_SYN, 0, "", 0, 0);
}

static void send(bench *b, uint32_t offset, const char *text)
{
    feed(b, CTI_FLAG_ACK, offset, text, (uint32_t)strlen(text), (uint32_t)strlen(text));
}

/* A segment of length bytes of which the capture has only text. */
static void send_cut(bench *b, uint32_t offset, const char *text, uint32_t length)
{
    feed(b, CTI_FLAG_ACK, offset, text, (uint32_t)strlen(text), length);
}

static void fin(bench *b, uint32_t offset, const char *text)
{
    feed(b, CTI_FLAG_ACK | CTI_FLAG_FIN, offset, text, (uint32_t)strlen(text), (uint32_t)strlen(text));
}

/* The peer has everything below offset. */
static void ack(bench *b, uint32_t offset)
{
    const cti_segment segment = {.flags = CTI_FLAG_ACK, .acknowledgment = b->initial + 1 + offset};

    cti_tcp_stream_acknowledge(&b->stream, &segment);
}

/* What is owed did not come in the time that the caller gives it. */
static void expire(bench *b)
{
    cti_tcp_stream_expire(&b->stream, 0, 0, &sink, b);
}

static void finish(bench *b, cti_gap_cause cause)
{
    cti_tcp_stream_finish(&b->stream, cause, &sink, b);
}

static void assert_out(const bench *b, const char *expected)
{
    assert_string_equal(b->out->str, expected);
}

static void assert_verdict(const bench *b, bool retransmission, bool out_of_order,
                           bool keep_alive)
{
    assert_int_equal(b->verdict.retransmission, retransmission);
    assert_int_equal(b->verdict.out_of_order, out_of_order);
    assert_int_equal(b->verdict.keep_alive, keep_alive);
}

static const uint32_t initials[] = {
    0,          1,          1000,       0x7FFFFFF0, 0x7FFFFFFF, 0x80000000,
    0xFFFFFFF0, 0xFFFFFFF8, 0xFFFFFFFB, 0xFFFFFFFD, 0xFFFFFFFE, 0xFFFFFFFF,
};

/* A test that runs its body on a fresh stream for each initial number. */
#define SCENARIO(name)                                                                            \
    static void name##_body(bench *b);                                                            \
    static void name(void **state)                                                                \
    {                                                                                             \
        (void)state;                                                                              \
        for (size_t i = 0; i < sizeof(initials) / sizeof(initials[0]); i++) {                     \
            bench b;                                                                              \
                                                                                                  \
            begin(&b, initials[i]);                                                               \
            name##_body(&b);                                                                      \
            end(&b);                                                                              \
        }                                                                                         \
    }                                                                                             \
    static void name##_body(bench *b)

/* ---- in order, and again ---- */

SCENARIO(in_order)
{
    syn(b);
    assert_verdict(b, false, false, false);
    send(b, 0, "abc");
    assert_verdict(b, false, false, false);
    send(b, 3, "def");
    assert_out(b, "abcdef");
    assert_true(b->stream.saw_syn);
    fin(b, 6, "");
    assert_true(b->stream.closed);
    ack(b, 7);
    finish(b, CTI_GAP_CAPTURE_ENDED);
    assert_out(b, "abcdef");
}

SCENARIO(exact_retransmission)
{
    syn(b);
    send(b, 0, "abc");
    send(b, 0, "abc");
    assert_verdict(b, true, false, false);
    send(b, 3, "def");
    send(b, 3, "def");
    assert_verdict(b, true, false, false);
    send(b, 0, "abcdef");
    assert_verdict(b, true, false, false);
    assert_out(b, "abcdef");
}

SCENARIO(retransmission_of_a_part)
{
    syn(b);
    send(b, 0, "abcdef");
    send(b, 0, "abc");
    assert_verdict(b, true, false, false);
    send(b, 3, "def");
    assert_verdict(b, true, false, false);
    send(b, 2, "cd");
    assert_verdict(b, true, false, false);
    assert_out(b, "abcdef");
}

SCENARIO(retransmission_with_new_bytes_behind)
{
    syn(b);
    send(b, 0, "abc");
    send(b, 0, "abcdef");
    assert_verdict(b, true, false, false);
    assert_out(b, "abcdef");
    send(b, 5, "fg");
    assert_verdict(b, true, false, false);
    assert_out(b, "abcdefg");
}

/* ---- overlaps: the bytes seen first win ---- */

SCENARIO(other_bytes_again)
{
    syn(b);
    send(b, 0, "abc");
    send(b, 0, "XYZ");
    assert_out(b, "abc");
    send(b, 1, "XYdef");
    assert_out(b, "abcdef");
}

SCENARIO(other_bytes_where_some_are_held)
{
    syn(b);
    send(b, 6, "ghi");
    assert_verdict(b, false, true, false);
    send(b, 6, "XYZ"); /* the very same range */
    assert_verdict(b, true, true, false);
    send(b, 4, "efXY"); /* its start */
    assert_verdict(b, true, true, false);
    send(b, 8, "Xjk"); /* its end */
    assert_verdict(b, true, true, false);
    send(b, 7, "X"); /* within */
    assert_verdict(b, true, true, false);
    assert_out(b, "");
    assert_int_equal(held_size(b), 7);
    send(b, 0, "abcd");
    assert_verdict(b, false, false, false);
    assert_out(b, "abcdefghijk");
    assert_int_equal(b->stream.held_bytes, 0);
}

/* What overlaps is compared as long as the first bytes are known. */
SCENARIO(other_bytes_are_told)
{
    static const struct {
        uint32_t offset;
        const char *text;
        bool differs;
    } again[] = {
        {0, "abcdef", false}, {2, "cd", false}, {2, "cX", true}, {3, "defgh", false},
        {4, "Xfgh", true},    /* old and new */
        {12, "mno", false},   {12, "mnX", true}, /* held */
        {11, "lmnop", false}, {10, "kXmnXp", true},
    };

    syn(b);
    send(b, 0, "abcdef");
    send(b, 12, "mno");
    for (size_t i = 0; i < sizeof(again) / sizeof(again[0]); i++) {
        send(b, again[i].offset, again[i].text);
        assert_int_equal(b->verdict.differs, again[i].differs);
    }
}

SCENARIO(other_bytes_around_a_gap)
{
    syn(b);
    send(b, 0, "abc");
    send(b, 6, "ghi");
    ack(b, 9);
    expire(b);
    assert_out(b, "abc[3 acked]ghi");
    send(b, 0, "XXXXXXghi"); /* what lies before the gap is no longer known */
    assert_false(b->verdict.differs);
    send(b, 3, "defghX");
    assert_true(b->verdict.differs);
}

/* The ring of bytes wraps; what is too far back is not compared. */
SCENARIO(other_bytes_far_back)
{
    char text[CTI_TCP_RECENT + 100];

    syn(b);
    for (uint32_t i = 0; i < sizeof(text) - 1; i++)
        text[i] = (char)('a' + i % 23);
    text[sizeof(text) - 1] = '\0';
    for (uint32_t i = 0; i + 7 < sizeof(text); i += 7)
        feed(b, CTI_FLAG_ACK, i, text + i, 7, 7);
    send(b, 0, text);
    assert_false(b->verdict.differs);
    text[50] = 'X';
    send(b, 0, text);
    assert_false(b->verdict.differs);
    text[CTI_TCP_RECENT] = 'X';
    send(b, 0, text);
    assert_true(b->verdict.differs);
}

SCENARIO(next_bytes_run_into_held_ones)
{
    syn(b);
    send(b, 3, "def");
    send(b, 0, "abcXY");
    assert_verdict(b, true, false, false);
    assert_out(b, "abcdef");
    send(b, 9, "jkl");
    send(b, 4, "XYghiXYZmno"); /* old, new, held, and new behind it */
    assert_verdict(b, true, false, false);
    assert_out(b, "abcdefghijklmno");
}

SCENARIO(segment_covers_a_held_one)
{
    syn(b);
    send(b, 0, "abc");
    send(b, 9, "jkl");
    send(b, 6, "ghiXXXmno");
    assert_verdict(b, true, true, false);
    assert_int_equal(held_size(b), 9);
    assert_out(b, "abc");
    send(b, 3, "def");
    assert_out(b, "abcdefghijklmno");
}

SCENARIO(segment_covers_several_held_ones)
{
    syn(b);
    send(b, 4, "e");
    send(b, 8, "i");
    send(b, 6, "g");
    send(b, 2, "cdXfXhXj");
    assert_int_equal(held_size(b), 8);
    assert_verdict(b, true, true, false);
    send(b, 0, "ab");
    assert_out(b, "abcdefghij");
}

SCENARIO(segment_bridges_two_held_ones)
{
    syn(b);
    send(b, 0, "abc");
    send(b, 6, "ghi");
    send(b, 12, "mno");
    send(b, 7, "XXjklXX");
    assert_verdict(b, true, true, false);
    send(b, 3, "def");
    assert_out(b, "abcdefghijklmno");
}

SCENARIO(held_range_sent_again)
{
    syn(b);
    send(b, 3, "def");
    for (int i = 0; i < 5; i++) {
        send(b, 3, "def");
        assert_verdict(b, true, true, false);
        assert_int_equal(held_size(b), 3);
    }
    send(b, 0, "abc");
    assert_out(b, "abcdef");
}

/* ---- out of order ---- */

SCENARIO(neighbours_swapped)
{
    syn(b);
    send(b, 0, "abc");
    send(b, 6, "ghi");
    assert_verdict(b, false, true, false);
    send(b, 3, "def");
    assert_verdict(b, false, false, false);
    send(b, 9, "jkl");
    assert_verdict(b, false, false, false);
    assert_out(b, "abcdefghijkl");
}

SCENARIO(late_by_five)
{
    syn(b);
    for (uint32_t i = 1; i <= 5; i++) {
        send(b, 3 * i, "xyz");
        assert_verdict(b, false, true, false);
    }
    assert_out(b, "");
    send(b, 0, "abc");
    assert_out(b, "abcxyzxyzxyzxyzxyz");
}

SCENARIO(twelve_in_reverse)
{
    static const char text[] = "abcdefghijklmnopqrstuvwx";

    syn(b);
    for (uint32_t i = 12; i-- > 0;) {
        feed(b, CTI_FLAG_ACK, 2 * i, text + 2 * i, 2, 2);
        assert_verdict(b, false, i > 0, false);
    }
    assert_out(b, text);
}

SCENARIO(missing_segment_comes_twice)
{
    syn(b);
    send(b, 3, "def");
    send(b, 0, "abc");
    send(b, 0, "abc");
    assert_verdict(b, true, false, false);
    send(b, 6, "ghi");
    assert_out(b, "abcdefghi");
}

/* ---- gaps ---- */

SCENARIO(gap_when_the_peer_acknowledges_it)
{
    syn(b);
    send(b, 0, "abc");
    send(b, 6, "ghi");
    ack(b, 3);
    expire(b); /* nothing is owed */
    assert_out(b, "abc");
    ack(b, 4); /* part of the gap: the rest may still come */
    ack(b, 9);
    assert_out(b, "abc");
    expire(b); /* it may have been FIN's number */
    assert_out(b, "abc");
    expire(b);
    assert_out(b, "abc[3 acked]ghi");
    send(b, 9, "jkl");
    send(b, 3, "def"); /* too late */
    assert_verdict(b, true, false, false);
    assert_out(b, "abc[3 acked]ghijkl");
}

SCENARIO(acknowledgment_of_just_the_gap)
{
    syn(b);
    send(b, 3, "def");
    ack(b, 3);
    expire(b);
    assert_out(b, "[3 acked]def");
}

SCENARIO(acknowledged_before_the_next_segment)
{
    syn(b);
    send(b, 0, "abc");
    ack(b, 6);
    send(b, 6, "ghi");
    assert_verdict(b, false, true, false);
    assert_out(b, "abc");
    expire(b);
    assert_out(b, "abc[3 acked]ghi");
}

/* The capture may have the acknowledgment before what it acknowledges. */
SCENARIO(acknowledgment_overtakes_data)
{
    syn(b);
    ack(b, 3);
    send(b, 0, "abc");
    assert_verdict(b, false, false, false);
    ack(b, 9);
    send(b, 3, "def");
    send(b, 6, "ghi");
    finish(b, CTI_GAP_CAPTURE_ENDED);
    assert_out(b, "abcdefghi");
}

SCENARIO(two_gaps_in_one_go_and_one_by_one)
{
    syn(b);
    send(b, 2, "cd");
    send(b, 6, "gh");
    ack(b, 8);
    expire(b);
    assert_out(b, "[2 acked]cd[2 acked]gh");
    send(b, 10, "kl");
    send(b, 14, "op");
    ack(b, 12);
    expire(b);
    assert_out(b, "[2 acked]cd[2 acked]gh[2 acked]kl");
    ack(b, 16);
    expire(b);
    assert_out(b, "[2 acked]cd[2 acked]gh[2 acked]kl[2 acked]op");
}

SCENARIO(old_acknowledgments_declare_nothing)
{
    syn(b);
    send(b, 0, "abc");
    send(b, 6, "ghi");
    ack(b, 0);
    ack(b, 3);
    ack(b, 1);
    assert_out(b, "abc");
    send(b, 3, "def");
    assert_out(b, "abcdefghi");
}

/* Numbers of another connection's life. */
SCENARIO(acknowledgment_far_off_is_ignored)
{
    syn(b);
    send(b, 0, "abc");
    ack(b, 0x60000000);
    ack(b, 0xA0000000);
    send(b, 6, "ghi");
    assert_out(b, "abc");
    send(b, 3, "def");
    finish(b, CTI_GAP_CAPTURE_ENDED);
    assert_out(b, "abcdefghi");
}

SCENARIO(acknowledgment_before_any_segment)
{
    ack(b, 100);
    assert_false(b->stream.synced);
    syn(b);
    send(b, 3, "def");
    assert_out(b, "");
    send(b, 0, "abc");
    assert_out(b, "abcdef");
}

SCENARIO(gap_at_the_end_of_the_capture)
{
    syn(b);
    send(b, 0, "abc");
    send(b, 6, "ghi");
    send(b, 12, "mno");
    finish(b, CTI_GAP_CAPTURE_ENDED);
    assert_out(b, "abc[3 capture-ended]ghi[3 capture-ended]mno");
    finish(b, CTI_GAP_CAPTURE_ENDED);
    assert_out(b, "abc[3 capture-ended]ghi[3 capture-ended]mno");
}

SCENARIO(gap_at_reset)
{
    syn(b);
    send(b, 0, "abc");
    send(b, 6, "ghi");
    finish(b, CTI_GAP_CLOSED);
    assert_out(b, "abc[3 closed]ghi");
    assert_true(b->stream.closed);
}

/* Bytes that only the peer's acknowledgment shows. */
SCENARIO(acknowledged_gap_with_nothing_behind_it)
{
    syn(b);
    send(b, 0, "abc");
    ack(b, 8);
    finish(b, CTI_GAP_CAPTURE_ENDED);
    assert_out(b, "abc[5 acked]");
}

/* They may only be late until the caller gives them up. */
SCENARIO(acknowledged_twice_with_nothing_behind_it)
{
    syn(b);
    send(b, 0, "abc");
    ack(b, 8);
    ack(b, 8);
    assert_out(b, "abc");
    expire(b);
    assert_out(b, "abc[5 acked]");
    send(b, 3, "defgh"); /* too late */
    assert_verdict(b, true, false, false);
    send(b, 8, "ijk");
    ack(b, 12); /* one byte more may be a FIN's */
    expire(b);
    assert_out(b, "abc[5 acked]ijk");
}

SCENARIO(acknowledged_fin_that_was_not_seen_is_no_gap)
{
    syn(b);
    send(b, 0, "abc");
    ack(b, 4);
    finish(b, CTI_GAP_CAPTURE_ENDED);
    assert_out(b, "abc");
}

SCENARIO(nothing_at_all_is_no_gap)
{
    finish(b, CTI_GAP_CAPTURE_ENDED);
    assert_out(b, "");
    assert_false(b->stream.synced);
    syn(b);
    finish(b, CTI_GAP_CAPTURE_ENDED);
    assert_out(b, "");
}

static void gap_by_limit(void **state)
{
    bench b;

    (void)state;
    begin(&b, 0xFFFFFF00);
    b.stream.limit = 4 * KIB;
    syn(&b);
    for (uint32_t i = 0; i < 100; i++) {
        char text[101];

        memset(text, 'x', 100);
        text[100] = '\0';
        send(&b, 7 + i * 100, text);
        assert_true(b.stream.held_bytes <= b.stream.limit);
        if (i < 10) /* 1000 bytes are well below the limit */
            assert_out(&b, "");
    }
    assert_memory_equal(b.out->str, "[7 limit]x", 10);
    assert_int_equal(b.position, 7 + 100 * 100);
    assert_int_equal(b.stream.held_bytes, 0);
    end(&b);
}

/* Only as many gaps as are needed to come below the limit. */
static void limit_forces_the_oldest_gap_only(void **state)
{
    char text[3001];
    bench b;

    (void)state;
    memset(text, 'x', 3000);
    text[3000] = '\0';
    begin(&b, 17);
    b.stream.limit = 8 * KIB;
    syn(&b);
    send(&b, 1, text);
    send(&b, 3002, text);
    assert_int_equal(b.position, 0);
    send(&b, 6003, text);
    assert_int_equal(b.position, 3001);
    assert_memory_equal(b.out->str, "[1 limit]x", 10);
    send(&b, 3001, "y");
    assert_int_equal(b.position, 6002);
    end(&b);
}

/* The pool names the stream that began to hold first; giving up sends it to the end. */
static void pool_of_streams(void **state)
{
    bench b[3];
    cti_tcp_pool pool;

    (void)state;
    cti_tcp_pool_init(&pool);
    for (uint32_t i = 0; i < 3; i++) {
        begin(&b[i], i);
        cti_tcp_stream_init(&b[i].stream, MIB, &pool, &b[i]);
        syn(&b[i]);
    }
    assert_null(cti_tcp_pool_oldest(&pool));
    assert_int_equal(cti_tcp_stream_waits_since(&b[1].stream), CTI_NO_TIME);
    send(&b[1], 5, "fg");
    send(&b[1], 10, "k");
    send(&b[0], 5, "f");
    send(&b[2], 5, "f");
    assert_int_equal(cti_tcp_stream_waits_since(&b[1].stream), 0);
    assert_int_equal(pool.held, 4 * CTI_TCP_PIECE_COST + 5);
    assert_ptr_equal(cti_tcp_pool_oldest(&pool), &b[1]);
    cti_tcp_stream_give_up(&b[1].stream, CTI_GAP_LIMIT, &sink, &b[1]);
    assert_out(&b[1], "[5 limit]fg");
    assert_ptr_equal(cti_tcp_pool_oldest(&pool), &b[0]);
    send(&b[0], 0, "abcde");
    assert_ptr_equal(cti_tcp_pool_oldest(&pool), &b[2]);
    cti_tcp_stream_give_up(&b[2].stream, CTI_GAP_TIME, &sink, &b[2]);
    assert_out(&b[2], "[5 time]f");
    assert_ptr_equal(cti_tcp_pool_oldest(&pool), &b[1]);
    cti_tcp_stream_give_up(&b[1].stream, CTI_GAP_LIMIT, &sink, &b[1]);
    cti_tcp_stream_give_up(&b[1].stream, CTI_GAP_LIMIT, &sink, &b[1]);
    assert_out(&b[1], "[5 limit]fg[3 limit]k");
    assert_null(cti_tcp_pool_oldest(&pool));
    assert_int_equal(pool.held, 0);
    for (uint32_t i = 0; i < 3; i++)
        end(&b[i]);
}

/* What a piece costs counts, even where the snaplen left none of its bytes. */
static void limit_holds_for_pieces_without_bytes(void **state)
{
    bench b;

    (void)state;
    begin(&b, 5);
    b.stream.limit = 64 * KIB;
    syn(&b);
    for (uint32_t i = 0; i < 20000; i++) {
        send_cut(&b, 10 + 2 * i, i % 2 ? "x" : "", 1); /* with a gap behind each */
        assert_true(b.stream.held.length < 64 * KIB / 16);
    }
    end(&b);
}

/* One more piece than the limit: the first gap is given up, and only that one. */
static void limit_of_pieces(void **state)
{
    bench b;

    (void)state;
    begin(&b, 0xFFFFFFF0);
    b.stream.limit = 64 * MIB;
    syn(&b);
    for (uint32_t i = 0; i < CTI_TCP_PIECES_MAX; i++)
        send(&b, 5 + 2 * i, "x");
    assert_out(&b, "");
    assert_int_equal(b.stream.held.length, CTI_TCP_PIECES_MAX);
    send(&b, 5 + 2 * CTI_TCP_PIECES_MAX, "y");
    assert_out(&b, "[5 limit]x");
    assert_int_equal(b.stream.held.length, CTI_TCP_PIECES_MAX);
    end(&b);
}

/* ---- what is known of held bytes while they are delivered ---- */

static GString *notes;

static void note_data(void *user, const uint8_t *bytes, uint32_t size)
{
    const bench *b = user;

    g_string_append_printf(notes, "%.*s", (int)size, (const char *)bytes);
    if (b->stream.held_frame != 0)
        g_string_append_printf(notes, " frame %u time %u", b->stream.held_frame,
                               (uint32_t)b->stream.held_time);
    if (b->stream.held_acknowledges)
        g_string_append_printf(notes, " ack %u", b->stream.held_acknowledgment);
    g_string_append_c(notes, ';');
}

static void note_gap(void *user, uint64_t bytes, cti_gap_cause cause)
{
    (void)user;
    (void)cause;
    g_string_append_printf(notes, "[%u];", (uint32_t)bytes);
}

static void held_bytes_keep_their_acknowledgment(void **state)
{
    static const cti_tcp_sink noting = {note_data, note_gap};
    static const struct {
        uint32_t offset;
        const char *text;
        uint8_t flags;
    } sent[] = {{2, "cd", CTI_FLAG_ACK}, {4, "e", 0},  {5, "f", CTI_FLAG_ACK},
                {0, "ab", CTI_FLAG_ACK}, {8, "ij", 0}, {7, "hXYk", CTI_FLAG_ACK}};
    bench b;

    (void)state;
    begin(&b, 0);
    syn(&b);
    notes = g_string_new(NULL);
    for (uint32_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++) {
        const uint32_t size = (uint32_t)strlen(sent[i].text);
        const cti_segment segment = {.sequence = 1 + sent[i].offset,
                                     .acknowledgment = 100 + i,
                                     .flags = sent[i].flags,
                                     .payload = (const uint8_t *)sent[i].text,
                                     .captured = size,
                                     .length = size,
                                     .time = 10 + i,
                                     .frame = 1 + i};

        cti_tcp_stream_feed(&b.stream, &segment, &noting, &b);
    }
    assert_string_equal(notes->str, "ab;cd ack 100;e;f ack 102;");
    g_string_truncate(notes, 0);
    cti_tcp_stream_give_up(&b.stream, CTI_GAP_TIME, &noting, &b);
    assert_string_equal(notes->str, "[1];h frame 6 time 15 ack 105;ij frame 5 time 14;"
                                    "k frame 6 time 15 ack 105;");
    assert_false(b.stream.held_acknowledges);
    g_string_free(notes, TRUE);
    end(&b);
}

/* ---- FIN ---- */

SCENARIO(fin_with_data)
{
    syn(b);
    fin(b, 0, "abc");
    assert_true(b->stream.closed);
    assert_out(b, "abc");
    fin(b, 0, "abc");
    assert_verdict(b, true, false, false);
    fin(b, 3, "");
    ack(b, 4);
    finish(b, CTI_GAP_CAPTURE_ENDED);
    assert_out(b, "abc");
}

SCENARIO(fin_before_earlier_data)
{
    syn(b);
    send(b, 0, "abc");
    fin(b, 6, "");
    assert_false(b->stream.closed);
    send(b, 3, "def");
    assert_true(b->stream.closed);
    assert_out(b, "abcdef");
}

SCENARIO(fin_with_data_before_earlier_data)
{
    syn(b);
    fin(b, 3, "def");
    assert_verdict(b, false, true, false);
    assert_false(b->stream.closed);
    send(b, 0, "abc");
    assert_true(b->stream.closed);
    assert_out(b, "abcdef");
}

SCENARIO(gap_before_fin)
{
    syn(b);
    send(b, 0, "abc");
    fin(b, 6, "");
    finish(b, CTI_GAP_CAPTURE_ENDED);
    assert_out(b, "abc[3 closed]");
    assert_true(b->stream.closed);
}

/* What the peer acknowledged is sure, and closes the stream then, not at the end. */
SCENARIO(acknowledged_gap_before_fin)
{
    syn(b);
    send(b, 0, "abc");
    fin(b, 6, "");
    assert_out(b, "abc");
    ack(b, 7);
    assert_out(b, "abc");
    expire(b);
    assert_out(b, "abc[3 acked]");
    assert_true(b->stream.closed);
    finish(b, CTI_GAP_CAPTURE_ENDED);
    assert_out(b, "abc[3 acked]");
}

SCENARIO(gap_before_fin_acknowledged_first)
{
    syn(b);
    send(b, 0, "abc");
    ack(b, 7);
    fin(b, 6, "");
    assert_out(b, "abc");
    expire(b);
    assert_out(b, "abc[3 acked]");
    assert_true(b->stream.closed);
}

SCENARIO(gap_and_an_early_fin)
{
    syn(b);
    send(b, 0, "abc");
    fin(b, 9, "");
    send(b, 6, "ghi");
    assert_false(b->stream.closed);
    finish(b, CTI_GAP_CAPTURE_ENDED);
    assert_out(b, "abc[3 closed]ghi");
    assert_true(b->stream.closed);
}

SCENARIO(holes_on_both_sides_of_held_bytes_before_fin)
{
    syn(b);
    fin(b, 9, "");
    send(b, 3, "def");
    ack(b, 10);
    expire(b);
    assert_out(b, "[3 acked]def[3 acked]");
    assert_true(b->stream.closed);
}

/* RFC 9293, section 3.10.7.4: "This should not occur since a FIN has been received from the
 * remote side.  Ignore the segment text." */
SCENARIO(data_behind_fin)
{
    syn(b);
    fin(b, 0, "abc");
    send(b, 3, "X");
    send(b, 3, "XYZ");
    assert_verdict(b, false, false, false);
    send(b, 4, "XYZ");
    assert_verdict(b, false, false, false);
    send(b, 2, "cXYZ");
    assert_verdict(b, true, false, false);
    send(b, 1000, "XYZ");
    ack(b, 1003);
    finish(b, CTI_GAP_CAPTURE_ENDED);
    assert_out(b, "abc");
    assert_int_equal(b->stream.held_bytes, 0);
}

SCENARIO(data_behind_a_fin_that_came_early)
{
    syn(b);
    fin(b, 6, "");
    send(b, 3, "defXYZ");
    send(b, 6, "XYZ");
    assert_int_equal(held_size(b), 3);
    send(b, 0, "abc");
    assert_true(b->stream.closed);
    assert_out(b, "abcdef");
}

SCENARIO(fin_again_with_another_number)
{
    syn(b);
    send(b, 0, "abc");
    fin(b, 3, "");
    fin(b, 30, "");
    ack(b, 4);
    finish(b, CTI_GAP_CAPTURE_ENDED);
    assert_out(b, "abc");
}

/* FIN of an earlier connection: no receiver would take it. */
SCENARIO(fin_with_an_old_number)
{
    syn(b);
    send(b, 0, "abcdef");
    fin(b, 2, "");
    fin(b, 0x90000000, "");
    assert_false(b->stream.closed);
    send(b, 6, "ghi");
    fin(b, 9, "");
    assert_true(b->stream.closed);
    assert_out(b, "abcdefghi");
}

/* ---- RST ---- */

SCENARIO(reset_is_taken_within_the_window)
{
    const uint32_t first = b->initial + 1;

    assert_true(cti_tcp_stream_accepts_reset(&b->stream, 12345)); /* nothing is known yet */
    assert_true(cti_tcp_stream_accepts_reset(&b->stream, 0));
    syn(b);
    send(b, 0, "abcdef");
    assert_true(cti_tcp_stream_accepts_reset(&b->stream, first + 6));
    assert_true(cti_tcp_stream_accepts_reset(&b->stream, first + 7)); /* behind a FIN */
    assert_true(cti_tcp_stream_accepts_reset(&b->stream, first + 60000));
    assert_false(cti_tcp_stream_accepts_reset(&b->stream, first + 3));
    assert_false(cti_tcp_stream_accepts_reset(&b->stream, first - 1));
    assert_false(cti_tcp_stream_accepts_reset(&b->stream, first + 16 * MIB));
    assert_false(cti_tcp_stream_accepts_reset(&b->stream, first + 0x80000000));
    if (first + 16 * MIB > 32 * MIB) /* 0 is a number like the others */
        assert_false(cti_tcp_stream_accepts_reset(&b->stream, 0));
}

/* ---- start ---- */

SCENARIO(start_inside_the_stream)
{
    feed(b, CTI_FLAG_ACK, 500, "", 0, 0);
    assert_false(b->stream.synced); /* a number alone may be a keep-alive's */
    send(b, 500, "abc");
    assert_true(b->stream.synced);
    assert_false(b->stream.saw_syn);
    send(b, 506, "ghi");
    send(b, 503, "def");
    send(b, 400, "old");
    assert_verdict(b, true, false, false);
    assert_out(b, "abcdefghi");
}

SCENARIO(data_before_its_syn)
{
    send(b, 0, "abc");
    syn(b);
    assert_true(b->stream.saw_syn);
    send(b, 3, "def");
    syn(b);
    assert_verdict(b, true, false, false);
    send(b, 6, "ghi");
    assert_out(b, "abcdefghi");
    assert_false(cti_tcp_stream_is_new_syn(&b->stream, b->initial));
}

SCENARIO(syn_with_data)
{
    feed(b, CTI_FLAG_SYN, 0, "abc", 3, 3);
    assert_out(b, "abc");
    feed(b, CTI_FLAG_SYN, 0, "abc", 3, 3);
    assert_verdict(b, true, false, false);
    send(b, 0, "abc");
    assert_verdict(b, true, false, false);
    send(b, 3, "def");
    assert_out(b, "abcdef");
}

SCENARIO(gap_right_behind_syn)
{
    syn(b);
    send(b, 4, "efg");
    ack(b, 7);
    expire(b);
    assert_out(b, "[4 acked]efg");
}

SCENARIO(fin_alone)
{
    fin(b, 77, "");
    finish(b, CTI_GAP_CAPTURE_ENDED);
    assert_out(b, "");
    assert_true(b->stream.closed);
}

SCENARIO(which_syn_is_new)
{
    const uint32_t first = b->initial + 1;

    assert_false(cti_tcp_stream_is_new_syn(&b->stream, 99)); /* the first one of all */
    syn(b);
    send(b, 0, "abc");
    assert_false(cti_tcp_stream_is_new_syn(&b->stream, b->initial)); /* repeated */
    assert_true(cti_tcp_stream_is_new_syn(&b->stream, first + 5));
    assert_true(cti_tcp_stream_is_new_syn(&b->stream, first + 0x60000000));
    assert_true(cti_tcp_stream_is_new_syn(&b->stream, first + 0xA0000000));
    fin(b, 3, "");
    assert_true(cti_tcp_stream_is_new_syn(&b->stream, first + 5));
    assert_false(cti_tcp_stream_is_new_syn(&b->stream, b->initial));
}

SCENARIO(own_syn_behind_data)
{
    send(b, 0, "abc");
    assert_false(cti_tcp_stream_is_new_syn(&b->stream, b->initial));
    assert_true(cti_tcp_stream_is_new_syn(&b->stream, b->initial + 10));
    assert_true(cti_tcp_stream_is_new_syn(&b->stream, b->initial - 0x40000000));
}

/* As long as the peer has not acknowledged one, and nothing came, the last SYN-ACK counts. */
SCENARIO(several_syn_acks)
{
    const uint32_t second = b->initial + 5000;

    syn(b);
    b->initial = second;
    syn(b);
    assert_verdict(b, false, false, false);
    ack(b, 0);
    b->initial -= 77;
    syn(b); /* too late */
    assert_verdict(b, true, false, false);
    b->initial = second;
    send(b, 0, "abc");
    assert_out(b, "abc");
    assert_true(b->stream.owed == 0);
    ack(b, 10);
    assert_true(b->stream.owed == b->stream.next + 7);
}

SCENARIO(syn_repeated_while_data_flows)
{
    syn(b);
    syn(b);
    assert_verdict(b, true, false, false);
    send(b, 0, "abc");
    syn(b);
    send(b, 6, "ghi");
    syn(b);
    send(b, 3, "def");
    assert_out(b, "abcdefghi");
}

/* ---- life signs ---- */

SCENARIO(keep_alives)
{
    syn(b);
    send(b, 0, "abc");
    feed(b, CTI_FLAG_ACK, 3, "", 0, 0); /* a plain ACK */
    assert_verdict(b, false, false, false);
    feed(b, CTI_FLAG_ACK, 2, "", 0, 0);
    assert_verdict(b, false, false, true);
    send(b, 2, "?"); /* its byte need not be the right one */
    assert_verdict(b, false, false, true);
    send(b, 1, "b");
    assert_verdict(b, true, false, false);
    send(b, 3, "d"); /* a zero-window probe: a new byte, sent again later */
    assert_verdict(b, false, false, false);
    send(b, 3, "def");
    assert_verdict(b, true, false, false);
    assert_out(b, "abcdef");
}

SCENARIO(keep_alives_before_any_data)
{
    syn(b);
    feed(b, CTI_FLAG_ACK, UINT32_MAX, "", 0, 0);
    assert_verdict(b, false, false, true);
    send(b, UINT32_MAX, "?");
    assert_verdict(b, false, false, true);
    send(b, 0, "abc");
    assert_out(b, "abc");
}

/* FIN has a number of its own, and a keep-alive repeats that one. */
SCENARIO(keep_alives_behind_fin)
{
    syn(b);
    fin(b, 0, "abc");
    feed(b, CTI_FLAG_ACK, 4, "", 0, 0);
    assert_verdict(b, false, false, false);
    feed(b, CTI_FLAG_ACK, 3, "", 0, 0);
    assert_verdict(b, false, false, true);
    send(b, 3, "?");
    assert_verdict(b, false, false, true);
    assert_out(b, "abc");
}

/* ---- cut by the snaplen ---- */

SCENARIO(payload_cut_by_the_snaplen)
{
    syn(b);
    send_cut(b, 0, "a", 3);
    assert_out(b, "a[2 snaplen]");
    send(b, 3, "def");
    send_cut(b, 6, "", 3);
    send(b, 9, "jkl");
    assert_out(b, "a[2 snaplen]def[3 snaplen]jkl");
}

SCENARIO(cut_payload_that_was_partly_seen)
{
    syn(b);
    send(b, 0, "abc");
    send_cut(b, 0, "ab", 6); /* only old bytes of it are there */
    assert_out(b, "abc[3 snaplen]");
    send_cut(b, 4, "XXg", 5);
    assert_out(b, "abc[3 snaplen]g[2 snaplen]");
}

SCENARIO(cut_payload_that_is_held)
{
    syn(b);
    send_cut(b, 6, "gh", 4);
    send(b, 3, "defXXXXkl");
    assert_out(b, "");
    send_cut(b, 10, "X", 5);
    send(b, 0, "abc");
    assert_out(b, "abcdefgh[2 snaplen]kl[3 snaplen]");
}

/* ---- long streams ---- */

static uint64_t long_position;

static void count_data(void *user, const uint8_t *bytes, uint32_t size)
{
    (void)user;
    (void)bytes;
    long_position += size;
}

static void no_gap(void *user, uint64_t bytes, cti_gap_cause cause)
{
    (void)user;
    (void)bytes;
    (void)cause;
    fail();
}

/* The numbers wrap twice; pairs of segments come swapped, the peer acknowledges each. */
static void more_than_8_gib(void **state)
{
    static uint8_t payload[64 * KIB];
    static const cti_tcp_sink counting = {count_data, no_gap};
    const uint64_t end_position = UINT64_C(9) << 30;
    cti_segment segment = {.sequence = 0xFFFF8000, .flags = CTI_FLAG_SYN, .payload = payload};
    cti_tcp_stream stream;
    cti_tcp_pool pool;

    (void)state;
    long_position = 0;
    cti_tcp_pool_init(&pool);
    cti_tcp_stream_init(&stream, MIB, &pool, NULL);
    cti_tcp_stream_feed(&stream, &segment, &counting, NULL);
    segment.flags = CTI_FLAG_ACK;
    segment.captured = segment.length = sizeof(payload);
    for (uint64_t position = 0; position < end_position; position += 2 * sizeof(payload)) {
        segment.sequence = (uint32_t)(0xFFFF8001 + position + sizeof(payload));
        assert_true(cti_tcp_stream_feed(&stream, &segment, &counting, NULL).out_of_order);
        segment.sequence -= sizeof(payload);
        assert_false(cti_tcp_stream_feed(&stream, &segment, &counting, NULL).retransmission);
        segment.acknowledgment = segment.sequence + 2 * sizeof(payload);
        cti_tcp_stream_acknowledge(&stream, &segment);
        assert_true(stream.owed == 0);
    }
    assert_true(long_position == end_position);
    cti_tcp_stream_finish(&stream, CTI_GAP_CAPTURE_ENDED, &counting, NULL);
    cti_tcp_stream_release(&stream);
    assert_int_equal(pool.held, 0);
}

/* ---- random segments against a model ---- */

static uint64_t random_state;

static uint32_t below(uint32_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 16) % limit;
}

#define LONGEST 3000
#define SEGMENTS_MAX 400

/* What a byte of the stream is: a value, or one of these. */
enum { MISSING = -1 };

typedef struct piece {
    uint32_t start, captured, length;
} piece;

typedef struct trial {
    uint32_t size;
    uint8_t text[LONGEST];
    piece pieces[SEGMENTS_MAX];
    uint32_t piece_count;
    bool touched[LONGEST]; /* some segment had this byte on the wire */
    int first[LONGEST];    /* the byte as the first segment had it, or MISSING */
    uint32_t came;         /* this much came out */
    int out[LONGEST];
} trial;

static void trial_data(void *user, const uint8_t *bytes, uint32_t size)
{
    trial *t = user;

    assert_true(size <= t->size - t->came);
    for (uint32_t i = 0; i < size; i++)
        t->out[t->came++] = bytes[i];
}

static void trial_gap(void *user, uint64_t bytes, cti_gap_cause cause)
{
    trial *t = user;

    (void)cause;
    assert_true(bytes <= t->size - t->came);
    for (uint64_t i = 0; i < bytes; i++)
        t->out[t->came++] = MISSING;
}

static const cti_tcp_sink trial_sink = {trial_data, trial_gap};

typedef struct kind {
    bool lossy;       /* some segments are not there */
    bool conflicting; /* some segments have other bytes */
    bool cut;         /* some are cut by the snaplen */
    bool limited;     /* the limit and acknowledgments force gaps early */
} kind;

/* Cuts the text in segments that cover it all, adds some that overlap these, loses some,
 * and shuffles: near ones more than far ones. */
static void cut_text(trial *t, const kind *k)
{
    const uint32_t longest = 1 + below(60);
    uint32_t extra = below(60);

    t->piece_count = 0;
    for (uint32_t start = 0; start < t->size && t->piece_count < SEGMENTS_MAX - 60;) {
        uint32_t length = 1 + below(longest);

        if (length > t->size - start || t->piece_count == SEGMENTS_MAX - 61)
            length = t->size - start;
        t->pieces[t->piece_count++] = (piece){start, length, length};
        start += length;
    }
    while (extra-- > 0) {
        const uint32_t start = below(t->size);
        const uint32_t length = 1 + below(MIN(200, t->size - start));

        t->pieces[t->piece_count++] = (piece){start, length, length};
    }
    for (uint32_t i = 0; i < t->piece_count; i++) {
        const uint32_t reach = below(4) ? MIN(i + 8, t->piece_count) : t->piece_count;
        const uint32_t other = i + below(reach - i);
        const piece swap = t->pieces[i];

        t->pieces[i] = t->pieces[other];
        t->pieces[other] = swap;
    }
    if (k->lossy)
        for (uint32_t lost = below(8); lost > 0 && t->piece_count > 0; lost--) {
            t->pieces[below(t->piece_count)] = t->pieces[t->piece_count - 1];
            t->piece_count--;
        }
    if (k->cut)
        for (uint32_t i = 0; i < t->piece_count; i++)
            if (below(5) == 0)
                t->pieces[i].captured = below(t->pieces[i].length);
}

static void run_trial(trial *t, const kind *k)
{
    const uint32_t initial = below(2) ? below(UINT32_MAX) : 0u - below(2 * LONGEST);
    cti_segment segment = {.sequence = initial, .flags = CTI_FLAG_SYN};
    const uint32_t fin_after = below(100);
    cti_tcp_stream stream;
    cti_tcp_pool pool;

    t->came = 0;
    t->size = 1 + below(LONGEST);
    for (uint32_t i = 0; i < t->size; i++) {
        t->text[i] = (uint8_t)below(256);
        t->first[i] = MISSING;
        t->touched[i] = false;
    }
    cut_text(t, k);
    cti_tcp_pool_init(&pool);
    cti_tcp_stream_init(&stream, k->limited ? 200 + below(2000) : MIB, &pool, t);
    cti_tcp_stream_feed(&stream, &segment, &trial_sink, t);
    for (uint32_t i = 0; i < t->piece_count; i++) {
        const piece *p = &t->pieces[i];
        uint8_t *bytes = malloc(p->captured + 1);
        cti_tcp_verdict verdict;
        bool differs = false;

        assert_non_null(bytes);
        for (uint32_t n = 0; n < p->captured; n++)
            bytes[n + 1] = t->text[p->start + n] ^ (k->conflicting && below(3) == 0);
        for (uint32_t n = 0; n < p->length; n++) {
            if (!t->touched[p->start + n] && n < p->captured)
                t->first[p->start + n] = bytes[n + 1];
            else if (n < p->captured && t->first[p->start + n] != bytes[n + 1])
                differs = true;
            t->touched[p->start + n] = true;
        }
        segment = (cti_segment){.sequence = initial + 1 + p->start,
                                .flags = CTI_FLAG_ACK,
                                .payload = bytes + 1,
                                .captured = p->captured,
                                .length = p->length};
        verdict = cti_tcp_stream_feed(&stream, &segment, &trial_sink, t);
        free(bytes);
        assert_true(differs || !verdict.differs);
        assert_true(stream.held_bytes <= stream.limit);
        assert_int_equal(stream.held_bytes, pool.held);
        assert_ptr_equal(cti_tcp_pool_oldest(&pool), pool.held > 0 ? t : NULL);
        segment.acknowledgment =
            initial + 1 + below(k->limited && below(4) == 0 ? t->size : t->came + 1);
        cti_tcp_stream_acknowledge(&stream, &segment);
        if (k->limited && below(4) == 0)
            cti_tcp_stream_expire(&stream, 0, 0, &trial_sink, t);
        if (i == fin_after) {
            segment = (cti_segment){.sequence = initial + 1 + t->size, .flags = CTI_FLAG_FIN};
            cti_tcp_stream_feed(&stream, &segment, &trial_sink, t);
        }
    }
    segment = (cti_segment){.sequence = initial + 1 + t->size, .flags = CTI_FLAG_FIN};
    cti_tcp_stream_feed(&stream, &segment, &trial_sink, t);
    assert_true(stream.closed == (t->came == t->size));
    cti_tcp_stream_finish(&stream, CTI_GAP_CAPTURE_ENDED, &trial_sink, t);
    assert_true(stream.closed);
    assert_int_equal(t->came, t->size);
    assert_int_equal(stream.held_bytes, 0);
    cti_tcp_stream_release(&stream);
}

/* The number of the trial that fails is told, so that it can be run alone. */
static void run_trials(uint64_t seed, uint32_t count, const kind *k)
{
    static trial t;

    for (uint32_t i = 0; i < count; i++) {
        random_state = (seed << 32) + i + 1;
        run_trial(&t, k);
        for (uint32_t n = 0; n < t.size; n++) {
            /* A gap that was forced may lack bytes that came later. */
            if (t.out[n] == t.first[n] || (k->limited && t.out[n] == MISSING))
                continue;
            print_error("trial %u: byte %u is %d and not %d\n", i, n, t.out[n], t.first[n]);
            fail();
        }
    }
}

static void random_segments_make_the_whole(void **state)
{
    const kind k = {0};

    (void)state;
    run_trials(1, 3000, &k);
}

static void random_losses_make_exactly_their_gaps(void **state)
{
    const kind k = {.lossy = true};

    (void)state;
    run_trials(2, 3000, &k);
}

static void random_conflicts_keep_the_bytes_seen_first(void **state)
{
    const kind k = {.lossy = true, .conflicting = true};

    (void)state;
    run_trials(3, 3000, &k);
}

static void random_cuts_make_exactly_their_gaps(void **state)
{
    const kind k = {.lossy = true, .conflicting = true, .cut = true};

    (void)state;
    run_trials(4, 3000, &k);
}

/* Whatever forces a gap: bytes and gaps make the whole, in order, each byte right. */
static void random_limits_and_acknowledgments(void **state)
{
    const kind k = {.lossy = true, .cut = true, .limited = true};

    (void)state;
    run_trials(5, 3000, &k);
}

/* ---- what is held, against a model ---- */

#define SPAN 4096

/* Each byte of the stream, from its start on: the number of the segment that brought it first (from
 * 1 on, 0 where none did), its value, or MISSING where the capture has none. */
typedef struct store_model {
    uint32_t owner[SPAN];
    int value[SPAN];
} store_model;

static uint32_t acknowledgment_of(uint32_t segment)
{
    return segment * 2654435761u;
}

/* The index, where there is one, has the pieces of the list in the same order. */
static void assert_index(const cti_tcp_stream *stream)
{
    GTreeNode *node;

    if (stream->index == NULL)
        return;
    assert_true(stream->held.length > 0);
    assert_int_equal(g_tree_nnodes(stream->index), stream->held.length);
    node = g_tree_node_first(stream->index);
    for (const GList *link = stream->held.head; link != NULL; link = link->next) {
        assert_ptr_equal(g_tree_node_value(node), link->data);
        node = g_tree_node_next(node);
    }
    assert_null(node);
}

/* The pieces are the model's runs of bytes of one owner, neither more nor less. */
static void assert_pieces(const cti_tcp_stream *stream, const store_model *model)
{
    const GList *link = stream->held.head;
    uint64_t cost = 0;

    for (uint32_t at = 0; at < SPAN;) {
        const held *piece;
        const uint32_t owner = model->owner[at];
        uint32_t size = 0;

        if (owner == 0) {
            at++;
            continue;
        }
        assert_non_null(link);
        piece = link->data;
        link = link->next;
        while (at + size < SPAN && model->owner[at + size] == owner)
            size++;
        assert_true(piece->sequence == stream->next + at);
        assert_int_equal(piece->length, size);
        assert_int_equal(piece->frame, owner);
        assert_int_equal(piece->time, owner + 7);
        assert_int_equal(piece->acknowledges, owner % 3 != 0);
        assert_int_equal(piece->acknowledgment, acknowledgment_of(owner));
        for (uint32_t i = 0; i < size; i++)
            if (i < piece->captured)
                assert_int_equal(piece->bytes[i], model->value[at + i]);
            else
                assert_int_equal(model->value[at + i], MISSING);
        cost += CTI_TCP_PIECE_COST + piece->captured;
        at += size;
    }
    assert_null(link);
    assert_true(cost == stream->held_bytes && cost == stream->pool->held);
    assert_index(stream);
}

/* Holds a random segment, and checks what the verdict says of it. */
static void hold_random(cti_tcp_stream *stream, store_model *model, uint32_t number,
                        uint32_t longest)
{
    uint8_t bytes[256];
    const uint32_t start = below(SPAN);
    const uint32_t length = 1 + below(MIN(longest, SPAN - start));
    const uint32_t captured = below(8) ? length : below(length + 1);
    const cti_segment from = {.time = number + 7,
                              .frame = number,
                              .flags = number % 3 ? CTI_FLAG_ACK : 0,
                              .acknowledgment = acknowledgment_of(number)};
    cti_tcp_verdict verdict = {.retransmission = false};
    bool again = false, differs = false;

    for (uint32_t i = 0; i < length; i++) {
        const uint32_t at = start + i;
        const bool other = below(64) == 0;

        if (i < captured)
            bytes[i] = (uint8_t)(at * 7 + other);
        if (model->owner[at] != 0) {
            again = true;
            differs |= i < captured && model->value[at] != MISSING && model->value[at] != bytes[i];
            continue;
        }
        model->owner[at] = number;
        model->value[at] = i < captured ? bytes[i] : MISSING;
    }
    cti_tcp_store_hold(stream, &from, stream->next + start, captured > 0 ? bytes : NULL, captured,
                       length, &verdict);
    assert_int_equal(verdict.retransmission, again);
    assert_int_equal(verdict.differs, differs);
}

/* Takes the first piece, if there is one. */
static void take_first(cti_tcp_stream *stream, store_model *model)
{
    held *piece = cti_tcp_store_first(stream);

    if (piece == NULL)
        return;
    for (uint32_t i = 0; i < piece->length; i++)
        model->owner[piece->sequence - stream->next + i] = 0;
    cti_tcp_store_take(stream, piece);
    g_free(piece);
}

static void random_pieces_are_held_in_order(void **state)
{
    static const uint32_t longest[] = {1, 4, 30, 256};
    static store_model model;
    uint32_t with_index = 0;

    (void)state;
    for (uint32_t trial = 0; trial < 4000; trial++) {
        const uint32_t limit = longest[trial % 4];
        uint32_t operations, takes;
        cti_tcp_stream stream;
        cti_tcp_pool pool;

        random_state = (UINT64_C(6) << 32) + trial + 1;
        operations = 1 + below(trial % 8 ? 120 : 1000);
        takes = 1 + below(12);
        memset(model.owner, 0, sizeof(model.owner));
        cti_tcp_pool_init(&pool);
        cti_tcp_stream_init(&stream, MIB, &pool, &stream);
        stream.next = (UINT64_C(1) << 33) + below(UINT32_MAX);
        for (uint32_t i = 1; i <= operations; i++) {
            if (below(takes) == 0)
                take_first(&stream, &model);
            else
                hold_random(&stream, &model, i, limit);
            if (below(16) == 0)
                assert_pieces(&stream, &model);
        }
        assert_pieces(&stream, &model);
        with_index += stream.index != NULL;
        while (trial % 2 && stream.held.length > 0)
            take_first(&stream, &model);
        cti_tcp_stream_release(&stream);
        assert_null(stream.index);
        assert_true(stream.held_bytes == 0 && pool.held == 0 && pool.streams.length == 0);
    }
    assert_in_range(with_index, 500, 3500);
}

/* ---- many pieces ---- */

static uint32_t expected_byte;

static void take_in_order(void *user, const uint8_t *bytes, uint32_t size)
{
    (void)user;
    for (uint32_t i = 0; i < size; i++)
        assert_int_equal(bytes[i], (uint8_t)(expected_byte++ * 31));
}

/* The processor time that count segments of one byte take, in random order, in seconds. */
static double shuffled_bytes(uint32_t count)
{
    static const cti_tcp_sink ordered = {take_in_order, no_gap};
    uint32_t *order = g_new(uint32_t, count);
    const cti_segment syn_segment = {.sequence = UINT32_MAX - count / 2, .flags = CTI_FLAG_SYN};
    uint32_t indexed = 0;
    clock_t began;
    cti_tcp_stream stream;
    cti_tcp_pool pool;

    random_state = 7;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t other = below(i + 1);

        order[i] = order[other];
        order[other] = i;
    }
    expected_byte = 0;
    cti_tcp_pool_init(&pool);
    cti_tcp_stream_init(&stream, 64 * MIB, &pool, NULL);
    cti_tcp_stream_feed(&stream, &syn_segment, &ordered, NULL);
    began = clock();
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t byte = (uint8_t)(order[i] * 31);
        const cti_segment segment = {.sequence = syn_segment.sequence + 1 + order[i],
                                     .flags = CTI_FLAG_ACK,
                                     .payload = &byte,
                                     .captured = 1,
                                     .length = 1};

        cti_tcp_stream_feed(&stream, &segment, &ordered, NULL);
        indexed += stream.index != NULL;
    }
    began = clock() - began;
    assert_int_equal(expected_byte, count);
    assert_null(stream.index);
    /* Without it each search would walk through the list. */
    assert_true(indexed > count - count / 10);
    cti_tcp_stream_release(&stream);
    g_free(order);
    return (double)began / CLOCKS_PER_SEC;
}

/* Prints the best times; they depend on the machine, so that nothing is asserted about them. */
static void random_order_of_many_segments(void **state)
{
    double few = G_MAXDOUBLE, many = G_MAXDOUBLE;

    (void)state;
    for (int round = 0; round < 3; round++) {
        few = MIN(few, shuffled_bytes(10000));
        many = MIN(many, shuffled_bytes(40000));
    }
    print_message("segments of one byte in random order: 10000 in %.1f ms, 40000 in %.1f ms, "
                  "ratio %.1f\n",
                  few * 1e3, many * 1e3, many / MAX(few, 1e-6));
}

/* Segments swapped with their neighbours make no index. */
static void few_pieces_have_no_index(void **state)
{
    bench b;

    (void)state;
    begin(&b, 0);
    syn(&b);
    for (uint32_t i = 0; i < 1000; i += 4) {
        static const uint32_t order[] = {3, 1, 2, 0};

        for (uint32_t n = 0; n < 4; n++) {
            send(&b, i + order[n], "x");
            assert_null(b.stream.index);
        }
    }
    for (uint32_t i = 0; i < 1000; i++) /* with a gap before them, in order */
        send(&b, 1001 + i, "x");
    assert_int_equal(b.stream.held.length, 1000);
    assert_null(b.stream.index);
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order),
        cmocka_unit_test(exact_retransmission),
        cmocka_unit_test(retransmission_of_a_part),
        cmocka_unit_test(retransmission_with_new_bytes_behind),
        cmocka_unit_test(other_bytes_again),
        cmocka_unit_test(other_bytes_where_some_are_held),
        cmocka_unit_test(other_bytes_are_told),
        cmocka_unit_test(other_bytes_around_a_gap),
        cmocka_unit_test(other_bytes_far_back),
        cmocka_unit_test(next_bytes_run_into_held_ones),
        cmocka_unit_test(segment_covers_a_held_one),
        cmocka_unit_test(segment_covers_several_held_ones),
        cmocka_unit_test(segment_bridges_two_held_ones),
        cmocka_unit_test(held_range_sent_again),
        cmocka_unit_test(neighbours_swapped),
        cmocka_unit_test(late_by_five),
        cmocka_unit_test(twelve_in_reverse),
        cmocka_unit_test(missing_segment_comes_twice),
        cmocka_unit_test(gap_when_the_peer_acknowledges_it),
        cmocka_unit_test(acknowledgment_of_just_the_gap),
        cmocka_unit_test(acknowledged_before_the_next_segment),
        cmocka_unit_test(acknowledgment_overtakes_data),
        cmocka_unit_test(two_gaps_in_one_go_and_one_by_one),
        cmocka_unit_test(old_acknowledgments_declare_nothing),
        cmocka_unit_test(acknowledgment_far_off_is_ignored),
        cmocka_unit_test(acknowledgment_before_any_segment),
        cmocka_unit_test(gap_at_the_end_of_the_capture),
        cmocka_unit_test(gap_at_reset),
        cmocka_unit_test(acknowledged_gap_with_nothing_behind_it),
        cmocka_unit_test(acknowledged_twice_with_nothing_behind_it),
        cmocka_unit_test(acknowledged_fin_that_was_not_seen_is_no_gap),
        cmocka_unit_test(nothing_at_all_is_no_gap),
        cmocka_unit_test(gap_by_limit),
        cmocka_unit_test(limit_forces_the_oldest_gap_only),
        cmocka_unit_test(pool_of_streams),
        cmocka_unit_test(limit_holds_for_pieces_without_bytes),
        cmocka_unit_test(limit_of_pieces),
        cmocka_unit_test(held_bytes_keep_their_acknowledgment),
        cmocka_unit_test(fin_with_data),
        cmocka_unit_test(fin_before_earlier_data),
        cmocka_unit_test(fin_with_data_before_earlier_data),
        cmocka_unit_test(gap_before_fin),
        cmocka_unit_test(acknowledged_gap_before_fin),
        cmocka_unit_test(gap_before_fin_acknowledged_first),
        cmocka_unit_test(gap_and_an_early_fin),
        cmocka_unit_test(holes_on_both_sides_of_held_bytes_before_fin),
        cmocka_unit_test(data_behind_fin),
        cmocka_unit_test(data_behind_a_fin_that_came_early),
        cmocka_unit_test(fin_again_with_another_number),
        cmocka_unit_test(fin_with_an_old_number),
        cmocka_unit_test(reset_is_taken_within_the_window),
        cmocka_unit_test(start_inside_the_stream),
        cmocka_unit_test(data_before_its_syn),
        cmocka_unit_test(syn_with_data),
        cmocka_unit_test(gap_right_behind_syn),
        cmocka_unit_test(fin_alone),
        cmocka_unit_test(which_syn_is_new),
        cmocka_unit_test(own_syn_behind_data),
        cmocka_unit_test(several_syn_acks),
        cmocka_unit_test(syn_repeated_while_data_flows),
        cmocka_unit_test(keep_alives),
        cmocka_unit_test(keep_alives_before_any_data),
        cmocka_unit_test(keep_alives_behind_fin),
        cmocka_unit_test(payload_cut_by_the_snaplen),
        cmocka_unit_test(cut_payload_that_was_partly_seen),
        cmocka_unit_test(cut_payload_that_is_held),
        cmocka_unit_test(more_than_8_gib),
        cmocka_unit_test(random_segments_make_the_whole),
        cmocka_unit_test(random_losses_make_exactly_their_gaps),
        cmocka_unit_test(random_conflicts_keep_the_bytes_seen_first),
        cmocka_unit_test(random_cuts_make_exactly_their_gaps),
        cmocka_unit_test(random_limits_and_acknowledgments),
        cmocka_unit_test(random_pieces_are_held_in_order),
        cmocka_unit_test(random_order_of_many_segments),
        cmocka_unit_test(few_pieces_have_no_index),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
