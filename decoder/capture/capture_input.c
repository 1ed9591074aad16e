/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening files and looking at their first bytes (see capture_input.h).  Magic numbers:
 * pcap-savefile(5), the pcapng draft (section 4.1), RFC 1952, RFC 8878, the LZ4 frame
 * format, and those of xz, bzip2 and zip. */
#include "capture_input.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Most bytes that are copied to a temporary file. */
#define COPY_MAX (UINT64_C(16) << 30)
#define COPY_BLOCK (UINT32_C(1) << 18)

#define PIPE_FILE_SYSTEM 0x50495045 /* PIPEFS_MAGIC, statfs(2) */
#define PIPE_WAIT_US 5000

static capture_format find_format(capture_input *in)
{
    static const struct {
        const char *magic;
        uint8_t size;
        bool nanoseconds;
        capture_format format;
    } known[] = {
        {"\xA1\xB2\xC3\xD4", 4, false, CAPTURE_IS_PCAP},
        {"\xD4\xC3\xB2\xA1", 4, false, CAPTURE_IS_PCAP},
        {"\xA1\xB2\x3C\x4D", 4, true, CAPTURE_IS_PCAP},
        {"\x4D\x3C\xB2\xA1", 4, true, CAPTURE_IS_PCAP},
        {"\xA1\xB2\xCD\x34", 4, false, CAPTURE_IS_PCAP}, /* with a longer packet header */
        {"\x34\xCD\xB2\xA1", 4, false, CAPTURE_IS_PCAP},
        {"\x0A\x0D\x0D\x0A", 4, false, CAPTURE_IS_PCAPNG},
        {"\x1F\x8B", 2, false, CAPTURE_IS_GZIP},
        {"\x28\xB5\x2F\xFD", 4, false, CAPTURE_IS_ZSTD},
        {"\x04\x22\x4D\x18", 4, false, CAPTURE_IS_LZ4},
        {"\xFD\x37\x7A\x58", 4, false, CAPTURE_IS_XZ},
        {"BZh", 3, false, CAPTURE_IS_BZIP2},
        {"PK\x03\x04", 4, false, CAPTURE_IS_ZIP},
    };

    if (in->magic_size == 0)
        return CAPTURE_IS_EMPTY;
    if (in->magic_size < CAPTURE_MAGIC_SIZE)
        return CAPTURE_IS_TOO_SHORT;
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (memcmp(in->magic, known[i].magic, known[i].size) == 0) {
            in->nanoseconds = known[i].nanoseconds;
            return known[i].format;
        }
    return CAPTURE_IS_OTHER;
}

/* ---- the first bytes; each function returns their number, or -1 and errno ---- */

static ssize_t read_magic(const capture_input *in, uint8_t *magic)
{
    size_t size = 0;

    while (size < CAPTURE_MAGIC_SIZE) {
        const ssize_t got = read(in->file, magic + size, CAPTURE_MAGIC_SIZE - size);

        if (got < 0)
            return -1;
        if (got == 0)
            break;
        size += (size_t)got;
    }
    return (ssize_t)size;
}

static ssize_t peek_file(const capture_input *in, uint8_t *magic)
{
    const off_t position = lseek(in->file, 0, SEEK_CUR);

    return position < 0 ? -1 : pread(in->file, magic, CAPTURE_MAGIC_SIZE, position);
}

/* A copy of what stands first in the pipe, which stays there. */
static ssize_t peek_pipe_once(const capture_input *in, uint8_t *magic)
{
    int copy[2];
    ssize_t got;

    if (pipe2(copy, O_CLOEXEC) != 0)
        return -1;
    got = tee(in->file, copy[1], CAPTURE_MAGIC_SIZE, 0);
    if (got > 0)
        got = read(copy[0], magic, (size_t)got);
    close(copy[0]);
    close(copy[1]);
    return got;
}

static ssize_t peek_pipe(const capture_input *in, uint8_t *magic)
{
    for (;;) {
        struct pollfd state = {.fd = in->file, .events = POLLIN};
        bool is_all;
        ssize_t got;

        if (poll(&state, 1, -1) < 0)
            return -1;
        is_all = state.revents & POLLHUP; /* asked before looking: nothing comes in between */
        got = peek_pipe_once(in, magic);
        if (got < 0 || got == CAPTURE_MAGIC_SIZE || is_all)
            return got;
        g_usleep(PIPE_WAIT_US);
    }
}

/* ---- opening ---- */

static bool look(capture_input *in)
{
    struct statfs system;
    struct stat status;
    ssize_t got;

    if (fstat(in->file, &status) != 0)
        return false;
    if (S_ISDIR(status.st_mode)) {
        errno = EISDIR;
        return false;
    }
    in->is_regular = S_ISREG(status.st_mode);
    in->is_pipe = S_ISFIFO(status.st_mode) && fstatfs(in->file, &system) == 0 &&
                  system.f_type == PIPE_FILE_SYSTEM;
    in->magic_is_read = !in->is_regular && !in->is_pipe;
    got = in->is_regular ? peek_file(in, in->magic)
          : in->is_pipe  ? peek_pipe(in, in->magic)
                         : read_magic(in, in->magic);
    in->magic_size = got > 0 ? (size_t)got : 0;
    return got >= 0;
}

bool capture_input_open(capture_input *in, const char *path, char **error)
{
    *in = (capture_input){.is_standard_input = strcmp(path, "-") == 0};
    in->file = in->is_standard_input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                     : open(path, O_RDONLY | O_CLOEXEC);
    if (in->file < 0 || !look(in)) {
        *error = g_strdup(g_strerror(errno));
        capture_input_close(in);
        return false;
    }
    in->format = find_format(in);
    return true;
}

void capture_input_close(capture_input *in)
{
    if (in->file >= 0)
        close(in->file);
    in->file = -1;
}

/* ---- copying ---- */

static bool write_all(int file, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        const ssize_t put = write(file, bytes, size);

        if (put < 0)
            return false;
        bytes += put;
        size -= (size_t)put;
    }
    return true;
}

/* Copies up to the end of the input.  On failure errno is set. */
static bool copy_rest(int from, int to)
{
    uint8_t *block = g_malloc(COPY_BLOCK);
    uint64_t total = 0;
    ssize_t got;

    while ((got = read(from, block, COPY_BLOCK)) > 0) {
        total += (uint64_t)got;
        if (total > COPY_MAX)
            errno = EFBIG;
        if (total > COPY_MAX || !write_all(to, block, (size_t)got)) {
            got = -1;
            break;
        }
    }
    g_free(block);
    return got == 0;
}

bool capture_input_copy(capture_input *in, char **error)
{
    char *name = g_build_filename(g_get_tmp_dir(), "ctidump-XXXXXX", NULL);
    const int copy = g_mkstemp_full(name, O_RDWR | O_CLOEXEC, 0600);
    bool good = copy >= 0;

    if (good) {
        unlink(name);
        good = (!in->magic_is_read || write_all(copy, in->magic, in->magic_size)) &&
               copy_rest(in->file, copy) && lseek(copy, 0, SEEK_SET) == 0;
    }
    if (!good) {
        *error = g_strdup_printf("this format is copied to a temporary file (%s) when it does "
                                 "not come from a file: %s", name, g_strerror(errno));
        if (copy >= 0)
            close(copy);
    } else {
        close(in->file);
        in->file = copy;
        in->is_regular = true;
        in->is_pipe = in->is_standard_input = in->magic_is_read = false;
    }
    g_free(name);
    return good;
}
