/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where messages start and end (see framing.h). */
#include "framing.h"

#include <string.h>

#include "bytes.h"

/* MessageLength of the largest message that is taken. */
#define HEADER_LENGTH_MAX (CTI_MESSAGE_SIZE_MAX - CTI_HEADER_SIZE)

/* Can a message of this type have a body of this length?  One without floating part has
 * one of a few. */
static bool length_exists(const cti_message *message, uint32_t length)
{
    uint32_t shortest = UINT32_MAX;

    if (message->format != CTI_PUBLISHED)
        return length <= HEADER_LENGTH_MAX;
    for (uint32_t i = 0; i < message->layout_count; i++) {
        if (message->layout_sizes[i] == length)
            return true;
        shortest = message->layout_sizes[i] < shortest ? message->layout_sizes[i] : shortest;
    }
    return message->floating_count > 0 && shortest <= length && length <= HEADER_LENGTH_MAX;
}

/* The message that a header is of, or NULL. */
static const cti_message *message_of(const uint8_t *header)
{
    return cti_message_on_wire(cti_header_type(header), cti_header_length(header));
}

bool cti_header_plausible(const uint8_t *header)
{
    const cti_message *message = message_of(header);

    return message != NULL && length_exists(message, cti_header_length(header));
}

/* The same in a known direction. */
static bool is_plausible(const cti_framing *framing, const uint8_t *header)
{
    const cti_message *message = message_of(header);

    return message != NULL && length_exists(message, cti_header_length(header)) &&
           (message->sender == CTI_EITHER || framing->sender == CTI_EITHER ||
            message->sender == framing->sender);
}

static bool is_published(const uint8_t *header)
{
    return message_of(header)->format == CTI_PUBLISHED;
}

/* A length that can be taken.  0 is no type. */
static bool is_sane(const uint8_t *header)
{
    return cti_header_length(header) <= HEADER_LENGTH_MAX && cti_header_type(header) != 0;
}

/* Types that a search believes: versions newer than the table have a few more than it has. */
#define TYPE_MAX 1024

/* Can these bytes, fewer than a header, be the start of one? */
static bool can_begin_header(const uint8_t *bytes, size_t length)
{
    static const uint8_t high[] = {0, 1, 4, 5}; /* bytes of numbers below 65536 */

    for (size_t i = 0; i < sizeof(high) && high[i] < length; i++)
        if (bytes[high[i]] != 0)
            return false;
    return true;
}

size_t cti_frame_skip(const cti_framing *framing, const uint8_t *bytes, size_t length)
{
    size_t offset = 1;

    for (; offset + CTI_HEADER_SIZE <= length; offset++)
        if (is_plausible(framing, bytes + offset))
            return offset;
    return offset;
}

/* ---- does the layout fit? ---- */

typedef enum {
    FIT_NONE,
    FIT_NOTES, /* with notes, or any bytes would fit */
    FIT_CLEAN,
} fit;

/* Bytes of a message whose end has not arrived: so many of them are checked. */
#define PART_CHECKED 2048u

/* A floating field whose end has not arrived: can it be one? */
static fit fit_of_open_field(const cti_reader *reader, const cti_item *item)
{
    const uint32_t header = reader->wide_tags ? 4 : 2;
    const uint64_t end = (uint64_t)reader->message_length + CTI_HEADER_SIZE;
    const cti_slot *slot;
    uint32_t tag, length, size;

    if (item->length < header)
        return FIT_CLEAN;
    tag = reader->wide_tags ? cti_get16(item->data) : item->data[0];
    length = reader->wide_tags ? cti_get16(item->data + 2) : item->data[1];
    if (tag == 0 || (uint64_t)item->start + header + length > end)
        return FIT_NONE;
    slot = cti_message_slot(reader->message, tag, 0);
    if (slot == NULL)
        return FIT_NOTES;
    size = CTI_TYPE_SIZE(slot->field->type);
    if (size == 0)
        return slot->size != 0 && length > slot->size ? FIT_NONE : FIT_CLEAN;
    if (slot->flags & CTI_SLOT_ARRAY)
        length %= size;
    return length == (slot->flags & CTI_SLOT_ARRAY ? 0 : size) ? FIT_CLEAN : FIT_NONE;
}

