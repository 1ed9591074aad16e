/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who holds an agent's phone: a server gives the events of a phone (CTI_SERVICE_CLIENT_EVENTS) to
 * one client at a time.  Another client's OPEN_REQ for that phone is refused with
 * E_CTI_DEVICE_IN_USE; one of the same client replaces its older session (GED-188, "OPEN_CONF
 * Message").
 *
 * The engine reports the few messages that matter, while sessions live; what they show is kept in
 * the sessions (cti_rule_state), where rules and verdict find it.
 *
 * Memory: one cti_phone for each live session that asked for CTI_SERVICE_CLIENT_EVENTS. */
#ifndef CTI_CLIENTS_PHONES_H
#define CTI_CLIENTS_PHONES_H

#include "segment.h"
#include "session_private.h"

typedef struct cti_phones cti_phones;
/* The phone of a session. */
typedef struct cti_phone cti_phone;

/* The result is the caller's, to be freed with cti_phones_free() after all its phones. */
cti_phones *cti_phones_new(void);
void cti_phones_free(cti_phones *phones);

/* The session took in OPEN_REQ; number is the caller's for it.  NULL where it is for no phone;
 * else the caller's, to be freed with cti_phone_free() before the session. */
cti_phone *cti_phones_ask(cti_phones *phones, cti_session *session, uint32_t number,
                          const cti_endpoint *server, const cti_reader *open_req);

/* OPEN_REQ is refused at this time: notes in the session who holds its phone. */
void cti_phone_find_holder(cti_phone *phone, int64_t time);

/* The session took in OPEN_CONF, or FAILURE_CONF to its OPEN_REQ. */
void cti_phone_opened(cti_phone *phone, const cti_reader *open_conf);
void cti_phone_refused(cti_phone *phone);

/* The open session took in AGENT_STATE_EVENT, which may name the agent's phone. */
void cti_phone_learn(cti_phone *phone, const cti_reader *event);

/* NULL is allowed. */
void cti_phone_free(cti_phone *phone);

#endif
