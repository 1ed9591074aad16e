/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reassembly.  The input: a byte for the kind of stream, its initial number, then segments,
 * acknowledgments and more.  In an exact stream all numbers lie within WINDOW of the initial one,
 * and what comes out is compared with a model, which is one array: of each byte, what the first
 * segment that had it said.  In a wild stream they are any, and only the invariants of tcp.h are
 * checked. */
#include "promises.h"
#include "tcp_store.h"

enum { WINDOW = 1 << 16, UNSEEN = -1, CUT = -2 };

typedef struct bench {
    cti_tcp_pool pool;
    cti_tcp_stream stream;
    bool exact, started;
    uint32_t initial;
    uint64_t from, came; /* number of the first byte that can come out, and how many did */
    uint64_t limit;
    uint32_t frame;
    int64_t now;
    int16_t first[WINDOW]; /* byte n behind SYN */
} bench;

/* ---- what comes out ---- */

/* The place of the next byte in the model. */
static uint32_t place(const bench *b, uint64_t number)
{
    return (uint32_t)number - b->initial - 1;
}

static void on_data(void *user, const uint8_t *bytes, uint32_t size)
{
    REQUIRE(size > 0);
    (void)*(const volatile uint8_t *)(bytes + size - 1);
    ((bench *)user)->came += size;
}

static void on_gap(void *user, uint64_t bytes, cti_gap_cause cause)
{
    REQUIRE(bytes > 0);
    REQUIRE(cti_gap_cause_name(cause)[0] != '?');
    ((bench *)user)->came += bytes;
}

/* The same against the model: where `came` stands, that is what must come. */
static void on_exact_data(void *user, const uint8_t *bytes, uint32_t size)
{
    bench *b = user;
    const uint32_t start = place(b, b->from + b->came);

    REQUIRE(size > 0 && start < WINDOW && size <= WINDOW - start);
    for (uint32_t i = 0; i < size; i++)
        REQUIRE(b->first[start + i] == bytes[i]);
    b->came += size;
}

static void on_exact_gap(void *user, uint64_t bytes, cti_gap_cause cause)
{
    bench *b = user;
    const uint32_t start = place(b, b->from + b->came);

    REQUIRE(bytes > 0 && start < WINDOW && bytes <= WINDOW - start);
    for (uint32_t i = 0; i < bytes; i++)
        REQUIRE(b->first[start + i] == (cause == CTI_GAP_SNAPLEN ? CUT : UNSEEN));
    b->came += bytes;
}

static const cti_tcp_sink sink = {on_data, on_gap}, exact_sink = {on_exact_data, on_exact_gap};

/* ---- invariants ---- */

static void check_held(const bench *b)
{
    const cti_tcp_stream *s = &b->stream;
    uint64_t bytes = 0, end = s->next;

    for (const GList *link = s->held.head; link != NULL; link = link->next) {
        const held *piece = link->data;

        REQUIRE(piece->sequence >= end && piece->sequence > s->next);
        REQUIRE(piece->length > 0 && piece->captured <= piece->length);
        end = piece->sequence + piece->length;
        bytes += CTI_TCP_PIECE_COST + piece->captured;
    }
    REQUIRE(s->index == NULL ||
            (s->held.length > 0 && (guint)g_tree_nnodes(s->index) == s->held.length));
    REQUIRE(bytes == s->held_bytes && bytes == b->pool.held);
    REQUIRE(bytes <= b->limit);
    REQUIRE((cti_tcp_pool_oldest(&b->pool) != NULL) == (bytes > 0));
    REQUIRE((cti_tcp_stream_waits_since(s) != CTI_NO_TIME) == (bytes > 0));
}

/* What came out is what lies between the stream's start and next. */
static void check(bench *b)
{
    if (b->stream.synced && (!b->started || b->came == 0)) /* of SYNs alone, the last one counts */
        b->from = b->stream.next - b->came;
    b->started = b->stream.synced;
    REQUIRE(!b->started || b->from + b->came == b->stream.next);
    check_held(b);
}

/* ---- events ---- */

/* The model has what the segment says of bytes that nobody told before. */
static void learn(bench *b, uint32_t start, const uint8_t *bytes, uint32_t captured,
                  uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        if (b->first[start + i] == UNSEEN)
            b->first[start + i] = i < captured ? bytes[i] : CUT;
}

/* Where the stream stands, in the model; where nothing came yet, at its start. */
static uint32_t here(const bench *b)
{
    return b->stream.synced ? place(b, b->stream.next) : 0;
}

