/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The session rules: one function each, called for each event of a session, and the
 * sentences of their findings.  What a sentence says: what was seen, what the protocol
 * asks for, what to look at next.  Facts: GED-188, chapter "Session Management". */
#include "rules.h"

#include <stdio.h>
#include <string.h>

#define SECONDS(nanoseconds) ((double)(nanoseconds) / (double)CTI_SECOND)

#define OPEN_USUAL (5 * CTI_SECOND)
#define OPEN_SMALL_SITE (30 * CTI_SECOND)
#define OPEN_LARGE_SITE (60 * CTI_SECOND)
#define CLOSE_PATIENCE (5 * CTI_SECOND)
#define MISSED_MAX 3
#define GAP_FACTOR 1.5
#define IDLE_SHARE_WARNING 0.75

typedef void (*rule_function)(cti_session *session, cti_rule rule, const cti_event *event);

#define RULE(id, name, function, text) \
    static void function(cti_session *session, cti_rule rule, const cti_event *event);
#include "rules.def"
#undef RULE

static const struct {
    const char *name, *text;
    rule_function function;
} rules[CTI_RULE_COUNT] = {
#define RULE(id, name, function, text) [CTI_RULE_##id] = {name, text, function},
#include "rules.def"
#undef RULE
};

const char *cti_rule_name(cti_rule rule)
{
    return (size_t)rule < CTI_RULE_COUNT ? rules[rule].name : "?";
}

const char *cti_rule_text(cti_rule rule)
{
    return (size_t)rule < CTI_RULE_COUNT ? rules[rule].text : "?";
}

void cti_rules_run(cti_session *session, const cti_event *event)
{
    for (cti_rule rule = 0; rule < CTI_RULE_COUNT; rule++)
        rules[rule].function(session, rule, event);
}

/* ---- words ---- */

static bool is_message(const cti_event *event, uint32_t type)
{
    return event->kind == CTI_EVENT_MESSAGE && event->reader->message_type == type;
}

static const char *message_name(const cti_message *message)
{
    return message != NULL ? message->name : "an unknown message";
}

static const char *sender_name(cti_sender sender)
{
    return sender == CTI_CLIENT ? "client" : "server";
}

/* "E_CTI_TIMEOUT (16)", in the caller's buffer. */
static const char *status_words(uint32_t status, char *words, size_t size)
{
    const cti_value_set *statuses = cti_field_get(CTI_F_Status)->values;
    const cti_value *value = cti_value_find(statuses, status);

    if (value != NULL)
        snprintf(words, size, "%s (%u: %s)", value->name, status, value->text);
    else
        snprintf(words, size, "status %u", status);
    return words;
}

static const char *end_words(const cti_session *session)
{
    switch (session->end) {
    case CTI_END_RESET_BY_CLIENT: return "the client reset the connection";
    case CTI_END_RESET_BY_SERVER: return "the server reset the connection";
    case CTI_END_FIN_BY_CLIENT: return "the client ended the connection (FIN)";
    case CTI_END_FIN_BY_SERVER: return "the server ended the connection (FIN)";
    case CTI_END_SUPERSEDED: return "another session took its place";
    default: return "the capture ended";
    }
}

static bool ended_by_tcp(const cti_session *session)
{
    return session->end >= CTI_END_RESET_BY_CLIENT && session->end <= CTI_END_FIN_BY_SERVER;
}

/* ---- opening ---- */

static void rule_open(cti_session *session, cti_rule rule, const cti_event *event)
{
    const uint32_t frames[] = {session->open_frame, event->frame};

    if (event->kind != CTI_EVENT_MESSAGE || event->sender != CTI_CLIENT)
        return;
    if (is_message(event, CTI_OPEN_REQ)) {
        if (event->before == CTI_STATE_OPEN)
            cti_session_report(session, rule, CTI_WARNING, event->time, frames, 2,
                               "OPEN_REQ on a session that is already open: the server refuses "
                               "it (E_CTI_SESSION_ALREADY_OPEN). Look at why the client believes "
                               "that it has no session.");
        return;
    }
    if (session->began_before_capture ||
        (event->before != CTI_STATE_NEW && event->before != CTI_STATE_OPENING))
        return;
    cti_session_report(session, rule, CTI_ERROR, event->time, frames, 2,
                       "%s before OPEN_CONF: a session starts with OPEN_REQ, and nothing else is "
                       "allowed until OPEN_CONF (E_CTI_SESSION_NOT_OPEN). The client must wait.",
                       message_name(event->reader->message));
}

static cti_severity open_severity(int64_t waited)
{
    if (waited > OPEN_LARGE_SITE)
        return CTI_ERROR;
    return waited > OPEN_SMALL_SITE ? CTI_WARNING : CTI_NOTE;
}

