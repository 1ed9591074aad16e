/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Colour in the text formats, for terminals (option --color).  It only stresses what the words
 * say already. */
#ifndef CTIDUMP_INK_H
#define CTIDUMP_INK_H

#include <glib.h>
#include <stdbool.h>

#include "codec/session.h"

typedef enum { INK_HEADING, INK_ERROR, INK_WARNING, INK_NOTE, INK_GOOD, INK_PLANNED } ink;

typedef enum { INK_AUTO, INK_ALWAYS, INK_NEVER } ink_choice;

/* True if colour is wanted on this descriptor: INK_AUTO means on a terminal that has colours
 * (TERM), unless NO_COLOR is set to anything (no-color.org). */
bool ink_wanted(ink_choice choice, int descriptor);

/* What is appended between these two is in colour, if on. */
void ink_begin(GString *to, bool on, ink colour);
void ink_end(GString *to, bool on);

/* Appends text in colour, if on, and blanks up to width behind it. */
void ink_text(GString *to, bool on, ink colour, const char *text, int width);

/* The name of a severity in its colour. */
void ink_severity(GString *to, bool on, cti_severity severity, int width);

/* The name of a verdict in the colour of what it means; none where the session goes on. */
void ink_verdict(GString *to, bool on, cti_verdict verdict);

#endif
