/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Session state and rules with a made clock: what a session says of itself after each
 * exchange, and which findings it gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "session_bench.h"
#include "session_private.h"

static void normal_session(void **state)
{
    bench b;

    (void)state;
    begin(&b, false);
    open_session(&b, 120);
    assert_int_equal(b.summary->state, CTI_STATE_OPEN);
    assert_int_equal(b.facts.version, 24);
    assert_false(b.facts.version_inferred);
    assert_true(b.facts.answers);
    assert_int_equal(b.facts.answer_time, 10 * 1000 * 1000);
    for (uint32_t i = 0; i < 10; i++) {
        wait(&b, 30);
        heartbeat(&b, 10 + i, true);
    }
    close_session(&b);
    end(&b, CTI_TCP_RST, CTI_CLIENT);
    assert_int_equal(b.log.finding_count, 0);
    assert_int_equal(b.summary->end, CTI_END_CLOSED);
    assert_int_equal(b.summary->verdict, CTI_VERDICT_CLOSED_BY_CLIENT);
    assert_int_equal(b.log.heartbeats, 10);
    assert_int_equal(b.log.heartbeats_missed, 0);
    assert_int_equal(b.log.request_count, 2);
    assert_string_equal(b.summary->client_id, "CTIOS1A");
    cti_session_free(b.session);
}

static void heartbeats_missed_then_reset(void **state)
{
    bench b;

    (void)state;
    begin(&b, false);
    open_session(&b, 120);
    wait(&b, 30);
    heartbeat(&b, 2, true);
    for (uint32_t i = 0; i < 3; i++) {
        wait(&b, 30);
        heartbeat(&b, 3 + i, false);
    }
    assert_int_equal(b.facts.missed_run, 2);
    wait(&b, 30);
    end(&b, CTI_TCP_RST, CTI_CLIENT);
    ASSERT_FINDINGS(&b, CTI_RULE_HEARTBEAT_MISSED);
    assert_int_equal(b.log.findings[0].frame_count, 3);
    assert_int_equal(b.summary->verdict, CTI_VERDICT_HEARTBEATS_UNANSWERED);
    assert_int_equal(b.log.heartbeats_missed, 3);
    assert_int_equal(b.log.longest_run, 3);
    cti_session_free(b.session);
}

/* A client that gives all heartbeats one InvokeID: a lost answer must not shift the rest. */
static void one_invoke_id_for_all_heartbeats(void **state)
{
    bench b;

    (void)state;
    begin(&b, false);
    open_session(&b, 120);
    wait(&b, 30);
    heartbeat(&b, 5, true);
    wait(&b, 30);
    heartbeat(&b, 5, false);
    for (int i = 0; i < 5; i++) {
        wait(&b, 30);
        heartbeat(&b, 5, true);
        assert_int_equal(b.facts.answer_time, 2 * 1000 * 1000);
    }
    close_session(&b);
    end(&b, CTI_TCP_RST, CTI_CLIENT);
    ASSERT_FINDINGS(&b, CTI_RULE_HEARTBEAT_MISSED);
    assert_int_equal(b.log.heartbeats_missed, 1);
    cti_session_free(b.session);
}

static void idle_timer_fires(void **state)
{
    bench b;

    (void)state;
    begin(&b, false);
    open_session(&b, 60);
    wait(&b, 60.2);
    end(&b, CTI_TCP_RST, CTI_SERVER);
    ASSERT_FINDINGS(&b, CTI_RULE_IDLE);
    assert_int_equal(b.summary->verdict, CTI_VERDICT_IDLE_TIMER_FIRED);
    assert_int_equal(b.summary->end, CTI_END_RESET_BY_SERVER);
    cti_session_free(b.session);
}

static void reset_by_server_long_before_idle_timeout(void **state)
{
    bench b;

    (void)state;
    begin(&b, false);
    open_session(&b, 60);
    wait(&b, 10);
    end(&b, CTI_TCP_RST, CTI_SERVER);
    ASSERT_FINDINGS(&b, CTI_RULE_CLOSE_MISSING);
    assert_int_equal(b.summary->verdict, CTI_VERDICT_RESET_BY_SERVER);
    cti_session_free(b.session);
}

