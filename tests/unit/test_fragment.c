/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fragmented packets: pieces in all orders, more than once, overlapping, cut, too few and too
 * many of them.  Pieces are added from memory of just their size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <glib.h>

#include "fragment.h"

#define SECOND INT64_C(1000000000)
#define SIZE_MAX_IP 65535u

static fragments *all;
static ip_piece whole;
static uint8_t original[SIZE_MAX_IP];

static int set_up(void **state)
{
    (void)state;
    all = fragments_new(FRAGMENT_PACKETS);
    for (uint32_t i = 0; i < sizeof(original); i++)
        original[i] = (uint8_t)(i * 7 + i / 251);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fragments_free(all);
    return 0;
}

/* A piece of packet number ident, without its bytes. */
static ip_piece piece_of(uint32_t ident, uint32_t offset, uint32_t length, bool more)
{
    ip_piece piece = {.identification = ident,
                      .protocol = 6,
                      .depth = 1,
                      .more = more,
                      .offset = offset,
                      .captured = length,
                      .length = length};

    piece.source.address_size = piece.destination.address_size = 4;
    piece.source.address[0] = 10;
    piece.destination.address[0] = 11;
    return piece;
}

static fragment_result add_bytes(ip_piece piece, const uint8_t *bytes, int64_t time)
{
    uint8_t *memory = malloc(piece.captured + 1);
    fragment_result result;

    assert_non_null(memory);
    memcpy(memory + 1, bytes, piece.captured);
    piece.bytes = memory + 1;
    result = fragments_add(all, &piece, time, &whole);
    free(memory);
    return result;
}

static fragment_result add(ip_piece piece, int64_t time)
{
    return add_bytes(piece, original + piece.offset, time);
}

static void assert_whole(uint32_t length)
{
    assert_int_equal(whole.length, length);
    assert_int_equal(whole.captured, length);
    assert_int_equal(whole.offset, 0);
    assert_false(whole.more);
    assert_memory_equal(whole.bytes, original, length);
}

static void assert_given_up(uint64_t incomplete, uint64_t limit)
{
    assert_int_equal(fragments_given_up(all)->incomplete, incomplete);
    assert_int_equal(fragments_given_up(all)->limit, limit);
}

static void assert_given_up_udp(uint64_t without_first, uint64_t without_tcp)
{
    assert_int_equal(fragments_given_up(all)->without_first, without_first);
    assert_int_equal(fragments_given_up(all)->without_tcp, without_tcp);
}

/* ---- orders ---- */

static void next_permutation(uint32_t *order, uint32_t count, uint32_t number)
{
    for (uint32_t i = 0; i < count; i++)
        order[i] = i;
    for (uint32_t i = count; i > 1; i--) {
        const uint32_t other = number % i, swapped = order[i - 1];

        order[i - 1] = order[other];
        order[other] = swapped;
        number /= i;
    }
}

static void all_orders_of_five(void **state)
{
    (void)state;
    for (uint32_t number = 0; number < 120; number++) {
        uint32_t order[5];

        next_permutation(order, 5, number);
        for (uint32_t i = 0; i < 5; i++) {
            const uint32_t at = order[i] * 16;
            const ip_piece piece = piece_of(number, at, order[i] < 4 ? 16 : 5, order[i] < 4);

            assert_int_equal(add(piece, 0), i < 4 ? FRAGMENT_HELD : FRAGMENT_WHOLE);
        }
        assert_whole(69);
    }
    fragments_finish(all);
    assert_given_up(0, 0);
}

static void the_longest_packet(void **state)
{
    uint32_t at;

    (void)state;
    for (at = 0; at + 1480 < SIZE_MAX_IP; at += 1480)
        assert_int_equal(add(piece_of(1, at, 1480, true), 0), FRAGMENT_HELD);
    assert_int_equal(add(piece_of(1, at, SIZE_MAX_IP - at, false), 0), FRAGMENT_WHOLE);
    assert_whole(SIZE_MAX_IP);
}

/* Pieces of different packets, between one another. */
static void packets_are_told_apart(void **state)
{
    ip_piece first[6], last[6];

    (void)state;
    for (int i = 0; i < 6; i++) {
        first[i] = piece_of(7, 0, 16, true);
        last[i] = piece_of(7, 16, 3, false);
    }
    first[1].identification = last[1].identification = 0x10007;
    first[2].source.address[3] = last[2].source.address[3] = 1;
    first[3].destination.address[3] = last[3].destination.address[3] = 1;
    first[4].protocol = last[4].protocol = 47;
    for (int k = 0; k < 2; k++) {
        ip_piece *piece = k == 0 ? &first[5] : &last[5];

        piece->source.address_size = piece->destination.address_size = 16;
    }
    for (int i = 0; i < 6; i++)
        assert_int_equal(add(first[i], 0), FRAGMENT_HELD);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(add(last[i], 0), FRAGMENT_WHOLE);
        assert_whole(19);
        assert_int_equal(whole.protocol, first[i].protocol);
    }
}