/* Where a stream begins whose first segment has this number. */
static uint64_t start_of(const cti_tcp_stream *stream, uint32_t sequence)
{
    uint64_t start = (UINT64_C(1) << 33) + sequence;

    if (!stream->placed)
        return start;
    start = stream->next + (uint64_t)(int64_t)(int32_t)(sequence - (uint32_t)stream->next);
    return start > stream->next && stream->owed != 0 ? stream->next : start;
}

static void feed(bench *b, input *in, uint8_t what)
{
    const uint32_t place_of = b->exact ? (here(b) + (uint32_t)(int16_t)take16(in)) : take32(in);
    uint32_t captured = take8(in) << (what >> 6), length = captured;
    cti_segment segment = {.flags = CTI_FLAG_ACK, .time = b->now, .frame = b->frame};
    uint8_t *bytes;

    if (what & 0x08)
        segment.flags |= CTI_FLAG_FIN;
    if (what & 0x10)
        length += take8(in);
    bytes = take_copy(in, &captured);
    if (b->exact && (place_of >= WINDOW || length > WINDOW - place_of || length == 0 ||
                     segment.flags & CTI_FLAG_FIN)) {
        free(bytes);
        return;
    }
    segment.sequence = b->initial + 1 + place_of;
    segment.payload = bytes;
    segment.captured = captured;
    segment.length = length;
    /* One byte just before the next one is a keep-alive, and no data. */
    if (b->exact && !(length == 1 && b->stream.synced && place_of + 1 == here(b)))
        learn(b, place_of, bytes, captured, length);
    if (b->exact && !b->stream.synced)
        b->from = start_of(&b->stream, segment.sequence);
    cti_tcp_stream_feed(&b->stream, &segment, b->exact ? &exact_sink : &sink, b);
    free(bytes);
}

static void feed_syn(bench *b, input *in)
{
    const cti_segment segment = {.flags = CTI_FLAG_SYN,
                                 .sequence = b->exact ? b->initial : take32(in),
                                 .payload = (const uint8_t *)"",
                                 .time = b->now,
                                 .frame = b->frame};

    cti_tcp_stream_is_new_syn(&b->stream, segment.sequence);
    cti_tcp_stream_feed(&b->stream, &segment, b->exact ? &exact_sink : &sink, b);
}

static void take_event(bench *b, input *in)
{
    const cti_tcp_sink *to = b->exact ? &exact_sink : &sink;
    const uint8_t what = take8(in);
    cti_segment segment = {.flags = CTI_FLAG_ACK};
    uint32_t number;

    b->frame++;
    b->now = later(b->now, 1000);
    switch (what & 7) {
    default: feed(b, in, what); break;
    case 4: feed_syn(b, in); break;
    case 5:
        number = b->exact ? here(b) + take16(in) : take32(in);
        if (b->exact)
            number = b->initial + 1 + MIN(number, WINDOW);
        segment.acknowledgment = number;
        segment.time = b->now;
        segment.frame = b->frame;
        cti_tcp_stream_acknowledge(&b->stream, &segment);
        break;
    case 6:
        segment.sequence = take32(in);
        if (cti_tcp_stream_accepts_reset(&b->stream, segment.sequence) && !b->exact)
            cti_tcp_stream_reset(&b->stream, &segment);
        if (b->stream.placed)
            b->from = b->stream.next;
        cti_tcp_stream_expire(&b->stream, b->now, b->frame, to, b);
        break;
    case 7: cti_tcp_stream_give_up(&b->stream, CTI_GAP_TIME, to, b); break;
    }
    check(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bench b;
    input in = {data, size};
    const uint8_t kind = take8(&in);

    b = (bench){.exact = kind & 1, .limit = kind & 2 ? 1000 : UINT64_C(4) << 20};
    b.initial = take32(&in);
    memset(b.first, 0xFF, sizeof(b.first)); /* UNSEEN */
    cti_tcp_pool_init(&b.pool);
    cti_tcp_stream_init(&b.stream, b.limit, &b.pool, &b);
    while (in.left > 0)
        take_event(&b, &in);
    cti_tcp_stream_finish(&b.stream, CTI_GAP_CAPTURE_ENDED, b.exact ? &exact_sink : &sink, &b);
    check(&b);
    REQUIRE(b.stream.held_bytes == 0 && b.pool.held == 0);
    REQUIRE(!b.stream.synced || b.stream.closed);
    cti_tcp_stream_release(&b.stream);
    return 0;
}
