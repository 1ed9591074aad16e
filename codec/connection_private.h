/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a connection is made of, for the files that work on it; nobody else includes this.
 *
 *     connection.c           segments, FIN, RST, limits, the end
 *     connection_prefetch.c  segments on their way to their connections
 *     connection_syn.c       which SYN begins another connection
 *     connection_table.c     which connection a segment belongs to, who is the client
 *     recognition.c          does it carry CTI?
 *     stream.c               the bytes and gaps of one direction -> messages
 *     connection_session.c   messages -> sessions, and what is reported of them
 *
 * Invariants:
 * - content goes from UNDECIDED to CTI or to OTHER, and never back.
 * - A connection of OTHER content and one that is over keep no bytes.
 * - A direction has a rest only while a message is not whole or content is undecided; it is
 *   at most a message and a segment long.
 * - A connection is in just one queue: talking while it has a session, else idle.
 * - A connection has a number as soon as the writer is told anything of it. */
#ifndef CTI_CONNECTION_PRIVATE_H
#define CTI_CONNECTION_PRIVATE_H

#include <glib.h>

#include "connection.h"
#include "duplicate.h"
#include "framing.h"
#include "session_private.h"
#include "tcp.h"

enum { DIRECTIONS = 2 };

typedef enum { CONTENT_UNDECIDED, CONTENT_CTI, CONTENT_OTHER } content;

typedef struct connection connection;

/* A session and what the records say of it. */
typedef struct live_session {
    cti_session_record record;
    connection *connection;
    cti_session session;
} live_session;

/* One direction: the stream and the start of a message that is not whole yet. */
typedef struct direction {
    connection *connection;
    cti_sender sender;
    cti_frame_state framing;
    bool fin_told;
    bool in_hole;     /* hole is known, but not yet how many bytes behind it are no use */
    GByteArray *rest; /* NULL where there is none */
    uint64_t skipped; /* bytes left out since the last message */
    uint64_t tail;    /* bytes to come of a message that was told although it is cut */
    cti_tcp_stream stream;
    cti_gap hole;
    uint64_t lost; /* bytes missing while it was not decided if this is CTI */
    cti_gap_cause lost_by;
} direction;

/* What each packet touches stands first. */
struct connection {
    cti_connections *all;
    live_session *session;
    void *writer_data;     /* the writer's, for the session */
    cti_segment *late_syn; /* of what may become the next connection; NULL if none */
    GQueue *queue;         /* that it is in, by link */
    int64_t now;           /* of the packet being taken in */
    uint32_t frame;
    content content;
    bool cti_port;
    bool named;        /* the user named its port or server */
    bool client_known; /* record.client is the client, and not a guess */
    bool numbered;
    bool reset;
    bool lossy; /* bytes are missing */
    cti_connection_summary record;
    direction directions[DIRECTIONS];
    cti_duplicate_filter seen;
    uint32_t tries; /* pieces of data that did not look like CTI */
    GList link;
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
    cti_tcp_pool pool;
    cti_clients *clients; /* what only several sessions together tell */
    int64_t last_time;
    cti_connection_counts counts;
};

direction *cti_connection_direction(connection *c, cti_sender sender);
direction *cti_connection_opposite(const direction *from);

/* Gives the connection its number, if it has none. */
void cti_connection_number(connection *c);

/* Drops all bytes that are kept of it. */
void cti_connection_release_streams(connection *c);

/* Takes in a segment; c is what cti_connection_table_find() says. */
void cti_connections_take(cti_connections *all, connection *c, const cti_segment *segment);

void cti_tally_add(cti_tally *tally, uint32_t frame);

/* ---- connection_table.c ---- */

void cti_connection_table_init(cti_connections *all);

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

/* How many there are. */
uint32_t cti_connection_table_size(const cti_connections *all);

/* The one to be forgotten first, where there is any: without packets for longest, those without
 * a session before all others. */
connection *cti_connection_table_quietest(cti_connections *all);

/* The direction that a segment belongs to. */
direction *cti_connection_table_direction(connection *c, const cti_segment *segment);

/* A message of this type came from this direction: on a port that says nothing, the first one
 * whose sender the table of messages knows tells who is the client. */
void cti_connection_table_learn_client(const direction *from, uint32_t type);

/* ---- connection_ahead.c ---- */

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

/* ---- recognition.c ---- */

/* Collects bytes until they tell what the connection carries. */
void cti_recognition_take(direction *from, const uint8_t *bytes, uint32_t size);

/* True if a TLS handshake begins here. */
bool cti_recognition_is_tls(const uint8_t *bytes, size_t length);

/* ---- message_stream.c ---- */

/* Where a direction's stream delivers to; its user is the direction. */
extern const cti_tcp_sink cti_stream_sink;

/* Takes all whole messages off the front; returns how many bytes are used up. */
size_t cti_stream_take(direction *from, const uint8_t *bytes, size_t length);

/* Adds to the direction's rest, or takes away from its front. */
void cti_stream_keep(direction *from, const uint8_t *bytes, size_t length);
void cti_stream_drop(direction *from, size_t length);

/* Bytes are missing, or (0 bytes) are no message: counted, and told to the session now and to
 * the writer with the next message. */
void cti_stream_begin_hole(direction *from, uint64_t bytes, cti_gap_cause cause);

/* The stream is over: tells what is left of it. */
void cti_stream_end(direction *from);

/* ---- live_session.c ---- */

/* A whole message, or the start of one that the capture cut. */
void cti_connection_session_take(direction *from, const uint8_t *bytes, uint32_t size);

/* What TCP says beside its bytes, of a segment whose bytes were taken in. */
void cti_connection_session_segment(const direction *from, const cti_segment *segment);

/* Ends the connection's session, if it has one, as cti_session_finish() does. */
void cti_connection_session_end(connection *c, int64_t time, cti_end how);

/* Frees the connection's session without a word. */
void cti_connection_session_free(connection *c);

/* TCP ended in the direction of sender. */
void cti_connection_session_tcp_end(connection *c, cti_tcp_end how, cti_sender sender);

#endif
