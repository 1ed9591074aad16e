/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line (see options.h). */
#include "options.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "endpoints.h"
#include "fragment.h"

/* What GOption hands over, before it is checked. */
typedef struct raw_options {
    char *format, *ports, *filter, *fail_on, *time_form, *zone, *colour;
    char *slow;
    char **side_a, **side_b;
    char *held_bytes, *held_total, *connections, *fragments, *reorder;
    char *session, *types, *call, *from, *to, *least;
    gboolean show_bytes, show_secrets, redact, in_order, quiet, version;
} raw_options;

static char *summary(void)
{
    GString *text = g_string_new(
        "Reads captures of Cisco's CTI Server protocol (GED-188) and reports what happened to\n"
        "its sessions.  FILE is a capture: pcap, pcapng and what else Wireshark reads, also\n"
        "compressed with gzip, zstd or lz4; - is standard input.  Several files are taken in\n"
        "the order of their packets' times.  What comes through a pipe in another format than\n"
        "pcap, pcapng or gzip is first copied to a temporary file (TMPDIR, at most 16 GiB).\n\n"
        "Formats (-T):");

    for (const output_format *format = output_formats; format->name != NULL; format++)
        g_string_append_printf(text, "\n  %-28s%s%s", format->name, format->about,
                               format == output_formats ? " (default)" : "");
    return g_string_free(text, FALSE);
}

static const char epilogue[] =
    "Exit status:\n"
    "  0  done\n"
    "  1  findings at or above --fail-on\n"
    "  2  wrong use\n"
    "  3  no input could be read\n"
    "  4  some input is damaged or incomplete; the output covers the rest\n"
    "  5  output failed\n";

static bool choose_format(options *o, const char *name, char **error)
{
    GString *known;

    o->format = name != NULL ? output_format_find(name) : output_formats;
    if (o->format != NULL)
        return true;
    known = g_string_new(NULL);
    for (const output_format *format = output_formats; format->name != NULL; format++)
        g_string_append_printf(known, "%s%s", known->len > 0 ? ", " : "", format->name);
    *error = g_strdup_printf("unknown format '%s': there are %s", name, known->str);
    g_string_free(known, TRUE);
    return false;
}

static bool choose_ports(options *o, const char *list, char **error)
{
    char **parts = list != NULL ? g_strsplit(list, ",", -1) : NULL;
    bool good = true;

    o->ports = parts != NULL ? g_new0(uint16_t, g_strv_length(parts)) : NULL;
    for (char **part = parts; part != NULL && *part != NULL && good; part++) {
        guint64 port;

        good = g_ascii_string_to_unsigned(*part, 10, 1, 65535, &port, NULL);
        if (good)
            o->ports[o->port_count++] = (uint16_t)port;
        else
            *error = g_strdup_printf("'%s' is no port: give numbers from 1 to 65535, as in -d 42027,42067",
                                     *part);
    }
    g_strfreev(parts);
    return good;
}

/* Adds the servers of one side; texts is NULL at its end, or NULL itself. */
static bool choose_servers(options *o, cti_side side, char *const *texts, char **error)
{
    for (; texts != NULL && *texts != NULL; texts++) {
        cti_known_server *server;

        o->servers = g_renew(cti_known_server, o->servers, o->server_count + 1);
        server = &o->servers[o->server_count++];
        server->side = side;
        if (endpoint_parse(*texts, &server->address))
            continue;
        *error = g_strdup_printf("'%s' is no address: give 192.0.2.1, 192.0.2.1:42027 or "
                                 "[2001:db8::1]:42027; names are not looked up", *texts);
        return false;
    }
    return true;
}

/* The severity of this name; -1 for NULL. */
static bool choose_severity(int *chosen, const char *name, char **error)
{
    *chosen = -1;
    if (name == NULL)
        return true;
    for (cti_severity severity = CTI_NOTE; severity <= CTI_ERROR; severity++)
        if (strcmp(name, cti_severity_name(severity)) == 0)
            *chosen = (int)severity;
    if (*chosen >= 0)
        return true;
    *error = g_strdup_printf("unknown severity '%s': there are note, warning, error", name);
    return false;
}

