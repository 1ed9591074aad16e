/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each rule about what OPEN_REQ and OPEN_CONF say, about refused heartbeats and about the
 * graceful shutdown: what breaks it gives its finding and no other one, and the nearest legal
 * behaviour gives none. */
#include <stdio.h>
#include <stdlib.h>

#include "session_bench.h"
#include "session_private.h"

#define CLIENT_EVENTS 0x01u
#define CLIENT_CONTROL 0x04u
#define MONITOR 0x08u
#define ALL_EVENTS 0x10u
#define ACTIVE_STANDBY 0x02000000u
#define AGENT_STATE_CONTROL_ONLY 0x2000u

/* ---- messages ---- */

/* An OPEN_REQ whose every part may be changed. */
typedef struct opening {
    uint32_t version, idle_timeout, peripheral, services, call_mask, reserved;
    bool no_client_id, no_password, agent;
} opening;

static const opening usual = {.version = 24, .idle_timeout = 120, .peripheral = UINT32_MAX,
                              .services = MONITOR, .call_mask = 0xff};

static void say_open(bench *b, const opening *o)
{
    bytes m;

    start_message(&m, CTI_OPEN_REQ);
    put32(&m, 1);
    put32(&m, o->version);
    put32(&m, o->idle_timeout);
    put32(&m, o->peripheral);
    put32(&m, o->services);
    put32(&m, o->call_mask);
    for (int i = 0; i < 2; i++)
        put32(&m, 0); /* AgentStateMask, ConfigMsgMask */
    put32(&m, 0);
    put32(&m, o->reserved);
    put32(&m, 0);
    if (!o->no_client_id)
        put_string(&m, CTI_TAG_CLIENT_ID, "CTIOS1A");
    if (!o->no_password)
        put_wide(&m, CTI_TAG_CLIENT_PASSWORD, "", 0);
    if (o->agent)
        put_string(&m, CTI_TAG_AGENT_ID, "1001");
    end_message(&m);
    feed(b, CTI_CLIENT, &m);
    wait(b, 0.01);
}

static void answer_open(bench *b, uint32_t services, uint32_t pg_status, uint32_t online,
                        uint32_t session_type)
{
    bytes m;

    start_message(&m, CTI_OPEN_CONF);
    put32(&m, 1);
    put32(&m, services);
    put32(&m, 1);
    put32(&m, pg_status);
    put32(&m, 1768000000);
    put16(&m, online);
    put16(&m, 17);
    put16(&m, 0);
    put32(&m, 0);
    put16(&m, session_type);
    end_message(&m);
    feed(b, CTI_SERVER, &m);
    wait(b, 1);
}

static void begin_open(bench *b, uint32_t services, uint32_t session_type)
{
    opening o = usual;

    o.services = services;
    begin(b, false);
    say_open(b, &o);
    answer_open(b, services, 0, 1, session_type);
}

static void say(bench *b, cti_sender sender, uint32_t type, uint32_t invoke_id)
{
    bytes m;

    short_message(&m, type, invoke_id);
    feed(b, sender, &m);
}

/* A message of one two-byte number, behind an InvokeID if there is one. */
static void say16(bench *b, cti_sender sender, uint32_t type, uint32_t invoke_id, uint32_t number)
{
    bytes m;

    start_message(&m, type);
    if (invoke_id != 0)
        put32(&m, invoke_id);
    put16(&m, number);
    end_message(&m);
    feed(b, sender, &m);
}

static void close_cleanly(bench *b)
{
    close_session(b);
    end(b, CTI_TCP_RST, CTI_CLIENT);
}

/* One exchange of OPEN_REQ and OPEN_CONF, closed again: gives these findings. */
static void assert_opening(const opening *o, uint32_t granted, cti_rule rule, uint32_t count)
{
    bench b;

    begin(&b, false);
    say_open(&b, o);
    answer_open(&b, granted, 0, 1, 1);
    close_cleanly(&b);
    if (b.log.finding_count != count)
        for (uint32_t i = 0; i < b.log.finding_count; i++)
            print_error("%s\n", b.log.findings[i].text);
    assert_int_equal(b.log.finding_count, count);
    assert_int_equal(count_findings(&b, rule), count);
    cti_session_free(b.session);
}

/* ---- opening ---- */

