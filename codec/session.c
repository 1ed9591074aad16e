/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Session state (see session.h): takes in messages and holes, pairs requests with answers,
 * follows heartbeats and silences, and then lets the rules judge.  The end is in
 * session_end.c.
 * Source: GED-188, chapter "Session Management". */
#include "session.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rules.h"
#include "session_parts.h"

/* An answer belongs to the oldest request of its InvokeID that is not older than this,
 * else to the newest: so a lost answer does not shift all later ones by one where a
 * client uses one InvokeID for all its heartbeats. */
#define USUAL_ANSWER (4 * CTI_SECOND)
/* So many messages in a row must contradict an inferred version before it is given up. */
#define CONTRADICTIONS_MAX 3
/* So many silences before heartbeats tell the interval. */
#define INTERVAL_SAMPLES 3

/* ---- telling ---- */

void cti_session_report(cti_session *session, cti_rule rule, cti_severity severity, int64_t time,
                        const uint32_t *frames, uint32_t count, const char *format, ...)
{
    cti_finding finding = {.rule = rule, .severity = severity, .time = time};
    const uint32_t so_far = ++session->findings_by_rule[rule];
    va_list arguments;

    if (so_far > CTI_FINDINGS_PER_RULE)
        return;
    for (uint32_t i = 0; i < count && finding.frame_count < CTI_FINDING_FRAMES_MAX; i++)
        if (frames[i] != 0)
            finding.frames[finding.frame_count++] = frames[i];
    va_start(arguments, format);
    vsnprintf(finding.text, sizeof(finding.text), format, arguments);
    va_end(arguments);
    session->findings++;
    if (session->events != NULL && session->events->finding != NULL)
        session->events->finding(session->user, &finding);
}

void cti_session_tell_silence(cti_session *session, int64_t to, uint32_t frame, double share)
{
    const cti_silence silence = {session->last_client_time, to, frame, share};

    if (session->events != NULL && session->events->silence != NULL)
        session->events->silence(session->user, &silence);
}

/* ---- requests and answers ---- */

static uint64_t pending_key(cti_sender sender, uint32_t invoke_id)
{
    return (uint64_t)sender << 32 | invoke_id;
}

void cti_session_pending_remove(cti_session *session, cti_pending *pending)
{
    cti_pending *head = g_hash_table_lookup(session->pending, &pending->key);

    if (head == pending) {
        /* The key that the table holds lives in the head: replace both. */
        g_hash_table_remove(session->pending, &pending->key);
        if (pending->next != NULL)
            g_hash_table_insert(session->pending, &pending->next->key, pending->next);
    } else {
        while (head->next != pending)
            head = head->next;
        head->next = pending->next;
    }
    g_queue_unlink(&session->pending_by_age, &pending->link);
    if (session->last_heartbeat == pending)
        session->last_heartbeat = NULL;
}

void cti_session_tell_request(cti_session *session, const cti_pending *pending)
{
    const cti_session_events *events = session->events;

    if (pending_is_heartbeat(pending)) {
        const cti_heartbeat heartbeat = {&pending->request,
                                         pending->request.outcome == CTI_UNANSWERED,
                                         pending->missed_run};

        if (heartbeat.missed)
            session->heartbeats_missed++;
        if (events != NULL && events->heartbeat != NULL)
            events->heartbeat(session->user, &heartbeat);
        return;
    }
    if (pending->request.outcome == CTI_UNANSWERED)
        session->unanswered++;
    if (events != NULL && events->request != NULL)
        events->request(session->user, &pending->request);
}

static void give_up_oldest(cti_session *session)
{
    cti_pending *oldest = g_queue_peek_head_link(&session->pending_by_age)->data;

    cti_session_pending_remove(session, oldest);
    oldest->request.outcome = CTI_UNKNOWN;
    oldest->missed_run = 0;
    session->requests_given_up++;
    cti_session_tell_request(session, oldest);
    g_free(oldest);
}

