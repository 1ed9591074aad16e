/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules about how sessions open: the order of messages, the answer to OPEN_REQ, and a refusal (see
 * rules.h). */
#include <stdio.h>

#include "rules.h"

static void opened_again(cti_session *session, cti_rule rule, const cti_event *event,
                         uint32_t frame)
{
    cti_session_report(session, rule, CTI_WARNING, event->time,
                       (const uint32_t[]){session->summary.open_frame, frame, event->frame}, 3,
                       "Check why the client opens a session that it has.",
                       "The client sent OPEN_REQ although the session was already open.");
}

static void open_req(cti_session *session, cti_rule rule, const cti_event *event)
{
    if (event->before == CTI_STATE_OPEN && !session->rules.late)
        opened_again(session, rule, event, 0);
    if (event->before != CTI_STATE_OPENING || event->open_in_doubt)
        return;
    cti_session_report(session, rule, CTI_WARNING, event->time, &event->frame, 1,
                       "Check how long the client waits for OPEN_CONF.",
                       "The client sent OPEN_REQ again before the first one was answered.");
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
    cti_session_report(session, rule, CTI_ERROR, event->time, frames, 2,
                       "Check why the client does not wait for OPEN_CONF.",
                       "The client sent %s before %s.", cti_message_words(event->reader->message),
                       event->before == CTI_STATE_NEW ? "OPEN_REQ"
                                                      : "its OPEN_REQ was answered");
}

/* ---- the answer ---- */

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
                       (const uint32_t[]){session->summary.open_frame, event->frame}, 2,
                       early ? "Check how long the client waits for OPEN_CONF, and the load of the "
                               "server at that time."
                             : "Check the load of the server at that time.",
                       "OPEN_REQ was not answered in %.3f s, then %s.",
                       CTI_SECONDS(MAX(waited, 0)), cti_end_words(session));
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
                       (const uint32_t[]){event->facts->request_frame, event->frame}, 2,
                       "Check how many clients opened sessions at that time.",
                       "OPEN_REQ was answered after %.3f s.", CTI_SECONDS(waited));
}

void cti_rule_invoke_id(cti_session *session, cti_rule rule, const cti_event *event)
{
    const cti_request *request = event->answered;
    uint32_t invoke_id;

    if (!cti_reader_invoke_id(event->reader, &invoke_id))
        return;
    cti_session_report(session, rule, CTI_WARNING, event->time,
                       (const uint32_t[]){request->frame, event->frame}, 2,
                       "Check the release of the server.",
                       "%s arrived with InvokeID %u; the only %s that waited has InvokeID %u.",
                       cti_message_words(event->reader->message), invoke_id,
                       cti_message_words(request->message), request->invoke_id);
}

/* ---- a refusal ---- */

/* What to check when OPEN_REQ was refused; NULL where nothing is to be fixed. */
static const char *advice(const cti_session *session)
{
    switch (session->summary.open_status) {
    case CTI_V_StatusCode_E_CTI_INVALID_VERSION:
        return "Check the version that the client asks for, and the release of the server.";
    case CTI_V_StatusCode_E_CTI_REQUIRED_DATA_MISSING:
        return "Check ClientID, ClientPassword and the agent's data of OPEN_REQ.";
    case CTI_V_StatusCode_E_CTI_DEVICE_IN_USE:
        return "Check which other client has this agent's phone.";
    case CTI_V_StatusCode_E_CTI_CTI_SERVER_OFFLINE:
        return cti_session_is_before_standby(session)
                   ? "Check the server and its peripheral gateway; a standby server refuses clients "
                     "of this version with the same status."
                   : "Check the server and its peripheral gateway at that time.";
    case CTI_V_StatusCode_E_CTI_INVALID_TIMEOUT: return "Check IdleTimeout of the client.";
    case CTI_V_StatusCode_E_CTI_INVALID_PERIPHERAL_ID:
        return "Check the PeripheralID that the client is set up with.";
    case CTI_V_StatusCode_E_CTI_INVALID_AGENT_DATA:
    case CTI_V_StatusCode_E_CTI_INCONSISTENT_AGENT_DATA:
        return "Check whether extension, ID and instrument belong to one agent.";
    case CTI_V_StatusCode_E_CTI_INVALID_PASSWORD:
        return "Check ClientID and ClientPassword, and whether the password was changed.";
    case CTI_V_StatusCode_E_CTI_INVALID_CLIENT_FOR_STANDBY:
    case CTI_V_StatusCode_E_CTI_SERVER_IN_MAINTENANCE_MODE:
        return "Check whether the client opened a session with the other side.";
    case CTI_V_StatusCode_E_CTI_SERVER_NOT_MASTER: return NULL;
    default: return "Check how the client fills OPEN_REQ.";
    }
}

/* "AgentExtension, AgentInstrument": the agent's fields that OPEN_REQ has. */
static void agent_field_words(const cti_opening *opening, char *words, size_t size)
{
    static const char *const names[] = {"AgentExtension", "AgentID", "AgentInstrument"};

    g_strlcpy(words, "", size);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (!opening->agent_fields[i])
            continue;
        if (words[0] != '\0')
            g_strlcat(words, ", ", size);
        g_strlcat(words, names[i], size);
    }
}

