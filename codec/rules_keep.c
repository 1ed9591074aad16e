/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules about how sessions are kept: heartbeats, idle time, a server that is offline (see
 * rules.h). */
#include "rules.h"

static void report_missed(cti_session *session, cti_rule rule, int64_t time, uint32_t count,
                          const uint32_t frames[CTI_FINDING_FRAMES_MAX], const char *then,
                          double seconds)
{
    cti_session_report(
        session, rule, count >= CTI_LIMIT(HEARTBEATS_MISSED) ? CTI_ERROR : CTI_WARNING, time,
        frames, CTI_FINDING_FRAMES_MAX, "Check the server and the network path at that time.",
        "%u %s not answered, then %s, %.3f s after the first one.", count,
        count == 1 ? "HEARTBEAT_REQ was" : "HEARTBEAT_REQ in a row were", then, seconds);
}

static void report_passed(cti_session *session, cti_rule rule, int64_t time)
{
    if (session->rules.passed.count > 0)
        report_missed(session, rule, time, session->rules.passed.count,
                      session->rules.passed.frames, "the server answered again",
                      cti_seconds_words(session->rules.passed.since, session->rules.passed.time));
    session->rules.passed.to = 0;
    session->rules.passed.count = 0;
}

void cti_rule_heartbeat_missed(cti_session *session, cti_rule rule, const cti_event *event)
{
    const bool sends = cti_event_is(event, CTI_HEARTBEAT_REQ) && event->sender == CTI_CLIENT;

    if (event->kind == CTI_EVENT_FINISH || sends || !session->rules.passed.may_be_late)
        report_passed(session, rule, event->time);
    if (event->kind == CTI_EVENT_FINISH && session->rules.missed_run > 0)
        report_missed(session, rule, event->time, session->rules.missed_run,
                      session->rules.missed_frames, cti_end_words(session),
                      cti_seconds_words(session->rules.missed_since, event->time));
    if (!sends || session->rules.missed_run != CTI_LIMIT(HEARTBEATS_MISSED))
        return;
    cti_session_report(session, rule, CTI_WARNING, event->time,
                       (const uint32_t[]){session->rules.missed_frames[0], event->frame}, 2,
                       "Check whether the client counts unanswered heartbeats.",
                       "The client continued after %u heartbeats without an answer.",
                       session->rules.missed_run);
}

/* ---- gaps ---- */

/* How the interval is known. */
static const char *interval_words(cti_interval_source source)
{
    switch (source) {
    case CTI_INTERVAL_TIMER: return "by a timer";
    case CTI_INTERVAL_SILENCE: return "after silence";
    case CTI_INTERVAL_RECEIVE: return "after receiving nothing";
    case CTI_INTERVAL_TRAFFIC: return "estimated from heartbeats";
    default: return "estimated from IdleTimeout";
    }
}

/* A silence of the client, or for a client that waits for the server's messages, a time without
 * any message. */
typedef struct gap {
    int64_t length, time; /* time: when it ended */
    uint32_t frames[2];
    double idle_share; /* of the client's silence, or negative */
    const char *until;
} gap;

static void report_gap(cti_session *session, cti_rule rule, const gap *of)
{
    const double interval = session->summary.heartbeat_interval;
    const double intervals = CTI_SECONDS(of->length) / interval;
    const cti_interval_source source = session->summary.heartbeat_interval_source;
    const bool warn =
        (intervals >= CTI_LIMIT(GAP_WARNING) / 100.0 && source != CTI_INTERVAL_IDLE_TIMEOUT) ||
        cti_idle_share_is_large(of->idle_share);

    cti_session_report(session, rule, warn ? CTI_WARNING : CTI_NOTE, of->time, of->frames, 2,
                       "Check what the client did in that time.",
                       "The client sent%s nothing for %.3f s, %.1f heartbeat intervals of %.3f s "
                       "(%s), until %s.",
                       source == CTI_INTERVAL_RECEIVE ? " and received" : "",
                       CTI_SECONDS(of->length), intervals, interval, interval_words(source),
                       of->until);
}

/* The time that counts for the client's kind. */
static int64_t due(const cti_session *session, int64_t silence, int64_t quiet)
{
    return session->rules.meter.kind == CTI_INTERVAL_RECEIVE ? quiet : silence;
}

static const char *until_words(const cti_session *session, const cti_event *event)
{
    return event->kind == CTI_EVENT_FINISH ? cti_end_words(session)
                                           : cti_message_words(event->reader->message);
}

