/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The HTML page's sessions: a table, and each one with its facts, findings and timeline, folded
 * (see html_parts.h). */
#include <string.h>

#include "format.h"
#include "html_parts.h"

/* Rows of the table that are shown at once. */
#define ROWS_AT_ONCE 60
/* The timelines of lost sessions are open, and so printed, where there are no more than these; and
 * the only one. */
#define OPEN_TIMELINES 6

/* ---- the table ---- */

static void append_troubles(html *h, const html_session *s)
{
    g_string_append(h->text, "<td>");
    for (int severity = CTI_ERROR; severity >= CTI_NOTE; severity--) {
        const char *name = cti_severity_name((cti_severity)severity);

        if (s->findings[severity] > 0)
            g_string_append_printf(h->text, "<span class=\"%s\">%u %s%s</span> ", name,
                                   s->findings[severity], name,
                                   s->findings[severity] == 1 ? "" : "s");
    }
    g_string_append(h->text, "</td>");
}

static void append_row(html *h, const html_session *s)
{
    GString *t = h->text;

    g_string_append(t, "<tr><td class=\"n\">");
    html_session_link(t, s->number);
    g_string_append(t, "</td><th scope=\"row\">");
    html_escape(t, s->client);
    g_string_append_printf(t, "</th><td>%s \xe2\x86\x92 ", s->from);
    html_side(t, s->side);
    g_string_append_printf(t, "%s</td>", s->to);
    if (s->version != 0)
        html_number_cell(t, s->version);
    else
        g_string_append(t, "<td class=\"n\">-</td>");
    g_string_append(t, "<td class=\"clock\">");
    html_clock(h, t, s->began, 3);
    g_string_append(t, "</td><td class=\"n\">");
    format_duration(t, cti_elapsed(s->began, s->ended));
    g_string_append(t, "</td>");
    html_number_cell(t, s->messages[0]);
    html_number_cell(t, s->messages[1]);
    html_number_cell(t, s->heartbeats);
    html_number_cell(t, s->missed);
    html_took_cell(t, s->median);
    html_took_cell(t, s->worst);
    append_troubles(h, s);
    g_string_append_printf(t, "<td class=\"%s\">%s</td></tr>\n",
                           html_end_class(s->verdict), cti_verdict_name(s->verdict));
    html_put(h);
}

static void append_table(html *h, guint from, guint until)
{
    g_string_append(h->text,
                    "<table class=\"sessions\"><thead><tr><th scope=\"col\">#</th>"
                    "<th scope=\"col\">client</th><th scope=\"col\">path</th>"
                    "<th scope=\"col\">version</th><th scope=\"col\">began</th>"
                    "<th scope=\"col\">lasted</th><th scope=\"col\">client's messages</th>"
                    "<th scope=\"col\">server's messages</th><th scope=\"col\">heartbeats</th>"
                    "<th scope=\"col\">missed</th><th scope=\"col\">median response</th>"
                    "<th scope=\"col\">worst response</th><th scope=\"col\">findings</th>"
                    "<th scope=\"col\">verdict</th></tr></thead>\n<tbody>\n");
    for (guint i = from; i < until; i++)
        append_row(h, g_ptr_array_index(h->sessions, i));
    g_string_append(h->text, "</tbody></table>\n");
}

