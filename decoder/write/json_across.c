/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON records of what several sessions together show: clients, storms of OPEN_REQ, and how
 * requests were answered. */
#include "json_parts.h"

/* Legs of a client that are written; of more, the last ones. */
#define LEGS_MAX 1000u

static void put_leg(json *j, const cti_leg *leg)
{
    yajl_gen_map_open(j->gen);
    key_text(j, "outcome", cti_leg_outcome_name(leg->outcome));
    key_text(j, "side", cti_side_name(leg->side));
    key_endpoint(j, "client_address", &leg->client);
    key_endpoint(j, "server_address", &leg->server);
    key_known(j, "session", leg->session);
    key_known(j, "frame", leg->frame);
    key_time(j, "began", leg->began);
    key_time(j, "opened", leg->opened);
    key_time(j, "last_good", leg->good);
    key_time(j, "ended", leg->ended);
    key_text(j, "verdict", leg->session != 0 ? cti_verdict_name(leg->verdict) : NULL);
    key_bool(j, "lost", leg->lost);
    json_other_answer(j, &leg->other_answer);
    yajl_gen_map_close(j->gen);
}

/* {"A":{"refused":2},"B":{"rejected":1}}: the sides and outcomes that there were. */
static void put_attempts(json *j, const cti_client_outage *outage)
{
    static const char *const sides[] = {"unknown", "A", "B"};

    yajl_gen_map_open(j->gen);
    for (int side = 0; side < 3; side++) {
        bool any = false;

        for (int outcome = 0; outcome < CTI_LEG_OUTCOMES; outcome++) {
            if (outage->attempts[side][outcome] == 0)
                continue;
            if (!any) {
                key(j, sides[side]);
                yajl_gen_map_open(j->gen);
            }
            any = true;
            key_number(j, cti_leg_outcome_name((cti_leg_outcome)outcome),
                       outage->attempts[side][outcome]);
        }
        if (any)
            yajl_gen_map_close(j->gen);
    }
    yajl_gen_map_close(j->gen);
}

static void put_outage(json *j, const cti_client_outage *outage)
{
    const cti_leg *left = outage->left, *to = outage->to;

    yajl_gen_map_open(j->gen);
    key_text(j, "left_side", left != NULL ? cti_side_name(left->side) : NULL);
    key_known(j, "left_session", left != NULL ? left->session : 0);
    key_text(j, "why", left != NULL ? cti_verdict_name(left->verdict) : NULL);
    key_time(j, "from", outage->from);
    key_time(j, "ended", left != NULL ? left->ended : CTI_NO_TIME);
    key_time(j, "to", to != NULL ? outage->until : CTI_NO_TIME);
    key_seconds(j, "seconds", cti_elapsed(outage->from, outage->until));
    key_text(j, "side", to != NULL ? cti_side_name(to->side) : NULL);
    key_known(j, "session", to != NULL ? to->session : 0);
    key(j, "attempts");
    put_attempts(j, outage);
    key_bool(j, "one_sided", outage->one_sided);
    yajl_gen_map_close(j->gen);
}

static void put_refusals(json *j, const cti_refusals *refusals)
{
    const cti_value *status =
        cti_value_find(cti_field_get(CTI_F_Status)->values, refusals->status);

    yajl_gen_map_open(j->gen);
    key_number(j, "status", refusals->status);
    key_text(j, "status_name", status != NULL ? status->name : NULL);
    key_number(j, "count", refusals->count);
    key_time(j, "first", refusals->first);
    key_time(j, "last", refusals->last);
    key_number(j, "first_frame", refusals->first_frame);
    key_number(j, "last_frame", refusals->last_frame);
    key_number(j, "first_session", refusals->first_session);
    key_number(j, "last_session", refusals->last_session);
    key_seconds(j, "least_delay_s", refusals->least_delay);
    if (refusals->data == CTI_DATA_UNKNOWN)
        key_null(j, "same_data");
    else
        key_bool(j, "same_data", refusals->data == CTI_DATA_SAME);
    key_bool(j, "opened", refusals->opened);
    yajl_gen_map_close(j->gen);
}

