/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capture files: packets with their times, in file order, through libpcap.  Nothing here
 * prints; an error is a line of text that names what is wrong. */
#ifndef CTIDUMP_CAPTURE_H
#define CTIDUMP_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct capture capture;

typedef struct capture_packet {
    int64_t time;      /* nanoseconds since 1970 UTC */
    uint32_t captured; /* bytes that are there */
    uint32_t length;   /* bytes on the wire */
    const uint8_t *bytes; /* until the next call */
} capture_packet;

typedef enum { CAPTURE_PACKET, CAPTURE_END, CAPTURE_DAMAGED } capture_result;

/* Opens the file, or standard input for "-".  NULL on failure; then *error is what is
 * wrong, to be freed with g_free(). */
capture *capture_open(const char *path, char **error);
void capture_close(capture *capture);

/* The next packet.  After CAPTURE_DAMAGED, capture_error() says what is wrong with the
 * rest of the file; what came before it was good. */
capture_result capture_next(capture *capture, capture_packet *packet);
const char *capture_error(const capture *capture);

/* libpcap's DLT_ number of all packets. */
int capture_link_type(const capture *capture);
/* Its name, "IEEE802_11". */
const char *capture_link_name(const capture *capture);
/* Digits behind the second that the file keeps: 6 or 9. */
unsigned capture_time_digits(const capture *capture);
/* Bytes read so far. */
uint64_t capture_position(const capture *capture);

#endif
