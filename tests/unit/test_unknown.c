/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a capture does not show: bytes in a gap, a direction that was not captured, the end of a
 * message that was cut, times that step back.  Nothing is said of it; and where the bytes are
 * there, or the gap is elsewhere, the same behaviour gives its finding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "session_bench.h"

static void say(bench *b, cti_sender sender, uint32_t type, uint32_t invoke_id)
{
    bytes message;

    short_message(&message, type, invoke_id);
    feed(b, sender, &message);
}

static void ask_to_open(bench *b, bool began_before)
{
    bytes message;

    begin(b, began_before);
    open_req(&message, 1, 24, 120);
    feed(b, CTI_CLIENT, &message);
    wait(b, 0.01);
}

static void gap(bench *b, cti_sender sender)
{
    cti_session_gap(b->session, sender, 20, b->now);
}

static void assert_no_findings(bench *b)
{
    for (uint32_t i = 0; i < b->log.finding_count; i++)
        print_error("%s: %s\n", cti_rule_name(b->log.findings[i].rule), b->log.findings[i].text);
    assert_int_equal(b->log.finding_count, 0);
    cti_session_free(b->session);
}

/* True if a sentence of the evidence has these words. */
static bool says(const bench *b, const char *words)
{
    for (uint32_t i = 0; i < b->summary->evidence_count; i++)
        if (strstr(b->summary->evidence[i].text, words) != NULL)
            return true;
    return false;
}

/* ---- gaps of the server ---- */

static void open_conf_in_a_gap(void **state)
{
    bench b;

    (void)state;
    ask_to_open(&b, false);
    gap(&b, CTI_SERVER);
    assert_int_equal(b.summary->state, CTI_STATE_OPENING);
    assert_true(b.summary->open_unknown);
    wait(&b, 30);
    heartbeat(&b, 2, true);
    assert_int_equal(b.summary->state, CTI_STATE_OPEN);
    assert_true(b.summary->opened);
    assert_false(b.summary->open_unknown);
    assert_false(b.summary->has_services_granted);
    close_session(&b);
    end(&b, CTI_TCP_RST, CTI_CLIENT);
    assert_no_findings(&b);

    ask_to_open(&b, false);
    wait(&b, 30);
    heartbeat(&b, 2, true);
    assert_int_equal(count_findings(&b, CTI_RULE_OPEN), 1);
    cti_session_free(b.session);
}

static void open_conf_in_a_gap_then_reset(void **state)
{
    bench b;

    (void)state;
    ask_to_open(&b, false);
    gap(&b, CTI_SERVER);
    wait(&b, 40);
    end(&b, CTI_TCP_RST, CTI_CLIENT);
    assert_int_equal(b.summary->verdict, CTI_VERDICT_CAUSE_NOT_CAPTURED);
    assert_true(b.summary->open_unknown);
    assert_no_findings(&b);

    ask_to_open(&b, false);
    gap(&b, CTI_SERVER);
    wait(&b, 40);
    cti_session_finish(b.session, b.now, CTI_END_CAPTURE_ENDED);
    assert_int_equal(b.summary->verdict, CTI_VERDICT_STILL_OPEN);
    assert_false(says(&b, "OPEN_REQ had no response"));
    assert_no_findings(&b);
}

/* The client may ask again when the refusal was not captured. */
static void open_req_again_after_a_gap(void **state)
{
    bench b;

    (void)state;
    ask_to_open(&b, false);
    gap(&b, CTI_SERVER);
    wait(&b, 1);
    open_session(&b, 120);
    close_session(&b);
    end(&b, CTI_TCP_RST, CTI_CLIENT);
    assert_no_findings(&b);

    ask_to_open(&b, false);
    wait(&b, 1);
    open_session(&b, 120);
    assert_int_equal(count_findings(&b, CTI_RULE_OPEN), 1);
    cti_session_free(b.session);
}

static void gap_ends_a_run_of_missed_heartbeats(void **state)
{
    bench b;

    (void)state;
    begin(&b, false);
    open_session(&b, 120);
    for (uint32_t i = 0; i < 3; i++) {
        wait(&b, 30);
        heartbeat(&b, 10 + i, false);
    }
    gap(&b, CTI_SERVER);
    wait(&b, 30);
    end(&b, CTI_TCP_RST, CTI_CLIENT);
    assert_int_equal(b.log.heartbeats_missed, 0);
    assert_int_equal(b.summary->heartbeats_missed, 0);
    assert_int_equal(b.summary->verdict, CTI_VERDICT_CAUSE_NOT_CAPTURED);
    assert_no_findings(&b);
}

