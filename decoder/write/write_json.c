/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON Lines: one object a record, "record" first.  What the keys mean stands in
 * docs/ctidump.schema.json. */
#include <glib.h>
#include <string.h>

#include "json_parts.h"
#include "undecoded.h"

/* The version of the records: a new one when a key changes its meaning or goes. */
#define SCHEMA_VERSION 2

/* Of bytes that are not CTI. */
#define FIRST_BYTES_SHOWN 8

static const char *sender_name(cti_sender sender)
{
    return sender == CTI_CLIENT ? "client" : "server";
}

/* ---- the records ---- */

static void json_begin(void *user, unsigned time_digits)
{
    json *j = user;

    j->digits = time_digits;
}

static void json_message(void *user, const message_record *record)
{
    json *j = user;
    const cti_session_summary *session = record->session->session;
    const cti_message_facts *facts = record->facts;
    cti_reader reader = *record->reader;

    begin_record(j, "message");
    key_number(j, "session", record->session->number);
    key_number(j, "frame", record->frame);
    key_time(j, "ts", record->time);
    key_seconds(j, "offset_s", cti_elapsed(session->first_time, record->time));
    key_text(j, "side", cti_side_name(record->session->connection->side));
    key_text(j, "dir", sender_name(record->sender));
    key_number(j, "type", reader.message_type);
    key_text(j, "name", reader.message != NULL ? reader.message->name : NULL);
    key_number(j, "length", reader.message_length);
    key_known(j, "version", facts->version);
    json_fields(j, &reader);
    json_problems(j, &reader);
    problem_counts_reader(&j->problems, record, &reader);
    end_record(j);
}

static void json_heartbeat(void *user, const session_record *session,
                           const cti_heartbeat *heartbeat)
{
    json *j = user;
    const cti_request *request = heartbeat->request;

    answers_add(j->answers, session->number, request);
    begin_record(j, "heartbeat");
    key_number(j, "session", session->number);
    key_number(j, "invoke_id", request->invoke_id);
    key_number(j, "request_frame", request->frame);
    key_time(j, "request_ts", request->time);
    key_known(j, "confirm_frame", request->answer_frame);
    key_time(j, "confirm_ts", request->answer_time);
    key_seconds(j, "rtt_s", cti_forward(request->time, request->answer_time));
    key_bool(j, "missed", heartbeat->missed);
    key_number(j, "missed_run", heartbeat->missed_run);
    end_record(j);
}

static void json_request(void *user, const session_record *session, const cti_request *request)
{
    json *j = user;

    answers_add(j->answers, session->number, request);
    begin_record(j, "request");
    key_number(j, "session", session->number);
    key_number(j, "invoke_id", request->invoke_id);
    key_number(j, "request_type", request->message->number);
    key_text(j, "request_name", request->message->name);
    key_number(j, "request_frame", request->frame);
    key_known(j, "answer_type", request->answer != NULL ? request->answer->number : 0);
    key_text(j, "answer_name", request->answer != NULL ? request->answer->name : NULL);
    key_known(j, "answer_frame", request->answer_frame);
    key_seconds(j, "rtt_s", cti_forward(request->time, request->answer_time));
    if (request->has_status)
        key_number(j, "status", request->status);
    else
        key_null(j, "status");
    key_text(j, "status_name", request->status_value != NULL ? request->status_value->name : NULL);
    key_text(j, "outcome", cti_outcome_name(request->outcome));
    end_record(j);
}

/* A gap of either kind: the keys of the other one are null. */
static void json_silence(void *user, const session_record *session, const cti_silence *silence)
{
    json *j = user;

    begin_record(j, "gap");
    key_number(j, "session", session->number);
    key_number(j, "connection", session->connection->number);
    key_text(j, "kind", "silence");
    key_text(j, "dir", sender_name(CTI_CLIENT));
    key_seconds(j, "seconds", cti_elapsed(silence->from, silence->to));
    key_time(j, "from_ts", silence->from);
    key_time(j, "to_ts", silence->to);
    key_share(j, "idle_share", silence->idle_share);
    key_known(j, "frame", silence->frame);
    key_null(j, "bytes");
    key_null(j, "skipped_bytes");
    key_null(j, "cause");
    end_record(j);
}

