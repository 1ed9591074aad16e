/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times, durations and addresses as text (see format.h). */
#include "format.h"

#include <arpa/inet.h>
#include <time.h>

/* Whole units and what is left of them, never negative. */
static void split(int64_t value, int64_t unit, int64_t *whole, int64_t *rest)
{
    *whole = value / unit;
    *rest = value % unit;
    if (*rest < 0) {
        *rest += unit;
        (*whole)--;
    }
}

static void append_fraction(GString *to, int64_t nanoseconds, unsigned digits)
{
    char text[] = ".000000000";

    if (digits == 0)
        return;
    for (int i = 9; i > 0; i--, nanoseconds /= 10)
        text[i] = (char)('0' + nanoseconds % 10);
    g_string_append_len(to, text, 1 + MIN(digits, 9));
}

/* A number of at least width digits, then the separator. */
static char *put_digits(char *to, int number, int width, char separator)
{
    for (int i = width - 1; i >= 0; i--, number /= 10)
        to[i] = (char)('0' + number % 10);
    to[width] = separator;
    return to + width + 1;
}

/* By hand: strftime() would take a tenth of all time. */
static void append_moment(GString *to, int64_t time, unsigned digits, bool date)
{
    int64_t whole, rest;
    char text[32], *end = text;
    struct tm parts;
    time_t second;

    split(time, CTI_SECOND, &whole, &rest);
    second = (time_t)whole;
    if (gmtime_r(&second, &parts) == NULL)
        return;
    if (date) {
        end = put_digits(end, parts.tm_year + 1900, 4, '-');
        end = put_digits(end, parts.tm_mon + 1, 2, '-');
        end = put_digits(end, parts.tm_mday, 2, 'T');
    }
    end = put_digits(end, parts.tm_hour, 2, ':');
    end = put_digits(end, parts.tm_min, 2, ':');
    end = put_digits(end, parts.tm_sec, 2, '\0');
    g_string_append_len(to, text, end - 1 - text);
    append_fraction(to, rest, digits);
}

void format_time(GString *to, int64_t time, unsigned digits)
{
    append_moment(to, time, digits, true);
    g_string_append_c(to, 'Z');
}

void format_clock(GString *to, int64_t time, unsigned digits)
{
    append_moment(to, time, digits, false);
}

/* The size of a duration; durations are never INT64_MIN. */
static int64_t magnitude(GString *to, int64_t duration)
{
    if (duration >= 0)
        return duration;
    g_string_append_c(to, '-');
    return -duration;
}

void format_seconds(GString *to, int64_t duration, unsigned digits)
{
    const int64_t size = magnitude(to, duration);

    g_string_append_printf(to, "%" G_GINT64_FORMAT, size / CTI_SECOND);
    append_fraction(to, size % CTI_SECOND, digits);
}

void format_duration(GString *to, int64_t duration)
{
    const int64_t size = magnitude(to, duration);
    const int64_t seconds = size / CTI_SECOND;

    g_string_append_printf(to, "%" G_GINT64_FORMAT ":%02d:%02d", seconds / 3600,
                           (int)(seconds / 60 % 60), (int)(seconds % 60));
    append_fraction(to, size % CTI_SECOND, 3);
}

void format_endpoint(GString *to, const endpoint *point)
{
    const int family = point->address_size == 16 ? AF_INET6 : AF_INET;
    char text[INET6_ADDRSTRLEN];

    if (point->address_size == ENDPOINT_NAMED) {
        g_string_append_printf(to, "%.*s:%u", (int)sizeof(point->address),
                               (const char *)point->address, point->port);
        return;
    }
    if (inet_ntop(family, point->address, text, sizeof(text)) == NULL)
        return;
    g_string_append_printf(to, family == AF_INET6 ? "[%s]:%u" : "%s:%u", text, point->port);
}
