/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One self-contained HTML file for mail and print: overview, findings, a lane per session on a
 * common axis of time, answer times, tables.  It has no script, loads nothing and says so to
 * the browser; every string from the capture is escaped.
 *
 * What is kept of a session is bounded: times of traffic are merged where there are many. */
#include <glib.h>
#include <string.h>

#include "../codec/text.h"
#include "format.h"
#include "writers.h"

#define SPANS_MAX 48   /* of traffic, in a session */
#define MARKS_MAX 48   /* missed heartbeats and silences, in a session */
#define FINDINGS_MAX 400
#define LANE_WIDTH 760
#define LANE_HEIGHT 14
#define LANE_STEP 20
#define LABEL_WIDTH 190
#define BINS 36        /* of the answer-time plot, four for each power of ten from 0.1 ms */

/* Traffic without a pause that could be seen in the picture. */
typedef struct span {
    int64_t from, to;
} span;

typedef enum { MARK_MISSED, MARK_SILENCE } mark_kind;

typedef struct mark {
    mark_kind kind;
    int64_t from, to;
} mark;

typedef struct html_session {
    uint32_t number;
    char *client, *path;
    const char *side;
    uint32_t version;
    int64_t began, ended, opened;
    cti_verdict verdict;
    uint64_t messages, heartbeats, missed, errors, warnings;
    span spans[SPANS_MAX];
    guint span_count;
    int64_t pause; /* shorter ones are not kept apart */
    mark marks[MARKS_MAX];
    guint mark_count;
} html_session;

typedef struct html_finding {
    uint32_t session;
    cti_severity severity;
    int64_t time;
    char *text;
} html_finding;

/* Answers to one type of request. */
typedef struct html_answers {
    const cti_message *message;
    cti_quantile times;
    uint64_t failed, unanswered;
} html_answers;

typedef struct html {
    const writer_options *options;
    unsigned digits;
    GPtrArray *sessions, *findings;
    uint64_t findings_left_out;
    html_answers answers[CTI_MESSAGE_NEWEST + 1];
    uint64_t bins[BINS];
    GString *text;
} html;

/* ---- collecting ---- */

static html_session *session_of(html *h, const session_record *record)
{
    html_session *s = *record->writer_data;

    if (s == NULL) {
        s = g_new0(html_session, 1);
        s->number = record->number;
        s->pause = CTI_SECOND;
        s->opened = CTI_NO_TIME;
        *record->writer_data = s;
        g_ptr_array_add(h->sessions, s);
    }
    return s;
}

/* Joins spans until half of the places are free again. */
static void join_spans(html_session *s)
{
    while (s->span_count > SPANS_MAX / 2) {
        guint kept = 0;

        s->pause *= 2;
        for (guint i = 1; i < s->span_count; i++) {
            if (s->spans[i].from - s->spans[kept].to <= s->pause)
                s->spans[kept].to = s->spans[i].to;
            else
                s->spans[++kept] = s->spans[i];
        }
        s->span_count = kept + 1;
    }
}

static void html_begin(void *user, unsigned time_digits)
{
    html *h = user;

    h->digits = time_digits;
}

static void html_message(void *user, const message_record *record)
{
    html_session *s = session_of(user, record->session);
    span *last = s->span_count > 0 ? &s->spans[s->span_count - 1] : NULL;

    if (last != NULL && record->time <= last->to)
        return;
    if (last != NULL && record->time - last->to <= s->pause) {
        last->to = record->time;
        return;
    }
    if (s->span_count == SPANS_MAX)
        join_spans(s);
    s->spans[s->span_count++] = (span){record->time, record->time};
}

static void add_mark(html_session *s, mark_kind kind, int64_t from, int64_t to)
{
    if (s->mark_count < MARKS_MAX)
        s->marks[s->mark_count++] = (mark){kind, from, to};
}

