/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Selected records (see selection.h).  Sessions and connections are told whole, with the
 * counts of all their messages; the summary is that of the whole input. */
#include "selection.h"

#include <glib.h>
#include <string.h>

/* Phones of an agent that are remembered. */
#define PHONES_MAX 64

struct selection {
    const selection_criteria *criteria;
    const record_writer *writer;
    void *user;
    GHashTable *connections; /* numbers of those with a selected session */
    GHashTable *sessions;    /* numbers of those of the selected clients */
    GHashTable *asked;       /* selected requests that wait for their answers: session, InvokeID */
    GHashTable *phones;      /* that the agent uses, as far as messages have told */
};

bool selection_is_set(const selection_criteria *c)
{
    return c->client != NULL || c->types != NULL || c->agent != NULL || c->has_call ||
           c->session != 0 || c->from != CTI_NO_TIME || c->to != CTI_NO_TIME ||
           c->least != CTI_NOTE;
}

/* ---- conditions ---- */

static bool wants_time(const selection *s, int64_t time)
{
    return (s->criteria->from == CTI_NO_TIME || time >= s->criteria->from) &&
           (s->criteria->to == CTI_NO_TIME || time <= s->criteria->to);
}

static bool wants_session(selection *s, const session_record *session)
{
    const selection_criteria *c = s->criteria;

    if (session == NULL)
        return c->session == 0 && c->client == NULL;
    if ((c->session != 0 && session->number != c->session) ||
        (c->client != NULL && strcmp(session->session->client_id, c->client) != 0))
        return false;
    g_hash_table_add(s->connections, GUINT_TO_POINTER(session->connection->number));
    return true;
}

static bool wants_type(const selection *s, const cti_message *message)
{
    if (s->criteria->types == NULL)
        return true;
    for (char **type = s->criteria->types; message != NULL && *type != NULL; type++)
        if (g_ascii_strcasecmp(*type, message->name) == 0)
            return true;
    return false;
}

static bool is_text(const cti_item *item, cti_field_id field)
{
    return item->field == cti_field_get(field) && item->text != NULL && item->text_length > 0;
}

/* The device that the message is about, of events and requests of calls. */
static bool is_device(const cti_item *item)
{
    return is_text(item, CTI_F_ConnectionDeviceID) || is_text(item, CTI_F_AlertingDeviceID) ||
           is_text(item, CTI_F_AnsweringDeviceID) || is_text(item, CTI_F_PrimaryDeviceID) ||
           is_text(item, CTI_F_SecondaryDeviceID) || is_text(item, CTI_F_AgentInstrument);
}

static bool names_agent(const selection *s, const cti_item *item)
{
    const char *agent = s->criteria->agent;
    char *device;
    bool known;

    if (is_text(item, CTI_F_AgentID))
        return item->text_length == strlen(agent) &&
               memcmp(item->text, agent, strlen(agent)) == 0;
    if (g_hash_table_size(s->phones) == 0 || !is_device(item))
        return false;
    device = g_strndup(item->text, item->text_length);
    known = g_hash_table_contains(s->phones, device);
    g_free(device);
    return known;
}

/* A message that names an agent and a phone tells who uses it. */
static void learn_phones(selection *s, const cti_reader *reader)
{
    const char *agent = s->criteria->agent;
    bool named = false, own = false;
    cti_reader copy = *reader;
    cti_item item;

    while (cti_reader_next(&copy, &item)) {
        if (!is_text(&item, CTI_F_AgentID))
            continue;
        named = true;
        own |= item.text_length == strlen(agent) && memcmp(item.text, agent, strlen(agent)) == 0;
    }
    copy = *reader;
    while (named && cti_reader_next(&copy, &item)) {
        char *phone;

        if (!is_text(&item, CTI_F_AgentInstrument) && !is_text(&item, CTI_F_AgentExtension))
            continue;
        phone = g_strndup(item.text, item.text_length);
        if (!own)
            g_hash_table_remove(s->phones, phone);
        else if (g_hash_table_size(s->phones) < PHONES_MAX)
            g_hash_table_add(s->phones, g_steal_pointer(&phone));
        g_free(phone);
    }
}

static bool names_call(const selection *s, const cti_item *item)
{
    return item->field != NULL && item->field->flags & CTI_FIELD_CALL_ID && item->has_number &&
           item->number == s->criteria->call;
}

/* The message names the agent and the call that are asked for. */
static bool wants_content(const selection *s, const cti_reader *reader)
{
    bool agent = s->criteria->agent == NULL, call = !s->criteria->has_call;
    cti_reader own = *reader;
    cti_item item;

    while (!(agent && call) && cti_reader_next(&own, &item)) {
        agent = agent || names_agent(s, &item);
        call = call || names_call(s, &item);
    }
    return agent && call;
}

