/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reader, and all that turns its items into words.  The input: a byte for the version and
 * one for what is asked, then a message. */
#include "highlights.h"
#include "promises.h"
#include "redaction.h"
#include "text.h"

static unsigned text_flags;

static void check_value(const cti_reader *reader, const cti_item *item)
{
    GString *text = g_string_new(NULL);
    cti_item first;

    cti_text_label(text, item);
    REQUIRE(text->len > 0);
    cti_text_value(text, item, text_flags);
    check_text(text->str, text->len);
    if (cti_item_hidden(item, text_flags))
        REQUIRE(strstr(text->str, "<hidden") != NULL);
    if (item->kind == CTI_ITEM_FIELD) {
        REQUIRE(cti_reader_find(reader, cti_field_index(item->field), &first));
        REQUIRE(first.start <= item->start && first.field == item->field);
    }
    g_string_free(text, TRUE);
}

static void check_words(const uint8_t *bytes, uint32_t size, const cti_context *context)
{
    GString *text = g_string_new(NULL);
    cti_item highlights[CTI_HIGHLIGHTS_MAX];
    uint32_t invoke_id;
    cti_reader reader;
    cti_item item;

    cti_reader_init(&reader, bytes, size, context);
    REQUIRE(cti_highlights(&reader, highlights) <= CTI_HIGHLIGHTS_MAX);
    cti_text_highlights(text, &reader, text_flags);
    if (cti_reader_invoke_id(&reader, &invoke_id))
        REQUIRE(size >= CTI_HEADER_SIZE + 4 && invoke_id == cti_get32(bytes + CTI_HEADER_SIZE));
    while (cti_reader_next(&reader, &item))
        ;
    for (uint32_t i = 0; i < reader.problem_count; i++)
        cti_text_problem(text, &reader.problems[i]);
    check_text(text->str, text->len);
    g_string_free(text, TRUE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[] = "key";
    input in = {data, size};
    const uint32_t version = take8(&in) % 32;
    const uint8_t asked = take8(&in);
    cti_redaction *redaction = asked & 1 ? cti_redaction_new(key, sizeof(key)) : NULL;
    const cti_context context = {.version = version, .redaction = redaction};
    uint32_t length = UINT32_MAX;
    uint8_t *message = take_copy(&in, &length);

    text_flags = asked & 2 ? CTI_TEXT_SECRETS : 0;
    check_reader(message, length, &context, check_value);
    check_words(message, length, &context);
    REQUIRE((cti_versions_that_fit(message, length) & ~CTI_VERSIONS_ALL) == 0);
    cti_frame_looks(message, length);
    cti_redaction_free(redaction);
    free(message);
    return 0;
}