static void html_heartbeat(void *user, const session_record *session,
                           const cti_heartbeat *heartbeat)
{
    if (heartbeat->missed)
        add_mark(session_of(user, session), MARK_MISSED, heartbeat->request->time,
                 heartbeat->request->time);
}

static void html_silence(void *user, const session_record *session, const cti_silence *silence)
{
    add_mark(session_of(user, session), MARK_SILENCE, silence->from, silence->to);
}

static guint bin_of(int64_t nanoseconds)
{
    guint bin = 0;

    for (double edge = 1e5 * 1.7783; bin < BINS - 1 && (double)nanoseconds >= edge; bin++)
        edge *= 1.7783; /* a fourth of a power of ten */
    return bin;
}

static void html_request(void *user, const session_record *session, const cti_request *request)
{
    html *h = user;
    html_answers *a = &h->answers[request->message->number];
    const int64_t took = cti_elapsed(request->time, request->answer_time);

    (void)session;
    a->message = request->message;
    a->failed += request->outcome == CTI_FAILED;
    a->unanswered += request->outcome == CTI_UNANSWERED;
    if (took == CTI_NO_TIME || took < 0)
        return;
    cti_quantile_add(&a->times, took);
    h->bins[bin_of(took)]++;
}

static void html_finding_found(void *user, const session_record *session,
                               const cti_finding *finding)
{
    html *h = user;
    html_finding *kept;
    GString *text;

    if (session != NULL) {
        html_session *s = session_of(h, session);

        s->errors += finding->severity == CTI_ERROR;
        s->warnings += finding->severity == CTI_WARNING;
    }
    if (h->findings->len == FINDINGS_MAX) {
        h->findings_left_out++;
        return;
    }
    text = g_string_new(NULL);
    g_string_append_printf(text, "%s: %s", cti_rule_name(finding->rule), finding->text);
    for (uint32_t i = 0; i < finding->frame_count; i++)
        g_string_append_printf(text, " #%u", finding->frames[i]);
    kept = g_new(html_finding, 1);
    *kept = (html_finding){session != NULL ? session->number : finding->session, finding->severity, finding->time,
                           g_string_free(text, FALSE)};
    g_ptr_array_add(h->findings, kept);
}

static void html_session_ended(void *user, const session_record *record)
{
    html_session *s = session_of(user, record);
    const cti_session *session = record->session;
    GString *text = g_string_new(NULL);

    if (session->client_id[0] != '\0')
        cti_text_bytes(text, session->client_id, strlen(session->client_id));
    else
        format_endpoint(text, &record->connection->client);
    s->client = g_strdup(text->str);
    g_string_truncate(text, 0);
    format_endpoint(text, &record->connection->client);
    g_string_append(text, " \xe2\x86\x92 ");
    format_endpoint(text, &record->connection->server);
    s->path = g_string_free(text, FALSE);
    s->side = cti_side_name(record->connection->side);
    s->version = cti_session_version(session, NULL);
    s->began = session->first_time;
    s->ended = session->end_time;
    s->opened = session->open_answer_time;
    s->verdict = session->verdict;
    s->messages = session->messages_client + session->messages_server;
    s->heartbeats = session->heartbeats;
    s->missed = session->heartbeats_missed;
}

/* ---- pieces of the page ---- */

static void put(html *h)
{
    fwrite(h->text->str, 1, h->text->len, h->options->out);
    g_string_truncate(h->text, 0);
}

