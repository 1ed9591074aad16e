/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules about services, subscriptions, and what OPEN_CONF says of peripherals (see rules.h). */
#include <stdio.h>

#include "rules.h"
#include "text.h"

#define SERVICE(name) (uint32_t)CTI_V_CTIServiceMasks_CTI_SERVICE_##name
#define AGENT_STATE_ONLY (uint32_t)CTI_V_CTIServiceMasks_CTI_AGENT_STATE_CONTROL_ONLY

/* Names in a sentence before "and N more": the longest ones fit. */
#define NAMES_MAX 2

/* "A, B and 3 more": names of bits, in the caller's buffer. */
static const char *bit_words(cti_field_id field, uint32_t bits, char *words, size_t size)
{
    const cti_value_set *set = cti_field_get(field)->values;
    char more[32];
    uint32_t count = 0;

    g_strlcpy(words, "", size);
    for (uint32_t i = 0; i < set->count; i++) {
        if (!(bits & set->values[i].number) || ++count > NAMES_MAX)
            continue;
        if (count > 1)
            g_strlcat(words, ", ", size);
        g_strlcat(words, set->values[i].name, size);
    }
    if (count > NAMES_MAX) {
        snprintf(more, sizeof(more), " and %u more", count - NAMES_MAX);
        g_strlcat(words, more, size);
    }
    return words;
}

/* The service of which to speak where a message needs one of several: the lowest bit. */
static const char *service_words(uint32_t services, char *words, size_t size)
{
    return bit_words(CTI_F_ServicesRequested, services & -services, words, size);
}

/* True the first time that it is asked about a message type. */
static bool is_first_report(cti_session *session, uint32_t message_type)
{
    uint32_t *types = &session->rules.reported_types[message_type / 32];
    const uint32_t bit = (uint32_t)1 << message_type % 32;
    const bool first = !(*types & bit);

    *types |= bit;
    return first;
}

/* ---- services ---- */

static void services_asked(cti_session *session, cti_rule rule, const cti_event *event)
{
    if (session->summary.services_requested & SERVICE(ACTIVE_STANDBY) &&
        cti_session_is_before_standby(session) && event->frame == session->summary.open_frame)
        cti_session_report(session, rule, CTI_WARNING, event->time, &event->frame, 1,
                           "Check the version that the client asks for.",
                           "OPEN_REQ asks for CTI_SERVICE_ACTIVE_STANDBY with version %u.",
                           session->context.version);
}

static void services_granted(cti_session *session, cti_rule rule, const cti_event *event)
{
    const uint32_t frames[] = {session->summary.open_frame, event->frame};
    const uint32_t named = cti_field_get(CTI_F_ServicesRequested)->values->all_bits;
    const uint32_t asked = session->summary.services_requested;
    const uint32_t granted = session->summary.services_granted;
    uint32_t refused = asked & ~granted & named;
    uint32_t unasked = granted & ~asked & named;
    char words[128];

    if (refused & SERVICE(CLIENT_CONTROL) && granted & AGENT_STATE_ONLY) {
        refused &= ~SERVICE(CLIENT_CONTROL);
        unasked &= ~AGENT_STATE_ONLY;
        cti_session_report(session, rule, CTI_NOTE, event->time, frames, 2,
                           "Check the client's rights if it should control calls.",
                           "The client asked for CTI_SERVICE_CLIENT_CONTROL and was granted "
                           "CTI_AGENT_STATE_CONTROL_ONLY.");
    }
    if (refused != 0)
        cti_session_report(session, rule, CTI_WARNING, event->time, frames, 2,
                           "Check the client's rights on the server.",
                           "The server did not grant %s.",
                           bit_words(CTI_F_ServicesRequested, refused, words, sizeof(words)));
    if (unasked != 0)
        cti_session_report(session, rule, CTI_NOTE, event->time, frames, 2, NULL,
                           "The server granted %s, which the client did not ask for.",
                           bit_words(CTI_F_ServicesRequested, unasked, words, sizeof(words)));
}

