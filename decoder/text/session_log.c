/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A session's events (see session_log.h).
 *
 * Most events of a long session are dropped again, so they are kept as they came, a message
 * as its bytes, and put into words only when the log is printed. */
#include "session_log.h"

#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "ink.h"
#include "lines.h"

/* A message of more bytes is put into words at once: what is kept stays small. */
#define KEPT_BYTES_MAX 1024
/* Bytes that have room in the entry itself: those of most messages. */
#define INLINE_BYTES 152
/* Bytes that come from memory at once. */
#define LINE 64

/* A message; its bytes stand in the entry's buffer. */
typedef struct kept_message {
    cti_context context;
    cti_sender sender;
    uint32_t frame;
    bool answers;
    int64_t answer_time;
} kept_message;

typedef enum { ENTRY_WORDS, ENTRY_MESSAGE, ENTRY_RUN } entry_kind;

typedef struct log_entry {
    int64_t time;
    uint64_t order; /* in which it was added: decides between equal times */
    entry_kind kind;
    uint32_t size, capacity; /* of the words or the message; of buffer */
    uint8_t *buffer;         /* for more than INLINE_BYTES; used again when the entry is */
    union {
        heartbeat_run run;
        kept_message message;
    };
    uint8_t bytes[INLINE_BYTES];
} entry;

void session_log_init(session_log *log, uint32_t number)
{
    const guint lines =
        number > SESSION_LOG_DETAILED ? SESSION_LOG_LINES_FEW : SESSION_LOG_LINES;

    *log = (session_log){.most_first = lines / 3, .most_last = lines - lines / 3};
    log->entries = g_new0(entry, lines);
    log->scratch = g_string_new(NULL);
}

static guint entry_count(const session_log *log)
{
    return (guint)MIN(log->added, log->most_first + log->most_last);
}

void session_log_release(session_log *log)
{
    for (guint i = 0; i < entry_count(log); i++)
        g_free(log->entries[i].buffer);
    g_free(log->entries);
    g_string_free(log->scratch, TRUE);
    *log = (session_log){.entries = NULL};
}

/* The place of the next event: a new one, or that of the oldest of the last ones. */
static entry *next_entry(const session_log *log)
{
    if (log->added < log->most_first)
        return &log->entries[log->added];
    return &log->entries[log->most_first + (log->added - log->most_first) % log->most_last];
}

void session_log_expect(const session_log *log)
{
    const char *next = (const char *)next_entry(log);

    for (size_t offset = 0; offset < sizeof(entry); offset += LINE)
        __builtin_prefetch(next + offset, 1);
}

static entry *new_entry(session_log *log, entry_kind kind, int64_t time)
{
    entry *e = next_entry(log);

    e->kind = kind;
    e->time = time;
    e->order = log->added++;
    return e;
}

static const uint8_t *bytes_of(const entry *e)
{
    return e->size > INLINE_BYTES ? e->buffer : e->bytes;
}

static void fill(entry *e, const void *bytes, uint32_t size)
{
    uint8_t *to = e->bytes;

    if (size > INLINE_BYTES) {
        if (size > e->capacity) {
            g_free(e->buffer);
            e->capacity = size;
            e->buffer = g_malloc(size);
        }
        to = e->buffer;
    }
    memcpy(to, bytes, size);
    e->size = size;
}

/* Adds what stands in scratch. */
static void add_words(session_log *log, int64_t time)
{
    fill(new_entry(log, ENTRY_WORDS, time), log->scratch->str, (uint32_t)log->scratch->len);
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
    fill(e, record->bytes, record->size);
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
    case CTI_NOT_DUE:
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

void session_log_gap(session_log *log, const gap_record *record)
{
    end_run(log);
    g_string_append(log->scratch, "**    ");
    line_gap(log->scratch, record);
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
    static const char *const words[] = {"answered", "MISSED: sent, no response",
                                        "REFUSED by the server",
                                        "sent; the response is not in the capture"};
    const bool bad = run->fate == FATE_MISSED || run->fate == FATE_REFUSED;

    g_string_append_printf(to, "%s    %" G_GUINT64_FORMAT " heartbeat%s %s", bad ? "!!" : "  ",
                           run->count, run->count == 1 ? "" : "s", words[run->fate]);
    if (run->count > 1) {
        g_string_append(to, ", the last one at ");
        times_clock(to, times, run->to, 3);
    }
    if (run->fate == FATE_ANSWERED)
        g_string_append_printf(to, ", worst response time %.3f ms", (double)run->worst / 1e6);
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

    cti_reader_init(&reader, bytes_of(e), e->size, &e->message.context);
    append_message(to, &record, text_flags);
}

static int compare_entries(const void *a, const void *b)
{
    const entry *x = *(const entry *const *)a, *y = *(const entry *const *)b;

    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

/* The entries in the order of time, to be freed with g_free().  Those before *first were kept from
 * the start, and what was known of their time only later; the others are from the end. */
static const entry **sort_entries(const session_log *log, guint *first)
{
    const guint count = entry_count(log);
    const entry **sorted = g_new(const entry *, count);

    for (guint i = 0; i < count; i++)
        sorted[i] = &log->entries[i];
    if (count > 0)
        qsort(sorted, count, sizeof(sorted[0]), compare_entries);
    *first = count;
    while (*first > 0 && sorted[*first - 1]->order >= log->most_first)
        (*first)--;
    return sorted;
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
        g_string_append_len(to, (const char *)bytes_of(e), e->size);
}

void session_log_each(session_log *log, guint most_lines, unsigned text_flags, times_style *times,
                      void (*line)(void *user, int64_t time, const char *words), void *user)
{
    GString *words = log->scratch;
    const entry **sorted;
    guint count, first, from, until;
    uint64_t left_out;

    end_run(log);
    sorted = sort_entries(log, &first);
    count = entry_count(log);
    left_out = log->added - count;
    /* The gap lies where events were dropped, or a third behind the start if there are more
     * than are wanted. */
    until = left_out > 0 ? first : count;
    from = until;
    if (count > most_lines) {
        until = MIN(first, most_lines / 3);
        from = count - (most_lines - until);
    }
    for (guint i = 0; i < count; i++) {
        if (i == until && from - until + left_out > 0) {
            g_string_printf(words,
                            "... %" G_GUINT64_FORMAT " events left out here: -T timeline shows all",
                            left_out + (from - until));
            line(user, CTI_NO_TIME, words->str);
        }
        if (i < until || i >= from) {
            g_string_truncate(words, 0);
            append_entry_words(sorted[i], words, text_flags, times);
            line(user, sorted[i]->time, words->str);
        }
    }
    g_string_truncate(words, 0);
    g_free(sorted);
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
    ink_begin(target->to, target->style->colour && words[0] == '!', INK_ERROR);
    g_string_append(target->to, words);
    ink_end(target->to, target->style->colour && words[0] == '!');
    g_string_append_c(target->to, '\n');
}

void session_log_append(session_log *log, GString *to, const session_log_style *style)
{
    lines_target target = {to, style};

    times_new_list(style->times);
    session_log_each(log, style->most_lines, style->text_flags, style->times, append_line, &target);
}
