// SPDX-License-Identifier: Apache-2.0
// SHA-1 (FIPS 180-4 6.1) of sixteen messages side by side: lane i of every register belongs to message i.
#pragma once

#include <immintrin.h>
#include <stdint.h>

// Rows become columns: word c of row r goes to lane r of register c.
static inline __attribute__((always_inline)) void avx512_transpose(__m512i rows[16])
{
	__m512i by4[16];

#pragma GCC unroll 4
	for (int i = 0; i < 16; i += 4) {
		__m512i lo01 = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
		__m512i hi01 = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
		__m512i lo23 = _mm512_unpacklo_epi32(rows[i + 2], rows[i + 3]);
		__m512i hi23 = _mm512_unpackhi_epi32(rows[i + 2], rows[i + 3]);

		by4[i] = _mm512_unpacklo_epi64(lo01, lo23);
		by4[i + 1] = _mm512_unpackhi_epi64(lo01, lo23);
		by4[i + 2] = _mm512_unpacklo_epi64(hi01, hi23);
		by4[i + 3] = _mm512_unpackhi_epi64(hi01, hi23);
	}
	// Quarter k of by4[4 * i + j] now holds word 4 * k + j of rows 4 * i to 4 * i + 3.
#pragma GCC unroll 4
	for (int j = 0; j < 4; j++) {
		__m512i front01 = _mm512_shuffle_i32x4(by4[j], by4[j + 4], 0x44);
		__m512i back01 = _mm512_shuffle_i32x4(by4[j], by4[j + 4], 0xee);
		__m512i front23 = _mm512_shuffle_i32x4(by4[j + 8], by4[j + 12], 0x44);
		__m512i back23 = _mm512_shuffle_i32x4(by4[j + 8], by4[j + 12], 0xee);

		rows[j] = _mm512_shuffle_i32x4(front01, front23, 0x88);
		rows[j + 4] = _mm512_shuffle_i32x4(front01, front23, 0xdd);
		rows[j + 8] = _mm512_shuffle_i32x4(back01, back23, 0x88);
		rows[j + 12] = _mm512_shuffle_i32x4(back01, back23, 0xdd);
	}
}

static inline __m512i sha1_swap(__m512i words)
{
	return _mm512_shuffle_epi8(words,
		_mm512_broadcast_i32x4(
			_mm_setr_epi8(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)));
}

// f of round t; the numbers are truth tables of b, c, d.
static inline __attribute__((always_inline)) __m512i sha1_f(
	unsigned int t, __m512i b, __m512i c, __m512i d)
{
	if (t < 20)
		return _mm512_ternarylogic_epi32(b, c, d, 0xca); // choose
	if (t >= 40 && t < 60)
		return _mm512_ternarylogic_epi32(b, c, d, 0xe8); // majority
	return _mm512_ternarylogic_epi32(b, c, d, 0x96); // parity
}

// Word t of the schedule, in the place of word t - 16.
static inline __attribute__((always_inline)) __m512i sha1_word(__m512i w[16], unsigned int t)
{
	__m512i mixed =
		_mm512_ternarylogic_epi32(w[(t + 13) % 16], w[(t + 8) % 16], w[(t + 2) % 16], 0x96);

	w[t % 16] = _mm512_rol_epi32(_mm512_xor_si512(mixed, w[t % 16]), 1);
	return w[t % 16];
}

// One block of each message whose bit in active is set. words: 16 of the block, spent afterwards.
static inline __attribute__((always_inline)) void sha1_block(
	__m512i state[5], __m512i words[16], __mmask16 active)
{
	static const uint32_t constants[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
	__m512i a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];

#pragma GCC unroll 80
	for (unsigned int t = 0; t < 80; t++) {
		__m512i k = _mm512_set1_epi32((int)constants[t / 20]);
		__m512i word = t < 16 ? words[t] : sha1_word(words, t);

		e = _mm512_add_epi32(e, _mm512_add_epi32(word, k));
		e = _mm512_add_epi32(e, sha1_f(t, b, c, d));
		e = _mm512_add_epi32(e, _mm512_rol_epi32(a, 5));
		word = e;
		e = d;
		d = c;
		c = _mm512_rol_epi32(b, 30);
		b = a;
		a = word;
	}
	state[0] = _mm512_mask_add_epi32(state[0], active, state[0], a);
	state[1] = _mm512_mask_add_epi32(state[1], active, state[1], b);
	state[2] = _mm512_mask_add_epi32(state[2], active, state[2], c);
	state[3] = _mm512_mask_add_epi32(state[3], active, state[3], d);
	state[4] = _mm512_mask_add_epi32(state[4], active, state[4], e);
}
