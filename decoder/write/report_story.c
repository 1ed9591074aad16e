/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The story of a call or an agent (--call, --agent): its events in the order of time, whichever
 * session told them, with what each of them changed; then how long each state took.
 *
 *     Call 16777216
 *       10:01:06.526500  s1 A  CALL_DELIVERED_EVENT  ConnectionCallID=16777216 ...  #30
 *                              call 16777216 at 5001 alerting
 */
#include <string.h>

#include "codec/text.h"
#include "format.h"
#include "lines.h"
#include "report_parts.h"

#define LINES_MAX 2000

told_story *report_story_new(void)
{
    told_story *told = g_new0(told_story, 1);

    told->story = story_new();
    told->lines = g_ptr_array_new();
    told->change = g_string_new(NULL);
    return told;
}

void report_story_free(told_story *told)
{
    if (told == NULL)
        return;
    for (guint i = 0; i < told->lines->len; i++)
        g_string_free(g_ptr_array_index(told->lines, i), TRUE);
    g_ptr_array_unref(told->lines);
    g_string_free(told->change, TRUE);
    story_free(told->story);
    g_free(told);
}

/* A line that has its time and session; NULL if there are too many. */
static GString *new_line(const report *r, const session_record *session, int64_t time)
{
    told_story *told = r->told;
    const char *side = cti_side_name(session->connection->side);
    GString *line;

    if (told->lines->len == LINES_MAX) {
        told->left_out++;
        return NULL;
    }
    line = g_string_new("  ");
    times_cell(line, r->options->times, time, r->digits);
    g_string_append_printf(line, "  s%u %s  ", session->number, side != NULL ? side : "-");
    g_ptr_array_add(told->lines, line);
    return line;
}

void report_story_message(const report *r, const message_record *record)
{
    told_story *told = r->told;
    GString *line = new_line(r, record->session, record->time);

    g_string_truncate(told->change, 0);
    story_message(told->story, record, told->change, r->options->text_flags);
    if (line == NULL)
        return;
    g_string_append_printf(line, "%s  ", line_direction(record->sender));
    line_message(line, record, r->options->text_flags);
    if (told->change->len > 0)
        g_string_append_printf(line, "\n        = %s", told->change->str);
}

void report_story_request(const report *r, const session_record *session,
                          const cti_request *request)
{
    GString *line;

    if (request->outcome != CTI_UNANSWERED)
        return;
    line = new_line(r, session, request->time);
    if (line == NULL)
        return;
    g_string_append(line, "!!    ");
    line_unanswered(line, request);
}

static void append_title(const report *r, GString *text)
{
    g_string_append(text, "\nTrace of ");
    if (r->options->has_call)
        g_string_append_printf(text, "call %u", r->options->call);
    if (r->options->has_call && r->options->agent != NULL)
        g_string_append(text, " and ");
    if (r->options->agent != NULL && r->options->redacted)
        g_string_append(text, "an agent");
    else if (r->options->agent != NULL) {
        g_string_append(text, "agent ");
        cti_text_bytes(text, r->options->agent, strlen(r->options->agent));
    }
    g_string_append_c(text, '\n');
}

void report_story(const report *r, GString *text)
{
    const told_story *told = r->told;

    append_title(r, text);
    if (told->lines->len == 0)
        g_string_append(text, "  not in any message\n");
    for (guint i = 0; i < told->lines->len; i++) {
        const GString *line = g_ptr_array_index(told->lines, i);

        g_string_append_len(text, line->str, (gssize)line->len);
        g_string_append_c(text, '\n');
    }
    if (told->left_out > 0)
        g_string_append_printf(text, "  ... %" G_GUINT64_FORMAT
                               " more events: -T timeline shows all\n", told->left_out);
    if (told->lines->len > 0)
        g_string_append(text, "How long it was in each state\n");
    story_append_totals(told->story, text, "  ");
    report_print(r, text);
}
