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

#include "codec/clients.h"
#include "codec/session.h"

/* In place of an address's size: the address is redacted, and the bytes are a name in its
 * place, ended by 0. */
#define ENDPOINT_NAMED 1

typedef cti_endpoint endpoint;

static inline bool endpoint_is(const endpoint *a, const endpoint *b)
{
    return a->port == b->port && memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

/* Which of SYN and SYN-ACK were seen. */
typedef enum { SYN_NONE, SYN_CLIENT_ONLY, SYN_SERVER_ONLY, SYN_FULL } syn_seen;

/* Counts of one TCP connection.  [0] is the client's direction, [1] the server's. */
typedef struct tcp_counts {
    uint64_t packets, bytes[2], retransmissions, out_of_order, duplicates, keep_alives,
        zero_windows, holes;
    uint64_t overlaps_differ; /* segments that repeat bytes as others */
} tcp_counts;

typedef struct connection_record {
    uint32_t number;
    endpoint client, server;
    cti_side side;
    int64_t first_time, last_time;
    uint32_t first_frame;
    syn_seen syn;
    cti_end close; /* CTI_END_CAPTURE_ENDED where TCP did not end */
    bool tls;
    uint32_t sessions;
    tcp_counts tcp;
} connection_record;

typedef struct session_record {
    uint32_t number;
    const connection_record *connection;
    const cti_session *session;
    /* For the writer: one pointer of its own per session, NULL at first. */
    void **writer_data;
} session_record;

typedef struct message_record {
    const session_record *session;
    uint32_t frame; /* in which the message ends */
    int64_t time;   /* of that frame, ns since 1970 */
    cti_sender sender;
    const uint8_t *bytes;
    uint32_t size;            /* bytes present, header included */
    const cti_reader *reader; /* at its first field: copy it to read */
    const cti_message_facts *facts;
} message_record;

typedef enum {
    HOLE_ACKED,         /* the peer acknowledged bytes that the capture lacks */
    HOLE_CLOSED,        /* FIN or RST behind it */
    HOLE_LIMIT,         /* too many bytes were held */
    HOLE_TIME,
    HOLE_SNAPLEN,       /* the capture cut the packet */
    HOLE_CAPTURE_ENDED,
    HOLE_FRAMING,       /* bytes that are no message were left out; bytes is 0 */
} hole_cause;

const char *hole_cause_name(hole_cause cause);

typedef struct hole_record {
    const session_record *session;       /* NULL where no session had begun */
    const connection_record *connection;
    cti_sender sender;
    uint64_t bytes;         /* missing */
    uint64_t skipped_bytes; /* present around it, but not part of a whole message */
    hole_cause cause;
    uint32_t frame;
    int64_t time;
} hole_record;

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
 * storm(), and findings whose session is NULL; summary() last. */
typedef struct record_writer {
    void (*begin)(void *user, unsigned time_digits); /* digits behind the second: 6 or 9 */
    /* A hint: a message of the session comes soon. */
    void (*expect)(void *user, const session_record *session);
    void (*message)(void *user, const message_record *record);
    void (*heartbeat)(void *user, const session_record *session, const cti_heartbeat *heartbeat);
    void (*request)(void *user, const session_record *session, const cti_request *request);
    void (*silence)(void *user, const session_record *session, const cti_silence *silence);
    void (*hole)(void *user, const hole_record *record);
    void (*finding)(void *user, const session_record *session, const cti_finding *finding);
    void (*tcp_end)(void *user, const session_record *session, cti_tcp_end how,
                    cti_sender sender, int64_t time, uint32_t frame);
    void (*session)(void *user, const session_record *session);
    void (*connection)(void *user, const connection_record *connection);
    void (*client)(void *user, const cti_client *client);
    void (*storm)(void *user, const cti_storm *storm);
    void (*summary)(void *user, const summary_record *summary);
} record_writer;

#endif
