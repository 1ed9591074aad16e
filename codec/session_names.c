/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names that a session's states, ends, outcomes and verdicts have in all outputs, and the
 * sides that ports stand for (see session.h). */
#include "session.h"

const char *cti_side_name(cti_side side)
{
    return side == CTI_SIDE_A ? "A" : side == CTI_SIDE_B ? "B" : NULL;
}

cti_side cti_port_side(uint16_t port, bool *tls)
{
    static const struct {
        uint16_t first;
        cti_side side;
        bool tls;
    } ranges[] = {
        {42027, CTI_SIDE_A, false},
        {43027, CTI_SIDE_B, false},
        {42030, CTI_SIDE_A, true},
        {43030, CTI_SIDE_B, true},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ranges); i++) {
        if (port < ranges[i].first || port >= ranges[i].first + 25 * 40 ||
            (port - ranges[i].first) % 40 != 0)
            continue;
        if (tls != NULL)
            *tls = ranges[i].tls;
        return ranges[i].side;
    }
    return CTI_SIDE_UNKNOWN;
}

const char *cti_session_type_name(uint32_t session_type)
{
    if (session_type == CTI_V_SessionType_Active)
        return "active";
    return session_type == CTI_V_SessionType_Standby ? "standby" : NULL;
}

const char *cti_state_name(cti_state state)
{
    static const char *const names[] = {"new",     "opening", "open", "rejected",
                                        "closing", "closed",  "lost"};

    return (size_t)state < G_N_ELEMENTS(names) ? names[state] : "?";
}

const char *cti_end_name(cti_end end)
{
    static const char *const names[] = {
        NULL,
        "closed",
        "rejected",
        "reset-by-client",
        "reset-by-server",
        "fin-by-client",
        "fin-by-server",
        "superseded",
        "capture-ended",
    };

    return (size_t)end < G_N_ELEMENTS(names) ? names[end] : NULL;
}

const char *cti_interval_source_name(cti_interval_source source)
{
    static const char *const names[] = {NULL,      "traffic",         "timer",
                                        "silence", "receive-silence", "idle-timeout"};

    return (size_t)source < G_N_ELEMENTS(names) ? names[source] : NULL;
}

const char *cti_outcome_name(cti_outcome outcome)
{
    static const char *const names[] = {"confirmed", "failed", "unanswered", "unknown",
                                        "not-due"};

    return (size_t)outcome < G_N_ELEMENTS(names) ? names[outcome] : "?";
}

static const struct {
    const char *name, *text;
    cti_fate fate;
} verdicts[CTI_VERDICT_COUNT] = {
#define VERDICT(id, name, fate, blame, text, check)                                                \
    [CTI_VERDICT_##id] = {name, text, CTI_FATE_##fate},
#include "verdicts.def"
#undef VERDICT
};

const char *cti_verdict_name(cti_verdict verdict)
{
    return (size_t)verdict < CTI_VERDICT_COUNT ? verdicts[verdict].name : "?";
}

const char *cti_verdict_text(cti_verdict verdict)
{
    return (size_t)verdict < CTI_VERDICT_COUNT ? verdicts[verdict].text : "?";
}

cti_fate cti_verdict_fate(cti_verdict verdict)
{
    return (size_t)verdict < CTI_VERDICT_COUNT ? verdicts[verdict].fate : CTI_FATE_LOST;
}

bool cti_verdict_is_lost(cti_verdict verdict)
{
    const cti_fate fate = cti_verdict_fate(verdict);

    return fate == CTI_FATE_LOST || fate == CTI_FATE_NEVER_OPENED;
}

bool cti_verdict_asks_why(cti_verdict verdict)
{
    const cti_fate fate = cti_verdict_fate(verdict);

    return fate != CTI_FATE_GOES_ON && fate != CTI_FATE_CLOSED;
}

const char *cti_blame_name(cti_blame blame)
{
    static const char *const names[CTI_BLAME_COUNT] = {
        [CTI_BLAME_CLIENT] = "client",
        [CTI_BLAME_SERVER] = "server",
        [CTI_BLAME_NETWORK] = "network",
        [CTI_BLAME_CLIENT_OR_NETWORK] = "client-or-network",
        [CTI_BLAME_SERVER_OR_NETWORK] = "server-or-network",
        [CTI_BLAME_UNKNOWN] = "unknown"};

    return (size_t)blame < CTI_BLAME_COUNT ? names[blame] : NULL;
}
