/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Framing, the rules of sessions, and what several sessions together tell.  The input is a list
 * of events: a byte for what happens and to whom, a step of the clock, and what it needs. */
#include "clients.h"
#include "maintenance.h"
#include "outages.h"
#include "promises.h"
#include "session_private.h"
#include "stream.h"

enum { SESSIONS_MAX = 200 };

typedef struct bench bench;

/* One direction, and where its bytes went. */
typedef struct side {
    bench *bench;
    cti_sender sender;
    cti_stream stream;
    uint64_t taken, handed_out, skipped;
} side;

struct bench {
    cti_session *session; /* NULL where there is none */
    uint32_t number, frame;
    int64_t now;
    cti_clients *clients;
    cti_outages *outages;
    cti_maintenances *maintenances;
    cti_endpoint client, server;
    cti_side side;
    uint64_t held;
    cti_stream_pool pool;
    side sides[2];
    uint64_t requests, heartbeats;
};

/* ---- what it tells ---- */

static void check_request(const cti_request *request)
{
    REQUIRE(request->message != NULL);
    REQUIRE(request->frame > 0);
    REQUIRE((request->outcome == CTI_CONFIRMED || request->outcome == CTI_FAILED) ==
            (request->answer != NULL));
    REQUIRE(cti_outcome_name(request->outcome) != NULL);
}

static void on_request(void *user, const cti_request *request)
{
    ((bench *)user)->requests++;
    check_request(request);
}

static void on_heartbeat(void *user, const cti_heartbeat *heartbeat)
{
    ((bench *)user)->heartbeats++;
    check_request(heartbeat->request);
    REQUIRE(heartbeat->missed == (heartbeat->missed_run > 0));
}

static void on_silence(void *user, const cti_silence *silence)
{
    (void)user;
    REQUIRE(silence->from <= silence->to);
}

static void on_finding(void *user, const cti_finding *finding)
{
    (void)user;
    REQUIRE(finding->rule < CTI_RULE_COUNT && finding->severity <= CTI_ERROR);
    REQUIRE(finding->frame_count <= CTI_FINDING_FRAMES_MAX);
    REQUIRE(memchr(finding->text, '\0', sizeof(finding->text)) != NULL);
    REQUIRE(finding->text[0] != '\0');
    check_text(finding->text, strlen(finding->text));
}

static void on_client(void *user, const cti_client *client)
{
    (void)user;
    REQUIRE(client->leg_count > 0);
    for (uint32_t i = 0; i < client->leg_count; i++)
        REQUIRE(client->legs[i] != NULL && client->legs[i]->outcome < CTI_LEG_OUTCOMES);
    for (uint32_t i = 0; i < client->outage_count; i++)
        REQUIRE(client->outages[i].from <= client->outages[i].until);
}

static void on_storm(void *user, const cti_storm *storm)
{
    (void)user;
    REQUIRE(storm->requests >= storm->clients && storm->peak <= storm->requests);
    REQUIRE(storm->first <= storm->last);
}

static void on_outage(void *user, const cti_outage *outage)
{
    const bench *b = user;

    REQUIRE(outage->from_frame > 0);
    REQUIRE((outage->to == CTI_NO_TIME) == (outage->to_frame == 0));
    cti_outages_add(b->outages, outage, b->number, b->side, &b->server);
}

static void on_shutdown(void *user, const cti_shutdown *shutdown)
{
    const bench *b = user;

    REQUIRE(shutdown->asked_frame != 0 || shutdown->outcome_frame != 0);
    cti_maintenances_shutdown(b->maintenances, shutdown, b->number);
}

static void on_history(void *user, const cti_outage_history *history)
{
    (void)user;
    REQUIRE(history->period_count > 0);
    for (uint32_t i = 0; i < history->period_count; i++)
        REQUIRE(history->periods[i].session_count > 0);
}

static void on_maintenance(void *user, const cti_maintenance *maintenance)
{
    uint32_t votes = 0;

    (void)user;
    REQUIRE(maintenance->client_count > 0);
    for (cti_vote vote = 0; vote < CTI_VOTES; vote++)
        votes += maintenance->votes[vote];
    REQUIRE(votes == maintenance->client_count);
}

static const cti_session_events session_events = {.request = on_request,
                                                  .heartbeat = on_heartbeat,
                                                  .silence = on_silence,
                                                  .finding = on_finding,
                                                  .outage = on_outage,
                                                  .shutdown = on_shutdown};
static const cti_maintenance_events maintenance_events = {on_maintenance, on_finding};
static const cti_clients_events clients_events = {on_client, on_storm, on_finding};

/* ---- sessions ---- */

static void begin(bench *b, bool began_before_capture)
{
    b->session = cti_session_new(&session_events, b, began_before_capture);
    b->number++;
}

