/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Classic capture files as ctidump reads them, held against libpcap: the same packets and the same
 * end, for whole files and for damaged ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <pcap/pcap.h>

#include "capture.h"

/* ---- random files ---- */

static uint32_t random_state;

static uint32_t below(uint32_t limit)
{
    random_state = random_state * 1664525 + 1013904223;
    return (uint32_t)(((uint64_t)random_state * limit) >> 32);
}

static void put(GByteArray *file, uint32_t number, bool swapped)
{
    if (swapped)
        number = GUINT32_SWAP_LE_BE(number);
    g_byte_array_append(file, (const guint8 *)&number, sizeof(number));
}

/* Records of a file with Alexey Kuznetzov's patch: 8 bytes more in their headers. */
#define PATCHED_MAGIC 0xA1B2CD34u

/* A file with this magic number and the version 2.minor. */
static GByteArray *make_any_file(uint32_t magic, uint32_t minor, bool swapped, uint32_t snaplen)
{
    GByteArray *file = g_byte_array_new();
    const bool nanoseconds = magic == 0xA1B23C4D;
    const uint32_t packets = below(200);

    put(file, magic, swapped);
    put(file, swapped ? 2 << 16 | minor : minor << 16 | 2, swapped); /* 16 bits each */
    put(file, 0, swapped);
    put(file, 0, swapped);
    put(file, snaplen, swapped);
    put(file, DLT_EN10MB, swapped);
    for (uint32_t i = 0; i < packets; i++) {
        const uint32_t size = below(20) == 0 ? below(200000) : below(300);
        const guint8 byte = (guint8)below(256);

        put(file, 1700000000 + i, swapped);
        put(file, below(nanoseconds ? 1000000000 : 1000000), swapped);
        put(file, size, swapped);
        put(file, size + below(3) * below(100), swapped);
        if (magic == PATCHED_MAGIC) {
            put(file, below(10), swapped);
            put(file, below(UINT32_MAX), swapped);
        }
        for (uint32_t n = 0; n < size; n++)
            g_byte_array_append(file, &byte, 1);
    }
    return file;
}

static GByteArray *make_file(bool swapped, bool nanoseconds, uint32_t snaplen)
{
    return make_any_file(nanoseconds ? 0xA1B23C4D : 0xA1B2C3D4, 4, swapped, snaplen);
}

/* ---- both readers ---- */

static void assert_same_packet(const capture_packet *packet, const struct pcap_pkthdr *header,
                               const u_char *bytes)
{
    const int64_t time = (int64_t)header->ts.tv_sec * 1000000000 + header->ts.tv_usec;

    assert_int_equal(packet->time, time);
    assert_int_equal(packet->captured, header->caplen);
    assert_int_equal(packet->length, MAX(header->len, header->caplen));
    assert_memory_equal(packet->bytes, bytes, header->caplen);
}

static void assert_same(const GByteArray *content)
{
    char *path = g_build_filename(g_get_tmp_dir(), "test_capture-XXXXXX", NULL);
    char message[PCAP_ERRBUF_SIZE], *error = NULL;
    struct pcap_pkthdr *header;
    const u_char *bytes;
    capture_packet packet;
    capture *own;
    pcap_t *other;
    int result;

    assert_true(g_close(g_mkstemp(path), NULL));
    assert_true(g_file_set_contents(path, (const char *)content->data, content->len, NULL));
    own = capture_open(path, &error);
    other = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, message);
    assert_int_equal(own != NULL, other != NULL);
    if (own != NULL) {
        while ((result = pcap_next_ex(other, &header, &bytes)) == 1) {
            assert_int_equal(capture_next(own, &packet), CAPTURE_PACKET);
            assert_same_packet(&packet, header, bytes);
        }
        assert_int_equal(capture_next(own, &packet),
                         result == PCAP_ERROR_BREAK ? CAPTURE_END : CAPTURE_DAMAGED);
        if (result != PCAP_ERROR_BREAK)
            assert_string_not_equal(capture_error(own), "no error");
        pcap_close(other);
    }
    capture_close(own);
    g_free(error);
    g_unlink(path);
    g_free(path);
}

/* ---- tests ---- */

static void whole_files(void **state)
{
    static const uint32_t snaplens[] = {0, 60, 65535, 262144, 0xFFFFFFFF};

    (void)state;
    for (uint32_t trial = 0; trial < 40; trial++) {
        GByteArray *file;

        random_state = trial;
        file = make_file(trial & 1, trial & 2, snaplens[trial % G_N_ELEMENTS(snaplens)]);
        assert_same(file);
        g_byte_array_unref(file);
    }
}

static void cut_files(void **state)
{
    (void)state;
    for (uint32_t trial = 0; trial < 100; trial++) {
        GByteArray *file;

        random_state = trial;
        file = make_file(trial & 1, trial & 2, 65535);
        g_byte_array_set_size(file, 24 + below(file->len - 23));
        assert_same(file);
        g_byte_array_unref(file);
    }
}

/* What libpcap reads for ctidump too, whole and cut. */
static void unusual_files(void **state)
{
    (void)state;
    for (uint32_t trial = 0; trial < 40; trial++) {
        GByteArray *file;

        random_state = trial;
        file = make_any_file(trial & 2 ? PATCHED_MAGIC : 0xA1B2C3D4, trial & 2 ? 4 : 3, trial & 1,
                             65535);
        if (trial & 4)
            g_byte_array_set_size(file, 24 + below(file->len - 23));
        assert_same(file);
        g_byte_array_unref(file);
    }
}

/* A byte of a record's sizes is another one: what follows is read at the wrong place. */
static void damaged_files(void **state)
{
    (void)state;
    for (uint32_t trial = 0; trial < 200; trial++) {
        GByteArray *file;

        random_state = trial;
        file = make_file(trial & 1, trial & 2, 65535);
        if (file->len > 24 + 16)
            file->data[24 + 8 + below(4)] ^= (guint8)(1 + below(255));
        /* Seconds behind 2038 are another matter: libpcap takes them for negative ones. */
        for (guint i = 24; i + 4 < file->len; i++)
            file->data[i] &= 0x7F;
        assert_same(file);
        g_byte_array_unref(file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_files),
        cmocka_unit_test(cut_files),
        cmocka_unit_test(unusual_files),
        cmocka_unit_test(damaged_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
