/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Learns from the traffic how a client sends its heartbeats (see heartbeats.h). */
#include "heartbeats.h"

/* Fewer samples show nothing.  Three must all agree, of more a fourth may differ: a heartbeat that
 * was lost or late, and a timer that did not start with the session. */
#define SAMPLES_MIN 3
/* Of a server that sends little, the time since its last message is often regular by chance. */
#define RECEIVE_SAMPLES_MIN 5
/* How far the durations of one kind may be apart: a fourth of the interval.  Timers of clients may
 * be half a second early or late, which is more than that where the interval is short; but then at
 * most half of the interval, or any short distances would be a timer's. */
#define SPREAD_DIVISOR 4
#define TIMER_JITTER (1 * CTI_SECOND)
/* A client that sends heartbeats after a silence ends each longer one with a heartbeat.  The
 * tolerance: a fourth, and a fourth of a second. */
#define OTHER_TOLERANCE (CTI_SECOND / 4)
/* So many samples more must show one kind than the other where both are regular: one alone may be
 * a heartbeat that was lost. */
#define VOTES_LEAD 2
/* Times that are made up may be any distance apart.  Multiples by 4 of this cannot overflow. */
#define DURATION_MAX (INT64_MAX / 8)

typedef enum { DISTANCE, SILENCE, QUIET, MEASURES } measure;

/* The durations of one measure, as far as they agree. */
typedef struct pattern {
    bool regular;
    int64_t interval, spread; /* median and width of the narrowest three fourths */
    int64_t from, to;         /* what counts as agreeing */
} pattern;

void cti_heartbeat_meter_init(cti_heartbeat_meter *meter)
{
    *meter = (cti_heartbeat_meter){.last_time = CTI_NO_TIME, .shortest_silence = CTI_NO_TIME};
}

void cti_heartbeat_meter_release(cti_heartbeat_meter *meter)
{
    g_free(meter->samples);
    meter->samples = NULL;
}

static void restart(cti_heartbeat_meter *meter, int64_t time)
{
    meter->last_time = time;
    meter->other_silence = 0;
    meter->other_quiet = 0;
    meter->client_broken = false;
    meter->server_broken = false;
}

void cti_heartbeat_meter_start(cti_heartbeat_meter *meter, int64_t time)
{
    restart(meter, time);
}

void cti_heartbeat_meter_break(cti_heartbeat_meter *meter, cti_sender sender)
{
    if (sender == CTI_CLIENT)
        meter->client_broken = true;
    else
        meter->server_broken = true;
}

/* ---- what is regular ---- */

static int64_t duration(const cti_heartbeat_sample *sample, measure of)
{
    return of == DISTANCE ? sample->distance : of == SILENCE ? sample->silence : sample->quiet;
}

static uint32_t sample_count(const cti_heartbeat_meter *meter)
{
    return MIN(meter->count, CTI_HEARTBEAT_SAMPLES);
}

/* The known durations of a measure in ascending order; returns how many there are. */
static uint32_t sorted(const cti_heartbeat_meter *meter, measure of,
                       int64_t values[CTI_HEARTBEAT_SAMPLES])
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < sample_count(meter); i++) {
        const int64_t value = duration(&meter->samples[i], of);
        uint32_t at = count;

        if (value == CTI_NO_TIME)
            continue;
        for (; at > 0 && values[at - 1] > value; at--)
            values[at] = values[at - 1];
        values[at] = value;
        count++;
    }
    return count;
}

/* A client that waits for the end of a silence would have sent a heartbeat in these. */
static bool has_longer_silences(const cti_heartbeat_meter *meter, measure of, int64_t interval)
{
    const int64_t limit = interval + interval / 4 + OTHER_TOLERANCE;
    uint32_t longer = 0;

    if (of == DISTANCE)
        return false;
    for (uint32_t i = 0; i < sample_count(meter); i++)
        longer += (of == SILENCE ? meter->samples[i].other_silence
                                 : meter->samples[i].other_quiet) > limit;
    return 4 * longer > sample_count(meter);
}

