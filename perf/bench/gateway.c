// SPDX-License-Identifier: Apache-2.0
// EAL, ports of rings, networks, shards and workers, as main makes them.
#include "gateway.h"

#include "bench.h"
#include "clock.h"
#include "core.h"
#include "port_priv.h"
#include "port_resolver.h"

#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_launch.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CACHE_LEN 512
#define UDP_FIRST 1024
#define UDP_LAST 65535

static const uint8_t peer_mac[6] = {2, 0, 0, 0, 0, 1};

static void eal_up(unsigned workers)
{
	char lcores[32];
	char *arguments[] = {"bench", lcores, "-m768", "--in-memory", "--no-pci", "--no-telemetry",
		"--log-level=4"};

	// Two workers take turns on one core: they are timed one by one.
	snprintf(lcores, sizeof(lcores), "%s",
		workers == 1 ? "--lcores=0@0,1@1" : "--lcores=0@0,1@1,2@1");
	if (rte_eal_init(RTE_DIM(arguments), arguments) < 0)
		bench_fail("EAL does not start: are there 400 free huge pages of 2 MB? (perf/run "
			   "reserves them)");
}

static void network_fill(struct network *network, uint8_t id, unsigned set_count)
{
	static const uint8_t v4[2][4] = {{203, 0, 113, 10}, {198, 51, 100, 10}};

	*network = (struct network){.id = id,
		.role = id == IQ_LEG_ACCESS ? NETWORK_ACCESS : NETWORK_CORE,
		.mtu = 1500,
		.dscp = 46,
		.udp_first = UDP_FIRST,
		.udp_last = UDP_LAST,
		.prefix_v4 = 24,
		.prefix_v6 = 64,
		.has_gateway_v4 = true,
		.has_gateway_v6 = true,
		.gateway_v6 = {0xfd, 0, id, [15] = 1},
		.set_count = set_count,
		.mac = {{2, 0, 0, 0, 0, 10}}};
	snprintf(network->name, sizeof(network->name), "%s", id == IQ_LEG_ACCESS ? "web" : "ims");
	memcpy(network->gateway_v4, v4[id], 3);
	network->gateway_v4[3] = 1;
	for (unsigned i = 0; i < set_count; i++) {
		struct address_set *set = &network->sets[i];

		*set = (struct address_set){.v6 = {0xfd, 0, id, [15] = (uint8_t)(10 + i)},
			.has_v4 = true,
			.has_v6 = true};
		memcpy(set->v4, v4[id], 4);
		set->v4[3] = (uint8_t)(10 + i);
	}
}

static uint32_t contexts_of_shard(const struct gateway *g)
{
	return (g->config.contexts + SHARDS - 1) / SHARDS + 2;
}

static void networks_fill(struct gateway *g)
{
	unsigned pairs = (UDP_LAST + 1 - UDP_FIRST) / (2 * SHARDS);
	unsigned sets = (contexts_of_shard(g) + pairs - 1) / pairs;

	if (sets > ADDRESS_SETS_MAX)
		bench_fail("%u contexts are more than %u addresses have ports for",
			g->config.contexts, ADDRESS_SETS_MAX);
	g->networks.count = GATEWAY_PORTS;
	for (uint8_t i = 0; i < GATEWAY_PORTS; i++)
		network_fill(&g->networks.list[i], i, sets);
}

static struct rte_ring *ring_make(const char *what, unsigned port, unsigned queue)
{
	struct rte_ring *ring;
	char name[32];

	snprintf(name, sizeof(name), "%s%u_%u", what, port, queue);
	ring = rte_ring_create(name, GATEWAY_RING_LEN, 0, RING_F_SP_ENQ | RING_F_SC_DEQ);
	if (ring == NULL)
		bench_fail("no memory for rings");
	return ring;
}

static void port_up(struct gateway *g, unsigned n)
{
	struct rte_mempool *pools[GATEWAY_WORKERS_MAX];
	struct port_config config = {
		.workers = g->config.workers, .owners = g->owners, .mbufs = pools, .mtu = 1500};
	char name[16], device[32];

	for (unsigned i = 0; i < g->config.workers; i++) {
		pools[i] = g->pool;
		g->rx[n][i] = ring_make("rx", n, i);
		g->tx[n][i] = ring_make("tx", n, i);
	}
	snprintf(name, sizeof(name), "%s", n == IQ_LEG_ACCESS ? "web" : "ims");
	snprintf(device, sizeof(device), "net_ring_%s", name);
	config.name = name;
	config.device = device;
	if (rte_eth_from_rings(name, g->rx[n], config.workers, g->tx[n], config.workers, 0) < 0 ||
		port_start(&g->ports[n], &config) < 0)
		bench_fail("port %s does not start", name);
	g->networks.list[n].port_id = g->ports[n].id;
}

