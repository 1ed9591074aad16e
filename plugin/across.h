/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What only several sessions together show: the ways of clients over both sides, storms of
 * OPEN_REQ (codec/clients.h).  The first pass tells of each session that ended, and of each
 * packet of a connection to a port of CTI, since those that come to no message are never handed to
 * a dissector; all of it is judged when the file was read, and shown on later passes.
 *
 * Memory: what clients.h states, until the file was read; beside it some 150 bytes for each
 * connection to a port of CTI while it has no data, CTI_CLIENTS_ATTEMPTS_MAX of them at most. */
#ifndef CTI_PLUGIN_ACROSS_H
#define CTI_PLUGIN_ACROSS_H

#include "compat.h"

#include "connections.h"

/* Takes in a session that has ended; summary is what is shown of it. */
void across_session(const cti_session_summary *session, const session_summary *summary,
                    const address *client, uint32_t client_port, const address *server,
                    uint32_t server_port);

/* The first message came on the connection with this key. */
void across_talks(uint32_t key);

/* Looks at a packet of TCP when it was dissected.  is_cti_port tells the ports that carry CTI. */
void across_packet(packet_info *pinfo, bool (*is_cti_port)(uint32_t port));

/* The file was read, up to a packet at this time: makes the findings. */
void across_finish(int64_t end);

/* The findings that are shown at a frame, or NULL. */
const finding_note *across_findings(uint32_t frame);

/* Forgets all of it. */
void across_release(void);

#endif
