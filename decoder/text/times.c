/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moments as the user wants them (see times.h).  The forms are those of tshark's -t. */
#include "times.h"

#include <string.h>

#include "format.h"
#include "records.h"

static const struct {
    const char *name;
    times_form form;
    bool utc, local;
} forms[] = {
    {"u", TIMES_DAY, true, false},       {"ud", TIMES_DATE, true, false},
    {"a", TIMES_DAY, false, true},       {"ad", TIMES_DATE, false, true},
    {"e", TIMES_EPOCH, false, false},    {"r", TIMES_RELATIVE, false, false},
    {"d", TIMES_DELTA, false, false},
};

/* ---- the style ---- */

static bool choose_zone(times_style *style, const char *name, char **error)
{
    if (strcmp(name, "local") == 0)
        style->zone = g_time_zone_new_local();
    else if (strcmp(name, "UTC") != 0)
        style->zone = g_time_zone_new_identifier(name);
    if (style->zone != NULL || strcmp(name, "UTC") == 0)
        return true;
    *error = g_strdup_printf("unknown time zone '%s': give a name like Europe/Berlin, +01:00, "
                             "local or UTC",
                             name);
    return false;
}

bool times_style_set(times_style *style, const char *form, const char *zone, char **error)
{
    size_t i = 0;

    *style = (times_style){.form = TIMES_DATE, .asked = INT64_MIN};
    if (zone != NULL && !choose_zone(style, zone, error))
        return false;
    if (form == NULL)
        return true;
    while (i < G_N_ELEMENTS(forms) && strcmp(forms[i].name, form) != 0)
        i++;
    if (i == G_N_ELEMENTS(forms)) {
        *error = g_strdup_printf("unknown form of time '%s': there are u, ud (UTC), a, ad (local "
                                 "or --tz), e (epoch), r (relative), d (delta)",
                                 form);
        return false;
    }
    if (zone != NULL && forms[i].utc) {
        *error = g_strdup_printf("-t %s is UTC: with --tz, give -t a or -t ad", form);
        return false;
    }
    style->form = forms[i].form;
    if (zone == NULL && forms[i].local)
        style->zone = g_time_zone_new_local();
    return true;
}

void times_style_release(times_style *style)
{
    if (style->zone != NULL)
        g_time_zone_unref(style->zone);
}

/* ---- moments ---- */

/* The zone's offset at this time, in seconds east of UTC. */
static int32_t offset_at(times_style *style, int64_t time)
{
    int64_t second = time / CTI_SECOND;

    if (style->zone == NULL)
        return 0;
    second -= time % CTI_SECOND < 0;
    if (style->asked != second) {
        const gint interval =
            g_time_zone_find_interval(style->zone, G_TIME_TYPE_UNIVERSAL, second);

        style->offset = g_time_zone_get_offset(style->zone, interval);
        style->asked = second;
    }
    return style->offset;
}

static int64_t shifted(int64_t time, int32_t offset)
{
    int64_t moved;

    return __builtin_add_overflow(time, offset * CTI_SECOND, &moved) ? time : moved;
}

void times_day(GString *to, times_style *style, int64_t time, unsigned digits)
{
    format_clock(to, shifted(time, offset_at(style, time)), digits);
}

static void append_zone(GString *to, const times_style *style)
{
    const int32_t size = ABS(style->offset);

    if (style->zone == NULL)
        g_string_append_c(to, 'Z');
    else
        g_string_append_printf(to, "%c%02d:%02d", style->offset < 0 ? '-' : '+', size / 3600,
                               size / 60 % 60);
}

void times_date(GString *to, times_style *style, int64_t time, unsigned digits)
{
    format_time(to, shifted(time, offset_at(style, time)), digits);
    if (to->len > 0 && to->str[to->len - 1] == 'Z')
        g_string_truncate(to, to->len - 1);
    append_zone(to, style);
}

static void append_seconds(GString *to, const times_style *style, int64_t time, unsigned digits)
{
    format_seconds(to, style->form == TIMES_EPOCH ? time : cti_elapsed(style->first, time),
                   digits);
}

void times_moment(GString *to, times_style *style, int64_t time, unsigned digits)
{
    switch (style->form) {
    case TIMES_DATE:
        times_date(to, style, time, digits);
        return;
    case TIMES_DAY:
        times_day(to, style, time, digits);
        append_zone(to, style);
        return;
    case TIMES_EPOCH:
    case TIMES_RELATIVE:
    case TIMES_DELTA:
        append_seconds(to, style, time, digits);
        return;
    }
}

void times_clock(GString *to, times_style *style, int64_t time, unsigned digits)
{
    if (style->form == TIMES_DATE || style->form == TIMES_DAY)
        times_day(to, style, time, digits);
    else
        append_seconds(to, style, time, digits);
}

/* ---- tables and lists ---- */

int times_cell_width(const times_style *style, unsigned digits)
{
    const int fraction = digits > 0 ? 1 + (int)digits : 0;

    return (style->form == TIMES_EPOCH ? (int)strlen("1795341600") : (int)strlen("10:00:00")) +
           fraction;
}

