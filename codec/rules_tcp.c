/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules about the TCP connection under a session (see rules.h). */
#include "rules.h"
#include "session_link.h"

/* ---- linger-zero ---- */

static void half_open(cti_session *session, cti_rule rule, const cti_event *event, int64_t tail)
{
    const char *first = cti_sender_words(session->summary.end_sender);
    const char *other =
        cti_sender_words(session->summary.end_sender == CTI_CLIENT ? CTI_SERVER : CTI_CLIENT);

    cti_session_report(
        session, rule, CTI_WARNING, event->over,
        (const uint32_t[]){session->summary.end_frame, session->rules.other_end_frame}, 2,
        "Check the socket options of both ends (SO_LINGER).",
        "The %s closed its half of the connection (FIN); the %s left the other half open for "
        "%.3f s%s.",
        first, other, CTI_SECONDS(tail),
        session->rules.other_end_frame != 0 ? "" : ", until the capture ended");
}

static void left_open(cti_session *session, cti_rule rule, const cti_event *event)
{
    const int64_t since = cti_elapsed(session->summary.close_answer_time, event->over);

    if (since <= CTI_TIME(HALF_OPEN))
        return;
    cti_session_report(session, rule, CTI_NOTE, event->over, &session->summary.close_answer_frame,
                       1, "Check when the client closes its socket.",
                       "The connection stayed open for %.3f s after CLOSE_CONF, until the capture "
                       "ended.",
                       CTI_SECONDS(since));
}

/* True if the other end may have closed its half too. */
static bool other_end_is_unknown(const cti_session *session)
{
    const cti_rule_state *rules = &session->rules;

    if (rules->other_end_frame != 0)
        return false;
    if (session->summary.end_sender == CTI_CLIENT)
        return rules->server_in_doubt || rules->fin_in_doubt[1] ||
               session->summary.server_not_captured;
    return rules->client_in_doubt || rules->fin_in_doubt[0] || session->summary.client_not_captured;
}

void cti_rule_linger_zero(cti_session *session, cti_rule rule, const cti_event *event)
{
    int64_t tail;

    if (session->summary.state == CTI_STATE_CLOSED && session->summary.end_frame == 0)
        left_open(session, rule, event);
    if (!session->rules.half_closed || other_end_is_unknown(session))
        return;
    tail = cti_elapsed(session->summary.end_time, event->over);
    if (tail > CTI_TIME(HALF_OPEN))
        half_open(session, rule, event, tail);
}

/* ---- no-delay ---- */

static void held_back(cti_session *session, cti_rule rule, const cti_event *event,
                      cti_sender sender)
{
    const cti_flow *flow = &session->rules.flows[sender == CTI_SERVER];

    if (session->rules.disordered || flow->held_back < CTI_LIMIT(HELD_BACK) ||
        flow->held_back < CTI_LIMIT(HELD_BACK_SHARE) * flow->not_held)
        return;
    cti_session_report(session, rule, CTI_WARNING, event->time, flow->held_frames,
                       MIN(flow->held_back, CTI_FINDING_FRAMES_MAX),
                       sender == CTI_CLIENT
                           ? "Check the socket options of the client (TCP_NODELAY)."
                           : "Check the socket options of the server (TCP_NODELAY).",
                       "The %s held small segments back until the one before was acknowledged "
                       "(Nagle), %u times, for up to %.0f ms.",
                       cti_sender_words(sender), flow->held_back,
                       (double)flow->worst_wait * 1e3 / (double)CTI_SECOND);
}

void cti_rule_no_delay(cti_session *session, cti_rule rule, const cti_event *event)
{
    held_back(session, rule, event, CTI_CLIENT);
    held_back(session, rule, event, CTI_SERVER);
}

/* ---- zero-window ---- */

static void window_was_closed(cti_session *session, cti_rule rule, const cti_event *event,
                              cti_sender sender)
{
    const cti_tcp_side *side = cti_link_side(session, sender);
    cti_tcp_interval longest;
    int64_t to, length;

    if (side == NULL || !side->window_seen || side->closed_count == 0)
        return;
    cti_tcp_zero_window(side, event->time, &longest);
    to = longest.to != CTI_NO_TIME ? longest.to : event->time;
    length = cti_elapsed(longest.from, to);
    if (longest.from_frame == 0 || length < CTI_TIME(WINDOW_NOTE) ||
        cti_elapsed(session->summary.first_time, to) < 0)
        return;
    cti_session_report(
        session, rule, length < CTI_TIME(WINDOW_WARNING) ? CTI_NOTE : CTI_WARNING, to,
        (const uint32_t[]){longest.from_frame, longest.to_frame}, 2,
        sender == CTI_CLIENT ? "Check what kept the client's program from reading at that time."
                             : "Check what kept the server's program from reading at that time.",
        "The %s did not read for %.3f s%s: its receive window was 0.", cti_sender_words(sender),
        CTI_SECONDS(length), longest.to_frame != 0 ? "" : ", until the end");
}

void cti_rule_zero_window(cti_session *session, cti_rule rule, const cti_event *event)
{
    window_was_closed(session, rule, event, CTI_CLIENT);
    window_was_closed(session, rule, event, CTI_SERVER);
}

/* ---- tls ---- */

void cti_link_tls_finding(const cti_connection_summary *connection, cti_finding *finding)
{
    *finding = (cti_finding){
        .rule = CTI_RULE_TLS,
        .severity = CTI_ERROR,
        .time = connection->last_time,
        .frames = {connection->tls_frame, connection->reset.frame},
        .frame_count = connection->reset.frame != 0 ? 2 : 1,
        .check = "Check the port and the TLS setting of the client.",
    };
    g_snprintf(finding->text, sizeof(finding->text),
               "The client speaks TLS on this port, the server does not: it %s.",
               connection->tcp.bytes[1] > 0 ? "answered the ClientHello without TLS"
               : connection->close == CTI_END_RESET_BY_SERVER
                   ? "reset the connection after the ClientHello"
                   : "ended the connection after the ClientHello");
}

void cti_rule_tls(cti_session *session, cti_rule rule, const cti_event *event)
{
    if (!cti_link_expects_tls(session))
        return;
    cti_session_report(
        session, rule, CTI_ERROR, event->time,
        (const uint32_t[]){session->summary.open_frame, session->connection->tls_frame}, 2,
        "Check the port and the TLS setting of the client.",
        "The server speaks TLS on this port, the client does not: OPEN_REQ was answered with a "
        "TLS alert.");
}
