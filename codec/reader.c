/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pull reader (see reader.h): chooses how to read a message, then hands out its
 * fields one after the other.
 *
 * A message is a header, a fixed part whose layout depends on the version, and a floating
 * part of tag, length, data up to the end.  Which layout, and whether tags and lengths
 * take one byte or two, is the session's version's to say; where the bytes do not fit
 * that, the other ways are tried, and the first one that fits is taken.
 */
#include "reader.h"

#include <string.h>

#include "bytes.h"
#include "redaction.h"

/* How well the floating part fits a way to read it. */
typedef enum {
    FIT_BROKEN,  /* tag 0, or a length past the end */
    FIT_FRAMED,  /* it ends where it must, but with unknown tags or numbers of wrong size */
    FIT_FOREIGN, /* known tags, some of them not listed for this message */
    FIT_CLEAN,
} fit;

/* One way to read a message. */
typedef struct way {
    const cti_layout *layout;
    uint32_t floating_start;
    bool wide_tags;
    fit fit;
} way;

/* ---- names ---- */

const char *cti_severity_name(cti_severity severity)
{
    static const char *const names[] = {"note", "warning", "error"};

    return (size_t)severity < 3 ? names[severity] : "?";
}

static const struct {
    const char *name, *text;
    cti_severity severity;
} problems[CTI_PROBLEM_COUNT] = {
#define NOTE CTI_NOTE
#define WARNING CTI_WARNING
#define ERROR CTI_ERROR
#define PROBLEM(id, name, severity, text) [CTI_PROBLEM_##id] = {name, text, severity},
#include "problems.def"
#undef PROBLEM
#undef NOTE
#undef WARNING
#undef ERROR
};

const char *cti_problem_name(cti_problem_id id)
{
    return (size_t)id < CTI_PROBLEM_COUNT ? problems[id].name : "?";
}

const char *cti_problem_text(cti_problem_id id)
{
    return (size_t)id < CTI_PROBLEM_COUNT ? problems[id].text : "?";
}

cti_severity cti_problem_severity(cti_problem_id id)
{
    return (size_t)id < CTI_PROBLEM_COUNT ? problems[id].severity : CTI_ERROR;
}

/* ---- versions ---- */

static uint32_t clamp_version(uint32_t version)
{
    if (version < CTI_VERSION_OLDEST)
        return CTI_VERSION_OLDEST;
    return version > CTI_VERSION_NEWEST ? CTI_VERSION_NEWEST : version;
}

cti_versions cti_versions_of(uint32_t version)
{
    return (cti_versions)1 << (clamp_version(version) - CTI_VERSION_OLDEST);
}

static cti_versions versions_between(uint32_t from, uint32_t to)
{
    cti_versions versions = 0;

    for (uint32_t version = from; version <= to; version++)
        versions |= cti_versions_of(version);
    return versions;
}

uint32_t cti_versions_newest(cti_versions versions)
{
    for (uint32_t version = CTI_VERSION_NEWEST; version >= CTI_VERSION_OLDEST; version--)
        if (versions & cti_versions_of(version))
            return version;
    return 0;
}

/* ---- bytes ---- */

static uint32_t get_number(const uint8_t *bytes, uint32_t size)
{
    uint32_t number = 0;

    for (uint32_t i = 0; i < size; i++)
        number = number << 8 | bytes[i];
    return number;
}

static bool is_number(cti_type type)
{
    return type <= CTI_TYPE_TIME;
}

/* ---- choosing a way to read ---- */

typedef struct floating_header {
    uint32_t tag, length, size; /* size: of tag and length */
} floating_header;

/* False where the bytes up to end hold no whole tag and length. */
static bool get_floating_header(const uint8_t *bytes, uint32_t offset, uint32_t end, bool wide,
                                floating_header *header)
{
    header->size = wide ? 4 : 2;
    if (end - offset < header->size)
        return false;
    header->tag = wide ? cti_get16(bytes + offset) : bytes[offset];
    header->length = wide ? cti_get16(bytes + offset + 2) : bytes[offset + 1];
    return true;
}

static bool size_is_right(const cti_slot *slot, uint32_t length)
{
    const uint32_t size = CTI_TYPE_SIZE(slot->field->type);

    if (size == 0)
        return true;
    return slot->flags & CTI_SLOT_ARRAY ? length % size == 0 : length == size;
}

/* Judges bytes from..end as the floating part of message.  cut: the capture lost bytes
 * behind end, so that a field may run past it. */
