/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The heartbeat interval and its gaps: made clients of each kind, with what else they send and
 * with clocks that are early or late, undisturbed and disturbed. */
#include "session_bench.h"

#define NEVER INT64_MAX

/* How a client and its server behave.  Seconds; 0 = not at all. */
typedef struct plan {
    cti_interval_source kind; /* TIMER, SILENCE or RECEIVE */
    double interval, jitter;  /* a heartbeat is late by up to jitter */
    bool drifts;              /* the timer starts again when it fires, not by the clock */
    double poll, poll_jitter, poll_phase;
    double request_min, request_max; /* random requests: time from one to the next */
    double event_mean;               /* events of the server */
    uint32_t idle_timeout;
    double duration;
    double hang_from, hang_to; /* the client sends nothing */
    double no_beat_from, no_beat_to;
    double gap_at; /* bytes of the client are missing from the capture */
    double back_at; /* the clock steps back by 20 s */
    bool reset;     /* the client resets the connection at the end */
    uint32_t seed;
} plan;

typedef struct run {
    cti_session *session;
    const cti_session_summary *summary;
    uint32_t gaps[4]; /* by severity */
    uint32_t idle, others;
    uint32_t random;
    int64_t offset;
    uint32_t frame, invoke;
    char text[CTI_FINDING_TEXT_SIZE];
} run;

static int64_t ns(double seconds)
{
    return (int64_t)(seconds * (double)CTI_SECOND);
}

static double uniform(run *r, double from, double to)
{
    r->random = r->random * 1664525u + 1013904223u;
    return from + (to - from) * (double)(r->random >> 8) / (double)(1u << 24);
}

static void count(void *user, const cti_finding *finding)
{
    run *r = user;

    if (finding->rule == CTI_RULE_HEARTBEAT_GAP) {
        r->gaps[finding->severity]++;
        memcpy(r->text, finding->text, sizeof(r->text));
    } else if (finding->rule == CTI_RULE_IDLE) {
        r->idle++;
    } else {
        r->others++;
    }
}

static const cti_session_events counting = {.finding = count};

static void tell(run *r, int64_t at, cti_sender sender, bytes *message)
{
    const cti_moment moment = {at + r->offset, ++r->frame, sender, NULL};
    cti_message_facts facts;
    cti_reader reader;

    cti_session_message(r->session, message->data, message->size, &moment, &reader, &facts);
}

static void tell_short(run *r, int64_t at, cti_sender sender, uint32_t type, uint32_t invoke)
{
    bytes message;

    short_message(&message, type, invoke);
    tell(r, at, sender, &message);
}

/* The session's first message, at time 0. */
static void ask_to_open(run *r, uint32_t idle_timeout)
{
    bytes message;

    r->session = cti_session_new(&counting, r, false);
    r->summary = cti_session_get_summary(r->session);
    open_req(&message, 1, 24, idle_timeout);
    tell(r, 0, CTI_CLIENT, &message);
}

static void open_run(run *r, uint32_t idle_timeout, int64_t answered_at)
{
    bytes message;

    ask_to_open(r, idle_timeout);
    open_conf(&message, 1);
    tell(r, answered_at, CTI_SERVER, &message);
}

/* A request of the client and its answer after 2 ms. */
static void ask(run *r, int64_t at, uint32_t request, uint32_t answer)
{
    tell_short(r, at, CTI_CLIENT, request, ++r->invoke);
    tell_short(r, at + ns(0.002), CTI_SERVER, answer, r->invoke);
}

static bool within(int64_t at, double from, double to)
{
    return to > 0 && at >= ns(from) && at < ns(to);
}

/* What comes next of the client and its server. */
typedef struct timers {
    int64_t due; /* of the heartbeat by the clock, jitter left out */
    int64_t beat, poll, request, event, gap, back;
} timers;

static void later_beat(run *r, const plan *p, timers *t, int64_t at, bool sends, bool receives,
                       bool beats)
{
    const double late = uniform(r, 0, p->jitter);

    if (p->kind == CTI_INTERVAL_TIMER && beats)
        t->due = (p->drifts ? at : t->due) + ns(p->interval);
    else if ((p->kind == CTI_INTERVAL_SILENCE && sends) ||
             (p->kind == CTI_INTERVAL_RECEIVE && receives) || beats)
        t->due = at + ns(p->interval);
    else
        return;
    t->beat = t->due + ns(late);
}

