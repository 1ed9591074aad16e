/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What TCP's headers show of each side of a connection beside the bytes: data that is not
 * acknowledged, a closed receive window, the TTL of its packets and of the RST, and answers to a
 * SYN that come from another address (see cti_tcp_side and cti_other_answer).
 *
 * Raw sequence numbers are compared by their signed 32-bit difference, so that they may wrap. */
#include "connection_parts.h"

#include <string.h>

/* A sender repeats what is not acknowledged after 3 s at the latest (RFC 1122; RFC 6298 has 1 s),
 * but for paths that are slower than any that CTI runs on. */
#define REPEATED_AFTER (3 * CTI_SECOND)
/* Numbers that are further ahead belong to another connection's life. */
#define FAR_AHEAD (1 << 28)
/* The usual TTL changes after so many packets with another one. */
#define TTL_WEIGHT_MAX 8

enum { ANSWER_COPY = DIRECTIONS, RESET_COPY }; /* for the duplicate filter */

static cti_tcp_side *side_of(const direction *d)
{
    return &d->connection->record.sides[d->sender == CTI_SERVER];
}

static int32_t ahead(uint32_t number, uint32_t of)
{
    return (int32_t)(number - of);
}

/* ---- acknowledgments ---- */

static void place(cti_tcp_side *side, uint32_t number)
{
    side->placed = true;
    side->acked = number;
}

/* The first bytes that waited are acknowledged. */
static void note_wait(cti_tcp_side *side, int64_t waited, const cti_segment *segment)
{
    if (side->repeats == 0 && waited > REPEATED_AFTER)
        return;
    side->longest = waited;
    side->longest_repeats = side->repeats;
    side->longest_wait = (cti_tcp_interval){.from = side->since,
                                            .to = segment->time,
                                            .from_frame = side->since_frame,
                                            .to_frame = segment->frame};
}

/* Takes what is acknowledged off the front of the segments that wait. */
static void drop_acknowledged(direction *of, cti_tcp_side *side)
{
    uint32_t count = 0;

    while (count < side->queued && ahead(side->first, of->sent[count].from) >= 0) {
        const sent_segment *sent = &of->sent[count++];

        side->since = sent->time;
        side->since_frame = sent->frame;
        if (ahead(sent->start, side->first) > 0)
            side->first = sent->start;
    }
    side->queued = (uint8_t)(side->queued - count);
    if (count > 0)
        memmove(of->sent, of->sent + count, side->queued * sizeof(*of->sent));
}

static void release(direction *of, cti_tcp_side *side, const cti_segment *segment)
{
    const int64_t waited = cti_elapsed(side->since, segment->time);

    if (ahead(side->acked, side->first) <= 0)
        return;
    if (waited > side->longest)
        note_wait(side, waited, segment);
    side->repeats = 0;
    side->first = side->acked;
    if (ahead(side->next, side->first) <= 0) {
        side->unacknowledged = 0;
        side->queued = 0;
        return;
    }
    drop_acknowledged(of, side);
    side->unacknowledged = side->next - side->first;
}

/* The segment acknowledges data of the other direction. */
static void take_acknowledgment(direction *of, cti_tcp_side *side, const cti_segment *segment)
{
    const uint32_t number = segment->acknowledgment;

    if (!side->placed) {
        place(side, number);
        return;
    }
    if (ahead(number, side->acked) <= 0 || (side->sent && ahead(number, side->next) > FAR_AHEAD))
        return;
    side->acked = number;
    if (side->unacknowledged > 0)
        release(of, side, segment);
}

/* ---- data ---- */

/* Data that was sent before, or that fills a gap of the capture. */
static void note_repeated(cti_tcp_side *side, uint32_t start, uint32_t end,
                          const cti_segment *segment)
{
    if (side->unacknowledged == 0 || ahead(start, side->first) > 0)
        return;
    if (ahead(end, side->first) > 0) {
        side->repeats++;
        side->repeat_time = segment->time;
        side->repeat_frame = segment->frame;
    } else if (ahead(start, side->acked) >= 0) {
        side->first = start;
        side->unacknowledged = side->next - start;
    }
}

/* Adds a segment behind those that wait. */
static void queue_segment(direction *from, cti_tcp_side *side, const sent_segment *sent)
{
    if (side->queued < SENT_MAX) {
        from->sent[side->queued++] = *sent;
        return;
    }
    /* No byte is said to wait for longer than it does. */
    from->sent[SENT_MAX - 1].time = sent->time;
    from->sent[SENT_MAX - 1].frame = sent->frame;
}

