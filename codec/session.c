/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A session from its beginning to its last message (see session.h): takes in messages and gaps,
 * follows times and silences, and lets the rules judge.  The files beside it stand in
 * session_private.h.
 * Source: GED-188, chapter "Session Management". */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rules.h"

/* So many messages in a row must contradict an inferred version before it is given up. */
#define CONTRADICTIONS_MAX 3

/* ---- telling ---- */

void cti_session_report(cti_session *session, cti_rule rule, cti_severity severity, int64_t time,
                        const uint32_t *frames, uint32_t count, const char *check,
                        const char *format, ...)
{
    const cti_holder *holder = &session->rules.holder;
    cti_finding finding = {.rule = rule,
                           .severity = severity,
                           .time = time,
                           .check = check,
                           .named = holder->session != 0 ? holder->client_id : NULL};
    const uint32_t so_far = ++session->rules.findings_by_rule[rule];
    va_list arguments;

    if (so_far > CTI_FINDINGS_PER_RULE)
        return;
    for (uint32_t i = 0; i < count && finding.frame_count < CTI_FINDING_FRAMES_MAX; i++)
        if (frames[i] != 0)
            finding.frames[finding.frame_count++] = frames[i];
    va_start(arguments, format);
    if (vsnprintf(finding.text, sizeof(finding.text), format, arguments) >=
        (int)sizeof(finding.text))
        memcpy(finding.text + sizeof(finding.text) - 4, "...", 4);
    va_end(arguments);
    session->summary.findings++;
    if (session->events != NULL && session->events->finding != NULL)
        session->events->finding(session->user, &finding);
}

void cti_session_tell_silence(cti_session *session, int64_t to, uint32_t frame, double share)
{
    const cti_silence silence = {session->rules.last_client_time, to, frame, share};

    if (session->events != NULL && session->events->silence != NULL)
        session->events->silence(session->user, &silence);
}

/* ---- versions ---- */

void cti_session_update_version(cti_session *session)
{
    const cti_context *context = &session->context;
    cti_session_summary *summary = &session->summary;

    summary->version = context->version;
    summary->version_inferred = context->version == 0 && context->possible != CTI_VERSIONS_ALL;
    if (summary->version_inferred)
        summary->version = cti_versions_newest(context->possible);
}

cti_context cti_session_context(const cti_session *session)
{
    return session->context;
}

static void learn_version(cti_session *session, const uint8_t *bytes, size_t size)
{
    cti_context *context = &session->context;
    const cti_versions fits = cti_versions_that_fit(bytes, size);

    if (fits == 0)
        return;
    if (context->possible & fits) {
        session->contradictions = 0;
        if ((context->possible & fits) == context->possible)
            return;
        context->possible &= fits;
    } else {
        if (++session->contradictions < CONTRADICTIONS_MAX)
            return;
        context->possible = fits;
        session->contradictions = 0;
    }
    cti_session_update_version(session);
}

/* ---- messages ---- */

/* Counts the message and measures the client's silence before it. */
static void note_traffic(cti_session *session, const cti_reader *reader, const cti_moment *moment,
                         cti_message_facts *facts)
{
    if (session->summary.messages_client + session->summary.messages_server == 0) {
        session->summary.first_time = moment->time;
        session->summary.first_frame = moment->frame;
    }
    facts->client_gap = CTI_NO_TIME;
    facts->idle_share = -1;
    session->rules.quiet_before_last = cti_forward(session->rules.quiet_since, moment->time);
    if (moment->sender == CTI_CLIENT) {
        facts->client_gap = cti_forward(session->rules.last_client_time, moment->time);
        facts->idle_share = cti_session_idle_share(session, facts->client_gap);
        if (facts->client_gap != CTI_NO_TIME && facts->client_gap > session->summary.worst_gap) {
            session->summary.worst_gap = facts->client_gap;
            session->summary.worst_gap_time = session->rules.last_client_time;
        }
        session->summary.messages_client++;
    } else {
        session->summary.messages_server++;
        cti_heartbeat_meter_received(&session->rules.meter, session->rules.quiet_before_last);
        session->summary.last_server_time = moment->time;
        session->summary.last_server_frame = moment->frame;
        session->rules.server_in_doubt = false;
    }
    session->rules.quiet_since =
        session->summary.server_not_captured || session->summary.client_not_captured ? CTI_NO_TIME
                                                                                     : moment->time;
    session->summary.last_time = moment->time;
    session->summary.last_frame = moment->frame;
    session->summary.last_message = reader->message;
    session->summary.last_sender = moment->sender;
}

