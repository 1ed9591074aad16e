/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a message changes in its session (see session.h): its state, what was agreed when it
 * opened, and how far a shutdown of the server has come.
 * Source: GED-188, chapter "Session Management". */
#include <string.h>

#include "rules.h"

static void copy_text(const cti_reader *reader, cti_field_id field, char text[CTI_CLIENT_ID_SIZE])
{
    cti_item item;
    size_t length;

    text[0] = '\0';
    if (!cti_reader_find(reader, field, &item) || item.text == NULL)
        return;
    length = MIN(item.text_length, CTI_CLIENT_ID_SIZE - 1);
    memcpy(text, item.text, length);
    text[length] = '\0';
}

static void be_open(cti_session_summary *summary)
{
    summary->state = CTI_STATE_OPEN;
    summary->opened = true;
    summary->open_unknown = false;
}

static void take_client_names(cti_session_summary *summary, const cti_reader *reader)
{
    copy_text(reader, CTI_F_ClientID, summary->client_id);
    copy_text(reader, CTI_F_ClientSignature, summary->client_signature);
}

static void take_idle_timeout(cti_session *session, const cti_reader *reader, bool inferred)
{
    cti_session_summary *summary = &session->summary;

    summary->idle_timeout = 0;
    summary->has_idle_timeout =
        cti_reader_find_number(reader, CTI_F_IdleTimeout, &summary->idle_timeout);
    summary->idle_timeout_inferred = inferred && summary->has_idle_timeout;
    cti_session_update_interval(session);
}

static void take_subscription(cti_subscription *to, const cti_reader *reader)
{
    *to = (cti_subscription){0};
    to->has_peripheral_id =
        cti_reader_find_number(reader, CTI_F_PeripheralID, &to->peripheral_id);
    to->has_call_msg_mask = cti_reader_find_number(reader, CTI_F_CallMsgMask, &to->call_msg_mask);
    to->has_agent_state_mask =
        cti_reader_find_number(reader, CTI_F_AgentStateMask, &to->agent_state_mask);
    to->has_config_msg_mask =
        cti_reader_find_number(reader, CTI_F_ConfigMsgMask, &to->config_msg_mask);
}

