// SPDX-License-Identifier: Apache-2.0
// Bearer tokens of browsers: who holds one, or why it is refused (RFC 6750, 7519, 8898).
//
// Everything here is for the event loop's thread; keys are fetched by a thread of this room.
#pragma once

#include "cscf_config.h"

#include <stddef.h>
#include <stdint.h>

struct auth;

#define AUTH_IMPUS_MAX 32
#define AUTH_TOKEN_MAX 8192 // bytes

enum auth_error {
	AUTH_OK,
	AUTH_INVALID_TOKEN, // 401
	AUTH_INVALID_SCOPE, // 401
	AUTH_UNAVAILABLE, // 503: the issuer's keys can't be had now
};

// Whom a valid token names. Valid during the callback.
struct auth_identity {
	const char *impi;
	const char *impus[AUTH_IMPUS_MAX];
	unsigned impu_count;
	const char *wwsf_id, *waf_id;
	int64_t expires_at_s; // exp, wall clock
};

struct auth_result {
	enum auth_error error;
	const char *why; // for the log, holds nothing of the token
	const struct auth_identity *identity; // AUTH_OK
};

typedef void (*auth_on_result)(const struct auth_result *result, void *arg);

struct auth_config {
	const struct cscf_config *config; // a reference is taken
	unsigned refetch_s; // an unknown kid makes us fetch at most once in this time; 0: 30
	unsigned max_age_s; // older keys are fetched again when they are used; 0: 3600
};

// Reads key files that are there, starts the thread. NULL with errno.
struct auth *auth_create(const struct auth_config *config);

// Ends the thread; checks that wait are answered AUTH_UNAVAILABLE first. NULL is legal.
void auth_destroy(struct auth *auth);

// Readable when auth_dispatch has work.
int auth_fd(const struct auth *auth);
void auth_dispatch(struct auth *auth);

// Checks a token presented on a connection of that web server function: form, algorithm, key, signature, iss, aud, exp,
// nbf, iat, scope, wwsf_id, waf_id, and the form of ims_impi and ims_impu. Calls on_result once, before it returns or, when keys
// have to be fetched, later.
void auth_check(struct auth *auth, const struct cscf_wwsf *wwsf, const char *token, size_t len,
	auth_on_result on_result, void *arg);

// The token in an Authorization value: `Bearer b64token` or `Bearer access_token="..."`. 0; -ENOENT another scheme;
// -EINVAL a Bearer without a token in either form. *token points into value.
int auth_bearer_parse(const char *value, const char **token, size_t *len);

// The value for WWW-Authenticate (RFC 6750 section 3): `Bearer realm="...", scope="ims"` and the error, none for AUTH_OK (no
// token was presented). 0 or -ENOSPC.
int auth_challenge_write(
	char *text, size_t room, const char *realm, const char *scope, enum auth_error error);
