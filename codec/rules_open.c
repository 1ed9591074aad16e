/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules about how sessions open (see rules.h). */
#include <stdio.h>

#include "rules.h"
#include "text.h"

static void opened_again(cti_session *session, cti_rule rule, const cti_event *event,
                         uint32_t frame)
{
    cti_session_report(session, rule, CTI_WARNING, event->time,
                       (const uint32_t[]){session->summary.open_frame, frame, event->frame}, 3,
                       NULL,
                       "OPEN_REQ on a session that is already open: the server refuses "
                       "it (E_CTI_SESSION_ALREADY_OPEN). Look at why the client believes "
                       "that it has no session.");
}

static void open_req(cti_session *session, cti_rule rule, const cti_event *event)
{
    if (event->before == CTI_STATE_OPEN && !session->rules.late)
        opened_again(session, rule, event, 0);
    if (event->before != CTI_STATE_OPENING || event->open_in_doubt)
        return;
    cti_session_report(session, rule, CTI_WARNING, event->time, &event->frame, 1, NULL,
                       "OPEN_REQ again before the first one was answered; a client that "
                       "gives up resets the connection, connects anew and only then sends "
                       "OPEN_REQ. Look at how long the client waits (30 s at least).");
}

void cti_rule_open(cti_session *session, cti_rule rule, const cti_event *event)
{
    const uint32_t frames[] = {session->summary.open_frame, event->frame};

    if (cti_event_is(event, CTI_OPEN_REQ)) {
        open_req(session, rule, event);
        return;
    }
    /* The answer to an OPEN_REQ in a session whose beginning was not captured. */
    if (cti_event_is(event, CTI_FAILURE_CONF) && event->before == CTI_STATE_OPENING &&
        session->summary.state == CTI_STATE_OPEN)
        opened_again(session, rule, event, event->facts->request_frame);
    if (event->sender != CTI_CLIENT || session->summary.began_before_capture ||
        event->open_in_doubt ||
        (event->before != CTI_STATE_NEW && event->before != CTI_STATE_OPENING))
        return;
    cti_session_report(session, rule, CTI_ERROR, event->time, frames, 2, NULL,
                       "%s before OPEN_CONF: a session starts with OPEN_REQ, and nothing else is "
                       "allowed until OPEN_CONF (E_CTI_SESSION_NOT_OPEN). Look at why the client "
                       "does not wait.",
                       cti_message_words(event->reader->message));
}

static cti_severity open_severity(int64_t waited)
{
    if (waited > CTI_TIME(OPEN_WAIT_LARGE))
        return CTI_ERROR;
    return waited > CTI_TIME(OPEN_WAIT) ? CTI_WARNING : CTI_NOTE;
}

static void open_unanswered(cti_session *session, cti_rule rule, const cti_event *event)
{
    const int64_t waited = cti_elapsed(session->summary.open_time, event->time);
    const bool lost = cti_ended_by_tcp(session);
    const bool early =
        lost && session->summary.end_sender == CTI_CLIENT && waited < CTI_TIME(OPEN_WAIT);

    if (session->summary.open_time == CTI_NO_TIME ||
        session->summary.open_answer_time != CTI_NO_TIME || session->rules.open_in_doubt ||
        session->rules.incomplete[1] || (!lost && waited <= CTI_TIME(OPEN_USUAL)))
        return;
    cti_session_report(session, rule, lost ? CTI_ERROR : open_severity(waited), event->time,
                       (const uint32_t[]){session->summary.open_frame, event->frame}, 2, NULL,
                       "OPEN_REQ had no answer in %.3f s, then %s%s. The server usually answers "
                       "within 5 s; a client waits for at least 30 s, or 60 s at large sites. Look "
                       "at the load of the server at that time.",
                       CTI_SECONDS(MAX(waited, 0)), cti_end_words(session),
                       early ? ", which is too early" : "");
}

