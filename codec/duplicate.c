/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets that were captured twice (see duplicate.h). */
#include "duplicate.h"

/* Most packets have another sequence number: that is looked at first. */
static bool is_same(const cti_seen_packet *seen, const cti_seen_packet *now)
{
    return seen->sequence == now->sequence && seen->direction == now->direction &&
           seen->identification == now->identification && seen->flags == now->flags &&
           seen->acknowledgment == now->acknowledgment && seen->length == now->length &&
           seen->window == now->window &&
           (now->identification != 0 || seen->checksum == now->checksum);
}

static bool is_within(const cti_seen_packet *seen, const cti_seen_packet *now, int64_t most)
{
    int64_t passed;

    return !__builtin_sub_overflow(now->time, seen->time, &passed) && passed <= most &&
           passed >= -most;
}

static bool was_seen(const cti_duplicate_filter *filter, const cti_seen_packet *now)
{
    const bool identified = now->identification != 0;
    const int64_t most = identified ? CTI_DUPLICATE_TIME : CTI_DUPLICATE_TIME_UNIDENTIFIED;

    for (uint32_t back = 1; back <= CTI_DUPLICATE_DISTANCE && back <= filter->count; back++) {
        const cti_seen_packet *seen =
            &filter->last[(filter->count - back) % CTI_DUPLICATE_DISTANCE];

        if (!is_within(seen, now, most) || (!identified && seen->direction != now->direction))
            return false;
        if (is_same(seen, now))
            return true;
    }
    return false;
}

bool cti_duplicate_filter_take(cti_duplicate_filter *filter, const cti_segment *segment,
                               uint8_t direction)
{
    const cti_seen_packet now = {
        .time = segment->time,
        .sequence = segment->sequence,
        .acknowledgment = segment->acknowledgment,
        .length = segment->length,
        .window = (uint16_t)segment->window,
        .identification = segment->identification,
        .checksum = segment->checksum,
        .flags = segment->flags,
        .direction = direction,
    };

    if (was_seen(filter, &now))
        return true;
    filter->last[filter->count % CTI_DUPLICATE_DISTANCE] = now;
    filter->count++;
    return false;
}

void cti_duplicate_filter_expect(const cti_duplicate_filter *filter)
{
    __builtin_prefetch(&filter->last[(filter->count - 1) % CTI_DUPLICATE_DISTANCE], 1);
    __builtin_prefetch(&filter->last[filter->count % CTI_DUPLICATE_DISTANCE], 1);
}
