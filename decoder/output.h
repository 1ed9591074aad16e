/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the output goes: a FILE that remembers why it failed. */
#ifndef CTIDUMP_OUTPUT_H
#define CTIDUMP_OUTPUT_H

#include <stdio.h>

typedef struct output {
    FILE *file; /* for the writers */
    int descriptor;
    int error; /* errno of the first failure, or 0 */
    void (*before_write)(void *user); /* for the caller to set; or NULL */
    void *user;
} output;

/* Opens the file at path, or standard output for NULL.  The error is 0 or an errno. */
int output_open(output *output, const char *path);

/* Writes what is left and closes.  The error is 0 or the errno of the first failure since
 * it was opened. */
int output_close(output *output);

#endif
