/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The records of lists, also of lists inside lists: which value belongs to which record, and what
 * counters count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bytes.h"
#include "reader.h"

static const cti_context version_15 = {.version = 15};
static const cti_context version_24 = {.version = 24};

/* A value's field, number and place: its record, and the record of the outer list. */
typedef struct place {
    cti_field_id field;
    uint32_t number, outer_record, record;
} place;

/* The list members of the message are those of expected, in wire order, and it shows so many
 * problems, all of them count-mismatch. */
static void assert_places(const bytes *b, const cti_context *context, const place *expected,
                          size_t count, uint32_t problems)
{
    cti_reader reader;
    cti_item item;
    size_t found = 0;

    cti_reader_init(&reader, b->data, b->size, context);
    while (cti_reader_next(&reader, &item)) {
        if (item.slot == NULL || item.slot->counter == NULL)
            continue;
        assert_true(found < count);
        assert_int_equal(cti_field_index(item.field), expected[found].field);
        assert_int_equal(item.number, expected[found].number);
        assert_int_equal(item.outer_record, expected[found].outer_record);
        assert_int_equal(item.record, expected[found].record);
        found++;
    }
    assert_int_equal(found, count);
    for (uint32_t i = 0; i < reader.problem_count; i++)
        assert_int_equal(reader.problems[i].id, CTI_PROBLEM_COUNT_MISMATCH);
    assert_int_equal(reader.problem_count, problems);
}

#define ASSERT_PLACES(b, context, expected, problems) \
    assert_places(b, context, expected, sizeof(expected) / sizeof((expected)[0]), problems)

static void put_narrow16(bytes *b, uint32_t tag, uint32_t number)
{
    put8(b, tag);
    put8(b, 2);
    put16(b, number);
}

static void put_narrow32(bytes *b, uint32_t tag, uint32_t number)
{
    put8(b, tag);
    put8(b, 4);
    put32(b, number);
}

static void put_wide16(bytes *b, uint32_t tag, uint32_t number)
{
    put16(b, tag);
    put16(b, 2);
    put16(b, number);
}

static void put_wide32(bytes *b, uint32_t tag, uint32_t number)
{
    put16(b, tag);
    put16(b, 4);
    put32(b, number);
}

/* One agent of CONFIG_AGENT_EVENT, and its first skills as servers send them: pairs of number and
 * priority. */
static void put_agent(bytes *b, uint32_t target, uint32_t num_skills, uint32_t skills)
{
    put_narrow16(b, CTI_TAG_RECORD_TYPE, 0);
    put_narrow32(b, CTI_TAG_AGENT_SKILL_TARGET_ID, target);
    put_narrow16(b, CTI_TAG_NUM_SKILLS, num_skills);
    for (uint32_t i = 0; i < skills; i++) {
        put_narrow32(b, CTI_TAG_SKILL_GROUP_NUMBER, 100 * target + i);
        put_narrow16(b, CTI_TAG_SKILL_GROUP_PRIORITY, i);
    }
}

static void skills_of_agents(void **state)
{
    static const place expected[] = {
        {CTI_F_RecordType, 0, 0, 0},
        {CTI_F_AgentSkillTargetID, 7, 0, 0},
        {CTI_F_NumSkills, 2, 0, 0},
        {CTI_F_FltSkillGroupNumber, 700, 0, 0},
        {CTI_F_FltSkillGroupPriority, 0, 0, 0},
        {CTI_F_FltSkillGroupNumber, 701, 0, 1},
        {CTI_F_FltSkillGroupPriority, 1, 0, 1},
        {CTI_F_RecordType, 0, 0, 1},
        {CTI_F_AgentSkillTargetID, 8, 0, 1},
        {CTI_F_NumSkills, 0, 0, 1},
        {CTI_F_RecordType, 0, 0, 2},
        {CTI_F_AgentSkillTargetID, 9, 0, 2},
        {CTI_F_NumSkills, 1, 0, 2},
        {CTI_F_FltSkillGroupNumber, 900, 2, 0},
        {CTI_F_FltSkillGroupPriority, 0, 2, 0},
    };
    bytes b;

    (void)state;
    start_message(&b, CTI_CONFIG_AGENT_EVENT);
    put16(&b, 3); /* NumRecords */
    put_agent(&b, 7, 2, 2);
    put_agent(&b, 8, 0, 0);
    put_agent(&b, 9, 1, 1);
    end_message(&b);
    ASSERT_PLACES(&b, &version_15, expected, 0);
}

