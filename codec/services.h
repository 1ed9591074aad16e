/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Services and masks of OPEN_REQ: which of them a request needs, which of them let an event through
 * (services.def), and what a client subscribed to, in words. */
#ifndef CTI_SERVICES_H
#define CTI_SERVICES_H

#include <glib.h>

#include "table.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What lets an event through. */
typedef enum {
    CTI_GATE_NONE, /* not an event, or GED-188 does not say */
    CTI_GATE_CALL_MSG_MASK,
    CTI_GATE_AGENT_STATE_MASK, /* the bit depends on the event's AgentState */
    CTI_GATE_CONFIG_MSG_MASK,
    CTI_GATE_SERVICE,
} cti_gate;

/* What is known about the need of a message type; all 0 where nothing is. */
typedef struct cti_need {
    uint32_t services; /* of a request: it needs one of them */
    bool third_party;  /* of a request: not confirmed with CTI_SERVICE_IGNORE_CONF */
    cti_gate gate;     /* of an event, */
    uint32_t bits;     /* and the bits of the mask, or the services, that let it through */
} cti_need;

extern const cti_need cti_needs[CTI_MESSAGE_NEWEST + 1];

/* Any number is allowed; never NULL. */
static inline const cti_need *cti_need_of(uint32_t message_type)
{
    return &cti_needs[message_type <= CTI_MESSAGE_NEWEST ? message_type : 0];
}

/* The bit of AgentStateMask for an AgentState, 0 where there is none. */
uint32_t cti_agent_state_bit(uint32_t agent_state);

/* What OPEN_REQ asked for; a value that was not captured is 0 and not known. */
typedef struct cti_subscription {
    bool has_call_msg_mask, has_agent_state_mask, has_config_msg_mask, has_peripheral_id;
    uint32_t call_msg_mask, agent_state_mask, config_msg_mask;
    uint32_t peripheral_id;
    bool changed; /* the client asked for other events later, with requests for monitors */
} cti_subscription;

#define CTI_NO_PERIPHERAL_ID 0xFFFFFFFFu

/* True if OPEN_REQ named a peripheral: 0, which the sister product asks for, names none. */
static inline bool cti_subscription_has_peripheral(const cti_subscription *subscription)
{
    return subscription->has_peripheral_id && subscription->peripheral_id != 0 &&
           subscription->peripheral_id != CTI_NO_PERIPHERAL_ID;
}

/* Calls take() for each source of events that the services name: "all phones",
 * "the agent's phone", "other sessions". */
void cti_event_sources(uint32_t services, void (*take)(void *user, const char *source),
                       void *user);

typedef enum { CTI_CALL_EVENTS, CTI_AGENT_STATES, CTI_CONFIG_EVENTS } cti_event_kinds;

/* Appends whose events a session with these services gets: "all phones, other sessions",
 * "the agent's phone on peripheral 5000", "no phone". */
void cti_subscription_sources(GString *to, const cti_subscription *subscription,
                              uint32_t services);

/* Appends the events of one kind that OPEN_REQ asked for, by their names in GED-188: "all", "none",
 * "HOLD, TALKING", "all but PAUSED", "not known".  Of more than most_names names, "and 3 more". */
void cti_subscription_kinds(GString *to, const cti_subscription *subscription,
                            cti_event_kinds kinds, uint32_t most_names);

#ifdef __cplusplus
}
#endif

#endif
