// SPDX-License-Identifier: Apache-2.0
// Bursts of RTP packets: parse, index, lanes through the ciphers, commit in packet order.
#include "srtp_ctx.h"
#include "srtp_index.h"
#include "srtp_tag.h"
#include "wire_bytes.h"

#include <errno.h>

#define RTP_HEADER 12

// How far ahead of the packet in hand its key and index are asked for; more requests than this queue up.
#define PREFETCH_AHEAD 16

// Length of the header with its CSRCs and extension (RFC 3550 5.1, 5.3.1), or 0 when it is not
// version 2 or runs over len.
static uint32_t rtp_header_len(const uint8_t *data, uint32_t len)
{
	uint32_t header_len = RTP_HEADER;

	if (len < RTP_HEADER || data[0] >> 6 != 2)
		return 0;
	header_len += 4u * (data[0] & 0x0f);
	if (data[0] & 0x10) {
		if (len < header_len + 4)
			return 0;
		header_len += 4 + 4u * wire_load16(data + header_len + 2);
	}
	return header_len <= len ? header_len : 0;
}

// Everything of a lane that does not depend on the index. clear_len: header and payload.
static int lane_parse(struct srtp_lane *lane, struct srtp_item *item, uint32_t clear_len)
{
	const struct srtp_key *key = item->key;
	uint32_t header_len = rtp_header_len(item->data, clear_len);

	if (header_len == 0)
		return -EINVAL;
	lane->item = item;
	lane->suite = key->suite;
	lane->is_rtcp = 0;
	lane->tag_len = srtp_suite_tag_len(key->suite);
	lane->cm = &key->cm.rtp;
	lane->body = item->data + header_len;
	lane->body_len = (uint16_t)(clear_len - header_len);
	lane->tag = item->data + clear_len;
	lane->aad = item->data;
	lane->aad_len = (uint16_t)header_len;
	lane->auth_len = (uint16_t)(clear_len + 4);
	lane->seq = wire_load16(item->data + 2);
	return 0;
}

// Readies the lane for the cipher under lane->index. The HMAC covers the packet and its ROC, which
// stands where the tag is to be (RFC 3711 4.2).
static void lane_arm(struct srtp_lane *lane)
{
	const struct srtp_key *key = lane->item->key;

	srtp_lane_set_iv(lane, key->salt, wire_load32(lane->item->data + 8));
	if (srtp_suite_is_cm(lane->suite)) {
		wire_store32(lane->tag, (uint32_t)(lane->index >> 16));
		return;
	}
	__builtin_prefetch((const char *)key + 128);
	__builtin_prefetch((const char *)key + 192);
}

static int protect_prepare(struct srtp_ctx *ctx, struct srtp_item *item)
{
	uint8_t tag_len = srtp_suite_tag_len(item->key->suite);
	struct srtp_lane *lane = srtp_lanes_next(ctx);
	int ret;

	if (tag_len == 0)
		return -ENOKEY;
	ret = lane_parse(lane, item, item->len);
	if (ret < 0)
		return ret;
	if (item->len + tag_len > item->room)
		return -ENOSPC;
	lane->index = srtp_index_estimate(item->index, lane->seq);
	ret = srtp_index_check(item->index, lane->index);
	if (ret < 0)
		return ret;
	// Marked before it is used: nothing below can fail, and the next packet of the flow must see it.
	srtp_index_mark(item->index, lane->index);
	lane_arm(lane);
	srtp_lanes_keep(ctx, lane);
	srtp_lanes_sort(ctx, lane);
	item->len += tag_len;
	return 0;
}

