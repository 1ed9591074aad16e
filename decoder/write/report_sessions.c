/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each session of the report: its facts, its findings, its timeline. */
#include "ink.h"
#include "report_parts.h"
#include "session_facts.h"

static void append_fact(void *user, const char *label, const char *words)
{
    g_string_append_printf(user, "    %-12s %s\n", label, words);
}

/* What led to the verdict on a session that its client did not close, what contradicts it, and who
 * is to blame, for the first screen. */
static GString *evidence_lines(const cti_session_summary *session)
{
    const cti_evidence *evidence = session->evidence;
    const uint32_t count = cti_verdict_asks_why(session->verdict) ? session->evidence_count : 0;
    GString *lines = g_string_new(NULL);

    for (uint32_t i = 0; i < count; i++) {
        g_string_append_printf(lines, "      %-8s %s", evidence[i].against ? "but" : "because",
                               evidence[i].text);
        if (evidence[i].frame != 0)
            g_string_append_printf(lines, " #%u", evidence[i].frame);
        g_string_append_c(lines, '\n');
    }
    if (count > 0) {
        GString *blame = g_string_new(NULL);

        if (session_blame(blame, session))
            g_string_append_printf(lines, "      %-8s %s\n", "blame", blame->str);
        g_string_free(blame, TRUE);
    }
    return lines;
}

void report_keep_session(const report *r, reported_session *s, const session_record *record)
{
    const cti_session_summary *session = record->session;
    GString *text = g_string_new(NULL);

    s->client = session_client_name(record);
    s->side = cti_side_name(record->connection->side);
    s->version = session->version;
    s->type = session->opened_type;
    s->became_active = session->became_active != CTI_NO_TIME;
    s->began = session->first_time;
    s->ended = session->end_time;
    s->verdict = session->verdict;
    ink_begin(text, r->options->colour, INK_HEADING);
    g_string_append_printf(text, "Session %u: %s", s->number, s->client);
    ink_end(text, r->options->colour);
    g_string_append_c(text, '\n');
    session_facts(record, r->options->times, r->digits, append_fact, text);
    s->text = text;
    s->evidence = evidence_lines(session);
}

/* Frees what nobody will read. */
static void forget_details(reported_session *s)
{
    session_log_release(&s->log);
    g_string_free(s->text, TRUE);
    s->text = NULL;
    g_string_free(s->evidence, TRUE);
    s->evidence = g_string_new(NULL);
    g_string_free(s->findings, TRUE);
    s->findings = g_string_new(NULL);
}

void report_limit_session(report *r, reported_session *s)
{
    const int kind = cti_verdict_is_lost(s->verdict) ? 2 : s->errors + s->warnings > 0 ? 1 : 0;

    if (s->in_story)
        return;
    if (r->whole[kind] < SESSIONS_WHOLE)
        r->whole[kind]++;
    else
        forget_details(s);
}

void report_sessions_left_out(const report *r, GString *text)
{
    const uint32_t left_out = r->sessions->len - (r->whole[0] + r->whole[1] + r->whole[2]);

    if (left_out == 0)
        return;
    g_string_append_printf(text,
                           "\n%u more sessions are only counted above: ctidump --session NUMBER "
                           "shows one, -T timeline and -T json show all\n",
                           left_out);
    report_print(r, text);
}

void report_session_text(const report *r, reported_session *s, GString *text)
{
    const bool many = r->sessions->len > SESSION_LOG_DETAILED;
    const session_log_style style = {.indent = "    ",
                                     .times = r->options->times,
                                     .colour = r->options->colour,
                                     .time_digits = r->digits,
                                     .text_flags = r->options->text_flags,
                                     .most_lines = many ? SESSION_LOG_LINES_FEW
                                                        : SESSION_LOG_LINES};

    if (s->text == NULL)
        return;
    g_string_append_printf(text, "\n%s", s->text->str);
    if (s->findings->len > 0)
        g_string_append_printf(text, "  findings\n%s", s->findings->str);
    g_string_append(text, "  timeline\n");
    session_log_append(&s->log, text, &style);
    report_print(r, text);
}
