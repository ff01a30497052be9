// SPDX-License-Identifier: Apache-2.0
// The client and the real door in one process, driven by turns under a held clock.
#pragma once

#include "gateway.h"
#include "iq_client.h"

// What came back.
struct got {
	unsigned attached, lost, states, replies, fresh;
	int gateway;
	int32_t status;
	uint32_t version;
	struct iq_context_local local;
};

extern char path[2][64];
extern struct gateway gw[2]; // the first runs as id 1
extern struct iq_client *client; // attached to the first
extern struct got got;

int bench_open(void **state);
int bench_close(void **state);

// Both sides do what there is to do, at once or after the clock moved.
void turn(void);
void turn_after(uint64_t us);

void client_make(unsigned count);
void session_cut(void); // of the first gateway, while both sides live

int send_reserve(bool is_repeatable, void *arg);
int send_ref(uint16_t type, iq_handle handle); // arg is &got
void on_reply(int32_t status, const void *payload, void *arg);

// A reply that the gateway's main never gave.
void reply_forge(unsigned k, uint64_t txn, uint32_t len, const void *payload);
