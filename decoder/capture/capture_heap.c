/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A binary heap in an array (see capture_heap.h); GLib has none. */
#include "capture_heap.h"

void capture_heap_init(capture_heap *h, bool (*is_before)(const void *a, const void *b))
{
    *h = (capture_heap){.items = g_ptr_array_new(), .is_before = is_before};
}

void capture_heap_release(capture_heap *h)
{
    g_ptr_array_unref(h->items);
}

static bool is_before(capture_heap *h, guint a, guint b)
{
    h->comparisons++;
    return h->is_before(h->items->pdata[a], h->items->pdata[b]);
}

static void swap(capture_heap *h, guint a, guint b)
{
    void *item = h->items->pdata[a];

    h->items->pdata[a] = h->items->pdata[b];
    h->items->pdata[b] = item;
}

void capture_heap_add(capture_heap *h, void *item)
{
    guint at = h->items->len;

    g_ptr_array_add(h->items, item);
    for (; at > 0 && is_before(h, at, (at - 1) / 2); at = (at - 1) / 2)
        swap(h, at, (at - 1) / 2);
}

void *capture_heap_first(const capture_heap *h)
{
    return h->items->len > 0 ? h->items->pdata[0] : NULL;
}

void capture_heap_remove(capture_heap *h)
{
    g_ptr_array_remove_index_fast(h->items, 0); /* the last item takes its place */
    capture_heap_sink(h);
}

void capture_heap_sink(capture_heap *h)
{
    guint at = 0, child = 1;

    while (child < h->items->len) {
        if (child + 1 < h->items->len && is_before(h, child + 1, child))
            child++;
        if (!is_before(h, child, at))
            return;
        swap(h, at, child);
        at = child;
        child = 2 * at + 1;
    }
}
