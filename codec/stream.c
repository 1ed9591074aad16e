/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes and gaps of one direction become messages (see stream.h).
 *
 * Invariants:
 * - Bytes are kept (length > 0) only while a message is not whole, while segments in a tail may be
 *   messages, or while they are collected.  wanted is above length then.
 * - marks is empty just while length is 0, and the stream is in its pool's queue just while length
 *   is above 0. */
#include "stream.h"

#include <string.h>

#include "bytes.h"

/* More segments than this in one message that look like messages are taken for its fields without
 * another check. */
#define EXPLAINED_MAX 64

const char *cti_gap_cause_name(cti_gap_cause cause)
{
    static const char *const names[] = {"acked",   "closed",        "limit",  "time",
                                        "snaplen", "capture-ended", "framing"};

    return (size_t)cause < G_N_ELEMENTS(names) ? names[cause] : "?";
}

/* ---- the pool ---- */

void cti_stream_pool_init(cti_stream_pool *pool, uint64_t *held)
{
    pool->held = held;
    g_queue_init(&pool->streams);
}

cti_stream *cti_stream_pool_oldest(const cti_stream_pool *pool)
{
    return pool->streams.head != NULL ? pool->streams.head->data : NULL;
}

/* Brings the pool up to date with what the stream keeps. */
static void count_held(cti_stream *stream)
{
    const uint64_t now = stream->capacity + stream->mark_capacity * sizeof(cti_stream_mark);

    if (stream->pool == NULL)
        return;
    *stream->pool->held += now - stream->counted;
    if (stream->counted == 0 && now > 0)
        g_queue_push_tail_link(&stream->pool->streams, &stream->link);
    if (stream->counted > 0 && now == 0)
        g_queue_unlink(&stream->pool->streams, &stream->link);
    stream->counted = now;
}

/* ---- kept bytes ---- */

static void add_mark(cti_stream *stream, bool begins, const cti_stamp *stamp)
{
    if (stream->mark_count == stream->mark_capacity) {
        stream->mark_capacity = stream->mark_capacity == 0 ? 2 : 2 * stream->mark_capacity;
        stream->marks = g_renew(cti_stream_mark, stream->marks, stream->mark_capacity);
    }
    stream->marks[stream->mark_count++] = (cti_stream_mark){stream->length, begins, *stamp};
}

/* begins: a segment begins with these bytes. */
static void keep(cti_stream *stream, const uint8_t *bytes, size_t size, bool begins,
                 const cti_stamp *stamp)
{
    const size_t length = stream->length + size;

    if (size == 0)
        return;
    add_mark(stream, begins, stamp);
    if (length > stream->capacity) {
        stream->capacity = (uint32_t)MAX(length, stream->capacity + stream->capacity / 2);
        stream->rest = g_realloc(stream->rest, stream->capacity);
    }
    memcpy(stream->rest + stream->length, bytes, size);
    stream->length = (uint32_t)length;
    count_held(stream);
}

/* The last mark at or before an offset. */
static const cti_stream_mark *mark_at(const cti_stream *stream, uint32_t offset)
{
    uint32_t low = 0, high = stream->mark_count;

    while (high - low > 1) {
        const uint32_t middle = low + (high - low) / 2;

        if (stream->marks[middle].at <= offset)
            low = middle;
        else
            high = middle;
    }
    return &stream->marks[low];
}

static bool begins_at(const cti_stream *stream, uint32_t offset)
{
    const cti_stream_mark *mark = mark_at(stream, offset);

    return mark->at == offset && mark->begins;
}

/* The same for the framing, which counts from `at`. */
static bool begins_after(const void *user, size_t offset)
{
    const cti_stream *stream = user;

    return stream->length > 0 && begins_at(stream, stream->at + (uint32_t)offset);
}

static void free_rest(cti_stream *stream)
{
    g_free(stream->rest);
    g_free(stream->marks);
    stream->rest = NULL;
    stream->marks = NULL;
    stream->length = stream->capacity = stream->wanted = 0;
    stream->mark_count = stream->mark_capacity = 0;
    stream->suspect = false;
    stream->explained = 0;
    count_held(stream);
}

