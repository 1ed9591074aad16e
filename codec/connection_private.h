/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a connection is made of, for the files that work on it; nobody else includes this.
 *
 *     connection.c           segments, limits, from beginning to end
 *     connection_prefetch.c  segments on their way to their connections
 *     connection_syn.c       which SYN begins another connection
 *     connection_end.c       FIN and RST
 *     connection_owed.c      waiting for bytes that were acknowledged before they were captured
 *     connection_order.c     causal order of the two directions
 *     connection_facts.c     what TCP shows of each side; answers from another address
 *     connection_table.c     which connection a segment belongs to, who is the client
 *     recognition.c          does it carry CTI?
 *     connection_stream.c    TCP's bytes and gaps -> streams -> messages and gaps of sessions
 *     connection_session.c   messages -> sessions, and what is reported of them
 *
 * Invariants:
 * - content goes from UNDECIDED to CTI or to OTHER, and never back.
 * - A connection of OTHER content and one that is over keep no bytes.
 * - A direction's stream keeps bytes only while a message is not whole or content is undecided:
 *   at most a message and a segment.
 * - A connection is in just one queue: talking while it has a session, else idle.
 * - A connection has a number as soon as the writer is told anything of it. */
#ifndef CTI_CONNECTION_PRIVATE_H
#define CTI_CONNECTION_PRIVATE_H

#include <glib.h>

#include "clients_phones.h"
#include "connection.h"
#include "duplicate.h"
#include "session_private.h"
#include "stream.h"
#include "tcp.h"

enum { DIRECTIONS = 2 };

typedef enum { CONTENT_UNDECIDED, CONTENT_CTI, CONTENT_OTHER } content;

typedef struct cti_connection connection;

/* What is delivered in causal order. */
typedef enum {
    EVENT_MESSAGE, /* bytes */
    EVENT_UNSEEN,  /* gap: bytes are missing; for the session */
    EVENT_GAP,     /* gap: the same when it is known what around it could not be decoded; for the
                    * caller */
    EVENT_FIN,
    EVENT_RESET,
} event_kind;

typedef struct ordered_event {
    event_kind kind;
    cti_stamp packet; /* end: the number after the event in its own direction */
    uint32_t size;    /* of bytes */
    const uint8_t *bytes;
    void *cookie; /* of a message */
    cti_stream_gap_record gap;
} ordered_event;

/* A session and what the records say of it. */
typedef struct live_session {
    cti_session_record record;
    connection *connection;
    cti_phone *phone; /* that it asked for, or NULL */
    cti_session session;
} live_session;

/* A segment whose data is not acknowledged yet. */
typedef struct sent_segment {
    uint32_t from;  /* sequence number after the segment before it */
    uint32_t start; /* its own: greater than from if bytes between the two were not captured */
    uint32_t frame;
    int64_t time;
} sent_segment;

/* A sender retransmits after 3 s at the latest (first timeout in RFC 1122; 1 s in RFC 6298) unless
 * round trips take seconds, which CTI does not work with. */
#define CTI_TCP_REPEATED_AFTER (3 * CTI_SECOND)

/* Most segments of a direction that are tracked; a later one is merged into the last. */
enum { SENT_MAX = 4 };

/* One direction: TCP's stream, and the messages in it. */
typedef struct direction {
    connection *connection;
    cti_tcp_side *side; /* in the connection's record */
    cti_sender sender;
    bool captured;     /* at least one of its packets was */
    bool not_captured; /* none was, although the peer acknowledges bytes */
    bool fin_taken;    /* FIN's number was reached, */
    bool fin_told;     /* and it was delivered in its turn */
    bool decrypted;    /* its messages come decrypted */
    bool spoke;        /* a message was found, or its first bytes need no more looking at */
    bool reset_taken;  /* RST came; what is before it may be owed */
    bool fin_seen;     /* FIN came; its segment acknowledged this: */
    bool fin_acknowledges;
    uint32_t fin_acknowledgment;
    bool missed_known;   /* missed is */
    uint32_t missed;     /* the number after the last gap that was delivered */
    bool followed_known; /* followed is */
    uint32_t followed;   /* what was delivered of the other direction follows from it up to here */
    cti_tcp_stream stream;
    cti_stream messages;
    cti_foreign start; /* its first bytes, until spoke */
    GQueue waiting; /* of events, for their turn */
    uint64_t lost;  /* bytes missing while it was not decided if this is CTI, or of TLS */
    cti_gap_cause lost_by;
    sent_segment sent[SENT_MAX]; /* the first side->queued are in use, oldest first */
} direction;

