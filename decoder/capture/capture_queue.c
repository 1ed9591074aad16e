/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose turn it is (see capture_queue.h). */
#include "capture_queue.h"

#include <glib.h>

#include "packet.h"

/* Most files that wait open for their turn; others are opened again. */
#define WAITING_OPEN_MAX 32

/* One file and the packet of it that comes next. */
typedef struct queued {
    const char *path;
    capture *capture; /* NULL before its turn and when it is used up */
    int64_t first_time;
    capture_turn turn;
    uint64_t records;   /* read so far */
    int known_link;     /* the link type that was last found to be supported */
    GArray *told_links; /* link types whose note was given; NULL where there is none */
    bool has_known, has_unknown;
} queued;

struct capture_queue {
    capture_queue_options options;
    capture_queue_facts facts;
    queued *files; /* one a path */
    uint32_t file_count;
    GPtrArray *waiting; /* in the order of their turns; the last one is next */
    GPtrArray *active;  /* those whose packets are merged by time */
    queued *last;       /* whose packet was taken last; it is to be advanced */
};

static void note(capture_queue *q, const queued *from, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static void note(capture_queue *q, const queued *from, const char *format, ...)
{
    va_list arguments;
    char *what;

    va_start(arguments, format);
    what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    q->options.note(q->options.user, from->turn.file, what);
    g_free(what);
}

static bool is_stopped(const capture_queue *q)
{
    return q->options.stop != NULL && *q->options.stop;
}

/* ---- the records of a file ---- */

/* True the first time for each link type of a file. */
static bool is_new_link(queued *f, int link_type)
{
    if (f->told_links == NULL)
        f->told_links = g_array_new(FALSE, FALSE, sizeof(int));
    for (guint i = 0; i < f->told_links->len; i++)
        if (g_array_index(f->told_links, int, i) == link_type)
            return false;
    g_array_append_val(f->told_links, link_type);
    return true;
}

static void note_link(capture_queue *q, queued *f, int link_type, const char *what)
{
    char *link;

    if (!is_new_link(f, link_type))
        return;
    link = capture_link_describe(link_type);
    note(q, f, "%s %s", link, what);
    g_free(link);
}

/* Is the link type of the file's packet supported? */
static bool check_link(capture_queue *q, queued *f)
{
    const int link_type = f->turn.packet.link_type;

    if (link_type == CAPTURE_NO_PACKET)
        return false;
    if (packet_knows_link(link_type)) {
        f->known_link = link_type;
        f->has_known = true;
        return true;
    }
    f->has_unknown = true;
    note_link(q, f, link_type, "is not supported: its packets are left out");
    return false;
}

static bool check_filter(capture_queue *q, queued *f)
{
    const int link_type = f->turn.packet.link_type;
    char *what;

    switch (capture_filter_ask(q->options.filter, &f->turn.packet)) {
    case CAPTURE_FILTER_TAKES:
        return true;
    case CAPTURE_FILTER_LEAVES:
        return false;
    case CAPTURE_FILTER_UNUSABLE:
        break;
    }
    what = g_strdup_printf("does not go with the filter (%s): its packets are left out",
                           capture_filter_error(q->options.filter, link_type));
    note_link(q, f, link_type, what);
    g_free(what);
    return false;
}

/* Gets the file's next packet that is used.  False if there is none: then *damaged tells
 * whether there should have been more.  A stop may end it at any record. */
static bool advance(capture_queue *q, queued *f, bool *damaged)
{
    *damaged = false;
    f->turn.skipped = 0;
    for (;;) {
        switch (capture_next(f->capture, &f->turn.packet)) {
        case CAPTURE_PACKET:
            break;
        case CAPTURE_DAMAGED:
            *damaged = true;
            return is_stopped(q); /* a read that the signal broke off is no damage */
        case CAPTURE_END:
            return false;
        }
        f->records++;
        if ((f->turn.packet.link_type == f->known_link || check_link(q, f)) &&
            (q->options.filter == NULL || check_filter(q, f)))
            return true;
        f->turn.skipped++;
        if (is_stopped(q))
            return true;
    }
}

/* Closes a file that could be read. */
static void close_file(capture_queue *q, queued *f)
{
    const uint64_t dropped = capture_dropped(f->capture);

    if (dropped > 0)
        note(q, f, "the capturing interface dropped %" G_GUINT64_FORMAT " packets", dropped);
    q->facts.skipped += f->turn.skipped;
    q->facts.bytes += capture_position(f->capture);
    capture_close(f->capture);
    f->capture = NULL;
    q->options.close(q->options.user, f->turn.file);
}

/* The file has no more packets. */
static void retire(capture_queue *q, queued *f, bool damaged)
{
    if (damaged) {
        q->facts.incomplete = true;
        note(q, f, "damaged after packet %" G_GUINT64_FORMAT " (%s): what follows is left out",
             f->records, capture_error(f->capture));
    }
    close_file(q, f);
}

/* ---- the files ---- */

static bool open_file(capture_queue *q, queued *f)
{
    char *error = NULL;

    f->known_link = CAPTURE_NO_PACKET;
    f->records = 0;
    f->capture = capture_open(f->path, &error);
    if (f->capture != NULL) {
        capture_on_wait(f->capture, q->options.wait, q->options.user);
        return true;
    }
    note(q, f, "%s", error);
    g_free(error);
    q->facts.incomplete = true;
    return false;
}

/* A file that only has link types that are not supported counts as not readable. */
static void give_up(capture_queue *q, queued *f)
{
    capture_close(f->capture);
    f->capture = NULL;
    q->facts.incomplete = true;
}

static void count_file(capture_queue *q, const queued *f)
{
    q->facts.files++;
    q->facts.time_digits = MAX(q->facts.time_digits, capture_time_digits(f->capture));
}

/* A long ring buffer has more files than may be open at once. */
static void limit_open(capture_queue *q, queued *f)
{
    if (q->waiting->len <= WAITING_OPEN_MAX || !capture_can_reopen(f->capture))
        return;
    capture_close(f->capture);
    f->capture = NULL;
}

/* Opens a file and looks for its first packet.  With one, the file waits for its turn. */
static void add_file(capture_queue *q, queued *f)
{
    bool damaged = false;
    int link_type;

    if (!open_file(q, f))
        return;
    link_type = capture_link_type(f->capture);
    if (link_type != CAPTURE_LINKS_VARY && !packet_knows_link(link_type)) {
        note_link(q, f, link_type, "is not supported: the file is left out");
        give_up(q, f);
        return;
    }
    if (advance(q, f, &damaged)) {
        f->first_time = f->turn.packet.time;
        count_file(q, f);
        g_ptr_array_add(q->waiting, f);
        limit_open(q, f);
    } else if (f->has_unknown && !f->has_known) {
        give_up(q, f);
    } else {
        count_file(q, f);
        retire(q, f, damaged);
    }
}

/* ---- turns ---- */

static bool is_before(const queued *a, int64_t a_time, const queued *b, int64_t b_time)
{
    return a_time != b_time ? a_time < b_time : a->turn.file < b->turn.file;
}

/* The next turn last. */
static int compare_times(const void *a, const void *b)
{
    const queued *left = *(queued *const *)a, *right = *(queued *const *)b;

    return is_before(left, left->first_time, right, right->first_time) ? 1 : -1;
}

static int compare_numbers(const void *a, const void *b)
{
    const queued *left = *(queued *const *)a, *right = *(queued *const *)b;

    return left->turn.file < right->turn.file ? 1 : -1;
}

/* Lets the next waiting file take part. */
static void activate(capture_queue *q)
{
    queued *f = g_ptr_array_remove_index(q->waiting, q->waiting->len - 1);
    bool damaged = false;

    if (f->capture == NULL) {
        if (!open_file(q, f))
            return;
        if (!advance(q, f, &damaged)) {
            retire(q, f, damaged);
            return;
        }
    }
    g_ptr_array_add(q->active, f);
}

/* The active file whose packet is the earliest; of equal ones the first named. */
static queued *earliest(const capture_queue *q)
{
    queued *best = q->active->len > 0 ? g_ptr_array_index(q->active, 0) : NULL;

    for (guint i = 1; i < q->active->len; i++) {
        queued *f = g_ptr_array_index(q->active, i);

        if (is_before(f, f->turn.packet.time, best, best->turn.packet.time))
            best = f;
    }
    return best;
}

static queued *whose_turn(capture_queue *q)
{
    for (;;) {
        queued *best = earliest(q);
        const queued *next;

        if (q->waiting->len == 0)
            return best;
        next = g_ptr_array_index(q->waiting, q->waiting->len - 1);
        if (best != NULL && (q->options.in_order ||
                             !is_before(next, next->first_time, best, best->turn.packet.time)))
            return best;
        activate(q);
    }
}

const capture_turn *capture_queue_next(capture_queue *q)
{
    bool damaged;

    if (q->last != NULL && !advance(q, q->last, &damaged)) {
        g_ptr_array_remove(q->active, q->last);
        retire(q, q->last, damaged);
    }
    q->last = whose_turn(q);
    return q->last != NULL ? &q->last->turn : NULL;
}

/* ---- the queue ---- */

capture_queue *capture_queue_new(const capture_queue_options *options)
{
    capture_queue *q = g_new0(capture_queue, 1);

    q->options = *options;
    q->facts.time_digits = 6;
    q->waiting = g_ptr_array_new();
    q->active = g_ptr_array_new();
    while (options->paths[q->file_count] != NULL)
        q->file_count++;
    q->files = g_new0(queued, q->file_count);
    for (uint32_t i = 0; i < q->file_count; i++) {
        q->files[i].turn.file = i;
        q->files[i].path = options->paths[i];
        add_file(q, &q->files[i]);
    }
    g_ptr_array_sort(q->waiting, options->in_order ? compare_numbers : compare_times);
    return q;
}

uint64_t capture_queue_position(const capture_queue *q)
{
    uint64_t position = q->facts.bytes;

    for (guint i = 0; i < q->active->len; i++)
        position += capture_position(((const queued *)g_ptr_array_index(q->active, i))->capture);
    return position;
}

const capture_queue_facts *capture_queue_known(const capture_queue *q)
{
    return &q->facts;
}

void capture_queue_close(capture_queue *q)
{
    for (uint32_t i = 0; i < q->file_count; i++)
        if (q->files[i].capture != NULL)
            close_file(q, &q->files[i]);
    g_ptr_array_set_size(q->waiting, 0);
    g_ptr_array_set_size(q->active, 0);
    q->last = NULL;
}

void capture_queue_free(capture_queue *q)
{
    if (q == NULL)
        return;
    for (uint32_t i = 0; i < q->file_count; i++) {
        capture_close(q->files[i].capture);
        if (q->files[i].told_links != NULL)
            g_array_unref(q->files[i].told_links);
    }
    g_ptr_array_unref(q->waiting);
    g_ptr_array_unref(q->active);
    g_free(q->files);
    g_free(q);
}