static void finish(bench *b, cti_end how)
{
    const cti_session_summary *summary;

    if (b->session == NULL)
        return;
    cti_session_finish(b->session, b->now, how);
    summary = cti_session_get_summary(b->session);
    REQUIRE(summary->finished && summary->verdict < CTI_VERDICT_COUNT);
    REQUIRE(summary->end != CTI_END_NONE);
    REQUIRE(g_queue_get_length(&b->session->pending.by_age) == 0);
    REQUIRE(summary->evidence_count <= CTI_EVIDENCE_MAX);
    for (uint32_t i = 0; i < summary->evidence_count; i++)
        check_text(summary->evidence[i].text, strlen(summary->evidence[i].text));
    cti_clients_session(b->clients, summary, b->number, b->side, &b->client, &b->server);
    cti_maintenances_session(b->maintenances, b->session, b->number, b->side, &b->client,
                             &b->server);
    cti_session_free(b->session);
    b->session = NULL;
}

static void take_message(bench *b, cti_sender sender, const uint8_t *bytes, size_t size)
{
    const cti_moment moment = {b->now, b->frame, sender, NULL};
    uint8_t *copy = g_memdup2(bytes, size);
    cti_message_facts facts;
    cti_reader reader;

    if (b->session != NULL && cti_session_is_next(b->session, cti_header_type(bytes))) {
        cti_session_reopen(b->session, b->now, b->frame);
        finish(b, CTI_END_SUPERSEDED);
    }
    if (b->session == NULL)
        begin(b, b->number > 0);
    cti_session_message(b->session, copy, size, &moment, &reader, &facts);
    REQUIRE(!facts.answers || facts.request != NULL);
    check_reader(copy, (uint32_t)size, &facts.context, NULL);
    g_free(copy);
}

/* ---- the bytes of a direction become messages, as on a connection ---- */

static void on_message(void *user, const uint8_t *bytes, uint32_t size, uint32_t left,
                       const cti_stamp *stamp)
{
    side *from = user;

    REQUIRE(size >= CTI_HEADER_SIZE && size <= CTI_MESSAGE_SIZE_MAX);
    REQUIRE(left <= from->taken);
    REQUIRE(stamp->frame > 0 && stamp->frame <= from->bench->frame);
    from->handed_out += size;
    take_message(from->bench, from->sender, bytes, size);
}

static void on_gap_begins(void *user, uint64_t bytes, cti_gap_cause cause, const cti_stamp *stamp)
{
    side *from = user;

    REQUIRE(cti_gap_cause_name(cause)[0] != '?');
    REQUIRE(stamp->frame <= from->bench->frame);
    if (from->bench->session != NULL)
        cti_session_gap(from->bench->session, from->sender, bytes, from->bench->now);
}

static void on_gap(void *user, const cti_stream_gap_record *gap)
{
    side *from = user;

    from->skipped += gap->skipped;
    REQUIRE(from->handed_out + from->skipped <= from->taken);
}

static const cti_stream_events stream_events = {
    .message = on_message, .gap_begins = on_gap_begins, .gap = on_gap};

static void begin_side(bench *b, cti_sender sender)
{
    side *from = &b->sides[sender == CTI_SERVER];

    *from = (side){.bench = b, .sender = sender};
    cti_stream_init(&from->stream, &stream_events, from, &b->pool);
}

static void take_bytes(bench *b, cti_sender sender, const uint8_t *bytes, uint32_t length)
{
    side *from = &b->sides[sender == CTI_SERVER];

    if (length == 0)
        return;
    from->stream.framing.sender = length % 2 ? sender : CTI_EITHER;
    from->taken += length;
    cti_stream_take(&from->stream, bytes, length, length % 5 == 0,
                    &(cti_stamp){.time = b->now, .frame = b->frame});
    REQUIRE(from->stream.length <= CTI_MESSAGE_SIZE_MAX + 2 * UINT16_MAX);
    while (b->held > 100000) {
        cti_stream *oldest = cti_stream_pool_oldest(&b->pool);

        REQUIRE(oldest != NULL && cti_stream_waits_since(oldest) != INT64_MIN);
        cti_stream_give_up(oldest, &(cti_stamp){.time = b->now, .frame = b->frame});
        REQUIRE(oldest->length == 0);
    }
}

static void take_gap(bench *b, cti_sender sender, uint16_t bytes)
{
    const cti_gap_cause cause = bytes % 3 ? CTI_GAP_SNAPLEN : CTI_GAP_ACKED;

    cti_stream_gap(&b->sides[sender == CTI_SERVER].stream, bytes, cause,
                   &(cti_stamp){.time = b->now, .frame = b->frame});
}

