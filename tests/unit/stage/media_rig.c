// SPDX-License-Identifier: Apache-2.0
// Two workers with the whole list of stages, a shard's arena for each shard, and ends that get what is sent to them.
#include "media_rig.h"

#include "clock.h"
#include "port_priv.h"

#include <rte_eal.h>
#include <rte_eth_ring.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define CONTEXTS 4 // of a shard
#define CORE_VLAN 7

static struct media_rig the_rig;

static uint64_t skewed_now_us(void *arg)
{
	const struct media_rig *rig = arg;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000 +
		__atomic_load_n(&rig->skew_us, __ATOMIC_RELAXED);
}

static int64_t wall_s(void *arg)
{
	(void)arg;
	return time(NULL);
}

static void networks_fill(struct media_rig *rig)
{
	static const uint8_t subnets[2][4] = {{203, 0, 113, 10}, {198, 51, 100, 10}};

	rig->networks.count = 2;
	for (uint8_t i = 0; i < 2; i++) {
		struct network *network = &rig->networks.list[i];

		*network = (struct network){.id = i,
			.role = i == 0 ? NETWORK_ACCESS : NETWORK_CORE,
			.port_id = rig->port.id,
			.vlan = i == 0 ? 0 : CORE_VLAN,
			.mtu = 1500,
			.dscp = 46,
			.udp_first = 20000,
			.udp_last = 29999,
			.prefix_v4 = 24,
			.prefix_v6 = 64,
			.set_count = 1,
			.sets = {{.v6 = {0xfd, 0, i == 0 ? 2 : 1, i == 0 ? 3 : 0x98, [15] = 10},
				.has_v4 = true,
				.has_v6 = true}},
			.mac = {{2, 0, 0, 0, 0, 10}}};
		snprintf(network->name, sizeof(network->name), "%s", i == 0 ? "web" : "ims");
		memcpy(network->sets[0].v4, subnets[i], 4);
	}
}