/* What each packet touches stands first. */
struct cti_connection {
    cti_connections *all;
    live_session *session;
    void *writer_data;     /* the caller's, for the session */
    void *data;            /* the caller's, for the connection */
    cti_segment *late_syn; /* of what may become the next connection; NULL if none */
    GQueue *queue;         /* that it is in, by link */
    cti_stamp packet;      /* the one being taken in */
    bool owing;            /* it is in the queue of those to which bytes are owed */
    bool disordered;       /* a packet came after the packet that acknowledged it */
    content content;
    bool cti_port;
    bool named;        /* the user named its port or server */
    bool client_known; /* record.client is the client, and not a guess */
    bool numbered;
    bool reset;
    bool over;  /* both FINs were delivered, and the streams are to be released */
    bool lossy; /* bytes are missing */
    bool missing; /* bytes that were acknowledged are, since the present session began */
    cti_connection_summary record;
    direction directions[DIRECTIONS];
    cti_duplicate_filter seen;
    uint32_t tries;         /* pieces of data that did not look like CTI */
    cti_stamp reset_packet; /* with reset_taken */
    int64_t owing_from;     /* with owing: the time by which it was put into that queue */
    GList link;
    GList owing_link;
    connection *same_key; /* the next one with its key in the table */
};

/* A segment on its way to its connection. */
typedef struct waiting_segment {
    cti_segment segment;
    uint8_t *payload; /* a copy */
    uint32_t capacity;
    connection *guess; /* whose it seems to be, while no connection was removed since; or NULL */
    uint64_t removals; /* until then */
    bool is_next;      /* it follows on one of the same connection */
} waiting_segment;

/* A client's SYN, to find answers from another address. */
typedef struct recent_syn {
    cti_endpoint client, server;
    uint32_t sequence;
} recent_syn;

/* Size of their table: client and port choose the place, and a newer SYN replaces an older. */
enum { RECENT_SYNS = 256 };

/* Most segments that wait; a power of 2. */
enum { AHEAD_MAX = 16 };

struct cti_connections {
    const cti_connection_options *options;
    const cti_connection_events *events;
    void *user;
    GHashTable *table; /* a number made of both endpoints -> the first connection with it */
    GQueue idle;       /* of connection: the one without packets for longest first */
    GQueue talking;    /* the same, but for those with packets behind frame talking_sorted */
    uint32_t talking_sorted;
    uint64_t removals;                /* connections that are no longer there */
    waiting_segment ahead[AHEAD_MAX]; /* segment number n is at n % AHEAD_MAX */
    uint64_t queued, taken;
    cti_tcp_pool pool;          /* its held: bytes of unfinished too */
    cti_stream_pool unfinished; /* messages */
    GQueue owing; /* of connections: those that wait for bytes, about in the order of their times */
    cti_clients *clients; /* what only several sessions together tell */
    cti_phones *phones;   /* who has which agent's phone now */
    cti_outages *outages;
    cti_maintenances *maintenances;
    int64_t last_time;
    cti_connection_counts counts;
    recent_syn syns[RECENT_SYNS];
};

static inline direction *cti_connection_direction(connection *c, cti_sender sender)
{
    return &c->directions[c->directions[0].sender == sender ? 0 : 1];
}

static inline direction *cti_connection_opposite(const direction *from)
{
    connection *c = from->connection;

    return &c->directions[from == &c->directions[0] ? 1 : 0];
}

/* True if the capture may show bytes yet that were acknowledged. */
static inline bool cti_connection_is_owed(const connection *c)
{
    return (c->directions[0].stream.owed | c->directions[1].stream.owed) != 0;
}

/* True if bytes, or the turn of a RST, are waited for. */
static inline bool cti_connection_is_waiting(const connection *c)
{
    return cti_connection_is_owed(c) || c->directions[0].reset_taken ||
           c->directions[1].reset_taken;
}

/* Gives the connection its number, if it has none. */
void cti_connection_number(connection *c);

/* Drops all bytes that its streams keep; what waits for its turn stays. */
void cti_connection_release_streams(connection *c);

