/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the user may choose, beside the ports (Edit > Preferences > Protocols > CTI). */
#ifndef CTI_PLUGIN_PREFERENCES_H
#define CTI_PLUGIN_PREFERENCES_H

#include "compat.h"

/* What is taken for CTI on a port that says nothing. */
enum {
    RECOGNIZE_OPEN_REQ,    /* only OPEN_REQ: sessions that the capture has from their start */
    RECOGNIZE_ANY_MESSAGE, /* any message whose bytes are too many to fit by chance */
};

/* Wireshark writes it when the user changes a preference. */
typedef struct plugin_preferences {
    ws_bool desegment;        /* messages over several segments are put together */
    ws_bool hide_passwords;
    unsigned version;         /* in force whatever the session says; 0 = as the session says */
    unsigned largest_message; /* in bytes, with its header */
    int recognize;
} plugin_preferences;

extern plugin_preferences preferences;

void preferences_register(int protocol);

#endif
