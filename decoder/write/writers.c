/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of output formats (see writers.h). */
#include "writers.h"

#include <string.h>

const output_format output_formats[] = {
    {"report", "what happened: overview, findings, each session", &report_writer, report_start,
     report_finish, true},
    {"timeline", "one line an event, in the order of time", &timeline_writer, timeline_start,
     timeline_finish, false},
    {"messages", "each message with all its fields", &messages_writer, messages_start,
     messages_finish, false},
    {"json", "JSON Lines, one record a line", &json_writer, json_start, json_finish, false},
    {"csv", "one table (--table), for spreadsheets", &csv_writer, csv_start, csv_finish, false},
    {"html", "a page for mail and print, with a lane per session", &html_writer, html_start,
     html_finish, true},
    {"ctisvr", "each message as in the CTI Server's own log", &ctisvr_writer, ctisvr_start,
     ctisvr_finish, false},
    {NULL, NULL, NULL, NULL, NULL, false},
};

const output_format *output_format_find(const char *name)
{
    for (const output_format *format = output_formats; format->name != NULL; format++)
        if (strcmp(format->name, name) == 0)
            return format;
    return NULL;
}
