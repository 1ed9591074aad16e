/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of ctidump. */
#ifndef CTIDUMP_OPTIONS_H
#define CTIDUMP_OPTIONS_H

#include <glib.h>

#include "capture_filter.h"
#include "codec/connection.h"
#include "ink.h"
#include "selection.h"
#include "times.h"
#include "writers.h"

typedef struct options {
    const output_format *format;
    char **files;      /* NULL at its end; at least one */
    char *output_path; /* NULL for standard output */
    char *table;       /* of format csv; NULL for the first */
    char *explain;     /* a name to explain, or NULL */
    char *list;        /* a kind of names to list, or NULL */
    uint16_t *ports;   /* further CTI ports */
    uint32_t port_count;
    cti_known_server *servers; /* whose side is named */
    uint32_t server_count;
    capture_filter *filter; /* NULL for all packets */
    selection_criteria selection;
    times_style times;
    ink_choice colour;
    /* Limits, as in cti_connection_options. */
    uint64_t held_bytes, held_total;
    uint32_t connections, fragments;
    int64_t wait; /* the same, for packets captured out of order */
    int64_t slow; /* answers that take longer are listed: nanoseconds, 0 for none */
    int fail_on; /* cti_severity, or -1: findings do not decide the exit status */
    bool show_bytes, show_secrets, redact, in_order, quiet, version;
} options;

/* Reads the command line.  False where it is wrong: then *error is one line of what.
 * --help prints and ends the program.  options_release() in both cases. */
bool options_parse(options *options, int argc, char **argv, char **error);
void options_release(options *options);

#endif
