/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who holds an agent's phone (see clients_phones.h). */
#include "clients_phones.h"

#include <string.h>

#include "clients_private.h"
#include "rules.h"

/* What names a phone, or the agent who uses it, the most certain one first. */
enum { NAMES = 3 };
static const cti_field_id name_fields[NAMES] = {CTI_F_AgentInstrument, CTI_F_AgentExtension,
                                                CTI_F_AgentID};

struct cti_phones {
    GHashTable *holders; /* key_of() -> the cti_phone whose session opened last */
};

struct cti_phone {
    cti_phones *phones;
    cti_session *session;
    uint32_t number; /* of the session */
    cti_endpoint server;
    uint32_t peripheral;
    char *names[NAMES];             /* NULL where not known */
    cti_phone *replaced, *replaces; /* by whom, and whom, while both live; or NULL */
};

cti_phones *cti_phones_new(void)
{
    cti_phones *phones = g_new0(cti_phones, 1);

    phones->holders = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return phones;
}

void cti_phones_free(cti_phones *phones)
{
    g_hash_table_destroy(phones->holders);
    g_free(phones);
}

/* ---- names ---- */

/* NULL where the message does not have it; of a cut message the value may be cut. */
static char *read_name(const cti_reader *reader, cti_field_id field)
{
    cti_item item;

    if (cti_reader_is_cut(reader) || !cti_reader_find(reader, field, &item) || item.text == NULL ||
        item.text_length == 0)
        return NULL;
    return g_strndup(item.text, item.text_length);
}

static void read_names(cti_phone *phone, const cti_reader *reader)
{
    for (int i = 0; i < NAMES; i++)
        if (phone->names[i] == NULL)
            phone->names[i] = read_name(reader, name_fields[i]);
}

static char *key_of(const cti_phone *phone, int name)
{
    uint64_t address[2];

    memcpy(address, phone->server.address, sizeof(address));
    return g_strdup_printf("%" G_GINT64_MODIFIER "x %" G_GINT64_MODIFIER "x %u %u %d %s",
                           address[0], address[1], phone->server.port, phone->peripheral, name,
                           phone->names[name]);
}

/* ---- holders ---- */

/* Holds the phone from now on. */
static void hold(cti_phone *phone)
{
    for (int i = 0; i < NAMES; i++)
        if (phone->names[i] != NULL)
            g_hash_table_insert(phone->phones->holders, key_of(phone, i), phone);
}

/* The session that opened last for the phone by this name, or NULL. */
static cti_phone *holder_by(const cti_phone *phone, int name)
{
    char *key = key_of(phone, name);
    cti_phone *found = g_hash_table_lookup(phone->phones->holders, key);

    g_free(key);
    return found;
}

static void let_go(cti_phone *phone)
{
    for (int i = 0; i < NAMES; i++) {
        char *key = phone->names[i] != NULL ? key_of(phone, i) : NULL;

        if (key != NULL && g_hash_table_lookup(phone->phones->holders, key) == phone)
            g_hash_table_remove(phone->phones->holders, key);
        g_free(key);
    }
}

/* Another session that opened for the same phone, and by which of its names; or NULL. */
static cti_phone *find_other(const cti_phone *phone, cti_field_id *by)
{
    for (int i = 0; i < NAMES; i++) {
        cti_phone *found = phone->names[i] != NULL ? holder_by(phone, i) : NULL;

        *by = name_fields[i];
        if (found != NULL && found != phone)
            return found;
    }
    return NULL;
}

static bool is_same_client(const cti_phone *a, const cti_phone *b)
{
    const cti_session_summary *x = &a->session->summary, *y = &b->session->summary;

    return x->client_id[0] != '\0' && strcmp(x->client_id, y->client_id) == 0 &&
           strcmp(x->client_signature, y->client_signature) == 0;
}

