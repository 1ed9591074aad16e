/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A TCP segment as it was captured (RFC 9293, section 3.1), and the endpoints of a connection. */
#ifndef CTI_SEGMENT_H
#define CTI_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An address and port of TCP. */
typedef struct cti_endpoint {
    uint8_t address_size; /* 4, 16, or 0 where it is not known */
    uint8_t address[16];  /* in network order; 0 after address_size */
    uint16_t port;        /* in the machine's order */
} cti_endpoint;

static inline bool cti_endpoint_is(const cti_endpoint *a, const cti_endpoint *b)
{
    return a->port == b->port && memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

/* How far a sequence number is ahead of another one; below 0 where it is behind.  They wrap
 * (RFC 9293, section 3.4). */
static inline int32_t cti_sequence_ahead(uint32_t number, uint32_t of)
{
    return (int32_t)(number - of);
}

/* Control bits of the header. */
enum {
    CTI_FLAG_FIN = 0x01,
    CTI_FLAG_SYN = 0x02,
    CTI_FLAG_RST = 0x04,
    CTI_FLAG_ACK = 0x10,
};

typedef struct cti_segment {
    cti_endpoint source, destination;
    uint32_t sequence, acknowledgment; /* as in the header */
    uint32_t window;                   /* as in the header, not scaled */
    uint8_t flags;
    uint8_t ttl; /* TTL or hop limit of the IP packet; 0 = not known */
    /* Data without TCP's header (exported by Wireshark, decrypted): it follows what its sender
     * sent before; numbers and flags mean nothing. */
    bool in_order;
    bool is_cti;   /* with in_order: whoever decrypted or exported the data knows that it is CTI */
    bool repeated; /* certainly a copy of an earlier packet: not data */
    uint16_t identification; /* of the IPv4 packet; 0 where there is none */
    uint16_t checksum;       /* as in the header, right or wrong */
    const uint8_t *payload;
    uint32_t captured; /* bytes of payload that are there */
    uint32_t length;   /* bytes of payload on the wire */
    /* Not from the packet: when and where it was captured. */
    int64_t time;   /* nanoseconds since 1970 UTC */
    uint32_t frame; /* number of the packet, from 1 */
} cti_segment;

#ifdef __cplusplus
}
#endif

#endif
