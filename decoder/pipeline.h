/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From capture files to records: opens the files, takes their packets in the order of
 * time, and hands them on to the connections.  TCP and sessions go on from file to file. */
#ifndef CTIDUMP_PIPELINE_H
#define CTIDUMP_PIPELINE_H

#include <signal.h>

#include "connection.h"

typedef struct pipeline_options {
    connection_options connections;
    const volatile sig_atomic_t *stop; /* ends the reading when it is not 0; may be NULL */
} pipeline_options;

typedef enum {
    PIPELINE_DONE,
    PIPELINE_INCOMPLETE, /* some input was damaged, not readable or not read to its end */
    PIPELINE_NO_INPUT,   /* no file could be read; the writer was not called */
} pipeline_result;

/* Reads all files ("-" is standard input) and tells writer what is in them.  note is called
 * for each thing that was left out, as soon as it is known, with one line "FILE: what"; the
 * same lines stand in the summary. */
pipeline_result pipeline_run(const pipeline_options *options, char *const *paths,
                             const record_writer *writer, void *user,
                             void (*note)(const char *line), uint64_t findings[3]);

#endif
