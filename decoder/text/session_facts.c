/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The facts of a session in words (see session_facts.h). */
#include "session_facts.h"

#include <string.h>

#include "codec/text.h"
#include "format.h"

char *session_client_name(const session_record *record)
{
    GString *name = g_string_new(NULL);
    const char *id = record->session->client_id;

    if (id[0] != '\0')
        cti_text_bytes(name, id, strlen(id));
    else
        format_endpoint(name, &record->connection->client);
    return g_string_free(name, FALSE);
}

static void append_path(GString *to, const session_record *record)
{
    const char *side = cti_side_name(record->connection->side);

    format_endpoint(to, &record->connection->client);
    g_string_append(to, " -> ");
    format_endpoint(to, &record->connection->server);
    if (side != NULL)
        g_string_append_printf(to, " (side %s)", side);
    if (record->session->client_signature[0] != '\0') {
        g_string_append(to, ", signature ");
        cti_text_bytes(to, record->session->client_signature,
                       strlen(record->session->client_signature));
    }
}

static void append_services(GString *to, const cti_session_summary *s)
{
    const cti_value_set *mask = cti_field_get(CTI_F_ServicesRequested)->values;
    const uint32_t refused = s->services_requested & ~s->services_granted;

    if (!s->has_services_requested)
        return;
    cti_text_mask(to, mask, s->services_requested);
    if (s->has_services_granted && s->verdict != CTI_VERDICT_REJECTED) {
        g_string_append(to, refused == 0 ? ", all granted" : "; refused: ");
        if (refused != 0)
            cti_text_mask(to, mask, refused);
    }
}

/* Whose events the session gets, and which. */
static void append_subscription(GString *to, const cti_session_summary *s)
{
    const cti_subscription *asked = &s->subscription;
    uint32_t services;

    if (s->state == CTI_STATE_REJECTED)
        return;
    if (s->open_frame == 0) {
        g_string_append(to, "not known: no OPEN_REQ seen");
        return;
    }
    if (cti_session_services(s, &services)) {
        g_string_append(to, "of ");
        cti_subscription_sources(to, asked, services);
        g_string_append(to, s->has_services_granted ? "; " : " (requested); ");
    }
    g_string_append(to, "call events: ");
    cti_subscription_kinds(to, asked, CTI_CALL_EVENTS, UINT32_MAX);
    g_string_append(to, "; agent states: ");
    cti_subscription_kinds(to, asked, CTI_AGENT_STATES, UINT32_MAX);
    g_string_append(to, "; configuration: ");
    cti_subscription_kinds(to, asked, CTI_CONFIG_EVENTS, UINT32_MAX);
    if (asked->changed)
        g_string_append(to, "; changed later by requests for monitors");
}

static void append_open_answer(GString *to, const cti_session_summary *s)
{
    const int64_t took = cti_forward(s->open_time, s->open_answer_time);

    if (s->open_answer_time == CTI_NO_TIME) {
        g_string_append(to, ", no response seen");
        return;
    }
    g_string_append(to, s->verdict == CTI_VERDICT_REJECTED ? ", refused" : ", answered");
    if (took != CTI_NO_TIME)
        g_string_append_printf(to, " after %.3f ms", (double)took / 1e6);
    g_string_append_printf(to, " #%u", s->open_answer_frame);
}

static void append_type(GString *to, const cti_session_summary *s, times_style *times)
{
    if (cti_session_type_name(s->opened_type) != NULL)
        g_string_append_printf(to, "; SessionType %s", cti_session_type_name(s->opened_type));
    if (s->became_active == CTI_NO_TIME)
        return;
    g_string_append(to, "; active from ");
    times_clock(to, times, s->became_active, 3);
    g_string_append_printf(to, " #%u", s->became_active_frame);
}

static void append_opening(GString *to, const cti_session_summary *s, times_style *times,
                           unsigned digits)
{
    if (s->open_time == CTI_NO_TIME) {
        g_string_append(to, s->began_before_capture ? "before the capture" : "no OPEN_REQ seen");
    } else {
        times_moment(to, times, s->open_time, digits);
        g_string_append_printf(to, " #%u", s->open_frame);
        append_open_answer(to, s);
    }
    if (s->version != 0)
        g_string_append_printf(to, "; version %u%s", s->version,
                               s->version_inferred ? " (inferred)" : "");
    append_type(to, s, times);
    if (s->has_idle_timeout && cti_idle_timeout_is_off(s->idle_timeout))
        g_string_append(to, "; IdleTimeout off");
    else if (s->has_idle_timeout)
        g_string_append_printf(to, "; IdleTimeout %u s%s", s->idle_timeout,
                               s->idle_timeout_inferred ? " (inferred)" : "");
}

static void append_end(GString *to, const cti_session_summary *s, times_style *times,
                       unsigned digits)
{
    const char *end = cti_end_name(s->end);

    times_moment(to, times, s->end_time, digits);
    if (s->end_frame != 0)
        g_string_append_printf(to, " #%u", s->end_frame);
    g_string_append_printf(to, ", %s, after ", end != NULL ? end : "unknown");
    format_duration(to, cti_elapsed(s->first_time, s->end_time));
    if (s->last_message != NULL)
        g_string_append_printf(to, "; last message: %s from the %s #%u", s->last_message->name,
                               s->last_sender == CTI_CLIENT ? "client" : "server", s->last_frame);
}

