/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pull reader on messages made by hand: values, layouts by version, framing of the
 * floating part, and each named problem. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bytes.h"
#include "reader_private.h"

static const cti_context version_20 = {.version = 20};
static const cti_context version_24 = {.version = 24};

/* Reads the whole message and checks that its items cover it exactly once. */
static void read_all(cti_reader *reader, const bytes *b, const cti_context *context)
{
    uint32_t expected = CTI_HEADER_SIZE;
    cti_item item;
    bool clean;

    cti_reader_init(reader, b->data, b->size, context);
    clean = cti_reader_is_clean(reader);
    while (cti_reader_next(reader, &item)) {
        assert_int_equal(item.start, expected);
        assert_true(item.offset + item.length == item.start + item.size);
        expected += item.size;
    }
    if (b->size >= CTI_HEADER_SIZE)
        assert_int_equal(expected, reader->end);
    assert_true(!clean || reader->problem_count == 0);
}

static uint32_t count_problem(const cti_reader *reader, cti_problem_id id)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < reader->problem_count; i++)
        count += reader->problems[i].id == id;
    return count;
}

/* The message shows this problem once, and no other. */
static void assert_only_problem(const bytes *b, const cti_context *context, cti_problem_id id)
{
    cti_reader reader;

    read_all(&reader, b, context);
    if (reader.problem_count != 1 || reader.problems[0].id != id)
        for (uint32_t i = 0; i < reader.problem_count; i++)
            print_error("problem: %s\n", cti_problem_name(reader.problems[i].id));
    assert_int_equal(reader.problem_count, 1);
    assert_string_equal(cti_problem_name(reader.problems[0].id), cti_problem_name(id));
}

static void assert_no_problem(const bytes *b, const cti_context *context)
{
    cti_reader reader;

    read_all(&reader, b, context);
    for (uint32_t i = 0; i < reader.problem_count; i++)
        print_error("problem: %s\n", cti_problem_name(reader.problems[i].id));
    assert_int_equal(reader.problem_count, 0);
}

/* AGENT_STATE_EVENT of version 19 and later, without its end. */
static void agent_state_event(bytes *b)
{
    start_message(b, 30);
    put32(b, 0);          /* MonitorID */
    put32(b, 5000);       /* PeripheralID */
    put32(b, 1);          /* SessionID */
    put16(b, 17);         /* PeripheralType */
    put16(b, 3);          /* SkillGroupState */
    put32(b, 12);         /* StateDuration */
    put32(b, 7);          /* SkillGroupNumber */
    put32(b, 5007);       /* SkillGroupID */
    put16(b, 0);          /* SkillGroupPriority */
    put16(b, 3);          /* AgentState */
    put16(b, 0);          /* EventReasonCode */
    put32(b, 1);          /* MRDID */
    put32(b, 0);          /* NumTasks */
    put16(b, 1);          /* AgentMode */
    put32(b, 1);          /* MaxTaskLimit */
    put32(b, 5101);       /* ICMAgentID */
    put32(b, 1);          /* AgentAvailabilityStatus */
    put16(b, 0);          /* NumFltSkillGroups */
    put32(b, 0);          /* DepartmentID */
}

static void values_of_a_message(void **state)
{
    bytes b;
    cti_reader reader;
    cti_item item;

    (void)state;
    open_req(&b, 7, 20, 120);
    read_all(&reader, &b, NULL);
    assert_int_equal(reader.problem_count, 0);
    assert_int_equal(reader.version, 20);
    assert_true(reader.wide_tags);
    assert_true(cti_reader_find(&reader, CTI_F_IdleTimeout, &item));
    assert_int_equal(item.number, 120);
    assert_int_equal(item.offset, 16);
    assert_true(cti_reader_find(&reader, CTI_F_ClientID, &item));
    assert_int_equal(item.text_length, 7);
    assert_memory_equal(item.text, "CTIOS1A", 7);
    assert_int_equal(item.tag, 1);
    assert_false(cti_reader_find(&reader, CTI_F_AgentID, &item));
}

