/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mutations that leave a capture file a capture file. */
#ifndef TEST_FUZZ_PCAP_MUTATOR_H
#define TEST_FUZZ_PCAP_MUTATOR_H

#include <stddef.h>
#include <stdint.h>

/* What libFuzzer calls: changes data in place, returns its new size.  Mostly a packet's bytes, a
 * record's time or the order of records; now and then, and in what is no classic pcap, any byte. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

#endif
