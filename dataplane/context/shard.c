// SPDX-License-Identifier: Apache-2.0
// A shard's arena: laid out once in a memfd, then objects taken from pools and given back.
#include "context_priv.h"

#include <errno.h>
#include <linux/memfd.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LINE 64
#define HUGE_PAGE (2u << 20)

struct pool_plan {
	uint32_t size;
	uint32_t per_context, spare;
};

// Two streams and a re-offer's worth of flows a context on average; the bounds of one are IQ_STREAMS_MAX and FLOWS_MAX.
static const struct pool_plan plans[POOL_COUNT] = {
	[POOL_CONTEXT] = {sizeof(struct context), 1, 0},
	[POOL_TRANSPORT] = {sizeof(struct transport), 3, 2 * IQ_STREAMS_MAX},
	[POOL_SECURE] = {sizeof(struct secure), 1, IQ_STREAMS_MAX},
	[POOL_STREAM] = {sizeof(struct stream), 2, IQ_STREAMS_MAX},
	[POOL_FLOW] = {sizeof(struct flow), 6, 2 * FLOWS_MAX},
};

static uint64_t line_up(uint64_t bytes)
{
	return (bytes + LINE - 1) & ~(uint64_t)(LINE - 1);
}

static uint32_t layout_hash(void)
{
	const uint32_t sizes[] = {sizeof(struct context), sizeof(struct transport),
		sizeof(struct secure), sizeof(struct stream), sizeof(struct flow),
		sizeof(struct sender), sizeof(struct port_pool), sizeof(struct shard),
		sizeof(struct srtp_key), sizeof(struct srtp_index), ICE_AGENT_BYTES,
		offsetof(struct sender, index), offsetof(struct srtp_index, roc)};
	uint32_t hash = 2166136261u;

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		hash = (hash ^ sizes[i]) * 16777619u;
	return hash;
}

static void pools_plan(struct shard *shard, uint16_t contexts, uint64_t *at)
{
	for (unsigned kind = 0; kind < POOL_COUNT; kind++) {
		struct pool *pool = &shard->pools[kind];
		uint32_t count = plans[kind].per_context * contexts + plans[kind].spare;

		pool->size = plans[kind].size;
		pool->count = count < NO_INDEX ? (uint16_t)count : NO_INDEX - 1;
		pool->offset = *at;
		*at = line_up(*at + (uint64_t)pool->size * pool->count);
		pool->next_offset = *at;
		*at = line_up(*at + 2ull * pool->count);
	}
}

static void ports_plan(struct shard *shard, const struct networks *networks, uint64_t *at)
{
	for (unsigned i = 0; i < networks->count; i++) {
		shard->pool_base[i] = (uint8_t)shard->port_pools;
		shard->port_pools = (uint16_t)(shard->port_pools + networks->list[i].set_count);
	}
	shard->ports_offset = *at;
	*at = line_up(*at + shard->port_pools * sizeof(struct port_pool));
	shard->by_port_offset = *at;
	*at = line_up(*at + 2ull * PORT_PAIRS * shard->port_pools);
}

static uint16_t *pool_next(struct shard *shard, const struct pool *pool)
{
	return (uint16_t *)((uint8_t *)shard + pool->next_offset);
}

static void pools_fill(struct shard *shard)
{
	for (unsigned kind = 0; kind < POOL_COUNT; kind++) {
		struct pool *pool = &shard->pools[kind];
		uint16_t *next = pool_next(shard, pool);

		for (uint16_t i = 0; i < pool->count; i++)
			next[i] = i + 1 < pool->count ? i + 1 : NO_INDEX;
		pool->free = pool->count > 0 ? 0 : NO_INDEX;
	}
	memset((uint8_t *)shard + shard->by_port_offset, 0xff,
		2ull * PORT_PAIRS * shard->port_pools);
}

static void *arena_map(uint64_t bytes, unsigned flags, int *fd)
{
	int memfd = memfd_create("isthmus-shard", MFD_CLOEXEC | flags);
	void *arena;

	if (memfd < 0)
		return NULL;
	if (ftruncate(memfd, (off_t)bytes) < 0)
		goto err;
	arena = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);
	if (arena == MAP_FAILED)
		goto err;
	madvise(arena, bytes, MADV_DONTDUMP); // keys must not reach a core file; best effort
	*fd = memfd;
	return arena;
err:
	close(memfd);
	return NULL;
}

// Packets come in random order: with small pages each of their reads misses the TLB. Without enough huge ones small ones
// must do.
static struct shard *arena_create(struct shard *plan, bool wants_huge, int *fd)
{
	uint64_t huge_bytes = (plan->bytes + HUGE_PAGE - 1) & ~(uint64_t)(HUGE_PAGE - 1);
	void *arena = NULL;

	if (wants_huge)
		arena = arena_map(huge_bytes, MFD_HUGETLB | MFD_HUGE_2MB, fd);
	if (arena == NULL)
		return arena_map(plan->bytes, 0, fd);
	plan->bytes = huge_bytes;
	plan->is_huge = true;
	return arena;
}

struct shard *shard_create(const struct shard_config *config, int *fd)
{
	struct shard plan = {
		.magic = SHARD_MAGIC, .number = config->number, .gateway = config->gateway};
	uint64_t at = line_up(sizeof(plan));
	struct shard *shard;

	plan.layout = layout_hash();
	memcpy(plan.random, config->random, sizeof(plan.random));
	pools_plan(&plan, config->contexts, &at);
	ports_plan(&plan, config->networks, &at);
	plan.bytes = at;
	shard = arena_create(&plan, config->has_huge_pages, fd);
	if (shard == NULL)
		return NULL;
	*shard = plan;
	pools_fill(shard);
	port_pools_fill(shard, config->networks);
	return shard;
}

void shard_destroy(struct shard *shard)
{
	if (shard == NULL)
		return;
	explicit_bzero((uint8_t *)shard + shard->pools[POOL_SECURE].offset,
		(size_t)shard->pools[POOL_SECURE].size * shard->pools[POOL_SECURE].count);
	munmap(shard, shard->bytes);
}

uint16_t pool_take(struct shard *shard, enum pool_kind kind)
{
	struct pool *pool = &shard->pools[kind];
	uint16_t index = pool->free;

	if (index == NO_INDEX)
		return NO_INDEX;
	pool->free = pool_next(shard, pool)[index];
	pool->used++;
	return index;
}

void pool_give(struct shard *shard, enum pool_kind kind, uint16_t index)
{
	struct pool *pool = &shard->pools[kind];

	explicit_bzero(
		shard_at(shard, kind, index), pool->size); // also leaves it zeroed for the next
	pool_next(shard, pool)[index] = pool->free;
	pool->free = index;
	pool->used--;
}

uint64_t shard_random(struct shard *shard)
{
	uint64_t a = shard->random[0], b = shard->random[1];
	uint64_t sum = a + b;

	b ^= a;
	shard->random[0] = (a << 24 | a >> 40) ^ b ^ (b << 16);
	shard->random[1] = b << 37 | b >> 27;
	return sum;
}