static void heartbeats_missed_after_a_gap(void **state)
{
    bench b;

    (void)state;
    begin(&b, false);
    open_session(&b, 120);
    wait(&b, 30);
    gap(&b, CTI_SERVER);
    heartbeat(&b, 9, true);
    for (uint32_t i = 0; i < 3; i++) {
        wait(&b, 30);
        heartbeat(&b, 10 + i, false);
    }
    wait(&b, 30);
    end(&b, CTI_TCP_RST, CTI_CLIENT);
    ASSERT_FINDINGS(&b, CTI_RULE_HEARTBEAT_MISSED);
    assert_int_equal(b.summary->verdict, CTI_VERDICT_HEARTBEATS_UNANSWERED);
    cti_session_free(b.session);
}

static void close_conf_in_a_gap(void **state)
{
    bench b;
    bytes message;

    (void)state;
    begin(&b, false);
    open_session(&b, 120);
    status_message(&message, CTI_CLOSE_REQ, 9, 0);
    feed(&b, CTI_CLIENT, &message);
    gap(&b, CTI_SERVER);
    wait(&b, 10);
    end(&b, CTI_TCP_RST, CTI_CLIENT);
    assert_int_equal(b.summary->verdict, CTI_VERDICT_CLOSED_BY_CLIENT);
    assert_false(says(&b, "CLOSE_REQ had no response"));
    assert_no_findings(&b);
}

/* Requests before the gap may have been answered in it, those after it were not. */
static void requests_around_a_gap(void **state)
{
    bench b;

    (void)state;
    begin(&b, false);
    open_session(&b, 120);
    say(&b, CTI_CLIENT, CTI_QUERY_AGENT_STATE_REQ, 5);
    gap(&b, CTI_SERVER);
    say(&b, CTI_CLIENT, CTI_QUERY_AGENT_STATE_REQ, 6);
    wait(&b, 10);
    close_session(&b);
    end(&b, CTI_TCP_RST, CTI_CLIENT);
    assert_int_equal(b.log.request_count, 4);
    assert_int_equal(b.log.requests[2].outcome, CTI_UNKNOWN);
    assert_int_equal(b.log.requests[3].outcome, CTI_UNANSWERED);
    assert_int_equal(b.summary->unanswered, 1);
    assert_no_findings(&b);
}

/* ---- gaps of the client ---- */

static void silence_across_a_gap(void **state)
{
    bench b;

    (void)state;
    for (int with_gap = 0; with_gap < 2; with_gap++) {
        begin(&b, false);
        open_session(&b, 120);
        for (uint32_t i = 0; i < 4; i++) {
            wait(&b, 30);
            heartbeat(&b, 10 + i, true);
        }
        wait(&b, 50);
        if (with_gap)
            gap(&b, CTI_CLIENT);
        wait(&b, 50);
        say(&b, CTI_CLIENT, CTI_HEARTBEAT_REQ, 20);
        if (with_gap)
            assert_int_equal(b.facts.client_gap, CTI_NO_TIME);
        say(&b, CTI_SERVER, CTI_HEARTBEAT_CONF, 20);
        wait(&b, 30);
        say(&b, CTI_CLIENT, CTI_HEARTBEAT_REQ, 21);
        assert_int_equal(b.facts.client_gap / CTI_SECOND, 30);
        say(&b, CTI_SERVER, CTI_HEARTBEAT_CONF, 21);
        close_session(&b);
        end(&b, CTI_TCP_RST, CTI_CLIENT);
        if (with_gap) {
            assert_int_equal(b.summary->worst_gap / CTI_SECOND, 30);
            assert_no_findings(&b);
        } else {
            ASSERT_FINDINGS(&b, CTI_RULE_IDLE, CTI_RULE_HEARTBEAT_GAP);
            cti_session_free(b.session);
        }
    }
}

