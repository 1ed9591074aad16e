/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names that options take and outputs use: lists of them (option --list), and what they mean
 * (option --explain). */
#ifndef CTIDUMP_NAMES_H
#define CTIDUMP_NAMES_H

#include <stdbool.h>
#include <stdio.h>

/* Prints the names of one kind, one a line: formats, tables, types, severities, rules, verdicts,
 * problems.  False where there is no such kind: then *error is one line of what. */
bool names_list(FILE *out, const char *kind, char **error);

/* Prints what a rule, a verdict or a problem of a message means; also by its name in Wireshark,
 * "cti.rule.heartbeat_missed".  False where there is no such name, as above. */
bool names_explain(FILE *out, const char *name, char **error);

#endif
