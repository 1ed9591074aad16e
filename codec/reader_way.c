/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chooses how to read a message (see reader.h).
 *
 * Which layout the fixed part has, and whether tags and lengths take one byte or two, is the
 * session's version's to say; where the bytes do not fit that, the other ways are tried, and the
 * first one that fits best is taken.
 */
#include <string.h>

#include "reader_private.h"

/* How well the floating part fits a way to read it. */
typedef enum {
    FIT_BROKEN,  /* tag 0, or a length past the end */
    FIT_FRAMED,  /* it ends where it must, but with unknown tags or numbers of wrong size */
    FIT_FOREIGN, /* known tags, some of them not listed for this message */
    FIT_CLEAN,
} fit;

/* One way to read a message. */
typedef struct way {
    const cti_layout *layout;
    uint32_t floating_start;
    bool wide_tags;
    fit fit;
} way;

/* ---- versions ---- */

static uint32_t clamp_version(uint32_t version)
{
    if (version < CTI_VERSION_OLDEST)
        return CTI_VERSION_OLDEST;
    return version > CTI_VERSION_NEWEST ? CTI_VERSION_NEWEST : version;
}

cti_versions cti_versions_of(uint32_t version)
{
    return (cti_versions)1 << (clamp_version(version) - CTI_VERSION_OLDEST);
}

static cti_versions versions_between(uint32_t from, uint32_t to)
{
    cti_versions versions = 0;

    for (uint32_t version = from; version <= to; version++)
        versions |= cti_versions_of(version);
    return versions;
}

uint32_t cti_versions_newest(cti_versions versions)
{
    for (uint32_t version = CTI_VERSION_NEWEST; version >= CTI_VERSION_OLDEST; version--)
        if (versions & cti_versions_of(version))
            return version;
    return 0;
}

/* ---- how well a way fits ---- */

/* Judges bytes from..end as the floating part of message.  cut: the capture lost bytes
 * behind end, so that a field may run past it. */
static fit judge_floating(const cti_message *message, const uint8_t *bytes, uint32_t from,
                          uint32_t end, bool wide, bool cut)
{
    fit result = FIT_CLEAN;
    uint32_t hint = 0;

    for (uint32_t offset = from; offset < end;) {
        floating_header header;
        const cti_slot *slot;

        if (!get_floating_header(bytes, offset, end, wide, &header))
            return cut ? result : FIT_BROKEN;
        if (header.tag == 0)
            return FIT_BROKEN;
        offset += header.size;
        if (header.length > end - offset)
            return cut ? result : FIT_BROKEN;
        offset += header.length;

        slot = cti_message_slot(message, header.tag, hint);
        if (slot != NULL) {
            hint = (uint32_t)(slot - message->floating) + 1;
            if (!size_is_right(slot, header.length) && result > FIT_FRAMED)
                result = FIT_FRAMED;
        } else if (header.length == 0 || cti_tag_find(header.tag) == NULL) {
            result = FIT_FRAMED;
        } else if (result > FIT_FOREIGN) {
            result = FIT_FOREIGN;
        }
    }
    return result;
}

static fit judge(const cti_message *message, uint32_t layout, const uint8_t *bytes, uint32_t end,
                 bool wide, bool cut)
{
    const uint32_t start = CTI_HEADER_SIZE + message->layout_sizes[layout];

    if (start > end)
        return cut ? FIT_FRAMED : FIT_BROKEN;
    return judge_floating(message, bytes, start, end, wide, cut);
}

static way make_way(const cti_message *message, uint32_t layout, bool wide, fit quality)
{
    return (way){&message->layouts[layout], CTI_HEADER_SIZE + message->layout_sizes[layout], wide,
                 quality};
}

static bool layout_has(const cti_layout *layout, uint32_t version)
{
    return layout->from <= version && version <= layout->to;
}

