/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What only several sessions together show: the connection history of each client over sides A and
 * B with its outages, refusals that repeat, and storms of OPEN_REQ.  Rules "sides", "failover",
 * "open-retries" and "open-storm" of GED-188's chapter "Session Management".
 *
 * Fed with each session at its end and with each connection that failed before a session; all
 * is judged at the end of the capture, when it is known who came back and where:
 *
 *     clients = cti_clients_new();
 *     cti_clients_session(...), cti_clients_attempt(...) in any order
 *     cti_clients_finish(clients, end_time, &events, user);
 *     cti_clients_free(clients);
 *
 * Who is who: sessions with the same ClientID and ClientSignature belong to one client, unless
 * sessions with them are seen at two addresses at once: then each address is a client of its
 * own.  Two at once from one address to one server are two clients.  A session whose OPEN_REQ
 * was not seen, and an attempt that never came to OPEN_REQ, belong to the only client of their
 * address; of several clients there to the only one without a session; else the address stands
 * for itself.
 *
 * Times are nanoseconds since 1970 UTC, as in session.h, and frames the numbers of the capture's
 * packets from 1 on.
 *
 * Memory: CTI_CLIENTS_LEGS_MAX legs of some 300 bytes; what is more is counted. */
#ifndef CTI_CLIENTS_H
#define CTI_CLIENTS_H

#include "segment.h"
#include "session.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CTI_CLIENTS_LEGS_MAX 65536u
/* Clients whose latest refusal is kept while sessions live. */
#define CTI_CLIENTS_REFUSED_MAX 16384u
/* Of the legs, connections that failed. */
#define CTI_CLIENTS_ATTEMPTS_MAX 32768u

/* How far a client came on one connection. */
typedef enum {
    CTI_LEG_OPENED,
    CTI_LEG_REJECTED,        /* FAILURE_CONF to OPEN_REQ */
    CTI_LEG_OPEN_UNANSWERED, /* OPEN_REQ without answer */
    CTI_LEG_REFUSED,         /* SYN answered by RST */
    CTI_LEG_NO_ANSWER,       /* SYN without answer */
    CTI_LEG_NO_MESSAGE,      /* connected, but nothing was sent */
    CTI_LEG_OUTCOMES
} cti_leg_outcome;

/* "opened", "rejected", "open-unanswered", "refused", "no-answer", "no-message". */
const char *cti_leg_outcome_name(cti_leg_outcome outcome);

/* SYN-ACKs that answer a connection's SYN but come from another address than the SYN was sent to:
 * a server with two addresses, or a device on the path that translates only one direction. */
typedef struct cti_other_answer {
    uint32_t count;      /* 0 = none; then the rest is not valid */
    uint32_t resets;     /* of the client to that address: it did not accept the answer */
    cti_endpoint server; /* source of the first one */
    uint32_t frame;
    int64_t time;
} cti_other_answer;

/* One step of a client's connection history: a session, or an attempt that failed. */
typedef struct cti_leg {
    cti_endpoint client, server;
    cti_side side;
    cti_leg_outcome outcome;
    uint32_t session;           /* number, 0 where there is none */
    uint32_t frame;             /* of its first packet or message */
    uint32_t open_frame, opened_frame, good_frame, end_frame; /* 0 where not seen */
    int64_t began;              /* first packet or message */
    int64_t asked;              /* OPEN_REQ, or CTI_NO_TIME */
    int64_t opened;             /* OPEN_CONF; began where that was before the capture */
    int64_t answered;           /* OPEN_CONF or FAILURE_CONF, or CTI_NO_TIME */
    int64_t good;               /* last message of the server */
    int64_t last;               /* last message of either */
    int64_t ended;
    bool lost;                  /* it was open and ended without the client's wish, */
    int64_t lost_at;            /* and since then the client had no session */
    cti_end end;                /* of a session */
    cti_sender end_sender;      /* of a session that FIN or RST ended */
    cti_verdict verdict;        /* of a session */
    uint32_t replaced_by;       /* number of the client's session that replaced it, or 0 */
    bool has_status;            /* FAILURE_CONF to OPEN_REQ has the next: */
    uint32_t status;
    uint64_t digest;            /* of OPEN_REQ (cti_session_summary) */
    const char *id, *signature; /* as sent, "" where not seen */
    cti_other_answer other_answer; /* to an attempt's SYN */
} cti_leg;

/* A connection to a port of CTI on which no session began, as TCP shows it. */
typedef struct cti_attempt {
    cti_endpoint client, server;
    cti_side side;
    uint32_t frame, end_frame; /* of its first packet and its last */
    int64_t began, ended;
    bool syn, syn_ack;         /* seen: that of the client, that of the server */
    bool data;                 /* bytes came, whatever they are */
    cti_end end;               /* by FIN or RST, or CTI_END_CAPTURE_ENDED where none came */
    cti_other_answer other_answer;
} cti_attempt;

