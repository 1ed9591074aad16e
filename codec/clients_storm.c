/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bursts of OPEN_REQ to one server (see clients.h). */
#include <stdio.h>

#include "clients_private.h"
#include "rules.h"

static int compare_servers(const cti_endpoint *a, const cti_endpoint *b)
{
    const int difference = memcmp(a->address, b->address, sizeof(a->address));

    return difference != 0 ? difference : (int)a->port - (int)b->port;
}

static gint compare_openings(gconstpointer a, gconstpointer b)
{
    const cti_leg *x = *(const cti_leg *const *)a, *y = *(const cti_leg *const *)b;
    const int difference = compare_servers(&x->server, &y->server);

    if (difference != 0)
        return difference;
    if (x->asked != y->asked)
        return x->asked < y->asked ? -1 : 1;
    return (x->open_frame > y->open_frame) - (x->open_frame < y->open_frame);
}

/* True if b goes on what a is part of. */
static bool goes_on(const cti_leg *a, const cti_leg *b)
{
    return compare_servers(&a->server, &b->server) == 0 &&
           cti_elapsed(a->asked, b->asked) <= CTI_SECOND;
}

/* The most within any second. */
static uint32_t peak_of(cti_leg *const *run, guint count)
{
    uint32_t peak = 0;
    guint first = 0;

    for (guint i = 0; i < count; i++) {
        while (cti_elapsed(run[first]->asked, run[i]->asked) >= CTI_SECOND)
            first++;
        peak = MAX(peak, i - first + 1);
    }
    return peak;
}

/* How many clients there are, by ID and address. */
static uint32_t count_clients(cti_leg *const *run, guint count)
{
    GHashTable *clients = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    uint32_t found;

    for (guint i = 0; i < count; i++) {
        GString *key = g_string_new(run[i]->id);

        g_string_append_printf(key, "\001%s\001", run[i]->signature);
        for (size_t k = 0; k < sizeof(run[i]->client.address); k++)
            g_string_append_printf(key, "%02x", run[i]->client.address[k]);
        g_hash_table_add(clients, g_string_free(key, FALSE));
    }
    found = g_hash_table_size(clients);
    g_hash_table_destroy(clients);
    return found;
}

static void add_answer(cti_storm *storm, const cti_leg *leg)
{
    const int64_t answer = cti_forward(leg->asked, leg->opened);

    storm->rejected += leg->outcome == CTI_LEG_REJECTED;
    storm->unanswered += leg->outcome == CTI_LEG_OPEN_UNANSWERED;
    if (leg->outcome != CTI_LEG_OPENED || answer == CTI_NO_TIME)
        return;
    storm->confirmed++;
    if (storm->first_answer == CTI_NO_TIME)
        storm->first_answer = answer;
    if (answer > storm->worst_answer) {
        storm->worst_answer = answer;
        storm->worst_frame = leg->opened_frame;
    }
}

static void take_run(GArray *storms, cti_leg *const *run, guint count)
{
    const cti_leg *first = run[0], *last = run[count - 1];
    const uint32_t peak = count >= CTI_LIMIT(STORM_RATE) ? peak_of(run, count) : 0;
    cti_storm storm = {
        .server = first->server,
        .side = first->side,
        .first = first->asked,
        .last = last->asked,
        .first_frame = first->open_frame,
        .last_frame = last->open_frame,
        .requests = count,
        .peak = peak,
        .first_answer = CTI_NO_TIME,
        .worst_answer = CTI_NO_TIME,
    };

    if (peak < CTI_LIMIT(STORM_RATE))
        return;
    storm.clients = count_clients(run, count);
    for (guint i = 0; i < count; i++)
        add_answer(&storm, run[i]);
    g_array_append_val(storms, storm);
}

static gint compare_storms(gconstpointer a, gconstpointer b)
{
    const cti_storm *x = a, *y = b;

    return x->first < y->first ? -1 : x->first > y->first;
}

GArray *cti_clients_find_storms(const GPtrArray *legs)
{
    GArray *storms = g_array_new(FALSE, FALSE, sizeof(cti_storm));
    GPtrArray *openings = g_ptr_array_new();
    guint begin = 0;

    for (guint i = 0; i < legs->len; i++) {
        cti_leg *leg = g_ptr_array_index(legs, i);

        if (leg->asked != CTI_NO_TIME)
            g_ptr_array_add(openings, leg);
    }
    g_ptr_array_sort(openings, compare_openings);
    for (guint i = 1; i <= openings->len; i++) {
        if (i < openings->len && goes_on(openings->pdata[i - 1], openings->pdata[i]))
            continue;
        take_run(storms, (cti_leg *const *)openings->pdata + begin, i - begin);
        begin = i;
    }
    g_ptr_array_unref(openings);
    g_array_sort(storms, compare_storms);
    return storms;
}

/* ---- telling them ---- */

static void append_answers(GString *text, const cti_storm *storm)
{
    if (storm->confirmed > 0)
        g_string_append_printf(text, "; OPEN_CONF took %.3f s at first and %.3f s at worst",
                               CTI_SECONDS(storm->first_answer), CTI_SECONDS(storm->worst_answer));
    if (storm->rejected > 0)
        g_string_append_printf(text, "; %u refused", storm->rejected);
    if (storm->unanswered > 0)
        g_string_append_printf(text, "; %u not answered", storm->unanswered);
}

void cti_storm_finding(const cti_storm *storm, cti_finding *finding)
{
    const char *side = cti_side_name(storm->side);
    const bool slow =
        storm->worst_answer > CTI_TIME(OPEN_USUAL) || storm->rejected + storm->unanswered > 0;
    const uint32_t frames[] = {storm->first_frame, storm->last_frame, storm->worst_frame};
    GString *text = g_string_new(NULL);

    *finding = (cti_finding){.rule = CTI_RULE_OPEN_STORM,
                             .severity = slow ? CTI_WARNING : CTI_NOTE,
                             .time = storm->first};
    for (size_t i = 0; i < G_N_ELEMENTS(frames); i++)
        if (frames[i] != 0)
            finding->frames[finding->frame_count++] = frames[i];
    g_string_append_printf(text,
                           "%u clients sent %u OPEN_REQ to %s%s within %.3f s, up to %u in a "
                           "second",
                           storm->clients, storm->requests, side != NULL ? "side " : "one server",
                           side != NULL ? side : "",
                           CTI_SECONDS(cti_elapsed(storm->first, storm->last)), storm->peak);
    append_answers(text, storm);
    g_string_append(text, ". Clients that open again at once after a common failure must wait for "
                          "their answers, 60 s or more at large sites: look at what ended their "
                          "sessions before.");
    g_strlcpy(finding->text, text->str, sizeof(finding->text));
    g_string_free(text, TRUE);
}
