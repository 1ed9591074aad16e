/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests of a session and their answers, heartbeats among them (see session.h): pairs them by
 * InvokeID, and tells what became of each.
 * Source: GED-188, chapter "Session Management". */
#include <string.h>

#include "rules.h"

/* An answer belongs to the oldest request of its InvokeID that is not older than this,
 * else to the newest: so a lost answer does not shift all later ones by one where a
 * client uses one InvokeID for all its heartbeats. */
#define USUAL_ANSWER (4 * CTI_SECOND)
/* Requests of one InvokeID that an answer is compared with, the recent ones first and then the
 * older ones.  It is reached only by a client that uses one InvokeID for several kinds of
 * requests and does not get answers to many of them. */
#define COMPARED_MAX 64

static uint64_t pending_key(cti_sender sender, uint32_t invoke_id)
{
    return (uint64_t)sender << 32 | invoke_id;
}

void cti_session_pending_remove(cti_session *session, cti_pending *pending)
{
    cti_pending *oldest = g_hash_table_lookup(session->pending.table, &pending->key);

    if (oldest->youngest == pending)
        oldest->youngest = pending->older;
    if (oldest->recent == pending)
        oldest->recent = pending->younger;
    if (pending->younger != NULL)
        pending->younger->older = pending->older;
    if (oldest != pending) {
        pending->older->younger = pending->younger;
    } else {
        /* The key that the table holds is in the oldest request: replace both. */
        g_hash_table_remove(session->pending.table, &pending->key);
        if (pending->younger != NULL) {
            pending->younger->youngest = pending->youngest;
            pending->younger->recent = pending->recent;
            g_hash_table_insert(session->pending.table, &pending->younger->key, pending->younger);
        }
    }
    g_queue_unlink(&session->pending.by_age, &pending->link);
    if (session->pending.last_heartbeat == pending)
        session->pending.last_heartbeat = NULL;
}

void cti_session_tell_request(cti_session *session, const cti_pending *pending)
{
    const cti_session_events *events = session->events;

    if (pending_is_heartbeat(pending)) {
        const cti_heartbeat heartbeat = {&pending->request,
                                         pending->request.outcome == CTI_UNANSWERED,
                                         pending->missed_run};

        if (heartbeat.missed)
            session->summary.heartbeats_missed++;
        session->rules.heartbeats_unknown += pending->request.outcome == CTI_UNKNOWN;
        if (events != NULL && events->heartbeat != NULL)
            events->heartbeat(session->user, &heartbeat);
        return;
    }
    if (pending->request.outcome == CTI_UNANSWERED)
        session->summary.unanswered++;
    if (events != NULL && events->request != NULL)
        events->request(session->user, &pending->request);
}

static void give_up_oldest(cti_session *session)
{
    cti_pending *oldest = g_queue_peek_head_link(&session->pending.by_age)->data;

    cti_session_pending_remove(session, oldest);
    oldest->request.outcome = CTI_UNKNOWN;
    oldest->missed_run = 0;
    session->summary.requests_given_up++;
    cti_session_tell_request(session, oldest);
    g_free(oldest);
}

static void note_invoke_id(cti_session *session, uint32_t invoke_id)
{
    session->pending.lowest_id = MIN(session->pending.lowest_id, invoke_id);
    session->pending.highest_id = MAX(session->pending.highest_id, invoke_id);
}

static cti_pending *pending_add(cti_session *session, const cti_message *message,
                                const cti_moment *moment, uint32_t invoke_id)
{
    cti_pending *pending = g_new0(cti_pending, 1);
    cti_pending *oldest;

    if (session->pending.by_age.length >= CTI_PENDING_MAX)
        give_up_oldest(session);
    if (moment->sender == CTI_CLIENT)
        note_invoke_id(session, invoke_id);
    pending->number = ++session->pending.numbers;
    pending->key = pending_key(moment->sender, invoke_id);
    pending->request = (cti_request){.message = message,
                                     .sender = moment->sender,
                                     .invoke_id = invoke_id,
                                     .frame = moment->frame,
                                     .time = moment->time,
                                     .cookie = moment->cookie,
                                     .answer_time = CTI_NO_TIME};
    pending->link.data = pending;
    g_queue_push_tail_link(&session->pending.by_age, &pending->link);
    oldest = g_hash_table_lookup(session->pending.table, &pending->key);
    if (oldest == NULL) {
        oldest = pending;
        g_hash_table_insert(session->pending.table, &pending->key, pending);
    } else {
        pending->older = oldest->youngest;
        pending->older->younger = pending;
    }
    oldest->youngest = pending;
    if (oldest->recent == NULL)
        oldest->recent = pending;
    return pending;
}

/* True if a message of this type can be the answer to the request. */
static bool can_answer(const cti_message *answer, const cti_message *request)
{
    if (answer->number == request->confirmed_by || answer->number == CTI_FAILURE_CONF)
        return true;
    return answer->number == CTI_CONTROL_FAILURE_CONF &&
           (request->category == CTI_CATEGORY_CLIENT_CONTROL ||
            request->category == CTI_CATEGORY_SUPERVISOR);
}

