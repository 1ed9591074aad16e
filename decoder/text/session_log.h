/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happened in one session, as lines for people: heartbeats are folded into one line a
 * run, and of a long session the first and the last lines are kept. */
#ifndef CTIDUMP_SESSION_LOG_H
#define CTIDUMP_SESSION_LOG_H

#include <glib.h>

#include "records.h"
#include "times.h"

/* Most lines of a log, and as many as are worth showing where there are very many sessions. */
#define SESSION_LOG_LINES 120
#define SESSION_LOG_LINES_FEW 15
/* Sessions with so many lines: the first ones. */
#define SESSION_LOG_DETAILED 100

typedef enum { FATE_ANSWERED, FATE_MISSED, FATE_REFUSED, FATE_UNKNOWN } heartbeat_fate;

/* Heartbeats in a row with the same fate. */
typedef struct heartbeat_run {
    uint64_t count; /* 0 = no run */
    heartbeat_fate fate;
    int64_t from, to;
    uint32_t first_frame, last_frame;
    int64_t worst; /* answer time */
} heartbeat_run;

/* The log's own: part of what belongs to it, so that no pointer leads there.  All 0 until
 * session_log_init(). */
typedef struct session_log {
    guint most_first, most_last;
    uint64_t added;           /* events so far */
    struct log_entry *entries; /* those kept; behind the first ones a ring */
    uint32_t unanswered;      /* heartbeats since the last answer, until now */
    heartbeat_run run;
    GString *scratch;
} session_log;

/* A log of the session with this number.  It keeps some events from the start and some from the
 * end; of the sessions behind the first hundred only a few: nobody would read them. */
void session_log_init(session_log *log, uint32_t number);
void session_log_release(session_log *log);

/* A hint: the next event comes soon. */
void session_log_expect(const session_log *log);

/* Takes in what the records tell (see records.h).  Messages of type HEARTBEAT_REQ and
 * HEARTBEAT_CONF add no line: session_log_heartbeat() does, when their fate is known. */
void session_log_message(session_log *log, const message_record *record, unsigned text_flags);
void session_log_heartbeat(session_log *log, const cti_heartbeat *heartbeat);
/* Adds a line for a request that was not answered. */
void session_log_request(session_log *log, const cti_request *request);
void session_log_gap(session_log *log, const gap_record *record);
void session_log_silence(session_log *log, const cti_silence *silence);
void session_log_tcp_end(session_log *log, cti_tcp_end how, cti_sender sender, int64_t time,
                         uint32_t frame);

typedef struct session_log_style {
    const char *indent; /* before each line */
    times_style *times;
    bool colour;
    unsigned time_digits, text_flags;
    guint most_lines; /* as for session_log_each() */
} session_log_style;

/* Tells each line in the order of time; once, since nothing may be added afterwards.  words
 * open with a mark of six columns ("C->S  ", "**    ", "!!    " for what is wrong) and live for
 * the time of the call.  Where more than most_lines are kept, or were, a line without mark and
 * with the time CTI_NO_TIME counts the others. */
void session_log_each(session_log *log, guint most_lines, unsigned text_flags, times_style *times,
                      void (*line)(void *user, int64_t time, const char *words), void *user);

/* Appends the lines in the order of time; once, since nothing may be added afterwards. */
void session_log_append(session_log *log, GString *to, const session_log_style *style);

#endif
