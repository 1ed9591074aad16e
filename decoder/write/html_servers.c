/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The HTML page's servers: outages of components and peripherals, and graceful shutdowns, as all
 * sessions together show them (see html_parts.h). */
#include <string.h>

#include "codec/text.h"
#include "format.h"
#include "html_parts.h"

/* Lines of one kind on the first screen. */
#define ALERTS 3
/* Rows of a table; all of them are in JSON. */
#define PERIODS_MAX      200
#define MAINTENANCES_MAX 20
#define CLIENTS_MAX      200

static void append_server(html *h, cti_side side, const endpoint *server)
{
    html_side(h->text, side);
    format_endpoint(h->text, server);
}

static void append_clock_cell(html *h, int64_t time, bool known)
{
    g_string_append(h->text, "<td class=\"clock\">");
    if (known)
        html_clock(h, h->text, time, 3);
    g_string_append(h->text, "</td>");
}

static void append_session(html *h, uint32_t number)
{
    if (html_session_get(h, number) != NULL)
        html_session_link(h->text, number);
    else
        g_string_append_printf(h->text, "%u", number);
}

static void append_left_out(html *h, guint count, const char *what)
{
    if (count > 0)
        g_string_append_printf(h->text, "<p class=\"left-out\">%u more %s: -T json has all.</p>\n",
                               count, what);
}

/* ---- outages ---- */

static void append_period(html *h, const cti_outage_history *history,
                          const cti_outage_period *period)
{
    const cti_outage *outage = &period->outage;
    const uint32_t named = MIN(period->session_count, CTI_OUTAGE_SESSIONS_MAX);
    GString *t = h->text;
    char words[40];

    g_string_append_printf(
        t, "<tr><th scope=\"row\">%s</th><td>",
        cti_outage_words(history->component, history->peripheral, words, sizeof(words)));
    append_server(h, history->side, &history->server);
    g_string_append(t, "</td><td class=\"clock\">");
    html_clock(h, t, outage->from, 3);
    if (outage->begin_unknown)
        g_string_append(t, " or before");
    g_string_append(t, "</td><td class=\"clock\">");
    if (outage->to != CTI_NO_TIME)
        html_clock(h, t, outage->to, 3);
    else
        g_string_append(t, "no end was reported");
    g_string_append(t, "</td>");
    html_took_cell(t, outage->to != CTI_NO_TIME ? cti_forward(outage->from, outage->to) : -1);
    g_string_append(t, "<td>");
    for (uint32_t i = 0; i < named; i++) {
        append_session(h, period->sessions[i]);
        g_string_append_c(t, ' ');
    }
    if (named < period->session_count)
        g_string_append_printf(t, "and %u more", period->session_count - named);
    if (outage->in_doubt)
        g_string_append(t, "; bytes of the server are missing");
    g_string_append(t, "</td></tr>\n");
    html_put(h);
}

static void append_outages(html *h)
{
    guint shown = 0, all = 0;

    if (h->outages->len == 0)
        return;
    g_string_append(h->text,
                    "<table class=\"outages\"><caption>Components and peripherals that were "
                    "down</caption>\n<thead><tr><th scope=\"col\">what</th>"
                    "<th scope=\"col\">server</th><th scope=\"col\">from</th>"
                    "<th scope=\"col\">until</th><th scope=\"col\">lasted</th>"
                    "<th scope=\"col\">sessions</th></tr></thead>\n<tbody>\n");
    for (guint i = 0; i < h->outages->len; i++) {
        const cti_outage_history *history = g_ptr_array_index(h->outages, i);

        all += history->period_count;
        for (uint32_t k = 0; k < history->period_count && shown < PERIODS_MAX; k++, shown++)
            append_period(h, history, &history->periods[k]);
    }
    g_string_append(h->text, "</tbody></table>\n");
    append_left_out(h, all - shown, "outages");
}

/* ---- maintenance ---- */

static void append_client(html *h, const cti_maintenance_client *client)
{
    const cti_shutdown *shutdown = &client->shutdown;
    GString *t = h->text, *name = g_string_new(NULL);

    cti_text_bytes(name, client->id, strlen(client->id));
    g_string_append(t, "<tr><td class=\"n\">");
    append_session(h, client->session);
    g_string_append(t, "</td><th scope=\"row\">");
    html_escape(t, name->str);
    g_string_append_printf(t, "</th><td class=\"%s\">%s%s%s</td>",
                           client->vote == CTI_VOTE_ACCEPTED ? "" : "warning",
                           cti_vote_name(client->vote), client->late ? ", late" : "",
                           cti_shutdown_is_other_id(shutdown) ? ", another InvokeID" : "");
    append_clock_cell(h, shutdown->asked_time, shutdown->asked_frame != 0);
    append_clock_cell(h, shutdown->vote_time, shutdown->vote_frame != 0);
    append_clock_cell(h, shutdown->outcome_time, shutdown->outcome_frame != 0);
    append_clock_cell(h, shutdown->stopping_time, shutdown->stopping_frame != 0);
    append_clock_cell(h, client->ended, client->ended != CTI_NO_TIME);
    g_string_append(t, "</tr>\n");
    g_string_free(name, TRUE);
    html_put(h);
}

