/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints the codec's table as JSON, through its public functions only, so that a test can
 * hold it against the protocol facts. */
#include <stdio.h>

#include "table.h"

static const char *comma(size_t i)
{
    return i > 0 ? "," : "";
}

static void print_values(const cti_value_set *values)
{
    if (values == NULL)
        printf("null");
    else
        printf("\"%s:%s\"", values->is_mask ? "mask" : "enum", values->name);
}

static void print_slot(const cti_slot *slot)
{
    printf("{\"name\":\"%s\",\"id\":\"%s\",\"type\":\"%s\",\"tag\":%u,\"size\":%u,\"values\":",
           slot->field->name, slot->field->id, cti_type_name(slot->field->type), slot->tag,
           slot->size);
    print_values(slot->field->values);
    printf(",\"list\":%s", slot->flags & CTI_SLOT_LIST ? "true" : "false");
    printf(",\"array\":%s", slot->flags & CTI_SLOT_ARRAY ? "true" : "false");
    printf(",\"required\":%s", slot->flags & CTI_SLOT_REQUIRED ? "true" : "false");
    if (slot->counter != NULL)
        printf(",\"counter\":\"%s\"", slot->counter->name);
    printf("}");
}

static void print_slots(const cti_slot *slots, size_t count)
{
    printf("[");
    for (size_t i = 0; i < count; i++) {
        printf("%s", comma(i));
        print_slot(&slots[i]);
    }
    printf("]");
}

static void print_message(const cti_message *message)
{
    static const char *const formats[] = {"published", "from the sister product, likely",
                                          "not published"};
    static const char *const senders[] = {"unclear", "client to server", "server to client"};

    printf("{\"number\":%u,\"name\":\"%s\",\"format\":\"%s\",\"direction\":\"%s\","
           "\"category\":\"%s\",\"since\":%u,\"confirmed_by\":%u,\"layouts\":[",
           message->number, message->name, formats[message->format], senders[message->sender],
           cti_category_name(message->category), message->since, message->confirmed_by);
    for (size_t i = 0; i < message->layout_count; i++) {
        const cti_layout *layout = &message->layouts[i];

        printf("%s{\"from\":%u,\"to\":%u,\"size\":%u,\"fields\":", comma(i), layout->from,
               layout->to, message->layout_sizes[i]);
        print_slots(layout->slots, layout->count);
        printf("}");
    }
    printf("],\"floating\":");
    print_slots(message->floating, message->floating_count);
    printf("}");
}

static void print_set(const cti_value_set *set)
{
    printf("{\"name\":\"%s\",\"mask\":%s,\"values\":[", set->name, set->is_mask ? "true" : "false");
    for (size_t i = 0; i < set->count; i++)
        printf("%s{\"name\":\"%s\",\"value\":%u,\"text\":\"%s\"}", comma(i), set->values[i].name,
               set->values[i].number, set->values[i].text);
    printf("]}");
}

static void print_field(const cti_field *field)
{
    printf("{\"name\":\"%s\",\"id\":\"%s\",\"type\":\"%s\",\"secret\":%s,\"personal\":%s,"
           "\"call_id\":%s}",
           field->name, field->id, cti_type_name(field->type),
           field->flags & CTI_FIELD_SECRET ? "true" : "false",
           field->flags & CTI_FIELD_PERSONAL ? "true" : "false",
           field->flags & CTI_FIELD_CALL_ID ? "true" : "false");
}

int main(void)
{
    size_t printed = 0;

    printf("{\"messages\":[");
    for (uint32_t number = 0; number <= 1024; number++) {
        if (cti_message_find(number) == NULL)
            continue;
        printf("%s\n", comma(printed++));
        print_message(cti_message_find(number));
    }
    printf("],\n\"tags\":[");
    printed = 0;
    for (uint32_t number = 0; number <= 1024; number++) {
        const cti_tag *tag = cti_tag_find(number);

        if (tag != NULL)
            printf("%s\n{\"tag\":%u,\"name\":\"%s\",\"size\":%u,\"field\":\"%s\",\"type\":\"%s\"}",
                   comma(printed++), tag->number, tag->name, tag->size, tag->field->name,
                   cti_type_name(tag->field->type));
    }
    printf("],\n\"sets\":[");
    for (size_t i = 0; i < cti_value_set_count; i++) {
        printf("%s\n", comma(i));
        print_set(cti_value_sets[i]);
    }
    printf("],\n\"fields\":[");
    for (size_t i = 0; i < CTI_FIELD_COUNT; i++) {
        printf("%s\n", comma(i));
        print_field(cti_field_get((cti_field_id)i));
    }
    printf("]}\n");
    return 0;
}
