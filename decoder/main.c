/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ctidump: options, the way of the records from pipeline to writer, exit status. */
#include <errno.h>
#include <glib.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/text.h"
#include "large_pages.h"
#include "names.h"
#include "options.h"
#include "output.h"
#include "pipeline.h"
#include "redacted.h"

typedef enum {
    EXIT_DONE = 0,
    EXIT_FINDINGS = 1,
    EXIT_USAGE = 2,
    EXIT_NO_INPUT = 3,
    EXIT_INCOMPLETE = 4,
    EXIT_OUTPUT = 5,
} exit_status;

static volatile sig_atomic_t interrupted;

/* The first signal ends the reading, and what was read is told; the second one kills. */
static void interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

static void catch_interrupts(void)
{
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static void complain(const char *line)
{
    progress_say(NULL, line);
}

static void complain_in_between(void *shown, const char *line)
{
    progress_say(shown, line);
}

static exit_status complain_about_output(const char *path, int error)
{
    fprintf(stderr, "ctidump: %s: %s\n", path != NULL ? path : "standard output",
            g_strerror(error));
    return EXIT_OUTPUT;
}

static exit_status status_of(pipeline_result result, const options *o, const uint64_t findings[3])
{
    if (result == PIPELINE_NO_INPUT)
        return EXIT_NO_INPUT;
    if (result == PIPELINE_INCOMPLETE)
        return EXIT_INCOMPLETE;
    for (int severity = o->fail_on; severity >= 0 && severity <= CTI_ERROR; severity++)
        if (findings[severity] > 0)
            return EXIT_FINDINGS;
    return EXIT_DONE;
}

/* Reads the input; what is selected of it goes to writer. */
static pipeline_result read_selected(const options *o, const pipeline_options *way,
                                     const record_writer *writer, void *user,
                                     uint64_t findings[3])
{
    pipeline_result result;
    selection *selected;

    if (!selection_is_set(&o->selection))
        return pipeline_run(way, o->files, writer, user, findings);
    selected = selection_new(&o->selection, writer, user);
    result = pipeline_run(way, o->files, &selection_writer, selected, findings);
    selection_free(selected);
    return result;
}

/* The same with names taken out (--redact): with a key that nobody knows. */
static pipeline_result read_redacted(const options *o, const pipeline_options *way, void *user,
                                     uint64_t findings[3])
{
    pipeline_result result;
    redacted *hidden;
    uint8_t key[32];

    if (getentropy(key, sizeof(key)) != 0)
        g_error("no random numbers: %s", g_strerror(errno));
    hidden = redacted_new(key, sizeof(key), o->files, o->format->writer, user);
    explicit_bzero(key, sizeof(key));
    result = read_selected(o, way, &redacted_writer, hidden, findings);
    redacted_free(hidden);
    return result;
}

/* Bytes of all files together; 0 if one of them has no size. */
static uint64_t total_size(char *const *files)
{
    uint64_t total = 0;
    struct stat file;

    for (; *files != NULL; files++) {
        if (strcmp(*files, "-") == 0 ? fstat(STDIN_FILENO, &file) : stat(*files, &file))
            continue;
        if (!S_ISREG(file.st_mode))
            return 0;
        total += (uint64_t)file.st_size;
    }
    return total;
}

/* A format that prints while it reads would be mixed up with the line on a terminal. */
static bool wants_line(const options *o, const output *out)
{
    return !o->quiet && isatty(STDERR_FILENO) &&
           (!isatty(out->descriptor) || o->format->prints_at_end);
}

/* An error is remembered, and told at the end. */
static void flush_output(void *user)
{
    output *out = user;

    fflush(out->file);
}

static exit_status run(options *o)
{
    progress_counts counts = {0};
    output out;
    pipeline_options way = {.connections = {.ports = o->ports,
                                            .port_count = o->port_count,
                                            .servers = o->servers,
                                            .server_count = o->server_count,
                                            .held_bytes = o->held_bytes,
                                            .held_total = o->held_total,
                                            .connections = o->connections,
                                            .wait = o->wait},
                            .fragments = o->fragments,
                            .filter = o->filter,
                            .in_order = o->in_order,
                            .stop = &interrupted,
                            .progress = &counts,
                            .first_time = &o->times.first,
                            .note = complain_in_between,
                            .wait = flush_output,
                            .wait_user = &out};
    writer_options writing = {.text_flags = o->show_secrets && !o->redact ? CTI_TEXT_SECRETS : 0,
                              .times = &o->times,
                              .redacted = o->redact,
                              .show_bytes = o->show_bytes,
                              .table = o->table,
                              .has_call = o->selection.has_call,
                              .call = o->selection.call,
                              .agent = o->selection.agent,
                              .slow = o->slow};
    uint64_t findings[3] = {0};
    pipeline_result result;
    progress *shown;
    void *user;
    int error = output_open(&out, o->output_path);

    if (error != 0)
        return complain_about_output(o->output_path, error);
    writing.out = out.file;
    writing.colour = ink_wanted(o->colour, out.descriptor);
    shown = progress_start(&counts, total_size(o->files), wants_line(o, &out));
    way.note_user = shown;
    if (isatty(out.descriptor)) {
        out.before_write = progress_hide;
        out.user = shown;
    }
    user = o->format->start(&writing);
    result = o->redact ? read_redacted(o, &way, user, findings)
                       : read_selected(o, &way, o->format->writer, user, findings);
    out.before_write = NULL;
    progress_stop(shown);
    o->format->finish(user);
    error = output_close(&out);
    if (error != 0)
        return complain_about_output(o->output_path, error);
    return status_of(result, o, findings);
}

/* Options that print what the program knows and read no capture. */
static exit_status tell(const options *o)
{
    char *error = NULL;

    if (o->version)
        puts("ctidump " CTIDUMP_VERSION);
    else if (!(o->list != NULL ? names_list(stdout, o->list, &error)
                               : names_explain(stdout, o->explain, &error))) {
        complain(error);
        g_free(error);
        return EXIT_USAGE;
    }
    return fflush(stdout) == 0 ? EXIT_DONE : complain_about_output(NULL, errno);
}

int main(int argc, char **argv)
{
    exit_status status = EXIT_USAGE;
    char *error = NULL;
    options o;

    large_pages_use();
    setlocale(LC_CTYPE, "");
    if (!options_parse(&o, argc, argv, &error)) {
        complain(error);
        fputs("see ctidump --help\n", stderr);
        g_free(error);
    } else if (o.version || o.list != NULL || o.explain != NULL) {
        status = tell(&o);
    } else {
        catch_interrupts();
        status = run(&o);
    }
    options_release(&o);
    return status;
}