static void long_silence_within_idle_timeout(void **state)
{
    bench b;

    (void)state;
    begin(&b, false);
    open_session(&b, 120);
    for (uint32_t i = 0; i < 4; i++) {
        wait(&b, 30);
        heartbeat(&b, 10 + i, true);
    }
    wait(&b, 100);
    heartbeat(&b, 20, true);
    close_session(&b);
    end(&b, CTI_TCP_RST, CTI_CLIENT);
    ASSERT_FINDINGS(&b, CTI_RULE_IDLE, CTI_RULE_HEARTBEAT_GAP);
    assert_int_equal(b.log.silences, 1);
    assert_int_equal(b.summary->worst_gap / CTI_SECOND, 100);
    cti_session_free(b.session);
}

static void open_rejected(void **state)
{
    bench b;
    bytes message;

    (void)state;
    begin(&b, false);
    open_req(&message, 1, 24, 120);
    feed(&b, CTI_CLIENT, &message);
    status_message(&message, CTI_FAILURE_CONF, 1, 10);
    feed(&b, CTI_SERVER, &message);
    assert_int_equal(b.summary->state, CTI_STATE_REJECTED);
    assert_true(cti_session_is_next(b.session, CTI_OPEN_REQ));
    end(&b, CTI_TCP_RST, CTI_CLIENT);
    ASSERT_FINDINGS(&b, CTI_RULE_OPEN_REJECTED);
    assert_non_null(strstr(b.log.findings[0].text, "E_CTI_DEVICE_IN_USE"));
    assert_int_equal(b.summary->end, CTI_END_REJECTED);
    assert_int_equal(b.summary->verdict, CTI_VERDICT_REJECTED);
    assert_int_equal(b.log.requests[0].outcome, CTI_FAILED);
    assert_int_equal(b.log.requests[0].status, 10);
    cti_session_free(b.session);
}

static void client_goes_on_after_rejection(void **state)
{
    bench b;
    bytes message;

    (void)state;
    begin(&b, false);
    open_req(&message, 1, 24, 120);
    feed(&b, CTI_CLIENT, &message);
    status_message(&message, CTI_FAILURE_CONF, 1, 10);
    feed(&b, CTI_SERVER, &message);
    short_message(&message, CTI_HEARTBEAT_REQ, 2);
    feed(&b, CTI_CLIENT, &message);
    end(&b, CTI_TCP_RST, CTI_CLIENT);
    assert_int_equal(count_findings(&b, CTI_RULE_OPEN_REJECTED), 2);
    cti_session_free(b.session);
}

static void open_answered_late(void **state)
{
    const struct {
        double seconds;
        uint32_t findings;
        cti_severity severity;
    } cases[] = {{4.9, 0, CTI_NOTE}, {6, 1, CTI_NOTE}, {31, 1, CTI_WARNING}, {61, 1, CTI_ERROR}};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        bench b;
        bytes message;

        begin(&b, false);
        open_req(&message, 1, 24, 120);
        feed(&b, CTI_CLIENT, &message);
        wait(&b, cases[i].seconds);
        open_conf(&message, 1);
        feed(&b, CTI_SERVER, &message);
        assert_int_equal(b.log.finding_count, cases[i].findings);
        if (cases[i].findings > 0) {
            assert_int_equal(b.log.findings[0].rule, CTI_RULE_OPEN_NO_ANSWER);
            assert_int_equal(b.log.findings[0].severity, cases[i].severity);
        }
        cti_session_free(b.session);
    }
}

static void open_never_answered(void **state)
{
    bench b;
    bytes message;

    (void)state;
    begin(&b, false);
    open_req(&message, 1, 24, 120);
    feed(&b, CTI_CLIENT, &message);
    wait(&b, 30);
    end(&b, CTI_TCP_RST, CTI_CLIENT);
    assert_int_equal(count_findings(&b, CTI_RULE_OPEN_NO_ANSWER), 1);
    assert_int_equal(b.summary->verdict, CTI_VERDICT_OPEN_UNANSWERED);
    cti_session_free(b.session);
}

