/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A session from its beginning to its last message (see session.h): takes in messages and holes,
 * follows times and silences, and lets the rules judge.  The files beside it stand in
 * session_parts.h.
 * Source: GED-188, chapter "Session Management". */
#include <stdarg.h>
#include <stdio.h>

#include "session_parts.h"

/* So many messages in a row must contradict an inferred version before it is given up. */
#define CONTRADICTIONS_MAX 3

/* ---- telling ---- */

void cti_session_report(cti_session *session, cti_rule rule, cti_severity severity, int64_t time,
                        const uint32_t *frames, uint32_t count, const char *format, ...)
{
    cti_finding finding = {.rule = rule, .severity = severity, .time = time};
    const uint32_t so_far = ++session->findings_by_rule[rule];
    va_list arguments;

    if (so_far > CTI_FINDINGS_PER_RULE)
        return;
    for (uint32_t i = 0; i < count && finding.frame_count < CTI_FINDING_FRAMES_MAX; i++)
        if (frames[i] != 0)
            finding.frames[finding.frame_count++] = frames[i];
    va_start(arguments, format);
    vsnprintf(finding.text, sizeof(finding.text), format, arguments);
    va_end(arguments);
    session->findings++;
    if (session->events != NULL && session->events->finding != NULL)
        session->events->finding(session->user, &finding);
}

void cti_session_tell_silence(cti_session *session, int64_t to, uint32_t frame, double share)
{
    const cti_silence silence = {session->last_client_time, to, frame, share};

    if (session->events != NULL && session->events->silence != NULL)
        session->events->silence(session->user, &silence);
}

/* ---- versions ---- */

static void learn_version(cti_session *session, const uint8_t *bytes, size_t size)
{
    const cti_versions fits = cti_versions_that_fit(bytes, size);

    if (fits == 0)
        return;
    if (session->possible & fits) {
        session->possible &= fits;
        session->contradictions = 0;
        return;
    }
    if (++session->contradictions >= CONTRADICTIONS_MAX) {
        session->possible = fits;
        session->contradictions = 0;
    }
}

uint32_t cti_session_version(const cti_session *session, bool *inferred)
{
    const bool known = session->version != 0;

    if (inferred != NULL)
        *inferred = !known && session->possible != CTI_VERSIONS_ALL;
    if (known)
        return session->version;
    return session->possible == CTI_VERSIONS_ALL ? 0 : cti_versions_newest(session->possible);
}

/* ---- messages ---- */

/* Counts the message and measures the client's silence before it. */
static void note_traffic(cti_session *session, const cti_reader *reader, const cti_moment *moment,
                         cti_message_facts *facts)
{
    if (session->messages_client + session->messages_server == 0) {
        session->first_time = moment->time;
        session->first_frame = moment->frame;
    }
    facts->client_gap = CTI_NO_TIME;
    facts->idle_share = -1;
    if (moment->sender == CTI_CLIENT) {
        facts->client_gap = cti_forward(session->last_client_time, moment->time);
        facts->idle_share = cti_session_idle_share(session, facts->client_gap);
        if (facts->client_gap != CTI_NO_TIME && facts->client_gap > session->worst_gap) {
            session->worst_gap = facts->client_gap;
            session->worst_gap_time = session->last_client_time;
        }
        session->messages_client++;
    } else {
        session->messages_server++;
        session->last_server_time = moment->time;
        session->last_server_frame = moment->frame;
        session->server_in_doubt = false;
    }
    session->quiet_before_last = cti_forward(session->last_time, moment->time);
    session->last_time = moment->time;
    session->last_frame = moment->frame;
    session->last_message = reader->message;
    session->last_sender = moment->sender;
}

/* Tells a silence that is worth a word, then lets the client's clock start again. */
static void note_client_message(cti_session *session, const cti_moment *moment,
                                const cti_message_facts *facts)
{
    const double interval = cti_session_heartbeat_interval(session, NULL);

    if (facts->client_gap != CTI_NO_TIME && session->state != CTI_STATE_OPENING &&
        ((interval > 0 && (double)facts->client_gap > 1.5 * interval * (double)CTI_SECOND) ||
         facts->idle_share > 0.75))
        cti_session_tell_silence(session, moment->time, moment->frame, facts->idle_share);
    session->last_client_time = moment->time;
    session->last_client_frame = moment->frame;
    session->client_in_doubt = false;
    session->client_gap_before_last = facts->client_gap;
}

