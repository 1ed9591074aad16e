/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Turns the rows of fields.def, tags.def, messages.def and values.def into constant
 * data (see table.h).
 *
 * Why X-macros and no generator: the compiler itself checks that every field, tag,
 * counter and value set that a row names exists, the rows are the source that an
 * editor can search, and the build needs nothing but a C compiler.
 */
#include "table.h"

#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Value sets: first the values of each set, then the sets. */

#define OLDER_VALUE(set, number, last, name, text)
#define VALUE(set, name, number, text) {(uint32_t)(number), #name, text},
#define VALUE_AS(set, id, name, number, text) {(uint32_t)(number), name, text},
#define ENUM_BEGIN(set) static const cti_value set##_values[] = {
#define ENUM_END(set) };
#define MASK_BEGIN(set) ENUM_BEGIN(set)
#define MASK_END(set) ENUM_END(set)
#include "values.def"
#undef VALUE
#undef VALUE_AS
#undef ENUM_BEGIN
#undef ENUM_END
#undef MASK_BEGIN
#undef MASK_END

#define VALUE(set, name, number, text) | (uint32_t)(number)
#define VALUE_AS(set, id, name, number, text) | (uint32_t)(number)
#define SET_BEGIN(set, is_mask) \
    static const cti_value_set set##_set = {#set, is_mask, COUNT_OF(set##_values), set##_values, 0
#define ENUM_BEGIN(set) SET_BEGIN(set, false)
#define ENUM_END(set) };
#define MASK_BEGIN(set) SET_BEGIN(set, true)
#define MASK_END(set) };
#include "values.def"
#undef VALUE
#undef VALUE_AS
#undef ENUM_BEGIN
#undef ENUM_END
#undef MASK_BEGIN
#undef MASK_END

const cti_value_set *const cti_value_sets[] = {
#define VALUE(set, name, number, text)
#define VALUE_AS(set, id, name, number, text)
#define ENUM_BEGIN(set) &set##_set,
#define ENUM_END(set)
#define MASK_BEGIN(set) &set##_set,
#define MASK_END(set)
#include "values.def"
#undef VALUE
#undef VALUE_AS
#undef ENUM_BEGIN
#undef ENUM_END
#undef MASK_BEGIN
#undef MASK_END
};
const size_t cti_value_set_count = COUNT_OF(cti_value_sets);
#undef OLDER_VALUE

/* What numbers meant in older versions. */
static const struct {
    const cti_value_set *set;
    uint32_t last; /* version */
    cti_value value;
} older_values[] = {
#define VALUE(set, name, number, text)
#define VALUE_AS(set, id, name, number, text)
#define ENUM_BEGIN(set)
#define ENUM_END(set)
#define MASK_BEGIN(set)
#define MASK_END(set)
#define OLDER_VALUE(set, number, last, name, text) {&set##_set, last, {number, name, text}},
#include "values.def"
#undef VALUE
#undef VALUE_AS
#undef ENUM_BEGIN
#undef ENUM_END
#undef MASK_BEGIN
#undef MASK_END
#undef OLDER_VALUE
};

/* Fields.  A row without values names the set NO_VALUES, whose address is NULL. */

#define NO_VALUES_set (*(const cti_value_set *)NULL)
#define SECRET CTI_FIELD_SECRET
#define PERSONAL CTI_FIELD_PERSONAL
#define CALL_ID CTI_FIELD_CALL_ID
#define RESERVED CTI_FIELD_RESERVED
#define SECONDS CTI_FIELD_SECONDS
#define MILLISECONDS CTI_FIELD_MILLISECONDS
#define IPV6 CTI_FIELD_IPV6
#define ONES_NONE CTI_FIELD_ONES_NONE
#define ONES_OFF CTI_FIELD_ONES_OFF
#define COUNTER CTI_FIELD_COUNTER

static const cti_field fields[CTI_FIELD_COUNT] = {
#define FIELD(name, type, values, flags) {#name, #name, &values##_set, CTI_TYPE_##type, flags},
#define FIELD_AS(id, name, type, values, flags) {name, #id, &values##_set, CTI_TYPE_##type, flags},
#include "fields.def"
#undef FIELD
#undef FIELD_AS
};

/* Types and tag sizes as constants, so that a slot can be filled from its field's name. */

enum {
#define FIELD(name, type, values, flags) TYPE_OF_##name = CTI_TYPE_##type,
#define FIELD_AS(id, name, type, values, flags) TYPE_OF_##id = CTI_TYPE_##type,
#include "fields.def"
#undef FIELD
#undef FIELD_AS
};

enum {
#define TAG(number, name, field, size) FIELD_OF_TAG_##name = CTI_F_##field, SIZE_OF_TAG_##name = (size),
#include "tags.def"
#undef TAG
};

static const cti_tag tags[CTI_TAG_NEWEST + 1] = {
#define TAG(number, name, field, size) [number] = {number, size, #name, &fields[CTI_F_##field]},
#include "tags.def"
#undef TAG
};

