// SPDX-License-Identifier: Apache-2.0
// A burst does exactly what its packets would do one after the other: mixed suites, flows, replays,
// forgeries, reordering and wraps in bursts of any size, against bursts of one.
#include "srtp_rig.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define FLOWS 10
#define BURST 64
#define KEYS (SRTP_SUITE_COUNT - 1)

struct flow {
	uint32_t ssrc;
	struct srtp_key *key;
	uint64_t next; // index of the sender
	struct srtp_index in_bursts, singly;
};

struct world {
	struct srtp_ctx *burst_ctx, *single_ctx;
	struct srtp_key keys[KEYS];
	struct flow flows[FLOWS];
	struct rig_packet bursting[BURST], single[BURST], history[256];
	uint8_t history_flow[256];
	struct flow *of[BURST];
	struct rig_random random;
	uint32_t statuses[256]; // how often each -errno came up
};

static void flow_start(struct world *world, struct flow *flow)
{
	flow->ssrc = rig_next(&world->random);
	flow->next = rig_below(&world->random, 3) ? 65500 : 32760;
	memset(&flow->in_bursts, 0, sizeof(flow->in_bursts));
	memset(&flow->singly, 0, sizeof(flow->singly));
}

static void world_open(struct world *world, struct srtp_ctx *burst_ctx, uint64_t seed)
{
	memset(world, 0, sizeof(*world));
	world->random.state = seed;
	world->burst_ctx = burst_ctx;
	world->single_ctx = srtp_ctx_create(SRTP_ARCH_AUTO);
	for (int i = 0; i < KEYS; i++) {
		struct rig_master master;

		rig_master(&world->random, &master, (enum srtp_suite)(i + 1));
		rig_key(&world->keys[i], &master);
	}
	for (int i = 0; i < FLOWS; i++) {
		world->flows[i].key = &world->keys[i % KEYS];
		flow_start(world, &world->flows[i]);
	}
}

// The next packet of a sender that jumps now and then, sealed as its true index says.
static void packet_make(struct world *world, struct flow *flow, struct rig_packet *packet)
{
	static const uint32_t jumps[] = {1, 1, 1, 1, 1, 1, 2, 3, 100, 20000, 20000, 32767};
	struct srtp_index sender = {0};

	rig_rtp(&world->random, packet, flow->ssrc, (uint16_t)flow->next, 300);
	sender.roc = (uint32_t)(flow->next >> 16);
	assert_int_equal(
		rig_run(world->single_ctx, srtp_protect_burst, packet, flow->key, &sender), 0);
	flow->next += jumps[rig_below(&world->random, sizeof(jumps) / sizeof(jumps[0]))];
	if (rig_below(&world->random, 200) == 0)
		flow->next += 32769; // the receiver loses it
}

static void packet_choose(struct world *world, int slot)
{
	uint32_t dice = rig_below(&world->random, 100);
	uint32_t which = rig_below(&world->random, FLOWS);
	uint32_t old = rig_below(&world->random, 256);
	struct rig_packet *packet = &world->bursting[slot];

	if (dice < 25 && world->history[old].len > 0) { // replayed or late
		which = world->history_flow[old];
		*packet = world->history[old];
	} else {
		packet_make(world, &world->flows[which], packet);
		world->history[old] = *packet;
		world->history_flow[old] = (uint8_t)which;
		if (dice < 40) // delayed: it comes from history, perhaps
			packet_make(world, &world->flows[which], packet);
	}
	if (dice > 92) // forged, sometimes with another sequence number
		packet->bytes[rig_below(&world->random, packet->len)] ^= 0x40;
	if (dice == 92)
		packet->len = (uint16_t)rig_below(&world->random, 30);
	world->of[slot] = &world->flows[which];
	world->single[slot] = *packet;
}

static void singles_match(struct world *world, struct srtp_item *items, int n)
{
	for (int i = 0; i < n; i++) {
		struct flow *flow = world->of[i];
		struct rig_packet *single = &world->single[i];
		int want = rig_run(
			world->single_ctx, srtp_unprotect_burst, single, flow->key, &flow->singly);

		assert_int_equal(items[i].status, want);
		assert_int_equal(items[i].len, single->len);
		if (want == 0)
			assert_memory_equal(items[i].data, single->bytes, single->len);
		world->statuses[-want]++;
	}
	for (int i = 0; i < FLOWS; i++)
		assert_memory_equal(&world->flows[i].in_bursts, &world->flows[i].singly,
			sizeof(struct srtp_index));
}

static void world_run(struct world *world, int rounds)
{
	struct srtp_item items[BURST];
	int ok, n;

	for (int round = 0; round < rounds; round++) {
		flow_start(world, &world->flows[rig_below(&world->random, FLOWS)]);
		n = 1 + (int)rig_below(&world->random, BURST);
		for (int i = 0; i < n; i++) {
			packet_choose(world, i);
			items[i] = rig_item(
				&world->bursting[i], world->of[i]->key, &world->of[i]->in_bursts);
		}
		ok = srtp_unprotect_burst(world->burst_ctx, items, (uint16_t)n);
		singles_match(world, items, n);
		for (int i = 0; i < n; i++)
			ok -= items[i].status == 0;
		assert_int_equal(ok, 0);
	}
}

