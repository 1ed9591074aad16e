/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What other sessions show of a refused or replaced one: who holds the agent's phone, and that the
 * client was refused before (see rules.h). */
#include <stdio.h>
#include <string.h>

#include "rules.h"

/* Longer ClientIDs would not leave enough of the sentence. */
#define CLIENT_ID_SHOWN 40

/* A ClientID as it is, or "" where it would have to be cut or escaped. */
static const char *plain_client_id(const char *client_id)
{
    const size_t length = strlen(client_id);

    for (size_t i = 0; i < length; i++)
        if (!g_ascii_isprint(client_id[i]))
            return "";
    return length <= CLIENT_ID_SHOWN ? client_id : "";
}

void cti_rule_session_replaced(cti_session *session, cti_rule rule, const cti_event *event)
{
    const cti_successor *successor = &session->rules.successor;
    const uint32_t frames[] = {successor->frame, session->rules.replaced_frame,
                               session->summary.end_frame};
    char number[48] = "a session that was not captured";

    if (session->summary.verdict != CTI_VERDICT_REPLACED)
        return;
    if (successor->session != 0)
        snprintf(number, sizeof(number), "session %u", successor->session);
    cti_session_report(session, rule, CTI_NOTE, event->time, frames, 3,
                       "Check whether a second copy of the client is running.",
                       "This session was replaced by %s: the same client opened it for the same "
                       "phone%s.",
                       number,
                       session->rules.replaced_frame != 0 ? " (E_CTI_NEW_SESSION_OPENED)" : "");
}

static const char *status_name(uint32_t status)
{
    const cti_value *value = cti_value_find(cti_field_get(CTI_F_Status)->values, status);

    return value != NULL ? value->name : "status";
}

static void refused_again(cti_session *session, cti_rule rule, const cti_event *event)
{
    const uint32_t status = session->summary.open_status;

    cti_session_report(session, rule, CTI_NOTE, event->time,
                       (const uint32_t[]){session->summary.open_frame, event->frame}, 2, NULL,
                       "The server refused the same OPEN_REQ again with %s (%u), as in session %u.",
                       status_name(status), status, session->rules.refused.session);
}

static void phone_in_use(cti_session *session, cti_rule rule, const cti_event *event)
{
    const cti_holder *holder = &session->rules.holder;
    const char *client_id = plain_client_id(holder->client_id);
    const uint32_t frames[] = {holder->frame, session->summary.open_frame, event->frame};

    cti_session_report(session, rule, CTI_ERROR, event->time, frames, 3,
                       "Check which of the two clients should have this agent's phone.",
                       "The server refused OPEN_REQ with E_CTI_DEVICE_IN_USE (%u): session %u%s%s "
                       "was open for the same %s.",
                       session->summary.open_status, holder->session,
                       client_id[0] != '\0' ? " of " : "", client_id,
                       cti_field_get(holder->by)->name);
}

bool cti_report_refused(cti_session *session, cti_rule rule, const cti_event *event)
{
    if (cti_refusal_is_equal(&session->rules.refused, &session->summary))
        refused_again(session, rule, event);
    else if (session->summary.phone_held_by != 0)
        phone_in_use(session, rule, event);
    else
        return false;
    return true;
}
