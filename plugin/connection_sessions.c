/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sessions of a connection, one after the other, and what they tell of each message (see
 * connections.h). */
#include "connection_internal.h"

#include <string.h>

#include "across.h"
#include "bytes.h"
#include "text.h"

/* ---- notes ---- */

session_note connection_note_session(const connection *c, cti_sender sender, cti_state state)
{
    const cti_session_summary *session = c->known;
    session_note note = {.number = c->number,
                         .client_id = c->client_id,
                         .side = c->side,
                         .sender = sender,
                         .state = state,
                         .summary = c->summary};

    if (session == NULL)
        return note; /* it has ended */
    if (session->has_services_granted && state != CTI_STATE_REJECTED) {
        note.has_services = true;
        note.services = session->services_granted;
    } else if (session->has_services_requested) {
        note.has_services = true;
        note.services = session->services_requested;
    }
    return note;
}

/* Where a finding belongs: to what it was found at; one that is found when the capture has
 * ended, to the last of the frames that it is about. */
static finding_note **place_of(connection *c, const cti_finding *finding)
{
    uint32_t frame = c->known->last_frame;

    if (c->current_message != NULL)
        return &c->current_message->findings;
    if (c->current_frame != NULL)
        return &c->current_frame->findings;
    if (finding->frame_count > 0)
        frame = finding->frames[finding->frame_count - 1];
    return &connection_make_note(c, frame)->findings;
}

finding_note *connection_new_finding(const cti_finding *finding, const session_note *session)
{
    finding_note *note = wmem_new0(wmem_file_scope(), finding_note);

    note->session = *session;
    note->rule = finding->rule;
    note->severity = finding->severity;
    note->frame_count = finding->frame_count;
    memcpy(note->frames, finding->frames, sizeof(note->frames));
    note->text = wmem_strdup(wmem_file_scope(), finding->text);
    return note;
}

static void take_finding(void *user, const cti_finding *finding)
{
    connection *c = user;
    const session_note session = connection_note_session(c, CTI_EITHER, c->known->state);
    finding_note **end = place_of(c, finding);

    while (*end != NULL)
        end = &(*end)->next;
    *end = connection_new_finding(finding, &session);
}

static void take_request(void *user, const cti_request *request)
{
    message_note *note = request->cookie;

    (void)user;
    if (note != NULL)
        note->unanswered = request->outcome == CTI_UNANSWERED;
}

static void take_heartbeat(void *user, const cti_heartbeat *heartbeat)
{
    message_note *note = heartbeat->request->cookie;

    (void)user;
    if (note != NULL)
        note->unanswered = heartbeat->missed;
}

static const cti_session_events session_events = {
    .request = take_request, .heartbeat = take_heartbeat, .finding = take_finding};

/* ---- sessions ---- */

static void summarize(const connection *c)
{
    const cti_session_summary *session = c->known;
    session_summary *summary = c->summary;

    summary->client_id = c->client_id;
    summary->side = c->side;
    summary->version = session->version;
    summary->lasted = (session->finished ? session->end_time : session->last_time) -
                      session->first_time;
    summary->messages = session->messages_client + session->messages_server;
    summary->heartbeats = session->heartbeats;
    summary->heartbeats_missed = session->heartbeats_missed;
    summary->worst_gap = session->worst_gap;
    summary->state = session->state;
    summary->finished = session->finished;
    summary->verdict = session->verdict;
}

/* The facts behind the verdict, for as long as the file is open. */
static void keep_evidence(const connection *c)
{
    session_summary *summary = c->summary;

    summary->evidence_count = c->known->evidence_count;
    summary->evidence = wmem_memdup(wmem_file_scope(), c->known->evidence,
                                    summary->evidence_count * sizeof(*c->known->evidence));
}

static void begin_session(connection *c, const packet_info *pinfo)
{
    c->live = true;
    c->number = connection_next_session();
    c->sessions++;
    c->client_id = NULL;
    c->summary = wmem_new0(wmem_file_scope(), session_summary);
    c->summary->number = c->number;
    c->summary->opened = (int64_t)pinfo->rel_ts.secs * CTI_SECOND + pinfo->rel_ts.nsecs;
    c->session =
        cti_session_new(&session_events, c, !c->saw_client_syn || c->lossy || c->sessions > 1);
    c->known = cti_session_get_summary(c->session);
}

