// SPDX-License-Identifier: Apache-2.0
// What a peer, a confused peer and a stranger get for their requests.
#include "ice_craft.h"

#include <string.h>

static struct rig rig;
static struct seen seen;
static struct ice_tuple peer; // the other side's IPv4 address

static void node_start(bool controlling, bool introduce)
{
	rig_init(&rig, 1);
	rig_start(&rig, 0, controlling, false, 1);
	rig_start(&rig, 1, !controlling, false, 1);
	if (introduce)
		rig_introduce(&rig, 0);
	peer = rig_peer_tuple(&rig, 0, 4);
	craft_watch(&rig, &seen);
}

static void test_answer(void **state)
{
	struct ice_hmac hmac;
	struct craft craft;
	char name[64];

	(void)state;
	node_start(false, true);
	craft = craft_request(&rig, 0, false, name);
	assert_int_equal(craft_send(&rig, 0, &craft, &peer), ICE_OK);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.msg.class, WIRE_STUN_SUCCESS);
	assert_memory_equal(seen.msg.txid, craft.txid, WIRE_STUN_TXID);
	assert_int_equal(seen.msg.mapped.port, peer.remote_port);
	assert_memory_equal(seen.msg.mapped.bytes, peer.remote_ip, 4);
	ice_hmac_init(&hmac, rig.nodes[0].start.pwd);
	assert_true(ice_hmac_verify(&hmac, &seen.msg));
	assert_true(ice_tuple_equal(&seen.to, &peer));
	assert_int_equal(rig.nodes[0].view.source_count, 0); // it asked; that is no success of ours
	assert_int_equal(rig.nodes[0].view.heard_count, 1);
	assert_true(ice_tuple_equal(&rig.nodes[0].view.heard[0], &peer));
}

// Who asked with our password is known, the latest few of them; also before the peer was described.
static void test_heard(void **state)
{
	const struct ice_view *view = &rig.nodes[0].view;
	struct craft craft;
	char name[64];

	(void)state;
	node_start(false, false);
	craft = craft_request(&rig, 0, false, name);
	craft.password = "something-else-of-good-length";
	assert_int_equal(craft_send(&rig, 0, &craft, &peer), ICE_INTEGRITY);
	assert_int_equal(view->heard_count, 0);
	for (unsigned i = 0; i <= ICE_HEARD_MAX; i++) {
		craft = craft_request(&rig, 0, false, name);
		peer.remote_port = (uint16_t)(7000 + i);
		for (unsigned k = 0; k < 2; k++)
			assert_int_equal(craft_send(&rig, 0, &craft, &peer), ICE_OK);
	}
	assert_int_equal(view->heard_count, ICE_HEARD_MAX);
	assert_int_equal(view->heard[0].remote_port, 7000 + ICE_HEARD_MAX);
	assert_int_equal(view->heard[1].remote_port, 7001);
}

struct bad {
	const char *what;
	void (*spoil)(struct craft *craft);
	enum ice_verdict verdict;
	unsigned error; // 0: no answer
};

static void no_username(struct craft *craft)
{
	craft->username = NULL;
}
static void no_integrity(struct craft *craft)
{
	craft->password = NULL;
}
static void nothing(struct craft *craft)
{
	*craft = (struct craft){.class = WIRE_STUN_REQUEST};
}
static void no_fingerprint(struct craft *craft)
{
	craft->no_fingerprint = true;
}
static void wrong_password(struct craft *craft)
{
	craft->password = "something-else-of-good-length";
}
static void wrong_ours(struct craft *craft)
{
	craft->username = "nobody:ufr1";
}
static void wrong_theirs(struct craft *craft)
{
	craft->username = "ufr0:nobody";
}
static void no_colon(struct craft *craft)
{
	craft->username = "ufr0";
}
static void only_ours(struct craft *craft)
{
	craft->username = "ufr0:";
}
static void longer_theirs(struct craft *craft)
{
	craft->username = "ufr0:ufr11";
}
static void unknown_attribute(struct craft *craft)
{
	craft->unknown = true;
}
static void unknown_and_unauthenticated(struct craft *craft)
{
	craft->unknown = true;
	wrong_password(craft);
}

