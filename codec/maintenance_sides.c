/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two sides of a pair of servers: which they are, when each was active, and times when both
 * were, or none (see maintenance.h).
 *
 * A side is active from OPEN_CONF with SessionType Active, or from STANDBY_ACTIVE_EVENT, as long as
 * it sends messages and does not report otherwise. */
#include "maintenance_private.h"
#include "rules.h"

/* ---- pairs ---- */

static cti_shutdown_client *client_of(cti_maintenances *all, const cti_shutdown_session *session)
{
    GString *key = g_string_new(NULL);
    cti_shutdown_client *client;

    for (size_t i = 0; i < sizeof(session->client.address); i++)
        g_string_append_printf(key, "%02x", session->client.address[i]);
    g_string_append(key, session->id);
    client = g_hash_table_lookup(all->clients, key->str);
    if (client == NULL) {
        client = g_new0(cti_shutdown_client, 1);
        g_hash_table_insert(all->clients, g_strdup(key->str), client);
    }
    g_string_free(key, TRUE);
    return client;
}

void cti_shutdown_find_pairs(cti_maintenances *all)
{
    for (guint i = 0; i < all->sessions->len; i++) {
        cti_shutdown_session *session = &g_array_index(all->sessions, cti_shutdown_session, i);
        const cti_endpoint **server;

        session->of = client_of(all, session);
        if (session->side == CTI_SIDE_UNKNOWN) {
            session->of->several = true; /* which of the two it is, is not known */
            continue;
        }
        server = &session->of->servers[session->side == CTI_SIDE_B];
        if (*server == NULL)
            *server = &session->server;
        else if (!cti_same_server(*server, &session->server))
            session->of->several = true;
    }
}

/* Servers of one pair have the same instance number: their ports are as far apart as the usual
 * ports of the sides.  Other ports are what they are. */
static bool ports_fit(const cti_endpoint *a, const cti_endpoint *b)
{
    enum { APART = 1000 };

    return cti_port_side(a->port, NULL) != CTI_SIDE_A ||
           cti_port_side(b->port, NULL) != CTI_SIDE_B || b->port == a->port + APART;
}

const cti_endpoint *cti_shutdown_other_side(const cti_shutdown_session *session)
{
    const cti_shutdown_client *client = session->of;

    if (client->several || client->servers[0] == NULL || client->servers[1] == NULL ||
        !ports_fit(client->servers[0], client->servers[1]))
        return NULL;
    return client->servers[session->side == CTI_SIDE_A];
}

/* ---- the other side of a server in maintenance ---- */

/* NULL too where its clients do not agree. */
static const cti_endpoint *other_server(const cti_maintenances *all, const cti_maintenance *m)
{
    const cti_endpoint *found = NULL;

    for (uint32_t i = 0; i < m->client_count; i++) {
        const cti_shutdown_session *session =
            g_hash_table_lookup(all->by_number, GUINT_TO_POINTER(m->clients[i].session));
        const cti_endpoint *other = cti_shutdown_other_side(session);

        if (other == NULL)
            continue;
        if (found != NULL && !cti_same_server(found, other))
            return NULL;
        found = other;
    }
    return found;
}

/* When the session shows that its server is active, first; CTI_NO_TIME if it does not. */
static int64_t active_from(const cti_shutdown_session *session, uint32_t *frame)
{
    const bool opened = session->opened_type == CTI_V_SessionType_Active;

    *frame = opened ? session->opened_frame : session->became_active_frame;
    return opened ? session->opened : session->became_active;
}

static void find_active(const cti_shutdown_session *sessions, guint count, cti_maintenance *m)
{
    for (guint i = 0; i < count; i++) {
        uint32_t frame;
        const int64_t active = active_from(&sessions[i], &frame);

        if (active == CTI_NO_TIME || active < m->asked ||
            (m->active != CTI_NO_TIME && m->active <= active))
            continue;
        m->active = active;
        m->active_frame = frame;
        m->active_session = sessions[i].number;
    }
}

