/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connection history of each client over sides A and B: its sessions, its failed attempts, and
 * its outages.
 *
 *     Connection history of CTIOS1: no session for 92.301 s
 *       10:00:00.000  A  session 1, 0:02:00.123, heartbeats-unanswered
 *         10:00:30.000  no session for 92.301 s: 90.123 s until the connection ended, ...
 *       10:02:00.500  A  2 attempts, refused  #17 #19
 *       10:02:02.301  B  session 2, 0:10:00.000, still-open
 */
#include <string.h>

#include "codec/text.h"
#include "format.h"
#include "ink.h"
#include "report_parts.h"

/* Clients whose history is shown, those with the longest outages first, and lines of one. */
#define CLIENTS_SHOWN 30
#define LINES_SHOWN   24

/* ---- names ---- */

void report_client_name(GString *to, const cti_client *client)
{
    if (client->id[0] != '\0')
        cti_text_bytes(to, client->id, strlen(client->id));
    else
        format_endpoint(to, &client->legs[0]->client);
}

/* Several clients may share an ID. */
static GHashTable *count_names(const report *r)
{
    GHashTable *counts = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < r->clients->len; i++) {
        const cti_client *client = g_ptr_array_index(r->clients, i);
        const guint so_far = GPOINTER_TO_UINT(g_hash_table_lookup(counts, client->id));

        g_hash_table_insert(counts, (gpointer)client->id, GUINT_TO_POINTER(so_far + 1));
    }
    return counts;
}

static const char *side_letter(const cti_leg *leg)
{
    const char *side = cti_side_name(leg->side);

    return side != NULL ? side : "-";
}

/* ---- lines ---- */

/* Attempts in a row with the same outcome on the same side are one line; returns how many. */
static uint32_t count_alike(const cti_client *client, uint32_t first)
{
    const cti_leg *leg = client->legs[first];
    uint32_t next = first + 1;

    while (leg->outcome != CTI_LEG_OPENED && next < client->leg_count &&
           client->legs[next]->outcome == leg->outcome && client->legs[next]->side == leg->side)
        next++;
    return next - first;
}

static void append_session(GString *text, const report *r, const cti_leg *leg)
{
    g_string_append_printf(text, "session %u, ", leg->session);
    format_duration(text, cti_elapsed(leg->began, leg->ended));
    g_string_append(text, ", ");
    ink_verdict(text, r->options->colour, leg->verdict);
}

static void append_attempts(GString *text, const cti_client *client, uint32_t first, uint32_t count)
{
    const cti_leg *leg = client->legs[first], *last = client->legs[first + count - 1];

    if (count > 1)
        g_string_append_printf(text, "%u attempts", count);
    else if (leg->session != 0)
        g_string_append_printf(text, "session %u", leg->session);
    else
        g_string_append(text, "attempt");
    g_string_append_printf(text, ", %s  #%u", cti_leg_outcome_name(leg->outcome), leg->frame);
    if (count > 1)
        g_string_append_printf(text, "%s#%u", count > 2 ? ".." : " ", last->frame);
}

static void append_leg(GString *text, const report *r, const cti_client *client, uint32_t first,
                       uint32_t count)
{
    const cti_leg *leg = client->legs[first];

    g_string_append(text, "  ");
    times_cell(text, r->options->times, leg->began, r->digits);
    g_string_append_printf(text, "  %s  ", side_letter(leg));
    if (leg->outcome == CTI_LEG_OPENED)
        append_session(text, r, leg);
    else
        append_attempts(text, client, first, count);
    g_string_append_c(text, '\n');
}

