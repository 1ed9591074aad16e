/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small pieces of the HTML page: escaping, numbers, times (see html_parts.h). */
#include <string.h>

#include "codec/text.h"
#include "format.h"
#include "html_parts.h"

void html_put(html *h)
{
    fwrite(h->text->str, 1, h->text->len, h->options->out);
    g_string_truncate(h->text, 0);
}

void html_escape(GString *to, const char *text)
{
    char *escaped = g_markup_escape_text(text, -1);

    g_string_append(to, escaped);
    g_free(escaped);
}

void html_count(GString *to, uint64_t count, const char *one, const char *many)
{
    g_string_append_printf(to, "%" G_GUINT64_FORMAT " %s", count, count == 1 ? one : many);
}

void html_clock(const html *h, GString *to, int64_t time, unsigned digits)
{
    if (time == CTI_NO_TIME)
        g_string_append_c(to, '-');
    else if (h->dated)
        times_moment(to, h->options->times, time, digits);
    else
        times_clock(to, h->options->times, time, digits);
}

void html_took(GString *to, int64_t duration)
{
    const int64_t size = duration < 0 ? -duration : duration;

    if (duration == CTI_NO_TIME)
        g_string_append_c(to, '-');
    else if (size < CTI_SECOND)
        g_string_append_printf(to, "%.3f\xc2\xa0ms", (double)duration / 1e6);
    else if (size < 120 * CTI_SECOND)
        g_string_append_printf(to, "%.3f\xc2\xa0s", (double)duration / (double)CTI_SECOND);
    else
        format_duration(to, duration);
}

void html_number_cell(GString *to, uint64_t number)
{
    g_string_append_printf(to, "<td class=\"n%s\">%" G_GUINT64_FORMAT "</td>",
                           number == 0 ? " zero" : "", number);
}

void html_took_cell(GString *to, int64_t duration)
{
    g_string_append(to, "<td class=\"n\">");
    if (duration >= 0)
        html_took(to, duration);
    g_string_append(to, "</td>");
}

void html_session_link(GString *to, uint32_t number)
{
    g_string_append_printf(to, "<a href=\"#s%u\">%u</a>", number, number);
}

void html_side(GString *to, cti_side side)
{
    const char *name = cti_side_name(side);

    if (name != NULL)
        g_string_append_printf(to, "<span class=\"side %s\">%s</span>", name, name);
}

void html_client_name(GString *to, const cti_client *client)
{
    GString *name = g_string_new(NULL);

    if (client->id[0] != '\0')
        cti_text_bytes(name, client->id, strlen(client->id));
    else
        format_endpoint(name, &client->legs[0]->client);
    html_escape(to, name->str);
    g_string_free(name, TRUE);
}

void html_attempts(GString *to, const cti_client_outage *outage)
{
    const gsize before = to->len;

    for (guint side = 0; side < G_N_ELEMENTS(outage->attempts); side++)
        for (guint outcome = 0; outcome < CTI_LEG_OUTCOMES; outcome++) {
            const char *name = cti_side_name((cti_side)side);

            if (outage->attempts[side][outcome] == 0)
                continue;
            g_string_append_printf(to, "%s%u %s", to->len > before ? ", " : "",
                                   outage->attempts[side][outcome],
                                   cti_leg_outcome_name((cti_leg_outcome)outcome));
            if (name != NULL)
                g_string_append_printf(to, " on %s", name);
        }
}
