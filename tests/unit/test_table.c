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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(look_ups),
        cmocka_unit_test(slots_with_any_hint),
        cmocka_unit_test(versions),
        cmocka_unit_test(layouts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
