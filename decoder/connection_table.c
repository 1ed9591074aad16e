/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connections by their endpoints and by the time of their last packets, and which of two
 * endpoints is the client. */
#include "connection_parts.h"

#include <string.h>

/* ---- endpoints ---- */

static int compare_endpoints(const endpoint *a, const endpoint *b)
{
    const int difference = memcmp(a->address, b->address, sizeof(a->address));

    if (difference != 0)
        return difference;
    return (int)a->port - (int)b->port;
}

static uint64_t hash_endpoint(const endpoint *point)
{
    uint64_t words[2], hash;

    memcpy(words, point->address, sizeof(words));
    hash = (words[0] ^ point->port) * UINT64_C(0x9E3779B97F4A7C15);
    hash = (hash ^ hash >> 29 ^ words[1]) * UINT64_C(0xBF58476D1CE4E5B9);
    return hash ^ hash >> 32;
}

/* The key is a connection whose record holds the two endpoints, in either order. */
static guint hash_connection(gconstpointer key)
{
    const connection_record *record = key;

    return (guint)(hash_endpoint(&record->client) + hash_endpoint(&record->server));
}

static bool is_between(const connection_record *record, const endpoint *one, const endpoint *other)
{
    return (compare_endpoints(&record->client, one) == 0 &&
            compare_endpoints(&record->server, other) == 0) ||
           (compare_endpoints(&record->client, other) == 0 &&
            compare_endpoints(&record->server, one) == 0);
}

static gboolean equal_connections(gconstpointer a, gconstpointer b)
{
    const connection_record *key = b;

    return is_between(a, &key->client, &key->server);
}

/* ---- client and server ---- */

static bool is_cti_port(const connections *all, uint16_t port)
{
    if (cti_port_side(port, NULL) != CTI_SIDE_UNKNOWN)
        return true;
    for (uint32_t i = 0; i < all->options->port_count; i++)
        if (all->options->ports[i] == port)
            return true;
    return false;
}

/* Who is the server: the one that SYN was sent to, else the one with a port of CTI's, else
 * (a guess, until a message tells) the one with the lower port. */
static void choose_server(connection *c, const tcp_segment *segment)
{
    const bool to_cti = is_cti_port(c->all, segment->destination.port);
    const bool from_cti = is_cti_port(c->all, segment->source.port);
    bool from_client = segment->destination.port < segment->source.port;

    c->client_known = true;
    if (segment->flags & TCP_SYN)
        from_client = !(segment->flags & TCP_ACK);
    else if (to_cti != from_cti)
        from_client = to_cti;
    else
        c->client_known = false;
    c->record.client = from_client ? segment->source : segment->destination;
    c->record.server = from_client ? segment->destination : segment->source;
    c->cti_port = is_cti_port(c->all, c->record.server.port);
    c->record.side = cti_port_side(c->record.server.port, NULL);
}

void table_learn_client(const direction *from, uint32_t type)
{
    connection *c = from->connection;
    const cti_message *message = cti_message_find(type);
    const endpoint client = c->record.client;
    const uint64_t bytes = c->record.tcp.bytes[0];

    if (c->client_known || message == NULL || message->sender == CTI_EITHER)
        return;
    c->client_known = true;
    if (message->sender == from->sender)
        return;
    /* The key in the table holds both endpoints in either order: it stays the same. */
    c->record.client = c->record.server;
    c->record.server = client;
    c->record.side = cti_port_side(c->record.server.port, NULL);
    c->record.tcp.bytes[0] = c->record.tcp.bytes[1];
    c->record.tcp.bytes[1] = bytes;
    for (int i = 0; i < DIRECTIONS; i++)
        c->directions[i].sender = c->directions[i].sender == CTI_CLIENT ? CTI_SERVER : CTI_CLIENT;
}

direction *table_direction(connection *c, const tcp_segment *segment)
{
    const bool client = compare_endpoints(&segment->source, &c->record.client) == 0;

    return connection_direction(c, client ? CTI_CLIENT : CTI_SERVER);
}

/* ---- in and out ---- */

void table_init(connections *all)
{
    all->table = g_hash_table_new(hash_connection, equal_connections);
    g_queue_init(&all->idle);
    g_queue_init(&all->talking);
}

connection *table_find(connections *all, const tcp_segment *segment)
{
    connection_record key;

    if (all->recent != NULL &&
        is_between(&all->recent->record, &segment->source, &segment->destination))
        return all->recent;
    key.client = segment->source;
    key.server = segment->destination;
    all->recent = g_hash_table_lookup(all->table, &key);
    return all->recent;
}

connection *table_add(connections *all, const tcp_segment *segment)
{
    connection *c = g_new0(connection, 1);

    c->all = all;
    c->record.first_time = segment->time;
    c->record.last_time = segment->time;
    c->record.first_frame = segment->frame;
    c->record.close = CTI_END_CAPTURE_ENDED;
    choose_server(c, segment);
    c->content = c->cti_port ? CONTENT_CTI : CONTENT_UNDECIDED;
    for (int i = 0; i < DIRECTIONS; i++) {
        direction *d = &c->directions[i];

        d->connection = c;
        d->sender = i == 0 ? CTI_CLIENT : CTI_SERVER;
        d->framing = CTI_FRAME_SEARCH;
        tcp_stream_init(&d->stream, all->options->held_bytes, &all->pool, d);
    }
    g_hash_table_insert(all->table, &c->record, c);
    c->link.data = c;
    c->queue = &all->idle;
    g_queue_push_tail_link(c->queue, &c->link);
    return c;
}

void table_touch(connection *c)
{
    g_queue_unlink(c->queue, &c->link);
    c->queue = c->session != NULL ? &c->all->talking : &c->all->idle;
    g_queue_push_tail_link(c->queue, &c->link);
}

void table_remove(connection *c)
{
    if (c->all->recent == c)
        c->all->recent = NULL;
    g_hash_table_remove(c->all->table, &c->record);
    g_queue_unlink(c->queue, &c->link);
    connection_release_streams(c);
    g_free(c->late_syn);
    g_free(c);
}
