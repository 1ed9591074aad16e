/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules about how sessions are kept: heartbeats and idle time (see rules.h). */
#include <stdio.h>

#include "rules.h"

#define MISSED_MAX 3
#define GAP_FACTOR 1.5
#define IDLE_SHARE_WARNING 0.75
#define HEARTBEAT_LEAST (4 * CTI_SECOND + CTI_SECOND / 2)
#define HEARTBEAT_DESKTOP (85 * CTI_SECOND) /* 90 s, less what the clock of a client is worth */
#define AT_ONCE (1 * CTI_SECOND)
#define OFFLINE_PATIENCE (1 * CTI_SECOND)   /* what the client had sent before it knew */

static void missed_run_over(cti_session *session, cti_rule rule, const cti_event *event)
{
    const uint32_t run = event->missed_run_ended;
    const char *what = run == 1 ? "HEARTBEAT_REQ was" : "HEARTBEAT_REQ in a row were";
    char how[96];

    if (event->kind == CTI_EVENT_MESSAGE)
        snprintf(how, sizeof(how), "then the server answered again, %.3f s after the first one",
                 cti_seconds_words(session->rules.missed_since, event->time));
    else
        snprintf(how, sizeof(how), "then %s, %.3f s after the first one", cti_end_words(session),
                 cti_seconds_words(session->rules.missed_since, event->time));
    cti_session_report(session, rule, run >= MISSED_MAX ? CTI_ERROR : CTI_WARNING, event->time,
                       session->rules.missed_frames, CTI_FINDING_FRAMES_MAX,
                       "%u %s not answered, %s. The server answers heartbeats at once; after three "
                       "the client declares the session failed. Look at the server and the path "
                       "at that time.",
                       run, what, how);
}

void cti_rule_heartbeat_missed(cti_session *session, cti_rule rule, const cti_event *event)
{
    if (event->missed_run_ended > 0) {
        missed_run_over(session, rule, event);
        return;
    }
    if (!cti_event_is(event, CTI_HEARTBEAT_REQ) || session->rules.missed_run != MISSED_MAX)
        return;
    cti_session_report(session, rule, CTI_WARNING, event->time,
                       (const uint32_t[]){session->rules.missed_frames[0], event->frame}, 2,
                       "The client goes on after %u heartbeats without answer; it should reset the "
                       "connection and try the other side. Look at whether the client counts "
                       "its heartbeats.",
                       session->rules.missed_run);
}

static bool is_gap(const cti_session *session, int64_t silence)
{
    const double interval = session->summary.heartbeat_interval;

    return interval > 0 && silence != CTI_NO_TIME &&
           (double)silence > GAP_FACTOR * interval * (double)CTI_SECOND;
}

static void tell_gap(cti_session *session, cti_rule rule, int64_t time, const uint32_t frames[2],
                     int64_t gap, const char *until)
{
    const double interval = session->summary.heartbeat_interval;

    cti_session_report(
        session, rule, CTI_WARNING, time, frames, 2,
        "The client sent nothing for %.3f s, %.1f heartbeat intervals of %.1f s (judged by %s), "
        "until %s. Look at what the client did in that time.",
        CTI_SECONDS(gap), CTI_SECONDS(gap) / interval, interval,
        session->summary.heartbeat_interval_source == CTI_INTERVAL_TRAFFIC ? "its other heartbeats"
                                                                           : "its IdleTimeout",
        until);
}

/* While only IdleTimeout tells the interval, a heartbeat that comes late may come in time: the
 * longest such gap waits until the other heartbeats tell, or until there are no more. */
static void settle_doubtful(cti_session *session, cti_rule rule, bool last)
{
    const int64_t gap = session->rules.doubtful_gap.length;
    const uint32_t frames[] = {session->rules.doubtful_gap.from_frame,
                               session->rules.doubtful_gap.frame};
    bool supported = session->rules.usual_heartbeat_gap > 0;

    if (gap == 0 || !(supported || last))
        return;
    if (!supported)
        supported = !is_gap(session, cti_quantile_get(&session->rules.heartbeat_gaps, 0));
    if (supported && is_gap(session, gap))
        tell_gap(session, rule, session->rules.doubtful_gap.time, frames, gap, "HEARTBEAT_REQ");
    session->rules.doubtful_gap.length = 0;
}

