/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pull reader (see reader.h): hands out the fields of a message one after the other, in wire
 * order.
 *
 * A message is a header, a fixed part whose layout depends on the version, and a floating
 * part of tag, length, data up to the end.  reader_way.c chooses how to read these bytes,
 * reader_value.c makes values of them, reader_list.c assigns list members to records.
 */
#include "reader.h"

#include <string.h>

#include "reader_private.h"
#include "redaction.h"

/* ---- problems ---- */

void cti_reader_add_problem(cti_reader *reader, const cti_problem *problem)
{
    if (reader->problem_count < CTI_PROBLEMS_MAX - 1)
        reader->problems[reader->problem_count++] = *problem;
    else
        reader->problems_left_out++;
}

void cti_reader_item_problem(cti_reader *reader, cti_problem_id id, const cti_item *item,
                             uint32_t expected, uint32_t found)
{
    const cti_problem problem = {id,           item->field, item->tag, item->offset,
                                 item->length, expected,    found};

    cti_reader_add_problem(reader, &problem);
}

void cti_reader_message_problem(cti_reader *reader, cti_problem_id id, uint32_t offset,
                                uint32_t length, uint32_t expected, uint32_t found)
{
    const cti_problem problem = {id, NULL, 0, offset, length, expected, found};

    cti_reader_add_problem(reader, &problem);
}

/* ---- starting ---- */

void cti_reader_init(cti_reader *reader, const uint8_t *bytes, size_t size,
                     const cti_context *context)
{
    uint64_t total;

    memset(reader, 0, offsetof(cti_reader, problems)); /* not what is large and stands behind */
    reader->bytes = bytes;
    reader->redaction = context != NULL ? context->redaction : NULL;
    reader->offset = CTI_HEADER_SIZE;
    reader->finished = size < CTI_HEADER_SIZE;
    reader->end = size < CTI_MESSAGE_SIZE_MAX ? (uint32_t)size : CTI_MESSAGE_SIZE_MAX;
    reader->floating_start = reader->end;
    if (reader->finished) {
        cti_reader_message_problem(reader, CTI_PROBLEM_TRUNCATED, 0, reader->end, CTI_HEADER_SIZE,
                                   reader->end);
        return;
    }
    reader->message_length = cti_header_length(bytes);
    reader->message_type = cti_header_type(bytes);
    reader->message = cti_message_on_wire(reader->message_type, reader->message_length);
    total = (uint64_t)reader->message_length + CTI_HEADER_SIZE;
    if (total < reader->end)
        reader->end = (uint32_t)total;
    if (total > CTI_MESSAGE_SIZE_MAX)
        cti_reader_message_problem(reader, CTI_PROBLEM_LENGTH_TOO_LARGE, 0, 4,
                                   CTI_MESSAGE_SIZE_MAX - CTI_HEADER_SIZE, reader->message_length);
    else if (total > reader->end)
        cti_reader_message_problem(reader, CTI_PROBLEM_TRUNCATED, 0, reader->end, (uint32_t)total,
                                   reader->end);
    if (reader->message == NULL)
        cti_reader_message_problem(reader, CTI_PROBLEM_UNKNOWN_MESSAGE, 4, 4, 0,
                                   reader->message_type);
    cti_reader_choose_way(reader, context);
    if (reader->message != NULL)
        memset(reader->uses, 0, reader->message->floating_count * sizeof(reader->uses[0]));
}

/* ---- the parts of a message, in wire order ---- */

static bool may_carry_secret(const cti_message *message)
{
    for (uint32_t i = 0; message != NULL && i < message->floating_count; i++)
        if (message->floating[i].field->flags & CTI_FIELD_SECRET)
            return true;
    return false;
}

/* Hands out all bytes that are left, as what kind says. */
static void take_rest(cti_reader *reader, cti_item_kind kind, cti_item *item)
{
    *item = make_item(reader->bytes, kind, reader->offset, 0, reader->end - reader->offset);
    item->secret = may_carry_secret(reader->message);
    reader->offset = reader->end;
}

