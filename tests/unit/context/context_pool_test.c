// SPDX-License-Identifier: Apache-2.0
// Ports, pools and flows of a shard against lists: nothing is given twice, nothing is lost, a freed port rests.
#include "context_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SHARD 9
#define PORTS_MAX_HERE 256

static const struct networks networks = {.count = 2,
	.list = {{.id = 0, .udp_first = 20000, .udp_last = 29999, .set_count = 2},
		{.id = 1, .udp_first = 1024, .udp_last = 65535, .set_count = 1}}};

static int fd;

static int shard_up(void **state)
{
	struct shard_config config = {
		.number = SHARD, .contexts = 3, .networks = &networks, .random = {1, 2}};

	*state = shard_create(&config, &fd);
	return *state == NULL ? -1 : 0;
}

static int shard_down(void **state)
{
	shard_destroy(*state);
	return close(fd);
}

// A port as a list would keep it.
struct port_oracle {
	bool is_taken;
	uint64_t freed_us;
};

static unsigned take_all(struct shard *shard, uint8_t network, uint8_t set, uint64_t now_us,
	struct port_oracle *oracle)
{
	unsigned count = 0;
	uint16_t port;

	while ((port = port_take(shard, network, set, now_us)) != 0) {
		assert_int_equal(port % 2, 0);
		assert_int_equal(shard_of_port(port), SHARD);
		assert_in_range(port, networks.list[network].udp_first,
			networks.list[network].udp_last - 1);
		assert_false(oracle[port].is_taken);
		oracle[port].is_taken = true;
		count++;
	}
	return count;
}

static void ports_are_those_of_the_shard(void **state)
{
	static struct port_oracle oracle[65536];

	memset(oracle, 0, sizeof(oracle));
	// 20000 to 29999 holds 39 or 40 ports with a given (port >> 1) & 127.
	assert_in_range(take_all(*state, 0, 0, 1, oracle), 39, 40);
	memset(oracle, 0, sizeof(oracle));
	assert_in_range(take_all(*state, 0, 1, 1, oracle), 39, 40);
	memset(oracle, 0, sizeof(oracle));
	assert_int_equal(take_all(*state, 1, 0, 1, oracle), 252);
	assert_int_equal(port_take(*state, 1, 0, 1), 0);
}

static void random_takes_and_gives(void **state)
{
	static struct port_oracle oracle[65536];
	struct shard *shard = *state;
	uint16_t taken[PORTS_MAX_HERE];
	unsigned count = 0, rested = 0;
	uint64_t now_us = 1;

	memset(oracle, 0, sizeof(oracle));
	srand(1);
	for (unsigned i = 0; i < 200000; i++) {
		now_us += (uint64_t)rand() % 50000;
		if (rand() % 2 == 0 && count > 0) {
			unsigned k = (unsigned)rand() % count;
			uint16_t port = taken[k];

			taken[k] = taken[--count];
			port_give(shard, 0, 0, port, now_us);
			oracle[port] = (struct port_oracle){.freed_us = now_us};
		} else {
			uint16_t port = port_take(shard, 0, 0, now_us);

			if (port == 0)
				continue;
			assert_false(oracle[port].is_taken);
			if (oracle[port].freed_us != 0) {
				assert_true(now_us - oracle[port].freed_us >= PORT_QUARANTINE_US);
				rested++;
			}
			// The one freed longest ago, of all that are free.
			for (unsigned p = 20000; p < 30000; p++)
				assert_false(p % 2 == 0 && shard_of_port((uint16_t)p) == SHARD &&
					!oracle[p].is_taken &&
					oracle[p].freed_us < oracle[port].freed_us);
			oracle[port].is_taken = true;
			taken[count++] = port;
		}
	}
	assert_true(rested > 1000);
	assert_int_equal(port_pool_of(shard, 0, 0)->count + count, 39);
}

static void a_given_port_finds_nobody(void **state)
{
	uint16_t port = port_take(*state, 1, 0, 1);

	assert_int_equal(shard_lookup(*state, 1, 0, port), NO_INDEX);
	port_bind(*state, 1, 0, port, 7);
	assert_int_equal(shard_lookup(*state, 1, 0, port), 7);
	assert_int_equal(shard_lookup(*state, 1, 0, (uint16_t)(port + 1)), 7); // its RTCP
	assert_int_equal(shard_lookup(*state, 0, 0, port), NO_INDEX);
	assert_int_equal(shard_lookup(*state, 0, 1, port), NO_INDEX);
	port_give(*state, 1, 0, port, 1);
	assert_int_equal(shard_lookup(*state, 1, 0, port), NO_INDEX);
}

static void pools_give_zeroed_places_once(void **state)
{
	struct shard *shard = *state;
	static bool is_taken[POOL_COUNT][4096];

	memset(is_taken, 0, sizeof(is_taken));
	srand(2);
	for (unsigned i = 0; i < 100000; i++) {
		unsigned kind = (unsigned)rand() % POOL_COUNT;
		struct pool *pool = &shard->pools[kind];
		uint16_t index;

		if (rand() % 2 == 0) {
			index = pool_take(shard, kind);
			if (index == NO_INDEX) {
				assert_int_equal(pool->used, pool->count);
				continue;
			}
			assert_false(is_taken[kind][index]);
			for (unsigned at = 0; at < pool->size; at++)
				assert_int_equal(((uint8_t *)shard_at(shard, kind, index))[at], 0);
			memset(shard_at(shard, kind, index), 0xa5, pool->size);
			is_taken[kind][index] = true;
		} else {
			index = (uint16_t)((unsigned)rand() % pool->count);
			if (is_taken[kind][index])
				pool_give(shard, kind, index);
			is_taken[kind][index] = false;
		}
	}
	for (unsigned kind = 0; kind < POOL_COUNT; kind++) {
		unsigned used = 0;

		for (unsigned i = 0; i < shard->pools[kind].count; i++)
			used += is_taken[kind][i];
		assert_int_equal(shard->pools[kind].used, used);
	}
}

