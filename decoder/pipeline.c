/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way of the packets (see pipeline.h). */
#include "pipeline.h"

#include <glib.h>
#include <string.h>

#include "capture_names.h"
#include "capture_queue.h"
#include "connection_notes.h"
#include "fragment.h"
#include "undecoded.h"

/* So many packets between two looks at the position in the files. */
#define POSITION_EVERY 1024

/* What is counted of one capture file. */
typedef struct input {
    const char *name;
    undecoded undecoded;
} input;

typedef struct pipeline {
    const pipeline_options *options;
    const record_writer *writer;
    void *user;
    cti_connections *connections;
    cti_connection_events events;
    fragments *fragments;
    capture_queue *queue;
    input *inputs; /* one a path */
    GPtrArray *notes;
    bool incomplete;
    undecoded undecoded; /* of all files that were read */
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
    p->options->note(p->options->note_user, line);
}

static void note_gap(void *user, const char *line)
{
    add_note(user, NULL, "%s", line);
}

static void note_input(void *user, uint32_t file, const char *what)
{
    pipeline *p = user;

    add_note(p, &p->inputs[file], "%s", what);
}

static void skip_packets(void *user, uint32_t file, const char *why, uint64_t packets)
{
    pipeline *p = user;

    undecoded_add(&p->inputs[file].undecoded, why, packets);
}

/* Reports which packets of an input that has ended were not decoded. */
static void close_input(void *user, uint32_t file)
{
    pipeline *p = user;
    input *in = &p->inputs[file];
    GString *text;

    if (in->undecoded.packets == 0)
        return;
    text = g_string_new(NULL);
    undecoded_sort(&in->undecoded);
    undecoded_append(text, &in->undecoded);
    add_note(p, in, "%" G_GUINT64_FORMAT " packet%s not decoded: %s", in->undecoded.packets,
             in->undecoded.packets == 1 ? " was" : "s were", text->str);
    g_string_free(text, TRUE);
    undecoded_merge(&p->undecoded, &in->undecoded);
    undecoded_clear(&in->undecoded);
}

/* What was read comes out before more is waited for: whoever looks at a capture that goes on
 * sees all of it. */
static void wait_input(void *user)
{
    const pipeline *p = user;

    cti_connections_settle(p->connections);
    if (p->writer->wait != NULL)
        p->writer->wait(p->user);
    if (p->options->wait != NULL)
        p->options->wait(p->options->wait_user);
}

static void note_of_connections(void *user, const char *line)
{
    add_note(user, NULL, "%s", line);
}

static bool is_stopped(const pipeline *p)
{
    return p->options->stop != NULL && *p->options->stop;
}

/* Opens all files; false if not one of them can be read. */
static bool open_inputs(pipeline *p, char *const *paths)
{
    const capture_queue_options options = {
        .paths = paths,
        .filter = p->options->filter,
        .in_order = p->options->in_order,
        .stop = p->options->stop,
        .note = note_input,
        .skip = skip_packets,
        .close = close_input,
        .wait = wait_input,
        .user = p,
    };
    uint32_t count = 0;

    while (paths[count] != NULL)
        count++;
    p->inputs = g_new0(input, count);
    for (uint32_t i = 0; i < count; i++)
        p->inputs[i].name = strcmp(paths[i], "-") == 0 ? "standard input" : paths[i];
    capture_names_find_gaps(paths, note_gap, p);
    p->queue = capture_queue_new(&options);
    return capture_queue_known(p->queue)->files > 0;
}

/* Adds the piece that was found to the others of its packet, and parses the packet when it is
 * complete; it may be a piece of another packet, in a tunnel.  PACKET_FRAGMENT: it waits, or is a
 * copy.  *frames becomes how many frames of the capture hold the packet. */
static packet_result join_fragments(pipeline *p, int64_t time, packet *found, uint32_t *frames)
{
    packet_result result = PACKET_FRAGMENT;

    while (result == PACKET_FRAGMENT) {
        ip_piece piece = found->piece;
        ip_piece whole;

        piece.frames = *frames;
        switch (fragments_add(p->fragments, &piece, time, &whole)) {
        case FRAGMENT_HELD:
            return PACKET_FRAGMENT;
        case FRAGMENT_BROKEN:
            found->obstacle = (packet_obstacle){.name = "invalid IP fragment",
                                                .form = OBSTACLE_NAME};
            return PACKET_UNSUPPORTED;
        case FRAGMENT_REPEATED: /* the packet came twice: only its first piece has the ports */
            result = piece.offset == 0 ? packet_parse_whole(&piece, found) : PACKET_FRAGMENT;
            found->segment.repeated = true;
            return result == PACKET_TCP ? PACKET_TCP : PACKET_FRAGMENT;
        case FRAGMENT_WHOLE:
            *frames = whole.frames;
            result = packet_parse_whole(&whole, found);
            break;
        }
    }
    return result;
}

