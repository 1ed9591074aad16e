/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each message with all its fields, the bits of its masks, and its problems. */
#include <glib.h>
#include <string.h>

#include "codec/text.h"
#include "format.h"
#include "lines.h"
#include "writers.h"

/* Bytes of a value beside it, with option -x. */
#define BYTES_SHOWN 8
#define NAME_WIDTH 30

typedef struct messages {
    const writer_options *options;
    unsigned digits;
    GString *text;
    cti_record records[CTI_RECORD_DEPTH]; /* that the last field is in, the outer one first */
} messages;

static void messages_begin(void *user, unsigned time_digits)
{
    messages *m = user;

    m->digits = time_digits;
}

static void append_head(messages *m, const message_record *record)
{
    const cti_reader *reader = record->reader;
    const cti_message_facts *facts = record->facts;
    const char *side = cti_side_name(record->session->connection->side);

    times_line(m->text, m->options->times, record->time, m->digits, true);
    g_string_append_printf(m->text, "  frame %u  session %u", record->frame,
                           record->session->number);
    if (side != NULL)
        g_string_append_printf(m->text, " side %s", side);
    g_string_append_printf(m->text, "  %s  ", line_direction(record->sender));
    if (reader->message != NULL)
        g_string_append_printf(m->text, "%s (%u)", reader->message->name, reader->message_type);
    else
        g_string_append_printf(m->text, "unknown message (%u)", reader->message_type);
    g_string_append_printf(m->text, ", %u bytes", reader->message_length);
    if (facts->version != 0)
        g_string_append_printf(m->text, ", version %u%s", facts->version,
                               facts->version_inferred ? " (inferred)" : "");
    if (facts->answers)
        g_string_append_printf(m->text, ", response to #%u", facts->request_frame);
    if (facts->answers && facts->answer_time != CTI_NO_TIME)
        g_string_append_printf(m->text, " after %.3f ms", (double)facts->answer_time / 1e6);
    g_string_append_c(m->text, '\n');
}

/* "   88   7  31303031 3030.." */
static void append_bytes(messages *m, const cti_item *item)
{
    const uint32_t shown = MIN(item->length, BYTES_SHOWN);

    g_string_append_printf(m->text, "  %5u %5u  ", item->offset,
                           item->start + item->size - item->offset);
    if (item->redacted || cti_item_hidden(item, m->options->text_flags)) {
        g_string_append_printf(m->text, "%-*s  ", 2 * BYTES_SHOWN,
                               item->redacted ? "redacted" : "hidden");
        return;
    }
    cti_text_hex(m->text, item->data, shown);
    g_string_append_printf(m->text, "%*s%s", (int)(2 * (BYTES_SHOWN - shown)), "",
                           item->length > shown ? ".." : "  ");
}

static void append_indent(messages *m)
{
    if (m->options->show_bytes)
        g_string_append_printf(m->text, "%*s", 15 + 2 * BYTES_SHOWN + 2, "");
}

/* The bits that are set, one a line, and what they mean. */
static void append_bits(messages *m, const cti_item *item)
{
    const cti_value_set *mask = item->field->values;

    for (uint32_t i = 0; i < mask->count; i++) {
        const cti_value *bit = &mask->values[i];

        if (bit->number == 0 || (item->number & bit->number) != bit->number)
            continue;
        append_indent(m);
        g_string_append_printf(m->text, "        0x%08x %s: %s\n", bit->number, bit->name,
                               bit->text);
    }
    if (item->number & ~mask->all_bits) {
        append_indent(m);
        g_string_append_printf(m->text, "        0x%08x bits without a name\n",
                               item->number & ~mask->all_bits);
    }
}

static void append_value(messages *m, const cti_item *item)
{
    const cti_value_set *values = item->field != NULL ? item->field->values : NULL;
    const cti_value *value = cti_item_value(item);

    if (values != NULL && values->is_mask && item->has_number) {
        g_string_append_printf(m->text, "0x%x\n", item->number);
        append_bits(m, item);
        return;
    }
    if (cti_item_is_empty_array(item))
        g_string_append(m->text, "no values");
    cti_text_value(m->text, item, m->options->text_flags);
    if (value != NULL && value->text[0] != '\0')
        g_string_append_printf(m->text, ": %s", value->text);
    g_string_append_c(m->text, '\n');
}

/* "Records[0]", "  Skills[3]": where another record begins. */
static unsigned append_records(messages *m, const cti_item *item)
{
    cti_record records[CTI_RECORD_DEPTH] = {{NULL, 0}};
    const unsigned count = cti_item_records(item, records);
    bool is_new = false;

    for (unsigned depth = 0; depth < count; depth++) {
        is_new |= records[depth].counter != m->records[depth].counter ||
                  records[depth].index != m->records[depth].index;
        if (!is_new)
            continue;
        append_indent(m);
        g_string_append_printf(m->text, "    %*s%s[%u]\n", 2 * (int)depth, "",
                               cti_list_name(records[depth].counter), records[depth].index);
    }
    memcpy(m->records, records, sizeof(records));
    return count;
}

static void append_field(messages *m, const cti_item *item)
{
    const unsigned depth = append_records(m, item);
    gsize before;

    if (m->options->show_bytes)
        append_bytes(m, item);
    g_string_append(m->text, "    ");
    before = m->text->len;
    g_string_append_printf(m->text, "%*s", 2 * (int)depth, "");
    cti_text_label(m->text, item);
    if (item->tag != 0)
        g_string_append_printf(m->text, " [%u]", item->tag);
    while (m->text->len - before < NAME_WIDTH)
        g_string_append_c(m->text, ' ');
    g_string_append_c(m->text, ' ');
    append_value(m, item);
}

static void append_problem(messages *m, const cti_problem *problem)
{
    append_indent(m);
    g_string_append_printf(m->text, "  ! %s %s at %u: ",
                           cti_severity_name(cti_problem_severity(problem->id)),
                           cti_problem_name(problem->id), problem->offset);
    cti_text_problem(m->text, problem);
    g_string_append_c(m->text, '\n');
}

static void messages_message(void *user, const message_record *record)
{
    messages *m = user;
    cti_reader reader = *record->reader;
    cti_item item;

    g_string_truncate(m->text, 0);
    append_head(m, record);
    memset(m->records, 0, sizeof(m->records));
    while (cti_reader_next(&reader, &item))
        append_field(m, &item);
    for (uint32_t i = 0; i < reader.problem_count; i++)
        append_problem(m, &reader.problems[i]);
    g_string_append_c(m->text, '\n');
    fwrite(m->text->str, 1, m->text->len, m->options->out);
}

static void messages_gap(void *user, const gap_record *record)
{
    messages *m = user;

    g_string_truncate(m->text, 0);
    times_line(m->text, m->options->times, record->time, m->digits, true);
    if (record->session != NULL)
        g_string_append_printf(m->text, "  session %u", record->session->number);
    g_string_append(m->text, "  ");
    line_gap(m->text, record);
    g_string_append(m->text, "\n\n");
    fwrite(m->text->str, 1, m->text->len, m->options->out);
}

const record_writer messages_writer = {
    .begin = messages_begin,
    .message = messages_message,
    .gap = messages_gap,
};

void *messages_start(const writer_options *options)
{
    messages *m = g_new0(messages, 1);

    m->options = options;
    m->text = g_string_new(NULL);
    return m;
}

void messages_finish(void *user)
{
    messages *m = user;

    g_string_free(m->text, TRUE);
    g_free(m);
}
