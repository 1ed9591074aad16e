/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose turn it is (see capture_queue.h). */
#include "capture_queue.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "capture_heap.h"
#include "packet.h"

/* Up to this number of files, all stay open until their turn; of more, each is closed after its
 * first packet was read, and opened again. */
#define KEEP_OPEN_MAX 16
/* Descriptors that stay free for what opening a file takes for a short time, and for outputs. */
#define RESERVED_DESCRIPTORS 8

/* Packets of a link type that are not handed out. */
typedef struct skipped_link {
    int link_type;
    char *why;
    uint64_t packets;
} skipped_link;

/* One file and the packet of it that comes next. */
typedef struct queued {
    const char *path;
    capture *capture; /* NULL before its turn and when it is used up */
    int64_t first_time;
    capture_turn turn;
    uint64_t records;     /* read since it was opened */
    uint64_t not_packets; /* of them */
    int known_link;       /* the link type that was last found to be supported */
    GArray *skipped;      /* of skipped_link; NULL where there is none */
    bool has_known, has_unknown;
} queued;

struct capture_queue {
    capture_queue_options options;
    capture_queue_facts facts;
    queued *files; /* one a path */
    uint32_t file_count;
    GPtrArray *waiting;  /* in the order of their turns; the last one is next */
    capture_heap active; /* those whose packets are merged by time */
    queued *last;        /* whose packet was taken last: the first of active; to be advanced */
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

static void clear_skipped(gpointer skipped)
{
    g_free(((skipped_link *)skipped)->why);
}

/* The filter's error, or NULL where the link type is not supported. */
static skipped_link *add_skipped(queued *f, int link_type, const char *filter_error)
{
    char *link = capture_link_describe(link_type);
    skipped_link *added;

    if (f->skipped == NULL) {
        f->skipped = g_array_new(FALSE, FALSE, sizeof(skipped_link));
        g_array_set_clear_func(f->skipped, clear_skipped);
    }
    g_array_set_size(f->skipped, f->skipped->len + 1);
    added = &g_array_index(f->skipped, skipped_link, f->skipped->len - 1);
    added->link_type = link_type;
    added->packets = 0;
    added->why = link;
    if (filter_error != NULL) {
        added->why = g_strdup_printf("%s, for which the filter cannot be used: %s", link,
                                     filter_error);
        g_free(link);
    }
    return added;
}

static skipped_link *find_skipped(const queued *f, int link_type)
{
    for (guint i = 0; f->skipped != NULL && i < f->skipped->len; i++)
        if (g_array_index(f->skipped, skipped_link, i).link_type == link_type)
            return &g_array_index(f->skipped, skipped_link, i);
    return NULL;
}

static void skip_link(queued *f, int link_type, const char *filter_error)
{
    skipped_link *link = find_skipped(f, link_type);

    if (link == NULL)
        link = add_skipped(f, link_type, filter_error);
    link->packets++;
}

static void forget_skipped(queued *f)
{
    if (f->skipped != NULL)
        g_array_unref(f->skipped);
    f->skipped = NULL;
    f->not_packets = 0;
}

/* Hands over the counts of a file that has ended. */
static void report_end(capture_queue *q, queued *f)
{
    for (guint i = 0; f->skipped != NULL && i < f->skipped->len; i++) {
        const skipped_link *link = &g_array_index(f->skipped, skipped_link, i);

        q->options.skip(q->options.user, f->turn.file, link->why, link->packets);
    }
    q->facts.skipped += f->turn.skipped;
    q->facts.not_packets += f->not_packets;
    forget_skipped(f);
    q->options.close(q->options.user, f->turn.file);
}

/* Is the link type of the file's packet supported? */
static bool check_link(queued *f)
{
    const int link_type = f->turn.packet.link_type;

    if (link_type == CAPTURE_NO_PACKET) {
        f->not_packets++;
        return false;
    }
    if (packet_knows_link(link_type)) {
        f->known_link = link_type;
        f->has_known = true;
        return true;
    }
    f->has_unknown = true;
    skip_link(f, link_type, NULL);
    return false;
}

static bool check_filter(capture_queue *q, queued *f)
{
    const int link_type = f->turn.packet.link_type;

    switch (capture_filter_ask(q->options.filter, &f->turn.packet)) {
    case CAPTURE_FILTER_TAKES:
        return true;
    case CAPTURE_FILTER_LEAVES:
        return false;
    case CAPTURE_FILTER_UNUSABLE:
        break;
    }
    skip_link(f, link_type, capture_filter_error(q->options.filter, link_type));
    return false;
}

/* Reads up to the file's next packet of a supported link type.  False if there is none: then
 * *damaged tells whether there should have been more.  A stop may end it at any record. */
static bool read_packet(capture_queue *q, queued *f, bool *damaged)
{
    *damaged = false;
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
        if (f->turn.packet.link_type == f->known_link || check_link(f))
            return true;
        f->turn.skipped++;
        if (is_stopped(q))
            return true;
    }
}

/* Reads on until the filter takes the file's packet, which may be the one that was read last. */
static bool find_taken(capture_queue *q, queued *f, bool *damaged)
{
    *damaged = false;
    while (!is_stopped(q) && !check_filter(q, f)) {
        f->turn.skipped++;
        if (!read_packet(q, f, damaged))
            return false;
    }
    return true;
}

/* Gets the file's next packet that is used; result as that of read_packet(). */
static bool advance(capture_queue *q, queued *f, bool *damaged)
{
    f->turn.skipped = 0;
    return read_packet(q, f, damaged) &&
           (q->options.filter == NULL || find_taken(q, f, damaged));
}

