/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first screen of the report: what the capture holds, the cause of each lost session, and
 * the findings that matter most. */
#include <string.h>

#include "../codec/text.h"
#include "format.h"
#include "report_parts.h"

/* Rows of its tables. */
#define OVERVIEW_SESSIONS 20
#define OVERVIEW_FINDINGS 10

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
    g_string_append_printf(text, "; %" G_GUINT64_FORMAT " packet%s in %u file%s\n",
                           summary->packets, report_plural(summary->packets), summary->files,
                           report_plural(summary->files));
    g_string_append_printf(text,
                           "CTI       %u connection%s, %u session%s, %" G_GUINT64_FORMAT
                           " message%s; %u other TCP connection%s\n",
                           summary->connections, report_plural(summary->connections), summary->sessions,
                           report_plural(summary->sessions), summary->messages, report_plural(summary->messages),
                           summary->other_connections, report_plural(summary->other_connections));
    g_string_append_printf(text, "findings  %" G_GUINT64_FORMAT " error%s, %" G_GUINT64_FORMAT
                           " warning%s, %" G_GUINT64_FORMAT " note%s\n",
                           summary->findings[CTI_ERROR], report_plural(summary->findings[CTI_ERROR]),
                           summary->findings[CTI_WARNING], report_plural(summary->findings[CTI_WARNING]),
                           summary->findings[CTI_NOTE], report_plural(summary->findings[CTI_NOTE]));
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
    report_print(r, text);
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

static int client_width(const report *r)
{
    glong width = (glong)strlen("client");

    for (guint i = 0; i < r->sessions->len; i++) {
        const reported_session *s = g_ptr_array_index(r->sessions, i);

        width = MAX(width, g_utf8_strlen(s->client, -1));
    }
    return (int)MIN(width, 24);
}

void report_lost_sessions(const report *r, GString *text)
{
    const guint shown = MIN(r->sessions->len, OVERVIEW_SESSIONS);
    const int width = client_width(r);
    GPtrArray *sorted;

    if (shown == 0)
        return;
    sorted = g_ptr_array_sized_new(r->sessions->len);
    g_ptr_array_extend(sorted, r->sessions, NULL, NULL);
    g_ptr_array_sort(sorted, compare_by_trouble);
    g_string_append_printf(text, "\n    # %-*s side version %-*s lasted       verdict\n", width,
                           "client", times_cell_width(r->options->times, r->digits), "began");
    for (guint i = 0; i < shown; i++) {
        const reported_session *s = g_ptr_array_index(sorted, i);

        g_string_append_printf(text, "%5u %-*s %-4s %-7u ", s->number, width, s->client,
                               s->side != NULL ? s->side : "-", s->version);
        times_cell(text, r->options->times, s->began, r->digits);
        g_string_append_c(text, ' ');
        format_duration(text, cti_elapsed(s->began, s->ended));
        g_string_append_printf(text, "  %s\n", cti_verdict_name(s->verdict));
        if (is_lost(s))
            g_string_append_printf(text, "      %s\n", cti_verdict_text(s->verdict));
    }
    if (shown < r->sessions->len)
        g_string_append_printf(text, "      ... and %u more: -T timeline and -T json have all\n",
                               r->sessions->len - shown);
    g_ptr_array_unref(sorted);
    report_print(r, text);
}

void report_findings(const report *r, GString *text)
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
    report_print(r, text);
}
