// SPDX-License-Identifier: Apache-2.0
// HMAC-SHA1 of sixteen messages of any lengths: masks let each end where it does.
#include "avx512_sha1.h"
#include "srtp_avx512.h"

#define LANES SRTP_AVX512_LANES
#define BLOCK 64
#define END_BYTES 9 // the marker and the length that close a message

struct lanes {
	const uint8_t *data[LANES];
	int64_t left[LANES]; // bytes from data on; below zero: it ended in an earlier block
	__m512i blocks; // of each message, closed
	__m512i bits; // the length that closes it, key block counted
	uint32_t most; // blocks of the longest
};

static void lanes_open(
	struct lanes *lanes, const struct srtp_avx512_message *messages, unsigned int n)
{
	uint32_t len[LANES] = {0};
	__mmask16 used = (__mmask16)_bzhi_u32(0xffff, n);
	__m512i lens;

	for (unsigned int i = 0; i < LANES; i++) {
		lanes->data[i] = messages[i < n ? i : 0].data;
		len[i] = i < n ? messages[i].len : 0;
		lanes->left[i] = len[i];
	}
	lens = _mm512_loadu_si512(len);
	lanes->blocks = _mm512_maskz_srli_epi32(
		used, _mm512_add_epi32(lens, _mm512_set1_epi32(END_BYTES + BLOCK - 1)), 6);
	lanes->bits = _mm512_slli_epi32(_mm512_add_epi32(lens, _mm512_set1_epi32(BLOCK)), 3);
	lanes->most = _mm512_reduce_max_epu32(lanes->blocks);
}

// The next 64 bytes of a message, what lies behind its end replaced by the marker and zeroes.
static inline __m512i row_load(struct lanes *lanes, unsigned int i)
{
	int64_t left = lanes->left[i];
	const uint8_t *data = lanes->data[i];
	__mmask64 inside, marker;

	lanes->left[i] -= BLOCK;
	if (left >= BLOCK) {
		lanes->data[i] += BLOCK;
		return _mm512_loadu_si512(data);
	}
	inside = left > 0 ? _bzhi_u64(~0ULL, (uint64_t)left) : 0;
	marker = left >= 0 ? 1ULL << left : 0;
	return _mm512_mask_blend_epi8(
		marker, _mm512_maskz_loadu_epi8(inside, data), _mm512_set1_epi8((char)0x80));
}

// The words of block number of every message, the length in those that it closes.
static inline __attribute__((always_inline)) void words_load(
	struct lanes *lanes, uint32_t number, __m512i words[16])
{
	__mmask16 closing =
		_mm512_cmpeq_epi32_mask(lanes->blocks, _mm512_set1_epi32((int)number + 1));

#pragma GCC unroll 16
	for (unsigned int i = 0; i < LANES; i++)
		words[i] = sha1_swap(row_load(lanes, i));
	avx512_transpose(words);
	words[15] = _mm512_mask_mov_epi32(words[15], closing, lanes->bits);
}

static void inner_hash(struct lanes *lanes, __m512i state[5])
{
	__m512i words[16];

	for (uint32_t number = 0; number < lanes->most; number++) {
		__mmask16 active =
			_mm512_cmpgt_epu32_mask(lanes->blocks, _mm512_set1_epi32((int)number));

		words_load(lanes, number, words);
		sha1_block(state, words, active);
	}
}

// The outer message is the inner digest, which stands in the lanes already.
static void outer_hash(const __m512i inner[5], __m512i state[5])
{
	__m512i words[16];

	for (unsigned int i = 0; i < 5; i++)
		words[i] = inner[i];
	words[5] = _mm512_set1_epi32((int)0x80000000);
	for (unsigned int i = 6; i < 15; i++)
		words[i] = _mm512_setzero_si512();
	words[15] = _mm512_set1_epi32(8 * (BLOCK + 20));
	sha1_block(state, words, 0xffff);
}

static void states_load(
	const struct srtp_avx512_message *messages, unsigned int n, __m512i inner_outer[16])
{
	for (unsigned int i = 0; i < LANES; i++)
		inner_outer[i] = _mm512_maskz_loadu_epi32(0x3ff, messages[i < n ? i : 0].states);
	avx512_transpose(inner_outer);
}

static void tags_store(
	const __m512i state[5], unsigned int n, uint8_t (*tags)[SRTP_AVX512_TAG_STRIDE])
{
	__m512i rows[16];

	for (unsigned int i = 0; i < 16; i++)
		rows[i] = i < 5 ? state[i] : _mm512_setzero_si512();
	avx512_transpose(rows);
	for (unsigned int i = 0; i < n; i++)
		_mm512_mask_storeu_epi32(tags[i], 0x1f, sha1_swap(rows[i]));
}

void srtp_avx512_hmac(const struct srtp_avx512_message *messages, unsigned int n,
	uint8_t (*tags)[SRTP_AVX512_TAG_STRIDE])
{
	__m512i inner_outer[16];
	struct lanes lanes;

	if (n == 0)
		return;
	lanes_open(&lanes, messages, n);
	states_load(messages, n, inner_outer);
	inner_hash(&lanes, inner_outer);
	outer_hash(inner_outer, inner_outer + 5);
	tags_store(inner_outer + 5, n, tags);
}
