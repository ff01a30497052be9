// SPDX-License-Identifier: Apache-2.0
// Flow tokens: what stands in the Path, so that only we can have written it (RFC 5626 section 5.2).
//
// base64url(version 1, key id 1, node 2, shard 2, flow id 8, generation 4, HMAC-SHA256 cut to 12), numbers in network order.
#include "registration_priv.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <errno.h>
#include <string.h>

enum { VERSION = 1, PLAIN_LEN = 18, MAC_LEN = 12, TOKEN_BYTES = PLAIN_LEN + MAC_LEN };

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void number_write(uint8_t *bytes, uint64_t value, unsigned len)
{
	while (len-- > 0) {
		bytes[len] = (uint8_t)value;
		value >>= 8;
	}
}

static uint64_t number_read(const uint8_t *bytes, unsigned len)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < len; i++)
		value = value << 8 | bytes[i];
	return value;
}

static int mac_make(const struct flow_key *key, const uint8_t *bytes, uint8_t mac[MAC_LEN])
{
	uint8_t whole[32];
	unsigned len = sizeof(whole);

	if (HMAC(EVP_sha256(), key->bytes, sizeof(key->bytes), bytes, PLAIN_LEN, whole, &len) ==
		NULL)
		return -EIO;
	memcpy(mac, whole, MAC_LEN);
	return 0;
}

int registrations_key_add(
	struct registrations *regs, uint8_t key_id, const uint8_t key[REGISTRATION_KEY_LEN])
{
	unsigned count = regs->flow_key_count;

	if (count == FLOW_KEYS_MAX)
		count--; // the oldest goes
	memmove(&regs->flow_keys[1], &regs->flow_keys[0], count * sizeof(struct flow_key));
	regs->flow_keys[0].id = key_id;
	memcpy(regs->flow_keys[0].bytes, key, REGISTRATION_KEY_LEN);
	regs->flow_key_count = count + 1;
	return 0;
}

static int key_ensure(struct registrations *regs)
{
	uint8_t key[REGISTRATION_KEY_LEN];
	int ret;

	if (regs->flow_key_count > 0)
		return 0;
	if (RAND_priv_bytes(key, sizeof(key)) != 1)
		return -EIO;
	ret = registrations_key_add(regs, 0, key);
	OPENSSL_cleanse(key, sizeof(key));
	return ret;
}

int flow_token_write(struct registrations *regs, const struct flow *flow, char *text)
{
	uint8_t bytes[TOKEN_BYTES] = {VERSION};
	int ret = key_ensure(regs);

	if (ret < 0)
		return ret;
	bytes[1] = regs->flow_keys[0].id;
	number_write(bytes + 2, regs->node, 2);
	number_write(bytes + 4, regs->shard, 2);
	number_write(bytes + 6, flow->id, 8);
	number_write(bytes + 14, flow->generation, 4);
	ret = mac_make(&regs->flow_keys[0], bytes, bytes + PLAIN_LEN);
	if (ret < 0)
		return ret;
	for (unsigned i = 0; i < TOKEN_BYTES; i += 3) {
		uint32_t group = (uint32_t)number_read(bytes + i, 3);

		for (unsigned k = 0; k < 4; k++)
			*text++ = digits[group >> (18 - 6 * k) & 63];
	}
	*text = '\0';
	return 0;
}

static int base64url_read(const char *text, uint8_t bytes[TOKEN_BYTES])
{
	if (strnlen(text, FLOW_TOKEN_LEN + 1) != FLOW_TOKEN_LEN)
		return -EPERM;
	for (unsigned i = 0; i < FLOW_TOKEN_LEN; i += 4) {
		uint32_t group = 0;

		for (unsigned k = 0; k < 4; k++) {
			const char *digit = strchr(digits, text[i + k]);

			if (digit == NULL)
				return -EPERM;
			group = group << 6 | (uint32_t)(digit - digits);
		}
		number_write(bytes + i / 4 * 3, group, 3);
	}
	return 0;
}

int flow_token_read(const struct registrations *regs, const char *text, struct flow *flow)
{
	uint8_t bytes[TOKEN_BYTES], mac[MAC_LEN];

	if (base64url_read(text, bytes) < 0 || bytes[0] != VERSION)
		return -EPERM;
	for (unsigned i = 0; i < regs->flow_key_count; i++) {
		const struct flow_key *key = &regs->flow_keys[i];

		// Two keys may have one name when it was drawn by lot.
		if (key->id != bytes[1] || mac_make(key, bytes, mac) < 0 ||
			CRYPTO_memcmp(mac, bytes + PLAIN_LEN, MAC_LEN) != 0)
			continue;
		flow->id = number_read(bytes + 6, 8);
		flow->generation = (uint32_t)number_read(bytes + 14, 4);
		// Another node's or shard's: good, but no flow of ours.
		if (number_read(bytes + 2, 2) != regs->node ||
			number_read(bytes + 4, 2) != regs->shard)
			flow->id = 0;
		return 0;
	}
	return -EPERM;
}
