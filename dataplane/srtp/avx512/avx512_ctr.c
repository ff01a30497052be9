// SPDX-License-Identifier: Apache-2.0
// AES-128 counter mode, four blocks in a register, up to sixteen in flight.
#include "srtp_avx512.h"

#include <immintrin.h>

#define ROUNDS 10
#define AT_ONCE 4 // registers: enough to hide the latency of a round

static inline __m512i round_key(const uint8_t *round_keys, unsigned int round)
{
	const void *at = round_keys + 64 * round;

	return _mm512_broadcast_i32x4(_mm_loadu_si128(at));
}

// The bytes of a register that lie in the message: left is what remains from its first byte on.
static inline __mmask64 bytes_left(uint32_t left)
{
	return _bzhi_u64(~0ULL, left < 64 ? left : 64);
}

// count is a constant where this is inlined, so that the loops unroll and the blocks stay in registers. counter: four
// counter blocks, the last word of each in host order.
static inline __attribute__((always_inline)) void registers_crypt(
	const struct srtp_avx512_text *text, uint32_t at, __m512i counter, unsigned int count)
{
	const __m512i swap = _mm512_broadcast_i32x4(
		_mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 15, 14, 13, 12));
	const __m512i four = _mm512_broadcast_i32x4(_mm_setr_epi32(0, 0, 0, 4));
	__m512i key = round_key(text->round_keys, 0);
	__m512i blocks[AT_ONCE];

#pragma GCC unroll 4
	for (unsigned int i = 0; i < count; i++) {
		blocks[i] = _mm512_xor_si512(_mm512_shuffle_epi8(counter, swap), key);
		counter = _mm512_add_epi32(counter, four);
	}
#pragma GCC unroll 10
	for (unsigned int round = 1; round < ROUNDS; round++) {
		key = round_key(text->round_keys, round);
#pragma GCC unroll 4
		for (unsigned int i = 0; i < count; i++)
			blocks[i] = _mm512_aesenc_epi128(blocks[i], key);
	}
	key = round_key(text->round_keys, ROUNDS);
#pragma GCC unroll 4
	for (unsigned int i = 0; i < count; i++) {
		uint8_t *data = text->data + at + 64 * i;
		// Only the last register can be partly outside.
		__mmask64 inside =
			i + 1 < count ? ~(__mmask64)0 : bytes_left(text->len - at - 64 * i);
		__m512i clear = _mm512_maskz_loadu_epi8(inside, data);

		blocks[i] = _mm512_aesenclast_epi128(blocks[i], key);
		_mm512_mask_storeu_epi8(data, inside, _mm512_xor_si512(blocks[i], clear));
	}
}

// What remains of the message from byte at on, 1 to 256 bytes.
static inline void end_crypt(const struct srtp_avx512_text *text, uint32_t at, __m512i counter)
{
	switch ((text->len - at + 63) / 64) {
	case 1:
		registers_crypt(text, at, counter, 1);
		break;
	case 2:
		registers_crypt(text, at, counter, 2);
		break;
	case 3:
		registers_crypt(text, at, counter, 3);
		break;
	default:
		registers_crypt(text, at, counter, 4);
	}
}

void srtp_avx512_crypt(const struct srtp_avx512_text *text)
{
	const __m512i sixteen = _mm512_broadcast_i32x4(_mm_setr_epi32(0, 0, 0, 16));
	const __m512i swap = _mm512_broadcast_i32x4(
		_mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 15, 14, 13, 12));
	const __m512i from_0_to_3 =
		_mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3);
	const void *iv = text->iv;
	__m512i counter = _mm512_broadcast_i32x4(_mm_loadu_si128(iv));
	uint32_t at = 0;

	if (text->len == 0)
		return;
	counter = _mm512_add_epi32(_mm512_shuffle_epi8(counter, swap), from_0_to_3);
	for (; text->len - at > 256; at += 256) {
		registers_crypt(text, at, counter, 4);
		counter = _mm512_add_epi32(counter, sixteen);
	}
	end_crypt(text, at, counter);
}
