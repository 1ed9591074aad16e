/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Joins the outages that several sessions of one server report (see outages.h). */
#include "outages.h"

#include <stdio.h>
#include <string.h>

#include "table.h"
#include "timing.h"

/* An outage as one session shows it. */
typedef struct report {
    cti_endpoint server;
    cti_side side;
    uint32_t session;
    cti_outage outage;
} report;

struct cti_outages {
    GArray *reports; /* of report */
    uint64_t left_out;
    GArray *periods;   /* of cti_outage_period, those of a history in a row */
    GArray *histories; /* of cti_outage_history */
};

/* ---- words ---- */

const char *cti_outage_words(uint32_t component, uint32_t peripheral, char *words, size_t size)
{
    const cti_value *value = cti_value_find(cti_field_get(CTI_F_PGStatus)->values, component);

    if (component != 0 && value != NULL)
        snprintf(words, size, "%s", value->name);
    else if (component != 0)
        snprintf(words, size, "PGStatus 0x%x", component);
    else if (peripheral != CTI_SOME_PERIPHERAL)
        snprintf(words, size, "peripheral %u", peripheral);
    else
        snprintf(words, size, "a peripheral");
    return words;
}

/* ---- life ---- */

cti_outages *cti_outages_new(void)
{
    cti_outages *outages = g_new0(cti_outages, 1);

    outages->reports = g_array_new(FALSE, FALSE, sizeof(report));
    outages->periods = g_array_new(FALSE, FALSE, sizeof(cti_outage_period));
    outages->histories = g_array_new(FALSE, FALSE, sizeof(cti_outage_history));
    return outages;
}

void cti_outages_free(cti_outages *outages)
{
    if (outages == NULL)
        return;
    g_array_unref(outages->reports);
    g_array_unref(outages->periods);
    g_array_unref(outages->histories);
    g_free(outages);
}

uint64_t cti_outages_left_out(const cti_outages *outages)
{
    return outages->left_out;
}

void cti_outages_add(cti_outages *outages, const cti_outage *outage, uint32_t session,
                     cti_side side, const cti_endpoint *server)
{
    const report added = {.server = *server, .side = side, .session = session, .outage = *outage};

    if (outages->reports->len >= CTI_OUTAGES_MAX)
        outages->left_out++;
    else
        g_array_append_val(outages->reports, added);
}

/* ---- joining ---- */

static int compare_servers(const cti_endpoint *x, const cti_endpoint *y)
{
    const int difference = memcmp(x->address, y->address, sizeof(x->address));

    return difference != 0 ? difference : (x->port > y->port) - (x->port < y->port);
}

/* Of the same component or peripheral of the same server: 0. */
static int compare_subjects(const report *x, const report *y)
{
    const int difference = compare_servers(&x->server, &y->server);

    if (difference != 0)
        return difference;
    if (x->outage.component != y->outage.component)
        return x->outage.component > y->outage.component ? 1 : -1;
    return (x->outage.peripheral > y->outage.peripheral) -
           (x->outage.peripheral < y->outage.peripheral);
}

static gint compare_reports(gconstpointer a, gconstpointer b)
{
    const report *x = a, *y = b;
    const int difference = compare_subjects(x, y);

    if (difference != 0)
        return difference;
    if (x->outage.from != y->outage.from)
        return x->outage.from > y->outage.from ? 1 : -1;
    return (x->session > y->session) - (x->session < y->session);
}

/* Until when it was down for sure. */
static int64_t known_until(const cti_outage *outage)
{
    return outage->to != CTI_NO_TIME ? outage->to : outage->seen;
}

/* True if both report the same time: one began while the other lasted, or soon after it began. */
static bool is_same(const cti_outage_period *period, const report *next)
{
    const cti_outage *before = &period->outage, *after = &next->outage;

    if (after->from < known_until(before) ||
        (after->from == known_until(before) && before->to == CTI_NO_TIME))
        return true;
    return period->sessions[0] != next->session && !after->begin_unknown &&
           cti_elapsed(before->from, after->from) <= CTI_TIME(OUTAGE_TOGETHER);
}

static void join(cti_outage_period *period, const report *added)
{
    cti_outage *joined = &period->outage;
    const cti_outage *outage = &added->outage;

    joined->seen = MAX(joined->seen, outage->seen);
    joined->in_doubt &= outage->in_doubt;
    if (outage->to != CTI_NO_TIME && (joined->to == CTI_NO_TIME || outage->to < joined->to)) {
        joined->to = outage->to;
        joined->to_frame = outage->to_frame;
    }
    if (period->session_count < CTI_OUTAGE_SESSIONS_MAX)
        period->sessions[period->session_count] = added->session;
    period->session_count++;
}

static void add_period(cti_outages *outages, cti_outage_history *history, const report *added)
{
    const cti_outage_period period = {
        .outage = added->outage, .session_count = 1, .sessions = {added->session}};

    g_array_append_val(outages->periods, period);
    history->period_count++;
}

static void add_report(cti_outages *outages, cti_outage_history *history, const report *added)
{
    cti_outage_period *last = NULL;

    if (history->period_count > 0)
        last = &g_array_index(outages->periods, cti_outage_period, outages->periods->len - 1);
    if (last != NULL && is_same(last, added))
        join(last, added);
    else
        add_period(outages, history, added);
}

/* The periods do not move any more. */
static void point_to_periods(cti_outages *outages)
{
    guint next = 0;

    for (guint i = 0; i < outages->histories->len; i++) {
        cti_outage_history *history = &g_array_index(outages->histories, cti_outage_history, i);

        history->periods = &g_array_index(outages->periods, cti_outage_period, next);
        next += history->period_count;
        for (uint32_t k = 0; k < history->period_count; k++) {
            const cti_outage *outage = &history->periods[k].outage;

            if (outage->to != CTI_NO_TIME)
                history->down_time += MAX(cti_elapsed(outage->from, outage->to), 0);
        }
    }
}

static gint compare_histories(gconstpointer a, gconstpointer b)
{
    const cti_outage_history *x = a, *y = b;

    if (x->periods[0].outage.from != y->periods[0].outage.from)
        return x->periods[0].outage.from > y->periods[0].outage.from ? 1 : -1;
    if ((x->component == 0) != (y->component == 0))
        return x->component == 0 ? 1 : -1;
    return (x->component > y->component) - (x->component < y->component);
}

void cti_outages_finish(cti_outages *outages,
                        void (*history)(void *user, const cti_outage_history *history), void *user)
{
    const report *before = NULL;

    g_array_sort(outages->reports, compare_reports);
    for (guint i = 0; i < outages->reports->len; i++) {
        const report *r = &g_array_index(outages->reports, report, i);

        if (before == NULL || compare_subjects(before, r) != 0) {
            const cti_outage_history begun = {.server = r->server,
                                              .side = r->side,
                                              .component = r->outage.component,
                                              .peripheral = r->outage.peripheral};

            g_array_append_val(outages->histories, begun);
        }
        add_report(
            outages,
            &g_array_index(outages->histories, cti_outage_history, outages->histories->len - 1), r);
        before = r;
    }
    point_to_periods(outages);
    g_array_sort(outages->histories, compare_histories);
    for (guint i = 0; i < outages->histories->len && history != NULL; i++)
        history(user, &g_array_index(outages->histories, cti_outage_history, i));
}
