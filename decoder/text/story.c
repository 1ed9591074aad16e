/* SPDX-License-Identifier: GPL-2.0-or-later */
/* States of connections and agents (see story.h).  A connection is a call at a device; its
 * state is the LocalConnectionState of GED-188's call events, an agent's the AgentState of
 * AGENT_STATE_EVENT. */
#include "story.h"

#include <string.h>

#include "codec/text.h"

/* Connections and agents that are followed; what comes beyond is counted. */
#define SUBJECTS_MAX 1000
#define STATES_MAX 16

/* A connection or an agent. */
typedef struct subject {
    char *name; /* "call 16777216 at 5001", "agent 1001" */
    const cti_value_set *states;
    uint32_t state;
    bool known;       /* its state is */
    bool over;
    int64_t first, since;
    int64_t total[STATES_MAX];
} subject;

struct story {
    GHashTable *by_name;
    GPtrArray *subjects; /* of subject, in the order in which they came */
    uint64_t left_out;
    int64_t last; /* time of the last message */
    GString *scratch;
};

story *story_new(void)
{
    story *s = g_new0(story, 1);

    s->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    s->subjects = g_ptr_array_new();
    s->last = CTI_NO_TIME;
    s->scratch = g_string_new(NULL);
    return s;
}

void story_free(story *s)
{
    if (s == NULL)
        return;
    for (guint i = 0; i < s->subjects->len; i++) {
        subject *one = g_ptr_array_index(s->subjects, i);

        g_free(one->name);
        g_free(one);
    }
    g_ptr_array_unref(s->subjects);
    g_hash_table_destroy(s->by_name);
    g_string_free(s->scratch, TRUE);
    g_free(s);
}

/* ---- words ---- */

static const char *state_words(const cti_value_set *states, uint32_t state)
{
    static const char *const connection[] = {"cleared",   "initiated", "alerting", "connected",
                                             "held",      "queued",    "failed"};
    const cti_value *named = cti_value_find(states, state);

    if (states == cti_field_get(CTI_F_LocalConnectionState)->values &&
        state < G_N_ELEMENTS(connection))
        return connection[state];
    if (named == NULL)
        return "a state without name";
    return g_str_has_prefix(named->name, "AGENT_STATE_") ? named->name + strlen("AGENT_STATE_")
                                                         : named->name;
}

static void append_seconds(GString *to, int64_t duration)
{
    g_string_append_printf(to, "%.3f s", (double)MAX(duration, 0) / (double)CTI_SECOND);
}

static bool number_of(const cti_reader *reader, cti_field_id field, uint32_t *number)
{
    cti_item item;

    if (!cti_reader_find(reader, field, &item) || !item.has_number)
        return false;
    *number = item.number;
    return true;
}

static bool append_field(GString *to, const cti_reader *reader, cti_field_id field, unsigned flags)
{
    cti_item item;

    if (!cti_reader_find(reader, field, &item) || cti_item_size(&item) == 0)
        return false;
    cti_text_value(to, &item, flags);
    return true;
}

/* ---- subjects ---- */

/* The subject whose name stands in scratch; NULL if there are too many. */
static subject *find(story *s, const cti_value_set *states, int64_t time)
{
    subject *one = g_hash_table_lookup(s->by_name, s->scratch->str);

    if (one != NULL)
        return one;
    if (s->subjects->len == SUBJECTS_MAX) {
        s->left_out++;
        return NULL;
    }
    one = g_new0(subject, 1);
    one->name = g_strdup(s->scratch->str);
    one->states = states;
    one->first = one->since = time;
    g_hash_table_insert(s->by_name, one->name, one);
    g_ptr_array_add(s->subjects, one);
    return one;
}

static void add_time(subject *one, int64_t time)
{
    const int64_t spent = cti_forward(one->since, time);

    if (one->known && one->state < STATES_MAX && spent != CTI_NO_TIME &&
        one->total[one->state] <= INT64_MAX - spent)
        one->total[one->state] += spent;
    one->since = time;
}