static fit judge_floating(const cti_message *message, const uint8_t *bytes, uint32_t from,
                          uint32_t end, bool wide, bool cut)
{
    fit result = FIT_CLEAN;
    uint32_t hint = 0;

    for (uint32_t offset = from; offset < end;) {
        floating_header header;
        const cti_slot *slot;

        if (!get_floating_header(bytes, offset, end, wide, &header))
            return cut ? result : FIT_BROKEN;
        if (header.tag == 0)
            return FIT_BROKEN;
        offset += header.size;
        if (header.length > end - offset)
            return cut ? result : FIT_BROKEN;
        offset += header.length;

        slot = cti_message_slot(message, header.tag, hint);
        if (slot != NULL) {
            hint = (uint32_t)(slot - message->floating) + 1;
            if (!size_is_right(slot, header.length) && result > FIT_FRAMED)
                result = FIT_FRAMED;
        } else if (header.length == 0 || cti_tag_find(header.tag) == NULL) {
            result = FIT_FRAMED;
        } else if (result > FIT_FOREIGN) {
            result = FIT_FOREIGN;
        }
    }
    return result;
}

static fit judge(const cti_message *message, uint32_t layout, const uint8_t *bytes, uint32_t end,
                 bool wide, bool cut)
{
    const uint32_t start = CTI_HEADER_SIZE + message->layout_sizes[layout];

    if (start > end)
        return cut ? FIT_FRAMED : FIT_BROKEN;
    return judge_floating(message, bytes, start, end, wide, cut);
}

static way make_way(const cti_message *message, uint32_t layout, bool wide, fit quality)
{
    return (way){&message->layouts[layout], CTI_HEADER_SIZE + message->layout_sizes[layout], wide,
                 quality};
}

static bool layout_has(const cti_layout *layout, uint32_t version)
{
    return layout->from <= version && version <= layout->to;
}

static uint32_t layout_of_version(const cti_message *message, uint32_t version)
{
    for (uint32_t i = 0; i < message->layout_count; i++)
        if (layout_has(&message->layouts[i], version))
            return i;
    return 0;
}

/* Layouts newest first, with tags as the version has them, then with the others; the best
 * fit wins, the first one among equals. */
static way best_way(const cti_message *message, const uint8_t *bytes, uint32_t end, bool cut,
                    uint32_t version)
{
    const bool wide = version >= CTI_VERSION_WIDE_TAGS;
    const uint32_t usual = layout_of_version(message, version);
    way best = make_way(message, usual, wide, judge(message, usual, bytes, end, wide, cut));

    if (best.fit >= FIT_FOREIGN)
        return best;
    for (int turn = 0; turn < 2; turn++) {
        for (uint32_t i = 0; i < message->layout_count; i++) {
            const bool wide_now = turn == 0 ? wide : !wide;
            const fit fit_now = judge(message, i, bytes, end, wide_now, cut);

            if (fit_now >= FIT_FOREIGN && fit_now > best.fit)
                best = make_way(message, i, wide_now, fit_now);
        }
    }
    return best;
}

/* For messages whose fixed part is not published: where the longest tail starts that is a
 * clean run of the tags known for the message; end where there is none.  Works backwards,
 * so that each byte is looked at once. */
static uint32_t find_tail(const cti_message *message, const uint8_t *bytes, uint32_t end,
                          bool wide)
{
    uint8_t clean[CTI_MESSAGE_SIZE_MAX / 8 + 1]; /* bit: a clean run starts here */
    uint32_t start = end;

    if (message->floating_count == 0)
        return end;
    memset(clean, 0, end / 8 + 1);
    for (uint32_t offset = end; offset-- > CTI_HEADER_SIZE;) {
        floating_header header;
        const cti_slot *slot;
        uint32_t next;

        if (!get_floating_header(bytes, offset, end, wide, &header) ||
            header.length > end - offset - header.size)
            continue;
        next = offset + header.size + header.length;
        if (next != end && !(clean[next / 8] & 1u << next % 8))
            continue;
        slot = cti_message_slot(message, header.tag, 0);
        if (slot == NULL || header.length == 0 || !size_is_right(slot, header.length) ||
            (slot->size != 0 && header.length > slot->size))
            continue;
        clean[offset / 8] |= (uint8_t)(1u << offset % 8);
        start = offset;
    }
    return start;
}

