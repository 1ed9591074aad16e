/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the plugin remembers: the CTI sessions of each TCP connection, and for each frame
 * what was known when it was first dissected.
 *
 * Wireshark dissects all frames once in their order (the first pass), and then any frame,
 * any number of times, in any order.  Only the first pass feeds the sessions.  What it finds
 * out is kept in notes, one for each frame, which never change afterwards but for links to
 * frames that come later; each later dissection shows these notes.
 *
 * Everything lives in Wireshark's file scope, but for what the codec's session holds, which
 * is freed when the file is closed. */
#ifndef CTI_PLUGIN_CONNECTIONS_H
#define CTI_PLUGIN_CONNECTIONS_H

#include "compat.h"

#include "framing.h"
#include "session.h"

/* A session as the first pass has found it to be until now, and at last in whole. */
typedef struct session_summary {
    uint32_t number;
    const char *client_id; /* or NULL */
    cti_side side;
    uint32_t version;
    int64_t opened;        /* since the start of the capture */
    int64_t lasted;
    uint64_t messages, heartbeats, heartbeats_missed;
    int64_t worst_gap;
    cti_state state;
    bool finished;
    /* If finished: */
    cti_verdict verdict;
    const cti_evidence *evidence; /* for it, and then against it */
    uint32_t evidence_count;
} session_summary;

/* What a session was when a message or TCP's end came.
 *
 * Memory: a message that has a frame of its own costs about 330 bytes (its note 136, the
 * frame's 96, an entry in the map of frames), measured over 100,000 messages. */
typedef struct session_note {
    uint32_t number;       /* of the session, from 1; 0 where there is none yet */
    const char *client_id; /* or NULL */
    cti_side side;
    cti_sender sender;
    cti_state state;
    bool has_services;
    uint32_t services; /* granted, or requested while the answer is not there */
    const session_summary *summary; /* NULL where there is none yet */
} session_note;

/* A rule that was broken. */
typedef struct finding_note {
    struct finding_note *next;
    session_note session;
    cti_rule rule;
    cti_severity severity;
    uint32_t frame_count, frames[CTI_FINDING_FRAMES_MAX];
    const char *text;
} finding_note;

/* A message. */
typedef struct message_note {
    struct message_note *next;
    session_note session;
    cti_context context; /* with which the codec reads it */
    uint32_t version;
    bool version_inferred;
    bool begins_session;     /* first message of its session */
    bool first_without_open; /* and it is not OPEN_REQ, which is not there */
    int64_t client_gap;
    double idle_share;
    uint32_t missed_run;
    uint32_t response_in;       /* frame of the answer, once it came */
    uint32_t response_to;       /* frame of the request, of an answer */
    int64_t response_time;
    bool unanswered;            /* of a request, once that is sure */
    const cti_message *request; /* type of the request, of an answer */
    finding_note *findings;
} message_note;

/* A frame of a CTI connection. */
typedef struct frame_note {
    bool accepted;           /* it was taken for CTI */
    bool began;              /* a message came before it */
    bool repeated;           /* all of it was there before: its messages do not count again */
    cti_frame_state framing; /* at its start */
    cti_sender sender;       /* of its messages; CTI_EITHER where it was not known then */
    uint32_t tail;           /* bytes at its start that belong to a message that was cut */
    bool fin;                /* its segment ends the stream */
    message_note *messages, *last_message;
    session_note end;        /* number is not 0: TCP ended here */
    bool finished;           /* and with it the session */
    finding_note *findings;  /* that belong to none of the messages */
} frame_note;

typedef struct connection connection;

/* What is known of a connection before any of its data is looked at. */
typedef struct connection_hints {
    bool from_cti_port, to_cti_port; /* a port that was set to carry CTI */
    bool forced;                     /* the user said that it is CTI (Decode As) */
    bool recognized;                 /* its bytes look like CTI and like nothing else */
} connection_hints;

/* Registers what resets the memory when files are opened and closed. */
void connections_register(int protocol);

/* The connection of the packet, or NULL where none of its data was given to CTI. */
connection *connection_find(packet_info *pinfo);

/* The same, or a new one.  On later passes it may still be NULL.  tcp is NULL where the bytes
 * do not come from TCP itself: decrypted, or exported. */
connection *connection_get(packet_info *pinfo, const connection_hints *hints,
                           const struct tcpinfo *tcp);

/* A number of its own in this file. */
uint32_t connection_key(const connection *c);

/* True once a message was found. */
bool connection_is_cti(const connection *c);

/* True if the server's port, the user or the first bytes say that it is CTI. */
bool connection_trusted(const connection *c);

/* From now on it is taken for CTI. */
void connection_trust(connection *c);

/* True if there is a connection with CTI in this file. */
bool connections_any(void);

/* Starts to dissect the packet's data.  On the first pass: finds bytes that are missing
 * before it, and makes its note.  tcp may be NULL. */
frame_note *connection_frame_begin(connection *c, packet_info *pinfo, const struct tcpinfo *tcp);

/* Takes in a message, of the first pass.  version: in force whatever the session says, or 0.
 * reader is at its first field afterwards. */
message_note *connection_message(connection *c, packet_info *pinfo, frame_note *frame,
                                 const uint8_t *bytes, uint32_t size, uint32_t version,
                                 cti_reader *reader);

/* Bytes of the packet's stream will never come: cut off, or not put together. */
void connection_lost(connection *c, packet_info *pinfo, uint64_t bytes);

/* Bytes of the packet's stream are no message. */
void connection_skipped(connection *c, packet_info *pinfo);

/* Ends the data of the packet, of the first pass: where its stream stands now. */
void connection_frame_done(connection *c, packet_info *pinfo, const struct tcpinfo *tcp,
                           cti_frame_state framing, uint32_t tail);

/* After the dissection of any TCP packet, on the first pass: FIN and RST. */
void connection_packet_end(connection *c, packet_info *pinfo);

/* Notes where the first pass has come to, at each TCP packet: sessions that are still open at the
 * end of the file end there. */
void connections_note_packet(packet_info *pinfo);

/* A packet is dissected again: ends the sessions, if all packets were dissected once. */
void connections_later_pass(void);

/* The note of the packet's frame, or NULL. */
frame_note *connection_frame_note(const connection *c, packet_info *pinfo);

#endif
