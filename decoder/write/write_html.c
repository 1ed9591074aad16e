/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One self-contained HTML file for mail and print (see html_parts.h): what is kept of the
 * records until the end, when the page is written. */
#include <math.h>
#include <string.h>

#include "codec/text.h"
#include "format.h"
#include "html_parts.h"
#include "lines.h"
#include "session_facts.h"

/* ---- sessions ---- */

static html_session *session_of(const session_record *record)
{
    html_session *s = *record->writer_data;

    if (s == NULL) {
        s = g_new0(html_session, 1);
        s->number = record->number;
        s->traffic = time_grid_new(TRAFFIC_COLUMNS, 2);
        session_log_init(&s->log, record->number);
        s->finding_list = g_string_new(NULL);
        *record->writer_data = s;
    }
    return s;
}

static void free_session(gpointer data)
{
    html_session *s = data;

    g_clear_pointer(&s->traffic, time_grid_free);
    session_log_release(&s->log);
    for (guint kind = 0; kind < MARK_KINDS; kind++)
        g_clear_pointer(&s->marks[kind].marks, g_array_unref);
    g_string_free(s->finding_list, TRUE);
    if (s->facts != NULL) {
        g_string_free(s->facts, TRUE);
        g_string_free(s->evidence, TRUE);
    }
    g_free(s->client);
    g_free(s->from);
    g_free(s->to);
    g_free(s);
}

bool html_is_troubled(const html_session *s)
{
    return cti_verdict_is_lost(s->verdict) || s->findings[CTI_ERROR] + s->findings[CTI_WARNING] > 0;
}

bool html_was_opened(const html_session *s)
{
    return cti_verdict_fate(s->verdict) != CTI_FATE_NEVER_OPENED &&
           (s->asked == CTI_NO_TIME || s->answered != CTI_NO_TIME);
}

const char *html_end_class(cti_verdict verdict)
{
    static const char *const classes[CTI_FATE_COUNT] = {
        [CTI_FATE_GOES_ON] = "goes-on", [CTI_FATE_CLOSED] = "closed",
        [CTI_FATE_LEFT] = "closed",       [CTI_FATE_PLANNED] = "planned",
        [CTI_FATE_REPLACED] = "planned", [CTI_FATE_LOST] = "lost",
        [CTI_FATE_NEVER_OPENED] = "lost"};

    return classes[cti_verdict_fate(verdict)];
}

html_session *html_session_get(const html *h, uint32_t number)
{
    return g_hash_table_lookup(h->by_number, GUINT_TO_POINTER(number));
}

/* ---- marks of a lane ---- */

/* Joins marks until half of the places are free again. */
static void join_marks(lane_marks *of)
{
    while (of->marks->len > MARKS_MAX / 2) {
        lane_mark *marks = &g_array_index(of->marks, lane_mark, 0);
        guint last = 0;

        of->pause = MAX(of->pause * 2, CTI_SECOND / 8);
        for (guint i = 1; i < of->marks->len; i++) {
            if (cti_elapsed(marks[last].to, marks[i].from) > of->pause) {
                marks[++last] = marks[i];
                continue;
            }
            marks[last].to = MAX(marks[last].to, marks[i].to);
            marks[last].count += marks[i].count;
        }
        g_array_set_size(of->marks, last + 1);
    }
}

static void add_mark(html_session *s, mark_kind kind, int64_t from, int64_t to)
{
    lane_marks *of = &s->marks[kind];
    const lane_mark mark = {from, MAX(from, to), 1};

    if (of->marks == NULL)
        of->marks = g_array_new(FALSE, FALSE, sizeof(lane_mark));
    if (of->marks->len == MARKS_MAX)
        join_marks(of);
    g_array_append_val(of->marks, mark);
}

/* ---- what the records tell ---- */

static void html_begin(void *user, unsigned time_digits)
{
    html *h = user;

    h->digits = time_digits;
}

