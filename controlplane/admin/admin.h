// SPDX-License-Identifier: Apache-2.0
// The operator's door: questions and orders by HTTP, taken by a thread of its own, answered by the event loop.
//
// Every function here is for the event loop's thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct admin;
struct calls;
struct iq_client;
struct registrations;
struct sip_stack;

struct admin_config {
	const char *path; // of a unix socket, for root and the user of this process only; NULL: TCP
	const char *address; // TCP: a loopback address
	uint16_t port;
	const char *
		token; // file whose first line a client must know (RFC 6750); NULL: none, on a unix socket only
	// Borrowed until admin_stop.
	struct iq_client *iq;
	struct calls *calls;
	struct registrations *registrations;
	struct sip_stack *sip;
};

// Listens and starts the thread. NULL with errno, and a sentence in why.
struct admin *admin_start(const struct admin_config *config, char *why, size_t why_len);

// Answers what waits with 503 and joins the thread. NULL is fine.
void admin_stop(struct admin *admin);

// Readable when admin_dispatch() has work.
int admin_fd(const struct admin *admin);
void admin_dispatch(struct admin *admin);
