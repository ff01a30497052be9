// SPDX-License-Identifier: Apache-2.0
// Sets of public keys (RFC 7517): only what can check a signature that we would accept is taken.
#include "auth_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *member(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static bool member_is(const json_t *object, const char *name, const char *value, bool may_be_absent)
{
	const json_t *found = json_object_get(object, name);

	if (found == NULL)
		return may_be_absent;
	return json_is_string(found) && strcmp(json_string_value(found), value) == 0;
}

// The algorithms that a key is good for; 0: none of ours. An RSA key that names none is good for both (RFC 7517 section 4.4).
static uint32_t key_algorithms(const json_t *jwk)
{
	if (!member_is(jwk, "use", "sig", true))
		return 0;
	if (member_is(jwk, "kty", "EC", false))
		return member_is(jwk, "crv", "P-256", false) && member_is(jwk, "alg", "ES256", true)
			? CSCF_ALGORITHM_ES256
			: 0;
	if (!member_is(jwk, "kty", "RSA", false))
		return 0;
	return (member_is(jwk, "alg", "RS256", true) ? CSCF_ALGORITHM_RS256 : 0) |
		(member_is(jwk, "alg", "PS256", true) ? CSCF_ALGORITHM_PS256 : 0);
}

// A copy of the public members only: a set that gives away its private keys is not to be kept with them.
static cjose_jwk_t *jwk_import(const json_t *jwk)
{
	static const char *const names[] = {"kty", "crv", "x", "y", "n", "e"};
	enum { NUMBERS_FROM = 2 };
	json_t *public = json_object();
	cjose_jwk_t *key = NULL;
	char *text;

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		json_t *value = json_object_get(jwk, names[i]);

		if (!json_is_string(value))
			continue;
		if (i >= NUMBERS_FROM &&
			!base64url_is_legal(json_string_value(value), json_string_length(value))) {
			json_decref(public);
			return NULL;
		}
		json_object_set(public, names[i], value);
	}
	text = json_dumps(public, JSON_COMPACT);
	if (text != NULL)
		key = cjose_jwk_import(text, strlen(text), NULL);
	free(text);
	json_decref(public);
	return key;
}

static void key_add(struct keys *keys, const json_t *jwk)
{
	struct key *key = &keys->keys[keys->count];
	const char *kid = member(jwk, "kid");

	key->algorithms = key_algorithms(jwk);
	if (key->algorithms == 0 || (kid != NULL && strlen(kid) >= sizeof(key->kid)))
		return;
	snprintf(key->kid, sizeof(key->kid), "%s", kid != NULL ? kid : "");
	key->jwk = jwk_import(jwk);
	if (key->jwk == NULL)
		return;
	if (key->algorithms != CSCF_ALGORITHM_ES256 &&
		cjose_jwk_get_keysize(key->jwk, NULL) < 2048) {
		cjose_jwk_release(key->jwk);
		return;
	}
	keys->count++;
}

int keys_parse(struct keys *keys, const char *text, size_t len)
{
	json_t *set = len <= KEY_SET_BYTES_MAX ? json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL)
					       : NULL;
	json_t *list = json_object_get(set, "keys"), *jwk;
	size_t i;

	if (!json_is_array(list)) {
		json_decref(set);
		return -EINVAL;
	}
	keys_clear(keys);
	json_array_foreach(list, i, jwk)
	{
		if (keys->count < KEYS_MAX && json_is_object(jwk))
			key_add(keys, jwk);
	}
	json_decref(set);
	return 0;
}

void keys_clear(struct keys *keys)
{
	for (unsigned i = 0; i < keys->count; i++)
		cjose_jwk_release(keys->keys[i].jwk);
	keys->count = 0;
}

const struct key *keys_find(const struct keys *keys, const char *kid, uint32_t algorithm)
{
	if (kid == NULL)
		return keys->count == 1 && (keys->keys[0].algorithms & algorithm) ? &keys->keys[0]
										  : NULL;
	for (unsigned i = 0; i < keys->count; i++) {
		if ((keys->keys[i].algorithms & algorithm) && strcmp(keys->keys[i].kid, kid) == 0)
			return &keys->keys[i];
	}
	return NULL;
}
