/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of names, and what they mean (see names.h). */
#include "names.h"

#include <glib.h>
#include <string.h>

#include "pages.h"
#include "writers.h"

/* ---- lists: the name of an index, NULL behind the last; "" for one that is left out ---- */

static const char *format_name(guint index)
{
    return output_formats[index].name;
}

static const char *type_name(guint index)
{
    const cti_message *message = cti_message_find(index);

    if (index > CTI_MESSAGE_NEWEST)
        return NULL;
    return message != NULL ? message->name : "";
}

static const char *severity_name(guint index)
{
    return index <= CTI_ERROR ? cti_severity_name((cti_severity)index) : NULL;
}

static const char *rule_name(guint index)
{
    return index < CTI_RULE_COUNT ? cti_rule_name((cti_rule)index) : NULL;
}

static const char *verdict_name(guint index)
{
    return index < CTI_VERDICT_COUNT ? cti_verdict_name((cti_verdict)index) : NULL;
}

static const char *problem_name(guint index)
{
    return index < CTI_PROBLEM_COUNT ? cti_problem_name((cti_problem_id)index) : NULL;
}

static const struct {
    const char *kind;
    const char *(*name)(guint index);
} lists[] = {
    {"formats", format_name},   {"tables", csv_table_name}, {"types", type_name},
    {"severities", severity_name}, {"rules", rule_name},    {"verdicts", verdict_name},
    {"problems", problem_name},
};

bool names_list(FILE *out, const char *kind, char **error)
{
    GString *kinds;

    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        const char *name;

        if (strcmp(lists[i].kind, kind) != 0)
            continue;
        for (guint index = 0; (name = lists[i].name(index)) != NULL; index++)
            if (name[0] != '\0')
                fprintf(out, "%s\n", name);
        return true;
    }
    kinds = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
        g_string_append_printf(kinds, "%s%s", i > 0 ? ", " : "", lists[i].kind);
    *error = g_strdup_printf("no list '%s': there are %s", kind, kinds->str);
    g_string_free(kinds, TRUE);
    return false;
}

/* ---- explanations ---- */

static const char *find_page(const char *name)
{
    for (const page *p = pages; p->name != NULL; p++)
        if (strcmp(p->name, name) == 0)
            return p->text;
    return NULL;
}

static bool explain_rule(FILE *out, const char *name)
{
    const char *text = NULL;

    for (cti_rule rule = 0; rule < CTI_RULE_COUNT; rule++)
        if (strcmp(cti_rule_name(rule), name) == 0)
            text = find_page(name);
    if (text != NULL)
        fputs(text, out);
    return text != NULL;
}

/* A section of the page of verdicts, under a heading of its own. */
static bool explain_verdict(FILE *out, const char *name, bool another)
{
    char *heading = g_strdup_printf("\n## %s\n", name);
    const char *text = find_page("verdicts");
    const char *section = text != NULL ? strstr(text, heading) : NULL;

    if (section != NULL) {
        const char *body = section + strlen(heading);
        const char *end = strstr(body, "\n## ");

        fprintf(out, "%s# %s, as the verdict of a session\n%.*s", another ? "\n" : "", name,
                (int)(end != NULL ? end - body : (gssize)strlen(body)), body);
    }
    g_free(heading);
    return section != NULL;
}

static bool explain_problem(FILE *out, const char *name)
{
    for (cti_problem_id id = 0; id < CTI_PROBLEM_COUNT; id++)
        if (strcmp(cti_problem_name(id), name) == 0) {
            fprintf(out, "# %s\n\nA problem of a message (%s): %s.\n", name,
                    cti_severity_name(cti_problem_severity(id)), cti_problem_text(id));
            return true;
        }
    return false;
}

/* "cti.rule.heartbeat_missed" -> "heartbeat-missed" */
static char *plain_name(const char *name)
{
    static const char *const prefixes[] = {"cti.rule.", "cti.problem."};

    for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (g_str_has_prefix(name, prefixes[i]))
            name += strlen(prefixes[i]);
    return g_strdelimit(g_strdup(name), "_", '-');
}

bool names_explain(FILE *out, const char *name, char **error)
{
    char *plain = plain_name(name);
    bool known = explain_rule(out, plain);

    known |= explain_verdict(out, plain, known);
    known |= explain_problem(out, plain);
    if (!known)
        *error = g_strdup_printf("no rule, verdict or problem '%s': --list rules, --list verdicts and "
                                 "--list problems name all",
                                 name);
    g_free(plain);
    return known;
}
