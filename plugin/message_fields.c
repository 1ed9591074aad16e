/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fields of a message in the tree, from the codec's reader (see message_internal.h). */
#include "message_internal.h"

#include "experts.h"
#include "fields.h"
#include "labels.h"
#include "text.h"

static int hf_float_tag = -1;
static int hf_float_length = -1;
static int hf_float_unknown = -1;
static int hf_float_unknown_text = -1;
static int hf_undecoded = -1;
static int hf_undecoded_field = -1;
static int hf_body = -1;
static int hf_left_over = -1;
static int hf_call_id = -1;

static int ett_field = -1;
static int ett_mask = -1;
static int ett_record = -1;

void message_fields_register(int protocol)
{
    static hf_register_info fields[] = {
        {&hf_float_tag,
         {"Tag", "cti.float.tag", FT_UINT16, BASE_DEC | BASE_EXT_STRING, NULL, 0,
          "Tag of a floating field", HFILL}},
        {&hf_float_length,
         {"Length", "cti.float.length", FT_UINT16, BASE_DEC, NULL, 0,
          "Length of a floating field's data", HFILL}},
        {&hf_float_unknown,
         {"Field with unknown tag", "cti.float.unknown", FT_BYTES, BASE_NONE, NULL, 0, NULL,
          HFILL}},
        {&hf_float_unknown_text,
         {"Text", "cti.float.unknown.text", FT_STRING, BASE_NONE, NULL, 0,
          "Data of a field with an unknown tag that is text", HFILL}},
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
        {&hf_call_id,
         {"Call", "cti.call_id", FT_UINT32, BASE_DEC, NULL, 0,
          "Any field with a call ID", HFILL}},
    };
    static int *subtrees[] = {&ett_field, &ett_mask, &ett_record};

    for (size_t i = 0; i < array_length(fields); i++)
        if (fields[i].p_id == &hf_float_tag)
            fields[i].hfinfo.strings = VALS_EXT_PTR(fields_tag_names());
    proto_register_field_array(protocol, fields, array_length(fields));
    proto_register_subtree_array(subtrees, array_length(subtrees));
}

/* ---- values ---- */

/* A message on its way into the tree. */
typedef struct place {
    const view *view;
    proto_tree *tree; /* of the message, or of a record in it */
    int offset;       /* of the message in view->tvb */
} place;

/* Of bytes that are text, after their hex. */
#define QUOTED_MAX 64u

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
    label_shorten(scratch, QUOTED_MAX);
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
    return label_add_string(tree, hf, at->view->tvb, at->offset + (int)item->offset + start,
                            (int)length, scratch->str);
}

static proto_item *add_bytes(const place *at, int hf, const cti_item *item)
{
    proto_item *added = proto_tree_add_item(at->tree, hf, at->view->tvb,
                                            at->offset + (int)item->offset, (int)item->length,
                                            ENC_NA);

    if (message_is_visible(at->tree))
        append_quoted(added, at->view->scratch, item);
    return added;
}

/* A value as the codec words it, as a string. */
static proto_item *add_worded(const place *at, int hf, const cti_item *item)
{
    GString *scratch = at->view->scratch;

    g_string_truncate(scratch, 0);
    cti_text_value(scratch, item, at->view->text_flags);
    return label_add_string(at->tree, hf, at->view->tvb, at->offset + (int)item->offset,
                            (int)item->length, scratch->str);
}

/* Of the bits of a mask, after the field's name and its number. */
#define NAMES_MAX 150u

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
    if (message_is_visible(at->tree)) {
        g_string_truncate(at->view->scratch, 0);
        cti_text_mask(at->view->scratch, mask, item->number);
        label_shorten(at->view->scratch, NAMES_MAX);
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
    if (cti_text_ones(item->field, item->number) != NULL)
        proto_item_append_text(added, " (%s)", cti_text_ones(item->field, item->number));
    if (values == NULL || !message_is_visible(at->tree))
        return added;
    value = cti_item_value(item);
    if (value != cti_value_find(values, item->number)) /* an older meaning */
        proto_item_set_text(added, "%s: %s (%u)", item->field->name,
                            value != NULL ? value->name : "Unknown", item->number);
    if (value != NULL && value->text[0] != '\0')
        proto_item_append_text(added, ": %s", value->text);
    return added;
}

/* GCOVR_EXCL_START: no field of the table has this type */
static proto_item *add_task_id(const place *at, const field_ids *ids, const cti_item *item)
{
    proto_item *added = add_worded(at, ids->value, item);
    proto_tree *tree = proto_item_add_subtree(added, ett_field);

    for (int i = 0; i < 3; i++)
        proto_tree_add_int(tree, ids->parts[i], at->view->tvb,
                           at->offset + (int)item->offset + 4 * i, 4, item->task_id[i]);
    return added;
}
/* GCOVR_EXCL_STOP */

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
    added = label_add_string(at->tree, ids->value, at->view->tvb, at->offset + (int)item->offset,
                             (int)item->length, scratch->str);

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
    return label_add_string(at->tree, ids->value, at->view->tvb, at->offset + (int)item->offset,
                            (int)item->length, at->view->scratch->str);
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

