/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is a zstd or lz4 file whole?  libwiretap ends such a file without a word where it is cut,
 * so the frames are walked from length to length once it has been read. */
#ifndef CTIDUMP_CAPTURE_FRAMES_H
#define CTIDUMP_CAPTURE_FRAMES_H

#include <stdbool.h>

/* True if the regular file ends before its last zstd or lz4 frame does.  What is no frame
 * ends the walk: it is the decompressor's to complain of. */
bool capture_frames_are_cut(int file);

#endif
