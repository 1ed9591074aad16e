/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What packet.c, link.c, capture_header.c, wlan.c and tunnel.c share: the walk through a packet's
 * headers.
 *
 * Each take_...() function takes the header at the start of what is left and calls the one for
 * what follows.  Headers may be nested in circles (Ethernet in VXLAN in UDP in IP in Ethernet);
 * every circle passes take_ethertype(), take_protocol(), take_ip() or take_nsh(), which count
 * and end it. */
#ifndef CTIDUMP_LAYERS_H
#define CTIDUMP_LAYERS_H

#include "codec/bytes.h"
#include "packet.h"

/* Most headers in one packet, and most IP headers among them. */
#define LAYERS_MAX 32
#define IP_LAYERS_MAX 8

typedef struct walk {
    const uint8_t *bytes; /* what is left */
    uint32_t captured;    /* bytes of it that are there */
    uint32_t length;      /* bytes of it that were on the wire; never less */
    uint8_t layers, depth; /* headers of any kind, of IP */
    packet *found;
} walk;

/* False if fewer than size bytes are there. */
static inline bool skip(walk *w, uint32_t size)
{
    if (w->captured < size)
        return false;
    w->bytes += size;
    w->captured -= size;
    w->length -= size;
    return true;
}

/* The rest is only size bytes long: what follows is padding. */
static inline void limit(walk *w, uint32_t size)
{
    if (w->length > size)
        w->length = size;
    if (w->captured > w->length)
        w->captured = w->length;
}

/* Little-endian numbers; the caller has checked the length. */
static inline uint32_t little16(const uint8_t *bytes)
{
    return (uint32_t)(bytes[0] | bytes[1] << 8);
}

static inline uint32_t little32(const uint8_t *bytes)
{
    return little16(bytes) | little16(bytes + 2) << 16;
}

static inline packet_result unsupported(walk *w, const char *name)
{
    w->found->obstacle = (packet_obstacle){.name = name, .form = OBSTACLE_NAME};
    return PACKET_UNSUPPORTED;
}

/* The same with a number: form is OBSTACLE_DECIMAL or how many hexadecimal digits it has. */
static inline packet_result unsupported_number(walk *w, const char *name, int form,
                                               uint32_t number)
{
    w->found->obstacle = (packet_obstacle){.name = name, .form = form, .number = number};
    return PACKET_UNSUPPORTED;
}

/* link.c */
packet_result take_link(walk *w, int link_type);
packet_result take_ethernet(walk *w);
packet_result take_ethertype(walk *w, uint32_t type);
packet_result take_llc(walk *w);
packet_result take_mpls(walk *w);
packet_result take_ppp(walk *w);
packet_result take_hdlc(walk *w);

/* capture_header.c */
packet_result take_nflog(walk *w);
packet_result take_erf(walk *w);

/* wlan.c */
packet_result take_wlan(walk *w);
packet_result take_radiotap(walk *w);

/* packet.c */
packet_result take_ip(walk *w); /* by the version in its first byte */
packet_result take_protocol(walk *w, uint8_t protocol);

/* tunnel.c */
packet_result take_gre(walk *w);
packet_result take_udp(walk *w);
packet_result take_nsh(walk *w);
/* True if UDP between these ports may be a tunnel, supported or not. */
bool is_tunnel_port(uint16_t source, uint16_t destination);

#endif
