/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comma-separated values (RFC 4180) for spreadsheets: one table of the records, its header
 * line first, all columns always.
 *
 * A row is made from the record's JSON (write_json.c), so that both say the same: a list of
 * words becomes "a|b", an object stays JSON.  Text that a spreadsheet would take for a formula
 * gets an apostrophe in front. */
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_tree.h>

#include "codec/text.h"
#include "writers.h"

#define COLUMNS_MAX 64

typedef struct csv_table {
    const char *name;
    const char *columns[COLUMNS_MAX]; /* keys of the record; NULL behind the last */
} csv_table;

static const csv_table tables[] = {
    {"sessions",
     {"session", "connection", "client", "signature", "client_address", "server_address", "side",
      "version", "version_inferred", "session_type", "became_active", "services_requested",
      "services_requested_names",
      "services_granted", "services_granted_names", "events_of", "peripheral_id", "call_msg_mask",
      "call_msg_mask_names", "agent_state_mask", "agent_state_mask_names", "config_msg_mask",
      "config_msg_mask_names", "monitors_changed", "idle_timeout_s", "idle_timeout_inferred",
      "began_before_capture", "not_captured", "opened", "open_answer_s", "ended", "duration_s",
      "end", "verdict", "replaced_by", "phone_held_by", "verdict_for", "verdict_against", "blame",
      "verdict_check", "messages_client", "messages_server", "heartbeats", "heartbeats_missed",
      "heartbeat_interval_s", "heartbeat_interval_source",
      "worst_gap_s", "worst_gap_ts", "answers_median_s", "answers_p95_s", "answers_worst_s",
      "unanswered", "holes", "findings", NULL}},
    {"messages",
     {"session", "frame", "ts", "offset_s", "side", "dir", "type", "name", "length", "version",
      "fields", "problems", NULL}},
    {"heartbeats",
     {"session", "invoke_id", "request_frame", "request_ts", "confirm_frame", "confirm_ts",
      "rtt_s", "missed", "missed_run", NULL}},
    {"requests",
     {"session", "invoke_id", "request_type", "request_name", "request_frame", "answer_type",
      "answer_name", "answer_frame", "rtt_s", "status", "status_name", "outcome", NULL}},
    {"findings",
     {"session", "connection", "rule", "severity", "frames", "ts", "text", "protocol", "check", NULL}},
    {"answers",
     {"request_type", "request_name", "requests", "confirmed", "failed", "unanswered", "unknown", "not_due",
      "mean_s", "median_s", "p95_s", "worst_s", "worst_session", "worst_frame", "failures",
      "other_failures", "slow_over_s", "slow", "slowest", NULL}},
};

enum {
    TABLE_SESSIONS,
    TABLE_MESSAGES,
    TABLE_HEARTBEATS,
    TABLE_REQUESTS,
    TABLE_FINDINGS,
    TABLE_ANSWERS
};

typedef struct csv {
    const writer_options *options;
    const csv_table *table;
    writer_options to_memory; /* of the JSON writer */
    void *json;
    answers *answers;
    char *text; /* what it wrote */
    size_t size;
    GString *cell;
} csv;

const char *csv_table_name(unsigned index)
{
    return index < G_N_ELEMENTS(tables) ? tables[index].name : NULL;
}

/* ---- cells ---- */

static void append_json(GString *to, yajl_val value);

static void append_json_object(GString *to, yajl_val value)
{
    g_string_append_c(to, '{');
    for (size_t i = 0; i < value->u.object.len; i++) {
        if (i > 0)
            g_string_append_c(to, ',');
        cti_text_json(to, value->u.object.keys[i], strlen(value->u.object.keys[i]));
        g_string_append_c(to, ':');
        append_json(to, value->u.object.values[i]);
    }
    g_string_append_c(to, '}');
}

static void append_json(GString *to, yajl_val value)
{
    if (YAJL_IS_OBJECT(value)) {
        append_json_object(to, value);
    } else if (YAJL_IS_ARRAY(value)) {
        g_string_append_c(to, '[');
        for (size_t i = 0; i < value->u.array.len; i++) {
            if (i > 0)
                g_string_append_c(to, ',');
            append_json(to, value->u.array.values[i]);
        }
        g_string_append_c(to, ']');
    } else if (YAJL_IS_STRING(value)) {
        cti_text_json(to, value->u.string, strlen(value->u.string));
    } else if (YAJL_IS_NUMBER(value)) {
        g_string_append(to, YAJL_GET_NUMBER(value));
    } else {
        g_string_append(to, YAJL_IS_TRUE(value) ? "true" : YAJL_IS_FALSE(value) ? "false" : "null");
    }
}

static bool is_list_of_words(yajl_val value)
{
    if (!YAJL_IS_ARRAY(value))
        return false;
    for (size_t i = 0; i < value->u.array.len; i++)
        if (!YAJL_IS_STRING(value->u.array.values[i]) && !YAJL_IS_NUMBER(value->u.array.values[i]))
            return false;
    return true;
}

static void append_words(GString *to, yajl_val value)
{
    for (size_t i = 0; i < value->u.array.len; i++) {
        yajl_val word = value->u.array.values[i];

        g_string_append_printf(to, "%s%s", i > 0 ? "|" : "",
                               YAJL_IS_STRING(word) ? YAJL_GET_STRING(word)
                                                    : YAJL_GET_NUMBER(word));
    }
}

/* What a spreadsheet would run: also in the forms that East Asian ones take. */
static bool is_formula(const char *text)
{
    static const char *const first[] = {"=", "+", "-", "@", "\t", "\r", "\n", "\xef\xbc\x9d",
                                        "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0"};

    for (size_t i = 0; i < G_N_ELEMENTS(first); i++)
        if (g_str_has_prefix(text, first[i]))
            return true;
    return false;
}

