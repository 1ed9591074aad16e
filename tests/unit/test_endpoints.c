/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses and ports as users write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "endpoints.h"

static void good_ones(void **state)
{
    static const uint8_t v6[16] = {0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    static const uint8_t v4[16] = {192, 0, 2, 1};
    static const struct {
        const char *text;
        const uint8_t *address;
        uint8_t size;
        uint16_t port;
    } cases[] = {
        {"192.0.2.1", v4, 4, 0},          {"192.0.2.1:42027", v4, 4, 42027},
        {"2001:db8::1", v6, 16, 0},       {"[2001:db8::1]", v6, 16, 0},
        {"[2001:db8::1]:1", v6, 16, 1},   {"[2001:DB8:0::1]:65535", v6, 16, 65535},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        endpoint point;

        assert_true(endpoint_parse(cases[i].text, &point));
        assert_int_equal(point.address_size, cases[i].size);
        assert_memory_equal(point.address, cases[i].address, 16);
        assert_int_equal(point.port, cases[i].port);
    }
}

static void bad_ones(void **state)
{
    static const char *const texts[] = {
        "",      ":",       "[",          "[]",          "[]:1",           "cti.example",
        "1.2.3", "1.2.3.4:", "1.2.3.4:0", "1.2.3.4:x",   "1.2.3.4:65536",  "1.2.3.4:+1",
        "::1:",  "[::1]:",  "[::1",       "[::1]x:42027", "[1.2.3.4]:1 ",  "1.2.3.4:1:2",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        endpoint point;

        assert_false(endpoint_parse(texts[i], &point));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_ones),
        cmocka_unit_test(bad_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
