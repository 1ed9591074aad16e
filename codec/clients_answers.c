/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rule "other-address": SYN-ACKs that come from another address of the server than the one that
 * the client connects to (cti_other_answer); one finding for each client. */
#include <arpa/inet.h>

#include "clients_private.h"
#include "rules.h"

/* An address as text, in the caller's buffer; "?" where it is not known. */
static const char *address_words(const cti_endpoint *point, char words[INET6_ADDRSTRLEN])
{
    const int family = point->address_size == 4 ? AF_INET : AF_INET6;

    if (point->address_size == 0 ||
        inet_ntop(family, point->address, words, INET6_ADDRSTRLEN) == NULL)
        return "?";
    return words;
}

void cti_other_address_finding(const cti_client *client, GArray *findings)
{
    const cti_leg *first = NULL, *last = NULL;
    uint32_t attempts = 0, resets = 0;
    char asked[INET6_ADDRSTRLEN], answered[INET6_ADDRSTRLEN];
    cti_finding finding;

    for (uint32_t i = 0; i < client->leg_count; i++) {
        if (client->legs[i]->other_answer.count == 0)
            continue;
        last = client->legs[i];
        if (first == NULL)
            first = last;
        attempts++;
        resets += last->other_answer.resets;
    }
    if (first == NULL)
        return;
    finding = (cti_finding){
        .rule = CTI_RULE_OTHER_ADDRESS,
        .severity = CTI_ERROR,
        .time = last->other_answer.time,
        .frames = {first->frame, first->other_answer.frame},
        .frame_count = 2,
        .check = "Check the server's network cards and routes, and NAT on the path.",
    };
    g_snprintf(
        finding.text, sizeof(finding.text), "SYN to %s was answered from %s in %u attempt%s%s.",
        address_words(&first->server, asked), address_words(&first->other_answer.server, answered),
        attempts, attempts == 1 ? "" : "s", resets > 0 ? ", and the client refused it (RST)" : "");
    g_array_append_val(findings, finding);
}