static void bursts_equal_singles(void **state)
{
	struct srtp_ctx *contexts[RIG_ARCHS];
	unsigned int n = rig_contexts(contexts);
	static struct world world;

	(void)state;
	for (unsigned int i = 0; i < n; i++) {
		const struct srtp_counters *counters = srtp_ctx_counters(contexts[i]);

		world_open(&world, contexts[i], 1000 + i);
		world_run(&world, 600);
		print_message("%s: ok %u, replayed %u, forged %u, retried %u\n",
			srtp_ctx_arch_name(contexts[i]), (unsigned int)counters->ok,
			(unsigned int)counters->replayed, (unsigned int)counters->forged,
			(unsigned int)counters->retried);
		assert_int_equal(counters->ok, world.statuses[0]);
		assert_int_equal(counters->replayed, world.statuses[EEXIST]);
		assert_int_equal(counters->forged, world.statuses[EBADMSG]);
		assert_int_equal(counters->malformed, world.statuses[EINVAL]);
		// The run is of no use if it did not reach the rare path.
		assert_true(counters->retried > 100);
		assert_true(counters->ok > 3000);
		assert_true(counters->replayed > 100 && counters->forged > 100);
		srtp_ctx_destroy(world.single_ctx);
		srtp_ctx_destroy(contexts[i]);
	}
}

static void duplicates_in_a_burst_pass_once(void **state)
{
	static struct rig_packet packets[BURST];
	struct srtp_ctx *ctx = srtp_ctx_create(SRTP_ARCH_AUTO);
	struct rig_random random = {5};
	struct srtp_item items[BURST];

	(void)state;
	for (int suite = 1; suite < SRTP_SUITE_COUNT; suite++) {
		struct srtp_index sender = {0};
		struct srtp_index receiver = {0};
		struct rig_master master;
		struct srtp_key key;

		rig_master(&random, &master, suite);
		rig_key(&key, &master);
		rig_rtp(&random, &packets[0], 1, 7, 200);
		rig_run(ctx, srtp_protect_burst, &packets[0], &key, &sender);
		for (int i = 0; i < BURST; i++) {
			packets[i] = packets[0];
			items[i] = rig_item(&packets[i], &key, &receiver);
		}
		assert_int_equal(srtp_unprotect_burst(ctx, items, BURST), 1);
		assert_int_equal(items[0].status, 0);
		for (int i = 1; i < BURST; i++)
			assert_int_equal(items[i].status, -EEXIST);
	}
	srtp_ctx_destroy(ctx);
}

// Sender and receiver over two wraps with loss and small reordering, in bursts of 64.
static void bursts_carry_flows_over_the_wrap(void **state)
{
	static struct rig_packet packets[BURST], plain[BURST];
	struct srtp_ctx *ctx = srtp_ctx_create(SRTP_ARCH_AUTO);
	struct rig_random random = {6};
	struct srtp_index sender[KEYS] = {0};
	struct srtp_index receiver[KEYS] = {0};
	struct srtp_key keys[KEYS];
	struct srtp_item items[BURST];
	struct rig_master master;
	uint32_t seq = 64000;

	(void)state;
	for (int i = 0; i < KEYS; i++) {
		rig_master(&random, &master, (enum srtp_suite)(i + 1));
		rig_key(&keys[i], &master);
	}
	while (seq < 3 * 65536) {
		for (int i = 0; i < BURST; i++) {
			uint32_t base = seq + (uint32_t)i / KEYS * 9;

			// neighbours of a flow change places
			rig_rtp(&random, &packets[i], (uint32_t)i % KEYS,
				(uint16_t)(base + (i / KEYS % 2 ? 0 : 11)), 100);
			plain[i] = packets[i];
			items[i] = rig_item(&packets[i], &keys[i % KEYS], &sender[i % KEYS]);
		}
		assert_int_equal(srtp_protect_burst(ctx, items, BURST), BURST);
		for (int i = 0; i < BURST; i++)
			items[i].index = &receiver[i % KEYS];
		assert_int_equal(srtp_unprotect_burst(ctx, items, BURST), BURST);
		for (int i = 0; i < BURST; i++) {
			assert_int_equal(items[i].len, plain[i].len);
			assert_memory_equal(items[i].data, plain[i].bytes, plain[i].len);
		}
		seq += 200 + rig_below(&random, 3000);
	}
	assert_memory_equal(sender, receiver, sizeof(sender));
	assert_true(receiver[0].roc >= 2);
	srtp_ctx_destroy(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bursts_equal_singles),
		cmocka_unit_test(duplicates_in_a_burst_pass_once),
		cmocka_unit_test(bursts_carry_flows_over_the_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
