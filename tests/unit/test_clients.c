/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bounds of what is kept of clients and of the sentences about them.  Who is who, and what is
 * reported, is in tests/across. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "clients_private.h"

static const cti_endpoint desktop = {.address_size = 4, .address = {10, 0, 0, 1}, .port = 50000};
static const cti_endpoint server = {.address_size = 4, .address = {10, 0, 0, 2}, .port = 42027};

static void count_legs(void *user, const cti_client *client)
{
    *(uint32_t *)user += client->leg_count;
}

static const cti_clients_events events = {.client = count_legs};

static void nothing_at_all(void **state)
{
    cti_clients *clients = cti_clients_new();
    uint32_t legs = 0;

    (void)state;
    cti_clients_finish(clients, 0, &events, &legs);
    assert_int_equal(legs, 0);
    cti_clients_free(clients);
    cti_clients_free(NULL);
}

static void legs_are_bounded(void **state)
{
    cti_clients *clients = cti_clients_new();
    cti_attempt attempt = {.client = desktop,
                           .server = server,
                           .side = CTI_SIDE_A,
                           .syn = true,
                           .end = CTI_END_RESET_BY_SERVER};
    const cti_session_summary session = {.state = CTI_STATE_OPEN, .first_frame = 1};
    uint32_t legs = 0;

    (void)state;
    for (uint32_t i = 0; i < CTI_CLIENTS_ATTEMPTS_MAX + 3; i++) {
        attempt.began = attempt.ended = (int64_t)i * CTI_SECOND;
        assert_true(cti_clients_attempt(clients, &attempt, attempt.ended));
    }
    assert_int_equal(cti_clients_left_out(clients), 3);
    for (uint32_t i = 0; i < CTI_CLIENTS_LEGS_MAX - CTI_CLIENTS_ATTEMPTS_MAX + 4; i++)
        cti_clients_session(clients, &session, i + 1, CTI_SIDE_A, &desktop, &server);
    assert_int_equal(cti_clients_left_out(clients), 7);
    cti_clients_finish(clients, attempt.ended, &events, &legs);
    assert_int_equal(legs, CTI_CLIENTS_LEGS_MAX);
    cti_clients_free(clients);
}

static void refusals_are_bounded(void **state)
{
    cti_clients *clients = cti_clients_new();
    cti_session_summary session = {
        .state = CTI_STATE_REJECTED, .has_open_status = true, .open_status = 36, .open_digest = 1};

    (void)state;
    for (uint32_t i = 1; i <= CTI_CLIENTS_REFUSED_MAX + 1; i++) {
        g_snprintf(session.client_id, sizeof(session.client_id), "C%u", i);
        assert_int_equal(cti_clients_refusal(clients, &session, &desktop).session, 0);
        cti_clients_answered(clients, &session, i, &desktop);
    }
    assert_int_equal(cti_clients_refusal(clients, &session, &desktop).session, 0);
    g_snprintf(session.client_id, sizeof(session.client_id), "C1");
    assert_int_equal(cti_clients_refusal(clients, &session, &desktop).session, 1);
    session.state = CTI_STATE_OPEN;
    cti_clients_answered(clients, &session, 0, &desktop);
    assert_int_equal(cti_clients_refusal(clients, &session, &desktop).session, 0);
    cti_clients_free(clients);
}

/* The first session of equal refusals stays; what is not known is not equal. */
static void refusals_are_equal_or_not(void **state)
{
    cti_clients *clients = cti_clients_new();
    cti_session_summary session = {
        .state = CTI_STATE_REJECTED, .has_open_status = true, .open_status = 36, .open_digest = 7};
    cti_refusal before;

    (void)state;
    cti_clients_answered(clients, &session, 1, &desktop);
    cti_clients_answered(clients, &session, 2, &desktop);
    before = cti_clients_refusal(clients, &session, &desktop);
    assert_int_equal(before.session, 1);
    assert_true(cti_refusal_is_equal(&before, &session));
    session.open_status = 15;
    assert_false(cti_refusal_is_equal(&before, &session));
    cti_clients_answered(clients, &session, 3, &desktop);
    assert_int_equal(cti_clients_refusal(clients, &session, &desktop).session, 3);
    session.open_digest = 0; /* cut */
    cti_clients_answered(clients, &session, 4, &desktop);
    before = cti_clients_refusal(clients, &session, &desktop);
    assert_false(cti_refusal_is_equal(&before, &session));
    cti_clients_free(clients);
}

/* Findings have sentences of at most 160 characters, whatever their figures are. */
static void sentences_are_bounded(void **state)
{
    enum { MOST = CTI_CLIENTS_LEGS_MAX };
    const int64_t day = 86400 * CTI_SECOND;
    const cti_leg left = {.side = CTI_SIDE_A,
                          .lost = true,
                          .end_sender = CTI_CLIENT,
                          .ended = 6 * day,
                          .verdict = CTI_VERDICT_STALE_CONNECTION_RESET};
    const cti_leg to = {.side = CTI_SIDE_B, .began = 7 * day, .opened = 7 * day, .asked = 7 * day};
    cti_client_outage outage = {
        .left = &left, .to = &to, .until = 7 * day, .attempt_count = CTI_CLIENTS_ATTEMPTS_MAX};
    const cti_storm storm = {.side = CTI_SIDE_B,
                             .last = day / 24,
                             .requests = MOST,
                             .clients = MOST,
                             .peak = MOST,
                             .confirmed = 20000,
                             .rejected = 20000,
                             .unanswered = 25536,
                             .gave_up = 15000,
                             .first_answer = CTI_SECOND,
                             .worst_answer = 100 * CTI_SECOND,
                             .shortest_wait = 10 * CTI_SECOND};
    cti_refusals refusals = {.count = MOST, .last = 7 * day, .data = CTI_DATA_SAME, .opened = true};
    cti_finding finding;

    (void)state;
    assert_true(cti_clients_outage_finding(&outage, &finding));
    assert_in_range(strlen(finding.text), 100, CTI_SENTENCE_MAX);
    outage.to = NULL;
    assert_true(cti_clients_outage_finding(&outage, &finding));
    assert_in_range(strlen(finding.text), 80, CTI_SENTENCE_MAX);
    cti_storm_finding(&storm, &finding);
    assert_in_range(strlen(finding.text), 100, CTI_SENTENCE_MAX);
    for (refusals.status = 0; refusals.status < 300; refusals.status++) {
        cti_refusals_finding(&refusals, &finding);
        assert_in_range(strlen(finding.text), 60, CTI_SENTENCE_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_at_all),        cmocka_unit_test(legs_are_bounded),
        cmocka_unit_test(refusals_are_bounded),  cmocka_unit_test(refusals_are_equal_or_not),
        cmocka_unit_test(sentences_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
