/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The times a client had no session (see clients.h), and what to say of them. */
#include <stdio.h>

#include "clients_private.h"
#include "rules.h"

/* ---- finding them ---- */

/* Walks over a client's legs in the order of time. */
typedef struct walk {
    GArray *downs;
    const cti_leg *cover; /* the session that reaches farthest until now, or NULL */
    int64_t reach;        /* until when its client had a session for sure */
    cti_down down;        /* the one that may begin here: its attempts */
} walk;

static int64_t reach_of(const cti_leg *leg)
{
    if (leg->lost)
        return leg->good;
    return leg->end == CTI_END_CAPTURE_ENDED ? INT64_MAX : leg->ended;
}

static void note_attempt(walk *w, const cti_leg *leg)
{
    cti_down *down = &w->down;

    if (w->cover != NULL && leg->began < w->reach)
        return;
    if (down->first_attempt == NULL)
        down->first_attempt = leg;
    down->attempts[leg->side][leg->outcome]++;
    down->attempt_count++;
}

/* The down, if there was one, is over at this time. */
static void end_down(walk *w, const cti_leg *to, int64_t until)
{
    const bool lost =
        w->cover != NULL && w->cover->lost && (to != NULL || w->down.attempt_count > 0);

    w->down.left = lost ? w->cover : NULL;
    w->down.from = lost                        ? w->reach
                   : w->down.attempt_count > 0 ? w->down.first_attempt->began
                                               : until;
    w->down.to = to;
    w->down.until = until;
    if (w->down.from < until)
        g_array_append_val(w->downs, w->down);
    w->down = (cti_down){0};
}

static void take_session(walk *w, const cti_leg *leg)
{
    if (w->cover == NULL || leg->opened > w->reach)
        end_down(w, leg, leg->opened);
    w->down = (cti_down){0};
    if (w->cover == NULL || reach_of(leg) > w->reach) {
        w->cover = leg;
        w->reach = reach_of(leg);
    }
}

void cti_clients_find_downs(cti_member *member, int64_t end)
{
    walk w = {.downs = g_array_new(FALSE, FALSE, sizeof(cti_down))};
    cti_client *client = &member->client;

    for (guint i = 0; i < member->legs->len; i++) {
        const cti_leg *leg = g_ptr_array_index(member->legs, i);

        if (leg->outcome == CTI_LEG_OPENED)
            take_session(&w, leg);
        else
            note_attempt(&w, leg);
    }
    if (w.down.attempt_count > 0)
        end_down(&w, NULL, end);
    client->down_count = w.downs->len;
    member->downs = (cti_down *)(void *)g_array_free(w.downs, FALSE);
    client->downs = member->downs;
    for (uint32_t i = 0; i < client->down_count; i++)
        client->down_time += client->downs[i].until - client->downs[i].from;
}

/* ---- telling them ---- */

static const char *side_words(const cti_leg *leg)
{
    static const char *const words[] = {"a server of no known side", "side A", "side B"};

    return words[leg->side];
}

/* ", after attempts on side A (2 refused) and side B (1 rejected)". */
static void append_attempts(GString *to, const cti_down *down)
{
    static const char *const sides[] = {"no known side", "side A", "side B"};
    bool any = false;

    if (down->attempt_count == 0)
        return;
    g_string_append(to, ", after attempts on ");
    for (int side = 0; side < 3; side++) {
        const char *separator = " (";

        for (int outcome = 0; outcome < CTI_LEG_OUTCOMES; outcome++) {
            const uint32_t count = down->attempts[side][outcome];

            if (count == 0)
                continue;
            if (separator[0] == ' ')
                g_string_append_printf(to, "%s%s", any ? " and " : "", sides[side]);
            g_string_append_printf(to, "%s%u %s", separator, count,
                                   cti_leg_outcome_name((cti_leg_outcome)outcome));
            separator = ", ";
            any = true;
        }
        if (separator[0] == ',')
            g_string_append_c(to, ')');
    }
}

/* When the client could know: where it had to notice by itself that the link was dead, that
 * took the whole time since; else a silence before the end was no fault. */
