// SPDX-License-Identifier: Apache-2.0
// Two agents find each other over good and bad networks, in every combination of roles.
#include "ice_rig.h"

#include <string.h>

static struct rig rig;

static void both_meet(void)
{
	rig_introduce(&rig, 0);
	rig_introduce(&rig, 1);
}

static void both_are_up(unsigned components)
{
	for (unsigned c = 0; c < components; c++)
		assert_true(rig_paths_agree(&rig, c));
	for (unsigned n = 0; n < RIG_NODES; n++) {
		const struct rig_node *node = &rig.nodes[n];

		assert_int_equal(ice_state(&node->agent), IQ_ICE_CONNECTED);
		assert_int_equal(ice_consent_state(&node->agent), IQ_CONSENT_LIVE);
		assert_true(node->view.consent && node->view.moved);
		assert_true(node->view.source_count >= 1);
		assert_true(node->changed & IQ_CHANGED_ICE);
	}
}

static void test_full_full(void **state)
{
	(void)state;
	rig_init(&rig, 1);
	rig_start(&rig, 0, true, false, 1);
	rig_start(&rig, 1, false, false, 1);
	both_meet();
	assert_true(rig_run_until(&rig, RIG_SECOND, rig_both_nominated));
	both_are_up(1);
	assert_int_equal(rig.nodes[0].view.selected[0].family, 6); // the higher priority
	assert_int_equal(ice_rtt_us(&rig.nodes[0].agent), 2 * rig.delay_us);
	assert_int_equal(ice_remote_type(&rig.nodes[0].agent), IQ_CANDIDATE_HOST);
	assert_true(rig.nodes[0].agent.controlling && !rig.nodes[1].agent.controlling);
}

static void test_two_components(void **state)
{
	(void)state;
	rig_init(&rig, 2);
	rig_start(&rig, 0, true, false, 2);
	rig_start(&rig, 1, false, false, 2);
	both_meet();
	assert_true(rig_run_until(&rig, RIG_SECOND, rig_both_nominated));
	both_are_up(2);
}

static void test_mux_needs_one_component(void **state)
{
	(void)state;
	rig_init(&rig, 3);
	rig_start(&rig, 0, true, false, 1);
	rig_start(&rig, 1, false, false,
		2); // as the gateway starts: components are told with the answer
	both_meet();
	assert_true(rig_run_until(&rig, RIG_SECOND, rig_both_nominated));
	both_are_up(1);
	assert_int_equal(rig.nodes[1].view.selected[1].family, 0);
}

static void test_lite_side(void **state)
{
	(void)state;
	for (unsigned lite = 0; lite < 2; lite++) {
		rig_init(&rig, 4 + lite);
		// The lite side offers, so the full one starts controlled and learns better.
		rig_start(&rig, 0, lite == 0, lite == 0, 1);
		rig_start(&rig, 1, lite == 1, lite == 1, 1);
		both_meet();
		assert_true(rig_run_until(&rig, RIG_SECOND, rig_both_nominated));
		both_are_up(1);
		assert_true(rig.nodes[!lite].agent.controlling);
		assert_int_equal(rig.nodes[lite].requests, 0);
	}
}

static void test_two_lite_sides(void **state)
{
	(void)state;
	rig_init(&rig, 6);
	rig_start(&rig, 0, true, true, 1);
	rig_start(&rig, 1, false, true, 1);
	both_meet();
	assert_true(rig_run_until(&rig, 3 * RIG_SECOND, rig_both_connected));
	both_are_up(1);
}

static void test_same_role(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 40; seed++) {
		bool role = seed & 1;

		rig_init(&rig, 100 + seed);
		rig_start(&rig, 0, role, false, 1);
		rig_start(&rig, 1, role, false, 1);
		both_meet();
		assert_true(rig_run_until(&rig, 5 * RIG_SECOND, rig_both_nominated));
		both_are_up(1);
		assert_true(rig.nodes[0].agent.controlling != rig.nodes[1].agent.controlling);
	}
}

static void test_one_family_is_lost(void **state)
{
	(void)state;
	for (unsigned family = 4; family <= 6; family += 2) {
		rig_init(&rig, family);
		rig.lost_family = family;
		rig_start(&rig, 0, false, false, 1);
		rig_start(&rig, 1, true, false, 1);
		both_meet();
		assert_true(rig_run_until(&rig, 2 * RIG_SECOND, rig_both_nominated));
		both_are_up(1);
		assert_int_equal(rig.nodes[0].view.selected[0].family, 10 - family);
	}
}

// The peer's checks come before its credentials do.
static void test_early_checks(void **state)
{
	(void)state;
	for (unsigned late = 0; late < 2; late++) {
		rig_init(&rig, 7 + late);
		rig_start(&rig, 0, late == 0, false, 1);
		rig_start(&rig, 1, late == 1, false, 1);
		rig_introduce(&rig, !late);
		rig_run(&rig, 2 * RIG_SECOND);
		assert_true(rig.nodes[late].verdicts[ICE_OK] > 0);
		assert_int_equal(rig.nodes[late].view.source_count, 0);
		assert_int_equal(rig.nodes[late].requests, 0);
		assert_int_equal(ice_state(&rig.nodes[late].agent), IQ_ICE_NONE);
		rig_introduce(&rig, late);
		assert_true(rig_run_until(&rig, RIG_SECOND, rig_both_nominated));
		both_are_up(1);
	}
}

