/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP connections, from segments to CTI sessions: the one engine of both front ends.
 *
 * It takes TCP segments in the order of the capture and decides all that has to be decided of a
 * connection: who is the client, whether it carries CTI, TLS or something else, where messages
 * start and end, which bytes are missing, which SYN begins another connection, how TCP ended, and
 * which sessions there were, one after the other.
 *
 *     all = cti_connections_new(&options, &events, user);
 *     cti_connections_feed(all, &segment);    for each segment
 *     cti_connections_finish(all);
 *     cti_connections_free(all);
 *
 * Order: the order of packets in a capture is that in which they reached the capture, which is not
 * always that in which they were sent.  The engine takes each direction in the order of its
 * sequence numbers, and both directions in causal order: what acknowledges bytes comes after them.
 * See cti_connection_options.wait for how long it waits where the capture does not show them.
 *
 * Memory is bounded whatever the capture holds.  At a limit, what was held for longest is given up
 * with a gap, and of the connections the one is forgotten that was silent for longest, those
 * without an open session first; cti_connections_counts() reports it.  No silence alone ends a
 * connection.
 *
 * Time is in nanoseconds since 1970 UTC, a frame is the number of a packet, from 1 on.  Nothing
 * fails: memory that the system does not give ends the program, as in all of GLib. */
#ifndef CTI_CONNECTION_H
#define CTI_CONNECTION_H

#include "clients.h"
#include "foreign.h"
#include "maintenance.h"
#include "outages.h"
#include "segment.h"
#include "session.h"
#include "stream.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- options ---- */

/* Limits that suit a busy server: some 100 MB, should all be reached. */
#define CTI_HELD_BYTES_DEFAULT  (UINT64_C(4) << 20)
#define CTI_HELD_TOTAL_DEFAULT  (UINT64_C(32) << 20)
#define CTI_CONNECTIONS_DEFAULT 16384u
/* Two directions that are captured apart come 0.1 to 50 ms apart; TCP repeats what was lost after
 * 200 ms at the soonest. */
#define CTI_WAIT_DEFAULT (CTI_SECOND / 5)

/* A server that is known by its address, whatever its port says. */
typedef struct cti_known_server {
    cti_endpoint address; /* port 0 stands for all ports */
    cti_side side;
} cti_known_server;

typedef struct cti_connection_options {
    const uint16_t *ports; /* further server ports that carry CTI */
    uint32_t port_count;
    const cti_known_server *servers; /* with a port they carry CTI too */
    uint32_t server_count;
    uint64_t held_bytes;  /* most bytes to hold for a direction while some are missing */
    uint64_t held_total;  /* the same for all directions together, and for unfinished messages */
    uint32_t connections; /* most connections to track at a time, at least 1 */
    /* True for the server ports that carry CTI; NULL stands for those that cti_port_side() knows.
     */
    bool (*serves)(uint16_t port);
    bool open_req_only;       /* on other ports take a connection for CTI by OPEN_REQ alone */
    uint32_t largest_message; /* bytes with header; what claims to be larger is none.  0 = no limit
                               * below CTI_MESSAGE_SIZE_MAX */
    int64_t wait; /* longest time to wait for bytes that were acknowledged, nanoseconds */
} cti_connection_options;

/* ---- what is reported ---- */

/* Which of SYN and SYN-ACK were seen. */
typedef enum {
    CTI_SYN_NONE,
    CTI_SYN_CLIENT_ONLY,
    CTI_SYN_SERVER_ONLY,
    CTI_SYN_FULL,
} cti_syn_seen;

/* Counts of one TCP connection.  [0] is the client's direction, [1] the server's. */
typedef struct cti_tcp_counts {
    uint64_t packets, bytes[2], retransmissions, out_of_order, duplicates, keep_alives,
        zero_windows, gaps;
    uint64_t overlaps_differ; /* segments that repeat bytes as others */
} cti_tcp_counts;

