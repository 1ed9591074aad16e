/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reassembly of one direction (see tcp.h). */
#include "tcp_store.h"

/* Streams start here, so that numbers before the start do not go below 0. */
#define START (UINT64_C(1) << 33)
/* A RST may be this far ahead of what was captured. */
#define RESET_WINDOW (1 << 20)
/* A stream's own SYN may come so many bytes late, and so may its first data after the peer's
 * acknowledgment of it. */
#define LATE_START (1 << 20)
/* Numbers further away than this belong to another connection's life. */
#define FAR_OFF (INT64_C(1) << 30)

void cti_tcp_stream_init(cti_tcp_stream *stream, uint64_t limit, cti_tcp_pool *pool, void *owner)
{
    *stream = (cti_tcp_stream){.limit = limit, .pool = pool, .pool_link = {.data = owner}};
    g_queue_init(&stream->held);
}

void cti_tcp_stream_release(cti_tcp_stream *stream)
{
    cti_tcp_store_release(stream);
}

/* ---- numbers ---- */

/* A raw number in the stream's own space. */
static uint64_t relative(const cti_tcp_stream *stream, uint32_t sequence)
{
    return stream->next + (uint64_t)(int64_t)cti_sequence_ahead(sequence, (uint32_t)stream->next);
}

/* The peer's acknowledgments came first and show where the stream was then.  Bytes before that are
 * late; bytes between were sent before the capture began, unless they were acknowledged in it. */
static void synchronize_placed(cti_tcp_stream *stream, uint64_t start, bool is_start)
{
    const bool late = start <= stream->next && stream->next - start <= LATE_START;

    if (start > stream->next && stream->owed != 0 && !is_start)
        return;
    stream->next = start;
    if (!late)
        stream->acked = stream->owed = 0;
}

/* Lets the stream begin at a raw number: the low 32 bits of its space are the raw ones.
 * is_start: nothing was sent before it. */
static void synchronize(cti_tcp_stream *stream, uint32_t sequence, bool is_start)
{
    if (stream->placed)
        synchronize_placed(stream, relative(stream, sequence), is_start);
    else
        stream->next = START + sequence;
    stream->placed = false;
    stream->synced = true;
}

static void check_fin(cti_tcp_stream *stream)
{
    if (stream->saw_fin && stream->next >= stream->fin)
        stream->closed = true;
}

/* True for the number before the one that the sender uses next: FIN has a number too. */
static bool is_before_next(const cti_tcp_stream *stream, uint64_t number)
{
    return number + 1 == stream->next + (stream->saw_fin && stream->next == stream->fin);
}

uint64_t cti_tcp_stream_reached(const cti_tcp_stream *stream)
{
    uint64_t reached = stream->next;

    if (!stream->synced && !stream->placed)
        return 0;
    if (stream->saw_fin && stream->next >= stream->fin)
        reached = stream->fin + 1;
    return MAX(reached, stream->conceded);
}

/* The bytes up to this number exist; the capture may show them yet. */
static void owe(cti_tcp_stream *stream, uint64_t to, int64_t time, uint32_t frame)
{
    if (stream->owed != 0 || to <= cti_tcp_stream_reached(stream))
        return;
    stream->owed = to;
    stream->owed_time = time;
    stream->owed_frame = frame;
}

/* Bytes came, or were given up: what is still missing is owed from this time on. */
static void settle_owed(cti_tcp_stream *stream, int64_t time, uint32_t frame)
{
    if (stream->owed > cti_tcp_stream_reached(stream))
        return;
    stream->owed = 0;
    owe(stream, stream->acked, time, frame);
}

/* Delivers bytes that are next; missing ones at their end are a cut by the snaplen. */
static void deliver(cti_tcp_stream *stream, const uint8_t *bytes, uint32_t captured,
                    uint32_t length, const cti_tcp_sink *sink, void *user)
{
    cti_tcp_store_remember(stream, bytes, captured, length);
    stream->next += captured;
    stream->cut = captured < length;
    if (captured > 0)
        sink->data(user, bytes, captured);
    stream->next += length - captured;
    if (captured < length)
        sink->gap(user, length - captured, CTI_GAP_SNAPLEN);
}

/* Delivers what is held and no longer ahead; behind_gap: because what is missing will not
 * come. */
static void drain(cti_tcp_stream *stream, bool behind_gap, const cti_tcp_sink *sink, void *user)
{
    held *piece;

    while ((piece = cti_tcp_store_first(stream)) != NULL && piece->sequence <= stream->next) {
        const uint64_t old = stream->next - piece->sequence;

        cti_tcp_store_take(stream, piece);
        if (old < piece->length) {
            const uint32_t skip = (uint32_t)MIN(old, piece->captured);

            stream->held_time = piece->time;
            stream->held_frame = behind_gap ? piece->frame : 0;
            stream->held_acknowledges = piece->acknowledges;
            stream->held_acknowledgment = piece->acknowledgment;
            deliver(stream, piece->bytes + skip, piece->captured - skip,
                    piece->length - (uint32_t)old, sink, user);
            stream->held_frame = 0;
            stream->held_acknowledges = false;
        }
        g_free(piece);
    }
    check_fin(stream);
}

