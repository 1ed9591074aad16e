/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The HTML page's picture of all sessions on one axis of time: a lane for each (see html_parts.h).
 *
 * Lanes are rows of a table whose head is the axis: text stays text, and a printer repeats the
 * axis on each sheet and cuts between lanes.  Places on the axis are percentages, so that a lane
 * is as wide as its cell; what has a shape (traffic, curves) is a drawing of its own in the lane
 * that is stretched. */
#include <math.h>

#include "format.h"
#include "html_parts.h"

/* Up to so many sessions have a lane each; of more, each client has one, and so many clients with
 * trouble are shown at once. */
#define LANES_AT_ONCE      60
#define LANES_WITH_TROUBLE 60
/* The least width of a stretch of traffic: a part of the axis. */
#define TRAFFIC_PARTS 400
/* The same where there are so many sessions that the page would grow too large. */
#define TRAFFIC_PARTS_MANY 200
#define MANY_SESSIONS      200
/* Sessions of a client that overlap by such a part of the axis get lanes of their own. */
#define OVERLAP_PARTS 100
/* Lanes of outages, and of maintenances; outages in a lane. */
#define SERVER_ROWS   10
#define OUTAGES_DRAWN 500
/* Half the height of a lane's traffic. */
#define TRAFFIC_HEIGHT 10

/* ---- one lane ---- */

static void append_box(html *h, const char *kind, int64_t from, int64_t to)
{
    const double left = html_at(h, from);

    g_string_append_printf(h->text,
                           "<rect class=\"%s\" x=\"%.2f%%\" width=\"%.2f%%\" height=\"100%%\">",
                           kind, left, MAX(html_at(h, to) - left, 0.1));
}

static void append_shape(html *h, const char *shape, const char *kind, int64_t time, const char *y)
{
    g_string_append_printf(h->text, "<use href=\"#%s\" class=\"%s\" x=\"%.2f%%\" y=\"%s\">", shape,
                           kind, html_at(h, time), y);
}

/* "3 heartbeats ..., 10:00:00.000 to 10:00:10.000" */
static void append_mark_title(html *h, const lane_mark *mark, const char *one, const char *many)
{
    g_string_append(h->text, "<title>");
    html_count(h->text, mark->count, one, many);
    g_string_append(h->text, ", ");
    html_clock(h, h->text, mark->from, 3);
    if (mark->to != mark->from) {
        g_string_append(h->text, " to ");
        html_clock(h, h->text, mark->to, 3);
    }
    g_string_append(h->text, "</title>");
}

static void append_marks(html *h, const html_session *s, mark_kind kind)
{
    static const struct {
        const char *shape; /* NULL for a box */
        const char *class, *y, *one, *many;
    } looks[MARK_KINDS] = {
        [MARK_SILENCE] = {NULL, "silence", NULL, "silence of the client", "silences of the client"},
        [MARK_HOLE] = {NULL, "hole", NULL, "gap in the capture", "gaps in the capture"},
        [MARK_MISSED] = {NULL, "missed", NULL, "heartbeat missed", "heartbeats missed"},
        [MARK_UNANSWERED] = {"question", "unanswered", "85%", "request without a response",
                             "requests without a response"},
        [MARK_WARNING] = {"finding", "warning", "0", "warning", "warnings"},
        [MARK_ERROR] = {"finding", "error", "0", "error", "errors"},
    };
    const GArray *marks = s->marks[kind].marks;

    for (guint i = 0; marks != NULL && i < marks->len; i++) {
        const lane_mark *mark = &g_array_index(marks, lane_mark, i);

        if (looks[kind].shape == NULL)
            append_box(h, looks[kind].class, mark->from, mark->to);
        else
            append_shape(h, looks[kind].shape, looks[kind].class, mark->from, looks[kind].y);
        append_mark_title(h, mark, looks[kind].one, looks[kind].many);
        g_string_append(h->text, looks[kind].shape == NULL ? "</rect>" : "</use>");
    }
}

/* Bars from the middle of the lane: up for the client's messages, down for the server's.  The
 * height is the logarithm of their number. */