static way way_without_layout(const cti_message *message, const uint8_t *bytes, uint32_t end,
                              uint32_t version, bool version_known)
{
    const bool wide = version >= CTI_VERSION_WIDE_TAGS;
    way found = {NULL, end, wide, FIT_FRAMED};

    if (message == NULL)
        return found;
    found.floating_start = find_tail(message, bytes, end, wide);
    if (found.floating_start == end && !version_known) {
        found.floating_start = find_tail(message, bytes, end, !wide);
        found.wide_tags = found.floating_start < end ? !wide : wide;
    }
    return found;
}

cti_versions cti_versions_that_fit(const uint8_t *bytes, size_t size)
{
    const cti_message *message;
    cti_versions versions[FIT_CLEAN + 1] = {0};
    uint32_t end;

    if (size < CTI_HEADER_SIZE || cti_header_length(bytes) > CTI_MESSAGE_SIZE_MAX - CTI_HEADER_SIZE ||
        size < CTI_HEADER_SIZE + cti_header_length(bytes))
        return 0;
    end = CTI_HEADER_SIZE + cti_header_length(bytes);
    message = cti_message_find(cti_header_type(bytes));
    if (message == NULL)
        return 0;
    if (message->format != CTI_PUBLISHED)
        return CTI_VERSIONS_ALL;
    for (uint32_t i = 0; i < message->layout_count; i++) {
        const cti_layout *layout = &message->layouts[i];
        const cti_versions wide = versions_between(CTI_VERSION_WIDE_TAGS, CTI_VERSION_NEWEST);
        const cti_versions of_layout =
            layout->from == 0 ? CTI_VERSIONS_ALL : versions_between(layout->from, layout->to);

        versions[judge(message, i, bytes, end, true, false)] |= of_layout & wide;
        versions[judge(message, i, bytes, end, false, false)] |= of_layout & ~wide;
    }
    return versions[FIT_CLEAN] ? versions[FIT_CLEAN] : versions[FIT_FOREIGN];
}

/* ---- problems ---- */

static void add_problem(cti_reader *reader, const cti_problem *problem)
{
    if (reader->problem_count < CTI_PROBLEMS_MAX - 1)
        reader->problems[reader->problem_count++] = *problem;
    else
        reader->problems_left_out++;
}

static void item_problem(cti_reader *reader, cti_problem_id id, const cti_item *item,
                         uint32_t expected, uint32_t found)
{
    const cti_problem problem = {id,           item->field, item->tag, item->offset,
                                 item->length, expected,    found};

    add_problem(reader, &problem);
}

static void message_problem(cti_reader *reader, cti_problem_id id, uint32_t offset,
                            uint32_t length, uint32_t expected, uint32_t found)
{
    const cti_problem problem = {id, NULL, 0, offset, length, expected, found};

    add_problem(reader, &problem);
}

/* ---- values ---- */

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

/* Fills in STRING, NAMEDVAR and NAMEDARRAY.  False where a terminating 0 is missing. */
static bool decode_text(cti_item *item, bool *bytes_left)
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
    *bytes_left = rest < end;
    return name_terminated && terminated;
}

static void decode_number(cti_item *item)
{
    const uint32_t size = item->length;

    item->number = get_number(item->data, size);
    item->has_number = true;
    if (cti_type_is_signed(item->field->type) && size < 4 && item->data[0] & 0x80)
        item->number |= UINT32_MAX << 8 * size;
}

/* Fills in the value of a field.  size: what a number of this place takes; reader may be
 * NULL where nobody asks for problems. */
static void decode(cti_reader *reader, cti_item *item, uint32_t size)
{
    const cti_field *field = item->field;
    bool bytes_left;

    if (is_number(field->type)) {
        if (item->length == size)
            decode_number(item);
        else if (reader != NULL)
            item_problem(reader, CTI_PROBLEM_NUMBER_SIZE, item, size, item->length);
    } else if (field->type == CTI_TYPE_TASKID) {
        item->has_number = item->length == size;
        for (uint32_t i = 0; item->has_number && i < 3; i++)
            item->task_id[i] = (int32_t)cti_get32(item->data + 4 * i);
        if (reader != NULL && !item->has_number)
            item_problem(reader, CTI_PROBLEM_NUMBER_SIZE, item, size, item->length);
    } else if (field->type != CTI_TYPE_UNSPEC) {
        const bool terminated = decode_text(item, &bytes_left);

        if (reader != NULL && !terminated && item->length > 0)
            item_problem(reader, CTI_PROBLEM_STRING_NOT_TERMINATED, item, 0, item->length);
        if (reader != NULL && bytes_left)
            item_problem(reader, CTI_PROBLEM_BYTES_AFTER_TERMINATOR, item, 0, item->length);
    }
}

