/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Median, 95 % and worst of any number of durations in bounded memory: exact for the
 * first CTI_QUANTILE_EXACT values, from then on by a histogram whose classes are 3 %
 * wide.  The worst one is always exact.  Up to 2 KiB for the values, 7 KiB for the histogram.
 */
#ifndef CTI_QUANTILE_H
#define CTI_QUANTILE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CTI_QUANTILE_EXACT 256

typedef struct cti_quantile {
    uint64_t count;
    int64_t worst;     /* nanoseconds; 0 while count is 0 */
    int64_t *values;   /* the first ones, in any order; NULL once there is a histogram */
    uint32_t capacity;
    uint32_t *classes; /* the histogram, or NULL */
} cti_quantile;

/* Frees what the quantile holds, after which it is an empty one, to be used again.  All zero is
 * an empty one too. */
void cti_quantile_release(cti_quantile *quantile);

/* Takes in a duration in nanoseconds; a negative one counts as 0.  Amortized constant time. */
void cti_quantile_add(cti_quantile *quantile, int64_t nanoseconds);

/* The value that the share (0 to 1) of the values does not exceed, in nanoseconds:
 * 0.5 for the median.  -1 while there is none.  It sorts the values that are kept, so that two
 * threads may not ask the same quantile at once. */
int64_t cti_quantile_get(const cti_quantile *quantile, double share);

#ifdef __cplusplus
}
#endif

#endif
