/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values, problems, times and addresses as words: hostile bytes stay harmless, nothing that
 * is hidden shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bytes.h"
#include "format.h"
#include "lines.h"
#include "text.h"

static GString *text;

static int set_up(void **state)
{
    (void)state;
    text = g_string_new(NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    g_string_free(text, TRUE);
    return 0;
}

/* What was appended; the string starts anew. */
static void assert_text(const char *expected)
{
    assert_string_equal(text->str, expected);
    g_string_truncate(text, 0);
}

static void assert_bytes(const char *bytes, size_t length, const char *expected)
{
    cti_text_bytes(text, bytes, length);
    assert_text(expected);
}

static void hostile_bytes(void **state)
{
    (void)state;
    assert_bytes("plain", 5, "plain");
    assert_bytes("a\\b", 3, "a\\\\b");
    assert_bytes("\x1b[31m\n\0x", 8, "\\x1b[31m\\x0a\\x00x");
    assert_bytes("\x7f", 1, "\\x7f");
    assert_bytes("gr\xc3\xbc\xc3\x9f", 6, "gr\xc3\xbc\xc3\x9f");
    /* Latin-1, a cut sequence, an overlong one, a surrogate */
    assert_bytes("gr\xfc\xdf", 4, "gr\\xfc\\xdf");
    assert_bytes("x\xc3", 2, "x\\xc3");
    assert_bytes("\xc0\x80", 2, "\\xc0\\x80");
    assert_bytes("\xed\xa0\x80", 3, "\\xed\\xa0\\x80");
    /* C1 control, text that runs backwards, no character at all */
    assert_bytes("\xc2\x9b", 2, "\\xc2\\x9b");
    assert_bytes("\xe2\x80\xae", 3, "\\xe2\\x80\\xae");
    assert_bytes("\xe2\x80\xa8", 3, "\\xe2\\x80\\xa8"); /* line separator */
    assert_bytes("", 0, "");
}

static void json_strings(void **state)
{
    static const char hostile[] = "a\"\\\n\x7f" "\xc2\x9b" "\xe2\x80\xae" "gr\xc3\xbc" "\xf3\xa0\x81\x81";

    (void)state;
    cti_text_json(text, hostile, sizeof(hostile) - 1);
    assert_text("\"a\\\"\\\\\\u000a\\u007f\\u009b\\u202egr\xc3\xbc\\udb40\\udc41\"");
    cti_text_json(text, "", 0);
    assert_text("\"\"");
}

static void random_bytes_are_printable(void **state)
{
    GRand *random = g_rand_new_with_seed(1);

    (void)state;
    for (int trial = 0; trial < 20000; trial++) {
        char bytes[16];

        for (size_t i = 0; i < sizeof(bytes); i++)
            bytes[i] = (char)g_rand_int_range(random, 0, 256);
        cti_text_bytes(text, bytes, sizeof(bytes));
        assert_true(g_utf8_validate_len(text->str, text->len, NULL));
        for (const char *c = text->str; *c != '\0'; c = g_utf8_next_char(c))
            assert_true(g_unichar_isprint(g_utf8_get_char(c)));
        g_string_truncate(text, 0);
    }
    g_rand_free(random);
}

static cti_item number_of(cti_field_id field, uint32_t number)
{
    return (cti_item){.kind = CTI_ITEM_FIELD,
                      .field = cti_field_get(field),
                      .has_number = true,
                      .number = number};
}

static void assert_value(const cti_item *item, unsigned flags, const char *expected)
{
    cti_text_value(text, item, flags);
    assert_text(expected);
}

static void numbers(void **state)
{
    cti_item item = number_of(CTI_F_Status, 16);

    (void)state;
    assert_value(&item, 0, "E_CTI_TIMEOUT (16)");
    item.number = 60000;
    assert_value(&item, 0, "60000");
    item = number_of(CTI_F_IdleTimeout, 120);
    assert_value(&item, 0, "120 s");
    item = number_of(CTI_F_PeripheralID, 0xFFFFFFFF);
    assert_value(&item, 0, "none (4294967295)");
    item = number_of(CTI_F_IdleTimeout, 0x7FFFFFFF);
    assert_value(&item, 0, "off (2147483647)");
    item = number_of(CTI_F_MRDID, 0xFFFFFFFF);
    assert_value(&item, 0, "-1");
    item = number_of(CTI_F_ICMCentralControllerTime, 1795341600);
    assert_value(&item, 0, "2026-11-22T10:00:00Z");
    item = number_of(CTI_F_ServicesRequested, 0x80000011);
    assert_value(&item, 0, "CTI_SERVICE_CLIENT_EVENTS|CTI_SERVICE_ALL_EVENTS|CTI_SERVICE_DEBUG "
                           "(0x80000011)");
    item = number_of(CTI_F_ServicesRequested, 0x00020001);
    assert_value(&item, 0, "CTI_SERVICE_CLIENT_EVENTS|0x20000 (0x20001)");
    item.number = 0;
    assert_value(&item, 0, "0");
    item = (cti_item){.kind = CTI_ITEM_FIELD, .field = cti_field_get(CTI_F_Status),
                      .data = (const uint8_t *)"\x01\x02\x03", .length = 3};
    assert_value(&item, 0, "010203");
}

static void secrets(void **state)
{
    cti_item item = {.kind = CTI_ITEM_FIELD, .field = cti_field_get(CTI_F_ClientPassword),
                     .data = (const uint8_t *)"letmein", .length = 7, .text = "letmein",
                     .text_length = 7};

    (void)state;
    assert_true(item.field->flags & CTI_FIELD_SECRET);
    assert_true(cti_item_hidden(&item, 0));
    assert_value(&item, 0, "<hidden, 7 bytes>");
    assert_false(cti_item_hidden(&item, CTI_TEXT_SECRETS));
    assert_value(&item, CTI_TEXT_SECRETS, "letmein");
    item.field = cti_field_get(CTI_F_AgentPassword);
    assert_true(cti_item_hidden(&item, 0));
}

/* Text in data of which nobody knows what it is: with its terminating 0, and nothing but text. */
static void text_of_unknown_tags(void **state)
{
    static const struct {
        const char *data;
        uint32_t length;
        const char *shown;
    } rows[] = {
        {"1001", 5, "\"1001\""},        {"1001", 4, "31303031"},   {"", 1, "00"},
        {"", 0, ""},                     {"a\0b", 4, "61006200"},    {"\xc3\xa9t\xc3\xa9", 6, "\"\u00e9t\u00e9\""},
        {"\xff\xfe", 3, "fffe00"},       {"a\x1b", 3, "611b00"},     {"\xe2\x80\xae", 4, "e280ae00"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const cti_item item = {.kind = CTI_ITEM_UNKNOWN_TAG,
                               .tag = 999,
                               .data = (const uint8_t *)rows[i].data,
                               .length = rows[i].length};

        assert_value(&item, 0, rows[i].shown);
    }
}

static void items(void **state)
{
    const cti_field task = {.name = "Task", .id = "Task", .type = CTI_TYPE_TASKID};
    const cti_item task_id = {.kind = CTI_ITEM_FIELD, .field = &task, .has_number = true,
                              .task_id = {1, -2, 3}};
    const cti_item number = number_of(CTI_F_AgentState, CTI_V_AgentState_AGENT_STATE_LOGIN);
    const cti_item unknown = {.kind = CTI_ITEM_UNKNOWN_TAG,
                              .tag = 999,
                              .data = (const uint8_t *)"\x01\xff",
                              .length = 2};

    (void)state;
    cti_text_item(text, &number, 0);
    assert_text("AgentState: AGENT_STATE_LOGIN (0)");
    cti_text_item(text, &unknown, 0);
    assert_text("tag_999: 01ff");
    cti_text_item(text, &task_id, 0); /* a type of GED-188's that no field has */
    assert_text("Task: 1.-2.3");
}

static void highlights(void **state)
{
    const cti_context version_24 = {.version = 24};
    cti_reader reader;
    bytes b;

    (void)state;
    open_req(&b, 7, 24, 120);
    cti_reader_init(&reader, b.data, b.size, &version_24);
    cti_text_highlights(text, &reader, 0);
    assert_text("CTIOS1A VersionNumber=24 IdleTimeout=120 s inv=7");
    status_message(&b, CTI_FAILURE_CONF, 9, 36);
    cti_reader_init(&reader, b.data, b.size, &version_24);
    cti_text_highlights(text, &reader, 0);
    assert_text("E_CTI_INVALID_PASSWORD inv=9");
}

static void problems(void **state)
{
    cti_problem problem = {.id = CTI_PROBLEM_NUMBER_SIZE, .field = cti_field_get(CTI_F_AgentState),
                           .expected = 2, .found = 3};

    (void)state;
    cti_text_problem(text, &problem);
    assert_text("AgentState: a number of the wrong size (2 bytes expected, 3 found)");
    problem = (cti_problem){.id = CTI_PROBLEM_UNKNOWN_TAG, .tag = 999};
    cti_text_problem(text, &problem);
    assert_text("tag 999: the tag is not published in GED-188");
    for (int id = 0; id < CTI_PROBLEM_COUNT; id++) {
        problem.id = (cti_problem_id)id;
        cti_text_problem(text, &problem);
        assert_true(text->len > 10);
        g_string_truncate(text, 0);
    }
}

static void ipv6(void **state)
{
    (void)state;
    cti_text_ipv6(text, (const uint8_t[16]){0xfd, 0, [15] = 1});
    assert_text("fd00::1");
}

static void times(void **state)
{
    (void)state;
    format_time(text, INT64_C(1795341600123456789), 6);
    assert_text("2026-11-22T10:00:00.123456Z");
    format_time(text, INT64_C(1795341600123456789), 9);
    assert_text("2026-11-22T10:00:00.123456789Z");
    format_time(text, -1, 9);
    assert_text("1969-12-31T23:59:59.999999999Z");
    format_clock(text, 0, 0);
    assert_text("00:00:00");
    format_time(text, INT64_MAX, 6);
    assert_text("2262-04-11T23:47:16.854775Z");
    format_time(text, INT64_MIN + 1, 6);
    assert_text("1677-09-21T00:12:43.145224Z");
}

static void durations(void **state)
{
    (void)state;
    format_seconds(text, INT64_C(12003456000), 6);
    assert_text("12.003456");
    format_seconds(text, -1000, 6);
    assert_text("-0.000001");
    format_seconds(text, INT64_MAX, 3);
    assert_text("9223372036.854");
    format_duration(text, INT64_C(3723004) * 1000000);
    assert_text("1:02:03.004");
    format_duration(text, -INT64_MAX);
    assert_text("-2562047:47:16.854");
}

static void endpoints(void **state)
{
    endpoint point = {.address_size = 4, .address = {10, 0, 0, 1}, .port = 42027};

    (void)state;
    format_endpoint(text, &point);
    assert_text("10.0.0.1:42027");
    point = (endpoint){.address_size = 16, .address = {0xfd, [15] = 2}, .port = 43027};
    format_endpoint(text, &point);
    assert_text("[fd00::2]:43027");
}

static void finding_lines(void **state)
{
    const cti_finding finding = {.rule = CTI_RULE_IDLE, .severity = CTI_ERROR,
                                 .frames = {3, 9}, .frame_count = 2, .text = "It fired."};

    (void)state;
    line_finding(text, &finding, false);
    assert_text("error idle: It fired.  #3 #9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_bytes), cmocka_unit_test(random_bytes_are_printable),
        cmocka_unit_test(json_strings),
        cmocka_unit_test(numbers),       cmocka_unit_test(secrets),
        cmocka_unit_test(text_of_unknown_tags),
        cmocka_unit_test(items),
        cmocka_unit_test(highlights),    cmocka_unit_test(problems),
        cmocka_unit_test(ipv6),          cmocka_unit_test(times),
        cmocka_unit_test(durations),     cmocka_unit_test(endpoints),
        cmocka_unit_test(finding_lines),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
