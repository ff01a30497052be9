// SPDX-License-Identifier: Apache-2.0
// What of SRTP lives in the shards' arenas: keys of a transport, indices of a flow. Part of srtp.h.
#pragma once

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

// Expanded AES_CM_128 session keys of RTP or of RTCP. Private to this room.
struct srtp_cm_key {
	uint8_t round_keys[176];
	uint8_t ipad[20];
	uint8_t opad[20];
};

#define SRTP_GCM_POWERS 12

// The session keys of one direction of one transport: plain data without pointers, shared by all
// its flows, read-only after srtp_key_init(). All zeroes = SRTP_SUITE_NONE. The members are private
// to this room. Hot bytes: the first 256 (CM), 384 (GCM-128) or 448 (GCM-256).
struct srtp_key {
	uint8_t suite;
	uint8_t reserved;
	uint8_t salt[14];
	union {
		struct {
			struct srtp_cm_key rtp;
			uint8_t pad[24];
			uint8_t rtcp_salt[16];
			struct srtp_cm_key rtcp;
		} cm;
		struct {
			uint8_t round_keys[176];
			uint8_t powers[16 * SRTP_GCM_POWERS];
		} gcm128;
		struct {
			uint8_t round_keys[240];
			uint8_t powers[16 * SRTP_GCM_POWERS];
		} gcm256;
		struct {
			uint8_t hot[432];
			uint8_t rtcp_key[32];
			uint8_t rtcp_salt[12];
		} gcm;
	};
} __attribute__((aligned(64)));

static_assert(sizeof(struct srtp_key) == 512, "srtp_key: eight lines");
static_assert(offsetof(struct srtp_key, cm.rtcp_salt) == 256, "srtp_key: CM reads four lines");
static_assert(offsetof(struct srtp_key, gcm.rtcp_key) == 448, "srtp_key: GCM reads seven lines");

// Where one flow (SSRC, direction) stands: RTP with its rollover counter, RTCP, and a window of the
// last 128 indices of each. Plain data; all zeroes = nothing sent or received yet. A sender that
// takes over from another process sets roc, highest_seq and rtcp_index beyond what may have been
// used. Written by the shard's worker only.
struct srtp_index {
	uint64_t window[2]; // bit n of the 128: index highest - n was seen
	uint64_t rtcp_window[2]; // receiver only
	uint32_t roc;
	uint16_t highest_seq;
	uint8_t started; // highest_seq holds
	uint8_t rtcp_started; // receiver: rtcp_index holds
	uint32_t rtcp_index; // receiver: highest seen; sender: next to use
	uint32_t reserved;
};

static_assert(sizeof(struct srtp_index) == 48, "srtp_index: fits a line with 16 bytes to spare");
