/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The messages of a frame (see pdus.h).  The engine has found which there are, and where. */
#include "pdus.h"

#include <wsutil/adler32.h>

#include "bytes.h"
#include "engine.h"
#include "message.h"
#include "preferences.h"
#include "segments.h"
#include "taps.h"
#include "text.h"

/* Data that was handed over: TCP's payload or a part of it (number 0), or a piece of data that did
 * not pass segments.c (see message_note). */
typedef struct piece {
    view view;
    packet_state *state;
    frame_note *frame;
    uint32_t length; /* captured */
    uint32_t start;  /* where the data begins in TCP's payload */
    uint16_t number;
} piece;

static view view_of(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, packet_state *state)
{
    return (view){.tvb = tvb,
                  .pinfo = pinfo,
                  .tree = tree,
                  .scratch = state->scratch,
                  .text_flags = preferences.hide_passwords ? 0 : CTI_TEXT_SECRETS};
}

/* ---- one message ---- */

/* The message in the version that the user set, whatever its session's is. */
static const message_note *with_version(packet_info *pinfo, const message_note *message,
                                        uint32_t version)
{
    message_note *changed = wmem_memdup(pinfo->pool, message, sizeof(*message));

    changed->version = changed->context.version = version;
    changed->version_inferred = false;
    return changed;
}

static void show_message(const view *v, packet_state *state, const message_note *message,
                         int offset)
{
    cti_reader reader;

    segments_set_shown(v->pinfo, state, message);
    if (preferences.version != 0)
        message = with_version(v->pinfo, message, preferences.version);
    cti_reader_init(&reader, tvb_get_ptr(v->tvb, offset, (int)message->size), message->size,
                    &message->context);
    if (!message->after_end)
        taps_message(v, offset, message->size, &reader, message);
    message_show(v, offset, message->size, &reader, message);
}

/* A message whose bytes are not in one place of the packet. */
static void show_copy(const view *v, packet_state *state, const message_note *message)
{
    view of_copy = *v;

    of_copy.tvb =
        tvb_new_child_real_data(v->tvb, message->bytes, message->size, (int)message->size);
    add_new_data_source(v->pinfo, of_copy.tvb, "Reassembled CTI");
    show_message(&of_copy, state, message, 0);
}

/* Bytes from one place of the piece to another that are not a message.  At the payload's start they
 * may end a message that began before; before the first message of a connection they are not a
 * fault. */
static void show_between(const piece *p, uint32_t from, uint32_t to)
{
    const frame_note *frame = p->frame;
    const uint32_t lead = p->number == 0 ? MIN(MAX(frame->lead, from), to) : from;

    if (from < lead)
        message_show_rest(&p->view, (int)(from - p->start), lead - from);
    if (lead == to)
        return;
    if (frame->place == PLACE_REPEATED)
        message_show_repeated(&p->view, (int)(lead - p->start), to - lead);
    else if (frame->place == PLACE_EARLY || !frame->began || p->number != 0)
        message_show_rest(&p->view, (int)(lead - p->start), to - lead);
    else
        message_show_skipped(&p->view, (int)(lead - p->start), to - lead);
}

/* ---- data in its place ---- */

/* The last bytes of the payload begin a message: asks TCP for the rest.  If the header is not
 * whole, its length is not known: then TCP is asked for one more segment. */
static bool ask_for_more(const piece *p, uint32_t at)
{
    packet_info *pinfo = p->view.pinfo;
    const frame_note *frame = p->frame;

    if (!preferences.desegment || pinfo->can_desegment == 0 ||
        p->state->captured != p->state->reported)
        return false;
    pinfo->desegment_offset = (int)(at - p->start);
    pinfo->desegment_len =
        frame->wanted == 0 ? DESEGMENT_ONE_MORE_SEGMENT : frame->wanted - frame->unfinished;
    return true;
}

/* Where the unfinished message begins in the payload, or the payload's end. */
static uint32_t start_of_unfinished(const piece *p)
{
    const uint32_t end = p->state->captured;

    return p->number == 0 ? end - MIN(p->frame->unfinished, end) : p->start + p->length;
}

/* Shows the message if it is in the data from *at on, with the bytes before it; *at is then its
 * end. If only its end is there, and handed over by itself, the whole message is shown from the
 * copy. */
static bool show_if_here(const piece *p, const message_note *message, uint32_t *at)
{
    const uint32_t end = p->start + p->length, offset = (uint32_t)message->offset;

    if (message->offset < 0 && message->bytes != NULL &&
        (p->number != 0 || p->start < p->frame->lead)) {
        show_copy(&p->view, p->state, message);
        return true;
    }
    if (message->offset < 0 || offset < *at || offset >= end || message->size > end - offset)
        return false;
    show_between(p, *at, offset);
    show_message(&p->view, p->state, message, (int)(offset - p->start));
    *at = offset + message->size;
    return true;
}

