// SPDX-License-Identifier: Apache-2.0
// The ES256 keys that sign tokens: a folder of PEM files, the newest signs, all are published.
#pragma once

#include <openssl/evp.h>

#include <stddef.h>
#include <stdint.h>

#define KEYS_MAX 8
#define KEY_ID_MAX 44 // base64url of SHA-256, and a NUL

struct signing_key {
	EVP_PKEY *pkey;
	char id[KEY_ID_MAX]; // RFC 7638 thumbprint
	char x[KEY_ID_MAX], y[KEY_ID_MAX];
	int64_t changed_ns;
};

// Newest first; count is at least 1. Read-only, so any thread.
struct key_set {
	struct signing_key keys[KEYS_MAX];
	unsigned count;
};

// Reads every *.pem of the folder (made with mode 0700 if absent); makes a first P-256 key with mode
// 0600 if there is none. Refuses keys that others may read, keys of another kind and more than
// KEYS_MAX. NULL with errno; the reason is logged.
struct key_set *key_set_load(const char *folder);
void key_set_destroy(struct key_set *set);

// The JWK set (RFC 7517 section 5) as a string for free(). NULL with errno.
char *key_set_jwks(const struct key_set *set);

// Signs with the newest key: r and s of ES256, 32 bytes each (RFC 7518 section 3.4). 0 or -EIO.
int key_set_sign(
	const struct key_set *set, const char *text, size_t len, uint8_t signature[static 64]);
