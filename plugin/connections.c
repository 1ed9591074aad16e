/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections, their sessions, and what was known at each frame (see connections.h). */
#include "connections.h"

#include <string.h>

#include "bytes.h"
#include "text.h"

enum { OF_CLIENT, OF_SERVER, DIRECTIONS };

/* One direction of a connection, as far as the first pass has come. */
typedef struct direction {
    bool started;           /* expected is known */
    bool renumbered;        /* Wireshark counts from another number now */
    uint32_t expected;      /* sequence number of the next byte, as Wireshark counts */
    cti_frame_state framing;
    uint32_t tail;          /* bytes to come of a message that was shown although it is cut */
    bool skipped;           /* bytes that are no message came since the last message */
    bool closed;            /* FIN seen */
    uint32_t next;          /* raw sequence number behind all that was seen, FIN included */
    uint32_t acknowledged;  /* raw number up to which holes were told; 0 = none */
} direction;

struct connection {
    connection *next; /* in the order of their first data */
    uint32_t key;
    cti_session session;
    bool live; /* session is in use */
    uint32_t number, sessions;
    cti_side side;
    const char *client_id;
    session_summary *summary; /* of the session */
    bool trusted, is_cti;
    bool reset;        /* RST ended it */
    bool reset_before; /* RST came before the first data: it cannot be told from a later one */
    bool lossy;        /* bytes are missing */
    bool saw_client_syn;

    bool client_known; /* client is the client, and not a guess */
    address client, server;
    uint32_t client_port, server_port;
    direction directions[DIRECTIONS];

    wmem_map_t *frames;            /* frame number -> frame_note */
    frame_note *current_frame;     /* what findings are about at the moment, */
    message_note *current_message; /* or NULL */
};

static int protocol_id = -1;

/* Of the file that is open. */
static struct {
    connection *first, *last;
    uint32_t sessions;
    int64_t last_time;
    bool any;
} file;

/* ---- notes ---- */

static int64_t time_of(const packet_info *pinfo)
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

static frame_note *make_note(connection *c, uint32_t frame)
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

static cti_sender sender_of(const connection *c, const packet_info *pinfo)
{
    if (pinfo->srcport != pinfo->destport)
        return pinfo->srcport == c->client_port ? CTI_CLIENT : CTI_SERVER;
    return addresses_equal(&pinfo->src, &c->client) ? CTI_CLIENT : CTI_SERVER;
}

static direction *direction_of(connection *c, const packet_info *pinfo)
{
    return &c->directions[sender_of(c, pinfo) == CTI_CLIENT ? OF_CLIENT : OF_SERVER];
}

static session_note note_session(const connection *c, cti_sender sender, cti_state state)
{
    const cti_session *session = &c->session;
    session_note note = {.number = c->number,
                         .client_id = c->client_id,
                         .side = c->side,
                         .sender = sender,
                         .state = state,
                         .summary = c->summary};

    if (session->open_answer_time != CTI_NO_TIME && state != CTI_STATE_REJECTED) {
        note.has_services = true;
        note.services = session->services_granted;
    } else if (session->open_frame != 0) {
        note.has_services = true;
        note.services = session->services_requested;
    }
    return note;
}

/* Puts a finding where it was found; one that is found when the capture has ended, at the
 * last of the frames that it is about. */
static void take_finding(void *user, const cti_finding *finding)
{
    connection *c = user;
    finding_note *note = wmem_new0(wmem_file_scope(), finding_note);
    finding_note **end;

    note->session = note_session(c, CTI_EITHER, c->session.state);
    note->rule = finding->rule;
    note->severity = finding->severity;
    note->frame_count = finding->frame_count;
    memcpy(note->frames, finding->frames, sizeof(note->frames));
    note->text = wmem_strdup(wmem_file_scope(), finding->text);
    if (c->current_message != NULL)
        end = &c->current_message->findings;
    else if (c->current_frame != NULL)
        end = &c->current_frame->findings;
    else
        end = &make_note(c, finding->frame_count > 0 ? finding->frames[finding->frame_count - 1]
                                                     : c->session.last_frame)
                   ->findings;
    while (*end != NULL)
        end = &(*end)->next;
    *end = note;
}

