/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts of packets that could not be decoded (see undecoded.h). */
#include "undecoded.h"

#include <stdlib.h>
#include <string.h>

void undecoded_add(undecoded *all, const char *name, uint64_t packets)
{
    uint32_t i = 0;

    all->packets += packets;
    while (i < all->count && strcmp(all->kinds[i].name, name) != 0)
        i++;
    if (i == UNDECODED_KINDS) {
        all->others += packets;
        return;
    }
    if (i == all->count) {
        all->kinds[i].name = g_strdup(name);
        all->count++;
    }
    all->kinds[i].packets += packets;
}

void undecoded_add_obstacle(undecoded *all, const packet_obstacle *obstacle, uint64_t packets)
{
    char name[80];

    if (obstacle->form == OBSTACLE_NAME)
        g_strlcpy(name, obstacle->name, sizeof(name));
    else if (obstacle->form == OBSTACLE_DECIMAL)
        g_snprintf(name, sizeof(name), "%s %u", obstacle->name, obstacle->number);
    else
        g_snprintf(name, sizeof(name), "%s 0x%0*x", obstacle->name, obstacle->form,
                   obstacle->number);
    undecoded_add(all, name, packets);
}

void undecoded_merge(undecoded *all, const undecoded *from)
{
    for (uint32_t i = 0; i < from->count; i++)
        undecoded_add(all, from->kinds[i].name, from->kinds[i].packets);
    all->others += from->others;
    all->packets += from->others;
}

static int compare_kinds(const void *a, const void *b)
{
    const undecoded_kind *x = a, *y = b;

    if (x->packets != y->packets)
        return x->packets > y->packets ? -1 : 1;
    return strcmp(x->name, y->name);
}

void undecoded_sort(undecoded *all)
{
    qsort(all->kinds, all->count, sizeof(all->kinds[0]), compare_kinds);
}

void undecoded_append(GString *text, const undecoded *all)
{
    if (all->count == 1 && all->others == 0) {
        g_string_append(text, all->kinds[0].name);
        return;
    }
    for (uint32_t i = 0; i < all->count; i++)
        g_string_append_printf(text, "%s%s (%" G_GUINT64_FORMAT ")", i > 0 ? ", " : "",
                               all->kinds[i].name, all->kinds[i].packets);
    if (all->others > 0)
        g_string_append_printf(text, ", others (%" G_GUINT64_FORMAT ")", all->others);
}

void undecoded_clear(undecoded *all)
{
    for (uint32_t i = 0; i < all->count; i++)
        g_free(all->kinds[i].name);
    memset(all, 0, sizeof(*all));
}
