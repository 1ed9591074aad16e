/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of the session rules, and the words that their sentences share.  What a sentence
 * says: what was seen, what the protocol asks for, what to look at next.  Facts: GED-188,
 * chapter "Session Management". */
#include "rules.h"

#include <stdio.h>

typedef void (*rule_function)(cti_session *session, cti_rule rule, const cti_event *event);

static const struct {
    const char *name, *text;
    rule_function function;
} rules[CTI_RULE_COUNT] = {
#define RULE(id, name, function, text) [CTI_RULE_##id] = {name, text, cti_##function},
#include "rules.def"
#undef RULE
};

const char *cti_rule_name(cti_rule rule)
{
    return (size_t)rule < CTI_RULE_COUNT ? rules[rule].name : "?";
}

const char *cti_rule_text(cti_rule rule)
{
    return (size_t)rule < CTI_RULE_COUNT ? rules[rule].text : "?";
}

void cti_rules_run(cti_session *session, const cti_event *event)
{
    for (cti_rule rule = 0; rule < CTI_RULE_COUNT; rule++)
        rules[rule].function(session, rule, event);
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

const char *cti_end_words(const cti_session *session)
{
    switch (session->end) {
    case CTI_END_RESET_BY_CLIENT: return "the client reset the connection";
    case CTI_END_RESET_BY_SERVER: return "the server reset the connection";
    case CTI_END_FIN_BY_CLIENT: return "the client ended the connection (FIN)";
    case CTI_END_FIN_BY_SERVER: return "the server ended the connection (FIN)";
    case CTI_END_SUPERSEDED: return "another session took its place";
    default: return "the capture ended";
    }
}

bool cti_ended_by_tcp(const cti_session *session)
{
    return session->end >= CTI_END_RESET_BY_CLIENT && session->end <= CTI_END_FIN_BY_SERVER;
}