static bool put_off(cti_session *session, const cti_event *event, int64_t gap)
{
    if (session->rules.usual_heartbeat_gap > 0 || !cti_event_is(event, CTI_HEARTBEAT_REQ))
        return false;
    if (gap > session->rules.doubtful_gap.length) {
        session->rules.doubtful_gap.length = gap;
        session->rules.doubtful_gap.time = event->time;
        session->rules.doubtful_gap.from_frame = session->rules.last_client_frame;
        session->rules.doubtful_gap.frame = event->frame;
    }
    return true;
}

void cti_rule_heartbeat_gap(cti_session *session, cti_rule rule, const cti_event *event)
{
    const uint32_t frames[] = {session->rules.last_client_frame, event->frame};
    const bool finish = event->kind == CTI_EVENT_FINISH;
    const int64_t gap = finish ? event->client_silence : event->facts->client_gap;

    if (session->summary.heartbeats == 0)
        return;
    settle_doubtful(session, rule, finish);
    if ((finish && session->summary.state != CTI_STATE_LOST) || !is_gap(session, gap) ||
        put_off(session, event, gap))
        return;
    tell_gap(session, rule, event->time, frames, gap,
             finish ? cti_end_words(session) : cti_message_words(event->reader->message));
}

void cti_rule_idle(cti_session *session, cti_rule rule, const cti_event *event)
{
    double share;

    if (event->kind == CTI_EVENT_FINISH && cti_session_idle_timer_fired(session)) {
        cti_session_report(session, rule, CTI_ERROR, event->time,
                           (const uint32_t[]){session->rules.last_client_frame, event->frame}, 2,
                           "The server's idle timer fired: %s %.3f s after the client's last "
                           "message, and IdleTimeout is %u s. Look at why the client stopped "
                           "sending (heartbeats off, a hung process, a path that lost its "
                           "packets).",
                           cti_end_words(session),
                           cti_seconds_words(session->rules.client_heard_time, event->time),
                           session->summary.idle_timeout);
        return;
    }
    if (event->kind == CTI_EVENT_FINISH && cti_session_idle_timer_had_fired(session))
        cti_session_report(session, rule, CTI_ERROR, event->time,
                           (const uint32_t[]){session->rules.last_client_frame, event->frame}, 2,
                           "The server's idle timer had fired: it answered the client's first "
                           "message after %.3f s of silence with a reset, and IdleTimeout is %u s. "
                           "Its own reset was lost, or was not captured. Look at why the client "
                           "was silent.",
                           CTI_SECONDS(session->rules.client_gap_before_last),
                           session->summary.idle_timeout);
    if (event->kind != CTI_EVENT_MESSAGE || event->sender != CTI_CLIENT)
        return;
    share = event->facts->idle_share;
    if (share <= IDLE_SHARE_WARNING)
        return;
    cti_session_report(
        session, rule, CTI_WARNING, event->time,
        (const uint32_t[]){session->rules.last_client_frame, event->frame}, 2,
        "The client sent nothing for %.3f s, %.0f %% of its IdleTimeout of %u s%s. "
        "IdleTimeout should be four heartbeat intervals. Look at what the client did "
        "in that time.",
        CTI_SECONDS(event->facts->client_gap), 100 * share, session->summary.idle_timeout,
        share >= 1 ? "; the server could have reset the session" : "");
}

/* Desktops come in hundreds and thousands, so they should send fewer heartbeats. */
static void judge_interval(cti_session *session, cti_rule rule, const cti_event *event)
{
    const bool desktop =
        session->summary.services_requested & CTI_V_CTIServiceMasks_CTI_SERVICE_CLIENT_EVENTS;
    const int64_t interval = session->rules.usual_heartbeat_gap;

    if (interval == 0 || interval >= (desktop ? HEARTBEAT_DESKTOP : HEARTBEAT_LEAST))
        return;
    cti_session_report(session, rule, CTI_NOTE, event->time, &session->rules.last_client_frame, 1,
                       "The %s sends heartbeats every %.3f s; %s. Look at the heartbeat interval "
                       "that the client is set to.",
                       desktop ? "desktop" : "client", CTI_SECONDS(interval),
                       interval < HEARTBEAT_LEAST
                           ? "5 s is the least, and desktops should take 90 s or more"
                           : "desktops should take 90 s or more, since a server has many of them");
}

/* HEARTBEAT_CONF should come at once; one that is slow shows a server under load. */
static void note_late_answer(cti_session *session, const cti_event *event)
{
    const int64_t took = event->facts->answer_time;

    if (!cti_event_is(event, CTI_HEARTBEAT_CONF) || event->answered == NULL || took <= AT_ONCE)
        return;
    if (session->rules.late_answers < CTI_FINDING_FRAMES_MAX)
        session->rules.late_frames[session->rules.late_answers] = event->frame;
    session->rules.late_answers++;
    session->rules.latest_answer = MAX(session->rules.latest_answer, took);
}

