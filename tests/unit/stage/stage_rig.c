// SPDX-License-Identifier: Apache-2.0
// Two workers on a port made of rings.
#include "stage_rig.h"

#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

const struct rte_ether_addr rig_peer_mac = {{2, 0, 0, 0, 0, 2}};
static struct rig the_rig;

static uint16_t stage_capture(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	struct rig *rig = &the_rig;

	for (uint16_t i = 0; i < n; i++) {
		unsigned at = rig->captured++ % RIG_CAPTURES;

		rig->pkts[at] = *pkt_of(pkts[i]);
		rig->workers_seen[at] = w->id;
		rig->lens[at] = rte_pktmbuf_data_len(pkts[i]);
		memcpy(rig->payloads[at], rte_pktmbuf_mtod(pkts[i], void *),
			RTE_MIN(rte_pktmbuf_data_len(pkts[i]), 256));
		if (rig->on_pkt != NULL)
			rig->on_pkt(rig, w, pkts[i]);
		else
			rte_pktmbuf_free(pkts[i]);
	}
	return 0;
}

static const struct worker_stage stages[] = {
	{"parse", stage_parse}, {"owner", stage_owner}, {"capture", stage_capture}};

static void networks_fill(struct rig *rig)
{
	rig->networks.count = 2;
	for (uint8_t i = 0; i < 2; i++) {
		rig->networks.list[i] = (struct network){.id = i,
			.role = i == 0 ? NETWORK_ACCESS : NETWORK_CORE,
			.port_id = rig->port.id,
			.vlan = i == 0 ? 0 : 7,
			.mtu = 1500,
			.dscp = 46,
			.prefix_v4 = 24,
			.prefix_v6 = 64,
			.set_count = 2,
			.sets = {{.v4 = {203, 0, 113, 10},
					 .v6 = {0xfd, 0, 2, 3, [15] = 10},
					 .has_v4 = true,
					 .has_v6 = true},
				{.v4 = {203, 0, 113, 11}, .has_v4 = true}},
			.mac = {{2, 0, 0, 0, 0, 10}}};
	}
}

