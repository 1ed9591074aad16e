/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Segments that wait for others before they are taken in, and the connection that is forgotten
 * first: random segments of many connections, of which only a few are kept, give the same events
 * whether each is taken in at once or not; what is forgotten is what a plain list says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

#include "codec/connection.h"

#define KEPT     12
#define CLIENTS  40
#define SEGMENTS 4000

static uint32_t random_state;

static uint32_t below(uint32_t limit)
{
    random_state = random_state * 1664525 + 1013904223;
    return (uint32_t)(((uint64_t)random_state * limit) >> 32);
}

/* ---- what is told ---- */

static void on_message(void *user, const cti_message_record *record)
{
    g_string_append_printf(user, "%u:%u ", record->session->number, record->frame);
}

static void on_session(void *user, const cti_session_record *record)
{
    g_string_append_printf(user, "end%u ", record->number);
}

static void on_connection(void *user, const cti_connection_summary *record)
{
    g_string_append_printf(user, "conn%u(%u) ", record->number, record->client.port);
}

static const cti_connection_events events = {
    .message = on_message, .session = on_session, .connection = on_connection};

static const cti_connection_options options = {
    .held_bytes = 1 << 16, .wait = CTI_WAIT_DEFAULT, .held_total = 1 << 20, .connections = KEPT};

/* ---- segments ---- */

typedef struct traffic {
    uint32_t next[CLIENTS];
    uint32_t frame;
} traffic;

/* A heartbeat, the first half of one, or an acknowledgment of a random client; of some clients
 * nothing but acknowledgments, so that they have no session. */
static cti_segment random_segment(traffic *t)
{
    static const uint8_t heartbeat[12] = {0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0, 1};
    const uint32_t client = below(4) > 0 ? below(CLIENTS / 4) : below(CLIENTS);
    cti_segment segment = {
        .source = {4, {192, 0, 2, 1}, (uint16_t)(1000 + client)},
        .destination = {4, {192, 0, 2, 2}, 42027},
        .sequence = t->next[client],
        .flags = CTI_FLAG_ACK,
        .window = 100,
        .payload = heartbeat,
        .time = t->frame,
        .frame = t->frame + 1,
    };

    if (client % 3 > 0 && below(2) == 0)
        segment.length = segment.captured = below(10) > 0 ? 12 : 6;
    t->frame++;
    t->next[client] += segment.length;
    return segment;
}

static char *run(uint32_t seed, void (*take)(cti_connections *, const cti_segment *))
{
    GString *told = g_string_new(NULL);
    cti_connections *all = cti_connections_new(&options, &events, told);
    traffic t = {.frame = 0};

    random_state = seed;
    for (int i = 0; i < SEGMENTS; i++) {
        const cti_segment segment = random_segment(&t);

        take(all, &segment);
    }
    cti_connections_finish(all);
    cti_connections_free(all);
    return g_string_free(told, FALSE);
}

static void waiting_changes_nothing(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 20; seed++) {
        char *at_once = run(seed, cti_connections_feed), *later = run(seed, cti_connections_queue);

        assert_string_equal(at_once, later);
        assert_non_null(strstr(at_once, "end20 "));
        g_free(at_once);
        g_free(later);
    }
}

/* ---- which one is forgotten ---- */

/* Each client sends one message and is then known; the list has their ports, quietest first. */
static void move_last(GArray *ports, uint16_t port)
{
    for (guint i = 0; i < ports->len; i++)
        if (g_array_index(ports, uint16_t, i) == port)
            g_array_remove_index(ports, i--);
    g_array_append_val(ports, port);
}

static void the_quietest_is_forgotten(void **state)
{
    static const uint8_t heartbeat[12] = {0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0, 1};
    GString *told = g_string_new(NULL);
    cti_connections *all = cti_connections_new(&options, &events, told);
    GArray *ports = g_array_new(FALSE, FALSE, sizeof(uint16_t));
    uint32_t next[CLIENTS] = {0};

    (void)state;
    random_state = 5;
    for (int i = 0; i < SEGMENTS; i++) {
        const uint32_t client = below(3) > 0 ? below(KEPT) : below(CLIENTS);
        const uint16_t port = (uint16_t)(1000 + client);
        const cti_segment segment = {
            .source = {4, {192, 0, 2, 1}, port},
            .destination = {4, {192, 0, 2, 2}, 42027},
            .sequence = next[client],
            .flags = CTI_FLAG_ACK,
            .payload = heartbeat,
            .captured = sizeof(heartbeat),
            .length = sizeof(heartbeat),
            .time = i,
            .frame = (uint32_t)i + 1,
        };
        char expected[32] = "";

        next[client] += sizeof(heartbeat);
        move_last(ports, port);
        if (ports->len > KEPT) {
            g_snprintf(expected, sizeof(expected), "(%u) ", g_array_index(ports, uint16_t, 0));
            g_array_remove_index(ports, 0);
        }
        g_string_truncate(told, 0);
        cti_connections_feed(all, &segment);
        assert_int_equal(strstr(told->str, "conn") != NULL, expected[0] != '\0');
        assert_non_null(strstr(told->str, expected));
    }
    cti_connections_finish(all);
    cti_connections_free(all);
    g_array_unref(ports);
    g_string_free(told, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waiting_changes_nothing),
        cmocka_unit_test(the_quietest_is_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
