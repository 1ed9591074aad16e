/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the engine reports, as words in a text that a test compares: "c0 s0 gap(c 100) end".
 * Include it after cmocka.h. */
#ifndef CTI_TESTS_TOLD_H
#define CTI_TESTS_TOLD_H

#include <glib.h>
#include <stdarg.h>

#include "codec/table.h"

static void told(GString *log, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void told(GString *log, const char *format, ...)
{
    va_list arguments;

    if (log->len > 0)
        g_string_append_c(log, ' ');
    va_start(arguments, format);
    g_string_append_vprintf(log, format, arguments);
    va_end(arguments);
}

static char letter(cti_sender sender)
{
    assert_true(sender == CTI_CLIENT || sender == CTI_SERVER);
    return sender == CTI_CLIENT ? 'c' : 's';
}

/* Compares what was reported since the last time. */
static void assert_told(GString *log, const char *expected)
{
    assert_string_equal(log->str, expected);
    g_string_truncate(log, 0);
}

#endif