/* When the server had ended the connections of all that voted; CTI_NO_TIME if it did not. */
static int64_t connections_ended(const cti_maintenance *m, uint32_t *frame)
{
    int64_t ended = CTI_NO_TIME;

    for (uint32_t i = 0; i < m->client_count; i++) {
        const cti_maintenance_client *client = &m->clients[i];

        if (client->shutdown.outcome_frame == 0)
            continue;
        if (client->ended == CTI_NO_TIME)
            return CTI_NO_TIME;
        if (client->ended <= ended)
            continue;
        ended = client->ended;
        *frame = client->ended_frame;
    }
    return ended;
}

/* A standby session that was open all the time from `from` on and heard of no change, and until
 * when; NULL if there is none. */
static const cti_shutdown_session *still_waiting(const cti_shutdown_session *sessions, guint count,
                                                 const cti_maintenance *m, int64_t from)
{
    const cti_shutdown_session *longest = NULL;

    for (guint i = 0; i < count; i++) {
        const cti_shutdown_session *s = &sessions[i];

        if (s->opened_type != CTI_V_SessionType_Standby || s->incomplete[1] ||
            s->opened == CTI_NO_TIME || s->opened > m->asked || s->ended <= from ||
            (longest != NULL && longest->ended >= s->ended))
            continue;
        longest = s;
    }
    return longest;
}

static void find_time_without(const cti_shutdown_session *sessions, guint count, cti_maintenance *m)
{
    uint32_t frame = 0;
    const int64_t from = connections_ended(m, &frame);
    const cti_shutdown_session *waiting;

    if (m->outcome != CTI_MAINTENANCE_CONTINUED || from == CTI_NO_TIME)
        return;
    waiting = still_waiting(sessions, count, m, from);
    if (waiting == NULL || (m->active != CTI_NO_TIME && m->active <= from))
        return;
    m->none_from = from;
    m->none_from_frame = frame;
    m->none_until = m->active != CTI_NO_TIME ? m->active : waiting->ended;
    m->waiting_session = waiting->number;
}

/* True if the session shows that its server was active when the maintenance began. */
static bool was_active_before(const cti_shutdown_session *session, const cti_maintenance *m)
{
    uint32_t frame;
    const int64_t active = active_from(session, &frame);

    return active != CTI_NO_TIME && active < m->asked && session->heard >= m->asked;
}

void cti_shutdown_find_other(const cti_maintenances *all, cti_maintenance *m)
{
    const cti_endpoint *other = other_server(all, m);
    const cti_shutdown_session *sessions;
    guint count;

    if (other == NULL)
        return;
    m->has_other = true;
    m->other = *other;
    count = cti_shutdown_sessions_of(all, other, &sessions);
    m->other_side = count > 0 ? sessions[0].side : CTI_SIDE_UNKNOWN;
    for (guint i = 0; i < count; i++)
        if (was_active_before(&sessions[i], m))
            return;
    find_active(sessions, count, m);
    find_time_without(sessions, count, m);
}

/* ---- both, or none ---- */

/* A time in which a session shows its server as active, or as standby. */
typedef struct stretch {
    const cti_shutdown_session *session;
    int64_t from, until;
    uint32_t frame;
} stretch;

static bool active_stretch(const cti_shutdown_session *session, stretch *active)
{
    active->session = session;
    active->from = active_from(session, &active->frame);
    active->until = MIN(session->heard, session->inactive);
    return active->from != CTI_NO_TIME && active->from < active->until;
}

static bool standby_stretch(const cti_shutdown_session *session, stretch *standby)
{
    *standby =
        (stretch){session, session->opened,
                  session->became_active != CTI_NO_TIME ? session->became_active : session->heard,
                  session->opened_frame};
    return session->opened_type == CTI_V_SessionType_Standby && session->opened != CTI_NO_TIME &&
           standby->from < standby->until;
}

