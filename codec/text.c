/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values and problems as words (see text.h). */
#include "text.h"

#include <arpa/inet.h>
#include <string.h>

#include "highlights.h"

static void append_character(GString *to, gunichar character)
{
    char utf8[6];

    g_string_append_len(to, utf8, g_unichar_to_utf8(character, utf8));
}

bool cti_text_is_shown(gunichar character)
{
    const GUnicodeType type = g_unichar_type(character);

    return g_unichar_isprint(character) && type != G_UNICODE_LINE_SEPARATOR &&
           type != G_UNICODE_PARAGRAPH_SEPARATOR;
}

void cti_text_bytes(GString *to, const char *bytes, size_t length)
{
    const char *const end = bytes + length;

    while (bytes < end) {
        const unsigned char byte = (unsigned char)*bytes;
        gunichar character;

        if (byte >= 0x20 && byte < 0x7F) {
            if (byte == '\\')
                g_string_append_c(to, '\\');
            g_string_append_c(to, (char)byte);
            bytes++;
            continue;
        }
        character = byte < 0x80 ? (gunichar)-1 : g_utf8_get_char_validated(bytes, end - bytes);
        if (character >= (gunichar)-2 || !cti_text_is_shown(character)) {
            g_string_append_printf(to, "\\x%02x", byte);
            bytes++;
            continue;
        }
        append_character(to, character);
        bytes = g_utf8_next_char(bytes);
    }
}

static void append_json_character(GString *to, gunichar character)
{
    if (character == '"' || character == '\\')
        g_string_append_c(to, '\\');
    if (cti_text_is_shown(character))
        append_character(to, character);
    else if (character < 0x10000)
        g_string_append_printf(to, "\\u%04x", character);
    else
        g_string_append_printf(to, "\\u%04x\\u%04x", 0xD800 + ((character - 0x10000) >> 10),
                               0xDC00 + ((character - 0x10000) & 0x3FF));
}

void cti_text_json(GString *to, const char *text, size_t length)
{
    const char *const end = text + length;

    g_string_append_c(to, '"');
    for (; text < end; text = g_utf8_next_char(text))
        append_json_character(to, g_utf8_get_char(text));
    g_string_append_c(to, '"');
}

void cti_text_hex(GString *to, const uint8_t *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < length; i++) {
        g_string_append_c(to, digits[bytes[i] >> 4]);
        g_string_append_c(to, digits[bytes[i] & 15]);
    }
}

void cti_text_time(GString *to, uint32_t seconds)
{
    GDateTime *time = g_date_time_new_from_unix_utc(seconds);
    char *text = g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ");

    g_string_append(to, text);
    g_free(text);
    g_date_time_unref(time);
}

void cti_text_mask(GString *to, const cti_value_set *mask, uint32_t number)
{
    const char *separator = "";
    uint32_t rest = number;

    if (number == 0) {
        const cti_value *zero = cti_value_find(mask, 0);

        g_string_append(to, zero != NULL ? zero->name : "0");
        return;
    }
    for (uint32_t i = 0; i < mask->count; i++) {
        const uint32_t bits = mask->values[i].number;

        if (bits == 0 || (number & bits) != bits)
            continue;
        g_string_append_printf(to, "%s%s", separator, mask->values[i].name);
        separator = "|";
        rest &= ~bits;
    }
    if (rest != 0)
        g_string_append_printf(to, "%s0x%x", separator, rest);
}

void cti_text_ipv6(GString *to, const uint8_t *address)
{
    char text[INET6_ADDRSTRLEN];

    if (inet_ntop(AF_INET6, address, text, sizeof(text)) != NULL)
        g_string_append(to, text);
}

uint32_t cti_item_size(const cti_item *item)
{
    return item->field != NULL && item->field->type == CTI_TYPE_STRING ? item->text_length
                                                                       : item->length;
}

bool cti_item_hidden(const cti_item *item, unsigned flags)
{
    return cti_item_is_secret(item) && !(flags & CTI_TEXT_SECRETS);
}

const char *cti_text_ones(const cti_field *field, uint32_t number)
{
    if (field->flags & CTI_FIELD_ONES_NONE && number == UINT32_MAX)
        return "none";
    return field->flags & CTI_FIELD_ONES_OFF && cti_idle_timeout_is_off(number) ? "off" : NULL;
}

static bool all_shown(const char *text, const char *end)
{
    for (; text < end; text = g_utf8_next_char(text))
        if (!cti_text_is_shown(g_utf8_get_char(text)))
            return false;
    return true;
}

