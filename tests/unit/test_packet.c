/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a packet's bytes to a TCP segment: each link layer, tag and tunnel, IPv4 and IPv6 with
 * options, extension headers and fragments, TCP.  Each packet is also cut at every byte.
 * All are parsed from memory of just their size, so that a sanitizer sees a byte too far. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bytes.h"
#include "packet.h"

/* Link types as https://www.tcpdump.org/linktypes.html and libpcap's DLT_ have them. */
enum {
    LINK_NULL = 0,
    LINK_ETHERNET = 1,
    LINK_PPP = 9,
    LINK_RAW = 12,
    LINK_RAW_OPENBSD = 14,
    LINK_PPP_HDLC = 50,
    LINK_PPP_ETHER = 51,
    LINK_RAW_FILE = 101,
    LINK_C_HDLC = 104,
    LINK_WLAN = 105,
    LINK_LOOP = 108,
    LINK_SLL = 113,
    LINK_RADIOTAP = 127,
    LINK_JUNIPER = 178,
    LINK_PPI = 192,
    LINK_ERF = 197,
    LINK_IPV4 = 228,
    LINK_IPV6 = 229,
    LINK_NFLOG = 239,
    LINK_EXPORTED = 252,
    LINK_PKTAP = 258,
    LINK_SLL2 = 276,
};

static const int links[] = {
    LINK_NULL,      LINK_ETHERNET, LINK_PPP,    LINK_RAW,  LINK_RAW_OPENBSD,
    LINK_PPP_HDLC,  LINK_PPP_ETHER, LINK_RAW_FILE, LINK_C_HDLC, LINK_LOOP,
    LINK_SLL,       LINK_IPV4,     LINK_IPV6,   LINK_EXPORTED, LINK_SLL2,
    LINK_WLAN,      LINK_RADIOTAP, LINK_JUNIPER, LINK_PPI,  LINK_PKTAP,
    LINK_NFLOG,     LINK_ERF,
};

/* Those that lead to IP without more ado. */
static const int plain_links[] = {LINK_NULL, LINK_ETHERNET, LINK_RAW,  LINK_LOOP,
                                  LINK_SLL,  LINK_IPV4,     LINK_IPV6, LINK_SLL2};

#define LINKS ((uint32_t)(sizeof(links) / sizeof(links[0])))

#define ETHERTYPE_V4 0x0800
#define ETHERTYPE_V6 0x86DD
#define PAYLOAD "hello"
#define PAYLOAD_SIZE 5u

/* ---- packets ---- */

static void put_ethernet(bytes *b, uint32_t type)
{
    put(b, "\2\0\0\0\0\1\2\0\0\0\0\2", 12);
    put16(b, type);
}

static void put_tag(bytes *b, uint32_t type)
{
    put16(b, 0x6123); /* priority 3, VLAN 0x123 */
    put16(b, type);
}

static void put_sll(bytes *b, uint32_t type)
{
    put16(b, 0); /* to us */
    put16(b, 1); /* Ethernet */
    put16(b, 6);
    put(b, "\2\0\0\0\0\2\0\0", 8);
    put16(b, type);
}

static void put_sll2(bytes *b, uint32_t type)
{
    put16(b, type);
    put16(b, 0);
    put32(b, 3); /* interface */
    put16(b, 1);
    put8(b, 0);
    put8(b, 6);
    put(b, "\2\0\0\0\0\2\0\0", 8);
}

/* An IPv4 header; options is a multiple of 4. */
static void put_ipv4(bytes *b, uint32_t options, uint32_t total, uint32_t fragment,
                     uint32_t protocol)
{
    put8(b, 0x40 | (20 + options) / 4);
    put8(b, 0);
    put16(b, total);
    put16(b, 0x1234);
    put16(b, fragment);
    put8(b, 64);
    put8(b, protocol);
    put16(b, 0xBAD0); /* checksums never decide */
    put(b, "\xC0\0\2\1", 4);
    put(b, "\xC0\0\2\2", 4);
    for (uint32_t i = 0; i < options; i++)
        put8(b, 1);
}

/* An IPv6 header; addresses are 2001:db8::1 and ::2. */
static void put_ipv6(bytes *b, uint32_t payload, uint32_t next)
{
    put32(b, 0x60012345);
    put16(b, payload);
    put8(b, next);
    put8(b, 64);
    put(b, "\x20\1\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
    put(b, "\x20\1\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\2", 16);
}

/* An extension header with a length field of its own. */
static void put_extension(bytes *b, uint32_t next, uint32_t length, uint32_t size)
{
    put8(b, next);
    put8(b, length);
    for (uint32_t i = 2; i < size; i++)
        put8(b, 0);
}

static void put_fragment(bytes *b, uint32_t next, uint32_t offset_and_more)
{
    put8(b, next);
    put8(b, 0);
    put16(b, offset_and_more);
    put32(b, 0xCAFE);
}

/* The TCP header and the payload; options is a multiple of 4. */
static void put_tcp(bytes *b, uint32_t options)
{
    put16(b, 40000);
    put16(b, 42027);
    put32(b, 0x81020304);
    put32(b, 0xF5060708);
    put8(b, (20 + options) / 4 << 4);
    put8(b, CTI_FLAG_ACK | 0x08);
    put16(b, 0x8102);
    put16(b, 0xBAD0);
    put16(b, 0);
    for (uint32_t i = 0; i < options; i++)
        put8(b, 1);
    put(b, PAYLOAD, PAYLOAD_SIZE);
}

#define TCP_SIZE (20 + PAYLOAD_SIZE)

/* IPv4 or IPv6 with TCP, by the Ethertype. */
static void put_packet(bytes *b, uint32_t type)
{
    if (type == ETHERTYPE_V4)
        put_ipv4(b, 0, 20 + TCP_SIZE, 0, 6);
    else
        put_ipv6(b, TCP_SIZE, 6);
    put_tcp(b, 0);
}

/* ---- parsing ---- */

typedef struct parsed {
    packet_result result;
    packet found;
    uint8_t payload[4096];
} parsed;

/* Parses the first captured bytes from memory that ends with them. */
static parsed parse_cut(const bytes *b, uint32_t captured, uint32_t length, int link)
{
    uint8_t *memory = malloc(captured + 1);
    parsed p;

    assert_non_null(memory);
    memcpy(memory + 1, b->data, captured);
    memset(&p, 0xEE, sizeof(p));
    p.result = packet_parse(memory + 1, captured, length, link, &p.found);
    if (p.result == PACKET_TCP) {
        assert_true(p.found.segment.captured <= p.found.segment.length);
        assert_true(p.found.segment.payload >= memory + 1);
        assert_true(p.found.segment.payload + p.found.segment.captured <= memory + 1 + captured);
        memcpy(p.payload, p.found.segment.payload, p.found.segment.captured);
    }
    free(memory);
    return p;
}

static parsed parse(const bytes *b, int link)
{
    return parse_cut(b, b->size, b->size, link);
}

#define assert_result(b, link, expected) assert_int_equal(parse(b, link).result, expected)

/* The packet stops at something that is not supported, of this name. */
static void assert_obstacle(const bytes *b, int link, const char *name, uint32_t number)
{
    const parsed p = parse(b, link);

    assert_int_equal(p.result, PACKET_UNSUPPORTED);
    assert_string_equal(p.found.obstacle.name, name);
    if (p.found.obstacle.form != OBSTACLE_NAME)
        assert_int_equal(p.found.obstacle.number, number);
    else
        assert_int_equal(number, 0);
}

/* It is the segment that put_tcp() makes, in IPv4 or IPv6, with this much of the payload. */
static void assert_payload(const parsed *p, uint32_t type, uint32_t captured, uint32_t length)
{
    const cti_segment *s = &p->found.segment;

    assert_int_equal(p->result, PACKET_TCP);
    if (type == ETHERTYPE_V4) {
        assert_int_equal(s->source.address_size, 4);
        assert_int_equal(s->destination.address_size, 4);
        assert_memory_equal(s->source.address, "\xC0\0\2\1\0\0\0\0\0\0\0\0\0\0\0\0", 16);
        assert_memory_equal(s->destination.address, "\xC0\0\2\2\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    } else {
        assert_int_equal(s->source.address_size, 16);
        assert_int_equal(s->destination.address_size, 16);
        assert_memory_equal(s->source.address, "\x20\1\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
        assert_memory_equal(s->destination.address, "\x20\1\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\2", 16);
    }
    assert_int_equal(s->source.port, 40000);
    assert_int_equal(s->destination.port, 42027);
    assert_int_equal(s->sequence, 0x81020304);
    assert_int_equal(s->acknowledgment, 0xF5060708);
    assert_int_equal(s->flags, CTI_FLAG_ACK | 0x08);
    assert_int_equal(s->window, 0x8102);
    assert_int_equal(s->length, length);
    assert_int_equal(s->captured, captured);
    assert_memory_equal(p->payload, PAYLOAD, captured < PAYLOAD_SIZE ? captured : PAYLOAD_SIZE);
}

static void assert_segment(const bytes *b, int link, uint32_t type)
{
    const parsed p = parse(b, link);

    assert_payload(&p, type, PAYLOAD_SIZE, PAYLOAD_SIZE);
}

/* It is that segment; cut anywhere within the headers it is PACKET_CUT, and cut behind
 * TCP's first 20 bytes it is the same segment with fewer bytes. */
static void assert_segment_cut_anywhere(const bytes *b, int link, uint32_t type, uint32_t options)
{
    assert_segment(b, link, type);
    for (uint32_t captured = 0; captured < b->size; captured++) {
        const parsed p = parse_cut(b, captured, b->size, link);
        const uint32_t from_payload = b->size - PAYLOAD_SIZE;

        if (captured < from_payload - options)
            assert_int_equal(p.result, PACKET_CUT);
        else
            assert_payload(&p, type, captured > from_payload ? captured - from_payload : 0,
                           PAYLOAD_SIZE);
    }
}

static const uint32_t families[] = {ETHERTYPE_V4, ETHERTYPE_V6};
static const uint32_t tags[] = {0x8100, 0x88A8, 0x9100, 0x9200};

/* ---- link layers ---- */

static void ethernet(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        bytes b = {.size = 0};

        put_ethernet(&b, families[i]);
        put_packet(&b, families[i]);
        assert_segment_cut_anywhere(&b, LINK_ETHERNET, families[i], 0);
    }
}

static void one_vlan_tag(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 4; k++) {
            bytes b = {.size = 0};

            put_ethernet(&b, tags[k]);
            put_tag(&b, families[i]);
            put_packet(&b, families[i]);
            assert_segment_cut_anywhere(&b, LINK_ETHERNET, families[i], 0);
        }
}

static void two_vlan_tags(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 4; k++)
            for (int m = 0; m < 4; m++) {
                bytes b = {.size = 0};

                put_ethernet(&b, tags[k]);
                put_tag(&b, tags[m]);
                put_tag(&b, families[i]);
                put_packet(&b, families[i]);
                assert_segment_cut_anywhere(&b, LINK_ETHERNET, families[i], 0);
            }
}

