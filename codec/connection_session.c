/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sessions on a connection, from first message to end, and what the writer is told of
 * them. */
#include "connection_private.h"

#include "bytes.h"

/* ---- what a session tells ---- */

static void forward_request(void *user, const cti_request *request)
{
    live_session *live = user;
    const cti_connections *all = live->connection->all;

    if (all->events->request != NULL)
        all->events->request(all->user, &live->record, request);
}

static void forward_heartbeat(void *user, const cti_heartbeat *heartbeat)
{
    live_session *live = user;
    const cti_connections *all = live->connection->all;

    if (all->events->heartbeat != NULL)
        all->events->heartbeat(all->user, &live->record, heartbeat);
}

static void forward_silence(void *user, const cti_silence *silence)
{
    live_session *live = user;
    const cti_connections *all = live->connection->all;

    if (all->events->silence != NULL)
        all->events->silence(all->user, &live->record, silence);
}

static void forward_finding(void *user, const cti_finding *finding)
{
    live_session *live = user;
    cti_connections *all = live->connection->all;

    all->counts.findings[finding->severity]++;
    if (all->events->finding != NULL)
        all->events->finding(all->user, &live->record, finding);
}

static void keep_outage(void *user, const cti_outage *outage)
{
    const live_session *live = user;
    const connection *c = live->connection;

    cti_outages_add(c->all->outages, outage, live->record.number, c->record.side,
                    &c->record.server);
}

static void keep_shutdown(void *user, const cti_shutdown *shutdown)
{
    const live_session *live = user;

    cti_maintenances_shutdown(live->connection->all->maintenances, shutdown, live->record.number);
}

static const cti_session_events session_events = {
    .request = forward_request,
    .heartbeat = forward_heartbeat,
    .silence = forward_silence,
    .finding = forward_finding,
    .outage = keep_outage,
    .shutdown = keep_shutdown,
};

/* ---- what other sessions show ---- */

/* FAILURE_CONF comes to a session that waits for the answer to OPEN_REQ. */
static void prepare_refusal(live_session *live)
{
    const connection *c = live->connection;

    live->session.rules.refused =
        cti_clients_refusal(c->all->clients, &live->session.summary, &c->record.client);
    if (live->phone != NULL)
        cti_phone_find_holder(live->phone, c->packet.time);
}

static void take_answer(live_session *live, const cti_reader *reader)
{
    const connection *c = live->connection;
    const bool refused = live->session.summary.state == CTI_STATE_REJECTED;

    if (!refused && reader->message_type != CTI_OPEN_CONF)
        return;
    cti_clients_answered(c->all->clients, &live->session.summary, live->record.number,
                         &c->record.client);
    if (live->phone == NULL)
        return;
    if (refused)
        cti_phone_refused(live->phone);
    else
        cti_phone_opened(live->phone, reader);
}

/* A message was taken in. */
static void update_others(live_session *live, cti_state before, const cti_reader *reader)
{
    if (reader->message_type == CTI_OPEN_REQ && live->session.summary.state == CTI_STATE_OPENING) {
        cti_phone_free(live->phone);
        live->phone = cti_phones_ask(live->connection->all->phones, &live->session,
                                     live->record.number, &live->connection->record.server, reader);
    } else if (before == CTI_STATE_OPENING) {
        take_answer(live, reader);
    } else if (live->phone != NULL && reader->message_type == CTI_AGENT_STATE_EVENT) {
        cti_phone_learn(live->phone, reader);
    }
}

/* ---- from beginning to end ---- */

static void begin(connection *c)
{
    live_session *live = g_new0(live_session, 1);

    c->writer_data = NULL;
    cti_connection_number(c);
    c->record.sessions++;
    live->connection = c;
    live->record = (cti_session_record){.number = ++c->all->counts.sessions,
                                        .connection = &c->record,
                                        .session = &live->session.summary,
                                        .writer_data = &c->writer_data};
    cti_session_init(&live->session, &session_events, live,
                     !cti_connection_direction(c, CTI_CLIENT)->stream.saw_syn || c->lossy ||
                         c->record.sessions > 1);
    live->session.connection = &c->record;
    c->session = live;
    for (int i = 0; i < DIRECTIONS; i++)
        cti_connection_session_not_captured(&c->directions[i]);
}