static void append_bars(html *h, const time_grid *grid, guint row, uint32_t most)
{
    const double scale = (TRAFFIC_HEIGHT - 2) / log1p(most);
    int before = 0;

    g_string_append_printf(h->text, "<path class=\"%s\" d=\"", row == 0 ? "client" : "server");
    for (guint i = 0; i <= grid->used; i++) {
        const uint32_t count = i < grid->used ? time_grid_get(grid, i, row) : 0;
        const int height = count == 0 ? 0 : 2 + (int)(scale * log1p(count) + 0.5);
        const int y = row == 0 ? TRAFFIC_HEIGHT - height : TRAFFIC_HEIGHT + height;

        if (height == before)
            continue;
        if (before == 0)
            g_string_append_printf(h->text, "M%u %dV%d", i, TRAFFIC_HEIGHT, y);
        else
            g_string_append_printf(h->text, "H%uV%d%s", i, y, height == 0 ? "z" : "");
        before = height;
    }
    g_string_append(h->text, "\"/>");
}

static void append_traffic(html *h, const html_session *s)
{
    time_grid *grid = s->traffic;
    const int parts = h->sessions->len > MANY_SESSIONS ? TRAFFIC_PARTS_MANY : TRAFFIC_PARTS;
    uint32_t most = 1;
    double left;

    if (grid->used == 0)
        return;
    time_grid_coarsen(grid, cti_elapsed(h->from, h->to) / parts);
    for (guint i = 0; i < grid->used * 2; i++)
        most = MAX(most, grid->counts[i]);
    left = html_at(h, grid->from);
    g_string_append_printf(
        h->text,
        "<svg x=\"%.2f%%\" width=\"%.2f%%\" height=\"100%%\" "
        "viewBox=\"0 0 %u %d\" preserveAspectRatio=\"none\">",
        left,
        MAX(html_at(h, html_later(grid->from, grid->width, grid->used)) - left, 100.0 / parts),
        grid->used, 2 * TRAFFIC_HEIGHT);
    append_bars(h, grid, 0, most);
    append_bars(h, grid, 1, most);
    g_string_append(h->text, "</svg>");
}

/* An outage of the client, and its attempts in that time. */
static void append_outage(html *h, const cti_client *client, const cti_client_outage *outage)
{
    append_box(h, "down", outage->from, outage->until);
    g_string_append(h->text, "<title>no session for ");
    html_took(h->text, cti_elapsed(outage->from, outage->until));
    if (outage->attempt_count > 0)
        g_string_append(h->text, ": ");
    html_attempts(h->text, outage);
    g_string_append(h->text, "</title></rect>");
    for (uint32_t i = 0, drawn = 0; i < client->leg_count && drawn < ATTEMPTS_DRAWN; i++) {
        const cti_leg *leg = client->legs[i];

        if (leg->session != 0 || leg->began < outage->from || leg->began > outage->until)
            continue;
        drawn++;
        append_shape(h, "attempt", "attempt", leg->began, "50%");
        g_string_append_printf(h->text, "<title>connection: %s</title></use>",
                               cti_leg_outcome_name(leg->outcome));
    }
}

static void append_pieces(html *h, const html_session *s)
{
    const char *side = cti_side_name(s->side), *shape = html_end_class(s->verdict);
    const int64_t opened = s->answered != CTI_NO_TIME ? s->answered : s->began;
    char kind[16];

    append_box(h, "opening", s->began, html_was_opened(s) ? opened : s->ended);
    g_string_append(h->text, "</rect>");
    if (html_was_opened(s)) {
        g_snprintf(kind, sizeof(kind), "open %s", side != NULL ? side : "");
        append_box(h, kind, opened, s->ended);
        g_string_append(h->text, "</rect>");
    }
    append_marks(h, s, MARK_SILENCE);
    append_marks(h, s, MARK_HOLE);
    append_traffic(h, s);
    append_marks(h, s, MARK_MISSED);
    append_marks(h, s, MARK_UNANSWERED);
    append_marks(h, s, MARK_WARNING);
    append_marks(h, s, MARK_ERROR);
    append_shape(h, shape, shape, s->ended, "50%");
    g_string_append_printf(h->text, "<title>session %u: %s</title></use>", s->number,
                           cti_verdict_text(s->verdict));
}

static void open_lane(html *h, const char *label)
{
    g_string_append_printf(h->text,
                           "<svg class=\"lane\" role=\"img\" aria-label=\"%s\">"
                           "<use href=\"#ticks\" width=\"100%%\" height=\"100%%\"/>",
                           label);
}

/* ---- rows: a lane for each session, or one for all sessions of a client ---- */

static void append_name(html *h, const cti_client *client)
{
    GString *address = g_string_new(NULL);
    char *port;

    html_client_name(h->text, client);
    format_endpoint(address, &client->legs[0]->client);
    port = strrchr(address->str, ':');
    if (client->id[0] != '\0' && port != NULL)
        g_string_append_printf(h->text, " <small>%.*s</small>", (int)(port - address->str),
                               address->str);
    g_string_free(address, TRUE);
}