static void open_data(void **state)
{
    opening o = usual;

    (void)state;
    assert_opening(&o, MONITOR, CTI_RULE_OPEN_DATA, 0);
    o.no_password = true;
    assert_opening(&o, MONITOR, CTI_RULE_OPEN_DATA, 1);
    o.no_password = false;
    o.peripheral = 5000;
    assert_opening(&o, MONITOR, CTI_RULE_OPEN_DATA, 1);
    o.services = CLIENT_EVENTS;
    assert_opening(&o, CLIENT_EVENTS, CTI_RULE_OPEN_DATA, 1);
    o.agent = true;
    assert_opening(&o, CLIENT_EVENTS, CTI_RULE_OPEN_DATA, 0);
    o.peripheral = UINT32_MAX;
    assert_opening(&o, CLIENT_EVENTS, CTI_RULE_OPEN_DATA, 1);
}

static void idle_timeout(void **state)
{
    opening o = usual;

    (void)state;
    o.idle_timeout = 20;
    assert_opening(&o, MONITOR, CTI_RULE_IDLE_TIMEOUT, 0);
    o.idle_timeout = 19;
    assert_opening(&o, MONITOR, CTI_RULE_IDLE_TIMEOUT, 1);
    o.idle_timeout = UINT32_MAX;
    assert_opening(&o, MONITOR, CTI_RULE_IDLE_TIMEOUT, 1);
}

/* IdleTimeout of 120 s against heartbeats of this interval. */
static uint32_t findings_with_interval(double interval, cti_rule rule)
{
    uint32_t found;
    bench b;

    begin_open(&b, MONITOR, 1);
    for (uint32_t i = 0; i < 8; i++) {
        heartbeat(&b, 10 + i, true);
        wait(&b, interval - 0.002);
    }
    close_cleanly(&b);
    found = count_findings(&b, rule);
    assert_int_equal(found, b.log.finding_count);
    cti_session_free(b.session);
    return found;
}

static void idle_timeout_against_heartbeats(void **state)
{
    (void)state;
    assert_int_equal(findings_with_interval(30, CTI_RULE_IDLE_TIMEOUT), 0);
    assert_int_equal(findings_with_interval(44, CTI_RULE_IDLE_TIMEOUT), 1);
    assert_int_equal(findings_with_interval(10, CTI_RULE_IDLE_TIMEOUT), 1);
}

static void reserved(void **state)
{
    opening o = usual;

    (void)state;
    o.reserved = 5;
    assert_opening(&o, MONITOR, CTI_RULE_RESERVED, 1);
    o.reserved = 0;
    o.services = MONITOR | 0x00020000;
    assert_opening(&o, o.services, CTI_RULE_RESERVED, 1);
    o.services = MONITOR;
    o.call_mask = 0x1;
    assert_opening(&o, MONITOR, CTI_RULE_RESERVED, 0);
}

static void version(void **state)
{
    opening o = usual;

    (void)state;
    o.version = 25;
    assert_opening(&o, MONITOR, CTI_RULE_VERSION, 0);
    o.version = 26;
    assert_opening(&o, MONITOR, CTI_RULE_VERSION, 1);
}

static void services(void **state)
{
    opening o = usual;

    (void)state;
    o.services = MONITOR | CLIENT_CONTROL;
    assert_opening(&o, o.services, CTI_RULE_SERVICES, 0);
    assert_opening(&o, MONITOR, CTI_RULE_SERVICES, 1);
    assert_opening(&o, MONITOR | AGENT_STATE_CONTROL_ONLY, CTI_RULE_SERVICES, 1);
}

static void pg_status(void **state)
{
    bench b;

    (void)state;
    begin(&b, false);
    say_open(&b, &usual);
    answer_open(&b, MONITOR, 1, 1, 1);
    close_cleanly(&b);
    ASSERT_FINDINGS(&b, CTI_RULE_PG_STATUS);
    assert_int_equal(b.log.findings[0].severity, CTI_WARNING);
    cti_session_free(b.session);

    begin(&b, false);
    say_open(&b, &usual);
    answer_open(&b, MONITOR, 0, 0, 1);
    close_cleanly(&b);
    ASSERT_FINDINGS(&b, CTI_RULE_PG_STATUS);
    assert_int_equal(b.log.findings[0].severity, CTI_NOTE);
    cti_session_free(b.session);
}