/* A frame of nothing but tags ends somewhere. */
static void vlan_tags_without_end(void **state)
{
    bytes b = {.size = 0};

    (void)state;
    put_ethernet(&b, 0x8100);
    for (int i = 0; i < 300; i++)
        put_tag(&b, 0x8100);
    assert_true(parse(&b, LINK_ETHERNET).result != PACKET_TCP);
}

static void ethernet_with_something_else(void **state)
{
    /* a length of 802.3 with LLC's number 45, and IPv6's number with one wrong bit */
    static const struct {
        uint32_t type, number;
        const char *name;
    } named[] = {{0x0100, 0x45, "LLC SAP"}, {0x86DC, 0x86DC, "EtherType"}};
    /* CDP, ARP, PPPoE discovery, LACP, EAPOL, LLDP, PTP, loopback */
    static const uint32_t quiet[] = {0x2000, 0x0806, 0x8863, 0x8809, 0x888E, 0x88CC, 0x88F7, 0x9000};

    (void)state;
    for (size_t i = 0; i < sizeof(quiet) / sizeof(quiet[0]); i++)
        for (int tagged = 0; tagged < 2; tagged++) {
            bytes b = {.size = 0};

            put_ethernet(&b, tagged ? 0x8100 : quiet[i]);
            if (tagged)
                put_tag(&b, quiet[i]);
            put_packet(&b, ETHERTYPE_V4);
            assert_result(&b, LINK_ETHERNET, PACKET_NOT_TCP);
        }
    for (int i = 0; i < 2; i++)
        for (int tagged = 0; tagged < 2; tagged++) {
            bytes b = {.size = 0};

            put_ethernet(&b, tagged ? 0x8100 : named[i].type);
            if (tagged)
                put_tag(&b, named[i].type);
            put_packet(&b, ETHERTYPE_V4);
            assert_obstacle(&b, LINK_ETHERNET, named[i].name, named[i].number);
        }
}

/* AF_INET is 2 everywhere; AF_INET6 is 10, 23, 24, 26, 28 or 30, as the system has it. */
static void null_and_loop(void **state)
{
    static const uint32_t numbers[] = {2, 10, 23, 24, 26, 28, 30};

    (void)state;
    for (int i = 0; i < 7; i++) {
        const uint32_t type = numbers[i] == 2 ? ETHERTYPE_V4 : ETHERTYPE_V6;
        bytes b = {.size = 0};

        put32(&b, numbers[i]);
        put_packet(&b, type);
        assert_segment_cut_anywhere(&b, LINK_NULL, type, 0);
        assert_segment_cut_anywhere(&b, LINK_LOOP, type, 0);

        b.size = 0;
        put32(&b, numbers[i] << 24);
        put_packet(&b, type);
        assert_segment_cut_anywhere(&b, LINK_NULL, type, 0);
    }
}

static void raw_ip(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        bytes b = {.size = 0};

        put_packet(&b, families[i]);
        assert_segment_cut_anywhere(&b, LINK_RAW, families[i], 0);
        assert_segment_cut_anywhere(&b, LINK_RAW_OPENBSD, families[i], 0);
        assert_segment_cut_anywhere(&b, LINK_RAW_FILE, families[i], 0);
        assert_segment_cut_anywhere(&b, families[i] == ETHERTYPE_V4 ? LINK_IPV4 : LINK_IPV6,
                                    families[i], 0);
    }
}

static void raw_ip_of_no_version(void **state)
{
    (void)state;
    for (uint32_t version = 0; version < 16; version++) {
        bytes b = {.size = 0};

        put_packet(&b, ETHERTYPE_V4);
        b.data[0] = (uint8_t)(version << 4 | 5);
        if (version != 4 && version != 6)
            assert_obstacle(&b, LINK_RAW, "IP version", version);
    }
}

static void linux_cooked(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        bytes b = {.size = 0};

        put_sll(&b, families[i]);
        put_packet(&b, families[i]);
        assert_segment_cut_anywhere(&b, LINK_SLL, families[i], 0);

        b.size = 0;
        put_sll2(&b, families[i]);
        put_packet(&b, families[i]);
        assert_segment_cut_anywhere(&b, LINK_SLL2, families[i], 0);

        b.size = 0;
        put_sll(&b, 0x8100);
        put_tag(&b, families[i]);
        put_packet(&b, families[i]);
        assert_segment_cut_anywhere(&b, LINK_SLL, families[i], 0);

        b.size = 0;
        put_sll2(&b, 0x88A8);
        put_tag(&b, families[i]);
        put_packet(&b, families[i]);
        assert_segment_cut_anywhere(&b, LINK_SLL2, families[i], 0);

        b.size = 0;
        put_sll(&b, 4); /* 802.2 */
        put_packet(&b, families[i]);
        assert_obstacle(&b, LINK_SLL, "LLC SAP", b.data[16]);
    }
}

/* Numbers below those of Ethernet are Linux's own: IPX, CAN, an unknown one; netlink's mean
 * something else. */
static void linux_cooked_numbers(void **state)
{
    static const uint32_t quiet[] = {0x0001, 0x000C, 0x000E};
    bytes b = {.size = 0};

    (void)state;
    for (int i = 0; i < 3; i++) {
        b.size = 0;
        put_sll(&b, quiet[i]);
        put_packet(&b, ETHERTYPE_V4);
        assert_result(&b, LINK_SLL, PACKET_NOT_TCP);
    }
    b.size = 0;
    put_sll(&b, 0x00F6);
    put_packet(&b, ETHERTYPE_V4);
    assert_obstacle(&b, LINK_SLL, "Linux protocol", 0x00F6);
    b.data[2] = 824 >> 8;
    b.data[3] = 824 & 255;
    assert_result(&b, LINK_SLL, PACKET_NOT_TCP);
    b.size = 0;
    put_sll2(&b, 0x00F6);
    put_packet(&b, ETHERTYPE_V4);
    assert_obstacle(&b, LINK_SLL2, "Linux protocol", 0x00F6);
    b.data[8] = 824 >> 8;
    b.data[9] = 824 & 255;
    assert_result(&b, LINK_SLL2, PACKET_NOT_TCP);
}

static void known_and_unknown_link_types(void **state)
{
    static const int others[] = {-1, 6, 10, 106, 147, 195, 238, 253, 10000};
    bytes b = {.size = 0};

    (void)state;
    put_packet(&b, ETHERTYPE_V4);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_result(&b, others[i], PACKET_UNKNOWN_LINK);
        assert_false(packet_knows_link(others[i]));
    }
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
        assert_true(packet_knows_link(links[i]));
}

/* ---- IPv4 ---- */

static void ipv4_options(void **state)
{
    (void)state;
    for (uint32_t options = 0; options <= 40; options += 4) {
        bytes b = {.size = 0};

        put_ipv4(&b, options, 20 + options + TCP_SIZE, 0, 6);
        put_tcp(&b, 0);
        assert_segment_cut_anywhere(&b, LINK_RAW, ETHERTYPE_V4, 0);
    }
}

/* A network card that cuts large packets itself leaves the total length at 0. */
static void ipv4_total_length_0(void **state)
{
    bytes b = {.size = 0};
    parsed p;

    (void)state;
    put_ipv4(&b, 0, 0, 0, 6);
    put_tcp(&b, 0);
    assert_segment_cut_anywhere(&b, LINK_RAW, ETHERTYPE_V4, 0);
    p = parse_cut(&b, b.size, b.size + 60000, LINK_RAW);
    assert_payload(&p, ETHERTYPE_V4, PAYLOAD_SIZE, PAYLOAD_SIZE + 60000);
}

