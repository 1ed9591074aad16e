/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which reader a capture file gets, and what all readers share (see capture.h). */
#include "capture.h"

#include <glib.h>
#include <pcap/pcap.h>

#include "capture_kinds.h"

/* What to do about a file that nothing here can read by its format, or NULL. */
static const char *advice(capture_format format)
{
    switch (format) {
    case CAPTURE_IS_EMPTY:
        return "empty file";
    case CAPTURE_IS_TOO_SHORT:
        return "not a capture that can be read (too short)";
    case CAPTURE_IS_XZ:
        return "compressed with xz: unpack it first (xz -dc FILE | ctidump -)";
    case CAPTURE_IS_BZIP2:
        return "compressed with bzip2: unpack it first (bzip2 -dc FILE | ctidump -)";
    case CAPTURE_IS_ZIP:
        return "a zip archive: unpack it first";
#ifndef WITH_WIRETAP
    case CAPTURE_IS_GZIP:
        return "compressed with gzip, and this ctidump is built without libwiretap: unpack it "
               "first (gzip -dc FILE | ctidump -)";
    case CAPTURE_IS_ZSTD:
        return "compressed with zstd, and this ctidump is built without libwiretap: unpack it "
               "first (zstd -dc FILE | ctidump -)";
    case CAPTURE_IS_LZ4:
        return "compressed with lz4, and this ctidump is built without libwiretap: unpack it "
               "first (lz4 -dc FILE | ctidump -)";
#endif
    default:
        return NULL;
    }
}

/* libwiretap reads pcapng files that libpcap refuses, so pcapng is libpcap's only where
 * there is nothing else. */
static capture *open_by_format(capture_input *input, const char *path, char **error)
{
#ifdef WITH_WIRETAP
    if (input->format != CAPTURE_IS_PCAP)
        return capture_wiretap_open(input, path, error);
    return capture_pcap_open(input, error);
#else
    const bool foreign = input->format != CAPTURE_IS_PCAP;
    capture *c = capture_pcap_open(input, error);
    char *reason;

    (void)path;
    if (c == NULL && foreign) {
        reason = *error;
        *error = g_strdup_printf("%s; this ctidump is built without libwiretap: convert it first "
                                 "(editcap -F pcap)", reason);
        g_free(reason);
    }
    return c;
#endif
}

capture *capture_open(const char *path, char **error)
{
    capture_input input;
    const char *reason;

    if (!capture_input_open(&input, path, error))
        return NULL;
    reason = advice(input.format);
    if (reason != NULL) {
        capture_input_close(&input);
        *error = g_strdup(reason);
        return NULL;
    }
    return open_by_format(&input, path, error);
}

void capture_close(capture *capture)
{
    if (capture == NULL)
        return;
    g_free(capture->error);
    capture->kind->close(capture);
}

void capture_on_wait(capture *capture, void (*waits)(void *user), void *user)
{
    capture->waits = waits;
    capture->waits_user = user;
}

capture_result capture_next(capture *capture, capture_packet *packet)
{
    return capture->kind->next(capture, packet);
}

const char *capture_error(const capture *capture)
{
    return capture->error != NULL ? capture->error : "no error";
}

int capture_link_type(const capture *capture)
{
    return capture->link_type;
}

char *capture_link_describe(int link_type)
{
    const char *name;

#ifdef WITH_WIRETAP
    if (link_type < CAPTURE_LINKS_VARY)
        return g_strdup_printf("link type '%s' (without a number)",
                               capture_wiretap_name(link_type));
#endif
    name = pcap_datalink_val_to_name(link_type);
    return g_strdup_printf("link type %d (%s)", link_type, name != NULL ? name : "unknown");
}

unsigned capture_time_digits(const capture *capture)
{
    return capture->time_digits;
}

bool capture_can_reopen(const capture *capture)
{
    return capture->can_reopen;
}

uint64_t capture_position(const capture *capture)
{
    return capture->kind->position(capture);
}

uint64_t capture_dropped(const capture *capture)
{
    return capture->kind->dropped != NULL ? capture->kind->dropped(capture) : 0;
}

int64_t capture_time(int64_t seconds, int64_t nanoseconds)
{
    int64_t time;

    if (__builtin_mul_overflow(seconds, INT64_C(1000000000), &time) ||
        __builtin_add_overflow(time, nanoseconds, &time))
        return seconds < 0 ? INT64_MIN + 1 : INT64_MAX;
    return time == INT64_MIN ? INT64_MIN + 1 : time;
}