static void close_req_in_a_gap(void **state)
{
    bench b;

    (void)state;
    begin(&b, false);
    open_session(&b, 120);
    wait(&b, 3);
    gap(&b, CTI_CLIENT);
    end(&b, CTI_TCP_RST, CTI_CLIENT);
    assert_int_equal(b.summary->verdict, CTI_VERDICT_CAUSE_NOT_CAPTURED);
    assert_true(says(&b, "Bytes that the client sent after its last message are missing"));
    assert_no_findings(&b);

    /* Its answer was captured. */
    begin(&b, false);
    open_session(&b, 120);
    gap(&b, CTI_CLIENT);
    say(&b, CTI_SERVER, CTI_CLOSE_CONF, 7);
    end(&b, CTI_TCP_RST, CTI_CLIENT);
    assert_int_equal(b.summary->verdict, CTI_VERDICT_CLOSED_BY_CLIENT);
    assert_true(says(&b, "CLOSE_REQ was not captured"));
    assert_no_findings(&b);

    begin(&b, false);
    open_session(&b, 120);
    wait(&b, 3);
    gap(&b, CTI_CLIENT);
    heartbeat(&b, 2, true);
    wait(&b, 3);
    end(&b, CTI_TCP_RST, CTI_CLIENT);
    ASSERT_FINDINGS(&b, CTI_RULE_CLOSE_MISSING);
    assert_int_equal(b.summary->verdict, CTI_VERDICT_LEFT_BY_CLIENT);
    cti_session_free(b.session);
}

/* The server acknowledged the client's last bytes, and ends the connection IdleTimeout later. */
static void idle_timer_after_a_gap(void **state)
{
    bench b;

    (void)state;
    begin(&b, false);
    open_session(&b, 60);
    wait(&b, 30);
    gap(&b, CTI_CLIENT);
    wait(&b, 60);
    end(&b, CTI_TCP_RST, CTI_SERVER);
    assert_int_equal(b.summary->verdict, CTI_VERDICT_IDLE_TIMER_FIRED);
    ASSERT_FINDINGS(&b, CTI_RULE_IDLE);
    cti_session_free(b.session);

    begin(&b, false);
    open_session(&b, 60);
    wait(&b, 30);
    gap(&b, CTI_CLIENT);
    wait(&b, 30);
    end(&b, CTI_TCP_RST, CTI_SERVER);
    assert_int_equal(b.summary->verdict, CTI_VERDICT_CAUSE_NOT_CAPTURED);
    assert_no_findings(&b);
}

static void stale_connection(void **state)
{
    bench b;

    (void)state;
    for (int with_gap = 0; with_gap < 2; with_gap++) {
        begin(&b, false);
        open_session(&b, CTI_NO_IDLE_TIMEOUT);
        wait(&b, 1200);
        if (with_gap)
            gap(&b, CTI_SERVER);
        wait(&b, 1200);
        say(&b, CTI_CLIENT, CTI_QUERY_AGENT_STATE_REQ, 5);
        wait(&b, 0.1);
        end(&b, CTI_TCP_RST, CTI_SERVER);
        assert_int_equal(b.summary->verdict, with_gap ? CTI_VERDICT_CAUSE_NOT_CAPTURED
                                                      : CTI_VERDICT_STALE_CONNECTION_RESET);
        cti_session_free(b.session);
    }
}

/* ---- one direction ---- */

/* A whole session of which only the client was captured; when: the number of heartbeats after
 * which that is known. */
static void only_client(bench *b, uint32_t when, bool closes)
{
    bytes message;

    begin(b, false);
    if (when == 0)
        cti_session_not_captured(b->session, CTI_SERVER);
    open_req(&message, 1, 24, 120);
    feed(b, CTI_CLIENT, &message);
    for (uint32_t i = 0; i < 6; i++) {
        wait(b, 30);
        gap(b, CTI_SERVER);
        if (i + 1 == when)
            cti_session_not_captured(b->session, CTI_SERVER);
        heartbeat(b, 10 + i, false);
    }
    wait(b, 10);
    say(b, CTI_CLIENT, CTI_QUERY_AGENT_STATE_REQ, 30);
    wait(b, 10);
    status_message(&message, CTI_CLOSE_REQ, 31, 0);
    if (closes)
        feed(b, CTI_CLIENT, &message);
    wait(b, 10);
    end(b, CTI_TCP_RST, CTI_CLIENT);
}

static void only_the_client_was_captured(void **state)
{
    bench b;

    (void)state;
    for (uint32_t when = 0; when <= 6; when += 3) {
        only_client(&b, when, true);
        assert_true(b.summary->server_not_captured);
        assert_true(b.summary->opened);
        assert_int_equal(b.summary->verdict, CTI_VERDICT_CLOSED_BY_CLIENT);
        assert_int_equal(b.summary->heartbeats, 6);
        assert_int_equal(b.summary->heartbeats_missed, 0);
        assert_int_equal(b.summary->unanswered, 0);
        assert_int_equal(b.summary->heartbeat_interval, 30);
        assert_false(says(&b, "CLOSE_REQ had no response"));
        for (uint32_t i = 0; i < b.log.request_count; i++)
            assert_int_equal(b.log.requests[i].outcome, CTI_UNKNOWN);
        assert_no_findings(&b);

        only_client(&b, when, false);
        assert_int_equal(b.summary->verdict, CTI_VERDICT_CAUSE_NOT_CAPTURED);
        assert_true(says(&b, "No packet of the server is in the capture"));
        assert_false(says(&b, "No request of the client was waiting"));
        assert_no_findings(&b);
    }
}

