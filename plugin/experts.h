/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expert infos: one for each problem of a message (cti.problem.unknown_tag), one for each
 * rule of a session (cti.rule.heartbeat_missed), and those of the plugin itself. */
#ifndef CTI_PLUGIN_EXPERTS_H
#define CTI_PLUGIN_EXPERTS_H

#include "compat.h"

#include "session.h"

void experts_register(int protocol);

/* What went wrong with a message, at item. */
void experts_add_problem(packet_info *pinfo, proto_item *item, const cti_problem *problem,
                         GString *scratch);

/* A rule that was broken, in the words of its finding. */
void experts_add_finding(packet_info *pinfo, proto_item *item, cti_rule rule,
                         cti_severity severity, const char *text);

/* The other side refused or failed. */
void experts_add_failure(packet_info *pinfo, proto_item *item, const char *text);

/* There was no response to a request. */
void experts_add_unanswered(packet_info *pinfo, proto_item *item);

/* The version in force is not known for sure. */
void experts_add_version(packet_info *pinfo, proto_item *item, const char *text);

/* Bytes that are not part of a message. */
void experts_add_framing(packet_info *pinfo, proto_item *item, const char *text);

/* On a CTI port something else was sent first. */
void experts_add_not_cti(packet_info *pinfo, proto_item *item, const char *text);

#endif