static bool peripheral_words(const cti_session *session, char *words, size_t size)
{
    const cti_subscription *asked = &session->summary.subscription;

    if (asked->peripheral_id == CTI_NO_PERIPHERAL_ID)
        snprintf(words, size, "PeripheralID was none (0x%X)", asked->peripheral_id);
    else
        snprintf(words, size, "PeripheralID was %u", asked->peripheral_id);
    return asked->has_peripheral_id;
}

static bool mask_words(const char *name, bool known, uint32_t mask, char *words, size_t size)
{
    snprintf(words, size, "%s was 0x%x", name, mask);
    return known;
}

static bool agent_words(const cti_opening *opening, char *words, size_t size)
{
    char fields[64];

    agent_field_words(opening, fields, sizeof(fields));
    snprintf(words, size, "it had %s", fields[0] != '\0' ? fields : "no data of an agent");
    return opening->has_agent_fields;
}

/* The value of OPEN_REQ that the status is about, "PeripheralID was 0".  False where it is about
 * none, or where the value was not captured. */
static bool refused_value(const cti_session *session, char *words, size_t size)
{
    const cti_session_summary *summary = &session->summary;
    const cti_subscription *asked = &summary->subscription;
    const cti_opening *opening = &session->rules.opening;

    switch (summary->open_status) {
    case CTI_V_StatusCode_E_CTI_INVALID_VERSION:
        snprintf(words, size, "VersionNumber was %u", session->context.version);
        return session->context.version != 0;
    case CTI_V_StatusCode_E_CTI_INVALID_PERIPHERAL_ID: return peripheral_words(session, words, size);
    case CTI_V_StatusCode_E_CTI_INVALID_TIMEOUT:
        snprintf(words, size, "IdleTimeout was %u s", summary->idle_timeout);
        return summary->has_idle_timeout;
    case CTI_V_StatusCode_E_CTI_INVALID_SERVICE_MASK:
        return mask_words("ServicesRequested", summary->has_services_requested,
                          summary->services_requested, words, size);
    case CTI_V_StatusCode_E_CTI_INVALID_CALL_MSG_MASK:
        return mask_words("CallMsgMask", asked->has_call_msg_mask, asked->call_msg_mask, words,
                          size);
    case CTI_V_StatusCode_E_CTI_INVALID_AGENT_STATE_MASK:
        return mask_words("AgentStateMask", asked->has_agent_state_mask, asked->agent_state_mask,
                          words, size);
    case CTI_V_StatusCode_E_INVALID_CONFIG_MSG_MASK:
        return mask_words("ConfigMsgMask", asked->has_config_msg_mask, asked->config_msg_mask,
                          words, size);
    case CTI_V_StatusCode_E_CTI_INVALID_RESERVED_FIELD:
        snprintf(words, size, "Reserved1 to Reserved3 were %u, %u and %u", opening->reserved[0],
                 opening->reserved[1], opening->reserved[2]);
        return opening->has_reserved;
    case CTI_V_StatusCode_E_CTI_INVALID_AGENT_DATA:
    case CTI_V_StatusCode_E_CTI_INCONSISTENT_AGENT_DATA: return agent_words(opening, words, size);
    default: return false;
    }
}

static void refused(cti_session *session, cti_rule rule, const cti_event *event)
{
    const uint32_t frames[] = {session->summary.open_frame, event->frame};
    const uint32_t status = session->summary.open_status;
    /* A client of the sister product looks for the master in this way. */
    const cti_severity severity =
        status == CTI_V_StatusCode_E_CTI_SERVER_NOT_MASTER ? CTI_NOTE : CTI_ERROR;
    const cti_value *value = cti_value_find(cti_field_get(CTI_F_Status)->values, status);
    char words[160], sent[96];

    if (cti_report_refused(session, rule, event))
        return;
    if (!session->summary.has_open_status)
        cti_session_report(session, rule, CTI_ERROR, event->time, frames, 2,
                           "Check the server's log for the status.",
                           "The server refused OPEN_REQ; its status was not captured.");
    else if (value != NULL && refused_value(session, sent, sizeof(sent)))
        cti_session_report(session, rule, severity, event->time, frames, 2, advice(session),
                           "The server refused OPEN_REQ: %s (%u); %s.", value->name, status, sent);
    else
        cti_session_report(session, rule, severity, event->time, frames, 2, advice(session),
                           "The server refused OPEN_REQ: %s.",
                           cti_status_words(status, words, sizeof(words)));
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
        (const uint32_t[]){session->summary.open_answer_frame, session->summary.end_frame}, 2,
        "Check how the client handles FAILURE_CONF.",
        "The client left the connection open for %.3f s after its OPEN_REQ was refused.",
        CTI_SECONDS(since));
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
            (const uint32_t[]){session->summary.open_answer_frame, event->frame}, 2,
            "Check how the client handles FAILURE_CONF.",
            "The client sent %s on a connection whose OPEN_REQ was refused.",
            event->kind == CTI_EVENT_REOPEN ? "another OPEN_REQ"
                                            : cti_message_words(event->reader->message));
    }
}
