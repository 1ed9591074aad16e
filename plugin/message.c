/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree, the Info column and the expert infos of a message (see message.h). */
#include "message.h"

#include "experts.h"
#include "fields.h"
#include "text.h"

static int protocol_id = -1;

static int hf_message_length = -1;
static int hf_message_type = -1;
static int hf_version = -1;
static int hf_version_inferred = -1;
static int hf_float_tag = -1;
static int hf_float_length = -1;
static int hf_float_unknown = -1;
static int hf_undecoded = -1;
static int hf_undecoded_field = -1;
static int hf_body = -1;
static int hf_left_over = -1;
static int hf_skipped = -1;
static int hf_fragment = -1;
static int hf_call_id = -1;
static int hf_sender = -1;
static int hf_session = -1;
static int hf_session_client_id = -1;
static int hf_session_side = -1;
static int hf_session_services = -1;
static int hf_session_state = -1;
static int hf_session_verdict = -1;
static int hf_response_in = -1;
static int hf_response_to = -1;
static int hf_response_time = -1;
static int hf_unanswered = -1;
static int hf_heartbeat_gap = -1;
static int hf_heartbeat_missed = -1;
static int hf_idle_share = -1;
static int hf_finding = -1;
static int hf_finding_frame = -1;

static int ett_message = -1;
static int ett_field = -1;
static int ett_mask = -1;
static int ett_finding = -1;

static const cti_value_set *service_names;

