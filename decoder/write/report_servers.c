/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What servers went through, as all of their sessions show it: outages of components and
 * peripherals, and graceful shutdowns.  The first screen has a line for each of the first ones; the
 * sections follow the table of sessions.
 *
 *     Outages
 *       side A 10.0.0.1:42027, PGS_CC_DOWN: 1 time, 21.012 s in all
 *         10:00:16.050000  down for 21.012 s, until 10:00:37.062  #22 #40, session 1
 *
 *     Maintenance of side A 10.0.0.1:42027: cancelled
 *       10:00:11.047000  ACTIVE_MAINTENANCE_REQ to 3 clients  #52
 *       10:00:11.147000  F3 (session 3) refused after 0.100 s  #60
 *       10:00:12.147000  ACTIVE_MAINTENANCE_EVENT: cancelled  #64
 */
#include <string.h>

#include "codec/text.h"
#include "format.h"
#include "ink.h"
#include "report_parts.h"

/* On the first screen; in all; periods of one outage; clients in one maintenance. */
#define FIRST_SHOWN       2
#define OUTAGES_SHOWN     30
#define PERIODS_SHOWN     20
#define MAINTENANCE_SHOWN 10
#define VOTES_SHOWN       30

/* ---- words ---- */

static void append_server(GString *text, cti_side side, const endpoint *server)
{
    if (cti_side_name(side) != NULL)
        g_string_append_printf(text, "side %s ", cti_side_name(side));
    format_endpoint(text, server);
}

static void append_side(GString *text, cti_side side, const endpoint *server)
{
    if (cti_side_name(side) != NULL)
        g_string_append_printf(text, "side %s", cti_side_name(side));
    else
        format_endpoint(text, server);
}

static const char *outage_words(const cti_outage_history *history, char *words, size_t size)
{
    return cti_outage_words(history->component, history->peripheral, words, size);
}

/* "1 time", "3 times": of those whose end was reported, how long in all. */
static void append_times(GString *text, const cti_outage_history *history)
{
    g_string_append_printf(text, "%u time%s", history->period_count,
                           report_plural(history->period_count));
    if (history->down_time > 0) {
        g_string_append(text, ", ");
        report_seconds(text, history->down_time);
        g_string_append(text, " in all");
    }
}

static const char *outcome_words(cti_maintenance_outcome outcome)
{
    const char *name = cti_maintenance_outcome_name(outcome);

    if (outcome == CTI_MAINTENANCE_DIFFERS)
        return "not the same outcome for all clients";
    return name != NULL ? name : "the outcome was not captured";
}

static void append_frame(GString *text, uint32_t frame)
{
    if (frame != 0)
        g_string_append_printf(text, "  #%u", frame);
}

/* ---- the first screen ---- */

static void append_first_outage(GString *text, const report *r, const cti_outage_history *history)
{
    const cti_outage *first = &history->periods[0].outage;
    char words[40];

    ink_text(text, r->options->colour, INK_WARNING, "outage", 10);
    g_string_append_printf(text, "%s on ", outage_words(history, words, sizeof(words)));
    append_side(text, history->side, &history->server);
    g_string_append(text, ": ");
    append_times(text, history);
    g_string_append(text, first->begin_unknown ? ", first reported at " : ", first at ");
    times_clock(text, r->options->times, first->from, 3);
    if (history->periods[history->period_count - 1].outage.to == CTI_NO_TIME)
        g_string_append(text, "; no end was reported");
    g_string_append_c(text, '\n');
}

static void append_votes(GString *text, const cti_maintenance *m)
{
    static const char *const words[CTI_VOTES] = {"accepted", "refused", "did not vote",
                                                 "with a vote that was not captured", "not asked"};
    const char *separator = " (";

    for (cti_vote vote = 0; vote < CTI_VOTES; vote++) {
        if (m->votes[vote] == 0)
            continue;
        g_string_append_printf(text, "%s%u %s", separator, m->votes[vote], words[vote]);
        separator = ", ";
    }
    g_string_append_c(text, ')');
}

static void append_first_maintenance(GString *text, const report *r, const cti_maintenance *m)
{
    ink_text(text, r->options->colour, INK_PLANNED, "shutdown", 10);
    append_side(text, m->side, &m->server);
    g_string_append(text, " at ");
    times_clock(text, r->options->times, m->asked, 3);
    g_string_append_printf(text, ": %s", outcome_words(m->outcome));
    append_votes(text, m);
    if (m->active != CTI_NO_TIME) {
        g_string_append(text, "; ");
        append_side(text, m->other_side, &m->other);
        g_string_append(text, " active after ");
        report_seconds(text, cti_elapsed(m->decided, m->active));
    }
    if (m->none_from != CTI_NO_TIME) {
        g_string_append(text, "; no side active for ");
        report_seconds(text, cti_elapsed(m->none_from, m->none_until));
    }
    g_string_append_c(text, '\n');
}

static void append_more(GString *text, const char *label, guint count)
{
    if (count > FIRST_SHOWN)
        g_string_append_printf(text, "%-9s ... and %u more below\n", label, count - FIRST_SHOWN);
}

