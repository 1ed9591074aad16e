/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON of what TCP shows of a connection: the RST, answers from another address, and each side's
 * data without acknowledgment, closed windows and TTL. */
#include "json_parts.h"

static void put_interval(json *j, const cti_tcp_interval *interval)
{
    key_time(j, "from_ts", interval->from);
    key_known(j, "from_frame", interval->from_frame);
    key_time(j, "to_ts", interval->to);
    key_known(j, "to_frame", interval->to_frame);
}

static void put_unacknowledged(json *j, const cti_tcp_side *side)
{
    const bool any = side->unacknowledged > 0;
    const bool repeated = any && side->repeats > 0;

    key(j, "unacknowledged");
    yajl_gen_map_open(j->gen);
    key_number(j, "bytes", side->unacknowledged);
    key_time(j, "since_ts", any ? side->since : CTI_NO_TIME);
    key_known(j, "frame", any ? side->since_frame : 0);
    key_number(j, "repeats", any ? side->repeats : 0);
    key_time(j, "last_repeat_ts", repeated ? side->repeat_time : CTI_NO_TIME);
    key_known(j, "last_repeat_frame", repeated ? side->repeat_frame : 0);
    yajl_gen_map_close(j->gen);
}

static void put_longest_wait(json *j, const cti_tcp_side *side)
{
    if (side->longest_wait.from_frame == 0) {
        key_null(j, "longest_wait");
        return;
    }
    key(j, "longest_wait");
    yajl_gen_map_open(j->gen);
    key_seconds(j, "seconds", side->longest);
    put_interval(j, &side->longest_wait);
    key_number(j, "repeats", side->longest_repeats);
    yajl_gen_map_close(j->gen);
}

/* A time without an end counts up to the connection's last packet. */
static void put_zero_window(json *j, const cti_tcp_side *side, int64_t end)
{
    cti_tcp_interval longest;
    const int64_t total = cti_tcp_zero_window(side, end, &longest);
    const int64_t to = longest.to != CTI_NO_TIME ? longest.to : end;

    key(j, "zero_window");
    yajl_gen_map_open(j->gen);
    key_number(j, "count", side->closed_count);
    key_seconds(j, "total_s", total);
    key_seconds(j, "longest_s", cti_elapsed(longest.from, to));
    put_interval(j, &longest);
    key_bool(j, "at_end", side->closed);
    yajl_gen_map_close(j->gen);
}

static void put_side(json *j, const connection_record *record, int index)
{
    const cti_tcp_side *side = &record->sides[index];

    key(j, index == 0 ? "client" : "server");
    yajl_gen_map_open(j->gen);
    key_known(j, "ttl", side->ttl);
    key_bool(j, "ttl_varied", side->ttl_varied);
    if (cti_tcp_knows_both(record)) {
        put_unacknowledged(j, side);
        put_longest_wait(j, side);
    } else {
        key_null(j, "unacknowledged");
        key_null(j, "longest_wait");
    }
    if (side->window_seen)
        put_zero_window(j, side, record->last_time);
    else
        key_null(j, "zero_window");
    yajl_gen_map_close(j->gen);
}

static void put_reset(json *j, const connection_record *record)
{
    const cti_tcp_reset *reset = &record->reset;
    const cti_tcp_side *sender = &record->sides[reset->sender == CTI_SERVER];

    if (reset->frame == 0) {
        key_null(j, "reset");
        return;
    }
    key(j, "reset");
    yajl_gen_map_open(j->gen);
    key_text(j, "dir", reset->sender == CTI_SERVER ? "server" : "client");
    key_number(j, "frame", reset->frame);
    key_time(j, "ts", reset->time);
    key_known(j, "ttl", reset->ttl);
    if (reset->ttl != 0 && sender->ttl != 0)
        key_bool(j, "other_ttl", reset->other_ttl);
    else
        key_null(j, "other_ttl");
    yajl_gen_map_close(j->gen);
}

void json_other_answer(json *j, const cti_other_answer *answer)
{
    if (answer->count == 0) {
        key_null(j, "other_answer");
        return;
    }
    key(j, "other_answer");
    yajl_gen_map_open(j->gen);
    key_endpoint(j, "server_address", &answer->server);
    key_number(j, "frame", answer->frame);
    key_time(j, "ts", answer->time);
    key_number(j, "count", answer->count);
    key_number(j, "resets", answer->resets);
    yajl_gen_map_close(j->gen);
}

void json_tcp(json *j, const connection_record *record)
{
    put_reset(j, record);
    key(j, "tcp");
    yajl_gen_map_open(j->gen);
    for (int i = 0; i < 2; i++)
        put_side(j, record, i);
    yajl_gen_map_close(j->gen);
}
