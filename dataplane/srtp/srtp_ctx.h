// SPDX-License-Identifier: Apache-2.0
// The worker's scratch: everything that a burst writes besides packets and flows.
#pragma once

#include "srtp_priv.h"
#include "srtp_schedule.h"

#include <intel-ipsec-mb.h>

// Packets that go through the passes together: two fills of the widest hash lanes.
#define SRTP_LANES 32

// AEAD packets whose keys are made ready together.
#define SRTP_GCM_AT_ONCE 4

// intel-ipsec-mb writes 20 bytes whatever tag length is asked for.
#define SRTP_TAG_STRIDE 32

// How the library lays out its table of hash powers for the instruction set in use.
enum srtp_gcm_layout {
	GCM_TABLE_OF_48, // only the last SRTP_GCM_POWERS are filled: short segments
	GCM_TABLE_OF_8, // complete
	GCM_TABLE_OF_8_FOLDED, // complete, with the halves of each power xored (Karatsuba)
	GCM_TABLE_UNKNOWN // made by the library for every packet
};

struct srtp_gcm_ops {
	aes_gcm_enc_dec_t enc, dec;
	aes_gcm_init_t init;
	aes_gcm_enc_dec_update_t enc_update, dec_update;
	aes_gcm_enc_dec_finalize_t enc_finalize, dec_finalize;
	aes_gcm_precomp_t precomp;
	aes_gcm_pre_t pre;
};

// A way to do the work of AES_CM_128_HMAC_SHA1 for n lanes, n <= SRTP_LANES. What differs between the back ends is the
// time that they take.
struct srtp_backend {
	// Counter mode over the bodies, in place; a body may be empty.
	void (*crypt)(struct srtp_ctx *ctx, struct srtp_lane **lanes, uint16_t n);
	// The full 20 bytes of the HMAC of lanes[i] go to ctx->tags[i]; may bring the lanes into another order.
	void (*hash)(struct srtp_ctx *ctx, struct srtp_lane **lanes, uint16_t n);
};

extern const struct srtp_backend srtp_backend_mb; // srtp_cm_mb.c, any processor with AES-NI
extern const struct srtp_backend srtp_backend_avx512; // srtp_cm_avx512.c

// srtp_cm_mb.c: as hash does, of the n lanes from number at on, one after the other with the SHA extensions. Only
// where ctx->narrow is.
void srtp_mb_hash_narrow(struct srtp_ctx *ctx, struct srtp_lane **lanes, uint16_t at, uint16_t n);

struct srtp_ctx {
	const struct srtp_backend *backend;
	IMB_MGR *mgr;
	IMB_MGR *narrow; // SHA extensions, a packet at a time; NULL when there are none
	uint16_t hash_lanes; // packets that mgr hashes side by side, a power of two
	const char *arch_name;
	struct srtp_gcm_ops gcm_ops[2]; // 128, 256
	enum srtp_gcm_layout gcm_layout;

	struct srtp_counters counters;

	uint16_t lane_count, kept_count, cm_count, gcm_count;
	struct srtp_lane *kept[SRTP_LANES]; // in packet order
	struct srtp_lane *cm[SRTP_LANES];
	struct srtp_lane *gcm[SRTP_LANES];
	struct srtp_lane lanes[SRTP_LANES];

	IMB_JOB jobs[SRTP_LANES];
	uint8_t round_keys[SRTP_LANES * SRTP_ROUND_KEYS_128] __attribute__((aligned(64)));
	uint8_t tags[SRTP_LANES][SRTP_TAG_STRIDE];

	// The library stores with alignment, but its header asks for it only if LINUX is defined.
	struct srtp_gcm_scratch {
		struct gcm_key_data key;
	} __attribute__((aligned(64))) gcm_keys[SRTP_GCM_AT_ONCE];
	struct gcm_context_data gcm_state;
	uint8_t flat_aad[2048]; // AEAD SRTCP with E = 0: the authenticated bytes in one piece
} __attribute__((aligned(64)));