static void append_other_side(html *h, const cti_maintenance *m)
{
    GString *t = h->text;

    if (m->active != CTI_NO_TIME) {
        g_string_append(t, " The other side, ");
        append_server(h, m->other_side, &m->other);
        g_string_append(t, ", was active ");
        html_took(t, cti_elapsed(m->decided, m->active));
        g_string_append(t, " later.");
    }
    if (m->none_from != CTI_NO_TIME) {
        g_string_append(t, " <b class=\"error\">No side was active for ");
        html_took(t, cti_elapsed(m->none_from, m->none_until));
        g_string_append(t, "</b>.");
    }
}

static void append_maintenance(html *h, const cti_maintenance *m)
{
    const char *outcome = cti_maintenance_outcome_name(m->outcome);
    const uint32_t shown = MIN(m->client_count, CLIENTS_MAX);
    GString *t = h->text;

    g_string_append(t, "<h3>Maintenance of ");
    append_server(h, m->side, &m->server);
    g_string_append_printf(t, ": %s</h3>\n<p>%u accepted, %u refused, %u did not vote",
                           outcome != NULL ? outcome : "outcome not captured",
                           m->votes[CTI_VOTE_ACCEPTED], m->votes[CTI_VOTE_REFUSED],
                           m->votes[CTI_VOTE_NONE]);
    if (m->votes[CTI_VOTE_UNKNOWN] > 0)
        g_string_append_printf(t, ", %u votes were not captured", m->votes[CTI_VOTE_UNKNOWN]);
    if (m->votes[CTI_VOTE_NOT_ASKED] > 0)
        g_string_append_printf(t, ", %u not asked", m->votes[CTI_VOTE_NOT_ASKED]);
    g_string_append_c(t, '.');
    append_other_side(h, m);
    g_string_append(t, "</p>\n<table class=\"votes\"><thead><tr><th scope=\"col\">session</th>"
                       "<th scope=\"col\">client</th><th scope=\"col\">vote</th>"
                       "<th scope=\"col\">asked</th><th scope=\"col\">voted</th>"
                       "<th scope=\"col\">told the outcome</th>"
                       "<th scope=\"col\">stopped requests</th>"
                       "<th scope=\"col\">connection ended</th></tr></thead>\n<tbody>\n");
    for (uint32_t i = 0; i < shown; i++)
        append_client(h, &m->clients[i]);
    g_string_append(t, "</tbody></table>\n");
    append_left_out(h, m->client_count - shown, "clients");
}

/* ---- the first screen ---- */

static void append_outage_alert(html *h, const cti_outage_history *history)
{
    GString *t = h->text;
    char words[40];

    g_string_append_printf(
        t, "<li><b class=\"warning\">outage</b> <a href=\"#servers\">%s</a> on ",
        cti_outage_words(history->component, history->peripheral, words, sizeof(words)));
    append_server(h, history->side, &history->server);
    g_string_append_printf(t, ": %u time%s, first at ", history->period_count,
                           history->period_count == 1 ? "" : "s");
    html_clock(h, t, history->periods[0].outage.from, 3);
    if (history->down_time > 0) {
        g_string_append(t, ", down for ");
        html_took(t, history->down_time);
    }
    if (history->periods[history->period_count - 1].outage.to == CTI_NO_TIME)
        g_string_append(t, "; no end was reported");
    g_string_append(t, "</li>\n");
}

static void append_maintenance_alert(html *h, const cti_maintenance *m)
{
    const char *outcome = cti_maintenance_outcome_name(m->outcome);
    GString *t = h->text;

    g_string_append(t, "<li><b class=\"planned\">maintenance</b> of ");
    append_server(h, m->side, &m->server);
    g_string_append(t, " at ");
    html_clock(h, t, m->asked, 3);
    g_string_append_printf(t, ": <a href=\"#servers\">%s</a>",
                           outcome != NULL ? outcome : "outcome not captured");
    if (m->none_from != CTI_NO_TIME) {
        g_string_append(t, "; <b class=\"error\">no side active for ");
        html_took(t, cti_elapsed(m->none_from, m->none_until));
        g_string_append(t, "</b>");
    }
    g_string_append(t, "</li>\n");
}

void html_server_alerts(html *h)
{
    for (guint i = 0; i < MIN(h->outages->len, ALERTS); i++)
        append_outage_alert(h, g_ptr_array_index(h->outages, i));
    for (guint i = 0; i < MIN(h->maintenances->len, ALERTS); i++)
        append_maintenance_alert(h, g_ptr_array_index(h->maintenances, i));
}

void html_servers(html *h)
{
    const guint shown = MIN(h->maintenances->len, MAINTENANCES_MAX);

    if (h->outages->len == 0 && h->maintenances->len == 0)
        return;
    g_string_append(h->text, "<section id=\"servers\"><h2>Outages and maintenance</h2>\n");
    append_outages(h);
    for (guint i = 0; i < shown; i++)
        append_maintenance(h, g_ptr_array_index(h->maintenances, i));
    append_left_out(h, h->maintenances->len - shown, "maintenances");
    g_string_append(h->text, "</section>\n");
    html_put(h);
}
