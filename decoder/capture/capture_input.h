/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file or standard input, opened, with its first bytes looked at: what reads it is chosen
 * by these. */
#ifndef CTIDUMP_CAPTURE_INPUT_H
#define CTIDUMP_CAPTURE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CAPTURE_MAGIC_SIZE 4

typedef enum {
    CAPTURE_IS_EMPTY,
    CAPTURE_IS_TOO_SHORT, /* for any format */
    CAPTURE_IS_PCAP,
    CAPTURE_IS_PCAPNG,
    CAPTURE_IS_GZIP,
    CAPTURE_IS_ZSTD,
    CAPTURE_IS_LZ4,
    CAPTURE_IS_XZ,
    CAPTURE_IS_BZIP2,
    CAPTURE_IS_ZIP,
    CAPTURE_IS_OTHER,
} capture_format;

typedef struct capture_input {
    int file; /* descriptor, or -1 */
    bool is_standard_input;
    bool is_regular;
    bool is_pipe;       /* one that does not block when it is opened once more by its path */
    bool nanoseconds;   /* of CAPTURE_IS_PCAP */
    bool magic_is_read; /* magic is no longer in the file */
    size_t magic_size;  /* less than CAPTURE_MAGIC_SIZE where the file has no more */
    uint8_t magic[CAPTURE_MAGIC_SIZE];
    capture_format format;
} capture_input;

/* Opens path, or standard input for "-".  False on failure; then *error is what is wrong, to
 * be freed with g_free(), and there is nothing to close. */
bool capture_input_open(capture_input *input, const char *path, char **error);
void capture_input_close(capture_input *input);

/* Replaces the input by a temporary file with the same bytes, which has no name and so goes
 * away with its last descriptor.  False on failure, with *error as above; the input is
 * open still. */
bool capture_input_copy(capture_input *input, char **error);

#endif
