/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between session.c, which keeps the state, and rules.c, which judges it.  To add a rule:
 * a row in rules.def, and its function in rules.c. */
#ifndef CTI_RULES_H
#define CTI_RULES_H

#include "session.h"

typedef enum {
    CTI_EVENT_MESSAGE, /* a message was taken in */
    CTI_EVENT_TCP_END, /* the first FIN or RST of the connection */
    CTI_EVENT_FINISH,  /* the session's end; nothing comes after it */
} cti_event_kind;

/* What happened.  The session already stands as after it. */
typedef struct cti_event {
    cti_event_kind kind;
    int64_t time;
    uint32_t frame;
    cti_sender sender;              /* of the message, the FIN or the RST */
    cti_state before;               /* the session's state before it */
    const cti_reader *reader;       /* CTI_EVENT_MESSAGE: at its first field */
    const cti_message_facts *facts; /* CTI_EVENT_MESSAGE */
    const cti_request *answered;    /* the request that the message answers, or NULL */
    /* Heartbeats in a row that were missed, when the run ended with this event. */
    uint32_t missed_run_ended;
    int64_t client_silence; /* at TCP_END and FINISH: time since the client's last message */
    bool in_sight; /* at FINISH: the capture shows what came after the last message */
} cti_event;

/* Runs every rule on the event. */
void cti_rules_run(cti_session *session, const cti_event *event);

/* Tells a finding, with the limit per rule.  frames: count numbers, the first ones are
 * kept; 0 is left out. */
void cti_session_report(cti_session *session, cti_rule rule, cti_severity severity, int64_t time,
                        const uint32_t *frames, uint32_t count, const char *format, ...)
    G_GNUC_PRINTF(7, 8);

/* True if the server ended TCP because its idle timer fired. */
bool cti_session_idle_timer_fired(const cti_session *session);

/* Share of IdleTimeout that a silence takes, negative where there is none. */
double cti_session_idle_share(const cti_session *session, int64_t silence);

#endif
