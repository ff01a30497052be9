// SPDX-License-Identifier: Apache-2.0
// AEAD_AES_128_GCM and AEAD_AES_256_GCM from compact keys (RFC 7714).
#include "srtp_ctx.h"
#include "srtp_tag.h"

#include <string.h>

// The library wants a key of 1,008 bytes; a flow keeps 208, from which it is made in scratch keys that
// stay in L1. With wide tables (48 powers) that serves up to SEGMENT bytes at a time: longer packets go
// through in segments, which takes less time than to make the whole table for a packet.
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

static void table_load(const struct srtp_ctx *ctx, struct gcm_key_data *key, const uint8_t *powers)
{
	uint8_t *table = (uint8_t *)&key->ghash_keys;
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

static int is_256(const struct srtp_lane *lane)
{
	return lane->suite == SRTP_SUITE_AEAD_AES_256_GCM;
}

static const struct srtp_gcm_ops *ops_of(const struct srtp_ctx *ctx, const struct srtp_lane *lane)
{
	return &ctx->gcm_ops[is_256(lane)];
}

// Lanes from the first on whose round keys can be made together.
static uint16_t group_len(struct srtp_lane **lanes, uint16_t n)
{
	uint16_t len = 1;

	while (len < n && len < SRTP_GCM_AT_ONCE && lanes[len]->suite == lanes[0]->suite)
		len++;
	return len;
}

static void round_keys_make(struct srtp_ctx *ctx, struct srtp_lane **lanes, uint16_t n)
{
	struct srtp_schedule schedules[SRTP_GCM_AT_ONCE] = {0};

	for (uint16_t i = 0; i < n; i++)
		schedules[i] = (struct srtp_schedule){
			lanes[i]->item->key->gcm.cipher, ctx->gcm_keys[i].key.expanded_keys};
	if (is_256(lanes[0]))
		srtp_schedule_256(schedules, n);
	else
		srtp_schedule_128(schedules, n);
}

// The bytes that a lane may take at a time.
static uint16_t reach(const struct srtp_ctx *ctx, const struct srtp_lane *lane)
{
	int is_partial = ctx->gcm_layout == GCM_TABLE_OF_48 && !lane->is_rtcp;

	return is_partial && lane->aad_len <= SEGMENT ? SEGMENT : UINT16_MAX;
}

// Makes the scratch keys of a group, all before the first is used: the library reads in larger pieces than are written
// here, and would wait for them.
static void keys_make(struct srtp_ctx *ctx, struct srtp_lane **lanes, uint16_t n)
{
	round_keys_make(ctx, lanes, n);
	for (uint16_t i = 0; i < n; i++) {
		const struct srtp_key *key = lanes[i]->item->key;
		struct gcm_key_data *made = &ctx->gcm_keys[i].key;

		if (lanes[i]->is_rtcp) // rare, and has no powers
			ops_of(ctx, lanes[i])->pre(key->gcm.rtcp_cipher, made);
		else if (ctx->gcm_layout == GCM_TABLE_UNKNOWN)
			ops_of(ctx, lanes[i])->precomp(made); // from the round keys
		else if (ctx->gcm_layout == GCM_TABLE_OF_48 && lanes[i]->aad_len > SEGMENT)
			ops_of(ctx, lanes[i])->precomp(made);
		else
			table_load(ctx, made, key->gcm.powers);
	}
}

static void segments_crypt(struct srtp_ctx *ctx, const struct gcm_key_data *key,
	const struct srtp_lane *lane, IMB_CIPHER_DIRECTION direction, uint8_t *tag)
{
	const struct srtp_gcm_ops *ops = ops_of(ctx, lane);
	int seals = direction == IMB_DIR_ENCRYPT;
	aes_gcm_enc_dec_update_t update = seals ? ops->enc_update : ops->dec_update;
	aes_gcm_enc_dec_finalize_t finalize = seals ? ops->enc_finalize : ops->dec_finalize;
	uint8_t *at = lane->body;
	uint16_t left = lane->body_len;

	ops->init(key, &ctx->gcm_state, lane->iv, lane->aad, lane->aad_len);
	for (; left > SEGMENT; at += SEGMENT, left -= SEGMENT)
		update(key, &ctx->gcm_state, at, at, SEGMENT);
	update(key, &ctx->gcm_state, at, at, left);
	finalize(key, &ctx->gcm_state, tag, SRTP_TAG_MAX);
}

static void lane_crypt(struct srtp_ctx *ctx, struct gcm_key_data *key, const struct srtp_lane *lane,
	IMB_CIPHER_DIRECTION direction, uint8_t *tag)
{
	const struct srtp_gcm_ops *ops = ops_of(ctx, lane);
	aes_gcm_enc_dec_t crypt = direction == IMB_DIR_ENCRYPT ? ops->enc : ops->dec;

	if (lane->body_len > reach(ctx, lane)) {
		segments_crypt(ctx, key, lane, direction, tag);
		return;
	}
	crypt(key, &ctx->gcm_state, lane->body, lane->body, lane->body_len, lane->iv, lane->aad,
		lane->aad_len, tag, SRTP_TAG_MAX);
}

void srtp_gcm_seal(struct srtp_ctx *ctx, struct srtp_lane **lanes, uint16_t n)
{
	uint16_t len;

	for (; n > 0; lanes += len, n -= len) {
		len = group_len(lanes, n);
		keys_make(ctx, lanes, len);
		for (uint16_t i = 0; i < len; i++)
			lane_crypt(ctx, &ctx->gcm_keys[i].key, lanes[i], IMB_DIR_ENCRYPT,
				lanes[i]->tag);
	}
}

static void lane_open(struct srtp_ctx *ctx, struct gcm_key_data *key, struct srtp_lane *lane)
{
	lane_crypt(ctx, key, lane, IMB_DIR_DECRYPT, ctx->tags[0]);
	lane->verdict = srtp_tag_differs(ctx->tags[0], lane->received, SRTP_TAG_MAX) ? LANE_FORGED
										     : LANE_GENUINE;
}

void srtp_gcm_open(struct srtp_ctx *ctx, struct srtp_lane **lanes, uint16_t n)
{
	uint16_t len;

	for (; n > 0; lanes += len, n -= len) {
		len = group_len(lanes, n);
		keys_make(ctx, lanes, len);
		for (uint16_t i = 0; i < len; i++)
			lane_open(ctx, &ctx->gcm_keys[i].key, lanes[i]);
	}
}

void srtp_gcm_undo(struct srtp_ctx *ctx, struct srtp_lane *lane)
{
	keys_make(ctx, &lane, 1);
	lane_crypt(ctx, &ctx->gcm_keys[0].key, lane, IMB_DIR_ENCRYPT, ctx->tags[0]);
}
