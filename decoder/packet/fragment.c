/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fragmented IP packets put together (see fragment.h). */
#include "fragment.h"

#include <glib.h>
#include <string.h>

/* No IP packet is longer. */
#define PACKET_SIZE_MAX 65535u
/* Parts of a packet, with gaps between them, while it is not whole. */
#define PARTS_MAX 64

enum { UDP = 17 };

/* Bytes from start to before end. */
typedef struct part {
    uint32_t start, end;
} part;

/* What makes two pieces parts of the same packet.  Compared as bytes: set to 0 first. */
typedef struct assembly_key {
    uint8_t source[16], destination[16];
    uint32_t identification;
    uint16_t address_size;
    uint16_t protocol; /* 0 with IPv6 */
} assembly_key;

/* A packet of which pieces came.
 * Invariant: parts are sorted and do not touch; bytes has memory up to the end of the last. */
typedef struct assembly {
    assembly_key key;
    int64_t time; /* of the first piece; once it is whole, of the last */
    GList link;   /* in all->order */
    bool whole;   /* bytes is NULL: only a copy is waited for */
    bool has_first;
    bool no_tunnel;          /* see ip_piece */
    uint32_t frames;         /* that hold its pieces; copies do not count */
    uint8_t protocol, depth; /* of the piece at offset 0, or of any before it came */
    uint32_t total;          /* 0 until the last piece came */
    uint32_t cut;            /* from here on bytes are missing in the capture */
    uint32_t part_count;
    part parts[PARTS_MAX];
    uint8_t *bytes;
    uint32_t size; /* of the memory */
} assembly;

struct fragments {
    GHashTable *table; /* key -> assembly */
    GQueue order;      /* of assembly, the oldest first */
    uint32_t packets;  /* most of them */
    uint64_t bytes;    /* held in all of them */
    uint8_t *given;    /* the packet that was handed out last */
    fragment_counts given_up;
};

/* ---- the table ---- */

static guint hash_key(gconstpointer key)
{
    const uint8_t *bytes = key;
    guint hash = 2166136261u;

    for (size_t i = 0; i < sizeof(assembly_key); i++)
        hash = (hash ^ bytes[i]) * 16777619u;
    return hash;
}

static gboolean equal_keys(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(assembly_key)) == 0;
}

static assembly_key key_of(const ip_piece *piece)
{
    const bool v6 = piece->source.address_size == 16;
    assembly_key key;

    memset(&key, 0, sizeof(key));
    memcpy(key.source, piece->source.address, sizeof(key.source));
    memcpy(key.destination, piece->destination.address, sizeof(key.destination));
    key.identification = piece->identification;
    key.address_size = piece->source.address_size;
    key.protocol = v6 ? 0 : piece->protocol;
    return key;
}

static void drop(fragments *all, assembly *a)
{
    g_hash_table_remove(all->table, &a->key);
    g_queue_unlink(&all->order, &a->link);
    all->bytes -= a->size;
    g_free(a->bytes);
    g_free(a);
}

/* Only the first piece of a UDP datagram shows whether it belongs to a tunnel. */
static void give_up(fragments *all, assembly *a, uint64_t *count)
{
    if (!a->whole) {
        if (a->no_tunnel)
            all->given_up.without_tcp += a->frames;
        else if (a->protocol == UDP && !a->has_first)
            all->given_up.without_first++;
        else
            ++*count;
    }
    drop(all, a);
}

static assembly *oldest(const fragments *all)
{
    return all->order.head != NULL ? all->order.head->data : NULL;
}

/* The capture's time may step back as well. */
static bool is_over(const assembly *a, int64_t time)
{
    const int64_t age = a->whole ? FRAGMENT_COPY_AGE : FRAGMENT_AGE;
    int64_t passed;

    return __builtin_sub_overflow(time, a->time, &passed) || passed > age || passed < -age;
}

static void expire(fragments *all, int64_t time)
{
    assembly *a;

    while ((a = oldest(all)) != NULL && is_over(a, time))
        give_up(all, a, &all->given_up.incomplete);
}

/* Makes room for one more packet, and for so many bytes of keep. */
static void enforce_limits(fragments *all, const assembly *keep, uint32_t bytes)
{
    GList *link = all->order.head;

    while (link != NULL &&
           (all->order.length > all->packets ||
            all->bytes + bytes > all->packets * FRAGMENT_BYTES)) {
        assembly *a = link->data;

        link = link->next;
        if (a != keep)
            give_up(all, a, &all->given_up.limit);
    }
}

static assembly *find(fragments *all, const ip_piece *piece, int64_t time)
{
    const assembly_key key = key_of(piece);
    assembly *a = g_hash_table_lookup(all->table, &key);

    if (a != NULL && is_over(a, time)) {
        give_up(all, a, &all->given_up.incomplete);
        a = NULL;
    }
    if (a != NULL)
        return a;
    a = g_new0(assembly, 1);
    a->key = key;
    a->time = time;
    a->link.data = a;
    a->protocol = piece->protocol;
    a->depth = piece->depth;
    a->cut = UINT32_MAX;
    g_hash_table_insert(all->table, &a->key, a);
    g_queue_push_tail_link(&all->order, &a->link);
    enforce_limits(all, a, 0);
    return a;
}

/* ---- one packet ---- */

static void reserve(fragments *all, assembly *a, uint32_t size)
{
    uint32_t wanted;

    if (size <= a->size)
        return;
    wanted = MAX(size, MIN(a->size * 2, PACKET_SIZE_MAX));
    enforce_limits(all, a, wanted - a->size);
    a->bytes = g_realloc(a->bytes, wanted);
    all->bytes += wanted - a->size;
    a->size = wanted;
}

