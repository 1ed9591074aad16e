/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Problems of messages by kind (see problem_counts.h). */
#include "problem_counts.h"

#include "codec/text.h"

static char *first_words(const cti_reader *reader, const cti_problem *problem)
{
    GString *words = g_string_new(NULL);

    if (reader->message != NULL)
        g_string_append(words, reader->message->name);
    else
        g_string_append_printf(words, "MESSAGE_%u", reader->message_type);
    g_string_append(words, ", ");
    cti_text_problem(words, problem);
    return g_string_free(words, FALSE);
}

static void add(problem_counts *counts, const message_record *record, const cti_reader *reader,
                const cti_problem *problem)
{
    problem_count *of = &counts->of[problem->id];

    if (of->count++ == 0) {
        of->id = problem->id;
        of->session = record->session->number;
        of->frame = record->frame;
        of->first = first_words(reader, problem);
    }
    of->several_sessions |= of->session != record->session->number;
}

void problem_counts_reader(problem_counts *counts, const message_record *record,
                           const cti_reader *reader)
{
    bool seen[CTI_PROBLEM_COUNT] = {false};

    for (uint32_t i = 0; i < reader->problem_count; i++) {
        const cti_problem_id id = reader->problems[i].id;

        add(counts, record, reader, &reader->problems[i]);
        counts->of[id].messages += !seen[id];
        seen[id] = true;
    }
}

void problem_counts_message(problem_counts *counts, const message_record *record)
{
    cti_reader own;
    cti_item item;

    if (cti_reader_is_clean(record->reader))
        return;
    own = *record->reader;
    while (cti_reader_next(&own, &item))
        ;
    if (own.problem_count > 0)
        problem_counts_reader(counts, record, &own);
}

void problem_counts_release(problem_counts *counts)
{
    for (int id = 0; id < CTI_PROBLEM_COUNT; id++)
        g_clear_pointer(&counts->of[id].first, g_free);
}

static gint compare(gconstpointer a, gconstpointer b)
{
    const problem_count *x = *(const problem_count *const *)a,
                        *y = *(const problem_count *const *)b;
    const cti_severity of_x = cti_problem_severity(x->id), of_y = cti_problem_severity(y->id);

    if (of_x != of_y)
        return of_x > of_y ? -1 : 1;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

GPtrArray *problem_counts_sorted(const problem_counts *counts)
{
    GPtrArray *found = g_ptr_array_new();

    for (int id = 0; id < CTI_PROBLEM_COUNT; id++)
        if (counts->of[id].count > 0)
            g_ptr_array_add(found, (gpointer)&counts->of[id]);
    g_ptr_array_sort(found, compare);
    return found;
}

void problem_count_words(GString *to, const problem_count *of)
{
    if (of->count == 1) {
        g_string_append_printf(to, "session %u: %s: %s  #%u", of->session,
                               cti_problem_name(of->id), of->first, of->frame);
        return;
    }
    g_string_append_printf(to, "%" G_GUINT64_FORMAT " x %s%s, first in session %u: %s  #%u",
                           of->count, cti_problem_name(of->id),
                           of->several_sessions ? " in several sessions" : "", of->session,
                           of->first, of->frame);
}
