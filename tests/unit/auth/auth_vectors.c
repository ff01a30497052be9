// SPDX-License-Identifier: Apache-2.0
// Keys, key sets and tokens made by OpenSSL.
#include "auth_vectors.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

EVP_PKEY *vector_key_ec(const char *curve)
{
	return EVP_EC_gen(curve);
}

EVP_PKEY *vector_key_rsa(unsigned bits)
{
	return EVP_RSA_gen(bits);
}

static char *base64url(const uint8_t *bytes, size_t len)
{
	char *text = malloc(4 * ((len + 2) / 3) + 1);

	EVP_EncodeBlock((uint8_t *)text, bytes, (int)len);
	for (char *c = text; *c != '\0'; c++)
		*c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
	text[strcspn(text, "=")] = '\0';
	return text;
}

// A number of the key in base64url, filled up to width bytes (0: as long as it is).
static char *number(EVP_PKEY *key, const char *name, int width)
{
	BIGNUM *bn = NULL;
	uint8_t bytes[1024];
	int len;

	assert(EVP_PKEY_get_bn_param(key, name, &bn) == 1);
	len = width > 0 ? width : BN_num_bytes(bn);
	assert(BN_bn2binpad(bn, bytes, len) == len);
	BN_free(bn);
	return base64url(bytes, (size_t)len);
}

char *vector_jwk(EVP_PKEY *key, const char *kid)
{
	int is_ec = EVP_PKEY_get_base_id(key) == EVP_PKEY_EC;
	int width = (EVP_PKEY_get_bits(key) + 7) / 8;
	char *a = number(
		key, is_ec ? OSSL_PKEY_PARAM_EC_PUB_X : OSSL_PKEY_PARAM_RSA_N, is_ec ? width : 0);
	char *b = number(
		key, is_ec ? OSSL_PKEY_PARAM_EC_PUB_Y : OSSL_PKEY_PARAM_RSA_E, is_ec ? width : 0);
	char name[80] = "", *text = NULL;

	if (kid != NULL)
		snprintf(name, sizeof(name), ",\"kid\":\"%s\"", kid);
	if (is_ec)
		assert(asprintf(&text,
			       "{\"kty\":\"EC\",\"crv\":\"P-%d\",\"x\":\"%s\",\"y\":\"%s\"%s}",
			       EVP_PKEY_get_bits(key), a, b, name) > 0);
	else
		assert(asprintf(&text, "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"%s}", a, b,
			       name) > 0);
	free(a);
	free(b);
	return text;
}

static char *unsigned_part(const char *header, const char *claims)
{
	char *h = base64url((const uint8_t *)header, strlen(header));
	char *c = base64url((const uint8_t *)claims, strlen(claims));
	char *text = NULL;

	assert(asprintf(&text, "%s.%s", h, c) > 0);
	free(h);
	free(c);
	return text;
}

static char *join(char *text, const uint8_t *signature, size_t len)
{
	char *s = base64url(signature, len), *token = NULL;

	assert(asprintf(&token, "%s.%s", text, s) > 0);
	free(text);
	free(s);
	return token;
}

// DER to the form of RFC 7518 section 3.4.
static size_t signature_raw(uint8_t *signature, size_t len, unsigned width)
{
	const uint8_t *der = signature;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
	uint8_t raw[256];

	assert(sig != NULL);
	BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, (int)width);
	BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + width, (int)width);
	ECDSA_SIG_free(sig);
	memcpy(signature, raw, 2 * width);
	return 2 * width;
}

static char *signed_token(EVP_PKEY *key, const char *header, const char *claims, bool is_pss)
{
	char *text = unsigned_part(header, claims);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *how;
	uint8_t signature[1024];
	size_t len = sizeof(signature);

	assert(EVP_DigestSignInit(ctx, &how, EVP_sha256(), NULL, key) == 1);
	if (is_pss) {
		assert(EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1);
		assert(EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1);
	}
	assert(EVP_DigestSign(ctx, signature, &len, (uint8_t *)text, strlen(text)) == 1);
	EVP_MD_CTX_free(ctx);
	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC)
		len = signature_raw(signature, len, ((unsigned)EVP_PKEY_get_bits(key) + 7) / 8);
	return join(text, signature, len);
}

char *vector_token(EVP_PKEY *key, const char *header, const char *claims)
{
	return signed_token(key, header, claims, false);
}

char *vector_token_pss(EVP_PKEY *key, const char *header, const char *claims)
{
	return signed_token(key, header, claims, true);
}

char *vector_token_hmac(const char *secret, const char *header, const char *claims)
{
	char *text = unsigned_part(header, claims);
	uint8_t mac[32];
	unsigned len = sizeof(mac);

	HMAC(EVP_sha256(), secret, (int)strlen(secret), (uint8_t *)text, strlen(text), mac, &len);
	return join(text, mac, len);
}

struct cscf_config *vector_config(const char *jwks, const char *jwks_ca)
{
	static char *origins[] = {"https://web.test"};
	static struct cscf_wwsf wwsf = {.id = "wwsf.test",
		.origins = origins,
		.origins_count = 1,
		.modes = CSCF_MODE_TOKEN,
		.issuer = "https://waf.test"};
	static struct cscf_issuer issuer;
	static struct cscf_config config;

	issuer = (struct cscf_issuer){.issuer = "https://waf.test",
		.waf_id = "waf.test",
		.jwks = (char *)jwks,
		.jwks_ca = (char *)jwks_ca,
		.audience = "ep-cscf.test",
		.scope = "ims",
		.algorithms = CSCF_ALGORITHM_ES256 | CSCF_ALGORITHM_RS256 | CSCF_ALGORITHM_PS256,
		.clock_skew_s = 60};
	config = (struct cscf_config){.wwsfs = &wwsf,
		.wwsfs_count = 1,
		.issuers = &issuer,
		.issuers_count = 1,
		.refs = 1000};
	return &config;
}