/* Data in its place in the payload.  True if it was shown, or TCP is asked for more. */
static bool show_in_place(const piece *p)
{
    const uint32_t end = p->start + p->length, open = MIN(start_of_unfinished(p), end);
    uint32_t at = p->start;
    bool shown = p->frame->began;

    for (const message_note *m = p->frame->messages; m != NULL; m = m->next)
        if (m->piece == p->number && !segments_was_shown(p->state, m))
            shown |= show_if_here(p, m, &at);
    if (!shown && open == end)
        return false;
    if (at < open)
        show_between(p, at, open);
    at = MAX(at, open);
    if (at < end && !ask_for_more(p, at))
        message_show_start(&p->view, (int)(at - p->start), end - at);
    return true;
}

/* ---- data that TCP has put together ---- */

/* What TCP has put together may begin with messages that were shown before, as what arrived early:
 * only the bytes tell. */
static bool is_at(const piece *p, uint32_t offset, const message_note *m)
{
    const uint8_t *bytes = tvb_get_ptr(p->view.tvb, (int)offset, (int)m->size);

    if (m->offset < 0)
        return adler32_bytes(bytes, m->size) == m->checksum;
    return memcmp(bytes, p->state->bytes + m->offset, m->size) == 0;
}

/* TCP keeps the message's bytes in one place: no copy is needed. */
static void drop_copy(const packet_info *pinfo, message_note *message)
{
    if (PINFO_FD_VISITED(pinfo) || message->bytes == NULL)
        return;
    wmem_free(wmem_file_scope(), (void *)message->bytes);
    message->bytes = NULL;
}

/* The first message began in an earlier frame, and others may follow it. */
static bool show_put_together(const piece *p)
{
    uint32_t at = 0;

    for (message_note *m = p->frame->messages; m != NULL; m = m->next) {
        if (m->piece != 0 || segments_was_shown(p->state, m))
            continue;
        if (m->size > p->length - at || !is_at(p, at, m))
            break;
        show_message(&p->view, p->state, m, (int)at);
        drop_copy(p->view.pinfo, m);
        at += m->size;
    }
    if (!p->frame->began && p->frame->messages == NULL)
        return false;
    if (at < p->length && p->frame->unfinished == p->length - at) {
        piece rest = *p;

        rest.start = 0;
        if (!ask_for_more(&rest, at))
            message_show_start(&p->view, (int)at, p->length - at);
    } else if (at < p->length && at > 0) {
        message_show_other(&p->view, (int)at, p->length - at);
    }
    return true;
}

/* Where the data is in the payload; false if it is not. */
static bool find_in_payload(const packet_state *state, const uint8_t *bytes, uint32_t length,
                            uint32_t *start)
{
    if (state->captured == 0 || bytes < state->bytes ||
        bytes + length > state->bytes + state->captured)
        return false;
    *start = (uint32_t)(bytes - state->bytes);
    return true;
}

int pdus_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    frame_note *frame = engine_frame(pinfo->num);
    piece p = {.frame = frame, .length = tvb_captured_length(tvb)};
    bool shown;

    if (frame == NULL || p.length == 0)
        return 0;
    p.state = segments_state(pinfo);
    p.view = view_of(tvb, pinfo, tree, p.state);
    if (find_in_payload(p.state, tvb_get_ptr(tvb, 0, (int)p.length), p.length, &p.start))
        shown = show_in_place(&p);
    else
        shown = show_put_together(&p);
    if (!shown)
        return 0;
    engine_show(frame->connection);
    return (int)p.length;
}

int pdus_dissect_data(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    packet_state *state = segments_state(pinfo);
    piece p = {.view = view_of(tvb, pinfo, tree, state),
               .state = state,
               .number = ++state->pieces,
               .length = tvb_captured_length(tvb)};

    if (p.length == 0)
        return 0;
    if (!PINFO_FD_VISITED(pinfo))
        state->frame = engine_take_data(pinfo, tvb_get_ptr(tvb, 0, (int)p.length), p.length,
                                        tvb_reported_length(tvb), p.number);
    p.frame = state->frame;
    if (p.frame == NULL)
        return 0;
    show_in_place(&p);
    return (int)p.length;
}

/* ---- what TCP did not hand over ---- */

static void show_left(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, packet_state *state)
{
    const view whole = view_of(tvb, pinfo, tree, state);
    const view payload = view_of(state->payload, pinfo, tree, state);

    for (const message_note *m = state->frame->messages; m != NULL; m = m->next) {
        if (segments_was_shown(state, m))
            continue;
        if (m->offset < 0 && m->bytes != NULL)
            show_copy(&whole, state, m);
        else if (m->piece == 0 && m->offset >= 0 && state->payload != NULL)
            show_message(&payload, state, m, m->offset);
    }
}

void pdus_show_rest(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    const finding_note *findings = engine_findings(pinfo->num);
    const frame_note *frame = engine_frame(pinfo->num);
    packet_state *state;
    view v;

    if (frame == NULL && findings == NULL)
        return;
    state = segments_state(pinfo);
    v = view_of(tvb, pinfo, tree, state);
    if (frame != NULL && engine_is_shown(frame->connection)) {
        show_left(tvb, pinfo, tree, state);
        if (frame->not_cti)
            message_show_not_cti(&v, frame->looks);
        if (frame->end.number != 0 || frame->findings != NULL) {
            message_show_end(&v, frame);
            taps_end(pinfo, frame);
        }
    }
    if (findings != NULL)
        message_show_across(&v, findings);
}
