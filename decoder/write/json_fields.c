/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fields of a message in its JSON record, and what is wrong with its bytes (see json_parts.h).
 *
 * Text that is no UTF-8, or with bytes behind its 0, becomes {"text":..., "hex":...}: readable, with
 * U+FFFD for what is not, and without loss.  A number of the wrong size becomes {"hex":...}. */
#include <glib.h>

#include "codec/text.h"
#include "json_parts.h"

/* ---- values ---- */

static void put_hidden(json *j, const cti_item *item)
{
    yajl_gen_map_open(j->gen);
    key_bool(j, "hidden", true);
    key_number(j, "length", cti_item_size(item));
    yajl_gen_map_close(j->gen);
}

static void put_named_variable(json *j, const cti_item *item)
{
    yajl_gen_map_open(j->gen);
    key(j, "name");
    put_wire_text(j, item->name, item->name_length);
    if (item->field->type == CTI_TYPE_NAMEDARRAY)
        key_number(j, "index", item->number);
    key(j, "value");
    put_wire_text(j, item->text, item->text_length);
    yajl_gen_map_close(j->gen);
}

static void put_wrong_size(json *j, const cti_item *item)
{
    yajl_gen_map_open(j->gen);
    key(j, "hex");
    put_hex(j, item->data, item->length);
    yajl_gen_map_close(j->gen);
}

static void put_number(json *j, const cti_item *item)
{
    switch (item->field->type) {
    case CTI_TYPE_TIME:
    case CTI_TYPE_TASKID:
        g_string_truncate(j->scratch, 0);
        cti_text_value(j->scratch, item, j->options->text_flags);
        put_scratch_as_text(j);
        return;
    default:
        put_integer(j, cti_type_is_signed(item->field->type) ? (int32_t)item->number
                                                             : (int64_t)item->number);
    }
}

static void put_value(json *j, const cti_item *item)
{
    if (cti_item_hidden(item, j->options->text_flags))
        put_hidden(j, item);
    else if (item->redacted && !cti_item_is_named(item))
        put_wire_text(j, item->text, item->text_length);
    else if (item->kind != CTI_ITEM_FIELD)
        put_hex(j, item->data, item->length);
    else if (item->has_number && item->field->type < CTI_TYPE_STRING)
        put_number(j, item);
    else if (item->field->type < CTI_TYPE_STRING)
        put_wrong_size(j, item);
    else if (item->field->type == CTI_TYPE_STRING && item->length > item->text_length + 1)
        put_text_and_hex(j, item->text, item->text_length, item->data, item->length);
    else if (item->field->type == CTI_TYPE_STRING)
        put_wire_text(j, item->text, item->text_length);
    else if (item->field->type != CTI_TYPE_UNSPEC)
        put_named_variable(j, item);
    else if (item->field->flags & CTI_FIELD_IPV6 && item->length == 16) {
        g_string_truncate(j->scratch, 0);
        cti_text_ipv6(j->scratch, item->data);
        put_scratch_as_text(j);
    } else
        put_hex(j, item->data, item->length);
}

static void put_enum_name(json *j, const cti_item *item)
{
    const cti_value *named =
        item->has_number ? cti_value_find(item->field->values, item->number) : NULL;

    put_text(j, named != NULL ? named->name : NULL);
}

static void put_mask_names(json *j, const cti_item *item)
{
    if (item->has_number)
        put_bit_names(j, item->field->values, item->number);
    else
        yajl_gen_null(j->gen);
}

static void put_unknown_bits(json *j, const cti_item *item)
{
    const uint32_t unknown = item->number & ~item->field->values->all_bits;

    if (!item->has_number || unknown == 0) {
        yajl_gen_null(j->gen);
        return;
    }
    g_string_printf(j->scratch, "0x%x", unknown);
    put_scratch_as_text(j);
}

/* ---- keys, each with its values ---- */

void json_fill_keys(json *j)
{
    GHashTable *seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < CTI_FIELD_COUNT; i++) {
        const char *name = cti_field_get((cti_field_id)i)->name;

        j->key_of[i] = (uint16_t)i;
        if (g_hash_table_contains(seen, name))
            j->key_of[i] = (uint16_t)GPOINTER_TO_UINT(g_hash_table_lookup(seen, name));
        else
            g_hash_table_insert(seen, (gpointer)name, GUINT_TO_POINTER(i));
    }
    g_hash_table_destroy(seen);
}

/* An array field that carries no value at all. */
static bool is_empty_array(const cti_item *item)
{
    return item->slot != NULL && item->slot->flags & CTI_SLOT_ARRAY && item->length == 0;
}

