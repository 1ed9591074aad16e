/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fields of a message in its JSON record, and what is wrong with its bytes (see json_parts.h).
 *
 * A key has one type in all messages, so that each column of a table has one type.  Where a value
 * does not fit its field X, X is null, or text with U+FFFD for bytes that are not UTF-8, and X_hex
 * has the bytes; X_hidden is the size of a hidden value, X_token replaces a redacted number.  A list
 * is an array of objects, one for each record; its members appear nowhere else.  Other fields that
 * occur again are in "repeated". */
#include <glib.h>

#include "codec/text.h"
#include "json_parts.h"

/* ---- values ---- */

/* What a field is in JSON. */
typedef enum { KIND_NUMBER, KIND_TEXT, KIND_NAMED } kind;

static kind kind_of(const cti_field *field)
{
    if (field->type < CTI_TYPE_TIME)
        return KIND_NUMBER;
    return field->type < CTI_TYPE_NAMEDVAR ? KIND_TEXT : KIND_NAMED;
}

static value *value_at(const json *j, uint32_t place)
{
    return &g_array_index(j->values, value, place - 1);
}

static bool is_utf8(const char *text, uint32_t length)
{
    return g_utf8_validate_len(text, length, NULL);
}

/* "name" with the text, and "name_hex" if the text is not UTF-8. */
static void put_part(json *j, const char *name, const char *text, uint32_t length)
{
    key(j, name);
    put_wire_text(j, text, length);
    if (is_utf8(text, length))
        return;
    g_string_printf(j->scratch, "%s_hex", name);
    put_scratch_as_text(j);
    put_hex(j, (const uint8_t *)text, length);
}

static void put_named_variable(json *j, const cti_item *item)
{
    yajl_gen_map_open(j->gen);
    put_part(j, "name", item->name, item->name_length);
    if (item->field->type == CTI_TYPE_NAMEDARRAY)
        key_number(j, "index", item->number);
    put_part(j, "value", item->text, item->text_length);
    yajl_gen_map_close(j->gen);
}

static void put_as_text(json *j, const cti_item *item)
{
    g_string_truncate(j->scratch, 0);
    cti_text_value(j->scratch, item, j->options->text_flags);
    put_scratch_as_text(j);
}

/* A value of KIND_TEXT. */
static void put_text_value(json *j, const cti_item *item)
{
    const cti_type type = item->field != NULL ? item->field->type : CTI_TYPE_UNSPEC;

    if (item->redacted || type == CTI_TYPE_STRING)
        put_wire_text(j, item->text, item->text_length);
    else if (item->has_number)
        put_as_text(j, item); /* TIME, TASKID */
    else if (type != CTI_TYPE_UNSPEC)
        yajl_gen_null(j->gen);
    else if (item->field != NULL && item->field->flags & CTI_FIELD_IPV6 && item->length == 16)
        put_as_text(j, item);
    else
        put_hex(j, item->data, item->length);
}

static void put_value(json *j, const cti_item *item)
{
    if (cti_item_hidden(item, j->options->text_flags))
        yajl_gen_null(j->gen);
    else if (item->field == NULL || kind_of(item->field) == KIND_TEXT)
        put_text_value(j, item);
    else if (!item->has_number)
        yajl_gen_null(j->gen);
    else
        put_integer(j, cti_type_is_signed(item->field->type) ? (int32_t)item->number
                                                             : (int64_t)item->number);
}

static void put_bit_names_of(json *j, const cti_item *item)
{
    if (item->has_number)
        put_bit_names(j, item->field->values, item->number);
    else
        yajl_gen_null(j->gen);
}

/* ---- keys ---- */

void json_start_fields(json *j)
{
    GHashTable *first = g_hash_table_new(g_str_hash, g_str_equal);

    j->values = g_array_new(FALSE, FALSE, sizeof(value));
    for (int depth = 0; depth < CTI_RECORD_DEPTH; depth++)
        j->records[depth] = g_array_new(FALSE, TRUE, sizeof(record_values));
    for (guint i = 0; i < CTI_FIELD_COUNT; i++) {
        const cti_field *field = cti_field_get((cti_field_id)i);
        gpointer found = NULL;
        guint same = i;

        j->names[i] = field->name;
        if (!g_hash_table_lookup_extended(first, field->name, NULL, &found))
            g_hash_table_insert(first, (gpointer)field->name, GUINT_TO_POINTER(i));
        else if (kind_of(cti_field_get(GPOINTER_TO_UINT(found))) == kind_of(field))
            same = GPOINTER_TO_UINT(found);
        else
            j->names[i] = field->id; /* one name for a number and a text */
        j->key_of[i] = (uint16_t)same;
    }
    g_hash_table_destroy(first);
}

