/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules about the TCP connection under a session (see rules.h). */
#include "rules.h"

/* Waits that are not chance any more, and how many there must be for each time that the sender
 * did not wait (see session_tcp.c). */
#define HELD_BACK_LEAST  3
#define HELD_BACK_FACTOR 4

/* ---- linger-zero ---- */

static void half_open(cti_session *session, cti_rule rule, const cti_event *event, int64_t tail)
{
    const char *first = cti_sender_words(session->summary.end_sender);
    const char *other =
        cti_sender_words(session->summary.end_sender == CTI_CLIENT ? CTI_SERVER : CTI_CLIENT);

    cti_session_report(
        session, rule, CTI_WARNING, event->over,
        (const uint32_t[]){session->summary.end_frame, session->rules.other_end_frame}, 2, NULL,
        "The %s closed its half of the connection (FIN), and the %s left the other "
        "half open for %.3f s%s. Both ends should set linger to 0, so that a close "
        "is an immediate reset. Look at the socket options of the %s, and at why "
        "the %s does not close.",
        first, other, CTI_SECONDS(tail),
        session->rules.other_end_frame != 0 ? "" : ", to the end of the capture", first, other);
}

static void left_open(cti_session *session, cti_rule rule, const cti_event *event)
{
    const int64_t since = cti_elapsed(session->summary.close_answer_time, event->over);

    if (since <= CTI_TIME(HALF_OPEN))
        return;
    cti_session_report(session, rule, CTI_NOTE, event->over, &session->summary.close_answer_frame,
                       1, NULL,
                       "The session was closed, but its connection stayed open for %.3f s, to the "
                       "end of the capture; the client can reset it as soon as CLOSE_CONF is "
                       "there. Look at when the client closes its socket.",
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

    if (session->rules.disordered || flow->held_back < HELD_BACK_LEAST ||
        flow->held_back < HELD_BACK_FACTOR * flow->not_held)
        return;
    cti_session_report(session, rule, CTI_WARNING, event->time, flow->held_frames,
                       MIN(flow->held_back, CTI_FINDING_FRAMES_MAX), NULL,
                       "The %s held small segments back until the one before was acknowledged, %u "
                       "times, for up to %.0f ms (Nagle's algorithm against delayed "
                       "acknowledgments). Both ends should set TCP_NODELAY; look at the socket "
                       "options of the %s.",
                       cti_sender_words(sender), flow->held_back,
                       (double)flow->worst_wait * 1e3 / (double)CTI_SECOND,
                       cti_sender_words(sender));
}

void cti_rule_no_delay(cti_session *session, cti_rule rule, const cti_event *event)
{
    held_back(session, rule, event, CTI_CLIENT);
    held_back(session, rule, event, CTI_SERVER);
}