static void append_escaped(GString *to, const char *text)
{
    char *escaped = g_markup_escape_text(text, -1);

    g_string_append(to, escaped);
    g_free(escaped);
}

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<title>CTI sessions</title>\n<style>\n"
    "body{font:14px/1.45 system-ui,sans-serif;color:#1d2530;background:#fff;margin:2em auto;"
    "max-width:1000px;padding:0 1em}\n"
    "h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em;border-bottom:1px solid #ccd3da}\n"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:3px 8px;"
    "border-bottom:1px solid #e4e8ec;vertical-align:top}\n"
    "th{color:#5a6675;font-weight:600}td.n{text-align:right;font-variant-numeric:tabular-nums}\n"
    ".error{color:#a4161a;font-weight:600}.warning{color:#9a5b00;font-weight:600}"
    ".note{color:#5a6675}\n"
    "svg{max-width:100%;height:auto}svg text{font:11px system-ui,sans-serif;fill:#1d2530}\n"
    ".axis{stroke:#ccd3da}.open{fill:#dbe7f3}.traffic{fill:#3a7ab8}.silence{fill:#e9b44c}"
    ".missed{stroke:#a4161a;stroke-width:2}.lost{stroke:#a4161a;stroke-width:3}"
    ".closed{stroke:#2e7d4f;stroke-width:3}.bar{fill:#3a7ab8}\n"
    "@media print{body{margin:0;max-width:none}h2{break-after:avoid}tr,svg{break-inside:avoid}}\n"
    "</style>\n</head>\n<body>\n<h1>CTI sessions</h1>\n";

static void put_overview(html *h, const summary_record *summary)
{
    GString *t = h->text;

    g_string_append(t, "<p>");
    if (summary->first_time != CTI_NO_TIME) {
        times_date(t, h->options->times, summary->first_time, h->digits);
        g_string_append(t, ", ");
        format_duration(t, cti_elapsed(summary->first_time, summary->last_time));
        g_string_append(t, " long; ");
    }
    g_string_append_printf(t,
                           "packets: %" G_GUINT64_FORMAT "; files: %u; connections with CTI: %u, "
                           "without: %u; sessions: %u; messages: %" G_GUINT64_FORMAT ".</p>\n",
                           summary->packets, summary->files, summary->connections,
                           summary->other_connections, summary->sessions, summary->messages);
    g_string_append_printf(t,
                           "<p><span class=\"error\">errors: %" G_GUINT64_FORMAT "</span>, "
                           "<span class=\"warning\">warnings: %" G_GUINT64_FORMAT "</span>, "
                           "<span class=\"note\">notes: %" G_GUINT64_FORMAT "</span>.  Passwords are "
                           "%s; other values are %s.</p>\n",
                           summary->findings[CTI_ERROR], summary->findings[CTI_WARNING],
                           summary->findings[CTI_NOTE],
                           h->options->text_flags & CTI_TEXT_SECRETS ? "shown" : "not shown",
                           h->options->redacted ? "redacted" : "as they were captured");
    for (uint32_t i = 0; i < summary->note_count; i++) {
        GString *note = g_string_new(NULL);

        cti_text_bytes(note, summary->notes[i], strlen(summary->notes[i]));
        g_string_append(t, "<p class=\"note\">");
        append_escaped(t, note->str);
        g_string_append(t, "</p>\n");
        g_string_free(note, TRUE);
    }
    put(h);
}

static bool is_lost(const html_session *s)
{
    return s->verdict != CTI_VERDICT_STILL_OPEN && s->verdict != CTI_VERDICT_CLOSED_BY_CLIENT;
}

static void put_causes(html *h)
{
    bool any = false;

    for (guint i = 0; i < h->sessions->len; i++) {
        const html_session *s = g_ptr_array_index(h->sessions, i);

        if (!is_lost(s))
            continue;
        if (!any)
            g_string_append(h->text, "<h2>Lost sessions</h2>\n<table>\n<tr><th>#<th>client<th>side"
                                     "<th>ended<th>why\n");
        any = true;
        g_string_append_printf(h->text, "<tr><td class=\"n\">%u<td>", s->number);
        append_escaped(h->text, s->client);
        g_string_append_printf(h->text, "<td>%s<td>", s->side != NULL ? s->side : "-");
        times_clock(h->text, h->options->times, s->ended, h->digits);
        g_string_append_printf(h->text, "<td><b>%s</b>: %s\n", cti_verdict_name(s->verdict),
                               cti_verdict_text(s->verdict));
        put(h);
    }
    if (any)
        g_string_append(h->text, "</table>\n");
    put(h);
}

