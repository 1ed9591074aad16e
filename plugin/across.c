/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions and failed connections on their way to codec/clients.h, and what it finds (see
 * across.h). */
#include "across.h"

#include <string.h>

#include "clients.h"
#include "connection_internal.h"

/* A connection to a port of CTI without data until now.  Its number is its conversation's, as is a
 * connection's key. */
typedef struct attempt {
    cti_attempt known;
    uint32_t initial; /* the number of its SYN */
    uint32_t before; /* number of the attempt that it takes the place of, if it is one: */
    bool has_before;
    bool late;       /* its SYN may be an old one, as long as no SYN/ACK follows */
} attempt;

/* Of the file that is open. */
static struct {
    cti_clients *clients;
    wmem_map_t *attempts;  /* number -> attempt */
    GPtrArray *summaries;  /* of sessions, by their number - 1; some may be NULL */
    wmem_map_t *findings;  /* frame -> finding_note */
} file;

static cti_clients *clients_of_file(void)
{
    if (file.clients == NULL)
        file.clients = cti_clients_new();
    return file.clients;
}

static cti_endpoint endpoint_of(const address *from, uint32_t port)
{
    cti_endpoint point = {.port = (uint16_t)port};

    if ((from->type == AT_IPv4 || from->type == AT_IPv6) &&
        (size_t)from->len <= sizeof(point.address)) {
        point.address_size = (uint8_t)from->len;
        memcpy(point.address, from->data, (size_t)from->len);
    }
    return point;
}

/* ---- sessions ---- */

void across_session(const cti_session_summary *session, const session_summary *summary,
                    const address *client, uint32_t client_port, const address *server,
                    uint32_t server_port)
{
    const cti_endpoint from = endpoint_of(client, client_port);
    const cti_endpoint to = endpoint_of(server, server_port);

    if (file.summaries == NULL)
        file.summaries = g_ptr_array_new();
    if (file.summaries->len < summary->number)
        g_ptr_array_set_size(file.summaries, (int)summary->number);
    g_ptr_array_index(file.summaries, summary->number - 1) = (gpointer)summary;
    cti_clients_session(clients_of_file(), session, summary->number, summary->side, &from, &to);
}

/* ---- connections without data ---- */

static attempt *find_attempt(uint32_t number)
{
    return file.attempts != NULL ? wmem_map_lookup(file.attempts, GUINT_TO_POINTER(number)) : NULL;
}

static void drop_attempt(uint32_t number)
{
    if (file.attempts != NULL)
        wmem_free(wmem_file_scope(), wmem_map_remove(file.attempts, GUINT_TO_POINTER(number)));
}

void across_talks(uint32_t key)
{
    drop_attempt(key);
}

/* Those of an attempt that another one takes the place of. */
static void end_attempt(uint32_t number, int64_t now)
{
    const attempt *a = find_attempt(number);

    if (a == NULL)
        return;
    if (!a->late)
        cti_clients_attempt(clients_of_file(), &a->known, now);
    drop_attempt(number);
}

static bool is_refused(const attempt *a)
{
    return a->known.end == CTI_END_RESET_BY_SERVER && !a->known.syn_ack;
}

/* A client whose SYN was refused may send it again, a Windows client does so twice: it is the same
 * attempt.  From 4.2 on it is another conversation to Wireshark. */
static bool go_on(attempt *a, const attempt *refused, uint32_t number)
{
    if (!is_refused(refused) || refused->initial != a->initial)
        return false;
    a->known.frame = refused->known.frame;
    a->known.began = refused->known.began;
    drop_attempt(number);
    return true;
}

/* Between the same endpoints something goes on that this connection's SYN may be an old one of. */
static void find_before(attempt *a, packet_info *pinfo, const conversation_t *conversation)
{
    const conversation_t *before = connection_conversation_before(pinfo, conversation);
    const connection *c = before != NULL ? connection_of(before) : NULL;
    const attempt *other = before != NULL ? find_attempt(before->conv_index) : NULL;

    a->late = c != NULL && c->live;
    if (other == NULL || go_on(a, other, before->conv_index))
        return;
    a->has_before = true;
    a->before = before->conv_index;
    a->late = a->late || other->known.end == CTI_END_CAPTURE_ENDED;
}

/* The server is the one that SYN was sent to. */
static void begin_attempt(packet_info *pinfo, const conversation_t *conversation,
                          const struct tcp_analysis *tcp)
{
    const bool from_client = pinfo->destport == tcp->server_port;
    const address *client = from_client ? &pinfo->src : &pinfo->dst;
    const address *server = from_client ? &pinfo->dst : &pinfo->src;
    attempt *a;

    if (file.attempts == NULL)
        file.attempts = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
    if (wmem_map_size(file.attempts) >= CTI_CLIENTS_ATTEMPTS_MAX)
        return;
    a = wmem_new0(wmem_file_scope(), attempt);
    a->known = (cti_attempt){
        .client = endpoint_of(client, from_client ? pinfo->srcport : pinfo->destport),
        .server = endpoint_of(server, tcp->server_port),
        .side = cti_port_side(tcp->server_port, NULL),
        .frame = pinfo->num,
        .began = connection_time(pinfo),
        .end = CTI_END_CAPTURE_ENDED};
    a->initial = tcp->fwd->base_seq;
    find_before(a, pinfo, conversation);
    wmem_map_insert(file.attempts, GUINT_TO_POINTER(conversation->conv_index), a);
}

