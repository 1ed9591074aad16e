/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the pages of docs/findings say of a rule or a verdict, for the HTML page: who gets it by
 * mail has no other manual (see html_parts.h).
 *
 * The pages are the project's own, and of Markdown they use little: headings, paragraphs, lists,
 * `code`, and blocks of four blanks. */
#include <string.h>

#include "html_parts.h"
#include "pages.h"

static const char *page_text(const char *name)
{
    for (const page *p = pages; p->name != NULL; p++)
        if (strcmp(p->name, name) == 0)
            return p->text;
    return NULL;
}

/* What stands behind the heading "## NAME"; NULL where there is none. */
static const char *behind_heading(const char *text, const char *name)
{
    char *heading = g_strdup_printf("\n## %s\n", name);
    const char *found = strstr(text, heading);

    if (found != NULL)
        found += strlen(heading);
    g_free(heading);
    return found;
}

/* Escaped, with `code` as code. */
static void append_inline(GString *to, const char *text)
{
    char **parts = g_strsplit(text, "`", -1);

    for (guint i = 0; parts[i] != NULL; i++) {
        const bool code = i % 2 == 1;

        g_string_append(to, code ? "<code>" : "");
        html_escape(to, parts[i]);
        g_string_append(to, code ? "</code>" : "");
    }
    g_strfreev(parts);
}

static void append_list(GString *to, const char *block)
{
    char **items = g_strsplit(block + strlen("- "), "\n- ", -1);

    g_string_append(to, "<ul>\n");
    for (guint i = 0; items[i] != NULL; i++) {
        g_string_append(to, "<li>");
        append_inline(to, items[i]);
        g_string_append(to, "</li>\n");
    }
    g_string_append(to, "</ul>\n");
    g_strfreev(items);
}

/* A block is what stands between empty lines. */
static void append_block(GString *to, const char *block)
{
    if (g_str_has_prefix(block, "## ")) {
        g_string_append(to, "<h4>");
        append_inline(to, block + strlen("## "));
        g_string_append(to, "</h4>\n");
    } else if (g_str_has_prefix(block, "- ")) {
        append_list(to, block);
    } else if (g_str_has_prefix(block, "    ")) {
        g_string_append(to, "<pre>");
        html_escape(to, block);
        g_string_append(to, "</pre>\n");
    } else if (block[0] != '\0') {
        g_string_append(to, "<p>");
        append_inline(to, block);
        g_string_append(to, "</p>\n");
    }
}

/* The blocks from here until the first one that opens with the words. */
static void append_blocks(GString *to, const char *text, const char *until)
{
    char **blocks = g_strsplit(text, "\n\n", -1);

    for (guint i = 0; blocks[i] != NULL; i++) {
        g_strstrip(blocks[i]);
        if (g_str_has_prefix(blocks[i], until))
            break;
        append_block(to, blocks[i]);
    }
    g_strfreev(blocks);
}

void html_explain_rule(html *h, cti_rule rule)
{
    const char *text = page_text(cti_rule_name(rule));
    const char *meaning = text != NULL ? strstr(text, "\n## ") : NULL;

    if (meaning == NULL)
        return;
    g_string_append(h->text,
                    "<details class=\"explained\"><summary>What it means, what causes it, what "
                    "to do</summary>\n");
    append_blocks(h->text, meaning, "## How to see it");
    g_string_append(h->text, "</details>\n");
}

void html_explain_verdict(html *h, cti_verdict verdict)
{
    const char *text = page_text("verdicts");
    const char *words = text != NULL ? behind_heading(text, cti_verdict_name(verdict)) : NULL;

    if (words != NULL)
        append_blocks(h->text, words, "## ");
}
