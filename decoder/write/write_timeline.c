/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line an event, in the order of time:
 *     2026-11-22T10:00:00.123456Z  s1 A  C->S  OPEN_REQ  CTIOS1A VersionNumber=24 inv=1  #4
 * Lines that are not about a message have two stars in place of the direction, and two
 * exclamation marks where a request was not answered.
 *
 * What is known late (that a request was not answered, what a rule finds at a session's end) is put
 * in its place as far as lines are held back for it (line_order.h); else it comes when it is known,
 * and its line ends with " (late)".  The messages of a session keep their causal order even where
 * packets were captured in another one. */
#include <glib.h>

#include "format.h"
#include "ink.h"
#include "line_order.h"
#include "lines.h"
#include "story.h"
#include "writers.h"

typedef struct timeline {
    const writer_options *options;
    unsigned digits;
    GString *line;
    line_order *order;
    GPtrArray *findings; /* of waiting_finding: of the message that is being taken in */
    story *story;        /* of the call or agent that is asked for, or NULL */
    GString *change;
} timeline;

/* A line that comes after that of its message, which is told later. */
typedef struct waiting_finding {
    const void *session; /* what its lines are placed by */
    int64_t time;
    GString *line;
} waiting_finding;

/* The last message of a session: nothing of the session's that is told of its time comes before
 * it. */
typedef struct session_place {
    bool any;
    int64_t time, key;
} session_place;

/* ---- lines ---- */

/* number: of a session, 0 for none. */
static void begin_line_of(timeline *t, uint32_t number, const char *side, const char *direction)
{
    g_string_truncate(t->line, 0);
    if (number != 0)
        g_string_append_printf(t->line, "  s%u %s  ", number, side != NULL ? side : "-");
    else
        g_string_append(t->line, "  -  -  ");
    ink_text(t->line, t->options->colour && direction[0] == '!', INK_ERROR, direction, 4);
    g_string_append(t->line, "  ");
}

static void begin_line(timeline *t, const session_record *session, const char *direction)
{
    if (session != NULL)
        begin_line_of(t, session->number, cti_side_name(session->connection->side), direction);
    else
        begin_line_of(t, 0, NULL, direction);
}

/* A line in its turn. */
static void put_line(void *user, const held_line *held)
{
    timeline *t = user;

    g_string_truncate(t->change, 0);
    times_line(t->change, t->options->times, held->time, t->digits, true);
    g_string_append_len(t->change, held->words, (gssize)held->length);
    g_string_append(t->change, held->late ? " (late)\n" : "\n");
    fwrite(t->change->str, 1, t->change->len, t->options->out);
}

static session_place *place_of(const session_record *session)
{
    if (*session->writer_data == NULL)
        *session->writer_data = g_new0(session_place, 1);
    return *session->writer_data;
}

/* Where a line of this time belongs. */
static int64_t key_of(const session_record *session, int64_t time)
{
    const session_place *place = session != NULL ? place_of(session) : NULL;

    if (place != NULL && place->any && (time == place->time || time == CTI_NO_TIME))
        return place->key;
    return time;
}

static void end_line(timeline *t, const session_record *session, int64_t time)
{
    line_order_add(t->order, key_of(session, time), time, t->line);
}

/* ---- findings of a message ---- */

static void free_waiting(gpointer data)
{
    waiting_finding *waiting = data;

    g_string_free(waiting->line, TRUE);
    g_free(waiting);
}

/* The message they are about was told, or will not be. */
static void put_findings(timeline *t, const session_record *session)
{
    for (guint i = 0; i < t->findings->len; i++) {
        const waiting_finding *waiting = g_ptr_array_index(t->findings, i);
        const bool own = session != NULL && *session->writer_data == waiting->session;

        line_order_add(t->order, own ? key_of(session, waiting->time) : waiting->time,
                       waiting->time, waiting->line);
    }
    g_ptr_array_set_size(t->findings, 0);
}

static void wait_for_message(timeline *t, const session_record *session, int64_t time)
{
    waiting_finding *waiting = g_new(waiting_finding, 1);

    *waiting = (waiting_finding){place_of(session), time, g_string_new(t->line->str)};
    g_ptr_array_add(t->findings, waiting);
}

static void timeline_finding(void *user, const session_record *session,
                             const cti_finding *finding)
{
    timeline *t = user;

    if (session != NULL)
        begin_line(t, session, "**");
    else
        begin_line_of(t, finding->session, NULL, "**");
    line_finding(t->line, finding, t->options->colour);
    if (session != NULL && session->frame != 0)
        wait_for_message(t, session, finding->time);
    else
        end_line(t, session, finding->time);
}

/* ---- the records ---- */

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
    begin_line(t, record->session, "**");
    g_string_append_len(t->line, t->change->str, (gssize)t->change->len);
    end_line(t, record->session, record->time);
}

