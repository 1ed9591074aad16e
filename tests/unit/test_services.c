/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What requests need, what lets events through, subscriptions in words, and the outcome of requests
 * that have no confirmation due. */
#include <stdio.h>

#include "session_bench.h"
#include "services.h"

#define ALL_EVENTS 0x10u
#define CLIENT_EVENTS 0x01u
#define IGNORE_CONF 0x00200000u

/* ---- the table ---- */

static void needs(void **state)
{
    (void)state;
    assert_int_equal(cti_need_of(CTI_MAKE_CALL_REQ)->services, 0x4);
    assert_true(cti_need_of(CTI_MAKE_CALL_REQ)->third_party);
    assert_int_equal(cti_need_of(CTI_SET_AGENT_STATE_REQ)->services, 0x2004);
    assert_int_equal(cti_need_of(CTI_SET_CALL_DATA_REQ)->services, 0x2);
    assert_false(cti_need_of(CTI_SET_CALL_DATA_REQ)->third_party);
    assert_int_equal(cti_need_of(CTI_QUERY_AGENT_STATE_REQ)->services, 0);
    assert_int_equal(cti_need_of(0)->services, 0);
    assert_int_equal(cti_need_of(UINT32_MAX)->gate, CTI_GATE_NONE);
}

static bool is_mask_bit(const cti_value *value, const char *event)
{
    const size_t length = strlen(value->name) - strlen("_MASK");

    return strncmp(value->name, event, length) == 0 && strcmp(event + length, "_EVENT") == 0;
}

/* Each bit of CallMsgMask lets the event of its name through, but the reserved one. */
static void call_events(void **state)
{
    const cti_value_set *mask = cti_field_get(CTI_F_CallMsgMask)->values;

    (void)state;
    for (uint32_t i = 0; i < mask->count; i++) {
        uint32_t found = 0;

        for (uint32_t type = 0; type <= CTI_MESSAGE_NEWEST; type++) {
            const cti_need *need = cti_need_of(type);

            if (need->gate != CTI_GATE_CALL_MSG_MASK || need->bits != mask->values[i].number)
                continue;
            found++;
            assert_true(is_mask_bit(&mask->values[i], cti_message_find(type)->name));
        }
        assert_int_equal(found, strcmp(mask->values[i].name, "CALL_TERMINATION_MASK") != 0);
    }
}

static void agent_states(void **state)
{
    uint32_t all = 0;

    (void)state;
    assert_int_equal(cti_agent_state_bit(CTI_V_AgentState_AGENT_STATE_LOGIN), 0x1);
    assert_int_equal(cti_agent_state_bit(CTI_V_AgentState_AGENT_STATE_HOLD), 0x200);
    assert_int_equal(cti_agent_state_bit(CTI_V_AgentState_AGENT_STATE_NOT_ACTIVE), 0x2000);
    assert_int_equal(cti_agent_state_bit(CTI_V_AgentState_AGENT_STATE_UNKNOWN), 0);
    assert_int_equal(cti_agent_state_bit(UINT32_MAX), 0);
    for (uint32_t i = 0; i < 100; i++)
        all |= cti_agent_state_bit(i);
    assert_int_equal(all, cti_field_get(CTI_F_AgentStateMask)->values->all_bits);
}

/* ---- words ---- */

static void assert_kinds(const cti_subscription *s, cti_event_kinds kinds, uint32_t most,
                         const char *expected)
{
    GString *text = g_string_new(NULL);

    cti_subscription_kinds(text, s, kinds, most);
    assert_string_equal(text->str, expected);
    g_string_free(text, TRUE);
}

static void assert_sources(const cti_subscription *s, uint32_t services, const char *expected)
{
    GString *text = g_string_new(NULL);

    cti_subscription_sources(text, s, services);
    assert_string_equal(text->str, expected);
    g_string_free(text, TRUE);
}

static void words(void **state)
{
    cti_subscription s = {.has_call_msg_mask = true,
                          .has_agent_state_mask = true,
                          .has_config_msg_mask = true,
                          .has_peripheral_id = true,
                          .peripheral_id = 5000};

    (void)state;
    assert_kinds(&s, CTI_CALL_EVENTS, 8, "none");
    s.call_msg_mask = UINT32_MAX;
    assert_kinds(&s, CTI_CALL_EVENTS, 8, "all");
    s.call_msg_mask &= ~UINT32_C(0x04000000); /* CALL_TERMINATION_MASK is reserved */
    assert_kinds(&s, CTI_CALL_EVENTS, 8, "all");
    s.call_msg_mask = 0x0D;
    assert_kinds(&s, CTI_CALL_EVENTS, 8, "CALL_DELIVERED, CALL_ESTABLISHED, CALL_HELD");
    assert_kinds(&s, CTI_CALL_EVENTS, 2, "CALL_DELIVERED, CALL_ESTABLISHED and 1 more");
    s.agent_state_mask = 0x3FFF & ~0x800;
    assert_kinds(&s, CTI_AGENT_STATES, 8, "all but PAUSED");
    s.agent_state_mask = 0x10;
    assert_kinds(&s, CTI_AGENT_STATES, 8, "TALKING");
    s.config_msg_mask = 0x3;
    assert_kinds(&s, CTI_CONFIG_EVENTS, 8, "SERVICE or AGENT, SKILL_GROUP");
    s.config_msg_mask = 0x5;
    assert_kinds(&s, CTI_CONFIG_EVENTS, 8, "SERVICE, AGENT");
    s.has_config_msg_mask = false;
    assert_kinds(&s, CTI_CONFIG_EVENTS, 8, "not known");

    assert_sources(&s, ALL_EVENTS, "all phones");
    assert_sources(&s, CLIENT_EVENTS, "the agent's phone on peripheral 5000");
    assert_sources(&s, ALL_EVENTS | 0x40, "all phones, other sessions");
    assert_sources(&s, 0x8, "no phone");
}

