/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One CTI session: its state, its requests and heartbeats, and the rules that it must
 * keep.  Both front ends feed it the same facts, so what Wireshark shows and what
 * ctidump prints cannot differ.  Rules and their times come from GED-188's chapter
 * "Session Management"; their names stand in rules.def.
 *
 * Time is an argument, in nanoseconds since 1970 UTC, and so are durations nanoseconds where
 * nothing else is said.  A frame is the number of a packet in the capture, from 1 on; 0 stands
 * for none.  Nothing is read or written, and nothing fails: memory that cannot be had ends the
 * program, as in all of GLib.  Names and texts that functions return live as long as the program.
 * Feed events in the order of the capture:
 *
 *     session = cti_session_new(&events, user, began_before_capture);
 *     summary = cti_session_get_summary(session);
 *     cti_session_message(...) for each message, cti_session_gap() for missing bytes,
 *     cti_session_tcp_end() for each FIN and RST
 *     cti_session_finish(session, time, CTI_END_CAPTURE_ENDED);
 *     cti_session_free(session);
 *
 * Each fact about a session is one of three: seen, known to be absent, or not known, because it was
 * not captured, was cut off, is in a gap, or was before the capture began.  Findings, verdicts and
 * evidence are about the first two only.
 *
 * Memory: what is pending is bounded by CTI_PENDING_MAX requests; nothing grows with
 * the length of the session.
 */
#ifndef CTI_SESSION_H
#define CTI_SESSION_H

#include <glib.h>

#include "quantile.h"
#include "reader.h"
#include "segment.h"
#include "services.h"
#include "timing.h"

