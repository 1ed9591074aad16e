/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages by hand for the unit tests: each number is put where the test says, so that a
 * test shows the very bytes it is about.  Independent of the codec. */
#ifndef TEST_BYTES_H
#define TEST_BYTES_H

#include <stdint.h>
#include <string.h>

typedef struct bytes {
    uint8_t data[4096];
    uint32_t size;
} bytes;

static inline void put(bytes *b, const void *data, uint32_t size)
{
    memcpy(b->data + b->size, data, size);
    b->size += size;
}

static inline void put8(bytes *b, uint32_t number)
{
    put(b, &(uint8_t){(uint8_t)number}, 1);
}

static inline void put16(bytes *b, uint32_t number)
{
    put8(b, number >> 8);
    put8(b, number);
}

static inline void put32(bytes *b, uint32_t number)
{
    put16(b, number >> 16);
    put16(b, number);
}

/* Starts a message; end_message() fills in its length. */
static inline void start_message(bytes *b, uint32_t type)
{
    b->size = 0;
    put32(b, 0);
    put32(b, type);
}

static inline void end_message(bytes *b)
{
    const uint32_t size = b->size;

    b->size = 0;
    put32(b, size - 8);
    b->size = size;
}

/* A floating field with two-byte tag and length. */
static inline void put_wide(bytes *b, uint32_t tag, const void *data, uint32_t size)
{
    put16(b, tag);
    put16(b, size);
    put(b, data, size);
}

/* A floating field with one-byte tag and length. */
static inline void put_narrow(bytes *b, uint32_t tag, const void *data, uint32_t size)
{
    put8(b, tag);
    put8(b, size);
    put(b, data, size);
}

static inline void put_string(bytes *b, uint32_t tag, const char *text)
{
    put_wide(b, tag, text, (uint32_t)strlen(text) + 1);
}

/* OPEN_REQ of version 20 and later. */
static inline void open_req(bytes *b, uint32_t invoke_id, uint32_t version, uint32_t idle_timeout)
{
    start_message(b, 3);
    put32(b, invoke_id);
    put32(b, version);
    put32(b, idle_timeout);
    put32(b, 0xFFFFFFFF);
    put32(b, 0x08);
    for (int i = 0; i < 6; i++)
        put32(b, 0);
    put_string(b, 1, "CTIOS1A");
    put_wide(b, 2, "", 0);
    end_message(b);
}

/* OPEN_CONF of version 24 and later. */
static inline void open_conf(bytes *b, uint32_t invoke_id)
{
    start_message(b, 4);
    put32(b, invoke_id);
    put32(b, 0x08);
    put32(b, 0);
    put32(b, 0);
    put32(b, 1768000000);
    put16(b, 1);
    put16(b, 17);
    put16(b, 0);
    put32(b, 0);
    put16(b, 1);
    end_message(b);
}

/* A message of an InvokeID and, if there is one, a Status. */
static inline void short_message(bytes *b, uint32_t type, uint32_t invoke_id)
{
    start_message(b, type);
    put32(b, invoke_id);
    end_message(b);
}

static inline void status_message(bytes *b, uint32_t type, uint32_t invoke_id, uint32_t status)
{
    start_message(b, type);
    put32(b, invoke_id);
    put32(b, status);
    end_message(b);
}

#endif
