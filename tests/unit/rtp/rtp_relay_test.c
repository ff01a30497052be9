// SPDX-License-Identifier: Apache-2.0
// One outgoing identity, whoever the source is: numbers continue, none is given twice.
#include "rtp_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CLOCK 8000
#define FRAME_US 20000

struct world {
	struct rtp_rig *rig;
	struct sender *sender;
	struct flow *a, *b;
	uint16_t a_index, b_index;
	uint64_t now_us;
	struct rtp_identity out;
};

static struct world world_of(void **state)
{
	struct world world = {.rig = *state, .now_us = 5000000};

	world.a_index = rig_flow(world.rig, world.rig->core[0], 1);
	world.b_index = rig_flow(world.rig, world.rig->core[0], 2);
	world.a = shard_flow(world.rig->shard, world.a_index);
	world.b = shard_flow(world.rig->shard, world.b_index);
	world.sender = &rig_stream(world.rig, 0)->sender[IQ_LEG_ACCESS];
	world.sender->seq_last = 0x7fff;
	return world;
}

static bool send(struct world *world, bool is_b, uint16_t seq, uint32_t ts)
{
	struct flow *flow = is_b ? world->b : world->a;

	if (!rtp_received(flow, seq, ts, CLOCK, world->now_us))
		return false;
	return rtp_relay(flow, is_b ? world->b_index : world->a_index, world->sender, seq, ts,
		world->now_us, &world->out);
}

static void gaps_stay_gaps(void **state)
{
	struct world world = world_of(state);
	uint32_t number = 65000;

	assert_true(send(&world, false, (uint16_t)number, 0));
	assert_int_equal(world.out.seq, 0x8000);
	assert_false(world.out.begins);
	// Through several wraps, with losses and reordering.
	for (unsigned i = 0; i < 300000; i++) {
		uint32_t late = rig_random() % 20 == 0 ? rig_random() % 50 : 0;

		number += 1 + rig_random() % 3;
		world.now_us += FRAME_US;
		if (number - late < 65000)
			continue;
		assert_true(send(&world, false, (uint16_t)(number - late), number * 160));
		assert_int_equal(world.out.seq, (uint16_t)(number - late - 65000 + 0x8000));
		assert_int_equal(world.out.ts, number * 160);
		assert_false(world.out.begins);
	}
}

static void new_source_continues(void **state)
{
	struct world world = world_of(state);

	for (uint16_t i = 0; i < 10; i++, world.now_us += FRAME_US)
		assert_true(send(&world, false, (uint16_t)(100 + i), i * 160u));
	world.now_us += 3 * FRAME_US; // 80 ms after the last
	assert_true(send(&world, true, 60000, 12345));
	assert_int_equal(world.out.seq, 0x8000 + 10);
	assert_int_equal(world.out.ts, 9 * 160 + 4 * 160);
	assert_true(world.out.begins);
	// What is late of either would take numbers that were given.
	assert_false(send(&world, false, 110, 1600));
	assert_false(send(&world, true, 59999, 12345 - 160));
	assert_true(send(&world, true, 60001, 12345 + 160));
	assert_int_equal(world.out.seq, 0x8000 + 11);
	assert_int_equal(world.out.ts, 9 * 160 + 5 * 160);
	assert_false(world.out.begins);
}

static void old_source_comes_back_after_quiet(void **state)
{
	struct world world = world_of(state);

	assert_true(send(&world, false, 100, 0));
	assert_true(send(&world, true, 500, 0));
	assert_int_equal(world.out.ts, 1); // no time has passed, yet it is another packet
	world.now_us += RTP_SOURCE_QUIET_US - 1;
	assert_false(send(&world, false, 101, 160));
	world.now_us += 1;
	assert_true(send(&world, false, 102, 320));
	assert_int_equal(world.out.seq, 0x8002);
	assert_int_equal(world.out.ts, 1 + CLOCK / 5);
	assert_true(world.out.begins);
	assert_false(send(&world, false, 101, 160));
	assert_false(send(&world, true, 501, 160));
}