/* A time from one packet to another; to is CTI_NO_TIME, and to_frame 0, if it has no end. */
typedef struct cti_tcp_interval {
    int64_t from, to;
    uint32_t from_frame, to_frame;
} cti_tcp_interval;

/* One side of a connection, as TCP's headers show it.  Read freely; change nothing.
 *
 * What is not acknowledged is known only if packets of both sides were captured: see
 * cti_tcp_knows_both().  An acknowledgment may still be missing from the capture; a retransmission
 * shows that the sender did not get it.  Zero-window probes and keep-alives are not data. */
typedef struct cti_tcp_side {
    /* The first members, up to ttl, are used for each packet. */
    uint32_t next;           /* sequence number after the data sent so far, if sent */
    uint32_t acked;          /* highest acknowledgment of the peer, if placed */
    uint32_t first;          /* of the first unacknowledged byte, if there is one */
    uint32_t unacknowledged; /* bytes sent and not acknowledged */
    int64_t since;           /* time and frame of the first packet with the first of them */
    uint32_t since_frame;
    uint32_t repeats; /* its retransmissions */
    int64_t longest;  /* duration of longest_wait */
    int64_t last_time; /* of its last packet, RST not counted, if seen */
    uint8_t queued;   /* unacknowledged segments after the first, as far as tracked */
    bool placed, sent;
    bool seen;        /* a packet with an acknowledgment was captured */
    bool window_seen; /* one that was not SYN or RST */
    bool closed;      /* the last window was 0 */
    uint8_t ttl;      /* the usual TTL of its packets, RST not counted; 0 = not known */

    bool ttl_varied;     /* some packets had another TTL */
    uint8_t ttl_others;  /* recent ones among them */
    uint64_t ttl_packet; /* the last of them: tcp.packets at that time */
    int64_t repeat_time; /* of the last retransmission, if repeats > 0 */
    uint32_t repeat_frame;
    /* The longest time from data to its acknowledgment, and how often the data was repeated in it;
     * from_frame is 0 if there was none.  A wait of more than 3 s without a retransmission does not
     * count: an acknowledgment is missing from the capture. */
    uint32_t longest_repeats;
    cti_tcp_interval longest_wait;
    /* Times with a receive window of 0, up to the last time that it opened again;
     * cti_tcp_zero_window() adds the time since. */
    uint32_t closed_count;
    uint32_t closed_frame; /* since when, if closed */
    int64_t closed_time;
    int64_t closed_total;
    cti_tcp_interval closed_longest;
} cti_tcp_side;

/* The RST that ended a connection. */
typedef struct cti_tcp_reset {
    cti_sender sender;
    uint32_t frame; /* 0 = there was none */
    int64_t time;
    uint8_t ttl;    /* 0 = not known */
    bool other_ttl; /* not the usual TTL of its sender: another device may have sent it */
} cti_tcp_reset;

/* Ends that do not agree about TLS, so that no session opens.  Not known (CTI_TLS_AGREED) while
 * the capture does not show how the other end took it. */
typedef enum {
    CTI_TLS_AGREED,
    CTI_TLS_CLIENT_ONLY, /* a TLS handshake of the client, answered without TLS or by FIN or RST */
    CTI_TLS_SERVER_ONLY, /* a TLS alert of the server, in answer to CTI */
} cti_tls_mismatch;

/* A connection, up to now or at its end. */
typedef struct cti_connection_summary {
    uint32_t number; /* from 1, in the order in which there is something to report of them */
    cti_endpoint client, server;
    cti_side side;
    int64_t first_time, last_time;
    uint32_t first_frame;
    cti_syn_seen syn;
    cti_end close; /* CTI_END_CAPTURE_ENDED where TCP did not end */
    bool tls; /* a TLS handshake was seen */
    cti_tls_mismatch tls_mismatch;
    uint32_t tls_frame; /* of the handshake or the alert; 0 = there was none */
    uint32_t sessions;
    cti_tcp_counts tcp;
    cti_tcp_reset reset;
    cti_other_answer other_answer;
    cti_tcp_side sides[2]; /* of the client, of the server */
    cti_foreign not_cti[2]; /* what the client, the server sent first, where that is not CTI */
} cti_connection_summary;