/* New data: all behind side->next. */
static void note_sent(direction *from, cti_tcp_side *side, uint32_t start, uint32_t end,
                      const cti_segment *segment)
{
    const uint32_t before = side->next;

    side->next = end;
    if (ahead(side->acked, end) > FAR_AHEAD)
        place(side, start);
    /* A capture may show data after what acknowledges it. */
    if (ahead(end, side->acked) <= 0)
        return;
    if (side->unacknowledged > 0) {
        queue_segment(from, side,
                      &(sent_segment){.from = before,
                                      .start = start,
                                      .frame = segment->frame,
                                      .time = segment->time});
    } else {
        side->first = ahead(start, side->acked) > 0 ? start : side->acked;
        side->since = segment->time;
        side->since_frame = segment->frame;
        side->repeats = 0;
    }
    side->unacknowledged = end - side->first;
}

static void take_data(direction *from, cti_tcp_side *side, const cti_segment *segment)
{
    const uint32_t start = segment->sequence + ((segment->flags & CTI_FLAG_SYN) != 0);
    const uint32_t end = start + segment->length;

    if (!side->sent) {
        if (!side->placed)
            place(side, segment->length > 1 ? start : end); /* one byte may be a keep-alive */
        side->sent = true;
        side->next = start;
    }
    if (ahead(start, side->next) < 0)
        note_repeated(side, start, end, segment);
    if (ahead(end, side->next) > 0 && ahead(start, side->next) <= FAR_AHEAD)
        note_sent(from, side, start, end, segment);
}

/* ---- windows and TTL ---- */

static void add_closed(cti_tcp_interval *longest, int64_t *total, const cti_tcp_interval *closed,
                       int64_t until)
{
    const int64_t length = cti_forward(closed->from, until);
    const int64_t best = longest->from_frame == 0 ? -1 : cti_elapsed(longest->from, longest->to);

    if (length == CTI_NO_TIME)
        return;
    if (__builtin_add_overflow(*total, length, total))
        *total = INT64_MAX;
    if (length > best)
        *longest = *closed;
}

static cti_tcp_interval closed_since(const cti_tcp_side *side)
{
    return (cti_tcp_interval){
        .from = side->closed_time, .to = CTI_NO_TIME, .from_frame = side->closed_frame};
}

/* The window closes or opens. */
static void change_window(cti_tcp_side *side, const cti_segment *segment)
{
    cti_tcp_interval closed;

    side->closed = !side->closed;
    if (side->closed) {
        side->closed_count++;
        side->closed_time = segment->time;
        side->closed_frame = segment->frame;
        return;
    }
    closed = closed_since(side);
    closed.to = segment->time;
    closed.to_frame = segment->frame;
    add_closed(&side->closed_longest, &side->closed_total, &closed, closed.to);
}

int64_t cti_tcp_zero_window(const cti_tcp_side *side, int64_t now, cti_tcp_interval *longest)
{
    const cti_tcp_interval open = closed_since(side);
    int64_t total = side->closed_total;

    *longest = side->closed_longest;
    if (side->closed)
        add_closed(longest, &total, &open, now);
    return total;
}

static void note_other_ttl(cti_tcp_side *side, uint8_t ttl)
{
    if (ttl == 0)
        return;
    side->ttl_varied = side->ttl != 0;
    if (side->ttl != 0 && --side->ttl_weight > 0)
        return;
    side->ttl = ttl;
    side->ttl_weight = 1;
}

/* ---- segments ---- */

void cti_connection_facts_init(connection *c)
{
    const cti_tcp_side side = {
        .since = CTI_NO_TIME,
        .repeat_time = CTI_NO_TIME,
        .longest_wait = {.from = CTI_NO_TIME, .to = CTI_NO_TIME},
        .closed_time = CTI_NO_TIME,
        .closed_longest = {.from = CTI_NO_TIME, .to = CTI_NO_TIME},
    };

    c->record.reset = (cti_tcp_reset){.time = CTI_NO_TIME};
    c->record.sides[0] = c->record.sides[1] = side;
}

void cti_connection_facts_segment(direction *from, const cti_segment *segment)
{
    direction *to = cti_connection_opposite(from);
    cti_tcp_side *own = side_of(from), *peer = side_of(to);

    if (segment->in_order)
        return;
    if (segment->ttl != own->ttl)
        note_other_ttl(own, segment->ttl);
    else if (own->ttl_weight < TTL_WEIGHT_MAX)
        own->ttl_weight++;
    if (segment->flags & CTI_FLAG_SYN) {
        if (!own->sent)
            place(own, segment->sequence + 1);
    } else if (segment->flags & CTI_FLAG_ACK) {
        own->window_seen = true;
        if ((segment->window == 0) != own->closed)
            change_window(own, segment);
    }
    if (segment->flags & CTI_FLAG_ACK) {
        own->seen = true;
        take_acknowledgment(to, peer, segment);
    }
    /* One byte is sent to a closed window to ask for its state. */
    if (segment->length > 1 || (segment->length == 1 && !peer->closed))
        take_data(from, own, segment);
}