static fit fit_of_version(uint32_t version, const uint8_t *bytes, size_t size)
{
    const cti_context context = {.version = version};
    fit result = FIT_CLEAN, open = FIT_CLEAN;
    uint32_t checked = 0, floating_start;
    cti_reader reader;
    cti_item item;
    bool more;

    cti_reader_init(&reader, bytes, size, &context);
    floating_start = reader.floating_start;
    do {
        more = cti_reader_next(&reader, &item);
        for (; checked < reader.problem_count; checked++) {
            const cti_problem_id id = reader.problems[checked].id;

            if (id == CTI_PROBLEM_TRUNCATED)
                continue;
            /* As long as the fixed part is not whole, another version's says nothing. */
            if ((id == CTI_PROBLEM_LAYOUT_DIFFERS || id == CTI_PROBLEM_TAG_SIZE) &&
                cti_reader_is_cut(&reader))
                return FIT_CLEAN;
            if (cti_problem_severity(id) != CTI_NOTE && id != CTI_PROBLEM_TAG_SIZE)
                return FIT_NONE;
            result = FIT_NOTES;
        }
        if (more && item.kind == CTI_ITEM_LEFT_OVER && item.start >= floating_start)
            open = fit_of_open_field(&reader, &item);
    } while (more);
    if (reader.layout == NULL)
        return FIT_NOTES;
    return open < result ? open : result;
}

/* How well the first size bytes fit a message that the table knows; where the version is not
 * known, in the version that they fit best. */
static fit fit_of(const cti_framing *framing, const uint8_t *bytes, size_t size)
{
    const cti_message *message = message_of(bytes);
    fit best = FIT_NONE;

    if (framing->version != 0 || message->layout_count == 0)
        return fit_of_version(framing->version, bytes, size);
    for (uint32_t i = 0; i < message->layout_count && best < FIT_CLEAN; i++) {
        const cti_layout *layout = &message->layouts[i];
        const uint32_t to = layout->from == 0 ? CTI_VERSION_NEWEST : layout->to;
        fit now = fit_of_version(to, bytes, size);

        best = now > best ? now : best;
        if (to < CTI_VERSION_WIDE_TAGS || layout->from >= CTI_VERSION_WIDE_TAGS)
            continue;
        now = fit_of_version(CTI_VERSION_WIDE_TAGS - 1, bytes, size);
        best = now > best ? now : best;
    }
    return best;
}

bool cti_frame_explains(const cti_framing *framing, const uint8_t *bytes, size_t length)
{
    size_t total;

    if (length < CTI_HEADER_SIZE || !cti_header_plausible(bytes) || !is_published(bytes))
        return false;
    total = CTI_HEADER_SIZE + cti_header_length(bytes);
    return fit_of(framing, bytes, total < length ? total : length) > FIT_NONE;
}

bool cti_frame_can_begin(const cti_framing *framing, const uint8_t *bytes, size_t length)
{
    return length >= CTI_HEADER_SIZE && is_plausible(framing, bytes) &&
           fit_of(framing, bytes, length) > FIT_NONE;
}

/* ---- what follows ---- */

typedef enum {
    NEXT_NONE,  /* no header can be there */
    NEXT_OPEN,  /* too few bytes to tell, or only headers that confirm nothing */
    NEXT_ENDS,  /* the headers lead to the end of the segment */
    NEXT_FITS,  /* the start of a message without a problem follows */
    NEXT_WHOLE, /* all of it does */
} next;

/* Messages whose headers are followed: so that a search takes no longer than it must. */
#define FOLLOWED_MAX 64

/* What comes after a message.  *needed: with NEXT_OPEN, bytes that may tell more. */
static next look_after(const cti_framing *framing, const uint8_t *bytes, size_t length,
                       size_t *needed)
{
    size_t offset = 0;
    next found = NEXT_OPEN;

    for (int i = 0; i < FOLLOWED_MAX && offset < length; i++) {
        const uint8_t *header = bytes + offset;
        const size_t left = length - offset;
        size_t total;

        *needed = offset + CTI_HEADER_SIZE;
        if (left < CTI_HEADER_SIZE) {
            if (!can_begin_header(header, left))
                return NEXT_NONE;
            break;
        }
        if (!is_sane(header) || cti_header_type(header) >= TYPE_MAX)
            return NEXT_NONE;
        total = CTI_HEADER_SIZE + cti_header_length(header);
        offset += total;
        *needed = offset;
        if (found == NEXT_OPEN && is_plausible(framing, header) && is_published(header) &&
            fit_of(framing, header, total < left ? total : left) == FIT_CLEAN)
            found = total <= left ? NEXT_WHOLE : NEXT_FITS;
    }
    if (found != NEXT_OPEN)
        return found;
    if (offset == length)
        *needed = length + CTI_HEADER_SIZE;
    return offset == length && !framing->cut ? NEXT_ENDS : NEXT_OPEN;
}

/* ---- a search ---- */

