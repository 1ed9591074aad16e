/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers what the user may choose (see preferences.h). */
#include "preferences.h"

#include "reader.h"

plugin_preferences preferences = {.desegment = true,
                                  .hide_passwords = true,
                                  .largest_message = CTI_MESSAGE_SIZE_MAX,
                                  .recognize = RECOGNIZE_ANY_MESSAGE};

/* The codec takes nothing larger, and nothing is smaller than a header. */
static void keep_in_range(void)
{
    preferences.largest_message = CLAMP(preferences.largest_message, CTI_HEADER_SIZE,
                                        CTI_MESSAGE_SIZE_MAX);
}

void preferences_register(int protocol)
{
    static const enum_val_t recognize[] = {
        {"open_req", "OPEN_REQ only", RECOGNIZE_OPEN_REQ},
        {"any_message", "Any message that cannot be anything else", RECOGNIZE_ANY_MESSAGE},
        {NULL, NULL, 0},
    };
    module_t *module = prefs_register_protocol(protocol, keep_in_range);

    prefs_register_bool_preference(module, "desegment",
                                   "Reassemble messages that span several TCP segments",
                                   "TCP's own preference \"Allow subdissector to reassemble TCP "
                                   "streams\" must be set too.",
                                   &preferences.desegment);
    prefs_register_uint_preference(module, "version", "Version (0 = from the session)",
                                   "Version of the protocol by which all messages are read. With "
                                   "0 it is the one of the session's OPEN_REQ, or, where that "
                                   "was not captured, is found out from the messages.",
                                   10, &preferences.version);
    prefs_register_uint_preference(module, "largest_message", "Largest message in bytes",
                                   "A longer MessageLength is not valid: the next message is "
                                   "searched for. GED-188 knows messages of up to 12500 bytes; "
                                   "at most 65536 are taken.",
                                   10, &preferences.largest_message);
    prefs_register_enum_preference(module, "recognize", "On other ports, take for CTI",
                                   "The heuristic takes a connection for CTI from the first "
                                   "segment on that starts with such a message. It is switched "
                                   "off under Analyze > Enabled Protocols.",
                                   &preferences.recognize, recognize, false);
    prefs_register_bool_preference(module, "hide_passwords", "Hide passwords",
                                   "Show only the length of passwords. Their bytes stay visible "
                                   "in the packet's bytes.",
                                   &preferences.hide_passwords);
}