static int64_t earliest(const timers *t)
{
    return MIN(MIN(MIN(t->beat, t->poll), MIN(t->request, t->event)), MIN(t->gap, t->back));
}

static void step(run *r, const plan *p, timers *t, int64_t at)
{
    const bool hangs = within(at, p->hang_from, p->hang_to);

    if (at == t->gap) {
        cti_session_gap(r->session, CTI_CLIENT, 100, at + r->offset);
        t->gap = NEVER;
    } else if (at == t->back) {
        r->offset -= ns(20);
        t->back = NEVER;
    } else if (at == t->event) {
        bytes message;

        start_message(&message, CTI_SYSTEM_EVENT);
        for (int i = 0; i < 6; i++)
            put32(&message, 0);
        end_message(&message);
        tell(r, at, CTI_SERVER, &message);
        t->event = at + ns(uniform(r, 0, 2 * p->event_mean));
        later_beat(r, p, t, at, false, true, false);
    } else if (at == t->beat) {
        if (!hangs && !within(at, p->no_beat_from, p->no_beat_to))
            ask(r, at, CTI_HEARTBEAT_REQ, CTI_HEARTBEAT_CONF);
        later_beat(r, p, t, at, true, true, true);
    } else {
        const bool polls = at == t->poll;

        if (!hangs) {
            ask(r, at, CTI_QUERY_AGENT_STATE_REQ, CTI_QUERY_AGENT_STATE_CONF);
            later_beat(r, p, t, at, true, true, false);
        }
        if (polls)
            t->poll = at + ns(p->poll + uniform(r, -p->poll_jitter, p->poll_jitter) / 2);
        else
            t->request = at + ns(uniform(r, p->request_min, p->request_max));
    }
}

static void play(run *r, const plan *p)
{
    const int64_t epoch = INT64_C(1768000000) * CTI_SECOND;
    timers t = {.poll = p->poll > 0 ? ns(p->poll_phase + p->poll) : NEVER,
                .request = NEVER,
                .event = NEVER,
                .gap = p->gap_at > 0 ? ns(p->gap_at) : NEVER,
                .back = p->back_at > 0 ? ns(p->back_at) : NEVER};

    memset(r, 0, sizeof(*r));
    r->random = p->seed * 2654435761u + 12345;
    r->offset = epoch;
    open_run(r, p->idle_timeout != 0 ? p->idle_timeout : (uint32_t)MAX(20, 4 * p->interval),
             ns(0.010));
    r->invoke = 1;
    later_beat(r, p, &t, ns(0.010), true, true, true);
    if (p->request_max > 0)
        t.request = ns(uniform(r, 0.1, p->request_max));
    if (p->event_mean > 0)
        t.event = ns(uniform(r, 0.1, 2 * p->event_mean));
    while (earliest(&t) < ns(p->duration))
        step(r, p, &t, earliest(&t));
    if (p->reset)
        cti_session_tcp_end(r->session, CTI_TCP_RST, CTI_CLIENT, ns(p->duration) + r->offset, ++r->frame);
    cti_session_finish(r->session, ns(p->duration) + r->offset,
                       p->reset ? CTI_END_NONE : CTI_END_CAPTURE_ENDED);
}

static void complain(const run *r, const plan *p)
{
    print_error("kind %s interval %g jitter %g%s poll %g +- %g phase %g requests %g..%g seed %u: %s "
                "%.3f s, %u notes, %u warnings; %s\n",
                cti_interval_source_name(p->kind), p->interval, p->jitter,
                p->drifts ? " drifts" : "", p->poll, p->poll_jitter, p->poll_phase, p->request_min,
                p->request_max, p->seed,
                cti_interval_source_name(r->summary->heartbeat_interval_source),
                r->summary->heartbeat_interval, r->gaps[CTI_NOTE], r->gaps[CTI_WARNING], r->text);
}

/* The kind, or "traffic" where the traffic need not show it; the interval within a tenth, or
 * jitter; and so many gaps. */
