/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was sent on CTI ports and is not CTI, by what it looks like: one entry for each kind and
 * sender, whatever the capture holds. */
#ifndef CTIDUMP_NOT_CTI_H
#define CTIDUMP_NOT_CTI_H

#include <glib.h>

#include "records.h"

#define NOT_CTI_KINDS (CTI_FOREIGN_ZERO + 1)

typedef struct not_cti {
    uint32_t connections[NOT_CTI_KINDS][2]; /* the client's bytes, the server's */
    char *first[NOT_CTI_KINDS][2];          /* the first of them in words */
} not_cti;

void not_cti_connection(not_cti *of, const connection_record *connection);
void not_cti_release(not_cti *of);

/* Tells each entry: "client 10.1.0.24:50001 to 10.2.0.1:42027: byte order reversed  #4". */
void not_cti_lines(const not_cti *of, void (*line)(void *user, const char *words), void *user);

#endif
