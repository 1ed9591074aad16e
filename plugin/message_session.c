/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the session tells of a message, and how it ends, in the tree (see message_internal.h). */
#include "message_internal.h"

#include "experts.h"
#include "labels.h"
#include "text.h"

static int protocol_id = -1;

static int hf_version = -1;
static int hf_version_inferred = -1;
static int hf_sender = -1;
static int hf_session = -1;
static int hf_session_client_id = -1;
static int hf_session_side = -1;
static int hf_session_services = -1;
static int hf_session_type = -1;
static int hf_session_events_of = -1;
static int hf_session_call_events = -1;
static int hf_session_agent_states = -1;
static int hf_session_config_events = -1;
static int hf_session_state = -1;
static int hf_session_verdict = -1;
static int hf_verdict_for = -1;
static int hf_verdict_against = -1;
static int hf_verdict_frame = -1;
static int hf_verdict_blame = -1;
static int hf_verdict_check = -1;
static int hf_response_in = -1;
static int hf_response_to = -1;
static int hf_response_time = -1;
static int hf_unanswered = -1;
static int hf_heartbeat_gap = -1;
static int hf_heartbeat_missed = -1;
static int hf_idle_share = -1;
static int hf_finding = -1;
static int hf_finding_protocol = -1;
static int hf_finding_check = -1;
static int hf_finding_frame = -1;

static int ett_events = -1;
static int ett_end = -1;
static int ett_finding = -1;
static int ett_verdict = -1;
static int ett_evidence = -1;

static const cti_value_set *service_names;

/* So many names of events are shorter than Wireshark's longest label. */
#define EVENT_NAMES_MAX 6

