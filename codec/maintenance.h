/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The graceful shutdown of a server (version 24 and later) over all of its sessions: whom it asked,
 * how each client voted, what it decided, and when the other side became active.  What one session
 * shows of it is cti_shutdown of session.h.
 *
 *     all = cti_maintenances_new();
 *     cti_maintenances_shutdown(all, &shutdown, session);    for each that a session shows
 *     cti_maintenances_session(all, session, ...);           for each session that has ended
 *     cti_maintenances_finish(all, &events, user);           once, at the end
 *     cti_maintenances_free(all);
 *
 * Two servers are the sides of one pair where a client has sessions with both, and with no other
 * server of either side.
 *
 * Memory: CTI_MAINTENANCE_SESSIONS_MAX sessions of some 300 bytes, as many votes, and
 * CTI_MAINTENANCES_MAX maintenances; what is more is counted. */
#ifndef CTI_MAINTENANCE_H
#define CTI_MAINTENANCE_H

#include "segment.h"
#include "session.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CTI_MAINTENANCE_SESSIONS_MAX 65536u
#define CTI_MAINTENANCES_MAX         100u

typedef enum {
    CTI_VOTE_ACCEPTED,
    CTI_VOTE_REFUSED,
    CTI_VOTE_NONE,      /* no ACTIVE_MAINTENANCE_RESP, and the capture would have it */
    CTI_VOTE_UNKNOWN,   /* it may not have been captured, or its value was cut */
    CTI_VOTE_NOT_ASKED, /* no ACTIVE_MAINTENANCE_REQ, although it was due and would be seen */
    CTI_VOTES
} cti_vote;

/* "accepted", "refused", "none", "unknown", "not-asked". */
const char *cti_vote_name(cti_vote vote);

typedef enum {
    CTI_MAINTENANCE_UNDECIDED, /* no ACTIVE_MAINTENANCE_EVENT was captured */
    CTI_MAINTENANCE_CONTINUED,
    CTI_MAINTENANCE_CANCELLED,
    CTI_MAINTENANCE_DIFFERS, /* not the same for all clients */
} cti_maintenance_outcome;

/* "continued", "cancelled", "differs", or NULL for CTI_MAINTENANCE_UNDECIDED. */
const char *cti_maintenance_outcome_name(cti_maintenance_outcome outcome);

/* A client in it. */
typedef struct cti_maintenance_client {
    uint32_t session;
    const char *id; /* ClientID as sent, "" where not seen */
    cti_endpoint client;
    cti_vote vote;
    bool late;             /* the vote came after the time it has */
    cti_shutdown shutdown; /* frames and times; all 0 for CTI_VOTE_NOT_ASKED */
    int64_t ended;         /* TCP's end, or CTI_NO_TIME where it was not captured */
    uint32_t ended_frame;
    cti_sender ended_by;
} cti_maintenance_client;

typedef struct cti_maintenance {
    cti_endpoint server;
    cti_side side;
    int64_t asked;        /* the first ACTIVE_MAINTENANCE_REQ; if none was seen, as decided */
    uint32_t asked_frame; /* 0 = none was seen */
    int64_t decided;      /* the first ACTIVE_MAINTENANCE_EVENT, or CTI_NO_TIME */
    cti_maintenance_outcome outcome;
    uint32_t votes[CTI_VOTES];
    const cti_maintenance_client *clients; /* in the order in which they were asked */
    uint32_t client_count;

    bool has_other; /* the capture shows which server is the other side: */
    cti_endpoint other;
    cti_side other_side;
    int64_t active; /* when the other side was first seen to be active; CTI_NO_TIME if never */
    uint32_t active_frame, active_session;
    /* The server in maintenance had ended its connections, and no side was active: CTI_NO_TIME if
     * there was no such time.  It lasted until the other side became active, or, if that never
     * came, at least to the end of the session that waited for it. */
    int64_t none_from, none_until;
    uint32_t none_from_frame, waiting_session;
} cti_maintenance;

/* What to call at the end; any may be NULL.  Maintenances live until cti_maintenances_free(),
 * findings for the time of the call. */
typedef struct cti_maintenance_events {
    void (*maintenance)(void *user, const cti_maintenance *maintenance);
    void (*finding)(void *user, const cti_finding *finding);
} cti_maintenance_events;

typedef struct cti_maintenances cti_maintenances;

/* The result is the caller's, to be freed with cti_maintenances_free(). */
cti_maintenances *cti_maintenances_new(void);
/* Frees it with all that it reported; NULL is allowed. */
void cti_maintenances_free(cti_maintenances *all);

/* Takes in what a session shows of a maintenance; session is its number.  It is copied. */
void cti_maintenances_shutdown(cti_maintenances *all, const cti_shutdown *shutdown,
                               uint32_t session);

/* Takes in a session that cti_session_finish() has ended; number: the caller's for it, from 1 on.
 * What matters is copied. */
void cti_maintenances_session(cti_maintenances *all, const cti_session *session, uint32_t number,
                              cti_side side, const cti_endpoint *client,
                              const cti_endpoint *server);

/* Judges all of it, once.  events may not be NULL, and is not kept.  First the maintenances in the
 * order of time, then the findings. */
void cti_maintenances_finish(cti_maintenances *all, const cti_maintenance_events *events,
                             void *user);

/* Sessions, votes and maintenances that were not taken in because of the limits. */
uint64_t cti_maintenances_left_out(const cti_maintenances *all);

#ifdef __cplusplus
}
#endif

#endif
