/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines in the order of time (see line_order.h). */
#include "line_order.h"

#include <string.h>

struct line_order {
    void (*put)(void *user, const held_line *line);
    void *user;
    GQueue in_order;     /* of held_line: those that came in the order of their keys */
    GSequence *inserted; /* of held_line, sorted: those that came after a later one */
    uint64_t numbers, bytes;
    int64_t last_out; /* the latest key that was put out */
};

line_order *line_order_new(void (*put)(void *user, const held_line *line), void *user)
{
    line_order *order = g_new0(line_order, 1);

    order->put = put;
    order->user = user;
    order->inserted = g_sequence_new(NULL);
    order->last_out = INT64_MIN;
    return order;
}

static gint compare(gconstpointer a, gconstpointer b, gpointer user)
{
    const held_line *x = a, *y = b;

    (void)user;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static held_line *take_first_inserted(const line_order *order)
{
    GSequenceIter *first = g_sequence_get_begin_iter(order->inserted);
    held_line *line = g_sequence_get(first);

    g_sequence_remove(first);
    return line;
}

/* The line whose turn is next; NULL if none is held. */
static held_line *take_next(line_order *order)
{
    const held_line *first = g_queue_peek_head(&order->in_order);

    if (!g_sequence_is_empty(order->inserted) &&
        (first == NULL ||
         compare(g_sequence_get(g_sequence_get_begin_iter(order->inserted)), first, NULL) < 0))
        return take_first_inserted(order);
    return g_queue_pop_head(&order->in_order);
}

static void put_next(line_order *order)
{
    held_line *line = take_next(order);

    line->late = line->key < order->last_out;
    order->last_out = MAX(order->last_out, line->key);
    order->bytes -= line->length;
    order->put(order->user, line);
    g_free(line);
}

static guint held(const line_order *order)
{
    return order->in_order.length + (guint)g_sequence_get_length(order->inserted);
}

void line_order_add(line_order *order, int64_t key, int64_t time, const GString *words)
{
    held_line *line = g_malloc(sizeof(held_line) + words->len);
    const held_line *last = g_queue_peek_tail(&order->in_order);

    *line = (held_line){
        .key = key, .time = time, .number = order->numbers++, .length = words->len};
    memcpy(line->words, words->str, words->len);
    order->bytes += words->len;
    if (last == NULL || key >= last->key)
        g_queue_push_tail(&order->in_order, line);
    else
        g_sequence_insert_sorted(order->inserted, line, compare, NULL);
    while (held(order) > LINE_ORDER_LINES || order->bytes > LINE_ORDER_BYTES)
        put_next(order);
}

void line_order_flush(line_order *order)
{
    while (held(order) > 0)
        put_next(order);
}

void line_order_free(line_order *order)
{
    while (held(order) > 0)
        g_free(take_next(order));
    g_sequence_free(order->inserted);
    g_free(order);
}
