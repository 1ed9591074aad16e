/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TCP connections of a capture: which of them carry CTI, their two streams, the
 * messages in these, and their sessions.
 *
 * A connection carries CTI if its server port is one of CTI's, or if its first bytes look
 * like CTI on any port.  Others are counted and then left alone at the price of a look-up. */
#ifndef CTIDUMP_CONNECTION_H
#define CTIDUMP_CONNECTION_H

#include "packet.h"

typedef struct connection_options {
    const uint16_t *ports; /* further server ports that carry CTI */
    uint32_t port_count;
    uint64_t held_bytes; /* most bytes to hold for a direction while some are missing */
} connection_options;

typedef struct connections connections;

/* Connections that tell writer what they find.  options and writer must outlive them. */
connections *connections_new(const connection_options *options, const record_writer *writer,
                             void *user);

/* Takes in a segment, with its time and its frame; frames count from 1. */
void connections_feed(connections *all, const tcp_segment *segment);

/* Ends all sessions and connections, in their order, at the time of the last packet. */
void connections_finish(connections *all);

/* Adds what was counted to the summary: connections, sessions, messages, findings. */
void connections_summary(const connections *all, summary_record *summary);

void connections_free(connections *all);

#endif