bool cti_text_of_unknown(const cti_item *item, uint32_t *length)
{
    const char *text = (const char *)item->data;

    if (item->kind != CTI_ITEM_UNKNOWN_TAG || item->redacted || item->length < 2 ||
        text[item->length - 1] != '\0')
        return false;
    *length = item->length - 1;
    return g_utf8_validate_len(text, *length, NULL) && all_shown(text, text + *length);
}

/* Bytes of unknown meaning: text in quotation marks, or hexadecimal. */
static void append_unknown(GString *to, const cti_item *item)
{
    uint32_t length;

    if (!cti_text_of_unknown(item, &length)) {
        cti_text_hex(to, item->data, item->length);
        return;
    }
    g_string_append_c(to, '"');
    cti_text_bytes(to, (const char *)item->data, length);
    g_string_append_c(to, '"');
}

static void append_number(GString *to, const cti_item *item)
{
    const cti_value_set *values = item->field->values;
    const char *ones = cti_text_ones(item->field, item->number);
    const cti_value *value;

    if (ones != NULL) {
        g_string_append_printf(to, "%s (%u)", ones, item->number);
        return;
    }

    switch (item->field->type) {
    case CTI_TYPE_TIME:
        cti_text_time(to, item->number);
        return;
    case CTI_TYPE_TASKID:
        g_string_append_printf(to, "%d.%d.%d", item->task_id[0], item->task_id[1],
                               item->task_id[2]);
        return;
    case CTI_TYPE_CHAR:
    case CTI_TYPE_SHORT:
    case CTI_TYPE_INT:
    case CTI_TYPE_UCHAR:
    case CTI_TYPE_USHORT:
    case CTI_TYPE_BOOL:
    case CTI_TYPE_UINT:
    default:
        break;
    }
    if (values != NULL && values->is_mask) {
        cti_text_mask(to, values, item->number);
        if (item->number != 0)
            g_string_append_printf(to, " (0x%x)", item->number);
        return;
    }
    value = cti_item_value(item);
    if (value != NULL)
        g_string_append_printf(to, "%s (", value->name);
    if (cti_type_is_signed(item->field->type))
        g_string_append_printf(to, "%d", (int32_t)item->number);
    else
        g_string_append_printf(to, "%u", item->number);
    if (value != NULL)
        g_string_append_c(to, ')');
    if (item->field->flags & CTI_FIELD_SECONDS)
        g_string_append(to, " s");
    if (item->field->flags & CTI_FIELD_MILLISECONDS)
        g_string_append(to, " ms");
}

void cti_text_value(GString *to, const cti_item *item, unsigned flags)
{
    if (cti_item_hidden(item, flags)) {
        g_string_append_printf(to, "<hidden, %u bytes>", cti_item_size(item));
        return;
    }
    if (item->field != NULL && item->has_number && item->field->type < CTI_TYPE_STRING) {
        append_number(to, item);
        return;
    }
    if (item->redacted && !cti_item_is_named(item)) {
        cti_text_bytes(to, item->text, item->text_length);
        return;
    }
    if (item->field == NULL || item->field->type < CTI_TYPE_STRING ||
        item->field->type == CTI_TYPE_UNSPEC) {
        if (item->field != NULL && item->field->flags & CTI_FIELD_IPV6 && item->length == 16)
            cti_text_ipv6(to, item->data);
        else if (item->field != NULL && item->field->flags & CTI_FIELD_SECRET)
            cti_text_bytes(to, (const char *)item->data, item->length);
        else
            append_unknown(to, item);
        return;
    }
    if (cti_item_is_named(item)) {
        cti_text_bytes(to, item->name, item->name_length);
        if (item->field->type == CTI_TYPE_NAMEDARRAY)
            g_string_append_printf(to, "[%u]", item->number);
        g_string_append_c(to, '=');
    }
    cti_text_bytes(to, item->text, item->text_length);
}

/* The constant's name alone where there is one: it says what it is about. */
static bool append_constant(GString *to, const cti_item *item)
{
    const cti_value_set *values = item->field->values;
    const char *ones = item->has_number ? cti_text_ones(item->field, item->number) : NULL;
    const cti_value *value;

    if (ones != NULL) {
        g_string_append_printf(to, "%s=%s", item->field->name, ones);
        return true;
    }
    if (!item->has_number || values == NULL || (values->is_mask && item->number == 0))
        return false;
    if (values->is_mask) {
        cti_text_mask(to, values, item->number);
        return true;
    }
    value = cti_item_value(item);
    if (value == NULL)
        return false;
    if (strchr(value->name, '_') == NULL) /* "Unknown": not a constant's name */
        g_string_append_printf(to, "%s=", item->field->name);
    g_string_append(to, value->name);
    return true;
}