static void drop_marks(cti_stream *stream, uint32_t length)
{
    const uint32_t first = (uint32_t)(mark_at(stream, length) - stream->marks);

    stream->mark_count -= first;
    memmove(stream->marks, stream->marks + first, stream->mark_count * sizeof(*stream->marks));
    for (uint32_t i = 0; i < stream->mark_count; i++) {
        cti_stream_mark *mark = &stream->marks[i];

        mark->begins = mark->begins && mark->at >= length;
        mark->at -= MIN(mark->at, length);
    }
}

/* Drops bytes off the front.  What is left is copied, so that a large segment's memory does not
 * stay. */
static void drop(cti_stream *stream, uint32_t length)
{
    const uint32_t left = stream->length - length;
    uint8_t *old = stream->rest;

    if (length == 0)
        return;
    if (left == 0) {
        free_rest(stream);
        return;
    }
    drop_marks(stream, length);
    stream->rest = g_memdup2(old + length, left);
    g_free(old);
    stream->length = stream->capacity = left;
    stream->suspect = false;
    stream->explained = 0;
    count_held(stream);
}

static void skip_rest(cti_stream *stream)
{
    stream->skipped += stream->length;
    drop(stream, stream->length);
}

/* Bytes of the kept message by its header, which must be whole. */
static uint64_t size_of_kept(const cti_stream *stream)
{
    return (uint64_t)CTI_HEADER_SIZE + cti_header_length(stream->rest);
}

/* ---- gaps ---- */

static void begin_gap(cti_stream *stream, uint64_t bytes, uint64_t unseen, cti_gap_cause cause,
                      const cti_stamp *stamp)
{
    stream->in_gap = true;
    stream->gap = (cti_stream_gap_record){.bytes = bytes, .cause = cause, .stamp = *stamp};
    stream->events->gap_begins(stream->user, unseen, cause, stamp);
}

void cti_stream_begin_gap(cti_stream *stream, uint64_t bytes, cti_gap_cause cause,
                          const cti_stamp *stamp)
{
    begin_gap(stream, bytes, bytes, cause, stamp);
}

static bool reports(const cti_stream *stream)
{
    return stream->events->reports == NULL || stream->events->reports(stream->user);
}

/* Reports the gap, and the bytes skipped, before what comes now. */
static void report_gap(cti_stream *stream, const cti_stamp *stamp)
{
    if ((!stream->in_gap && stream->skipped == 0) || !reports(stream))
        return;
    if (!stream->in_gap)
        cti_stream_begin_gap(stream, 0, CTI_GAP_FRAMING, stamp);
    stream->in_gap = false;
    stream->gap.skipped = stream->skipped;
    stream->skipped = 0;
    stream->events->gap(stream->user, &stream->gap);
}

/* ---- messages ---- */

/* left: bytes after it in the segment of the stamp. */
static inline void hand_out(cti_stream *stream, const uint8_t *bytes, uint32_t size, size_t left,
                            const cti_stamp *stamp)
{
    if (stream->in_gap || stream->skipped > 0) {
        if (stream->events->found != NULL)
            stream->events->found(stream->user, cti_header_type(bytes));
        report_gap(stream, stamp);
    }
    stream->framing.state = CTI_FRAME_IN_STEP;
    stream->events->message(stream->user, bytes, size, (uint32_t)left, stamp);
}

/* Takes messages off the front of a segment; returns how many bytes are used up.
 * at_start: the segment begins with the bytes. */
static size_t take_segment(cti_stream *stream, const uint8_t *bytes, size_t length, bool at_start,
                           const cti_stamp *stamp)
{
    size_t used = 0, size;

    while (used < length) {
        stream->framing.at_start = at_start && used == 0;
        switch (cti_frame_next(&stream->framing, bytes + used, length - used, &size)) {
        case CTI_FRAME_MORE: stream->wanted = (uint32_t)size; return used;
        case CTI_FRAME_SKIP:
            stream->framing.state = CTI_FRAME_SEARCH;
            stream->skipped += size;
            break;
        case CTI_FRAME_MESSAGE:
            hand_out(stream, bytes + used, (uint32_t)size, length - used - size, stamp);
            break;
        }
        used += size;
    }
    return used;
}

