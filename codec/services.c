/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Needs of messages and subscriptions of clients (see services.h). */
#include "services.h"

#include <string.h>

#define SERVICE(name) (uint32_t)CTI_V_CTIServiceMasks_CTI_SERVICE_##name
#define AGENT_STATE_ONLY (uint32_t)CTI_V_CTIServiceMasks_CTI_AGENT_STATE_CONTROL_ONLY
#define TASK_EVENTS (SERVICE(ALL_TASK_EVENTS) | SERVICE(TASK_MONITOR) | SERVICE(AGENT_REPORTING))
#define CONFIG(name) (uint32_t)CTI_V_ConfigInformationMasks_CONFIG_MSG_##name##_MASK

const cti_need cti_needs[CTI_MESSAGE_NEWEST + 1] = {
    [CTI_AGENT_STATE_EVENT] = {.gate = CTI_GATE_AGENT_STATE_MASK},
#define NEEDS(message, needed) [CTI_##message] = {.services = (needed)},
#define CONTROLS(message, needed) [CTI_##message] = {.services = (needed), .third_party = true},
#define CALL_EVENT(message, bit)                      \
    [CTI_##message] = {.gate = CTI_GATE_CALL_MSG_MASK, \
                       .bits = (uint32_t)CTI_V_CallEventMessageMasks_##bit##_MASK},
#define CONFIG_EVENT(message, any) \
    [CTI_##message] = {.gate = CTI_GATE_CONFIG_MSG_MASK, .bits = (any)},
#define SERVICE_EVENT(message, any) [CTI_##message] = {.gate = CTI_GATE_SERVICE, .bits = (any)},
#define AGENT_STATE(state, bit)
#include "services.def"
#undef NEEDS
#undef CONTROLS
#undef CALL_EVENT
#undef CONFIG_EVENT
#undef SERVICE_EVENT
#undef AGENT_STATE
};

static const uint32_t agent_state_bits[] = {
#define NEEDS(message, needed)
#define CONTROLS(message, needed)
#define CALL_EVENT(message, bit)
#define CONFIG_EVENT(message, any)
#define SERVICE_EVENT(message, any)
#define AGENT_STATE(state, bit) \
    [CTI_V_AgentState_AGENT_STATE_##state] = CTI_V_AgentStateMasks_AGENT_##bit##_MASK,
#include "services.def"
};

uint32_t cti_agent_state_bit(uint32_t agent_state)
{
    return agent_state < G_N_ELEMENTS(agent_state_bits) ? agent_state_bits[agent_state] : 0;
}

/* ---- subscriptions in words ---- */

void cti_event_sources(uint32_t services, void (*take)(void *user, const char *source), void *user)
{
    static const struct {
        uint32_t service;
        const char *source;
    } sources[] = {
        {SERVICE(ALL_EVENTS), "all phones"},
        {SERVICE(CLIENT_EVENTS), "the agent's phone"},
        {SERVICE(PERIPHERAL_MONITOR), "monitored devices and calls"},
        {SERVICE(CLIENT_MONITOR), "other sessions"},
        {SERVICE(ALL_TASK_EVENTS), "all tasks"},
        {SERVICE(TASK_MONITOR), "monitored tasks"},
    };

    if (services & SERVICE(ALL_EVENTS))
        services &= ~SERVICE(CLIENT_EVENTS);
    if (services & SERVICE(ALL_TASK_EVENTS))
        services &= ~SERVICE(TASK_MONITOR);
    for (size_t i = 0; i < G_N_ELEMENTS(sources); i++)
        if (services & sources[i].service)
            take(user, sources[i].source);
}

static void append_source(void *user, const char *source)
{
    GString *to = user;

    if (to->len > 0)
        g_string_append(to, ", ");
    g_string_append(to, source);
}

void cti_subscription_sources(GString *to, const cti_subscription *subscription, uint32_t services)
{
    GString *sources = g_string_new(NULL);

    cti_event_sources(services, append_source, sources);
    g_string_append(to, sources->len > 0 ? sources->str : "no phone");
    if (cti_subscription_has_peripheral(subscription) && services & SERVICE(CLIENT_EVENTS))
        g_string_append_printf(to, " on peripheral %u", subscription->peripheral_id);
    g_string_free(sources, TRUE);
}

/* "CALL_HELD" of CALL_HELD_MASK, "HOLD" of AGENT_HOLD_MASK. */
static void append_bit(GString *to, const char *name, const char *prefix)
{
    const char *from = g_str_has_prefix(name, prefix) ? name + strlen(prefix) : name;
    const size_t length = strlen(from) - (g_str_has_suffix(name, "_MASK") ? strlen("_MASK") : 0);

    g_string_append_len(to, from, (gssize)length);
}

static uint32_t count_bits(uint32_t bits)
{
    return (uint32_t)__builtin_popcount(bits);
}

static void append_bits(GString *to, const cti_value_set *set, uint32_t bits, const char *prefix,
                        uint32_t most_names)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < set->count; i++) {
        if (!(bits & set->values[i].number) || count++ >= most_names)
            continue;
        if (count > 1)
            g_string_append(to, ", ");
        append_bit(to, set->values[i].name, prefix);
    }
    if (count > most_names)
        g_string_append_printf(to, " and %u more", count - most_names);
}

/* The bits of a mask, or those that are not in it where these are fewer. */
static void append_mask(GString *to, const cti_value_set *set, uint32_t mask, uint32_t all,
                        const char *prefix, uint32_t most_names)
{
    const uint32_t found = mask & all, left_out = all & ~mask;

    if (found == 0) {
        g_string_append(to, "none");
    } else if (left_out == 0) {
        g_string_append(to, "all");
    } else if (count_bits(left_out) < count_bits(found)) {
        g_string_append(to, "all but ");
        append_bits(to, set, left_out, prefix, most_names);
    } else {
        append_bits(to, set, found, prefix, most_names);
    }
}

/* One of the two bits whose meaning is in doubt (services.def) stands for one of two things. */
static void append_config(GString *to, const cti_value_set *set, uint32_t mask,
                          uint32_t most_names)
{
    const uint32_t doubtful = CONFIG(SERVICE) | CONFIG(AGENT);
    const uint32_t rest = mask & ~doubtful & set->all_bits;

    if ((mask & doubtful) == 0 || (mask & doubtful) == doubtful) {
        append_mask(to, set, mask, set->all_bits, "CONFIG_MSG_", most_names);
        return;
    }
    g_string_append(to, "SERVICE or AGENT");
    if (rest != 0)
        g_string_append(to, ", ");
    append_bits(to, set, rest, "CONFIG_MSG_", most_names);
}

void cti_subscription_kinds(GString *to, const cti_subscription *subscription,
                            cti_event_kinds kinds, uint32_t most_names)
{
    const uint32_t reserved = CTI_V_CallEventMessageMasks_CALL_TERMINATION_MASK;
    const bool known = kinds == CTI_CALL_EVENTS    ? subscription->has_call_msg_mask
                       : kinds == CTI_AGENT_STATES ? subscription->has_agent_state_mask
                                                   : subscription->has_config_msg_mask;
    const cti_value_set *set;

    if (!known) {
        g_string_append(to, "not known");
        return;
    }
    switch (kinds) {
    case CTI_CALL_EVENTS:
        set = cti_field_get(CTI_F_CallMsgMask)->values;
        append_mask(to, set, subscription->call_msg_mask, set->all_bits & ~reserved, "",
                    most_names);
        break;
    case CTI_AGENT_STATES:
        set = cti_field_get(CTI_F_AgentStateMask)->values;
        append_mask(to, set, subscription->agent_state_mask, set->all_bits, "AGENT_", most_names);
        break;
    case CTI_CONFIG_EVENTS:
        set = cti_field_get(CTI_F_ConfigMsgMask)->values;
        append_config(to, set, subscription->config_msg_mask, most_names);
        break;
    }
}
