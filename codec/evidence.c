/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What speaks for the verdict on a session and what speaks against it, in sentences.  A fact is
 * told only where it bears on the verdict; one that explains it further counts as for it. */
#include "rules.h"

#include <stdarg.h>
#include <stdio.h>

/* The sentences so far, and which of the two kinds is being collected. */
typedef struct list {
    const cti_session *session;
    bool against;
    cti_evidence *all;
    uint32_t count;
} list;

static void add(list *l, bool against, uint32_t frame, const char *format, ...) G_GNUC_PRINTF(4, 5);

static void add(list *l, bool against, uint32_t frame, const char *format, ...)
{
    cti_evidence *evidence;
    va_list arguments;

    if (against != l->against || l->count == CTI_EVIDENCE_MAX)
        return;
    evidence = &l->all[l->count++];
    evidence->against = against;
    evidence->frame = frame;
    va_start(arguments, format);
    vsnprintf(evidence->text, sizeof(evidence->text), format, arguments);
    va_end(arguments);
}

static double since(int64_t from, const list *l)
{
    return cti_seconds_words(from, l->session->summary.end_time);
}

/* ---- facts that several verdicts share ---- */

/* Who ended TCP, and how long after the last message. */
static void tcp_ended(list *l)
{
    const cti_session *s = l->session;

    if (!cti_ended_by_tcp(s) && s->summary.end_frame == 0)
        return;
    add(l, false, s->summary.end_frame, "%s %s, %.3f s after the last message (%s of the %s).",
        s->summary.end_sender == CTI_CLIENT ? "The client" : "The server",
        s->rules.half_closed ? "ended its half of the connection (FIN)" : "reset the connection",
        since(s->summary.last_time, l), cti_message_words(s->summary.last_message),
        cti_sender_words(s->summary.last_sender));
}

static void no_close(list *l)
{
    if (l->session->summary.close_frame == 0)
        add(l, false, 0, "No CLOSE_REQ came before it.");
}

/* Requests that nobody answered: the server was stuck, or it was the answer that was awaited. */
static void requests_waited(list *l, bool against)
{
    const cti_session *s = l->session;

    if (s->rules.waiting > 0)
        add(l, against, 0, "%u request%s waited for an answer, the oldest one, %s, for %.3f s.",
            s->rules.waiting, s->rules.waiting == 1 ? "" : "s",
            cti_message_words(s->rules.waiting_message), since(s->rules.waiting_since, l));
}

/* What was not captured may have another explanation. */
static void gaps(list *l)
{
    const cti_session *s = l->session;

    if (s->summary.gaps > 0)
        add(l, true, 0, "At %u place%s of this session, bytes are missing or could not be decoded.",
            s->summary.gaps, s->summary.gaps == 1 ? "" : "s");
}

static bool is_not_captured(const cti_session *s, cti_sender sender)
{
    return sender == CTI_CLIENT ? s->summary.client_not_captured : s->summary.server_not_captured;
}

/* Which of the last words are missing. */
static void not_captured(list *l, cti_sender sender, bool in_doubt)
{
    const char *who = cti_sender_words(sender);

    if (is_not_captured(l->session, sender))
        add(l, false, 0, "No packet of the %s is in the capture.", who);
    else if (in_doubt)
        add(l, false, 0, "Bytes of the %s after its last message are missing from the capture.",
            who);
}

/* Did the receiver's TCP get what was sent last?  That tells a program that hangs from a path or
 * a host that is gone. */
static void acknowledged(list *l, cti_sender sender)
{
    const cti_flow *flow = &l->session->rules.flows[sender == CTI_SERVER];
    const cti_flow *back = &l->session->rules.flows[sender != CTI_SERVER];
    const cti_sender other = sender == CTI_CLIENT ? CTI_SERVER : CTI_CLIENT;
    const char *receiver = cti_sender_words(other);

    if (!flow->known || !back->known || is_not_captured(l->session, sender) ||
        is_not_captured(l->session, other))
        return;
    if (flow->waiting)
        add(l, false, 0,
            "The %s's TCP did not acknowledge what the %s sent in the last %.3f s: its "
            "host, or the path to it, was gone.",
            receiver, cti_sender_words(sender), since(flow->sent_time, l));
    else
        add(l, false, 0,
            "The %s's TCP acknowledged all that the %s sent: its host and the path to "
            "it worked, so look at its program.",
            receiver, cti_sender_words(sender));
}