static void assert_plan(const plan *p, bool shows_kind, uint32_t notes, uint32_t warnings)
{
    const double tolerance = MAX(p->interval / 10, p->jitter);
    run r;
    bool right;

    play(&r, p);
    right = (r.summary->heartbeat_interval_source == p->kind ||
             (!shows_kind && r.summary->heartbeat_interval_source == CTI_INTERVAL_TRAFFIC)) &&
            r.summary->heartbeat_interval > p->interval - tolerance &&
            r.summary->heartbeat_interval < p->interval + tolerance &&
            r.gaps[CTI_NOTE] == notes && r.gaps[CTI_WARNING] == warnings;
    if (!right)
        complain(&r, p);
    cti_session_free(r.session);
    assert_true(right);
}

/* ---- undisturbed ---- */

static void timer_and_polls(void **state)
{
    static const double intervals[] = {1, 5, 10, 30, 60};
    static const double polls[] = {0, 2, 5, 7, 10, 15};
    static const double jitters[] = {0, 0.05, 0.5};
    static const double phases[] = {0, 0.3, 1, 4.9};

    (void)state;
    for (size_t i = 0; i < 5 * 6 * 3 * 3 * 4 * 2; i++) {
        const plan p = {.kind = CTI_INTERVAL_TIMER,
                        .interval = intervals[i % 5],
                        .poll = polls[i / 5 % 6],
                        .jitter = jitters[i / 30 % 3],
                        .poll_jitter = jitters[i / 90 % 3],
                        .poll_phase = phases[i / 270 % 4],
                        .drifts = i / 1080 % 2,
                        .duration = 40 * intervals[i % 5],
                        .seed = (uint32_t)i};

        assert_plan(&p, false, 0, 0);
    }
}

static void timer_and_random_requests(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < 400; seed++) {
        const double interval = (const double[]){5, 10, 30, 90}[seed % 4];
        const plan p = {.kind = CTI_INTERVAL_TIMER,
                        .interval = interval,
                        .jitter = 0.05,
                        .request_min = interval / 20,
                        .request_max = interval * (const double[]){0.3, 0.8, 1.5}[seed / 4 % 3],
                        .event_mean = seed % 2 ? interval / 3 : 0,
                        .duration = 30 * interval,
                        .seed = seed};

        assert_plan(&p, true, 0, 0);
    }
}

static void silence_and_random_requests(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < 400; seed++) {
        const double interval = (const double[]){5, 10, 30, 90}[seed % 4];
        const plan p = {.kind = CTI_INTERVAL_SILENCE,
                        .interval = interval,
                        .jitter = (const double[]){0, 0.05, 0.3}[seed / 4 % 3],
                        .request_min = 0.1,
                        .request_max = interval * (const double[]){1.5, 2.5, 4}[seed / 12 % 3],
                        .event_mean = seed % 2 ? interval / 3 : 0,
                        .duration = 60 * interval,
                        .seed = seed};

        assert_plan(&p, false, 0, 0);
    }
}

static void silence_and_polls(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < 96; seed++) {
        const plan p = {.kind = CTI_INTERVAL_SILENCE,
                        .interval = 10,
                        .jitter = (const double[]){0, 0.02}[seed % 2],
                        .poll = (const double[]){12, 15, 25, 38}[seed / 2 % 4],
                        .poll_jitter = (const double[]){0.5, 1, 2}[seed / 8 % 3],
                        .poll_phase = 0.3 * (seed / 24),
                        .duration = 900,
                        .seed = seed};

        assert_plan(&p, true, 0, 0);
    }
}

static void silence_of_the_server(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < 200; seed++) {
        const double interval = (const double[]){30, 300, 900}[seed % 3];
        const plan p = {.kind = CTI_INTERVAL_RECEIVE,
                        .interval = interval,
                        .jitter = 0.05,
                        .event_mean = interval * (const double[]){0.8, 1.5, 4}[seed / 3 % 3],
                        .idle_timeout = UINT32_MAX,
                        .duration = 80 * interval,
                        .seed = seed};

        assert_plan(&p, false, 0, 0);
    }
}

