/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Wireshark looks for in a plugin: its version, the Wireshark that it was built for,
 * and the way to its protocols. */
#include "compat.h"

#include "packet-cti.h"

/* Declared here, since Wireshark has no header for them. */
WS_DLL_PUBLIC_DEF const char plugin_version[] = PLUGIN_VERSION;
WS_DLL_PUBLIC_DEF const int plugin_want_major = WIRESHARK_VERSION_MAJOR;
WS_DLL_PUBLIC_DEF const int plugin_want_minor = WIRESHARK_VERSION_MINOR;
WS_DLL_PUBLIC void plugin_register(void);
WS_DLL_PUBLIC uint32_t plugin_describe(void);

void plugin_register(void)
{
    static proto_plugin plugin;

    plugin.register_protoinfo = packet_cti_register;
    plugin.register_handoff = packet_cti_handoff;
    proto_register_plugin(&plugin);
}

/* GCOVR_EXCL_START: Wireshark 4.0 does not call it */
uint32_t plugin_describe(void)
{
    return PLUGIN_DESCRIPTION;
}
/* GCOVR_EXCL_STOP */
