/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One direction's bytes, cut into segments of which some are missing or cut, become messages: each
 * one that is whole in the capture, and no other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bytes.h"
#include "stream.h"

/* ---- what a stream hands out ---- */

enum { LOG_MAX = 4096, SENT_MAX = 400, STREAM_MAX = 1 << 18 };

typedef struct taken {
    uint8_t bytes[64]; /* the first ones */
    uint32_t size;
    uint32_t type, length; /* the header's */
    uint32_t frame;
} taken;

typedef struct bench {
    cti_stream stream;
    uint64_t held;
    cti_stream_pool pool;
    taken log[LOG_MAX];
    uint32_t count;
    uint64_t given, handed_out, skipped, missing;
    cti_gap_cause cause; /* of the last gap */
    uint32_t gaps, frame;
} bench;

static void on_message(void *user, const uint8_t *bytes, uint32_t size, uint32_t left,
                    const cti_stamp *stamp)
{
    bench *b = user;
    taken *t = &b->log[b->count++];

    assert_true(b->count < LOG_MAX);
    assert_true(left <= CTI_MESSAGE_SIZE_MAX);
    assert_true(stamp->frame > 0 && stamp->frame <= b->frame);
    memcpy(t->bytes, bytes, MIN(size, sizeof(t->bytes)));
    t->size = size;
    t->length = (uint32_t)bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
    t->type = (uint32_t)bytes[4] << 24 | bytes[5] << 16 | bytes[6] << 8 | bytes[7];
    t->frame = stamp->frame;
    b->handed_out += size;
}

static void on_gap_begins(void *user, uint64_t bytes, cti_gap_cause cause, const cti_stamp *stamp)
{
    bench *b = user;

    assert_true(stamp->frame <= b->frame);
    b->gaps++;
    b->cause = cause;
    (void)bytes;
}

static void on_gap(void *user, const cti_stream_gap_record *gap)
{
    bench *b = user;

    b->missing += gap->bytes;
    b->skipped += gap->skipped;
}

static const cti_stream_events events = {
    .message = on_message, .gap_begins = on_gap_begins, .gap = on_gap};

static void begin(bench *b, cti_sender sender, uint32_t version)
{
    *b = (bench){.frame = 0};
    cti_stream_pool_init(&b->pool, &b->held);
    cti_stream_init(&b->stream, &events, b, &b->pool);
    b->stream.framing.sender = sender;
    b->stream.framing.version = version;
}

static void take_part(bench *b, const void *bytes, uint32_t size, bool cut)
{
    /* A copy whose end is the end of its memory: a sanitizer sees what is read beyond it. */
    uint8_t *copy = g_memdup2(bytes, size);

    b->frame++;
    b->given += size;
    cti_stream_take(&b->stream, copy, size, cut, &(cti_stamp){.time = b->frame, .frame = b->frame});
    g_free(copy);
}

static void take(bench *b, const void *bytes, uint32_t size)
{
    take_part(b, bytes, size, false);
}

static void gap(bench *b, uint64_t bytes, cti_gap_cause cause)
{
    cti_stream_gap(&b->stream, bytes, cause, &(cti_stamp){.time = b->frame, .frame = b->frame});
}

static void finish(bench *b)
{
    cti_stream_end(&b->stream, &(cti_stamp){.time = b->frame, .frame = b->frame});
    cti_stream_release(&b->stream);
    assert_int_equal(b->held, 0);
    assert_null(cti_stream_pool_oldest(&b->pool));
}

static bench b;

static void take_message(const bytes *message)
{
    take(&b, message->data, message->size);
}

/* The types handed out, in order. */
static void check_types(const uint32_t *types, uint32_t count)
{
    for (uint32_t i = 0; i < MIN(count, b.count); i++)
        assert_int_equal(b.log[i].type, types[i]);
    assert_int_equal(b.count, count);
}

