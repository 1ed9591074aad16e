/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of a connection's directions: where each stands, what is missing, and how TCP ends
 * (see connections.h).  Wireshark puts segments together; what it does not tell is worked out
 * here from its sequence numbers. */
#include "connection_internal.h"

/* ---- the bytes of a frame ---- */

/* The first data of a direction: a message starts here if SYN was right before it. */
static void start_direction(connection *c, packet_info *pinfo, const struct tcpinfo *tcp)
{
    direction *from = connection_direction(c, pinfo);
    const bool client = from == &c->directions[OF_CLIENT];
    const struct tcp_analysis *analysis = connection_tcp(find_or_create_conversation(pinfo), pinfo);

    from->started = true;
    from->expected = tcp->seq;
    if (analysis == NULL || !(analysis->conversation_completeness &
                              (client ? COMPLETENESS_SYN : COMPLETENESS_SYN_ACK)))
        return;
    from->framing = CTI_FRAME_IN_STEP;
    /* Sequence numbers are relative or not, as the user likes. */
    if (tcp->seq != 1 && tcp->seq != analysis->fwd->base_seq + 1)
        from->expected = tcp->seq < analysis->fwd->base_seq ? 1 : analysis->fwd->base_seq + 1;
}

static void tell_hole(connection *c, const packet_info *pinfo, direction *from, uint64_t bytes)
{
    from->framing = CTI_FRAME_SEARCH;
    from->tail = 0;
    from->skipped = false;
    c->lossy = true;
    if (c->live)
        cti_session_gap(c->session, from == &c->directions[OF_CLIENT] ? CTI_CLIENT : CTI_SERVER,
                        bytes, connection_time(pinfo));
}

/* Data that starts behind the expected byte: what is between will not come, or comes too late
 * for Wireshark to put it in its place. */
static void find_hole(connection *c, const packet_info *pinfo, const struct tcpinfo *tcp)
{
    direction *from = connection_direction(c, pinfo);

    if (from->acknowledged != 0) {
        /* Told when it was acknowledged. */
        from->acknowledged = 0;
        from->framing = CTI_FRAME_SEARCH;
        return;
    }
    tell_hole(c, pinfo, from, tcp->seq - from->expected);
}

/* Where the packet's data stands in its stream: behind a hole, there before, or next. */
static void find_place(connection *c, packet_info *pinfo, const struct tcpinfo *tcp,
                       frame_note *note)
{
    direction *from = connection_direction(c, pinfo);

    if (!from->started)
        start_direction(c, pinfo, tcp);
    if (from->renumbered)
        from->expected = tcp->seq;
    from->renumbered = false;
    /* What was put together has no hole, whatever came in between. */
    if (tcp->is_reassembled)
        return;
    if ((int32_t)(tcp->seq - from->expected) > 0)
        find_hole(c, pinfo, tcp);
    else if (tcp->seq != from->expected && (int32_t)(tcp->nxtseq - from->expected) <= 0)
        note->repeated = true;
}

frame_note *connection_frame_begin(connection *c, packet_info *pinfo, const struct tcpinfo *tcp)
{
    direction *from = connection_direction(c, pinfo);
    frame_note *note;

    if (PINFO_FD_VISITED(pinfo))
        connections_later_pass();
    note = connection_frame_note(c, pinfo);
    if (note != NULL || PINFO_FD_VISITED(pinfo))
        return note;
    note = connection_make_note(c, pinfo->num);
    note->began = c->is_cti;
    note->repeated = c->reset;
    if (tcp != NULL) {
        note->fin = tcp->flags & TH_FIN;
        find_place(c, pinfo, tcp, note);
    } else if (!from->started) {
        from->started = true;
        from->framing = CTI_FRAME_IN_STEP;
    }
    note->framing = note->repeated ? CTI_FRAME_SEARCH : from->framing;
    note->tail = note->repeated ? 0 : from->tail;
    return note;
}

void connection_frame_done(connection *c, packet_info *pinfo, const struct tcpinfo *tcp,
                           cti_frame_state framing, uint32_t tail)
{
    direction *from = connection_direction(c, pinfo);
    const struct tcp_analysis *analysis;

    from->framing = framing;
    from->tail = tail;
    if (tcp == NULL)
        return;
    if ((int32_t)(tcp->nxtseq - from->expected) > 0)
        from->expected = tcp->nxtseq;
    /* Segments that came too early may be part of what was put together. */
    analysis = connection_tcp(find_or_create_conversation(pinfo), pinfo);
    if (tcp->is_reassembled && analysis != NULL && analysis->fwd->maxnextseq != 0 &&
        (int32_t)(analysis->fwd->maxnextseq - from->expected) > 0)
        from->expected = analysis->fwd->maxnextseq;
}