/* A time without a session: after one that was lost, or while a client tried to get its first. */
typedef struct cti_client_outage {
    const cti_leg *left; /* the session that was lost; NULL where there was none before */
    const cti_leg *to;   /* the next one; NULL where there was none */
    int64_t from;        /* left->lost_at, or the first attempt */
    int64_t until;       /* OPEN_CONF, or the end of the capture; without left and to, the end of the
                          * last attempt */
    /* The failed attempts in it; [side] as cti_side. */
    uint32_t attempts[3][CTI_LEG_OUTCOMES];
    uint32_t attempt_count;
    const cti_leg *first_attempt; /* or NULL */
    bool one_sided; /* all of it is on one side, and nothing of the other one is in the capture: the
                     * client may have had a session there */
} cti_client_outage;

typedef enum { CTI_DATA_UNKNOWN, CTI_DATA_SAME, CTI_DATA_CHANGED } cti_data;

/* OPEN_REQ of a client that were refused with the same status, without a session in between. */
typedef struct cti_refusals {
    uint32_t status;
    uint32_t count;
    int64_t first, last; /* OPEN_REQ */
    uint32_t first_frame, last_frame; /* the first OPEN_REQ, the last FAILURE_CONF */
    uint32_t first_session, last_session;
    int64_t least_delay; /* from a FAILURE_CONF to the next OPEN_REQ, or CTI_NO_TIME */
    cti_data data;       /* did what OPEN_REQ says change? */
    bool has_session;    /* the client had a session meanwhile, on another connection */
    bool opened;         /* the client's next session opened */
} cti_refusals;

/* True if the leg is one of them. */
bool cti_refusals_have(const cti_refusals *refusals, const cti_leg *leg);

typedef struct cti_client {
    const char *id, *signature;  /* of its sessions, "" where not seen */
    const cti_leg *const *legs;  /* in the order of time */
    uint32_t leg_count;
    const cti_client_outage *outages;
    uint32_t outage_count;
    int64_t outage_time;         /* of all of them, nanoseconds */
    const cti_refusals *refusals;
    uint32_t refusal_count;
} cti_client;

/* A burst of OPEN_REQ of several clients to one server: each within a second of the one before. */
typedef struct cti_storm {
    cti_endpoint server;
    cti_side side;
    int64_t first, last; /* OPEN_REQ */
    uint32_t first_frame, last_frame, worst_frame;
    uint32_t requests, clients, peak; /* peak: most in any second */
    uint32_t confirmed, rejected, unanswered;
    uint32_t gave_up;      /* of the unanswered: the client ended the connection too early, */
    int64_t shortest_wait; /* and the one that did so first waited for so long */
    int64_t first_answer, worst_answer; /* of those that were confirmed; CTI_NO_TIME if none */
} cti_storm;

/* What to call when the end has come; any may be NULL.  Clients live until cti_clients_free(),
 * storms and findings for the time of the call. */
typedef struct cti_clients_events {
    void (*client)(void *user, const cti_client *client);
    void (*storm)(void *user, const cti_storm *storm);
    void (*finding)(void *user, const cti_finding *finding);
} cti_clients_events;

typedef struct cti_clients cti_clients;

/* The result is the caller's, to be freed with cti_clients_free(). */
cti_clients *cti_clients_new(void);
/* Frees it with all clients that it told; NULL is allowed. */
void cti_clients_free(cti_clients *clients);

/* Takes in a session that cti_session_finish() has ended; number: the caller's for it, from 1 on.
 * What matters is copied: session and endpoints need not live on.  A session without a message
 * is left out. */
void cti_clients_session(cti_clients *clients, const cti_session_summary *session, uint32_t number,
                         cti_side side, const cti_endpoint *client, const cti_endpoint *server);

/* Two calls while sessions live.  OPEN_REQ is refused: the latest refusal of that client before,
 * session 0 where there is none.  And once OPEN_REQ was answered: a refusal to keep, or a session
 * that opened. */
cti_refusal cti_clients_refusal(const cti_clients *clients, const cti_session_summary *session,
                                const cti_endpoint *client);
void cti_clients_answered(cti_clients *clients, const cti_session_summary *session, uint32_t number,
                          const cti_endpoint *client);

/* Takes in a connection that is over, or that the capture's end cut; now is the time of the last
 * packet until then.  False if it is no attempt that failed: bytes came, it began before the
 * capture, or its answer may not have come yet.  attempt is copied. */
bool cti_clients_attempt(cti_clients *clients, const cti_attempt *attempt, int64_t now);

/* Judges all of it, once; end is the time of the capture's last packet.  events may not be NULL,
 * and is not kept.  First the clients in the order of their first legs, then the storms, then the
 * findings in the order of time. */
void cti_clients_finish(cti_clients *clients, int64_t end, const cti_clients_events *events,
                        void *user);

/* Sessions and attempts that were not taken in because of the limits. */
uint64_t cti_clients_left_out(const cti_clients *clients);

#ifdef __cplusplus
}
#endif

#endif