void json_client(void *user, const cti_client *client)
{
    json *j = user;
    const uint32_t left_out = client->leg_count > LEGS_MAX ? client->leg_count - LEGS_MAX : 0;

    begin_record(j, "client");
    key_wire_text(j, "client", client->id);
    key_wire_text(j, "signature", client->signature);
    key(j, "legs");
    yajl_gen_array_open(j->gen);
    for (uint32_t i = left_out; i < client->leg_count; i++)
        put_leg(j, client->legs[i]);
    yajl_gen_array_close(j->gen);
    key_number(j, "legs_left_out", left_out);
    key(j, "downs");
    yajl_gen_array_open(j->gen);
    for (uint32_t i = 0; i < client->outage_count; i++)
        put_outage(j, &client->outages[i]);
    yajl_gen_array_close(j->gen);
    key_seconds(j, "down_s", client->outage_time);
    key(j, "refusals");
    yajl_gen_array_open(j->gen);
    for (uint32_t i = 0; i < client->refusal_count; i++)
        put_refusals(j, &client->refusals[i]);
    yajl_gen_array_close(j->gen);
    end_record(j);
}

void json_storm(void *user, const cti_storm *storm)
{
    json *j = user;

    begin_record(j, "storm");
    key_endpoint(j, "server_address", &storm->server);
    key_text(j, "side", cti_side_name(storm->side));
    key_time(j, "first", storm->first);
    key_time(j, "last", storm->last);
    key_number(j, "first_frame", storm->first_frame);
    key_number(j, "last_frame", storm->last_frame);
    key_number(j, "requests", storm->requests);
    key_number(j, "clients", storm->clients);
    key_number(j, "peak_per_s", storm->peak);
    key_number(j, "confirmed", storm->confirmed);
    key_number(j, "rejected", storm->rejected);
    key_number(j, "unanswered", storm->unanswered);
    key_number(j, "gave_up_early", storm->gave_up);
    key_seconds(j, "shortest_wait_s", storm->shortest_wait);
    key_seconds(j, "answer_first_s", storm->first_answer);
    key_seconds(j, "answer_worst_s", storm->worst_answer);
    key_known(j, "worst_frame", storm->worst_frame);
    end_record(j);
}

static void put_failure(json *j, const failure_count *failure)
{
    yajl_gen_map_open(j->gen);
    key_text(j, "answer_name", failure->answer->name);
    if (failure->has_status)
        key_number(j, "status", failure->status);
    else
        key_null(j, "status");
    key_text(j, "status_name", failure->status_value != NULL ? failure->status_value->name : NULL);
    key_number(j, "count", failure->count);
    yajl_gen_map_close(j->gen);
}

static void put_slow(json *j, const slow_request *slow)
{
    yajl_gen_map_open(j->gen);
    key_number(j, "session", slow->session);
    key_number(j, "invoke_id", slow->invoke_id);
    key_number(j, "request_frame", slow->frame);
    key_time(j, "request_ts", slow->time);
    key_known(j, "answer_frame", slow->answer_frame);
    key_seconds(j, "rtt_s", slow->took);
    key_text(j, "outcome", cti_outcome_name(slow->outcome));
    yajl_gen_map_close(j->gen);
}

static int64_t time_within(const request_answers *of, double share)
{
    return of->times.count > 0 ? cti_quantile_get(&of->times, share) : CTI_NO_TIME;
}

void json_answers(void *user, const request_answers *of)
{
    json *j = user;
    const bool any = of->times.count > 0, asked = j->options->slow > 0;

    begin_record(j, "answers");
    key_number(j, "request_type", of->message->number);
    key_text(j, "request_name", of->message->name);
    key_number(j, "requests", of->requests);
    key_number(j, "confirmed", of->confirmed);
    key_number(j, "failed", of->failed);
    key_number(j, "unanswered", of->unanswered);
    key_number(j, "unknown", of->unknown);
    key_number(j, "not_due", of->not_due);
    key_seconds(j, "mean_s", any ? (int64_t)answers_mean(of) : CTI_NO_TIME);
    key_seconds(j, "median_s", time_within(of, 0.5));
    key_seconds(j, "p95_s", time_within(of, 0.95));
    key_seconds(j, "worst_s", any ? of->times.worst : CTI_NO_TIME);
    key_known(j, "worst_session", any ? of->worst.session : 0);
    key_known(j, "worst_frame", any ? of->worst.frame : 0);
    key(j, "failures");
    yajl_gen_array_open(j->gen);
    for (uint32_t i = 0; i < of->failure_kinds; i++)
        put_failure(j, &of->failures[i]);
    yajl_gen_array_close(j->gen);
    key_number(j, "other_failures", of->other_failures);
    key_seconds(j, "slow_over_s", asked ? j->options->slow : CTI_NO_TIME);
    if (asked)
        key_number(j, "slow", of->slow_count);
    else
        key_null(j, "slow");
    key(j, "slowest");
    yajl_gen_array_open(j->gen);
    for (uint32_t i = 0; i < of->slow_kept; i++)
        put_slow(j, &of->slow[i]);
    yajl_gen_array_close(j->gen);
    end_record(j);
}
