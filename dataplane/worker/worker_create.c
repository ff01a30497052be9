// SPDX-License-Identifier: Apache-2.0
// Makes a worker with its rings and timers, and wires workers to each other.
#include "clock.h"
#include "worker_priv.h"

#include <rte_cycles.h>
#include <rte_ip_frag.h>
#include <rte_malloc.h>
#include <rte_random.h>

#include <errno.h>
#include <stdio.h>

#define FRAGMENTED_MAX 64 // datagrams that wait for the rest of their fragments

static struct rte_ring *ring_create(const char *what, unsigned from, unsigned to, unsigned len)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "%s_%u_%u", what, from, to);
	return rte_ring_create(name, len, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
}

static void ring_destroy(struct rte_ring *ring)
{
	void *m;

	if (ring == NULL)
		return;
	while (rte_ring_sc_dequeue(ring, &m) == 0)
		rte_pktmbuf_free(m);
	rte_ring_free(ring);
}

static int rings_create(struct worker *w)
{
	struct worker_priv *priv = w->priv;

	priv->to_main = ring_create("to_main", w->id, 0, FRAME_RING_LEN);
	priv->from_main = ring_create("from_main", 0, w->id, FRAME_RING_LEN);
	if (priv->to_main == NULL || priv->from_main == NULL)
		return -ENOMEM;
	if (message_ring_init(&priv->commands, COMMAND_RING_BYTES) < 0 ||
		message_ring_init(&priv->messages, COMMAND_RING_BYTES) < 0 ||
		message_ring_init(&priv->wants, WANT_RING_BYTES) < 0)
		return -ENOMEM;
	return 0;
}

// Expired fragments go when others come.
static int fragments_create(struct worker *w)
{
	w->priv->fragments = rte_ip_frag_table_create(
		FRAGMENTED_MAX / 4, 4, FRAGMENTED_MAX, rte_get_tsc_hz() / 2, SOCKET_ID_ANY);
	return w->priv->fragments == NULL ? -ENOMEM : 0;
}

static int timers_create(struct worker *w, uint32_t per_shard)
{
	struct timer_wheel *timers = &w->priv->timers;

	timer_wheel_init(timers, w->now_us, per_shard);
	for (unsigned shard = 0; shard < SHARDS; shard++) {
		if (w->owners[shard] == w->id && timer_wheel_group_add(timers, (uint8_t)shard) < 0)
			return -ENOMEM;
	}
	return 0;
}

static void ports_take(struct worker *w, const struct worker_config *config)
{
	struct worker_priv *priv = w->priv;

	for (unsigned i = 0; i < config->port_count; i++) {
		const struct port *port = &config->ports[i];

		priv->tx[port->id] = (struct tx_port){.queue = (uint16_t)w->id,
			.is_ours = true,
			.udp_cksum = port->tx_udp_cksum,
			.ipv4_cksum = port->tx_ipv4_cksum};
		if (w->id < port->rx_queues)
			priv->rx[priv->rx_count++] =
				(struct rx_queue){.port_id = port->id, .queue = (uint16_t)w->id};
	}
}

struct worker *worker_create(const struct worker_config *config)
{
	struct worker *w;

	if (config->id >= WORKERS_MAX || config->port_count > PORTS_MAX ||
		config->stage_count > STAGES_MAX) {
		errno = EINVAL;
		return NULL;
	}
	w = rte_zmalloc("worker", sizeof(*w), 2 * RTE_CACHE_LINE_SIZE);
	if (w == NULL)
		goto err;
	w->priv = rte_zmalloc("worker", sizeof(*w->priv), 2 * RTE_CACHE_LINE_SIZE);
	if (w->priv == NULL)
		goto err;
	w->id = config->id;
	w->now_us = clock_now_us();
	w->now_tsc = rte_rdtsc();
	w->networks = config->networks;
	w->neigh = config->neigh;
	w->owners = config->owners;
	w->mbufs = config->mbufs;
	w->priv->stages = config->stages;
	w->priv->stage_count = config->stage_count;
	w->priv->reentry = config->reentry;
	w->priv->ops = config->ops;
	w->priv->may_sleep = config->may_sleep;
	w->priv->ip_id = (uint16_t)rte_rand();
	w->priv->fragment_id = (uint32_t)rte_rand();
	ports_take(w, config);
	if (rings_create(w) < 0 || fragments_create(w) < 0 ||
		timers_create(w, config->transports_per_shard) < 0)
		goto err;
	return w;
err:
	worker_destroy(w);
	errno = ENOMEM;
	return NULL;
}

void worker_destroy(struct worker *w)
{
	struct worker_priv *priv;

	if (w == NULL)
		return;
	priv = w->priv;
	if (priv != NULL) {
		hold_fini(w);
		for (unsigned i = 0; i < priv->worker_count; i++)
			ring_destroy(priv->in[i]);
		ring_destroy(priv->to_main);
		ring_destroy(priv->from_main);
		message_ring_fini(&priv->commands);
		message_ring_fini(&priv->messages);
		message_ring_fini(&priv->wants);
		timer_wheel_fini(&priv->timers);
		if (priv->fragments != NULL)
			rte_ip_frag_table_destroy(priv->fragments);
		rte_free(priv);
	}
	rte_free(w);
}

int workers_connect(struct worker *const *workers, unsigned count)
{
	for (unsigned to = 0; to < count; to++) {
		struct worker_priv *priv = workers[to]->priv;

		for (unsigned from = 0; from < count; from++) {
			priv->in[from] = ring_create("handover", from, to, HANDOVER_RING_LEN);
			if (priv->in[from] == NULL)
				return -ENOMEM;
			priv->worker_count = from + 1;
			workers[from]->priv->out[to] = priv->in[from];
		}
	}
	return 0;
}
