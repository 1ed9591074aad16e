/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capture files through libpcap (see capture.h).  Magic numbers: pcap-savefile(5). */
#include "capture.h"

#include <errno.h>
#include <glib.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>

#define MAGIC_SIZE 4

/* The file as libpcap reads it: first the bytes that were looked at, then the rest. */
typedef struct source {
    FILE *file;
    uint8_t magic[MAGIC_SIZE];
    size_t magic_size, magic_given;
    uint64_t position;
} source;

struct capture {
    pcap_t *pcap;
    source *source; /* belongs to the FILE that belongs to pcap */
    char *error;
    unsigned time_digits;
};

static ssize_t source_read(void *cookie, char *buffer, size_t size)
{
    source *s = cookie;
    size_t got;

    if (s->magic_given < s->magic_size) {
        got = MIN(size, s->magic_size - s->magic_given);
        memcpy(buffer, s->magic + s->magic_given, got);
        s->magic_given += got;
    } else {
        got = fread(buffer, 1, size, s->file);
        if (got == 0 && ferror(s->file))
            return -1;
    }
    s->position += got;
    return (ssize_t)got;
}

static int source_close(void *cookie)
{
    source *s = cookie;

    if (s->file != stdin)
        fclose(s->file);
    g_free(s);
    return 0;
}

/* What the first bytes of a file are, where libpcap's own message would not help. */
static const char *foreign_file(const uint8_t *magic, size_t size)
{
    static const struct {
        uint8_t magic[MAGIC_SIZE];
        uint8_t size;
        const char *what;
    } known[] = {
        {{0x1F, 0x8B}, 2, "compressed with gzip: unpack it first (gzip -dc FILE | ctidump -)"},
        {{0x28, 0xB5, 0x2F, 0xFD}, 4, "compressed with zstd: unpack it first (zstd -dc FILE | ctidump -)"},
        {{0x04, 0x22, 0x4D, 0x18}, 4, "compressed with lz4: unpack it first (lz4 -dc FILE | ctidump -)"},
        {{0xFD, 0x37, 0x7A, 0x58}, 4, "compressed with xz: unpack it first (xz -dc FILE | ctidump -)"},
        {{'B', 'Z', 'h'}, 3, "compressed with bzip2: unpack it first (bzip2 -dc FILE | ctidump -)"},
        {{'P', 'K', 3, 4}, 4, "a zip archive: unpack it first"},
    };

    if (size == 0)
        return "empty file";
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (size >= known[i].size && memcmp(magic, known[i].magic, known[i].size) == 0)
            return known[i].what;
    return NULL;
}

static bool keeps_nanoseconds(const uint8_t *magic)
{
    return memcmp(magic, "\xA1\xB2\x3C\x4D", 4) == 0 || memcmp(magic, "\x4D\x3C\xB2\xA1", 4) == 0 ||
           memcmp(magic, "\x0A\x0D\x0D\x0A", 4) == 0;
}

static source *source_open(const char *path, char **error)
{
    const bool standard_input = strcmp(path, "-") == 0;
    source *s = g_new0(source, 1);
    const char *what;

    s->file = standard_input ? stdin : fopen(path, "rb");
    if (s->file == NULL) {
        *error = g_strdup(g_strerror(errno));
        g_free(s);
        return NULL;
    }
    errno = 0;
    s->magic_size = fread(s->magic, 1, MAGIC_SIZE, s->file);
    what = ferror(s->file) ? g_strerror(errno) : foreign_file(s->magic, s->magic_size);
    if (what != NULL) {
        *error = g_strdup(what);
        source_close(s);
        return NULL;
    }
    return s;
}

capture *capture_open(const char *path, char **error)
{
    const cookie_io_functions_t functions = {source_read, NULL, NULL, source_close};
    char message[PCAP_ERRBUF_SIZE] = "";
    source *s = source_open(path, error);
    capture *c;
    FILE *file;
    pcap_t *pcap;

    if (s == NULL)
        return NULL;
    file = fopencookie(s, "rb", functions);
    if (file == NULL) {
        *error = g_strdup(g_strerror(errno));
        source_close(s);
        return NULL;
    }
    setvbuf(file, NULL, _IOFBF, 1 << 20);
    pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, message);
    if (pcap == NULL) {
        *error = g_strdup_printf("not a capture that can be read (%s)", message);
        fclose(file);
        return NULL;
    }
    c = g_new0(capture, 1);
    c->pcap = pcap;
    c->source = s;
    c->time_digits = keeps_nanoseconds(s->magic) ? 9 : 6;
    return c;
}

void capture_close(capture *capture)
{
    if (capture == NULL)
        return;
    pcap_close(capture->pcap);
    g_free(capture->error);
    g_free(capture);
}

static int64_t packet_time(const struct timeval *time)
{
    int64_t nanoseconds;

    if (__builtin_mul_overflow((int64_t)time->tv_sec, INT64_C(1000000000), &nanoseconds) ||
        __builtin_add_overflow(nanoseconds, (int64_t)time->tv_usec, &nanoseconds))
        return time->tv_sec < 0 ? INT64_MIN + 1 : INT64_MAX;
    return nanoseconds == INT64_MIN ? INT64_MIN + 1 : nanoseconds;
}

capture_result capture_next(capture *capture, capture_packet *packet)
{
    struct pcap_pkthdr *header;
    const u_char *bytes;
    const int result = pcap_next_ex(capture->pcap, &header, &bytes);

    if (result == 1) {
        packet->time = packet_time(&header->ts);
        packet->captured = header->caplen;
        packet->length = MAX(header->len, header->caplen);
        packet->bytes = bytes;
        return CAPTURE_PACKET;
    }
    if (result == PCAP_ERROR_BREAK)
        return CAPTURE_END;
    g_free(capture->error);
    capture->error = g_strdup(pcap_geterr(capture->pcap));
    return CAPTURE_DAMAGED;
}

const char *capture_error(const capture *capture)
{
    return capture->error != NULL ? capture->error : "no error";
}

int capture_link_type(const capture *capture)
{
    return pcap_datalink(capture->pcap);
}

const char *capture_link_name(const capture *capture)
{
    const char *name = pcap_datalink_val_to_name(pcap_datalink(capture->pcap));

    return name != NULL ? name : "unknown";
}

unsigned capture_time_digits(const capture *capture)
{
    return capture->time_digits;
}

uint64_t capture_position(const capture *capture)
{
    return capture->source->position;
}