static void signed_numbers(void **state)
{
    bytes b;
    cti_reader reader;
    cti_item item;

    (void)state;
    agent_state_event(&b);
    b.data[b.size - 4] = 0xFF;
    b.data[b.size - 3] = 0xFF;
    b.data[b.size - 2] = 0xFF;
    b.data[b.size - 1] = 0xFE;
    end_message(&b);
    read_all(&reader, &b, &version_20);
    assert_true(cti_reader_find(&reader, CTI_F_DepartmentID, &item));
    assert_int_equal((int32_t)item.number, -2);
}

static void narrow_tags_below_version_20(void **state)
{
    const cti_context version_19 = {.version = 19};
    bytes b;
    cti_reader reader;
    cti_item item;

    (void)state;
    agent_state_event(&b);
    put_narrow(&b, 5, "1001", 5);
    put_narrow(&b, 4, "2001", 5);
    end_message(&b);
    read_all(&reader, &b, &version_19);
    assert_int_equal(reader.problem_count, 0);
    assert_false(reader.wide_tags);
    assert_true(cti_reader_find(&reader, CTI_F_AgentExtension, &item));
    assert_memory_equal(item.text, "2001", 4);
}

static void framing_found_without_open_req(void **state)
{
    bytes b;
    cti_reader reader;

    (void)state;
    agent_state_event(&b);
    put_narrow(&b, 5, "1001", 5);
    end_message(&b);
    assert_int_equal(cti_versions_newest(cti_versions_that_fit(b.data, b.size)), 19);
    read_all(&reader, &b, NULL);
    assert_false(reader.wide_tags);
    assert_int_equal(reader.problem_count, 0);

    agent_state_event(&b);
    put_string(&b, 5, "1001");
    end_message(&b);
    assert_int_equal(cti_versions_newest(cti_versions_that_fit(b.data, b.size)), 25);
}

static void older_layout_of_open_conf(void **state)
{
    const cti_context version_13 = {.version = 13};
    bytes b;
    cti_reader reader;
    cti_item item;

    (void)state;
    open_conf(&b, 1);
    b.size -= 6; /* DepartmentID and SessionType came later */
    end_message(&b);
    read_all(&reader, &b, &version_13);
    assert_int_equal(reader.problem_count, 0);
    assert_false(cti_reader_find(&reader, CTI_F_SessionType, &item));
    assert_only_problem(&b, &version_24, CTI_PROBLEM_LAYOUT_DIFFERS);
}

static void failure_conf_by_its_length(void **state)
{
    bytes b;
    cti_reader reader;
    cti_item item;

    (void)state;
    status_message(&b, 1, 9, 5);
    read_all(&reader, &b, &version_20);
    assert_int_equal(reader.problem_count, 0);
    assert_true(cti_reader_find(&reader, CTI_F_Status, &item));
    assert_int_equal(item.number, 5);

    start_message(&b, 1);
    put32(&b, 9);
    put16(&b, 9);
    put32(&b, 3);
    end_message(&b);
    read_all(&reader, &b, &version_20);
    assert_int_equal(reader.problem_count, 0);
    assert_true(cti_reader_status(&reader, &item));
    assert_ptr_equal(item.field, cti_field_get(CTI_F_Status));
    assert_int_equal(item.number, CTI_V_StatusCode_E_CTI_AGENT_NOT_LOGGED_ON);
    assert_int_equal(cti_reader_number(&reader, CTI_F_PeripheralErrorCode), 3);
}

static void recording_message(bytes *b, uint32_t type, uint32_t body)
{
    start_message(b, type);
    for (uint32_t i = 0; i < body; i++)
        put8(b, 0);
    end_message(b);
}

