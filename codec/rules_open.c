/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules about how sessions open (see rules.h). */
#include "rules.h"

#define OPEN_USUAL (5 * CTI_SECOND)
#define OPEN_SMALL_SITE (30 * CTI_SECOND)
#define OPEN_LARGE_SITE (60 * CTI_SECOND)

void cti_rule_open(cti_session *session, cti_rule rule, const cti_event *event)
{
    const uint32_t frames[] = {session->open_frame, event->frame};

    if (event->kind != CTI_EVENT_MESSAGE || event->sender != CTI_CLIENT)
        return;
    if (cti_event_is(event, CTI_OPEN_REQ)) {
        if (event->before == CTI_STATE_OPEN)
            cti_session_report(session, rule, CTI_WARNING, event->time, frames, 2,
                               "OPEN_REQ on a session that is already open: the server refuses "
                               "it (E_CTI_SESSION_ALREADY_OPEN). Look at why the client believes "
                               "that it has no session.");
        return;
    }
    if (session->began_before_capture || session->open_in_doubt ||
        (event->before != CTI_STATE_NEW && event->before != CTI_STATE_OPENING))
        return;
    cti_session_report(session, rule, CTI_ERROR, event->time, frames, 2,
                       "%s before OPEN_CONF: a session starts with OPEN_REQ, and nothing else is "
                       "allowed until OPEN_CONF (E_CTI_SESSION_NOT_OPEN). The client must wait.",
                       cti_message_words(event->reader->message));
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
    const bool lost = cti_ended_by_tcp(session);

    if (session->open_time == CTI_NO_TIME || session->open_answer_time != CTI_NO_TIME ||
        session->holes > 0 || (!lost && waited <= OPEN_USUAL))
        return;
    cti_session_report(session, rule, lost ? CTI_ERROR : open_severity(waited), event->time,
                       (const uint32_t[]){session->open_frame, event->frame}, 2,
                       "OPEN_REQ had no answer in %.3f s, then %s. The server usually answers "
                       "within 5 s; a client waits for at least 30 s, or 60 s at large sites. Look "
                       "at the load of the server at that time.",
                       CTI_SECONDS(MAX(waited, 0)), cti_end_words(session));
}

void cti_rule_open_no_answer(cti_session *session, cti_rule rule, const cti_event *event)
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
                       CTI_SECONDS(waited));
}

void cti_rule_open_rejected(cti_session *session, cti_rule rule, const cti_event *event)
{
    char words[160];

    if (event->kind != CTI_EVENT_MESSAGE)
        return;
    if (event->before == CTI_STATE_OPENING && session->state == CTI_STATE_REJECTED) {
        cti_session_report(session, rule, CTI_ERROR, event->time,
                           (const uint32_t[]){session->open_frame, event->frame}, 2,
                           "The server refused OPEN_REQ: %s. The client must reset the "
                           "connection and mend the named data before it tries again.",
                           cti_status_words(session->open_status, words, sizeof(words)));
    } else if (event->before == CTI_STATE_REJECTED && event->sender == CTI_CLIENT) {
        cti_session_report(session, rule, CTI_WARNING, event->time,
                           (const uint32_t[]){session->open_answer_frame, event->frame}, 2,
                           "The client sends %s on a connection whose OPEN_REQ was refused; it "
                           "should reset that connection.",
                           cti_message_words(event->reader->message));
    }
}
