/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tokens in place of values: the same for the same value and key, of what may name someone and
 * of what nobody can read, and of nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "redaction.h"

static const uint8_t key[] = "a key of the test", other_key[] = "another key";

static cti_redaction *redaction;

static int set_up(void **state)
{
    (void)state;
    redaction = cti_redaction_new(key, sizeof(key));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cti_redaction_free(redaction);
    return 0;
}

static cti_item text_item(cti_field_id field, const char *text)
{
    return (cti_item){.kind = CTI_ITEM_FIELD,
                      .field = cti_field_get(field),
                      .data = (const uint8_t *)text,
                      .length = (uint32_t)strlen(text) + 1,
                      .text = text,
                      .text_length = (uint32_t)strlen(text)};
}

static void same_value_same_token(void **state)
{
    cti_redaction *again = cti_redaction_new(key, sizeof(key));
    cti_redaction *other = cti_redaction_new(other_key, sizeof(other_key));
    const char *token = cti_redaction_token(redaction, "1001", 4);

    (void)state;
    assert_int_equal(strlen(token), CTI_TOKEN_SIZE - 1);
    assert_memory_equal(token, "r:", 2);
    assert_string_equal(token, cti_redaction_token(redaction, "1001", 4));
    assert_string_equal(token, cti_redaction_token(again, "1001", 4));
    assert_string_not_equal(token, cti_redaction_token(other, "1001", 4));
    assert_string_not_equal(token, cti_redaction_token(redaction, "1002", 4));
    assert_string_equal("", cti_redaction_token(redaction, "", 0));
    cti_redaction_free(again);
    cti_redaction_free(other);
}

static void tokens_live_for_a_message(void **state)
{
    const char *first = cti_redaction_token(redaction, "first", 5);
    char kept[CTI_TOKEN_SIZE];

    (void)state;
    memcpy(kept, first, sizeof(kept));
    for (uint32_t i = 0; i < CTI_TOKENS_KEPT - 1; i++)
        cti_redaction_token(redaction, &i, sizeof(i));
    assert_string_equal(first, kept);
}

static void personal_text(void **state)
{
    cti_item item = text_item(CTI_F_ANI, "5551234");

    (void)state;
    cti_redaction_item(redaction, &item);
    assert_true(item.redacted);
    assert_int_equal(item.text_length, CTI_TOKEN_SIZE - 1);
    assert_string_equal(item.text, cti_redaction_token(redaction, "5551234", 7));
    assert_memory_equal(item.data, item.text, item.length);
}

/* A number and the text of it are the same value. */
static void personal_number(void **state)
{
    const uint8_t bytes[] = {0, 0, 0x03, 0xE9};
    cti_item item = {.kind = CTI_ITEM_FIELD,
                     .field = cti_field_get(CTI_F_ICMAgentID),
                     .data = bytes,
                     .length = sizeof(bytes),
                     .has_number = true,
                     .number = 1001};

    (void)state;
    cti_redaction_item(redaction, &item);
    assert_false(item.has_number);
    assert_string_equal(item.text, cti_redaction_token(redaction, "1001", 4));
}

static void named_variable(void **state)
{
    cti_item item = text_item(CTI_F_NamedVariable, "value");

    (void)state;
    item.name = "user.name";
    item.name_length = 9;
    cti_redaction_item(redaction, &item);
    assert_string_equal(item.name, cti_redaction_token(redaction, "user.name", 9));
    assert_string_equal(item.text, cti_redaction_token(redaction, "value", 5));
}

static void what_nobody_can_read(void **state)
{
    const uint8_t bytes[] = "5551234";
    cti_item unknown = {.kind = CTI_ITEM_UNKNOWN_TAG, .data = bytes, .length = 7};
    cti_item wrong_size = {.kind = CTI_ITEM_FIELD,
                           .field = cti_field_get(CTI_F_AgentState),
                           .data = bytes,
                           .length = 7};
    cti_item too_much = text_item(CTI_F_ANI_II, "00");

    (void)state;
    too_much.length += 7; /* bytes behind the terminating 0 */
    cti_redaction_item(redaction, &unknown);
    cti_redaction_item(redaction, &wrong_size);
    cti_redaction_item(redaction, &too_much);
    assert_true(unknown.redacted && wrong_size.redacted && too_much.redacted);
}

/* Text of an unknown tag is the same value as that text in any other field. */
static void text_of_unknown_tag(void **state)
{
    cti_item item = {.kind = CTI_ITEM_UNKNOWN_TAG,
                     .tag = 999,
                     .data = (const uint8_t *)"5551234",
                     .length = 8};

    (void)state;
    cti_redaction_item(redaction, &item);
    assert_true(item.redacted);
    assert_string_equal(item.text, cti_redaction_token(redaction, "5551234", 7));
}

static void what_stays(void **state)
{
    cti_item digits = text_item(CTI_F_ANI_II, "00"), empty = text_item(CTI_F_ANI, "");
    cti_item call = {.kind = CTI_ITEM_FIELD,
                     .field = cti_field_get(CTI_F_ConnectionCallID),
                     .has_number = true,
                     .number = 7};
    cti_item password = text_item(CTI_F_AgentPassword, "secret");

    (void)state;
    cti_redaction_item(redaction, &digits);
    cti_redaction_item(redaction, &empty);
    cti_redaction_item(redaction, &call);
    cti_redaction_item(redaction, &password);
    assert_false(digits.redacted || call.redacted || password.redacted);
    assert_int_equal(empty.text_length, 0);
    assert_int_equal(call.number, 7);
    assert_true(cti_item_is_secret(&password));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(same_value_same_token, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tokens_live_for_a_message, set_up, tear_down),
        cmocka_unit_test_setup_teardown(personal_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(personal_number, set_up, tear_down),
        cmocka_unit_test_setup_teardown(named_variable, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_nobody_can_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(text_of_unknown_tag, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_stays, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
