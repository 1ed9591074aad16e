/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules about how sessions end (see rules.h). */
#include "rules.h"
#include "session_link.h"

/* What the client sends after it closed the session. */
static void after_close(cti_session *session, cti_rule rule, const cti_event *event)
{
    /* CLOSE_REQ itself, whose answer was captured before it. */
    if (cti_event_is(event, CTI_CLOSE_REQ) && session->summary.state == CTI_STATE_CLOSED)
        return;
    if (event->sender != CTI_CLIENT || session->rules.closed_by_server ||
        (event->before != CTI_STATE_CLOSING && event->before != CTI_STATE_CLOSED))
        return;
    cti_session_report(session, rule, CTI_WARNING, event->time,
                       (const uint32_t[]){session->summary.close_frame, event->frame}, 2,
                       "Check which part of the client still uses the session.",
                       "The client sent %s after CLOSE_REQ.",
                       cti_message_words(event->reader->message));
}

static void close_refused(cti_session *session, cti_rule rule, const cti_event *event)
{
    char words[160];

    if (!cti_event_is(event, CTI_FAILURE_CONF) || event->answered == NULL ||
        event->answered->message->number != CTI_CLOSE_REQ)
        return;
    cti_session_report(session, rule, CTI_WARNING, event->time,
                       (const uint32_t[]){event->answered->frame, event->frame}, 2,
                       "Check the server at that time.",
                       "The %s refused CLOSE_REQ (FAILURE_CONF): %s.",
                       cti_sender_words(event->sender),
                       cti_known_status_words(event->answered->has_status, event->answered->status,
                                              words, sizeof(words)));
}

static bool is_usual_status(uint32_t status)
{
    switch (status) {
    case CTI_V_StatusCode_E_CTI_NO_ERROR:
    case CTI_V_StatusCode_E_CTI_CTI_SERVER_OFFLINE:
    case CTI_V_StatusCode_E_CTI_TIMEOUT: return true;
    default: return false;
    }
}

void cti_rule_close(cti_session *session, cti_rule rule, const cti_event *event)
{
    const uint32_t status = session->summary.close_status;
    const bool known = session->summary.has_close_status;
    char words[160];

    after_close(session, rule, event);
    close_refused(session, rule, event);
    if (!cti_event_is(event, CTI_CLOSE_REQ))
        return;
    if (event->sender == CTI_SERVER)
        cti_session_report(session, rule, CTI_WARNING, event->time, &event->frame, 1,
                           "Check in the server's log why it closed the session.",
                           "The server sent CLOSE_REQ with %s; only clients send it.",
                           cti_known_status_words(known, status, words, sizeof(words)));
    else if (known && !is_usual_status(status))
        cti_session_report(session, rule, CTI_WARNING, event->time, &event->frame, 1,
                           "Check in the client's log why it closed the session.",
                           "CLOSE_REQ carries %s.", cti_status_words(status, words, sizeof(words)));
}

void cti_rule_close_no_answer(cti_session *session, cti_rule rule, const cti_event *event)
{
    const int64_t waited = cti_elapsed(session->summary.close_time, event->time);
    const uint32_t frames[] = {session->summary.close_frame, event->frame};

    if (cti_event_is(event, CTI_CLOSE_CONF) && event->answered != NULL &&
        event->facts->answer_time > CTI_TIME(CLOSE_WAIT)) {
        cti_session_report(session, rule, CTI_WARNING, event->time, frames, 2,
                           "Check the load of the server at that time.",
                           "CLOSE_REQ was answered after %.3f s.",
                           CTI_SECONDS(event->facts->answer_time));
        return;
    }
    if (event->kind != CTI_EVENT_FINISH || session->summary.state != CTI_STATE_CLOSING ||
        session->rules.close_in_doubt || session->rules.closed_by_server ||
        session->rules.close_refused_frame != 0)
        return;
    if (waited > CTI_TIME(CLOSE_WAIT))
        cti_session_report(session, rule, CTI_WARNING, event->time, frames, 2,
                           "Check whether the server still worked at that time.",
                           "CLOSE_REQ had no answer in %.3f s, then %s.", CTI_SECONDS(waited),
                           cti_end_words(session));
    else if (event->in_sight)
        cti_session_report(session, rule, CTI_NOTE, event->time, frames, 2, NULL,
                           "The connection ended %.3f s after CLOSE_REQ and before CLOSE_CONF: %s.",
                           CTI_SECONDS(MAX(waited, 0)), cti_end_words(session));
}

/* Lost for a reason that has its own finding, after which nobody closes the session; or for one
 * that was not captured, and then CLOSE_REQ may be missing too. */
static bool is_explained(const cti_session *session)
{
    switch (session->summary.verdict) {
    case CTI_VERDICT_OPEN_UNANSWERED:
    case CTI_VERDICT_TLS_EXPECTED:
    case CTI_VERDICT_IDLE_TIMER_FIRED:
    case CTI_VERDICT_HEARTBEATS_UNANSWERED:
    case CTI_VERDICT_MAINTENANCE:
    case CTI_VERDICT_REPLACED:
    case CTI_VERDICT_CAUSE_NOT_CAPTURED: return true;
    case CTI_VERDICT_SERVER_OFFLINE:
        /* A client that only was told must close; a server that ends TCP leaves it no time. */
        return session->rules.heartbeat_refused ||
               (session->rules.server_offline && session->summary.end_sender == CTI_SERVER);
    default: return false;
    }
}

static void unreachable(cti_session *session, cti_rule rule, const cti_event *event)
{
    const cti_sender sender = session->summary.end_sender;
    const cti_tcp_side *side = cti_link_side(session, sender);

    cti_session_report(session, rule, CTI_ERROR, event->time,
                       (const uint32_t[]){side->since_frame, session->summary.end_frame}, 2,
                       session->summary.check,
                       "%c%s without CLOSE_REQ: the %s acknowledged nothing for %.3f s "
                       "(%u retransmissions).",
                       g_ascii_toupper(cti_end_words(session)[0]), cti_end_words(session) + 1,
                       cti_sender_words(cti_peer_of(sender)),
                       cti_seconds_words(side->since, event->time), side->repeats);
}

void cti_rule_close_missing(cti_session *session, cti_rule rule, const cti_event *event)
{
    const uint32_t frames[] = {session->summary.last_frame, session->summary.end_frame};
    const bool left = cti_verdict_fate(session->summary.verdict) == CTI_FATE_LEFT;

    if (session->summary.state != CTI_STATE_LOST || is_explained(session))
        return;
    if (session->summary.verdict == CTI_VERDICT_CLIENT_UNREACHABLE ||
        session->summary.verdict == CTI_VERDICT_SERVER_UNREACHABLE) {
        unreachable(session, rule, event);
        return;
    }
    cti_session_report(session, rule, left ? CTI_WARNING : CTI_ERROR, event->time, frames, 2,
                       session->summary.check,
                       "%c%s without CLOSE_REQ, %.3f s after the last message (%s of the %s).",
                       g_ascii_toupper(cti_end_words(session)[0]), cti_end_words(session) + 1,
                       cti_seconds_words(session->summary.last_time, session->summary.end_time),
                       cti_message_words(session->summary.last_message),
                       cti_sender_words(session->summary.last_sender));
}
