/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How requests were answered: a line for each type, and the slow ones (--slow). */
#include <string.h>

#include "format.h"
#include "report_parts.h"

/* Kinds of failures that are named in a line. */
#define FAILURES_NAMED 4

static int name_width(const GPtrArray *types)
{
    size_t width = strlen("response times");

    for (guint i = 0; i < types->len; i++) {
        const request_answers *of = g_ptr_array_index(types, i);

        width = MAX(width, strlen(of->message->name) + 2);
    }
    return (int)width;
}

static void append_milliseconds(GString *text, double nanoseconds)
{
    if (nanoseconds < 0)
        g_string_append_printf(text, " %11s", "-");
    else
        g_string_append_printf(text, " %11.3f", nanoseconds / 1e6);
}

static void append_failure(GString *text, const failure_count *failure)
{
    if (failure->status_value != NULL)
        g_string_append(text, failure->status_value->name);
    else if (failure->has_status)
        g_string_append_printf(text, "status %u", failure->status);
    else
        g_string_append(text, failure->answer->name);
    if (failure->count > 1)
        g_string_append_printf(text, " x %" G_GUINT64_FORMAT, failure->count);
}

static void append_failures(GString *text, const request_answers *of)
{
    for (uint32_t i = 0; i < of->failure_kinds && i < FAILURES_NAMED; i++) {
        g_string_append(text, i == 0 ? " (" : ", ");
        append_failure(text, &of->failures[i]);
    }
    if (of->failure_kinds > FAILURES_NAMED)
        g_string_append(text, ", ...");
    if (of->failure_kinds > 0)
        g_string_append_c(text, ')');
}

static void append_type(GString *text, const request_answers *of, int width)
{
    g_string_append_printf(text, "  %-*s %8" G_GUINT64_FORMAT, width - 2, of->message->name,
                           of->requests);
    append_milliseconds(text, answers_mean(of));
    append_milliseconds(text, (double)cti_quantile_get(&of->times, 0.5));
    append_milliseconds(text, (double)cti_quantile_get(&of->times, 0.95));
    append_milliseconds(text, of->times.count > 0 ? (double)of->times.worst : -1);
    g_string_append_printf(text, " %11" G_GUINT64_FORMAT "  %" G_GUINT64_FORMAT, of->unanswered,
                           of->failed);
    append_failures(text, of);
    g_string_append_c(text, '\n');
    if (of->message->number == ANSWERS_POLLED && answers_mean(of) > (double)ANSWERS_POLLED_TIME)
        g_string_append_printf(text, "    slow on average: desktop servers that poll these count on "
                                     "%.0f ms\n",
                               (double)ANSWERS_POLLED_TIME / 1e6);
}

static void append_slow(GString *text, const report *r, const request_answers *of)
{
    if (of->slow_count == 0)
        return;
    g_string_append_printf(text, "  %" G_GUINT64_FORMAT " %s over %.3f ms%s\n", of->slow_count,
                           of->message->name, (double)r->options->slow / 1e6,
                           of->slow_count > of->slow_kept ? ", the slowest of them" : "");
    for (uint32_t i = 0; i < of->slow_kept; i++) {
        const slow_request *slow = &of->slow[i];

        g_string_append(text, "    ");
        times_cell(text, r->options->times, slow->time, r->digits);
        g_string_append_printf(text, "  session %u  inv=%u  %.3f ms, %s  #%u #%u\n", slow->session,
                               slow->invoke_id, (double)slow->took / 1e6,
                               cti_outcome_name(slow->outcome), slow->frame, slow->answer_frame);
    }
}

void report_answers(const report *r, GString *text)
{
    GPtrArray *types = answers_sorted(r->answers);
    const int width = name_width(types);

    if (types->len > 0)
        g_string_append_printf(text, "\n%-*s %8s %11s %11s %11s %11s %11s  %s\n", width, "response times",
                               "requests", "mean ms", "median ms", "95 % ms", "worst ms", "no response",
                               "failed");
    for (guint i = 0; i < types->len; i++)
        append_type(text, g_ptr_array_index(types, i), width);
    for (guint i = 0; i < types->len; i++)
        append_slow(text, r, g_ptr_array_index(types, i));
    report_print(r, text);
    g_ptr_array_unref(types);
}