static void append_session_row(html *h, const html_session *s, const cti_client *client)
{
    g_string_append(h->text, "<tr><th scope=\"row\" title=\"");
    html_escape(h->text, s->client);
    g_string_append_printf(h->text, ", %s \xe2\x86\x92 %s\">", s->from, s->to);
    html_side(h->text, s->side);
    html_session_link(h->text, s->number);
    g_string_append(h->text, "<span class=\"name\">");
    html_escape(h->text, s->client);
    g_string_append(h->text, "</span></th><td>");
    open_lane(h, cti_verdict_name(s->verdict));
    append_pieces(h, s);
    for (uint32_t i = 0; i < client->outage_count; i++) {
        const cti_client_outage *outage = &client->outages[i];

        if (outage->to != NULL && outage->to->session == s->number)
            append_outage(h, client, outage);
        else if (outage->to == NULL && outage->left != NULL && outage->left->session == s->number)
            append_outage(h, client, outage);
    }
    g_string_append_printf(h->text, "</svg></td><td class=\"%s\">%s<br/><span class=\"clock\">",
                           html_end_class(s->verdict), cti_verdict_name(s->verdict));
    html_clock(h, h->text, s->ended, 3);
    g_string_append(h->text, "</span></td></tr>\n");
    html_put(h);
}

/* The client's sessions in rows of their own. */
static void append_session_rows(html *h, const cti_client *client)
{
    for (uint32_t i = 0; i < client->leg_count; i++) {
        const html_session *s = html_session_get(h, client->legs[i]->session);

        if (s != NULL)
            append_session_row(h, s, client);
    }
}

static void append_client_end(html *h, const cti_client *client)
{
    const cti_leg *last = client->legs[client->leg_count - 1];

    if (client->outage_count > 0) {
        g_string_append(h->text, "<span class=\"lost\">no session for ");
        html_took(h->text, client->outage_time);
        g_string_append(h->text, "</span><br/>");
    }
    html_side(h->text, last->side);
    g_string_append(h->text, last->session != 0 ? cti_verdict_name(last->verdict)
                                                : cti_leg_outcome_name(last->outcome));
}

/* All of the client in one row. */
static void append_client_row(html *h, const cti_client *client)
{
    const html_session *first = NULL;
    guint sessions = 0;

    for (uint32_t i = 0; i < client->leg_count; i++) {
        sessions += client->legs[i]->session != 0;
        if (first == NULL)
            first = html_session_get(h, client->legs[i]->session);
    }
    if (first == NULL)
        return;
    g_string_append_printf(h->text,
                           "<tr><th scope=\"row\" title=\"%u session%s\">"
                           "<a class=\"name\" href=\"#s%u\">",
                           sessions, sessions == 1 ? "" : "s", first->number);
    append_name(h, client);
    g_string_append(h->text, "</a></th><td>");
    open_lane(h, "sessions of the client");
    for (uint32_t i = 0; i < client->leg_count; i++) {
        const html_session *s = html_session_get(h, client->legs[i]->session);

        if (s != NULL)
            append_pieces(h, s);
    }
    for (uint32_t i = 0; i < client->outage_count; i++)
        append_outage(h, client, &client->outages[i]);
    g_string_append(h->text, "</svg></td><td>");
    append_client_end(h, client);
    g_string_append(h->text, "</td></tr>\n");
    html_put(h);
}

static bool has_trouble(const html *h, const cti_client *client)
{
    for (uint32_t i = 0; i < client->leg_count; i++) {
        const html_session *s = html_session_get(h, client->legs[i]->session);

        if (s != NULL && html_is_troubled(s))
            return true;
    }
    return client->outage_count > 0;
}

/* False where all of its sessions are left out. */
static bool is_kept(const html *h, const cti_client *client)
{
    for (uint32_t i = 0; i < client->leg_count; i++)
        if (html_session_get(h, client->legs[i]->session) != NULL)
            return true;
    return false;
}

/* True if sessions of the client were open at once, for so long that it would be seen: in one
 * lane they would hide each other. */
static bool has_overlaps(const html *h, const cti_client *client)
{
    const int64_t seen = cti_elapsed(h->from, h->to) / OVERLAP_PARTS;
    int64_t until = CTI_NO_TIME;

    for (uint32_t i = 0; i < client->leg_count; i++) {
        const cti_leg *leg = client->legs[i];

        if (leg->outcome != CTI_LEG_OPENED)
            continue;
        if (cti_elapsed(leg->opened, MIN(until, leg->ended)) > seen)
            return true;
        until = MAX(until, leg->ended);
    }
    return false;
}