/* Tells a silence that is worth a word, then lets the client's clock start again. */
static void note_client_message(cti_session *session, uint32_t type, const cti_moment *moment,
                                const cti_message_facts *facts)
{
    if (facts->client_gap != CTI_NO_TIME && session->summary.state != CTI_STATE_OPENING &&
        !cti_session_is_leaving(session) &&
        (cti_session_is_gap(session, facts->client_gap, session->rules.quiet_before_last) ||
         cti_idle_share_is_large(facts->idle_share)))
        cti_session_tell_silence(session, moment->time, moment->frame, facts->idle_share);
    if (type != CTI_HEARTBEAT_REQ)
        cti_heartbeat_meter_sent(&session->rules.meter, facts->client_gap);
    session->rules.last_client_time = moment->time;
    session->rules.client_heard_time = moment->time;
    session->rules.last_client_frame = moment->frame;
    session->rules.client_in_doubt = false;
    session->rules.client_gap_before_last = facts->client_gap;
}

void cti_session_message(cti_session *session, const uint8_t *bytes, size_t size,
                         const cti_moment *moment, cti_reader *reader, cti_message_facts *facts)
{
    cti_event event = {.kind = CTI_EVENT_MESSAGE,
                       .time = moment->time,
                       .frame = moment->frame,
                       .sender = moment->sender,
                       .before = session->summary.state,
                       .open_in_doubt = session->rules.open_in_doubt,
                       .reader = reader,
                       .facts = facts};
    cti_pending *answered;

    *facts = (cti_message_facts){0};
    if (session->context.version == 0)
        learn_version(session, bytes, size);
    facts->context = session->context;
    cti_reader_init(reader, bytes, size, &facts->context);
    facts->missed_run = session->rules.missed_run;
    note_traffic(session, reader, moment, facts);

    answered = cti_session_pair(session, moment, reader, facts, &event);
    cti_session_change_state(session, reader, moment, event.answered);
    if (reader->message_type == CTI_OPEN_REQ && session->context.version != 0)
        facts->context.version = session->context.version;
    facts->version = session->summary.version;
    facts->version_inferred = session->summary.version_inferred;
    facts->state = session->summary.state;
    cti_rules_run(session, &event);
    if (moment->sender == CTI_CLIENT)
        note_client_message(session, reader->message_type, moment, facts);
    if (answered != NULL) {
        cti_session_tell_request(session, answered);
        g_free(answered);
    }
}

bool cti_session_is_next(const cti_session *session, uint32_t message_type)
{
    return message_type == CTI_OPEN_REQ &&
           (session->summary.state == CTI_STATE_REJECTED ||
            session->summary.state == CTI_STATE_CLOSED || session->summary.state == CTI_STATE_LOST);
}

void cti_session_reopen(cti_session *session, int64_t time, uint32_t frame)
{
    const cti_event event = {.kind = CTI_EVENT_REOPEN,
                             .time = time,
                             .frame = frame,
                             .sender = CTI_CLIENT,
                             .before = session->summary.state};

    cti_rules_run(session, &event);
}

/* ---- bytes that were not seen ---- */

/* Silences that lasted when bytes of sender went missing are not known any more. */
static void forget_silences(cti_session *session, cti_sender sender)
{
    session->rules.quiet_since = CTI_NO_TIME;
    if (sender == CTI_CLIENT)
        session->rules.last_client_time = CTI_NO_TIME;
}

