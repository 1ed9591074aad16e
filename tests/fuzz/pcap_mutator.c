/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutated captures (see pcap_mutator.h).  Records of classic pcap: pcap-savefile(5). */
#include "pcap_mutator.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

/* libFuzzer's */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);

enum { FILE_HEADER = 24, RECORD_HEADER = 16, RECORDS_MAX = 4096 };

typedef struct records {
    uint32_t count;
    size_t start[RECORDS_MAX + 1]; /* the last one is the end */
} records;

static uint32_t little(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static void put_little(uint8_t *bytes, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(number >> 8 * i);
}

/* False if it is no classic pcap in little-endian order, or has no record. */
static bool find_records(const uint8_t *data, size_t size, records *all)
{
    size_t at = FILE_HEADER;

    all->count = 0;
    if (size < FILE_HEADER || (little(data) != 0xA1B2C3D4 && little(data) != 0xA1B23C4D))
        return false;
    while (at + RECORD_HEADER <= size && all->count < RECORDS_MAX) {
        const size_t captured = little(data + at + 8);

        if (captured > size - at - RECORD_HEADER)
            break;
        all->start[all->count++] = at;
        at += RECORD_HEADER + captured;
    }
    all->start[all->count] = at;
    return all->count > 0;
}

/* Replaces the bytes from start to end. */
static size_t replace(uint8_t *data, size_t size, size_t most, size_t start, size_t end,
                      const uint8_t *bytes, size_t length)
{
    if (size - (end - start) + length > most)
        return size;
    memmove(data + start + length, data + end, size - end);
    memcpy(data + start, bytes, length);
    return size - (end - start) + length;
}

static size_t change_packet(uint8_t *data, size_t size, size_t most, size_t start, size_t end,
                            GRand *random)
{
    const size_t length = end - start - RECORD_HEADER, room = length + 64;
    /* The headers are hit often enough by chance. */
    const size_t kept = length > 54 && g_rand_boolean(random) ? 54 : 0;
    uint8_t *record = g_malloc(RECORD_HEADER + room);
    size_t changed;

    memcpy(record, data + start, end - start);
    changed = kept + LLVMFuzzerMutate(record + RECORD_HEADER + kept, length - kept, room - kept);
    put_little(record + 8, (uint32_t)changed);
    put_little(record + 12, (uint32_t)MAX(changed, little(record + 12)));
    size = replace(data, size, most, start, end, record, RECORD_HEADER + changed);
    g_free(record);
    return size;
}

static size_t copy_record(uint8_t *data, size_t size, size_t most, const records *all,
                          uint32_t from, uint32_t to)
{
    const size_t length = all->start[from + 1] - all->start[from];
    uint8_t *record = g_memdup2(data + all->start[from], length);

    size = replace(data, size, most, all->start[to], all->start[to], record, length);
    g_free(record);
    return size;
}

static void change_time(uint8_t *record, GRand *random)
{
    static const int32_t steps[] = {-1, 1, 5, 30, 60, 120, 600, 86400};

    put_little(record, little(record) +
                           (uint32_t)steps[g_rand_int_range(random, 0, G_N_ELEMENTS(steps))]);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    GRand *random = g_rand_new_with_seed(seed);
    const gint32 way = g_rand_int_range(random, 0, 12);
    records all;
    uint32_t one, other;

    if (way == 0 || !find_records(data, size, &all)) {
        g_rand_free(random);
        return LLVMFuzzerMutate(data, size, most);
    }
    one = (uint32_t)g_rand_int_range(random, 0, (gint32)all.count);
    other = (uint32_t)g_rand_int_range(random, 0, (gint32)all.count + 1);
    if (way == 1)
        size = replace(data, size, most, all.start[one], all.start[one + 1], data, 0);
    else if (way == 2)
        size = copy_record(data, size, most, &all, one, other);
    else if (way == 3)
        change_time(data + all.start[one], random);
    else
        size = change_packet(data, size, most, all.start[one], all.start[one + 1], random);
    g_rand_free(random);
    return size;
}
