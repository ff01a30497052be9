// SPDX-License-Identifier: Apache-2.0
// Consent over simulated hours, its loss in each way, and the restarts that alone bring it back.
#include "ice_craft.h"

#include <string.h>

static struct rig rig;
static struct seen seen;

static void both_connect(bool lite)
{
	rig_init(&rig, 1);
	rig_start(&rig, 0, true, false, 1);
	rig_start(&rig, 1, false, lite, 1);
	rig_introduce(&rig, 0);
	rig_introduce(&rig, 1);
	assert_true(rig_run_until(&rig, RIG_SECOND, rig_both_nominated));
	rig_run(&rig, RIG_SECOND);
	rig.nodes[0].changed = rig.nodes[1].changed = 0;
}

static uint64_t last_us;
static unsigned intervals;
static uint8_t last_txid[WIRE_STUN_TXID];

static bool on_consent(
	struct rig *r, unsigned from, struct ice_tuple *to, uint8_t *bytes, uint16_t *len)
{
	(void)to;
	(void)len;
	if (from != 0 || bytes[0] != 0 || bytes[1] != 1)
		return true;
	if (last_us != 0) {
		assert_in_range(r->now_us - last_us, 4000000, 6000000);
		assert_memory_not_equal(last_txid, bytes + 8, WIRE_STUN_TXID);
		intervals++;
	}
	last_us = r->now_us;
	memcpy(last_txid, bytes + 8, WIRE_STUN_TXID);
	return true;
}

static void test_an_hour(void **state)
{
	(void)state;
	for (unsigned lite = 0; lite < 2; lite++) {
		both_connect(lite);
		last_us = intervals = 0;
		rig.on_packet = on_consent;
		rig_run(&rig, 3600 * RIG_SECOND);
		assert_in_range(intervals, 690, 750); // 720 of 5 s on the average
		assert_true(rig.nodes[0].view.consent && rig.nodes[1].view.consent);
		assert_int_equal(rig.nodes[0].changed | rig.nodes[1].changed, 0);
		assert_int_equal(ice_rtt_us(&rig.nodes[0].agent), 2 * rig.delay_us);
		assert_true(rig.nodes[0].timers < 4000); // it slept in between
	}
}

static void test_loss_is_survived(void **state)
{
	(void)state;
	both_connect(false);
	rig.loss_percent = 20;
	rig_run(&rig, 3600 * RIG_SECOND);
	assert_true(rig.nodes[0].view.consent && rig.nodes[1].view.consent);
}

static bool on_answer_of_1(
	struct rig *r, unsigned from, struct ice_tuple *to, uint8_t *bytes, uint16_t *len)
{
	(void)r;
	(void)to;
	(void)len;
	return from != 1 || bytes[0] == 0; // lost
}

// The peer answers no more: 30 s after the last time nothing may be sent, and what comes late changes nothing.
static void test_expiry(void **state)
{
	uint64_t renewed, sent;

	(void)state;
	both_connect(false);
	rig_run(&rig, 100 * RIG_SECOND);
	renewed = rig.nodes[0].agent.consent[0].expires_us - ICE_CONSENT_US;
	rig.on_packet = on_answer_of_1;
	rig_run(&rig, renewed + ICE_CONSENT_US - 1 - rig.now_us);
	assert_true(rig.nodes[0].view.consent);
	rig_run(&rig, 1);
	assert_false(rig.nodes[0].view.consent);
	assert_int_equal(rig.nodes[0].changed, IQ_CHANGED_CONSENT);
	assert_int_equal(ice_consent_state(&rig.nodes[0].agent), IQ_CONSENT_EXPIRED);
	sent = rig.nodes[0].requests;
	rig.on_packet = NULL;
	rig_run(&rig, 600 * RIG_SECOND);
	assert_int_equal(rig.nodes[0].requests, sent);
	assert_false(rig.nodes[0].view.consent);
	// Its checks are answered all the same, so the peer's own consent lives.
	assert_true(rig.nodes[1].view.consent);
}

