/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rule "sides": a client tries its two sides in turn until one of them takes the connection.
 *
 * After a loss it may begin with either side, and a refused or unanswered OPEN_REQ may be sent
 * to the same side again (GED-188, "OPEN_CONF message"); but where a connection itself fails, the
 * next attempt is due on the other side.  A SYN that is repeated from the same port belongs to the
 * same attempt.  A capture that shows nothing of the other side was taken where only one side's
 * packets pass: nothing is reported. */
#include "clients_private.h"
#include "rules.h"

/* Consecutive attempts on one side. */
typedef struct run {
    const cti_leg *first, *last;
    uint32_t tries;
} run;

static bool failed_to_connect(const cti_leg *leg)
{
    return leg->outcome == CTI_LEG_REFUSED || leg->outcome == CTI_LEG_NO_ANSWER;
}

static bool is_same_try(const cti_leg *a, const cti_leg *b)
{
    return cti_same_endpoint(&a->client, &b->client) && cti_same_endpoint(&a->server, &b->server);
}

static void describe(const run *r, const cti_leg *next, cti_finding *finding)
{
    const char *side = cti_side_name(r->first->side);
    const char *other = r->first->side == CTI_SIDE_A ? "B" : "A";

    *finding = (cti_finding){.rule = CTI_RULE_SIDES,
                             .severity = CTI_WARNING,
                             .time = r->last->began,
                             .session = next != NULL ? next->session : 0,
                             .frames = {r->first->frame, r->last->frame},
                             .frame_count = 2,
                             .check = "Check which two servers the client is configured with."};
    g_snprintf(finding->text, sizeof(finding->text),
               "%u consecutive connection attempts to side %s failed in %.3f s, without one to side "
               "%s in between.",
               r->tries, side, CTI_SECONDS(cti_elapsed(r->first->began, r->last->began)), other);
}

static void end_run(const run *r, const cti_leg *next, GArray *findings)
{
    cti_finding finding;

    if (r->tries < 2)
        return;
    describe(r, next, &finding);
    g_array_append_val(findings, finding);
}

void cti_sides_findings(const cti_client *client, const bool seen[3], GArray *findings)
{
    run r = {0};

    for (uint32_t i = 0; i < client->leg_count; i++) {
        const cti_leg *leg = client->legs[i];

        if (r.tries > 0 && is_same_try(r.last, leg))
            continue;
        if (r.tries > 0 && leg->side == r.first->side) {
            r.tries++;
            r.last = leg;
        } else {
            end_run(&r, leg, findings);
            r = (run){0};
        }
        if (!failed_to_connect(leg)) {
            end_run(&r, leg, findings);
            r = (run){0};
        } else if (r.tries == 0 && leg->side != CTI_SIDE_UNKNOWN &&
                   seen[leg->side == CTI_SIDE_A ? CTI_SIDE_B : CTI_SIDE_A]) {
            r = (run){leg, leg, 1};
        }
    }
    end_run(&r, NULL, findings);
}
