/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The protocol as Wireshark knows it. */
#ifndef CTI_PLUGIN_PACKET_CTI_H
#define CTI_PLUGIN_PACKET_CTI_H

/* Registers the protocol with its fields, expert infos and preferences. */
void packet_cti_register(void);

/* Registers where the protocol is found: ports, heuristic, the end of connections. */
void packet_cti_handoff(void);

#endif