static pattern find_pattern(const cti_heartbeat_meter *meter, measure of)
{
    int64_t values[CTI_HEARTBEAT_SAMPLES];
    const uint32_t count = sorted(meter, of, values);
    const uint32_t most = (3 * count + 3) / 4;
    pattern found = {.spread = INT64_MAX};
    int64_t tolerance;

    if (count < SAMPLES_MIN)
        return found;
    for (uint32_t i = 0; i + most <= count; i++) {
        const int64_t spread = values[i + most - 1] - values[i];

        if (spread >= found.spread)
            continue;
        found.spread = spread;
        found.interval = values[i + most / 2];
    }
    tolerance = found.interval / SPREAD_DIVISOR;
    if (of == DISTANCE)
        tolerance = MAX(tolerance, MIN(TIMER_JITTER, found.interval / 2));
    found.from = found.interval - tolerance;
    found.to = found.interval + tolerance;
    found.regular = found.interval > 0 && found.spread <= tolerance &&
                    !has_longer_silences(meter, of, found.interval);
    return found;
}

static bool agrees(const pattern *with, const cti_heartbeat_sample *sample, measure of)
{
    const int64_t value = duration(sample, of);

    return value != CTI_NO_TIME && value >= with->from && value <= with->to;
}

/* How many samples more agree with one pattern only than with the other only. */
static int lead(const cti_heartbeat_meter *meter, const pattern patterns[MEASURES], measure one,
                measure other)
{
    int votes = 0;

    for (uint32_t i = 0; i < sample_count(meter); i++)
        votes += (int)agrees(&patterns[one], &meter->samples[i], one) -
                 (int)agrees(&patterns[other], &meter->samples[i], other);
    return votes;
}

/* ---- which kind of client ---- */

static bool are_close(int64_t a, int64_t b)
{
    return MAX(a, b) - MIN(a, b) <= MAX(a, b) / 8;
}

static bool is_clearly_wider(const pattern *one, const pattern *other)
{
    return one->spread > 4 * other->spread && one->spread > one->interval / 20;
}

/* Distances between heartbeats and silences before them are regular both: nothing else was sent
 * between heartbeats, or rarely, or at the same distances. */
static cti_interval_source timer_or_silence(const cti_heartbeat_meter *meter,
                                            const pattern patterns[MEASURES])
{
    const pattern *distance = &patterns[DISTANCE];
    const pattern *silence = &patterns[SILENCE];
    const int timer = lead(meter, patterns, DISTANCE, SILENCE);

    if (timer >= VOTES_LEAD)
        return CTI_INTERVAL_TIMER;
    if (timer <= -VOTES_LEAD)
        return CTI_INTERVAL_SILENCE;
    if (is_clearly_wider(silence, distance))
        return CTI_INTERVAL_TIMER;
    if (is_clearly_wider(distance, silence))
        return CTI_INTERVAL_SILENCE;
    if (are_close(distance->interval, silence->interval))
        return CTI_INTERVAL_TRAFFIC;
    /* Requests come by a timer, too.  Heartbeats by a timer of their own are late by as much as
     * the silences before them vary; heartbeats after a silence are late when the requests are. */
    return distance->spread > 3 * silence->spread ? CTI_INTERVAL_SILENCE : CTI_INTERVAL_TIMER;
}

/* The client's kind by its samples, CTI_INTERVAL_UNKNOWN if nothing is regular. */
static cti_interval_source choose(const cti_heartbeat_meter *meter,
                                  const pattern patterns[MEASURES])
{
    cti_interval_source kind = CTI_INTERVAL_UNKNOWN;
    measure by = DISTANCE;

    if (patterns[DISTANCE].regular && patterns[SILENCE].regular)
        kind = timer_or_silence(meter, patterns);
    else if (patterns[DISTANCE].regular)
        kind = CTI_INTERVAL_TIMER;
    else if (patterns[SILENCE].regular)
        kind = CTI_INTERVAL_SILENCE;
    if (!patterns[QUIET].regular)
        return kind;
    if (kind == CTI_INTERVAL_UNKNOWN)
        return meter->count >= RECEIVE_SAMPLES_MIN ? CTI_INTERVAL_RECEIVE : kind;
    if (kind == CTI_INTERVAL_SILENCE)
        by = SILENCE;
    return lead(meter, patterns, QUIET, by) >= VOTES_LEAD ? CTI_INTERVAL_RECEIVE : kind;
}

