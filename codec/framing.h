/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where messages start and end in the bytes of one direction of a connection, and how
 * to find the next one after bytes that are none (GED-188, "Message header").
 *
 * There is no state: the caller keeps the bytes that are not used up.
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
    CTI_FRAME_IN_STEP, /* the message before ended here: any header that can be is taken */
    CTI_FRAME_SEARCH,  /* after a hole or at the start of a capture: a message must fit and
                        * be followed by what can be one; one whose end is not here yet is
                        * waited for only if there is no whole one behind it */
} cti_frame_state;

/* Looks at the first `length` bytes of a stream (or of what is left of it), and tells what to do
 * with them, in *size: bytes, at least 1, for MESSAGE and SKIP at most `length`, for MORE above
 * `length` and at most CTI_MESSAGE_SIZE_MAX.  bytes are only read.
 * In step, a MessageLength over CTI_MESSAGE_SIZE_MAX - 8 gives SKIP up to the next
 * plausible header (the caller then reports lost framing and goes on in step if
 * the bytes there make a message). */
cti_frame_result cti_frame_next(const uint8_t *bytes, size_t length, cti_frame_state state,
                                size_t *size);

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
