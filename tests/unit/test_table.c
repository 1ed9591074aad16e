/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table's look-ups, and what the reader counts on in its rows.  Whether the rows are those of
 * GED-188 is for tests/table to say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "reader.h"

static void look_ups(void **state)
{
    (void)state;
    assert_ptr_equal(cti_field_find("ConnectionCallID"), cti_field_get(CTI_F_ConnectionCallID));
    assert_int_equal(cti_field_index(cti_field_find("AgentID")), CTI_F_AgentID);
    assert_null(cti_field_find("connectioncallid"));
    assert_null(cti_field_get(CTI_FIELD_COUNT));
    assert_int_equal(cti_message_find(CTI_OPEN_REQ)->number, CTI_OPEN_REQ);
    assert_null(cti_message_find(0));
    assert_null(cti_message_find(UINT32_MAX));
    assert_int_equal(cti_tag_find(CTI_TAG_CLIENT_ID)->number, CTI_TAG_CLIENT_ID);
    assert_null(cti_tag_find(0));
    assert_null(cti_tag_find(UINT32_MAX));
}

static void slots_with_any_hint(void **state)
{
    const cti_message *message = cti_message_find(CTI_OPEN_REQ);

    (void)state;
    for (uint32_t hint = 0; hint < 2 * CTI_MESSAGE_FLOATING_MAX; hint++) {
        assert_ptr_equal(cti_message_slot(message, CTI_TAG_CLIENT_ID, hint), message->floating);
        assert_null(cti_message_slot(message, CTI_TAG_NEWEST + 1, hint));
    }
    assert_ptr_equal(cti_message_slot(message, CTI_TAG_CLIENT_ID, UINT32_MAX), message->floating);
}

static void versions(void **state)
{
    (void)state;
    assert_int_equal(cti_versions_newest(CTI_VERSIONS_ALL), CTI_VERSION_NEWEST);
    assert_int_equal(cti_versions_newest(cti_versions_of(12) | cti_versions_of(9)), 12);
    assert_int_equal(cti_versions_newest(0), 0);
    assert_int_equal(cti_versions_of(0), cti_versions_of(CTI_VERSION_OLDEST));
    assert_int_equal(cti_versions_of(UINT32_MAX), cti_versions_of(CTI_VERSION_NEWEST));
}

static void check_number_sizes(const cti_layout *layout)
{
    for (uint32_t i = 0; i < layout->count; i++)
        if (layout->slots[i].field->type <= CTI_TYPE_TIME)
            assert_true(layout->slots[i].size == 1 || layout->slots[i].size == 2 ||
                        layout->slots[i].size == 4);
}

/* The fixed part's numbers have 1, 2 or 4 bytes, and each version has one layout. */
static void layouts(void **state)
{
    uint32_t checked = 0;

    (void)state;
    for (uint32_t number = 0; number <= CTI_MESSAGE_NEWEST; number++) {
        const cti_message *message = cti_message_find(number);
        cti_versions seen = 0;

        if (message == NULL || message->layout_count == 0)
            continue;
        for (uint32_t i = 0; i < message->layout_count; i++) {
            const cti_layout *layout = &message->layouts[i];

            check_number_sizes(layout);
            for (uint32_t version = layout->from; version != 0 && version <= layout->to; version++) {
                assert_false(seen & cti_versions_of(version));
                seen |= cti_versions_of(version);
            }
        }
        assert_int_equal(seen, CTI_VERSIONS_ALL);
        checked++;
    }
    assert_true(checked > 100);
}

/* The counter of the list of which the field is a member, or NULL. */
static const cti_field *list_of(const cti_message *message, const cti_field *field)
{
    for (uint32_t i = 0; i < message->floating_count; i++)
        if (message->floating[i].field == field)
            return message->floating[i].counter;
    return NULL;
}

