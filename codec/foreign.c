/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes that are not CTI (see foreign.h).  Sources: RFC 8446, section 5.1 (TLS records); RFC 9112,
 * sections 3 and 4 (HTTP/1.1). */
#include "foreign.h"

#include <string.h>

#include "bytes.h"
#include "reader.h"

/* So many bytes tell what they are; the first two of a header are 0, as no message has 65536 bytes. */
enum { TELLING = 5 };

/* Content types of TLS records: change_cipher_spec to application_data. */
enum { TLS_FIRST = 20, TLS_LAST = 23, TLS_RECORD_MAX = (1 << 14) + 2048 };

static bool is_tls(const uint8_t *bytes, size_t size)
{
    return size >= 3 && bytes[0] >= TLS_FIRST && bytes[0] <= TLS_LAST && bytes[1] == 3 &&
           bytes[2] <= 4 && (size < 5 || cti_get16(bytes + 3) <= TLS_RECORD_MAX);
}

static bool is_http(const uint8_t *bytes, size_t size)
{
    static const char *const starts[] = {"GET ",     "POST ",    "PUT ",  "HEAD ",
                                         "OPTIONS ", "CONNECT ", "HTTP/"};

    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
        if (size >= strlen(starts[i]) && memcmp(bytes, starts[i], strlen(starts[i])) == 0)
            return true;
    return false;
}

static uint32_t get32_reversed(const uint8_t *bytes)
{
    return __builtin_bswap32(cti_get32(bytes));
}

/* A header that is plausible with its bytes reversed, and is not as it is. */
static bool is_reversed(const uint8_t *bytes, size_t size)
{
    return size >= CTI_HEADER_SIZE &&
           get32_reversed(bytes) <= CTI_MESSAGE_SIZE_MAX - CTI_HEADER_SIZE &&
           cti_message_find(get32_reversed(bytes + 4)) != NULL &&
           cti_header_length(bytes) > CTI_MESSAGE_SIZE_MAX - CTI_HEADER_SIZE;
}

static bool is_all_zero(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static bool is_text(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((bytes[i] < 0x20 || bytes[i] > 0x7E) && bytes[i] != '\t' && bytes[i] != '\r' &&
            bytes[i] != '\n')
            return false;
    return true;
}

cti_foreign_kind cti_foreign_look(const uint8_t *bytes, size_t size)
{
    if (is_tls(bytes, size))
        return CTI_FOREIGN_TLS;
    if (is_http(bytes, size))
        return CTI_FOREIGN_HTTP;
    if (is_reversed(bytes, size))
        return CTI_FOREIGN_REVERSED;
    if (size < 4) /* too few to tell */
        return CTI_FOREIGN_UNKNOWN;
    if (is_all_zero(bytes, size))
        return CTI_FOREIGN_ZERO;
    return is_text(bytes, size) ? CTI_FOREIGN_TEXT : CTI_FOREIGN_UNKNOWN;
}

bool cti_foreign_may_be_cti(const cti_foreign *start)
{
    if (start->size < TELLING)
        return true;
    if (start->bytes[0] != 0 || start->bytes[1] != 0)
        return false;
    return start->size < CTI_HEADER_SIZE || cti_header_type(start->bytes) != 0;
}

const char *cti_foreign_name(cti_foreign_kind kind)
{
    static const char *const names[] = {"unknown", "byte-order-reversed", "tls",
                                        "http",    "text",                "zero"};

    return (size_t)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "?";
}

const char *cti_foreign_words(cti_foreign_kind kind)
{
    static const char *const words[] = {"unknown", "byte order reversed",
                                        "a TLS record", "HTTP",
                                        "text",         "zero bytes"};

    return (size_t)kind < sizeof(words) / sizeof(words[0]) ? words[kind] : "?";
}