void cti_rule_open_no_answer(cti_session *session, cti_rule rule, const cti_event *event)
{
    int64_t waited;

    if (event->kind == CTI_EVENT_FINISH) {
        open_unanswered(session, rule, event);
        return;
    }
    if (event->kind != CTI_EVENT_MESSAGE || event->answered == NULL ||
        event->answered->message->number != CTI_OPEN_REQ)
        return;
    waited = event->facts->answer_time;
    if (waited <= CTI_TIME(OPEN_USUAL))
        return;
    cti_session_report(session, rule, open_severity(waited), event->time,
                       (const uint32_t[]){event->facts->request_frame, event->frame}, 2, NULL,
                       "OPEN_REQ was answered after %.3f s; 5 s are usual, and a client may give "
                       "up after 30 s. Look at how many clients opened at that time.",
                       CTI_SECONDS(waited));
}

/* What to look at when OPEN_REQ was refused. */
static const char *advice(const cti_session *session)
{
    switch (session->summary.open_status) {
    case CTI_V_StatusCode_E_CTI_INVALID_VERSION:
        return " Look at the version that the client asks for, and at the release of the server.";
    case CTI_V_StatusCode_E_CTI_REQUIRED_DATA_MISSING:
        return " Look for ClientID, ClientPassword and the agent's phone or ID in OPEN_REQ.";
    case CTI_V_StatusCode_E_CTI_DEVICE_IN_USE:
        return " Look for the other client that has this agent's phone.";
    case CTI_V_StatusCode_E_CTI_CTI_SERVER_OFFLINE:
        return cti_session_is_before_standby(session)
                   ? " Look at the server and its peripheral gateway; a standby server says so to "
                     "clients of this version too."
                   : " Look at the server and its peripheral gateway at that time.";
    case CTI_V_StatusCode_E_CTI_INVALID_TIMEOUT: return " Look at the client's IdleTimeout.";
    case CTI_V_StatusCode_E_CTI_INCONSISTENT_AGENT_DATA:
        return " Look at whether extension, ID and instrument are those of one agent.";
    case CTI_V_StatusCode_E_CTI_INVALID_PASSWORD:
        return " Look at how the client is set up, and at who changed the password.";
    case CTI_V_StatusCode_E_CTI_INVALID_CLIENT_FOR_STANDBY:
    case CTI_V_StatusCode_E_CTI_SERVER_IN_MAINTENANCE_MODE:
        return " Look at the order in which the client tries the two sides.";
    default: return " Look at how the client fills OPEN_REQ.";
    }
}

static void left_open(cti_session *session, cti_rule rule, const cti_event *event)
{
    const int64_t since =
        cti_elapsed(session->summary.open_answer_time,
                    session->summary.end_frame != 0 ? session->summary.end_time : event->over);

    if (session->summary.state != CTI_STATE_REJECTED || since <= CTI_TIME(REFUSED_RESET))
        return;
    cti_session_report(
        session, rule, CTI_WARNING, event->time,
        (const uint32_t[]){session->summary.open_answer_frame, session->summary.end_frame}, 2, NULL,
        "The client left the connection open for %.3f s after its OPEN_REQ was "
        "refused; it should reset it at once and connect anew. Look at how the "
        "client takes a FAILURE_CONF.",
        CTI_SECONDS(since));
}

static void refused(cti_session *session, cti_rule rule, const cti_event *event)
{
    const uint32_t frames[] = {session->summary.open_frame, event->frame};
    char words[160];

    if (!session->summary.has_open_status)
        cti_session_report(session, rule, CTI_ERROR, event->time, frames, 2, NULL,
                           "The server refused OPEN_REQ; its status was not captured. The client "
                           "must reset the connection before it tries again. Check the server's "
                           "log for the status.");
    else
        cti_session_report(session, rule, CTI_ERROR, event->time, frames, 2, NULL,
                           "The server refused OPEN_REQ: %s. The client must reset the "
                           "connection and mend the named data before it tries again.%s",
                           cti_status_words(session->summary.open_status, words, sizeof(words)),
                           advice(session));
}

