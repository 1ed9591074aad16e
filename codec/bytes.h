/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Big-endian numbers from the wire, at any alignment.  Nothing here can fail: the caller has
 * checked that the bytes are there. */
#ifndef CTI_BYTES_H
#define CTI_BYTES_H

#include <stdint.h>

/* The number in two bytes. */
static inline uint16_t cti_get16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

/* The number in four bytes. */
static inline uint32_t cti_get32(const uint8_t *bytes)
{
    return (uint32_t)cti_get16(bytes) << 16 | cti_get16(bytes + 2);
}

/* MessageLength of a header of CTI_HEADER_SIZE bytes: the bytes behind it, any 32-bit number
 * (GED-188, "Message header"). */
static inline uint32_t cti_header_length(const uint8_t *header)
{
    return cti_get32(header);
}

/* MessageType of a header of CTI_HEADER_SIZE bytes. */
static inline uint32_t cti_header_type(const uint8_t *header)
{
    return cti_get32(header + 4);
}

#endif
