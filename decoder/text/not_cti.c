/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is not CTI on a CTI port (see not_cti.h). */
#include "not_cti.h"

#include "codec/text.h"
#include "format.h"

/* Bytes that nobody knows are shown as they are, a few of them. */
#define BYTES_SHOWN 8

static void append_bytes(GString *to, const cti_foreign *start)
{
    g_string_append(to, cti_foreign_words(start->kind));
    if (start->kind != CTI_FOREIGN_UNKNOWN)
        return;
    g_string_append(to, " bytes");
    if (start->size == 0)
        return;
    g_string_append(to, " (");
    cti_text_hex(to, start->bytes, MIN(start->size, BYTES_SHOWN));
    g_string_append(to, start->size > BYTES_SHOWN ? "...)" : ")");
}

static char *words_of(const connection_record *connection, int sender)
{
    const cti_foreign *start = &connection->not_cti[sender];
    GString *words = g_string_new(sender == 0 ? "client " : "server ");

    format_endpoint(words, sender == 0 ? &connection->client : &connection->server);
    g_string_append(words, " to ");
    format_endpoint(words, sender == 0 ? &connection->server : &connection->client);
    g_string_append(words, ": ");
    append_bytes(words, start);
    g_string_append_printf(words, "  #%u", start->frame);
    return g_string_free(words, FALSE);
}

void not_cti_connection(not_cti *of, const connection_record *connection)
{
    for (int sender = 0; sender < 2; sender++) {
        const cti_foreign *start = &connection->not_cti[sender];

        if (start->frame != 0 && of->connections[start->kind][sender]++ == 0)
            of->first[start->kind][sender] = words_of(connection, sender);
    }
}

void not_cti_release(not_cti *of)
{
    for (int kind = 0; kind < NOT_CTI_KINDS; kind++)
        for (int sender = 0; sender < 2; sender++)
            g_clear_pointer(&of->first[kind][sender], g_free);
}

void not_cti_lines(const not_cti *of, void (*line)(void *user, const char *words), void *user)
{
    GString *words = g_string_new(NULL);

    for (int kind = 0; kind < NOT_CTI_KINDS; kind++)
        for (int sender = 0; sender < 2; sender++) {
            const uint32_t count = of->connections[kind][sender];

            if (count == 0)
                continue;
            g_string_assign(words, of->first[kind][sender]);
            if (count > 1)
                g_string_append_printf(words, "; the same on %u more connection%s", count - 1,
                                       count == 2 ? "" : "s");
            line(user, words->str);
        }
    g_string_free(words, TRUE);
}
