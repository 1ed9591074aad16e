/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TCP connections of a capture: which of them carry CTI, their two streams, the
 * messages in these, and their sessions.
 *
 * A connection carries CTI if its server port is one of CTI's, or if its first bytes look
 * like CTI on any port.  Others are counted and then left alone at the price of a look-up.
 *
 * Memory is bounded whatever the capture holds.  Where a limit forces it, what was held for
 * longest is given up behind a hole, and of the connections the one is forgotten that was
 * silent for longest, those without an open session first; connections_notes() tells.  No
 * silence alone ends a connection. */
#ifndef CTIDUMP_CONNECTION_H
#define CTIDUMP_CONNECTION_H

#include "packet.h"

/* Limits that suit a busy server: some 100 MB, should all be reached. */
#define HELD_BYTES_DEFAULT (UINT64_C(4) << 20)
#define HELD_TOTAL_DEFAULT (UINT64_C(32) << 20)
#define CONNECTIONS_DEFAULT 16384u

/* A server that is known by its address, whatever its port says. */
typedef struct known_server {
    endpoint address; /* port 0 stands for all ports */
    cti_side side;
} known_server;

typedef struct connection_options {
    const uint16_t *ports; /* further server ports that carry CTI */
    uint32_t port_count;
    const known_server *servers; /* with a port they carry CTI too */
    uint32_t server_count;
    uint64_t held_bytes;  /* most bytes to hold for a direction while some are missing */
    uint64_t held_total;  /* the same for all directions together */
    uint32_t connections; /* most connections to know at a time, at least 1 */
} connection_options;

typedef struct connections connections;

/* Connections that tell writer what they find.  options and writer must outlive them. */
connections *connections_new(const connection_options *options, const record_writer *writer,
                             void *user);

/* Takes in a segment, with its time and its frame; frames count from 1. */
void connections_feed(connections *all, const tcp_segment *segment);

/* The same, but it may be taken in a few segments later: of many connections that is faster. */
void connections_queue(connections *all, const tcp_segment *segment);

/* Takes in now what waits after connections_queue(). */
void connections_settle(connections *all);

/* Ends all sessions and connections, in the order of their first packets, at the time of the
 * last packet. */
void connections_finish(connections *all);

/* Adds what was counted to the summary: connections, sessions, messages, findings. */
void connections_summary(const connections *all, summary_record *summary);

/* Tells, a line each, what the whole capture did that its reader should know: limits that were
 * reached, packets that were cut, bytes that came again as others, time that steps back. */
void connections_notes(const connections *all, void (*to)(void *user, const char *line),
                       void *user);

void connections_free(connections *all);

#endif
