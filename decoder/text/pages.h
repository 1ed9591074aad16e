/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pages of docs/findings, built into the program by pages.cmake. */
#ifndef CTIDUMP_PAGES_H
#define CTIDUMP_PAGES_H

typedef struct page {
    const char *name; /* of its file, without .md: a rule's, "verdicts" or "README" */
    const char *text; /* Markdown */
} page;

/* The last one has no name. */
extern const page pages[];

#endif