static void pool_up(struct gateway *g)
{
	unsigned count = g->config.mbufs + GATEWAY_PORTS * g->config.workers * GATEWAY_RING_LEN;

	g->pool = rte_pktmbuf_pool_create("mbufs", count, CACHE_LEN,
		RTE_ALIGN(sizeof(struct pkt), RTE_MBUF_PRIV_ALIGN), RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	if (g->pool == NULL)
		bench_fail("no memory for %u packets", count);
}

// Both networks' routers, in both families.
static void neighbours_up(struct gateway *g)
{
	g->neigh = neigh_table_create(&g->networks);
	if (g->neigh == NULL)
		bench_fail("no memory");
	for (unsigned i = 0; i < GATEWAY_PORTS; i++) {
		const struct network *network = &g->networks.list[i];

		neigh_publish(
			g->neigh, neigh_want(g->neigh, network, 4, network->gateway_v4), peer_mac);
		neigh_publish(
			g->neigh, neigh_want(g->neigh, network, 6, network->gateway_v6), peer_mac);
	}
}

static void shards_up(struct gateway *g)
{
	for (unsigned i = 0; i < SHARDS; i++) {
		struct shard_config config = {.number = (uint8_t)i,
			.contexts = (uint16_t)contexts_of_shard(g),
			.has_huge_pages = true,
			.networks = &g->networks,
			.random = {i + 1, 77}};

		g->shards[i] = shard_create(&config, &g->fds[i]);
		if (g->shards[i] == NULL)
			bench_fail("no memory for shard %u", i);
		if (!g->shards[i]->is_huge)
			bench_fail("no huge pages for shard %u: perf/run reserves them", i);
	}
}

static void workers_up(struct gateway *g)
{
	struct worker_config config = {.networks = &g->networks,
		.neigh = g->neigh,
		.owners = g->owners,
		.ports = g->ports,
		.port_count = GATEWAY_PORTS,
		.mbufs = g->pool,
		.stages = g->config.stages == NULL ? stage_list : g->config.stages,
		.stage_count = STAGE_COUNT,
		.reentry = STAGE_REENTRY,
		.ops = {context_on_command, context_on_timer, context_on_idle},
		.transports_per_shard = g->shards[0]->pools[POOL_TRANSPORT].count};

	for (config.id = 0; config.id < g->config.workers; config.id++) {
		struct worker *w = worker_create(&config);

		if (w == NULL)
			bench_fail("no memory for a worker");
		for (unsigned i = 0; i < SHARDS; i++)
			w->shards[i] = g->owners[i] == w->id ? g->shards[i] : NULL;
		w->srtp = g->srtp[w->id] = srtp_ctx_create(SRTP_ARCH_AUTO);
		if (w->srtp == NULL)
			bench_fail("no SRTP on this processor");
		w->dtls = dtls_service_port(g->dtls, w->id);
		g->workers[w->id] = w;
	}
	if (workers_connect(g->workers, g->config.workers) < 0)
		bench_fail("no memory for hand-over rings");
}

static void dtls_up(struct gateway *g)
{
	struct dtls_config config = {.workers = g->config.workers,
		.threads = 1,
		.retain_call = g->config.retain_call,
		.linger_s = 5,
		.mtu = 1200};
	char err[200];

	g->dtls = dtls_service_create(&config, err, sizeof(err));
	if (g->dtls == NULL)
		bench_fail("dtls: %s", err);
}

static int thread_tell(void *arg)
{
	*(pid_t *)arg = gettid();
	return 0;
}

static void threads_find(struct gateway *g)
{
	for (unsigned i = 0; i < g->config.workers; i++) {
		rte_eal_remote_launch(thread_tell, &g->threads[i], i + 1);
		rte_eal_wait_lcore(i + 1);
	}
}

static uint64_t own_now_us(void *arg)
{
	return __atomic_load_n(&((struct gateway *)arg)->clock_us, __ATOMIC_RELAXED);
}

static int64_t own_wall_s(void *arg)
{
	(void)arg;
	return time(NULL);
}

static void clock_up(struct gateway *g)
{
	static struct clock_source clock;

	clock = (struct clock_source){.now_us = own_now_us, .wall_s = own_wall_s, .arg = g};

	g->clock_us = clock_now_us();
	if (g->config.has_own_clock)
		clock_inject(&clock);
}

struct gateway *gateway_create(const struct gateway_config *config)
{
	struct gateway *g = calloc(1, sizeof(*g));

	if (g == NULL)
		bench_fail("no memory");
	g->config = *config;
	if (g->config.workers == 0)
		g->config.workers = 1;
	if (g->config.mbufs == 0)
		g->config.mbufs = 16384;
	g->calls = calloc(config->contexts, sizeof(*g->calls));
	if (g->calls == NULL || g->config.workers > GATEWAY_WORKERS_MAX)
		bench_fail("no memory");
	eal_up(g->config.workers);
	threads_find(g);
	clock_up(g);
	for (unsigned i = 0; i < SHARDS; i++)
		g->owners[i] = (uint8_t)(i % g->config.workers);
	networks_fill(g);
	pool_up(g);
	for (unsigned i = 0; i < GATEWAY_PORTS; i++)
		port_up(g, i);
	neighbours_up(g);
	shards_up(g);
	dtls_up(g);
	workers_up(g);
	return g;
}

void gateway_destroy(struct gateway *g)
{
	gateway_stop(g);
	for (unsigned i = 0; i < g->config.workers; i++) {
		worker_destroy(g->workers[i]);
		srtp_ctx_destroy(g->srtp[i]);
	}
	for (unsigned i = 0; i < SHARDS; i++) {
		shard_destroy(g->shards[i]);
		close(g->fds[i]);
	}
	dtls_service_destroy(g->dtls);
	neigh_table_destroy(g->neigh);
	free(g->calls);
	free(g);
}

void gateway_cores_take(struct gateway *g, bool is_ours)
{
	core_take(0, is_ours);
	for (unsigned i = 0; i < g->config.workers; i++)
		core_take(g->threads[i], is_ours);
}

void gateway_start(struct gateway *g)
{
	for (unsigned i = 0; i < g->config.workers; i++) {
		if (worker_start(g->workers[i], i + 1) < 0)
			bench_fail("worker %u does not start", i);
	}
	g->is_running = true;
}

void gateway_stop(struct gateway *g)
{
	for (unsigned i = 0; i < g->config.workers && g->is_running; i++)
		worker_stop(g->workers[i]);
	g->is_running = false;
}

bool gateway_step(struct gateway *g)
{
	bool was_busy = false;

	for (unsigned i = 0; i < g->config.workers; i++)
		was_busy |= worker_step(g->workers[i]);
	return was_busy;
}

struct phase_call {
	struct worker *w;
	uint64_t stall_ticks;
	struct gateway_phase phase;
};

static int phase_run(void *arg)
{
	struct phase_call *call = arg;
	struct gateway_phase *phase = &call->phase;
	struct worker *w = call->w;
	bool was_busy = true;

	core_take(0, true);
	while (was_busy) {
		uint64_t before = w->counters[COUNTER_rx_packets], start = bench_tsc(), ticks;

		was_busy = worker_step(w);
		ticks = bench_tsc() - start;
		if (ticks > call->stall_ticks) {
			phase->stalls++;
		} else if (was_busy) {
			phase->ticks += ticks;
			phase->packets += w->counters[COUNTER_rx_packets] - before;
			phase->turns++;
		}
	}
	core_take(0, false);
	return 0;
}

struct gateway_phase gateway_run_dry(struct gateway *g, unsigned worker)
{
	struct phase_call call = {
		.w = g->workers[worker], .stall_ticks = (uint64_t)(bench_tsc_hz() / 1000)};

	if (rte_eal_remote_launch(phase_run, &call, worker + 1) < 0)
		bench_fail("worker %u does not start", worker);
	rte_eal_wait_lcore(worker + 1);
	return call.phase;
}

uint64_t gateway_count(const struct gateway *g, enum worker_counter counter)
{
	uint64_t counters[COUNTER_COUNT], sum = 0;

	for (unsigned i = 0; i < g->config.workers; i++) {
		worker_counters(g->workers[i], counters);
		sum += counters[counter];
	}
	return sum;
}

uint64_t gateway_drops(const struct gateway *g)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < COUNTER_COUNT; i++) {
		if (strncmp(worker_counter_name(i), "drop_", 5) == 0)
			sum += gateway_count(g, i);
	}
	return sum;
}

void gateway_drops_print(const struct gateway *g)
{
	for (unsigned i = 0; i < COUNTER_COUNT; i++) {
		uint64_t count = gateway_count(g, i);

		if (count > 0 && strncmp(worker_counter_name(i), "drop_", 5) == 0)
			fprintf(stderr, "%s %llu\n", worker_counter_name(i),
				(unsigned long long)count);
	}
}
