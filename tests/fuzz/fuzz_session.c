/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Framing, the rules of sessions, and what several sessions together tell.  The input is a list
 * of events: a byte for what happens and to whom, a step of the clock, and what it needs. */
#include "clients.h"
#include "promises.h"
#include "session_private.h"

enum { SESSIONS_MAX = 200, BUFFER_MAX = 1 << 17 };

typedef struct bench {
    cti_session *session; /* NULL where there is none */
    uint32_t number, frame;
    int64_t now;
    cti_clients *clients;
    cti_endpoint client, server;
    cti_side side;
    cti_frame_state framing[2];
    GByteArray *bytes[2];
    uint64_t requests, heartbeats;
} bench;

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
    for (uint32_t i = 0; i < client->down_count; i++)
        REQUIRE(client->downs[i].from <= client->downs[i].until);
}

static void on_storm(void *user, const cti_storm *storm)
{
    (void)user;
    REQUIRE(storm->requests >= storm->clients && storm->peak <= storm->requests);
    REQUIRE(storm->first <= storm->last);
}

static const cti_session_events session_events = {on_request, on_heartbeat, on_silence,
                                                  on_finding};
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

/* The bytes of a direction become messages, as on a connection. */
static void take_bytes(bench *b, cti_sender sender, const uint8_t *bytes, uint32_t length)
{
    GByteArray *rest = b->bytes[sender == CTI_SERVER];
    cti_frame_state *state = &b->framing[sender == CTI_SERVER];
    guint used = 0;
    size_t size;

    if (rest->len + length > BUFFER_MAX)
        return;
    g_byte_array_append(rest, bytes, length);
    while (used < rest->len) {
        const cti_frame_result result = cti_frame_next(rest->data + used, rest->len - used, *state,
                                                       &size);

        REQUIRE(size >= 1);
        if (result == CTI_FRAME_MORE) {
            REQUIRE(size > rest->len - used);
            break;
        }
        REQUIRE(size <= rest->len - used);
        *state = result == CTI_FRAME_MESSAGE ? CTI_FRAME_IN_STEP : CTI_FRAME_SEARCH;
        if (result == CTI_FRAME_MESSAGE)
            take_message(b, sender, rest->data + used, size);
        used += (guint)size;
    }
    g_byte_array_remove_range(rest, 0, used);
}

static void take_hole(bench *b, cti_sender sender, uint16_t bytes)
{
    const int side = sender == CTI_SERVER;

    if (b->session != NULL)
        cti_session_gap(b->session, sender, bytes, b->now);
    g_byte_array_set_size(b->bytes[side], 0);
    b->framing[side] = CTI_FRAME_SEARCH;
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
    case 8: take_hole(b, sender, take16(in)); break;
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
            finish(b, cti_session_get_summary(b->session)->end_frame != 0 ? CTI_END_NONE
                                                                          : CTI_END_SUPERSEDED);
        break;
    case 14: take_attempt(b, in); break;
    case 15: take_endpoints(b, in); break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input in = {data, size};
    bench b = {.clients = cti_clients_new(),
               .framing = {CTI_FRAME_SEARCH, CTI_FRAME_SEARCH},
               .bytes = {g_byte_array_new(), g_byte_array_new()}};

    b.now = take_start(&in);
    take_endpoints(&b, &in);
    check_framing(data, size, CTI_FRAME_IN_STEP);
    check_framing(data, size, CTI_FRAME_SEARCH);
    cti_frame_looks(data, size);
    while (in.left > 0 && b.number < SESSIONS_MAX)
        take_event(&b, &in);
    finish(&b, CTI_END_CAPTURE_ENDED);
    cti_clients_finish(b.clients, b.now, &clients_events, &b);
    cti_clients_free(b.clients);
    g_byte_array_unref(b.bytes[0]);
    g_byte_array_unref(b.bytes[1]);
    return 0;
}