/* True if the session is open at this time for sure: its end may have been missed. */
static bool is_open(const cti_phone *phone, int64_t time)
{
    const cti_session *session = phone->session;

    return session->summary.state == CTI_STATE_OPEN && session->summary.end_frame == 0 &&
           !session->rules.client_in_doubt && !session->rules.server_in_doubt &&
           cti_session_idle_share(session, cti_elapsed(session->rules.client_heard_time, time)) < 1;
}

/* ---- what messages show ---- */

static bool asks_for_phone(const cti_session_summary *summary)
{
    return summary->services_requested & CTI_V_CTIServiceMasks_CTI_SERVICE_CLIENT_EVENTS;
}

static void note_successor(cti_phone *older, cti_phone *newer)
{
    const cti_session_summary *summary = &newer->session->summary;

    if (older->replaced != NULL)
        older->replaced->replaces = NULL;
    older->replaced = newer;
    newer->replaces = older;
    older->session->rules.successor = (cti_successor){.session = newer->number,
                                                      .frame = summary->open_frame,
                                                      .asked = summary->open_time,
                                                      .opened = CTI_NO_TIME};
}

cti_phone *cti_phones_ask(cti_phones *phones, cti_session *session, uint32_t number,
                          const cti_endpoint *server, const cti_reader *open_req)
{
    cti_phone *phone, *older;
    cti_field_id by;

    if (!asks_for_phone(&session->summary))
        return NULL;
    phone = g_new0(cti_phone, 1);
    phone->phones = phones;
    phone->session = session;
    phone->number = number;
    phone->server = *server;
    phone->peripheral = cti_reader_number(open_req, CTI_F_PeripheralID);
    read_names(phone, open_req);
    older = find_other(phone, &by);
    if (older != NULL && is_same_client(older, phone) &&
        older->session->summary.state == CTI_STATE_OPEN)
        note_successor(older, phone);
    return phone;
}

void cti_phone_find_holder(cti_phone *phone, int64_t time)
{
    cti_holder *holder = &phone->session->rules.holder;
    const cti_phone *other;
    cti_field_id by;

    *holder = (cti_holder){0};
    other = find_other(phone, &by);
    if (other == NULL || !is_open(other, time))
        return;
    holder->session = other->number;
    holder->frame = other->session->summary.open_answer_frame;
    holder->by = by;
    g_strlcpy(holder->client_id, other->session->summary.client_id, sizeof(holder->client_id));
}

void cti_phone_opened(cti_phone *phone, const cti_reader *open_conf)
{
    const cti_session_summary *summary = &phone->session->summary;

    if (phone->replaces != NULL)
        phone->replaces->session->rules.successor.opened = summary->open_answer_time;
    if (summary->has_services_granted &&
        !(summary->services_granted & CTI_V_CTIServiceMasks_CTI_SERVICE_CLIENT_EVENTS))
        return;
    read_names(phone, open_conf);
    hold(phone);
}

void cti_phone_refused(cti_phone *phone)
{
    if (phone->replaces == NULL)
        return;
    phone->replaces->session->rules.successor = (cti_successor){0};
    phone->replaces->replaced = NULL;
    phone->replaces = NULL;
}

/* A supervisor's session has events of other agents, too. */
void cti_phone_learn(cti_phone *phone, const cti_reader *event)
{
    const int agent_id = NAMES - 1;
    char *agent;

    if (phone->names[agent_id] == NULL || (phone->names[0] != NULL && phone->names[1] != NULL) ||
        cti_reader_number(event, CTI_F_PeripheralID) != phone->peripheral)
        return;
    agent = read_name(event, CTI_F_AgentID);
    if (g_strcmp0(agent, phone->names[agent_id]) == 0 && holder_by(phone, agent_id) == phone) {
        read_names(phone, event);
        hold(phone);
    }
    g_free(agent);
}

void cti_phone_free(cti_phone *phone)
{
    if (phone == NULL)
        return;
    let_go(phone);
    if (phone->replaced != NULL)
        phone->replaced->replaces = NULL;
    if (phone->replaces != NULL)
        phone->replaces->replaced = NULL;
    for (int i = 0; i < NAMES; i++)
        g_free(phone->names[i]);
    g_free(phone);
}
