/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts over time: nothing is lost, whatever the times are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/session.h"
#include "time_grid.h"

#define MILLISECOND (CTI_SECOND / 1000)

static uint64_t sum(const time_grid *grid, guint row)
{
    uint64_t all = 0;

    for (guint column = 0; column < grid->columns; column++)
        all += time_grid_get(grid, column, row);
    return all;
}

static void test_counts_where_they_belong(void **state)
{
    time_grid *grid = time_grid_new(8, 2);

    (void)state;
    assert_int_equal(grid->used, 0);
    time_grid_add(grid, 5 * CTI_SECOND, 0);
    time_grid_add(grid, 5 * CTI_SECOND + 3 * MILLISECOND, 1);
    time_grid_add(grid, 5 * CTI_SECOND + 3 * MILLISECOND + 1, 1);
    assert_int_equal(grid->from, 5 * CTI_SECOND);
    assert_int_equal(grid->width, MILLISECOND);
    assert_int_equal(grid->used, 4);
    assert_int_equal(time_grid_get(grid, 0, 0), 1);
    assert_int_equal(time_grid_get(grid, 3, 0), 0);
    assert_int_equal(time_grid_get(grid, 3, 1), 2);
    time_grid_free(grid);
}

static void test_columns_grow(void **state)
{
    time_grid *grid = time_grid_new(8, 1);

    (void)state;
    for (int i = 0; i < 20; i++) /* 8, 16, 32: two times twice as long */
        time_grid_add(grid, i * MILLISECOND, 0);
    assert_int_equal(grid->width, 4 * MILLISECOND);
    assert_int_equal(grid->used, 5);
    for (guint column = 0; column < 5; column++)
        assert_int_equal(time_grid_get(grid, column, 0), 4);
    time_grid_free(grid);
}

static void test_times_far_apart(void **state)
{
    time_grid *grid = time_grid_new(16, 1);

    (void)state;
    time_grid_add(grid, -INT64_MAX, 0);
    time_grid_add(grid, 0, 0);
    time_grid_add(grid, INT64_MAX, 0);
    assert_int_equal(sum(grid, 0), 3);
    assert_true(grid->used <= grid->columns);
    time_grid_free(grid);
}

static void test_time_steps_back(void **state)
{
    time_grid *grid = time_grid_new(4, 1);

    (void)state;
    time_grid_add(grid, CTI_SECOND, 0);
    time_grid_add(grid, 0, 0);
    assert_int_equal(time_grid_get(grid, 0, 0), 2);
    assert_int_equal(grid->used, 1);
    time_grid_free(grid);
}

static void test_coarsen(void **state)
{
    time_grid *grid = time_grid_new(16, 2);

    (void)state;
    for (int i = 0; i < 11; i++)
        time_grid_add(grid, i * MILLISECOND, (guint)i % 2);
    time_grid_coarsen(grid, 3 * MILLISECOND);
    assert_int_equal(grid->width, 4 * MILLISECOND);
    assert_int_equal(grid->used, 3);
    assert_int_equal(sum(grid, 0), 6);
    assert_int_equal(sum(grid, 1), 5);
    time_grid_coarsen(grid, INT64_MAX); /* ends at one column */
    assert_int_equal(grid->used, 1);
    assert_int_equal(time_grid_get(grid, 0, 0), 6);
    time_grid_free(grid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_where_they_belong), cmocka_unit_test(test_columns_grow),
        cmocka_unit_test(test_times_far_apart),          cmocka_unit_test(test_time_steps_back),
        cmocka_unit_test(test_coarsen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