static proto_item *add_empty_array(const place *at, const cti_item *item)
{
    proto_item *added;

    proto_tree_add_subtree_format(at->tree, at->view->tvb, at->offset + (int)item->start,
                                  (int)item->size, ett_field, &added, "%s: no values",
                                  item->field->name);
    return added;
}

static proto_item *add_field(const place *at, const cti_item *item)
{
    const field_ids *ids = fields_of(item->field);

    if (cti_item_is_empty_array(item))
        return add_empty_array(at, item);
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
    case CTI_TYPE_TASKID:                      /* GCOVR_EXCL_LINE */
        if (item->has_number)                  /* GCOVR_EXCL_LINE: no field has it */
            return add_task_id(at, ids, item); /* GCOVR_EXCL_LINE */
        break;                                 /* GCOVR_EXCL_LINE */
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

/* The text in the data of an unknown tag. */
static void add_unknown_text(const place *at, proto_item *added, const cti_item *item)
{
    uint32_t length;

    if (cti_text_of_unknown(item, &length))
        add_text(at, proto_item_get_subtree(added), hf_float_unknown_text, item,
                 (const char *)item->data, length);
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
    add_unknown_text(at, added, item);
    if (item->field != NULL && item->field->flags & CTI_FIELD_CALL_ID && item->has_number) {
        proto_item *call = proto_tree_add_uint(at->tree, hf_call_id, at->view->tvb,
                                               at->offset + (int)item->offset, (int)item->length,
                                               item->number);

        proto_item_set_hidden(call);
    }
    return added;
}

/* ---- records of lists ---- */

/* The subtrees of a list's records. */
typedef struct record_trees {
    const cti_field *counter;
    proto_tree *parent;  /* of the message, or of the outer list's record */
    wmem_array_t *trees; /* proto_tree *, by the record's index; NULL where it has none yet */
} record_trees;

typedef struct list_trees {
    record_trees lists[CTI_MESSAGE_LISTS_MAX];
    unsigned count;
} list_trees;

static record_trees *trees_of_list(const place *at, list_trees *all, const cti_field *counter,
                                   proto_tree *parent)
{
    record_trees *list = all->lists;

    while (list < all->lists + all->count && list->counter != counter)
        list++;
    if (list == all->lists + all->count) {
        if (all->count == CTI_MESSAGE_LISTS_MAX)
            return NULL;
        all->count++;
    } else if (list->parent == parent) {
        return list;
    }
    *list = (record_trees){counter, parent,
                           wmem_array_new(at->view->pinfo->pool, sizeof(proto_tree *))};
    return list;
}

static proto_tree *tree_of_record(const place *at, record_trees *list, uint32_t index,
                                  const cti_item *item)
{
    static proto_tree *const none = NULL;
    proto_tree **tree;

    while (wmem_array_get_count(list->trees) <= index)
        wmem_array_append(list->trees, &none, 1);
    tree = wmem_array_index(list->trees, index);
    if (*tree == NULL)
        *tree = proto_tree_add_subtree_format(list->parent, at->view->tvb,
                                              at->offset + (int)item->start, (int)item->size,
                                              ett_record, NULL, "%s[%u]",
                                              cti_list_name(list->counter), index);
    else if (*tree != list->parent) /* equal if Wireshark fakes hidden items */
        proto_item_set_end(proto_tree_get_parent(*tree), at->view->tvb,
                           at->offset + (int)(item->start + item->size));
    return *tree;
}

/* The tree of the message, or of the record that contains the item. */
static proto_tree *tree_of_item(const place *at, list_trees *all, const cti_item *item)
{
    cti_record records[CTI_RECORD_DEPTH];
    const unsigned depth = cti_item_records(item, records);
    proto_tree *tree = at->tree;

    for (unsigned i = 0; i < depth && tree != NULL; i++) {
        record_trees *list = trees_of_list(at, all, records[i].counter, tree);

        if (list == NULL)
            return tree;
        tree = tree_of_record(at, list, records[i].index, item);
    }
    return tree;
}

/* ---- all fields ---- */

void message_add_fields(const view *v, proto_tree *tree, int offset, proto_item *message,
                        cti_reader *reader)
{
    const place of_message = {v, tree, offset};
    list_trees lists = {.count = 0};
    uint32_t told = 0;
    cti_item item;

    for (; told < reader->problem_count; told++)
        experts_add_problem(v->pinfo, message, &reader->problems[told], v->scratch);
    while (cti_reader_next(reader, &item)) {
        const place at = {v, tree_of_item(&of_message, &lists, &item), offset};
        proto_item *added = add_item(&at, &item);

        for (; told < reader->problem_count; told++)
            experts_add_problem(v->pinfo, added != NULL ? added : message,
                                &reader->problems[told], v->scratch);
    }
    for (; told < reader->problem_count; told++)
        experts_add_problem(v->pinfo, message, &reader->problems[told], v->scratch);
}
