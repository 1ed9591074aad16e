/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loaded before libc (LD_PRELOAD): the FAULT_NUMBER-th call of FAULT_CALL (read, write, open) fails
 * with the errno FAULT_ERROR, or with FAULT_ERROR=0 does only one byte; then the file FAULT_MARK is
 * made, so that a test can tell if it came to that. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What libc calls itself is not seen: only calls from outside of it. */
static long number_from(const char *name)
{
    const char *text = getenv(name);

    return text != NULL ? strtol(text, NULL, 10) : 0;
}

static bool strikes(const char *call)
{
    static long count;
    const char *wanted = getenv("FAULT_CALL"), *mark = getenv("FAULT_MARK");

    if (wanted == NULL || strcmp(wanted, call) != 0 || ++count != number_from("FAULT_NUMBER"))
        return false;
    if (mark != NULL)
        syscall(SYS_close, (int)syscall(SYS_openat, AT_FDCWD, mark, O_CREAT | O_WRONLY, 0600));
    errno = (int)number_from("FAULT_ERROR");
    return true;
}

/* Declared here and not by libc's headers, whose declarations promise more than is kept. */
ssize_t read(int file, void *bytes, size_t size);
ssize_t pread(int file, void *bytes, size_t size, off_t offset);
ssize_t pread64(int file, void *bytes, size_t size, off64_t offset);
ssize_t write(int file, const void *bytes, size_t size);
int open(const char *path, int flags, ...);
int open64(const char *path, int flags, ...);

#pragma GCC visibility push(default)

ssize_t read(int file, void *bytes, size_t size)
{
    if (strikes("read")) {
        if (errno != 0)
            return -1;
        size = size > 0;
    }
    return syscall(SYS_read, file, bytes, size);
}

ssize_t pread(int file, void *bytes, size_t size, off_t offset)
{
    if (strikes("read") && errno != 0)
        return -1;
    return syscall(SYS_pread64, file, bytes, size, offset);
}

ssize_t pread64(int file, void *bytes, size_t size, off64_t offset)
{
    return pread(file, bytes, size, offset);
}

ssize_t write(int file, const void *bytes, size_t size)
{
    if (file != STDERR_FILENO && strikes("write")) {
        if (errno != 0)
            return -1;
        size = size > 0;
    }
    return syscall(SYS_write, file, bytes, size);
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    int mode;

    va_start(arguments, flags);
    mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, int) : 0;
    va_end(arguments);
    if (strikes("open") && errno != 0)
        return -1;
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list arguments;
    int mode;

    va_start(arguments, flags);
    mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, int) : 0;
    va_end(arguments);
    return open(path, flags, mode);
}

#pragma GCC visibility pop
