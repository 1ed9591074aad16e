/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first screen of the report: which sessions were lost or never opened, and why; then those
 * that ended otherwise than by CLOSE_REQ without a loss.  With one client or a thousand, the causes
 * are within its first 25 lines: similar ends are one line. */
#include "ink.h"
#include "report_parts.h"

/* So many sessions have a line each; more are told by what ended them. */
#define ENDS_SHOWN 4
/* Of so many the evidence stands there too; it would push the others off the first screen. */
#define EVIDENCE_SHOWN 2
/* Sessions named of those that ended alike. */
#define NAMED 6

/* Sessions that ended alike: with the same verdict, on the same side. */
typedef struct end_group {
    cti_verdict verdict;
    const char *side;
    guint count;
    int64_t first, last;
    const reported_session *named[NAMED];
} end_group;

static void take_end(GArray *groups, const reported_session *s)
{
    end_group *group = NULL;

    for (guint i = 0; i < groups->len && group == NULL; i++) {
        end_group *g = &g_array_index(groups, end_group, i);

        if (g->verdict == s->verdict && g->side == s->side)
            group = g;
    }
    if (group == NULL) {
        g_array_append_vals(groups, &(end_group){.verdict = s->verdict, .side = s->side,
                                                 .first = s->ended, .last = s->ended}, 1);
        group = &g_array_index(groups, end_group, groups->len - 1);
    }
    if (group->count < NAMED)
        group->named[group->count] = s;
    group->count++;
    group->first = MIN(group->first, s->ended);
    group->last = MAX(group->last, s->ended);
}

/* What was open and was lost first, then by how many there are. */
static gint compare_groups(gconstpointer a, gconstpointer b)
{
    const end_group *x = a, *y = b;
    const cti_fate x_fate = cti_verdict_fate(x->verdict), y_fate = cti_verdict_fate(y->verdict);

    if (x_fate != y_fate)
        return x_fate == CTI_FATE_LOST ? -1 : 1;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return (x->first > y->first) - (x->first < y->first);
}

static void append_side(GString *text, const char *side)
{
    if (side != NULL)
        g_string_append_printf(text, " on side %s", side);
}

static void append_group(GString *text, const report *r, const end_group *group)
{
    g_string_append_printf(text, "  %u x ", group->count);
    ink_verdict(text, r->options->colour, group->verdict);
    append_side(text, group->side);
    g_string_append(text, group->count > 1 ? ", from " : ", at ");
    times_clock(text, r->options->times, group->first, 3);
    if (group->count > 1) {
        g_string_append(text, " to ");
        times_clock(text, r->options->times, group->last, 3);
    }
    g_string_append(text, ": session");
    g_string_append(text, report_plural(group->count));
    for (guint i = 0; i < MIN(group->count, NAMED); i++)
        g_string_append_printf(text, " %u", group->named[i]->number);
    if (group->count > NAMED)
        g_string_append(text, " ...");
    g_string_append_printf(text, "\n      %s\n", cti_verdict_text(group->verdict));
}

static void append_groups(GString *text, const report *r, const GPtrArray *ends)
{
    GArray *groups = g_array_new(FALSE, FALSE, sizeof(end_group));

    for (guint i = 0; i < ends->len; i++)
        take_end(groups, g_ptr_array_index(ends, i));
    g_array_sort(groups, compare_groups);
    for (guint i = 0; i < groups->len; i++)
        append_group(text, r, &g_array_index(groups, end_group, i));
    g_array_unref(groups);
}

static void append_session(GString *text, const report *r, const reported_session *s)
{
    g_string_append_printf(text, "  session %u of %s", s->number, s->client);
    append_side(text, s->side);
    g_string_append(text, " at ");
    times_clock(text, r->options->times, s->ended, r->digits);
    g_string_append(text, ": ");
    ink_verdict(text, r->options->colour, s->verdict);
    g_string_append_printf(text, "\n      %s\n", cti_verdict_text(s->verdict));
}

static void append_ends(GString *text, const report *r, const GPtrArray *ends, bool evidence)
{
    if (ends->len > ENDS_SHOWN) {
        append_groups(text, r, ends);
        return;
    }
    for (guint i = 0; i < ends->len; i++) {
        const reported_session *s = g_ptr_array_index(ends, i);

        append_session(text, r, s);
        if (evidence && ends->len <= EVIDENCE_SHOWN)
            g_string_append(text, s->evidence->str);
    }
}

/* "lost      60 of 167 sessions; 49 more never opened". */
static void append_lost(GString *text, const report *r, const GPtrArray *lost)
{
    const guint all = r->sessions->len;
    guint never_opened = 0;

    if (lost->len == 0)
        return;
    for (guint i = 0; i < lost->len; i++) {
        const reported_session *s = g_ptr_array_index(lost, i);

        never_opened += cti_verdict_fate(s->verdict) == CTI_FATE_NEVER_OPENED;
    }
    ink_text(text, r->options->colour, INK_ERROR, "lost", 10);
    g_string_append_printf(text, "%u of %u session%s", lost->len - never_opened, all,
                           report_plural(all));
    if (never_opened > 0)
        g_string_append_printf(text, "; %u %snever opened", never_opened,
                               never_opened < lost->len ? "more " : "");
    g_string_append_c(text, '\n');
    append_ends(text, r, lost, true);
}

/* Ends that are no loss. */
static const struct {
    cti_fate fate;
    ink ink;
    const char *word, *one, *many;
} harmless[] = {
    {CTI_FATE_LEFT, INK_WARNING, "left", "ended by its client without CLOSE_REQ",
     "ended by their clients without CLOSE_REQ"},
    {CTI_FATE_PLANNED, INK_PLANNED, "planned", "ended for maintenance", "ended for maintenance"},
    {CTI_FATE_REPLACED, INK_PLANNED, "replaced", "replaced by the next one of the same client",
     "replaced by the next ones of the same clients"},
};

/* "planned   3 of 167 sessions ended for maintenance". */
static void append_harmless(GString *text, const report *r, guint kind, bool evidence)
{
    const guint all = r->sessions->len;
    GPtrArray *ends = g_ptr_array_new();

    for (guint i = 0; i < all; i++) {
        reported_session *s = g_ptr_array_index(r->sessions, i);

        if (cti_verdict_fate(s->verdict) == harmless[kind].fate)
            g_ptr_array_add(ends, s);
    }
    if (ends->len > 0) {
        ink_text(text, r->options->colour, harmless[kind].ink, harmless[kind].word, 10);
        g_string_append_printf(text, "%u of %u session%s %s\n", ends->len, all, report_plural(all),
                               ends->len == 1 ? harmless[kind].one : harmless[kind].many);
        append_ends(text, r, ends, evidence);
    }
    g_ptr_array_unref(ends);
}

void report_ends(const report *r, GString *text)
{
    GPtrArray *lost = g_ptr_array_new();

    for (guint i = 0; i < r->sessions->len; i++) {
        reported_session *s = g_ptr_array_index(r->sessions, i);

        if (cti_verdict_is_lost(s->verdict))
            g_ptr_array_add(lost, s);
    }
    append_lost(text, r, lost);
    for (guint kind = 0; kind < G_N_ELEMENTS(harmless); kind++)
        append_harmless(text, r, kind, lost->len == 0);
    g_ptr_array_unref(lost);
    report_print(r, text);
}
