/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes in what clients did, and reports at the end what it amounts to (see clients.h). */
#include "clients.h"

#include <string.h>

#include "clients_private.h"
#include "rules.h"

struct cti_clients {
    GArray *legs;         /* of cti_leg, in the order of the calls */
    GStringChunk *words;  /* each ID and signature once */
    GHashTable *refused;  /* client -> its latest refusal */
    uint32_t attempts;
    uint64_t left_out;
    GPtrArray *members;   /* of cti_member, once all is told */
};

const char *cti_leg_outcome_name(cti_leg_outcome outcome)
{
    static const char *const names[] = {"opened",  "rejected",  "open-unanswered",
                                        "refused", "no-answer", "no-message"};

    return (size_t)outcome < G_N_ELEMENTS(names) ? names[outcome] : "?";
}

/* Stands in the table of rules, which calls it for nothing. */
void cti_rule_across(cti_session *session, cti_rule rule, /* GCOVR_EXCL_LINE */
                     const cti_event *event)
{
    (void)session;
    (void)rule;
    (void)event;
}

/* ---- taking in ---- */

cti_clients *cti_clients_new(void)
{
    cti_clients *clients = g_new0(cti_clients, 1);

    clients->legs = g_array_new(FALSE, FALSE, sizeof(cti_leg));
    clients->words = g_string_chunk_new(1024);
    clients->refused = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return clients;
}

void cti_clients_free(cti_clients *clients)
{
    if (clients == NULL)
        return;
    if (clients->members != NULL)
        g_ptr_array_unref(clients->members);
    g_array_unref(clients->legs);
    g_string_chunk_free(clients->words);
    g_hash_table_destroy(clients->refused);
    g_free(clients);
}

uint64_t cti_clients_left_out(const cti_clients *clients)
{
    return clients->left_out;
}

static void add_leg(cti_clients *clients, const cti_leg *leg)
{
    if (clients->legs->len >= CTI_CLIENTS_LEGS_MAX)
        clients->left_out++;
    else
        g_array_append_vals(clients->legs, leg, 1);
}

static cti_leg_outcome session_outcome(const cti_session_summary *session)
{
    if (session->end == CTI_END_REJECTED)
        return CTI_LEG_REJECTED;
    if (session->open_time != CTI_NO_TIME && session->open_answer_time == CTI_NO_TIME &&
        session->messages_server == 0 && !session->opened && !session->open_unknown)
        return CTI_LEG_OPEN_UNANSWERED;
    return CTI_LEG_OPENED;
}

/* A session of which nothing shows that it was open is none that was lost.
 * CLOSE_REQ with another status than E_CTI_NO_ERROR gives up what is lost already.  Where the cause
 * of the end was not captured, CLOSE_REQ may be missing, too. */
static bool was_lost(const cti_session_summary *session)
{
    if (session->end == CTI_END_CAPTURE_ENDED || session->open_unknown || !session->opened)
        return false;
    switch (cti_verdict_fate(session->verdict)) {
    case CTI_FATE_LOST: return session->verdict != CTI_VERDICT_CAUSE_NOT_CAPTURED;
    case CTI_FATE_PLANNED: return true;
    case CTI_FATE_CLOSED:
        return session->has_close_status &&
               session->close_status != CTI_V_StatusCode_E_CTI_NO_ERROR;
    default: return false;
    }
}

/* Where one end had to notice by itself that the other one was gone, the session was lost with the
 * server's last message; else when it ended. */
static int64_t time_lost(const cti_session_summary *session, int64_t good)
{
    switch (session->verdict) {
    case CTI_VERDICT_HEARTBEATS_UNANSWERED:
    case CTI_VERDICT_IDLE_TIMER_FIRED:
    case CTI_VERDICT_CLIENT_UNREACHABLE:
    case CTI_VERDICT_SERVER_UNREACHABLE: return good;
    default: return MAX(good, session->end_time);
    }
}

static int64_t time_opened(const cti_session_summary *session)
{
    if (session->open_answer_time != CTI_NO_TIME)
        return session->open_answer_time;
    return session->open_time != CTI_NO_TIME ? session->open_time : session->first_time;
}

