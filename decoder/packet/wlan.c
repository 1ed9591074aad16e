/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Wireless LAN, as a desktop's own capture has it (see layers.h): Windows writes the frames of
 * such an adapter down with their own header, deciphered.
 *
 * 802.11   1 version, type and subtype, 1 flags, 2 duration, 3 addresses of 6, 2 fragment and
 *          sequence, a fourth address between two access points, 2 QoS, 4 HT control, then LLC;
 *          numbers are little-endian (IEEE 802.11, 9.2 and 9.3.2)
 * Radiotap 1 version, 1, 2 length, words of 4 that tell which fields there are, the fields;
 *          little-endian (https://www.radiotap.org)
 */
#include "layers.h"

enum { TYPE_DATA = 2 };
enum { SUBTYPE_NO_DATA = 4, SUBTYPE_QOS = 8 };
enum {
    TO_DS = 0x01,
    FROM_DS = 0x02,
    MORE_FRAGMENTS = 0x04,
    PROTECTED = 0x40,
    ORDER = 0x80,
};
enum { QOS_AGGREGATED = 0x80 };

enum { RADIOTAP_TIMER = 1 << 0, RADIOTAP_FLAGS = 1 << 1, RADIOTAP_MORE_WORDS = 0x80 };
enum { RADIOTAP_FLAG_PADDED = 0x20 };

static packet_result take_frame(walk *w, bool padded)
{
    uint32_t size = 24, quality = 0;
    uint8_t subtype, flags;

    if (w->captured < 2)
        return PACKET_CUT;
    if ((w->bytes[0] >> 2 & 3) != TYPE_DATA)
        return PACKET_NOT_TCP;
    subtype = w->bytes[0] >> 4;
    flags = w->bytes[1];
    if (subtype & SUBTYPE_NO_DATA)
        return PACKET_NOT_TCP;
    if ((flags & TO_DS) && (flags & FROM_DS))
        size += 6;
    if (subtype & SUBTYPE_QOS) {
        quality = size;
        size += flags & ORDER ? 2 + 4 : 2;
    }
    if (padded)
        size = (size + 3) & ~UINT32_C(3);
    if (w->captured < size)
        return PACKET_CUT;
    if (flags & PROTECTED)
        return unsupported(w, "encrypted 802.11");
    if ((flags & MORE_FRAGMENTS) || (w->bytes[22] & 15) != 0)
        return unsupported(w, "fragments of 802.11");
    if (quality != 0 && (w->bytes[quality] & QOS_AGGREGATED))
        return unsupported(w, "aggregated 802.11");
    skip(w, size);
    return take_llc(w);
}

packet_result take_wlan(walk *w)
{
    return take_frame(w, false);
}

/* Flags follow the timer, which stands at a multiple of 8.  True if they say that zeros stand
 * between the frame's header and its data. */
static bool is_padded(const uint8_t *header, uint32_t size)
{
    uint32_t at = 8;

    while (at + 4 <= size && (header[at - 1] & RADIOTAP_MORE_WORDS))
        at += 4;
    if (!(header[4] & RADIOTAP_FLAGS))
        return false;
    if (header[4] & RADIOTAP_TIMER)
        at = ((at + 7) & ~UINT32_C(7)) + 8;
    return at < size && (header[at] & RADIOTAP_FLAG_PADDED);
}

packet_result take_radiotap(walk *w)
{
    uint32_t size;
    bool padded;

    if (w->captured < 8)
        return PACKET_CUT;
    size = little16(w->bytes + 2);
    if (size < 8 || w->captured < size)
        return PACKET_CUT;
    padded = is_padded(w->bytes, size);
    skip(w, size);
    return take_frame(w, padded);
}
