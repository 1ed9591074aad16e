/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What TCP's headers show of each side of a connection: unacknowledged data, closed receive
 * windows, the TTL of its packets and of the RST, and answers to a SYN from another address (see
 * cti_tcp_side and cti_other_answer). */
#include "connection_private.h"

#include <string.h>

/* Numbers that are further ahead belong to another connection's life. */
#define FAR_AHEAD (1 << 28)
/* In packets: of one side, and of the connection. */
enum { TTL_OTHERS = 8, TTL_DISTANCE = 16 };

enum { ANSWER_COPY = DIRECTIONS, RESET_COPY }; /* for the duplicate filter */

/* ---- acknowledgments ---- */

static void place(cti_tcp_side *side, uint32_t number)
{
    side->placed = true;
    side->acked = number;
}

/* The first bytes that waited are acknowledged, after a longer time than any before. */
static G_GNUC_NO_INLINE void note_wait(cti_tcp_side *side, const cti_segment *segment)
{
    const int64_t waited = cti_elapsed(side->since, segment->time);

    if (waited <= side->longest || (side->repeats == 0 && waited > CTI_TCP_REPEATED_AFTER))
        return;
    side->longest = waited;
    side->longest_repeats = side->repeats;
    side->longest_wait = (cti_tcp_interval){.from = side->since,
                                            .to = segment->time,
                                            .from_frame = side->since_frame,
                                            .to_frame = segment->frame};
}

/* Removes acknowledged segments; at least one is left. */
static G_GNUC_NO_INLINE void drop_acknowledged(direction *of, cti_tcp_side *side)
{
    uint32_t count = 0;

    side->repeats = 0;
    side->first = side->acked;
    while (count < side->queued && cti_sequence_ahead(side->first, of->sent[count].from) >= 0) {
        const sent_segment *sent = &of->sent[count++];

        side->since = sent->time;
        side->since_frame = sent->frame;
        if (cti_sequence_ahead(sent->start, side->first) > 0)
            side->first = sent->start;
    }
    side->queued = (uint8_t)(side->queued - count);
    if (count > 0)
        memmove(of->sent, of->sent + count, side->queued * sizeof(*of->sent));
    side->unacknowledged = side->next - side->first;
}

/* The segment acknowledges data of the other direction. */
static inline void take_acknowledgment(direction *of, cti_tcp_side *side,
                                       const cti_segment *segment)
{
    const uint32_t number = segment->acknowledgment;

    if (!side->placed) {
        place(side, number);
        return;
    }
    if (cti_sequence_ahead(number, side->acked) <= 0 ||
        (side->sent && cti_sequence_ahead(number, side->next) > FAR_AHEAD))
        return;
    side->acked = number;
    if (side->unacknowledged == 0 || cti_sequence_ahead(number, side->first) <= 0)
        return;
    /* Times may be anything: note_wait() looks closer. */
    if ((int64_t)((uint64_t)segment->time - (uint64_t)side->since) > side->longest)
        note_wait(side, segment);
    if (cti_sequence_ahead(side->next, number) > 0) {
        drop_acknowledged(of, side);
        return;
    }
    side->unacknowledged = 0;
    side->queued = 0;
}

/* ---- data ---- */

/* Data that was sent before, or that fills a gap of the capture. */
static void note_repeated(cti_tcp_side *side, uint32_t start, uint32_t end,
                          const cti_segment *segment)
{
    if (side->unacknowledged == 0 || cti_sequence_ahead(start, side->first) > 0)
        return;
    if (cti_sequence_ahead(end, side->first) > 0) {
        side->repeats++;
        side->repeat_time = segment->time;
        side->repeat_frame = segment->frame;
    } else if (cti_sequence_ahead(start, side->acked) >= 0) {
        side->first = start;
        side->unacknowledged = side->next - start;
    }
}

/* Adds a segment after those that are not acknowledged. */
static void queue_segment(direction *from, cti_tcp_side *side, uint32_t start,
                          const cti_segment *segment)
{
    sent_segment *last = &from->sent[side->queued < SENT_MAX ? side->queued : SENT_MAX - 1];

    if (side->queued < SENT_MAX) {
        side->queued++;
        last->from = side->next;
        last->start = start;
    }
    /* Merged segments get the time of the last: no wait is reported longer than it was. */
    last->time = segment->time;
    last->frame = segment->frame;
}

/* Data that ends after side->next. */
static inline void note_sent(direction *from, cti_tcp_side *side, uint32_t start, uint32_t end,
                             const cti_segment *segment)
{
    if (side->unacknowledged > 0) {
        queue_segment(from, side, start, segment);
    } else {
        side->first = cti_sequence_ahead(start, side->acked) > 0 ? start : side->acked;
        side->since = segment->time;
        side->since_frame = segment->frame;
        side->repeats = 0;
    }
    side->unacknowledged = end - side->first;
    side->next = end;
}

