/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the session and the rules that it must keep.  To add a rule: a
 * row in rules.def, and its function in the rules_*.c of its topic. */
#ifndef CTI_RULES_H
#define CTI_RULES_H

#include "session_private.h"
#include "timing.h"

typedef enum {
    CTI_EVENT_MESSAGE, /* a message was taken in */
    CTI_EVENT_TCP_END, /* the first FIN or RST of the connection */
    CTI_EVENT_REOPEN,  /* OPEN_REQ of the next session on the same connection */
    CTI_EVENT_FINISH,  /* the session's end; nothing comes after it */
} cti_event_kind;

/* What happened.  The session already stands as after it. */
typedef struct cti_event {
    cti_event_kind kind;
    int64_t time;
    uint32_t frame;
    cti_sender sender;              /* of the message, the FIN or the RST */
    cti_state before;               /* the session's state before it, */
    bool open_in_doubt;             /* and whether the answer to OPEN_REQ was missed by then */
    const cti_reader *reader;       /* CTI_EVENT_MESSAGE: at its first field */
    const cti_message_facts *facts; /* CTI_EVENT_MESSAGE */
    const cti_request *answered;    /* the request that the message answers, or NULL */
    bool other_invoke_id;           /* although it has another InvokeID */
    int64_t client_silence; /* at TCP_END and FINISH: time since the client's last message */
    int64_t over;  /* at FINISH: when TCP's connection was over, or the capture was */
    bool in_sight; /* at FINISH: the capture shows what came after the last message */
} cti_event;

/* The rules themselves: rule_open of rules.def is cti_rule_open(). */
#define RULE(id, name, function, when, fault, text) \
    void cti_##function(cti_session *session, cti_rule rule, const cti_event *event);
#include "rules.def"
#undef RULE

/* Runs the rules that the event is for. */
void cti_rules_run(cti_session *session, const cti_event *event);

/* Reports a finding, within the limit per rule.  frames: count numbers, the first ones are kept; 0
 * is left out.  check: what to check, one sentence that lives as long as the program, or NULL. */
void cti_session_report(cti_session *session, cti_rule rule, cti_severity severity, int64_t time,
                        const uint32_t *frames, uint32_t count, const char *check,
                        const char *format, ...) G_GNUC_PRINTF(8, 9);

/* Reports a refusal of OPEN_REQ that other sessions explain; false where none does. */
bool cti_report_refused(cti_session *session, cti_rule rule, const cti_event *event);

/* ---- words for findings ---- */

/* A duration in nanoseconds for "%.3f s". */
#define CTI_SECONDS(nanoseconds) ((double)(nanoseconds) / (double)CTI_SECOND)

/* Seconds from one moment to another; 0 where the capture's time steps back. */
double cti_seconds_words(int64_t from, int64_t to);
/* True if the event is a message of this type. */
static inline bool cti_event_is(const cti_event *event, uint32_t type)
{
    return event->kind == CTI_EVENT_MESSAGE && event->reader->message_type == type;
}

const char *cti_message_words(const cti_message *message); /* its name */
const char *cti_sender_words(cti_sender sender);           /* "client", "server" */
/* "E_CTI_TIMEOUT (16: no answer in time ...)", in the caller's buffer. */
const char *cti_status_words(uint32_t status, char *words, size_t size);
/* The same, or where it is not known: "a status that was not captured". */
const char *cti_known_status_words(bool known, uint32_t status, char *words, size_t size);
/* "the client reset the connection": how the session ended. */
const char *cti_end_words(const cti_session *session);
/* True if FIN or RST ended it. */
bool cti_ended_by_tcp(const cti_session *session);

/* ---- facts that rules and session share ---- */

/* True if FAILURE_CONF to this request says that an open session's server is offline.  Where no
 * session is open, it is the client's heartbeat that is out of place. */
bool cti_session_refuses_heartbeat(const cti_session *session, const cti_request *request);

/* True if the client asked for a version that is known, and has no standby servers yet. */
bool cti_session_is_before_standby(const cti_session *session);

/* True if the server ended TCP because its idle timer fired. */
bool cti_session_idle_timer_fired(const cti_session *session);

/* True if it must have fired before: the server took the client's first message after a longer
 * silence with a reset. */
bool cti_session_idle_timer_had_fired(const cti_session *session);

/* True if FAILURE_EVENT with another status than E_CTI_CTI_SERVER_OFFLINE came right before the
 * session ended. */
bool cti_session_reported_failure(const cti_session *session);

/* Share of IdleTimeout that a silence takes, negative where there is none. */
double cti_session_idle_share(const cti_session *session, int64_t silence);

/* True if that share is to be reported. */
static inline bool cti_idle_share_is_large(double share)
{
    return share > CTI_LIMIT(IDLE_SHARE) / 100.0;
}

/* True if a heartbeat was due, by the kind of the client: it sent nothing for silence, and neither
 * sent nor received anything for quiet.  CTI_NO_TIME = not known. */
bool cti_session_is_gap(const cti_session *session, int64_t silence, int64_t quiet);

#endif