static void json_gap(void *user, const gap_record *record)
{
    json *j = user;

    begin_record(j, "gap");
    key_known(j, "session", record->session != NULL ? record->session->number : 0);
    key_known(j, "connection", record->connection->number);
    key_text(j, "kind", "hole");
    key_text(j, "dir", sender_name(record->sender));
    key_null(j, "seconds");
    key_time(j, "from_ts", record->time);
    key_null(j, "to_ts");
    key_null(j, "idle_share");
    key_number(j, "frame", record->frame);
    key_number(j, "bytes", record->bytes);
    key_number(j, "skipped_bytes", record->skipped_bytes);
    key_text(j, "cause", cti_gap_cause_name(record->cause));
    end_record(j);
}

static void json_finding(void *user, const session_record *session, const cti_finding *finding)
{
    json *j = user;

    begin_record(j, "finding");
    key_known(j, "session", session != NULL ? session->number : finding->session);
    key_known(j, "connection", session != NULL ? session->connection->number : 0);
    key_text(j, "rule", cti_rule_name(finding->rule));
    key_text(j, "severity", cti_severity_name(finding->severity));
    key(j, "frames");
    yajl_gen_array_open(j->gen);
    for (uint32_t i = 0; i < finding->frame_count; i++)
        put_integer(j, finding->frames[i]);
    yajl_gen_array_close(j->gen);
    key_time(j, "ts", finding->time);
    key_text(j, "text", finding->text);
    g_string_truncate(j->scratch, 0);
    cti_rule_text(j->scratch, finding->rule);
    key_text(j, "protocol", j->scratch->str);
    if (finding->check != NULL)
        key_text(j, "check", finding->check);
    else
        key_null(j, "check");
    end_record(j);
}

/* The number and the names of the bits of a field of OPEN_REQ or OPEN_CONF. */
static void key_mask(json *j, const char *name, const char *names, cti_field_id field,
                     uint32_t mask, bool known)
{
    if (!known) {
        key_null(j, name);
        key_null(j, names);
        return;
    }
    key_number(j, name, mask);
    key(j, names);
    put_bit_names(j, cti_field_get(field)->values, mask);
}

static void put_source(void *user, const char *source)
{
    json *j = user;

    yajl_gen_string(j->gen, (const unsigned char *)source, strlen(source));
}

/* Whose events the session gets, and which it asked for. */
static void put_subscription(json *j, const cti_session_summary *s)
{
    const cti_subscription *asked = &s->subscription;
    uint32_t services;

    if (cti_session_services(s, &services)) {
        key(j, "events_of");
        yajl_gen_array_open(j->gen);
        cti_event_sources(services, put_source, j);
        yajl_gen_array_close(j->gen);
    } else {
        key_null(j, "events_of");
    }
    if (asked->has_peripheral_id && asked->peripheral_id != CTI_NO_PERIPHERAL_ID)
        key_number(j, "peripheral_id", asked->peripheral_id);
    else
        key_null(j, "peripheral_id");
    key_mask(j, "call_msg_mask", "call_msg_mask_names", CTI_F_CallMsgMask, asked->call_msg_mask,
             asked->has_call_msg_mask);
    key_mask(j, "agent_state_mask", "agent_state_mask_names", CTI_F_AgentStateMask,
             asked->agent_state_mask, asked->has_agent_state_mask);
    key_mask(j, "config_msg_mask", "config_msg_mask_names", CTI_F_ConfigMsgMask,
             asked->config_msg_mask, asked->has_config_msg_mask);
    key_bool(j, "monitors_changed", asked->changed);
}

