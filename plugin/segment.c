/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the bytes of TCP to messages (see segment.h).
 *
 * codec/framing.h finds where messages start, here and in ctidump; what is cut off at the end of
 * a segment is asked of TCP's reassembly. */
#include "segment.h"

#include "across.h"
#include "message.h"
#include "preferences.h"
#include "taps.h"
#include "text.h"

static int protocol_id = -1;

/* ---- one packet ---- */

/* What is kept from one piece of a packet to the next: TCP may hand over the end of one
 * message, and then the rest of the segment. */
typedef struct packet_state {
    cti_frame_state framing;
    bool entered;       /* a piece of it came before */
    uint32_t tail;      /* bytes to come of a message that was shown although it is cut */
    message_note *next; /* note of the next message, on later passes */
    GString *scratch;
} packet_state;

static wmem_bool free_scratch(wmem_allocator_t *pool, wmem_cb_event_t event, void *user)
{
    (void)pool;
    (void)event;
    g_string_free(user, TRUE);
    return false;
}

static GString *new_scratch(packet_info *pinfo)
{
    GString *scratch = g_string_sized_new(256);

    wmem_register_callback(pinfo->pool, free_scratch, scratch);
    return scratch;
}

static packet_state *state_of(packet_info *pinfo, const frame_note *frame, uint32_t key)
{
    packet_state *state = p_get_proto_data(pinfo->pool, pinfo, protocol_id, key);

    if (state != NULL)
        return state;
    state = wmem_new0(pinfo->pool, packet_state);
    state->framing = frame->framing;
    state->tail = frame->tail;
    state->next = frame->messages;
    state->scratch = new_scratch(pinfo);
    p_add_proto_data(pinfo->pool, pinfo, protocol_id, key, state);
    return state;
}

/* A piece of a packet on its way through. */
typedef struct piece {
    view view;
    connection *connection;
    frame_note *frame;
    packet_state *state;
    const struct tcpinfo *tcp;
    const uint8_t *bytes;
    uint32_t captured, reported;
    bool first_pass;
} piece;

/* On later passes only what was taken for CTI on the first one is shown. */
static bool may_show(const piece *p)
{
    return p->first_pass || p->frame->accepted;
}

static void show_message(piece *p, uint32_t offset, uint32_t size)
{
    message_note *note;
    cti_reader reader;

    if (!may_show(p))
        return;
    if (p->first_pass) {
        note = connection_message(p->connection, p->view.pinfo, p->frame, p->bytes + offset, size,
                                  preferences.version, &reader);
        p->frame->accepted = true;
    } else {
        note = p->state->next;
        if (note != NULL)
            p->state->next = note->next;
        cti_reader_init(&reader, p->bytes + offset, size, note != NULL ? &note->context : NULL);
    }
    if (note != NULL && !p->frame->repeated)
        taps_message(&p->view, (int)offset, size, &reader, note);
    message_show(&p->view, (int)offset, size, &reader, note);
}

/* Bytes that are no message are shown in one piece, and only once it is sure that this is
 * CTI.  Before the first message they are no fault, but the end of one that began earlier. */
static void show_skipped(piece *p, uint32_t offset, uint32_t size)
{
    if (size == 0 || !p->frame->accepted)
        return;
    if (p->frame->began)
        message_show_skipped(&p->view, (int)offset, size);
    else
        message_show_rest(&p->view, (int)offset, size);
}

static bool can_wait(const piece *p)
{
    return preferences.desegment && p->state->framing == CTI_FRAME_IN_STEP &&
           p->view.pinfo->can_desegment > 0 && p->captured == p->reported && !p->frame->repeated;
}

/* Asks TCP for the rest of a message that starts at offset.  How much a whole header needs is
 * asked for as "more", since the segment that brings it usually brings the body too. */
static void wait_for_more(piece *p, uint32_t offset, size_t size)
{
    const uint32_t there = p->captured - offset;

    p->view.pinfo->desegment_offset = (int)offset;
    p->view.pinfo->desegment_len =
        there < CTI_HEADER_SIZE ? DESEGMENT_ONE_MORE_SEGMENT : (uint32_t)(size - there);
}

/* The start of a message whose rest will not come, because the capture cut the packet or
 * because segments are not put together: it is shown as far as it goes, and where the next one
 * starts is known if that is not among the missing bytes too. */
static void take_cut(piece *p, uint32_t offset, size_t size)
{
    const uint32_t there = p->captured - offset;
    const uint32_t missing = p->reported - p->captured;
    const bool is_message = there >= CTI_HEADER_SIZE && p->state->framing == CTI_FRAME_IN_STEP;

    if (is_message)
        show_message(p, offset, there);
    else if (p->frame->accepted)
        message_show_start(&p->view, (int)offset, there);
    if (is_message && size - there >= missing) {
        p->state->tail = (uint32_t)(size - there) - missing;
        return;
    }
    p->state->framing = CTI_FRAME_SEARCH;
    if (p->first_pass && !is_message && !p->frame->repeated)
        connection_skipped(p->connection, p->view.pinfo);
}

