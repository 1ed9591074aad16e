/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happened, for people: an overview with the cause of each lost session, the findings,
 * then each session with its facts and its timeline, then each client's way across sides.
 *
 * The overview comes first and needs all that follows, so a session's text is kept until
 * the end; it is bounded by session_log.h and the findings per session. */
#include <glib.h>
#include <string.h>

#include "../codec/text.h"
#include "format.h"
#include "session_log.h"
#include "writers.h"

/* Rows of the tables in the overview. */
#define OVERVIEW_SESSIONS 20
#define OVERVIEW_FINDINGS 10
/* Events of a session that are kept from its start and from its end; of the sessions behind
 * the first ones, and of all where there are many, fewer are kept and shown: nobody would read
 * them. */
#define EVENTS_FIRST 40
#define EVENTS_LAST 80
#define DETAILED_SESSIONS 100
#define EVENTS_LEAST 15

/* A finding in words. */
typedef struct reported_finding {
    uint32_t session;
    cti_severity severity;
    char *text;
} reported_finding;

/* What is kept of a session until all are known. */
typedef struct reported_session {
    uint32_t number;
    char *client; /* name for people: ClientID, or the client's address */
    const char *side;
    uint32_t version;
    int64_t began, ended, open_answer;
    cti_verdict verdict;
    uint32_t errors, warnings;
    session_log *log;
    GString *findings; /* lines */
    GString *text;     /* its facts */
} reported_session;

typedef struct report {
    const writer_options *options;
    unsigned digits;
    GPtrArray *sessions; /* of reported_session, in the order in which they ended */
    GPtrArray *findings; /* of reported_finding: errors and warnings */
    uint32_t tls_connections;
} report;

/* ---- collecting ---- */

static session_log *new_log(uint32_t session)
{
    if (session > DETAILED_SESSIONS)
        return session_log_new(EVENTS_LEAST / 3, EVENTS_LEAST - EVENTS_LEAST / 3);
    return session_log_new(EVENTS_FIRST, EVENTS_LAST);
}

static reported_session *session_of(const session_record *record)
{
    reported_session *s = *record->writer_data;

    if (s == NULL) {
        s = g_new0(reported_session, 1);
        s->number = record->number;
        s->log = new_log(record->number);
        s->findings = g_string_new(NULL);
        *record->writer_data = s;
    }
    return s;
}

static void report_begin(void *user, unsigned time_digits)
{
    report *r = user;

    r->digits = time_digits;
}

static void report_message(void *user, const message_record *record)
{
    const report *r = user;

    session_log_message(session_of(record->session)->log, record, r->options->text_flags);
}

static void report_heartbeat(void *user, const session_record *session,
                             const cti_heartbeat *heartbeat)
{
    (void)user;
    session_log_heartbeat(session_of(session)->log, heartbeat);
}

static void report_request(void *user, const session_record *session, const cti_request *request)
{
    (void)user;
    session_log_request(session_of(session)->log, request);
}

static void report_silence(void *user, const session_record *session, const cti_silence *silence)
{
    (void)user;
    session_log_silence(session_of(session)->log, silence);
}

static void report_hole(void *user, const hole_record *record)
{
    (void)user;
    if (record->session != NULL)
        session_log_hole(session_of(record->session)->log, record);
}

static void report_tcp_end(void *user, const session_record *session, cti_tcp_end how,
                           cti_sender sender, int64_t time, uint32_t frame)
{
    (void)user;
    session_log_tcp_end(session_of(session)->log, how, sender, time, frame);
}

static void report_finding(void *user, const session_record *session, const cti_finding *finding)
{
    report *r = user;
    reported_session *s = session_of(session);
    GString *line = g_string_new(NULL);

    g_string_append_printf(line, "%s: %s ", cti_rule_name(finding->rule), finding->text);
    for (uint32_t i = 0; i < finding->frame_count; i++)
        g_string_append_printf(line, " #%u", finding->frames[i]);
    g_string_append_printf(s->findings, "    %-7s  %s\n", cti_severity_name(finding->severity),
                           line->str);
    s->errors += finding->severity == CTI_ERROR;
    s->warnings += finding->severity == CTI_WARNING;
    if (finding->severity > CTI_NOTE) {
        reported_finding *kept = g_new(reported_finding, 1);

        *kept = (reported_finding){session->number, finding->severity, g_string_free(line, FALSE)};
        g_ptr_array_add(r->findings, kept);
        return;
    }
    g_string_free(line, TRUE);
}

static void report_connection(void *user, const connection_record *connection)
{
    report *r = user;

    r->tls_connections += connection->tls;
}

/* ---- the facts of a session ---- */

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

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
                               plural(s->holes));
    g_string_append_c(to, '\n');
}