static void all_events(void **state)
{
    bench b;

    (void)state;
    for (int with_event = 0; with_event < 2; with_event++) {
        begin_open(&b, ALL_EVENTS, 1);
        if (with_event)
            say(&b, CTI_SERVER, CTI_SYSTEM_EVENT, 0);
        wait(&b, 10);
        close_cleanly(&b);
        assert_int_equal(count_findings(&b, CTI_RULE_ALL_EVENTS), with_event ? 0 : 1);
        assert_int_equal(b.log.finding_count, with_event ? 0 : 1);
        cti_session_free(b.session);
    }
}

/* ---- keeping ---- */

static void heartbeats(void **state)
{
    bench b;

    (void)state;
    begin_open(&b, MONITOR, 1);
    heartbeat(&b, 2, true);
    say(&b, CTI_SERVER, CTI_HEARTBEAT_REQ, 3);
    say(&b, CTI_CLIENT, CTI_HEARTBEAT_CONF, 3);
    say(&b, CTI_SERVER, CTI_HEARTBEAT_CONF, 77);
    close_cleanly(&b);
    assert_int_equal(count_findings(&b, CTI_RULE_HEARTBEAT), 2);
    assert_int_equal(b.log.finding_count, 2);
    cti_session_free(b.session);
}

static void heartbeat_refused(void **state)
{
    bytes m;
    bench b;

    (void)state;
    begin_open(&b, MONITOR, 1);
    say(&b, CTI_CLIENT, CTI_HEARTBEAT_REQ, 2);
    status_message(&m, CTI_FAILURE_CONF, 2, CTI_V_StatusCode_E_CTI_CTI_SERVER_OFFLINE);
    feed(&b, CTI_SERVER, &m);
    end(&b, CTI_TCP_RST, CTI_CLIENT);
    ASSERT_FINDINGS(&b, CTI_RULE_HEARTBEAT_REFUSED);
    assert_int_equal(b.summary->verdict, CTI_VERDICT_SERVER_OFFLINE);
    cti_session_free(b.session);
}

static void server_offline(void **state)
{
    bytes m;
    bench b;

    (void)state;
    begin_open(&b, MONITOR, 1);
    start_message(&m, CTI_FAILURE_EVENT);
    put32(&m, CTI_V_StatusCode_E_CTI_CTI_SERVER_OFFLINE);
    end_message(&m);
    feed(&b, CTI_SERVER, &m);
    close_cleanly(&b);
    ASSERT_FINDINGS(&b, CTI_RULE_SERVER_OFFLINE);
    assert_int_equal(b.summary->verdict, CTI_VERDICT_SERVER_OFFLINE);
    cti_session_free(b.session);
}

/* ---- graceful shutdown ---- */

static void standby(void **state)
{
    bench b;

    (void)state;
    begin_open(&b, MONITOR | ACTIVE_STANDBY, CTI_V_SessionType_Standby);
    heartbeat(&b, 2, true);
    assert_int_equal(b.log.finding_count, 0);
    say(&b, CTI_CLIENT, CTI_QUERY_AGENT_STATE_REQ, 3);
    ASSERT_FINDINGS(&b, CTI_RULE_STANDBY);
    cti_session_finish(b.session, b.now, CTI_END_CAPTURE_ENDED);
    cti_session_free(b.session);

    begin_open(&b, MONITOR | ACTIVE_STANDBY, CTI_V_SessionType_Standby);
    say(&b, CTI_SERVER, CTI_STANDBY_ACTIVE_EVENT, 0);
    say(&b, CTI_CLIENT, CTI_QUERY_AGENT_STATE_REQ, 3);
    ASSERT_FINDINGS(&b, CTI_RULE_STANDBY_ACTIVE);
    cti_session_finish(b.session, b.now, CTI_END_CAPTURE_ENDED);
    cti_session_free(b.session);
}

/* A vote after so many seconds, and the server's decision; then the session goes on. */
static void vote(bench *b, double after, uint32_t accepted, uint32_t continues)
{
    begin_open(b, MONITOR | ACTIVE_STANDBY, 1);
    say(b, CTI_SERVER, CTI_ACTIVE_MAINTENANCE_REQ, 900);
    wait(b, after);
    say16(b, CTI_CLIENT, CTI_ACTIVE_MAINTENANCE_RESP, 900, accepted);
    wait(b, 0.5);
    say16(b, CTI_SERVER, CTI_ACTIVE_MAINTENANCE_EVENT, 0, continues);
}