static cti_pending *pending_add(cti_session *session, const cti_message *message,
                                const cti_moment *moment, uint32_t invoke_id)
{
    cti_pending *pending = g_new0(cti_pending, 1);
    cti_pending *head;

    if (session->pending_by_age.length >= CTI_PENDING_MAX)
        give_up_oldest(session);
    pending->key = pending_key(moment->sender, invoke_id);
    pending->request = (cti_request){.message = message,
                                     .sender = moment->sender,
                                     .invoke_id = invoke_id,
                                     .frame = moment->frame,
                                     .time = moment->time,
                                     .cookie = moment->cookie,
                                     .answer_time = CTI_NO_TIME};
    pending->link.data = pending;
    g_queue_push_tail_link(&session->pending_by_age, &pending->link);
    head = g_hash_table_lookup(session->pending, &pending->key);
    if (head == NULL) {
        g_hash_table_insert(session->pending, &pending->key, pending);
        return pending;
    }
    while (head->next != NULL)
        head = head->next;
    head->next = pending;
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
    cti_pending *newest = NULL;

    for (cti_pending *pending = g_hash_table_lookup(session->pending, &key); pending != NULL;
         pending = pending->next) {
        if (!can_answer(answer, pending->request.message))
            continue;
        if (cti_elapsed(pending->request.time, moment->time) <= USUAL_ANSWER)
            return pending;
        newest = pending;
    }
    return newest;
}

static void read_status(const cti_reader *reader, cti_request *request)
{
    cti_item item;

    if (!cti_reader_find(reader, CTI_F_Status, &item) &&
        !cti_reader_find(reader, CTI_F_FailureCode, &item))
        return;
    if (!item.has_number)
        return;
    request->has_status = true;
    request->status = item.number;
    request->status_value = cti_value_find(item.field->values, item.number);
}

/* Fills in request's answer; the run of missed heartbeats ends with any answered one. */
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
    if (pending_is_heartbeat(pending)) {
        event->missed_run_ended = session->missed_run;
        session->missed_run = 0;
        pending->missed_run = 0;
    } else if (facts->answer_time != CTI_NO_TIME) {
        cti_quantile_add(&session->answers, facts->answer_time);
    }
    event->answered = request;
}

void cti_session_note_missed(cti_session *session, cti_pending *missed)
{
    if (session->missed_run == 0) {
        memset(session->missed_frames, 0, sizeof(session->missed_frames));
        session->missed_since = missed->request.time;
    }
    if (session->missed_run < CTI_FINDING_FRAMES_MAX)
        session->missed_frames[session->missed_run] = missed->request.frame;
    missed->missed_run = ++session->missed_run;
}

static void take_heartbeat(cti_session *session, cti_pending *pending, int64_t gap)
{
    cti_pending *before = session->last_heartbeat;

    session->heartbeats++;
    if (before != NULL && !before->doubtful)
        cti_session_note_missed(session, before);
    session->last_heartbeat = pending;
    if (gap == CTI_NO_TIME)
        return;
    cti_quantile_add(&session->heartbeat_gaps, gap);
    /* The median settles soon: it is not worth a sort at each heartbeat. */
    if (session->heartbeat_gaps.count < INTERVAL_SAMPLES)
        return;
    if (session->heartbeat_gaps.count <= 16 || session->heartbeat_gaps.count % 32 == 0)
        session->usual_heartbeat_gap = cti_quantile_get(&session->heartbeat_gaps, 0.5);
}

/* ---- versions ---- */

static void learn_version(cti_session *session, const uint8_t *bytes, size_t size)
{
    const cti_versions fits = cti_versions_that_fit(bytes, size);

    if (fits == 0)
        return;
    if (session->possible & fits) {
        session->possible &= fits;
        session->contradictions = 0;
        return;
    }
    if (++session->contradictions >= CONTRADICTIONS_MAX) {
        session->possible = fits;
        session->contradictions = 0;
    }
}

uint32_t cti_session_version(const cti_session *session, bool *inferred)
{
    const bool known = session->version != 0;

    if (inferred != NULL)
        *inferred = !known && session->possible != CTI_VERSIONS_ALL;
    if (known)
        return session->version;
    return session->possible == CTI_VERSIONS_ALL ? 0 : cti_versions_newest(session->possible);
}

/* ---- what messages change ---- */

static uint32_t number_of(const cti_reader *reader, cti_field_id field)
{
    cti_item item;

    return cti_reader_find(reader, field, &item) && item.has_number ? item.number : 0;
}

static void copy_text(const cti_reader *reader, cti_field_id field, char text[CTI_CLIENT_ID_SIZE])
{
    cti_item item;
    size_t length;

    text[0] = '\0';
    if (!cti_reader_find(reader, field, &item) || item.text == NULL)
        return;
    length = MIN(item.text_length, CTI_CLIENT_ID_SIZE - 1);
    memcpy(text, item.text, length);
    text[length] = '\0';
}

