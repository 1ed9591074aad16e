/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random and mutated byte strings through reader, framing and session:
 *     random_bytes COUNT SEED
 * Meant for a build with sanitizers; it checks the reader's promises itself: items cover
 * the message exactly once and in order, point into its bytes, and the reader ends.
 * The byte strings start from messages that the table itself describes, so that most of
 * them get far into the reader, and are then damaged. */
#include "highlights.h"
#include "promises.h"
#include "session.h"

#define BUFFER_SIZE 4096

typedef struct message {
    uint8_t bytes[BUFFER_SIZE];
    uint32_t size;
} message;

static void put_number(message *m, uint32_t number, uint32_t size)
{
    for (uint32_t i = size; i-- > 0;)
        m->bytes[m->size++] = (uint8_t)(i < 4 ? number >> 8 * i : 0);
}

static uint32_t random_length(GRand *random, const cti_slot *slot)
{
    const uint32_t size = CTI_TYPE_SIZE(slot->field->type);
    const uint32_t most = slot->size != 0 ? slot->size : 16;

    return size != 0 ? size : (uint32_t)g_rand_int_range(random, 1, (gint32)most + 1);
}

/* A message as the table describes it, with random content. */
static void make_message(GRand *random, message *m)
{
    const cti_message *type = NULL;
    const bool wide = g_rand_boolean(random);

    while (type == NULL)
        type = cti_message_find((uint32_t)g_rand_int_range(random, 1, CTI_MESSAGE_NEWEST + 1));
    m->size = 0;
    put_number(m, 0, 4);
    put_number(m, type->number, 4);
    if (type->layout_count > 0) {
        const gint32 layout = g_rand_int_range(random, 0, type->layout_count);

        for (uint32_t i = 0; i < type->layouts[layout].count; i++)
            put_number(m, (uint32_t)g_rand_int_range(random, 0, 20),
                       type->layouts[layout].slots[i].size);
    }
    for (uint32_t i = 0; i < type->floating_count && m->size < BUFFER_SIZE - 600; i++) {
        const cti_slot *slot = &type->floating[i];
        const uint32_t length = random_length(random, slot);

        if (g_rand_boolean(random))
            continue;
        put_number(m, slot->tag, wide ? 2 : 1);
        put_number(m, length, wide ? 2 : 1);
        for (uint32_t k = 0; k < length; k++)
            m->bytes[m->size++] = k + 1 < length ? (uint8_t)g_rand_int_range(random, 32, 127) : 0;
    }
    m->bytes[2] = (uint8_t)((m->size - 8) >> 8);
    m->bytes[3] = (uint8_t)(m->size - 8);
}

static void damage(GRand *random, message *m)
{
    const gint32 hits = g_rand_int_range(random, 0, 6);

    for (gint32 i = 0; i < hits; i++)
        m->bytes[g_rand_int_range(random, 0, (gint32)m->size)] = (uint8_t)g_rand_int(random);
    if (g_rand_int_range(random, 0, 4) == 0)
        m->size = (uint32_t)g_rand_int_range(random, 0, (gint32)m->size + 1);
}

static void make_noise(GRand *random, message *m)
{
    m->size = (uint32_t)g_rand_int_range(random, 0, 512);
    for (uint32_t i = 0; i < m->size; i++)
        m->bytes[i] = (uint8_t)g_rand_int(random);
    if (m->size >= 8 && g_rand_boolean(random)) {
        memset(m->bytes, 0, 3);
        memset(m->bytes + 4, 0, 3);
    }
}

static void check_message(const message *m, uint32_t version)
{
    /* A copy whose end is the end of its memory: a sanitizer sees what is read beyond it. */
    uint8_t *bytes = g_memdup2(m->bytes, m->size);
    const cti_context context = {.version = version};
    cti_item highlights[CTI_HIGHLIGHTS_MAX];
    cti_reader reader;

    cti_reader_init(&reader, bytes, m->size, &context);
    cti_highlights(&reader, highlights);
    check_reader(bytes, m->size, &context, NULL);
    for (int state = CTI_FRAME_IN_STEP; state <= CTI_FRAME_SEARCH; state++)
        check_framing(bytes, m->size,
                      (cti_framing){.state = (cti_frame_state)state, .version = version});
    cti_frame_looks(bytes, m->size);
    g_free(bytes);
}

