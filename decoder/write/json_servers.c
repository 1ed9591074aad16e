/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON records of what servers went through, as all of their sessions show it: outages, and
 * graceful shutdowns. */
#include "json_parts.h"

/* Periods of an outage that are listed: the first ones. */
#define PERIODS_MAX 1000u
/* The same of clients in a maintenance. */
#define CLIENTS_MAX 1000u

/* ---- outages ---- */

static void put_period(json *j, const cti_outage_period *period)
{
    const cti_outage *outage = &period->outage;

    yajl_gen_map_open(j->gen);
    key_time(j, "from", outage->from);
    key_number(j, "from_frame", outage->from_frame);
    key_bool(j, "begin_unknown", outage->begin_unknown);
    key_time(j, "to", outage->to);
    key_known(j, "to_frame", outage->to_frame);
    key_seconds(j, "seconds", cti_forward(outage->from, outage->to));
    key_time(j, "last_reported", outage->seen);
    key_bool(j, "in_doubt", outage->in_doubt);
    key_number(j, "session_count", period->session_count);
    key(j, "sessions");
    yajl_gen_array_open(j->gen);
    for (uint32_t i = 0; i < MIN(period->session_count, CTI_OUTAGE_SESSIONS_MAX); i++)
        put_integer(j, period->sessions[i]);
    yajl_gen_array_close(j->gen);
    yajl_gen_map_close(j->gen);
}

void json_outage(void *user, const cti_outage_history *history)
{
    json *j = user;
    const uint32_t listed = MIN(history->period_count, PERIODS_MAX);
    char words[40];

    begin_record(j, "outage");
    key_endpoint(j, "server_address", &history->server);
    key_text(j, "side", cti_side_name(history->side));
    key_text(j, "component",
             history->component != 0 ? cti_outage_words(history->component, 0, words, sizeof(words))
                                     : NULL);
    if (history->component == 0 && history->peripheral != CTI_SOME_PERIPHERAL)
        key_number(j, "peripheral", history->peripheral);
    else
        key_null(j, "peripheral");
    key_number(j, "times", history->period_count);
    key_seconds(j, "down_s", history->down_time);
    key(j, "periods");
    yajl_gen_array_open(j->gen);
    for (uint32_t i = 0; i < listed; i++)
        put_period(j, &history->periods[i]);
    yajl_gen_array_close(j->gen);
    key_number(j, "periods_left_out", history->period_count - listed);
    end_record(j);
}

/* ---- maintenance ---- */

/* null where it was not seen: frame is 0. */
static void key_seen(json *j, const char *name, uint32_t frame, int64_t time)
{
    key_time(j, name, frame != 0 ? time : CTI_NO_TIME);
}

static void put_maintenance_client(json *j, const cti_maintenance_client *client)
{
    const cti_shutdown *shutdown = &client->shutdown;

    yajl_gen_map_open(j->gen);
    key_number(j, "session", client->session);
    key_wire_text(j, "client", client->id);
    key_endpoint(j, "client_address", &client->client);
    key_text(j, "vote", cti_vote_name(client->vote));
    key_seen(j, "asked", shutdown->asked_frame, shutdown->asked_time);
    key_known(j, "asked_frame", shutdown->asked_frame);
    key_seen(j, "voted", shutdown->vote_frame, shutdown->vote_time);
    key_known(j, "vote_frame", shutdown->vote_frame);
    key_bool(j, "late", client->late);
    key_bool(j, "other_invoke_id", cti_shutdown_is_other_id(shutdown));
    key_text(j, "outcome",
             shutdown->outcome_frame == 0
                 ? NULL
                 : cti_maintenance_outcome_name(shutdown->continues ? CTI_MAINTENANCE_CONTINUED
                                                                    : CTI_MAINTENANCE_CANCELLED));
    key_seen(j, "decided", shutdown->outcome_frame, shutdown->outcome_time);
    key_known(j, "outcome_frame", shutdown->outcome_frame);
    key_seen(j, "stopped_requests", shutdown->stopping_frame, shutdown->stopping_time);
    key_known(j, "stopping_frame", shutdown->stopping_frame);
    key_time(j, "ended", client->ended);
    key_text(j, "ended_by",
             client->ended == CTI_NO_TIME     ? NULL
             : client->ended_by == CTI_CLIENT ? "client"
                                              : "server");
    yajl_gen_map_close(j->gen);
}

static void put_other_side(json *j, const cti_maintenance *m)
{
    const bool none = m->none_from != CTI_NO_TIME;

    if (m->has_other)
        key_endpoint(j, "other_address", &m->other);
    else
        key_null(j, "other_address");
    key_text(j, "other_side", m->has_other ? cti_side_name(m->other_side) : NULL);
    key_time(j, "active", m->active);
    key_known(j, "active_frame", m->active_frame);
    key_known(j, "active_session", m->active_session);
    key_seconds(j, "switch_s", cti_forward(m->decided, m->active));
    key_time(j, "none_active_from", m->none_from);
    key_seconds(j, "none_active_s", none ? cti_elapsed(m->none_from, m->none_until) : CTI_NO_TIME);
}

void json_maintenance(void *user, const cti_maintenance *m)
{
    json *j = user;
    const uint32_t listed = MIN(m->client_count, CLIENTS_MAX);

    begin_record(j, "maintenance");
    key_endpoint(j, "server_address", &m->server);
    key_text(j, "side", cti_side_name(m->side));
    key_seen(j, "asked", m->asked_frame, m->asked);
    key_known(j, "asked_frame", m->asked_frame);
    key_time(j, "decided", m->decided);
    key_text(j, "outcome", cti_maintenance_outcome_name(m->outcome));
    key(j, "votes");
    yajl_gen_map_open(j->gen);
    for (cti_vote vote = 0; vote < CTI_VOTES; vote++)
        key_number(j, cti_vote_name(vote), m->votes[vote]);
    yajl_gen_map_close(j->gen);
    put_other_side(j, m);
    key(j, "participants");
    yajl_gen_array_open(j->gen);
    for (uint32_t i = 0; i < listed; i++)
        put_maintenance_client(j, &m->clients[i]);
    yajl_gen_array_close(j->gen);
    key_number(j, "clients_left_out", m->client_count - listed);
    end_record(j);
}
