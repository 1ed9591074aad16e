/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Redacted records (see redacted.h). */
#include "redacted.h"

#include <arpa/inet.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "codec/redaction.h"

/* Sides of servers whose addresses are counted: by cti_side. */
#define SIDES 3

struct redacted {
    const record_writer *writer;
    void *user;
    cti_redaction *redaction;
    char *const *files;
    GHashTable *addresses; /* GBytes of an address -> its name */
    uint32_t clients, servers[SIDES];
    GPtrArray *kept; /* of kept_client */
    GPtrArray *maintenances; /* of kept_maintenance */
    GPtrArray *outages; /* of cti_outage_history: they live as long as the original ones */
    /* What is handed on, for the time of a call. */
    session_record session;
    cti_session_summary session_facts;
    connection_record connection;
    cti_message_facts message_facts;
    cti_reader reader;
    GString *text;
};

/* ---- addresses ---- */

static char *name_client(redacted *r)
{
    return g_strdup_printf("client-%u", ++r->clients);
}

/* "server-A", "server-A2", and by numbers alone where the side is not known. */
static char *name_server(redacted *r, cti_side side)
{
    const uint32_t number = ++r->servers[side < SIDES ? side : CTI_SIDE_UNKNOWN];
    const char *letter = cti_side_name(side);

    if (letter != NULL && number == 1)
        return g_strdup_printf("server-%s", letter);
    return g_strdup_printf("server-%s%u", letter != NULL ? letter : "", number);
}

static void redact_endpoint(redacted *r, endpoint *point, bool is_client, cti_side side)
{
    GBytes *address;
    const char *name;

    if (point->address_size != 4 && point->address_size != 16)
        return;
    address = g_bytes_new(point->address, point->address_size);
    name = g_hash_table_lookup(r->addresses, address);
    if (name == NULL) {
        char *made = is_client ? name_client(r) : name_server(r, side);

        g_hash_table_insert(r->addresses, g_bytes_ref(address), made);
        name = made;
    }
    g_bytes_unref(address);
    memset(point->address, 0, sizeof(point->address));
    g_strlcpy((char *)point->address, name, sizeof(point->address));
    point->address_size = ENDPOINT_NAMED;
}

static const connection_record *redact_connection(redacted *r, const connection_record *original)
{
    r->connection = *original;
    redact_endpoint(r, &r->connection.client, true, original->side);
    redact_endpoint(r, &r->connection.server, false, original->side);
    if (original->other_answer.count > 0)
        redact_endpoint(r, &r->connection.other_answer.server, false, original->side);
    for (int i = 0; i < 2; i++) /* the bytes may name anybody */
        r->connection.not_cti[i].size = 0;
    return &r->connection;
}

/* ---- text ---- */

static bool is_word(char c)
{
    return g_ascii_isalnum(c) || (unsigned char)c >= 0x80;
}

/* True if the size bytes at offset are no part of a longer name, number or address. */
static bool stands_alone(const GString *text, gsize offset, gsize size)
{
    const char *const before = text->str + offset, *const behind = before + size;

    if (offset > 0 && (is_word(before[-1]) || (before[-1] == '.' && offset > 1 &&
                                               g_ascii_isdigit(before[-2]))))
        return false;
    return !is_word(behind[0]) && !(behind[0] == '.' && g_ascii_isdigit(behind[1]));
}

/* Puts name in place of each value in text. */
static void replace(GString *text, const char *value, const char *name)
{
    const gsize size = strlen(value), name_size = strlen(name);
    gsize from = 0;
    const char *found;

    while (size > 0 && (found = strstr(text->str + from, value)) != NULL) {
        const gsize offset = (gsize)(found - text->str);

        from = offset + 1;
        if (!stands_alone(text, offset, size))
            continue;
        g_string_erase(text, (gssize)offset, (gssize)size);
        g_string_insert_len(text, (gssize)offset, name, (gssize)name_size);
        from = offset + name_size;
    }
}

