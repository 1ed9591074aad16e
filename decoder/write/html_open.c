/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many sessions were open at each time, by side: curves over the HTML page's lanes (see
 * html_parts.h). */
#include "html_parts.h"

/* So few openings and ends need no curve. */
#define FEW_CHANGES 8
#define CURVE_COLUMNS 1000

static gint compare_changes(gconstpointer a, gconstpointer b)
{
    const open_change *x = a, *y = b;

    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return y->by - x->by; /* what opens at the same time as another ends comes first */
}

static int most_open(const html *h, cti_side side)
{
    int open = 0, most = 0;

    for (guint i = 0; i < h->changes->len; i++) {
        const open_change *change = &g_array_index(h->changes, open_change, i);

        if (change->side == side)
            open += change->by;
        most = MAX(most, open);
    }
    return most;
}

/* A line of steps; of changes that fall into one column the lowest and the highest are drawn. */
static void append_curve(html *h, cti_side side, int scale)
{
    const char *name = cti_side_name(side);
    int open = 0, low = 0, high = 0, column = 0;

    g_string_append_printf(
        h->text, "<path class=\"curve %s\" vector-effect=\"non-scaling-stroke\" d=\"M0 100",
        name != NULL ? name : "");
    for (guint i = 0; i < h->changes->len; i++) {
        const open_change *change = &g_array_index(h->changes, open_change, i);
        const int here = (int)(html_at(h, change->time) * CURVE_COLUMNS / 100);

        if (change->side != side)
            continue;
        if (here != column) {
            if (low != open || high != open)
                g_string_append_printf(h->text, "V%dV%dV%d", 100 - 98 * low / scale,
                                       100 - 98 * high / scale, 100 - 98 * open / scale);
            g_string_append_printf(h->text, "H%d", here);
            column = here;
            low = high = open;
        }
        open += change->by;
        low = MIN(low, open);
        high = MAX(high, open);
    }
    g_string_append_printf(h->text, "V%dV%dV%dH%d\"/>", 100 - 98 * low / scale,
                           100 - 98 * high / scale, 100 - 98 * open / scale, CURVE_COLUMNS);
}

void html_open_sessions(html *h)
{
    static const cti_side sides[] = {CTI_SIDE_A, CTI_SIDE_B, CTI_SIDE_UNKNOWN};
    int most[G_N_ELEMENTS(sides)], scale = 1;

    if (h->changes->len <= FEW_CHANGES)
        return;
    g_array_sort(h->changes, compare_changes);
    for (guint i = 0; i < G_N_ELEMENTS(sides); i++) {
        most[i] = most_open(h, sides[i]);
        scale = MAX(scale, most[i]);
    }
    html_axis(h, "Open sessions over time, by side", "how many", "side");
    g_string_append(h->text, "<tr class=\"open-sessions\"><th scope=\"row\">open sessions</th><td>"
                             "<svg class=\"plot\" role=\"img\" aria-label=\"open sessions\">"
                             "<use href=\"#ticks\" width=\"100%\" height=\"100%\"/>"
                             "<svg width=\"100%\" height=\"100%\" viewBox=\"0 0 1000 100\" "
                             "preserveAspectRatio=\"none\">");
    for (guint i = 0; i < G_N_ELEMENTS(sides); i++)
        if (most[i] > 0)
            append_curve(h, sides[i], scale);
    g_string_append(h->text, "</svg></svg></td><td>");
    for (guint i = 0; i < G_N_ELEMENTS(sides); i++) {
        if (most[i] == 0)
            continue;
        html_side(h->text, sides[i]);
        g_string_append_printf(h->text, " at most %d<br/>", most[i]);
    }
    g_string_append(h->text, "</td></tr>\n</tbody></table>\n");
    html_put(h);
}
