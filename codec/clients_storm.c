/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bursts of OPEN_REQ to one server (see clients.h). */
#include <stdarg.h>
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

/* True if b continues the run of a. */
static bool continues(const cti_leg *a, const cti_leg *b)
{
    return compare_servers(&a->server, &b->server) == 0 &&
           cti_elapsed(a->asked, b->asked) <= CTI_SECOND;
}

/* ---- clients of a run ---- */

/* Each leg's client, by ID and address, as an index from 0 on. */
typedef struct run_clients {
    uint32_t *of_leg;
    uint32_t count;
    uint32_t busiest; /* the one with most OPEN_REQ */
} run_clients;

static run_clients find_clients(cti_leg *const *run, guint count)
{
    GHashTable *indexes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    uint32_t *requests = g_new0(uint32_t, count);
    run_clients clients = {.of_leg = g_new(uint32_t, count)};

    for (guint i = 0; i < count; i++) {
        char *key = cti_client_key(run[i]->id, run[i]->signature, &run[i]->client);
        gpointer index;

        if (!g_hash_table_lookup_extended(indexes, key, NULL, &index)) {
            index = GUINT_TO_POINTER(clients.count++);
            g_hash_table_insert(indexes, g_strdup(key), index);
        }
        clients.of_leg[i] = GPOINTER_TO_UINT(index);
        if (++requests[clients.of_leg[i]] > requests[clients.busiest])
            clients.busiest = clients.of_leg[i];
        g_free(key);
    }
    g_hash_table_destroy(indexes);
    g_free(requests);
    return clients;
}

/* The most OPEN_REQ within any second, with or without those of the busiest client. */
static uint32_t peak_of(cti_leg *const *run, guint count, const run_clients *without)
{
    uint32_t peak = 0, within = 0;
    guint first = 0;

    for (guint i = 0; i < count; i++) {
        within += without == NULL || without->of_leg[i] != without->busiest;
        for (; cti_elapsed(run[first]->asked, run[i]->asked) >= CTI_SECOND; first++)
            within -= without == NULL || without->of_leg[first] != without->busiest;
        peak = MAX(peak, within);
    }
    return peak;
}

/* ---- storms ---- */

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

/* The client gave up before the answer was overdue. */
static void add_wait(cti_storm *storm, const cti_leg *leg)
{
    const int64_t due =
        storm->clients > CTI_LIMIT(LARGE_SITE) ? CTI_TIME(OPEN_WAIT_LARGE) : CTI_TIME(OPEN_WAIT);
    const int64_t waited = cti_forward(leg->asked, leg->ended);

    if (leg->outcome != CTI_LEG_OPEN_UNANSWERED || waited == CTI_NO_TIME || waited >= due ||
        (leg->end != CTI_END_RESET_BY_CLIENT && leg->end != CTI_END_FIN_BY_CLIENT))
        return;
    if (storm->gave_up++ == 0 || waited < storm->shortest_wait)
        storm->shortest_wait = waited;
}

/* One client that opens again and again is no storm: the others must do their part of it. */
static void take_run(GArray *storms, cti_leg *const *run, guint count)
{
    const cti_leg *first = run[0], *last = run[count - 1];
    const uint32_t peak = count >= CTI_LIMIT(STORM_RATE) ? peak_of(run, count, NULL) : 0;
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
        .shortest_wait = CTI_NO_TIME,
    };
    run_clients clients;

    if (peak < CTI_LIMIT(STORM_RATE))
        return;
    clients = find_clients(run, count);
    storm.clients = clients.count;
    if (peak_of(run, count, &clients) >= CTI_LIMIT(STORM_OTHERS)) {
        for (guint i = 0; i < count; i++) {
            add_answer(&storm, run[i]);
            add_wait(&storm, run[i]);
        }
        g_array_append_val(storms, storm);
    }
    g_free(clients.of_leg);
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
        if (i < openings->len && continues(openings->pdata[i - 1], openings->pdata[i]))
            continue;
        take_run(storms, (cti_leg *const *)openings->pdata + begin, i - begin);
        begin = i;
    }
    g_ptr_array_unref(openings);
    g_array_sort(storms, compare_storms);
    return storms;
}

/* ---- findings ---- */

static void append_part(GString *text, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Appends what the sentence and its full stop have room for: the most important part comes first.
 */
static void append_part(GString *text, const char *format, ...)
{
    const gsize length = text->len;
    va_list arguments;

    va_start(arguments, format);
    g_string_append_vprintf(text, format, arguments);
    va_end(arguments);
    if (text->len >= CTI_SENTENCE_MAX)
        g_string_truncate(text, length);
}

static void append_answers(GString *text, const cti_storm *storm)
{
    if (storm->gave_up > 0)
        append_part(text, "; %u given up after %.3f s or more", storm->gave_up,
                    CTI_SECONDS(storm->shortest_wait));
    if (storm->unanswered > storm->gave_up)
        append_part(text, "; %u not answered", storm->unanswered - storm->gave_up);
    if (storm->confirmed > 0)
        append_part(text, "; OPEN_CONF took %.3f to %.3f s", CTI_SECONDS(storm->first_answer),
                    CTI_SECONDS(storm->worst_answer));
    if (storm->rejected > 0)
        append_part(text, "; %u refused", storm->rejected);
}

void cti_storm_finding(const cti_storm *storm, cti_finding *finding)
{
    const char *side = cti_side_name(storm->side);
    const bool slow =
        storm->worst_answer > CTI_TIME(OPEN_USUAL) || storm->rejected + storm->unanswered > 0;
    const uint32_t frames[] = {storm->first_frame, storm->last_frame, storm->worst_frame};
    GString *text = g_string_new(NULL);

    *finding = (cti_finding){
        .rule = CTI_RULE_OPEN_STORM,
        .severity = slow ? CTI_WARNING : CTI_NOTE,
        .time = storm->first,
        .check = storm->gave_up > 0
                     ? "Check how long the clients wait for OPEN_CONF: those that give up early "
                       "make the storm longer."
                     : "Check what ended the sessions of these clients just before."};
    for (size_t i = 0; i < G_N_ELEMENTS(frames); i++)
        if (frames[i] != 0)
            finding->frames[finding->frame_count++] = frames[i];
    g_string_append_printf(text, "%u clients sent %u OPEN_REQ to %s%s in %.3f s, up to %u a second",
                           storm->clients, storm->requests, side != NULL ? "side " : "one server",
                           side != NULL ? side : "",
                           CTI_SECONDS(cti_elapsed(storm->first, storm->last)), storm->peak);
    append_answers(text, storm);
    g_string_append_c(text, '.');
    g_strlcpy(finding->text, text->str, sizeof(finding->text));
    g_string_free(text, TRUE);
}
