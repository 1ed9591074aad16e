/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The times and limits of the session rules (times.def has them with their sources), as numbers
 * and as words. */
#ifndef CTI_TIMING_H
#define CTI_TIMING_H

#include <glib.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CTI_SECOND INT64_C(1000000000)

enum {
#define TIME(name, milliseconds, source) CTI_TIME_##name = (milliseconds),
#define LIMIT(name, number, unit, source) CTI_LIMIT_##name = (number),
#include "times.def"
#undef TIME
#undef LIMIT
};

/* A time in nanoseconds. */
#define CTI_TIME(name) (CTI_TIME_##name * (CTI_SECOND / 1000))
/* A number in the unit that times.def names. */
#define CTI_LIMIT(name) ((uint32_t)CTI_LIMIT_##name)

/* Appends a sentence with each {NAME} replaced by the time or limit of that name: "5 s", "500 ms",
 * "3".  What is no name of times.def stays as it is. */
void cti_times_expand(GString *to, const char *sentence);

#ifdef __cplusplus
}
#endif

#endif