static void request_before_open_conf(void **state)
{
    bench b;
    bytes message;

    (void)state;
    begin(&b, false);
    short_message(&message, CTI_HEARTBEAT_REQ, 2);
    feed(&b, CTI_CLIENT, &message);
    assert_int_equal(count_findings(&b, CTI_RULE_OPEN), 1);
    cti_session_free(b.session);

    begin(&b, true);
    feed(&b, CTI_CLIENT, &message);
    assert_int_equal(count_findings(&b, CTI_RULE_OPEN), 0);
    assert_int_equal(b.summary->state, CTI_STATE_OPEN);
    cti_session_free(b.session);
}

static void second_open_req(void **state)
{
    bench b;
    bytes message;

    (void)state;
    begin(&b, false);
    open_session(&b, 120);
    open_req(&message, 2, 24, 120);
    feed(&b, CTI_CLIENT, &message);
    status_message(&message, CTI_FAILURE_CONF, 2, 5);
    feed(&b, CTI_SERVER, &message);
    assert_int_equal(count_findings(&b, CTI_RULE_OPEN), 1);
    assert_int_equal(b.summary->state, CTI_STATE_OPEN);
    cti_session_free(b.session);
}

static void close_rules(void **state)
{
    bench b;
    bytes message;

    (void)state;
    begin(&b, false);
    open_session(&b, 120);
    status_message(&message, CTI_CLOSE_REQ, 9, 17);
    feed(&b, CTI_CLIENT, &message);
    wait(&b, 5.5);
    end(&b, CTI_TCP_RST, CTI_CLIENT);
    ASSERT_FINDINGS(&b, CTI_RULE_CLOSE, CTI_RULE_CLOSE_NO_ANSWER);
    assert_int_equal(b.summary->end, CTI_END_RESET_BY_CLIENT);
    assert_int_equal(b.summary->verdict, CTI_VERDICT_CLOSED_BY_CLIENT);
    cti_session_free(b.session);
}

static void answer_in_a_gap_is_unknown(void **state)
{
    bench b;

    (void)state;
    begin(&b, false);
    open_session(&b, 120);
    wait(&b, 30);
    heartbeat(&b, 2, false);
    cti_session_gap(b.session, CTI_SERVER, 12, b.now);
    wait(&b, 30);
    heartbeat(&b, 3, true);
    close_session(&b);
    end(&b, CTI_TCP_RST, CTI_CLIENT);
    assert_int_equal(b.log.finding_count, 0);
    assert_int_equal(b.log.heartbeats_missed, 0);
    cti_session_free(b.session);
}

static void both_sides_use_one_invoke_id(void **state)
{
    bench b;
    bytes message;

    (void)state;
    begin(&b, false);
    open_session(&b, CTI_NO_IDLE_TIMEOUT);
    short_message(&message, CTI_HEARTBEAT_REQ, 1);
    feed(&b, CTI_CLIENT, &message);
    /* ACTIVE_MAINTENANCE_REQ of the server, with the same InvokeID */
    short_message(&message, CTI_ACTIVE_MAINTENANCE_REQ, 1);
    feed(&b, CTI_SERVER, &message);
    assert_false(b.facts.answers);
    start_message(&message, CTI_ACTIVE_MAINTENANCE_RESP);
    put32(&message, 1);
    put16(&message, 1);
    end_message(&message);
    feed(&b, CTI_CLIENT, &message);
    assert_true(b.facts.answers);
    assert_int_equal(b.facts.request->number, CTI_ACTIVE_MAINTENANCE_REQ);
    short_message(&message, CTI_HEARTBEAT_CONF, 1);
    feed(&b, CTI_SERVER, &message);
    assert_true(b.facts.answers);
    assert_int_equal(b.facts.request->number, CTI_HEARTBEAT_REQ);
    cti_session_free(b.session);
}

static void version_is_inferred(void **state)
{
    bench b;
    bytes message;

    (void)state;
    begin(&b, true);
    short_message(&message, CTI_HEARTBEAT_REQ, 1);
    feed(&b, CTI_CLIENT, &message);
    assert_int_equal(b.facts.version, 0);
    start_message(&message, CTI_SYSTEM_EVENT);
    for (int i = 0; i < 4; i++)
        put32(&message, i == 1 ? 5000 : i == 2 ? 4 : 0);
    put32(&message, 0);
    put32(&message, 0);
    put16(&message, 0);
    put_narrow(&message, 7, "hello", 6);
    end_message(&message);
    feed(&b, CTI_SERVER, &message);
    assert_int_equal(b.facts.version, 19);
    assert_true(b.facts.version_inferred);
    cti_session_free(b.session);
}

