// SPDX-License-Identifier: Apache-2.0
// SRTP and SRTCP (RFC 3711, RFC 7714) in bursts.
#pragma once

#include "srtp_state.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

// RFC 4568 6.2, RFC 5764 4.1.2, RFC 7714 12. The names differ from OpenSSL's macros on purpose.
enum srtp_suite {
	SRTP_SUITE_NONE,
	SRTP_SUITE_AES128_CM_SHA1_80,
	SRTP_SUITE_AES128_CM_SHA1_32,
	SRTP_SUITE_AEAD_AES_128_GCM,
	SRTP_SUITE_AEAD_AES_256_GCM,
	SRTP_SUITE_COUNT
};

struct srtp_suite_info {
	const char *sdes_name; // RFC 4568 crypto-suite, as in a=crypto
	uint16_t dtls_profile; // RFC 5764 SRTPProtectionProfile
	uint8_t key_len; // master key, bytes
	uint8_t salt_len; // master salt, bytes
	uint8_t rtp_overhead; // bytes that protecting adds to an RTP packet
	uint8_t rtcp_overhead; // bytes that protecting adds to an RTCP packet
};

// Never NULL; SRTP_SUITE_NONE and numbers out of range give a row of zeroes with an empty name.
const struct srtp_suite_info *srtp_suite_info(enum srtp_suite suite);

// Derives the session keys (RFC 3711 4.3, key derivation rate 0; AES_256_CM_PRF for the 256-bit
// suite, RFC 6188). Lengths must be those of srtp_suite_info(). Any thread; takes microseconds.
// 0; -EINVAL for a wrong suite or length; -EIO when OpenSSL fails; *key is zero after an error.
int srtp_key_init(struct srtp_key *key, enum srtp_suite suite, const uint8_t *master_key,
	size_t key_len, const uint8_t *master_salt, size_t salt_len);

// Overwrites the key, which becomes SRTP_SUITE_NONE.
void srtp_key_wipe(struct srtp_key *key);

// Asks for the lines that every suite reads, some hundred cycles ahead; the burst calls ask for what
// AEAD suites read besides. Groups of at most 16.
static inline void srtp_key_prefetch(const struct srtp_key *key)
{
	const char *line = (const char *)key;

	__builtin_prefetch(line);
	__builtin_prefetch(line + 64);
}

// One packet of a burst. Who fills it keeps all that it points to until the call returns.
struct srtp_item {
	uint8_t *data; // first byte of the RTP or RTCP header
	const struct srtp_key *key; // of the packet's direction
	struct srtp_index *index; // of the packet's flow
	uint16_t len; // bytes; the call adds or removes the overhead when status is 0
	uint16_t room; // bytes from data on that may be written, >= len
	int16_t status; // out: 0 or -errno, see below
	uint16_t reserved;
};
static_assert(sizeof(struct srtp_item) == 32, "srtp_item: two in a line");

// Status of an item:
//   0             done in place
//   -EINVAL       not RTP (or RTCP) of version 2, or header or tag don't fit into len
//   -ENOKEY       the key is SRTP_SUITE_NONE
//   -ENOSPC       protect: room is too small for the tag
//   -EEXIST       unprotect: replayed or older than the window;
//                 protect: index already used or too old to know: refused, never encrypted twice
//   -EBADMSG      unprotect: wrong tag
//   -EKEYEXPIRED  the index has reached 2^48 (RTP) or 2^31 (RTCP)
// The flow's index moves only with status 0. Otherwise len is as before, what follows the header
// undefined and not to be used.

// Per-worker scratch: multi-buffer manager, jobs, counters.
struct srtp_ctx;

// intel-ipsec-mb with an instruction set, or (SRTP_ARCH_OWN) our own kernels for AES_CM_128_HMAC_SHA1 and
// intel-ipsec-mb for the rest. All make the same bytes.
enum srtp_arch {
	SRTP_ARCH_AUTO,
	SRTP_ARCH_SSE,
	SRTP_ARCH_AVX2,
	SRTP_ARCH_AVX512,
	SRTP_ARCH_OWN, // AVX-512 with VAES
};

struct srtp_counters {
	uint64_t ok;
	uint64_t malformed; // -EINVAL, -ENOSPC, -ENOKEY
	uint64_t replayed; // unprotect: -EEXIST
	uint64_t forged; // -EBADMSG
	uint64_t index_refused; // protect: -EEXIST
	uint64_t expired; // -EKEYEXPIRED
	uint64_t retried; // unprotect: index guess changed within the burst, done again
};

// Own memory (not in the arenas); one per worker, used by one thread at a time. SRTP_ARCH_AUTO takes
// the fastest that the processor can do. NULL with errno ENOTSUP (processor lacks AES-NI
// or what was asked for; self-check failed) or ENOMEM.
struct srtp_ctx *srtp_ctx_create(enum srtp_arch arch);

void srtp_ctx_destroy(struct srtp_ctx *ctx); // wipes and frees; NULL is legal

// "sse", "avx2", "avx512" or "own-avx512".
const char *srtp_ctx_arch_name(const struct srtp_ctx *ctx);

// Counters of the context since its creation; read from the worker's thread.
const struct srtp_counters *srtp_ctx_counters(const struct srtp_ctx *ctx);

// Each call works through n items in place, as if one after the other (items of one flow may follow
// each other in a burst), sets every status, and returns how many have status 0. Suites and keys
// may be mixed; n has no limit, 16 to 64 is best. Worker's thread; allocates and locks nothing.

// Sender: the sequence number is the packet's; ROC is estimated as a receiver does, so that small
// reordering is harmless. RFC 3711 3.3.
uint16_t srtp_protect_burst(struct srtp_ctx *ctx, struct srtp_item *items, uint16_t n);

// Receiver: replay check, authentication, decryption, then the flow's index. RFC 3711 3.3.
uint16_t srtp_unprotect_burst(struct srtp_ctx *ctx, struct srtp_item *items, uint16_t n);

// Sender of compound or reduced-size RTCP packets; E is set. RFC 3711 3.4.
uint16_t srtcp_protect_burst(struct srtp_ctx *ctx, struct srtp_item *items, uint16_t n);

// Receiver of SRTCP, encrypted (E = 1) or only authenticated (E = 0). RFC 3711 3.4.
uint16_t srtcp_unprotect_burst(struct srtp_ctx *ctx, struct srtp_item *items, uint16_t n);
