/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first screen of the report, but for the sessions that ended (report_ends.c): what the capture
 * holds, storms and times without a session, and the findings that matter most. */
#include <stdlib.h>
#include <string.h>

#include "codec/text.h"
#include "format.h"
#include "ink.h"
#include "report_parts.h"

#define STORMS_SHOWN 3
/* Rows of the table of sessions, and of findings, each as one line or one line a rule. */
#define OVERVIEW_SESSIONS 20
#define OVERVIEW_FINDINGS 10

/* ---- counts ---- */

static void append_count(GString *to, uint64_t count, const char *what)
{
    g_string_append_printf(to, "%" G_GUINT64_FORMAT " %s%s", count, what, report_plural(count));
}

void report_counts(const report *r, const summary_record *summary, GString *text)
{
    g_string_append(text, "capture   ");
    if (summary->first_time == CTI_NO_TIME) {
        g_string_append(text, "no packets");
    } else {
        times_date(text, r->options->times, summary->first_time, r->digits);
        g_string_append(text, ", ");
        format_duration(text, cti_elapsed(summary->first_time, summary->last_time));
        g_string_append(text, " long");
    }
    g_string_append(text, "; ");
    append_count(text, summary->packets, "packet");
    if (summary->without_tcp > 0)
        g_string_append_printf(text, ", %" G_GUINT64_FORMAT " of them without TCP,",
                               summary->without_tcp);
    g_string_append(text, " in ");
    append_count(text, summary->files, "file");
    g_string_append(text, "\nCTI       ");
    append_count(text, summary->connections, "connection");
    g_string_append(text, ", ");
    append_count(text, summary->sessions, "session");
    g_string_append(text, ", ");
    append_count(text, summary->messages, "message");
    g_string_append(text, "; ");
    append_count(text, summary->other_connections, "other TCP connection");
    if (summary->failed_attempts > 0)
        g_string_append_printf(text, ", %u of them failed attempts to reach a CTI port",
                               summary->failed_attempts);
    g_string_append(text, "\nfindings  ");
    append_count(text, summary->findings[CTI_ERROR], "error");
    g_string_append(text, ", ");
    append_count(text, summary->findings[CTI_WARNING], "warning");
    g_string_append(text, ", ");
    append_count(text, summary->findings[CTI_NOTE], "note");
    g_string_append_c(text, '\n');
    report_print(r, text);
}

static void append_not_cti(void *user, const char *words)
{
    g_string_append_printf(user, "not CTI   %s\n", words);
}

void report_notes(const report *r, const summary_record *summary, GString *text)
{
    gsize before;

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
    before = text->len;
    not_cti_lines(&r->not_cti, append_not_cti, text);
    if (summary->sessions == 0 && text->len > before)
        g_string_append(text, "\nNo CTI session.\n");
    else if (summary->sessions == 0)
        g_string_append(text, "\nNo CTI session: is the port right (-d PORT), and was the capture "
                              "taken where the client's traffic passes?\n");
    report_print(r, text);
}

/* ---- storms, and times without a session ---- */

static void append_storm(GString *text, const report *r, const cti_storm *storm)
{
    ink_text(text, r->options->colour, INK_WARNING, "storm", 10);
    times_clock(text, r->options->times, storm->first, 3);
    g_string_append_printf(text, ": %u OPEN_REQ to side %s in ", storm->requests,
                           cti_side_name(storm->side) != NULL ? cti_side_name(storm->side) : "-");
    report_seconds(text, cti_elapsed(storm->first, storm->last));
    g_string_append_printf(text, " by %u client%s, up to %u in a second", storm->clients,
                           report_plural(storm->clients), storm->peak);
    if (storm->confirmed > 0) {
        g_string_append(text, "; response times from ");
        report_seconds(text, storm->first_answer);
        g_string_append(text, " to ");
        report_seconds(text, storm->worst_answer);
    }
    if (storm->rejected > 0)
        g_string_append_printf(text, ", %u refused", storm->rejected);
    if (storm->unanswered > 0)
        g_string_append_printf(text, ", %u without a response", storm->unanswered);
    if (storm->gave_up > 0) {
        g_string_append_printf(text, ", %u of them given up early, after ", storm->gave_up);
        report_seconds(text, storm->shortest_wait);
        g_string_append(text, " or more");
    }
    g_string_append_c(text, '\n');
}