#define CHECK(...)                                                          \
    check_types((const uint32_t[]){__VA_ARGS__},                            \
                sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

/* ---- wrong lengths ---- */

static void lying(bytes *m, uint32_t type, uint32_t says)
{
    start_message(m, type);
    for (int i = 0; i < 40; i++)
        put8(m, 0x41);
    m->size = 0;
    put32(m, says);
    m->size = 48;
}

static void wrong_length_of_an_unknown_type(void **state)
{
    bytes m, heartbeat;

    (void)state;
    begin(&b, CTI_SERVER, 20);
    cti_stream_begin(&b.stream);
    lying(&m, 500, 60000);
    short_message(&heartbeat, CTI_HEARTBEAT_CONF, 1);
    take_message(&m);
    take_message(&heartbeat);
    assert_int_equal(b.count, 0);
    take_message(&heartbeat);
    CHECK(CTI_HEARTBEAT_CONF, CTI_HEARTBEAT_CONF);
    assert_int_equal(b.log[0].frame, 2);
    assert_int_equal(b.skipped, 48);
    assert_int_equal(b.cause, CTI_GAP_FRAMING);
    finish(&b);
}

static void wrong_length_then_a_segment_of_two(void **state)
{
    bytes m, two, heartbeat;

    (void)state;
    begin(&b, CTI_SERVER, 20);
    cti_stream_begin(&b.stream);
    lying(&m, 500, 60000);
    short_message(&two, CTI_HEARTBEAT_CONF, 1);
    short_message(&heartbeat, CTI_HEARTBEAT_CONF, 2);
    put(&m, two.data, two.size); /* in the segment of the wrong one */
    put(&two, heartbeat.data, heartbeat.size);
    take_message(&m);
    take_message(&two);
    CHECK(CTI_HEARTBEAT_CONF, CTI_HEARTBEAT_CONF, CTI_HEARTBEAT_CONF);
    finish(&b);
}

static void wrong_length_until_the_end(void **state)
{
    bytes m, heartbeat;

    (void)state;
    begin(&b, CTI_SERVER, 20);
    cti_stream_begin(&b.stream);
    lying(&m, 500, 60000);
    short_message(&heartbeat, CTI_HEARTBEAT_CONF, 1);
    take_message(&m);
    take_message(&heartbeat);
    finish(&b);
    CHECK(CTI_HEARTBEAT_CONF);
}

static void wrong_length_and_a_gap(void **state)
{
    bytes m, heartbeat;

    (void)state;
    for (int cause = CTI_GAP_ACKED; cause <= CTI_GAP_SNAPLEN; cause++) {
        begin(&b, CTI_SERVER, 20);
        cti_stream_begin(&b.stream);
        lying(&m, 500, 60000);
        short_message(&heartbeat, CTI_HEARTBEAT_CONF, 1);
        take_message(&m);
        gap(&b, 100, (cti_gap_cause)cause);
        take_message(&heartbeat);
        take_message(&heartbeat);
        assert_int_equal(b.log[b.count - 1].type, CTI_HEARTBEAT_CONF);
        assert_int_equal(b.count, cause == CTI_GAP_SNAPLEN ? 3 : 2);
        finish(&b);
        assert_int_equal(b.missing, 100);
    }
}

/* The bytes that seemed to be the rest of a message before they were known to be messages count
 * once, as handed out. */
static void messages_in_a_tail_count_once(void **state)
{
    static const cti_gap_cause causes[] = {CTI_GAP_ACKED, CTI_GAP_SNAPLEN};
    bytes m, words, heartbeat;

    (void)state;
    for (int at_end = 0; at_end < 2; at_end++) {
        for (int i = 0; i < 2; i++) {
            begin(&b, CTI_SERVER, 20);
            cti_stream_begin(&b.stream);
            lying(&m, 500, 60000);
            words.size = 0;
            put(&words, "rest of the message", 19);
            short_message(&heartbeat, CTI_HEARTBEAT_CONF, 1);
            take_message(&m);
            gap(&b, 100, causes[i]);
            take_message(&words);
            take_message(&heartbeat);
            assert_int_equal(b.count, causes[i] == CTI_GAP_SNAPLEN);
            if (!at_end)
                take_message(&heartbeat);
            finish(&b);
            assert_int_equal(b.log[b.count - 1].type, CTI_HEARTBEAT_CONF);
            assert_int_equal(b.handed_out + b.skipped, b.given);
        }
    }
}

/* A message of a known format that is split where a field of it begins to look like messages. */
static void fields_that_look_like_messages(void **state)
{
    static uint8_t inside[48];
    bytes m, heartbeat;

    (void)state;
    short_message(&heartbeat, CTI_HEARTBEAT_REQ, 1);
    for (int i = 0; i < 4; i++)
        memcpy(inside + 12 * i, heartbeat.data, 12);
    begin(&b, CTI_CLIENT, 20);
    cti_stream_begin(&b.stream);
    start_message(&m, CTI_SET_CALL_DATA_REQ);
    put32(&m, 1);
    put32(&m, 5000);
    put16(&m, 0);
    put32(&m, 77);
    put16(&m, 0);
    put16(&m, 0);
    put16(&m, 1);
    put16(&m, 1);
    put32(&m, 0);
    put32(&m, 0);
    put_wide(&m, CTI_TAG_UUI, inside, sizeof(inside));
    end_message(&m);
    take(&b, m.data, m.size - 48);
    for (uint32_t i = 0; i < 4; i++)
        take(&b, m.data + m.size - 48 + 12 * i, 12);
    take_message(&heartbeat);
    CHECK(CTI_SET_CALL_DATA_REQ, CTI_HEARTBEAT_REQ);
    finish(&b);
    assert_int_equal(b.skipped, 0);
}

/* ---- limits and gaps ---- */

static void end_of_a_message_after_a_gap_is_known(void **state)
{
    bytes open, heartbeat;

    (void)state;
    begin(&b, CTI_CLIENT, 0);
    cti_stream_begin(&b.stream);
    open_req(&open, 1, 20, 120);
    short_message(&heartbeat, CTI_HEARTBEAT_REQ, 2);
    /* The rest of OPEN_REQ looks like nothing; what follows is in step, although it is no message
     * of the table. */
    take(&b, open.data, 20);
    gap(&b, 10, CTI_GAP_ACKED);
    lying(&heartbeat, 9999, 40);
    put(&open, heartbeat.data, heartbeat.size);
    take(&b, open.data + 30, open.size - 30);
    CHECK(9999);
    assert_int_equal(b.skipped, open.size - 10 - 48);
    finish(&b);
}

static void given_up_at_the_limit(void **state)
{
    bytes open, heartbeat;

    (void)state;
    begin(&b, CTI_CLIENT, 0);
    cti_stream_begin(&b.stream);
    open_req(&open, 1, 20, 120);
    short_message(&heartbeat, CTI_HEARTBEAT_REQ, 2);
    take(&b, open.data, 20);
    assert_true(b.held >= 20);
    assert_ptr_equal(cti_stream_pool_oldest(&b.pool), &b.stream);
    cti_stream_give_up(&b.stream, &(cti_stamp){.time = 1, .frame = 1});
    assert_int_equal(b.held, 0);
    assert_int_equal(b.cause, CTI_GAP_LIMIT);
    put(&open, heartbeat.data, heartbeat.size);
    take(&b, open.data + 20, open.size - 20);
    CHECK(CTI_HEARTBEAT_REQ);
    assert_int_equal(b.skipped, open.size - 12);
    finish(&b);
}

/* The capture kept 14 bytes of each packet. */
static void cut_messages_after_a_gap(void **state)
{
    bytes event, heartbeat;

    (void)state;
    begin(&b, CTI_SERVER, 20);
    start_message(&event, CTI_SYSTEM_EVENT);
    put32(&event, 0);
    put32(&event, 5000);
    put32(&event, 4);
    put32(&event, 1);
    put32(&event, 2);
    put32(&event, 3);
    put16(&event, 0);
    end_message(&event);
    take_part(&b, event.data, 14, true);
    gap(&b, event.size - 14, CTI_GAP_SNAPLEN);
    CHECK(CTI_SYSTEM_EVENT);
    short_message(&heartbeat, CTI_HEARTBEAT_CONF, 2);
    gap(&b, 100, CTI_GAP_ACKED);
    take_part(&b, event.data, 14, true);
    gap(&b, event.size - 10, CTI_GAP_SNAPLEN); /* another message was in the packet */
    take_message(&heartbeat);
    CHECK(CTI_SYSTEM_EVENT, CTI_HEARTBEAT_CONF);
    finish(&b);
}

/* ---- random streams ---- */

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled",
 * 2016 */
static uint64_t state_of_random;

static uint32_t draw(uint32_t below)
{
    state_of_random ^= state_of_random >> 12;
    state_of_random ^= state_of_random << 25;
    state_of_random ^= state_of_random >> 27;
    return (uint32_t)((state_of_random * UINT64_C(0x2545F4914F6CDD1D)) >> 33) % below;
}

/* A message that was sent, and what became of it. */
typedef struct sent {
    uint32_t start, size;
    bool clean;   /* the table knows its format */
    bool whole;   /* in the capture */
    bool decided; /* it is, and must be handed out */
} sent;

typedef struct traffic {
    uint8_t bytes[STREAM_MAX];
    uint32_t size;
    bool alike[STREAM_MAX]; /* what looks like a message starts or ends here */
    sent messages[SENT_MAX];
    uint32_t count;
    cti_sender sender;
    uint32_t version;
} traffic;

static traffic t;

static void t_put(uint32_t number, uint32_t size)
{
    while (size-- > 0)
        t.bytes[t.size++] = (uint8_t)(number >> 8 * size);
}

/* A number that the field can have without a word of the reader. */
static uint32_t good_number(const cti_field *field, uint32_t size)
{
    const cti_value_set *values = field->values;
    uint32_t number;

    if (field->flags & CTI_FIELD_RESERVED)
        return 0;
    if (field->type == CTI_TYPE_BOOL)
        return draw(2);
    if (values != NULL)
        return values->is_mask ? draw(UINT32_MAX >> 1) & values->all_bits
                               : values->values[draw(values->count)].number;
    number = draw(2) == 0 ? draw(UINT32_MAX >> 1) : draw(300);
    return size == 4 ? number : number & ((1u << 8 * size) - 1);
}

/* Text, and between it bytes that look like a message. */
static void t_text(uint32_t size)
{
    const uint32_t end = t.size + size;
    bool words = draw(2);
    bytes m;

    for (; t.size < end; words = !words) {
        const uint32_t from = t.size;

        switch (draw(3)) {
        case 0: short_message(&m, CTI_HEARTBEAT_REQ, draw(1000)); break;
        case 1: short_message(&m, CTI_HEARTBEAT_CONF, draw(1000)); break;
        default: status_message(&m, CTI_FAILURE_EVENT, 0, 1 + draw(20)); break;
        }
        if (words || end - from < m.size) {
            m.size = 0;
            put(&m, "some more words between them", 1 + draw(28));
        } else {
            t.alike[from] = t.alike[from + m.size] = true;
        }
        memcpy(t.bytes + from, m.data, MIN(m.size, end - from));
        t.size = MIN(from + m.size, end);
    }
}

/* The last byte of text is never the last one of something that looks like a message: else nothing
 * could tell it from one. */
static void t_value(const cti_field *field, uint32_t size)
{
    switch (field->type) {
    case CTI_TYPE_STRING:
        for (uint32_t i = 0; i + 1 < size; i++)
            t_put('a' + draw(26), 1);
        t_put(0, 1);
        break;
    case CTI_TYPE_NAMEDVAR:
    case CTI_TYPE_NAMEDARRAY:
        if (field->type == CTI_TYPE_NAMEDARRAY)
            t_put(draw(10), 1);
        for (uint32_t i = field->type == CTI_TYPE_NAMEDARRAY; i + 2 < size; i++)
            t_put('a' + draw(26), 1);
        t_put(0, 2);
        break;
    case CTI_TYPE_UNSPEC:
        t_text(size - 1);
        t_put('.', 1);
        break;
    case CTI_TYPE_TASKID:
        for (int i = 0; i < 3; i++)
            t_put(draw(100), 4);
        break;
    default: t_put(good_number(field, size), size);
    }
}

static bool may_take(const cti_message *message)
{
    return message != NULL && message->format == CTI_PUBLISHED &&
           (message->sender == t.sender || message->sender == CTI_EITHER) &&
           message->number != CTI_OPEN_REQ;
}

/* A floating field that the reader has nothing to say about. */
static void t_floating(const cti_slot *slot)
{
    const bool wide = t.version >= CTI_VERSION_WIDE_TAGS;
    const uint32_t largest = slot->size == 0 ? 60 : slot->size;
    uint32_t size = CTI_TYPE_SIZE(slot->field->type);

    if (size == 0)
        size = 4 + draw(MIN(MAX(largest, 5), 250) - 4);
    if ((CTI_TYPE_SIZE(slot->field->type) == 0 && size > largest) || slot->tag > (wide ? 999 : 255))
        return;
    t_put(slot->tag, wide ? 2 : 1);
    t_put(size, wide ? 2 : 1);
    t_value(slot->field, size);
}

static bool counts(const cti_message *message, const cti_field *field)
{
    for (uint32_t i = 0; i < message->floating_count; i++)
        if (message->floating[i].counter == field)
            return true;
    return false;
}

/* A message of the table, as the session's version has it. */
static void t_message(void)
{
    const uint32_t start = t.size;
    const cti_message *message;
    const cti_layout *layout;
    uint32_t end;

    do
        message = cti_message_find(draw(CTI_MESSAGE_NEWEST + 1));
    while (!may_take(message));
    if (draw(3) == 0)
        message = cti_message_find(t.sender == CTI_CLIENT ? CTI_HEARTBEAT_REQ : CTI_HEARTBEAT_CONF);
    layout = message->layouts;
    while (layout->from > t.version || layout->to < t.version)
        layout++;
    t_put(0, 4);
    t_put(message->number, 4);
    for (uint32_t i = 0; i < layout->count; i++) {
        const cti_slot *slot = &layout->slots[i];

        if (counts(message, slot->field))
            t_put(0, slot->size);
        else
            t_value(slot->field, slot->size);
    }
    for (uint32_t i = 0; i < message->floating_count; i++) {
        const cti_slot *slot = &message->floating[i];

        if (slot->counter == NULL && !counts(message, slot->field) &&
            (slot->flags & CTI_SLOT_REQUIRED || draw(3) == 0))
            t_floating(slot);
    }
    end = t.size;
    t.size = start;
    t_put(end - start - 8, 4);
    t.size = end;
    t.messages[t.count++] = (sent){.start = start, .size = end - start, .clean = true};
}

/* One of a newer version: nobody knows what is in it. */
static void t_unknown(void)
{
    const uint32_t start = t.size, size = 1 + draw(draw(10) == 0 ? 3000 : 100);

    t_put(size + 1, 4);
    t_put(300 + draw(700), 4);
    t_text(size);
    t_put('.', 1);
    t.messages[t.count++] = (sent){.start = start, .size = t.size - start};
}

/* True if the reader finds nothing to say about it. */
static bool is_clean(const sent *m)
{
    const cti_context context = {.version = t.version};
    cti_reader reader;
    cti_item item;

    cti_reader_init(&reader, t.bytes + m->start, m->size, &context);
    while (cti_reader_next(&reader, &item))
        ;
    return reader.problem_count == 0;
}

static void make_traffic(void)
{
    const uint32_t count = 20 + draw(60), unknown = draw(3);

    t.size = t.count = 0;
    memset(t.alike, 0, sizeof(t.alike));
    t.sender = draw(2) ? CTI_CLIENT : CTI_SERVER;
    t.version = CTI_VERSION_OLDEST + draw(CTI_VERSION_NEWEST - CTI_VERSION_OLDEST + 1);
    while (t.count < count && t.size + 20000 < STREAM_MAX) {
        if (unknown == 0 && draw(20) == 0) {
            t_unknown();
            continue;
        }
        t_message();
        if (!is_clean(&t.messages[t.count - 1])) { /* a table's oddity: not what this is about */
            memset(t.alike + t.messages[t.count - 1].start, 0,
                   t.size - t.messages[t.count - 1].start);
            t.size = t.messages[--t.count].start;
        }
    }
}

/* How the capture is made. */
typedef struct way {
    uint32_t segment;  /* largest segment */
    bool coalesced;    /* messages share segments */
    uint32_t snaplen;  /* bytes kept of a segment, or 0 */
    uint32_t loss;     /* segments in a thousand that are missing */
    bool from_start;
    bool version_known;
} way;

/* Bytes from..to are a segment. */
typedef struct segment {
    uint32_t from, to, kept;
    bool lost;
} segment;

static segment segments[STREAM_MAX / 4];
static uint32_t segment_count;

/* After missing bytes nothing can tell a segment that begins or ends with what looks like a message
 * from one that begins or ends with a message: there are none of the first kind then. */
static void cut_into_segments(const way *w)
{
    const bool lossy = w->snaplen != 0 || w->loss != 0 || !w->from_start;
    uint32_t from = 0;

    segment_count = 0;
    for (uint32_t i = 0; i < t.count; i++) {
        const uint32_t end = t.messages[i].start + t.messages[i].size;

        if (w->coalesced && draw(2) && i + 1 < t.count && end - from < 60000)
            continue;
        while (from < end) {
            segment *s = &segments[segment_count++];

            *s = (segment){.from = from, .to = MIN(end, from + w->segment)};
            s->lost = w->loss != 0 && draw(1000) < w->loss;
            while (lossy && t.alike[s->to])
                s->to++;
            s->kept = w->snaplen != 0 ? MIN(s->to - s->from, w->snaplen) : s->to - s->from;
            while (lossy && s->kept < s->to - s->from && t.alike[s->from + s->kept])
                s->kept--;
            from = s->to;
        }
    }
}

/* Marks the messages that are whole in the capture, from segment first on.  Right after missing
 * bytes and in the middle of a segment, nothing but what follows can tell a message from bytes
 * inside another: it is decided only if a header follows, or the segment ends, and if the table
 * knows the format. */
static void find_whole(uint32_t first)
{
    uint32_t s = first;

    for (uint32_t i = 0; i < t.count; i++) {
        sent *m = &t.messages[i];
        const uint32_t end = m->start + m->size;
        bool whole = true, in_step;
        uint32_t at, run;

        m->decided = m->whole = false;
        while (s < segment_count && segments[s].to <= m->start)
            s++;
        if (s == segment_count || segments[first].from > m->start)
            continue;
        for (at = s; whole && at < segment_count && segments[at].from < end; at++)
            whole = !segments[at].lost &&
                    MIN(end, segments[at].to) <= segments[at].from + segments[at].kept;
        if (!whole)
            continue;
        m->whole = true;
        /* The message before it was whole too. */
        in_step = i > 0 && t.messages[i - 1].decided;
        if (in_step || (m->clean && m->size > 8 && segments[s].from == m->start)) {
            m->decided = true;
            continue;
        }
        /* Bytes that are present in a row after it. */
        run = end;
        for (at = at - 1; at < segment_count && !segments[at].lost; at++) {
            run = segments[at].from + segments[at].kept;
            if (run < segments[at].to)
                break;
            if (segments[at].to == end)
                break;
        }
        m->decided = m->clean && m->size > 8 &&
                     ((at < segment_count && segments[at].to == end && run == end) ||
                      (i + 1 < t.count && t.messages[i + 1].clean && run >= end + 8));
    }
}

typedef struct figures {
    uint64_t sent, whole, handed_out, cut, lost, invented;
} figures;

static figures sums;

static void run(uint32_t seed, const way *w, bool verbose)
{
    uint32_t first, i = 0;
    uint64_t missing = 0;

    cut_into_segments(w);
    first = w->from_start ? 0 : draw(segment_count);
    find_whole(first);
    begin(&b, t.sender, w->version_known ? t.version : 0);
    if (w->from_start)
        cti_stream_begin(&b.stream);
    for (uint32_t s = first; s < segment_count; s++) {
        const segment *now = &segments[s];

        if (now->lost) {
            missing += now->to - now->from;
            continue;
        }
        b.frame = s;
        if (missing > 0)
            gap(&b, missing, CTI_GAP_ACKED);
        missing = 0;
        take_part(&b, t.bytes + now->from, now->kept, now->kept < now->to - now->from);
        if (now->kept < now->to - now->from)
            gap(&b, now->to - now->from - now->kept, CTI_GAP_SNAPLEN);
    }
    b.frame += b.frame == 0;
    if (missing > 0)
        gap(&b, missing, CTI_GAP_ACKED);
    finish(&b);
    assert_true(b.handed_out + b.skipped <= b.given);

    for (uint32_t k = 0; k < b.count; k++) {
        const taken *got = &b.log[k];
        uint32_t found = i;

        sums.handed_out++;
        /* Where its frame says that it ends. */
        while (found < t.count &&
               !(got->size <= t.messages[found].size &&
                 (got->size == t.messages[found].size) == t.messages[found].whole &&
                 t.messages[found].start + got->size > segments[got->frame - 1].from &&
                 t.messages[found].start + got->size <= segments[got->frame - 1].to &&
                 memcmp(got->bytes, t.bytes + t.messages[found].start,
                        MIN(got->size, sizeof(got->bytes))) == 0))
            found++;
        if (found == t.count) {
            sums.invented++;
            if (verbose)
                fprintf(stderr, "seed %u: invented type %u, %u bytes, frame %u (%u to %u, %u kept)\n",
                        seed, got->type, got->size, got->frame, segments[got->frame - 1].from,
                        segments[got->frame - 1].to, segments[got->frame - 1].kept);
            continue;
        }
        sums.cut += got->size < t.messages[found].size;
        for (; i < found; i++) {
            sums.lost += t.messages[i].decided;
            if (verbose && t.messages[i].decided)
                fprintf(stderr, "seed %u: lost message %u at %u, %u bytes\n", seed, i,
                        t.messages[i].start, t.messages[i].size);
        }
        i = found + 1;
    }
    for (; i < t.count; i++) {
        sums.lost += t.messages[i].decided;
        if (verbose && t.messages[i].decided)
            fprintf(stderr, "seed %u: lost message %u at %u, %u bytes\n", seed, i,
                    t.messages[i].start, t.messages[i].size);
    }
    sums.sent += t.count;
    for (i = 0; i < t.count; i++)
        sums.whole += t.messages[i].decided;
}

static void random_streams(void **state)
{
    static const uint32_t sizes[] = {7, 40, 100, 1460, 65000};
    static const uint32_t kept[] = {0, 0, 0, 14, 42, 74, 202};
    static const uint32_t losses[] = {0, 5, 20, 100, 300};
    const char *given = getenv("STREAM_SEEDS"); /* more of them, by hand */
    const uint32_t seeds = given != NULL ? (uint32_t)atoi(given) : 3000;

    (void)state;
    for (uint32_t seed = 1; seed <= seeds; seed++) {
        way w;

        state_of_random = seed * UINT64_C(0x9E3779B97F4A7C15);
        draw(2);
        make_traffic();
        w = (way){.segment = sizes[draw(5)],
                  .coalesced = draw(2),
                  .snaplen = kept[draw(7)],
                  .loss = losses[draw(5)],
                  .from_start = draw(3) > 0,
                  .version_known = draw(2)};
        run(seed, &w, sums.lost + sums.invented < 20);
    }
    print_message("%llu messages sent, %llu whole, %llu handed out (%llu cut), %llu lost, "
                  "%llu invented\n",
                  (unsigned long long)sums.sent, (unsigned long long)sums.whole,
                  (unsigned long long)sums.handed_out, (unsigned long long)sums.cut,
                  (unsigned long long)sums.lost, (unsigned long long)sums.invented);
    assert_int_equal(sums.lost, 0);
    assert_int_equal(sums.invented, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_length_of_an_unknown_type),
        cmocka_unit_test(wrong_length_then_a_segment_of_two),
        cmocka_unit_test(wrong_length_until_the_end),
        cmocka_unit_test(wrong_length_and_a_gap),
        cmocka_unit_test(messages_in_a_tail_count_once),
        cmocka_unit_test(fields_that_look_like_messages),
        cmocka_unit_test(end_of_a_message_after_a_gap_is_known),
        cmocka_unit_test(given_up_at_the_limit),
        cmocka_unit_test(cut_messages_after_a_gap),
        cmocka_unit_test(random_streams),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