/* The subject is in this state now: tells it, if that is news. */
static void enter(subject *one, uint32_t state, int64_t time, GString *change)
{
    if (one == NULL || (one->known && one->state == state))
        return;
    if (change->len > 0)
        g_string_append(change, "; ");
    g_string_append_printf(change, "%s ", one->name);
    if (one->known) {
        g_string_append_printf(change, "%s for ", state_words(one->states, one->state));
        append_seconds(change, cti_elapsed(one->since, time));
        g_string_append(change, ", now ");
    }
    g_string_append(change, state_words(one->states, state));
    add_time(one, time);
    one->state = state;
    one->known = true;
}

/* ---- calls ---- */

/* Puts "call 16777216 at 5001" in scratch; false if the message names no connection. */
static bool name_connection(story *s, const cti_reader *reader, cti_field_id call,
                            cti_field_id device, unsigned flags)
{
    uint32_t number;

    if (!number_of(reader, call, &number))
        return false;
    g_string_printf(s->scratch, "call %u at ", number);
    if (!append_field(s->scratch, reader, device, flags))
        g_string_append_c(s->scratch, '?');
    return true;
}

static void take_connection(story *s, const message_record *record, GString *change,
                            unsigned flags)
{
    const cti_value_set *states = cti_field_get(CTI_F_LocalConnectionState)->values;
    uint32_t state;

    if (!number_of(record->reader, CTI_F_LocalConnectionState, &state) ||
        state == CTI_V_LocalConnectionState_LCS_NONE)
        return;
    if (name_connection(s, record->reader, CTI_F_ConnectionCallID, CTI_F_ConnectionDeviceID, flags) ||
        name_connection(s, record->reader, CTI_F_PrimaryCallID, CTI_F_PrimaryDeviceID, flags))
        enter(find(s, states, record->time), state, record->time, change);
}

/* All other values of fields that name a call, as ", as call 16777300". */
static void append_other_calls(GString *change, const cti_reader *reader, const char *words,
                               uint32_t call)
{
    cti_reader own = *reader;
    cti_item item;
    uint32_t seen[8], count = 0;

    while (cti_reader_next(&own, &item) && count < G_N_ELEMENTS(seen)) {
        bool known = false;

        if (item.field == NULL || !(item.field->flags & CTI_FIELD_CALL_ID) || !item.has_number ||
            item.number == call || item.number == 0 || item.number == UINT32_MAX)
            continue;
        for (uint32_t i = 0; i < count; i++)
            known |= seen[i] == item.number;
        if (known)
            continue;
        seen[count++] = item.number;
        g_string_append_printf(change, "%s%u", count == 1 ? words : ", ", item.number);
    }
    if (count > 0)
        g_string_append(change, count == 1 ? " (--call shows it)" : " (--call shows each)");
}

static void begin_change(GString *change)
{
    if (change->len > 0)
        g_string_append(change, "; ");
}

/* A call becomes another one, or part of one. */
static void take_link(const message_record *record, GString *change, unsigned flags)
{
    const cti_reader *reader = record->reader;
    uint32_t call, next;

    switch (reader->message_type) {
    case CTI_CALL_TRANSFERRED_EVENT:
    case CTI_CALL_CONFERENCED_EVENT:
        if (!number_of(reader, CTI_F_PrimaryCallID, &call))
            return;
        begin_change(change);
        if (reader->message_type == CTI_CALL_TRANSFERRED_EVENT) {
            g_string_append_printf(change, "call %u is transferred by ", call);
            append_field(change, reader, CTI_F_TransferringDeviceID, flags);
            g_string_append(change, " to ");
            append_field(change, reader, CTI_F_TransferredDeviceID, flags);
        } else {
            g_string_append_printf(change, "call %u becomes a conference of ", call);
            append_field(change, reader, CTI_F_ControllerDeviceID, flags);
            g_string_append(change, " with ");
            append_field(change, reader, CTI_F_AddedPartyDeviceID, flags);
        }
        append_other_calls(change, reader, ", together with call ", call);
        return;
    case CTI_CALL_DATA_UPDATE_EVENT:
        if (!number_of(reader, CTI_F_ConnectionCallID, &call) ||
            !number_of(reader, CTI_F_NewConnectionCallID, &next) || next == call || next == 0 ||
            next == UINT32_MAX)
            return;
        begin_change(change);
        g_string_append_printf(change, "call %u continues as call %u (--call shows it)", call, next);
        return;
    default:
        return;
    }
}