void message_register(int protocol)
{
    static hf_register_info fields[] = {
        {&hf_message_length,
         {"MessageLength", "cti.message_length", FT_UINT32, BASE_DEC, NULL, 0,
          "Bytes behind the header", HFILL}},
        {&hf_message_type,
         {"MessageType", "cti.message_type", FT_UINT32, BASE_DEC | BASE_EXT_STRING, NULL, 0, NULL,
          HFILL}},
        {&hf_version,
         {"Version in force", "cti.version", FT_UINT32, BASE_DEC, NULL, 0,
          "Version of the protocol that the session uses", HFILL}},
        {&hf_version_inferred,
         {"Version inferred", "cti.version.inferred", FT_BOOLEAN, BASE_NONE, NULL, 0,
          "OPEN_REQ was not captured: the version was found out from the messages", HFILL}},
        {&hf_float_tag,
         {"Tag", "cti.float.tag", FT_UINT16, BASE_DEC | BASE_EXT_STRING, NULL, 0,
          "Tag of a floating field", HFILL}},
        {&hf_float_length,
         {"Length", "cti.float.length", FT_UINT16, BASE_DEC, NULL, 0,
          "Length of a floating field's data", HFILL}},
        {&hf_float_unknown,
         {"Field with unknown tag", "cti.float.unknown", FT_BYTES, BASE_NONE, NULL, 0, NULL,
          HFILL}},
        {&hf_undecoded,
         {"Number of the wrong size", "cti.undecoded", FT_BYTES, BASE_NONE, NULL, 0, NULL, HFILL}},
        {&hf_undecoded_field,
         {"Field", "cti.undecoded.field", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL}},
        {&hf_body,
         {"Body", "cti.body", FT_BYTES, BASE_NONE, NULL, 0,
          "Fields of a message whose format is not published", HFILL}},
        {&hf_left_over,
         {"Left-over bytes", "cti.left_over", FT_BYTES, BASE_NONE, NULL, 0,
          "Bytes of the message that belong to no field", HFILL}},
        {&hf_skipped,
         {"Skipped bytes", "cti.skipped", FT_BYTES, BASE_NONE, NULL, 0,
          "Bytes of the stream that belong to no message", HFILL}},
        {&hf_fragment,
         {"Part of a message", "cti.fragment", FT_BYTES, BASE_NONE, NULL, 0,
          "Part of a message that is not put together", HFILL}},
        {&hf_call_id,
         {"Call", "cti.call_id", FT_UINT32, BASE_DEC, NULL, 0,
          "Any field that names a call", HFILL}},
        {&hf_sender,
         {"Sender", "cti.sender", FT_STRING, BASE_NONE, NULL, 0, "client or server", HFILL}},
        {&hf_session,
         {"Session", "cti.session", FT_UINT32, BASE_DEC, NULL, 0,
          "Number of the session in this capture", HFILL}},
        {&hf_session_client_id,
         {"Client of the session", "cti.session.client_id", FT_STRING, BASE_NONE, NULL, 0,
          "ClientID of the session's OPEN_REQ", HFILL}},
        {&hf_session_side,
         {"Side of the server", "cti.session.side", FT_STRING, BASE_NONE, NULL, 0,
          "A or B, by the server's port", HFILL}},
        {&hf_session_services,
         {"Services of the session", "cti.session.services", FT_UINT32, BASE_HEX, NULL, 0,
          "Granted by OPEN_CONF, or requested while it is not there", HFILL}},
        {&hf_session_state,
         {"State of the session", "cti.session.state", FT_STRING, BASE_NONE, NULL, 0,
          "After this message", HFILL}},
        {&hf_session_verdict,
         {"Why the session ended", "cti.session.verdict", FT_STRING, BASE_NONE, NULL, 0,
          "On the packet that ended it", HFILL}},
        {&hf_response_in,
         {"Answer in", "cti.response_in", FT_FRAMENUM, BASE_NONE,
          FRAMENUM_TYPE(FT_FRAMENUM_RESPONSE), 0, "The answer to this request is in this frame",
          HFILL}},
        {&hf_response_to,
         {"Answer to", "cti.response_to", FT_FRAMENUM, BASE_NONE,
          FRAMENUM_TYPE(FT_FRAMENUM_REQUEST), 0, "The request of this answer is in this frame",
          HFILL}},
        {&hf_response_time,
         {"Answer time", "cti.response_time", FT_RELATIVE_TIME, BASE_NONE, NULL, 0,
          "Time from the request to this answer", HFILL}},
        {&hf_unanswered,
         {"Unanswered", "cti.unanswered", FT_BOOLEAN, BASE_NONE, NULL, 0,
          "No answer to this request came, and the capture would have it", HFILL}},
        {&hf_heartbeat_gap,
         {"Silence of the client", "cti.heartbeat.gap", FT_RELATIVE_TIME, BASE_NONE, NULL, 0,
          "Time since the client's last message", HFILL}},
        {&hf_heartbeat_missed,
         {"Heartbeats missed", "cti.heartbeat.missed", FT_UINT32, BASE_DEC, NULL, 0,
          "HEARTBEAT_REQ in a row that were not answered until now", HFILL}},
        {&hf_idle_share,
         {"Share of IdleTimeout in percent", "cti.idle_share", FT_DOUBLE, BASE_NONE, NULL, 0,
          "How much of IdleTimeout the client's silence used up", HFILL}},
        {&hf_finding,
         {"Finding", "cti.finding", FT_STRING, BASE_NONE, NULL, 0,
          "A rule of the protocol that was broken", HFILL}},
        {&hf_finding_frame,
         {"Look at frame", "cti.finding.frame", FT_FRAMENUM, BASE_NONE, NULL, 0, NULL, HFILL}},
    };
    static int *subtrees[] = {&ett_message, &ett_field, &ett_mask, &ett_finding};

    for (size_t i = 0; i < array_length(fields); i++) {
        if (fields[i].p_id == &hf_message_type)
            fields[i].hfinfo.strings = VALS_EXT_PTR(fields_message_names());
        if (fields[i].p_id == &hf_float_tag)
            fields[i].hfinfo.strings = VALS_EXT_PTR(fields_tag_names());
    }
    protocol_id = protocol;
    service_names = cti_field_get(CTI_F_ServicesGranted)->values;
    proto_register_field_array(protocol, fields, array_length(fields));
    proto_register_subtree_array(subtrees, array_length(subtrees));
}

/* ---- values ---- */

/* A message on its way into the tree. */
typedef struct place {
    const view *view;
    proto_tree *tree; /* of the message */
    int offset;       /* of the message in view->tvb */
} place;

/* False where nobody looks at the words of an item. */
static bool is_visible(const proto_tree *tree)
{
    return tree != NULL && PTREE_DATA(tree)->visible;
}

static void append_quoted(proto_item *to, GString *scratch, const cti_item *item)
{
    uint32_t length = item->length;

    while (length > 0 && item->data[length - 1] == 0)
        length--;
    for (uint32_t i = 0; i < length; i++)
        if (item->data[i] < 0x20 || item->data[i] > 0x7E)
            return;
    if (length == 0)
        return;
    g_string_truncate(scratch, 0);
    cti_text_bytes(scratch, (const char *)item->data, length);
    proto_item_append_text(to, " (\"%s\")", scratch->str);
}

