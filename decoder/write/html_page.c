/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The HTML page's head, first screen and foot (see html_parts.h).  The first screen answers what
 * was lost, and how much, before anything else; why is told by html_causes.c right below. */
#include <string.h>

#include "codec/text.h"
#include "format.h"
#include "html_parts.h"
#include "report_css.h"

/* Notes and storms that are shown at once. */
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

/* All, but for a selection. */
static uint64_t sessions_told(const html *h)
{
    uint64_t all = 0;

    for (guint fate = 0; fate < CTI_FATE_COUNT; fate++)
        all += h->fates[fate];
    return all;
}

/* "2 of 5 sessions were lost, 1 never opened": what is worst first. */
static void append_headline(const html *h, GString *to)
{
    static const struct {
        cti_fate fate;
        const char *one, *many;
    } words[] = {{CTI_FATE_LOST, "was lost", "were lost"},
                 {CTI_FATE_NEVER_OPENED, "never opened", "never opened"},
                 {CTI_FATE_LEFT, "was left by its client", "were left by their clients"},
                 {CTI_FATE_PLANNED, "ended for maintenance", "ended for maintenance"},
                 {CTI_FATE_REPLACED, "was replaced by its client", "were replaced by their clients"}};
    const uint64_t all = sessions_told(h);
    const char *chosen = all < h->summary->sessions ? "chosen " : "";
    bool begun = false;

    if (all == 0) {
        g_string_append(to, h->summary->sessions == 0 ? "No CTI session in this capture"
                                                      : "No session was chosen");
        return;
    }
    if (h->fates[CTI_FATE_LOST] + h->fates[CTI_FATE_NEVER_OPENED] == 0) {
        g_string_append_printf(to, "No %ssession was lost", chosen);
        begun = true;
    }
    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        const uint64_t count = h->fates[words[i].fate];
        const char *what = count == 1 ? words[i].one : words[i].many;

        if (count == 0)
            continue;
        if (begun)
            g_string_append_printf(to, ", %" G_GUINT64_FORMAT " %s", count, what);
        else if (all == 1)
            g_string_append_printf(to, "The %ssession %s", chosen, what);
        else
            g_string_append_printf(
                to, "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " %ssessions %s", count, all,
                chosen, what);
        begun = true;
    }
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
    if (summary->without_tcp > 0)
        g_string_append_printf(t, ", %" G_GUINT64_FORMAT " of them without TCP,",
                               summary->without_tcp);
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
    const uint64_t *findings = h->findings, *fates = h->fates;
    const char *where = findings[0] + findings[1] + findings[2] > 0 ? "findings" : "top";
    const char *why = html_has_causes(h) ? "why" : "top";

    g_string_append(h->text, "<ul class=\"tiles\">\n");
    append_tile(h, sessions_told(h), "plain", "session", "sessions",
                h->sessions->len > 0 ? "sessions" : "top");
    append_tile(h, fates[CTI_FATE_LOST], "error", "lost", "lost", why);
    append_tile(h, fates[CTI_FATE_NEVER_OPENED], "error", "never opened", "never opened", why);
    if (fates[CTI_FATE_LEFT] > 0)
        append_tile(h, fates[CTI_FATE_LEFT], "warning", "left by its client",
                    "left by their clients", why);
    if (fates[CTI_FATE_PLANNED] > 0)
        append_tile(h, fates[CTI_FATE_PLANNED], "planned", "ended for maintenance",
                    "ended for maintenance", why);
    if (fates[CTI_FATE_REPLACED] > 0)
        append_tile(h, fates[CTI_FATE_REPLACED], "planned", "replaced", "replaced", why);
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

    g_string_append_printf(t, "<li><b class=\"warning\">storm</b> %u OPEN_REQ of ",
                           storm->requests);
    html_count(t, storm->clients, "client", "clients");
    g_string_append(t, " to ");
    html_side(t, storm->side);
    format_endpoint(t, &storm->server);
    g_string_append(t, " within ");
    html_took(t, cti_elapsed(storm->first, storm->last));
    g_string_append(t, " from ");
    html_clock(h, t, storm->first, 3);
    g_string_append_printf(t, " on, up to %u in a second", storm->peak);
    if (storm->confirmed > 0) {
        g_string_append(t, "; response times ");
        html_took(t, storm->first_answer);
        g_string_append(t, " at first, ");
        html_took(t, storm->worst_answer);
        g_string_append(t, " at worst");
    }
    if (storm->rejected > 0)
        g_string_append_printf(t, "; %u refused", storm->rejected);
    if (storm->unanswered > 0)
        g_string_append_printf(t, "; %u without a response", storm->unanswered);
    if (storm->gave_up > 0) {
        g_string_append_printf(t, ", %u of them given up early, after ", storm->gave_up);
        html_took(t, storm->shortest_wait);
        g_string_append(t, " or more");
    }
    g_string_append(t, "</li>\n");
}

static void append_outages(html *h)
{
    const cti_client *worst = NULL;
    guint affected = 0, gone = 0;

    for (guint i = 0; i < h->clients->len; i++) {
        const cti_client *client = g_ptr_array_index(h->clients, i);

        if (client->outage_count == 0)
            continue;
        affected++;
        gone += client->outages[client->outage_count - 1].to == NULL;
        if (worst == NULL || client->outage_time > worst->outage_time)
            worst = client;
    }
    if (worst == NULL)
        return;
    g_string_append(h->text, "<li><b class=\"warning\">outages</b> ");
    if (affected > 1) {
        g_string_append_printf(h->text, "%u of ", affected);
        html_count(h->text, h->clients->len, "client", "clients");
        g_string_append(h->text,
                        " had <a href=\"#clients\">outages</a>; longest: ");
    }
    html_client_name(h->text, worst);
    g_string_append(h->text, affected > 1 ? ", " : " had <a href=\"#clients\">no session</a> for ");
    html_took(h->text, worst->outage_time);
    if (gone > 0)
        g_string_append_printf(h->text, "; %u got no session until the capture ended", gone);
    g_string_append(h->text, "</li>\n");
}

static void append_not_cti(void *user, const char *words)
{
    html *h = user;

    g_string_append(h->text, "<li><b class=\"warning\">not CTI</b> ");
    html_escape(h->text, words);
    g_string_append(h->text, "</li>\n");
}

static void append_alerts(html *h)
{
    const gsize before = h->text->len;
    gsize opened;

    g_string_append(h->text, "<ul class=\"alerts\">\n");
    opened = h->text->len;
    append_outages(h);
    not_cti_lines(&h->not_cti, append_not_cti, h);
    for (guint i = 0; i < h->storms->len && i < STORMS_AT_ONCE; i++)
        append_storm(h, &g_array_index(h->storms, cti_storm, i));
    if (h->storms->len > STORMS_AT_ONCE)
        g_string_append_printf(h->text,
                               "<li>%u more storms are listed <a href=\"#clients\">below</a>"
                               "</li>\n",
                               h->storms->len - STORMS_AT_ONCE);
    html_server_alerts(h);
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
    html_causes(h);
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