/* ---- sessions ---- */

static cti_sender any_sender(GRand *random)
{
    return g_rand_boolean(random) ? CTI_CLIENT : CTI_SERVER;
}

/* A time of any size, or one near the last. */
static int64_t any_time(GRand *random, int64_t last)
{
    if (g_rand_int_range(random, 0, 20) == 0)
        return (int64_t)((uint64_t)g_rand_int(random) << 32 | g_rand_int(random));
    return (int64_t)((uint64_t)last + g_rand_int(random));
}

/* What TCP may say between two messages. */
static void disturb(GRand *random, cti_session *session, int64_t time, uint32_t frame)
{
    const cti_sender sender = any_sender(random);
    const cti_segment segment = {.sequence = g_rand_int(random),
                                 .flags = g_rand_boolean(random) ? CTI_FLAG_ACK : 0,
                                 .acknowledgment = g_rand_int(random),
                                 .time = time,
                                 .frame = frame};

    cti_session_segment(session, sender, &segment);
    switch (g_rand_int_range(random, 0, 200)) {
    case 0: cti_session_gap(session, sender, g_rand_int(random), time); break;
    case 1: cti_session_doubt(session, sender); break;
    case 2: cti_session_tcp_end(session, CTI_TCP_FIN, sender, time, frame); break;
    case 3: cti_session_tcp_end(session, CTI_TCP_RST, sender, time, frame); break;
    case 4: cti_session_reopen(session, time, frame); break;
    case 5: cti_session_not_captured(session, sender); break;
    default: break;
    }
}

/* The session ends somehow; whatever its verdict, the evidence is whole sentences. */
static void end_session(GRand *random, cti_session *session, int64_t time)
{
    static const cti_end ends[] = {CTI_END_NONE, CTI_END_SUPERSEDED, CTI_END_CAPTURE_ENDED};
    const cti_session_summary *summary = cti_session_get_summary(session);

    cti_session_finish(session, time, ends[g_rand_int_range(random, 0, 3)]);
    REQUIRE(summary->evidence_count <= CTI_EVIDENCE_MAX);
    REQUIRE(summary->verdict < CTI_VERDICT_COUNT);
    for (uint32_t i = 0; i < summary->evidence_count; i++)
        REQUIRE(g_str_has_suffix(summary->evidence[i].text, "."));
    cti_session_free(session);
}

int main(int argc, char **argv)
{
    const long count = argc > 1 ? atol(argv[1]) : 10000;
    GRand *random = g_rand_new_with_seed(argc > 2 ? (guint32)atol(argv[2]) : 1);
    cti_session *session = cti_session_new(NULL, NULL, true);
    int64_t time = 0;
    long messages = 0;

    for (long i = 0; i < count; i++) {
        const cti_moment moment = {time = any_time(random, time), (uint32_t)i + 1,
                                   any_sender(random), NULL};
        cti_message_facts facts;
        cti_reader reader;
        message m;

        if (i % 4 == 0)
            make_noise(random, &m);
        else
            make_message(random, &m);
        if (i % 4 > 1)
            damage(random, &m);
        check_message(&m, i % 3 == 0 ? 0 : (uint32_t)g_rand_int_range(random, 0, 30));
        cti_session_message(session, m.bytes, m.size, &moment, &reader, &facts);
        messages += reader.message != NULL;
        disturb(random, session, moment.time, moment.frame);
        if (g_rand_int_range(random, 0, 100) == 0) {
            end_session(random, session, any_time(random, time));
            session = cti_session_new(NULL, NULL, g_rand_boolean(random));
        }
    }
    end_session(random, session, time);
    g_rand_free(random);
    printf("%ld byte strings, %ld of them messages: all promises kept\n", count, messages);
    return 0;
}