#ifdef __cplusplus
extern "C" {
#endif

/* No time, no duration. */
#define CTI_NO_TIME INT64_MIN
/* Time from one moment to the next: CTI_NO_TIME where one of them is not known, and never
 * out of range, whatever times a capture claims. */
static inline int64_t cti_elapsed(int64_t from, int64_t to)
{
    int64_t elapsed;

    if (from == CTI_NO_TIME || to == CTI_NO_TIME)
        return CTI_NO_TIME;
    if (__builtin_sub_overflow(to, from, &elapsed) || elapsed == CTI_NO_TIME)
        return to > from ? INT64_MAX : -INT64_MAX;
    return elapsed;
}

/* The same where time does not go back: CTI_NO_TIME where it does. */
static inline int64_t cti_forward(int64_t from, int64_t to)
{
    const int64_t elapsed = cti_elapsed(from, to);

    return elapsed < 0 ? CTI_NO_TIME : elapsed;
}

/* Requests that wait for an answer; the oldest is given up (outcome unknown, counted in
 * requests_given_up) when there is one more. */
#define CTI_PENDING_MAX 1024
/* Findings of one rule in one session; the last one says how many are left out. */
#define CTI_FINDINGS_PER_RULE 20
/* Largest ClientID and ClientSignature with their 0. */
#define CTI_CLIENT_ID_SIZE 65

/* ---- sides and ports ---- */

typedef enum { CTI_SIDE_UNKNOWN, CTI_SIDE_A, CTI_SIDE_B } cti_side;

/* "A", "B", or NULL for CTI_SIDE_UNKNOWN. */
const char *cti_side_name(cti_side side);

/* The side that a server's TCP port stands for by default: 42027 + 40 x instance is A, 43027 + 40
 * x instance is B, instance 0 to 24; with *tls set the secured ports, three higher.
 * CTI_SIDE_UNKNOWN for other ports.  tls may be NULL. */
cti_side cti_port_side(uint16_t port, bool *tls);

/* ---- what a session tells ---- */

typedef enum {
    CTI_STATE_NEW,      /* no OPEN_REQ yet */
    CTI_STATE_OPENING,  /* OPEN_REQ without answer */
    CTI_STATE_OPEN,     /* OPEN_CONF seen, or messages that only an open session has */
    CTI_STATE_REJECTED, /* FAILURE_CONF to OPEN_REQ */
    CTI_STATE_CLOSING,  /* CLOSE_REQ without answer */
    CTI_STATE_CLOSED,   /* CLOSE_CONF seen */
    CTI_STATE_LOST,     /* TCP ended before the session was closed */
} cti_state;

/* "open", "rejected" ... */
const char *cti_state_name(cti_state state);

typedef enum {
    CTI_END_NONE, /* goes on */
    CTI_END_CLOSED,
    CTI_END_REJECTED,
    CTI_END_RESET_BY_CLIENT,
    CTI_END_RESET_BY_SERVER,
    CTI_END_FIN_BY_CLIENT,
    CTI_END_FIN_BY_SERVER,
    CTI_END_SUPERSEDED, /* another OPEN_REQ or another connection took its place */
    CTI_END_CAPTURE_ENDED,
} cti_end;

/* "reset-by-client" ...; NULL for CTI_END_NONE. */
const char *cti_end_name(cti_end end);

/* Why a session ended: one name, chosen from the evidence. */
typedef enum {
#define VERDICT(id, name, fate, blame, text, check) CTI_VERDICT_##id,
#include "verdicts.def"
#undef VERDICT
    CTI_VERDICT_COUNT
} cti_verdict;

/* Kebab-case name, as users see it: "idle-timer-fired"; "?" for no verdict. */
const char *cti_verdict_name(cti_verdict verdict);
/* One plain sentence. */
const char *cti_verdict_text(cti_verdict verdict);

/* What a verdict means for who looks for a fault. */
typedef enum {
    CTI_FATE_GOES_ON,
    CTI_FATE_CLOSED,       /* by its client, in order */
    CTI_FATE_LEFT,         /* its client ended the connection instead of closing the session */
    CTI_FATE_PLANNED,      /* the server said before that it would end, and that clients move */
    CTI_FATE_REPLACED,     /* by the next session of its client: nothing is lost */
    CTI_FATE_LOST,         /* it was open, and ended otherwise */
    CTI_FATE_NEVER_OPENED, /* nothing shows that it ever was open */
    CTI_FATE_COUNT
} cti_fate;

cti_fate cti_verdict_fate(cti_verdict verdict);
/* Where the fault is to be looked for, as far as the capture shows it. */
typedef enum {
    CTI_BLAME_NONE, /* there is no fault */
    CTI_BLAME_CLIENT,
    CTI_BLAME_SERVER,
    CTI_BLAME_NETWORK,
    CTI_BLAME_CLIENT_OR_NETWORK,
    CTI_BLAME_SERVER_OR_NETWORK,
    CTI_BLAME_UNKNOWN,
    CTI_BLAME_COUNT
} cti_blame;

/* "client", "server-or-network" ...; NULL for CTI_BLAME_NONE. */
const char *cti_blame_name(cti_blame blame);

/* It was lost or never opened. */
bool cti_verdict_is_lost(cti_verdict verdict);
/* Its end needs an explanation: neither does it go on, nor did the client close it. */
bool cti_verdict_asks_why(cti_verdict verdict);

/* A fact that speaks for a verdict, or against it. */
#define CTI_EVIDENCE_MAX 8
#define CTI_EVIDENCE_TEXT_SIZE 240

typedef struct cti_evidence {
    bool against;
    uint32_t frame;                    /* to look at, 0 = none */
    char text[CTI_EVIDENCE_TEXT_SIZE]; /* one sentence; no personal values, no secrets */
} cti_evidence;

/* Rules a session must keep. */
typedef enum {
#define RULE(id, name, function, when, fault, text) CTI_RULE_##id,
#include "rules.def"
#undef RULE
    CTI_RULE_COUNT
} cti_rule;

/* Kebab-case name, as users see it: "heartbeat-missed"; "?" for no rule. */
const char *cti_rule_name(cti_rule rule);
/* What a finding of it reports, in a few words: "HEARTBEAT_REQ not answered". */
const char *cti_rule_fault(cti_rule rule);
/* Appends what the protocol asks for, in one line without a full stop. */
void cti_rule_text(GString *to, cti_rule rule);

#define CTI_FINDING_FRAMES_MAX 4
/* 160 characters and the 0: Wireshark cuts labels at 240. */
#define CTI_FINDING_TEXT_SIZE 161

/* Three parts: what happened (text), what the protocol asks for (cti_rule_text() of the rule), and
 * what to check. */

typedef struct cti_finding {
    cti_rule rule;
    cti_severity severity;
    int64_t time;                            /* of the event that shows it */
    uint32_t session; /* number of the session that shows it, if only all of them together tell
                       * (clients.h); else 0 */
    uint32_t frames[CTI_FINDING_FRAMES_MAX]; /* the frames to look at, first to last */
    uint32_t frame_count;
    char text[CTI_FINDING_TEXT_SIZE]; /* what happened, with its figures: one sentence of at most
                                       * 160 characters; no personal values, no secrets */
    const char *check;                /* one sentence, or NULL where there is nothing to check */
    const char *named; /* ClientID of another session that text names, for redaction; or NULL.  It
                        * lives for the time of the call */
} cti_finding;

typedef enum {
    CTI_CONFIRMED,  /* the positive answer came */
    CTI_FAILED,     /* FAILURE_CONF or CONTROL_FAILURE_CONF came */
    CTI_UNANSWERED, /* no answer came, though it would have been seen */
    CTI_UNKNOWN,    /* the answer may be in a gap or after the capture's end */
    CTI_NOT_DUE,    /* no answer came, and none was due: CTI_SERVICE_IGNORE_CONF */
} cti_outcome;

/* "confirmed", "failed", "unanswered", "unknown", "not-due" */
const char *cti_outcome_name(cti_outcome outcome);

/* A request and, if it came, its answer. */
typedef struct cti_request {
    const cti_message *message;
    cti_sender sender;
    uint32_t invoke_id;
    uint32_t frame;
    int64_t time;
    void *cookie; /* the caller's, from cti_moment */
    cti_outcome outcome;
    const cti_message *answer; /* NULL where none came */
    uint32_t answer_frame;
    int64_t answer_time; /* CTI_NO_TIME where none came */
    void *answer_cookie;
    bool has_status;
    uint32_t status;               /* Status or FailureCode of a failure */
    const cti_value *status_value; /* its name, or NULL */
} cti_request;

/* A HEARTBEAT_REQ of the client, once its fate is known. */
typedef struct cti_heartbeat {
    const cti_request *request;
    bool missed;
    uint32_t missed_run; /* how many in a row were missed, this one included; 0 if answered */
} cti_heartbeat;

/* A silence of the client that is worth a word. */
typedef struct cti_silence {
    int64_t from, to;
    uint32_t frame;    /* of the message that ended it, 0 at the session's end */
    double idle_share; /* part of IdleTimeout, 0 to 1 and above; negative where not known */
} cti_silence;

/* In place of a peripheral's ID: the server did not report which one. */
#define CTI_SOME_PERIPHERAL 0xFFFFFFFFu

/* A component of the peripheral gateway, or a peripheral, that the server reported as down. */
typedef struct cti_outage {
    uint32_t component;    /* its bit of PGStatus; 0 = a peripheral */
    uint32_t peripheral;   /* its ID, or CTI_SOME_PERIPHERAL */
    int64_t from, to;      /* of the messages that reported it down, and up again; to is
                            * CTI_NO_TIME if no message did */
    int64_t seen;          /* of the last message that reported it down */
    uint32_t from_frame, to_frame;
    bool begin_unknown;    /* from is the first report of it in this session: it may have been down
                            * for longer */
    bool in_doubt;         /* bytes of the server are missing: it may have begun or ended earlier,
                            * or more than once */
} cti_outage;

/* The graceful shutdown of a server (version 24 and later), as far as this session shows it: from
 * ACTIVE_MAINTENANCE_REQ up to the next one.  A frame of 0 stands for what was not seen. */
typedef struct cti_shutdown {
    uint32_t asked_frame, vote_frame, outcome_frame, stopping_frame;
    int64_t asked_time;    /* ACTIVE_MAINTENANCE_REQ */
    int64_t vote_time;     /* ACTIVE_MAINTENANCE_RESP */
    int64_t outcome_time;  /* ACTIVE_MAINTENANCE_EVENT */
    int64_t stopping_time; /* STOPPING_REQUESTS_TO_THIS_SIDE_IND */
    uint32_t asked_id, vote_id; /* InvokeID, if both were captured: */
    bool has_asked_id, has_vote_id;
    bool vote_unknown; /* ACTIVE_MAINTENANCE_RESP was cut, or may be in a gap */
    bool accepted;     /* ACTIVE_MAINTENANCE_RESP */
    bool continues;    /* ACTIVE_MAINTENANCE_EVENT */
    uint32_t replayed, replayed_frame; /* call events that rebuild a state */
    bool replayed_after_switch;        /* after STANDBY_ACTIVE_EVENT in this session */
} cti_shutdown;

/* The client's vote answers another request than the server's. */
static inline bool cti_shutdown_is_other_id(const cti_shutdown *shutdown)
{
    return shutdown->has_asked_id && shutdown->has_vote_id &&
           shutdown->asked_id != shutdown->vote_id;
}

/* What to call when something is known, with the user that cti_session_new() was given; any may
 * be NULL.  The structures live for the time of the call; the session must not be fed in it. */
typedef struct cti_session_events {
    void (*request)(void *user, const cti_request *request); /* all but the client's heartbeats */
    void (*heartbeat)(void *user, const cti_heartbeat *heartbeat);
    void (*silence)(void *user, const cti_silence *silence);
    void (*finding)(void *user, const cti_finding *finding);
    void (*outage)(void *user, const cti_outage *outage); /* that ended, or did not until the end */
    /* The server asked for its maintenance, or decided on it, and that is over in this session. */
    void (*shutdown)(void *user, const cti_shutdown *shutdown);
} cti_session_events;

/* ---- the session ---- */

/* A message's circumstances. */
typedef struct cti_moment {
    int64_t time;
    uint32_t frame;
    cti_sender sender; /* CTI_CLIENT or CTI_SERVER */
    void *cookie;      /* comes back in cti_request */
} cti_moment;

/* What the session knows about one message. */
typedef struct cti_message_facts {
    cti_context context; /* reads the message's bytes the same way again */
    uint32_t version;    /* in force; 0 where nothing is known yet */
    bool version_inferred;
    cti_state state;     /* after the message */
    bool answers;        /* it is an answer, and its request is known: */
    const cti_message *request;
    uint32_t request_frame;
    int64_t answer_time; /* nanoseconds from request to answer; CTI_NO_TIME where the
                          * capture's time steps back between them */
    void *request_cookie;
    int64_t client_gap;    /* a client's message: time since its last one, or CTI_NO_TIME, as
                            * where time steps back */
    double idle_share;     /* client_gap as part of IdleTimeout, or negative */
    uint32_t missed_run;   /* heartbeats in a row without answer when it came, the latest one left
                            * out; they may be answered late */
} cti_message_facts;

/* Where the heartbeat interval comes from, which is how the client sends its heartbeats. */
typedef enum {
    CTI_INTERVAL_UNKNOWN,
    CTI_INTERVAL_TRAFFIC,      /* heartbeats are regular; nothing shows which of the next three */
    CTI_INTERVAL_TIMER,        /* by a timer, whatever else the client sends */
    CTI_INTERVAL_SILENCE,      /* after so long without sending a message */
    CTI_INTERVAL_RECEIVE,      /* after so long without receiving a message */
    CTI_INTERVAL_IDLE_TIMEOUT, /* not from the traffic: a fourth of IdleTimeout */
} cti_interval_source;

/* "traffic", "timer", "silence", "receive-silence", "idle-timeout", or NULL for
 * CTI_INTERVAL_UNKNOWN. */
const char *cti_interval_source_name(cti_interval_source source);

/* A session as it is known after the last event.  A frame of 0 and a time of CTI_NO_TIME stand
 * for what was not seen. */
typedef struct cti_session_summary {
    /* Nearly every message touches these members. */
    cti_state state;
    cti_end end;
    bool began_before_capture;
    bool finished;
    /* Not from the session's own OPEN_REQ: the version is that of its messages, or both are those
     * of a later OPEN_REQ that was refused. */
    bool version_inferred, idle_timeout_inferred;
    /* Known: the value was captured.  Without it, the value is 0. */
    bool has_idle_timeout, has_services_requested, has_services_granted, has_open_status,
        has_close_status;
    bool opened;       /* OPEN_CONF was seen, or messages that only an open session has */
    bool open_unknown; /* whether it ever was: the answer to OPEN_REQ may have been missed */
    bool client_not_captured, server_not_captured; /* no packet of it is in the capture */
    uint32_t version;                              /* in force; 0 = not known */
    uint64_t messages_client, messages_server;
    int64_t first_time, last_time; /* of any message */
    uint32_t first_frame, last_frame;
    const cti_message *last_message;
    cti_sender last_sender;
    uint32_t last_server_frame;
    int64_t last_server_time;
    uint32_t gaps;             /* places where bytes are missing or are not part of a message */
    uint32_t idle_timeout;     /* seconds, or off (cti_idle_timeout_is_off()) */
    double heartbeat_interval; /* of the client, in seconds; 0 = not known */
    cti_interval_source heartbeat_interval_source;
    uint32_t services_requested, services_granted;
    cti_subscription subscription; /* of the session's own OPEN_REQ */
    uint64_t heartbeats, heartbeats_missed; /* of the client */
    uint64_t requests, unanswered;          /* all but these */
    uint64_t requests_given_up;
    cti_quantile answers;              /* response times of all requests but heartbeats */
    int64_t worst_gap, worst_gap_time; /* longest silence of the client, and its start */
    int64_t open_time, open_answer_time;
    uint32_t open_frame, open_answer_frame;
    uint32_t open_status;  /* of the rejection */
    /* SessionType, CTI_V_SessionType_..., 0 = not known: that of OPEN_CONF, and Active after
     * STANDBY_ACTIVE_EVENT. */
    uint32_t session_type;

    /* The rest is for the session's beginning and end. */
    char client_id[CTI_CLIENT_ID_SIZE], client_signature[CTI_CLIENT_ID_SIZE];
    uint32_t opened_type; /* SessionType of OPEN_CONF */
    /* The first STANDBY_ACTIVE_EVENT of a session that was not active. */
    uint32_t became_active_frame;
    int64_t became_active;
    uint32_t close_status;
    uint32_t close_frame, close_answer_frame;
    int64_t close_time, close_answer_time;
    int64_t end_time; /* of the first FIN or RST, or of the last message */
    uint32_t end_frame;
    cti_sender end_sender;
    uint64_t findings;
    /* Of all bytes of OPEN_REQ but its InvokeID, to compare it with others; 0 = not known. */
    uint64_t open_digest;
    uint32_t replaced_by;   /* number of the session that replaced this one; 0 = none, or not known */
    uint32_t phone_held_by; /* refused with E_CTI_DEVICE_IN_USE: number of the session that holds the
                             * phone; 0 = not known */
    /* Once finished: why it ended, first the evidence for that, then what speaks against it. */
    cti_verdict verdict;
    cti_blame blame;
    const char *check; /* what to check, one sentence, or NULL where there is nothing to check */
    uint32_t evidence_count;
    const cti_evidence *evidence;
} cti_session_summary;

/* The latest refusal of an OPEN_REQ of the same client, while it opened no session since. */
typedef struct cti_refusal {
    uint32_t session; /* number of the first session that was refused like this, 0 = none */
    uint32_t status;
    uint32_t phone_held_by; /* as in cti_session_summary */
    uint64_t digest;
} cti_refusal;

/* True if the session was refused in the same way, although OPEN_REQ said the same. */
static inline bool cti_refusal_is_equal(const cti_refusal *before,
                                        const cti_session_summary *session)
{
    return before->session != 0 && session->has_open_status &&
           before->status == session->open_status && before->digest != 0 &&
           before->digest == session->open_digest &&
           before->phone_held_by == session->phone_held_by;
}
/* "active", "standby", or NULL where it is not known. */
const char *cti_session_type_name(uint32_t session_type);

typedef struct cti_session cti_session;

/* The result is to be freed with cti_session_free().  events, which must outlive it, may be NULL;
 * user is passed to each of them.  began_before_capture: no SYN was seen, so a missing OPEN_REQ is
 * not a fault. */
cti_session *cti_session_new(const cti_session_events *events, void *user,
                             bool began_before_capture);
/* Frees it without calling events; NULL is allowed. */
void cti_session_free(cti_session *session);

/* What is known of it, always up to date.  It lives as long as the session. */
const cti_session_summary *cti_session_get_summary(const cti_session *session);

/* The services of a session: granted, or requested while the answer is not known.  False where
 * neither is known. */
bool cti_session_services(const cti_session_summary *summary, uint32_t *services);

/* How a message of this session is read now, for one that is not fed to it. */
cti_context cti_session_context(const cti_session *session);

/* Takes in the message at bytes: starts reader on it with the right context (from its
 * first field), fills facts, and calls events for what became known.  size as for
 * cti_reader_init(); facts may not be NULL.  bytes must outlive reader, but not the call
 * where the session alone is asked. */
void cti_session_message(cti_session *session, const uint8_t *bytes, size_t size,
                         const cti_moment *moment, cti_reader *reader,
                         cti_message_facts *facts);

/* True if the message begins another session on the same connection: an OPEN_REQ when
 * this one is over.  The caller finishes this one and starts another. */
bool cti_session_is_next(const cti_session *session, uint32_t message_type);

/* That message comes: to be told before this session is finished. */
void cti_session_reopen(cti_session *session, int64_t time, uint32_t frame);

/* Bytes of sender are missing from the capture: call it before the messages that follow from them.
 * What they said is not known from then on: answers of sender, and how long it was silent.  bytes
 * is 0 for bytes that are there but are not part of a message.  time is that of the packet that
 * shows the gap.  The end of a message that was taken in although it is cut is not a gap. */
void cti_session_gap(cti_session *session, cti_sender sender, uint64_t bytes, int64_t time);

/* The next message follows from bytes of sender that were not seen, at least not yet: what
 * waits for sender's answer may have it. */
void cti_session_doubt(cti_session *session, cti_sender sender);

/* The peer acknowledged one number more than the capture shows of sender: most likely its FIN. */
void cti_session_fin_unseen(cti_session *session, cti_sender sender);

/* No packet of sender is in the capture: nothing is known of what it sent.  May be called at any
 * time before the end; gaps of that direction may be reported in addition to it. */
void cti_session_not_captured(cti_session *session, cti_sender sender);

/* A packet of sender is in the capture after all: what it sends from now on is known again. */
void cti_session_captured(cti_session *session, cti_sender sender);

/* Packets of the connection were captured out of order: short times between the two directions are
 * not known. */
void cti_session_disordered(cti_session *session);

/* A segment of sender came, with data or without; to be called after the messages that it brought,
 * and before the end that it brings. */
void cti_session_segment(cti_session *session, cti_sender sender, const cti_segment *segment);

typedef enum { CTI_TCP_FIN, CTI_TCP_RST } cti_tcp_end;

/* sender ended its stream in this frame; to be told of both ends.  The first one ends the
 * session's time, but cti_session_finish() is still to come. */
void cti_session_tcp_end(cti_session *session, cti_tcp_end how, cti_sender sender, int64_t time,
                         uint32_t frame);

/* Ends the session: decides what is pending, runs the rules that need the end, sets end
 * and verdict.  time: when the caller stopped looking, at the last packet of the connection or of
 * the capture.  how is CTI_END_CAPTURE_ENDED, CTI_END_SUPERSEDED, or CTI_END_NONE where
 * TCP's end says it.  Later calls do nothing. */
void cti_session_finish(cti_session *session, int64_t time, cti_end how);

#ifdef __cplusplus
}
#endif

#endif