/* A request of an open session, whose services are known, against the service that it needs. */
static void request_needs(cti_session *session, cti_rule rule, const cti_event *event)
{
    const cti_session_summary *summary = &session->summary;
    const uint32_t frames[] = {summary->open_answer_frame, event->frame};
    const uint32_t needed = cti_need_of(event->reader->message_type)->services;
    const uint32_t granted = summary->services_granted;
    char words[64];

    if (needed == 0 || needed & granted || !summary->has_services_granted ||
        event->before != CTI_STATE_OPEN ||
        summary->session_type == CTI_V_SessionType_Standby || /* rule standby */
        !is_first_report(session, event->reader->message_type))
        return;
    service_words(needed, words, sizeof(words));
    if (needed & SERVICE(CLIENT_CONTROL) && granted & AGENT_STATE_ONLY)
        cti_session_report(session, rule, CTI_WARNING, event->time, frames, 2,
                           "Check the services that the client asks for, and its rights.",
                           "The client sent %s although it was granted "
                           "CTI_AGENT_STATE_CONTROL_ONLY.",
                           cti_message_words(event->reader->message));
    else if (summary->has_services_requested && !(needed & summary->services_requested))
        cti_session_report(session, rule, CTI_WARNING, event->time, frames, 2,
                           "Check the services that the client asks for.",
                           "The client sent %s, but did not ask for %s.",
                           cti_message_words(event->reader->message), words);
    else
        cti_session_report(session, rule, CTI_WARNING, event->time, frames, 2,
                           "Check the client's rights on the server.",
                           "The client sent %s, but was not granted %s.",
                           cti_message_words(event->reader->message), words);
}

void cti_rule_services(cti_session *session, cti_rule rule, const cti_event *event)
{
    if (cti_event_is(event, CTI_OPEN_REQ))
        services_asked(session, rule, event);
    else if (cti_event_is(event, CTI_OPEN_CONF) && session->summary.has_services_requested &&
             session->summary.has_services_granted)
        services_granted(session, rule, event);
    else if (event->sender == CTI_CLIENT)
        request_needs(session, rule, event);
}

/* ---- subscription ---- */

static void empty_masks(cti_session *session, cti_rule rule, const cti_event *event)
{
    const cti_subscription *asked = &session->summary.subscription;
    const uint32_t all = SERVICE(ALL_EVENTS);
    const uint32_t services =
        session->summary.services_requested & (all | SERVICE(CLIENT_EVENTS));

    if (services == 0 || !asked->has_call_msg_mask || !asked->has_agent_state_mask ||
        asked->call_msg_mask != 0 || asked->agent_state_mask != 0 ||
        event->frame != session->summary.open_frame)
        return;
    cti_session_report(session, rule, CTI_WARNING, event->time, &event->frame, 1,
                       "Check whether the client wants call or agent events.",
                       "OPEN_REQ asks for %s, but CallMsgMask and AgentStateMask are 0: it asks for "
                       "no call or agent event.",
                       services & all ? "CTI_SERVICE_ALL_EVENTS" : "CTI_SERVICE_CLIENT_EVENTS");
}

/* True if it is known what events the session asked for, and that it never asked for others. */
static bool is_subscription_known(const cti_session *session, const cti_event *event)
{
    return event->before == CTI_STATE_OPEN && session->summary.open_frame != 0 &&
           !session->rules.incomplete[0] && !session->summary.subscription.changed;
}

static void report_event(cti_session *session, cti_rule rule, const cti_event *event,
                         const char *mask_name, uint32_t mask)
{
    if (!is_first_report(session, event->reader->message_type))
        return;
    cti_session_report(session, rule, CTI_NOTE, event->time,
                       (const uint32_t[]){session->summary.open_frame, event->frame}, 2, NULL,
                       "%s arrived although %s of OPEN_REQ does not ask for it (0x%x).",
                       cti_message_words(event->reader->message), mask_name, mask);
}

static void agent_state(cti_session *session, cti_rule rule, const cti_event *event)
{
    /* The sister product, whose versions end here, has other states in these bits. */
    enum { OTHER_STATES_UNTIL = 18 };
    const uint32_t other_states = (uint32_t)CTI_V_AgentStateMasks_AGENT_WORK_READY_MASK |
                                  (uint32_t)CTI_V_AgentStateMasks_AGENT_BUSY_OTHER_MASK;
    const uint32_t mask = session->summary.subscription.agent_state_mask;
    const uint32_t all = cti_field_get(CTI_F_AgentStateMask)->values->all_bits;
    const cti_value *value;
    uint32_t state, bit;

    if (!session->summary.subscription.has_agent_state_mask || (mask & all) == all ||
        !cti_reader_find_number(event->reader, CTI_F_AgentState, &state))
        return;
    bit = cti_agent_state_bit(state);
    if (bit == 0 || bit & mask || session->rules.reported_states & bit ||
        (bit & other_states && session->context.version <= OTHER_STATES_UNTIL))
        return;
    session->rules.reported_states |= bit;
    value = cti_value_find(cti_field_get(CTI_F_AgentState)->values, state);
    cti_session_report(session, rule, CTI_NOTE, event->time,
                       (const uint32_t[]){session->summary.open_frame, event->frame}, 2, NULL,
                       "AGENT_STATE_EVENT arrived with %s although AgentStateMask of OPEN_REQ does "
                       "not ask for it (0x%x).",
                       value->name, mask);
}

