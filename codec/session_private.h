/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The session itself, for the files that make it and for its rules; a connection embeds it.
 *
 *     session.c           messages and gaps, times and silences
 *     session_requests.c  requests and answers, heartbeats
 *     heartbeats.c        when the client sends heartbeats
 *     session_state.c     what messages change
 *     session_end.c       FIN and RST, what still waits then, the last word of the rules
 *     session_tcp.c       acknowledgments and what waits for them
 *     session_names.c     names
 *     rules.c, rules_*.c  what the protocol asks for (rules.h)
 *     rules_outages.c     components and peripherals that are down
 *     session_link.c      what TCP shows of the connection under it
 *     verdict.c           why it ended, who is to blame, what to check
 *     evidence.c          what speaks for that and what against */
#ifndef CTI_SESSION_PRIVATE_H
#define CTI_SESSION_PRIVATE_H

#include <stddef.h>

#include "heartbeats.h"
#include "session.h"

struct cti_event;
struct cti_connection_summary;

/* A request that waits for its answer. */
typedef struct cti_pending {
    cti_request request;
    uint64_t number; /* from 1, in the order of requests */
    uint64_t key;
    struct cti_pending *older, *younger; /* of the same key */
    /* In the oldest of a key only: the youngest, and the oldest that is not yet known to wait for
     * longer than usual, or NULL. */
    struct cti_pending *youngest, *recent;
    GList link;          /* in pending.by_age */
    uint32_t missed_run; /* a heartbeat: when the next one was sent without answer */
} cti_pending;

/* What the server reported of its components and peripherals: PGStatus, SystemEventID and
 * PeripheralOnline of OPEN_CONF and SYSTEM_EVENT. */
typedef struct cti_pg_report {
    uint32_t frame; /* of the last PGStatus, 0 = none was captured */
    int64_t time;
    uint32_t pg_status;
    bool in_doubt;     /* bytes of the server are missing since */
    bool all_online;   /* all peripherals were, when the session opened */
    bool contradicted; /* SystemEventID contradicted PGStatus, and a finding reported it */
    uint32_t agent_peripheral; /* PeripheralID of OPEN_REQ, or CTI_SOME_PERIPHERAL */
    uint32_t left_out;         /* reports about more peripherals than are watched */
    GArray *watched;           /* of cti_watched; NULL while there is none */
} cti_pg_report;

/* One direction of TCP, as far as the rules ask for it: what was sent last, and whether its
 * receiver has it.  Numbers are TCP's, of any origin. */
typedef struct cti_flow {
    bool known;         /* next is */
    bool waiting;       /* the receiver has not acknowledged all of it */
    bool small;         /* the last piece was less than a full segment */
    bool acked_known;   /* acked is */
    uint32_t next;      /* number of the next new byte */
    uint32_t acked;     /* what the receiver acknowledged last */
    int64_t sent_time;  /* of the oldest piece that waited, or waits */
    int64_t freed_time; /* a bare acknowledgment came late and ended the wait; or CTI_NO_TIME */
    /* Small pieces that left right after such an acknowledgment, and those that did not wait. */
    uint32_t held_back, not_held;
    int64_t worst_wait;
    uint32_t held_frames[CTI_FINDING_FRAMES_MAX];
} cti_flow;

/* Peripherals of OPEN_CONF that are remembered until their SYSTEM_EVENT arrives; one more is not. */
#define CTI_PERIPHERALS_MAX 16

/* What OPEN_REQ and OPEN_CONF said, for the rules. */
typedef struct cti_opening {
    bool has_reserved;
    uint32_t reserved[3];     /* Reserved1 to Reserved3 */
    bool has_agent_fields;    /* known whether OPEN_REQ had AgentExtension, AgentID and */
    bool agent_fields[3];     /* AgentInstrument */
    bool system_events_due;   /* OPEN_CONF opened an active session with ALL_EVENTS */
    uint32_t peripheral_count;
    uint32_t peripherals[CTI_PERIPHERALS_MAX]; /* of OPEN_CONF, without SYSTEM_EVENT until now */
} cti_opening;

/* Another session that opened for the same phone: E_CTI_DEVICE_IN_USE is about it. */
typedef struct cti_holder {
    uint32_t session; /* its number, 0 = not known */
    uint32_t frame;   /* of its OPEN_CONF */
    cti_field_id by;  /* the field that names the phone in both */
    char client_id[CTI_CLIENT_ID_SIZE];
} cti_holder;

/* The next session of the same client for the same phone, for which the server ends this one. */
typedef struct cti_successor {
    uint32_t session; /* its number, 0 = none was seen */
    uint32_t frame;   /* of its OPEN_REQ */
    int64_t asked;    /* OPEN_REQ */
    int64_t opened;   /* OPEN_CONF, or CTI_NO_TIME */
} cti_successor;

