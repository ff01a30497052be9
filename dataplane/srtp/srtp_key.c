// SPDX-License-Identifier: Apache-2.0
// Session keys as flows keep them: small, with what takes longer to compute than to fetch.
#include "srtp_priv.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <errno.h>
#include <intel-ipsec-mb.h>
#include <string.h>

// sha1_one_block_sse() is the library's, without a manager: any thread may use it.

// HMAC-SHA1 states after the inner and the outer padded key block (RFC 2104).
static void hmac_expand(struct srtp_cm_key *out, const uint8_t auth[20])
{
	uint8_t block[64];

	memset(block, 0x36, sizeof(block));
	for (int i = 0; i < 20; i++)
		block[i] ^= auth[i];
	sha1_one_block_sse(block, out->ipad);
	for (int i = 0; i < 64; i++)
		block[i] ^= 0x36 ^ 0x5c;
	sha1_one_block_sse(block, out->opad);
	OPENSSL_cleanse(block, sizeof(block));
}

static void cm_expand(struct srtp_cm_key *out, const struct srtp_session_keys *session)
{
	memcpy(out->cipher, session->cipher, sizeof(out->cipher));
	hmac_expand(out, session->auth);
}

static void cm_key_expand(struct srtp_key *key, const struct srtp_session_pair *session)
{
	memcpy(key->salt, session->rtp.salt, 14);
	cm_expand(&key->cm.rtp, &session->rtp);
	memcpy(key->cm.rtcp_salt, session->rtcp.salt, 14);
	cm_expand(&key->cm.rtcp, &session->rtcp);
}

// The hash key: the cipher applied to a block of zeroes.
static int hash_key_derive(uint8_t h[16], const uint8_t *cipher_key, uint8_t key_len)
{
	static const uint8_t zeroes[16];
	const EVP_CIPHER *cipher = key_len == 32 ? EVP_aes_256_ecb() : EVP_aes_128_ecb();
	EVP_CIPHER_CTX *ecb = EVP_CIPHER_CTX_new();
	int written = 0;
	int done;

	done = ecb && EVP_EncryptInit_ex(ecb, cipher, NULL, cipher_key, NULL) == 1 &&
		EVP_EncryptUpdate(ecb, h, &written, zeroes, 16) == 1 && written == 16;
	EVP_CIPHER_CTX_free(ecb);
	return done ? 0 : -EIO;
}

static int gcm_key_expand(
	struct srtp_key *key, uint8_t key_len, const struct srtp_session_pair *session)
{
	uint8_t h[16];
	int ret;

	ret = hash_key_derive(h, session->rtp.cipher, key_len);
	if (ret < 0)
		return ret;
	memcpy(key->gcm.cipher, session->rtp.cipher, key_len);
	srtp_ghash_powers(key->gcm.powers, h, SRTP_GCM_POWERS);
	memcpy(key->salt, session->rtp.salt, 12);
	// RTCP is rare: its tables are made anew for each packet, from the key itself.
	memcpy(key->gcm.rtcp_cipher, session->rtcp.cipher, key_len);
	memcpy(key->gcm.rtcp_salt, session->rtcp.salt, 12);
	OPENSSL_cleanse(h, sizeof(h));
	return 0;
}

int srtp_key_expand(
	struct srtp_key *key, enum srtp_suite suite, const struct srtp_session_pair *session)
{
	int ret = 0;

	srtp_key_wipe(key);
	if (srtp_suite_is_cm(suite))
		cm_key_expand(key, session);
	else
		ret = gcm_key_expand(key, srtp_suite_info(suite)->key_len, session);
	if (ret < 0) {
		srtp_key_wipe(key);
		return ret;
	}
	key->suite = suite;
	return 0;
}

int srtp_key_init(struct srtp_key *key, enum srtp_suite suite, const uint8_t *master_key,
	size_t key_len, const uint8_t *master_salt, size_t salt_len)
{
	const struct srtp_suite_info *info = srtp_suite_info(suite);
	struct srtp_session_pair session;
	int ret;

	srtp_key_wipe(key);
	if (info->key_len == 0 || key_len != info->key_len || salt_len != info->salt_len)
		return -EINVAL;
	ret = srtp_kdf_derive(&session, suite, master_key, master_salt);
	if (ret == 0)
		ret = srtp_key_expand(key, suite, &session);
	OPENSSL_cleanse(&session, sizeof(session));
	return ret;
}

void srtp_key_wipe(struct srtp_key *key)
{
	OPENSSL_cleanse(key, sizeof(*key));
}
