/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the formats for people show moments (options -t and --tz), and how moments are read from
 * the command line.  Times are nanoseconds since 1970 UTC.  JSON and csv know UTC only, and use
 * format.h. */
#ifndef CTIDUMP_TIMES_H
#define CTIDUMP_TIMES_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    TIMES_DATE,     /* date and time of the day */
    TIMES_DAY,      /* time of the day */
    TIMES_EPOCH,    /* seconds since 1970 UTC */
    TIMES_RELATIVE, /* seconds since the first packet */
    TIMES_DELTA,    /* in lists: seconds since the line before; else as TIMES_RELATIVE */
} times_form;

/* All zero: date and time of the day in UTC. */
typedef struct times_style {
    times_form form;
    GTimeZone *zone;   /* NULL for UTC */
    int64_t first;     /* time of the first packet, once it is known */
    /* The list that is being written: its last line, if there was one. */
    bool has_line;
    int64_t last_line;
    /* What the zone was asked last. */
    int64_t asked;
    int32_t offset; /* seconds east of UTC */
} times_style;

/* Sets the style from the option's words, either may be NULL: form is u, ud, a, ad, e, r or d,
 * zone "Europe/Berlin", "+01:00", "local", "UTC".  False where they are wrong: then *error is
 * one line of what. */
bool times_style_set(times_style *style, const char *form, const char *zone, char **error);
void times_style_release(times_style *style);

/* A moment with its date, "2026-11-22T10:00:00.123456Z", with so many digits behind the second,
 * or what the style says in its place. */
void times_moment(GString *to, times_style *style, int64_t time, unsigned digits);
/* The same without its date, "10:00:00.123456". */
void times_clock(GString *to, times_style *style, int64_t time, unsigned digits);
/* The date and time of the day, and the time of the day alone, whatever the form; in the style's
 * zone. */
void times_date(GString *to, times_style *style, int64_t time, unsigned digits);
void times_day(GString *to, times_style *style, int64_t time, unsigned digits);

/* times_clock() in a column of a table, and its width. */
void times_cell(GString *to, times_style *style, int64_t time, unsigned digits);
int times_cell_width(const times_style *style, unsigned digits);

/* At the start of a line of a list, where a style may tell the time since the line before; with
 * or without date. */
void times_line(GString *to, times_style *style, int64_t time, unsigned digits, bool date);
/* Another list starts. */
void times_new_list(times_style *style);

/* Reads "2026-11-22T10:00:00.5Z", with a blank for the T, with +hh:mm for the Z or without (then
 * in zone; NULL for UTC), without seconds, or the date alone (then its start); or seconds since
 * 1970 with a fraction.  Up to nine digits of a fraction count.  False where it is no time. */
bool times_parse(const char *text, GTimeZone *zone, int64_t *time);

#endif
