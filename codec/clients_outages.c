/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The outages of a client (see clients.h), and their findings. */
#include <stdio.h>

#include "clients_private.h"
#include "rules.h"

/* ---- finding them ---- */

/* Walks over a client's legs in the order of time. */
typedef struct walk {
    GArray *outages;
    const cti_leg *cover;     /* the session that reaches farthest until now, or NULL */
    int64_t reach;            /* until when its client had a session for sure */
    const cti_leg *last;      /* of the attempts since then */
    cti_client_outage outage; /* the one that may begin here: its attempts */
} walk;

static void note_attempt(walk *w, const cti_leg *leg)
{
    cti_client_outage *outage = &w->outage;

    if (w->cover != NULL && leg->began < w->reach)
        return;
    if (outage->first_attempt == NULL)
        outage->first_attempt = leg;
    if (w->last == NULL || leg->ended > w->last->ended)
        w->last = leg;
    outage->attempts[leg->side][leg->outcome]++;
    outage->attempt_count++;
}

/* A client that had no session before must have tried for one for a while. */
static bool is_outage(const cti_client_outage *outage)
{
    const int64_t lasted = cti_elapsed(outage->from, outage->until);

    return outage->left != NULL ? lasted > 0 : lasted >= CTI_TIME(OUTAGE_LEAST);
}

static void end_outage(walk *w, const cti_leg *to, int64_t until)
{
    cti_client_outage *outage = &w->outage;

    if (w->cover != NULL && w->cover->lost && (to != NULL || outage->attempt_count > 0)) {
        outage->left = w->cover;
        outage->from = w->reach;
    } else if (outage->attempt_count > 0) {
        outage->from = outage->first_attempt->began;
        if (to == NULL) /* it may have stopped trying then */
            until = w->last->ended;
    } else {
        return;
    }
    outage->to = to;
    outage->until = until;
    if (is_outage(outage))
        g_array_append_val(w->outages, *outage);
}

static void take_session(walk *w, const cti_leg *leg)
{
    if (w->cover == NULL || leg->opened > w->reach)
        end_outage(w, leg, leg->opened);
    w->outage = (cti_client_outage){0};
    w->last = NULL;
    if (w->cover == NULL || cti_leg_reach(leg) > w->reach) {
        w->cover = leg;
        w->reach = cti_leg_reach(leg);
    }
}

static bool is_one_sided(const cti_client_outage *outage, const bool seen[3])
{
    const cti_leg *first = outage->left != NULL ? outage->left : outage->first_attempt;

    return first->side != CTI_SIDE_UNKNOWN && !seen[CTI_SIDE_UNKNOWN] &&
           !(seen[CTI_SIDE_A] && seen[CTI_SIDE_B]);
}

void cti_clients_find_outages(cti_member *member, int64_t end, const bool seen[3])
{
    walk w = {.outages = g_array_new(FALSE, FALSE, sizeof(cti_client_outage))};
    cti_client *client = &member->client;

    for (guint i = 0; i < member->legs->len; i++) {
        const cti_leg *leg = g_ptr_array_index(member->legs, i);

        if (leg->outcome == CTI_LEG_OPENED)
            take_session(&w, leg);
        else
            note_attempt(&w, leg);
    }
    if (w.outage.attempt_count > 0)
        end_outage(&w, NULL, end);
    client->outage_count = w.outages->len;
    member->outages = (cti_client_outage *)(void *)g_array_free(w.outages, FALSE);
    client->outages = member->outages;
    for (uint32_t i = 0; i < client->outage_count; i++) {
        member->outages[i].one_sided = is_one_sided(&member->outages[i], seen);
        client->outage_time += client->outages[i].until - client->outages[i].from;
    }
}

/* ---- findings ---- */

/* The parts of an outage that ended with a session. */
typedef enum { PART_UNNOTICED, PART_CONNECTING, PART_OPENING } part;

typedef struct longest_part {
    part part;
    int64_t lasted;
} longest_part;

static longest_part find_longest(const cti_client_outage *outage)
{
    const int64_t lasted[] = {
        [PART_UNNOTICED] = cti_elapsed(outage->from, outage->left->ended),
        [PART_CONNECTING] = cti_elapsed(outage->left->ended, outage->to->began),
        [PART_OPENING] = cti_elapsed(outage->to->asked, outage->to->opened),
    };
    longest_part longest = {PART_UNNOTICED, lasted[PART_UNNOTICED]};

    for (part p = PART_CONNECTING; p <= PART_OPENING; p++)
        if (lasted[p] > longest.lasted)
            longest = (longest_part){p, lasted[p]};
    return longest;
}

/* " on side A", or nothing where it is not known. */
static const char *on_side(const cti_leg *leg)
{
    static const char *const words[] = {"", " on side A", " on side B"};

    return words[leg->side];
}

static void append_lost(GString *text, const cti_client_outage *outage)
{
    const cti_leg *left = outage->left;
    const bool planned = cti_verdict_fate(left->verdict) == CTI_FATE_PLANNED;

    g_string_append_printf(text, ": %s%s (%s)", planned ? "ended" : "lost",
                           outage->one_sided ? "" : on_side(left), cti_verdict_name(left->verdict));
}

static const char *plural(uint32_t count)
{
    return count == 1 ? "" : "s";
}