static void service_event(cti_session *session, cti_rule rule, const cti_event *event,
                          uint32_t services)
{
    char words[64];

    if (!session->summary.has_services_granted || session->summary.services_granted & services ||
        !is_first_report(session, event->reader->message_type))
        return;
    cti_session_report(session, rule, CTI_NOTE, event->time,
                       (const uint32_t[]){session->summary.open_answer_frame, event->frame}, 2,
                       NULL, "%s arrived although the session does not have %s.",
                       cti_message_words(event->reader->message),
                       service_words(services, words, sizeof(words)));
}

/* Configuration comes for other reasons too: the client asked for it, or for updates. */
static bool is_configuration_expected(const cti_session *session)
{
    const uint32_t services = session->summary.services_requested |
                              session->summary.services_granted;

    return session->rules.configuration_requested ||
           services & (SERVICE(CONFIG_EVENTS) | SERVICE(UPDATE_EVENTS));
}

/* Most events are asked for: that comes first. */
static void unsolicited_event(cti_session *session, cti_rule rule, const cti_event *event)
{
    const cti_subscription *asked = &session->summary.subscription;
    const cti_need *need = cti_need_of(event->reader->message_type);

    switch (need->gate) {
    case CTI_GATE_CALL_MSG_MASK:
        if (!(asked->call_msg_mask & need->bits) && asked->has_call_msg_mask &&
            is_subscription_known(session, event))
            report_event(session, rule, event, "CallMsgMask", asked->call_msg_mask);
        break;
    case CTI_GATE_CONFIG_MSG_MASK:
        if (!(asked->config_msg_mask & need->bits) && asked->has_config_msg_mask &&
            is_subscription_known(session, event) && !is_configuration_expected(session))
            report_event(session, rule, event, "ConfigMsgMask", asked->config_msg_mask);
        break;
    case CTI_GATE_AGENT_STATE_MASK:
        if (is_subscription_known(session, event))
            agent_state(session, rule, event);
        break;
    case CTI_GATE_SERVICE:
        if (is_subscription_known(session, event))
            service_event(session, rule, event, need->bits);
        break;
    case CTI_GATE_NONE: break;
    }
}

void cti_rule_subscription(cti_session *session, cti_rule rule, const cti_event *event)
{
    if (event->sender == CTI_SERVER)
        unsolicited_event(session, rule, event);
    else if (cti_event_is(event, CTI_OPEN_REQ))
        empty_masks(session, rule, event);
}

/* ---- peripherals ---- */

/* "5001, 5002 and 3 more": the peripherals of OPEN_CONF that had no SYSTEM_EVENT. */
static void peripheral_words(const cti_opening *opening, char *words, size_t size)
{
    const uint32_t named = MIN(opening->peripheral_count, 4);
    char more[32];

    g_strlcpy(words, "", size);
    for (uint32_t i = 0; i < named; i++) {
        snprintf(more, sizeof(more), "%s%u", i > 0 ? ", " : "", opening->peripherals[i]);
        g_strlcat(words, more, size);
    }
    if (opening->peripheral_count > named) {
        snprintf(more, sizeof(more), " and %u more", opening->peripheral_count - named);
        g_strlcat(words, more, size);
    }
}

void cti_rule_all_events(cti_session *session, cti_rule rule, const cti_event *event)
{
    const uint32_t frames[] = {session->summary.open_answer_frame};
    const cti_opening *opening = &session->rules.opening;
    const int64_t since = MAX(session->summary.open_answer_time, session->rules.config_time);
    char words[96];

    if (!opening->system_events_due || !session->summary.opened || session->rules.incomplete[1] ||
        cti_elapsed(since, event->time) <= CTI_TIME(OPEN_USUAL))
        return;
    if (session->rules.system_events == 0) {
        cti_session_report(session, rule, CTI_NOTE, event->time, frames, 1,
                           "Check the peripherals of the peripheral gateway.",
                           "No SYSTEM_EVENT arrived after OPEN_CONF.");
        return;
    }
    if (opening->peripheral_count == 0)
        return;
    peripheral_words(opening, words, sizeof(words));
    cti_session_report(session, rule, CTI_NOTE, event->time, frames, 1,
                       "Check that peripheral on the peripheral gateway.",
                       "No SYSTEM_EVENT arrived for peripheral %s, which OPEN_CONF lists.", words);
}