/* More than SYN and FIN have used numbers; a keep-alive may bring a byte, but uses none. */
static bool has_data(const struct tcp_analysis *tcp)
{
    const tcp_flow_t *flows[] = {tcp->fwd, tcp->rev};

    if (!(tcp->conversation_completeness & COMPLETENESS_DATA))
        return false;
    for (size_t i = 0; i < array_length(flows); i++) {
        const tcp_analyze_seq_flow_info_t *seen = flows[i]->tcp_analyze_seq_info;

        if (seen == NULL || (seen->nextseq != 0 && seen->nextseq - flows[i]->base_seq > 2))
            return true;
    }
    return false;
}

static cti_end end_of(const struct tcp_analysis *tcp, bool by_client)
{
    if (tcp->conversation_completeness & COMPLETENESS_RST)
        return by_client ? CTI_END_RESET_BY_CLIENT : CTI_END_RESET_BY_SERVER;
    if (tcp->conversation_completeness & COMPLETENESS_FIN)
        return by_client ? CTI_END_FIN_BY_CLIENT : CTI_END_FIN_BY_SERVER;
    return CTI_END_CAPTURE_ENDED;
}

/* What the packet shows of an attempt. */
static void follow_attempt(attempt *a, const packet_info *pinfo, const struct tcp_analysis *tcp)
{
    cti_attempt *known = &a->known;
    const bool by_client = pinfo->srcport == known->client.port;

    known->end_frame = pinfo->num;
    known->ended = connection_time(pinfo);
    known->syn = tcp->conversation_completeness & COMPLETENESS_SYN;
    known->syn_ack = tcp->conversation_completeness & COMPLETENESS_SYN_ACK;
    if (known->end == CTI_END_CAPTURE_ENDED)
        known->end = end_of(tcp, by_client);
    if (!a->late || !known->syn_ack)
        return;
    a->late = false;
    if (a->has_before)
        end_attempt(a->before, known->ended);
}

/* In 4.0 the SYN that is sent again belongs to the same conversation. */
static bool is_repeated_syn(const attempt *a, const packet_info *pinfo)
{
    return is_refused(a) && pinfo->srcport == a->known.client.port;
}

static void repeat_attempt(attempt *a, const packet_info *pinfo)
{
    a->known.end = CTI_END_CAPTURE_ENDED;
    a->known.end_frame = pinfo->num;
    a->known.ended = connection_time(pinfo);
}

void across_packet(packet_info *pinfo, bool (*is_cti_port)(uint32_t port))
{
    const bool to_cti = is_cti_port(pinfo->destport);
    conversation_t *conversation;
    const struct tcp_analysis *tcp;
    attempt *a;

    if (!to_cti && !is_cti_port(pinfo->srcport))
        return;
    conversation = find_conversation_pinfo(pinfo, 0);
    if (conversation == NULL || connection_has_messages(conversation))
        return;
    tcp = connection_tcp(conversation, pinfo);
    a = find_attempt(conversation->conv_index);
    if (tcp == NULL)
        return;
    if (a == NULL && conversation->setup_frame == pinfo->num && is_cti_port(tcp->server_port)) {
        begin_attempt(pinfo, conversation, tcp);
        a = find_attempt(conversation->conv_index);
    }
    if (a == NULL)
        return;
    if (has_data(tcp)) {
        drop_attempt(conversation->conv_index);
        return;
    }
    if (is_repeated_syn(a, pinfo))
        repeat_attempt(a, pinfo);
    else
        follow_attempt(a, pinfo, tcp);
}

/* ---- the end ---- */

static session_note note_of(uint32_t number)
{
    const session_summary *summary = NULL;

    if (number > 0 && file.summaries != NULL && number <= file.summaries->len)
        summary = g_ptr_array_index(file.summaries, number - 1);
    if (summary == NULL)
        return (session_note){.sender = CTI_EITHER};
    return (session_note){.number = number,
                          .client_id = summary->client_id,
                          .side = summary->side,
                          .sender = CTI_EITHER,
                          .state = summary->state,
                          .summary = summary};
}

/* A finding belongs to the last of the frames that it is about. */
static void take_finding(void *user, const cti_finding *finding)
{
    const session_note session = note_of(finding->session);
    finding_note *note = connection_new_finding(finding, &session);
    finding_note *last;
    gpointer frame;

    (void)user;
    if (finding->frame_count == 0)
        return;
    frame = GUINT_TO_POINTER(finding->frames[finding->frame_count - 1]);
    if (file.findings == NULL)
        file.findings = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
    last = wmem_map_lookup(file.findings, frame);
    if (last == NULL) {
        wmem_map_insert(file.findings, frame, note);
        return;
    }
    while (last->next != NULL)
        last = last->next;
    last->next = note;
}

static void end_each(gpointer key, gpointer value, gpointer user)
{
    const attempt *a = value;

    (void)key;
    if (!a->late)
        cti_clients_attempt(clients_of_file(), &a->known, *(const int64_t *)user);
}

/* What was held until now is not asked for again: only the findings stay. */
static void release_all_but_findings(void)
{
    cti_clients_free(file.clients);
    if (file.summaries != NULL)
        g_ptr_array_unref(file.summaries);
    file.clients = NULL;
    file.summaries = NULL;
    file.attempts = NULL;
}

void across_finish(int64_t end)
{
    static const cti_clients_events events = {.finding = take_finding};

    if (file.attempts != NULL)
        wmem_map_foreach(file.attempts, end_each, &end);
    if (file.clients != NULL)
        cti_clients_finish(file.clients, end, &events, NULL);
    release_all_but_findings();
}

const finding_note *across_findings(uint32_t frame)
{
    return file.findings != NULL ? wmem_map_lookup(file.findings, GUINT_TO_POINTER(frame)) : NULL;
}

void across_release(void)
{
    release_all_but_findings();
    file.findings = NULL;
}
