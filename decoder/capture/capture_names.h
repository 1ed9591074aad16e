/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the names of capture files tell: dumpcap and Wireshark number the files of a long
 * capture, NAME_00001_20240131235959.pcapng or NAME_20240131235959_00001.pcapng. */
#ifndef CTIDUMP_CAPTURE_NAMES_H
#define CTIDUMP_CAPTURE_NAMES_H

/* Calls tell with one line "FILE: what" for each gap in the numbers of the paths, which may
 * stand in any order.  Other names are left alone, and so is what is missing before the
 * first and behind the last file. */
void capture_names_find_gaps(char *const *paths, void (*tell)(void *user, const char *line),
                             void *user);

#endif
