/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is told of all connections at the end: the counts of the summary, and notes. */
#include "connection_parts.h"

#include <string.h>

void connections_summary(const connections *all, summary_record *summary)
{
    summary->connections = all->numbered;
    summary->sessions = all->sessions;
    summary->other_connections = all->other;
    summary->failed_attempts = all->attempts;
    summary->messages = all->messages;
    memcpy(summary->findings, all->findings, sizeof(summary->findings));
}

static void tell(void (*to)(void *user, const char *line), void *user, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static void tell(void (*to)(void *user, const char *line), void *user, const char *format, ...)
{
    va_list arguments;
    char *line;

    va_start(arguments, format);
    line = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    to(user, line);
    g_free(line);
}

void connections_notes(const connections *all, void (*to)(void *user, const char *line),
                       void *user)
{
    if (all->steps_back.count > 0)
        tell(to, user,
             "time steps back: %" G_GUINT64_FORMAT " x, first in frame %u, by at most %.6f s",
             all->steps_back.count, all->steps_back.frame,
             (double)all->worst_step / (double)CTI_SECOND);
    if (all->cut.count > 0)
        tell(to, user, "packets of CTI that the capture cut (snaplen): %" G_GUINT64_FORMAT
                       ", first frame %u: what is missing counts as holes",
             all->cut.count, all->cut.frame);
    if (all->differing.count > 0)
        tell(to, user, "segments of CTI that repeat bytes as others (overlap-differs): %"
                       G_GUINT64_FORMAT ", first frame %u: the bytes that came first count",
             all->differing.count, all->differing.frame);
    if (all->over_limit.count > 0)
        tell(to, user, "holes that were not waited for because of a limit (--held-bytes, "
                       "--held-total, --connections): %" G_GUINT64_FORMAT ", first in frame %u",
             all->over_limit.count, all->over_limit.frame);
    if (cti_clients_left_out(all->clients) > 0)
        tell(to, user,
             "more than %u sessions, or %u attempts to connect: %" G_GUINT64_FORMAT
             " are left out of the clients' ways, and of failover, sides and open-storm",
             CTI_CLIENTS_LEGS_MAX, CTI_CLIENTS_ATTEMPTS_MAX, cti_clients_left_out(all->clients));
    if (all->forgotten_idle + all->forgotten_talking > 0)
        tell(to, user,
             "more than %u connections (--connections), so that those longest silent were "
             "forgotten: %" G_GUINT64_FORMAT " without an open session, %" G_GUINT64_FORMAT
             " with one",
             all->options->connections, all->forgotten_idle, all->forgotten_talking);
}
