/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pull reader: bytes of one message in, one field after the other out, then the
 * problems.  It allocates nothing, copies nothing, reads nothing outside its bytes,
 * and takes any bytes.
 *
 *     cti_reader reader;
 *     cti_item item;
 *
 *     cti_reader_init(&reader, bytes, size, &context);
 *     while (cti_reader_next(&reader, &item))
 *         use(&item);
 *     for (size_t i = 0; i < reader.problem_count; i++)
 *         report(&reader.problems[i]);
 *
 * Items come in wire order and cover each byte behind the header exactly once.  They
 * point into the caller's bytes, which must outlive them.  The wire format is that of
 * GED-188, chapter "Application Level Interfaces".
 */
#ifndef CTI_READER_H
#define CTI_READER_H

#include "table.h"

#ifdef __cplusplus
extern "C" {
#endif

/* MessageLength UINT (bytes behind the header), MessageType UINT. */
#define CTI_HEADER_SIZE 8
/* The reference's largest message, header included. */
#define CTI_MESSAGE_SIZE_REFERENCE 12500
/* What this codec takes: more means that framing is lost. */
#define CTI_MESSAGE_SIZE_MAX 65536

/* What may be wrong with a message; the names stand in problems.def. */
typedef enum {
#define PROBLEM(id, name, severity, text) CTI_PROBLEM_##id,
#include "problems.def"
#undef PROBLEM
    CTI_PROBLEM_COUNT
} cti_problem_id;

typedef enum { CTI_NOTE, CTI_WARNING, CTI_ERROR } cti_severity;

/* "note", "warning", "error"; "?" for no severity. */
const char *cti_severity_name(cti_severity severity);
/* Kebab-case name, as users see it: "string-not-terminated"; "?" for no problem. */
const char *cti_problem_name(cti_problem_id id);
/* One line of explanation. */
const char *cti_problem_text(cti_problem_id id);
/* CTI_ERROR where what follows in the message may be misread. */
cti_severity cti_problem_severity(cti_problem_id id);

typedef struct cti_problem {
    cti_problem_id id;
    const cti_field *field; /* NULL where the problem is not about a known field */
    uint32_t tag;           /* tag of the floating field, 0 for others */
    uint32_t offset;        /* from the start of the header, in bytes */
    uint32_t length;        /* bytes the problem is about; may be 0 */
    uint32_t expected;      /* what was expected and found, where that is a number: */
    uint32_t found;         /* lengths, counts, values; see problems.def */
} cti_problem;

/* The first problems of a message are kept; if there are more, the last entry is
 * CTI_PROBLEM_MORE, whose found tells how many are left out. */
#define CTI_PROBLEMS_MAX 24

/* A set of versions, bit (v - CTI_VERSION_OLDEST) for version v. */
typedef uint32_t cti_versions;
#define CTI_VERSIONS_ALL \
    ((cti_versions)((1u << (CTI_VERSION_NEWEST - CTI_VERSION_OLDEST + 1)) - 1))

/* The set that holds one version; one outside the table's range counts as the nearest. */
cti_versions cti_versions_of(uint32_t version);
/* The newest version of a set, 0 for the empty set. */
uint32_t cti_versions_newest(cti_versions versions);

/* What is known about a message besides its bytes. */
typedef struct cti_context {
    /* VersionNumber of the session's OPEN_REQ, or 0 where it was not seen. */
    uint32_t version;
    /* With version 0: the versions that the session's other messages allow;
     * CTI_VERSIONS_ALL (or 0) where nothing is known. */
    cti_versions possible;
    /* Who makes tokens of what names a person, a number or a customer (see redaction.h); NULL
     * where values are shown as they are. */
    struct cti_redaction *redaction;
} cti_context;

typedef enum {
    CTI_ITEM_FIELD,       /* a value of a known field */
    CTI_ITEM_UNKNOWN_TAG, /* a floating field whose tag GED-188 does not publish */
    CTI_ITEM_BODY,        /* bytes of a message whose format is not known */
    CTI_ITEM_LEFT_OVER,   /* bytes that belong to no field, or cannot be framed */
} cti_item_kind;

/* One value.  Which members count depends on kind and field->type:
 *   CHAR SHORT INT                      number (cast to int32_t for the signed value)
 *   UCHAR USHORT BOOL UINT TIME         number
 *   TASKID                              task_id
 *   STRING                              text: without its terminating 0
 *   NAMEDVAR, NAMEDARRAY                name, text and (NAMEDARRAY) number = index
 *   UNSPEC and the kinds without field  data
 * A number of the wrong size has has_number false: show its bytes.  So has an array field
 * without values, whose length is 0. */
typedef struct cti_item {
    cti_item_kind kind;
    const cti_field *field; /* NULL unless kind is CTI_ITEM_FIELD */
    const cti_slot *slot;   /* its place; NULL for a tag that the message does not list */
    uint32_t tag;           /* 0 in the fixed part */
    uint32_t start, size;   /* whole field with tag and length, from the header's start */
    uint32_t offset, length; /* the value's bytes, from the header's start */
    const uint8_t *data;    /* bytes + offset */
    uint32_t element;       /* index of the value in an array field */
    uint32_t record;        /* of a list member: the record of its list, from 0 */
    uint32_t outer_record;  /* of a list inside a list: the record of the outer list, from 0 */
    uint32_t version;       /* by whose rules it was read */
    bool has_number;
    uint32_t number;
    int32_t task_id[3];
    const char *name, *text; /* not terminated, any bytes */
    uint32_t name_length, text_length;
    bool secret;   /* bytes that cannot be read, of a message that may carry a password */
    bool redacted; /* text and data are a token in place of the value (see redaction.h) */
} cti_item;

/* True for NAMEDVAR and NAMEDARRAY. */
static inline bool cti_item_is_named(const cti_item *item)
{
    return item->field != NULL && item->field->type >= CTI_TYPE_NAMEDVAR;
}

/* The named value of an enumeration that a number is, as the item's version means it; NULL for
 * other items and for numbers without a name. */
const cti_value *cti_item_value(const cti_item *item);

/* A record of a list. */
typedef struct cti_record {
    const cti_field *counter; /* of the list; NULL for no record */
    uint32_t index;           /* from 0 */
} cti_record;

/* Lists inside lists are no deeper than this. */
#define CTI_RECORD_DEPTH 2

/* True for an array field without values. */
static inline bool cti_item_is_empty_array(const cti_item *item)
{
    return item->slot != NULL && item->slot->flags & CTI_SLOT_ARRAY && item->length == 0 &&
           !item->redacted;
}

/* The records that contain the item, the outer list's first.  Returns their number: 0 for an item
 * outside lists, and for named variables, each of which is a record by itself.  An empty array is
 * in no record of its own list. */
unsigned cti_item_records(const cti_item *item, cti_record records[CTI_RECORD_DEPTH]);

/* True if a password may be in the value. */
static inline bool cti_item_is_secret(const cti_item *item)
{
    return item->secret || (item->field != NULL && item->field->flags & CTI_FIELD_SECRET);
}

/* A list of the message while it is read; each record of an outer list has inner lists of its
 * own. */
typedef struct cti_list {
    const cti_field *counter;
    uint32_t number;       /* of this list in the message, from 1 */
    uint32_t outer_record; /* the outer list's record that holds it, 0 without outer list */
    uint32_t record;       /* the one being read */
    uint32_t longest;      /* values of the member with most values */
    bool is_counted;       /* the counter was read: */
    uint32_t expected;     /* its value and position */
    uint32_t tag, offset, length;
} cti_list;

/* How often a floating slot occurred; of a list member, in the list being read. */
typedef struct cti_slot_use {
    uint32_t list;   /* its number; 0 for no list member */
    uint32_t count;  /* values */
    uint32_t record; /* the one after that of the last value */
} cti_slot_use;

typedef struct cti_reader {
    /* For the caller to read. */
    const uint8_t *bytes;
    uint32_t message_length;    /* the header's MessageLength */
    uint32_t message_type;      /* the header's MessageType */
    const cti_message *message; /* NULL for an unknown type; see cti_message_on_wire() */
    const cti_layout *layout;   /* of the fixed part; NULL where the format is not known */
    uint32_t version;           /* whose rules are used, within the table's range */
    bool wide_tags;             /* tag and length of floating fields are 2 + 2 bytes */
    bool fits;                  /* the bytes fit this layout without a doubt */
    struct cti_redaction *redaction; /* of the context; the caller may set it */
    uint32_t problem_count;          /* of problems, below */

    /* The reader's own. */
    uint32_t end;            /* where the message ends: offsets are below it */
    uint32_t offset;         /* of the next byte to hand out */
    uint32_t floating_start; /* where the floating part starts */
    uint32_t slot;           /* next slot of the fixed part, or hint in the floating part */
    uint32_t array_end;      /* end of the array field being handed out, or 0 */
    uint32_t element;        /* the next one of it */
    uint32_t list_count;     /* of lists, below */
    uint32_t lists_begun;    /* in the message so far */
    bool finished;
    bool broken; /* bytes of the floating part could not be framed: what is in them is not known */
    uint32_t problems_left_out;

    /* Large, and filled only as far as the members above tell. */
    cti_problem problems[CTI_PROBLEMS_MAX]; /* for the caller too */
    cti_item array;                         /* the array field, with its first value */
    cti_list lists[CTI_MESSAGE_LISTS_MAX];
    cti_slot_use uses[CTI_MESSAGE_FLOATING_MAX]; /* of each floating slot */
} cti_reader;

/* Starts to read the message at bytes, of which size bytes are there (0 or more, any), header
 * first.  Fewer bytes than MessageLength tells are read as far as they go (problem truncated);
 * bytes behind it, and behind CTI_MESSAGE_SIZE_MAX, are not touched.  context may be NULL: nothing
 * is known; it is not kept, but for its redaction.  The reader needs no end, and a copy of it
 * reads on from the same place. */
void cti_reader_init(cti_reader *reader, const uint8_t *bytes, size_t size,
                     const cti_context *context);

/* The next value; false at the end, when all problems are known, and at each call after it. */
bool cti_reader_next(cti_reader *reader, cti_item *item);

/* A quick look, at any state of reader: true only if a whole reading finds no problem; false where
 * it may find one. */
bool cti_reader_is_clean(const cti_reader *reader);

/* The first value of the field in the message at bytes, as cti_reader_next() gives it, from any
 * state of reader, which stays as it is and notes no problem.  False where the message does not
 * carry the field, or where bytes before it cannot be framed; *item is not to be used then. */
bool cti_reader_find(const cti_reader *reader, cti_field_id field, cti_item *item);

/* The number of the field's first value; false where the message does not carry it or was cut
 * before it, and *number stays. */
bool cti_reader_find_number(const cti_reader *reader, cti_field_id field, uint32_t *number);

/* The same, but 0 where there is none. */
uint32_t cti_reader_number(const cti_reader *reader, cti_field_id field);

/* The status code of a message that refuses a request or tells of a failure: Status, or else
 * FailureCode.  False as with cti_reader_find(). */
bool cti_reader_status(const cti_reader *reader, cti_item *item);

/* The versions whose rules fit the message, judged by the bytes alone: every tag known,
 * every length right, the floating part ending where the message ends.  Messages that
 * look the same in each version give CTI_VERSIONS_ALL; bytes that fit none give 0. */
cti_versions cti_versions_that_fit(const uint8_t *bytes, size_t size);

/* True if fewer bytes are there than MessageLength tells: what is missing may have been sent. */
static inline bool cti_reader_is_cut(const cti_reader *reader)
{
    return (uint64_t)reader->message_length + CTI_HEADER_SIZE > reader->end;
}

/* InvokeID of the message, if its fixed part starts with one and is there; otherwise false, and
 * *invoke_id stays. */
bool cti_reader_invoke_id(const cti_reader *reader, uint32_t *invoke_id);

#ifdef __cplusplus
}
#endif

#endif