/* While the interval is not known, the longest silence waits for it. */
static void put_off(cti_session *session, const cti_event *event, int64_t silence, int64_t quiet)
{
    if (silence <= session->rules.early_gap.silence || silence <= CTI_TIME(GAP_LEAST))
        return;
    session->rules.early_gap.silence = silence;
    session->rules.early_gap.quiet = quiet;
    session->rules.early_gap.time = event->time;
    session->rules.early_gap.idle_share = cti_session_idle_share(session, silence);
    session->rules.early_gap.from_frame = session->rules.last_client_frame;
    session->rules.early_gap.frame = event->frame;
    session->rules.early_gap.until = until_words(session, event);
}

/* A guess holds if heartbeats came within it. */
static bool is_gap_by_guess(const cti_session *session, int64_t silence)
{
    const double limit =
        session->summary.heartbeat_interval * CTI_LIMIT(GAP_NOTE) / 100 * (double)CTI_SECOND;
    const int64_t shortest = session->rules.meter.shortest_silence;

    return session->summary.heartbeat_interval_source == CTI_INTERVAL_IDLE_TIMEOUT &&
           (double)silence > limit && shortest != CTI_NO_TIME && (double)shortest <= limit;
}

static void settle_early_gap(cti_session *session, cti_rule rule, bool last)
{
    const bool known = session->rules.meter.interval > 0;
    const int64_t silence = session->rules.early_gap.silence;
    const int64_t quiet = session->rules.early_gap.quiet;
    const gap of = {.length = due(session, silence, quiet),
                    .time = session->rules.early_gap.time,
                    .frames = {session->rules.early_gap.from_frame, session->rules.early_gap.frame},
                    .idle_share = session->rules.early_gap.idle_share,
                    .until = session->rules.early_gap.until};

    if (silence == 0 || !(known || last))
        return;
    if (known ? cti_session_is_gap(session, silence, quiet) : is_gap_by_guess(session, silence))
        report_gap(session, rule, &of);
    session->rules.early_gap.silence = 0;
}

/* A client that waits for messages of the server owes a heartbeat before the next of them. */
static void judge_quiet(cti_session *session, cti_rule rule, const cti_event *event,
                        int64_t longest)
{
    const gap of = {.length = longest,
                    .time = event->time,
                    .frames = {session->rules.last_client_frame, event->frame},
                    .idle_share = -1,
                    .until = "a message of the server"};

    if (session->rules.meter.kind == CTI_INTERVAL_RECEIVE &&
        cti_session_is_gap(session, longest, longest))
        report_gap(session, rule, &of);
}

/* A timer that stands still while the client sends requests: these show that the client lives. */
static void judge_timer(cti_session *session, cti_rule rule, const cti_event *event,
                        int64_t distance, uint32_t from, int64_t longest_silence)
{
    const double interval = session->summary.heartbeat_interval;
    const double intervals = CTI_SECONDS(distance) / interval;

    if (session->rules.meter.kind != CTI_INTERVAL_TIMER ||
        session->rules.meter.count < CTI_LIMIT(TIMER_SAMPLES) || distance <= CTI_TIME(GAP_LEAST) ||
        intervals < CTI_LIMIT(TIMER_STOPPED) / 100.0 ||
        cti_session_is_gap(session, longest_silence, CTI_NO_TIME))
        return;
    cti_session_report(
        session, rule, CTI_NOTE, event->time, (const uint32_t[]){from, event->frame}, 2,
        "Check what stopped the client's timer.",
        "The client sent other messages but no HEARTBEAT_REQ for %.3f s, %.1f intervals of its "
        "timer of %.3f s.",
        CTI_SECONDS(distance), intervals, interval);
}

/* What only a heartbeat, or the session's end, shows. */
static void judge_between_heartbeats(cti_session *session, cti_rule rule, const cti_event *event)
{
    const cti_heartbeat_meter *meter = &session->rules.meter;
    const cti_heartbeat_sample *latest = &meter->latest;

    if (event->kind == CTI_EVENT_FINISH) {
        judge_quiet(session, rule, event, meter->other_quiet);
        if (!meter->client_broken)
            judge_timer(session, rule, event,
                        cti_elapsed(meter->last_time, session->rules.last_client_time),
                        meter->last_frame, meter->other_silence);
    } else if (cti_event_is(event, CTI_HEARTBEAT_REQ)) {
        judge_quiet(session, rule, event, latest->other_quiet);
        judge_timer(session, rule, event, latest->distance, meter->frame_before,
                    MAX(latest->silence, latest->other_silence));
    }
}

