/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capture files through Wireshark's libwiretap (see capture.h): pcapng with its interfaces
 * and sections, what is compressed, NetMon, snoop and the rest.  From 4.0 to 4.6 its
 * functions changed in few places: these are in the part "versions". */
#include "capture_frames.h"
#include "capture_kinds.h"

#include <glib.h>
#include <pcap/dlt.h>
#include <string.h>
#include <wiretap/pcap-encap.h>
#include <wiretap/wtap.h>
#include <ws_version.h>
#include <wsutil/wslog.h>

#define LINK_TYPES_MAX 1024 /* above all numbers of tcpdump.org's list */
#define LINK_NOT_ASKED INT32_MIN

typedef struct wiretap_capture {
    capture base;
    wtap *file;
    capture_input frames; /* the same file, where it has to be asked whether it is cut */
    wtap_rec record;
    Buffer buffer; /* the record's bytes, before 4.6 */
    int64_t last_time;
    int *link_types; /* by WTAP_ENCAP_ number */
    int link_type_count;
} wiretap_capture;

/* ---- versions ---- */

#define WIRESHARK_IS(major, minor) \
    (WIRESHARK_VERSION_MAJOR * 100 + WIRESHARK_VERSION_MINOR >= (major) * 100 + (minor))

#if WIRESHARK_IS(4, 6)

static void init_log(void)
{
    ws_log_init(NULL);
}

static void init_record(wiretap_capture *c)
{
    wtap_rec_init(&c->record, 2048);
}

static void release_record(wiretap_capture *c)
{
    wtap_rec_cleanup(&c->record);
}

static bool read_record(wiretap_capture *c, int *error, char **details)
{
    int64_t offset;

    return wtap_read(c->file, &c->record, error, details, &offset);
}

static const uint8_t *record_bytes(const wiretap_capture *c)
{
    return ws_buffer_start_ptr(&c->record.data);
}

#else

static void init_log(void)
{
    ws_log_init("ctidump", NULL);
}

static void init_record(wiretap_capture *c)
{
    wtap_rec_init(&c->record);
    ws_buffer_init(&c->buffer, 2048);
}

static void release_record(wiretap_capture *c)
{
    wtap_rec_cleanup(&c->record);
    ws_buffer_free(&c->buffer);
}

static bool read_record(wiretap_capture *c, int *error, char **details)
{
    gint64 offset;

    return wtap_read(c->file, &c->record, &c->buffer, error, details, &offset);
}

static const uint8_t *record_bytes(const wiretap_capture *c)
{
    return ws_buffer_start_ptr(&c->buffer);
}

#endif

/* ---- errors ---- */

/* One line for libwiretap's error, 0 being an end that comes too early; frees the details. */
static char *explain(int error, char *details)
{
    char *text;

    if (error == WTAP_ERR_SHORT_READ || error == 0)
        text = g_strdup("cut short");
    else if (error > 0)
        text = g_strdup(g_strerror(error));
    else
        text = g_strdup(details != NULL ? details : wtap_strerror(error));
    g_free(details);
    for (char *c = text; *c != '\0'; c++)
        if (g_ascii_iscntrl(*c))
            *c = ' ';
    if (g_str_has_suffix(text, "."))
        text[strlen(text) - 1] = '\0';
    return text;
}

/* Why a file could not be opened. */
static char *explain_open(int error, char *details, const char *path)
{
    char *reason, *text;

    if (error == WTAP_ERR_FILE_UNKNOWN_FORMAT && g_str_has_suffix(path, ".etl")) {
        g_free(details);
        return g_strdup("not a capture but a trace of Windows: convert it first (etl2pcapng, or "
                        "pktmon etl2pcap)");
    }
    if (error == WTAP_ERR_FILE_UNKNOWN_FORMAT) {
        g_free(details);
        return g_strdup("not a capture that can be read (unknown format)");
    }
    reason = explain(error, details);
    if (error > 0)
        return reason;
    text = g_strdup_printf("not a capture that can be read (%s)", reason);
    g_free(reason);
    return text;
}

/* ---- link types ---- */

