// SPDX-License-Identifier: Apache-2.0
// The AVX-512 kernels by themselves: published vectors in every lane, messages that end where memory ends.
#include "hex.h"
#include "srtp_avx512.h"
#include "srtp_rig.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <intel-ipsec-mb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define LANES SRTP_AVX512_LANES
#define LONGEST 1500

// A message behind whose last byte memory ends: to touch another byte is to die.
struct edge {
	uint8_t *map, *end;
	size_t bytes;
};

static void edge_open(struct edge *edge)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	edge->bytes = 2 * page;
	edge->map =
		mmap(NULL, edge->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(edge->map != MAP_FAILED);
	edge->end = edge->map + page;
	assert_int_equal(mprotect(edge->end, page, PROT_NONE), 0);
}

static void states_make(uint8_t states[40], const uint8_t *key, size_t key_len)
{
	uint8_t block[64] = {0};

	memcpy(block, key, key_len);
	for (int i = 0; i < 64; i++)
		block[i] ^= 0x36;
	sha1_one_block_sse(block, states);
	for (int i = 0; i < 64; i++)
		block[i] ^= 0x36 ^ 0x5c;
	sha1_one_block_sse(block, states + 20);
}

// RFC 2202, the test cases with keys of at most 64 bytes.
static void hmac_matches_rfc2202_in_every_lane(void **state)
{
	static const struct {
		const char *key, *data, *digest;
	} rows[] = {
		{"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
			"b617318655057264e28bc0b6fb378c8ef146be00"},
		{"4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
			"effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
		{"0102030405060708090a0b0c0d0e0f10111213141516171819",
			"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
			"cdcdcdcdcd"
			"cdcdcdcdcdcdcdcd",
			"4c9007f4026250c6bc8414f9bf50c86c2d7235da"},
	};
	uint8_t key[25], data[3][50], states[3][40], want[3][20],
		tags[LANES][SRTP_AVX512_TAG_STRIDE];
	struct srtp_avx512_message messages[LANES];

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(hex_parse(key, strlen(rows[i].key) / 2, rows[i].key), 0);
		assert_int_equal(hex_parse(data[i], strlen(rows[i].data) / 2, rows[i].data), 0);
		assert_int_equal(hex_parse(want[i], 20, rows[i].digest), 0);
		states_make(states[i], key, strlen(rows[i].key) / 2);
	}
	for (unsigned int n = 1; n <= LANES; n++) {
		for (unsigned int i = 0; i < n; i++)
			messages[i] = (struct srtp_avx512_message){
				data[i % 3], states[i % 3], (uint32_t)strlen(rows[i % 3].data) / 2};
		memset(tags, 0xc5, sizeof(tags));
		srtp_avx512_hmac(messages, n, tags);
		for (unsigned int i = 0; i < LANES; i++) {
			if (i < n)
				assert_memory_equal(tags[i], want[i % 3], 20);
			for (unsigned int k = i < n ? 20 : 0; k < SRTP_AVX512_TAG_STRIDE; k++)
				assert_int_equal(tags[i][k], 0xc5);
		}
	}
}

// Every length from 0 on in some lane, beside lanes of other lengths, against OpenSSL.
static void messages_end_where_memory_ends(void **state)
{
	struct srtp_avx512_message messages[LANES];
	uint8_t tags[LANES][SRTP_AVX512_TAG_STRIDE];
	uint8_t states[40], want[20], key[20] = "twenty bytes of key.";
	struct rig_random random = {31};
	struct edge edges[LANES];
	unsigned int written;

	(void)state;
	states_make(states, key, sizeof(key));
	for (unsigned int i = 0; i < LANES; i++) {
		edge_open(&edges[i]);
		rig_bytes(&random, edges[i].end - LONGEST, LONGEST);
	}
	for (uint32_t len = 0; len <= LONGEST; len++) {
		for (unsigned int i = 0; i < LANES; i++) {
			messages[i].len = i == len % LANES ? len : rig_below(&random, 300);
			messages[i].data = edges[i].end - messages[i].len;
			messages[i].states = states;
		}
		srtp_avx512_hmac(messages, LANES, tags);
		for (unsigned int i = 0; i < LANES; i++) {
			HMAC(EVP_sha1(), key, sizeof(key), messages[i].data, messages[i].len, want,
				&written);
			assert_memory_equal(tags[i], want, 20);
		}
	}
	for (unsigned int i = 0; i < LANES; i++)
		munmap(edges[i].map, edges[i].bytes);
}

