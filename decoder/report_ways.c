/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way of each client across sessions and sides. */
#include <string.h>

#include "format.h"
#include "report_parts.h"

static void append_leg(GString *text, const report *r, const reported_session *s)
{
    g_string_append(text, "  ");
    times_cell(text, r->options->times, s->began, r->digits);
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
        report_print(r, text);
    g_string_truncate(text, 0);
}

void report_ways(const report *r, GString *text)
{
    bool *done = g_new0(bool, r->sessions->len);

    for (guint i = 0; i < r->sessions->len; i++)
        if (!done[i])
            print_way(r, i, done, text);
    g_free(done);
}
