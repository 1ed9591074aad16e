/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times, durations and addresses as text.  All functions append to a GString that the
 * caller owns; times are nanoseconds since 1970 UTC, durations nanoseconds. */
#ifndef CTIDUMP_FORMAT_H
#define CTIDUMP_FORMAT_H

#include <glib.h>

#include "records.h"

/* "2026-11-22T10:00:00.123456Z" with so many digits (0 to 9) behind the second. */
void format_time(GString *to, int64_t time, unsigned digits);

/* "10:00:00.123456", the time of the day. */
void format_clock(GString *to, int64_t time, unsigned digits);

/* A duration in seconds, "12.003456", "-0.000001". */
void format_seconds(GString *to, int64_t duration, unsigned digits);

/* A duration as "0:04:02.123" (hours, minutes, seconds). */
void format_duration(GString *to, int64_t duration);

/* "10.0.0.1:42027", "[fd00::1]:42027", "client-1:50001". */
void format_endpoint(GString *to, const endpoint *point);

#endif