static void port_up(struct media_rig *rig)
{
	struct rte_mempool *pools[RIG_WORKERS];
	struct port_config config = {.name = "media",
		.device = "net_ring_media",
		.workers = RIG_WORKERS,
		.owners = rig->owners,
		.mbufs = pools,
		.mtu = 1500};
	char name[16];

	rig->pool = rte_pktmbuf_pool_create("media", 2047, 0,
		RTE_ALIGN(sizeof(struct pkt), RTE_MBUF_PRIV_ALIGN), RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	assert_non_null(rig->pool);
	for (unsigned i = 0; i < RIG_WORKERS; i++) {
		pools[i] = rig->pool;
		snprintf(name, sizeof(name), "mrx%u", i);
		rig->rx[i] = rte_ring_create(name, 512, 0, 0);
		snprintf(name, sizeof(name), "mtx%u", i);
		rig->tx[i] = rte_ring_create(name, 512, 0, 0);
	}
	assert_true(
		rte_eth_from_rings("media", rig->rx, RIG_WORKERS, rig->tx, RIG_WORKERS, 0) >= 0);
	assert_int_equal(port_start(&rig->port, &config), 0);
}

int media_group_up(void **state)
{
	char *arguments[] = {"test", "--no-huge", "-m96", "--no-pci", "--no-shconf",
		"--no-telemetry", "-l0", "--log-level=4"};
	static const struct clock_source clock = {
		.now_us = skewed_now_us, .wall_s = wall_s, .arg = &the_rig};

	(void)state;
	if (rte_eal_init(RTE_DIM(arguments), arguments) < 0)
		return -1;
	clock_inject(&clock);
	for (unsigned shard = 0; shard < SHARDS; shard++)
		the_rig.owners[shard] = shard % RIG_WORKERS;
	port_up(&the_rig);
	networks_fill(&the_rig);
	the_rig.free_mbufs = rte_mempool_avail_count(the_rig.pool);
	return 0;
}

static void shards_up(struct media_rig *rig)
{
	for (unsigned i = 0; i < SHARDS; i++) {
		struct shard_config config = {.number = (uint8_t)i,
			.gateway = 5,
			.contexts = CONTEXTS,
			.networks = &rig->networks,
			.random = {i + 1, 77}};

		rig->shards[i] = shard_create(&config, &rig->fds[i]);
		assert_non_null(rig->shards[i]);
		rig->workers[rig->owners[i]]->shards[i] = rig->shards[i];
	}
}

static uint32_t transports_max(struct media_rig *rig)
{
	struct shard_config config = {.contexts = CONTEXTS, .networks = &rig->networks};
	struct shard *shard;
	uint32_t count;
	int fd;

	shard = shard_create(&config, &fd);
	assert_non_null(shard);
	count = shard->pools[POOL_TRANSPORT].count;
	shard_destroy(shard);
	close(fd);
	return count;
}

static void workers_up(struct media_rig *rig)
{
	struct worker_config config = {.networks = &rig->networks,
		.neigh = rig->neigh,
		.owners = rig->owners,
		.ports = &rig->port,
		.port_count = 1,
		.mbufs = rig->pool,
		.stages = stage_list,
		.stage_count = STAGE_COUNT,
		.reentry = STAGE_REENTRY,
		.ops = {context_on_command, context_on_timer, context_on_idle},
		.transports_per_shard = transports_max(rig)};

	for (config.id = 0; config.id < RIG_WORKERS; config.id++) {
		struct worker *w = worker_create(&config);

		assert_non_null(w);
		w->srtp = rig->srtp[config.id] = srtp_ctx_create(SRTP_ARCH_AUTO);
		assert_non_null(w->srtp);
		w->dtls = dtls_service_port(rig->dtls, config.id);
		rig->workers[config.id] = w;
	}
	assert_int_equal(workers_connect(rig->workers, RIG_WORKERS), 0);
}

int media_up(void **state)
{
	struct media_rig *rig = &the_rig;
	struct dtls_config dtls = {
		.workers = RIG_WORKERS, .threads = 1, .retain_call = true, .mtu = 1200};
	char err[200];

	rig->end_count = 0;
	rig->states = 0;
	rig->neigh = neigh_table_create(&rig->networks);
	rig->dtls = dtls_service_create(&dtls, err, sizeof(err));
	assert_non_null(rig->dtls);
	workers_up(rig);
	shards_up(rig);
	*state = rig;
	return 0;
}

// Every place of every pool is back, and every port.
static bool shard_is_empty(const struct media_rig *rig, struct shard *shard)
{
	for (unsigned kind = 0; kind < POOL_COUNT; kind++) {
		if (shard->pools[kind].used != 0) {
			print_error("shard %u: %u of pool %u are used\n", shard->number,
				shard->pools[kind].used, kind);
			return false;
		}
	}
	for (unsigned port = 20000; port < 30000; port++) {
		for (unsigned i = 0; i < rig->networks.count; i++) {
			if (shard_of_port((uint16_t)port) == shard->number &&
				shard_lookup(shard, (uint8_t)i, 0, (uint16_t)port) != NO_INDEX)
				return false;
		}
	}
	return true;
}

static int state_delete_all(struct media_rig *rig)
{
	int empty = 0;

	for (unsigned i = 0; i < SHARDS; i++) {
		struct pool *pool = &rig->shards[i]->pools[POOL_CONTEXT];

		for (uint16_t k = 0; k < pool->count; k++) {
			const struct context *c = shard_context(rig->shards[i], k);

			if (c->handle != 0 && media_delete(rig, c->handle) != 0)
				empty = -1;
		}
		if (!shard_is_empty(rig, rig->shards[i]))
			empty = -1;
	}
	return empty;
}

int media_down(void **state)
{
	struct media_rig *rig = *state;
	int ret = state_delete_all(rig);

	for (unsigned i = 0; i < RIG_WORKERS; i++) {
		worker_destroy(rig->workers[i]);
		srtp_ctx_destroy(rig->srtp[i]);
	}
	for (unsigned i = 0; i < SHARDS; i++) {
		shard_destroy(rig->shards[i]);
		close(rig->fds[i]);
	}
	dtls_service_destroy(rig->dtls);
	neigh_table_destroy(rig->neigh);
	if (rte_mempool_avail_count(rig->pool) != rig->free_mbufs) {
		print_error("mbufs are missing\n");
		ret = -1;
	}
	return ret;
}

static void hop_make(struct media_rig *rig, const struct media_end *end, uint8_t family)
{
	neigh_slot slot = neigh_want(
		rig->neigh, &rig->networks.list[end->network], family, media_ip(end, family));

	neigh_publish(rig->neigh, slot, rig_peer_mac.addr_bytes);
}

struct media_end *media_end_add(struct media_rig *rig, uint8_t network, uint8_t host)
{
	struct media_end *end = &rig->ends[rig->end_count++];

	assert_in_range(rig->end_count, 1, MEDIA_ENDS);
	memset(end, 0, sizeof(*end));
	end->network = network;
	memcpy(end->v4, rig->networks.list[network].sets[0].v4, 4);
	memcpy(end->v6, rig->networks.list[network].sets[0].v6, 16);
	end->v4[3] = host;
	end->v6[15] = host;
	hop_make(rig, end, 4);
	hop_make(rig, end, 6);
	return end;
}

const uint8_t *media_ip(const struct media_end *end, uint8_t family)
{
	return family == 4 ? end->v4 : end->v6;
}

static void deliver(struct media_rig *rig, uint8_t network, const uint8_t *to,
	const struct media_datagram *datagram)
{
	for (unsigned i = 0; i < rig->end_count; i++) {
		struct media_end *end = &rig->ends[i];

		if (end->network != network ||
			memcmp(media_ip(end, datagram->family), to,
				datagram->family == 4 ? 4 : 16) != 0)
			continue;
		if (end->on_datagram == NULL || !end->on_datagram(datagram, end->arg)) {
			assert_in_range(end->count - end->next, 0, MEDIA_INBOX - 1);
			end->inbox[end->count++ % MEDIA_INBOX] = *datagram;
		}
		return;
	}
	fail_msg("a datagram to nobody");
}

static void frame_take(struct media_rig *rig, const uint8_t *frame, size_t len)
{
	struct media_datagram datagram;
	struct eth_frame eth;
	const uint8_t *ip, *udp;

	assert_int_equal(eth_parse(&eth, frame, len), 0);
	assert_memory_equal(eth.dst, &rig_peer_mac, 6);
	assert_true(eth.vlan == 0 || eth.vlan == CORE_VLAN);
	ip = frame + eth.payload_at;
	datagram.family = ip[0] >> 4;
	udp = ip + (datagram.family == 4 ? 20 : 40);
	memset(datagram.from_ip, 0, 16);
	memcpy(datagram.from_ip, ip + (datagram.family == 4 ? 12 : 8),
		datagram.family == 4 ? 4 : 16);
	datagram.from_port = (uint16_t)(udp[0] << 8 | udp[1]);
	datagram.port = (uint16_t)(udp[2] << 8 | udp[3]);
	datagram.len = (uint16_t)((udp[4] << 8 | udp[5]) - 8);
	assert_in_range(datagram.len, 0, sizeof(datagram.bytes));
	memcpy(datagram.bytes, udp + 8, datagram.len);
	deliver(rig, eth.vlan == 0 ? 0 : 1, ip + (datagram.family == 4 ? 16 : 24), &datagram);
}

static bool frames_take(struct media_rig *rig)
{
	bool any = false;
	struct rte_mbuf *m;

	for (unsigned i = 0; i < RIG_WORKERS; i++) {
		while (rte_ring_dequeue(rig->tx[i], (void **)&m) == 0) {
			frame_take(rig, rte_pktmbuf_mtod(m, uint8_t *), rte_pktmbuf_data_len(m));
			rte_pktmbuf_free(m);
			any = true;
		}
	}
	return any;
}

static void on_message(struct worker *w, const void *data, uint32_t len, void *arg)
{
	const struct context_msg *msg = data;
	struct media_rig *rig = arg;

	(void)w;
	assert_int_equal(len, sizeof(*msg) + msg->len);
	if (msg->type == IQ_CONTEXT_STATE) {
		assert_int_equal(msg->len, sizeof(rig->state));
		memcpy(&rig->state, msg->payload, sizeof(rig->state));
		rig->states++;
	} else if (msg->txn == rig->txn) {
		rig->is_answered = true;
		rig->status = msg->status;
		rig->len = msg->len;
		memcpy(rig->reply, msg->payload, msg->len);
	}
}

void media_step(struct media_rig *rig)
{
	bool was_busy;

	do {
		was_busy = false;
		for (unsigned i = 0; i < RIG_WORKERS; i++) {
			was_busy |= worker_step(rig->workers[i]);
			worker_messages(rig->workers[i], 64, on_message, rig);
		}
		was_busy |= frames_take(rig);
	} while (was_busy);
}

void media_send(struct media_rig *rig, const struct media_end *from, uint16_t from_port,
	const struct iq_addr *to, const void *bytes, size_t len)
{
	struct datagram datagram = {.family = to->family,
		.vlan = from->network == 0 ? 0 : CORE_VLAN,
		.src_port = from_port,
		.dst_port = to->port,
		.payload = bytes,
		.len = (uint16_t)len};
	struct rte_mbuf *m = rte_pktmbuf_alloc(rig->pool);
	uint8_t frame[FRAME_MAX];
	size_t frame_len;

	assert_non_null(m);
	memcpy(datagram.src, media_ip(from, to->family), to->family == 4 ? 4 : 16);
	memcpy(datagram.dst, to->ip, 16);
	frame_len = rig_frame_write(frame, &datagram);
	m->port = rig->port.id;
	memcpy(rte_pktmbuf_append(m, (uint16_t)frame_len), frame, frame_len);
	memset(pkt_of(m), 0xa5, sizeof(struct pkt));
	// Steered by nothing: half of it comes to the wrong worker.
	assert_int_equal(rte_ring_enqueue(rig->rx[from->network], m), 0);
}

const struct media_datagram *media_take(struct media_end *end)
{
	return end->next == end->count ? NULL : &end->inbox[end->next++ % MEDIA_INBOX];
}

int media_command(
	struct media_rig *rig, enum iq_type type, uint8_t shard, const void *payload, uint32_t len)
{
	struct {
		struct context_msg head;
		uint8_t payload[IQ_PAYLOAD_MAX];
	} msg = {.head = {.type = type, .shard = shard, .txn = ++rig->txn, .len = len}};

	memcpy(msg.payload, payload, len);
	rig->is_answered = false;
	assert_int_equal(worker_command(rig->workers[shard % RIG_WORKERS], &msg,
				 (uint32_t)sizeof(msg.head) + len),
		0);
	media_step(rig);
	assert_true(rig->is_answered);
	return rig->status;
}

int media_reserve(struct media_rig *rig, uint8_t shard, const struct iq_context_reserve *command,
	struct iq_context_local *local)
{
	struct {
		struct iq_context_reserve command;
		struct context_seed seed;
	} payload = {.command = *command, .seed = {.tiebreaker = 1}};
	int ret;

	snprintf(payload.seed.ufrag, sizeof(payload.seed.ufrag), "gw%06u",
		(unsigned)rig->txn % 1000000);
	snprintf(payload.seed.pwd, sizeof(payload.seed.pwd), "gatewaypassword%09u",
		(unsigned)rig->txn % 1000000);
	strcpy(payload.seed.cname, "gateway-cname");
	dtls_fingerprint(rig->dtls, payload.seed.fingerprint);
	for (unsigned n = 0; n < IQ_STREAMS_MAX; n++) {
		for (unsigned leg = 0; leg < IQ_LEGS; leg++) {
			payload.seed.ssrc[n][leg] =
				0x10000000u + (uint32_t)rig->txn * 256 + n * 2 + leg;
			payload.seed.seq[n][leg] = (uint16_t)(30000 + n);
		}
	}
	ret = media_command(rig, IQ_CONTEXT_RESERVE, shard, &payload, sizeof(payload));
	if (ret == 0) {
		assert_int_equal(rig->len, sizeof(*local));
		memcpy(local, rig->reply, sizeof(*local));
	}
	return ret;
}

struct iq_context_state media_state(struct media_rig *rig, iq_handle handle)
{
	struct iq_context_ref ref = {handle};
	struct iq_context_state state;

	assert_int_equal(
		media_command(rig, IQ_CONTEXT_GET, iq_handle_shard(handle), &ref, sizeof(ref)), 0);
	assert_int_equal(rig->len, sizeof(state));
	memcpy(&state, rig->reply, sizeof(state));
	return state;
}

int media_delete(struct media_rig *rig, iq_handle handle)
{
	struct iq_context_ref ref = {handle};

	return media_command(rig, IQ_CONTEXT_DELETE, iq_handle_shard(handle), &ref, sizeof(ref));
}

uint64_t media_count(const struct media_rig *rig, enum worker_counter counter)
{
	uint64_t counters[COUNTER_COUNT], sum = 0;

	for (unsigned i = 0; i < RIG_WORKERS; i++) {
		worker_counters(rig->workers[i], counters);
		sum += counters[counter];
	}
	return sum;
}
