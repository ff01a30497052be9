// SPDX-License-Identifier: Apache-2.0
// AES_CM_128_HMAC_SHA1 (RFC 3711 4.1.1, 4.2.1): tags of 10 or 4 bytes from what the back end computes.
#include "srtp_ctx.h"
#include "srtp_tag.h"

void srtp_cm_seal(struct srtp_ctx *ctx, struct srtp_lane **lanes, uint16_t n)
{
	if (n == 0)
		return;
	ctx->backend->crypt(ctx, lanes, n);
	ctx->backend->hash(ctx, lanes, n);
	for (uint16_t i = 0; i < n; i++)
		srtp_tag_copy(lanes[i]->tag, ctx->tags[i], lanes[i]->tag_len);
}

void srtp_cm_verify(struct srtp_ctx *ctx, struct srtp_lane **lanes, uint16_t n)
{
	if (n == 0)
		return;
	ctx->backend->hash(ctx, lanes, n);
	for (uint16_t i = 0; i < n; i++)
		lanes[i]->verdict =
			srtp_tag_differs(ctx->tags[i], lanes[i]->received, lanes[i]->tag_len)
			? LANE_FORGED
			: LANE_GENUINE;
}

void srtp_cm_decrypt(struct srtp_ctx *ctx, struct srtp_lane **lanes, uint16_t n)
{
	ctx->backend->crypt(ctx, lanes, n);
}