static void timeline_message(void *user, const message_record *record)
{
    timeline *t = user;
    session_place *place = place_of(record->session);

    place->key = place->any ? MAX(place->key, record->time) : record->time;
    place->time = record->time;
    place->any = true;
    begin_line(t, record->session, line_direction(record->sender));
    line_message(t->line, record, t->options->text_flags);
    end_line(t, record->session, record->time);
    put_findings(t, record->session);
    if (t->story != NULL)
        tell_change(t, record);
}

static void timeline_gap(void *user, const gap_record *record)
{
    timeline *t = user;

    begin_line(t, record->session, "**");
    line_gap(t->line, record);
    end_line(t, record->session, record->time);
}

static void timeline_heartbeat(void *user, const session_record *session,
                               const cti_heartbeat *heartbeat)
{
    timeline *t = user;

    if (!heartbeat->missed)
        return;
    begin_line(t, session, "!!");
    line_unanswered(t->line, heartbeat->request);
    end_line(t, session, heartbeat->request->time);
}

static void timeline_request(void *user, const session_record *session,
                             const cti_request *request)
{
    timeline *t = user;

    if (request->outcome != CTI_UNANSWERED)
        return;
    begin_line(t, session, "!!");
    line_unanswered(t->line, request);
    end_line(t, session, request->time);
}

static void timeline_silence(void *user, const session_record *session,
                             const cti_silence *silence)
{
    timeline *t = user;

    begin_line(t, session, "**");
    line_silence(t->line, silence);
    end_line(t, session, silence->to);
}

static void timeline_tcp_end(void *user, const session_record *session, cti_tcp_end how,
                             cti_sender sender, int64_t time, uint32_t frame)
{
    timeline *t = user;

    begin_line(t, session, "**");
    line_tcp_end(t->line, how, sender, frame);
    end_line(t, session, time);
    put_findings(t, session);
}

static void timeline_session(void *user, const session_record *record)
{
    timeline *t = user;
    const cti_session_summary *session = record->session;

    put_findings(t, record);
    begin_line(t, record, "**");
    g_string_append(t->line, "end of the session, ");
    ink_verdict(t->line, t->options->colour, session->verdict);
    g_string_append_printf(t->line, ": %s", cti_verdict_text(session->verdict));
    end_line(t, record, session->end_time);
    g_clear_pointer(record->writer_data, g_free);
}

static void timeline_wait(void *user)
{
    timeline *t = user;

    line_order_flush(t->order);
}

/* How long all of it took, after the last line. */
static void timeline_summary(void *user, const summary_record *summary)
{
    timeline *t = user;

    (void)summary;
    line_order_flush(t->order);
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
    .wait = timeline_wait,
    .summary = timeline_summary,
};

void *timeline_start(const writer_options *options)
{
    timeline *t = g_new0(timeline, 1);

    t->options = options;
    t->line = g_string_new(NULL);
    t->order = line_order_new(put_line, t);
    t->findings = g_ptr_array_new_with_free_func(free_waiting);
    t->change = g_string_new(NULL);
    if (options->has_call || options->agent != NULL)
        t->story = story_new();
    return t;
}

void timeline_finish(void *user)
{
    timeline *t = user;

    line_order_free(t->order);
    g_ptr_array_unref(t->findings);
    g_string_free(t->line, TRUE);
    g_string_free(t->change, TRUE);
    story_free(t->story);
    g_free(t);
}
