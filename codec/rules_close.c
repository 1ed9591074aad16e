/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules about how sessions end (see rules.h). */
#include "rules.h"

/* What the client says when it has said that it is done. */
static void after_close(cti_session *session, cti_rule rule, const cti_event *event)
{
    /* CLOSE_REQ itself, whose answer was captured before it. */
    if (cti_event_is(event, CTI_CLOSE_REQ) && session->summary.state == CTI_STATE_CLOSED)
        return;
    if (event->sender != CTI_CLIENT ||
        (event->before != CTI_STATE_CLOSING && event->before != CTI_STATE_CLOSED))
        return;
    cti_session_report(session, rule, CTI_WARNING, event->time,
                       (const uint32_t[]){session->summary.close_frame, event->frame}, 2, NULL,
                       "The client sends %s after CLOSE_REQ; nothing may follow but the end of the "
                       "connection. Look at which part of the client still uses the session.",
                       cti_message_words(event->reader->message));
}

void cti_rule_close(cti_session *session, cti_rule rule, const cti_event *event)
{
    char words[160];

    after_close(session, rule, event);
    if (!cti_event_is(event, CTI_CLOSE_REQ) || !session->summary.has_close_status)
        return;
    switch (session->summary.close_status) {
    case CTI_V_StatusCode_E_CTI_NO_ERROR:
    case CTI_V_StatusCode_E_CTI_CTI_SERVER_OFFLINE:
    case CTI_V_StatusCode_E_CTI_TIMEOUT: return;
    default:
        cti_session_report(session, rule, CTI_WARNING, event->time, &event->frame, 1, NULL,
                           "CLOSE_REQ carries %s; only E_CTI_NO_ERROR, E_CTI_CTI_SERVER_OFFLINE "
                           "and E_CTI_TIMEOUT are meant for it. Look at why the client closes.",
                           cti_status_words(session->summary.close_status, words, sizeof(words)));
    }
}

void cti_rule_close_no_answer(cti_session *session, cti_rule rule, const cti_event *event)
{
    const int64_t waited = cti_elapsed(session->summary.close_time, event->time);
    const uint32_t frames[] = {session->summary.close_frame, event->frame};

    if (cti_event_is(event, CTI_CLOSE_CONF) && event->answered != NULL &&
        event->facts->answer_time > CTI_TIME(CLOSE_WAIT)) {
        cti_session_report(
            session, rule, CTI_WARNING, event->time, frames, 2, NULL,
            "CLOSE_REQ was answered after %.3f s; a client waits for 5 s. Look at the "
            "load of the server at that time.",
            CTI_SECONDS(event->facts->answer_time));
        return;
    }
    if (event->kind != CTI_EVENT_FINISH || session->summary.state != CTI_STATE_CLOSING ||
        session->rules.close_in_doubt)
        return;
    if (waited > CTI_TIME(CLOSE_WAIT))
        cti_session_report(session, rule, CTI_WARNING, event->time, frames, 2, NULL,
                           "CLOSE_REQ had no answer in %.3f s, then %s; the server answers with "
                           "CLOSE_CONF within 5 s. Look at whether the server still worked.",
                           CTI_SECONDS(waited), cti_end_words(session));
    else if (event->in_sight)
        cti_session_report(session, rule, CTI_NOTE, event->time, frames, 2, NULL,
                           "%.3f s after CLOSE_REQ, and without CLOSE_CONF, %s; a client waits for "
                           "up to 5 s. Look at whether the client waits for CLOSE_CONF.",
                           CTI_SECONDS(MAX(waited, 0)), cti_end_words(session));
}

/* Lost for a reason that has its own finding, after which nobody closes the session; or for one
 * that was not captured, and then CLOSE_REQ may be missing too. */
static bool is_explained(const cti_session *session)
{
    switch (session->summary.verdict) {
    case CTI_VERDICT_OPEN_UNANSWERED:
    case CTI_VERDICT_IDLE_TIMER_FIRED:
    case CTI_VERDICT_HEARTBEATS_UNANSWERED:
    case CTI_VERDICT_MAINTENANCE:
    case CTI_VERDICT_REPLACED:
    case CTI_VERDICT_CAUSE_NOT_CAPTURED: return true;
    case CTI_VERDICT_SERVER_OFFLINE:
        /* A client that only was told must close; a server that ends TCP leaves it no time. */
        return session->rules.heartbeat_refused || session->summary.end_sender == CTI_SERVER;
    default: return false;
    }
}

void cti_rule_close_missing(cti_session *session, cti_rule rule, const cti_event *event)
{
    const uint32_t frames[] = {session->summary.last_frame, session->summary.end_frame};

    if (session->summary.state != CTI_STATE_LOST || is_explained(session))
        return;
    cti_session_report(session, rule, CTI_ERROR, event->time, frames, 2, NULL,
                       "The session was lost (E_CTI_CLIENT_DISCONNECTED): %s without CLOSE_REQ, "
                       "%.3f s after the last message, %s of the %s. A session ends with CLOSE_REQ "
                       "and CLOSE_CONF. Look at %s at that time.",
                       cti_end_words(session),
                       cti_seconds_words(session->summary.last_time, session->summary.end_time),
                       cti_message_words(session->summary.last_message),
                       cti_sender_words(session->summary.last_sender),
                       session->summary.verdict == CTI_VERDICT_STALE_CONNECTION_RESET
                           ? "what is between the two (firewall, NAT, load balancer)"
                       : session->summary.end_sender == CTI_CLIENT ? "what happened to the client"
                                                                   : "what happened to the server");
}