/* A wrong counter is found in its record, also where the sum over all records would be right. */
static void skills_miscounted(void **state)
{
    static const uint32_t counted[] = {2, 1}, sent[] = {1, 2};
    cti_reader reader;
    cti_item item;
    bytes b;

    (void)state;
    start_message(&b, CTI_CONFIG_AGENT_EVENT);
    put16(&b, 2);
    for (uint32_t i = 0; i < 2; i++)
        put_agent(&b, 7 + i, counted[i], sent[i]);
    end_message(&b);
    cti_reader_init(&reader, b.data, b.size, &version_15);
    while (cti_reader_next(&reader, &item))
        ;
    assert_int_equal(reader.problem_count, 2);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(reader.problems[i].id, CTI_PROBLEM_COUNT_MISMATCH);
        assert_ptr_equal(reader.problems[i].field, cti_field_get(CTI_F_NumSkills));
        assert_int_equal(reader.problems[i].expected, counted[i]);
        assert_int_equal(reader.problems[i].found, sent[i]);
    }
}

/* The same list as arrays: one field for all numbers, one for all priorities. */
static void skills_as_arrays(void **state)
{
    static const place expected[] = {
        {CTI_F_AgentSkillTargetID, 7, 0, 0},
        {CTI_F_NumSkills, 2, 0, 0},
        {CTI_F_FltSkillGroupNumber, 70, 0, 0},
        {CTI_F_FltSkillGroupNumber, 71, 0, 1},
        {CTI_F_FltSkillGroupPriority, 3, 0, 0},
        {CTI_F_FltSkillGroupPriority, 4, 0, 1},
        {CTI_F_AgentSkillTargetID, 8, 0, 1},
        {CTI_F_NumSkills, 1, 0, 1},
        {CTI_F_FltSkillGroupNumber, 80, 1, 0},
    };
    bytes b;

    (void)state;
    start_message(&b, CTI_CONFIG_AGENT_EVENT);
    put16(&b, 2);
    put_narrow32(&b, CTI_TAG_AGENT_SKILL_TARGET_ID, 7);
    put_narrow16(&b, CTI_TAG_NUM_SKILLS, 2);
    put_narrow(&b, CTI_TAG_SKILL_GROUP_NUMBER, "\0\0\0\106\0\0\0\107", 8);
    put_narrow(&b, CTI_TAG_SKILL_GROUP_PRIORITY, "\0\3\0\4", 4);
    put_narrow32(&b, CTI_TAG_AGENT_SKILL_TARGET_ID, 8);
    put_narrow16(&b, CTI_TAG_NUM_SKILLS, 1);
    put_narrow32(&b, CTI_TAG_SKILL_GROUP_NUMBER, 80);
    end_message(&b);
    ASSERT_PLACES(&b, &version_15, expected, 0);
}

/* What one record leaves out is not taken from the next one. */
static void members_left_out(void **state)
{
    static const place expected[] = {
        {CTI_F_RecordType, 0, 0, 0},   {CTI_F_FltSkillGroupPriority, 1, 0, 0},
        {CTI_F_RecordType, 1, 0, 1},   {CTI_F_RecordType, 2, 0, 2},
        {CTI_F_FltSkillGroupPriority, 5, 0, 2},
    };
    bytes b;

    (void)state;
    start_message(&b, CTI_CONFIG_SKILL_GROUP_EVENT);
    put16(&b, 3);
    put_narrow16(&b, CTI_TAG_RECORD_TYPE, 0);
    put_narrow16(&b, CTI_TAG_SKILL_GROUP_PRIORITY, 1);
    put_narrow16(&b, CTI_TAG_RECORD_TYPE, 1);
    put_narrow16(&b, CTI_TAG_RECORD_TYPE, 2);
    put_narrow16(&b, CTI_TAG_SKILL_GROUP_PRIORITY, 5);
    end_message(&b);
    ASSERT_PLACES(&b, &version_15, expected, 0);
}

