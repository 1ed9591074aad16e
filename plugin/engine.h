/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The codec's connections (connection.h) of the file that is open: fed on the first pass with each
 * TCP segment, and with data that Wireshark has decrypted.  What they report becomes notes. */
#ifndef CTI_PLUGIN_ENGINE_H
#define CTI_PLUGIN_ENGINE_H

#include "notes.h"

/* Registers what resets the memory when files are opened and closed.  serves: which server ports
 * carry CTI. */
void engine_register(bool (*serves)(uint16_t port));

/* Takes in a segment of TCP, on the first pass.  Returns the note of its frame, or NULL where the
 * connection is not CTI. */
frame_note *engine_take_segment(packet_info *pinfo, const cti_segment *segment);

/* Takes in data that is known to be CTI and comes in order (decrypted, exported), on the first
 * pass; piece counts such data of a frame from 1. */
frame_note *engine_take_data(packet_info *pinfo, const uint8_t *bytes, uint32_t captured,
                             uint32_t reported, uint16_t piece);

/* The note of a frame, or NULL. */
frame_note *engine_frame(uint32_t frame);

/* Findings about several sessions, at the last of the frames that they are about; or NULL. */
const finding_note *engine_findings(uint32_t frame);

/* True if CTI is dissected on the connection: by its port, by the user, or by its first bytes. */
bool engine_is_shown(const connection_data *connection);

/* From now on it is. */
void engine_show(connection_data *connection);

/* True if engine_take_data() took data of the packet's connection. */
bool engine_has_data(const packet_info *pinfo);

/* A packet of TCP was dissected for the first time. */
void engine_note_packet(packet_info *pinfo);

/* A packet is dissected again: ends the sessions, if all packets were dissected once. */
void engine_later_pass(void);

/* The packet's time in nanoseconds since 1970; at most INT64_MAX away from it. */
int64_t engine_time(const packet_info *pinfo);

/* Its addresses and ports. */
cti_endpoint engine_source(const packet_info *pinfo);
cti_endpoint engine_destination(const packet_info *pinfo);

#endif
