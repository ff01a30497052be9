// SPDX-License-Identifier: Apache-2.0
// Finds every SSRC field of a compound RTCP packet, for rewriting in place.
#include "rtcp_layout.h"
#include "wire_rtcp.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XR_BLOCK_HEAD 4
#define XR_LOSS_RLE 1
#define XR_DUPLICATE_RLE 2
#define XR_RECEIPT_TIMES 3
#define XR_DLRR 5
#define XR_DLRR_ENTRY 12
#define XR_SUMMARY 6
#define XR_VOIP 7
#define VBCM_HEAD 8

struct visit {
	uint8_t *packet;
	size_t len;
	void (*on_ssrc)(uint8_t *field, enum wire_rtcp_ref ref, void *arg);
	void *arg;
};

// Feedback whose FCI entries start with the SSRC they mean; size 0: told by the entry.
static const struct entry_rule {
	uint8_t type;
	uint8_t fmt;
	uint8_t size;
	enum wire_rtcp_ref ref;
} entry_rules[] = {
	{WIRE_RTCP_RTPFB, WIRE_RTCP_TMMBR, 8, WIRE_RTCP_REF_TARGET},
	{WIRE_RTCP_RTPFB, WIRE_RTCP_TMMBN, 8, WIRE_RTCP_REF_SOURCE},
	{WIRE_RTCP_PSFB, WIRE_RTCP_FIR, 8, WIRE_RTCP_REF_TARGET},
	{WIRE_RTCP_PSFB, WIRE_RTCP_TSTR, 8, WIRE_RTCP_REF_TARGET},
	{WIRE_RTCP_PSFB, WIRE_RTCP_TSTN, 8, WIRE_RTCP_REF_SOURCE},
	{WIRE_RTCP_PSFB, WIRE_RTCP_VBCM, 0, WIRE_RTCP_REF_TARGET},
	{WIRE_RTCP_PSFB, WIRE_RTCP_LRR, 12, WIRE_RTCP_REF_TARGET},
};

static int field_visit(const struct visit *visit, size_t offset, enum wire_rtcp_ref ref)
{
	if (offset + 4 > visit->len)
		return -EBADMSG;
	visit->on_ssrc(visit->packet + offset, ref, visit->arg);
	return 0;
}

static int reports_visit(const struct visit *visit, size_t offset, unsigned count)
{
	int ret = field_visit(visit, RTCP_HEAD, WIRE_RTCP_REF_SOURCE);

	for (unsigned i = 0; ret == 0 && i < count; i++, offset += RTCP_REPORT) {
		if (offset + RTCP_REPORT > visit->len)
			return -EBADMSG;
		ret = field_visit(visit, offset, WIRE_RTCP_REF_TARGET);
	}
	return ret;
}

static int sdes_visit(const struct visit *visit, const struct wire_rtcp *packet)
{
	struct wire_walk walk = wire_rtcp_sdes_walk(packet);
	struct wire_rtcp_chunk chunk;
	size_t offset;
	int ret;

	for (;;) {
		offset = (size_t)(walk.at - packet->data);
		ret = wire_rtcp_sdes_next(&walk, &chunk);
		if (ret != 1)
			return ret;
		field_visit(visit, offset, WIRE_RTCP_REF_SOURCE);
	}
}

static int bye_visit(const struct visit *visit, unsigned count)
{
	int ret = 0;

	for (unsigned i = 0; ret == 0 && i < count; i++)
		ret = field_visit(visit, RTCP_HEAD + 4 * (size_t)i, WIRE_RTCP_REF_SOURCE);
	return ret;
}

static size_t entry_size(const struct visit *visit, size_t offset, const struct entry_rule *rule)
{
	if (rule->size)
		return rule->size;
	if (visit->len - offset < VBCM_HEAD)
		return VBCM_HEAD;
	return VBCM_HEAD + ((wire_load16(visit->packet + offset + 6) + (size_t)3) & ~(size_t)3);
}