static void put_findings(html *h)
{
    if (h->findings->len == 0)
        return;
    g_string_append(h->text, "<h2>Findings</h2>\n<table>\n<tr><th>session<th>time<th>finding\n");
    for (int severity = CTI_ERROR; severity >= CTI_NOTE; severity--)
        for (guint i = 0; i < h->findings->len; i++) {
            const html_finding *f = g_ptr_array_index(h->findings, i);

            if ((int)f->severity != severity)
                continue;
            g_string_append(h->text, "<tr><td class=\"n\">");
            if (f->session != 0)
                g_string_append_printf(h->text, "%u", f->session);
            g_string_append(h->text, "<td>");
            times_clock(h->text, h->options->times, f->time, 3);
            g_string_append_printf(h->text, "<td><span class=\"%s\">%s</span> ",
                                   cti_severity_name(f->severity),
                                   cti_severity_name(f->severity));
            append_escaped(h->text, f->text);
            g_string_append_c(h->text, '\n');
            put(h);
        }
    g_string_append(h->text, "</table>\n");
    if (h->findings_left_out > 0)
        g_string_append_printf(h->text, "<p>%" G_GUINT64_FORMAT " more are left out here.</p>\n",
                               h->findings_left_out);
    put(h);
}

/* ---- lanes ---- */

typedef struct axis {
    int64_t from, to;
} axis;

static double x_of(const axis *a, int64_t time)
{
    const double length = (double)MAX(a->to - a->from, 1);

    return LABEL_WIDTH + LANE_WIDTH * CLAMP((double)(time - a->from) / length, 0, 1);
}

/* printf would write a decimal comma where the locale has one: whole tenths instead. */
static void append_x(GString *to, double x)
{
    const int tenths = (int)(x * 10 + 0.5);

    g_string_append_printf(to, "%d.%d", tenths / 10, tenths % 10);
}

static void append_box(GString *to, const char *kind, const axis *a, int64_t from, int64_t until,
                       guint y, guint height)
{
    const double left = x_of(a, from);

    g_string_append_printf(to, "<rect class=\"%s\" y=\"%u\" height=\"%u\" x=\"", kind, y, height);
    append_x(to, left);
    g_string_append(to, "\" width=\"");
    append_x(to, MAX(x_of(a, until) - left, 1.0));
    g_string_append(to, "\"/>");
}

static void append_tick(GString *to, const char *kind, const axis *a, int64_t time, guint y)
{
    g_string_append_printf(to, "<line class=\"%s\" y1=\"%u\" y2=\"%u\" x1=\"", kind, y,
                           y + LANE_HEIGHT);
    append_x(to, x_of(a, time));
    g_string_append(to, "\" x2=\"");
    append_x(to, x_of(a, time));
    g_string_append(to, "\"/>");
}

static void append_lane(html *h, const html_session *s, const axis *a, guint y)
{
    GString *t = h->text;

    g_string_append_printf(t, "<g><title>session %u, ", s->number);
    append_escaped(t, s->path);
    g_string_append_printf(t, ": %s</title><text x=\"0\" y=\"%u\">%u ",
                           cti_verdict_name(s->verdict), y + LANE_HEIGHT - 3, s->number);
    append_escaped(t, s->client);
    g_string_append_printf(t, "%s%s</text>", s->side != NULL ? " " : "",
                           s->side != NULL ? s->side : "");
    append_box(t, "open", a, s->opened != CTI_NO_TIME ? s->opened : s->began, s->ended, y,
               LANE_HEIGHT);
    for (guint i = 0; i < s->mark_count; i++)
        if (s->marks[i].kind == MARK_SILENCE)
            append_box(t, "silence", a, s->marks[i].from, s->marks[i].to, y, LANE_HEIGHT);
    for (guint i = 0; i < s->span_count; i++)
        append_box(t, "traffic", a, s->spans[i].from, s->spans[i].to, y + 3, LANE_HEIGHT - 6);
    for (guint i = 0; i < s->mark_count; i++)
        if (s->marks[i].kind == MARK_MISSED)
            append_tick(t, "missed", a, s->marks[i].from, y);
    if (s->verdict != CTI_VERDICT_STILL_OPEN)
        append_tick(t, is_lost(s) ? "lost" : "closed", a, s->ended, y);
    g_string_append(t, "</g>\n");
    put(h);
}

