// SPDX-License-Identifier: Apache-2.0
// AES round keys (FIPS 197 5.2) from cipher keys with AES-NI, four keys at a time since each step waits for the one before.
#include "srtp_schedule.h"

#include <immintrin.h>

#define AT_ONCE 4
#define ROUNDS_128 10
#define ROUNDS_256 14

#define INSTRUCTIONS __attribute__((target("aes,ssse3")))
#define INLINE static inline __attribute__((always_inline)) INSTRUCTIONS

// SubWord(RotWord(w)) ^ rcon of the last word w of key, in all four words. With four like words the rows' shift of the
// cipher's last round changes nothing: what remains of it is the S-box.
INLINE __m128i rotated(__m128i key, int rcon)
{
	const __m128i rotate = _mm_set1_epi32(0x0c0f0e0d);

	return _mm_aesenclast_si128(_mm_shuffle_epi8(key, rotate), _mm_set1_epi32(rcon));
}

// The same without RotWord and rcon.
INLINE __m128i substituted(__m128i key)
{
	return _mm_aesenclast_si128(_mm_shuffle_epi32(key, 0xff), _mm_setzero_si128());
}

// Each word xored with those before it and with first.
INLINE __m128i chained(__m128i key, __m128i first)
{
	key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
	key = _mm_xor_si128(key, _mm_slli_si128(key, 8));
	return _mm_xor_si128(key, first);
}

static const int rcons[10] = {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x1b, 0x36};

INLINE void keys128(const struct srtp_schedule *jobs)
{
	__m128i key[AT_ONCE];

#pragma GCC unroll 4
	for (int k = 0; k < AT_ONCE; k++) {
		key[k] = _mm_loadu_si128((const __m128i *)jobs[k].key);
		_mm_storeu_si128((__m128i *)jobs[k].round_keys, key[k]);
	}
	for (int round = 1; round <= ROUNDS_128; round++) {
#pragma GCC unroll 4
		for (int k = 0; k < AT_ONCE; k++) {
			key[k] = chained(key[k], rotated(key[k], rcons[round - 1]));
			_mm_storeu_si128((__m128i *)jobs[k].round_keys + round, key[k]);
		}
	}
}

INLINE void keys256(const struct srtp_schedule *jobs)
{
	__m128i even[AT_ONCE], odd[AT_ONCE];

#pragma GCC unroll 4
	for (int k = 0; k < AT_ONCE; k++) {
		even[k] = _mm_loadu_si128((const __m128i *)jobs[k].key);
		odd[k] = _mm_loadu_si128((const __m128i *)jobs[k].key + 1);
		_mm_storeu_si128((__m128i *)jobs[k].round_keys, even[k]);
		_mm_storeu_si128((__m128i *)jobs[k].round_keys + 1, odd[k]);
	}
	for (int round = 2; round <= ROUNDS_256; round += 2) {
#pragma GCC unroll 4
		for (int k = 0; k < AT_ONCE; k++) {
			__m128i *out = (__m128i *)jobs[k].round_keys + round;

			even[k] = chained(even[k], rotated(odd[k], rcons[round / 2 - 1]));
			_mm_storeu_si128(out, even[k]);
			odd[k] = chained(odd[k], substituted(even[k]));
			if (round < ROUNDS_256)
				_mm_storeu_si128(out + 1, odd[k]);
		}
	}
}

// The last jobs repeated until there are four.
INLINE void four_fill(
	struct srtp_schedule four[AT_ONCE], const struct srtp_schedule *jobs, unsigned int n)
{
	for (unsigned int k = 0; k < AT_ONCE; k++)
		four[k] = jobs[k < n ? k : n - 1];
}

INSTRUCTIONS void srtp_schedule_128(const struct srtp_schedule *jobs, unsigned int n)
{
	struct srtp_schedule four[AT_ONCE];

	for (; n >= AT_ONCE; n -= AT_ONCE, jobs += AT_ONCE)
		keys128(jobs);
	if (n == 0)
		return;
	four_fill(four, jobs, n);
	keys128(four);
}

INSTRUCTIONS void srtp_schedule_256(const struct srtp_schedule *jobs, unsigned int n)
{
	struct srtp_schedule four[AT_ONCE];

	for (; n >= AT_ONCE; n -= AT_ONCE, jobs += AT_ONCE)
		keys256(jobs);
	if (n == 0)
		return;
	four_fill(four, jobs, n);
	keys256(four);
}
