/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records that can be shown to others (option --redact): a writer that hands on copies of the
 * records without what names a person, a number or a customer.  Values of messages and client
 * IDs become tokens (codec/redaction.h), addresses "client-1" and "server-A", names of
 * files "file-1".  It stands behind the selection, which needs the values, and before every
 * format, so that none can forget it. */
#ifndef CTIDUMP_REDACTED_H
#define CTIDUMP_REDACTED_H

#include "records.h"

typedef struct redacted redacted;

/* The user pointer of redacted_writer, which hands on to writer and user.  key: of the tokens.
 * files: the names of the input, NULL at the end; they outlive it. */
redacted *redacted_new(const uint8_t *key, size_t key_size, char *const *files,
                       const record_writer *writer, void *user);
void redacted_free(redacted *redacted);

extern const record_writer redacted_writer;

#endif
