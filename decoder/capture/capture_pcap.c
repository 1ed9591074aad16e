/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capture files through libpcap (see capture.h): classic pcap, from files and pipes, with flat
 * memory and no copy of a packet.  libpcap reads the header; the records of the usual format are
 * read by pcap_records.h, all others by libpcap too. */
#include <errno.h>
#include <glib.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capture_kinds.h"
#include "pcap_records.h"

/* Size of a classic file's header. */
#define FILE_HEADER 24u
/* Bytes that libpcap's FILE reads at a time. */
#define BUFFER_SIZE ((size_t)1 << 17)

/* The file as libpcap reads it: first the bytes that were looked at, then the rest. */
typedef struct source {
    capture_input input;
    size_t magic_given;
    uint64_t position;
    const capture *told; /* who is told before a read waits, or NULL */
} source;

typedef struct pcap_capture {
    capture base;
    pcap_t *pcap;
    source *source; /* belongs to the FILE that belongs to pcap */
    char *buffer;   /* of that FILE */
    pcap_records records; /* without a buffer where libpcap reads them */
} pcap_capture;

static bool would_wait(const capture_input *input)
{
    struct pollfd state = {.fd = input->file, .events = POLLIN};

    return !input->is_regular && poll(&state, 1, 0) == 0;
}

static ssize_t source_read(void *cookie, char *buffer, size_t size)
{
    source *s = cookie;
    ssize_t got;

    /* The FILE must not buffer records that pcap_records.h is to read. */
    if (s->position < FILE_HEADER)
        size = MIN(size, FILE_HEADER - (size_t)s->position);
    if (s->input.magic_is_read && s->magic_given < s->input.magic_size) {
        got = (ssize_t)MIN(size, s->input.magic_size - s->magic_given);
        memcpy(buffer, s->input.magic + s->magic_given, (size_t)got);
        s->magic_given += (size_t)got;
    } else {
        if (s->told != NULL && s->told->waits != NULL && would_wait(&s->input))
            s->told->waits(s->told->waits_user);
        got = read(s->input.file, buffer, size);
    }
    s->position += got > 0 ? (uint64_t)got : 0;
    return got;
}

static int source_close(void *cookie)
{
    source *s = cookie;

    capture_input_close(&s->input);
    g_free(s);
    return 0;
}

static capture_result pcap_capture_next(capture *base, capture_packet *packet)
{
    pcap_capture *c = (pcap_capture *)base;
    struct pcap_pkthdr *header;
    const u_char *bytes;
    const int result = pcap_next_ex(c->pcap, &header, &bytes);

    if (result == 1) {
        packet->time = capture_time(header->ts.tv_sec, header->ts.tv_usec);
        packet->captured = header->caplen;
        packet->length = MAX(header->len, header->caplen);
        packet->link_type = base->link_type;
        packet->bytes = bytes;
        return CAPTURE_PACKET;
    }
    if (result == PCAP_ERROR_BREAK)
        return CAPTURE_END;
    g_free(base->error);
    base->error = g_strdup(pcap_geterr(c->pcap));
    return CAPTURE_DAMAGED;
}

static capture_result usual_next(capture *base, capture_packet *packet)
{
    pcap_capture *c = (pcap_capture *)base;

    packet->link_type = base->link_type;
    return pcap_records_next(&c->records, packet, &base->error);
}

static uint64_t pcap_capture_position(const capture *base)
{
    return ((const pcap_capture *)base)->source->position;
}

static void pcap_capture_close(capture *base)
{
    pcap_capture *c = (pcap_capture *)base;

    pcap_close(c->pcap);
    g_free(c->buffer);
    pcap_records_release(&c->records);
    g_free(c);
}

/* The source of an input as a FILE with this buffer, which must outlive it; NULL and errno on
 * failure.  The buffer is set here for the records too: glibc ignores a later size. */
static FILE *open_source(source *s, char *buffer)
{
    const cookie_io_functions_t functions = {source_read, NULL, NULL, source_close};
    FILE *file = fopencookie(s, "rb", functions);

    if (file != NULL)
        setvbuf(file, buffer, _IOFBF, BUFFER_SIZE);
    else
        source_close(s);
    return file;
}

/* True for the two formats that nearly all files have: magic numbers of micro- and nanoseconds
 * in either byte order, and version 2.4. */
static bool is_usual(const capture_input *input, pcap_t *pcap)
{
    static const char *const magics[] = {"\xA1\xB2\xC3\xD4", "\xD4\xC3\xB2\xA1",
                                         "\xA1\xB2\x3C\x4D", "\x4D\x3C\xB2\xA1"};

    for (size_t i = 0; i < G_N_ELEMENTS(magics); i++)
        if (memcmp(input->magic, magics[i], 4) == 0)
            return pcap_major_version(pcap) == 2 && pcap_minor_version(pcap) == 4;
    return false;
}

static void use_own_records(pcap_capture *c)
{
    c->records = (pcap_records){.read = source_read,
                                .source = c->source,
                                .swapped = pcap_is_swapped(c->pcap),
                                .nanoseconds = c->source->input.nanoseconds,
                                .snaplen = (uint32_t)pcap_snapshot(c->pcap)};
    pcap_records_init(&c->records);
}

capture *capture_pcap_open(capture_input *input, char **error)
{
    static const capture_kind usual = {usual_next, pcap_capture_position, NULL,
                                       pcap_capture_close};
    static const capture_kind unusual = {pcap_capture_next, pcap_capture_position, NULL,
                                         pcap_capture_close};
    char message[PCAP_ERRBUF_SIZE] = "";
    source *s = g_new0(source, 1);
    char *buffer = g_malloc(BUFFER_SIZE);
    pcap_capture *c;
    FILE *file;
    pcap_t *pcap;

    s->input = *input;
    input->file = -1;
    file = open_source(s, buffer);
    if (file == NULL) {
        *error = g_strdup(g_strerror(errno));
        g_free(buffer);
        return NULL;
    }
    pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, message);
    if (pcap == NULL) {
        *error = g_strdup_printf("not a capture that can be read (%s)", message);
        fclose(file);
        g_free(buffer);
        return NULL;
    }
    c = g_new0(pcap_capture, 1);
    c->base.kind = is_usual(&s->input, pcap) ? &usual : &unusual;
    c->base.link_type = pcap_datalink(pcap);
    c->base.time_digits = s->input.nanoseconds || s->input.format != CAPTURE_IS_PCAP ? 9 : 6;
    c->base.can_reopen = s->input.is_regular && !s->input.is_standard_input;
    c->pcap = pcap;
    c->source = s;
    c->buffer = buffer;
    s->told = &c->base;
    if (c->base.kind == &usual)
        use_own_records(c);
    return &c->base;
}
