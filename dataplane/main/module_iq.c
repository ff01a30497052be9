// SPDX-License-Identifier: Apache-2.0
// The door to the signalling plane and the page of counters behind it.
#include "agw.h"
#include "log.h"

#include <rte_common.h>

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SECOND_US 1000000u
#define CAPACITY_US (5 * SECOND_US)
#define STATES_MIN 65536u

static void on_ack(iq_handle handle, uint32_t version, void *arg)
{
	struct agw *agw = arg;

	desk_ack(&agw->desk, handle, version);
}

static void on_command(
	struct iq_door *door, const struct iq_header *header, const void *payload, void *arg)
{
	struct agw *agw = arg;

	(void)door;
	desk_command(&agw->desk, header, payload);
}

static void iq_fini(struct agw *agw)
{
	iq_door_destroy(agw->door);
	iq_stats_destroy(agw->stats);
	agw->door = NULL;
	agw->stats = NULL;
}

// The socket's folder: /run is empty after a boot.
static void folder_make(const char *socket_path)
{
	char path[AGW_PATH_LEN];

	snprintf(path, sizeof(path), "%s", socket_path);
	mkdir(dirname(path), 0755);
}

static int iq_init(struct agw *agw)
{
	const char *names[COUNTER_COUNT];
	struct iq_door_config config = {.path = agw->config.iq_socket,
		.gateway = agw->config.gateway,
		.uid = agw->config.iq_uid,
		.lease_s = agw->config.iq_lease_s,
		// A place for every context: each may have something to tell at once.
		.states_max = RTE_MAX(STATES_MIN, agw->config.contexts_max),
		.on_ack = on_ack,
		.arg = agw};

	for (unsigned i = 0; i < COUNTER_COUNT; i++)
		names[i] = worker_counter_name(i);
	agw->stats = iq_stats_create(names, COUNTER_COUNT, agw->worker_count);
	if (agw->stats == NULL)
		return -errno;
	folder_make(agw->config.iq_socket);
	config.stats = agw->stats;
	agw->door = iq_door_create(&config);
	if (agw->door == NULL) {
		int ret = -errno;

		iq_fini(agw);
		return ret;
	}
	agw->desk = (struct desk){.door = agw->door,
		.workers = agw->workers,
		.worker_count = agw->worker_count,
		.owners = agw->owners,
		.shards = agw->shards,
		.dtls = agw->dtls,
		.contexts_max = agw->config.contexts_max,
		.gateway = agw->config.gateway,
		.ice_lite = agw->config.ice_lite};
	return 0;
}

// The share of a worker's cycles that had work, since the last time.
static uint32_t busy_take(struct agw *agw, unsigned worker, const uint64_t *counters)
{
	uint64_t busy = counters[COUNTER_busy_cycles];
	uint64_t all = busy + counters[COUNTER_idle_cycles];
	uint64_t busy_before = agw->desk.busy_cycles[worker];
	uint64_t all_before = agw->desk.all_cycles[worker];

	agw->desk.busy_cycles[worker] = busy;
	agw->desk.all_cycles[worker] = all;
	if (all <= all_before)
		return 0;
	return (uint32_t)((busy - busy_before) * 1000 / (all - all_before));
}

static void stats_write(struct agw *agw)
{
	uint64_t counters[COUNTER_COUNT];
	uint32_t busiest = 0;

	for (unsigned i = 0; i < agw->worker_count; i++) {
		uint32_t busy;

		worker_counters(agw->workers[i], counters);
		iq_stats_write(agw->stats, i, counters);
		busy = busy_take(agw, i, counters);
		busiest = busy > busiest ? busy : busiest;
	}
	agw->desk.busy_permille = busiest;
}

static void housekeep(struct agw *agw, uint64_t now_us)
{
	struct iq_capacity capacity;

	if (now_us - agw->desk.stats_us >= SECOND_US) {
		agw->desk.stats_us = now_us;
		stats_write(agw);
	}
	if (now_us - agw->desk.capacity_us >= CAPACITY_US && iq_door_is_attached(agw->door)) {
		agw->desk.capacity_us = now_us;
		capacity = desk_capacity(&agw->desk);
		iq_door_event(agw->door, IQ_CAPACITY, &capacity, sizeof(capacity));
	}
	desk_reap(&agw->desk, now_us);
}

static bool iq_turn(struct agw *agw, uint64_t now_us)
{
	bool was_busy = iq_door_poll(agw->door, on_command, agw) > 0;

	if (desk_messages(&agw->desk))
		was_busy = true;
	housekeep(agw, now_us);
	return was_busy;
}

const struct agw_module iq_module = {.name = "iq",
	.init = iq_init,
	.fini = iq_fini,
	.turn = iq_turn};
