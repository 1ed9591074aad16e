/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What supports the verdict on a session and what contradicts it, one sentence each.  Only facts
 * that bear on the verdict are included; one that explains it further counts as support. */
#include "rules.h"
#include "session_link.h"

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

/* A RST with another TTL than its sender's packets: someone else may have sent it. */
static void foreign_reset(list *l)
{
    const cti_tcp_reset *reset = cti_link_foreign_reset(l->session);

    if (reset == NULL)
        return;
    add(l, false, reset->frame,
        "The RST has TTL %u, the %s's other packets %u: a device between the two probably sent it, "
        "perhaps a firewall.",
        reset->ttl, cti_sender_words(reset->sender),
        l->session->connection->sides[reset->sender == CTI_SERVER].ttl);
}

/* Who ended TCP, and how long after the last message. */
static void tcp_ended(list *l)
{
    const cti_session *s = l->session;

    if (!cti_ended_by_tcp(s) && s->summary.end_frame == 0)
        return;
    add(l, false, s->summary.end_frame, "The %s %s %.3f s after the last message (%s of the %s).",
        cti_sender_words(s->summary.end_sender),
        s->rules.half_closed ? "closed the connection (FIN)" : "reset the connection (RST)",
        since(s->summary.last_time, l), cti_message_words(s->summary.last_message),
        cti_sender_words(s->summary.last_sender));
    foreign_reset(l);
}

static void no_close(list *l)
{
    if (l->session->summary.close_frame == 0)
        add(l, false, 0, "No CLOSE_REQ was sent before it.");
}

/* Requests that nobody answered: the server was stuck, or it was the answer that was awaited. */
static void requests_waited(list *l, bool against)
{
    const cti_session *s = l->session;

    if (s->rules.waiting > 0)
        add(l, against, 0, "%u request%s had no response, the oldest (%s) for %.3f s.",
            s->rules.waiting, s->rules.waiting == 1 ? "" : "s",
            cti_message_words(s->rules.waiting_message), since(s->rules.waiting_since, l));
}

static void heartbeats_missed(list *l, bool against)
{
    const cti_session *s = l->session;

    if (s->rules.missed_run > 0)
        add(l, against, s->rules.missed_frames[0],
            "%u HEARTBEAT_REQ%s had no response, the first one %.3f s before the end.",
            s->rules.missed_run, s->rules.missed_run == 1 ? "" : " in a row",
            since(s->rules.missed_since, l));
}

/* What the client waited for, heartbeats too; or that it waited for nothing, where the capture
 * shows that for sure. */
static void client_waited(list *l, bool against)
{
    const cti_session *s = l->session;

    heartbeats_missed(l, against);
    requests_waited(l, against);
    if (s->rules.outstanding > 0 && s->rules.missed_run == 0 && s->rules.waiting == 0)
        add(l, against, 0,
            "A request of the client was still waiting for its response, for %.3f s.",
            since(s->rules.outstanding_since, l));
    if (s->rules.outstanding == 0 && s->rules.outstanding_unknown == 0 &&
        s->summary.requests_given_up == 0 && !s->rules.incomplete[0] && !s->rules.incomplete[1])
        add(l, false, 0, "No request of the client was waiting for a response.");
}

