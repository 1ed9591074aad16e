/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules about how sessions end (see rules.h). */
#include "rules.h"

#define CLOSE_PATIENCE (5 * CTI_SECOND)

void cti_rule_close(cti_session *session, cti_rule rule, const cti_event *event)
{
    char words[160];

    if (!cti_event_is(event, CTI_CLOSE_REQ))
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
                           cti_status_words(session->close_status, words, sizeof(words)));
    }
}

void cti_rule_close_no_answer(cti_session *session, cti_rule rule, const cti_event *event)
{
    const int64_t waited = cti_elapsed(session->close_time, event->time);
    const uint32_t frames[] = {session->close_frame, event->frame};

    if (cti_event_is(event, CTI_CLOSE_CONF) && event->answered != NULL &&
        event->facts->answer_time > CLOSE_PATIENCE) {
        cti_session_report(session, rule, CTI_WARNING, event->time, frames, 2,
                           "CLOSE_REQ was answered after %.3f s; a client waits for 5 s.",
                           CTI_SECONDS(event->facts->answer_time));
        return;
    }
    if (event->kind != CTI_EVENT_FINISH || session->state != CTI_STATE_CLOSING)
        return;
    if (waited > CLOSE_PATIENCE)
        cti_session_report(session, rule, CTI_WARNING, event->time, frames, 2,
                           "CLOSE_REQ had no answer in %.3f s, then %s; the server answers with "
                           "CLOSE_CONF within 5 s.",
                           CTI_SECONDS(waited), cti_end_words(session));
    else if (event->in_sight)
        cti_session_report(session, rule, CTI_NOTE, event->time, frames, 2,
                           "%.3f s after CLOSE_REQ, and without CLOSE_CONF, %s; a client waits for "
                           "up to 5 s.",
                           CTI_SECONDS(MAX(waited, 0)), cti_end_words(session));
}

void cti_rule_close_missing(cti_session *session, cti_rule rule, const cti_event *event)
{
    if (event->kind != CTI_EVENT_FINISH || session->state != CTI_STATE_LOST)
        return;
    /* What never opened has nothing to close; a client whose heartbeat was refused resets
     * at once, and a server in maintenance closes by itself. */
    if (session->verdict == CTI_VERDICT_OPEN_UNANSWERED ||
        session->verdict == CTI_VERDICT_MAINTENANCE || session->heartbeat_refused)
        return;
    if (session->client_in_doubt && (session->end == CTI_END_FIN_BY_CLIENT ||
                                     session->end == CTI_END_RESET_BY_CLIENT)) {
        cti_session_report(session, rule, CTI_NOTE, event->time,
                           (const uint32_t[]){session->last_frame, session->end_frame}, 2,
                           "Whether the client closed the session is not known: the capture lacks "
                           "its bytes before %s.",
                           cti_end_words(session));
        return;
    }
    cti_session_report(session, rule, CTI_ERROR, event->time,
                       (const uint32_t[]){session->last_frame, session->end_frame}, 2,
                       "The session was lost (E_CTI_CLIENT_DISCONNECTED): %s without CLOSE_REQ, "
                       "%.3f s after the last message, %s of the %s. %s",
                       cti_end_words(session), cti_seconds_words(session->last_time, session->end_time),
                       cti_message_words(session->last_message), cti_sender_words(session->last_sender),
                       cti_verdict_text(session->verdict));
}