void cti_rule_open_rejected(cti_session *session, cti_rule rule, const cti_event *event)
{
    if (event->kind == CTI_EVENT_FINISH) {
        left_open(session, rule, event);
        return;
    }
    if (event->before == CTI_STATE_OPENING && session->summary.state == CTI_STATE_REJECTED) {
        refused(session, rule, event);
    } else if (event->before == CTI_STATE_REJECTED && event->sender == CTI_CLIENT) {
        cti_session_report(
            session, rule, CTI_WARNING, event->time,
            (const uint32_t[]){session->summary.open_answer_frame, event->frame}, 2, NULL,
            "The client sends %s on a connection whose OPEN_REQ was refused; it "
            "should reset that connection and connect anew. Look at how the client "
            "takes a FAILURE_CONF.",
            event->kind == CTI_EVENT_REOPEN ? "another OPEN_REQ"
                                            : cti_message_words(event->reader->message));
    }
}

/* ---- what OPEN_REQ says ---- */

static bool has_field(const cti_event *event, cti_field_id field)
{
    cti_item item;

    return cti_reader_find(event->reader, field, &item);
}

static bool names_agent(const cti_event *event)
{
    return cti_reader_number(event->reader, CTI_F_PeripheralID) != UINT32_MAX &&
           (has_field(event, CTI_F_AgentExtension) || has_field(event, CTI_F_AgentID) ||
            has_field(event, CTI_F_AgentInstrument));
}

void cti_rule_open_data(cti_session *session, cti_rule rule, const cti_event *event)
{
    if (cti_event_is(event, CTI_FAILURE_EVENT) && session->rules.replaced_frame == event->frame)
        cti_session_report(session, rule, CTI_ERROR, event->time, &event->frame, 1, NULL,
                           "The server ends this session because the same client opened another "
                           "one for the same phone (E_CTI_NEW_SESSION_OPENED). Look for a second "
                           "copy of the client, or for a client that opens again without closing.");
    /* What is in bytes that were not captured, or cannot be framed, is not known to be missing. */
    if (!cti_event_is(event, CTI_OPEN_REQ) || !cti_reader_frames_all(event->reader))
        return;
    if (!has_field(event, CTI_F_ClientID) || !has_field(event, CTI_F_ClientPassword))
        cti_session_report(
            session, rule, CTI_WARNING, event->time, &event->frame, 1, NULL,
            "OPEN_REQ carries no %s; the server refuses that with "
            "E_CTI_REQUIRED_DATA_MISSING. An empty password must be there too. Look at "
            "how the client is set up.",
            has_field(event, CTI_F_ClientID) ? "ClientPassword" : "ClientID");
    if (cti_reader_number(event->reader, CTI_F_ServicesRequested) &
            CTI_V_CTIServiceMasks_CTI_SERVICE_CLIENT_EVENTS &&
        !names_agent(event))
        cti_session_report(
            session, rule, CTI_WARNING, event->time, &event->frame, 1, NULL,
            "OPEN_REQ asks for CTI_SERVICE_CLIENT_EVENTS but does not say whose: it "
            "needs a PeripheralID and at least one of AgentExtension, AgentID and "
            "AgentInstrument (E_CTI_REQUIRED_DATA_MISSING). Look at how the client is "
            "set up.");
}

/* IdleTimeout of a client without heartbeats: its silences are longer than heartbeats of a fourth
 * of IdleTimeout allow.  The longest ones break another rule: idle. */