static void replace_files(const redacted *r, GString *text)
{
    for (uint32_t i = 0; r->files[i] != NULL; i++) {
        char *name = g_strdup_printf("file-%u", i + 1);

        if (strcmp(r->files[i], "-") != 0)
            replace(text, r->files[i], name);
        g_free(name);
    }
}

static void replace_addresses(const redacted *r, GString *text)
{
    GHashTableIter all;
    gpointer key, name;

    g_hash_table_iter_init(&all, r->addresses);
    while (g_hash_table_iter_next(&all, &key, &name)) {
        gsize size;
        const void *address = g_bytes_get_data(key, &size);
        char value[INET6_ADDRSTRLEN];

        if (inet_ntop(size == 4 ? AF_INET : AF_INET6, address, value, sizeof(value)) != NULL)
            replace(text, value, name);
    }
}

/* ---- sessions and messages ---- */

static void redact_name(redacted *r, char *name, size_t size)
{
    g_strlcpy(name, cti_redaction_token(r->redaction, name, strlen(name)), size);
}

static const session_record *redact_session(redacted *r, const session_record *original)
{
    if (original == NULL)
        return NULL;
    r->session = *original;
    r->session.connection = redact_connection(r, original->connection);
    r->session_facts = *original->session;
    redact_name(r, r->session_facts.client_id, sizeof(r->session_facts.client_id));
    redact_name(r, r->session_facts.client_signature, sizeof(r->session_facts.client_signature));
    r->session.session = &r->session_facts;
    return &r->session;
}

static void redacted_message(void *user, const message_record *original)
{
    redacted *r = user;
    message_record copy = *original;

    if (r->writer->message == NULL)
        return;
    r->reader = *original->reader;
    r->reader.redaction = r->redaction;
    r->message_facts = *original->facts;
    r->message_facts.context.redaction = r->redaction;
    copy.reader = &r->reader;
    copy.facts = &r->message_facts;
    copy.session = redact_session(r, original->session);
    r->writer->message(r->user, &copy);
}

static void redacted_finding(void *user, const session_record *session,
                             const cti_finding *original)
{
    redacted *r = user;
    cti_finding copy = *original;
    const session_record *shown = redact_session(r, session);

    if (r->writer->finding == NULL)
        return;
    g_string_assign(r->text, original->text);
    if (session != NULL) {
        replace(r->text, session->session->client_id, shown->session->client_id);
        replace(r->text, session->session->client_signature, shown->session->client_signature);
    }
    if (original->named != NULL)
        replace(r->text, original->named,
                cti_redaction_token(r->redaction, original->named, strlen(original->named)));
    copy.named = NULL;
    replace_addresses(r, r->text);
    g_strlcpy(copy.text, r->text->str, sizeof(copy.text));
    r->writer->finding(r->user, shown, &copy);
}

/* ---- clients ---- */

/* A client as it is handed on: it lives as long as the one it was made of. */
typedef struct kept_client {
    cti_client client;
    cti_leg *legs;
    const cti_leg **pointers;
    cti_client_outage *outages;
    char *id, *signature;
} kept_client;

static void free_client(gpointer data)
{
    kept_client *kept = data;

    g_free(kept->legs);
    g_free(kept->pointers);
    g_free(kept->outages);
    g_free(kept->id);
    g_free(kept->signature);
    g_free(kept);
}

static char *redacted_name(redacted *r, const char *name)
{
    return g_strdup(cti_redaction_token(r->redaction, name, strlen(name)));
}

/* The copy of a leg, which may be NULL. */
static const cti_leg *copied(GHashTable *copies, const cti_leg *leg)
{
    return leg != NULL ? g_hash_table_lookup(copies, leg) : NULL;
}