/* The table has a layout for each version; alternatives are the last ones. */
static uint32_t layout_of_version(const cti_message *message, uint32_t version)
{
    uint32_t layout = 0;

    while (layout + 1 < message->layout_count && !layout_has(&message->layouts[layout], version))
        layout++;
    return layout;
}

/* Layouts newest first, with tags as the version has them, then with the others; the best
 * fit wins, the first one among equals. */
static way best_way(const cti_message *message, const uint8_t *bytes, uint32_t end, bool cut,
                    uint32_t version)
{
    const bool wide = version >= CTI_VERSION_WIDE_TAGS;
    const uint32_t usual = layout_of_version(message, version);
    way best = make_way(message, usual, wide, judge(message, usual, bytes, end, wide, cut));

    if (best.fit >= FIT_FOREIGN)
        return best;
    for (int turn = 0; turn < 2; turn++) {
        for (uint32_t i = 0; i < message->layout_count; i++) {
            const bool wide_now = turn == 0 ? wide : !wide;
            const fit fit_now = judge(message, i, bytes, end, wide_now, cut);

            if (fit_now >= FIT_FOREIGN && fit_now > best.fit)
                best = make_way(message, i, wide_now, fit_now);
        }
    }
    return best;
}

/* For messages whose fixed part is not published: where the longest tail starts that is a
 * clean run of the tags known for the message; end where there is none.  Works backwards,
 * so that each byte is looked at once. */
static uint32_t find_tail(const cti_message *message, const uint8_t *bytes, uint32_t end, bool wide)
{
    uint8_t clean[CTI_MESSAGE_SIZE_MAX / 8 + 1]; /* bit: a clean run starts here */
    uint32_t start = end;

    if (message->floating_count == 0)
        return end;
    memset(clean, 0, end / 8 + 1);
    for (uint32_t offset = end; offset-- > CTI_HEADER_SIZE;) {
        floating_header header;
        const cti_slot *slot;
        uint32_t next;

        if (!get_floating_header(bytes, offset, end, wide, &header) ||
            header.length > end - offset - header.size)
            continue;
        next = offset + header.size + header.length;
        if (next != end && !(clean[next / 8] & 1u << next % 8))
            continue;
        slot = cti_message_slot(message, header.tag, 0);
        if (slot == NULL || header.length == 0 || !size_is_right(slot, header.length) ||
            (slot->size != 0 && header.length > slot->size))
            continue;
        clean[offset / 8] |= (uint8_t)(1u << offset % 8);
        start = offset;
    }
    return start;
}

static way way_without_layout(const cti_message *message, const uint8_t *bytes, uint32_t end,
                              uint32_t version, bool version_known)
{
    const bool wide = version >= CTI_VERSION_WIDE_TAGS;
    way found = {NULL, end, wide, FIT_FRAMED};

    if (message == NULL)
        return found;
    found.floating_start = find_tail(message, bytes, end, wide);
    if (found.floating_start == end && !version_known) {
        found.floating_start = find_tail(message, bytes, end, !wide);
        found.wide_tags = found.floating_start < end ? !wide : wide;
    }
    return found;
}

cti_versions cti_versions_that_fit(const uint8_t *bytes, size_t size)
{
    const cti_message *message;
    cti_versions versions[FIT_CLEAN + 1] = {0};
    uint32_t end;

    if (size < CTI_HEADER_SIZE ||
        cti_header_length(bytes) > CTI_MESSAGE_SIZE_MAX - CTI_HEADER_SIZE ||
        size < CTI_HEADER_SIZE + cti_header_length(bytes))
        return 0;
    end = CTI_HEADER_SIZE + cti_header_length(bytes);
    message = cti_message_on_wire(cti_header_type(bytes), cti_header_length(bytes));
    if (message == NULL)
        return 0;
    if (message->format != CTI_PUBLISHED)
        return CTI_VERSIONS_ALL;
    for (uint32_t i = 0; i < message->layout_count; i++) {
        const cti_layout *layout = &message->layouts[i];
        const cti_versions wide = versions_between(CTI_VERSION_WIDE_TAGS, CTI_VERSION_NEWEST);
        const cti_versions of_layout =
            layout->from == 0 ? CTI_VERSIONS_ALL : versions_between(layout->from, layout->to);

        versions[judge(message, i, bytes, end, true, false)] |= of_layout & wide;
        versions[judge(message, i, bytes, end, false, false)] |= of_layout & ~wide;
    }
    return versions[FIT_CLEAN] ? versions[FIT_CLEAN] : versions[FIT_FOREIGN];
}