/* The session's last words may be among the bytes of sender that are missing. */
static void miss_last_words(cti_session *session, cti_sender sender)
{
    if (sender == CTI_CLIENT)
        session->rules.client_in_doubt = true;
    else
        session->rules.server_in_doubt = true;
    if (session->summary.state == CTI_STATE_NEW)
        session->rules.open_in_doubt = true;
}

static bool is_not_captured(const cti_session *session, cti_sender sender)
{
    return sender == CTI_CLIENT ? session->summary.client_not_captured
                                : session->summary.server_not_captured;
}

void cti_session_gap(cti_session *session, cti_sender sender, uint64_t bytes, int64_t time)
{
    if (!is_not_captured(session, sender)) /* else it is all one gap */
        session->summary.gaps++;
    session->rules.incomplete[sender == CTI_SERVER] = true;
    cti_heartbeat_meter_break(&session->rules.meter, sender);
    if (sender == CTI_SERVER)
        cti_session_doubt_outages(session);
    if (bytes == 0)
        return;
    forget_silences(session, sender);
    miss_last_words(session, sender);
    if (sender == CTI_CLIENT && session->rules.client_heard_time != CTI_NO_TIME)
        session->rules.client_heard_time = time;
    cti_session_doubt(session, sender);
}

void cti_session_doubt(cti_session *session, cti_sender sender)
{
    uint64_t *doubtful = &session->pending.doubtful[sender == CTI_SERVER];

    *doubtful = MAX(*doubtful, session->pending.numbers);
    if (sender == CTI_CLIENT) {
        if (session->rules.shutdown.vote_frame == 0)
            session->rules.shutdown.vote_unknown = true;
        if (session->rules.closed_by_server)
            session->rules.close_in_doubt = true;
        return;
    }
    session->rules.reported_offline_frame = 0; /* it may have been taken back */
    session->rules.missed_run = 0;
    session->rules.run_begin = session->pending.numbers;
    if (session->summary.state == CTI_STATE_CLOSING)
        session->rules.close_in_doubt = true;
    if (session->summary.state != CTI_STATE_OPENING)
        return;
    session->rules.open_in_doubt = true;
    session->summary.open_unknown = true;
}

void cti_session_captured(cti_session *session, cti_sender sender)
{
    if (!is_not_captured(session, sender))
        return;
    if (sender == CTI_CLIENT)
        session->summary.client_not_captured = false;
    else
        session->summary.server_not_captured = false;
    session->pending.doubtful[sender == CTI_SERVER] = 0;
    cti_session_doubt(session, sender);
}

void cti_session_disordered(cti_session *session)
{
    session->rules.disordered = true;
}

void cti_session_fin_unseen(cti_session *session, cti_sender sender)
{
    session->rules.fin_in_doubt[sender == CTI_SERVER] = true;
}

void cti_session_not_captured(cti_session *session, cti_sender sender)
{
    if (sender == CTI_CLIENT)
        session->summary.client_not_captured = true;
    else
        session->summary.server_not_captured = true;
    session->rules.incomplete[sender == CTI_SERVER] = true;
    cti_heartbeat_meter_break(&session->rules.meter, sender);
    forget_silences(session, sender);
    miss_last_words(session, sender);
    cti_session_doubt(session, sender);
    session->pending.doubtful[sender == CTI_SERVER] = UINT64_MAX;
    if (sender == CTI_CLIENT)
        session->rules.client_heard_time = CTI_NO_TIME;
}

/* ---- heartbeat interval and idle time ---- */

void cti_session_update_interval(cti_session *session)
{
    cti_session_summary *summary = &session->summary;

    summary->heartbeat_interval = 0;
    summary->heartbeat_interval_source = CTI_INTERVAL_UNKNOWN;
    if (session->rules.meter.interval > 0) {
        summary->heartbeat_interval_source = session->rules.meter.kind;
        summary->heartbeat_interval = CTI_SECONDS(session->rules.meter.interval);
    } else if (summary->idle_timeout != 0 && !cti_idle_timeout_is_off(summary->idle_timeout)) {
        summary->heartbeat_interval_source = CTI_INTERVAL_IDLE_TIMEOUT;
        summary->heartbeat_interval = summary->idle_timeout / 4.0;
    }
}

