/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ctidump writes, read back: each format by what its readers rely on, whatever the input
 * was. */
#ifndef TEST_FUZZ_OUTPUTS_H
#define TEST_FUZZ_OUTPUTS_H

#include "redacted.h"
#include "selection.h"
#include "writers.h"

/* What the user may ask for besides the format; made of a number, any will do. */
typedef struct asked {
    const output_format *format;
    bool redact;
    selection_criteria criteria;
    writer_options options;
    times_style times;
} asked;

void asked_init(asked *asked, uint32_t number);
void asked_release(asked *asked);

/* A writer as it was asked for, which writes to memory. */
typedef struct written {
    const record_writer *writer;
    void *user;

    /* Its own. */
    asked *asked;
    FILE *out;
    char *bytes;
    size_t size;
    void *format_user;
    redacted *redacted;
    selection *selection;
} written;

void written_begin(written *written, asked *asked);
/* Ends the program if what was written is not what the format promises to be. */
void written_end(written *written);

#endif
