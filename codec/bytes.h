/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Big-endian numbers from the wire, at any alignment.  The caller has checked the length. */
#ifndef CTI_BYTES_H
#define CTI_BYTES_H

#include <stdint.h>

static inline uint16_t cti_get16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static inline uint32_t cti_get32(const uint8_t *bytes)
{
    return (uint32_t)cti_get16(bytes) << 16 | cti_get16(bytes + 2);
}

/* MessageLength and MessageType of a header of CTI_HEADER_SIZE bytes. */
static inline uint32_t cti_header_length(const uint8_t *header)
{
    return cti_get32(header);
}

static inline uint32_t cti_header_type(const uint8_t *header)
{
    return cti_get32(header + 4);
}

#endif
