/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each session of the report: its facts, its findings, its timeline. */
#include <string.h>

#include "../codec/text.h"
#include "format.h"
#include "report_parts.h"

static void append_label(GString *to, const char *label)
{
    g_string_append_printf(to, "    %-12s ", label);
}

static char *name_client(const session_record *record)
{
    GString *name = g_string_new(NULL);
    const char *id = record->session->client_id;

    if (id[0] != '\0')
        cti_text_bytes(name, id, strlen(id));
    else
        format_endpoint(name, &record->connection->client);
    return g_string_free(name, FALSE);
}

static void append_path(GString *to, const session_record *record)
{
    const char *side = cti_side_name(record->connection->side);

    append_label(to, "path");
    format_endpoint(to, &record->connection->client);
    g_string_append(to, " -> ");
    format_endpoint(to, &record->connection->server);
    if (side != NULL)
        g_string_append_printf(to, " (side %s)", side);
    if (record->session->client_signature[0] != '\0') {
        g_string_append(to, ", signature ");
        cti_text_bytes(to, record->session->client_signature,
                       strlen(record->session->client_signature));
    }
    g_string_append_c(to, '\n');
}

static void append_services(GString *to, const cti_session *s)
{
    const cti_value_set *mask = cti_field_get(CTI_F_ServicesRequested)->values;
    const uint32_t refused = s->services_requested & ~s->services_granted;

    if (s->open_time == CTI_NO_TIME)
        return;
    append_label(to, "services");
    cti_text_mask(to, mask, s->services_requested);
    if (s->open_answer_time != CTI_NO_TIME && s->verdict != CTI_VERDICT_REJECTED) {
        g_string_append(to, refused == 0 ? ", all granted" : "; refused: ");
        if (refused != 0)
            cti_text_mask(to, mask, refused);
    }
    g_string_append_c(to, '\n');
}

static void append_opening(GString *to, const cti_session *s, unsigned digits)
{
    bool inferred;
    const uint32_t version = cti_session_version(s, &inferred);

    append_label(to, "opened");
    if (s->open_time == CTI_NO_TIME) {
        g_string_append(to, s->began_before_capture ? "before the capture" : "no OPEN_REQ seen");
    } else {
        format_time(to, s->open_time, digits);
        g_string_append_printf(to, " #%u", s->open_frame);
        if (s->open_answer_time != CTI_NO_TIME)
            g_string_append_printf(to, ", %s after %.3f ms #%u",
                                   s->verdict == CTI_VERDICT_REJECTED ? "refused" : "answered",
                                   (double)MAX(cti_elapsed(s->open_time, s->open_answer_time), 0) /
                                       1e6,
                                   s->open_answer_frame);
        else
            g_string_append(to, ", no answer seen");
    }
    if (version != 0)
        g_string_append_printf(to, "; version %u%s", version,
                               inferred ? " (judged by the messages)" : "");
    if (s->idle_timeout == CTI_NO_IDLE_TIMEOUT)
        g_string_append(to, "; no IdleTimeout");
    else if (s->idle_timeout != 0)
        g_string_append_printf(to, "; IdleTimeout %u s", s->idle_timeout);
    g_string_append_c(to, '\n');
}

static void append_end(GString *to, const cti_session *s, unsigned digits)
{
    const char *end = cti_end_name(s->end);

    append_label(to, "ended");
    format_time(to, s->end_time, digits);
    if (s->end_frame != 0)
        g_string_append_printf(to, " #%u", s->end_frame);
    g_string_append_printf(to, ", %s, after ", end != NULL ? end : "unknown");
    format_duration(to, cti_elapsed(s->first_time, s->end_time));
    if (s->last_message != NULL)
        g_string_append_printf(to, "; last message: %s from the %s #%u", s->last_message->name,
                               s->last_sender == CTI_CLIENT ? "client" : "server", s->last_frame);
    g_string_append_c(to, '\n');
    append_label(to, "verdict");
    g_string_append_printf(to, "%s: %s\n", cti_verdict_name(s->verdict),
                           cti_verdict_text(s->verdict));
}

static void append_heartbeats(GString *to, const cti_session *s)
{
    const char *source = NULL;
    const double interval = cti_session_heartbeat_interval(s, &source);

    append_label(to, "heartbeats");
    g_string_append_printf(to, "%" G_GUINT64_FORMAT " sent, %" G_GUINT64_FORMAT " missed",
                           s->heartbeats, s->heartbeats_missed);
    if (source != NULL)
        g_string_append_printf(to, "; interval %.3f s (judged by %s)", interval,
                               strcmp(source, "traffic") == 0 ? "the traffic" : "IdleTimeout");
    if (s->worst_gap_time != CTI_NO_TIME) {
        g_string_append(to, "; longest silence of the client ");
        format_seconds(to, s->worst_gap, 3);
        g_string_append(to, " s from ");
        format_clock(to, s->worst_gap_time, 3);
    }
    g_string_append_c(to, '\n');
}

static void append_answers(GString *to, const cti_session *s)
{
    append_label(to, "answers");
    if (s->answers.count == 0)
        g_string_append(to, "none");
    else
        g_string_append_printf(to,
                               "%" G_GUINT64_FORMAT
                               "; median %.3f ms, 95 %% within %.3f ms, worst %.3f ms",
                               s->answers.count, (double)cti_quantile_get(&s->answers, 0.5) / 1e6,
                               (double)cti_quantile_get(&s->answers, 0.95) / 1e6,
                               (double)s->answers.worst / 1e6);
    if (s->unanswered > 0)
        g_string_append_printf(to, "; %" G_GUINT64_FORMAT " requests without answer",
                               s->unanswered);
    g_string_append_c(to, '\n');
}

static void append_traffic(GString *to, const cti_session *s)
{
    append_label(to, "messages");
    g_string_append_printf(to, "%" G_GUINT64_FORMAT " from the client, %" G_GUINT64_FORMAT
                           " from the server",
                           s->messages_client, s->messages_server);
    if (s->holes > 0)
        g_string_append_printf(to, "; at %u place%s bytes are missing or are no message", s->holes,
                               report_plural(s->holes));
    g_string_append_c(to, '\n');
}

void report_keep_session(const report *r, reported_session *s, const session_record *record)
{
    const cti_session *session = record->session;
    GString *text = g_string_new(NULL);

    s->client = name_client(record);
    s->side = cti_side_name(record->connection->side);
    s->version = cti_session_version(session, NULL);
    s->began = session->first_time;
    s->ended = session->end_time;
    s->open_answer = session->open_answer_time;
    s->verdict = session->verdict;
    g_string_append_printf(text, "Session %u: %s\n", s->number, s->client);
    append_path(text, record);
    append_opening(text, session, r->digits);
    append_services(text, session);
    append_end(text, session, r->digits);
    append_traffic(text, session);
    append_heartbeats(text, session);
    append_answers(text, session);
    s->text = text;
}

void report_session_text(const report *r, const reported_session *s, GString *text)
{
    const bool many = r->sessions->len > DETAILED_SESSIONS;
    const session_log_style style = {.indent = "    ",
                                     .time_digits = r->digits,
                                     .text_flags = r->options->text_flags,
                                     .most_lines = many ? EVENTS_LEAST
                                                        : EVENTS_FIRST + EVENTS_LAST};

    g_string_append_printf(text, "\n%s", s->text->str);
    if (s->findings->len > 0)
        g_string_append_printf(text, "  findings\n%s", s->findings->str);
    g_string_append(text, "  timeline\n");
    session_log_append(s->log, text, &style);
    report_print(r, text);
}