static void take_request(void *user, const cti_request *request)
{
    message_note *note = request->cookie;

    (void)user;
    if (note != NULL)
        note->unanswered = request->outcome == CTI_UNANSWERED;
}

static void take_heartbeat(void *user, const cti_heartbeat *heartbeat)
{
    message_note *note = heartbeat->request->cookie;

    (void)user;
    if (note != NULL)
        note->unanswered = heartbeat->missed;
}

static const cti_session_events session_events = {
    .request = take_request, .heartbeat = take_heartbeat, .finding = take_finding};

/* ---- sessions ---- */

static void summarize(const connection *c)
{
    const cti_session *session = &c->session;
    session_summary *summary = c->summary;

    summary->client_id = c->client_id;
    summary->side = c->side;
    summary->version = cti_session_version(session, NULL);
    summary->lasted = (session->finished ? session->end_time : session->last_time) -
                      session->first_time;
    summary->messages = session->messages_client + session->messages_server;
    summary->heartbeats = session->heartbeats;
    summary->heartbeats_missed = session->heartbeats_missed;
    summary->worst_gap = session->worst_gap;
    summary->state = session->state;
    summary->finished = session->finished;
    summary->verdict = session->verdict;
}

static void begin_session(connection *c, const packet_info *pinfo)
{
    c->live = true;
    c->number = ++file.sessions;
    c->sessions++;
    c->client_id = NULL;
    c->summary = wmem_new0(wmem_file_scope(), session_summary);
    c->summary->number = c->number;
    c->summary->opened = (int64_t)pinfo->rel_ts.secs * CTI_SECOND + pinfo->rel_ts.nsecs;
    cti_session_init(&c->session, &session_events, c,
                     !c->saw_client_syn || c->lossy || c->sessions > 1);
}

static void end_session(connection *c, int64_t time, cti_end how)
{
    if (!c->live)
        return;
    cti_session_finish(&c->session, time, how);
    summarize(c);
    cti_session_release(&c->session);
    c->live = false;
}

/* The capture has ended, or what of it was there when the user stopped it. */
static void end_all_sessions(void)
{
    for (connection *c = file.first; c != NULL; c = c->next)
        end_session(c, file.last_time, CTI_END_CAPTURE_ENDED);
}

static void release_all(void)
{
    for (connection *c = file.first; c != NULL; c = c->next)
        if (c->live)
            cti_session_release(&c->session);
    memset(&file, 0, sizeof(file));
}

void connections_register(int protocol)
{
    protocol_id = protocol;
    register_postseq_cleanup_routine(end_all_sessions);
    register_cleanup_routine(release_all);
}

void connections_note_time(packet_info *pinfo)
{
    file.last_time = time_of(pinfo);
}

/* ---- connections ---- */

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

static struct tcp_analysis *tcp_of(conversation_t *conversation, packet_info *pinfo)
{
    return pinfo->ptype == PT_TCP ? get_tcp_conversation_data(conversation, pinfo) : NULL;
}

/* The connection of the same ports and addresses that Wireshark ended at the last SYN, if it
 * is open. */
