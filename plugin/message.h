/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A message, or the end of a session, as Wireshark shows it: tree, Info column, expert
 * infos. */
#ifndef CTI_PLUGIN_MESSAGE_H
#define CTI_PLUGIN_MESSAGE_H

#include "compat.h"

#include "notes.h"

/* Registers the fields that are not GED-188's, and the subtrees. */
void message_register(int protocol);

/* What is used for all messages of a packet. */
typedef struct view {
    tvbuff_t *tvb;
    packet_info *pinfo;
    proto_tree *tree;    /* of the packet */
    GString *scratch;
    unsigned text_flags; /* cti_text_flags */
} view;

/* True if the message refuses a request, or tells of a failure. */
bool message_is_failure(uint32_t type);

/* Shows the message at offset.  reader is at its first field.  note may be NULL where nothing
 * is known of it. */
void message_show(const view *v, int offset, uint32_t size, cti_reader *reader,
                  const message_note *note);

/* Shows that the packet begins with something else than CTI. */
void message_show_not_cti(const view *v, cti_foreign_kind looks);

/* Shows bytes that are not part of a message. */
void message_show_skipped(const view *v, int offset, uint32_t size);

/* Shows the start of a message that is not put together, too short to read any of it. */
void message_show_start(const view *v, int offset, uint32_t size);

/* Shows bytes that an earlier frame has. */
void message_show_repeated(const view *v, int offset, uint32_t size);

/* Shows the rest of a message that was shown, cut, in a packet before. */
void message_show_rest(const view *v, int offset, uint32_t size);

/* Shows bytes that TCP hands over again after those of the frame's messages: what they are was shown
 * in the packets that brought them, or is not known. */
void message_show_other(const view *v, int offset, uint32_t size);

/* Shows the end of a session, and findings that are about no message of the frame. */
void message_show_end(const view *v, const frame_note *frame);

/* Shows findings that several sessions together brought. */
void message_show_across(const view *v, const finding_note *findings);

#endif
