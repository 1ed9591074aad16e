/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connections by their endpoints and by the time of their last packets, and which of two
 * endpoints is the client. */
#include "connection_private.h"

#include <string.h>

/* ---- endpoints ---- */

uint64_t cti_connection_table_hash(const cti_endpoint *point)
{
    uint64_t words[2], hash;

    memcpy(words, point->address, sizeof(words));
    hash = (words[0] ^ point->port) * UINT64_C(0x9E3779B97F4A7C15);
    hash = (hash ^ hash >> 29 ^ words[1]) * UINT64_C(0xBF58476D1CE4E5B9);
    return hash ^ hash >> 32;
}

/* The same for both orders of the endpoints. */
static gpointer key_of(const cti_endpoint *one, const cti_endpoint *other)
{
    return GSIZE_TO_POINTER(
        (gsize)(cti_connection_table_hash(one) + cti_connection_table_hash(other)));
}

bool cti_connection_table_is(const connection *c, const cti_segment *segment)
{
    const cti_endpoint *client = &c->record.client, *server = &c->record.server;

    return (cti_endpoint_is(client, &segment->source) &&
            cti_endpoint_is(server, &segment->destination)) ||
           (cti_endpoint_is(client, &segment->destination) &&
            cti_endpoint_is(server, &segment->source));
}

/* ---- client and server ---- */

/* The server that the user named, with its port before one for all ports; or NULL. */
static const cti_known_server *find_server(const cti_connections *all, const cti_endpoint *end)
{
    const cti_known_server *found = NULL;

    for (uint32_t i = 0; i < all->options->server_count; i++) {
        const cti_known_server *server = &all->options->servers[i];

        if (memcmp(server->address.address, end->address, sizeof(end->address)) != 0)
            continue;
        if (server->address.port == end->port)
            return server;
        if (server->address.port == 0 && found == NULL)
            found = server;
    }
    return found;
}

static cti_side side_of(const cti_connections *all, const cti_endpoint *server)
{
    const cti_known_server *known = find_server(all, server);

    return known != NULL ? known->side : cti_port_side(server->port, NULL);
}

/* True if the user named the server with its port, or the port. */
static bool is_named(const cti_connections *all, const cti_endpoint *end)
{
    const cti_known_server *known = find_server(all, end);

    if (known != NULL && known->address.port != 0)
        return true;
    for (uint32_t i = 0; i < all->options->port_count; i++)
        if (all->options->ports[i] == end->port)
            return true;
    return false;
}

static bool is_cti_server(const cti_connections *all, const cti_endpoint *end)
{
    if (is_named(all, end))
        return true;
    if (all->options->serves != NULL)
        return all->options->serves(end->port);
    return cti_port_side(end->port, NULL) != CTI_SIDE_UNKNOWN;
}

/* Who is the server: the one that SYN was sent to, else the one with a port of CTI's, else
 * (a guess, until a message tells) the one with the lower port. */
static void choose_server(connection *c, const cti_segment *segment)
{
    const bool to_cti = is_cti_server(c->all, &segment->destination);
    const bool from_cti = is_cti_server(c->all, &segment->source);
    bool from_client = segment->destination.port < segment->source.port;

    c->client_known = true;
    if (segment->flags & CTI_FLAG_SYN)
        from_client = !(segment->flags & CTI_FLAG_ACK);
    else if (to_cti != from_cti)
        from_client = to_cti;
    else
        c->client_known = false;
    c->record.client = from_client ? segment->source : segment->destination;
    c->record.server = from_client ? segment->destination : segment->source;
    c->cti_port = is_cti_server(c->all, &c->record.server);
    c->named = is_named(c->all, &c->record.server);
    c->record.side = side_of(c->all, &c->record.server);
}

void cti_connection_table_learn_client(const direction *from, uint32_t type)
{
    connection *c = from->connection;
    const cti_message *message = cti_message_find(type);
    const cti_endpoint client = c->record.client;
    const uint64_t bytes = c->record.tcp.bytes[0];

    if (c->client_known || message == NULL || message->sender == CTI_EITHER)
        return;
    c->client_known = true;
    if (message->sender == from->sender)
        return;
    /* The key in the table holds both endpoints in either order: it stays the same. */
    c->record.client = c->record.server;
    c->record.server = client;
    c->record.side = side_of(c->all, &c->record.server);
    c->record.tcp.bytes[0] = c->record.tcp.bytes[1];
    c->record.tcp.bytes[1] = bytes;
    for (int i = 0; i < DIRECTIONS; i++)
        c->directions[i].sender = c->directions[i].sender == CTI_CLIENT ? CTI_SERVER : CTI_CLIENT;
    cti_connection_facts_swap(c);
}

