/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A session's events (see session_log.h).
 *
 * Most events of a long session are dropped again, so they are kept as they came, a message
 * as its bytes, and put into words only when the log is printed. */
#include "session_log.h"

#include <string.h>

#include "format.h"
#include "lines.h"

/* A message of more bytes is put into words at once: what is kept stays small. */
#define KEPT_BYTES_MAX 1024

typedef enum { FATE_ANSWERED, FATE_MISSED, FATE_REFUSED, FATE_UNKNOWN } heartbeat_fate;

/* Heartbeats in a row with the same fate. */
typedef struct heartbeat_run {
    uint64_t count; /* 0 = no run */
    heartbeat_fate fate;
    int64_t from, to;
    uint32_t first_frame, last_frame;
    int64_t worst; /* answer time */
} heartbeat_run;

/* A message; its bytes stand in the entry's buffer. */
typedef struct kept_message {
    cti_context context;
    cti_sender sender;
    uint32_t frame;
    bool answers;
    int64_t answer_time;
} kept_message;

typedef enum { ENTRY_WORDS, ENTRY_MESSAGE, ENTRY_RUN } entry_kind;

typedef struct entry {
    int64_t time;
    uint64_t order; /* in which it was added: decides between equal times */
    entry_kind kind;
    uint8_t *buffer; /* words or message; used again when the entry is */
    uint32_t size, capacity;
    union {
        heartbeat_run run;
        kept_message message;
    };
} entry;

struct session_log {
    guint most_first, most_last;
    GArray *first;     /* of entry */
    GArray *last;      /* of entry, a ring once it is full */
    guint oldest;      /* index into last */
    uint64_t added, left_out;
    heartbeat_run run;
    uint32_t unanswered; /* heartbeats since the last answer, until now */
    GString *scratch;
};

session_log *session_log_new(guint first, guint last)
{
    session_log *log = g_new0(session_log, 1);

    log->most_first = first;
    log->most_last = last;
    log->first = g_array_new(FALSE, TRUE, sizeof(entry));
    log->last = g_array_new(FALSE, TRUE, sizeof(entry));
    log->scratch = g_string_new(NULL);
    return log;
}

static void free_entries(GArray *entries)
{
    for (guint i = 0; i < entries->len; i++)
        g_free(g_array_index(entries, entry, i).buffer);
    g_array_unref(entries);
}

void session_log_free(session_log *log)
{
    free_entries(log->first);
    free_entries(log->last);
    g_string_free(log->scratch, TRUE);
    g_free(log);
}

static entry *append_entry(GArray *entries)
{
    g_array_set_size(entries, entries->len + 1);
    return &g_array_index(entries, entry, entries->len - 1);
}

/* The entry for the next event: a new one, or the oldest of the last ones. */
static entry *new_entry(session_log *log, entry_kind kind, int64_t time)
{
    entry *e;

    if (log->first->len < log->most_first) {
        e = append_entry(log->first);
    } else if (log->last->len < log->most_last) {
        e = append_entry(log->last);
    } else {
        e = &g_array_index(log->last, entry, log->oldest);
        log->oldest = (log->oldest + 1) % log->most_last;
        log->left_out++;
    }
    e->kind = kind;
    e->time = time;
    e->order = log->added++;
    return e;
}

static void fill_buffer(entry *e, const void *bytes, uint32_t size)
{
    if (size > e->capacity) {
        e->capacity = size;
        e->buffer = g_realloc(e->buffer, size);
    }
    memcpy(e->buffer, bytes, size);
    e->size = size;
}

/* Adds what stands in scratch. */
static void add_words(session_log *log, int64_t time)
{
    fill_buffer(new_entry(log, ENTRY_WORDS, time), log->scratch->str, (uint32_t)log->scratch->len);
    g_string_truncate(log->scratch, 0);
}

static void end_run(session_log *log)
{
    if (log->run.count == 0)
        return;
    new_entry(log, ENTRY_RUN, log->run.from)->run = log->run;
    log->run = (heartbeat_run){0};
}

static void append_message(GString *to, const message_record *record, unsigned text_flags)
{
    g_string_append_printf(to, "%s  ", line_direction(record->sender));
    line_message(to, record, text_flags);
}

void session_log_message(session_log *log, const message_record *record, unsigned text_flags)
{
    const uint32_t type = record->reader->message_type;
    entry *e;

    /* Whether a heartbeat is missed is known much later: the run of answered ones ends here
     * already, when the next one is sent. */
    if (type == CTI_HEARTBEAT_REQ && log->unanswered++ > 0)
        end_run(log);
    if (type == CTI_HEARTBEAT_REQ || type == CTI_HEARTBEAT_CONF)
        return;
    end_run(log);
    if (record->size > KEPT_BYTES_MAX) {
        append_message(log->scratch, record, text_flags);
        add_words(log, record->time);
        return;
    }
    e = new_entry(log, ENTRY_MESSAGE, record->time);
    fill_buffer(e, record->bytes, record->size);
    e->message = (kept_message){.context = record->facts->context,
                                .sender = record->sender,
                                .frame = record->frame,
                                .answers = record->facts->answers,
                                .answer_time = record->facts->answer_time};
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
    add_words(log, record->time);
}