/* The bytes at the start of a piece that belong to a message that was shown before. */
static uint32_t take_tail(piece *p)
{
    const uint32_t tail = MIN(p->state->tail, p->captured);

    p->state->tail -= tail;
    if (tail > 0 && p->frame->accepted)
        message_show_rest(&p->view, 0, tail);
    return tail;
}

/* A message that is larger than the user allows is none: the next one is searched for. */
static cti_frame_result next_message(const piece *p, uint32_t offset, size_t *size)
{
    const cti_framing framing = {.state = p->state->framing,
                                 .sender = p->frame->sender,
                                 .at_start = offset == 0 && !p->state->entered,
                                 .cut = p->captured < p->reported,
                                 .final = true};
    const cti_frame_result result = cti_frame_next(&framing, p->bytes + offset,
                                                   p->captured - offset, size);

    if (result == CTI_FRAME_SKIP || *size <= preferences.largest_message)
        return result;
    *size = 1;
    return CTI_FRAME_SKIP;
}

/* Goes through the bytes.  True if more of them are asked for. */
static bool take_messages(piece *p)
{
    uint32_t offset = take_tail(p), skipped = 0;

    while (offset < p->captured) {
        size_t size;

        switch (next_message(p, offset, &size)) {
        case CTI_FRAME_SKIP:
            p->state->framing = CTI_FRAME_SEARCH;
            if (p->first_pass && !p->frame->repeated)
                connection_skipped(p->connection, p->view.pinfo);
            skipped += (uint32_t)size;
            offset += (uint32_t)size;
            break;
        case CTI_FRAME_MESSAGE:
            p->state->framing = CTI_FRAME_IN_STEP;
            p->frame->accepted = p->frame->accepted || p->first_pass;
            show_skipped(p, offset - skipped, skipped);
            skipped = 0;
            show_message(p, offset, (uint32_t)size);
            offset += (uint32_t)size;
            break;
        case CTI_FRAME_MORE:
            show_skipped(p, offset - skipped, skipped);
            if (can_wait(p)) {
                wait_for_more(p, offset, size);
                return true;
            }
            take_cut(p, offset, size);
            return false;
        }
    }
    show_skipped(p, offset - skipped, skipped);
    return false;
}

static bool is_tls(const uint8_t *bytes, uint32_t length)
{
    return length >= 3 && bytes[0] == 0x16 && bytes[1] == 3 && bytes[2] <= 4;
}

/* Is this piece CTI?  A connection that was taken for CTI keeps it; a port that belongs to the
 * server is believed; else the bytes must say it. */
static bool looks_right(const piece *p)
{
    if (connection_is_cti(p->connection))
        return true;
    if (connection_trusted(p->connection))
        return !is_tls(p->bytes, p->captured);
    return cti_frame_looks(p->bytes, p->captured) == CTI_LOOKS_SURE;
}

int segment_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, connection *c,
                    const struct tcpinfo *tcp)
{
    piece p = {.view = {.tvb = tvb,
                        .pinfo = pinfo,
                        .tree = tree,
                        .text_flags = preferences.hide_passwords ? 0 : CTI_TEXT_SECRETS},
               .connection = c,
               .tcp = tcp,
               .captured = tvb_captured_length(tvb),
               .reported = tvb_reported_length(tvb),
               .first_pass = !PINFO_FD_VISITED(pinfo)};
    bool waits;

    if (p.captured == 0)
        return 0;
    p.frame = connection_frame_begin(c, pinfo, tcp);
    p.bytes = tvb_get_ptr(tvb, 0, (int)p.captured);
    if (p.frame == NULL || (p.first_pass && !looks_right(&p)))
        return 0;
    if (p.first_pass && connection_is_cti(c))
        p.frame->accepted = true;
    p.state = state_of(pinfo, p.frame, connection_key(c));
    p.view.scratch = p.state->scratch;
    waits = take_messages(&p);
    p.state->entered = true;
    if (p.first_pass && !p.frame->repeated) {
        if (p.reported > p.captured)
            connection_lost(c, pinfo, p.reported - p.captured);
        connection_frame_done(c, pinfo, tcp, p.state->framing, p.state->tail);
    }
    return waits || p.frame->accepted ? (int)p.captured : 0;
}

void segment_show_end(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const connection *c)
{
    const frame_note *frame = connection_frame_note(c, pinfo);
    view v = {tvb, pinfo, tree, NULL, 0};

    if (frame == NULL || (frame->end.number == 0 && frame->findings == NULL))
        return;
    v.scratch = state_of(pinfo, frame, connection_key(c))->scratch;
    message_show_end(&v, frame);
    taps_end(pinfo, frame);
}

void segment_show_across(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    const finding_note *findings = across_findings(pinfo->num);
    view v = {tvb, pinfo, tree, NULL, 0};

    if (findings == NULL)
        return;
    v.scratch = new_scratch(pinfo);
    message_show_across(&v, findings);
}

void segment_register(int protocol)
{
    protocol_id = protocol;
}