static void ipv4_total_length_too_small_or_large(void **state)
{
    (void)state;
    for (uint32_t total = 1; total < 40; total++) {
        bytes b = {.size = 0};

        put_ipv4(&b, 0, total, 0, 6);
        put_tcp(&b, 0);
        assert_result(&b, LINK_RAW, PACKET_CUT);
    }
    /* It ends within the payload. */
    for (uint32_t left = 0; left <= PAYLOAD_SIZE; left++) {
        bytes b = {.size = 0};
        parsed p;

        put_ipv4(&b, 0, 40 + left, 0, 6);
        put_tcp(&b, 0);
        p = parse(&b, LINK_RAW);
        assert_payload(&p, ETHERTYPE_V4, left, left);
    }
    /* It promises more than there is: the bytes that are there count. */
    {
        bytes b = {.size = 0};

        put_ipv4(&b, 0, 0xFFFF, 0, 6);
        put_tcp(&b, 0);
        assert_segment(&b, LINK_RAW, ETHERTYPE_V4);
    }
}

static void ipv4_header_length_below_20(void **state)
{
    (void)state;
    for (uint32_t words = 0; words < 5; words++) {
        bytes b = {.size = 0};

        put_packet(&b, ETHERTYPE_V4);
        b.data[0] = (uint8_t)(0x40 | words);
        assert_result(&b, LINK_RAW, PACKET_CUT);
    }
}

/* Frames shorter than 60 bytes are filled up; a checksum may follow them too. */
static void ethernet_padding(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        for (uint32_t padding = 1; padding < 50; padding++) {
            bytes b = {.size = 0};

            put_ethernet(&b, families[i]);
            put_packet(&b, families[i]);
            for (uint32_t k = 0; k < padding; k++)
                put8(&b, 0x55);
            assert_segment(&b, LINK_ETHERNET, families[i]);
        }
}

/* A pure ACK in a padded frame carries no data. */
static void padding_of_an_ack_is_no_data(void **state)
{
    bytes b = {.size = 0};
    parsed p;

    (void)state;
    put_ethernet(&b, ETHERTYPE_V4);
    put_ipv4(&b, 0, 40, 0, 6);
    put_tcp(&b, 0);
    b.size -= PAYLOAD_SIZE;
    put(&b, "\0\0\0\0\0\0", 6);
    p = parse(&b, LINK_ETHERNET);
    assert_payload(&p, ETHERTYPE_V4, 0, 0);
    /* The snaplen cut the padding only. */
    p = parse_cut(&b, b.size - 3, b.size, LINK_ETHERNET);
    assert_payload(&p, ETHERTYPE_V4, 0, 0);
}

static void ipv4_fragments(void **state)
{
    static const struct {
        uint32_t field;
        packet_result result;
    } cases[] = {
        {0x0000, PACKET_TCP},      {0x4000, PACKET_TCP},      /* do not fragment */
        {0x2000, PACKET_FRAGMENT}, {0x2001, PACKET_FRAGMENT}, /* first, middle */
        {0x0001, PACKET_FRAGMENT}, {0x1FFF, PACKET_FRAGMENT}, /* last */
        {0x1000, PACKET_FRAGMENT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bytes b = {.size = 0};

        put_ipv4(&b, 0, 20 + TCP_SIZE, cases[i].field, 6);
        put_tcp(&b, 0);
        assert_result(&b, LINK_RAW, cases[i].result);

        b.size = 0;
        put_ipv4(&b, 0, 20 + TCP_SIZE, cases[i].field, 1);
        put_tcp(&b, 0);
        assert_result(&b, LINK_RAW, PACKET_NOT_TCP);
    }
}

static bool is_tunnel(uint32_t protocol)
{
    static const uint8_t tunnels[] = {4, 41, 47, 50, 51, 55, 97, 108, 115, 137, 143, 144, 145};

    return memchr(tunnels, (int)protocol, sizeof(tunnels)) != NULL;
}

static bool is_without_tcp(uint32_t protocol)
{
    static const uint8_t without[] = {1,  2,  3,  8,   9,   17,  33,  46,  54,  58,
                                      59, 88, 89, 103, 112, 113, 124, 132, 136, 240};

    return memchr(without, (int)protocol, sizeof(without)) != NULL;
}

static void other_protocols(void **state)
{
    (void)state;
    for (uint32_t protocol = 0; protocol < 256; protocol++) {
        bytes b = {.size = 0};

        put_ipv4(&b, 0, 20 + TCP_SIZE, 0, protocol);
        put_tcp(&b, 0);
        if (is_without_tcp(protocol))
            assert_result(&b, LINK_RAW, PACKET_NOT_TCP);
        else if (protocol != 6 && !is_tunnel(protocol))
            assert_obstacle(&b, LINK_RAW, "IP protocol", protocol);
        /* A piece of it is not worth waiting for others. */
        b.data[6] = 0x20;
        if (is_without_tcp(protocol) && protocol != 17)
            assert_result(&b, LINK_RAW, PACKET_NOT_TCP);
        else if (protocol != 17 && protocol != 6 && protocol != 43 && protocol != 60 &&
                 !is_tunnel(protocol))
            assert_obstacle(&b, LINK_RAW, "IP protocol", protocol);
        else if (protocol == 50)
            assert_obstacle(&b, LINK_RAW, "IPsec ESP", 0);
    }
}

/* ---- IPv6 ---- */

static void ipv6_extension_headers(void **state)
{
    static const uint32_t headers[] = {0, 43, 60, 135}; /* sizes are 8 x (field + 1) */

    (void)state;
    for (int i = 0; i < 4; i++)
        for (uint32_t length = 0; length < 6; length++) {
            const uint32_t size = (length + 1) * 8;
            bytes b = {.size = 0};

            put_ipv6(&b, size + TCP_SIZE, headers[i]);
            put_extension(&b, 6, length, size);
            put_tcp(&b, 0);
            assert_segment_cut_anywhere(&b, LINK_RAW, ETHERTYPE_V6, 0);
        }
    for (uint32_t length = 1; length < 6; length++) {
        const uint32_t size = (length + 2) * 4; /* authentication */
        bytes b = {.size = 0};

        put_ipv6(&b, size + TCP_SIZE, 51);
        put_extension(&b, 6, length, size);
        put_tcp(&b, 0);
        assert_segment_cut_anywhere(&b, LINK_RAW, ETHERTYPE_V6, 0);
    }
}

static void ipv6_chain_of_headers(void **state)
{
    bytes b = {.size = 0};

    (void)state;
    put_ipv6(&b, 8 + 16 + 24 + 8 + 24 + TCP_SIZE, 0);
    put_extension(&b, 60, 0, 8);
    put_extension(&b, 43, 1, 16);
    put_extension(&b, 44, 2, 24);
    put_fragment(&b, 51, 0);
    put_extension(&b, 6, 4, 24);
    put_tcp(&b, 0);
    assert_segment_cut_anywhere(&b, LINK_RAW, ETHERTYPE_V6, 0);
}

static void ipv6_chain_without_end(void **state)
{
    bytes b = {.size = 0};

    (void)state;
    put_ipv6(&b, 400 * 8, 60);
    for (int i = 0; i < 400; i++)
        put_extension(&b, 60, 0, 8);
    assert_true(parse(&b, LINK_RAW).result != PACKET_TCP);
}

/* RFC 8200, section 4.5: M is bit 0, the offset is above bit 2, and two bits mean nothing.
 * RFC 6946: a fragment header on a whole packet (offset 0, M 0) changes nothing. */
static void ipv6_fragments(void **state)
{
    static const struct {
        uint32_t field;
        packet_result result;
    } cases[] = {
        {0x0000, PACKET_TCP},      {0x0006, PACKET_TCP},      /* whole */
        {0x0001, PACKET_FRAGMENT}, {0x0009, PACKET_FRAGMENT}, /* first, middle */
        {0x0008, PACKET_FRAGMENT}, {0xFFF8, PACKET_FRAGMENT}, /* last */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bytes b = {.size = 0};

        put_ipv6(&b, 8 + TCP_SIZE, 44);
        put_fragment(&b, 6, cases[i].field);
        put_tcp(&b, 0);
        if (cases[i].result == PACKET_TCP)
            assert_segment_cut_anywhere(&b, LINK_RAW, ETHERTYPE_V6, 0);
        else
            assert_result(&b, LINK_RAW, cases[i].result);

        b.size = 0;
        put_ipv6(&b, 8 + TCP_SIZE, 44);
        put_fragment(&b, 58, cases[i].field);
        put_tcp(&b, 0);
        assert_result(&b, LINK_RAW, PACKET_NOT_TCP);
    }
}

static void ipv6_other_protocols(void **state)
{
    static const uint32_t others[] = {1, 2, 58, 59, 132};

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        bytes b = {.size = 0};

        put_ipv6(&b, TCP_SIZE, others[i]);
        put_tcp(&b, 0);
        assert_result(&b, LINK_RAW, PACKET_NOT_TCP);
        /* However few of its bytes are there. */
        b.size = 40 + 3;
        assert_result(&b, LINK_RAW, PACKET_NOT_TCP);
        b.size = 40;
        assert_result(&b, LINK_RAW, PACKET_NOT_TCP);
    }
}

static void ipv6_payload_length_0(void **state)
{
    bytes b = {.size = 0};

    (void)state;
    put_ipv6(&b, 0, 6);
    put_tcp(&b, 0);
    assert_segment_cut_anywhere(&b, LINK_RAW, ETHERTYPE_V6, 0);
}

static void ipv6_payload_length_too_small_or_large(void **state)
{
    (void)state;
    for (uint32_t payload = 1; payload < 20; payload++) {
        bytes b = {.size = 0};

        put_ipv6(&b, payload, 6);
        put_tcp(&b, 0);
        assert_result(&b, LINK_RAW, PACKET_CUT);
    }
    for (uint32_t left = 0; left <= PAYLOAD_SIZE; left++) {
        bytes b = {.size = 0};
        parsed p;

        put_ipv6(&b, 20 + left, 6);
        put_tcp(&b, 0);
        p = parse(&b, LINK_RAW);
        assert_payload(&p, ETHERTYPE_V6, left, left);
    }
    {
        bytes b = {.size = 0};

        put_ipv6(&b, 0xFFFF, 6);
        put_tcp(&b, 0);
        assert_segment(&b, LINK_RAW, ETHERTYPE_V6);
    }
}