/* Hands out a message of the kept bytes, with the segment that has its end. */
static void hand_out_kept(cti_stream *stream, uint32_t from, uint32_t size)
{
    const cti_stream_mark *mark = mark_at(stream, from + size - 1);
    const bool is_last = mark + 1 == stream->marks + stream->mark_count;
    const uint32_t end = is_last ? stream->length : mark[1].at;
    const cti_stamp stamp = mark->stamp;

    hand_out(stream, stream->rest + from, size, end - (from + size), &stamp);
}

/* Takes messages from the kept bytes from one offset to another; returns where it stopped.
 * last: no more bytes follow, so that in a search the start of a message is none. */
static uint32_t take_kept(cti_stream *stream, uint32_t from, uint32_t to, bool last)
{
    size_t size;

    while (from < to) {
        const uint8_t *bytes = stream->rest + from;

        stream->at = from;
        stream->framing.at_start = begins_at(stream, from);
        switch (cti_frame_next(&stream->framing, bytes, to - from, &size)) {
        case CTI_FRAME_MORE:
            stream->wanted = (uint32_t)size;
            if (!last || stream->framing.state == CTI_FRAME_IN_STEP || to - from < CTI_HEADER_SIZE)
                return from;
            size = cti_frame_skip(&stream->framing, bytes, to - from);
            stream->skipped += size;
            break;
        case CTI_FRAME_SKIP:
            stream->framing.state = CTI_FRAME_SEARCH;
            stream->skipped += size;
            break;
        case CTI_FRAME_MESSAGE: hand_out_kept(stream, from, (uint32_t)size); break;
        }
        from += (uint32_t)size;
    }
    return from;
}

void cti_stream_go_on(cti_stream *stream)
{
    if (stream->length > 0)
        drop(stream, take_kept(stream, 0, stream->length, false));
}

/* No more bytes follow those before `to`: takes the messages among them, and skips what is left,
 * but for a message in step whose end is missing: *open is where it starts.  from is above 0 if
 * what is at 0 is known not to be a message. */
static void take_last(cti_stream *stream, uint32_t from, uint32_t to, bool cut, uint32_t *open)
{
    stream->skipped += from;
    stream->framing.final = true;
    stream->framing.cut = cut;
    *open = take_kept(stream, from, to, true);
    stream->framing.final = false;
    stream->framing.cut = false;
}

/* ---- a message whose end does not come ---- */

/* The message that is waited for is none, or shorter than it says: takes the messages that the
 * segments begin with, and those before them. */
static void end_wait(cti_stream *stream)
{
    const uint32_t at = stream->suspect_at;
    uint32_t open;

    stream->framing.state = CTI_FRAME_SEARCH;
    take_last(stream, (uint32_t)MIN(cti_frame_skip(&stream->framing, stream->rest, at), at), at,
              false, &open);
    stream->skipped += at - open;
    stream->framing.state = CTI_FRAME_SEARCH;
    drop(stream, at);
    cti_stream_go_on(stream);
}

/* The kept bytes are messages, not part of a tail.  The tail passed over the first `kept` of
 * them; what it passed before is skipped. */
static void end_tail(cti_stream *stream, uint32_t kept)
{
    if (stream->tail_lost)
        stream->skipped -= kept;
    else
        stream->skipped += stream->tail_passed - kept;
    stream->tail = 0;
    stream->framing.state = CTI_FRAME_SEARCH;
    cti_stream_go_on(stream);
}

/* True if the kept message, as far as it is there, has a place for all bytes that are kept. */
static bool is_explained(cti_stream *stream)
{
    if (stream->tail > 0)
        return false;
    if (stream->explained < EXPLAINED_MAX &&
        !cti_frame_explains(&stream->framing, stream->rest, stream->length))
        return false;
    stream->explained++;
    return true;
}

/* The whole messages that a segment consists of; 0 where it does not. */
static unsigned count_messages(const cti_stream *stream, const uint8_t *bytes, uint32_t size)
{
    return stream->framing.cut ? 0 : cti_frame_count(&stream->framing, bytes, size);
}

/* A segment was kept at an offset, although a message seems to go on there: counts the messages
 * that it consists of (0 where it does not).  True if they are enough to end the wait. */