/* What the vote came to is reported with those of the other sessions (maintenance.h). */
static void maintenance(void **state)
{
    static const struct {
        double after;
        uint32_t accepted, continues;
        cti_severity severity; /* CTI_NOTE: no finding */
    } cases[] = {{1, 1, 1, CTI_NOTE}, {1, 0, 0, CTI_NOTE}, {1, 0, 1, CTI_ERROR},
                 {6, 1, 1, CTI_WARNING}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bench b;

        vote(&b, cases[i].after, cases[i].accepted, cases[i].continues);
        if (cases[i].severity == CTI_NOTE) {
            assert_int_equal(b.log.finding_count, 0);
        } else {
            ASSERT_FINDINGS(&b, CTI_RULE_MAINTENANCE);
            assert_int_equal(b.log.findings[0].severity, cases[i].severity);
        }
        cti_session_free(b.session);
    }
}

static void stopping_requests(void **state)
{
    bench b;

    (void)state;
    vote(&b, 1, 1, 1);
    wait(&b, 2);
    say(&b, CTI_CLIENT, CTI_STOPPING_REQUESTS_TO_THIS_SIDE_IND, 0);
    end(&b, CTI_TCP_RST, CTI_SERVER);
    assert_int_equal(b.log.finding_count, 0);
    assert_int_equal(b.summary->verdict, CTI_VERDICT_MAINTENANCE);
    cti_session_free(b.session);

    vote(&b, 1, 1, 1);
    wait(&b, 6);
    say(&b, CTI_CLIENT, CTI_STOPPING_REQUESTS_TO_THIS_SIDE_IND, 0);
    say(&b, CTI_CLIENT, CTI_QUERY_AGENT_STATE_REQ, 5);
    ASSERT_FINDINGS(&b, CTI_RULE_STOPPING_REQUESTS);
    assert_int_equal(count_findings(&b, CTI_RULE_STOPPING_REQUESTS), 2);
    cti_session_free(b.session);
}

static void call_replay(void **state)
{
    bytes m;
    bench b;

    (void)state;
    begin_open(&b, MONITOR, 1);
    /* CALL_ESTABLISHED_EVENT up to EventCause, which is the last of its fixed part. */
    start_message(&m, CTI_CALL_ESTABLISHED_EVENT);
    for (int i = cti_message_find(CTI_CALL_ESTABLISHED_EVENT)->layout_sizes[0]; i > 2; i--)
        put8(&m, 0);
    put16(&m, CTI_V_EventCause_CEC_CALL_PARTY_UPDATE_IND);
    end_message(&m);
    feed(&b, CTI_SERVER, &m);
    close_cleanly(&b);
    ASSERT_FINDINGS(&b, CTI_RULE_CALL_REPLAY);
    cti_session_free(b.session);
}

static void unique_instance(void **state)
{
    bytes m;
    bench b;

    (void)state;
    begin(&b, false);
    say_open(&b, &usual);
    status_message(&m, CTI_FAILURE_CONF, 1, CTI_V_StatusCode_E_CTI_DUPLICATE_UNIQUE_INSTANCE_ID);
    feed(&b, CTI_SERVER, &m);
    end(&b, CTI_TCP_RST, CTI_CLIENT);
    ASSERT_FINDINGS(&b, CTI_RULE_UNIQUE_INSTANCE, CTI_RULE_OPEN_REJECTED);
    cti_session_free(b.session);
}

/* ---- TCP ---- */

/* A segment of so many new bytes, acknowledging all that the other end sent. */
static void segment(bench *b, cti_sender sender, uint32_t size)
{
    static uint32_t next[2];
    const int from = sender == CTI_SERVER;
    cti_segment s = {.flags = CTI_FLAG_ACK, .length = size, .time = b->now, .frame = ++b->frame};

    if (!b->session->rules.flows[0].known && !b->session->rules.flows[1].known) {
        next[0] = 1000;
        next[1] = 0xFFFFFF00u; /* the server's numbers soon pass 2^32 */
    }
    s.sequence = next[from];
    next[from] += size;
    s.acknowledgment = next[!from];
    cti_session_segment(b->session, sender, &s);
}

/* So many small pieces that leave right after a late acknowledgment of the one before; with
 * data, the acknowledgment may have caused them. */
static void hold_back(bench *b, uint32_t times, uint32_t data)
{
    begin_open(b, MONITOR, 1);
    segment(b, CTI_CLIENT, 0);
    segment(b, CTI_SERVER, 0);
    for (uint32_t i = 0; i < times; i++) {
        wait(b, 1);
        segment(b, CTI_SERVER, 100);
        wait(b, 0.15);
        segment(b, CTI_CLIENT, data);
        wait(b, 0.001);
        segment(b, CTI_SERVER, 200);
        segment(b, CTI_CLIENT, 0);
    }
}