/* Of a client: the stretch of each side that reaches farthest. */
typedef struct reach {
    stretch sides[2];
    bool known[2];
} reach;

static void report_both(cti_maintenances *all, const stretch *one, const stretch *two, bool active)
{
    const stretch *later = one->from > two->from ? one : two;
    const stretch *earlier = later == one ? two : one;
    const int64_t took = cti_elapsed(later->from, MIN(one->until, two->until));
    cti_finding finding = {.rule = CTI_RULE_ACTIVE_SIDE,
                           .severity = active ? CTI_WARNING : CTI_ERROR,
                           .time = later->from,
                           .session = later->session->number,
                           .frames = {earlier->frame, later->frame},
                           .frame_count = 2,
                           .check = "Check the link between the two sides, and both peripheral "
                                    "gateways."};

    g_snprintf(finding.text, sizeof(finding.text),
               active
                   ? "Side A and side B were both active for %.3f s (sessions %u and %u)."
                   : "Neither side A nor side B was active for %.3f s (sessions %u and %u).",
               CTI_SECONDS(took), earlier->session->number, later->session->number);
    g_array_append_val(all->findings, finding);
}

/* The pair of servers that the client has sessions with, as a key. */
static char *pair_key(const cti_shutdown_client *client)
{
    GString *key = g_string_new(NULL);

    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < sizeof(client->servers[side]->address); i++)
            g_string_append_printf(key, "%02x", client->servers[side]->address[i]);
        g_string_append_printf(key, ":%u ", client->servers[side]->port);
    }
    return g_string_free(key, FALSE);
}

/* Takes the next stretch of a client, in the order of time.  True if one of the other side lasted
 * at the same time, for longer than a switch takes. */
static bool take_stretch(reach *r, const stretch *next, const stretch **other)
{
    const int side = next->session->side == CTI_SIDE_B;
    const bool both = r->known[!side] && cti_elapsed(MAX(next->from, r->sides[!side].from),
                                                     MIN(next->until, r->sides[!side].until)) >
                                             CTI_TIME(STOPPING_WAIT);

    *other = &r->sides[!side];
    if (!r->known[side] || next->until > r->sides[side].until)
        r->sides[side] = *next;
    r->known[side] = true;
    return both;
}

static gint compare_opened(gconstpointer a, gconstpointer b)
{
    const stretch *x = a, *y = b;

    if (x->from != y->from)
        return x->from > y->from ? 1 : -1;
    return (x->session->number > y->session->number) - (x->session->number < y->session->number);
}

/* One finding for each pair of servers: all clients would show the same. */
static void find_both(cti_maintenances *all, bool active)
{
    GArray *stretches = g_array_new(FALSE, FALSE, sizeof(stretch));
    GHashTable *reaches = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    GHashTable *reported = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < all->sessions->len; i++) {
        const cti_shutdown_session *s = &g_array_index(all->sessions, cti_shutdown_session, i);
        stretch found;

        if (!s->incomplete[1] && cti_shutdown_other_side(s) != NULL &&
            (active ? active_stretch(s, &found) : standby_stretch(s, &found)))
            g_array_append_val(stretches, found);
    }
    g_array_sort(stretches, compare_opened);
    for (guint i = 0; i < stretches->len; i++) {
        const stretch *next = &g_array_index(stretches, stretch, i);
        reach *r = g_hash_table_lookup(reaches, next->session->of);
        const stretch *other;

        if (r == NULL) {
            r = g_new0(reach, 1);
            g_hash_table_insert(reaches, next->session->of, r);
        }
        if (take_stretch(r, next, &other) &&
            g_hash_table_add(reported, pair_key(next->session->of)))
            report_both(all, other, next, active);
    }
    g_hash_table_destroy(reported);
    g_hash_table_destroy(reaches);
    g_array_unref(stretches);
}

void cti_active_side_findings(cti_maintenances *all)
{
    find_both(all, true);
    find_both(all, false);
}