static gint compare_by_trouble(gconstpointer a, gconstpointer b)
{
    const html_session *x = *(html_session *const *)a, *y = *(html_session *const *)b;

    if (cti_verdict_is_lost(x->verdict) != cti_verdict_is_lost(y->verdict))
        return cti_verdict_is_lost(x->verdict) ? -1 : 1;
    if (html_is_troubled(x) != html_is_troubled(y))
        return html_is_troubled(x) ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

static void append_rows(html *h)
{
    const guint shown = h->sessions->len <= ROWS_AT_ONCE ? h->sessions->len : ROWS_AT_ONCE / 2;

    g_string_append(h->text, "<section id=\"sessions\"><h2>Sessions</h2>\n");
    append_table(h, 0, shown);
    if (shown < h->sessions->len) {
        g_string_append_printf(h->text, "<details><summary>%u more sessions</summary>\n",
                               h->sessions->len - shown);
        append_table(h, shown, h->sessions->len);
        g_string_append(h->text, "</details>\n");
    }
    if (h->sessions_left_out > 0) {
        g_string_append(h->text, "<p class=\"left-out\">");
        html_count(h->text, h->sessions_left_out, "session is", "sessions are");
        g_string_append_printf(
            h->text,
            " only counted: the page has %u with and %u without trouble.  -T json "
            "has all; --client, --session and --from choose.</p>\n",
            h->kept[1], h->kept[0]);
    }
    g_string_append(h->text, "</section>\n");
    html_put(h);
}

/* ---- one session ---- */

#define MARK_LENGTH 6

static void append_event(void *user, int64_t time, const char *words)
{
    html *h = user;
    const char *kind = "";

    if (time == CTI_NO_TIME) {
        g_string_append(h->text, "<tr class=\"gap\"><td colspan=\"3\">");
        html_escape(h->text, words);
        g_string_append(h->text, "</td></tr>\n");
        return;
    }
    if (g_str_has_prefix(words, "!!"))
        kind = " class=\"bad\"";
    else if (g_str_has_prefix(words, "**"))
        kind = " class=\"told\"";
    g_string_append_printf(h->text, "<tr%s><td>", kind);
    times_line(h->text, h->options->times, time, h->digits, h->dated);
    g_string_append(h->text, "</td><td>");
    if (words[0] == 'C' || words[0] == 'S') /* "C->S", "S->C" */
        g_string_append(h->text, words[0] == 'C' ? "client \xe2\x86\x92" : "\xe2\x86\x90 server");
    g_string_append(h->text, "</td><td>");
    html_escape(h->text, strlen(words) > MARK_LENGTH ? words + MARK_LENGTH : words);
    g_string_append(h->text, "</td></tr>\n");
}

static void append_findings(html *h, const html_session *s)
{
    const uint32_t count =
        s->findings[CTI_ERROR] + s->findings[CTI_WARNING] + s->findings[CTI_NOTE];

    if (count == 0)
        return;
    g_string_append_printf(h->text, "<ul class=\"finding-list\">\n%s", s->finding_list->str);
    if (count > FINDINGS_LISTED)
        g_string_append_printf(h->text, "<li>%u more: -T json has all</li>\n",
                               count - FINDINGS_LISTED);
    g_string_append(h->text, "</ul>\n");
}

static void append_session(html *h, html_session *s, bool open)
{
    const guint lines =
        h->sessions->len > SESSION_LOG_DETAILED ? SESSION_LOG_LINES_FEW : SESSION_LOG_LINES;

    g_string_append_printf(h->text, "<details class=\"session\"%s>\n<summary>Session %u: <b>",
                           open ? " open=\"open\"" : "", s->number);
    html_escape(h->text, s->client);
    g_string_append(h->text, "</b> ");
    html_side(h->text, s->side);
    g_string_append_printf(h->text, " <span class=\"%s\">%s</span></summary>\n",
                           html_end_class(s->verdict), cti_verdict_name(s->verdict));
    g_string_append_printf(h->text, "<dl class=\"facts\" id=\"s%u\">\n%s</dl>\n", s->number,
                           s->facts->str);
    append_findings(h, s);
    g_string_append(h->text, "<table class=\"timeline\"><caption>Timeline</caption><thead><tr>"
                             "<th scope=\"col\">time</th><th scope=\"col\">from</th>"
                             "<th scope=\"col\">what, #frame</th></tr></thead>\n<tbody>\n");
    times_new_list(h->options->times);
    session_log_each(&s->log, lines, h->options->text_flags, h->options->times, append_event, h);
    g_string_append(h->text, "</tbody></table>\n</details>\n");
    html_put(h);
}

static void append_details(html *h)
{
    guint lost = 0;

    for (guint i = 0; i < h->sessions->len; i++)
        lost += cti_verdict_is_lost(((html_session *)g_ptr_array_index(h->sessions, i))->verdict);
    g_string_append(h->text, "<section id=\"timelines\"><h2>Timelines</h2>\n");
    for (guint i = 0; i < h->sessions->len; i++) {
        html_session *s = g_ptr_array_index(h->sessions, i);

        append_session(
            h, s, h->sessions->len == 1 || (cti_verdict_is_lost(s->verdict) && lost <= OPEN_TIMELINES));
    }
    g_string_append(h->text, "</section>\n");
}

void html_sessions(html *h)
{
    if (h->sessions->len == 0)
        return;
    g_ptr_array_sort(h->sessions, compare_by_trouble);
    append_rows(h);
    append_details(h);
}