static kept_client *copy_client(redacted *r, const cti_client *original)
{
    kept_client *kept = g_new0(kept_client, 1);
    GHashTable *copies = g_hash_table_new(NULL, NULL);

    kept->client = *original;
    kept->id = redacted_name(r, original->id);
    kept->signature = redacted_name(r, original->signature);
    kept->legs = g_new(cti_leg, original->leg_count);
    kept->pointers = g_new(const cti_leg *, original->leg_count);
    kept->outages = g_memdup2(original->outages, original->outage_count * sizeof(cti_client_outage));
    for (uint32_t i = 0; i < original->leg_count; i++) {
        cti_leg *leg = &kept->legs[i];

        *leg = *original->legs[i];
        leg->id = kept->id;
        leg->signature = kept->signature;
        redact_endpoint(r, &leg->client, true, leg->side);
        redact_endpoint(r, &leg->server, false, leg->side);
        if (leg->other_answer.count > 0)
            redact_endpoint(r, &leg->other_answer.server, false, leg->side);
        kept->pointers[i] = leg;
        g_hash_table_insert(copies, (gpointer)original->legs[i], leg);
    }
    for (uint32_t i = 0; i < original->outage_count; i++) {
        cti_client_outage *outage = &kept->outages[i];

        outage->left = copied(copies, outage->left);
        outage->to = copied(copies, outage->to);
        outage->first_attempt = copied(copies, outage->first_attempt);
    }
    g_hash_table_destroy(copies);
    kept->client.id = kept->id;
    kept->client.signature = kept->signature;
    kept->client.legs = kept->pointers;
    kept->client.outages = kept->outages;
    return kept;
}

static void redacted_client(void *user, const cti_client *original)
{
    redacted *r = user;
    kept_client *kept;

    if (r->writer->client == NULL)
        return;
    kept = copy_client(r, original);
    g_ptr_array_add(r->kept, kept);
    r->writer->client(r->user, &kept->client);
}

static void redacted_storm(void *user, const cti_storm *original)
{
    redacted *r = user;
    cti_storm copy = *original;

    redact_endpoint(r, &copy.server, false, copy.side);
    if (r->writer->storm != NULL)
        r->writer->storm(r->user, &copy);
}

static void redacted_outage(void *user, const cti_outage_history *original)
{
    redacted *r = user;
    cti_outage_history *copy;

    if (r->writer->outage == NULL)
        return;
    copy = g_memdup2(original, sizeof(*original));
    redact_endpoint(r, &copy->server, false, copy->side);
    g_ptr_array_add(r->outages, copy);
    r->writer->outage(r->user, copy);
}

/* A maintenance as it is handed on: it lives as long as the one it was made of. */
typedef struct kept_maintenance {
    cti_maintenance maintenance;
    cti_maintenance_client *clients;
    char **ids;
} kept_maintenance;

static void free_maintenance(gpointer data)
{
    kept_maintenance *kept = data;

    g_free(kept->clients);
    g_strfreev(kept->ids);
    g_free(kept);
}

static void redacted_maintenance(void *user, const cti_maintenance *original)
{
    redacted *r = user;
    kept_maintenance *kept;

    if (r->writer->maintenance == NULL)
        return;
    kept = g_new0(kept_maintenance, 1);
    kept->maintenance = *original;
    kept->clients =
        g_memdup2(original->clients, original->client_count * sizeof(*original->clients));
    kept->ids = g_new0(char *, original->client_count + 1);
    redact_endpoint(r, &kept->maintenance.server, false, original->side);
    redact_endpoint(r, &kept->maintenance.other, false, original->other_side);
    for (uint32_t i = 0; i < original->client_count; i++) {
        kept->ids[i] = redacted_name(r, original->clients[i].id);
        kept->clients[i].id = kept->ids[i];
        redact_endpoint(r, &kept->clients[i].client, true, original->side);
    }
    kept->maintenance.clients = kept->clients;
    g_ptr_array_add(r->maintenances, kept);
    r->writer->maintenance(r->user, &kept->maintenance);
}

/* ---- the other records: only their session and connection tell names ---- */

static void redacted_begin(void *user, unsigned time_digits)
{
    redacted *r = user;

    if (r->writer->begin != NULL)
        r->writer->begin(r->user, time_digits);
}

static void redacted_heartbeat(void *user, const session_record *session,
                               const cti_heartbeat *heartbeat)
{
    redacted *r = user;

    if (r->writer->heartbeat != NULL)
        r->writer->heartbeat(r->user, redact_session(r, session), heartbeat);
}

