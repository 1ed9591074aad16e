/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A session under test: a made clock, messages by hand, and all that the session tells. */
#ifndef TEST_SESSION_BENCH_H
#define TEST_SESSION_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bytes.h"
#include "session.h"

/* What a session told. */
typedef struct log {
    cti_finding findings[64];
    uint32_t finding_count;
    cti_request requests[64];
    uint32_t request_count;
    uint32_t heartbeats, heartbeats_missed, longest_run;
    uint32_t silences;
} log;

static inline void log_finding(void *user, const cti_finding *finding)
{
    log *l = user;

    assert_true(l->finding_count < 64);
    l->findings[l->finding_count++] = *finding;
}

static inline void log_request(void *user, const cti_request *request)
{
    log *l = user;

    assert_true(l->request_count < 64);
    l->requests[l->request_count++] = *request;
}

static inline void log_heartbeat(void *user, const cti_heartbeat *heartbeat)
{
    log *l = user;

    l->heartbeats++;
    l->heartbeats_missed += heartbeat->missed;
    if (heartbeat->missed_run > l->longest_run)
        l->longest_run = heartbeat->missed_run;
}

static inline void log_silence(void *user, const cti_silence *silence)
{
    (void)silence;
    ((log *)user)->silences++;
}

static const cti_session_events events = {.request = log_request,
                                          .heartbeat = log_heartbeat,
                                          .silence = log_silence,
                                          .finding = log_finding};

/* One session under test: a clock, a frame counter, what it told. */
typedef struct bench {
    cti_session *session;
    const cti_session_summary *summary;
    log log;
    int64_t now;
    uint32_t frame;
    cti_message_facts facts;
} bench;

static inline void begin(bench *b, bool began_before)
{
    memset(&b->log, 0, sizeof(b->log));
    b->now = INT64_C(1768000000) * CTI_SECOND;
    b->frame = 0;
    b->session = cti_session_new(&events, &b->log, began_before);
    b->summary = cti_session_get_summary(b->session);
}

static inline void feed(bench *b, cti_sender sender, const bytes *message)
{
    const cti_moment moment = {b->now, ++b->frame, sender, NULL};
    cti_reader reader;

    cti_session_message(b->session, message->data, message->size, &moment, &reader, &b->facts);
}

static inline void wait(bench *b, double seconds)
{
    b->now += (int64_t)(seconds * (double)CTI_SECOND);
}

static inline void open_session(bench *b, uint32_t idle_timeout)
{
    bytes message;

    open_req(&message, 1, 24, idle_timeout);
    feed(b, CTI_CLIENT, &message);
    wait(b, 0.010);
    open_conf(&message, 1);
    feed(b, CTI_SERVER, &message);
}

static inline void heartbeat(bench *b, uint32_t invoke_id, bool answered)
{
    bytes message;

    short_message(&message, CTI_HEARTBEAT_REQ, invoke_id);
    feed(b, CTI_CLIENT, &message);
    if (!answered)
        return;
    wait(b, 0.002);
    short_message(&message, CTI_HEARTBEAT_CONF, invoke_id);
    feed(b, CTI_SERVER, &message);
}

static inline void close_session(bench *b)
{
    bytes message;

    status_message(&message, CTI_CLOSE_REQ, 99, 0);
    feed(b, CTI_CLIENT, &message);
    wait(b, 0.005);
    short_message(&message, CTI_CLOSE_CONF, 99);
    feed(b, CTI_SERVER, &message);
}

static inline void end(bench *b, cti_tcp_end how, cti_sender sender)
{
    cti_session_tcp_end(b->session, how, sender, b->now, ++b->frame);
    cti_session_finish(b->session, b->now, CTI_END_NONE);
}

static inline uint32_t count_findings(const bench *b, cti_rule rule)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < b->log.finding_count; i++)
        count += b->log.findings[i].rule == rule;
    return count;
}

/* These rules gave a finding, and no other one did. */
static inline void assert_findings(const bench *b, const cti_rule *rules, uint32_t count)
{
    uint32_t seen = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (count_findings(b, rules[i]) == 0)
            print_error("missing: %s\n", cti_rule_name(rules[i]));
        assert_true(count_findings(b, rules[i]) > 0);
        seen += count_findings(b, rules[i]);
    }
    if (seen != b->log.finding_count)
        for (uint32_t i = 0; i < b->log.finding_count; i++)
            print_error("%s: %s\n", cti_rule_name(b->log.findings[i].rule),
                        b->log.findings[i].text);
    assert_int_equal(seen, b->log.finding_count);
}

#define ASSERT_FINDINGS(b, ...)                                                 \
    assert_findings(b, (const cti_rule[]){__VA_ARGS__},                          \
                    sizeof((const cti_rule[]){__VA_ARGS__}) / sizeof(cti_rule))

#endif
