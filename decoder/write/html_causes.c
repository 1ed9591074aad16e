/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why sessions were lost, never opened, left by their clients or ended as planned: right below the HTML page's first
 * screen (see html_parts.h). */
#include <string.h>

#include "format.h"
#include "html_parts.h"

/* Up to so many sessions stand for themselves; more are put together by verdict and server, and so
 * many of these groups are shown at once. */
#define CAUSES_APART   4
#define GROUPS_AT_ONCE 8
/* Names in a group that are shown at once. */
#define NAMES_AT_ONCE 4

static gint compare_ends(gconstpointer a, gconstpointer b)
{
    const html_session *x = *(html_session *const *)a, *y = *(html_session *const *)b;

    if (cti_verdict_is_lost(x->verdict) != cti_verdict_is_lost(y->verdict))
        return cti_verdict_is_lost(x->verdict) ? -1 : 1;
    if (x->ended != y->ended)
        return x->ended < y->ended ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

/* Sessions whose end asks why: in the order of their ends, those that ended as planned last. */
static GPtrArray *sessions_to_explain(const html *h)
{
    GPtrArray *ended = g_ptr_array_new();

    for (guint i = 0; i < h->sessions->len; i++) {
        html_session *s = g_ptr_array_index(h->sessions, i);

        if (cti_verdict_asks_why(s->verdict))
            g_ptr_array_add(ended, s);
    }
    g_ptr_array_sort(ended, compare_ends);
    return ended;
}

/* How the box of a session with this verdict is bordered. */
static const char *cause_class(cti_verdict verdict)
{
    static const char *const classes[CTI_FATE_COUNT] = {
        [CTI_FATE_LEFT] = " planned",
        [CTI_FATE_PLANNED] = " planned",
        [CTI_FATE_REPLACED] = " planned",
        [CTI_FATE_NEVER_OPENED] = " refused"};
    const char *class = classes[cti_verdict_fate(verdict)];

    return class != NULL ? class : "";
}

static void append_finding(html *h, const html_finding *f, const char *rule)
{
    const char *severity = cti_severity_name(f->severity);

    g_string_append_printf(h->text, "<li><b class=\"%s\">%s <a href=\"#%s\">%s</a></b> ", severity,
                           severity, rule, rule);
    html_escape(h->text, f->words);
    g_string_append(h->text, "</li>\n");
}

/* The session's findings of this severity. */
static void append_severity(html *h, const html_session *s, cti_severity severity)
{
    for (guint rule = 0; rule < CTI_RULE_COUNT; rule++) {
        const GPtrArray *kept = h->rules[rule].kept;

        for (guint i = 0; kept != NULL && i < kept->len; i++) {
            const html_finding *f = g_ptr_array_index(kept, i);

            if (f->session == s->number && f->severity == severity)
                append_finding(h, f, cti_rule_name((cti_rule)rule));
        }
    }
}

/* Errors and warnings of the session. */
static void append_findings(html *h, const html_session *s)
{
    const gsize before = h->text->len;
    gsize opened;

    g_string_append(h->text, "<ul class=\"finding-list\">\n");
    opened = h->text->len;
    append_severity(h, s, CTI_ERROR);
    append_severity(h, s, CTI_WARNING);
    if (h->text->len == opened)
        g_string_truncate(h->text, before);
    else
        g_string_append(h->text, "</ul>\n");
}

static void append_alone(html *h, const html_session *s)
{
    GString *t = h->text;

    g_string_append_printf(t, "<article class=\"cause%s\">\n<h3>%s</h3>\n",
                           cause_class(s->verdict), cti_verdict_text(s->verdict));
    html_explain_verdict(h, s->verdict);
    g_string_append(t, "<dl>\n<dt>who</dt><dd><b>");
    html_escape(t, s->client);
    g_string_append_printf(t, "</b>, %s \xe2\x86\x92 ", s->from);
    html_side(t, s->side);
    g_string_append_printf(t, "%s, <a href=\"#s%u\">session %u</a></dd>\n<dt>when</dt><dd>", s->to,
                           s->number, s->number);
    times_moment(t, h->options->times, s->ended, h->digits);
    if (s->end_frame != 0)
        g_string_append_printf(t, ", frame %u", s->end_frame);
    g_string_append(t, ", after ");
    format_duration(t, cti_elapsed(s->began, s->ended));
    g_string_append_printf(t, "</dd>\n<dt>verdict</dt><dd><code>%s</code></dd>\n%s</dl>\n",
                           cti_verdict_name(s->verdict), s->evidence->str);
    append_findings(h, s);
    g_string_append(t, "</article>\n");
    html_put(h);
}

static void append_name(html *h, const html_session *s)
{
    g_string_append_printf(h->text, "<li><a href=\"#s%u\">", s->number);
    html_escape(h->text, s->client);
    g_string_append(h->text, "</a> <span class=\"clock\">");
    html_clock(h, h->text, s->ended, 3);
    g_string_append(h->text, "</span></li>\n");
}

static void append_name_list(html *h, const GPtrArray *group, guint from, guint until)
{
    g_string_append(h->text, "<ul class=\"names\">\n");
    for (guint i = from; i < until; i++)
        append_name(h, g_ptr_array_index(group, i));
    g_string_append(h->text, "</ul>\n");
}

static void append_names(html *h, const GPtrArray *group)
{
    const guint shown = group->len <= NAMES_AT_ONCE + 2 ? group->len : NAMES_AT_ONCE;

    append_name_list(h, group, 0, shown);
    if (shown == group->len)
        return;
    g_string_append_printf(h->text, "<details><summary>and %u more</summary>\n",
                           group->len - shown);
    append_name_list(h, group, shown, group->len);
    g_string_append(h->text, "</details>\n");
}

/* Sessions that ended in the same way with the same server. */
static bool is_of_group(const html_session *first, const html_session *s)
{
    return s->verdict == first->verdict && strcmp(s->to, first->to) == 0;
}

static void append_group(html *h, const GPtrArray *group)
{
    const html_session *first = g_ptr_array_index(group, 0);
    const html_session *last = g_ptr_array_index(group, group->len - 1);
    GString *t = h->text;

    g_string_append_printf(t, "<article class=\"cause%s\">\n<h3>",
                           cause_class(first->verdict));
    html_count(t, group->len, "session", "sessions");
    g_string_append_printf(t, ": %s</h3>\n<dl>\n<dt>when</dt><dd>",
                           cti_verdict_text(first->verdict));
    times_moment(t, h->options->times, first->ended, h->digits);
    if (last->ended != first->ended) {
        g_string_append(t, ", the last one ");
        html_took(t, cti_elapsed(first->ended, last->ended));
        g_string_append(t, " later");
    }
    g_string_append(t, "</dd>\n<dt>server</dt><dd>");
    html_side(t, first->side);
    g_string_append_printf(t, "%s <code>%s</code></dd>\n<dt>who</dt><dd>", first->to,
                           cti_verdict_name(first->verdict));
    append_names(h, group);
    g_string_append(t, "</dd>\n</dl>\n");
    g_string_append(t, "<details><summary>what it means, and the evidence</summary>\n");
    html_explain_verdict(h, first->verdict);
    if (first->evidence->len > 0)
        g_string_append_printf(t,
                               "<p>As <a href=\"#s%u\">session %u</a> shows:</p>\n<dl>\n%s</dl>\n",
                               first->number, first->number, first->evidence->str);
    g_string_append(t, "</details>\n");
    g_string_append(t, "</article>\n");
    html_put(h);
}

/* The sessions with this fate, in groups. */
static guint append_groups(html *h, const GPtrArray *ended, cti_fate fate, guint groups)
{
    bool *done = g_new0(bool, ended->len);

    for (guint first = 0; first < ended->len; first++) {
        const html_session *leader = g_ptr_array_index(ended, first);
        GPtrArray *group;

        if (done[first] || cti_verdict_fate(leader->verdict) != fate)
            continue;
        group = g_ptr_array_new();
        for (guint i = first; i < ended->len; i++) {
            html_session *s = g_ptr_array_index(ended, i);

            if (!is_of_group(leader, s))
                continue;
            done[i] = true;
            g_ptr_array_add(group, s);
        }
        if (groups++ == GROUPS_AT_ONCE)
            g_string_append(h->text, "</div>\n<details><summary>more sessions</summary>\n"
                                     "<div class=\"causes\">\n");
        append_group(h, group);
        g_ptr_array_unref(group);
    }
    g_free(done);
    return groups;
}

/* Sessions whose end asks why, also those that are only counted. */
static uint64_t count_to_explain(const html *h)
{
    return h->fates[CTI_FATE_LOST] + h->fates[CTI_FATE_NEVER_OPENED] + h->fates[CTI_FATE_LEFT] +
           h->fates[CTI_FATE_PLANNED] + h->fates[CTI_FATE_REPLACED];
}

bool html_has_causes(const html *h)
{
    return count_to_explain(h) > 0;
}

static void append_only_counted(html *h, guint told)
{
    const uint64_t all = count_to_explain(h);

    if (all > told)
        g_string_append_printf(h->text,
                               "<p class=\"left-out\">%" G_GUINT64_FORMAT " more are only counted: "
                               "-T json has all; --client, --session and --from choose.</p>\n",
                               all - told);
}

static guint append_all_groups(html *h, const GPtrArray *ended)
{
    static const cti_fate fates[] = {CTI_FATE_LOST, CTI_FATE_NEVER_OPENED, CTI_FATE_LEFT,
                                     CTI_FATE_PLANNED, CTI_FATE_REPLACED};
    guint groups = 0;

    for (guint i = 0; i < G_N_ELEMENTS(fates); i++)
        groups = append_groups(h, ended, fates[i], groups);
    return groups;
}

void html_causes(html *h)
{
    GPtrArray *ended = sessions_to_explain(h);
    guint groups = 0;

    if (ended->len > 0) {
        g_string_append(h->text, "<section id=\"why\"><h2>Why</h2>\n<div class=\"causes\">\n");
        if (ended->len > CAUSES_APART)
            groups = append_all_groups(h, ended);
        else
            for (guint i = 0; i < ended->len; i++)
                append_alone(h, g_ptr_array_index(ended, i));
        g_string_append_printf(h->text, "</div>%s\n", groups > GROUPS_AT_ONCE ? "</details>" : "");
        append_only_counted(h, ended->len);
        g_string_append(h->text, "</section>\n");
    }
    g_ptr_array_unref(ended);
}