static void end_side(side *from)
{
    cti_stream_end(&from->stream, &(cti_stamp){.time = from->bench->now, .frame = from->bench->frame});
    cti_stream_release(&from->stream);
}

static void take_segment(bench *b, cti_sender sender, input *in)
{
    const uint8_t flags = take8(in);
    const uint32_t next = (uint32_t)take16(in) << (flags & 0x10);

    if (b->session != NULL)
        cti_session_segment(b->session, sender,
                            &(cti_segment){.sequence = next,
                                           .flags = flags & 1 ? CTI_FLAG_ACK : 0,
                                           .acknowledgment = (uint32_t)take16(in) << (flags & 0x10),
                                           .time = b->now,
                                           .frame = b->frame});
}

static void take_attempt(bench *b, input *in)
{
    const uint8_t seen = take8(in);
    const cti_attempt attempt = {.client = b->client,
                                 .server = b->server,
                                 .side = b->side,
                                 .frame = b->frame,
                                 .end_frame = b->frame,
                                 .began = b->now,
                                 .ended = later(b->now, take_step(in)),
                                 .syn = !(seen & 1),
                                 .syn_ack = seen & 2,
                                 .data = (seen & 12) == 12,
                                 .end = CTI_END_RESET_BY_CLIENT + (seen >> 4) % 6};

    cti_clients_attempt(b->clients, &attempt, attempt.ended);
}

/* Another client or server. */
static void take_endpoints(bench *b, input *in)
{
    const uint8_t who = take8(in);

    b->client = (cti_endpoint){.address_size = who & 0x80 ? 16 : 4,
                               .address = {10, 0, 0, who & 3},
                               .port = (uint16_t)(50000 + (who >> 2 & 3))};
    b->side = (cti_side)(who >> 4 & 1);
    b->server = (cti_endpoint){.address_size = 4,
                               .address = {10, 0, 1, who >> 5 & 1},
                               .port = b->side == 0 ? 42027 : 43027};
}

static void take_event(bench *b, input *in)
{
    const uint8_t what = take8(in);
    const cti_sender sender = what & 1 ? CTI_SERVER : CTI_CLIENT;
    uint8_t *bytes;
    uint32_t size;

    b->now = later(b->now, take_step(in));
    b->frame++;
    switch (what >> 1 & 15) {
    default:
        size = take16(in);
        bytes = take_copy(in, &size);
        take_bytes(b, sender, bytes, size);
        free(bytes);
        break;
    case 8: take_gap(b, sender, take16(in)); break;
    case 9:
        if (b->session != NULL && b->frame % 4 == 0)
            cti_session_not_captured(b->session, sender);
        else if (b->session != NULL)
            cti_session_doubt(b->session, sender);
        break;
    case 10: take_segment(b, sender, in); break;
    case 11:
    case 12:
        if (b->session != NULL)
            cti_session_tcp_end(b->session, (what >> 1 & 15) == 11 ? CTI_TCP_FIN : CTI_TCP_RST,
                                sender, b->now, b->frame);
        break;
    case 13:
        if (b->session != NULL)
            finish(b, b->session->summary.end_frame != 0 ? CTI_END_NONE : CTI_END_SUPERSEDED);
        break;
    case 14: take_attempt(b, in); break;
    case 15: take_endpoints(b, in); break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input in = {data, size};
    bench b = {.clients = cti_clients_new(),
               .outages = cti_outages_new(),
               .maintenances = cti_maintenances_new(),
               .frame = 1};

    cti_stream_pool_init(&b.pool, &b.held);
    begin_side(&b, CTI_CLIENT);
    begin_side(&b, CTI_SERVER);
    b.now = take_start(&in);
    take_endpoints(&b, &in);
    check_framing(data, size, (cti_framing){.state = CTI_FRAME_IN_STEP});
    check_framing(data, size, (cti_framing){.state = CTI_FRAME_SEARCH});
    check_framing(data, size,
                  (cti_framing){.state = CTI_FRAME_SEARCH, .sender = CTI_SERVER, .at_start = true});
    check_framing(data, size,
                  (cti_framing){.state = CTI_FRAME_SEARCH, .cut = true, .final = true});
    cti_frame_looks(data, size);
    while (in.left > 0 && b.number < SESSIONS_MAX)
        take_event(&b, &in);
    end_side(&b.sides[0]);
    end_side(&b.sides[1]);
    REQUIRE(b.held == 0);
    finish(&b, CTI_END_CAPTURE_ENDED);
    cti_clients_finish(b.clients, b.now, &clients_events, &b);
    cti_clients_free(b.clients);
    cti_outages_finish(b.outages, on_history, &b);
    cti_outages_free(b.outages);
    cti_maintenances_finish(b.maintenances, &maintenance_events, &b);
    cti_maintenances_free(b.maintenances);
    return 0;
}