static uint64_t request_key(const session_record *session, uint32_t invoke_id)
{
    return (uint64_t)session->number << 32 | invoke_id;
}

static bool names_content(const selection *s)
{
    return s->criteria->agent != NULL || s->criteria->has_call;
}

/* The message names what is asked for, or answers a request that does. */
static bool wants_message(selection *s, const message_record *record)
{
    uint32_t invoke_id;
    uint64_t key;
    bool wanted;

    if (!names_content(s))
        return true;
    if (s->criteria->agent != NULL)
        learn_phones(s, record->reader);
    wanted = wants_content(s, record->reader);
    if (record->reader->message == NULL || !cti_reader_invoke_id(record->reader, &invoke_id))
        return wanted;
    key = request_key(record->session, invoke_id);
    if (record->facts->answers)
        return g_hash_table_remove(s->asked, &key) || wanted;
    if (wanted && record->reader->message->confirmed_by != 0)
        g_hash_table_add(s->asked, g_memdup2(&key, sizeof(key)));
    return wanted;
}

static bool wants_messages_only(const selection *s)
{
    return s->criteria->types != NULL || s->criteria->agent != NULL || s->criteria->has_call;
}

/* ---- records ---- */

static void select_begin(void *user, unsigned time_digits)
{
    selection *s = user;

    if (s->writer->begin != NULL)
        s->writer->begin(s->user, time_digits);
}

static void select_message(void *user, const message_record *record)
{
    selection *s = user;
    bool wanted;

    if (s->writer->message == NULL)
        return;
    wanted = wants_message(s, record);
    if (wants_session(s, record->session) && wants_time(s, record->time) &&
        wants_type(s, record->reader->message) && wanted)
        s->writer->message(s->user, record);
}

static void select_heartbeat(void *user, const session_record *session,
                             const cti_heartbeat *heartbeat)
{
    selection *s = user;

    if (s->writer->heartbeat != NULL && wants_session(s, session) &&
        wants_time(s, heartbeat->request->time) && !wants_messages_only(s))
        s->writer->heartbeat(s->user, session, heartbeat);
}

/* The request was selected when it was sent; with an answer, its message comes next. */
static bool wants_request(selection *s, const session_record *session, const cti_request *request)
{
    const uint64_t key = request_key(session, request->invoke_id);

    if (!names_content(s))
        return true;
    return request->answer != NULL ? g_hash_table_contains(s->asked, &key)
                                   : g_hash_table_remove(s->asked, &key);
}

static void select_request(void *user, const session_record *session, const cti_request *request)
{
    selection *s = user;

    if (s->writer->request != NULL && wants_session(s, session) &&
        wants_time(s, request->time) && wants_type(s, request->message) &&
        wants_request(s, session, request))
        s->writer->request(s->user, session, request);
}

static void select_silence(void *user, const session_record *session, const cti_silence *silence)
{
    selection *s = user;

    if (s->writer->silence != NULL && wants_session(s, session) && wants_time(s, silence->to) &&
        !wants_messages_only(s))
        s->writer->silence(s->user, session, silence);
}

static void select_gap(void *user, const gap_record *record)
{
    selection *s = user;

    if (s->writer->gap != NULL && wants_session(s, record->session) &&
        wants_time(s, record->time) && !wants_messages_only(s))
        s->writer->gap(s->user, record);
}

static bool goes_there(const cti_client *client, uint32_t session)
{
    for (uint32_t i = 0; i < client->leg_count; i++)
        if (client->legs[i]->session == session)
            return true;
    return false;
}

/* A client is selected by itself, or by one of its sessions. */
static void select_client(void *user, const cti_client *client)
{
    selection *s = user;
    const selection_criteria *c = s->criteria;

    if ((c->client != NULL && strcmp(client->id, c->client) != 0) ||
        (c->session != 0 && !goes_there(client, c->session)))
        return;
    for (uint32_t i = 0; i < client->leg_count; i++)
        g_hash_table_add(s->sessions, GUINT_TO_POINTER(client->legs[i]->session));
    if (s->writer->client != NULL)
        s->writer->client(s->user, client);
}

static void select_storm(void *user, const cti_storm *storm)
{
    selection *s = user;

    if (s->writer->storm != NULL && wants_session(s, NULL) && wants_time(s, storm->first))
        s->writer->storm(s->user, storm);
}

/* True if one of the sessions was selected with its client, or nobody asks for one. */
static bool wants_any_session(const selection *s, const uint32_t *sessions, uint32_t count)
{
    if (s->criteria->session == 0 && s->criteria->client == NULL)
        return true;
    for (uint32_t i = 0; i < count; i++)
        if (g_hash_table_contains(s->sessions, GUINT_TO_POINTER(sessions[i])))
            return true;
    return false;
}