void cti_connection_facts_reset(direction *from, const cti_segment *segment)
{
    direction *to = cti_connection_opposite(from);
    cti_tcp_side *own = side_of(from), *peer = side_of(to);

    /* It may acknowledge what came before it; but it may be forged. */
    if (segment->flags & CTI_FLAG_ACK && peer->sent &&
        ahead(segment->acknowledgment, peer->next) <= 1)
        take_acknowledgment(to, peer, segment);
    from->connection->record.reset =
        (cti_tcp_reset){.sender = from->sender,
                        .frame = segment->frame,
                        .time = segment->time,
                        .ttl = segment->ttl,
                        .other_ttl = segment->ttl != 0 && own->ttl != 0 && segment->ttl != own->ttl};
}

/* ---- answers from another address ---- */

/* The place of the SYN that a client sent to this port of a server. */
static recent_syn *syn_of(cti_connections *all, const cti_endpoint *client, uint16_t port)
{
    uint64_t words[2], hash;

    memcpy(words, client->address, sizeof(words));
    hash = (words[0] ^ (uint64_t)client->port << 16 ^ port) * UINT64_C(0x9E3779B97F4A7C15);
    hash = (hash ^ words[1]) * UINT64_C(0xBF58476D1CE4E5B9);
    return &all->syns[(hash >> 32) % RECENT_SYNS];
}

void cti_connection_facts_syn(connection *c, const cti_segment *segment)
{
    recent_syn *syn;

    if (segment->flags & CTI_FLAG_ACK)
        return;
    syn = syn_of(c->all, &segment->source, segment->destination.port);
    syn->client = segment->source;
    syn->server = segment->destination;
    syn->sequence = segment->sequence;
}

/* The connection that a client began with a SYN before this number, to this port of a server, and
 * whose SYN-ACK was not seen; or NULL. */
static connection *find_unanswered(cti_connections *all, const cti_endpoint *client,
                                   const cti_endpoint *server, uint32_t number)
{
    const recent_syn *syn = syn_of(all, client, server->port);
    const cti_segment segment = {.source = syn->client, .destination = syn->server};
    connection *c;

    if (!cti_endpoint_is(client, &syn->client) || server->port != syn->server.port ||
        server->address_size != syn->server.address_size || number != syn->sequence + 1)
        return NULL;
    c = cti_connection_table_find(all, &segment);
    return c != NULL && c->record.syn == CTI_SYN_CLIENT_ONLY ? c : NULL;
}

static bool is_answer_copy(connection *c, const cti_segment *segment, uint8_t kind)
{
    if (!cti_duplicate_filter_take(&c->seen, segment, kind))
        return false;
    c->record.tcp.duplicates++;
    return true;
}

static bool take_other_answer(cti_connections *all, const cti_segment *segment)
{
    connection *c =
        find_unanswered(all, &segment->destination, &segment->source, segment->acknowledgment);
    cti_other_answer *answer;

    if (c == NULL)
        return false;
    answer = &c->record.other_answer;
    if (is_answer_copy(c, segment, ANSWER_COPY))
        return true;
    if (answer->count++ == 0) {
        answer->server = segment->source;
        answer->frame = segment->frame;
        answer->time = segment->time;
    }
    return true;
}

/* The client has no connection with the other address. */
static bool take_refusal(cti_connections *all, const cti_segment *segment)
{
    connection *c =
        find_unanswered(all, &segment->source, &segment->destination, segment->sequence);
    cti_other_answer *answer;

    if (c == NULL)
        return false;
    answer = &c->record.other_answer;
    if (!cti_endpoint_is(&answer->server, &segment->destination))
        return false;
    if (!is_answer_copy(c, segment, RESET_COPY))
        answer->resets++;
    return true;
}

bool cti_connection_facts_other_answer(cti_connections *all, const cti_segment *segment)
{
    if (segment->flags & CTI_FLAG_RST)
        return take_refusal(all, segment);
    return segment->flags & CTI_FLAG_SYN && segment->flags & CTI_FLAG_ACK &&
           take_other_answer(all, segment);
}
