/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Assigns each member of a list to its record, and compares each list with its counter (see
 * reader.h).
 *
 * Servers send a list record by record: all members of the first record, then those of the second.
 * Members are optional, so the next record begins with a member that the current one already has.
 * A field that is an array has one value for each record.
 */
#include "reader_private.h"

static cti_list *find_list(cti_reader *reader, const cti_field *counter)
{
    for (uint32_t i = 0; i < reader->list_count; i++)
        if (reader->lists[i].counter == counter)
            return &reader->lists[i];
    return NULL;
}

/* Optional members may be absent: the member with most values gives the number of records. */
static void check_list(cti_reader *reader, const cti_list *list)
{
    const cti_problem problem = {CTI_PROBLEM_COUNT_MISMATCH,
                                 list->counter,
                                 list->tag,
                                 list->offset,
                                 list->length,
                                 list->expected,
                                 list->longest};

    if (list->is_counted && list->expected != list->longest)
        cti_reader_add_problem(reader, &problem);
}

/* The list being read, or a new one if the outer list has begun another record.  NULL only if a
 * message has more lists than the table allows. */
static cti_list *list_in_record(cti_reader *reader, const cti_field *counter, uint32_t outer_record)
{
    cti_list *list = find_list(reader, counter);

    if (list != NULL && list->outer_record == outer_record)
        return list;
    if (list != NULL)
        check_list(reader, list);
    else if (reader->list_count < CTI_MESSAGE_LISTS_MAX)
        list = &reader->lists[reader->list_count++];
    else
        return NULL;
    *list = (cti_list){
        .counter = counter, .number = ++reader->lists_begun, .outer_record = outer_record};
    return list;
}

/* The outer list's current record.  A list inside it is a member of that record. */
static uint32_t record_of_outer(cti_reader *reader, const cti_field *outer)
{
    cti_list *list = list_in_record(reader, outer, 0);

    if (list == NULL)
        return 0;
    if (list->longest < list->record + 1)
        list->longest = list->record + 1;
    return list->record;
}

/* How many values the field holds. */
static uint32_t count_values(const cti_item *item)
{
    const uint32_t size = CTI_TYPE_SIZE(item->field->type);

    if (!(item->slot->flags & CTI_SLOT_ARRAY) || size == 0 ||
        !size_is_right(item->slot, item->length))
        return 1;
    return item->length / size;
}

static void place_in_list(cti_list *list, cti_slot_use *use, cti_item *item)
{
    const uint32_t count = count_values(item);

    if (use->list != list->number)
        *use = (cti_slot_use){.list = list->number};
    if (count != 1)
        item->record = use->record;
    else if (use->count > 0 && use->record == list->record + 1)
        item->record = ++list->record;
    else
        item->record = list->record;
    item->outer_record = list->outer_record;
    use->record = item->record + count;
    use->count += count;
    if (use->record > list->record + 1)
        list->record = use->record - 1;
    if (use->count > list->longest)
        list->longest = use->count;
}

void cti_reader_place(cti_reader *reader, cti_item *item)
{
    const cti_slot *slot = item->slot;
    cti_slot_use *use = &reader->uses[slot - reader->message->floating];
    cti_list *list;

    if (slot->counter == NULL) {
        if (++use->count > 1)
            cti_reader_item_problem(reader, CTI_PROBLEM_FIELD_REPEATED, item, 1, use->count);
        return;
    }
    list = list_in_record(reader, slot->counter,
                          slot->outer != NULL ? record_of_outer(reader, slot->outer) : 0);
    if (list != NULL)
        place_in_list(list, use, item);
}

void cti_reader_take_counter(cti_reader *reader, const cti_item *item)
{
    /* A counter that is a list member counts a list inside that list. */
    const uint32_t outer_record = item->slot->counter != NULL ? item->record : 0;
    cti_list *list;

    if (!item->has_number)
        return;
    list = list_in_record(reader, item->field, outer_record);
    if (list == NULL)
        return;
    list->is_counted = true;
    list->expected = item->number;
    list->tag = item->tag;
    list->offset = item->offset;
    list->length = item->length;
}

unsigned cti_item_records(const cti_item *item, cti_record records[CTI_RECORD_DEPTH])
{
    const cti_slot *slot = item->slot;
    unsigned count = 0;

    if (slot == NULL || slot->counter == NULL || cti_item_is_named(item))
        return 0;
    if (slot->outer != NULL)
        records[count++] = (cti_record){slot->outer, item->outer_record};
    if (!cti_item_is_empty_array(item))
        records[count++] = (cti_record){slot->counter, item->record};
    return count;
}

void cti_reader_check_lists(cti_reader *reader)
{
    for (uint32_t i = 0; i < reader->list_count; i++)
        check_list(reader, &reader->lists[i]);
}