/* What the rules and the verdict keep, and what is collected for them alone. */
typedef struct cti_rule_state {
    /* Nearly every message touches these members. */
    cti_flow flows[2];        /* of the client, of the server */
    /* Start of the client's silence: its last message, or OPEN_CONF; CTI_NO_TIME after a gap. */
    int64_t last_client_time;
    int64_t client_heard_time; /* the same, but after a gap the time of what shows the gap */
    uint32_t last_client_frame;
    bool late; /* the present message: its answer may have been taken in before it */
    bool open_in_doubt;  /* OPEN_REQ, or the answer to it, may not have been captured */
    bool close_in_doubt; /* so may the answer to CLOSE_REQ */
    /* What was sent after the last message is missing from the capture. */
    bool client_in_doubt, server_in_doubt;
    bool disordered; /* packets were captured out of order */
    bool fin_in_doubt[2]; /* of the client, of the server: its FIN may not have been captured */
    bool incomplete[2];          /* something of the client, of the server, was not captured */
    bool heartbeat_answered;     /* at least one was */
    uint32_t heartbeats_unknown; /* it is not known whether they were answered */
    int64_t quiet_since;         /* time of the last message; CTI_NO_TIME after a gap */
    int64_t quiet_before_last; /* time without any message before the last one, or CTI_NO_TIME */
    int64_t client_gap_before_last;               /* the client's silence before its last message */
    uint32_t missed_run;                          /* heartbeats in a row, until now */
    uint32_t late_answers;                        /* to heartbeats, */
    uint32_t late_frames[CTI_FINDING_FRAMES_MAX]; /* the first ones */
    int64_t latest_answer;                        /* the slowest of them */
    uint32_t missed_frames[CTI_FINDING_FRAMES_MAX];
    int64_t missed_since;        /* time of the first of them */
    /* Heartbeats up to this number are not part of the run: the latest of them was answered, or
     * their answers may not have been captured. */
    uint64_t run_begin;
    bool server_offline;    /* FAILURE_EVENT with E_CTI_CTI_SERVER_OFFLINE, or refused heartbeats */
    bool heartbeat_refused; /* it said so to a HEARTBEAT_REQ */
    bool told_went_on;      /* the client continued after that, and a finding reported it */
    cti_heartbeat_meter meter;

    /* Heartbeats that were not answered although a later one was, for a finding. */
    struct {
        uint64_t from, to; /* numbers of requests; to 0: there is none */
        int64_t time;      /* of the later one's answer */
        /* They have its InvokeID, so it may be the answer to one of them, and theirs may come until
         * the client sends the next heartbeat. */
        bool may_be_late;
        uint32_t count; /* those that are left, once they are counted */
        int64_t since;
        uint32_t frames[CTI_FINDING_FRAMES_MAX];
    } passed;
    /* The longest silence of the client before its heartbeat interval was known. */
    struct {
        int64_t silence, quiet, time; /* silence 0: there is none */
        double idle_share;
        uint32_t from_frame, frame;
        const char *until; /* what ended it */
    } early_gap;
    uint32_t server_heartbeats;
    uint32_t server_offline_frame;
    int64_t server_offline_time;
    bool has_heartbeat_status; /* of the refused heartbeat */
    uint32_t heartbeat_status;
    uint32_t replaced_frame; /* FAILURE_EVENT with E_CTI_NEW_SESSION_OPENED */
    cti_successor successor; /* set by clients_phones.c */
    cti_holder holder;       /* the same, when the answer to OPEN_REQ comes, */
    cti_refusal refused;     /* and this by clients_refusals.c */
    /* The last FAILURE_EVENT with another status than that one or E_CTI_CTI_SERVER_OFFLINE. */
    uint32_t failure_frame, failure_status;
    int64_t failure_time;
    /* SYSTEM_EVENT that reported the CTI server offline, until one reports it online. */
    uint32_t reported_offline_frame;
    int64_t reported_offline_time;
    bool closed_by_server;                   /* it sent CLOSE_REQ */
    uint32_t close_refused_frame;            /* FAILURE_CONF to CLOSE_REQ, */
    bool has_close_refused_status;           /* and its status */
    uint32_t close_refused_status;
    uint32_t system_events;  /* SYSTEM_EVENT of any kind */
    cti_opening opening;
    int64_t config_time;          /* of the server's latest configuration message, or CTI_NO_TIME */
    bool third_party_confirmed;   /* a request that CTI_SERVICE_IGNORE_CONF leaves unconfirmed was */
    bool configuration_requested; /* the client asked for configuration messages */
    /* Bit n: the message type n, or the AgentState n, has its finding of rule services or
     * subscription. */
    uint32_t reported_types[CTI_MESSAGE_NEWEST / 32 + 1];
    uint32_t reported_states;
    cti_shutdown shutdown;
    uint32_t type_before; /* session_type before the last STANDBY_ACTIVE_EVENT */
    cti_pg_report pg;
    bool half_closed;       /* TCP's end was a FIN, and closed one direction only, */
    int64_t other_end_time; /* until the FIN of the other one, or a RST; or CTI_NO_TIME */
    uint32_t other_end_frame;
    /* Requests that were still unanswered at the end, those of the session itself (open,
     * heartbeat, close) left out, and the oldest of them. */
    uint32_t waiting;
    int64_t waiting_since;
    const cti_message *waiting_message;
    /* Requests of the client without an answer at the end, heartbeats and all others: without one
     * for sure, and perhaps answered in a gap. */
    uint32_t outstanding, outstanding_unknown;
    int64_t outstanding_since; /* the oldest of the first kind */
    uint32_t findings_by_rule[CTI_RULE_COUNT];
} cti_rule_state;

