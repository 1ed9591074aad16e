/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times and limits in sentences: no rule states a figure of its own, and no name is unknown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "session.h"

static void check(const char *sentence, const char *expanded)
{
    GString *text = g_string_new(NULL);

    cti_times_expand(text, sentence);
    assert_string_equal(text->str, expanded);
    g_string_free(text, TRUE);
}

static void names_become_words(void **state)
{
    (void)state;
    check("answered within {OPEN_USUAL}", "answered within 5 s");
    check("{HEARTBEATS_MISSED} of {HEARTBEATS_MISSED}", "3 of 3");
    check("{HEARTBEAT_SHORT}", "4500 ms");
    check("", "");
}

static void other_braces_stay(void **state)
{
    (void)state;
    check("{", "{");
    check("a {b} c", "a {b} c");
    check("{}{OPEN_USUA}{OPEN_USUALS}", "{}{OPEN_USUA}{OPEN_USUALS}");
    check("{{OPEN_USUAL}}", "{5 s}");
    check("{OPEN_USUAL", "{OPEN_USUAL");
}

/* Nothing is left to expand. */
static void rules_have_their_figures_from_the_table(void **state)
{
    (void)state;
    for (cti_rule rule = 0; rule < CTI_RULE_COUNT; rule++) {
        GString *text = g_string_new(NULL);

        cti_rule_text(text, rule);
        assert_null(strpbrk(text->str, "{}"));
        assert_true(text->len > 20 && text->str[text->len - 1] != '.');
        assert_true(strlen(cti_rule_fault(rule)) < 60);
        g_string_free(text, TRUE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_become_words),
        cmocka_unit_test(other_braces_stay),
        cmocka_unit_test(rules_have_their_figures_from_the_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
