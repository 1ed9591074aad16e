/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connections of a capture (see connection.h): what a segment does to the one that it
 * belongs to, what begins and ends one, and the limits of what is kept. */
#include <string.h>

#include "connection_private.h"
#include "session_link.h"

/* What is missing for so long, on the clock of the capture, will not come: TCP repeats what
 * was lost, and gives up, within minutes. */
#define HOLE_PATIENCE (300 * CTI_SECOND)

void cti_connection_number(connection *c)
{
    if (c->numbered)
        return;
    c->numbered = true;
    c->record.number = ++c->all->counts.connections;
}

void cti_connection_release_streams(connection *c)
{
    for (int i = 0; i < DIRECTIONS; i++) {
        direction *d = &c->directions[i];

        cti_tcp_stream_release(&d->stream);
        cti_stream_release(&d->messages);
    }
}

void cti_connection_deliver(connection *c)
{
    cti_order_release(c);
    if (!c->over)
        return;
    c->over = false;
    cti_connection_release_streams(c);
}

void cti_tally_add(cti_tally *tally, uint32_t frame)
{
    if (tally->count++ == 0)
        tally->frame = frame;
}

/* The attempt goes on as if it had not been refused. */
static void forget_reset(connection *c)
{
    c->reset = false;
    c->disordered = false;
    c->record.close = CTI_END_CAPTURE_ENDED;
    cti_connection_facts_init(c);
    for (int i = 0; i < DIRECTIONS; i++) {
        direction *d = &c->directions[i];

        cti_tcp_stream_init(&d->stream, c->all->options->held_bytes, &c->all->pool, d);
        d->fin_seen = d->fin_taken = d->fin_told = false;
        d->followed_known = false;
    }
}

/* A connection to a CTI port on which no session began. */
static void note_attempt(connection *c)
{
    const cti_connection_summary *r = &c->record;
    const cti_attempt attempt = {.client = r->client,
                                 .server = r->server,
                                 .side = r->side,
                                 .frame = r->first_frame,
                                 .end_frame = c->packet.frame,
                                 .began = r->first_time,
                                 .ended = r->last_time,
                                 .syn = r->syn == CTI_SYN_CLIENT_ONLY || r->syn == CTI_SYN_FULL,
                                 .syn_ack = r->syn == CTI_SYN_FULL,
                                 .data = r->tcp.bytes[0] + r->tcp.bytes[1] > 0,
                                 .end = r->close,
                                 .other_answer = r->other_answer};

    if (r->sessions == 0 && c->cti_port &&
        cti_clients_attempt(c->all->clients, &attempt, c->all->last_time))
        c->all->counts.attempts++;
}

/* A client that begins with TLS, and a server that ends the connection without a byte of its own.
 * Where a session began, its rule reports what does not fit. */
static void report_tls(const connection *c)
{
    const cti_connections *all = c->all;
    cti_finding finding;

    if (c->record.tls_mismatch != CTI_TLS_CLIENT_ONLY)
        return;
    cti_link_tls_finding(&c->record, &finding);
    c->all->counts.findings[finding.severity]++;
    if (all->events->finding != NULL)
        all->events->finding(all->user, NULL, &finding);
}

static void compare_tls(connection *c)
{
    cti_connection_summary *record = &c->record;

    if (record->tls && record->syn == CTI_SYN_FULL && record->tcp.bytes[1] == 0 &&
        cti_connection_direction(c, CTI_SERVER)->lost == 0 && !record->reset.other_ttl &&
        (record->close == CTI_END_RESET_BY_SERVER || record->close == CTI_END_FIN_BY_SERVER))
        record->tls_mismatch = CTI_TLS_CLIENT_ONLY;
}

/* Ends what is left of a connection, tells it and frees it; how is CTI_END_CAPTURE_ENDED or
 * CTI_END_SUPERSEDED, cause is that of the gaps in it. */
