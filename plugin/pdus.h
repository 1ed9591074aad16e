/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The messages of a frame, shown in the bytes that TCP or TLS hands over, or in the frame itself
 * where TCP does not hand them over. */
#ifndef CTI_PLUGIN_PDUS_H
#define CTI_PLUGIN_PDUS_H

#include "notes.h"

/* Dissects data of TCP.  Returns how many bytes were CTI's, or are waited for: all of them or 0. */
int pdus_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);

/* Dissects data that was decrypted or exported, or whose segments did not pass segments.c; on the
 * first pass the engine takes it in. */
int pdus_dissect_data(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);

/* When a frame was dissected: shows those of its messages that TCP did not hand over, the end of a
 * session, and findings that are about no message of the frame. */
void pdus_show_rest(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);

#endif
