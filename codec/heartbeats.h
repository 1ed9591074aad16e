/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a client sends its heartbeats, learned from the traffic: by a fixed timer, after so long
 * without sending anything, or after so long without receiving anything.  Private to the session.
 *
 * Each HEARTBEAT_REQ of the client gives a sample of three durations: since the heartbeat before
 * it, since the client's last message, and since the server's last message.  The one that is
 * regular is the interval.  The last CTI_HEARTBEAT_SAMPLES samples count, so a client that is
 * configured anew is followed, and the cost of a heartbeat and the memory are constant. */
#ifndef CTI_HEARTBEATS_H
#define CTI_HEARTBEATS_H

#include "session.h"

#define CTI_HEARTBEAT_SAMPLES 16

/* What one heartbeat shows.  Nanoseconds; CTI_NO_TIME if not measured. */
typedef struct cti_heartbeat_sample {
    int64_t distance;      /* since the client's heartbeat before, or since OPEN_CONF */
    int64_t silence;       /* since the client's last message */
    int64_t quiet;         /* since the server's last message */
    int64_t other_silence; /* longest silence of the client since the heartbeat before that ended
                            * with another message */
    int64_t other_quiet;   /* longest time without receiving since then that ended with a message
                            * of the server */
} cti_heartbeat_sample;

typedef struct cti_heartbeat_meter {
    /* Nearly every message touches these members. */
    int64_t last_time;     /* of the client's last heartbeat, or of OPEN_CONF; or CTI_NO_TIME */
    int64_t other_silence; /* as in the sample of the next heartbeat */
    int64_t other_quiet;
    /* Since last_time: bytes of the client, or of the server, are missing from the capture, or
     * its time stepped back. */
    bool client_broken, server_broken;
    bool may_be_quiet; /* CTI_INTERVAL_TRAFFIC: CTI_INTERVAL_RECEIVE is possible, too */
    cti_interval_source kind;
    int64_t interval; /* 0 = not known */

    uint32_t last_frame, frame_before; /* of that heartbeat, and of the one before */
    cti_heartbeat_sample latest;       /* of that heartbeat; distance may not be measured */
    int64_t shortest_silence;          /* before any heartbeat, or CTI_NO_TIME */
    uint32_t count;                /* samples ever taken */
    cti_heartbeat_sample *samples; /* the latest ones; NULL before the first */
} cti_heartbeat_meter;

void cti_heartbeat_meter_init(cti_heartbeat_meter *meter);
void cti_heartbeat_meter_release(cti_heartbeat_meter *meter);

/* OPEN_CONF: the client's clocks start. */
void cti_heartbeat_meter_start(cti_heartbeat_meter *meter, int64_t time);

/* A HEARTBEAT_REQ of the client; silence and quiet as in the sample. */
void cti_heartbeat_meter_add(cti_heartbeat_meter *meter, int64_t time, uint32_t frame,
                             int64_t silence, int64_t quiet);

/* Another message of the client, after so long a silence. */
static inline void cti_heartbeat_meter_sent(cti_heartbeat_meter *meter, int64_t silence)
{
    if (silence == CTI_NO_TIME)
        meter->client_broken = true;
    else if (silence > meter->other_silence)
        meter->other_silence = silence;
}

/* A message of the server, after the client had neither sent nor received for so long. */
static inline void cti_heartbeat_meter_received(cti_heartbeat_meter *meter, int64_t quiet)
{
    if (quiet == CTI_NO_TIME)
        meter->server_broken = true;
    else if (quiet > meter->other_quiet)
        meter->other_quiet = quiet;
}

/* Bytes of the sender are missing from the capture. */
void cti_heartbeat_meter_break(cti_heartbeat_meter *meter, cti_sender sender);

#endif