/* Declares everything below `to` that was not seen as missing. */
static void declare_gap(cti_tcp_stream *stream, uint64_t to, cti_gap_cause cause,
                        const cti_tcp_sink *sink, void *user)
{
    while (stream->next < to) {
        const held *piece = cti_tcp_store_first(stream);
        const uint64_t end = piece != NULL ? MIN(piece->sequence, to) : to;

        if (end > stream->next) {
            const uint64_t missing = end - stream->next;

            stream->next = end;
            stream->recent_from = end;
            sink->gap(user, missing, cause);
        }
        drain(stream, true, sink, user);
    }
}

/* A segment that starts at next, or whose old part was cut off. */
static void take_next(cti_tcp_stream *stream, const cti_segment *from, const uint8_t *bytes,
                      uint32_t captured, uint32_t length, cti_tcp_verdict *verdict,
                      const cti_tcp_sink *sink, void *user)
{
    const held *piece = cti_tcp_store_first(stream);
    const uint64_t gap = piece != NULL ? piece->sequence - stream->next : UINT64_MAX;

    if (gap >= length) {
        deliver(stream, bytes, captured, length, sink, user);
    } else {
        /* It bridges pieces that came before it: those bytes were first. */
        cti_tcp_store_hold(stream, from, stream->next, bytes, captured, length, verdict);
    }
    drain(stream, false, sink, user);
}

static void give_up_first(cti_tcp_stream *stream, cti_gap_cause cause, const cti_tcp_sink *sink,
                          void *user)
{
    declare_gap(stream, cti_tcp_store_first(stream)->sequence, cause, sink, user);
}

static void enforce_limit(cti_tcp_stream *stream, const cti_tcp_sink *sink, void *user)
{
    while (stream->held_bytes > stream->limit || stream->held.length > CTI_TCP_PIECES_MAX)
        give_up_first(stream, CTI_GAP_LIMIT, sink, user);
}

static cti_tcp_verdict take_data(cti_tcp_stream *stream, const cti_segment *segment,
                                 uint32_t sequence, const cti_tcp_sink *sink, void *user)
{
    cti_tcp_verdict verdict = {.retransmission = false};
    const uint8_t *bytes = segment->payload;
    uint32_t captured = segment->captured, length = segment->length;
    uint64_t start = relative(stream, sequence);

    if (length == 1 && is_before_next(stream, start)) {
        verdict.keep_alive = true;
        return verdict;
    }
    if (stream->saw_fin && start + length > stream->fin) {
        /* There is nothing behind FIN. */
        if (start >= stream->fin)
            return verdict;
        length = (uint32_t)(stream->fin - start);
        captured = MIN(captured, length);
    }
    if (start < stream->next) {
        verdict.retransmission = true;
        verdict.differs = cti_tcp_store_differs(stream, start, bytes, captured);
    }
    if (start + length <= stream->next)
        return verdict;
    if (start < stream->next) {
        const uint32_t old = (uint32_t)(stream->next - start);

        if (captured > 0)
            bytes += MIN(captured, old);
        captured -= MIN(captured, old);
        length -= old;
        start = stream->next;
    }
    verdict.late = start < stream->acked;
    if (start == stream->next) {
        take_next(stream, segment, bytes, captured, length, &verdict, sink, user);
        return verdict;
    }
    verdict.out_of_order = true;
    cti_tcp_store_hold(stream, segment, start, bytes, captured, length, &verdict);
    enforce_limit(stream, sink, user);
    return verdict;
}

static void take_fin(cti_tcp_stream *stream, uint64_t number)
{
    if (number < stream->next) /* of an earlier connection */
        return;
    stream->saw_fin = true;
    stream->fin = number;
    check_fin(stream);
}

/* True if nothing but SYN came, and the peer did not acknowledge it: another SYN-ACK may be the
 * one that counts. */
static bool is_unused(const cti_tcp_stream *stream)
{
    return stream->saw_syn && !stream->late_syn && (uint32_t)stream->next == stream->initial + 1 &&
           stream->held.head == NULL && !stream->saw_fin && stream->acked < stream->next;
}

static void forget_syn(cti_tcp_stream *stream)
{
    stream->synced = stream->saw_syn = false;
    stream->acked = stream->owed = stream->conceded = 0;
}

