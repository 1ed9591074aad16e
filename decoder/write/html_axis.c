/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The axis of time that the HTML page's pictures share: its ticks, and the shapes that are drawn on
 * it (see html_parts.h). */
#include "html_parts.h"

double html_at(const html *h, int64_t time)
{
    const double length = (double)MAX(cti_elapsed(h->from, h->to), 1);

    return 100 * CLAMP((double)cti_elapsed(h->from, time) / length, 0, 1);
}

/* The least round step, in nanoseconds, that divides the axis into no more than so many. */
static int64_t tick_step(int64_t length, int64_t most)
{
    static const int steps[] = {1,   2,   5,    10,   20,   30,    60,    120,   300,
                                600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400};
    int64_t step;

    for (step = 1; step < CTI_SECOND; step *= 10)
        for (int times = 1; times <= 5; times = times * 2 + (times == 2))
            if (length / (step * times) <= most)
                return step * times;
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++)
        if (length / (steps[i] * CTI_SECOND) <= most)
            return steps[i] * CTI_SECOND;
    for (step = 2 * 86400 * CTI_SECOND; length / step > most && step < INT64_MAX / 4; step *= 2)
        ;
    return step;
}

static unsigned tick_digits(int64_t step)
{
    unsigned digits = 0;

    for (; step < CTI_SECOND && digits < 9; step *= 10)
        digits++;
    return digits;
}

static void append_tick_word(const html *h, GString *to, int64_t time, int64_t step)
{
    GString *words = g_string_new(NULL);

    if (!h->dated || h->options->times->form > TIMES_DAY) {
        times_clock(words, h->options->times, time, tick_digits(step));
        g_string_append(to, words->str);
    } else { /* "11-22 10:00" of "2026-11-22T10:00:00Z" */
        times_date(words, h->options->times, time, 0);
        if (words->len > 16)
            g_string_append_printf(to, "%.5s %.5s", words->str + 5, words->str + 11);
    }
    g_string_free(words, TRUE);
}

/* Calls for each tick: the lines in the lanes, and the words over them. */
static void each_tick(const html *h, void (*tick)(const html *h, int64_t time, int64_t step))
{
    const int64_t length = MAX(cti_elapsed(h->from, h->to), 1), step = tick_step(length, 7);
    const times_style *style = h->options->times;
    const int64_t zero = style->form >= TIMES_RELATIVE ? style->first : 0;
    int64_t time = h->from - cti_elapsed(zero, h->from) % step;

    for (guint i = 0; i < 10 && time <= h->to; i++, time = html_later(time, step, 1))
        if (time >= h->from)
            tick(h, time, step);
}

static void append_tick_line(const html *h, int64_t time, int64_t step)
{
    (void)step;
    g_string_append_printf(h->text, "<line x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"0\" y2=\"100%%\"/>",
                           html_at(h, time), html_at(h, time));
}

static void append_tick_text(const html *h, int64_t time, int64_t step)
{
    const double at = html_at(h, time);

    g_string_append_printf(h->text, "<text x=\"%.2f%%\" y=\"13\" text-anchor=\"%s\">", at,
                           at < 4    ? "start"
                           : at > 96 ? "end"
                                     : "middle");
    append_tick_word(h, h->text, time, step);
    g_string_append(h->text, "</text>");
}

void html_axis(html *h, const char *caption, const char *who, const char *end)
{
    g_string_append_printf(h->text,
                           "<table class=\"lanes\">\n<caption>%s</caption>\n"
                           "<colgroup><col class=\"who\"/><col/><col class=\"end\"/></colgroup>\n"
                           "<thead><tr><th scope=\"col\">%s</th><th scope=\"col\">"
                           "<svg class=\"axis\" role=\"img\" aria-label=\"axis of time\">",
                           caption, who);
    each_tick(h, append_tick_text);
    g_string_append_printf(h->text, "</svg></th><th scope=\"col\">%s</th></tr></thead>\n<tbody>\n",
                           end);
}

void html_shapes(html *h)
{
    g_string_append(h->text, "<svg class=\"shapes\" aria-hidden=\"true\"><defs>\n"
                             "<symbol id=\"ticks\">");
    each_tick(h, append_tick_line);
    g_string_append(h->text, "</symbol>\n"
                             "<path id=\"lost\" d=\"M-5-5 5 5M5-5-5 5\"/>\n"
                             "<circle id=\"closed\" r=\"4\"/>\n"
                             "<circle id=\"planned\" r=\"4\"/>\n"
                             "<path id=\"goes-on\" d=\"M-5-5 0 0-5 5\"/>\n"
                             "<path id=\"finding\" d=\"M-4 0h8L0 7z\"/>\n"
                             "<path id=\"attempt\" d=\"M0-7V7\"/>\n"
                             "<path id=\"question\" d=\"M-3 0h6v3h-6z\"/>\n"
                             "</defs></svg>\n");
}