/* The last three heartbeats came at the same distance, with nothing else of the client between
 * them.  The first of them may have come at any time. */
static bool are_plain(const cti_heartbeat_meter *meter)
{
    const cti_heartbeat_sample *last = &meter->latest;
    const cti_heartbeat_sample *before;

    if (meter->count < SAMPLES_MIN)
        return false;
    before = &meter->samples[(meter->count - 2) % CTI_HEARTBEAT_SAMPLES];
    return last->distance == last->silence && before->distance == before->silence &&
           are_close(last->distance, before->distance);
}

static int64_t interval_of(cti_interval_source kind, const pattern patterns[MEASURES])
{
    switch (kind) {
    case CTI_INTERVAL_SILENCE: return patterns[SILENCE].interval;
    case CTI_INTERVAL_RECEIVE: return patterns[QUIET].interval;
    default: return patterns[DISTANCE].interval;
    }
}

/* What was known stays known while the samples contradict each other, and the kind while they do
 * not show it: a client sends nothing but heartbeats for a while. */
static void decide(cti_heartbeat_meter *meter)
{
    const pattern patterns[MEASURES] = {[DISTANCE] = find_pattern(meter, DISTANCE),
                                        [SILENCE] = find_pattern(meter, SILENCE),
                                        [QUIET] = find_pattern(meter, QUIET)};
    const cti_interval_source kind = choose(meter, patterns);
    const int64_t interval = interval_of(kind, patterns);

    if (kind == CTI_INTERVAL_UNKNOWN) {
        if (meter->kind == CTI_INTERVAL_UNKNOWN && are_plain(meter)) {
            meter->kind = CTI_INTERVAL_TRAFFIC;
            meter->interval = meter->latest.distance;
            meter->may_be_quiet = true;
        }
        return;
    }
    if (kind != CTI_INTERVAL_TRAFFIC || meter->kind == CTI_INTERVAL_UNKNOWN ||
        !are_close(interval, meter->interval))
        meter->kind = kind;
    meter->interval = interval;
    meter->may_be_quiet = meter->kind == CTI_INTERVAL_TRAFFIC && patterns[QUIET].regular &&
                          lead(meter, patterns, DISTANCE, QUIET) < VOTES_LEAD;
}

static int64_t known_duration(int64_t value)
{
    return value > DURATION_MAX ? CTI_NO_TIME : value;
}

void cti_heartbeat_meter_add(cti_heartbeat_meter *meter, int64_t time, uint32_t frame,
                             int64_t silence, int64_t quiet)
{
    const int64_t distance = known_duration(cti_forward(meter->last_time, time));
    const bool measured = distance != CTI_NO_TIME && silence != CTI_NO_TIME && !meter->client_broken;

    silence = known_duration(silence);
    quiet = known_duration(quiet);
    if (silence != CTI_NO_TIME &&
        (meter->shortest_silence == CTI_NO_TIME || silence < meter->shortest_silence))
        meter->shortest_silence = silence;
    meter->latest = (cti_heartbeat_sample){.distance = measured ? distance : CTI_NO_TIME,
                                           .silence = silence,
                                           .quiet = meter->server_broken ? CTI_NO_TIME : quiet,
                                           .other_silence = meter->other_silence,
                                           .other_quiet = meter->other_quiet};
    if (measured) {
        if (meter->samples == NULL)
            meter->samples = g_new(cti_heartbeat_sample, CTI_HEARTBEAT_SAMPLES);
        meter->samples[meter->count++ % CTI_HEARTBEAT_SAMPLES] = meter->latest;
    }
    restart(meter, time);
    meter->frame_before = meter->last_frame;
    meter->last_frame = frame;
    if (measured)
        decide(meter);
}
