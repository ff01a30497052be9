// SPDX-License-Identifier: Apache-2.0
// What the two halves of the W2 transaction layer share.
#pragma once

#include "sip_message.h"
#include "sip_table.h"
#include "w2.h"

struct w2 {
	struct sip_sender sender; // first: the layer is its own sender
	struct w2_config config;
	struct sip_table servers, clients;
	uint64_t unmatched;
};

// 64*T1: timers B, F, H, L and M.
static inline unsigned w2_lifetime_ms(const struct w2 *w2)
{
	return 64 * w2->config.t1_ms;
}

// Sends a message; keep, when not NULL, gets a copy of its text in exchange for the one before.
int w2_send(struct w2 *w2, ws_conn conn, msg_t *msg, char **keep);

void w2_server_receive(struct w2 *w2, ws_conn conn, msg_t *request); // takes it
void w2_client_receive(struct w2 *w2, ws_conn conn, msg_t *response); // takes it
struct uac *w2_client_start(struct sip_sender *sender, ws_conn conn, msg_t *request,
	uac_on_response on_response, void *arg);
void w2_client_closed(struct w2 *w2, ws_conn conn);
void w2_server_drop_all(struct w2 *w2);
void w2_client_drop_all(struct w2 *w2);
