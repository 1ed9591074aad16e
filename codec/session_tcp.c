/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a sender holds small segments back until the one before is acknowledged (RFC 896, Nagle).
 *
 * From outside a wait looks like this: a small piece is sent, the receiver lets its delayed
 * acknowledgment (RFC 1122: usually 40 to 200 ms) run out, and as soon as that has come the next
 * piece leaves.  Only an acknowledgment without data counts: one with an
 * answer may have caused what follows.  One time may be chance; a sender without Nagle soon
 * sends a small piece while another one waits, and that is counted too. */
#include "session_private.h"

/* Less than a message's header is not a message. */
#define LEAST 8

static inline void note_acknowledged(cti_flow *flow, const cti_segment *segment, bool bare)
{
    const int64_t waited = cti_elapsed(flow->sent_time, segment->time);

    flow->waiting = false;
    flow->freed_time = CTI_NO_TIME;
    if (bare && flow->small && waited >= CTI_TIME(ACK_DELAYED) &&
        waited <= CTI_TIME(ACK_DELAYED_MAX))
        flow->freed_time = segment->time;
}

static void note_held_back(cti_flow *flow, const cti_segment *segment)
{
    const int64_t waited = cti_elapsed(flow->sent_time, flow->freed_time);

    if (flow->held_back < CTI_FINDING_FRAMES_MAX)
        flow->held_frames[flow->held_back] = segment->frame;
    flow->held_back++;
    flow->worst_wait = MAX(flow->worst_wait, waited);
}

/* Sequence number after the segment's last byte; SYN and FIN have a number each. */
static uint32_t number_after(const cti_segment *segment)
{
    return segment->sequence + segment->length + ((segment->flags & CTI_FLAG_FIN) != 0);
}

static inline void note_sent(cti_flow *flow, const cti_segment *segment, uint32_t size)
{
    const bool small = size < CTI_LIMIT(SMALL_SEGMENT);
    const int64_t freed = cti_elapsed(flow->freed_time, segment->time);

    if (size >= LEAST && freed >= 0 && freed <= CTI_TIME(ACK_RELEASES))
        note_held_back(flow, segment);
    else if (size >= LEAST && small && flow->waiting && flow->small)
        flow->not_held++;
    flow->freed_time = CTI_NO_TIME;
    if (!flow->waiting)
        flow->sent_time = segment->time;
    flow->small = small;
    flow->next = number_after(segment);
    /* A capture may show the acknowledgment first. */
    flow->waiting = !flow->acked_known || cti_sequence_ahead(flow->acked, flow->next) < 0;
}

void cti_session_segment(cti_session *session, cti_sender sender, const cti_segment *segment)
{
    cti_flow *from = &session->rules.flows[sender == CTI_SERVER];
    cti_flow *to = &session->rules.flows[sender != CTI_SERVER];
    const uint32_t next = number_after(segment);
    const uint32_t size = from->known ? next - from->next : 0;
    const bool repeated = (int32_t)size <= 0;

    if (segment->flags & CTI_FLAG_ACK) {
        to->acked_known = true;
        to->acked = segment->acknowledgment;
        if (to->waiting && cti_sequence_ahead(segment->acknowledgment, to->next) >= 0)
            note_acknowledged(to, segment, repeated);
    }
    if (!from->known) {
        from->known = true;
        from->next = next;
    } else if (!repeated) {
        note_sent(from, segment, size);
    }
}
