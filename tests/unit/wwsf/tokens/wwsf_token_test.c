// SPDX-License-Identifier: Apache-2.0
// Tokens and keys: verified by cjose and by OpenSSL from the published JWK set alone.
#include "wwsf_b64url.h"
#include "wwsf_jwk.h"
#include "wwsf_token.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <cjose/cjose.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[32];

static const struct wwsf_config config = {
	.issuer = "https://203.0.113.1:8444",
	.audience = "ep-cscf.ims.test",
	.wwsf_id = "wwsf.ims.test",
	.waf_id = "waf.ims.test",
	.token_lifetime_s = 12,
};

static const struct user bob = {
	.name = "bob",
	.mode = USER_MODE_TOKEN,
	.impi = "bob@ims.test",
	.impus = {"sip:bob@ims.test", "tel:+15550101"},
	.impus_count = 2,
};

static int folder_make(void **state)
{
	strcpy(folder, "/tmp/wwsf_token_XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	*state = key_set_load(folder);
	return *state != NULL ? 0 : -1;
}

static int folder_remove(void **state)
{
	char command[64];

	key_set_destroy(*state);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

// RFC 4648 section 10 without padding, and the two characters that differ.
static void base64url_vectors(void **state)
{
	static const char *const vectors[][2] = {{"", ""}, {"f", "Zg"}, {"fo", "Zm8"},
		{"foo", "Zm9v"}, {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"},
		{"\xfb\xff", "-_8"}};
	char text[16];

	(void)state;
	for (unsigned i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		size_t len = strlen(vectors[i][0]);

		assert_int_equal(b64url_write(text, (const uint8_t *)vectors[i][0], len),
			strlen(vectors[i][1]));
		assert_string_equal(text, vectors[i][1]);
		assert_int_equal(strlen(text), B64URL_LEN(len));
	}
}

// The key of the JWK set with the token's kid, as cjose sees it.
static cjose_jwk_t *published_key(const struct key_set *set, const char *id)
{
	char *jwks = key_set_jwks(set);
	json_t *root = json_loads(jwks, 0, NULL), *entry;
	cjose_jwk_t *jwk = NULL;
	cjose_err err;
	size_t i;

	json_array_foreach(json_object_get(root, "keys"), i, entry)
	{
		char *text = json_dumps(entry, 0);

		assert_null(json_object_get(entry, "d"));
		if (strcmp(json_string_value(json_object_get(entry, "kid")), id) == 0)
			jwk = cjose_jwk_import(text, strlen(text), &err);
		free(text);
	}
	json_decref(root);
	free(jwks);
	return jwk;
}

static void claims_check(const char *text, size_t len, int64_t now_s)
{
	json_t *claims = json_loadb(text, len, 0, NULL);
	json_t *impus = json_object_get(claims, "ims_impu");

	assert_string_equal(json_string_value(json_object_get(claims, "iss")), config.issuer);
	assert_string_equal(json_string_value(json_object_get(claims, "aud")), config.audience);
	assert_string_equal(json_string_value(json_object_get(claims, "scope")), "ims");
	assert_string_equal(json_string_value(json_object_get(claims, "ims_impi")), bob.impi);
	assert_string_equal(json_string_value(json_object_get(claims, "wwsf_id")), config.wwsf_id);
	assert_string_equal(json_string_value(json_object_get(claims, "waf_id")), config.waf_id);
	assert_int_equal(json_array_size(impus), 2);
	assert_string_equal(json_string_value(json_array_get(impus, 1)), bob.impus[1]);
	assert_int_equal(json_integer_value(json_object_get(claims, "iat")), now_s);
	assert_int_equal(json_integer_value(json_object_get(claims, "nbf")), now_s);
	assert_int_equal(json_integer_value(json_object_get(claims, "exp")), now_s + 12);
	assert_int_equal(strlen(json_string_value(json_object_get(claims, "jti"))), 32);
	json_decref(claims);
}

static void token_passes_cjose(void **state)
{
	const struct key_set *set = *state;
	char *token = token_issue(&config, set, &bob, 1800000000);
	cjose_jwk_t *jwk = published_key(set, set->keys[0].id);
	cjose_err err;
	cjose_jws_t *jws = cjose_jws_import(token, strlen(token), &err);
	uint8_t *text;
	size_t len;

	assert_non_null(jws);
	assert_non_null(jwk);
	assert_true(cjose_jws_verify(jws, jwk, &err));
	assert_string_equal(
		cjose_header_get(cjose_jws_get_protected(jws), CJOSE_HDR_ALG, &err), "ES256");
	assert_true(cjose_jws_get_plaintext(jws, &text, &len, &err));
	claims_check((const char *)text, len, 1800000000);
	cjose_jws_release(jws);
	// One bit of the claims is enough.
	token[strcspn(token, ".") + 5] ^= 1;
	jws = cjose_jws_import(token, strlen(token), &err);
	assert_false(jws != NULL && cjose_jws_verify(jws, jwk, &err));
	cjose_jws_release(jws);
	cjose_jwk_release(jwk);
	free(token);
}

static void signature_passes_openssl(void **state)
{
	const struct key_set *set = *state;
	static const char text[] = "header.claims";

	// Often enough that r or s has a leading zero byte.
	for (unsigned i = 0; i < 600; i++) {
		ECDSA_SIG *sig = ECDSA_SIG_new();
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();
		uint8_t flat[64], *der = NULL;
		int len;

		assert_int_equal(key_set_sign(set, text, strlen(text), flat), 0);
		ECDSA_SIG_set0(sig, BN_bin2bn(flat, 32, NULL), BN_bin2bn(flat + 32, 32, NULL));
		len = i2d_ECDSA_SIG(sig, &der);
		assert_int_equal(
			EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, set->keys[0].pkey), 1);
		assert_int_equal(EVP_DigestVerify(ctx, der, (size_t)len, (const uint8_t *)text,
					 strlen(text)),
			1);
		OPENSSL_free(der);
		EVP_MD_CTX_free(ctx);
		ECDSA_SIG_free(sig);
	}
}

static void key_write(const char *name, EVP_PKEY *pkey, mode_t mode, time_t changed)
{
	struct timespec times[2] = {{.tv_sec = changed}, {.tv_sec = changed}};
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	PEM_write_PrivateKey(file, pkey, NULL, NULL, 0, NULL, NULL);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	EVP_PKEY_free(pkey);
}

static void newest_key_signs(void **state)
{
	const struct key_set *first = *state;
	struct key_set *both;
	char *jwks;

	key_write("next.pem", EVP_EC_gen("P-256"), 0600, time(NULL) + 100);
	key_write("last.pem", EVP_EC_gen("P-256"), 0600, 1000);
	both = key_set_load(folder);
	assert_non_null(both);
	assert_int_equal(both->count, 3);
	assert_string_equal(both->keys[1].id, first->keys[0].id);
	assert_string_not_equal(both->keys[0].id, first->keys[0].id);
	jwks = key_set_jwks(both);
	for (unsigned i = 0; i < 3; i++)
		assert_non_null(strstr(jwks, both->keys[i].id));
	free(jwks);
	key_set_destroy(both);
}

static void first_key_is_private_and_stays(void **state)
{
	const struct key_set *first = *state;
	struct key_set *again = key_set_load(folder);
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "%s/es256.pem", folder);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_non_null(again);
	assert_int_equal(again->count, 1);
	assert_string_equal(again->keys[0].id, first->keys[0].id);
	key_set_destroy(again);
}

static void wrong_keys_are_refused(void **state)
{
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "%s/other.pem", folder);
	key_write("other.pem", EVP_EC_gen("P-256"), 0640, 1000);
	assert_null(key_set_load(folder));
	assert_int_equal(errno, EACCES);
	key_write("other.pem", EVP_EC_gen("P-384"), 0600, 1000);
	assert_null(key_set_load(folder));
	key_write("other.pem", EVP_RSA_gen(2048), 0600, 1000);
	assert_null(key_set_load(folder));
	assert_int_equal(truncate(path, 20), 0);
	assert_null(key_set_load(folder));
}