static void heartbeats_missed(list *l, bool against)
{
    const cti_session *s = l->session;

    if (s->rules.missed_run > 0)
        add(l, against, s->rules.missed_frames[0],
            "%u HEARTBEAT_REQ%s had no answer, the first one %.3f s before the end.",
            s->rules.missed_run, s->rules.missed_run == 1 ? "" : " in a row",
            since(s->rules.missed_since, l));
}

/* ---- one verdict each ---- */

static void still_open(list *l)
{
    const cti_session *s = l->session;
    const double share =
        cti_session_idle_share(s, cti_elapsed(s->rules.last_client_time, s->summary.end_time));

    if (s->summary.end_frame == 0)
        add(l, false, s->summary.last_frame,
            "Neither FIN nor RST was seen; the last message came %.3f s "
            "before the capture ended.",
            since(s->summary.last_time, l));
    heartbeats_missed(l, true);
    if (share >= 1)
        add(l, true, s->rules.last_client_frame,
            "The client had sent nothing for %.3f s, longer than its IdleTimeout of %u s: the "
            "server should have reset the session.",
            since(s->rules.last_client_time, l), s->summary.idle_timeout);
    if (s->summary.state == CTI_STATE_OPENING && !s->rules.open_in_doubt)
        add(l, true, s->summary.open_frame, "OPEN_REQ had no answer.");
    if (is_not_captured(s, CTI_CLIENT) || is_not_captured(s, CTI_SERVER))
        add(l, true, 0, "No packet of the %s is in the capture.",
            cti_sender_words(is_not_captured(s, CTI_CLIENT) ? CTI_CLIENT : CTI_SERVER));
}

static void closed(list *l)
{
    const cti_session *s = l->session;
    char words[160];

    const int64_t took = cti_forward(s->summary.close_time, s->summary.close_answer_time);

    if (s->summary.close_frame != 0)
        add(l, false, s->summary.close_frame, "The client sent CLOSE_REQ with %s.",
            cti_known_status_words(s->summary.has_close_status, s->summary.close_status, words,
                                   sizeof(words)));
    else
        add(l, false, 0, "CLOSE_REQ was not captured, but its answer was.");
    if (took != CTI_NO_TIME)
        add(l, false, s->summary.close_answer_frame, "CLOSE_CONF came after %.3f ms.",
            1e3 * CTI_SECONDS(took));
    else if (s->summary.close_answer_frame != 0)
        add(l, false, s->summary.close_answer_frame, "CLOSE_CONF came.");
    else if (!s->rules.close_in_doubt)
        add(l, true, s->summary.close_frame, "No CLOSE_CONF came.");
    if (s->summary.close_status == CTI_V_StatusCode_E_CTI_TIMEOUT)
        add(l, true, s->summary.close_frame,
            "By its status the client closed because the server did not answer it.");
    heartbeats_missed(l, true);
    requests_waited(l, true);
}

static void rejected(list *l)
{
    const cti_session *s = l->session;
    char words[160];

    const int64_t took = cti_forward(s->summary.open_time, s->summary.open_answer_time);
    const char *status = cti_known_status_words(s->summary.has_open_status, s->summary.open_status,
                                                words, sizeof(words));

    if (took != CTI_NO_TIME)
        add(l, false, s->summary.open_answer_frame,
            "OPEN_REQ was answered after %.3f ms by FAILURE_CONF with %s.", 1e3 * CTI_SECONDS(took),
            status);
    else
        add(l, false, s->summary.open_answer_frame,
            "OPEN_REQ was answered by FAILURE_CONF with %s.", status);
    if (s->summary.phone_held_by != 0)
        add(l, false, s->rules.holder.frame, "Session %u was open for the same %s.",
            s->summary.phone_held_by, cti_field_get(s->rules.holder.by)->name);
}

static void open_unanswered(list *l)
{
    const cti_session *s = l->session;

    add(l, false, s->summary.open_frame, "OPEN_REQ had no answer in %.3f s.",
        since(s->summary.open_time, l));
    tcp_ended(l);
    acknowledged(l, CTI_CLIENT);
    if (s->summary.messages_server > 0)
        add(l, true, s->summary.last_server_frame,
            "The server sent other messages on this connection.");
    if (s->summary.end_frame == 0)
        add(l, true, 0, "The capture ended before the client gave up.");
    if (s->summary.end_sender == CTI_CLIENT &&
        cti_elapsed(s->summary.open_time, s->summary.end_time) < CTI_TIME(OPEN_WAIT))
        add(l, true, s->summary.end_frame,
            "The client waited for less than 30 s: the answer may have been under way.");
    gaps(l);
}

