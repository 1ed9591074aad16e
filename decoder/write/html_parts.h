/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the HTML page is made of, for the files that write it; nobody else includes this.
 *
 *     write_html.c     collects what the records tell, and puts the parts in order
 *     html_page.c      head, first screen (what was lost), foot
 *     html_causes.c    why sessions were lost, never opened or ended for maintenance
 *     html_axis.c      the axis of time, and the shapes that are drawn on it
 *     html_lanes.c     a lane per session
 *     html_open.c      how many sessions were open over time
 *     html_clients.c   storms of OPEN_REQ, and the times that clients had no session
 *     html_servers.c   outages of components and peripherals, and graceful shutdowns
 *     html_findings.c  findings by rule, problems of messages by kind
 *     html_answers.c   answer times over time and by type of request
 *     html_sessions.c  the table of sessions, and each session with its timeline
 *     html_pages.c     what docs/findings says of rules and verdicts
 *     html_text.c      escaping, numbers, times
 *     report.css       how it looks
 *
 * The page has no script and loads nothing, and says so to the browser; every string from the
 * capture is escaped.  The markup is well-formed XML too, so that a test can tell what is not.
 *
 * What is kept is bounded, and what is left out of it is counted on the page: see the numbers
 * below.  For each session some 150 bytes are kept in any case. */
#ifndef CTIDUMP_HTML_PARTS_H
#define CTIDUMP_HTML_PARTS_H

#include <glib.h>

#include "not_cti.h"
#include "problem_counts.h"
#include "session_log.h"
#include "time_grid.h"
#include "writers.h"

/* Sessions with a lane, a row and a timeline: so many that were lost or have errors or warnings,
 * and so many of the others.  The rest is counted. */
#define SESSIONS_KEPT 1000
/* Marks of one kind in a lane: those that lie close together become one with a count. */
#define MARKS_MAX       24
#define ATTEMPTS_DRAWN  200 /* failed connections in a time without a session */
#define TRAFFIC_COLUMNS 256 /* of a lane */
#define FINDINGS_KEPT   200 /* of a rule */
#define FINDINGS_LISTED 40  /* of a session */
/* Answer times: so many stretches of time, and classes, twelve for each power of ten from 10 us
 * to 1,000 s. */
#define ANSWER_COLUMNS  128
#define ANSWER_CLASSES  96
#define CLASSES_PER_TEN 12
#define LEAST_CLASS     10000 /* ns */

/* What a lane shows beside the traffic. */
typedef enum {
    MARK_SILENCE,    /* of the client */
    MARK_HOLE,       /* bytes that the capture lacks */
    MARK_UNANSWERED, /* a request */
    MARK_MISSED,     /* a heartbeat */
    MARK_WARNING,    /* findings */
    MARK_ERROR,
    MARK_KINDS,
} mark_kind;

/* One mark, or several with no more than the pause between them. */
typedef struct lane_mark {
    int64_t from, to;
    uint32_t count;
} lane_mark;

typedef struct lane_marks {
    GArray *marks; /* of lane_mark; NULL while there is none */
    int64_t pause; /* ns */
} lane_marks;

/* What is kept of a session until all are known. */
typedef struct html_session {
    uint32_t number;
    char *client;    /* name for people */
    char *from, *to; /* client's and server's address and port */
    cti_side side;
    uint32_t version;
    int64_t began, asked, answered, ended; /* first message, OPEN_REQ, its answer, end */
    uint32_t end_frame;
    cti_end end;
    cti_verdict verdict;
    uint64_t messages[2]; /* by sender */
    uint64_t heartbeats, missed, unanswered;
    int64_t median, worst; /* answer times; -1 where there is none */
    uint32_t findings[3];  /* by cti_severity */
    time_grid *traffic;    /* rows by sender */
    lane_marks marks[MARK_KINDS];
    session_log log;
    GString *evidence;     /* for and against the verdict, as HTML; empty where there is none */
    GString *facts;        /* as HTML */
    GString *finding_list; /* as HTML */
} html_session;

typedef struct html_finding {
    uint32_t session;
    cti_severity severity;
    int64_t time;
    char *words; /* text and frames */
} html_finding;

/* The findings of one rule. */
typedef struct html_rule {
    uint64_t count;
    cti_severity worst;
    GPtrArray *kept; /* of html_finding; NULL while there is none */
} html_rule;

