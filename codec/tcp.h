/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One direction of a TCP connection: segments in, in any order and more than once; bytes
 * and gaps out, in order and once (RFC 9293).
 *
 * Sequence numbers count in a 64-bit space of the stream's own, so that they may wrap; raw
 * numbers are compared only by their signed 32-bit difference.  The bytes seen first win,
 * whether delivered or held; that others came in their place is reported as long as the first
 * ones are still known (held, or among the last CTI_TCP_RECENT delivered).
 *
 * Bytes that the peer has acknowledged but the capture has not shown are owed: a capture may show
 * an acknowledgment before the data.  The caller decides how long to wait for them and then calls
 * cti_tcp_stream_expire().  A gap is declared then, at FIN, RST or the end, when more is held than
 * the limit allows, and when the caller gives up; it is a length, never bytes.
 *
 * Invariants: what is held lies behind `next`, is sorted, and does not overlap.  Bytes
 * delivered + bytes in gaps = next - start.  A stream is in its pool's queue just while it
 * holds something. */
#ifndef CTI_TCP_H
#define CTI_TCP_H

#include <glib.h>

#include "connection.h"

/* Where a stream's bytes go. */
typedef struct cti_tcp_sink {
    void (*data)(void *user, const uint8_t *bytes, uint32_t size);
    void (*gap)(void *user, uint64_t bytes, cti_gap_cause cause);
} cti_tcp_sink;

/* So many of the bytes delivered last are kept to be compared with repeated ones. */
#define CTI_TCP_RECENT 2048u

/* A held piece counts as this many bytes in addition to its own: what it takes of memory at most,
 * with its node in the index. */
#define CTI_TCP_PIECE_COST 136u

/* A stream holds at most this many pieces.  A receive window without scaling (RFC 7323) has 65,535
 * bytes, so that segments out of order make more pieces only if they are tiny and the window is
 * large; with more, each packet could take too long. */
#define CTI_TCP_PIECES_MAX 65536u

/* What some streams hold together.  Its owner keeps `held` below a limit by giving up what
 * cti_tcp_pool_oldest() holds. */
typedef struct cti_tcp_pool {
    uint64_t held;  /* bytes, what each piece costs included */
    GQueue streams; /* that hold something: the one that began first, or was given up least
                     * lately, first */
} cti_tcp_pool;

/* What each packet touches stands first. */
typedef struct cti_tcp_stream {
    bool synced;  /* next is known */
    bool placed;  /* it is not, but the peer acknowledged next: the stream is there or behind */
    bool saw_syn; /* it starts at the connection's start */
    bool closed;  /* FIN's number was reached, or RST came */
    bool saw_fin;
    bool late_syn;        /* with saw_syn: it came after the first data */
    uint32_t initial;     /* with saw_syn: SYN's own number */
    uint32_t owed_frame;  /* with owed: of the first packet that acknowledged any of these bytes, */
    int64_t owed_time;    /* and its time */
    uint64_t next;        /* of the first byte that was not delivered */
    uint64_t acked;       /* the peer has everything below it; 0 = not known */
    uint64_t owed;        /* acknowledged and not seen: bytes from next up to here; else 0 */
    uint64_t conceded;    /* numbers below it are no longer waited for: one may be a FIN */
    GQueue held;          /* of struct held, sorted; at most CTI_TCP_PIECES_MAX */
    uint8_t *recent;      /* byte number n of the stream is at n % CTI_TCP_RECENT */
    uint64_t recent_from; /* bytes from here to next are in recent, if not too far back */
    /* While data is delivered that was held behind a gap: when and where it was captured.
     * (Bytes that were held until the missing ones came count as of the packet that
     * brought these: only then could the receiver read them.)  frame is 0 otherwise. */
    uint32_t held_frame;
    /* While any held data is delivered: the acknowledgment of the segment that brought it.
     * held_acknowledges is false otherwise, and for a segment without ACK. */
    uint32_t held_acknowledgment;
    bool held_acknowledges;
    int64_t held_time;
    bool cut;            /* while data is delivered: the capture cut off what comes after it */
    uint64_t fin;        /* with saw_fin: of FIN */
    uint64_t held_bytes; /* what each piece costs included */
    uint64_t limit;      /* for held_bytes */
    GTree *index;        /* the pieces by number; NULL until a search in `held` takes too long */
    cti_tcp_pool *pool;
    GList pool_link; /* its data is the stream's owner */
} cti_tcp_stream;

/* What a segment turned out to be. */
typedef struct cti_tcp_verdict {
    bool retransmission; /* some of it had been seen before */
    bool out_of_order;   /* it is ahead of what is expected */
    bool keep_alive;     /* at most one byte, just before what is expected */
    bool late;           /* new bytes, but the peer had acknowledged them before */
    bool differs;        /* bytes that had been seen before are others now */
} cti_tcp_verdict;

void cti_tcp_pool_init(cti_tcp_pool *pool);

/* The owner of the stream that has held bytes for the longest time, NULL if none does. */
void *cti_tcp_pool_oldest(const cti_tcp_pool *pool);

/* A stream that holds at most limit bytes, and counts them in pool too.  pool must outlive
 * it, and the stream must stay where it is in memory. */
void cti_tcp_stream_init(cti_tcp_stream *stream, uint64_t limit, cti_tcp_pool *pool, void *owner);
void cti_tcp_stream_release(cti_tcp_stream *stream);

/* Takes in a segment of this direction: SYN, data and FIN, but not RST. */
cti_tcp_verdict cti_tcp_stream_feed(cti_tcp_stream *stream, const cti_segment *segment,
                                    const cti_tcp_sink *sink, void *user);

/* Takes in an acknowledgment that a segment of the other direction carries. */
void cti_tcp_stream_acknowledge(cti_tcp_stream *stream, const cti_segment *segment);

/* The number after the last byte that was seen, declared missing or conceded; after FIN's if that
 * was reached.  Low 32 bits are TCP's own number.  0 where nothing is known of the stream. */
uint64_t cti_tcp_stream_reached(const cti_tcp_stream *stream);

/* The other direction shows that the stream starts at this number, although its SYN was not
 * captured. */
void cti_tcp_stream_start(cti_tcp_stream *stream, uint32_t sequence);

/* Bytes that are owed will not come: a gap.  What was acknowledged after them is owed from now
 * (time, frame) on. */
void cti_tcp_stream_expire(cti_tcp_stream *stream, int64_t time, uint32_t frame,
                           const cti_tcp_sink *sink, void *user);

/* True if a RST with this number can be meant for the connection. */
bool cti_tcp_stream_accepts_reset(const cti_tcp_stream *stream, uint32_t sequence);

/* Its sender reset the connection at this number, which is accepted: what is missing before it is
 * owed. */
void cti_tcp_stream_reset(cti_tcp_stream *stream, const cti_segment *segment);

/* When the first bytes that are held were captured, CTI_NO_TIME where none are. */
int64_t cti_tcp_stream_waits_since(const cti_tcp_stream *stream);

/* What is missing before the first held bytes will not come: a gap of this cause. */
void cti_tcp_stream_give_up(cti_tcp_stream *stream, cti_gap_cause cause, const cti_tcp_sink *sink,
                            void *user);

/* The stream ends here: what is held is delivered behind gaps of this cause. */
void cti_tcp_stream_finish(cti_tcp_stream *stream, cti_gap_cause cause, const cti_tcp_sink *sink,
                           void *user);

/* True if a SYN with this number is not the one that this stream began with. */
bool cti_tcp_stream_is_new_syn(const cti_tcp_stream *stream, uint32_t sequence);

#endif
