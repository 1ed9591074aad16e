/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A priority queue: a binary heap, whose first item is found at once and replaced in O(log n). */
#ifndef CTIDUMP_CAPTURE_HEAP_H
#define CTIDUMP_CAPTURE_HEAP_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct capture_heap {
    GPtrArray *items; /* item i is not after items 2i + 1 and 2i + 2 */
    bool (*is_before)(const void *a, const void *b);
    uint64_t comparisons; /* calls of is_before */
} capture_heap;

/* is_before is a strict order.  It must stay the same for items in the heap, except for the first
 * one: see capture_heap_sink(). */
void capture_heap_init(capture_heap *heap, bool (*is_before)(const void *a, const void *b));
void capture_heap_release(capture_heap *heap);

void capture_heap_add(capture_heap *heap, void *item);
/* The item that is before all others; NULL if the heap is empty. */
void *capture_heap_first(const capture_heap *heap);
/* Removes the first item.  The heap must not be empty. */
void capture_heap_remove(capture_heap *heap);
/* Restores the order after the first item has changed. */
void capture_heap_sink(capture_heap *heap);

#endif