/* A session opens or ends. */
typedef struct open_change {
    int64_t time;
    cti_side side;
    int by; /* 1, -1 */
} open_change;

typedef struct html {
    const writer_options *options;
    const summary_record *summary;
    unsigned digits;
    bool dated;            /* the sessions take more than a day: a time alone is not enough */
    int64_t from, to;      /* the axis of time */
    GString *text;         /* not written yet */
    GPtrArray *sessions;   /* of html_session that ended and are kept */
    GHashTable *by_number; /* the same */
    GPtrArray *clients;    /* of cti_client */
    GArray *storms;        /* of cti_storm */
    GPtrArray *outages;    /* of cti_outage_history */
    GPtrArray *maintenances; /* of cti_maintenance */
    guint kept[2];         /* of them, without and with trouble */
    uint64_t fates[CTI_FATE_COUNT], sessions_left_out;
    GArray *changes;      /* of open_change */
    uint64_t findings[3]; /* by cti_severity */
    html_rule rules[CTI_RULE_COUNT];
    answers *answers;
    time_grid *answer_times, *heartbeat_times; /* rows: classes of duration */
    uint64_t heartbeats_missed;
    problem_counts problems;
    not_cti not_cti;
    uint32_t tls_connections;
} html;

/* Lost, or with errors or warnings. */
bool html_is_troubled(const html_session *s);
bool html_was_opened(const html_session *s);
/* The class of style for how the session ended: "lost", "planned", "closed" or "goes-on". */
const char *html_end_class(cti_verdict verdict);
/* The kept session of this number, or NULL. */
html_session *html_session_get(const html *h, uint32_t number);

/* ---- html_text.c ---- */

/* Writes h->text out and empties it. */
void html_put(html *h);
void html_escape(GString *to, const char *text);
/* "3 sessions", "1 session". */
void html_count(GString *to, uint64_t count, const char *one, const char *many);
/* The time of the day, with the date where the sessions take more than a day. */
void html_clock(const html *h, GString *to, int64_t time, unsigned digits);
/* A duration for people: "1.203 ms", "12.003 s", "1:02:03". */
void html_took(GString *to, int64_t duration);
/* A cell of a table with a number; html_no_cell() for one that there is not. */
void html_number_cell(GString *to, uint64_t number);
void html_took_cell(GString *to, int64_t duration);
/* <a href="#sN">N</a> */
void html_session_link(GString *to, uint32_t number);
/* The client's name for people: its ID, or its address where it gave none. */
void html_client_name(GString *to, const cti_client *client);
/* "2 refused on A, 1 rejected on B": what was tried while it had no session. */
void html_attempts(GString *to, const cti_client_outage *outage);
/* The side as a badge; nothing where it is not known. */
void html_side(GString *to, cti_side side);

/* ---- html_axis.c ---- */

/* A time on the axis, in percent. */
double html_at(const html *h, int64_t time);
/* Opens a table of three columns (who, what over time, and how it ended) whose head is the axis of
 * time; the caller writes rows and closes tbody and table. */
void html_axis(html *h, const char *caption, const char *who, const char *end);
/* Ticks and marks, for <use>; once a page, before the first axis. */
void html_shapes(html *h);

/* So many times later; never out of range. */
static inline int64_t html_later(int64_t time, int64_t by, guint times)
{
    int64_t step, later;

    if (__builtin_mul_overflow(by, times, &step) || __builtin_add_overflow(time, step, &later))
        return INT64_MAX;
    return later;
}

/* ---- html_pages.c ---- */

/* What the rule's page of docs/findings says, folded; what it says of a verdict. */
void html_explain_rule(html *h, cti_rule rule);
void html_explain_verdict(html *h, cti_verdict verdict);

/* ---- parts of the page, in their order ---- */

void html_head(html *h);
void html_first_screen(html *h);
void html_causes(html *h);
/* True if html_causes() has something to tell. */
bool html_has_causes(const html *h);
void html_lanes(html *h);
/* Part of html_lanes(): nothing where few sessions opened and ended. */
void html_open_sessions(html *h);
void html_clients(html *h);
/* Lines of a list, for the first screen. */
void html_server_alerts(html *h);
void html_servers(html *h);
void html_findings(html *h);
void html_problems(html *h);
void html_answers_section(html *h);
void html_sessions(html *h);
void html_foot(html *h);

#endif