/* What was not captured may have another explanation. */
static void gaps(list *l)
{
    const cti_session *s = l->session;

    if (s->summary.gaps > 0)
        add(l, true, 0, "Bytes are missing or could not be decoded at %u place%s of this session.",
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
        add(l, false, 0,
            "Bytes that the %s sent after its last message are missing from the capture.", who);
}

/* The receive window of one end, closed until the end: its program did not read. */
static void window_closed(list *l, cti_sender sender)
{
    const int64_t from = cti_link_window_closed(l->session, sender);

    if (from != CTI_NO_TIME)
        add(l, false, l->session->connection->sides[sender == CTI_SERVER].closed_frame,
            "The %s did not read for the last %.3f s: its receive window was 0.",
            cti_sender_words(sender), since(from, l));
}

static void not_acknowledged(list *l, cti_sender sender)
{
    const cti_tcp_side *side = cti_link_side(l->session, sender);
    const char *receiver = cti_sender_words(cti_peer_of(sender));

    if (cti_link_peer_is_silent(l->session, sender))
        add(l, false, side->since_frame,
            "The %s's host, or the path to it, was gone for %.3f s: nothing came back, in spite of "
            "%u retransmission%s.",
            receiver, since(side->since, l), side->repeats, side->repeats == 1 ? "" : "s");
    else
        add(l, false, side->since_frame,
            "The %s's TCP did not acknowledge what was sent in the last %.3f s (%u "
            "retransmission%s), though packets of it still came.",
            receiver, since(side->since, l), side->repeats, side->repeats == 1 ? "" : "s");
}

/* The same, where it happened. */
static void not_delivered(list *l, cti_sender sender)
{
    if (cti_link_delivery(l->session, sender) == CTI_DELIVERY_FAILED)
        not_acknowledged(l, sender);
}

/* Did the receiver's TCP get what was sent last?  That tells a program that hangs from a path or
 * a host that is gone. */
static void acknowledged(list *l, cti_sender sender)
{
    const char *receiver = cti_sender_words(cti_peer_of(sender));

    window_closed(l, cti_peer_of(sender));
    switch (cti_link_delivery(l->session, sender)) {
    case CTI_DELIVERY_FAILED: not_acknowledged(l, sender); break;
    case CTI_DELIVERY_DONE:
        add(l, false, 0,
            "The %s's TCP acknowledged everything that the %s sent: its host and the path to it "
            "worked.",
            receiver, cti_sender_words(sender));
        break;
    default: break;
    }
}

/* ---- one verdict each ---- */

/* The sender still retransmits when the capture ends. */
static void not_yet_acknowledged(list *l, cti_sender sender)
{
    const cti_tcp_side *side = cti_link_side(l->session, sender);

    if (cti_link_delivery(l->session, sender) == CTI_DELIVERY_FAILED)
        add(l, true, side->since_frame,
            "The %s's TCP has not acknowledged what the %s sent in the last %.3f s (%u "
            "retransmission%s).",
            cti_sender_words(cti_peer_of(sender)), cti_sender_words(sender), since(side->since, l),
            side->repeats, side->repeats == 1 ? "" : "s");
}

static void still_open(list *l)
{
    const cti_session *s = l->session;
    const double share =
        cti_session_idle_share(s, cti_elapsed(s->rules.last_client_time, s->summary.end_time));

    if (s->summary.end_frame == 0)
        add(l, false, s->summary.last_frame,
            "No FIN or RST was captured; the last message came %.3f s before the capture ended.",
            since(s->summary.last_time, l));
    heartbeats_missed(l, true);
    not_yet_acknowledged(l, CTI_CLIENT);
    not_yet_acknowledged(l, CTI_SERVER);
    if (share >= 1)
        add(l, true, s->rules.last_client_frame,
            "The client sent nothing for the last %.3f s, longer than its IdleTimeout of %u s.",
            since(s->rules.last_client_time, l), s->summary.idle_timeout);
    if (s->summary.state == CTI_STATE_OPENING && !s->rules.open_in_doubt)
        add(l, true, s->summary.open_frame, "OPEN_REQ had no response.");
    if (is_not_captured(s, CTI_CLIENT) || is_not_captured(s, CTI_SERVER))
        add(l, true, 0, "No packet of the %s is in the capture.",
            cti_sender_words(is_not_captured(s, CTI_CLIENT) ? CTI_CLIENT : CTI_SERVER));
}

static void close_answered(list *l)
{
    const cti_session *s = l->session;
    const int64_t took = cti_forward(s->summary.close_time, s->summary.close_answer_time);
    char words[160];

    if (took != CTI_NO_TIME)
        add(l, false, s->summary.close_answer_frame, "CLOSE_CONF came after %.3f ms.",
            1e3 * CTI_SECONDS(took));
    else if (s->summary.close_answer_frame != 0)
        add(l, false, s->summary.close_answer_frame, "CLOSE_CONF came.");
    else if (s->rules.close_refused_frame != 0)
        add(l, true, s->rules.close_refused_frame,
            "The server refused CLOSE_REQ (FAILURE_CONF) with %s.",
            cti_known_status_words(s->rules.has_close_refused_status, s->rules.close_refused_status,
                                   words, sizeof(words)));
    else if (!s->rules.close_in_doubt)
        add(l, true, s->summary.close_frame, "CLOSE_REQ had no response.");
}

/* FAILURE_EVENT right before the end. */
static void failure(list *l)
{
    const cti_session *s = l->session;
    char words[160];

    if (cti_session_reported_failure(s))
        add(l, false, s->rules.failure_frame,
            "The server sent FAILURE_EVENT with %s, %.3f s before the end.",
            cti_status_words(s->rules.failure_status, words, sizeof(words)),
            since(s->rules.failure_time, l));
}

static void closed(list *l)
{
    const cti_session *s = l->session;
    char words[160];

    failure(l);
    if (s->summary.close_frame != 0)
        add(l, false, s->summary.close_frame, "The %s sent CLOSE_REQ with %s.",
            s->rules.closed_by_server ? "server" : "client",
            cti_known_status_words(s->summary.has_close_status, s->summary.close_status, words,
                                   sizeof(words)));
    else
        add(l, false, 0, "CLOSE_REQ was not captured, but its response was.");
    close_answered(l);
    if (s->rules.closed_by_server)
        return;
    if (s->summary.close_status == CTI_V_StatusCode_E_CTI_TIMEOUT)
        add(l, true, s->summary.close_frame,
            "The status means that the server did not respond to the client.");
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
            "The server answered OPEN_REQ after %.3f ms with FAILURE_CONF: %s.",
            1e3 * CTI_SECONDS(took), status);
    else
        add(l, false, s->summary.open_answer_frame,
            "The server answered OPEN_REQ with FAILURE_CONF: %s.", status);
    if (s->summary.phone_held_by != 0)
        add(l, false, s->rules.holder.frame, "Session %u was open for the same %s.",
            s->summary.phone_held_by, cti_field_get(s->rules.holder.by)->name);
}