static void take_packet(pipeline *p, input *in, const capture_packet *taken)
{
    summary_record *summary = &p->summary;
    packet_result result;
    packet found;
    uint32_t frames = 1;

    summary->packets++;
    if (summary->first_time == CTI_NO_TIME && p->options->first_time != NULL)
        *p->options->first_time = taken->time;
    if (summary->first_time == CTI_NO_TIME || taken->time < summary->first_time)
        summary->first_time = taken->time;
    if (summary->last_time == CTI_NO_TIME || taken->time > summary->last_time)
        summary->last_time = taken->time;
    result = packet_parse(taken->bytes, taken->captured, taken->length, taken->link_type,
                          &found);
    if (result == PACKET_FRAGMENT)
        result = join_fragments(p, taken->time, &found, &frames);
    switch (result) {
    case PACKET_TCP:
        found.segment.time = taken->time;
        found.segment.frame = (uint32_t)summary->packets;
        cti_connections_queue(p->connections, &found.segment);
        break;
    case PACKET_NOT_TCP:
        summary->without_tcp += frames;
        break;
    case PACKET_CUT:
        undecoded_add(&in->undecoded, "truncated or invalid headers", frames);
        break;
    case PACKET_UNSUPPORTED:
        undecoded_add_obstacle(&in->undecoded, &found.obstacle, frames);
        break;
    case PACKET_FRAGMENT:     /* counted when it is given up */
    case PACKET_UNKNOWN_LINK: /* counted by the queue, which does not hand it out */
        break;
    }
}

/* The files are asked only now and then where they are read. */
static void tell_progress(const pipeline *p, const capture_packet *taken)
{
    progress_counts *counts = p->options->progress;

    progress_packet(counts, taken->captured, taken->time);
    if (counts->packets % POSITION_EVERY == 0)
        progress_set(&counts->position, capture_queue_position(p->queue));
}

static void take_packets(pipeline *p)
{
    const capture_turn *turn;

    while ((turn = capture_queue_next(p->queue)) != NULL) {
        if (is_stopped(p)) {
            p->incomplete = true;
            add_note(p, NULL, "interrupted after %" G_GUINT64_FORMAT
                     " packets: the rest was not read", p->summary.packets);
            return;
        }
        p->summary.packets += turn->skipped;
        if (p->options->progress != NULL)
            tell_progress(p, &turn->packet);
        take_packet(p, &p->inputs[turn->file], &turn->packet);
    }
}

static void note_fragments(pipeline *p, uint64_t count, const char *what, const char *why)
{
    if (count > 0)
        add_note(p, NULL, "%" G_GUINT64_FORMAT " fragmented %s%s not decoded: %s", count, what,
                 count == 1 ? " was" : "s were", why);
}

/* No more pieces come. */
static void finish_fragments(pipeline *p)
{
    const fragment_counts *given_up = fragments_given_up(p->fragments);

    fragments_finish(p->fragments);
    note_fragments(p, given_up->incomplete, "IP packet", "fragments are missing from the capture");
    note_fragments(p, given_up->without_first, "UDP datagram",
                   "the first fragment is missing from the capture");
    note_fragments(p, given_up->limit, "IP packet",
                   "too many packets were incomplete at the same time (--fragments)");
    p->summary.without_tcp += given_up->without_tcp;
}

static void tell_summary(pipeline *p)
{
    summary_record *summary = &p->summary;
    const capture_queue_facts *known = capture_queue_known(p->queue);

    summary_record_take(summary, cti_connections_counts(p->connections));
    summary->files = known->files;
    summary->bytes = known->bytes;
    summary->packets += known->skipped;
    summary->without_tcp += known->not_packets;
    undecoded_sort(&p->undecoded);
    summary->undecoded = &p->undecoded;
    summary->notes = (const char *const *)p->notes->pdata;
    summary->note_count = p->notes->len;
    if (p->writer->summary != NULL)
        p->writer->summary(p->user, summary);
}

static void release(pipeline *p)
{
    capture_queue_free(p->queue);
    cti_connections_free(p->connections);
    fragments_free(p->fragments);
    g_ptr_array_unref(p->notes);
    undecoded_clear(&p->undecoded);
    g_free(p->inputs);
}

pipeline_result pipeline_run(const pipeline_options *options, char *const *paths,
                             const record_writer *writer, void *user, uint64_t findings[3])
{
    pipeline p = {
        .options = options,
        .writer = writer,
        .user = user,
        .notes = g_ptr_array_new_with_free_func(g_free),
        .summary = {.first_time = CTI_NO_TIME, .last_time = CTI_NO_TIME},
    };
    bool readable;

    p.fragments = fragments_new(options->fragments);
    p.events = record_writer_events(writer);
    p.connections = cti_connections_new(&options->connections, &p.events, user);
    readable = open_inputs(&p, paths);
    if (readable) {
        if (writer->begin != NULL)
            writer->begin(user, capture_queue_known(p.queue)->time_digits);
        take_packets(&p);
        capture_queue_close(p.queue);
        finish_fragments(&p);
        cti_connections_finish(p.connections);
        connection_notes(cti_connections_counts(p.connections), &options->connections,
                         note_of_connections, &p);
        tell_summary(&p);
        memcpy(findings, p.summary.findings, sizeof(p.summary.findings));
        p.incomplete |= capture_queue_known(p.queue)->incomplete;
    }
    release(&p);
    if (!readable)
        return PIPELINE_NO_INPUT;
    return p.incomplete ? PIPELINE_INCOMPLETE : PIPELINE_DONE;
}
