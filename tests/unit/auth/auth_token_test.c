// SPDX-License-Identifier: Apache-2.0
// Tokens against a key file: what is accepted, and each way to be refused; the vector of RFC 7515 appendix A.3; rotation.
#include "auth.h"
#include "auth_vectors.h"
#include "clock.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW 1800000000
#define ES256 "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"one\"}"
#define CLAIMS_BUT(changed)                                                                        \
	"{\"iss\":\"https://"                                                                      \
	"waf.test\",\"aud\":\"ep-cscf.test\",\"exp\":1800000100,\"nbf\":1799999999,"               \
	"\"iat\":1799999999,\"scope\":\"openid ims\",\"ims_impi\":\"alice@ims.test\","             \
	"\"ims_impu\":[\"sip:alice@ims.test\",\"tel:+15550100\"],\"wwsf_id\":\"wwsf."              \
	"test\"" changed "}"
#define CLAIMS CLAIMS_BUT("")

static char path[] = "/tmp/auth_keys_XXXXXX";
static EVP_PKEY *one, *two, *rsa;
static uint64_t now_us = 1000000;
static int64_t wall_s = NOW;

static uint64_t on_now_us(void *arg)
{
	(void)arg;
	return now_us;
}

static int64_t on_wall_s(void *arg)
{
	(void)arg;
	return wall_s;
}

static const struct clock_source fake_clock = {on_now_us, on_wall_s, NULL};