static void idle_timer(list *l)
{
    const cti_session *s = l->session;

    if (cti_session_idle_timer_had_fired(s))
        add(l, false, s->rules.last_client_frame,
            "The client's last message came after %.3f s of silence, longer than IdleTimeout of "
            "%u s, and was answered with a reset.",
            CTI_SECONDS(s->rules.client_gap_before_last), s->summary.idle_timeout);
    else
        add(l, false, s->rules.last_client_frame,
            "The client had sent nothing for %.3f s when the server ended the connection; "
            "IdleTimeout is %u s.",
            since(s->rules.client_heard_time, l), s->summary.idle_timeout);
    tcp_ended(l);
    if (s->summary.heartbeats == 0 && !s->rules.incomplete[0])
        add(l, false, 0, "The client sent no heartbeats at all.");
    if (cti_elapsed(s->rules.client_heard_time, s->summary.last_server_time) > 0)
        acknowledged(l, CTI_SERVER);
    if (cti_session_idle_timer_had_fired(s))
        add(l, true, 0, "The server's own reset, when the timer fired, is not in the capture.");
    heartbeats_missed(l, true);
    gaps(l);
}

static void heartbeats(list *l)
{
    const cti_session *s = l->session;

    char words[160];

    heartbeats_missed(l, false);
    if (s->summary.close_frame != 0)
        add(l, false, s->summary.close_frame, "The client then sent CLOSE_REQ with %s.",
            cti_known_status_words(s->summary.has_close_status, s->summary.close_status, words,
                                   sizeof(words)));
    else
        tcp_ended(l);
    acknowledged(l, CTI_CLIENT);
    if (cti_elapsed(s->rules.missed_since, s->summary.last_server_time) > 0)
        add(l, true, s->summary.last_server_frame,
            "The server sent other messages meanwhile, the last one %.3f s before the end.",
            since(s->summary.last_server_time, l));
    gaps(l);
}

static void offline(list *l)
{
    const cti_session *s = l->session;

    add(l, false, s->rules.server_offline_frame, "The server %s %.3f s before the end.",
        s->rules.heartbeat_refused ? "refused a heartbeat (FAILURE_CONF)"
                                   : "said that it is offline (FAILURE_EVENT)",
        since(s->rules.server_offline_time, l));
    tcp_ended(l);
    if (cti_elapsed(s->rules.server_offline_time, s->summary.last_server_time) > CTI_TIME(OFFLINE_NOTICED))
        add(l, true, s->summary.last_server_frame,
            "The server went on sending messages for %.3f s.",
            cti_seconds_words(s->rules.server_offline_time, s->summary.last_server_time));
}

static void maintenance(list *l)
{
    const cti_session *s = l->session;

    if (s->rules.shutdown.outcome_frame != 0 && s->rules.shutdown.continues)
        add(l, false, s->rules.shutdown.outcome_frame,
            "The server said that it goes on with its maintenance.");
    else
        add(l, true, 0, "No ACTIVE_MAINTENANCE_EVENT that says so was seen.");
    if (s->rules.shutdown.stopping_frame == 0 && !s->rules.incomplete[0])
        add(l, true, s->summary.end_frame,
            "The client never sent STOPPING_REQUESTS_TO_THIS_SIDE_IND: it may not have moved.");
    else if (s->rules.shutdown.stopping_frame != 0)
        add(l, false, s->rules.shutdown.stopping_frame,
            "The client sent STOPPING_REQUESTS_TO_THIS_SIDE_IND %.3f s before the end.",
            since(s->rules.shutdown.stopping_time, l));
    tcp_ended(l);
    if (s->summary.end_sender == CTI_CLIENT)
        add(l, true, s->summary.end_frame,
            "It was the client that ended the connection, not the server.");
}

static void replaced(list *l)
{
    const cti_session *s = l->session;

    if (s->rules.successor.session != 0)
        add(l, false, s->rules.successor.frame,
            "The same client sent OPEN_REQ for the same phone %.3f s before the end (session %u).",
            since(s->rules.successor.asked, l), s->rules.successor.session);
    else
        add(l, true, 0, "The session that replaced this one is not in the capture.");
    if (s->rules.replaced_frame != 0)
        add(l, false, s->rules.replaced_frame,
            "The server sent FAILURE_EVENT with E_CTI_NEW_SESSION_OPENED.");
    tcp_ended(l);
    heartbeats_missed(l, true);
}