static void connect_by_hand(void)
{
	both_connect(false);
	craft_watch(&rig, &seen);
	while (seen.count == 0 || seen.msg.class != WIRE_STUN_REQUEST)
		rig_run_until(&rig, RIG_SECOND, NULL);
}

static void test_late_answer(void **state)
{
	struct seen late;

	(void)state;
	connect_by_hand();
	late = seen;
	late.msg.txid = late.bytes + 8;
	rig_run(&rig, 40 * RIG_SECOND);
	assert_false(rig.nodes[0].view.consent);
	assert_int_equal(
		craft_answer(&rig, late.to.remote_port == 40002 ? 0 : 1, &late, 0), ICE_LATE);
	assert_false(rig.nodes[0].view.consent || rig.nodes[1].view.consent);
}

static unsigned asker(void)
{
	return seen.to.remote_port == rig.nodes[1].start.locals[0].port ? 0 : 1;
}

static void test_any_open_request_renews(void **state)
{
	struct seen early;
	unsigned n;

	(void)state;
	connect_by_hand();
	early = seen;
	early.msg.txid = early.bytes + 8;
	n = asker();
	rig_run(&rig, 20 * RIG_SECOND);
	assert_int_equal(craft_answer(&rig, n, &early, 0), ICE_OK);
	assert_int_equal(rig.nodes[n].agent.consent[0].expires_us, rig.now_us + ICE_CONSENT_US);
	rig_run(&rig, 29 * RIG_SECOND);
	assert_true(rig.nodes[n].view.consent);
	assert_false(rig.nodes[!n].view.consent);
}

static void test_answer_from_elsewhere(void **state)
{
	struct craft craft = {.class = WIRE_STUN_SUCCESS, .mapped = true};
	uint64_t expires;
	unsigned n;

	(void)state;
	connect_by_hand();
	n = asker();
	expires = rig.nodes[n].agent.consent[0].expires_us;
	rig_run(&rig, 2 * RIG_SECOND / 1000);
	memcpy(craft.txid, seen.msg.txid, WIRE_STUN_TXID);
	craft.password = rig.nodes[!n].start.pwd;
	seen.to.remote_port++;
	assert_int_equal(craft_send(&rig, n, &craft, &seen.to), ICE_LATE);
	seen.to.remote_port--;
	craft.password = rig.nodes[n].start.pwd;
	assert_int_equal(craft_send(&rig, n, &craft, &seen.to), ICE_INTEGRITY);
	craft.class = WIRE_STUN_ERROR; // an unauthenticated refusal is none
	craft.error = 403;
	craft.mapped = false;
	craft.password = NULL;
	assert_int_equal(craft_send(&rig, n, &craft, &seen.to), ICE_INTEGRITY);
	assert_true(rig.nodes[n].view.consent);
	assert_int_equal(rig.nodes[n].agent.consent[0].expires_us, expires);
}

static void test_refusal(void **state)
{
	unsigned n;

	(void)state;
	connect_by_hand();
	n = asker();
	assert_int_equal(craft_answer(&rig, n, &seen, 500), ICE_OK); // refuses nothing for good
	assert_true(rig.nodes[n].view.consent);
	assert_int_equal(craft_answer(&rig, n, &seen, 403), ICE_OK);
	assert_false(rig.nodes[n].view.consent);
	assert_int_equal(rig.nodes[n].changed, IQ_CHANGED_CONSENT);
	assert_int_equal(ice_consent_state(&rig.nodes[n].agent), IQ_CONSENT_REVOKED);
	assert_int_equal(craft_answer(&rig, n, &seen, 0), ICE_LATE);
}

static void test_closed_association(void **state)
{
	(void)state;
	both_connect(false);
	ice_consent_revoke(&rig.nodes[0].agent, &rig.nodes[0].view);
	assert_false(rig.nodes[0].view.consent);
	assert_int_equal(ice_consent_state(&rig.nodes[0].agent), IQ_CONSENT_REVOKED);
	rig_introduce(&rig, 0); // the same description again
	rig_run(&rig, 60 * RIG_SECOND);
	assert_false(rig.nodes[0].view.consent);
	assert_true(rig.nodes[1].view.consent);
}