static bool choose_number(uint32_t *number, const char *text, const char *what, char **error)
{
    guint64 value;

    if (text == NULL)
        return true;
    if (g_ascii_string_to_unsigned(text, 10, 0, UINT32_MAX, &value, NULL)) {
        *number = (uint32_t)value;
        return true;
    }
    *error = g_strdup_printf("'%s' is no number of a %s", text, what);
    return false;
}

static bool choose_time(const options *o, int64_t *time, const char *text, char **error)
{
    *time = CTI_NO_TIME;
    if (text == NULL || times_parse(text, o->times.zone, time))
        return true;
    *error = g_strdup_printf("'%s' is no time: give 2026-11-22T10:00:00Z or seconds since 1970",
                             text);
    return false;
}

/* All types must be known: a typing error would select nothing. */
static bool choose_types(selection_criteria *chosen, const char *list, char **error)
{
    if (list == NULL)
        return true;
    chosen->types = g_strsplit(list, ",", -1);
    for (char **type = chosen->types; *type != NULL; type++) {
        const cti_message *known = NULL;

        for (uint32_t number = 0; number <= CTI_MESSAGE_NEWEST; number++)
            if (cti_message_find(number) != NULL &&
                g_ascii_strcasecmp(cti_message_find(number)->name, *type) == 0)
                known = cti_message_find(number);
        if (known == NULL) {
            *error = g_strdup_printf("'%s' is not a message of GED-188", *type);
            return false;
        }
    }
    return true;
}

static bool choose_selection(options *o, const raw_options *raw, char **error)
{
    selection_criteria *chosen = &o->selection;
    int least;

    if (!choose_number(&chosen->session, raw->session, "session", error) ||
        !choose_number(&chosen->call, raw->call, "call", error) ||
        !choose_types(chosen, raw->types, error) ||
        !choose_time(o, &chosen->from, raw->from, error) ||
        !choose_time(o, &chosen->to, raw->to, error) ||
        !choose_severity(&least, raw->least, error))
        return false;
    if (chosen->from != CTI_NO_TIME && chosen->to != CTI_NO_TIME && chosen->from > chosen->to) {
        *error = g_strdup_printf("--from %s is after --to %s: nothing would be shown", raw->from,
                                 raw->to);
        return false;
    }
    chosen->has_call = raw->call != NULL;
    chosen->least = least < 0 ? CTI_NOTE : (cti_severity)least;
    return true;
}

static bool choose_filter(options *o, const char *expression, char **error)
{
    char *reason = NULL;

    if (expression == NULL)
        return true;
    o->filter = capture_filter_new(expression, &reason);
    if (o->filter == NULL)
        *error = g_strdup_printf("filter '%s': %s", expression, reason);
    g_free(reason);
    return o->filter != NULL;
}

static bool is_same_file(const struct stat *output, const char *path)
{
    struct stat input;

    if (strcmp(path, "-") == 0 ? fstat(STDIN_FILENO, &input) : stat(path, &input))
        return false;
    return input.st_dev == output->st_dev && input.st_ino == output->st_ino;
}

/* To open the output empties it: it must not be an input. */
static bool check_output(const options *o, char **error)
{
    struct stat output;

    if (o->output_path == NULL || o->files == NULL || stat(o->output_path, &output) != 0 ||
        !S_ISREG(output.st_mode))
        return true;
    for (char **file = o->files; *file != NULL; file++)
        if (is_same_file(&output, *file)) {
            *error = g_strdup_printf("'%s' is an input: -w would overwrite it", o->output_path);
            return false;
        }
    return true;
}

/* Reads a limit: a number from 1 to most, with K, M or G behind it for 2^10, 2^20 or 2^30. */
static bool choose_limit(uint64_t *limit, const char *text, uint64_t usual, uint64_t most,
                         char **error)
{
    static const char units[] = "KMG";
    const size_t length = text != NULL ? strlen(text) : 0;
    const char *unit = length > 1 ? strchr(units, g_ascii_toupper(text[length - 1])) : NULL;
    const unsigned shift = unit != NULL ? 10 * (unsigned)(unit - units + 1) : 0;
    char *digits;
    guint64 number;
    bool good;

    *limit = usual;
    if (text == NULL)
        return true;
    digits = g_strndup(text, length - (unit != NULL));
    good = g_ascii_string_to_unsigned(digits, 10, 1, most >> shift, &number, NULL);
    g_free(digits);
    if (good)
        *limit = number << shift;
    else
        *error = g_strdup_printf("'%s' is no limit: give a number from 1 to %" G_GUINT64_FORMAT
                                 ", with K, M or G if you like",
                                 text, most);
    return good;
}