void cti_text_highlights(GString *to, const cti_reader *reader, unsigned flags)
{
    cti_item items[CTI_HIGHLIGHTS_MAX];
    const size_t count = cti_highlights(reader, items);

    for (size_t i = 0; i < count; i++) {
        const cti_item *item = &items[i];

        if (i > 0)
            g_string_append_c(to, ' ');
        if (item->field == cti_field_get(CTI_F_InvokeID)) {
            g_string_append_printf(to, "inv=%u", item->number);
            continue;
        }
        if (append_constant(to, item))
            continue;
        if (i > 0 || item->has_number)
            g_string_append_printf(to, "%s=", item->field->name);
        cti_text_value(to, item, flags);
    }
}

static const char *plural(uint32_t count)
{
    return count == 1 ? "" : "s";
}

/* What was expected and found, where the line of problems.def does not say it all. */
static void append_numbers(GString *to, const cti_problem *problem)
{
    switch (problem->id) {
    case CTI_PROBLEM_TRUNCATED:
    case CTI_PROBLEM_LENGTH_TOO_LARGE:
    case CTI_PROBLEM_FIXED_PART_SHORT:
    case CTI_PROBLEM_FIELD_TOO_LONG:
    case CTI_PROBLEM_NUMBER_SIZE:
        g_string_append_printf(to, " (%u byte%s expected, %u found)", problem->expected,
                               plural(problem->expected), problem->found);
        break;
    case CTI_PROBLEM_FLOATING_PAST_END:
        g_string_append_printf(to, " (%u byte%s, %u left)", problem->expected,
                               plural(problem->expected), problem->found);
        break;
    case CTI_PROBLEM_TAG_SIZE:
        g_string_append_printf(to, " (%u byte%s each in a session of version %u)", problem->found,
                               plural(problem->found), problem->expected);
        break;
    case CTI_PROBLEM_COUNT_MISMATCH:
        g_string_append_printf(to, " (%u expected, %u in the list)", problem->expected,
                               problem->found);
        break;
    case CTI_PROBLEM_LAYOUT_DIFFERS:
        if (problem->found != 0)
            g_string_append_printf(to, " (protocol version %u, layout of version %u)", problem->expected,
                                   problem->found);
        break;
    case CTI_PROBLEM_UNKNOWN_BITS:
        g_string_append_printf(to, " (0x%x)", problem->found);
        break;
    case CTI_PROBLEM_UNKNOWN_MESSAGE:
    case CTI_PROBLEM_UNKNOWN_VALUE:
    case CTI_PROBLEM_RESERVED_NOT_ZERO:
        g_string_append_printf(to, " (%u)", problem->found);
        break;
    case CTI_PROBLEM_LEFT_OVER_BYTES:
        g_string_append_printf(to, " (%u byte%s)", problem->found, plural(problem->found));
        break;
    case CTI_PROBLEM_MORE:
        g_string_append_printf(to, " (%u)", problem->found);
        break;
    case CTI_PROBLEM_TAG_ZERO:
    case CTI_PROBLEM_UNKNOWN_TAG:
    case CTI_PROBLEM_UNIQUE_INSTANCE_ID:
    case CTI_PROBLEM_TAG_NOT_OF_MESSAGE:
    case CTI_PROBLEM_FIELD_REPEATED:
    case CTI_PROBLEM_REQUIRED_MISSING:
    case CTI_PROBLEM_STRING_NOT_TERMINATED:
    case CTI_PROBLEM_BYTES_AFTER_TERMINATOR:
    case CTI_PROBLEM_COUNT:
        break;
    }
}

void cti_text_problem(GString *to, const cti_problem *problem)
{
    if (problem->field != NULL)
        g_string_append_printf(to, "%s: ", problem->field->name);
    else if (problem->tag != 0)
        g_string_append_printf(to, "tag %u: ", problem->tag);
    g_string_append(to, cti_problem_text(problem->id));
    append_numbers(to, problem);
}

void cti_text_label(GString *to, const cti_item *item)
{
    switch (item->kind) {
    case CTI_ITEM_FIELD:
        g_string_append(to, item->field->name);
        break;
    case CTI_ITEM_UNKNOWN_TAG:
        g_string_append_printf(to, "tag_%u", item->tag);
        break;
    case CTI_ITEM_BODY:
        g_string_append(to, "body");
        break;
    case CTI_ITEM_LEFT_OVER:
        g_string_append(to, "left_over");
        break;
    }
}

void cti_text_item(GString *to, const cti_item *item, unsigned flags)
{
    cti_text_label(to, item);
    g_string_append(to, ": ");
    cti_text_value(to, item, flags);
}