void message_session_register(int protocol)
{
    static hf_register_info fields[] = {
        {&hf_version,
         {"Protocol version", "cti.version", FT_UINT32, BASE_DEC, NULL, 0,
          "Version of the protocol that the session uses", HFILL}},
        {&hf_version_inferred,
         {"Version inferred", "cti.version.inferred", FT_BOOLEAN, BASE_NONE, NULL, 0,
          "OPEN_REQ was not captured: the version was inferred from the messages", HFILL}},
        {&hf_sender,
         {"Sender", "cti.sender", FT_STRING, BASE_NONE, NULL, 0, "client or server", HFILL}},
        {&hf_session,
         {"Session", "cti.session", FT_UINT32, BASE_DEC, NULL, 0,
          "Number of the session in this capture", HFILL}},
        {&hf_session_client_id,
         {"Client of the session", "cti.session.client_id", FT_STRING, BASE_NONE, NULL, 0,
          "ClientID of the session's OPEN_REQ", HFILL}},
        {&hf_session_side,
         {"Side of the server", "cti.session.side", FT_STRING, BASE_NONE, NULL, 0,
          "A or B, by the server's port", HFILL}},
        {&hf_session_services,
         {"Services of the session", "cti.session.services", FT_UINT32, BASE_HEX, NULL, 0,
          "Granted by OPEN_CONF, or requested before OPEN_CONF", HFILL}},
        {&hf_session_events_of,
         {"Events of", "cti.session.events_of", FT_STRING, BASE_NONE, NULL, 0,
          "Whose events the session gets, by its services", HFILL}},
        {&hf_session_call_events,
         {"Call events", "cti.session.call_events", FT_STRING, BASE_NONE, NULL, 0,
          "Call events that OPEN_REQ of the session asked for", HFILL}},
        {&hf_session_agent_states,
         {"Agent states", "cti.session.agent_states", FT_STRING, BASE_NONE, NULL, 0,
          "Agent states whose events OPEN_REQ of the session asked for", HFILL}},
        {&hf_session_config_events,
         {"Configuration events", "cti.session.config_events", FT_STRING, BASE_NONE, NULL, 0,
          "Configuration events that OPEN_REQ of the session asked for", HFILL}},
        {&hf_session_type,
         {"Session type", "cti.session.type", FT_STRING, BASE_NONE, NULL, 0,
          "active or standby: SessionType of OPEN_CONF, and active after STANDBY_ACTIVE_EVENT",
          HFILL}},
        {&hf_session_state,
         {"State of the session", "cti.session.state", FT_STRING, BASE_NONE, NULL, 0,
          "After this message", HFILL}},
        {&hf_session_verdict,
         {"Why the session ended", "cti.session.verdict", FT_STRING, BASE_NONE, NULL, 0,
          "On the packet that ended it", HFILL}},
        {&hf_verdict_for,
         {"Because", "cti.session.verdict.for", FT_STRING, BASE_NONE, NULL, 0,
          "A fact that led to the verdict", HFILL}},
        {&hf_verdict_against,
         {"But", "cti.session.verdict.against", FT_STRING, BASE_NONE, NULL, 0,
          "A fact that speaks against the verdict", HFILL}},
        {&hf_verdict_blame,
         {"Blame", "cti.session.verdict.blame", FT_STRING, BASE_NONE, NULL, 0,
          "Where the fault is to be looked for, as far as the capture shows it", HFILL}},
        {&hf_verdict_check,
         {"What to check", "cti.session.verdict.check", FT_STRING, BASE_NONE, NULL, 0, NULL,
          HFILL}},
        {&hf_verdict_frame,
         {"Frame", "cti.session.verdict.frame", FT_FRAMENUM, BASE_NONE, NULL, 0, NULL,
          HFILL}},
        {&hf_response_in,
         {"Response in", "cti.response_in", FT_FRAMENUM, BASE_NONE,
          FRAMENUM_TYPE(FT_FRAMENUM_RESPONSE), 0, "The response to this request is in this frame",
          HFILL}},
        {&hf_response_to,
         {"Request in", "cti.response_to", FT_FRAMENUM, BASE_NONE,
          FRAMENUM_TYPE(FT_FRAMENUM_REQUEST), 0, "The request of this response is in this frame",
          HFILL}},
        {&hf_response_time,
         {"Response time", "cti.response_time", FT_RELATIVE_TIME, BASE_NONE, NULL, 0,
          "Time from the request to this response", HFILL}},
        {&hf_unanswered,
         {"Unanswered", "cti.unanswered", FT_BOOLEAN, BASE_NONE, NULL, 0,
          "There was no response, and the capture would contain it", HFILL}},
        {&hf_heartbeat_gap,
         {"Silence of the client", "cti.heartbeat.gap", FT_RELATIVE_TIME, BASE_NONE, NULL, 0,
          "Time since the client's last message", HFILL}},
        {&hf_heartbeat_missed,
         {"Heartbeats missed", "cti.heartbeat.missed", FT_UINT32, BASE_DEC, NULL, 0,
          "Consecutive HEARTBEAT_REQ without a response so far", HFILL}},
        {&hf_idle_share,
         {"Share of IdleTimeout in percent", "cti.idle_share", FT_DOUBLE, BASE_NONE, NULL, 0,
          "The client's silence as a share of IdleTimeout", HFILL}},
        {&hf_finding,
         {"Finding", "cti.finding", FT_STRING, BASE_NONE, NULL, 0,
          "A rule of the protocol that was broken", HFILL}},
        {&hf_finding_protocol,
         {"Protocol", "cti.finding.protocol", FT_STRING, BASE_NONE, NULL, 0,
          "What the protocol asks for", HFILL}},
        {&hf_finding_check,
         {"What to check", "cti.finding.check", FT_STRING, BASE_NONE, NULL, 0, NULL, HFILL}},
        {&hf_finding_frame,
         {"Frame", "cti.finding.frame", FT_FRAMENUM, BASE_NONE, NULL, 0, NULL, HFILL}},
    };
    static int *subtrees[] = {&ett_events, &ett_end, &ett_finding, &ett_verdict, &ett_evidence};

    protocol_id = protocol;
    service_names = cti_field_get(CTI_F_ServicesGranted)->values;
    proto_register_field_array(protocol, fields, array_length(fields));
    proto_register_subtree_array(subtrees, array_length(subtrees));
}

/* ---- a message ---- */

static void add_duration(proto_tree *tree, tvbuff_t *tvb, int hf, int64_t duration)
{
    const nstime_t time = {(time_t)(duration / CTI_SECOND), (int)(duration % CTI_SECOND)};

    proto_item_set_generated(proto_tree_add_time(tree, hf, tvb, 0, 0, &time));
}

static void add_word(proto_tree *tree, tvbuff_t *tvb, int hf, const char *word)
{
    proto_item_set_generated(label_add_string(tree, hf, tvb, 0, 0, word));
}

static void add_uint(proto_tree *tree, tvbuff_t *tvb, int hf, uint32_t number)
{
    proto_item_set_generated(proto_tree_add_uint(tree, hf, tvb, 0, 0, number));
}

/* Of the names of services, after their number. */
#define SERVICES_MAX 150u

/* A word with a subtree, which is returned. */
static proto_tree *add_parent(proto_tree *tree, tvbuff_t *tvb, int hf, const char *word)
{
    proto_item *item = proto_tree_add_string(tree, hf, tvb, 0, 0, word);

    proto_item_set_generated(item);
    return proto_item_add_subtree(item, ett_events);
}

