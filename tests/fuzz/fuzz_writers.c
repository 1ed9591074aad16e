/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From segments to output that is read back: connections, sessions and writers without capture
 * files and headers.  The input: 4 bytes for what is asked for, one for the time, then segments:
 * a byte for what happens, one for the connection, a step of the clock, and data. */
#include "connection_notes.h"
#include "outputs.h"
#include "promises.h"

enum { TALKS = 16 };

/* One connection as its ends see it. */
typedef struct talk {
    uint32_t next[2]; /* sequence numbers of the client, of the server */
} talk;

typedef struct bench {
    cti_connection_options options;
    cti_connections *all;
    talk talks[TALKS];
    int64_t now;
    uint32_t frame;
} bench;

static endpoint make_endpoint(bool server, uint32_t talk)
{
    static const uint16_t ports[] = {42027, 43027, 38000, 42067};
    endpoint e = {.address_size = talk & 8 ? 16 : 4, .address = {10, 0, server, 1}};

    e.port = server ? ports[talk & 3] : (uint16_t)(50000 + talk);
    if (!server)
        e.address[3] = (uint8_t)(talk >> 2 & 1);
    return e;
}

static void take_segment(bench *b, input *in)
{
    const uint8_t what = take8(in), which = take8(in);
    const bool server = what & 1;
    talk *t = &b->talks[which % TALKS];
    uint32_t size = 0, lost = 0;
    cti_segment segment = {.source = make_endpoint(server, which % TALKS),
                           .destination = make_endpoint(!server, which % TALKS),
                           .sequence = t->next[server],
                           .acknowledgment = t->next[!server],
                           .window = which & 0x10 ? 0 : 64240,
                           .flags = CTI_FLAG_ACK,
                           .frame = ++b->frame};
    uint8_t *bytes;

    b->now = later(b->now, take_step(in));
    segment.time = b->now;
    switch (what >> 1 & 15) {
    default: size = take16(in); break;
    case 8: segment.flags |= CTI_FLAG_FIN; break;
    case 9: segment.flags |= CTI_FLAG_RST; break;
    case 10: segment.flags = CTI_FLAG_SYN | (server ? CTI_FLAG_ACK : 0); break;
    case 11:
        segment.sequence += (uint32_t)(int16_t)take16(in);
        size = take8(in);
        break;
    case 12: t->next[server] += take16(in); break; /* bytes that are not captured */
    case 13:
        size = take8(in);
        lost = take8(in);
        break;
    case 14: segment.sequence = t->next[server] = take32(in); break;
    case 15:
        segment.in_order = true;
        size = take16(in);
        break;
    }
    bytes = take_copy(in, &size);
    segment.payload = bytes;
    segment.captured = size;
    segment.length = size + lost;
    if ((what >> 1 & 15) != 11)
        t->next[server] += segment.length + ((segment.flags & (CTI_FLAG_SYN | CTI_FLAG_FIN)) != 0);
    if (what & 0x20)
        cti_connections_queue(b->all, &segment);
    else
        cti_connections_feed(b->all, &segment);
    free(bytes);
}

static void ignore_note(void *user, const char *line)
{
    (void)user;
    check_text(line, strlen(line));
}

static void finish(bench *b, const written *output, int64_t first)
{
    static const char *const notes[] = {"capture <&> \"note\""};
    summary_record summary = {.files = 1,
                              .packets = b->frame,
                              .first_time = first,
                              .last_time = b->now,
                              .notes = notes,
                              .note_count = 1};

    cti_connections_finish(b->all);
    connection_notes(cti_connections_counts(b->all), &b->options, ignore_note, NULL);
    summary_record_take(&summary, cti_connections_counts(b->all));
    if (output->writer->summary != NULL)
        output->writer->summary(output->user, &summary);
    cti_connections_free(b->all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input in = {data, size};
    bench b = {.options = {.held_bytes = 1 << 16, .wait = CTI_WAIT_DEFAULT, .held_total = 1 << 18}};
    cti_connection_events events;
    written output;
    int64_t first;
    asked asked;

    asked_init(&asked, take32(&in));
    first = b.now = asked.times.first = take_start(&in);
    b.options.connections = take8(&in) % 2 == 0 ? 1000 : 3;
    written_begin(&output, &asked);
    events = record_writer_events(output.writer);
    b.all = cti_connections_new(&b.options, &events, output.user);
    if (output.writer->begin != NULL)
        output.writer->begin(output.user, 6);
    while (in.left > 0)
        take_segment(&b, &in);
    finish(&b, &output, first);
    written_end(&output);
    asked_release(&asked);
    return 0;
}
