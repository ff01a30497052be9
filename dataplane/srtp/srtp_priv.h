// SPDX-License-Identifier: Apache-2.0
// What the files of the SRTP room (and its tests) share.
#pragma once

#include "srtp.h"

// Session keys before expansion, as RFC 3711 4.3 derives them. auth is unused by the AEAD suites.
struct srtp_session_keys {
	uint8_t cipher[32];
	uint8_t auth[20];
	uint8_t salt[14];
};

struct srtp_session_pair {
	struct srtp_session_keys rtp;
	struct srtp_session_keys rtcp;
};

// srtp_kdf.c: master key and salt (lengths of the suite) to session keys. 0 or -EIO.
int srtp_kdf_derive(struct srtp_session_pair *out, enum srtp_suite suite, const uint8_t *master_key,
	const uint8_t *master_salt);

// srtp_key.c: session keys to HMAC states and hash powers. 0 or -EIO.
int srtp_key_expand(
	struct srtp_key *key, enum srtp_suite suite, const struct srtp_session_pair *session);

// srtp_ghash.c: H^count .. H^1, highest power first, of the hash key h in the form that
// intel-ipsec-mb keeps in all its tables: byte-reversed, times x modulo the polynomial.
void srtp_ghash_powers(uint8_t *powers, const uint8_t h[16], unsigned int count);

// Bytes of the tag of an RTP packet; 0 for SRTP_SUITE_NONE.
static inline uint8_t srtp_suite_tag_len(uint8_t suite)
{
	static const uint8_t tag_len[SRTP_SUITE_COUNT] = {0, 10, 4, 16, 16};

	return suite < SRTP_SUITE_COUNT ? tag_len[suite] : 0;
}

static inline int srtp_suite_is_cm(uint8_t suite)
{
	return suite == SRTP_SUITE_AES128_CM_SHA1_80 || suite == SRTP_SUITE_AES128_CM_SHA1_32;
}

// What is known of a packet's tag. Only lanes that are not LANE_UNCHECKED went through the cipher.
enum srtp_verdict { LANE_UNCHECKED, LANE_GENUINE, LANE_FORGED };

#define SRTP_TAG_MAX 16

// One packet between parsing and the end of its burst: where to encrypt, what to authenticate. RTP
// and RTCP differ only in how the lane is filled.
struct srtp_lane {
	struct srtp_item *item;
	const struct srtp_cm_key *cm; // CM suites
	uint8_t *body; // first encrypted byte
	uint8_t *tag; // where the tag is in the packet
	const uint8_t *aad; // AEAD suites
	uint64_t index; // RFC 3711: 48 bits for RTP, 31 for RTCP
	uint16_t body_len;
	uint16_t aad_len;
	uint16_t auth_len; // CM: bytes from item->data under the HMAC, with the ROC or index word
	uint16_t seq; // RTP
	uint8_t suite;
	uint8_t tag_len;
	uint8_t is_rtcp;
	uint8_t verdict; // enum srtp_verdict
	uint8_t iv[16];
	uint8_t received[SRTP_TAG_MAX]; // unprotect: the tag as it came
	uint8_t rtcp_aad[12]; // AEAD SRTCP: eight header bytes and the index word
};

// RFC 3711 4.1.1 and RFC 7714 8.1, 9.1: the initialisation vector of a lane's SSRC and index.
void srtp_lane_set_iv(struct srtp_lane *lane, const uint8_t *salt, uint32_t ssrc);

// srtp_cm.c. All work on n lanes of a CM suite, n <= SRTP_LANES.
void srtp_cm_seal(struct srtp_ctx *ctx, struct srtp_lane **lanes, uint16_t n);
void srtp_cm_verify(struct srtp_ctx *ctx, struct srtp_lane **lanes, uint16_t n);
void srtp_cm_decrypt(struct srtp_ctx *ctx, struct srtp_lane **lanes, uint16_t n);

// srtp_gcm.c. n lanes of AEAD suites; open decrypts and sets the verdicts, undo gives back the
// ciphertext that open had.
void srtp_gcm_seal(struct srtp_ctx *ctx, struct srtp_lane **lanes, uint16_t n);
void srtp_gcm_open(struct srtp_ctx *ctx, struct srtp_lane **lanes, uint16_t n);
void srtp_gcm_undo(struct srtp_ctx *ctx, struct srtp_lane *lane);

// srtp_gcm_check.c: finds out how the library lays out its tables for this instruction set and
// proves the compact form against the full one. 0 or -ENOTSUP.
int srtp_gcm_check(struct srtp_ctx *ctx);

// srtp_lane.c. A chunk of a burst: lanes are added in packet order and sorted into suites.
void srtp_lanes_reset(struct srtp_ctx *ctx);
struct srtp_lane *srtp_lanes_next(struct srtp_ctx *ctx); // scratch until kept
void srtp_lanes_keep(struct srtp_ctx *ctx, struct srtp_lane *lane); // to be looked at in commit
void srtp_lanes_sort(struct srtp_ctx *ctx, struct srtp_lane *lane); // to go through the cipher
void srtp_lanes_seal(struct srtp_ctx *ctx);
void srtp_lanes_verify(struct srtp_ctx *ctx); // CM: tags only; AEAD: decrypts too
void srtp_lanes_decrypt(struct srtp_ctx *ctx); // CM lanes whose item has status 0
void srtp_lane_recheck(struct srtp_ctx *ctx, struct srtp_lane *lane);

// srtp_lane.c: adds the statuses to the counters and returns how many are 0.
uint16_t srtp_items_count(
	struct srtp_ctx *ctx, const struct srtp_item *items, uint16_t n, uint64_t *already_seen);
