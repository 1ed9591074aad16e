/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets that were captured twice, against retransmissions and repeated acknowledgments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "duplicate.h"

#define MICROSECOND INT64_C(1000)
#define MILLISECOND INT64_C(1000000)

enum { TO_SERVER, TO_CLIENT };

static cti_segment segment_at(int64_t time, uint16_t identification)
{
    return (cti_segment){.sequence = 1000,
                         .acknowledgment = 2000,
                         .window = 64240,
                         .flags = CTI_FLAG_ACK,
                         .length = 12,
                         .identification = identification,
                         .checksum = 0x1234,
                         .time = time};
}

#define assert_new(filter, segment, direction) \
    assert_false(cti_duplicate_filter_take(filter, &(segment), direction))
#define assert_copy(filter, segment, direction) \
    assert_true(cti_duplicate_filter_take(filter, &(segment), direction))

static void copy_of_an_identified_packet(void **state)
{
    cti_duplicate_filter filter = {.count = 0};
    cti_segment segment = segment_at(0, 7);

    (void)state;
    assert_new(&filter, segment, TO_SERVER);
    segment.time = 100 * MILLISECOND;
    assert_copy(&filter, segment, TO_SERVER);
    assert_copy(&filter, segment, TO_SERVER); /* three times, as on bridges */
    segment.checksum ^= 1;                    /* filled in by the card, behind the first */
    assert_copy(&filter, segment, TO_SERVER);
    segment.time = CTI_DUPLICATE_TIME;
    assert_copy(&filter, segment, TO_SERVER);
    segment.time++;
    assert_new(&filter, segment, TO_SERVER);
}

/* The sender gives each of its packets a number of its own. */
static void retransmission_is_no_copy(void **state)
{
    cti_duplicate_filter filter = {.count = 0};
    cti_segment segment = segment_at(0, 7);

    (void)state;
    assert_new(&filter, segment, TO_SERVER);
    segment.time = 10;
    segment.identification = 8;
    assert_new(&filter, segment, TO_SERVER);
}

static void any_difference_makes_another_packet(void **state)
{
    (void)state;
    for (int i = 0; i < 7; i++) {
        cti_duplicate_filter filter = {.count = 0};
        cti_segment segment = segment_at(0, i < 5 ? 7 : 0);

        assert_new(&filter, segment, TO_SERVER);
        switch (i) {
        case 0: segment.sequence++; break;
        case 1: segment.acknowledgment++; break;
        case 2: segment.window++; break;
        case 3: segment.length++; break;
        case 4: segment.flags ^= CTI_FLAG_FIN; break;
        case 5: segment.checksum++; break;
        default: break;
        }
        assert_new(&filter, segment, i < 6 ? TO_SERVER : TO_CLIENT);
    }
}

static void copy_without_identification(void **state)
{
    cti_duplicate_filter filter = {.count = 0};
    cti_segment segment = segment_at(0, 0);

    (void)state;
    assert_new(&filter, segment, TO_SERVER);
    segment.time = 20 * MICROSECOND;
    assert_copy(&filter, segment, TO_SERVER);
    segment.time = CTI_DUPLICATE_TIME_UNIDENTIFIED + 1;
    assert_new(&filter, segment, TO_SERVER);
}

/* An acknowledgment came between: it may have asked for it, or ask again itself. */
static void answered_without_identification(void **state)
{
    cti_duplicate_filter filter = {.count = 0};
    cti_segment data = segment_at(0, 0), answer = segment_at(1, 0);

    (void)state;
    assert_new(&filter, data, TO_SERVER);
    assert_new(&filter, answer, TO_CLIENT);
    assert_new(&filter, data, TO_SERVER);
    assert_new(&filter, answer, TO_CLIENT);
}

/* Copies may be some packets behind. */
static void distance(void **state)
{
    (void)state;
    for (uint32_t between = 0; between < 20; between++) {
        cti_duplicate_filter filter = {.count = 0};
        cti_segment segment = segment_at(0, 7);

        assert_new(&filter, segment, TO_SERVER);
        for (uint32_t i = 0; i < between; i++) {
            cti_segment other = segment_at(1, (uint16_t)(8 + i));

            assert_new(&filter, other, i & 1 ? TO_SERVER : TO_CLIENT);
        }
        if (between < CTI_DUPLICATE_DISTANCE)
            assert_copy(&filter, segment, TO_SERVER);
        else
            assert_new(&filter, segment, TO_SERVER);
    }
}

/* Each packet twice, and each two packets twice. */
static void every_packet_twice(void **state)
{
    cti_duplicate_filter one = {.count = 0}, two = {.count = 0};

    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        cti_segment segment = segment_at(i * MILLISECOND, (uint16_t)(1 + i));
        cti_segment next = segment_at(i * MILLISECOND + 1, (uint16_t)(2001 + i));

        segment.sequence = i * 12;
        assert_new(&one, segment, TO_SERVER);
        assert_copy(&one, segment, TO_SERVER);
        assert_new(&two, segment, TO_SERVER);
        assert_new(&two, next, TO_CLIENT);
        assert_copy(&two, segment, TO_SERVER);
        assert_copy(&two, next, TO_CLIENT);
    }
}

static void times_at_the_ends(void **state)
{
    cti_duplicate_filter filter = {.count = 0};
    cti_segment segment = segment_at(INT64_MAX, 7);

    (void)state;
    assert_new(&filter, segment, TO_SERVER);
    segment.time = INT64_MIN;
    assert_new(&filter, segment, TO_SERVER);
    segment.time = INT64_MIN + 1;
    assert_copy(&filter, segment, TO_SERVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copy_of_an_identified_packet),
        cmocka_unit_test(retransmission_is_no_copy),
        cmocka_unit_test(any_difference_makes_another_packet),
        cmocka_unit_test(copy_without_identification),
        cmocka_unit_test(answered_without_identification),
        cmocka_unit_test(distance),
        cmocka_unit_test(every_packet_twice),
        cmocka_unit_test(times_at_the_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
