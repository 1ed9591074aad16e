/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of the graceful shutdown, version 24 and later: standby sessions, the vote on
 * maintenance, and the client's way to the other side (see rules.h). */
#include "rules.h"

/* ---- standby ---- */

static bool asked_for_standby(const cti_session *session)
{
    return session->summary.services_requested & CTI_V_CTIServiceMasks_CTI_SERVICE_ACTIVE_STANDBY;
}

/* Who may open a session on a standby server. */
static void standby_opening(cti_session *session, cti_rule rule, const cti_event *event)
{
    const uint32_t frames[] = {session->summary.open_frame, event->frame};

    if (!session->summary.has_services_requested)
        return;
    if (event->before == CTI_STATE_OPENING && session->summary.state == CTI_STATE_REJECTED &&
        session->summary.open_status == CTI_V_StatusCode_E_CTI_INVALID_CLIENT_FOR_STANDBY)
        cti_session_report(
            session, rule, CTI_WARNING, event->time, frames, 2, NULL,
            "This server is standby and takes only clients that ask for "
            "CTI_SERVICE_ACTIVE_STANDBY (version 24 or later); the client %s. Look at "
            "the services that the client asks for, and at the other side.",
            asked_for_standby(session) ? "asked for it, but the server did not see it"
                                       : "did not ask for it");
    if (cti_event_is(event, CTI_OPEN_CONF) &&
        session->summary.session_type == CTI_V_SessionType_Standby &&
        (!asked_for_standby(session) || cti_session_is_before_standby(session)))
        cti_session_report(session, rule, CTI_WARNING, event->time, frames, 2, NULL,
                           "The server opened a standby session for a client %s; it should refuse "
                           "that. Look at the release of the server.",
                           cti_session_is_before_standby(session)
                               ? "of a version before 24"
                               : "that did not ask for CTI_SERVICE_ACTIVE_STANDBY");
}

void cti_rule_standby(cti_session *session, cti_rule rule, const cti_event *event)
{
    standby_opening(session, rule, event);
    if (event->sender != CTI_CLIENT || event->before != CTI_STATE_OPEN ||
        session->summary.session_type != CTI_V_SessionType_Standby)
        return;
    switch (event->reader->message_type) {
    case CTI_OPEN_REQ:
    case CTI_HEARTBEAT_REQ:
    case CTI_CLOSE_REQ: return;
    default:
        cti_session_report(session, rule, CTI_WARNING, event->time,
                           (const uint32_t[]){session->summary.open_answer_frame, event->frame}, 2,
                           NULL,
                           "The client sends %s on a standby session; only OPEN_REQ, "
                           "HEARTBEAT_REQ and CLOSE_REQ are allowed there. Look at whether the "
                           "client knows which side is active.",
                           cti_message_words(event->reader->message));
    }
}

void cti_rule_standby_active(cti_session *session, cti_rule rule, const cti_event *event)
{
    if (!cti_event_is(event, CTI_STANDBY_ACTIVE_EVENT))
        return;
    cti_session_report(session, rule, CTI_NOTE, event->time, &event->frame, 1, NULL,
                       "This server went from standby to active: the clients now work with it. "
                       "Look for what happened on the other side.");
}

/* ---- maintenance ---- */

/* ACTIVE_MAINTENANCE_REQ is for those that asked for the service. */
static void asked_wrong_client(cti_session *session, cti_rule rule, const cti_event *event)
{
    if (!session->summary.has_services_requested || asked_for_standby(session))
        return;
    cti_session_report(session, rule, CTI_WARNING, event->time,
                       (const uint32_t[]){session->summary.open_frame, event->frame}, 2, NULL,
                       "The server asks for maintenance on a session without "
                       "CTI_SERVICE_ACTIVE_STANDBY; it should ask only clients with that service. "
                       "Look at the release of the server.");
}

static void late_vote(cti_session *session, cti_rule rule, const cti_event *event)
{
    const cti_shutdown *shutdown = &session->rules.shutdown;
    const uint32_t frames[] = {shutdown->asked_frame, event->frame};
    const int64_t waited = cti_elapsed(shutdown->asked_time, event->time);

    if (shutdown->asked_frame == 0 || waited <= CTI_TIME(VOTE_WAIT))
        return;
    cti_session_report(session, rule, CTI_WARNING, event->time, frames, 2, NULL,
                       "The client %s ACTIVE_MAINTENANCE_REQ %.3f s; after 5 s the server takes "
                       "that for a refusal. Look at what the client waits for.",
                       cti_event_is(event, CTI_ACTIVE_MAINTENANCE_RESP) ? "answered only after"
                                                                        : "did not answer",
                       CTI_SECONDS(waited));
}