typedef enum { IS_NONE, IS_OPEN, IS_MESSAGE } verdict;

/* Is the start of the bytes (CTI_HEADER_SIZE at least) a message?  *size: with IS_MESSAGE its
 * bytes, with IS_OPEN how many tell more. */
static verdict judge(const cti_framing *framing, bool at_start, const uint8_t *bytes,
                     size_t length, size_t *size)
{
    size_t total, needed = 0;
    bool is_weak; /* any bytes are such a message */
    fit layout;
    next after;

    if (!is_plausible(framing, bytes) || (!at_start && !is_published(bytes)))
        return IS_NONE;
    total = CTI_HEADER_SIZE + cti_header_length(bytes);
    *size = total;
    is_weak = total == CTI_HEADER_SIZE || !is_published(bytes);
    layout = fit_of(framing, bytes,
                    total <= length         ? total
                    : length < PART_CHECKED ? length
                                            : PART_CHECKED);
    if (layout == FIT_NONE || (layout == FIT_NOTES && !at_start))
        return IS_NONE;
    if (total > length)
        return IS_OPEN;
    after = look_after(framing, bytes + total, length - total, &needed);
    if (after == NEXT_OPEN && framing->begins != NULL && framing->begins(framing->user, total))
        after = NEXT_ENDS;
    switch (after) {
    case NEXT_NONE: return IS_NONE;
    case NEXT_WHOLE: return IS_MESSAGE;
    case NEXT_FITS: /* without a segment's start, wait for the rest of it */
        if (!is_weak && (at_start || framing->final))
            return IS_MESSAGE;
        break;
    case NEXT_ENDS:
        if (!is_weak || (at_start && layout == FIT_CLEAN))
            return IS_MESSAGE;
        break;
    case NEXT_OPEN:
        if (!is_weak && layout == FIT_CLEAN &&
            (at_start || (framing->final && length - total < CTI_HEADER_SIZE)))
            return IS_MESSAGE;
        break;
    }
    *size = total + needed;
    return *size > length ? IS_OPEN : IS_NONE;
}

/* The distance to the first message after the first byte; 0 where there is none. */
static size_t find_message(const cti_framing *framing, const uint8_t *bytes, size_t length)
{
    size_t offset = cti_frame_skip(framing, bytes, length), size;

    while (length - offset >= CTI_HEADER_SIZE) {
        const bool at_start = framing->begins != NULL && framing->begins(framing->user, offset);

        if (judge(framing, at_start, bytes + offset, length - offset, &size) == IS_MESSAGE)
            return offset;
        offset += cti_frame_skip(framing, bytes + offset, length - offset);
    }
    return 0;
}

static cti_frame_result search(const cti_framing *framing, const uint8_t *bytes, size_t length,
                               size_t *size)
{
    size_t inside;

    switch (judge(framing, framing->at_start, bytes, length, size)) {
    case IS_MESSAGE: return CTI_FRAME_MESSAGE;
    case IS_OPEN:
        if (!framing->final || framing->at_start)
            return CTI_FRAME_MORE;
        inside = find_message(framing, bytes, length);
        if (inside == 0)
            return CTI_FRAME_MORE;
        *size = inside;
        return CTI_FRAME_SKIP;
    default: *size = cti_frame_skip(framing, bytes, length); return CTI_FRAME_SKIP;
    }
}

unsigned cti_frame_count(const cti_framing *framing, const uint8_t *bytes, size_t length)
{
    size_t offset = 0, needed;
    unsigned count = 0;

    while (count < CTI_FRAME_COUNT_MAX && length - offset >= CTI_HEADER_SIZE) {
        const uint8_t *header = bytes + offset;
        size_t total;

        if (!is_plausible(framing, header) || !is_published(header))
            break;
        total = CTI_HEADER_SIZE + cti_header_length(header);
        if (total > length - offset || fit_of(framing, header, total) != FIT_CLEAN)
            break;
        offset += total;
        count++;
    }
    if (offset == length)
        return count;
    return look_after(framing, bytes + offset, length - offset, &needed) == NEXT_ENDS ? count : 0;
}

/* ---- in step ---- */

/* Unknown types in a row that are believed because each leads to the next. */
#define UNKNOWN_FOLLOWED 8

/* Can the bytes after a message of an unknown type be other messages? */
static bool goes_on(const uint8_t *bytes, size_t length)
{
    for (int i = 0; i < UNKNOWN_FOLLOWED && length > 0; i++) {
        size_t total;

        if (length < CTI_HEADER_SIZE)
            return can_begin_header(bytes, length);
        if (!is_sane(bytes))
            return false;
        total = CTI_HEADER_SIZE + cti_header_length(bytes);
        if (message_of(bytes) != NULL || total >= length)
            break;
        bytes += total;
        length -= total;
    }
    return true;
}