/* A night without events, and then a day of them: the client sends fewer heartbeats. */
static void heartbeats_that_events_replace(void **state)
{
    const int64_t minute = 60 * CTI_SECOND;
    run r = {.offset = 0};
    int64_t at = 0;

    (void)state;
    open_run(&r, UINT32_MAX, 0);
    for (int i = 0; i < 6; i++)
        ask(&r, at += 15 * minute, CTI_HEARTBEAT_REQ, CTI_HEARTBEAT_CONF);
    for (int i = 0; i < 100; i++)
        tell_short(&r, at += minute, CTI_SERVER, CTI_SYSTEM_EVENT, 0);
    ask(&r, at += 15 * minute, CTI_HEARTBEAT_REQ, CTI_HEARTBEAT_CONF);
    cti_session_finish(r.session, at + minute, CTI_END_CAPTURE_ENDED);
    assert_int_equal(r.gaps[CTI_NOTE] + r.gaps[CTI_WARNING], 0);
    cti_session_free(r.session);
}

/* ---- disturbed ---- */

static void a_client_that_hangs(void **state)
{
    static const cti_interval_source kinds[] = {CTI_INTERVAL_TIMER, CTI_INTERVAL_SILENCE};

    (void)state;
    for (uint32_t seed = 0; seed < 60; seed++) {
        plan p = {.kind = kinds[seed % 2],
                  .interval = 30,
                  .jitter = 0.05,
                  .request_min = 3,
                  .request_max = seed % 2 ? 90 : 20,
                  .event_mean = seed / 2 % 2 ? 4 : 0,
                  .idle_timeout = 600,
                  .duration = 1500,
                  .hang_from = 800,
                  .hang_to = 920,
                  .seed = seed};

        assert_plan(&p, false, 0, 1);
        p.hang_to = 0;
        p.hang_from = 0;
        assert_plan(&p, false, 0, 0);
    }
}

static void a_timer_and_polls_that_hang(void **state)
{
    plan p = {.kind = CTI_INTERVAL_TIMER, .interval = 30, .poll = 10, .poll_jitter = 0.05,
              .poll_phase = 1, .idle_timeout = 600, .duration = 900};

    (void)state;
    p.hang_from = 445; /* the last request comes at 441 s, the next message at 561 s */
    p.hang_to = 555;
    assert_plan(&p, true, 0, 1);
    p.hang_to = 495; /* 60 s, two intervals */
    assert_plan(&p, true, 1, 0);
    p.hang_to = 475; /* 40 s: one heartbeat is missing, and the requests come in time */
    assert_plan(&p, true, 0, 0);
}

/* All of them are less than a second apart, and still no timer sends them. */
static void short_distances_are_no_timer(void **state)
{
    static const double distances[] = {0.02, 0.11, 0.02, 0.5, 0.05, 0.9, 0.3, 0.02, 0.7, 0.2};
    run r = {.offset = 0};
    double at = 0;

    (void)state;
    open_run(&r, 120, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(distances); i++) {
        ask(&r, ns(at += distances[i] / 2), CTI_QUERY_AGENT_STATE_REQ, CTI_QUERY_AGENT_STATE_CONF);
        ask(&r, ns(at += distances[i] / 2), CTI_HEARTBEAT_REQ, CTI_HEARTBEAT_CONF);
        assert_int_equal(r.summary->heartbeat_interval_source, CTI_INTERVAL_IDLE_TIMEOUT);
    }
    cti_session_free(r.session);
}

/* Requests show that the client lives, so a timer that stands still is a note. */
static void a_timer_that_stops(void **state)
{
    plan p = {.kind = CTI_INTERVAL_TIMER, .interval = 30, .poll = 10, .poll_phase = 1,
              .duration = 900, .no_beat_from = 400, .no_beat_to = 430};

    (void)state;
    assert_plan(&p, true, 0, 0);
    p.no_beat_to = 490;
    assert_plan(&p, true, 1, 0);
    p.no_beat_to = 1000;
    assert_plan(&p, true, 1, 0);
}

/* Of the same client one that waits for the server's messages owes a heartbeat, and one that has
 * a timer does not. */
static void a_server_that_is_silent(void **state)
{
    plan p = {.kind = CTI_INTERVAL_RECEIVE, .interval = 300, .event_mean = 450,
              .idle_timeout = UINT32_MAX, .duration = 20000, .no_beat_from = 12000,
              .no_beat_to = 14000, .seed = 3};
    run r;

    (void)state;
    play(&r, &p);
    assert_int_equal(r.summary->heartbeat_interval_source, CTI_INTERVAL_RECEIVE);
    assert_true(r.gaps[CTI_NOTE] + r.gaps[CTI_WARNING] > 0);
    cti_session_free(r.session);
}