static void judge_silences(cti_session *session, cti_rule rule, const cti_event *event)
{
    const double share = cti_session_idle_share(session, session->summary.worst_gap);

    if (share <= CTI_LIMIT(GAP_NOTE) / 100.0 / CTI_LIMIT(IDLE_INTERVALS) ||
        cti_idle_share_is_large(share) || session->rules.incomplete[0])
        return;
    cti_session_report(
        session, rule, CTI_NOTE, event->time, &session->summary.open_frame, 1, NULL,
        "IdleTimeout is %u s, but the client sends no heartbeats; it was silent for up "
        "to %.3f s. It should send heartbeats, or set IdleTimeout to 0xFFFFFFFF. Look "
        "at both settings of the client.",
        session->summary.idle_timeout, CTI_SECONDS(session->summary.worst_gap));
}

static void judge_idle_off(cti_session *session, cti_rule rule, const cti_event *event)
{
    const double interval = session->summary.heartbeat_interval;
    char every[64] = "";

    if (interval > 0)
        snprintf(every, sizeof(every), " every %.1f s", interval);
    if (session->summary.heartbeats > 0)
        cti_session_report(
            session, rule, CTI_NOTE, event->time, &session->summary.open_frame, 1, NULL,
            "IdleTimeout is off (0x%X), but the client sends heartbeats%s: the server "
            "does not notice when the client is gone. Look at both settings of the "
            "client.",
            session->summary.idle_timeout, every);
    else if (session->rules.incomplete[0])
        cti_session_report(session, rule, CTI_NOTE, event->time, &session->summary.open_frame, 1,
                           NULL,
                           "IdleTimeout is off (0x%X): the server does not notice when the client "
                           "is gone. Check the settings of the client.",
                           session->summary.idle_timeout);
    else
        cti_session_report(
            session, rule, CTI_NOTE, event->time, &session->summary.open_frame, 1, NULL,
            "IdleTimeout is off (0x%X) and the client sends no heartbeats: neither "
            "side notices when the other one is gone. Look at whether the client can "
            "send heartbeats.",
            session->summary.idle_timeout);
}

/* IdleTimeout against the heartbeats that were seen. */
static void judge_idle_timeout(cti_session *session, cti_rule rule, const cti_event *event)
{
    const double interval = session->summary.heartbeat_interval;
    const double share = interval > 0 ? session->summary.idle_timeout / interval : 0;

    if (!session->summary.has_idle_timeout || session->summary.idle_timeout == 0)
        return;
    if (cti_idle_timeout_is_off(session->summary.idle_timeout)) {
        judge_idle_off(session, rule, event);
        return;
    }
    if (session->summary.heartbeats == 0)
        judge_silences(session, rule, event);
    if (session->rules.meter.interval == 0 || (share >= 3 && share <= 5))
        return;
    cti_session_report(
        session, rule, share < 3 ? CTI_WARNING : CTI_NOTE, event->time,
        &session->summary.open_frame, 1, NULL,
        "IdleTimeout is %u s, %.1f heartbeat intervals of %.1f s; it should be four. "
        "%s",
        session->summary.idle_timeout, share, interval,
        share < 3 ? "A lost heartbeat or two then end the session. Look at both settings of "
                    "the client."
                  : "The server notices a dead client late. Look at both settings "
                    "of the client.");
}

void cti_rule_idle_timeout(cti_session *session, cti_rule rule, const cti_event *event)
{
    uint32_t timeout;

    if (event->kind == CTI_EVENT_FINISH && session->summary.opened)
        judge_idle_timeout(session, rule, event);
    if (!cti_event_is(event, CTI_OPEN_REQ) ||
        !cti_reader_find_number(event->reader, CTI_F_IdleTimeout, &timeout))
        return;
    if (timeout * CTI_SECOND < CTI_TIME(IDLE_TIMEOUT_LEAST))
        cti_session_report(
            session, rule, CTI_WARNING, event->time, &event->frame, 1, NULL,
            "IdleTimeout is %u s; under 20 s the server refuses it "
            "(E_CTI_INVALID_TIMEOUT). It should be four heartbeat intervals. Look at "
            "both settings of the client.",
            timeout);
}