void json_finish_fields(json *j)
{
    for (int depth = 0; depth < CTI_RECORD_DEPTH; depth++)
        g_array_unref(j->records[depth]);
    g_array_unref(j->values);
}

static uint32_t key_index(const json *j, const cti_item *item)
{
    if (item->field != NULL)
        return j->key_of[cti_field_index(item->field)];
    return item->kind == CTI_ITEM_BODY ? KEY_BODY : KEY_LEFT_OVER;
}

static const char *name_of(const json *j, const cti_item *item)
{
    if (item->field != NULL)
        return j->names[cti_field_index(item->field)];
    return item->kind == CTI_ITEM_BODY ? "body" : "left_over";
}

/* A key derived from the field's: "Status_name". */
static void put_key(json *j, const cti_item *item, const char *ending)
{
    g_string_assign(j->scratch, name_of(j, item));
    g_string_append(j->scratch, ending);
    put_scratch_as_text(j);
}

/* ---- fields ---- */

static void put_names(json *j, const cti_item *item)
{
    const cti_value_set *values = item->field->values;
    const cti_value *named;

    if (!values->is_mask) {
        named = cti_item_value(item);
        put_key(j, item, "_name");
        put_text(j, named != NULL ? named->name : NULL);
        return;
    }
    put_key(j, item, "_names");
    put_bit_names_of(j, item);
    if (!item->has_number || (item->number & ~values->all_bits) == 0)
        return;
    put_key(j, item, "_unknown");
    g_string_printf(j->scratch, "0x%x", item->number & ~values->all_bits);
    put_scratch_as_text(j);
}

/* True if the value does not show all bytes of the field. */
static bool needs_hex(const cti_item *item)
{
    if (item->field == NULL || item->redacted)
        return false;
    if (item->field->type < CTI_TYPE_STRING)
        return !item->has_number;
    return item->field->type == CTI_TYPE_STRING &&
           (item->length > item->text_length + 1 || !is_utf8(item->text, item->text_length));
}

/* The bytes, size or token of a value that does not fit the field's type. */
static void put_additional(json *j, const cti_item *item)
{
    if (cti_item_hidden(item, j->options->text_flags)) {
        put_key(j, item, "_hidden");
        put_integer(j, cti_item_size(item));
    } else if (needs_hex(item)) {
        put_key(j, item, "_hex");
        put_hex(j, item->data, item->length);
    } else if (item->redacted && item->text_length > 0 && item->field != NULL &&
               kind_of(item->field) == KIND_NUMBER) {
        put_key(j, item, "_token");
        put_wire_text(j, item->text, item->text_length);
    }
}

static void put_field(json *j, const cti_item *item)
{
    key(j, name_of(j, item));
    put_value(j, item);
    if (item->field != NULL && item->field->values != NULL)
        put_names(j, item);
    put_additional(j, item);
}

static void put_unknown_tag(json *j, const cti_item *item)
{
    uint32_t length;

    yajl_gen_map_open(j->gen);
    key_number(j, "tag", item->tag);
    key(j, "hex");
    if (item->redacted)
        yajl_gen_null(j->gen);
    else
        put_hex(j, item->data, item->length);
    key(j, "text");
    if (item->redacted)
        put_wire_text(j, item->text, item->text_length);
    else if (cti_text_of_unknown(item, &length))
        put_wire_text(j, (const char *)item->data, length);
    else
        yajl_gen_null(j->gen);
    yajl_gen_map_close(j->gen);
}

/* ---- objects ---- */

static void put_object(json *j, uint32_t first, unsigned level);

/* The record of a list in an object of this level that contains the value; no counter if none. */
static cti_record record_at(const value *v, unsigned level)
{
    cti_record records[CTI_RECORD_DEPTH];
    const unsigned count = cti_item_records(&v->item, records);

    if (level < count)
        return records[level];
    if (level == count && cti_item_is_empty_array(&v->item))
        return (cti_record){v->item.slot->counter, 0};
    return (cti_record){NULL, 0};
}