static void html_message(void *user, const message_record *record)
{
    html *h = user;
    html_session *s = session_of(record->session);

    problem_counts_message(&h->problems, record);
    time_grid_add(s->traffic, record->time, record->sender == CTI_CLIENT ? 0 : 1);
    session_log_message(&s->log, record, h->options->text_flags);
}

/* The class of an answer time, a row of the grid. */
static guint class_of(int64_t took)
{
    const double place = CLASSES_PER_TEN * log10((double)MAX(took, 1) / LEAST_CLASS);

    return (guint)CLAMP(place, 0, ANSWER_CLASSES - 1);
}

static void html_heartbeat(void *user, const session_record *session,
                           const cti_heartbeat *heartbeat)
{
    html *h = user;
    html_session *s = session_of(session);
    const cti_request *request = heartbeat->request;
    const int64_t took = cti_forward(request->time, request->answer_time);

    session_log_heartbeat(&s->log, heartbeat);
    answers_add(h->answers, session->number, request);
    if (took != CTI_NO_TIME)
        time_grid_add(h->heartbeat_times, request->answer_time, class_of(took));
    if (!heartbeat->missed)
        return;
    h->heartbeats_missed++;
    add_mark(s, MARK_MISSED, request->time, request->time);
}

static void html_request(void *user, const session_record *session, const cti_request *request)
{
    html *h = user;
    html_session *s = session_of(session);
    const int64_t took = cti_forward(request->time, request->answer_time);

    session_log_request(&s->log, request);
    answers_add(h->answers, session->number, request);
    if (request->outcome == CTI_UNANSWERED)
        add_mark(s, MARK_UNANSWERED, request->time, request->time);
    if (took != CTI_NO_TIME)
        time_grid_add(h->answer_times, request->answer_time, class_of(took));
}

static void html_silence(void *user, const session_record *session, const cti_silence *silence)
{
    html_session *s = session_of(session);

    (void)user;
    session_log_silence(&s->log, silence);
    add_mark(s, MARK_SILENCE, silence->from, silence->to);
}

static void html_gap(void *user, const gap_record *record)
{
    html_session *s;

    (void)user;
    if (record->session == NULL)
        return;
    s = session_of(record->session);
    session_log_gap(&s->log, record);
    add_mark(s, MARK_HOLE, record->time, record->time);
}

static void html_tcp_end(void *user, const session_record *session, cti_tcp_end how,
                         cti_sender sender, int64_t time, uint32_t frame)
{
    (void)user;
    session_log_tcp_end(&session_of(session)->log, how, sender, time, frame);
}

static void free_finding(gpointer data)
{
    html_finding *f = data;

    g_free(f->words);
    g_free(f);
}

static void keep_finding(html_rule *rule, uint32_t session, const cti_finding *finding,
                         const char *words)
{
    html_finding *kept;

    rule->count++;
    rule->worst = MAX(rule->worst, finding->severity);
    if (rule->kept == NULL)
        rule->kept = g_ptr_array_new_with_free_func(free_finding);
    if (rule->kept->len == FINDINGS_KEPT)
        return;
    kept = g_new(html_finding, 1);
    *kept = (html_finding){session, finding->severity, finding->time, g_strdup(words)};
    g_ptr_array_add(rule->kept, kept);
}

/* A finding of one session. */
static void add_finding(html_session *s, const cti_finding *finding, const char *words)
{
    const char *severity = cti_severity_name(finding->severity);

    s->findings[finding->severity]++;
    if (finding->severity > CTI_NOTE)
        add_mark(s, finding->severity == CTI_ERROR ? MARK_ERROR : MARK_WARNING, finding->time,
                 finding->time);
    if (s->findings[CTI_ERROR] + s->findings[CTI_WARNING] + s->findings[CTI_NOTE] > FINDINGS_LISTED)
        return;
    g_string_append_printf(s->finding_list, "<li><b class=\"%s\">%s %s</b> ", severity, severity,
                           cti_rule_name(finding->rule));
    html_escape(s->finding_list, words);
    g_string_append(s->finding_list, "</li>\n");
}