/* Closes a file that could be read. */
static void close_file(capture_queue *q, queued *f)
{
    const uint64_t dropped = capture_dropped(f->capture);

    if (dropped > 0)
        note(q, f, "the capturing interface dropped %" G_GUINT64_FORMAT " packets", dropped);
    q->facts.bytes += capture_position(f->capture);
    capture_close(f->capture);
    f->capture = NULL;
    report_end(q, f);
}

/* The file has no more packets. */
static void retire(capture_queue *q, queued *f, bool damaged)
{
    if (damaged) {
        q->facts.incomplete = true;
        note(q, f, "damaged after packet %" G_GUINT64_FORMAT " (%s): the rest was not read",
             f->records, capture_error(f->capture));
    }
    close_file(q, f);
}

/* ---- the files ---- */

/* Lets the process have as many open files as the system allows it without asking anyone. */
static void raise_open_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* The limit of open files if it is nearly reached, else 0.  New descriptors have the lowest free
 * number, and the limit is one on that number. */
static uint64_t reached_open_limit(void)
{
    struct rlimit limit;
    int lowest;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    lowest = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    if (lowest < 0)
        return errno == EMFILE ? limit.rlim_cur : 0;
    close(lowest);
    return (rlim_t)lowest + MIN(RESERVED_DESCRIPTORS, limit.rlim_cur / 4) > limit.rlim_cur
               ? limit.rlim_cur : 0;
}

static bool open_file(capture_queue *q, queued *f)
{
    const uint64_t limit = reached_open_limit();
    char *error = NULL;

    f->known_link = CAPTURE_NO_PACKET;
    f->records = 0;
    f->turn.skipped = 0;
    forget_skipped(f); /* what was skipped before a file was closed is skipped again */
    if (limit == 0)
        f->capture = capture_open(f->path, &error);
    else
        error = g_strdup_printf("left out: too many files overlap in time for the limit of %"
                                G_GUINT64_FORMAT " open files (see ulimit -Hn)", limit);
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
    report_end(q, f);
}

static void count_file(capture_queue *q, const queued *f)
{
    q->facts.files++;
    q->facts.time_digits = MAX(q->facts.time_digits, capture_time_digits(f->capture));
}

/* What cannot be read once more, such as a pipe, stays open. */
static void limit_open(const capture_queue *q, queued *f)
{
    if (q->file_count <= KEEP_OPEN_MAX || !capture_can_reopen(f->capture))
        return;
    capture_close(f->capture);
    f->capture = NULL;
}

/* Opens a file and looks for its first packet.  With one, the file waits for its turn.  Whether
 * the filter takes the packet is asked then: here it might have to read all of the file. */
static void add_file(capture_queue *q, queued *f)
{
    bool damaged;
    int link_type;
    char *link;

    if (!open_file(q, f))
        return;
    link_type = capture_link_type(f->capture);
    if (link_type != CAPTURE_LINKS_VARY && !packet_knows_link(link_type)) {
        link = capture_link_describe(link_type);
        note(q, f, "%s is not supported: the file was not read", link);
        g_free(link);
        give_up(q, f);
        return;
    }
    if (read_packet(q, f, &damaged)) {
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

static bool is_earlier(const void *a, const void *b)
{
    const queued *left = a, *right = b;

    return is_before(left, left->turn.packet.time, right, right->turn.packet.time);
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

/* Opens a waiting file once more and reads its first packet again.  A program that still captures
 * may have removed the file meanwhile, or overwritten it. */
static bool reopen(capture_queue *q, queued *f)
{
    bool damaged, has_packet;

    if (!open_file(q, f)) {
        q->facts.files--;
        return false;
    }
    has_packet = read_packet(q, f, &damaged);
    if (!is_stopped(q) && (!has_packet || f->turn.packet.time != f->first_time)) {
        q->facts.incomplete = true;
        note(q, f, "changed while other files were read: packets may be missing");
    }
    if (!has_packet)
        retire(q, f, damaged);
    return has_packet;
}

/* Lets the next waiting file take part. */
static void activate(capture_queue *q)
{
    queued *f = g_ptr_array_remove_index(q->waiting, q->waiting->len - 1);
    bool damaged;

    if (f->capture == NULL && !reopen(q, f))
        return;
    if (q->options.filter == NULL || find_taken(q, f, &damaged))
        capture_heap_add(&q->active, f);
    else
        retire(q, f, damaged);
}

static queued *whose_turn(capture_queue *q)
{
    for (;;) {
        queued *best = capture_heap_first(&q->active);
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

    if (q->last != NULL) {
        if (advance(q, q->last, &damaged)) {
            capture_heap_sink(&q->active);
        } else {
            capture_heap_remove(&q->active);
            retire(q, q->last, damaged);
        }
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
    capture_heap_init(&q->active, is_earlier);
    raise_open_limit();
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

    for (guint i = 0; i < q->active.items->len; i++) {
        const queued *f = g_ptr_array_index(q->active.items, i);

        position += capture_position(f->capture);
    }
    return position;
}

uint64_t capture_queue_comparisons(const capture_queue *q)
{
    return q->active.comparisons;
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
    g_ptr_array_set_size(q->active.items, 0);
    q->last = NULL;
}

void capture_queue_free(capture_queue *q)
{
    if (q == NULL)
        return;
    for (uint32_t i = 0; i < q->file_count; i++) {
        capture_close(q->files[i].capture);
        forget_skipped(&q->files[i]);
    }
    g_ptr_array_unref(q->waiting);
    capture_heap_release(&q->active);
    g_free(q->files);
    g_free(q);
}
