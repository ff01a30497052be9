// SPDX-License-Identifier: Apache-2.0
// Finds the layout of the library's GCM tables and proves compact keys against full ones.
#include "srtp_ctx.h"

#include <openssl/crypto.h>

#include <errno.h>
#include <string.h>

#define LONGEST 1500
#define LONGEST_AAD 384

struct trial {
	struct srtp_ctx *ctx;
	struct srtp_key key;
	struct gcm_key_data full __attribute__((aligned(64)));
	struct srtp_session_pair session;
	uint8_t aad[LONGEST_AAD];
	uint8_t compact_text[LONGEST], full_text[LONGEST];
};

// Which of the layouts the library's own table has. Its unused bytes are zero.
static enum srtp_gcm_layout layout_find(const struct trial *trial)
{
	const uint8_t *table = (const uint8_t *)&trial->full.ghash_keys;
	const uint8_t *powers = trial->key.gcm.powers;
	static const uint8_t zeroes[128];

	if (memcmp(table + 16 * (48 - SRTP_GCM_POWERS), powers, 16 * SRTP_GCM_POWERS) == 0)
		return GCM_TABLE_OF_48;
	if (memcmp(table, powers + 16 * (SRTP_GCM_POWERS - 8), 128) != 0)
		return GCM_TABLE_UNKNOWN;
	return memcmp(table + 128, zeroes, 128) == 0 ? GCM_TABLE_OF_8 : GCM_TABLE_OF_8_FOLDED;
}

static void pattern_fill(uint8_t *text, uint16_t len)
{
	for (uint16_t i = 0; i < len; i++)
		text[i] = (uint8_t)(i * 7 + len);
}

// True if a packet comes out the same from the compact key and from the library's full one; what
// the compact key leaves open is filled with rubbish first.
static int lengths_agree(struct trial *trial, uint16_t len, uint16_t aad_len)
{
	struct srtp_ctx *ctx = trial->ctx;
	struct srtp_item item = {.key = &trial->key, .data = trial->aad};
	struct srtp_lane *lanes[1];
	struct srtp_lane lane = {.item = &item,
		.suite = trial->key.suite,
		.body = trial->compact_text,
		.body_len = len,
		.tag_len = SRTP_TAG_MAX,
		.aad = trial->aad,
		.aad_len = aad_len,
		.tag = ctx->tags[1]};
	const struct srtp_gcm_ops *ops = &ctx->gcm_ops[lane.suite == SRTP_SUITE_AEAD_AES_256_GCM];

	lanes[0] = &lane;
	pattern_fill(trial->compact_text, len);
	pattern_fill(trial->full_text, len);
	memset(ctx->gcm_keys, 0xa5, sizeof(ctx->gcm_keys));
	srtp_gcm_seal(ctx, lanes, 1);
	ops->enc(&trial->full, &ctx->gcm_state, trial->full_text, trial->full_text, len, lane.iv,
		trial->aad, aad_len, lane.received, SRTP_TAG_MAX);
	if (memcmp(trial->compact_text, trial->full_text, len) != 0 ||
		memcmp(lane.tag, lane.received, SRTP_TAG_MAX) != 0)
		return 0;
	memset(ctx->gcm_keys, 0xa5, sizeof(ctx->gcm_keys));
	srtp_gcm_open(ctx, lanes, 1);
	pattern_fill(trial->full_text, len);
	return lane.verdict == LANE_GENUINE &&
		memcmp(trial->compact_text, trial->full_text, len) == 0;
}

static int key_agrees(struct trial *trial)
{
	static const uint16_t aad_lens[] = {12, 72, 16 * SRTP_GCM_POWERS, LONGEST_AAD};

	for (unsigned int i = 0; i < sizeof(aad_lens) / sizeof(aad_lens[0]); i++) {
		for (uint16_t len = 0; len < 2 * 16 * SRTP_GCM_POWERS; len++) {
			if (!lengths_agree(trial, len, aad_lens[i]))
				return 0;
		}
		if (!lengths_agree(trial, LONGEST, aad_lens[i]))
			return 0;
	}
	return 1;
}

static int suite_check(struct trial *trial, enum srtp_suite suite)
{
	int wide = suite == SRTP_SUITE_AEAD_AES_256_GCM;
	int ret;

	ret = srtp_key_expand(&trial->key, suite, &trial->session);
	if (ret < 0)
		return ret;
	memset(&trial->full, 0, sizeof(trial->full));
	trial->ctx->gcm_ops[wide].pre(trial->session.rtp.cipher, &trial->full);
	if (!wide)
		trial->ctx->gcm_layout = layout_find(trial);
	if (key_agrees(trial))
		return 0;
	trial->ctx->gcm_layout = GCM_TABLE_UNKNOWN;
	return key_agrees(trial) ? 0 : -ENOTSUP;
}

int srtp_gcm_check(struct srtp_ctx *ctx)
{
	struct trial trial = {.ctx = ctx};
	int ret;

	for (int i = 0; i < 32; i++)
		trial.session.rtp.cipher[i] = (uint8_t)(i * 29 + 3);
	for (unsigned int i = 0; i < sizeof(trial.aad); i++)
		trial.aad[i] = (uint8_t)(i * 5);
	ret = suite_check(&trial, SRTP_SUITE_AEAD_AES_128_GCM);
	if (ret == 0)
		ret = suite_check(&trial, SRTP_SUITE_AEAD_AES_256_GCM);
	OPENSSL_cleanse(ctx->gcm_keys, sizeof(ctx->gcm_keys));
	return ret;
}
