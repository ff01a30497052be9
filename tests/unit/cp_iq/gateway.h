// SPDX-License-Identifier: Apache-2.0
// A small gateway for tests of the client: the real door with a table of contexts that do nothing.
#pragma once

#include "iq_door.h"

#define GATEWAY_CONTEXTS 1024

struct gateway {
	struct iq_door *door;
	struct iq_stats *stats;
	iq_handle contexts[GATEWAY_CONTEXTS]; // by index, 0: free
	uint32_t generation;
	unsigned count;
	unsigned executed[IQ_DRAIN + 1]; // by type
	bool is_silent; // takes commands and never answers
	bool is_draining;
	uint64_t silent_txn; // of the last one not answered
	void (*on_audit)(struct gateway *gateway); // before each page is made
};

int gateway_start(struct gateway *gateway, const char *path, uint8_t id);
void gateway_poll(struct gateway *gateway);
void gateway_stop(struct gateway *gateway);
iq_handle gateway_context_add(struct gateway *gateway);
void gateway_context_del(struct gateway *gateway, iq_handle handle);
