/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of the graceful shutdown, version 24 and later, as far as one session shows them: standby
 * sessions, the client's vote on a maintenance, and how it leaves for the other side (see rules.h).
 * maintenance.c judges all sessions together. */
#include "rules.h"

static const char check_server_release[] = "Check the release of the server.";

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
        cti_session_report(session, rule, CTI_WARNING, event->time, frames, 2,
                           "Check the services that the client requests, and the other side.",
                           asked_for_standby(session)
                               ? "The standby server refused a client that requested "
                                 "CTI_SERVICE_ACTIVE_STANDBY."
                               : "The standby server refused a client that did not request "
                                 "CTI_SERVICE_ACTIVE_STANDBY.");
    if (cti_event_is(event, CTI_OPEN_CONF) &&
        session->summary.session_type == CTI_V_SessionType_Standby &&
        (!asked_for_standby(session) || cti_session_is_before_standby(session)))
        cti_session_report(
            session, rule, CTI_WARNING, event->time, frames, 2, check_server_release,
            "The server opened a standby session for a client of version %u%s.",
            session->summary.version,
            asked_for_standby(session) ? "" : " that did not request CTI_SERVICE_ACTIVE_STANDBY");
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
                           "Check whether the client knows which side is active.",
                           "The client sent %s on a standby session.",
                           cti_message_words(event->reader->message));
    }
}

void cti_rule_standby_active(cti_session *session, cti_rule rule, const cti_event *event)
{
    const uint32_t before = session->rules.type_before;

    if (!cti_event_is(event, CTI_STANDBY_ACTIVE_EVENT))
        return;
    cti_session_report(
        session, rule, CTI_NOTE, event->time, &event->frame, 1,
        before == CTI_V_SessionType_Active ? NULL : "Check what happened on the other side.",
        before == CTI_V_SessionType_Active
            ? "STANDBY_ACTIVE_EVENT came on a session that was already active."
        : before == CTI_V_SessionType_Standby ? "The server went from standby to active."
                                              : "The server reported that it is active now "
                                                "(STANDBY_ACTIVE_EVENT).");
}

/* ---- maintenance ---- */

/* ACTIVE_MAINTENANCE_REQ is for those that asked for the service. */
static void asked_wrong_client(cti_session *session, cti_rule rule, const cti_event *event)
{
    if (!session->summary.has_services_requested || asked_for_standby(session))
        return;
    cti_session_report(session, rule, CTI_WARNING, event->time,
                       (const uint32_t[]){session->summary.open_frame, event->frame}, 2,
                       check_server_release,
                       "The server asked for its maintenance on a session without "
                       "CTI_SERVICE_ACTIVE_STANDBY.");
}

static void late_vote(cti_session *session, cti_rule rule, const cti_event *event)
{
    const cti_shutdown *shutdown = &session->rules.shutdown;
    const uint32_t frames[] = {shutdown->asked_frame, event->frame};
    const int64_t waited = cti_elapsed(shutdown->asked_time, event->time);

    if (shutdown->asked_frame == 0 || waited <= CTI_TIME(VOTE_WAIT))
        return;
    cti_session_report(session, rule, CTI_WARNING, event->time, frames, 2,
                       "Check what the client waited for.",
                       cti_event_is(event, CTI_ACTIVE_MAINTENANCE_RESP)
                           ? "The client answered ACTIVE_MAINTENANCE_REQ after %.3f s."
                           : "The client did not answer ACTIVE_MAINTENANCE_REQ in %.3f s.",
                       CTI_SECONDS(waited));
}

static void other_invoke_id(cti_session *session, cti_rule rule, const cti_event *event)
{
    const cti_shutdown *shutdown = &session->rules.shutdown;

    if (!cti_shutdown_is_other_id(shutdown))
        return;
    cti_session_report(session, rule, CTI_WARNING, event->time,
                       (const uint32_t[]){shutdown->asked_frame, event->frame}, 2,
                       "Check how the client fills ACTIVE_MAINTENANCE_RESP.",
                       "The client voted with InvokeID %u; that of ACTIVE_MAINTENANCE_REQ is %u.",
                       shutdown->vote_id, shutdown->asked_id);
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

    if (is_vote_unknown(session) || !shutdown->continues || shutdown->asked_frame == 0 ||
        (voted && shutdown->accepted))
        return;
    cti_session_report(session, rule, CTI_ERROR, event->time, frames, 3,
                       "Check the server's log for how it counted the votes.",
                       voted ? "The server continues its maintenance although this client refused."
                             : "The server continues its maintenance although this client has not "
                               "answered.");
}

void cti_rule_maintenance(cti_session *session, cti_rule rule, const cti_event *event)
{
    const bool voted = session->rules.shutdown.vote_frame != 0;

    if (cti_event_is(event, CTI_ACTIVE_MAINTENANCE_REQ))
        asked_wrong_client(session, rule, event);
    if (cti_event_is(event, CTI_ACTIVE_MAINTENANCE_RESP)) {
        late_vote(session, rule, event);
        other_invoke_id(session, rule, event);
    }
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
                       (const uint32_t[]){session->summary.open_frame, event->frame}, 2,
                       "Check the order in which the client tries the two sides.",
                       "The client tried to open a session on a server in maintenance.");
}

/* A request after the client has said that no more will come.  Heartbeats and the close are none.
 */
