/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Taps: records for statistics, followed streams, exported PDUs, credentials (see taps.h).
 *
 * Listeners read the records after the whole frame is dissected: all of them live in the
 * packet's or the file's scope. */
#include "taps.h"

#include <epan/addr_resolv.h>
#include <epan/exported_pdu.h>
#include <epan/follow.h>
#include <epan/tap.h>

#include "fields.h"
#include "text.h"

/* A record of Wireshark's tap "credentials", which has no header among the installed ones. */
typedef struct credential {
    unsigned frame;
    unsigned username_frame;
    unsigned password_field;
    char *username;
    const char *protocol;
    char *info;
} credential;

static int statistics_tap = -1;
static int follow_tap = -1;
static int export_tap = -1;
static int credentials_tap = -1;

/* ---- records ---- */

/* Of a failure, "E_CTI_INVALID_PASSWORD (36)", else NULL. */
static const char *status_of(const view *v, const cti_reader *reader)
{
    cti_item status;

    if (!message_is_failure(reader->message_type) || !cti_reader_status(reader, &status))
        return NULL;
    g_string_truncate(v->scratch, 0);
    cti_text_value(v->scratch, &status, 0);
    return wmem_strdup(v->pinfo->pool, v->scratch->str);
}

static void queue_statistics(const view *v, const cti_reader *reader, const message_note *note)
{
    cti_tap *record;

    if (!have_tap_listener(statistics_tap))
        return;
    record = wmem_new0(v->pinfo->pool, cti_tap);
    record->session = &note->session;
    record->message = note;
    record->type = reader->message_type;
    record->type_name = reader->message != NULL
                            ? reader->message->name
                            : wmem_strdup_printf(v->pinfo->pool, "MessageType %u", record->type);
    record->status = status_of(v, reader);
    tap_queue_packet(statistics_tap, v->pinfo, record);
}

static void queue_exported(packet_info *pinfo, tvbuff_t *message)
{
    exp_pdu_data_t *record = export_pdu_create_common_tags(pinfo, "cti",
                                                           EXP_PDU_TAG_DISSECTOR_NAME);

    record->tvb_captured_length = tvb_captured_length(message);
    record->tvb_reported_length = tvb_reported_length(message);
    record->pdu_tvb = message;
    tap_queue_packet(export_tap, pinfo, record);
}

/* ClientID, and the password as the user's preference shows it. */
static void queue_credentials(const view *v, const cti_reader *reader)
{
    cti_item client, password;
    credential *record;

    if (reader->message_type != CTI_OPEN_REQ || !have_tap_listener(credentials_tap) ||
        !cti_reader_find(reader, CTI_F_ClientID, &client) ||
        !cti_reader_find(reader, CTI_F_ClientPassword, &password))
        return;
    record = wmem_new0(v->pinfo->pool, credential);
    record->frame = record->username_frame = v->pinfo->num;
    record->password_field = (unsigned)fields_of(password.field)->value;
    record->protocol = "CTI";
    g_string_truncate(v->scratch, 0);
    cti_text_value(v->scratch, &client, 0);
    record->username = wmem_strdup(v->pinfo->pool, v->scratch->str);
    g_string_assign(v->scratch, "ClientPassword: ");
    cti_text_value(v->scratch, &password, v->text_flags);
    record->info = wmem_strdup(v->pinfo->pool, v->scratch->str);
    tap_queue_packet(credentials_tap, v->pinfo, record);
}

void taps_message(const view *v, int offset, uint32_t size, const cti_reader *reader,
                  const message_note *note)
{
    queue_statistics(v, reader, note);
    queue_credentials(v, reader);
    if (have_tap_listener(export_tap))
        queue_exported(v->pinfo, tvb_new_subset_length(v->tvb, offset, (int)size));
    if (have_tap_listener(follow_tap))
        tap_queue_packet(follow_tap, v->pinfo, tvb_new_subset_length(v->tvb, offset, (int)size));
}

void taps_end(packet_info *pinfo, const frame_note *frame)
{
    cti_tap *record;

    if (frame->end.number == 0 || !have_tap_listener(statistics_tap))
        return;
    record = wmem_new0(pinfo->pool, cti_tap);
    record->session = &frame->end;
    tap_queue_packet(statistics_tap, pinfo, record);
}

/* ---- Follow ---- */

static char *filter_of_stream(unsigned stream, unsigned sub_stream)
{
    (void)sub_stream;
    return g_strdup_printf("tcp.stream == %u", stream);
}

static char *filter_of_packet(epan_dissect_t *dissection, packet_info *pinfo, unsigned *stream,
                              unsigned *sub_stream)
{
    conversation_t *conversation = find_conversation_pinfo(pinfo, 0);
    const struct tcp_analysis *tcp;

    (void)dissection;
    if (conversation == NULL || pinfo->ptype != PT_TCP)
        return NULL;
    tcp = get_tcp_conversation_data(conversation, pinfo);
    if (tcp == NULL)
        return NULL;
    *stream = tcp->stream;
    *sub_stream = 0;
    return filter_of_stream(tcp->stream, 0);
}

static char *filter_of_addresses(address *from, address *to, int from_port, int to_port)
{
    const char *ip = from->type == AT_IPv6 ? "ipv6" : "ip";
    char *source = address_to_str(NULL, from), *destination = address_to_str(NULL, to);
    char *filter = g_strdup_printf("((%s.src == %s && tcp.srcport == %d) && "
                                   "(%s.dst == %s && tcp.dstport == %d)) || "
                                   "((%s.src == %s && tcp.srcport == %d) && "
                                   "(%s.dst == %s && tcp.dstport == %d))",
                                   ip, source, from_port, ip, destination, to_port, ip,
                                   destination, to_port, ip, source, from_port);

    wmem_free(NULL, source);
    wmem_free(NULL, destination);
    return filter;
}

/* ---- registration ---- */

void taps_register(int protocol)
{
    statistics_tap = register_tap("cti");
    follow_tap = register_tap("cti_follow");
    credentials_tap = register_tap("credentials");
    export_tap = register_export_pdu_tap("CTI");
    register_follow(protocol, "cti_follow", filter_of_packet, filter_of_stream,
                    filter_of_addresses, tcp_port_to_display, get_tcp_stream_count);
}
