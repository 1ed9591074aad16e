/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where messages start and end, and what looks like CTI on any port. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bytes.h"
#include "framing.h"

static const cti_framing in_step = {.state = CTI_FRAME_IN_STEP};
static const cti_framing searching = {.state = CTI_FRAME_SEARCH};
static const cti_framing at_start = {.state = CTI_FRAME_SEARCH, .at_start = true};

static void append(bytes *stream, const bytes *message)
{
    put(stream, message->data, message->size);
}

/* SYSTEM_EVENT of version 20. */
static void system_event(bytes *b)
{
    start_message(b, 31);
    put32(b, 0);
    put32(b, 5000);
    put32(b, 4);
    put32(b, 1);
    put32(b, 2);
    put32(b, 3);
    put16(b, 0);
    end_message(b);
}

static void message_at_every_length(void **state)
{
    bytes b;
    size_t size;

    (void)state;
    open_req(&b, 1, 20, 120);
    for (uint32_t length = 0; length < b.size; length++) {
        assert_int_equal(cti_frame_next(&in_step, b.data, length, &size),
                         CTI_FRAME_MORE);
        assert_int_equal(size, length < 8 ? 8 : b.size);
    }
    assert_int_equal(cti_frame_next(&in_step, b.data, b.size, &size), CTI_FRAME_MESSAGE);
    assert_int_equal(size, b.size);
}

static void length_that_would_wrap(void **state)
{
    bytes b;
    size_t size;

    (void)state;
    short_message(&b, 5, 1);
    memset(b.data, 0xFF, 4);
    assert_int_equal(cti_frame_next(&in_step, b.data, b.size, &size), CTI_FRAME_SKIP);
    assert_true(size >= 1 && size <= b.size);
}

static void found_again_after_garbage(void **state)
{
    bytes stream = {{0}, 0}, message;
    size_t size, offset = 0;

    (void)state;
    for (uint32_t i = 0; i < 100; i++)
        put8(&stream, i * 37);
    system_event(&message);
    append(&stream, &message);
    short_message(&message, 6, 1);
    append(&stream, &message);
    while (cti_frame_next(&searching, stream.data + offset, stream.size - offset, &size) ==
           CTI_FRAME_SKIP) {
        assert_true(size >= 1 && size <= stream.size - offset);
        offset += size;
    }
    assert_int_equal(offset, 100);
    assert_int_equal(size, 34);
}

/* Any bytes fit AGENT_TASKS_RESP, whose format is not published: in a search a segment must begin
 * with it, and another message follow. */
static void search_doubts_unpublished_messages(void **state)
{
    bytes stream = {{0}, 0}, message;
    size_t size;

    (void)state;
    start_message(&stream, 256);
    end_message(&stream);
    assert_int_equal(cti_frame_next(&in_step, stream.data, stream.size, &size), CTI_FRAME_MESSAGE);
    assert_int_equal(cti_frame_next(&searching, stream.data, stream.size, &size), CTI_FRAME_SKIP);
    assert_int_equal(cti_frame_next(&at_start, stream.data, stream.size, &size), CTI_FRAME_MORE);
    assert_int_equal(size, 16);
    short_message(&message, 6, 1);
    append(&stream, &message);
    assert_int_equal(cti_frame_next(&searching, stream.data, stream.size, &size), CTI_FRAME_SKIP);
    assert_int_equal(cti_frame_next(&at_start, stream.data, stream.size, &size),
                     CTI_FRAME_MESSAGE);
    assert_int_equal(size, 8);
}

/* HEARTBEAT_CONF comes from the server. */
static void search_knows_the_direction(void **state)
{
    cti_framing framing = at_start;
    bytes b;
    size_t size;

    (void)state;
    short_message(&b, 6, 1);
    framing.sender = CTI_CLIENT;
    assert_int_equal(cti_frame_next(&framing, b.data, b.size, &size), CTI_FRAME_SKIP);
    framing.sender = CTI_SERVER;
    assert_int_equal(cti_frame_next(&framing, b.data, b.size, &size), CTI_FRAME_MESSAGE);
    framing = in_step;
    framing.sender = CTI_CLIENT;
    assert_int_equal(cti_frame_next(&framing, b.data, b.size, &size), CTI_FRAME_MESSAGE);
}

/* A message of a type that the table lacks, with something in it that looks like another one. */
static void unknown_message(bytes *b, uint32_t type, uint32_t length)
{
    start_message(b, type);
    put32(b, 12);
    put32(b, CTI_FAILURE_EVENT);
    put32(b, CTI_V_StatusCode_E_CTI_CTI_SERVER_OFFLINE);
    put(b, "text and more", 13);
    b->size = 0;
    put32(b, length);
    b->size = 8 + 25;
}