static int64_t struck(const cti_down *down)
{
    const cti_verdict verdict = down->left->verdict;

    return verdict == CTI_VERDICT_HEARTBEATS_UNANSWERED || verdict == CTI_VERDICT_IDLE_TIMER_FIRED
               ? down->from
               : MAX(down->from, down->left->ended);
}

/* What took longest of the down: that it was not noticed, attempts, or the answer. */
static const char *advice(const cti_down *down)
{
    const int64_t unnoticed = cti_elapsed(struck(down), down->left->ended);
    const int64_t tried = cti_elapsed(down->left->ended, down->to->began);
    const int64_t answer = cti_elapsed(down->to->asked, down->to->opened);

    if (unnoticed >= tried && unnoticed >= answer)
        return "Most of it passed before anyone noticed: look at the heartbeat interval and at "
               "what broke the link.";
    if (tried >= answer)
        return "Most of it passed until the next side took the connection: look at the attempts.";
    return "Most of it passed until OPEN_REQ was answered: look at the load of the server.";
}

/* Without a session before, there is none behind either: see is_worth_it(). */
static cti_severity severity_of(const cti_down *down)
{
    if (down->to == NULL)
        return CTI_ERROR;
    return cti_elapsed(struck(down), down->until) > CTI_TIME(FAILOVER_QUICK) ? CTI_WARNING
                                                                             : CTI_NOTE;
}

static void add_frame(cti_finding *finding, uint32_t frame)
{
    if (frame != 0 && finding->frame_count < CTI_FINDING_FRAMES_MAX)
        finding->frames[finding->frame_count++] = frame;
}

/* "The client lost its session on side A (reset-by-server)". */
static void append_left(GString *text, const cti_leg *left)
{
    const bool planned = cti_verdict_fate(left->verdict) == CTI_FATE_PLANNED;

    g_string_append_printf(text,
                           planned ? "The client had to leave its session on %s (%s)"
                                   : "The client lost its session on %s (%s)",
                           side_words(left), cti_verdict_name(left->verdict));
}

static void describe(GString *text, const cti_down *down)
{
    const double seconds = CTI_SECONDS(cti_elapsed(down->from, down->until));

    if (down->left == NULL) {
        g_string_append_printf(text, "The client never got a session in %.3f s", seconds);
    } else {
        append_left(text, down->left);
        if (down->to == NULL)
            g_string_append_printf(
                text, " and had none again until the capture ended, %.3f s later", seconds);
        else
            g_string_append_printf(text,
                                   " and was without one for %.3f s, from the last message of the "
                                   "server to OPEN_CONF on %s",
                                   seconds, side_words(down->to));
    }
    append_attempts(text, down);
    g_string_append(text, ". ");
    g_string_append(text, down->to == NULL ? "A client tries side A and side B in turn until one "
                                             "opens: look at both servers."
                                           : advice(down));
}

/* A down before the first session is worth a word only where there never was one: what was
 * rejected or not answered has findings of its own. */
static bool is_worth_it(const cti_down *down)
{
    uint32_t failed = 0;

    if (down->left != NULL)
        return true;
    for (int side = 0; side < 3; side++)
        failed += down->attempts[side][CTI_LEG_REFUSED] + down->attempts[side][CTI_LEG_NO_ANSWER];
    return down->to == NULL && failed >= CTI_LIMIT(ATTEMPTS_REPORTED);
}

bool cti_down_finding(const cti_down *down, cti_finding *finding)
{
    GString *text;

    if (!is_worth_it(down))
        return false;
    *finding = (cti_finding){
        .rule = CTI_RULE_FAILOVER, .severity = severity_of(down), .time = down->until};
    if (down->left != NULL) {
        finding->session = down->left->session;
        add_frame(finding, down->left->good_frame);
        add_frame(finding, down->left->end_frame);
    }
    if (down->first_attempt != NULL)
        add_frame(finding, down->first_attempt->frame);
    if (down->to != NULL) {
        finding->session = down->to->session;
        add_frame(finding, down->to->opened_frame);
    }
    text = g_string_new(NULL);
    describe(text, down);
    g_strlcpy(finding->text, text->str, sizeof(finding->text));
    g_string_free(text, TRUE);
    return true;
}
