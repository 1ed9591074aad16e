/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Promises that the headers of codec and decoder make for any bytes, checked; and how a fuzz
 * target takes its input apart.  What breaks a promise ends the program with a core. */
#ifndef TEST_FUZZ_PROMISES_H
#define TEST_FUZZ_PROMISES_H

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "framing.h"

#define REQUIRE(condition)                                                             \
    do {                                                                               \
        if (!(condition)) {                                                            \
            fprintf(stderr, "broken promise: %s, %s:%d\n", #condition, __FILE__, __LINE__); \
            abort();                                                                   \
        }                                                                              \
    } while (0)

/* A libFuzzer target; replay.c calls it for each file where there is no libFuzzer.
 * https://llvm.org/docs/LibFuzzer.html */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- the input, taken from its front; behind its end there are zeros ---- */

typedef struct input {
    const uint8_t *bytes;
    size_t left;
} input;

static inline uint8_t take8(input *in)
{
    if (in->left == 0)
        return 0;
    in->left--;
    return *in->bytes++;
}

static inline uint16_t take16(input *in)
{
    const uint8_t high = take8(in);

    return (uint16_t)(high << 8 | take8(in));
}

static inline uint32_t take32(input *in)
{
    const uint32_t high = take16(in);

    return high << 16 | take16(in);
}

/* At most so many bytes, as a copy whose end is the end of its memory: a sanitizer sees each
 * byte that is read beyond it.  *size becomes how many there are. */
static inline uint8_t *take_copy(input *in, uint32_t *size)
{
    uint8_t *copy;

    *size = (uint32_t)MIN(*size, in->left);
    copy = malloc(*size > 0 ? *size : 1);
    REQUIRE(copy != NULL);
    memcpy(copy, in->bytes, *size);
    in->bytes += *size;
    in->left -= *size;
    return copy;
}

/* A step of the clock in nanoseconds: mostly forward, from none to longer than any time that a
 * rule knows. */
static inline int64_t take_step(input *in)
{
    static const int64_t steps[] = {0,
                                    1,
                                    1000000,
                                    40000000,
                                    300000000,
                                    1000000000,
                                    5000000000,
                                    30000000000,
                                    31000000000,
                                    60000000000,
                                    120000000000,
                                    600000000000,
                                    86400000000000,
                                    -1000000,
                                    -5000000000,
                                    -86400000000000};

    return steps[take8(in) % G_N_ELEMENTS(steps)];
}

/* A time to begin at, the first and the last one that there are among them. */
static inline int64_t take_start(input *in)
{
    static const int64_t starts[] = {INT64_C(1795341600000000000), 0, INT64_MIN + 1,
                                     INT64_MAX - 1000000000};

    return starts[take8(in) % G_N_ELEMENTS(starts)];
}

/* Later by a step; it stays a time. */
static inline int64_t later(int64_t time, int64_t step)
{
    int64_t sum;

    if (__builtin_add_overflow(time, step, &sum))
        return step > 0 ? INT64_MAX : INT64_MIN + 1;
    return MAX(sum, INT64_MIN + 1);
}

/* ---- text ---- */

/* Text for people: UTF-8 without control characters. */
static inline void check_text(const char *text, size_t size)
{
    REQUIRE(g_utf8_validate(text, (gssize)size, NULL));
    for (size_t i = 0; i < size; i++)
        REQUIRE((uint8_t)text[i] >= 0x20 && text[i] != 0x7F);
}

/* ---- reader ---- */

/* Items cover the message exactly once and in order, and point into its bytes. */
static inline void check_item(const cti_item *item, const uint8_t *bytes, uint32_t expected)
{
    REQUIRE(item->start == expected);
    REQUIRE(item->size > 0);
    REQUIRE(item->kind != CTI_ITEM_FIELD || item->field != NULL);
    if (item->redacted) /* the value is elsewhere, and as long as a token */
        return;
    REQUIRE(item->offset >= item->start && item->offset + item->length == item->start + item->size);
    REQUIRE(item->data == bytes + item->offset);
    REQUIRE(item->text == NULL || (const uint8_t *)item->text + item->text_length <=
                                      bytes + item->offset + item->length);
    REQUIRE(item->name == NULL || (const uint8_t *)item->name + item->name_length <=
                                      bytes + item->offset + item->length);
}

/* Reads a message to its end; item(), which may be NULL, gets each value. */
static inline void check_reader(const uint8_t *bytes, uint32_t size, const cti_context *context,
                                void (*each)(const cti_reader *reader, const cti_item *item))
{
    uint32_t expected = CTI_HEADER_SIZE;
    cti_reader reader;
    cti_item item;
    bool clean;

    cti_reader_init(&reader, bytes, size, context);
    clean = cti_reader_is_clean(&reader);
    while (cti_reader_next(&reader, &item)) {
        check_item(&item, bytes, expected);
        expected += item.size;
        if (each != NULL)
            each(&reader, &item);
    }
    if (size >= CTI_HEADER_SIZE)
        REQUIRE(expected == reader.end);
    REQUIRE(!clean || reader.problem_count == 0);
    REQUIRE(reader.problem_count <= CTI_PROBLEMS_MAX);
    for (uint32_t i = 0; i < reader.problem_count; i++)
        REQUIRE(reader.problems[i].id < CTI_PROBLEM_COUNT);
}

/* ---- framing ---- */

/* Walks through bytes; returns how many are used up. */
static inline size_t check_framing(const uint8_t *bytes, size_t length, cti_framing framing)
{
    size_t offset = 0, size;

    while (offset < length) {
        const cti_frame_result result = cti_frame_next(&framing, bytes + offset, length - offset,
                                                       &size);

        REQUIRE(size >= 1);
        REQUIRE(cti_frame_skip(&framing, bytes + offset, length - offset) >= 1);
        REQUIRE(cti_frame_count(&framing, bytes + offset, length - offset) <= CTI_FRAME_COUNT_MAX);
        cti_frame_explains(&framing, bytes + offset, length - offset);
        if (result == CTI_FRAME_MORE) {
            REQUIRE(size > length - offset);
            break;
        }
        REQUIRE(size <= length - offset);
        offset += size;
    }
    return offset;
}

#endif