static void a_shard_without_contexts(void **state)
{
	struct shard_config config = {.networks = &networks};
	struct shard *shard;
	int memfd;

	(void)state;
	shard = shard_create(&config, &memfd);
	assert_non_null(shard);
	assert_int_equal(pool_take(shard, POOL_CONTEXT), NO_INDEX);
	assert_null(context_find(shard, 1));
	assert_null(context_find(shard, 0));
	shard_destroy(shard);
	close(memfd);
}

static uint16_t transport_make(struct shard *shard, uint8_t flags)
{
	uint16_t index = pool_take(shard, POOL_TRANSPORT);
	struct transport *t = shard_transport(shard, index);

	memset(t->flow, 0xff, sizeof(t->flow));
	t->flow_more = NO_INDEX;
	t->flags = flags;
	t->context = pool_take(shard, POOL_CONTEXT);
	return index;
}

// SSRC 0 is an SSRC as any other; those in the first line and those in the chain are found alike.
static void flows_are_found(void **state)
{
	struct shard *shard = *state;
	uint16_t transport = transport_make(shard, TRANSPORT_LIVE | TRANSPORT_SECURE);
	struct transport *t = shard_transport(shard, transport);
	uint16_t known[128];
	unsigned count = 0;

	memset(known, 0xff, sizeof(known));
	srand(3);
	for (unsigned i = 0; i < 100000; i++) {
		uint32_t ssrc = (uint32_t)rand() % 128;

		assert_int_equal(flow_find(shard, t, ssrc), known[ssrc]);
		if (known[ssrc] != NO_INDEX && rand() % 2) {
			flow_del(shard, known[ssrc], transport);
			known[ssrc] = NO_INDEX;
			count--;
		} else if (known[ssrc] == NO_INDEX) {
			known[ssrc] = flow_add(shard, transport, ssrc);
			assert_int_equal(known[ssrc] == NO_INDEX, count == FLOWS_MAX);
			count += known[ssrc] != NO_INDEX;
		}
		assert_int_equal(t->flow_count, count);
		assert_int_equal(shard->pools[POOL_FLOW].used, count);
	}
}

// Without SRTP the flows that aren't relayed make room for new ones, and leave their counts behind.
static void plain_flows_make_room(void **state)
{
	struct shard *shard = *state;
	uint16_t transport = transport_make(shard, TRANSPORT_LIVE);
	struct transport *t = shard_transport(shard, transport);
	struct context *c = shard_context(shard, t->context);
	uint16_t relayed = flow_add(shard, transport, 0);

	c->streams = 1;
	c->stream[0] = pool_take(shard, POOL_STREAM);
	shard_stream(shard, c->stream[0])->sender[IQ_LEG_ACCESS].source = relayed;
	shard_stream(shard, c->stream[0])->sender[IQ_LEG_CORE].source = NO_INDEX;
	for (uint32_t ssrc = 1; ssrc < 100; ssrc++) {
		uint16_t flow = flow_add(shard, transport, ssrc);

		assert_int_not_equal(flow, NO_INDEX);
		*shard_flow(shard, flow) = (struct flow){.ssrc = ssrc,
			.next = shard_flow(shard, flow)->next,
			.counted = 1,
			.received = 3,
			.octets = 10,
			.highest_seq = 3};
	}
	assert_int_equal(flow_find(shard, t, 0), relayed);
	assert_int_equal(t->flow_count, FLOWS_PLAIN_MAX);
	assert_int_equal(t->gone_packets, 3 * (100 - FLOWS_PLAIN_MAX));
	assert_int_equal(t->gone_octets, 10 * (100 - FLOWS_PLAIN_MAX));
	assert_int_equal(t->gone_lost, 100 - FLOWS_PLAIN_MAX);
}

#define RIGGED(name) cmocka_unit_test_setup_teardown(name, shard_up, shard_down)

// Ports that come and go at once use up the quarantine of all sets before a context is refused.
static void sets_take_turns(void **state)
{
	static struct port_oracle oracle[65536];
	struct network network = networks.list[0];
	struct shard *shard = *state;
	unsigned pairs = take_all(shard, 0, 0, 1, oracle);

	memset(oracle, 0, sizeof(oracle));
	pairs += take_all(shard, 0, 1, 1, oracle);
	assert_int_equal(shard_down(state), 0);
	assert_int_equal(shard_up(state), 0);
	shard = *state;
	network.sets[0].has_v4 = network.sets[1].has_v4 = true;
	assert_int_equal(context_set_choose(shard, &network, IQ_FAMILY_V6), -1);
	for (unsigned i = 0; i < pairs; i++) {
		int set = context_set_choose(shard, &network, IQ_FAMILY_V4);
		uint16_t port;

		assert_in_range(set, 0, 1);
		port = port_take(shard, 0, (uint8_t)set, 1000);
		assert_int_not_equal(port, 0);
		port_give(shard, 0, (uint8_t)set, port, 1000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIGGED(ports_are_those_of_the_shard),
		RIGGED(random_takes_and_gives),
		RIGGED(a_given_port_finds_nobody),
		RIGGED(sets_take_turns),
		RIGGED(pools_give_zeroed_places_once),
		RIGGED(a_shard_without_contexts),
		RIGGED(flows_are_found),
		RIGGED(plain_flows_make_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
