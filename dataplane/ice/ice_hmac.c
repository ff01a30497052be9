// SPDX-License-Identifier: Apache-2.0
// HMAC-SHA1 of STUN messages from a cached key state, and how every message ends.
#define OPENSSL_SUPPRESS_DEPRECATED // the block function on a stack context: no fetch, no allocation
#include "ice_parts.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <string.h>

static void pad_absorb(uint32_t state[5], const uint8_t key[SHA_CBLOCK], uint8_t pad)
{
	uint8_t block[SHA_CBLOCK];
	SHA_CTX sha;

	for (unsigned i = 0; i < sizeof(block); i++)
		block[i] = key[i] ^ pad;
	SHA1_Init(&sha);
	SHA1_Update(&sha, block, sizeof(block));
	memcpy(state, (uint32_t[]){sha.h0, sha.h1, sha.h2, sha.h3, sha.h4}, 5 * sizeof(*state));
	OPENSSL_cleanse(block, sizeof(block));
	OPENSSL_cleanse(&sha, sizeof(sha));
}

void ice_hmac_init(struct ice_hmac *hmac, const char *password)
{
	uint8_t key[SHA_CBLOCK] = {0};
	size_t len = strlen(password);

	if (len > sizeof(key))
		SHA1((const uint8_t *)password, len, key);
	else
		memcpy(key, password, len);
	pad_absorb(hmac->inner, key, 0x36);
	pad_absorb(hmac->outer, key, 0x5c);
	OPENSSL_cleanse(key, sizeof(key));
}

// A hash that has taken in one block already.
static void hash_resume(SHA_CTX *sha, const uint32_t state[5])
{
	SHA1_Init(sha);
	sha->h0 = state[0];
	sha->h1 = state[1];
	sha->h2 = state[2];
	sha->h3 = state[3];
	sha->h4 = state[4];
	sha->Nl = SHA_CBLOCK * 8;
}

static void hash_finish(const struct ice_hmac *hmac, SHA_CTX *sha, uint8_t tag[WIRE_STUN_TAG])
{
	uint8_t digest[SHA_DIGEST_LENGTH];

	SHA1_Final(digest, sha);
	hash_resume(sha, hmac->outer);
	SHA1_Update(sha, digest, sizeof(digest));
	SHA1_Final(tag, sha);
}

void ice_hmac_sign(
	const struct ice_hmac *hmac, const uint8_t *bytes, size_t len, uint8_t tag[WIRE_STUN_TAG])
{
	SHA_CTX sha;

	hash_resume(&sha, hmac->inner);
	SHA1_Update(&sha, bytes, len);
	hash_finish(hmac, &sha, tag);
}

bool ice_hmac_verify(const struct ice_hmac *hmac, const struct wire_stun *msg)
{
	uint8_t tag[WIRE_STUN_TAG];
	struct wire_stun_mac mac;
	SHA_CTX sha;

	if (wire_stun_integrity_input(msg, &mac) < 0)
		return false;
	hash_resume(&sha, hmac->inner);
	SHA1_Update(&sha, mac.head, sizeof(mac.head));
	SHA1_Update(&sha, mac.body, mac.body_len);
	hash_finish(hmac, &sha, tag);
	return CRYPTO_memcmp(tag, mac.tag, sizeof(tag)) == 0;
}

int ice_message_end(struct wire_stun_writer *w, const struct ice_hmac *hmac)
{
	size_t covered;
	uint8_t *tag;

	if (hmac != NULL) {
		tag = wire_stun_reserve_integrity(w, &covered);
		if (tag != NULL)
			ice_hmac_sign(hmac, w->data, covered, tag);
	}
	return wire_stun_finish_fingerprint(w);
}

void ice_txid_new(const struct ice_env *env, uint8_t txid[WIRE_STUN_TXID])
{
	uint64_t random[2] = {env->random(env->arg), env->random(env->arg)};

	memcpy(txid, random, WIRE_STUN_TXID);
}
