/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which records the user wants: a writer that hands on to another one what is selected. */
#ifndef CTIDUMP_SELECTION_H
#define CTIDUMP_SELECTION_H

#include "records.h"

/* What is wanted; all conditions that are set must hold. */
typedef struct selection_criteria {
    char *client;    /* ClientID, or NULL */
    char **types;    /* names of messages, ended by NULL, or NULL */
    char *agent;     /* value of AgentID, or NULL: messages that name it, or a phone of this agent */
    bool has_call;
    uint32_t session; /* number, or 0 */
    uint32_t call;    /* of any field that names a call; the answers to such requests too */
    int64_t from, to; /* times, both included; CTI_NO_TIME for no limit */
    cti_severity least; /* of findings */
} selection_criteria;

/* True if anything is asked for. */
bool selection_is_set(const selection_criteria *criteria);

typedef struct selection selection;

/* The user pointer of selection_writer, which hands on to writer and user. */
selection *selection_new(const selection_criteria *criteria, const record_writer *writer,
                         void *user);
void selection_free(selection *s);

extern const record_writer selection_writer;

#endif