static void finish_connection(connection *c, int64_t time, cti_end how, cti_gap_cause cause)
{
    cti_connections *all = c->all;

    cti_owed_settle(c);
    if (c->content == CONTENT_CTI) {
        for (int i = 0; i < DIRECTIONS; i++)
            cti_end_finish_stream(&c->directions[i], cause);
        for (int i = 0; i < DIRECTIONS && !c->reset; i++)
            cti_end_take_fin(&c->directions[i]);
        cti_order_flush(c);
        cti_connection_session_end(c, time, how);
    }
    note_attempt(c);
    compare_tls(c);
    report_tls(c);
    all->counts.one_sided += c->numbered && c->directions[0].captured != c->directions[1].captured;
    if (c->record.close == CTI_END_CAPTURE_ENDED)
        c->record.close = how;
    if (!c->numbered)
        all->counts.other++;
    else if (all->events->connection != NULL)
        all->events->connection(all->user, &c->record);
    cti_connection_table_remove(c);
}

/* ---- limits ---- */

/* Makes room for one more connection: forgets one without a session, if there is any. */
static void forget_one(cti_connections *all)
{
    connection *c;

    if (cti_connection_table_size(all) < all->options->connections)
        return;
    c = cti_connection_table_quietest(all);
    if (c->session == NULL)
        all->counts.forgotten_idle++;
    else
        all->counts.forgotten_talking++;
    finish_connection(c, c->record.last_time, CTI_END_CAPTURE_ENDED, CTI_GAP_LIMIT);
}

static void give_up(direction *from, cti_gap_cause cause)
{
    cti_tcp_stream_give_up(&from->stream, cause, &cti_connection_tcp_sink, from);
    cti_end_take_fin(from);
    cti_connection_deliver(from->connection);
    cti_connection_table_update(from->connection); /* its session may have begun or ended */
}

/* Gives up what has been held for longest: bytes that wait for missing ones, or those of a message
 * that is not whole.  False if nothing is held. */
static bool give_up_oldest(cti_connections *all)
{
    direction *early = cti_tcp_pool_oldest(&all->pool);
    cti_stream *unfinished = cti_stream_pool_oldest(&all->unfinished);

    if (unfinished != NULL && (early == NULL || cti_stream_waits_since(unfinished) <=
                                                    cti_tcp_stream_waits_since(&early->stream)))
        cti_connection_stream_give_up(unfinished->user);
    else if (early != NULL)
        give_up(early, CTI_GAP_LIMIT);
    return early != NULL || unfinished != NULL;
}

/* Gives up what is held for longest while too much is held, and what has been missing for too
 * long. */
static G_GNUC_NO_INLINE void enforce_limits(cti_connections *all, int64_t now)
{
    direction *oldest;

    while (all->pool.held > all->options->held_total && give_up_oldest(all))
        ;
    while ((oldest = cti_tcp_pool_oldest(&all->pool)) != NULL &&
           cti_elapsed(cti_tcp_stream_waits_since(&oldest->stream), now) > HOLE_PATIENCE)
        give_up(oldest, CTI_GAP_TIME);
}

/* ---- segments ---- */

static connection *begin_connection(cti_connections *all, const cti_segment *segment)
{
    forget_one(all);
    return cti_connection_table_add(all, segment);
}

static void note_syn(direction *from, const cti_segment *segment)
{
    connection *c = from->connection;
    const bool server = segment->flags & CTI_FLAG_ACK;
    const cti_syn_seen seen = c->record.syn;

    if (!from->stream.synced)
        cti_stream_begin(&from->messages);
    if (seen == CTI_SYN_NONE)
        c->record.syn = server ? CTI_SYN_SERVER_ONLY : CTI_SYN_CLIENT_ONLY;
    else if (seen == (server ? CTI_SYN_CLIENT_ONLY : CTI_SYN_SERVER_ONLY))
        c->record.syn = CTI_SYN_FULL;
}

static G_GNUC_NO_INLINE void count_verdict(connection *c, const cti_segment *segment,
                                           cti_tcp_verdict verdict)
{
    cti_tcp_counts *counts = &c->record.tcp;

    counts->retransmissions += verdict.retransmission;
    counts->out_of_order += verdict.out_of_order;
    counts->keep_alives += verdict.keep_alive;
    if (!verdict.differs)
        return;
    counts->overlaps_differ++;
    if (c->content == CONTENT_CTI && !c->record.tls)
        cti_tally_add(&c->all->counts.differing, segment->frame);
}

/* A packet that was captured twice is counted and otherwise left alone: not even its time is
 * life. */
static bool is_copy(connection *c, const direction *from, const cti_segment *segment)
{
    return c->content != CONTENT_OTHER && !segment->in_order &&
           cti_duplicate_filter_take(&c->seen, segment, from == &c->directions[0] ? 0 : 1);
}

