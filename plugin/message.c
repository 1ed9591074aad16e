/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A message in the Info column, its own expert infos, and the frame of its tree (see message.h). */
#include "message_internal.h"

#include "experts.h"
#include "fields.h"
#include "labels.h"
#include "text.h"

static int protocol_id = -1;

static int hf_message_length = -1;
static int hf_message_type = -1;
static int hf_skipped = -1;
static int hf_fragment = -1;

static int ett_message = -1;

void message_register(int protocol)
{
    static hf_register_info fields[] = {
        {&hf_message_length,
         {"MessageLength", "cti.message_length", FT_UINT32, BASE_DEC, NULL, 0,
          "Bytes after the header", HFILL}},
        {&hf_message_type,
         {"MessageType", "cti.message_type", FT_UINT32, BASE_DEC | BASE_EXT_STRING, NULL, 0, NULL,
          HFILL}},
        {&hf_skipped,
         {"Skipped bytes", "cti.skipped", FT_BYTES, BASE_NONE, NULL, 0,
          "Bytes of the stream that are not part of a message", HFILL}},
        {&hf_fragment,
         {"Part of a message", "cti.fragment", FT_BYTES, BASE_NONE, NULL, 0,
          "Part of a message that was not reassembled here", HFILL}},
    };
    static int *subtrees[] = {&ett_message};

    for (size_t i = 0; i < array_length(fields); i++)
        if (fields[i].p_id == &hf_message_type)
            fields[i].hfinfo.strings = VALS_EXT_PTR(fields_message_names());
    protocol_id = protocol;
    proto_register_field_array(protocol, fields, array_length(fields));
    proto_register_subtree_array(subtrees, array_length(subtrees));
    message_fields_register(protocol);
    message_session_register(protocol);
}

/* ---- failures ---- */

bool message_is_failure(uint32_t type)
{
    return type == CTI_FAILURE_CONF || type == CTI_FAILURE_EVENT ||
           type == CTI_CONTROL_FAILURE_CONF || type == CTI_FAILURE_RESP;
}

/* ---- expert infos ---- */

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
    if (cti_reader_status(reader, &status)) {
        g_string_append(words, ": ");
        cti_text_value(words, &status, v->text_flags);
        value = cti_item_value(&status);
    }
    if (value != NULL && value->text[0] != '\0')
        g_string_append_printf(words, ": %s", value->text);
    experts_add_failure(v->pinfo, item, words->str);
}

static void add_own_experts(const view *v, proto_item *item, const cti_reader *reader,
                            const message_note *note)
{
    if (message_is_failure(reader->message_type))
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

/* MessageType, by the name of what it is on the wire. */
static void add_type(const view *v, proto_tree *tree, int offset, const cti_reader *reader)
{
    const uint32_t type = reader->message_type;

    if (reader->message == NULL || reader->message->number == type)
        proto_tree_add_item(tree, hf_message_type, v->tvb, offset, 4, ENC_BIG_ENDIAN);
    else
        proto_tree_add_uint_format_value(tree, hf_message_type, v->tvb, offset, 4, type, "%s (%u)",
                                         reader->message->name, type);
}

void message_show(const view *v, int offset, uint32_t size, cti_reader *reader,
                  const message_note *note)
{
    proto_item *item = proto_tree_add_item(v->tree, protocol_id, v->tvb, offset, (int)size, ENC_NA);
    proto_tree *tree = proto_item_add_subtree(item, ett_message);

    if (v->pinfo->cinfo != NULL || message_is_visible(tree)) {
        summarize(v, reader);
        add_to_columns(v, v->scratch->str);
        label_shorten(v->scratch, LABEL_WORDS_MAX);
        proto_item_append_text(item, ", %s", v->scratch->str);
    }
    proto_tree_add_item(tree, hf_message_length, v->tvb, offset, 4, ENC_BIG_ENDIAN);
    add_type(v, tree, offset + 4, reader);
    add_own_experts(v, item, reader, note);
    message_add_fields(v, tree, offset, item, reader);
    if (note == NULL)
        return;
    if (tree != NULL)
        message_add_session(v, tree, note);
    for (const finding_note *finding = note->findings; finding != NULL; finding = finding->next)
        if (message_has_finding(v, finding))
            message_add_finding(v, tree, finding);
}

/* Shows bytes as what they are: "[12 bytes, rest of a message]". */
static proto_item *show_bytes(const view *v, int hf, int offset, uint32_t size, const char *what)
{
    proto_item *item = proto_tree_add_item(v->tree, protocol_id, v->tvb, offset, (int)size, ENC_NA);
    proto_tree *tree = proto_item_add_subtree(item, ett_message);

    g_string_printf(v->scratch, "[%u byte%s%s]", size, size == 1 ? "" : "s", what);
    if (v->pinfo->cinfo != NULL)
        add_to_columns(v, v->scratch->str);
    proto_item_append_text(item, " %s", v->scratch->str);
    proto_tree_add_item(tree, hf, v->tvb, offset, (int)size, ENC_NA);
    return item;
}

void message_show_not_cti(const view *v, cti_foreign_kind looks)
{
    proto_item *item = proto_tree_add_item(v->tree, protocol_id, v->tvb, 0, 0, ENC_NA);

    proto_item_set_generated(item);
    g_string_printf(v->scratch, "not CTI: %s%s", cti_foreign_words(looks),
                    looks == CTI_FOREIGN_UNKNOWN ? " bytes" : "");
    proto_item_append_text(item, ", %s", v->scratch->str);
    experts_add_not_cti(v->pinfo, item, v->scratch->str);
    col_append_fstr(v->pinfo->cinfo, COL_INFO, " [%s]", v->scratch->str);
}

void message_show_skipped(const view *v, int offset, uint32_t size)
{
    const uint8_t *bytes = tvb_get_ptr(v->tvb, offset, (int)size);
    const cti_foreign_kind looks = cti_foreign_look(bytes, size);
    proto_item *item = show_bytes(v, hf_skipped, offset, size, " not part of a message");

    g_string_printf(v->scratch, "%u byte%s not part of a message", size, size == 1 ? "" : "s");
    if (looks != CTI_FOREIGN_UNKNOWN)
        g_string_append_printf(v->scratch, " (%s)", cti_foreign_words(looks));
    experts_add_framing(v->pinfo, item, v->scratch->str);
}

void message_show_start(const view *v, int offset, uint32_t size)
{
    show_bytes(v, hf_fragment, offset, size, ", start of a message");
}

void message_show_rest(const view *v, int offset, uint32_t size)
{
    show_bytes(v, hf_fragment, offset, size, ", rest of a message");
}

void message_show_other(const view *v, int offset, uint32_t size)
{
    show_bytes(v, hf_fragment, offset, size, " not dissected here");
}

void message_show_repeated(const view *v, int offset, uint32_t size)
{
    show_bytes(v, hf_fragment, offset, size, ", retransmission");
}
