/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole decoder: the input is a capture file, so that ctidump can be run on each input as it
 * is.  What is asked for (the format, --redact and the rest) follows from its bytes; where there
 * is no libFuzzer, each format is asked for in turn. */
#include <sys/mman.h>
#include <unistd.h>

#include "pipeline.h"
#include "outputs.h"
#include "promises.h"

static void check_note(void *user, const char *line)
{
    (void)user;
    check_text(line, strlen(line));
}

static void decode(char *path, uint32_t number)
{
    char *paths[] = {path, NULL};
    uint64_t findings[3] = {0};
    pipeline_options options = {.connections = {.held_bytes = 1 << 16,
                                                .wait = CTI_WAIT_DEFAULT, .held_total = 1 << 18,
                                                .connections = number % 3 == 0 ? 4 : 1000},
                                .note = check_note,
                                .fragments = number % 5 == 0 ? 2 : 100};
    written output;
    asked asked;

    asked_init(&asked, number);
    options.first_time = &asked.times.first;
    written_begin(&output, &asked);
    pipeline_run(&options, paths, output.writer, output.user, findings);
    written_end(&output);
    asked_release(&asked);
}

static uint32_t number_of(const uint8_t *data, size_t size)
{
    uint32_t number = 2166136261u; /* FNV-1a */

    for (size_t i = 0; i < size; i++)
        number = (number ^ data[i]) * 16777619u;
    return number;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const int file = memfd_create("capture", MFD_CLOEXEC);
    char *path = g_strdup_printf("/proc/self/fd/%d", file);

    REQUIRE(file >= 0 && write(file, data, size) == (ssize_t)size);
#ifdef WITH_FUZZING
    decode(path, number_of(data, size));
#else
    for (uint32_t i = 0; output_formats[i].name != NULL; i++) {
        uint32_t count = 0;

        while (output_formats[count].name != NULL)
            count++;
        decode(path, number_of(data, size) / count * count + i);
    }
#endif
    g_free(path);
    close(file);
    return 0;
}