/* ---- TCP ---- */

static void tcp_options(void **state)
{
    (void)state;
    for (uint32_t options = 0; options <= 40; options += 4)
        for (int i = 0; i < 2; i++) {
            bytes b = {.size = 0};

            if (i == 0)
                put_ipv4(&b, 0, 20 + options + TCP_SIZE, 0, 6);
            else
                put_ipv6(&b, options + TCP_SIZE, 6);
            put_tcp(&b, options);
            assert_segment_cut_anywhere(&b, LINK_RAW, families[i], options);
        }
}

static void tcp_data_offset_below_20_or_past_the_end(void **state)
{
    (void)state;
    for (uint32_t words = 0; words < 16; words++) {
        bytes b = {.size = 0};
        const uint32_t size = words * 4;

        put_packet(&b, ETHERTYPE_V4);
        b.data[20 + 12] = (uint8_t)(words << 4);
        assert_result(&b, LINK_RAW, size < 20 || size > TCP_SIZE ? PACKET_CUT : PACKET_TCP);
    }
}

static void every_flag_is_handed_on(void **state)
{
    (void)state;
    for (uint32_t flags = 0; flags < 256; flags++) {
        bytes b = {.size = 0};

        put_packet(&b, ETHERTYPE_V4);
        b.data[20 + 13] = (uint8_t)flags;
        assert_int_equal(parse(&b, LINK_RAW).found.segment.flags, flags);
    }
}

/* The wire's length: what the snaplen cut counts, what is there never counts less. */
static void length_on_the_wire(void **state)
{
    bytes b = {.size = 0};
    parsed p;

    (void)state;
    put_ethernet(&b, ETHERTYPE_V4);
    put_ipv4(&b, 0, 40 + 1460, 0, 6);
    put_tcp(&b, 0);
    p = parse_cut(&b, b.size, 14 + 40 + 1460, LINK_ETHERNET);
    assert_payload(&p, ETHERTYPE_V4, PAYLOAD_SIZE, 1460);
    p = parse_cut(&b, 14 + 40, 14 + 40 + 1460, LINK_ETHERNET);
    assert_payload(&p, ETHERTYPE_V4, 0, 1460);
    /* A file that claims less than it holds. */
    p = parse_cut(&b, b.size, 10, LINK_ETHERNET);
    assert_payload(&p, ETHERTYPE_V4, PAYLOAD_SIZE, PAYLOAD_SIZE);
}

/* ---- between Ethernet and IP ---- */

static void put_hex(bytes *b, const char *hex)
{
    for (; *hex != '\0'; hex += *hex == ' ' ? 1 : 2)
        if (*hex != ' ')
            put8(b, (uint32_t)strtoul((char[]){hex[0], hex[1], '\0'}, NULL, 16));
}

/* What stands between Ethernet's addresses and IP, in hex; type stands for "TTTT". */
static void put_frame(bytes *b, const char *head, uint32_t type)
{
    const char *place = strstr(head, "TTTT");
    char *text = strdup(head);

    assert_non_null(text);
    if (place != NULL)
        memcpy(text + (place - head), type == ETHERTYPE_V4 ? "0800" : "86DD", 4);
    put(b, "\2\0\0\0\0\1\2\0\0\0\0\2", 12);
    put_hex(b, text);
    put_packet(b, type);
    free(text);
}

static void assert_frame(const char *head)
{
    for (int i = 0; i < 2; i++) {
        bytes b = {.size = 0};

        put_frame(&b, head, families[i]);
        assert_segment_cut_anywhere(&b, LINK_ETHERNET, families[i], 0);
        put(&b, "padding", 7);
        assert_segment(&b, LINK_ETHERNET, families[i]);
    }
}

static void assert_frame_obstacle(const char *head, const char *name, uint32_t number)
{
    for (int i = 0; i < 2; i++) {
        bytes b = {.size = 0};

        put_frame(&b, head, families[i]);
        assert_obstacle(&b, LINK_ETHERNET, name, number);
    }
}

static void assert_frame_result(const char *head, packet_result result)
{
    for (int i = 0; i < 2; i++) {
        bytes b = {.size = 0};

        put_frame(&b, head, families[i]);
        assert_result(&b, LINK_ETHERNET, result);
    }
}

static void llc_and_snap(void **state)
{
    (void)state;
    assert_frame("0100 AAAA03 000000 TTTT");
    assert_frame("0100 AAAA03 0000F8 TTTT");
    assert_frame("8100 6123 0100 AAAA03 000000 TTTT");
    assert_frame_result("0100 AAAA03 00000C TTTT", PACKET_NOT_TCP); /* Cisco's own numbers */
    assert_frame_result("0100 FEFE03 83 0000000000", PACKET_NOT_TCP); /* IS-IS */
    assert_frame_obstacle("0100 AAAA03 000000 0100", "EtherType", 0x0100);
    assert_frame_obstacle("0100 AAAA03 0080C2 0007", "SNAP organization", 0x0080C2);
    assert_frame_obstacle("0100 060603 0000000000", "LLC SAP", 0x06);
    assert_frame_result("0026 424203 0000000000", PACKET_NOT_TCP); /* spanning tree */
    assert_frame_result("0003 F0F07F", PACKET_NOT_TCP);
    assert_frame_result("0000", PACKET_NOT_TCP);
}

/* What follows the length of 802.3 is padding. */
static void llc_length_ends_the_packet(void **state)
{
    bytes b = {.size = 0};
    parsed p;

    (void)state;
    put_frame(&b, "0032 AAAA03 000000 0800", ETHERTYPE_V4); /* 8 + 42 bytes */
    p = parse(&b, LINK_ETHERNET);
    assert_payload(&p, ETHERTYPE_V4, 2, 2);
}

static void cisco_tags(void **state)
{
    (void)state;
    assert_frame("8909 01 01 0001 0007 TTTT");
    assert_frame("8100 6123 8909 01 01 0001 0007 TTTT");
    assert_frame("8926 8001 0002 TTTT");
    assert_frame("8926 8001 0002 8100 6123 TTTT");
    assert_frame("8903 0064 020000000003 020000000004 TTTT");
    assert_frame("8903 0064 020000000003 020000000004 8100 0005 TTTT");
}

static void bridge_port_tag(void **state)
{
    (void)state;
    assert_frame("893F 0000 0001 0000 TTTT");
    assert_frame("893F E123 2123 4567 8100 6123 TTTT");
    assert_frame("8100 6123 893F 0000 0001 0000 TTTT");
}

static void service_header(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        static const char *const heads[2][4] = {
            {"894F 0FC6 0101 000001FF 00000000000000000000000000000000", "894F 0FC2 0201 000001FF",
             "894F 0FC2 0204 000001FF 0FC2 0201 000001FF",
             "894F 0FC3 0203 000001FF 00000000 020000000003 020000000004 TTTT"},
            {"894F 0FC6 0102 000001FF 00000000000000000000000000000000", "894F 0FC2 0202 000001FF",
             "894F 0FC2 0204 000001FF 0FC2 0202 000001FF",
             "894F 0FC2 0205 000001FF 00010140"}};

        for (int k = 0; k < 4; k++) {
            bytes b = {.size = 0};

            put_frame(&b, heads[i][k], families[i]);
            assert_segment_cut_anywhere(&b, LINK_ETHERNET, families[i], 0);
        }
    }
    assert_frame_obstacle("894F 0FC2 0206 000001FF", "NSH next protocol", 6);
    assert_frame_obstacle("894F 4FC2 0201 000001FF", "NSH version", 1);
    assert_frame_result("894F 0FC1 0201 000001FF", PACKET_CUT); /* shorter than itself */
}

static void service_headers_without_end(void **state)
{
    bytes b = {.size = 0};

    (void)state;
    put_ethernet(&b, 0x894F);
    for (int i = 0; i < 300; i++)
        put_hex(&b, "0FC2 0204 000001FF");
    put_packet(&b, ETHERTYPE_V4);
    assert_obstacle(&b, LINK_ETHERNET, "too many headers", 0);
}

static void mpls(void **state)
{
    (void)state;
    assert_frame("8847 00010140");
    assert_frame("8848 00010140");
    assert_frame("8847 00010040 00020040 00030140");
    assert_frame("8100 6123 8847 00010140");
    /* Ethernet in it, with and without a control word. */
    assert_frame("8847 00010140 00000000 020000000003 020000000004 TTTT");
    assert_frame("8847 00010140 020000000003 020000000004 TTTT");
    assert_frame("8847 00010140 00000001 020000000003 020000000004 8100 0005 TTTT");
    assert_frame_result("8847 00010140 10000007", PACKET_NOT_TCP); /* an associated channel */
    assert_frame_obstacle("8847 00010140 F00000000003 020000000004 1234",
                          "MPLS with unknown content", 0);
    assert_frame_result("8847 00010140 00000000 020000000003 020000000004 0806", PACKET_NOT_TCP);
}