static void port_up(struct rig *rig)
{
	struct rte_mempool *pools[RIG_WORKERS];
	struct port_config config = {.name = "rig",
		.device = "net_ring_rig",
		.workers = RIG_WORKERS,
		.owners = rig->owners,
		.mbufs = pools,
		.mtu = 1500};
	char name[16];

	rig->pool = rte_pktmbuf_pool_create("rig", 1023, 0,
		RTE_ALIGN(sizeof(struct pkt), RTE_MBUF_PRIV_ALIGN), RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	assert_non_null(rig->pool);
	for (unsigned i = 0; i < RIG_WORKERS; i++) {
		pools[i] = rig->pool;
		snprintf(name, sizeof(name), "rx%u", i);
		rig->rx[i] = rte_ring_create(name, 256, 0, 0);
		snprintf(name, sizeof(name), "tx%u", i);
		rig->tx[i] = rte_ring_create(name, 256, 0, 0);
	}
	assert_true(rte_eth_from_rings("rig", rig->rx, RIG_WORKERS, rig->tx, RIG_WORKERS, 0) >= 0);
	assert_int_equal(port_start(&rig->port, &config), 0);
}

int rig_group_up(void **state)
{
	char *arguments[] = {"test", "--no-huge", "-m64", "--no-pci", "--no-shconf",
		"--no-telemetry", "-l0", "--log-level=4"};

	(void)state;
	if (rte_eal_init(RTE_DIM(arguments), arguments) < 0)
		return -1;
	for (unsigned shard = 0; shard < SHARDS; shard++)
		the_rig.owners[shard] = shard % RIG_WORKERS;
	port_up(&the_rig);
	networks_fill(&the_rig);
	the_rig.free_mbufs = rte_mempool_avail_count(the_rig.pool);
	return 0;
}

int rig_up(void **state)
{
	struct rig *rig = &the_rig;

	rig->on_pkt = NULL;
	rig->captured = 0;
	rig->neigh = neigh_table_create(&rig->networks);
	for (unsigned i = 0; i < RIG_WORKERS; i++) {
		struct worker_config config = {.id = i,
			.networks = &rig->networks,
			.neigh = rig->neigh,
			.owners = rig->owners,
			.ports = &rig->port,
			.port_count = 1,
			.mbufs = rig->pool,
			.stages = stages,
			.stage_count = RTE_DIM(stages),
			.reentry = 1,
			.transports_per_shard = 4};

		rig->workers[i] = worker_create(&config);
		assert_non_null(rig->workers[i]);
	}
	assert_int_equal(workers_connect(rig->workers, RIG_WORKERS), 0);
	*state = rig;
	return 0;
}

int rig_down(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[FRAME_MAX];

	for (unsigned i = 0; i < RIG_WORKERS; i++) {
		while (rig_take(rig, i, frame, sizeof(frame)) > 0)
			;
	}
	for (unsigned i = 0; i < RIG_WORKERS; i++)
		worker_destroy(rig->workers[i]);
	neigh_table_destroy(rig->neigh);
	return rte_mempool_avail_count(rig->pool) == rig->free_mbufs ? 0 : -1;
}

struct datagram rig_datagram(uint8_t family)
{
	struct datagram v4 = {.family = 4,
		.src = {203, 0, 113, 2},
		.dst = {203, 0, 113, 10},
		.src_port = 5000,
		.dst_port = 20000,
		.payload = "hello",
		.len = 5};
	struct datagram v6 = v4;

	v6.family = 6;
	memcpy(v6.src, (uint8_t[16]){0xfd, 0, 2, 3, [15] = 2}, 16);
	memcpy(v6.dst, (uint8_t[16]){0xfd, 0, 2, 3, [15] = 10}, 16);
	return family == 4 ? v4 : v6;
}

static size_t ether_write(uint8_t *frame, const struct datagram *datagram)
{
	uint16_t type = datagram->family == 4 ? RTE_ETHER_TYPE_IPV4 : RTE_ETHER_TYPE_IPV6;
	struct rte_ether_hdr eth = {.dst_addr = {{2, 0, 0, 0, 0, 10}},
		.src_addr = rig_peer_mac,
		.ether_type = rte_cpu_to_be_16(datagram->vlan ? RTE_ETHER_TYPE_VLAN : type)};
	struct rte_vlan_hdr tag = {
		.vlan_tci = rte_cpu_to_be_16(datagram->vlan), .eth_proto = rte_cpu_to_be_16(type)};

	memcpy(frame, &eth, sizeof(eth));
	if (datagram->vlan == 0)
		return sizeof(eth);
	memcpy(frame + sizeof(eth), &tag, sizeof(tag));
	return sizeof(eth) + sizeof(tag);
}

static size_t ip_write(uint8_t *at, const struct datagram *datagram)
{
	uint16_t udp_len = (uint16_t)(datagram->len + 8);
	struct rte_ipv4_hdr v4 = {.version_ihl = 0x45,
		.total_length = rte_cpu_to_be_16((uint16_t)(udp_len + 20)),
		.time_to_live = 64,
		.next_proto_id = 17};
	struct rte_ipv6_hdr v6 = {.vtc_flow = RTE_BE32(0x60000000),
		.payload_len = rte_cpu_to_be_16(udp_len),
		.proto = 17,
		.hop_limits = 64};

	if (datagram->family == 6) {
		memcpy(v6.src_addr, datagram->src, 16);
		memcpy(v6.dst_addr, datagram->dst, 16);
		memcpy(at, &v6, sizeof(v6));
		return sizeof(v6);
	}
	memcpy(&v4.src_addr, datagram->src, 4);
	memcpy(&v4.dst_addr, datagram->dst, 4);
	v4.hdr_checksum = rte_ipv4_cksum(&v4);
	memcpy(at, &v4, sizeof(v4));
	return sizeof(v4);
}

size_t rig_frame_write(uint8_t *frame, const struct datagram *datagram)
{
	struct rte_udp_hdr udp = {.src_port = rte_cpu_to_be_16(datagram->src_port),
		.dst_port = rte_cpu_to_be_16(datagram->dst_port),
		.dgram_len = rte_cpu_to_be_16((uint16_t)(datagram->len + 8))};
	uint8_t *ip = frame + ether_write(frame, datagram);
	uint8_t *at = ip + ip_write(ip, datagram);

	memcpy(at + sizeof(udp), datagram->payload, datagram->len);
	memcpy(at, &udp, sizeof(udp));
	udp.dgram_cksum = datagram->family == 4
		? rte_ipv4_udptcp_cksum((struct rte_ipv4_hdr *)ip, at)
		: rte_ipv6_udptcp_cksum((struct rte_ipv6_hdr *)ip, at);
	memcpy(at, &udp, sizeof(udp));
	return (size_t)(at - frame) + sizeof(udp) + datagram->len;
}

static struct rte_mbuf *mbuf_of(struct rig *rig, const uint8_t *frame, size_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(rig->pool);

	assert_non_null(m);
	m->port = rig->port.id;
	memcpy(rte_pktmbuf_append(m, (uint16_t)len), frame, len);
	memset(pkt_of(m), 0xa5, sizeof(struct pkt)); // of an earlier life
	return m;
}

void rig_put(struct rig *rig, unsigned worker, const uint8_t *frame, size_t len)
{
	assert_int_equal(rte_ring_enqueue(rig->rx[worker], mbuf_of(rig, frame, len)), 0);
}

void rig_put_flagged(struct rig *rig, const uint8_t *frame, size_t len, uint64_t ol_flags)
{
	struct rte_mbuf *m = mbuf_of(rig, frame, len);

	m->ol_flags = ol_flags;
	assert_int_equal(rte_ring_enqueue(rig->rx[0], m), 0);
}

void rig_step(struct rig *rig)
{
	bool was_busy;

	do {
		was_busy = false;
		for (unsigned i = 0; i < RIG_WORKERS; i++)
			was_busy |= worker_step(rig->workers[i]);
	} while (was_busy);
}

size_t rig_take(struct rig *rig, unsigned worker, uint8_t *frame, size_t room)
{
	struct rte_mbuf *m;
	size_t len;

	if (rte_ring_dequeue(rig->tx[worker], (void **)&m) != 0)
		return 0;
	len = rte_pktmbuf_data_len(m);
	assert_true(len <= room);
	memcpy(frame, rte_pktmbuf_mtod(m, void *), len);
	rte_pktmbuf_free(m);
	return len;
}

uint64_t rig_count(const struct rig *rig, enum worker_counter counter)
{
	uint64_t counters[COUNTER_COUNT], sum = 0;

	for (unsigned i = 0; i < RIG_WORKERS; i++) {
		worker_counters(rig->workers[i], counters);
		sum += counters[counter];
	}
	return sum;
}
