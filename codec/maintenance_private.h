/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files that judge graceful shutdowns over all sessions; nobody else includes this.
 *
 *     maintenance.c           takes in sessions, and which votes belong to one maintenance
 *     maintenance_sides.c     which servers are two sides of a pair, and when each was active
 *     maintenance_findings.c  what to report of a maintenance */
#ifndef CTI_MAINTENANCE_PRIVATE_H
#define CTI_MAINTENANCE_PRIVATE_H

#include <string.h>

#include "maintenance.h"

/* The sessions of one client: those with its address and ClientID. */
typedef struct cti_shutdown_client {
    /* The only server of each side, [0] A, [1] B, that it has sessions with; NULL if it has none,
     * or (several) more than one. */
    const cti_endpoint *servers[2];
    bool several;
} cti_shutdown_client;

/* A session, as far as it bears on shutdowns. */
typedef struct cti_shutdown_session {
    uint32_t number;
    cti_side side;
    cti_endpoint client, server;
    const char *id;
    cti_shutdown_client *of;
    bool takes_part;       /* it requested CTI_SERVICE_ACTIVE_STANDBY, and was granted it */
    bool incomplete[2];    /* something of the client, of the server, was not captured */
    uint32_t opened_type;  /* SessionType of OPEN_CONF, or 0 */
    int64_t opened, ended; /* OPEN_CONF, or CTI_NO_TIME; TCP's end, or the last message */
    int64_t closing;       /* CLOSE_REQ, or ended */
    int64_t became_active; /* STANDBY_ACTIVE_EVENT, or CTI_NO_TIME */
    int64_t heard;         /* last message of the server */
    int64_t inactive;      /* the server said that it is not active from then on; or INT64_MAX */
    uint32_t opened_frame, became_active_frame, ended_frame;
    bool ended_by_tcp;
    cti_sender ended_by;
    uint32_t in; /* the last maintenance that it is in, from 1 on */
} cti_shutdown_session;

struct cti_maintenances {
    GArray *sessions;      /* of cti_shutdown_session; sorted by server and time at the end */
    GArray *shutdowns;     /* of the pieces of maintenance.c */
    GHashTable *by_number; /* number -> cti_shutdown_session */
    GHashTable *clients;   /* address and ClientID -> cti_shutdown_client */
    GStringChunk *words;   /* each ID once */
    GArray *maintenances;  /* of cti_maintenance */
    GPtrArray *votes;      /* of GArray of cti_maintenance_client, one a maintenance */
    GArray *findings;      /* of cti_finding */
    uint64_t left_out;
};

static inline bool cti_same_server(const cti_endpoint *a, const cti_endpoint *b)
{
    return a->port == b->port && memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

/* The sessions with a server, of the sorted ones; returns how many. */
guint cti_shutdown_sessions_of(const cti_maintenances *all, const cti_endpoint *server,
                               const cti_shutdown_session **first);

/* Which servers are the sides of one pair: to be called once all sessions are known. */
void cti_shutdown_find_pairs(cti_maintenances *all);

/* The other server of the client's pair, or NULL. */
const cti_endpoint *cti_shutdown_other_side(const cti_shutdown_session *session);

/* Fills in what the capture shows of the other side. */
void cti_shutdown_find_other(const cti_maintenances *all, cti_maintenance *maintenance);

/* Adds the findings of a maintenance; of rule "active-side". */
void cti_maintenance_findings(cti_maintenances *all, const cti_maintenance *maintenance);
void cti_active_side_findings(cti_maintenances *all);

#endif
