/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two parts that message.c puts together: the fields of the wire (message_fields.c) and what
 * the session tells (message_session.c). */
#ifndef CTI_PLUGIN_MESSAGE_INTERNAL_H
#define CTI_PLUGIN_MESSAGE_INTERNAL_H

#include "message.h"

/* Each registers its fields and subtrees. */
void message_fields_register(int protocol);
void message_session_register(int protocol);

/* Adds all fields of the message at offset to its tree, each with the problems that it has;
 * those of the message itself stand at its item. */
void message_add_fields(const view *v, proto_tree *tree, int offset, proto_item *message,
                        cti_reader *reader);

/* Adds the facts of the session at this message, its links and its times. */
void message_add_session(const view *v, proto_tree *tree, const message_note *note);

/* Adds a rule that was broken, with its expert info. */
void message_add_finding(const view *v, proto_tree *tree, const finding_note *note);

/* True if the finding is to be shown on this pass. */
static inline bool message_has_finding(const view *v, const finding_note *note)
{
    return !note->first_pass || !PINFO_FD_VISITED(v->pinfo);
}

/* False where nobody looks at the words of an item. */
static inline bool message_is_visible(const proto_tree *tree)
{
    return tree != NULL && PTREE_DATA(tree)->visible;
}

#endif