/* An address that starts like IP's version: its lengths do not fit. */
static void mpls_addresses_that_look_like_ip(void **state)
{
    bytes b = {.size = 0};

    (void)state;
    put_frame(&b, "8847 00010140 45000FFFFFFF 020000000004 TTTT", ETHERTYPE_V4);
    assert_segment(&b, LINK_ETHERNET, ETHERTYPE_V4);
    b.size = 0;
    put_frame(&b, "8847 00010140 60000000FFFF 020000000004 TTTT", ETHERTYPE_V6);
    assert_segment(&b, LINK_ETHERNET, ETHERTYPE_V6);
    b.size = 0;
    put_frame(&b, "8847 00010140 40000000FFFF 020000000004 TTTT", ETHERTYPE_V4);
    assert_segment(&b, LINK_ETHERNET, ETHERTYPE_V4);
}

static void labels_without_end(void **state)
{
    bytes b = {.size = 0};

    (void)state;
    put_ethernet(&b, 0x8847);
    for (int i = 0; i < 300; i++)
        put32(&b, 0x00010040);
    put_packet(&b, ETHERTYPE_V4);
    assert_result(&b, LINK_ETHERNET, PACKET_UNSUPPORTED);
}

static void pppoe(void **state)
{
    static const char *const protocols[] = {"0021", "0057"};

    (void)state;
    for (int i = 0; i < 2; i++) {
        bytes b = {.size = 0};
        char head[64];

        snprintf(head, sizeof(head), "8864 1100 0042 0100 %s", protocols[i]);
        put_frame(&b, head, families[i]);
        assert_segment_cut_anywhere(&b, LINK_ETHERNET, families[i], 0);
        memmove(b.data, b.data + 14, b.size -= 14);
        assert_segment_cut_anywhere(&b, LINK_PPP_ETHER, families[i], 0);
    }
    assert_frame_result("8864 1109 0042 0100 0021", PACKET_NOT_TCP); /* discovery */
    assert_frame_result("8864 2100 0042 0100 0021", PACKET_CUT);
    assert_frame_result("8864 1100 0042 0100 C021", PACKET_NOT_TCP); /* LCP */
    assert_frame_obstacle("8864 1100 0042 0100 00FD", "compressed PPP", 0);
    assert_frame_obstacle("8864 1100 0042 0100 003D", "multilink PPP", 0);
    assert_frame_obstacle("8864 1100 0042 0100 4021", "PPP protocol", 0x4021);
    assert_frame_result("8864 1100 0042 0004 0021", PACKET_CUT);     /* it ends within IP */
}

static void ppp(void **state)
{
    static const char *const heads[2][3] = {{"FF03 0021", "0021", "21"},
                                            {"FF03 0057", "0057", "57"}};

    (void)state;
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 3; k++) {
            bytes b = {.size = 0};

            put_hex(&b, heads[i][k]);
            put_packet(&b, families[i]);
            assert_segment_cut_anywhere(&b, LINK_PPP, families[i], 0);
            if (k > 0)
                continue;
            assert_segment_cut_anywhere(&b, LINK_PPP_HDLC, families[i], 0);
            assert_segment_cut_anywhere(&b, LINK_C_HDLC, families[i], 0);
        }
}

static void cisco_hdlc(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        bytes b = {.size = 0};

        put_hex(&b, "0F00");
        put16(&b, families[i]);
        put_packet(&b, families[i]);
        assert_segment_cut_anywhere(&b, LINK_C_HDLC, families[i], 0);
        assert_segment_cut_anywhere(&b, LINK_PPP_HDLC, families[i], 0);
    }
}

static void other_tags_are_named(void **state)
{
    (void)state;
    assert_frame_obstacle("88E5 2C00 00000001", "MACsec", 0);
    assert_frame_obstacle("88E7 00000064 020000000003 020000000004 TTTT", "MAC-in-MAC (802.1ah)", 0);
    assert_frame_obstacle("22F3 0000", "TRILL", 0);
    assert_frame_obstacle("1234", "EtherType", 0x1234);
}

/* ---- headers of the capturing system ---- */

/* An attribute of NFLOG, with its padding. */
static void put_attribute(bytes *b, bool little, uint32_t type, const char *hex, uint32_t length)
{
    const uint32_t size = 4 + length;

    put16(b, little ? size << 8 | size >> 8 : size);
    put16(b, little ? type << 8 : type);
    put_hex(b, hex);
}

static void put_nflog(bytes *b, bool little, const char *head, const char *type)
{
    put_hex(b, head);
    put_attribute(b, little, 1, type, 4);
    put_attribute(b, little, 10, "6869 00 00", 3); /* a prefix, padded */
    put_attribute(b, little, 9, "", 40 + PAYLOAD_SIZE);
}

static void nflog(void **state)
{
    (void)state;
    for (int little = 0; little < 2; little++) {
        bytes b = {.size = 0};

        put_nflog(&b, little, "02 00 0001", "0800 01 00");
        put_packet(&b, ETHERTYPE_V4);
        assert_segment_cut_anywhere(&b, LINK_NFLOG, ETHERTYPE_V4, 0);
        put_hex(&b, "000000"); /* the padding, and an attribute after it */
        put_attribute(&b, little, 3, "00000001", 4);
        assert_segment(&b, LINK_NFLOG, ETHERTYPE_V4);
        b.data[0] = 7; /* of a bridge */
        assert_segment(&b, LINK_NFLOG, ETHERTYPE_V4);
        b.data[0] = 3;
        assert_result(&b, LINK_NFLOG, PACKET_NOT_TCP);
        b.data[0] = 12;
        assert_obstacle(&b, LINK_NFLOG, "NFLOG address family", 12);
        b.data[1] = 1;
        assert_obstacle(&b, LINK_NFLOG, "NFLOG version", 1);
    }
}

static void nflog_without_a_packet(void **state)
{
    bytes b = {.size = 0};

    (void)state;
    put_hex(&b, "02 00 0001 0008 0001 0800 01 00");
    assert_result(&b, LINK_NFLOG, PACKET_CUT);
    put_hex(&b, "0003 0002"); /* a length below its own */
    put_packet(&b, ETHERTYPE_V4);
    assert_result(&b, LINK_NFLOG, PACKET_CUT);
    memcpy(b.data + 12, "\0\x4", 2);
    for (int i = 0; i < 50; i++)
        put_hex(&b, "0004 0002");
    assert_result(&b, LINK_NFLOG, PACKET_CUT);
}

static void put_erf(bytes *b, uint32_t type, uint32_t extensions, uint32_t on_wire)
{
    put_hex(b, "00000000 12345678");
    put8(b, type | (extensions > 0 ? 0x80 : 0));
    put8(b, 4);
    put16(b, 16);
    put16(b, 0);
    put16(b, on_wire);
    for (uint32_t i = extensions; i > 0; i--) {
        put8(b, i > 1 ? 0x83 : 0x03);
        put_hex(b, "01020304050607");
    }
}

static void erf_records(void **state)
{
    static const uint32_t frames[] = {2, 11, 16, 20}, lines[] = {1, 10, 15, 19};

    (void)state;
    for (int i = 0; i < 2; i++)
        for (uint32_t extensions = 0; extensions < 3; extensions++) {
            const uint32_t size = (families[i] == ETHERTYPE_V4 ? 20 : 40) + TCP_SIZE;
            bytes b = {.size = 0};

            for (int k = 0; k < 4; k++) {
                b.size = 0;
                put_erf(&b, frames[k], extensions, 14 + size);
                put_hex(&b, "0000");
                put_ethernet(&b, families[i]);
                put_packet(&b, families[i]);
                assert_segment_cut_anywhere(&b, LINK_ERF, families[i], 0);

                b.size = 0;
                put_erf(&b, lines[k], extensions, 4 + size);
                put_hex(&b, "0F00");
                put16(&b, families[i]);
                put_packet(&b, families[i]);
                assert_segment_cut_anywhere(&b, LINK_ERF, families[i], 0);
            }
            b.size = 0;
            put_erf(&b, families[i] == ETHERTYPE_V4 ? 22 : 23, extensions, size);
            put_packet(&b, families[i]);
            assert_segment_cut_anywhere(&b, LINK_ERF, families[i], 0);
            put_hex(&b, "00000000000000"); /* padding of the record */
            assert_segment(&b, LINK_ERF, families[i]);
        }
}

static void other_erf_records(void **state)
{
    static const uint32_t quiet[] = {13, 14, 27, 48};
    bytes b = {.size = 0};
    parsed p;

    (void)state;
    for (int i = 0; i < 4; i++) {
        b.size = 0;
        put_erf(&b, quiet[i], 0, 100);
        put_packet(&b, ETHERTYPE_V4);
        assert_result(&b, LINK_ERF, PACKET_NOT_TCP);
    }
    b.size = 0;
    put_erf(&b, 21, 1, 100);
    put_packet(&b, ETHERTYPE_V4);
    assert_obstacle(&b, LINK_ERF, "ERF record type", 21);
    /* The card cut the packet: the record has its length on the wire. */
    b.size = 0;
    put_erf(&b, 22, 0, 40 + 1460);
    put_ipv4(&b, 0, 40 + 1460, 0, 6);
    put_tcp(&b, 0);
    p = parse(&b, LINK_ERF);
    assert_payload(&p, ETHERTYPE_V4, PAYLOAD_SIZE, 1460);
    /* Extension headers to the end. */
    b.size = 0;
    put_erf(&b, 22, 0, 40);
    b.data[8] |= 0x80;
    for (int i = 0; i < 50; i++)
        put_hex(&b, "8301020304050607");
    assert_result(&b, LINK_ERF, PACKET_CUT);
}

/* ---- exported by Wireshark ---- */

#define EXPORT_NAME "000C 0004 63746900"
#define EXPORT_V4 "0014 0004 C0000201 0015 0004 C0000202"
#define EXPORT_V6 "0016 0010 20010DB8000000000000000000000001 "                                   \
                  "0017 0010 20010DB8000000000000000000000002"