/* Delivers what is due, and releases the streams of a connection that is over.  Not to be called
 * while a stream hands out messages. */
void cti_connection_deliver(connection *c);

/* Takes in a segment; c is what cti_connection_table_find() says. */
void cti_connections_take(cti_connections *all, connection *c, const cti_segment *segment);

void cti_tally_add(cti_tally *tally, uint32_t frame);

/* ---- connection_table.c ---- */

void cti_connection_table_init(cti_connections *all);

/* A number made of an address and port; the low bits are as good as the high ones. */
uint64_t cti_connection_table_hash(const cti_endpoint *point);

/* The connection that a segment's endpoints belong to, NULL if it is not known. */
connection *cti_connection_table_find(cti_connections *all, const cti_segment *segment);

/* The same without a look at a connection: nearly always right. */
connection *cti_connection_table_guess(const cti_connections *all, const cti_segment *segment);

/* True if the segment's endpoints are the connection's. */
bool cti_connection_table_is(const connection *c, const cti_segment *segment);

/* A new connection that begins with this segment; it is in the table and idle. */
connection *cti_connection_table_add(cti_connections *all, const cti_segment *segment);

/* Takes a connection out of table and queue, and frees it. */
void cti_connection_table_remove(connection *c);

/* Puts it at the end of the queue that it belongs in now. */
void cti_connection_table_touch(connection *c);

/* Without a packet of its own: moves it only if its session began or ended. */
void cti_connection_table_update(connection *c);

/* How many there are. */
uint32_t cti_connection_table_size(const cti_connections *all);

/* The one to be forgotten first, where there is any: without packets for longest, those without
 * a session before all others. */
connection *cti_connection_table_quietest(cti_connections *all);

/* The direction in which this endpoint of the connection sends. */
direction *cti_connection_table_direction(connection *c, const cti_endpoint *source);

/* A message of this type came from this direction: on a port that says nothing, the first one
 * whose sender the table of messages knows tells who is the client. */
void cti_connection_table_learn_client(const direction *from, uint32_t type);

/* ---- connection_prefetch.c ---- */

void cti_prefetch_release(cti_connections *all);

/* ---- connection_syn.c ---- */

/* True if a SYN or SYN-ACK begins another connection for sure: because this one is over. */
bool cti_syn_begins_another(const direction *from, const cti_segment *segment);

/* True for the SYN that was refused, once more: a Windows client sends it three times, half a
 * second apart, before it gives up.  It is the same attempt. */
bool cti_syn_is_repeated(const direction *from, const cti_segment *segment);

/* True for a SYN with another number on a connection that goes on: it is old, or forged, or
 * begins another connection after an end that was not captured.  What comes behind it will
 * tell: keep it until then. */
bool cti_syn_is_late(const direction *from, const cti_segment *segment);
void cti_syn_keep(connection *c, const cti_segment *segment);

/* True if the server answers the kept SYN, or its sender goes on behind it. */
bool cti_syn_is_proven(const connection *c, const cti_segment *segment);

/* ---- connection_facts.c ---- */

/* After the senders of the directions are known; again to start over. */
void cti_connection_facts_init(connection *c);

/* After the two directions exchanged their senders. */
void cti_connection_facts_swap(connection *c);

/* Updates both sides from a segment without RST, before its bytes are taken in. */
void cti_connection_facts_segment(direction *from, direction *to, const cti_segment *segment);

/* The RST that ends the connection. */
void cti_connection_facts_reset(direction *from, direction *to, const cti_segment *segment);

/* Remembers the SYN of a client. */
void cti_connection_facts_syn(connection *c, const cti_segment *segment);

/* True if a segment without a connection is an answer from another address to a connection's SYN,
 * or the client's RST to such an answer; it is counted there. */
bool cti_connection_facts_other_answer(cti_connections *all, const cti_segment *segment);

/* ---- connection_end.c ---- */

/* Notices a segment with FIN, the first of its direction. */
void cti_end_see_fin(direction *from, const cti_segment *segment);

/* Notices that FIN's number was reached. */
void cti_end_take_fin(direction *from);

/* Takes in a RST. */
void cti_end_take_reset(direction *from, const cti_segment *segment);

/* RST has no more to wait for: its turn comes after all that it follows from. */
void cti_end_finish_reset(direction *from);

