/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each TCP segment of the file, before Wireshark's TCP dissects it.
 *
 * TCP hands a dissector only data, and not all of it: data that it takes for a retransmission, and
 * data after a missing segment that it waits for, are left out; so are FIN, RST and
 * acknowledgments. So this plugin takes TCP's place in the table "ip.proto": it reads the segment,
 * feeds it to the engine on the first pass, and calls TCP's own dissector with the same arguments.
 */
#ifndef CTI_PLUGIN_SEGMENTS_H
#define CTI_PLUGIN_SEGMENTS_H

#include "notes.h"

/* protocol: CTI's.  Called while protocols are registered. */
void segments_register(int protocol);

/* Called when all protocols are registered. */
void segments_handoff(void);

/* True while TCP dissects a segment that passed here.  It does not if the user chose another
 * dissector for TCP's number in the table "ip.proto". */
bool segments_passed(const packet_info *pinfo);

/* What is kept of a packet while it is dissected. */
typedef struct packet_state {
    frame_note *frame; /* NULL where the packet's connection is not CTI */
    tvbuff_t *payload; /* TCP's; NULL if TCP did not pass here */
    const uint8_t *bytes;
    uint32_t captured, reported; /* of payload */
    uint16_t pieces;             /* of data from elsewhere so far */
    bool *shown;                 /* by number of message: it was shown in this dissection */
    uint32_t shown_size;
    GString *scratch;
} packet_state;

/* The state of the packet, created at the first call. */
packet_state *segments_state(packet_info *pinfo);

/* True if the message was shown in this dissection. */
bool segments_was_shown(const packet_state *state, const message_note *message);
void segments_set_shown(packet_info *pinfo, packet_state *state, const message_note *message);

#endif
