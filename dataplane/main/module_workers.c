// SPDX-License-Identifier: Apache-2.0
// Makes the workers, gives each its stages, and sets them going.
#include "agw.h"
#include "arena.h"
#include "context.h"
#include "log.h"
#include "stage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct worker_ops ops = {.on_command = context_on_command,
	.on_timer = context_on_timer,
	.on_idle = context_on_idle};

static struct worker *one_create(struct agw *agw, unsigned id)
{
	struct worker_config config = {.id = id,
		.networks = &agw->networks,
		.neigh = agw->neigh,
		.owners = agw->owners,
		.ports = agw->ports,
		.port_count = agw->port_count,
		.mbufs = agw->mbufs[id],
		.stages = stage_list,
		.stage_count = STAGE_COUNT,
		.reentry = STAGE_REENTRY,
		.ops = ops,
		.transports_per_shard = agw->shards[0]->pools[POOL_TRANSPORT].count,
		.may_sleep = agw->config.may_sleep};

	return worker_create(&config);
}

static void media_give(struct agw *agw, struct worker *w)
{
	for (unsigned shard = 0; shard < SHARDS; shard++) {
		if (agw->owners[shard] == w->id)
			w->shards[shard] = agw->shards[shard];
	}
	w->srtp = agw->srtp[w->id];
	w->dtls = dtls_service_port(agw->dtls, w->id);
}

// What a worker did, a line of a few counters at a time.
static void counters_log(const struct worker *w)
{
	uint64_t counters[COUNTER_COUNT];
	char text[512] = "";
	size_t at = 0;

	worker_counters(w, counters);
	for (unsigned i = 0; i < COUNTER_COUNT; i++) {
		if (counters[i] != 0)
			at += (size_t)snprintf(text + at, sizeof(text) - at, " %s=%llu",
				worker_counter_name(i), (unsigned long long)counters[i]);
		if (at > sizeof(text) - 64 || (i == COUNTER_COUNT - 1 && at > 0)) {
			log_info("worker %u:%s", w->id, text);
			at = 0;
		}
	}
}

static void workers_fini(struct agw *agw)
{
	for (unsigned i = 0; i < agw->worker_count; i++) {
		worker_stop(agw->workers[i]);
		counters_log(agw->workers[i]);
	}
	while (agw->worker_count > 0)
		worker_destroy(agw->workers[--agw->worker_count]);
}

static int workers_create(struct agw *agw)
{
	for (unsigned i = 0; i < agw->config.worker_count; i++) {
		agw->workers[i] = one_create(agw, i);
		if (agw->workers[i] == NULL)
			return -errno;
		agw->worker_count++;
		media_give(agw, agw->workers[i]);
	}
	return workers_connect(agw->workers, agw->worker_count);
}

static int workers_init(struct agw *agw)
{
	int ret = workers_create(agw);

	for (unsigned i = 0; ret == 0 && i < agw->worker_count; i++)
		ret = worker_start(agw->workers[i], i + 1);
	if (ret < 0) {
		log_error("workers: %s (raise memory size_mb, now %u)", strerror(-ret),
			agw->config.memory_mb);
		workers_fini(agw);
		return ret;
	}
	for (unsigned i = 0; i < agw->networks.count; i++)
		resolver_announce(agw->resolver, &agw->networks.list[i]);
	return 0;
}

const struct agw_module workers_module = {.name = "workers",
	.init = workers_init,
	.fini = workers_fini};
