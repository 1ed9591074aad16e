/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bounds of what is kept of clients.  Who is who, and what is told of them, is in
 * tests/across. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "clients.h"

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
    cti_attempt attempt = {.client = desktop, .server = server, .side = CTI_SIDE_A, .syn = true,
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_at_all),
        cmocka_unit_test(legs_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
