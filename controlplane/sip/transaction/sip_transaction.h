// SPDX-License-Identifier: Apache-2.0
// A transaction as its user sees it, whichever side carries it (RFC 3261 section 17).
#pragma once

#include "ws.h"

#include <sofia-sip/msg.h>

#include <stdbool.h>

struct uas; // a server transaction
struct uac; // a client transaction

// The user's callbacks; each may release the transaction.
struct uas_user {
	void (*on_ack)(void *arg,
		msg_t *ack); // of a 2xx; borrowed. On W2 it comes through the dialog instead
	void (*on_cancel)(void *arg, msg_t *cancel); // answered 200; 487 follows
	void (*on_no_ack)(void *arg); // 64*T1 after a 2xx
};

struct uas_ops {
	int (*respond)(struct uas *uas, msg_t *response);
	void (*acked)(struct uas *uas);
	void (*release)(struct uas *uas);
};

struct uas {
	const struct uas_ops *ops;
	msg_t *request; // owned by the transaction
	bool w2; // of a browser; else of the core
	ws_conn conn; // W2
	const struct uas_user *user; // set by the user with arg, both NULL at first
	void *arg;
};

// Sends a response and gives it away; a final one once (2xx of an INVITE too). 0 or -errno; the peer being gone is no
// error.
static inline int uas_respond(struct uas *uas, msg_t *response)
{
	return uas->ops->respond(uas, response);
}

// The ACK of a 2xx has come through the dialog.
static inline void uas_acked(struct uas *uas)
{
	uas->ops->acked(uas);
}

// The user is done with it: no callback comes any more. Without a final response it answers 500.
static inline void uas_release(struct uas *uas)
{
	uas->ops->release(uas);
}

// response is borrowed; NULL: status was made here (408: nobody answered, 503: nothing could be sent).
typedef void (*uac_on_response)(void *arg, int status, msg_t *response);

struct uac_ops {
	int (*cancel)(struct uac *uac, const char *reason);
	int (*ack)(struct uac *uac, msg_t *ack, ws_conn conn);
	void (*release)(struct uac *uac);
};

struct uac {
	const struct uac_ops *ops;
	uac_on_response on_response; // provisional ones but 100, then one final
	void *arg;
};

// Sends CANCEL, now or after the first provisional response; reason: value of a Reason header or NULL.
static inline int uac_cancel(struct uac *uac, const char *reason)
{
	return uac->ops->cancel(uac, reason);
}

// Sends the ACK of a 2xx and gives it away; it is repeated when the 2xx is. conn: where the browser is now.
static inline int uac_ack(struct uac *uac, msg_t *ack, ws_conn conn)
{
	return uac->ops->ack(uac, ack, conn);
}

// No callback comes any more; the transaction goes on by itself.
static inline void uac_release(struct uac *uac)
{
	uac->ops->release(uac);
}

// Who has requests sent: W2 or Mw. Gives the request away. A failure to send is told by on_response, later.
struct sip_sender {
	struct uac *(*send)(struct sip_sender *sender, ws_conn conn, msg_t *request,
		uac_on_response on_response, void *arg); // NULL: errno
	bool w2;
};