static const char *const interval_words[] = {
    [CTI_INTERVAL_TRAFFIC] = "estimated from the traffic",
    [CTI_INTERVAL_TIMER] = "by a timer",
    [CTI_INTERVAL_SILENCE] = "after its own silence",
    [CTI_INTERVAL_RECEIVE] = "after receiving nothing",
    [CTI_INTERVAL_IDLE_TIMEOUT] = "estimated from IdleTimeout",
};

static void append_heartbeats(GString *to, const cti_session_summary *s, times_style *times)
{
    if (s->client_not_captured) {
        g_string_append(to, "not captured");
        return;
    }
    g_string_append_printf(to, "%" G_GUINT64_FORMAT " sent, ", s->heartbeats);
    if (s->server_not_captured)
        g_string_append(to, "responses not captured");
    else
        g_string_append_printf(to, "%" G_GUINT64_FORMAT " missed", s->heartbeats_missed);
    if (s->heartbeat_interval_source != CTI_INTERVAL_UNKNOWN)
        g_string_append_printf(to, "; interval %.3f s (%s)", s->heartbeat_interval,
                               interval_words[s->heartbeat_interval_source]);
    if (s->worst_gap_time != CTI_NO_TIME) {
        g_string_append(to, "; longest silence of the client ");
        format_seconds(to, s->worst_gap, 3);
        g_string_append(to, " s from ");
        times_clock(to, times, s->worst_gap_time, 3);
    }
}

static void append_answers(GString *to, const cti_session_summary *s)
{
    if (s->answers.count == 0)
        g_string_append(to, s->client_not_captured || s->server_not_captured ? "not captured"
                                                                             : "none");
    else
        g_string_append_printf(to,
                               "%" G_GUINT64_FORMAT
                               "; median %.3f ms, 95 %% within %.3f ms, worst %.3f ms",
                               s->answers.count, (double)cti_quantile_get(&s->answers, 0.5) / 1e6,
                               (double)cti_quantile_get(&s->answers, 0.95) / 1e6,
                               (double)s->answers.worst / 1e6);
    if (s->has_services_granted &&
        s->services_granted & CTI_V_CTIServiceMasks_CTI_SERVICE_IGNORE_CONF)
        g_string_append(to, "; no confirmations of third-party requests (CTI_SERVICE_IGNORE_CONF)");
    if (s->unanswered > 0)
        g_string_append_printf(to, "; %" G_GUINT64_FORMAT " request%s without a response",
                               s->unanswered, s->unanswered == 1 ? "" : "s");
}

static void append_traffic(GString *to, const cti_session_summary *s)
{
    g_string_append_printf(to, "%" G_GUINT64_FORMAT " from the client, %" G_GUINT64_FORMAT
                           " from the server",
                           s->messages_client, s->messages_server);
    if (s->client_not_captured || s->server_not_captured)
        g_string_append_printf(to, "; no packet of the %s was captured",
                               s->client_not_captured ? "client" : "server");
    if (s->gaps > 0)
        g_string_append_printf(to, "; at %u place%s bytes are missing or could not be decoded",
                               s->gaps, s->gaps == 1 ? "" : "s");
}

/* Where facts go, and the buffer for their words. */
typedef struct teller {
    void (*fact)(void *user, const char *label, const char *words);
    void *user;
    GString *words;
} teller;

/* Tells what stands in words, if anything does. */
static void tell(teller *t, const char *label)
{
    if (t->words->len > 0)
        t->fact(t->user, label, t->words->str);
    g_string_truncate(t->words, 0);
}

/* What speaks for the verdict, and then what speaks against it. */
static void tell_evidence(teller *t, const cti_session_summary *s)
{
    for (uint32_t i = 0; i < s->evidence_count; i++) {
        const cti_evidence *evidence = &s->evidence[i];

        g_string_assign(t->words, evidence->text);
        if (evidence->frame != 0)
            g_string_append_printf(t->words, " #%u", evidence->frame);
        tell(t, evidence->against ? "but" : "because");
    }
}

bool session_blame(GString *to, const cti_session_summary *s)
{
    const char *name = cti_blame_name(s->blame);
    char *words;

    if (name == NULL)
        return false;
    words = g_strdelimit(g_strdup(name), "-", ' ');
    g_string_append(to, words);
    if (s->check != NULL)
        g_string_append_printf(to, ". %s", s->check);
    g_free(words);
    return true;
}

void session_facts(const session_record *record, times_style *times, unsigned time_digits,
                   void (*fact)(void *user, const char *label, const char *words), void *user)
{
    const cti_session_summary *s = record->session;
    teller t = {fact, user, g_string_new(NULL)};

    append_path(t.words, record);
    tell(&t, "path");
    append_opening(t.words, s, times, time_digits);
    tell(&t, "opened");
    append_services(t.words, s);
    tell(&t, "services");
    append_subscription(t.words, s);
    tell(&t, "events");
    append_end(t.words, s, times, time_digits);
    tell(&t, "ended");
    g_string_append_printf(t.words, "%s: %s", cti_verdict_name(s->verdict),
                           cti_verdict_text(s->verdict));
    tell(&t, "verdict");
    tell_evidence(&t, s);
    if (session_blame(t.words, s))
        tell(&t, "blame");
    append_traffic(t.words, s);
    tell(&t, "messages");
    append_heartbeats(t.words, s, times);
    tell(&t, "heartbeats");
    append_answers(t.words, s);
    tell(&t, "responses");
    g_string_free(t.words, TRUE);
}
