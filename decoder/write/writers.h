/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The output formats.  To add one: a file write_NAME.c that fills a record_writer, a
 * declaration here, and a row in writers.c. */
#ifndef CTIDUMP_WRITERS_H
#define CTIDUMP_WRITERS_H

#include <stdio.h>

#include "answers.h"
#include "records.h"
#include "times.h"

typedef struct writer_options {
    FILE *out;           /* errors on it are the caller's to look for */
    unsigned text_flags; /* cti_text_flags */
    times_style *times;  /* how moments are shown */
    bool show_bytes;     /* offsets and bytes beside the values */
    bool colour;         /* for a terminal (see ink.h) */
    bool redacted;       /* the records are (see redacted.h); only to be told */
    const char *table;   /* of csv; NULL for its first */
    bool has_call;       /* the messages are those of a call or an agent: tell its story */
    uint32_t call;
    const char *agent;   /* or NULL */
    int64_t slow;        /* answers that take longer are listed: nanoseconds, 0 for none */
} writer_options;

typedef struct output_format {
    const char *name;  /* of option -T */
    const char *about; /* a few words */
    const record_writer *writer;
    /* Makes the user pointer of the writer's functions; options outlive it. */
    void *(*start)(const writer_options *options);
    void (*finish)(void *user);
    bool prints_at_end; /* nothing before all is read */
} output_format;

/* The first is the default; the last has no name. */
extern const output_format output_formats[];

/* The format of this name, or NULL. */
const output_format *output_format_find(const char *name);

extern const record_writer report_writer, timeline_writer, messages_writer, json_writer, csv_writer,
    html_writer, ctisvr_writer;
void *report_start(const writer_options *options);
void report_finish(void *user);
void *timeline_start(const writer_options *options);
void timeline_finish(void *user);
void *messages_start(const writer_options *options);
void messages_finish(void *user);
void *json_start(const writer_options *options);
void json_finish(void *user);
void *csv_start(const writer_options *options);
void csv_finish(void *user);
void *html_start(const writer_options *options);
void html_finish(void *user);
void *ctisvr_start(const writer_options *options);
void ctisvr_finish(void *user);

/* For the writer of csv, which makes its rows of JSON's: a record of answers. */
void json_answers(void *user, const request_answers *of);

/* The names of csv's tables, NULL behind the last. */
const char *csv_table_name(unsigned index);

#endif