static void html_finding_found(void *user, const session_record *session,
                               const cti_finding *finding)
{
    html *h = user;
    GString *words = g_string_new(NULL);

    h->findings[finding->severity]++;
    line_finding_words(words, finding);
    keep_finding(&h->rules[finding->rule], session != NULL ? session->number : finding->session,
                 finding, words->str);
    if (session != NULL)
        add_finding(session_of(session), finding, words->str);
    g_string_free(words, TRUE);
}

/* ---- a session's end ---- */

/* Where facts go; a label that comes again stands once. */
typedef struct fact_taker {
    html_session *session;
    const char *fact_label, *evidence_label;
} fact_taker;

static void append_pair(GString *to, const char **label_before, const char *label,
                        const char *words)
{
    if (*label_before == NULL || strcmp(*label_before, label) != 0)
        g_string_append_printf(to, "<dt>%s</dt>", label);
    *label_before = label;
    g_string_append(to, "<dd>");
    html_escape(to, words);
    g_string_append(to, "</dd>\n");
}

static void take_fact(void *user, const char *label, const char *words)
{
    fact_taker *t = user;

    append_pair(t->session->facts, &t->fact_label, label, words);
    if (strcmp(label, "because") == 0 || strcmp(label, "but") == 0 || strcmp(label, "blame") == 0)
        append_pair(t->session->evidence, &t->evidence_label, label, words);
}

static char *endpoint_words(const endpoint *point)
{
    GString *words = g_string_new(NULL);

    format_endpoint(words, point);
    return g_string_free(words, FALSE);
}

static void take_numbers(html_session *s, const cti_session_summary *session)
{
    s->version = session->version;
    s->began = session->first_time;
    s->asked = session->open_time;
    s->answered = session->open_answer_time;
    s->ended = session->end_time;
    s->end_frame = session->end_frame;
    s->end = session->end;
    s->verdict = session->verdict;
    s->messages[0] = session->messages_client;
    s->messages[1] = session->messages_server;
    s->heartbeats = session->heartbeats;
    s->missed = session->heartbeats_missed;
    s->unanswered = session->unanswered;
    s->median = cti_quantile_get(&session->answers, 0.5);
    s->worst = session->answers.count > 0 ? session->answers.worst : -1;
}

static void take_changes(html *h, const html_session *s)
{
    const int64_t opened = s->answered != CTI_NO_TIME ? s->answered : s->began;
    const open_change changes[] = {{opened, s->side, 1}, {MAX(opened, s->ended), s->side, -1}};
    const bool ends = s->verdict != CTI_VERDICT_STILL_OPEN;

    if (html_was_opened(s))
        g_array_append_vals(h->changes, changes, ends ? 2 : 1);
}

static void html_session_ended(void *user, const session_record *record)
{
    html *h = user;
    html_session *s = session_of(record);
    bool troubled;

    take_numbers(s, record->session);
    s->side = record->connection->side;
    take_changes(h, s);
    h->fates[cti_verdict_fate(s->verdict)]++;
    troubled = html_is_troubled(s);
    if (h->kept[troubled] == SESSIONS_KEPT) {
        h->sessions_left_out++;
        free_session(s);
        return;
    }
    h->kept[troubled]++;
    s->client = session_client_name(record);
    s->from = endpoint_words(&record->connection->client);
    s->to = endpoint_words(&record->connection->server);
    s->facts = g_string_new(NULL);
    s->evidence = g_string_new(NULL);
    session_facts(record, h->options->times, h->digits, take_fact, &(fact_taker){.session = s});
    g_hash_table_insert(h->by_number, GUINT_TO_POINTER(s->number), s);
    g_ptr_array_add(h->sessions, s);
}

static void html_connection(void *user, const connection_record *connection)
{
    html *h = user;

    h->tls_connections += connection->tls && connection->tls_mismatch == CTI_TLS_AGREED;
    not_cti_connection(&h->not_cti, connection);
}

static void html_client(void *user, const cti_client *client)
{
    html *h = user;

    g_ptr_array_add(h->clients, (gpointer)client);
}

static void html_storm(void *user, const cti_storm *storm)
{
    html *h = user;

    g_array_append_vals(h->storms, storm, 1);
}

