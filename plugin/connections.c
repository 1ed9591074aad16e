/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connections of the file: which one a packet belongs to, and who is its client (see
 * connections.h). */
#include "connection_internal.h"

#include "across.h"

static int protocol_id = -1;

/* A packet of TCP. */
typedef struct packet_place {
    uint32_t frame;
    int64_t time;
} packet_place;

/* Of the file that is open. */
static struct {
    connection *first_connection, *last_connection;
    uint32_t sessions;
    packet_place last; /* that the first pass has come to */
    bool any, finished;
} file;

/* The last packet of the last file that was read to its end. */
static packet_place end_of_file;

/* ---- time and notes ---- */

int64_t connection_time(const packet_info *pinfo)
{
    int64_t time;

    if (__builtin_mul_overflow((int64_t)pinfo->abs_ts.secs, CTI_SECOND, &time) ||
        __builtin_add_overflow(time, pinfo->abs_ts.nsecs, &time))
        return pinfo->abs_ts.secs < 0 ? -INT64_MAX : INT64_MAX;
    return time;
}

static frame_note *find_note(const connection *c, uint32_t frame)
{
    return wmem_map_lookup(c->frames, GUINT_TO_POINTER(frame));
}

frame_note *connection_make_note(connection *c, uint32_t frame)
{
    frame_note *note = find_note(c, frame);

    if (note == NULL) {
        note = wmem_new0(wmem_file_scope(), frame_note);
        wmem_map_insert(c->frames, GUINT_TO_POINTER(frame), note);
    }
    return note;
}

frame_note *connection_frame_note(const connection *c, packet_info *pinfo)
{
    return find_note(c, pinfo->num);
}

/* ---- who sent a packet ---- */

cti_sender connection_sender(const connection *c, const packet_info *pinfo)
{
    if (pinfo->srcport != pinfo->destport)
        return pinfo->srcport == c->client_port ? CTI_CLIENT : CTI_SERVER;
    return addresses_equal(&pinfo->src, &c->client) ? CTI_CLIENT : CTI_SERVER;
}

direction *connection_direction(connection *c, const packet_info *pinfo)
{
    return &c->directions[connection_sender(c, pinfo) == CTI_CLIENT ? OF_CLIENT : OF_SERVER];
}

void connection_learn_client(connection *c, packet_info *pinfo, uint32_t type)
{
    const cti_message *message = cti_message_find(type);
    const address client = c->client;
    const uint32_t client_port = c->client_port;
    direction swap;

    if (c->client_known || message == NULL || message->sender == CTI_EITHER)
        return;
    c->client_known = true;
    if (message->sender == connection_sender(c, pinfo))
        return;
    c->client = c->server;
    c->server = client;
    c->client_port = c->server_port;
    c->server_port = client_port;
    c->side = cti_port_side((uint16_t)c->server_port, NULL);
    swap = c->directions[OF_CLIENT];
    c->directions[OF_CLIENT] = c->directions[OF_SERVER];
    c->directions[OF_SERVER] = swap;
}

/* ---- the file ---- */

uint32_t connection_next_session(void)
{
    file.any = true;
    return ++file.sessions;
}

static void end_all_sessions(void)
{
    file.finished = true;
    for (connection *c = file.first_connection; c != NULL; c = c->next)
        connection_end_session(c, file.last.time, CTI_END_CAPTURE_ENDED);
    across_finish(file.last.time);
}

/* The capture has ended, or what of it was there when the user stopped it. */
static void file_was_read(void)
{
    end_of_file = file.last;
    end_all_sessions();
}

static void release_all(void)
{
    for (connection *c = file.first_connection; c != NULL; c = c->next)
        if (c->live)
            cti_session_free(c->session);
    across_release();
    memset(&file, 0, sizeof(file));
}

void connections_register(int protocol)
{
    protocol_id = protocol;
    register_postseq_cleanup_routine(file_was_read);
    register_cleanup_routine(release_all);
}

void connections_note_packet(packet_info *pinfo)
{
    file.last = (packet_place){pinfo->num, connection_time(pinfo)};
}

/* When the user changes a preference, or ignores a packet, the file is dissected anew: a first pass
 * whose end Wireshark tells nobody.  It is there where the file was known to end. */
void connections_later_pass(void)
{
    if (!file.finished && file.last.frame != 0 && file.last.frame == end_of_file.frame &&
        file.last.time == end_of_file.time) /* GCOVR_EXCL_LINE: only the GUI does it (tests/gui) */
        end_all_sessions();                 /* GCOVR_EXCL_LINE */
}

bool connections_any(void)
{
    return file.any;
}

/* ---- finding one ---- */

/* Who is the server: the one that SYN was sent to, else the one with a port of CTI's, else (a
 * guess, until a message tells) the one with the lower port. */
