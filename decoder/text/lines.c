/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events as words (see lines.h). */
#include "lines.h"

#include "codec/text.h"
#include "format.h"
#include "ink.h"

static void append_frame(GString *to, uint32_t frame)
{
    if (frame != 0)
        g_string_append_printf(to, "  #%u", frame);
}

const char *line_direction(cti_sender sender)
{
    return sender == CTI_CLIENT ? "C->S" : "S->C";
}

static void append_milliseconds(GString *to, int64_t duration)
{
    g_string_append_printf(to, "%.3f ms", (double)duration / 1e6);
}

/* The problems of the message that are more than a note, each kind once. */
static void append_problems(GString *to, const cti_reader *reader)
{
    uint32_t counts[CTI_PROBLEM_COUNT] = {0};
    cti_reader own;
    cti_item item;

    if (cti_reader_is_clean(reader))
        return;
    own = *reader;
    while (cti_reader_next(&own, &item))
        ;
    for (uint32_t i = 0; i < own.problem_count; i++)
        counts[own.problems[i].id]++;
    for (uint32_t i = 0; i < own.problem_count; i++) {
        const cti_problem_id id = own.problems[i].id;

        if (cti_problem_severity(id) == CTI_NOTE || counts[id] == 0)
            continue;
        g_string_append_printf(to, " !%s", cti_problem_name(id));
        if (counts[id] > 1)
            g_string_append_printf(to, " x %u", counts[id]);
        counts[id] = 0;
    }
}

void line_message(GString *to, const message_record *record, unsigned text_flags)
{
    const cti_reader *reader = record->reader;
    gsize before;

    if (reader->message != NULL)
        g_string_append(to, reader->message->name);
    else
        g_string_append_printf(to, "MESSAGE_%u", reader->message_type);
    g_string_append(to, "  ");
    before = to->len;
    cti_text_highlights(to, reader, text_flags);
    if (to->len == before)
        g_string_truncate(to, before - 2);
    if (record->facts->answers && record->facts->answer_time != CTI_NO_TIME) {
        g_string_append(to, " after ");
        append_milliseconds(to, record->facts->answer_time);
    }
    append_problems(to, reader);
    append_frame(to, record->frame);
}

void line_tcp_end(GString *to, cti_tcp_end how, cti_sender sender, uint32_t frame)
{
    g_string_append_printf(to, "TCP %s by the %s", how == CTI_TCP_RST ? "reset" : "closed (FIN)",
                           sender == CTI_CLIENT ? "client" : "server");
    append_frame(to, frame);
}

void line_gap(GString *to, const gap_record *record)
{
    const char *sender = record->sender == CTI_CLIENT ? "client" : "server";

    if (record->cause == CTI_GAP_FRAMING)
        g_string_append_printf(to, "%" G_GUINT64_FORMAT " byte%s from the %s could not be decoded",
                               record->skipped_bytes, record->skipped_bytes == 1 ? "" : "s", sender);
    else
        g_string_append_printf(to, "%" G_GUINT64_FORMAT " byte%s from the %s missing (%s)",
                               record->bytes, record->bytes == 1 ? "" : "s", sender,
                               cti_gap_cause_name(record->cause));
    append_frame(to, record->frame);
}

void line_silence(GString *to, const cti_silence *silence)
{
    g_string_append(to, "the client was silent for ");
    format_seconds(to, cti_elapsed(silence->from, silence->to), 3);
    g_string_append(to, " s");
    if (silence->idle_share >= 0)
        g_string_append_printf(to, " (%.0f %% of IdleTimeout)", silence->idle_share * 100);
    append_frame(to, silence->frame);
}

void line_unanswered(GString *to, const cti_request *request)
{
    g_string_append_printf(to, "%s inv=%u: no response", request->message->name,
                           request->invoke_id);
    append_frame(to, request->frame);
}

void line_finding(GString *to, const cti_finding *finding, bool colour)
{
    ink_severity(to, colour, finding->severity, 0);
    g_string_append_printf(to, " %s: ", cti_rule_name(finding->rule));
    line_finding_words(to, finding);
}

void line_finding_words(GString *to, const cti_finding *finding)
{
    g_string_append(to, finding->text);
    if (finding->check != NULL)
        g_string_append_printf(to, " %s", finding->check);
    for (uint32_t i = 0; i < finding->frame_count; i++)
        g_string_append_printf(to, "%s#%u", i == 0 ? "  " : " ", finding->frames[i]);
}