/* FIN or RST in its turn. */
void cti_end_by_fin(direction *from);
void cti_end_by_reset(direction *from);

/* Delivers what the stream holds, after gaps of this cause. */
void cti_end_finish_stream(direction *from, cti_gap_cause cause);

/* ---- connection_owed.c ---- */

/* Notices that the connection waits for bytes, or for the turn of a RST. */
void cti_owed_enlist(connection *c);

/* It waits no more. */
void cti_owed_strike(connection *c);

/* Gives up, in all connections, what was waited for too long. */
void cti_owed_expire(cti_connections *all);

/* Gives up what is owed by the direction: it is missing since the packet that acknowledged it. */
void cti_owed_give_up(direction *from);

/* Lets a RST take its turn where it need not wait. */
void cti_owed_settle_reset(connection *c);

/* Waits for nothing any more: delivers all there is. */
void cti_owed_settle(connection *c);

/* ---- connection_order.c ---- */

/* New events of a direction: delivered at once, or when all that they can follow from was.  A
 * message lives for the time of the call; its stamp's end is the message's.  FIN and RST are those
 * of the connection's present packet. */
void cti_order_message(direction *from, const uint8_t *bytes, uint32_t size,
                       const cti_stamp *stamp);
void cti_order_unseen(direction *from, uint64_t bytes, const cti_stamp *stamp);
void cti_order_gap(direction *from, const cti_stream_gap_record *gap);
void cti_order_fin(direction *from);
void cti_order_reset(direction *from);

/* Delivers what is due now. */
void cti_order_release(connection *c);

/* Delivers all that waits. */
void cti_order_flush(connection *c);

/* Frees all that waits. */
void cti_order_drop(connection *c);

/* ---- recognition.c ---- */

/* Collects bytes until they tell what the connection carries. */
void cti_recognition_take(direction *from, const uint8_t *bytes, uint32_t size,
                          const cti_stamp *stamp);

/* True if a TLS handshake begins here. */
bool cti_recognition_is_tls(const uint8_t *bytes, size_t length);

/* Compares the first bytes of a direction with what the client began: TLS or not. */
void cti_recognition_compare(direction *from, const uint8_t *bytes, uint32_t size);

/* ---- connection_stream.c ---- */

/* Where TCP's stream of a direction delivers to, and where its messages go; the user of both is the
 * direction. */
extern const cti_tcp_sink cti_connection_tcp_sink;
extern const cti_stream_events cti_connection_stream_events;

/* The direction is over: reports what is left of it. */
void cti_connection_stream_end(direction *from);

/* Takes in bytes that are known to be CTI (cti_segment.is_cti), beside those of TCP. */
void cti_connection_stream_take_decrypted(direction *from, const cti_segment *segment);

/* Gives up the bytes that are kept of an unfinished message, because of the limit. */
void cti_connection_stream_give_up(direction *from);

/* ---- connection_session.c ---- */

/* A whole message, or the start of one that the capture cut.  late: what follows from it may have
 * been delivered before it. */
void cti_connection_session_take(direction *from, const uint8_t *bytes, uint32_t size, void *cookie,
                                 bool late);

/* Bytes of the direction are missing: for the session. */
void cti_connection_session_unseen(direction *from, uint64_t bytes);

/* Tells the session if no packet of the direction is captured. */
void cti_connection_session_not_captured(direction *from);

/* A packet of the direction was captured after all. */
void cti_connection_session_captured(direction *from);

/* Tells the session that a FIN of the direction may be missing. */
void cti_connection_session_fin_unseen(direction *from);

/* Missing bytes, for the caller. */
void cti_connection_session_gap(direction *from, const cti_stream_gap_record *gap);

/* What is delivered next follows from bytes of the direction that were not seen. */
void cti_connection_session_doubt(direction *from);

/* What TCP says beside its bytes, of a segment whose bytes were taken in. */
void cti_connection_session_segment(const direction *from, const cti_segment *segment);

/* Ends the connection's session, if it has one, as cti_session_finish() does. */
void cti_connection_session_end(connection *c, int64_t time, cti_end how);

/* Frees the connection's session without a word. */
void cti_connection_session_free(connection *c);

/* TCP ended in the direction of sender. */
void cti_connection_session_tcp_end(connection *c, cti_tcp_end how, cti_sender sender);

#endif