static bool adds_evidence(cti_stream *stream, uint32_t at, uint32_t size, unsigned messages)
{
    if (size >= stream->longest) {
        stream->longest = size;
        stream->all_short = false;
    }
    if (messages == 0 || is_explained(stream)) {
        stream->suspect = false;
        return false;
    }
    if (!stream->suspect) {
        stream->suspect = true;
        stream->suspect_at = at;
        stream->suspected = 0;
        stream->all_short = size < stream->longest;
    }
    stream->suspected += messages;
    return stream->framing.state == CTI_FRAME_SEARCH ||
           stream->suspected >=
               (stream->all_short ? CTI_STREAM_EVIDENCE : CTI_STREAM_MORE_EVIDENCE);
}

/* A segment inside a tail. */
static void take_tail(cti_stream *stream, const uint8_t *bytes, uint32_t size,
                      const cti_stamp *stamp)
{
    const unsigned messages = count_messages(stream, bytes, size);
    const uint32_t tail = (uint32_t)MIN(stream->tail, size);
    const uint32_t at = stream->length;

    if (messages > 0 || stream->length > 0) {
        keep(stream, bytes, size, true, stamp);
        if (adds_evidence(stream, at, size, messages)) {
            end_tail(stream, at);
            return;
        }
        if (!stream->suspect)
            free_rest(stream);
    } else {
        stream->longest = MAX(stream->longest, size);
    }
    stream->tail -= tail;
    stream->skipped += stream->tail_lost ? tail : 0;
    stream->tail_passed += tail;
    if (stream->tail > 0)
        return;
    free_rest(stream);
    if (tail == size)
        return;
    bytes += tail;
    size -= tail;
    keep(stream, bytes, size, false, stamp);
    cti_stream_go_on(stream);
}

/* True if the kept bytes are a message whose end has not arrived, and not only the start of a
 * header, or a message that waits for a neighbour. */
static bool is_open(const cti_stream *stream)
{
    if (stream->length < CTI_HEADER_SIZE)
        return stream->framing.state == CTI_FRAME_SEARCH;
    return size_of_kept(stream) > stream->length;
}

/* A segment after the start of a message. */
static void take_more(cti_stream *stream, const uint8_t *bytes, uint32_t size,
                      const cti_stamp *stamp)
{
    const uint32_t at = stream->length;
    const unsigned messages = is_open(stream) ? count_messages(stream, bytes, size) : 0;

    keep(stream, bytes, size, true, stamp);
    if (adds_evidence(stream, at, size, messages))
        end_wait(stream);
    else if (stream->length >= stream->wanted)
        cti_stream_go_on(stream);
}

void cti_stream_take(cti_stream *stream, const uint8_t *bytes, uint32_t size, bool cut,
                     const cti_stamp *stamp)
{
    stream->framing.cut = cut;
    if (stream->tail > 0) {
        take_tail(stream, bytes, size, stamp);
    } else if (stream->length > 0) {
        take_more(stream, bytes, size, stamp);
    } else {
        const size_t used = take_segment(stream, bytes, size, true, stamp);

        stream->longest = size;
        keep(stream, bytes + used, size - used, used == 0, stamp);
    }
}

/* ---- missing bytes ---- */

/* After a gap, the start of a message that the capture cut: it is believed if a segment begins
 * and ends with it. */
static bool is_cut_message(const cti_stream *stream, uint64_t missing)
{
    if (stream->length < CTI_HEADER_SIZE || !begins_at(stream, 0) || stream->mark_count > 1)
        return false;
    return size_of_kept(stream) == stream->length + missing &&
           cti_frame_can_begin(&stream->framing, stream->rest, stream->length);
}

/* Takes what was kept before a gap.  Where the end of the last message is not among the missing
 * bytes, the stream stays in step. */
