/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes in what sessions show of graceful shutdowns, and puts the votes of each maintenance
 * together (see maintenance.h). */
#include "maintenance.h"

#include "maintenance_private.h"
#include "rules.h"

#define NEEDED ((uint32_t)CTI_V_CTIServiceMasks_CTI_SERVICE_ACTIVE_STANDBY)

/* What one session shows of one maintenance. */
typedef struct piece {
    uint32_t number;               /* of the session, */
    cti_shutdown_session *session; /* which is known at the end */
    cti_shutdown shutdown;
} piece;

const char *cti_vote_name(cti_vote vote)
{
    static const char *const names[CTI_VOTES] = {"accepted", "refused", "none", "unknown",
                                                 "not-asked"};

    return (size_t)vote < CTI_VOTES ? names[vote] : "?";
}

const char *cti_maintenance_outcome_name(cti_maintenance_outcome outcome)
{
    static const char *const names[] = {NULL, "continued", "cancelled", "differs"};

    return (size_t)outcome < G_N_ELEMENTS(names) ? names[outcome] : NULL;
}

/* ---- life ---- */

static void free_votes(gpointer votes)
{
    g_array_unref(votes);
}

cti_maintenances *cti_maintenances_new(void)
{
    cti_maintenances *all = g_new0(cti_maintenances, 1);

    all->sessions = g_array_new(FALSE, FALSE, sizeof(cti_shutdown_session));
    all->shutdowns = g_array_new(FALSE, FALSE, sizeof(piece));
    all->by_number = g_hash_table_new(NULL, NULL);
    all->clients = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    all->words = g_string_chunk_new(256);
    all->maintenances = g_array_new(FALSE, FALSE, sizeof(cti_maintenance));
    all->votes = g_ptr_array_new_with_free_func(free_votes);
    all->findings = g_array_new(FALSE, FALSE, sizeof(cti_finding));
    return all;
}

void cti_maintenances_free(cti_maintenances *all)
{
    if (all == NULL)
        return;
    g_array_unref(all->sessions);
    g_array_unref(all->shutdowns);
    g_hash_table_destroy(all->by_number);
    g_hash_table_destroy(all->clients);
    g_string_chunk_free(all->words);
    g_array_unref(all->maintenances);
    g_ptr_array_unref(all->votes);
    g_array_unref(all->findings);
    g_free(all);
}

uint64_t cti_maintenances_left_out(const cti_maintenances *all)
{
    return all->left_out;
}

/* ---- taking in ---- */

void cti_maintenances_shutdown(cti_maintenances *all, const cti_shutdown *shutdown,
                               uint32_t session)
{
    const piece added = {.number = session, .shutdown = *shutdown};

    if (all->shutdowns->len >= CTI_MAINTENANCE_SESSIONS_MAX)
        all->left_out++;
    else
        g_array_append_val(all->shutdowns, added);
}

static bool takes_part(const cti_session_summary *summary)
{
    return summary->has_services_requested && summary->services_requested & NEEDED &&
           summary->has_services_granted && summary->services_granted & NEEDED;
}

/* From when on the server itself is known not to be active, by this session. */
static int64_t inactive_from(const cti_session *session)
{
    const cti_pg_report *pg = &session->rules.pg;
    const cti_shutdown *shutdown = &session->rules.shutdown;
    int64_t from = INT64_MAX;

    if (session->rules.server_offline)
        from = MIN(from, session->rules.server_offline_time);
    if (pg->frame != 0 && pg->pg_status & ~(uint32_t)CTI_V_PGStatusCode_PGS_PERIPHERAL_OFFLINE)
        from = MIN(from, pg->time);
    if (shutdown->outcome_frame != 0 && shutdown->continues)
        from = MIN(from, shutdown->outcome_time);
    return from;
}

void cti_maintenances_session(cti_maintenances *all, const cti_session *session, uint32_t number,
                              cti_side side, const cti_endpoint *client, const cti_endpoint *server)
{
    const cti_session_summary *summary = &session->summary;
    const cti_shutdown *shutdown = &session->rules.shutdown;
    const cti_shutdown_session added = {
        .number = number,
        .side = side,
        .client = *client,
        .server = *server,
        .id = g_string_chunk_insert_const(all->words, summary->client_id),
        .takes_part = takes_part(summary),
        .incomplete = {session->rules.incomplete[0], session->rules.incomplete[1]},
        .opened_type = summary->opened_type,
        .opened = summary->opened ? summary->open_answer_time : CTI_NO_TIME,
        .ended = summary->end_time,
        .closing = summary->close_time != CTI_NO_TIME ? summary->close_time : summary->end_time,
        .became_active = summary->became_active,
        .heard = summary->last_server_time,
        .inactive = inactive_from(session),
        .opened_frame = summary->open_answer_frame,
        .became_active_frame = summary->became_active_frame,
        .ended_frame = summary->end_frame,
        .ended_by_tcp = summary->end_frame != 0,
        .ended_by = summary->end_sender,
    };

    if (!summary->opened ||
        (!added.takes_part && summary->opened_type == 0 && summary->became_active == CTI_NO_TIME &&
         shutdown->asked_frame == 0 && shutdown->outcome_frame == 0))
        return;
    if (all->sessions->len >= CTI_MAINTENANCE_SESSIONS_MAX)
        all->left_out++;
    else
        g_array_append_val(all->sessions, added);
}