/* Text of the wire as it is, so that filters find it: Wireshark itself escapes what cannot be
 * shown.  Bytes that are no UTF-8 become U+FFFD. */
static void append_text(GString *to, const char *text, uint32_t length)
{
    char *valid;

    if (g_utf8_validate(text, length, NULL)) {
        g_string_append_len(to, text, length);
        return;
    }
    valid = g_utf8_make_valid(text, length);
    g_string_append(to, valid);
    g_free(valid);
}

static proto_item *add_text(const place *at, proto_tree *tree, int hf, const cti_item *item,
                            const char *text, uint32_t length)
{
    GString *scratch = at->view->scratch;
    const int start = text != NULL ? (int)((const uint8_t *)text - item->data) : 0;

    g_string_truncate(scratch, 0);
    append_text(scratch, text, length);
    return proto_tree_add_string(tree, hf, at->view->tvb,
                                 at->offset + (int)item->offset + start, (int)length,
                                 scratch->str);
}

static proto_item *add_bytes(const place *at, int hf, const cti_item *item)
{
    proto_item *added = proto_tree_add_item(at->tree, hf, at->view->tvb,
                                            at->offset + (int)item->offset, (int)item->length,
                                            ENC_NA);

    if (is_visible(at->tree))
        append_quoted(added, at->view->scratch, item);
    return added;
}

/* A value as the codec words it, as a string. */
static proto_item *add_worded(const place *at, int hf, const cti_item *item)
{
    GString *scratch = at->view->scratch;

    g_string_truncate(scratch, 0);
    cti_text_value(scratch, item, at->view->text_flags);
    return proto_tree_add_string(at->tree, hf, at->view->tvb, at->offset + (int)item->offset,
                                 (int)item->length, scratch->str);
}

static proto_item *add_mask(const place *at, const field_ids *ids, const cti_item *item)
{
    const int offset = at->offset + (int)item->offset;
    const cti_value_set *mask = item->field->values;
    proto_item *added = proto_tree_add_bitmask_value_with_flags(
        at->tree, at->view->tvb, (unsigned)offset, ids->value, ett_mask, ids->bits, item->number,
        BMT_NO_APPEND);

    if (item->number & ~mask->all_bits) {
        proto_item *rest = proto_tree_add_uint(proto_item_get_subtree(added), ids->unknown_bits,
                                               at->view->tvb, offset, (int)item->length,
                                               item->number & ~mask->all_bits);

        proto_item_set_generated(rest);
    }
    if (is_visible(at->tree)) {
        g_string_truncate(at->view->scratch, 0);
        cti_text_mask(at->view->scratch, mask, item->number);
        proto_item_append_text(added, " (%s)", at->view->scratch->str);
    }
    return added;
}

static proto_item *add_number(const place *at, const field_ids *ids, const cti_item *item)
{
    tvbuff_t *tvb = at->view->tvb;
    const int offset = at->offset + (int)item->offset;
    const int length = (int)item->length;
    const cti_value_set *values = item->field->values;
    const cti_value *value;
    proto_item *added;

    if (values != NULL && values->is_mask)
        return add_mask(at, ids, item);
    if (item->field->type == CTI_TYPE_TIME) {
        const nstime_t time = {(time_t)item->number, 0};

        return proto_tree_add_time(at->tree, ids->value, tvb, offset, length, &time);
    }
    if (item->field->type == CTI_TYPE_BOOL && values == NULL)
        return proto_tree_add_boolean(at->tree, ids->value, tvb, offset, length, item->number);
    if (cti_type_is_signed(item->field->type))
        added = proto_tree_add_int(at->tree, ids->value, tvb, offset, length,
                                   (int32_t)item->number);
    else
        added = proto_tree_add_uint(at->tree, ids->value, tvb, offset, length, item->number);
    value = values != NULL && is_visible(at->tree) ? cti_value_find(values, item->number) : NULL;
    if (value != NULL && value->text[0] != '\0')
        proto_item_append_text(added, ": %s", value->text);
    return added;
}

static proto_item *add_task_id(const place *at, const field_ids *ids, const cti_item *item)
{
    proto_item *added = add_worded(at, ids->value, item);
    proto_tree *tree = proto_item_add_subtree(added, ett_field);

    for (int i = 0; i < 3; i++)
        proto_tree_add_int(tree, ids->parts[i], at->view->tvb,
                           at->offset + (int)item->offset + 4 * i, 4, item->task_id[i]);
    return added;
}

