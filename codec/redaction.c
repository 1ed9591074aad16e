/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tokens in place of values (see redaction.h). */
#include "redaction.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

struct cti_redaction {
    GHmac *keyed; /* with the key, and nothing else yet */
    uint32_t next;
    char tokens[CTI_TOKENS_KEPT][CTI_TOKEN_SIZE];
};

cti_redaction *cti_redaction_new(const uint8_t *key, size_t size)
{
    cti_redaction *r = g_new0(cti_redaction, 1);

    r->keyed = g_hmac_new(G_CHECKSUM_SHA256, key, size);
    return r;
}

void cti_redaction_free(cti_redaction *r)
{
    if (r == NULL)
        return;
    g_hmac_unref(r->keyed);
    g_free(r);
}

/* Letters and digits that are not mistaken for each other (RFC 4648, base32). */
static void put_letters(char *to, const uint8_t *digest)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint64_t bits = 0;

    for (int i = 0; i < 5; i++)
        bits = bits << 8 | digest[i];
    for (int i = CTI_TOKEN_LETTERS - 1; i >= 0; i--, bits >>= 5)
        to[i] = letters[bits & 31];
}

const char *cti_redaction_token(cti_redaction *r, const void *bytes, size_t size)
{
    char *token = r->tokens[r->next];
    uint8_t digest[32];
    gsize digest_size = sizeof(digest);
    GHmac *hmac;

    if (size == 0)
        return "";
    r->next = (r->next + 1) % CTI_TOKENS_KEPT;
    hmac = g_hmac_copy(r->keyed);
    g_hmac_update(hmac, bytes, (gssize)size);
    g_hmac_get_digest(hmac, digest, &digest_size);
    g_hmac_unref(hmac);
    memcpy(token, "r:", 2);
    put_letters(token + 2, digest);
    return token;
}

/* True if the item's value may name someone, or if nobody knows what it is: bytes behind a
 * string's end and strings that are too long are not what the field is for. */
static bool is_personal(const cti_item *item)
{
    if (item->kind != CTI_ITEM_FIELD)
        return true;
    if (item->field->flags & CTI_FIELD_PERSONAL || item->field->type == CTI_TYPE_UNSPEC)
        return true;
    if (item->field->type == CTI_TYPE_STRING)
        return item->length > item->text_length + 1 ||
               (item->slot != NULL && item->slot->size != 0 && item->length > item->slot->size);
    return item->field->type < CTI_TYPE_STRING && !item->has_number;
}

/* The value's bytes: a number as people write it, so that it has the token of that text. */
static const char *token_of_value(cti_redaction *r, const cti_item *item)
{
    char digits[16];
    uint32_t text_length;
    int length;

    if (cti_text_of_unknown(item, &text_length))
        return cti_redaction_token(r, item->data, text_length);
    if (item->field == NULL || item->field->type == CTI_TYPE_UNSPEC ||
        (item->field->type < CTI_TYPE_STRING && !item->has_number))
        return cti_redaction_token(r, item->data, item->length);
    if (item->field->type >= CTI_TYPE_STRING)
        return cti_redaction_token(r, item->text, item->text_length);
    length = cti_type_is_signed(item->field->type)
                 ? snprintf(digits, sizeof(digits), "%d", (int32_t)item->number)
                 : snprintf(digits, sizeof(digits), "%u", item->number);
    return cti_redaction_token(r, digits, (size_t)length);
}

void cti_redaction_item(cti_redaction *r, cti_item *item)
{
    const char *token;

    if (cti_item_is_secret(item) || !is_personal(item))
        return;
    token = token_of_value(r, item);
    if (cti_item_is_named(item)) {
        item->name = cti_redaction_token(r, item->name, item->name_length);
        item->name_length = (uint32_t)strlen(item->name);
    } else {
        item->has_number = false;
    }
    item->text = token;
    item->text_length = (uint32_t)strlen(token);
    item->data = (const uint8_t *)token;
    item->length = item->text_length;
    item->redacted = true;
}