static bool next_fixed(cti_reader *reader, cti_item *item)
{
    const cti_slot *slot = &reader->layout->slots[reader->slot];

    if (slot->size > reader->end - reader->offset) {
        if (!cti_reader_is_cut(reader))
            cti_reader_message_problem(reader, CTI_PROBLEM_FIXED_PART_SHORT, reader->offset,
                                       reader->end - reader->offset, reader->floating_start,
                                       reader->end);
        reader->slot = reader->layout->count;
        reader->floating_start = reader->end;
        if (reader->offset == reader->end)
            return false;
        take_rest(reader, CTI_ITEM_LEFT_OVER, item);
        return true;
    }
    *item = make_item(reader->bytes, CTI_ITEM_FIELD, reader->offset, 0, slot->size);
    item->field = slot->field;
    item->slot = slot;
    cti_reader_decode(reader, item, slot->size);
    cti_reader_check(reader, item);
    if (slot->field->flags & CTI_FIELD_COUNTER)
        cti_reader_take_counter(reader, item);
    reader->offset += slot->size;
    reader->slot++;
    return true;
}

static void next_element(cti_reader *reader, cti_item *item)
{
    const uint32_t size = CTI_TYPE_SIZE(reader->array.field->type);
    const uint32_t offset = reader->array.offset + reader->element * size;

    *item = reader->array;
    if (reader->element > 0)
        item->start = offset;
    item->offset = offset;
    item->length = size;
    item->size = offset + size - item->start;
    item->data = reader->bytes + offset;
    item->element = reader->element++;
    item->record = reader->array.record + item->element;
    cti_reader_decode(reader, item, size);
    cti_reader_check(reader, item);
    if (offset + size >= reader->array_end)
        reader->array_end = 0;
}

/* The field that a tag of the message stands for, or NULL. */
static const cti_field *field_of_tag(const cti_reader *reader, uint32_t number)
{
    const cti_slot *slot = cti_message_slot(reader->message, number, reader->slot);
    const cti_tag *tag = slot == NULL ? cti_tag_find(number) : NULL;

    if (slot != NULL)
        return slot->field;
    return tag != NULL ? tag->field : NULL;
}

/* Bytes that are not a valid floating field: why, and all that is left. */
static void floating_broken(cti_reader *reader, const floating_header *header, cti_item *item)
{
    const uint32_t left = reader->end - reader->offset;

    reader->broken = left >= header->size;
    if (cti_reader_is_cut(reader))
        ;
    else if (reader->message->floating_count == 0 || left < header->size)
        cti_reader_message_problem(reader, CTI_PROBLEM_LEFT_OVER_BYTES, reader->offset, left, 0,
                                   left);
    else if (header->tag == 0)
        cti_reader_message_problem(reader, CTI_PROBLEM_TAG_ZERO, reader->offset, left, 0, 0);
    else
        cti_reader_add_problem(reader, &(cti_problem){CTI_PROBLEM_FLOATING_PAST_END,
                                                      field_of_tag(reader, header->tag),
                                                      header->tag, reader->offset, left,
                                                      header->length, left - header->size});
    take_rest(reader, CTI_ITEM_LEFT_OVER, item);
}

/* True if the message may have UniqueInstanceID, whose tag is not published, and has one unknown
 * tag only. */
static bool may_be_unique_instance_id(const cti_reader *reader)
{
    uint32_t unknown = 0;
    floating_header header;

    if (reader->message_type != CTI_OPEN_REQ ||
        reader->version < CTI_VERSION_UNIQUE_INSTANCE_ID)
        return false;
    for (uint32_t offset = reader->floating_start;
         get_floating_header(reader->bytes, offset, reader->end, reader->wide_tags, &header) &&
         header.length <= reader->end - offset - header.size;
         offset += header.size + header.length)
        unknown += cti_tag_find(header.tag) == NULL;
    return unknown == 1;
}

/* Finds out which field the tag stands for in a message that does not list it.  False where
 * nobody knows. */
