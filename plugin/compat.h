/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Wireshark's headers, and what differs between the versions that this plugin is built
 * for: 4.0, 4.2, 4.4 and 4.6.  Every use of such a thing goes through here. */
#ifndef CTI_PLUGIN_COMPAT_H
#define CTI_PLUGIN_COMPAT_H

#define WS_BUILD_DLL
#include <wireshark.h>
#include <ws_version.h>

#include <epan/conversation.h>
#include <epan/expert.h>
#include <epan/packet.h>
#include <epan/prefs.h>
#include <epan/proto_data.h>
#include <epan/tfs.h>
#include <epan/unit_strings.h>

#include <epan/dissectors/packet-tcp.h>
#include <epan/dissectors/packet-tls.h>
#include <epan/follow.h>

#define WIRESHARK_IS_AT_LEAST(major, minor) \
    (WIRESHARK_VERSION_MAJOR * 100 + WIRESHARK_VERSION_MINOR >= (major) * 100 + (minor))

/* The type of preferences and of what heuristics return: its size differs. */
#if WIRESHARK_IS_AT_LEAST(4, 4)
typedef bool ws_bool;
#else
typedef gboolean ws_bool;
#endif

/* What wmem's callbacks return. */
#if WIRESHARK_IS_AT_LEAST(4, 2)
typedef bool wmem_bool;
#else
typedef gboolean wmem_bool;
#endif

/* A byte of the packet.  Since 4.4 the older name is deprecated. */
static inline uint8_t byte_at(tvbuff_t *tvb, int offset)
{
#if WIRESHARK_IS_AT_LEAST(4, 4)
    return tvb_get_uint8(tvb, offset);
#else
    return tvb_get_guint8(tvb, offset);
#endif
}

/* What a plugin is, for plugin_describe(). */
#if WIRESHARK_IS_AT_LEAST(4, 4)
#include <wsutil/plugins.h>
#define PLUGIN_DESCRIPTION WS_PLUGIN_DESC_DISSECTOR
#else
#define PLUGIN_DESCRIPTION 1
#endif

/* A value_string_ext that lives as long as the program. */
static inline value_string_ext *new_value_string_ext(const value_string *values, unsigned count,
                                                     const char *name)
{
#if WIRESHARK_IS_AT_LEAST(4, 6)
    return value_string_ext_new(wmem_epan_scope(), values, count, name);
#else
    return value_string_ext_new(values, count, name);
#endif
}

/* A stream that can be followed; count gives the number of streams. */
static inline void register_follow(int protocol, const char *tap, follow_conv_filter_func packet,
                                   follow_index_filter_func index,
                                   follow_address_filter_func addresses,
                                   follow_port_to_display_func port, uint32_t (*count)(void))
{
#if WIRESHARK_IS_AT_LEAST(4, 2)
    register_follow_stream(protocol, tap, packet, index, addresses, port, follow_tvb_tap_listener,
                           count, NULL);
#else
    (void)count;
    register_follow_stream(protocol, tap, packet, index, addresses, port, follow_tvb_tap_listener);
#endif
}

/* Brings _ws.col.info, the Info column as a field of the packet's tree, up to date when a
 * postdissector has written to the column: since 4.4 the field is filled before those are called.
 * In 4.0 that name is no field, but read from the column itself; in 4.2 the field stays as it is,
 * since nothing that sets one is exported. */
static inline void renew_info_field(packet_info *pinfo, const proto_tree *tree)
{
#if WIRESHARK_IS_AT_LEAST(4, 4)
    const int id = proto_registrar_get_id_byname("_ws.col.info");
    const GPtrArray *fields = tree != NULL && id != -1 ? proto_get_finfo_ptr_array(tree, id) : NULL;

    for (unsigned i = 0; fields != NULL && i < fields->len; i++)
        fvalue_set_string(((field_info *)g_ptr_array_index(fields, i))->value,
                          col_get_text(pinfo->cinfo, COL_INFO));
#else
    (void)pinfo;
    (void)tree;
#endif
}

#endif