/* Bits without a name in a mask of OPEN_REQ. */
static void unused_bits(cti_session *session, cti_rule rule, const cti_event *event,
                        cti_field_id field, const char *status)
{
    const uint32_t named = cti_field_get(field)->values->all_bits;
    const uint32_t bits = cti_reader_number(event->reader, field) & ~named;

    if (bits != 0)
        cti_session_report(session, rule, CTI_WARNING, event->time, &event->frame, 1, NULL,
                           "%s of OPEN_REQ has bits set that have no meaning (0x%x); the server "
                           "refuses that with %s. Look at how the client fills OPEN_REQ.",
                           cti_field_get(field)->name, bits, status);
}

void cti_rule_reserved(cti_session *session, cti_rule rule, const cti_event *event)
{
    const cti_reader *reader = event->reader;

    if (!cti_event_is(event, CTI_OPEN_REQ))
        return;
    if (cti_reader_number(reader, CTI_F_Reserved1) != 0 ||
        cti_reader_number(reader, CTI_F_Reserved2) != 0 ||
        cti_reader_number(reader, CTI_F_Reserved3) != 0)
        cti_session_report(session, rule, CTI_WARNING, event->time, &event->frame, 1, NULL,
                           "A reserved field of OPEN_REQ is not 0; the server refuses that with "
                           "E_CTI_INVALID_RESERVED_FIELD. Look at how the client fills OPEN_REQ.");
    unused_bits(session, rule, event, CTI_F_ServicesRequested, "E_CTI_INVALID_SERVICE_MASK");
    unused_bits(session, rule, event, CTI_F_CallMsgMask, "E_CTI_INVALID_CALL_MSG_MASK");
    unused_bits(session, rule, event, CTI_F_AgentStateMask, "E_CTI_INVALID_AGENT_STATE_MASK");
}

void cti_rule_version(cti_session *session, cti_rule rule, const cti_event *event)
{
    uint32_t version;

    if (!cti_event_is(event, CTI_OPEN_REQ) ||
        !cti_reader_find_number(event->reader, CTI_F_VersionNumber, &version) ||
        (version >= CTI_VERSION_OLDEST && version <= CTI_VERSION_NEWEST))
        return;
    cti_session_report(session, rule, CTI_NOTE, event->time, &event->frame, 1, NULL,
                       "OPEN_REQ asks for version %u; versions %d to %d are known here, so its "
                       "messages are read as those of the nearest one. Look at whether the "
                       "server knows that version.",
                       version, CTI_VERSION_OLDEST, CTI_VERSION_NEWEST);
}

/* ---- what OPEN_CONF says ---- */

#define AGENT_STATE_ONLY CTI_V_CTIServiceMasks_CTI_AGENT_STATE_CONTROL_ONLY

/* The names of bits, "A|B", in the caller's buffer. */
static const char *bit_words(cti_field_id field, uint32_t bits, char *words, size_t size)
{
    GString *text = g_string_new(NULL);

    cti_text_mask(text, cti_field_get(field)->values, bits);
    g_strlcpy(words, text->str, size);
    g_string_free(text, TRUE);
    return words;
}

/* A request that controls a call; those about agents and those that only ask are none. */
static bool controls_call(const cti_event *event)
{
    const cti_message *message = event->reader->message;

    return message != NULL && message->confirmed_by != 0 && event->sender == CTI_CLIENT &&
           ((message->number >= CTI_ALTERNATE_CALL_REQ &&
             message->number <= CTI_TRANSFER_CALL_REQ) ||
            message->number == CTI_SEND_DTMF_SIGNAL_REQ);
}

