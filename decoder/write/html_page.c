/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The HTML page's head, first screen and foot (see html_parts.h).  The first screen answers what
 * was lost, why, who and when, before anything else. */
#include <string.h>

#include "codec/text.h"
#include "format.h"
#include "html_parts.h"
#include "report_css.h"

/* Up to so many lost sessions stand for themselves; more are put together by verdict and
 * server, and so many of these groups are shown at once. */
#define LOST_APART     4
#define GROUPS_AT_ONCE 8
/* Names in a group of lost sessions, notes, and storms that are shown at once. */
#define NAMES_AT_ONCE  4
#define NOTES_AT_ONCE  4
#define STORMS_AT_ONCE 2

/* ---- head ---- */

/* The style sheet is allowed by its hash, nothing else at all. */
static void append_policy(GString *to)
{
    GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA256);
    guint8 digest[32];
    gsize size = sizeof(digest);
    char *words;

    g_checksum_update(checksum, report_css, (gssize)report_css_size);
    g_checksum_get_digest(checksum, digest, &size);
    words = g_base64_encode(digest, size);
    g_string_append_printf(
        to,
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
        "'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'\"/>\n",
        words);
    g_free(words);
    g_checksum_free(checksum);
}

/* How many sessions were open and lost, and how many never opened. */
static void count_lost(const html *h, uint64_t *lost, uint64_t *never_opened)
{
    *lost = *never_opened = 0;
    for (guint verdict = 0; verdict < CTI_VERDICT_COUNT; verdict++) {
        const bool refused = verdict == CTI_VERDICT_REJECTED ||
                             verdict == CTI_VERDICT_OPEN_UNANSWERED ||
                             verdict == CTI_VERDICT_NOTHING_SEEN;

        if (cti_verdict_is_lost((cti_verdict)verdict))
            *(refused ? never_opened : lost) += h->verdicts[verdict];
    }
}

/* All, but for a selection. */
static uint64_t sessions_told(const html *h)
{
    uint64_t all = 0;

    for (guint verdict = 0; verdict < CTI_VERDICT_COUNT; verdict++)
        all += h->verdicts[verdict];
    return all;
}

/* "2 of 5 sessions were lost, 1 never opened" */
static void append_headline(const html *h, GString *to)
{
    const uint64_t all = sessions_told(h);
    const char *chosen = all < h->summary->sessions ? "chosen " : "";
    uint64_t lost, never_opened;

    count_lost(h, &lost, &never_opened);
    if (all == 0)
        g_string_append(to, h->summary->sessions == 0 ? "No CTI session in this capture"
                                                      : "No session was chosen");
    else if (lost + never_opened == 0)
        g_string_append_printf(to, "No %ssession was lost", chosen);
    else if (all == 1)
        g_string_append_printf(to, "The %ssession %s", chosen,
                               lost > 0 ? "was lost" : "never opened");
    else
        g_string_append_printf(to, "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " %ssession%s %s",
                               lost > 0 ? lost : never_opened, all, chosen, all == 1 ? "" : "s",
                               lost == 0   ? "never opened"
                               : lost == 1 ? "was lost"
                                           : "were lost");
    if (lost > 0 && never_opened > 0)
        g_string_append_printf(to, ", %" G_GUINT64_FORMAT " never opened", never_opened);
}

