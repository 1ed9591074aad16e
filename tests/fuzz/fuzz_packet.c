/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Link layers, tags, tunnels, IP and TCP headers, and fragments.  The input: a byte for the link
 * type, then packets: 2 bytes how many are there, one for how many more were on the wire and one
 * for the clock, and the packet. */
#include "fragment.h"
#include "promises.h"

static const int link_types[] = {0,   1,   9,   12,  14,  50,  51,  101, 104, 105, 108, 113,
                                 114, 228, 229, 239, 252, 276, 300, 127, 178, 192, 258, 197};

/* The first packet's own bytes, or those of a packet that was put together. */
typedef struct span {
    const uint8_t *bytes;
    uint32_t captured, length;
} span;

static void check_inside(const span *in, const uint8_t *bytes, uint32_t captured, uint32_t length)
{
    REQUIRE(captured <= length);
    /* What a tunnel carries may have been longer before a switch cut it. */
    REQUIRE(length <= MAX(in->length, 65535));
    REQUIRE(captured == 0 ||
            (bytes >= in->bytes && captured <= in->captured &&
             (size_t)(bytes - in->bytes) <= in->captured - captured));
    for (uint32_t i = 0; i < captured; i += 64)
        (void)*(const volatile uint8_t *)(bytes + i);
}

static void check_endpoint(const endpoint *e)
{
    REQUIRE(e->address_size == 0 || e->address_size == 4 || e->address_size == 16);
}

static void check_segment(const span *in, const cti_segment *segment)
{
    check_endpoint(&segment->source);
    check_endpoint(&segment->destination);
    check_inside(in, segment->payload, segment->captured, segment->length);
}

/* A whole packet that repeats its pieces again and again would be an endless loop. */
static void join(fragments *all, int64_t now, packet *found, span in)
{
    packet_result result = PACKET_FRAGMENT;
    uint32_t rounds = 0;

    while (result == PACKET_FRAGMENT) {
        const ip_piece piece = found->piece;
        ip_piece whole = {.captured = 0};

        REQUIRE(++rounds < 64);
        check_inside(&in, piece.bytes, piece.captured, piece.length);
        switch (fragments_add(all, &piece, now, &whole)) {
        case FRAGMENT_HELD:
        case FRAGMENT_BROKEN:
            return;
        case FRAGMENT_REPEATED:
            if (piece.offset == 0)
                packet_parse_whole(&piece, found);
            return;
        case FRAGMENT_WHOLE:
            in = (span){whole.bytes, whole.captured, whole.length};
            REQUIRE(whole.captured <= whole.length && whole.length <= 65535);
            result = packet_parse_whole(&whole, found);
            break;
        }
    }
    if (result == PACKET_TCP)
        check_segment(&in, &found->segment);
}

static void take_packet(fragments *all, int64_t now, const span *in, int link_type)
{
    packet found;

    switch (packet_parse(in->bytes, in->captured, in->length, link_type, &found)) {
    case PACKET_TCP: check_segment(in, &found.segment); break;
    case PACKET_FRAGMENT: join(all, now, &found, *in); break;
    case PACKET_UNSUPPORTED: REQUIRE(found.obstacle.name != NULL); break;
    case PACKET_UNKNOWN_LINK: REQUIRE(!packet_knows_link(link_type)); break;
    case PACKET_NOT_TCP:
    case PACKET_CUT: break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input in = {data, size};
    const int link_type = link_types[take8(&in) % G_N_ELEMENTS(link_types)];
    fragments *all = fragments_new(FRAGMENT_PACKETS);
    int64_t now = INT64_C(1795341600000000000);

    while (in.left > 0) {
        uint32_t captured = take16(&in);
        const uint8_t more = take8(&in);
        span packet;
        uint8_t *bytes;

        now = later(now, take_step(&in));
        bytes = take_copy(&in, &captured);
        packet = (span){bytes, captured, captured + (more & 0x80 ? more << 9 : more)};
        take_packet(all, now, &packet, link_type);
        free(bytes);
    }
    fragments_finish(all);
    fragments_free(all);
    return 0;
}