/* "name=value", "name[index]=value", and its parts. */
static proto_item *add_named(const place *at, const field_ids *ids, const cti_item *item)
{
    GString *scratch = at->view->scratch;
    proto_item *added;
    proto_tree *tree;

    g_string_truncate(scratch, 0);
    append_text(scratch, item->name, item->name_length);
    if (item->field->type == CTI_TYPE_NAMEDARRAY)
        g_string_append_printf(scratch, "[%u]", item->number);
    g_string_append_c(scratch, '=');
    append_text(scratch, item->text, item->text_length);
    added = proto_tree_add_string(at->tree, ids->value, at->view->tvb,
                                  at->offset + (int)item->offset, (int)item->length, scratch->str);

    tree = proto_item_add_subtree(added, ett_field);
    if (item->field->type == CTI_TYPE_NAMEDARRAY && item->has_number)
        proto_tree_add_uint(tree, ids->index, at->view->tvb, at->offset + (int)item->offset, 1,
                            item->number);
    add_text(at, tree, ids->name, item, item->name, item->name_length);
    add_text(at, tree, ids->text, item, item->text, item->text_length);
    return added;
}

/* The whole field, with its terminating 0. */
static proto_item *add_string(const place *at, const field_ids *ids, const cti_item *item)
{
    if (cti_item_hidden(item, at->view->text_flags))
        return add_worded(at, ids->value, item);
    g_string_truncate(at->view->scratch, 0);
    append_text(at->view->scratch, item->text, item->text_length);
    return proto_tree_add_string(at->tree, ids->value, at->view->tvb,
                                 at->offset + (int)item->offset, (int)item->length,
                                 at->view->scratch->str);
}

/* A password of unknown format is text, or nothing that anyone could read. */
static proto_item *add_secret(const place *at, const field_ids *ids, const cti_item *item)
{
    uint32_t length = item->length;

    if (cti_item_hidden(item, at->view->text_flags))
        return add_worded(at, ids->value, item);
    while (length > 0 && item->data[length - 1] == 0)
        length--;
    return add_text(at, at->tree, ids->value, item, (const char *)item->data, length);
}

/* A number that is too long or too short to be one. */
static proto_item *add_undecoded(const place *at, const cti_item *item)
{
    proto_item *added = add_bytes(at, hf_undecoded, item);
    proto_item *name = proto_tree_add_string(proto_item_add_subtree(added, ett_field),
                                             hf_undecoded_field, at->view->tvb,
                                             at->offset + (int)item->start, 0, item->field->name);

    proto_item_set_generated(name);
    proto_item_prepend_text(added, "%s: ", item->field->name);
    return added;
}

static proto_item *add_field(const place *at, const cti_item *item)
{
    const field_ids *ids = fields_of(item->field);

    switch (item->field->type) {
    case CTI_TYPE_STRING:
        return add_string(at, ids, item);
    case CTI_TYPE_NAMEDVAR:
    case CTI_TYPE_NAMEDARRAY:
        return add_named(at, ids, item);
    case CTI_TYPE_UNSPEC:
        if (item->field->flags & CTI_FIELD_SECRET)
            return add_secret(at, ids, item);
        if (!(item->field->flags & CTI_FIELD_IPV6))
            return add_bytes(at, ids->value, item);
        if (item->length == 16)
            return proto_tree_add_item(at->tree, ids->value, at->view->tvb,
                                       at->offset + (int)item->offset, 16, ENC_NA);
        break;
    case CTI_TYPE_TASKID:
        if (item->has_number)
            return add_task_id(at, ids, item);
        break;
    default:
        if (item->has_number)
            return add_number(at, ids, item);
        break;
    }
    return add_undecoded(at, item);
}

/* Tag and length of a floating field, below its value. */
static void add_float_header(const place *at, proto_item *added, const cti_item *item)
{
    const uint32_t size = (item->offset - item->start) / 2;
    proto_tree *tree = proto_item_add_subtree(added, ett_field);
    const int offset = at->offset + (int)item->start;

    if (tree == NULL || item->tag == 0 || size == 0 || size > 2)
        return;
    proto_tree_add_item(tree, hf_float_tag, at->view->tvb, offset, (int)size, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_float_length, at->view->tvb, offset + (int)size, (int)size,
                        ENC_BIG_ENDIAN);
}

