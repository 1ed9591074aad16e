/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts over time in bounded memory (see time_grid.h). */
#include "time_grid.h"

#include <string.h>

#include "codec/session.h"

/* Width of a column at first; it stays a power of two times this. */
#define LEAST_WIDTH (CTI_SECOND / 1000)

time_grid *time_grid_new(guint columns, guint rows)
{
    time_grid *grid = g_new0(time_grid, 1);

    grid->columns = columns;
    grid->rows = rows;
    grid->counts = g_new0(uint32_t, (gsize)columns * rows);
    grid->width = LEAST_WIDTH;
    return grid;
}

void time_grid_free(time_grid *grid)
{
    if (grid == NULL)
        return;
    g_free(grid->counts);
    g_free(grid);
}

static void count(uint32_t *to, uint32_t more)
{
    *to = more > UINT32_MAX - *to ? UINT32_MAX : *to + more;
}

/* Two columns become one. */
static void double_width(time_grid *grid)
{
    const guint rows = grid->rows;

    for (guint column = 1; column < grid->used; column++)
        for (guint row = 0; row < rows; row++) {
            uint32_t *cell = &grid->counts[column * rows + row];
            const uint32_t moved = *cell;

            *cell = 0;
            count(&grid->counts[column / 2 * rows + row], moved);
        }
    grid->used = (grid->used + 1) / 2;
    grid->width *= 2;
}

void time_grid_add(time_grid *grid, int64_t time, guint row)
{
    int64_t since;
    guint column;

    if (grid->used == 0) {
        grid->from = time;
        grid->used = 1;
    }
    since = MAX(cti_elapsed(grid->from, time), 0);
    while (since / grid->width >= grid->columns)
        double_width(grid);
    column = (guint)(since / grid->width);
    grid->used = MAX(grid->used, column + 1);
    count(&grid->counts[column * grid->rows + row], 1);
}

void time_grid_coarsen(time_grid *grid, int64_t width)
{
    while (grid->width < width && grid->used > 1)
        double_width(grid);
}