static bool wants_period(const selection *s, const cti_outage_period *period)
{
    const cti_outage *outage = &period->outage;
    const int64_t until = outage->to != CTI_NO_TIME ? outage->to : INT64_MAX;

    return (s->criteria->to == CTI_NO_TIME || outage->from <= s->criteria->to) &&
           (s->criteria->from == CTI_NO_TIME || until >= s->criteria->from) &&
           wants_any_session(s, period->sessions,
                             MIN(period->session_count, CTI_OUTAGE_SESSIONS_MAX));
}

static void select_outage(void *user, const cti_outage_history *history)
{
    selection *s = user;

    if (s->writer->outage == NULL || wants_messages_only(s))
        return;
    for (uint32_t i = 0; i < history->period_count; i++)
        if (wants_period(s, &history->periods[i])) {
            s->writer->outage(s->user, history);
            return;
        }
}

static void select_maintenance(void *user, const cti_maintenance *maintenance)
{
    selection *s = user;

    if (s->writer->maintenance == NULL || wants_messages_only(s) ||
        !wants_time(s, maintenance->asked))
        return;
    for (uint32_t i = 0; i < maintenance->client_count; i++)
        if (wants_any_session(s, &maintenance->clients[i].session, 1)) {
            s->writer->maintenance(s->user, maintenance);
            return;
        }
}

/* A finding of several sessions belongs to the client that has them; one of all, to none. */
static bool wants_finding_of(selection *s, const session_record *session,
                             const cti_finding *finding)
{
    if (session != NULL || finding->session == 0)
        return wants_session(s, session);
    return g_hash_table_contains(s->sessions, GUINT_TO_POINTER(finding->session));
}

static void select_finding(void *user, const session_record *session, const cti_finding *finding)
{
    selection *s = user;

    if (s->writer->finding != NULL && wants_finding_of(s, session, finding) &&
        wants_time(s, finding->time) && finding->severity >= s->criteria->least)
        s->writer->finding(s->user, session, finding);
}

static void select_tcp_end(void *user, const session_record *session, cti_tcp_end how,
                           cti_sender sender, int64_t time, uint32_t frame)
{
    selection *s = user;

    if (s->writer->tcp_end != NULL && wants_session(s, session) && wants_time(s, time) &&
        !wants_messages_only(s))
        s->writer->tcp_end(s->user, session, how, sender, time, frame);
}

static void select_session(void *user, const session_record *session)
{
    selection *s = user;

    /* What the writer keeps of a session that was selected must come to its end, whatever the
     * session calls itself by now. */
    if (s->writer->session != NULL && (wants_session(s, session) || *session->writer_data != NULL))
        s->writer->session(s->user, session);
}

static void select_connection(void *user, const connection_record *connection)
{
    selection *s = user;
    const bool chosen =
        g_hash_table_contains(s->connections, GUINT_TO_POINTER(connection->number));

    if (s->writer->connection != NULL &&
        (chosen || (s->criteria->session == 0 && s->criteria->client == NULL)))
        s->writer->connection(s->user, connection);
}

static void select_wait(void *user)
{
    selection *s = user;

    if (s->writer->wait != NULL)
        s->writer->wait(s->user);
}

static void select_summary(void *user, const summary_record *summary)
{
    selection *s = user;

    if (s->writer->summary != NULL)
        s->writer->summary(s->user, summary);
}

const record_writer selection_writer = {
    .begin = select_begin,
    .message = select_message,
    .heartbeat = select_heartbeat,
    .request = select_request,
    .silence = select_silence,
    .gap = select_gap,
    .finding = select_finding,
    .tcp_end = select_tcp_end,
    .session = select_session,
    .connection = select_connection,
    .client = select_client,
    .storm = select_storm,
    .outage = select_outage,
    .maintenance = select_maintenance,
    .wait = select_wait,
    .summary = select_summary,
};

/* ---- life ---- */

selection *selection_new(const selection_criteria *criteria, const record_writer *writer,
                         void *user)
{
    selection *s = g_new0(selection, 1);

    s->criteria = criteria;
    s->writer = writer;
    s->user = user;
    s->connections = g_hash_table_new(NULL, NULL);
    s->sessions = g_hash_table_new(NULL, NULL);
    s->asked = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    s->phones = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return s;
}

void selection_free(selection *s)
{
    g_hash_table_destroy(s->connections);
    g_hash_table_destroy(s->sessions);
    g_hash_table_destroy(s->asked);
    g_hash_table_destroy(s->phones);
    g_free(s);
}
