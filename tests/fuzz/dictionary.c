/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints a dictionary for libFuzzer: the numbers of the table as the wire has them.
 * https://llvm.org/docs/LibFuzzer.html#dictionaries */
#include <stdio.h>

#include "framing.h"

static void print_word(const char *kind, const char *name, uint32_t number, int size)
{
    printf("%s_%s=\"", kind, name);
    while (size-- > 0)
        printf("\\x%02X", (unsigned)(number >> 8 * size & 0xFF));
    puts("\"");
}

int main(void)
{
    for (uint32_t i = 0; i <= CTI_MESSAGE_NEWEST; i++) {
        const cti_message *message = cti_message_find(i);

        if (message != NULL)
            print_word("message", message->name, i, 4);
    }
    for (uint32_t i = 0; i <= CTI_TAG_NEWEST; i++) {
        const cti_tag *tag = cti_tag_find(i);

        if (tag != NULL)
            print_word("tag", tag->name, i, 2);
    }
    for (uint32_t i = 0; i < cti_value_set_count; i++)
        for (uint32_t k = 0; k < cti_value_sets[i]->count; k++)
            if (cti_value_sets[i]->is_mask || k % 8 == 0)
                print_word(cti_value_sets[i]->name, cti_value_sets[i]->values[k].name,
                           cti_value_sets[i]->values[k].number, 4);
    for (uint32_t version = CTI_VERSION_OLDEST; version <= CTI_VERSION_NEWEST; version++)
        printf("version_%u=\"\\x00\\x00\\x00\\x%02X\"\n", version, version);
    return 0;
}
