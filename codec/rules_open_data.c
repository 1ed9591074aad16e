/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules about what OPEN_REQ says (see rules.h). */
#include <stdio.h>

#include "rules.h"

#define CLIENT_EVENTS (uint32_t)CTI_V_CTIServiceMasks_CTI_SERVICE_CLIENT_EVENTS

static bool has_field(const cti_event *event, cti_field_id field)
{
    cti_item item;

    return cti_reader_find(event->reader, field, &item);
}

/* ---- open-data ---- */

/* The problem that ends what can be read of the message, such as a floating field that is longer
 * than the rest of it.  False where there is none. */
static bool find_break(const cti_event *event, cti_problem *found)
{
    cti_reader walk = *event->reader;
    cti_item item;

    while (cti_reader_next(&walk, &item))
        ;
    for (uint32_t i = 0; i < walk.problem_count; i++) {
        *found = walk.problems[i];
        if (found->id == CTI_PROBLEM_FLOATING_PAST_END || found->id == CTI_PROBLEM_TAG_ZERO ||
            found->id == CTI_PROBLEM_FIXED_PART_SHORT)
            return true;
    }
    return false;
}

static void report_break(cti_session *session, cti_rule rule, const cti_event *event,
                         const cti_problem *problem)
{
    const cti_slot *slot = cti_message_slot(event->reader->message, problem->tag, 0);
    char name[64];

    if (problem->id != CTI_PROBLEM_FLOATING_PAST_END)
        return;
    if (slot != NULL)
        g_strlcpy(name, slot->field->name, sizeof(name));
    else
        snprintf(name, sizeof(name), "A floating field (tag %u)", problem->tag);
    cti_session_report(session, rule, CTI_WARNING, event->time, &event->frame, 1,
                       "Check how the client fills OPEN_REQ.",
                       "%s of OPEN_REQ has length %u, but only %u more bytes are in the message.",
                       name, problem->expected, problem->found);
}

static void client_names(cti_session *session, cti_rule rule, const cti_event *event)
{
    const bool has_id = has_field(event, CTI_F_ClientID);
    const bool has_password = has_field(event, CTI_F_ClientPassword);

    if (has_id && has_password)
        return;
    cti_session_report(session, rule, CTI_WARNING, event->time, &event->frame, 1,
                       "Check how the client is set up; an empty password is sent with length 0.",
                       "OPEN_REQ has %s.",
                       has_id         ? "no ClientPassword"
                       : has_password ? "no ClientID"
                                      : "neither ClientID nor ClientPassword");
}

/* Whose events the client wants: data of one agent with CLIENT_EVENTS, and none without. */
static void agent_data(cti_session *session, cti_rule rule, const cti_event *event)
{
    const cti_subscription *asked = &session->summary.subscription;
    const bool has_agent = has_field(event, CTI_F_AgentExtension) ||
                           has_field(event, CTI_F_AgentID) ||
                           has_field(event, CTI_F_AgentInstrument);
    const bool has_peripheral = asked->peripheral_id != CTI_NO_PERIPHERAL_ID;

    if (!session->summary.has_services_requested || !asked->has_peripheral_id)
        return;
    if (!(session->summary.services_requested & CLIENT_EVENTS)) {
        if (cti_subscription_has_peripheral(asked))
            cti_session_report(session, rule, CTI_NOTE, event->time, &event->frame, 1, NULL,
                               "OPEN_REQ has PeripheralID %u, but does not ask for "
                               "CTI_SERVICE_CLIENT_EVENTS.",
                               asked->peripheral_id);
        return;
    }
    if (has_agent && has_peripheral)
        return;
    cti_session_report(session, rule, CTI_WARNING, event->time, &event->frame, 1,
                       "Check the agent's data in the settings of the client.",
                       "OPEN_REQ asks for CTI_SERVICE_CLIENT_EVENTS, but has no %s%s%s.",
                       has_peripheral ? "" : "PeripheralID",
                       has_peripheral || has_agent ? "" : " and no ",
                       has_agent ? "" : "AgentExtension, AgentID or AgentInstrument");
}

static void listed_peripherals(cti_session *session, cti_rule rule, const cti_event *event)
{
    const cti_subscription *asked = &session->summary.subscription;
    uint32_t count;

    if (!cti_subscription_has_peripheral(asked) ||
        !cti_reader_find_number(event->reader, CTI_F_NumPeripherals, &count) || count == 0)
        return;
    cti_session_report(session, rule, CTI_NOTE, event->time,
                       (const uint32_t[]){session->summary.open_frame, event->frame}, 2, NULL,
                       "OPEN_CONF lists peripherals (NumPeripherals %u) although OPEN_REQ has "
                       "PeripheralID %u.",
                       count, asked->peripheral_id);
}