#define EXPORT_PORTS "0019 0004 00009C40 001A 0004 0000A42B"
#define EXPORT_TCP "0018 0004 00000002"
#define EXPORT_END "0000 0000"

static void assert_exported(const char *hex, uint32_t size)
{
    bytes b = {.size = 0};
    uint32_t head;

    put_hex(&b, hex);
    head = b.size;
    put(&b, PAYLOAD, PAYLOAD_SIZE);
    for (uint32_t captured = 0; captured <= b.size; captured++) {
        const parsed p = parse_cut(&b, captured, b.size, LINK_EXPORTED);
        const cti_segment *s = &p.found.segment;

        assert_int_equal(p.result, captured < head ? PACKET_CUT : PACKET_TCP);
        if (captured < head)
            continue;
        assert_true(s->in_order);
        assert_int_equal(s->source.address_size, size);
        assert_int_equal(s->destination.address_size, size);
        assert_int_equal(s->source.address[size - 1], 1);
        assert_int_equal(s->destination.address[size - 1], 2);
        assert_int_equal(s->source.port, 40000);
        assert_int_equal(s->destination.port, 42027);
        assert_int_equal(s->flags, 0);
        assert_int_equal(s->length, PAYLOAD_SIZE);
        assert_int_equal(s->captured, captured - head);
        assert_memory_equal(p.payload, PAYLOAD, captured - head);
    }
}

static void put_exported(bytes *b, const char *hex)
{
    b->size = 0;
    put_hex(b, hex);
    put(b, PAYLOAD, PAYLOAD_SIZE);
}

static void assert_not_exported(const char *hex)
{
    bytes b;

    put_exported(&b, hex);
    assert_obstacle(&b, LINK_EXPORTED, "exported PDU without addresses or ports", 0);
}

static void exported(void **state)
{
    (void)state;
    assert_exported(EXPORT_NAME EXPORT_V4 EXPORT_TCP EXPORT_PORTS "001E 0004 00000011" EXPORT_END, 4);
    assert_exported(EXPORT_NAME EXPORT_V6 EXPORT_TCP EXPORT_PORTS EXPORT_END, 16);
    assert_exported("000A 0004 00000100" EXPORT_PORTS EXPORT_V4 EXPORT_END, 4);
    assert_exported(EXPORT_V4 EXPORT_PORTS "0FFF 0003 010203" EXPORT_END, 4);
}

static void exported_without_what_is_needed(void **state)
{
    bytes b;

    (void)state;
    put_exported(&b, EXPORT_V4 "0018 0004 00000003" EXPORT_PORTS EXPORT_END); /* UDP */
    assert_result(&b, LINK_EXPORTED, PACKET_NOT_TCP);
    assert_not_exported(EXPORT_END);
    assert_not_exported(EXPORT_NAME EXPORT_V4 EXPORT_TCP EXPORT_END);
    assert_not_exported(EXPORT_NAME EXPORT_PORTS EXPORT_TCP EXPORT_END);
    assert_not_exported("0014 0005 C000020100 0015 0004 C0000202" EXPORT_PORTS EXPORT_END);
    assert_not_exported(EXPORT_V4 "0019 0002 9C40 001A 0004 0000A42B" EXPORT_END);
}

/* ---- tunnels ---- */

/* IP with something else than TCP, and what follows in hex, around the packet: TTTT is the
 * inner type, LLLL the length of all from there on, which UDP has. */
static void put_tunnel(bytes *b, uint32_t outer, uint32_t protocol, const char *head,
                       uint32_t inner)
{
    bytes content = {.size = 0};
    char *text = strdup(head), *place;

    assert_non_null(text);
    if ((place = strstr(text, "TTTT")) != NULL)
        memcpy(place, inner == ETHERTYPE_V4 ? "0800" : "86DD", 4);
    if ((place = strstr(text, "LLLL")) != NULL)
        memcpy(place, "0000", 4);
    put_hex(&content, text);
    put_packet(&content, inner);
    if (outer == ETHERTYPE_V4)
        put_ipv4(b, 0, 20 + content.size, 0, protocol);
    else
        put_ipv6(b, content.size, protocol);
    put(b, content.data, content.size);
    free(text);
}

static void assert_tunnel(uint32_t protocol, const char *head)
{
    for (int i = 0; i < 4; i++) {
        const uint32_t inner = families[i & 1];
        bytes b = {.size = 0};

        put_tunnel(&b, families[i >> 1], protocol, head, inner);
        assert_segment_cut_anywhere(&b, LINK_RAW, inner, 0);
        put(&b, "padding", 7);
        assert_segment(&b, LINK_RAW, inner);
    }
}

static void assert_tunnel_result(uint32_t protocol, const char *head, packet_result result)
{
    for (int i = 0; i < 4; i++) {
        bytes b = {.size = 0};

        put_tunnel(&b, families[i >> 1], protocol, head, families[i & 1]);
        assert_result(&b, LINK_RAW, result);
    }
}

#define MACS "020000000003 020000000004 "

static void ip_in_ip(void **state)
{
    (void)state;
    assert_tunnel(4, "");
    assert_tunnel(41, "");
    assert_tunnel(51, "04 04 0000 00000001 00000002 000000000000000000000000"); /* AH in IP */
    assert_tunnel(97, "3000" MACS "TTTT");
    assert_tunnel(143, MACS "TTTT");
    assert_tunnel(137, "00010140");
}

static void gre(void **state)
{
    (void)state;
    assert_tunnel(47, "0000 TTTT");
    assert_tunnel(47, "8000 TTTT BAD00000");
    assert_tunnel(47, "2000 TTTT 00000007");
    assert_tunnel(47, "1000 TTTT 00000009");
    assert_tunnel(47, "B000 TTTT BAD00000 00000007 00000009");
    assert_tunnel(47, "4000 TTTT 00000000 0800 00 04 C0000203 0800 04 08 C0000203C0000204 00000000");
    assert_tunnel(47, "F000 TTTT BAD00000 00000007 00000009 00000000");
    assert_tunnel(47, "0000 6558" MACS "TTTT");
    assert_tunnel(47, "0000 8847 00010140");
    assert_tunnel(47, "0000 8909 TTTT 01 01 0001 0007");
    assert_tunnel_result(47, "0001 880B 00000000", PACKET_UNSUPPORTED);
    assert_tunnel_result(47, "0000 883E", PACKET_UNSUPPORTED);
    assert_tunnel_result(47, "0000 2001", PACKET_NOT_TCP);
    assert_tunnel_result(47, "0000 0000", PACKET_NOT_TCP); /* keep-alive */
    assert_tunnel(47, "0000 894F 0FC2 0203 000001FF" MACS "TTTT");
    assert_tunnel(17, "C000 1292 LLLL 0000 2000 TTTT 00000007");
}

static void erspan(void **state)
{
    (void)state;
    assert_tunnel(47, "0000 88BE" MACS "TTTT");
    assert_tunnel(47, "1000 88BE 00000009 1005 0001 00000000" MACS "TTTT");
    assert_tunnel(47, "3000 88BE 00000007 00000009 1005 0001 00000000" MACS "8100 0005 TTTT");
    assert_tunnel(47, "1000 22EB 00000009 2005 0001 12345678 0000 0000" MACS "TTTT");
    assert_tunnel(47, "1000 22EB 00000009 2005 0001 12345678 0000 0001 0102030405060708" MACS "TTTT");
    assert_tunnel(47, "1000 22EB 00000009 2005 0001 12345678 0000 0800"); /* IP without Ethernet */
}

/* A mirrored frame that the switch shortened: IP knows how long it was. */
static void erspan_shortened(void **state)
{
    bytes b = {.size = 0};
    parsed p;

    (void)state;
    put_ipv4(&b, 0, 20 + 4 + 14 + 40 + PAYLOAD_SIZE, 0, 47);
    put_hex(&b, "0000 88BE" MACS "0800");
    put_ipv4(&b, 0, 40 + 1460, 0, 6);
    put_tcp(&b, 0);
    p = parse(&b, LINK_RAW);
    assert_payload(&p, ETHERTYPE_V4, PAYLOAD_SIZE, 1460);
}

static void vxlan_and_geneve(void **state)
{
    (void)state;
    assert_tunnel(17, "C000 12B5 LLLL 0000 08000000 00000700" MACS "TTTT");
    assert_tunnel(17, "C000 12B5 LLLL 0000 88000007 00000700" MACS "8100 0005 TTTT");
    assert_tunnel(17, "C000 2118 LLLL 0000 08000000 00000700" MACS "TTTT");
    assert_tunnel(17, "C000 17C1 LLLL 0000 0000 6558 00000700" MACS "TTTT");
    assert_tunnel(17, "C000 17C1 LLLL 0000 0000 TTTT 00000700");
    assert_tunnel(17, "C000 17C1 LLLL 0000 0340 6558 00000700 0102030401020304FFFFFFFF" MACS "TTTT");
    assert_tunnel(17, "C000 19EB LLLL 0000 00010140"); /* MPLS */
    assert_tunnel(17, "C000 12B6 LLLL 0000 0C000003 00000700" MACS "TTTT");
    assert_tunnel(17, "C000 12B6 LLLL 0000 08000000 00000700" MACS "TTTT");
    assert_tunnel(17, "C000 12B6 LLLL 0000 0C000004 00000700 0FC2 0203 000001FF" MACS "TTTT");
    assert_tunnel(17, "C000 12B6 LLLL 0000 0C000005 00000700 00010140");
    assert_tunnel_result(17, "C000 12B6 LLLL 0000 0D000003 00000700" MACS "TTTT", PACKET_NOT_TCP);
    assert_tunnel_result(17, "12B5 C000 LLLL 0000 08000000 00000700" MACS "TTTT", PACKET_NOT_TCP);
    assert_tunnel_result(17, "C000 0035 LLLL 0000", PACKET_NOT_TCP);
}