void connection_end_session(connection *c, int64_t time, cti_end how)
{
    if (!c->live)
        return;
    cti_session_finish(c->session, time, how);
    summarize(c);
    keep_evidence(c);
    across_session(c->known, c->summary, &c->client, c->client_port, &c->server, c->server_port);
    cti_session_free(c->session);
    c->session = NULL;
    c->known = NULL;
    c->live = false;
}

/* ---- messages ---- */

/* ClientID, made valid UTF-8, when OPEN_REQ has told it. */
static void note_client_id(connection *c)
{
    char *text;

    if (c->known->client_id[0] == '\0' || c->client_id != NULL)
        return;
    text = g_utf8_make_valid(c->known->client_id, -1);
    c->client_id = wmem_strdup(wmem_file_scope(), text);
    g_free(text);
}

static void note_facts(const connection *c, message_note *note, const packet_info *pinfo,
                       const cti_message_facts *facts, cti_sender sender)
{
    message_note *request = facts->request_cookie;

    note->session = connection_note_session(c, sender, facts->state);
    note->context = facts->context;
    note->version = facts->version;
    note->version_inferred = facts->version_inferred;
    note->client_gap = facts->client_gap;
    note->idle_share = facts->idle_share;
    note->missed_run = facts->missed_run;
    if (!facts->answers)
        return;
    note->request = facts->request;
    note->response_to = facts->request_frame;
    note->response_time = facts->answer_time;
    if (request != NULL)
        request->response_in = pinfo->num;
}

/* Lets the session take in a message; note is what its findings are about. */
static void feed_session(connection *c, packet_info *pinfo, frame_note *frame,
                         message_note *note, const uint8_t *bytes, uint32_t size,
                         cti_reader *reader, cti_message_facts *facts)
{
    cti_moment moment = {.time = connection_time(pinfo), .frame = pinfo->num, .cookie = note};
    direction *from;
    bool begins = false;

    connection_learn_client(c, pinfo, cti_header_type(bytes));
    moment.sender = connection_sender(c, pinfo);
    from = connection_direction(c, pinfo);
    c->current_frame = frame;
    if (from->skipped && c->live)
        cti_session_gap(c->session, moment.sender, 0, moment.time);
    from->skipped = false;
    if (c->live && cti_session_is_next(c->session, cti_header_type(bytes))) {
        cti_session_reopen(c->session, moment.time, pinfo->num);
        connection_end_session(c, moment.time, CTI_END_SUPERSEDED);
    }
    if (!c->live) {
        begin_session(c, pinfo);
        begins = true;
    }
    if (!c->is_cti)
        across_talks(c->key);
    c->is_cti = c->trusted = true;
    c->current_message = note;
    cti_session_message(c->session, bytes, size, &moment, reader, facts);
    c->current_message = NULL;
    c->current_frame = NULL;
    note_client_id(c);
    summarize(c);
    note->begins_session = begins;
    note->first_without_open = begins && c->known->open_frame == 0;
}

/* What is known of a message that the session does not take in. */
static void peek_session(const connection *c, const uint8_t *bytes, uint32_t size,
                         cti_reader *reader, cti_message_facts *facts)
{
    *facts = (cti_message_facts){.client_gap = CTI_NO_TIME, .idle_share = -1};
    facts->context.possible = CTI_VERSIONS_ALL;
    if (c->live) {
        facts->context = cti_session_context(c->session);
        facts->version = c->known->version;
        facts->version_inferred = c->known->version_inferred;
        facts->state = c->known->state;
    }
    cti_reader_init(reader, bytes, size, &facts->context);
}

message_note *connection_message(connection *c, packet_info *pinfo, frame_note *frame,
                                 const uint8_t *bytes, uint32_t size, uint32_t version,
                                 cti_reader *reader)
{
    message_note *note = wmem_new0(wmem_file_scope(), message_note);
    cti_message_facts facts;

    if (!frame->repeated)
        feed_session(c, pinfo, frame, note, bytes, size, reader, &facts);
    else
        peek_session(c, bytes, size, reader, &facts);
    if (version != 0) {
        facts.context.version = facts.version = version;
        facts.version_inferred = false;
        cti_reader_init(reader, bytes, size, &facts.context);
    }
    note_facts(c, note, pinfo, &facts, connection_sender(c, pinfo));
    if (!c->live) {
        note->session.number = 0;
        note->session.summary = NULL;
    }

    if (frame->messages == NULL)
        frame->messages = note;
    else
        frame->last_message->next = note;
    frame->last_message = note;
    return note;
}
