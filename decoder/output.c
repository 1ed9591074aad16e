/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Output that remembers why it failed (see output.h). */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#define BUFFER_SIZE (256 << 10)

static ssize_t output_write(void *cookie, const char *bytes, size_t size)
{
    output *o = cookie;
    size_t done = 0;

    if (o->before_write != NULL)
        o->before_write(o->user);
    while (done < size && o->error == 0) {
        const ssize_t written = write(o->descriptor, bytes + done, size - done);

        if (written >= 0)
            done += (size_t)written;
        else if (errno != EINTR)
            o->error = errno;
    }
    return (ssize_t)done;
}

int output_open(output *o, const char *path)
{
    const cookie_io_functions_t functions = {NULL, output_write, NULL, NULL};

    *o = (output){.descriptor = STDOUT_FILENO};
    if (path != NULL)
        o->descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (o->descriptor < 0)
        return errno;
    o->file = fopencookie(o, "w", functions);
    if (o->file == NULL)
        return errno;
    setvbuf(o->file, NULL, _IOFBF, BUFFER_SIZE);
    return 0;
}

int output_close(output *o)
{
    if (fclose(o->file) != 0 && o->error == 0)
        o->error = errno;
    if (close(o->descriptor) != 0 && o->error == 0)
        o->error = errno;
    return o->error;
}