static void make_cell(GString *cell, yajl_val value)
{
    g_string_truncate(cell, 0);
    if (value == NULL || YAJL_IS_NULL(value))
        return;
    if (YAJL_IS_STRING(value)) {
        if (is_formula(YAJL_GET_STRING(value)))
            g_string_append_c(cell, '\'');
        g_string_append(cell, YAJL_GET_STRING(value));
    } else if (is_list_of_words(value)) {
        append_words(cell, value);
    } else {
        append_json(cell, value);
    }
}

/* A character that does not show itself is written as \xHH, byte by byte: a cell is one line,
 * and harmless in a terminal.  Where decimals have commas, spreadsheets part cells at semicolons:
 * what stands behind one is no formula either. */
static void put_cell(FILE *out, const GString *cell)
{
    const bool quoted = strpbrk(cell->str, ",;\"") != NULL;

    if (quoted)
        putc('"', out);
    for (const char *c = cell->str; *c != '\0'; c = g_utf8_next_char(c)) {
        const size_t size = (size_t)(g_utf8_next_char(c) - c);

        if (c > cell->str && c[-1] == ';' && is_formula(c))
            putc('\'', out);
        if (*c == '"')
            putc('"', out);
        if (cti_text_is_shown(g_utf8_get_char(c)))
            fwrite(c, 1, size, out);
        else
            for (size_t i = 0; i < size; i++)
                fprintf(out, "\\x%02x", (unsigned char)c[i]);
    }
    if (quoted)
        putc('"', out);
}

/* ---- rows ---- */

static void put_header(const csv *c)
{
    for (size_t i = 0; c->table->columns[i] != NULL; i++)
        fprintf(c->options->out, "%s%s", i > 0 ? "," : "", c->table->columns[i]);
    fputs("\r\n", c->options->out);
}

/* Turns the JSON line that was just written into a row. */
static void put_row(csv *c)
{
    yajl_val record;
    long length;

    fflush(c->to_memory.out);
    length = ftell(c->to_memory.out);
    c->text[length] = '\0'; /* behind it stands what is left of a longer line */
    record = yajl_tree_parse(c->text, NULL, 0);
    rewind(c->to_memory.out);
    for (size_t i = 0; record != NULL && c->table->columns[i] != NULL; i++) {
        const char *path[] = {c->table->columns[i], NULL};

        if (i > 0)
            putc(',', c->options->out);
        make_cell(c->cell, yajl_tree_get(record, path, yajl_t_any));
        put_cell(c->options->out, c->cell);
    }
    fputs("\r\n", c->options->out);
    yajl_tree_free(record);
}

static bool is_table(const csv *c, size_t index)
{
    return c->table == &tables[index];
}

static void csv_begin(void *user, unsigned time_digits)
{
    csv *c = user;

    json_writer.begin(c->json, time_digits);
    put_header(c);
}

static void csv_message(void *user, const message_record *record)
{
    csv *c = user;

    if (!is_table(c, TABLE_MESSAGES))
        return;
    json_writer.message(c->json, record);
    put_row(c);
}

static void csv_heartbeat(void *user, const session_record *session,
                          const cti_heartbeat *heartbeat)
{
    csv *c = user;

    answers_add(c->answers, session->number, heartbeat->request);
    if (!is_table(c, TABLE_HEARTBEATS))
        return;
    json_writer.heartbeat(c->json, session, heartbeat);
    put_row(c);
}

static void csv_request(void *user, const session_record *session, const cti_request *request)
{
    csv *c = user;

    answers_add(c->answers, session->number, request);
    if (!is_table(c, TABLE_REQUESTS))
        return;
    json_writer.request(c->json, session, request);
    put_row(c);
}

static void csv_finding(void *user, const session_record *session, const cti_finding *finding)
{
    csv *c = user;

    if (!is_table(c, TABLE_FINDINGS))
        return;
    json_writer.finding(c->json, session, finding);
    put_row(c);
}

static void csv_session(void *user, const session_record *record)
{
    csv *c = user;

    if (!is_table(c, TABLE_SESSIONS))
        return;
    json_writer.session(c->json, record);
    put_row(c);
}

static void csv_summary(void *user, const summary_record *summary)
{
    csv *c = user;
    GPtrArray *types;

    (void)summary;
    if (!is_table(c, TABLE_ANSWERS))
        return;
    types = answers_sorted(c->answers);
    for (guint i = 0; i < types->len; i++) {
        json_answers(c->json, g_ptr_array_index(types, i));
        put_row(c);
    }
    g_ptr_array_unref(types);
}

const record_writer csv_writer = {
    .begin = csv_begin,
    .message = csv_message,
    .heartbeat = csv_heartbeat,
    .request = csv_request,
    .finding = csv_finding,
    .session = csv_session,
    .summary = csv_summary,
};

/* ---- life ---- */

void *csv_start(const writer_options *options)
{
    csv *c = g_new0(csv, 1);

    c->options = options;
    c->table = &tables[TABLE_SESSIONS];
    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++)
        if (options->table != NULL && strcmp(tables[i].name, options->table) == 0)
            c->table = &tables[i];
    c->to_memory = *options;
    c->to_memory.out = open_memstream(&c->text, &c->size);
    if (c->to_memory.out == NULL)
        g_error("no memory for a row");
    c->json = json_start(&c->to_memory);
    c->answers = answers_new(options->slow);
    c->cell = g_string_new(NULL);
    return c;
}

void csv_finish(void *user)
{
    csv *c = user;

    json_finish(c->json);
    answers_free(c->answers);
    fclose(c->to_memory.out);
    free(c->text);
    g_string_free(c->cell, TRUE);
    g_free(c);
}