direction *cti_connection_table_direction(connection *c, const cti_endpoint *source)
{
    const bool client = cti_endpoint_is(source, &c->record.client);

    return cti_connection_direction(c, client ? CTI_CLIENT : CTI_SERVER);
}

/* ---- in and out ---- */

void cti_connection_table_init(cti_connections *all)
{
    all->table = g_hash_table_new(NULL, NULL);
    g_queue_init(&all->idle);
    g_queue_init(&all->talking);
}

connection *cti_connection_table_guess(const cti_connections *all, const cti_segment *segment)
{
    return g_hash_table_lookup(all->table, key_of(&segment->source, &segment->destination));
}

connection *cti_connection_table_find(cti_connections *all, const cti_segment *segment)
{
    connection *c = cti_connection_table_guess(all, segment);

    while (c != NULL && !cti_connection_table_is(c, segment))
        c = c->same_key;
    return c;
}

static void add_key(connection *c)
{
    const gpointer key = key_of(&c->record.client, &c->record.server);

    c->same_key = g_hash_table_lookup(c->all->table, key);
    g_hash_table_insert(c->all->table, key, c);
}

static void remove_key(connection *c)
{
    const gpointer key = key_of(&c->record.client, &c->record.server);
    connection *first = g_hash_table_lookup(c->all->table, key);

    if (first == c && c->same_key == NULL) {
        g_hash_table_remove(c->all->table, key);
    } else if (first == c) {
        g_hash_table_insert(c->all->table, key, c->same_key);
    } else {
        while (first->same_key != c)
            first = first->same_key;
        first->same_key = c->same_key;
    }
}

connection *cti_connection_table_add(cti_connections *all, const cti_segment *segment)
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
        g_queue_init(&d->waiting);
        cti_stream_init(&d->messages, &cti_connection_stream_events, d, &all->unfinished);
        d->messages.framing.largest = all->options->largest_message;
        cti_tcp_stream_init(&d->stream, all->options->held_bytes, &all->pool, d);
    }
    cti_connection_facts_init(c);
    add_key(c);
    c->link.data = c;
    c->owing_link.data = c;
    c->queue = &all->idle;
    g_queue_push_tail_link(c->queue, &c->link);
    return c;
}

void cti_connection_table_touch(connection *c)
{
    GQueue *queue = c->session != NULL ? &c->all->talking : &c->all->idle;

    if (c->queue == queue && queue == &c->all->talking)
        return;
    g_queue_unlink(c->queue, &c->link);
    c->queue = queue;
    g_queue_push_tail_link(c->queue, &c->link);
}

void cti_connection_table_update(connection *c)
{
    if ((c->session != NULL) != (c->queue == &c->all->talking))
        cti_connection_table_touch(c);
}

void cti_connection_table_remove(connection *c)
{
    c->all->removals++;
    remove_key(c);
    g_queue_unlink(c->queue, &c->link);
    cti_owed_strike(c);
    cti_order_drop(c);
    cti_connection_release_streams(c);
    g_free(c->late_syn);
    g_free(c);
}

uint32_t cti_connection_table_size(const cti_connections *all)
{
    return all->idle.length + all->talking.length;
}

/* ---- the one that is silent for longest ---- */

static gint compare_last_frames(gconstpointer a, gconstpointer b, gpointer user)
{
    const connection *x = a, *y = b;

    (void)user;
    return (x->packet.frame > y->packet.frame) - (x->packet.frame < y->packet.frame);
}

/* Those with a session are not kept in order, packet by packet: they are sorted when one of them
 * is asked for, and then again when all had packets since. */
static connection *quietest_talking(cti_connections *all)
{
    for (guint left = all->talking.length; left > 0; left--) {
        connection *c = all->talking.head->data;

        if (c->packet.frame <= all->talking_sorted)
            return c;
        g_queue_unlink(&all->talking, &c->link);
        g_queue_push_tail_link(&all->talking, &c->link);
    }
    g_queue_sort(&all->talking, compare_last_frames, NULL);
    all->talking_sorted = ((const connection *)all->talking.tail->data)->packet.frame;
    return all->talking.head->data;
}

connection *cti_connection_table_quietest(cti_connections *all)
{
    return all->idle.head != NULL ? all->idle.head->data : quietest_talking(all);
}
