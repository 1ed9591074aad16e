/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moments as the command line gives them and wants them shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "records.h"
#include "times.h"

/* 2026-11-22T10:00:00Z */
#define MOMENT (INT64_C(1795341600) * CTI_SECOND)

static GString *text;

static int set_up(void **state)
{
    (void)state;
    text = g_string_new(NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    g_string_free(text, TRUE);
    return 0;
}

static void assert_text(const char *expected)
{
    assert_string_equal(text->str, expected);
    g_string_truncate(text, 0);
}

static times_style style_of(const char *form, const char *zone)
{
    times_style style;
    char *error = NULL;

    assert_true(times_style_set(&style, form, zone, &error));
    assert_null(error);
    return style;
}

/* ---- reading ---- */

static void assert_parsed(const char *words, GTimeZone *zone, int64_t expected)
{
    int64_t time = 0;

    assert_true(times_parse(words, zone, &time));
    assert_int_equal(time, expected);
}

static void dates(void **state)
{
    (void)state;
    assert_parsed("2026-11-22T10:00:00Z", NULL, MOMENT);
    assert_parsed("2026-11-22 10:00:00", NULL, MOMENT);
    assert_parsed("2026-11-22T10:00", NULL, MOMENT);
    assert_parsed("2026-11-22", NULL, MOMENT - 36000 * CTI_SECOND);
    assert_parsed("2026-11-22T11:30:00+01:30", NULL, MOMENT);
    assert_parsed("2026-11-22T04:00:00-06", NULL, MOMENT);
    assert_parsed("2026-11-22T10:00:00.123456789Z", NULL, MOMENT + 123456789);
    assert_parsed("2026-11-22 10:00:00,5", NULL, MOMENT + 500000000);
    assert_parsed("1969-12-31T23:59:59.999999999Z", NULL, -1);
}

/* Nanoseconds are exact: a double has not enough digits. */
static void epochs(void **state)
{
    (void)state;
    assert_parsed("1795341600", NULL, MOMENT);
    assert_parsed("1795341600.123456789", NULL, MOMENT + 123456789);
    assert_parsed("1795341600.000000001", NULL, MOMENT + 1);
    assert_parsed("0", NULL, 0);
    assert_parsed("-0.5", NULL, -500000000);
}

static void without_zone_in_the_users(void **state)
{
    GTimeZone *berlin = g_time_zone_new_identifier("Europe/Berlin");

    (void)state;
    assert_parsed("2026-11-22T11:00:00", berlin, MOMENT);
    assert_parsed("2026-11-22T10:00:00Z", berlin, MOMENT);
    assert_parsed("2026-07-01T12:00:00", berlin, INT64_C(1782900000) * CTI_SECOND);
    g_time_zone_unref(berlin);
}

static void no_times(void **state)
{
    static const char *const wrong[] = {
        "", "now", "-", ".5", "10:00", "2026-11-22T", "2026-11-22T25:00:00Z", "2026-13-01",
        "2026-02-30", "2026-11-22T10:00:00.1234567890Z", "2026-11-22T10:00:00Zx",
        "1795341600.", "1795341600 ", "1e9", "99999999999999999999", "9999999999999", "2026-11-22Z",
        "2026-11-22T10:00:00Z\n"};
    int64_t time;

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
        if (times_parse(wrong[i], NULL, &time))
            fail_msg("'%s' is taken for a time", wrong[i]);
}

/* ---- showing ---- */

static void assert_forms(times_style *style, const char *moment, const char *clock)
{
    style->first = MOMENT - 12 * CTI_SECOND;
    times_moment(text, style, MOMENT + 123456789, 6);
    assert_text(moment);
    times_clock(text, style, MOMENT + 123456789, 3);
    assert_text(clock);
    times_style_release(style);
}

static void forms(void **state)
{
    times_style style = style_of(NULL, NULL);

    (void)state;
    assert_forms(&style, "2026-11-22T10:00:00.123456Z", "10:00:00.123");
    style = style_of("u", NULL);
    assert_forms(&style, "10:00:00.123456Z", "10:00:00.123");
    style = style_of("ud", NULL);
    assert_forms(&style, "2026-11-22T10:00:00.123456Z", "10:00:00.123");
    style = style_of("a", "Europe/Berlin");
    assert_forms(&style, "11:00:00.123456+01:00", "11:00:00.123");
    style = style_of(NULL, "Asia/Kolkata");
    assert_forms(&style, "2026-11-22T15:30:00.123456+05:30", "15:30:00.123");
    style = style_of("ad", "-03:30");
    assert_forms(&style, "2026-11-22T06:30:00.123456-03:30", "06:30:00.123");
    style = style_of("e", "Europe/Berlin");
    assert_forms(&style, "1795341600.123456", "1795341600.123");
    style = style_of("r", NULL);
    assert_forms(&style, "12.123456", "12.123");
}

/* The zone's offset changes in between: 2026-10-25T01:00:00Z. */
static void summer_time_ends(void **state)
{
    const int64_t change = INT64_C(1792890000) * CTI_SECOND;
    times_style style = style_of(NULL, "Europe/Berlin");

    (void)state;
    times_moment(text, &style, change - 1, 9);
    assert_text("2026-10-25T02:59:59.999999999+02:00");
    times_moment(text, &style, change, 9);
    assert_text("2026-10-25T02:00:00.000000000+01:00");
    times_moment(text, &style, change - 1, 9);
    assert_text("2026-10-25T02:59:59.999999999+02:00");
    times_style_release(&style);
}

static void lists(void **state)
{
    times_style style = style_of("d", NULL);

    (void)state;
    style.first = MOMENT;
    times_line(text, &style, MOMENT + 3 * CTI_SECOND, 3, true);
    assert_text("       0.000");
    times_line(text, &style, MOMENT + 5 * CTI_SECOND, 3, true);
    assert_text("       2.000");
    times_line(text, &style, MOMENT + 4 * CTI_SECOND, 3, true);
    assert_text("      -1.000");
    times_new_list(&style);
    times_line(text, &style, MOMENT + 9 * CTI_SECOND, 3, false);
    assert_text("       0.000");
    times_cell(text, &style, MOMENT + 9 * CTI_SECOND, 3);
    assert_text("       9.000");
}

static void wrong_styles(void **state)
{
    static const char *const wrong[][2] = {
        {"x", NULL}, {"", NULL}, {NULL, "Nowhere/City"}, {NULL, "25"}, {"u", "Europe/Berlin"}};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        times_style style;
        char *error = NULL;

        assert_false(times_style_set(&style, wrong[i][0], wrong[i][1], &error));
        assert_non_null(error);
        g_free(error);
        times_style_release(&style);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates),
        cmocka_unit_test(epochs),
        cmocka_unit_test(without_zone_in_the_users),
        cmocka_unit_test(no_times),
        cmocka_unit_test_setup_teardown(forms, set_up, tear_down),
        cmocka_unit_test_setup_teardown(summer_time_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lists, set_up, tear_down),
        cmocka_unit_test(wrong_styles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
