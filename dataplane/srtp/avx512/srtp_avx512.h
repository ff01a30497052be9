// SPDX-License-Identifier: Apache-2.0
// AES counter mode and HMAC-SHA1 of many packets at a time with AVX-512 and VAES. Bytes in, bytes out: what a packet is
// the callers know.
//
// To be called only where the processor has AVX-512 F, BW, DQ, VL, VAES and BMI2: this room alone is compiled for them.
#pragma once

#include <stdint.h>

// The round keys of four AES-128 keys stand together: 64 bytes of round 0, 64 of round 1, ... A block of this many bytes
// holds them, the first at a multiple of 64.
#define SRTP_AVX512_KEYS_BYTES (11 * 64)

// Round keys (FIPS 197 5.2) of n keys of 16 bytes, into as many blocks as hold them.
void srtp_avx512_keys_128(const uint8_t *const *keys, unsigned int n, uint8_t *blocks);

// Where those of key i begin in the blocks.
static inline const uint8_t *srtp_avx512_keys_of(const uint8_t *blocks, unsigned int i)
{
	return blocks + i / 4 * SRTP_AVX512_KEYS_BYTES + i % 4 * 16;
}

// One message in counter mode (NIST SP 800-38A 6.5), AES-128.
struct srtp_avx512_text {
	uint8_t *data; // encrypted or decrypted in place; nothing outside of it is written
	const uint8_t *round_keys; // srtp_avx512_keys_of()
	const uint8_t *iv; // 16 bytes: the first counter block, its last two bytes 0
	uint32_t len; // bytes, at most 2^20: the counter has 16 bits
};

void srtp_avx512_crypt(const struct srtp_avx512_text *text);

#define SRTP_AVX512_LANES 16
#define SRTP_AVX512_TAG_STRIDE 32

// One message under HMAC-SHA1 (RFC 2104).
struct srtp_avx512_message {
	const uint8_t *data; // nothing outside of it is read
	const uint8_t *
		states; // SHA-1 after the inner, then after the outer key block: ten words, host order
	uint32_t len; // bytes
};

// Writes the 20 bytes of message i to tags[i], n <= SRTP_AVX512_LANES. Costs the same for any n; the longest message
// counts for all.
void srtp_avx512_hmac(const struct srtp_avx512_message *messages, unsigned int n,
	uint8_t (*tags)[SRTP_AVX512_TAG_STRIDE]);