static void both_restart(uint64_t between_us)
{
	rig_restart(&rig, 0, "new");
	rig_run(&rig, between_us);
	rig_restart(&rig, 1, "new");
	rig_introduce(&rig, 1);
	rig_run(&rig, between_us);
	rig_introduce(&rig, 0);
}

static void test_restart_brings_consent_back(void **state)
{
	(void)state;
	both_connect(false);
	ice_consent_revoke(&rig.nodes[0].agent, &rig.nodes[0].view);
	rig_restart(&rig, 0, "mine"); // ours alone isn't enough
	rig_introduce(&rig, 0);
	rig_run(&rig, RIG_SECOND);
	assert_false(rig.nodes[0].view.consent);
	both_restart(100000);
	assert_true(rig_run_until(&rig, RIG_SECOND, rig_both_nominated));
	assert_true(rig.nodes[0].view.consent && rig.nodes[1].view.consent);
	assert_true(rig_paths_agree(&rig, 0));
}

static void test_restart_keeps_the_call(void **state)
{
	struct craft old;
	char name[64];
	struct ice_tuple from;

	(void)state;
	for (unsigned seed = 0; seed < 20; seed++) {
		both_connect(seed & 1);
		from = rig_peer_tuple(&rig, 0, 6);
		old = craft_request(&rig, 0, true, name);
		old.password = "password-of-node-number-0";
		rig.loss_percent = seed;
		rig_restart(&rig, 0, "new");
		assert_int_equal(ice_state(&rig.nodes[0].agent), IQ_ICE_CHECKING);
		rig_run(&rig,
			45 * RIG_SECOND); // the answer takes its time; the old pair's consent lives
		assert_true(rig.nodes[0].view.consent && rig.nodes[1].view.consent);
		assert_int_equal(craft_send(&rig, 0, &old, &from), ICE_OK);
		rig_restart(&rig, 1, "new");
		rig_introduce(&rig, 1);
		rig_run(&rig, 300000);
		assert_true(rig.nodes[0].view.consent && rig.nodes[1].view.consent);
		rig_introduce(&rig, 0);
		assert_true(rig_run_until(&rig, 25 * RIG_SECOND, rig_both_nominated));
		assert_true(rig.nodes[0].view.consent && rig.nodes[1].view.consent);
		assert_true(rig.nodes[0].changed & IQ_CHANGED_ICE);
		assert_int_equal(rig.nodes[0].changed & IQ_CHANGED_CONSENT, 0);
		assert_int_equal(craft_send(&rig, 0, &old, &from), ICE_OK);
		rig_run(&rig, ICE_OLD_US + RIG_SECOND);
		assert_int_equal(craft_send(&rig, 0, &old, &from), ICE_UNKNOWN_USER);
		rig_run(&rig, 100 * RIG_SECOND);
		assert_true(rig.nodes[0].view.consent && rig.nodes[1].view.consent);
	}
}

// A restart that leads nowhere: reported, while the old pair goes on.
static void test_restart_fails(void **state)
{
	struct iq_remote_transport remote;
	struct ice_env env;

	(void)state;
	both_connect(false);
	rig_describe(&rig, 1, &remote);
	strcpy(remote.ufrag, "gone");
	rig_restart(&rig, 0, "new");
	env = rig_env(&rig.nodes[0]);
	ice_remote_set(&rig.nodes[0].agent, &rig.nodes[0].view, &remote, &env);
	rig_run(&rig, 31 * RIG_SECOND);
	assert_int_equal(ice_state(&rig.nodes[0].agent), IQ_ICE_FAILED);
	assert_true(rig.nodes[0].view.consent && rig.nodes[1].view.consent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_hour),
		cmocka_unit_test(test_loss_is_survived),
		cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_late_answer),
		cmocka_unit_test(test_any_open_request_renews),
		cmocka_unit_test(test_answer_from_elsewhere),
		cmocka_unit_test(test_refusal),
		cmocka_unit_test(test_closed_association),
		cmocka_unit_test(test_restart_brings_consent_back),
		cmocka_unit_test(test_restart_keeps_the_call),
		cmocka_unit_test(test_restart_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
