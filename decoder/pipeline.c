/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way of the packets (see pipeline.h). */
#include "pipeline.h"

#include <glib.h>
#include <string.h>

#include "capture_names.h"
#include "capture_queue.h"
#include "connection_notes.h"
#include "fragment.h"

/* So many packets between two looks at the position in the files. */
#define POSITION_EVERY 1024

/* What is counted of one capture file. */
typedef struct input {
    const char *name;
    uint64_t cut, tunnelled;
    const char *tunnel; /* the first that is not supported */
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

/* Tells what of an input that is used up was left out. */
static void close_input(void *user, uint32_t file)
{
    pipeline *p = user;
    const input *in = &p->inputs[file];

    if (in->cut > 0)
        add_note(p, in, "%" G_GUINT64_FORMAT " packets whose headers are cut or broken were left out",
                 in->cut);
    if (in->tunnelled > 0)
        add_note(p, in, "%" G_GUINT64_FORMAT " packets in tunnels or other forms that are not supported"
                 " were left out (the first: %s)", in->tunnelled, in->tunnel);
}

/* What was read comes out before more is waited for: whoever looks at a capture that goes on
 * sees all of it. */
static void wait_input(void *user)
{
    const pipeline *p = user;

    cti_connections_settle(p->connections);
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

static void take_packet(pipeline *p, input *in, const capture_packet *taken)
{
    summary_record *summary = &p->summary;
    packet_result result;
    packet found;

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
        result = join_fragments(p, taken->time, &found);
    switch (result) {
    case PACKET_TCP:
        found.segment.time = taken->time;
        found.segment.frame = (uint32_t)summary->packets;
        cti_connections_queue(p->connections, &found.segment);
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
            add_note(p, NULL, "interrupted after %" G_GUINT64_FORMAT " packets: the rest is left out",
                     p->summary.packets);
            return;
        }
        p->summary.packets += turn->skipped;
        if (p->options->progress != NULL)
            tell_progress(p, &turn->packet);
        take_packet(p, &p->inputs[turn->file], &turn->packet);
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
    const capture_queue_facts *known = capture_queue_known(p->queue);

    summary_record_take(summary, cti_connections_counts(p->connections));
    summary->files = known->files;
    summary->bytes = known->bytes;
    summary->packets += known->skipped;
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