static void udp_length_ends_the_packet(void **state)
{
    bytes b = {.size = 0};
    parsed p;

    (void)state;
    put_tunnel(&b, ETHERTYPE_V4, 17, "C000 17C1 003B 0000 0000 0800 00000700", ETHERTYPE_V4);
    p = parse(&b, LINK_RAW); /* 16 + 43 bytes; IP says that there were 2 more */
    assert_payload(&p, ETHERTYPE_V4, 3, PAYLOAD_SIZE);
}

static void unsupported_tunnels_are_named(void **state)
{
    static const struct {
        uint32_t protocol;
        const char *head, *name;
    } cases[] = {
        {50, "", "IPsec ESP"},
        {55, "", "minimal encapsulation"},
        {108, "", "IPComp"},
        {115, "", "L2TP"},
        {47, "3081 880B", "PPTP"},
        {17, "C000 06A5 LLLL 0000", "L2TP"},
        {17, "C000 0868 LLLL 0000 1EFF 0000 00000000", "GTP other than GTP-U version 1"},
        {17, "C000 0868 LLLL 0000 34FF 002C 00000001 0000 00 03 01 000000",
         "GTP-U extension header"},
        {17, "C000 13D0 LLLL 0000", "AYIYA"},
        {17, "13D0 C000 LLLL 0000", "AYIYA"},
        {17, "C000 04AA LLLL 0000", "OpenVPN"},
        {17, "C000 9090 LLLL 0000", "TZSP"},
        {17, "C000 CA6C LLLL 0000 04000000", "WireGuard"},
        {17, "C000 12B5 LLLL 0000 00000000 00000700", "VXLAN with flags"},
        {17, "C000 17C1 LLLL 0000 4000 6558 00000700", "Geneve version"},
        {17, "C000 17C1 LLLL 0000 0000 0001 00000700", "Geneve protocol"},
        {17, "C000 12B6 LLLL 0000 0C000007 00000700", "VXLAN-GPE next protocol"},
        {17, "C000 12B6 LLLL 0000 1C000003 00000700", "VXLAN-GPE version"},
        {47, "0000 0001", "GRE protocol"},
        {47, "0000 6559", "EtherType"},
        {47, "0000 8200", "Aruba GRE"},
        {47, "0000 82FF", "Aruba GRE"},
        {47, "0000 9000", "Aruba GRE"},
        {47, "0000 883E", "WCCP"},
        {144, "", "IPsec AGGFRAG"},
        {17, "C000 0DD8 LLLL 0000", "Teredo"},
        {17, "C000 1194 LLLL 0000", "IPsec ESP in UDP"},
        {17, "1194 C000 LLLL 0000", "IPsec ESP in UDP"},
        {17, "C000 147F LLLL 0000", "CAPWAP"},
        {17, "C000 10F5 LLLL 0000", "LISP"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bytes b = {.size = 0};

        put_tunnel(&b, ETHERTYPE_V4, cases[i].protocol, cases[i].head, ETHERTYPE_V4);
        assert_result(&b, LINK_RAW, PACKET_UNSUPPORTED);
        assert_string_equal(parse(&b, LINK_RAW).found.obstacle.name, cases[i].name);
    }
}

/* On the ports of tunnels: IKE, a keep-alive, WireGuard's handshake, answers of DNS. */
static void other_datagrams_of_tunnels(void **state)
{
    (void)state;
    assert_tunnel_result(17, "C000 1194 LLLL 0000 00000000", PACKET_NOT_TCP);
    assert_tunnel_result(17, "1194 1194 0009 0000 FF", PACKET_NOT_TCP);
    assert_tunnel_result(17, "C000 CA6C LLLL 0000 01000000", PACKET_NOT_TCP);
    assert_tunnel_result(17, "0035 1194 LLLL 0000", PACKET_NOT_TCP);
    assert_tunnel_result(17, "13D0 0035 LLLL 0000", PACKET_NOT_TCP);
}

static void gtp(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        static const char *const heads[] = {
            "C000 0868 LLLL 0000 30FF NNNN 00000001",
            "C000 0868 LLLL 0000 32FF NNNN 00000001 0007 00 00",
            "C000 0868 LLLL 0000 33FF NNNN 00000001 0007 00 85", /* no E: no extension header */
            "C000 0868 LLLL 0000 34FF NNNN 00000001 0000 00 85 01 1001 00",
            "C000 0868 LLLL 0000 36FF NNNN 00000001 0007 00 C0 01 0001 85 02 100102030405 00"};
        static const uint32_t sizes[] = {0, 4, 4, 8, 16};

        for (int k = 0; k < 5; k++) {
            const uint32_t size = (families[i] == ETHERTYPE_V4 ? 20 : 40) + TCP_SIZE + sizes[k];
            bytes b = {.size = 0};
            char head[128], number[5];

            snprintf(head, sizeof(head), "%s", heads[k]);
            snprintf(number, sizeof(number), "%04X", size);
            memcpy(strstr(head, "NNNN"), number, 4);
            put_tunnel(&b, ETHERTYPE_V4, 17, head, families[i]);
            assert_segment_cut_anywhere(&b, LINK_RAW, families[i], 0);
        }
    }
    assert_tunnel_result(17, "C000 0868 LLLL 0000 3001 0000 00000000", PACKET_NOT_TCP); /* echo */
    assert_tunnel_result(17, "C000 0868 LLLL 0000 34FF 00FF 00000001 0000 00 85 00", PACKET_CUT);
}

/* Seven tunnels in one another are gone through, eight are not. */
static void depth_of_tunnels(void **state)
{
    (void)state;
    for (uint32_t depth = 0; depth < 100; depth++) {
        bytes b = {.size = 0};

        for (uint32_t i = depth; i > 0; i--)
            put_ipv4(&b, 0, i * 20 + 40 + PAYLOAD_SIZE, 0, 4);
        put_packet(&b, ETHERTYPE_V4);
        if (depth < 8)
            assert_segment_cut_anywhere(&b, LINK_RAW, ETHERTYPE_V4, 0);
        else
            assert_result(&b, LINK_RAW, PACKET_UNSUPPORTED);
    }
}

/* What is known of the packet itself is of the innermost one. */
static void identification_of_the_inner_packet(void **state)
{
    bytes b = {.size = 0};
    parsed p;

    (void)state;
    put_tunnel(&b, ETHERTYPE_V4, 4, "", ETHERTYPE_V4);
    b.data[5] = 0x99;
    b.data[8] = 250;
    p = parse(&b, LINK_RAW);
    assert_int_equal(p.found.segment.identification, 0x1234);
    assert_int_equal(p.found.segment.ttl, 64);
    assert_int_equal(p.found.segment.checksum, 0xBAD0);
    b.size = 0;
    put_tunnel(&b, ETHERTYPE_V4, 41, "", ETHERTYPE_V6);
    b.data[8] = 250;
    b.data[20 + 7] = 33;
    p = parse(&b, LINK_RAW);
    assert_int_equal(p.found.segment.identification, 0);
    assert_int_equal(p.found.segment.ttl, 33);
}

/* ---- pieces ---- */