static bool name_by_tag(cti_reader *reader, cti_item *item)
{
    const cti_tag *tag = cti_tag_find(item->tag);

    if (tag == NULL) {
        cti_reader_item_problem(reader,
                                may_be_unique_instance_id(reader) ? CTI_PROBLEM_UNIQUE_INSTANCE_ID
                                                                  : CTI_PROBLEM_UNKNOWN_TAG,
                                item, 0, item->tag);
        return false;
    }
    item->kind = CTI_ITEM_FIELD;
    item->field = tag->field;
    cti_reader_item_problem(reader, CTI_PROBLEM_TAG_NOT_OF_MESSAGE, item, 0, item->tag);
    return true;
}

/* Finds out which field the tag stands for. */
static bool name_floating(cti_reader *reader, cti_item *item)
{
    const cti_message *message = reader->message;
    const cti_slot *slot = cti_message_slot(message, item->tag, reader->slot);

    if (slot == NULL)
        return name_by_tag(reader, item);
    item->kind = CTI_ITEM_FIELD;
    item->field = slot->field;
    item->slot = slot;
    reader->slot = (uint32_t)(slot - message->floating) + 1;
    cti_reader_place(reader, item);
    if (slot->size != 0 && item->length > slot->size && !is_number(slot->field->type))
        cti_reader_item_problem(reader, CTI_PROBLEM_FIELD_TOO_LONG, item, slot->size, item->length);
    return true;
}

static void next_floating(cti_reader *reader, cti_item *item)
{
    floating_header header = {0};

    if (!get_floating_header(reader->bytes, reader->offset, reader->end, reader->wide_tags,
                             &header) ||
        header.tag == 0 || header.length > reader->end - reader->offset - header.size ||
        (reader->message->floating_count == 0 && !reader->fits)) {
        floating_broken(reader, &header, item);
        return;
    }
    *item = make_item(reader->bytes, CTI_ITEM_UNKNOWN_TAG, reader->offset, header.size,
                      header.size + header.length);
    item->tag = header.tag;
    reader->offset += item->size;
    if (!name_floating(reader, item))
        return;
    if (item->slot != NULL && item->slot->flags & CTI_SLOT_ARRAY) {
        if (item->length == 0)
            return;
        if (size_is_right(item->slot, item->length)) {
            reader->array = *item;
            reader->array_end = item->offset + item->length;
            reader->element = 0;
            next_element(reader, item);
            return;
        }
    }
    cti_reader_decode(reader, item, CTI_TYPE_SIZE(item->field->type));
    cti_reader_check(reader, item);
    if (item->slot != NULL && item->field->flags & CTI_FIELD_COUNTER)
        cti_reader_take_counter(reader, item);
}

/* ---- single fields ---- */

static bool find_fixed(const cti_reader *reader, const cti_field *field, cti_item *item)
{
    uint32_t offset = CTI_HEADER_SIZE;

    for (uint32_t i = 0; reader->layout != NULL && i < reader->layout->count; i++) {
        const cti_slot *slot = &reader->layout->slots[i];

        if (slot->size > reader->end - offset)
            return false;
        if (slot->field == field) {
            *item = make_item(reader->bytes, CTI_ITEM_FIELD, offset, 0, slot->size);
            item->field = field;
            item->slot = slot;
            cti_reader_decode(NULL, item, slot->size);
            return true;
        }
        offset += slot->size;
    }
    return false;
}