/* ---- order ---- */

static int compare_servers(const cti_endpoint *x, const cti_endpoint *y)
{
    const int difference = memcmp(x->address, y->address, sizeof(x->address));

    return difference != 0 ? difference : (x->port > y->port) - (x->port < y->port);
}

static gint compare_sessions(gconstpointer a, gconstpointer b)
{
    const cti_shutdown_session *x = a, *y = b;
    const int difference = compare_servers(&x->server, &y->server);

    return difference != 0 ? difference : (x->number > y->number) - (x->number < y->number);
}

guint cti_shutdown_sessions_of(const cti_maintenances *all, const cti_endpoint *server,
                               const cti_shutdown_session **first)
{
    const cti_shutdown_session *sessions =
        (const cti_shutdown_session *)(const void *)all->sessions->data;
    guint from = 0, until = all->sessions->len, end;

    while (from < until) {
        const guint middle = from + (until - from) / 2;

        if (compare_servers(&sessions[middle].server, server) < 0)
            from = middle + 1;
        else
            until = middle;
    }
    for (end = from; end < all->sessions->len && cti_same_server(&sessions[end].server, server);
         end++)
        ;
    *first = sessions + from;
    return end - from;
}

/* When it began, as far as the session shows it. */
static int64_t began(const cti_shutdown *shutdown)
{
    return shutdown->asked_frame != 0 ? shutdown->asked_time : shutdown->outcome_time;
}

static gint compare_pieces(gconstpointer a, gconstpointer b)
{
    const piece *x = a, *y = b;
    const int difference = compare_servers(&x->session->server, &y->session->server);
    const int64_t x_began = began(&x->shutdown), y_began = began(&y->shutdown);

    if (difference != 0)
        return difference;
    if (x_began != y_began)
        return x_began > y_began ? 1 : -1;
    return (x->number > y->number) - (x->number < y->number);
}

/* The pieces whose sessions are known, in order. */
static void sort(cti_maintenances *all)
{
    guint known = 0;

    g_array_sort(all->sessions, compare_sessions);
    for (guint i = 0; i < all->sessions->len; i++) {
        cti_shutdown_session *session = &g_array_index(all->sessions, cti_shutdown_session, i);

        g_hash_table_insert(all->by_number, GUINT_TO_POINTER(session->number), session);
    }
    for (guint i = 0; i < all->shutdowns->len; i++) {
        piece *p = &g_array_index(all->shutdowns, piece, i);

        p->session = g_hash_table_lookup(all->by_number, GUINT_TO_POINTER(p->number));
        if (p->session != NULL)
            g_array_index(all->shutdowns, piece, known++) = *p;
    }
    g_array_set_size(all->shutdowns, known);
    g_array_sort(all->shutdowns, compare_pieces);
}

/* ---- votes ---- */

static cti_vote vote_of(const piece *p)
{
    const cti_shutdown *shutdown = &p->shutdown;
    const int64_t until = shutdown->outcome_frame != 0 ? shutdown->outcome_time : p->session->ended;

    if (shutdown->vote_frame != 0 && !shutdown->vote_unknown)
        return shutdown->accepted ? CTI_VOTE_ACCEPTED : CTI_VOTE_REFUSED;
    if (shutdown->vote_unknown || shutdown->asked_frame == 0)
        return CTI_VOTE_UNKNOWN;
    if (shutdown->outcome_frame == 0 &&
        cti_elapsed(shutdown->asked_time, until) <= CTI_TIME(VOTE_WAIT))
        return CTI_VOTE_UNKNOWN; /* it had more time than the capture shows */
    return CTI_VOTE_NONE;
}

static cti_maintenance_client client_of(const cti_shutdown_session *session)
{
    return (cti_maintenance_client){
        .session = session->number,
        .id = session->id,
        .client = session->client,
        .vote = CTI_VOTE_NOT_ASKED,
        .ended = session->ended_by_tcp ? session->ended : CTI_NO_TIME,
        .ended_frame = session->ended_frame,
        .ended_by = session->ended_by,
    };
}

static void take_outcome(cti_maintenance *m, const cti_shutdown *shutdown)
{
    const cti_maintenance_outcome outcome =
        shutdown->continues ? CTI_MAINTENANCE_CONTINUED : CTI_MAINTENANCE_CANCELLED;

    if (shutdown->outcome_frame == 0)
        return;
    if (m->decided == CTI_NO_TIME || shutdown->outcome_time < m->decided)
        m->decided = shutdown->outcome_time;
    if (m->outcome == CTI_MAINTENANCE_UNDECIDED)
        m->outcome = outcome;
    else if (m->outcome != outcome)
        m->outcome = CTI_MAINTENANCE_DIFFERS;
}

