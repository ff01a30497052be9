// SPDX-License-Identifier: Apache-2.0
// RTP packets (RFC 3550) with header extensions (RFC 8285), and what a datagram is by its first
// bytes (RFC 7983).
#pragma once

#include "wire_bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_RTP_HEADER 12

enum wire_kind {
	WIRE_KIND_OTHER = 0,
	WIRE_KIND_STUN,
	WIRE_KIND_ZRTP,
	WIRE_KIND_DTLS,
	WIRE_KIND_TURN,
	WIRE_KIND_QUIC,
	WIRE_KIND_RTP,
	WIRE_KIND_RTCP,
};

// A packet's header. Offsets count from the packet's first byte.
struct wire_rtp {
	uint32_t ts;
	uint32_t ssrc;
	uint16_t seq;
	uint16_t header_len; // with CSRCs and extension; the payload starts here
	uint16_t payload_len; // without padding where that was read
	uint16_t ext_profile; // 0xBEDE one-byte, 0x100x two-byte elements
	uint16_t ext_offset; // of the extension's data, behind its 4 bytes of head; 0: no extension
	uint16_t ext_len;
	uint8_t csrc_count;
	uint8_t pt;
	uint8_t padding_len;
	bool marker;
};

// One header extension element; data leads into the packet.
struct wire_rtp_ext {
	const uint8_t *data;
	uint8_t id;
	uint8_t len;
};

// Which protocol a datagram on a multiplexed port belongs to: the first byte, and RTCP by the
// second one in 192..223 (RFC 7983 7, RFC 5761 4). Looks at nothing else.
static inline enum wire_kind wire_classify(const uint8_t *data, size_t len)
{
	if (len < 2)
		return WIRE_KIND_OTHER;
	if (data[0] >= 128 && data[0] <= 191)
		return data[1] >= 192 && data[1] <= 223 ? WIRE_KIND_RTCP : WIRE_KIND_RTP;
	if (data[0] <= 3)
		return WIRE_KIND_STUN;
	if (data[0] >= 20 && data[0] <= 63)
		return WIRE_KIND_DTLS;
	if (data[0] >= 16 && data[0] <= 19)
		return WIRE_KIND_ZRTP;
	if (data[0] >= 64 && data[0] <= 79)
		return WIRE_KIND_TURN;
	return data[0] >= 80 ? WIRE_KIND_QUIC : WIRE_KIND_OTHER;
}

// Reads the clear part of an RTP or SRTP packet of len bytes (up to 65535): version, CSRCs and
// extension must fit. The payload runs to the end, since padding and tag are ciphertext here.
// 0 or -EBADMSG; rtp is written only on success. RFC 3550 5.1, 5.3.1.
int wire_rtp_parse_header(struct wire_rtp *rtp, const uint8_t *data, size_t len);

// The same for a plain RTP packet: also reads the padding and takes it off the payload.
int wire_rtp_parse(struct wire_rtp *rtp, const uint8_t *data, size_t len);

// A cursor over the extension elements of a parsed packet; empty when there are none or their
// profile is neither form of RFC 8285.
struct wire_walk wire_rtp_ext_walk(const struct wire_rtp *rtp, const uint8_t *data);

// The next element, padding skipped; false at the end, or where an element breaks the rules: what
// came before it stays valid. RFC 8285 4.2, 4.3.
bool wire_rtp_ext_next(
	const struct wire_rtp *rtp, struct wire_walk *walk, struct wire_rtp_ext *ext);

// The first element with that id; false when there is none. data is the parsed packet.
bool wire_rtp_ext_find(
	const struct wire_rtp *rtp, const uint8_t *data, uint8_t id, struct wire_rtp_ext *ext);

// Removes the whole header extension of a parsed packet: the header moves toward the payload and
// the X bit goes. The packet then starts at data + (bytes removed, returned), and rtp's offsets
// count from there. 0 when there was none.
uint16_t wire_rtp_strip_extension(struct wire_rtp *rtp, uint8_t *data);

// Overwrite one field of a packet of at least WIRE_RTP_HEADER bytes; the marker bit stays.
static inline void wire_rtp_set_pt(uint8_t *data, uint8_t pt)
{
	data[1] = (uint8_t)((data[1] & 0x80) | (pt & 0x7f));
}

static inline void wire_rtp_set_seq(uint8_t *data, uint16_t seq)
{
	wire_store16(data + 2, seq);
}

static inline void wire_rtp_set_ts(uint8_t *data, uint32_t ts)
{
	wire_store32(data + 4, ts);
}

static inline void wire_rtp_set_ssrc(uint8_t *data, uint32_t ssrc)
{
	wire_store32(data + 8, ssrc);
}
