/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happened, for people: an overview with the cause of each lost session, the findings,
 * then each client's connection history, then each session with its facts and its timeline.
 *
 * The overview comes first and needs all that follows, so a session's text is kept until
 * the end; it is bounded by session_log.h and the findings per session. */
#include "ink.h"
#include "lines.h"
#include "report_parts.h"

const char *report_plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

void report_seconds(GString *to, int64_t duration)
{
    g_string_append_printf(to, "%.3f s", (double)duration / (double)CTI_SECOND);
}

void report_print(const report *r, GString *text)
{
    fwrite(text->str, 1, text->len, r->options->out);
    g_string_truncate(text, 0);
}

/* ---- collecting ---- */

static reported_session *session_of(const session_record *record)
{
    reported_session *s = *record->writer_data;

    if (s == NULL) {
        s = g_new0(reported_session, 1);
        s->number = record->number;
        session_log_init(&s->log, record->number);
        s->findings = g_string_new(NULL);
        *record->writer_data = s;
    }
    return s;
}

/* A session that has ended, NULL if it was not told of. */
static reported_session *session_of_number(const report *r, uint32_t number)
{
    return number < r->by_number->len ? g_ptr_array_index(r->by_number, number) : NULL;
}

static void report_begin(void *user, unsigned time_digits)
{
    report *r = user;

    r->digits = time_digits;
}

static void report_expect(void *user, const session_record *session)
{
    const reported_session *s = *session->writer_data;

    (void)user;
    if (s != NULL)
        session_log_expect(&s->log);
}

static void report_message(void *user, const message_record *record)
{
    report *r = user;

    problem_counts_message(&r->problems, record);
    if (r->told != NULL) {
        session_of(record->session)->in_story = true;
        report_story_message(r, record);
    }
    session_log_message(&session_of(record->session)->log, record, r->options->text_flags);
}

static void report_heartbeat(void *user, const session_record *session,
                             const cti_heartbeat *heartbeat)
{
    report *r = user;

    answers_add(r->answers, session->number, heartbeat->request);
    session_log_heartbeat(&session_of(session)->log, heartbeat);
}

static void report_request(void *user, const session_record *session, const cti_request *request)
{
    report *r = user;

    answers_add(r->answers, session->number, request);
    if (r->told != NULL)
        report_story_request(r, session, request);
    session_log_request(&session_of(session)->log, request);
}

static void report_silence(void *user, const session_record *session, const cti_silence *silence)
{
    (void)user;
    session_log_silence(&session_of(session)->log, silence);
}

static void report_gap(void *user, const gap_record *record)
{
    (void)user;
    if (record->session != NULL)
        session_log_gap(&session_of(record->session)->log, record);
}

static void report_tcp_end(void *user, const session_record *session, cti_tcp_end how,
                           cti_sender sender, int64_t time, uint32_t frame)
{
    (void)user;
    session_log_tcp_end(&session_of(session)->log, how, sender, time, frame);
}

/* For the first screen, which tells the first one of a kind and counts the others. */
static void keep_finding(report *r, const reported_session *s, const cti_finding *finding,
                         const GString *line)
{
    reported_finding *kept = g_new(reported_finding, 1);
    bool *worded = &r->worded[finding->rule][finding->severity];
    const bool is_worded = !*worded || r->findings->len < FINDINGS_WORDED;

    *worded = true;
    *kept = (reported_finding){s != NULL ? s->number : 0, finding->rule, finding->severity,
                               is_worded ? g_strdup(line->str) : NULL};
    g_ptr_array_add(r->findings, kept);
}

static void report_finding(void *user, const session_record *session, const cti_finding *finding)
{
    report *r = user;
    reported_session *s = session != NULL ? session_of(session)
                                          : session_of_number(r, finding->session);
    GString *line = g_string_new(NULL);

    g_string_append_printf(line, "%s: ", cti_rule_name(finding->rule));
    line_finding_words(line, finding);
    if (s != NULL) {
        g_string_append(s->findings, "    ");
        ink_severity(s->findings, r->options->colour, finding->severity, 7);
        g_string_append_printf(s->findings, "  %s\n", line->str);
        s->errors += finding->severity == CTI_ERROR;
        s->warnings += finding->severity == CTI_WARNING;
    }
    if (finding->severity > CTI_NOTE)
        keep_finding(r, s, finding, line);
    g_string_free(line, TRUE);
}

static void report_connection(void *user, const connection_record *connection)
{
    report *r = user;

    r->tls_connections += connection->tls && connection->tls_mismatch == CTI_TLS_AGREED;
    not_cti_connection(&r->not_cti, connection);
}

static void report_session(void *user, const session_record *record)
{
    report *r = user;
    reported_session *s = session_of(record);

    report_keep_session(r, s, record);
    report_limit_session(r, s);
    g_ptr_array_add(r->sessions, s);
    if (r->by_number->len <= s->number)
        g_ptr_array_set_size(r->by_number, (gint)s->number + 1);
    r->by_number->pdata[s->number] = s;
}

