/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The story of a call or an agent (options --call and --agent), told from the messages that
 * name it, in whatever session they are: which device was in which state for how long, the
 * agent's states, and which calls came of which.
 *
 * Several sessions may tell the same event: a state changes only once. */
#ifndef CTIDUMP_STORY_H
#define CTIDUMP_STORY_H

#include <glib.h>

#include "records.h"

typedef struct story story;

story *story_new(void);
void story_free(story *s);

/* Takes in a message.  Appends what it changes, "5001 alerting for 1.203 s, now connected", or
 * nothing. */
void story_message(story *s, const message_record *record, GString *change, unsigned text_flags);

/* Appends, a line each with this indent, how long each connection and each agent was in which
 * state, at the end of it all. */
void story_append_totals(story *s, GString *to, const char *indent);

#endif