static int find_link_type(int encap)
{
    for (int number = 0; number < LINK_TYPES_MAX; number++)
        if (wtap_pcap_encap_to_wtap_encap(number) == encap && encap != WTAP_ENCAP_UNKNOWN)
            return number;
    return CAPTURE_LINKS_VARY - 1 - encap;
}

static int link_type_of(wiretap_capture *c, int encap)
{
    if (encap < 0 || encap >= c->link_type_count)
        return CAPTURE_LINKS_VARY - 1 - WTAP_ENCAP_UNKNOWN;
    if (c->link_types[encap] == LINK_NOT_ASKED)
        c->link_types[encap] = find_link_type(encap);
    return c->link_types[encap];
}

/* libwiretap takes ERF's header off: what is left is what the record's type says. */
static int erf_link_type(const wtap_packet_header *header)
{
    switch (header->pseudo_header.erf.phdr.type & 0x7F) {
    case 2: /* Ethernet */
    case 11:
    case 16:
    case 20:
        return DLT_EN10MB;
    case 1: /* HDLC or PPP */
    case 10:
    case 15:
    case 19:
        return DLT_C_HDLC;
    case 22:
        return DLT_IPV4;
    case 23:
        return DLT_IPV6;
    case 13: /* counters, metadata, padding */
    case 14:
    case 27:
    case 48:
        return CAPTURE_NO_PACKET;
    default:
        return CAPTURE_LINKS_VARY - 1 - WTAP_ENCAP_ERF;
    }
}

const char *capture_wiretap_name(int link_type)
{
    const char *name = wtap_encap_description(CAPTURE_LINKS_VARY - 1 - link_type);

    return name != NULL ? name : "unknown";
}

/* ---- reading ---- */

static bool has_frames(const capture_input *input)
{
    return input->format == CAPTURE_IS_ZSTD || input->format == CAPTURE_IS_LZ4;
}

static bool is_cut(const capture_input *input)
{
    return input->file >= 0 && input->is_regular && has_frames(input) &&
           capture_frames_are_cut(input->file);
}

static capture_result wiretap_capture_next(capture *base, capture_packet *packet)
{
    wiretap_capture *c = (wiretap_capture *)base;
    const wtap_rec *record = &c->record;
    const wtap_packet_header *header = &record->rec_header.packet_header;
    char *details = NULL;
    int error = 0;

    wtap_rec_reset(&c->record);
    /* Its reader of NetScreen's text says that it read a record that it could not parse: the error
     * tells, which is 0 for a good one. */
    if (!read_record(c, &error, &details) || error != 0) {
        if (error == 0 && !is_cut(&c->frames)) {
            g_free(details);
            return CAPTURE_END;
        }
        g_free(base->error);
        base->error = explain(error, details);
        return CAPTURE_DAMAGED;
    }
    if (record->presence_flags & WTAP_HAS_TS)
        c->last_time = capture_time(record->ts.secs, record->ts.nsecs);
    *packet = (capture_packet){.time = c->last_time, .link_type = CAPTURE_NO_PACKET};
    if (record->rec_type != REC_TYPE_PACKET)
        return CAPTURE_PACKET;
    packet->captured = header->caplen;
    packet->length = MAX(header->len, header->caplen);
    packet->link_type = header->pkt_encap == WTAP_ENCAP_ERF
                            ? erf_link_type(header) : link_type_of(c, header->pkt_encap);
    packet->bytes = record_bytes(c);
    return CAPTURE_PACKET;
}

static uint64_t wiretap_capture_position(const capture *base)
{
    const int64_t position = (int64_t)wtap_read_so_far(((const wiretap_capture *)base)->file);

    return position > 0 ? (uint64_t)position : 0;
}

static void wiretap_capture_close(capture *base)
{
    wiretap_capture *c = (wiretap_capture *)base;

    wtap_close(c->file);
    capture_input_close(&c->frames);
    release_record(c);
    g_free(c->link_types);
    g_free(c);
}

/* ---- what is known of the interfaces ---- */

static uint64_t statistic(wtap_block_t block, unsigned option)
{
    guint64 value;

    return wtap_block_get_uint64_option_value(block, option, &value) == WTAP_OPTTYPE_SUCCESS
               ? value : 0;
}