/* The sources number network recording from 267 on, or from 268 on. */
static void network_recording_by_its_length(void **state)
{
    static const struct {
        uint32_t type, body, message;
    } rows[] = {
        {267, 14, CTI_START_NETWORK_RECORDING_REQ},
        {268, 14, CTI_START_NETWORK_RECORDING_REQ},
        {268, 4, CTI_START_NETWORK_RECORDING_CONF},
        {269, 4, CTI_START_NETWORK_RECORDING_CONF},
        {269, 14, CTI_STOP_NETWORK_RECORDING_REQ},
        {270, 14, CTI_STOP_NETWORK_RECORDING_REQ},
        {270, 4, CTI_STOP_NETWORK_RECORDING_CONF},
        {271, 4, CTI_STOP_NETWORK_RECORDING_CONF},
        {271, 16, CTI_NETWORK_RECORDING_STARTED_EVENT},
        {272, 16, CTI_NETWORK_RECORDING_STARTED_EVENT},
        {273, 16, CTI_NETWORK_RECORDING_ENDED_EVENT},
        {273, 18, CTI_NETWORK_RECORDING_FAILED_EVENT},
        {274, 18, CTI_NETWORK_RECORDING_FAILED_EVENT},
        {274, 20, CTI_NETWORK_RECORDING_TARGET_INFO_EVENT},
        {275, 20, CTI_NETWORK_RECORDING_TARGET_INFO_EVENT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cti_reader reader;
        bytes b;

        recording_message(&b, rows[i].type, rows[i].body);
        read_all(&reader, &b, &version_24);
        assert_int_equal(reader.message_type, rows[i].type);
        assert_int_equal(reader.message->number, rows[i].message);
        assert_int_equal(count_problem(&reader, CTI_PROBLEM_UNKNOWN_VALUE),
                         reader.problem_count);
    }
}

static void named_variables_and_arrays(void **state)
{
    bytes b;
    cti_reader reader;
    cti_item item;

    (void)state;
    start_message(&b, 110); /* REGISTER_VARIABLES_REQ */
    put32(&b, 1);
    put16(&b, 0);
    put16(&b, 1);
    put16(&b, 1);
    put_wide(&b, 82, "user.lang\0en", 13);
    put_wide(&b, 83, "\003user.list\0x", 13);
    end_message(&b);
    read_all(&reader, &b, &version_20);
    assert_true(cti_reader_find(&reader, CTI_F_NamedVariable, &item));
    assert_int_equal(item.name_length, 9);
    assert_memory_equal(item.name, "user.lang", 9);
    assert_int_equal(item.text_length, 2);
    assert_memory_equal(item.text, "en", 2);
    assert_true(cti_reader_find(&reader, CTI_F_NamedArray, &item));
    assert_int_equal(item.number, 3);
    assert_memory_equal(item.name, "user.list", 9);
    assert_memory_equal(item.text, "x", 1);
}

static void array_in_one_field(void **state)
{
    bytes b;
    cti_reader reader;
    cti_item item;
    uint32_t values[3] = {0}, count = 0;

    (void)state;
    start_message(&b, 235); /* CONFIG_SERVICE_EVENT */
    put16(&b, 1);           /* NumRecords */
    put_wide(&b, 187, "\0\0\0\1\0\0\0\2\0\0\0\3", 12);
    end_message(&b);
    cti_reader_init(&reader, b.data, b.size, &version_20);
    while (cti_reader_next(&reader, &item))
        if (item.field == cti_field_get(CTI_F_ServiceMember)) {
            assert_int_equal(item.element, count);
            values[count++] = item.number;
        }
    assert_int_equal(count, 3);
    assert_int_equal(values[0], 1);
    assert_int_equal(values[2], 3);
    assert_int_equal(reader.problem_count, 0);
    assert_true(cti_reader_find(&reader, CTI_F_ServiceMember, &item));
    assert_true(item.has_number);
    assert_int_equal(item.number, 1);
    assert_int_equal(item.length, 4);
    assert_int_equal(item.size, 8); /* tag and length, and the first value */
}

static void unpublished_message_with_known_tail(void **state)
{
    bytes b;
    cti_reader reader;
    cti_item item;

    (void)state;
    start_message(&b, 265); /* AGENT_TASKS_END_EVENT: only tag 7 is known */
    put32(&b, 0x01020304);
    put_string(&b, 7, "done");
    end_message(&b);
    cti_reader_init(&reader, b.data, b.size, &version_24);
    assert_true(cti_reader_next(&reader, &item));
    assert_int_equal(item.kind, CTI_ITEM_BODY);
    assert_int_equal(item.length, 4);
    assert_true(cti_reader_next(&reader, &item));
    assert_memory_equal(item.text, "done", 4);
    assert_false(cti_reader_next(&reader, &item));
    assert_int_equal(reader.problem_count, 0);
}

static void problem_truncated(void **state)
{
    bytes b;

    (void)state;
    open_req(&b, 1, 20, 120);
    for (uint32_t size = 8; size < b.size; size++) {
        bytes cut = b;
        cti_reader reader;

        cut.size = size;
        read_all(&reader, &cut, &version_20);
        assert_int_equal(count_problem(&reader, CTI_PROBLEM_TRUNCATED), 1);
        assert_int_equal(reader.problem_count, 1);
    }
}

static void problem_length_too_large(void **state)
{
    bytes b;

    (void)state;
    short_message(&b, 5, 1);
    memset(b.data, 0xFF, 4);
    assert_only_problem(&b, &version_20, CTI_PROBLEM_LENGTH_TOO_LARGE);
}

static void problem_unknown_message(void **state)
{
    bytes b;

    (void)state;
    short_message(&b, 400, 1);
    assert_only_problem(&b, &version_20, CTI_PROBLEM_UNKNOWN_MESSAGE);
}

static void problem_fixed_part_short(void **state)
{
    bytes b;

    (void)state;
    start_message(&b, 7);
    put32(&b, 1);
    put16(&b, 0);
    end_message(&b);
    assert_only_problem(&b, &version_20, CTI_PROBLEM_FIXED_PART_SHORT);
}

static void problem_left_over_bytes(void **state)
{
    bytes b;

    (void)state;
    start_message(&b, 5);
    put32(&b, 1);
    put16(&b, 0);
    put8(&b, 0);
    end_message(&b);
    assert_only_problem(&b, &version_20, CTI_PROBLEM_LEFT_OVER_BYTES);
}

static void problem_floating_past_end(void **state)
{
    bytes b;

    (void)state;
    agent_state_event(&b);
    put_string(&b, 5, "1001");
    b.data[b.size - 6] = 200;
    end_message(&b);
    assert_only_problem(&b, &version_20, CTI_PROBLEM_FLOATING_PAST_END);
}

static void problem_tag_zero(void **state)
{
    bytes b;

    (void)state;
    agent_state_event(&b);
    put_string(&b, 5, "1001");
    put_wide(&b, 0, "x", 1);
    end_message(&b);
    assert_only_problem(&b, &version_20, CTI_PROBLEM_TAG_ZERO);
}

static void problem_unknown_tag_keeps_step(void **state)
{
    bytes b;
    cti_reader reader;
    cti_item item;

    (void)state;
    agent_state_event(&b);
    put_wide(&b, 999, "whatever", 8);
    put_string(&b, 5, "1001");
    end_message(&b);
    assert_only_problem(&b, &version_20, CTI_PROBLEM_UNKNOWN_TAG);
    cti_reader_init(&reader, b.data, b.size, &version_20);
    assert_true(cti_reader_find(&reader, CTI_F_AgentID, &item));
    assert_memory_equal(item.text, "1001", 4);
}

/* OPEN_REQ's UniqueInstanceID has no published tag: it is perhaps the only unknown one. */
static void problem_unique_instance_id(void **state)
{
    cti_context context = {.version = 24};
    bytes b;

    (void)state;
    open_req(&b, 1, 24, 120);
    put_wide(&b, 999, "A1", 3);
    end_message(&b);
    assert_only_problem(&b, &context, CTI_PROBLEM_UNIQUE_INSTANCE_ID);

    open_req(&b, 1, 23, 120);
    put_wide(&b, 999, "A1", 3);
    end_message(&b);
    context.version = 23;
    assert_only_problem(&b, &context, CTI_PROBLEM_UNKNOWN_TAG);
}

/* What comes after a field that is longer than the message is not missing. */
static void nothing_missing_after_a_broken_field(void **state)
{
    const cti_context context = {.version = 24};
    bytes b;

    (void)state;
    open_req(&b, 1, 24, 120);
    b.data[52 + 3] = 200; /* length of ClientID */
    assert_only_problem(&b, &context, CTI_PROBLEM_FLOATING_PAST_END);
}

static void problem_tag_not_of_message(void **state)
{
    bytes b;

    (void)state;
    agent_state_event(&b);
    put_string(&b, 66, "object");
    end_message(&b);
    assert_only_problem(&b, &version_20, CTI_PROBLEM_TAG_NOT_OF_MESSAGE);
}

static void problem_field_too_long(void **state)
{
    bytes b;

    (void)state;
    agent_state_event(&b);
    put_string(&b, 5, "10010010010010");
    end_message(&b);
    assert_only_problem(&b, &version_20, CTI_PROBLEM_FIELD_TOO_LONG);
}

static void problem_field_repeated(void **state)
{
    bytes b;

    (void)state;
    agent_state_event(&b);
    put_string(&b, 5, "1001");
    put_string(&b, 5, "1002");
    end_message(&b);
    assert_only_problem(&b, &version_20, CTI_PROBLEM_FIELD_REPEATED);
}

static void problem_required_missing(void **state)
{
    bytes b;

    (void)state;
    open_req(&b, 1, 20, 120);
    b.size -= 4; /* ClientPassword */
    end_message(&b);
    assert_only_problem(&b, NULL, CTI_PROBLEM_REQUIRED_MISSING);
}

/* Bytes that cannot be framed may be the field: it is not known to be missing. */
static void broken_field_is_not_missing(void **state)
{
    bytes b;
    cti_reader reader;

    (void)state;
    open_req(&b, 1, 20, 120);
    b.data[b.size - 1] = 9; /* ClientPassword claims 9 bytes, none is left */
    assert_only_problem(&b, NULL, CTI_PROBLEM_FLOATING_PAST_END);
    read_all(&reader, &b, NULL);
    assert_ptr_equal(reader.problems[0].field, cti_field_get(CTI_F_ClientPassword));
    assert_int_equal(reader.problems[0].expected, 9);
    assert_int_equal(reader.problems[0].found, 0);
}

static void problem_tag_size(void **state)
{
    bytes b;
    cti_reader reader;
    cti_item item;

    (void)state;
    open_req(&b, 1, 24, 120);
    b.size -= 4 + 4 + 8;
    put_narrow(&b, 1, "CTIOS1A", 8);
    put_narrow(&b, 2, "", 0);
    end_message(&b);
    assert_only_problem(&b, NULL, CTI_PROBLEM_TAG_SIZE);
    read_all(&reader, &b, NULL);
    assert_int_equal(reader.problems[0].expected, 24);
    assert_int_equal(reader.problems[0].found, 1);
    assert_true(cti_reader_find(&reader, CTI_F_ClientID, &item));
    assert_int_equal(item.text_length, 7);

    open_req(&b, 1, 13, 120);
    assert_only_problem(&b, NULL, CTI_PROBLEM_TAG_SIZE);
}

static void problem_string_not_terminated(void **state)
{
    bytes b;

    (void)state;
    agent_state_event(&b);
    put_wide(&b, 5, "1001", 4);
    end_message(&b);
    assert_only_problem(&b, &version_20, CTI_PROBLEM_STRING_NOT_TERMINATED);
}

static void problem_bytes_after_terminator(void **state)
{
    bytes b;

    (void)state;
    agent_state_event(&b);
    put_wide(&b, 5, "1001\0x", 6);
    end_message(&b);
    assert_only_problem(&b, &version_20, CTI_PROBLEM_BYTES_AFTER_TERMINATOR);
}

static void problem_number_size(void **state)
{
    bytes b;

    (void)state;
    agent_state_event(&b);
    put_wide(&b, 244, "\0\1", 2); /* Direction is UINT */
    put_string(&b, 5, "1001");
    end_message(&b);
    assert_only_problem(&b, &version_20, CTI_PROBLEM_NUMBER_SIZE);
}

static void problem_count_mismatch(void **state)
{
    bytes b;

    (void)state;
    agent_state_event(&b);
    b.data[b.size - 5] = 2; /* NumFltSkillGroups */
    put_wide(&b, 62, "\0\0\0\7", 4);
    end_message(&b);
    assert_only_problem(&b, &version_20, CTI_PROBLEM_COUNT_MISMATCH);
}

static void problem_reserved_not_zero(void **state)
{
    bytes b;

    (void)state;
    open_req(&b, 1, 20, 120);
    b.data[8 + 43] = 1;
    assert_only_problem(&b, NULL, CTI_PROBLEM_RESERVED_NOT_ZERO);
}

static void problem_unknown_bits(void **state)
{
    bytes b;

    (void)state;
    open_req(&b, 1, 20, 120);
    b.data[8 + 16 + 2] |= 0x40; /* 0x4000 is unused in ServicesRequested */
    assert_only_problem(&b, NULL, CTI_PROBLEM_UNKNOWN_BITS);
}

static void problem_unknown_value(void **state)
{
    bytes b;

    (void)state;
    status_message(&b, 7, 1, 9999);
    assert_only_problem(&b, &version_20, CTI_PROBLEM_UNKNOWN_VALUE);
}

static void problems_are_bounded(void **state)
{
    bytes b;
    cti_reader reader;

    (void)state;
    agent_state_event(&b);
    for (int i = 0; i < 200; i++)
        put_wide(&b, 999, "", 0);
    end_message(&b);
    read_all(&reader, &b, &version_20);
    assert_int_equal(reader.problem_count, CTI_PROBLEMS_MAX);
    assert_int_equal(reader.problems[CTI_PROBLEMS_MAX - 1].id, CTI_PROBLEM_MORE);
    assert_int_equal(reader.problems[CTI_PROBLEMS_MAX - 1].found, 200 - (CTI_PROBLEMS_MAX - 1));
}

static void empty_floating_part_is_clean(void **state)
{
    bytes b;

    (void)state;
    agent_state_event(&b);
    end_message(&b);
    assert_no_problem(&b, &version_20);
}

/* A DepartmentID of 0 reads as empty fields if tag 0 counts as a tag: the shorter layout
 * must not be taken. */
static void zeros_are_no_floating_part(void **state)
{
    bytes b;
    cti_reader reader;
    cti_item item;

    (void)state;
    agent_state_event(&b);
    end_message(&b);
    read_all(&reader, &b, NULL);
    assert_true(cti_reader_find(&reader, CTI_F_DepartmentID, &item));
    assert_true(cti_versions_newest(cti_versions_that_fit(b.data, b.size)) == 25);
}

/* Types that GED-188 lists and no field of its messages has. */
static void values_of_rare_types(void **state)
{
    static const uint8_t data[] = {0xFF, 0xFE, 0, 0, 0, 0, 0, 7, 0xFF, 0xFF, 0xFF, 0xFF};
    cti_field field = {.name = "Rare", .id = "Rare", .type = CTI_TYPE_CHAR};
    cti_item item = {.kind = CTI_ITEM_FIELD, .field = &field, .data = data, .length = 1};

    (void)state;
    cti_reader_decode(NULL, &item, 1);
    assert_true(item.has_number);
    assert_int_equal((int32_t)item.number, -1);
    field.type = CTI_TYPE_SHORT;
    item.length = 2;
    cti_reader_decode(NULL, &item, 2);
    assert_int_equal((int32_t)item.number, -2);
    field.type = CTI_TYPE_TASKID;
    item.length = 12;
    cti_reader_decode(NULL, &item, 12);
    assert_true(item.has_number);
    assert_int_equal(item.task_id[0], -131072);
    assert_int_equal(item.task_id[1], 7);
    assert_int_equal(item.task_id[2], -1);
}

static void problem_task_id_size(void **state)
{
    static const uint8_t data[11] = {0};
    const cti_field field = {.name = "Rare", .id = "Rare", .type = CTI_TYPE_TASKID};
    cti_item item = {.kind = CTI_ITEM_FIELD, .field = &field, .data = data, .length = 11};
    cti_reader reader = {.problem_count = 0};

    (void)state;
    cti_reader_decode(&reader, &item, 12);
    assert_false(item.has_number);
    assert_int_equal(count_problem(&reader, CTI_PROBLEM_NUMBER_SIZE), 1);
    assert_int_equal(reader.problems[0].found, 11);
}

static void single_fields(void **state)
{
    cti_reader reader;
    cti_item item;
    bytes b;

    (void)state;
    open_req(&b, 7, 24, 120);
    cti_reader_init(&reader, b.data, b.size, NULL);
    assert_int_equal(cti_reader_number(&reader, CTI_F_IdleTimeout), 120);
    assert_int_equal(cti_reader_number(&reader, CTI_F_AgentState), 0); /* not of this message */
    assert_int_equal(cti_reader_number(&reader, CTI_F_ClientID), 0);   /* no number */
    assert_false(cti_reader_is_cut(&reader));
    cti_reader_init(&reader, b.data, b.size - 1, NULL);
    assert_true(cti_reader_is_cut(&reader));
    start_message(&b, CTI_MESSAGE_NEWEST + 1);
    end_message(&b);
    cti_reader_init(&reader, b.data, b.size, NULL);
    assert_false(cti_reader_find(&reader, CTI_F_InvokeID, &item));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_a_message),
        cmocka_unit_test(signed_numbers),
        cmocka_unit_test(narrow_tags_below_version_20),
        cmocka_unit_test(framing_found_without_open_req),
        cmocka_unit_test(older_layout_of_open_conf),
        cmocka_unit_test(failure_conf_by_its_length),
        cmocka_unit_test(network_recording_by_its_length),
        cmocka_unit_test(named_variables_and_arrays),
        cmocka_unit_test(array_in_one_field),
        cmocka_unit_test(unpublished_message_with_known_tail),
        cmocka_unit_test(problem_truncated),
        cmocka_unit_test(problem_length_too_large),
        cmocka_unit_test(problem_unknown_message),
        cmocka_unit_test(problem_fixed_part_short),
        cmocka_unit_test(problem_left_over_bytes),
        cmocka_unit_test(problem_floating_past_end),
        cmocka_unit_test(problem_tag_zero),
        cmocka_unit_test(problem_unknown_tag_keeps_step),
        cmocka_unit_test(problem_unique_instance_id),
        cmocka_unit_test(nothing_missing_after_a_broken_field),
        cmocka_unit_test(problem_tag_not_of_message),
        cmocka_unit_test(problem_field_too_long),
        cmocka_unit_test(problem_field_repeated),
        cmocka_unit_test(problem_required_missing),
        cmocka_unit_test(broken_field_is_not_missing),
        cmocka_unit_test(problem_tag_size),
        cmocka_unit_test(problem_string_not_terminated),
        cmocka_unit_test(problem_bytes_after_terminator),
        cmocka_unit_test(problem_number_size),
        cmocka_unit_test(problem_count_mismatch),
        cmocka_unit_test(problem_reserved_not_zero),
        cmocka_unit_test(problem_unknown_bits),
        cmocka_unit_test(problem_unknown_value),
        cmocka_unit_test(problems_are_bounded),
        cmocka_unit_test(empty_floating_part_is_clean),
        cmocka_unit_test(zeros_are_no_floating_part),
        cmocka_unit_test(values_of_rare_types),
        cmocka_unit_test(problem_task_id_size),
        cmocka_unit_test(single_fields),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
