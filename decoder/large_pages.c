/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Large pages for the heap (see large_pages.h): glibc's mallopt(3) and Linux's madvise(2).  glibc
 * has a switch of its own for this, but only in the environment (glibc.malloc.hugetlb). */
#include "large_pages.h"

#include <stdint.h>
#include <stdlib.h>

#ifdef __GLIBC__

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

/* The heap grows by so much at a time: what is not used takes addresses, but no memory. */
#define STEP (64 << 20)
#define LARGE_PAGE ((uintptr_t)2 << 20)

void large_pages_use(void)
{
    uintptr_t start, end;
    void *volatile first; /* or the compiler leaves both calls out */

    if (mallopt(M_TOP_PAD, STEP) == 0 || mallopt(M_TRIM_THRESHOLD, 2 * STEP) == 0)
        return;
    start = (uintptr_t)sbrk(0);
    /* More than is free now, and less than would get a mapping of its own: the heap grows. */
    first = malloc(127 << 10);
    end = (uintptr_t)sbrk(0);
    start = (start + LARGE_PAGE - 1) & ~(LARGE_PAGE - 1);
    if (end > start)
        madvise((void *)start, end - start, MADV_HUGEPAGE);
    free(first);
}

#else

void large_pages_use(void)
{
}

#endif
