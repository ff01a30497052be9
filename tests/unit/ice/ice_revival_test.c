// SPDX-License-Identifier: Apache-2.0
// What must not pass for consent: nominations, checks and answers under credentials that have lost it, old successes.
#include "ice_craft.h"

#include <string.h>

static struct rig rig;
static struct seen seen;
static struct ice_tuple high, low;

static void node_start(bool lite)
{
	rig_init(&rig, 1);
	rig_start(&rig, 0, false, lite, 1);
	rig_start(&rig, 1, true, false, 1);
	rig_introduce(&rig, 0);
	high = rig_peer_tuple(&rig, 0, 6);
	low = rig_peer_tuple(&rig, 0, 4);
	craft_watch(&rig, &seen);
}

static void consent_lose(void)
{
	node_start(false);
	craft_pass(&rig, 0, &seen, &high, true);
	assert_true(rig.nodes[0].view.consent);
	rig_run(&rig, 31 * RIG_SECOND);
	assert_int_equal(ice_consent_state(&rig.nodes[0].agent), IQ_CONSENT_EXPIRED);
}

static void test_nomination_revives_nothing(void **state)
{
	(void)state;
	consent_lose();
	craft_pass(&rig, 0, &seen, &high, true);
	assert_false(rig.nodes[0].view.consent);
	craft_pass(&rig, 0, &seen, &low, true);
	assert_false(rig.nodes[0].view.consent);
	assert_true(ice_tuple_equal(&rig.nodes[0].view.selected[0], &high));
}

// Our half of a restart with the peer's old credentials is none; with new ones it is.
static void test_half_a_restart(void **state)
{
	(void)state;
	consent_lose();
	rig_restart(&rig, 0, "new");
	rig_introduce(&rig, 0);
	craft_pass(&rig, 0, &seen, &high, true);
	assert_int_equal(rig.nodes[0].agent.pairs[0].state, PAIR_SUCCEEDED);
	assert_false(rig.nodes[0].view.consent);
	strcpy(rig.nodes[1].start.ufrag, "fresh");
	strcpy(rig.nodes[1].start.pwd, "password-of-the-new-generation");
	rig_introduce(&rig, 0);
	craft_pass(&rig, 0, &seen, &high, true);
	assert_true(rig.nodes[0].view.consent);
}

// Lite: requests of the peer choose the pair, but only answers to our consent requests renew.
static void test_requests_renew_nothing(void **state)
{
	struct craft craft;
	char name[64];

	(void)state;
	node_start(true);
	for (unsigned i = 0; i < 40; i++) {
		craft = craft_request(&rig, 0, true, name);
		assert_int_equal(craft_send(&rig, 0, &craft, &low), ICE_OK);
		assert_int_equal(rig.nodes[0].view.consent, i < 30);
		rig_run(&rig, RIG_SECOND);
	}
}

// A pair that succeeded long ago is asked again before media goes there.
static void test_old_success(void **state)
{
	struct craft craft;
	char name[64];

	(void)state;
	node_start(false);
	craft_pass(&rig, 0, &seen, &low, false);
	craft_pass(&rig, 0, &seen, &high, true);
	for (unsigned i = 0; i < 100; i++) { // the chosen pair lives
		rig_run(&rig, RIG_SECOND);
		craft_answer(&rig, 0, &seen, 0);
	}
	assert_true(rig.nodes[0].view.consent);
	craft = craft_request(&rig, 0, true, name);
	assert_int_equal(craft_send(&rig, 0, &craft, &low), ICE_OK);
	rig_run(&rig, 100000);
	assert_true(ice_tuple_equal(&rig.nodes[0].view.selected[0], &high));
	assert_true(ice_tuple_equal(&seen.to, &low) && seen.msg.class == WIRE_STUN_REQUEST);
	assert_int_equal(craft_answer(&rig, 0, &seen, 0), ICE_OK);
	assert_true(ice_tuple_equal(&rig.nodes[0].view.selected[0], &low));
	assert_true(rig.nodes[0].view.consent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nomination_revives_nothing),
		cmocka_unit_test(test_half_a_restart),
		cmocka_unit_test(test_requests_renew_nothing),
		cmocka_unit_test(test_old_success),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