/* With IPv6, the first piece tells the protocol (RFC 8200, section 4.5). */
static void protocol_of_the_first_piece(void **state)
{
    ip_piece first = piece_of(7, 0, 16, true), last = piece_of(7, 16, 3, false);

    (void)state;
    first.source.address_size = last.source.address_size = 16;
    first.protocol = 60;
    assert_int_equal(add(last, 0), FRAGMENT_HELD);
    assert_int_equal(add(first, 0), FRAGMENT_WHOLE);
    assert_int_equal(whole.protocol, 60);
}

/* ---- the same bytes again ---- */

static void copies(void **state)
{
    (void)state;
    assert_int_equal(add(piece_of(1, 0, 16, true), 0), FRAGMENT_HELD);
    assert_int_equal(add(piece_of(1, 0, 16, true), 0), FRAGMENT_REPEATED);
    assert_int_equal(add(piece_of(1, 8, 8, true), 0), FRAGMENT_REPEATED);
    assert_int_equal(add(piece_of(1, 16, 3, false), 0), FRAGMENT_WHOLE);
    assert_whole(19);
    assert_int_equal(add(piece_of(1, 16, 3, false), 0), FRAGMENT_REPEATED);
    assert_int_equal(add(piece_of(1, 0, 16, true), SECOND), FRAGMENT_REPEATED);
    fragments_finish(all);
    assert_given_up(0, 0);
}

/* The number is used again, for another packet. */
static void same_identification_later(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        const int64_t time = i * (SECOND + 1);

        assert_int_equal(add(piece_of(1, 0, 16, true), time), FRAGMENT_HELD);
        assert_int_equal(add(piece_of(1, 16, 3, false), time), FRAGMENT_WHOLE);
    }
    assert_given_up(0, 0);
}

static void first_bytes_win(void **state)
{
    uint8_t others[64];

    (void)state;
    memset(others, 0xEE, sizeof(others));
    assert_int_equal(add(piece_of(1, 8, 8, true), 0), FRAGMENT_HELD);
    assert_int_equal(add(piece_of(1, 24, 8, true), 0), FRAGMENT_HELD);
    assert_int_equal(add(piece_of(1, 40, 8, false), 0), FRAGMENT_HELD);
    assert_int_equal(add_bytes(piece_of(1, 0, 40, true), others, 0), FRAGMENT_WHOLE);
    assert_int_equal(whole.length, 48);
    for (uint32_t i = 0; i < 48; i++)
        assert_int_equal(whole.bytes[i], i / 8 % 2 ? original[i] : 0xEE);
}

/* A piece overlaps the one before, the one behind, both. */
static void overlaps(void **state)
{
    static const struct {
        uint32_t offset, length;
    } middles[] = {{8, 16}, {16, 16}, {8, 24}, {0, 32}, {8, 32}};

    (void)state;
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(add(piece_of(i, 0, 16, true), 0), FRAGMENT_HELD);
        assert_int_equal(add(piece_of(i, 24, 16, false), 0), FRAGMENT_HELD);
        assert_int_equal(add(piece_of(i, middles[i].offset, middles[i].length, true), 0),
                         FRAGMENT_WHOLE);
        assert_whole(40);
    }
}

/* ---- what cannot be ---- */

static void broken_pieces(void **state)
{
    ip_piece piece = piece_of(1, 0, 12, true);

    (void)state;
    assert_int_equal(add(piece, 0), FRAGMENT_BROKEN); /* not of 8 bytes each */
    assert_int_equal(add(piece_of(1, 8, 0, false), 0), FRAGMENT_BROKEN);
    assert_int_equal(add_bytes(piece_of(1, 65528, 8, false), original, 0), FRAGMENT_BROKEN);
    piece = piece_of(1, 0, 8, true);
    piece.length = UINT32_MAX;
    assert_int_equal(add(piece, 0), FRAGMENT_BROKEN);
    assert_given_up(0, 0);
}