struct cti_session {
    cti_session_summary summary;

    const cti_session_events *events;
    void *user;
    cti_context context;     /* of its next message; version is OPEN_REQ's, 0 where not known */
    uint32_t contradictions; /* messages in a row that no possible version fits */
    bool began_in_mid;       /* the connection's SYN was not seen */
    struct {
        GHashTable *table;           /* key -> the oldest request with it */
        GQueue by_age;               /* oldest first */
        cti_pending *last_heartbeat; /* the latest one, while it waits for its answer */
        uint64_t numbers;            /* given to requests until now */
        uint32_t lowest_id, highest_id; /* of the client's InvokeIDs; lowest above highest: none */
        bool id_unknown;                /* a message was cut before its InvokeID */
        /* Answers to requests up to this number may be missing from the capture: [0] answers of
         * the client, [1] of the server. */
        uint64_t doubtful[2];
    } pending;
    cti_rule_state rules;
    /* That it runs on; NULL where the session is fed alone.  It outlives the session. */
    const struct cti_connection_summary *connection;
};

/* Starts a session in the caller's memory, whatever that held. */
void cti_session_init(cti_session *session, const cti_session_events *events, void *user,
                      bool began_before_capture);
/* Frees what the session holds; session itself is the caller's. */
void cti_session_release(cti_session *session);

/* Asks for the memory that the next message will touch. */
static inline void cti_session_prefetch(const cti_session *session)
{
    enum { LINE = 64 };
    const char *summary = (const char *)&session->summary;
    const char *rest = (const char *)&session->events;

#pragma GCC unroll 16
    for (size_t at = 0; at < offsetof(cti_session_summary, client_id); at += LINE)
        __builtin_prefetch(summary + at, 1);
#pragma GCC unroll 16
    for (size_t at = 0;
         at < offsetof(cti_session, rules.meter.last_frame) - offsetof(cti_session, events);
         at += LINE)
        __builtin_prefetch(rest + at, 1);
}

/* Determines the heartbeat interval again, after IdleTimeout or what the traffic shows changed. */
void cti_session_update_interval(cti_session *session);

/* Determines the version in force again, after the context changed. */
void cti_session_update_version(cti_session *session);

/* One of the client: the server's are requests that nobody has to send. */
static inline bool pending_is_heartbeat(const cti_pending *pending)
{
    return pending->request.message->number == CTI_HEARTBEAT_REQ &&
           pending->request.sender == CTI_CLIENT;
}

/* The client said that it stops, in a graceful shutdown, or was told that the server is offline:
 * from then on its silence is no fault. */
static inline bool cti_session_is_leaving(const cti_session *session)
{
    return session->rules.shutdown.stopping_frame != 0 || session->rules.server_offline;
}

/* True if the capture may have missed its answer. */
static inline bool cti_session_is_doubtful(const cti_session *session, const cti_pending *pending)
{
    return pending->number <= session->pending.doubtful[pending->request.sender == CTI_CLIENT];
}

/* Pairs a message with the request that it answers, or keeps it as a request; fills in what facts
 * and event tell of that.  Returns the request that is answered, or NULL; it is out of the table
 * then, and the caller tells and frees it. */
cti_pending *cti_session_pair(cti_session *session, const cti_moment *moment,
                              const cti_reader *reader, cti_message_facts *facts,
                              struct cti_event *event);

/* Changes the session as the message says; answered is the request that it answers, or NULL. */
void cti_session_change_state(cti_session *session, const cti_reader *reader,
                              const cti_moment *moment, const cti_request *answered);

/* Takes a request out of the table; the caller frees it. */
void cti_session_pending_remove(cti_session *session, cti_pending *pending);

/* Tells what became of a request. */
void cti_session_tell_request(cti_session *session, const cti_pending *pending);

/* A heartbeat was not answered until now, and one more is sent or the session is over. */
void cti_session_note_missed(cti_session *session, cti_pending *missed);

/* Counts in rules.passed the heartbeats that are still not answered. */
void cti_session_count_passed(cti_session *session);

/* Calls the caller's event for the maintenance that the session has shown until now, if any. */
void cti_session_tell_shutdown(const cti_session *session);

/* Bytes of the server are missing: what it reported of its components may have changed. */
void cti_session_doubt_outages(cti_session *session);

/* Tells a silence of the client up to now. */
void cti_session_tell_silence(cti_session *session, int64_t to, uint32_t frame, double share);

/* Sets verdict, blame and check of a session that is over. */
void cti_session_judge(cti_session *session);

/* The evidence about its verdict, into the caller's array: first for it, then against it.  Returns
 * how many there are. */
uint32_t cti_session_evidence(const cti_session *session, cti_evidence evidence[CTI_EVIDENCE_MAX]);

#endif
