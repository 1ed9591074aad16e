/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The HTML page's answer times: over time, and by type of request (see html_parts.h).
 *
 * Over time they are a map: columns are stretches of time, rows are classes of duration (on a
 * logarithmic scale), the shade says how many; over it run the median and the 95 % of each column.
 */
#include <math.h>

#include "html_parts.h"

#define SHADES 4

/* Classes of a grid that have counts, widened to whole powers of ten. */
typedef struct class_range {
    guint from, until;
} class_range;

static class_range used_classes(const time_grid *grid)
{
    class_range range = {ANSWER_CLASSES, 0};

    for (guint i = 0; i < grid->used * grid->rows; i++)
        if (grid->counts[i] > 0) {
            range.from = MIN(range.from, i % grid->rows);
            range.until = MAX(range.until, i % grid->rows + 1);
        }
    range.from -= range.from % CLASSES_PER_TEN;
    range.until += (CLASSES_PER_TEN - range.until % CLASSES_PER_TEN) % CLASSES_PER_TEN;
    return range;
}

/* The class that the share (0 to 1) of a column's answers does not exceed; rows if it is empty. */
static guint class_at(const time_grid *grid, guint column, double share)
{
    uint64_t all = 0, until = 0;

    for (guint row = 0; row < grid->rows; row++)
        all += time_grid_get(grid, column, row);
    for (guint row = 0; row < grid->rows; row++) {
        until += time_grid_get(grid, column, row);
        if (all > 0 && (double)until >= share * (double)all)
            return row;
    }
    return grid->rows;
}

static guint shade_of(uint32_t count, uint32_t most)
{
    return (guint)MIN(SHADES * log1p(count) / log1p(most), SHADES - 1);
}

static void append_shade(html *h, const time_grid *grid, class_range range, guint shade,
                         uint32_t most)
{
    g_string_append_printf(h->text, "<path class=\"shade%u\" d=\"M0 0", shade);
    for (guint column = 0; column < grid->used; column++)
        for (guint row = range.from; row < range.until; row++) {
            const uint32_t count = time_grid_get(grid, column, row);

            if (count > 0 && shade_of(count, most) == shade)
                g_string_append_printf(h->text, "M%u %uh1v1h-1z", column, range.until - 1 - row);
        }
    g_string_append(h->text, "\"/>");
}

static void append_line(html *h, const time_grid *grid, class_range range, const char *kind,
                        double share)
{
    bool drawing = false;

    g_string_append_printf(
        h->text, "<path class=\"%s\" vector-effect=\"non-scaling-stroke\" d=\"M0 0", kind);
    for (guint column = 0; column < grid->used; column++) {
        const guint row = class_at(grid, column, share);
        const double y = (double)range.until - 0.5 - row;

        if (row == grid->rows) {
            drawing = false;
            continue;
        }
        if (drawing)
            g_string_append_printf(h->text, "V%.1fh1", y);
        else
            g_string_append_printf(h->text, "M%u %.1fh1", column, y);
        drawing = true;
    }
    g_string_append(h->text, "\"/>");
}

/* A line and a word for each power of ten. */
static void append_scale(html *h, class_range range)
{
    static const char *const words[] = {"10 \xc2\xb5s", "0.1 ms", "1 ms",  "10 ms", "0.1 s",
                                        "1 s",          "10 s",   "100 s", "1000 s"};

    for (guint row = range.from; row <= range.until; row += CLASSES_PER_TEN) {
        const double at = 100.0 * (range.until - row) / (range.until - range.from);

        g_string_append_printf(
            h->text,
            "<line class=\"level\" x2=\"100%%\" y1=\"%.1f%%\" y2=\"%.1f%%\"/>"
            "<text x=\"3\" y=\"%.1f%%\" dy=\"%s\" paint-order=\"stroke\">%s</text>",
            at, at, at, row == range.until ? "11" : "-3", words[row / CLASSES_PER_TEN]);
    }
}