static void a_client_that_ends_silent(void **state)
{
    const plan p = {.kind = CTI_INTERVAL_TIMER, .interval = 30, .poll = 10, .poll_phase = 1,
                    .idle_timeout = 600, .duration = 900, .hang_from = 600, .hang_to = 1000,
                    .reset = true};

    (void)state;
    assert_plan(&p, true, 0, 1);
}

/* ---- what cannot be known ---- */

/* The silence may be full of messages that the capture lost. */
static void bytes_are_missing(void **state)
{
    const plan p = {.kind = CTI_INTERVAL_TIMER, .interval = 30, .poll = 10, .poll_phase = 1,
                    .idle_timeout = 600, .duration = 900, .hang_from = 400, .hang_to = 460,
                    .gap_at = 430};

    (void)state;
    assert_plan(&p, true, 0, 0);
}

static void the_clock_steps_back(void **state)
{
    plan p = {.kind = CTI_INTERVAL_TIMER, .interval = 30, .poll = 10, .poll_phase = 1,
              .duration = 900, .back_at = 405};

    (void)state;
    assert_plan(&p, true, 0, 0);
    p.kind = CTI_INTERVAL_SILENCE;
    p.poll = 50;
    p.poll_jitter = 2;
    assert_plan(&p, false, 0, 0);
}

/* Until three heartbeats agree nothing is said, and then what is left to say. */
static void a_gap_before_the_interval_is_known(void **state)
{
    static const double times[] = {30, 60, 160, 190, 220, 250};
    uint32_t told = 0;
    run r = {.offset = 0};

    (void)state;
    open_run(&r, 600, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(times); i++) {
        ask(&r, ns(times[i]), CTI_HEARTBEAT_REQ, CTI_HEARTBEAT_CONF);
        told += i < 3 ? r.gaps[CTI_WARNING] : 0;
    }
    assert_int_equal(told, 0);
    assert_int_equal(r.gaps[CTI_WARNING], 1);
    cti_session_finish(r.session, ns(260), CTI_END_CAPTURE_ENDED);
    assert_int_equal(r.gaps[CTI_WARNING], 1);
    assert_int_equal(r.gaps[CTI_NOTE], 0);
    cti_session_free(r.session);
}

/* Two heartbeats: IdleTimeout is all there is, and it gives a note. */
static void idle_timeout_alone(void **state)
{
    static const struct {
        double silence;
        uint32_t notes, warnings;
    } cases[] = {{40, 0, 0}, {50, 1, 0}, {89, 1, 0}, {100, 0, 1}};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        run r = {.offset = 0};
        double at = 0;

        open_run(&r, 120, 0);
        ask(&r, ns(at += 30), CTI_HEARTBEAT_REQ, CTI_HEARTBEAT_CONF);
        ask(&r, ns(at += cases[i].silence), CTI_HEARTBEAT_REQ, CTI_HEARTBEAT_CONF);
        cti_session_finish(r.session, ns(at + 1), CTI_END_CAPTURE_ENDED);
        assert_int_equal(r.gaps[CTI_NOTE], cases[i].notes);
        assert_int_equal(r.gaps[CTI_WARNING], cases[i].warnings);
        cti_session_free(r.session);
    }
}

/* 5 s at least: no gap, however short the interval is. */
static void short_intervals(void **state)
{
    plan p = {.kind = CTI_INTERVAL_TIMER, .interval = 0.5, .poll = 3, .poll_phase = 0.2,
              .duration = 60, .hang_from = 20, .hang_to = 24};

    (void)state;
    assert_plan(&p, false, 0, 0);
    p.hang_to = 28;
    assert_plan(&p, false, 0, 1);
}

/* ---- answers ---- */

typedef struct answer {
    double sent, answered; /* answered 0: never */
} answer;

