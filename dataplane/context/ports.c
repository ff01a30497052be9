// SPDX-License-Identifier: Apache-2.0
// Port pairs of a shard: a queue an address set, so that the port freed longest ago is used next.
#include "context_priv.h"

struct port_pool *port_pool_of(struct shard *shard, uint8_t network, uint8_t set)
{
	struct port_pool *pools = (struct port_pool *)((uint8_t *)shard + shard->ports_offset);

	return &pools[shard->pool_base[network] + set];
}

static void pool_fill(struct port_pool *pool, const struct network *network, uint8_t shard)
{
	for (unsigned i = 0; i < PORT_PAIRS; i++) {
		unsigned port = i * 2 * SHARDS + 2u * shard;

		if (port >= network->udp_first && port + 1 <= network->udp_last)
			pool->free[pool->count++] = (uint16_t)port;
	}
}

void port_pools_fill(struct shard *shard, const struct networks *networks)
{
	for (unsigned i = 0; i < networks->count; i++) {
		for (unsigned set = 0; set < networks->list[i].set_count; set++)
			pool_fill(port_pool_of(shard, (uint8_t)i, (uint8_t)set), &networks->list[i],
				shard->number);
	}
}

uint16_t port_take(struct shard *shard, uint8_t network, uint8_t set, uint64_t now_us)
{
	struct port_pool *pool = port_pool_of(shard, network, set);
	unsigned head = pool->head;

	if (pool->count == 0)
		return 0;
	if (pool->freed_us[head] != 0 && now_us - pool->freed_us[head] < PORT_QUARANTINE_US)
		return 0;
	pool->head = (uint16_t)((head + 1) % PORT_PAIRS);
	pool->count--;
	return pool->free[head];
}

void port_give(struct shard *shard, uint8_t network, uint8_t set, uint16_t port, uint64_t now_us)
{
	struct port_pool *pool = port_pool_of(shard, network, set);
	unsigned tail = (pool->head + pool->count) % PORT_PAIRS;

	pool->free[tail] = port;
	pool->freed_us[tail] = now_us;
	pool->count++;
	port_bind(shard, network, set, port, NO_INDEX);
}

void port_bind(struct shard *shard, uint8_t network, uint8_t set, uint16_t port, uint16_t transport)
{
	uint16_t *by_port = (uint16_t *)((uint8_t *)shard + shard->by_port_offset);

	by_port[(unsigned)(shard->pool_base[network] + set) * PORT_PAIRS + (port >> 8)] = transport;
}