/* ---- the way of a reader ---- */

/* The version whose rules this message follows: what OPEN_REQ itself says, then what the
 * session knows.  *known: it is a fact and not a guess. */
static uint32_t version_for(const cti_reader *reader, const cti_context *context, bool *known)
{
    *known = true;
    if (reader->message_type == CTI_OPEN_REQ && reader->end >= CTI_HEADER_SIZE + 8)
        return clamp_version(cti_get32(reader->bytes + CTI_HEADER_SIZE + 4));
    if (context != NULL && context->version != 0)
        return clamp_version(context->version);
    *known = false;
    if (context != NULL && context->possible != 0 && context->possible != CTI_VERSIONS_ALL)
        return cti_versions_newest(context->possible);
    return CTI_VERSION_NEWEST;
}

/* Takes the message of the other numbering if the bytes fit it. */
static void try_renumbered(cti_reader *reader, way *chosen)
{
    const cti_message *message = cti_message_renumbered(reader->message_type);
    way other;

    if (message == NULL)
        return;
    other = best_way(message, reader->bytes, reader->end, cti_reader_is_cut(reader),
                     reader->version);
    if (other.fit < FIT_FOREIGN)
        return;
    reader->message = message;
    *chosen = other;
}

/* The bytes follow another version than the session's, which is a fact. */
static void note_other_version(cti_reader *reader, const way *chosen)
{
    const cti_layout *layout = chosen->layout;
    const bool wide = reader->version >= CTI_VERSION_WIDE_TAGS;

    if (layout->from != 0 && !layout_has(layout, reader->version))
        cti_reader_message_problem(
            reader, CTI_PROBLEM_LAYOUT_DIFFERS, CTI_HEADER_SIZE, reader->end - CTI_HEADER_SIZE,
            reader->version,
            chosen->wide_tags == (layout->to >= CTI_VERSION_WIDE_TAGS) ? layout->to : 0);
    else if (chosen->wide_tags != wide)
        cti_reader_message_problem(reader, CTI_PROBLEM_TAG_SIZE, chosen->floating_start,
                                   reader->end - chosen->floating_start, reader->version,
                                   chosen->wide_tags ? 2 : 1);
}

void cti_reader_choose_way(cti_reader *reader, const cti_context *context)
{
    const cti_message *message = reader->message;
    bool known;
    way chosen = {NULL, reader->end, false, FIT_FRAMED};

    reader->version = version_for(reader, context, &known);
    if (message != NULL && message->format != CTI_UNPUBLISHED) {
        chosen = best_way(message, reader->bytes, reader->end, cti_reader_is_cut(reader),
                          reader->version);
        if (chosen.fit < FIT_FOREIGN)
            try_renumbered(reader, &chosen);
    }
    if (message == NULL || message->format == CTI_UNPUBLISHED ||
        (message->format == CTI_LIKELY && chosen.fit != FIT_CLEAN))
        chosen = way_without_layout(message, reader->bytes, reader->end, reader->version, known);
    reader->layout = chosen.layout;
    reader->floating_start = chosen.floating_start;
    reader->wide_tags = chosen.wide_tags;
    reader->fits = chosen.layout != NULL && chosen.fit >= FIT_FOREIGN;
    if (known && chosen.layout != NULL)
        note_other_version(reader, &chosen);
}