/* Heartbeats and their answers in the order of time. */
static void play_answers(bench *b, const answer *answers, size_t count)
{
    int64_t start;
    size_t sent = 0, done = 0;

    begin(b, false);
    open_session(b, 120);
    start = b->now;
    while (sent < count || done < count) {
        bytes message;

        while (done < count && answers[done].answered == 0)
            done++;
        if (sent < count && (done >= sent || answers[sent].sent < answers[done].answered)) {
            short_message(&message, CTI_HEARTBEAT_REQ, 2 + (uint32_t)sent);
            b->now = start + ns(answers[sent++].sent);
            feed(b, CTI_CLIENT, &message);
        } else if (done < count) {
            short_message(&message, CTI_HEARTBEAT_CONF, 2 + (uint32_t)done);
            b->now = start + ns(answers[done++].answered);
            feed(b, CTI_SERVER, &message);
        }
    }
    wait(b, 10);
    close_session(b);
    end(b, CTI_TCP_RST, CTI_CLIENT);
}

static void late_is_not_missed(void **state)
{
    static const answer late[] = {{5, 5.001}, {10, 17.5}, {15, 17.501}, {20, 20.001}};
    static const answer later[] = {{5, 16}, {10, 16.001}, {15, 16.002}, {20, 20.001}};
    static const answer one_of_two[] = {{5, 0}, {10, 17.5}, {15, 17.501}, {20, 20.001}};
    bench b;

    (void)state;
    play_answers(&b, late, 4);
    assert_int_equal(count_findings(&b, CTI_RULE_HEARTBEAT_MISSED), 0);
    assert_int_equal(b.summary->heartbeats_missed, 0);
    cti_session_free(b.session);
    play_answers(&b, later, 4);
    assert_int_equal(count_findings(&b, CTI_RULE_HEARTBEAT_MISSED), 0);
    assert_int_equal(b.summary->heartbeats_missed, 0);
    cti_session_free(b.session);
    play_answers(&b, one_of_two, 4);
    assert_int_equal(count_findings(&b, CTI_RULE_HEARTBEAT_MISSED), 1);
    assert_int_equal(b.summary->heartbeats_missed, 1);
    cti_session_free(b.session);
}

/* One InvokeID for all: the first answer of two late ones seems to be the second heartbeat's. */
static void late_with_one_invoke_id(void **state)
{
    static const double answered[] = {5.001, 17.5, 17.501};
    bytes message;
    bench b;
    int64_t start;

    (void)state;
    begin(&b, false);
    open_session(&b, 120);
    start = b.now;
    for (int i = 0; i < 5; i++) {
        short_message(&message, CTI_HEARTBEAT_REQ, 7);
        if (i == 3)
            for (int j = 1; j < 3; j++) {
                bytes conf;

                short_message(&conf, CTI_HEARTBEAT_CONF, 7);
                b.now = start + ns(answered[j]);
                feed(&b, CTI_SERVER, &conf);
            }
        b.now = start + ns(5 * (i + 1));
        feed(&b, CTI_CLIENT, &message);
        if (i == 0 || i > 2) {
            short_message(&message, CTI_HEARTBEAT_CONF, 7);
            wait(&b, 0.001);
            feed(&b, CTI_SERVER, &message);
        }
    }
    close_session(&b);
    end(&b, CTI_TCP_RST, CTI_CLIENT);
    assert_int_equal(count_findings(&b, CTI_RULE_HEARTBEAT_MISSED), 0);
    assert_int_equal(b.summary->heartbeats_missed, 0);
    cti_session_free(b.session);
}

/* A server that sends heartbeats: one warning, and none of them is the client's. */
static void heartbeats_of_the_server(void **state)
{
    bytes message;
    bench b;

    (void)state;
    for (int answers = 0; answers < 2; answers++) {
        begin(&b, false);
        open_session(&b, 120);
        for (uint32_t i = 0; i < 6; i++) {
            wait(&b, 30);
            heartbeat(&b, 2 + i, true);
            wait(&b, 1);
            short_message(&message, CTI_HEARTBEAT_REQ, 100 + i);
            feed(&b, CTI_SERVER, &message);
            short_message(&message, CTI_HEARTBEAT_CONF, 100 + i);
            if (answers)
                feed(&b, CTI_CLIENT, &message);
        }
        close_session(&b);
        end(&b, CTI_TCP_RST, CTI_CLIENT);
        ASSERT_FINDINGS(&b, CTI_RULE_HEARTBEAT);
        assert_int_equal(b.log.finding_count, 1);
        assert_int_equal(b.summary->heartbeats, 6);
        assert_int_equal(b.summary->heartbeats_missed, 0);
        assert_int_equal(b.summary->unanswered, 0);
        cti_session_free(b.session);
    }
}