void html_head(html *h)
{
    GString *t = h->text;

    g_string_append(t, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n");
    append_policy(t);
    g_string_append(t,
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
                    "<meta name=\"color-scheme\" content=\"light dark\"/>\n"
                    "<meta name=\"referrer\" content=\"no-referrer\"/>\n"
                    "<meta name=\"generator\" content=\"ctidump " CTIDUMP_VERSION "\"/>\n<title>");
    append_headline(h, t);
    if (h->summary->first_time != CTI_NO_TIME) {
        g_string_append(t, ", CTI capture of ");
        times_date(t, h->options->times, h->summary->first_time, 0);
    }
    g_string_append(t, "</title>\n<style>");
    g_string_append_len(t, (const char *)report_css, (gssize)report_css_size);
    g_string_append(t, "</style>\n</head>\n<body>\n");
    html_put(h);
}

/* ---- what was captured ---- */

static void append_capture(html *h)
{
    const summary_record *summary = h->summary;
    GString *t = h->text;

    g_string_append(t, "<p class=\"capture\">");
    if (summary->first_time != CTI_NO_TIME) {
        g_string_append(t, "Captured from <b>");
        times_date(t, h->options->times, summary->first_time, h->digits);
        g_string_append(t, "</b> on, ");
        format_duration(t, cti_elapsed(summary->first_time, summary->last_time));
        g_string_append(t, " long: ");
    }
    html_count(t, summary->packets, "packet", "packets");
    g_string_append(t, " in ");
    html_count(t, summary->files, "file", "files");
    g_string_append(t, "; ");
    html_count(t, summary->connections, "connection", "connections");
    g_string_append(t, " with CTI, ");
    g_string_append_printf(t, "%u without; ", summary->other_connections);
    html_count(t, summary->messages, "message", "messages");
    if (sessions_told(h) < summary->sessions)
        g_string_append_printf(t, "; <b>chosen of them: %" G_GUINT64_FORMAT " of %u sessions</b>",
                               sessions_told(h), summary->sessions);
    g_string_append(t, ".</p>\n<p class=\"state\">");
    g_string_append(t, h->options->text_flags & CTI_TEXT_SECRETS
                           ? "<b class=\"error\">Passwords are shown</b>; "
                           : "Passwords are not shown; ");
    g_string_append(t,
                    h->options->redacted
                        ? "names, numbers and addresses are <b>redacted</b>: a token stands for "
                          "each, the same for the same value.</p>\n"
                        : "other values (names, numbers, addresses, what callers entered) are as "
                          "they were captured; --redact replaces them.</p>\n");
}

static void append_note(html *h, const char *text)
{
    GString *note = g_string_new(NULL);

    cti_text_bytes(note, text, strlen(text));
    g_string_append(h->text, "<li>");
    html_escape(h->text, note->str);
    g_string_append(h->text, "</li>\n");
    g_string_free(note, TRUE);
}

static void append_notes(html *h)
{
    const summary_record *summary = h->summary;
    const uint32_t shown = MIN(summary->note_count, NOTES_AT_ONCE);

    if (summary->note_count == 0 && h->tls_connections == 0 && summary->sessions > 0)
        return;
    g_string_append(h->text, "<ul class=\"notes\">\n");
    if (summary->sessions == 0)
        append_note(h,
                    "no CTI session: is the port right (-d PORT), and was the capture taken where "
                    "the client's traffic passes?");
    if (h->tls_connections > 0) {
        g_string_append(h->text, "<li>");
        html_count(h->text, h->tls_connections, "connection is", "connections are");
        g_string_append(h->text, " encrypted with TLS: decrypt with Wireshark and a key log file "
                                 "first</li>\n");
    }
    for (uint32_t i = 0; i < shown; i++)
        append_note(h, summary->notes[i]);
    g_string_append(h->text, "</ul>\n");
    if (shown == summary->note_count)
        return;
    g_string_append_printf(h->text,
                           "<details><summary>%u more notes</summary>\n<ul class=\"notes\">\n",
                           summary->note_count - shown);
    for (uint32_t i = shown; i < summary->note_count; i++)
        append_note(h, summary->notes[i]);
    g_string_append(h->text, "</ul></details>\n");
}

/* ---- why sessions were lost ---- */

static gint compare_ends(gconstpointer a, gconstpointer b)
{
    const html_session *x = *(html_session *const *)a, *y = *(html_session *const *)b;

    if (x->ended != y->ended)
        return x->ended < y->ended ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

/* Lost sessions in the order of their ends. */
static GPtrArray *lost_sessions(const html *h)
{
    GPtrArray *lost = g_ptr_array_new();

    for (guint i = 0; i < h->sessions->len; i++) {
        html_session *s = g_ptr_array_index(h->sessions, i);

        if (cti_verdict_is_lost(s->verdict))
            g_ptr_array_add(lost, s);
    }
    g_ptr_array_sort(lost, compare_ends);
    return lost;
}

static void append_finding(html *h, const html_finding *f, const char *rule)
{
    const char *severity = cti_severity_name(f->severity);

    g_string_append_printf(h->text, "<li><b class=\"%s\">%s <a href=\"#%s\">%s</a></b> ", severity,
                           severity, rule, rule);
    html_escape(h->text, f->words);
    g_string_append(h->text, "</li>\n");
}

/* The session's findings of this severity. */
static void append_severity(html *h, const html_session *s, cti_severity severity)
{
    for (guint rule = 0; rule < CTI_RULE_COUNT; rule++) {
        const GPtrArray *kept = h->rules[rule].kept;

        for (guint i = 0; kept != NULL && i < kept->len; i++) {
            const html_finding *f = g_ptr_array_index(kept, i);

            if (f->session == s->number && f->severity == severity)
                append_finding(h, f, cti_rule_name((cti_rule)rule));
        }
    }
}

/* Errors and warnings of the session. */
static void append_findings(html *h, const html_session *s)
{
    const gsize before = h->text->len;
    gsize opened;

    g_string_append(h->text, "<ul class=\"finding-list\">\n");
    opened = h->text->len;
    append_severity(h, s, CTI_ERROR);
    append_severity(h, s, CTI_WARNING);
    if (h->text->len == opened)
        g_string_truncate(h->text, before);
    else
        g_string_append(h->text, "</ul>\n");
}

static void append_alone(html *h, const html_session *s)
{
    GString *t = h->text;

    g_string_append_printf(t, "<article class=\"cause\">\n<h3>%s</h3>\n",
                           cti_verdict_text(s->verdict));
    html_explain_verdict(h, s->verdict);
    g_string_append(t, "<dl>\n<dt>who</dt><dd><b>");
    html_escape(t, s->client);
    g_string_append_printf(t, "</b>, %s \xe2\x86\x92 ", s->from);
    html_side(t, s->side);
    g_string_append_printf(t, "%s, <a href=\"#s%u\">session %u</a></dd>\n<dt>when</dt><dd>", s->to,
                           s->number, s->number);
    times_moment(t, h->options->times, s->ended, h->digits);
    if (s->end_frame != 0)
        g_string_append_printf(t, ", frame %u", s->end_frame);
    g_string_append(t, ", after ");
    format_duration(t, cti_elapsed(s->began, s->ended));
    g_string_append_printf(t, "</dd>\n<dt>verdict</dt><dd><code>%s</code></dd>\n%s</dl>\n",
                           cti_verdict_name(s->verdict), s->evidence->str);
    append_findings(h, s);
    g_string_append(t, "</article>\n");
    html_put(h);
}

static void append_name(html *h, const html_session *s)
{
    g_string_append_printf(h->text, "<li><a href=\"#s%u\">", s->number);
    html_escape(h->text, s->client);
    g_string_append(h->text, "</a> <span class=\"clock\">");
    html_clock(h, h->text, s->ended, 3);
    g_string_append(h->text, "</span></li>\n");
}

static void append_name_list(html *h, const GPtrArray *group, guint from, guint until)
{
    g_string_append(h->text, "<ul class=\"names\">\n");
    for (guint i = from; i < until; i++)
        append_name(h, g_ptr_array_index(group, i));
    g_string_append(h->text, "</ul>\n");
}

static void append_names(html *h, const GPtrArray *group)
{
    const guint shown = group->len <= NAMES_AT_ONCE + 2 ? group->len : NAMES_AT_ONCE;

    append_name_list(h, group, 0, shown);
    if (shown == group->len)
        return;
    g_string_append_printf(h->text, "<details><summary>and %u more</summary>\n",
                           group->len - shown);
    append_name_list(h, group, shown, group->len);
    g_string_append(h->text, "</details>\n");
}

/* Sessions that were lost in the same way with the same server. */
static bool is_of_group(const html_session *first, const html_session *s)
{
    return s->verdict == first->verdict && strcmp(s->to, first->to) == 0;
}

static void append_group(html *h, const GPtrArray *group)
{
    const html_session *first = g_ptr_array_index(group, 0);
    const html_session *last = g_ptr_array_index(group, group->len - 1);
    GString *t = h->text;

    g_string_append_printf(t, "<article class=\"cause%s\">\n<h3>",
                           html_was_opened(first) ? "" : " refused");
    html_count(t, group->len, "session", "sessions");
    g_string_append_printf(t, ": %s</h3>\n<dl>\n<dt>when</dt><dd>",
                           cti_verdict_text(first->verdict));
    times_moment(t, h->options->times, first->ended, h->digits);
    if (last->ended != first->ended) {
        g_string_append(t, ", the last one ");
        html_took(t, cti_elapsed(first->ended, last->ended));
        g_string_append(t, " later");
    }
    g_string_append(t, "</dd>\n<dt>server</dt><dd>");
    html_side(t, first->side);
    g_string_append_printf(t, "%s <code>%s</code></dd>\n<dt>who</dt><dd>", first->to,
                           cti_verdict_name(first->verdict));
    append_names(h, group);
    g_string_append(t, "</dd>\n</dl>\n");
    g_string_append(t, "<details><summary>what it means, and the evidence</summary>\n");
    html_explain_verdict(h, first->verdict);
    if (first->evidence->len > 0)
        g_string_append_printf(t,
                               "<p>As <a href=\"#s%u\">session %u</a> shows:</p>\n<dl>\n%s</dl>\n",
                               first->number, first->number, first->evidence->str);
    g_string_append(t, "</details>\n");
    g_string_append(t, "</article>\n");
    html_put(h);
}

/* The lost sessions in groups: first those that had been open, then those that never were. */
static guint append_groups(html *h, const GPtrArray *lost, bool opened, guint groups)
{
    bool *done = g_new0(bool, lost->len);

    for (guint first = 0; first < lost->len; first++) {
        const html_session *leader = g_ptr_array_index(lost, first);
        GPtrArray *group;

        if (done[first] || html_was_opened(leader) != opened)
            continue;
        group = g_ptr_array_new();
        for (guint i = first; i < lost->len; i++) {
            html_session *s = g_ptr_array_index(lost, i);

            if (!is_of_group(leader, s))
                continue;
            done[i] = true;
            g_ptr_array_add(group, s);
        }
        if (groups++ == GROUPS_AT_ONCE)
            g_string_append(h->text, "</div>\n<details><summary>more lost sessions</summary>\n"
                                     "<div class=\"causes\">\n");
        append_group(h, group);
        g_ptr_array_unref(group);
    }
    g_free(done);
    return groups;
}

static void append_only_counted(html *h, guint told)
{
    uint64_t opened, never_opened;

    count_lost(h, &opened, &never_opened);
    if (opened + never_opened > told)
        g_string_append_printf(h->text,
                               "<p class=\"left-out\">%" G_GUINT64_FORMAT " more are only counted: "
                               "-T json has all; --client, --session and --from choose.</p>\n",
                               opened + never_opened - told);
}

static void append_causes(html *h)
{
    GPtrArray *lost = lost_sessions(h);
    guint groups = 0;

    if (lost->len > 0)
        g_string_append(h->text, "<section id=\"why\"><h2>Why</h2>\n<div class=\"causes\">\n");
    if (lost->len > LOST_APART) {
        groups = append_groups(h, lost, true, 0);
        groups = append_groups(h, lost, false, groups);
    } else {
        for (guint i = 0; i < lost->len; i++)
            append_alone(h, g_ptr_array_index(lost, i));
    }
    if (lost->len > 0) {
        g_string_append_printf(h->text, "</div>%s\n", groups > GROUPS_AT_ONCE ? "</details>" : "");
        append_only_counted(h, lost->len);
        g_string_append(h->text, "</section>\n");
    }
    g_ptr_array_unref(lost);
}

/* ---- the first screen ---- */

static void append_tile(html *h, uint64_t count, const char *kind, const char *one,
                        const char *many, const char *where)
{
    g_string_append_printf(
        h->text, "<li class=\"%s\"><a href=\"#%s\"><b>%" G_GUINT64_FORMAT "</b> %s</a></li>\n",
        count > 0 ? kind : "zero", where, count, count == 1 ? one : many);
}

static void append_tiles(html *h)
{
    const uint64_t *findings = h->findings;
    const char *where = findings[0] + findings[1] + findings[2] > 0 ? "findings" : "top";
    uint64_t lost, never_opened;
    const char *why;

    count_lost(h, &lost, &never_opened);
    why = lost + never_opened > 0 ? "why" : "top";
    g_string_append(h->text, "<ul class=\"tiles\">\n");
    append_tile(h, sessions_told(h), "plain", "session", "sessions",
                h->sessions->len > 0 ? "sessions" : "top");
    append_tile(h, lost, "error", "lost", "lost", why);
    append_tile(h, never_opened, "error", "never opened", "never opened", why);
    append_tile(h, findings[CTI_ERROR], "error", "error", "errors", where);
    append_tile(h, findings[CTI_WARNING], "warning", "warning", "warnings", where);
    append_tile(h, findings[CTI_NOTE], "plain", "note", "notes", where);
    append_tile(h, h->heartbeats_missed, "warning", "heartbeat missed", "heartbeats missed",
                h->sessions->len > 0 ? "lanes" : "top");
    g_string_append(h->text, "</ul>\n");
}

/* "12 OPEN_REQ of 11 clients to 10.0.0.2:43027 within 0.9 s, ..." */
static void append_storm(html *h, const cti_storm *storm)
{
    GString *t = h->text;

    g_string_append_printf(t, "<li><b class=\"warning\">storm</b> %u OPEN_REQ of %u clients to ",
                           storm->requests, storm->clients);
    html_side(t, storm->side);
    format_endpoint(t, &storm->server);
    g_string_append(t, " within ");
    html_took(t, cti_elapsed(storm->first, storm->last));
    g_string_append(t, " from ");
    html_clock(h, t, storm->first, 3);
    g_string_append_printf(t, " on, up to %u in a second", storm->peak);
    if (storm->confirmed > 0) {
        g_string_append(t, "; answers took ");
        html_took(t, storm->first_answer);
        g_string_append(t, " at first, ");
        html_took(t, storm->worst_answer);
        g_string_append(t, " at worst");
    }
    if (storm->rejected > 0)
        g_string_append_printf(t, "; %u refused", storm->rejected);
    if (storm->unanswered > 0)
        g_string_append_printf(t, "; %u never answered", storm->unanswered);
    g_string_append(t, "</li>\n");
}

static void append_down_clients(html *h)
{
    const cti_client *worst = NULL;
    guint down = 0, gone = 0;

    for (guint i = 0; i < h->clients->len; i++) {
        const cti_client *client = g_ptr_array_index(h->clients, i);

        if (client->down_count == 0)
            continue;
        down++;
        gone += client->downs[client->down_count - 1].to == NULL;
        if (worst == NULL || client->down_time > worst->down_time)
            worst = client;
    }
    if (worst == NULL)
        return;
    g_string_append(h->text, "<li><b class=\"warning\">down</b> ");
    if (down > 1) {
        g_string_append_printf(h->text, "%u of ", down);
        html_count(h->text, h->clients->len, "client", "clients");
        g_string_append(h->text,
                        " had <a href=\"#clients\">times without a session</a>; longest: ");
    }
    html_client_name(h->text, worst);
    g_string_append(h->text, down > 1 ? ", " : " had <a href=\"#clients\">no session</a> for ");
    html_took(h->text, worst->down_time);
    if (gone > 0)
        g_string_append_printf(h->text, "; %u did not come back while it was captured", gone);
    g_string_append(h->text, "</li>\n");
}

static void append_alerts(html *h)
{
    const gsize before = h->text->len;
    gsize opened;

    g_string_append(h->text, "<ul class=\"alerts\">\n");
    opened = h->text->len;
    append_down_clients(h);
    for (guint i = 0; i < h->storms->len && i < STORMS_AT_ONCE; i++)
        append_storm(h, &g_array_index(h->storms, cti_storm, i));
    if (h->storms->len > STORMS_AT_ONCE)
        g_string_append_printf(h->text,
                               "<li>%u more storms are told <a href=\"#clients\">below</a>"
                               "</li>\n",
                               h->storms->len - STORMS_AT_ONCE);
    if (h->text->len == opened)
        g_string_truncate(h->text, before);
    else
        g_string_append(h->text, "</ul>\n");
}

void html_first_screen(html *h)
{
    g_string_append(h->text, "<main>\n<header id=\"top\">\n<h1>");
    append_headline(h, h->text);
    g_string_append(h->text, "</h1>\n");
    append_capture(h);
    append_tiles(h);
    append_alerts(h);
    append_notes(h);
    g_string_append(h->text, "</header>\n");
    append_causes(h);
    html_put(h);
}

void html_foot(html *h)
{
    g_string_append(h->text,
                    "</main>\n<footer><p>Made by ctidump " CTIDUMP_VERSION
                    " from packets of the Cisco "
                    "CTI Server protocol (GED-188). #17 is frame 17 of the capture, as Wireshark "
                    "counts. This file loads nothing and runs no script.</p></footer>\n</body>\n"
                    "</html>\n");
    html_put(h);
}
