/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints the messages in the bytes of one direction of a CTI connection, from standard input.
 *     cc fields.c $(pkg-config --cflags --libs cti-codec) -o fields */
#include <stdio.h>

#include <cti/framing.h>
#include <cti/text.h>

int main(void)
{
    static uint8_t bytes[1 << 20];
    const size_t length = fread(bytes, 1, sizeof(bytes), stdin);
    GString *text = g_string_new(NULL);
    const cti_framing framing = {.state = CTI_FRAME_IN_STEP};
    size_t at = 0, size;
    cti_reader reader;
    cti_item item;

    while (cti_frame_next(&framing, bytes + at, length - at, &size) == CTI_FRAME_MESSAGE) {
        cti_reader_init(&reader, bytes + at, size, NULL);
        g_string_append(text, reader.message != NULL ? reader.message->name : "unknown");
        while (cti_reader_next(&reader, &item))
            cti_text_item(g_string_append(text, "\n  "), &item, 0);
        g_string_append_c(text, '\n');
        at += size;
    }
    fputs(text->str, stdout);
    g_string_free(text, TRUE);
    return at == length ? 0 : 1;
}