/* What the captured side shows is still said. */
static void findings_of_the_captured_side(void **state)
{
    bench b;

    (void)state;
    begin(&b, false);
    cti_session_not_captured(b.session, CTI_SERVER);
    open_session(&b, 10);
    assert_int_equal(count_findings(&b, CTI_RULE_IDLE_TIMEOUT), 1);
    cti_session_free(b.session);

    ask_to_open(&b, false);
    cti_session_not_captured(b.session, CTI_SERVER);
    for (uint32_t i = 0; i < 5; i++) {
        wait(&b, i == 4 ? 110 : 30);
        heartbeat(&b, 10 + i, false);
    }
    ASSERT_FINDINGS(&b, CTI_RULE_IDLE, CTI_RULE_HEARTBEAT_GAP);
    cti_session_free(b.session);
}

static void only_the_server_was_captured(void **state)
{
    bench b;
    bytes message;

    (void)state;
    begin(&b, false);
    cti_session_not_captured(b.session, CTI_CLIENT);
    open_conf(&message, 1);
    feed(&b, CTI_SERVER, &message);
    assert_int_equal(b.summary->state, CTI_STATE_OPEN);
    for (uint32_t i = 0; i < 6; i++) {
        wait(&b, 150);
        gap(&b, CTI_CLIENT);
        say(&b, CTI_SERVER, CTI_HEARTBEAT_CONF, 10 + i);
    }
    wait(&b, 150);
    end(&b, CTI_TCP_RST, CTI_SERVER);
    assert_true(b.summary->client_not_captured);
    assert_int_equal(b.summary->verdict, CTI_VERDICT_CAUSE_NOT_CAPTURED);
    assert_int_equal(b.summary->worst_gap_time, CTI_NO_TIME);
    assert_int_equal(b.log.silences, 0);
    assert_no_findings(&b);
}

/* ---- messages that are cut ---- */

static void feed_cut(bench *b, cti_sender sender, const bytes *message, uint32_t size)
{
    const cti_moment moment = {b->now, ++b->frame, sender, NULL};
    bytes cut;
    cti_reader reader;

    /* Behind the cut are bytes that must not be read. */
    memset(&cut, 0xA5, sizeof(cut));
    memcpy(cut.data, message->data, size);
    cti_session_message(b->session, cut.data, size, &moment, &reader, &b->facts);
}

/* A session whose messages are cut to so many bytes gives no finding that the whole ones do
 * not give, and what is known of it is right. */
static void cut_session(uint32_t size)
{
    bytes message;
    bench b;

    begin(&b, false);
    open_req(&message, 1, 24, 120);
    feed_cut(&b, CTI_CLIENT, &message, MIN(size, message.size));
    assert_true(b.summary->version == 24 || b.summary->version == 0 ||
                b.summary->version_inferred);
    assert_int_equal(b.summary->has_idle_timeout, size >= 20);
    assert_int_equal(b.summary->idle_timeout, size >= 20 ? 120 : 0);
    assert_int_equal(b.summary->has_services_requested, size >= 28);
    wait(&b, 0.01);
    open_conf(&message, 1);
    feed_cut(&b, CTI_SERVER, &message, MIN(size, message.size));
    assert_int_equal(b.summary->state, CTI_STATE_OPEN);
    assert_int_equal(b.summary->has_services_granted, size >= 16);
    for (uint32_t i = 0; i < 5; i++) {
        wait(&b, 30);
        short_message(&message, CTI_HEARTBEAT_REQ, 10 + i);
        feed_cut(&b, CTI_CLIENT, &message, MIN(size, message.size));
        wait(&b, 0.001);
        short_message(&message, CTI_HEARTBEAT_CONF, 10 + i);
        feed_cut(&b, CTI_SERVER, &message, MIN(size, message.size));
    }
    assert_int_equal(b.summary->heartbeats, 5);
    assert_int_equal(b.summary->heartbeats_missed, 0);
    wait(&b, 1);
    status_message(&message, CTI_CLOSE_REQ, 99, 0);
    feed_cut(&b, CTI_CLIENT, &message, MIN(size, message.size));
    assert_int_equal(b.summary->has_close_status, size >= 16);
    wait(&b, 0.001);
    short_message(&message, CTI_CLOSE_CONF, 99);
    feed_cut(&b, CTI_SERVER, &message, MIN(size, message.size));
    end(&b, CTI_TCP_RST, CTI_CLIENT);
    assert_int_equal(b.summary->verdict, CTI_VERDICT_CLOSED_BY_CLIENT);
    assert_no_findings(&b);
}

