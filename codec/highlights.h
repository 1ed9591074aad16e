/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The few fields of a message that matter in a line of text: Wireshark's Info column
 * and ctidump's timeline show the same ones, in the same order. */
#ifndef CTI_HIGHLIGHTS_H
#define CTI_HIGHLIGHTS_H

#include "reader.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CTI_HIGHLIGHTS_MAX 6

/* Finds the fields of the message in reader that matter for its type, at most
 * CTI_HIGHLIGHTS_MAX, and returns how many.  reader itself is not advanced.  As with
 * cti_reader_find(), the items point into the message's bytes. */
size_t cti_highlights(const cti_reader *reader, cti_item items[CTI_HIGHLIGHTS_MAX]);

#ifdef __cplusplus
}
#endif

#endif
