// SPDX-License-Identifier: Apache-2.0
// Makes the workers, gives each its stages, and sets them going.
#include "agw.h"
#include "log.h"
#include "stage.h"

#include <rte_common.h>

#include <errno.h>
#include <string.h>

static const struct worker_stage stages[] = {
	{"parse", stage_parse},
	{"owner", stage_owner},
};
#define REENTRY 1 // owner

static struct worker *one_create(struct agw *agw, unsigned id)
{
	struct worker_config config = {.id = id,
		.networks = &agw->networks,
		.neigh = agw->neigh,
		.owners = agw->owners,
		.ports = agw->ports,
		.port_count = agw->port_count,
		.mbufs = agw->mbufs[id],
		.stages = stages,
		.stage_count = RTE_DIM(stages),
		.reentry = REENTRY,
		.transports_per_shard = 1,
		.may_sleep = agw->config.may_sleep};

	return worker_create(&config);
}

static void workers_fini(struct agw *agw)
{
	for (unsigned i = 0; i < agw->worker_count; i++)
		worker_stop(agw->workers[i]);
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
