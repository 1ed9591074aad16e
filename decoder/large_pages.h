/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the program's memory lies. */
#ifndef CTIDUMP_LARGE_PAGES_H
#define CTIDUMP_LARGE_PAGES_H

/* Asks for large pages for what malloc() gives from now on, where system and C library know how.
 * Each packet of a busy capture touches the memory of another session; with small pages the
 * processor has to look up where that lies, again and again, for a sixth of all time. */
void large_pages_use(void);

#endif
