// SPDX-License-Identifier: Apache-2.0
// Inside of auth: tokens, key sets, the fetcher.
#pragma once

#include "auth.h"

#include <cjose/cjose.h>
#include <jansson.h>
#include <stdbool.h>

#define KEYS_MAX 16
#define KEY_SET_BYTES_MAX 65536

struct key {
	cjose_jwk_t *jwk;
	uint32_t algorithms; // CSCF_ALGORITHM_ bits that it is good for
	char kid[128]; // "" none
};
struct keys {
	unsigned count;
	struct key keys[KEYS_MAX];
};
// Takes what is usable from a JWK set (RFC 7517): P-256 and RSA of 2048 bits or more, for signatures. The old content of keys is
// freed. 0; -EINVAL not a JWK set, keys is as before.
int keys_parse(struct keys *keys, const char *text, size_t len);
void keys_clear(struct keys *keys);
// The key of that name; without a name the only key there is. NULL: none.
const struct key *keys_find(const struct keys *keys, const char *kid, uint32_t algorithm);

// RFC 7515 section 2: no padding, no other characters, nothing in the bits that the last one has to spare (RFC 4648 3.5). cjose asserts on what isn't (0.6.2.1), so all that it decodes is checked
// before.
bool base64url_is_legal(const char *text, size_t len);

// A token taken apart, nothing believed yet.
struct token {
	json_t *header, *claims;
	const char *kid; // or NULL
	uint32_t algorithm;
};
// 0; -EINVAL with a reason in *why.
int token_parse(struct token *token, const char *text, size_t len, const char **why);
void token_clear(struct token *token);
bool token_is_signed(const char *text, size_t len, const struct key *key);
// Checks the claims of a token with a good signature. identity points into it.
enum auth_error token_claims_check(const struct token *token, const struct cscf_issuer *issuer,
	const struct cscf_wwsf *wwsf, struct auth_identity *identity, const char **why);

// GET of https URLs on a thread of its own; answers on the event loop's.
struct fetcher;
typedef void (*fetch_on_done)(
	const char *body, size_t len, const char *error, void *arg); // body NULL: error
struct fetcher *fetcher_create(void); // NULL with errno
void fetcher_destroy(struct fetcher *fetcher); // waiting ones are forgotten
int fetcher_fd(const struct fetcher *fetcher);
void fetcher_dispatch(struct fetcher *fetcher);
int fetcher_get(
	struct fetcher *fetcher, const char *url, const char *ca, fetch_on_done on_done, void *arg);