/* Whose events the session gets, and under it which of them OPEN_REQ asked for. */
static void add_subscription(const view *v, proto_tree *tree, const session_note *note)
{
    static const struct {
        int *hf;
        cti_event_kinds kinds;
    } masks[] = {
        {&hf_session_call_events, CTI_CALL_EVENTS},
        {&hf_session_agent_states, CTI_AGENT_STATES},
        {&hf_session_config_events, CTI_CONFIG_EVENTS},
    };
    const cti_subscription *asked = &note->data->summary.subscription;
    bool wanted = proto_field_is_referenced(tree, hf_session_events_of);
    proto_tree *events;

    for (size_t i = 0; i < array_length(masks); i++)
        wanted |= proto_field_is_referenced(tree, *masks[i].hf);
    if (!wanted || note->data->summary.open_frame == 0 || note->state == CTI_STATE_REJECTED)
        return;
    g_string_truncate(v->scratch, 0);
    cti_subscription_sources(v->scratch, asked, note->services);
    events = add_parent(tree, v->tvb, hf_session_events_of, v->scratch->str);
    for (size_t i = 0; i < array_length(masks); i++) {
        g_string_truncate(v->scratch, 0);
        cti_subscription_kinds(v->scratch, asked, masks[i].kinds, EVENT_NAMES_MAX);
        add_word(events, v->tvb, *masks[i].hf, v->scratch->str);
    }
}

static void add_session(const view *v, proto_tree *tree, const session_note *note)
{
    proto_item *services;

    if (note->sender != CTI_EITHER)
        add_word(tree, v->tvb, hf_sender, note->sender == CTI_CLIENT ? "client" : "server");
    if (note->number == 0)
        return;
    add_uint(tree, v->tvb, hf_session, note->number);
    if (note->data->client_id != NULL)
        add_word(tree, v->tvb, hf_session_client_id, note->data->client_id);
    if (note->data->side != CTI_SIDE_UNKNOWN)
        add_word(tree, v->tvb, hf_session_side, cti_side_name(note->data->side));
    if (cti_session_type_name(note->type) != NULL)
        add_word(tree, v->tvb, hf_session_type, cti_session_type_name(note->type));
    add_word(tree, v->tvb, hf_session_state, cti_state_name(note->state));
    if (!note->has_services)
        return;
    add_subscription(v, tree, note);
    services = proto_tree_add_uint(tree, hf_session_services, v->tvb, 0, 0, note->services);
    proto_item_set_generated(services);
    if (message_is_visible(tree)) {
        g_string_truncate(v->scratch, 0);
        cti_text_mask(v->scratch, service_names, note->services);
        label_shorten(v->scratch, SERVICES_MAX);
        proto_item_append_text(services, " (%s)", v->scratch->str);
    }
}

static void add_links(const view *v, proto_tree *tree, const message_note *note)
{
    if (note->unanswered) {
        proto_item *item = proto_tree_add_boolean(tree, hf_unanswered, v->tvb, 0, 0, true);

        proto_item_set_generated(item);
    }
    if (note->response_in != 0)
        add_uint(tree, v->tvb, hf_response_in, note->response_in);
    if (note->response_to != 0) {
        add_uint(tree, v->tvb, hf_response_to, note->response_to);
        if (note->response_time != CTI_NO_TIME)
            add_duration(tree, v->tvb, hf_response_time, note->response_time);
    }
}

void message_add_session(const view *v, proto_tree *tree, const message_note *note)
{
    add_session(v, tree, &note->session);
    if (note->version != 0) {
        proto_item *inferred;

        add_uint(tree, v->tvb, hf_version, note->version);
        inferred = proto_tree_add_boolean(tree, hf_version_inferred, v->tvb, 0, 0,
                                          note->version_inferred);
        proto_item_set_generated(inferred);
    }
    add_links(v, tree, note);
    if (note->client_gap != CTI_NO_TIME)
        add_duration(tree, v->tvb, hf_heartbeat_gap, note->client_gap);
    if (note->missed_run > 0)
        add_uint(tree, v->tvb, hf_heartbeat_missed, note->missed_run);
    if (note->idle_share >= 0)
        proto_item_set_generated(
            proto_tree_add_double(tree, hf_idle_share, v->tvb, 0, 0, 100 * note->idle_share));
}

void message_add_finding(const view *v, proto_tree *tree, const finding_note *note)
{
    proto_item *item = label_add_string(tree, hf_finding, v->tvb, 0, 0, note->text);
    proto_tree *parts = proto_item_add_subtree(item, ett_finding);
    GString *protocol = g_string_new(NULL);

    cti_rule_text(protocol, note->rule);
    proto_item_set_generated(item);
    add_word(parts, v->tvb, hf_finding_protocol, protocol->str);
    if (note->check != NULL)
        add_word(parts, v->tvb, hf_finding_check, note->check);
    for (uint32_t i = 0; i < note->frame_count; i++)
        add_uint(parts, v->tvb, hf_finding_frame, note->frames[i]);
    g_string_free(protocol, TRUE);
    experts_add_finding(v->pinfo, item, note->rule, note->severity, note->text);
}

