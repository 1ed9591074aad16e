/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files that make a session share; nobody else includes this.
 *
 *     session.c           messages and holes, times and silences
 *     session_requests.c  requests and answers, heartbeats
 *     session_state.c     what messages change
 *     session_end.c       FIN and RST, what still waits then, the last word of the rules
 *     session_tcp.c       acknowledgments and what waits for them
 *     session_names.c     names
 *     verdict.c           why it ended
 *     evidence.c          what speaks for that and what against */
#ifndef CTI_SESSION_PARTS_H
#define CTI_SESSION_PARTS_H

#include "rules.h"

/* A request that waits for its answer. */
typedef struct cti_pending {
    cti_request request;
    uint64_t key;
    struct cti_pending *next; /* of the same key, younger */
    GList link;               /* in pending_by_age */
    bool doubtful;            /* its answer may be in a hole */
    uint32_t missed_run;      /* a heartbeat: when the next one was sent without answer */
} cti_pending;

static inline bool pending_is_heartbeat(const cti_pending *pending)
{
    return pending->request.message->number == CTI_HEARTBEAT_REQ;
}

/* Pairs a message with the request that it answers, or keeps it as a request; fills in what facts
 * and event tell of that.  Returns the request that is answered, or NULL; it is out of the table
 * then, and the caller tells and frees it. */
cti_pending *cti_session_pair(cti_session *session, const cti_moment *moment,
                              const cti_reader *reader, cti_message_facts *facts,
                              cti_event *event);

/* Changes the session as the message says; answered is the request that it answers, or NULL. */
void cti_session_change_state(cti_session *session, const cti_reader *reader,
                              const cti_moment *moment, const cti_request *answered);

/* Takes a request out of the table; the caller frees it. */
void cti_session_pending_remove(cti_session *session, cti_pending *pending);

/* Tells what became of a request. */
void cti_session_tell_request(cti_session *session, const cti_pending *pending);

/* A heartbeat was not answered until now, and one more is sent or the session is over. */
void cti_session_note_missed(cti_session *session, cti_pending *missed);

/* Tells a silence of the client up to now. */
void cti_session_tell_silence(cti_session *session, int64_t to, uint32_t frame, double share);

/* The verdict on a session that is over. */
cti_verdict cti_verdict_choose(const cti_session *session);

#endif