static void append_client(html *h, const cti_client *client)
{
    if (has_overlaps(h, client))
        append_session_rows(h, client);
    else
        append_client_row(h, client);
}

/* Rows of clients with or without trouble, from the one of this rank on, and no more than most;
 * returns how many of them there are in all. */
static guint append_client_rows(html *h, bool trouble, guint rank, guint most)
{
    guint passed = 0;

    for (guint i = 0; i < h->clients->len; i++) {
        const cti_client *client = g_ptr_array_index(h->clients, i);

        if (has_trouble(h, client) != trouble || !is_kept(h, client))
            continue;
        if (passed >= rank && passed - rank < most)
            append_client(h, client);
        passed++;
    }
    return passed;
}

/* ---- rows of servers: a lane for each component or peripheral that was down, and for each
 * maintenance ---- */

/* The name, its side, and the begin of the lane. */
static void open_server_row(html *h, const char *name, cti_side side, const char *label)
{
    g_string_append(h->text, "<tr><th scope=\"row\">");
    html_side(h->text, side);
    g_string_append_printf(h->text, "<a class=\"name\" href=\"#servers\">%s</a></th><td>", name);
    open_lane(h, label);
}

static void append_outage_row(html *h, const cti_outage_history *history)
{
    char words[40];

    open_server_row(
        h, cti_outage_words(history->component, history->peripheral, words, sizeof(words)),
        history->side, "outages");
    for (uint32_t i = 0; i < MIN(history->period_count, OUTAGES_DRAWN); i++) {
        const cti_outage *outage = &history->periods[i].outage;

        append_box(h, outage->to != CTI_NO_TIME ? "outage" : "outage endless", outage->from,
                   outage->to != CTI_NO_TIME ? outage->to : h->to);
        g_string_append(h->text, "<title>down from ");
        html_clock(h, h->text, outage->from, 3);
        if (outage->to != CTI_NO_TIME) {
            g_string_append(h->text, " to ");
            html_clock(h, h->text, outage->to, 3);
        } else {
            g_string_append(h->text, ", no end was reported");
        }
        g_string_append(h->text, "</title></rect>");
    }
    g_string_append_printf(h->text, "</svg></td><td>%u\xc3\x97 down</td></tr>\n",
                           history->period_count);
    html_put(h);
}

/* From the question to the outcome, and the time without an active side. */
static void append_maintenance_row(html *h, const cti_maintenance *m)
{
    const char *outcome = cti_maintenance_outcome_name(m->outcome);

    open_server_row(h, "maintenance", m->side, "maintenance");
    append_box(h, "vote", m->asked, m->decided != CTI_NO_TIME ? m->decided : m->asked);
    g_string_append(h->text, "<title>asked at ");
    html_clock(h, h->text, m->asked, 3);
    if (m->decided != CTI_NO_TIME) {
        g_string_append(h->text, ", decided at ");
        html_clock(h, h->text, m->decided, 3);
    }
    g_string_append(h->text, "</title></rect>");
    if (m->none_from != CTI_NO_TIME) {
        append_box(h, "outage", m->none_from, m->none_until);
        g_string_append(h->text, "<title>no side active</title></rect>");
    }
    g_string_append_printf(h->text, "</svg></td><td>%s</td></tr>\n",
                           outcome != NULL ? outcome : "outcome not captured");
    html_put(h);
}

static void append_server_rows(html *h)
{
    for (guint i = 0; i < MIN(h->outages->len, SERVER_ROWS); i++)
        append_outage_row(h, g_ptr_array_index(h->outages, i));
    for (guint i = 0; i < MIN(h->maintenances->len, SERVER_ROWS); i++)
        append_maintenance_row(h, g_ptr_array_index(h->maintenances, i));
}

/* ---- groups of lanes ---- */

static void end_table(html *h)
{
    g_string_append(h->text, "</tbody></table>\n");
    html_put(h);
}

static void append_folded(html *h, bool trouble, guint rank, const char *about)
{
    const guint clients = append_client_rows(h, trouble, 0, 0);

    if (clients <= rank)
        return;
    g_string_append(h->text, "<details><summary>");
    html_count(h->text, clients - rank, "client", "clients");
    g_string_append_printf(h->text, " %s</summary>\n", about);
    html_axis(h, "A lane for each of the other clients", "client", "end");
    append_client_rows(h, trouble, rank, G_MAXUINT);
    end_table(h);
    g_string_append(h->text, "</details>\n");
}