static void append_map(html *h, const time_grid *grid, const char *label)
{
    const class_range range = used_classes(grid);
    const double left = html_at(h, grid->from);
    uint32_t most = 1;

    for (guint i = 0; i < grid->used * grid->rows; i++)
        most = MAX(most, grid->counts[i]);
    g_string_append_printf(
        h->text,
        "<tr class=\"answer-times\"><th scope=\"row\">%s</th><td><svg class=\"plot\" "
        "role=\"img\" aria-label=\"%s over time\">"
        "<use href=\"#ticks\" width=\"100%%\" height=\"100%%\"/>"
        "<svg x=\"%.2f%%\" width=\"%.2f%%\" height=\"100%%\" viewBox=\"0 0 %u %u\" "
        "preserveAspectRatio=\"none\">",
        label, label, left,
        MAX(html_at(h, html_later(grid->from, grid->width, grid->used)) - left, 0.3), grid->used,
        range.until - range.from);
    for (guint shade = 0; shade < SHADES; shade++)
        append_shade(h, grid, range, shade, most);
    append_line(h, grid, range, "p95", 0.95);
    append_line(h, grid, range, "median", 0.5);
    g_string_append(h->text, "</svg>");
    append_scale(h, range);
    g_string_append(h->text, "</svg></td><td><ul class=\"legend\">"
                             "<li><svg><path class=\"median\" d=\"M0 8h18\"/></svg>median</li>"
                             "<li><svg><path class=\"p95\" d=\"M0 8h18\"/></svg>95 %</li>"
                             "<li><svg><path class=\"shade0\" d=\"M0 2h6v12h-6z\"/>"
                             "<path class=\"shade2\" d=\"M6 2h6v12h-6z\"/>"
                             "<path class=\"shade3\" d=\"M12 2h6v12h-6z\"/></svg>few to many</li>"
                             "</ul></td></tr>\n");
    html_put(h);
}

static void append_maps(html *h)
{
    html_axis(h, "Response times by the time of the response", "responses to", "shown");
    if (h->answer_times->used > 0)
        append_map(h, h->answer_times, "requests");
    if (h->heartbeat_times->used > 0)
        append_map(h, h->heartbeat_times, "heartbeats");
    g_string_append(h->text, "</tbody></table>\n");
}

/* ---- by type of request ---- */

/* "2 E_CTI_INVALID_DEVICE, 1 other" */
static void append_failures(html *h, const request_answers *of)
{
    const gsize before = h->text->len;

    for (uint32_t i = 0; i < of->failure_kinds; i++) {
        const failure_count *failure = &of->failures[i];

        g_string_append_printf(h->text, "%s%" G_GUINT64_FORMAT " ",
                               h->text->len > before ? ", " : "", failure->count);
        if (failure->status_value != NULL)
            g_string_append(h->text, failure->status_value->name);
        else if (failure->has_status)
            g_string_append_printf(h->text, "status %u", failure->status);
        else
            g_string_append(h->text, failure->answer->name);
    }
    if (of->other_failures > 0)
        g_string_append_printf(h->text, "%s%" G_GUINT64_FORMAT " others",
                               h->text->len > before ? ", " : "", of->other_failures);
}

/* Where the worst answer is to be looked at. */
static void append_place(html *h, const slow_request *slow)
{
    g_string_append(h->text, "session ");
    if (html_session_get(h, slow->session) != NULL)
        html_session_link(h->text, slow->session);
    else
        g_string_append_printf(h->text, "%u", slow->session);
    g_string_append_printf(h->text, " #%u", slow->frame);
    if (slow->answer_frame != 0)
        g_string_append_printf(h->text, " #%u", slow->answer_frame);
}

static bool is_polled_too_slowly(const request_answers *of)
{
    return of->message->number == ANSWERS_POLLED && answers_mean(of) > (double)ANSWERS_POLLED_TIME;
}

static void append_type(html *h, const request_answers *of)
{
    const double mean = answers_mean(of);

    g_string_append_printf(h->text, "<tr><th scope=\"row\">%s</th>", of->message->name);
    html_number_cell(h->text, of->requests);
    html_number_cell(h->text, of->times.count);
    html_took_cell(h->text, mean < 0 ? -1 : (int64_t)mean);
    html_took_cell(h->text, cti_quantile_get(&of->times, 0.5));
    html_took_cell(h->text, cti_quantile_get(&of->times, 0.95));
    html_took_cell(h->text, of->times.count > 0 ? of->times.worst : -1);
    g_string_append(h->text, "<td>");
    if (of->worst.took != CTI_NO_TIME)
        append_place(h, &of->worst);
    g_string_append(h->text, "</td>");
    html_number_cell(h->text, of->unanswered);
    g_string_append(h->text, "<td>");
    append_failures(h, of);
    g_string_append(h->text, "</td></tr>\n");
    html_put(h);
}

