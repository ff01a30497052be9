// SPDX-License-Identifier: Apache-2.0
// Transactions on W2: RFC 3261 section 17 with RFC 6026, over a reliable transport only (RFC 7118).
#pragma once

#include "sip_timer.h"
#include "sip_transaction.h"

#include <stdint.h>

struct w2;

struct w2_config {
	struct sip_timers timers;
	unsigned t1_ms;
	const char *host; // sent-by of our Via
	int (*send)(void *arg, ws_conn conn, const char *data, size_t len); // 0 or -errno
	void (*on_request)(void *arg, struct uas *uas); // a new one: neither ACK nor CANCEL
	void (*on_ack)(void *arg, ws_conn conn, msg_t *ack); // of a 2xx; borrowed
	void *arg;
};

struct w2 *w2_create(const struct w2_config *config); // NULL with errno
void w2_destroy(struct w2 *w2); // users are told nothing; their transactions are gone

// A message that w2_accept() has taken; gives it away.
void w2_receive(struct w2 *w2, ws_conn conn, msg_t *msg);

// The connection is gone: what waits for it fails with 503, responses to it are dropped.
void w2_closed(struct w2 *w2, ws_conn conn);

struct sip_sender *w2_sender(struct w2 *w2);
unsigned w2_count(const struct w2 *w2); // live transactions
uint64_t w2_unmatched(const struct w2 *w2); // responses of no transaction