void cti_clients_session(cti_clients *clients, const cti_session_summary *session, uint32_t number,
                         cti_side side, const cti_endpoint *client, const cti_endpoint *server)
{
    const bool server_spoke = session->last_server_time != CTI_NO_TIME;
    const bool opened = session_outcome(session) == CTI_LEG_OPENED;
    const int64_t good = server_spoke ? session->last_server_time : session->last_time;
    const cti_leg leg = {
        .client = *client,
        .server = *server,
        .side = side,
        .outcome = session_outcome(session),
        .session = number,
        .frame = session->first_frame,
        .open_frame = session->open_frame,
        .opened_frame = session->open_answer_frame,
        .good_frame = server_spoke ? session->last_server_frame : session->last_frame,
        .end_frame = session->end_frame,
        .began = session->first_time,
        .asked = session->open_time,
        .opened = opened ? time_opened(session) : CTI_NO_TIME,
        .answered = session->open_answer_time,
        .good = good,
        .last = session->last_time,
        .ended = session->end_time,
        .lost = opened && was_lost(session),
        .lost_at = time_lost(session, good),
        .end = session->end,
        .end_sender = session->end_sender,
        .verdict = session->verdict,
        .replaced_by = session->replaced_by,
        .has_status = session->has_open_status,
        .status = session->open_status,
        .digest = session->open_digest,
        .id = g_string_chunk_insert_const(clients->words, session->client_id),
        .signature = g_string_chunk_insert_const(clients->words, session->client_signature),
    };

    if (session->first_time != CTI_NO_TIME)
        add_leg(clients, &leg);
}

/* ---- refusals, while sessions live ---- */

char *cti_client_key(const char *id, const char *signature, const cti_endpoint *client)
{
    GString *key = g_string_new(id);

    g_string_append_printf(key, "\001%s\001", signature);
    for (size_t k = 0; k < sizeof(client->address); k++)
        g_string_append_printf(key, "%02x", client->address[k]);
    return g_string_free(key, FALSE);
}

static char *key_of(const cti_session_summary *session, const cti_endpoint *client)
{
    return cti_client_key(session->client_id, session->client_signature, client);
}

cti_refusal cti_clients_refusal(const cti_clients *clients, const cti_session_summary *session,
                                const cti_endpoint *client)
{
    char *key = key_of(session, client);
    const cti_refusal *found = g_hash_table_lookup(clients->refused, key);

    g_free(key);
    return found != NULL ? *found : (cti_refusal){0};
}

static void keep_refusal(cti_clients *clients, char *key, const cti_session_summary *session,
                         uint32_t number)
{
    cti_refusal now = {.session = number,
                       .status = session->open_status,
                       .phone_held_by = session->phone_held_by,
                       .digest = session->open_digest};
    const cti_refusal *before = g_hash_table_lookup(clients->refused, key);

    if (before == NULL && g_hash_table_size(clients->refused) >= CTI_CLIENTS_REFUSED_MAX) {
        g_free(key);
        return;
    }
    if (before != NULL && cti_refusal_is_equal(before, session))
        now.session = before->session;
    g_hash_table_replace(clients->refused, key, g_memdup2(&now, sizeof(now)));
}

void cti_clients_answered(cti_clients *clients, const cti_session_summary *session, uint32_t number,
                          const cti_endpoint *client)
{
    char *key = key_of(session, client);

    if (session->state == CTI_STATE_REJECTED) {
        keep_refusal(clients, key, session, number);
    } else {
        g_hash_table_remove(clients->refused, key);
        g_free(key);
    }
}

/* ---- attempts ---- */

static bool has_failed(const cti_attempt *attempt, int64_t now)
{
    if (attempt->data || !attempt->syn)
        return false;
    return attempt->end != CTI_END_CAPTURE_ENDED ||
           cti_elapsed(attempt->began, now) >= CTI_TIME(ATTEMPT_WAIT);
}

static cti_leg_outcome attempt_outcome(const cti_attempt *attempt)
{
    if (attempt->syn_ack)
        return CTI_LEG_NO_MESSAGE;
    return attempt->end == CTI_END_RESET_BY_SERVER ? CTI_LEG_REFUSED : CTI_LEG_NO_ANSWER;
}

