/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a reader should know of the capture as a whole (see connection_notes.h). */
#include "connection_notes.h"

#include <glib.h>

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

void connection_notes(const cti_connection_counts *counts, const cti_connection_options *options,
                      void (*to)(void *user, const char *line), void *user)
{
    if (counts->steps_back.count > 0)
        tell(to, user,
             "time steps back: %" G_GUINT64_FORMAT " x, first in frame %u, by up to %.6f s",
             counts->steps_back.count, counts->steps_back.frame,
             (double)counts->worst_step / (double)CTI_SECOND);
    if (counts->disordered.count > 0)
        tell(to, user,
             "packets of CTI captured out of order, after the packets that acknowledge them: "
             "%" G_GUINT64_FORMAT " (first: frame %u, by up to %.6f s); times between the two "
             "directions are uncertain by that much",
             counts->disordered.count, counts->disordered.frame,
             (double)counts->worst_disorder / (double)CTI_SECOND);
    if (counts->one_sided > 0)
        tell(to, user,
             "only one direction was captured of %u connection%s with CTI: what the other side "
             "sent is not known",
             counts->one_sided, counts->one_sided == 1 ? "" : "s");
    if (counts->missing > 0)
        tell(to, user,
             "bytes that were acknowledged are missing from the capture: %" G_GUINT64_FORMAT
             " byte%s at %" G_GUINT64_FORMAT " place%s, in %u session%s, first in frame %u: what "
             "they contained is not known",
             counts->missing_bytes, counts->missing_bytes == 1 ? "" : "s", counts->missing,
             counts->missing == 1 ? "" : "s", counts->missing_sessions,
             counts->missing_sessions == 1 ? "" : "s", counts->missing_frame);
    if (counts->cut.count > 0)
        tell(to, user,
             "packets of CTI that the capture cut (snaplen): %" G_GUINT64_FORMAT
             ", first frame %u: the missing bytes are gaps",
             counts->cut.count, counts->cut.frame);
    if (counts->differing.count > 0)
        tell(to, user,
             "segments of CTI that repeat bytes with other content (overlap-differs): %" G_GUINT64_FORMAT
             ", first frame %u: the bytes captured first are used",
             counts->differing.count, counts->differing.frame);
    if (counts->over_limit.count > 0)
        tell(to, user,
             "gaps that were declared early because of a limit (--held-bytes, "
             "--held-total, --connections): %" G_GUINT64_FORMAT ", first in frame %u",
             counts->over_limit.count, counts->over_limit.frame);
    if (counts->outages_left_out > 0)
        tell(to, user,
             "more than %u outages of components and peripherals: %" G_GUINT64_FORMAT
             " are left out of the report's outages",
             CTI_OUTAGES_MAX, counts->outages_left_out);
    if (counts->maintenances_left_out > 0)
        tell(to, user,
             "more than %u sessions or votes, or %u maintenances: %" G_GUINT64_FORMAT
             " are left out of the maintenances and of active-side",
             CTI_MAINTENANCE_SESSIONS_MAX, CTI_MAINTENANCES_MAX, counts->maintenances_left_out);
    if (counts->clients_left_out > 0)
        tell(to, user,
             "more than %u sessions, or %u attempts to connect: %" G_GUINT64_FORMAT
             " are left out of the clients' histories, and of failover, sides, open-retries and "
             "open-storm",
             CTI_CLIENTS_LEGS_MAX, CTI_CLIENTS_ATTEMPTS_MAX, counts->clients_left_out);
    if (counts->forgotten_idle + counts->forgotten_talking > 0)
        tell(to, user,
             "more than %u connections (--connections): those silent for longest were dropped: "
             "%" G_GUINT64_FORMAT " without an open session, %" G_GUINT64_FORMAT
             " with one",
             options->connections, counts->forgotten_idle, counts->forgotten_talking);
}