static void judge_late_answers(cti_session *session, cti_rule rule, const cti_event *event)
{
    const uint32_t count = session->rules.late_answers;

    if (count == 0)
        return;
    cti_session_report(
        session, rule, CTI_NOTE, event->time, session->rules.late_frames,
        MIN(count, CTI_FINDING_FRAMES_MAX),
        "%u HEARTBEAT_REQ %s answered after more than 1 s, the slowest after %.3f s; "
        "the server answers at once. Look at the load of the server at those times.",
        count, count == 1 ? "was" : "were", CTI_SECONDS(session->rules.latest_answer));
}

void cti_rule_heartbeat(cti_session *session, cti_rule rule, const cti_event *event)
{
    if (cti_event_is(event, CTI_HEARTBEAT_REQ) && event->sender == CTI_SERVER) {
        cti_session_report(session, rule, CTI_WARNING, event->time, &event->frame, 1,
                           "The server sent HEARTBEAT_REQ; only clients start heartbeats. Look at "
                           "which end is the server.");
        return;
    }
    if (cti_event_is(event, CTI_HEARTBEAT_CONF) && event->answered == NULL &&
        session->rules.heartbeat_answered && !session->rules.incomplete[0] &&
        session->summary.requests_given_up == 0) {
        cti_session_report(session, rule, CTI_NOTE, event->time, &event->frame, 1,
                           "HEARTBEAT_CONF without a HEARTBEAT_REQ of its InvokeID: the server "
                           "answers with the InvokeID of the request. Look at how the server counts.");
        return;
    }
    if (event->kind == CTI_EVENT_MESSAGE)
        note_late_answer(session, event);
    if (event->kind == CTI_EVENT_FINISH) {
        judge_interval(session, rule, event);
        judge_late_answers(session, rule, event);
    }
}

/* ---- a server that is offline ---- */

/* The client goes on although it was told that the server is offline; told once. */
static void went_on(cti_session *session, cti_rule rule, const cti_event *event, const char *what)
{
    const int64_t since = cti_elapsed(session->rules.server_offline_time, event->time);

    if (!session->rules.server_offline || session->rules.told_went_on ||
        event->sender != CTI_CLIENT || cti_event_is(event, CTI_CLOSE_REQ) ||
        event->before != CTI_STATE_OPEN || since <= OFFLINE_PATIENCE)
        return;
    session->rules.told_went_on = true;
    cti_session_report(session, rule, CTI_WARNING, event->time,
                       (const uint32_t[]){session->rules.server_offline_frame, event->frame}, 2,
                       "The client goes on with %s %.3f s after %s; it should end the session and "
                       "try the other side. Look at how the client takes that message.",
                       cti_message_words(event->reader->message), CTI_SECONDS(since), what);
}

void cti_rule_heartbeat_refused(cti_session *session, cti_rule rule, const cti_event *event)
{
    char words[160];

    if (session->rules.heartbeat_refused)
        went_on(session, rule, event, "a refused heartbeat");
    if (!cti_event_is(event, CTI_FAILURE_CONF) || event->answered == NULL ||
        event->answered->message->number != CTI_HEARTBEAT_REQ)
        return;
    cti_session_report(session, rule, CTI_ERROR, event->time,
                       (const uint32_t[]){event->facts->request_frame, event->frame}, 2,
                       "The server refused a heartbeat: %s. It is offline; the client must reset "
                       "the connection and try the other side. Look at the server at that time.",
                       cti_known_status_words(event->answered->has_status, event->answered->status,
                                              words, sizeof(words)));
}

void cti_rule_server_offline(cti_session *session, cti_rule rule, const cti_event *event)
{
    if (!session->rules.heartbeat_refused)
        went_on(session, rule, event, "the server said that it is offline");
    if (!cti_event_is(event, CTI_FAILURE_EVENT) ||
        session->rules.server_offline_frame != event->frame)
        return;
    cti_session_report(session, rule, CTI_ERROR, event->time, &event->frame, 1,
                       "The server says that it is offline (E_CTI_CTI_SERVER_OFFLINE): the client "
                       "must close the session and try the other side. Look at the server and "
                       "its peripheral gateway at that time.");
}
