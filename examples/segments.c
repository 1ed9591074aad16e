/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From TCP segments, out of order and one missing, to sessions and findings.
 *     cc segments.c $(pkg-config --cflags --libs cti-codec) -o segments */
#include <stdio.h>
#include <cti/connection.h>

#define OPEN_REQ                                                                               \
    "\0\0\0\x39\0\0\0\3\0\0\0\1\0\0\0\x18\0\0\0\x78\0\0\x13\x88\0\0\0\x08\0\0\0\0\0\0\0\0\0\0" \
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\5desk\0\0\2\0\0"
#define OPEN_CONF                                                                              \
    "\0\0\0\x20\0\0\0\4\0\0\0\1\0\0\0\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0"
#define HEARTBEAT_REQ  "\0\0\0\4\0\0\0\5\0\0\0"
#define HEARTBEAT_CONF "\0\0\0\4\0\0\0\6\0\0\0"
#define DATA(text)     CTI_FLAG_ACK, text, sizeof(text) - 1

static void print_finding(void *user, const cti_session_record *session, const cti_finding *finding)
{
    (void)session; /* NULL: what several sessions show together */
    fprintf(user, "%s: %s\n", cti_severity_name(finding->severity), finding->text);
}

static void print_session(void *user, const cti_session_record *record)
{
    fprintf(user, "%s: %s: %s\n", record->session->client_id,
            cti_verdict_name(record->session->verdict), cti_verdict_text(record->session->verdict));
}

static void feed(cti_connections *all, bool server, int second, uint32_t sequence,
                 uint32_t acknowledgment, uint8_t flags, const char *bytes, uint32_t size)
{
    static const cti_endpoint ends[] = {{4, {192, 0, 2, 1}, 50000}, {4, {192, 0, 2, 2}, 42027}};
    static uint32_t frame;

    cti_connections_feed(all, &(cti_segment){
        .source = ends[server], .destination = ends[!server], .time = second * CTI_SECOND,
        .frame = ++frame, .sequence = sequence, .acknowledgment = acknowledgment, .flags = flags,
        .window = 65535, .payload = (const uint8_t *)bytes, .captured = size, .length = size});
}

int main(void)
{
    const cti_connection_options options = {
        .held_bytes = CTI_HELD_BYTES_DEFAULT, .held_total = CTI_HELD_TOTAL_DEFAULT,
        .connections = CTI_CONNECTIONS_DEFAULT, .wait = CTI_WAIT_DEFAULT};
    const cti_connection_events events = {.finding = print_finding, .session = print_session};
    cti_connections *all = cti_connections_new(&options, &events, stdout);

    feed(all, false, 0, 99, 0, CTI_FLAG_SYN, "", 0);
    feed(all, true, 0, 499, 100, CTI_FLAG_SYN | CTI_FLAG_ACK, "", 0);
    feed(all, true, 0, 500, 165, DATA(OPEN_CONF));
    feed(all, false, 0, 100, 500, DATA(OPEN_REQ));
    feed(all, false, 30, 165, 540, DATA(HEARTBEAT_REQ "\2")); /* its answer is missing */
    feed(all, true, 60, 552, 189, DATA(HEARTBEAT_CONF "\3"));
    feed(all, false, 60, 177, 552, DATA(HEARTBEAT_REQ "\3"));
    feed(all, false, 60, 189, 564, CTI_FLAG_ACK, "", 0);
    feed(all, true, 75, 564, 189, CTI_FLAG_RST | CTI_FLAG_ACK, "", 0);
    cti_connections_finish(all);
    cti_connections_free(all);
    return 0;
}