/* No label of Wireshark's tree may be longer than its limit, whatever the masks are. */
static void labels_are_short(void **state)
{
    GRand *random = g_rand_new_with_seed(1);

    (void)state;
    for (int trial = 0; trial < 20000; trial++) {
        const cti_subscription s = {.has_call_msg_mask = true,
                                    .has_agent_state_mask = true,
                                    .has_config_msg_mask = true,
                                    .call_msg_mask = g_rand_int(random),
                                    .agent_state_mask = g_rand_int(random),
                                    .config_msg_mask = g_rand_int(random)};

        for (int kinds = CTI_CALL_EVENTS; kinds <= CTI_CONFIG_EVENTS; kinds++) {
            GString *text = g_string_new(NULL);

            cti_subscription_kinds(text, &s, (cti_event_kinds)kinds, 6);
            assert_true(text->len > 0);
            assert_true(text->len < 200);
            g_string_free(text, TRUE);
        }
    }
    g_rand_free(random);
}

/* ---- third-party requests ---- */

static void say_open_req(bench *b, uint32_t services)
{
    bytes m;

    open_req(&m, 1, 24, 120);
    for (int i = 0; i < 4; i++)
        m.data[24 + i] = (uint8_t)(services >> (24 - 8 * i));
    feed(b, CTI_CLIENT, &m);
    wait(b, 0.01);
}

static void say_open_conf(bench *b, uint32_t services)
{
    bytes m;

    open_conf(&m, 1);
    for (int i = 0; i < 4; i++)
        m.data[12 + i] = (uint8_t)(services >> (24 - 8 * i));
    feed(b, CTI_SERVER, &m);
    wait(b, 0.01);
}

static void hold_call(bench *b, uint32_t invoke_id, bool answered)
{
    bytes m;

    short_message(&m, CTI_HOLD_CALL_REQ, invoke_id);
    feed(b, CTI_CLIENT, &m);
    short_message(&m, CTI_HOLD_CALL_CONF, invoke_id);
    if (answered)
        feed(b, CTI_SERVER, &m);
    wait(b, 1);
}

/* The outcome of a HOLD_CALL_REQ without an answer. */
static cti_outcome outcome_of_hold(bench *b, bool one_before)
{
    cti_outcome outcome;

    if (one_before)
        hold_call(b, 5, true);
    hold_call(b, 6, false);
    wait(b, 10);
    close_session(b);
    end(b, CTI_TCP_RST, CTI_CLIENT);
    outcome = b->log.requests[b->log.request_count - 1].outcome;
    assert_int_equal(b->summary->unanswered, outcome == CTI_UNANSWERED);
    cti_session_free(b->session);
    return outcome;
}

static void confirmations(void **state)
{
    bench b;

    (void)state;
    begin(&b, false);
    say_open_req(&b, ALL_EVENTS);
    say_open_conf(&b, ALL_EVENTS);
    assert_int_equal(outcome_of_hold(&b, false), CTI_UNANSWERED);

    begin(&b, false);
    say_open_req(&b, ALL_EVENTS | IGNORE_CONF);
    say_open_conf(&b, ALL_EVENTS | IGNORE_CONF);
    assert_int_equal(outcome_of_hold(&b, false), CTI_NOT_DUE);

    /* It was asked for, but not granted. */
    begin(&b, false);
    say_open_req(&b, ALL_EVENTS | IGNORE_CONF);
    say_open_conf(&b, ALL_EVENTS);
    assert_int_equal(outcome_of_hold(&b, false), CTI_UNANSWERED);

    /* The session began before the capture: not known, until one was confirmed. */
    begin(&b, true);
    assert_int_equal(outcome_of_hold(&b, false), CTI_UNKNOWN);
    begin(&b, true);
    assert_int_equal(outcome_of_hold(&b, true), CTI_UNANSWERED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(needs),
        cmocka_unit_test(call_events),
        cmocka_unit_test(agent_states),
        cmocka_unit_test(words),
        cmocka_unit_test(labels_are_short),
        cmocka_unit_test(confirmations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
