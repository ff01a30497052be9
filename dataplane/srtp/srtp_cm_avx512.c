// SPDX-License-Identifier: Apache-2.0
// The second back end of AES_CM_128_HMAC_SHA1: our own kernels, where the processor has AVX-512 and VAES.
#include "srtp_avx512.h"
#include "srtp_ctx.h"

#include <assert.h>

static_assert(SRTP_TAG_STRIDE == SRTP_AVX512_TAG_STRIDE, "the kernel writes to ctx->tags");
static_assert(SRTP_LANES % SRTP_AVX512_LANES == 0, "full chunks fill the kernel");

static void lanes_crypt(struct srtp_ctx *ctx, struct srtp_lane **lanes, uint16_t n)
{
	const uint8_t *keys[SRTP_LANES] = {NULL};

	for (uint16_t i = 0; i < n; i++)
		keys[i] = lanes[i]->cm->cipher;
	srtp_avx512_keys_128(keys, n, ctx->round_keys);
	for (uint16_t i = 0; i < n; i++) {
		const struct srtp_avx512_text text = {
			.data = lanes[i]->body,
			.round_keys = srtp_avx512_keys_of(ctx->round_keys, i),
			.iv = lanes[i]->iv,
			.len = lanes[i]->body_len,
		};

		srtp_avx512_crypt(&text);
	}
}

// The longest message of a round counts for all sixteen: messages of like length go together, longest
// first. Mostly they come so, and this does nothing.
static void lanes_order(struct srtp_lane **lanes, uint16_t n)
{
	for (uint16_t i = 1; i < n; i++) {
		struct srtp_lane *lane = lanes[i];
		uint16_t at = i;

		for (; at > 0 && lanes[at - 1]->auth_len < lane->auth_len; at--)
			lanes[at] = lanes[at - 1];
		lanes[at] = lane;
	}
}

static void round_hash(struct srtp_ctx *ctx, struct srtp_lane **lanes, uint16_t at, uint16_t n)
{
	struct srtp_avx512_message messages[SRTP_AVX512_LANES];

	for (uint16_t i = 0; i < n; i++)
		messages[i] = (struct srtp_avx512_message){
			.data = lanes[at + i]->item->data,
			.states = lanes[at + i]->cm->ipad, // opad follows
			.len = lanes[at + i]->auth_len,
		};
	srtp_avx512_hmac(messages, n, &ctx->tags[at]);
}

// A round costs the same with one message in it as with sixteen: up to this many are left to the SHA
// extensions, which take them one by one.
#define NARROW_MAX 4

static void lanes_hash(struct srtp_ctx *ctx, struct srtp_lane **lanes, uint16_t n)
{
	uint16_t rest = n % SRTP_AVX512_LANES;

	lanes_order(lanes, n);
	if (!ctx->narrow || rest > NARROW_MAX)
		rest = 0;
	for (uint16_t at = 0; at < n - rest; at += SRTP_AVX512_LANES) {
		uint16_t left = n - rest - at;

		round_hash(ctx, lanes, at, left < SRTP_AVX512_LANES ? left : SRTP_AVX512_LANES);
	}
	if (rest > 0)
		srtp_mb_hash_narrow(ctx, lanes, n - rest, rest);
}

const struct srtp_backend srtp_backend_avx512 = {
	.crypt = lanes_crypt,
	.hash = lanes_hash,
};