static proto_item *add_item(const place *at, const cti_item *item)
{
    proto_item *added;

    if (at->tree == NULL)
        return NULL;
    switch (item->kind) {
    case CTI_ITEM_BODY:
        return add_bytes(at, hf_body, item);
    case CTI_ITEM_LEFT_OVER:
        return add_bytes(at, hf_left_over, item);
    case CTI_ITEM_UNKNOWN_TAG:
        added = add_bytes(at, hf_float_unknown, item);
        break;
    default:
        added = add_field(at, item);
        break;
    }
    add_float_header(at, added, item);
    if (item->field != NULL && item->field->flags & CTI_FIELD_CALL_ID && item->has_number) {
        proto_item *call = proto_tree_add_uint(at->tree, hf_call_id, at->view->tvb,
                                               at->offset + (int)item->offset, (int)item->length,
                                               item->number);

        proto_item_set_hidden(call);
    }
    return added;
}

/* All fields, each with the problems that it has; then those of the message. */
static void add_items(const place *at, proto_item *message, cti_reader *reader)
{
    const view *v = at->view;
    uint32_t told = 0;
    cti_item item;

    for (; told < reader->problem_count; told++)
        experts_add_problem(v->pinfo, message, &reader->problems[told], v->scratch);
    while (cti_reader_next(reader, &item)) {
        proto_item *added = add_item(at, &item);

        for (; told < reader->problem_count; told++)
            experts_add_problem(v->pinfo, added != NULL ? added : message,
                                &reader->problems[told], v->scratch);
    }
    for (; told < reader->problem_count; told++)
        experts_add_problem(v->pinfo, message, &reader->problems[told], v->scratch);
}

/* ---- what the session tells ---- */

static void add_duration(proto_tree *tree, tvbuff_t *tvb, int hf, int64_t duration)
{
    const nstime_t time = {(time_t)(duration / CTI_SECOND), (int)(duration % CTI_SECOND)};

    proto_item_set_generated(proto_tree_add_time(tree, hf, tvb, 0, 0, &time));
}

static void add_word(proto_tree *tree, tvbuff_t *tvb, int hf, const char *word)
{
    proto_item_set_generated(proto_tree_add_string(tree, hf, tvb, 0, 0, word));
}

static void add_uint(proto_tree *tree, tvbuff_t *tvb, int hf, uint32_t number)
{
    proto_item_set_generated(proto_tree_add_uint(tree, hf, tvb, 0, 0, number));
}

static void add_session(const view *v, proto_tree *tree, const session_note *note)
{
    proto_item *services;

    if (note->sender != CTI_EITHER)
        add_word(tree, v->tvb, hf_sender, note->sender == CTI_CLIENT ? "client" : "server");
    if (note->number == 0)
        return;
    add_uint(tree, v->tvb, hf_session, note->number);
    if (note->client_id != NULL)
        add_word(tree, v->tvb, hf_session_client_id, note->client_id);
    if (note->side != CTI_SIDE_UNKNOWN)
        add_word(tree, v->tvb, hf_session_side, cti_side_name(note->side));
    add_word(tree, v->tvb, hf_session_state, cti_state_name(note->state));
    if (!note->has_services)
        return;
    services = proto_tree_add_uint(tree, hf_session_services, v->tvb, 0, 0, note->services);
    proto_item_set_generated(services);
    if (is_visible(tree)) {
        g_string_truncate(v->scratch, 0);
        cti_text_mask(v->scratch, service_names, note->services);
        proto_item_append_text(services, " (%s)", v->scratch->str);
    }
}

static void add_links(const view *v, proto_tree *tree, const message_note *note)
{
    if (note->unanswered) {
        proto_item *item = proto_tree_add_boolean(tree, hf_unanswered, v->tvb, 0, 0, true);

        proto_item_set_generated(item);
    }
    if (note->response_in != 0)
        add_uint(tree, v->tvb, hf_response_in, note->response_in);
    if (note->response_to != 0) {
        add_uint(tree, v->tvb, hf_response_to, note->response_to);
        if (note->response_time != CTI_NO_TIME)
            add_duration(tree, v->tvb, hf_response_time, note->response_time);
    }
}

