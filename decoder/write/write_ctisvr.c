/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages in the form of the CTI Server's own log, so that a capture and a log can be put
 * side by side:
 *     10:00:00:001 ctisvr SESSION 1: MsgType:OPEN_REQ (InvokeID:0x1 VersionNumber:24 ...)
 * A long message goes on in further lines that begin the same way. */
#include <glib.h>
#include <string.h>

#include "codec/text.h"
#include "format.h"
#include "writers.h"

/* A line is folded before the field that would make it longer. */
#define LINE_WIDTH 120

typedef struct ctisvr {
    const writer_options *options;
    GString *prefix, *line, *field;
} ctisvr;

static void put_line(const ctisvr *c)
{
    fwrite(c->prefix->str, 1, c->prefix->len, c->options->out);
    fwrite(c->line->str, 1, c->line->len, c->options->out);
    putc('\n', c->options->out);
}

static void append_word(ctisvr *c, const char *separator)
{
    if (c->prefix->len + c->line->len + c->field->len + 2 > LINE_WIDTH && c->line->len > 0) {
        put_line(c);
        g_string_truncate(c->line, 0);
        separator = "";
    }
    g_string_append(c->line, separator);
    g_string_append_len(c->line, c->field->str, (gssize)c->field->len);
}

/* The log shows names where there are some, and ids and masks in hexadecimal. */
static void append_value(GString *to, const cti_item *item, unsigned text_flags)
{
    const cti_field *field = item->field;
    const cti_value *value;

    if (field == NULL || !item->has_number || field->type >= CTI_TYPE_TASKID ||
        field->type == CTI_TYPE_TIME) {
        cti_text_value(to, item, text_flags);
        return;
    }
    value = cti_item_value(item);
    if (value != NULL)
        g_string_append(to, value->name);
    else if ((field->values != NULL && field->values->is_mask) ||
             field == cti_field_get(CTI_F_InvokeID) || item->number == UINT32_MAX)
        g_string_append_printf(to, "0x%x", item->number);
    else if (cti_type_is_signed(field->type))
        g_string_append_printf(to, "%d", (int32_t)item->number);
    else
        g_string_append_printf(to, "%u", item->number);
}

static void append_item(ctisvr *c, const cti_item *item, const char *separator)
{
    g_string_truncate(c->field, 0);
    cti_text_label(c->field, item);
    g_string_append_c(c->field, ':');
    append_value(c->field, item, c->options->text_flags);
    append_word(c, separator);
}

/* "10:00:00:001 ctisvr SESSION 1: " */
static void make_prefix(ctisvr *c, const message_record *record)
{
    g_string_truncate(c->prefix, 0);
    times_day(c->prefix, c->options->times, record->time, 3);
    c->prefix->str[c->prefix->len - 4] = ':';
    g_string_append_printf(c->prefix, " ctisvr SESSION %u: ", record->session->number);
}

static void ctisvr_message(void *user, const message_record *record)
{
    ctisvr *c = user;
    cti_reader reader = *record->reader;
    const char *separator = "";
    cti_item item;

    make_prefix(c, record);
    if (reader.message != NULL)
        g_string_printf(c->line, "MsgType:%s (", reader.message->name);
    else
        g_string_printf(c->line, "MsgType:%u (", reader.message_type);
    while (cti_reader_next(&reader, &item)) {
        append_item(c, &item, separator);
        separator = " ";
    }
    g_string_append_c(c->line, ')');
    put_line(c);
}

const record_writer ctisvr_writer = {.message = ctisvr_message};

void *ctisvr_start(const writer_options *options)
{
    ctisvr *c = g_new0(ctisvr, 1);

    c->options = options;
    c->prefix = g_string_new(NULL);
    c->line = g_string_new(NULL);
    c->field = g_string_new(NULL);
    return c;
}

void ctisvr_finish(void *user)
{
    ctisvr *c = user;

    g_string_free(c->prefix, TRUE);
    g_string_free(c->line, TRUE);
    g_string_free(c->field, TRUE);
    g_free(c);
}
