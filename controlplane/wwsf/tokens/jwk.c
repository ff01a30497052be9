// SPDX-License-Identifier: Apache-2.0
// JWK, its thumbprint, and the signature form of JWS (RFC 7517, 7638, 7518).
#include "wwsf_b64url.h"
#include "wwsf_jwk.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

static int coordinate_write(const EVP_PKEY *pkey, const char *which, char *text)
{
	uint8_t bytes[32];
	BIGNUM *bn = NULL;
	int len = -1;

	if (EVP_PKEY_get_bn_param(pkey, which, &bn) == 1)
		len = BN_bn2binpad(bn, bytes, sizeof(bytes));
	BN_free(bn);
	if (len != sizeof(bytes))
		return -EINVAL;
	b64url_write(text, bytes, sizeof(bytes));
	return 0;
}

int jwk_fill(struct signing_key *key)
{
	char group[64] = "", text[256];
	uint8_t hash[32];

	if (!EVP_PKEY_is_a(key->pkey, "EC") ||
		EVP_PKEY_get_group_name(key->pkey, group, sizeof(group), NULL) != 1 ||
		strcmp(group, "prime256v1") != 0)
		return -EINVAL;
	if (coordinate_write(key->pkey, OSSL_PKEY_PARAM_EC_PUB_X, key->x) < 0 ||
		coordinate_write(key->pkey, OSSL_PKEY_PARAM_EC_PUB_Y, key->y) < 0)
		return -EINVAL;
	// RFC 7638 section 3: the required members only, in this order, without spaces.
	snprintf(text, sizeof(text), "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}",
		key->x, key->y);
	if (EVP_Digest(text, strlen(text), hash, NULL, EVP_sha256(), NULL) != 1)
		return -EINVAL;
	b64url_write(key->id, hash, sizeof(hash));
	return 0;
}

char *key_set_jwks(const struct key_set *set)
{
	json_t *keys = json_array();
	json_t *root;
	char *text;

	for (unsigned i = 0; i < set->count; i++) {
		const struct signing_key *key = &set->keys[i];

		json_array_append_new(keys,
			json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "kty", "EC", "crv",
				"P-256", "use", "sig", "alg", "ES256", "kid", key->id, "x", key->x,
				"y", key->y));
	}
	root = json_pack("{s:o}", "keys", keys);
	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	if (text == NULL)
		errno = ENOMEM;
	return text;
}

// OpenSSL signs in DER; JWS wants the two numbers at full width.
static int signature_flatten(const uint8_t *der, size_t len, uint8_t *signature)
{
	const uint8_t *at = der;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)len);
	int ret = -EIO;

	if (sig != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(sig), signature, 32) == 32 &&
		BN_bn2binpad(ECDSA_SIG_get0_s(sig), signature + 32, 32) == 32)
		ret = 0;
	ECDSA_SIG_free(sig);
	return ret;
}

int key_set_sign(
	const struct key_set *set, const char *text, size_t len, uint8_t signature[static 64])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[80];
	size_t der_len = sizeof(der);
	int ret = -EIO;

	if (ctx != NULL &&
		EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, set->keys[0].pkey) == 1 &&
		EVP_DigestSign(ctx, der, &der_len, (const uint8_t *)text, len) == 1)
		ret = signature_flatten(der, der_len, signature);
	EVP_MD_CTX_free(ctx);
	return ret;
}