void cti_session_message(cti_session *session, const uint8_t *bytes, size_t size,
                         const cti_moment *moment, cti_reader *reader, cti_message_facts *facts)
{
    cti_event event = {.kind = CTI_EVENT_MESSAGE,
                       .time = moment->time,
                       .frame = moment->frame,
                       .sender = moment->sender,
                       .before = session->state,
                       .reader = reader,
                       .facts = facts};
    cti_pending *answered;

    *facts = (cti_message_facts){0};
    if (session->version == 0)
        learn_version(session, bytes, size);
    facts->context = (cti_context){.version = session->version, .possible = session->possible};
    cti_reader_init(reader, bytes, size, &facts->context);
    facts->missed_run = session->missed_run;
    note_traffic(session, reader, moment, facts);

    answered = cti_session_pair(session, moment, reader, facts, &event);
    cti_session_change_state(session, reader, moment, event.answered);
    if (reader->message_type == CTI_OPEN_REQ && session->version != 0)
        facts->context.version = session->version;
    facts->version = cti_session_version(session, &facts->version_inferred);
    facts->state = session->state;
    cti_rules_run(session, &event);
    if (moment->sender == CTI_CLIENT)
        note_client_message(session, moment, facts);
    if (answered != NULL) {
        cti_session_tell_request(session, answered);
        g_free(answered);
    }
}

bool cti_session_is_next(const cti_session *session, uint32_t message_type)
{
    return message_type == CTI_OPEN_REQ &&
           (session->state == CTI_STATE_REJECTED || session->state == CTI_STATE_CLOSED ||
            session->state == CTI_STATE_LOST);
}

void cti_session_reopen(cti_session *session, int64_t time, uint32_t frame)
{
    const cti_event event = {.kind = CTI_EVENT_REOPEN,
                             .time = time,
                             .frame = frame,
                             .sender = CTI_CLIENT,
                             .before = session->state};

    cti_rules_run(session, &event);
}

/* ---- bytes that were not seen ---- */

void cti_session_hole(cti_session *session, cti_sender sender, uint64_t bytes, int64_t time)
{
    session->holes++;
    if (bytes == 0)
        return;
    if (sender == CTI_CLIENT && session->last_client_time != CTI_NO_TIME)
        session->last_client_time = time;
    if (sender == CTI_CLIENT)
        session->client_in_doubt = true;
    else
        session->server_in_doubt = true;
    cti_session_doubt(session, sender);
}

void cti_session_doubt(cti_session *session, cti_sender sender)
{
    if (sender == CTI_SERVER && session->state == CTI_STATE_OPENING)
        session->open_in_doubt = true;
    for (GList *link = session->pending_by_age.head; link != NULL; link = link->next) {
        cti_pending *pending = link->data;

        if (pending->request.sender != sender)
            pending->doubtful = true;
    }
}

/* ---- heartbeat interval and idle time ---- */

double cti_session_heartbeat_interval(const cti_session *session, const char **source)
{
    const char *from = NULL;
    double interval = 0;

    if (session->usual_heartbeat_gap > 0) {
        from = "traffic";
        interval = (double)session->usual_heartbeat_gap / (double)CTI_SECOND;
    } else if (session->idle_timeout != 0 && session->idle_timeout != CTI_NO_IDLE_TIMEOUT) {
        from = "idle-timeout";
        interval = session->idle_timeout / 4.0;
    }
    if (source != NULL)
        *source = from;
    return interval;
}

double cti_session_idle_share(const cti_session *session, int64_t silence)
{
    if (silence == CTI_NO_TIME || session->idle_timeout == 0 ||
        session->idle_timeout == CTI_NO_IDLE_TIMEOUT)
        return -1;
    return (double)silence / ((double)session->idle_timeout * (double)CTI_SECOND);
}

/* ---- life ---- */

void cti_session_init(cti_session *session, const cti_session_events *events, void *user,
                      bool began_before_capture)
{
    *session = (cti_session){
        .possible = CTI_VERSIONS_ALL,
        .began_before_capture = began_before_capture,
        .open_time = CTI_NO_TIME,
        .open_answer_time = CTI_NO_TIME,
        .first_time = CTI_NO_TIME,
        .quiet_before_last = CTI_NO_TIME,
        .client_gap_before_last = CTI_NO_TIME,
        .last_time = CTI_NO_TIME,
        .last_client_time = CTI_NO_TIME,
        .last_server_time = CTI_NO_TIME,
        .worst_gap_time = CTI_NO_TIME,
        .close_time = CTI_NO_TIME,
        .close_answer_time = CTI_NO_TIME,
        .end_time = CTI_NO_TIME,
        .other_end_time = CTI_NO_TIME,
        .flows = {{.freed_time = CTI_NO_TIME}, {.freed_time = CTI_NO_TIME}},
        .events = events,
        .user = user,
    };
    g_queue_init(&session->pending_by_age);
    session->pending = g_hash_table_new(g_int64_hash, g_int64_equal);
}

void cti_session_release(cti_session *session)
{
    while (session->pending_by_age.head != NULL) {
        cti_pending *pending = session->pending_by_age.head->data;

        g_queue_unlink(&session->pending_by_age, &pending->link);
        g_free(pending);
    }
    if (session->pending != NULL)
        g_hash_table_destroy(session->pending);
    session->pending = NULL;
    cti_quantile_release(&session->answers);
    cti_quantile_release(&session->heartbeat_gaps);
}