static void whole_messages_alone_give_facts(void **state)
{
    (void)state;
    for (uint32_t size = 8; size < 120; size++)
        cut_session(size);
}

static void refusal_without_status(void **state)
{
    bytes message;
    bench b;

    (void)state;
    ask_to_open(&b, false);
    status_message(&message, CTI_FAILURE_CONF, 1, CTI_V_StatusCode_E_CTI_INVALID_PASSWORD);
    feed_cut(&b, CTI_SERVER, &message, 12);
    assert_int_equal(b.summary->state, CTI_STATE_REJECTED);
    assert_false(b.summary->has_open_status);
    end(&b, CTI_TCP_RST, CTI_CLIENT);
    ASSERT_FINDINGS(&b, CTI_RULE_OPEN_REJECTED);
    assert_non_null(strstr(b.log.findings[0].text, "its status was not captured"));
    assert_true(says(&b, "FAILURE_CONF: a status that was not captured"));
    cti_session_free(b.session);

    /* Cut before its InvokeID: whether OPEN_REQ was refused is not known. */
    ask_to_open(&b, false);
    feed_cut(&b, CTI_SERVER, &message, 8);
    wait(&b, 40);
    end(&b, CTI_TCP_RST, CTI_CLIENT);
    assert_int_equal(b.summary->verdict, CTI_VERDICT_CAUSE_NOT_CAPTURED);
    assert_no_findings(&b);
}

static void failure_event_without_status(void **state)
{
    bytes message;
    bench b;

    (void)state;
    begin(&b, false);
    open_session(&b, 120);
    wait(&b, 1);
    start_message(&message, CTI_FAILURE_EVENT);
    put32(&message, CTI_V_StatusCode_E_CTI_CTI_SERVER_OFFLINE);
    end_message(&message);
    feed_cut(&b, CTI_SERVER, &message, 8);
    end(&b, CTI_TCP_RST, CTI_SERVER);
    assert_int_equal(b.summary->verdict, CTI_VERDICT_CAUSE_NOT_CAPTURED);
    assert_no_findings(&b);
}

/* The client agreed or not, and the server continues. */
static void vote_that_was_cut(void **state)
{
    bytes message;
    bench b;

    (void)state;
    for (uint32_t size = 12; size <= 14; size += 2) {
        begin(&b, true);
        say(&b, CTI_SERVER, CTI_ACTIVE_MAINTENANCE_REQ, 900);
        start_message(&message, CTI_ACTIVE_MAINTENANCE_RESP);
        put32(&message, 900);
        put16(&message, 0);
        end_message(&message);
        feed_cut(&b, CTI_CLIENT, &message, size);
        start_message(&message, CTI_ACTIVE_MAINTENANCE_EVENT);
        put16(&message, 1);
        end_message(&message);
        feed(&b, CTI_SERVER, &message);
        if (size == 14)
            ASSERT_FINDINGS(&b, CTI_RULE_MAINTENANCE);
        else
            assert_int_equal(b.log.finding_count, 0);
        cti_session_free(b.session);
    }
}

/* Only a gap between the question and the server's decision may have the vote. */
static void vote_in_a_gap(void **state)
{
    bytes message;
    bench b;

    (void)state;
    for (int before = 0; before < 2; before++) {
        begin(&b, true);
        if (before)
            gap(&b, CTI_CLIENT);
        say(&b, CTI_SERVER, CTI_ACTIVE_MAINTENANCE_REQ, 900);
        if (!before)
            gap(&b, CTI_CLIENT);
        wait(&b, 6);
        start_message(&message, CTI_ACTIVE_MAINTENANCE_EVENT);
        put16(&message, 1);
        end_message(&message);
        feed(&b, CTI_SERVER, &message);
        assert_int_equal(b.log.finding_count, before ? 2 : 0);
        if (before)
            assert_int_equal(b.log.findings[0].severity, CTI_WARNING);
        cti_session_free(b.session);
    }
}