static cti_pending *find_request(const cti_session *session, const cti_message *answer,
                                 const cti_moment *moment, uint32_t invoke_id)
{
    const uint64_t key =
        pending_key(moment->sender == CTI_CLIENT ? CTI_SERVER : CTI_CLIENT, invoke_id);
    cti_pending *oldest = g_hash_table_lookup(session->pending.table, &key);
    cti_pending *recent;
    uint32_t compared = 0;

    if (oldest == NULL)
        return NULL;
    recent = oldest->recent;
    while (recent != NULL && cti_elapsed(recent->request.time, moment->time) > USUAL_ANSWER)
        recent = recent->younger;
    oldest->recent = recent;
    for (cti_pending *p = recent; p != NULL && compared < COMPARED_MAX; p = p->younger, compared++)
        if (can_answer(answer, p->request.message))
            return p;
    for (cti_pending *p = recent != NULL ? recent->older : oldest->youngest;
         p != NULL && compared < COMPARED_MAX; p = p->older, compared++)
        if (can_answer(answer, p->request.message))
            return p;
    return NULL;
}

static bool is_failure(const cti_message *answer)
{
    return answer->number == CTI_FAILURE_CONF || answer->number == CTI_CONTROL_FAILURE_CONF;
}

/* True if every message of the session was captured, in order, from its beginning. */
static bool is_all_captured(const cti_session *session)
{
    return !session->began_in_mid && !session->rules.incomplete[0] &&
           !session->rules.incomplete[1] && !session->rules.disordered &&
           !session->pending.id_unknown &&
           session->summary.requests_given_up == 0;
}

/* An answer of the server whose InvokeID no request of the session ever had: the one request that
 * it can answer, if only one waits.  Heartbeats have a rule of their own. */
static cti_pending *find_request_of_other_id(const cti_session *session,
                                             const cti_message *answer, const cti_moment *moment,
                                             uint32_t invoke_id)
{
    cti_pending *found = NULL;

    if (moment->sender != CTI_SERVER || answer->number == CTI_HEARTBEAT_CONF ||
        session->pending.by_age.length > COMPARED_MAX || !is_all_captured(session))
        return NULL;
    if (invoke_id >= session->pending.lowest_id && invoke_id <= session->pending.highest_id &&
        answer->number != CTI_OPEN_CONF && answer->number != CTI_CLOSE_CONF)
        return NULL;
    /* A failure may be about a request whose format is not known: OPEN_REQ alone is none. */
    if (is_failure(answer) && session->summary.messages_client != 1)
        return NULL;
    for (const GList *link = session->pending.by_age.head; link != NULL; link = link->next) {
        cti_pending *pending = link->data;

        if (pending->request.sender != CTI_CLIENT ||
            !can_answer(answer, pending->request.message))
            continue;
        if (found != NULL || pending_is_heartbeat(pending))
            return NULL;
        found = pending;
    }
    return found;
}

static void read_status(const cti_reader *reader, cti_request *request)
{
    cti_item item;

    request->has_status = cti_reader_status(reader, &item) && item.has_number;
    if (!request->has_status)
        return;
    request->status = item.number;
    request->status_value = cti_item_value(&item);
}

void cti_session_note_missed(cti_session *session, cti_pending *missed)
{
    if (session->rules.missed_run == 0) {
        memset(session->rules.missed_frames, 0, sizeof(session->rules.missed_frames));
        session->rules.missed_since = missed->request.time;
    }
    if (session->rules.missed_run < CTI_FINDING_FRAMES_MAX)
        session->rules.missed_frames[session->rules.missed_run] = missed->request.frame;
    missed->missed_run = ++session->rules.missed_run;
}

/* A heartbeat of the run, or the latest one, is answered, perhaps late: the ones before it have
 * been passed over, and the ones after it are the run now. */
static void shorten_run(cti_session *session, const cti_pending *answered,
                        const cti_moment *moment)
{
    const uint64_t begin = session->rules.run_begin;
    GList *next = NULL;
    bool passed = false, may_be_late = false;

    if (answered->number <= begin)
        return;
    session->rules.run_begin = answered->number;
    if (session->rules.missed_run == 0)
        return;
    for (GList *link = session->pending.by_age.tail; link != NULL; link = link->prev) {
        const cti_pending *pending = link->data;

        if (pending->number <= begin)
            break;
        if (pending->number > answered->number) {
            next = link;
        } else if (pending != answered && pending_is_heartbeat(pending) && pending->missed_run > 0) {
            passed = true;
            may_be_late |= pending->key == answered->key;
        }
    }
    session->rules.missed_run = 0;
    for (; next != NULL; next = next->next) {
        cti_pending *pending = next->data;

        if (pending_is_heartbeat(pending) && pending->missed_run > 0)
            cti_session_note_missed(session, pending);
    }
    if (!passed)
        return;
    if (session->rules.passed.to == 0)
        session->rules.passed.from = begin + 1;
    session->rules.passed.to = answered->number;
    session->rules.passed.time = moment->time;
    session->rules.passed.may_be_late = may_be_late;
    cti_session_count_passed(session);
}