static void take_begin(story *s, const message_record *record, unsigned flags)
{
    if (record->reader->message_type == CTI_BEGIN_CALL_EVENT &&
        name_connection(s, record->reader, CTI_F_ConnectionCallID, CTI_F_ConnectionDeviceID, flags))
        find(s, cti_field_get(CTI_F_LocalConnectionState)->values, record->time);
}

/* END_CALL_EVENT: the call is over for its client. */
static void take_end(story *s, const message_record *record, GString *change, unsigned flags)
{
    subject *one;

    if (record->reader->message_type != CTI_END_CALL_EVENT ||
        !name_connection(s, record->reader, CTI_F_ConnectionCallID, CTI_F_ConnectionDeviceID, flags))
        return;
    one = g_hash_table_lookup(s->by_name, s->scratch->str);
    if (one == NULL || one->over)
        return;
    one->over = true;
    add_time(one, record->time);
    begin_change(change);
    g_string_append_printf(change, "%s over after ", one->name);
    append_seconds(change, cti_elapsed(one->first, record->time));
}

/* ---- agents ---- */

static bool tells_agent_state(uint32_t type)
{
    return type == CTI_AGENT_STATE_EVENT || type == CTI_QUERY_AGENT_STATE_CONF ||
           type == CTI_OPEN_CONF;
}

static void take_agent(story *s, const message_record *record, GString *change, unsigned flags)
{
    const cti_reader *reader = record->reader;
    uint32_t state, reason, already;
    gsize before;
    subject *agent;
    bool first;

    if (!tells_agent_state(reader->message_type) ||
        !number_of(reader, CTI_F_AgentState, &state) ||
        state == CTI_V_AgentState_AGENT_STATE_UNKNOWN)
        return;
    g_string_assign(s->scratch, "agent ");
    if (!append_field(s->scratch, reader, CTI_F_AgentID, flags))
        return;
    before = change->len;
    agent = find(s, cti_field_get(CTI_F_AgentState)->values, record->time);
    first = agent != NULL && !agent->known;
    enter(agent, state, record->time, change);
    if (first && number_of(reader, CTI_F_StateDuration, &already) && already != 0 &&
        already != UINT32_MAX)
        g_string_append_printf(change, ", for %u s already", already);
    if (change->len > before && number_of(reader, CTI_F_EventReasonCode, &reason) && reason != 0)
        g_string_append_printf(change, " (reason %u)", reason);
}

void story_message(story *s, const message_record *record, GString *change, unsigned text_flags)
{
    const cti_message *message = record->reader->message;

    s->last = record->time;
    if (message == NULL || record->sender != CTI_SERVER)
        return;
    take_agent(s, record, change, text_flags);
    if (message->category != CTI_CATEGORY_CALL_EVENT)
        return;
    take_begin(s, record, text_flags);
    take_connection(s, record, change, text_flags);
    take_link(record, change, text_flags);
    take_end(s, record, change, text_flags);
}

/* ---- the end ---- */

/* A connection that is cleared is not there any more. */
static bool is_cleared(const subject *one, uint32_t state)
{
    return one->states == cti_field_get(CTI_F_LocalConnectionState)->values &&
           state == CTI_V_LocalConnectionState_LCS_NULL;
}

void story_append_totals(story *s, GString *to, const char *indent)
{
    for (guint i = 0; i < s->subjects->len; i++) {
        subject *one = g_ptr_array_index(s->subjects, i);
        const char *separator = ": ";

        if (!one->over)
            add_time(one, s->last);
        g_string_append_printf(to, "%s%s", indent, one->name);
        for (uint32_t state = 0; state < STATES_MAX; state++) {
            if (one->total[state] == 0 || is_cleared(one, state))
                continue;
            g_string_append_printf(to, "%s%s ", separator, state_words(one->states, state));
            append_seconds(to, one->total[state]);
            separator = ", ";
        }
        if (!one->over && one->known)
            g_string_append_printf(to, "%sat last %s", separator,
                                   state_words(one->states, one->state));
        g_string_append_c(to, '\n');
    }
    if (s->left_out > 0)
        g_string_append_printf(to, "%s... and %" G_GUINT64_FORMAT
                               " messages of more calls and agents than are followed\n",
                               indent, s->left_out);
}