/* Bytes of each layout: those of a structure with one member for each field.  (That two
 * members cannot share a name also proves that no layout lists a field twice.) */

#define F_SIZE(id, size) id[size]
#define F(id) F_SIZE(id, CTI_TYPE_SIZE(TYPE_OF_##id))
#define LAYOUT(from, to, ...) sizeof(struct { char __VA_ARGS__; })
#define LAYOUT_EMPTY(from, to) 0
#define FIXED(...) LAYOUT(0, 0, __VA_ARGS__)
#define FIXED_EMPTY() 0
#define ALTERNATIVE(...) LAYOUT(0, 0, __VA_ARGS__)
#define LAYOUTS(...) {__VA_ARGS__}
#define NO_LAYOUT {0}
#define MESSAGE(number, name, sender, category, since, confirmed_by, format, layouts, floating) \
    [number] = layouts,
static const uint16_t layout_sizes[CTI_MESSAGE_NEWEST + 1][CTI_MESSAGE_LAYOUTS_MAX] = {
#include "messages.def"
};
#undef F_SIZE
#undef F
#undef LAYOUT
#undef LAYOUT_EMPTY
#undef FIXED
#undef FIXED_EMPTY
#undef ALTERNATIVE
#undef LAYOUTS
#undef NO_LAYOUT
#undef MESSAGE

/* Messages.  What the macros mean to a reader is told at the top of messages.def. */

