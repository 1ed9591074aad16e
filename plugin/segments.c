/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The segments of the file (see segments.h).  Header: RFC 9293, section 3.1. */
#include "segments.h"

#include <epan/dissectors/packet-ip.h>

#include "engine.h"

#define HEADER_MIN 20u

static int protocol_id = -1;
static dissector_handle_t tcp_handle, segment_handle;
static uint32_t passing; /* frame of the segment that TCP is dissecting; 0 = none */

/* ---- the packet's state ---- */

static wmem_bool free_scratch(wmem_allocator_t *pool, wmem_cb_event_t event, void *user)
{
    (void)pool;
    (void)event;
    g_string_free(user, TRUE);
    return false;
}

packet_state *segments_state(packet_info *pinfo)
{
    packet_state *state = p_get_proto_data(pinfo->pool, pinfo, protocol_id, 0);

    if (state != NULL)
        return state;
    state = wmem_new0(pinfo->pool, packet_state);
    state->frame = engine_frame(pinfo->num);
    state->scratch = g_string_sized_new(256);
    wmem_register_callback(pinfo->pool, free_scratch, state->scratch);
    p_add_proto_data(pinfo->pool, pinfo, protocol_id, 0, state);
    return state;
}

bool segments_was_shown(const packet_state *state, const message_note *message)
{
    return message->number < state->shown_size && state->shown[message->number];
}

void segments_set_shown(packet_info *pinfo, packet_state *state, const message_note *message)
{
    if (message->number >= state->shown_size) {
        const uint32_t size = MAX(2 * state->shown_size, message->number + 8);

        state->shown = wmem_realloc(pinfo->pool, state->shown, size * sizeof(bool));
        memset(state->shown + state->shown_size, 0, (size - state->shown_size) * sizeof(bool));
        state->shown_size = size;
    }
    state->shown[message->number] = true;
}

/* ---- a segment ---- */

/* What IP hands on with its payload, where it is that. */
static void take_ip(cti_segment *segment, void *data)
{
    const ws_ip4 *ip4 = WS_IP4_PTR(data);
    const ws_ip6 *ip6 = WS_IP6_PTR(data);

    if (ip4 != NULL) {
        segment->ttl = ip4->ip_ttl;
        segment->identification = ip4->ip_id;
    } else if (ip6 != NULL) {
        segment->ttl = ip6->ip6_hop;
    }
}

/* False if the header is not whole. */
static bool read_segment(tvbuff_t *tvb, const packet_info *pinfo, cti_segment *segment,
                         uint32_t *header)
{
    const uint32_t captured = tvb_captured_length(tvb), reported = tvb_reported_length(tvb);

    if (captured < HEADER_MIN)
        return false;
    *header = (byte_at(tvb, 12) >> 4) * 4u;
    if (*header < HEADER_MIN || *header > captured || *header > reported)
        return false;
    *segment = (cti_segment){.source = engine_source(pinfo),
                             .destination = engine_destination(pinfo),
                             .sequence = tvb_get_ntohl(tvb, 4),
                             .acknowledgment = tvb_get_ntohl(tvb, 8),
                             .flags = byte_at(tvb, 13),
                             .window = tvb_get_ntohs(tvb, 14),
                             .checksum = tvb_get_ntohs(tvb, 16),
                             .captured = captured - *header,
                             .length = reported - *header,
                             .time = engine_time(pinfo),
                             .frame = pinfo->num};
    segment->source.port = tvb_get_ntohs(tvb, 0);
    segment->destination.port = tvb_get_ntohs(tvb, 2);
    if (segment->captured > 0)
        segment->payload = tvb_get_ptr(tvb, (int)*header, (int)segment->captured);
    return true;
}

static void take_segment(tvbuff_t *tvb, packet_info *pinfo, void *data)
{
    cti_segment segment;
    packet_state *state;
    frame_note *frame;
    uint32_t header;

    if (!read_segment(tvb, pinfo, &segment, &header))
        return;
    if (PINFO_FD_VISITED(pinfo)) {
        frame = engine_frame(pinfo->num);
    } else {
        take_ip(&segment, data);
        frame = engine_take_segment(pinfo, &segment);
    }
    if (frame == NULL)
        return;
    state = segments_state(pinfo);
    state->frame = frame;
    state->payload = tvb_new_subset_remaining(tvb, (int)header);
    state->bytes = segment.payload;
    state->captured = segment.captured;
    state->reported = segment.length;
}

bool segments_passed(const packet_info *pinfo)
{
    return passing == pinfo->num;
}

/* What ICMP quotes of a packet is not a packet. */
static int dissect_segment(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    int size;

    if (!pinfo->flags.in_error_pkt && proto_is_protocol_enabled(find_protocol_by_id(protocol_id))) {
        take_segment(tvb, pinfo, data);
        passing = pinfo->num;
    }
    size = call_dissector_only(tcp_handle, tvb, pinfo, tree, data);
    passing = 0;
    return size;
}

/* ---- registration ---- */

/* A protocol of TCP's, not of CTI's: it is there as long as TCP is enabled, and so TCP stays when
 * CTI is disabled.  A protocol in name only is no layer of its own. */
void segments_register(int protocol)
{
    const int tcp = proto_get_id_by_filter_name("tcp");
    int segments;

    protocol_id = protocol;
    if (tcp == -1)
        return; /* GCOVR_EXCL_LINE: TCP is always there */
    segments = proto_register_protocol_in_name_only("TCP, its segments also read for CTI",
                                                    "TCP (read for CTI)", "cti.segments", tcp,
                                                    FT_PROTOCOL);
    segment_handle = register_dissector("cti.segments", dissect_segment, segments);
}

void segments_handoff(void)
{
    tcp_handle = find_dissector("tcp");
    if (tcp_handle != NULL && segment_handle != NULL)
        dissector_add_uint("ip.proto", 6 /* TCP */, segment_handle);
}