/* The first one from offset on. */
static bool find_floating(const cti_reader *reader, const cti_field *field, uint32_t offset,
                          cti_item *item)
{
    floating_header header = {0};

    while (offset < reader->end) {
        const cti_slot *slot;
        const cti_tag *tag;

        if (!get_floating_header(reader->bytes, offset, reader->end, reader->wide_tags, &header) ||
            header.tag == 0 || header.length > reader->end - offset - header.size)
            return false;
        slot = cti_message_slot(reader->message, header.tag, 0);
        tag = cti_tag_find(header.tag);
        if ((slot != NULL ? slot->field : tag != NULL ? tag->field : NULL) == field) {
            *item = make_item(reader->bytes, CTI_ITEM_FIELD, offset, header.size,
                              header.size + header.length);
            item->field = field;
            item->slot = slot;
            item->tag = header.tag;
            if (slot != NULL && slot->flags & CTI_SLOT_ARRAY && header.length > 0 &&
                size_is_right(slot, header.length)) {
                item->length = CTI_TYPE_SIZE(field->type);
                item->size = header.size + item->length;
            }
            /* A field that the table gave out, never NULL.
             * NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
            cti_reader_decode(NULL, item, CTI_TYPE_SIZE(field->type));
            return true;
        }
        offset += header.size + header.length;
    }
    return false;
}

/* ---- the end ---- */

static void check_required(cti_reader *reader)
{
    const cti_message *message = reader->message;

    for (uint32_t i = 0; i < message->floating_count; i++) {
        const cti_slot *slot = &message->floating[i];

        if (slot->flags & CTI_SLOT_REQUIRED && reader->uses[i].count == 0)
            cti_reader_add_problem(reader, &(cti_problem){CTI_PROBLEM_REQUIRED_MISSING, slot->field,
                                                          slot->tag, reader->end, 0, 1, 0});
    }
}

static void finish(cti_reader *reader)
{
    reader->finished = true;
    /* The bytes that could not be read may contain a field that seems to be missing. */
    if (reader->layout != NULL && !cti_reader_is_cut(reader) && !reader->broken) {
        check_required(reader);
        cti_reader_check_lists(reader);
    }
    if (reader->problems_left_out > 0)
        reader->problems[reader->problem_count++] =
            (cti_problem){CTI_PROBLEM_MORE, NULL, 0, 0, 0, 0, reader->problems_left_out};
}

static bool read_next(cti_reader *reader, cti_item *item)
{
    if (reader->finished)
        return false;
    if (reader->array_end != 0) {
        next_element(reader, item);
        return true;
    }
    if (reader->layout != NULL && reader->offset < reader->floating_start) {
        if (next_fixed(reader, item))
            return true;
    } else if (reader->layout == NULL && reader->offset < reader->floating_start) {
        *item = make_item(reader->bytes, CTI_ITEM_BODY, reader->offset, 0,
                          reader->floating_start - reader->offset);
        item->secret = may_carry_secret(reader->message);
        reader->offset = reader->floating_start;
        return true;
    }
    if (reader->offset == reader->floating_start)
        reader->slot = 0;
    if (reader->offset < reader->end) {
        next_floating(reader, item);
        return true;
    }
    finish(reader);
    return false;
}

bool cti_reader_next(cti_reader *reader, cti_item *item)
{
    if (!read_next(reader, item))
        return false;
    item->version = reader->version;
    if (reader->redaction != NULL)
        cti_redaction_item(reader->redaction, item);
    return true;
}

bool cti_reader_find(const cti_reader *reader, cti_field_id id, cti_item *item)
{
    const cti_field *field = cti_field_get(id);

    if (reader->message == NULL || field == NULL || reader->end < CTI_HEADER_SIZE)
        return false;
    if (!find_fixed(reader, field, item) &&
        !find_floating(reader, field, reader->floating_start, item))
        return false;
    item->version = reader->version;
    if (reader->redaction != NULL)
        cti_redaction_item(reader->redaction, item);
    return true;
}

bool cti_reader_find_number(const cti_reader *reader, cti_field_id field, uint32_t *number)
{
    cti_item item;

    if (!cti_reader_find(reader, field, &item) || !item.has_number)
        return false;
    *number = item.number;
    return true;
}

uint32_t cti_reader_number(const cti_reader *reader, cti_field_id field)
{
    uint32_t number = 0;

    cti_reader_find_number(reader, field, &number);
    return number;
}

bool cti_reader_status(const cti_reader *reader, cti_item *item)
{
    return cti_reader_find(reader, CTI_F_Status, item) ||
           cti_reader_find(reader, CTI_F_FailureCode, item);
}

bool cti_reader_invoke_id(const cti_reader *reader, uint32_t *invoke_id)
{
    const cti_layout *layout = reader->layout;

    if (layout == NULL || layout->count == 0 ||
        layout->slots[0].field != cti_field_get(CTI_F_InvokeID) ||
        reader->end < CTI_HEADER_SIZE + 4)
        return false;
    *invoke_id = cti_get32(reader->bytes + CTI_HEADER_SIZE);
    return true;
}