/* Data that does not start at side->next, or that needs a closer look. */
static G_GNUC_NO_INLINE void take_other_data(direction *from, cti_tcp_side *side, uint32_t start,
                                             uint32_t end, const cti_segment *segment)
{
    if (!side->sent) {
        if (!side->placed)
            place(side, segment->length > 1 ? start : end); /* one byte may be a keep-alive */
        side->sent = true;
        side->next = start;
    }
    if (cti_sequence_ahead(start, side->next) < 0)
        note_repeated(side, start, end, segment);
    if (cti_sequence_ahead(end, side->next) <= 0 ||
        cti_sequence_ahead(start, side->next) > FAR_AHEAD)
        return;
    if (cti_sequence_ahead(side->acked, end) > FAR_AHEAD)
        place(side, start);
    /* A capture may show data after what acknowledges it. */
    if (cti_sequence_ahead(end, side->acked) > 0)
        note_sent(from, side, start, end, segment);
    else
        side->next = end;
}

static inline void take_data(direction *from, cti_tcp_side *side, uint32_t start,
                             const cti_segment *segment)
{
    const uint32_t end = start + segment->length;

    if (side->sent && start == side->next && cti_sequence_ahead(end, side->acked) > 0)
        note_sent(from, side, start, end, segment);
    else
        take_other_data(from, side, start, end, segment);
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
static G_GNUC_NO_INLINE void change_window(cti_tcp_side *side, const cti_segment *segment)
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

/* The usual TTL changes after TTL_OTHERS packets with another one, at most TTL_DISTANCE apart. */
static G_GNUC_NO_INLINE void note_other_ttl(const connection *c, cti_tcp_side *side, uint8_t ttl)
{
    const uint64_t packets = c->record.tcp.packets - side->ttl_packet;

    if (ttl == 0)
        return;
    side->ttl_varied = side->ttl != 0;
    side->ttl_packet = c->record.tcp.packets;
    side->ttl_others = packets <= TTL_DISTANCE ? side->ttl_others + 1 : 1;
    if (side->ttl != 0 && side->ttl_others < TTL_OTHERS)
        return;
    side->ttl = ttl;
    side->ttl_others = 0;
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
    for (int i = 0; i < DIRECTIONS; i++) {
        direction *d = &c->directions[i];

        d->side = &c->record.sides[d->sender == CTI_SERVER];
        *d->side = side;
    }
}

void cti_connection_facts_swap(connection *c)
{
    const cti_tcp_side side = c->record.sides[0];

    c->record.sides[0] = c->record.sides[1];
    c->record.sides[1] = side;
    for (int i = 0; i < DIRECTIONS; i++)
        c->directions[i].side = &c->record.sides[c->directions[i].sender == CTI_SERVER];
}

/* SYN, or a segment without an acknowledgment. */
static G_GNUC_NO_INLINE void take_other_segment(direction *from, direction *to,
                                                const cti_segment *segment)
{
    const bool syn = segment->flags & CTI_FLAG_SYN;

    if (syn && !from->side->sent)
        place(from->side, segment->sequence + 1);
    if (segment->flags & CTI_FLAG_ACK) {
        from->side->seen = true;
        from->side->last_time = segment->time;
        take_acknowledgment(to, to->side, segment);
    }
    if (segment->length > 0)
        take_data(from, from->side, segment->sequence + syn, segment);
}

void cti_connection_facts_segment(direction *from, direction *to, const cti_segment *segment)
{
    cti_tcp_side *own = from->side, *peer = to->side;

    if (segment->in_order)
        return;
    if (segment->ttl != own->ttl)
        note_other_ttl(from->connection, own, segment->ttl);
    if ((segment->flags & (CTI_FLAG_SYN | CTI_FLAG_ACK)) != CTI_FLAG_ACK) {
        take_other_segment(from, to, segment);
        return;
    }
    own->seen = true;
    own->last_time = segment->time;
    own->window_seen = true;
    if ((segment->window == 0) != own->closed)
        change_window(own, segment);
    if (segment->acknowledgment != peer->acked)
        take_acknowledgment(to, peer, segment);
    /* One byte is sent to a closed window to ask for its state. */
    if (segment->length > (peer->closed ? 1u : 0u))
        take_data(from, own, segment->sequence, segment);
}

void cti_connection_facts_reset(direction *from, direction *to, const cti_segment *segment)
{
    const uint8_t usual = from->side->ttl;

    /* It may acknowledge what came before it; but it may be forged. */
    if (segment->flags & CTI_FLAG_ACK && to->side->sent &&
        cti_sequence_ahead(segment->acknowledgment, to->side->next) <= 1)
        take_acknowledgment(to, to->side, segment);
    from->connection->record.reset =
        (cti_tcp_reset){.sender = from->sender,
                        .frame = segment->frame,
                        .time = segment->time,
                        .ttl = segment->ttl,
                        .other_ttl = segment->ttl != 0 && usual != 0 && segment->ttl != usual};
}

/* ---- answers from another address ---- */

/* The place of the SYN that a client sent to this port of a server. */
static recent_syn *syn_of(cti_connections *all, const cti_endpoint *client, uint16_t port)
{
    return &all->syns[(cti_connection_table_hash(client) + port) % RECENT_SYNS];
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