static void behind_the_end(void **state)
{
    (void)state;
    assert_int_equal(add(piece_of(1, 16, 8, false), 0), FRAGMENT_HELD);
    assert_int_equal(add(piece_of(1, 24, 8, true), 0), FRAGMENT_BROKEN);
    assert_int_equal(add(piece_of(1, 8, 8, false), 0), FRAGMENT_BROKEN);
    assert_int_equal(add(piece_of(1, 0, 16, true), 0), FRAGMENT_WHOLE);
    assert_int_equal(add(piece_of(2, 16, 8, true), 0), FRAGMENT_HELD);
    assert_int_equal(add(piece_of(2, 8, 8, false), 0), FRAGMENT_BROKEN);
}

/* ---- bytes that the capture cut off ---- */

static void cut_pieces(void **state)
{
    for (uint32_t captured = 0; captured <= 16; captured++) {
        ip_piece piece = piece_of(captured, 16, 16, true);

        piece.captured = captured;
        assert_int_equal(add(piece_of(captured, 32, 5, false), 0), FRAGMENT_HELD);
        assert_int_equal(add(piece, 0), FRAGMENT_HELD);
        assert_int_equal(add(piece_of(captured, 0, 16, true), 0), FRAGMENT_WHOLE);
        assert_int_equal(whole.length, 37);
        assert_int_equal(whole.captured, captured == 16 ? 37 : 16 + captured);
        assert_memory_equal(whole.bytes, original, whole.captured);
    }
    (void)state;
}

/* ---- limits ---- */

static void lost_pieces(void **state)
{
    ip_piece piece;

    (void)state;
    assert_int_equal(add(piece_of(1, 0, 16, true), 0), FRAGMENT_HELD);
    assert_int_equal(add(piece_of(2, 16, 3, false), 10 * SECOND), FRAGMENT_HELD);
    assert_int_equal(add(piece_of(1, 16, 3, false), FRAGMENT_AGE + 1), FRAGMENT_HELD);
    assert_given_up(1, 0);
    piece = piece_of(3, 16, 8, true); /* its ports are missing */
    piece.protocol = 17;
    assert_int_equal(add(piece, FRAGMENT_AGE + 1), FRAGMENT_HELD);
    fragments_finish(all);
    assert_given_up(3, 0);
    assert_given_up_udp(1, 0);
}

/* A datagram that is not a tunnel's is no loss: its frames are counted apart. */
static void lost_pieces_of_udp(void **state)
{
    ip_piece piece = piece_of(1, 0, 16, true);

    (void)state;
    piece.protocol = 17;
    piece.no_tunnel = true;
    piece.frames = 3; /* pieces of a packet that came in pieces */
    assert_int_equal(add(piece, 0), FRAGMENT_HELD);
    assert_int_equal(add(piece, 0), FRAGMENT_REPEATED);
    piece.offset = 32;
    piece.no_tunnel = false;
    piece.frames = 1;
    assert_int_equal(add(piece, 0), FRAGMENT_HELD);
    piece.identification = 2; /* only the second piece */
    assert_int_equal(add(piece, 0), FRAGMENT_HELD);
    piece.identification = 3; /* perhaps a tunnel's */
    piece.offset = 0;
    assert_int_equal(add(piece, 0), FRAGMENT_HELD);
    fragments_finish(all);
    assert_given_up(1, 0);
    assert_given_up_udp(1, 4);
}

static void frames_of_a_whole_packet(void **state)
{
    ip_piece piece = piece_of(1, 0, 16, true);

    (void)state;
    piece.protocol = 17;
    piece.no_tunnel = true;
    piece.frames = 2;
    assert_int_equal(add(piece, 0), FRAGMENT_HELD);
    piece = piece_of(1, 16, 3, false);
    piece.protocol = 17;
    piece.frames = 5;
    assert_int_equal(add(piece, 0), FRAGMENT_WHOLE);
    assert_int_equal(whole.frames, 7);
    assert_true(whole.no_tunnel);
    fragments_finish(all);
    assert_given_up(0, 0);
    assert_given_up_udp(0, 0);
}

static void too_many_packets(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(add(piece_of(i, 0, 8, true), 0), FRAGMENT_HELD);
    assert_given_up(0, 1000 - FRAGMENT_PACKETS);
    assert_int_equal(add(piece_of(999, 8, 8, false), 0), FRAGMENT_WHOLE);
    assert_int_equal(add(piece_of(1000 - FRAGMENT_PACKETS, 8, 8, false), 0), FRAGMENT_WHOLE);
}