static void report_session(void *user, const session_record *record)
{
    report *r = user;
    const cti_session *session = record->session;
    reported_session *s = session_of(record);
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
    g_ptr_array_add(r->sessions, s);
}

/* ---- the overview ---- */

static void print(const report *r, GString *text)
{
    fwrite(text->str, 1, text->len, r->options->out);
    g_string_truncate(text, 0);
}

static void print_counts(const report *r, const summary_record *summary, GString *text)
{
    g_string_append(text, "capture   ");
    if (summary->first_time == CTI_NO_TIME) {
        g_string_append(text, "no packets");
    } else {
        format_time(text, summary->first_time, r->digits);
        g_string_append(text, ", ");
        format_duration(text, cti_elapsed(summary->first_time, summary->last_time));
        g_string_append(text, " long");
    }
    g_string_append_printf(text, "; %" G_GUINT64_FORMAT " packet%s in %u file%s\n",
                           summary->packets, plural(summary->packets), summary->files,
                           plural(summary->files));
    g_string_append_printf(text,
                           "CTI       %u connection%s, %u session%s, %" G_GUINT64_FORMAT
                           " message%s; %u other TCP connection%s\n",
                           summary->connections, plural(summary->connections), summary->sessions,
                           plural(summary->sessions), summary->messages, plural(summary->messages),
                           summary->other_connections, plural(summary->other_connections));
    g_string_append_printf(text, "findings  %" G_GUINT64_FORMAT " error%s, %" G_GUINT64_FORMAT
                           " warning%s, %" G_GUINT64_FORMAT " note%s\n",
                           summary->findings[CTI_ERROR], plural(summary->findings[CTI_ERROR]),
                           summary->findings[CTI_WARNING], plural(summary->findings[CTI_WARNING]),
                           summary->findings[CTI_NOTE], plural(summary->findings[CTI_NOTE]));
    for (uint32_t i = 0; i < summary->note_count; i++) {
        g_string_append(text, "note      ");
        cti_text_bytes(text, summary->notes[i], strlen(summary->notes[i]));
        g_string_append_c(text, '\n');
    }
    if (r->tls_connections > 0)
        g_string_append_printf(text,
                               "note      %u connection%s encrypted with TLS: decrypt with Wireshark "
                               "and a key log file first\n",
                               r->tls_connections, r->tls_connections == 1 ? " is" : "s are");
    if (summary->sessions == 0)
        g_string_append(text, "\nNo CTI session: is the port right (-d PORT), and was the capture "
                              "taken where the client's traffic passes?\n");
    print(r, text);
}

static bool is_lost(const reported_session *s)
{
    return s->verdict != CTI_VERDICT_STILL_OPEN && s->verdict != CTI_VERDICT_CLOSED_BY_CLIENT;
}

