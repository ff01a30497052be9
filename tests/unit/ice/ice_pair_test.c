// SPDX-License-Identifier: Apache-2.0
// Priorities, the checklist's order, budgets, HMAC: each against numbers from elsewhere.
#include "hex.h"
#include "ice_rig.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <string.h>

static void test_priorities(void **state)
{
	struct ice_agent a = {.controlling = true};

	(void)state;
	assert_int_equal(ice_priority(IQ_CANDIDATE_HOST, 0, 0), 2130706431);
	assert_int_equal(ice_priority(IQ_CANDIDATE_HOST, 0, 1), 2130706430);
	assert_int_equal(ice_priority(IQ_CANDIDATE_PRFLX, 0, 0), 1862270975);
	assert_int_equal(ice_priority(IQ_CANDIDATE_SRFLX, 0, 0), 1694498815);
	// Ours is a host candidate and controlling, theirs server reflexive, RFC 8445 section 6.1.2.3.
	a.remotes[0].priority = 1694498815;
	assert_true(ice_pair_priority(&a, &a.pairs[0]) == 7277816997797167103ull);
	a.controlling = false;
	assert_true(ice_pair_priority(&a, &a.pairs[0]) == 7277816997797167102ull);
}

static const char password[] = "VOkJxbRl1RmTxUk/WvJxBt";
static const char request[] =
	"000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e7400240004"
	"6e0001ff80290008932ff9b151263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56"
	"781ef2b5b2d3f249c1b571a280280004e57a3bcf";

static void test_integrity_rfc5769(void **state)
{
	struct ice_hmac hmac;
	struct wire_stun msg;
	uint8_t bytes[108];

	(void)state;
	assert_int_equal(hex_parse(bytes, sizeof(bytes), request), 0);
	assert_int_equal(wire_stun_parse(&msg, bytes, sizeof(bytes)), 0);
	ice_hmac_init(&hmac, password);
	assert_true(ice_hmac_verify(&hmac, &msg));
	bytes[70] ^= 1;
	assert_false(ice_hmac_verify(&hmac, &msg));
	bytes[70] ^= 1;
	ice_hmac_init(&hmac, "VOkJxbRl1RmTxUk/WvJxBu");
	assert_false(ice_hmac_verify(&hmac, &msg));
	msg.integrity_offset = 0;
	assert_false(ice_hmac_verify(&hmac, &msg));
}

// Keys shorter than, equal to and longer than SHA-1's block, messages over its boundaries.
static void test_hmac_against_openssl(void **state)
{
	uint8_t data[200], want[20], got[20];
	char key[257];
	struct ice_hmac hmac;

	(void)state;
	memset(data, 0x5a, sizeof(data));
	for (unsigned klen = 1; klen <= 256; klen += 1 + klen / 9) {
		memset(key, 'k', klen);
		key[klen] = '\0';
		ice_hmac_init(&hmac, key);
		for (unsigned len = 0; len < sizeof(data); len += 7) {
			HMAC(EVP_sha1(), key, (int)klen, data, len, want, NULL);
			ice_hmac_sign(&hmac, data, len, got);
			assert_memory_equal(got, want, sizeof(want));
		}
	}
}

static unsigned take_many(uint32_t *budget, uint64_t now_us, unsigned count)
{
	unsigned taken = 0;

	while (count-- > 0)
		taken += ice_budget_take(budget, now_us, 20, 100);
	return taken;
}

static void test_budget(void **state)
{
	static const uint64_t starts[] = {0, 1000000, 4294967ull * 1000000, 1ull << 50};

	(void)state;
	for (unsigned i = 0; i < 4; i++) { // over the wrap of its clock
		uint64_t now = starts[i];
		uint32_t budget = 0;

		take_many(&budget, now, 200);
		now += 10 * RIG_SECOND;
		assert_int_equal(take_many(&budget, now, 200), 100);
		assert_int_equal(take_many(&budget, now, 200), 0);
		now += RIG_SECOND;
		assert_int_equal(take_many(&budget, now, 200), 50);
		now += 100000 * RIG_SECOND;
		assert_int_equal(take_many(&budget, now, 200), 100);
	}
}

static unsigned strangers_many(struct ice_env *env, unsigned keep)
{
	unsigned taken = 0;

	for (unsigned i = 0; i < 2 * ICE_STRANGERS_BURST; i++)
		taken += ice_strangers_take(env, keep);
	return taken;
}

