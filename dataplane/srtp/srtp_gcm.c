// SPDX-License-Identifier: Apache-2.0
// AEAD_AES_128_GCM and AEAD_AES_256_GCM from compact keys (RFC 7714).
#include "srtp_ctx.h"
#include "srtp_tag.h"

#include <string.h>

// The library wants a key of 1,008 bytes; a flow's key is 384 or 448 cold bytes, copied into the one
// scratch key that stays in L1. With wide tables (48 powers) that serves up to SEGMENT bytes at a
// time: longer packets go through in segments. For 1,200 bytes that costs about 375 cycles, where
// making the whole table takes 400, and reading it 245 plus nine more lines from memory.
#define SEGMENT (16 * SRTP_GCM_POWERS)

#define TABLE_BYTES (16 * 48)

static void powers_fold(uint8_t *folded, const uint8_t *powers)
{
	uint64_t half[2];

	for (int i = 0; i < 8; i++) {
		memcpy(half, powers + 16 * i, 16);
		half[0] ^= half[1];
		half[1] = half[0];
		memcpy(folded + 16 * (7 - i), half, 16); // in the other order than the powers
	}
}

static void table_load(struct srtp_ctx *ctx, const uint8_t *powers)
{
	uint8_t *table = (uint8_t *)&ctx->gcm_key.ghash_keys;
	const uint8_t *last8 = powers + SEGMENT - 128;

	switch (ctx->gcm_layout) {
	case GCM_TABLE_OF_48:
		memcpy(table + TABLE_BYTES - SEGMENT, powers, SEGMENT);
		break;
	case GCM_TABLE_OF_8_FOLDED:
		powers_fold(table + 128, last8);
		memcpy(table, last8, 128);
		break;
	case GCM_TABLE_OF_8:
		memcpy(table, last8, 128);
		break;
	case GCM_TABLE_UNKNOWN:
		break;
	}
}

// Makes ctx->gcm_key good for the lane; returns how many bytes it may take at a time.
static uint16_t key_load(struct srtp_ctx *ctx, const struct srtp_lane *lane)
{
	const struct srtp_key *key = lane->item->key;
	int wide = lane->suite == SRTP_SUITE_AEAD_AES_256_GCM;
	const struct srtp_gcm_ops *ops = &ctx->gcm_ops[wide];

	if (lane->is_rtcp) {
		ops->pre(key->gcm.rtcp_key, &ctx->gcm_key);
		return UINT16_MAX;
	}
	if (wide) {
		memcpy(ctx->gcm_key.expanded_keys, key->gcm256.round_keys, 240);
		table_load(ctx, key->gcm256.powers);
	} else {
		memcpy(ctx->gcm_key.expanded_keys, key->gcm128.round_keys, 176);
		table_load(ctx, key->gcm128.powers);
	}
	if (ctx->gcm_layout == GCM_TABLE_OF_48 && lane->aad_len <= SEGMENT)
		return SEGMENT;
	if (ctx->gcm_layout == GCM_TABLE_OF_48 || ctx->gcm_layout == GCM_TABLE_UNKNOWN)
		ops->precomp(&ctx->gcm_key); // from the round keys
	return UINT16_MAX;
}

static void segments_crypt(struct srtp_ctx *ctx, const struct srtp_lane *lane,
	IMB_CIPHER_DIRECTION direction, uint8_t *tag)
{
	const struct srtp_gcm_ops *ops = &ctx->gcm_ops[lane->suite == SRTP_SUITE_AEAD_AES_256_GCM];
	int seals = direction == IMB_DIR_ENCRYPT;
	aes_gcm_enc_dec_update_t update = seals ? ops->enc_update : ops->dec_update;
	aes_gcm_enc_dec_finalize_t finalize = seals ? ops->enc_finalize : ops->dec_finalize;
	uint8_t *at = lane->body;
	uint16_t left = lane->body_len;

	ops->init(&ctx->gcm_key, &ctx->gcm_state, lane->iv, lane->aad, lane->aad_len);
	for (; left > SEGMENT; at += SEGMENT, left -= SEGMENT)
		update(&ctx->gcm_key, &ctx->gcm_state, at, at, SEGMENT);
	update(&ctx->gcm_key, &ctx->gcm_state, at, at, left);
	finalize(&ctx->gcm_key, &ctx->gcm_state, tag, SRTP_TAG_MAX);
}

static void lane_crypt(struct srtp_ctx *ctx, const struct srtp_lane *lane,
	IMB_CIPHER_DIRECTION direction, uint8_t *tag)
{
	const struct srtp_gcm_ops *ops = &ctx->gcm_ops[lane->suite == SRTP_SUITE_AEAD_AES_256_GCM];
	aes_gcm_enc_dec_t crypt = direction == IMB_DIR_ENCRYPT ? ops->enc : ops->dec;

	if (lane->body_len > key_load(ctx, lane)) {
		segments_crypt(ctx, lane, direction, tag);
		return;
	}
	crypt(&ctx->gcm_key, &ctx->gcm_state, lane->body, lane->body, lane->body_len, lane->iv,
		lane->aad, lane->aad_len, tag, SRTP_TAG_MAX);
}

void srtp_gcm_seal(struct srtp_ctx *ctx, struct srtp_lane *lane)
{
	lane_crypt(ctx, lane, IMB_DIR_ENCRYPT, lane->tag);
}

void srtp_gcm_open(struct srtp_ctx *ctx, struct srtp_lane *lane)
{
	lane_crypt(ctx, lane, IMB_DIR_DECRYPT, ctx->tags[0]);
	lane->verdict = srtp_tag_differs(ctx->tags[0], lane->received, SRTP_TAG_MAX) ? LANE_FORGED
										     : LANE_GENUINE;
}

void srtp_gcm_undo(struct srtp_ctx *ctx, struct srtp_lane *lane)
{
	lane_crypt(ctx, lane, IMB_DIR_ENCRYPT, ctx->tags[0]);
}
