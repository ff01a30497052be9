// SPDX-License-Identifier: Apache-2.0
// One JWT: taken apart, its signature, its claims (RFC 7515, 7519; RFC 8725 for what to distrust).
#include "auth_priv.h"
#include "clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool base64url_is_legal(const char *text, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	const char *last = NULL;

	for (size_t i = 0; i < len; i++) {
		last = text[i] != '\0' ? strchr(digits, text[i]) : NULL;
		if (last == NULL)
			return false;
	}
	if (last == NULL || len % 4 == 1)
		return false;
	// Of the last digit two or four bits stand for nothing: they must be zero, or several texts would be one token.
	return len % 4 == 0 || ((last - digits) & (len % 4 == 2 ? 15 : 3)) == 0;
}

// A part in base64url that must be a JSON object. NULL: it isn't.
static json_t *part_decode(const char *text, size_t len)
{
	json_t *object = NULL;
	uint8_t *bytes = NULL;
	size_t bytes_len = 0;

	if (base64url_is_legal(text, len) &&
		cjose_base64url_decode(text, len, &bytes, &bytes_len, NULL))
		object = json_loadb((const char *)bytes, bytes_len, JSON_REJECT_DUPLICATES, NULL);
	cjose_get_dealloc()(bytes);
	if (object != NULL && !json_is_object(object)) {
		json_decref(object);
		object = NULL;
	}
	return object;
}

static bool type_is_legal(const json_t *header)
{
	const json_t *type = json_object_get(header, "typ");
	const char *text = json_string_value(type);

	if (type == NULL)
		return true;
	if (text != NULL && strncasecmp(text, "application/", 12) == 0)
		text += 12;
	return text != NULL && (strcasecmp(text, "JWT") == 0 || strcasecmp(text, "at+jwt") == 0);
}