static int64_t answer_time(const cti_session_summary *session, double share)
{
    const int64_t time = cti_quantile_get(&session->answers, share);

    return time < 0 ? CTI_NO_TIME : time;
}

static void put_session_traffic(json *j, const cti_session_summary *s)
{
    const char *source = cti_interval_source_name(s->heartbeat_interval_source);
    const int64_t worst = s->worst_gap_time == CTI_NO_TIME ? CTI_NO_TIME : s->worst_gap;

    key_number(j, "messages_client", s->messages_client);
    key_number(j, "messages_server", s->messages_server);
    key_number(j, "heartbeats", s->heartbeats);
    key_number(j, "heartbeats_missed", s->heartbeats_missed);
    key_share(j, "heartbeat_interval_s", source != NULL ? s->heartbeat_interval : -1);
    key_text(j, "heartbeat_interval_source", source);
    key_seconds(j, "worst_gap_s", worst);
    key_time(j, "worst_gap_ts", s->worst_gap_time);
    key_seconds(j, "answers_median_s", answer_time(s, 0.5));
    key_seconds(j, "answers_p95_s", answer_time(s, 0.95));
    key_seconds(j, "answers_worst_s", s->answers.count > 0 ? s->answers.worst : CTI_NO_TIME);
    key_number(j, "unanswered", s->unanswered);
    key_number(j, "holes", s->gaps);
    key_number(j, "findings", s->findings);
}

static void put_evidence_list(json *j, const char *name, const cti_evidence *evidence,
                              uint32_t count, bool against)
{
    key(j, name);
    yajl_gen_array_open(j->gen);
    for (uint32_t i = 0; i < count; i++) {
        if (evidence[i].against != against)
            continue;
        yajl_gen_map_open(j->gen);
        key_known(j, "frame", evidence[i].frame);
        key_text(j, "text", evidence[i].text);
        yajl_gen_map_close(j->gen);
    }
    yajl_gen_array_close(j->gen);
}

static void put_evidence(json *j, const cti_session_summary *s)
{
    put_evidence_list(j, "verdict_for", s->evidence, s->evidence_count, false);
    put_evidence_list(j, "verdict_against", s->evidence, s->evidence_count, true);
    key_text(j, "blame", cti_blame_name(s->blame));
    key_text(j, "verdict_check", s->check);
}

/* The direction of which no packet is in the capture, or NULL. */
static const char *not_captured(const cti_session_summary *s)
{
    if (s->client_not_captured)
        return sender_name(CTI_CLIENT);
    return s->server_not_captured ? sender_name(CTI_SERVER) : NULL;
}

static void json_session(void *user, const session_record *record)
{
    json *j = user;
    const cti_session_summary *s = record->session;

    begin_record(j, "session");
    key_number(j, "session", record->number);
    key_number(j, "connection", record->connection->number);
    key_wire_text(j, "client", s->client_id);
    key_wire_text(j, "signature", s->client_signature);
    key_endpoint(j, "client_address", &record->connection->client);
    key_endpoint(j, "server_address", &record->connection->server);
    key_text(j, "side", cti_side_name(record->connection->side));
    key_known(j, "version", s->version);
    key_bool(j, "version_inferred", s->version_inferred);
    key_text(j, "session_type", cti_session_type_name(s->opened_type));
    key_time(j, "became_active", s->became_active);
    key_mask(j, "services_requested", "services_requested_names", CTI_F_ServicesRequested,
             s->services_requested, s->has_services_requested);
    key_mask(j, "services_granted", "services_granted_names", CTI_F_ServicesGranted,
             s->services_granted, s->has_services_granted && s->state != CTI_STATE_REJECTED);
    put_subscription(j, s);
    if (!s->has_idle_timeout || cti_idle_timeout_is_off(s->idle_timeout))
        key_null(j, "idle_timeout_s");
    else
        key_number(j, "idle_timeout_s", s->idle_timeout);
    key_bool(j, "idle_timeout_inferred", s->idle_timeout_inferred);
    key_bool(j, "began_before_capture", s->began_before_capture);
    key_text(j, "not_captured", not_captured(s));
    key_time(j, "opened", s->open_time);
    key_seconds(j, "open_answer_s", cti_forward(s->open_time, s->open_answer_time));
    key_time(j, "ended", s->end_time);
    key_seconds(j, "duration_s", cti_elapsed(s->first_time, s->end_time));
    key_text(j, "end", cti_end_name(s->end));
    key_text(j, "verdict", cti_verdict_name(s->verdict));
    key_known(j, "replaced_by", s->replaced_by);
    key_known(j, "phone_held_by", s->phone_held_by);
    put_evidence(j, s);
    put_session_traffic(j, s);
    end_record(j);
}

