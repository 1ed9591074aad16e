/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expert infos, made from problems.def and rules.def (see experts.h). */
#include "experts.h"

#include <string.h>

#include "labels.h"
#include "text.h"

enum { SEVERITIES = CTI_ERROR + 1 };

/* An expert info has one severity; the findings of a rule have several.  So each rule has one
 * of each, all under one filter name. */
static expert_field rules[CTI_RULE_COUNT][SEVERITIES];
static expert_field problems[CTI_PROBLEM_COUNT];
static expert_field failure = EI_INIT;
static expert_field unanswered = EI_INIT;
static expert_field version = EI_INIT;
static expert_field framing = EI_INIT;
static expert_field not_cti = EI_INIT;

static int severity_of(cti_severity severity)
{
    switch (severity) {
    case CTI_NOTE: return PI_NOTE;
    case CTI_WARNING: return PI_WARN;
    default: return PI_ERROR;
    }
}

/* Not PI_MALFORMED: Wireshark takes that for a dissection that was given up. */
static int group_of(cti_problem_id problem)
{
    switch (problem) {
    case CTI_PROBLEM_UNKNOWN_MESSAGE:
    case CTI_PROBLEM_UNKNOWN_TAG:
    case CTI_PROBLEM_UNIQUE_INSTANCE_ID:
    case CTI_PROBLEM_UNKNOWN_BITS:
    case CTI_PROBLEM_UNKNOWN_VALUE:
    case CTI_PROBLEM_LEFT_OVER_BYTES: return PI_UNDECODED;
    case CTI_PROBLEM_LAYOUT_DIFFERS: return PI_ASSUMPTION;
    default: return PI_PROTOCOL;
    }
}

/* "cti.rule." and "heartbeat-missed" to "cti.rule.heartbeat_missed". */
static const char *filter_name(const char *prefix, const char *name)
{
    char *filter = wmem_strdup_printf(wmem_epan_scope(), "%s%s", prefix, name);

    for (char *c = filter; *c != '\0'; c++)
        if (*c == '-')
            *c = '_';
    return filter;
}

/* "heartbeat-missed: HEARTBEAT_REQ not answered", as the list of expert infos shows it. */
static const char *summary_of(const char *name, const char *text)
{
    return wmem_strdup_printf(wmem_epan_scope(), "%s: %s", name, text);
}

static void add(wmem_array_t *all, expert_field *ids, const char *name, int group, int severity,
                const char *summary)
{
    const ei_register_info info = {ids, {name, group, severity, summary, EXPFILL}};

    *ids = (expert_field)EI_INIT;
    wmem_array_append_one(all, info);
}

void experts_register(int protocol)
{
    wmem_array_t *all = wmem_array_new(wmem_epan_scope(), sizeof(ei_register_info));

    for (int i = 0; i < CTI_PROBLEM_COUNT; i++) {
        const cti_problem_id id = (cti_problem_id)i;
        const char *name = cti_problem_name(id);

        add(all, &problems[i], filter_name("cti.problem.", name), group_of(id),
            severity_of(cti_problem_severity(id)), summary_of(name, cti_problem_text(id)));
    }
    for (int i = 0; i < CTI_RULE_COUNT; i++) {
        const char *name = cti_rule_name((cti_rule)i);
        const char *filter = filter_name("cti.rule.", name);
        const char *summary = summary_of(name, cti_rule_fault((cti_rule)i));

        for (int severity = CTI_NOTE; severity <= CTI_ERROR; severity++)
            add(all, &rules[i][severity], filter, PI_SEQUENCE,
                severity_of((cti_severity)severity), summary);
    }
    add(all, &failure, "cti.failure", PI_RESPONSE_CODE, PI_NOTE, "a failure was reported");
    add(all, &unanswered, "cti.request_unanswered", PI_SEQUENCE, PI_NOTE,
        "no response");
    add(all, &version, "cti.version_not_seen", PI_ASSUMPTION, PI_NOTE,
        "the start of the session was not captured");
    add(all, &framing, "cti.framing_lost", PI_SEQUENCE, PI_WARN, "bytes that are not part of a message");
    add(all, &not_cti, "cti.not_cti", PI_PROTOCOL, PI_WARN, "what was sent on a CTI port is not CTI");
    expert_register_field_array(expert_register_protocol(protocol), wmem_array_get_raw(all),
                                (int)wmem_array_get_count(all));
}

/* Wireshark's list of expert infos has only the label. */
static void add_words(packet_info *pinfo, proto_item *item, expert_field *expert, const char *text)
{
    GString *words;

    if (strlen(text) <= LABEL_WORDS_MAX) {
        expert_add_info_format(pinfo, item, expert, "%s", text);
        return;
    }
    words = g_string_new(text);
    label_shorten(words, LABEL_WORDS_MAX);
    expert_add_info_format(pinfo, item, expert, "%s", words->str);
    g_string_free(words, TRUE);
}

void experts_add_problem(packet_info *pinfo, proto_item *item, const cti_problem *problem,
                         GString *scratch)
{
    g_string_truncate(scratch, 0);
    cti_text_problem(scratch, problem);
    add_words(pinfo, item, &problems[problem->id], scratch->str);
}

void experts_add_finding(packet_info *pinfo, proto_item *item, cti_rule rule,
                         cti_severity severity, const char *text)
{
    add_words(pinfo, item, &rules[rule][severity], text);
}

void experts_add_failure(packet_info *pinfo, proto_item *item, const char *text)
{
    add_words(pinfo, item, &failure, text);
}

void experts_add_unanswered(packet_info *pinfo, proto_item *item)
{
    expert_add_info(pinfo, item, &unanswered);
}

void experts_add_version(packet_info *pinfo, proto_item *item, const char *text)
{
    add_words(pinfo, item, &version, text);
}

void experts_add_framing(packet_info *pinfo, proto_item *item, const char *text)
{
    add_words(pinfo, item, &framing, text);
}

void experts_add_not_cti(packet_info *pinfo, proto_item *item, const char *text)
{
    add_words(pinfo, item, &not_cti, text);
}