/* " (3 connection refused, 1 no SYN-ACK)". */
static void append_outcomes(GString *text, const cti_client_outage *outage)
{
    static const char *const words[CTI_LEG_OUTCOMES] = {[CTI_LEG_REJECTED] = "OPEN_REQ refused",
                                                        [CTI_LEG_OPEN_UNANSWERED] =
                                                            "OPEN_REQ not answered",
                                                        [CTI_LEG_REFUSED] = "connection refused",
                                                        [CTI_LEG_NO_ANSWER] = "no SYN-ACK",
                                                        [CTI_LEG_NO_MESSAGE] = "no message"};
    const char *separator = " (";

    for (int outcome = CTI_LEG_REJECTED; outcome < CTI_LEG_OUTCOMES; outcome++) {
        uint32_t count = 0;

        for (int side = 0; side < 3; side++)
            count += outage->attempts[side][outcome];
        if (count == 0)
            continue;
        g_string_append_printf(text, "%s%u %s", separator, count, words[outcome]);
        separator = ", ";
    }
    g_string_append_c(text, ')');
}

/* "4 attempts failed (4 connection refused).", without the outcomes if they are too many. */
static void append_attempts(GString *text, const cti_client_outage *outage)
{
    gsize length;

    g_string_append_printf(text, "%u attempt%s failed", outage->attempt_count,
                           plural(outage->attempt_count));
    length = text->len;
    append_outcomes(text, outage);
    if (text->len >= CTI_SENTENCE_MAX)
        g_string_truncate(text, length);
    g_string_append_c(text, '.');
}

static void append_longest(GString *text, const cti_client_outage *outage)
{
    const longest_part longest = find_longest(outage);
    const bool by_client = outage->left->end_sender == CTI_CLIENT;
    const char *const words[] = {
        [PART_UNNOTICED] = by_client ? "before the client noticed" : "before the server noticed",
        [PART_CONNECTING] = "before the next connection",
        [PART_OPENING] = "until OPEN_CONF",
    };

    if (longest.lasted >= CTI_TIME(OUTAGE_LEAST))
        g_string_append_printf(text, " %.3f s passed %s.", CTI_SECONDS(longest.lasted),
                               words[longest.part]);
}

static void describe(GString *text, const cti_client_outage *outage)
{
    const cti_leg *first = outage->left != NULL ? outage->left : outage->first_attempt;
    gsize length;

    g_string_append_printf(text, "No session%s for %.3f s", outage->one_sided ? on_side(first) : "",
                           CTI_SECONDS(cti_elapsed(outage->from, outage->until)));
    if (outage->left != NULL && outage->to == NULL)
        g_string_append(text, ", until the capture ended");
    if (outage->left != NULL)
        append_lost(text, outage);
    if (outage->to == NULL) { /* then there were attempts */
        g_string_append(text, outage->left != NULL ? ", " : ": ");
        append_attempts(text, outage);
        return;
    }
    g_string_append_printf(text, ", reopened%s", outage->one_sided ? "" : on_side(outage->to));
    if (outage->attempt_count > 0)
        g_string_append_printf(text, " after %u failed attempt%s", outage->attempt_count,
                               plural(outage->attempt_count));
    g_string_append_c(text, '.');
    length = text->len;
    append_longest(text, outage);
    if (text->len > CTI_SENTENCE_MAX)
        g_string_truncate(text, length);
}

static cti_severity severity_of(const cti_client_outage *outage)
{
    if (outage->to == NULL)
        return outage->one_sided ? CTI_WARNING : CTI_ERROR;
    return cti_elapsed(outage->from, outage->until) > CTI_TIME(FAILOVER_QUICK) ? CTI_WARNING
                                                                               : CTI_NOTE;
}

static const char *what_to_check(const cti_client_outage *outage)
{
    static const char *const checks[] = {
        [PART_UNNOTICED] = "Check the heartbeat interval, and what broke the link.",
        [PART_CONNECTING] = "Check the client's attempts to connect in that time.",
        [PART_OPENING] = "Check the load of the server at that time.",
    };

    if (outage->one_sided)
        return "Check whether the client had a session on the other side: nothing of it was "
               "captured.";
    if (outage->to == NULL)
        return "Check both servers, and the network path to them, at that time.";
    return severity_of(outage) == CTI_NOTE ? NULL : checks[find_longest(outage).part];
}

static void add_frame(cti_finding *finding, uint32_t frame)
{
    if (frame != 0 && finding->frame_count < CTI_FINDING_FRAMES_MAX)
        finding->frames[finding->frame_count++] = frame;
}

/* An outage before the first session is reported only where there never was one: what was refused
 * or not answered has findings of its own. */
static bool is_reported(const cti_client_outage *outage)
{
    uint32_t failed = 0;

    if (outage->left != NULL)
        return true;
    for (int side = 0; side < 3; side++)
        failed +=
            outage->attempts[side][CTI_LEG_REFUSED] + outage->attempts[side][CTI_LEG_NO_ANSWER];
    return outage->to == NULL && failed >= CTI_LIMIT(ATTEMPTS_REPORTED);
}

bool cti_clients_outage_finding(const cti_client_outage *outage, cti_finding *finding)
{
    GString *text;

    if (!is_reported(outage))
        return false;
    *finding = (cti_finding){.rule = CTI_RULE_FAILOVER,
                             .severity = severity_of(outage),
                             .time = outage->until,
                             .check = what_to_check(outage)};
    if (outage->left != NULL) {
        finding->session = outage->left->session;
        add_frame(finding, outage->left->good_frame);
        add_frame(finding, outage->left->end_frame);
    }
    if (outage->first_attempt != NULL)
        add_frame(finding, outage->first_attempt->frame);
    if (outage->to != NULL) {
        finding->session = outage->to->session;
        add_frame(finding, outage->to->opened_frame);
    }
    text = g_string_new(NULL);
    describe(text, outage);
    g_strlcpy(finding->text, text->str, sizeof(finding->text));
    g_string_free(text, TRUE);
    return true;
}
