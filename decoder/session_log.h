/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happened in one session, as lines for people: heartbeats are folded into one line a
 * run, and of a long session the first and the last lines are kept. */
#ifndef CTIDUMP_SESSION_LOG_H
#define CTIDUMP_SESSION_LOG_H

#include <glib.h>

#include "records.h"
#include "times.h"

typedef struct session_log session_log;

/* A log that keeps so many events from the start and from the end of the session. */
session_log *session_log_new(guint first, guint last);
void session_log_free(session_log *log);

/* Takes in what the records tell (see records.h).  Messages of type HEARTBEAT_REQ and
 * HEARTBEAT_CONF add no line: session_log_heartbeat() does, when their fate is known. */
void session_log_message(session_log *log, const message_record *record, unsigned text_flags);
void session_log_heartbeat(session_log *log, const cti_heartbeat *heartbeat);
/* Adds a line for a request that was not answered. */
void session_log_request(session_log *log, const cti_request *request);
void session_log_hole(session_log *log, const hole_record *record);
void session_log_silence(session_log *log, const cti_silence *silence);
void session_log_tcp_end(session_log *log, cti_tcp_end how, cti_sender sender, int64_t time,
                         uint32_t frame);

typedef struct session_log_style {
    const char *indent; /* before each line */
    times_style *times;
    unsigned time_digits, text_flags;
    guint most_lines; /* the rest is counted in a line of its own */
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