// However long a gate was shut: the numbers go on as if nothing had been, the clock as if it had run.
static void hold_leaves_no_gap(void **state)
{
	static const unsigned lengths[] = {
		1, 100, 20000, 32767, 32768, 40000, 65535, 65536, 65537, 200000};
	struct world world = world_of(state);
	uint16_t seq = 4711, next = 0x8000;
	uint32_t ts = 99;

	for (unsigned round = 0; round < RTE_DIM(lengths); round++) {
		for (unsigned i = 0; i < 100; i++, seq++, ts += 160, world.now_us += FRAME_US) {
			assert_true(send(&world, false, seq, ts));
			assert_int_equal(world.out.seq, next);
			assert_int_equal(world.out.ts, ts);
			assert_int_equal(world.out.begins, round > 0 && i == 0);
			next++;
		}
		for (unsigned i = 0; i < lengths[round]; i++) {
			assert_true(rtp_received(world.a, seq, ts, CLOCK, world.now_us));
			rtp_hold(world.a);
			seq++;
			ts += 160;
			world.now_us += FRAME_US;
		}
	}
}

// A source that begins a new clock while it is held: its timestamps go on from now.
static void clock_that_jumped(void **state)
{
	struct world world = world_of(state);

	assert_true(send(&world, false, 1, 1000));
	rtp_hold(world.a);
	world.now_us += 1000000;
	assert_true(send(&world, false, 2, 0x80000000));
	assert_int_equal(world.out.ts, 1000 + CLOCK);
}

// A phone that counts anew with its old SSRC.
static void restart_continues(void **state)
{
	struct world world = world_of(state);

	for (uint16_t i = 0; i < 10; i++, world.now_us += FRAME_US)
		assert_true(send(&world, false, (uint16_t)(40000 + i), i * 160u));
	assert_false(send(&world, false, 5, 70000));
	world.now_us += FRAME_US;
	assert_true(send(&world, false, 6, 70160));
	assert_int_equal(world.out.seq, 0x8000 + 10);
	assert_int_equal(world.out.ts, 9 * 160 + 2 * 160);
	assert_true(send(&world, false, 7, 70320));
	assert_int_equal(world.out.seq, 0x8000 + 11);
}

// The packet that left with a number, the number being extended over wraps.
struct seen {
	bool is_b;
	uint32_t number;
	uint64_t extended; // 0: none
};

// Two sources, losses, reordering, holds, quiet times: no number is ever given to two packets while a receiver could
// take one for the other.
static void no_number_twice(void **state)
{
	static struct seen seen[65536];
	struct world world = world_of(state);
	uint32_t numbers[2] = {rig_random(), rig_random()};
	uint64_t relayed = 0, highest = 0x10000 + world.sender->seq_last;
	bool is_b = false, is_held = false;

	memset(seen, 0, sizeof(seen));
	for (unsigned i = 0; i < 2000000; i++) {
		uint64_t extended;
		uint32_t number;

		if (rig_random() % 500 == 0) {
			is_b = !is_b;
			world.now_us += rig_random() % 2 ? RTP_SOURCE_QUIET_US : 0;
		}
		if (rig_random() % 300 == 0)
			is_held = !is_held;
		numbers[is_b] += rig_random() % 10 == 0 ? 2 + rig_random() % 100 : 1;
		number = numbers[is_b] - (rig_random() % 5 == 0 ? rig_random() % 80 : 0);
		world.now_us += 1000;
		if (is_held) {
			rtp_received(
				is_b ? world.b : world.a, (uint16_t)number, 0, CLOCK, world.now_us);
			rtp_hold(is_b ? world.b : world.a);
			continue;
		}
		if (!send(&world, is_b, (uint16_t)number, number * 160))
			continue;
		relayed++;
		extended = highest + (uint64_t)(int16_t)(world.out.seq - (uint16_t)highest);
		highest = extended > highest ? extended : highest;
		if (seen[world.out.seq].extended == extended) {
			assert_int_equal(seen[world.out.seq].number, number);
			assert_int_equal(seen[world.out.seq].is_b, is_b);
		}
		seen[world.out.seq] = (struct seen){is_b, number, extended};
	}
	assert_true(relayed > 500000);
}

#define RIGGED(name) cmocka_unit_test_setup_teardown(name, rig_up, rig_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIGGED(gaps_stay_gaps),
		RIGGED(new_source_continues),
		RIGGED(old_source_comes_back_after_quiet),
		RIGGED(hold_leaves_no_gap),
		RIGGED(clock_that_jumped),
		RIGGED(restart_continues),
		RIGGED(no_number_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
