/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the dissector tells the rest of Wireshark of each message: statistics, followed streams,
 * exported PDUs, credentials.  A message that came before (retransmitted) is not told again. */
#ifndef CTI_PLUGIN_TAPS_H
#define CTI_PLUGIN_TAPS_H

#include "compat.h"

#include "message.h"

/* What a listener of the tap "cti" gets: a message, or the end of a session by TCP. */
typedef struct cti_tap {
    const session_note *session; /* that it belongs to */
    const message_note *message; /* NULL at the end of a session */
    uint32_t type;               /* of the message */
    const char *type_name;
    const char *status;          /* of a failure, else NULL */
} cti_tap;

/* Registers the taps, and what Wireshark brings for them: follow, export, credentials. */
void taps_register(int protocol);

/* Tells of the message at offset, which a session has taken in.  reader is at its first field. */
void taps_message(const view *v, int offset, uint32_t size, const cti_reader *reader,
                  const message_note *note);

/* Tells of the end of a session. */
void taps_end(packet_info *pinfo, const frame_note *frame);

#endif