static void pending_requests_are_bounded(void **state)
{
    bench b;
    bytes message;

    (void)state;
    begin(&b, true);
    b.session->events = NULL;
    for (uint32_t i = 0; i < CTI_PENDING_MAX + 500; i++) {
        short_message(&message, CTI_HEARTBEAT_REQ, i % 7);
        feed(&b, CTI_CLIENT, &message);
    }
    assert_int_equal(b.session->pending.by_age.length, CTI_PENDING_MAX);
    assert_int_equal(b.summary->requests_given_up, 500);
    cti_session_finish(b.session, b.now, CTI_END_CAPTURE_ENDED);
    assert_int_equal(b.session->pending.by_age.length, 0);
    cti_session_free(b.session);
}

/* A client may use one InvokeID for all its requests. */
static void one_invoke_id(void **state)
{
    bench b;
    bytes message;

    (void)state;
    begin(&b, true);
    /* Answers come in the order of their requests. */
    for (uint32_t i = 0; i < 3; i++) {
        short_message(&message, CTI_HEARTBEAT_REQ, 0);
        feed(&b, CTI_CLIENT, &message);
        wait(&b, 0.1);
    }
    for (uint32_t i = 1; i <= 3; i++) {
        short_message(&message, CTI_HEARTBEAT_CONF, 0);
        feed(&b, CTI_SERVER, &message);
        assert_true(b.facts.answers);
        assert_int_equal(b.facts.request_frame, i);
    }
    /* A lost answer does not shift the later ones. */
    short_message(&message, CTI_HEARTBEAT_REQ, 0);
    feed(&b, CTI_CLIENT, &message);
    for (uint32_t i = 0; i < 3; i++) {
        wait(&b, 5);
        short_message(&message, CTI_HEARTBEAT_REQ, 0);
        feed(&b, CTI_CLIENT, &message);
        short_message(&message, CTI_HEARTBEAT_CONF, 0);
        feed(&b, CTI_SERVER, &message);
        assert_int_equal(b.facts.request_frame, b.frame - 1);
    }
    /* One that took longer than usual belongs to the youngest request. */
    wait(&b, 5);
    short_message(&message, CTI_HEARTBEAT_REQ, 0);
    feed(&b, CTI_CLIENT, &message);
    wait(&b, 6);
    short_message(&message, CTI_HEARTBEAT_CONF, 0);
    feed(&b, CTI_SERVER, &message);
    assert_int_equal(b.facts.request_frame, b.frame - 1);
    /* Another kind of request in between. */
    short_message(&message, CTI_QUERY_AGENT_STATE_REQ, 0);
    feed(&b, CTI_CLIENT, &message);
    short_message(&message, CTI_HEARTBEAT_REQ, 0);
    feed(&b, CTI_CLIENT, &message);
    short_message(&message, CTI_HEARTBEAT_CONF, 0);
    feed(&b, CTI_SERVER, &message);
    assert_int_equal(b.facts.request_frame, b.frame - 1);
    cti_session_free(b.session);
}

/* The same while the server answers only one kind of requests: the others pile up. */
static void one_invoke_id_and_few_answers(void **state)
{
    bench b;
    bytes message;

    (void)state;
    begin(&b, true);
    b.session->events = NULL;
    for (uint32_t i = 0; i < 5000; i++) {
        wait(&b, 0.01);
        short_message(&message, CTI_QUERY_AGENT_STATE_REQ, 0);
        feed(&b, CTI_CLIENT, &message);
        if (i % 100 != 0)
            continue;
        wait(&b, 5);
        short_message(&message, CTI_HEARTBEAT_REQ, 0);
        feed(&b, CTI_CLIENT, &message);
        short_message(&message, CTI_HEARTBEAT_CONF, 0);
        feed(&b, CTI_SERVER, &message);
        assert_int_equal(b.facts.request_frame, b.frame - 1);
    }
    assert_int_equal(b.session->pending.by_age.length, CTI_PENDING_MAX);
    cti_session_finish(b.session, b.now, CTI_END_CAPTURE_ENDED);
    assert_int_equal(b.session->pending.by_age.length, 0);
    assert_int_equal(g_hash_table_size(b.session->pending.table), 0);
    cti_session_free(b.session);
}