static cti_frame_result next_frame(const cti_framing *framing, const uint8_t *bytes,
                                   size_t length, size_t *size)
{
    if (length < CTI_HEADER_SIZE) {
        *size = CTI_HEADER_SIZE;
        return CTI_FRAME_MORE;
    }
    if (framing->state == CTI_FRAME_SEARCH)
        return search(framing, bytes, length, size);
    if (is_sane(bytes)) {
        *size = CTI_HEADER_SIZE + cti_header_length(bytes);
        if (*size == length)
            return CTI_FRAME_MESSAGE;
        if (*size > length)
            return CTI_FRAME_MORE;
        if (message_of(bytes) != NULL ||
            goes_on(bytes + *size, length - *size))
            return CTI_FRAME_MESSAGE;
    }
    *size = cti_frame_skip(framing, bytes, length);
    return CTI_FRAME_SKIP;
}

cti_frame_result cti_frame_next(const cti_framing *framing, const uint8_t *bytes, size_t length,
                                size_t *size)
{
    const cti_frame_result result = next_frame(framing, bytes, length, size);

    if (framing->largest == 0 || result == CTI_FRAME_SKIP || *size <= framing->largest)
        return result;
    *size = 1;
    return CTI_FRAME_SKIP;
}

/* ---- recognition on any port ---- */

/* Can the message, by its type OPEN_REQ, be one: do VersionNumber and IdleTimeout make sense, as
 * far as they are there?  No text and no random number does. */
static bool opens(const uint8_t *bytes, size_t length)
{
    const uint32_t week = 7 * 24 * 3600;

    if (length >= 16 && (cti_get32(bytes + 12) < 1 || cti_get32(bytes + 12) > 99))
        return false;
    return length < 20 || cti_get32(bytes + 16) <= week || cti_get32(bytes + 16) == UINT32_MAX;
}

/* Its numbers have names where GED-188 gives them names, and so on: nothing is wrong with it. */
static bool is_faultless(cti_reader *reader)
{
    cti_item item;

    while (cti_reader_next(reader, &item))
        if (reader->problem_count > 0)
            return false;
    return reader->problem_count == 0;
}

/* A whole OPEN_REQ is unmistakable; another message is taken only where its bytes are too
 * many to fit by chance. */
static bool says_enough(const cti_message *message, const uint8_t *bytes)
{
    cti_reader reader;
    cti_item item;

    cti_reader_init(&reader, bytes, CTI_HEADER_SIZE + cti_header_length(bytes), NULL);
    if (message->number != CTI_OPEN_REQ)
        return message->format == CTI_PUBLISHED && cti_header_length(bytes) >= 20 &&
               is_faultless(&reader);
    return opens(bytes, CTI_HEADER_SIZE + cti_header_length(bytes)) &&
           cti_reader_find(&reader, CTI_F_ClientID, &item) && item.length > 0;
}

/* Can these be the first bytes of a message that goes on?  SMPP counts its header in the
 * length: its PDU ends just where the segment does. */
static bool can_be_cut(const cti_message *message, const uint8_t *bytes, size_t length)
{
    if (message->number == CTI_OPEN_REQ)
        return opens(bytes, length);
    return cti_header_length(bytes) != length;
}

cti_looks cti_frame_looks(const uint8_t *bytes, size_t length)
{
    const cti_message *message;
    size_t total;

    if (length < CTI_HEADER_SIZE) {
        /* MessageLength and MessageType both start with two zero bytes. */
        for (size_t i = 0; i < length; i++)
            if ((i % 4 < 2 && bytes[i] != 0) || (i == 6 && bytes[i] > 1))
                return CTI_LOOKS_NOT;
        return CTI_LOOKS_SHORT;
    }
    if (!cti_header_plausible(bytes))
        return CTI_LOOKS_NOT;
    message = message_of(bytes);
    total = CTI_HEADER_SIZE + cti_header_length(bytes);
    if (total > length)
        return can_be_cut(message, bytes, length) ? CTI_LOOKS_SHORT : CTI_LOOKS_NOT;
    if (cti_versions_that_fit(bytes, total) == 0)
        return CTI_LOOKS_NOT;
    if (length - total >= CTI_HEADER_SIZE && !cti_header_plausible(bytes + total))
        return CTI_LOOKS_NOT;
    return says_enough(message, bytes) ? CTI_LOOKS_SURE : CTI_LOOKS_MAYBE;
}
