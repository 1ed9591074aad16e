/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How requests were answered, type by type: how many, how fast, which failed and why, and the
 * slowest of them.  Memory is bounded: a few kilobytes a type. */
#ifndef CTIDUMP_ANSWERS_H
#define CTIDUMP_ANSWERS_H

#include <glib.h>

#include "codec/quantile.h"
#include "records.h"

/* Slow requests of one type that are kept, and failures that are told apart. */
#define ANSWERS_SLOW_KEPT 20
#define ANSWERS_FAILURES_KEPT 32
/* A desktop server that polls this counts on such answers, on average. */
#define ANSWERS_POLLED CTI_QUERY_SKILL_GROUP_STATISTICS_REQ
#define ANSWERS_POLLED_TIME (62 * CTI_SECOND / 1000)

/* A request that took long. */
typedef struct slow_request {
    uint32_t session, invoke_id, frame, answer_frame;
    int64_t time, took;
    cti_outcome outcome;
} slow_request;

/* Failures of one kind. */
typedef struct failure_count {
    const cti_message *answer;
    bool has_status;
    uint32_t status;
    const cti_value *status_value; /* its name, or NULL */
    uint64_t count;
} failure_count;

typedef struct request_answers {
    const cti_message *message;
    uint64_t requests, confirmed, failed, unanswered, unknown, not_due;
    cti_quantile times; /* of all that were answered, also by a failure */
    double total;       /* nanoseconds, of the same */
    failure_count failures[ANSWERS_FAILURES_KEPT];
    uint32_t failure_kinds;
    uint64_t other_failures; /* of more kinds */
    slow_request worst;      /* took is CTI_NO_TIME while none was answered */
    uint64_t slow_count;     /* over the threshold */
    slow_request slow[ANSWERS_SLOW_KEPT]; /* the slowest of them */
    uint32_t slow_kept;
} request_answers;

typedef struct answers answers;

/* threshold: longer than this, in nanoseconds, is slow; 0 for none. */
answers *answers_new(int64_t threshold);
void answers_free(answers *all);

/* Takes in a request of any kind, a heartbeat's too, once its fate is known. */
void answers_add(answers *all, uint32_t session, const cti_request *request);

/* The types that were asked, most frequent first, with the slow ones of each slowest first;
 * nothing may be added afterwards.  The caller frees the array, not what it points to. */
GPtrArray *answers_sorted(answers *all);

/* Mean time in nanoseconds, negative where none was answered. */
double answers_mean(const request_answers *of);

#endif
