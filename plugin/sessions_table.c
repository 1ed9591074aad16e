/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of sessions (see statistics.h): a row for each session that a packet belongs to.
 *
 * In the GUI, and with tshark -2, a row tells of the whole session; in tshark's one pass, of the
 * session until its last packet, so that a session that the capture's end cuts shows its state
 * instead of a verdict. */
#include "statistics.h"

#include "compat.h"

#include <epan/stat_tap_ui.h>

#include "taps.h"

enum {
    NUMBER,
    CLIENT,
    SIDE,
    VERSION,
    OPENED,
    LASTED,
    MESSAGES,
    HEARTBEATS,
    MISSED,
    WORST_GAP,
    END,
    COLUMNS
};

static stat_tap_table_item columns[COLUMNS] = {
    [NUMBER] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "No.", "%7u"},
    [CLIENT] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Client", "%-16s"},
    [SIDE] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Side", "%-4s"},
    [VERSION] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Version", "%7u"},
    [OPENED] = {TABLE_ITEM_FLOAT, TAP_ALIGN_RIGHT, "Opened s", "%12.6f"},
    [LASTED] = {TABLE_ITEM_FLOAT, TAP_ALIGN_RIGHT, "Lasted s", "%12.6f"},
    [MESSAGES] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Messages", "%8u"},
    [HEARTBEATS] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Heartbeats", "%10u"},
    [MISSED] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Missed", "%6u"},
    [WORST_GAP] = {TABLE_ITEM_FLOAT, TAP_ALIGN_RIGHT, "Worst gap s", "%12.6f"},
    [END] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "End", "%-22s"},
};

static const char title[] = "CTI Sessions";

/* Wireshark has one such table at a time.  Number of a session -> its row + 1: a filter may leave
 * sessions out, and a row without a session would be an empty line. */
static GHashTable *rows;

/* ---- the table ---- */

static void free_item(stat_tap_table *table, unsigned row, unsigned column,
                      stat_tap_table_item_type *item)
{
    (void)table;
    (void)row;
    (void)column;
    if (item->type == TABLE_ITEM_STRING)
        g_free((char *)item->value.string_value);
    *item = (stat_tap_table_item_type){.type = TABLE_ITEM_NONE};
}

/* Takes all rows away. */
/* GCOVR_EXCL_START: only the GUI does this (tests/gui) */
static void reset(stat_tap_table *table)
{
    for (unsigned row = 0; row < table->num_elements; row++) {
        for (unsigned column = 0; column < COLUMNS; column++)
            free_item(table, row, column, stat_tap_get_field_data(table, row, column));
        g_free(table->elements[row]);
    }
    table->num_elements = 0;
    g_hash_table_remove_all(rows);
}
/* GCOVR_EXCL_STOP */

static void init_table(stat_tap_table_ui *ui)
{
    stat_tap_table *table = stat_tap_find_table(ui, title);

    if (rows == NULL)
        rows = g_hash_table_new(NULL, NULL);
    g_hash_table_remove_all(rows);
    if (table == NULL)
        stat_tap_add_table(ui, stat_tap_init_table(title, COLUMNS, 0, "cti.session"));
    else
        reset(table); /* GCOVR_EXCL_LINE: in the GUI */
}

/* ---- rows ---- */

static void set_text(stat_tap_table_item_type *item, const char *text)
{
    if (item->type == TABLE_ITEM_STRING && strcmp(item->value.string_value, text) == 0)
        return;
    if (item->type == TABLE_ITEM_STRING)
        g_free((char *)item->value.string_value);
    item->type = TABLE_ITEM_STRING;
    item->value.string_value = g_strdup(text);
}

static void set_number(stat_tap_table_item_type *item, uint64_t number)
{
    item->type = TABLE_ITEM_UINT;
    item->value.uint_value = (unsigned)MIN(number, UINT_MAX);
}

static void set_seconds(stat_tap_table_item_type *item, int64_t time)
{
    item->type = TABLE_ITEM_FLOAT;
    item->value.float_value = (double)time / (double)CTI_SECOND;
}

static void fill(stat_tap_table_item_type *row, const session_data *session)
{
    const cti_session_summary *summary = &session->summary;

    set_number(&row[NUMBER], session->number);
    set_text(&row[CLIENT], session->client_id != NULL ? session->client_id : "");
    set_text(&row[SIDE], session->side != CTI_SIDE_UNKNOWN ? cti_side_name(session->side) : "");
    set_number(&row[VERSION], summary->version);
    set_seconds(&row[OPENED], session->opened);
    set_seconds(&row[LASTED], (summary->finished ? summary->end_time : summary->last_time) -
                                  summary->first_time);
    set_number(&row[MESSAGES], summary->messages_client + summary->messages_server);
    set_number(&row[HEARTBEATS], summary->heartbeats);
    set_number(&row[MISSED], summary->heartbeats_missed);
    set_seconds(&row[WORST_GAP], summary->worst_gap);
    set_text(&row[END], summary->finished ? cti_verdict_name(summary->verdict)
                                          : cti_state_name(summary->state));
}

static stat_tap_table_item_type *row_of(stat_tap_table *table, uint32_t session)
{
    static const stat_tap_table_item_type empty[COLUMNS];
    unsigned row = GPOINTER_TO_UINT(g_hash_table_lookup(rows, GUINT_TO_POINTER(session)));

    if (row == 0) {
        stat_tap_init_table_row(table, table->num_elements, COLUMNS, empty);
        row = table->num_elements;
        g_hash_table_insert(rows, GUINT_TO_POINTER(session), GUINT_TO_POINTER(row));
    }
    return stat_tap_get_field_data(table, row - 1, 0);
}

static tap_packet_status take_session(void *data, packet_info *pinfo, epan_dissect_t *dissection,
                                      const void *record, tap_flags_t flags)
{
    const session_data *session = ((const cti_tap *)record)->session->data;
    stat_tap_table *table = g_array_index(((stat_data_t *)data)->stat_tap_data->tables,
                                          stat_tap_table *, 0);

    (void)pinfo;
    (void)dissection;
    (void)flags;
    if (session == NULL) /* its turn has not come */
        return TAP_PACKET_DONT_REDRAW;
    fill(row_of(table, session->number), session);
    return TAP_PACKET_REDRAW;
}

void sessions_table_register(void)
{
    static tap_param parameters[] = {{PARAM_FILTER, "filter", "Filter", NULL, true}};
    static stat_tap_table_ui ui = {
        .group = REGISTER_PACKET_STAT_GROUP_UNSORTED,
        .title = title,
        .tap_name = "cti",
        .cli_string = "cti,sessions",
        .stat_tap_init_cb = init_table,
        .packet_func = take_session,
        .stat_tap_reset_table_cb = reset,
        .stat_tap_free_table_item_cb = free_item,
        .nfields = COLUMNS,
        .fields = columns,
        .nparams = array_length(parameters),
        .params = parameters,
    };

    register_stat_tap_table_ui(&ui);
}
