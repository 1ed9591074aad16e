/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Colour for terminals (see ink.h): ECMA-48, SGR. */
#include "ink.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const codes[] = {
    [INK_HEADING] = "\033[1m", [INK_ERROR] = "\033[1;31m", [INK_WARNING] = "\033[33m",
    [INK_NOTE] = "\033[2m",    [INK_GOOD] = "\033[32m",   [INK_PLANNED] = "\033[36m",
};

bool ink_wanted(ink_choice choice, int descriptor)
{
    const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");

    if (choice != INK_AUTO)
        return choice == INK_ALWAYS;
    if (no_colour != NULL && no_colour[0] != '\0')
        return false;
    return terminal != NULL && strcmp(terminal, "dumb") != 0 && isatty(descriptor);
}

void ink_begin(GString *to, bool on, ink colour)
{
    if (on)
        g_string_append(to, codes[colour]);
}

void ink_end(GString *to, bool on)
{
    if (on)
        g_string_append(to, "\033[0m");
}

void ink_text(GString *to, bool on, ink colour, const char *text, int width)
{
    ink_begin(to, on, colour);
    g_string_append(to, text);
    ink_end(to, on);
    for (glong missing = width - g_utf8_strlen(text, -1); missing > 0; missing--)
        g_string_append_c(to, ' ');
}

void ink_severity(GString *to, bool on, cti_severity severity, int width)
{
    static const ink colours[] = {
        [CTI_NOTE] = INK_NOTE, [CTI_WARNING] = INK_WARNING, [CTI_ERROR] = INK_ERROR};

    ink_text(to, on, colours[severity], cti_severity_name(severity), width);
}

void ink_verdict(GString *to, bool on, cti_verdict verdict)
{
    static const ink colours[CTI_FATE_COUNT] = {
        [CTI_FATE_CLOSED] = INK_GOOD,      [CTI_FATE_LEFT] = INK_WARNING,
        [CTI_FATE_PLANNED] = INK_PLANNED,  [CTI_FATE_REPLACED] = INK_PLANNED,
        [CTI_FATE_LOST] = INK_ERROR,
        [CTI_FATE_NEVER_OPENED] = INK_ERROR};
    const cti_fate fate = cti_verdict_fate(verdict);

    ink_text(to, on && fate != CTI_FATE_GOES_ON, colours[fate], cti_verdict_name(verdict), 0);
}