static uint32_t key_index(const json *j, const cti_item *item)
{
    switch (item->kind) {
    case CTI_ITEM_FIELD:
        return j->key_of[cti_field_index(item->field)];
    case CTI_ITEM_UNKNOWN_TAG:
        return KEY_TAGS + (item->tag & 0xFFFF);
    case CTI_ITEM_BODY:
        return KEY_BODY;
    case CTI_ITEM_LEFT_OVER:
    default:
        return KEY_LEFT_OVER;
    }
}

/* Named variables repeat wherever they stand. */
static bool may_repeat(const cti_item *item)
{
    if (item->field != NULL &&
        (item->field->type == CTI_TYPE_NAMEDVAR || item->field->type == CTI_TYPE_NAMEDARRAY))
        return true;
    return item->slot != NULL && item->slot->flags & (CTI_SLOT_LIST | CTI_SLOT_ARRAY);
}

static void add_value(json *j, const cti_item *item)
{
    const uint32_t k = key_index(j, item), index = j->values->len;
    const value new_value = {.item = *item, .count = 1};
    value *first;

    g_array_append_val(j->values, new_value);
    if (j->last[k] == 0) {
        j->first[k] = index;
    } else {
        g_array_index(j->values, value, j->last[k] - 1).next = index;
        g_array_index(j->values, value, index).count = 0;
        g_array_index(j->values, value, j->first[k]).count++;
    }
    j->last[k] = index + 1;
    first = &g_array_index(j->values, value, j->first[k]);
    if (first->count > 1 || may_repeat(item))
        first->is_list = true;
}

/* Writes one value, or the array of them, with put. */
static void put_values(json *j, const value *first, void (*put)(json *, const cti_item *))
{
    if (!first->is_list) {
        put(j, &first->item);
        return;
    }
    yajl_gen_array_open(j->gen);
    for (const value *v = first;;) {
        if (!is_empty_array(&v->item))
            put(j, &v->item);
        if (v->next == 0)
            break;
        v = &g_array_index(j->values, value, v->next);
    }
    yajl_gen_array_close(j->gen);
}

static bool any_unknown_bits(const json *j, const value *v)
{
    for (;;) {
        if (v->item.has_number && v->item.number & ~v->item.field->values->all_bits)
            return true;
        if (v->next == 0)
            return false;
        v = &g_array_index(j->values, value, v->next);
    }
}

static void put_key(json *j, const cti_item *item, const char *ending)
{
    if (item->kind == CTI_ITEM_FIELD && ending[0] == '\0') {
        put_text(j, item->field->name);
        return;
    }
    g_string_truncate(j->scratch, 0);
    cti_text_label(j->scratch, item);
    g_string_append(j->scratch, ending);
    put_scratch_as_text(j);
}

static void put_field(json *j, const value *first)
{
    const cti_field *field = first->item.field;

    put_key(j, &first->item, "");
    put_values(j, first, put_value);
    if (field == NULL || field->values == NULL)
        return;
    if (!field->values->is_mask) {
        put_key(j, &first->item, "_name");
        put_values(j, first, put_enum_name);
        return;
    }
    put_key(j, &first->item, "_names");
    put_values(j, first, put_mask_names);
    if (!any_unknown_bits(j, first))
        return;
    put_key(j, &first->item, "_unknown");
    put_values(j, first, put_unknown_bits);
}

void json_fields(json *j, cti_reader *reader)
{
    cti_item item;

    g_array_set_size(j->values, 0);
    while (cti_reader_next(reader, &item))
        add_value(j, &item);
    key(j, "fields");
    yajl_gen_map_open(j->gen);
    for (guint i = 0; i < j->values->len; i++) {
        const value *v = &g_array_index(j->values, value, i);

        if (v->count > 0)
            put_field(j, v);
        j->last[key_index(j, &v->item)] = 0;
    }
    yajl_gen_map_close(j->gen);
}

static void put_problem(json *j, const cti_problem *problem)
{
    yajl_gen_map_open(j->gen);
    key_text(j, "rule", cti_problem_name(problem->id));
    key_text(j, "severity", cti_severity_name(cti_problem_severity(problem->id)));
    key_text(j, "field", problem->field != NULL ? problem->field->name : NULL);
    key_known(j, "tag", problem->tag);
    key_number(j, "offset", problem->offset);
    key_number(j, "length", problem->length);
    g_string_truncate(j->scratch, 0);
    cti_text_problem(j->scratch, problem);
    key_text(j, "text", j->scratch->str);
    yajl_gen_map_close(j->gen);
}

void json_problems(json *j, const cti_reader *reader)
{
    key(j, "problems");
    yajl_gen_array_open(j->gen);
    for (uint32_t i = 0; i < reader->problem_count; i++)
        put_problem(j, &reader->problems[i]);
    yajl_gen_array_close(j->gen);
}
