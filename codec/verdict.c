/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a session ended: one verdict, chosen from the evidence, with who is to blame for it and what
 * to check.  Facts: GED-188, chapter "Session Management". */
#include "rules.h"
#include "session_link.h"

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
           !session->rules.closed_by_server &&
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

/* A SYSTEM_EVENT said so right before the end, and none took it back. */
static bool reported_offline(const cti_session *session)
{
    return session->rules.reported_offline_frame != 0 && cti_ended_by_tcp(session) &&
           cti_elapsed(session->rules.reported_offline_time, session->summary.end_time) <=
               CTI_TIME(OFFLINE_ENDS);
}

bool cti_session_reported_failure(const cti_session *session)
{
    const int64_t ended =
        session->summary.close_frame != 0 ? session->summary.close_time : session->summary.end_time;

    return session->rules.failure_frame != 0 && session->summary.end != CTI_END_CAPTURE_ENDED &&
           cti_elapsed(session->rules.failure_time, ended) <= CTI_TIME(FAILURE_ENDS);
}

/* The client waited for an answer, or for its data to be taken. */
static bool client_waits(const cti_session *session)
{
    return session->rules.outstanding > 0 || session->rules.missed_run > 0 ||
           cti_link_delivery(session, CTI_CLIENT) == CTI_DELIVERY_FAILED ||
           cti_link_window_closed(session, CTI_SERVER) != CTI_NO_TIME;
}

/* FIN says that the client wanted it; a reset too, unless the client waited for something, its host
 * had been gone, or the reset may not be its own. */
static bool was_left(const cti_session *session)
{
    if (session->summary.end == CTI_END_FIN_BY_CLIENT)
        return true;
    return session->summary.end == CTI_END_RESET_BY_CLIENT && !client_waits(session) &&
           cti_link_delivery(session, CTI_SERVER) != CTI_DELIVERY_FAILED &&
           cti_link_foreign_reset(session) == NULL;
}

static cti_verdict by_tcp(const cti_session *session)
{
    if (cti_link_is_unreachable(session, CTI_CLIENT))
        return CTI_VERDICT_CLIENT_UNREACHABLE;
    if (cti_link_is_unreachable(session, CTI_SERVER))
        return CTI_VERDICT_SERVER_UNREACHABLE;
    if (was_left(session))
        return CTI_VERDICT_LEFT_BY_CLIENT;
    switch (session->summary.end) {
    case CTI_END_RESET_BY_CLIENT: return CTI_VERDICT_RESET_BY_CLIENT;
    case CTI_END_RESET_BY_SERVER: return CTI_VERDICT_RESET_BY_SERVER;
    case CTI_END_FIN_BY_SERVER: return CTI_VERDICT_FIN_BY_SERVER;
    case CTI_END_SUPERSEDED: return CTI_VERDICT_SUPERSEDED;
    default: return CTI_VERDICT_STILL_OPEN;
    }
}

static bool was_closed(const cti_session *session)
{
    return session->summary.end == CTI_END_CLOSED || session->summary.state == CTI_STATE_CLOSING;
}

static cti_verdict choose(const cti_session *session)
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
    if (was_closed(session))
        return session->rules.closed_by_server ? CTI_VERDICT_CLOSED_BY_SERVER
                                               : CTI_VERDICT_CLOSED_BY_CLIENT;
    if (in_maintenance(session))
        return CTI_VERDICT_MAINTENANCE;
    if (reported_offline(session))
        return CTI_VERDICT_SERVER_OFFLINE;
    if (cti_session_reported_failure(session))
        return CTI_VERDICT_FAILURE_EVENT;
    if (cti_session_idle_timer_fired(session) || cti_session_idle_timer_had_fired(session))
        return CTI_VERDICT_IDLE_TIMER_FIRED;
    if (is_cause_missing(session))
        return CTI_VERDICT_CAUSE_NOT_CAPTURED;
    if (open_unanswered(session))
        return cti_link_expects_tls(session) ? CTI_VERDICT_TLS_EXPECTED
                                             : CTI_VERDICT_OPEN_UNANSWERED;
    if (is_stale_connection(session))
        return CTI_VERDICT_STALE_CONNECTION_RESET;
    return by_tcp(session);
}

/* ---- who is to blame, and what to check ---- */

static const struct {
    cti_blame blame;
    const char *check;
} usual[CTI_VERDICT_COUNT] = {
#define VERDICT(id, name, fate, blame, text, check) [CTI_VERDICT_##id] = {CTI_BLAME_##blame, check},
#include "verdicts.def"
#undef VERDICT
};

static const char check_client_host[] =
    "Check the client's host and the network path to it at that time.";
static const char check_server_host[] =
    "Check the server's host and the network path to it at that time.";

static void blame(cti_session *session, cti_blame whom, const char *check)
{
    session->summary.blame = whom;
    session->summary.check = check;
}

/* A server that does not answer: its program, if its TCP still acknowledges; else its host or the
 * path. */