static void times_that_run_wild(void **state)
{
    const int64_t times[] = {INT64_MAX, 0, INT64_MIN + 1, INT64_MAX, -1, 1};
    bench b;

    (void)state;
    begin(&b, false);
    open_session(&b, 120);
    for (size_t i = 0; i < 6; i++) {
        b.now = times[i];
        bytes message;

        short_message(&message, CTI_HEARTBEAT_REQ, (uint32_t)i);
        feed(&b, CTI_CLIENT, &message);
    }
    end(&b, CTI_TCP_RST, CTI_SERVER);
    cti_session_free(b.session);
}

static void nothing_seen(void **state)
{
    bench b;

    (void)state;
    begin(&b, true);
    end(&b, CTI_TCP_RST, CTI_CLIENT);
    assert_int_equal(b.summary->verdict, CTI_VERDICT_NOTHING_SEEN);
    assert_int_equal(b.summary->evidence_count, 0);
    assert_int_equal(b.log.finding_count, 0);
    cti_session_free(b.session);
}

/* What comes behind its end is not the session's any more. */
static void finished_once(void **state)
{
    bench b;

    (void)state;
    begin(&b, false);
    open_session(&b, 120);
    close_session(&b);
    cti_session_finish(b.session, b.now, CTI_END_CAPTURE_ENDED);
    assert_string_equal(cti_state_name(b.summary->state), "closed");
    assert_int_equal(b.summary->end, CTI_END_CLOSED);
    wait(&b, 10);
    end(&b, CTI_TCP_RST, CTI_SERVER);
    assert_int_equal(b.summary->end, CTI_END_CLOSED);
    assert_int_equal(b.summary->end_frame, 0);
    assert_int_equal(b.log.finding_count, 0);
    cti_session_free(b.session);
}

static void ports_and_sides(void **state)
{
    bool tls = false;

    (void)state;
    assert_int_equal(cti_port_side(42027, &tls), CTI_SIDE_A);
    assert_false(tls);
    assert_int_equal(cti_port_side(43027, NULL), CTI_SIDE_B);
    assert_int_equal(cti_port_side(42067, NULL), CTI_SIDE_A);
    assert_int_equal(cti_port_side(43027 + 24 * 40, NULL), CTI_SIDE_B);
    assert_int_equal(cti_port_side(42030, &tls), CTI_SIDE_A);
    assert_true(tls);
    assert_int_equal(cti_port_side(42028, NULL), CTI_SIDE_UNKNOWN);
    assert_int_equal(cti_port_side(2775, NULL), CTI_SIDE_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normal_session),
        cmocka_unit_test(heartbeats_missed_then_reset),
        cmocka_unit_test(one_invoke_id_for_all_heartbeats),
        cmocka_unit_test(idle_timer_fires),
        cmocka_unit_test(reset_by_server_long_before_idle_timeout),
        cmocka_unit_test(long_silence_within_idle_timeout),
        cmocka_unit_test(open_rejected),
        cmocka_unit_test(client_goes_on_after_rejection),
        cmocka_unit_test(open_answered_late),
        cmocka_unit_test(open_never_answered),
        cmocka_unit_test(request_before_open_conf),
        cmocka_unit_test(second_open_req),
        cmocka_unit_test(close_rules),
        cmocka_unit_test(answer_in_a_gap_is_unknown),
        cmocka_unit_test(both_sides_use_one_invoke_id),
        cmocka_unit_test(version_is_inferred),
        cmocka_unit_test(pending_requests_are_bounded),
        cmocka_unit_test(one_invoke_id),
        cmocka_unit_test(one_invoke_id_and_few_answers),
        cmocka_unit_test(times_that_run_wild),
        cmocka_unit_test(nothing_seen),
        cmocka_unit_test(finished_once),
        cmocka_unit_test(ports_and_sides),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
