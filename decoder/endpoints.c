/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses and ports as users write them (see endpoints.h). */
#include "endpoints.h"

#include <arpa/inet.h>
#include <glib.h>

static bool parse_address(const char *text, endpoint *point)
{
    point->address_size = inet_pton(AF_INET, text, point->address) == 1    ? 4
                          : inet_pton(AF_INET6, text, point->address) == 1 ? 16
                                                                           : 0;
    return point->address_size != 0;
}

/* The colon before the port, or NULL: an IPv6 address has some of its own. */
static const char *find_port(const char *text)
{
    const char *colon = strrchr(text, ':');
    const bool is_bracketed = text[0] == '[';

    if (colon == NULL || (is_bracketed ? colon[-1] != ']' : strchr(text, ':') != colon))
        return NULL;
    return colon;
}

bool endpoint_parse(const char *text, endpoint *point)
{
    const char *colon = find_port(text);
    const size_t length = colon != NULL ? (size_t)(colon - text) : strlen(text);
    const bool is_bracketed = length >= 2 && text[0] == '[' && text[length - 1] == ']';
    char *address = g_strndup(text + is_bracketed, length - 2 * is_bracketed);
    guint64 port = 0;
    bool good;

    *point = (endpoint){.port = 0};
    good = parse_address(address, point) &&
           (colon == NULL || g_ascii_string_to_unsigned(colon + 1, 10, 1, 65535, &port, NULL));
    point->port = (uint16_t)port;
    g_free(address);
    return good;
}
