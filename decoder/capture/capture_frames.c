/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frames of zstd and lz4 files (see capture_frames.h).  Formats: RFC 8878, section 3.1,
 * and the LZ4 frame format 1.6; all numbers are little-endian. */
#include "capture_frames.h"

#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#define ZSTD_MAGIC 0xFD2FB528
#define LZ4_MAGIC 0x184D2204
#define SKIPPED_MAGIC 0x184D2A50 /* and the 15 behind it: frames to be skipped, in both */

typedef struct walk {
    int file;
    uint64_t size, position; /* of the file; position may be behind its end */
} walk;

/* A number of up to 4 bytes; 0 where the file has ended. */
static uint32_t take(walk *w, unsigned size)
{
    uint8_t bytes[4] = {0};
    uint32_t value = 0;

    if (w->position + size <= w->size &&
        pread(w->file, bytes, size, (off_t)w->position) == (ssize_t)size)
        for (unsigned i = size; i > 0; i--)
            value = value << 8 | bytes[i - 1];
    w->position += size;
    return value;
}

/* The functions below walk over what is behind a frame's magic; false if that is no frame. */

static bool walk_zstd(walk *w)
{
    static const uint8_t dictionary_size[4] = {0, 1, 2, 4}, content_size[4] = {0, 2, 4, 8};
    const uint32_t flags = take(w, 1);
    const bool is_single_segment = flags & 0x20, has_checksum = flags & 0x04;
    bool is_last = false;

    w->position += is_single_segment ? 0 : 1;
    w->position += dictionary_size[flags & 3] + content_size[flags >> 6];
    w->position += is_single_segment && flags >> 6 == 0 ? 1 : 0;
    while (!is_last && w->position + 3 <= w->size) {
        const uint32_t header = take(w, 3), type = header >> 1 & 3;

        if (type == 3)
            return false;
        is_last = header & 1;
        w->position += type == 1 ? 1 : header >> 3; /* type 1: one byte, repeated */
    }
    if (!is_last)
        w->position = w->size + 1;
    w->position += has_checksum ? 4 : 0;
    return true;
}

static bool walk_lz4(walk *w)
{
    const uint32_t flags = take(w, 1);
    const uint32_t block_checksum = flags & 0x10 ? 4 : 0, content_checksum = flags & 0x04 ? 4 : 0;
    bool is_last = false;

    w->position += 1 + (flags & 0x08 ? 8 : 0) + (flags & 0x01 ? 4 : 0) + 1;
    while (!is_last && w->position + 4 <= w->size) {
        const uint32_t size = take(w, 4) & 0x7FFFFFFF;

        is_last = size == 0;
        w->position += is_last ? content_checksum : size + block_checksum;
    }
    if (!is_last)
        w->position = w->size + 1;
    return true;
}

static void walk_skipped(walk *w)
{
    const uint32_t size = take(w, 4);

    w->position += size;
}

bool capture_frames_are_cut(int file)
{
    walk w = {.file = file};
    struct stat status;
    bool is_frame = true;

    if (fstat(file, &status) != 0)
        return false;
    w.size = (uint64_t)status.st_size;
    while (is_frame && w.position < w.size) {
        const uint32_t magic = take(&w, 4);

        if (w.position > w.size)
            return true;
        if (magic == ZSTD_MAGIC)
            is_frame = walk_zstd(&w);
        else if (magic == LZ4_MAGIC)
            is_frame = walk_lz4(&w);
        else if ((magic & ~UINT32_C(15)) == SKIPPED_MAGIC)
            walk_skipped(&w);
        else
            return false;
    }
    return is_frame && w.position > w.size;
}
