/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the reading half of ctidump (capture -> packet -> TCP -> framing -> session) tells
 * the writing half (report, timeline, messages, json).  One structure a record of
 * the JSON Lines output; the writers never look at packets, the readers never at formats.
 *
 * Sessions are numbered from 1 in the order of their first messages, connections in the order
 * in which there is something to tell of them.  Everything a record points to lives for the
 * time of the call only.
 */
#ifndef CTIDUMP_RECORDS_H
#define CTIDUMP_RECORDS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "codec/connection.h"

/* In place of an address's size: the address is redacted, and the bytes are a name in its
 * place, ended by 0. */
#define ENDPOINT_NAMED 1

typedef cti_endpoint endpoint;
typedef cti_connection_summary connection_record;
typedef cti_session_record session_record;
typedef cti_message_record message_record;
typedef cti_gap gap_record;

typedef struct summary_record {
    uint32_t files;
    uint64_t packets, bytes;
    uint64_t without_tcp; /* packets of protocols that never carry TCP */
    const struct undecoded *undecoded; /* packets that were not decoded, and may hold TCP */
    int64_t first_time, last_time; /* CTI_NO_TIME where there was no packet */
    uint32_t connections, sessions;
    uint32_t other_connections; /* TCP without CTI: counted and left alone */
    uint32_t failed_attempts;   /* those of them to a port of CTI: refused, not answered, or silent */
    uint64_t messages;
    uint64_t findings[3]; /* by cti_severity */
    const char *const *notes; /* limits hit, damaged files, unknown link types, ... */
    uint32_t note_count;
} summary_record;

/* The writing half.  Any function may be NULL.  Calls come in the order of the capture;
 * session() and connection() at their end; then what all of them together tell: client(),
 * storm(), outage(), maintenance(), and findings whose session is NULL; summary() last. */
typedef struct record_writer {
    void (*begin)(void *user, unsigned time_digits); /* digits behind the second: 6 or 9 */
    /* A hint: a message of the session comes soon. */
    void (*expect)(void *user, const session_record *session);
    void (*message)(void *user, const message_record *record);
    void (*heartbeat)(void *user, const session_record *session, const cti_heartbeat *heartbeat);
    void (*request)(void *user, const session_record *session, const cti_request *request);
    void (*silence)(void *user, const session_record *session, const cti_silence *silence);
    void (*gap)(void *user, const gap_record *record);
    void (*finding)(void *user, const session_record *session, const cti_finding *finding);
    void (*tcp_end)(void *user, const session_record *session, cti_tcp_end how,
                    cti_sender sender, int64_t time, uint32_t frame);
    void (*session)(void *user, const session_record *session);
    void (*connection)(void *user, const connection_record *connection);
    void (*client)(void *user, const cti_client *client);
    void (*storm)(void *user, const cti_storm *storm);
    void (*outage)(void *user, const cti_outage_history *history);
    void (*maintenance)(void *user, const cti_maintenance *maintenance);
    /* Before more of a pipe is waited for: what is held back is to be shown. */
    void (*wait)(void *user);
    void (*summary)(void *user, const summary_record *summary);
} record_writer;

/* The events of the engine as the writer takes them: the engine's records are the writer's. */
cti_connection_events record_writer_events(const record_writer *writer);

/* Fills in what the engine counted. */
void summary_record_take(summary_record *summary, const cti_connection_counts *counts);

#endif