static bool all_zero(const cti_item *item)
{
    for (uint32_t i = 0; i < item->length; i++)
        if (item->data[i] != 0)
            return false;
    return true;
}

static void check_value(cti_reader *reader, const cti_item *item)
{
    const cti_value_set *values = item->field->values;

    if (item->field->flags & CTI_FIELD_RESERVED && !all_zero(item))
        item_problem(reader, CTI_PROBLEM_RESERVED_NOT_ZERO, item, 0, item->number);
    if (!item->has_number || !is_number(item->field->type))
        return;
    if (item->field->type == CTI_TYPE_BOOL && item->number > 1)
        item_problem(reader, CTI_PROBLEM_UNKNOWN_VALUE, item, 1, item->number);
    if (values == NULL)
        return;
    if (values->is_mask && item->number & ~values->all_bits)
        item_problem(reader, CTI_PROBLEM_UNKNOWN_BITS, item, values->all_bits,
                     item->number & ~values->all_bits);
    else if (!values->is_mask && item->field->type != CTI_TYPE_BOOL &&
             cti_value_find(values, item->number) == NULL)
        item_problem(reader, CTI_PROBLEM_UNKNOWN_VALUE, item, 0, item->number);
}

/* An item that covers size bytes from start, of which the value takes all but skip. */
static cti_item make_item(const uint8_t *bytes, cti_item_kind kind, uint32_t start, uint32_t skip,
                          uint32_t size)
{
    cti_item item = {.kind = kind,
                     .start = start,
                     .size = size,
                     .offset = start + skip,
                     .length = size - skip,
                     .data = bytes + start + skip};

    return item;
}

/* ---- starting ---- */

/* The version whose rules this message follows: what OPEN_REQ itself says, then what the
 * session knows.  *known: it is a fact and not a guess. */
static uint32_t version_for(const cti_reader *reader, const cti_context *context, bool *known)
{
    *known = true;
    if (reader->message_type == CTI_OPEN_REQ && reader->end >= CTI_HEADER_SIZE + 8)
        return clamp_version(cti_get32(reader->bytes + CTI_HEADER_SIZE + 4));
    if (context != NULL && context->version != 0)
        return clamp_version(context->version);
    *known = false;
    if (context != NULL && context->possible != 0 && context->possible != CTI_VERSIONS_ALL)
        return cti_versions_newest(context->possible);
    return CTI_VERSION_NEWEST;
}

static void choose_way(cti_reader *reader, const cti_context *context, bool cut)
{
    const cti_message *message = reader->message;
    bool known;
    way chosen = {NULL, reader->end, false, FIT_FRAMED};

    reader->version = version_for(reader, context, &known);
    if (message != NULL && message->format != CTI_UNPUBLISHED)
        chosen = best_way(message, reader->bytes, reader->end, cut, reader->version);
    if (message == NULL || message->format == CTI_UNPUBLISHED ||
        (message->format == CTI_LIKELY && chosen.fit != FIT_CLEAN))
        chosen = way_without_layout(message, reader->bytes, reader->end, reader->version, known);
    reader->layout = chosen.layout;
    reader->floating_start = chosen.floating_start;
    reader->wide_tags = chosen.wide_tags;
    reader->fits = chosen.layout != NULL && chosen.fit >= FIT_FOREIGN;
    if (known && chosen.layout != NULL && chosen.layout->from != 0 &&
        (!layout_has(chosen.layout, reader->version) ||
         chosen.wide_tags != (reader->version >= CTI_VERSION_WIDE_TAGS)))
        message_problem(reader, CTI_PROBLEM_LAYOUT_DIFFERS, CTI_HEADER_SIZE,
                        reader->end - CTI_HEADER_SIZE, reader->version,
                        chosen.wide_tags == (chosen.layout->to >= CTI_VERSION_WIDE_TAGS)
                            ? chosen.layout->to
                            : 0);
}