void cti_rule_heartbeat_gap(cti_session *session, cti_rule rule, const cti_event *event)
{
    const bool finish = event->kind == CTI_EVENT_FINISH;
    const int64_t silence = finish ? event->client_silence : event->facts->client_gap;
    const int64_t quiet = finish ? cti_elapsed(session->rules.quiet_since, event->time)
                                 : session->rules.quiet_before_last;

    if (session->summary.heartbeats == 0 || cti_session_is_leaving(session))
        return;
    if (!finish || session->summary.state == CTI_STATE_LOST) {
        if (session->rules.meter.interval == 0)
            put_off(session, event, silence, quiet);
        else if (cti_session_is_gap(session, silence, quiet))
            report_gap(session, rule,
                       &(gap){.length = due(session, silence, quiet),
                              .time = event->time,
                              .frames = {session->rules.last_client_frame, event->frame},
                              .idle_share = cti_session_idle_share(session, silence),
                              .until = until_words(session, event)});
    }
    settle_early_gap(session, rule, finish);
    judge_between_heartbeats(session, rule, event);
}

void cti_rule_idle(cti_session *session, cti_rule rule, const cti_event *event)
{
    double share;

    if (cti_session_is_leaving(session))
        return;
    if (event->kind == CTI_EVENT_FINISH && cti_session_idle_timer_fired(session)) {
        cti_session_report(session, rule, CTI_ERROR, event->time,
                           (const uint32_t[]){session->rules.last_client_frame, event->frame}, 2,
                           session->summary.check,
                           "The server's idle timer fired: %s %.3f s after the client's last "
                           "message (IdleTimeout %u s).",
                           cti_end_words(session),
                           cti_seconds_words(session->rules.client_heard_time, event->time),
                           session->summary.idle_timeout);
        return;
    }
    if (event->kind == CTI_EVENT_FINISH && cti_session_idle_timer_had_fired(session))
        cti_session_report(
            session, rule, CTI_ERROR, event->time,
            (const uint32_t[]){session->rules.last_client_frame, event->frame}, 2,
            session->summary.check,
            "The server's idle timer had fired: it reset the connection at the client's first "
            "message after %.3f s of silence (IdleTimeout %u s).",
            CTI_SECONDS(session->rules.client_gap_before_last), session->summary.idle_timeout);
    if (event->kind != CTI_EVENT_MESSAGE || event->sender != CTI_CLIENT)
        return;
    share = event->facts->idle_share;
    if (!cti_idle_share_is_large(share))
        return;
    cti_session_report(session, rule, CTI_WARNING, event->time,
                       (const uint32_t[]){session->rules.last_client_frame, event->frame}, 2,
                       "Check what the client did in that time, and its heartbeat interval.",
                       "The client sent nothing for %.3f s, %.0f %% of its IdleTimeout of %u s.",
                       CTI_SECONDS(event->facts->client_gap), 100 * share,
                       session->summary.idle_timeout);
}

/* Desktops come in hundreds and thousands, so they should send fewer heartbeats. */
static void judge_interval(cti_session *session, cti_rule rule, const cti_event *event)
{
    const bool desktop =
        session->summary.services_requested & CTI_V_CTIServiceMasks_CTI_SERVICE_CLIENT_EVENTS;
    const int64_t interval = session->rules.meter.interval;
    const int64_t least = desktop ? CTI_TIME(HEARTBEAT_DESKTOP) : CTI_TIME(HEARTBEAT_LEAST);

    if (interval == 0 ||
        interval >= (desktop ? CTI_TIME(HEARTBEAT_SHORT_DESKTOP) : CTI_TIME(HEARTBEAT_SHORT)))
        return;
    cti_session_report(session, rule, CTI_NOTE, event->time, &session->rules.last_client_frame, 1,
                       "Check the heartbeat interval in the client's settings.",
                       "The client sends heartbeats every %.3f s (minimum%s: %g s).",
                       CTI_SECONDS(interval), desktop ? " for desktops" : "", CTI_SECONDS(least));
}

/* HEARTBEAT_CONF should come at once; one that is slow shows a server under load. */
static void note_late_answer(cti_session *session, const cti_event *event)
{
    const int64_t took = event->facts->answer_time;

    if (!cti_event_is(event, CTI_HEARTBEAT_CONF) || event->sender != CTI_SERVER ||
        event->answered == NULL || took <= CTI_TIME(ANSWER_AT_ONCE))
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
    cti_session_report(session, rule, CTI_NOTE, event->time, session->rules.late_frames,
                       MIN(count, CTI_FINDING_FRAMES_MAX),
                       "Check the load of the server at that time.",
                       "%u HEARTBEAT_REQ %s answered late, after up to %.3f s.", count,
                       count == 1 ? "was" : "were", CTI_SECONDS(session->rules.latest_answer));
}

