// SPDX-License-Identifier: Apache-2.0
// Fuzzes what browsers say of themselves: Authorization values, tokens, key sets, flow tokens, identities.
#include "auth_priv.h"
#include "fuzz.h"
#include "registration_priv.h"

#include <stdio.h>
#include <string.h>

static void digest_check(const char *text)
{
	char value[512], again[512];

	if (!digest_is(text))
		return;
	digest_parameter(text, "username", value, 16);
	// What is written for the core is read by the same rules, and holds our mark once.
	if (digest_rewrite(text, "tls-yes", value, sizeof(value)) == 0) {
		FUZZ_CHECK(digest_rewrite(value, "tls-yes", again, sizeof(again)) == 0);
		FUZZ_CHECK(strcmp(value, again) == 0);
	}
}

// The key of RFC 7515 appendix A.3, and an RSA key that nobody has the other half of.
static const struct key *key_for(uint32_t algorithm)
{
	static struct keys keys;
	char set[1024], modulus[343];

	if (keys.count == 0) {
		memset(modulus, 'x', sizeof(modulus) - 1);
		modulus[sizeof(modulus) - 2] = 'w'; // its spare bits are zero
		modulus[sizeof(modulus) - 1] = '\0';
		snprintf(set, sizeof(set),
			"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k\","
			"\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
			"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"},"
			"{\"kty\":\"RSA\",\"kid\":\"k\",\"n\":\"%s\",\"e\":\"AQAB\"}]}",
			modulus);
		FUZZ_CHECK(keys_parse(&keys, set, strlen(set)) == 0 && keys.count == 2);
	}
	return keys_find(&keys, "k", algorithm);
}

static void token_read(const char *text, size_t len)
{
	struct token token;
	const char *why;

	if (token_parse(&token, text, len, &why) < 0) {
		FUZZ_CHECK(why != NULL);
		return;
	}
	token_is_signed(text, len, key_for(token.algorithm));
	token_clear(&token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct registrations regs = {.flow_key_count = 1};
	struct keys keys = {0};
	const char *token;
	struct flow flow;
	size_t token_len;
	char **impus, impi[64];
	unsigned count;
	char *text = malloc(len + 1);

	FUZZ_CHECK(text != NULL);
	memcpy(text, data, len);
	text[len] = '\0';
	digest_check(text);
	if (auth_bearer_parse(text, &token, &token_len) == 0) {
		FUZZ_CHECK(token >= text && token + token_len <= text + len && token_len > 0);
		token_read(token, token_len);
	}
	token_read(text, len);
	keys_parse(&keys, text, len);
	keys_clear(&keys);
	FUZZ_CHECK(flow_token_read(&regs, text, &flow) < 0);
	uri_is_same(text, "sip:alice@ims.test");
	impi_of_uri(text, impi, sizeof(impi));
	if (impus_parse(text, "sip:alice@ims.test", &impus, &count) == 0) {
		FUZZ_CHECK(count > 0 && count <= AUTH_IMPUS_MAX);
		impus_free(impus, count);
	}
	free(text);
	return 0;
}