static void add_circumstances(const view *v, proto_tree *tree, const message_note *note)
{
    add_session(v, tree, &note->session);
    if (note->version != 0) {
        proto_item *inferred;

        add_uint(tree, v->tvb, hf_version, note->version);
        inferred = proto_tree_add_boolean(tree, hf_version_inferred, v->tvb, 0, 0,
                                          note->version_inferred);
        proto_item_set_generated(inferred);
    }
    add_links(v, tree, note);
    if (note->client_gap != CTI_NO_TIME)
        add_duration(tree, v->tvb, hf_heartbeat_gap, note->client_gap);
    if (note->missed_run > 0)
        add_uint(tree, v->tvb, hf_heartbeat_missed, note->missed_run);
    if (note->idle_share >= 0)
        proto_item_set_generated(
            proto_tree_add_double(tree, hf_idle_share, v->tvb, 0, 0, 100 * note->idle_share));
}

static void add_finding(const view *v, proto_tree *tree, const finding_note *note)
{
    proto_item *item = proto_tree_add_string(tree, hf_finding, v->tvb, 0, 0, note->text);
    proto_tree *frames = proto_item_add_subtree(item, ett_finding);

    proto_item_set_generated(item);
    for (uint32_t i = 0; i < note->frame_count; i++)
        add_uint(frames, v->tvb, hf_finding_frame, note->frames[i]);
    experts_add_finding(v->pinfo, item, note->rule, note->severity, note->text);
}

/* ---- expert infos of the message ---- */

static bool is_failure(uint32_t type)
{
    return type == CTI_FAILURE_CONF || type == CTI_FAILURE_EVENT ||
           type == CTI_CONTROL_FAILURE_CONF || type == CTI_FAILURE_RESP;
}

/* "FAILURE_CONF to OPEN_REQ: Status E_CTI_INVALID_PASSWORD (36): what it means" */
static void add_failure(const view *v, proto_item *item, const cti_reader *reader,
                        const message_note *note)
{
    cti_item status;
    const cti_value *value = NULL;
    GString *words = v->scratch;

    g_string_assign(words, reader->message->name);
    if (note != NULL && note->request != NULL)
        g_string_append_printf(words, " to %s", note->request->name);
    if (cti_reader_find(reader, CTI_F_Status, &status) ||
        cti_reader_find(reader, CTI_F_FailureCode, &status)) {
        g_string_append(words, ": ");
        cti_text_value(words, &status, v->text_flags);
        if (status.has_number && status.field->values != NULL)
            value = cti_value_find(status.field->values, status.number);
    }
    if (value != NULL && value->text[0] != '\0')
        g_string_append_printf(words, ": %s", value->text);
    experts_add_failure(v->pinfo, item, words->str);
}

static void add_own_experts(const view *v, proto_item *item, const cti_reader *reader,
                            const message_note *note)
{
    if (is_failure(reader->message_type))
        add_failure(v, item, reader, note);
    if (note != NULL && note->unanswered)
        experts_add_unanswered(v->pinfo, item);
    if (note == NULL || !note->first_without_open)
        return;
    if (note->version == 0)
        experts_add_version(v->pinfo, item,
                            "OPEN_REQ was not captured: the version of the session is not known");
    else
        experts_add_version(v->pinfo, item,
                            "OPEN_REQ was not captured: the version of the session is inferred "
                            "from its messages");
}

/* ---- the message ---- */

/* "HEARTBEAT_REQ inv=7", in scratch. */
static void summarize(const view *v, const cti_reader *reader)
{
    size_t before;

    g_string_truncate(v->scratch, 0);
    if (reader->message == NULL) {
        g_string_append_printf(v->scratch, "MessageType %u", reader->message_type);
        return;
    }
    g_string_append_printf(v->scratch, "%s ", reader->message->name);
    before = v->scratch->len;
    cti_text_highlights(v->scratch, reader, v->text_flags);
    if (v->scratch->len == before)
        g_string_truncate(v->scratch, before - 1);
}

static void add_to_columns(const view *v, const char *summary)
{
    column_info *columns = v->pinfo->cinfo;

    col_set_str(columns, COL_PROTOCOL, "CTI");
    col_clear(columns, COL_INFO);
    col_append_sep_str(columns, COL_INFO, ", ", summary);
    col_set_fence(columns, COL_INFO);
}

