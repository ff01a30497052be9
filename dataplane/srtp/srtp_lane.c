// SPDX-License-Identifier: Apache-2.0
// The passes of a chunk: lanes sorted into suites, sealed or verified together, counted.
#include "srtp_ctx.h"
#include "wire_bytes.h"

#include <errno.h>

// salt * 2^16 XOR SSRC * 2^64 XOR index * 2^16, block counter 0
static void cm_iv_set(struct srtp_lane *lane, const uint8_t *salt, uint32_t ssrc)
{
	wire_store64(lane->iv, wire_load64(salt) ^ ssrc);
	wire_store64(lane->iv + 8, wire_load48(salt + 8) << 16 ^ lane->index << 16);
}

// 16 zero bits, SSRC, 48 bits of index, XOR salt
static void gcm_iv_set(struct srtp_lane *lane, const uint8_t *salt, uint32_t ssrc)
{
	wire_store64(lane->iv, wire_load64(salt) ^ (uint64_t)ssrc << 16 ^ lane->index >> 32);
	wire_store32(lane->iv + 8, wire_load32(salt + 8) ^ (uint32_t)lane->index);
}

void srtp_lane_set_iv(struct srtp_lane *lane, const uint8_t *salt, uint32_t ssrc)
{
	if (srtp_suite_is_cm(lane->suite))
		cm_iv_set(lane, salt, ssrc);
	else
		gcm_iv_set(lane, salt, ssrc);
}

void srtp_lanes_reset(struct srtp_ctx *ctx)
{
	ctx->lane_count = 0;
	ctx->kept_count = 0;
	ctx->cm_count = 0;
	ctx->gcm_count = 0;
}

struct srtp_lane *srtp_lanes_next(struct srtp_ctx *ctx)
{
	struct srtp_lane *lane = &ctx->lanes[ctx->lane_count];

	lane->verdict = LANE_UNCHECKED;
	return lane;
}

void srtp_lanes_keep(struct srtp_ctx *ctx, struct srtp_lane *lane)
{
	ctx->kept[ctx->kept_count++] = lane;
	ctx->lane_count++;
}

void srtp_lanes_sort(struct srtp_ctx *ctx, struct srtp_lane *lane)
{
	if (srtp_suite_is_cm(lane->suite))
		ctx->cm[ctx->cm_count++] = lane;
	else
		ctx->gcm[ctx->gcm_count++] = lane;
}

void srtp_lanes_seal(struct srtp_ctx *ctx)
{
	srtp_cm_seal(ctx, ctx->cm, ctx->cm_count);
	srtp_gcm_seal(ctx, ctx->gcm, ctx->gcm_count);
}

void srtp_lanes_verify(struct srtp_ctx *ctx)
{
	srtp_cm_verify(ctx, ctx->cm, ctx->cm_count);
	srtp_gcm_open(ctx, ctx->gcm, ctx->gcm_count);
}

void srtp_lanes_decrypt(struct srtp_ctx *ctx)
{
	uint16_t n = 0;

	for (uint16_t i = 0; i < ctx->kept_count; i++) {
		struct srtp_lane *lane = ctx->kept[i];

		if (lane->item->status == 0 && srtp_suite_is_cm(lane->suite))
			ctx->cm[n++] = lane;
	}
	srtp_cm_decrypt(ctx, ctx->cm, n);
}

void srtp_lane_recheck(struct srtp_ctx *ctx, struct srtp_lane *lane)
{
	if (srtp_suite_is_cm(lane->suite))
		srtp_cm_verify(ctx, &lane, 1);
	else
		srtp_gcm_open(ctx, &lane, 1);
}

uint16_t srtp_items_count(
	struct srtp_ctx *ctx, const struct srtp_item *items, uint16_t n, uint64_t *already_seen)
{
	struct srtp_counters *counters = &ctx->counters;
	uint16_t ok = 0;

	for (uint16_t i = 0; i < n; i++) {
		switch (items[i].status) {
		case 0:
			ok++;
			break;
		case -EEXIST:
			(*already_seen)++;
			break;
		case -EBADMSG:
			counters->forged++;
			break;
		case -EKEYEXPIRED:
			counters->expired++;
			break;
		default:
			counters->malformed++;
		}
	}
	counters->ok += ok;
	return ok;
}
