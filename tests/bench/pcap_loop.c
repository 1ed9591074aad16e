/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The least that any reader of a capture must do: libpcap hands over each packet, and its
 * bytes are counted.  What ctidump's time is compared with. */
#include <pcap/pcap.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct totals {
    uint64_t packets, bytes;
} totals;

static void count(u_char *user, const struct pcap_pkthdr *header, const u_char *bytes)
{
    totals *all = (totals *)(void *)user;

    (void)bytes;
    all->packets++;
    all->bytes += header->caplen;
}

int main(int argc, char **argv)
{
    char error[PCAP_ERRBUF_SIZE] = "";
    totals all = {0, 0};
    pcap_t *pcap = argc == 2 ? pcap_open_offline(argv[1], error) : NULL;

    if (pcap == NULL) {
        fprintf(stderr, "pcap_loop: %s\n", error[0] != '\0' ? error : "usage: pcap_loop FILE");
        return EXIT_FAILURE;
    }
    if (pcap_loop(pcap, -1, count, (u_char *)&all) < 0)
        fprintf(stderr, "pcap_loop: %s\n", pcap_geterr(pcap));
    pcap_close(pcap);
    printf("%llu packets, %llu bytes\n", (unsigned long long)all.packets,
           (unsigned long long)all.bytes);
    return EXIT_SUCCESS;
}
