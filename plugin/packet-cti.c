/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cisco's CTI Server protocol (GED-188) in Wireshark: registration, recognition, and the way
 * from the bytes of TCP to messages.
 *
 * A message is MessageLength UINT (bytes behind the header), MessageType UINT, and that many
 * bytes, with no regard to TCP segments.  codec/framing.h finds where messages start, here
 * and in ctidump; what is cut off at the end of a segment is asked of TCP's reassembly. */
#include "packet-cti.h"

#include "compat.h"

#include "connections.h"
#include "experts.h"
#include "fields.h"
#include "message.h"
#include "precedence.h"
#include "statistics.h"
#include "taps.h"
#include "text.h"

static int proto_cti = -1;
static dissector_handle_t cti_handle, cti_decrypted_handle;

static ws_bool desegment = true;
static ws_bool hide_passwords = true;
static unsigned version_by_hand;

/* ---- one packet ---- */

/* What is kept from one piece of a packet to the next: TCP may hand over the end of one
 * message, and then the rest of the segment. */
typedef struct packet_state {
    cti_frame_state framing;
    uint32_t tail;      /* bytes to come of a message that was shown although it is cut */
    message_note *next; /* note of the next message, on later passes */
    GString *scratch;
} packet_state;

static ws_bool free_scratch(wmem_allocator_t *pool, wmem_cb_event_t event, void *user)
{
    (void)pool;
    (void)event;
    g_string_free(user, TRUE);
    return false;
}

static packet_state *state_of(packet_info *pinfo, const frame_note *frame, uint32_t key)
{
    packet_state *state = p_get_proto_data(pinfo->pool, pinfo, proto_cti, key);

    if (state != NULL)
        return state;
    state = wmem_new0(pinfo->pool, packet_state);
    state->framing = frame->framing;
    state->tail = frame->tail;
    state->next = frame->messages;
    state->scratch = g_string_sized_new(256);
    wmem_register_callback(pinfo->pool, free_scratch, state->scratch);
    p_add_proto_data(pinfo->pool, pinfo, proto_cti, key, state);
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
                                  version_by_hand, &reader);
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
        message_show_skipped(&p->view, (int)offset, size, false);
    else
        message_show_tail(&p->view, (int)offset, size);
}

static bool can_wait(const piece *p)
{
    return desegment && p->state->framing == CTI_FRAME_IN_STEP && p->view.pinfo->can_desegment > 0 && p->captured == p->reported &&
           !p->frame->repeated;
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
        message_show_skipped(&p->view, (int)offset, there, true);
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
        message_show_tail(&p->view, 0, tail);
    return tail;
}