static uint32_t algorithm_of(const char *name)
{
	static const struct {
		const char *name;
		uint32_t bit;
	} algorithms[] = {{"ES256", CSCF_ALGORITHM_ES256}, {"RS256", CSCF_ALGORITHM_RS256},
		{"PS256", CSCF_ALGORITHM_PS256}};

	for (unsigned i = 0; name != NULL && i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (strcmp(name, algorithms[i].name) == 0)
			return algorithms[i].bit;
	return 0;
}

static int header_read(struct token *token, const char **why)
{
	const char *algorithm = json_string_value(json_object_get(token->header, "alg"));
	const json_t *kid = json_object_get(token->header, "kid");

	*why = "the algorithm is none of ES256, RS256 and PS256";
	token->algorithm = algorithm_of(algorithm);
	if (token->algorithm == 0)
		return -EINVAL;
	*why = "crit names what isn't understood";
	if (json_object_get(token->header, "crit") != NULL)
		return -EINVAL;
	*why = "typ is neither JWT nor at+jwt";
	if (!type_is_legal(token->header))
		return -EINVAL;
	*why = "kid is no text";
	token->kid = json_string_value(kid);
	return kid != NULL && token->kid == NULL ? -EINVAL : 0;
}

int token_parse(struct token *token, const char *text, size_t len, const char **why)
{
	const char *first = len <= AUTH_TOKEN_MAX ? memchr(text, '.', len) : NULL;
	const char *second =
		first != NULL ? memchr(first + 1, '.', len - (size_t)(first + 1 - text)) : NULL;

	*token = (struct token){0};
	*why = "not three parts in base64url";
	if (second == NULL || !base64url_is_legal(second + 1, len - (size_t)(second + 1 - text)))
		return -EINVAL;
	token->header = part_decode(text, (size_t)(first - text));
	token->claims = part_decode(first + 1, (size_t)(second - first - 1));
	if (token->header == NULL || token->claims == NULL || header_read(token, why) < 0) {
		token_clear(token);
		return -EINVAL;
	}
	return 0;
}

void token_clear(struct token *token)
{
	json_decref(token->header);
	json_decref(token->claims);
	*token = (struct token){0};
}

bool token_is_signed(const char *text, size_t len, const struct key *key)
{
	cjose_jws_t *jws = cjose_jws_import(text, len, NULL);
	bool is_signed = jws != NULL && cjose_jws_verify(jws, key->jwk, NULL);

	if (jws != NULL)
		cjose_jws_release(jws);
	return is_signed;
}

static bool audience_names(const json_t *audience, const char *name)
{
	const json_t *one;
	size_t i;

	if (json_is_string(audience))
		return strcmp(json_string_value(audience), name) == 0;
	json_array_foreach(audience, i, one)
	{
		if (json_is_string(one) && strcmp(json_string_value(one), name) == 0)
			return true;
	}
	return false;
}

static bool scope_names(const char *scope, const char *name)
{
	size_t len = strlen(name);

	while (scope != NULL && *scope != '\0') {
		size_t n = strcspn(scope, " ");

		if (n == len && memcmp(scope, name, n) == 0)
			return true;
		scope += n + (scope[n] == ' ');
	}
	return false;
}

// NumericDate may have a fraction (RFC 7519 section 2); far beyond any date is no date.
static bool date_read(const json_t *claims, const char *name, double *date)
{
	const json_t *value = json_object_get(claims, name);

	*date = json_number_value(value);
	return json_is_number(value) && *date >= 0 && *date < 1e11;
}

static const char *dates_check(
	const json_t *claims, const struct cscf_issuer *issuer, int64_t *expires_at_s)
{
	double now = (double)clock_wall_s(), skew = issuer->clock_skew_s;
	double expires, not_before, issued;

	if (!date_read(claims, "exp", &expires))
		return "exp is missing";
	if (expires + skew <= now)
		return "expired";
	if (json_object_get(claims, "nbf") != NULL &&
		(!date_read(claims, "nbf", &not_before) || not_before > now + skew))
		return "not valid yet";
	if (json_object_get(claims, "iat") != NULL &&
		(!date_read(claims, "iat", &issued) || issued > now + skew))
		return "issued in the future";
	*expires_at_s = (int64_t)expires;
	return NULL;
}

// Identities end up in headers: nothing that could end one early.
static bool identity_is_plain(const char *text)
{
	size_t len = text != NULL ? strlen(text) : 0;

	if (len == 0 || len > 255)
		return false;
	for (; *text != '\0'; text++) {
		if (*text <= ' ' || *text > '~' || strchr("\"\\<>,;?", *text) != NULL)
			return false;
	}
	return true;
}

static const char *identities_read(const json_t *claims, struct auth_identity *identity)
{
	const json_t *impus = json_object_get(claims, "ims_impu"), *impu;
	size_t i;

	identity->impi = json_string_value(json_object_get(claims, "ims_impi"));
	if (!identity_is_plain(identity->impi))
		return "ims_impi is no private identity";
	if (json_array_size(impus) == 0 || json_array_size(impus) > AUTH_IMPUS_MAX)
		return "ims_impu is no list of public identities";
	json_array_foreach(impus, i, impu)
	{
		const char *uri = json_string_value(impu);

		if (!identity_is_plain(uri) ||
			(strncmp(uri, "sip:", 4) != 0 && strncmp(uri, "sips:", 5) != 0 &&
				strncmp(uri, "tel:", 4) != 0))
			return "ims_impu is no list of public identities";
		identity->impus[identity->impu_count++] = uri;
	}
	return NULL;
}

// A name in the token must be the one that the configuration expects; waf_id may be left out.
static bool name_is(
	const json_t *claims, const char *name, const char *expected, bool may_be_absent)
{
	const json_t *value = json_object_get(claims, name);

	if (value == NULL)
		return may_be_absent;
	return json_is_string(value) && strcmp(json_string_value(value), expected) == 0;
}

enum auth_error token_claims_check(const struct token *token, const struct cscf_issuer *issuer,
	const struct cscf_wwsf *wwsf, struct auth_identity *identity, const char **why)
{
	const json_t *claims = token->claims;

	*identity = (struct auth_identity){.wwsf_id = wwsf->id, .waf_id = issuer->waf_id};
	*why = dates_check(claims, issuer, &identity->expires_at_s);
	if (*why == NULL && !audience_names(json_object_get(claims, "aud"), issuer->audience))
		*why = "aud names somebody else";
	if (*why == NULL && !name_is(claims, "wwsf_id", wwsf->id, false))
		*why = "wwsf_id isn't that of the page";
	if (*why == NULL && !name_is(claims, "waf_id", issuer->waf_id, true))
		*why = "waf_id isn't that of the issuer";
	if (*why == NULL)
		*why = identities_read(claims, identity);
	if (*why != NULL)
		return AUTH_INVALID_TOKEN;
	*why = "the scope doesn't name ours";
	if (!scope_names(json_string_value(json_object_get(claims, "scope")), issuer->scope))
		return AUTH_INVALID_SCOPE;
	*why = NULL;
	return AUTH_OK;
}
