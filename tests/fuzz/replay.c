/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fuzz target without libFuzzer: each file named, and each file in each folder named, goes
 * through it once.
 *     fuzz_TARGET FILE-OR-FOLDER...  */
#include "promises.h"

static unsigned count;

static void run_file(const char *path)
{
    char *bytes;
    gsize size;
    GError *error = NULL;

    if (!g_file_get_contents(path, &bytes, &size, &error)) {
        fprintf(stderr, "%s\n", error->message);
        exit(2);
    }
    fprintf(stderr, "%s\n", path); /* the last one is what broke it */
    LLVMFuzzerTestOneInput((const uint8_t *)bytes, size);
    g_free(bytes);
    count++;
}

static void run_folder(const char *path)
{
    GDir *folder = g_dir_open(path, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(folder)) != NULL) {
        char *file = g_build_filename(path, name, NULL);

        if (g_file_test(file, G_FILE_TEST_IS_REGULAR))
            run_file(file);
        g_free(file);
    }
    g_dir_close(folder);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (g_file_test(argv[i], G_FILE_TEST_IS_DIR))
            run_folder(argv[i]);
        else
            run_file(argv[i]);
    }
    printf("%u inputs: all promises kept\n", count);
    return count > 0 ? 0 : 2;
}