/* True if the client may have voted, or how it voted, is not known. */
static bool is_vote_unknown(const cti_session *session)
{
    const cti_shutdown *shutdown = &session->rules.shutdown;

    return shutdown->vote_unknown || (shutdown->asked_frame == 0 && shutdown->vote_frame == 0);
}

/* The server's decision against this client's vote. */
static void outcome(cti_session *session, cti_rule rule, const cti_event *event)
{
    const cti_shutdown *shutdown = &session->rules.shutdown;
    const uint32_t frames[] = {shutdown->asked_frame, shutdown->vote_frame, event->frame};
    const bool voted = shutdown->vote_frame != 0;

    if (is_vote_unknown(session)) {
        cti_session_report(session, rule, CTI_NOTE, event->time, frames, 3, NULL,
                           "The server asked for maintenance and %s it. The client's vote was not "
                           "captured. Check the client's log for it.",
                           shutdown->continues ? "continues" : "cancelled");
        return;
    }
    if (shutdown->continues && shutdown->asked_frame != 0 && (!voted || !shutdown->accepted)) {
        cti_session_report(session, rule, CTI_ERROR, event->time, frames, 3, NULL,
                           "The server goes on with its maintenance although this client %s; a "
                           "refusal, or no answer in 5 s, must cancel it. Look at how the server "
                           "counts the votes.",
                           voted ? "refused" : "has not answered");
        return;
    }
    cti_session_report(
        session, rule, CTI_NOTE, event->time, frames, 3, NULL,
        "The server asked for maintenance, the client %s, and the server %s.",
        !voted               ? "did not vote"
        : shutdown->accepted ? "agreed"
                             : "refused",
        shutdown->continues ? "goes on with it. Look for STANDBY_ACTIVE_EVENT of the other side"
        : voted && shutdown->accepted ? "cancelled it. Look for the client that refused"
                                      : "cancelled it. Look at why this client did not agree");
}

void cti_rule_maintenance(cti_session *session, cti_rule rule, const cti_event *event)
{
    const bool voted = session->rules.shutdown.vote_frame != 0;

    if (cti_event_is(event, CTI_ACTIVE_MAINTENANCE_REQ))
        asked_wrong_client(session, rule, event);
    if (cti_event_is(event, CTI_ACTIVE_MAINTENANCE_RESP))
        late_vote(session, rule, event);
    if (cti_event_is(event, CTI_ACTIVE_MAINTENANCE_EVENT)) {
        if (session->rules.shutdown.outcome_frame != event->frame)
            return;
        if (!voted && !is_vote_unknown(session))
            late_vote(session, rule, event);
        outcome(session, rule, event);
    }
    if (event->kind == CTI_EVENT_FINISH && !voted && session->rules.shutdown.outcome_frame == 0 &&
        event->in_sight && !is_vote_unknown(session))
        late_vote(session, rule, event);
}

/* ---- the way to the other side ---- */

static bool is_request(const cti_event *event)
{
    return event->kind == CTI_EVENT_MESSAGE && event->sender == CTI_CLIENT &&
           event->reader->message != NULL && event->reader->message->confirmed_by != 0;
}

/* A new session is refused while the server is in maintenance. */
static void opened_in_maintenance(cti_session *session, cti_rule rule, const cti_event *event)
{
    if (event->before != CTI_STATE_OPENING || session->summary.state != CTI_STATE_REJECTED ||
        session->summary.open_status != CTI_V_StatusCode_E_CTI_SERVER_IN_MAINTENANCE_MODE)
        return;
    cti_session_report(session, rule, CTI_WARNING, event->time,
                       (const uint32_t[]){session->summary.open_frame, event->frame}, 2, NULL,
                       "The client tried to open a session on a server in maintenance; it should "
                       "open on the other side. Look at the order in which it tries the sides.");
}

/* A request after the client has said that no more will come.  Heartbeats and the close go on. */
static void still_requests(cti_session *session, cti_rule rule, const cti_event *event)
{
    const uint32_t stopped = session->rules.shutdown.stopping_frame;

    if (stopped == 0 || !is_request(event) || cti_event_is(event, CTI_HEARTBEAT_REQ) ||
        cti_event_is(event, CTI_CLOSE_REQ))
        return;
    cti_session_report(session, rule, CTI_ERROR, event->time,
                       (const uint32_t[]){stopped, event->frame}, 2, NULL,
                       "The client sends %s after STOPPING_REQUESTS_TO_THIS_SIDE_IND, in which "
                       "it said that it would not: the server may close the connection "
                       "without answering. Look at which part of the client still uses this side.",
                       cti_message_words(event->reader->message));
}