/* What a refusal may be about. */
static void take_opening(cti_opening *opening, const cti_reader *reader)
{
    static const cti_field_id reserved[] = {CTI_F_Reserved1, CTI_F_Reserved2, CTI_F_Reserved3};
    static const cti_field_id agent[] = {CTI_F_AgentExtension, CTI_F_AgentID,
                                         CTI_F_AgentInstrument};
    cti_item item;

    *opening = (cti_opening){.has_reserved = true, .has_agent_fields = !cti_reader_is_cut(reader)};
    for (size_t i = 0; i < G_N_ELEMENTS(reserved); i++)
        opening->has_reserved &=
            cti_reader_find_number(reader, reserved[i], &opening->reserved[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(agent); i++)
        opening->agent_fields[i] = cti_reader_find(reader, agent[i], &item);
}

/* An OPEN_REQ that is refused because the session is open: what it says of the client holds for
 * the session too, whose own OPEN_REQ was not captured. */
static void take_second_open_req(cti_session *session, const cti_reader *reader)
{
    uint32_t version;

    if (session->summary.open_frame != 0)
        return;
    if (cti_reader_find_number(reader, CTI_F_VersionNumber, &version) &&
        cti_versions_of(version) != 0) {
        session->context.possible = cti_versions_of(version);
        cti_session_update_version(session);
    }
    take_idle_timeout(session, reader, true);
    take_client_names(&session->summary, reader);
}

/* FNV-1a of all that follows InvokeID: OPEN_REQ with the same data have the same digest. */
static uint64_t digest_open_req(const cti_reader *reader)
{
    enum { DATA = 12 }; /* after the header and InvokeID */
    uint64_t digest = UINT64_C(0xCBF29CE484222325);

    if (cti_reader_is_cut(reader))
        return 0;
    for (uint32_t i = DATA; i < reader->end; i++)
        digest = (digest ^ reader->bytes[i]) * UINT64_C(0x100000001B3);
    return digest;
}

static void take_open_req(cti_session *session, const cti_reader *reader, const cti_moment *moment)
{
    cti_session_summary *summary = &session->summary;

    if (summary->state == CTI_STATE_OPEN) {
        take_second_open_req(session, reader);
        return;
    }
    summary->state = CTI_STATE_OPENING;
    summary->began_before_capture = false;
    session->context.version = cti_reader_number(reader, CTI_F_VersionNumber);
    cti_session_update_version(session);
    take_idle_timeout(session, reader, false);
    summary->services_requested = 0;
    summary->has_services_requested =
        cti_reader_find_number(reader, CTI_F_ServicesRequested, &summary->services_requested);
    take_subscription(&summary->subscription, reader);
    take_opening(&session->rules.opening, reader);
    take_client_names(summary, reader);
    summary->open_digest = digest_open_req(reader);
    summary->open_time = moment->time;
    summary->open_frame = moment->frame;
    summary->open_answer_time = CTI_NO_TIME;
    summary->open_unknown = summary->server_not_captured;
    session->rules.open_in_doubt = summary->server_not_captured;
}

/* The connection had a session before the capture began: this OPEN_REQ was not its first. */
static void session_was_open(cti_session *session)
{
    cti_session_summary *summary = &session->summary;

    be_open(summary);
    summary->began_before_capture = true;
    summary->idle_timeout_inferred = summary->has_idle_timeout;
    summary->has_services_requested = false;
    summary->services_requested = 0;
    summary->subscription = (cti_subscription){0};
    summary->open_time = CTI_NO_TIME;
    summary->open_frame = 0;
    if (cti_versions_of(session->context.version) != 0)
        session->context.possible = cti_versions_of(session->context.version);
    session->context.version = 0;
    cti_session_update_version(session);
}

static void take_refusal(cti_session *session, const cti_moment *moment,
                         const cti_request *answered)
{
    cti_session_summary *summary = &session->summary;

    if (session->began_in_mid && answered->has_status &&
        answered->status == CTI_V_StatusCode_E_CTI_SESSION_ALREADY_OPEN) {
        session_was_open(session);
        return;
    }
    summary->state = CTI_STATE_REJECTED;
    summary->open_unknown = false;
    summary->has_open_status = answered->has_status;
    summary->open_status = answered->status;
    summary->open_answer_time = moment->time;
    summary->open_answer_frame = moment->frame;
    if (answered->has_status && answered->status == CTI_V_StatusCode_E_CTI_DEVICE_IN_USE)
        summary->phone_held_by = session->rules.holder.session;
}

static void take_failure_conf(cti_session *session, const cti_moment *moment,
                              const cti_request *answered)
{
    if (answered == NULL)
        return;
    if (answered->message->number == CTI_OPEN_REQ && session->summary.state == CTI_STATE_OPENING) {
        take_refusal(session, moment, answered);
    } else if (answered->message->number == CTI_CLOSE_REQ) {
        session->rules.close_refused_frame = moment->frame;
        session->rules.has_close_refused_status = answered->has_status;
        session->rules.close_refused_status = answered->status;
    } else if (cti_session_refuses_heartbeat(session, answered)) {
        session->rules.server_offline = true;
        session->rules.heartbeat_refused = true;
        session->rules.has_heartbeat_status = answered->has_status;
        session->rules.heartbeat_status = answered->status;
        session->rules.server_offline_frame = moment->frame;
        session->rules.server_offline_time = moment->time;
    }
}

/* The last word on whether the CTI server is offline. */
static void note_reported_offline(cti_session *session, const cti_reader *reader,
                                  const cti_moment *moment)
{
    uint32_t status, event;
    bool offline;

    if (!cti_reader_find_number(reader, CTI_F_PGStatus, &status) ||
        !cti_reader_find_number(reader, CTI_F_SystemEventID, &event))
        return; /* cut off */
    offline = event == CTI_V_SystemEventID_SYS_CTI_SERVER_OFFLINE ||
              (status & CTI_V_PGStatusCode_PGS_CTI_SERVER_OFFLINE) != 0;
    if (!offline) {
        session->rules.reported_offline_frame = 0;
    } else if (session->rules.reported_offline_frame == 0) {
        session->rules.reported_offline_frame = moment->frame;
        session->rules.reported_offline_time = moment->time;
    }
}

static void take_failure_event(cti_session *session, const cti_reader *reader,
                               const cti_moment *moment)
{
    uint32_t status;

    if (!cti_reader_find_number(reader, CTI_F_Status, &status)) {
        session->rules.server_in_doubt = true; /* the reason was cut off */
        return;
    }
    if (status == CTI_V_StatusCode_E_CTI_NEW_SESSION_OPENED) {
        session->rules.replaced_frame = moment->frame;
        return;
    }
    if (status != CTI_V_StatusCode_E_CTI_CTI_SERVER_OFFLINE) {
        session->rules.failure_frame = moment->frame;
        session->rules.failure_time = moment->time;
        session->rules.failure_status = status;
        return;
    }
    if (session->rules.server_offline)
        return;
    session->rules.server_offline = true;
    session->rules.server_offline_frame = moment->frame;
    session->rules.server_offline_time = moment->time;
}

void cti_session_tell_shutdown(const cti_session *session)
{
    const cti_shutdown *shutdown = &session->rules.shutdown;

    if ((shutdown->asked_frame != 0 || shutdown->outcome_frame != 0) && session->events != NULL &&
        session->events->shutdown != NULL)
        session->events->shutdown(session->user, shutdown);
}

static void take_active(cti_session *session, const cti_moment *moment)
{
    cti_session_summary *summary = &session->summary;

    session->rules.type_before = summary->session_type;
    if (summary->session_type != CTI_V_SessionType_Active &&
        summary->became_active == CTI_NO_TIME) {
        summary->became_active = moment->time;
        summary->became_active_frame = moment->frame;
    }
    summary->session_type = CTI_V_SessionType_Active;
}

/* The next maintenance, in which nothing has happened yet. */
static void take_maintenance_req(cti_session *session, const cti_reader *reader,
                                 const cti_moment *moment)
{
    cti_shutdown *shutdown = &session->rules.shutdown;

    cti_session_tell_shutdown(session);
    *shutdown = (cti_shutdown){.asked_frame = moment->frame,
                               .asked_time = moment->time,
                               .vote_unknown = session->summary.client_not_captured,
                               .replayed = shutdown->replayed,
                               .replayed_frame = shutdown->replayed_frame,
                               .replayed_after_switch = shutdown->replayed_after_switch};
    shutdown->has_asked_id = cti_reader_find_number(reader, CTI_F_InvokeID, &shutdown->asked_id);
}

static void take_vote(cti_shutdown *shutdown, const cti_reader *reader, const cti_moment *moment)
{
    uint32_t accepted = 0;

    shutdown->vote_frame = moment->frame;
    shutdown->vote_time = moment->time;
    shutdown->has_vote_id = cti_reader_find_number(reader, CTI_F_InvokeID, &shutdown->vote_id);
    shutdown->vote_unknown =
        !cti_reader_find_number(reader, CTI_F_MaintenanceModeAccepted, &accepted);
    shutdown->accepted = accepted != 0;
}

static void take_outcome(cti_shutdown *shutdown, const cti_reader *reader,
                         const cti_moment *moment)
{
    uint32_t continues;

    if (!cti_reader_find_number(reader, CTI_F_MaintenanceModeStatus, &continues))
        return;
    shutdown->outcome_frame = moment->frame;
    shutdown->outcome_time = moment->time;
    shutdown->continues = continues != 0;
}

/* Call events that are sent again to rebuild a state. */
static void take_replay(cti_session *session, const cti_reader *reader, const cti_moment *moment)
{
    cti_shutdown *shutdown = &session->rules.shutdown;

    if (cti_reader_number(reader, CTI_F_EventCause) != CTI_V_EventCause_CEC_CALL_PARTY_UPDATE_IND)
        return;
    if (shutdown->replayed++ > 0)
        return;
    shutdown->replayed_frame = moment->frame;
    shutdown->replayed_after_switch = session->summary.became_active != CTI_NO_TIME;
}

/* The messages of a graceful shutdown, and the calls that are sent again after it. */
static void take_shutdown(cti_session *session, const cti_reader *reader, const cti_moment *moment)
{
    cti_shutdown *shutdown = &session->rules.shutdown;

    switch (reader->message_type) {
    case CTI_STANDBY_ACTIVE_EVENT: take_active(session, moment); break;
    case CTI_ACTIVE_MAINTENANCE_REQ: take_maintenance_req(session, reader, moment); break;
    case CTI_ACTIVE_MAINTENANCE_RESP: take_vote(shutdown, reader, moment); break;
    case CTI_ACTIVE_MAINTENANCE_EVENT: take_outcome(shutdown, reader, moment); break;
    case CTI_STOPPING_REQUESTS_TO_THIS_SIDE_IND:
        shutdown->stopping_frame = moment->frame;
        shutdown->stopping_time = moment->time;
        break;
    case CTI_CALL_DELIVERED_EVENT:
    case CTI_CALL_ESTABLISHED_EVENT: take_replay(session, reader, moment); break;
    default: break;
    }
}

/* Until OPEN_CONF came the client had to be silent. */
static void start_client_clock(cti_session *session, const cti_moment *moment)
{
    if (session->summary.open_frame == 0 || session->summary.client_not_captured)
        return;
    session->rules.last_client_time = moment->time;
    session->rules.client_heard_time = moment->time;
    session->rules.last_client_frame = moment->frame;
    cti_heartbeat_meter_start(&session->rules.meter, moment->time);
}

/* The peripherals that OPEN_CONF lists: each gets a SYSTEM_EVENT in an active session with
 * ALL_EVENTS. */
static void take_peripherals(cti_session *session, const cti_reader *reader)
{
    const uint32_t all_events = CTI_V_CTIServiceMasks_CTI_SERVICE_ALL_EVENTS;
    cti_opening *opening = &session->rules.opening;
    cti_reader walk;
    cti_item item;

    opening->peripheral_count = 0;
    opening->system_events_due =
        session->summary.services_granted & all_events && !cti_reader_is_cut(reader) &&
        session->summary.session_type != CTI_V_SessionType_Standby;
    if (!opening->system_events_due || session->rules.system_events > 0)
        return;
    walk = *reader;
    while (opening->peripheral_count < CTI_PERIPHERALS_MAX && cti_reader_next(&walk, &item))
        if (item.field == cti_field_get(CTI_F_FltPeripheralID) && item.has_number)
            opening->peripherals[opening->peripheral_count++] = item.number;
}

/* A peripheral that OPEN_CONF listed has its SYSTEM_EVENT. */
static void note_reported_peripheral(cti_session *session, const cti_reader *reader)
{
    cti_opening *opening = &session->rules.opening;
    uint32_t event, peripheral, left = 0;

    if (opening->peripheral_count == 0)
        return;
    if (!cti_reader_find_number(reader, CTI_F_SystemEventID, &event) ||
        !cti_reader_find_number(reader, CTI_F_SystemEventArg1, &peripheral)) {
        opening->peripheral_count = 0; /* cut: it may be about any of them */
        return;
    }
    if (event != CTI_V_SystemEventID_SYS_PERIPHERAL_ONLINE &&
        event != CTI_V_SystemEventID_SYS_PERIPHERAL_OFFLINE)
        return;
    for (uint32_t i = 0; i < opening->peripheral_count; i++)
        if (opening->peripherals[i] != peripheral)
            opening->peripherals[left++] = opening->peripherals[i];
    opening->peripheral_count = left;
}

static void take_open_conf(cti_session *session, const cti_reader *reader, const cti_moment *moment)
{
    cti_session_summary *summary = &session->summary;

    be_open(summary);
    start_client_clock(session, moment);
    summary->services_granted = 0;
    summary->has_services_granted =
        cti_reader_find_number(reader, CTI_F_ServicesGranted, &summary->services_granted);
    summary->opened_type = cti_reader_number(reader, CTI_F_SessionType);
    summary->session_type = summary->opened_type;
    take_peripherals(session, reader);
    summary->open_answer_time = moment->time;
    summary->open_answer_frame = moment->frame;
}

static void take_close_req(cti_session *session, const cti_reader *reader, const cti_moment *moment)
{
    cti_session_summary *summary = &session->summary;

    /* An answer that was captured before its request is still the answer. */
    if (summary->state != CTI_STATE_CLOSED || summary->close_frame != 0)
        summary->state = CTI_STATE_CLOSING;
    summary->close_status = 0;
    summary->has_close_status =
        cti_reader_find_number(reader, CTI_F_Status, &summary->close_status);
    summary->close_time = moment->time;
    summary->close_frame = moment->frame;
    session->rules.closed_by_server = moment->sender == CTI_SERVER;
    session->rules.close_in_doubt = moment->sender == CTI_SERVER ? summary->client_not_captured
                                                                 : summary->server_not_captured;
}

/* A message that only an open session has: it was opened before the capture began, or in bytes
 * that were not captured. */
static void note_open(cti_session *session)
{
    cti_session_summary *summary = &session->summary;
    const bool unseen = summary->began_before_capture || session->rules.open_in_doubt;

    if (unseen && (summary->state == CTI_STATE_NEW || summary->state == CTI_STATE_OPENING))
        be_open(summary);
}

void cti_session_change_state(cti_session *session, const cti_reader *reader,
                              const cti_moment *moment, const cti_request *answered)
{
    switch (reader->message_type) {
    case CTI_OPEN_REQ:
        take_open_req(session, reader, moment);
        break;
    case CTI_OPEN_CONF: take_open_conf(session, reader, moment); break;
    case CTI_FAILURE_CONF:
        take_failure_conf(session, moment, answered);
        break;
    case CTI_FAILURE_EVENT: take_failure_event(session, reader, moment); break;
    case CTI_CLOSE_REQ: take_close_req(session, reader, moment); break;
    case CTI_CLOSE_CONF:
        session->summary.state = CTI_STATE_CLOSED;
        session->summary.close_answer_time = moment->time;
        session->summary.close_answer_frame = moment->frame;
        break;
    case CTI_SYSTEM_EVENT:
        note_open(session);
        session->rules.system_events++;
        note_reported_offline(session, reader, moment);
        note_reported_peripheral(session, reader);
        break;
    case CTI_CONFIG_BEGIN_EVENT:
    case CTI_CONFIG_END_EVENT:
        note_open(session);
        session->rules.config_time = moment->time;
        break;
    case CTI_MONITOR_START_REQ:
    case CTI_CHANGE_MONITOR_MASK_REQ:
    case CTI_MONITOR_AGENT_TEAM_START_REQ:
    case CTI_SESSION_MONITOR_START_REQ:
    case CTI_TASK_MONITOR_START_REQ:
    case CTI_CHANGE_TASK_MONITOR_MASK_REQ:
        note_open(session);
        session->summary.subscription.changed = true;
        break;
    case CTI_CONFIG_REQUEST_KEY_EVENT:
    case CTI_CONFIG_REQUEST_EVENT:
        note_open(session);
        session->rules.configuration_requested = true;
        break;
    default:
        note_open(session);
        take_shutdown(session, reader, moment);
        break;
    }
}
