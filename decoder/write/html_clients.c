/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The HTML page's clients: storms of OPEN_REQ, refusals that repeat, and outages, the longest first
 * (see html_parts.h and codec/clients.h). */
#include "format.h"
#include "html_parts.h"

/* Outages that are shown at once, and in all. */
#define OUTAGES_AT_ONCE 15
#define OUTAGES_MAX     1000
#define STORMS_MAX      100
#define REFUSALS_MAX    100

/* ---- storms ---- */

static void append_storm(html *h, const cti_storm *storm)
{
    GString *t = h->text;

    g_string_append(t, "<tr><td class=\"clock\">");
    html_clock(h, t, storm->first, 3);
    g_string_append(t, "</td>");
    html_took_cell(t, cti_elapsed(storm->first, storm->last));
    g_string_append(t, "<td>");
    html_side(t, storm->side);
    format_endpoint(t, &storm->server);
    g_string_append(t, "</td>");
    html_number_cell(t, storm->requests);
    html_number_cell(t, storm->clients);
    html_number_cell(t, storm->peak);
    html_number_cell(t, storm->confirmed);
    html_took_cell(t, storm->first_answer);
    html_took_cell(t, storm->worst_answer);
    html_number_cell(t, storm->rejected);
    html_number_cell(t, storm->unanswered);
    html_number_cell(t, storm->gave_up);
    g_string_append(t, "</tr>\n");
    html_put(h);
}

static void append_storms(html *h)
{
    if (h->storms->len == 0)
        return;
    g_string_append(h->text,
                    "<table class=\"storms\"><caption>Storms: many OPEN_REQ to one server at "
                    "once</caption>\n<thead><tr><th scope=\"col\">began</th>"
                    "<th scope=\"col\">lasted</th><th scope=\"col\">server</th>"
                    "<th scope=\"col\">OPEN_REQ</th><th scope=\"col\">clients</th>"
                    "<th scope=\"col\">most in a second</th><th scope=\"col\">opened</th>"
                    "<th scope=\"col\">first answer</th><th scope=\"col\">worst answer</th>"
                    "<th scope=\"col\">refused</th><th scope=\"col\">not answered</th><th "
                    "scope=\"col\">given up early</th></tr></thead>"
                    "\n<tbody>\n");
    for (guint i = 0; i < h->storms->len && i < STORMS_MAX; i++)
        append_storm(h, &g_array_index(h->storms, cti_storm, i));
    g_string_append(h->text, "</tbody></table>\n");
    if (h->storms->len > STORMS_MAX)
        g_string_append_printf(h->text,
                               "<p class=\"left-out\">%u more storms: -T json has all.</p>\n",
                               h->storms->len - STORMS_MAX);
}

/* ---- refusals that repeat ---- */

static void append_refusals(html *h, const cti_client *client, const cti_refusals *refusals)
{
    static const char *const changed[] = {
        [CTI_DATA_UNKNOWN] = "not known", [CTI_DATA_SAME] = "no", [CTI_DATA_CHANGED] = "yes"};
    const cti_value *status = cti_value_find(cti_field_get(CTI_F_Status)->values, refusals->status);
    GString *t = h->text;

    g_string_append(t, "<tr><th scope=\"row\">");
    html_client_name(t, client);
    g_string_append(t, "</th><td class=\"clock\">");
    html_clock(h, t, refusals->first, 3);
    g_string_append(t, "</td>");
    html_took_cell(t, cti_elapsed(refusals->first, refusals->last));
    html_number_cell(t, refusals->count);
    g_string_append_printf(t, "<td>%s (%u)</td><td>%s</td>",
                           status != NULL ? status->name : "status", refusals->status,
                           changed[refusals->data]);
    html_took_cell(t, refusals->least_delay);
    g_string_append_printf(t, "<td>%s</td></tr>\n", refusals->opened ? "yes" : "no");
    html_put(h);
}

static guint count_refusals(const html *h)
{
    guint count = 0;

    for (guint i = 0; i < h->clients->len; i++)
        count += ((const cti_client *)g_ptr_array_index(h->clients, i))->refusal_count;
    return count;
}

static void append_all_refusals(html *h)
{
    const guint count = count_refusals(h);
    guint shown = 0;

    if (count == 0)
        return;
    g_string_append(
        h->text, "<table class=\"refusals\"><caption>Repeated refusals</caption>\n"
                 "<thead><tr><th scope=\"col\">client</th><th scope=\"col\">began</th>"
                 "<th scope=\"col\">lasted</th><th scope=\"col\">OPEN_REQ</th>"
                 "<th scope=\"col\">refused with</th><th scope=\"col\">data changed</th>"
                 "<th scope=\"col\">shortest delay</th><th scope=\"col\">opened afterwards</th>"
                 "</tr></thead>\n<tbody>\n");
    for (guint i = 0; i < h->clients->len; i++) {
        const cti_client *client = g_ptr_array_index(h->clients, i);

        for (uint32_t k = 0; k < client->refusal_count && shown < REFUSALS_MAX; k++, shown++)
            append_refusals(h, client, &client->refusals[k]);
    }
    g_string_append(h->text, "</tbody></table>\n");
    if (count > shown)
        g_string_append_printf(h->text, "<p class=\"left-out\">%u more: -T json has all.</p>\n",
                               count - shown);
}

