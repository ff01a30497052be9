// SPDX-License-Identifier: Apache-2.0
// The resolver over time: asks, learns, refreshes, forgets, answers; the table's next hops.
#include "port_priv.h"
#include "port_resolver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECOND 1000000ull

static const uint8_t peer_mac[6] = {2, 0, 0, 0, 0, 2};
static const uint8_t peer_v4[4] = {203, 0, 113, 2};
static const uint8_t far_v4[4] = {192, 0, 2, 77};
static const uint8_t our_v4[4] = {203, 0, 113, 10};
static const uint8_t peer_v6[16] = {0xfd, 0, 2, 3, [15] = 2};

struct rig {
	struct networks networks;
	struct neigh_table *table;
	struct resolver *resolver;
	uint64_t now_us;
	unsigned sent;
	uint8_t last[FRAME_MAX];
	size_t last_len;
};

static void on_send(uint16_t port_id, const uint8_t *frame, size_t len, void *arg)
{
	struct rig *rig = arg;

	assert_int_equal(port_id, 3);
	memcpy(rig->last, frame, len);
	rig->last_len = len;
	rig->sent++;
}

static int rig_up(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	struct network *network = &rig->networks.list[0];

	rig->networks.count = 1;
	*network = (struct network){.port_id = 3,
		.vlan = 7,
		.mtu = 1500,
		.prefix_v4 = 24,
		.prefix_v6 = 64,
		.has_gateway_v4 = true,
		.gateway_v4 = {203, 0, 113, 1},
		.set_count = 1,
		.sets = {{.v4 = {203, 0, 113, 10},
			.v6 = {0xfd, 0, 2, 3, [15] = 10},
			.has_v4 = true,
			.has_v6 = true}},
		.mac = {{2, 0, 0, 0, 0, 10}}};
	rig->table = neigh_table_create(&rig->networks);
	rig->resolver = resolver_create(&rig->networks, rig->table, on_send, rig);
	rig->now_us = 100 * SECOND;
	*state = rig;
	return 0;
}

static int rig_down(void **state)
{
	struct rig *rig = *state;

	resolver_destroy(rig->resolver);
	neigh_table_destroy(rig->table);
	free(rig);
	return 0;
}

static void pass(struct rig *rig, uint64_t us)
{
	for (uint64_t end = rig->now_us + us; rig->now_us < end; rig->now_us += 100000)
		resolver_tick(rig->resolver, rig->now_us);
}

static void arp_in(struct rig *rig, uint16_t op, const uint8_t *mac, const uint8_t *ip)
{
	struct eth_frame eth = {.vlan = 7, .type = ETH_TYPE_ARP};
	struct arp_packet arp = {.op = op};
	uint8_t frame[64];
	size_t at;

	memcpy(eth.src, mac, 6);
	memcpy(arp.sender_mac, mac, 6);
	memcpy(arp.sender_ip, ip, 4);
	memcpy(arp.target_ip, our_v4, 4);
	at = eth_write(frame, &eth);
	arp_write(frame + at, &arp);
	resolver_input(rig->resolver, 3, frame, at + ARP_LEN, rig->now_us);
}

static void next_hops(void **state)
{
	struct rig *rig = *state;
	const struct network *network = &rig->networks.list[0];
	static const uint8_t gateway[4] = {203, 0, 113, 1};
	static const uint8_t far_v6[16] = {0x20, 1};
	static const uint8_t link_local[16] = {0xfe, 0x80, [15] = 1};
	neigh_slot slot;

	assert_int_equal(neigh_want(rig->table, network, 4, our_v4), NEIGH_LOCAL);
	assert_int_equal(neigh_find(rig->table, network, 4, peer_v4), NEIGH_NONE);
	slot = neigh_want(rig->table, network, 4, peer_v4);
	assert_int_equal(neigh_find(rig->table, network, 4, peer_v4), slot);
	assert_int_equal(neigh_want(rig->table, network, 4, peer_v4), slot);
	// Far away goes by the gateway; IPv6 has none here.
	slot = neigh_want(rig->table, network, 4, far_v4);
	assert_int_equal(neigh_find(rig->table, network, 4, gateway), slot);
	assert_int_equal(neigh_want(rig->table, network, 6, far_v6), NEIGH_NONE);
	assert_int_equal(neigh_want(rig->table, network, 6, link_local), NEIGH_NONE);
}

