// SPDX-License-Identifier: Apache-2.0
// Walks compound RTCP packets and reads what is in them.
#include "rtcp_layout.h"
#include "wire_rtcp.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#define PADDING_BIT 0x20

// The length of the packet at `at` without its padding, which only the last one may have.
static int padding_strip(struct wire_rtcp *packet, size_t left)
{
	uint8_t padding;

	if (!(packet->data[0] & PADDING_BIT))
		return 0;
	if (packet->len != left)
		return -EBADMSG;
	padding = packet->data[packet->len - 1];
	if (padding == 0 || padding % 4 || padding > packet->len - RTCP_HEAD)
		return -EBADMSG;
	packet->len = (uint16_t)(packet->len - padding);
	return 0;
}

int wire_rtcp_next(struct wire_walk *walk, struct wire_rtcp *packet)
{
	size_t left = wire_walk_left(walk), len;
	struct wire_rtcp found;

	if (left == 0)
		return 0;
	if (left < RTCP_HEAD || walk->at[0] >> 6 != 2)
		return -EBADMSG;
	len = 4 * ((size_t)wire_load16(walk->at + 2) + 1);
	if (len > left || len > UINT16_MAX)
		return -EBADMSG;
	found.data = walk->at;
	found.len = (uint16_t)len;
	found.type = walk->at[1];
	found.count = walk->at[0] & 0x1f;
	if (padding_strip(&found, left) < 0)
		return -EBADMSG;
	walk->at += len;
	*packet = found;
	return 1;
}

int wire_rtcp_sr_read(const struct wire_rtcp *packet, struct wire_rtcp_sr *sr)
{
	const uint8_t *p = packet->data;

	if (packet->type != WIRE_RTCP_SR || packet->len < RTCP_SR_HEAD)
		return -EBADMSG;
	sr->ssrc = wire_load32(p + 4);
	sr->ntp = wire_load64(p + 8);
	sr->rtp_ts = wire_load32(p + 16);
	sr->packets = wire_load32(p + 20);
	sr->octets = wire_load32(p + 24);
	return 0;
}

int wire_rtcp_report_read(
	const struct wire_rtcp *packet, unsigned i, struct wire_rtcp_report *report)
{
	size_t offset = packet->type == WIRE_RTCP_SR ? RTCP_SR_HEAD : RTCP_RR_HEAD;
	const uint8_t *p;

	if (packet->type != WIRE_RTCP_SR && packet->type != WIRE_RTCP_RR)
		return -EBADMSG;
	if (i >= packet->count)
		return -ENOENT;
	offset += (size_t)i * RTCP_REPORT;
	if (packet->len < offset + RTCP_REPORT)
		return -EBADMSG;
	p = packet->data + offset;
	report->ssrc = wire_load32(p);
	report->fraction = p[4];
	report->lost = (int32_t)(wire_load24(p + 5) ^ 0x800000) - 0x800000; // sign of 24 bits
	report->highest_seq = wire_load32(p + 8);
	report->jitter = wire_load32(p + 12);
	report->lsr = wire_load32(p + 16);
	report->dlsr = wire_load32(p + 20);
	return 0;
}

int wire_rtcp_bye_read(const struct wire_rtcp *packet, unsigned i, uint32_t *ssrc)
{
	if (packet->type != WIRE_RTCP_BYE)
		return -EBADMSG;
	if (i >= packet->count)
		return -ENOENT;
	if (packet->len < RTCP_HEAD + 4 * ((size_t)i + 1))
		return -EBADMSG;
	*ssrc = wire_load32(packet->data + RTCP_HEAD + 4 * (size_t)i);
	return 0;
}

int wire_rtcp_fb_read(const struct wire_rtcp *packet, struct wire_rtcp_fb *fb)
{
	if (packet->type != WIRE_RTCP_RTPFB && packet->type != WIRE_RTCP_PSFB)
		return -EBADMSG;
	if (packet->len < RTCP_FB_HEAD)
		return -EBADMSG;
	fb->sender = wire_load32(packet->data + 4);
	fb->media = wire_load32(packet->data + 8);
	fb->fmt = packet->count;
	fb->fci = packet->data + RTCP_FB_HEAD;
	fb->fci_len = (uint16_t)(packet->len - RTCP_FB_HEAD);
	return 0;
}