/* Data without a number follows on what its sender said before. */
static G_GNUC_NO_INLINE cti_tcp_verdict feed_without_number(direction *from,
                                                            const cti_segment *segment)
{
    cti_segment placed;

    if (segment->is_cti) {
        cti_connection_stream_take_decrypted(from, segment);
        return (cti_tcp_verdict){0};
    }
    placed = *segment;
    placed.sequence = (uint32_t)from->stream.next;
    return cti_tcp_stream_feed(&from->stream, &placed, &cti_connection_tcp_sink, from);
}

static cti_tcp_verdict feed_stream(direction *from, const cti_segment *segment)
{
    if (segment->in_order)
        return feed_without_number(from, segment);
    return cti_tcp_stream_feed(&from->stream, segment, &cti_connection_tcp_sink, from);
}

/* The SYN-ACK, and the first segment after SYN, acknowledge the other direction's SYN. */
static bool acknowledges_syn(const direction *from, const cti_segment *segment)
{
    return segment->flags & CTI_FLAG_SYN ||
           (from->stream.saw_syn && !from->stream.late_syn &&
            (uint32_t)from->stream.next == from->stream.initial + 1);
}

/* What a segment acknowledges came before what it says.  The other direction's stream starts after
 * its SYN. */
static void acknowledge(direction *to, const direction *from, const cti_segment *segment)
{
    if (!to->stream.synced && acknowledges_syn(from, segment)) {
        cti_stream_begin(&to->messages);
        cti_tcp_stream_start(&to->stream, segment->acknowledgment);
    }
    if (to->stream.acked == 0 || (uint32_t)to->stream.acked != segment->acknowledgment)
        cti_tcp_stream_acknowledge(&to->stream, segment);
    if (to->stream.owed != 0 && to->not_captured)
        cti_owed_give_up(to);
}

/* New bytes after the peer's acknowledgment of them: the capture shows packets out of order. */
static void note_disorder(direction *from, const cti_segment *segment, int64_t owed_since)
{
    cti_connection_counts *counts = &from->connection->all->counts;
    const int64_t late = cti_forward(owed_since, segment->time);

    if (late == CTI_NO_TIME)
        return;
    from->connection->disordered = true;
    cti_tally_add(&counts->disordered, segment->frame);
    counts->worst_disorder = MAX(counts->worst_disorder, late);
}

/* Nearly all segments are just the next ones. */
static bool is_plain(const cti_tcp_verdict *verdict)
{
    static const cti_tcp_verdict plain = {0};

    return memcmp(verdict, &plain, sizeof(plain)) == 0;
}

static void take_data(direction *from, const cti_segment *segment)
{
    const int64_t owed_since = from->stream.owed != 0 ? from->stream.owed_time : CTI_NO_TIME;
    const cti_tcp_verdict verdict = feed_stream(from, segment);

    if (from->stream.saw_fin && !from->fin_seen)
        cti_end_see_fin(from, segment);
    if (segment->window == 0 && !(segment->flags & (CTI_FLAG_RST | CTI_FLAG_SYN)))
        from->connection->record.tcp.zero_windows++;
    if (is_plain(&verdict))
        return;
    count_verdict(from->connection, segment, verdict);
    if (verdict.late)
        note_disorder(from, segment, owed_since);
}

/* True for nearly all connections: nothing waits, and nothing is waited for. */
static bool is_quiet(const connection *c)
{
    return c->directions[0].waiting.head == NULL && c->directions[1].waiting.head == NULL &&
           !cti_connection_is_waiting(c) && !c->over;
}