void report_first_servers(const report *r, GString *text)
{
    for (guint i = 0; i < MIN(r->outages->len, FIRST_SHOWN); i++)
        append_first_outage(text, r, g_ptr_array_index(r->outages, i));
    append_more(text, "outage", r->outages->len);
    for (guint i = 0; i < MIN(r->maintenances->len, FIRST_SHOWN); i++)
        append_first_maintenance(text, r, g_ptr_array_index(r->maintenances, i));
    append_more(text, "shutdown", r->maintenances->len);
    report_print(r, text);
}

/* ---- outages ---- */

static void append_sessions(GString *text, const cti_outage_period *period)
{
    const uint32_t named = MIN(period->session_count, CTI_OUTAGE_SESSIONS_MAX);

    g_string_append_printf(text, ", session%s", report_plural(period->session_count));
    for (uint32_t i = 0; i < named; i++)
        g_string_append_printf(text, " %u", period->sessions[i]);
    if (named < period->session_count)
        g_string_append_printf(text, " and %u more", period->session_count - named);
}

static void append_period(GString *text, const report *r, const cti_outage_period *period)
{
    const cti_outage *outage = &period->outage;

    g_string_append(text, "    ");
    times_cell(text, r->options->times, outage->from, r->digits);
    g_string_append(text, outage->begin_unknown ? "  down, perhaps for longer" : "  down");
    if (outage->to == CTI_NO_TIME) {
        g_string_append(text, "; no end was reported");
    } else {
        g_string_append(text, outage->begin_unknown ? ", and then for " : " for ");
        report_seconds(text, MAX(cti_elapsed(outage->from, outage->to), 0));
        g_string_append(text, ", until ");
        times_clock(text, r->options->times, outage->to, 3);
    }
    if (outage->in_doubt)
        g_string_append(text, "; bytes of the server are missing from that time");
    append_frame(text, outage->from_frame);
    if (outage->to_frame != 0)
        g_string_append_printf(text, " #%u", outage->to_frame);
    append_sessions(text, period);
    g_string_append_c(text, '\n');
}

static void append_outage(GString *text, const report *r, const cti_outage_history *history)
{
    char words[40];

    g_string_append(text, "  ");
    append_server(text, history->side, &history->server);
    g_string_append_printf(text, ", %s: ", outage_words(history, words, sizeof(words)));
    append_times(text, history);
    g_string_append_c(text, '\n');
    for (uint32_t i = 0; i < MIN(history->period_count, PERIODS_SHOWN); i++)
        append_period(text, r, &history->periods[i]);
    if (history->period_count > PERIODS_SHOWN)
        g_string_append_printf(text, "    ... and %u more: -T json has all\n",
                               history->period_count - PERIODS_SHOWN);
    report_print(r, text);
}

static void append_heading(GString *text, const report *r, const char *heading)
{
    g_string_append_c(text, '\n');
    ink_text(text, r->options->colour, INK_HEADING, heading, 0);
}

static void append_outages(const report *r, GString *text)
{
    if (r->outages->len == 0)
        return;
    append_heading(text, r, "Outages of components and peripherals");
    g_string_append_c(text, '\n');
    for (guint i = 0; i < MIN(r->outages->len, OUTAGES_SHOWN); i++)
        append_outage(text, r, g_ptr_array_index(r->outages, i));
    if (r->outages->len > OUTAGES_SHOWN)
        g_string_append_printf(text, "  ... and %u more: -T json has all\n",
                               r->outages->len - OUTAGES_SHOWN);
}

/* ---- maintenance ---- */

/* A line of the section; lines are sorted by time. */
typedef struct line {
    int64_t time;
    guint order; /* of lines of the same time */
    GString *words;
} line;

static GString *new_line(GArray *lines, int64_t time)
{
    const line added = {time, lines->len, g_string_new(NULL)};

    g_array_append_val(lines, added);
    return added.words;
}

static gint compare_lines(gconstpointer a, gconstpointer b)
{
    const line *x = a, *y = b;

    if (x->time != y->time)
        return x->time > y->time ? 1 : -1;
    return (x->order > y->order) - (x->order < y->order);
}

static void append_lines(GString *text, const report *r, GArray *lines)
{
    g_array_sort(lines, compare_lines);
    for (guint i = 0; i < lines->len; i++) {
        const line *l = &g_array_index(lines, line, i);

        g_string_append(text, "  ");
        times_cell(text, r->options->times, l->time, r->digits);
        g_string_append_printf(text, "  %s\n", l->words->str);
        g_string_free(l->words, TRUE);
    }
}

static void append_client(GString *words, const cti_maintenance_client *client)
{
    if (client->id[0] != '\0')
        cti_text_bytes(words, client->id, strlen(client->id));
    else
        format_endpoint(words, &client->client);
    g_string_append_printf(words, " (session %u)", client->session);
}

