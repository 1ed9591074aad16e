/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A piece of a connection's bytes, as TCP or TLS hands it over: its messages are taken in, on the
 * first pass, and shown.
 *
 * A message is MessageLength UINT (bytes behind the header), MessageType UINT, and that many
 * bytes, with no regard to TCP segments. */
#ifndef CTI_PLUGIN_SEGMENT_H
#define CTI_PLUGIN_SEGMENT_H

#include "connections.h"

/* Under this protocol a packet's state is kept. */
void segment_register(int protocol);

/* Dissects the bytes.  tcp tells their place; NULL where they do not come from TCP itself.
 * Returns how many bytes were CTI's, or are waited for: all of them or 0. */
int segment_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, connection *c,
                    const struct tcpinfo *tcp);

/* Shows the end of the connection's session, and findings about no message, if this is the
 * frame. */
void segment_show_end(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const connection *c);

/* Shows the findings that several sessions together brought, if this is the frame. */
void segment_show_across(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);

#endif
