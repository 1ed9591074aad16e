/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What JSON records are made of, for the files that write them; nobody else includes this.
 *
 *     write_json.c   messages, sessions, connections and what happens in them
 *     json_fields.c  the fields of a message
 *     json_tcp.c     what TCP shows of a connection
 *     json_across.c  what several sessions together tell
 *     json_servers.c outages and maintenance of servers
 *     json_keys.c    keys and values */
#ifndef CTIDUMP_JSON_PARTS_H
#define CTIDUMP_JSON_PARTS_H

#include <glib.h>
#include <yajl/yajl_gen.h>

#include "problem_counts.h"
#include "writers.h"

/* What a field is called: its name (fields that share one share a key), or its tag. */
enum {
    KEY_BODY = CTI_FIELD_COUNT,
    KEY_LEFT_OVER,
    KEY_TAGS,
    KEY_COUNT = KEY_TAGS + 0x10000,
};

/* A value and the next one of the same key. */
typedef struct value {
    cti_item item;
    uint32_t next;  /* index, 0 = none: the first of all is no one's next */
    uint32_t count; /* of the first with its key: how many there are */
    bool is_list;   /* of the first with its key */
} value;

typedef struct json {
    const writer_options *options;
    yajl_gen gen;
    GString *scratch;
    unsigned digits;                    /* of times */
    answers *answers;
    problem_counts problems;            /* of all messages */
    GArray *values;                     /* of the message being written */
    uint16_t key_of[CTI_FIELD_COUNT];   /* the first field of the same name */
    uint32_t last[KEY_COUNT];           /* index + 1 of the last value of a key, 0 = none yet */
    uint32_t first[KEY_COUNT];          /* index of the first */
} json;

/* ---- json_keys.c: all functions but the last two add to the record that is being written;
 * text is UTF-8 and NULL becomes null ---- */

void put_text(json *j, const char *text);
void put_scratch_as_text(json *j);
void put_integer(json *j, int64_t number);
void put_hex(json *j, const uint8_t *bytes, uint32_t length);
/* The names of the bits that are set, as an array. */
void put_bit_names(json *j, const cti_value_set *mask, uint32_t number);

/* Any bytes: text, or an object if they are no UTF-8. */
void put_wire_text(json *j, const char *text, uint32_t length);

/* Text that does not tell all of its bytes, which are beside it. */
void put_text_and_hex(json *j, const char *text, uint32_t length, const uint8_t *bytes,
                      uint32_t size);

void key(json *j, const char *name);
void key_text(json *j, const char *name, const char *text);
void key_number(json *j, const char *name, uint64_t number);
/* A number for which 0 means that it is not known. */
void key_known(json *j, const char *name, uint64_t number);
void key_bool(json *j, const char *name, bool yes);
void key_null(json *j, const char *name);
/* null for CTI_NO_TIME. */
void key_time(json *j, const char *name, int64_t time);
void key_seconds(json *j, const char *name, int64_t duration);
/* A share or the like: three digits; null if it is negative. */
void key_share(json *j, const char *name, double share);
void key_endpoint(json *j, const char *name, const endpoint *point);
/* As put_wire_text(); null where there is none. */
void key_wire_text(json *j, const char *name, const char *text);

void begin_record(json *j, const char *name);
void end_record(json *j);

/* ---- json_fields.c ---- */

/* Fields that share a name share the key of the first of them.  Once, before the first message. */
void json_fill_keys(json *j);
/* Reads the message to its end. */
void json_fields(json *j, cti_reader *reader);
/* reader stands at its end: all problems are known. */
void json_problems(json *j, const cti_reader *reader);

/* ---- json_tcp.c ---- */

/* null where no SYN-ACK came from another address. */
void json_other_answer(json *j, const cti_other_answer *answer);
void json_tcp(json *j, const connection_record *record);

/* ---- json_across.c ---- */

void json_client(void *user, const cti_client *client);
void json_storm(void *user, const cti_storm *storm);

/* ---- json_servers.c ---- */

void json_outage(void *user, const cti_outage_history *history);
void json_maintenance(void *user, const cti_maintenance *maintenance);

#endif
