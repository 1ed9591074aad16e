/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a reader should know of the capture as a whole, in lines. */
#ifndef CTIDUMP_CONNECTION_NOTES_H
#define CTIDUMP_CONNECTION_NOTES_H

#include "codec/connection.h"

/* Calls `to` for each line: limits that were reached, packets that were cut, bytes that were
 * repeated as others, time that steps back.  options are those that the counts were made with. */
void connection_notes(const cti_connection_counts *counts, const cti_connection_options *options,
                      void (*to)(void *user, const char *line), void *user);

#endif