static inline bool cti_tcp_knows_both(const cti_connection_summary *connection)
{
    return connection->sides[0].seen && connection->sides[1].seen;
}

/* Total time with a receive window of 0 until now, and the longest one. */
int64_t cti_tcp_zero_window(const cti_tcp_side *side, int64_t now, cti_tcp_interval *longest);

/* A session on a connection. */
typedef struct cti_session_record {
    uint32_t number; /* from 1, in the order of their first messages */
    const cti_connection_summary *connection;
    const cti_session_summary *session;
    /* The caller's: one pointer of its own per session, NULL at first. */
    void **writer_data;
    /* In a heartbeat, request, silence or finding: what the caller gave the message that is being
     * taken in, and its frame; NULL and 0 where there is none. */
    void *cookie;
    uint32_t frame;
} cti_session_record;

typedef struct cti_message_record {
    const cti_session_record *session;
    uint32_t frame; /* in which the message ends */
    int64_t time;   /* of that frame */
    cti_sender sender;
    const uint8_t *bytes;
    uint32_t size;            /* bytes present, header included */
    const cti_reader *reader; /* at its first field: copy it to read */
    const cti_message_facts *facts;
    void *cookie; /* what framed() returned, or NULL */
} cti_message_record;

typedef struct cti_connection cti_connection;

/* A message as soon as it is found in its direction: before its turn in causal order. */
typedef struct cti_framed_message {
    cti_connection *connection;
    cti_sender sender;
    uint32_t frame, start; /* in which it ends; sequence number of its first byte */
    const uint8_t *bytes;  /* in the payload of the segment that is fed, if it is whole in that */
    uint32_t size;         /* bytes present, header included */
} cti_framed_message;

/* Bytes of one direction that are missing, or that could not be decoded. */
typedef struct cti_gap {
    const cti_session_record *session; /* NULL where no session had begun */
    const cti_connection_summary *connection;
    cti_sender sender;
    uint64_t bytes;         /* missing */
    uint64_t skipped_bytes; /* present around it, but not part of a whole message */
    cti_gap_cause cause;
    uint32_t frame;
    int64_t time;
} cti_gap;

/* What to call when something is known; any may be NULL.  Calls come in causal order; session()
 * and connection() at their end; then, from cti_connections_finish(), what all sessions together
 * show: client(), storm(), outage(), maintenance(), and findings whose session is NULL.  What a record points to lives for
 * the time of the call. */
typedef struct cti_connection_events {
    /* A hint: a message of the session comes soon. */
    void (*expect)(void *user, const cti_session_record *session);
    /* The result comes back as the message's cookie. */
    void *(*framed)(void *user, const cti_framed_message *message);
    void (*message)(void *user, const cti_message_record *record);
    void (*heartbeat)(void *user, const cti_session_record *session,
                      const cti_heartbeat *heartbeat);
    void (*request)(void *user, const cti_session_record *session, const cti_request *request);
    void (*silence)(void *user, const cti_session_record *session, const cti_silence *silence);
    void (*gap)(void *user, const cti_gap *gap);
    void (*finding)(void *user, const cti_session_record *session, const cti_finding *finding);
    void (*tcp_end)(void *user, const cti_session_record *session, cti_tcp_end how,
                    cti_sender sender, int64_t time, uint32_t frame);
    void (*session)(void *user, const cti_session_record *session);
    void (*connection)(void *user, const cti_connection_summary *connection);
    void (*client)(void *user, const cti_client *client);
    void (*storm)(void *user, const cti_storm *storm);
    void (*outage)(void *user, const cti_outage_history *history);
    void (*maintenance)(void *user, const cti_maintenance *maintenance);
} cti_connection_events;

/* ---- the engine ---- */

typedef struct cti_connections cti_connections;

