/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What TCP shows of the connection under a session (see session_link.h). */
#include "session_link.h"

const cti_tcp_side *cti_link_side(const cti_session *session, cti_sender sender)
{
    if (session->connection == NULL || session->summary.client_not_captured ||
        session->summary.server_not_captured || !cti_tcp_knows_both(session->connection))
        return NULL;
    return &session->connection->sides[sender == CTI_SERVER];
}

/* An acknowledgment may be missing from the capture; a retransmission shows that its sender did
 * not get it. */
cti_delivery cti_link_delivery(const cti_session *session, cti_sender sender)
{
    const cti_tcp_side *side = cti_link_side(session, sender);

    if (side == NULL || !side->sent)
        return CTI_DELIVERY_UNKNOWN;
    if (side->unacknowledged == 0)
        return CTI_DELIVERY_DONE;
    return side->repeats > 0 ? CTI_DELIVERY_FAILED : CTI_DELIVERY_UNKNOWN;
}

bool cti_link_peer_is_silent(const cti_session *session, cti_sender sender)
{
    const cti_tcp_side *side = cti_link_side(session, sender);
    const cti_tcp_side *peer = cti_link_side(session, cti_peer_of(sender));

    return side != NULL && peer != NULL && side->unacknowledged > 0 &&
           peer->last_time <= side->since;
}

bool cti_link_is_unreachable(const cti_session *session, cti_sender end)
{
    const cti_sender sender = cti_peer_of(end);
    const cti_tcp_side *side = cti_link_side(session, sender);

    return cti_link_delivery(session, sender) == CTI_DELIVERY_FAILED &&
           session->summary.end_sender == sender &&
           side->repeats >= CTI_LIMIT(UNREACHABLE_REPEATS) &&
           cti_elapsed(side->since, session->summary.end_time) >= CTI_TIME(UNREACHABLE) &&
           cti_link_peer_is_silent(session, sender);
}

int64_t cti_link_window_closed(const cti_session *session, cti_sender sender)
{
    const cti_tcp_side *side = cti_link_side(session, sender);

    if (side == NULL || !side->closed ||
        cti_elapsed(side->closed_time, session->summary.end_time) < CTI_TIME(WINDOW_NOTE))
        return CTI_NO_TIME;
    return side->closed_time;
}

const cti_tcp_reset *cti_link_foreign_reset(const cti_session *session)
{
    const cti_connection_summary *connection = session->connection;
    const cti_tcp_reset *reset;

    if (connection == NULL || session->summary.end_frame == 0)
        return NULL;
    reset = &connection->reset;
    if (reset->frame != session->summary.end_frame || !reset->other_ttl ||
        connection->sides[reset->sender == CTI_SERVER].ttl_varied)
        return NULL;
    return reset;
}

bool cti_link_expects_tls(const cti_session *session)
{
    return session->connection != NULL && session->connection->tls_mismatch == CTI_TLS_SERVER_ONLY;
}