static void append_lanes(html *h)
{
    if (h->sessions->len <= LANES_AT_ONCE) {
        html_axis(h, "A lane for each session, by client", "session", "end");
        append_server_rows(h);
        for (guint i = 0; i < h->clients->len; i++)
            append_session_rows(h, g_ptr_array_index(h->clients, i));
        end_table(h);
        return;
    }
    if (h->kept[1] > 0) {
        html_axis(h, "A lane for each client with trouble", "client", "end");
        append_server_rows(h);
        append_client_rows(h, true, 0, LANES_WITH_TROUBLE);
        end_table(h);
    }
    append_folded(h, true, LANES_WITH_TROUBLE, "more with trouble");
    append_folded(h, false, 0, "without trouble: nothing lost, no error, no warning");
}

/* ---- the section ---- */

static void append_legend(html *h)
{
    g_string_append(
        h->text,
        "<ul class=\"legend\">"
        "<li><svg><rect class=\"open A\" width=\"100%\" height=\"100%\"/></svg>open on side A</li>"
        "<li><svg><rect class=\"open B\" width=\"100%\" height=\"100%\"/></svg>open on side B</li>"
        "<li><svg><rect class=\"opening\" x=\"1\" y=\"1\" width=\"18\" "
        "height=\"14\"/></svg>opening, until OPEN_CONF</li>"
        "<li><svg><path class=\"client\" d=\"M2 8V2h3v6h3V4h3v4z\"/>"
        "<path class=\"server\" d=\"M2 8v6h3V8h3v4h3V8z\"/></svg>messages: client's up, server's "
        "down</li>"
        "<li><svg><rect class=\"silence\" width=\"100%\" height=\"100%\"/></svg>silence of the "
        "client</li>"
        "<li><svg><rect class=\"missed\" x=\"8\" width=\"2\" height=\"100%\"/></svg>heartbeat "
        "missed</li>"
        "<li><svg><rect class=\"down\" y=\"6\" width=\"100%\" height=\"4\"/></svg>client without a "
        "session</li>"
        "<li><svg><rect class=\"outage\" width=\"100%\" height=\"100%\"/></svg>component or "
        "peripheral down, no side active</li>"
        "<li><svg><rect class=\"vote\" width=\"100%\" height=\"100%\"/></svg>vote on a "
        "maintenance</li>"
        "<li><svg><use href=\"#attempt\" class=\"attempt\" x=\"9\" y=\"8\"/></svg>connection that "
        "failed</li>"
        "<li><svg><rect class=\"hole\" x=\"6\" width=\"6\" height=\"100%\"/></svg>gap in the "
        "capture</li>"
        "<li><svg><use href=\"#finding\" class=\"error\" x=\"6\" y=\"4\"/><use href=\"#finding\" "
        "class=\"warning\" x=\"16\" y=\"4\"/></svg>error, warning</li>"
        "<li><svg><use href=\"#question\" class=\"unanswered\" x=\"9\" y=\"6\"/></svg>request "
        "without a response</li>"
        "<li><svg><use href=\"#lost\" class=\"lost\" x=\"9\" y=\"8\"/></svg>lost</li>"
        "<li><svg><use href=\"#planned\" class=\"planned\" x=\"9\" y=\"8\"/></svg>ended for "
        "maintenance, or replaced</li>"
        "<li><svg><use href=\"#closed\" class=\"closed\" x=\"9\" y=\"8\"/></svg>closed</li>"
        "<li><svg><use href=\"#goes-on\" class=\"goes-on\" x=\"12\" y=\"8\"/></svg>still open</li>"
        "</ul>\n");
}

/* Where the axis is shorter than the capture. */
static void append_left_out_time(html *h)
{
    if (h->from <= h->summary->first_time && h->to >= h->summary->last_time)
        return;
    g_string_append(h->text,
                    "<p class=\"left-out\">The axis goes from the first session to the end "
                    "of the last one; the capture goes from ");
    times_date(h->text, h->options->times, h->summary->first_time, 0);
    g_string_append(h->text, " to ");
    times_date(h->text, h->options->times, h->summary->last_time, 0);
    g_string_append(h->text, ".</p>\n");
}

void html_lanes(html *h)
{
    if (h->sessions->len == 0)
        return;
    g_string_append(h->text, "<section id=\"lanes\"><h2>Sessions over time</h2>\n");
    html_shapes(h);
    html_open_sessions(h);
    append_legend(h);
    append_left_out_time(h);
    append_lanes(h);
    g_string_append(h->text, "</section>\n");
    html_put(h);
}