static void append_outage(GString *text, const report *r, const cti_client_outage *outage)
{
    const int64_t unnoticed =
        outage->left != NULL ? cti_elapsed(outage->from, outage->left->ended) : 0;

    g_string_append(text, "    ");
    times_cell(text, r->options->times, outage->from, r->digits);
    g_string_append(text, "  no session for ");
    report_seconds(text, cti_elapsed(outage->from, outage->until));
    if (unnoticed > 0) {
        g_string_append(text, ": ");
        report_seconds(text, unnoticed);
        g_string_append(text, " until the connection ended");
    }
    if (outage->to == NULL) {
        g_string_append(text, outage->left != NULL ? ", until the capture ended"
                                                   : ", until the last attempt failed");
    } else if (outage->to->asked != CTI_NO_TIME) {
        g_string_append(text, unnoticed > 0 ? ", the last " : ": the last ");
        g_string_append_printf(text, "%.3f ms for OPEN_CONF",
                               (double)cti_elapsed(outage->to->asked, outage->to->opened) / 1e6);
    }
    if (outage->one_sided)
        g_string_append(text, "; nothing of the other side was captured");
    g_string_append_c(text, '\n');
}

/* ---- a client ---- */

static void append_title(GString *text, const report *r, const cti_client *client, bool shared)
{
    g_string_append_c(text, '\n');
    ink_begin(text, r->options->colour, INK_HEADING);
    g_string_append(text, "Connection history of ");
    report_client_name(text, client);
    if (shared && client->id[0] != '\0') {
        g_string_append(text, " at ");
        format_endpoint(text, &client->legs[0]->client);
    }
    ink_end(text, r->options->colour);
    if (client->outage_count > 0) {
        g_string_append(text, ": no session for ");
        report_seconds(text, client->outage_time);
        if (client->outage_count > 1)
            g_string_append_printf(text, " in %u outages", client->outage_count);
    }
    g_string_append_c(text, '\n');
}

/* The outage that is to be shown before this leg. */
static const cti_client_outage *outage_before(const cti_client *client, const cti_leg *leg)
{
    for (uint32_t i = 0; i < client->outage_count; i++) {
        const cti_client_outage *outage = &client->outages[i];

        if (outage->first_attempt != NULL ? outage->first_attempt == leg : outage->to == leg)
            return outage;
    }
    return NULL;
}

static void print_history(const report *r, const cti_client *client, bool shared, GString *text)
{
    uint32_t shown = 0, first = 0, count;

    append_title(text, r, client, shared);
    for (; first < client->leg_count && shown < LINES_SHOWN; first += count, shown++) {
        const cti_client_outage *outage = outage_before(client, client->legs[first]);

        if (outage != NULL)
            append_outage(text, r, outage);
        count = count_alike(client, first);
        append_leg(text, r, client, first, count);
    }
    if (first < client->leg_count)
        g_string_append_printf(text, "  ... and %u more: -T json has all\n",
                               client->leg_count - first);
    report_print(r, text);
}

/* ---- all of them ---- */

static gint compare_outage_times(gconstpointer a, gconstpointer b)
{
    const cti_client *x = *(cti_client *const *)a, *y = *(cti_client *const *)b;

    if (x->outage_time != y->outage_time)
        return x->outage_time > y->outage_time ? -1 : 1;
    return (x->legs[0]->frame > y->legs[0]->frame) - (x->legs[0]->frame < y->legs[0]->frame);
}

void report_history(const report *r, GString *text)
{
    GHashTable *names = count_names(r);
    GPtrArray *sorted = g_ptr_array_new();

    for (guint i = 0; i < r->clients->len; i++) {
        cti_client *client = g_ptr_array_index(r->clients, i);

        if (client->leg_count > 1 || client->outage_count > 0)
            g_ptr_array_add(sorted, client);
    }
    if (sorted->len > CLIENTS_SHOWN)
        g_ptr_array_sort(sorted, compare_outage_times);
    for (guint i = 0; i < sorted->len && i < CLIENTS_SHOWN; i++) {
        const cti_client *client = g_ptr_array_index(sorted, i);

        print_history(r, client, GPOINTER_TO_UINT(g_hash_table_lookup(names, client->id)) > 1,
                      text);
    }
    if (sorted->len > CLIENTS_SHOWN)
        g_string_append_printf(text,
                               "\n%u more clients, with shorter outages or none: -T json has "
                               "all\n",
                               sorted->len - CLIENTS_SHOWN);
    report_print(r, text);
    g_ptr_array_unref(sorted);
    g_hash_table_destroy(names);
}
