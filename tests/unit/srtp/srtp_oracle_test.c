// SPDX-License-Identifier: Apache-2.0
// Packet for packet against libsrtp2, both directions, RTP and RTCP, all suites. Debian's libsrtp2
// gets slow with its number of sessions, so there are few.
#include "srtp_rig.h"

#include <errno.h>
#include <setjmp.h>
#include <srtp2/srtp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define FLOWS 24
#define BURST 64
#define ROUNDS 150

// libsrtp2's side of a flow and ours.
struct pair {
	srtp_t theirs_out, theirs_in;
	struct srtp_key key;
	struct srtp_index out, in;
	uint32_t ssrc, sent;
};

static void policy_set(srtp_crypto_policy_t *rtp, srtp_crypto_policy_t *rtcp, enum srtp_suite suite)
{
	switch (suite) {
	case SRTP_SUITE_AES128_CM_SHA1_32:
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(rtp);
		srtp_crypto_policy_set_rtcp_default(rtcp); // 80 bits
		break;
	case SRTP_SUITE_AEAD_AES_128_GCM:
		srtp_crypto_policy_set_aes_gcm_128_16_auth(rtp);
		srtp_crypto_policy_set_aes_gcm_128_16_auth(rtcp);
		break;
	case SRTP_SUITE_AEAD_AES_256_GCM:
		srtp_crypto_policy_set_aes_gcm_256_16_auth(rtp);
		srtp_crypto_policy_set_aes_gcm_256_16_auth(rtcp);
		break;
	default:
		srtp_crypto_policy_set_rtp_default(rtp);
		srtp_crypto_policy_set_rtcp_default(rtcp);
	}
}

static srtp_t theirs_open(const struct rig_master *master, uint32_t ssrc, uint32_t roc)
{
	const struct srtp_suite_info *info = srtp_suite_info(master->suite);
	srtp_policy_t policy = {0};
	uint8_t key[32 + 14];
	srtp_t session;

	memcpy(key, master->key, info->key_len);
	memcpy(key + info->key_len, master->salt, info->salt_len);
	policy_set(&policy.rtp, &policy.rtcp, master->suite);
	policy.ssrc = (srtp_ssrc_t){ssrc_specific, ssrc};
	policy.key = key;
	policy.window_size = 128;
	assert_int_equal(srtp_create(&session, &policy), srtp_err_status_ok);
	if (roc > 0)
		assert_int_equal(srtp_set_stream_roc(session, ssrc, roc), srtp_err_status_ok);
	return session;
}

static void pair_open(struct pair *pair, struct rig_random *random, enum srtp_suite suite)
{
	uint32_t roc = rig_below(random, 3) == 0 ? rig_next(random) >> 4 : 0;
	struct rig_master master;

	memset(pair, 0, sizeof(*pair));
	rig_master(random, &master, suite);
	rig_key(&pair->key, &master);
	pair->ssrc = rig_next(random);
	pair->sent = rig_below(random, 2) ? 65000 : rig_below(random, 65536);
	pair->theirs_out = theirs_open(&master, pair->ssrc, roc);
	pair->theirs_in = theirs_open(&master, pair->ssrc, roc);
	pair->out = (struct srtp_index){.roc = roc, .rtcp_index = 1}; // libsrtp2 begins with 1
	pair->in = (struct srtp_index){.roc = roc};
}

struct stage {
	struct srtp_ctx *ctx;
	struct rig_random random;
	struct pair pairs[FLOWS];
	struct rig_packet ours[BURST], theirs[BURST];
	struct pair *of[BURST];
	struct srtp_item items[BURST];
	int n;
};

static void stage_open(struct stage *stage, struct srtp_ctx *ctx)
{
	stage->ctx = ctx;
	stage->random.state = 4711;
	for (int i = 0; i < FLOWS; i++)
		pair_open(&stage->pairs[i], &stage->random,
			(enum srtp_suite)(1 + i % (SRTP_SUITE_COUNT - 1)));
}

static void stage_close(struct stage *stage)
{
	for (int i = 0; i < FLOWS; i++) {
		srtp_dealloc(stage->pairs[i].theirs_out);
		srtp_dealloc(stage->pairs[i].theirs_in);
	}
	srtp_ctx_destroy(stage->ctx);
}

// Plain packets of random flows: ahead by up to 3,000 (loss), sometimes a few back (reordering).
static void stage_fill(struct stage *stage, int is_rtcp)
{
	stage->n = 1 + (int)rig_below(&stage->random, BURST);
	for (int i = 0; i < stage->n; i++) {
		struct pair *pair = &stage->pairs[rig_below(&stage->random, FLOWS)];
		uint32_t back =
			rig_below(&stage->random, 5) == 0 ? rig_below(&stage->random, 140) : 0;

		pair->sent += rig_below(&stage->random, 4) ? 1 : rig_below(&stage->random, 3000);
		if (is_rtcp)
			rig_rtcp(&stage->random, &stage->ours[i], pair->ssrc, 300);
		else
			rig_rtp(&stage->random, &stage->ours[i], pair->ssrc,
				(uint16_t)(pair->sent - back), 1400);
		stage->of[i] = pair;
	}
}