void cti_reader_init(cti_reader *reader, const uint8_t *bytes, size_t size,
                     const cti_context *context)
{
    uint64_t total;

    /* Not the arrays: they are large, and filled as far as their counts tell. */
    memset(reader, 0, offsetof(cti_reader, problems));
    reader->bytes = bytes;
    reader->redaction = context != NULL ? context->redaction : NULL;
    reader->slot = 0;
    reader->offset = CTI_HEADER_SIZE;
    reader->array_end = 0;
    reader->element = 0;
    reader->problems_left_out = 0;
    reader->finished = size < CTI_HEADER_SIZE;
    reader->end = size < CTI_MESSAGE_SIZE_MAX ? (uint32_t)size : CTI_MESSAGE_SIZE_MAX;
    reader->floating_start = reader->end;
    if (reader->finished) {
        message_problem(reader, CTI_PROBLEM_TRUNCATED, 0, reader->end, CTI_HEADER_SIZE,
                        reader->end);
        return;
    }
    reader->message_length = cti_header_length(bytes);
    reader->message_type = cti_header_type(bytes);
    reader->message = cti_message_find(reader->message_type);
    total = (uint64_t)reader->message_length + CTI_HEADER_SIZE;
    if (total < reader->end)
        reader->end = (uint32_t)total;
    if (total > CTI_MESSAGE_SIZE_MAX)
        message_problem(reader, CTI_PROBLEM_LENGTH_TOO_LARGE, 0, 4,
                        CTI_MESSAGE_SIZE_MAX - CTI_HEADER_SIZE, reader->message_length);
    else if (total > reader->end)
        message_problem(reader, CTI_PROBLEM_TRUNCATED, 0, reader->end, (uint32_t)total,
                        reader->end);
    if (reader->message == NULL)
        message_problem(reader, CTI_PROBLEM_UNKNOWN_MESSAGE, 4, 4, 0, reader->message_type);
    else
        memset(reader->counts, 0, reader->message->floating_count * sizeof(reader->counts[0]));
    choose_way(reader, context, total > reader->end);
}

/* ---- the parts of a message, in wire order ---- */

static bool is_cut(const cti_reader *reader)
{
    return (uint64_t)reader->message_length + CTI_HEADER_SIZE > reader->end;
}

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
        if (!is_cut(reader))
            message_problem(reader, CTI_PROBLEM_FIXED_PART_SHORT, reader->offset,
                            reader->end - reader->offset, reader->floating_start, reader->end);
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
    decode(reader, item, slot->size);
    check_value(reader, item);
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
    decode(reader, item, size);
    check_value(reader, item);
    if (offset + size >= reader->array_end)
        reader->array_end = 0;
}

/* Notes that the field stands here: for counters, repetitions, and missing fields. */
static void count_slot(cti_reader *reader, const cti_item *item)
{
    const cti_slot *slot = item->slot;
    const uint32_t index = (uint32_t)(slot - reader->message->floating);
    const uint32_t size = CTI_TYPE_SIZE(slot->field->type);

    if (slot->flags & CTI_SLOT_COUNTS_ELEMENTS && size != 0)
        reader->counts[index] += item->length / size;
    else
        reader->counts[index]++;
    if (reader->counts[index] > 1 && !(slot->flags & (CTI_SLOT_LIST | CTI_SLOT_ARRAY)))
        item_problem(reader, CTI_PROBLEM_FIELD_REPEATED, item, 1, reader->counts[index]);
}

/* Bytes that are no floating field: why, and all that is left. */
static void floating_broken(cti_reader *reader, const floating_header *header, cti_item *item)
{
    const uint32_t left = reader->end - reader->offset;

    if (is_cut(reader))
        ;
    else if (reader->message->floating_count == 0 || left < header->size)
        message_problem(reader, CTI_PROBLEM_LEFT_OVER_BYTES, reader->offset, left, 0, left);
    else if (header->tag == 0)
        message_problem(reader, CTI_PROBLEM_TAG_ZERO, reader->offset, left, 0, 0);
    else
        add_problem(reader, &(cti_problem){CTI_PROBLEM_FLOATING_PAST_END, NULL, header->tag,
                                           reader->offset, left, header->length,
                                           left - header->size});
    take_rest(reader, CTI_ITEM_LEFT_OVER, item);
}