static void too_many_bytes(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 200; i++)
        assert_int_equal(add_bytes(piece_of(i, 65520, 8, true), original, 0), FRAGMENT_HELD);
    assert_given_up(0, 200 - FRAGMENT_PACKETS * FRAGMENT_BYTES / 65528);
}

static void too_many_parts(void **state)
{
    uint32_t held = 0;

    (void)state;
    for (uint32_t at = 0; at < 65528; at += 16)
        held += add(piece_of(1, at, 8, true), 0) == FRAGMENT_HELD;
    assert_int_equal(held, 4096);
    assert_true(fragments_given_up(all)->limit >= 1 && fragments_given_up(all)->limit <= 100);
}

static void time_that_jumps(void **state)
{
    (void)state;
    assert_int_equal(add(piece_of(1, 0, 16, true), INT64_MAX), FRAGMENT_HELD);
    assert_int_equal(add(piece_of(1, 16, 3, false), INT64_MIN), FRAGMENT_HELD);
    assert_given_up(1, 0);
    assert_int_equal(add(piece_of(1, 0, 16, true), INT64_MIN + SECOND), FRAGMENT_WHOLE);
    assert_int_equal(add(piece_of(2, 0, 16, true), SECOND), FRAGMENT_HELD);
    assert_int_equal(add(piece_of(2, 16, 3, false), 0), FRAGMENT_WHOLE);
}

/* A packet that was put together holds a piece of another one. */
static void a_piece_within_a_whole_packet(void **state)
{
    ip_piece inner;

    (void)state;
    assert_int_equal(add(piece_of(1, 0, 16, true), 0), FRAGMENT_HELD);
    assert_int_equal(add(piece_of(1, 16, 16, false), 0), FRAGMENT_WHOLE);
    inner = piece_of(2, 0, 8, true);
    inner.bytes = whole.bytes + 20;
    assert_int_equal(fragments_add(all, &inner, 0, &whole), FRAGMENT_HELD);
    assert_int_equal(add_bytes(piece_of(2, 8, 1, false), original, 0), FRAGMENT_WHOLE);
    assert_memory_equal(whole.bytes, original + 20, 8);
}

/* ---- random pieces ---- */

static uint64_t random_state = 1;

static uint32_t below(uint32_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 16) % limit;
}

/* Any pieces of one content, until it is whole: it is that content. */
static void random_pieces(void **state)
{
    uint32_t done = 0;

    (void)state;
    for (uint32_t number = 0; number < 300; number++) {
        const uint32_t units = 1 + below(40), length = units * 8 - below(8);
        fragment_result result = FRAGMENT_HELD;

        for (int i = 0; i < 400 && result != FRAGMENT_WHOLE; i++) {
            const uint32_t at = below(units), most = units - at, count = 1 + below(MIN(most, 5));
            const bool last = at + count == units;

            if (at == 0 && last)
                continue;
            result = add(piece_of(number, at * 8, last ? length - at * 8 : count * 8, !last),
                         number * SECOND);
            assert_true(result != FRAGMENT_BROKEN);
        }
        if (result == FRAGMENT_WHOLE) {
            assert_whole(length);
            done++;
        }
    }
    assert_true(done > 250);
}

static void random_everything(void **state)
{
    (void)state;
    for (int i = 0; i < 100000; i++) {
        ip_piece piece = piece_of(below(400), below(8192) * 8, below(below(4) ? 100 : 9000),
                                  below(2));

        if (piece.length > sizeof(original))
            piece.length = 8;
        piece.captured = below(3) ? piece.length : below(piece.length + 1);
        piece.protocol = below(2) ? 6 : 17;
        piece.source.address_size = below(2) ? 4 : 16;
        if (add_bytes(piece, original, (int64_t)i * SECOND / 100) == FRAGMENT_WHOLE) {
            assert_true(whole.captured <= whole.length);
            assert_true(whole.length <= SIZE_MAX_IP);
        }
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_orders_of_five),
        TEST(the_longest_packet),
        TEST(packets_are_told_apart),
        TEST(protocol_of_the_first_piece),
        TEST(copies),
        TEST(same_identification_later),
        TEST(first_bytes_win),
        TEST(overlaps),
        TEST(broken_pieces),
        TEST(behind_the_end),
        TEST(cut_pieces),
        TEST(lost_pieces),
        TEST(lost_pieces_of_udp),
        TEST(frames_of_a_whole_packet),
        TEST(too_many_packets),
        TEST(too_many_bytes),
        TEST(too_many_parts),
        TEST(time_that_jumps),
        TEST(a_piece_within_a_whole_packet),
        TEST(random_pieces),
        TEST(random_everything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
