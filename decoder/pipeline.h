/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From capture files to records: opens the files, takes their packets in the order of
 * time, and hands them on to the connections.  TCP and sessions go on from file to file.
 *
 * A file's turn comes with its first packet, and files that overlap are merged packet by
 * packet; only these have to be open at once.  Frames are counted in the order in which the
 * packets are taken, including those that a filter or a link type excludes: in one file, a
 * frame has the number that it has in Wireshark. */
#ifndef CTIDUMP_PIPELINE_H
#define CTIDUMP_PIPELINE_H

#include <signal.h>

#include "capture_filter.h"
#include "progress.h"
#include "records.h"

typedef struct pipeline_options {
    cti_connection_options connections;
    uint32_t fragments;     /* most fragmented packets to hold */
    capture_filter *filter; /* packets to take, or NULL for all */
    bool in_order;          /* take the files one after the other, as they are named */
    const volatile sig_atomic_t *stop; /* ends the reading when it is not 0; may be NULL */
    progress_counts *progress; /* is told of each packet; may be NULL */
    int64_t *first_time;    /* becomes the time of the first packet; may be NULL */
    /* Called with one line "FILE: what" for what could not be read, as soon as it is known; the
     * summary has the same lines. */
    void (*note)(void *note_user, const char *line);
    void *note_user;
    /* Called before more of a pipe is waited for, all that came so far being told to the writer;
     * may be NULL. */
    void (*wait)(void *wait_user);
    void *wait_user;
} pipeline_options;

typedef enum {
    PIPELINE_DONE,
    PIPELINE_INCOMPLETE, /* some input was damaged, not readable or not read to its end */
    PIPELINE_NO_INPUT,   /* no file could be read; the writer was not called */
} pipeline_result;

/* Reads all files ("-" is standard input) and tells writer what is in them. */
pipeline_result pipeline_run(const pipeline_options *options, char *const *paths,
                             const record_writer *writer, void *user, uint64_t findings[3]);

#endif