static void open_unanswered(cti_session *session, cti_rule rule, const cti_event *event)
{
    const int64_t waited = cti_elapsed(session->open_time, event->time);
    const bool lost = ended_by_tcp(session);

    if (session->open_time == CTI_NO_TIME || session->open_answer_time != CTI_NO_TIME ||
        session->holes > 0 || (!lost && waited <= OPEN_USUAL))
        return;
    cti_session_report(session, rule, lost ? CTI_ERROR : open_severity(waited), event->time,
                       (const uint32_t[]){session->open_frame, event->frame}, 2,
                       "OPEN_REQ had no answer in %.3f s, then %s. The server usually answers "
                       "within 5 s; a client waits for at least 30 s, or 60 s at large sites. Look "
                       "at the load of the server at that time.",
                       SECONDS(waited), end_words(session));
}

static void rule_open_no_answer(cti_session *session, cti_rule rule, const cti_event *event)
{
    int64_t waited;

    if (event->kind == CTI_EVENT_FINISH) {
        open_unanswered(session, rule, event);
        return;
    }
    if (event->kind != CTI_EVENT_MESSAGE || event->answered == NULL ||
        event->answered->message->number != CTI_OPEN_REQ)
        return;
    waited = event->facts->answer_time;
    if (waited <= OPEN_USUAL)
        return;
    cti_session_report(session, rule, open_severity(waited), event->time,
                       (const uint32_t[]){event->facts->request_frame, event->frame}, 2,
                       "OPEN_REQ was answered after %.3f s; 5 s are usual, and a client may give "
                       "up after 30 s. Look at how many clients opened at that time.",
                       SECONDS(waited));
}

static void rule_open_rejected(cti_session *session, cti_rule rule, const cti_event *event)
{
    char words[160];

    if (event->kind != CTI_EVENT_MESSAGE)
        return;
    if (event->before == CTI_STATE_OPENING && session->state == CTI_STATE_REJECTED) {
        cti_session_report(session, rule, CTI_ERROR, event->time,
                           (const uint32_t[]){session->open_frame, event->frame}, 2,
                           "The server refused OPEN_REQ: %s. The client must reset the "
                           "connection and mend the named data before it tries again.",
                           status_words(session->open_status, words, sizeof(words)));
    } else if (event->before == CTI_STATE_REJECTED && event->sender == CTI_CLIENT) {
        cti_session_report(session, rule, CTI_WARNING, event->time,
                           (const uint32_t[]){session->open_answer_frame, event->frame}, 2,
                           "The client sends %s on a connection whose OPEN_REQ was refused; it "
                           "should reset that connection.",
                           message_name(event->reader->message));
    }
}

/* ---- keeping ---- */

static void missed_run_over(cti_session *session, cti_rule rule, const cti_event *event)
{
    const uint32_t run = event->missed_run_ended;
    const char *what = run == 1 ? "HEARTBEAT_REQ was" : "HEARTBEAT_REQ in a row were";
    char how[96];

    if (event->kind == CTI_EVENT_MESSAGE)
        snprintf(how, sizeof(how), "then the server answered again, %.3f s after the first one",
                 SECONDS(cti_elapsed(session->missed_since, event->time)));
    else
        snprintf(how, sizeof(how), "then %s, %.3f s after the first one", end_words(session),
                 SECONDS(cti_elapsed(session->missed_since, event->time)));
    cti_session_report(session, rule, run >= MISSED_MAX ? CTI_ERROR : CTI_WARNING, event->time,
                       session->missed_frames, CTI_FINDING_FRAMES_MAX,
                       "%u %s not answered, %s. The server answers heartbeats at once; after three "
                       "the client declares the session failed. Look at the server and the path "
                       "at that time.",
                       run, what, how);
}

static void rule_heartbeat_missed(cti_session *session, cti_rule rule, const cti_event *event)
{
    if (event->missed_run_ended > 0) {
        missed_run_over(session, rule, event);
        return;
    }
    if (!is_message(event, CTI_HEARTBEAT_REQ) || session->missed_run != MISSED_MAX)
        return;
    cti_session_report(session, rule, CTI_WARNING, event->time,
                       (const uint32_t[]){session->missed_frames[0], event->frame}, 2,
                       "The client goes on after %u heartbeats without answer; it should reset the "
                       "connection and try the other side.",
                       session->missed_run);
}

static void rule_heartbeat_gap(cti_session *session, cti_rule rule, const cti_event *event)
{
    const char *source;
    const double interval = cti_session_heartbeat_interval(session, &source);
    int64_t gap;

    if (session->heartbeats == 0 || interval <= 0)
        return;
    if (event->kind == CTI_EVENT_MESSAGE && event->sender == CTI_CLIENT)
        gap = event->facts->client_gap;
    else if (event->kind == CTI_EVENT_FINISH && session->state == CTI_STATE_LOST)
        gap = event->client_silence;
    else
        return;
    if (gap == CTI_NO_TIME || (double)gap <= GAP_FACTOR * interval * (double)CTI_SECOND)
        return;
    cti_session_report(
        session, rule, CTI_WARNING, event->time,
        (const uint32_t[]){session->last_client_frame, event->frame}, 2,
        "The client sent nothing for %.3f s, %.1f heartbeat intervals of %.1f s (judged by %s), "
        "until %s. Look at what the client did in that time.",
        SECONDS(gap), SECONDS(gap) / interval, interval,
        strcmp(source, "traffic") == 0 ? "its other heartbeats" : "its IdleTimeout",
        event->kind == CTI_EVENT_MESSAGE ? message_name(event->reader->message)
                                         : end_words(session));
}