static void counter_mode_ends_where_memory_ends(void **state)
{
	static uint8_t before[LONGEST], want[LONGEST];
	const EVP_CIPHER *cipher = EVP_aes_128_ctr();
	EVP_CIPHER_CTX *ctr = EVP_CIPHER_CTX_new();
	struct rig_random random = {32};
	uint8_t key[16], iv[16] = {0}, blocks[SRTP_AVX512_KEYS_BYTES];
	const uint8_t *keys = key;
	struct edge edge;
	int written;

	(void)state;
	edge_open(&edge);
	for (uint32_t len = 0; len <= LONGEST; len++) {
		const struct srtp_avx512_text text = {
			edge.end - len, srtp_avx512_keys_of(blocks, 0), iv, len};

		rig_bytes(&random, key, sizeof(key));
		rig_bytes(&random, iv, 14);
		rig_bytes(&random, edge.end - LONGEST, LONGEST);
		memcpy(before, edge.end - LONGEST, LONGEST);
		srtp_avx512_keys_128(&keys, 1, blocks);
		EVP_EncryptInit_ex(ctr, cipher, NULL, key, iv);
		EVP_EncryptUpdate(ctr, want, &written, text.data, (int)len);
		srtp_avx512_crypt(&text);
		assert_memory_equal(text.data, want, len);
		assert_memory_equal(edge.end - LONGEST, before, LONGEST - len);
	}
	EVP_CIPHER_CTX_free(ctr);
	munmap(edge.map, edge.bytes);
}

// NIST SP 800-38A F.5.1.
static void counter_mode_matches_sp800_38a(void **state)
{
	uint8_t key[16], iv[16], blocks[SRTP_AVX512_KEYS_BYTES], data[64], want[64];
	const struct srtp_avx512_text text = {data, blocks, iv, sizeof(data)};
	const uint8_t *keys = key;

	(void)state;
	hex_parse(key, 16, "2b7e151628aed2a6abf7158809cf4f3c");
	hex_parse(iv, 16, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
	hex_parse(data, 64,
		"6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
		"30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
	hex_parse(want, 64,
		"874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
		"5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee");
	srtp_avx512_keys_128(&keys, 1, blocks);
	srtp_avx512_crypt(&text);
	assert_memory_equal(data, want, 64);
}

// As many keys as a chunk may have, each number of them, against the library's schedule; no byte behind the blocks.
static void round_keys_match_the_library(void **state)
{
	static uint8_t blocks[9 * SRTP_AVX512_KEYS_BYTES];
	struct rig_random random = {33};
	uint8_t bytes[32][16], want[176];
	const uint8_t *keys[32];

	(void)state;
	for (unsigned int n = 0; n <= 32; n++) {
		size_t used = (n + 3) / 4 * SRTP_AVX512_KEYS_BYTES;

		for (unsigned int i = 0; i < n; i++) {
			rig_bytes(&random, bytes[i], 16);
			keys[i] = bytes[i];
		}
		memset(blocks, 0xc5, sizeof(blocks));
		srtp_avx512_keys_128(keys, n, blocks);
		for (unsigned int i = 0; i < n; i++) {
			aes_keyexp_128_enc_sse(bytes[i], want);
			for (int round = 0; round < 11; round++)
				assert_memory_equal(srtp_avx512_keys_of(blocks, i) + 64 * round,
					want + 16 * round, 16);
		}
		for (size_t i = used; i < sizeof(blocks); i++)
			assert_int_equal(blocks[i], 0xc5);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hmac_matches_rfc2202_in_every_lane),
		cmocka_unit_test(messages_end_where_memory_ends),
		cmocka_unit_test(counter_mode_ends_where_memory_ends),
		cmocka_unit_test(counter_mode_matches_sp800_38a),
		cmocka_unit_test(round_keys_match_the_library),
	};
	struct srtp_ctx *ctx = srtp_ctx_create(SRTP_ARCH_OWN);

	if (!ctx) {
		print_message("not tested: this processor lacks AVX-512 or VAES\n");
		return 77; // meson: skipped
	}
	srtp_ctx_destroy(ctx);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
