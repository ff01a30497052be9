// SPDX-License-Identifier: Apache-2.0
// What of SRTP lives in the shards' arenas: keys of a transport, indices of a flow. Part of srtp.h.
#pragma once

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

// The session keys of AES_CM_128_HMAC_SHA1, of RTP or of RTCP. Private to this room.
struct srtp_cm_key {
	uint8_t cipher[16];
	uint8_t ipad[20]; // SHA-1 after the inner key block of the HMAC,
	uint8_t opad[20]; // and after the outer
};

#define SRTP_GCM_POWERS 10

// The session keys of one direction of one transport: plain data without pointers, shared by all
// its flows, read-only after srtp_key_init(). All zeroes = SRTP_SUITE_NONE. The members are private
// to this room.
//
// Packets read, of the lines of 64 bytes: AES_CM_128 two (72 bytes), AEAD_AES_128_GCM and _256_GCM
// all four (208). The round keys of AES, 176 or 240 bytes more, are not here: to make them again
// takes 21 or 27 cycles a packet, less than to bring three more lines from a far cache. Ten powers of
// the hash key serve 160 bytes of payload in one go, longer ones go through in pieces.
struct srtp_key {
	uint8_t suite;
	uint8_t reserved;
	uint8_t salt[14];
	union {
		struct {
			struct srtp_cm_key rtp;
			uint8_t pad[56];
			struct srtp_cm_key rtcp;
			uint8_t rtcp_salt[14];
		} cm;
		struct {
			uint8_t cipher[32];
			uint8_t powers[16 * SRTP_GCM_POWERS];
			uint8_t rtcp_cipher[32];
			uint8_t rtcp_salt[12];
		} gcm;
	};
} __attribute__((aligned(64)));

static_assert(sizeof(struct srtp_key) == 256, "srtp_key: four lines");
static_assert(offsetof(struct srtp_key, cm.rtcp) == 128, "srtp_key: RTP of CM reads two lines");

// Where one flow (SSRC, direction) stands: RTP with its rollover counter, RTCP, and a window of the
// last 128 indices of each. Plain data; all zeroes = nothing sent or received yet. A sender that
// takes over from another process sets roc, highest_seq and rtcp_index beyond what may have been
// used. Written by the shard's worker only.
struct srtp_index {
	uint64_t window[2]; // bit n of the 128: index highest - n was seen
	uint32_t roc;
	uint16_t highest_seq;
	uint8_t started; // highest_seq holds
	uint8_t rtcp_started; // receiver: rtcp_index holds
	uint64_t rtcp_window[2]; // receiver only
	uint32_t rtcp_index; // receiver: highest seen; sender: next to use
	uint32_t reserved;
};

#define SRTP_INDEX_RTP_BYTES 24 // from the start: what RTP packets read and write

static_assert(sizeof(struct srtp_index) == 48, "srtp_index: fits a line with 16 bytes to spare");
static_assert(
	offsetof(struct srtp_index, rtcp_window) == SRTP_INDEX_RTP_BYTES, "srtp_index: RTP first");