static void cause_not_captured(list *l)
{
    const cti_session *s = l->session;

    tcp_ended(l);
    not_captured(l, CTI_CLIENT, s->rules.client_in_doubt);
    not_captured(l, CTI_SERVER, s->rules.server_in_doubt);
    heartbeats_missed(l, true);
}

static void stale_connection(list *l)
{
    const cti_session *s = l->session;

    add(l, false, s->summary.last_frame,
        "Nobody had sent a message for %.3f s before the last one.",
        CTI_SECONDS(s->rules.quiet_before_last));
    tcp_ended(l);
    no_close(l);
    add(l, true, s->summary.end_frame,
        "The reset carries the address of the %s: it would send one itself if it had been "
        "restarted meanwhile.",
        cti_sender_words(s->summary.end_sender));
    gaps(l);
}

/* TCP ended, and nothing says why. */
static void without_reason(list *l)
{
    const cti_session *s = l->session;
    const int64_t silence = cti_elapsed(s->rules.last_client_time, s->summary.end_time);
    const double share = cti_session_idle_share(s, silence);

    tcp_ended(l);
    no_close(l);
    if (s->summary.end_sender == CTI_SERVER && share >= 0 && !cti_idle_share_is_large(share))
        add(l, false, s->rules.last_client_frame,
            "It was not the idle timer: the client had spoken %.3f s before, and IdleTimeout is "
            "%u s.",
            CTI_SECONDS(MAX(silence, 0)), s->summary.idle_timeout);
    if (s->summary.end_sender == CTI_SERVER && cti_idle_share_is_large(share))
        add(l, true, s->rules.last_client_frame,
            "The client had been silent for %.0f %% of its IdleTimeout of %u s.", 100 * share,
            s->summary.idle_timeout);
    if (s->summary.end_sender == CTI_CLIENT && s->summary.heartbeats > 0 &&
        s->rules.missed_run == 0 && s->rules.heartbeats_unknown == 0)
        add(l, false, 0, "It was not a missed heartbeat: all of them were answered.");
    heartbeats_missed(l, true);
    requests_waited(l, s->summary.end_sender == CTI_CLIENT);
    gaps(l);
}

static void superseded(list *l)
{
    const cti_session *s = l->session;

    add(l, false, s->summary.last_frame,
        "A new session, or a new connection with the same ports, took its place; the last message "
        "of this one was %s of the %s.",
        cti_message_words(s->summary.last_message), cti_sender_words(s->summary.last_sender));
    if (s->summary.end_frame == 0)
        add(l, true, 0, "Neither FIN nor RST of this one was seen.");
}

static void collect(list *l)
{
    switch (l->session->summary.verdict) {
    case CTI_VERDICT_STILL_OPEN: still_open(l); break;
    case CTI_VERDICT_CLOSED_BY_CLIENT: closed(l); break;
    case CTI_VERDICT_REJECTED: rejected(l); break;
    case CTI_VERDICT_OPEN_UNANSWERED: open_unanswered(l); break;
    case CTI_VERDICT_IDLE_TIMER_FIRED: idle_timer(l); break;
    case CTI_VERDICT_HEARTBEATS_UNANSWERED: heartbeats(l); break;
    case CTI_VERDICT_SERVER_OFFLINE: offline(l); break;
    case CTI_VERDICT_MAINTENANCE: maintenance(l); break;
    case CTI_VERDICT_REPLACED: replaced(l); break;
    case CTI_VERDICT_CAUSE_NOT_CAPTURED: cause_not_captured(l); break;
    case CTI_VERDICT_STALE_CONNECTION_RESET: stale_connection(l); break;
    case CTI_VERDICT_RESET_BY_CLIENT:
    case CTI_VERDICT_RESET_BY_SERVER:
    case CTI_VERDICT_FIN_BY_CLIENT:
    case CTI_VERDICT_FIN_BY_SERVER: without_reason(l); break;
    case CTI_VERDICT_SUPERSEDED: superseded(l); break;
    case CTI_VERDICT_NOTHING_SEEN:
    case CTI_VERDICT_COUNT: break;
    }
}

uint32_t cti_session_evidence(const cti_session *session, cti_evidence evidence[CTI_EVIDENCE_MAX])
{
    list l = {.session = session, .all = evidence};

    collect(&l);
    l.against = true;
    collect(&l);
    return l.count;
}