/* ---- the end of a session ---- */

/* A tree for what is about no message. */
static proto_tree *add_end(const view *v, proto_item **item)
{
    *item = proto_tree_add_item(v->tree, protocol_id, v->tvb, 0, 0, ENC_NA);
    proto_item_set_generated(*item);
    return proto_item_add_subtree(*item, ett_end);
}

/* "lost", "closed" ...; "ended" where that was planned, or was the client's choice; "replaced" by the
 * client's next session. */
static const char *end_word(const frame_note *frame)
{
    const cti_fate fate =
        frame->finished ? cti_verdict_fate(frame->end.data->summary.verdict) : CTI_FATE_GOES_ON;

    if (fate == CTI_FATE_REPLACED)
        return "replaced";
    return fate == CTI_FATE_PLANNED || fate == CTI_FATE_LEFT ? "ended"
                                                             : cti_state_name(frame->end.state);
}

/* "[CTI session 1 lost: heartbeats-unanswered] " before what TCP says, or behind the messages. */
static void add_end_to_columns(const view *v, const frame_note *frame)
{
    column_info *columns = v->pinfo->cinfo;
    GString *text = v->scratch;

    g_string_printf(text, "[CTI session %u %s", frame->end.number, end_word(frame));
    if (frame->finished)
        g_string_append_printf(text, ": %s", cti_verdict_name(frame->end.data->summary.verdict));
    g_string_append_c(text, ']');
    if (frame->messages == NULL)
        col_prepend_fstr(columns, COL_INFO, "%s ", text->str);
    else
        col_append_fstr(columns, COL_INFO, " %s", text->str);
    renew_info_field(v->pinfo, v->tree);
}

static void add_generated(const view *v, proto_tree *tree, int field, const char *text)
{
    if (text != NULL)
        proto_item_set_generated(proto_tree_add_string(tree, field, v->tvb, 0, 0, text));
}

/* The verdict, and under it what speaks for it and against it, who is to blame, what to check. */
static void add_verdict(const view *v, proto_tree *tree, const cti_session_summary *summary)
{
    proto_item *verdict = proto_tree_add_string(tree, hf_session_verdict, v->tvb, 0, 0,
                                                cti_verdict_name(summary->verdict));
    proto_tree *facts = proto_item_add_subtree(verdict, ett_verdict);

    proto_item_set_generated(verdict);
    for (uint32_t i = 0; i < summary->evidence_count; i++) {
        const cti_evidence *evidence = &summary->evidence[i];
        proto_item *fact =
            label_add_string(facts, evidence->against ? hf_verdict_against : hf_verdict_for,
                             v->tvb, 0, 0, evidence->text);

        proto_item_set_generated(fact);
        if (evidence->frame != 0)
            add_uint(proto_item_add_subtree(fact, ett_evidence), v->tvb, hf_verdict_frame,
                     evidence->frame);
    }
    add_generated(v, facts, hf_verdict_blame, cti_blame_name(summary->blame));
    add_generated(v, facts, hf_verdict_check, summary->check);
}

/* "about" as for all findings that are at no message: each session in a tree of its own. */
static proto_tree *add_about(const view *v, const session_note *session)
{
    proto_item *item;
    proto_tree *tree = add_end(v, &item);

    if (session->number != 0)
        proto_item_append_text(item, ", about session %u", session->number);
    else
        proto_item_append_text(item, ", about all sessions");
    add_session(v, tree, session);
    return tree;
}

void message_show_across(const view *v, const finding_note *findings)
{
    for (const finding_note *note = findings; note != NULL; note = note->next)
        message_add_finding(v, add_about(v, &note->session), note);
}

void message_show_end(const view *v, const frame_note *frame)
{
    uint32_t session = frame->end.number; /* that the tree is about */
    proto_tree *tree = NULL;
    proto_item *item;

    if (session != 0) {
        tree = add_end(v, &item);
        proto_item_append_text(item, ", the %s ended the connection",
                               frame->end.sender == CTI_CLIENT ? "client" : "server");
        add_session(v, tree, &frame->end);
        if (frame->finished)
            add_verdict(v, tree, &frame->end.data->summary);
        add_end_to_columns(v, frame);
    }
    for (const finding_note *note = frame->findings; note != NULL; note = note->next) {
        if (!message_has_finding(v, note))
            continue;
        if (note->session.number != session) {
            session = note->session.number;
            tree = add_about(v, &note->session);
        }
        message_add_finding(v, tree, note);
    }
}