static void next_floating(cti_reader *reader, cti_item *item)
{
    const cti_message *message = reader->message;
    const cti_tag *tag;
    floating_header header = {0};

    if (!get_floating_header(reader->bytes, reader->offset, reader->end, reader->wide_tags,
                             &header) ||
        header.tag == 0 || header.length > reader->end - reader->offset - header.size ||
        (message->floating_count == 0 && !reader->fits)) {
        floating_broken(reader, &header, item);
        return;
    }
    *item = make_item(reader->bytes, CTI_ITEM_UNKNOWN_TAG, reader->offset, header.size,
                      header.size + header.length);
    item->tag = header.tag;
    reader->offset += item->size;

    item->slot = cti_message_slot(message, header.tag, reader->slot);
    tag = cti_tag_find(header.tag);
    if (item->slot == NULL && tag == NULL) {
        item_problem(reader, CTI_PROBLEM_UNKNOWN_TAG, item, 0, header.tag);
        return;
    }
    item->kind = CTI_ITEM_FIELD;
    item->field = item->slot != NULL ? item->slot->field : tag->field;
    if (item->slot == NULL) {
        item_problem(reader, CTI_PROBLEM_TAG_NOT_OF_MESSAGE, item, 0, header.tag);
    } else {
        reader->slot = (uint32_t)(item->slot - message->floating) + 1;
        count_slot(reader, item);
        if (item->slot->size != 0 && item->length > item->slot->size &&
            !is_number(item->field->type))
            item_problem(reader, CTI_PROBLEM_FIELD_TOO_LONG, item, item->slot->size, item->length);
    }
    if (item->slot != NULL && item->slot->flags & CTI_SLOT_ARRAY && item->length > 0 &&
        size_is_right(item->slot, item->length)) {
        reader->array = *item;
        reader->array_end = item->offset + item->length;
        reader->element = 0;
        next_element(reader, item);
        return;
    }
    if (item->slot != NULL && item->slot->flags & CTI_SLOT_ARRAY && item->length == 0)
        return;
    decode(reader, item, CTI_TYPE_SIZE(item->field->type));
    check_value(reader, item);
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
            decode(NULL, item, slot->size);
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
            /* A field that the table gave out, never NULL.
             * NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
            decode(NULL, item, CTI_TYPE_SIZE(field->type));
            return true;
        }
        offset += header.size + header.length;
    }
    return false;
}

/* ---- the end ---- */

/* The counter's value; of one that is a list member itself (a list inside a list), the sum. */
static bool find_counter(const cti_reader *reader, const cti_field *counter, cti_item *item)
{
    cti_item next;

    if (!cti_reader_find(reader, cti_field_index(counter), item))
        return false;
    if (item->slot == NULL || !(item->slot->flags & CTI_SLOT_LIST))
        return true;
    for (uint32_t offset = item->start + item->size;
         find_floating(reader, counter, offset, &next); offset = next.start + next.size)
        item->number += next.number;
    return true;
}

/* Compares a counter with the longest of the lists that it counts: members that are
 * optional may be absent. */
static void check_counter(cti_reader *reader, const cti_field *counter)
{
    const cti_message *message = reader->message;
    cti_item item;
    uint32_t longest = 0;

    for (uint32_t i = 0; i < message->floating_count; i++)
        if (message->floating[i].counter == counter && reader->counts[i] > longest)
            longest = reader->counts[i];
    if (!find_counter(reader, counter, &item)) {
        if (longest == 0 || reader->layout == NULL)
            return;
        /* A fixed counter that this version does not have yet counts nothing. */
        for (uint32_t i = 0; i < message->layouts[0].count; i++)
            if (message->layouts[0].slots[i].field == counter)
                return;
        item = (cti_item){.field = counter, .offset = reader->floating_start, .has_number = true};
    }
    if (item.has_number && item.number != longest)
        item_problem(reader, CTI_PROBLEM_COUNT_MISMATCH, &item, item.number, longest);
}

static void check_message(cti_reader *reader)
{
    const cti_message *message = reader->message;
    const cti_field *checked[4] = {NULL};
    size_t count = 0;

    for (uint32_t i = 0; i < message->floating_count; i++) {
        const cti_slot *slot = &message->floating[i];
        bool is_new = slot->counter != NULL && count < 4;

        if (slot->flags & CTI_SLOT_REQUIRED && reader->counts[i] == 0)
            add_problem(reader, &(cti_problem){CTI_PROBLEM_REQUIRED_MISSING, slot->field,
                                               slot->tag, reader->end, 0, 1, 0});
        for (size_t k = 0; k < count && is_new; k++)
            is_new = checked[k] != slot->counter;
        if (!is_new)
            continue;
        checked[count++] = slot->counter;
        check_counter(reader, slot->counter);
    }
}

static void finish(cti_reader *reader)
{
    reader->finished = true;
    if (reader->layout != NULL && !is_cut(reader))
        check_message(reader);
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
    if (reader->redaction != NULL)
        cti_redaction_item(reader->redaction, item);
    return true;
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