bool cti_clients_attempt(cti_clients *clients, const cti_attempt *attempt, int64_t now)
{
    const cti_leg leg = {
        .client = attempt->client,
        .server = attempt->server,
        .side = attempt->side,
        .outcome = attempt_outcome(attempt),
        .frame = attempt->frame,
        .end_frame = attempt->end_frame,
        .began = attempt->began,
        .asked = CTI_NO_TIME,
        .opened = CTI_NO_TIME,
        .answered = CTI_NO_TIME,
        .good = CTI_NO_TIME,
        .last = attempt->ended,
        .ended = attempt->ended,
        .id = "",
        .signature = "",
        .other_answer = attempt->other_answer,
    };

    if (!has_failed(attempt, now))
        return false;
    if (clients->attempts >= CTI_CLIENTS_ATTEMPTS_MAX) {
        clients->left_out++;
        return true;
    }
    clients->attempts++;
    add_leg(clients, &leg);
    return true;
}

/* ---- telling ---- */

static gint compare_legs(gconstpointer a, gconstpointer b)
{
    const cti_leg *x = *(const cti_leg *const *)a, *y = *(const cti_leg *const *)b;

    if (x->began != y->began)
        return x->began < y->began ? -1 : 1;
    return (x->frame > y->frame) - (x->frame < y->frame);
}

static gint compare_findings(gconstpointer a, gconstpointer b)
{
    const cti_finding *x = a, *y = b;

    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return (x->session > y->session) - (x->session < y->session);
}

static void add_outages(const cti_client *client, GArray *findings)
{
    cti_finding finding;

    for (uint32_t i = 0; i < client->outage_count; i++)
        if (cti_clients_outage_finding(&client->outages[i], &finding))
            g_array_append_val(findings, finding);
}

static void add_refusals(const cti_client *client, GArray *findings)
{
    cti_finding finding;

    for (uint32_t i = 0; i < client->refusal_count; i++) {
        cti_refusals_finding(&client->refusals[i], &finding);
        g_array_append_val(findings, finding);
    }
}

static void tell_findings(GArray *findings, const cti_clients_events *events, void *user)
{
    g_array_sort(findings, compare_findings);
    for (guint i = 0; i < findings->len && events->finding != NULL; i++)
        events->finding(user, &g_array_index(findings, cti_finding, i));
}

static void tell_storms(const GPtrArray *legs, GArray *findings, const cti_clients_events *events,
                        void *user)
{
    GArray *storms = cti_clients_find_storms(legs);
    cti_finding finding;

    for (guint i = 0; i < storms->len; i++) {
        const cti_storm *storm = &g_array_index(storms, cti_storm, i);

        if (events->storm != NULL)
            events->storm(user, storm);
        cti_storm_finding(storm, &finding);
        g_array_append_val(findings, finding);
    }
    g_array_unref(storms);
}

void cti_clients_finish(cti_clients *clients, int64_t end, const cti_clients_events *events,
                        void *user)
{
    GPtrArray *legs = g_ptr_array_sized_new(clients->legs->len);
    GArray *findings = g_array_new(FALSE, FALSE, sizeof(cti_finding));
    bool seen[3] = {false};

    for (guint i = 0; i < clients->legs->len; i++) {
        cti_leg *leg = &g_array_index(clients->legs, cti_leg, i);

        seen[leg->side] = true;
        g_ptr_array_add(legs, leg);
    }
    g_ptr_array_sort(legs, compare_legs);
    clients->members = cti_clients_group(legs);
    for (guint i = 0; i < clients->members->len; i++) {
        cti_member *member = g_ptr_array_index(clients->members, i);

        cti_clients_find_outages(member, end, seen);
        cti_clients_find_refusals(member);
        add_outages(&member->client, findings);
        add_refusals(&member->client, findings);
        cti_sides_findings(&member->client, seen, findings);
        cti_other_address_finding(&member->client, findings);
        if (events->client != NULL)
            events->client(user, &member->client);
    }
    tell_storms(legs, findings, events, user);
    tell_findings(findings, events, user);
    g_array_unref(findings);
    g_ptr_array_unref(legs);
}
