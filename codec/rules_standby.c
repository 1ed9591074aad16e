/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of the graceful shutdown, version 24 and later: standby sessions, the vote on
 * maintenance, and the client's way to the other side (see rules.h). */
#include "rules.h"

#define VOTE_PATIENCE (5 * CTI_SECOND)
#define MOVE_PATIENCE (5 * CTI_SECOND)

/* ---- standby ---- */

void cti_rule_standby(cti_session *session, cti_rule rule, const cti_event *event)
{
    if (event->kind != CTI_EVENT_MESSAGE || event->sender != CTI_CLIENT ||
        session->session_type != CTI_V_SessionType_Standby)
        return;
    switch (event->reader->message_type) {
    case CTI_OPEN_REQ:
    case CTI_HEARTBEAT_REQ:
    case CTI_CLOSE_REQ:
        return;
    default:
        cti_session_report(session, rule, CTI_WARNING, event->time,
                           (const uint32_t[]){session->open_answer_frame, event->frame}, 2,
                           "The client sends %s on a standby session; only OPEN_REQ, "
                           "HEARTBEAT_REQ and CLOSE_REQ are allowed there. It must use the "
                           "active side.",
                           cti_message_words(event->reader->message));
    }
}

void cti_rule_standby_active(cti_session *session, cti_rule rule, const cti_event *event)
{
    if (!cti_event_is(event, CTI_STANDBY_ACTIVE_EVENT))
        return;
    cti_session_report(session, rule, CTI_NOTE, event->time, &event->frame, 1,
                       "This server went from standby to active: the clients now work with it.");
}

/* ---- maintenance ---- */

static void late_vote(cti_session *session, cti_rule rule, const cti_event *event)
{
    const cti_shutdown *shutdown = &session->shutdown;
    const uint32_t frames[] = {shutdown->asked_frame, event->frame};
    const int64_t waited = cti_elapsed(shutdown->asked_time, event->time);

    if (shutdown->asked_frame == 0 || waited <= VOTE_PATIENCE)
        return;
    cti_session_report(session, rule, CTI_WARNING, event->time, frames, 2,
                       "The client %s ACTIVE_MAINTENANCE_REQ %.3f s; after 5 s the server takes "
                       "that for a refusal.",
                       cti_event_is(event, CTI_ACTIVE_MAINTENANCE_RESP)
                           ? "answered only after"
                           : "did not answer",
                       CTI_SECONDS(waited));
}

static void outcome(cti_session *session, cti_rule rule, const cti_event *event)
{
    const cti_shutdown *shutdown = &session->shutdown;
    const uint32_t frames[] = {shutdown->asked_frame, shutdown->vote_frame, event->frame};

    if (shutdown->vote_frame != 0 && !shutdown->accepted && shutdown->continues) {
        cti_session_report(session, rule, CTI_ERROR, event->time, frames, 3,
                           "The server goes on with its maintenance although this client refused; "
                           "any refusal must cancel it.");
        return;
    }
    cti_session_report(session, rule, CTI_NOTE, event->time, frames, 3,
                       "The server asked for maintenance, the client %s, and the server %s.",
                       shutdown->vote_frame == 0 ? "did not vote"
                       : shutdown->accepted      ? "agreed"
                                                 : "refused",
                       shutdown->continues ? "goes on with it" : "cancelled it");
}

void cti_rule_maintenance(cti_session *session, cti_rule rule, const cti_event *event)
{
    const bool voted = session->shutdown.vote_frame != 0;

    if (cti_event_is(event, CTI_ACTIVE_MAINTENANCE_RESP))
        late_vote(session, rule, event);
    if (cti_event_is(event, CTI_ACTIVE_MAINTENANCE_EVENT)) {
        if (!voted)
            late_vote(session, rule, event);
        outcome(session, rule, event);
    }
    if (event->kind == CTI_EVENT_FINISH && !voted && session->shutdown.outcome_frame == 0 &&
        event->in_sight && session->holes == 0)
        late_vote(session, rule, event);
}

/* ---- the way to the other side ---- */

static bool is_request(const cti_event *event)
{
    return event->kind == CTI_EVENT_MESSAGE && event->sender == CTI_CLIENT &&
           event->reader->message != NULL && event->reader->message->confirmed_by != 0;
}

void cti_rule_stopping_requests(cti_session *session, cti_rule rule, const cti_event *event)
{
    const cti_shutdown *shutdown = &session->shutdown;
    const uint32_t frames[] = {shutdown->outcome_frame, event->frame};
    const int64_t waited = cti_elapsed(shutdown->outcome_time, event->time);

    if (shutdown->outcome_frame == 0 || !shutdown->continues)
        return;
    if (shutdown->stopping_frame != 0 && event->frame != shutdown->stopping_frame &&
        is_request(event) && !cti_event_is(event, CTI_HEARTBEAT_REQ) &&
        !cti_event_is(event, CTI_CLOSE_REQ)) {
        cti_session_report(session, rule, CTI_ERROR, event->time,
                           (const uint32_t[]){shutdown->stopping_frame, event->frame}, 2,
                           "The client sends %s after STOPPING_REQUESTS_TO_THIS_SIDE_IND, in which "
                           "it said that it would not: the server may close the connection "
                           "without answering.",
                           cti_message_words(event->reader->message));
        return;
    }
    if (waited <= MOVE_PATIENCE || session->holes > 0)
        return;
    if (cti_event_is(event, CTI_STOPPING_REQUESTS_TO_THIS_SIDE_IND))
        cti_session_report(session, rule, CTI_WARNING, event->time, frames, 2,
                           "STOPPING_REQUESTS_TO_THIS_SIDE_IND came %.3f s after the server went "
                           "on with its maintenance; it is due within 5 s.",
                           CTI_SECONDS(waited));
    else if (event->kind == CTI_EVENT_FINISH && shutdown->stopping_frame == 0)
        cti_session_report(session, rule, CTI_WARNING, event->time, frames, 2,
                           "The client never sent STOPPING_REQUESTS_TO_THIS_SIDE_IND, %.3f s after "
                           "the server went on with its maintenance; it is due within 5 s. Look "
                           "for its session with the other side.",
                           CTI_SECONDS(waited));
}

void cti_rule_call_replay(cti_session *session, cti_rule rule, const cti_event *event)
{
    const cti_shutdown *shutdown = &session->shutdown;

    if (event->kind != CTI_EVENT_FINISH || shutdown->replayed == 0)
        return;
    cti_session_report(session, rule, CTI_NOTE, event->time, &shutdown->replayed_frame, 1,
                       "%u call events with CEC_CALL_PARTY_UPDATE_IND rebuild the state of calls "
                       "after a switch; they are no new calls.",
                       shutdown->replayed);
}

void cti_rule_unique_instance(cti_session *session, cti_rule rule, const cti_event *event)
{
    if (event->kind != CTI_EVENT_MESSAGE || event->before != CTI_STATE_OPENING ||
        session->state != CTI_STATE_REJECTED)
        return;
    if (session->open_status == CTI_V_StatusCode_E_CTI_INVALID_UNIQUE_INSTANCE_ID)
        cti_session_report(session, rule, CTI_WARNING, event->time, &session->open_frame, 1,
                           "The client's UniqueInstanceID is present but empty: it must leave the "
                           "field out or fill it.");
    if (session->open_status == CTI_V_StatusCode_E_CTI_DUPLICATE_UNIQUE_INSTANCE_ID)
        cti_session_report(session, rule, CTI_WARNING, event->time, &session->open_frame, 1,
                           "A session with the same UniqueInstanceID is open: look for a second "
                           "copy of the client, or for its older session that was not closed.");
}