/* The counts only grow: the highest one of an interface is its last. */
static uint64_t dropped_by(const wtapng_if_descr_mandatory_t *interface)
{
    uint64_t dropped = 0;
    const GArray *statistics = interface->interface_statistics;

    for (guint i = 0; statistics != NULL && i < statistics->len; i++) {
        wtap_block_t block = g_array_index(statistics, wtap_block_t, i);
        const uint64_t count = statistic(block, OPT_ISB_IFDROP) + statistic(block, OPT_ISB_OSDROP);

        dropped = MAX(dropped, count);
    }
    return dropped;
}

typedef struct interface_facts {
    uint64_t dropped;
    unsigned time_digits;
} interface_facts;

static interface_facts ask_interfaces(wtap *file)
{
    interface_facts facts = {0, wtap_file_tsprec(file) > WTAP_TSPREC_USEC ? 9 : 6};
    wtapng_iface_descriptions_t *interfaces = wtap_file_get_idb_info(file);

    for (guint i = 0; i < interfaces->interface_data->len; i++) {
        wtap_block_t block = g_array_index(interfaces->interface_data, wtap_block_t, i);
        const wtapng_if_descr_mandatory_t *interface = wtap_block_get_mandatory_data(block);

        facts.dropped += dropped_by(interface);
        if (interface->tsprecision > WTAP_TSPREC_USEC)
            facts.time_digits = 9;
    }
    g_free(interfaces);
    return facts;
}

static uint64_t wiretap_capture_dropped(const capture *base)
{
    return ask_interfaces(((const wiretap_capture *)base)->file).dropped;
}

/* ---- opening ---- */

/* libwiretap is set up once, without plugins; its log is kept to what stops it. */
static void init_wiretap(void)
{
    static gsize done;

    if (!g_once_init_enter(&done))
        return;
    init_log();
    ws_log_set_level(LOG_LEVEL_CRITICAL);
    wtap_init(FALSE);
    g_once_init_leave(&done, 1);
}

/* libwiretap opens files itself.  It reads a pipe to its end where it finds the format by
 * the first bytes; for other formats it has to go back, so these need a file, and so do those
 * whose end is looked at afterwards. */
static wtap *open_file(capture_input *input, const char *path, char **error)
{
    char *file_path = g_strdup(path);
    const bool streams = input->is_pipe && (input->format == CAPTURE_IS_PCAPNG ||
                                            input->format == CAPTURE_IS_GZIP);
    char *details = NULL;
    int number = 0;
    wtap *file;

    if (!input->is_regular && !streams) {
        g_free(file_path);
        if (!capture_input_copy(input, error))
            return NULL;
        file_path = g_strdup_printf("/dev/fd/%d", input->file);
    }
    file = wtap_open_offline(file_path, WTAP_TYPE_AUTO, &number, &details, FALSE);
    if (file == NULL)
        *error = explain_open(is_cut(input) ? 0 : number, details, path);
    g_free(file_path);
    return file;
}

static void open_link_types(wiretap_capture *c)
{
    c->link_type_count = wtap_get_num_encap_types();
    c->link_types = g_new(int, c->link_type_count);
    for (int i = 0; i < c->link_type_count; i++)
        c->link_types[i] = LINK_NOT_ASKED;
}

capture *capture_wiretap_open(capture_input *input, const char *path, char **error)
{
    static const capture_kind kind = {wiretap_capture_next, wiretap_capture_position,
                                      wiretap_capture_dropped, wiretap_capture_close};
    const bool can_reopen = input->is_regular && !input->is_standard_input;
    wiretap_capture *c;
    wtap *file;

    init_wiretap();
    file = open_file(input, path, error);
    if (file == NULL || !has_frames(input))
        capture_input_close(input);
    if (file == NULL)
        return NULL;
    c = g_new0(wiretap_capture, 1);
    c->frames = *input;
    c->base.kind = &kind;
    c->base.link_type = CAPTURE_LINKS_VARY;
    c->base.time_digits = ask_interfaces(file).time_digits;
    c->base.can_reopen = can_reopen;
    c->file = file;
    init_record(c);
    open_link_types(c);
    return &c->base;
}