// A lane whose index looks replayed is kept, but not checked: an earlier packet of the burst may
// still move the flow's index, and with it the estimate. Commit decides.
static int unprotect_prepare(struct srtp_ctx *ctx, struct srtp_item *item)
{
	uint8_t tag_len = srtp_suite_tag_len(item->key->suite);
	struct srtp_lane *lane = srtp_lanes_next(ctx);
	int ret;

	if (tag_len == 0)
		return -ENOKEY;
	if (item->len < tag_len)
		return -EINVAL;
	ret = lane_parse(lane, item, item->len - tag_len);
	if (ret < 0)
		return ret;
	srtp_tag_copy(lane->received, lane->tag, tag_len);
	lane->index = srtp_index_estimate(item->index, lane->seq);
	srtp_lanes_keep(ctx, lane);
	if (srtp_index_check(item->index, lane->index) == 0) {
		lane_arm(lane);
		srtp_lanes_sort(ctx, lane);
	}
	return 0;
}

// The index guessed before the burst is not the one that counts now: check again, alone.
static void lane_retry(struct srtp_ctx *ctx, struct srtp_lane *lane, uint64_t index)
{
	ctx->counters.retried++;
	if (lane->verdict != LANE_UNCHECKED && !srtp_suite_is_cm(lane->suite))
		srtp_gcm_undo(ctx, lane);
	lane->index = index;
	lane_arm(lane);
	srtp_lane_recheck(ctx, lane);
}

// What a receiver of single packets does, in its order: index, replay, tag, update.
static int unprotect_commit(struct srtp_ctx *ctx, struct srtp_lane *lane)
{
	struct srtp_item *item = lane->item;
	uint64_t index = srtp_index_estimate(item->index, lane->seq);
	int ret;

	ret = srtp_index_check(item->index, index);
	if (ret < 0)
		return ret;
	if (index != lane->index) // also what was left unchecked, else it would still be refused
		lane_retry(ctx, lane, index);
	if (lane->verdict != LANE_GENUINE)
		return -EBADMSG;
	srtp_index_mark(item->index, index);
	item->len -= lane->tag_len;
	return 0;
}

// CM is decrypted after its tag has been found genuine, AEAD with the check.
static void unprotect_finish(struct srtp_ctx *ctx)
{
	srtp_lanes_verify(ctx);
	for (uint16_t i = 0; i < ctx->kept_count; i++)
		ctx->kept[i]->item->status = (int16_t)unprotect_commit(ctx, ctx->kept[i]);
	srtp_lanes_decrypt(ctx);
}

static inline void item_prefetch(const struct srtp_item *item)
{
	srtp_key_prefetch(item->key);
	__builtin_prefetch(item->index, 1);
}

// A burst in chunks. Keys and indices are asked for PREFETCH_AHEAD packets before their turn. Inlined, so that both
// directions share the loop and neither calls through a pointer.
static inline __attribute__((always_inline)) void burst_run(struct srtp_ctx *ctx,
	struct srtp_item *items, uint16_t n, int (*prepare)(struct srtp_ctx *, struct srtp_item *),
	void (*finish)(struct srtp_ctx *))
{
	uint16_t asked = 0;

	while (asked < n && asked < PREFETCH_AHEAD)
		item_prefetch(&items[asked++]);
	for (uint16_t at = 0; at < n;) {
		uint16_t end = n - at < SRTP_LANES ? n : at + SRTP_LANES;

		srtp_lanes_reset(ctx);
		for (; at < end; at++) {
			if (asked < n)
				item_prefetch(&items[asked++]);
			items[at].status = (int16_t)prepare(ctx, &items[at]);
		}
		finish(ctx);
	}
}

uint16_t srtp_protect_burst(struct srtp_ctx *ctx, struct srtp_item *items, uint16_t n)
{
	burst_run(ctx, items, n, protect_prepare, srtp_lanes_seal);
	return srtp_items_count(ctx, items, n, &ctx->counters.index_refused);
}

uint16_t srtp_unprotect_burst(struct srtp_ctx *ctx, struct srtp_item *items, uint16_t n)
{
	burst_run(ctx, items, n, unprotect_prepare, unprotect_finish);
	return srtp_items_count(ctx, items, n, &ctx->counters.replayed);
}