static void add_to_record(json *j, uint32_t index, uint32_t place, unsigned level)
{
    GArray *records = j->records[level];
    record_values *record;

    if (index >= records->len)
        g_array_set_size(records, index + 1);
    record = &g_array_index(records, record_values, index);
    if (record->first == 0)
        record->first = place;
    else
        value_at(j, record->last)->next[level + 1] = place;
    record->last = place;
    value_at(j, place)->next[level + 1] = 0;
}

/* The list whose first value is at this place, record by record. */
static void put_list(json *j, uint32_t first, unsigned level)
{
    const cti_field *counter = record_at(value_at(j, first), level).counter;
    GArray *records = j->records[level];

    g_array_set_size(records, 0);
    for (uint32_t place = first; place != 0; place = value_at(j, place)->next[level]) {
        value *v = value_at(j, place);
        const cti_record record = record_at(v, level);

        if (record.counter != counter)
            continue;
        v->in_list = (uint8_t)(level + 1);
        if (!cti_item_is_empty_array(&v->item) || v->item.slot->counter != counter)
            add_to_record(j, record.index, place, level);
    }
    key(j, cti_list_name(counter));
    yajl_gen_array_open(j->gen);
    for (guint i = 0; i < records->len; i++) {
        const uint32_t of_record = g_array_index(records, record_values, i).first;

        if (of_record == 0)
            continue;
        yajl_gen_map_open(j->gen);
        put_object(j, of_record, level + 1);
        yajl_gen_map_close(j->gen);
    }
    yajl_gen_array_close(j->gen);
}

/* All values of the object of the same field or kind as the first one, with put. */
static void put_array(json *j, uint32_t first, unsigned level, const char *name,
                      void (*put)(json *, const cti_item *))
{
    const cti_item *item = &value_at(j, first)->item;
    const cti_field *field = item->field;
    const cti_item_kind item_kind = item->kind;

    key(j, name);
    yajl_gen_array_open(j->gen);
    for (uint32_t place = first; place != 0; place = value_at(j, place)->next[level]) {
        value *v = value_at(j, place);

        if (v->item.field != field || v->item.kind != item_kind)
            continue;
        v->in_list = (uint8_t)(level + 1);
        put(j, &v->item);
    }
    yajl_gen_array_close(j->gen);
}

static void put_repeated(json *j, const cti_item *item)
{
    yajl_gen_map_open(j->gen);
    put_field(j, item);
    yajl_gen_map_close(j->gen);
}

/* The value or list at this place; false for a field whose key is already in the object. */
static bool put_place(json *j, uint32_t place, unsigned level, uint64_t object)
{
    const value *v = value_at(j, place);
    uint64_t *seen;

    if (record_at(v, level).counter != NULL) {
        put_list(j, place, level);
        return true;
    }
    if (cti_item_is_named(&v->item)) {
        put_array(j, place, level, v->item.field->name, put_named_variable);
        return true;
    }
    if (v->item.kind == CTI_ITEM_UNKNOWN_TAG) {
        put_array(j, place, level, "unknown_tags", put_unknown_tag);
        return true;
    }
    seen = &j->seen[level][key_index(j, &v->item)];
    if (*seen == object)
        return false;
    *seen = object;
    put_field(j, &v->item);
    return true;
}

/* The keys of the object whose values begin at this place. */
static void put_object(json *j, uint32_t first, unsigned level)
{
    const uint64_t object = ++j->objects;
    bool any_repeated = false;

    for (uint32_t place = first; place != 0; place = value_at(j, place)->next[level]) {
        value *v = value_at(j, place);

        if (v->in_list > level)
            continue;
        v->repeated = !put_place(j, place, level, object);
        any_repeated |= v->repeated;
    }
    if (!any_repeated)
        return;
    key(j, "repeated");
    yajl_gen_array_open(j->gen);
    for (uint32_t place = first; place != 0; place = value_at(j, place)->next[level])
        if (value_at(j, place)->repeated && value_at(j, place)->in_list <= level)
            put_repeated(j, &value_at(j, place)->item);
    yajl_gen_array_close(j->gen);
}

void json_fields(json *j, cti_reader *reader)
{
    value next = {.repeated = false};

    g_array_set_size(j->values, 0);
    while (cti_reader_next(reader, &next.item)) {
        if (j->values->len > 0)
            value_at(j, j->values->len)->next[0] = j->values->len + 1;
        g_array_append_val(j->values, next);
    }
    key(j, "fields");
    yajl_gen_map_open(j->gen);
    put_object(j, j->values->len > 0 ? 1 : 0, 0);
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
