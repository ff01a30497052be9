// SPDX-License-Identifier: Apache-2.0
// The parts of a running eims-agw, and the ladder that brings them up.
#pragma once

#include "agw_config.h"
#include "desk.h"
#include "port_device.h"
#include "port_resolver.h"
#include "worker_control.h"

#include <stdbool.h>

// Everything main holds. Main only, but for what workers are given.
struct agw {
	struct agw_config config;
	struct networks networks; // with the ports' numbers and MACs
	uint8_t owners[SHARDS]; // worker of each shard
	struct rte_mempool *mbufs[WORKERS_MAX];
	struct rte_mempool *main_mbufs;
	unsigned port_count;
	struct port ports[PORTS_MAX];
	struct neigh_table *neigh;
	struct resolver *resolver;
	unsigned worker_count;
	struct worker *workers[WORKERS_MAX];
	struct dtls_service *dtls;
	struct shard *shards[SHARDS];
	int shard_fds[SHARDS]; // memfds of the arenas
	uint16_t shard_contexts; // most that a shard holds
	struct srtp_ctx *srtp[WORKERS_MAX];
	struct iq_stats *stats;
	struct iq_door *door;
	struct desk desk;
};

// One rung: init is 0 or -errno with the reason logged; fini undoes it and is called only after a good init. Either may
// be NULL. turn is called once a main loop: whether there was work.
struct agw_module {
	const char *name;
	int (*init)(struct agw *agw);
	void (*fini)(struct agw *agw);
	bool (*turn)(struct agw *agw, uint64_t now_us);
};

// Brings everything up, in order; what came up is taken down again when one fails. 0 or -errno.
int modules_init(struct agw *agw);
// Takes everything down, last first.
void modules_fini(struct agw *agw);
// One turn of main's loop: whether there was work.
bool modules_turn(struct agw *agw, uint64_t now_us);

extern const struct agw_module eal_module;
extern const struct agw_module memory_module;
extern const struct agw_module ports_module;
extern const struct agw_module links_module;
extern const struct agw_module media_module;
extern const struct agw_module workers_module;
extern const struct agw_module iq_module;
