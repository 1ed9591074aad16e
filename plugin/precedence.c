/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps CTI's heuristic before that of SMPP (see precedence.h).
 *
 * Wireshark asks the heuristics of TCP in the order of a list, to whose front it moves each one
 * that has just taken a packet.  A plugin's starts at the front; once SMPP's has taken a packet,
 * CTI's must get there again: it is asked, by itself, about a packet of no bytes, and takes it. */
#include "precedence.h"

#include <epan/exceptions.h>

#include <string.h>

/* What TCP would tell of a packet: other heuristics may read it. */
static const struct tcpinfo probe;

static int proto_smpp = -1;
static heur_dissector_list_t heuristics;

void precedence_init(void)
{
    proto_smpp = proto_get_id_by_filter_name("smpp");
    heuristics = find_heur_dissector_list("tcp");
}

bool precedence_is_probe(const void *data)
{
    return data == &probe;
}

static bool is_smpp(const packet_info *pinfo)
{
    for (wmem_list_frame_t *layer = wmem_list_tail(pinfo->layers); layer != NULL;
         layer = wmem_list_frame_prev(layer))
        if (GPOINTER_TO_INT(wmem_list_frame_data(layer)) == proto_smpp)
            return true;
    return false;
}

static void note_first(const char *table, heur_dtbl_entry_t *entry, void *user)
{
    const char **first = user;

    (void)table;
    if (*first == NULL)
        *first = entry->short_name;
}

static bool is_first(void)
{
    const char *first = NULL;

    heur_dissector_table_foreach("tcp", note_first, &first);
    return first == NULL || strcmp(first, CTI_HEURISTIC) == 0;
}

/* Asks the heuristics about nothing, and takes back what a success leaves in pinfo. */
static void move_to_front(packet_info *pinfo)
{
    const unsigned layers = wmem_list_count(pinfo->layers);
    const uint8_t layer_number = pinfo->curr_layer_num;
    tvbuff_t *nothing = tvb_new_real_data(NULL, 0, 0);
    heur_dtbl_entry_t *entry;

    TRY {
        dissector_try_heuristic(heuristics, nothing, pinfo, NULL, &entry, (void *)&probe);
    }
    CATCH_ALL {
    }
    ENDTRY;
    tvb_free(nothing);
    while (wmem_list_count(pinfo->layers) > layers)
        wmem_list_remove_frame(pinfo->layers, wmem_list_tail(pinfo->layers));
    pinfo->curr_layer_num = layer_number;
}

void precedence_keep(packet_info *pinfo)
{
    const heur_dtbl_entry_t *cti;

    if (proto_smpp == -1 || heuristics == NULL || !is_smpp(pinfo) || is_first())
        return;
    cti = find_heur_dissector_by_unique_short_name(CTI_HEURISTIC);
    if (cti != NULL && cti->enabled)
        move_to_front(pinfo);
}