/* "F3 (session 3) refused after 0.100 s". */
static void add_vote(GArray *lines, const cti_maintenance *m, const cti_maintenance_client *client)
{
    static const char *const votes[CTI_VOTES] = {" accepted", " refused", " did not vote",
                                                 ": the vote was not captured", " was not asked"};
    const cti_shutdown *shutdown = &client->shutdown;
    const bool voted = shutdown->vote_frame != 0;
    GString *words = new_line(lines, voted                        ? shutdown->vote_time
                                     : shutdown->asked_frame != 0 ? shutdown->asked_time
                                                                  : m->asked);

    append_client(words, client);
    g_string_append(words, votes[client->vote]);
    if (voted && shutdown->asked_frame != 0) {
        g_string_append(words, " after ");
        report_seconds(words, cti_elapsed(shutdown->asked_time, shutdown->vote_time));
    }
    if (cti_shutdown_is_other_id(shutdown))
        g_string_append(words, ", with another InvokeID");
    append_frame(words, shutdown->vote_frame);
}

/* How the client left, and when the connection ended. */
static void add_departure(GArray *lines, const cti_maintenance_client *client)
{
    const cti_shutdown *shutdown = &client->shutdown;
    const char *by = client->ended_by == CTI_CLIENT ? "client" : "server";
    GString *words;

    if (!shutdown->continues)
        return;
    if (shutdown->stopping_frame != 0) {
        words = new_line(lines, shutdown->stopping_time);
        append_client(words, client);
        g_string_append(words, " sent STOPPING_REQUESTS_TO_THIS_SIDE_IND");
        append_frame(words, shutdown->stopping_frame);
    }
    if (client->ended != CTI_NO_TIME) {
        words = new_line(lines, client->ended);
        append_client(words, client);
        g_string_append_printf(words, ": the %s ended the connection", by);
        if (shutdown->stopping_frame != 0) {
            g_string_append(words, " after ");
            report_seconds(words, cti_elapsed(shutdown->stopping_time, client->ended));
        }
        append_frame(words, client->ended_frame);
    }
}

static void add_other_side(GArray *lines, const cti_maintenance *m)
{
    GString *words;

    if (m->active != CTI_NO_TIME) {
        words = new_line(lines, m->active);
        append_side(words, m->other_side, &m->other);
        g_string_append_printf(words, " active, by session %u", m->active_session);
        append_frame(words, m->active_frame);
    }
    if (m->none_from == CTI_NO_TIME)
        return;
    words = new_line(lines, m->none_from);
    g_string_append(words, "no side active for ");
    report_seconds(words, cti_elapsed(m->none_from, m->none_until));
    if (m->active == CTI_NO_TIME)
        g_string_append_printf(words, ", until session %u ended", m->waiting_session);
}

static void add_server(GArray *lines, const cti_maintenance *m)
{
    const uint32_t asked = m->client_count - m->votes[CTI_VOTE_NOT_ASKED];
    GString *words;

    if (m->asked_frame != 0) {
        words = new_line(lines, m->asked);
        g_string_append_printf(words, "ACTIVE_MAINTENANCE_REQ to %u client%s", asked,
                               report_plural(asked));
        append_frame(words, m->asked_frame);
    }
    if (m->decided != CTI_NO_TIME)
        g_string_append_printf(new_line(lines, m->decided), "ACTIVE_MAINTENANCE_EVENT: %s",
                               outcome_words(m->outcome));
}

/* Those that did not accept first: of many clients, they are what matters. */
static void add_clients(GArray *lines, const cti_maintenance *m)
{
    guint shown = 0;

    for (int accepted = 0; accepted <= 1; accepted++)
        for (uint32_t i = 0; i < m->client_count && shown < VOTES_SHOWN; i++) {
            if ((m->clients[i].vote == CTI_VOTE_ACCEPTED) != (accepted == 1))
                continue;
            add_vote(lines, m, &m->clients[i]);
            add_departure(lines, &m->clients[i]);
            shown++;
        }
}

static void append_maintenance(GString *text, const report *r, const cti_maintenance *m)
{
    GArray *lines = g_array_new(FALSE, FALSE, sizeof(line));

    append_heading(text, r, "Maintenance of ");
    append_server(text, m->side, &m->server);
    g_string_append_printf(text, ": %s", outcome_words(m->outcome));
    append_votes(text, m);
    g_string_append_c(text, '\n');
    add_server(lines, m);
    add_clients(lines, m);
    add_other_side(lines, m);
    append_lines(text, r, lines);
    if (m->client_count > VOTES_SHOWN)
        g_string_append_printf(text, "  ... and %u more clients: -T json has all\n",
                               m->client_count - VOTES_SHOWN);
    g_array_unref(lines);
    report_print(r, text);
}

void report_servers(const report *r, GString *text)
{
    append_outages(r, text);
    for (guint i = 0; i < MIN(r->maintenances->len, MAINTENANCE_SHOWN); i++)
        append_maintenance(text, r, g_ptr_array_index(r->maintenances, i));
    if (r->maintenances->len > MAINTENANCE_SHOWN)
        g_string_append_printf(text, "\n%u more maintenances: -T json has all\n",
                               r->maintenances->len - MAINTENANCE_SHOWN);
    report_print(r, text);
}
