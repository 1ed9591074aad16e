/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the engine's events to a writer's (see records.h). */
#include "records.h"

cti_connection_events record_writer_events(const record_writer *writer)
{
    return (cti_connection_events){
        .expect = writer->expect,
        .message = writer->message,
        .heartbeat = writer->heartbeat,
        .request = writer->request,
        .silence = writer->silence,
        .gap = writer->gap,
        .finding = writer->finding,
        .tcp_end = writer->tcp_end,
        .session = writer->session,
        .connection = writer->connection,
        .client = writer->client,
        .outage = writer->outage,
        .maintenance = writer->maintenance,
        .storm = writer->storm,
    };
}

void summary_record_take(summary_record *summary, const cti_connection_counts *counts)
{
    summary->connections = counts->connections;
    summary->sessions = counts->sessions;
    summary->other_connections = counts->other;
    summary->failed_attempts = counts->attempts;
    summary->messages = counts->messages;
    memcpy(summary->findings, counts->findings, sizeof(summary->findings));
}
