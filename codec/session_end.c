/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a session ends (see session.h): FIN and RST, what becomes of the requests that still
 * wait, and the last word of the rules.  Source: GED-188, chapter "Session Management". */
#include "rules.h"

/* FIN closes one direction: the connection is over with the other one, or with a RST. */
static void note_other_end(cti_session *session, cti_tcp_end how, cti_sender sender, int64_t time,
                           uint32_t frame)
{
    if (session->rules.other_end_frame != 0 ||
        (how == CTI_TCP_FIN && sender == session->summary.end_sender))
        return;
    session->rules.other_end_time = time;
    session->rules.other_end_frame = frame;
}

void cti_session_tcp_end(cti_session *session, cti_tcp_end how, cti_sender sender, int64_t time,
                         uint32_t frame)
{
    cti_event event = {.kind = CTI_EVENT_TCP_END,
                       .time = time,
                       .frame = frame,
                       .sender = sender,
                       .before = session->summary.state};

    if (session->summary.finished)
        return;
    if (session->summary.end_frame != 0) {
        note_other_end(session, how, sender, time, frame);
        return;
    }
    session->summary.end_time = time;
    session->summary.end_frame = frame;
    session->summary.end_sender = sender;
    session->rules.half_closed = how == CTI_TCP_FIN;
    if (sender == CTI_CLIENT)
        session->summary.end = how == CTI_TCP_RST ? CTI_END_RESET_BY_CLIENT : CTI_END_FIN_BY_CLIENT;
    else
        session->summary.end = how == CTI_TCP_RST ? CTI_END_RESET_BY_SERVER : CTI_END_FIN_BY_SERVER;
    if (session->summary.state == CTI_STATE_OPEN || session->summary.state == CTI_STATE_OPENING)
        session->summary.state = CTI_STATE_LOST;
    event.client_silence = cti_elapsed(session->rules.last_client_time, time);
    cti_rules_run(session, &event);
}

/* Confirmations of third-party requests: whether the session does without them may not be known.
 * One that came shows that it does not. */
typedef enum { CONF_DUE, CONF_NOT_DUE, CONF_UNKNOWN } conf_due;

static conf_due third_party_conf(const cti_session *session)
{
    const uint32_t ignore = CTI_V_CTIServiceMasks_CTI_SERVICE_IGNORE_CONF;
    const cti_session_summary *summary = &session->summary;

    if (summary->has_services_granted)
        return summary->services_granted & ignore ? CONF_NOT_DUE : CONF_DUE;
    if (summary->has_services_requested && !(summary->services_requested & ignore))
        return CONF_DUE;
    return session->rules.third_party_confirmed ? CONF_DUE : CONF_UNKNOWN;
}

static cti_outcome outcome_at_end(const cti_session *session, const cti_pending *pending,
                                  int64_t time)
{
    const int64_t waited = cti_elapsed(pending->request.time, time);

    if (cti_need_of(pending->request.message->number)->third_party) {
        const conf_due due = third_party_conf(session);

        if (due != CONF_DUE)
            return due == CONF_NOT_DUE ? CTI_NOT_DUE : CTI_UNKNOWN;
    }
    if (cti_session_is_doubtful(session, pending))
        return CTI_UNKNOWN;
    if (pending_is_heartbeat(pending))
        return waited >= CTI_TIME(ANSWER_AT_ONCE) || pending->missed_run > 0 ? CTI_UNANSWERED
                                                                             : CTI_UNKNOWN;
    if (pending->request.message->number == CTI_HEARTBEAT_REQ)
        return CTI_UNKNOWN;
    if (session->summary.end_frame != 0)
        return CTI_UNANSWERED;
    return waited >= CTI_TIME(ANSWER_WAIT) ? CTI_UNANSWERED : CTI_UNKNOWN;
}

static void note_waiting(cti_session *session, const cti_pending *pending)
{
    const uint32_t type = pending->request.message->number;

    if (pending->request.outcome != CTI_UNANSWERED || type == CTI_OPEN_REQ ||
        type == CTI_HEARTBEAT_REQ || type == CTI_CLOSE_REQ)
        return;
    if (session->rules.waiting++ > 0)
        return;
    session->rules.waiting_since = pending->request.time;
    session->rules.waiting_message = pending->request.message;
}

