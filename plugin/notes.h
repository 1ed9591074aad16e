/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the plugin remembers of a file: its sessions, and for each frame what was known when it was
 * first dissected.
 *
 * Wireshark dissects all frames once in their order (the first pass), and then any frame, any
 * number of times, in any order.  Only the first pass feeds the codec's connections (engine.h).
 * What they report is kept in notes, one for each frame; each later dissection shows these notes.
 * A note changes afterwards only by what a later frame shows of it: the response to a request,
 * and, where packets were captured out of order, the session of a message.
 *
 * Notes live in Wireshark's file scope. */
#ifndef CTI_PLUGIN_NOTES_H
#define CTI_PLUGIN_NOTES_H

#include "compat.h"

#include "connection.h"

/* What the plugin keeps of a TCP connection. */
typedef struct connection_data connection_data;

/* A session, as far as the first pass has come. */
typedef struct session_data {
    uint32_t number;
    connection_data *connection;
    const char *client_id; /* valid UTF-8, or NULL */
    cti_side side;
    int64_t opened;              /* first message, since the start of the capture */
    cti_session_summary summary; /* without response times */
} session_data;

/* What a session was when a message, or the end of TCP, was taken in. */
typedef struct session_note {
    uint32_t number; /* of the session, from 1; 0 where there is none yet */
    cti_sender sender;
    cti_state state;
    bool has_services;
    uint16_t type; /* SessionType, CTI_V_SessionType_..., 0 = not known */
    uint32_t services;        /* granted, or requested while the answer is not there */
    const session_data *data; /* NULL where there is none yet */
} session_note;

/* A rule that was broken. */
typedef struct finding_note {
    struct finding_note *next;
    session_note session;
    cti_rule rule;
    cti_severity severity;
    uint32_t frame_count, frames[CTI_FINDING_FRAMES_MAX];
    const char *text, *check; /* check: or NULL */
    /* Its own frame is an earlier one, and has a note of it too: shown here while that frame is not
     * dissected again. */
    bool first_pass;
} finding_note;

/* A message, on the frame that has its end.
 *
 * Memory: a message that has a frame of its own costs about 330 bytes, with the frame's note and
 * its entry in the map of frames. */
typedef struct message_note {
    struct message_note *next; /* of the same frame */
    uint32_t frame;
    uint32_t number; /* of the message in its frame, from 0 */
    uint32_t size;   /* bytes captured, with the header */
    uint32_t type;
    uint16_t piece; /* of the frame's data that it is in: 0 is TCP's payload, others are data that
                     * engine_take_data() took */
    int32_t offset; /* in that piece; negative if it began in an earlier frame: */
    const uint8_t *bytes; /* a copy then, unless Wireshark's TCP puts it together; else NULL */
    uint32_t checksum;    /* of its bytes then */
    session_note session;
    cti_context context; /* with which the codec reads it */
    uint32_t version;
    bool version_inferred;
    bool after_end;          /* it came after a RST: no session takes it in */
    bool begins_session;     /* first message of its session */
    bool first_without_open; /* and not OPEN_REQ, which was not captured */
    int64_t client_gap;
    double idle_share;
    uint32_t missed_run;
    uint32_t response_in; /* frame of the response, once it came */
    uint32_t response_to; /* frame of the request, of a response */
    int64_t response_time;
    bool unanswered;            /* of a request, once that is sure */
    const cti_message *request; /* type of the request, of a response */
    finding_note *findings;
} message_note;

/* How the payload of a frame is placed in its stream. */
typedef enum {
    PLACE_NEXT,     /* it continues the stream */
    PLACE_REPEATED, /* all of it was captured before */
    PLACE_EARLY,    /* bytes before it are missing, or come later in the capture */
} frame_place;

/* A frame of a CTI connection. */
typedef struct frame_note {
    connection_data *connection;
    bool began; /* a message was found on the connection before it */
    frame_place place;
    uint32_t sequence;   /* of the first byte of TCP's payload, */
    uint32_t captured;   /* so many of which are in the capture */
    uint32_t lead;       /* bytes at the payload's start that end an earlier message */
    uint32_t unfinished; /* bytes up to the payload's end of a message that is not whole, */
    uint32_t wanted;     /* and how many that needs in all; 0 = not known */
    uint32_t message_count;
    message_note *messages, *last_message;
    session_note end;       /* number is not 0: TCP ended here */
    bool finished;          /* and with it the session */
    bool not_cti;           /* here begins what is not CTI, although the port is CTI's: */
    cti_foreign_kind looks; /* what it looks like */
    finding_note *findings; /* that belong to none of the messages */
} frame_note;

#endif