static void resolves_refreshes_expires(void **state)
{
	struct rig *rig = *state;
	neigh_slot slot = neigh_want(rig->table, &rig->networks.list[0], 4, peer_v4);
	struct rte_ether_addr mac;

	assert_false(neigh_mac(rig->table, slot, &mac));
	resolver_tick(rig->resolver, rig->now_us);
	assert_int_equal(rig->sent, 1); // asked at once, everybody
	assert_int_equal(rig->last[0], 0xff);
	arp_in(rig, ARP_REPLY, peer_mac, peer_v4);
	assert_true(neigh_mac(rig->table, slot, &mac));
	assert_memory_equal(mac.addr_bytes, peer_mac, 6);
	pass(rig, 29 * SECOND);
	assert_int_equal(rig->sent, 1);
	pass(rig, 2 * SECOND);
	assert_int_equal(rig->last[0], peer_mac[0]); // a refresh asks the known one
	assert_true(rig->sent > 1);
	arp_in(rig, ARP_REPLY, peer_mac, peer_v4);
	// Then it falls silent: known while it is asked again, gone in the end.
	pass(rig, 33 * SECOND);
	assert_true(neigh_mac(rig->table, slot, &mac));
	pass(rig, 5 * SECOND);
	assert_false(neigh_mac(rig->table, slot, &mac));
	assert_int_equal(rig->last[0], 0xff);
	arp_in(rig, ARP_REQUEST, peer_mac, peer_v4); // its own question tells as much
	assert_true(neigh_mac(rig->table, slot, &mac));
}

static void backs_off(void **state)
{
	struct rig *rig = *state;

	neigh_slot slot = neigh_want(rig->table, &rig->networks.list[0], 4, peer_v4);
	struct rte_ether_addr mac;

	for (unsigned i = 0; i < 20; i++) {
		assert_false(neigh_mac(rig->table, slot, &mac)); // somebody still wants it
		pass(rig, 30 * SECOND);
	}
	assert_in_range(rig->sent, 10, 40);
}

static void strangers_are_not_kept(void **state)
{
	struct rig *rig = *state;

	arp_in(rig, ARP_REQUEST, peer_mac, peer_v4);
	assert_int_equal(rig->sent, 1); // answered
	assert_int_equal(neigh_find(rig->table, &rig->networks.list[0], 4, peer_v4), NEIGH_NONE);
	assert_int_equal(rig->table->count, 0);
}

static void arp_answer(void **state)
{
	struct rig *rig = *state;
	struct eth_frame eth;
	struct arp_packet arp;

	arp_in(rig, ARP_REQUEST, peer_mac, peer_v4);
	assert_int_equal(eth_parse(&eth, rig->last, rig->last_len), 0);
	assert_int_equal(eth.vlan, 7);
	assert_int_equal(
		arp_parse(&arp, rig->last + eth.payload_at, rig->last_len - eth.payload_at), 0);
	assert_int_equal(arp.op, ARP_REPLY);
	assert_memory_equal(arp.sender_mac, rig->networks.list[0].mac.addr_bytes, 6);
	assert_memory_equal(arp.sender_ip, our_v4, 4);
	assert_memory_equal(arp.target_ip, peer_v4, 4);
	assert_memory_equal(eth.dst, peer_mac, 6);
}

static void other_links_are_not_answered(void **state)
{
	struct rig *rig = *state;

	rig->networks.list[0].vlan = 8;
	arp_in(rig, ARP_REQUEST, peer_mac, peer_v4);
	assert_int_equal(rig->sent, 0);
	assert_int_equal(resolver_counters(rig->resolver)->drop_not_ours, 1);
}

static void nd_in(struct rig *rig, struct nd_message *nd)
{
	struct eth_frame eth = {.vlan = 7, .type = ETH_TYPE_IPV6};
	uint8_t frame[18 + ND_LEN_MAX];
	size_t at;

	memcpy(eth.src, peer_mac, 6);
	at = eth_write(frame, &eth);
	at += nd_write(frame + at, nd);
	resolver_input(rig->resolver, 3, frame, at, rig->now_us);
}

