/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is wrong with the bytes of messages, counted by kind: one entry for each kind of
 * problems.def, whatever the capture holds. */
#ifndef CTIDUMP_PROBLEM_COUNTS_H
#define CTIDUMP_PROBLEM_COUNTS_H

#include <glib.h>

#include "records.h"

typedef struct problem_count {
    cti_problem_id id;
    uint64_t count;
    uint64_t messages;       /* that have it */
    bool several_sessions;
    uint32_t session, frame; /* of the first */
    char *first; /* "QUERY_AGENT_STATE_REQ, AgentID: the string has no terminating 0" */
} problem_count;

typedef struct problem_counts {
    problem_count of[CTI_PROBLEM_COUNT];
} problem_counts;

/* Counts the problems of a message, which it reads to its end; or, of one that was read to its end
 * already, those of reader. */
void problem_counts_message(problem_counts *counts, const message_record *record);
void problem_counts_reader(problem_counts *counts, const message_record *record,
                           const cti_reader *reader);
void problem_counts_release(problem_counts *counts);

/* Those that were found, errors first, then by their counts; to be freed with g_ptr_array_unref().
 */
GPtrArray *problem_counts_sorted(const problem_counts *counts);

/* "300 x string-not-terminated, first in session 1: QUERY_AGENT_STATE_REQ, AgentID: ...  #10" */
void problem_count_words(GString *to, const problem_count *of);

#endif
