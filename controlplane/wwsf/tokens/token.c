// SPDX-License-Identifier: Apache-2.0
// The JWT: header, claims and signature in compact form (RFC 7515 section 7.1).
#include "hex.h"
#include "wwsf_b64url.h"
#include "wwsf_token.h"

#include <openssl/rand.h>

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static json_t *claims_build(
	const struct wwsf_config *config, const struct user *user, int64_t now_s)
{
	json_t *impus = json_array();
	char jti[33];
	uint8_t id[16];

	if (RAND_bytes(id, sizeof(id)) != 1) {
		json_decref(impus);
		return NULL;
	}
	hex_write(jti, id, sizeof(id));
	for (unsigned i = 0; i < user->impus_count; i++)
		json_array_append_new(impus, json_string(user->impus[i]));
	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:s, s:s, s:s, s:o, s:s, s:s}", "iss",
		config->issuer, "aud", config->audience, "iat", (json_int_t)now_s, "nbf",
		(json_int_t)now_s, "exp", (json_int_t)(now_s + config->token_lifetime_s), "jti",
		jti, "scope", "ims", "ims_impi", user->impi, "ims_impu", impus, "wwsf_id",
		config->wwsf_id, "waf_id", config->waf_id);
}

// The JSON text of the object in base64url. Takes the reference.
static char *part_encode(json_t *object)
{
	char *json = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
	char *text = NULL;

	json_decref(object);
	if (json != NULL)
		text = malloc(B64URL_LEN(strlen(json)) + 1);
	if (text != NULL)
		b64url_write(text, (const uint8_t *)json, strlen(json));
	free(json);
	return text;
}

static char *parts_sign(const struct key_set *keys, const char *header, const char *claims)
{
	size_t header_len = strlen(header), claims_len = strlen(claims);
	size_t signed_len = header_len + 1 + claims_len;
	char *token = malloc(signed_len + 1 + B64URL_LEN(64) + 1);
	uint8_t signature[64];

	if (token == NULL)
		return NULL;
	memcpy(token, header, header_len);
	token[header_len] = '.';
	memcpy(token + header_len + 1, claims, claims_len);
	if (key_set_sign(keys, token, signed_len, signature) < 0) {
		free(token);
		errno = EIO;
		return NULL;
	}
	token[signed_len] = '.';
	b64url_write(token + signed_len + 1, signature, sizeof(signature));
	return token;
}

char *token_issue(const struct wwsf_config *config, const struct key_set *keys,
	const struct user *user, int64_t now_s)
{
	char *header = part_encode(json_pack(
		"{s:s, s:s, s:s}", "alg", "ES256", "typ", "JWT", "kid", keys->keys[0].id));
	char *claims = part_encode(claims_build(config, user, now_s));
	char *token = NULL;

	errno = ENOMEM;
	if (header != NULL && claims != NULL)
		token = parts_sign(keys, header, claims);
	free(header);
	free(claims);
	return token;
}