// Writes a key set; its time of change is told by us, so that the test needn't wait for another second.
static void keys_write(const char *text, time_t modified)
{
	struct timespec times[2] = {{.tv_sec = modified}, {.tv_sec = modified}};
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void keys_write_of(
	EVP_PKEY *a, const char *kid_a, EVP_PKEY *b, const char *kid_b, time_t modified)
{
	char *first = vector_jwk(a, kid_a),
	     *second = b != NULL ? vector_jwk(b, kid_b) : strdup("7");
	char text[4096];

	snprintf(text, sizeof(text), "{\"keys\":[%s,%s]}", first, second);
	keys_write(text, modified);
	free(first);
	free(second);
}

struct outcome {
	unsigned calls;
	enum auth_error error;
	char why[128], impi[64], impu[64];
	unsigned impus;
	int64_t expires_at_s;
};

static void on_result(const struct auth_result *result, void *arg)
{
	struct outcome *outcome = arg;

	outcome->calls++;
	outcome->error = result->error;
	snprintf(outcome->why, sizeof(outcome->why), "%s", result->why != NULL ? result->why : "");
	assert_int_equal(result->identity != NULL, result->error == AUTH_OK);
	if (result->identity == NULL)
		return;
	snprintf(outcome->impi, sizeof(outcome->impi), "%s", result->identity->impi);
	snprintf(outcome->impu, sizeof(outcome->impu), "%s", result->identity->impus[0]);
	outcome->impus = result->identity->impu_count;
	outcome->expires_at_s = result->identity->expires_at_s;
	assert_string_equal(result->identity->waf_id, "waf.test");
	assert_string_equal(result->identity->wwsf_id, "wwsf.test");
}

static struct outcome check_with(struct auth *auth, const struct cscf_config *config, char *token)
{
	struct outcome outcome = {0};

	auth_check(auth, &config->wwsfs[0], token, strlen(token), on_result, &outcome);
	assert_int_equal(outcome.calls, 1);
	free(token);
	return outcome;
}

static struct auth *auth_of(struct cscf_config **config)
{
	struct auth_config auth_config = {0};
	struct auth *auth;

	*config = vector_config(path, NULL);
	auth_config.config = *config;
	auth = auth_create(&auth_config);
	assert_non_null(auth);
	return auth;
}

static void test_good(void **state)
{
	struct cscf_config *config;
	struct auth *auth;
	struct outcome outcome;

	(void)state;
	keys_write_of(one, "one", rsa, "rsa", 1);
	auth = auth_of(&config);
	outcome = check_with(auth, config, vector_token(one, ES256, CLAIMS));
	assert_string_equal(outcome.why, "");
	assert_string_equal(outcome.impi, "alice@ims.test");
	assert_string_equal(outcome.impu, "sip:alice@ims.test");
	assert_int_equal(outcome.impus, 2);
	assert_int_equal(outcome.expires_at_s, NOW + 100);
	outcome = check_with(auth, config,
		vector_token(
			rsa, "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"rsa\"}", CLAIMS));
	assert_string_equal(outcome.why, "");
	outcome = check_with(
		auth, config, vector_token_pss(rsa, "{\"alg\":\"PS256\",\"kid\":\"rsa\"}", CLAIMS));
	assert_string_equal(outcome.why, "");
	// One signature is not the other's.
	outcome = check_with(
		auth, config, vector_token(rsa, "{\"alg\":\"PS256\",\"kid\":\"rsa\"}", CLAIMS));
	assert_string_not_equal(outcome.why, "");
	outcome = check_with(
		auth, config, vector_token_pss(rsa, "{\"alg\":\"RS256\",\"kid\":\"rsa\"}", CLAIMS));
	assert_string_not_equal(outcome.why, "");
	// Several audiences, and a waf_id that is the right one.
	outcome = check_with(
		auth, config, vector_token(one, ES256, CLAIMS_BUT(",\"waf_id\":\"waf.test\"")));
	assert_string_equal(outcome.why, "");
	auth_destroy(auth);
}

static void test_headers_refused(void **state)
{
	static const char *const headers[] = {
		"{\"alg\":\"none\",\"kid\":\"one\"}",
		"{\"alg\":\"HS256\",\"kid\":\"one\"}",
		"{\"alg\":\"ES384\",\"kid\":\"one\"}",
		"{\"alg\":\"es256\",\"kid\":\"one\"}",
		"{\"alg\":[\"ES256\"],\"kid\":\"one\"}",
		"{\"kid\":\"one\"}",
		"{\"alg\":\"RS256\",\"kid\":\"one\"}", // an EC key
		"{\"alg\":\"ES256\",\"kid\":\"other\"}",
		"{\"alg\":\"ES256\"}", // two keys, no name
		"{\"alg\":\"ES256\",\"kid\":7}",
		"{\"alg\":\"ES256\",\"kid\":\"one\",\"crit\":[\"exp\"],\"exp\":1}",
		"{\"alg\":\"ES256\",\"kid\":\"one\",\"crit\":[\"b64\"],\"b64\":false}",
		"{\"alg\":\"ES256\",\"kid\":\"one\",\"typ\":\"secevent+jwt\"}",
		"{\"alg\":\"ES256\",\"alg\":\"ES256\",\"kid\":\"one\"}",
		"[\"ES256\"]",
		"",
	};
	struct cscf_config *config;
	struct auth *auth;

	(void)state;
	keys_write_of(one, "one", two, "two", 2);
	auth = auth_of(&config);
	for (unsigned i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		struct outcome outcome =
			check_with(auth, config, vector_token(one, headers[i], CLAIMS));

		if (outcome.error != AUTH_INVALID_TOKEN || outcome.why[0] == '\0')
			fail_msg("header %s: %d", headers[i], outcome.error);
	}
	auth_destroy(auth);
}

static void test_claims_refused(void **state)
{
	// A member that stands twice is refused, so each case tells the whole.
	static const struct {
		const char *old, *new, *why;
		enum auth_error error;
	} cases[] = {
		{"1800000100", "1799999940", "expired", AUTH_INVALID_TOKEN},
		{"\"exp\":1800000100", "\"x\":1", "exp is missing", AUTH_INVALID_TOKEN},
		{"1800000100", "\"1800000100\"", "exp is missing", AUTH_INVALID_TOKEN},
		{"1800000100", "1e300", "exp is missing", AUTH_INVALID_TOKEN},
		{"\"nbf\":1799999999", "\"nbf\":1800000061", "not valid yet", AUTH_INVALID_TOKEN},
		{"\"iat\":1799999999", "\"iat\":1800000061", "issued in the future",
			AUTH_INVALID_TOKEN},
		{"\"ep-cscf.test\"", "\"other.test\"", "aud names", AUTH_INVALID_TOKEN},
		{"\"ep-cscf.test\"", "[\"other.test\",7]", "aud names", AUTH_INVALID_TOKEN},
		{"\"ep-cscf.test\"", "[\"other.test\",\"ep-cscf.test\"]", "", AUTH_OK},
		{"\"aud\"", "\"uad\"", "aud names", AUTH_INVALID_TOKEN},
		{"https://waf.test", "https://evil.test", "iss isn't", AUTH_INVALID_TOKEN},
		{"\"iss\"", "\"sis\"", "iss isn't", AUTH_INVALID_TOKEN},
		{"openid ims", "openid imsx", "scope", AUTH_INVALID_SCOPE},
		{"\"openid ims\"", "7", "scope", AUTH_INVALID_SCOPE},
		{"wwsf.test", "other.test", "wwsf_id isn't", AUTH_INVALID_TOKEN},
		{"\"wwsf_id\":\"wwsf.test\"", "\"waf_id\":\"evil.test\"", "wwsf_id",
			AUTH_INVALID_TOKEN},
		{"\"openid ims\"", "\"ims\",\"waf_id\":\"evil.test\"", "waf_id isn't",
			AUTH_INVALID_TOKEN},
		{"alice@ims.test\",\"ims_impu", "\",\"ims_impu", "ims_impi", AUTH_INVALID_TOKEN},
		{"\"ims_impi\":\"alice@ims.test\"", "\"ims_impi\":\"al\\\"ice@ims.test\"",
			"ims_impi", AUTH_INVALID_TOKEN},
		{"\"ims_impi\":\"alice@ims.test\"", "\"ims_impi\":\"al\\r\\nVia: x\"", "ims_impi",
			AUTH_INVALID_TOKEN},
		{"[\"sip:alice@ims.test\",\"tel:+15550100\"]", "\"sip:alice@ims.test\"", "ims_impu",
			AUTH_INVALID_TOKEN},
		{"[\"sip:alice@ims.test\",\"tel:+15550100\"]", "[]", "ims_impu",
			AUTH_INVALID_TOKEN},
		{"tel:+15550100", "http://ims.test", "ims_impu", AUTH_INVALID_TOKEN},
		{"tel:+15550100", "sip:x>;<sip:y", "ims_impu", AUTH_INVALID_TOKEN},
	};
	struct cscf_config *config;
	struct auth *auth;

	(void)state;
	keys_write_of(one, "one", NULL, NULL, 3);
	auth = auth_of(&config);
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *at = strstr(CLAIMS, cases[i].old);
		struct outcome outcome;
		char claims[1024];

		assert_non_null(at);
		snprintf(claims, sizeof(claims), "%.*s%s%s", (int)(at - CLAIMS), CLAIMS,
			cases[i].new, at + strlen(cases[i].old));
		outcome = check_with(auth, config, vector_token(one, ES256, claims));
		if (outcome.error != cases[i].error || strstr(outcome.why, cases[i].why) == NULL)
			fail_msg("case %u: %d %s", i, outcome.error, outcome.why);
	}
	auth_destroy(auth);
}