static void html_outage(void *user, const cti_outage_history *history)
{
    html *h = user;

    g_ptr_array_add(h->outages, (gpointer)history);
}

static void html_maintenance(void *user, const cti_maintenance *maintenance)
{
    html *h = user;

    g_ptr_array_add(h->maintenances, (gpointer)maintenance);
}

/* ---- the page ---- */

static gint compare_sessions(gconstpointer a, gconstpointer b)
{
    const html_session *x = *(html_session *const *)a, *y = *(html_session *const *)b;

    return x->number < y->number ? -1 : 1;
}

/* The axis goes over the whole capture, unless sessions take only a small part of it. */
static void set_axis(html *h, const summary_record *summary)
{
    int64_t from = INT64_MAX, to = INT64_MIN, length;

    for (guint i = 0; i < h->sessions->len; i++) {
        const html_session *s = g_ptr_array_index(h->sessions, i);

        from = MIN(from, s->began);
        to = MAX(to, s->ended);
    }
    if (from > to)
        return;
    length = MAX(cti_elapsed(from, to), 1);
    h->from = from;
    h->to = to;
    if (cti_elapsed(summary->first_time, summary->last_time) / 4 < length) {
        h->from = MIN(from, summary->first_time);
        h->to = MAX(to, summary->last_time);
    }
    h->dated = cti_elapsed(from, to) > 20 * 3600 * CTI_SECOND;
}

static void html_summary(void *user, const summary_record *summary)
{
    html *h = user;

    h->summary = summary;
    g_ptr_array_sort(h->sessions, compare_sessions);
    set_axis(h, summary);
    html_head(h);
    html_first_screen(h);
    html_lanes(h);
    html_clients(h);
    html_servers(h);
    html_findings(h);
    html_problems(h);
    html_answers_section(h);
    html_sessions(h);
    html_foot(h);
}

const record_writer html_writer = {
    .begin = html_begin,
    .message = html_message,
    .heartbeat = html_heartbeat,
    .request = html_request,
    .silence = html_silence,
    .gap = html_gap,
    .finding = html_finding_found,
    .tcp_end = html_tcp_end,
    .session = html_session_ended,
    .connection = html_connection,
    .client = html_client,
    .storm = html_storm,
    .outage = html_outage,
    .maintenance = html_maintenance,
    .summary = html_summary,
};

/* ---- life ---- */

void *html_start(const writer_options *options)
{
    html *h = g_new0(html, 1);

    h->options = options;
    h->text = g_string_new(NULL);
    h->sessions = g_ptr_array_new_with_free_func(free_session);
    h->by_number = g_hash_table_new(NULL, NULL);
    h->clients = g_ptr_array_new();
    h->outages = g_ptr_array_new();
    h->maintenances = g_ptr_array_new();
    h->storms = g_array_new(FALSE, FALSE, sizeof(cti_storm));
    h->changes = g_array_new(FALSE, FALSE, sizeof(open_change));
    h->answers = answers_new(options->slow);
    h->answer_times = time_grid_new(ANSWER_COLUMNS, ANSWER_CLASSES);
    h->heartbeat_times = time_grid_new(ANSWER_COLUMNS, ANSWER_CLASSES);
    return h;
}

void html_finish(void *user)
{
    html *h = user;

    g_ptr_array_unref(h->sessions);
    g_hash_table_unref(h->by_number);
    g_ptr_array_unref(h->clients);
    g_ptr_array_unref(h->outages);
    g_ptr_array_unref(h->maintenances);
    g_array_unref(h->storms);
    g_array_unref(h->changes);
    for (guint rule = 0; rule < CTI_RULE_COUNT; rule++)
        g_clear_pointer(&h->rules[rule].kept, g_ptr_array_unref);
    answers_free(h->answers);
    problem_counts_release(&h->problems);
    not_cti_release(&h->not_cti);
    time_grid_free(h->answer_times);
    time_grid_free(h->heartbeat_times);
    g_string_free(h->text, TRUE);
    g_free(h);
}
