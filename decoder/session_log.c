/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A session's lines (see session_log.h). */
#include "session_log.h"

#include "format.h"
#include "lines.h"

typedef struct log_line {
    int64_t time;
    uint64_t order; /* in which it was added: decides between equal times */
    char *text;
} log_line;

typedef enum { FATE_ANSWERED, FATE_MISSED, FATE_REFUSED, FATE_UNKNOWN } heartbeat_fate;

/* Heartbeats in a row with the same fate. */
typedef struct heartbeat_run {
    uint64_t count; /* 0 = no run */
    heartbeat_fate fate;
    int64_t from, to;
    uint32_t first_frame, last_frame;
    int64_t worst; /* answer time */
} heartbeat_run;

struct session_log {
    GPtrArray *first; /* of log_line */
    GQueue last;      /* of log_line */
    uint64_t added, left_out;
    heartbeat_run run;
    uint32_t unanswered; /* heartbeats since the last answer, until now */
    GString *scratch;
};

static void free_line(gpointer data)
{
    log_line *line = data;

    g_free(line->text);
    g_free(line);
}

session_log *session_log_new(void)
{
    session_log *log = g_new0(session_log, 1);

    log->first = g_ptr_array_new_with_free_func(free_line);
    g_queue_init(&log->last);
    log->scratch = g_string_new(NULL);
    return log;
}

void session_log_free(session_log *log)
{
    g_ptr_array_unref(log->first);
    g_queue_clear_full(&log->last, free_line);
    g_string_free(log->scratch, TRUE);
    g_free(log);
}

/* Adds what stands in scratch. */
static void add_line(session_log *log, int64_t time)
{
    log_line *line = g_new(log_line, 1);

    *line = (log_line){time, log->added++, g_strndup(log->scratch->str, log->scratch->len)};
    g_string_truncate(log->scratch, 0);
    if (log->first->len < SESSION_LOG_FIRST) {
        g_ptr_array_add(log->first, line);
        return;
    }
    g_queue_push_tail(&log->last, line);
    if (log->last.length > SESSION_LOG_LAST) {
        free_line(g_queue_pop_head(&log->last));
        log->left_out++;
    }
}

static void end_run(session_log *log)
{
    static const char *const words[] = {"answered", "MISSED: sent, never answered",
                                        "REFUSED: the server is offline",
                                        "sent; the answer is not in the capture"};
    heartbeat_run *run = &log->run;

    if (run->count == 0)
        return;
    g_string_append_printf(log->scratch, "%s    %" G_GUINT64_FORMAT " heartbeat%s %s",
                           run->fate == FATE_ANSWERED || run->fate == FATE_UNKNOWN ? "  " : "!!", run->count,
                           run->count == 1 ? "" : "s", words[run->fate]);
    if (run->count > 1) {
        g_string_append(log->scratch, ", the last one at ");
        format_clock(log->scratch, run->to, 3);
    }
    if (run->fate == FATE_ANSWERED)
        g_string_append_printf(log->scratch, ", worst answer %.3f ms", (double)run->worst / 1e6);
    g_string_append_printf(log->scratch, "  #%u", run->first_frame);
    if (run->last_frame != run->first_frame)
        g_string_append_printf(log->scratch, "..#%u", run->last_frame);
    add_line(log, run->from);
    *run = (heartbeat_run){0};
}

void session_log_message(session_log *log, const message_record *record, unsigned text_flags)
{
    const uint32_t type = record->reader->message_type;

    /* Whether a heartbeat is missed is known much later: the run of answered ones ends here
     * already, when the next one is sent. */
    if (type == CTI_HEARTBEAT_REQ && log->unanswered++ > 0)
        end_run(log);
    if (type == CTI_HEARTBEAT_REQ || type == CTI_HEARTBEAT_CONF)
        return;
    end_run(log);
    g_string_append_printf(log->scratch, "%s  ", line_direction(record->sender));
    line_message(log->scratch, record, text_flags);
    add_line(log, record->time);
}

static heartbeat_fate fate_of(const cti_heartbeat *heartbeat)
{
    if (heartbeat->missed)
        return FATE_MISSED;
    switch (heartbeat->request->outcome) {
    case CTI_CONFIRMED: return FATE_ANSWERED;
    case CTI_FAILED: return FATE_REFUSED;
    case CTI_UNANSWERED:
    case CTI_UNKNOWN: break;
    }
    return FATE_UNKNOWN;
}

void session_log_heartbeat(session_log *log, const cti_heartbeat *heartbeat)
{
    const cti_request *request = heartbeat->request;
    heartbeat_run *run = &log->run;
    const int64_t answer_time = cti_elapsed(request->time, request->answer_time);
    const heartbeat_fate fate = fate_of(heartbeat);

    if (run->fate != fate || heartbeat->missed_run == 1)
        end_run(log);
    if (fate == FATE_ANSWERED)
        log->unanswered = 0;
    if (run->count == 0) {
        run->from = request->time;
        run->first_frame = request->frame;
        run->fate = fate;
    }
    run->count++;
    run->to = request->time;
    run->last_frame = fate == FATE_ANSWERED ? request->answer_frame : request->frame;
    if (answer_time > run->worst)
        run->worst = answer_time;
}

void session_log_hole(session_log *log, const hole_record *record)
{
    end_run(log);
    g_string_append(log->scratch, "**    ");
    line_hole(log->scratch, record);
    add_line(log, record->time);
}

void session_log_silence(session_log *log, const cti_silence *silence)
{
    end_run(log);
    g_string_append(log->scratch, "**    ");
    line_silence(log->scratch, silence);
    add_line(log, silence->to);
}

void session_log_request(session_log *log, const cti_request *request)
{
    if (request->outcome != CTI_UNANSWERED)
        return;
    end_run(log);
    g_string_append(log->scratch, "!!    ");
    line_unanswered(log->scratch, request);
    add_line(log, request->time);
}

void session_log_tcp_end(session_log *log, cti_tcp_end how, cti_sender sender, int64_t time,
                         uint32_t frame)
{
    end_run(log);
    g_string_append(log->scratch, "**    ");
    line_tcp_end(log->scratch, how, sender, frame);
    add_line(log, time);
}

static gint compare_lines(gconstpointer a, gconstpointer b)
{
    const log_line *const *x = a, *const *y = b;

    if ((*x)->time != (*y)->time)
        return (*x)->time < (*y)->time ? -1 : 1;
    return (*x)->order < (*y)->order ? -1 : 1;
}

static void append_lines(GPtrArray *lines, GString *to, const char *indent, unsigned digits)
{
    for (guint i = 0; i < lines->len; i++) {
        const log_line *line = g_ptr_array_index(lines, i);

        g_string_append(to, indent);
        format_clock(to, line->time, digits);
        g_string_append_printf(to, "  %s\n", line->text);
    }
}

void session_log_append(session_log *log, GString *to, const char *indent, unsigned digits)
{
    GPtrArray *last = g_ptr_array_new();

    end_run(log);
    for (GList *link = log->last.head; link != NULL; link = link->next)
        g_ptr_array_add(log->left_out > 0 ? last : log->first, link->data);
    g_ptr_array_sort(log->first, compare_lines);
    g_ptr_array_sort(last, compare_lines);
    append_lines(log->first, to, indent, digits);
    if (log->left_out > 0)
        g_string_append_printf(to, "%s... %" G_GUINT64_FORMAT
                               " events left out here: -T timeline shows all\n",
                               indent, log->left_out);
    else
        g_queue_clear(&log->last); /* its lines belong to first now */
    append_lines(last, to, indent, digits);
    g_ptr_array_unref(last);
}
