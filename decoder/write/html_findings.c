/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The HTML page's findings, rule by rule, the worst ones first, and the problems of messages, kind
 * by kind (see html_parts.h). */
#include "html_parts.h"

/* Findings of a rule that are shown at once. */
#define FINDINGS_AT_ONCE 5

static void append_finding(html *h, const html_finding *f)
{
    g_string_append(h->text, "<tr><td class=\"n\">");
    if (f->session != 0)
        html_session_link(h->text, f->session);
    g_string_append(h->text, "</td><td class=\"clock\">");
    html_clock(h, h->text, f->time, 3);
    g_string_append_printf(h->text, "</td><td><span class=\"%s\">%s</span></td><td>",
                           cti_severity_name(f->severity), cti_severity_name(f->severity));
    html_escape(h->text, f->words);
    g_string_append(h->text, "</td></tr>\n");
    html_put(h);
}

static void append_table(html *h, const html_rule *rule, guint from, guint until)
{
    g_string_append(h->text,
                    "<table class=\"findings\"><thead><tr><th scope=\"col\">session</th>"
                    "<th scope=\"col\">time</th><th scope=\"col\">severity</th>"
                    "<th scope=\"col\">what happened, #frame</th></tr></thead>\n<tbody>\n");
    for (guint i = from; i < until; i++)
        append_finding(h, g_ptr_array_index(rule->kept, i));
    g_string_append(h->text, "</tbody></table>\n");
}

static void append_rule(html *h, const html_rule *rule, cti_rule number)
{
    const guint shown = MIN(rule->kept->len, FINDINGS_AT_ONCE);
    const char *severity = cti_severity_name(rule->worst);

    g_string_append_printf(
        h->text,
        "<article class=\"rule\" id=\"%s\">\n<h3><span class=\"%s\">%s</span> %s "
        "<small>%" G_GUINT64_FORMAT "\xc3\x97</small></h3>\n<p class=\"asks\">The protocol: ",
        cti_rule_name(number), severity, severity, cti_rule_name(number), rule->count);
    cti_rule_text(h->text, number);
    g_string_append(h->text, ".</p>\n");
    append_table(h, rule, 0, shown);
    if (rule->kept->len > shown) {
        g_string_append_printf(h->text, "<details><summary>%u more", rule->kept->len - shown);
        if (rule->count > rule->kept->len)
            g_string_append_printf(h->text,
                                   "; %" G_GUINT64_FORMAT " others are left out here: -T json has "
                                   "them",
                                   rule->count - rule->kept->len);
        g_string_append(h->text, "</summary>\n");
        append_table(h, rule, shown, rule->kept->len);
        g_string_append(h->text, "</details>\n");
    }
    html_explain_rule(h, number);
    g_string_append(h->text, "</article>\n");
}

void html_findings(html *h)
{
    if (h->findings[CTI_NOTE] + h->findings[CTI_WARNING] + h->findings[CTI_ERROR] == 0)
        return;
    g_string_append(h->text, "<section id=\"findings\"><h2>Findings</h2>\n");
    for (int severity = CTI_ERROR; severity >= CTI_NOTE; severity--)
        for (guint i = 0; i < CTI_RULE_COUNT; i++)
            if (h->rules[i].kept != NULL && (int)h->rules[i].worst == severity)
                append_rule(h, &h->rules[i], (cti_rule)i);
    g_string_append(h->text, "</section>\n");
    html_put(h);
}

/* ---- problems of messages ---- */

static void append_problem(html *h, const problem_count *of)
{
    const char *severity = cti_severity_name(cti_problem_severity(of->id));

    g_string_append_printf(h->text,
                           "<tr><td><span class=\"%s\">%s</span></td><td>%s</td>"
                           "<td class=\"n\">%" G_GUINT64_FORMAT "</td><td class=\"n\">",
                           severity, severity, cti_problem_name(of->id), of->count);
    html_session_link(h->text, of->session);
    g_string_append(h->text, "</td><td>");
    html_escape(h->text, of->first);
    g_string_append_printf(h->text, " #%u</td></tr>\n", of->frame);
}

void html_problems(html *h)
{
    GPtrArray *found = problem_counts_sorted(&h->problems);

    if (found->len > 0)
        g_string_append(h->text,
                        "<section id=\"problems\"><h2>Messages with problems</h2>\n"
                        "<table class=\"problems\"><thead><tr><th scope=\"col\">severity</th>"
                        "<th scope=\"col\">problem</th><th scope=\"col\" class=\"n\">count</th>"
                        "<th scope=\"col\" class=\"n\">first in session</th>"
                        "<th scope=\"col\">the first, #frame</th></tr></thead>\n<tbody>\n");
    for (guint i = 0; i < found->len; i++)
        append_problem(h, g_ptr_array_index(found, i));
    if (found->len > 0)
        g_string_append(h->text, "</tbody></table>\n</section>\n");
    g_ptr_array_unref(found);
    html_put(h);
}
