/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which legs belong to which client (see clients.h). */
#include <string.h>

#include "clients_private.h"

/* Clients of one key that are considered for a leg.  With more at once, it cannot be known whose it
 * is. */
#define LOOKED_AT 64
/* Latest legs of a client that are checked to find out if it is busy: older ones are over. */
#define RECENT_LEGS 16

typedef struct grouping {
    GPtrArray *members;     /* of cti_member, owned */
    GHashTable *shared;     /* IDs that several addresses used at once */
    GHashTable *by_key;     /* ID, with the address where it is shared -> GPtrArray of members */
    GHashTable *by_address; /* address -> GPtrArray of members that were named there */
} grouping;

/* ---- one leg ---- */

static bool has_id(const cti_leg *leg)
{
    return leg->id[0] != '\0';
}

/* Until when the leg kept its client busy for sure. */
static int64_t busy_until(const cti_leg *leg)
{
    return leg->lost || leg->end == CTI_END_CAPTURE_ENDED ? leg->last : leg->ended;
}

static bool replaces(const cti_leg *newer, const cti_leg *older)
{
    return older->replaced_by != 0 && older->replaced_by == newer->session;
}

static bool overlap(const cti_leg *a, const cti_leg *b)
{
    return a->began < busy_until(b) && b->began < busy_until(a) && !replaces(a, b) &&
           !replaces(b, a);
}

static char *address_key(const cti_endpoint *point)
{
    GString *key = g_string_new("@");

    for (size_t i = 0; i < sizeof(point->address); i++)
        g_string_append_printf(key, "%02x", point->address[i]);
    return g_string_free(key, FALSE);
}

static char *id_key(const cti_leg *leg)
{
    return g_strdup_printf("%s\001%s", leg->id, leg->signature);
}

/* ---- IDs that are shared ---- */

/* Who used an ID for longest until now, and which other address did. */
typedef struct id_use {
    const cti_leg *longest, *other;
} id_use;

static void note_use(grouping *g, GHashTable *uses, const cti_leg *leg)
{
    char *key = id_key(leg);
    id_use *use = g_hash_table_lookup(uses, key);
    const cti_leg *rival;

    if (use == NULL) {
        use = g_new0(id_use, 1);
        use->longest = leg;
        g_hash_table_insert(uses, key, use);
        return;
    }
    rival = cti_same_address(&use->longest->client, &leg->client) ? use->other : use->longest;
    if (rival != NULL && leg->began < busy_until(rival) && !replaces(leg, rival))
        g_hash_table_add(g->shared, g_strdup(key));
    if (busy_until(leg) > busy_until(use->longest)) {
        if (!cti_same_address(&use->longest->client, &leg->client))
            use->other = use->longest;
        use->longest = leg;
    } else if (!cti_same_address(&use->longest->client, &leg->client) &&
               (use->other == NULL || busy_until(leg) > busy_until(use->other))) {
        use->other = leg;
    }
    g_free(key);
}

static void find_shared(grouping *g, const GPtrArray *legs)
{
    GHashTable *uses = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

    for (guint i = 0; i < legs->len; i++) {
        const cti_leg *leg = g_ptr_array_index(legs, i);

        if (has_id(leg) && leg->outcome == CTI_LEG_OPENED)
            note_use(g, uses, leg);
    }
    g_hash_table_destroy(uses);
}

/* ---- clients ---- */

static void free_member(gpointer data)
{
    cti_member *member = data;

    g_ptr_array_unref(member->legs);
    g_ptr_array_unref(member->nameless);
    g_free(member->outages);
    g_free(member->refusals);
    g_free(member);
}

/* The list of a key, which begins empty. */
static GPtrArray *list_of(GHashTable *table, const char *key)
{
    GPtrArray *list = g_hash_table_lookup(table, key);

    if (list == NULL) {
        list = g_ptr_array_new();
        g_hash_table_insert(table, g_strdup(key), list);
    }
    return list;
}

static void note_address(grouping *g, const cti_leg *leg, cti_member *member)
{
    char *key = address_key(&leg->client);
    GPtrArray *list = list_of(g->by_address, key);

    if (list->len <= LOOKED_AT && !g_ptr_array_find(list, member, NULL))
        g_ptr_array_add(list, member);
    g_free(key);
}

static bool takes_place_of(const cti_leg *other, const cti_leg *leg)
{
    return cti_same_endpoint(&other->server, &leg->server) && overlap(other, leg);
}

/* The client has a session at the same time that leaves no room for this one. */
static bool is_busy(const cti_member *member, const cti_leg *leg)
{
    const guint count = member->legs->len;

    if (leg->session == 0)
        return false;
    for (guint i = 0; i < count && i < RECENT_LEGS; i++)
        if (takes_place_of(g_ptr_array_index(member->legs, count - 1 - i), leg) ||
            takes_place_of(g_ptr_array_index(member->legs, i), leg))
            return true;
    return false;
}

/* True if the latest session of the client before this time is lost by then. */
static bool is_down(const cti_member *member, int64_t time)
{
    guint from = 0, until = member->legs->len;

    while (from < until) {
        const guint middle = from + (until - from) / 2;
        const cti_leg *leg = g_ptr_array_index(member->legs, middle);

        if (leg->began <= time)
            from = middle + 1;
        else
            until = middle;
    }
    for (guint i = 0; i < from && i < RECENT_LEGS; i++) {
        const cti_leg *leg = g_ptr_array_index(member->legs, from - 1 - i);

        if (leg->outcome == CTI_LEG_OPENED)
            return leg->lost && leg->good <= time && leg->ended <= time;
    }
    return false;
}