static void put_lanes(html *h, const summary_record *summary)
{
    const axis a = {summary->first_time, summary->last_time};
    const guint height = 24 + LANE_STEP * h->sessions->len;

    if (h->sessions->len == 0)
        return;
    g_string_append_printf(
        h->text,
        "<h2>Sessions over time</h2>\n<p>Pale: open; blue: messages; yellow: silence of the "
        "client; red ticks: heartbeats without answer; a green end is a close, a red one a loss."
        "</p>\n<svg viewBox=\"0 0 %u %u\" role=\"img\" aria-label=\"Sessions over time\">\n",
        LABEL_WIDTH + LANE_WIDTH + 10, height);
    for (int i = 0; i <= 4; i++) {
        const int64_t time = a.from + (a.to - a.from) / 4 * i;
        const int x = LABEL_WIDTH + LANE_WIDTH / 4 * i;

        g_string_append_printf(h->text,
                               "<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"16\" y2=\"%u\"/>"
                               "<text x=\"%d\" y=\"11\" text-anchor=\"%s\">",
                               x, x, height, x, i == 4 ? "end" : "middle");
        times_clock(h->text, h->options->times, time, 0);
        g_string_append(h->text, "</text>\n");
    }
    for (guint i = 0; i < h->sessions->len; i++)
        append_lane(h, g_ptr_array_index(h->sessions, i), &a, 22 + LANE_STEP * i);
    g_string_append(h->text, "</svg>\n");
    put(h);
}

/* ---- answers ---- */

static void put_plot(html *h)
{
    uint64_t most = 1;

    for (guint i = 0; i < BINS; i++)
        most = MAX(most, h->bins[i]);
    g_string_append(h->text, "<svg viewBox=\"0 0 760 150\" role=\"img\" "
                             "aria-label=\"Answer times\">\n");
    for (guint i = 0; i < BINS; i++) {
        const guint height = (guint)((110 * h->bins[i] + most - 1) / most);

        if (height > 0)
            g_string_append_printf(h->text,
                                   "<rect class=\"bar\" x=\"%u\" y=\"%u\" width=\"18\" "
                                   "height=\"%u\"><title>%" G_GUINT64_FORMAT "</title></rect>\n",
                                   10 + 20 * i, 120 - height, height, h->bins[i]);
    }
    for (guint i = 0; i < BINS; i += 8) {
        static const char *const labels[] = {"0.1 ms", "10 ms", "1 s", "100 s", "3 h"};

        g_string_append_printf(h->text, "<text x=\"%u\" y=\"138\">%s</text>\n", 10 + 20 * i,
                               labels[i / 8]);
    }
    g_string_append(h->text, "</svg>\n");
}

static void append_milliseconds(GString *to, int64_t time)
{
    g_string_append(to, "<td class=\"n\">");
    if (time >= 0)
        format_seconds(to, time, 6);
}

static void put_answers(html *h)
{
    bool any = false;

    for (uint32_t number = 0; number <= CTI_MESSAGE_NEWEST; number++) {
        html_answers *a = &h->answers[number];

        if (a->message == NULL)
            continue;
        if (!any) {
            g_string_append(h->text, "<h2>Answers</h2>\n");
            put_plot(h);
            g_string_append(h->text, "<table>\n<tr><th>request<th>answers<th>median, s<th>95 %, s"
                                     "<th>worst, s<th>failed<th>never answered\n");
        }
        any = true;
        g_string_append_printf(h->text, "<tr><td>%s<td class=\"n\">%" G_GUINT64_FORMAT,
                               a->message->name, a->times.count);
        append_milliseconds(h->text, cti_quantile_get(&a->times, 0.5));
        append_milliseconds(h->text, cti_quantile_get(&a->times, 0.95));
        append_milliseconds(h->text, a->times.count > 0 ? a->times.worst : -1);
        g_string_append_printf(h->text,
                               "<td class=\"n\">%" G_GUINT64_FORMAT
                               "<td class=\"n\">%" G_GUINT64_FORMAT "\n",
                               a->failed, a->unanswered);
        put(h);
    }
    if (any)
        g_string_append(h->text, "</table>\n");
    put(h);
}