/* ---- the middle of a session ---- */

/* What a refused OPEN_REQ says of the client, whether it is the first message captured or not. */
static void second_open_req_in_mid(void **state)
{
    bytes message;
    bench b;

    (void)state;
    for (int first = 0; first < 2; first++) {
        begin(&b, true);
        if (!first)
            heartbeat(&b, 2, true);
        open_req(&message, 3, 24, 120);
        feed(&b, CTI_CLIENT, &message);
        wait(&b, 0.01);
        status_message(&message, CTI_FAILURE_CONF, 3,
                       CTI_V_StatusCode_E_CTI_SESSION_ALREADY_OPEN);
        feed(&b, CTI_SERVER, &message);
        assert_int_equal(b.summary->state, CTI_STATE_OPEN);
        assert_true(b.summary->began_before_capture);
        assert_int_equal(b.summary->version, 24);
        assert_true(b.summary->version_inferred);
        assert_int_equal(b.summary->idle_timeout, 120);
        assert_true(b.summary->idle_timeout_inferred);
        assert_string_equal(b.summary->client_id, "CTIOS1A");
        assert_false(b.summary->has_services_requested);
        wait(&b, 30);
        heartbeat(&b, 4, true);
        wait(&b, 120);
        end(&b, CTI_TCP_RST, CTI_SERVER);
        assert_int_equal(b.summary->verdict, CTI_VERDICT_IDLE_TIMER_FIRED);
        ASSERT_FINDINGS(&b, CTI_RULE_OPEN, CTI_RULE_HEARTBEAT_GAP, CTI_RULE_IDLE);
        cti_session_free(b.session);
    }
}

/* ---- times ---- */

static void answer_before_its_request(void **state)
{
    bench b;

    (void)state;
    begin(&b, false);
    open_session(&b, 120);
    wait(&b, 10);
    say(&b, CTI_CLIENT, CTI_QUERY_AGENT_STATE_REQ, 5);
    wait(&b, -0.004);
    say(&b, CTI_SERVER, CTI_QUERY_AGENT_STATE_CONF, 5);
    assert_true(b.facts.answers);
    assert_int_equal(b.facts.answer_time, CTI_NO_TIME);
    assert_int_equal(b.summary->answers.count, 1); /* that of OPEN_REQ */
    wait(&b, 1);
    close_session(&b);
    end(&b, CTI_TCP_RST, CTI_CLIENT);
    assert_no_findings(&b);
}

/* CLOSE_CONF was captured before CLOSE_REQ. */
static void close_conf_before_close_req(void **state)
{
    bytes message;
    bench b;

    (void)state;
    begin(&b, false);
    open_session(&b, 120);
    say(&b, CTI_SERVER, CTI_CLOSE_CONF, 9);
    wait(&b, 0.004);
    status_message(&message, CTI_CLOSE_REQ, 9, 0);
    feed(&b, CTI_CLIENT, &message);
    end(&b, CTI_TCP_RST, CTI_CLIENT);
    assert_int_equal(b.summary->end, CTI_END_CLOSED);
    assert_int_equal(b.summary->verdict, CTI_VERDICT_CLOSED_BY_CLIENT);
    assert_false(says(&b, "after"));
    assert_no_findings(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_conf_in_a_gap),
        cmocka_unit_test(open_conf_in_a_gap_then_reset),
        cmocka_unit_test(open_req_again_after_a_gap),
        cmocka_unit_test(gap_ends_a_run_of_missed_heartbeats),
        cmocka_unit_test(heartbeats_missed_after_a_gap),
        cmocka_unit_test(close_conf_in_a_gap),
        cmocka_unit_test(requests_around_a_gap),
        cmocka_unit_test(silence_across_a_gap),
        cmocka_unit_test(close_req_in_a_gap),
        cmocka_unit_test(idle_timer_after_a_gap),
        cmocka_unit_test(stale_connection),
        cmocka_unit_test(only_the_client_was_captured),
        cmocka_unit_test(findings_of_the_captured_side),
        cmocka_unit_test(only_the_server_was_captured),
        cmocka_unit_test(whole_messages_alone_give_facts),
        cmocka_unit_test(refusal_without_status),
        cmocka_unit_test(failure_event_without_status),
        cmocka_unit_test(vote_that_was_cut),
        cmocka_unit_test(vote_in_a_gap),
        cmocka_unit_test(second_open_req_in_mid),
        cmocka_unit_test(answer_before_its_request),
        cmocka_unit_test(close_conf_before_close_req),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
