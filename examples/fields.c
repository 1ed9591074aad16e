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
    GString *line = g_string_new(NULL);
    size_t at = 0;

    for (;;) {
        size_t size;
        const cti_frame_result result =
            cti_frame_next(bytes + at, length - at, CTI_FRAME_IN_STEP, &size);

        if (result == CTI_FRAME_MORE)
            break;
        if (result == CTI_FRAME_MESSAGE) {
            cti_reader reader;
            cti_item item;

            cti_reader_init(&reader, bytes + at, size, NULL);
            g_string_assign(line, reader.message != NULL ? reader.message->name : "unknown");
            g_string_append_c(line, '\n');
            while (cti_reader_next(&reader, &item)) {
                g_string_append(line, "  ");
                cti_text_label(line, &item);
                g_string_append(line, ": ");
                cti_text_value(line, &item, 0);
                g_string_append_c(line, '\n');
            }
            fputs(line->str, stdout);
        }
        at += size;
    }
    g_string_free(line, TRUE);
    return at == length ? 0 : 1;
}
