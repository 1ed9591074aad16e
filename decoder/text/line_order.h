/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines in the order of time.  Most are known in that order; some are known late, as a heartbeat
 * that was never answered.  So lines are held back: up to LINE_ORDER_LINES of them, and
 * LINE_ORDER_BYTES.  A line that comes when later ones are out already is put out at once, and told
 * to be late.  Nothing is lost. */
#ifndef CTIDUMP_LINE_ORDER_H
#define CTIDUMP_LINE_ORDER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define LINE_ORDER_LINES 65536u
#define LINE_ORDER_BYTES (UINT64_C(16) << 20)

typedef struct held_line {
    int64_t key, time; /* where it belongs; what it shows */
    uint64_t number;   /* decides between equal keys: the one that came first is first */
    bool late;
    gsize length;
    char words[]; /* length bytes */
} held_line;

typedef struct line_order line_order;

/* put is called with each line in its turn; the line lives for the time of the call. */
line_order *line_order_new(void (*put)(void *user, const held_line *line), void *user);
/* Frees it; lines that are held are not put out. */
void line_order_free(line_order *order);

/* key: the line belongs behind those with the same key, and before those with a later one. */
void line_order_add(line_order *order, int64_t key, int64_t time, const GString *words);

/* Puts out all that is held. */
void line_order_flush(line_order *order);

#endif
