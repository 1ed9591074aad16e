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

/* Keys of an object of fields, except those of lists. */
enum {
    KEY_BODY = CTI_FIELD_COUNT,
    KEY_LEFT_OVER,
    KEY_COUNT,
};

/* A message is an object, and so is each record of a list in it, and of a list inside a list. */
#define LEVELS (1 + CTI_RECORD_DEPTH)

/* A value of the message.  Places are an index + 1, so that 0 is none. */
typedef struct value {
    cti_item item;
    uint32_t next[LEVELS]; /* place of the next one in the same object */
    uint8_t in_list;       /* 1 + the innermost level at which it is part of an array so far */
    bool repeated;         /* its key is already in the object */
} value;

/* The values of a record: places of the first and the last one. */
typedef struct record_values {
    uint32_t first, last;
} record_values;

typedef struct json {
    const writer_options *options;
    yajl_gen gen;
    GString *scratch;
    unsigned digits; /* of times */
    answers *answers;
    problem_counts problems;           /* of all messages */
    GArray *values;                    /* of the message being written */
    GArray *records[CTI_RECORD_DEPTH]; /* of the list being written, at each depth */
    const char *names[CTI_FIELD_COUNT]; /* keys */
    uint16_t key_of[CTI_FIELD_COUNT];   /* the first field with the same key */
    uint64_t seen[LEVELS][KEY_COUNT];   /* the object that has the key already */
    uint64_t objects;                   /* numbers of objects, from 1 */
} json;

/* ---- json_keys.c: all functions but the last two add to the record that is being written;
 * text is UTF-8 and NULL becomes null ---- */

void put_text(json *j, const char *text);
void put_scratch_as_text(json *j);
void put_integer(json *j, int64_t number);
void put_hex(json *j, const uint8_t *bytes, uint32_t length);
/* The names of the bits that are set, as an array. */
void put_bit_names(json *j, const cti_value_set *mask, uint32_t number);

/* Any bytes as text, with U+FFFD for what is not UTF-8. */
void put_wire_text(json *j, const char *text, uint32_t length);

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

/* Prepares the keys of fields: once, before the first message. */
void json_start_fields(json *j);
void json_finish_fields(json *j);
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