static void open_unanswered(list *l)
{
    const cti_session *s = l->session;

    add(l, false, s->summary.open_frame, "OPEN_REQ had no response in %.3f s.",
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
            "The client gave up after %.3f s: the response may have been on its way.",
            since(s->summary.open_time, l));
    gaps(l);
}

/* The server's bytes are TLS: they are decoded as nothing else. */
static void tls_expected(list *l)
{
    const cti_session *s = l->session;

    add(l, false, s->connection->tls_frame, "The server answered OPEN_REQ with a TLS alert.");
    tcp_ended(l);
}

static void idle_timer(list *l)
{
    const cti_session *s = l->session;

    if (cti_session_idle_timer_had_fired(s))
        add(l, false, s->rules.last_client_frame,
            "The client's last message came after %.3f s of silence (IdleTimeout is %u s), and the "
            "server reset the connection.",
            CTI_SECONDS(s->rules.client_gap_before_last), s->summary.idle_timeout);
    else
        add(l, false, s->rules.last_client_frame,
            "The client sent no message in the %.3f s before the server ended the connection "
            "(IdleTimeout is %u s).",
            since(s->rules.client_heard_time, l), s->summary.idle_timeout);
    tcp_ended(l);
    if (s->summary.heartbeats == 0 && !s->rules.incomplete[0])
        add(l, false, 0, "The client sent no heartbeats at all.");
    window_closed(l, CTI_SERVER);
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
            "The server still sent other messages, the last one %.3f s before the end.",
            since(s->summary.last_server_time, l));
    gaps(l);
}

/* How the server said so: to a heartbeat, by itself, or as the state of the system. */
static void offline_reported(list *l)
{
    const cti_session *s = l->session;
    char words[160];

    if (s->rules.heartbeat_refused)
        add(l, false, s->rules.server_offline_frame,
            "The server refused a heartbeat (FAILURE_CONF) with %s, %.3f s before the end.",
            cti_known_status_words(s->rules.has_heartbeat_status, s->rules.heartbeat_status, words,
                                   sizeof(words)),
            since(s->rules.server_offline_time, l));
    else if (s->rules.server_offline)
        add(l, false, s->rules.server_offline_frame,
            "The server sent FAILURE_EVENT with E_CTI_CTI_SERVER_OFFLINE %.3f s before the end.",
            since(s->rules.server_offline_time, l));
    if (s->rules.reported_offline_frame != 0)
        add(l, false, s->rules.reported_offline_frame,
            "The server reported the CTI server offline (SYSTEM_EVENT) %.3f s before the end.",
            since(s->rules.reported_offline_time, l));
}

static void offline(list *l)
{
    const cti_session *s = l->session;

    offline_reported(l);
    tcp_ended(l);
    if (s->rules.server_offline &&
        cti_elapsed(s->rules.server_offline_time, s->summary.last_server_time) >
            CTI_TIME(OFFLINE_NOTICED))
        add(l, true, s->summary.last_server_frame,
            "The server continued to send messages for %.3f s.",
            cti_seconds_words(s->rules.server_offline_time, s->summary.last_server_time));
}

static void failed(list *l)
{
    failure(l);
    tcp_ended(l);
    gaps(l);
}