static void services_granted(cti_session *session, cti_rule rule, const cti_event *event)
{
    const uint32_t control = CTI_V_CTIServiceMasks_CTI_SERVICE_CLIENT_CONTROL;
    const uint32_t frames[] = {session->summary.open_frame, event->frame};
    uint32_t refused = session->summary.services_requested & ~session->summary.services_granted;
    char words[200];

    if (refused & control && session->summary.services_granted & AGENT_STATE_ONLY) {
        refused &= ~control;
        cti_session_report(session, rule, CTI_NOTE, event->time, frames, 2, NULL,
                           "The client asked for CTI_SERVICE_CLIENT_CONTROL and was granted "
                           "CTI_AGENT_STATE_CONTROL_ONLY: it may change agent states, but not "
                           "control calls. Look at how the client's rights are set up.");
    }
    if (refused != 0)
        cti_session_report(session, rule, CTI_WARNING, event->time, frames, 2, NULL,
                           "The server did not grant %s; requests that need it fail with "
                           "E_CTI_FUNCTION_NOT_AVAILABLE. Look at how the client's rights are set "
                           "up.",
                           bit_words(CTI_F_ServicesRequested, refused, words, sizeof(words)));
}

void cti_rule_services(cti_session *session, cti_rule rule, const cti_event *event)
{
    if (cti_event_is(event, CTI_OPEN_CONF) && session->summary.has_services_requested &&
        session->summary.has_services_granted)
        services_granted(session, rule, event);
    if (session->summary.services_granted & AGENT_STATE_ONLY && controls_call(event))
        cti_session_report(session, rule, CTI_WARNING, event->time,
                           (const uint32_t[]){session->summary.open_answer_frame, event->frame}, 2,
                           NULL,
                           "The client sends %s although it was granted "
                           "CTI_AGENT_STATE_CONTROL_ONLY: it may change agent states only. Look at "
                           "the services that the client asks for.",
                           cti_message_words(event->reader->message));
}

void cti_rule_pg_status(cti_session *session, cti_rule rule, const cti_event *event)
{
    uint32_t status;
    char words[200];

    if (!cti_event_is(event, CTI_OPEN_CONF) ||
        !cti_reader_find_number(event->reader, CTI_F_PGStatus, &status))
        return;
    if (status != 0)
        cti_session_report(
            session, rule, CTI_WARNING, event->time, &event->frame, 1, NULL,
            "A component was down when the session opened (PGStatus %s); normal work is "
            "not possible meanwhile. Look at the peripheral gateway and what it is "
            "connected to.",
            bit_words(CTI_F_PGStatus, status, words, sizeof(words)));
    else if (has_field(event, CTI_F_PeripheralOnline) &&
             cti_reader_number(event->reader, CTI_F_PeripheralOnline) == 0)
        cti_session_report(session, rule, CTI_NOTE, event->time, &event->frame, 1, NULL,
                           "%s when the session opened (PeripheralOnline is FALSE). Look at the "
                           "SYSTEM_EVENTs that follow.",
                           session->summary.services_granted &
                                   CTI_V_CTIServiceMasks_CTI_SERVICE_CLIENT_EVENTS
                               ? "The agent's peripheral was not online"
                               : "Not all peripherals were online");
}

void cti_rule_all_events(cti_session *session, cti_rule rule, const cti_event *event)
{
    const uint32_t frames[] = {session->summary.open_answer_frame};

    if (session->summary.open_answer_frame == 0 ||
        session->summary.verdict == CTI_VERDICT_REJECTED || session->rules.system_events > 0 ||
        session->rules.incomplete[1] ||
        !(session->summary.services_granted & CTI_V_CTIServiceMasks_CTI_SERVICE_ALL_EVENTS) ||
        cti_elapsed(session->summary.open_answer_time, event->time) <= CTI_TIME(OPEN_USUAL))
        return;
    cti_session_report(session, rule, CTI_NOTE, event->time, frames, 1, NULL,
                       "No SYSTEM_EVENT came: a client with CTI_SERVICE_ALL_EVENTS gets one for "
                       "each peripheral beside OPEN_CONF. Look at the peripheral gateway.");
}
