/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where messages start and end (see framing.h). */
#include "framing.h"

#include <string.h>

#include "bytes.h"

/* MessageLength of the largest message that is taken. */
#define HEADER_LENGTH_MAX (CTI_MESSAGE_SIZE_MAX - CTI_HEADER_SIZE)

/* Can a message of this type have a body of this length?  One without floating part has
 * one of a few. */
static bool length_exists(const cti_message *message, uint32_t length)
{
    uint32_t shortest = UINT32_MAX;

    if (message->format != CTI_PUBLISHED)
        return length <= HEADER_LENGTH_MAX;
    for (uint32_t i = 0; i < message->layout_count; i++) {
        if (message->layout_sizes[i] == length)
            return true;
        shortest = message->layout_sizes[i] < shortest ? message->layout_sizes[i] : shortest;
    }
    return message->floating_count > 0 && shortest <= length && length <= HEADER_LENGTH_MAX;
}

bool cti_header_plausible(const uint8_t *header)
{
    const cti_message *message = cti_message_find(cti_header_type(header));

    return message != NULL && length_exists(message, cti_header_length(header));
}

/* In step even a type that the table does not know is taken, as long as it is a small
 * number: versions newer than the table have a few more. */
static bool header_possible(const uint8_t *header)
{
    return cti_header_length(header) <= HEADER_LENGTH_MAX && cti_header_type(header) < 1024 &&
           cti_header_type(header) != 0;
}

/* The offset of the next header that is plausible, or could be if more bytes came; from
 * offset on. */
static size_t next_candidate(const uint8_t *bytes, size_t length, size_t offset)
{
    for (; length - offset >= CTI_HEADER_SIZE; offset++)
        if (cti_header_plausible(bytes + offset))
            return offset;
    return offset;
}

/* A whole message that fits, and behind it the end or what can be another header.  Any bytes
 * fit a message whose format is not published: it needs another one behind it. */
static bool is_message(const uint8_t *bytes, size_t length)
{
    const uint8_t *behind;
    size_t total;

    if (length < CTI_HEADER_SIZE || !cti_header_plausible(bytes))
        return false;
    total = CTI_HEADER_SIZE + cti_header_length(bytes);
    if (total > length || cti_versions_that_fit(bytes, total) == 0)
        return false;
    behind = bytes + total;
    if (cti_message_find(cti_header_type(bytes))->format != CTI_PUBLISHED)
        return length - total >= CTI_HEADER_SIZE && cti_header_plausible(behind);
    return length - total < CTI_HEADER_SIZE || header_possible(behind);
}

/* After a hole.  What looks like the start of a message whose end is not here yet may be
 * none: a whole one behind it is better. */
static cti_frame_result search(const uint8_t *bytes, size_t length, size_t *size)
{
    size_t offset;

    if (length < CTI_HEADER_SIZE) {
        *size = CTI_HEADER_SIZE;
        return CTI_FRAME_MORE;
    }
    if (is_message(bytes, length)) {
        *size = CTI_HEADER_SIZE + cti_header_length(bytes);
        return CTI_FRAME_MESSAGE;
    }
    if (!cti_header_plausible(bytes) || CTI_HEADER_SIZE + cti_header_length(bytes) <= length) {
        *size = next_candidate(bytes, length, 1);
        return CTI_FRAME_SKIP;
    }
    for (offset = 1; offset < length; offset++)
        if (is_message(bytes + offset, length - offset))
            break;
    *size = offset < length ? offset : CTI_HEADER_SIZE + cti_header_length(bytes);
    return offset < length ? CTI_FRAME_SKIP : CTI_FRAME_MORE;
}

cti_frame_result cti_frame_next(const uint8_t *bytes, size_t length, cti_frame_state state,
                                size_t *size)
{
    if (state == CTI_FRAME_SEARCH)
        return search(bytes, length, size);
    if (length < CTI_HEADER_SIZE) {
        *size = CTI_HEADER_SIZE;
        return CTI_FRAME_MORE;
    }
    if (!header_possible(bytes)) {
        *size = next_candidate(bytes, length, 1);
        return CTI_FRAME_SKIP;
    }
    *size = CTI_HEADER_SIZE + cti_header_length(bytes);
    return *size <= length ? CTI_FRAME_MESSAGE : CTI_FRAME_MORE;
}

/* ---- recognition on any port ---- */

/* Can the message, by its type OPEN_REQ, be one: do VersionNumber and IdleTimeout make sense, as
 * far as they are there?  No text and no random number does. */
static bool opens(const uint8_t *bytes, size_t length)
{
    const uint32_t week = 7 * 24 * 3600;

    if (length >= 16 && (cti_get32(bytes + 12) < 1 || cti_get32(bytes + 12) > 99))
        return false;
    return length < 20 || cti_get32(bytes + 16) <= week || cti_get32(bytes + 16) == UINT32_MAX;
}

/* Its numbers have names where GED-188 gives them names, and so on: nothing is wrong with it. */
static bool is_faultless(cti_reader *reader)
{
    cti_item item;

    while (cti_reader_next(reader, &item))
        if (reader->problem_count > 0)
            return false;
    return reader->problem_count == 0;
}

/* A whole OPEN_REQ is unmistakable; another message is taken only where its bytes are too
 * many to fit by chance. */
static bool says_enough(const cti_message *message, const uint8_t *bytes)
{
    cti_reader reader;
    cti_item item;

    cti_reader_init(&reader, bytes, CTI_HEADER_SIZE + cti_header_length(bytes), NULL);
    if (message->number != CTI_OPEN_REQ)
        return message->format == CTI_PUBLISHED && cti_header_length(bytes) >= 20 &&
               is_faultless(&reader);
    return opens(bytes, CTI_HEADER_SIZE + cti_header_length(bytes)) &&
           cti_reader_find(&reader, CTI_F_ClientID, &item) && item.length > 0;
}

/* Can these be the first bytes of a message that goes on?  SMPP counts its header in the
 * length: its PDU ends just where the segment does. */
static bool can_be_cut(const cti_message *message, const uint8_t *bytes, size_t length)
{
    if (message->number == CTI_OPEN_REQ)
        return opens(bytes, length);
    return cti_header_length(bytes) != length;
}

cti_looks cti_frame_looks(const uint8_t *bytes, size_t length)
{
    const cti_message *message;
    size_t total;

    if (length < CTI_HEADER_SIZE) {
        /* MessageLength and MessageType both start with two zero bytes. */
        for (size_t i = 0; i < length; i++)
            if ((i % 4 < 2 && bytes[i] != 0) || (i == 6 && bytes[i] > 1))
                return CTI_LOOKS_NOT;
        return CTI_LOOKS_SHORT;
    }
    if (!cti_header_plausible(bytes))
        return CTI_LOOKS_NOT;
    message = cti_message_find(cti_header_type(bytes));
    total = CTI_HEADER_SIZE + cti_header_length(bytes);
    if (total > length)
        return can_be_cut(message, bytes, length) ? CTI_LOOKS_SHORT : CTI_LOOKS_NOT;
    if (cti_versions_that_fit(bytes, total) == 0)
        return CTI_LOOKS_NOT;
    if (length - total >= CTI_HEADER_SIZE && !cti_header_plausible(bytes + total))
        return CTI_LOOKS_NOT;
    return says_enough(message, bytes) ? CTI_LOOKS_SURE : CTI_LOOKS_MAYBE;
}
