/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Labels that end before Wireshark cuts them (see labels.h). */
#include "labels.h"

#include <string.h>

#include "text.h"

#define ELLIPSIS "\xE2\x80\xA6"

/* A label with a name, ": ", brackets and the 0. */
#define LABEL_VALUE_MAX(name) (240u - 6u - MIN(strlen(name), 100u))

void label_shorten(GString *text, size_t most)
{
    const char *end;

    if (text->len <= most)
        return;
    end = g_utf8_find_prev_char(text->str, text->str + most - strlen(ELLIPSIS) + 1);
    g_string_truncate(text, end != NULL ? (gsize)(end - text->str) : 0);
    g_string_append(text, ELLIPSIS);
}

proto_item *label_add_string(proto_tree *tree, int hf, tvbuff_t *tvb, int start, int length,
                             const char *value)
{
    const bool visible = tree != NULL && PTREE_DATA(tree)->visible;
    const size_t most = visible ? LABEL_VALUE_MAX(proto_registrar_get_nth((unsigned)hf)->name) : 0;
    const size_t size = visible ? strlen(value) : 0;
    proto_item *item;
    GString *shown;

    /* A byte becomes four characters at most, \x07. */
    if (size <= most / 4)
        return proto_tree_add_string(tree, hf, tvb, start, length, value);
    shown = g_string_new(NULL);
    cti_text_bytes(shown, value, size);
    if (shown->len <= most) {
        item = proto_tree_add_string(tree, hf, tvb, start, length, value);
    } else {
        label_shorten(shown, most);
        item = proto_tree_add_string_format_value(tree, hf, tvb, start, length, value, "%s",
                                                  shown->str);
    }
    g_string_free(shown, TRUE);
    return item;
}
