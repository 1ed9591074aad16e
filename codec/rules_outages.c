/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Outages within a session: components of the peripheral gateway that PGStatus reports as down, and
 * peripherals that are offline (see rules.h).
 *
 * Of components, PGStatus is believed, whatever SystemEventID reports with it.  Of peripherals,
 * SystemEventID names the one that it is about; PGS_PERIPHERAL_OFFLINE only reports that there is
 * one.  Where nothing names it, the outage is that of CTI_SOME_PERIPHERAL. */
#include <stdio.h>

#include "outages.h"
#include "rules.h"

/* The 32 bits of PGStatus, and so many peripherals: reports about more are only counted. */
#define WATCHED_MAX (32 + 64)

#define PERIPHERAL_OFFLINE ((uint32_t)CTI_V_PGStatusCode_PGS_PERIPHERAL_OFFLINE)

static const char check_peripheral[] =
    "Check the peripheral and its connection to the peripheral gateway at that time.";

/* A component or a peripheral that was reported in this session. */
typedef struct cti_watched {
    cti_outage outage; /* whose it is; the rest is valid while it is down */
    bool known;        /* it was reported before, down or up */
    bool down;
    bool by_status; /* a peripheral: PGS_PERIPHERAL_OFFLINE was reported with it */
    bool in_doubt;  /* bytes of the server are missing since the last report */
    uint32_t times; /* that it was down */
} cti_watched;

/* ---- what is watched ---- */