/* Goes through the bytes.  True if more of them are asked for. */
static bool take_messages(piece *p)
{
    uint32_t offset = take_tail(p), skipped = 0;

    while (offset < p->captured) {
        size_t size;

        switch (cti_frame_next(p->bytes + offset, p->captured - offset, p->state->framing, &size)) {
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

static int dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, connection *c,
                   const struct tcpinfo *tcp)
{
    piece p = {.view = {.tvb = tvb,
                        .pinfo = pinfo,
                        .tree = tree,
                        .text_flags = hide_passwords ? 0 : CTI_TEXT_SECRETS},
               .connection = c,
               .tcp = tcp,
               .captured = tvb_captured_length(tvb),
               .reported = tvb_reported_length(tvb),
               .first_pass = !PINFO_FD_VISITED(pinfo)};
    bool waits;

    if (p.captured == 0)
        return 0;
    p.frame = connection_frame(c, pinfo, tcp);
    p.bytes = tvb_get_ptr(tvb, 0, (int)p.captured);
    if (p.frame == NULL || (p.first_pass && !looks_right(&p)))
        return 0;
    if (p.first_pass && connection_is_cti(c))
        p.frame->accepted = true;
    p.state = state_of(pinfo, p.frame, connection_key(c));
    p.view.scratch = p.state->scratch;
    waits = take_messages(&p);
    if (p.first_pass && !p.frame->repeated) {
        if (p.reported > p.captured)
            connection_lost(c, pinfo, p.reported - p.captured);
        connection_frame_done(c, pinfo, tcp, p.state->framing, p.state->tail);
    }
    return waits || p.frame->accepted ? (int)p.captured : 0;
}

/* ---- recognition ---- */

/* The ports that the user set to carry CTI, and the secured ones. */
static bool is_cti_port(uint32_t port)
{
    bool tls = false;

    if (value_is_in_range(prefs_get_range_value("cti", "tcp.port"), port))
        return true;
    return cti_port_side((uint16_t)port, &tls) != CTI_SIDE_UNKNOWN && tls;
}

static bool may_be_cti(const packet_info *pinfo)
{
    return pinfo->ptype == PT_TCP && !pinfo->flags.in_error_pkt;
}

/* A connection is new to CTI: what its ports say.  A port of the range may also be one that
 * the system gave to a client. */
static connection_hints hints_for(const packet_info *pinfo)
{
    const bool by_table = pinfo->match_uint == pinfo->srcport ||
                          pinfo->match_uint == pinfo->destport;
    connection_hints hints = {.from_cti_port = is_cti_port(pinfo->srcport),
                              .to_cti_port = is_cti_port(pinfo->destport)};

    if (is_cti_port(pinfo->match_uint))
        return hints;
    hints.forced = by_table;
    if (hints.forced && pinfo->match_uint == pinfo->srcport)
        hints.from_cti_port = true;
    if (hints.forced && pinfo->match_uint == pinfo->destport)
        hints.to_cti_port = true;
    return hints;
}

/* Data of TCP (then tcp tells its place), or data that was decrypted or exported: whoever hands
 * that over knows that it is CTI. */
static int dissect_data(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                        const struct tcpinfo *tcp)
{
    connection *c = NULL;

    if (!may_be_cti(pinfo))
        return 0;
    c = connection_find(pinfo);
    if (c == NULL) {
        connection_hints hints = hints_for(pinfo);

        hints.forced = hints.forced || tcp == NULL;
        c = connection_get(pinfo, &hints, tcp);
    }
    return c != NULL ? dissect(tvb, pinfo, tree, c, tcp) : 0;
}

static int dissect_cti(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    return dissect_data(tvb, pinfo, tree, data);
}

/* TLS has data of its own for the protocols above it. */
static int dissect_cti_decrypted(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    (void)data;
    return dissect_data(tvb, pinfo, tree, NULL);
}

/* An OPEN_REQ that goes on in the next segment is worth waiting for. */
static bool waits_for_open_req(tvbuff_t *tvb, packet_info *pinfo)
{
    const uint32_t length = tvb_captured_length(tvb);

    if (length < 16 || tvb_get_ntohl(tvb, 4) != CTI_OPEN_REQ || !desegment ||
        pinfo->can_desegment == 0 || tvb_reported_length(tvb) > length)
        return false;
    pinfo->desegment_offset = 0;
    pinfo->desegment_len = CTI_HEADER_SIZE + tvb_get_ntohl(tvb, 0) - length;
    return true;
}

/* On any port: takes the connection for CTI from the first segment on that can be nothing
 * else. */
static ws_bool recognize_cti(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const uint32_t length = tvb_captured_length(tvb);
    connection_hints hints;
    connection *c;

    if (precedence_is_probe(data))
        return true;
    if (length < CTI_HEADER_SIZE || !may_be_cti(pinfo))
        return false;
    switch (cti_frame_looks(tvb_get_ptr(tvb, 0, (int)length), length)) {
    case CTI_LOOKS_SURE:
        break;
    case CTI_LOOKS_SHORT:
        return waits_for_open_req(tvb, pinfo);
    default:
        return false;
    }
    hints = (connection_hints){is_cti_port(pinfo->srcport), is_cti_port(pinfo->destport), false,
                               true};
    c = connection_get(pinfo, &hints, data);
    if (c == NULL)
        return false;
    connection_trust(c);
    conversation_set_dissector_from_frame_number(find_or_create_conversation(pinfo), pinfo->num,
                                                 cti_handle);
    return dissect(tvb, pinfo, tree, c, data) > 0;
}

/* The same in TLS.  Wireshark 4.4 and later ask all heuristics, SMPP's among them, before they
 * look at the port: so the secured ports are believed here too. */
static ws_bool recognize_decrypted(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const uint32_t length = tvb_captured_length(tvb);
    connection_hints hints = {is_cti_port(pinfo->srcport), is_cti_port(pinfo->destport), false,
                              false};
    connection *c = connection_find(pinfo);
    cti_looks looks;

    (void)data;
    if (length < CTI_HEADER_SIZE || !may_be_cti(pinfo))
        return c != NULL && connection_is_cti(c) && dissect(tvb, pinfo, tree, c, NULL) > 0;
    looks = cti_frame_looks(tvb_get_ptr(tvb, 0, (int)length), length);
    if (c == NULL && looks == CTI_LOOKS_SHORT && !hints.from_cti_port && !hints.to_cti_port)
        return waits_for_open_req(tvb, pinfo);
    hints.recognized = looks == CTI_LOOKS_SURE;
    if (c == NULL && (hints.from_cti_port || hints.to_cti_port || hints.recognized))
        c = connection_get(pinfo, &hints, NULL);
    if (c == NULL || !connection_trusted(c))
        return false;
    return dissect(tvb, pinfo, tree, c, NULL) > 0;
}

/* ---- the end of connections ---- */

/* Wireshark hands only data to dissectors, but FIN and RST end sessions: so each frame is
 * looked at once more when it is done.  Without CTI in the file this costs nothing. */
static int after_packet(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    connection *c;
    const frame_note *frame;

    (void)data;
    if (!may_be_cti(pinfo))
        return 0;
    if (!PINFO_FD_VISITED(pinfo)) {
        connections_note_time(pinfo);
        precedence_keep(pinfo);
    }
    if (!connections_any())
        return 0;
    c = connection_find(pinfo);
    if (c == NULL)
        return 0;
    if (!PINFO_FD_VISITED(pinfo))
        connection_packet_end(c, pinfo);
    frame = connection_frame_note(c, pinfo);
    if (frame != NULL && (frame->end.number != 0 || frame->findings != NULL)) {
        const packet_state *state = state_of(pinfo, frame, connection_key(c));
        const view v = {tvb, pinfo, tree, state->scratch, 0};

        message_show_end(&v, frame);
        taps_end(pinfo, frame);
    }
    return 0;
}

/* ---- registration ---- */

void packet_cti_register(void)
{
    module_t *preferences;

    /* A later Wireshark may bring GED-188 itself; two of one name stop it from starting. */
    if (proto_get_id_by_filter_name("cti") != -1 || proto_get_id_by_short_name("CTI") != -1)
        return;
    proto_cti = proto_register_protocol("Cisco CTI Server Protocol (GED-188)", "CTI", "cti");
    message_register(proto_cti);
    fields_register(proto_cti);
    experts_register(proto_cti);
    connections_register(proto_cti);
    taps_register(proto_cti);
    statistics_register(proto_cti);

    preferences = prefs_register_protocol(proto_cti, NULL);
    prefs_register_bool_preference(preferences, "desegment",
                                   "Reassemble messages that span several TCP segments",
                                   "TCP's own preference \"Allow subdissector to reassemble TCP "
                                   "streams\" must be set too.",
                                   &desegment);
    prefs_register_uint_preference(preferences, "version", "Version (0 = from the session)",
                                   "Version of the protocol by which all messages are read. With "
                                   "0 it is the one of the session's OPEN_REQ, or, where that "
                                   "was not captured, is found out from the messages.",
                                   10, &version_by_hand);
    prefs_register_bool_preference(preferences, "hide_passwords", "Hide passwords",
                                   "Show only the length of passwords. Their bytes stay visible "
                                   "in the packet's bytes.",
                                   &hide_passwords);
    cti_handle = register_dissector("cti", dissect_cti, proto_cti);
    cti_decrypted_handle = register_dissector("cti_decrypted", dissect_cti_decrypted, proto_cti);
    register_postdissector(create_dissector_handle(after_packet, proto_cti));
}

/* Registers side A and B of instances 0 to 24: the plain ports "42027,43027,42067,..." as a
 * preference, and the secured ones with TLS. */
static void register_ports(void)
{
    wmem_strbuf_t *ports = wmem_strbuf_new(wmem_epan_scope(), NULL);

    for (unsigned port = 42027; port <= 43030 + 24 * 40; port++) {
        bool tls = false;

        if (cti_port_side((uint16_t)port, &tls) == CTI_SIDE_UNKNOWN)
            continue;
        if (tls)
            ssl_dissector_add(port, cti_decrypted_handle);
        else
            wmem_strbuf_append_printf(ports, "%s%u", wmem_strbuf_get_len(ports) > 0 ? "," : "",
                                      port);
    }
    dissector_add_uint_range_with_preference("tcp.port", wmem_strbuf_finalize(ports), cti_handle);
}

void packet_cti_handoff(void)
{
    if (proto_cti == -1)
        return;
    register_ports();
    heur_dissector_add("tcp", recognize_cti, "CTI Server over TCP", CTI_HEURISTIC, proto_cti,
                       HEURISTIC_ENABLE);
    heur_dissector_add("tls", recognize_decrypted, "CTI Server over TLS", "cti_tls", proto_cti,
                       HEURISTIC_ENABLE);
    precedence_init();
}