/* ---- what was not captured ---- */

/* Five heartbeats after 300 s without a message of the server, and one 500 s after the last. */
static void quiet_across_a_gap(void **state)
{
    (void)state;
    for (int with_gap = 0; with_gap < 3; with_gap++) {
        run r = {.offset = 0};
        double at = 0;

        open_run(&r, UINT32_MAX, 0);
        for (int i = 0; i < 6; i++) {
            ask(&r, ns(at += 40), CTI_QUERY_AGENT_STATE_REQ, CTI_QUERY_AGENT_STATE_CONF);
            for (int j = 1; j <= i; j++)
                tell_short(&r, ns(at += 30 * j), CTI_SERVER, CTI_SYSTEM_EVENT, 0);
            ask(&r, ns(at += 300), CTI_HEARTBEAT_REQ, CTI_HEARTBEAT_CONF);
        }
        assert_int_equal(r.summary->heartbeat_interval_source, CTI_INTERVAL_RECEIVE);
        if (with_gap)
            cti_session_gap(r.session, with_gap == 1 ? CTI_SERVER : CTI_CLIENT, 100, ns(at + 200));
        ask(&r, ns(at += 500), CTI_HEARTBEAT_REQ, CTI_HEARTBEAT_CONF);
        cti_session_finish(r.session, ns(at + 1), CTI_END_CAPTURE_ENDED);
        assert_int_equal(r.gaps[CTI_NOTE], with_gap == 0);
        assert_int_equal(r.gaps[CTI_WARNING], 0);
        assert_int_equal(r.summary->heartbeat_interval_source, CTI_INTERVAL_RECEIVE);
        assert_int_equal(ns(r.summary->heartbeat_interval) / CTI_SECOND, 300);
        cti_session_free(r.session);
    }
}

/* Each heartbeat comes 300 s after a message of the server that is in a gap, and 450 s after one
 * that was captured. */
static void quiet_that_a_gap_ended(void **state)
{
    (void)state;
    for (int with_gap = 0; with_gap < 2; with_gap++) {
        run r = {.offset = 0};
        double at = 0;

        open_run(&r, UINT32_MAX, 0);
        for (int i = 0; i < 12; i++) {
            ask(&r, ns(at += 40), CTI_QUERY_AGENT_STATE_REQ, CTI_QUERY_AGENT_STATE_CONF);
            for (int j = 0; j < i; j++)
                tell_short(&r, ns(at += 60), CTI_SERVER, CTI_SYSTEM_EVENT, 0);
            if (with_gap)
                cti_session_gap(r.session, CTI_SERVER, 100, ns(at + 150));
            ask(&r, ns(at += 450), CTI_HEARTBEAT_REQ, CTI_HEARTBEAT_CONF);
        }
        cti_session_finish(r.session, ns(at + 1), CTI_END_CAPTURE_ENDED);
        assert_int_equal(r.summary->heartbeat_interval_source == CTI_INTERVAL_RECEIVE, !with_gap);
        cti_session_free(r.session);
    }
}

/* The client alone: its interval and its silences are known, nothing is of the server. */
static void server_not_captured(void **state)
{
    (void)state;
    for (int hangs = 0; hangs < 2; hangs++) {
        run r = {.offset = 0};
        double at = 0;

        ask_to_open(&r, 600);
        cti_session_not_captured(r.session, CTI_SERVER);
        for (uint32_t i = 0; i < 10; i++) {
            tell_short(&r, ns(at + 7 + i), CTI_CLIENT, CTI_QUERY_AGENT_STATE_REQ, 100 + i);
            tell_short(&r, ns(at += 30), CTI_CLIENT, CTI_HEARTBEAT_REQ, 10 + i);
        }
        if (hangs)
            tell_short(&r, ns(at += 100), CTI_CLIENT, CTI_HEARTBEAT_REQ, 50);
        cti_session_finish(r.session, ns(at + 50), CTI_END_CAPTURE_ENDED);
        assert_int_equal(r.summary->heartbeat_interval_source, CTI_INTERVAL_TIMER);
        assert_int_equal(ns(r.summary->heartbeat_interval) / CTI_SECOND, 30);
        assert_int_equal(r.summary->heartbeats_missed, 0);
        assert_int_equal(r.gaps[CTI_WARNING], hangs);
        assert_int_equal(r.gaps[CTI_NOTE] + r.idle, 0);
        cti_session_free(r.session);
    }
}

