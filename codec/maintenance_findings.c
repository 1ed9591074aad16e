/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What to report of a maintenance that only all of its sessions together show (see maintenance.h):
 * the outcome for each client with the one that refused, clients that were left out, and a time
 * without an active side. */
#include <stdarg.h>
#include <stdio.h>

#include "maintenance_private.h"
#include "rules.h"

/* ---- words ---- */

/* "client F3 (session 3)", or "the client of session 3". */
static const char *client_words(const cti_maintenance_client *client, char *words, size_t size)
{
    const size_t length = strlen(client->id);
    bool plain = length > 0 && length <= 32;

    for (size_t i = 0; i < length && plain; i++)
        plain = g_ascii_isgraph(client->id[i]);
    if (plain)
        snprintf(words, size, "client %s (session %u)", client->id, client->session);
    else
        snprintf(words, size, "the client of session %u", client->session);
    return words;
}

/* "accepted after 0.100 s": what this client did. */
static const char *vote_words(const cti_maintenance_client *client, char *words, size_t size)
{
    static const char *const did[CTI_VOTES] = {"accepted", "refused", "did not vote",
                                               "cast no vote that was captured",
                                               "was not asked"};
    const cti_shutdown *shutdown = &client->shutdown;

    if (client->vote <= CTI_VOTE_REFUSED && shutdown->asked_frame != 0)
        snprintf(words, size, "%s after %.3f s", did[client->vote],
                 cti_seconds_words(shutdown->asked_time, shutdown->vote_time));
    else if (client->vote == CTI_VOTE_NONE && shutdown->outcome_frame != 0)
        snprintf(words, size, "%s in %.3f s", did[client->vote],
                 cti_seconds_words(shutdown->asked_time, shutdown->outcome_time));
    else
        snprintf(words, size, "%s", did[client->vote]);
    return words;
}

static const char *side_words(cti_side side)
{
    static const char *const words[] = {"the other side", "side A", "side B"};

    return words[side];
}

/* In their order; there are no more than CTI_FINDING_FRAMES_MAX. */
static void add_frame(cti_finding *finding, uint32_t frame)
{
    uint32_t at = finding->frame_count++;

    for (; at > 0 && finding->frames[at - 1] > frame; at--)
        finding->frames[at] = finding->frames[at - 1];
    finding->frames[at] = frame;
}

static void add(cti_maintenances *all, cti_finding finding, const uint32_t *frames, uint32_t count,
                const char *format, ...) G_GNUC_PRINTF(5, 6);

static void add(cti_maintenances *all, cti_finding finding, const uint32_t *frames, uint32_t count,
                const char *format, ...)
{
    va_list arguments;

    for (uint32_t i = 0; i < count; i++)
        if (frames[i] != 0)
            add_frame(&finding, frames[i]);
    va_start(arguments, format);
    vsnprintf(finding.text, sizeof(finding.text), format, arguments);
    va_end(arguments);
    g_array_append_val(all->findings, finding);
}

/* ---- the outcome for each client ---- */

/* A vote that cancels it. */
static bool is_against(const cti_maintenance_client *client)
{
    return client->vote == CTI_VOTE_REFUSED || client->vote == CTI_VOTE_NONE || client->late;
}

/* What the one did that is named, and how many more did the like. */
static void report_cancelled(cti_maintenances *all, const cti_maintenance_client *client,
                             const cti_maintenance_client *against, uint32_t others,
                             const cti_finding *finding)
{
    const cti_shutdown *shutdown = &client->shutdown;
    const uint32_t frames[] = {shutdown->asked_frame, shutdown->vote_frame, shutdown->outcome_frame,
                               against != NULL && against != client ? against->shutdown.vote_frame
                                                                    : 0};
    char words[72], voted[64], own[64], more[40] = "";
    cti_finding named = *finding;

    vote_words(client, own, sizeof(own));
    if (against == NULL || client == against || is_against(client)) {
        add(all, *finding, frames, 3, "The server cancelled its maintenance: this client %s%s.",
            own, against == NULL ? ", and the capture shows no refusal" : "");
        return;
    }
    if (others > 0)
        snprintf(more, sizeof(more), " (and %u more against it)", others);
    named.named = against->id;
    named.check = "Check why that client did not accept the maintenance.";
    add(all, named, frames, 4, "The server cancelled its maintenance: %s %s%s; this client %s.",
        client_words(against, words, sizeof(words)), vote_words(against, voted, sizeof(voted)),
        more, own);
}