void cti_rule_open_data(cti_session *session, cti_rule rule, const cti_event *event)
{
    cti_problem problem;

    if (cti_event_is(event, CTI_OPEN_CONF))
        listed_peripherals(session, rule, event);
    /* A field that was cut off is not missing; a second OPEN_REQ is not this session's. */
    if (!cti_event_is(event, CTI_OPEN_REQ) || cti_reader_is_cut(event->reader) ||
        event->frame != session->summary.open_frame)
        return;
    if (find_break(event, &problem)) {
        report_break(session, rule, event, &problem);
        return;
    }
    client_names(session, rule, event);
    agent_data(session, rule, event);
}

/* ---- idle-timeout ---- */

/* IdleTimeout of a client without heartbeats: its silences are longer than heartbeats of a fourth
 * of IdleTimeout allow.  The longest ones break another rule: idle. */
static void judge_silences(cti_session *session, cti_rule rule, const cti_event *event)
{
    const double share = cti_session_idle_share(session, session->summary.worst_gap);

    if (share <= CTI_LIMIT(GAP_NOTE) / 100.0 / CTI_LIMIT(IDLE_INTERVALS) ||
        cti_idle_share_is_large(share) || session->rules.incomplete[0])
        return;
    cti_session_report(
        session, rule, CTI_NOTE, event->time, &session->summary.open_frame, 1,
        "Check whether the client should send heartbeats; if not, IdleTimeout should be off.",
        "IdleTimeout is %u s, but the client sent no heartbeats and was silent for up to %.3f s.",
        session->summary.idle_timeout, CTI_SECONDS(session->summary.worst_gap));
}

static void judge_idle_off(cti_session *session, cti_rule rule, const cti_event *event)
{
    const uint32_t timeout = session->summary.idle_timeout;
    const uint32_t *frame = &session->summary.open_frame;
    const double interval = session->summary.heartbeat_interval;
    char every[64] = "";

    if (interval > 0)
        snprintf(every, sizeof(every), " every %.1f s", interval);
    if (session->summary.heartbeats > 0)
        cti_session_report(session, rule, CTI_NOTE, event->time, frame, 1,
                           "Check IdleTimeout of the client.",
                           "IdleTimeout is off (0x%X) although the client sends heartbeats%s: the "
                           "server does not notice a dead client.",
                           timeout, every);
    else if (session->rules.incomplete[0])
        cti_session_report(session, rule, CTI_NOTE, event->time, frame, 1,
                           "Check IdleTimeout of the client.",
                           "IdleTimeout is off (0x%X): the server does not notice a dead client.",
                           timeout);
    else
        cti_session_report(session, rule, CTI_NOTE, event->time, frame, 1,
                           "Check whether the client can send heartbeats.",
                           "IdleTimeout is off (0x%X) and the client sent no heartbeats: neither "
                           "end notices that the other one is dead.",
                           timeout);
}

/* IdleTimeout against the heartbeats that were seen. */
static void judge_idle_timeout(cti_session *session, cti_rule rule, const cti_event *event)
{
    const double interval = session->summary.heartbeat_interval;
    const double share = interval > 0 ? session->summary.idle_timeout / interval : 0;
    const bool few = share < CTI_LIMIT(IDLE_INTERVALS_FEW);

    if (!session->summary.has_idle_timeout || session->summary.idle_timeout == 0)
        return;
    if (cti_idle_timeout_is_off(session->summary.idle_timeout)) {
        judge_idle_off(session, rule, event);
        return;
    }
    if (session->summary.heartbeats == 0)
        judge_silences(session, rule, event);
    if (session->rules.meter.interval == 0 || (!few && share <= CTI_LIMIT(IDLE_INTERVALS_MANY)))
        return;
    cti_session_report(session, rule, few ? CTI_WARNING : CTI_NOTE, event->time,
                       &session->summary.open_frame, 1,
                       "Check IdleTimeout and the heartbeat interval of the client.",
                       "IdleTimeout is %u s, %.1f heartbeat intervals of %.1f s: %s.",
                       session->summary.idle_timeout, share, interval,
                       few ? "one or two lost heartbeats end the session"
                           : "the server notices a dead client late");
}

