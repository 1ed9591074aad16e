/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events as a line of words, for the formats that people read: what happened, without time
 * and session.  All functions append to a GString that the caller owns. */
#ifndef CTIDUMP_LINES_H
#define CTIDUMP_LINES_H

#include <glib.h>

#include "records.h"

/* "C->S" or "S->C". */
const char *line_direction(cti_sender sender);

/* "OPEN_CONF  PGStatus=0 ... after 2.100 ms !string-not-terminated  #4": name, the fields
 * that matter, response time, problems above a note, frame. */
void line_message(GString *to, const message_record *record, unsigned text_flags);

/* "TCP reset by the client  #91" */
void line_tcp_end(GString *to, cti_tcp_end how, cti_sender sender, uint32_t frame);

/* "100 bytes from the server missing (acked)  #17" */
void line_gap(GString *to, const gap_record *record);

/* "the client was silent for 95.002 s (79 % of IdleTimeout)  #17" */
void line_silence(GString *to, const cti_silence *silence);

/* "MAKE_CALL_REQ inv=5: no response  #17" */
void line_unanswered(GString *to, const cti_request *request);

/* What happened, what to check, and the frames: "1 HEARTBEAT_REQ was not answered. Check ...  #17" */
void line_finding_words(GString *to, const cti_finding *finding);

/* "warning heartbeat-gap: ...  #17 #18" */
void line_finding(GString *to, const cti_finding *finding, bool colour);

#endif
