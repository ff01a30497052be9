// SPDX-License-Identifier: Apache-2.0
// Bursts of RTCP packets (RFC 3711 3.4, RFC 7714 9): the index is in the packet.
#include "srtp_ctx.h"
#include "srtp_index.h"
#include "srtp_tag.h"
#include "wire_bytes.h"

#include <errno.h>
#include <string.h>

#define CLEAR_LEN 8 // header and sender's SSRC are never encrypted
#define WORD_LEN 4 // E flag and index
#define E_FLAG 0x80000000u
#define CM_TAG_LEN 10 // in the 32-bit suite too

// Where the parts stand in a protected packet of clear_len plain bytes:
//   CM:   plain | word | tag        AEAD: plain | tag | word
static uint8_t *lane_place(struct srtp_lane *lane, struct srtp_item *item, uint32_t clear_len)
{
	const struct srtp_key *key = item->key;
	uint8_t *end = item->data + clear_len;
	int is_cm = srtp_suite_is_cm(key->suite);

	lane->item = item;
	lane->suite = key->suite;
	lane->is_rtcp = 1;
	lane->cm = &key->cm.rtcp;
	lane->body = item->data + CLEAR_LEN;
	lane->body_len = (uint16_t)(clear_len - CLEAR_LEN);
	lane->tag_len = is_cm ? CM_TAG_LEN : SRTP_TAG_MAX;
	lane->tag = is_cm ? end + WORD_LEN : end;
	lane->auth_len = (uint16_t)(clear_len + WORD_LEN);
	return is_cm ? end : end + SRTP_TAG_MAX;
}

static void lane_arm(struct srtp_lane *lane, uint32_t word)
{
	const struct srtp_key *key = lane->item->key;
	const uint8_t *data = lane->item->data;
	int is_cm = srtp_suite_is_cm(lane->suite);

	lane->index = word & ~E_FLAG;
	srtp_lane_set_iv(
		lane, is_cm ? key->cm.rtcp_salt : key->gcm.rtcp_salt, wire_load32(data + 4));
	memcpy(lane->rtcp_aad, data, CLEAR_LEN);
	wire_store32(lane->rtcp_aad + CLEAR_LEN, word);
	lane->aad = lane->rtcp_aad;
	lane->aad_len = CLEAR_LEN + WORD_LEN;
}

static int is_rtcp(const uint8_t *data, uint32_t len)
{
	return len >= CLEAR_LEN && data[0] >> 6 == 2;
}

static int protect_prepare(struct srtp_ctx *ctx, struct srtp_item *item)
{
	uint8_t overhead = srtp_suite_info(item->key->suite)->rtcp_overhead;
	struct srtp_lane *lane = srtp_lanes_next(ctx);
	uint32_t word;
	uint8_t *word_at;

	if (overhead == 0)
		return -ENOKEY;
	if (!is_rtcp(item->data, item->len))
		return -EINVAL;
	if (item->len + overhead > item->room)
		return -ENOSPC;
	if (item->index->rtcp_index >= SRTCP_INDEX_END)
		return -EKEYEXPIRED;
	word = E_FLAG | item->index->rtcp_index++;
	word_at = lane_place(lane, item, item->len);
	wire_store32(word_at, word);
	lane_arm(lane, word);
	srtp_lanes_keep(ctx, lane);
	srtp_lanes_sort(ctx, lane);
	item->len += overhead;
	return 0;
}

uint16_t srtcp_protect_burst(struct srtp_ctx *ctx, struct srtp_item *items, uint16_t n)
{
	for (uint32_t at = 0; at < n; at += SRTP_LANES) {
		srtp_lanes_reset(ctx);
		for (uint32_t i = at; i < n && i < at + SRTP_LANES; i++)
			items[i].status = (int16_t)protect_prepare(ctx, &items[i]);
		srtp_lanes_seal(ctx);
	}
	return srtp_items_count(ctx, items, n, &ctx->counters.index_refused);
}

// RFC 7714 9.3: without encryption the whole packet and the word are associated data, but the tag
// stands between them. Opened here, at once: there is one place to put them together.
static int plain_aead_open(struct srtp_ctx *ctx, struct srtp_lane *lane, uint32_t word)
{
	uint32_t clear_len = (uint32_t)(lane->tag - lane->item->data);

	if (clear_len + WORD_LEN > sizeof(ctx->flat_aad))
		return -EINVAL;
	memcpy(ctx->flat_aad, lane->item->data, clear_len);
	wire_store32(ctx->flat_aad + clear_len, word);
	lane->aad = ctx->flat_aad;
	lane->aad_len = (uint16_t)(clear_len + WORD_LEN);
	srtp_gcm_open(ctx, &lane, 1);
	srtp_lanes_keep(ctx, lane);
	return 0;
}

static int unprotect_prepare(struct srtp_ctx *ctx, struct srtp_item *item)
{
	uint8_t overhead = srtp_suite_info(item->key->suite)->rtcp_overhead;
	struct srtp_lane *lane = srtp_lanes_next(ctx);
	uint32_t word;
	int ret;

	if (overhead == 0)
		return -ENOKEY;
	if (item->len < overhead || !is_rtcp(item->data, item->len - overhead))
		return -EINVAL;
	word = wire_load32(lane_place(lane, item, item->len - overhead));
	ret = srtcp_index_check(item->index, word & ~E_FLAG);
	if (ret < 0)
		return ret;
	srtp_tag_copy(lane->received, lane->tag, lane->tag_len);
	lane_arm(lane, word);
	if (!(word & E_FLAG)) {
		lane->body_len = 0;
		if (!srtp_suite_is_cm(lane->suite))
			return plain_aead_open(ctx, lane, word);
	}
	srtp_lanes_keep(ctx, lane);
	srtp_lanes_sort(ctx, lane);
	return 0;
}

static int unprotect_commit(struct srtp_lane *lane)
{
	struct srtp_item *item = lane->item;
	int ret;

	ret = srtcp_index_check(item->index, (uint32_t)lane->index);
	if (ret < 0)
		return ret;
	if (lane->verdict != LANE_GENUINE)
		return -EBADMSG;
	srtcp_index_mark(item->index, (uint32_t)lane->index);
	item->len -= lane->tag_len + WORD_LEN;
	return 0;
}

uint16_t srtcp_unprotect_burst(struct srtp_ctx *ctx, struct srtp_item *items, uint16_t n)
{
	for (uint32_t at = 0; at < n; at += SRTP_LANES) {
		srtp_lanes_reset(ctx);
		for (uint32_t i = at; i < n && i < at + SRTP_LANES; i++)
			items[i].status = (int16_t)unprotect_prepare(ctx, &items[i]);
		srtp_lanes_verify(ctx);
		for (uint16_t i = 0; i < ctx->kept_count; i++)
			ctx->kept[i]->item->status = (int16_t)unprotect_commit(ctx->kept[i]);
		srtp_lanes_decrypt(ctx);
	}
	return srtp_items_count(ctx, items, n, &ctx->counters.replayed);
}
