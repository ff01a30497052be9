// SPDX-License-Identifier: Apache-2.0
// Whole packets against published vectors, on every instruction set: RFC 3711 keys with the packets
// of libsrtp's self-test, RFC 7714 sections 16 and 17 (session keys direct) and the same derived.
#include "hex.h"
#include "srtp_ctx.h"
#include "srtp_rig.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define CM_KEY "e1f97a0d3e018be0d64fa32c06de4139"
#define CM_SALT "0ec675ad498afeebb6960b3aabe6"
#define GCM_KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define GCM_SALT "a0a1a2a3a4a5a6a7a8a9aaab"
#define RFC7714_SALT "517569642070726f2071756f"

#define AB16 "abababababababababababababababab"
#define RTP_PLAIN "800f1234decafbadcafebabe" AB16
#define RTCP_PLAIN "81c8000bcafebabe" AB16
#define GALLIA_HEADER "8040f17b8041f8d35501a0b2"
#define GALLIA                                                                                     \
	GALLIA_HEADER "47616c6c696120657374206f6d6e697320646976697361"                             \
		      "20696e207061727465732074726573"

struct vector {
	const char *name;
	enum srtp_suite suite;
	const char *key, *salt;
	int is_session; // key and salt are session keys: no derivation
	int is_rtcp;
	uint32_t start; // ROC, or the RTCP index
	const char *plain, *sealed;
};

static const struct vector vectors[] = {
	{"CM 80", SRTP_SUITE_AES128_CM_SHA1_80, CM_KEY, CM_SALT, 0, 0, 0, RTP_PLAIN,
		"800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb"},
	{"CM 32", SRTP_SUITE_AES128_CM_SHA1_32, CM_KEY, CM_SALT, 0, 0, 0, RTP_PLAIN,
		"800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc"},
	{"CM 80, ROC 1", SRTP_SUITE_AES128_CM_SHA1_80, CM_KEY, CM_SALT, 0, 0, 1, RTP_PLAIN,
		"800f1234decafbadcafebabe179265c8bf303e4c24e7279f739bb5a6f8b3916fd670057bf1dc"},
	{"CM 80 RTCP", SRTP_SUITE_AES128_CM_SHA1_80, CM_KEY, CM_SALT, 0, 1, 1, RTCP_PLAIN,
		"81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798"},
	{"CM 32 RTCP", SRTP_SUITE_AES128_CM_SHA1_32, CM_KEY, CM_SALT, 0, 1, 1, RTCP_PLAIN,
		"81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798"},
	{"RFC 7714 16.1.1", SRTP_SUITE_AEAD_AES_128_GCM, GCM_KEY, RFC7714_SALT, 1, 0, 0, GALLIA,
		GALLIA_HEADER "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51"
			      "c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce"},
	{"RFC 7714 16.2.1", SRTP_SUITE_AEAD_AES_256_GCM, GCM_KEY, RFC7714_SALT, 1, 0, 0, GALLIA,
		GALLIA_HEADER "32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276"
			      "ffae0f1ba63799b87b7aa3db36dfffd6b0f9bb7878d7a76c13"},
	{"RFC 7714 17.1", SRTP_SUITE_AEAD_AES_128_GCM, GCM_KEY, RFC7714_SALT, 1, 1, 0x5d4,
		"81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeef"
		"deadbeefdeadbeefdeadbeef",
		"81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda"
		"4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4"},
	{"GCM 128", SRTP_SUITE_AEAD_AES_128_GCM, GCM_KEY, GCM_SALT, 0, 0, 0, RTP_PLAIN,
		"800f1234decafbadcafebabec5002ede04cfdd2eb91159e0880aa06ed2976826f796b201df3131a1"
		"27e8a392"},
	{"GCM 128 RTCP", SRTP_SUITE_AEAD_AES_128_GCM, GCM_KEY, GCM_SALT, 0, 1, 1, RTCP_PLAIN,
		"81c8000bcafebabec98b8b5df0392a55852b6c21ac8e7025c52c6fbea2b3b446ea31123ba88ce61e"
		"80000001"},
	{"GCM 256", SRTP_SUITE_AEAD_AES_256_GCM, GCM_KEY, GCM_SALT, 0, 0, 0, RTP_PLAIN,
		"800f1234decafbadcafebabe0af7f21e8a90bdad7a425c9c31ed4bb1d90238917e7390a2793500e1"
		"681acaea"},
};

static void vector_key(struct srtp_key *key, const struct vector *vector)
{
	const struct srtp_suite_info *info = srtp_suite_info(vector->suite);
	struct srtp_session_pair session = {0};
	uint8_t cipher[32];
	uint8_t salt[14];

	hex_parse(cipher, info->key_len, vector->key);
	hex_parse(salt, info->salt_len, vector->salt);
	if (!vector->is_session) {
		assert_int_equal(srtp_key_init(key, vector->suite, cipher, info->key_len, salt,
					 info->salt_len),
			0);
		return;
	}
	memcpy(session.rtp.cipher, cipher, info->key_len);
	memcpy(session.rtp.salt, salt, info->salt_len);
	session.rtcp = session.rtp;
	assert_int_equal(srtp_key_expand(key, vector->suite, &session), 0);
}

static void packet_load(struct rig_packet *packet, const char *hex)
{
	packet->len = (uint16_t)(strlen(hex) / 2);
	assert_int_equal(hex_parse(packet->bytes, packet->len, hex), 0);
}

