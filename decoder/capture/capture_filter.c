/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capture filters (see capture_filter.h): one program of libpcap a link type. */
#include "capture_filter.h"

#include <glib.h>
#include <pcap/pcap.h>
#include <stdio.h>

#define SNAPLEN 262144

typedef struct filter_program {
    int link_type;
    struct bpf_program code;
    char *error; /* NULL where code is good */
} filter_program;

struct capture_filter {
    char *expression;
    GPtrArray *programs; /* as many as there are link types in the captures */
    filter_program *last;
};

/* A handle to compile for.  A dead one would do, but for it libpcap allows what only a network
 * interface of Linux can answer, such as inbound. */
static pcap_t *open_empty(int link_type)
{
    struct pcap_file_header header = {.magic = 0xA1B2C3D4,
                                      .version_major = PCAP_VERSION_MAJOR,
                                      .version_minor = PCAP_VERSION_MINOR,
                                      .snaplen = SNAPLEN,
                                      .linktype = (bpf_u_int32)link_type};
    char message[PCAP_ERRBUF_SIZE];
    FILE *file = link_type >= 0 ? fmemopen(&header, sizeof(header), "rb") : NULL;
    pcap_t *handle = file != NULL ? pcap_fopen_offline(file, message) : NULL;

    if (handle == NULL && file != NULL)
        fclose(file);
    return handle;
}

static filter_program *compile(const char *expression, int link_type)
{
    filter_program *program = g_new0(filter_program, 1);
    pcap_t *handle = open_empty(link_type);

    program->link_type = link_type;
    if (handle == NULL)
        program->error = g_strdup("libpcap does not know this link type");
    else if (pcap_compile(handle, &program->code, expression, 1, PCAP_NETMASK_UNKNOWN) != 0)
        program->error = g_strdup(pcap_geterr(handle));
    if (handle != NULL)
        pcap_close(handle);
    return program;
}

static void free_program(void *data)
{
    filter_program *program = data;

    if (program->error == NULL)
        pcap_freecode(&program->code);
    g_free(program->error);
    g_free(program);
}

capture_filter *capture_filter_new(const char *expression, char **error)
{
    /* What is said of Ethernet is said first; some words have a meaning elsewhere only. */
    static const int link_types[] = {DLT_EN10MB, DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_RAW, DLT_NULL};
    filter_program *program = NULL;
    capture_filter *filter;

    for (size_t i = 0; i < G_N_ELEMENTS(link_types); i++) {
        g_clear_pointer(&program, free_program);
        program = compile(expression, link_types[i]);
        if (program->error == NULL)
            break;
        if (i == 0)
            *error = g_strdup(program->error);
    }
    if (program->error != NULL) {
        free_program(program);
        return NULL;
    }
    g_clear_pointer(error, g_free);
    filter = g_new0(capture_filter, 1);
    filter->expression = g_strdup(expression);
    filter->programs = g_ptr_array_new_with_free_func(free_program);
    filter->last = program;
    g_ptr_array_add(filter->programs, program);
    return filter;
}

void capture_filter_free(capture_filter *filter)
{
    if (filter == NULL)
        return;
    g_ptr_array_unref(filter->programs);
    g_free(filter->expression);
    g_free(filter);
}

static filter_program *find_program(const capture_filter *filter, int link_type)
{
    for (guint i = 0; i < filter->programs->len; i++) {
        filter_program *program = g_ptr_array_index(filter->programs, i);

        if (program->link_type == link_type)
            return program;
    }
    return NULL;
}

capture_filter_result capture_filter_ask(capture_filter *filter, const capture_packet *packet)
{
    const struct pcap_pkthdr header = {.caplen = packet->captured, .len = packet->length};
    filter_program *program = filter->last;

    if (program->link_type != packet->link_type) {
        program = find_program(filter, packet->link_type);
        if (program == NULL) {
            program = compile(filter->expression, packet->link_type);
            g_ptr_array_add(filter->programs, program);
        }
        filter->last = program;
    }
    if (program->error != NULL)
        return CAPTURE_FILTER_UNUSABLE;
    return pcap_offline_filter(&program->code, &header, packet->bytes) != 0
               ? CAPTURE_FILTER_TAKES : CAPTURE_FILTER_LEAVES;
}

const char *capture_filter_error(const capture_filter *filter, int link_type)
{
    const filter_program *program = find_program(filter, link_type);

    return program != NULL && program->error != NULL ? program->error : "no error";
}