static uint64_t settle(cti_stream *stream, uint64_t missing, cti_gap_cause cause)
{
    const bool cut = cause == CTI_GAP_SNAPLEN;
    uint32_t open;
    uint64_t left;

    if (stream->tail > 0) {
        free_rest(stream);
        left = stream->tail;
    } else {
        const bool is_message =
            stream->framing.state == CTI_FRAME_SEARCH && cut && is_cut_message(stream, missing);

        if (stream->framing.state == CTI_FRAME_SEARCH && stream->length > 0 && !is_message) {
            take_last(stream, 0, stream->length, cut, &open);
            drop(stream, open);
        }
        if (stream->length < CTI_HEADER_SIZE ||
            (stream->framing.state == CTI_FRAME_SEARCH && !is_message)) {
            skip_rest(stream);
            stream->framing.state = CTI_FRAME_SEARCH;
            return missing;
        }
        left = size_of_kept(stream) - stream->length;
        stream->tail_lost = !cut;
        stream->tail_passed = 0;
        if (cut)
            hand_out_kept(stream, 0, stream->length);
        else
            stream->skipped += stream->length;
        free_rest(stream);
    }
    stream->tail = left > missing ? left - missing : 0;
    if (left < missing)
        stream->framing.state = CTI_FRAME_SEARCH;
    if (stream->tail_lost)
        return missing;
    return left < missing ? missing - left : 0;
}

void cti_stream_gap(cti_stream *stream, uint64_t bytes, cti_gap_cause cause, const cti_stamp *stamp)
{
    const uint64_t unseen = settle(stream, bytes, cause);

    if (stream->in_gap)
        report_gap(stream, stamp);
    if (stream->in_gap) {
        stream->gap.bytes += bytes;
        return;
    }
    begin_gap(stream, bytes, unseen, cause, stamp);
    if (stream->framing.state == CTI_FRAME_IN_STEP && stream->skipped == 0 &&
        !(stream->tail > 0 && stream->tail_lost))
        report_gap(stream, stamp);
}

void cti_stream_give_up(cti_stream *stream, const cti_stamp *stamp)
{
    if (stream->length == 0)
        return;
    if (stream->tail > 0) {
        free_rest(stream);
    } else if (stream->framing.state == CTI_FRAME_IN_STEP && stream->length >= CTI_HEADER_SIZE) {
        stream->tail = size_of_kept(stream) - stream->length;
        stream->tail_lost = true;
        stream->tail_passed = 0;
        skip_rest(stream);
    } else {
        skip_rest(stream);
        stream->framing.state = CTI_FRAME_SEARCH;
    }
    if (stream->in_gap)
        report_gap(stream, stamp);
    if (!stream->in_gap)
        cti_stream_begin_gap(stream, 0, CTI_GAP_LIMIT, stamp);
}

void cti_stream_end(cti_stream *stream, const cti_stamp *stamp)
{
    uint32_t open;

    if (stream->suspect && stream->tail > 0)
        end_tail(stream, stream->length);
    else if (stream->suspect)
        end_wait(stream);
    if (stream->tail > 0) {
        free_rest(stream);
    } else if (stream->framing.state == CTI_FRAME_SEARCH && stream->length > 0) {
        take_last(stream, 0, stream->length, false, &open);
        drop(stream, open);
    }
    skip_rest(stream);
    report_gap(stream, stamp);
}

/* ---- collected bytes ---- */

void cti_stream_collect(cti_stream *stream, const uint8_t *bytes, uint32_t size,
                        const cti_stamp *stamp)
{
    keep(stream, bytes, size, true, stamp);
}

void cti_stream_discard(cti_stream *stream, bool skipped)
{
    stream->skipped += skipped ? stream->length : 0;
    free_rest(stream);
    stream->tail = 0;
    stream->framing.state = CTI_FRAME_SEARCH;
}

/* ---- life ---- */

int64_t cti_stream_waits_since(const cti_stream *stream)
{
    return stream->marks[0].stamp.time;
}

void cti_stream_init(cti_stream *stream, const cti_stream_events *events, void *user,
                     cti_stream_pool *pool)
{
    *stream =
        (cti_stream){.framing = {.state = CTI_FRAME_SEARCH, .begins = begins_after, .user = stream},
                     .events = events,
                     .user = user,
                     .pool = pool,
                     .link = {.data = stream}};
}

void cti_stream_begin(cti_stream *stream)
{
    stream->framing.state = CTI_FRAME_IN_STEP;
}

void cti_stream_release(cti_stream *stream)
{
    free_rest(stream);
}