void cti_rule_idle_timeout(cti_session *session, cti_rule rule, const cti_event *event)
{
    uint32_t timeout;

    if (event->kind == CTI_EVENT_FINISH && session->summary.opened)
        judge_idle_timeout(session, rule, event);
    if (!cti_event_is(event, CTI_OPEN_REQ) ||
        !cti_reader_find_number(event->reader, CTI_F_IdleTimeout, &timeout))
        return;
    if (timeout * CTI_SECOND < CTI_TIME(IDLE_TIMEOUT_LEAST))
        cti_session_report(session, rule, CTI_WARNING, event->time, &event->frame, 1,
                           "Check IdleTimeout of the client.",
                           "OPEN_REQ has an IdleTimeout of only %u s.", timeout);
}

/* ---- reserved ---- */

/* Real servers grant it to CTI OS Server; it has no public name. */
#define CTI_SERVICE_WITHOUT_NAME 0x200u

static void unused_bits(cti_session *session, cti_rule rule, const cti_event *event,
                        cti_field_id field)
{
    const uint32_t mask = cti_reader_number(event->reader, field);
    const uint32_t bits = mask & ~cti_field_get(field)->values->all_bits;
    const bool all = mask == UINT32_MAX; /* real clients send it without harm */

    if (bits == 0)
        return;
    if (field == CTI_F_ServicesRequested && bits == CTI_SERVICE_WITHOUT_NAME)
        cti_session_report(session, rule, CTI_NOTE, event->time, &event->frame, 1, NULL,
                           "%s of OPEN_REQ has a bit without a public name: 0x%x.",
                           cti_field_get(field)->name, bits);
    else
        cti_session_report(session, rule, all ? CTI_NOTE : CTI_WARNING, event->time, &event->frame,
                           1, all ? NULL : "Check how the client fills OPEN_REQ.",
                           "%s of OPEN_REQ has bits that have no meaning: 0x%x.",
                           cti_field_get(field)->name, bits);
}

void cti_rule_reserved(cti_session *session, cti_rule rule, const cti_event *event)
{
    const cti_reader *reader = event->reader;
    uint32_t reserved[3];

    if (!cti_event_is(event, CTI_OPEN_REQ))
        return;
    reserved[0] = cti_reader_number(reader, CTI_F_Reserved1);
    reserved[1] = cti_reader_number(reader, CTI_F_Reserved2);
    reserved[2] = cti_reader_number(reader, CTI_F_Reserved3);
    if (reserved[0] != 0 || reserved[1] != 0 || reserved[2] != 0)
        cti_session_report(session, rule, CTI_WARNING, event->time, &event->frame, 1,
                           "Check how the client fills OPEN_REQ.",
                           "Reserved1 to Reserved3 of OPEN_REQ are %u, %u and %u.", reserved[0],
                           reserved[1], reserved[2]);
    unused_bits(session, rule, event, CTI_F_ServicesRequested);
    unused_bits(session, rule, event, CTI_F_CallMsgMask);
    unused_bits(session, rule, event, CTI_F_AgentStateMask);
}

/* ---- version ---- */

static bool has_floating_part(const cti_reader *reader)
{
    return reader->floating_start < reader->end;
}

static void narrow_tags(cti_session *session, cti_rule rule, const cti_event *event,
                        uint32_t version)
{
    const cti_reader *reader = event->reader;

    if (version < CTI_VERSION_WIDE_TAGS || reader->wide_tags || !reader->fits ||
        !has_floating_part(reader) || cti_reader_is_cut(reader))
        return;
    cti_session_report(session, rule, CTI_WARNING, event->time, &event->frame, 1,
                       "Check which version the client was built for.",
                       "OPEN_REQ asks for version %u, but its floating fields have 1-byte tags and "
                       "lengths, as in older versions.",
                       version);
}

void cti_rule_version(cti_session *session, cti_rule rule, const cti_event *event)
{
    uint32_t version;

    if (!cti_event_is(event, CTI_OPEN_REQ) ||
        !cti_reader_find_number(event->reader, CTI_F_VersionNumber, &version))
        return;
    narrow_tags(session, rule, event, version);
    if (version >= CTI_VERSION_OLDEST && version <= CTI_VERSION_NEWEST)
        return;
    cti_session_report(session, rule, CTI_NOTE, event->time, &event->frame, 1,
                       "Check whether the server supports that version.",
                       "OPEN_REQ asks for version %u, which is not known here; messages are read "
                       "as those of version %d.",
                       version,
                       version < CTI_VERSION_OLDEST ? CTI_VERSION_OLDEST : CTI_VERSION_NEWEST);
}
