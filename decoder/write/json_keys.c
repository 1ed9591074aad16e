/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys and values of a JSON record (see json_parts.h). */
#include "json_parts.h"

#include <string.h>

#include "codec/text.h"
#include "format.h"

void put_text(json *j, const char *text)
{
    if (text == NULL)
        yajl_gen_null(j->gen);
    else
        yajl_gen_string(j->gen, (const unsigned char *)text, strlen(text));
}

static void put_scratch_as_number(json *j)
{
    yajl_gen_number(j->gen, j->scratch->str, j->scratch->len);
}

void put_scratch_as_text(json *j)
{
    yajl_gen_string(j->gen, (const unsigned char *)j->scratch->str, j->scratch->len);
}

/* yajl_gen_integer() prints through sprintf(), which would take a quarter of all time. */
void put_integer(json *j, int64_t number)
{
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    char digits[24], *first = digits + sizeof(digits);

    do {
        *--first = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        *--first = '-';
    yajl_gen_number(j->gen, first, (size_t)(digits + sizeof(digits) - first));
}

void key(json *j, const char *name)
{
    put_text(j, name);
}

void key_text(json *j, const char *name, const char *text)
{
    key(j, name);
    put_text(j, text);
}

void key_number(json *j, const char *name, uint64_t number)
{
    key(j, name);
    put_integer(j, (int64_t)number);
}

void key_known(json *j, const char *name, uint64_t number)
{
    if (number != 0) {
        key_number(j, name, number);
        return;
    }
    key(j, name);
    yajl_gen_null(j->gen);
}

void key_bool(json *j, const char *name, bool yes)
{
    key(j, name);
    yajl_gen_bool(j->gen, yes);
}

void key_null(json *j, const char *name)
{
    key(j, name);
    yajl_gen_null(j->gen);
}

void key_time(json *j, const char *name, int64_t time)
{
    key(j, name);
    if (time == CTI_NO_TIME) {
        yajl_gen_null(j->gen);
        return;
    }
    g_string_truncate(j->scratch, 0);
    format_time(j->scratch, time, j->digits);
    put_scratch_as_text(j);
}

void key_seconds(json *j, const char *name, int64_t duration)
{
    key(j, name);
    if (duration == CTI_NO_TIME) {
        yajl_gen_null(j->gen);
        return;
    }
    g_string_truncate(j->scratch, 0);
    format_seconds(j->scratch, duration, j->digits);
    put_scratch_as_number(j);
}

void key_share(json *j, const char *name, double share)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    key(j, name);
    if (share < 0) {
        yajl_gen_null(j->gen);
        return;
    }
    g_ascii_formatd(text, sizeof(text), "%.3f", share);
    yajl_gen_number(j->gen, text, strlen(text));
}

void key_endpoint(json *j, const char *name, const endpoint *point)
{
    g_string_truncate(j->scratch, 0);
    format_endpoint(j->scratch, point);
    key(j, name);
    put_scratch_as_text(j);
}

void begin_record(json *j, const char *name)
{
    yajl_gen_map_open(j->gen);
    key_text(j, "record", name);
}

void end_record(json *j)
{
    const unsigned char *text;
    size_t length;

    yajl_gen_map_close(j->gen);
    yajl_gen_get_buf(j->gen, &text, &length);
    fwrite(text, 1, length, j->options->out);
    putc('\n', j->options->out);
    yajl_gen_clear(j->gen);
    yajl_gen_reset(j->gen, NULL);
}

void put_bit_names(json *j, const cti_value_set *mask, uint32_t number)
{
    yajl_gen_array_open(j->gen);
    for (uint32_t i = 0; i < mask->count; i++) {
        const uint32_t bits = mask->values[i].number;

        if (bits == 0 ? number == 0 : (number & bits) == bits)
            put_text(j, mask->values[i].name);
    }
    yajl_gen_array_close(j->gen);
}

void put_hex(json *j, const uint8_t *bytes, uint32_t length)
{
    g_string_truncate(j->scratch, 0);
    cti_text_hex(j->scratch, bytes, length);
    put_scratch_as_text(j);
}

/* Without DEL, which yajl would write as it is. */
static bool is_ascii(const char *text, uint32_t length)
{
    uint32_t i = 0;

    while (i < length && (unsigned char)text[i] < 0x7F)
        i++;
    return i == length;
}

static bool all_shown(const char *text, const char *end)
{
    for (; text < end; text = g_utf8_next_char(text))
        if ((unsigned char)*text >= 0x7F && !cti_text_is_shown(g_utf8_get_char(text)))
            return false;
    return true;
}

/* Valid UTF-8.  yajl escapes the control characters of ASCII only; a terminal obeys others too. */
static void put_valid(json *j, const char *text, gsize length)
{
    GString *escaped;

    if (all_shown(text, text + length)) {
        yajl_gen_string(j->gen, (const unsigned char *)text, length);
        return;
    }
    escaped = g_string_new(NULL);
    cti_text_json(escaped, text, length);
    yajl_gen_number(j->gen, escaped->str, escaped->len); /* as it is */
    g_string_free(escaped, TRUE);
}

void put_wire_text(json *j, const char *text, uint32_t length)
{
    char *valid;

    if (is_ascii(text, length)) {
        yajl_gen_string(j->gen, (const unsigned char *)text, length);
        return;
    }
    if (g_utf8_validate_len(text, length, NULL)) {
        put_valid(j, text, length);
        return;
    }
    valid = g_utf8_make_valid(text, length);
    put_valid(j, valid, strlen(valid));
    g_free(valid);
}

void key_wire_text(json *j, const char *name, const char *text)
{
    key(j, name);
    if (text[0] == '\0')
        yajl_gen_null(j->gen);
    else
        put_wire_text(j, text, (uint32_t)strlen(text));
}
