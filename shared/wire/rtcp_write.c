// SPDX-License-Identifier: Apache-2.0
// Writes single RTCP packets; a compound is several, one behind the other.
#include "rtcp_layout.h"
#include "wire_rtcp.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define FIR_ENTRY 8

static void head_write(uint8_t *buf, enum wire_rtcp_type type, unsigned count, size_t len)
{
	buf[0] = (uint8_t)(0x80 | count);
	buf[1] = (uint8_t)type;
	wire_store16(buf + 2, (uint16_t)(len / 4 - 1));
}

static void reports_write(uint8_t *p, const struct wire_rtcp_report *reports, unsigned count)
{
	for (unsigned i = 0; i < count; i++, p += RTCP_REPORT) {
		wire_store32(p, reports[i].ssrc);
		p[4] = reports[i].fraction;
		wire_store24(p + 5, (uint32_t)reports[i].lost & 0xffffff);
		wire_store32(p + 8, reports[i].highest_seq);
		wire_store32(p + 12, reports[i].jitter);
		wire_store32(p + 16, reports[i].lsr);
		wire_store32(p + 20, reports[i].dlsr);
	}
}

int wire_rtcp_sr_write(uint8_t *buf, size_t cap, const struct wire_rtcp_sr *sr,
	const struct wire_rtcp_report *reports, unsigned count)
{
	size_t len = RTCP_SR_HEAD + (size_t)count * RTCP_REPORT;

	if (count > RTCP_COUNT_MAX)
		return -EINVAL;
	if (cap < len)
		return -ENOBUFS;
	head_write(buf, WIRE_RTCP_SR, count, len);
	wire_store32(buf + 4, sr->ssrc);
	wire_store64(buf + 8, sr->ntp);
	wire_store32(buf + 16, sr->rtp_ts);
	wire_store32(buf + 20, sr->packets);
	wire_store32(buf + 24, sr->octets);
	reports_write(buf + RTCP_SR_HEAD, reports, count);
	return (int)len;
}

int wire_rtcp_rr_write(uint8_t *buf, size_t cap, uint32_t ssrc,
	const struct wire_rtcp_report *reports, unsigned count)
{
	size_t len = RTCP_RR_HEAD + (size_t)count * RTCP_REPORT;

	if (count > RTCP_COUNT_MAX)
		return -EINVAL;
	if (cap < len)
		return -ENOBUFS;
	head_write(buf, WIRE_RTCP_RR, count, len);
	wire_store32(buf + 4, ssrc);
	reports_write(buf + RTCP_RR_HEAD, reports, count);
	return (int)len;
}

int wire_rtcp_sdes_write(
	uint8_t *buf, size_t cap, uint32_t ssrc, const void *cname, size_t cname_len)
{
	size_t end = 10 + cname_len; // head, SSRC, item head, text
	size_t len = (end + 4) & ~(size_t)3; // at least one zero ends the items

	if (cname_len > UINT8_MAX)
		return -EINVAL;
	if (cap < len)
		return -ENOBUFS;
	head_write(buf, WIRE_RTCP_SDES, 1, len);
	wire_store32(buf + 4, ssrc);
	buf[8] = WIRE_RTCP_SDES_CNAME;
	buf[9] = (uint8_t)cname_len;
	memcpy(buf + 10, cname, cname_len);
	memset(buf + end, 0, len - end);
	return (int)len;
}

int wire_rtcp_bye_write(uint8_t *buf, size_t cap, const uint32_t *ssrcs, unsigned count)
{
	size_t len = RTCP_HEAD + 4 * (size_t)count;

	if (count > RTCP_COUNT_MAX)
		return -EINVAL;
	if (cap < len)
		return -ENOBUFS;
	head_write(buf, WIRE_RTCP_BYE, count, len);
	for (unsigned i = 0; i < count; i++)
		wire_store32(buf + RTCP_HEAD + 4 * (size_t)i, ssrcs[i]);
	return (int)len;
}

int wire_rtcp_pli_write(uint8_t *buf, size_t cap, uint32_t sender, uint32_t media)
{
	if (cap < RTCP_FB_HEAD)
		return -ENOBUFS;
	head_write(buf, WIRE_RTCP_PSFB, WIRE_RTCP_PLI, RTCP_FB_HEAD);
	wire_store32(buf + 4, sender);
	wire_store32(buf + 8, media);
	return RTCP_FB_HEAD;
}

int wire_rtcp_fir_write(
	uint8_t *buf, size_t cap, uint32_t sender, uint32_t target, uint8_t command_seq)
{
	if (cap < RTCP_FB_HEAD + FIR_ENTRY)
		return -ENOBUFS;
	head_write(buf, WIRE_RTCP_PSFB, WIRE_RTCP_FIR, RTCP_FB_HEAD + FIR_ENTRY);
	wire_store32(buf + 4, sender);
	wire_store32(buf + 8, 0); // the FCI names the target, RFC 5104 4.3.1.2
	wire_store32(buf + 12, target);
	wire_store32(buf + 16, (uint32_t)command_seq << 24);
	return RTCP_FB_HEAD + FIR_ENTRY;
}
