/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One direction's bytes, in order, with the gaps between them: messages out, and what could not
 * be decoded.
 *
 *     cti_stream_init(&stream, &events, user, NULL);
 *     cti_stream_begin(&stream);               if a message starts with the first byte
 *     cti_stream_take(&stream, bytes, size, cut, stamp);    for each segment,
 *     cti_stream_gap(&stream, missing, cause, stamp);       or gap
 *     cti_stream_end(&stream, stamp);
 *     cti_stream_release(&stream);
 *
 * A message that is whole in its segment is handed out where it is.  One that is not is copied
 * until its end arrives; it is handed out with the stamp of the segment that has its end.
 *
 * After a gap, messages are searched for as framing.h says.  Where the end of a message is known
 * although bytes of it are missing, the stream stays in step.
 *
 * MessageLength may be wrong: then a message seems to last for up to 64 KiB, over bytes of others.
 * The evidence is that writers send whole messages, while the segments in the middle of a long
 * message are all as long as the path allows.  While the end of a message has not arrived, the
 * messages in consecutive segments are counted that consist of whole messages without a problem.
 * CTI_STREAM_EVIDENCE of them in segments that are shorter than one before,
 * CTI_STREAM_MORE_EVIDENCE in others, or one at the end of the stream, end the wait; but not if the
 * format of the message that is waited for is published and the bytes are part of its fields. After
 * a gap, where the message itself is only an assumption, one is enough.  The messages that were
 * kept are then handed out with their own stamps; the bytes before them count as skipped. */
#ifndef CTI_STREAM_H
#define CTI_STREAM_H

#include <glib.h>

#include "framing.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CTI_STREAM_EVIDENCE      2u
#define CTI_STREAM_MORE_EVIDENCE 4u

typedef enum {
    CTI_GAP_ACKED,         /* the peer acknowledged bytes that are missing from the capture */
    CTI_GAP_CLOSED,        /* before FIN or RST */
    CTI_GAP_LIMIT,         /* too many bytes were held */
    CTI_GAP_TIME,          /* held for too long */
    CTI_GAP_SNAPLEN,       /* the capture cut the packet */
    CTI_GAP_CAPTURE_ENDED, /* still missing at the end */
    CTI_GAP_FRAMING,       /* bytes that are not part of a message were left out; bytes is 0 */
} cti_gap_cause;

/* "acked", "closed" ... */
const char *cti_gap_cause_name(cti_gap_cause cause);

/* The packet that a segment came in. */
typedef struct cti_stamp {
    int64_t time; /* nanoseconds since 1970 UTC */
    uint32_t frame;
    uint32_t end;            /* sequence number after its last byte that is there */
    uint32_t acknowledgment; /* its sender had received the other direction up to this number, */
    bool acknowledges;       /* if this is true */
} cti_stamp;

/* Bytes that are missing, or that could not be decoded. */
typedef struct cti_stream_gap_record {
    uint64_t bytes;   /* missing */
    uint64_t skipped; /* present around them, but not part of a whole message */
    cti_gap_cause cause;
    cti_stamp stamp;
} cti_stream_gap_record;

typedef struct cti_stream_events {
    /* A message of this type is about to be handed out, or a gap before it reported; NULL if that
     * is of no interest. */
    void (*found)(void *user, uint32_t type);
    /* A whole message, or the start of one that the capture cut.  The stamp is that of the segment
     * that has its end; left: bytes of that segment after it. */
    void (*message)(void *user, const uint8_t *bytes, uint32_t size, uint32_t left,
                    const cti_stamp *stamp);
    /* A gap begins; how many bytes around it are skipped is not known yet.  unseen: the missing
     * bytes that are not the rest of a message which was handed out although it is cut. */
    void (*gap_begins)(void *user, uint64_t unseen, cti_gap_cause cause, const cti_stamp *stamp);
    /* A gap, once the next message or the end is known. */
    void (*gap)(void *user, const cti_stream_gap_record *gap);
    /* False while no gap is to be reported: it is kept, and joined with the next one. */
    bool (*reports)(void *user);
} cti_stream_events;

/* What several streams keep together.  Its owner holds *held below a limit by giving up what
 * cti_stream_pool_oldest() returns. */
typedef struct cti_stream_pool {
    uint64_t *held; /* bytes; others may count there too */
    GQueue streams; /* that keep bytes: in the order in which they began to */
} cti_stream_pool;

