/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sessions on a connection, from first message to end, and what the writer is told of
 * them. */
#include "connection_parts.h"

#include "codec/bytes.h"

/* ---- what a session tells ---- */

static void forward_request(void *user, const cti_request *request)
{
    live_session *live = user;
    const connections *all = live->connection->all;

    if (all->writer->request != NULL)
        all->writer->request(all->user, &live->record, request);
}

static void forward_heartbeat(void *user, const cti_heartbeat *heartbeat)
{
    live_session *live = user;
    const connections *all = live->connection->all;

    if (all->writer->heartbeat != NULL)
        all->writer->heartbeat(all->user, &live->record, heartbeat);
}

static void forward_silence(void *user, const cti_silence *silence)
{
    live_session *live = user;
    const connections *all = live->connection->all;

    if (all->writer->silence != NULL)
        all->writer->silence(all->user, &live->record, silence);
}

static void forward_finding(void *user, const cti_finding *finding)
{
    live_session *live = user;
    connections *all = live->connection->all;

    all->findings[finding->severity]++;
    if (all->writer->finding != NULL)
        all->writer->finding(all->user, &live->record, finding);
}

static const cti_session_events events = {
    .request = forward_request,
    .heartbeat = forward_heartbeat,
    .silence = forward_silence,
    .finding = forward_finding,
};

/* ---- from beginning to end ---- */

static void begin(connection *c)
{
    live_session *live = g_new0(live_session, 1);

    c->writer_data = NULL;
    connection_number(c);
    c->record.sessions++;
    live->connection = c;
    live->record = (session_record){.number = ++c->all->sessions,
                                    .connection = &c->record,
                                    .session = &live->session,
                                    .writer_data = &c->writer_data};
    cti_session_init(&live->session, &events, live,
                     !connection_direction(c, CTI_CLIENT)->stream.saw_syn || c->lossy ||
                         c->record.sessions > 1);
    c->session = live;
}

/* The sender has bytes of the other side that the capture has not shown: what it says may
 * follow from them. */
static void doubt(direction *from)
{
    const direction *other = connection_opposite(from);

    if (tcp_stream_lacks(&other->stream))
        cti_session_doubt(&from->connection->session->session, other->sender);
}

void live_session_take(direction *from, const uint8_t *bytes, uint32_t size)
{
    connection *c = from->connection;
    const record_writer *writer = c->all->writer;
    const cti_moment moment = {.time = c->now, .frame = c->frame, .sender = from->sender};
    cti_reader reader;
    cti_message_facts facts;
    message_record record;

    if (c->session != NULL && cti_session_is_next(&c->session->session, cti_header_type(bytes))) {
        cti_session_reopen(&c->session->session, c->now, c->frame);
        live_session_end(c, c->now, CTI_END_SUPERSEDED);
    }
    if (c->session == NULL)
        begin(c);
    doubt(from);
    cti_session_message(&c->session->session, bytes, size, &moment, &reader, &facts);
    c->all->messages++;
    record = (message_record){.session = &c->session->record,
                              .frame = c->frame,
                              .time = c->now,
                              .sender = moment.sender,
                              .bytes = bytes,
                              .size = size,
                              .reader = &reader,
                              .facts = &facts};
    if (writer->message != NULL)
        writer->message(c->all->user, &record);
}

void live_session_segment(const direction *from, const tcp_segment *segment)
{
    live_session *live = from->connection->session;

    if (live == NULL || segment->in_order || segment->flags & TCP_SYN)
        return;
    cti_session_segment(
        &live->session,
        &(cti_segment){.sender = from->sender,
                       .next = segment->sequence + segment->length + ((segment->flags & TCP_FIN) != 0),
                       .acknowledges = segment->flags & TCP_ACK,
                       .acknowledgment = segment->acknowledgment,
                       .time = segment->time,
                       .frame = segment->frame});
}

void live_session_tcp_end(connection *c, cti_tcp_end how, cti_sender sender)
{
    const record_writer *writer = c->all->writer;

    if (c->session == NULL)
        return;
    cti_session_tcp_end(&c->session->session, how, sender, c->now, c->frame);
    if (writer->tcp_end != NULL)
        writer->tcp_end(c->all->user, &c->session->record, how, sender, c->now, c->frame);
}

void live_session_end(connection *c, int64_t time, cti_end how)
{
    const record_writer *writer = c->all->writer;
    live_session *live = c->session;

    if (live == NULL)
        return;
    cti_session_finish(&live->session, time, how);
    cti_clients_session(c->all->clients, &live->session, live->record.number, c->record.side,
                        &c->record.client, &c->record.server);
    if (writer->session != NULL)
        writer->session(c->all->user, &live->record);
    live_session_free(c);
}

void live_session_free(connection *c)
{
    cti_session_release(&c->session->session);
    g_free(c->session);
    c->session = NULL;
}
