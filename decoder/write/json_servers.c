/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON records of what servers went through, as all of their sessions show it: outages. */
#include "json_parts.h"

/* Periods of an outage that are listed: the first ones. */
#define PERIODS_MAX 1000u

/* ---- outages ---- */

static void put_period(json *j, const cti_outage_period *period)
{
    const cti_outage *outage = &period->outage;

    yajl_gen_map_open(j->gen);
    key_time(j, "from", outage->from);
    key_number(j, "from_frame", outage->from_frame);
    key_bool(j, "began_before", outage->began_before);
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