static void stage_items(struct stage *stage, int is_out)
{
	for (int i = 0; i < stage->n; i++) {
		struct pair *pair = stage->of[i];

		stage->theirs[i] = stage->ours[i];
		stage->items[i] =
			rig_item(&stage->ours[i], &pair->key, is_out ? &pair->out : &pair->in);
	}
}

static int status_of(srtp_err_status_t theirs)
{
	switch (theirs) {
	case srtp_err_status_ok:
		return 0;
	case srtp_err_status_replay_fail:
	case srtp_err_status_replay_old:
		return -EEXIST;
	case srtp_err_status_auth_fail:
	case srtp_err_status_no_ctx: // spoilt SSRC: there the session is looked up by it
		return -EBADMSG;
	case srtp_err_status_parse_err:
	case srtp_err_status_bad_param:
		return -EINVAL;
	default:
		print_message("libsrtp2 says %d\n", theirs);
		return 1;
	}
}

typedef srtp_err_status_t (*their_call)(srtp_t session, void *packet, int *len);

// Both sides do the same; with status 0 they have the same bytes.
static void sides_match(struct stage *stage, their_call call, int is_out, uint32_t seen[3])
{
	for (int i = 0; i < stage->n; i++) {
		struct srtp_item *item = &stage->items[i];
		struct pair *pair = stage->of[i];
		int len = stage->theirs[i].len;
		int want = status_of(call(
			is_out ? pair->theirs_out : pair->theirs_in, stage->theirs[i].bytes, &len));

		assert_int_equal(item->status, want);
		seen[want == 0 ? 0 : want == -EEXIST ? 1 : 2]++;
		if (want != 0) {
			stage->ours[i].len = 0;
			continue;
		}
		assert_int_equal(item->len, len);
		assert_memory_equal(item->data, stage->theirs[i].bytes, (size_t)len);
		stage->ours[i].len = (uint16_t)len;
	}
}

// What the network does: drops what was refused and some more, spoils, repeats, swaps.
static void stage_harm(struct stage *stage)
{
	int n = 0;

	for (int i = 0; i < stage->n; i++) {
		uint32_t dice = rig_below(&stage->random, 100);

		if (stage->ours[i].len == 0 || dice < 3)
			continue;
		stage->ours[n] = stage->ours[i];
		stage->of[n] = stage->of[i];
		if (dice < 8)
			stage->ours[n].bytes[rig_below(&stage->random, stage->ours[n].len)] ^= 0x10;
		if (dice < 20 && n > 0) {
			struct rig_packet packet = stage->ours[n];
			struct pair *pair = stage->of[n];

			stage->ours[n] = stage->ours[n - 1];
			stage->of[n] = stage->of[n - 1];
			stage->ours[n - 1] = packet;
			stage->of[n - 1] = pair;
		} else if (dice < 30 && n > 0) {
			stage->ours[n] = stage->ours[n - 1];
			stage->of[n] = stage->of[n - 1];
		}
		n++;
	}
	stage->n = n;
}

static void rounds_match(struct stage *stage, int is_rtcp)
{
	rig_burst seal = is_rtcp ? srtcp_protect_burst : srtp_protect_burst;
	rig_burst open = is_rtcp ? srtcp_unprotect_burst : srtp_unprotect_burst;
	uint32_t sent[3] = {0};
	uint32_t received[3] = {0};

	for (int round = 0; round < ROUNDS; round++) {
		stage_fill(stage, is_rtcp);
		stage_items(stage, 1);
		seal(stage->ctx, stage->items, (uint16_t)stage->n);
		sides_match(stage, is_rtcp ? srtp_protect_rtcp : srtp_protect, 1, sent);
		stage_harm(stage);
		stage_items(stage, 0);
		open(stage->ctx, stage->items, (uint16_t)stage->n);
		sides_match(stage, is_rtcp ? srtp_unprotect_rtcp : srtp_unprotect, 0, received);
	}
	print_message("%s %s: sealed %u, refused %u; opened %u, replayed %u, forged %u\n",
		srtp_ctx_arch_name(stage->ctx), is_rtcp ? "RTCP" : "RTP", sent[0], sent[1],
		received[0], received[1], received[2]);
	assert_true(received[0] > 500 && received[1] > 20 && received[2] > 10);
}

static void packets_match_libsrtp2(void **state)
{
	struct srtp_ctx *contexts[RIG_ARCHS];
	unsigned int n = rig_contexts(contexts);
	static struct stage stage;

	(void)state;
	assert_int_equal(srtp_init(), srtp_err_status_ok);
	for (unsigned int i = 0; i < n; i++) {
		uint64_t wraps = 0;

		stage_open(&stage, contexts[i]);
		rounds_match(&stage, 0);
		rounds_match(&stage, 1);
		for (int k = 0; k < FLOWS; k++)
			wraps += stage.pairs[k].sent >> 16;
		assert_true(wraps > 5);
		stage_close(&stage);
	}
	srtp_shutdown();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_match_libsrtp2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