/* Where a segment begins in the kept bytes, or (begins false) their own start. */
typedef struct cti_stream_mark {
    uint32_t at;
    bool begins;
    cti_stamp stamp;
} cti_stream_mark;

/* What each segment touches is first. */
typedef struct cti_stream {
    cti_framing framing; /* the owner sets sender and version when it knows them */
    uint32_t length;     /* kept bytes: of a message that is not whole, or, with tail, that may be
                          * messages */
    uint32_t wanted;     /* how many bytes must be there to go on; above length */
    uint64_t tail;       /* bytes to come of a message that was handed out or given up */
    uint64_t skipped;    /* bytes left out since the last message */
    bool in_gap;         /* gap is known, but not yet how many bytes after it are skipped */
    const cti_stream_events *events;
    void *user;
    uint8_t *rest;
    uint32_t capacity;
    uint32_t at;          /* the offset in rest at which messages are looked for */
    bool tail_lost;       /* the message was given up: its bytes are skipped */
    bool suspect;         /* segments since suspect_at begin with whole messages */
    uint32_t suspect_at;  /* the first of them in rest */
    uint32_t suspected;   /* whole messages in them */
    uint32_t longest;     /* of the segments since the message began */
    bool all_short;       /* the suspect ones are shorter than one before */
    uint32_t tail_passed; /* bytes of the tail that were left out */
    uint32_t explained;   /* segments that looked so, but are part of the message */
    uint32_t mark_count, mark_capacity;
    cti_stream_mark *marks; /* sorted; the first one is at 0 */
    uint64_t counted;       /* in the pool */
    cti_stream_pool *pool;  /* or NULL */
    GList link;             /* in the pool's queue */
    cti_stream_gap_record gap;
} cti_stream;

/* held: what the streams keep is counted in it. */
void cti_stream_pool_init(cti_stream_pool *pool, uint64_t *held);

/* The stream that has kept bytes for the longest time; NULL if none does. */
cti_stream *cti_stream_pool_oldest(const cti_stream_pool *pool);

/* Begins a stream in a search.  events and pool (may be NULL) must outlive it, and it must stay
 * where it is in memory; user is passed to each event. */
void cti_stream_init(cti_stream *stream, const cti_stream_events *events, void *user,
                     cti_stream_pool *pool);
void cti_stream_release(cti_stream *stream);

/* A message starts with the next byte: TCP's handshake was right before it. */
void cti_stream_begin(cti_stream *stream);

/* The payload of a segment (size at least 1), or what is new of it.  cut: the capture does not have
 * its end; cti_stream_gap() comes next. */
void cti_stream_take(cti_stream *stream, const uint8_t *bytes, uint32_t size, bool cut,
                     const cti_stamp *stamp);

/* Bytes are missing from the capture here. */
void cti_stream_gap(cti_stream *stream, uint64_t bytes, cti_gap_cause cause,
                    const cti_stamp *stamp);

/* No more bytes will come: hands out and reports what is left. */
void cti_stream_end(cti_stream *stream, const cti_stamp *stamp);

/* True if the next bytes may be searched: framing's sender and version count then. */
static inline bool cti_stream_asks(const cti_stream *stream)
{
    return stream->framing.state == CTI_FRAME_SEARCH || stream->length > 0 || stream->tail > 0;
}

/* Gives up what is kept, as a gap of cause CTI_GAP_LIMIT.  The stream stays in step if it was. */
void cti_stream_give_up(cti_stream *stream, const cti_stamp *stamp);

/* When the first of the kept bytes was captured; only while length is above 0. */
int64_t cti_stream_waits_since(const cti_stream *stream);

/* ---- while it is not known whether the bytes are CTI ---- */

/* Keeps bytes; stream->rest has stream->length of them. */
void cti_stream_collect(cti_stream *stream, const uint8_t *bytes, uint32_t size,
                        const cti_stamp *stamp);

/* Takes messages from what was collected. */
void cti_stream_go_on(cti_stream *stream);

/* Drops what was collected; the next bytes are searched.  skipped: they count as that. */
void cti_stream_discard(cti_stream *stream, bool skipped);

/* Reports a gap before what was collected. */
void cti_stream_begin_gap(cti_stream *stream, uint64_t bytes, cti_gap_cause cause,
                          const cti_stamp *stamp);

#ifdef __cplusplus
}
#endif

#endif
