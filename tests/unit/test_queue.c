/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order of packets from many files: the heap by itself, and the queue against a plain merge.
 * The cost is asserted on comparisons, not on time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <pcap/pcap.h>

#include "capture_heap.h"
#include "capture_queue.h"

static uint32_t random_state;

static uint32_t below(uint32_t limit)
{
    random_state = random_state * 1664525 + 1013904223;
    return (uint32_t)(((uint64_t)random_state * limit) >> 32);
}

/* ---- the heap ---- */

static bool is_lower(const void *a, const void *b)
{
    return *(const uint32_t *)a < *(const uint32_t *)b;
}

static void heap_gives_the_lowest(void **state)
{
    uint32_t numbers[500];
    capture_heap heap;

    (void)state;
    random_state = 1;
    capture_heap_init(&heap, is_lower);
    assert_null(capture_heap_first(&heap));
    for (uint32_t size = 1; size <= G_N_ELEMENTS(numbers); size += 13) {
        uint32_t last = 0;

        for (uint32_t i = 0; i < size; i++) {
            numbers[i] = below(300);
            capture_heap_add(&heap, &numbers[i]);
        }
        for (uint32_t i = 0; i < size; i++) {
            const uint32_t *first = capture_heap_first(&heap);

            assert_true(*first >= last);
            last = *first;
            capture_heap_remove(&heap);
        }
        assert_null(capture_heap_first(&heap));
    }
    capture_heap_release(&heap);
}

static void heap_sinks_its_first(void **state)
{
    uint32_t numbers[100], last = 0;
    capture_heap heap;

    (void)state;
    random_state = 2;
    capture_heap_init(&heap, is_lower);
    for (uint32_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        numbers[i] = below(1000);
        capture_heap_add(&heap, &numbers[i]);
    }
    for (uint32_t i = 0; i < 10000; i++) {
        uint32_t *first = capture_heap_first(&heap);

        for (uint32_t n = 0; n < G_N_ELEMENTS(numbers); n++)
            assert_true(numbers[n] >= *first);
        assert_true(*first >= last);
        last = *first;
        *first += below(100);
        capture_heap_sink(&heap);
    }
    capture_heap_release(&heap);
}

/* ---- the queue ---- */

#define PACKETS 10u /* of each file */

/* Files in a folder of their own, each with PACKETS packets. */
typedef struct many_files {
    char *folder;
    GPtrArray *paths;
    GArray *seconds; /* of all packets: those of the first file, then of the next */
} many_files;

static void put(GByteArray *file, uint32_t number)
{
    g_byte_array_append(file, (const guint8 *)&number, sizeof(number));
}

static void write_file(many_files *files, const uint32_t *seconds)
{
    static const uint32_t header[] = {0xA1B2C3D4, 4 << 16 | 2, 0, 0, 65535, DLT_EN10MB};
    char *name = g_strdup_printf("%05u", files->paths->len);
    char *path = g_build_filename(files->folder, name, NULL);
    GByteArray *content = g_byte_array_new();

    for (size_t i = 0; i < G_N_ELEMENTS(header); i++)
        put(content, header[i]);
    for (uint32_t i = 0; i < PACKETS; i++) {
        put(content, seconds[i]);
        put(content, 0);
        put(content, 4);
        put(content, 60);
        put(content, 0);
    }
    g_array_append_vals(files->seconds, seconds, PACKETS);
    g_ptr_array_add(files->paths, path);
    assert_true(g_file_set_contents(path, (const char *)content->data, content->len, NULL));
    g_byte_array_unref(content);
    g_free(name);
}

/* Times rise by 0 to step seconds from packet to packet. */
static many_files make_files(uint32_t count, uint32_t step)
{
    many_files files = {.folder = g_dir_make_tmp("test_queue-XXXXXX", NULL),
                        .paths = g_ptr_array_new_with_free_func(g_free),
                        .seconds = g_array_new(FALSE, FALSE, sizeof(uint32_t))};

    assert_non_null(files.folder);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t seconds[PACKETS];

        for (uint32_t n = 0; n < PACKETS; n++)
            seconds[n] = (n > 0 ? seconds[n - 1] : 1000) + below(step + 1);
        write_file(&files, seconds);
    }
    g_ptr_array_add(files.paths, NULL);
    return files;
}