static void put_sessions(html *h)
{
    if (h->sessions->len == 0)
        return;
    g_string_append(h->text, "<h2>Sessions</h2>\n<table>\n<tr><th>#<th>client<th>path<th>version"
                             "<th>began<th>lasted<th>messages<th>heartbeats<th>verdict\n");
    for (guint i = 0; i < h->sessions->len; i++) {
        const html_session *s = g_ptr_array_index(h->sessions, i);

        g_string_append_printf(h->text, "<tr><td class=\"n\">%u<td>", s->number);
        append_escaped(h->text, s->client);
        g_string_append(h->text, "<td>");
        append_escaped(h->text, s->path);
        g_string_append_printf(h->text, "<td class=\"n\">%u<td>", s->version);
        times_clock(h->text, h->options->times, s->began, 3);
        g_string_append(h->text, "<td class=\"n\">");
        format_duration(h->text, cti_elapsed(s->began, s->ended));
        g_string_append_printf(h->text,
                               "<td class=\"n\">%" G_GUINT64_FORMAT "<td class=\"n\">%"
                               G_GUINT64_FORMAT ", %" G_GUINT64_FORMAT " missed<td>%s\n",
                               s->messages, s->heartbeats, s->missed,
                               cti_verdict_name(s->verdict));
        put(h);
    }
    g_string_append(h->text, "</table>\n");
    put(h);
}

static gint compare_sessions(gconstpointer a, gconstpointer b)
{
    const html_session *x = *(html_session *const *)a, *y = *(html_session *const *)b;

    return x->number < y->number ? -1 : 1;
}

static void html_summary(void *user, const summary_record *summary)
{
    html *h = user;

    g_ptr_array_sort(h->sessions, compare_sessions);
    g_string_append(h->text, head);
    put_overview(h, summary);
    put_causes(h);
    put_lanes(h, summary);
    put_findings(h);
    put_answers(h);
    put_sessions(h);
    g_string_append(h->text, "<p class=\"note\">Made by ctidump " CTIDUMP_VERSION
                             ".</p>\n</body>\n</html>\n");
    put(h);
}

const record_writer html_writer = {
    .begin = html_begin,
    .message = html_message,
    .heartbeat = html_heartbeat,
    .request = html_request,
    .silence = html_silence,
    .finding = html_finding_found,
    .session = html_session_ended,
    .summary = html_summary,
};

/* ---- life ---- */

static void free_session(gpointer data)
{
    html_session *s = data;

    g_free(s->client);
    g_free(s->path);
    g_free(s);
}

static void free_finding(gpointer data)
{
    html_finding *f = data;

    g_free(f->text);
    g_free(f);
}

void *html_start(const writer_options *options)
{
    html *h = g_new0(html, 1);

    h->options = options;
    h->sessions = g_ptr_array_new_with_free_func(free_session);
    h->findings = g_ptr_array_new_with_free_func(free_finding);
    h->text = g_string_new(NULL);
    return h;
}

void html_finish(void *user)
{
    html *h = user;

    g_ptr_array_unref(h->sessions);
    g_ptr_array_unref(h->findings);
    for (uint32_t number = 0; number <= CTI_MESSAGE_NEWEST; number++)
        cti_quantile_release(&h->answers[number].times);
    g_string_free(h->text, TRUE);
    g_free(h);
}
