/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Outages of components and peripherals over all sessions: what the sessions of one server report
 * at the same time is one period (see cti_outage in session.h for what one session shows).
 *
 *     outages = cti_outages_new();
 *     cti_outages_add(outages, &outage, session, side, &server);   for each that a session shows
 *     cti_outages_finish(outages, told, user);                      once, at the end
 *     cti_outages_free(outages);
 *
 * Memory: CTI_OUTAGES_MAX outages of some 120 bytes; what is more is counted. */
#ifndef CTI_OUTAGES_H
#define CTI_OUTAGES_H

#include "segment.h"
#include "session.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CTI_OUTAGES_MAX 65536u
/* Sessions of a period that are named. */
#define CTI_OUTAGE_SESSIONS_MAX 8

/* A time that it was down, as all sessions of the server together show it. */
typedef struct cti_outage_period {
    cti_outage outage;
    uint32_t session_count; /* that reported it; the first ones are: */
    uint32_t sessions[CTI_OUTAGE_SESSIONS_MAX];
} cti_outage_period;

/* A component or a peripheral of a server. */
typedef struct cti_outage_history {
    cti_endpoint server;
    cti_side side;
    uint32_t component;               /* bit of PGStatus; 0 = a peripheral */
    uint32_t peripheral;              /* its ID, or CTI_SOME_PERIPHERAL */
    const cti_outage_period *periods; /* in the order of time */
    uint32_t period_count;
    int64_t down_time; /* of the periods whose end was reported */
} cti_outage_history;

typedef struct cti_outages cti_outages;

/* The result is the caller's, to be freed with cti_outages_free(). */
cti_outages *cti_outages_new(void);
/* Frees it with all histories; NULL is allowed. */
void cti_outages_free(cti_outages *outages);

/* Takes in an outage that a session shows; all of it is copied. */
void cti_outages_add(cti_outages *outages, const cti_outage *outage, uint32_t session,
                     cti_side side, const cti_endpoint *server);

/* Calls history for each component and peripheral of each server, in the order of their first
 * outages.  They live until cti_outages_free(). */
void cti_outages_finish(cti_outages *outages,
                        void (*history)(void *user, const cti_outage_history *history), void *user);

/* Outages that were not taken in because of the limit. */
uint64_t cti_outages_left_out(const cti_outages *outages);

/* "PGS_CC_DOWN", "peripheral 5000", "a peripheral", in the caller's buffer. */
const char *cti_outage_words(uint32_t component, uint32_t peripheral, char *words, size_t size);

#ifdef __cplusplus
}
#endif

#endif
