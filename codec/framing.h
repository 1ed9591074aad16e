/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where messages start and end in the bytes of one direction of a connection, and how
 * to find the next one after missing bytes (GED-188, "Message header").
 *
 * There is no state: the caller keeps the bytes that are not used up (stream.h does).
 */
#ifndef CTI_FRAMING_H
#define CTI_FRAMING_H

#include "reader.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    CTI_FRAME_MESSAGE, /* a message of `size` bytes stands at the start */
    CTI_FRAME_MORE,    /* bytes are missing: `size` in all are needed to go on */
    CTI_FRAME_SKIP,    /* the first `size` bytes are no message: leave them out */
} cti_frame_result;

/* How sure the stream is that a message starts at its first byte. */
typedef enum {
    CTI_FRAME_IN_STEP, /* the previous message ended here: any sane header is taken */
    CTI_FRAME_SEARCH,  /* after a gap or at the start of a capture: see below */
} cti_frame_state;

/* What is known about bytes besides themselves.  All zero: in step, nothing else is known. */
typedef struct cti_framing {
    cti_frame_state state;
    cti_sender sender; /* CTI_EITHER where it is not known */
    uint32_t version;  /* of the session; 0 where it is not known */
    uint32_t largest;  /* bytes with header: what claims to be larger is none; 0 = no own limit */
    bool at_start;     /* a segment begins with the first byte */
    bool cut;          /* bytes are missing right after the last one; else a segment ends there */
    bool final;        /* the bytes that are missing after the last one will not come */
    /* With several segments: true if one of them begins at this offset from the first byte.  NULL
     * where only their end is known. */
    bool (*begins)(const void *user, size_t offset);
    const void *user;
} cti_framing;

/* Looks at the first `length` bytes of a stream (or of what is left of it), and tells what to do
 * with them, in *size: bytes, at least 1, for MESSAGE and SKIP at most `length`, for MORE above
 * `length`.  bytes are only read.
 *
 * In step, a header with a length of up to CTI_MESSAGE_SIZE_MAX - 8 starts a message.  If its
 * type is not in the table, another header must follow, or the end of the segment.  Otherwise
 * SKIP gives the distance to the next plausible header; the caller searches from there.
 *
 * In a search, a message is taken only if
 *   - its type is in the table, and sent in this direction according to the table,
 *   - the reader finds no problem in it, and
 *   - its neighbours confirm it: the headers after it lead to the end of the bytes, and either
 *     the first message of a published format among them is whole and has no problem, or the
 *     segment ends there, or a segment begins with the message.  With `final`, the start of a
 *     message without a problem, or of a header, is enough.
 * A segment that begins with the message is also needed where the reader has notes (a value
 * without a name, a tag of another message), and where the format is not published; there, and
 * after a message of 8 bytes, a whole message without a problem must follow.
 * A plausible header whose end has not arrived gives MORE, whatever is inside, unless `final`
 * is set and no segment begins with it: then a message inside is taken. */
cti_frame_result cti_frame_next(const cti_framing *framing, const uint8_t *bytes, size_t length,
                                size_t *size);

/* How many whole messages (up to CTI_FRAME_COUNT_MAX) the `length` bytes of a segment begin
 * with: each has a published format and no problem, and headers lead from the last one to the end
 * of the segment.  0 where they do not.  framing: sender and version count. */
unsigned cti_frame_count(const cti_framing *framing, const uint8_t *bytes, size_t length);
#define CTI_FRAME_COUNT_MAX 8u

/* True if the bytes begin with a message of a published format in which each byte has its place:
 * its fields, as far as they are present, are of this message and no longer than they can be.
 * framing: sender and version count. */
bool cti_frame_explains(const cti_framing *framing, const uint8_t *bytes, size_t length);

/* True if the bytes can be the start of a message that the table knows in this direction: the
 * header is plausible, and the reader finds no problem as far as they go (but notes). */
bool cti_frame_can_begin(const cti_framing *framing, const uint8_t *bytes, size_t length);

/* The distance to the next plausible header after the first byte; at the end, to where fewer
 * than CTI_HEADER_SIZE bytes are left.  length is at least 1. */
size_t cti_frame_skip(const cti_framing *framing, const uint8_t *bytes, size_t length);

/* Can these CTI_HEADER_SIZE bytes be the header of a message that this table knows?  The type is
 * known, and MessageLength is at least the shortest fixed part, and no longer than the
 * message can be. */
bool cti_header_plausible(const uint8_t *header);

/* How much the start of a connection's bytes looks like CTI: */
typedef enum {
    CTI_LOOKS_NOT,   /* it cannot be */
    CTI_LOOKS_SHORT, /* too few bytes to tell */
    CTI_LOOKS_MAYBE, /* a header that can be, in a message too common to tell */
    CTI_LOOKS_SURE,  /* a message whose every byte fits */
} cti_looks;

/* Judges the `length` bytes (0 and up) at the start of a segment on any port.  It takes nothing
 * that is SMPP, GED-125, HTTP or TLS. */
cti_looks cti_frame_looks(const uint8_t *bytes, size_t length);

#ifdef __cplusplus
}
#endif

#endif