static void rule_idle(cti_session *session, cti_rule rule, const cti_event *event)
{
    double share;

    if (event->kind == CTI_EVENT_FINISH && cti_session_idle_timer_fired(session)) {
        cti_session_report(session, rule, CTI_ERROR, event->time,
                           (const uint32_t[]){session->last_client_frame, event->frame}, 2,
                           "The server's idle timer fired: %s %.3f s after the client's last "
                           "message, and IdleTimeout is %u s. Look at why the client stopped "
                           "sending (heartbeats off, a hung process, a path that lost its "
                           "packets).",
                           end_words(session), SECONDS(event->client_silence),
                           session->idle_timeout);
        return;
    }
    if (event->kind != CTI_EVENT_MESSAGE || event->sender != CTI_CLIENT)
        return;
    share = event->facts->idle_share;
    if (share <= IDLE_SHARE_WARNING)
        return;
    cti_session_report(session, rule, CTI_WARNING, event->time,
                       (const uint32_t[]){session->last_client_frame, event->frame}, 2,
                       "The client sent nothing for %.3f s, %.0f %% of its IdleTimeout of %u s%s. "
                       "IdleTimeout should be four heartbeat intervals.",
                       SECONDS(event->facts->client_gap), 100 * share, session->idle_timeout,
                       share >= 1 ? "; the server could have reset the session" : "");
}

/* ---- closing ---- */

static void rule_close(cti_session *session, cti_rule rule, const cti_event *event)
{
    char words[160];

    if (!is_message(event, CTI_CLOSE_REQ))
        return;
    switch (session->close_status) {
    case CTI_V_StatusCode_E_CTI_NO_ERROR:
    case CTI_V_StatusCode_E_CTI_CTI_SERVER_OFFLINE:
    case CTI_V_StatusCode_E_CTI_TIMEOUT:
        return;
    default:
        cti_session_report(session, rule, CTI_WARNING, event->time, &event->frame, 1,
                           "CLOSE_REQ carries %s; only E_CTI_NO_ERROR, E_CTI_CTI_SERVER_OFFLINE "
                           "and E_CTI_TIMEOUT are meant for it.",
                           status_words(session->close_status, words, sizeof(words)));
    }
}

static void rule_close_no_answer(cti_session *session, cti_rule rule, const cti_event *event)
{
    const int64_t waited = cti_elapsed(session->close_time, event->time);
    const uint32_t frames[] = {session->close_frame, event->frame};

    if (is_message(event, CTI_CLOSE_CONF) && event->answered != NULL &&
        event->facts->answer_time > CLOSE_PATIENCE) {
        cti_session_report(session, rule, CTI_WARNING, event->time, frames, 2,
                           "CLOSE_REQ was answered after %.3f s; a client waits for 5 s.",
                           SECONDS(event->facts->answer_time));
        return;
    }
    if (event->kind != CTI_EVENT_FINISH || session->state != CTI_STATE_CLOSING)
        return;
    if (waited > CLOSE_PATIENCE)
        cti_session_report(session, rule, CTI_WARNING, event->time, frames, 2,
                           "CLOSE_REQ had no answer in %.3f s, then %s; the server answers with "
                           "CLOSE_CONF within 5 s.",
                           SECONDS(waited), end_words(session));
    else if (event->in_sight)
        cti_session_report(session, rule, CTI_NOTE, event->time, frames, 2,
                           "%.3f s after CLOSE_REQ, and without CLOSE_CONF, %s; a client waits for "
                           "up to 5 s.",
                           SECONDS(waited), end_words(session));
}

static void rule_close_missing(cti_session *session, cti_rule rule, const cti_event *event)
{
    if (event->kind != CTI_EVENT_FINISH || session->state != CTI_STATE_LOST)
        return;
    /* A session that never opened has nothing to close: open-no-answer tells it. */
    if (session->verdict == CTI_VERDICT_OPEN_UNANSWERED)
        return;
    cti_session_report(session, rule, CTI_ERROR, event->time,
                       (const uint32_t[]){session->last_frame, session->end_frame}, 2,
                       "The session was lost (E_CTI_CLIENT_DISCONNECTED): %s without CLOSE_REQ, "
                       "%.3f s after the last message, %s of the %s. %s",
                       end_words(session), SECONDS(cti_elapsed(session->last_time, session->end_time)),
                       message_name(session->last_message), sender_name(session->last_sender),
                       cti_verdict_text(session->verdict));
}
