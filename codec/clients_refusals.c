/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rule "open-retries": OPEN_REQ of one client that were refused repeatedly, with the same status
 * (see clients.h). */
#include <stdio.h>

#include "clients_private.h"
#include "rules.h"

/* Statuses that are followed at the same time: two sides may refuse for reasons of their own. */
#define STATUSES_MAX 4

typedef struct run {
    cti_refusals found; /* count 0: not in use */
    uint64_t digest;
    int64_t answered; /* the latest refusal */
} run;

/* Walks over a client's legs in the order of time. */
typedef struct walk {
    GArray *refusals;
    run runs[STATUSES_MAX];
    int64_t reach; /* until when the client had a session */
} walk;

static void end_run(walk *w, run *r, bool opened)
{
    r->found.opened = opened;
    if (r->found.count >= CTI_LIMIT(REFUSALS_REPEATED))
        g_array_append_val(w->refusals, r->found);
    *r = (run){0};
}

static void end_runs(walk *w, bool opened)
{
    for (int i = 0; i < STATUSES_MAX; i++)
        end_run(w, &w->runs[i], opened);
}

/* The run of a status, or one that is free now: the one that was not continued for longest ends. */
static run *find_run(walk *w, uint32_t status)
{
    run *found = &w->runs[0];

    for (int i = 0; i < STATUSES_MAX; i++)
        if (w->runs[i].found.count > 0 && w->runs[i].found.status == status)
            return &w->runs[i];
    for (int i = 1; i < STATUSES_MAX && found->found.count > 0; i++)
        if (w->runs[i].found.count == 0 || w->runs[i].found.last < found->found.last)
            found = &w->runs[i];
    end_run(w, found, false);
    return found;
}

static void take_refusal(walk *w, const cti_leg *leg)
{
    run *r = find_run(w, leg->status);
    cti_refusals *found = &r->found;
    const bool is_first = found->count == 0;
    const int64_t delay = is_first ? CTI_NO_TIME : cti_forward(r->answered, leg->asked);

    if (is_first)
        *found = (cti_refusals){.status = leg->status,
                                .data = CTI_DATA_SAME,
                                .first = leg->asked,
                                .first_frame = leg->open_frame,
                                .first_session = leg->session,
                                .least_delay = CTI_NO_TIME};
    if (leg->digest == 0)
        found->data = CTI_DATA_UNKNOWN;
    else if (!is_first && leg->digest != r->digest && found->data == CTI_DATA_SAME)
        found->data = CTI_DATA_CHANGED;
    if (delay != CTI_NO_TIME && (found->least_delay == CTI_NO_TIME || delay < found->least_delay))
        found->least_delay = delay;
    found->count++;
    found->has_session |= leg->asked < w->reach;
    found->last = leg->asked;
    found->last_frame = leg->opened_frame;
    found->last_session = leg->session;
    r->digest = leg->digest;
    r->answered = leg->answered;
}

void cti_clients_find_refusals(cti_member *member)
{
    walk w = {.refusals = g_array_new(FALSE, FALSE, sizeof(cti_refusals)), .reach = CTI_NO_TIME};

    for (guint i = 0; i < member->legs->len; i++) {
        const cti_leg *leg = g_ptr_array_index(member->legs, i);

        if (leg->outcome == CTI_LEG_OPENED) {
            end_runs(&w, true);
            w.reach = MAX(w.reach, cti_leg_reach(leg));
        } else if (leg->outcome == CTI_LEG_REJECTED && leg->has_status &&
                   leg->asked != CTI_NO_TIME) {
            take_refusal(&w, leg);
        }
    }
    end_runs(&w, false);
    member->client.refusal_count = w.refusals->len;
    member->refusals = (cti_refusals *)(void *)g_array_free(w.refusals, FALSE);
    member->client.refusals = member->refusals;
}

bool cti_refusals_have(const cti_refusals *refusals, const cti_leg *leg)
{
    return leg->outcome == CTI_LEG_REJECTED && leg->has_status && leg->status == refusals->status &&
           leg->asked >= refusals->first && leg->asked <= refusals->last;
}

/* ---- findings ---- */

/* Nothing in OPEN_REQ is wrong: to send it again later is right. */
static bool may_be_sent_again(uint32_t status)
{
    switch (status) {
    case CTI_V_StatusCode_E_CTI_CTI_SERVER_OFFLINE:
    case CTI_V_StatusCode_E_CTI_DEVICE_IN_USE:
    case CTI_V_StatusCode_E_CTI_INVALID_CLIENT_FOR_STANDBY:
    case CTI_V_StatusCode_E_CTI_SERVER_IN_MAINTENANCE_MODE: return true;
    default: return false;
    }
}

static bool is_hasty(const cti_refusals *refusals)
{
    return refusals->least_delay != CTI_NO_TIME && refusals->least_delay < CTI_TIME(RETRY_DELAY);
}

static cti_severity severity_of(const cti_refusals *refusals)
{
    if (may_be_sent_again(refusals->status))
        return is_hasty(refusals) ? CTI_WARNING : CTI_NOTE;
    return refusals->opened || refusals->has_session ? CTI_WARNING : CTI_ERROR;
}

static const char *what_to_check(const cti_refusals *refusals)
{
    if (!may_be_sent_again(refusals->status))
        return "Check the data of OPEN_REQ that the status names, and the settings of the client.";
    return is_hasty(refusals) ? "Check how long the client waits before it sends OPEN_REQ again."
                              : NULL;
}

/* "15.2 a second", "one every 30.000 s". */
static void rate_words(const cti_refusals *refusals, char *words, size_t size)
{
    const double lasted = CTI_SECONDS(MAX(cti_elapsed(refusals->first, refusals->last), 0));
    const double each = lasted / (refusals->count - 1);

    if (each <= 0)
        g_strlcpy(words, "all at once", size);
    else if (each < 1)
        snprintf(words, size, "%.1f a second", 1 / each);
    else
        snprintf(words, size, "one every %.3f s", each);
}

/* With the words of the status, or its name and number alone. */
static void describe(const cti_refusals *refusals, bool in_full, char *text, size_t size)
{
    const cti_value *status = cti_value_find(cti_field_get(CTI_F_Status)->values, refusals->status);
    char rate[48], words[160];

    rate_words(refusals, rate, sizeof(rate));
    if (in_full)
        cti_status_words(refusals->status, words, sizeof(words));
    else
        snprintf(words, sizeof(words), "%s (%u)", status != NULL ? status->name : "status",
                 refusals->status);
    g_snprintf(text, size, "%u OPEN_REQ%s in %.3f s, %s, were refused with %s%s.", refusals->count,
               refusals->data == CTI_DATA_SAME ? " with the same data" : "",
               CTI_SECONDS(MAX(cti_elapsed(refusals->first, refusals->last), 0)), rate, words,
               refusals->opened ? "; the next succeeded" : "");
}

void cti_refusals_finding(const cti_refusals *refusals, cti_finding *finding)
{
    *finding = (cti_finding){.rule = CTI_RULE_OPEN_RETRIES,
                             .severity = severity_of(refusals),
                             .time = refusals->last,
                             .session = refusals->last_session,
                             .frames = {refusals->first_frame, refusals->last_frame},
                             .frame_count = 2,
                             .check = what_to_check(refusals)};
    describe(refusals, true, finding->text, sizeof(finding->text));
    if (strlen(finding->text) > CTI_SENTENCE_MAX)
        describe(refusals, false, finding->text, sizeof(finding->text));
}