// Early checks of somebody whose ufrag isn't the one that is signalled later teach nothing.
static void test_early_checks_of_another(void **state)
{
	struct iq_remote_transport remote;
	struct ice_env env;

	(void)state;
	rig_init(&rig, 9);
	rig_start(&rig, 0, true, false, 1);
	rig_start(&rig, 1, false, false, 1);
	rig_introduce(&rig, 0);
	rig_run(&rig, 100000);
	assert_true(rig.nodes[1].agent.early_count > 0);
	rig_describe(&rig, 0, &remote);
	strcpy(remote.ufrag, "other");
	remote.candidate_count = 0;
	env = rig_env(&rig.nodes[1]);
	ice_remote_set(&rig.nodes[1].agent, &rig.nodes[1].view, &remote, &env);
	rig_run(&rig, 5 * RIG_SECOND);
	assert_int_equal(rig.nodes[1].requests, 0);
	assert_int_equal(rig.nodes[1].view.source_count, 0);
}

static void introduce_without_candidates(unsigned n)
{
	struct ice_env env = rig_env(&rig.nodes[n]);
	struct iq_remote_transport remote;

	rig_describe(&rig, !n, &remote);
	remote.candidate_count = 0;
	ice_remote_set(&rig.nodes[n].agent, &rig.nodes[n].view, &remote, &env);
}

// No candidate of node 1 is usable (mDNS names, or behind a NAT): its checks tell its address.
static void test_peer_reflexive(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 4; seed++) {
		rig_init(&rig, 20 + seed);
		rig_start(&rig, 0, seed & 1, false, 1);
		rig_start(&rig, 1, !(seed & 1), false, 1);
		if (seed & 2)
			rig.nat_port = 50000;
		introduce_without_candidates(0);
		rig_introduce(&rig, 1);
		assert_true(rig_run_until(&rig, 3 * RIG_SECOND, rig_both_nominated));
		both_are_up(1);
		assert_int_equal(ice_remote_type(&rig.nodes[0].agent), IQ_CANDIDATE_PRFLX);
	}
}

// Candidates come one by one after the credentials.
static void test_trickle(void **state)
{
	struct iq_remote_transport remote;

	(void)state;
	rig_init(&rig, 30);
	rig_start(&rig, 0, true, false, 1);
	rig_start(&rig, 1, false, false, 1);
	introduce_without_candidates(0);
	introduce_without_candidates(1);
	rig_run(&rig, RIG_SECOND);
	assert_int_equal(rig.nodes[0].sent, 0);
	rig_describe(&rig, 0, &remote);
	ice_candidates_add(&rig.nodes[1].agent, &remote.candidates[1], 1, false);
	ice_candidates_add(&rig.nodes[1].agent, &remote.candidates[1], 1, true); // again
	assert_true(rig_run_until(&rig, RIG_SECOND, rig_both_nominated));
	both_are_up(1);
	assert_int_equal(rig.nodes[1].view.selected[0].family, 4);
}

static void test_bad_networks(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 1000; seed++) {
		unsigned components = 1 + (seed >> 3 & 1);

		rig_init(&rig, 1000 + seed);
		rig.loss_percent = rig_random(&rig) % 50;
		rig.delay_us = 1000 + rig_random(&rig) % 200000;
		rig.jitter_us = rig_random(&rig) % 200000;
		rig.double_percent = rig_random(&rig) % 20;
		rig_start(&rig, 0, seed & 1, (seed & 6) == 6, components);
		rig_start(&rig, 1, seed & 2, false, components);
		if (seed & 16)
			rig.nat_port = 50000;
		if (seed & 32)
			rig.lost_family = 4 + (seed >> 5 & 2);
		rig_introduce(&rig, seed & 1);
		rig_run(&rig, rig_random(&rig) % RIG_SECOND);
		rig_introduce(&rig, !(seed & 1));
		rig_run(&rig, rig_random(&rig) % (10 * RIG_SECOND));
		// From here on nothing is lost: the longest pause between two repeats is 16 s.
		rig.loss_percent = 0;
		if (!rig_run_until(&rig, 18 * RIG_SECOND, rig_both_nominated))
			fail_msg("seed %u: not nominated", seed);
		rig_run(&rig, 10 * RIG_SECOND);
		both_are_up(components);
		assert_true(rig.nodes[0].timers < 2000 && rig.nodes[1].timers < 2000);
	}
}

static void test_failure_and_late_success(void **state)
{
	uint64_t start;

	(void)state;
	rig_init(&rig, 40);
	rig_start(&rig, 0, true, false, 1);
	rig_start(&rig, 1, false, false, 1);
	start = rig.now_us;
	introduce_without_candidates(0);
	rig_run(&rig, 30 * RIG_SECOND - 1);
	assert_int_equal(ice_state(&rig.nodes[0].agent), IQ_ICE_CHECKING);
	assert_int_equal(ice_deadline_us(&rig.nodes[0].agent), start + 30 * RIG_SECOND);
	rig_run(&rig, 1);
	assert_int_equal(ice_state(&rig.nodes[0].agent), IQ_ICE_FAILED);
	assert_int_equal(rig.nodes[0].changed, IQ_CHANGED_ICE);
	assert_int_equal(ice_deadline_us(&rig.nodes[0].agent), 0);
	rig.nodes[0].changed = 0;
	rig_introduce(&rig, 1);
	assert_true(rig_run_until(&rig, RIG_SECOND, rig_both_nominated));
	both_are_up(1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full_full),
		cmocka_unit_test(test_two_components),
		cmocka_unit_test(test_mux_needs_one_component),
		cmocka_unit_test(test_lite_side),
		cmocka_unit_test(test_two_lite_sides),
		cmocka_unit_test(test_same_role),
		cmocka_unit_test(test_one_family_is_lost),
		cmocka_unit_test(test_early_checks),
		cmocka_unit_test(test_early_checks_of_another),
		cmocka_unit_test(test_peer_reflexive),
		cmocka_unit_test(test_trickle),
		cmocka_unit_test(test_bad_networks),
		cmocka_unit_test(test_failure_and_late_success),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
