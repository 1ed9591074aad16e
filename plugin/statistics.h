/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statistics: -z cti,srt, -z cti,tree and -z cti,sessions in tshark; in Wireshark's menu
 * Statistics: Service Response Time > CTI, CTI Messages, and CTI Sessions. */
#ifndef CTI_PLUGIN_STATISTICS_H
#define CTI_PLUGIN_STATISTICS_H

/* Registers all three.  The taps must be registered before. */
void statistics_register(int protocol);

/* Registers the table of sessions (sessions_table.c). */
void sessions_table_register(void);

#endif