static void note_outstanding(cti_session *session, const cti_pending *pending)
{
    /* A young heartbeat is not missed, but its answer is still awaited. */
    const bool waits =
        pending->request.outcome == CTI_UNANSWERED ||
        (pending_is_heartbeat(pending) && !cti_session_is_doubtful(session, pending));

    if (pending->request.sender != CTI_CLIENT)
        return;
    if (!waits)
        session->rules.outstanding_unknown++;
    else if (session->rules.outstanding++ == 0)
        session->rules.outstanding_since = pending->request.time;
}

/* Decides what still waits, oldest first. */
static void settle_pending(cti_session *session, int64_t time)
{
    cti_pending *last = session->pending.last_heartbeat;

    cti_session_count_passed(session);
    if (last != NULL && outcome_at_end(session, last, time) == CTI_UNANSWERED)
        cti_session_note_missed(session, last);
    while (session->pending.by_age.head != NULL) {
        cti_pending *pending = session->pending.by_age.head->data;

        pending->request.outcome = outcome_at_end(session, pending, time);
        note_waiting(session, pending);
        note_outstanding(session, pending);
        if (pending->request.outcome != CTI_UNANSWERED)
            pending->missed_run = 0;
        cti_session_pending_remove(session, pending);
        cti_session_tell_request(session, pending);
        g_free(pending);
    }
}

/* One last finding for each rule that was broken more often than is told. */
static void report_left_out(cti_session *session, int64_t time)
{
    for (cti_rule rule = 0; rule < CTI_RULE_COUNT; rule++) {
        const uint32_t broken = session->rules.findings_by_rule[rule];

        if (broken <= CTI_FINDINGS_PER_RULE)
            continue;
        session->rules.findings_by_rule[rule] = 0;
        cti_session_report(session, rule, CTI_NOTE, time, NULL, 0, NULL,
                           "%u more findings of this rule are left out.",
                           broken - CTI_FINDINGS_PER_RULE);
        session->rules.findings_by_rule[rule] = broken;
    }
}

static void keep_evidence(cti_session *session)
{
    cti_evidence evidence[CTI_EVIDENCE_MAX];
    const uint32_t count = cti_session_evidence(session, evidence);

    session->summary.evidence = g_memdup2(evidence, count * sizeof(*evidence));
    session->summary.evidence_count = count;
}

void cti_session_finish(cti_session *session, int64_t time, cti_end how)
{
    cti_event event = {.kind = CTI_EVENT_FINISH,
                       .frame = session->summary.end_frame,
                       .before = session->summary.state};

    if (session->summary.finished)
        return;
    if (session->summary.end_frame == 0) {
        session->summary.end = how;
        session->summary.end_time = time;
    }
    if (session->summary.state == CTI_STATE_CLOSED)
        session->summary.end = CTI_END_CLOSED;
    else if (session->summary.state == CTI_STATE_REJECTED)
        session->summary.end = CTI_END_REJECTED;
    event.time = session->summary.end_time;
    event.over =
        session->rules.other_end_time != CTI_NO_TIME ? session->rules.other_end_time : time;
    event.in_sight = session->summary.end_frame != 0;
    event.client_silence = cti_elapsed(session->rules.last_client_time, session->summary.end_time);
    if (event.client_silence != CTI_NO_TIME && event.client_silence > session->summary.worst_gap &&
        session->summary.state != CTI_STATE_CLOSED &&
        session->summary.state != CTI_STATE_REJECTED) {
        session->summary.worst_gap = event.client_silence;
        session->summary.worst_gap_time = session->rules.last_client_time;
    }
    settle_pending(session, session->summary.end_time);
    if (!cti_session_is_leaving(session) &&
        cti_idle_share_is_large(cti_session_idle_share(session, event.client_silence)) &&
        session->summary.state != CTI_STATE_CLOSED && session->summary.state != CTI_STATE_REJECTED)
        cti_session_tell_silence(session, session->summary.end_time, session->summary.end_frame,
                                 cti_session_idle_share(session, event.client_silence));
    cti_session_tell_shutdown(session);
    cti_session_judge(session);
    if (session->summary.verdict == CTI_VERDICT_REPLACED)
        session->summary.replaced_by = session->rules.successor.session;
    keep_evidence(session);
    cti_rules_run(session, &event);
    report_left_out(session, session->summary.end_time);
    session->summary.finished = true;
}