/* Puts blanks before what was appended since the text had this length. */
static void align_right(GString *to, gsize before, int width)
{
    for (gssize missing = width - (gssize)(to->len - before); missing > 0; missing--)
        g_string_insert_c(to, (gssize)before, ' ');
}

void times_cell(GString *to, times_style *style, int64_t time, unsigned digits)
{
    const gsize before = to->len;

    times_clock(to, style, time, digits);
    align_right(to, before, times_cell_width(style, digits));
}

static void append_delta(GString *to, times_style *style, int64_t time, unsigned digits)
{
    format_seconds(to, style->has_line ? cti_elapsed(style->last_line, time) : 0, digits);
    style->has_line = true;
    style->last_line = time;
}

void times_line(GString *to, times_style *style, int64_t time, unsigned digits, bool date)
{
    const gsize before = to->len;

    if (style->form == TIMES_DELTA)
        append_delta(to, style, time, digits);
    else if (date)
        times_moment(to, style, time, digits);
    else
        times_clock(to, style, time, digits);
    align_right(to, before, times_cell_width(style, digits));
}

void times_new_list(times_style *style)
{
    style->has_line = false;
}

/* ---- reading ---- */

/* The fraction's digits as nanoseconds. */
static int64_t fraction_of(const char *digits)
{
    int64_t nanoseconds = 0;

    for (int i = 0; i < 9; i++)
        nanoseconds = nanoseconds * 10 + (*digits != '\0' ? *digits++ - '0' : 0);
    return nanoseconds;
}

/* Seconds with a fraction, which goes in the direction of the sign. */
static bool make_time(int64_t seconds, int64_t nanoseconds, int64_t *time)
{
    return !__builtin_mul_overflow(seconds, CTI_SECOND, time) &&
           !__builtin_add_overflow(*time, nanoseconds, time) && *time != CTI_NO_TIME;
}

/* What a group matched, "" where it took no part. */
static char *fetch(const GMatchInfo *found, const char *name)
{
    char *text = g_match_info_fetch_named(found, name);

    return text != NULL ? text : g_strdup("");
}

static bool parse_epoch(GMatchInfo *found, int64_t *time)
{
    char *sign = fetch(found, "sign");
    char *digits = fetch(found, "epoch");
    char *fraction = fetch(found, "part");
    const int64_t direction = sign[0] == '-' ? -1 : 1;
    guint64 seconds;
    const bool good = g_ascii_string_to_unsigned(digits, 10, 0, G_MAXINT64, &seconds, NULL) &&
                      make_time(direction * (int64_t)seconds, direction * fraction_of(fraction),
                                time);

    g_free(sign);
    g_free(digits);
    g_free(fraction);
    return good;
}

/* What was found, without its fraction, as ISO 8601 for GDateTime. */
static char *without_fraction(GMatchInfo *found)
{
    char *date = fetch(found, "date");
    char *minute = fetch(found, "minute");
    char *second = fetch(found, "second");
    char *zone = fetch(found, "zone");
    char *text = g_strdup_printf("%sT%s%s%s", date, minute[0] != '\0' ? minute : "00:00",
                                 second[0] != '\0' ? second : ":00", zone);

    g_free(date);
    g_free(minute);
    g_free(second);
    g_free(zone);
    return text;
}

static bool parse_date(GMatchInfo *found, GTimeZone *zone, int64_t *time)
{
    GTimeZone *utc = g_time_zone_new_utc();
    char *text = without_fraction(found);
    char *fraction = fetch(found, "fraction");
    GDateTime *moment = g_date_time_new_from_iso8601(text, zone != NULL ? zone : utc);
    const bool good = moment != NULL &&
                      make_time(g_date_time_to_unix(moment), fraction_of(fraction), time);

    if (moment != NULL)
        g_date_time_unref(moment);
    g_time_zone_unref(utc);
    g_free(text);
    g_free(fraction);
    return good;
}

bool times_parse(const char *text, GTimeZone *zone, int64_t *time)
{
    GRegex *pattern = g_regex_new(
        "^(?:(?<sign>-?)(?<epoch>\\d+)(?:\\.(?<part>\\d{1,9}))?"
        "|(?<date>\\d{4}-\\d\\d-\\d\\d)(?:[T ](?<minute>\\d\\d:\\d\\d)"
        "(?:(?<second>:\\d\\d)(?:[.,](?<fraction>\\d{1,9}))?)?(?<zone>Z|[+-]\\d\\d(?::?\\d\\d)?)?)?)\\z",
        G_REGEX_RAW, 0, NULL);
    GMatchInfo *found = NULL;
    bool good = g_regex_match(pattern, text, 0, &found);
    gint start = -1;

    if (good && g_match_info_fetch_named_pos(found, "epoch", &start, NULL) && start >= 0)
        good = parse_epoch(found, time);
    else if (good)
        good = parse_date(found, zone, time);
    g_match_info_unref(found);
    g_regex_unref(pattern);
    return good;
}
