// SPDX-License-Identifier: Apache-2.0
// Bearer in headers: both forms of the credentials, and the challenge (RFC 6750, TS 24.371 table A.3.2-1).
#include "auth_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char b64token_chars[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/";

static size_t b64token_len(const char *text)
{
	size_t len = strspn(text, b64token_chars);

	return len == 0 ? 0 : len + strspn(text + len, "=");
}

// What follows the token: nothing, or further parameters.
static bool tail_is_legal(const char *text, bool may_have_parameters)
{
	text += strspn(text, " \t");
	return *text == '\0' || (may_have_parameters && *text == ',');
}

// access_token = "..." or without quotes.
static int parameter_parse(const char *text, const char **token, size_t *len)
{
	bool is_quoted;

	text += strspn(text, " \t");
	if (*text++ != '=')
		return -EINVAL;
	text += strspn(text, " \t");
	is_quoted = *text == '"';
	text += is_quoted;
	*len = b64token_len(text);
	*token = text;
	if (*len == 0 || (is_quoted && text[*len] != '"'))
		return -EINVAL;
	return tail_is_legal(text + *len + is_quoted, true) ? 0 : -EINVAL;
}

int auth_bearer_parse(const char *value, const char **token, size_t *len)
{
	static const char scheme[] = "Bearer", name[] = "access_token";

	value += strspn(value, " \t");
	if (strncasecmp(value, scheme, sizeof(scheme) - 1) != 0)
		return -ENOENT;
	value += sizeof(scheme) - 1;
	if (*value != ' ' && *value != '\t')
		return *value == '\0' ? -EINVAL : -ENOENT;
	value += strspn(value, " \t");
	if (strncasecmp(value, name, sizeof(name) - 1) == 0 &&
		value[sizeof(name) - 1 + strspn(value + sizeof(name) - 1, " \t")] == '=')
		return parameter_parse(value + sizeof(name) - 1, token, len);
	*len = b64token_len(value);
	*token = value;
	return *len > 0 && tail_is_legal(value + *len, false) ? 0 : -EINVAL;
}

int auth_challenge_write(
	char *text, size_t room, const char *realm, const char *scope, enum auth_error error)
{
	static const char *const errors[] = {
		[AUTH_OK] = "",
		[AUTH_INVALID_TOKEN] = ", error=\"invalid_token\"",
		[AUTH_INVALID_SCOPE] = ", error=\"invalid_scope\"",
		[AUTH_UNAVAILABLE] = "",
	};
	int len = snprintf(
		text, room, "Bearer realm=\"%s\", scope=\"%s\"%s", realm, scope, errors[error]);

	return len > 0 && (size_t)len < room ? 0 : -ENOSPC;
}
