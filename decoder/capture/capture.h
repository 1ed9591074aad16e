/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capture files: packets with their times, in file order.  Classic pcap is read with libpcap
 * (the records of its usual forms by pcap_records.h), everything else by libwiretap, chosen by the
 * first bytes.  Nothing here prints; an error is
 * a line of text that names what is wrong. */
#ifndef CTIDUMP_CAPTURE_H
#define CTIDUMP_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct capture capture;

/* Link types are libpcap's DLT_ numbers.  Numbers below these two are contents that have no
 * such number; capture_link_describe() names them. */
enum {
    CAPTURE_NO_PACKET = -1,  /* a record of the file that is no packet, such as a log line */
    CAPTURE_LINKS_VARY = -2, /* no number for all: each packet has its own */
};

typedef struct capture_packet {
    int64_t time;         /* nanoseconds since 1970 UTC; where the record has no time, that of
                             the one before it, at the start of a file 0 */
    uint32_t captured;    /* bytes that are there */
    uint32_t length;      /* bytes on the wire, not less than captured */
    int link_type;
    const uint8_t *bytes; /* until the next call */
} capture_packet;

typedef enum { CAPTURE_PACKET, CAPTURE_END, CAPTURE_DAMAGED } capture_result;

/* Opens the file, or standard input for "-".  NULL on failure; then *error is what is
 * wrong, to be freed with g_free().  From a pipe, pcap, pcapng and what gzip compressed
 * are read as they come; everything else is copied to a temporary file first. */
capture *capture_open(const char *path, char **error);
void capture_close(capture *capture);

/* Lets waits(user) be called whenever the reading is about to wait for more of a pipe: what it was
 * given so far can be told before.  Only of classic pcap is this known. */
void capture_on_wait(capture *capture, void (*waits)(void *user), void *user);

/* The next record.  After CAPTURE_DAMAGED, capture_error() says what is wrong with the
 * rest of the file; what came before it was good. */
capture_result capture_next(capture *capture, capture_packet *packet);
const char *capture_error(const capture *capture);

/* The link type of all packets, or CAPTURE_LINKS_VARY. */
int capture_link_type(const capture *capture);
/* A link type in words, to be freed with g_free(): "link type 105 (IEEE802_11)". */
char *capture_link_describe(int link_type);
/* Digits behind the second that the file keeps, as far as its start tells: 6 or 9. */
unsigned capture_time_digits(const capture *capture);
/* True if the file can be closed and opened again to be read from its start. */
bool capture_can_reopen(const capture *capture);
/* Bytes of the file read so far. */
uint64_t capture_position(const capture *capture);
/* Packets that the capturing interfaces lost, as far as what was read so far tells. */
uint64_t capture_dropped(const capture *capture);

#endif
