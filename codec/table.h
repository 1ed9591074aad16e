/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The GED-188 message table: every message, field, tag, value name and mask bit
 * that this project knows, as constant data.
 *
 * The rows stand in fields.def, tags.def, messages.def and values.def, once each;
 * this header gives them C types and look-ups.  They come from Cisco's public CTI
 * Server message reference (GED-188, protocol versions 9 to 25).
 *
 * All of it is read-only and lives as long as the program; nothing here allocates
 * or fails.  A look-up that finds nothing returns NULL.
 */
#ifndef CTI_TABLE_H
#define CTI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Versions of the protocol whose layouts the table holds.  A session may ask for
 * another one: it is read with the nearest. */
#define CTI_VERSION_OLDEST 9
#define CTI_VERSION_NEWEST 25
/* From this version on, tag and length of a floating field are two bytes each. */
#define CTI_VERSION_WIDE_TAGS 20
/* From this version on, OPEN_REQ may have a UniqueInstanceID. */
#define CTI_VERSION_UNIQUE_INSTANCE_ID 24

/* GED-188 data types.  Numbers are big-endian. */
typedef enum {
    CTI_TYPE_CHAR,       /* 1 byte, signed */
    CTI_TYPE_UCHAR,      /* 1 byte */
    CTI_TYPE_SHORT,      /* 2 bytes, signed */
    CTI_TYPE_USHORT,     /* 2 bytes */
    CTI_TYPE_BOOL,       /* 2 bytes, 0 or 1 */
    CTI_TYPE_INT,        /* 4 bytes, signed */
    CTI_TYPE_UINT,       /* 4 bytes */
    CTI_TYPE_TIME,       /* 4 bytes, seconds since 1970 UTC */
    CTI_TYPE_TASKID,     /* 12 bytes, three INT */
    CTI_TYPE_STRING,     /* ASCII with a terminating 0 that counts in the length */
    CTI_TYPE_UNSPEC,     /* bytes */
    CTI_TYPE_NAMEDVAR,   /* name 0 value 0 */
    CTI_TYPE_NAMEDARRAY, /* index UCHAR, name 0 value 0 */
} cti_type;

/* Bytes that one value of a number type takes; 0 for types of variable length.
 * (A macro so that the table's initialisers can use it.) */
#define CTI_TYPE_SIZE(type)               \
    ((int)(type) <= CTI_TYPE_UCHAR    ? 1  \
     : (int)(type) <= CTI_TYPE_BOOL   ? 2  \
     : (int)(type) <= CTI_TYPE_TIME   ? 4  \
     : (int)(type) == CTI_TYPE_TASKID ? 12 \
                                      : 0)

/* True for CHAR, SHORT and INT. */
static inline bool cti_type_is_signed(cti_type type)
{
    return type == CTI_TYPE_CHAR || type == CTI_TYPE_SHORT || type == CTI_TYPE_INT;
}

/* GED-188's name of a type, "UINT"; "?" for a number that is none. */
const char *cti_type_name(cti_type type);

/* One named value of an enumeration, or one named bit (or bits) of a mask. */
typedef struct cti_value {
    uint32_t number;
    const char *name; /* as GED-188 prints it */
    const char *text; /* a few words of our own; never NULL */
} cti_value;

/* The values of an enumeration or the bits of a mask, ordered by number. */
typedef struct cti_value_set {
    const char *name;
    bool is_mask;
    uint16_t count;
    const cti_value *values;
    uint32_t all_bits; /* of a mask: every bit that has a name */
} cti_value_set;

/* The entry for number, a signed one as uint32_t, or NULL.  For masks: the one with exactly these
 * bits. */
const cti_value *cti_value_find(const cti_value_set *set, uint32_t number);

/* IdleTimeout of a client without heartbeats. */
#define CTI_NO_IDLE_TIMEOUT 0xFFFFFFFFu
/* Clients write 0x7FFFFFFF, too: such a time never runs out. */
static inline bool cti_idle_timeout_is_off(uint32_t idle_timeout)
{
    return idle_timeout >= 0x7FFFFFFFu;
}
/* The same as a version of the protocol (0: the newest) means it.  NULL also where sources of that
 * version disagree. */
