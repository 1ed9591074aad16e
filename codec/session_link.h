/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What TCP shows of the connection under a session, for its rules, verdict and evidence: each
 * answer is about the session's end, and no fact where the capture does not show it. */
#ifndef CTI_SESSION_LINK_H
#define CTI_SESSION_LINK_H

#include "connection.h"
#include "session_private.h"

static inline cti_sender cti_peer_of(cti_sender sender)
{
    return sender == CTI_CLIENT ? CTI_SERVER : CTI_CLIENT;
}

/* What TCP shows of the sender; NULL if nothing is known of it. */
const cti_tcp_side *cti_link_side(const cti_session *session, cti_sender sender);

typedef enum {
    CTI_DELIVERY_UNKNOWN,
    CTI_DELIVERY_DONE,   /* all that was sent is acknowledged */
    CTI_DELIVERY_FAILED, /* the last of it was sent again, and is still not acknowledged */
} cti_delivery;

cti_delivery cti_link_delivery(const cti_session *session, cti_sender sender);

/* True if the peer has sent no packet since the data that it did not acknowledge. */
bool cti_link_peer_is_silent(const cti_session *session, cti_sender sender);

/* True if nothing came from this end in spite of retransmissions, for long enough to tell, until
 * the other end gave up. */
bool cti_link_is_unreachable(const cti_session *session, cti_sender end);

/* Since when the receive window of sender was closed until the session's end; CTI_NO_TIME if it
 * was open, or not for long enough to report. */
int64_t cti_link_window_closed(const cti_session *session, cti_sender sender);

/* The reset that ended the session if its TTL is not that of its sender's other packets, or NULL.
 */
const cti_tcp_reset *cti_link_foreign_reset(const cti_session *session);

/* The finding about ends that do not agree about TLS (tls_mismatch). */
void cti_link_tls_finding(const cti_connection_summary *connection, cti_finding *finding);

/* True if the server answered the client's bytes with TLS. */
bool cti_link_expects_tls(const cti_session *session);

#endif