/* The client has 5 s from the server's decision, and then the server closes the connection. */
static void move_in_time(cti_session *session, cti_rule rule, const cti_event *event)
{
    const cti_shutdown *shutdown = &session->rules.shutdown;
    const uint32_t frames[] = {shutdown->outcome_frame, event->frame};
    const int64_t waited = cti_elapsed(shutdown->outcome_time, event->time);

    if (shutdown->outcome_frame == 0 || !shutdown->continues || waited <= CTI_TIME(STOPPING_WAIT))
        return;
    if (cti_event_is(event, CTI_STOPPING_REQUESTS_TO_THIS_SIDE_IND))
        cti_session_report(session, rule, CTI_WARNING, event->time, frames, 2, NULL,
                           "STOPPING_REQUESTS_TO_THIS_SIDE_IND came %.3f s after the server went "
                           "on with its maintenance; it is due within 5 s. Look at when the other "
                           "side sent STANDBY_ACTIVE_EVENT.",
                           CTI_SECONDS(waited));
    else if (event->kind == CTI_EVENT_FINISH && shutdown->stopping_frame == 0 &&
             !session->rules.incomplete[0])
        cti_session_report(session, rule, CTI_WARNING, event->time, frames, 2, NULL,
                           "The client never sent STOPPING_REQUESTS_TO_THIS_SIDE_IND, %.3f s after "
                           "the server went on with its maintenance; it is due within 5 s. Look "
                           "for its session with the other side.",
                           CTI_SECONDS(waited));
}

static void not_closed(cti_session *session, cti_rule rule, const cti_event *event)
{
    const cti_shutdown *shutdown = &session->rules.shutdown;
    const int64_t since = cti_elapsed(shutdown->stopping_time, event->over);

    if (shutdown->stopping_frame == 0 || session->summary.end_frame != 0 ||
        since <= CTI_TIME(STOPPING_WAIT))
        return;
    cti_session_report(session, rule, CTI_NOTE, event->over, &shutdown->stopping_frame, 1, NULL,
                       "%.3f s after STOPPING_REQUESTS_TO_THIS_SIDE_IND, at the end of the "
                       "capture, the connection is still open; the server closes it when the "
                       "message has come. Look at whether the server went into maintenance.",
                       CTI_SECONDS(since));
}

void cti_rule_stopping_requests(cti_session *session, cti_rule rule, const cti_event *event)
{
    opened_in_maintenance(session, rule, event);
    still_requests(session, rule, event);
    move_in_time(session, rule, event);
    if (event->kind == CTI_EVENT_FINISH)
        not_closed(session, rule, event);
}

void cti_rule_call_replay(cti_session *session, cti_rule rule, const cti_event *event)
{
    const cti_shutdown *shutdown = &session->rules.shutdown;

    if (shutdown->replayed == 0)
        return;
    cti_session_report(
        session, rule, CTI_NOTE, event->time, &shutdown->replayed_frame, 1, NULL,
        "%u call events with CEC_CALL_PARTY_UPDATE_IND rebuild the state of calls "
        "after a switch; they are no new calls. Look for their beginning before the switch.",
        shutdown->replayed);
}

void cti_rule_unique_instance(cti_session *session, cti_rule rule, const cti_event *event)
{
    if (event->kind != CTI_EVENT_MESSAGE || event->before != CTI_STATE_OPENING ||
        session->summary.state != CTI_STATE_REJECTED)
        return;
    if (session->summary.open_status == CTI_V_StatusCode_E_CTI_INVALID_UNIQUE_INSTANCE_ID)
        cti_session_report(session, rule, CTI_WARNING, event->time, &session->summary.open_frame, 1,
                           NULL,
                           "The client's UniqueInstanceID is present but empty: it must leave the "
                           "field out or fill it. Look at how the client is set up.");
    if (session->summary.open_status == CTI_V_StatusCode_E_CTI_DUPLICATE_UNIQUE_INSTANCE_ID)
        cti_session_report(session, rule, CTI_WARNING, event->time, &session->summary.open_frame, 1,
                           NULL,
                           "A session with the same UniqueInstanceID is open: look for a second "
                           "copy of the client, or for its older session that was not closed.");
}