/* ---- outages ---- */

typedef struct client_outage {
    const cti_client *client;
    const cti_client_outage *outage;
} client_outage;

static gint compare_outages(gconstpointer a, gconstpointer b)
{
    const cti_client_outage *x = ((const client_outage *)a)->outage,
                            *y = ((const client_outage *)b)->outage;
    const int64_t took_x = cti_elapsed(x->from, x->until), took_y = cti_elapsed(y->from, y->until);

    if (took_x != took_y)
        return took_x > took_y ? -1 : 1;
    return (x->from > y->from) - (x->from < y->from);
}

static GArray *all_outages(const html *h)
{
    GArray *outages = g_array_new(FALSE, FALSE, sizeof(client_outage));

    for (guint i = 0; i < h->clients->len; i++) {
        const cti_client *client = g_ptr_array_index(h->clients, i);

        for (uint32_t k = 0; k < client->outage_count; k++)
            g_array_append_vals(outages, &(client_outage){client, &client->outages[k]}, 1);
    }
    g_array_sort(outages, compare_outages);
    return outages;
}

/* A session at one end of an outage: its side and number. */
static void append_end(html *h, const cti_leg *leg)
{
    html_side(h->text, leg->side);
    g_string_append(h->text, "session ");
    if (html_session_get(h, leg->session) != NULL)
        html_session_link(h->text, leg->session);
    else
        g_string_append_printf(h->text, "%u", leg->session);
}

static void append_outage(html *h, const client_outage *of)
{
    const cti_client_outage *outage = of->outage;
    const int64_t unnoticed =
        outage->left != NULL ? cti_elapsed(outage->from, outage->left->ended) : 0;
    GString *t = h->text;

    g_string_append(t, "<tr><th scope=\"row\">");
    html_client_name(t, of->client);
    g_string_append(t, "</th>");
    html_took_cell(t, cti_elapsed(outage->from, outage->until));
    g_string_append(t, "<td class=\"clock\">");
    html_clock(h, t, outage->from, 3);
    g_string_append(t, "</td><td>");
    if (outage->left != NULL) {
        append_end(h, outage->left);
        g_string_append_printf(t, ": %s", cti_verdict_name(outage->left->verdict));
    }
    g_string_append(t, "</td>");
    html_took_cell(t, unnoticed > 0 ? unnoticed : -1);
    g_string_append(t, "<td>");
    html_attempts(t, outage);
    g_string_append(t, "</td><td>");
    if (outage->to != NULL)
        append_end(h, outage->to);
    else
        g_string_append(t, "<span class=\"lost\">none</span>");
    g_string_append(t, "</td>");
    html_took_cell(t, outage->to != NULL ? cti_forward(outage->to->asked, outage->to->opened) : -1);
    g_string_append(t, "</tr>\n");
    html_put(h);
}

static void append_rows(html *h, const GArray *outages, guint from, guint until)
{
    g_string_append(h->text, "<table class=\"downs\"><caption>Outages, the longest "
                             "first</caption>\n<thead><tr><th scope=\"col\">client</th>"
                             "<th scope=\"col\">no session for</th>"
                             "<th scope=\"col\">from</th>"
                             "<th scope=\"col\">lost</th>"
                             "<th scope=\"col\">until the connection ended</th>"
                             "<th scope=\"col\">tried meanwhile</th><th scope=\"col\">next</th>"
                             "<th scope=\"col\">OPEN_CONF took</th></tr></thead>\n<tbody>\n");
    for (guint i = from; i < until; i++)
        append_outage(h, &g_array_index(outages, client_outage, i));
    g_string_append(h->text, "</tbody></table>\n");
}

static void append_outages(html *h, const GArray *outages)
{
    const guint told = MIN(outages->len, OUTAGES_MAX), shown = MIN(told, OUTAGES_AT_ONCE);

    if (shown == 0)
        return;
    append_rows(h, outages, 0, shown);
    if (told == shown)
        return;
    g_string_append_printf(h->text, "<details><summary>%u shorter ones</summary>\n", told - shown);
    append_rows(h, outages, shown, told);
    if (outages->len > told)
        g_string_append_printf(h->text, "<p class=\"left-out\">%u more: -T json has all.</p>\n",
                               outages->len - told);
    g_string_append(h->text, "</details>\n");
}

void html_clients(html *h)
{
    GArray *outages = all_outages(h);

    if (outages->len > 0 || h->storms->len > 0 || count_refusals(h) > 0) {
        g_string_append(h->text, "<section id=\"clients\"><h2>Clients</h2>\n");
        append_storms(h);
        append_all_refusals(h);
        append_outages(h, outages);
        g_string_append(h->text, "</section>\n");
    }
    g_array_unref(outages);
    html_put(h);
}
