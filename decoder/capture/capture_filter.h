/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A capture filter in libpcap's language (pcap-filter(7)), for packets of any link type. */
#ifndef CTIDUMP_CAPTURE_FILTER_H
#define CTIDUMP_CAPTURE_FILTER_H

#include "capture.h"

typedef struct capture_filter capture_filter;

typedef enum {
    CAPTURE_FILTER_TAKES,
    CAPTURE_FILTER_LEAVES,
    CAPTURE_FILTER_UNUSABLE, /* the expression has no meaning for the packet's link type */
} capture_filter_result;

/* The filter of an expression; NULL if it is wrong: then *error is libpcap's message, to be
 * freed with g_free(). */
capture_filter *capture_filter_new(const char *expression, char **error);
void capture_filter_free(capture_filter *filter);

/* Is the packet one to take?  The expression is compiled at the first packet of a link type. */
capture_filter_result capture_filter_ask(capture_filter *filter, const capture_packet *packet);

/* Why the filter is unusable for a link type that was asked for. */
const char *capture_filter_error(const capture_filter *filter, int link_type);

#endif