static void still_requests(cti_session *session, cti_rule rule, const cti_event *event)
{
    const uint32_t stopped = session->rules.shutdown.stopping_frame;

    if (stopped == 0 || !is_request(event) || cti_event_is(event, CTI_HEARTBEAT_REQ) ||
        cti_event_is(event, CTI_CLOSE_REQ))
        return;
    cti_session_report(session, rule, CTI_ERROR, event->time,
                       (const uint32_t[]){stopped, event->frame}, 2,
                       "Check which part of the client still uses this side.",
                       "The client sent %s after STOPPING_REQUESTS_TO_THIS_SIDE_IND.",
                       cti_message_words(event->reader->message));
}

/* How long the client took from the server's decision. */
static void move_in_time(cti_session *session, cti_rule rule, const cti_event *event)
{
    const cti_shutdown *shutdown = &session->rules.shutdown;
    const uint32_t frames[] = {shutdown->outcome_frame, event->frame};
    const int64_t waited = cti_elapsed(shutdown->outcome_time, event->time);

    if (shutdown->outcome_frame == 0 || !shutdown->continues || waited <= CTI_TIME(STOPPING_WAIT))
        return;
    if (cti_event_is(event, CTI_STOPPING_REQUESTS_TO_THIS_SIDE_IND))
        cti_session_report(session, rule, CTI_WARNING, event->time, frames, 2,
                           "Check when the other side sent STANDBY_ACTIVE_EVENT.",
                           "STOPPING_REQUESTS_TO_THIS_SIDE_IND came %.3f s after "
                           "ACTIVE_MAINTENANCE_EVENT.",
                           CTI_SECONDS(waited));
    else if (event->kind == CTI_EVENT_FINISH && shutdown->stopping_frame == 0 &&
             !session->rules.incomplete[0])
        cti_session_report(session, rule, CTI_WARNING, event->time, frames, 2,
                           "Check the client's session with the other side.",
                           "The client sent no STOPPING_REQUESTS_TO_THIS_SIDE_IND in the %.3f s "
                           "after ACTIVE_MAINTENANCE_EVENT.",
                           CTI_SECONDS(waited));
}

/* The server closes the connection once it knows that the client has left. */
static void closed_late(cti_session *session, cti_rule rule, const cti_event *event)
{
    const cti_shutdown *shutdown = &session->rules.shutdown;
    const bool ended = session->summary.end_frame != 0;
    const int64_t since = cti_elapsed(shutdown->stopping_time, ended ? event->time : event->over);
    const uint32_t frames[] = {shutdown->stopping_frame, session->summary.end_frame};

    if (shutdown->stopping_frame == 0 || since <= CTI_TIME(STOPPING_WAIT) ||
        session->summary.end == CTI_END_CLOSED)
        return;
    if (!ended)
        cti_session_report(session, rule, CTI_NOTE, event->over, frames, 1,
                           "Check whether the server went into maintenance.",
                           "The connection was still open at the end of the capture, %.3f s after "
                           "STOPPING_REQUESTS_TO_THIS_SIDE_IND.",
                           CTI_SECONDS(since));
    else if (session->summary.end_sender == CTI_SERVER)
        cti_session_report(session, rule, CTI_NOTE, event->time, frames, 2, NULL,
                           "The server closed the connection %.3f s after "
                           "STOPPING_REQUESTS_TO_THIS_SIDE_IND.",
                           CTI_SECONDS(since));
}

void cti_rule_stopping_requests(cti_session *session, cti_rule rule, const cti_event *event)
{
    opened_in_maintenance(session, rule, event);
    still_requests(session, rule, event);
    move_in_time(session, rule, event);
    if (event->kind == CTI_EVENT_FINISH)
        closed_late(session, rule, event);
}

void cti_rule_call_replay(cti_session *session, cti_rule rule, const cti_event *event)
{
    const cti_shutdown *shutdown = &session->rules.shutdown;
    const uint32_t frames[] = {
        shutdown->replayed_after_switch ? session->summary.became_active_frame : 0,
        shutdown->replayed_frame};

    if (shutdown->replayed == 0)
        return;
    cti_session_report(session, rule, CTI_NOTE, event->time, frames, 2, NULL,
                       "%u call event%s CEC_CALL_PARTY_UPDATE_IND%s: the state of calls was "
                       "rebuilt.",
                       shutdown->replayed, shutdown->replayed == 1 ? " has" : "s have",
                       shutdown->replayed_after_switch ? ", after STANDBY_ACTIVE_EVENT" : "");
}

void cti_rule_unique_instance(cti_session *session, cti_rule rule, const cti_event *event)
{
    if (event->kind != CTI_EVENT_MESSAGE || event->before != CTI_STATE_OPENING ||
        session->summary.state != CTI_STATE_REJECTED)
        return;
    if (session->summary.open_status == CTI_V_StatusCode_E_CTI_INVALID_UNIQUE_INSTANCE_ID)
        cti_session_report(session, rule, CTI_WARNING, event->time, &session->summary.open_frame, 1,
                           "Check the UniqueInstanceID that the client is set up with.",
                           "The server refused the client's UniqueInstanceID as empty.");
    if (session->summary.open_status == CTI_V_StatusCode_E_CTI_DUPLICATE_UNIQUE_INSTANCE_ID)
        cti_session_report(session, rule, CTI_WARNING, event->time, &session->summary.open_frame, 1,
                           "Check for a second copy of the client, or an older session of it that "
                           "was not closed.",
                           "The server refused the client's UniqueInstanceID: another open session "
                           "has it.");
}
