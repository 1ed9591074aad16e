/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line an event, in the order of time:
 *     2026-11-22T10:00:00.123456Z  s1 A  C->S  OPEN_REQ  CTIOS1A VersionNumber=24 inv=1  #4
 * Lines that are not about a message have two stars in place of the direction, and two
 * exclamation marks where a request was not answered.  That is known, and told, later than
 * the request; the line bears the request's time. */
#include <glib.h>

#include "format.h"
#include "ink.h"
#include "lines.h"
#include "story.h"
#include "writers.h"

typedef struct timeline {
    const writer_options *options;
    unsigned digits;
    GString *line;
    story *story; /* of the call or agent that is asked for, or NULL */
    GString *change;
} timeline;

/* number: of a session, 0 for none. */
static void begin_line_of(timeline *t, int64_t time, uint32_t number, const char *side,
                          const char *direction)
{
    g_string_truncate(t->line, 0);
    times_line(t->line, t->options->times, time, t->digits, true);
    if (number != 0)
        g_string_append_printf(t->line, "  s%u %s  ", number, side != NULL ? side : "-");
    else
        g_string_append(t->line, "  -  -  ");
    ink_text(t->line, t->options->colour && direction[0] == '!', INK_ERROR, direction, 4);
    g_string_append(t->line, "  ");
}

static void begin_line(timeline *t, int64_t time, const session_record *session,
                       const char *direction)
{
    if (session != NULL)
        begin_line_of(t, time, session->number, cti_side_name(session->connection->side),
                      direction);
    else
        begin_line_of(t, time, 0, NULL, direction);
}

static void end_line(timeline *t)
{
    g_string_append_c(t->line, '\n');
    fwrite(t->line->str, 1, t->line->len, t->options->out);
}

static void timeline_begin(void *user, unsigned time_digits)
{
    timeline *t = user;

    t->digits = time_digits;
}

/* What the message changes in the story. */
static void tell_change(timeline *t, const message_record *record)
{
    g_string_truncate(t->change, 0);
    story_message(t->story, record, t->change, t->options->text_flags);
    if (t->change->len == 0)
        return;
    begin_line(t, record->time, record->session, "**");
    g_string_append_len(t->line, t->change->str, (gssize)t->change->len);
    end_line(t);
}

static void timeline_message(void *user, const message_record *record)
{
    timeline *t = user;

    begin_line(t, record->time, record->session, line_direction(record->sender));
    line_message(t->line, record, t->options->text_flags);
    end_line(t);
    if (t->story != NULL)
        tell_change(t, record);
}

static void timeline_gap(void *user, const gap_record *record)
{
    timeline *t = user;

    begin_line(t, record->time, record->session, "**");
    line_gap(t->line, record);
    end_line(t);
}

static void timeline_heartbeat(void *user, const session_record *session,
                               const cti_heartbeat *heartbeat)
{
    timeline *t = user;

    if (!heartbeat->missed)
        return;
    begin_line(t, heartbeat->request->time, session, "!!");
    line_unanswered(t->line, heartbeat->request);
    end_line(t);
}

static void timeline_request(void *user, const session_record *session,
                             const cti_request *request)
{
    timeline *t = user;

    if (request->outcome != CTI_UNANSWERED)
        return;
    begin_line(t, request->time, session, "!!");
    line_unanswered(t->line, request);
    end_line(t);
}

static void timeline_silence(void *user, const session_record *session,
                             const cti_silence *silence)
{
    timeline *t = user;

    begin_line(t, silence->to, session, "**");
    line_silence(t->line, silence);
    end_line(t);
}

static void timeline_finding(void *user, const session_record *session,
                             const cti_finding *finding)
{
    timeline *t = user;

    if (session != NULL)
        begin_line(t, finding->time, session, "**");
    else
        begin_line_of(t, finding->time, finding->session, NULL, "**");
    line_finding(t->line, finding, t->options->colour);
    end_line(t);
}

static void timeline_tcp_end(void *user, const session_record *session, cti_tcp_end how,
                             cti_sender sender, int64_t time, uint32_t frame)
{
    timeline *t = user;

    begin_line(t, time, session, "**");
    line_tcp_end(t->line, how, sender, frame);
    end_line(t);
}

static void timeline_session(void *user, const session_record *record)
{
    timeline *t = user;
    const cti_session_summary *session = record->session;

    begin_line(t, session->end_time, record, "**");
    g_string_append(t->line, "end of the session, ");
    ink_verdict(t->line, t->options->colour, session->verdict);
    g_string_append_printf(t->line, ": %s", cti_verdict_text(session->verdict));
    end_line(t);
}

/* How long all of it took, behind the last line. */
static void timeline_summary(void *user, const summary_record *summary)
{
    timeline *t = user;

    (void)summary;
    if (t->story == NULL)
        return;
    g_string_truncate(t->line, 0);
    story_append_totals(t->story, t->line, "** ");
    fwrite(t->line->str, 1, t->line->len, t->options->out);
}

const record_writer timeline_writer = {
    .begin = timeline_begin,
    .message = timeline_message,
    .heartbeat = timeline_heartbeat,
    .request = timeline_request,
    .gap = timeline_gap,
    .silence = timeline_silence,
    .finding = timeline_finding,
    .tcp_end = timeline_tcp_end,
    .session = timeline_session,
    .summary = timeline_summary,
};

void *timeline_start(const writer_options *options)
{
    timeline *t = g_new0(timeline, 1);

    t->options = options;
    t->line = g_string_new(NULL);
    t->change = g_string_new(NULL);
    if (options->has_call || options->agent != NULL)
        t->story = story_new();
    return t;
}

void timeline_finish(void *user)
{
    timeline *t = user;

    g_string_free(t->line, TRUE);
    g_string_free(t->change, TRUE);
    story_free(t->story);
    g_free(t);
}
