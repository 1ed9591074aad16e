/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the codec's connections to notes (see engine.h). */
#include "engine.h"

#include <wsutil/adler32.h>

#include <string.h>

#include "bytes.h"
#include "preferences.h"

/* Wireshark keeps all packets in memory: connections cost little beside them. */
#define CONNECTIONS_MAX (1u << 20)

struct connection_data {
    bool shown;
    bool has_data;     /* of engine_take_data() */
    bool began;        /* a message was found */
    wmem_map_t *early; /* sequence number -> message_note: found before its turn, as yet not
                        * confirmed by the stream.  Or NULL */
};

/* A packet of TCP. */
typedef struct packet_place {
    uint32_t frame;
    int64_t time;
} packet_place;

/* Of the file that is open. */
static struct {
    cti_connections *connections; /* NULL before the first segment, and after the end */
    wmem_map_t *frames;           /* number -> frame_note */
    wmem_map_t *findings;         /* number of a frame -> finding_note, about several sessions */
    GPtrArray *sessions;          /* of session_data, by number - 1 */
    packet_place last;            /* that the first pass has come to */
    bool finished;
    /* The data that is being fed. */
    packet_info *pinfo;
    const cti_segment *segment;
    uint16_t piece;
} file;

/* The last packet of the last file that was read to its end. */
static packet_place end_of_file;

static cti_connection_options options;

/* ---- time, addresses ---- */