static const struct bad bads[] = {
	{"no USERNAME", no_username, ICE_MALFORMED, 400},
	{"no MESSAGE-INTEGRITY", no_integrity, ICE_MALFORMED, 400},
	{"neither: shorter than the answer would be", nothing, ICE_MALFORMED, 0},
	{"no FINGERPRINT", no_fingerprint, ICE_MALFORMED, 0},
	{"wrong password", wrong_password, ICE_INTEGRITY, 401},
	{"not our ufrag", wrong_ours, ICE_UNKNOWN_USER, 401},
	{"not the peer's ufrag", wrong_theirs, ICE_UNKNOWN_USER, 401},
	{"no colon", no_colon, ICE_UNKNOWN_USER, 401},
	{"empty second half", only_ours, ICE_UNKNOWN_USER, 401},
	{"too long a second half", longer_theirs, ICE_UNKNOWN_USER, 401},
	{"unknown attribute", unknown_attribute, ICE_ERROR_SENT, 420},
	{"unknown attribute, wrong password", unknown_and_unauthenticated, ICE_INTEGRITY, 401},
};

static void test_bad_requests(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
		struct ice_agent before;
		struct craft craft;
		char name[64];

		print_message("%s\n", bads[i].what);
		node_start(false, true);
		before = rig.nodes[0].agent;
		craft = craft_request(&rig, 0, true, name);
		bads[i].spoil(&craft);
		assert_int_equal(craft_send(&rig, 0, &craft, &peer), bads[i].verdict);
		assert_int_equal(seen.count, bads[i].error != 0);
		if (bads[i].error != 0)
			assert_int_equal(seen.msg.error_code, bads[i].error);
		if (bads[i].error == 400 || bads[i].error == 401)
			assert_int_equal(seen.msg.integrity_offset, 0);
		if (bads[i].error == 420)
			assert_true(seen.msg.integrity_offset != 0);
		// Neither pairs nor candidates come of it.
		assert_memory_equal(before.pairs, rig.nodes[0].agent.pairs, sizeof(before.pairs));
		assert_int_equal(rig.nodes[0].agent.remotes[2].family, 0);
		assert_int_equal(rig.nodes[0].view.source_count, 0);
	}
}

static void test_not_for_us(void **state)
{
	uint8_t bytes[512];
	struct craft craft;
	char name[64];
	uint16_t len;

	(void)state;
	node_start(false, true);
	craft = craft_request(&rig, 0, false, name);
	len = craft_write(&craft, bytes);
	for (uint16_t cut = 0; cut < len; cut++)
		rig_input(&rig, 0, &peer, bytes, cut);
	for (uint16_t at = 0; at < len; at++) { // each byte damaged
		bytes[at] ^= 0x10;
		rig_input(&rig, 0, &peer, bytes, len);
		bytes[at] ^= 0x10;
	}
	bytes[1] = 2; // another method, and then no longer the same message
	rig_input(&rig, 0, &peer, bytes, len);
	assert_int_equal(rig.nodes[0].verdicts[ICE_OK], 0);
	peer.local = 9;
	assert_int_equal(craft_send(&rig, 0, &craft, &peer), ICE_MALFORMED);
	peer.local = 0; // an IPv6 one
	assert_int_equal(craft_send(&rig, 0, &craft, &peer), ICE_MALFORMED);
	peer.local = 1;
	peer.component = 1; // not started with two
	assert_int_equal(craft_send(&rig, 0, &craft, &peer), ICE_MALFORMED);
	peer.component = 0;
	craft.class = WIRE_STUN_INDICATION;
	assert_int_equal(craft_send(&rig, 0, &craft, &peer), ICE_OK);
	assert_int_equal(seen.count, 0);
}

static void test_role_conflict(void **state)
{
	static const struct {
		bool controlling, theirs_controlling, larger, refused, controlling_after;
	} table[] = {
		{true, true, true, true, true},
		{true, true, false, false, false},
		{false, false, true, false, true},
		{false, false, false, true, false},
		{true, false, false, false, true},
		{false, true, true, false, false},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct craft craft;
		char name[64];

		node_start(table[i].controlling, true);
		craft = craft_request(&rig, 0, false, name);
		craft.role =
			table[i].theirs_controlling ? WIRE_STUN_CONTROLLING : WIRE_STUN_CONTROLLED;
		craft.tiebreaker = rig.nodes[0].agent.tiebreaker + (table[i].larger ? 0 : 1);
		assert_int_equal(craft_send(&rig, 0, &craft, &peer),
			table[i].refused ? ICE_ERROR_SENT : ICE_OK);
		assert_int_equal(seen.msg.error_code, table[i].refused ? 487 : 0);
		assert_true(seen.msg.integrity_offset != 0);
		assert_int_equal(rig.nodes[0].agent.controlling, table[i].controlling_after);
	}
}