static void redacted_request(void *user, const session_record *session,
                             const cti_request *request)
{
    redacted *r = user;

    if (r->writer->request != NULL)
        r->writer->request(r->user, redact_session(r, session), request);
}

static void redacted_silence(void *user, const session_record *session,
                             const cti_silence *silence)
{
    redacted *r = user;

    if (r->writer->silence != NULL)
        r->writer->silence(r->user, redact_session(r, session), silence);
}

static void redacted_gap(void *user, const gap_record *original)
{
    redacted *r = user;
    gap_record copy = *original;

    if (r->writer->gap == NULL)
        return;
    copy.session = redact_session(r, original->session);
    copy.connection = redact_connection(r, original->connection);
    r->writer->gap(r->user, &copy);
}

static void redacted_tcp_end(void *user, const session_record *session, cti_tcp_end how,
                             cti_sender sender, int64_t time, uint32_t frame)
{
    redacted *r = user;

    if (r->writer->tcp_end != NULL)
        r->writer->tcp_end(r->user, redact_session(r, session), how, sender, time, frame);
}

static void redacted_session_end(void *user, const session_record *session)
{
    redacted *r = user;

    if (r->writer->session != NULL)
        r->writer->session(r->user, redact_session(r, session));
}

static void redacted_connection(void *user, const connection_record *connection)
{
    redacted *r = user;

    if (r->writer->connection != NULL)
        r->writer->connection(r->user, redact_connection(r, connection));
}

static void redacted_wait(void *user)
{
    redacted *r = user;

    if (r->writer->wait != NULL)
        r->writer->wait(r->user);
}

static void redacted_summary(void *user, const summary_record *original)
{
    static const char said[] = "redacted: values that name a person, a number or a customer are "
                               "tokens (r:...), the same for the same value in this output only";
    redacted *r = user;
    summary_record copy = *original;
    GPtrArray *notes = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(notes, g_strdup(said));
    for (uint32_t i = 0; i < original->note_count; i++) {
        g_string_assign(r->text, original->notes[i]);
        replace_files(r, r->text);
        replace_addresses(r, r->text);
        g_ptr_array_add(notes, g_strdup(r->text->str));
    }
    copy.notes = (const char *const *)notes->pdata;
    copy.note_count = notes->len;
    if (r->writer->summary != NULL)
        r->writer->summary(r->user, &copy);
    g_ptr_array_unref(notes);
}

const record_writer redacted_writer = {
    .begin = redacted_begin,
    .message = redacted_message,
    .heartbeat = redacted_heartbeat,
    .request = redacted_request,
    .silence = redacted_silence,
    .gap = redacted_gap,
    .finding = redacted_finding,
    .tcp_end = redacted_tcp_end,
    .session = redacted_session_end,
    .connection = redacted_connection,
    .client = redacted_client,
    .storm = redacted_storm,
    .outage = redacted_outage,
    .maintenance = redacted_maintenance,
    .wait = redacted_wait,
    .summary = redacted_summary,
};

/* ---- life ---- */

redacted *redacted_new(const uint8_t *key, size_t key_size, char *const *files,
                       const record_writer *writer, void *user)
{
    redacted *r = g_new0(redacted, 1);

    r->writer = writer;
    r->user = user;
    r->redaction = cti_redaction_new(key, key_size);
    r->files = files;
    r->addresses = g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
                                         (GDestroyNotify)g_bytes_unref, g_free);
    r->kept = g_ptr_array_new_with_free_func(free_client);
    r->maintenances = g_ptr_array_new_with_free_func(free_maintenance);
    r->outages = g_ptr_array_new_with_free_func(g_free);
    r->text = g_string_new(NULL);
    return r;
}

void redacted_free(redacted *r)
{
    cti_redaction_free(r->redaction);
    g_hash_table_unref(r->addresses);
    g_ptr_array_unref(r->kept);
    g_ptr_array_unref(r->outages);
    g_ptr_array_unref(r->maintenances);
    g_string_free(r->text, TRUE);
    g_free(r);
}
