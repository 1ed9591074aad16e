/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a session ended: one verdict, chosen from the evidence.  Facts: GED-188, chapter
 * "Session Management". */
#include "rules.h"

static bool has_idle_timeout(const cti_session *session)
{
    return session->summary.idle_timeout != 0 &&
           !cti_idle_timeout_is_off(session->summary.idle_timeout);
}

/* The server looks at its timers now and then: it may be a little late. */
bool cti_session_idle_timer_fired(const cti_session *session)
{
    const int64_t limit = (int64_t)session->summary.idle_timeout * CTI_SECOND;
    int64_t silence;

    if ((session->summary.end != CTI_END_RESET_BY_SERVER &&
         session->summary.end != CTI_END_FIN_BY_SERVER) ||
        session->rules.client_heard_time == CTI_NO_TIME || !has_idle_timeout(session))
        return false;
    silence = cti_elapsed(session->rules.client_heard_time, session->summary.end_time);
    return silence >= limit - CTI_TIME(IDLE_TIMER_EARLY) &&
           silence <= limit + MAX(limit / 10, CTI_TIME(IDLE_TIMER_LATE));
}

/* The reset is the answer to the last message, which came from the other end. */
static bool reset_at_once(const cti_session *session)
{
    const int64_t since = cti_elapsed(session->summary.last_time, session->summary.end_time);

    return cti_ended_by_tcp(session) && !session->rules.half_closed &&
           session->summary.last_sender != session->summary.end_sender && since >= 0 &&
           since <= CTI_TIME(RESET_AT_ONCE);
}

bool cti_session_idle_timer_had_fired(const cti_session *session)
{
    return session->summary.end == CTI_END_RESET_BY_SERVER && reset_at_once(session) &&
           has_idle_timeout(session) &&
           session->rules.client_gap_before_last >=
               (int64_t)session->summary.idle_timeout * CTI_SECOND;
}

static bool is_stale_connection(const cti_session *session)
{
    return reset_at_once(session) && session->rules.quiet_before_last >= CTI_TIME(FORGOTTEN);
}

static bool heartbeats_unanswered(const cti_session *session)
{
    return session->rules.missed_run >= CTI_LIMIT(HEARTBEATS_MISSED) &&
           (session->summary.state == CTI_STATE_CLOSING ||
            session->summary.state == CTI_STATE_CLOSED ||
            (cti_ended_by_tcp(session) && session->summary.end_sender == CTI_CLIENT));
}

/* At the end of the capture the answer may just not have come yet. */
static bool open_unanswered(const cti_session *session)
{
    return session->summary.open_time != CTI_NO_TIME &&
           session->summary.open_answer_time == CTI_NO_TIME && !session->rules.open_in_doubt &&
           (session->summary.end != CTI_END_CAPTURE_ENDED ||
            (session->summary.state == CTI_STATE_OPENING &&
             cti_elapsed(session->summary.open_time, session->summary.end_time) >
                 CTI_TIME(OPEN_WAIT)));
}

/* What either end sent last was not captured: CLOSE_REQ, or what made the other one end it. */
static bool is_cause_missing(const cti_session *session)
{
    return cti_ended_by_tcp(session) &&
           (session->rules.client_in_doubt || session->rules.server_in_doubt ||
            session->summary.open_unknown);
}

/* The server went on with its maintenance, and the client left, or did not in the time it had. */
static bool in_maintenance(const cti_session *session)
{
    const cti_shutdown *shutdown = &session->rules.shutdown;

    if (!cti_ended_by_tcp(session))
        return false;
    return shutdown->stopping_frame != 0 ||
           (shutdown->outcome_frame != 0 && shutdown->continues &&
            session->summary.end_sender == CTI_SERVER &&
            cti_elapsed(shutdown->outcome_time, session->summary.end_time) <=
                CTI_TIME(MAINTENANCE_END));
}

/* The server said so, or ended it when its client opened another one for the same phone. */
static bool was_replaced(const cti_session *session)
{
    const cti_successor *successor = &session->rules.successor;
    const int64_t end = session->summary.end_time;

    if (session->rules.replaced_frame != 0)
        return true;
    if (successor->session == 0 || !cti_ended_by_tcp(session) ||
        session->summary.end_sender != CTI_SERVER || cti_elapsed(successor->asked, end) < 0)
        return false;
    return successor->opened == CTI_NO_TIME
               ? cti_elapsed(successor->asked, end) <= CTI_TIME(OPEN_USUAL)
               : cti_elapsed(successor->opened, end) <= CTI_TIME(REPLACED_AT_ONCE);
}

static cti_verdict by_tcp(const cti_session *session)
{
    switch (session->summary.end) {
    case CTI_END_RESET_BY_CLIENT: return CTI_VERDICT_RESET_BY_CLIENT;
    case CTI_END_RESET_BY_SERVER: return CTI_VERDICT_RESET_BY_SERVER;
    case CTI_END_FIN_BY_CLIENT: return CTI_VERDICT_FIN_BY_CLIENT;
    case CTI_END_FIN_BY_SERVER: return CTI_VERDICT_FIN_BY_SERVER;
    case CTI_END_SUPERSEDED: return CTI_VERDICT_SUPERSEDED;
    default: return CTI_VERDICT_STILL_OPEN;
    }
}

cti_verdict cti_verdict_choose(const cti_session *session)
{
    if (session->summary.messages_client + session->summary.messages_server == 0)
        return CTI_VERDICT_NOTHING_SEEN;
    if (session->summary.end == CTI_END_REJECTED)
        return CTI_VERDICT_REJECTED;
    if (session->rules.server_offline)
        return CTI_VERDICT_SERVER_OFFLINE;
    if (was_replaced(session))
        return CTI_VERDICT_REPLACED;
    if (heartbeats_unanswered(session))
        return CTI_VERDICT_HEARTBEATS_UNANSWERED;
    if (session->summary.end == CTI_END_CLOSED || session->summary.state == CTI_STATE_CLOSING)
        return CTI_VERDICT_CLOSED_BY_CLIENT;
    if (in_maintenance(session))
        return CTI_VERDICT_MAINTENANCE;
    if (cti_session_idle_timer_fired(session) || cti_session_idle_timer_had_fired(session))
        return CTI_VERDICT_IDLE_TIMER_FIRED;
    if (is_cause_missing(session))
        return CTI_VERDICT_CAUSE_NOT_CAPTURED;
    if (open_unanswered(session))
        return CTI_VERDICT_OPEN_UNANSWERED;
    if (is_stale_connection(session))
        return CTI_VERDICT_STALE_CONNECTION_RESET;
    return by_tcp(session);
}
