/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the three parts of connections.h share: who is who on a connection (connections.c), how
 * far the bytes of its directions have come (connection_stream.c), and its sessions with the
 * notes of their messages (connection_sessions.c). */
#ifndef CTI_PLUGIN_CONNECTION_INTERNAL_H
#define CTI_PLUGIN_CONNECTION_INTERNAL_H

#include "connections.h"

enum { OF_CLIENT, OF_SERVER, DIRECTIONS };

/* One direction of a connection, as far as the first pass has come. */
typedef struct direction {
    bool started;           /* expected is known */
    bool renumbered;        /* Wireshark counts from another number now */
    uint32_t expected;      /* sequence number of the next byte, as Wireshark counts */
    cti_frame_state framing;
    uint32_t tail;          /* bytes to come of a message that was shown although it is cut */
    bool skipped;           /* bytes that are no message came since the last message */
    bool closed;            /* FIN seen */
    uint32_t next;          /* raw sequence number behind all that was seen, FIN included */
    uint32_t acknowledged;  /* raw number up to which holes were told; 0 = none */
} direction;

struct connection {
    connection *next; /* in the order of their first data */
    uint32_t key;
    cti_session *session;             /* NULL where there is none */
    const cti_session_summary *known; /* of it */
    bool live; /* session is in use */
    uint32_t number, sessions;
    cti_side side;
    const char *client_id;
    session_summary *summary; /* of the session */
    bool trusted, is_cti;
    bool reset;        /* RST ended it */
    bool reset_before; /* RST came before the first data: it cannot be told from a later one */
    bool lossy;        /* bytes are missing */
    bool saw_client_syn;
    int64_t last_time; /* of any of its packets */

    bool client_known; /* client is the client, and not a guess */
    address client, server;
    uint32_t client_port, server_port;
    direction directions[DIRECTIONS];

    wmem_map_t *frames;            /* frame number -> frame_note */
    frame_note *current_frame;     /* what findings are about at the moment, */
    message_note *current_message; /* or NULL */
};

/* ---- connections.c ---- */

/* Who sent the packet, as far as it is known. */
cti_sender connection_sender(const connection *c, const packet_info *pinfo);

/* The packet's direction. */
direction *connection_direction(connection *c, const packet_info *pinfo);

/* On ports that say nothing, the first message whose sender the table knows tells who is the
 * client. */
void connection_learn_client(connection *c, packet_info *pinfo, uint32_t type);

/* The note of the frame with this number, made if it is not there. */
frame_note *connection_make_note(connection *c, uint32_t frame);

/* What Wireshark knows of TCP, or NULL where the bytes do not come from TCP. */
struct tcp_analysis *connection_tcp(conversation_t *conversation, packet_info *pinfo);

/* The conversation of the same ports and addresses before this one, or NULL. */
conversation_t *connection_conversation_before(packet_info *pinfo,
                                               const conversation_t *conversation);

/* The connection of a conversation, or NULL. */
connection *connection_of(const conversation_t *conversation);

/* True once a message was found on it. */
bool connection_has_messages(const conversation_t *conversation);

/* The packet's time in nanoseconds since 1970; at most INT64_MAX away from it. */
int64_t connection_time(const packet_info *pinfo);

/* A number for a new session, from 1, in the order in which they begin. */
uint32_t connection_next_session(void);

/* ---- connection_sessions.c ---- */

/* What the connection's session is now, for a note. */
session_note connection_note_session(const connection *c, cti_sender sender, cti_state state);

/* A note of the finding, about this session. */
finding_note *connection_new_finding(const cti_finding *finding, const session_note *session);

/* Ends the session, if one is live. */
void connection_end_session(connection *c, int64_t time, cti_end how);

#endif