static cti_watched *find(const cti_session *session, uint32_t component, uint32_t peripheral)
{
    const GArray *watched = session->rules.pg.watched;

    for (guint i = 0; watched != NULL && i < watched->len; i++) {
        cti_watched *w = &g_array_index(watched, cti_watched, i);

        /* An array has data where its length is above 0.
         * NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
        if (w->outage.component == component && w->outage.peripheral == peripheral)
            return w;
    }
    return NULL;
}

/* The same, and begins to watch it; NULL if there are too many. */
static cti_watched *find_or_add(cti_session *session, uint32_t component, uint32_t peripheral)
{
    const cti_watched added = {.outage = {.component = component, .peripheral = peripheral}};
    cti_pg_report *pg = &session->rules.pg;
    cti_watched *found = find(session, component, peripheral);

    if (found != NULL)
        return found;
    if (pg->watched == NULL)
        pg->watched = g_array_new(FALSE, FALSE, sizeof(cti_watched));
    if (pg->watched->len == WATCHED_MAX) {
        pg->left_out++;
        return NULL;
    }
    g_array_append_val(pg->watched, added);
    return &g_array_index(pg->watched, cti_watched, pg->watched->len - 1);
}

static void forget(cti_session *session, const cti_watched *watched)
{
    GArray *all = session->rules.pg.watched;

    g_array_remove_index_fast(all, (guint)(watched - &g_array_index(all, cti_watched, 0)));
}

void cti_session_doubt_outages(cti_session *session)
{
    cti_pg_report *pg = &session->rules.pg;

    pg->in_doubt = true;
    for (guint i = 0; pg->watched != NULL && i < pg->watched->len; i++) {
        cti_watched *w = &g_array_index(pg->watched, cti_watched, i);

        w->in_doubt = true;
        w->outage.in_doubt |= w->down;
    }
}

/* ---- words ---- */

/* With a capital letter: "Peripheral 5000". */
static const char *subject_words(const cti_outage *outage, char *words, size_t size)
{
    cti_outage_words(outage->component, outage->peripheral, words, size);
    words[0] = g_ascii_toupper(words[0]);
    return words;
}

/* ": central controller is unreachable", or nothing. */
static const char *meaning_words(uint32_t component, char *words, size_t size)
{
    const cti_value *value = cti_value_find(cti_field_get(CTI_F_PGStatus)->values, component);

    snprintf(words, size, "%s%s", value != NULL ? ": " : "", value != NULL ? value->text : "");
    return words;
}

/* " (outage 2 in this session)", or nothing. */
static const char *times_words(const cti_watched *watched, char *words, size_t size)
{
    words[0] = '\0';
    if (watched->times > 1)
        snprintf(words, size, " (outage %u in this session)", watched->times);
    return words;
}

static const char *up_words(const cti_outage *outage)
{
    return outage->component != 0 ? "cleared" : "reported online";
}

static const char *what_to_check(const cti_outage *outage)
{
    switch (outage->component) {
    case 0: return check_peripheral;
    case CTI_V_PGStatusCode_PGS_CC_DOWN:
        return "Check the central controller and the peripheral gateway's connection to it at that "
               "time.";
    case CTI_V_PGStatusCode_PGS_CTI_SERVER_OFFLINE: return "Check the CTI server at that time.";
    default: return "Check the peripheral gateway at that time.";
    }
}

/* ---- from beginning to end ---- */

/* A peripheral that was offline before the session opened may be one that is not in use. */
static cti_severity severity_of(const cti_outage *outage)
{
    return outage->component == 0 && outage->begin_unknown ? CTI_NOTE : CTI_WARNING;
}

static void report_begin(cti_session *session, cti_rule rule, const cti_event *event,
                         const cti_watched *watched)
{
    const cti_outage *outage = &watched->outage;
    char words[40], meaning[80] = "", times[48];

    cti_outage_words(outage->component, outage->peripheral, words, sizeof(words));
    times_words(watched, times, sizeof(times));
    if (outage->component != 0)
        meaning_words(outage->component, meaning, sizeof(meaning));
    cti_session_report(session, rule, severity_of(outage), event->time, &event->frame, 1,
                       what_to_check(outage), "%s reported %s%s%s%s.",
                       cti_message_words(event->reader->message), words,
                       outage->component == 0 ? " offline" : "", times, meaning);
}

/* The server reports it down: for the first time, or still.  True if it was not down before. */
static bool begin_outage(cti_watched *watched, const cti_event *event, bool begin_unknown,
                         bool in_doubt)
{
    cti_outage *outage = &watched->outage;

    outage->seen = event->time;
    if (watched->down) {
        watched->in_doubt = false;
        return false;
    }
    *outage = (cti_outage){.component = outage->component,
                           .peripheral = outage->peripheral,
                           .from = event->time,
                           .to = CTI_NO_TIME,
                           .seen = event->time,
                           .from_frame = event->frame,
                           .begin_unknown = begin_unknown,
                           .in_doubt = watched->in_doubt || in_doubt};
    watched->known = true;
    watched->down = true;
    watched->in_doubt = false;
    watched->times++;
    return true;
}

static void tell(const cti_session *session, const cti_outage *outage)
{
    if (session->events != NULL && session->events->outage != NULL)
        session->events->outage(session->user, outage);
}

static void end_outage(cti_session *session, cti_rule rule, const cti_event *event,
                       cti_watched *watched)
{
    cti_outage *outage = &watched->outage;
    const double seconds = cti_seconds_words(outage->from, event->time);
    char words[40];

    watched->in_doubt = false;
    if (!watched->down)
        return;
    watched->down = false;
    outage->to = event->time;
    outage->to_frame = event->frame;
    tell(session, outage);
    subject_words(outage, words, sizeof(words));
    cti_session_report(session, rule, CTI_NOTE, event->time,
                       (const uint32_t[]){outage->from_frame, event->frame}, 2, NULL,
                       outage->in_doubt
                           ? "%s was %s %.3f s after it was reported; bytes of the server are "
                             "missing from that time."
                       : outage->begin_unknown ? "%s was %s %.3f s after it was first reported."
                                               : "%s was %s after %.3f s.",
                       words, up_words(outage), seconds);
}

/* ---- components ---- */

static void take_components(cti_session *session, cti_rule rule, const cti_event *event,
                            uint32_t status)
{
    const cti_pg_report *pg = &session->rules.pg;
    const bool first = pg->frame == 0;
    GArray *watched = pg->watched;

    for (guint i = 0; watched != NULL && i < watched->len; i++) {
        cti_watched *w = &g_array_index(watched, cti_watched, i);

        if (w->outage.component != 0 && !(status & w->outage.component))
            end_outage(session, rule, event, w);
    }
    for (uint32_t left = status & ~PERIPHERAL_OFFLINE; left != 0; left &= left - 1) {
        cti_watched *w = find_or_add(session, left & -left, 0);

        if (w != NULL && begin_outage(w, event, first, pg->in_doubt))
            report_begin(session, rule, event, w);
    }
}

/* ---- peripherals ---- */

/* True if all peripherals were online before this message. */
static bool were_all_online(const cti_pg_report *pg)
{
    return pg->all_online || (pg->frame != 0 && !(pg->pg_status & PERIPHERAL_OFFLINE));
}

/* An outage of some peripheral may be that of the one that is named now. */
static void name_peripheral(cti_session *session, cti_watched *named, bool was_known,
                            const cti_event *event)
{
    cti_watched *some = find(session, 0, CTI_SOME_PERIPHERAL);

    if (some == NULL || !some->down || some == named)
        return;
    if (was_known && cti_elapsed(some->outage.from, event->time) > CTI_TIME(OUTAGE_NAMED))
        return;
    named->outage.from = some->outage.from;
    named->outage.from_frame = some->outage.from_frame;
    named->outage.begin_unknown = some->outage.begin_unknown;
    named->outage.in_doubt = some->outage.in_doubt;
    forget(session, some);
}

static void peripheral_down(cti_session *session, cti_rule rule, const cti_event *event,
                            uint32_t peripheral, bool by_status)
{
    cti_pg_report *pg = &session->rules.pg;
    cti_watched *w = find_or_add(session, 0, peripheral);
    bool was_known;

    if (w == NULL)
        return;
    was_known = w->known;
    w->by_status |= by_status;
    if (!begin_outage(w, event, !was_known && !were_all_online(pg), pg->in_doubt))
        return;
    report_begin(session, rule, event, w);
    name_peripheral(session, w, was_known, event);
}

static void peripheral_up(cti_session *session, cti_rule rule, const cti_event *event,
                          uint32_t peripheral)
{
    cti_watched *w = find_or_add(session, 0, peripheral);

    if (w == NULL)
        return;
    end_outage(session, rule, event, w);
    w->known = true;
}

/* PGS_PERIPHERAL_OFFLINE is not set: no monitored peripheral is offline. */
static void all_up(cti_session *session, cti_rule rule, const cti_event *event)
{
    GArray *watched = session->rules.pg.watched;

    for (guint i = 0; watched != NULL && i < watched->len; i++) {
        cti_watched *w = &g_array_index(watched, cti_watched, i);

        if (w->outage.component == 0 && w->by_status)
            end_outage(session, rule, event, w);
    }
}

static bool any_peripheral_down(const cti_session *session)
{
    const GArray *watched = session->rules.pg.watched;

    for (guint i = 0; watched != NULL && i < watched->len; i++) {
        const cti_watched *w = &g_array_index(watched, cti_watched, i);

        if (w->outage.component == 0 && w->down)
            return true;
    }
    return false;
}

/* PGS_PERIPHERAL_OFFLINE, and nothing names the peripheral. */
static void some_down(cti_session *session, cti_rule rule, const cti_event *event)
{
    const cti_pg_report *pg = &session->rules.pg;
    const bool was_set = pg->frame != 0 && pg->pg_status & PERIPHERAL_OFFLINE;

    if (!was_set && !any_peripheral_down(session))
        peripheral_down(session, rule, event, CTI_SOME_PERIPHERAL, true);
}

/* ---- contradictions ---- */

/* The component that the event is about, and whether it is down by it. */
static uint32_t component_of_event(uint32_t id, bool *down)
{
    *down = id == CTI_V_SystemEventID_SYS_CENTRAL_CONTROLLER_OFFLINE ||
            id == CTI_V_SystemEventID_SYS_CTI_SERVER_OFFLINE;
    switch (id) {
    case CTI_V_SystemEventID_SYS_CENTRAL_CONTROLLER_ONLINE:
    case CTI_V_SystemEventID_SYS_CENTRAL_CONTROLLER_OFFLINE: return CTI_V_PGStatusCode_PGS_CC_DOWN;
    case CTI_V_SystemEventID_SYS_CTI_SERVER_ONLINE:
    case CTI_V_SystemEventID_SYS_CTI_SERVER_OFFLINE:
        return CTI_V_PGStatusCode_PGS_CTI_SERVER_OFFLINE;
    default: return 0;
    }
}

static void report_contradiction(cti_session *session, cti_rule rule, const cti_event *event,
                                 uint32_t status, uint32_t id)
{
    const cti_value *value = cti_value_find(cti_field_get(CTI_F_SystemEventID)->values, id);
    bool down;
    const uint32_t component = component_of_event(id, &down);
    char words[40];

    if (component == 0 || value == NULL || down == ((status & component) != 0) ||
        session->rules.pg.contradicted)
        return;
    session->rules.pg.contradicted = true;
    cti_outage_words(component, 0, words, sizeof(words));
    cti_session_report(session, rule, CTI_NOTE, event->time, &event->frame, 1, NULL,
                       "SystemEventID is %s, but PGStatus of the same message has %s%s.",
                       value->name, down ? "no " : "", words);
}

/* ---- the messages ---- */

static void take_system_event(cti_session *session, cti_rule rule, const cti_event *event)
{
    const cti_reader *reader = event->reader;
    cti_pg_report *pg = &session->rules.pg;
    uint32_t status, id = 0, peripheral;
    bool named;

    if (!cti_reader_find_number(reader, CTI_F_PGStatus, &status)) {
        cti_session_doubt_outages(session); /* it was cut off */
        return;
    }
    named = cti_reader_find_number(reader, CTI_F_SystemEventID, &id) &&
            cti_reader_find_number(reader, CTI_F_SystemEventArg1, &peripheral);
    take_components(session, rule, event, status);
    if (!(status & PERIPHERAL_OFFLINE))
        all_up(session, rule, event);
    if (named && id == CTI_V_SystemEventID_SYS_PERIPHERAL_OFFLINE)
        peripheral_down(session, rule, event, peripheral, status & PERIPHERAL_OFFLINE);
    else if (status & PERIPHERAL_OFFLINE)
        some_down(session, rule, event);
    if (named && id == CTI_V_SystemEventID_SYS_PERIPHERAL_ONLINE)
        peripheral_up(session, rule, event, peripheral);
    report_contradiction(session, rule, event, status, id);
    pg->pg_status = status;
    pg->frame = event->frame;
    pg->time = event->time;
    pg->in_doubt = false;
}

/* PeripheralOnline is about the agent's peripheral where the session is one of CLIENT_EVENTS, else
 * about all of them. */
static void take_peripheral_online(cti_session *session, cti_rule rule, const cti_event *event,
                                   uint32_t status)
{
    const cti_session_summary *summary = &session->summary;
    const bool of_agent =
        summary->services_granted & CTI_V_CTIServiceMasks_CTI_SERVICE_CLIENT_EVENTS;
    const uint32_t peripheral = of_agent ? session->rules.pg.agent_peripheral : CTI_SOME_PERIPHERAL;
    cti_watched *w;
    uint32_t online;
    char words[40];

    if (!summary->has_services_granted ||
        !cti_reader_find_number(event->reader, CTI_F_PeripheralOnline, &online))
        return;
    session->rules.pg.all_online = online != 0 && !of_agent;
    w = online != 0 ? NULL : find_or_add(session, 0, peripheral);
    if (w == NULL)
        return;
    w->by_status = status & PERIPHERAL_OFFLINE;
    if (!begin_outage(w, event, true, false))
        return;
    cti_outage_words(0, peripheral, words, sizeof(words));
    if (of_agent)
        cti_session_report(session, rule, CTI_WARNING, event->time, &event->frame, 1,
                           check_peripheral,
                           "The agent's peripheral was offline when the session opened (%s%s).",
                           peripheral != CTI_SOME_PERIPHERAL ? words : "PeripheralOnline FALSE",
                           peripheral != CTI_SOME_PERIPHERAL ? ", PeripheralOnline FALSE" : "");
    else if (status & PERIPHERAL_OFFLINE)
        report_begin(session, rule, event, w);
    else
        cti_session_report(session, rule, CTI_NOTE, event->time, &event->frame, 1,
                           "Check which peripherals were offline at that time.",
                           "Some peripherals were offline when the session opened "
                           "(PeripheralOnline FALSE).");
}

static void take_open_conf(cti_session *session, cti_rule rule, const cti_event *event)
{
    cti_pg_report *pg = &session->rules.pg;
    uint32_t status;

    if (!cti_reader_find_number(event->reader, CTI_F_PGStatus, &status))
        return;
    take_components(session, rule, event, status);
    take_peripheral_online(session, rule, event, status);
    if (status & PERIPHERAL_OFFLINE)
        some_down(session, rule, event);
    pg->pg_status = status;
    pg->frame = event->frame;
    pg->time = event->time;
    pg->in_doubt = false;
}

/* ---- the session's end ---- */

/* True if the server reports changes to this client. */
static bool gets_reports(const cti_session *session)
{
    const uint32_t services = CTI_V_CTIServiceMasks_CTI_SERVICE_CLIENT_EVENTS |
                              CTI_V_CTIServiceMasks_CTI_SERVICE_ALL_EVENTS;

    if (session->summary.session_type == CTI_V_SessionType_Standby)
        return false;
    return session->rules.system_events > 0 ||
           (session->summary.has_services_granted && session->summary.services_granted & services);
}

/* True if a later message would show its end: some peripheral's only PGStatus can. */
static bool shows_end(const cti_watched *watched)
{
    return watched->outage.component != 0 || watched->by_status ||
           watched->outage.peripheral != CTI_SOME_PERIPHERAL;
}

static void report_still_down(cti_session *session, cti_rule rule, const cti_event *event,
                              const cti_watched *watched)
{
    const cti_outage *outage = &watched->outage;
    const int64_t since = cti_elapsed(outage->from, event->time);
    char words[40];

    if (outage->in_doubt || session->rules.incomplete[1] || !gets_reports(session) ||
        !shows_end(watched) || since <= 0)
        return;
    subject_words(outage, words, sizeof(words));
    cti_session_report(
        session, rule, CTI_NOTE, event->time, &outage->from_frame, 1, what_to_check(outage),
        "%s was not %s before the %s ended, %.3f s later.", words, up_words(outage),
        session->summary.end == CTI_END_CAPTURE_ENDED ? "capture" : "session", CTI_SECONDS(since));
}

static void finish(cti_session *session, cti_rule rule, const cti_event *event)
{
    const cti_pg_report *pg = &session->rules.pg;

    for (guint i = 0; pg->watched != NULL && i < pg->watched->len; i++) {
        const cti_watched *w = &g_array_index(pg->watched, cti_watched, i);

        if (!w->down)
            continue;
        tell(session, &w->outage);
        report_still_down(session, rule, event, w);
    }
    if (pg->left_out > 0)
        cti_session_report(session, rule, CTI_NOTE, event->time, NULL, 0, NULL,
                           "%u reports about further peripherals were left out.", pg->left_out);
}

void cti_rule_pg_status(cti_session *session, cti_rule rule, const cti_event *event)
{
    uint32_t peripheral;

    if (event->kind == CTI_EVENT_FINISH)
        finish(session, rule, event);
    else if (cti_event_is(event, CTI_SYSTEM_EVENT))
        take_system_event(session, rule, event);
    else if (cti_event_is(event, CTI_OPEN_CONF))
        take_open_conf(session, rule, event);
    else if (cti_event_is(event, CTI_OPEN_REQ) && event->before != CTI_STATE_OPEN &&
             cti_reader_find_number(event->reader, CTI_F_PeripheralID, &peripheral))
        session->rules.pg.agent_peripheral = peripheral;
}