// What a worker spends on strangers of all its transports; answers to those who know nothing leave half of it.
static void test_strangers(void **state)
{
	uint64_t word = 0;
	struct ice_env env = {.now_us = 5 * RIG_SECOND, .strangers = &word};

	(void)state;
	assert_int_equal(strangers_many(&env, ICE_STRANGERS_BURST / 2), ICE_STRANGERS_BURST / 2);
	assert_true(ice_strangers_allow(&env, 0));
	assert_int_equal(strangers_many(&env, 0), ICE_STRANGERS_BURST / 2);
	assert_false(ice_strangers_allow(&env, 0));
	env.now_us += 1000;
	assert_int_equal(strangers_many(&env, 0), 20);
	env.now_us += 10 * RIG_SECOND;
	assert_int_equal(strangers_many(&env, 0), ICE_STRANGERS_BURST);
	env.strangers = NULL;
	assert_int_equal(strangers_many(&env, 0), 2 * ICE_STRANGERS_BURST);
}

static void test_unusable_candidates(void **state)
{
	static struct rig rig;
	struct iq_remote_transport remote;
	struct iq_candidate *c;

	(void)state;
	rig_init(&rig, 1);
	rig_start(&rig, 0, true, false, 1);
	rig_start(&rig, 1, false, false, 1);
	rig_describe(&rig, 1, &remote);
	c = &remote.candidates[1];
	for (unsigned spoil = 0; spoil < 9; spoil++) {
		struct iq_candidate bad = *c;

		bad.addr.port = spoil == 0 ? 0 : spoil == 1 ? 9 : bad.addr.port;
		bad.addr.family = spoil == 2 ? 0 : spoil == 3 ? 5 : bad.addr.family;
		bad.component = spoil == 4 ? 0 : spoil == 5 ? 2 : 1;
		bad.type = spoil == 6 ? 4 : bad.type;
		bad.addr.ip[0] = spoil == 7 ? 224 : bad.addr.ip[0];
		if (spoil == 8)
			memset(bad.addr.ip, 0, 16);
		ice_candidates_add(&rig.nodes[0].agent, &bad, 1, false);
		assert_int_equal(rig.nodes[0].agent.remotes[0].family, 0);
	}
	rig.nodes[0].agent.local_count = 1; // only IPv6
	ice_candidates_add(&rig.nodes[0].agent, c, 1, false);
	assert_int_equal(rig.nodes[0].agent.remotes[0].family, 0);
	ice_candidates_add(&rig.nodes[0].agent, &remote.candidates[0], 1, false);
	assert_int_equal(rig.nodes[0].agent.remotes[0].family, 6);
}

static void test_descriptions_refused(void **state)
{
	static struct rig rig;
	struct iq_remote_transport remote;
	struct ice_env env;

	(void)state;
	rig_init(&rig, 1);
	rig_start(&rig, 0, true, false, 1);
	rig_start(&rig, 1, false, false, 1);
	env = rig_env(&rig.nodes[0]);
	for (unsigned spoil = 0; spoil < 4; spoil++) {
		rig_describe(&rig, 1, &remote);
		if (spoil == 0)
			remote.ice = 0;
		if (spoil == 1)
			remote.ufrag[0] = '\0';
		if (spoil == 2)
			memset(remote.ufrag, 'u', sizeof(remote.ufrag)); // no end
		if (spoil == 3)
			memset(remote.pwd, 'p', sizeof(remote.pwd));
		ice_remote_set(&rig.nodes[0].agent, &rig.nodes[0].view, &remote, &env);
		assert_int_equal(rig.nodes[0].agent.current.remote_ufrag_len, 0);
		assert_int_equal(ice_deadline_us(&rig.nodes[0].agent), 0);
	}
	rig_describe(&rig, 1, &remote);
	memset(remote.ufrag, 'u', 256); // the longest there may be
	remote.ufrag[256] = '\0';
	ice_remote_set(&rig.nodes[0].agent, &rig.nodes[0].view, &remote, &env);
	assert_int_equal(rig.nodes[0].agent.current.remote_ufrag_len, 256);
	rig_run(&rig, RIG_SECOND);
	assert_true(rig.nodes[0].requests > 0);
}

static void test_locals(void **state)
{
	static struct rig rig;
	uint8_t local = 99;

	(void)state;
	rig_init(&rig, 1);
	rig_start(&rig, 0, true, false, 1);
	assert_true(ice_local_find(&rig.nodes[0].agent, 0, 4, &local));
	assert_int_equal(local, 1);
	assert_false(ice_local_find(&rig.nodes[0].agent, 1, 4, &local));
	assert_int_equal(local, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_priorities),
		cmocka_unit_test(test_integrity_rfc5769),
		cmocka_unit_test(test_hmac_against_openssl),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_strangers),
		cmocka_unit_test(test_unusable_candidates),
		cmocka_unit_test(test_descriptions_refused),
		cmocka_unit_test(test_locals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
