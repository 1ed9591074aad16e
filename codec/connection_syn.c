/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which SYN begins another connection between the same endpoints. */
#include "connection_private.h"

bool cti_syn_begins_another(const direction *from, const cti_segment *segment)
{
    const connection *c = from->connection;
    const cti_tcp_stream *stream = &from->stream;
    const bool syn_ack = segment->flags & CTI_FLAG_ACK;

    if (!(segment->flags & CTI_FLAG_SYN))
        return false;
    /* Of those that are over or left alone, the streams know no more than their SYN. */
    if (c->reset || c->content == CONTENT_OTHER)
        return stream->saw_syn ? stream->initial != segment->sequence : !syn_ack;
    return stream->closed && cti_tcp_stream_is_new_syn(stream, segment->sequence);
}

bool cti_syn_is_repeated(const direction *from, const cti_segment *segment)
{
    const connection *c = from->connection;

    return (segment->flags & (CTI_FLAG_SYN | CTI_FLAG_ACK)) == CTI_FLAG_SYN && c->reset &&
           from->stream.saw_syn && from->stream.initial == segment->sequence &&
           !cti_connection_opposite(from)->stream.synced &&
           c->record.tcp.bytes[0] + c->record.tcp.bytes[1] == 0;
}

bool cti_syn_is_late(const direction *from, const cti_segment *segment)
{
    return segment->flags & CTI_FLAG_SYN && !(segment->flags & CTI_FLAG_ACK) &&
           cti_tcp_stream_is_new_syn(&from->stream, segment->sequence);
}

void cti_syn_keep(connection *c, const cti_segment *segment)
{
    if (c->late_syn == NULL)
        c->late_syn = g_new(cti_segment, 1);
    *c->late_syn = *segment;
    c->late_syn->payload = NULL;
    c->late_syn->captured = c->late_syn->length = 0;
}

bool cti_syn_is_proven(const connection *c, const cti_segment *segment)
{
    const cti_segment *syn = c->late_syn;

    if (syn == NULL)
        return false;
    if (cti_endpoint_is(&segment->source, &syn->source))
        return !(segment->flags & (CTI_FLAG_SYN | CTI_FLAG_RST)) &&
               segment->sequence == syn->sequence + 1;
    return segment->flags & CTI_FLAG_SYN && segment->flags & CTI_FLAG_ACK &&
           segment->acknowledgment == syn->sequence + 1;
}
