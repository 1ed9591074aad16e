/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines in the order of time: what comes late is put in its place while that is held, and is told
 * to be late where it is not.  Each line comes out once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "text/line_order.h"

/* "3:b" for the line b of key 3, with a star if it is late. */
static void put(void *user, const held_line *line)
{
    g_string_append_printf(user, "%d:%.*s%s ", (int)line->key, (int)line->length, line->words,
                           line->late ? "*" : "");
}

static void add(line_order *order, int64_t key, const char *words)
{
    GString *text = g_string_new(words);

    line_order_add(order, key, key, text);
    g_string_free(text, TRUE);
}

static void assert_out(GString *out, const char *expected)
{
    assert_string_equal(out->str, expected);
    g_string_truncate(out, 0);
}

static void late_lines_in_their_place(void **state)
{
    GString *out = g_string_new(NULL);
    line_order *order = line_order_new(put, out);

    (void)state;
    add(order, 1, "a");
    add(order, 3, "b");
    add(order, 5, "c");
    add(order, 3, "d");
    add(order, 0, "e");
    add(order, 4, "f");
    add(order, 3, "g");
    add(order, 5, "h");
    assert_out(out, "");
    line_order_flush(order);
    assert_out(out, "0:e 1:a 3:b 3:d 3:g 4:f 5:c 5:h ");
    add(order, 4, "i");
    add(order, 5, "j");
    line_order_flush(order);
    assert_out(out, "4:i* 5:j ");
    line_order_free(order);
    g_string_free(out, TRUE);
}

typedef struct counted {
    uint64_t lines, late;
    int64_t last;
} counted;

static void count(void *user, const held_line *line)
{
    counted *c = user;

    c->lines++;
    c->late += line->late;
    if (!line->late) {
        assert_true(line->key >= c->last);
        c->last = line->key;
    }
}

static void bounded(void **state)
{
    counted c = {.last = INT64_MIN};
    line_order *order = line_order_new(count, &c);
    const int64_t lines = 3 * (int64_t)LINE_ORDER_LINES;

    (void)state;
    for (int64_t i = 0; i < lines; i++) {
        add(order, i, "in time");
        if (i % 1000 == 999)
            add(order, i - 500, "in its place");
    }
    assert_int_equal(c.late, 0);
    assert_true(c.lines >= (uint64_t)lines - LINE_ORDER_LINES);
    add(order, 0, "too late");
    line_order_flush(order);
    assert_int_equal(c.late, 1);
    assert_int_equal(c.lines, lines + lines / 1000 + 1);
    line_order_free(order);
}

static void bounded_by_bytes(void **state)
{
    counted c = {.last = INT64_MIN};
    line_order *order = line_order_new(count, &c);
    GString *line = g_string_new(NULL);

    (void)state;
    g_string_set_size(line, 1 << 20);
    for (int i = 0; i < 100; i++)
        line_order_add(order, i, i, line);
    assert_int_equal(c.lines, 100 - LINE_ORDER_BYTES / line->len);
    g_string_free(line, TRUE);
    line_order_free(order);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(late_lines_in_their_place),
        cmocka_unit_test(bounded),
        cmocka_unit_test(bounded_by_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
