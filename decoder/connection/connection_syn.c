/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which SYN begins another connection between the same endpoints. */
#include "connection_parts.h"

#include <string.h>

bool syn_begins_another(const direction *from, const tcp_segment *segment)
{
    const connection *c = from->connection;
    const tcp_stream *stream = &from->stream;
    const bool syn_ack = segment->flags & TCP_ACK;

    if (!(segment->flags & TCP_SYN))
        return false;
    /* Of those that are over or left alone, the streams know no more than their SYN. */
    if (c->reset || c->content == CONTENT_OTHER)
        return stream->saw_syn ? stream->initial != segment->sequence : !syn_ack;
    return stream->closed && tcp_stream_is_new_syn(stream, segment->sequence);
}

bool syn_is_repeated(const direction *from, const tcp_segment *segment)
{
    const connection *c = from->connection;

    return (segment->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && c->reset &&
           from->stream.saw_syn && from->stream.initial == segment->sequence &&
           !connection_opposite(from)->stream.synced &&
           c->record.tcp.bytes[0] + c->record.tcp.bytes[1] == 0;
}

bool syn_is_late(const direction *from, const tcp_segment *segment)
{
    return segment->flags & TCP_SYN && !(segment->flags & TCP_ACK) &&
           tcp_stream_is_new_syn(&from->stream, segment->sequence);
}

void syn_keep(connection *c, const tcp_segment *segment)
{
    if (c->late_syn == NULL)
        c->late_syn = g_new(tcp_segment, 1);
    *c->late_syn = *segment;
    c->late_syn->payload = NULL;
    c->late_syn->captured = c->late_syn->length = 0;
}

bool syn_is_proven(const connection *c, const tcp_segment *segment)
{
    const tcp_segment *syn = c->late_syn;

    if (syn == NULL)
        return false;
    if (segment->source.port == syn->source.port &&
        memcmp(segment->source.address, syn->source.address, sizeof(syn->source.address)) == 0)
        return !(segment->flags & (TCP_SYN | TCP_RST)) && segment->sequence == syn->sequence + 1;
    return segment->flags & TCP_SYN && segment->flags & TCP_ACK &&
           segment->acknowledgment == syn->sequence + 1;
}
