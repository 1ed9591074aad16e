/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What bytes look like that are on a CTI port but are not CTI: a client or server of another
 * protocol, or one that writes the header in the other byte order. */
#ifndef CTI_FOREIGN_H
#define CTI_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    CTI_FOREIGN_UNKNOWN,
    CTI_FOREIGN_REVERSED, /* MessageLength and MessageType with the lowest byte first */
    CTI_FOREIGN_TLS,      /* a TLS record */
    CTI_FOREIGN_HTTP,
    CTI_FOREIGN_TEXT, /* printable ASCII */
    CTI_FOREIGN_ZERO, /* all zero */
} cti_foreign_kind;

/* Bytes that are looked at, and kept, of the start of a stream. */
#define CTI_FOREIGN_BYTES 16u

/* The first bytes of a direction of a connection on a CTI port, where they are not CTI. */
typedef struct cti_foreign {
    uint32_t frame; /* in which they begin; 0 = the direction begins with CTI, or nobody knows */
    int64_t time;
    cti_foreign_kind kind;
    uint8_t size; /* of bytes; they may be part of a secret unless kind is unknown or reversed */
    uint8_t bytes[CTI_FOREIGN_BYTES];
} cti_foreign;

/* What the first size bytes of a stream look like. */
cti_foreign_kind cti_foreign_look(const uint8_t *bytes, size_t size);

/* False where the bytes, as far as they are there, cannot be a header, and tell what else. */
bool cti_foreign_may_be_cti(const cti_foreign *start);

/* "byte-order-reversed", "tls", "http", "text", "zero", "unknown". */
const char *cti_foreign_name(cti_foreign_kind kind);
/* The same in words: "byte order reversed", "a TLS record". */
const char *cti_foreign_words(cti_foreign_kind kind);

#ifdef __cplusplus
}
#endif

#endif
