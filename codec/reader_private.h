/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files that make a reader share; nobody else includes this.
 *
 *     reader.c        hands out the fields in wire order, finds single ones, checks the whole
 *     reader_way.c    chooses the layout of the fixed part, and how wide tags are
 *     reader_list.c   assigns list members to records, compares lists with their counters
 *     reader_value.c  makes values of a field's bytes, and judges them
 *     reader_clean.c  a quick look whether anything can be wrong
 *     problems.c      names what may be wrong */
#ifndef CTI_READER_PRIVATE_H
#define CTI_READER_PRIVATE_H

#include "bytes.h"
#include "reader.h"

/* ---- the floating part ---- */

typedef struct floating_header {
    uint32_t tag, length, size; /* size: of tag and length */
} floating_header;

/* False where the bytes up to end hold no whole tag and length. */
static inline bool get_floating_header(const uint8_t *bytes, uint32_t offset, uint32_t end,
                                       bool wide, floating_header *header)
{
    header->size = wide ? 4 : 2;
    if (end - offset < header->size)
        return false;
    header->tag = wide ? cti_get16(bytes + offset) : bytes[offset];
    header->length = wide ? cti_get16(bytes + offset + 2) : bytes[offset + 1];
    return true;
}

/* True if a value of the slot may have this length, as far as its type tells. */
static inline bool size_is_right(const cti_slot *slot, uint32_t length)
{
    const uint32_t size = CTI_TYPE_SIZE(slot->field->type);

    if (size == 0)
        return true;
    return slot->flags & CTI_SLOT_ARRAY ? length % size == 0 : length == size;
}

/* ---- a reader ---- */

/* Chooses how to read the message, from its bytes and what context (or NULL) tells of its
 * version: sets version, layout, floating_start, wide_tags and fits.  end is known already. */
void cti_reader_choose_way(cti_reader *reader, const cti_context *context);

/* Keeps a problem, or counts it where there are too many. */
void cti_reader_add_problem(cti_reader *reader, const cti_problem *problem);
/* A problem of a field. */
void cti_reader_item_problem(cti_reader *reader, cti_problem_id id, const cti_item *item,
                             uint32_t expected, uint32_t found);
/* A problem that is about no field. */
void cti_reader_message_problem(cti_reader *reader, cti_problem_id id, uint32_t offset,
                                uint32_t length, uint32_t expected, uint32_t found);

/* ---- lists ---- */

/* Counts a floating field of the message; assigns a list member to its record. */
void cti_reader_place(cti_reader *reader, cti_item *item);

/* Takes the value of a list's counter, of the fixed or the floating part. */
void cti_reader_take_counter(cti_reader *reader, const cti_item *item);

/* At the end of the message: notes where a counter does not match its list. */
void cti_reader_check_lists(cti_reader *reader);

/* ---- values ---- */

static inline bool is_number(cti_type type)
{
    return type <= CTI_TYPE_TIME;
}

/* An item that covers size bytes from start, of which the value takes all but skip. */
static inline cti_item make_item(const uint8_t *bytes, cti_item_kind kind, uint32_t start,
                                 uint32_t skip, uint32_t size)
{
    cti_item item = {.kind = kind,
                     .start = start,
                     .size = size,
                     .offset = start + skip,
                     .length = size - skip,
                     .data = bytes + start + skip};

    return item;
}

/* Fills in the value of a field.  size: what a number of this place takes; reader may be
 * NULL where nobody asks for problems. */
void cti_reader_decode(cti_reader *reader, cti_item *item, uint32_t size);

/* Numbers take 1, 2 or 4 bytes in every slot of the table. */
static inline uint32_t get_number(const uint8_t *bytes, uint32_t size)
{
    if (size == 4)
        return cti_get32(bytes);
    return size == 2 ? cti_get16(bytes) : bytes[0];
}

/* A quick look at a value of the right size: true only where cti_reader_check() finds nothing. */
static inline bool value_is_clean(const cti_field *field, const uint8_t *bytes, uint32_t size)
{
    const cti_value_set *values = field->values;
    uint32_t number;

    if (field->type >= CTI_TYPE_STRING || field->type == CTI_TYPE_TASKID)
        return !(field->flags & CTI_FIELD_RESERVED);
    if (values == NULL && field->type != CTI_TYPE_BOOL && !(field->flags & CTI_FIELD_RESERVED))
        return true;
    number = get_number(bytes, size);
    if (number == 0 && (values == NULL || values->is_mask))
        return true;
    if (field->flags & CTI_FIELD_RESERVED || number >> (8 * size - 1) != 0)
        return false;
    if (field->type == CTI_TYPE_BOOL)
        return number == 1;
    return values->is_mask ? !(number & ~values->all_bits) : cti_value_find(values, number) != NULL;
}

/* Notes where the value is none that GED-188 names. */
void cti_reader_check(cti_reader *reader, const cti_item *item);

#endif