double cti_session_idle_share(const cti_session *session, int64_t silence)
{
    if (silence == CTI_NO_TIME || session->summary.idle_timeout == 0 ||
        cti_idle_timeout_is_off(session->summary.idle_timeout))
        return -1;
    return (double)silence / ((double)session->summary.idle_timeout * (double)CTI_SECOND);
}

bool cti_session_is_gap(const cti_session *session, int64_t silence, int64_t quiet)
{
    const cti_heartbeat_meter *meter = &session->rules.meter;
    const int64_t due =
        meter->kind == CTI_INTERVAL_RECEIVE || meter->may_be_quiet ? quiet : silence;

    return meter->interval > 0 && due > CTI_TIME(GAP_LEAST) &&
           due > meter->interval / 100 * CTI_LIMIT_GAP_NOTE;
}

/* ---- life ---- */

void cti_session_init(cti_session *session, const cti_session_events *events, void *user,
                      bool began_before_capture)
{
    *session = (cti_session){
        .summary = {.began_before_capture = began_before_capture,
                    .open_time = CTI_NO_TIME,
                    .open_answer_time = CTI_NO_TIME,
                    .first_time = CTI_NO_TIME,
                    .last_time = CTI_NO_TIME,
                    .last_server_time = CTI_NO_TIME,
                    .worst_gap_time = CTI_NO_TIME,
                    .became_active = CTI_NO_TIME,
                    .close_time = CTI_NO_TIME,
                    .close_answer_time = CTI_NO_TIME,
                    .end_time = CTI_NO_TIME},
        .events = events,
        .user = user,
        .context = {.possible = CTI_VERSIONS_ALL},
        .began_in_mid = began_before_capture,
        .rules = {.last_client_time = CTI_NO_TIME,
                  .client_heard_time = CTI_NO_TIME,
                  .quiet_since = CTI_NO_TIME,
                  .quiet_before_last = CTI_NO_TIME,
                  .client_gap_before_last = CTI_NO_TIME,
                  .other_end_time = CTI_NO_TIME,
                  .config_time = CTI_NO_TIME,
                  .pg = {.time = CTI_NO_TIME, .agent_peripheral = CTI_SOME_PERIPHERAL},
                  .flows = {{.freed_time = CTI_NO_TIME}, {.freed_time = CTI_NO_TIME}}},
    };
    cti_heartbeat_meter_init(&session->rules.meter);
    session->pending.lowest_id = UINT32_MAX;
    g_queue_init(&session->pending.by_age);
    session->pending.table = g_hash_table_new(g_int64_hash, g_int64_equal);
}

void cti_session_release(cti_session *session)
{
    while (session->pending.by_age.head != NULL) {
        cti_pending *pending = session->pending.by_age.head->data;

        g_queue_unlink(&session->pending.by_age, &pending->link);
        g_free(pending);
    }
    if (session->pending.table != NULL)
        g_hash_table_destroy(session->pending.table);
    session->pending.table = NULL;
    g_clear_pointer(&session->rules.pg.watched, g_array_unref);
    cti_quantile_release(&session->summary.answers);
    cti_heartbeat_meter_release(&session->rules.meter);
    g_free((gpointer)session->summary.evidence);
    session->summary.evidence = NULL;
}

cti_session *cti_session_new(const cti_session_events *events, void *user,
                             bool began_before_capture)
{
    cti_session *session = g_new(cti_session, 1);

    cti_session_init(session, events, user, began_before_capture);
    return session;
}

void cti_session_free(cti_session *session)
{
    if (session == NULL)
        return;
    cti_session_release(session);
    g_free(session);
}

bool cti_session_services(const cti_session_summary *summary, uint32_t *services)
{
    const bool granted = summary->has_services_granted && summary->state != CTI_STATE_REJECTED;

    *services = granted ? summary->services_granted : summary->services_requested;
    return granted || summary->has_services_requested;
}

const cti_session_summary *cti_session_get_summary(const cti_session *session)
{
    return &session->summary;
}