static void maintenance(list *l)
{
    const cti_session *s = l->session;

    if (s->rules.shutdown.outcome_frame != 0 && s->rules.shutdown.continues)
        add(l, false, s->rules.shutdown.outcome_frame,
            "The server announced that it continues with its maintenance.");
    else
        add(l, true, 0, "No ACTIVE_MAINTENANCE_EVENT that announces it was captured.");
    if (s->rules.shutdown.stopping_frame == 0 && !s->rules.incomplete[0])
        add(l, true, s->summary.end_frame,
            "The client did not send STOPPING_REQUESTS_TO_THIS_SIDE_IND: it may not have moved.");
    else if (s->rules.shutdown.stopping_frame != 0)
        add(l, false, s->rules.shutdown.stopping_frame,
            "The client sent STOPPING_REQUESTS_TO_THIS_SIDE_IND %.3f s before the end.",
            since(s->rules.shutdown.stopping_time, l));
    tcp_ended(l);
    if (s->summary.end_sender == CTI_CLIENT)
        add(l, true, s->summary.end_frame, "The client ended the connection, not the server.");
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
        "Neither end sent a message for %.3f s before the last one.",
        CTI_SECONDS(s->rules.quiet_before_last));
    tcp_ended(l);
    no_close(l);
    add(l, true, s->summary.end_frame,
        "The RST carries the address of the %s, which would also send one after a restart.",
        cti_sender_words(s->summary.end_sender));
    gaps(l);
}

/* Whether the server's idle timer explains its end. */
static void no_idle_timer(list *l)
{
    const cti_session *s = l->session;
    const int64_t silence = cti_elapsed(s->rules.last_client_time, s->summary.end_time);
    const double share = cti_session_idle_share(s, silence);

    if (s->summary.end_sender != CTI_SERVER || share < 0)
        return;
    if (cti_idle_share_is_large(share))
        add(l, true, s->rules.last_client_frame,
            "The client had been silent for %.0f %% of its IdleTimeout of %u s.", 100 * share,
            s->summary.idle_timeout);
    else
        add(l, false, s->rules.last_client_frame,
            "It was not the idle timer: the client's last message came %.3f s before, and "
            "IdleTimeout is %u s.",
            CTI_SECONDS(MAX(silence, 0)), s->summary.idle_timeout);
}

/* TCP ended, and no message says why. */
static void without_reason(list *l)
{
    const cti_session *s = l->session;

    tcp_ended(l);
    no_close(l);
    no_idle_timer(l);
    if (s->summary.end_sender == CTI_CLIENT) {
        client_waited(l, s->summary.verdict == CTI_VERDICT_LEFT_BY_CLIENT);
        if (s->summary.verdict == CTI_VERDICT_RESET_BY_CLIENT)
            acknowledged(l, CTI_CLIENT);
        not_delivered(l, CTI_SERVER);
    } else {
        heartbeats_missed(l, true);
        requests_waited(l, false);
        window_closed(l, CTI_CLIENT);
        not_delivered(l, CTI_CLIENT);
        not_delivered(l, CTI_SERVER);
    }
    gaps(l);
}

/* One end gave up because the other one did not acknowledge. */
static void unreachable(list *l)
{
    not_acknowledged(l, l->session->summary.end_sender);
    tcp_ended(l);
    no_close(l);
    heartbeats_missed(l, false);
    requests_waited(l, false);
    gaps(l);
}

static void superseded(list *l)
{
    const cti_session *s = l->session;

    add(l, false, s->summary.last_frame,
        "A new session, or a new connection with the same ports, took its place after the last "
        "message (%s of the %s).",
        cti_message_words(s->summary.last_message), cti_sender_words(s->summary.last_sender));
    if (s->summary.end_frame == 0)
        add(l, true, 0, "No FIN or RST of this one was captured.");
}

static void collect(list *l)
{
    switch (l->session->summary.verdict) {
    case CTI_VERDICT_STILL_OPEN: still_open(l); break;
    case CTI_VERDICT_CLOSED_BY_CLIENT:
    case CTI_VERDICT_CLOSED_BY_SERVER: closed(l); break;
    case CTI_VERDICT_TLS_EXPECTED: tls_expected(l); break;
    case CTI_VERDICT_FAILURE_EVENT: failed(l); break;
    case CTI_VERDICT_CLIENT_UNREACHABLE:
    case CTI_VERDICT_SERVER_UNREACHABLE: unreachable(l); break;
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
    case CTI_VERDICT_LEFT_BY_CLIENT:
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