static void test_487_makes_us_switch(void **state)
{
	uint64_t tiebreaker;

	(void)state;
	node_start(true, true);
	tiebreaker = rig.nodes[0].agent.tiebreaker;
	rig_run(&rig, 0);
	assert_int_equal(seen.msg.role, WIRE_STUN_CONTROLLING);
	assert_int_equal(craft_answer(&rig, 0, &seen, 487), ICE_OK);
	assert_false(rig.nodes[0].agent.controlling);
	assert_true(rig.nodes[0].agent.tiebreaker != tiebreaker);
	rig_run(&rig, 50000);
	assert_int_equal(seen.msg.role, WIRE_STUN_CONTROLLED); // asked again
}

static void test_responses_refused(void **state)
{
	struct craft craft = {.class = WIRE_STUN_SUCCESS, .mapped = true};
	struct ice_tuple elsewhere;
	struct seen request;

	(void)state;
	node_start(true, true);
	rig_run(&rig, 0);
	request = seen;
	craft.password = rig.nodes[0].start.pwd; // ours, where the peer's belongs
	memcpy(craft.txid, request.msg.txid, WIRE_STUN_TXID);
	assert_int_equal(craft_send(&rig, 0, &craft, &request.to), ICE_INTEGRITY);
	craft.password = NULL;
	assert_int_equal(craft_send(&rig, 0, &craft, &request.to), ICE_INTEGRITY);
	craft.class = WIRE_STUN_ERROR;
	craft.error = 401;
	assert_int_equal(craft_send(&rig, 0, &craft, &request.to), ICE_INTEGRITY);
	craft.error = 0;
	assert_int_equal(craft_send(&rig, 0, &craft, &request.to), ICE_MALFORMED);
	craft.class = WIRE_STUN_SUCCESS;
	craft.password = rig.nodes[1].start.pwd;
	craft.mapped = false;
	assert_int_equal(craft_send(&rig, 0, &craft, &request.to), ICE_MALFORMED);
	craft.mapped = craft.unknown = true;
	assert_int_equal(craft_send(&rig, 0, &craft, &request.to), ICE_MALFORMED);
	craft.unknown = false;
	assert_int_equal(rig.nodes[0].agent.pairs[0].state, PAIR_IN_PROGRESS);
	elsewhere = request.to;
	elsewhere.remote_port++;
	assert_int_equal(craft_send(&rig, 0, &craft, &elsewhere), ICE_OK); // not symmetric: failed
	assert_int_equal(rig.nodes[0].agent.pairs[0].state, PAIR_FAILED);
	assert_int_equal(craft_send(&rig, 0, &craft, &request.to), ICE_LATE);
	assert_int_equal(rig.nodes[0].view.source_count, 0);
}

static void test_error_fails_the_pair(void **state)
{
	(void)state;
	node_start(true, true);
	rig_run(&rig, 0);
	assert_int_equal(craft_answer(&rig, 0, &seen, 500), ICE_OK);
	assert_int_equal(rig.nodes[0].agent.pairs[0].state, PAIR_FAILED);
}

// A check that is never answered: seven requests at 0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5 s, given up 8 s later.
static void test_retransmission(void **state)
{
	static const uint64_t at_ms[] = {0, 500, 1500, 3500, 7500, 15500, 31500};
	uint64_t start;

	(void)state;
	node_start(true, false);
	rig.nodes[0].start.local_count = 1;
	ice_init(&rig.nodes[0].agent, &rig.nodes[0].view, &rig.nodes[0].start);
	rig_introduce(&rig, 0);
	start = rig.now_us;
	for (unsigned i = 0; i < 7; i++) {
		rig_run(&rig, start + at_ms[i] * 1000 - rig.now_us);
		assert_int_equal(seen.count, i + 1);
		assert_int_equal(rig.nodes[0].last_tx_us, start + at_ms[i] * 1000);
	}
	rig_run(&rig, 8 * RIG_SECOND - 1);
	assert_int_equal(rig.nodes[0].agent.pairs[0].state, PAIR_IN_PROGRESS);
	rig_run(&rig, 1);
	assert_int_equal(rig.nodes[0].agent.pairs[0].state, PAIR_FAILED);
	assert_int_equal(seen.count, 7);
	assert_int_equal(ice_deadline_us(&rig.nodes[0].agent), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_heard),
		cmocka_unit_test(test_bad_requests),
		cmocka_unit_test(test_not_for_us),
		cmocka_unit_test(test_role_conflict),
		cmocka_unit_test(test_487_makes_us_switch),
		cmocka_unit_test(test_responses_refused),
		cmocka_unit_test(test_error_fails_the_pair),
		cmocka_unit_test(test_retransmission),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
