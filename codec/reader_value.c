/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes values of a field's bytes, and judges them (see reader.h). */
#include <string.h>

#include "reader_private.h"

/* The bytes of a string up to its terminating 0, from *rest on, which then points behind
 * the 0 (or at end). */
static const char *take_string(const uint8_t **rest, const uint8_t *end, uint32_t *length,
                               bool *terminated)
{
    const uint8_t *start = *rest;
    const uint8_t *zero = start < end ? memchr(start, 0, (size_t)(end - start)) : NULL;

    *terminated = zero != NULL;
    *length = (uint32_t)((zero != NULL ? zero : end) - start);
    *rest = zero != NULL ? zero + 1 : end;
    return (const char *)start;
}

/* Fills in STRING, NAMEDVAR and NAMEDARRAY. */
static void decode_text(cti_reader *reader, cti_item *item)
{
    const uint8_t *rest = item->data;
    const uint8_t *end = item->data + item->length;
    bool name_terminated = true, terminated;

    if (item->field->type == CTI_TYPE_NAMEDARRAY && rest < end) {
        item->number = *rest++;
        item->has_number = true;
    }
    if (item->field->type != CTI_TYPE_STRING)
        item->name = take_string(&rest, end, &item->name_length, &name_terminated);
    item->text = take_string(&rest, end, &item->text_length, &terminated);
    if (reader == NULL)
        return;
    if (item->length > 0 && !(name_terminated && terminated))
        cti_reader_item_problem(reader, CTI_PROBLEM_STRING_NOT_TERMINATED, item, 0, item->length);
    if (rest < end)
        cti_reader_item_problem(reader, CTI_PROBLEM_BYTES_AFTER_TERMINATOR, item, 0, item->length);
}

static void decode_number(cti_item *item)
{
    const uint32_t size = item->length;

    item->number = get_number(item->data, size);
    item->has_number = true;
    if (cti_type_is_signed(item->field->type) && size < 4 && item->data[0] & 0x80)
        item->number |= UINT32_MAX << 8 * size;
}

void cti_reader_decode(cti_reader *reader, cti_item *item, uint32_t size)
{
    const cti_field *field = item->field;

    if (is_number(field->type)) {
        if (item->length == size)
            decode_number(item);
        else if (reader != NULL)
            cti_reader_item_problem(reader, CTI_PROBLEM_NUMBER_SIZE, item, size, item->length);
    } else if (field->type == CTI_TYPE_TASKID) {
        item->has_number = item->length == size;
        for (uint32_t i = 0; item->has_number && i < 3; i++)
            item->task_id[i] = (int32_t)cti_get32(item->data + 4 * i);
        if (reader != NULL && !item->has_number)
            cti_reader_item_problem(reader, CTI_PROBLEM_NUMBER_SIZE, item, size, item->length);
    } else if (field->type != CTI_TYPE_UNSPEC) {
        decode_text(reader, item);
    }
}

const cti_value *cti_item_value(const cti_item *item)
{
    const cti_value_set *values = item->field != NULL ? item->field->values : NULL;

    if (values == NULL || values->is_mask || !item->has_number)
        return NULL;
    return cti_value_in_version(values, item->number, item->version);
}

static bool all_zero(const cti_item *item)
{
    for (uint32_t i = 0; i < item->length; i++)
        if (item->data[i] != 0)
            return false;
    return true;
}

void cti_reader_check(cti_reader *reader, const cti_item *item)
{
    const cti_value_set *values = item->field->values;

    if (item->field->flags & CTI_FIELD_RESERVED && !all_zero(item))
        cti_reader_item_problem(reader, CTI_PROBLEM_RESERVED_NOT_ZERO, item, 0, item->number);
    if (!item->has_number || !is_number(item->field->type))
        return;
    if (item->field->type == CTI_TYPE_BOOL && item->number > 1)
        cti_reader_item_problem(reader, CTI_PROBLEM_UNKNOWN_VALUE, item, 1, item->number);
    if (values == NULL)
        return;
    if (values->is_mask && item->number & ~values->all_bits)
        cti_reader_item_problem(reader, CTI_PROBLEM_UNKNOWN_BITS, item, values->all_bits,
                                item->number & ~values->all_bits);
    else if (!values->is_mask && item->field->type != CTI_TYPE_BOOL &&
             cti_value_find(values, item->number) == NULL)
        cti_reader_item_problem(reader, CTI_PROBLEM_UNKNOWN_VALUE, item, 0, item->number);
}