static void take_open_req(cti_session *session, const cti_reader *reader, const cti_moment *moment)
{
    if (session->state == CTI_STATE_OPEN)
        return; /* the server refuses a second one: the first stays in force */
    session->state = CTI_STATE_OPENING;
    session->began_before_capture = false;
    session->version = number_of(reader, CTI_F_VersionNumber);
    session->idle_timeout = number_of(reader, CTI_F_IdleTimeout);
    session->services_requested = number_of(reader, CTI_F_ServicesRequested);
    copy_text(reader, CTI_F_ClientID, session->client_id);
    copy_text(reader, CTI_F_ClientSignature, session->client_signature);
    session->open_time = moment->time;
    session->open_frame = moment->frame;
    session->open_answer_time = CTI_NO_TIME;
    session->open_in_doubt = false;
}

static void take_failure_conf(cti_session *session, const cti_moment *moment,
                              const cti_request *answered)
{
    if (answered == NULL)
        return;
    if (answered->message->number == CTI_OPEN_REQ && session->state == CTI_STATE_OPENING) {
        session->state = CTI_STATE_REJECTED;
        session->open_status = answered->status;
        session->open_answer_time = moment->time;
        session->open_answer_frame = moment->frame;
    } else if (answered->message->number == CTI_HEARTBEAT_REQ) {
        session->server_offline = true;
        session->heartbeat_refused = true;
        session->server_offline_frame = moment->frame;
        session->server_offline_time = moment->time;
    }
}

static void take_failure_event(cti_session *session, uint32_t status, const cti_moment *moment)
{
    if (status == CTI_V_StatusCode_E_CTI_NEW_SESSION_OPENED)
        session->replaced_frame = moment->frame;
    if (status != CTI_V_StatusCode_E_CTI_CTI_SERVER_OFFLINE || session->server_offline)
        return;
    session->server_offline = true;
    session->server_offline_frame = moment->frame;
    session->server_offline_time = moment->time;
}

/* The messages of a graceful shutdown, and the calls that are told again after it. */
static void take_shutdown(cti_session *session, const cti_reader *reader, const cti_moment *moment)
{
    cti_shutdown *shutdown = &session->shutdown;

    switch (reader->message_type) {
    case CTI_STANDBY_ACTIVE_EVENT:
        session->session_type = CTI_V_SessionType_Active;
        break;
    case CTI_ACTIVE_MAINTENANCE_REQ:
        *shutdown = (cti_shutdown){.asked_frame = moment->frame,
                                   .asked_time = moment->time,
                                   .replayed = shutdown->replayed,
                                   .replayed_frame = shutdown->replayed_frame};
        break;
    case CTI_ACTIVE_MAINTENANCE_RESP:
        shutdown->vote_frame = moment->frame;
        shutdown->accepted = number_of(reader, CTI_F_MaintenanceModeAccepted) != 0;
        break;
    case CTI_ACTIVE_MAINTENANCE_EVENT:
        shutdown->outcome_frame = moment->frame;
        shutdown->outcome_time = moment->time;
        shutdown->continues = number_of(reader, CTI_F_MaintenanceModeStatus) != 0;
        break;
    case CTI_STOPPING_REQUESTS_TO_THIS_SIDE_IND:
        shutdown->stopping_frame = moment->frame;
        shutdown->stopping_time = moment->time;
        break;
    case CTI_CALL_DELIVERED_EVENT:
    case CTI_CALL_ESTABLISHED_EVENT:
        if (number_of(reader, CTI_F_EventCause) != CTI_V_EventCause_CEC_CALL_PARTY_UPDATE_IND)
            break;
        if (shutdown->replayed++ == 0)
            shutdown->replayed_frame = moment->frame;
        break;
    default:
        break;
    }
}

/* Until OPEN_CONF came the client had to be silent. */
static void start_client_clock(cti_session *session, const cti_moment *moment)
{
    if (session->open_frame == 0)
        return;
    session->last_client_time = moment->time;
    session->last_client_frame = moment->frame;
}