static void choose_server(connection *c, const packet_info *pinfo, const struct tcp_analysis *tcp,
                          const connection_hints *hints)
{
    const bool saw_syn = tcp != NULL && tcp->conversation_completeness &
                                            (COMPLETENESS_SYN | COMPLETENESS_SYN_ACK);
    bool from_client = pinfo->destport < pinfo->srcport;

    c->client_known = true;
    if (saw_syn && pinfo->srcport != pinfo->destport)
        from_client = pinfo->destport == tcp->server_port;
    else if (hints->from_cti_port != hints->to_cti_port)
        from_client = hints->to_cti_port;
    else
        c->client_known = false;
    copy_address_wmem(wmem_file_scope(), &c->client, from_client ? &pinfo->src : &pinfo->dst);
    copy_address_wmem(wmem_file_scope(), &c->server, from_client ? &pinfo->dst : &pinfo->src);
    c->client_port = from_client ? pinfo->srcport : pinfo->destport;
    c->server_port = from_client ? pinfo->destport : pinfo->srcport;
    c->side = cti_port_side((uint16_t)c->server_port, NULL);
    c->saw_client_syn = tcp != NULL && tcp->conversation_completeness & COMPLETENESS_SYN;
    c->reset_before = tcp != NULL && tcp->conversation_completeness & COMPLETENESS_RST;
    c->trusted = hints->forced || hints->recognized ||
                 (from_client ? hints->to_cti_port : hints->from_cti_port);
}

struct tcp_analysis *connection_tcp(conversation_t *conversation, packet_info *pinfo)
{
    return pinfo->ptype == PT_TCP ? get_tcp_conversation_data(conversation, pinfo) : NULL;
}

conversation_t *connection_conversation_before(packet_info *pinfo,
                                               const conversation_t *conversation)
{
    conversation_t *before;

    if (conversation->setup_frame <= 1)
        return NULL;
    before = find_conversation(conversation->setup_frame - 1, &pinfo->src, &pinfo->dst,
                               CONVERSATION_TCP, pinfo->srcport, pinfo->destport, 0);
    return before != conversation ? before : NULL;
}

connection *connection_of(const conversation_t *conversation)
{
    return conversation_get_proto_data(conversation, protocol_id);
}

bool connection_has_messages(const conversation_t *conversation)
{
    const connection *c = connection_of(conversation);

    return c != NULL && c->is_cti;
}

/* The connection of the same ports and addresses that Wireshark ended at the last SYN, if it
 * is open. */
static connection *find_predecessor(packet_info *pinfo, const conversation_t *conversation)
{
    const conversation_t *before = connection_conversation_before(pinfo, conversation);
    connection *c = before != NULL ? connection_of(before) : NULL;

    return c != NULL && c->live ? c : NULL;
}

/* Where nobody answered the SYN, and data does not start behind it, it was a late one of an
 * older connection: the one before goes on. */
static bool goes_on(connection *before, const packet_info *pinfo, const struct tcp_analysis *tcp,
                    const struct tcpinfo *data)
{
    if (tcp == NULL || data == NULL || tcp->conversation_completeness & COMPLETENESS_SYN_ACK ||
        !(tcp->conversation_completeness & COMPLETENESS_SYN))
        return false;
    return connection_sender(before, pinfo) == CTI_SERVER ||
           (data->seq != 1 && data->seq != tcp->fwd->base_seq + 1);
}

connection *connection_find(packet_info *pinfo)
{
    conversation_t *conversation = find_conversation_pinfo(pinfo, 0);

    return conversation != NULL ? conversation_get_proto_data(conversation, protocol_id) : NULL;
}

connection *connection_get(packet_info *pinfo, const connection_hints *hints,
                           const struct tcpinfo *tcp)
{
    conversation_t *conversation = find_or_create_conversation(pinfo);
    connection *c = conversation_get_proto_data(conversation, protocol_id);
    connection *before;

    if (c != NULL || PINFO_FD_VISITED(pinfo))
        return c;
    before = find_predecessor(pinfo, conversation);
    if (before != NULL && goes_on(before, pinfo, connection_tcp(conversation, pinfo), tcp)) {
        for (int i = 0; i < DIRECTIONS; i++)
            before->directions[i].renumbered = true;
        conversation_add_proto_data(conversation, protocol_id, before);
        return before;
    }
    if (before != NULL)
        connection_end_session(before, before->last_time, CTI_END_SUPERSEDED);
    c = wmem_new0(wmem_file_scope(), connection);
    c->key = conversation->conv_index;
    c->frames = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
    for (int i = 0; i < DIRECTIONS; i++)
        c->directions[i].framing = CTI_FRAME_SEARCH;
    choose_server(c, pinfo, connection_tcp(conversation, pinfo), hints);
    conversation_add_proto_data(conversation, protocol_id, c);
    if (file.last_connection != NULL)
        file.last_connection->next = c;
    else
        file.first_connection = c;
    file.last_connection = c;
    return c;
}

uint32_t connection_key(const connection *c)
{
    return c->key;
}

bool connection_is_cti(const connection *c)
{
    return c->is_cti;
}

bool connection_trusted(const connection *c)
{
    return c->trusted;
}

void connection_trust(connection *c)
{
    c->trusted = true;
}
