/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files that judge clients across sessions; nobody else includes this.
 *
 *     clients.c           takes in sessions and attempts, and reports at the end
 *     clients_group.c     which legs belong to which client
 *     clients_outages.c   the times a client had no session
 *     clients_refusals.c  OPEN_REQ that were refused repeatedly
 *     clients_sides.c     whether it tried both sides in turn
 *     clients_answers.c   answers from another address
 *     clients_storm.c     bursts of OPEN_REQ
 *     clients_phones.c    who holds an agent's phone, while sessions live (clients_phones.h) */
#ifndef CTI_CLIENTS_PRIVATE_H
#define CTI_CLIENTS_PRIVATE_H

#include <string.h>

#include "clients.h"

/* Characters of a finding's text. */
#define CTI_SENTENCE_MAX 160

/* A client while its legs are gathered. */
typedef struct cti_member {
    GPtrArray *legs;     /* of cti_leg, in the order of time */
    GPtrArray *nameless; /* those without an ID, while the others are put in order */
    cti_client client;
    cti_client_outage *outages;
    cti_refusals *refusals;
} cti_member;

/* An ID at an address. */
char *cti_client_key(const char *id, const char *signature, const cti_endpoint *client);

/* The clients of the legs (of cti_leg, in the order of time), in the order of their first
 * legs; the array frees them. */
GPtrArray *cti_clients_group(const GPtrArray *legs);

/* Until when an opened leg's client had a session for sure. */
static inline int64_t cti_leg_reach(const cti_leg *leg)
{
    if (leg->lost)
        return leg->lost_at;
    return leg->end == CTI_END_CAPTURE_ENDED ? INT64_MAX : leg->ended;
}

/* Fills in the client's outages; seen: the sides that the capture shows anything of. */
void cti_clients_find_outages(cti_member *member, int64_t end, const bool seen[3]);

/* The finding of an outage; false if there is none to report. */
bool cti_clients_outage_finding(const cti_client_outage *outage, cti_finding *finding);

/* Fills in the client's refusals. */
void cti_clients_find_refusals(cti_member *member);
void cti_refusals_finding(const cti_refusals *refusals, cti_finding *finding);

/* Adds the findings of rule "sides"; seen: the sides that the capture shows anything of. */
void cti_sides_findings(const cti_client *client, const bool seen[3], GArray *findings);

/* Adds the finding of rule "other-address", if the client met one. */
void cti_other_address_finding(const cti_client *client, GArray *findings);

/* The storms among the legs. */
GArray *cti_clients_find_storms(const GPtrArray *legs);
void cti_storm_finding(const cti_storm *storm, cti_finding *finding);

static inline bool cti_same_address(const cti_endpoint *a, const cti_endpoint *b)
{
    return memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

static inline bool cti_same_endpoint(const cti_endpoint *a, const cti_endpoint *b)
{
    return a->port == b->port && cti_same_address(a, b);
}

#endif