void cti_session_count_passed(cti_session *session)
{
    session->rules.passed.count = 0;
    if (session->rules.passed.to == 0)
        return;
    memset(session->rules.passed.frames, 0, sizeof(session->rules.passed.frames));
    for (const GList *link = session->pending.by_age.head; link != NULL; link = link->next) {
        const cti_pending *pending = link->data;

        if (pending->number >= session->rules.passed.to)
            break;
        if (pending->number < session->rules.passed.from || !pending_is_heartbeat(pending) ||
            pending->missed_run == 0 || cti_session_is_doubtful(session, pending))
            continue;
        if (session->rules.passed.count == 0)
            session->rules.passed.since = pending->request.time;
        if (session->rules.passed.count < CTI_FINDING_FRAMES_MAX)
            session->rules.passed.frames[session->rules.passed.count] = pending->request.frame;
        session->rules.passed.count++;
    }
}

/* Fills in request's answer. */
static void take_answer(cti_session *session, cti_pending *pending, const cti_moment *moment,
                        const cti_reader *reader, cti_message_facts *facts, cti_event *event)
{
    cti_request *request = &pending->request;

    request->answer = reader->message;
    request->answer_frame = moment->frame;
    request->answer_time = moment->time;
    request->answer_cookie = moment->cookie;
    request->outcome =
        reader->message->number == request->message->confirmed_by ? CTI_CONFIRMED : CTI_FAILED;
    if (request->outcome == CTI_FAILED)
        read_status(reader, request);
    facts->answers = true;
    facts->request = request->message;
    facts->request_frame = request->frame;
    facts->request_cookie = request->cookie;
    facts->answer_time = cti_forward(request->time, moment->time);
    if (request->outcome == CTI_CONFIRMED && cti_need_of(request->message->number)->third_party)
        session->rules.third_party_confirmed = true;
    if (pending_is_heartbeat(pending)) {
        session->rules.heartbeat_answered = true;
        shorten_run(session, pending, moment);
        pending->missed_run = 0;
    } else if (facts->answer_time != CTI_NO_TIME) {
        cti_quantile_add(&session->summary.answers, facts->answer_time);
    }
    event->answered = request;
}

/* pending is NULL for a heartbeat whose answer would not be recognized. */
static void take_heartbeat(cti_session *session, cti_pending *pending, const cti_moment *moment,
                           int64_t silence)
{
    const int64_t server_time =
        session->rules.server_in_doubt ? CTI_NO_TIME : session->summary.last_server_time;
    cti_pending *before = session->pending.last_heartbeat;

    session->summary.heartbeats++;
    cti_session_count_passed(session);
    if (before != NULL && !cti_session_is_doubtful(session, before))
        cti_session_note_missed(session, before);
    session->pending.last_heartbeat = pending;
    cti_heartbeat_meter_add(&session->rules.meter, moment->time, moment->frame, silence,
                            cti_forward(server_time, moment->time));
    cti_session_update_interval(session);
}

/* A message that was cut before its InvokeID may answer any request; whether it is answered
 * itself, if it is one, is not known. */
static void take_without_id(cti_session *session, const cti_moment *moment,
                            const cti_message *message, int64_t silence)
{
    cti_session_doubt(session, moment->sender);
    session->pending.id_unknown = true;
    if (message->number == CTI_HEARTBEAT_REQ) {
        take_heartbeat(session, NULL, moment, silence);
        session->rules.heartbeats_unknown++;
    } else {
        session->summary.requests += message->confirmed_by != 0;
    }
}

cti_pending *cti_session_pair(cti_session *session, const cti_moment *moment,
                              const cti_reader *reader, cti_message_facts *facts, cti_event *event)
{
    const cti_message *message = reader->message;
    cti_pending *pending;
    uint32_t invoke_id;

    if (message == NULL)
        return NULL;
    if (!cti_reader_invoke_id(reader, &invoke_id)) {
        if (cti_reader_is_cut(reader))
            take_without_id(session, moment, message, facts->client_gap);
        return NULL;
    }
    pending = find_request(session, message, moment, invoke_id);
    if (pending == NULL && message->confirmed_by == 0) {
        pending = find_request_of_other_id(session, message, moment, invoke_id);
        event->other_invoke_id = pending != NULL;
    }
    if (pending != NULL) {
        take_answer(session, pending, moment, reader, facts, event);
        cti_session_pending_remove(session, pending);
        return pending;
    }
    if (message->confirmed_by == 0)
        return NULL;
    pending = pending_add(session, message, moment, invoke_id);
    if (message->number == CTI_HEARTBEAT_REQ && moment->sender == CTI_SERVER)
        session->rules.server_heartbeats++;
    if (pending_is_heartbeat(pending)) {
        take_heartbeat(session, pending, moment, facts->client_gap);
        facts->missed_run = session->rules.missed_run;
    } else {
        session->summary.requests++;
    }
    return NULL;
}