/* Answers to the heartbeats before a gap are not known, even if one of them comes late. */
static void late_answer_after_a_gap(void **state)
{
    uint32_t found = 0;
    bytes message;
    bench b;

    (void)state;
    begin(&b, false);
    open_session(&b, 120);
    for (uint32_t i = 0; i < 6; i++) {
        wait(&b, 5);
        heartbeat(&b, 10 + i, false);
        if (i == 3)
            cti_session_gap(b.session, CTI_SERVER, 100, b.now);
    }
    wait(&b, 1);
    short_message(&message, CTI_HEARTBEAT_CONF, 11);
    feed(&b, CTI_SERVER, &message);
    wait(&b, 1);
    end(&b, CTI_TCP_RST, CTI_CLIENT);
    assert_int_equal(b.summary->heartbeats_missed, 2);
    for (uint32_t i = 0; i < b.log.finding_count; i++)
        found += strncmp(b.log.findings[i].text, "2 HEARTBEAT_REQ in a row", 24) == 0;
    assert_int_equal(found, 1);
    /* The other one: the client continued after three, before the gap. */
    assert_int_equal(count_findings(&b, CTI_RULE_HEARTBEAT_MISSED), 2);
    cti_session_free(b.session);
}

/* Whether the client sends heartbeats is not known if some of its bytes were not captured. */
static void no_heartbeats_seen(void **state)
{
    static const uint32_t timeouts[] = {UINT32_MAX, 0x7FFFFFFF, 120};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(timeouts); i++)
        for (int with_gap = 0; with_gap < 2; with_gap++) {
            const bool off = timeouts[i] > 120;
            bench b;

            begin(&b, false);
            open_session(&b, timeouts[i]);
            wait(&b, 10);
            if (with_gap)
                cti_session_gap(b.session, CTI_CLIENT, 100, b.now);
            for (int j = 0; j < 2; j++) {
                bytes message;

                wait(&b, 50);
                short_message(&message, CTI_QUERY_AGENT_STATE_REQ, 5);
                feed(&b, CTI_CLIENT, &message);
                short_message(&message, CTI_QUERY_AGENT_STATE_CONF, 5);
                feed(&b, CTI_SERVER, &message);
            }
            close_session(&b);
            end(&b, CTI_TCP_RST, CTI_CLIENT);
            assert_int_equal(b.log.finding_count, off || !with_gap);
            if (b.log.finding_count > 0) {
                assert_int_equal(b.log.findings[0].rule, CTI_RULE_IDLE_TIMEOUT);
                assert_int_equal(strstr(b.log.findings[0].text, "sent no heartbeats") != NULL,
                                 !with_gap);
            }
            cti_session_free(b.session);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timer_and_polls),
        cmocka_unit_test(timer_and_random_requests),
        cmocka_unit_test(silence_and_random_requests),
        cmocka_unit_test(silence_and_polls),
        cmocka_unit_test(silence_of_the_server),
        cmocka_unit_test(heartbeats_that_events_replace),
        cmocka_unit_test(a_client_that_hangs),
        cmocka_unit_test(a_timer_and_polls_that_hang),
        cmocka_unit_test(short_distances_are_no_timer),
        cmocka_unit_test(a_timer_that_stops),
        cmocka_unit_test(a_server_that_is_silent),
        cmocka_unit_test(a_client_that_ends_silent),
        cmocka_unit_test(bytes_are_missing),
        cmocka_unit_test(the_clock_steps_back),
        cmocka_unit_test(a_gap_before_the_interval_is_known),
        cmocka_unit_test(idle_timeout_alone),
        cmocka_unit_test(short_intervals),
        cmocka_unit_test(late_is_not_missed),
        cmocka_unit_test(late_with_one_invoke_id),
        cmocka_unit_test(heartbeats_of_the_server),
        cmocka_unit_test(quiet_across_a_gap),
        cmocka_unit_test(quiet_that_a_gap_ended),
        cmocka_unit_test(server_not_captured),
        cmocka_unit_test(late_answer_after_a_gap),
        cmocka_unit_test(no_heartbeats_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