static void unknown_type_in_step(void **state)
{
    bytes stream, message;
    size_t size;

    (void)state;
    unknown_message(&stream, 9999, 25);
    for (uint32_t length = 0; length < 33; length++)
        assert_int_equal(cti_frame_next(&in_step, stream.data, length, &size), CTI_FRAME_MORE);
    assert_int_equal(cti_frame_next(&in_step, stream.data, stream.size, &size), CTI_FRAME_MESSAGE);
    short_message(&message, 6, 1);
    append(&stream, &message);
    for (uint32_t length = 33; length <= stream.size; length++) {
        assert_int_equal(cti_frame_next(&in_step, stream.data, length, &size), CTI_FRAME_MESSAGE);
        assert_int_equal(size, 33);
    }
    unknown_message(&stream, 9999, 20);
    append(&stream, &message);
    assert_int_equal(cti_frame_next(&in_step, stream.data, stream.size, &size), CTI_FRAME_SKIP);
}

static void search_in_zeros_and_noise_ends(void **state)
{
    static uint8_t noise[20000];
    size_t size;

    (void)state;
    for (int round = 0; round < 50; round++) {
        size_t offset = 0;

        srand((unsigned)round);
        for (size_t i = 0; i < sizeof(noise); i++)
            noise[i] = round == 0 ? 0 : (uint8_t)(rand() >> 7);
        while (offset < sizeof(noise)) {
            const cti_frame_result result =
                cti_frame_next(round % 2 ? &searching : &in_step, noise + offset,
                               sizeof(noise) - offset, &size);

            if (result == CTI_FRAME_MORE) {
                assert_true(size > sizeof(noise) - offset);
                break;
            }
            assert_true(size >= 1 && size <= sizeof(noise) - offset);
            offset += size;
        }
    }
}

static void open_req_is_unmistakable(void **state)
{
    bytes b;

    (void)state;
    open_req(&b, 1, 20, 120);
    assert_int_equal(cti_frame_looks(b.data, b.size), CTI_LOOKS_SURE);
    for (uint32_t length = 0; length < b.size; length++)
        assert_int_equal(cti_frame_looks(b.data, length), CTI_LOOKS_SHORT);
}

static void others_are_left_alone(void **state)
{
    /* SMPP bind_transmitter: length of the whole PDU, command 2, status 0, sequence 1 */
    static const uint8_t smpp[] = {0,   0,   0,   31,  0,   0, 0,   2,   0,   0, 0,
                                   0,   0,   0,   0,   1,   't', 'e', 's', 't', 0, 'p',
                                   'w', 0,   's', 'y', 's', 0, 0x34, 0, 0};
    /* SMPP enquire_link */
    static const uint8_t enquire[] = {0, 0, 0, 16, 0, 0, 0, 0x15, 0, 0, 0, 0, 0, 0, 0, 2};
    /* GED-125 OPEN_REQ: same header, other body */
    static const uint8_t ged125[] = {0, 0, 0, 12, 0, 0, 0, 3, 0, 0, 0, 1,
                                     0, 0, 0, 5,  0, 0, 0, 120};
    static const char http[] = "GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n";
    static const uint8_t tls[] = {0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3};

    (void)state;
    assert_true(cti_frame_looks(smpp, sizeof(smpp)) == CTI_LOOKS_NOT);
    assert_true(cti_frame_looks(enquire, sizeof(enquire)) < CTI_LOOKS_SURE);
    assert_int_equal(cti_frame_looks(ged125, sizeof(ged125)), CTI_LOOKS_NOT);
    assert_int_equal(cti_frame_looks((const uint8_t *)http, sizeof(http) - 1), CTI_LOOKS_NOT);
    assert_int_equal(cti_frame_looks(tls, sizeof(tls)), CTI_LOOKS_NOT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(message_at_every_length),
        cmocka_unit_test(length_that_would_wrap),
        cmocka_unit_test(found_again_after_garbage),
        cmocka_unit_test(search_doubts_unpublished_messages),
        cmocka_unit_test(search_knows_the_direction),
        cmocka_unit_test(unknown_type_in_step),
        cmocka_unit_test(search_in_zeros_and_noise_ends),
        cmocka_unit_test(open_req_is_unmistakable),
        cmocka_unit_test(others_are_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