static void blame_silent_server(cti_session *session)
{
    if (cti_link_window_closed(session, CTI_SERVER) != CTI_NO_TIME ||
        cti_link_delivery(session, CTI_CLIENT) == CTI_DELIVERY_DONE)
        blame(session, CTI_BLAME_SERVER, "Check the server's program: its host still answered.");
    else if (cti_link_delivery(session, CTI_CLIENT) == CTI_DELIVERY_FAILED)
        blame(session, CTI_BLAME_SERVER_OR_NETWORK, check_server_host);
}

/* A client that is silent: what the server sent meanwhile shows whether its host still answered. */
static void blame_silent_client(cti_session *session)
{
    const bool sent_since =
        cti_elapsed(session->rules.client_heard_time, session->summary.last_server_time) > 0;

    if (cti_link_window_closed(session, CTI_SERVER) != CTI_NO_TIME)
        blame(session, CTI_BLAME_SERVER, "Check what kept the server's program from reading.");
    else if (cti_link_window_closed(session, CTI_CLIENT) != CTI_NO_TIME ||
             (sent_since && cti_link_delivery(session, CTI_SERVER) == CTI_DELIVERY_DONE))
        blame(session, CTI_BLAME_CLIENT, "Check the client's program: its host still answered.");
    else if (sent_since && cti_link_delivery(session, CTI_SERVER) == CTI_DELIVERY_FAILED)
        blame(session, CTI_BLAME_CLIENT_OR_NETWORK, check_client_host);
}

/* A refusal for the server's own state has nothing that the client could fix. */
static void blame_refusal(cti_session *session)
{
    if (!session->summary.has_open_status)
        return;
    switch (session->summary.open_status) {
    case CTI_V_StatusCode_E_CTI_CTI_SERVER_OFFLINE:
    case CTI_V_StatusCode_E_CTI_SERVER_NOT_MASTER:
    case CTI_V_StatusCode_E_CTI_SERVER_IN_MAINTENANCE_MODE:
        blame(session, CTI_BLAME_SERVER, NULL);
        break;
    default:
        blame(session, CTI_BLAME_CLIENT, "Check the client's settings that the status names.");
        break;
    }
}

/* The client reset the connection while it waited; the server is to blame if it had time. */
static void blame_awaited_server(cti_session *session)
{
    const bool just_asked = session->rules.outstanding > 0 && session->rules.missed_run == 0 &&
                            cti_elapsed(session->rules.outstanding_since,
                                        session->summary.end_time) < CTI_TIME(ANSWER_WAIT);

    if (just_asked) {
        session->summary.blame = CTI_BLAME_UNKNOWN;
        return;
    }
    blame(session, CTI_BLAME_SERVER_OR_NETWORK, "Check why the server did not answer the client.");
    blame_silent_server(session);
}

/* A RST may be the answer to data that was sent again: then its sender's host had been gone. */
static void blame_reset(cti_session *session)
{
    const bool by_client = session->summary.verdict == CTI_VERDICT_RESET_BY_CLIENT;

    if (cti_link_foreign_reset(session) != NULL)
        blame(session, CTI_BLAME_NETWORK,
              "Check firewalls and other devices between client and server at that time.");
    else if (cti_link_window_closed(session, CTI_CLIENT) != CTI_NO_TIME && !by_client)
        blame(session, CTI_BLAME_CLIENT, "Check what kept the client's program from reading.");
    else if (cti_link_delivery(session, CTI_SERVER) == CTI_DELIVERY_FAILED)
        blame(session, CTI_BLAME_CLIENT_OR_NETWORK, check_client_host);
    else if (by_client)
        blame_awaited_server(session);
    else if (cti_link_delivery(session, CTI_CLIENT) == CTI_DELIVERY_FAILED)
        blame(session, CTI_BLAME_SERVER_OR_NETWORK, check_server_host);
}

/* A client that gives up too early is itself to blame. */
static void blame_open(cti_session *session)
{
    if (session->summary.end_frame != 0 && session->summary.end_sender == CTI_CLIENT &&
        cti_elapsed(session->summary.open_time, session->summary.end_time) < CTI_TIME(OPEN_WAIT))
        blame(session, CTI_BLAME_CLIENT, "Check how long the client waits for OPEN_CONF.");
    else
        blame_silent_server(session);
}

static void blame_more_closely(cti_session *session)
{
    switch (session->summary.verdict) {
    case CTI_VERDICT_HEARTBEATS_UNANSWERED: blame_silent_server(session); break;
    case CTI_VERDICT_OPEN_UNANSWERED: blame_open(session); break;
    case CTI_VERDICT_IDLE_TIMER_FIRED: blame_silent_client(session); break;
    case CTI_VERDICT_REJECTED: blame_refusal(session); break;
    case CTI_VERDICT_RESET_BY_CLIENT:
    case CTI_VERDICT_RESET_BY_SERVER: blame_reset(session); break;
    default: break;
    }
}

void cti_session_judge(cti_session *session)
{
    session->summary.verdict = choose(session);
    blame(session, usual[session->summary.verdict].blame, usual[session->summary.verdict].check);
    blame_more_closely(session);
}