static void take_piece(cti_maintenance *m, GArray *clients, const piece *p)
{
    cti_maintenance_client client = client_of(p->session);

    client.shutdown = p->shutdown;
    client.vote = vote_of(p);
    client.late = p->shutdown.asked_frame != 0 && p->shutdown.vote_frame != 0 &&
                  cti_elapsed(p->shutdown.asked_time, p->shutdown.vote_time) > CTI_TIME(VOTE_WAIT);
    if (m->asked_frame == 0)
        m->asked_frame = p->shutdown.asked_frame;
    take_outcome(m, &p->shutdown);
    m->votes[client.vote]++;
    g_array_append_val(clients, client);
}

/* True if its session was with the active server when that asked. */
static bool was_active(const cti_maintenance *m, const cti_shutdown_session *session)
{
    return session->opened_type == CTI_V_SessionType_Active ||
           (session->became_active != CTI_NO_TIME && session->became_active < m->asked);
}

/* True if the server had to ask this client too: the session was open all the time. */
static bool was_due(const cti_maintenance *m, const cti_shutdown_session *session)
{
    const int64_t took =
        m->decided != CTI_NO_TIME ? cti_elapsed(m->asked, m->decided) : CTI_TIME(VOTE_WAIT);

    return session->takes_part && !session->incomplete[1] && was_active(m, session) &&
           session->opened != CTI_NO_TIME &&
           cti_elapsed(session->opened, m->asked) > CTI_TIME(JUST_OPENED) &&
           cti_elapsed(m->asked, session->closing) > took;
}

static void add_not_asked(const cti_maintenances *all, cti_maintenance *m, GArray *clients,
                          uint32_t number)
{
    const cti_shutdown_session *sessions;
    const guint count = cti_shutdown_sessions_of(all, &m->server, &sessions);

    for (guint i = 0; i < count && m->asked_frame != 0; i++) {
        const cti_maintenance_client client = client_of(&sessions[i]);

        if (sessions[i].in == number || !was_due(m, &sessions[i]))
            continue;
        m->votes[CTI_VOTE_NOT_ASKED]++;
        g_array_append_val(clients, client);
    }
}

/* True if the piece is of this maintenance: the server asks all clients at once, and then decides.
 */
static bool belongs(const cti_maintenance *m, const piece *p, uint32_t number)
{
    const int64_t begun = began(&p->shutdown);

    if (!cti_same_server(&m->server, &p->session->server) || p->session->in == number)
        return false;
    return (m->decided != CTI_NO_TIME && begun <= m->decided) ||
           cti_elapsed(m->asked, begun) <= CTI_TIME(VOTE_WAIT);
}

/* Puts the maintenance together whose first piece this is; returns the next one. */
static guint take_maintenance(cti_maintenances *all, guint next)
{
    const piece *pieces = (const piece *)(const void *)all->shutdowns->data;
    const uint32_t number = all->maintenances->len + 1;
    GArray *clients = g_array_new(FALSE, FALSE, sizeof(cti_maintenance_client));
    cti_maintenance m = {.server = pieces[next].session->server,
                         .side = pieces[next].session->side,
                         .asked = began(&pieces[next].shutdown),
                         .decided = CTI_NO_TIME,
                         .active = CTI_NO_TIME,
                         .none_from = CTI_NO_TIME,
                         .none_until = CTI_NO_TIME};

    for (; next < all->shutdowns->len && belongs(&m, &pieces[next], number); next++) {
        take_piece(&m, clients, &pieces[next]);
        pieces[next].session->in = number;
    }
    add_not_asked(all, &m, clients, number);
    m.client_count = clients->len;
    m.clients = (const cti_maintenance_client *)(const void *)clients->data;
    cti_shutdown_find_other(all, &m);
    g_ptr_array_add(all->votes, clients);
    g_array_append_val(all->maintenances, m);
    return next;
}

/* ---- telling ---- */

static gint compare_maintenances(gconstpointer a, gconstpointer b)
{
    const cti_maintenance *x = a, *y = b;

    if (x->asked != y->asked)
        return x->asked > y->asked ? 1 : -1;
    return compare_servers(&x->server, &y->server);
}

static gint compare_findings(gconstpointer a, gconstpointer b)
{
    const cti_finding *x = a, *y = b;

    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return (x->session > y->session) - (x->session < y->session);
}

void cti_maintenances_finish(cti_maintenances *all, const cti_maintenance_events *events,
                             void *user)
{
    guint next = 0;

    sort(all);
    cti_shutdown_find_pairs(all);
    while (next < all->shutdowns->len && all->maintenances->len < CTI_MAINTENANCES_MAX)
        next = take_maintenance(all, next);
    all->left_out += all->shutdowns->len - next;
    g_array_sort(all->maintenances, compare_maintenances);
    for (guint i = 0; i < all->maintenances->len; i++) {
        const cti_maintenance *m = &g_array_index(all->maintenances, cti_maintenance, i);

        cti_maintenance_findings(all, m);
        if (events->maintenance != NULL)
            events->maintenance(user, m);
    }
    cti_active_side_findings(all);
    g_array_sort(all->findings, compare_findings);
    for (guint i = 0; i < all->findings->len && events->finding != NULL; i++)
        events->finding(user, &g_array_index(all->findings, cti_finding, i));
}