static const char *syn_name(cti_syn_seen syn)
{
    static const char *const names[] = {"none", "client-only", "server-only", "full"};

    return names[syn];
}

/* Bytes that may be part of a secret are only named. */
static void put_not_cti(json *j, const char *name, const cti_foreign *start)
{
    if (start->frame == 0) {
        key_null(j, name);
        return;
    }
    key(j, name);
    yajl_gen_map_open(j->gen);
    key_text(j, "looks", cti_foreign_name(start->kind));
    key_number(j, "frame", start->frame);
    key_time(j, "ts", start->time);
    if (start->kind == CTI_FOREIGN_UNKNOWN && start->size > 0) {
        key(j, "first_bytes");
        put_hex(j, start->bytes, MIN(start->size, FIRST_BYTES_SHOWN));
    } else {
        key_null(j, "first_bytes");
    }
    yajl_gen_map_close(j->gen);
}

static void json_connection(void *user, const connection_record *record)
{
    json *j = user;
    const cti_tcp_counts *tcp = &record->tcp;

    begin_record(j, "connection");
    key_number(j, "connection", record->number);
    key_endpoint(j, "client_address", &record->client);
    key_endpoint(j, "server_address", &record->server);
    key_text(j, "side", cti_side_name(record->side));
    key_time(j, "first", record->first_time);
    key_time(j, "last", record->last_time);
    key_text(j, "syn", syn_name(record->syn));
    key_text(j, "close", cti_end_name(record->close));
    key_number(j, "packets", tcp->packets);
    key_number(j, "bytes_client", tcp->bytes[0]);
    key_number(j, "bytes_server", tcp->bytes[1]);
    key_number(j, "retransmissions", tcp->retransmissions);
    key_number(j, "out_of_order", tcp->out_of_order);
    key_number(j, "overlaps_differ", tcp->overlaps_differ);
    key_number(j, "duplicates", tcp->duplicates);
    key_number(j, "keep_alives", tcp->keep_alives);
    key_number(j, "zero_windows", tcp->zero_windows);
    key_number(j, "holes", tcp->gaps);
    key_bool(j, "tls", record->tls);
    key_text(j, "tls_only", record->tls_mismatch == CTI_TLS_CLIENT_ONLY   ? "client"
                            : record->tls_mismatch == CTI_TLS_SERVER_ONLY ? "server"
                                                                          : NULL);
    key_number(j, "sessions", record->sessions);
    key(j, "not_cti");
    yajl_gen_map_open(j->gen);
    put_not_cti(j, "client", &record->not_cti[0]);
    put_not_cti(j, "server", &record->not_cti[1]);
    yajl_gen_map_close(j->gen);
    json_other_answer(j, &record->other_answer);
    json_tcp(j, record);
    end_record(j);
}

static void put_notes(json *j, const summary_record *record)
{
    key(j, "notes");
    yajl_gen_array_open(j->gen);
    for (uint32_t i = 0; i < record->note_count; i++)
        put_wire_text(j, record->notes[i], (uint32_t)strlen(record->notes[i]));
    yajl_gen_array_close(j->gen);
}

static void put_kind(json *j, const char *name, uint64_t packets)
{
    yajl_gen_map_open(j->gen);
    key_text(j, "kind", name);
    key_number(j, "packets", packets);
    yajl_gen_map_close(j->gen);
}

