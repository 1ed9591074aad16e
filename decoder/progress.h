/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far the reading is, on standard error: a line that is written over while it is a terminal,
 * and a line on request (SIGUSR1).  A thread of its own prints, so that it works while the
 * reading waits for a pipe, and costs the reading nothing but three stores a packet. */
#ifndef CTIDUMP_PROGRESS_H
#define CTIDUMP_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* Written by the reading, read by the printing: a value may be a little old. */
typedef struct progress_counts {
    uint64_t packets;
    uint64_t bytes;    /* of these packets */
    uint64_t position; /* in all files together: now and then */
    int64_t time;      /* of the last packet */
} progress_counts;

static inline void progress_set(uint64_t *count, uint64_t value)
{
    __atomic_store_n(count, value, __ATOMIC_RELAXED);
}

/* Notes a packet of so many bytes. */
static inline void progress_packet(progress_counts *counts, uint32_t size, int64_t time)
{
    progress_set(&counts->packets, counts->packets + 1);
    progress_set(&counts->bytes, counts->bytes + size);
    __atomic_store_n(&counts->time, time, __ATOMIC_RELAXED);
}

typedef struct progress progress;

/* Starts to print; call it before other threads are there, which then leave SIGUSR1 to this one.
 * total: bytes of all files together, 0 where they are not known; line: the line that is written
 * over, too, not only that on request. */
progress *progress_start(const progress_counts *counts, uint64_t total, bool line);

/* Writes "ctidump: TEXT" on standard error, in place of the line; progress may be NULL.  What a
 * terminal would obey is escaped: names of files may be hostile. */
void progress_say(progress *progress, const char *text);

/* Takes the line away for good: the output begins on the same terminal.  For output.h. */
void progress_hide(void *data);

/* Ends the printing and takes the line away. */
void progress_stop(progress *progress);

#endif
