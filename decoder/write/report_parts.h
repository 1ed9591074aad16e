/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the report is made of, for the files that write it; nobody else includes this.
 *
 *     write_report.c      collects what the records tell, and puts the parts in order
 *     report_overview.c   the first screen: counts, storms, findings, the table of sessions
 *     report_ends.c       the first screen: lost sessions and their causes
 *     report_story.c      a call or an agent, for those who ask for one
 *     report_answers.c    how requests were answered
 *     report_servers.c    outages of components and peripherals, and graceful shutdowns
 *     report_history.c    each client's connection history
 *     report_sessions.c   each session: its facts, findings and timeline */
#ifndef CTIDUMP_REPORT_PARTS_H
#define CTIDUMP_REPORT_PARTS_H

#include <glib.h>

#include "not_cti.h"
#include "problem_counts.h"
#include "session_log.h"
#include "story.h"
#include "writers.h"

/* Sessions that are told whole: so many that were lost, so many others with errors or warnings, and
 * so many of the rest.  The table and the counts are of all. */
#define SESSIONS_WHOLE 1000u
/* Findings whose words are kept, beside the first one of each rule and severity: the others are
 * counted. */
#define FINDINGS_WORDED 200u

/* A finding in words. */
typedef struct reported_finding {
    uint32_t session; /* 0 where it is of no single one */
    cti_rule rule;
    cti_severity severity;
    char *text; /* the rule's name first; NULL where it is only counted */
} reported_finding;

/* What is kept of a session until all are known. */
typedef struct reported_session {
    session_log log;
    uint32_t number;
    char *client; /* name for people: ClientID, or the client's address */
    const char *side;
    uint32_t version;
    uint32_t type; /* SessionType of OPEN_CONF */
    bool became_active;
    int64_t began, ended;
    cti_verdict verdict;
    uint32_t errors, warnings;
    bool in_story;
    bool refused_repeatedly; /* its refusal is one of several equal ones of its client */
    GString *findings; /* lines */
    GString *text;     /* its facts; NULL where it is not told whole, and has no log */
    GString *evidence; /* lines, of its verdict */
} reported_session;

/* The story of a call or an agent, line by line. */
typedef struct told_story {
    story *story;
    GPtrArray *lines; /* of GString */
    uint64_t left_out;
    GString *change;
} told_story;

typedef struct report {
    const writer_options *options;
    unsigned digits;
    GPtrArray *sessions; /* of reported_session, in the order in which they ended */
    GPtrArray *by_number; /* the same sessions by their numbers, NULL where there is none */
    GPtrArray *findings; /* of reported_finding: errors and warnings */
    GPtrArray *clients;  /* of cti_client */
    GArray *storms;      /* of cti_storm */
    GPtrArray *outages;  /* of cti_outage_history */
    GPtrArray *maintenances; /* of cti_maintenance */
    answers *answers;
    problem_counts problems;
    not_cti not_cti;
    told_story *told; /* of the call or agent that is asked for, or NULL */
    uint32_t tls_connections;
    uint32_t whole[3]; /* sessions told whole: without trouble, with findings, lost */
    bool worded[CTI_RULE_COUNT][CTI_ERROR + 1]; /* the first finding's words are kept */
} report;

/* "" or "s". */
const char *report_plural(uint64_t count);

/* "12.301 s", rounded as in findings. */
void report_seconds(GString *to, int64_t duration);

/* Writes text out and empties it. */
void report_print(const report *r, GString *text);

/* ---- report_ends.c ---- */

/* Sessions that were lost or never opened, then those that ended as planned, with their causes. */
void report_ends(const report *r, GString *text);

/* ---- report_overview.c ---- */

void report_counts(const report *r, const summary_record *summary, GString *text);
/* Storms, and times without a session. */
void report_troubles(const report *r, GString *text);
void report_notes(const report *r, const summary_record *summary, GString *text);
void report_session_table(const report *r, GString *text);
void report_findings(const report *r, GString *text);
/* What is wrong with the bytes of messages, a line for each kind. */
void report_problems(const report *r, GString *text);

/* ---- report_servers.c ---- */

/* For the first screen. */
void report_first_servers(const report *r, GString *text);
void report_servers(const report *r, GString *text);

/* ---- report_answers.c ---- */

void report_answers(const report *r, GString *text);

/* ---- report_story.c ---- */

told_story *report_story_new(void);
void report_story_free(told_story *told);
void report_story_message(const report *r, const message_record *record);
void report_story_request(const report *r, const session_record *session,
                          const cti_request *request);
void report_story(const report *r, GString *text);

/* ---- report_history.c ---- */

void report_history(const report *r, GString *text);
/* ClientID, or address. */
void report_client_name(GString *to, const cti_client *client);

/* ---- report_sessions.c ---- */

/* At the session's end: keeps what the other parts need of it, and its facts in words. */
void report_keep_session(const report *r, reported_session *s, const session_record *record);
void report_session_text(const report *r, reported_session *s, GString *text);

/* The session has ended: drops its details where enough others are told whole. */
void report_limit_session(report *r, reported_session *s);
void report_sessions_left_out(const report *r, GString *text);

#endif