static bool choose_limits(options *o, const raw_options *raw, char **error)
{
    const uint64_t most = UINT64_C(1) << 40;
    uint64_t connections, packets;

    if (!choose_limit(&o->held_bytes, raw->held_bytes, CTI_HELD_BYTES_DEFAULT, most, error) ||
        !choose_limit(&o->held_total, raw->held_total, CTI_HELD_TOTAL_DEFAULT, most, error) ||
        !choose_limit(&connections, raw->connections, CTI_CONNECTIONS_DEFAULT, G_MAXINT32, error) ||
        !choose_limit(&packets, raw->fragments, FRAGMENT_PACKETS, G_MAXINT32, error))
        return false;
    o->connections = (uint32_t)connections;
    o->fragments = (uint32_t)packets;
    return true;
}

/* Milliseconds, with a fraction; more than a day cannot be meant. */
static bool parse_milliseconds(const char *text, double least, int64_t *nanoseconds)
{
    char *end;
    const double milliseconds = g_ascii_strtod(text, &end);

    if (end == text || *end != '\0' || !(milliseconds >= least && milliseconds <= 86400e3))
        return false;
    *nanoseconds = (int64_t)(milliseconds * 1e6);
    return true;
}

static bool choose_slow(int64_t *slow, const char *text, char **error)
{
    if (text == NULL || parse_milliseconds(text, 1e-6, slow))
        return true;
    *error = g_strdup_printf("'%s' is not a valid response time: give milliseconds, as in --slow 62",
                             text);
    return false;
}

static bool choose_wait(int64_t *wait, const char *text, char **error)
{
    *wait = CTI_WAIT_DEFAULT;
    if (text == NULL || parse_milliseconds(text, 0, wait))
        return true;
    *error = g_strdup_printf("'%s' is not a valid time: give milliseconds, as in --reorder 200",
                             text);
    return false;
}

static bool choose_colour(ink_choice *colour, const char *when, char **error)
{
    static const char *const names[] = {
        [INK_AUTO] = "auto", [INK_ALWAYS] = "always", [INK_NEVER] = "never"};

    *colour = INK_AUTO;
    if (when == NULL)
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (strcmp(names[i], when) == 0) {
            *colour = (ink_choice)i;
            return true;
        }
    *error = g_strdup_printf("unknown choice of colour '%s': there are auto, always, never", when);
    return false;
}

static bool check_table(const options *o, char **error)
{
    GString *known = g_string_new(NULL);
    bool good = o->table == NULL;

    for (unsigned i = 0; csv_table_name(i) != NULL; i++) {
        good = good || strcmp(csv_table_name(i), o->table) == 0;
        g_string_append_printf(known, "%s%s", i > 0 ? ", " : "", csv_table_name(i));
    }
    if (!good)
        *error = g_strdup_printf("unknown table '%s': there are %s", o->table, known->str);
    g_string_free(known, TRUE);
    return good;
}

static bool check(options *o, const raw_options *raw, char **error)
{
    o->show_bytes = raw->show_bytes;
    o->show_secrets = raw->show_secrets;
    o->redact = raw->redact;
    o->quiet = raw->quiet;
    o->in_order = raw->in_order;
    o->version = raw->version;
    if (!choose_format(o, raw->format, error) || !choose_ports(o, raw->ports, error) ||
        !choose_servers(o, CTI_SIDE_A, raw->side_a, error) ||
        !choose_servers(o, CTI_SIDE_B, raw->side_b, error) ||
        !choose_severity(&o->fail_on, raw->fail_on, error) || !choose_limits(o, raw, error) ||
        !choose_filter(o, raw->filter, error) || !check_table(o, error) ||
        !choose_slow(&o->slow, raw->slow, error) ||
        !choose_wait(&o->wait, raw->reorder, error) ||
        !choose_colour(&o->colour, raw->colour, error) ||
        !times_style_set(&o->times, raw->time_form, raw->zone, error) ||
        !choose_selection(o, raw, error))
        return false;
    if (!o->version && o->list == NULL && o->explain == NULL &&
        (o->files == NULL || o->files[0] == NULL)) {
        *error = g_strdup("no capture named: ctidump FILE..., - for standard input");
        return false;
    }
    return check_output(o, error);
}