/* options and events must outlive the result; user is passed to each event.  To be freed with
 * cti_connections_free(). */
cti_connections *cti_connections_new(const cti_connection_options *options,
                                     const cti_connection_events *events, void *user);

/* Takes in a segment; its payload need not outlive the call. */
void cti_connections_feed(cti_connections *all, const cti_segment *segment);

/* The same, but it may be taken in a few segments later: faster where there are many
 * connections. */
void cti_connections_queue(cti_connections *all, const cti_segment *segment);

/* Takes in now what cti_connections_queue() put off. */
void cti_connections_settle(cti_connections *all);

/* Ends all sessions and connections, in the order of their first packets, at the time of the
 * last packet. */
void cti_connections_finish(cti_connections *all);

/* How often something happened, and where first. */
typedef struct cti_tally {
    uint64_t count;
    uint32_t frame; /* of the first, 0 where there is none */
} cti_tally;

/* What was counted of all connections. */
typedef struct cti_connection_counts {
    uint32_t connections; /* with something to report */
    uint32_t sessions;
    uint32_t other;    /* TCP without CTI: counted and left alone */
    uint32_t attempts; /* those of other that went to a port of CTI and came to no message */
    uint64_t messages;
    uint64_t findings[3]; /* by cti_severity */
    /* Packets whose time is before that of the one before, and by how much at most. */
    cti_tally steps_back;
    int64_t worst_step;
    /* Packets that came after the packet that acknowledged them, and by how much at most. */
    cti_tally disordered;
    int64_t worst_disorder;
    uint64_t missing;          /* gaps of bytes that were acknowledged: the capture lost packets */
    uint64_t missing_bytes;    /* in them */
    uint32_t missing_frame;    /* that shows the first of them */
    uint32_t missing_sessions; /* that have such gaps */
    uint32_t one_sided;        /* connections with CTI of which one direction was not captured */
    cti_tally cut;             /* gaps because the capture cut packets */
    cti_tally differing;       /* segments that repeat bytes as others */
    cti_tally over_limit;      /* gaps because of held_bytes, held_total or connections */
    uint64_t outages_left_out; /* over CTI_OUTAGES_MAX */
    uint64_t maintenances_left_out; /* sessions, votes, maintenances: over maintenance.h's limits */
    uint64_t clients_left_out; /* sessions and attempts over the limits of clients.h */
    /* Connections forgotten because of the limit: without an open session, with one. */
    uint64_t forgotten_idle, forgotten_talking;
} cti_connection_counts;

const cti_connection_counts *cti_connections_counts(const cti_connections *all);

void cti_connections_free(cti_connections *all);

/* ---- one connection ---- */

/* The connection between two endpoints, in either order, or NULL.  It lives until it is reported
 * by connection(), or, if it has no number, at least until the next segment is fed. */
cti_connection *cti_connections_find(cti_connections *all, const cti_endpoint *one,
                                     const cti_endpoint *other);

const cti_connection_summary *cti_connection_get_summary(const cti_connection *connection);

/* The caller's own: NULL at first. */
void **cti_connection_data(cti_connection *connection);

/* True once it is taken for CTI; it never is again something else. */
bool cti_connection_is_cti(const cti_connection *connection);

/* What of the stream that `source` sends was delivered: the sequence number after it. */
uint32_t cti_connection_reached(cti_connection *connection, const cti_endpoint *source);

/* How many of the next bytes of the stream belong to a message that was reported, although the
 * capture cut it. */
uint32_t cti_connection_tail(cti_connection *connection, const cti_endpoint *source);

/* How many bytes, at the end of what was delivered, belong to a message that is not whole yet, and
 * how many it needs in all (0: not known, the header is not whole).  0 where there are none, or
 * where it is not sure that they are a message's. */
uint32_t cti_connection_unfinished(cti_connection *connection, const cti_endpoint *source,
                                   uint32_t *wanted);

#ifdef __cplusplus
}
#endif

#endif