static void change_state(cti_session *session, const cti_reader *reader, const cti_moment *moment,
                         const cti_request *answered)
{
    switch (reader->message_type) {
    case CTI_OPEN_REQ:
        take_open_req(session, reader, moment);
        break;
    case CTI_OPEN_CONF:
        session->state = CTI_STATE_OPEN;
        start_client_clock(session, moment);
        session->services_granted = number_of(reader, CTI_F_ServicesGranted);
        session->session_type = number_of(reader, CTI_F_SessionType);
        session->open_answer_time = moment->time;
        session->open_answer_frame = moment->frame;
        break;
    case CTI_FAILURE_CONF:
        take_failure_conf(session, moment, answered);
        break;
    case CTI_FAILURE_EVENT:
        take_failure_event(session, number_of(reader, CTI_F_Status), moment);
        break;
    case CTI_CLOSE_REQ:
        session->state = CTI_STATE_CLOSING;
        session->close_status = number_of(reader, CTI_F_Status);
        session->close_time = moment->time;
        session->close_frame = moment->frame;
        break;
    case CTI_CLOSE_CONF:
        session->state = CTI_STATE_CLOSED;
        session->close_answer_time = moment->time;
        session->close_answer_frame = moment->frame;
        break;
    default:
        if (session->state == CTI_STATE_NEW && session->began_before_capture)
            session->state = CTI_STATE_OPEN;
        session->system_events += reader->message_type == CTI_SYSTEM_EVENT;
        take_shutdown(session, reader, moment);
        break;
    }
}

/* Counts the message and measures the client's silence before it. */
static void note_traffic(cti_session *session, const cti_reader *reader, const cti_moment *moment,
                         cti_message_facts *facts)
{
    if (session->messages_client + session->messages_server == 0) {
        session->first_time = moment->time;
        session->first_frame = moment->frame;
    }
    facts->client_gap = CTI_NO_TIME;
    facts->idle_share = -1;
    if (moment->sender == CTI_CLIENT) {
        facts->client_gap = cti_forward(session->last_client_time, moment->time);
        facts->idle_share = cti_session_idle_share(session, facts->client_gap);
        if (facts->client_gap != CTI_NO_TIME && facts->client_gap > session->worst_gap) {
            session->worst_gap = facts->client_gap;
            session->worst_gap_time = session->last_client_time;
        }
        session->messages_client++;
    } else {
        session->messages_server++;
        session->last_server_time = moment->time;
        session->last_server_frame = moment->frame;
        session->server_in_doubt = false;
    }
    session->quiet_before_last = cti_forward(session->last_time, moment->time);
    session->last_time = moment->time;
    session->last_frame = moment->frame;
    session->last_message = reader->message;
    session->last_sender = moment->sender;
}

/* Tells a silence that is worth a word, then lets the client's clock start again. */
static void note_client_message(cti_session *session, const cti_moment *moment,
                                const cti_message_facts *facts)
{
    const double interval = cti_session_heartbeat_interval(session, NULL);

    if (facts->client_gap != CTI_NO_TIME && session->state != CTI_STATE_OPENING &&
        ((interval > 0 && (double)facts->client_gap > 1.5 * interval * (double)CTI_SECOND) ||
         facts->idle_share > 0.75))
        cti_session_tell_silence(session, moment->time, moment->frame, facts->idle_share);
    session->last_client_time = moment->time;
    session->last_client_frame = moment->frame;
    session->client_in_doubt = false;
    session->client_gap_before_last = facts->client_gap;
}

void cti_session_message(cti_session *session, const uint8_t *bytes, size_t size,
                         const cti_moment *moment, cti_reader *reader, cti_message_facts *facts)
{
    cti_event event = {.kind = CTI_EVENT_MESSAGE,
                       .time = moment->time,
                       .frame = moment->frame,
                       .sender = moment->sender,
                       .before = session->state,
                       .reader = reader,
                       .facts = facts};
    cti_pending *answered = NULL;
    uint32_t invoke_id;

    *facts = (cti_message_facts){0};
    if (session->version == 0)
        learn_version(session, bytes, size);
    facts->context = (cti_context){.version = session->version, .possible = session->possible};
    cti_reader_init(reader, bytes, size, &facts->context);
    facts->missed_run = session->missed_run;
    note_traffic(session, reader, moment, facts);

    if (reader->message != NULL && cti_reader_invoke_id(reader, &invoke_id)) {
        answered = find_request(session, reader->message, moment, invoke_id);
        if (answered != NULL) {
            take_answer(session, answered, moment, reader, facts, &event);
            cti_session_pending_remove(session, answered);
        } else if (reader->message->confirmed_by != 0) {
            cti_pending *added = pending_add(session, reader->message, moment, invoke_id);

            if (pending_is_heartbeat(added)) {
                take_heartbeat(session, added, facts->client_gap);
                facts->missed_run = session->missed_run;
            } else {
                session->requests++;
            }
        }
    }
    change_state(session, reader, moment, event.answered);
    if (reader->message_type == CTI_OPEN_REQ && session->version != 0)
        facts->context.version = session->version;
    facts->version = cti_session_version(session, &facts->version_inferred);
    facts->state = session->state;
    cti_rules_run(session, &event);
    if (moment->sender == CTI_CLIENT)
        note_client_message(session, moment, facts);
    if (answered != NULL) {
        cti_session_tell_request(session, answered);
        g_free(answered);
    }
}

