/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Quantiles: exact for few values, by a histogram for many; checked against sorting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "quantile.h"

#define MICROSECOND INT64_C(1000)
#define SECOND INT64_C(1000000000)

static uint64_t random_state;

/* Numbers that are the same on each machine (xorshift64). */
static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static int compare_values(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* The smallest of the sorted values that at least share of them do not exceed, share in
 * thousandths so that nothing is rounded. */
static int64_t by_definition(const int64_t *sorted, uint64_t count, uint64_t thousandths)
{
    for (uint64_t i = 0; i < count; i++)
        if ((i + 1) * 1000 >= thousandths * count)
            return sorted[i];
    return sorted[count - 1];
}

static void nothing_yet(void **state)
{
    cti_quantile q = {0};

    (void)state;
    assert_int_equal(cti_quantile_get(&q, 0), -1);
    assert_int_equal(cti_quantile_get(&q, 0.5), -1);
    assert_int_equal(cti_quantile_get(&q, 1), -1);
    assert_int_equal(q.worst, 0);
    cti_quantile_release(&q);
}

static void one_value_is_every_quantile(void **state)
{
    cti_quantile q = {0};

    (void)state;
    cti_quantile_add(&q, 42);
    assert_int_equal(cti_quantile_get(&q, 0), 42);
    assert_int_equal(cti_quantile_get(&q, 0.5), 42);
    assert_int_equal(cti_quantile_get(&q, 0.95), 42);
    assert_int_equal(cti_quantile_get(&q, 1), 42);
    assert_int_equal(q.worst, 42);
    assert_int_equal(q.count, 1);
    cti_quantile_release(&q);
}

static void median_of_an_even_number_is_the_lower_one(void **state)
{
    cti_quantile q = {0};

    (void)state;
    cti_quantile_add(&q, 40);
    cti_quantile_add(&q, 10);
    cti_quantile_add(&q, 30);
    cti_quantile_add(&q, 20);
    assert_int_equal(cti_quantile_get(&q, 0.5), 20);
    assert_int_equal(cti_quantile_get(&q, 0.501), 30);
    assert_int_equal(cti_quantile_get(&q, 0.25), 10);
    assert_int_equal(cti_quantile_get(&q, 0), 10);
    assert_int_equal(cti_quantile_get(&q, 1), 40);
    cti_quantile_release(&q);
}

static void reading_does_not_disturb_adding(void **state)
{
    cti_quantile q = {0};

    (void)state;
    for (int64_t i = 20; i > 0; i--) {
        cti_quantile_add(&q, i);
        assert_int_equal(cti_quantile_get(&q, 0), i);
        assert_int_equal(cti_quantile_get(&q, 1), 20);
    }
    assert_int_equal(cti_quantile_get(&q, 0.5), 10);
    cti_quantile_release(&q);
}

static void a_negative_duration_counts_as_zero(void **state)
{
    cti_quantile q = {0};

    (void)state;
    cti_quantile_add(&q, -5);
    cti_quantile_add(&q, INT64_MIN);
    cti_quantile_add(&q, 7);
    assert_int_equal(q.count, 3);
    assert_int_equal(cti_quantile_get(&q, 0.5), 0);
    assert_int_equal(cti_quantile_get(&q, 1), 7);
    cti_quantile_release(&q);
}

/* Random values of each count up to the limit give what sorting them gives. */
static void exact_up_to_the_limit(void **state)
{
    static const uint64_t thousandths[] = {1, 10, 250, 500, 501, 750, 950, 999, 1000};

    (void)state;
    random_state = 1;
    for (uint64_t count = 1; count <= CTI_QUANTILE_EXACT; count++) {
        int64_t sorted[CTI_QUANTILE_EXACT];
        cti_quantile q = {0};

        for (uint64_t i = 0; i < count; i++) {
            sorted[i] = (int64_t)(next_random() >> (1 + next_random() % 60));
            cti_quantile_add(&q, sorted[i]);
        }
        qsort(sorted, count, sizeof(sorted[0]), compare_values);
        assert_null(q.classes);
        for (size_t i = 0; i < sizeof(thousandths) / sizeof(thousandths[0]); i++)
            if (thousandths[i] * count % 1000 != 0) /* 0.95 itself is no exact number */
                assert_int_equal(cti_quantile_get(&q, (double)thousandths[i] / 1000),
                                 by_definition(sorted, count, thousandths[i]));
        assert_int_equal(cti_quantile_get(&q, 0.5), by_definition(sorted, count, 500));
        assert_int_equal(q.worst, sorted[count - 1]);
        cti_quantile_release(&q);
    }
}

static void one_value_more_makes_a_histogram(void **state)
{
    cti_quantile q = {0};

    (void)state;
    for (int64_t i = 0; i < CTI_QUANTILE_EXACT; i++)
        cti_quantile_add(&q, SECOND + i * MICROSECOND);
    assert_int_equal(cti_quantile_get(&q, 0.5),
                     SECOND + (CTI_QUANTILE_EXACT / 2 - 1) * MICROSECOND);
    assert_null(q.classes);
    cti_quantile_add(&q, 2 * SECOND);
    assert_non_null(q.classes);
    assert_null(q.values);
    assert_int_equal(q.count, CTI_QUANTILE_EXACT + 1);
    assert_true(llabs(cti_quantile_get(&q, 0.5) - SECOND) < SECOND * 3 / 100);
    assert_int_equal(cti_quantile_get(&q, 1), 2 * SECOND);
    cti_quantile_release(&q);
}

/* From 1 us to 292 years, a histogram of one value tells it to 3 %. */
static void classes_are_three_percent_wide(void **state)
{
    (void)state;
    random_state = 2;
    for (int i = 0; i < 2000; i++) {
        int64_t value = (int64_t)(next_random() >> (1 + next_random() % 53)), told;
        cti_quantile q = {0};

        if (value < MICROSECOND)
            value += MICROSECOND;
        for (int k = 0; k <= CTI_QUANTILE_EXACT; k++)
            cti_quantile_add(&q, value);
        cti_quantile_add(&q, INT64_MAX); /* so that the worst one does not tell */
        assert_non_null(q.classes);
        told = cti_quantile_get(&q, 0.5);
        assert_true((double)llabs(told - value) <= (double)value * 0.032);
        cti_quantile_release(&q);
    }
}

static void many_values_against_sorting(void **state)
{
    enum { COUNT = 50000 };
    static const uint64_t thousandths[] = {1, 100, 250, 500, 750, 950, 990, 999};
    static int64_t sorted[COUNT];
    cti_quantile q = {0};

    (void)state;
    random_state = 3;
    for (int i = 0; i < COUNT; i++) {
        sorted[i] = 10 * MICROSECOND + (int64_t)(next_random() >> (25 + next_random() % 20));
        cti_quantile_add(&q, sorted[i]);
    }
    qsort(sorted, COUNT, sizeof(sorted[0]), compare_values);
    for (size_t i = 0; i < sizeof(thousandths) / sizeof(thousandths[0]); i++) {
        const int64_t right = by_definition(sorted, COUNT, thousandths[i]);
        const int64_t told = cti_quantile_get(&q, (double)thousandths[i] / 1000);

        assert_true((double)llabs(told - right) <= (double)right * 0.032);
    }
    assert_int_equal(q.worst, sorted[COUNT - 1]);
    assert_int_equal(cti_quantile_get(&q, 1), sorted[COUNT - 1]);
    cti_quantile_release(&q);
}

static void never_above_the_worst(void **state)
{
    cti_quantile q = {0};

    (void)state;
    for (int i = 0; i < 1000; i++)
        cti_quantile_add(&q, (INT64_C(1) << 30) + 1); /* at its class's lower edge */
    assert_int_equal(cti_quantile_get(&q, 0.5), (INT64_C(1) << 30) + 1);
    cti_quantile_release(&q);
}

static void extremes_in_a_histogram(void **state)
{
    cti_quantile q = {0};

    (void)state;
    for (int i = 0; i < 300; i++) {
        cti_quantile_add(&q, INT64_MAX);
        cti_quantile_add(&q, 0);
        cti_quantile_add(&q, INT64_MIN);
    }
    assert_true(cti_quantile_get(&q, 0) >= 0);
    assert_true(cti_quantile_get(&q, 0.5) < MICROSECOND);
    assert_true(cti_quantile_get(&q, 0.9) > INT64_MAX / 100 * 98);
    assert_int_equal(cti_quantile_get(&q, 1), INT64_MAX);
    cti_quantile_release(&q);
}

static void released_is_empty(void **state)
{
    cti_quantile q = {0};

    (void)state;
    for (int64_t i = 0; i < 1000; i++)
        cti_quantile_add(&q, i);
    cti_quantile_release(&q);
    assert_int_equal(cti_quantile_get(&q, 0.5), -1);
    assert_int_equal(q.worst, 0);
    cti_quantile_add(&q, 5);
    assert_int_equal(cti_quantile_get(&q, 0.5), 5);
    cti_quantile_release(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_yet),
        cmocka_unit_test(one_value_is_every_quantile),
        cmocka_unit_test(median_of_an_even_number_is_the_lower_one),
        cmocka_unit_test(reading_does_not_disturb_adding),
        cmocka_unit_test(a_negative_duration_counts_as_zero),
        cmocka_unit_test(exact_up_to_the_limit),
        cmocka_unit_test(one_value_more_makes_a_histogram),
        cmocka_unit_test(classes_are_three_percent_wide),
        cmocka_unit_test(many_values_against_sorting),
        cmocka_unit_test(never_above_the_worst),
        cmocka_unit_test(extremes_in_a_histogram),
        cmocka_unit_test(released_is_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
