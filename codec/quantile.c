/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Quantiles of durations in bounded memory (see quantile.h). */
#include "quantile.h"

#include <glib.h>
#include <stdlib.h>

/* Classes are 1/32 of a power of two wide, from 1 us (2^10 ns) up. */
#define CLASS_BITS 5
#define LOWEST_POWER 10
#define CLASS_COUNT ((64 - LOWEST_POWER) << CLASS_BITS)

static uint32_t class_of(int64_t value)
{
    const uint64_t number = (uint64_t)value >> (LOWEST_POWER - CLASS_BITS);
    uint32_t power = 0;

    while (number >> power >= 2u << CLASS_BITS)
        power++;
    return (power << CLASS_BITS) + (uint32_t)(number >> power);
}

/* The middle of a class. */
static int64_t value_of(uint32_t class)
{
    const uint32_t power = class >> CLASS_BITS > 0 ? (class >> CLASS_BITS) - 1 : 0;
    const uint64_t number = class - (power << CLASS_BITS);

    return (int64_t)(((2 * number + 1) << power << (LOWEST_POWER - CLASS_BITS)) / 2);
}

void cti_quantile_release(cti_quantile *quantile)
{
    g_free(quantile->values);
    g_free(quantile->classes);
    *quantile = (cti_quantile){0};
}

static void turn_into_histogram(cti_quantile *quantile)
{
    quantile->classes = g_new0(uint32_t, CLASS_COUNT);
    for (uint32_t i = 0; i < CTI_QUANTILE_EXACT; i++)
        quantile->classes[class_of(quantile->values[i])]++;
    g_free(quantile->values);
    quantile->values = NULL;
    quantile->capacity = 0;
}

void cti_quantile_add(cti_quantile *quantile, int64_t nanoseconds)
{
    if (nanoseconds < 0)
        nanoseconds = 0;
    if (nanoseconds > quantile->worst)
        quantile->worst = nanoseconds;
    if (quantile->count == CTI_QUANTILE_EXACT && quantile->classes == NULL)
        turn_into_histogram(quantile);
    if (quantile->classes != NULL) {
        quantile->classes[class_of(nanoseconds)]++;
    } else {
        if (quantile->count == quantile->capacity) {
            quantile->capacity = quantile->capacity ? quantile->capacity * 2 : 8;
            quantile->values = g_renew(int64_t, quantile->values, quantile->capacity);
        }
        quantile->values[quantile->count] = nanoseconds;
    }
    quantile->count++;
}

static int compare_values(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

int64_t cti_quantile_get(const cti_quantile *quantile, double share)
{
    uint64_t rank, below = 0;
    uint32_t class = 0;

    if (quantile->count == 0)
        return -1;
    /* The smallest value that at least share of the values do not exceed. */
    rank = (uint64_t)(share * (double)quantile->count);
    if ((double)rank < share * (double)quantile->count || rank == 0)
        rank++;
    if (rank >= quantile->count)
        return quantile->worst;
    if (quantile->classes == NULL) {
        qsort(quantile->values, quantile->count, sizeof(quantile->values[0]), compare_values);
        return quantile->values[rank - 1];
    }
    while (class < CLASS_COUNT - 1 && below + quantile->classes[class] < rank)
        below += quantile->classes[class++];
    return MIN(value_of(class), quantile->worst);
}
