// SPDX-License-Identifier: Apache-2.0
// Floods and ever new addresses: bounded cost, and the peer does not feel them.
#include "ice_craft.h"

static struct rig rig;
static struct seen seen;
static struct ice_tuple peer; // the other side's IPv4 address

static void node_start(void)
{
	rig_init(&rig, 1);
	rig_start(&rig, 0, false, false, 1);
	rig_start(&rig, 1, true, false, 1);
	rig_introduce(&rig, 0);
	peer = rig_peer_tuple(&rig, 0, 4);
	craft_watch(&rig, &seen);
}

static unsigned flood(
	struct craft *craft, const struct ice_tuple *from, unsigned count, enum ice_verdict verdict)
{
	unsigned hits = 0;

	for (unsigned i = 0; i < count; i++) {
		craft->txid[0] = (uint8_t)i;
		hits += craft_send(&rig, 0, craft, from) == verdict;
		rig.now_us += RIG_SECOND / count;
	}
	return hits;
}

// A second of 5000 requests with bad integrity costs at most burst and rate, and the peer doesn't feel it.
static void test_flood(void **state)
{
	struct ice_tuple stranger;
	struct craft bad, good;
	char name[64], other[64];
	unsigned verified;

	(void)state;
	node_start();
	stranger = peer;
	stranger.remote_ip[3] = 99;
	bad = craft_request(&rig, 0, false, name);
	bad.password = "something-else-of-good-length";
	verified = flood(&bad, &stranger, 5000, ICE_INTEGRITY);
	assert_in_range(verified, 100, 151);
	assert_in_range(seen.errors, 1, 20);
	while (craft_send(&rig, 0, &bad, &stranger) != ICE_BUDGET)
		assert_true(verified++ < 160);
	good = craft_request(&rig, 0, false, other);
	assert_int_equal(craft_send(&rig, 0, &good, &peer), ICE_OK);
	stranger.remote_port++; // and the stranger's budget is everybody else's
	assert_int_equal(craft_send(&rig, 0, &good, &stranger), ICE_BUDGET);
	rig.now_us += 10 * RIG_SECOND;
	assert_int_equal(craft_send(&rig, 0, &good, &stranger), ICE_OK);
}

// What all transports of the worker may spend on strangers is spent: the peer doesn't feel it.
static void test_flood_of_worker(void **state)
{
	uint64_t spent = 0;
	struct ice_tuple stranger;
	struct craft good;
	char name[64];

	(void)state;
	node_start();
	rig.nodes[0].strangers = &spent;
	stranger = peer;
	stranger.remote_ip[3] = 99;
	good = craft_request(&rig, 0, false, name);
	spent = rig.now_us + RIG_SECOND;
	assert_int_equal(craft_send(&rig, 0, &good, &stranger), ICE_BUDGET);
	assert_int_equal(craft_send(&rig, 0, &good, &peer), ICE_OK);
	rig.now_us += 2 * RIG_SECOND;
	assert_int_equal(craft_send(&rig, 0, &good, &stranger), ICE_OK);
	rig.nodes[0].strangers = NULL;
}

static void test_flood_of_unknown_users(void **state)
{
	struct ice_tuple stranger;
	struct craft bad, good;
	char name[64];

	(void)state;
	node_start();
	stranger = peer;
	stranger.remote_ip[3] = 99;
	good = bad = craft_request(&rig, 0, false, name);
	bad.username = "nobody:nothing";
	assert_int_equal(flood(&bad, &stranger, 5000, ICE_UNKNOWN_USER), 5000);
	assert_in_range(seen.errors, 1, 20);
	assert_int_equal(craft_send(&rig, 0, &good, &stranger), ICE_OK);
}

// A peer behind a NAT that rebinds for ever: tables stay bounded, the newest address still works.
static void test_many_addresses(void **state)
{
	struct craft craft;
	char name[64];

	(void)state;
	node_start();
	for (unsigned i = 0; i < 500; i++) {
		craft = craft_request(&rig, 0, true, name);
		peer.remote_port = (uint16_t)(20000 + i);
		assert_int_equal(craft_send(&rig, 0, &craft, &peer), ICE_OK);
		rig_run(&rig, 60000);
		if (seen.msg.class == WIRE_STUN_REQUEST && ice_tuple_equal(&seen.to, &peer))
			assert_int_equal(craft_answer(&rig, 0, &seen, 0), ICE_OK);
		rig.now_us += RIG_SECOND;
	}
	assert_true(ice_tuple_equal(&rig.nodes[0].view.selected[0], &peer));
	assert_true(ice_tuple_equal(&rig.nodes[0].view.sources[0], &peer));
	assert_int_equal(rig.nodes[0].view.source_count, ICE_SOURCES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_flood_of_worker),
		cmocka_unit_test(test_flood_of_unknown_users),
		cmocka_unit_test(test_many_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