static void test_forged(void **state)
{
	struct cscf_config *config;
	struct auth *auth;
	struct outcome outcome;
	char *token, *secret;

	(void)state;
	keys_write_of(one, "one", NULL, NULL, 4);
	auth = auth_of(&config);
	// Signed by another key under that name.
	outcome = check_with(auth, config, vector_token(two, ES256, CLAIMS));
	assert_string_equal(outcome.why, "the signature is wrong");
	// The public key as the secret of an HMAC.
	secret = vector_jwk(one, NULL);
	outcome = check_with(auth, config,
		vector_token_hmac(secret, "{\"alg\":\"HS256\",\"kid\":\"one\"}", CLAIMS));
	assert_int_equal(outcome.error, AUTH_INVALID_TOKEN);
	outcome = check_with(auth, config, vector_token_hmac(secret, ES256, CLAIMS));
	assert_string_equal(outcome.why, "the signature is wrong");
	free(secret);
	// No signature; another part; not a token at all.
	token = vector_token(one, ES256, CLAIMS);
	*(strrchr(token, '.') + 1) = '\0';
	assert_int_equal(check_with(auth, config, token).error, AUTH_INVALID_TOKEN);
	token = vector_token(one, ES256, CLAIMS);
	*strrchr(token, '.') = '\0';
	assert_int_equal(check_with(auth, config, token).error, AUTH_INVALID_TOKEN);
	assert_int_equal(check_with(auth, config, strdup("a.b.c.d")).error, AUTH_INVALID_TOKEN);
	assert_int_equal(check_with(auth, config, strdup("..")).error, AUTH_INVALID_TOKEN);
	token = calloc(1, AUTH_TOKEN_MAX + 2);
	memset(token, 'a', AUTH_TOKEN_MAX + 1);
	assert_string_equal(check_with(auth, config, token).why, "too long");
	// Every bit of a token matters.
	for (unsigned i = 0; i < 200; i++) {
		token = vector_token(one, ES256, CLAIMS);
		token[(size_t)i * 7 % strlen(token)] ^= 1;
		assert_int_not_equal(check_with(auth, config, token).error, AUTH_OK);
	}
	// Also those of the last digit, four of which decode to nothing.
	for (unsigned i = 1; i < 16; i++) {
		static const char digits[] =
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
		char *end;

		token = vector_token(one, ES256, CLAIMS);
		end = token + strlen(token) - 1;
		*end = digits[(strchr(digits, *end) - digits) ^ i];
		assert_int_not_equal(check_with(auth, config, token).error, AUTH_OK);
	}
	auth_destroy(auth);
}