/* A segment that belongs to this connection. */
static void take_segment(connection *c, direction *from, const cti_segment *segment)
{
    direction *to = cti_connection_opposite(from);

    c->record.last_time = segment->time;
    c->record.tcp.packets++;
    c->packet = (cti_stamp){.time = segment->time,
                            .frame = segment->frame,
                            .acknowledgment = segment->acknowledgment,
                            .acknowledges = segment->flags & CTI_FLAG_ACK && !segment->in_order};
    if (c->content == CONTENT_OTHER && !segment->is_cti)
        return;
    if (segment->flags & CTI_FLAG_SYN) {
        if (cti_syn_is_repeated(from, segment))
            forget_reset(c);
        note_syn(from, segment);
        cti_connection_facts_syn(c, segment);
    }
    from->captured = true;
    if (from->not_captured)
        cti_connection_session_captured(from);
    if (c->reset)
        return;
    if (!(segment->flags & CTI_FLAG_RST))
        cti_connection_facts_segment(from, to, segment);
    if (c->packet.acknowledges)
        acknowledge(to, from, segment);
    if (segment->flags & CTI_FLAG_RST) {
        cti_end_take_reset(from, segment);
    } else if (c->content != CONTENT_OTHER || segment->is_cti) {
        take_data(from, segment);
        cti_connection_session_segment(from, segment);
        if (from->stream.closed)
            cti_end_take_fin(from);
        if (c->owing)
            cti_owed_settle_reset(c);
    }
    if (is_quiet(c))
        return;
    cti_connection_deliver(c);
    cti_owed_enlist(c);
}

static void note_time(cti_connections *all, const cti_segment *segment)
{
    const int64_t step = cti_elapsed(segment->time, all->last_time);

    all->last_time = segment->time;
    if (step == CTI_NO_TIME || step <= 0)
        return;
    cti_tally_add(&all->counts.steps_back, segment->frame);
    all->counts.worst_step = MAX(all->counts.worst_step, step);
}

/* The connection of a segment: the one found in the table (c), or one that begins with it; NULL
 * if it is not yet known whether the segment begins one, or if it begins none. */
static connection *choose_connection(cti_connections *all, connection *c,
                                     const cti_segment *segment)
{
    cti_segment syn;

    if (c == NULL && cti_connection_facts_other_answer(all, segment))
        return NULL;
    if (c == NULL)
        return begin_connection(all, segment);
    if (c->late_syn != NULL && cti_syn_is_proven(c, segment)) {
        syn = *c->late_syn;
        finish_connection(c, c->record.last_time, CTI_END_SUPERSEDED, CTI_GAP_CLOSED);
        c = begin_connection(all, &syn);
        take_segment(c, cti_connection_table_direction(c, &syn.source), &syn);
        return c;
    }
    if (!(segment->flags & CTI_FLAG_SYN))
        return c;
    if (c->directions[0].reset_taken || c->directions[1].reset_taken)
        cti_owed_settle(c);
    if (cti_syn_begins_another(cti_connection_table_direction(c, &segment->source), segment)) {
        finish_connection(c, c->record.last_time, CTI_END_SUPERSEDED, CTI_GAP_CLOSED);
        return begin_connection(all, segment);
    }
    if (c->reset || c->content == CONTENT_OTHER ||
        !cti_syn_is_late(cti_connection_table_direction(c, &segment->source), segment))
        return c;
    cti_syn_keep(c, segment);
    return NULL;
}

void cti_connections_take(cti_connections *all, connection *c, const cti_segment *segment)
{
    direction *from;

    note_time(all, segment);
    if (all->owing.head != NULL)
        cti_owed_expire(all);
    /* Of a copy that comes in pieces nothing else is known; the packet may have been left out. */
    if (!segment->repeated)
        c = choose_connection(all, c, segment);
    if (c == NULL)
        return;
    from = cti_connection_table_direction(c, &segment->source);
    if (segment->repeated || is_copy(c, from, segment)) {
        c->record.tcp.duplicates++;
        return;
    }
    take_segment(c, from, segment);
    cti_connection_table_touch(c);
    if (all->pool.held > 0)
        enforce_limits(all, segment->time);
}

void cti_connections_feed(cti_connections *all, const cti_segment *segment)
{
    cti_connections_take(all, cti_connection_table_find(all, segment), segment);
}

/* ---- life ---- */

cti_connections *cti_connections_new(const cti_connection_options *options,
                                     const cti_connection_events *events, void *user)
{
    cti_connections *all = g_new0(cti_connections, 1);

    all->options = options;
    all->events = events;
    all->user = user;
    all->last_time = CTI_NO_TIME;
    all->clients = cti_clients_new();
    all->phones = cti_phones_new();
    all->outages = cti_outages_new();
    all->maintenances = cti_maintenances_new();
    cti_connection_table_init(all);
    cti_tcp_pool_init(&all->pool);
    cti_stream_pool_init(&all->unfinished, &all->pool.held);
    return all;
}

