// SPDX-License-Identifier: Apache-2.0
// The controller's end of Iq: attaches to the gateways of a list and stays attached, carries
// commands, states, audits.
//
// Everything belongs to the thread of the event loop; nothing blocks. Callbacks come from
// iq_client_dispatch only, and may call anything here but dispatch and destroy.
#pragma once

#include "iq.h"

#include <stdbool.h>
#include <stdint.h>

struct iq_client;

#define IQ_GATEWAYS_MAX 16
#define IQ_GATEWAY_ANY (-1) // the attached gateway with most room

struct iq_client_config {
	const char *const *paths; // of the gateways' sockets
	unsigned count; // 1 to IQ_GATEWAYS_MAX
	uint32_t retry_ms; // between attempts to attach; 0: 500
	uint32_t
		keepalive_ms; // between keepalives; 0: 1000; five without an answer end the session
	// A gateway is there. is_new: it holds no context of ours from before (first attach, or it
	// was restarted). May be NULL, as the two others.
	void (*on_attached)(int gateway, bool is_new, void *arg);
	// A gateway is gone, its contexts may still live; pending commands have been completed.
	void (*on_lost)(int gateway, void *arg);
	// Something terminal changed in a context; acknowledged when the callback returns. May come
	// twice.
	void (*on_state)(const struct iq_context_state *state, void *arg);
	void *arg;
};

// status 0: payload is the struct that iq_msg.h names for the command's reply (NULL for nothing),
// its counts, handle and strings checked, valid during the call. Below 0: the gateway's refusal;
// -ETIMEDOUT; -ENOTCONN session lost; -EPROTO the reply made no sense. payload is then NULL.
typedef void iq_on_reply(int32_t status, const void *payload, void *arg);

struct iq_command {
	int gateway; // iq_handle_gateway of the context, or IQ_GATEWAY_ANY for a new one
	uint16_t type;
	bool is_repeatable; // survives the loss of the session: sent again with the same transaction id
	uint32_t timeout_ms; // 0: 3000
	const void *payload; // of the size that the type has; copied
	iq_on_reply *on_reply; // NULL: nobody cares
	void *arg; // the owner, by which iq_client_cancel finds it
};

// Nothing is connected yet: that happens in dispatch. NULL with errno: EINVAL no path, too many, or
// too long.
struct iq_client *iq_client_create(const struct iq_client_config *config);

// Forgets all commands without calling back. NULL is fine.
void iq_client_destroy(struct iq_client *client);

// One descriptor for poll or epoll, the same for the client's life: readable when dispatch has
// work.
int iq_client_fd(const struct iq_client *client);

// Does all the work: to be called when the descriptor is readable and at least every 100 ms.
void iq_client_dispatch(struct iq_client *client);

// Sends, or queues while the ring is full, in order. 0 and on_reply comes exactly once; else it
// never comes: -EINVAL type or gateway id, -ENOTCONN no such gateway attached, -EAGAIN too many
// commands wait, -ENOMEM.
int iq_client_send(struct iq_client *client, const struct iq_command *command);

// The owner dies: its callbacks never come. A context that a cancelled or timed-out
// IQ_CONTEXT_RESERVE still makes is deleted again.
void iq_client_cancel(struct iq_client *client, const void *arg);

typedef void iq_on_entry(const struct iq_audit_entry *entry, void *arg);
typedef void iq_on_done(int32_t status, void *arg);

// Walks the contexts of a gateway: on_entry for each that lived all through the walk, perhaps for
// others; then on_done, once, with 0 or what ended the walk. As iq_client_send; cancelled by arg.
int iq_client_audit(struct iq_client *client, int gateway, iq_on_entry *on_entry,
	iq_on_done *on_done, void *arg);

// The attached, undrained gateway with the largest part of its contexts free, or -ENOTCONN.
int iq_client_pick(const struct iq_client *client);

// The gateways of the list.
struct iq_gateway {
	const char *path;
	int id; // -1: not attached
};
void iq_client_visit(const struct iq_client *client,
	void (*on_gateway)(const struct iq_gateway *gateway, void *arg), void *arg);

// What an attached gateway said of its load last; NULL not attached or not heard yet. Valid until
// the next dispatch.
const struct iq_capacity *iq_client_capacity(const struct iq_client *client, int gateway);

// The stats page of an attached gateway, or NULL. Valid until the next dispatch.
const struct iq_stats *iq_client_stats(const struct iq_client *client, int gateway);
