/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How outages that several sessions report become periods, and the bounds of what is kept.  What
 * a session reports is in tests/rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "maintenance.h"
#include "outages.h"

static const cti_endpoint server = {.address_size = 4, .address = {10, 0, 0, 2}, .port = 42027};

/* What was reported last, and how often something was. */
typedef struct seen {
    cti_outage_history history;
    uint32_t histories;
} seen;

static void take_history(void *user, const cti_outage_history *history)
{
    seen *s = user;

    s->history = *history;
    s->histories++;
}

/* Down from one second to another; until 0: no end. */
static void add(cti_outages *outages, uint32_t session, int from, int until)
{
    const cti_outage outage = {.component = 2,
                               .from = from * CTI_SECOND,
                               .to = until > 0 ? until * CTI_SECOND : CTI_NO_TIME,
                               .seen = from * CTI_SECOND,
                               .from_frame = (uint32_t)from,
                               .to_frame = (uint32_t)until};

    cti_outages_add(outages, &outage, session, CTI_SIDE_A, &server);
}

static seen finish(cti_outages *outages)
{
    seen s = {.histories = 0};

    cti_outages_finish(outages, take_history, &s);
    assert_int_equal(s.histories, 1);
    return s;
}

static void nothing_at_all(void **state)
{
    cti_outages *outages = cti_outages_new();
    seen s = {.histories = 0};

    (void)state;
    cti_outages_finish(outages, take_history, &s);
    assert_int_equal(s.histories, 0);
    cti_outages_free(outages);
    cti_outages_free(NULL);
    cti_maintenances_free(NULL);
}

static void one_of_two_sessions(void **state)
{
    cti_outages *outages = cti_outages_new();
    seen s;

    (void)state;
    add(outages, 2, 11, 21);
    add(outages, 1, 10, 20);
    s = finish(outages);
    assert_int_equal(s.history.period_count, 1);
    assert_int_equal(s.history.periods[0].session_count, 2);
    assert_int_equal(s.history.periods[0].outage.from, 10 * CTI_SECOND);
    assert_int_equal(s.history.periods[0].outage.to, 20 * CTI_SECOND);
    assert_int_equal(s.history.down_time, 10 * CTI_SECOND);
    cti_outages_free(outages);
}

static void two_of_one_session(void **state)
{
    cti_outages *outages = cti_outages_new();
    seen s;

    (void)state;
    add(outages, 1, 10, 11);
    add(outages, 1, 11, 0);
    s = finish(outages);
    assert_int_equal(s.history.period_count, 2);
    assert_int_equal(s.history.periods[1].outage.to, CTI_NO_TIME);
    assert_int_equal(s.history.down_time, CTI_SECOND);
    cti_outages_free(outages);
}

static void no_end_and_a_later_one(void **state)
{
    cti_outages *outages = cti_outages_new();
    seen s;

    (void)state;
    add(outages, 1, 10, 0);
    add(outages, 2, 60, 70);
    s = finish(outages);
    assert_int_equal(s.history.period_count, 2);
    cti_outages_free(outages);
}

static void bounded(void **state)
{
    cti_outages *outages = cti_outages_new();
    seen s;

    (void)state;
    for (uint32_t i = 0; i < CTI_OUTAGES_MAX + 3; i++)
        add(outages, 1, (int)(10 * i + 10), (int)(10 * i + 15));
    assert_int_equal(cti_outages_left_out(outages), 3);
    s = finish(outages);
    assert_int_equal(s.history.period_count, CTI_OUTAGES_MAX);
    cti_outages_free(outages);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_at_all),
        cmocka_unit_test(one_of_two_sessions),
        cmocka_unit_test(two_of_one_session),
        cmocka_unit_test(no_end_and_a_later_one),
        cmocka_unit_test(bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