/* Of the clients of a key the one that the leg belongs to: the one that lost its session first,
 * else any that has room; NULL if there is none. */
static cti_member *choose(const GPtrArray *list, const cti_leg *leg)
{
    cti_member *chosen = NULL;
    int64_t since = INT64_MAX;

    for (guint i = 0; i < list->len && i < LOOKED_AT; i++) {
        cti_member *member = g_ptr_array_index(list, list->len - 1 - i);
        const cti_leg *last = g_ptr_array_index(member->legs, member->legs->len - 1);

        if (is_busy(member, leg))
            continue;
        if (chosen == NULL || (last->lost && last->ended < since && last->ended <= leg->began)) {
            chosen = member;
            since = last->lost ? last->ended : INT64_MAX;
        }
    }
    return chosen;
}

static void take(grouping *g, const char *key, cti_leg *leg)
{
    GPtrArray *list = list_of(g->by_key, key);
    cti_member *member = choose(list, leg);

    if (member == NULL) {
        member = g_new0(cti_member, 1);
        member->legs = g_ptr_array_new();
        member->nameless = g_ptr_array_new();
        member->client.id = leg->id;
        member->client.signature = leg->signature;
        g_ptr_array_add(g->members, member);
        g_ptr_array_add(list, member);
    }
    g_ptr_array_add(member->legs, leg);
    if (has_id(leg))
        note_address(g, leg, member);
}

static void take_named(grouping *g, cti_leg *leg)
{
    char *key = id_key(leg), *address = address_key(&leg->client), *both;

    if (g_hash_table_contains(g->shared, key)) {
        both = g_strconcat(key, address, NULL);
        take(g, both, leg);
        g_free(both);
    } else {
        take(g, key, leg);
    }
    g_free(address);
    g_free(key);
}

/* The client with an ID that a leg without one belongs to, or NULL. */
static cti_member *find_named(const GPtrArray *list, const cti_leg *leg)
{
    cti_member *found = NULL;

    if (list == NULL)
        return NULL;
    if (list->len == 1) {
        found = g_ptr_array_index(list, 0);
        return is_busy(found, leg) ? NULL : found;
    }
    for (guint i = 0; i < list->len && i < LOOKED_AT; i++) {
        cti_member *member = g_ptr_array_index(list, i);

        if (!is_down(member, leg->began))
            continue;
        if (found != NULL)
            return NULL;
        found = member;
    }
    return leg->outcome == CTI_LEG_OPENED ? NULL : found;
}

static void take_nameless(grouping *g, cti_leg *leg)
{
    char *address = address_key(&leg->client);
    cti_member *member = find_named(g_hash_table_lookup(g->by_address, address), leg);

    if (member != NULL)
        g_ptr_array_add(member->nameless, leg);
    else
        take(g, address, leg);
    g_free(address);
}

/* ---- all of them ---- */

/* Where a leg is in its client's history. */
static int64_t place_in_time(const cti_leg *leg)
{
    return leg->outcome == CTI_LEG_OPENED ? leg->opened : leg->began;
}

static gint compare_legs(gconstpointer a, gconstpointer b)
{
    const cti_leg *x = *(const cti_leg *const *)a, *y = *(const cti_leg *const *)b;
    const int64_t one = place_in_time(x), other = place_in_time(y);

    if (one != other)
        return one < other ? -1 : 1;
    return (x->frame > y->frame) - (x->frame < y->frame);
}

static gint compare_members(gconstpointer a, gconstpointer b)
{
    const cti_member *x = *(const cti_member *const *)a, *y = *(const cti_member *const *)b;

    return compare_legs(&x->legs->pdata[0], &y->legs->pdata[0]);
}

GPtrArray *cti_clients_group(const GPtrArray *legs)
{
    grouping g = {
        .members = g_ptr_array_new_with_free_func(free_member),
        .shared = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .by_key = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                        (GDestroyNotify)g_ptr_array_unref),
        .by_address = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                            (GDestroyNotify)g_ptr_array_unref),
    };

    find_shared(&g, legs);
    for (guint i = 0; i < legs->len; i++)
        if (has_id(g_ptr_array_index(legs, i)))
            take_named(&g, g_ptr_array_index(legs, i));
    for (guint i = 0; i < legs->len; i++)
        if (!has_id(g_ptr_array_index(legs, i)))
            take_nameless(&g, g_ptr_array_index(legs, i));
    for (guint i = 0; i < g.members->len; i++) {
        cti_member *member = g_ptr_array_index(g.members, i);

        g_ptr_array_extend(member->legs, member->nameless, NULL, NULL);
        g_ptr_array_sort(member->legs, compare_legs);
        member->client.legs = (const cti_leg *const *)member->legs->pdata;
        member->client.leg_count = member->legs->len;
    }
    g_ptr_array_sort(g.members, compare_members);
    g_hash_table_destroy(g.shared);
    g_hash_table_destroy(g.by_key);
    g_hash_table_destroy(g.by_address);
    return g.members;
}