static void remove_files(many_files *files)
{
    for (guint i = 0; i + 1 < files->paths->len; i++)
        g_unlink(g_ptr_array_index(files->paths, i));
    g_rmdir(files->folder);
    g_free(files->folder);
    g_ptr_array_unref(files->paths);
    g_array_unref(files->seconds);
}

static void unexpected_note(void *user, uint32_t file, const char *what)
{
    (void)user;
    fail_msg("file %u: %s", file, what);
}

static void unexpected_skip(void *user, uint32_t file, const char *why, uint64_t packets)
{
    (void)user;
    fail_msg("file %u: %" G_GUINT64_FORMAT " packets skipped: %s", file, packets, why);
}

static void count_closed(void *user, uint32_t file)
{
    (void)file;
    ++*(uint32_t *)user;
}

static void no_wait(void *user)
{
    (void)user;
}

/* The file whose packet is next: the earliest, of equal ones the first named. */
static uint32_t plain_choice(const many_files *files, const uint32_t *taken, uint32_t count)
{
    uint32_t best = count, best_time = 0;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t time;

        if (taken[i] == PACKETS)
            continue;
        time = g_array_index(files->seconds, uint32_t, i * PACKETS + taken[i]);
        if (best == count || time < best_time) {
            best = i;
            best_time = time;
        }
    }
    return best;
}

/* Merges so many files; the comparisons that this took for each packet, times 100. */
static uint64_t merge(uint32_t count, uint32_t step, bool is_compared)
{
    many_files files = make_files(count, step);
    uint32_t *taken = g_new0(uint32_t, count), closed = 0;
    const capture_queue_options options = {.paths = (char *const *)files.paths->pdata,
                                           .note = unexpected_note,
                                           .wait = no_wait,
                                           .skip = unexpected_skip,
                                           .close = count_closed,
                                           .user = &closed};
    capture_queue *queue = capture_queue_new(&options);
    const capture_turn *turn;
    uint64_t comparisons;
    int64_t last = 0;

    assert_int_equal(capture_queue_known(queue)->files, count);
    for (uint32_t i = 0; i < count * PACKETS; i++) {
        turn = capture_queue_next(queue);
        assert_non_null(turn);
        assert_true(turn->packet.time >= last);
        last = turn->packet.time;
        if (is_compared)
            assert_int_equal(turn->file, plain_choice(&files, taken, count));
        taken[turn->file]++;
    }
    assert_null(capture_queue_next(queue));
    assert_int_equal(closed, count);
    comparisons = capture_queue_comparisons(queue) * 100 / (count * PACKETS);
    capture_queue_free(queue);
    g_free(taken);
    remove_files(&files);
    return comparisons;
}

static void same_order_as_plain_merge(void **state)
{
    static const uint32_t counts[] = {1, 2, 3, 15, 16, 17, 18, 60};

    (void)state;
    for (uint32_t step = 0; step < 4; step++) /* 0: all times are equal */
        for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
            random_state = (uint32_t)i;
            merge(counts[i], step, true);
        }
}

/* Four times the files: two more levels of the heap, and not four times the work. */
static void cost_of_overlapping_files(void **state)
{
    uint64_t few, many;

    (void)state;
    random_state = 3;
    few = merge(200, 1000, false);
    many = merge(800, 1000, false);
    assert_true(few > 0);
    assert_true(many <= 100 * (2 * 10 + 2)); /* two for each level of 800 files */
    assert_true(many * 2 < few * 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heap_gives_the_lowest),
        cmocka_unit_test(heap_sinks_its_first),
        cmocka_unit_test(same_order_as_plain_merge),
        cmocka_unit_test(cost_of_overlapping_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