void session_log_silence(session_log *log, const cti_silence *silence)
{
    end_run(log);
    g_string_append(log->scratch, "**    ");
    line_silence(log->scratch, silence);
    add_words(log, silence->to);
}

void session_log_request(session_log *log, const cti_request *request)
{
    if (request->outcome != CTI_UNANSWERED)
        return;
    end_run(log);
    g_string_append(log->scratch, "!!    ");
    line_unanswered(log->scratch, request);
    add_words(log, request->time);
}

void session_log_tcp_end(session_log *log, cti_tcp_end how, cti_sender sender, int64_t time,
                         uint32_t frame)
{
    end_run(log);
    g_string_append(log->scratch, "**    ");
    line_tcp_end(log->scratch, how, sender, frame);
    add_words(log, time);
}

static void append_run(GString *to, const heartbeat_run *run, times_style *times)
{
    static const char *const words[] = {"answered", "MISSED: sent, never answered",
                                        "REFUSED: the server is offline",
                                        "sent; the answer is not in the capture"};
    const bool bad = run->fate == FATE_MISSED || run->fate == FATE_REFUSED;

    g_string_append_printf(to, "%s    %" G_GUINT64_FORMAT " heartbeat%s %s", bad ? "!!" : "  ",
                           run->count, run->count == 1 ? "" : "s", words[run->fate]);
    if (run->count > 1) {
        g_string_append(to, ", the last one at ");
        times_clock(to, times, run->to, 3);
    }
    if (run->fate == FATE_ANSWERED)
        g_string_append_printf(to, ", worst answer %.3f ms", (double)run->worst / 1e6);
    g_string_append_printf(to, "  #%u", run->first_frame);
    if (run->last_frame != run->first_frame)
        g_string_append_printf(to, "..#%u", run->last_frame);
}

/* Puts a kept message into words as if it had just come. */
static void append_kept(GString *to, const entry *e, unsigned text_flags)
{
    const cti_message_facts facts = {.answers = e->message.answers,
                                     .answer_time = e->message.answer_time};
    cti_reader reader;
    const message_record record = {.frame = e->message.frame,
                                   .sender = e->message.sender,
                                   .reader = &reader,
                                   .facts = &facts};

    cti_reader_init(&reader, e->buffer, e->size, &e->message.context);
    append_message(to, &record, text_flags);
}

static gint compare_entries(gconstpointer a, gconstpointer b)
{
    const entry *x = a, *y = b;

    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

/* Words of an entry: its mark, then what happened. */
static void append_entry_words(const entry *e, GString *to, unsigned text_flags,
                               times_style *times)
{
    if (e->kind == ENTRY_MESSAGE)
        append_kept(to, e, text_flags);
    else if (e->kind == ENTRY_RUN)
        append_run(to, &e->run, times);
    else
        g_string_append_len(to, (const char *)e->buffer, e->size);
}

void session_log_each(session_log *log, guint most_lines, unsigned text_flags, times_style *times,
                      void (*line)(void *user, int64_t time, const char *words), void *user)
{
    const guint first = log->first->len;
    GString *words = log->scratch;
    guint from, until;

    end_run(log);
    g_array_append_vals(log->first, log->last->data, log->last->len);
    g_array_set_size(log->last, 0);
    g_array_sort(log->first, compare_entries);
    /* The gap lies where events were dropped, or a third behind the start if there are more
     * than are wanted. */
    until = log->left_out > 0 ? first : log->first->len;
    from = until;
    if (log->first->len > most_lines) {
        until = MIN(first, most_lines / 3);
        from = log->first->len - (most_lines - until);
    }
    for (guint i = 0; i < log->first->len; i++) {
        const entry *e = &g_array_index(log->first, entry, i);

        if (i == until && from - until + log->left_out > 0) {
            g_string_printf(words,
                            "... %" G_GUINT64_FORMAT " events left out here: -T timeline shows all",
                            log->left_out + (from - until));
            line(user, CTI_NO_TIME, words->str);
        }
        if (i < until || i >= from) {
            g_string_truncate(words, 0);
            append_entry_words(e, words, text_flags, times);
            line(user, e->time, words->str);
        }
    }
    g_string_truncate(words, 0);
}

/* Where session_log_append() puts its lines. */
typedef struct lines_target {
    GString *to;
    const session_log_style *style;
} lines_target;

static void append_line(void *user, int64_t time, const char *words)
{
    const lines_target *target = user;

    g_string_append(target->to, target->style->indent);
    if (time != CTI_NO_TIME) {
        times_line(target->to, target->style->times, time, target->style->time_digits, false);
        g_string_append(target->to, "  ");
    }
    g_string_append(target->to, words);
    g_string_append_c(target->to, '\n');
}

void session_log_append(session_log *log, GString *to, const session_log_style *style)
{
    lines_target target = {to, style};

    times_new_list(style->times);
    session_log_each(log, style->most_lines, style->text_flags, style->times, append_line, &target);
}
