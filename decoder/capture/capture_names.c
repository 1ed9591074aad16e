/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gaps in the numbers of capture files (see capture_names.h). */
#include "capture_names.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_DIGITS = 5, STAMP_DIGITS = 14 };

/* A name that has a number.  Files with the same set are of one capture. */
typedef struct numbered_name {
    const char *path;
    char *set; /* the path without number and time */
    char stamp[STAMP_DIGITS + 1];
    uint32_t number;
} numbered_name;

/* The pattern: two runs of digits, each behind an underscore, one of them the time. */
static bool parse(const char *path, GRegex *pattern, numbered_name *name)
{
    GMatchInfo *match;
    const bool found = g_regex_match(pattern, path, 0, &match);
    bool number_first;
    char *first, *second, *before, *behind;

    if (!found) {
        g_match_info_free(match);
        return false;
    }
    before = g_match_info_fetch(match, 1);
    first = g_match_info_fetch(match, 2);
    second = g_match_info_fetch(match, 3);
    behind = g_match_info_fetch(match, 4);
    number_first = strlen(first) == NUMBER_DIGITS;
    name->path = path;
    name->set = g_strconcat(before, number_first ? "_N_T" : "_T_N", behind, NULL);
    name->number = (uint32_t)strtoul(number_first ? first : second, NULL, 10);
    g_strlcpy(name->stamp, number_first ? second : first, sizeof(name->stamp));
    g_free(before);
    g_free(first);
    g_free(second);
    g_free(behind);
    g_match_info_free(match);
    return true;
}

static int compare(const void *a, const void *b)
{
    const numbered_name *left = a, *right = b;
    int order = strcmp(left->set, right->set);

    if (order == 0)
        order = strcmp(left->stamp, right->stamp);
    if (order == 0)
        order = (left->number > right->number) - (left->number < right->number);
    return order;
}

/* A lower number behind a higher one is another capture of the same name. */
static void tell_gap(const numbered_name *a, const numbered_name *b,
                     void (*tell)(void *user, const char *line), void *user)
{
    const uint32_t missing = b->number > a->number ? b->number - a->number - 1 : 0;
    char *line;

    if (missing == 0 || strcmp(a->set, b->set) != 0)
        return;
    line = g_strdup_printf("%s: by its number, %u %s between %s and this one", b->path, missing,
                           missing == 1 ? "file is missing" : "files are missing", a->path);
    tell(user, line);
    g_free(line);
}

void capture_names_find_gaps(char *const *paths, void (*tell)(void *user, const char *line),
                             void *user)
{
    GRegex *pattern = g_regex_new("^(.*)_(?|([0-9]{5})_([0-9]{14})|([0-9]{14})_([0-9]{5}))(\\.[^/_]*)?$",
                                  G_REGEX_RAW, 0, NULL);
    GArray *names = g_array_new(FALSE, FALSE, sizeof(numbered_name));
    numbered_name name;

    for (; *paths != NULL; paths++)
        if (parse(*paths, pattern, &name))
            g_array_append_val(names, name);
    g_array_sort(names, compare);
    for (guint i = 1; i < names->len; i++)
        tell_gap(&g_array_index(names, numbered_name, i - 1),
                 &g_array_index(names, numbered_name, i), tell, user);
    for (guint i = 0; i < names->len; i++)
        g_free(g_array_index(names, numbered_name, i).set);
    g_array_unref(names);
    g_regex_unref(pattern);
}