int64_t engine_time(const packet_info *pinfo)
{
    int64_t time;

    if (__builtin_mul_overflow((int64_t)pinfo->abs_ts.secs, CTI_SECOND, &time) ||
        __builtin_add_overflow(time, pinfo->abs_ts.nsecs, &time))
        return pinfo->abs_ts.secs < 0 ? -INT64_MAX : INT64_MAX;
    return time;
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

cti_endpoint engine_source(const packet_info *pinfo)
{
    return endpoint_of(&pinfo->src, pinfo->srcport);
}

cti_endpoint engine_destination(const packet_info *pinfo)
{
    return endpoint_of(&pinfo->dst, pinfo->destport);
}

/* ---- notes ---- */

static void *find(wmem_map_t *map, uint32_t number)
{
    return map != NULL ? wmem_map_lookup(map, GUINT_TO_POINTER(number)) : NULL;
}

static void put(wmem_map_t **map, uint32_t number, void *value)
{
    if (*map == NULL)
        *map = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
    wmem_map_insert(*map, GUINT_TO_POINTER(number), value);
}

frame_note *engine_frame(uint32_t frame)
{
    return find(file.frames, frame);
}

const finding_note *engine_findings(uint32_t frame)
{
    return find(file.findings, frame);
}

/* NULL as long as the connection is not known to be CTI. */
static connection_data *known_data(cti_connection *connection)
{
    return connection != NULL ? *cti_connection_data(connection) : NULL;
}

static connection_data *data_of(cti_connection *connection)
{
    connection_data *data = known_data(connection);

    if (data != NULL)
        return data;
    data = wmem_new0(wmem_file_scope(), connection_data);
    data->shown = options.serves(cti_connection_get_summary(connection)->server.port);
    *cti_connection_data(connection) = data;
    return data;
}

static bool has_begun(cti_connection *connection)
{
    const connection_data *data = known_data(connection);

    return data != NULL && data->began;
}

/* True for the frame whose data is being fed. */
static bool is_current(uint32_t frame)
{
    return file.pinfo != NULL && file.pinfo->num == frame;
}

static frame_note *make_frame(uint32_t frame, connection_data *connection)
{
    frame_note *note = engine_frame(frame);

    if (note != NULL)
        return note;
    note = wmem_new0(wmem_file_scope(), frame_note);
    note->connection = connection;
    if (is_current(frame) && file.piece == 0) {
        note->sequence = file.segment->sequence;
        note->captured = file.segment->captured;
    }
    put(&file.frames, frame, note);
    return note;
}

/* What is known of a message before its session has taken it in. */
static message_note *add_message(frame_note *frame, const cti_framed_message *message)
{
    message_note *note = wmem_new0(wmem_file_scope(), message_note);

    note->frame = message->frame;
    note->number = frame->message_count++;
    note->size = message->size;
    note->type = cti_header_type(message->bytes);
    note->piece = file.piece;
    note->session.sender = message->sender;
    note->context.possible = CTI_VERSIONS_ALL;
    note->client_gap = CTI_NO_TIME;
    note->idle_share = -1;
    note->response_time = CTI_NO_TIME;
    if (frame->messages == NULL)
        frame->messages = note;
    else
        frame->last_message->next = note;
    frame->last_message = note;
    return note;
}

/* ---- messages, as they are found ---- */

/* The message may have been shown before its turn. */
static message_note *take_early(connection_data *c, const cti_framed_message *message)
{
    message_note *note = find(c->early, message->start);

    if (note == NULL || note->size != message->size)
        return NULL;
    wmem_map_remove(c->early, GUINT_TO_POINTER(message->start));
    return note;
}

/* Where it is in the data of its frame: in what is being fed, or in TCP's payload of an earlier
 * frame. */
static void place_message(message_note *note, frame_note *frame, const cti_framed_message *message)
{
    const uint32_t offset = message->start - frame->sequence;
    const bool current = is_current(message->frame);
    const uint8_t *fed = current ? file.segment->payload : NULL;

    if (current && message->bytes >= fed && message->bytes < fed + file.segment->captured) {
        note->offset = (int32_t)(message->bytes - fed);
        return;
    }
    if ((!current || file.piece == 0) && offset < frame->captured &&
        message->size <= frame->captured - offset) {
        note->piece = 0;
        note->offset = (int32_t)offset;
        return;
    }
    note->offset = -1;
    note->bytes = wmem_memdup(wmem_file_scope(), message->bytes, message->size);
    note->checksum = adler32_bytes(message->bytes, message->size);
    if (note->piece == 0 && offset + message->size <= frame->captured)
        frame->lead = MAX(frame->lead, offset + message->size);
}

static void *take_framed(void *user, const cti_framed_message *message)
{
    connection_data *c = data_of(message->connection);
    message_note *note = take_early(c, message);
    frame_note *frame;

    (void)user;
    c->began = true;
    if (note != NULL)
        return note;
    frame = make_frame(message->frame, c);
    note = add_message(frame, message);
    place_message(note, frame, message);
    return note;
}

/* ---- sessions ---- */

static session_data *session_of(const cti_session_record *record)
{
    session_data *data = *record->writer_data;

    if (data != NULL)
        return data;
    data = wmem_new0(wmem_file_scope(), session_data);
    data->number = record->number;
    data->side = record->connection->side;
    if (file.pinfo != NULL) /* else at the end of the file */
        data->opened = (int64_t)file.pinfo->rel_ts.secs * CTI_SECOND + file.pinfo->rel_ts.nsecs;
    *record->writer_data = data;
    if (file.sessions == NULL)
        file.sessions = g_ptr_array_new();
    if (file.sessions->len < record->number)
        g_ptr_array_set_size(file.sessions, (int)record->number);
    g_ptr_array_index(file.sessions, record->number - 1) = data;
    return data;
}

/* Response times stay with the session. */
static session_data *update_session(const cti_session_record *record)
{
    session_data *data = session_of(record);
    char *text;

    data->summary = *record->session;
    data->summary.answers = (cti_quantile){.count = 0};
    data->summary.evidence = NULL;
    if (data->client_id == NULL && record->session->client_id[0] != '\0') {
        text = g_utf8_make_valid(record->session->client_id, -1);
        data->client_id = wmem_strdup(wmem_file_scope(), text);
        g_free(text);
    }
    return data;
}

static session_note note_session(const cti_session_record *record, cti_sender sender,
                                 cti_state state)
{
    const cti_session_summary *summary = record->session;
    session_note note = {.number = record->number,
                         .sender = sender,
                         .state = state,
                         .type = (uint16_t)summary->session_type,
                         .data = session_of(record)};

    note.has_services = cti_session_services(record->session, &note.services);
    return note;
}

static void take_message(void *user, const cti_message_record *record)
{
    const cti_message_facts *facts = record->facts;
    message_note *note = record->cookie, *request = facts->request_cookie;
    const frame_note *frame = engine_frame(note->frame);
    session_data *data = update_session(record->session);

    (void)user;
    if (frame != NULL)
        data->connection = frame->connection;
    note->session = note_session(record->session, record->sender, facts->state);
    note->context = facts->context;
    note->version = facts->version;
    note->version_inferred = facts->version_inferred;
    note->client_gap = facts->client_gap;
    note->idle_share = facts->idle_share;
    note->missed_run = facts->missed_run;
    note->begins_session = data->summary.messages_client + data->summary.messages_server == 1;
    note->first_without_open = note->begins_session && data->summary.open_frame == 0;
    if (!facts->answers)
        return;
    /* The links lead to where the messages are shown: a message that was found early is shown
     * before the frame in which its turn comes. */
    note->request = facts->request;
    note->response_to = request != NULL ? request->frame : facts->request_frame;
    note->response_time = facts->answer_time;
    if (request != NULL)
        request->response_in = note->frame;
}

static void take_request(void *user, const cti_session_record *session, const cti_request *request)
{
    message_note *note = request->cookie;

    (void)user;
    (void)session;
    note->unanswered = request->outcome == CTI_UNANSWERED;
}

static void take_heartbeat(void *user, const cti_session_record *session,
                           const cti_heartbeat *heartbeat)
{
    message_note *note = heartbeat->request->cookie;

    (void)user;
    (void)session;
    note->unanswered = heartbeat->missed;
}

static void take_tcp_end(void *user, const cti_session_record *session, cti_tcp_end how,
                         cti_sender sender, int64_t time, uint32_t frame)
{
    (void)user;
    (void)how;
    (void)time;
    make_frame(frame, update_session(session)->connection)->end =
        note_session(session, sender, session->session->state);
}

/* The facts behind the verdict are kept for as long as the file is open. */
static void take_session(void *user, const cti_session_record *record)
{
    const cti_session_summary *summary = record->session;
    session_data *data = update_session(record);
    frame_note *frame = record->frame != 0 ? engine_frame(record->frame) : NULL;

    (void)user;
    data->summary.evidence = wmem_memdup(wmem_file_scope(), summary->evidence,
                                         summary->evidence_count * sizeof(*summary->evidence));
    if (frame != NULL && frame->end.number == record->number)
        frame->finished = true;
}

/* ---- findings ---- */

static void append_finding(finding_note **list, finding_note *note)
{
    while (*list != NULL)
        list = &(*list)->next;
    *list = note;
}

static finding_note *new_finding(const cti_finding *finding, const session_note *session)
{
    finding_note *note = wmem_new0(wmem_file_scope(), finding_note);

    note->session = *session;
    note->rule = finding->rule;
    note->severity = finding->severity;
    note->frame_count = finding->frame_count;
    memcpy(note->frames, finding->frames, sizeof(note->frames));
    note->text = wmem_strdup(wmem_file_scope(), finding->text);
    note->check = finding->check;
    return note;
}

static uint32_t last_frame_of(const cti_finding *finding)
{
    return finding->frame_count > 0 ? finding->frames[finding->frame_count - 1] : 0;
}

/* About several sessions, or about one of them. */
static void take_common_finding(const cti_finding *finding)
{
    const uint32_t number = finding->session, frame = last_frame_of(finding);
    session_note session = {.sender = CTI_EITHER};
    finding_note *first = find(file.findings, frame), *note;

    if (frame == 0)
        return;
    if (number > 0 && file.sessions != NULL && number <= file.sessions->len) {
        session.data = g_ptr_array_index(file.sessions, number - 1);
        session.number = number;
        session.state = session.data->summary.state;
        session.type = (uint16_t)session.data->summary.session_type;
    }
    note = new_finding(finding, &session);
    append_finding(&first, note);
    put(&file.findings, frame, first);
}

static bool names_frame(const cti_finding *finding, uint32_t frame)
{
    for (uint32_t i = 0; i < finding->frame_count; i++)
        if (finding->frames[i] == frame)
            return true;
    return false;
}

/* To the one message that the session has in the frame, or to the frame itself. */
static void add_to_frame(frame_note *frame, finding_note *note)
{
    message_note *only = NULL;
    uint32_t count = 0;

    for (message_note *m = frame->messages; m != NULL; m = m->next)
        if (m->session.number == note->session.number) {
            only = m;
            count++;
        }
    append_finding(count == 1 ? &only->findings : &frame->findings, note);
}

/* To what it was found at: a message, or the packet that ended the connection.  False where it was
 * found when the whole file was read. */
static bool add_to_present(const cti_session_record *session, connection_data *connection,
                           finding_note *note)
{
    message_note *message = session->cookie;

    if (message != NULL)
        append_finding(&message->findings, note);
    else if (session->frame != 0)
        append_finding(&make_frame(session->frame, connection)->findings, note);
    else
        return false;
    return true;
}

/* A finding belongs to what it was found at, if it names that frame, else to the last of the frames
 * that it names.  Where these were dissected already, a single pass shows it where it was found. */
static void take_finding(void *user, const cti_session_record *session, const cti_finding *finding)
{
    const message_note *message;
    session_note about;
    finding_note *note;
    frame_note *own;

    (void)user;
    if (session == NULL) {
        take_common_finding(finding);
        return;
    }
    about = note_session(session, CTI_EITHER, session->session->state);
    message = session->cookie;
    note = new_finding(finding, &about);
    own = names_frame(finding, message != NULL ? message->frame : session->frame)
              ? NULL
              : engine_frame(last_frame_of(finding));
    note->first_pass = own != NULL;
    if (!add_to_present(session, about.data->connection, note) && own == NULL)
        own = engine_frame(session->session->last_frame);
    if (own != NULL)
        add_to_frame(own, new_finding(finding, &about));
}

/* ---- bytes that are not CTI ---- */

/* The frame of the first bytes of a direction, once it is known that they are not CTI. */
static void note_not_cti(const cti_connection_summary *connection, cti_sender sender)
{
    const cti_foreign *start = &connection->not_cti[sender == CTI_SERVER];
    frame_note *frame = start->frame != 0 ? engine_frame(start->frame) : NULL;

    if (frame == NULL)
        return;
    frame->not_cti = true;
    frame->looks = start->kind;
}

static void take_gap(void *user, const cti_gap *gap)
{
    (void)user;
    note_not_cti(gap->connection, gap->sender);
}

static const cti_connection_events events = {
    .framed = take_framed,
    .message = take_message,
    .heartbeat = take_heartbeat,
    .request = take_request,
    .finding = take_finding,
    .gap = take_gap,
    .tcp_end = take_tcp_end,
    .session = take_session,
};

/* ---- feeding ---- */

static void begin_file(void)
{
    options.held_bytes = CTI_HELD_BYTES_DEFAULT;
    options.held_total = CTI_HELD_TOTAL_DEFAULT;
    options.connections = CONNECTIONS_MAX;
    options.wait = CTI_WAIT_DEFAULT;
    options.open_req_only = preferences.recognize == RECOGNIZE_OPEN_REQ;
    options.largest_message = preferences.largest_message;
    file.connections = cti_connections_new(&options, &events, NULL);
}

static void feed(packet_info *pinfo, const cti_segment *segment, uint16_t piece)
{
    if (file.connections == NULL)
        begin_file();
    file.pinfo = pinfo;
    file.segment = segment;
    file.piece = piece;
    cti_connections_feed(file.connections, segment);
}

static cti_connection *connection_of(const cti_segment *segment)
{
    return file.connections != NULL
               ? cti_connections_find(file.connections, &segment->source, &segment->destination)
               : NULL;
}

/* Messages in bytes whose turn has not come: the capture may not show for long what is before
 * them, so they are shown now, and confirmed by the stream later. */
static void find_early(frame_note *frame, const cti_connection_summary *summary,
                       const cti_segment *segment)
{
    connection_data *c = frame->connection;
    const bool over =
        summary->close == CTI_END_RESET_BY_CLIENT || summary->close == CTI_END_RESET_BY_SERVER;
    const cti_sender sender =
        cti_endpoint_is(&segment->source, &summary->client) ? CTI_CLIENT : CTI_SERVER;
    const cti_framing framing = {
        .state = CTI_FRAME_SEARCH, .sender = sender, .at_start = true, .final = true};
    cti_framing now = framing;
    size_t size;

    for (uint32_t at = 0; at < segment->captured; at += (uint32_t)size) {
        const uint8_t *bytes = segment->payload + at;
        message_note *note;

        switch (cti_frame_next(&now, bytes, segment->captured - at, &size)) {
        case CTI_FRAME_MORE: return;
        case CTI_FRAME_SKIP: now.at_start = false; break;
        case CTI_FRAME_MESSAGE:
            if (find(c->early, segment->sequence + at) == NULL) {
                note = add_message(frame, &(cti_framed_message){.sender = sender,
                                                                .frame = segment->frame,
                                                                .start = segment->sequence + at,
                                                                .bytes = bytes,
                                                                .size = (uint32_t)size});
                note->offset = (int32_t)at;
                note->after_end = over;
                put(&c->early, segment->sequence + at, note);
            }
            now = framing;
            now.at_start = false;
            break;
        }
    }
}

/* The note of a segment's frame, or NULL where there is nothing to note. */
static frame_note *note_segment(const packet_info *pinfo, cti_connection *connection,
                                const cti_segment *segment)
{
    frame_note *frame = engine_frame(pinfo->num);

    if (!cti_connection_is_cti(connection))
        return NULL;
    if (frame == NULL && segment->length > 0)
        frame = make_frame(pinfo->num, NULL);
    if (frame != NULL)
        frame->connection = data_of(connection);
    return frame;
}

frame_note *engine_take_segment(packet_info *pinfo, const cti_segment *segment)
{
    cti_connection *connection = connection_of(segment);
    const uint32_t end = segment->sequence + segment->length;
    const bool known = connection != NULL && segment->length > 0;
    const uint32_t before = known ? cti_connection_reached(connection, &segment->source) : 0;
    const bool began = has_begun(connection);
    const uint32_t tail = known ? cti_connection_tail(connection, &segment->source) : 0;
    frame_note *frame;

    feed(pinfo, segment, 0);
    connection = connection_of(segment);
    frame = connection != NULL ? note_segment(pinfo, connection, segment) : NULL;
    file.pinfo = NULL;
    if (frame == NULL || segment->length == 0)
        return frame;
    note_not_cti(cti_connection_get_summary(connection), CTI_CLIENT);
    note_not_cti(cti_connection_get_summary(connection), CTI_SERVER);
    frame->began = began;
    frame->lead = MAX(frame->lead, MIN(tail, segment->captured));
    if (known && began && cti_sequence_ahead(end, before) <= 0)
        frame->place = PLACE_REPEATED;
    else if (cti_sequence_ahead(end, cti_connection_reached(connection, &segment->source)) > 0)
        frame->place = PLACE_EARLY;
    if (frame->place == PLACE_EARLY)
        find_early(frame, cti_connection_get_summary(connection), segment);
    if (frame->place == PLACE_NEXT)
        frame->unfinished = cti_connection_unfinished(connection, &segment->source, &frame->wanted);
    return frame;
}

frame_note *engine_take_data(packet_info *pinfo, const uint8_t *bytes, uint32_t captured,
                             uint32_t reported, uint16_t piece)
{
    const cti_segment segment = {.source = engine_source(pinfo),
                                 .destination = engine_destination(pinfo),
                                 .in_order = true,
                                 .is_cti = true,
                                 .payload = bytes,
                                 .captured = captured,
                                 .length = reported,
                                 .time = engine_time(pinfo),
                                 .frame = pinfo->num};
    cti_connection *connection = connection_of(&segment);
    const bool began = has_begun(connection);
    frame_note *frame;

    feed(pinfo, &segment, piece);
    frame = make_frame(pinfo->num, NULL);
    file.pinfo = NULL;
    connection = connection_of(&segment);
    if (connection == NULL)
        return frame;
    frame->connection = data_of(connection);
    frame->connection->shown = frame->connection->has_data = true;
    frame->began = began;
    return frame;
}

bool engine_is_shown(const connection_data *connection)
{
    return connection != NULL && connection->shown;
}

/* On later passes the frames' notes tell. */
bool engine_has_data(const packet_info *pinfo)
{
    const cti_segment segment = {.source = engine_source(pinfo),
                                 .destination = engine_destination(pinfo)};
    const frame_note *frame = engine_frame(pinfo->num);
    const connection_data *data = PINFO_FD_VISITED(pinfo)
                                      ? (frame != NULL ? frame->connection : NULL)
                                      : known_data(connection_of(&segment));

    return data != NULL && data->has_data;
}

void engine_show(connection_data *connection)
{
    connection->shown = true;
}

/* ---- the file ---- */

void engine_note_packet(packet_info *pinfo)
{
    file.last = (packet_place){pinfo->num, engine_time(pinfo)};
}

static void finish(void)
{
    file.finished = true;
    if (file.connections == NULL)
        return;
    cti_connections_finish(file.connections);
    cti_connections_free(file.connections);
    file.connections = NULL;
}

/* The capture has ended, or what of it was there when the user stopped it. */
static void file_was_read(void)
{
    end_of_file = file.last;
    finish();
}

/* When the user changes a preference, or ignores a packet, the file is dissected anew: a first pass
 * whose end Wireshark does not report.  It is there where the file was known to end. */
void engine_later_pass(void)
{
    if (!file.finished && file.last.frame != 0 && file.last.frame == end_of_file.frame &&
        file.last.time == end_of_file.time) /* GCOVR_EXCL_LINE: only the GUI does it (tests/gui) */
        finish();                           /* GCOVR_EXCL_LINE */
}

static void release(void)
{
    cti_connections_free(file.connections);
    if (file.sessions != NULL)
        g_ptr_array_unref(file.sessions);
    memset(&file, 0, sizeof(file));
}

void engine_register(bool (*serves)(uint16_t port))
{
    options.serves = serves;
    register_postseq_cleanup_routine(file_was_read);
    register_cleanup_routine(release);
}
