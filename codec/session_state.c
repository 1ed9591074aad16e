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

static void take_open_req(cti_session *session, const cti_reader *reader, const cti_moment *moment)
{
    if (session->summary.state == CTI_STATE_OPEN)
        return; /* the server refuses a second one: the first stays in force */
    session->summary.state = CTI_STATE_OPENING;
    session->summary.began_before_capture = false;
    session->context.version = cti_reader_number(reader, CTI_F_VersionNumber);
    cti_session_update_version(session);
    session->summary.idle_timeout = cti_reader_number(reader, CTI_F_IdleTimeout);
    cti_session_update_interval(session);
    session->summary.services_requested = cti_reader_number(reader, CTI_F_ServicesRequested);
    copy_text(reader, CTI_F_ClientID, session->summary.client_id);
    copy_text(reader, CTI_F_ClientSignature, session->summary.client_signature);
    session->summary.open_time = moment->time;
    session->summary.open_frame = moment->frame;
    session->summary.open_answer_time = CTI_NO_TIME;
    session->rules.open_in_doubt = false;
}

static void take_failure_conf(cti_session *session, const cti_moment *moment,
                              const cti_request *answered)
{
    if (answered == NULL)
        return;
    if (answered->message->number == CTI_OPEN_REQ && session->summary.state == CTI_STATE_OPENING) {
        session->summary.state = CTI_STATE_REJECTED;
        session->summary.open_status = answered->status;
        session->summary.open_answer_time = moment->time;
        session->summary.open_answer_frame = moment->frame;
    } else if (answered->message->number == CTI_HEARTBEAT_REQ) {
        session->rules.server_offline = true;
        session->rules.heartbeat_refused = true;
        session->rules.server_offline_frame = moment->frame;
        session->rules.server_offline_time = moment->time;
    }
}

static void take_failure_event(cti_session *session, uint32_t status, const cti_moment *moment)
{
    if (status == CTI_V_StatusCode_E_CTI_NEW_SESSION_OPENED)
        session->rules.replaced_frame = moment->frame;
    if (status != CTI_V_StatusCode_E_CTI_CTI_SERVER_OFFLINE || session->rules.server_offline)
        return;
    session->rules.server_offline = true;
    session->rules.server_offline_frame = moment->frame;
    session->rules.server_offline_time = moment->time;
}

/* The messages of a graceful shutdown, and the calls that are told again after it. */
static void take_shutdown(cti_session *session, const cti_reader *reader, const cti_moment *moment)
{
    cti_shutdown *shutdown = &session->rules.shutdown;

    switch (reader->message_type) {
    case CTI_STANDBY_ACTIVE_EVENT: session->summary.session_type = CTI_V_SessionType_Active; break;
    case CTI_ACTIVE_MAINTENANCE_REQ:
        *shutdown = (cti_shutdown){.asked_frame = moment->frame,
                                   .asked_time = moment->time,
                                   .replayed = shutdown->replayed,
                                   .replayed_frame = shutdown->replayed_frame};
        break;
    case CTI_ACTIVE_MAINTENANCE_RESP:
        shutdown->vote_frame = moment->frame;
        shutdown->accepted = cti_reader_number(reader, CTI_F_MaintenanceModeAccepted) != 0;
        break;
    case CTI_ACTIVE_MAINTENANCE_EVENT:
        shutdown->outcome_frame = moment->frame;
        shutdown->outcome_time = moment->time;
        shutdown->continues = cti_reader_number(reader, CTI_F_MaintenanceModeStatus) != 0;
        break;
    case CTI_STOPPING_REQUESTS_TO_THIS_SIDE_IND:
        shutdown->stopping_frame = moment->frame;
        shutdown->stopping_time = moment->time;
        break;
    case CTI_CALL_DELIVERED_EVENT:
    case CTI_CALL_ESTABLISHED_EVENT:
        if (cti_reader_number(reader, CTI_F_EventCause) != CTI_V_EventCause_CEC_CALL_PARTY_UPDATE_IND)
            break;
        if (shutdown->replayed++ == 0)
            shutdown->replayed_frame = moment->frame;
        break;
    default:
        break;
    }
}

/* Until OPEN_CONF came the client had to be silent. */
static void start_client_clock(cti_session *session, const cti_moment *moment)
{
    if (session->summary.open_frame == 0)
        return;
    session->rules.last_client_time = moment->time;
    session->rules.last_client_frame = moment->frame;
    cti_heartbeat_meter_start(&session->rules.meter, moment->time);
}

void cti_session_change_state(cti_session *session, const cti_reader *reader,
                              const cti_moment *moment, const cti_request *answered)
{
    switch (reader->message_type) {
    case CTI_OPEN_REQ:
        take_open_req(session, reader, moment);
        break;
    case CTI_OPEN_CONF:
        session->summary.state = CTI_STATE_OPEN;
        start_client_clock(session, moment);
        session->summary.services_granted = cti_reader_number(reader, CTI_F_ServicesGranted);
        session->summary.session_type = cti_reader_number(reader, CTI_F_SessionType);
        session->summary.open_answer_time = moment->time;
        session->summary.open_answer_frame = moment->frame;
        break;
    case CTI_FAILURE_CONF:
        take_failure_conf(session, moment, answered);
        break;
    case CTI_FAILURE_EVENT:
        take_failure_event(session, cti_reader_number(reader, CTI_F_Status), moment);
        break;
    case CTI_CLOSE_REQ:
        session->summary.state = CTI_STATE_CLOSING;
        session->summary.close_status = cti_reader_number(reader, CTI_F_Status);
        session->summary.close_time = moment->time;
        session->summary.close_frame = moment->frame;
        break;
    case CTI_CLOSE_CONF:
        session->summary.state = CTI_STATE_CLOSED;
        session->summary.close_answer_time = moment->time;
        session->summary.close_answer_frame = moment->frame;
        break;
    default:
        if (session->summary.state == CTI_STATE_NEW && session->summary.began_before_capture)
            session->summary.state = CTI_STATE_OPEN;
        session->rules.system_events += reader->message_type == CTI_SYSTEM_EVENT;
        take_shutdown(session, reader, moment);
        break;
    }
}
