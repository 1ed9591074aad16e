/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts of requests by type (see answers.h). */
#include "answers.h"

#include <stdlib.h>

struct answers {
    int64_t threshold;
    request_answers *of[CTI_MESSAGE_NEWEST + 1]; /* by number of the message; NULL = none */
};

answers *answers_new(int64_t threshold)
{
    answers *all = g_new0(answers, 1);

    all->threshold = threshold;
    return all;
}

void answers_free(answers *all)
{
    for (uint32_t i = 0; i <= CTI_MESSAGE_NEWEST; i++) {
        if (all->of[i] == NULL)
            continue;
        cti_quantile_release(&all->of[i]->times);
        g_free(all->of[i]);
    }
    g_free(all);
}

static void count_failure(request_answers *of, const cti_request *request)
{
    failure_count *failure;

    for (uint32_t i = 0; i < of->failure_kinds; i++) {
        failure = &of->failures[i];
        if (failure->answer == request->answer && failure->has_status == request->has_status &&
            failure->status == request->status) {
            failure->count++;
            return;
        }
    }
    if (of->failure_kinds == ANSWERS_FAILURES_KEPT) {
        of->other_failures++;
        return;
    }
    of->failures[of->failure_kinds++] = (failure_count){
        .answer = request->answer, .has_status = request->has_status, .status = request->status,
        .status_value = request->status_value, .count = 1};
}

/* Keeps it if it is one of the slowest. */
static void keep_slow(request_answers *of, const slow_request *slow)
{
    uint32_t fastest = 0;

    of->slow_count++;
    if (of->slow_kept < ANSWERS_SLOW_KEPT) {
        of->slow[of->slow_kept++] = *slow;
        return;
    }
    for (uint32_t i = 1; i < of->slow_kept; i++)
        if (of->slow[i].took < of->slow[fastest].took)
            fastest = i;
    if (slow->took > of->slow[fastest].took)
        of->slow[fastest] = *slow;
}

void answers_add(answers *all, uint32_t session, const cti_request *request)
{
    const slow_request found = {.session = session,
                                .invoke_id = request->invoke_id,
                                .frame = request->frame,
                                .answer_frame = request->answer_frame,
                                .time = request->time,
                                .took = cti_forward(request->time, request->answer_time),
                                .outcome = request->outcome};
    request_answers *of = all->of[request->message->number];

    if (of == NULL) {
        of = all->of[request->message->number] = g_new0(request_answers, 1);
        of->message = request->message;
        of->worst.took = CTI_NO_TIME;
    }
    of->requests++;
    of->confirmed += request->outcome == CTI_CONFIRMED;
    of->failed += request->outcome == CTI_FAILED;
    of->unanswered += request->outcome == CTI_UNANSWERED;
    of->unknown += request->outcome == CTI_UNKNOWN;
    of->not_due += request->outcome == CTI_NOT_DUE;
    if (request->outcome == CTI_FAILED)
        count_failure(of, request);
    if (found.took == CTI_NO_TIME)
        return;
    cti_quantile_add(&of->times, found.took);
    of->total += (double)found.took;
    if (found.took > of->worst.took)
        of->worst = found;
    if (all->threshold > 0 && found.took > all->threshold)
        keep_slow(of, &found);
}

double answers_mean(const request_answers *of)
{
    return of->times.count > 0 ? of->total / (double)of->times.count : -1;
}

/* ---- in order ---- */

static int compare_slow(const void *a, const void *b)
{
    const slow_request *x = a, *y = b;

    if (x->took != y->took)
        return x->took > y->took ? -1 : 1;
    return (x->frame > y->frame) - (x->frame < y->frame);
}

static int compare_failures(const void *a, const void *b)
{
    const failure_count *x = a, *y = b;

    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return (x->status > y->status) - (x->status < y->status);
}

static gint compare_types(gconstpointer a, gconstpointer b)
{
    const request_answers *x = *(request_answers *const *)a, *y = *(request_answers *const *)b;

    if (x->requests != y->requests)
        return x->requests > y->requests ? -1 : 1;
    return (x->message->number > y->message->number) - (x->message->number < y->message->number);
}

GPtrArray *answers_sorted(answers *all)
{
    GPtrArray *sorted = g_ptr_array_new();

    for (uint32_t i = 0; i <= CTI_MESSAGE_NEWEST; i++) {
        request_answers *of = all->of[i];

        if (of == NULL)
            continue;
        qsort(of->slow, of->slow_kept, sizeof(slow_request), compare_slow);
        qsort(of->failures, of->failure_kinds, sizeof(failure_count), compare_failures);
        g_ptr_array_add(sorted, of);
    }
    g_ptr_array_sort(sorted, compare_types);
    return sorted;
}
