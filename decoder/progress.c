/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Telling how far the reading is (see progress.h). */
#include "progress.h"

#include <glib.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "codec/text.h"
#include "records.h"
#include "times.h"

/* Between two lines. */
#define PAUSE_NS 100000000
/* What is done by then needs no line. */
#define FIRST_AFTER_US 500000

struct progress {
    const progress_counts *counts;
    uint64_t total;
    bool line;
    int64_t started; /* monotonic, in microseconds */
    pthread_t thread;
    GMutex mutex; /* of what follows, and of standard error */
    bool stopped, shown;
};

static sigset_t status_signals(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    return signals;
}

static void append_status(GString *to, const progress *p)
{
    const uint64_t packets = __atomic_load_n(&p->counts->packets, __ATOMIC_RELAXED);
    const uint64_t bytes = __atomic_load_n(&p->counts->bytes, __ATOMIC_RELAXED);
    const uint64_t position = __atomic_load_n(&p->counts->position, __ATOMIC_RELAXED);
    const int64_t time = __atomic_load_n(&p->counts->time, __ATOMIC_RELAXED);
    times_style utc = {0};

    if (p->total > 0)
        g_string_append_printf(to, "%3u %%, ", (unsigned)(MIN(position, p->total) * 100 / p->total));
    g_string_append_printf(to, "%" G_GUINT64_FORMAT " packets, %.1f MB", packets,
                           (double)bytes / 1e6);
    if (packets == 0)
        return;
    g_string_append(to, ", at ");
    times_date(to, &utc, time, 0);
}

/* Takes the line away, with the mutex held. */
static void erase(progress *p)
{
    if (p->shown)
        fputs("\r\033[K", stderr);
    p->shown = false;
}

static void print_line(progress *p)
{
    GString *text = g_string_new("\rctidump: ");

    append_status(text, p);
    g_string_append(text, "\033[K");
    fputs(text->str, stderr);
    fflush(stderr);
    p->shown = true;
    g_string_free(text, TRUE);
}

static void print_status(progress *p)
{
    GString *text = g_string_new(NULL);

    append_status(text, p);
    g_string_append_printf(text, ", after %.1f s",
                           (double)(g_get_monotonic_time() - p->started) / 1e6);
    erase(p);
    fprintf(stderr, "ctidump: %s\n", g_strchug(text->str));
    fflush(stderr);
    g_string_free(text, TRUE);
}

static void *print_until_stopped(void *data)
{
    progress *p = data;
    const sigset_t signals = status_signals();
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    const bool wants_line = p->line; /* at the start: later it may go */
    bool stopped = false;

    while (!stopped) {
        const int signal = wants_line ? sigtimedwait(&signals, NULL, &pause)
                                   : sigwaitinfo(&signals, NULL);

        g_mutex_lock(&p->mutex);
        stopped = p->stopped;
        if (!stopped && signal == SIGUSR1)
            print_status(p);
        else if (!stopped && p->line && g_get_monotonic_time() - p->started > FIRST_AFTER_US)
            print_line(p);
        g_mutex_unlock(&p->mutex);
    }
    return NULL;
}

progress *progress_start(const progress_counts *counts, uint64_t total, bool line)
{
    progress *p = g_new0(progress, 1);
    sigset_t all, before;

    p->counts = counts;
    p->total = total;
    p->line = line;
    p->started = g_get_monotonic_time();
    g_mutex_init(&p->mutex);
    /* This thread takes no other signal: an interrupt must reach the one that reads. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&p->thread, NULL, print_until_stopped, p) != 0)
        g_error("no thread for the progress");
    sigaddset(&before, SIGUSR1);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return p;
}

void progress_say(progress *p, const char *text)
{
    GString *line = g_string_new(NULL);

    if (p != NULL) {
        g_mutex_lock(&p->mutex);
        erase(p);
    }
    cti_text_bytes(line, text, strlen(text));
    fprintf(stderr, "ctidump: %s\n", line->str);
    if (p != NULL)
        g_mutex_unlock(&p->mutex);
    g_string_free(line, TRUE);
}

void progress_hide(void *data)
{
    progress *p = data;

    g_mutex_lock(&p->mutex);
    erase(p);
    fflush(stderr);
    p->line = false;
    g_mutex_unlock(&p->mutex);
}

void progress_stop(progress *p)
{
    g_mutex_lock(&p->mutex);
    p->stopped = true;
    erase(p);
    fflush(stderr);
    g_mutex_unlock(&p->mutex);
    pthread_kill(p->thread, SIGUSR1); /* so that it does not wait any more */
    pthread_join(p->thread, NULL);
    g_mutex_clear(&p->mutex);
    g_free(p);
}