static void no_delay(void **state)
{
    bench b;

    (void)state;
    hold_back(&b, 3, 0);
    close_cleanly(&b);
    ASSERT_FINDINGS(&b, CTI_RULE_NO_DELAY);
    assert_int_equal(b.session->rules.flows[1].held_back, 3);
    assert_int_equal(b.session->rules.flows[1].worst_wait, 150 * 1000 * 1000);
    assert_int_equal(b.log.findings[0].frame_count, 3);
    cti_session_free(b.session);

    hold_back(&b, 10, 50);
    close_cleanly(&b);
    assert_int_equal(b.log.finding_count, 0);
    cti_session_free(b.session);

    /* A sender that also sends small pieces while others wait has the algorithm off. */
    hold_back(&b, 3, 0);
    segment(&b, CTI_SERVER, 100);
    segment(&b, CTI_SERVER, 100);
    close_cleanly(&b);
    assert_int_equal(b.session->rules.flows[1].not_held, 1);
    assert_int_equal(b.log.finding_count, 0);
    cti_session_free(b.session);
}

/* The client's FIN, and after so long the server's, or its reset. */
static uint32_t findings_half_open(double tail, cti_tcp_end how)
{
    uint32_t found;
    bench b;

    begin_open(&b, MONITOR, 1);
    close_session(&b);
    cti_session_tcp_end(b.session, CTI_TCP_FIN, CTI_CLIENT, b.now, ++b.frame);
    cti_session_tcp_end(b.session, CTI_TCP_FIN, CTI_CLIENT, b.now, ++b.frame);
    wait(&b, tail);
    cti_session_tcp_end(b.session, how, CTI_SERVER, b.now, ++b.frame);
    cti_session_finish(b.session, b.now, CTI_END_NONE);
    found = count_findings(&b, CTI_RULE_LINGER_ZERO);
    assert_int_equal(found, b.log.finding_count);
    cti_session_free(b.session);
    return found;
}

static void linger_zero(void **state)
{
    (void)state;
    assert_int_equal(findings_half_open(5, CTI_TCP_FIN), 0);
    assert_int_equal(findings_half_open(6, CTI_TCP_FIN), 1);
    assert_int_equal(findings_half_open(6, CTI_TCP_RST), 1);
    assert_int_equal(findings_half_open(-100, CTI_TCP_FIN), 0);
}

/* ---- evidence ---- */

static void evidence(void **state)
{
    const cti_evidence *facts;
    bool against = false;
    bench b;

    (void)state;
    begin_open(&b, MONITOR, 1);
    say(&b, CTI_CLIENT, CTI_QUERY_AGENT_STATE_REQ, 5);
    wait(&b, 12);
    end(&b, CTI_TCP_RST, CTI_CLIENT);
    assert_int_equal(b.summary->verdict, CTI_VERDICT_RESET_BY_CLIENT);
    facts = b.summary->evidence;
    assert_int_equal(b.summary->evidence_count, 3);
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(facts[i].against || !against); /* those for it come first */
        against = facts[i].against;
    }
    assert_string_equal(facts[2].text,
                        "1 request had no response, the oldest (QUERY_AGENT_STATE_REQ) for 12.000 s.");
    assert_false(facts[2].against); /* else the client would just have left */
    assert_int_equal(facts[0].frame, b.summary->end_frame);
    cti_session_free(b.session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_data),
        cmocka_unit_test(idle_timeout),
        cmocka_unit_test(idle_timeout_against_heartbeats),
        cmocka_unit_test(reserved),
        cmocka_unit_test(version),
        cmocka_unit_test(services),
        cmocka_unit_test(pg_status),
        cmocka_unit_test(all_events),
        cmocka_unit_test(heartbeats),
        cmocka_unit_test(heartbeat_refused),
        cmocka_unit_test(server_offline),
        cmocka_unit_test(standby),
        cmocka_unit_test(maintenance),
        cmocka_unit_test(stopping_requests),
        cmocka_unit_test(call_replay),
        cmocka_unit_test(unique_instance),
        cmocka_unit_test(no_delay),
        cmocka_unit_test(linger_zero),
        cmocka_unit_test(evidence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
