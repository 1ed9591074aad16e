/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CTI before SMPP.  The SMPP dissector's heuristic takes CTI for its own, while CTI's takes
 * nothing that is SMPP: so CTI's must be asked first. */
#ifndef CTI_PLUGIN_PRECEDENCE_H
#define CTI_PLUGIN_PRECEDENCE_H

#include "compat.h"

/* The name under which CTI's heuristic is registered. */
#define CTI_HEURISTIC "cti_tcp"

/* Call it when all protocols are registered. */
void precedence_init(void);

/* Call it after each TCP packet of the first pass. */
void precedence_keep(packet_info *pinfo);

/* True if the heuristic is called with this data to move it to the front, and not with
 * anything of a packet: it must then return true and do nothing. */
bool precedence_is_probe(const void *data);

#endif
