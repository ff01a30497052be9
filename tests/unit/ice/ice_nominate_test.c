// SPDX-License-Identifier: Apache-2.0
// Which pair the peer chooses, also when it chooses two.
#include "ice_craft.h"

static struct rig rig;
static struct seen seen;

static void node_start(void)
{
	rig_init(&rig, 1);
	rig_start(&rig, 0, false, false, 1);
	rig_start(&rig, 1, true, false, 1);
	rig_introduce(&rig, 0);
	craft_watch(&rig, &seen);
}

// USE-CANDIDATE before and after our own success; the latest nomination counts.
static void test_nomination_follows(void **state)
{
	struct ice_tuple high, low;

	(void)state;
	node_start();
	high = rig_peer_tuple(&rig, 0, 6);
	low = rig_peer_tuple(&rig, 0, 4);
	craft_pass(&rig, 0, &seen, &low, false);
	assert_true(ice_tuple_equal(&rig.nodes[0].view.selected[0], &low)); // valid: meanwhile
	assert_int_equal(rig.nodes[0].agent.nominated[0], ICE_NONE);
	craft_pass(&rig, 0, &seen, &high, true);
	assert_true(ice_tuple_equal(&rig.nodes[0].view.selected[0], &high));
	craft_pass(&rig, 0, &seen, &low, true);
	assert_true(ice_tuple_equal(&rig.nodes[0].view.selected[0], &low));
}

// A peer that nominates aggressively names both pairs in every check: no to and fro.
static void test_aggressive_peer(void **state)
{
	struct ice_tuple high, low;
	uint32_t moves;

	(void)state;
	node_start();
	high = rig_peer_tuple(&rig, 0, 6);
	low = rig_peer_tuple(&rig, 0, 4);
	for (unsigned i = 0; i < 4; i++) {
		craft_pass(&rig, 0, &seen, &high, true);
		craft_pass(&rig, 0, &seen, &low, true);
	}
	moves = rig.nodes[0].agent.moves;
	for (unsigned i = 0; i < 20; i++) {
		craft_pass(&rig, 0, &seen, &high, true);
		craft_pass(&rig, 0, &seen, &low, true);
	}
	assert_int_equal(rig.nodes[0].agent.moves, moves);
	assert_true(ice_tuple_equal(&rig.nodes[0].view.selected[0], &high));
	rig_run(&rig, 7 * RIG_SECOND); // it names only the other one now
	craft_pass(&rig, 0, &seen, &low, true);
	assert_true(ice_tuple_equal(&rig.nodes[0].view.selected[0], &low));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nomination_follows),
		cmocka_unit_test(test_aggressive_peer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