void cti_rule_heartbeat(cti_session *session, cti_rule rule, const cti_event *event)
{
    if (cti_event_is(event, CTI_HEARTBEAT_REQ) && event->sender == CTI_SERVER) {
        if (session->rules.server_heartbeats == 1)
            cti_session_report(session, rule, CTI_WARNING, event->time, &event->frame, 1,
                               "Check which end of the connection is the server.",
                               "The server sent HEARTBEAT_REQ, which only clients send.");
        return;
    }
    if (cti_event_is(event, CTI_HEARTBEAT_CONF) && event->sender == CTI_SERVER &&
        event->answered == NULL && session->rules.heartbeat_answered &&
        !session->rules.incomplete[0] && session->summary.requests_given_up == 0) {
        cti_session_report(session, rule, CTI_NOTE, event->time, &event->frame, 1, NULL,
                           "HEARTBEAT_CONF does not match the InvokeID of any waiting HEARTBEAT_REQ.");
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

static const char check_offline[] = "Check the server and its peripheral gateway at that time.";
static const char check_client[] = "Check how the client handles that message.";

/* The client continues although it was told that the server is offline; reported once. */
static void went_on(cti_session *session, cti_rule rule, const cti_event *event, const char *what)
{
    const int64_t since = cti_elapsed(session->rules.server_offline_time, event->time);

    if (!session->rules.server_offline || session->rules.told_went_on ||
        event->sender != CTI_CLIENT || cti_event_is(event, CTI_CLOSE_REQ) ||
        event->before != CTI_STATE_OPEN || since <= CTI_TIME(OFFLINE_NOTICED))
        return;
    session->rules.told_went_on = true;
    cti_session_report(session, rule, CTI_WARNING, event->time,
                       (const uint32_t[]){session->rules.server_offline_frame, event->frame}, 2,
                       check_client, "The client still sent %s %.3f s after %s.",
                       cti_message_words(event->reader->message), CTI_SECONDS(since), what);
}

/* When the client closed the session or ended the connection, or the time that it did not do so
 * until. */
static int64_t client_left(const cti_session *session, const cti_event *event)
{
    return session->summary.close_frame != 0 ? session->summary.close_time : event->time;
}

/* The client neither sent anything nor ended the connection. */
static void stayed(cti_session *session, cti_rule rule, const cti_event *event, const char *what)
{
    const int64_t stay =
        cti_elapsed(session->rules.server_offline_time, client_left(session, event));

    if (!session->rules.server_offline || session->rules.told_went_on ||
        session->rules.client_in_doubt || session->summary.client_not_captured ||
        stay <= CTI_TIME(REFUSED_RESET))
        return;
    cti_session_report(session, rule, CTI_WARNING, event->time,
                       (const uint32_t[]){session->rules.server_offline_frame, event->frame}, 2,
                       check_client, "The client did not %s for %.3f s after %s.",
                       session->rules.heartbeat_refused ? "reset the connection"
                                                        : "close the session",
                       CTI_SECONDS(stay), what);
}

static void judge_offline_client(cti_session *session, cti_rule rule, const cti_event *event,
                                 const char *what)
{
    if (event->kind == CTI_EVENT_FINISH)
        stayed(session, rule, event, what);
    else
        went_on(session, rule, event, what);
}

void cti_rule_heartbeat_refused(cti_session *session, cti_rule rule, const cti_event *event)
{
    char words[160];

    if (session->rules.heartbeat_refused)
        judge_offline_client(session, rule, event, "a refused heartbeat");
    if (!cti_event_is(event, CTI_FAILURE_CONF) || event->answered == NULL ||
        !cti_session_refuses_heartbeat(session, event->answered))
        return;
    cti_session_report(session, rule, CTI_ERROR, event->time,
                       (const uint32_t[]){event->facts->request_frame, event->frame}, 2,
                       check_offline, "The server refused a heartbeat: %s.",
                       cti_known_status_words(event->answered->has_status, event->answered->status,
                                              words, sizeof(words)));
}

void cti_rule_server_offline(cti_session *session, cti_rule rule, const cti_event *event)
{
    if (!session->rules.heartbeat_refused)
        judge_offline_client(session, rule, event, "the server reported that it is offline");
    if (!cti_event_is(event, CTI_FAILURE_EVENT) ||
        session->rules.server_offline_frame != event->frame)
        return;
    cti_session_report(session, rule, CTI_ERROR, event->time, &event->frame, 1, check_offline,
                       "The server reported that it is offline (E_CTI_CTI_SERVER_OFFLINE).");
}

/* A status that no other rule is about. */
void cti_rule_failure_event(cti_session *session, cti_rule rule, const cti_event *event)
{
    char words[160];

    if (!cti_event_is(event, CTI_FAILURE_EVENT) || session->rules.failure_frame != event->frame)
        return;
    cti_session_report(session, rule, CTI_WARNING, event->time, &event->frame, 1,
                       "Check the server's log for that status.",
                       "The server sent FAILURE_EVENT with %s.",
                       cti_status_words(session->rules.failure_status, words, sizeof(words)));
}
