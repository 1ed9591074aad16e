/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way of the packets (see pipeline.h). */
#include "pipeline.h"

#include <glib.h>
#include <string.h>

#include "capture.h"
#include "fragment.h"

/* One capture file and the packet of it that comes next. */
typedef struct input {
    const char *name;
    capture *capture; /* NULL when it is used up */
    int link_type;
    capture_packet packet;
    uint64_t position;
    uint64_t packets, cut, tunnelled;
    const char *tunnel; /* the first that is not supported */
} input;

typedef struct pipeline {
    const pipeline_options *options;
    const record_writer *writer;
    void *user;
    void (*note)(const char *line);
    connections *connections;
    fragments *fragments;
    input *inputs;
    uint32_t input_count;
    GPtrArray *notes;
    bool incomplete;
    summary_record summary;
} pipeline;

static void add_note(pipeline *p, const input *from, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static void add_note(pipeline *p, const input *from, const char *format, ...)
{
    va_list arguments;
    char *what, *line;

    va_start(arguments, format);
    what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    line = from != NULL ? g_strdup_printf("%s: %s", from->name, what) : g_strdup(what);
    g_free(what);
    g_ptr_array_add(p->notes, line);
    p->note(line);
}

/* Closes an input, and tells what of it was not used. */
static void close_input(pipeline *p, input *in)
{
    p->summary.bytes += capture_position(in->capture);
    if (in->cut > 0)
        add_note(p, in, "%" G_GUINT64_FORMAT " packets whose headers are cut or broken were left out",
                 in->cut);
    if (in->tunnelled > 0)
        add_note(p, in, "%" G_GUINT64_FORMAT " packets in tunnels that are not supported were left out"
                 " (the first: %s)", in->tunnelled, in->tunnel);
    capture_close(in->capture);
    in->capture = NULL;
}

static bool is_stopped(const pipeline *p)
{
    return p->options->stop != NULL && *p->options->stop;
}

/* Gets the input's next packet. */
static void advance(pipeline *p, input *in)
{
    switch (capture_next(in->capture, &in->packet)) {
    case CAPTURE_PACKET:
        in->packets++;
        return;
    case CAPTURE_DAMAGED:
        if (is_stopped(p)) /* a read that the signal broke off */
            return;
        p->incomplete = true;
        add_note(p, in, "damaged after packet %" G_GUINT64_FORMAT " (%s): what follows is left out",
                 in->packets, capture_error(in->capture));
        break;
    case CAPTURE_END:
        break;
    }
    close_input(p, in);
}

static bool open_input(pipeline *p, input *in, const char *path)
{
    char *error = NULL;

    in->name = g_strcmp0(path, "-") == 0 ? "standard input" : path;
    in->capture = capture_open(path, &error);
    if (in->capture == NULL) {
        add_note(p, in, "%s", error);
        g_free(error);
        return false;
    }
    in->link_type = capture_link_type(in->capture);
    if (!packet_knows_link(in->link_type)) {
        add_note(p, in, "link type %d (%s) is not supported: the file is left out", in->link_type,
                 capture_link_name(in->capture));
        capture_close(in->capture);
        in->capture = NULL;
        return false;
    }
    return true;
}

/* Opens all files; false if not one of them can be read. */
static bool open_inputs(pipeline *p, char *const *paths)
{
    uint32_t count = 0;
    unsigned digits = 6;

    for (; paths[count] != NULL; count++)
        ;
    p->inputs = g_new0(input, count);
    for (uint32_t i = 0; i < count; i++)
        if (open_input(p, &p->inputs[p->input_count], paths[i])) {
            digits = MAX(digits, capture_time_digits(p->inputs[p->input_count].capture));
            p->input_count++;
        } else {
            p->incomplete = true;
        }
    if (p->input_count == 0)
        return false;
    if (p->writer->begin != NULL)
        p->writer->begin(p->user, digits);
    for (uint32_t i = 0; i < p->input_count; i++)
        advance(p, &p->inputs[i]);
    return true;
}

/* The input whose next packet is the earliest; of equal ones the first named. */
static input *earliest(const pipeline *p)
{
    input *best = NULL;

    for (uint32_t i = 0; i < p->input_count; i++) {
        input *in = &p->inputs[i];

        if (in->capture != NULL && (best == NULL || in->packet.time < best->packet.time))
            best = in;
    }
    return best;
}

/* Puts the piece that was found to the others of its packet, and parses that once it is
 * whole; it may be a piece of another packet, in a tunnel.  PACKET_FRAGMENT: it waits, or
 * was there before. */
static packet_result join_fragments(pipeline *p, int64_t time, packet *found)
{
    packet_result result = PACKET_FRAGMENT;

    while (result == PACKET_FRAGMENT) {
        const ip_piece piece = found->piece;
        ip_piece whole;

        switch (fragments_add(p->fragments, &piece, time, &whole)) {
        case FRAGMENT_HELD:
            return PACKET_FRAGMENT;
        case FRAGMENT_BROKEN:
            return PACKET_CUT;
        case FRAGMENT_REPEATED: /* the packet came twice: its first piece tells whose it is */
            result = piece.offset == 0 ? packet_parse_whole(&piece, found) : PACKET_FRAGMENT;
            found->segment.repeated = true;
            return result == PACKET_TCP ? PACKET_TCP : PACKET_FRAGMENT;
        case FRAGMENT_WHOLE:
            result = packet_parse_whole(&whole, found);
            break;
        }
    }
    return result;
}

static void take_packet(pipeline *p, input *in)
{
    summary_record *summary = &p->summary;
    const capture_packet *taken = &in->packet;
    packet_result result;
    packet found;

    summary->packets++;
    if (summary->first_time == CTI_NO_TIME || taken->time < summary->first_time)
        summary->first_time = taken->time;
    if (summary->last_time == CTI_NO_TIME || taken->time > summary->last_time)
        summary->last_time = taken->time;
    result = packet_parse(taken->bytes, taken->captured, taken->length, in->link_type,
                          &found);
    if (result == PACKET_FRAGMENT)
        result = join_fragments(p, taken->time, &found);
    switch (result) {
    case PACKET_TCP:
        found.segment.time = taken->time;
        found.segment.frame = (uint32_t)summary->packets;
        connections_feed(p->connections, &found.segment);
        break;
    case PACKET_CUT:
        in->cut++;
        break;
    case PACKET_TUNNEL:
        if (in->tunnelled++ == 0)
            in->tunnel = found.tunnel;
        break;
    case PACKET_FRAGMENT:
    case PACKET_NOT_TCP:
    case PACKET_UNKNOWN_LINK:
        break;
    }
}

static void take_packets(pipeline *p)
{
    input *in;

    while ((in = earliest(p)) != NULL) {
        if (is_stopped(p)) {
            p->incomplete = true;
            add_note(p, NULL, "interrupted after %" G_GUINT64_FORMAT " packets: the rest is left out",
                     p->summary.packets);
            return;
        }
        take_packet(p, in);
        advance(p, in);
    }
}

/* What is not whole now will never be. */
static void finish_fragments(pipeline *p)
{
    const fragment_counts *given_up = fragments_given_up(p->fragments);

    fragments_finish(p->fragments);
    if (given_up->incomplete > 0)
        add_note(p, NULL, "%" G_GUINT64_FORMAT " fragmented IP packets of which pieces are missing"
                 " were left out", given_up->incomplete);
    if (given_up->limit > 0)
        add_note(p, NULL, "%" G_GUINT64_FORMAT " fragmented IP packets were left out: too many pieces"
                 " wait for others", given_up->limit);
}

static void tell_summary(pipeline *p)
{
    summary_record *summary = &p->summary;

    connections_summary(p->connections, summary);
    summary->files = p->input_count;
    summary->notes = (const char *const *)p->notes->pdata;
    summary->note_count = p->notes->len;
    if (p->writer->summary != NULL)
        p->writer->summary(p->user, summary);
}

static void release(pipeline *p)
{
    for (uint32_t i = 0; i < p->input_count; i++)
        capture_close(p->inputs[i].capture);
    connections_free(p->connections);
    fragments_free(p->fragments);
    g_ptr_array_unref(p->notes);
    g_free(p->inputs);
}

pipeline_result pipeline_run(const pipeline_options *options, char *const *paths,
                             const record_writer *writer, void *user,
                             void (*note)(const char *line), uint64_t findings[3])
{
    pipeline p = {
        .options = options,
        .writer = writer,
        .user = user,
        .note = note,
        .notes = g_ptr_array_new_with_free_func(g_free),
        .summary = {.first_time = CTI_NO_TIME, .last_time = CTI_NO_TIME},
    };
    bool readable;

    p.fragments = fragments_new();
    p.connections = connections_new(&options->connections, writer, user);
    readable = open_inputs(&p, paths);
    if (readable) {
        take_packets(&p);
        for (uint32_t i = 0; i < p.input_count; i++)
            if (p.inputs[i].capture != NULL)
                close_input(&p, &p.inputs[i]);
        finish_fragments(&p);
        connections_finish(p.connections);
        tell_summary(&p);
        memcpy(findings, p.summary.findings, sizeof(p.summary.findings));
    }
    release(&p);
    if (!readable)
        return PIPELINE_NO_INPUT;
    return p.incomplete ? PIPELINE_INCOMPLETE : PIPELINE_DONE;
}
