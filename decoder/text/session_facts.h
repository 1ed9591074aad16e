/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The facts of a session that has ended, in words, for the formats that people read. */
#ifndef CTIDUMP_SESSION_FACTS_H
#define CTIDUMP_SESSION_FACTS_H

#include <glib.h>

#include "records.h"
#include "times.h"

/* Tells each fact: a label of one word ("path", "opened", "ended", "verdict", ...) and its
 * words, valid UTF-8 without control characters, which live for the time of the call.
 * time_digits: behind the second. */
void session_facts(const session_record *record, times_style *times, unsigned time_digits,
                   void (*fact)(void *user, const char *label, const char *words), void *user);

/* The client's name for people: its ClientID, or its address and port where it gave none.
 * The caller frees it. */
char *session_client_name(const session_record *record);

/* Appends who is to blame for the session's end, and what to check: "server or network. Check ...".
 * False if nobody is. */
bool session_blame(GString *to, const cti_session_summary *session);

#endif