#define ANY_FIELD(id) (&fields[CTI_F_##id])
#define TAG_FIELD(tag) (&fields[FIELD_OF_TAG_##tag])
#define TAG_SLOT(tag, field, counter, flags) \
    {field, counter, NULL, CTI_TAG_##tag, SIZE_OF_TAG_##tag, flags}

#define F_SIZE(id, size) {ANY_FIELD(id), NULL, NULL, 0, size, 0}
#define F(id) F_SIZE(id, CTI_TYPE_SIZE(TYPE_OF_##id))
#define T(tag) TAG_SLOT(tag, TAG_FIELD(tag), NULL, 0)
#define T_AS(tag, id) TAG_SLOT(tag, ANY_FIELD(id), NULL, 0)
#define T_SIZE(tag, id, size) {ANY_FIELD(id), NULL, NULL, CTI_TAG_##tag, size, 0}
#define R(tag) TAG_SLOT(tag, TAG_FIELD(tag), NULL, CTI_SLOT_REQUIRED)
#define L(tag, counter) TAG_SLOT(tag, TAG_FIELD(tag), ANY_FIELD(counter), CTI_SLOT_LIST)
#define L_AS(tag, id, counter) TAG_SLOT(tag, ANY_FIELD(id), ANY_FIELD(counter), CTI_SLOT_LIST)
#define L_SIZE(tag, id, counter, size) \
    {ANY_FIELD(id), ANY_FIELD(counter), NULL, CTI_TAG_##tag, size, CTI_SLOT_LIST}
#define L_IN(tag, id, counter, outer)                                                    \
    {ANY_FIELD(id),       ANY_FIELD(counter), ANY_FIELD(outer), CTI_TAG_##tag, \
     SIZE_OF_TAG_##tag, CTI_SLOT_LIST}
#define A(tag, id, counter) \
    {ANY_FIELD(id), ANY_FIELD(counter), NULL, CTI_TAG_##tag, 0, CTI_SLOT_ARRAY}
#define A_IN(tag, id, counter, outer)                                  \
    {ANY_FIELD(id), ANY_FIELD(counter), ANY_FIELD(outer), CTI_TAG_##tag, 0, \
     CTI_SLOT_LIST | CTI_SLOT_ARRAY}

#define OLDEST CTI_VERSION_OLDEST
#define NEWEST CTI_VERSION_NEWEST
#define SLOTS(...) COUNT_OF(((const cti_slot[]){__VA_ARGS__})), (const cti_slot[]){__VA_ARGS__}
#define LAYOUT(from, to, ...) {from, to, SLOTS(__VA_ARGS__)}
#define LAYOUT_EMPTY(from, to) {from, to, 0, NULL}
#define FIXED(...) LAYOUT(OLDEST, NEWEST, __VA_ARGS__)
#define FIXED_EMPTY() LAYOUT_EMPTY(OLDEST, NEWEST)
#define ALTERNATIVE(...) LAYOUT(0, 0, __VA_ARGS__)
#define LAYOUTS(...) COUNT_OF(((const cti_layout[]){__VA_ARGS__})), (const cti_layout[]){__VA_ARGS__}
#define NO_LAYOUT 0, NULL
#define FLOATING(...) SLOTS(__VA_ARGS__)
#define NO_FLOATING 0, NULL
#define CTI_NO_CONF 0

static const cti_message messages[CTI_MESSAGE_NEWEST + 1] = {
#define MESSAGE(number, name, sender, category, since, confirmed_by, format, layouts, floating) \
    [number] = {number, #name, CTI_##format, CTI_##sender, CTI_CATEGORY_##category, since,      \
                CTI_##confirmed_by, layout_sizes[number], layouts, floating},
#include "messages.def"
#undef MESSAGE
};

const char *cti_type_name(cti_type type)
{
    static const char *const names[] = {
        "CHAR", "UCHAR",  "SHORT",  "USHORT", "BOOL",   "INT",      "UINT",
        "TIME", "TASKID", "STRING", "UNSPEC", "NAMEDVAR", "NAMEDARRAY",
    };
    return (size_t)type < COUNT_OF(names) ? names[type] : "?";
}

const char *cti_category_name(cti_category category)
{
    static const char *const names[] = {
        "failure",        "session",         "call event",     "agent event",   "call data",
        "client control", "monitor",         "client monitor", "supervisor",    "configuration",
        "server service", "agent reporting", "routing",        "miscellaneous",
    };
    return (size_t)category < COUNT_OF(names) ? names[category] : "?";
}

const cti_value *cti_value_find(const cti_value_set *set, uint32_t number)
{
    size_t low = 0, high = set->count;

    /* Most enumerations count from 0 or 1 without gaps. */
    if (number < high && set->values[number].number == number)
        return &set->values[number];
    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (set->values[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < set->count && set->values[low].number == number ? &set->values[low] : NULL;
}

const cti_value *cti_value_in_version(const cti_value_set *set, uint32_t number, uint32_t version)
{
    for (size_t i = 0; version != 0 && i < COUNT_OF(older_values); i++)
        if (older_values[i].set == set && older_values[i].value.number == number &&
            version <= older_values[i].last)
            return older_values[i].value.name != NULL ? &older_values[i].value : NULL;
    return cti_value_find(set, number);
}

const char *cti_list_name(const cti_field *counter)
{
    static const char *const prefixes[] = {"NumberOf", "NumOf", "Num"};

    for (size_t i = 0; i < COUNT_OF(prefixes); i++)
        if (strncmp(counter->name, prefixes[i], strlen(prefixes[i])) == 0)
            return counter->name + strlen(prefixes[i]);
    return counter->name;
}

const cti_field *cti_field_get(cti_field_id id)
{
    return (size_t)id < CTI_FIELD_COUNT ? &fields[id] : NULL;
}

cti_field_id cti_field_index(const cti_field *field)
{
    return (cti_field_id)(field - fields);
}

const cti_field *cti_field_find(const char *id)
{
    for (size_t i = 0; i < CTI_FIELD_COUNT; i++)
        if (strcmp(fields[i].id, id) == 0)
            return &fields[i];
    return NULL;
}

const cti_tag *cti_tag_find(uint32_t number)
{
    return number < COUNT_OF(tags) && tags[number].name != NULL ? &tags[number] : NULL;
}

const cti_message *cti_message_find(uint32_t number)
{
    return number < COUNT_OF(messages) && messages[number].name != NULL ? &messages[number] : NULL;
}

/* GED-188's list of types numbers network recording from 267, its message tables from 268.  A CONF
 * is an InvokeID alone; REQs and events are longer. */
const cti_message *cti_message_on_wire(uint32_t type, uint32_t length)
{
    const bool is_answer = length == 4;

    switch (type) {
    case CTI_START_NETWORK_RECORDING_REQ - 1:
    case CTI_START_NETWORK_RECORDING_REQ:
        return &messages[is_answer ? CTI_START_NETWORK_RECORDING_CONF
                                   : CTI_START_NETWORK_RECORDING_REQ];
    case CTI_START_NETWORK_RECORDING_CONF:
        return &messages[is_answer ? CTI_START_NETWORK_RECORDING_CONF
                                   : CTI_STOP_NETWORK_RECORDING_REQ];
    case CTI_STOP_NETWORK_RECORDING_REQ:
        return &messages[is_answer ? CTI_STOP_NETWORK_RECORDING_CONF
                                   : CTI_STOP_NETWORK_RECORDING_REQ];
    case CTI_STOP_NETWORK_RECORDING_CONF:
        return &messages[is_answer ? CTI_STOP_NETWORK_RECORDING_CONF
                                   : CTI_NETWORK_RECORDING_STARTED_EVENT];
    default:
        return cti_message_find(type);
    }
}

const cti_message *cti_message_renumbered(uint32_t type)
{
    if (type == CTI_NETWORK_RECORDING_ENDED_EVENT || type == CTI_NETWORK_RECORDING_FAILED_EVENT)
        return &messages[type + 1];
    return NULL;
}

const cti_slot *cti_message_slot(const cti_message *message, uint32_t tag, uint32_t hint)
{
    const uint32_t count = message->floating_count;

    if (hint >= count)
        hint = 0;
    for (uint32_t i = hint; i < count; i++)
        if (message->floating[i].tag == tag)
            return &message->floating[i];
    for (uint32_t i = 0; i < hint; i++)
        if (message->floating[i].tag == tag)
            return &message->floating[i];
    return NULL;
}