const cti_value *cti_value_in_version(const cti_value_set *set, uint32_t number, uint32_t version);

/* What a field is, beyond its type. */
typedef enum {
    CTI_FIELD_SECRET = 1 << 0,       /* a password: never shown unless asked for */
    CTI_FIELD_PERSONAL = 1 << 1,     /* names a person, a number or a customer */
    CTI_FIELD_CALL_ID = 1 << 2,      /* names a call: one filter finds all of them */
    CTI_FIELD_RESERVED = 1 << 3,     /* must be zero */
    CTI_FIELD_SECONDS = 1 << 4,      /* a number of seconds */
    CTI_FIELD_MILLISECONDS = 1 << 5, /* a number of milliseconds */
    CTI_FIELD_IPV6 = 1 << 6,         /* 16 bytes of an IPv6 address */
    CTI_FIELD_ONES_NONE = 1 << 7,    /* 0xFFFFFFFF stands for none */
    CTI_FIELD_ONES_OFF = 1 << 8,     /* 0xFFFFFFFF stands for off, as does 0x7FFFFFFF */
    CTI_FIELD_COUNTER = 1 << 9,      /* counts the records of a list */
} cti_field_flags;

/* A field by its GED-188 name: the same wherever it stands. */
typedef struct cti_field {
    const char *name;            /* as GED-188 prints it, and the JSON key */
    const char *id;              /* unique: differs from name where GED-188 gives two
                                  * fields one name; the Wireshark filter comes from it */
    const cti_value_set *values; /* NULL where the number has no names */
    cti_type type;
    uint32_t flags; /* cti_field_flags */
} cti_field;

/* CTI_F_InvokeID and so on: indices into the fields, by cti_field.id. */
typedef enum {
#define FIELD(name, type, values, flags) CTI_F_##name,
#define FIELD_AS(id, name, type, values, flags) CTI_F_##id,
#include "fields.def"
#undef FIELD
#undef FIELD_AS
    CTI_FIELD_COUNT
} cti_field_id;

/* What a list is called, after the field that counts its records: "Skills" for NumSkills. */
const char *cti_list_name(const cti_field *counter);

/* The field; NULL only for a number that is no cti_field_id. */
const cti_field *cti_field_get(cti_field_id id);
/* The index of a field that this table gave out; field may not be NULL. */
cti_field_id cti_field_index(const cti_field *field);
/* The field with this id ("ConnectionCallID"), or NULL.  Takes time: not for each packet. */
const cti_field *cti_field_find(const char *id);

/* CTI_V_StatusCode_E_CTI_TIMEOUT and so on; compare as uint32_t. */
enum {
#define ENUM_BEGIN(set)
#define ENUM_END(set)
#define MASK_BEGIN(set)
#define MASK_END(set)
#define VALUE(set, name, number, text) CTI_V_##set##_##name = (int32_t)(number),
#define VALUE_AS(set, id, name, number, text) CTI_V_##set##_##id = (int32_t)(number),
#define OLDER_VALUE(set, number, last, name, text)
#include "values.def"
#undef ENUM_BEGIN
#undef ENUM_END
#undef MASK_BEGIN
#undef MASK_END
#undef VALUE
#undef VALUE_AS
#undef OLDER_VALUE
};

/* All value sets: enumerations first, then masks. */
extern const cti_value_set *const cti_value_sets[];
extern const size_t cti_value_set_count;

/* A tag of the floating part, as the tag table gives it. */
typedef struct cti_tag {
    uint16_t number;
    uint16_t size;    /* largest data length in bytes; 0 = not published */
    const char *name; /* without GED-188's ending _TAG */
    const cti_field *field;
} cti_tag;

/* CTI_TAG_CLIENT_ID = 1 and so on. */
enum {
#define TAG(number, name, field, size) CTI_TAG_##name = (number),
#include "tags.def"
#undef TAG
};
#define CTI_TAG_NEWEST 313

/* The tag, or NULL for a number that GED-188 does not publish. */
const cti_tag *cti_tag_find(uint32_t number);

typedef enum {
    CTI_SLOT_LIST = 1 << 0,  /* repeats: once a record */
    CTI_SLOT_ARRAY = 1 << 1, /* several values may be in one field, one a record */
    CTI_SLOT_REQUIRED = 1 << 2,
} cti_slot_flags;

