/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words in Wireshark's tree, and in expert infos: Wireshark cuts a label at 240 bytes, and some
 * values of the wire are longer.  What is shown of them here ends before that, and says that it is
 * cut; the value itself is whole, for filters and columns. */
#ifndef CTI_PLUGIN_LABELS_H
#define CTI_PLUGIN_LABELS_H

#include "compat.h"

/* Of the 240 bytes of a label, so many may be our words: an expert info has its severity and group
 * before them, and values are in brackets behind their field's name. */
#define LABEL_WORDS_MAX 190u

/* Cuts text to at most so many bytes, between characters; the last one is an ellipsis then. */
void label_shorten(GString *text, size_t most);

/* As proto_tree_add_string(). */
proto_item *label_add_string(proto_tree *tree, int hf, tvbuff_t *tvb, int start, int length,
                             const char *value);

#endif
