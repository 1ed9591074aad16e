/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values without names in them: what names a person, a number or a customer becomes a token,
 * so that a capture's content can be shown to others.  Equal values have equal tokens, and
 * nobody without the key can tell a value from its token (HMAC, RFC 2104).
 *
 * A reader whose context has a redaction hands out redacted items only: whatever is made of
 * items is redacted without its doing.  Redacted are
 *   - fields that fields.def marks as PERSONAL,
 *   - bytes of which GED-188 does not tell what they are (UNSPEC fields, unknown tags, bodies
 *     of unpublished messages, bytes left over, numbers of a wrong size),
 * and not: numbers, times, states, masks, call IDs, empty values.  Passwords keep their own rule
 * (cti_item_hidden). */
#ifndef CTI_REDACTION_H
#define CTI_REDACTION_H

#include "reader.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A token is "r:" and so many letters and digits, which stand for 40 bits. */
#define CTI_TOKEN_LETTERS 8
#define CTI_TOKEN_SIZE (2 + CTI_TOKEN_LETTERS + 1)
/* Tokens that live at a time: more than a message can have values. */
#define CTI_TOKENS_KEPT 32768

typedef struct cti_redaction cti_redaction;

/* key: size secret bytes, best 32 random ones; the caller's, and not kept.  The result is the
 * caller's, to be freed after the last use of its tokens and of the items that hold them. */
cti_redaction *cti_redaction_new(const uint8_t *key, size_t size);
/* NULL is allowed. */
void cti_redaction_free(cti_redaction *redaction);

/* The token of these size bytes, "r:7FK2QX4D"; of none "".  It is redaction's, and lives until
 * CTI_TOKENS_KEPT further ones were made. */
const char *cti_redaction_token(cti_redaction *redaction, const void *bytes, size_t size);

/* Redacts an item as the wire has it: its value becomes the token, as if it had been sent (and
 * item->redacted tells so), or stays. */
void cti_redaction_item(cti_redaction *redaction, cti_item *item);

#ifdef __cplusplus
}
#endif

#endif