/* A field's place in a message.  Fields with the same counter are the members of one list; a
 * list inside a list is in each record of the outer one. */
typedef struct cti_slot {
    const cti_field *field;
    const cti_field *counter; /* of a list member: the field that counts the records, or NULL */
    const cti_field *outer;   /* of a list inside a list: the outer list's counter, or NULL */
    uint16_t tag;             /* 0 in the fixed part */
    uint16_t size;            /* fixed part: bytes; floating part: most bytes, 0 = no limit */
    uint32_t flags;           /* cti_slot_flags */
} cti_slot;

/* The fixed part of a message in a range of versions.  With from and to 0 it is an
 * alternative that sources disagree on: taken only where no other layout fits. */
typedef struct cti_layout {
    uint8_t from, to;
    uint16_t count;
    const cti_slot *slots;
} cti_layout;

/* No message of the table has more layouts, floating slots or lists than this. */
#define CTI_MESSAGE_LAYOUTS_MAX 4
#define CTI_MESSAGE_FLOATING_MAX 48
#define CTI_MESSAGE_LISTS_MAX 6

typedef enum {
    CTI_PUBLISHED,   /* the format is known */
    CTI_LIKELY,      /* taken from the sister product: used only where the bytes fit */
    CTI_UNPUBLISHED, /* only the name is known, and perhaps some of its tags */
} cti_format;

/* Who sends a message: of the table a guide, of a message on the wire a fact. */
typedef enum { CTI_EITHER, CTI_CLIENT, CTI_SERVER } cti_sender;

typedef enum {
    CTI_CATEGORY_FAILURE,
    CTI_CATEGORY_SESSION,
    CTI_CATEGORY_CALL_EVENT,
    CTI_CATEGORY_AGENT_EVENT,
    CTI_CATEGORY_CALL_DATA,
    CTI_CATEGORY_CLIENT_CONTROL,
    CTI_CATEGORY_MONITOR,
    CTI_CATEGORY_CLIENT_MONITOR,
    CTI_CATEGORY_SUPERVISOR,
    CTI_CATEGORY_CONFIGURATION,
    CTI_CATEGORY_SERVER_SERVICE,
    CTI_CATEGORY_AGENT_REPORTING,
    CTI_CATEGORY_ROUTING,
    CTI_CATEGORY_MISCELLANEOUS,
} cti_category;

/* A category in words, "call event"; "?" for a number that is none. */
const char *cti_category_name(cti_category category);

typedef struct cti_message {
    uint32_t number;
    const char *name;
    cti_format format;
    cti_sender sender;
    cti_category category;
    uint8_t since;         /* first version that has it; 0 = not known */
    uint16_t confirmed_by; /* message number of the positive answer; 0 = none */
    const uint16_t *layout_sizes; /* bytes of the fixed part, for each layout */
    uint16_t layout_count;
    const cti_layout *layouts; /* newest first, alternatives last */
    uint16_t floating_count;
    const cti_slot *floating; /* in the order of GED-188's table */
} cti_message;

/* CTI_OPEN_REQ = 3 and so on. */
enum {
#define MESSAGE(number, name, sender, category, since, confirmed_by, format, layouts, floating) \
    CTI_##name = (number),
#include "messages.def"
#undef MESSAGE
};
#define CTI_MESSAGE_NEWEST 284

/* The message, or NULL for a number that GED-188 does not use. */
const cti_message *cti_message_find(uint32_t number);

/* The message with this MessageType and MessageLength on the wire, or NULL: that of the type's
 * number, except for network recording, which has two numberings. */
const cti_message *cti_message_on_wire(uint32_t type, uint32_t length);

/* The message of a type in the other numbering of network recording, for bytes that do not fit the
 * message of the type's number; NULL for types that have no other message. */
const cti_message *cti_message_renumbered(uint32_t type);

/* The message's floating slot for a tag, or NULL where the message does not list it.
 * hint: the index after the last one found, so that fields in the table's order are
 * found at once; any number is safe. */
const cti_slot *cti_message_slot(const cti_message *message, uint32_t tag, uint32_t hint);

#ifdef __cplusplus
}
#endif

#endif