static void a_piece_is_handed_out(void **state)
{
    bytes b = {.size = 0};
    parsed p;

    (void)state;
    put_ethernet(&b, ETHERTYPE_V4);
    put_ipv4(&b, 4, 24 + TCP_SIZE, 0x2005, 6);
    put_tcp(&b, 0);
    put(&b, "padding", 7);
    p = parse(&b, LINK_ETHERNET);
    assert_int_equal(p.result, PACKET_FRAGMENT);
    assert_memory_equal(p.found.piece.source.address, "\xC0\0\2\1\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    assert_memory_equal(p.found.piece.destination.address, "\xC0\0\2\2\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    assert_int_equal(p.found.piece.identification, 0x1234);
    assert_int_equal(p.found.piece.protocol, 6);
    assert_int_equal(p.found.piece.ttl, 64);
    assert_int_equal(p.found.piece.depth, 1);
    assert_int_equal(p.found.piece.offset, 40);
    assert_true(p.found.piece.more);
    assert_int_equal(p.found.piece.length, TCP_SIZE);
    assert_int_equal(p.found.piece.captured, TCP_SIZE);

    b.size = 0;
    put_ipv6(&b, 8 + 8 + TCP_SIZE, 0);
    put_extension(&b, 44, 0, 8);
    put_fragment(&b, 60, 0x0010);
    put_tcp(&b, 0);
    p = parse_cut(&b, b.size - 2, b.size, LINK_RAW);
    assert_int_equal(p.result, PACKET_FRAGMENT);
    assert_int_equal(p.found.piece.source.address_size, 16);
    assert_int_equal(p.found.piece.identification, 0xCAFE);
    assert_int_equal(p.found.piece.ttl, 64);
    assert_int_equal(p.found.piece.protocol, 60);
    assert_int_equal(p.found.piece.offset, 16);
    assert_false(p.found.piece.more);
    assert_int_equal(p.found.piece.length, TCP_SIZE);
    assert_int_equal(p.found.piece.captured, TCP_SIZE - 2);
}

/* Only the first piece of a UDP datagram has its ports. */
static void pieces_of_udp(void **state)
{
    static const struct {
        uint32_t fragment, port;
        bool no_tunnel;
    } cases[] = {{0x2000, 4789, false}, {0x2000, 6081, false}, {0x2000, 4500, false},
                 {0x2000, 53, true},    {0x2001, 53, false}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bytes b = {.size = 0};

        put_ipv4(&b, 0, 28, cases[i].fragment, 17);
        put16(&b, 4000);
        put16(&b, cases[i].port);
        put32(&b, 0);
        assert_result(&b, LINK_RAW, PACKET_FRAGMENT);
        assert_int_equal(parse(&b, LINK_RAW).found.piece.no_tunnel, cases[i].no_tunnel);
        assert_int_equal(parse(&b, LINK_RAW).found.piece.frames, 1);
        b.size = 20 + 3; /* the snaplen cut the ports */
        assert_false(parse(&b, LINK_RAW).found.piece.no_tunnel);
    }
}

/* What was put together is parsed like what came whole, cut at every byte as well. */
static void whole_packets(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        bytes b = {.size = 0};

        if (i == 1)
            put_extension(&b, 6, 0, 8);
        put_tcp(&b, 0);
        for (uint32_t captured = 0; captured <= b.size; captured++) {
            uint8_t *memory = malloc(captured + 1);
            ip_piece whole = {.identification = 0x1234, .protocol = i == 0 ? 6 : 60, .ttl = 99,
                              .depth = 1};
            packet found;
            packet_result result;

            assert_non_null(memory);
            memcpy(memory + 1, b.data, captured);
            whole.source.address_size = whole.destination.address_size = i == 0 ? 4 : 16;
            whole.source.address[0] = 7;
            whole.bytes = memory + 1;
            whole.captured = captured;
            whole.length = b.size;
            result = packet_parse_whole(&whole, &found);
            assert_int_equal(result,
                             captured < b.size - PAYLOAD_SIZE ? PACKET_CUT : PACKET_TCP);
            if (result == PACKET_TCP) {
                assert_int_equal(found.segment.source.address[0], 7);
                assert_int_equal(found.segment.identification, i == 0 ? 0x1234 : 0);
                assert_int_equal(found.segment.ttl, 99);
                assert_int_equal(found.segment.length, PAYLOAD_SIZE);
            }
            free(memory);
        }
    }
}

/* ---- random bytes ---- */

static uint64_t random_state;

static uint32_t below(uint32_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 16) % limit;
}

/* parse_cut() checks that the payload lies within the packet. */
static void random_bytes(void **state)
{
    (void)state;
    random_state = 1;
    for (int i = 0; i < 40000; i++) {
        const int link = links[below(LINKS)];
        bytes b = {.size = 0};
        uint32_t size = below(200);

        for (uint32_t k = 0; k < size; k++)
            put8(&b, below(256));
        parse_cut(&b, b.size, below(2) ? b.size + below(2000) : below(2000), link);
    }
}

/* Tunnels with a few bytes changed. */
static void changed_tunnels(void **state)
{
    static const struct {
        uint32_t protocol;
        const char *head;
    } tunnels[] = {
        {4, ""},
        {47, "F000 TTTT BAD00000 00000007 00000009 0800 00 04 C0000203 00000000"},
        {47, "1000 88BE 00000009 1005 0001 00000000" MACS "8100 0005 TTTT"},
        {47, "1000 22EB 00000009 2005 0001 12345678 0000 0001 0102030405060708" MACS "TTTT"},
        {17, "C000 12B5 LLLL 0000 08000000 00000700" MACS "TTTT"},
        {17, "C000 17C1 LLLL 0000 0340 6558 00000700 0102030401020304FFFFFFFF" MACS "TTTT"},
        {137, "00010040 00010140 00000000" MACS "TTTT"},
        {97, "3000" MACS "8903 0064" MACS "8926 8001 0002 8909 01 01 0001 0007 TTTT"},
        {145, "0FC2 0204 000001FF 0FC2 0203 000001FF" MACS "893F 0000 0001 0000 TTTT"},
        {17, "C000 12B6 LLLL 0000 0C000003 00000700" MACS "TTTT"},
    };
    uint32_t good = 0;

    (void)state;
    random_state = 3;
    for (int i = 0; i < 60000; i++) {
        const uint32_t tunnel = below(10);
        bytes b = {.size = 0};

        put_tunnel(&b, families[below(2)], tunnels[tunnel].protocol, tunnels[tunnel].head,
                   families[below(2)]);
        for (uint32_t changes = below(4); changes > 0; changes--)
            b.data[below(b.size)] = (uint8_t)below(256);
        good += parse_cut(&b, below(2) ? b.size : below(b.size), b.size + below(3) * 100, LINK_RAW)
                    .result == PACKET_TCP;
    }
    assert_true(good > 10000);
}

/* A good packet of each link type with a few bytes changed, half of them cut: many of
 * these get as far as TCP. */
static void changed_bytes(void **state)
{
    uint32_t good = 0;

    (void)state;
    random_state = 2;
    for (int i = 0; i < 60000; i++) {
        const int link = plain_links[below(8)];
        const uint32_t type = families[below(2)];
        bytes b = {.size = 0};

        if (link == LINK_ETHERNET)
            put_ethernet(&b, type);
        else if (link == LINK_SLL)
            put_sll(&b, type);
        else if (link == LINK_SLL2)
            put_sll2(&b, type);
        else if (link == LINK_NULL || link == LINK_LOOP)
            put32(&b, 2);
        if (type == ETHERTYPE_V6 && below(2)) {
            put_ipv6(&b, 24 + TCP_SIZE, 0);
            put_extension(&b, 43, 0, 8);
            put_extension(&b, 44, 0, 8);
            put_fragment(&b, 6, 0);
            put_tcp(&b, 0);
        } else {
            put_packet(&b, type);
        }
        for (uint32_t changes = below(4); changes > 0; changes--)
            b.data[below(b.size)] = (uint8_t)below(256);
        good += parse_cut(&b, below(2) ? b.size : below(b.size), b.size + below(3) * 100, link)
                    .result == PACKET_TCP;
    }
    assert_true(good > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ethernet),
        cmocka_unit_test(one_vlan_tag),
        cmocka_unit_test(two_vlan_tags),
        cmocka_unit_test(vlan_tags_without_end),
        cmocka_unit_test(ethernet_with_something_else),
        cmocka_unit_test(null_and_loop),
        cmocka_unit_test(raw_ip),
        cmocka_unit_test(raw_ip_of_no_version),
        cmocka_unit_test(linux_cooked),
        cmocka_unit_test(linux_cooked_numbers),
        cmocka_unit_test(known_and_unknown_link_types),
        cmocka_unit_test(ipv4_options),
        cmocka_unit_test(ipv4_total_length_0),
        cmocka_unit_test(ipv4_total_length_too_small_or_large),
        cmocka_unit_test(ipv4_header_length_below_20),
        cmocka_unit_test(ethernet_padding),
        cmocka_unit_test(padding_of_an_ack_is_no_data),
        cmocka_unit_test(ipv4_fragments),
        cmocka_unit_test(other_protocols),
        cmocka_unit_test(ipv6_extension_headers),
        cmocka_unit_test(ipv6_chain_of_headers),
        cmocka_unit_test(ipv6_chain_without_end),
        cmocka_unit_test(ipv6_fragments),
        cmocka_unit_test(ipv6_other_protocols),
        cmocka_unit_test(ipv6_payload_length_0),
        cmocka_unit_test(ipv6_payload_length_too_small_or_large),
        cmocka_unit_test(tcp_options),
        cmocka_unit_test(tcp_data_offset_below_20_or_past_the_end),
        cmocka_unit_test(every_flag_is_handed_on),
        cmocka_unit_test(length_on_the_wire),
        cmocka_unit_test(llc_and_snap),
        cmocka_unit_test(llc_length_ends_the_packet),
        cmocka_unit_test(cisco_tags),
        cmocka_unit_test(bridge_port_tag),
        cmocka_unit_test(service_header),
        cmocka_unit_test(service_headers_without_end),
        cmocka_unit_test(mpls),
        cmocka_unit_test(mpls_addresses_that_look_like_ip),
        cmocka_unit_test(labels_without_end),
        cmocka_unit_test(pppoe),
        cmocka_unit_test(ppp),
        cmocka_unit_test(cisco_hdlc),
        cmocka_unit_test(other_tags_are_named),
        cmocka_unit_test(nflog),
        cmocka_unit_test(nflog_without_a_packet),
        cmocka_unit_test(erf_records),
        cmocka_unit_test(other_erf_records),
        cmocka_unit_test(exported),
        cmocka_unit_test(exported_without_what_is_needed),
        cmocka_unit_test(ip_in_ip),
        cmocka_unit_test(gre),
        cmocka_unit_test(erspan),
        cmocka_unit_test(erspan_shortened),
        cmocka_unit_test(vxlan_and_geneve),
        cmocka_unit_test(udp_length_ends_the_packet),
        cmocka_unit_test(unsupported_tunnels_are_named),
        cmocka_unit_test(other_datagrams_of_tunnels),
        cmocka_unit_test(gtp),
        cmocka_unit_test(depth_of_tunnels),
        cmocka_unit_test(identification_of_the_inner_packet),
        cmocka_unit_test(a_piece_is_handed_out),
        cmocka_unit_test(pieces_of_udp),
        cmocka_unit_test(whole_packets),
        cmocka_unit_test(random_bytes),
        cmocka_unit_test(changed_tunnels),
        cmocka_unit_test(changed_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
