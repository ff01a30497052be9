// SPDX-License-Identifier: Apache-2.0
// Reads RTP headers and their extensions, and takes extensions out.
#include "wire_rtp.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define EXT_HEAD 4
#define EXT_BIT 0x10
#define PADDING_BIT 0x20
#define ONE_BYTE_PROFILE 0xbede
#define ONE_BYTE_STOP 15 // an id that ends the elements, RFC 8285 4.2

static bool is_two_byte(uint16_t profile)
{
	return (profile & 0xfff0) == 0x1000; // the low four bits are the application's
}

// The extension's place in a header that is header_len long without it.
static int extension_read(struct wire_rtp *rtp, const uint8_t *data, size_t len)
{
	size_t head = rtp->header_len;

	if (len - head < EXT_HEAD)
		return -EBADMSG;
	rtp->ext_profile = wire_load16(data + head);
	rtp->ext_offset = (uint16_t)(head + EXT_HEAD);
	if (len - rtp->ext_offset < 4u * wire_load16(data + head + 2))
		return -EBADMSG;
	rtp->ext_len = (uint16_t)(4u * wire_load16(data + head + 2));
	rtp->header_len = (uint16_t)(rtp->ext_offset + rtp->ext_len);
	return 0;
}

int wire_rtp_parse_header(struct wire_rtp *rtp, const uint8_t *data, size_t len)
{
	struct wire_rtp parsed = {0};
	int ret;

	if (len < WIRE_RTP_HEADER || len > UINT16_MAX || data[0] >> 6 != 2)
		return -EBADMSG;
	parsed.csrc_count = data[0] & 0x0f;
	parsed.marker = data[1] >> 7;
	parsed.pt = data[1] & 0x7f;
	parsed.seq = wire_load16(data + 2);
	parsed.ts = wire_load32(data + 4);
	parsed.ssrc = wire_load32(data + 8);
	parsed.header_len = (uint16_t)(WIRE_RTP_HEADER + 4u * parsed.csrc_count);
	if (len < parsed.header_len)
		return -EBADMSG;
	if (data[0] & EXT_BIT) {
		ret = extension_read(&parsed, data, len);
		if (ret < 0)
			return ret;
	}
	parsed.payload_len = (uint16_t)(len - parsed.header_len);
	*rtp = parsed;
	return 0;
}

int wire_rtp_parse(struct wire_rtp *rtp, const uint8_t *data, size_t len)
{
	struct wire_rtp parsed;
	int ret = wire_rtp_parse_header(&parsed, data, len);

	if (ret < 0)
		return ret;
	if (data[0] & PADDING_BIT) {
		// The last byte counts itself; without a payload byte it would be the header's.
		if (parsed.payload_len == 0)
			return -EBADMSG;
		parsed.padding_len = data[len - 1];
		if (parsed.padding_len == 0 || parsed.padding_len > parsed.payload_len)
			return -EBADMSG;
		parsed.payload_len = (uint16_t)(parsed.payload_len - parsed.padding_len);
	}
	*rtp = parsed;
	return 0;
}

struct wire_walk wire_rtp_ext_walk(const struct wire_rtp *rtp, const uint8_t *data)
{
	bool known = rtp->ext_profile == ONE_BYTE_PROFILE || is_two_byte(rtp->ext_profile);

	return wire_walk_over(data + rtp->ext_offset, known ? rtp->ext_len : 0);
}

// The length of a one-byte element's head, or 0 where the elements end.
static size_t one_byte_head(struct wire_rtp_ext *ext, const struct wire_walk *walk)
{
	ext->id = walk->at[0] >> 4;
	ext->len = (uint8_t)((walk->at[0] & 0x0f) + 1);
	// Id 0 with a length is forbidden and ends the processing, as id 15 does.
	return ext->id == 0 || ext->id == ONE_BYTE_STOP ? 0 : 1;
}

static size_t two_byte_head(struct wire_rtp_ext *ext, const struct wire_walk *walk)
{
	if (wire_walk_left(walk) < 2)
		return 0;
	ext->id = walk->at[0];
	ext->len = walk->at[1];
	return 2;
}

bool wire_rtp_ext_next(const struct wire_rtp *rtp, struct wire_walk *walk, struct wire_rtp_ext *ext)
{
	struct wire_rtp_ext found;
	size_t head;

	while (walk->at < walk->end && *walk->at == 0)
		walk->at++;
	if (walk->at == walk->end)
		return false;
	if (rtp->ext_profile == ONE_BYTE_PROFILE)
		head = one_byte_head(&found, walk);
	else
		head = two_byte_head(&found, walk);
	if (head == 0 || wire_walk_left(walk) < head + found.len) {
		walk->at = walk->end;
		return false;
	}
	found.data = walk->at + head;
	walk->at += head + found.len;
	*ext = found;
	return true;
}

bool wire_rtp_ext_find(
	const struct wire_rtp *rtp, const uint8_t *data, uint8_t id, struct wire_rtp_ext *ext)
{
	struct wire_walk walk = wire_rtp_ext_walk(rtp, data);
	struct wire_rtp_ext found;

	while (wire_rtp_ext_next(rtp, &walk, &found)) {
		if (found.id != id)
			continue;
		*ext = found;
		return true;
	}
	return false;
}

uint16_t wire_rtp_strip_extension(struct wire_rtp *rtp, uint8_t *data)
{
	uint16_t fixed = (uint16_t)(WIRE_RTP_HEADER + 4u * rtp->csrc_count);
	uint16_t removed = (uint16_t)(rtp->header_len - fixed);

	if (removed == 0)
		return 0;
	memmove(data + removed, data, fixed);
	data[removed] &= (uint8_t)~EXT_BIT;
	rtp->header_len = fixed;
	rtp->ext_profile = 0;
	rtp->ext_offset = 0;
	rtp->ext_len = 0;
	return removed;
}
