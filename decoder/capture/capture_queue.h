/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The packets of many capture files as one sequence.
 *
 * A file's turn comes with its first packet, and files that overlap are merged packet by
 * packet by their times; only these have to be open at once, and pipes.  Packets that a filter
 * excludes are skipped, and so are those of link types that are not supported, which are
 * counted. */
#ifndef CTIDUMP_CAPTURE_QUEUE_H
#define CTIDUMP_CAPTURE_QUEUE_H

#include <signal.h>

#include "capture_filter.h"

typedef struct capture_queue capture_queue;

/* A packet and where it is from. */
typedef struct capture_turn {
    uint32_t file;           /* counted from 0, as they are named */
    uint64_t skipped;        /* records of this file before it that were skipped */
    capture_packet packet;
} capture_turn;

typedef struct capture_queue_options {
    char *const *paths;     /* NULL at its end; must outlive the queue */
    capture_filter *filter; /* packets to take, or NULL for all */
    bool in_order;          /* one file after the other, as they are named */
    const volatile sig_atomic_t *stop; /* ends the reading when it is not 0; may be NULL */
    /* Called with one line for what could not be read. */
    void (*note)(void *user, uint32_t file, const char *what);
    /* Called before the reading waits for more of a pipe, see capture_on_wait(). */
    void (*wait)(void *user);
    /* Called with packets of a file that were not handed out, before close(), with what stopped
     * them: a link type that is not supported, or a filter that cannot be used for it. */
    void (*skip)(void *user, uint32_t file, const char *why, uint64_t packets);
    /* Called at the end of each file that could be opened. */
    void (*close)(void *user, uint32_t file);
    void *user;
} capture_queue_options;

/* What is known of all files together. */
typedef struct capture_queue_facts {
    uint32_t files;       /* that could be read */
    unsigned time_digits; /* behind the second: 6 or 9 */
    uint64_t bytes;       /* of the files that are used up */
    uint64_t skipped;     /* records after the last packet that was taken of each file */
    uint64_t not_packets; /* records of any kind but packets, skipped as well */
    bool incomplete;      /* something was damaged, or could not be read */
} capture_queue_facts;

/* Looks for the first packet of each file.  Many files are closed again until their turn; the limit
 * of open files is raised as far as the system allows. */
capture_queue *capture_queue_new(const capture_queue_options *options);
const capture_queue_facts *capture_queue_known(const capture_queue *queue);
/* Bytes of the files that were read so far. */
uint64_t capture_queue_position(const capture_queue *queue);
/* How often two files were compared so far to find the next packet: for tests. */
uint64_t capture_queue_comparisons(const capture_queue *queue);

/* The next packet, which lives until the next call; NULL at the end of all.  After a stop it
 * may be one that is not to be used: ask for the stop first. */
const capture_turn *capture_queue_next(capture_queue *queue);

/* Closes what is open, as if it were used up. */
void capture_queue_close(capture_queue *queue);
void capture_queue_free(capture_queue *queue);

#endif