static void vector_run(struct srtp_ctx *ctx, const struct vector *vector)
{
	struct srtp_index sender = {.roc = vector->is_rtcp ? 0 : vector->start,
		.rtcp_index = vector->is_rtcp ? vector->start : 0};
	struct srtp_index receiver = {.roc = sender.roc};
	struct rig_packet plain, sealed, packet;
	struct srtp_key key;

	print_message("%s, %s\n", srtp_ctx_arch_name(ctx), vector->name);
	vector_key(&key, vector);
	packet_load(&plain, vector->plain);
	packet_load(&sealed, vector->sealed);
	packet = plain;
	assert_int_equal(rig_run(ctx, vector->is_rtcp ? srtcp_protect_burst : srtp_protect_burst,
				 &packet, &key, &sender),
		0);
	assert_int_equal(packet.len, sealed.len);
	assert_memory_equal(packet.bytes, sealed.bytes, sealed.len);
	assert_int_equal(
		rig_run(ctx, vector->is_rtcp ? srtcp_unprotect_burst : srtp_unprotect_burst,
			&packet, &key, &receiver),
		0);
	assert_int_equal(packet.len, plain.len);
	assert_memory_equal(packet.bytes, plain.bytes, plain.len);
}

static void vectors_match_on_every_instruction_set(void **state)
{
	struct srtp_ctx *contexts[RIG_ARCHS];
	unsigned int n = rig_contexts(contexts);

	(void)state;
	for (unsigned int i = 0; i < n; i++) {
		assert_int_not_equal(contexts[i]->gcm_layout, GCM_TABLE_UNKNOWN);
		for (unsigned int v = 0; v < sizeof(vectors) / sizeof(vectors[0]); v++)
			vector_run(contexts[i], &vectors[v]);
		srtp_ctx_destroy(contexts[i]);
	}
}

// RFC 3711 B.2: the keystream, seen through a packet whose initialisation vector is the vector's.
static void keystream_matches_rfc3711_b2(void **state)
{
	struct srtp_session_pair session = {0};
	struct srtp_ctx *ctx = srtp_ctx_create(SRTP_ARCH_AUTO);
	struct rig_packet packet = {.bytes = {0x80}, .len = 12 + 48};
	struct srtp_index index = {0};
	struct srtp_key key;
	uint8_t want[48];

	(void)state;
	hex_parse(session.rtp.cipher, 16, "2b7e151628aed2a6abf7158809cf4f3c");
	hex_parse(session.rtp.salt, 14, "f0f1f2f3f4f5f6f7f8f9fafbfcfd");
	hex_parse(want, 48,
		"e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab"
		"41e95b3bb0a2e8dd477901e4fca894c0");
	assert_int_equal(srtp_key_expand(&key, SRTP_SUITE_AES128_CM_SHA1_80, &session), 0);
	assert_int_equal(rig_run(ctx, srtp_protect_burst, &packet, &key, &index), 0);
	assert_memory_equal(packet.bytes + 12, want, 48);
	srtp_ctx_destroy(ctx);
}

// Tags of 81c90001cafebabe 01020304 || 00000007 computed with other software (Python's hmac and
// cryptography) under the SRTCP keys that the master keys above derive to.
#define E0_CM_TAG "dddc5ce1303529dd7e64"
#define E0_GCM_TAG "d1e1b85e716188811fcbc00d58096d4a"

// RFC 3711 3.4, RFC 7714 9.3: E = 0 is authenticated, not encrypted.
static void unencrypted_rtcp_is_authenticated(void **state)
{
	struct srtp_ctx *ctx = srtp_ctx_create(SRTP_ARCH_AUTO);
	struct rig_master master = {.suite = SRTP_SUITE_AES128_CM_SHA1_80};
	struct rig_packet packet;
	struct srtp_index index = {0};
	struct srtp_key key;

	(void)state;
	hex_parse(master.key, 16, CM_KEY);
	hex_parse(master.salt, 14, CM_SALT);
	rig_key(&key, &master);
	packet_load(&packet, "81c90001cafebabe0102030400000007" E0_CM_TAG);
	packet.bytes[9] ^= 1;
	assert_int_equal(rig_run(ctx, srtcp_unprotect_burst, &packet, &key, &index), -EBADMSG);
	packet.bytes[9] ^= 1;
	assert_int_equal(rig_run(ctx, srtcp_unprotect_burst, &packet, &key, &index), 0);
	assert_int_equal(packet.len, 12);
	assert_int_equal(packet.bytes[8], 1);

	master.suite = SRTP_SUITE_AEAD_AES_128_GCM;
	hex_parse(master.key, 16, GCM_KEY);
	hex_parse(master.salt, 12, GCM_SALT);
	rig_key(&key, &master);
	index = (struct srtp_index){0};
	packet_load(&packet, "81c90001cafebabe01020304" E0_GCM_TAG "00000007");
	packet.bytes[9] ^= 1;
	assert_int_equal(rig_run(ctx, srtcp_unprotect_burst, &packet, &key, &index), -EBADMSG);
	packet.bytes[9] ^= 1;
	assert_int_equal(rig_run(ctx, srtcp_unprotect_burst, &packet, &key, &index), 0);
	assert_int_equal(packet.len, 12);
	assert_int_equal(rig_run(ctx, srtcp_unprotect_burst, &packet, &key, &index), -EINVAL);
	srtp_ctx_destroy(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_match_on_every_instruction_set),
		cmocka_unit_test(keystream_matches_rfc3711_b2),
		cmocka_unit_test(unencrypted_rtcp_is_authenticated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