static gint compare_first_frames(gconstpointer a, gconstpointer b)
{
    const connection *x = a, *y = b;

    return (x->record.first_frame > y->record.first_frame) -
           (x->record.first_frame < y->record.first_frame);
}

static void forward_client(void *user, const cti_client *client)
{
    const cti_connections *all = user;

    if (all->events->client != NULL)
        all->events->client(all->user, client);
}

static void forward_storm(void *user, const cti_storm *storm)
{
    const cti_connections *all = user;

    if (all->events->storm != NULL)
        all->events->storm(all->user, storm);
}

static void forward_maintenance(void *user, const cti_maintenance *maintenance)
{
    const cti_connections *all = user;

    if (all->events->maintenance != NULL)
        all->events->maintenance(all->user, maintenance);
}

static void forward_finding(void *user, const cti_finding *finding)
{
    cti_connections *all = user;

    all->counts.findings[finding->severity]++;
    if (all->events->finding != NULL)
        all->events->finding(all->user, NULL, finding);
}

void cti_connections_finish(cti_connections *all)
{
    static const cti_clients_events clients_events = {
        .client = forward_client, .storm = forward_storm, .finding = forward_finding};
    static const cti_maintenance_events maintenance_events = {.maintenance = forward_maintenance,
                                                              .finding = forward_finding};
    GList *list;

    cti_connections_settle(all);
    list = g_list_sort(g_list_concat(g_list_copy(all->idle.head), g_list_copy(all->talking.head)),
                       compare_first_frames);
    for (GList *link = list; link != NULL; link = link->next)
        finish_connection(link->data, all->last_time, CTI_END_CAPTURE_ENDED, CTI_GAP_CAPTURE_ENDED);
    g_list_free(list);
    cti_clients_finish(all->clients, all->last_time, &clients_events, all);
    all->counts.clients_left_out = cti_clients_left_out(all->clients);
    cti_outages_finish(all->outages, all->events->outage, all->user);
    all->counts.outages_left_out = cti_outages_left_out(all->outages);
    cti_maintenances_finish(all->maintenances, &maintenance_events, all);
    all->counts.maintenances_left_out = cti_maintenances_left_out(all->maintenances);
}

const cti_connection_counts *cti_connections_counts(const cti_connections *all)
{
    return &all->counts;
}

static void free_connections(const GQueue *queue)
{
    while (queue->head != NULL) {
        cti_connection_session_free(queue->head->data);
        cti_connection_table_remove(queue->head->data);
    }
}

void cti_connections_free(cti_connections *all)
{
    if (all == NULL)
        return;
    free_connections(&all->idle);
    free_connections(&all->talking);
    g_hash_table_destroy(all->table);
    cti_clients_free(all->clients);
    cti_phones_free(all->phones);
    cti_outages_free(all->outages);
    cti_maintenances_free(all->maintenances);
    cti_prefetch_release(all);
    g_free(all);
}

/* ---- one connection ---- */

cti_connection *cti_connections_find(cti_connections *all, const cti_endpoint *one,
                                     const cti_endpoint *other)
{
    const cti_segment segment = {.source = *one, .destination = *other};

    return cti_connection_table_find(all, &segment);
}

const cti_connection_summary *cti_connection_get_summary(const cti_connection *c)
{
    return &c->record;
}

void **cti_connection_data(cti_connection *c)
{
    return &c->data;
}

bool cti_connection_is_cti(const cti_connection *c)
{
    return c->content == CONTENT_CTI;
}

uint32_t cti_connection_reached(cti_connection *c, const cti_endpoint *source)
{
    return (uint32_t)cti_tcp_stream_reached(&cti_connection_table_direction(c, source)->stream);
}

uint32_t cti_connection_tail(cti_connection *c, const cti_endpoint *source)
{
    return (uint32_t)MIN(cti_connection_table_direction(c, source)->messages.tail, UINT32_MAX);
}

uint32_t cti_connection_unfinished(cti_connection *c, const cti_endpoint *source, uint32_t *wanted)
{
    const cti_stream *messages = &cti_connection_table_direction(c, source)->messages;

    *wanted = 0;
    if (c->content != CONTENT_CTI || messages->tail > 0 ||
        messages->framing.state != CTI_FRAME_IN_STEP)
        return 0;
    if (messages->length >= CTI_HEADER_SIZE)
        *wanted = messages->wanted;
    return messages->length;
}