static void test_issuer_limits(void **state)
{
	struct cscf_config *config;
	struct auth *auth;

	(void)state;
	keys_write_of(one, "one", rsa, "rsa", 5);
	auth = auth_of(&config);
	config->issuers[0].algorithms = CSCF_ALGORITHM_ES256;
	assert_string_equal(
		check_with(auth, config,
			vector_token(rsa, "{\"alg\":\"RS256\",\"kid\":\"rsa\"}", CLAIMS))
			.why,
		"the issuer may not use this algorithm");
	auth_destroy(auth);
}

static void test_weak_keys(void **state)
{
	EVP_PKEY *short_rsa = vector_key_rsa(1024), *p384 = vector_key_ec("P-384");
	struct cscf_config *config;
	struct auth *auth;

	(void)state;
	keys_write_of(short_rsa, "one", p384, "one", 6);
	auth = auth_of(&config);
	assert_string_equal(
		check_with(auth, config,
			vector_token(short_rsa, "{\"alg\":\"RS256\",\"kid\":\"one\"}", CLAIMS))
			.why,
		"no such key");
	assert_string_equal(
		check_with(auth, config, vector_token(p384, ES256, CLAIMS)).why, "no such key");
	auth_destroy(auth);
	EVP_PKEY_free(short_rsa);
	EVP_PKEY_free(p384);
}

static void test_rotation(void **state)
{
	struct cscf_config *config;
	struct auth *auth;

	(void)state;
	keys_write_of(one, "one", NULL, NULL, 7);
	auth = auth_of(&config);
	assert_int_equal(check_with(auth, config, vector_token(one, ES256, CLAIMS)).error, AUTH_OK);
	keys_write_of(two, "one", NULL, NULL, 8);
	// Looked at once in a second.
	assert_int_equal(check_with(auth, config, vector_token(one, ES256, CLAIMS)).error, AUTH_OK);
	now_us += 1000000;
	assert_int_equal(check_with(auth, config, vector_token(one, ES256, CLAIMS)).error,
		AUTH_INVALID_TOKEN);
	assert_int_equal(check_with(auth, config, vector_token(two, ES256, CLAIMS)).error, AUTH_OK);
	// What isn't a key set leaves the keys at hand.
	keys_write("{\"keys\":7}", 9);
	now_us += 1000000;
	assert_int_equal(check_with(auth, config, vector_token(two, ES256, CLAIMS)).error, AUTH_OK);
	auth_destroy(auth);
	unlink(path);
	auth = auth_of(&config);
	assert_int_equal(
		check_with(auth, config, vector_token(two, ES256, CLAIMS)).error, AUTH_UNAVAILABLE);
	auth_destroy(auth);
}

// RFC 7515 appendix A.3: its key and its token, which is no token of ours: the signature is right, the claims aren't.
static void test_rfc7515_a3(void **state)
{
	static const char jwks[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
				   "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
				   "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";
	static const char token[] =
		"eyJhbGciOiJFUzI1NiJ9."
		"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
		"cGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-"
		"F4GawxaepmXFCgfTjDxw5dj"
		"xLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
	struct cscf_config *config = vector_config(path, NULL);
	struct auth_config auth_config = {.config = config};
	struct auth *auth;
	char *changed = strdup(token);

	(void)state;
	keys_write(jwks, 10);
	config->issuers[0].issuer = config->wwsfs[0].issuer = (char *)"joe";
	auth = auth_create(&auth_config);
	assert_string_equal(check_with(auth, config, strdup(token)).why, "expired");
	wall_s = 1300819300;
	assert_string_equal(check_with(auth, config, strdup(token)).why, "aud names somebody else");
	wall_s = NOW;
	changed[strlen(changed) - 10] ^= 1;
	assert_string_equal(check_with(auth, config, changed).why, "the signature is wrong");
	config->wwsfs[0].issuer = (char *)"https://waf.test";
	auth_destroy(auth);
}

static int keys_make(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	close(fd);
	clock_inject(&fake_clock);
	one = vector_key_ec("P-256");
	two = vector_key_ec("P-256");
	rsa = vector_key_rsa(2048);
	return one != NULL && two != NULL && rsa != NULL && fd >= 0 ? 0 : -1;
}

static int keys_free(void **state)
{
	(void)state;
	EVP_PKEY_free(one);
	EVP_PKEY_free(two);
	EVP_PKEY_free(rsa);
	unlink(path);
	clock_inject(NULL);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_headers_refused),
		cmocka_unit_test(test_claims_refused),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_issuer_limits),
		cmocka_unit_test(test_weak_keys),
		cmocka_unit_test(test_rotation),
		cmocka_unit_test(test_rfc7515_a3),
	};

	return cmocka_run_group_tests(tests, keys_make, keys_free);
}
