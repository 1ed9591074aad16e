/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times of answers by request, and counts of messages (see statistics.h). */
#include "statistics.h"

#include "compat.h"

#include <epan/srt_table.h>
#include <epan/stats_tree.h>

#include "taps.h"

/* ---- answer times ---- */

/* A row for each message type, so that the filter that Wireshark makes of a row's number finds
 * the requests of that type. */
static void init_times(struct register_srt *srt, GArray *tables)
{
    srt_stat_table *table = init_srt_table("CTI", NULL, tables, CTI_MESSAGE_NEWEST + 1, "Request",
                                           "cti.message_type", NULL);

    (void)srt;
    for (uint32_t type = 0; type <= CTI_MESSAGE_NEWEST; type++) {
        const cti_message *message = cti_message_find(type);

        init_srt_table_row(table, (int)type, message != NULL ? message->name : "unknown");
    }
}

static tap_packet_status take_time(void *data, packet_info *pinfo, epan_dissect_t *dissection,
                                   const void *record, tap_flags_t flags)
{
    const cti_tap *tap = record;
    const message_note *answer = tap->message;
    nstime_t time, request;
    srt_data_t *srt = data;

    (void)dissection;
    (void)flags;
    if (answer == NULL || answer->request == NULL || answer->response_time == CTI_NO_TIME)
        return TAP_PACKET_DONT_REDRAW;
    time = (nstime_t){(time_t)(answer->response_time / CTI_SECOND),
                      (int)(answer->response_time % CTI_SECOND)};
    nstime_delta(&request, &pinfo->abs_ts, &time);
    add_srt_table_data(g_array_index(srt->srt_array, srt_stat_table *, 0),
                       (int)answer->request->number, &request, pinfo);
    return TAP_PACKET_REDRAW;
}

/* ---- counts ---- */

static int by_type, by_status, by_client;

static void init_counts(stats_tree *tree)
{
    by_type = stats_tree_create_pivot(tree, "Messages by type", 0);
    by_status = stats_tree_create_pivot(tree, "Failures by status", 0);
    by_client = stats_tree_create_pivot(tree, "Sessions by client", 0);
}

/* Who began the session. */
static const char *client_of(const cti_tap *tap)
{
    if (tap->session->data != NULL && tap->session->data->client_id != NULL)
        return tap->session->data->client_id;
    return tap->message->first_without_open ? "(OPEN_REQ was not captured)"
                                            : "(OPEN_REQ without ClientID)";
}

static tap_packet_status count(stats_tree *tree, packet_info *pinfo, epan_dissect_t *dissection,
                               const void *record, tap_flags_t flags)
{
    const cti_tap *tap = record;

    (void)pinfo;
    (void)dissection;
    (void)flags;
    if (tap->message == NULL)
        return TAP_PACKET_DONT_REDRAW;
    stats_tree_tick_pivot(tree, by_type, tap->type_name);
    if (tap->status != NULL)
        stats_tree_tick_pivot(tree, by_status, tap->status);
    if (tap->message->begins_session)
        stats_tree_tick_pivot(tree, by_client, client_of(tap));
    return TAP_PACKET_REDRAW;
}

void statistics_register(int protocol)
{
    register_srt_table(protocol, NULL, 1, take_time, init_times, NULL);
    stats_tree_register_plugin("cti", "cti", "CTI Messages", 0, count, init_counts, NULL);
    sessions_table_register();
}
