/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of capture.h: what each reader of capture files has to offer. */
#ifndef CTIDUMP_CAPTURE_KINDS_H
#define CTIDUMP_CAPTURE_KINDS_H

#include "capture.h"
#include "capture_input.h"

typedef struct capture_kind {
    capture_result (*next)(capture *capture, capture_packet *packet);
    uint64_t (*position)(const capture *capture);
    uint64_t (*dropped)(const capture *capture); /* NULL where it is never known */
    void (*close)(capture *capture);             /* frees all but capture->error */
} capture_kind;

/* Each reader has it as the first member of its own structure. */
struct capture {
    const capture_kind *kind;
    int link_type;
    unsigned time_digits;
    bool can_reopen;
    char *error;
    void (*waits)(void *user); /* or NULL, see capture_on_wait() */
    void *waits_user;
};

/* Readers.  NULL on failure; then *error is to be freed with g_free().  They take over the
 * input's file in any case. */
capture *capture_pcap_open(capture_input *input, char **error);
capture *capture_wiretap_open(capture_input *input, const char *path, char **error);

/* The name of a link type below CAPTURE_LINKS_VARY; lives as long as the program. */
const char *capture_wiretap_name(int link_type);

/* Nanoseconds of a time in seconds and nanoseconds, or the nearest that fits. */
int64_t capture_time(int64_t seconds, int64_t nanoseconds);

#endif