static connection *find_predecessor(packet_info *pinfo, const conversation_t *conversation)
{
    conversation_t *before;
    connection *c;

    if (conversation->setup_frame <= 1)
        return NULL;
    before = find_conversation(conversation->setup_frame - 1, &pinfo->src, &pinfo->dst,
                               CONVERSATION_TCP, pinfo->srcport, pinfo->destport, 0);
    if (before == NULL || before == conversation)
        return NULL;
    c = conversation_get_proto_data(before, protocol_id);
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
    return sender_of(before, pinfo) == CTI_SERVER ||
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
    if (before != NULL && goes_on(before, pinfo, tcp_of(conversation, pinfo), tcp)) {
        for (int i = 0; i < DIRECTIONS; i++)
            before->directions[i].renumbered = true;
        conversation_add_proto_data(conversation, protocol_id, before);
        return before;
    }
    if (before != NULL)
        end_session(before, before->session.last_time, CTI_END_CAPTURE_ENDED);
    c = wmem_new0(wmem_file_scope(), connection);
    c->key = conversation->conv_index;
    c->frames = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
    for (int i = 0; i < DIRECTIONS; i++)
        c->directions[i].framing = CTI_FRAME_SEARCH;
    choose_server(c, pinfo, tcp_of(conversation, pinfo), hints);
    conversation_add_proto_data(conversation, protocol_id, c);
    if (file.last != NULL)
        file.last->next = c;
    else
        file.first = c;
    file.last = c;
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

bool connections_any(void)
{
    return file.any;
}

/* ---- the bytes of a frame ---- */

/* The first data of a direction: a message starts here if SYN was right before it. */
static void start_direction(connection *c, packet_info *pinfo, const struct tcpinfo *tcp)
{
    direction *from = direction_of(c, pinfo);
    const bool client = from == &c->directions[OF_CLIENT];
    const struct tcp_analysis *analysis = tcp_of(find_or_create_conversation(pinfo), pinfo);

    from->started = true;
    from->expected = tcp->seq;
    if (analysis == NULL || !(analysis->conversation_completeness &
                              (client ? COMPLETENESS_SYN : COMPLETENESS_SYN_ACK)))
        return;
    from->framing = CTI_FRAME_IN_STEP;
    /* Sequence numbers are relative or not, as the user likes. */
    if (tcp->seq != 1 && tcp->seq != analysis->fwd->base_seq + 1)
        from->expected = tcp->seq < analysis->fwd->base_seq ? 1 : analysis->fwd->base_seq + 1;
}

static void tell_hole(connection *c, const packet_info *pinfo, direction *from, uint64_t bytes)
{
    from->framing = CTI_FRAME_SEARCH;
    from->tail = 0;
    from->skipped = false;
    c->lossy = true;
    if (c->live)
        cti_session_hole(&c->session, from == &c->directions[OF_CLIENT] ? CTI_CLIENT : CTI_SERVER,
                         bytes, time_of(pinfo), pinfo->num);
}

/* Data that starts behind the expected byte: what is between will not come, or comes too late
 * for Wireshark to put it in its place. */
static void find_hole(connection *c, const packet_info *pinfo, const struct tcpinfo *tcp)
{
    direction *from = direction_of(c, pinfo);

    if (from->acknowledged != 0) {
        /* Told when it was acknowledged. */
        from->acknowledged = 0;
        from->framing = CTI_FRAME_SEARCH;
        return;
    }
    tell_hole(c, pinfo, from, tcp->seq - from->expected);
}

frame_note *connection_frame(connection *c, packet_info *pinfo, const struct tcpinfo *tcp)
{
    frame_note *note = find_note(c, pinfo->num);
    direction *from = direction_of(c, pinfo);

    if (note != NULL || PINFO_FD_VISITED(pinfo))
        return note;
    note = make_note(c, pinfo->num);
    note->began = c->is_cti;
    note->repeated = c->reset;
    if (tcp == NULL && !from->started) {
        from->started = true;
        from->framing = CTI_FRAME_IN_STEP;
    }
    if (tcp != NULL) {
        note->fin = tcp->flags & TH_FIN;
        if (!from->started)
            start_direction(c, pinfo, tcp);
        if (from->renumbered)
            from->expected = tcp->seq;
        from->renumbered = false;
        /* What was put together has no hole, whatever came in between. */
        if (!tcp->is_reassembled) {
            if ((int32_t)(tcp->seq - from->expected) > 0)
                find_hole(c, pinfo, tcp);
            else if (tcp->seq != from->expected && (int32_t)(tcp->nxtseq - from->expected) <= 0)
                note->repeated = true;
        }
    }
    note->framing = note->repeated ? CTI_FRAME_SEARCH : from->framing;
    note->tail = note->repeated ? 0 : from->tail;
    return note;
}

void connection_frame_done(connection *c, packet_info *pinfo, const struct tcpinfo *tcp,
                           cti_frame_state framing, uint32_t tail)
{
    direction *from = direction_of(c, pinfo);
    const struct tcp_analysis *analysis;

    from->framing = framing;
    from->tail = tail;
    if (tcp == NULL)
        return;
    if ((int32_t)(tcp->nxtseq - from->expected) > 0)
        from->expected = tcp->nxtseq;
    /* Segments that came too early may be part of what was put together. */
    analysis = tcp_of(find_or_create_conversation(pinfo), pinfo);
    if (tcp->is_reassembled && analysis != NULL && analysis->fwd->maxnextseq != 0 &&
        (int32_t)(analysis->fwd->maxnextseq - from->expected) > 0)
        from->expected = analysis->fwd->maxnextseq;
}

void connection_lost(connection *c, packet_info *pinfo, uint64_t bytes)
{
    tell_hole(c, pinfo, direction_of(c, pinfo), bytes);
}

void connection_skipped(connection *c, packet_info *pinfo)
{
    direction_of(c, pinfo)->skipped = true;
}

/* ---- messages ---- */

/* On ports that say nothing, the first message whose sender the table knows tells who is the
 * client. */
static void learn_client(connection *c, packet_info *pinfo, uint32_t type)
{
    const cti_message *message = cti_message_find(type);
    const address client = c->client;
    const uint32_t client_port = c->client_port;
    direction swap;

    if (c->client_known || message == NULL || message->sender == CTI_EITHER)
        return;
    c->client_known = true;
    if (message->sender == sender_of(c, pinfo))
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

/* ClientID, made valid UTF-8, when OPEN_REQ has told it. */
static void note_client_id(connection *c)
{
    char *text;

    if (c->session.client_id[0] == '\0' || c->client_id != NULL)
        return;
    text = g_utf8_make_valid(c->session.client_id, -1);
    c->client_id = wmem_strdup(wmem_file_scope(), text);
    g_free(text);
}

static void note_facts(const connection *c, message_note *note, const packet_info *pinfo,
                       const cti_message_facts *facts, cti_sender sender)
{
    message_note *request = facts->request_cookie;

    note->session = note_session(c, sender, facts->state);
    note->context = facts->context;
    note->version = facts->version;
    note->version_inferred = facts->version_inferred;
    note->client_gap = facts->client_gap;
    note->idle_share = facts->idle_share;
    note->missed_run = facts->missed_run;
    if (!facts->answers)
        return;
    note->request = facts->request;
    note->response_to = facts->request_frame;
    note->response_time = facts->answer_time;
    if (request != NULL)
        request->response_in = pinfo->num;
}

/* Lets the session take in a message; note is what its findings are about. */
static void feed_session(connection *c, packet_info *pinfo, frame_note *frame,
                         message_note *note, const uint8_t *bytes, uint32_t size,
                         cti_reader *reader, cti_message_facts *facts)
{
    cti_moment moment = {.time = time_of(pinfo), .frame = pinfo->num, .cookie = note};
    direction *from;
    bool begins = false;

    learn_client(c, pinfo, cti_header_type(bytes));
    moment.sender = sender_of(c, pinfo);
    from = direction_of(c, pinfo);
    c->current_frame = frame;
    if (from->skipped && c->live)
        cti_session_hole(&c->session, moment.sender, 0, moment.time, pinfo->num);
    from->skipped = false;
    if (c->live && cti_session_is_next(&c->session, cti_header_type(bytes)))
        end_session(c, moment.time, CTI_END_SUPERSEDED);
    if (!c->live) {
        begin_session(c, pinfo);
        begins = true;
    }
    c->is_cti = c->trusted = true;
    file.any = true;
    c->current_message = note;
    cti_session_message(&c->session, bytes, size, &moment, reader, facts);
    c->current_message = NULL;
    c->current_frame = NULL;
    note_client_id(c);
    summarize(c);
    note->begins_session = begins;
    note->first_without_open = begins && c->session.open_frame == 0;
}

/* What is known of a message that the session does not take in. */
static void peek_session(const connection *c, const uint8_t *bytes, uint32_t size,
                         cti_reader *reader, cti_message_facts *facts)
{
    *facts = (cti_message_facts){.client_gap = CTI_NO_TIME, .idle_share = -1};
    facts->context.possible = CTI_VERSIONS_ALL;
    if (c->live) {
        facts->context = (cti_context){c->session.version, c->session.possible};
        facts->version = cti_session_version(&c->session, &facts->version_inferred);
        facts->state = c->session.state;
    }
    cti_reader_init(reader, bytes, size, &facts->context);
}

message_note *connection_message(connection *c, packet_info *pinfo, frame_note *frame,
                                 const uint8_t *bytes, uint32_t size, uint32_t version,
                                 cti_reader *reader)
{
    message_note *note = wmem_new0(wmem_file_scope(), message_note);
    cti_message_facts facts;

    if (!frame->repeated)
        feed_session(c, pinfo, frame, note, bytes, size, reader, &facts);
    else
        peek_session(c, bytes, size, reader, &facts);
    if (version != 0) {
        facts.context.version = facts.version = version;
        facts.version_inferred = false;
        cti_reader_init(reader, bytes, size, &facts.context);
    }
    note_facts(c, note, pinfo, &facts, sender_of(c, pinfo));
    if (!c->live) {
        note->session.number = 0;
        note->session.summary = NULL;
    }

    if (frame->messages == NULL)
        frame->messages = note;
    else
        frame->last_message->next = note;
    frame->last_message = note;
    return note;
}

/* ---- the end of TCP ---- */

static void end_tcp(connection *c, packet_info *pinfo, cti_tcp_end how)
{
    const cti_sender sender = sender_of(c, pinfo);
    const int64_t time = time_of(pinfo);

    if (!c->live)
        return;
    c->current_frame = make_note(c, pinfo->num);
    cti_session_tcp_end(&c->session, how, sender, time, pinfo->num);
    c->current_frame->end = note_session(c, sender, c->session.state);
    /* Nothing can come any more: what the rules say at the end is known now. */
    if (how == CTI_TCP_RST ||
        (c->directions[OF_CLIENT].closed && c->directions[OF_SERVER].closed)) {
        end_session(c, time, CTI_END_NONE);
        c->current_frame->finished = true;
    }
    c->current_frame = NULL;
}

/* FIN takes a number of its own in TCP's sequence.  The first one of a connection shows in
 * Wireshark's summary of it; the second one has no data with it (else the data's own flags tell)
 * and moves the sequence by one. */
static bool is_fin(const connection *c, const direction *from, const frame_note *frame,
                   const struct tcp_analysis *tcp, uint32_t next)
{
    const bool first = !c->directions[OF_CLIENT].closed && !c->directions[OF_SERVER].closed;

    if (from->closed || !(tcp->conversation_completeness & COMPLETENESS_FIN))
        return false;
    if (first)
        return true;
    return frame != NULL ? frame->fin : from->next != 0 && next - from->next == 1;
}

/* The peer has acknowledged bytes that the capture does not have: they will not come. */
static void find_acknowledged_hole(connection *c, const packet_info *pinfo,
                                   const struct tcp_analysis *tcp)
{
    direction *other = direction_of(c, pinfo) == &c->directions[OF_CLIENT]
                           ? &c->directions[OF_SERVER]
                           : &c->directions[OF_CLIENT];
    const uint32_t acknowledged = tcp->fwd->tcp_analyze_seq_info->lastack;
    const uint32_t seen = other->acknowledged != 0 ? other->acknowledged
                                                   : tcp->rev->tcp_analyze_seq_info->nextseq;

    /* One byte may be a FIN. */
    if (acknowledged == 0 || seen == 0 || (int32_t)(acknowledged - seen) <= 1)
        return;
    tell_hole(c, pinfo, other, acknowledged - seen);
    other->acknowledged = acknowledged;
}

void connection_packet_end(connection *c, packet_info *pinfo)
{
    conversation_t *conversation = find_conversation_pinfo(pinfo, 0);
    direction *from = direction_of(c, pinfo);
    const struct tcp_analysis *tcp;
    uint32_t next = 0;

    if (conversation == NULL || !c->is_cti || c->reset)
        return;
    tcp = tcp_of(conversation, pinfo);
    if (tcp == NULL)
        return;
    /* Not there if the user has switched the analysis of sequence numbers off. */
    if (tcp->fwd->tcp_analyze_seq_info != NULL && tcp->rev->tcp_analyze_seq_info != NULL) {
        next = tcp->fwd->tcp_analyze_seq_info->nextseq;
        find_acknowledged_hole(c, pinfo, tcp);
    }
    if (is_fin(c, from, find_note(c, pinfo->num), tcp, next)) {
        from->closed = true;
        end_tcp(c, pinfo, CTI_TCP_FIN);
    }
    from->next = next;
    if (tcp->conversation_completeness & COMPLETENESS_RST && !c->reset_before) {
        c->reset = true;
        end_tcp(c, pinfo, CTI_TCP_RST);
    }
}