/* Copies what no part has yet: from start to before end. */
static void copy_gap(assembly *a, const ip_piece *piece, uint32_t start, uint32_t end)
{
    const uint32_t captured = piece->offset + piece->captured;

    if (captured < end)
        a->cut = MIN(a->cut, MAX(start, captured));
    if (start < captured)
        memcpy(a->bytes + start, piece->bytes + (start - piece->offset),
               MIN(end, captured) - start);
}

/* Replaces the parts from first to before last by one. */
static void replace_parts(assembly *a, uint32_t first, uint32_t last, part joined)
{
    memmove(&a->parts[first + 1], &a->parts[last], (a->part_count - last) * sizeof(part));
    a->parts[first] = joined;
    a->part_count = a->part_count - (last - first) + 1;
}

/* Adds the bytes of a piece that were not there.  False if none was new. */
static bool merge(assembly *a, const ip_piece *piece)
{
    part joined = {piece->offset, piece->offset + piece->length};
    uint32_t first = 0, last, at = joined.start;

    while (first < a->part_count && a->parts[first].end < joined.start)
        first++;
    for (last = first; last < a->part_count && a->parts[last].start <= joined.end; last++) {
        if (a->parts[last].start > at)
            copy_gap(a, piece, at, a->parts[last].start);
        at = MAX(at, a->parts[last].end);
    }
    if (at < joined.end)
        copy_gap(a, piece, at, joined.end);
    if (last == first + 1 && a->parts[first].start <= joined.start &&
        a->parts[first].end >= joined.end)
        return false;
    if (last > first) {
        joined.start = MIN(joined.start, a->parts[first].start);
        joined.end = MAX(joined.end, a->parts[last - 1].end);
    }
    replace_parts(a, first, last, joined);
    return true;
}

/* Hands the packet out and keeps the memory of it. */
static void finish(fragments *all, assembly *a, const ip_piece *piece, ip_piece *whole)
{
    *whole = *piece;
    whole->protocol = a->protocol;
    whole->depth = a->depth;
    whole->more = false;
    whole->no_tunnel = a->no_tunnel;
    whole->frames = a->frames;
    whole->offset = 0;
    whole->bytes = a->bytes;
    whole->length = a->total;
    whole->captured = MIN(a->cut, a->total);
    all->given = a->bytes;
    all->bytes -= a->size;
    a->bytes = NULL;
    a->size = 0;
    a->whole = true;
}

static bool is_broken(const ip_piece *piece)
{
    return piece->length == 0 || piece->captured > piece->length ||
           piece->length > PACKET_SIZE_MAX || piece->offset > PACKET_SIZE_MAX - piece->length ||
           (piece->more && piece->length % 8 != 0);
}

/* What lies behind the end that another piece told is no part of the packet. */
static bool contradicts(const assembly *a, const ip_piece *piece)
{
    const uint32_t end = piece->offset + piece->length;

    if (a->total != 0)
        return end > a->total || (!piece->more && end < a->total);
    return !piece->more && a->part_count > 0 && a->parts[a->part_count - 1].end > end;
}

static fragment_result add(fragments *all, const ip_piece *piece, int64_t time, ip_piece *whole)
{
    assembly *a;

    if (is_broken(piece))
        return FRAGMENT_BROKEN;
    expire(all, time);
    a = find(all, piece, time);
    if (a->whole)
        return FRAGMENT_REPEATED;
    if (contradicts(a, piece))
        return FRAGMENT_BROKEN;
    if (a->part_count == PARTS_MAX) {
        give_up(all, a, &all->given_up.limit);
        return FRAGMENT_HELD;
    }
    reserve(all, a, piece->offset + piece->length);
    if (!merge(a, piece))
        return FRAGMENT_REPEATED;
    a->frames += piece->frames;
    if (piece->offset == 0 && !a->has_first) {
        a->has_first = true;
        a->no_tunnel = piece->no_tunnel;
        a->protocol = piece->protocol;
        a->depth = piece->depth;
    }
    if (!piece->more)
        a->total = piece->offset + piece->length;
    if (a->part_count != 1 || a->parts[0].start != 0 || a->parts[0].end != a->total)
        return FRAGMENT_HELD;
    finish(all, a, piece, whole);
    a->time = time;
    return FRAGMENT_WHOLE;
}

fragment_result fragments_add(fragments *all, const ip_piece *piece, int64_t time,
                              ip_piece *whole)
{
    uint8_t *given = all->given; /* the piece may lie in it */
    fragment_result result;

    all->given = NULL;
    result = add(all, piece, time, whole);
    g_free(given);
    return result;
}

/* ---- life ---- */

fragments *fragments_new(uint32_t packets)
{
    fragments *all = g_new0(fragments, 1);

    all->packets = packets;
    all->table = g_hash_table_new(hash_key, equal_keys);
    g_queue_init(&all->order);
    return all;
}

void fragments_finish(fragments *all)
{
    while (oldest(all) != NULL)
        give_up(all, oldest(all), &all->given_up.incomplete);
}

void fragments_free(fragments *all)
{
    if (all == NULL)
        return;
    while (oldest(all) != NULL)
        drop(all, oldest(all));
    g_hash_table_destroy(all->table);
    g_free(all->given);
    g_free(all);
}

const fragment_counts *fragments_given_up(const fragments *all)
{
    return &all->given_up;
}
