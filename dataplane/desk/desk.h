// SPDX-License-Identifier: Apache-2.0
// Main's desk between Iq and the workers: sends each command to the worker of its shard, each answer back to the door.
#pragma once

#include "iq_door.h"
#include "worker.h"

#include <stdbool.h>
#include <stdint.h>

struct dtls_service;
struct shard;

// Main fills in the first part before the first command; what it points to outlives the desk.
struct desk {
	struct iq_door *door;
	struct worker *const *workers;
	unsigned worker_count;
	const uint8_t *owners; // worker of each shard
	struct shard *const *shards;
	const struct dtls_service *dtls;
	uint32_t contexts_max;
	uint8_t gateway;
	bool ice_lite;

	uint8_t shard; // where the last new context went
	uint64_t reaped_us; // last round of deleting what nobody owns
	uint64_t stats_us, capacity_us; // last time the page was written, capacity told
	uint64_t busy_cycles[WORKERS_MAX], all_cycles[WORKERS_MAX]; // then
	uint32_t busy_permille; // of the busiest worker, over the last second
	bool is_draining;
	bool is_full; // the door had no place for the last state
};

// A command of the controller, to be answered now or when its worker has.
void desk_command(struct desk *desk, const struct iq_header *header, const void *payload);

// Takes what the workers have said: whether there was anything.
bool desk_messages(struct desk *desk);

// The controller has acknowledged a state.
void desk_ack(struct desk *desk, iq_handle handle, uint32_t version);

// Without a controller for the lease: asks the shards for their contexts and deletes them. Call it now and then.
void desk_reap(struct desk *desk, uint64_t now_us);

struct iq_capacity desk_capacity(const struct desk *desk);