void message_show(const view *v, int offset, uint32_t size, cti_reader *reader,
                  const message_note *note)
{
    proto_item *item = proto_tree_add_item(v->tree, protocol_id, v->tvb, offset, (int)size, ENC_NA);
    proto_tree *tree = proto_item_add_subtree(item, ett_message);
    const place at = {v, tree, offset};

    if (v->pinfo->cinfo != NULL || is_visible(tree)) {
        summarize(v, reader);
        add_to_columns(v, v->scratch->str);
        proto_item_append_text(item, ", %s", v->scratch->str);
    }
    proto_tree_add_item(tree, hf_message_length, v->tvb, offset, 4, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_message_type, v->tvb, offset + 4, 4, ENC_BIG_ENDIAN);
    add_own_experts(v, item, reader, note);
    add_items(&at, item, reader);
    if (note == NULL)
        return;
    if (tree != NULL)
        add_circumstances(v, tree, note);
    for (const finding_note *finding = note->findings; finding != NULL; finding = finding->next)
        add_finding(v, tree, finding);
}

void message_show_skipped(const view *v, int offset, uint32_t size, bool is_start)
{
    proto_item *item = proto_tree_add_item(v->tree, protocol_id, v->tvb, offset, (int)size, ENC_NA);
    proto_tree *tree = proto_item_add_subtree(item, ett_message);

    g_string_printf(v->scratch, is_start ? "[%u bytes, start of a message]"
                                         : "[%u bytes that are no message]", size);
    if (v->pinfo->cinfo != NULL)
        add_to_columns(v, v->scratch->str);
    proto_item_append_text(item, " %s", v->scratch->str);
    proto_tree_add_item(tree, is_start ? hf_fragment : hf_skipped, v->tvb, offset, (int)size,
                        ENC_NA);
    if (!is_start) {
        g_string_printf(v->scratch, "%u bytes that are no message", size);
        experts_add_framing(v->pinfo, item, v->scratch->str);
    }
}

void message_show_tail(const view *v, int offset, uint32_t size)
{
    proto_item *item = proto_tree_add_item(v->tree, protocol_id, v->tvb, offset, (int)size, ENC_NA);
    proto_tree *tree = proto_item_add_subtree(item, ett_message);

    g_string_printf(v->scratch, "[%u bytes, rest of a message]", size);
    if (v->pinfo->cinfo != NULL)
        add_to_columns(v, v->scratch->str);
    proto_item_append_text(item, " %s", v->scratch->str);
    proto_tree_add_item(tree, hf_fragment, v->tvb, offset, (int)size, ENC_NA);
}

/* A tree for what is about no message. */
static proto_tree *add_end(const view *v, proto_item **item)
{
    *item = proto_tree_add_item(v->tree, protocol_id, v->tvb, 0, 0, ENC_NA);
    proto_item_set_generated(*item);
    return proto_item_add_subtree(*item, ett_message);
}

/* " [CTI session 1 lost: heartbeats-unanswered]" behind what TCP says. */
static void add_end_to_columns(column_info *columns, const frame_note *frame)
{
    col_append_fstr(columns, COL_INFO, " [CTI session %u %s", frame->end.number,
                    cti_state_name(frame->end.state));
    if (frame->finished)
        col_append_fstr(columns, COL_INFO, ": %s", cti_verdict_name(frame->end.summary->verdict));
    col_append_str(columns, COL_INFO, "]");
}

void message_show_end(const view *v, const frame_note *frame)
{
    uint32_t session = frame->end.number; /* that the tree is about */
    proto_tree *tree = NULL;
    proto_item *item;

    if (session != 0) {
        tree = add_end(v, &item);
        proto_item_append_text(item, ", the %s ended the connection",
                               frame->end.sender == CTI_CLIENT ? "client" : "server");
        add_session(v, tree, &frame->end);
        if (frame->finished)
            add_word(tree, v->tvb, hf_session_verdict,
                     cti_verdict_name(frame->end.summary->verdict));
        add_end_to_columns(v->pinfo->cinfo, frame);
    }
    for (const finding_note *note = frame->findings; note != NULL; note = note->next) {
        if (note->session.number != session) {
            session = note->session.number;
            tree = add_end(v, &item);
            proto_item_append_text(item, ", about session %u", session);
            add_session(v, tree, &note->session);
        }
        add_finding(v, tree, note);
    }
}