static gint compare_durations(gconstpointer a, gconstpointer b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* How many clients had outages, for how long, and who for longest. */
static void append_outages(GString *text, const report *r)
{
    GArray *times = g_array_new(FALSE, FALSE, sizeof(int64_t));
    const cti_client *worst = NULL;
    guint gone = 0;

    for (guint i = 0; i < r->clients->len; i++) {
        const cti_client *client = g_ptr_array_index(r->clients, i);

        if (client->outage_count == 0)
            continue;
        g_array_append_val(times, client->outage_time);
        gone += client->outages[client->outage_count - 1].to == NULL;
        if (worst == NULL || client->outage_time > worst->outage_time)
            worst = client;
    }
    if (worst != NULL) {
        g_array_sort(times, compare_durations);
        ink_text(text, r->options->colour, INK_WARNING, "outages", 10);
        g_string_append_printf(text, "%u of %u client%s without a session for ", times->len,
                               r->clients->len, report_plural(r->clients->len));
        if (times->len > 1) {
            report_seconds(text, g_array_index(times, int64_t, times->len / 2));
            g_string_append(text, " (median), at most ");
        }
        report_seconds(text, worst->outage_time);
        g_string_append(text, " (");
        report_client_name(text, worst);
        g_string_append_c(text, ')');
        if (gone > 0)
            g_string_append_printf(text, "; %u got none until the capture ended", gone);
        g_string_append_c(text, '\n');
    }
    g_array_unref(times);
}

void report_troubles(const report *r, GString *text)
{
    for (guint i = 0; i < r->storms->len && i < STORMS_SHOWN; i++)
        append_storm(text, r, &g_array_index(r->storms, cti_storm, i));
    if (r->storms->len > STORMS_SHOWN)
        g_string_append_printf(text, "storm     ... and %u more below\n",
                               r->storms->len - STORMS_SHOWN);
    append_outages(text, r);
    report_print(r, text);
}

/* ---- findings ---- */

/* Findings of one rule with one severity. */
typedef struct finding_group {
    const reported_finding *first;
    guint count;
    bool several; /* sessions */
} finding_group;

static gint compare_finding_groups(gconstpointer a, gconstpointer b)
{
    const finding_group *x = a, *y = b;

    if (x->first->severity != y->first->severity)
        return x->first->severity > y->first->severity ? -1 : 1;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return (x->first->rule > y->first->rule) - (x->first->rule < y->first->rule);
}

static GArray *group_findings(const GPtrArray *findings)
{
    GArray *groups = g_array_new(FALSE, FALSE, sizeof(finding_group));

    for (guint i = 0; i < findings->len; i++) {
        const reported_finding *f = g_ptr_array_index(findings, i);
        finding_group *group = NULL;

        for (guint k = 0; k < groups->len && group == NULL; k++) {
            finding_group *g = &g_array_index(groups, finding_group, k);

            if (g->first->rule == f->rule && g->first->severity == f->severity)
                group = g;
        }
        if (group == NULL) {
            g_array_append_vals(groups, &(finding_group){.first = f}, 1);
            group = &g_array_index(groups, finding_group, groups->len - 1);
        }
        group->count++;
        group->several |= group->first->session != f->session;
    }
    g_array_sort(groups, compare_finding_groups);
    return groups;
}

/* Each of several equal refusals has a finding; one of their client stands for all of them. */
static bool is_repeated_refusal(const report *r, const reported_finding *f)
{
    const reported_session *s =
        f->session < r->by_number->len ? g_ptr_array_index(r->by_number, f->session) : NULL;

    return s != NULL && s->refused_repeatedly && f->rule == CTI_RULE_OPEN_REJECTED &&
           f->severity == CTI_ERROR;
}

static void append_finding(GString *text, const report *r, const reported_finding *f)
{
    g_string_append(text, "  ");
    ink_severity(text, r->options->colour, f->severity, 7);
    g_string_append(text, "  ");
    if (f->session != 0)
        g_string_append_printf(text, "session %u: ", f->session);
    g_string_append_printf(text, "%s\n", f->text);
}

static void append_finding_group(GString *text, const report *r, const finding_group *group)
{
    if (group->count == 1) {
        append_finding(text, r, group->first);
        return;
    }
    g_string_append(text, "  ");
    ink_severity(text, r->options->colour, group->first->severity, 7);
    g_string_append_printf(text, "  %u x %s%s, first ", group->count,
                           cti_rule_name(group->first->rule),
                           group->several ? " in several sessions" : "");
    if (group->first->session != 0)
        g_string_append_printf(text, "in session %u: ", group->first->session);
    g_string_append_printf(text, "%s\n",
                           group->first->text + strlen(cti_rule_name(group->first->rule)) + 2);
}

static GPtrArray *findings_to_list(const report *r)
{
    GPtrArray *listed = g_ptr_array_new();

    for (guint i = 0; i < r->findings->len; i++)
        if (!is_repeated_refusal(r, g_ptr_array_index(r->findings, i)))
            g_ptr_array_add(listed, g_ptr_array_index(r->findings, i));
    return listed;
}

static void append_one_by_one(GString *text, const report *r, const GPtrArray *findings)
{
    for (int severity = CTI_ERROR; severity > CTI_NOTE; severity--)
        for (guint i = 0; i < findings->len; i++) {
            const reported_finding *f = g_ptr_array_index(findings, i);

            if ((int)f->severity == severity)
                append_finding(text, r, f);
        }
}

static void append_in_groups(GString *text, const report *r, const GPtrArray *findings)
{
    GArray *groups = group_findings(findings);

    for (guint i = 0; i < groups->len; i++)
        append_finding_group(text, r, &g_array_index(groups, finding_group, i));
    g_array_unref(groups);
}

void report_findings(const report *r, GString *text)
{
    GPtrArray *findings;

    if (r->findings->len == 0)
        return;
    findings = findings_to_list(r);
    g_string_append_c(text, '\n');
    ink_text(text, r->options->colour, INK_HEADING, "errors and warnings", 0);
    g_string_append(text, " (ctidump --explain NAME explains a rule)\n");
    if (findings->len <= OVERVIEW_FINDINGS)
        append_one_by_one(text, r, findings);
    else
        append_in_groups(text, r, findings);
    g_ptr_array_unref(findings);
    report_print(r, text);
}

void report_problems(const report *r, GString *text)
{
    GPtrArray *found = problem_counts_sorted(&r->problems);

    if (found->len > 0) {
        g_string_append_c(text, '\n');
        ink_text(text, r->options->colour, INK_HEADING, "messages with problems", 0);
        g_string_append(text, " (-T messages shows each)\n");
    }
    for (guint i = 0; i < found->len; i++) {
        const problem_count *of = g_ptr_array_index(found, i);

        g_string_append(text, "  ");
        ink_severity(text, r->options->colour, cti_problem_severity(of->id), 7);
        g_string_append(text, "  ");
        problem_count_words(text, of);
        g_string_append_c(text, '\n');
    }
    g_ptr_array_unref(found);
    report_print(r, text);
}

/* ---- the table of sessions ---- */

/* SessionType: what OPEN_CONF said, or that it became active. */
static const char *type_words(const reported_session *s)
{
    const char *name = cti_session_type_name(s->type);

    if (s->became_active)
        return "to active";
    return name != NULL ? name : "-";
}

/* Lost sessions first, then those with errors and warnings, then the rest. */
static gint compare_by_trouble(gconstpointer a, gconstpointer b)
{
    const reported_session *x = *(reported_session *const *)a, *y = *(reported_session *const *)b;

    if (cti_verdict_is_lost(x->verdict) != cti_verdict_is_lost(y->verdict))
        return cti_verdict_is_lost(x->verdict) ? -1 : 1;
    if ((x->errors + x->warnings > 0) != (y->errors + y->warnings > 0))
        return x->errors + x->warnings > 0 ? -1 : 1;
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

void report_session_table(const report *r, GString *text)
{
    const guint shown = MIN(r->sessions->len, OVERVIEW_SESSIONS);
    const int width = client_width(r);
    GPtrArray *sorted;

    if (shown == 0)
        return;
    sorted = g_ptr_array_sized_new(r->sessions->len);
    g_ptr_array_extend(sorted, r->sessions, NULL, NULL);
    g_ptr_array_sort(sorted, compare_by_trouble);
    g_string_append_printf(text, "\n    # %-*s side version type      %-*s lasted       verdict\n", width,
                           "client", times_cell_width(r->options->times, r->digits), "began");
    for (guint i = 0; i < shown; i++) {
        const reported_session *s = g_ptr_array_index(sorted, i);

        g_string_append_printf(text, "%5u %-*s %-4s ", s->number, width, s->client,
                               s->side != NULL ? s->side : "-");
        if (s->version != 0)
            g_string_append_printf(text, "%-7u ", s->version);
        else
            g_string_append_printf(text, "%-7s ", "-");
        g_string_append_printf(text, "%-9s ", type_words(s));
        times_cell(text, r->options->times, s->began, r->digits);
        g_string_append_c(text, ' ');
        format_duration(text, cti_elapsed(s->began, s->ended));
        g_string_append(text, "  ");
        ink_verdict(text, r->options->colour, s->verdict);
        g_string_append_c(text, '\n');
    }
    if (shown < r->sessions->len)
        g_string_append_printf(text, "      ... and %u more: -T timeline and -T json show all\n",
                               r->sessions->len - shown);
    g_ptr_array_unref(sorted);
    report_print(r, text);
}