static void solicitation_is_answered(void **state)
{
	struct rig *rig = *state;
	const uint8_t *us = rig->networks.list[0].sets[0].v6;
	struct nd_message nd = {.type = ND_SOLICIT, .has_mac = true};

	memcpy(nd.mac, peer_mac, 6);
	memcpy(nd.src, peer_v6, 16);
	memcpy(nd.target, us, 16);
	nd_group(nd.dst, us);
	nd_in(rig, &nd);
	assert_int_equal(rig->sent, 1);
	assert_int_equal(nd_parse(&nd, rig->last + 18, rig->last_len - 18), 0);
	assert_int_equal(nd.type, ND_ADVERT);
	assert_true(nd.is_solicited && nd.is_override && nd.has_mac && !nd.is_router);
	assert_memory_equal(nd.dst, peer_v6, 16);
	assert_memory_equal(nd.mac, rig->networks.list[0].mac.addr_bytes, 6);
}

static void advertisements_follow_override(void **state)
{
	struct rig *rig = *state;
	const struct network *network = &rig->networks.list[0];
	neigh_slot slot = neigh_want(rig->table, network, 6, peer_v6);
	struct nd_message nd = {.type = ND_ADVERT, .is_solicited = true, .has_mac = true};
	struct rte_ether_addr mac;

	memcpy(nd.mac, peer_mac, 6);
	memcpy(nd.src, peer_v6, 16);
	memcpy(nd.target, peer_v6, 16);
	memcpy(nd.dst, network->sets[0].v6, 16);
	nd_in(rig, &nd);
	assert_true(neigh_mac(rig->table, slot, &mac));
	nd.mac[5] = 99;
	nd_in(rig, &nd);
	assert_true(neigh_mac(rig->table, slot, &mac));
	assert_int_equal(mac.addr_bytes[5], peer_mac[5]); // no override: kept
	nd.is_override = true;
	nd_in(rig, &nd);
	assert_true(neigh_mac(rig->table, slot, &mac));
	assert_int_equal(mac.addr_bytes[5], 99);
}

static void announces_all_addresses(void **state)
{
	struct rig *rig = *state;
	struct rte_ether_addr groups[4];

	resolver_announce(rig->resolver, &rig->networks.list[0]);
	assert_int_equal(rig->sent, 2);
	assert_int_equal(resolver_groups(&rig->networks.list[0], groups, 4), 2);
	assert_int_equal(groups[1].addr_bytes[0], 0x33);
	assert_int_equal(groups[1].addr_bytes[5], 10);
}

// Whatever comes, nothing is read outside (the sanitizer sees it) and little is kept.
static void garbage_is_dropped(void **state)
{
	struct rig *rig = *state;

	srand(1);
	for (unsigned i = 0; i < 20000; i++) {
		static const uint8_t types[3][2] = {{8, 6}, {8, 0}, {0x86, 0xdd}};
		size_t len = (size_t)rand() % 100;
		uint8_t *frame = malloc(len + 1);

		for (size_t k = 0; k < len; k++)
			frame[k] = (uint8_t)rand();
		if (len > 14)
			memcpy(frame + 12, types[i % 3], 2);
		resolver_input(rig->resolver, 3, frame, len, rig->now_us);
		free(frame);
	}
	assert_int_equal(rig->table->count, 0);
	assert_int_equal(rig->sent, 0);
}

// What doesn't answer fills its share of the table, and no slot is given to two hops.
static void many_hops(void **state)
{
	struct rig *rig = *state;
	struct network *network = &rig->networks.list[0];
	unsigned full = 0;

	network->prefix_v4 = 8;
	for (unsigned i = 0; i < 10000; i++) {
		uint8_t ip[4] = {203, 1, (uint8_t)(i >> 8), (uint8_t)i};
		neigh_slot slot = neigh_want(rig->table, network, 4, ip);

		full += slot == NEIGH_NONE;
		assert_int_equal(neigh_find(rig->table, network, 4, ip), slot);
	}
	assert_int_equal(full, 10000 - NEIGH_UNKNOWN_MAX);
	assert_int_equal(rig->table->count, NEIGH_UNKNOWN_MAX);
}

#define RIGGED(name) cmocka_unit_test_setup_teardown(name, rig_up, rig_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIGGED(next_hops),
		RIGGED(resolves_refreshes_expires),
		RIGGED(backs_off),
		RIGGED(strangers_are_not_kept),
		RIGGED(arp_answer),
		RIGGED(other_links_are_not_answered),
		RIGGED(solicitation_is_answered),
		RIGGED(advertisements_follow_override),
		RIGGED(announces_all_addresses),
		RIGGED(garbage_is_dropped),
		RIGGED(many_hops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
