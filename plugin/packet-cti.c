/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cisco's CTI Server protocol (GED-188) in Wireshark: registration, and what is taken for it.
 *
 * The way of a segment: dissect_cti() or recognize_cti() here finds its connection (connections.h),
 * segment.c finds the messages in its bytes, connection_sessions.c lets the codec's session take
 * them in on the first pass and keeps notes of what is known of each, message.c shows a message
 * with its notes, on each pass: tree, Info column, expert infos (experts.h).  taps.c tells of it to
 * statistics.  after_packet() looks at each frame of TCP once more, for the end of sessions. */
#include "packet-cti.h"

#include "compat.h"

#include "across.h"
#include "connections.h"
#include "experts.h"
#include "fields.h"
#include "message.h"
#include "precedence.h"
#include "preferences.h"
#include "segment.h"
#include "statistics.h"
#include "taps.h"

static int proto_cti = -1;
static dissector_handle_t cti_handle, cti_decrypted_handle;
static dissector_table_t tcp_ports;

/* ---- recognition ---- */

static bool is_secured_port(uint32_t port)
{
    bool tls = false;

    return cti_port_side((uint16_t)port, &tls) != CTI_SIDE_UNKNOWN && tls;
}

/* The ports that the user set to carry CTI, and the secured ones. */
static bool is_cti_port(uint32_t port)
{
    return is_secured_port(port) ||
           value_is_in_range(prefs_get_range_value("cti", "tcp.port"), port);
}

/* The same, of each packet: by what the ports were registered for, which is found at once. */
static bool is_server_port(uint32_t port)
{
    return is_secured_port(port) || dissector_get_uint_handle(tcp_ports, port) == cti_handle;
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

    /* What ICMP quotes of a packet is no message, and nothing for other dissectors to take. */
    if (pinfo->flags.in_error_pkt)
        return (int)tvb_captured_length(tvb);
    if (!may_be_cti(pinfo))
        return 0;
    c = connection_find(pinfo);
    if (c == NULL) {
        connection_hints hints = hints_for(pinfo);

        hints.forced = hints.forced || tcp == NULL;
        c = connection_get(pinfo, &hints, tcp);
    }
    return c != NULL ? segment_dissect(tvb, pinfo, tree, c, tcp) : 0;
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

static cti_looks looks_like(tvbuff_t *tvb)
{
    const uint32_t length = tvb_captured_length(tvb);
    const cti_looks looks = cti_frame_looks(tvb_get_ptr(tvb, 0, (int)length), length);

    if (looks == CTI_LOOKS_SURE && preferences.recognize == RECOGNIZE_OPEN_REQ &&
        tvb_get_ntohl(tvb, 4) != CTI_OPEN_REQ)
        return CTI_LOOKS_MAYBE;
    return looks;
}

/* An OPEN_REQ that goes on in the next segment is worth waiting for: many a client sends header
 * and body apart.  As long as VersionNumber and IdleTimeout are not there it may still be another
 * protocol's: then no more than the next segment is asked for, and if it is none, the other
 * heuristics get both. */
static bool waits_for_open_req(tvbuff_t *tvb, packet_info *pinfo)
{
    const uint32_t longest = 1024, until_idle_timeout = 20;
    const uint32_t length = tvb_captured_length(tvb);

    if (tvb_get_ntohl(tvb, 4) != CTI_OPEN_REQ || tvb_get_ntohl(tvb, 0) > longest ||
        !preferences.desegment || pinfo->can_desegment == 0 || tvb_reported_length(tvb) > length)
        return false;
    pinfo->desegment_offset = 0;
    pinfo->desegment_len = length < until_idle_timeout
                               ? DESEGMENT_ONE_MORE_SEGMENT
                               : CTI_HEADER_SIZE + tvb_get_ntohl(tvb, 0) - length;
    return true;
}

/* On any port: takes the connection for CTI from the first segment on that can be nothing
 * else. */
static ws_bool recognize_cti(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    connection_hints hints;
    connection *c;

    if (precedence_is_probe(data))
        return true;
    if (tvb_captured_length(tvb) < CTI_HEADER_SIZE || !may_be_cti(pinfo))
        return false;
    switch (looks_like(tvb)) {
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
    return segment_dissect(tvb, pinfo, tree, c, data) > 0;
}

/* The same in TLS.  Wireshark 4.4 and later ask all heuristics, SMPP's among them, before they
 * look at the port: so the secured ports are believed here too. */
static ws_bool recognize_decrypted(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    connection_hints hints = {is_cti_port(pinfo->srcport), is_cti_port(pinfo->destport), false,
                              false};
    connection *c = connection_find(pinfo);
    cti_looks looks;

    (void)data;
    if (tvb_captured_length(tvb) < CTI_HEADER_SIZE || !may_be_cti(pinfo))
        return c != NULL && connection_is_cti(c) && segment_dissect(tvb, pinfo, tree, c, NULL) > 0;
    looks = looks_like(tvb);
    if (c == NULL && looks == CTI_LOOKS_SHORT && !hints.from_cti_port && !hints.to_cti_port)
        return waits_for_open_req(tvb, pinfo);
    hints.recognized = looks == CTI_LOOKS_SURE;
    if (c == NULL && (hints.from_cti_port || hints.to_cti_port || hints.recognized))
        c = connection_get(pinfo, &hints, NULL);
    if (c == NULL || !connection_trusted(c))
        return false;
    return segment_dissect(tvb, pinfo, tree, c, NULL) > 0;
}

/* ---- the end of connections ---- */

/* Wireshark hands only data to dissectors, but FIN and RST end sessions, and a connection that is
 * refused has no data: so each frame is looked at once more when it is done.  Where there is no CTI
 * in the file, only its ports are. */
static int after_packet(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    connection *c;

    (void)data;
    if (!may_be_cti(pinfo))
        return 0;
    if (PINFO_FD_VISITED(pinfo)) {
        connections_later_pass();
    } else {
        connections_note_packet(pinfo);
        precedence_keep(pinfo);
        across_packet(pinfo, is_server_port);
    }
    segment_show_across(tvb, pinfo, tree);
    if (!connections_any())
        return 0;
    c = connection_find(pinfo);
    if (c == NULL)
        return 0;
    if (!PINFO_FD_VISITED(pinfo))
        connection_packet_end(c, pinfo);
    segment_show_end(tvb, pinfo, tree, c);
    return 0;
}

/* ---- registration ---- */

void packet_cti_register(void)
{
    /* A later Wireshark may bring GED-188 itself; two of one name stop it from starting. */
    if (proto_get_id_by_filter_name("cti") != -1 || proto_get_id_by_short_name("CTI") != -1)
        return; /* GCOVR_EXCL_LINE: no Wireshark does until now */
    proto_cti = proto_register_protocol("Cisco CTI Server Protocol (GED-188)", "CTI", "cti");
    message_register(proto_cti);
    fields_register(proto_cti);
    experts_register(proto_cti);
    connections_register(proto_cti);
    taps_register(proto_cti);
    statistics_register(proto_cti);
    preferences_register(proto_cti);
    segment_register(proto_cti);

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
        return; /* GCOVR_EXCL_LINE: no Wireshark does until now */
    register_ports();
    tcp_ports = find_dissector_table("tcp.port");
    heur_dissector_add("tcp", recognize_cti, "CTI Server over TCP", CTI_HEURISTIC, proto_cti,
                       HEURISTIC_ENABLE);
    heur_dissector_add("tls", recognize_decrypted, "CTI Server over TLS", "cti_tls", proto_cti,
                       HEURISTIC_ENABLE);
    precedence_init();
}