static void put_undecoded(json *j, const undecoded *kinds)
{
    if (kinds == NULL || kinds->packets == 0)
        return;
    key(j, "packets_not_decoded");
    yajl_gen_array_open(j->gen);
    for (uint32_t i = 0; i < kinds->count; i++)
        put_kind(j, kinds->kinds[i].name, kinds->kinds[i].packets);
    if (kinds->others > 0)
        put_kind(j, "others", kinds->others);
    yajl_gen_array_close(j->gen);
}

static void put_answers(json *j)
{
    GPtrArray *types = answers_sorted(j->answers);

    for (guint i = 0; i < types->len; i++)
        json_answers(j, g_ptr_array_index(types, i));
    g_ptr_array_unref(types);
}

static void put_problem_counts(json *j)
{
    GPtrArray *found = problem_counts_sorted(&j->problems);

    key(j, "problems");
    yajl_gen_array_open(j->gen);
    for (guint i = 0; i < found->len; i++) {
        const problem_count *of = g_ptr_array_index(found, i);

        yajl_gen_map_open(j->gen);
        key_text(j, "rule", cti_problem_name(of->id));
        key_text(j, "severity", cti_severity_name(cti_problem_severity(of->id)));
        key_number(j, "count", of->count);
        key_number(j, "messages", of->messages);
        key_number(j, "session", of->session);
        key_number(j, "frame", of->frame);
        key_text(j, "text", of->first);
        yajl_gen_map_close(j->gen);
    }
    yajl_gen_array_close(j->gen);
    g_ptr_array_unref(found);
}

static void json_summary(void *user, const summary_record *record)
{
    json *j = user;

    put_answers(j);
    begin_record(j, "summary");
    key_number(j, "files", record->files);
    key_number(j, "packets", record->packets);
    if (record->without_tcp > 0)
        key_number(j, "packets_without_tcp", record->without_tcp);
    put_undecoded(j, record->undecoded);
    key_number(j, "bytes", record->bytes);
    key_time(j, "first", record->first_time);
    key_time(j, "last", record->last_time);
    key_number(j, "connections", record->connections);
    key_number(j, "other_connections", record->other_connections);
    key_number(j, "failed_attempts", record->failed_attempts);
    key_number(j, "sessions", record->sessions);
    key_number(j, "messages", record->messages);
    key(j, "findings_by_severity");
    yajl_gen_map_open(j->gen);
    for (cti_severity severity = CTI_NOTE; severity <= CTI_ERROR; severity++)
        key_number(j, cti_severity_name(severity), record->findings[severity]);
    yajl_gen_map_close(j->gen);
    put_problem_counts(j);
    put_notes(j, record);
    key_text(j, "tool", "ctidump " CTIDUMP_VERSION);
    key_number(j, "schema", SCHEMA_VERSION);
    end_record(j);
}

const record_writer json_writer = {
    .begin = json_begin,
    .message = json_message,
    .heartbeat = json_heartbeat,
    .request = json_request,
    .silence = json_silence,
    .gap = json_gap,
    .finding = json_finding,
    .session = json_session,
    .connection = json_connection,
    .client = json_client,
    .storm = json_storm,
    .outage = json_outage,
    .maintenance = json_maintenance,
    .summary = json_summary,
};

/* ---- life ---- */

void *json_start(const writer_options *options)
{
    json *j = g_new0(json, 1);

    j->options = options;
    j->gen = yajl_gen_alloc(NULL);
    j->answers = answers_new(options->slow);
    j->scratch = g_string_new(NULL);
    json_start_fields(j);
    return j;
}

void json_finish(void *user)
{
    json *j = user;

    yajl_gen_free(j->gen);
    answers_free(j->answers);
    problem_counts_release(&j->problems);
    g_string_free(j->scratch, TRUE);
    json_finish_fields(j);
    g_free(j);
}
