// SPDX-License-Identifier: Apache-2.0
// Key derivation and expansion against RFC 3711 B.3, RFC 7714-style vectors and the library.
#include "hex.h"
#include "srtp_priv.h"
#include "srtp_schedule.h"

#include <errno.h>
#include <intel-ipsec-mb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void assert_hex(const uint8_t *bytes, const char *hex)
{
	uint8_t want[256];
	size_t len = strlen(hex) / 2;

	assert_int_equal(hex_parse(want, len, hex), 0);
	assert_memory_equal(bytes, want, len);
}

static void cm_session_keys_match_rfc3711_b3(void **state)
{
	struct srtp_session_pair session;
	uint8_t key[16];
	uint8_t salt[14];

	(void)state;
	hex_parse(key, 16, "e1f97a0d3e018be0d64fa32c06de4139");
	hex_parse(salt, 14, "0ec675ad498afeebb6960b3aabe6");
	assert_int_equal(srtp_kdf_derive(&session, SRTP_SUITE_AES128_CM_SHA1_80, key, salt), 0);
	assert_hex(session.rtp.cipher, "c61e7a93744f39ee10734afe3ff7a087");
	assert_hex(session.rtp.salt, "30cbbc08863d8c85d49db34a9ae1");
	assert_hex(session.rtp.auth, "cebe321f6ff7716b6fd4ab49af256a156d38baa4");
	assert_hex(session.rtcp.cipher, "4c1aa45a81f73d61c800bbb00fbb1eaa");
	assert_hex(session.rtcp.auth, "8d54534feb49ae8e7993a6bd0b844fc323a93dfd");
	assert_hex(session.rtcp.salt, "9581c7ad87b3e530bf3e4454a8b3");
}

static void gcm_session_keys_pad_the_salt(void **state)
{
	struct srtp_session_pair session;
	uint8_t key[32];
	uint8_t salt[12];

	(void)state;
	for (int i = 0; i < 32; i++)
		key[i] = (uint8_t)i;
	for (int i = 0; i < 12; i++)
		salt[i] = (uint8_t)(0xa0 + i);
	assert_int_equal(srtp_kdf_derive(&session, SRTP_SUITE_AEAD_AES_128_GCM, key, salt), 0);
	assert_hex(session.rtp.cipher, "077c6143cb221bc355ff23d5f984a16e");
	assert_hex(session.rtp.salt, "9af3e95364ebac9c99c5a7c4");
	assert_int_equal(srtp_kdf_derive(&session, SRTP_SUITE_AEAD_AES_256_GCM, key, salt), 0);
	assert_hex(session.rtp.cipher,
		"b7a435ce454463b760dc82c838468a115c699625af4b93a0f8220a2a6119c5d0");
	assert_hex(session.rtp.salt, "944bd21c268a962cd09c674a");
}

// The library's own table holds H^8 to H^1.
static void hash_powers_match_the_library(void **state)
{
	struct gcm_key_data table __attribute__((aligned(64)));
	struct srtp_session_pair session = {0};
	struct srtp_key key;

	(void)state;
	for (int round = 0; round < 64; round++) {
		for (int i = 0; i < 16; i++)
			session.rtp.cipher[i] = (uint8_t)(round * 37 + i * 11);
		aes_gcm_pre_128_sse(session.rtp.cipher, &table);
		assert_int_equal(srtp_key_expand(&key, SRTP_SUITE_AEAD_AES_128_GCM, &session), 0);
		assert_memory_equal(key.gcm.powers + 16 * (SRTP_GCM_POWERS - 8),
			table.ghash_keys.sse_avx.shifted_hkey, 128);
	}
}

// FIPS 197 A.1 and A.3 for the ends; all of it, for any number of keys together, against the library.
static void round_keys_match_fips197_and_the_library(void **state)
{
	uint8_t keys[9][32], made[9][SRTP_ROUND_KEYS_256 + 1], want[SRTP_ROUND_KEYS_256];
	struct srtp_schedule jobs[9];

	(void)state;
	for (unsigned int n = 1; n <= 9; n++) {
		for (unsigned int i = 0; i < n; i++) {
			jobs[i] = (struct srtp_schedule){keys[i], made[i]};
			memset(made[i], 0xc5, sizeof(made[i]));
			hex_parse(keys[i], 16, "2b7e151628aed2a6abf7158809cf4f3c");
			keys[i][0] ^= (uint8_t)i;
		}
		srtp_schedule_128(jobs, n);
		assert_hex(made[0] + 160, "d014f9a8c9ee2589e13f0cc8b6630ca6");
		for (unsigned int i = 0; i < n; i++) {
			aes_keyexp_128_enc_sse(keys[i], want);
			assert_memory_equal(made[i], want, SRTP_ROUND_KEYS_128);
			assert_int_equal(made[i][SRTP_ROUND_KEYS_128], 0xc5);
			hex_parse(keys[i], 32,
				"603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
			keys[i][31] ^= (uint8_t)i;
		}
		srtp_schedule_256(jobs, n);
		assert_hex(made[0] + 224, "fe4890d1e6188d0b046df344706c631e");
		for (unsigned int i = 0; i < n; i++) {
			aes_keyexp_256_enc_sse(keys[i], want);
			assert_memory_equal(made[i], want, SRTP_ROUND_KEYS_256);
			assert_int_equal(made[i][SRTP_ROUND_KEYS_256], 0xc5);
		}
	}
}

static void wrong_lengths_are_refused(void **state)
{
	static const struct srtp_key zero;
	uint8_t bytes[32] = {1};
	struct srtp_key key;

	(void)state;
	for (int suite = 0; suite <= SRTP_SUITE_COUNT; suite++) {
		const struct srtp_suite_info *info = srtp_suite_info(suite);
		int fits = info->key_len != 0;

		assert_int_equal(
			srtp_key_init(&key, suite, bytes, info->key_len, bytes, info->salt_len),
			fits ? 0 : -EINVAL);
		assert_int_equal(key.suite, fits ? suite : 0);
		assert_int_equal(srtp_key_init(&key, suite, bytes, info->key_len, bytes,
					 info->salt_len + 1u),
			-EINVAL);
		assert_int_equal(srtp_key_init(&key, suite, bytes, info->key_len + 1u, bytes,
					 info->salt_len),
			-EINVAL);
		assert_memory_equal(&key, &zero, sizeof(key));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cm_session_keys_match_rfc3711_b3),
		cmocka_unit_test(gcm_session_keys_pad_the_salt),
		cmocka_unit_test(hash_powers_match_the_library),
		cmocka_unit_test(round_keys_match_fips197_and_the_library),
		cmocka_unit_test(wrong_lengths_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
