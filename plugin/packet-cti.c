/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cisco's CTI Server protocol (GED-188) in Wireshark: registration, and which connections are CTI.
 *
 * How a segment is dissected: segments.c reads it before Wireshark's TCP does.  On the first pass
 * engine.c feeds it to the codec, and keeps notes of the messages, sessions and findings that the
 * codec reports (notes.h).  TCP then hands its data to dissect_cti() or recognize_cti(), and pdus.c
 * shows the messages of the frame in it from their notes: tree, Info column and expert infos
 * (message.c, experts.c), taps (taps.c).  At last after_packet(), a post-dissector, shows the
 * messages that TCP did not hand over, ends of sessions, and findings about no message. */
#include "packet-cti.h"

#include "compat.h"

#include "engine.h"
#include "experts.h"
#include "fields.h"
#include "message.h"
#include "pdus.h"
#include "precedence.h"
#include "preferences.h"
#include "segments.h"
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

/* The server ports of CTI: those that the user set or chose by Decode As, and the secured ones. */
static bool is_server_port(uint16_t port)
{
    return is_secured_port(port) || dissector_get_uint_handle(tcp_ports, port) == cti_handle;
}

static bool may_be_cti(const packet_info *pinfo)
{
    return pinfo->ptype == PT_TCP && !pinfo->flags.in_error_pkt;
}

/* Data of TCP (then data is not NULL), or data that was decrypted or exported: whoever hands that
 * over knows that it is CTI.  Where TCP's segments do not pass segments.c, its data is all there
 * is. */
static int dissect_cti(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    /* What ICMP quotes of a packet is not a message, and not for other dissectors to take. */
    if (pinfo->flags.in_error_pkt)
        return (int)tvb_captured_length(tvb);
    if (!may_be_cti(pinfo))
        return 0;
    if (data != NULL && segments_passed(pinfo))
        return pdus_dissect(tvb, pinfo, tree);
    return pdus_dissect_data(tvb, pinfo, tree);
}

/* TLS has data of its own for the protocols above it. */
static int dissect_cti_decrypted(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    (void)data;
    return dissect_cti(tvb, pinfo, tree, NULL);
}

/* An OPEN_REQ that continues in the next segment or record is worth waiting for: many a client
 * sends header and body apart.  As long as VersionNumber and IdleTimeout are not there it may still
 * be another protocol's: then no more than the next one is asked for, and if it is not CTI, the
 * other heuristics get both. */
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

static cti_looks looks_like(tvbuff_t *tvb)
{
    const uint32_t length = tvb_captured_length(tvb);
    const cti_looks looks = cti_frame_looks(tvb_get_ptr(tvb, 0, (int)length), length);

    if (looks == CTI_LOOKS_SURE && preferences.recognize == RECOGNIZE_OPEN_REQ &&
        tvb_get_ntohl(tvb, 4) != CTI_OPEN_REQ)
        return CTI_LOOKS_MAYBE;
    return looks;
}

/* In data that did not pass segments.c as it came: decrypted, or handed over by a TCP that the user
 * chose. */
static bool recognize_data(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    cti_looks looks;

    if (engine_has_data(pinfo))
        return pdus_dissect_data(tvb, pinfo, tree) > 0;
    if (tvb_captured_length(tvb) < CTI_HEADER_SIZE)
        return false;
    looks = looks_like(tvb);
    if (looks == CTI_LOOKS_SHORT)
        return waits_for_open_req(tvb, pinfo);
    return looks == CTI_LOOKS_SURE && pdus_dissect_data(tvb, pinfo, tree) > 0;
}

/* In data that passed segments.c: the engine takes a connection for CTI from the first bytes on
 * that can be nothing else. */
static bool recognize_payload(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    if (pdus_dissect(tvb, pinfo, tree) == 0)
        return tvb_captured_length(tvb) >= CTI_HEADER_SIZE && looks_like(tvb) == CTI_LOOKS_SHORT &&
               waits_for_open_req(tvb, pinfo);
    conversation_set_dissector_from_frame_number(find_or_create_conversation(pinfo), pinfo->num,
                                                 cti_handle);
    return true;
}

/* On any port. */
static ws_bool recognize_cti(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    if (precedence_is_probe(data))
        return true;
    if (!may_be_cti(pinfo))
        return false;
    return segments_passed(pinfo) ? recognize_payload(tvb, pinfo, tree)
                                  : recognize_data(tvb, pinfo, tree);
}

/* Wireshark 4.4 and later ask all heuristics of TLS, SMPP's among them, before they look at the
 * port: so the secured ports are believed here too. */
static ws_bool recognize_decrypted(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    (void)data;
    if (!may_be_cti(pinfo))
        return false;
    if (is_secured_port(pinfo->srcport) || is_secured_port(pinfo->destport))
        return pdus_dissect_data(tvb, pinfo, tree) > 0;
    return recognize_data(tvb, pinfo, tree);
}

/* ---- when a frame was dissected ---- */

static int after_packet(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    (void)data;
    if (!may_be_cti(pinfo))
        return 0;
    if (PINFO_FD_VISITED(pinfo)) {
        engine_later_pass();
    } else {
        engine_note_packet(pinfo);
        precedence_keep(pinfo);
    }
    pdus_show_rest(tvb, pinfo, tree);
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
    engine_register(is_server_port);
    taps_register(proto_cti);
    statistics_register(proto_cti);
    preferences_register(proto_cti);
    segments_register(proto_cti);

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
    segments_handoff();
}
