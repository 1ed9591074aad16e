/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Watches one CTI session: each message as a line "MILLISECONDS client|server HEX" on standard
 * input, findings and the verdict on standard output.
 *     cc watch.c $(pkg-config --cflags --libs cti-codec) -o watch */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <cti/session.h>

static void print_finding(void *user, const cti_finding *finding)
{
    (void)user;
    printf("%s", cti_severity_name(finding->severity));
    if (finding->frame_count > 0)
        printf(" at line %u", finding->frames[finding->frame_count - 1]);
    printf(": %s: %s\n", cti_rule_name(finding->rule), finding->text);
}

int main(void)
{
    static const cti_session_events events = {.finding = print_finding};
    static char line[2 * CTI_MESSAGE_SIZE_MAX + 64];
    static uint8_t bytes[CTI_MESSAGE_SIZE_MAX];
    cti_moment moment = {0};
    cti_session *session = cti_session_new(&events, NULL, false);
    const cti_session_summary *summary = cti_session_get_summary(session);

    while (fgets(line, sizeof(line), stdin) != NULL) {
        char sender[8];
        int64_t milliseconds;
        int hex, used;
        size_t size = 0;
        cti_reader reader;
        cti_message_facts facts;

        if (sscanf(line, "%" SCNd64 " %7s %n", &milliseconds, sender, &hex) != 2)
            return 1;
        for (const char *at = line + hex; size < sizeof(bytes); at += used, size++)
            if (sscanf(at, "%2" SCNx8 "%n", &bytes[size], &used) != 1)
                break;
        moment.time = milliseconds * 1000000;
        moment.frame++;
        moment.sender = strcmp(sender, "client") == 0 ? CTI_CLIENT : CTI_SERVER;
        cti_session_message(session, bytes, size, &moment, &reader, &facts);
    }
    cti_session_finish(session, moment.time, CTI_END_CAPTURE_ENDED);
    printf("%s: %s\n", cti_verdict_name(summary->verdict), cti_verdict_text(summary->verdict));
    cti_session_free(session);
    return 0;
}
