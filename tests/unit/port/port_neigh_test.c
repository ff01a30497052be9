// SPDX-License-Identifier: Apache-2.0
// The neighbour table under pressure: slots come back, nobody crowds out who is known, a reader never gets another's MAC.
#include "port_priv.h"
#include "port_resolver.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECOND 1000000ull

struct rig {
	struct networks networks;
	struct neigh_table *table;
	struct resolver *resolver;
	uint64_t now_us;
	_Atomic bool must_stop;
	unsigned found, wrong; // of the reader
};

static void on_send(uint16_t port_id, const uint8_t *frame, size_t len, void *arg)
{
	(void)port_id;
	(void)frame;
	(void)len;
	(void)arg;
}

static int rig_up(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	rig->networks.count = 1;
	rig->networks.list[0] = (struct network){.mtu = 1500,
		.prefix_v4 = 8,
		.has_gateway_v4 = true,
		.gateway_v4 = {10, 0, 0, 1},
		.set_count = 1,
		.sets = {{.v4 = {10, 0, 0, 10}, .has_v4 = true}},
		.mac = {{2, 0, 0, 0, 0, 10}}};
	rig->table = neigh_table_create(&rig->networks);
	rig->resolver = resolver_create(&rig->networks, rig->table, on_send, rig);
	rig->now_us = 100 * SECOND;
	resolver_tick(rig->resolver, rig->now_us);
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

// The n-th host of the link; its MAC says so, too.
static void host_ip(uint8_t ip[4], uint32_t n)
{
	ip[0] = 10;
	ip[1] = (uint8_t)(1 + (n >> 16));
	ip[2] = (uint8_t)(n >> 8);
	ip[3] = (uint8_t)n;
}

static neigh_slot host_want(struct rig *rig, uint32_t n)
{
	uint8_t ip[4];

	host_ip(ip, n);
	return neigh_want(rig->table, &rig->networks.list[0], 4, ip);
}

static neigh_slot host_find(const struct rig *rig, uint32_t n)
{
	uint8_t ip[4];

	host_ip(ip, n);
	return neigh_find(rig->table, &rig->networks.list[0], 4, ip);
}

static void host_answers(struct rig *rig, uint32_t n)
{
	struct eth_frame eth = {.type = ETH_TYPE_ARP, .src = {2}};
	struct arp_packet arp = {.op = ARP_REPLY, .sender_mac = {2}, .target_ip = {10, 0, 0, 10}};
	uint8_t frame[64];
	size_t at;

	host_ip(arp.sender_ip, n);
	memcpy(arp.sender_mac + 2, arp.sender_ip, 4);
	at = eth_write(frame, &eth);
	arp_write(frame + at, &arp);
	resolver_input(rig->resolver, 0, frame, at + ARP_LEN, rig->now_us);
}

static bool host_is_known(struct rig *rig, neigh_slot slot, uint32_t n)
{
	struct rte_ether_addr mac;
	uint8_t ip[4];

	if (!neigh_mac(rig->table, slot, &mac))
		return false;
	host_ip(ip, n);
	assert_memory_equal(mac.addr_bytes + 2, ip, 4);
	return true;
}

static void unused_slots_come_back(void **state)
{
	static const uint8_t gateway[4] = {10, 0, 0, 1};
	struct rig *rig = *state;
	neigh_slot used = host_want(rig, 1), idle = host_want(rig, 2);

	neigh_want(rig->table, &rig->networks.list[0], 4, gateway);
	host_want(rig, 3); // never answers
	host_answers(rig, 1);
	host_answers(rig, 2);
	for (unsigned i = 0; i < 12; i++) {
		pass(rig, 10 * SECOND);
		host_answers(rig, 1);
		host_answers(rig, 2);
		assert_true(host_is_known(rig, used, 1));
	}
	assert_false(host_is_known(rig, idle, 2));
	assert_int_equal(host_find(rig, 2), NEIGH_NONE);
	assert_int_equal(host_find(rig, 3), NEIGH_NONE);
	assert_int_equal(rig->table->count, 2); // the gateway stays
	assert_int_equal(resolver_counters(rig->resolver)->reclaimed, 2);
	// Who comes back is another tenant.
	assert_int_not_equal(host_want(rig, 2), idle);
}

static void strangers_crowd_out_nobody(void **state)
{
	struct rig *rig = *state;
	neigh_slot known = host_want(rig, 1);
	neigh_slot late;

	host_answers(rig, 1);
	for (uint32_t n = 2; n < 4 * NEIGH_SLOTS; n++)
		host_want(rig, n);
	assert_int_equal(rig->table->unknown, NEIGH_UNKNOWN_MAX);
	assert_true(host_is_known(rig, known, 1));
	// The strangers have had their time: there is room for somebody else.
	pass(rig, 3 * SECOND);
	late = host_want(rig, 100000);
	assert_int_not_equal(late, NEIGH_NONE);
	host_answers(rig, 100000);
	assert_true(host_is_known(rig, late, 100000));
	assert_true(host_is_known(rig, known, 1));
	pass(rig, 200 * SECOND);
	assert_int_equal(rig->table->unknown, 0);
}

static void who_answered_is_not_displaced(void **state)
{
	struct rig *rig = *state;
	unsigned known = 0;

	for (uint32_t n = 1; n <= NEIGH_SLOTS / 2; n++) {
		host_want(rig, n);
		host_answers(rig, n);
	}
	pass(rig, 3 * SECOND);
	for (uint32_t n = 100000; n < 100000 + 2 * NEIGH_SLOTS; n++)
		host_want(rig, n);
	for (uint32_t n = 1; n <= NEIGH_SLOTS / 2; n++)
		known += host_is_known(rig, host_find(rig, n), n);
	assert_int_equal(known, NEIGH_SLOTS / 2);
}

static void a_slot_of_another_tenant_says_nothing(void **state)
{
	struct rig *rig = *state;
	neigh_slot first = host_want(rig, 1);
	uint32_t n = 1;
	neigh_slot second;

	host_answers(rig, 1);
	assert_true(host_is_known(rig, first, 1));
	neigh_free(rig->table, neigh_index(first));
	do {
		second = host_want(rig, ++n);
		if (neigh_index(second) != neigh_index(first))
			neigh_free(rig->table, neigh_index(second));
	} while (neigh_index(second) != neigh_index(first));
	host_answers(rig, n);
	assert_true(host_is_known(rig, second, n));
	assert_false(host_is_known(rig, first, 1));
}

static void freed_ones_hide_nobody(void **state)
{
	struct rig *rig = *state;

	for (uint32_t n = 0; n < NEIGH_UNKNOWN_MAX; n++)
		host_want(rig, n);
	for (uint32_t n = 0; n < NEIGH_UNKNOWN_MAX; n += 2)
		neigh_free(rig->table, neigh_index(host_find(rig, n)));
	for (uint32_t n = 0; n < NEIGH_UNKNOWN_MAX; n++)
		assert_int_equal(host_find(rig, n) == NEIGH_NONE, n % 2 == 0);
	for (uint32_t n = 1; n < NEIGH_UNKNOWN_MAX; n += 2)
		neigh_free(rig->table, neigh_index(host_find(rig, n)));
	assert_int_equal(rig->table->count, 0);
	// With nobody left no key stands in anybody's way.
	for (unsigned i = 0; i < NEIGH_SLOTS; i++)
		assert_int_equal(rig->table->keys[i].word, NEIGH_KEY_EMPTY);
}

#define RACE_HOSTS 64
#define RACE_ROUNDS 200000

static void *reader_run(void *arg)
{
	struct rig *rig = arg;

	for (uint32_t n = 0; !rig->must_stop; n = (n + 1) % RACE_HOSTS) {
		neigh_slot slot = host_find(rig, n);
		struct rte_ether_addr mac;
		uint8_t ip[4];

		// Looked up once, asked for some time, as a path does.
		for (unsigned i = 0; i < 8; i++) {
			if (!neigh_mac(rig->table, slot, &mac))
				continue;
			host_ip(ip, n);
			rig->found++;
			rig->wrong += memcmp(mac.addr_bytes + 2, ip, 4) != 0;
		}
	}
	return NULL;
}

// Hosts come and go in few slots, so that each slot has ever new tenants under the reader's eyes.
static void readers_see_no_other_mac(void **state)
{
	struct rig *rig = *state;
	pthread_t reader;

	assert_int_equal(pthread_create(&reader, NULL, reader_run, rig), 0);
	for (unsigned i = 0; i < RACE_ROUNDS || rig->found < 1000; i++) {
		uint32_t n = (uint32_t)random() % RACE_HOSTS;
		neigh_slot slot = host_find(rig, n);

		if (slot != NEIGH_NONE) {
			neigh_free(rig->table, neigh_index(slot));
			continue;
		}
		host_want(rig, n);
		host_answers(rig, n);
	}
	rig->must_stop = true;
	pthread_join(reader, NULL);
	assert_int_equal(rig->wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(unused_slots_come_back, rig_up, rig_down),
		cmocka_unit_test_setup_teardown(strangers_crowd_out_nobody, rig_up, rig_down),
		cmocka_unit_test_setup_teardown(who_answered_is_not_displaced, rig_up, rig_down),
		cmocka_unit_test_setup_teardown(
			a_slot_of_another_tenant_says_nothing, rig_up, rig_down),
		cmocka_unit_test_setup_teardown(freed_ones_hide_nobody, rig_up, rig_down),
		cmocka_unit_test_setup_teardown(readers_see_no_other_mac, rig_up, rig_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