bool options_parse(options *o, int argc, char **argv, char **error)
{
    raw_options raw = {0};
    GOptionContext *context = g_option_context_new("FILE...");
    GError *problem = NULL;
    char *about = summary();
    bool good;
    const GOptionEntry entries[] = {
        {"format", 'T', 0, G_OPTION_ARG_STRING, &raw.format, "What to print, see above", "FORMAT"},
        {"output", 'w', 0, G_OPTION_ARG_FILENAME, &o->output_path,
         "Write to FILE, not to standard output", "FILE"},
        {"ports", 'd', 0, G_OPTION_ARG_STRING, &raw.ports,
         "Further TCP ports that carry CTI (always: 42027 and 43027 plus 40 x instance, and "
         "whatever looks like CTI)",
         "PORT,..."},
        {"side-a", 0, 0, G_OPTION_ARG_STRING_ARRAY, &raw.side_a,
         "This server is side A, whatever its port; may be given again", "ADDRESS[:PORT]"},
        {"side-b", 0, 0, G_OPTION_ARG_STRING_ARRAY, &raw.side_b, "The same for side B",
         "ADDRESS[:PORT]"},
        {"filter", 'f', 0, G_OPTION_ARG_STRING, &raw.filter,
         "Take only packets that match, as in tcpdump: 'host 10.1.1.1'", "EXPRESSION"},
        {"in-order", 0, 0, G_OPTION_ARG_NONE, &raw.in_order,
         "Take the files one after the other as they are named, whatever their times", NULL},
        {"table", 0, 0, G_OPTION_ARG_STRING, &o->table,
         "Table of format csv: sessions (default), messages, heartbeats, requests, "
         "findings, answers",
         "TABLE"},
        {"slow", 0, 0, G_OPTION_ARG_STRING, &raw.slow,
         "List responses that took longer (formats report, json, csv)", "MILLISECONDS"},
        {"time", 't', 0, G_OPTION_ARG_STRING, &raw.time_form,
         "Show times as u, ud (UTC; ud: with date, default), a, ad (in the zone), e (epoch), r (since "
         "the first packet), d (since the line before)",
         "FORM"},
        {"tz", 0, 0, G_OPTION_ARG_STRING, &raw.zone,
         "Time zone of times shown, and of --from and --to: Europe/Berlin, +01:00, local (UTC)",
         "ZONE"},
        {"color", 0, 0, G_OPTION_ARG_STRING, &raw.colour,
         "Colour in formats report and timeline: auto (on a terminal, default), always, never",
         "WHEN"},
        {"bytes", 'x', 0, G_OPTION_ARG_NONE, &raw.show_bytes,
         "Show offsets, lengths and bytes (format messages)", NULL},
        {"show-secrets", 0, 0, G_OPTION_ARG_NONE, &raw.show_secrets,
         "Show passwords, otherwise their length only", NULL},
        {"redact", 0, 0, G_OPTION_ARG_NONE, &raw.redact,
         "Show tokens in place of values that name a person, a number or a customer", NULL},
        {"client", 0, 0, G_OPTION_ARG_STRING, &o->selection.client,
         "Show only sessions of this ClientID", "ID"},
        {"session", 0, 0, G_OPTION_ARG_STRING, &raw.session, "Show only this session", "NUMBER"},
        {"type", 0, 0, G_OPTION_ARG_STRING, &raw.types, "Show only messages of these types",
         "NAME,..."},
        {"agent", 0, 0, G_OPTION_ARG_STRING, &o->selection.agent,
         "Show only messages that name this AgentID or a phone of this agent, and their responses; "
         "report and timeline show the agent's states", "ID"},
        {"call", 0, 0, G_OPTION_ARG_STRING, &raw.call,
         "Show only messages that name this call, in any of their call IDs, and their responses; "
         "report and timeline show its states", "ID"},
        {"from", 0, 0, G_OPTION_ARG_STRING, &raw.from,
         "Show nothing before this time (2026-11-22T10:00:00.5Z or seconds since 1970)", "TIME"},
        {"to", 0, 0, G_OPTION_ARG_STRING, &raw.to, "Show nothing after this time", "TIME"},
        {"min-severity", 0, 0, G_OPTION_ARG_STRING, &raw.least,
         "Show only findings of this severity or above", "SEVERITY"},
        {"fail-on", 0, 0, G_OPTION_ARG_STRING, &raw.fail_on,
         "Exit with status 1 if there are findings of this severity (note, warning, error) or above",
         "SEVERITY"},
        {"reorder", 0, 0, G_OPTION_ARG_STRING, &raw.reorder,
         "Wait at most this long, in the capture's time, for packets captured out of order (200)",
         "MILLISECONDS"},
        {"held-bytes", 0, 0, G_OPTION_ARG_STRING, &raw.held_bytes,
         "Buffer at most this many bytes of a TCP stream while bytes before them are missing (4M)",
         "BYTES"},
        {"held-total", 0, 0, G_OPTION_ARG_STRING, &raw.held_total,
         "The same for all streams together (32M)", "BYTES"},
        {"connections", 0, 0, G_OPTION_ARG_STRING, &raw.connections,
         "Track at most this many TCP connections at a time (16K)", "NUMBER"},
        {"fragments", 0, 0, G_OPTION_ARG_STRING, &raw.fragments,
         "Buffer at most this many fragmented IP packets, of 16K bytes on average (256)", "NUMBER"},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &raw.quiet,
         "Show no progress (shown on standard error if that is a terminal)", NULL},
        {"explain", 0, 0, G_OPTION_ARG_STRING, &o->explain,
         "Explain a finding, a verdict or a problem of this name, and what to do", "NAME"},
        {"list", 0, 0, G_OPTION_ARG_STRING, &o->list,
         "List all formats, tables, types (of messages), severities, rules, verdicts or problems",
         "KIND"},
        {"version", 'v', 0, G_OPTION_ARG_NONE, &raw.version, "Print the version", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &o->files, NULL, NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };

    *o = (options){.fail_on = -1};
    g_option_context_set_summary(context, about);
    g_option_context_set_description(context, epilogue);
    g_option_context_add_main_entries(context, entries, NULL);
    good = g_option_context_parse(context, &argc, &argv, &problem);
    if (!good) {
        *error = g_strdup(problem->message);
        error[0][0] = g_ascii_tolower(error[0][0]);
        g_error_free(problem);
    } else {
        good = check(o, &raw, error);
    }
    g_option_context_free(context);
    g_free(about);
    g_free(raw.format);
    g_free(raw.ports);
    g_free(raw.filter);
    g_free(raw.fail_on);
    g_free(raw.time_form);
    g_free(raw.zone);
    g_free(raw.colour);
    g_free(raw.slow);
    g_free(raw.reorder);
    g_free(raw.held_bytes);
    g_free(raw.held_total);
    g_free(raw.connections);
    g_free(raw.fragments);
    g_strfreev(raw.side_a);
    g_strfreev(raw.side_b);
    g_free(raw.session);
    g_free(raw.types);
    g_free(raw.call);
    g_free(raw.from);
    g_free(raw.to);
    g_free(raw.least);
    return good;
}

void options_release(options *o)
{
    g_strfreev(o->files);
    g_free(o->output_path);
    g_free(o->table);
    g_free(o->explain);
    g_free(o->list);
    g_free(o->ports);
    g_free(o->servers);
    capture_filter_free(o->filter);
    g_free(o->selection.client);
    g_free(o->selection.agent);
    g_strfreev(o->selection.types);
    times_style_release(&o->times);
}