static void report_outcome(cti_maintenances *all, const cti_maintenance *m,
                           const cti_maintenance_client *client,
                           const cti_maintenance_client *against, uint32_t count)
{
    const cti_shutdown *shutdown = &client->shutdown;
    const uint32_t frames[] = {shutdown->asked_frame, shutdown->vote_frame,
                               shutdown->outcome_frame};
    const cti_finding finding = {.rule = CTI_RULE_MAINTENANCE,
                                 .severity = CTI_NOTE,
                                 .time = shutdown->outcome_time,
                                 .session = client->session};
    char own[64];

    if (shutdown->outcome_frame == 0)
        return;
    if (!shutdown->continues)
        report_cancelled(all, client, against, count - 1, &finding);
    else if (client->vote == CTI_VOTE_ACCEPTED || client->vote == CTI_VOTE_UNKNOWN)
        add(all, finding, frames, 3,
            "The server continues its maintenance: this client %s (accepted by %u of %u).",
            vote_words(client, own, sizeof(own)), m->votes[CTI_VOTE_ACCEPTED],
            m->client_count - m->votes[CTI_VOTE_NOT_ASKED]);
}

static void report_outcomes(cti_maintenances *all, const cti_maintenance *m)
{
    const cti_maintenance_client *against = NULL;
    uint32_t count = 0;

    for (uint32_t i = 0; i < m->client_count; i++) {
        if (!is_against(&m->clients[i]))
            continue;
        count++;
        if (against == NULL)
            against = &m->clients[i];
    }
    for (uint32_t i = 0; i < m->client_count; i++)
        report_outcome(all, m, &m->clients[i], against, count);
}

/* ---- clients that were treated otherwise ---- */

static void report_not_asked(cti_maintenances *all, const cti_maintenance *m,
                             const cti_maintenance_client *client)
{
    const uint32_t asked = m->client_count - m->votes[CTI_VOTE_NOT_ASKED];
    const cti_finding finding = {.rule = CTI_RULE_MAINTENANCE,
                                 .severity = CTI_WARNING,
                                 .time = m->asked,
                                 .session = client->session,
                                 .check = "Check the server's log for the clients that it asked."};

    if (client->vote == CTI_VOTE_NOT_ASKED)
        add(all, finding, &m->asked_frame, 1,
            "The server asked %u other client%s for its maintenance, but not this one, which has "
            "CTI_SERVICE_ACTIVE_STANDBY.",
            asked, asked == 1 ? "" : "s");
}

static const char *outcome_words(bool continues)
{
    return continues ? "continues" : "was cancelled";
}

/* first: the first that got an outcome. */
static void report_other_outcome(cti_maintenances *all, const cti_maintenance_client *first,
                                 const cti_maintenance_client *client)
{
    const cti_shutdown *shutdown = &client->shutdown;
    const uint32_t frames[] = {first->shutdown.outcome_frame, shutdown->outcome_frame};
    const cti_finding finding = {.rule = CTI_RULE_MAINTENANCE,
                                 .severity = CTI_WARNING,
                                 .time = shutdown->outcome_time,
                                 .session = client->session,
                                 .check = "Check the server's log for what it decided."};

    if (shutdown->outcome_frame != 0 && shutdown->continues != first->shutdown.continues)
        add(all, finding, frames, 2,
            "The server told this client that its maintenance %s, but session %u that it %s.",
            outcome_words(shutdown->continues), first->session,
            outcome_words(first->shutdown.continues));
}