/* Lost sessions first, then those with errors and warnings, then the rest. */
static gint compare_by_trouble(gconstpointer a, gconstpointer b)
{
    const reported_session *x = *(reported_session *const *)a, *y = *(reported_session *const *)b;

    if (is_lost(x) != is_lost(y))
        return is_lost(x) ? -1 : 1;
    if ((x->errors + x->warnings > 0) != (y->errors + y->warnings > 0))
        return x->errors + x->warnings > 0 ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

static gint compare_by_number(gconstpointer a, gconstpointer b)
{
    const reported_session *x = *(reported_session *const *)a, *y = *(reported_session *const *)b;

    return x->number < y->number ? -1 : 1;
}

static int client_width(const report *r)
{
    glong width = (glong)strlen("client");

    for (guint i = 0; i < r->sessions->len; i++) {
        const reported_session *s = g_ptr_array_index(r->sessions, i);

        width = MAX(width, g_utf8_strlen(s->client, -1));
    }
    return (int)MIN(width, 24);
}

static void print_sessions(const report *r, GString *text)
{
    const guint shown = MIN(r->sessions->len, OVERVIEW_SESSIONS);
    const int width = client_width(r);

    if (shown == 0)
        return;
    g_ptr_array_sort(r->sessions, compare_by_trouble);
    g_string_append_printf(text, "\n    # %-*s side version began%*s lasted       verdict\n", width,
                           "client", 4 + (int)r->digits, "");
    for (guint i = 0; i < shown; i++) {
        const reported_session *s = g_ptr_array_index(r->sessions, i);

        g_string_append_printf(text, "%5u %-*s %-4s %-7u ", s->number, width, s->client,
                               s->side != NULL ? s->side : "-", s->version);
        format_clock(text, s->began, r->digits);
        g_string_append_c(text, ' ');
        format_duration(text, cti_elapsed(s->began, s->ended));
        g_string_append_printf(text, "  %s\n", cti_verdict_name(s->verdict));
        if (is_lost(s))
            g_string_append_printf(text, "      %s\n", cti_verdict_text(s->verdict));
    }
    if (shown < r->sessions->len)
        g_string_append_printf(text, "      ... and %u more: -T timeline and -T json have all\n",
                               r->sessions->len - shown);
    g_ptr_array_sort(r->sessions, compare_by_number);
    print(r, text);
}

static void print_findings(const report *r, GString *text)
{
    guint shown = 0;

    if (r->findings->len == 0)
        return;
    g_string_append(text, "\nerrors and warnings\n");
    for (int severity = CTI_ERROR; severity > CTI_NOTE; severity--)
        for (guint i = 0; i < r->findings->len && shown < OVERVIEW_FINDINGS; i++) {
            const reported_finding *f = g_ptr_array_index(r->findings, i);

            if ((int)f->severity != severity)
                continue;
            g_string_append_printf(text, "  %-7s  session %u: %s\n",
                                   cti_severity_name(f->severity), f->session, f->text);
            shown++;
        }
    if (shown < r->findings->len)
        g_string_append_printf(text, "  ... and %u more below\n", r->findings->len - shown);
    print(r, text);
}

/* ---- each client's way ---- */

static void append_leg(GString *text, const report *r, const reported_session *s)
{
    g_string_append(text, "  ");
    format_clock(text, s->began, r->digits);
    g_string_append_printf(text, "  side %s  session %u, ", s->side != NULL ? s->side : "-",
                           s->number);
    format_duration(text, cti_elapsed(s->began, s->ended));
    g_string_append_printf(text, ", %s\n", cti_verdict_name(s->verdict));
}

static bool was_opened(const reported_session *s)
{
    return s->verdict != CTI_VERDICT_REJECTED && s->verdict != CTI_VERDICT_OPEN_UNANSWERED;
}

/* The time from the last open session (or the first try) to the answer that opened this one. */
static void append_down_time(GString *text, int64_t since, const reported_session *s)
{
    const int64_t down = cti_elapsed(since, s->open_answer);

    if (!was_opened(s) || down == CTI_NO_TIME || down <= 0)
        return;
    g_string_append(text, "    without a session for ");
    format_seconds(text, down, 3);
    g_string_append(text, " s\n");
}

/* The sessions of the client from the one at first on; marks them as done. */
static void print_way(const report *r, guint first, bool *done, GString *text)
{
    const reported_session *s = g_ptr_array_index(r->sessions, first);
    int64_t since = was_opened(s) ? s->ended : s->began;
    guint legs = 1;

    g_string_append_printf(text, "\nThe way of %s\n", s->client);
    append_leg(text, r, s);
    for (guint i = first + 1; i < r->sessions->len; i++) {
        const reported_session *next = g_ptr_array_index(r->sessions, i);

        if (done[i] || strcmp(next->client, s->client) != 0)
            continue;
        done[i] = true;
        legs++;
        append_down_time(text, since, next);
        append_leg(text, r, next);
        if (was_opened(next))
            since = next->ended;
    }
    if (legs > 1)
        print(r, text);
    g_string_truncate(text, 0);
}

static void print_ways(const report *r, GString *text)
{
    bool *done = g_new0(bool, r->sessions->len);

    for (guint i = 0; i < r->sessions->len; i++)
        if (!done[i])
            print_way(r, i, done, text);
    g_free(done);
}

static void print_session(const report *r, const reported_session *s, GString *text)
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
    print(r, text);
}

static void report_summary(void *user, const summary_record *summary)
{
    report *r = user;
    GString *text = g_string_new(NULL);

    g_ptr_array_sort(r->sessions, compare_by_number);
    print_counts(r, summary, text);
    print_sessions(r, text);
    print_findings(r, text);
    print_ways(r, text);
    for (guint i = 0; i < r->sessions->len; i++)
        print_session(r, g_ptr_array_index(r->sessions, i), text);
    g_string_free(text, TRUE);
}

const record_writer report_writer = {
    .begin = report_begin,
    .message = report_message,
    .heartbeat = report_heartbeat,
    .request = report_request,
    .silence = report_silence,
    .hole = report_hole,
    .finding = report_finding,
    .tcp_end = report_tcp_end,
    .session = report_session,
    .connection = report_connection,
    .summary = report_summary,
};

/* ---- life ---- */

static void free_session(gpointer data)
{
    reported_session *s = data;

    g_free(s->client);
    session_log_free(s->log);
    g_string_free(s->findings, TRUE);
    g_string_free(s->text, TRUE);
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
    r->sessions = g_ptr_array_new_with_free_func(free_session);
    r->findings = g_ptr_array_new_with_free_func(free_finding);
    return r;
}

void report_finish(void *user)
{
    report *r = user;

    g_ptr_array_unref(r->sessions);
    g_ptr_array_unref(r->findings);
    g_free(r);
}