static void services_of_agents(void **state)
{
    static const place expected[] = {
        {CTI_F_AgentSkillTargetID, 7, 0, 0}, {CTI_F_NumOfEnabledServices, 2, 0, 0},
        {CTI_F_FltEnabledServices, 1, 0, 0}, {CTI_F_FltEnabledServices, 2, 0, 1},
        {CTI_F_AgentSkillTargetID, 8, 0, 1}, {CTI_F_NumOfEnabledServices, 0, 0, 1},
    };
    bytes b;

    (void)state;
    start_message(&b, CTI_CONFIG_AGENT_SERVICE_EVENT);
    put16(&b, 2);
    put_wide32(&b, CTI_TAG_AGENT_SKILL_TARGET_ID, 7);
    put_wide16(&b, CTI_TAG_NUM_OF_ENABLED_SERVICES, 2);
    put_wide(&b, CTI_TAG_FLT_ENABLED_SERVICES, "\0\1\0\2", 4);
    put_wide32(&b, CTI_TAG_AGENT_SKILL_TARGET_ID, 8);
    put_wide16(&b, CTI_TAG_NUM_OF_ENABLED_SERVICES, 0);
    end_message(&b);
    ASSERT_PLACES(&b, &version_24, expected, 0);
}

/* An array without values is in its outer record, and in no record of its own list. */
static void empty_array(void **state)
{
    cti_record records[CTI_RECORD_DEPTH];
    cti_reader reader;
    cti_item item;
    bytes b;

    (void)state;
    start_message(&b, CTI_CONFIG_AGENT_SERVICE_EVENT);
    put16(&b, 1);
    put_wide16(&b, CTI_TAG_NUM_OF_ENABLED_SERVICES, 0);
    put_wide(&b, CTI_TAG_FLT_ENABLED_SERVICES, "", 0);
    end_message(&b);
    cti_reader_init(&reader, b.data, b.size, &version_24);
    while (cti_reader_next(&reader, &item))
        ;
    assert_int_equal(reader.problem_count, 0);
    assert_true(cti_item_is_empty_array(&item));
    assert_int_equal(cti_item_records(&item, records), 1);
    assert_ptr_equal(records[0].counter, cti_field_get(CTI_F_NumRecords));
    assert_int_equal(records[0].index, 0);
}

/* OPEN_CONF as CTI Server sends it: the list without its counter. */
static void list_without_counter(void **state)
{
    static const place expected[] = {
        {CTI_F_FltPeripheralID, 5000, 0, 0}, {CTI_F_MultilineAgentControl, 0, 0, 0},
        {CTI_F_FltPeripheralID, 5001, 0, 1}, {CTI_F_MultilineAgentControl, 1, 0, 1},
    };
    bytes b;

    (void)state;
    open_conf(&b, 1);
    for (uint32_t i = 0; i < 2; i++) {
        put_wide32(&b, CTI_TAG_PERIPHERAL_ID, 5000 + i);
        put_wide16(&b, CTI_TAG_MULTI_LINE_AGENT_CONTROL, i);
    }
    end_message(&b);
    ASSERT_PLACES(&b, &version_24, expected, 0);
}

/* A counter after its list counts it too; one that counts what is not there is wrong. */
static void counters(void **state)
{
    static const place expected[] = {{CTI_F_FltPeripheralID, 5000, 0, 0}};
    bytes b;

    (void)state;
    for (uint32_t count = 0; count < 3; count++) {
        open_conf(&b, 1);
        put_wide32(&b, CTI_TAG_PERIPHERAL_ID, 5000);
        put_wide16(&b, CTI_TAG_NUM_PERIPHERALS, count);
        end_message(&b);
        ASSERT_PLACES(&b, &version_24, expected, count == 1 ? 0 : 1);
    }
    open_conf(&b, 1);
    put_wide16(&b, CTI_TAG_NUM_PERIPHERALS, 1);
    end_message(&b);
    assert_places(&b, &version_24, NULL, 0, 1);
}

/* Nothing is missing from a floating part that cannot be read to its end. */
static void nothing_missing_where_broken(void **state)
{
    cti_reader reader;
    cti_item item;
    bytes b;

    (void)state;
    open_req(&b, 1, 24, 120);
    b.data[b.size - 1] = 1; /* ClientPassword says that it has a byte */
    cti_reader_init(&reader, b.data, b.size, NULL);
    while (cti_reader_next(&reader, &item))
        ;
    assert_int_equal(reader.problem_count, 1);
    assert_int_equal(reader.problems[0].id, CTI_PROBLEM_FLOATING_PAST_END);
    assert_int_equal(reader.problems[0].tag, CTI_TAG_CLIENT_PASSWORD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(skills_of_agents),     cmocka_unit_test(skills_miscounted),
        cmocka_unit_test(skills_as_arrays),     cmocka_unit_test(members_left_out),
        cmocka_unit_test(services_of_agents),   cmocka_unit_test(list_without_counter),
        cmocka_unit_test(empty_array),
        cmocka_unit_test(counters),             cmocka_unit_test(nothing_missing_where_broken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