// The key of RFC 7517 appendix A.1; its thumbprint was computed with sha256sum over the text that
// RFC 7638 section 3 prescribes.
static void thumbprint_vector(void **state)
{
	static const char x[] = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4";
	static const char y[] = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM";
	static const uint8_t point[] = {0x04, 0x30, 0xa0, 0x42, 0x4c, 0xd2, 0x1c, 0x29, 0x44, 0x83,
		0x8a, 0x2d, 0x75, 0xc9, 0x2b, 0x37, 0xe7, 0x6e, 0xa2, 0x0d, 0x9f, 0x00, 0x89, 0x3a,
		0x3b, 0x4e, 0xee, 0x8a, 0x3c, 0x0a, 0xaf, 0xec, 0x3e, 0xe0, 0x4b, 0x65, 0xe9, 0x24,
		0x56, 0xd9, 0x88, 0x8b, 0x52, 0xb3, 0x79, 0xbd, 0xfb, 0xd5, 0x1e, 0xe8, 0x69, 0xef,
		0x1f, 0x0f, 0xc6, 0x5b, 0x66, 0x59, 0x69, 0x5b, 0x6c, 0xce, 0x08, 0x17, 0x23};
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (void *)"P-256", 5),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)point, sizeof(point)),
		OSSL_PARAM_END,
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	struct signing_key key = {0};

	(void)state;
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &key.pkey, EVP_PKEY_PUBLIC_KEY, params), 1);
	assert_int_equal(jwk_fill(&key), 0);
	assert_string_equal(key.x, x);
	assert_string_equal(key.y, y);
	assert_string_equal(key.id, "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s");
	EVP_PKEY_free(key.pkey);
	EVP_PKEY_CTX_free(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64url_vectors),
		cmocka_unit_test(thumbprint_vector),
		cmocka_unit_test_setup_teardown(token_passes_cjose, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(
			signature_passes_openssl, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(newest_key_signs, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(
			first_key_is_private_and_stays, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(wrong_keys_are_refused, folder_make, folder_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