void cti_connection_session_take(direction *from, const uint8_t *bytes, uint32_t size, void *cookie,
                                 bool late)
{
    connection *c = from->connection;
    const direction *other = cti_connection_opposite(from);
    const cti_connection_events *events = c->all->events;
    const cti_moment moment = {
        .time = c->packet.time, .frame = c->packet.frame, .sender = from->sender, .cookie = cookie};
    cti_reader reader;
    cti_message_facts facts;
    cti_message_record record;
    cti_state before;

    if (c->session != NULL && cti_session_is_next(&c->session->session, cti_header_type(bytes))) {
        cti_session_reopen(&c->session->session, c->packet.time, c->packet.frame);
        cti_connection_session_end(c, c->packet.time, CTI_END_SUPERSEDED);
    }
    if (c->session == NULL)
        begin(c);
    if (other->messages.suspect) /* what it said may not have been handed out yet */
        cti_session_doubt(&c->session->session, other->sender);
    c->session->record.cookie = cookie;
    c->session->record.frame = c->packet.frame;
    c->session->session.rules.late = late;
    before = c->session->session.summary.state;
    if (before == CTI_STATE_OPENING && cti_header_type(bytes) == CTI_FAILURE_CONF)
        prepare_refusal(c->session);
    cti_session_message(&c->session->session, bytes, size, &moment, &reader, &facts);
    update_others(c->session, before, &reader);
    c->session->record.cookie = NULL;
    c->session->record.frame = 0;
    c->all->counts.messages++;
    record = (cti_message_record){.session = &c->session->record,
                                  .frame = c->packet.frame,
                                  .time = c->packet.time,
                                  .sender = moment.sender,
                                  .bytes = bytes,
                                  .size = size,
                                  .reader = &reader,
                                  .facts = &facts,
                                  .cookie = cookie};
    if (events->message != NULL)
        events->message(c->all->user, &record);
    if (late) /* its answer may have been taken in before */
        cti_session_doubt(&c->session->session, other->sender);
}

void cti_connection_session_unseen(direction *from, uint64_t bytes)
{
    connection *c = from->connection;

    if (c->session != NULL)
        cti_session_gap(&c->session->session, from->sender, bytes, c->packet.time);
}

void cti_connection_session_not_captured(direction *from)
{
    const connection *c = from->connection;

    if (c->session != NULL && from->not_captured)
        cti_session_not_captured(&c->session->session, from->sender);
}

void cti_connection_session_captured(direction *from)
{
    connection *c = from->connection;

    from->not_captured = false;
    if (c->session != NULL)
        cti_session_captured(&c->session->session, from->sender);
}

void cti_connection_session_fin_unseen(direction *from)
{
    connection *c = from->connection;

    if (c->session != NULL)
        cti_session_fin_unseen(&c->session->session, from->sender);
}

void cti_connection_session_gap(direction *from, const cti_stream_gap_record *gap)
{
    connection *c = from->connection;
    const cti_gap record = {.session = c->session != NULL ? &c->session->record : NULL,
                            .connection = &c->record,
                            .sender = from->sender,
                            .bytes = gap->bytes,
                            .skipped_bytes = gap->skipped,
                            .cause = gap->cause,
                            .frame = gap->stamp.frame,
                            .time = gap->stamp.time};

    if (c->all->events->gap != NULL)
        c->all->events->gap(c->all->user, &record);
}

void cti_connection_session_doubt(direction *from)
{
    connection *c = from->connection;

    if (c->session != NULL)
        cti_session_doubt(&c->session->session, from->sender);
}

void cti_connection_session_segment(const direction *from, const cti_segment *segment)
{
    live_session *live = from->connection->session;

    if (live == NULL || segment->in_order || segment->flags & CTI_FLAG_SYN)
        return;
    if (from->connection->disordered)
        cti_session_disordered(&live->session);
    cti_session_segment(&live->session, from->sender, segment);
}

void cti_connection_session_tcp_end(connection *c, cti_tcp_end how, cti_sender sender)
{
    const cti_connection_events *events = c->all->events;

    if (c->session == NULL)
        return;
    c->session->record.frame = c->packet.frame;
    cti_session_tcp_end(&c->session->session, how, sender, c->packet.time, c->packet.frame);
    if (events->tcp_end != NULL)
        events->tcp_end(c->all->user, &c->session->record, how, sender, c->packet.time,
                        c->packet.frame);
}

/* TCP sends again what is not acknowledged, soon and more than once.  Where the capture shows
 * neither an acknowledgment nor that, packets of the other side are missing from it. */
static void note_silent_ends(connection *c, int64_t time)
{
    for (int i = 0; i < DIRECTIONS; i++) {
        const direction *from = &c->directions[i], *to = cti_connection_opposite(from);
        const cti_tcp_side *side = from->side;

        if (side->unacknowledged > 0 && side->repeats == 0 &&
            cti_elapsed(side->since, time) > CTI_TCP_REPEATED_AFTER)
            cti_session_gap(&c->session->session, to->sender, 1, side->since);
        if (c->all->counts.missing > 0) /* a FIN and its acknowledgment may be lost too */
            cti_session_fin_unseen(&c->session->session, from->sender);
    }
}

void cti_connection_session_end(connection *c, int64_t time, cti_end how)
{
    const cti_connection_events *events = c->all->events;
    live_session *live = c->session;

    if (live == NULL)
        return;
    note_silent_ends(c, time);
    c->all->counts.missing_sessions += c->missing;
    c->missing = false;
    cti_session_finish(&live->session, time, how);
    cti_clients_session(c->all->clients, &live->session.summary, live->record.number,
                        c->record.side, &c->record.client, &c->record.server);
    cti_maintenances_session(c->all->maintenances, &live->session, live->record.number,
                             c->record.side, &c->record.client, &c->record.server);
    if (events->session != NULL)
        events->session(c->all->user, &live->record);
    cti_connection_session_free(c);
}

void cti_connection_session_free(connection *c)
{
    if (c->session == NULL)
        return;
    cti_phone_free(c->session->phone);
    cti_session_release(&c->session->session);
    g_free(c->session);
    c->session = NULL;
}