bool cti_session_is_next(const cti_session *session, uint32_t message_type)
{
    return message_type == CTI_OPEN_REQ &&
           (session->state == CTI_STATE_REJECTED || session->state == CTI_STATE_CLOSED ||
            session->state == CTI_STATE_LOST);
}

void cti_session_reopen(cti_session *session, int64_t time, uint32_t frame)
{
    const cti_event event = {.kind = CTI_EVENT_REOPEN,
                             .time = time,
                             .frame = frame,
                             .sender = CTI_CLIENT,
                             .before = session->state};

    cti_rules_run(session, &event);
}

void cti_session_hole(cti_session *session, cti_sender sender, uint64_t bytes, int64_t time,
                      uint32_t frame)
{
    (void)frame;
    session->holes++;
    if (bytes == 0)
        return;
    if (sender == CTI_CLIENT && session->last_client_time != CTI_NO_TIME)
        session->last_client_time = time;
    if (sender == CTI_CLIENT)
        session->client_in_doubt = true;
    else
        session->server_in_doubt = true;
    cti_session_doubt(session, sender);
}

void cti_session_doubt(cti_session *session, cti_sender sender)
{
    if (sender == CTI_SERVER && session->state == CTI_STATE_OPENING)
        session->open_in_doubt = true;
    for (GList *link = session->pending_by_age.head; link != NULL; link = link->next) {
        cti_pending *pending = link->data;

        if (pending->request.sender != sender)
            pending->doubtful = true;
    }
}

/* ---- heartbeat interval and idle time ---- */

double cti_session_heartbeat_interval(const cti_session *session, const char **source)
{
    const char *from = NULL;
    double interval = 0;

    if (session->usual_heartbeat_gap > 0) {
        from = "traffic";
        interval = (double)session->usual_heartbeat_gap / (double)CTI_SECOND;
    } else if (session->idle_timeout != 0 && session->idle_timeout != CTI_NO_IDLE_TIMEOUT) {
        from = "idle-timeout";
        interval = session->idle_timeout / 4.0;
    }
    if (source != NULL)
        *source = from;
    return interval;
}

double cti_session_idle_share(const cti_session *session, int64_t silence)
{
    if (silence == CTI_NO_TIME || session->idle_timeout == 0 ||
        session->idle_timeout == CTI_NO_IDLE_TIMEOUT)
        return -1;
    return (double)silence / ((double)session->idle_timeout * (double)CTI_SECOND);
}

/* ---- life ---- */

void cti_session_init(cti_session *session, const cti_session_events *events, void *user,
                      bool began_before_capture)
{
    *session = (cti_session){
        .possible = CTI_VERSIONS_ALL,
        .began_before_capture = began_before_capture,
        .open_time = CTI_NO_TIME,
        .open_answer_time = CTI_NO_TIME,
        .first_time = CTI_NO_TIME,
        .quiet_before_last = CTI_NO_TIME,
        .client_gap_before_last = CTI_NO_TIME,
        .last_time = CTI_NO_TIME,
        .last_client_time = CTI_NO_TIME,
        .last_server_time = CTI_NO_TIME,
        .worst_gap_time = CTI_NO_TIME,
        .close_time = CTI_NO_TIME,
        .close_answer_time = CTI_NO_TIME,
        .end_time = CTI_NO_TIME,
        .other_end_time = CTI_NO_TIME,
        .flows = {{.freed_time = CTI_NO_TIME}, {.freed_time = CTI_NO_TIME}},
        .events = events,
        .user = user,
    };
    g_queue_init(&session->pending_by_age);
    session->pending = g_hash_table_new(g_int64_hash, g_int64_equal);
}

void cti_session_release(cti_session *session)
{
    while (session->pending_by_age.head != NULL) {
        cti_pending *pending = session->pending_by_age.head->data;

        g_queue_unlink(&session->pending_by_age, &pending->link);
        g_free(pending);
    }
    if (session->pending != NULL)
        g_hash_table_destroy(session->pending);
    session->pending = NULL;
    cti_quantile_release(&session->answers);
    cti_quantile_release(&session->heartbeat_gaps);
}