static int entries_visit(const struct visit *visit, const struct entry_rule *rule)
{
	size_t size;
	int ret = 0;

	for (size_t at = RTCP_FB_HEAD; ret == 0 && at < visit->len; at += size) {
		size = entry_size(visit, at, rule);
		if (at + size > visit->len)
			return -EBADMSG;
		ret = field_visit(visit, at, rule->ref);
	}
	return ret;
}

static int feedback_visit(const struct visit *visit, const struct wire_rtcp *packet)
{
	int ret = field_visit(visit, RTCP_HEAD, WIRE_RTCP_REF_SOURCE);

	if (ret < 0 || visit->len < RTCP_FB_HEAD)
		return -EBADMSG;
	for (size_t i = 0; i < sizeof(entry_rules) / sizeof(entry_rules[0]); i++) {
		if (entry_rules[i].type == packet->type && entry_rules[i].fmt == packet->count)
			return entries_visit(visit, &entry_rules[i]);
	}
	return field_visit(visit, 8, WIRE_RTCP_REF_TARGET);
}

// offset and len are of one XR block, RFC 3611 4.
static int xr_block_visit(const struct visit *visit, size_t offset, size_t len)
{
	switch (visit->packet[offset]) {
	case XR_LOSS_RLE:
	case XR_DUPLICATE_RLE:
	case XR_RECEIPT_TIMES:
	case XR_SUMMARY:
	case XR_VOIP:
		if (len < XR_BLOCK_HEAD + 4)
			return -EBADMSG;
		return field_visit(visit, offset + XR_BLOCK_HEAD, WIRE_RTCP_REF_TARGET);
	case XR_DLRR:
		for (size_t at = XR_BLOCK_HEAD; at + XR_DLRR_ENTRY <= len; at += XR_DLRR_ENTRY)
			field_visit(visit, offset + at, WIRE_RTCP_REF_TARGET);
		return 0;
	default:
		return 0;
	}
}

static int xr_visit(const struct visit *visit)
{
	int ret = field_visit(visit, RTCP_HEAD, WIRE_RTCP_REF_SOURCE);
	size_t len;

	for (size_t at = RTCP_RR_HEAD; ret == 0 && at < visit->len; at += len) {
		// Packets are whole words, so a block's head is there.
		len = XR_BLOCK_HEAD + 4 * (size_t)wire_load16(visit->packet + at + 2);
		if (at + len > visit->len)
			return -EBADMSG;
		ret = xr_block_visit(visit, at, len);
	}
	return ret;
}

static int packet_visit(const struct visit *visit, const struct wire_rtcp *packet)
{
	switch (packet->type) {
	case WIRE_RTCP_SR:
		return reports_visit(visit, RTCP_SR_HEAD, packet->count);
	case WIRE_RTCP_RR:
		return reports_visit(visit, RTCP_RR_HEAD, packet->count);
	case WIRE_RTCP_SDES:
		return sdes_visit(visit, packet);
	case WIRE_RTCP_BYE:
		return bye_visit(visit, packet->count);
	case WIRE_RTCP_APP:
		return field_visit(visit, RTCP_HEAD, WIRE_RTCP_REF_SOURCE);
	case WIRE_RTCP_RTPFB:
	case WIRE_RTCP_PSFB:
		return feedback_visit(visit, packet);
	case WIRE_RTCP_XR:
		return xr_visit(visit);
	default:
		return 0;
	}
}

int wire_rtcp_visit_ssrcs(uint8_t *data, size_t len,
	void (*on_ssrc)(uint8_t *field, enum wire_rtcp_ref ref, void *arg), void *arg)
{
	struct visit visit = {.on_ssrc = on_ssrc, .arg = arg};
	struct wire_walk walk = wire_walk_over(data, len);
	struct wire_rtcp packet;
	int ret;

	for (;;) {
		ret = wire_rtcp_next(&walk, &packet);
		if (ret != 1)
			return ret;
		visit.packet = data + (packet.data - data);
		visit.len = packet.len;
		ret = packet_visit(&visit, &packet);
		if (ret < 0)
			return ret;
	}
}
