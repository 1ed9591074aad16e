/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A quick look whether a message has problems at all, for those who count them of each message: a
 * fifth of the time of reading it.  It proves only what is simple; reader.c has the rules.  Each
 * message that is said to be clean is one in which the reader finds no problem: the unit tests and
 * the fuzzer hold that. */
#include <string.h>

#include "reader_private.h"

static bool fixed_part_is_clean(const cti_reader *reader)
{
    const uint8_t *at = reader->bytes + CTI_HEADER_SIZE;

    if (reader->floating_start > reader->end)
        return false;
    for (uint32_t i = 0; i < reader->layout->count; i++) {
        const cti_slot *slot = &reader->layout->slots[i];

        if (!value_is_clean(slot->field, at, slot->size))
            return false;
        at += slot->size;
    }
    return true;
}

/* One string with its 0 at the end, or nothing. */
static bool text_is_clean(const uint8_t *data, uint32_t length)
{
    return length == 0 || memchr(data, 0, length) == data + length - 1;
}

static bool field_is_clean(const cti_slot *slot, const uint8_t *data, uint32_t length)
{
    const cti_type type = slot->field->type;

    if (type != CTI_TYPE_STRING && type != CTI_TYPE_UNSPEC && length != CTI_TYPE_SIZE(type))
        return false;
    if (slot->size != 0 && length > slot->size)
        return false;
    return type == CTI_TYPE_STRING ? text_is_clean(data, length)
                                   : value_is_clean(slot->field, data, length);
}

/* All required fields are there, and no counter counts a list that is not there. */
static bool counts_are_clean(const cti_reader *reader, uint64_t seen)
{
    const cti_message *message = reader->message;
    const cti_field *counter = NULL;
    uint32_t count;

    for (uint32_t i = 0; i < message->floating_count; i++) {
        const cti_slot *slot = &message->floating[i];

        if (slot->flags & CTI_SLOT_REQUIRED && !(seen >> i & 1))
            return false;
        if (slot->counter == NULL || slot->counter == counter)
            continue;
        counter = slot->counter;
        if (cti_reader_find_number(reader, cti_field_index(counter), &count) && count > 0)
            return false;
    }
    return true;
}

static bool floating_part_is_clean(const cti_reader *reader)
{
    const cti_message *message = reader->message;
    uint32_t offset = reader->floating_start, hint = 0;
    uint64_t seen = 0;

    while (offset < reader->end) {
        floating_header header;
        const cti_slot *slot;

        if (!get_floating_header(reader->bytes, offset, reader->end, reader->wide_tags, &header) ||
            header.length > reader->end - offset - header.size)
            return false;
        slot = cti_message_slot(message, header.tag, hint);
        if (slot == NULL || slot->flags & (CTI_SLOT_LIST | CTI_SLOT_ARRAY))
            return false;
        hint = (uint32_t)(slot - message->floating) + 1;
        if (seen >> (hint - 1) & 1 ||
            !field_is_clean(slot, reader->bytes + offset + header.size, header.length))
            return false;
        seen |= (uint64_t)1 << (hint - 1);
        offset += header.size + header.length;
    }
    return counts_are_clean(reader, seen);
}

bool cti_reader_is_clean(const cti_reader *reader)
{
    return reader->problem_count == 0 && reader->layout != NULL && !cti_reader_is_cut(reader) &&
           reader->message->floating_count <= 64 && fixed_part_is_clean(reader) &&
           floating_part_is_clean(reader);
}