/* An outcome that others got, and that would have been seen here. */
static void report_no_outcome(cti_maintenances *all, const cti_maintenance *m,
                              const cti_maintenance_client *client)
{
    const cti_shutdown_session *session =
        g_hash_table_lookup(all->by_number, GUINT_TO_POINTER(client->session));
    const int64_t waited = cti_elapsed(m->decided, session->ended);
    const uint32_t frames[] = {client->shutdown.asked_frame};
    const cti_finding finding = {.rule = CTI_RULE_MAINTENANCE,
                                 .severity = CTI_WARNING,
                                 .time = m->decided,
                                 .session = client->session,
                                 .check = "Check the server's log for what it decided."};

    if (client->shutdown.asked_frame != 0 && client->shutdown.outcome_frame == 0 &&
        !session->incomplete[1] && waited > CTI_TIME(ANSWER_WAIT))
        add(all, finding, frames, 1,
            "The server told other clients the outcome of its maintenance, but not this one in "
            "%.3f s.",
            CTI_SECONDS(waited));
}

static void report_others(cti_maintenances *all, const cti_maintenance *m)
{
    const cti_maintenance_client *first = NULL;

    for (uint32_t i = 0; i < m->client_count && first == NULL; i++)
        if (m->clients[i].shutdown.outcome_frame != 0)
            first = &m->clients[i];
    for (uint32_t i = 0; i < m->client_count; i++) {
        report_not_asked(all, m, &m->clients[i]);
        if (first == NULL)
            continue;
        report_other_outcome(all, first, &m->clients[i]);
        report_no_outcome(all, m, &m->clients[i]);
    }
}

/* ---- the other side ---- */

/* The client left before the other side was active. */
static void report_left_early(cti_maintenances *all, const cti_maintenance *m,
                              const cti_maintenance_client *client)
{
    const cti_shutdown *shutdown = &client->shutdown;
    const uint32_t frames[] = {shutdown->stopping_frame, m->active_frame};
    const int64_t early = cti_elapsed(shutdown->stopping_time, m->active);
    const cti_finding finding = {.rule = CTI_RULE_STOPPING_REQUESTS,
                                 .severity = CTI_NOTE,
                                 .time = shutdown->stopping_time,
                                 .session = client->session};

    if (shutdown->stopping_frame != 0 && early != CTI_NO_TIME && early > 0)
        add(all, finding, frames, 2,
            "The client sent STOPPING_REQUESTS_TO_THIS_SIDE_IND %.3f s before %s became active.",
            CTI_SECONDS(early), side_words(m->other_side));
}

static void report_time_without(cti_maintenances *all, const cti_maintenance *m)
{
    const int64_t took = cti_elapsed(m->none_from, m->none_until);
    const bool ended = m->active != CTI_NO_TIME;
    const uint32_t frames[] = {m->none_from_frame, m->active_frame};
    const cti_finding finding = {.rule = CTI_RULE_ACTIVE_SIDE,
                                 .severity = ended ? CTI_WARNING : CTI_ERROR,
                                 .time = m->none_from,
                                 .session = m->waiting_session,
                                 .check = "Check the CTI Server and the peripheral gateway of the "
                                          "side that had to become active."};

    if (m->none_from == CTI_NO_TIME || (ended && took <= CTI_TIME(STOPPING_WAIT)))
        return;
    if (ended)
        add(all, finding, frames, 2,
            "No side was active for %.3f s: %s ended its connections for its maintenance, and then "
            "%s became active.",
            CTI_SECONDS(took), side_words(m->side), side_words(m->other_side));
    else if (took > CTI_TIME(STOPPING_WAIT))
        add(all, finding, frames, 2,
            "No side was active for %.3f s or more: %s left for its maintenance, and %s sent no "
            "STANDBY_ACTIVE_EVENT while session %u was open.",
            CTI_SECONDS(took), side_words(m->side), side_words(m->other_side), m->waiting_session);
}

void cti_maintenance_findings(cti_maintenances *all, const cti_maintenance *m)
{
    report_outcomes(all, m);
    report_others(all, m);
    for (uint32_t i = 0; i < m->client_count; i++)
        report_left_early(all, m, &m->clients[i]);
    report_time_without(all, m);
}