static uint32_t count_lists(const cti_message *message)
{
    const cti_field *counters[CTI_MESSAGE_FLOATING_MAX];
    uint32_t count = 0;

    for (uint32_t i = 0; i < message->floating_count; i++) {
        const cti_field *counter = message->floating[i].counter;
        bool is_new = counter != NULL;

        for (uint32_t k = 0; k < count && is_new; k++)
            is_new = counters[k] != counter;
        if (is_new)
            counters[count++] = counter;
    }
    return count;
}

static bool counts_something(const cti_message *message, const cti_field *field)
{
    for (uint32_t i = 0; i < message->floating_count; i++)
        if (message->floating[i].counter == field)
            return true;
    return false;
}

static void check_slots(const cti_message *message, const cti_slot *slots, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const cti_slot *slot = &slots[i];

        assert_true(!(slot->field->flags & CTI_FIELD_COUNTER) ||
                    counts_something(message, slot->field));
        assert_true(slot->counter == NULL || slot->counter->flags & CTI_FIELD_COUNTER);
        assert_true(!(slot->flags & CTI_SLOT_ARRAY) || CTI_TYPE_SIZE(slot->field->type) != 0);
        /* The counter of a list inside a list is in each record of the outer one. */
        if (slot->counter != NULL)
            assert_ptr_equal(list_of(message, slot->counter), slot->outer);
    }
}

/* A counter counts a list wherever it stands, and has its mark; a list inside a list is found. */
static void lists(void **state)
{
    (void)state;
    for (uint32_t number = 0; number <= CTI_MESSAGE_NEWEST; number++) {
        const cti_message *message = cti_message_find(number);

        if (message == NULL || message->format == CTI_UNPUBLISHED)
            continue;
        assert_true(count_lists(message) <= CTI_MESSAGE_LISTS_MAX);
        check_slots(message, message->floating, message->floating_count);
        for (uint32_t i = 0; i < message->layout_count; i++)
            check_slots(message, message->layouts[i].slots, message->layouts[i].count);
    }
}

/* A list's name is no field's: both are keys of one JSON object. */
static void list_names(void **state)
{
    (void)state;
    assert_string_equal(cti_list_name(cti_field_get(CTI_F_NumSkills)), "Skills");
    assert_string_equal(cti_list_name(cti_field_get(CTI_F_NumberOfAgents)), "Agents");
    assert_string_equal(cti_list_name(cti_field_get(CTI_F_NumOfEnabledServices)),
                        "EnabledServices");
    for (uint32_t i = 0; i < CTI_FIELD_COUNT; i++)
        if (cti_field_get(i)->flags & CTI_FIELD_COUNTER)
            assert_null(cti_field_find(cti_list_name(cti_field_get(i))));
}

static void values_of_older_versions(void **state)
{
    const cti_value_set *statuses = cti_field_get(CTI_F_Status)->values;
    const cti_value_set *calls = cti_field_get(CTI_F_CallType)->values;

    (void)state;
    assert_string_equal(cti_value_in_version(statuses, 2, 20)->name, "E_CTI_INVALID_MESSAGE_TYPE");
    assert_string_equal(cti_value_in_version(statuses, 2, 21)->name,
                        "E_CTI_INVALID_MESSAGE_LENGTH");
    assert_string_equal(cti_value_in_version(statuses, 2, 0)->name, "E_CTI_INVALID_MESSAGE_LENGTH");
    assert_null(cti_value_in_version(calls, 27, 14));
    assert_string_equal(cti_value_in_version(calls, 27, 15)->name, "RESERVATION_PREVIEW");
    assert_string_equal(cti_value_in_version(calls, 38, 14)->name, "CALLTYPE_NON_ACD");
    assert_null(cti_value_in_version(calls, 0, 14));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(look_ups),
        cmocka_unit_test(slots_with_any_hint),
        cmocka_unit_test(versions),
        cmocka_unit_test(layouts),
        cmocka_unit_test(lists),
        cmocka_unit_test(list_names),
        cmocka_unit_test(values_of_older_versions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
