/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts over time in bounded memory: a row for each kind of event, a column for each stretch of
 * time.  All stretches are equally long; where time runs out of the last one, all become twice
 * as long. */
#ifndef CTIDUMP_TIME_GRID_H
#define CTIDUMP_TIME_GRID_H

#include <glib.h>
#include <stdint.h>

typedef struct time_grid {
    guint columns, rows; /* there are */
    guint used;          /* columns, up to the last one with a count; 0 while it is empty */
    int64_t from, width; /* of the first column; of each, ns */
    uint32_t *counts;    /* column by column */
} time_grid;

/* An empty one; columns are at least 2.  The caller frees it with time_grid_free(). */
time_grid *time_grid_new(guint columns, guint rows);
void time_grid_free(time_grid *grid);

/* Counts an event of row (below rows) at time, in nanoseconds.  The first one sets where the grid
 * begins: what is earlier counts into the first column. */
void time_grid_add(time_grid *grid, int64_t time, guint row);

/* Makes the columns longer until they have at least this width. */
void time_grid_coarsen(time_grid *grid, int64_t width);

static inline uint32_t time_grid_get(const time_grid *grid, guint column, guint row)
{
    return grid->counts[column * grid->rows + row];
}

#endif
