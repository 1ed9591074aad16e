/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses and ports as users write them. */
#ifndef CTIDUMP_ENDPOINTS_H
#define CTIDUMP_ENDPOINTS_H

#include "records.h"

/* Reads "192.0.2.1", "192.0.2.1:42027", "2001:db8::1" or "[2001:db8::1]:42027"; the port is 0
 * where there is none.  False for anything else: names are not looked up. */
bool endpoint_parse(const char *text, endpoint *point);

#endif
