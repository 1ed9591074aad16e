/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values, problems and the few telling fields of a message as words: Wireshark's tree and
 * Info column and ctidump's text formats say the same thing in the same words.
 *
 * All functions named cti_text_ that take a GString append to it; the caller owns it and may use
 * it again.  What they append is valid UTF-8 without control characters, whatever the bytes
 * were.  None of them fails.  flags is a set of cti_text_flags.
 */
#ifndef CTI_TEXT_H
#define CTI_TEXT_H

#include <glib.h>

#include "reader.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    CTI_TEXT_SECRETS = 1 << 0, /* show passwords, otherwise their length only */
} cti_text_flags;

/* True for a character that only shows itself: no control, nothing that changes the direction of
 * the writing or breaks a line, nothing that no one can see. */
bool cti_text_is_shown(gunichar character);

/* Text of length bytes from the wire: printable UTF-8 as it is, other bytes as \xHH, a backslash
 * as \\. */
void cti_text_bytes(GString *to, const char *bytes, size_t length);

/* text as a JSON string (RFC 8259) with its quotation marks, and \uHHHH for what is not shown as
 * itself.  text must be valid UTF-8 of length bytes: bytes from the wire go through
 * cti_text_bytes() first. */
void cti_text_json(GString *to, const char *text, size_t length);

/* Bytes in hexadecimal, two lower-case digits each: "00ff". */
void cti_text_hex(GString *to, const uint8_t *bytes, size_t length);

/* GED-188's TIME, seconds since 1970 UTC, as "2026-11-22T10:00:00Z" (RFC 3339). */
void cti_text_time(GString *to, uint32_t seconds);

/* The names of the bits of number, "NAME|NAME|0x80": what has no name stands last, in
 * hexadecimal.  Where no bit is set, the name that the mask gives to 0, or "0". */
void cti_text_mask(GString *to, const cti_value_set *mask, uint32_t number);

/* An IPv6 address in words (RFC 4291); address: 16 bytes. */
void cti_text_ipv6(GString *to, const uint8_t *address);

/* Bytes of the value as sent; of a STRING without its terminating 0. */
uint32_t cti_item_size(const cti_item *item);

/* True if a password may be in the value and flags (of cti_text_flags) do not ask for it. */
bool cti_item_hidden(const cti_item *item, unsigned flags);

/* True if the data of an unknown tag is text, printable UTF-8 with its terminating 0; *length is
 * then that of the text. */
bool cti_text_of_unknown(const cti_item *item, uint32_t *length);

/* "none" or "off" where the field gives the number that meaning (CTI_FIELD_ONES_...), or NULL. */
const char *cti_text_ones(const cti_field *field, uint32_t number);

/* The value of an item: 7, "off (4294967295)", "E_CTI_TIMEOUT (16)", "NAME|NAME (0x3)", text, time, hex; of a
 * named variable "name=value", of a named array "name[index]=value"; a secret as
 * "<hidden, 6 bytes>", unless flags (of cti_text_flags) ask for it; a number of the wrong size as
 * hex; text of an unknown tag in quotation marks.  Of an item of a reader with a redaction it is the
 * token. */
void cti_text_value(GString *to, const cti_item *item, unsigned flags);

/* The fields of the message that matter in a line (see highlights.def), in any state of reader,
 * which is not advanced.  Values with a name
 * of their own stand for themselves, and so does a text in the first place:
 * "1001 AGENT_STATE_AVAILABLE StateDuration=0", "CTIOS1A VersionNumber=24 inv=1". */
void cti_text_highlights(GString *to, const cti_reader *reader, unsigned flags);

/* A problem in one line without its end: "ANI: the string has no terminating 0". */
void cti_text_problem(GString *to, const cti_problem *problem);

/* What the item is, as JSON names it: the field's name as GED-188 prints it, "tag_999", "body",
 * "left_over". */
void cti_text_label(GString *to, const cti_item *item);

/* Label and value, as "AgentState: AGENT_STATE_LOGIN (0)". */
void cti_text_item(GString *to, const cti_item *item, unsigned flags);

#ifdef __cplusplus
}
#endif

#endif