cti_tcp_verdict cti_tcp_stream_feed(cti_tcp_stream *stream, const cti_segment *segment,
                                    const cti_tcp_sink *sink, void *user)
{
    cti_tcp_verdict verdict = {.retransmission = false};
    uint32_t sequence = segment->sequence;

    if (segment->flags & CTI_FLAG_SYN) {
        sequence++;
        if (is_unused(stream) && segment->sequence != stream->initial)
            forget_syn(stream);
        if (!stream->saw_syn)
            stream->late_syn = stream->synced;
        if (stream->synced && stream->saw_syn)
            verdict.retransmission = true;
        else if (!stream->synced)
            synchronize(stream, sequence, true);
        if (!stream->saw_syn)
            stream->initial = segment->sequence;
        stream->saw_syn = true;
    }
    if (!stream->synced && segment->length == 0 && !(segment->flags & CTI_FLAG_FIN))
        return verdict;
    if (!stream->synced)
        synchronize(stream, sequence, false);
    if (segment->length > 0) {
        verdict = take_data(stream, segment, sequence, sink, user);
    } else if (!(segment->flags & (CTI_FLAG_SYN | CTI_FLAG_FIN)) &&
               is_before_next(stream, relative(stream, sequence))) {
        verdict.keep_alive = true;
    }
    if (segment->flags & CTI_FLAG_FIN && !stream->saw_fin)
        take_fin(stream, relative(stream, sequence + segment->length));
    if (stream->owed != 0)
        settle_owed(stream, segment->time, segment->frame);
    return verdict;
}

void cti_tcp_stream_acknowledge(cti_tcp_stream *stream, const cti_segment *segment)
{
    uint64_t acked;

    if (!stream->synced && !stream->placed) {
        stream->placed = true;
        stream->next = stream->acked = START + segment->acknowledgment;
        return;
    }
    acked = relative(stream, segment->acknowledgment);
    if (acked <= stream->acked || acked > stream->next + (uint64_t)FAR_OFF)
        return;
    stream->acked = acked;
    owe(stream, acked, segment->time, segment->frame);
}

void cti_tcp_stream_start(cti_tcp_stream *stream, uint32_t sequence)
{
    if (!stream->synced)
        synchronize(stream, sequence, true);
}

void cti_tcp_stream_expire(cti_tcp_stream *stream, int64_t time, uint32_t frame,
                           const cti_tcp_sink *sink, void *user)
{
    uint64_t to = stream->owed;

    if (to == 0)
        return;
    stream->synced = true;
    stream->placed = false;
    stream->owed = 0;
    stream->conceded = to;
    if (stream->saw_fin)
        to = MIN(to, stream->fin);
    else if (to == stream->next + 1) /* it may have been a FIN */
        to = stream->next;
    declare_gap(stream, to, to <= stream->acked ? CTI_GAP_ACKED : CTI_GAP_CLOSED, sink, user);
    check_fin(stream);
    owe(stream, stream->acked, time, frame);
}

void cti_tcp_stream_reset(cti_tcp_stream *stream, const cti_segment *segment)
{
    if (stream->synced || stream->placed)
        owe(stream, relative(stream, segment->sequence), segment->time, segment->frame);
}

bool cti_tcp_stream_accepts_reset(const cti_tcp_stream *stream, uint32_t sequence)
{
    uint64_t number;

    if (!stream->synced)
        return true;
    number = relative(stream, sequence);
    return number + 1 >= stream->next && number <= stream->next + RESET_WINDOW;
}

int64_t cti_tcp_stream_waits_since(const cti_tcp_stream *stream)
{
    return cti_tcp_store_first(stream) != NULL ? cti_tcp_store_first(stream)->time : CTI_NO_TIME;
}

void cti_tcp_stream_give_up(cti_tcp_stream *stream, cti_gap_cause cause, const cti_tcp_sink *sink,
                            void *user)
{
    if (cti_tcp_store_first(stream) == NULL)
        return;
    give_up_first(stream, cause, sink, user);
    if (stream->owed != 0)
        settle_owed(stream, stream->owed_time, stream->owed_frame);
    if (cti_tcp_store_first(stream) == NULL)
        return;
    /* It has had its turn: others go first now. */
    g_queue_unlink(&stream->pool->streams, &stream->pool_link);
    g_queue_push_tail_link(&stream->pool->streams, &stream->pool_link);
}

void cti_tcp_stream_finish(cti_tcp_stream *stream, cti_gap_cause cause, const cti_tcp_sink *sink,
                           void *user)
{
    uint64_t end = stream->acked;

    if (!stream->synced)
        return;
    if (stream->saw_fin)
        cause = CTI_GAP_CLOSED;
    while (cti_tcp_store_first(stream) != NULL)
        declare_gap(stream, cti_tcp_store_first(stream)->sequence, cause, sink, user);
    /* FIN takes a number of its own; where it was not seen, one byte is no gap. */
    if (stream->saw_fin)
        end = stream->fin;
    else if (end == stream->next + 1)
        end = stream->next;
    if (end > stream->next)
        declare_gap(stream, end, end <= stream->acked ? CTI_GAP_ACKED : cause, sink, user);
    stream->owed = 0;
    stream->closed = true;
}

bool cti_tcp_stream_is_new_syn(const cti_tcp_stream *stream, uint32_t sequence)
{
    int64_t ahead;

    if (!stream->synced)
        return false;
    if (stream->saw_syn)
        return sequence != stream->initial;
    /* Its own SYN may come behind its first data. */
    ahead = (int64_t)(relative(stream, sequence + 1) - stream->next);
    return stream->closed || ahead > 0 || ahead < -LATE_START;
}
