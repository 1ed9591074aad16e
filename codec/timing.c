/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times and limits as words (see timing.h). */
#include "timing.h"

#include <stdbool.h>
#include <string.h>

static const struct {
    const char *name;
    int number;
    bool is_time;
} times[] = {
#define TIME(name, milliseconds, source) {#name, milliseconds, true},
#define LIMIT(name, number, unit, source) {#name, number, false},
#include "times.def"
#undef TIME
#undef LIMIT
};

static void append_words(GString *to, gsize i)
{
    if (!times[i].is_time)
        g_string_append_printf(to, "%d", times[i].number);
    else if (times[i].number % 1000 == 0)
        g_string_append_printf(to, "%d s", times[i].number / 1000);
    else
        g_string_append_printf(to, "%d ms", times[i].number);
}

/* The row with a name of this length, or the count of rows. */
static gsize find(const char *name, gsize length)
{
    gsize i = 0;

    while (i < G_N_ELEMENTS(times) &&
           (strncmp(times[i].name, name, length) != 0 || times[i].name[length] != '\0'))
        i++;
    return i;
}

void cti_times_expand(GString *to, const char *sentence)
{
    const char *open;

    while ((open = strchr(sentence, '{')) != NULL) {
        const char *close = strchr(open, '}');
        const gsize length = close != NULL ? (gsize)(close - open - 1) : 0;
        const gsize row = close != NULL ? find(open + 1, length) : G_N_ELEMENTS(times);

        if (row == G_N_ELEMENTS(times)) {
            g_string_append_len(to, sentence, open + 1 - sentence);
            sentence = open + 1;
            continue;
        }
        g_string_append_len(to, sentence, open - sentence);
        append_words(to, row);
        sentence = close + 1;
    }
    g_string_append(to, sentence);
}
