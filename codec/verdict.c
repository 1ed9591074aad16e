/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a session ended: one verdict, chosen from the evidence.  Facts: GED-188, chapter
 * "Session Management". */
#include "rules.h"
#include "session_parts.h"

/* The server looks at its timers now and then: it may be a little late. */
bool cti_session_idle_timer_fired(const cti_session *session)
{
    const int64_t limit = (int64_t)session->idle_timeout * CTI_SECOND;
    int64_t silence;

    if ((session->end != CTI_END_RESET_BY_SERVER && session->end != CTI_END_FIN_BY_SERVER) ||
        session->last_client_time == CTI_NO_TIME || session->idle_timeout == 0 ||
        session->idle_timeout == CTI_NO_IDLE_TIMEOUT)
        return false;
    silence = cti_elapsed(session->last_client_time, session->end_time);
    return silence >= limit - CTI_SECOND &&
           silence <= limit + MAX(limit / 10, 5 * CTI_SECOND);
}

cti_verdict cti_verdict_choose(const cti_session *session)
{
    if (session->messages_client + session->messages_server == 0)
        return CTI_VERDICT_NOTHING_SEEN;
    if (session->end == CTI_END_REJECTED)
        return CTI_VERDICT_REJECTED;
    if (session->server_offline)
        return CTI_VERDICT_SERVER_OFFLINE;
    if (session->end == CTI_END_CLOSED || session->state == CTI_STATE_CLOSING)
        return CTI_VERDICT_CLOSED_BY_CLIENT;
    if (session->shutdown.stopping_frame != 0 && session->end != CTI_END_CAPTURE_ENDED &&
        session->end != CTI_END_SUPERSEDED)
        return CTI_VERDICT_MAINTENANCE;
    if (session->end == CTI_END_SUPERSEDED)
        return CTI_VERDICT_SUPERSEDED;
    if (session->open_time != CTI_NO_TIME && session->open_answer_time == CTI_NO_TIME &&
        session->end != CTI_END_CAPTURE_ENDED)
        return CTI_VERDICT_OPEN_UNANSWERED;
    if (cti_session_idle_timer_fired(session))
        return CTI_VERDICT_IDLE_TIMER_FIRED;
    switch (session->end) {
    case CTI_END_RESET_BY_CLIENT:
        return session->missed_run >= 3 ? CTI_VERDICT_HEARTBEATS_UNANSWERED
                                        : CTI_VERDICT_RESET_BY_CLIENT;
    case CTI_END_FIN_BY_CLIENT:
        return session->missed_run >= 3 ? CTI_VERDICT_HEARTBEATS_UNANSWERED
                                        : CTI_VERDICT_FIN_BY_CLIENT;
    case CTI_END_RESET_BY_SERVER:
        return CTI_VERDICT_RESET_BY_SERVER;
    case CTI_END_FIN_BY_SERVER:
        return CTI_VERDICT_FIN_BY_SERVER;
    default:
        return CTI_VERDICT_STILL_OPEN;
    }
}