static void append_types(html *h, const GPtrArray *types)
{
    g_string_append(
        h->text, "<table class=\"types\"><caption>By type of request</caption>\n<thead><tr>"
                 "<th scope=\"col\">request</th><th scope=\"col\">sent</th>"
                 "<th scope=\"col\">answered</th><th scope=\"col\">mean</th>"
                 "<th scope=\"col\">median</th><th scope=\"col\">95 %</th>"
                 "<th scope=\"col\">worst</th><th scope=\"col\">the worst</th>"
                 "<th scope=\"col\">no response</th><th scope=\"col\">failed</th></tr></thead>"
                 "\n<tbody>\n");
    for (guint i = 0; i < types->len; i++)
        append_type(h, g_ptr_array_index(types, i));
    g_string_append(h->text, "</tbody></table>\n");
    for (guint i = 0; i < types->len; i++)
        if (is_polled_too_slowly(g_ptr_array_index(types, i)))
            g_string_append_printf(
                h->text,
                "<p class=\"warning\">%s: a desktop server that polls it counts on "
                "responses within %d ms on average.</p>\n",
                ((request_answers *)g_ptr_array_index(types, i))->message->name,
                (int)(ANSWERS_POLLED_TIME / (CTI_SECOND / 1000)));
}

/* ---- the slow ones ---- */

static void append_slow(html *h, const request_answers *of)
{
    for (uint32_t i = 0; i < of->slow_kept; i++) {
        const slow_request *slow = &of->slow[i];

        g_string_append_printf(h->text, "<tr><th scope=\"row\">%s</th>", of->message->name);
        html_took_cell(h->text, slow->took);
        g_string_append(h->text, "<td class=\"clock\">");
        html_clock(h, h->text, slow->time, 3);
        g_string_append_printf(h->text, "</td><td>%s</td><td>", cti_outcome_name(slow->outcome));
        append_place(h, slow);
        g_string_append(h->text, "</td></tr>\n");
    }
}

static void append_slow_ones(html *h, const GPtrArray *types)
{
    uint64_t slow = 0, kept = 0;

    for (guint i = 0; i < types->len; i++) {
        const request_answers *of = g_ptr_array_index(types, i);

        slow += of->slow_count;
        kept += of->slow_kept;
    }
    if (slow == 0)
        return;
    g_string_append(h->text, "<details open=\"open\"><summary>");
    html_count(h->text, slow, "request", "requests");
    g_string_append(h->text, " took longer than ");
    html_took(h->text, h->options->slow);
    if (kept < slow)
        g_string_append_printf(h->text, ", here the slowest %" G_GUINT64_FORMAT, kept);
    g_string_append(h->text,
                    "</summary>\n<table class=\"slow\"><thead><tr><th scope=\"col\">request"
                    "</th><th scope=\"col\">took</th><th scope=\"col\">sent</th>"
                    "<th scope=\"col\">outcome</th><th scope=\"col\">where, #frames</th></tr>"
                    "</thead>\n<tbody>\n");
    for (guint i = 0; i < types->len; i++)
        append_slow(h, g_ptr_array_index(types, i));
    g_string_append(h->text, "</tbody></table>\n</details>\n");
}

void html_answers_section(html *h)
{
    GPtrArray *types = answers_sorted(h->answers);

    if (types->len > 0) {
        g_string_append(h->text, "<section id=\"answers\"><h2>Response times</h2>\n");
        if (h->answer_times->used + h->heartbeat_times->used > 0)
            append_maps(h);
        append_types(h, types);
        append_slow_ones(h, types);
        g_string_append(h->text, "</section>\n");
    }
    g_ptr_array_unref(types);
    html_put(h);
}