void connection_lost(connection *c, packet_info *pinfo, uint64_t bytes)
{
    tell_hole(c, pinfo, connection_direction(c, pinfo), bytes);
}

void connection_skipped(connection *c, packet_info *pinfo)
{
    connection_direction(c, pinfo)->skipped = true;
}

/* ---- the end of TCP ---- */

static void end_tcp(connection *c, packet_info *pinfo, cti_tcp_end how)
{
    const cti_sender sender = connection_sender(c, pinfo);
    const int64_t time = connection_time(pinfo);

    if (!c->live)
        return;
    c->current_frame = connection_make_note(c, pinfo->num);
    cti_session_tcp_end(c->session, how, sender, time, pinfo->num);
    c->current_frame->end = connection_note_session(c, sender, c->known->state);
    /* Nothing can come any more: what the rules say at the end is known now. */
    if (how == CTI_TCP_RST ||
        (c->directions[OF_CLIENT].closed && c->directions[OF_SERVER].closed)) {
        connection_end_session(c, time, CTI_END_NONE);
        c->current_frame->finished = true;
    }
    c->current_frame = NULL;
}

/* FIN takes a number of its own in TCP's sequence.  The first one of a connection shows in
 * Wireshark's summary of it; the second one has no data with it (else the data's own flags tell)
 * and moves the sequence by one. */
static bool is_fin(const connection *c, const direction *from, const frame_note *frame,
                   const struct tcp_analysis *tcp, uint32_t next)
{
    const bool first = !c->directions[OF_CLIENT].closed && !c->directions[OF_SERVER].closed;

    if (from->closed || !(tcp->conversation_completeness & COMPLETENESS_FIN))
        return false;
    if (first)
        return true;
    return frame != NULL ? frame->fin : from->next != 0 && next - from->next == 1;
}

/* The peer has acknowledged bytes that the capture does not have: they will not come. */
static void find_acknowledged_hole(connection *c, const packet_info *pinfo,
                                   const struct tcp_analysis *tcp)
{
    direction *other = connection_direction(c, pinfo) == &c->directions[OF_CLIENT]
                           ? &c->directions[OF_SERVER]
                           : &c->directions[OF_CLIENT];
    const uint32_t acknowledged = tcp->fwd->tcp_analyze_seq_info->lastack;
    const uint32_t seen = other->acknowledged != 0 ? other->acknowledged
                                                   : tcp->rev->tcp_analyze_seq_info->nextseq;

    /* One byte may be a FIN. */
    if (acknowledged == 0 || seen == 0 || (int32_t)(acknowledged - seen) <= 1)
        return;
    tell_hole(c, pinfo, other, acknowledged - seen);
    other->acknowledged = acknowledged;
}

/* What TCP says beside its bytes. */
static void feed_segment(connection *c, const packet_info *pinfo, const struct tcp_analysis *tcp)
{
    const uint32_t acknowledgment = tcp->fwd->tcp_analyze_seq_info->lastack;
    const cti_segment segment = {.sequence = tcp->fwd->tcp_analyze_seq_info->nextseq,
                                 .flags = acknowledgment != 0 ? CTI_FLAG_ACK : 0,
                                 .acknowledgment = acknowledgment,
                                 .time = connection_time(pinfo),
                                 .frame = pinfo->num};

    if (c->live)
        cti_session_segment(c->session, connection_sender(c, pinfo), &segment);
}

void connection_packet_end(connection *c, packet_info *pinfo)
{
    conversation_t *conversation = find_conversation_pinfo(pinfo, 0);
    direction *from = connection_direction(c, pinfo);
    const struct tcp_analysis *tcp;
    uint32_t next = 0;
    bool reset;

    c->last_time = connection_time(pinfo);
    if (conversation == NULL || !c->is_cti || c->reset)
        return;
    tcp = connection_tcp(conversation, pinfo);
    if (tcp == NULL)
        return;
    reset = tcp->conversation_completeness & COMPLETENESS_RST && !c->reset_before;
    /* Not there if the user has switched the analysis of sequence numbers off. */
    if (tcp->fwd->tcp_analyze_seq_info != NULL && tcp->rev->tcp_analyze_seq_info != NULL) {
        next = tcp->fwd->tcp_analyze_seq_info->nextseq;
        find_acknowledged_hole(c, pinfo, tcp);
        if (!reset)
            feed_segment(c, pinfo, tcp);
    }
    if (is_fin(c, from, connection_frame_note(c, pinfo), tcp, next)) {
        from->closed = true;
        end_tcp(c, pinfo, CTI_TCP_FIN);
    }
    from->next = next;
    if (reset) {
        c->reset = true;
        end_tcp(c, pinfo, CTI_TCP_RST);
    }
}
