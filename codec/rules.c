/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of the session rules, and the words that their sentences share.  What a sentence
 * says: what was seen, what the protocol asks for, what to look at next.  Facts: GED-188,
 * chapter "Session Management". */
#include "rules.h"

#include <stdio.h>

typedef void (*rule_function)(cti_session *session, cti_rule rule, const cti_event *event);

static const struct {
    const char *name, *fault, *text;
    rule_function function;
} rules[CTI_RULE_COUNT] = {
#define RULE(id, name, function, when, fault, text)                                                \
    [CTI_RULE_##id] = {name, fault, text, cti_##function},
#include "rules.def"
#undef RULE
};

/* What rules are called for, and the rules for each of them, bit n for rule n: a message is
 * mostly for none. */
enum {
    ACROSS = 0,
    SESSION = 1 << 0,
    CLIENT = 1 << 1,
    TCP_END = 1 << 2,
    REOPEN = 1 << 3,
    FINISH = 1 << 4,
    EVENT = 1 << 5,
    OTHER_ID = 1 << 6,
    STATUS = 1 << 7,
};

typedef uint64_t rule_set;

_Static_assert(CTI_RULE_COUNT <= 64, "a set has a bit for each rule");

static const rule_set on_session = 0
#define RULE(id, name, function, when, fault, text)                                                \
    | (rule_set)(((when)&SESSION) != 0) << CTI_RULE_##id
#include "rules.def"
#undef RULE
    ;
static const rule_set on_client = 0
#define RULE(id, name, function, when, fault, text)                                                \
    | (rule_set)(((when)&CLIENT) != 0) << CTI_RULE_##id
#include "rules.def"
#undef RULE
    ;
static const rule_set on_tcp_end = 0
#define RULE(id, name, function, when, fault, text)                                                \
    | (rule_set)(((when)&TCP_END) != 0) << CTI_RULE_##id
#include "rules.def"
#undef RULE
    ;
static const rule_set on_reopen = 0
#define RULE(id, name, function, when, fault, text)                                                \
    | (rule_set)(((when)&REOPEN) != 0) << CTI_RULE_##id
#include "rules.def"
#undef RULE
    ;
static const rule_set on_event = 0
#define RULE(id, name, function, when, fault, text)                                                \
    | (rule_set)(((when)&EVENT) != 0) << CTI_RULE_##id
#include "rules.def"
#undef RULE
    ;
static const rule_set on_other_id = 0
#define RULE(id, name, function, when, fault, text)                                                \
    | (rule_set)(((when)&OTHER_ID) != 0) << CTI_RULE_##id
#include "rules.def"
#undef RULE
    ;
static const rule_set on_status = 0
#define RULE(id, name, function, when, fault, text)                                                \
    | (rule_set)(((when)&STATUS) != 0) << CTI_RULE_##id
#include "rules.def"
#undef RULE
    ;
static const rule_set on_finish = 0
#define RULE(id, name, function, when, fault, text)                                                \
    | (rule_set)(((when)&FINISH) != 0) << CTI_RULE_##id
#include "rules.def"
#undef RULE
    ;

const char *cti_rule_name(cti_rule rule)
{
    return (size_t)rule < CTI_RULE_COUNT ? rules[rule].name : "?";
}

const char *cti_rule_fault(cti_rule rule)
{
    return (size_t)rule < CTI_RULE_COUNT ? rules[rule].fault : "?";
}

void cti_rule_text(GString *to, cti_rule rule)
{
    if ((size_t)rule < CTI_RULE_COUNT)
        cti_times_expand(to, rules[rule].text);
}

static rule_set rules_for(const cti_event *event)
{
    const cti_message *message;
    rule_set set;

    if (event->kind == CTI_EVENT_TCP_END)
        return on_tcp_end;
    if (event->kind == CTI_EVENT_REOPEN)
        return on_reopen;
    if (event->kind == CTI_EVENT_FINISH)
        return on_finish;
    message = event->reader->message;
    set = event->sender == CTI_CLIENT ? on_client : 0;
    if (message == NULL)
        return set;
    if (message->category == CTI_CATEGORY_SESSION || message->category == CTI_CATEGORY_FAILURE)
        set |= on_session;
    else if (event->sender == CTI_SERVER && cti_need_of(message->number)->gate != CTI_GATE_NONE)
        set |= on_event;
    if (event->other_invoke_id)
        set |= on_other_id;
    if (event->reader->message_type == CTI_SYSTEM_EVENT)
        set |= on_status;
    return set;
}

void cti_rules_run(cti_session *session, const cti_event *event)
{
    for (rule_set set = rules_for(event); set != 0; set &= set - 1) {
        const cti_rule rule = (cti_rule)__builtin_ctzll(set);

        rules[rule].function(session, rule, event);
    }
}

/* ---- words ---- */

double cti_seconds_words(int64_t from, int64_t to)
{
    return CTI_SECONDS(MAX(cti_elapsed(from, to), 0));
}

const char *cti_message_words(const cti_message *message)
{
    return message != NULL ? message->name : "an unknown message";
}

const char *cti_sender_words(cti_sender sender)
{
    return sender == CTI_CLIENT ? "client" : "server";
}

const char *cti_status_words(uint32_t status, char *words, size_t size)
{
    const cti_value_set *statuses = cti_field_get(CTI_F_Status)->values;
    const cti_value *value = cti_value_find(statuses, status);

    if (value != NULL)
        snprintf(words, size, "%s (%u: %s)", value->name, status, value->text);
    else
        snprintf(words, size, "status %u", status);
    return words;
}

const char *cti_known_status_words(bool known, uint32_t status, char *words, size_t size)
{
    return known ? cti_status_words(status, words, size) : "a status that was not captured";
}

const char *cti_end_words(const cti_session *session)
{
    switch (session->summary.end) {
    case CTI_END_RESET_BY_CLIENT: return "the client reset the connection";
    case CTI_END_RESET_BY_SERVER: return "the server reset the connection";
    case CTI_END_FIN_BY_CLIENT: return "the client ended the connection (FIN)";
    case CTI_END_FIN_BY_SERVER: return "the server ended the connection (FIN)";
    case CTI_END_SUPERSEDED: return "another session took its place";
    case CTI_END_CLOSED:
        return session->rules.closed_by_server ? "the server closed the session"
                                               : "the client closed the session";
    default: return "the capture ended";
    }
}

bool cti_session_refuses_heartbeat(const cti_session *session, const cti_request *request)
{
    return request->message->number == CTI_HEARTBEAT_REQ && request->sender == CTI_CLIENT &&
           session->summary.state != CTI_STATE_REJECTED &&
           session->summary.state != CTI_STATE_NEW && session->summary.state != CTI_STATE_OPENING;
}

bool cti_session_is_before_standby(const cti_session *session)
{
    return session->context.version != 0 && session->context.version < CTI_LIMIT(STANDBY_VERSION);
}

bool cti_ended_by_tcp(const cti_session *session)
{
    return session->summary.end >= CTI_END_RESET_BY_CLIENT &&
           session->summary.end <= CTI_END_FIN_BY_SERVER;
}
