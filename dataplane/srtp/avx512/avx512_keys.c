// SPDX-License-Identifier: Apache-2.0
// Key schedules of AES-128, four keys in a register, sixteen at a time since each round waits for the one before.
#include "srtp_avx512.h"

#include <immintrin.h>

#define AT_ONCE 4 // registers
#define ROUNDS 10

static inline __m512i four_load(const uint8_t *const *keys, unsigned int n)
{
	__m512i four = _mm512_castsi128_si512(_mm_loadu_si128((const void *)keys[0]));

	if (n > 1)
		four = _mm512_inserti32x4(four, _mm_loadu_si128((const void *)keys[1]), 1);
	if (n > 2)
		four = _mm512_inserti32x4(four, _mm_loadu_si128((const void *)keys[2]), 2);
	if (n > 3)
		four = _mm512_inserti32x4(four, _mm_loadu_si128((const void *)keys[3]), 3);
	return four;
}

// The round keys that follow. SubWord(RotWord()) of each key's last word comes out of the cipher's last round: with
// the word in all four columns, its shift of rows changes nothing.
static inline __attribute__((always_inline)) __m512i next_round(__m512i key, int rcon)
{
	const __m512i rotate = _mm512_set1_epi32(0x0c0f0e0d);
	__m512i first =
		_mm512_aesenclast_epi128(_mm512_shuffle_epi8(key, rotate), _mm512_set1_epi32(rcon));

	key = _mm512_xor_si512(key, _mm512_bslli_epi128(key, 4));
	return _mm512_ternarylogic_epi32(key, _mm512_bslli_epi128(key, 8), first, 0x96);
}

// count registers of four keys each.
static inline __attribute__((always_inline)) void rounds_store(
	__m512i keys[AT_ONCE], unsigned int count, uint8_t *blocks)
{
	static const uint8_t rcons[ROUNDS] = {
		0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x1b, 0x36};

	for (unsigned int round = 0; round <= ROUNDS; round++) {
#pragma GCC unroll 4
		for (unsigned int i = 0; i < count; i++) {
			_mm512_storeu_si512(
				blocks + i * SRTP_AVX512_KEYS_BYTES + 64 * round, keys[i]);
			keys[i] = next_round(keys[i], rcons[round < ROUNDS ? round : 0]);
		}
	}
}

void srtp_avx512_keys_128(const uint8_t *const *keys, unsigned int n, uint8_t *blocks)
{
	__m512i four[AT_ONCE];

	for (; n >= 4 * AT_ONCE; n -= 4 * AT_ONCE, keys += 4 * AT_ONCE) {
#pragma GCC unroll 4
		for (unsigned int i = 0; i < AT_ONCE; i++)
			four[i] = four_load(keys + 4 * i, 4);
		rounds_store(four, AT_ONCE, blocks);
		blocks += AT_ONCE * SRTP_AVX512_KEYS_BYTES;
	}
	for (unsigned int at = 0; at < n; at += 4) {
		four[0] = four_load(keys + at, n - at);
		rounds_store(four, 1, blocks);
		blocks += SRTP_AVX512_KEYS_BYTES;
	}
}