/* One finding of the client stands for the refusals of these sessions. */
static void mark_refusals(const report *r, const cti_client *client, const cti_refusals *refusals)
{
    for (uint32_t i = 0; i < client->leg_count; i++) {
        const cti_leg *leg = client->legs[i];
        reported_session *s = session_of_number(r, leg->session);

        if (s != NULL && cti_refusals_have(refusals, leg))
            s->refused_repeatedly = true;
    }
}

static void report_client(void *user, const cti_client *client)
{
    report *r = user;

    g_ptr_array_add(r->clients, (gpointer)client);
    for (uint32_t i = 0; i < client->refusal_count; i++)
        mark_refusals(r, client, &client->refusals[i]);
}

static void report_storm(void *user, const cti_storm *storm)
{
    report *r = user;

    g_array_append_vals(r->storms, storm, 1);
}

static void report_outage(void *user, const cti_outage_history *history)
{
    report *r = user;

    g_ptr_array_add(r->outages, (gpointer)history);
}

static void report_maintenance(void *user, const cti_maintenance *maintenance)
{
    report *r = user;

    g_ptr_array_add(r->maintenances, (gpointer)maintenance);
}

/* ---- the whole of it ---- */

static gint compare_by_number(gconstpointer a, gconstpointer b)
{
    const reported_session *x = *(reported_session *const *)a, *y = *(reported_session *const *)b;

    return x->number < y->number ? -1 : 1;
}

/* A call or an agent, and the sessions that tell of it. */
static void tell_story(const report *r, const summary_record *summary, GString *text)
{
    report_notes(r, summary, text);
    report_story(r, text);
    report_answers(r, text);
    for (guint i = 0; i < r->sessions->len; i++) {
        reported_session *s = g_ptr_array_index(r->sessions, i);

        if (s->in_story)
            report_session_text(r, s, text);
    }
}

static void report_summary(void *user, const summary_record *summary)
{
    report *r = user;
    GString *text = g_string_new(NULL);

    g_ptr_array_sort(r->sessions, compare_by_number);
    report_counts(r, summary, text);
    if (r->told != NULL) {
        tell_story(r, summary, text);
        g_string_free(text, TRUE);
        return;
    }
    report_ends(r, text);
    report_troubles(r, text);
    report_first_servers(r, text);
    report_notes(r, summary, text);
    report_findings(r, text);
    report_problems(r, text);
    report_session_table(r, text);
    report_servers(r, text);
    report_answers(r, text);
    report_history(r, text);
    for (guint i = 0; i < r->sessions->len; i++)
        report_session_text(r, g_ptr_array_index(r->sessions, i), text);
    report_sessions_left_out(r, text);
    g_string_free(text, TRUE);
}

const record_writer report_writer = {
    .begin = report_begin,
    .expect = report_expect,
    .message = report_message,
    .heartbeat = report_heartbeat,
    .request = report_request,
    .silence = report_silence,
    .gap = report_gap,
    .finding = report_finding,
    .tcp_end = report_tcp_end,
    .session = report_session,
    .connection = report_connection,
    .client = report_client,
    .storm = report_storm,
    .outage = report_outage,
    .maintenance = report_maintenance,
    .summary = report_summary,
};

/* ---- life ---- */

static void free_session(gpointer data)
{
    reported_session *s = data;

    g_free(s->client);
    if (s->text != NULL) {
        session_log_release(&s->log);
        g_string_free(s->text, TRUE);
    }
    g_string_free(s->findings, TRUE);
    g_string_free(s->evidence, TRUE);
    g_free(s);
}

static void free_finding(gpointer data)
{
    reported_finding *finding = data;

    g_free(finding->text);
    g_free(finding);
}

void *report_start(const writer_options *options)
{
    report *r = g_new0(report, 1);

    r->options = options;
    r->answers = answers_new(options->slow);
    r->told = options->has_call || options->agent != NULL ? report_story_new() : NULL;
    r->by_number = g_ptr_array_new();
    r->storms = g_array_new(FALSE, FALSE, sizeof(cti_storm));
    r->clients = g_ptr_array_new();
    r->outages = g_ptr_array_new();
    r->maintenances = g_ptr_array_new();
    r->sessions = g_ptr_array_new_with_free_func(free_session);
    r->findings = g_ptr_array_new_with_free_func(free_finding);
    return r;
}

void report_finish(void *user)
{
    report *r = user;

    g_ptr_array_unref(r->sessions);
    g_ptr_array_unref(r->findings);
    answers_free(r->answers);
    problem_counts_release(&r->problems);
    not_cti_release(&r->not_cti);
    report_story_free(r->told);
    g_array_unref(r->storms);
    g_ptr_array_unref(r->clients);
    g_ptr_array_unref(r->outages);
    g_ptr_array_unref(r->maintenances);
    g_ptr_array_unref(r->by_number);
    g_free(r);
}
